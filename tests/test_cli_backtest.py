"""`displacement backtest`: which cases and populations are run, what is written, what is an error."""

import json
from pathlib import Path

import past
import pytest

from displacement import cli
from displacement.evaluate import backtest as evaluated
from displacement.report import backtest as report
from displacement.report import marked

ROOT = Path(__file__).parents[1]
TOY = ROOT / "tests" / "toy" / "toy.yaml"
TABLE = "zone,population,low,high\nT1,1000,800,1300\n"
OBSERVED = "kind,period_start,date,origin,destination,value,unit,scope,source\n"


@pytest.fixture
def asked(monkeypatch):
    """Cases are invented in place of being run; the list says what was asked for."""
    runs = []

    def run_case(scenario, members, seed, population, parameters, workers, progress):
        progress("running")
        name = scenario.path.stem
        runs.append((name, members, seed, population, parameters))
        return past.case(name, 1 if members == 1 else 5, population, scenario.case.use)

    monkeypatch.setattr(evaluated, "run_case", run_case)
    monkeypatch.setattr(evaluated, "scores", past.scores, raising=False)
    monkeypatch.setattr(evaluated, "planning", lambda cases: past.planning(), raising=False)
    return runs


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with two cases; the first has a low and a high population."""
    monkeypatch.chdir(tmp_path)
    cases = tmp_path / "scenarios" / "backtests"
    cases.mkdir(parents=True)
    (cases / "people.csv").write_text(TABLE, encoding="utf-8")
    (cases / "observed.csv").write_text(OBSERVED, encoding="utf-8")
    mark = "case: {use: validation, observations: observed.csv}\n"
    toy = f"base: {TOY.as_posix()}\n{mark}"
    (cases / "first.yaml").write_text(f"{toy}population: {{zones: people.csv}}\n", encoding="utf-8")
    (cases / "second.yaml").write_text(toy, encoding="utf-8")
    return tmp_path


def test_without_a_name_every_case_beside_the_working_directory_is_run(folder, asked, capsys):
    assert cli.main(["backtest", "--seed", "3"]) == cli.DONE
    assert [run[:4] for run in asked] == [
        ("first", 64, 3, "central"),
        ("second", 64, 3, "central"),
        ("first", 1, 3, "low"),
        ("first", 1, 3, "high"),
    ], "low and high only where the table has them, as median runs"
    out = folder / "runs" / "backtest"
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert there == {"backtest.html", "backtest.csv", "scores.csv", "internal/manifest.json"}
    shown = capsys.readouterr()
    assert "first (validation)" in shown.out
    assert "backtest.html" in shown.out
    assert shown.err == "", "quiet when piped"


def test_the_manifest_names_the_cases_and_their_tables(folder, asked):
    assert cli.main(["backtest"]) == cli.DONE
    manifest = json.loads((folder / "runs/backtest/internal/manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["inputs"]) == {
        f"backtests/{name}" for name in ("first.yaml", "second.yaml", "observed.csv")
    }
    assert set(manifest["scenario"]) == {"first", "second"}


def test_one_population_is_run_with_members_and_is_the_headline(folder, asked):
    case = str(folder / "scenarios" / "backtests" / "first.yaml")
    arguments = ["backtest", case, "--population", "low", "--members", "8", "-o", str(folder / "out")]
    assert cli.main(arguments) == cli.DONE
    assert [run[:4] for run in asked] == [("first", 8, None, "low")]
    assert set(report.read_scores(folder / "out" / "scores.csv")["population"]) == {"low"}


def test_the_texts_named_are_written_anew_from_the_scores(folder, asked):
    text = folder / "README.md"
    text.write_text("before\n<!-- backtest -->\n<!-- /backtest -->\nafter\n", encoding="utf-8")
    assert cli.main(["backtest", "--update", str(text)]) == cli.DONE
    kept = report.read_scores(folder / "runs" / "backtest" / "scores.csv")
    assert text.read_text(encoding="utf-8") == marked.updated(text, report.MARK, report.markdown(kept))
    assert "`second`, validation" in text.read_text(encoding="utf-8")


def test_a_text_without_the_marks_is_found_before_anything_is_run(folder, asked, capsys):
    text = folder / "README.md"
    text.write_text("no marks\n", encoding="utf-8")
    assert cli.main(["backtest", "--update", str(text)]) == cli.WRONG_INPUT
    assert "has no part to write anew" in capsys.readouterr().err
    assert asked == []


def test_no_case_is_an_error_that_says_where_it_looked(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["backtest"]) == cli.WRONG_INPUT
    assert "holds no past case (*.yaml); name the scenario files" in capsys.readouterr().err


def test_a_scenario_that_is_no_case_is_found_before_anything_is_run(folder, asked, capsys):
    case = str(folder / "scenarios" / "backtests" / "first.yaml")
    assert cli.main(["backtest", case, str(TOY)]) == cli.WRONG_INPUT
    assert "toy.yaml: case: is no past case; give it use and observations" in capsys.readouterr().err
    assert asked == []


def test_parameters_are_those_of_each_case_unless_named(folder, asked):
    assert cli.main(["backtest"]) == cli.DONE
    assert cli.main(["backtest", "--parameters", "priors"]) == cli.DONE
    assert [run[4] for run in asked] == [None] * 4 + ["priors"] * 4


def test_a_case_is_run_scored_and_written(folder, capsys):
    """Nothing invented: the toy question, held against one total and one count that lies before its run."""
    rows = "displaced_cum,2030-01-02,2030-01-08,,,3000,people,whole area,a report\n"
    rows += "displaced_cum,2029-11-01,2029-12-01,,,10,people,before the run,a report\n"
    (folder / "scenarios/backtests/observed.csv").write_text(OBSERVED + rows, encoding="utf-8")
    case = str(folder / "scenarios" / "backtests" / "second.yaml")
    assert cli.main(["backtest", case, "--members", "2", "--workers", "1", "--seed", "1"]) == cli.DONE
    kept = report.read_scores(folder / "runs/backtest/scores.csv").set_index("measure")
    assert kept.loc["factor", "figures"].tolist() == [1, 1], "of all figures and of the checked ones"
    assert (kept.loc["factor", "model"] >= 1).all()
    assert "listed" in (folder / "runs/backtest/backtest.html").read_text(encoding="utf-8")
    assert "second (validation)" in capsys.readouterr().out
