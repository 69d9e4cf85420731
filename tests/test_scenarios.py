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
        )
    )
    for variant in (None, *dp.load(path).variants)
]


@pytest.mark.parametrize(("name", "variant"), CASES)
def test_it_runs_and_loses_nobody(name, variant):
    result = dp.run(SCENARIOS / name, variant)
    people = result.people.isel(member=0)
    everybody = sum(
        people[measure].sum([dim for dim in people[measure].dims if dim != "time"]).values
        for measure in ("residents_present", "present_prior", "unable_to_leave", "in_transit", "present_new")
    )
    assert everybody == pytest.approx(12_030_194, rel=1e-11), "the population of the area"
    moved = float(people["newly_displaced_cum"].isel(time=-1).sum())
    if name == "quiet.yaml":
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
