"""A fitted parameter set as a table for the terminal and the model card."""

from __future__ import annotations

from math import exp

from displacement.movement.calibrated import ParameterSet

__all__ = ["MARK", "markdown", "printed"]

MARK = "fitted"
"""Name of the marks around the table in a text."""


def markdown(fitted: ParameterSet) -> str:
    """The set as a Markdown table: each assumption before and after, each case with the effect of its event."""
    lines = [
        "| assumption | prior median | fitted | 10th to 90th percentile |",
        "| --- | --- | --- | --- |",
        *(
            f"| `{one.name}` | {one.prior_median:g} | {one.median:g} | {one.low:g} to {one.high:g} |"
            for one in fitted.parameters
        ),
        "",
        "| case | figures up to | figures | event effect as a factor |",
        "| --- | --- | --- | --- |",
        *(
            f"| {case.name} | {case.until} | {case.figures} | {_factor(case.event_effect)} "
            f"({_factor(case.event_effect_low)} to {_factor(case.event_effect_high)}) |"
            for case in fitted.cases
        ),
    ]
    return "\n".join(lines)


def _factor(effect: float) -> str:
    """An effect on the logarithm as a factor."""
    return f"{exp(effect):.2f}"


def printed(fitted: ParameterSet) -> str:
    """The set as it is shown on the terminal."""
    told = fitted.diagnostics
    return (
        f"{markdown(fitted)}\n\n"
        f"History matching: no figure rules out {told.matched_share:.0%} of {told.matched_draws} draws "
        "through the priors.\n"
        f"Root mean square misfit of the median draw: {told.misfit_before:.2f} standard deviations before, "
        f"{told.misfit_after:.2f} after."
    )
