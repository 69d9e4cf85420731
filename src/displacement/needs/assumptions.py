"""Who the displaced people are: households, ages, shelter."""

from typing import Any, Literal

from pydantic import Field, model_validator

from displacement.needs.groups import COHORTS, SHELTER, Cohort, Situation
from displacement.needs.item import Assumptions, Group, Positive, Share

__all__ = ["NeedsAssumptions"]


class NeedsAssumptions(Assumptions):
    """Who the displaced are: households, ages, shelter, and how long the acute phase lasts."""

    household_size: Positive = 5.65
    """People in an average household; turns people into households. [person]
    Source: population survey of November 2018, 5,189,000 people in 916,910 households (5.66), and a
    shelter cluster count, 100,000 in 17,750 (5.63). Range 5 to 6."""
    kit_household_size: Positive = 5.0
    """People that kits and household rations are packed for. [person]
    Source: UNHCR and WFP kits are made for a family of five."""
    acute_days: Positive = 14.0
    """Days after arrival during which needs are those of the acute phase. [day]
    Source: a judgement; ready-to-eat food is given for up to four rounds of five days, and people
    leave reception centres within days to two weeks. Range 5 to 30."""
    lost_on_move: float = Field(0.3, ge=0, le=1)
    """Share of tents and household items that people lose when they are displaced again. [1]
    Source: assumed; nobody has counted it. Range 0.1 to 0.6."""
    cohorts: tuple[Cohort, ...] = COHORTS
    """Age, sex and condition of the displaced. They are younger than the nation: six in ten are
    children. A cohort given here replaces the one of the same name and leaves the others."""
    newly_displaced_in_sites: Share = 0.27
    """Share of the newly displaced in camps and reception centres, where figures do not tell (observed ones). [1]
    Source: site report of 31 May 2019, 76,276 to sites and centres and 203,592 elsewhere. Range 0.2 to 0.45."""
    displaced_before_in_sites: Share = 0.56
    """Share of the people displaced before the run who live in camps and centres. [1]
    Source: camp coordination cluster, October 2020: 1,500,000 of 2,700,000. Range 0.5 to 0.6 (2024, recalled: 2.0 of
    3.4 million)."""
    shelter: tuple[Situation, ...] = SHELTER
    """How people are sheltered, in towns and in sites. The shares of each add up to one."""

    @model_validator(mode="before")
    @classmethod
    def _keep_the_other_cohorts(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("cohorts"), list | tuple):
            return given
        named = {_name(cohort): cohort for cohort in given["cohorts"]}
        kept = [cohort for cohort in COHORTS if cohort.name not in named]
        return {**given, "cohorts": (*kept, *given["cohorts"])}

    @model_validator(mode="after")
    def _is_consistent(self) -> "NeedsAssumptions":
        for what, names in (
            ("cohorts", [cohort.name for cohort in self.cohorts]),
            ("shelter", [situation.name for situation in self.shelter]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what} names one entry twice: {', '.join(names)}")
        for what, shares in (
            ("in_town", self.shelter_shares("town")),
            ("in_site", self.shelter_shares("site")),
            ("in_town_later", self.shelter_shares("town", later=True)),
            ("in_site_later", self.shelter_shares("site", later=True)),
            ("displaced_before", self.shelter_of_displaced_before()),
        ):
            total = sum(shares.values())
            if abs(total - 1) > 1e-9:
                raise ValueError(f"the {what} shares of shelter add up to {total:g}; make them 1")
        known = {cohort.name for cohort in self.cohorts}
        for cohort in self.cohorts:
            for other in (cohort.drawn_with, cohort.rest_of):
                if other is not None and (other not in known or other == cohort.name):
                    raise ValueError(f"cohort {cohort.name} is drawn by '{other}', which is no other cohort")
        return self

    def cohort_shares(self, group: Group = "newly_displaced") -> dict[str, float]:
        """Share of a population group in each cohort; who returned is as the displaced. [1]"""
        if group in ("newly_displaced", "returned"):
            return {cohort.name: cohort.share for cohort in self.cohorts}
        own = {cohort.name: getattr(cohort, group) for cohort in self.cohorts}
        return {
            cohort.name: cohort.share if own[cohort.name] is None else own[cohort.name]
            for cohort in self.cohorts
        }

    def shelter_shares(
        self, destination_type: Literal["town", "site"], later: bool = False
    ) -> dict[str, float]:
        """Share of the newly displaced in each shelter situation at a type of destination. [1]

        `later`: once the acute days are over.
        """
        first = f"in_{destination_type}"
        shares = {}
        for situation in self.shelter:
            after = getattr(situation, f"{first}_later")
            shares[situation.name] = after if later and after is not None else getattr(situation, first)
        return shares

    def shelter_of_displaced_before(self) -> dict[str, float]:
        """Share of the people displaced before the run in each shelter situation. [1]"""
        site = self.displaced_before_in_sites
        return {
            situation.name: situation.in_site_or_later() * site + situation.in_town_or_later() * (1 - site)
            if situation.displaced_before is None
            else situation.displaced_before
            for situation in self.shelter
        }


def _name(cohort: Any) -> Any:
    return cohort.get("name") if isinstance(cohort, dict) else getattr(cohort, "name", None)
