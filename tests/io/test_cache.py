"""Derived arrays are kept by content; a spoilt cache is as good as none."""

import os

import numpy as np
import pytest

from displacement.io import cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPLACEMENT_CACHE", str(tmp_path))
    return tmp_path


def counted():
    calls = []

    def compute():
        calls.append(1)
        return (np.arange(1000.0), np.ones((2, 3)))

    return calls, compute


def test_the_second_time_it_comes_from_the_cache(folder):
    calls, compute = counted()
    parts = [np.arange(3), 1.5, "x"]
    first, second = (cache.cached("a-1", parts, compute) for _ in range(2))
    assert len(calls) == 1
    assert all((one == other).all() for one, other in zip(first, second, strict=True))
    for other in ([np.arange(4), 1.5, "x"], [np.arange(3), 1.6, "x"], [np.arange(3.0), 1.5, "x"]):
        cache.cached("a-1", other, compute)
    cache.cached("a-2", parts, compute)
    assert len(calls) == 5


def test_a_spoilt_entry_is_computed_again(folder):
    stream = np.random.default_rng(3)
    _, compute = counted()
    cache.cached("a-1", [1], compute)
    (entry,) = folder.glob("*.npz")
    whole = bytearray(entry.read_bytes())
    for _ in range(100):
        spoilt = bytearray(whole)
        spoilt[int(stream.integers(len(whole)))] ^= 0xFF
        entry.write_bytes(spoilt)
        array, _ = cache.cached("a-1", [1], compute)
        assert (array == np.arange(1000.0)).all()


def test_the_oldest_go_when_there_is_no_room_and_other_files_are_left_alone(folder, monkeypatch):
    _, compute = counted()
    np.savez(folder / "mine.npz", a=1)
    cache.cached("a-1", [0], compute)
    (entry,) = folder.glob("a-1-*.npz")
    monkeypatch.setattr(cache, "ROOM", 3 * entry.stat().st_size)
    os.utime(entry, (0, 0))
    for number in range(1, 7):
        cache.cached("a-1", [number], compute)
    assert (folder / "mine.npz").exists()
    assert not entry.exists()
    assert len(list(folder.glob("a-1-*.npz"))) == 3


def test_an_entry_larger_than_the_room_is_kept_until_the_next(folder, monkeypatch):
    monkeypatch.setattr(cache, "ROOM", 1)
    calls, compute = counted()
    cache.cached("a-1", [0], compute)
    cache.cached("a-1", [0], compute)
    assert len(calls) == 1


def test_it_can_be_switched_off(tmp_path, monkeypatch):
    monkeypatch.setenv("DISPLACEMENT_CACHE", "off")
    calls, compute = counted()
    cache.cached("a-1", [1], compute)
    cache.cached("a-1", [1], compute)
    assert len(calls) == 2


def test_what_a_killed_process_left_half_written_goes_and_what_is_being_written_stays(folder):
    _, compute = counted()
    left, now = folder / "old.partial", folder / "now.partial"
    left.touch()
    now.touch()
    os.utime(left, (0, 0))
    cache.cached("a-1", [1], compute)
    assert now.exists()
    assert not left.exists()


def test_a_full_disk_is_as_good_as_no_cache(folder, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    calls, compute = counted()
    for _ in range(2):
        array, _ = cache.cached("a-1", [1], compute)
        assert (array == np.arange(1000.0)).all()
    assert len(calls) == 2
    assert list(folder.iterdir()) == []
