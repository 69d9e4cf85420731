"""The same scenario and seed give the same bytes: again, in another process, on another Python.

Arrays are the same to the last bit as long as NumPy, SciPy and the instruction set of the machine are. What is shared is
rounded, so it is held to a record on every machine and Python that runs the tests.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
from support import TOY

RECORD = TOY / "recorded.json"
"""SHA-256 of the shared tables of the toy, made by `python tests/test_reproduced.py`: changed only on purpose."""
OTHER = os.environ.get("DISPLACEMENT_OTHER_PYTHON", "")
"""Another Python that has the package, with the same versions of what it stands on; `make reproduce` makes one."""


def run_of_the_toy(place: Path, python: str = sys.executable, hash_seed: int = 0, workers: int = 1) -> Path:
    """A run of four members in a process of its own, nothing taken from a cache."""
    command = [
        python,
        "-m",
        "displacement.cli",
        "run",
        str(TOY / "toy.yaml"),
        "--members",
        "4",
        "--seed",
        "7",
    ]
    settings = {**os.environ, "DISPLACEMENT_CACHE": "off", "PYTHONHASHSEED": str(hash_seed)}
    command += ["--workers", str(workers), "--out", str(place)]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place


def content(folder: Path, pattern: str = "*") -> dict[str, bytes]:
    files = (path for path in folder.rglob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def shared(folder: Path) -> dict[str, str]:
    """SHA-256 of the shared tables of figures."""
    names = ("people.csv", "needs.csv", "origin_destination.csv", "pin.csv")
    return {name: hashlib.sha256((folder / "share" / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    return run_of_the_toy(tmp_path_factory.mktemp("first") / "run")


def test_a_second_run_in_another_process_gives_every_file_byte_for_byte(first, tmp_path):
    """With another order of hashing, and members shared between two processes."""
    again = content(run_of_the_toy(tmp_path / "run", hash_seed=1, workers=2))
    assert len(again) > 10
    assert again == content(first)


def test_the_shared_tables_are_those_on_record(first):
    assert shared(first) == json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.mark.skipif(
    not OTHER, reason="DISPLACEMENT_OTHER_PYTHON names no other Python; make reproduce makes one"
)
def test_another_python_gives_the_same_tables_and_arrays(first, tmp_path):
    asked = [OTHER, "-c", "import sys; print(sys.version_info[:2])"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert version != str(sys.version_info[:2]), "it is the same Python"
    other = run_of_the_toy(tmp_path / "run", OTHER)
    assert content(other, "*.csv") == content(first, "*.csv")
    arrays = sorted(path.relative_to(first) for path in first.rglob("*.nc"))
    assert len(arrays) == 3
    for path in arrays:
        with xr.open_dataset(first / path) as one, xr.open_dataset(other / path) as two:
            xr.testing.assert_equal(one, two)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as made:
        found = shared(run_of_the_toy(Path(made) / "run"))
    RECORD.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
