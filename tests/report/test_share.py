"""What is shared: rounded and suppressed figure by figure, and nothing that helps anybody aim."""

import csv
import json
import re

import numpy as np
import pytest
import xarray as xr
from books import in_workbook
from hypothesis import given
from hypothesis import strategies as st
from support import changed

import displacement as dp
from displacement import cli
from displacement.io import parameters
from displacement.report.rounding import shared_people, significant


@pytest.fixture(scope="module")
def folder(tmp_path_factory, toy_result):
    return dp.write(toy_result, tmp_path_factory.mktemp("run") / "toy")


def rows(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


@given(st.floats(0, 1e8))
def test_a_shared_figure_is_within_its_rounding_or_suppressed(people):
    text, note = shared_people(people)
    if note:
        assert (text, note) == ("", "lt100")
        assert 0.5 <= people < 100
    else:
        assert abs(float(text) - round(people)) <= 0.05 * round(people) + 1e-9
        assert float(text) == significant(float(text))


def test_people_csv_has_the_promised_columns_and_every_measure(folder):
    found = rows(folder / "share" / "people.csv")
    columns = "date,zone,zone_name,zone_name_ar,admin1,admin2,measure,p10,p50,p90,note"
    assert ",".join(found[0]) == columns
    assert {row["measure"] for row in found} == set(dp.run.__globals__["variables"].PEOPLE)
    assert all(row["p10"] == row["p90"] == "" for row in found)
    assert (folder / "share" / "people.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_people_csv_is_the_result_rounded(folder, toy_result):
    people = toy_result.people.isel(member=0)
    found = {(row["date"], row["zone"], row["measure"]): row for row in rows(folder / "share" / "people.csv")}
    shown = suppressed = 0
    for (date, zone, measure), row in found.items():
        values = people[measure].sel(time=date)
        values = values.sum("type") if "type" in values.dims else values
        exact = float(values.sum() if zone == "ALL" else values.sel(zone=zone))
        if row["note"]:
            assert 0.5 <= exact < 100
            suppressed += 1
        else:
            assert float(row["p50"]) == pytest.approx(exact, rel=0.051, abs=0.5)
            shown += 1
    assert shown > 300
    assert suppressed > 20


def test_needs_csv_is_the_needs_rounded(folder, toy_result):
    found = rows(folder / "share" / "needs.csv")
    assert ",".join(found[0]) == "date,zone,zone_name,admin1,sector,item,unit,p10,p50,p90,note"
    needs = toy_result.needs["need"].isel(member=0)
    for row in found:
        if not row["note"] and row["p50"] != "0":
            values = needs.sel(time=row["date"], item=row["item"])
            exact = float(values.sum() if row["zone"] == "ALL" else values.sel(zone=row["zone"]))
            assert float(row["p50"]) == pytest.approx(exact, rel=0.051, abs=1e-12)


def served_by_hand(people, item):
    """People whom some items are for, by day and zone, from the run's own measures."""
    here = people.isel(member=0)
    new = here["arrivals"] - 0.7 * here["arrivals_again"]
    match item:
        case "water_domestic":
            return here["present_new"].sum("type")
        case "ready_to_eat_ration":
            return here["arrivals"].sum("type")
        case "tent":
            return 0.27 * new.sel(type="town") + 0.9 * new.sel(type="site")
        case "toilet_shared":
            peak = np.maximum.accumulate(here["present_new"].sel(type="site").values, axis=0)
            return here["newly_displaced"].copy(data=np.diff(peak, axis=0, prepend=0.0))
        case "risk_education_on_return":
            home = here["returned_cum"]
            return home.copy(data=np.diff(home.values, axis=0, prepend=0.0))


def test_an_item_is_suppressed_just_where_1_to_99_people_are_those_it_is_for(folder, toy_result):
    """A tent is for those who live in tents, a toilet for those in sites, not for everybody in the zone."""
    items = ("water_domestic", "ready_to_eat_ration", "tent", "toilet_shared", "risk_education_on_return")
    served = {item: served_by_hand(toy_result.people, item) for item in items}
    seen = set()
    for row in rows(folder / "share" / "needs.csv"):
        if row["zone"] == "ALL" or row["item"] not in items:
            continue
        count = round(float(served[row["item"]].sel(time=row["date"], zone=row["zone"])))
        assert row["note"] == ("lt100" if 0 < count < 100 else ""), (row, count)
        if not row["note"]:
            assert (row["p50"] == "0") == (count == 0)
        seen.add((row["item"], row["note"]))
    assert {(item, note) for item in items[:3] for note in ("", "lt100")} <= seen


def reckoned(toy, table, out, *more):
    """Run the command on a table of new arrivals."""
    asked = ["needs", str(table), "--area", str(toy.area_folder), "--measure", "new", "--out", str(out)]
    assert cli.main([*asked, *more]) == cli.DONE


def test_needs_on_days_without_arrivals_are_shown(tmp_path, toy):
    """Winter blankets are owed when winter begins, also where nobody arrives on that day."""
    table = tmp_path / "t.csv"
    table.write_text("date,zone,people\n2029-10-20,Z1,5000\n", encoding="utf-8")
    out = tmp_path / "run"
    arguments = ["--until", "2029-11-05"]
    reckoned(toy, table, out, *arguments)
    found = [row for row in rows(out / "share" / "needs.csv") if row["item"] == "winter_blanket"]
    by_day = {row["date"]: row["p50"] for row in found if row["zone"] == "Z1"}
    assert by_day["2029-11-01"] == "4400"
    assert by_day["2029-11-02"] == "0"
    unknown = [row for row in rows(out / "share" / "needs.csv") if row["item"] == "risk_education_on_return"]
    assert {(row["p50"], row["note"]) for row in unknown} == {("", "not known")}, "of the whole area too"


def test_the_summary_names_what_is_wanting_in_the_end_and_not_on_the_first_day(tmp_path, toy, capsys):
    """No truck is there on the first day; what is still owed on the last is for want of stock."""
    table = tmp_path / "t.csv"
    table.write_text("date,zone,people\n2030-01-02,Z1,6000\n", encoding="utf-8")
    (tmp_path / "s.csv").write_text("hub,item,quantity\nNorth,tent,100\n", encoding="utf-8")
    arguments = ["--until", "2030-01-04"]
    reckoned(toy, table, tmp_path / "run", *arguments, "--stock", str(tmp_path / "s.csv"))
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("  tent ") and "%" in line
    ]
    assert line.split()[-2:] == ["stock", "2030-01-02"]


def test_what_is_owed_to_a_few_is_suppressed_on_every_day(tmp_path, toy):
    """60 people arrive and stay: their tents are owed for ever, and no day tells how many."""
    table = tmp_path / "t.csv"
    table.write_text("date,zone,people\n2030-01-02,Z1,60\n2030-01-02,Z2,9000\n", encoding="utf-8")
    (tmp_path / "s.csv").write_text("hub,item,quantity\nNorth,tent,1\n", encoding="utf-8")
    out = tmp_path / "run"
    arguments = ["--until", "2030-01-06"]
    reckoned(toy, table, out, *arguments, "--stock", str(tmp_path / "s.csv"))
    few = [row for row in rows(out / "share" / "supply.csv") if row["zone"] == "Z1" and row["item"] == "tent"]
    assert few
    assert {(row["outstanding"], row["note"]) for row in few} == {("", "lt100")}


def test_needs_from_people_are_those_of_the_run_without_the_exits(toy_result):
    again = dp.estimate_needs(toy_result.people, toy_result.scenario)
    np.testing.assert_array_equal(again["need"].values, toy_result.needs["need"].values)


def test_the_summary_shows_no_needs_of_a_few_people(tmp_path, toy):
    table = tmp_path / "left.csv"
    table.write_text("date,zone,people\n2030-01-02,Z1,60\n", encoding="utf-8")
    result = dp.run(changed(toy, events=[], departures={"observed": str(table)}))
    text = (dp.write(result, tmp_path / "run") / "share" / "summary.md").read_text(encoding="utf-8")
    assert "fewer than 100 people are behind them" in text
    assert "litre" not in text


def test_the_netcdf_holds_the_result_exactly(folder, toy_result):
    with xr.open_dataset(folder / "internal" / "result.nc") as stored:
        for name, values in toy_result.people.data_vars.items():
            np.testing.assert_array_equal(stored[name].transpose(*values.dims).values, values.values)
            assert stored[name].attrs["cell_methods"].startswith("area: sum")
        np.testing.assert_array_equal(
            stored["need"]
            .sel(zone=toy_result.needs["zone"].values)
            .transpose(*toy_result.needs["need"].dims)
            .values,
            toy_result.needs["need"].values,
        )
        assert stored.attrs["Conventions"].startswith("CF-")
        assert "assumed, not predicted" in stored.attrs["comment"]


def test_the_population_raster_keeps_the_total(folder, toy_result):
    import rasterio

    with rasterio.open(folder / "internal" / "population.tif") as raster:
        assert raster.read(1).sum() == pytest.approx(28_000.0, rel=1e-12), "the sum of the toy zones"
        assert raster.crs.to_epsg() == 32637
        assert raster.shape == toy_result.inputs.grid.shape


def said(path):
    """All that a file of `share/` says; of a workbook every part of it, but for the colours."""
    if path.suffix == ".xlsx":
        return in_workbook(path)
    text = path.read_bytes().decode("utf-8-sig", errors="ignore")
    if path.suffix == ".html":  # all but the longest script, which is Bokeh's own and no figure of ours
        text = text.replace(max(re.findall(r"<script>.*?</script>", text, re.DOTALL), key=len), "")
    return text


def test_share_names_no_controller_group_front_or_camp(folder):
    for path in (folder / "share").iterdir():
        text = said(path).lower()
        for word in ("alpha", "beta", "gamma", "r1", "controller:", "amber camp", "old mill"):
            assert not re.search(rf"\b{word}\b", text), (path.name, word)


def test_outlines_are_areas_and_not_cells(folder):
    zones = json.loads((folder / "share" / "zones.geojson").read_text(encoding="utf-8"))
    assert [feature["properties"]["zone"] for feature in zones["features"]] == ["Z1", "Z2", "Z3", "Z4"]
    assert "Statistical areas" in zones["description"]


def test_every_file_says_what_it_is(folder):
    for name in ("summary.md", "README.txt", "zones.geojson"):
        text = " ".join((folder / "share" / name).read_text(encoding="utf-8").split())
        assert "Front lines are assumed, not predicted" in text
        assert "If the events of this scenario come about" in text


def test_the_manifest_names_inputs_versions_and_settings(folder):
    manifest = json.loads((folder / "internal" / "manifest.json").read_text(encoding="utf-8"))
    assert {"area/zones.csv", "area/control.csv", "toy/toy.yaml", "movement/calibrated.yaml"} <= set(
        manifest["inputs"]
    )
    assert all(len(entry["sha256"]) == 64 for entry in manifest["inputs"].values())
    fitted = {one.name: one.median for one in parameters.read(parameters.SHIPPED).parameters}
    assert manifest["scenario"]["movement"]["hazard"]["memory"] == fitted["hazard.memory"]
    assert manifest["scenario"]["movement"]["hazard"]["takeover_hazard"] == 0.3, "not fitted"
    assert not any(name[0] == "/" for name in manifest["inputs"])


def test_the_resolved_scenario_runs_again_where_it_lies(folder, toy_result):
    result = dp.run(folder / "internal" / "scenario.resolved.yaml")
    assert (result.people["arrivals"].values == toy_result.people["arrivals"].values).all()


def test_a_restricted_run_marks_its_files(tmp_path, toy):
    result = dp.run(changed(toy, sensitivity="restricted"))
    folder = dp.write(result, tmp_path / "run")
    for name in ("README.txt", "brief.html", "summary.md", "zones.geojson"):
        assert "RESTRICTED" in (folder / "share" / name).read_text(encoding="utf-8"), name
    for name in ("people.csv", "needs.csv", "origin_destination.csv"):
        assert all(row["note"].endswith("restricted") for row in rows(folder / "share" / name)), name


def test_a_formula_in_a_name_comes_out_inert(tmp_path):
    from displacement.io import tables

    path = tmp_path / "table.csv"
    tables.write(path, ["name"], [["=cmd|' /C calc'!A0"], ["@x"], ["Idleb"], [-1]])
    assert path.read_text(encoding="utf-8-sig").splitlines()[1:] == [
        "'=cmd|' /C calc'!A0",
        "'@x",
        "Idleb",
        "-1",
    ]
