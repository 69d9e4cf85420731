"""What the movement model assumes: default, prior, unit and source, each written once.

Every default is the median of its prior. A planner changes one in the scenario under `movement:`; the
docstring below each field is what the manual and the JSON Schema show.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Prior(NamedTuple):
    """A prior distribution, by name and parameters.

    ``lognormal`` median, geometric sd; ``normal`` mean, sd; ``halfnormal`` lowest, sd of the whole normal;
    ``beta`` a, b; ``uniform`` low, high.
    """

    name: Literal["lognormal", "normal", "halfnormal", "beta", "uniform"]
    first: float
    second: float


def assumed(default: float, unit: str, prior: tuple[str, float, float] | None = None, **limits: float) -> Any:
    """A field with its unit and prior, so that both reach the schema and the sampler."""
    extra: dict[str, Any] = {"unit": unit}
    if prior is not None:
        extra["prior"] = dict(zip(("distribution", "first", "second"), prior, strict=True))
    bounds: dict[str, Any] = dict(limits)
    return Field(default, json_schema_extra=extra, **bounds)


class Assumptions(BaseModel):
    """Base of all assumptions: frozen, unknown keys refused, docstrings kept as descriptions."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Hazard(Assumptions):
    """How strongly the front, strikes and a change of control press people to leave."""

    share_in_week: float = assumed(0.820, "1", ("beta", 8, 2), gt=0, lt=1)
    """Share of mobile people who leave within 7 days beside a front that stays active. [1]
    Source: places that emptied in December 2019 to March 2020; prior Beta with mean 0.80, 95 % 0.52 to 0.97."""
    threat_reach: float = assumed(6.0, "km", ("lognormal", 6.0, 1.5), gt=0)
    """Distance over which the threat of a change of control falls to 1/e. [km]
    Source: trial on settlements as points, 2019-20: 5 to 8 km."""
    memory: float = assumed(8.0, "day", ("lognormal", 8.0, 1.5), gt=0)
    """Days after which a change of control nearby counts half. [day] Source: lulls of early 2020."""
    foresight: float = assumed(4.0, "day", ("lognormal", 4.0, 1.5), gt=0)
    """Days ahead at which a coming change of control counts half. [day]
    Source: places emptied 1 to 9 days ahead of the change, 2020 and 2024."""
    takeover_hazard: float = assumed(0.3, "1/day", ("lognormal", 0.3, 2.0), ge=0)
    """Hazard of leaving just after one's own place changed hands. [1/day] Weakly known."""
    takeover_half_life: float = assumed(4.0, "day", ("lognormal", 4.0, 1.5), gt=0)
    """Days in which that hazard halves. [day] Weakly known."""
    share_in_fortnight_strikes: float = assumed(0.138, "1", ("beta", 3, 17), ge=0, lt=1)
    """Share of people who leave within 14 days under heavy strikes with no front near. [1]
    Source: shelling of October 2023; prior Beta with mean 0.15, 95 % 0.03 to 0.33."""
    strike_reach: float = assumed(5.0, "km", ("lognormal", 5.0, 1.6), gt=0)
    """Distance over which a strike's effect falls to 1/e. [km] Weakly known."""
    strike_memory: float = assumed(7.0, "day", ("lognormal", 7.0, 1.6), gt=0)
    """Days in which a strike's effect halves. [day] Weakly known."""
    event_effect: float = assumed(0.0, "1", ("normal", 0.0, 1.0))
    """Effect of this event on all hazards, as a logarithm; 0 in the median run. [1]
    Its prior counts in units of `event_spread`. Source: like events differ by a factor of 1.5 to 2."""
    event_spread: float = assumed(0.337, "1", ("halfnormal", 0.0, 0.5), ge=0)
    """How far one event lies from the next: standard deviation of `event_effect`; only members know it. [1]
    Source: like events differ by a factor of 1.5 to 2; half-normal prior with sd 0.5, its median 0.337."""
    cap: float = assumed(2.0, "1/day", gt=0)
    """The largest hazard anybody faces. [1/day] By definition: 86 % gone in a day."""
    horizon: float = assumed(60.0, "km", gt=0)
    """Beyond this distance a change of control or a strike has no effect. [km]
    By definition: ten times the median reach, where the threat is below 5e-5."""


class Response(Assumptions):
    """How many leave where control changes, in words: `none`, `few`, `half`, `most`."""

    none: float = assumed(0.0, "1", ge=0, le=0)
    """Nobody leaves because of the change. By definition."""
    few: float = assumed(0.12, "1", ("lognormal", 0.12, 1.7), ge=0, le=1)
    """Departure response `few`, relative to `most`. [1]
    Source: shares of exposed people who left, 0.09 to 0.15, 2024."""
    half: float = assumed(0.4, "1", ("lognormal", 0.4, 1.6), ge=0, le=1)
    """Departure response `half`, relative to `most`. [1]
    Source: shares of exposed people who left, 0.4 to 0.6, 2016-2018."""
    most: float = assumed(1.0, "1", ge=0, le=1)
    """Departure response `most`. By definition."""


