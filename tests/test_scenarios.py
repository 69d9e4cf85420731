"""Every shipped scenario, run."""

from pathlib import Path

import pytest

import displacement as dp

SCENARIOS = Path(__file__).parents[1] / "scenarios"
CASES = [
    (path.name, variant)
    for path in (
        SCENARIOS / f"{name}.yaml"
        for name in (
            "aleppo_2024",
            "aleppo_on_28_nov",
            "idlib_strikes",
            "m4_m5_cut",
            "minimal",
            "quiet",
            "corridor",
        )
    )
    for variant in (None, *dp.load(path).variants)
]
PAST = [
    "shelling_2023_10",
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("nw_2019_04", "nw_2019_12")),
]
"""The past cases; `aleppo_2024` among them is the scenario above, three days longer."""


def everybody_in(people):
    """People of one member wherever they are, by day."""
    measures = ("residents_present", "present_prior", "unable_to_leave", "in_transit", "present_new")
    return sum(
        people[measure].sum([dim for dim in people[measure].dims if dim != "time"]).values
        for measure in measures
    )


@pytest.mark.parametrize("name", PAST)
def test_a_past_case_runs_and_loses_nobody(name):
    result = dp.run(SCENARIOS / "backtests" / f"{name}.yaml")
    everybody = everybody_in(result.people.isel(member=0))
    assert everybody == pytest.approx(float(result.inputs.zones.population.sum()), rel=1e-11)
    assert float(result.people["newly_displaced_cum"].isel(time=-1).sum()) > 0


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_it_runs_and_loses_nobody(name, variant):
    result = dp.run(SCENARIOS / name, variant)
    people = result.people.isel(member=0)
    everybody = everybody_in(people)
    assert everybody == pytest.approx(12_030_194, rel=1e-11), "the population of the area"
    moved = float(people["newly_displaced_cum"].isel(time=-1).sum())
    if name in ("quiet.yaml", "corridor.yaml"):
        assert moved == 0.0
        assert float(result.needs["need"].sum()) == 0.0
    else:
        assert 10_000 < moved < 4_000_000


def test_the_advance_displaces_more_when_it_goes_on():
    moved = {
        variant: float(
            dp.run(SCENARIOS / "aleppo_on_28_nov.yaml", variant)
            .people["newly_displaced_cum"]
            .isel(time=-1)
            .sum()
        )
        for variant in (None, "stalls", "south")
    }
    assert moved[None] < moved["stalls"] < moved["south"]


def test_the_source_names_no_place_party_or_currency():
    """What is of one area lives in data/ and scenarios/."""
    words = ("syria", "idl", "aleppo", "turk", "gos", "nsag", "sdf", "dollar", "euro")
    for path in (SCENARIOS.parent / "src").rglob("*.py"):
        text = path.read_text(encoding="utf-8").lower()
        for word in words:
            hits = [line for line in text.splitlines() if f" {word}" in f" {line}" and word in line.split()]
            assert not hits, (path.name, hits)
