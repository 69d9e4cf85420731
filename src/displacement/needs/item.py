"""The shape of an aid item."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

__all__ = ["Assumptions", "Group", "Item", "Kind", "Sector", "Status", "Supplied"]

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Month = Annotated[int, Field(ge=1, le=12)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Kind = Literal["household_once", "per_move", "daily", "periodic_kit", "cohort_once", "peak_capacity"]
Phase = Literal["acute", "stabilised", "both"]
Status = Literal["verified", "second-hand", "assumed"]
Group = Literal["newly_displaced", "displaced_before", "resident", "returned"]
Supplied = Literal["hub", "local", "service"]
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
    when a household arrives again. cohort_once: once for every newly arrived person of an age or sex group. Both of phase
    stabilised: once for those who are still there when their acute days are over. per_move: at every arrival, onward
    moves included.
    daily: for everybody present, every day. periodic_kit: for everybody present, per period.
    peak_capacity: what must be added to serve the largest number present so far.
    """
    quantity: Positive
    """How much one person, household or case needs, per period where there is one; "15 litre/day" is checked against
    the line's unit and period. [unit]"""
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
    """Whose need this is: newly_displaced, displaced_before (the run), resident (at home, the host community), returned
    (who went home in the run, counted on the day)."""
    months: tuple[Month, ...] = ()
    """Months in which the line counts, 1 to 12. Blank: all year. What is given once is also owed to
    those already there when the first of these months begins."""
    mass_kg: Positive | None = None
    """Gross weight of one unit. Blank: not known; it then enters no tonnage. [kg]"""
    volume_m3: Positive | None = None
    """Packed volume of one unit. Blank: not known; it then enters no volume. [m3]"""
    cost: Positive | None = None
    """Cost of one unit in the catalogue's currency. Blank: not known."""
    contains: dict[Slug, Positive] = Field(default={})
    """What one unit already holds of other lines, in their units: {soap_bathing: 1.25}. It is taken off those lines, so
    that nothing is counted twice."""
    supplied: Supplied = "hub"
    """hub: carried from a store by truck. local: found or made where people are (pumped water), paid but not
    carried from a hub. service: staff, space, a place or money; nothing is carried."""
    listed: bool = True
    """Part of the list for the first thirty days. Any other line counts where a profile, an area or a scenario names it
    under `include`."""
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
        if self.kind == "per_move" and self.phase == "stabilised":
            raise ValueError("per_move is counted on arrival; write phase: acute or both")
        if "returned" in self.for_group and self.kind not in ("household_once", "per_move", "cohort_once"):
            raise ValueError(
                "who returned is counted on the day of return; write kind: per_move, household_once or cohort_once"
            )
        if self.kind == "cohort_once" and self.per in ("household", "kit_household"):
            raise ValueError("cohort_once is counted on people; write kind: household_once")
        return self

    @model_validator(mode="after")
    def _fits_the_calendar(self) -> "Item":
        if len(set(self.months)) != len(self.months):
            raise ValueError(f"months names a month twice: {list(self.months)}")
        return self

    @model_validator(mode="after")
    def _fits_what_it_contains(self) -> "Item":
        if self.id in self.contains:
            raise ValueError(f"contains names the line itself; name other lines (got {self.id})")
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
