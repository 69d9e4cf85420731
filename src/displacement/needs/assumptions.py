"""The shape of an aid item, and who the displaced people are."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = [
    "Assumptions",
    "Cohort",
    "Item",
    "NeedsAssumptions",
    "Situation",
]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Month = Annotated[int, Field(ge=1, le=12)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Kind = Literal["household_once", "per_move", "daily", "periodic_kit", "cohort_once", "peak_capacity"]
Phase = Literal["acute", "stabilised", "both"]
Status = Literal["verified", "second-hand", "assumed"]
Group = Literal["newly_displaced", "displaced_before", "resident"]
Sector = Literal[
    "water",
    "sanitation and hygiene",
    "food",
    "nutrition",
    "shelter",
    "household items",
    "health",
    "sexual and reproductive health",
    "protection",
    "child protection",
    "gender-based violence",
    "mine action",
    "education",
    "camp coordination",
    "cash",
]


class Assumptions(BaseModel):
    """Numbers that somebody chose: frozen, each with its unit and source beside it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Item(Assumptions):
    """One line of aid: how much of what, for whom, when, and how heavy and dear it is."""

    id: Slug
    """Short name used in files and to change the line later: small letters, digits and _."""
    sector: Sector
    """Sector that answers for the line."""
    name: Text
    """Name as it stands in the tables."""
    kind: Kind
    """What the line is counted on.

    household_once: once for every newly arrived household, and for the part of it that is lost (`lost_on_move`)
    when a household arrives again. per_move: at every arrival, onward
    moves included. cohort_once: once for every newly arrived person of an age or sex group.
    daily: for everybody present, every day. periodic_kit: for everybody present, per period.
    peak_capacity: what must be added to serve the largest number present so far.
    """
    quantity: Positive
    """How much one person, household or case needs, per period where there is one. [unit]"""
    low: Positive | None = None
    """Lowest quantity that a standard or practice supports. [unit]"""
    high: Positive | None = None
    """Highest quantity that a standard or practice supports. [unit]"""
    unit: Text
    """Unit of the quantity: litre, kg, tent, dose."""
    per: Slug
    """Whom the quantity serves: person; household (of the average size here); kit_household (the
    size that kits are packed for); or a cohort of the profile, such as child_6_59m."""
    every_days: Positive | None = None
    """For daily and periodic_kit: the period that the quantity lasts. Blank: one day. [day]"""
    covers_days: Positive | None = None
    """For per_move: the days after arrival that the quantity covers. [day]"""
    after: Slug | None = None
    """For daily and periodic_kit: counted only once the days that this other item covers are
    over, so that nobody is fed twice or forgotten in between."""
    phase: Phase = "both"
    """acute: the first days after people arrive, as long as the profile says. stabilised: after
    that. It is counted from each arrival, not by the calendar."""
    where: Annotated[tuple[Slug, ...], Field(min_length=1)] = ("all",)
    """Who is eligible by place: all, town, site, or shelter situations of the profile such as
    tent or unfinished_building."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of those eligible by place who need the line. [1]"""
    for_group: Annotated[tuple[Group, ...], Field(min_length=1)] = ("newly_displaced",)
    """Whose need this is."""
    months: tuple[Month, ...] = ()
    """Months in which the line counts, 1 to 12. Blank: all year. What is given once is also owed to
    those already there when the first of these months begins."""
    mass_kg: Positive | None = None
    """Gross weight of one unit. Blank: not known; it then enters no tonnage. [kg]"""
    volume_m3: Positive | None = None
    """Packed volume of one unit. Blank: not known; it then enters no volume. [m3]"""
    cost: Positive | None = None
    """Cost of one unit in the catalogue's currency. Blank: not known."""
    source: Text
    """Where the quantity comes from, in a few words."""
    status: Status
    """How far to trust the quantity: verified in its source, second-hand, or assumed."""
    source_mass: Text | None = None
    """Where mass and volume come from, if not from the same source."""
    status_mass: Status | None = None
    """How far to trust the mass. Blank: like the quantity."""
    status_volume: Status | None = None
    """How far to trust the volume. Blank: like the mass."""
    status_cost: Status | None = None
    """How far to trust the cost. Blank: like the mass."""

    @model_validator(mode="after")
    def _fits_its_range(self) -> "Item":
        if self.low is not None and self.quantity < self.low:
            raise ValueError(
                f"quantity {self.quantity:g} is below the line's low of {self.low:g} {self.unit}; "
                "check the unit and the period, or give a new low with its source"
            )
        if self.high is not None and self.quantity > self.high:
            raise ValueError(
                f"quantity {self.quantity:g} is above the line's high of {self.high:g} "
                f"{self.unit}; check the unit and the period, or give a new high with its source"
            )
        return self

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Item":
        periodic = self.kind in ("daily", "periodic_kit")
        if self.kind == "periodic_kit" and self.every_days is None:
            raise ValueError("a periodic_kit says how long it lasts; write every_days: 90")
        if self.every_days is not None and not periodic:
            raise ValueError(f"every_days has no meaning for {self.kind}; leave it out")
        if self.covers_days is not None and self.kind != "per_move":
            raise ValueError(f"covers_days has no meaning for {self.kind}; leave it out")
        if self.after is not None and not periodic:
            raise ValueError(f"after has no meaning for {self.kind}; leave it out")
        if self.after is not None and self.phase != "both":
            raise ValueError("after and phase both say when the line starts; keep one of them")
        on_arrival = self.kind in ("household_once", "per_move", "cohort_once")
        if on_arrival and self.phase == "stabilised":
            raise ValueError(f"{self.kind} is counted on arrival; write phase: acute or both")
        if self.kind == "cohort_once" and self.per in ("household", "kit_household"):
            raise ValueError("cohort_once is counted on people; write kind: household_once")
        return self

    @model_validator(mode="after")
    def _fits_the_calendar(self) -> "Item":
        if len(set(self.months)) != len(self.months):
            raise ValueError(f"months names a month twice: {list(self.months)}")
        return self

    @property
    def period_days(self) -> float:
        """Days that the quantity lasts. [day]"""
        return 1.0 if self.every_days is None else self.every_days

    @property
    def mass_status(self) -> Status:
        """How far to trust the mass."""
        return self.status_mass or self.status

    @property
    def volume_status(self) -> Status:
        """How far to trust the volume."""
        return self.status_volume or self.mass_status

    @property
    def cost_status(self) -> Status:
        """How far to trust the cost."""
        return self.status_cost or self.mass_status


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
    source: Text
    """Where the shares come from."""
    status: Status
    """How far to trust them."""


