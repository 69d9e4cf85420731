"""What every part of a scenario file is: frozen, without unknown keys, its fields told by their docstrings."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A mapping of the file."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )
