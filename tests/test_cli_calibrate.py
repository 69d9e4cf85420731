"""`displacement calibrate`: which cases it takes, what it writes, and that a run can use it."""

import pytest
from support import HEAD, written

from displacement import cli
from displacement.evaluate import calibrate
from displacement.io import parameters

OBSERVED = """kind,period_start,date,origin,destination,value,unit,scope,source
displaced_cum,2030-01-02,2030-01-05,,,3000,people,whole area,invented
displaced_cum,2030-01-02,2030-01-07,,,6000,people,whole area,invented
"""
REST = """events:
  - {control: control.csv}
movement:
  area: {zone_reach: 30, control_reach: 30}
grid: {cell_km: 5}
"""
FEW = ["--draws", "8", "--members", "8", "--steps", "1", "--workers", "1"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with a case for calibration and one for validation."""
    monkeypatch.chdir(tmp_path)
    cases = tmp_path / "scenarios" / "backtests"
    cases.mkdir(parents=True)
    (cases / "observed.csv").write_text(OBSERVED, encoding="utf-8")
    for name, use in (("first", "calibration"), ("second", "validation")):
        mark = f"case: {{use: {use}, observations: observed.csv}}\n"
        written(cases, HEAD + REST + mark, f"{name}.yaml")
    return tmp_path


def test_the_cases_marked_for_calibration_are_fitted_to_and_a_scenario_can_use_the_set(folder, capsys):
    assert cli.main(["calibrate", *FEW, "--name", "own", "-o", "own.yaml"]) == cli.DONE
    fitted = parameters.read(folder / "own.yaml")
    assert fitted.version == "own"
    assert [case.name for case in fitted.cases] == ["first"]
    assert "| first | 2030-01-07 | 2 |" in capsys.readouterr().out
    written(folder, HEAD + REST + "uncertainty: {parameters_file: own.yaml}\n", "run.yaml")
    assert cli.main(["run", "run.yaml", "--out", "out"]) == cli.DONE
    resolved = (folder / "out" / "internal" / "scenario.resolved.yaml").read_text(encoding="utf-8")
    reach = next(one.median for one in fitted.parameters if one.name == "hazard.threat_reach")
    assert f"threat_reach: {reach}" in resolved
    assert cli.main(["run", "run.yaml", "--out", "priors", "--parameters", "priors"]) == cli.DONE
    resolved = (folder / "priors" / "internal" / "scenario.resolved.yaml").read_text(encoding="utf-8")
    assert "threat_reach: 6.0" in resolved


def test_a_case_for_validation_is_refused_by_name(folder, capsys):
    assert cli.main(["calibrate", "scenarios/backtests/second.yaml", *FEW]) == cli.WRONG_INPUT
    assert "is marked 'validation', and only cases marked" in capsys.readouterr().err
    assert not (folder / "parameters.yaml").exists()


def test_one_draw_too_few_is_wrong_usage(folder, monkeypatch):
    monkeypatch.setattr(calibrate, "calibrate", lambda *given, **named: pytest.fail("was run"))
    with pytest.raises(SystemExit):
        cli.main(["calibrate", "--draws", "7"])
