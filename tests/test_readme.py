"""What the README tells a planner to write, written and run."""

import re
from pathlib import Path

import numpy as np
import pytest

import displacement as dp
from displacement import cli
from displacement.aid import aid_lines_of
from displacement.report import exact_workbook

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def lines_after(words: str) -> str:
    """The first block of YAML after some words."""
    found = re.search(re.escape(words) + r".*?```yaml\n(.*?)```", README, re.DOTALL)
    assert found is not None, words
    return found[1]


def written(folder: Path, words: str) -> Path:
    """A scenario of what stands after some words, on the minimal one; files lie as the README has them."""
    path = folder / "my.yaml"
    text = re.sub(r"\.\./data", str(ROOT / "data"), lines_after(words))
    (folder / "base.yaml").write_text(
        (ROOT / "scenarios" / "minimal.yaml")
        .read_text(encoding="utf-8")
        .replace("../data", str(ROOT / "data")),
        encoding="utf-8",
    )
    path.write_text(f"base: base.yaml\ncondition: as the README says\n{text}", encoding="utf-8")
    return path


def test_changing_a_factor_takes_three_lines_and_is_traced(tmp_path):
    lines = aid_lines_of(dp.load(written(tmp_path, "**Change a factor**")))
    water = lines.item("water_domestic")
    assert (water.quantity, water.unit, water.status) == (20, "litre", "second-hand")
    assert lines.provenance["water_domestic", "quantity"] == "scenario"
    assert lines.provenance["water_domestic", "unit"] == "standards"
    assert len(lines_after("**Change a factor**").splitlines()) == 3


def test_adding_an_item_takes_eight_lines_of_its_own_and_no_python(tmp_path):
    lines = aid_lines_of(dp.load(written(tmp_path, "**Add an item**")))
    kit = lines.item("infant_kit")
    assert (kit.quantity, kit.unit, kit.per) == (1, "kit", "infant_0_5m")
    assert len(lines_after("**Add an item**").splitlines()) == 2 + 8


def test_profile_include_drop_and_sites_do_what_they_say(tmp_path):
    scenario = dp.load(written(tmp_path, "Other keys:"))
    lines = aid_lines_of(scenario)
    listed = {item.id for item in lines.items}
    assert {"laundry_facility", "cash_once", "heating_stove"} <= listed
    assert lines.item("tent").quantity == 1.59
    assert scenario.needs.sites[0].zones == ("SY070301",)
    assert lines.sites[0].items[0].quantity == 20


@pytest.fixture(scope="module")
def with_hub(tmp_path_factory):
    """The minimal scenario with the README's hub."""
    return dp.run(dp.load(written(tmp_path_factory.mktemp("hub"), "**Add a hub**")))


def test_adding_a_hub_brings_its_stock_to_people_and_keeps_the_account(with_hub):
    supply = with_hub.supply
    came = supply["incoming"].sum(("time", "hub"))
    assert came.sel(item="tent").item() == 5000
    assert came.sel(item="full_ration").item() == 900_000
    went = supply["delivered"].sum(("time", "zone")) + supply["lost"].sum("time")
    left = supply["left"].isel(time=-1).sum("hub")
    np.testing.assert_allclose((went + left).isel(member=0), came, rtol=1e-9)
    assert supply["delivered"].sel(item="tent").sum().item() == pytest.approx(5000 * 0.98, rel=1e-6)
    assert supply["route"].values.tolist() == ["Bab al-Hawa"]


def test_events_limit_and_close_the_routes_of_the_readme(tmp_path, with_hub):
    text = lines_after("**Add a hub**") + lines_after("routes and limit trucks")
    text += "  - {close: Bab al-Hawa, for: trucks, date: 2024-12-08, until: 2024-12-08}\n"
    path = written(tmp_path, "**Add a hub**")
    path.write_text(f"base: base.yaml\ncondition: as the README says\n{text}", encoding="utf-8")
    supply = dp.run(dp.load(path)).supply
    allowed = supply["trucks_allowed"].isel(route=0).to_series()
    assert allowed["2024-12-03"] == 25
    assert allowed["2024-12-04":"2024-12-06"].tolist() == [5, 5, 5]
    assert allowed["2024-12-08"] == 0
    assert (supply["trucks_used"].isel(member=0, route=0) <= allowed.values).all()
    on_the_ninth = supply.isel(member=0).sel(time="2024-12-09")
    assert not on_the_ninth["delivered"].values.any(), (
        "nothing left on the eighth, so nothing arrives on the ninth"
    )


