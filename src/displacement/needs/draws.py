"""Who the displaced are, member by member: age, sex, disability and pregnancy drawn together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.groups import Cohort

__all__ = ["drawn", "drivers"]

Array = npt.NDArray[np.float64]


def drivers(assumptions: NeedsAssumptions) -> tuple[str, ...]:
    """Cohorts that are drawn by themselves; all others follow one of them, or are the rest of one."""
    return tuple(
        cohort.name for cohort in assumptions.cohorts if cohort.drawn_with is None and cohort.rest_of is None
    )


def drawn(assumptions: NeedsAssumptions, uniforms: Array) -> dict[str, Array]:
    """Share of the newly displaced in each cohort, member by member.

    A driver runs from its low to its high with its share as the median: half of the members lie evenly below it,
    half above. A cohort that is drawn with another rises and falls in proportion; the rest of one is all who are
    not in it. So members with more children have more infants and fewer adults, and no member counts anybody twice.

    Parameters
    ----------
    assumptions : NeedsAssumptions
        Cohorts with low and high.
    uniforms : array of shape (member, driver)
        From 0 to 1, in the order of `drivers`; 0.5 gives the median. From one stream of the ensemble.

    Returns
    -------
    dict of str to array of shape (member,)
        [1]

    Raises
    ------
    ValueError
        If there are not as many columns as drivers, or a value lies outside 0 to 1.

    Examples
    --------
    >>> profile = NeedsAssumptions()
    >>> median, low = np.full(len(drivers(profile)), 0.5), np.zeros(len(drivers(profile)))
    >>> shares = drawn(profile, np.array([median, low]))
    >>> shares["child_0_17"].round(3), shares["adult"].round(3)
    (array([0.6 , 0.45]), array([0.4 , 0.55]))
    """
    names = drivers(assumptions)
    if uniforms.ndim != 2 or uniforms.shape[1] != len(names):
        raise ValueError(f"uniforms: must have {len(names)} columns, one for each of {', '.join(names)}")
    if not ((uniforms >= 0) & (uniforms <= 1)).all():
        raise ValueError("uniforms: must lie between 0 and 1")
    cohorts = {cohort.name: cohort for cohort in assumptions.cohorts}
    found = {name: _between(cohorts[name], uniforms[:, at]) for at, name in enumerate(names)}
    while len(found) < len(cohorts):
        ready = [
            cohort
            for cohort in cohorts.values()
            if cohort.name not in found and (cohort.drawn_with or cohort.rest_of) in found
        ]
        if not ready:
            raise ValueError("cohorts: some are drawn with each other; let one of them be drawn by itself")
        found |= {cohort.name: _following(cohort, cohorts, found) for cohort in ready}
    return {name: found[name] for name in cohorts}


def _between(cohort: Cohort, uniform: Array) -> Array:
    """From low over the share, as the median, to high."""
    below = cohort.low + (cohort.share - cohort.low) * 2.0 * uniform
    above = cohort.share + (cohort.high - cohort.share) * (2.0 * uniform - 1.0)
    return np.where(uniform < 0.5, below, above)


def _following(cohort: Cohort, cohorts: dict[str, Cohort], found: dict[str, Array]) -> Array:
    """In proportion to another cohort, or all who are not in it."""
    if cohort.rest_of is not None:
        return 1.0 - found[cohort.rest_of]
    leader = str(cohort.drawn_with)
    scale = found[leader] / cohorts[leader].share if cohorts[leader].share else np.ones_like(found[leader])
    return np.minimum(cohort.share * scale, 1.0)
