"""Small things that several tests use."""

from __future__ import annotations

from typing import Any

import displacement as dp


def changed(scenario: dp.Scenario, **fields: Any) -> dp.Scenario:
    """A scenario with other values, validated anew."""
    values = scenario.model_dump(by_alias=True) | ({"marks": {}} if "events" in fields else {}) | fields
    return type(scenario).model_validate(values)