class Departures(Assumptions):
    """Who can leave, and who hardly does."""

    staying_share: float = assumed(0.0655, "1", ("beta", 4, 53), ge=0, lt=1)
    """Share of people who stay whatever happens (old, ill, caring, guarding). [1] Source: 1 to 12 % observed."""
    staying_factor: float = assumed(0.1, "1", ge=0, le=1)
    """Their hazard relative to everybody else's. [1] Judgement."""
    prior_displaced_factor: float = assumed(1.0, "1", ("lognormal", 1.0, 1.5), ge=0)
    """Hazard of people displaced before, relative to residents; it holds for onward moves as well. [1]
    No evidence that it differs from 1."""
    crowding_push: float = assumed(0.01, "1/day", ("lognormal", 0.01, 2.0), ge=0)
    """Hazard of moving on for those by whom the displaced in a place exceed its capacity. [1/day]
    Judgement: one in a hundred a day; no source found."""


class Travel(Assumptions):
    """How people travel."""

    track_speed: float = assumed(8.0, "km/h", ("lognormal", 8.0, 1.4), gt=0)
    """Speed off the roads of the table, inside a zone: local roads, tracks, on foot with animals. [km/h] Judgement."""
    road_factor: float = assumed(1.0, "1", ("lognormal", 1.0, 1.25), gt=0)
    """Factor on every speed of the road table. [1] Prior of a plain road: 30 km/h times or over 1.25."""
    route_speed: float = assumed(30.0, "km/h", gt=0)
    """Speed along the routes of a network of places, times `road_factor`. [km/h] A plain road, as in the road table."""
    winter_factor: float = assumed(1.0, "1", gt=0, le=1)
    """Factor on speeds off the roads in the scenario's winter months. [1] 1 until there is a source."""
    hours_per_day: float = assumed(9.0, "h/day", ("uniform", 6.0, 12.0), gt=0, le=24)
    """Hours of travel in a day. [h/day] Judgement."""
    preparation: float = assumed(0.5, "day", ("lognormal", 0.5, 2.0), gt=0)
    """Mean time between the decision and setting off. [day] Judgement; gamma-distributed, shape 3."""
    preparation_shape: float = assumed(3.0, "1", gt=0)
    """Shape of that distribution. [1] Judgement."""


class Destinations(Assumptions):
    """Where people go."""

    model: Literal["logit", "nearest"] = "logit"
    """How people choose: `logit` (size, distance, safety) or `nearest` (the nearest open place; to compare against)."""
    travel_time_decay: float = assumed(0.5, "1/h", ("lognormal", 0.5, 1.8), ge=0)
    """Loss of attraction with an hour of travel, as a logarithm. [1/h] Weakly known."""
    long_way: float = assumed(0.0, "1", ge=0)
    """How much less an hour counts on a long way than on a short one, c: hours count as ln(1 + c decay hours) divided by
    c decay, so that attraction falls exponentially with short ways and with the power 1 / c of long ones. 0: every hour
    counts alike, right for areas a day's travel across; networks of whole countries: `movement/networks.yaml`. [1]
    Form: Box-Cox logit of travel between cities. On networks 0.3 to 1, a gravity exponent of 1 to 3."""
    following: float = assumed(0.0, "1", ge=0, le=1)
    """Part that those displaced who are there already have in how much a place draws people; its size has the rest. [1]
    People follow people they know: stocks of migrants draw new ones with an elasticity of 0.4 to 0.7 (Beine, Docquier
    and Ozden 2011). 0 where sizes count the displaced of earlier years already; networks: `movement/networks.yaml`."""
    followed_from: float = assumed(5000.0, "person", gt=0)
    """So many displaced people in all places together have half of that part: where few have come, where they went says
    little. [person] Judgement."""
    host_pull: float = assumed(1.0, "1", ge=0, le=1)
    """How much a host (on a network: a country) with twice the places draws more, as a power: 1 twice as much, 0 no more.
    Inside a host, places share its pull by their sizes, so splitting one changes nothing. [1] Judgement for networks,
    where how finely camps are listed differs by country: `movement/networks.yaml`."""
    other_side: float = assumed(-4.0, "logit", ("normal", -4.0, 1.0))
    """Penalty on places held by another side than one's own. [logit] Source: 1.1 % crossed a line in May 2019."""
    own_group: float = assumed(2.0, "logit", ("normal", 2.0, 1.0))
    """Bonus on places of one's own named response group. [logit] Source: moves of December 2024."""
    site_attraction: float = assumed(0.0, "logit")
    """Bonus on camps over towns of the same size. [logit] 0 until there is a source."""
    crowding: float = assumed(1.0, "logit", ("lognormal", 1.0, 1.5), ge=0)
    """Price of crowding: at as many newly displaced people as the place has inhabitants (or as its table gives for
    capacity) it draws people 2^-crowding times as much. [logit] Source: Dana absorbed 250,000 in 2019-20; weak."""
    threat_aversion: float = assumed(3.0, "logit", ("lognormal", 3.0, 1.5), ge=0)
    """Penalty per unit of threat at the destination. [logit] Weakly known."""
    too_dangerous: float = assumed(0.5, "1", ge=0)
    """Threat above which a place is open to nobody. [1] Judgement."""
    nearest_km: float = assumed(5.0, "km", ge=0)
    """Places nearer than this are no destination. [km] By definition: a shorter move is not displacement."""
    nearest_in_city_km: float = assumed(2.0, "km", ge=0)
    """The same for people of a dense city. [km] Judgement."""
    city_density: float = assumed(3000.0, "person/km2", gt=0)
    """Density above which a cell counts as city. [person/km2] Judgement."""


