"""Files of a run by the Climate and Forecast conventions: the checker finds nothing, and nothing is lost on the way."""

import numpy as np
import pytest
import xarray as xr
from support import HEAD, written

import displacement as dp
from displacement.io import results
from displacement.io.conventions import as_in_memory, conventional

SUPPLIED = """variants: {calm: {drop: [strikes]}}
as_of: 2030-01-02
events:
  - {control: control.csv}
  - {id: strikes, strikes: 6, at: Amber town, date: 2030-01-03, until: 2030-01-05}
supply:
  hubs: {Store: {at: Amber town, stock: {tent: 100, full_ration: 3 t}}}
  routes: {R1: {trucks_per_day: 3}}
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory, toy_result):
    """A median run with gridded fields, and one of more members than are written together, with variants and supply."""
    home = tmp_path_factory.mktemp("runs")
    question = written(home, HEAD + SUPPLIED)
    many = dp.pipeline.run_variants(dp.load(question), members=18)
    return dp.write(toy_result, home / "one") / "internal", dp.write(many, home / "many") / "internal"


def met(value):
    """Whether a check gave all its points."""
    return value[0] == value[1] if isinstance(value, tuple) else bool(value)


def findings(path):
    """What the checker says against a file, recommendations included."""
    checker = pytest.importorskip("compliance_checker.runner")
    from compliance_checker.suite import CheckSuite

    suite = CheckSuite()
    suite.load_all_available_checkers()
    scored = suite.run_all(suite.load_dataset(str(path)), ["cf:1.11"])
    assert checker
    ((groups, exceptions),) = scored.values()
    failed = [group for group in groups if not met(group.value)]
    said = [f"{path.name}: {group.name}: {message}" for group in failed for message in group.msgs]
    return [*said, *(f"{path.name}: {name}: {error[0]}" for name, error in exceptions.items())]


@pytest.mark.filterwarnings("ignore")
def test_the_checker_of_the_conventions_finds_nothing_in_any_file(folders):
    files = [path for folder in folders for path in sorted(folder.glob("*.nc"))]
    assert {path.name for path in files} == {
        *("result.nc", "fields.nc", "flows.nc", "drivers.nc", "supply.nc", "variants.nc")
    }
    assert [finding for path in files for finding in findings(path)] == []


@pytest.mark.filterwarnings("ignore")
def test_the_checker_would_find_a_unit_that_nobody_knows(tmp_path, toy_result):
    toy_result.people.drop_attrs().assign_attrs(Conventions="CF-1.11").to_netcdf(tmp_path / "bare.nc")
    assert findings(tmp_path / "bare.nc")


def test_what_is_read_is_what_was_written(folders, toy_result):
    read = results.read_netcdf(folders[0] / "result.nc")
    for name, exact in toy_result.people.data_vars.items():
        assert read[name].dims == exact.dims
        assert read[name].attrs["units"] == exact.attrs["units"]
        np.testing.assert_array_equal(read[name].values, exact.values)
    for name in ("zone", "zone_name", "inside", "time", "type"):
        assert read[name].values.tolist() == toy_result.people[name].values.tolist()


def test_names_in_any_script_come_back_whole(tmp_path):
    names = ["Dāna", "الدانا", "N'x "[:3]]
    results.write_netcdf(
        tmp_path / "a.nc", xr.Dataset({"people": ("zone", [1.0, 2, 3])}, {"zone": names}), {}
    )
    assert results.read_netcdf(tmp_path / "a.nc")["zone"].values.tolist() == names


def test_people_are_a_plain_number_to_others_and_people_to_us(toy_result):
    told = conventional(toy_result.people)
    assert told["arrivals"].attrs["units"] == "1"
    assert told["arrivals"].attrs["counted"] == "movement"
    assert told["arrivals"].dims == ("member", "zone", "type", "time")
    assert toy_result.people["arrivals"].attrs["units"] == "movement", "the argument is left as it was"
    assert as_in_memory(told)["arrivals"].attrs["units"] == "movement"


def test_codes_say_what_they_stand_for(folders, toy_result):
    with xr.open_dataset(folders[1] / "supply.nc") as account:
        assert account["binding"].attrs["flag_meanings"] == "none stock trucks money access"
        assert account["binding"].attrs["flag_values"].tolist() == [0, 1, 2, 3, 4]
    with xr.open_dataset(folders[0] / "fields.nc") as fields:
        meanings = fields["control"].attrs["flag_meanings"].split()
        assert meanings == ["nobody_named", *toy_result.inputs.controllers]
        assert fields["departures"].attrs["grid_mapping"] == "crs"
        assert "32637" in fields["crs"].attrs["crs_wkt"]
