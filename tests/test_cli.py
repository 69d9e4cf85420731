"""The command line: exit codes, one line an error, and what is imported."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from displacement import cli

ROOT = Path(__file__).parents[1]
TOY = str(ROOT / "tests" / "toy" / "toy.yaml")
HEAVY = ("numpy", "xarray", "pandas", "rasterio", "scipy", "pyproj", "netCDF4", "matplotlib", "bokeh")


def fresh(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout


@pytest.mark.parametrize(
    "what",
    [
        "import displacement",
        "from displacement import cli; cli._parser().format_help()",
        f"from displacement import cli; assert cli.main(['validate', {TOY!r}]) == 0",
        "from displacement import cli; assert cli.main(['validate', 'scenarios/aleppo_on_28_nov.yaml']) == 0",
        "from displacement import cli; assert cli.main(['schema']) == 0",
    ],
)
def test_the_light_commands_import_nothing_heavy(what):
    loaded = fresh(f"{what}\nimport sys\nprint('LOADED', *sys.modules)").rpartition("LOADED")[2].split()
    assert not set(HEAVY) & set(loaded)


def test_a_run_writes_its_folder_and_prints_the_summary_and_the_paths(tmp_path, capsys):
    assert cli.main(["run", TOY, "--out", str(tmp_path / "run"), "--keep", "control"]) == cli.DONE
    shown = capsys.readouterr()
    assert "# Toy question" in shown.out
    assert str(tmp_path / "run" / "share") in shown.out
    assert shown.err == "", "quiet when piped"
    assert max(len(line) for line in shown.out.splitlines() if str(tmp_path) not in line) <= 100
    assert (tmp_path / "run" / "internal" / "fields.nc").exists()


def test_gridded_fields_of_several_members_are_refused_before_anything_is_run(tmp_path, capsys):
    out = tmp_path / "run"
    arguments = ["run", TOY, "--members", "2", "--keep", "control", "--out", str(out)]
    assert cli.main(arguments) == cli.WRONG_USAGE
    assert "--keep is for one member" in capsys.readouterr().err
    assert not out.exists()


def test_members_on_the_command_line_give_ranges(tmp_path, capsys):
    arguments = [
        "run",
        TOY,
        "--members",
        "4",
        "--seed",
        "3",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "run"),
    ]
    assert cli.main(arguments) == cli.DONE
    assert "4 members" in " ".join(capsys.readouterr().out.split())


def test_quantiles_on_the_command_line_are_those_of_every_table(tmp_path, capsys):
    out = tmp_path / "run"
    asked = ["--members", "4", "--workers", "1", "--quantiles", "0.025,0.25,0.975", "--out", str(out)]
    assert cli.main(["run", TOY, *asked]) == cli.DONE
    assert "95 % of them (p02_5 to p97_5)" in " ".join(capsys.readouterr().out.split())
    columns = "p02_5,p25,p50,p97_5,note"
    for name in ("people.csv", "needs.csv", "origin_destination.csv"):
        head, *rows = (out / "share" / name).read_text(encoding="utf-8-sig").splitlines()
        assert head.endswith(columns), name
        assert {len(row) for row in csv.reader(rows)} == {len(head.split(","))}, name
    with xr.open_dataset(out / "internal" / "result.nc") as kept:
        assert kept["quantile"].values.tolist() == [0.025, 0.25, 0.5, 0.975]
    resolved = (out / "internal" / "scenario.resolved.yaml").read_text(encoding="utf-8")
    assert "0.975" in resolved


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("0.1,1.5", "a quantile lies between 0 and 1 (got 1.5)"),
        ("0.9,0.1", "the smallest first: [0.1, 0.9]"),
        ("10%", "write numbers with commas between, such as 0.05,0.5,0.95 (got 10%)"),
    ],
)
def test_wrong_quantiles_are_answered_with_what_to_write(written, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", TOY, "--quantiles", written])
    assert stopped.value.code == cli.WRONG_USAGE
    assert message in capsys.readouterr().err


def test_a_variant_is_named_in_the_summary(tmp_path, capsys):
    assert cli.main(["run", TOY, "--variant", "calm", "--out", str(tmp_path / "run")]) == cli.DONE
    assert "[calm]" in capsys.readouterr().out


def test_a_wrong_scenario_is_exit_code_one_without_a_traceback(tmp_path, capsys):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("title: x\nsurprise: 1\n", encoding="utf-8")
    assert cli.main(["run", str(wrong)]) == cli.WRONG_INPUT
    assert cli.main(["validate", str(wrong), TOY]) == cli.WRONG_INPUT
    shown = capsys.readouterr()
    assert "wrong.yaml:2:1: surprise: unknown key" in shown.err
    assert "Traceback" not in shown.err
    assert "toy.yaml: fine" in shown.out


def test_wrong_usage_is_exit_code_two(capsys):
    wrong = (["run", TOY, "--members", "0"], ["run", TOY, "--seed", "-1"], ["run", TOY, "--workers", "0"])
    for arguments in (["walk"], [], ["run"], ["run", TOY, "--keep", "wind"], *wrong):
        with pytest.raises(SystemExit) as stopped:
            cli.main(arguments)
        assert stopped.value.code == cli.WRONG_USAGE


def test_anything_else_is_exit_code_three_in_one_line(monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("disk on fire\nand more")

    monkeypatch.setattr("displacement.scenario.load.load", broken)
    assert cli.main(["run", TOY]) == cli.FAILED
    assert capsys.readouterr().err == "RuntimeError: disk on fire (run again with --debug for details)\n"
    with pytest.raises(RuntimeError):
        cli.main(["run", TOY, "--debug"])


def test_the_schema_is_json(capsys):
    assert cli.main(["schema"]) == cli.DONE
    assert json.loads(capsys.readouterr().out)["title"] == "ScenarioFile"