class Returns(Assumptions):
    """When people go home."""

    share_open: float = assumed(0.5, "1", ("beta", 4, 4), ge=0, le=1)
    """Share of the displaced who go home within a run once their place is open: no hostile line near, or a declared
    return. [1] Source: 44 % of those displaced in November and December 2024; prior Beta with 95 % 0.18 to 0.82."""
    rate_open: float = assumed(0.2, "1/day", ("lognormal", 0.2, 2.0), ge=0)
    """Rate at which these go. [1/day] Source: December 2024."""
    share_at_line: float = assumed(0.239, "1", ("beta", 4, 12), ge=0, le=1)
    """Share who go home to a place near a line that has fallen quiet. [1]
    Source: spring 2020; prior Beta with mean 0.25, 95 % 0.08 to 0.48."""
    rate_at_line: float = assumed(0.02, "1/day", ("lognormal", 0.02, 1.5), ge=0)
    """Rate at which these go, and those who go home under a controller they left from. [1/day] Source: spring 2020."""
    share_under: float = assumed(0.0169, "1", ("beta", 2, 98), ge=0, le=1)
    """Share who go home under a controller they left from. [1]
    Source: hardly any in 2020; prior Beta with mean 0.02."""
    quiet_days: float = assumed(3.0, "day", ("lognormal", 3.0, 2.0), ge=0)
    """Days without anything felt at home before people go. [day] Weakly known."""
    felt_above: float = assumed(0.02, "1", gt=0)
    """What is felt at home: an effect above this, where a change of control on the spot, by whomever, is 1. [1]
    By definition: below it fewer than 4 in 100 leave in a week; a change 23 km away, or one strike 19 km away."""
    line_reach: float = assumed(10.0, "km", ("lognormal", 10.0, 1.5), ge=0)
    """A place is near a line if places of a controller its people leave from lie within this distance. [km]
    Judgement: the reach of most shelling."""

    @model_validator(mode="after")
    def _are_nested(self) -> Returns:
        if not self.share_under <= self.share_at_line <= self.share_open:
            raise ValueError(
                "write share_under <= share_at_line <= share_open: who goes to the worse goes to the better"
            )
        return self


class Area(Assumptions):
    """How the tables of the area become cells."""

    control_reach: float = assumed(10.0, "km", gt=0)
    """A place's controller holds the cells that are nearer to it than to any other place, as far as this. [km]"""
    settled_density: float = assumed(5000.0, "person/km2", gt=0)
    """Density at which a settlement's people are spread over a disc around it. [person/km2] Judgement."""
    zone_reach: float = assumed(12.0, "km", gt=0)
    """A cell belongs to the zone of the nearest named place or zone centre, as far as this. [km]
    Judgement: at 10 km 1.1 % of the people of known communities fall outside every zone, at 12 km 0.6 %."""
    block_km: float = assumed(5.0, "km", gt=0)
    """Side of the tiles that split a zone into origin blocks. [km]"""
    moved_line: float = assumed(0.02, "1", ge=0, lt=1)
    """Closed lines move with control: travel times are worked out anew once more than this share of the area's
    people live where control has changed since they last were. [1] Judgement, for speed; 0 for every change."""
    camp_size: float = assumed(10_000.0, "person", gt=0)
    """On a network of places: size of a camp of which neither people nor a capacity are known. [person] Judgement; where
    there are no towns to go to, only sizes relative to one another count."""
    crossing_reach: float = assumed(1.5, "km", ge=0)
    """An open crossing opens a closed line for the cells within this distance. [km]"""


class Movement(Assumptions):
    """All assumptions of the movement model."""

    hazard: Hazard = Hazard()
    """How strongly the front, strikes and a change of control press people to leave."""
    response: Response = Response()
    """What `none`, `few`, `half` and `most` mean."""
    departures: Departures = Departures()
    """Who can leave, and who hardly does."""
    travel: Travel = Travel()
    """How people travel."""
    destinations: Destinations = Destinations()
    """Where people go."""
    returns: Returns = Returns()
    """When people go home."""
    area: Area = Area()
    """How the tables of the area become cells."""
