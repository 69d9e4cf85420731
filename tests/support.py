"""Small things that several tests use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import displacement as dp

TOY = Path(__file__).parent / "toy"
HEAD = f"""title: A test
area: {TOY / "area"}
period: {{start: 2030-01-01, days: 10}}
"""
"""How a scenario on the toy area begins; it has three lines."""


def written(folder: Path, text: str, name: str = "test.yaml") -> Path:
    """A scenario file with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def changed(scenario: dp.Scenario, **fields: Any) -> dp.Scenario:
    """A scenario with other values, validated anew."""
    values = scenario.model_dump(by_alias=True) | ({"marks": {}} if "events" in fields else {}) | fields
    return type(scenario).model_validate(values)
