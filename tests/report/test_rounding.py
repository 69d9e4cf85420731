"""Quantiles over members: by name, as asked for, and in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from displacement.report.rounding import (
    level_name,
    middle,
    quantiles,
    range_in_words,
    ranged,
    rounded,
    shared_cells,
    shared_people,
    shared_quantity,
    significant,
)
from displacement.report.share import level_cells

LEVELS = st.lists(st.integers(1, 999), min_size=1, max_size=9, unique=True).map(
    lambda found: tuple(level / 1000 for level in sorted({*found, 500}))
)


@given(LEVELS)
def test_every_quantile_has_a_name_of_its_own_that_says_the_percentile(levels):
    names = [level_name(level) for level in levels]
    assert len(set(names)) == len(levels)
    for name, level in zip(names, levels, strict=True):
        assert float(name.removeprefix("p").replace("_", ".")) == pytest.approx(100 * level)


@given(LEVELS, st.integers(2, 40))
def test_quantiles_are_numpy_s_and_the_middle_is_the_same_whatever_is_asked(levels, members):
    values = np.random.default_rng(members).lognormal(size=(members, 3, 2))
    found = quantiles(values, levels)
    for (name, level), expected in zip(found.items(), np.quantile(values, levels, axis=0), strict=True):
        np.testing.assert_allclose(level, expected, err_msg=name)
    np.testing.assert_array_equal(found["p50"], middle(values))


def test_one_member_has_a_middle_and_no_range():
    found = quantiles(np.array([[7.0]]), (0.05, 0.5, 0.95))
    assert found["p05"] is None
    assert found["p95"] is None
    assert found["p50"] == [7.0]


def test_the_range_of_a_sentence_goes_from_the_lowest_to_the_highest():
    members = np.arange(0.0, 100_001.0, 1000.0)
    assert ranged(members, (0.05, 0.25, 0.5, 0.95)) == "50,000 (5,000 to 95,000)"
    assert ranged(members, (0.5,)) == "50,000"
    assert "97.5 % of them (p01 to p98_5)" in range_in_words((0.01, 0.5, 0.985))


FIGURES = st.lists(
    st.floats(-1e3, 1e12)
    | st.floats(0, 2)
    | st.integers(0, 100_000).map(lambda value: value / 200)
    | st.sampled_from([0.0, 0.5, 99.5, 100.5, 1e5, 9.95e5, np.nan]),
    min_size=1,
    max_size=30,
)


@given(FIGURES)
def test_many_values_are_rounded_as_one_is(values):
    one_by_one = [significant(value) for value in values]
    np.testing.assert_array_equal(rounded(np.array(values)), one_by_one)


@given(FIGURES, st.integers(0, 2**32 - 1))
def test_cells_of_many_figures_say_what_those_of_one_do(values, seed):
    """People and quantities, with a level that is left out; people behind them few, none or many."""
    figures = np.array(values)
    people = np.random.default_rng(seed).choice([0.0, 0.4, 42.0, 99.6, 5e4], figures.size)
    levels = {"p10": None, "p50": figures, "p90": figures * 3}
    expected = [
        level_cells(levels, (at,), lambda value, count=count: shared_quantity(value, count))
        for at, count in enumerate(people.tolist())
    ]
    assert shared_cells(levels, people) == expected
    known = {name: None if level is None else np.nan_to_num(level) for name, level in levels.items()}
    expected = [level_cells(known, (at,), shared_people) for at in range(figures.size)]
    assert shared_cells(known) == expected
