"""Pictures for slides: what they say, and what they keep to themselves."""

import struct
import sys

import numpy as np
import pytest
from support import changed

import displacement as dp
from displacement import cli
from displacement.report.maps import pictures


def size(path):
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", content[16:24])


def texts(figure):
    import matplotlib.text

    return " ".join(found.get_text() for found in figure.findobj(matplotlib.text.Text)).replace("\n", " ")


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are drawn, by name of their file."""
    found = {}
    save = pictures._saved

    def kept(figure, target, result):
        found[target.name] = figure
        return save(figure, target, result)

    monkeypatch.setattr(pictures, "_saved", kept)
    return found


def test_pictures_are_slides_with_condition_date_scale_sources_and_limits(tmp_path, toy_result, drawn):
    for draw, name in ((dp.report.picture, "map.png"), (dp.report.chart, "chart.png")):
        assert draw(toy_result, tmp_path / name) == tmp_path / name
        assert size(tmp_path / name) == (1920, 1080)
        said = texts(drawn[name])
        for part in (
            f"{toy_result.condition}:",
            "14 January 2030",
            "Modelled estimate",
            "not predicted",
            "Sources: Invented figures.",
        ):
            assert part in said
    assert "10 km" in texts(drawn["map.png"])
    assert "1 to 99 (not shown)" in texts(drawn["map.png"])


def test_a_scale_bar_is_as_long_as_it_says(tmp_path, toy_result, drawn):
    from matplotlib.patches import Polygon

    dp.report.picture(toy_result, tmp_path / "map.png")
    axes = drawn["map.png"].axes[0]
    bars = [patch.get_xy() for patch in axes.patches if isinstance(patch, Polygon)]
    assert np.ptp(np.concatenate(bars)[:, 0]) == pytest.approx(10_000.0)
    assert axes.get_aspect() == 1.0


def test_a_map_names_rounded_figures_and_never_those_of_few_people(tmp_path, toy_result, drawn):
    dp.report.picture(toy_result, tmp_path / "map.png")
    left = toy_result.people["newly_displaced_cum"].isel(member=0, time=-1)
    said = {text.get_text() for text in drawn["map.png"].axes[0].texts}
    for code, name in zip(left["zone"].values, left["zone_name"].values, strict=True):
        value = float(left.sel(zone=code))
        named = [text for text in said if text.startswith(f"{name}\n")]
        assert len(named) == (1 if value >= 100 else 0)
        if named:
            assert float(named[0].partition("\n")[2].replace(",", "")) == pytest.approx(value, rel=0.05)


def test_a_line_has_a_gap_where_a_figure_is_suppressed():
    line = pictures._drawn(np.array([0.0, 40.0, 99.4, 123.456, 65_432.1]))
    np.testing.assert_array_equal(line, [0.0, np.nan, np.nan, 123.0, 65_400.0])


def test_text_of_users_is_drawn_as_it_stands(tmp_path, toy_result, drawn):
    from dataclasses import replace

    scenario = changed(toy_result.scenario, condition="$\\frac{ costs 5 $ and <b>more</b>")
    dp.report.picture(replace(toy_result, scenario=scenario), tmp_path / "map.png")
    assert "$\\frac{ costs 5 $ and <b>more</b>" in texts(drawn["map.png"])


def test_a_run_writes_pictures_only_where_they_are_asked_for(tmp_path, toy_result):
    plain = dp.write(toy_result, tmp_path / "plain")
    asked = dp.write(toy_result, tmp_path / "asked", pictures=True)
    beside = {path.name for path in (asked / "share").iterdir()} - {
        path.name for path in (plain / "share").iterdir()
    }
    assert beside == {"map.png", "chart.png"}


def test_without_matplotlib_pictures_are_refused_before_anything_is_run(
    tmp_path, monkeypatch, capsys, toy_result
):
    monkeypatch.setattr("displacement.cli.runs.find_spec", lambda _: None)
    arguments = ["run", str(toy_result.scenario.path), "--png", "--out", str(tmp_path / "run")]
    assert cli.main(arguments) == cli.WRONG_USAGE
    assert "--png needs matplotlib: pip install 'displacement-estimator[png]'" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(dp.InputError, match="pictures need matplotlib"):
        dp.report.picture(toy_result, tmp_path / "map.png")