def test_the_check_by_hand_is_as_the_readme_prints_it(tmp_path, capsys):
    """370,000 x 0.555 kg = 205.35 t a day; x 30 / 20.4 t = 301.98, so 302 trucks by net weight (design, section 8)."""
    people, scenario = (ROOT / "scenarios" / name for name in ("corridor_people.csv", "corridor.yaml"))
    out = tmp_path / "run"
    asked = [
        "needs",
        str(people),
        "--scenario",
        str(scenario),
        "--measure",
        "present",
        "--until",
        "2025-01-05",
    ]
    assert cli.main([*asked, "--out", str(out)]) == cli.DONE
    summary = capsys.readouterr().out
    assert re.search(r"full ration +6,200,000 +920,000 +15%  trucks", summary)
    place = ["--zone", "ALL", "--item", "full_ration", "--date", "2025-01-05"]
    assert cli.main(["explain", str(out), *place]) == cli.DONE
    printed = capsys.readouterr().out
    block = re.search(r"```\n(Full dry ration.*?)```", README, re.DOTALL)
    assert block is not None
    for line in block[1].splitlines():
        assert line == "..." or line in printed.splitlines()
    assert "302 by net weight" in printed
    assert "205,350 kg" in printed


def test_the_network_of_the_readme_runs_as_written(tmp_path):
    """Its tables stand in one block, each below a comment that begins with its name."""
    words = "**Without rasters: a network of named places.**"
    found = re.search(re.escape(words) + r".*?```csv\n(.*?)```", README, re.DOTALL)
    assert found is not None
    for part in re.split(r"^# (?=\w+\.csv)", found[1], flags=re.MULTILINE)[1:]:
        head, _, table = part.partition("\n")
        (tmp_path / re.match(r"\w+\.csv", head)[0]).write_text(table, encoding="utf-8")
    (tmp_path / "area.yaml").write_text("name: Readme\n", encoding="utf-8")
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(lines_after(words), encoding="utf-8")
    assert cli.main(["run", str(scenario), "--out", str(tmp_path / "run")]) == cli.DONE
    model = dp.run(scenario).people["present_new"].sel(zone=["Camp One", "Camp Two"]).sum(("type", "member"))
    assert float(model.isel(time=-1).min()) > 0
    scenario.write_text(lines_after(words).replace("totals: model", "totals: observed"), encoding="utf-8")
    counted = (
        dp.run(scenario)
        .people["present_new"]
        .sel(zone=["Camp One", "Camp Two"])
        .sum(("type", "member", "zone"))
    )
    assert float(counted[30]) == pytest.approx(9000 + 2500)


def test_the_workbook_of_the_readme_goes_back_into_a_scenario(tmp_path, capsys):
    """Its commands as they stand, with a run of two weeks in place of one that lies there."""
    import openpyxl

    commands = re.search(r"### The workbook.*?```\n(.*?)```", README, re.DOTALL)
    assert commands is not None
    asked = commands[1].splitlines()[0].partition("#")[0].split()
    assert asked[:2] == ["displacement", "import-assumptions"]
    base = ROOT / "scenarios" / "minimal.yaml"
    book = exact_workbook(dp.run(base), tmp_path / "needs.xlsx")
    opened = openpyxl.load_workbook(book)
    (cell,) = [row[7] for row in opened["assumptions"].iter_rows() if row[0].value == "water_domestic"]
    cell.value = 20
    opened.save(book)
    out = tmp_path / "mine.yaml"
    assert cli.main(["import-assumptions", str(book), asked[3], str(out), "--base", str(base)]) == cli.DONE
    assert "water_domestic: quantity 15 -> 20" in capsys.readouterr().out
    assert aid_lines_of(dp.load(out)).item("water_domestic").quantity == 20
