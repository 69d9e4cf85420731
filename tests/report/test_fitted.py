"""A fitted parameter set as a table."""

from invented import parameter_set

from displacement.report.fitted import markdown, printed


def test_every_assumption_and_case_has_its_row_and_effects_are_factors():
    """exp(0.1) is 1.11, exp(0.2) 1.22."""
    rows = markdown(parameter_set()).splitlines()
    assert "| `hazard.threat_reach` | 1 | 1 | 0.5 to 2 |" in rows
    assert "| invented | 2030-01-09 | 3 | 1.11 (1.00 to 1.22) |" in rows


def test_what_is_printed_says_how_the_fitting_went():
    text = printed(parameter_set())
    assert "no figure rules out 50% of 8 draws" in text
    assert "2.00 standard deviations before, 1.00 after" in text
