"""Variants of one question side by side: the same members, the same figures as of each alone."""

import csv

import numpy as np
import pytest
import xarray as xr
from support import TOY, changed, written

import displacement as dp
from displacement import cli, pipeline, sensitivity, variables
from displacement.report.folder import write
from displacement.report.variants import variant_rows, variants_lines


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The toy question as seen on a day, with its variants."""
    return written(tmp_path_factory.mktemp("known"), f"base: {TOY / 'toy.yaml'}\nas_of: 2030-01-04\n")


@pytest.fixture(scope="module")
def beside(known):
    return pipeline.run_variants(known, members=8)


def test_each_variant_has_the_figures_of_a_run_of_its_own_with_the_same_members(known, beside):
    found = variables.check(beside.variants, variables.VARIANTS)
    assert found["variant"].values.tolist() == ["as written", "calm", "more"]
    for name in found["variant"].values:
        alone = dp.run(known, variant=None if name == "as written" else str(name), members=8)
        one, people = found.sel(variant=name), alone.people
        left = people["newly_displaced_cum"].sum("zone").transpose("member", "time").values
        np.testing.assert_allclose(one["ever_left"].values, left[:, [6, 13]])
        np.testing.assert_allclose(one["peak_displaced"], people["newly_displaced"].sum("zone").max("time"))
        np.testing.assert_allclose(one["tonnes"], sensitivity.outcomes(people, alone.needs)["tonnes"])
        assert str(one["condition"].values) == alone.condition
    assert found["day"].values.tolist() == [7, 14], "day 14 is the last"
    xr.testing.assert_identical(beside.people, dp.run(known, members=8).people)


def test_the_split_is_an_analysis_of_variance_by_hand(beside):
    for output in ("peak_displaced", "tonnes"):
        logs = np.log1p(beside.variants[output].values)
        apart = 8 * ((logs.mean(axis=1) - logs.mean()) ** 2).sum()
        inside = ((logs - logs.mean(axis=1, keepdims=True)) ** 2).sum()
        share = beside.variants["between"].sel(output=output).item()
        assert share == pytest.approx(apart / (apart + inside))
        assert 0 < share < 1


def test_one_member_has_figures_and_no_split(known):
    found = pipeline.run_variants(known, members=1).variants
    assert "between" not in found
    text = "\n".join(variants_lines(found, "2030-01-01"))
    assert "not probabilities" in text
    assert "lies between" not in text


def test_a_variant_has_no_variants(known):
    with pytest.raises(ValueError, match="is the variant 'calm' already"):
        pipeline.run_variants(dp.load(known, "calm"))


def test_every_headline_says_if(known):
    assert dp.run(known).condition.startswith(
        "If the events of this scenario come about (known on 4 January 2030"
    )
    assert dp.run(known, "calm").condition.startswith("If the events of the variant 'calm' come about")
    own = changed(dp.load(known, "calm"), condition="it stays calm")
    assert dp.run(own).condition.startswith("If it stays calm (known on")


def test_the_table_to_forward_is_rounded_and_suppressed(beside):
    rows = list(variant_rows(beside.variants, (0.1, 0.5, 0.9)))
    assert {len(row) for row in rows} == {7 + 4}
    exact = np.quantile(beside.variants["peak_displaced"].sel(variant="more"), [0.1, 0.5, 0.9])
    (shown,) = [row[7:10] for row in rows if row[0] == "more" and row[2] == "peak_displaced"]
    for text, value in zip(shown, exact, strict=True):
        assert float(text) == pytest.approx(value, rel=0.051)
        assert float(text) == float(f"{float(text):.2g}")
    few = beside.variants.copy(deep=True)
    for name in ("ever_left", "peak_displaced", "arrived", "present"):
        few[name][:] = 42.0
    for row in variant_rows(few, (0.1, 0.5, 0.9)):
        assert row[7:] == ["", "", "", "lt100"], row
        assert (row[4], row[5]) == ("", "")
    text = "\n".join(variants_lines(few, "2030-01-01"))
    assert "42" not in text
    assert "< 100" in text


def test_a_shorter_run_is_blank_where_it_does_not_reach(beside):
    runs = {
        name: beside.variants.sel(variant=name, drop=True).drop_vars(["between", "output"])
        for name in ("calm", "more")
    }
    runs["more"] = runs["more"].isel(day=[0])
    found = sensitivity.side_by_side(runs, {"calm": "If calm", "more": "If more"})
    assert np.isnan(found["ever_left"].sel(variant="more", day=14)).all()
    days = [(row[0], row[3]) for row in variant_rows(found) if row[2] == "ever_left"]
    assert days == [("calm", "7"), ("calm", "14"), ("more", "7")]
    assert any(line.rstrip().endswith(" -") for line in variants_lines(found, "2030-01-01"))


def test_the_command_runs_all_variants_of_a_question_with_a_date(known, tmp_path, capsys):
    out = tmp_path / "run"
    assert cli.main(["run", str(known), "--members", "2", "--workers", "1", "--out", str(out)]) == cli.DONE
    printed = capsys.readouterr().out
    summary = printed.split("To forward")[0]
    block = summary[summary.index("Side by side") : summary.index("Needed over")]
    assert max(len(line) for line in block.splitlines()) <= 96
    for word in (
        "as written",
        "calm",
        "more",
        "Variants are questions, not probabilities",
        "If the events of the variant",
    ):
        assert word in summary, word
    rows = list(csv.DictReader((out / "share" / "variants.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert {row["variant"] for row in rows} == {"as written", "calm", "more"}
    assert {row["measure"] for row in rows} == {
        "ever_left",
        "peak_displaced",
        "present_where_most_are",
        "tonnes",
    }
    assert all(row["condition"].startswith("If ") for row in rows)
    assert (out / "internal" / "variants.nc").exists()


@pytest.mark.parametrize("more", [["--no-variants"], ["--variant", "calm"]])
def test_the_command_leaves_the_variants_out_where_asked(known, tmp_path, more, capsys):
    out = tmp_path / "run"
    assert cli.main(["run", str(known), "--out", str(out), *more]) == cli.DONE
    assert "Side by side" not in capsys.readouterr().out
    assert not (out / "share" / "variants.csv").exists()


def test_a_question_without_a_date_runs_alone(tmp_path, capsys):
    assert cli.main(["run", str(TOY / "toy.yaml"), "--out", str(tmp_path / "run")]) == cli.DONE
    assert "Side by side" not in capsys.readouterr().out


def test_a_restricted_question_marks_its_variants(known, tmp_path):
    result = pipeline.run_variants(changed(dp.load(known), sensitivity="restricted"))
    rows = (
        (write(result, tmp_path / "run") / "share" / "variants.csv")
        .read_text(encoding="utf-8-sig")
        .splitlines()
    )
    assert all(row.endswith("restricted") for row in rows[1:])
