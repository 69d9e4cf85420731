"""Scores on networks of places: the measure and the plain rules by hand, and what is written of them."""

import csv

import numpy as np
import pytest
from layouts import LOCATIONS, layout

import displacement as dp
from displacement import cli
from displacement.evaluate import network
from displacement.io.errors import InputError
from displacement.report import network as report
from displacement.report.maps.pictures import picture
from displacement.report.maps.zone_layers import layers


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return network.run_case(layout(tmp_path_factory.mktemp("case") / "two_camps"))


def test_the_measure_is_zero_where_all_is_right_and_two_where_nobody_is():
    counts = np.array([[3.0, 1.0], [2.0, 2.0]])
    np.testing.assert_array_equal(network.relative_difference(counts, counts), 0.0)
    np.testing.assert_array_equal(
        network.relative_difference(np.array([[0.0, 4.0]]), np.array([[4.0, 0.0]])), 2.0
    )


def test_rescaling_leaves_only_what_is_wrong_about_shares():
    counts = np.array([[30.0, 10.0]])
    np.testing.assert_allclose(network.rescaled(np.array([[1.5, 0.5]]), counts), counts)
    np.testing.assert_array_equal(network.rescaled(np.zeros((1, 2)), counts), 0.0)


def test_totals_are_as_observed_so_both_measures_agree(case):
    scores = network.scores([case])
    models = scores[scores["estimate"].str.startswith("model")]
    np.testing.assert_allclose(models["plain"], models["rescaled"], rtol=1e-9)
    assert list(scores["window"].unique()) == ["0-30", "0-90", "0-180", "all"]


def test_plain_rules_are_those_worked_by_hand(case):
    """600 on day 1. A has 300 people and lies 60 km from X and 120 from Y; B has 100, 90 km from X and 60 from Y.

    Gravity 1: A splits 2 to 1, B 2 to 3 (1/90 to 1/60). X gets 3/4 2/3 + 1/4 2/5 = 3/5.
    Gravity 2: A 4 to 1, B 4 to 9. X gets 3/4 4/5 + 1/4 4/13.
    """
    assert case.places == ("X", "Y")
    x = {name: estimate[1, 0] for name, estimate in case.estimates.items()}
    assert x["uniform"] == pytest.approx(300)
    assert x["gravity 1"] == pytest.approx(360)
    assert x["gravity 2"] == pytest.approx(600 * (3 / 5 + 1 / 13))
    assert x["30 days ago"] == pytest.approx(300), "before day 30 the shares of the first day"
    assert np.isnan(x["capacity"]), "nothing where a camp is unlimited"


def test_capacity_is_a_rule_where_all_camps_have_one(tmp_path):
    limited = LOCATIONS.replace("camp,0,0\nY", "camp,0,300\nY").replace(
        "2.0,2.0,camp,0,0", "2.0,2.0,camp,0,100"
    )
    found = network.run_case(layout(tmp_path, {"input_csv/locations.csv": limited}))
    np.testing.assert_allclose(found.estimates["capacity"][1], [450, 150])
    drawn = found.estimates["model, with capacities"][1, 0] - found.estimates["model"][1, 0]
    assert drawn > 0, "with capacities the larger camp draws more"


def test_days_on_which_nobody_is_counted_are_left_out(tmp_path):
    nobody = {f"source_data/{name}.csv": "2030-01-01,0\n2030-01-04,0\n2030-01-05,50\n" for name in "xy"}
    scores = network.scores([network.run_case(layout(tmp_path, nobody))])
    assert set(scores["days"]) == {2}
    assert np.isfinite(scores[scores["estimate"] == "uniform"]["plain"]).all()


def test_the_mean_over_cases_stands_below_them(case):
    scores = network.scores([case, case._replace(name="again")])
    mean, one = (
        scores[scores["case"] == name].set_index(["estimate", "window"]) for name in ("mean", "two_camps")
    )
    np.testing.assert_allclose(mean["plain"], one["plain"])


def test_a_folder_that_is_neither_says_so(tmp_path):
    with pytest.raises(InputError, match=r"neither input_csv nor places\.csv"):
        network.run_case(tmp_path)


def test_a_case_without_counts_says_so(tmp_path):
    nothing = {f"source_data/{name}.csv": None for name in ("data_layout", "x", "y", "total")}
    folder = layout(tmp_path / "case", nothing)
    assert cli.main(["import-network", str(folder), "-o", str(tmp_path / "area")]) == cli.DONE
    for path in (folder, tmp_path / "area"):
        with pytest.raises(InputError, match="has no counts"):
            network.run_case(path)


def test_import_and_backtest_from_the_command_line(tmp_path, capsys):
    folder, area, out = layout(tmp_path / "two_camps"), tmp_path / "area", tmp_path / "out"
    assert cli.main(["import-network", str(folder), "-o", str(area)]) == cli.DONE
    assert cli.main(["validate", str(area / "scenario.yaml")]) == cli.DONE
    assert cli.main(["backtest", "--network", str(area), str(folder), "-o", str(out)]) == cli.DONE
    told = capsys.readouterr().out
    assert report.NOTE in told
    with (out / report.SCORES).open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    by_case = {
        name: {(row["estimate"], row["window"]): row["plain"] for row in rows if row["case"] == name}
        for name in ("area", "two_camps")
    }
    assert by_case["area"] == by_case["two_camps"], "an imported folder and the folder itself score alike"
    assert by_case["area"]["capacity", "all"] == ""
    with (out / report.BY_DAY).open(encoding="utf-8-sig") as file:
        assert len(list(csv.DictReader(file))) == 2 * 2 * 6


def test_a_wrong_folder_is_an_error_of_one_line(tmp_path, capsys):
    assert cli.main(["backtest", "--network", str(tmp_path)]) == cli.WRONG_INPUT
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_network_runs_from_end_to_end_and_shares_no_point_of_a_camp(tmp_path):
    folder, area = (
        layout(
            tmp_path / "two_camps", {"input_csv/locations.csv": LOCATIONS.replace("2.0,1.0", "2.3456,1.2345")}
        ),
        tmp_path / "area",
    )
    assert cli.main(["import-network", str(folder), "-o", str(area)]) == cli.DONE
    assert cli.main(["run", str(area / "scenario.yaml"), "--out", str(tmp_path / "run")]) == cli.DONE
    shared = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "run" / "share").iterdir()}
    assert {"people.csv", "needs.csv", "origin_destination.csv", "summary.md"} <= set(shared)
    assert "zones.geojson" not in shared
    assert "a tile for each named place, wherever it lies" in shared["brief.html"]
    assert not any("2.3456" in text or "1.2345" in text for text in shared.values())


def test_a_network_has_no_map_to_draw_and_says_so(tmp_path):
    folder = layout(tmp_path / "two_camps")
    assert cli.main(["import-network", str(folder), "-o", str(tmp_path / "area")]) == cli.DONE
    result = dp.run(tmp_path / "area" / "scenario.yaml")
    assert layers(result, tmp_path) == ()
    with pytest.raises(InputError, match="no outlines to draw"):
        picture(result, tmp_path / "map.png")
