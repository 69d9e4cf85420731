"""The JSON Schema of a scenario file, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from displacement.scenario.model import ScenarioFile


def schema() -> dict[str, Any]:
    """The schema of a scenario with `base` and `variants`.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12.
    """
    found = ScenarioFile.model_json_schema(by_alias=True)
    event = found["properties"]["events"]
    change = {
        "drop": {"type": "array", "items": {"type": "string"}, "description": "Ids of events left out."},
        "add": {**event, "description": "Events added."},
    }
    fields = {name: field for name, field in found["properties"].items() if name != "events"}
    variant = {"type": "object", "properties": {**fields, **change}, "additionalProperties": False}
    found["properties"] |= change | {
        "base": {"type": "string", "description": "Another scenario that this one changes."},
        "variants": {
            "type": "object",
            "additionalProperties": {"anyOf": [variant, {"type": "null"}]},
            "description": "Named changes, run with --variant NAME; a variant of the base that makes no sense here "
            "is left out with `NAME: null`.",
        },
    }
    required = found.pop("required")
    found["anyOf"] = [{"required": required}, {"required": ["base"]}]
    found["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return found
