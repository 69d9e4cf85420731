"""Members run in parts and merged: one run, or one clear error."""

import json
import shutil

import pytest
import xarray as xr
from support import TOY, written

from displacement import cli, memory, pipeline
from displacement.report.folder import write

MEMBERS = 20


def part(name, first, end, folder, *more, scenario=TOY / "toy.yaml", members=MEMBERS):
    out = folder / name
    asked = [
        "--members",
        str(members),
        "--workers",
        "1",
        "--member-range",
        f"{first}:{end}",
        "--out",
        str(out),
    ]
    assert cli.main(["run", str(scenario), *asked, *more]) == cli.DONE
    return str(out)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    return [part("a", 0, 3, folder), part("b", 3, 18, folder), part("c", 18, 20, folder)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, toy):
    return write(pipeline.run(toy, members=MEMBERS), tmp_path_factory.mktemp("whole") / "run")


@pytest.mark.parametrize("in_memory", [True, False])
def test_merged_parts_are_one_run_table_for_table_and_bit_for_bit(
    parts, whole, tmp_path, monkeypatch, in_memory, capsys
):
    plan = memory.planned
    monkeypatch.setattr(memory, "planned", lambda *asked: plan(*asked)._replace(in_memory=in_memory))
    out = tmp_path / "merged"
    assert cli.main(["merge", parts[2], parts[0], parts[1], "--out", str(out), "--profile"]) == cli.DONE
    shown = capsys.readouterr().out
    assert f"{MEMBERS} members" in " ".join(shown.split())
    assert "reading the members" in shown
    names = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(out) for path in out.rglob("*") if path.is_file())
    for name in names:
        if name.suffix == ".nc":
            with xr.open_dataset(whole / name) as one, xr.open_dataset(out / name) as other:
                xr.testing.assert_identical(one.load(), other.load())
        elif name.name != "scenario.resolved.yaml":  # it names files as seen from its own folder
            assert (whole / name).read_bytes() == (out / name).read_bytes(), name


def test_a_part_is_small_and_marked_as_a_run_so_that_it_can_be_replaced(parts, tmp_path):
    again = shutil.copytree(parts[0], tmp_path / "a")
    part("a", 0, 1, tmp_path)
    held = {path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file()}
    assert held == {"internal/people.nc", "internal/flows.nc", "internal/manifest.json"}
    with xr.open_dataset(again / "internal" / "people.nc") as people:
        assert people.sizes["member"] == 1


def error_of(capsys, *arguments):
    assert cli.main(list(arguments)) == cli.WRONG_INPUT
    return capsys.readouterr().err.strip()


def test_members_that_are_missing_or_there_twice_are_named_with_the_parts(parts, tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    told = error_of(capsys, "merge", parts[0], parts[2], *out)
    assert told.startswith("members 3 to 17 of 20 are in none of")
    assert told.endswith("run them: --member-range 3:18")
    assert parts[0] in told
    assert parts[2] in told
    told = error_of(capsys, "merge", parts[1], parts[0], *out)
    assert "members 18 to 19 of 20" in told
    twice = part("twice", 2, 3, tmp_path)
    told = error_of(capsys, "merge", *parts, twice, *out)
    assert "members 2 to 2 are in" in told
    assert f"{parts[0]} too; leave one of them out" in told
    assert not (tmp_path / "out").exists()


def test_parts_of_other_runs_are_refused_with_what_differs(parts, tmp_path, capsys):
    calm = written(tmp_path, f"base: {TOY / 'toy.yaml'}\ntitle: Another question\n")
    others = {
        "seed is 7, not 20241127": part("seed", 3, 4, tmp_path, "--seed", "7"),
        "parameters is priors, not calibrated": part("priors", 3, 4, tmp_path, "--parameters", "priors"),
        "title is Another question": part("title", 3, 4, tmp_path, scenario=calm),
        "scenario events differs": part("calm", 3, 4, tmp_path, "--variant", "calm"),
    }
    for why, folder in others.items():
        told = error_of(capsys, "merge", parts[0], folder, parts[2])
        assert why in told
        assert told.startswith(f"{folder}: does not belong to {parts[0]}")
        assert len(told.splitlines()) == 1


def test_another_version_of_the_package_is_another_run(parts, tmp_path, capsys):
    older = shutil.copytree(parts[1], tmp_path / "older")
    manifest = older / "internal" / "manifest.json"
    content = json.loads(manifest.read_text(encoding="utf-8"))
    content["package"]["version"] = "0.0.1"
    manifest.write_text(json.dumps(content), encoding="utf-8")
    assert "package version is 0.0.1, not" in error_of(capsys, "merge", parts[0], str(older), parts[2])


def test_a_scenario_that_has_changed_or_is_gone_cannot_be_merged(tmp_path, capsys):
    text = f"base: {TOY / 'toy.yaml'}\n"
    own = written(tmp_path, text, "own.yaml")
    parts = [part(f"{at}", at, at + 1, tmp_path, scenario=own, members=2) for at in (0, 1)]
    own.write_text(text + "title: Changed\n", encoding="utf-8")
    told = error_of(capsys, "merge", *parts)
    assert told.endswith("since it was run, scenario title is Changed, not Toy question; run the parts again")
    own.unlink()
    told = error_of(capsys, "merge", *parts)
    assert "own.yaml is not there; write where it is: --scenario FILE" in told
    elsewhere = tmp_path / "elsewhere" / tmp_path.name
    elsewhere.mkdir(parents=True)
    moved = written(elsewhere, text, "own.yaml")
    out = tmp_path / "out"
    assert cli.main(["merge", *parts, "--scenario", str(moved), "--out", str(out)]) == cli.DONE
    assert (out / "share" / "people.csv").is_file()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("5", "write FIRST:END"),
        ("5:5", "write FIRST:END"),
        ("-1:5", "write FIRST:END"),
        ("a:b", "such as 0:256 (got a:b)"),
    ],
)
def test_a_range_is_written_with_a_colon(written, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", "any.yaml", f"--member-range={written}"])
    assert stopped.value.code == cli.WRONG_USAGE
    assert message in capsys.readouterr().err


def test_a_range_beyond_the_members_says_what_there_is(tmp_path, capsys):
    asked = ["run", str(TOY / "toy.yaml"), "--out", str(tmp_path / "run")]
    told = error_of(capsys, *asked, "--members", "8", "--member-range", "4:9")
    assert told == "member-range: 4:9 are not among the 8 members; they are 0:8, the end not included"
    assert "write --members too" in error_of(capsys, *asked, "--member-range", "0:1")
    known = written(tmp_path, f"base: {TOY / 'toy.yaml'}\nas_of: 2030-01-04\n")
    assert cli.main(["run", str(known), "--members", "8", "--member-range", "0:4"]) == cli.WRONG_USAGE
    assert "write --variant NAME, or --no-variants" in capsys.readouterr().err


def test_what_is_no_part_is_refused(whole, tmp_path, capsys):
    for folder in (whole, tmp_path, tmp_path / "nowhere"):
        told = error_of(capsys, "merge", str(folder))
        assert (
            told
            == f"{folder}: holds no members of a run; name folders that `displacement run --member-range` wrote"
        )
