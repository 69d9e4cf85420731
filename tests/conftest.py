"""What many tests share: the toy area, and no cache outside the test's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import displacement as dp

TOY = Path(__file__).parent / "toy" / "toy.yaml"


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLACEMENT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def toy() -> dp.Scenario:
    """The toy scenario."""
    return dp.load(TOY)


@pytest.fixture(scope="session")
def toy_result(toy: dp.Scenario) -> dp.Result:
    """Its result, gridded fields kept."""
    return dp.run(toy, keep=("control", "departures"))
