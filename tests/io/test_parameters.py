"""Parameter sets as files."""

import pytest
from invented import parameter_set

from displacement.io import parameters
from displacement.io.errors import InputError


def test_a_set_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "own.yaml"
    parameters.write(parameter_set(), file)
    assert parameters.read(file) == parameter_set()
    assert file.read_text().startswith("# Fitted parameters.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("members: 4", "members: one", r"own\.yaml:\d+:\d+: members: must be a whole number"),
        ("seed: 1", "sed: 1", r"seed: is missing"),
        ("- [0.25, 0.1]", "- [0.25, 0.2]", r"symmetric"),
    ],
)
def test_a_broken_set_is_one_clear_error(tmp_path, old, new, message):
    file = tmp_path / "own.yaml"
    parameters.write(parameter_set(), file)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=message):
        parameters.read(file)
