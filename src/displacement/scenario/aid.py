"""What a scenario says about aid: which lines count, and where they differ."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from displacement.needs.assumptions import NeedsAssumptions
from displacement.needs.item import Assumptions

__all__ = ["Needs", "SiteNeeds"]


class SiteNeeds(Assumptions):
    """Lines that differ in some zones, such as more water where a clinic is: the highest layer."""

    zones: tuple[str, ...] = Field(min_length=1)
    """Zones by name or p-code."""
    type: Literal["town", "site", "all"] = "all"
    """For people in towns, in camps and centres (site), or all."""
    items: tuple[dict[str, Any], ...] = Field(min_length=1)
    """Lines with a known `id` and what differs: quantity, low, high, share, where, source, status."""


class Needs(NeedsAssumptions):
    """What aid is reckoned with."""

    profile: str = "sphere"
    """A named set of changes to the standards: sphere (as they are), winter, survival, practice (rations really given).
    `displacement standards --profile P` prints one."""
    items: tuple[dict[str, Any], ...] = ()
    """Lines laid over the standards: with a known `id` they change the fields they give, else they add an item."""
    drop: tuple[str, ...] = ()
    """Ids of items left out."""
    only: tuple[str, ...] = ()
    """Ids of the items that count alone; all others stand beside the list."""
    include: tuple[str, ...] = ()
    """Ids of items beside the list of the first thirty days that count too; `all` for every one."""
    sites: tuple[SiteNeeds, ...] = ()
    """Where lines differ by zone."""