_BULLETIN = "health cluster bulletin, February 2020: 961,000 displaced, 576,181 children (60 %)"
_UNDER_FIVE = (
    f"{_BULLETIN}; split by age as in the 2025 response plan's pyramid of people in need "
    "(30 % of children under five; registered refugees in the region, 2024: the same)"
)
_SHELTERED = (
    "household survey quoted by the shelter cluster, May 2020: 44 % of displaced people in tents, "
    "9 % in unfinished buildings, 3 % in public buildings; a site report of May 2019: 27 % of new "
    "arrivals in sites; split between towns and sites derived"
)

_COHORTS = (
    Cohort(
        name="child_0_17",
        share=0.60,
        low=0.45,
        high=0.61,
        source=_BULLETIN,
        status="verified",
    ),
    Cohort(
        name="child_6_59m",
        share=0.161,
        low=0.10,
        high=0.17,
        source=f"{_UNDER_FIVE}; nine tenths of those under five are over six months",
        status="assumed",
    ),
    Cohort(
        name="child_6m_14y",
        share=0.50,
        low=0.36,
        high=0.52,
        source=_UNDER_FIVE,
        status="assumed",
    ),
    Cohort(
        name="woman_15_49",
        share=0.27,
        low=0.24,
        high=0.28,
        source=f"{_BULLETIN}, 260,000 women and girls of reproductive age",
        status="verified",
    ),
    Cohort(
        name="pregnant_lactating_woman",
        share=0.09,
        low=0.057,
        high=0.12,
        source=(
            "national birth rate of 21.3 per 1,000: 1.6 % pregnant, 4.1 % lactating for two years; "
            "times 1.6, as the displaced have 1.6 times the national share of children under five; "
            "low is the national figure, high 4 % pregnant and 8 % nursing as reported in crises"
        ),
        status="assumed",
    ),
    Cohort(
        name="sam_case_6_59m",
        share=0.00161,
        low=0.0008,
        high=0.0034,
        source=(
            "children of 6 to 59 months times a prevalence of severe acute malnutrition of 1 % "
            "(0.5 to 2 %, recalled); cases found on arrival, not the new cases of the months after"
        ),
        status="assumed",
    ),
)

_SHELTER = (
    Situation(name="tent", in_town=0.27, in_site=0.90, source=_SHELTERED, status="assumed"),
    Situation(name="unfinished_building", in_town=0.12, in_site=0.0, source=_SHELTERED, status="assumed"),
    Situation(name="collective_centre", in_town=0.0, in_site=0.10, source=_SHELTERED, status="assumed"),
    Situation(
        name="rented",
        in_town=0.31,
        in_site=0.0,
        source="the rest of those in towns, split in half; assumed",
        status="assumed",
    ),
    Situation(
        name="hosted",
        in_town=0.30,
        in_site=0.0,
        source="the rest of those in towns, split in half; assumed",
        status="assumed",
    ),
)


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
    cohorts: tuple[Cohort, ...] = _COHORTS
    """Age, sex and condition of the displaced. They are younger than the nation: six in ten are
    children. A cohort given here replaces the one of the same name and leaves the others."""
    shelter: tuple[Situation, ...] = _SHELTER
    """How people are sheltered, in towns and in sites. The shares of each add up to one."""

    @model_validator(mode="before")
    @classmethod
    def _keep_the_other_cohorts(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("cohorts"), list | tuple):
            return given
        named = {_name(cohort): cohort for cohort in given["cohorts"]}
        kept = [cohort for cohort in _COHORTS if cohort.name not in named]
        return {**given, "cohorts": (*kept, *given["cohorts"])}

    @model_validator(mode="after")
    def _is_consistent(self) -> "NeedsAssumptions":
        for what, names in (
            ("cohorts", [cohort.name for cohort in self.cohorts]),
            ("shelter", [situation.name for situation in self.shelter]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what} names one entry twice: {', '.join(names)}")
        for place in ("in_town", "in_site"):
            total = sum(getattr(situation, place) for situation in self.shelter)
            if abs(total - 1) > 1e-9:
                raise ValueError(f"the {place} shares of shelter add up to {total:g}; make them 1")
        return self

    def cohort_shares(self) -> dict[str, float]:
        """Share of the displaced in each cohort. [1]"""
        return {cohort.name: cohort.share for cohort in self.cohorts}

    def shelter_shares(self, destination_type: Literal["town", "site"]) -> dict[str, float]:
        """Share of the people in each shelter situation at a type of destination. [1]"""
        return {
            situation.name: situation.in_town if destination_type == "town" else situation.in_site
            for situation in self.shelter
        }


def _name(cohort: Any) -> Any:
    return cohort.get("name") if isinstance(cohort, dict) else getattr(cohort, "name", None)
