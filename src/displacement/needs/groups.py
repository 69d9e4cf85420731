"""Groups of the displaced: by age, sex and condition, and by how they are sheltered."""

from typing import Any

from pydantic import model_validator

from displacement.needs.item import Assumptions, Share, Slug, Status, Text

__all__ = ["COHORTS", "SHELTER", "Cohort", "Situation"]


class Cohort(Assumptions):
    """A group of the displaced by age, sex or condition, as a share of all of them."""

    name: Slug
    """Name by which items refer to it in `per`."""
    share: Share
    """Share of the displaced people. [1]"""
    low: Share
    """Lowest share that a source supports. [1]"""
    high: Share
    """Highest share that a source supports. [1]"""
    source: Text
    """Where the share comes from."""
    status: Status
    """How far to trust it."""
    displaced_before: Share | None = None
    """Share among people displaced before the run. Blank: as among the displaced. [1]"""
    resident: Share | None = None
    """Share among residents, the host community. Blank: as among the displaced. [1]"""
    drawn_with: Slug | None = None
    """In an ensemble: another cohort with which this one rises and falls in proportion, so that a member with more
    children has more infants too. Blank: drawn by itself."""
    rest_of: Slug | None = None
    """In an ensemble: all who are not in that cohort."""

    @model_validator(mode="after")
    def _fits_its_range(self) -> "Cohort":
        if not self.low <= self.share <= self.high:
            raise ValueError(
                f"share {self.share:g} of {self.name} is outside {self.low:g} to {self.high:g}; "
                "give low and high with it"
            )
        return self


class Situation(Assumptions):
    """How people are sheltered, as a share of those who reached a town and of those in a site."""

    name: Slug
    """Name by which items refer to it in `where`."""
    in_town: Share
    """Share of the people in towns and villages. [1]"""
    in_site: Share
    """Share of the people in camps and reception centres. [1]"""
    in_town_later: Share | None = None
    """Share in towns once the acute days are over. Blank: as before. [1]"""
    in_site_later: Share | None = None
    """Share in camps and centres once the acute days are over. Blank: as before. [1]"""
    displaced_before: Share | None = None
    """Share of the people displaced before the run. Blank: as in towns and sites, by `displaced_before_in_sites`. [1]"""
    source: Text
    """Where the shares come from."""
    status: Status
    """How far to trust them."""

    def in_town_or_later(self) -> float:
        """Share in towns after the acute days. [1]"""
        return self.in_town if self.in_town_later is None else self.in_town_later

    def in_site_or_later(self) -> float:
        """Share in camps and centres after the acute days. [1]"""
        return self.in_site if self.in_site_later is None else self.in_site_later


_BULLETIN = "health cluster bulletin, February 2020: 961,000 displaced, 576,181 children (60 %)"
_PYRAMID = "2025 response plan's pyramid of people in need (45 % children), national projection fitted to it"
_UNDER_FIVE = (
    f"{_BULLETIN}; split by age as in the {_PYRAMID}; registered refugees in the region, 2024: 30 % of children "
    "under five too"
)
_CAMPS = "camps in November 2024, response coordination group: 46 % children, 4.2 % with a disability"
_BIRTHS = (
    "UNFPA MISP calculator 2020: 21.3 births a year per 1,000, nine twelfths of it pregnant (residents); the displaced "
    "times 1.6, as they have 1.6 times the national share of children under five; high: 40 births per 1,000"
)
_SHELTERED = (
    "household survey quoted by the shelter cluster, May 2020: 44 % of displaced people in tents, "
    "9 % in unfinished buildings, 3 % in public buildings; a site report of May 2019: 27 % of new "
    "arrivals in sites; split between towns and sites derived"
)


def _cohort(
    name: str, share: float, low: float, high: float, status: Status, source: str, **more: Any
) -> Cohort:
    return Cohort(name=name, share=share, low=low, high=high, status=status, source=source, **more)


def _of_children(name: str, share: float, low: float, high: float, resident: float, source: str) -> Cohort:
    """A part of the children, which rises and falls with them; among those displaced before by the same measure."""
    before = resident * 0.46 / 0.45
    more = {"displaced_before": round(before, 5), "resident": resident, "drawn_with": "child_0_17"}
    return _cohort(name, share, low, high, "assumed", source, **more)


COHORTS = (
    _cohort(
        "child_0_17",
        *(0.60, 0.45, 0.61, "verified"),
        f"{_BULLETIN}; displaced before: {_CAMPS}; residents: {_PYRAMID}",
        displaced_before=0.46,
        resident=0.45,
    ),
    _cohort(
        "adult",
        *(0.40, 0.39, 0.55, "verified"),
        "all who are not children",
        displaced_before=0.54,
        resident=0.55,
        rest_of="child_0_17",
    ),
    _of_children(
        "infant_0_5m", 0.0179, 0.013, 0.018, 0.0134, f"{_UNDER_FIVE}; one tenth of those under five"
    ),
    _of_children("child_6_59m", 0.161, 0.10, 0.17, 0.121, f"{_UNDER_FIVE}; nine tenths of those under five"),
    _of_children("child_6m_14y", 0.50, 0.36, 0.52, 0.375, _UNDER_FIVE),
    _of_children("child_5_17", 0.421, 0.316, 0.43, 0.316, _UNDER_FIVE),
    _cohort(
        "woman_15_49",
        *(0.27, 0.24, 0.28, "verified"),
        f"{_BULLETIN}, 260,000 women and girls of reproductive age; others: {_PYRAMID}",
        displaced_before=0.25,
        resident=0.25,
    ),
    _cohort(
        "older_60",
        *(0.036, 0.03, 0.05, "assumed"),
        f"{_PYRAMID}, 5 %; the displaced in proportion to their adults",
        displaced_before=0.049,
        resident=0.05,
        drawn_with="adult",
    ),
    _cohort(
        "person_with_disability",
        *(0.17, 0.042, 0.28, "second-hand"),
        f"2025 response plan: 17 % of people in need; survey of 2021: 28 %; {_CAMPS}",
        displaced_before=0.042,
        resident=0.17,
    ),
    _cohort(
        "pregnant_woman",
        0.0256,
        0.015975,
        0.03,
        "assumed",
        _BIRTHS,
        displaced_before=0.0163,
        resident=0.015975,
    ),
    _cohort(
        "birth_in_a_year",
        *(0.0341, 0.0213, 0.04, "assumed"),
        _BIRTHS,
        displaced_before=0.0218,
        resident=0.0213,
        drawn_with="pregnant_woman",
    ),
    _cohort(
        "visibly_pregnant_woman",
        *(0.0085, 0.005325, 0.01, "assumed"),
        f"births of the next three months; {_BIRTHS}",
        displaced_before=0.00544,
        resident=0.005325,
        drawn_with="pregnant_woman",
    ),
    _cohort(
        "pregnant_lactating_woman",
        *(0.09, 0.057, 0.12, "assumed"),
        (
            f"1.6 % pregnant and 4.1 % lactating for two years (residents), times 1.6 for the displaced; {_BIRTHS}; "
            "high: 4 % pregnant and 8 % nursing as reported in crises"
        ),
        displaced_before=0.058,
        resident=0.057,
        drawn_with="pregnant_woman",
    ),
    _cohort(
        "malnourished_pregnant_lactating_woman",
        *(0.0112, 0.0046, 0.018, "second-hand"),
        "12.4 % (8 to 15 %) of pregnant and lactating women: SMART report of October 2022",
    ),
    _cohort(
        "sam_case_6_59m",
        *(0.00161, 0.0008, 0.0034, "assumed"),
        (
            "children of 6 to 59 months times a prevalence of severe acute malnutrition of 1 % "
            "(0.5 to 2 %, recalled); cases found on arrival, not the new cases of the months after"
        ),
    ),
    _cohort(
        "mam_case_6_59m",
        *(0.006, 0.0008, 0.0085, "assumed"),
        (
            "children of 6 to 59 months times 4.7 % acute malnutrition (SMART report of October 2022) less the severe "
            "1 %; cases found on arrival"
        ),
    ),
    _cohort(
        "unaccompanied_child",
        *(0.018, 0.006, 0.03, "assumed"),
        "3 % of children (1 to 5 %), planning figure, recalled",
    ),
    _cohort(
        "outpatient_a_day",
        *(0.00822, 0.0055, 0.011, "second-hand"),
        "Sphere 2018 health standard, 2 to 4 new visits a person and year (recalled): 3 in 365 days",
    ),
    _cohort(
        "inpatient",
        *(0.0018, 0.001, 0.0018, "second-hand"),
        "Sphere 2018, 18 beds per 10,000 people (recalled)",
    ),
)

SHELTER = (
    Situation(
        name="tent", in_town=0.27, in_site=0.90, displaced_before=0.44, source=_SHELTERED, status="assumed"
    ),
    Situation(
        name="unfinished_building",
        in_town=0.12,
        in_site=0.0,
        displaced_before=0.09,
        source=_SHELTERED,
        status="assumed",
    ),
    Situation(
        name="collective_centre",
        in_town=0.0,
        in_site=0.10,
        displaced_before=0.03,
        source=_SHELTERED,
        status="assumed",
    ),
    Situation(
        name="rented",
        in_town=0.31,
        in_site=0.0,
        displaced_before=0.22,
        source="the rest of those in towns, split in half; assumed",
        status="assumed",
    ),
    Situation(
        name="hosted",
        in_town=0.30,
        in_site=0.0,
        displaced_before=0.22,
        source="the rest of those in towns, split in half; assumed",
        status="assumed",
    ),
)
