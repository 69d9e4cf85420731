"""Runs under a memory ceiling: the same bits wherever the members lie, and one clear error where they do not fit."""

import csv
import errno
import io
import re
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from support import TOY, changed

import displacement as dp
from displacement import cli, crew, memory, stages
from displacement.asked import read_inputs
from displacement.io.kept import Kept
from displacement.report.folder import write

MEMBERS = 20
"""More than are worked on at once."""


@pytest.fixture(scope="module")
def supplied(toy):
    hub = {"stock": {"tent": 50, "full_ration": "2 t"}}
    return changed(toy, supply={"hubs": {"N": hub}, "routes": {"way": {"trucks_per_day": 1}}})


@pytest.fixture(scope="module")
def held(supplied):
    """All members in memory."""
    return dp.run(supplied, members=MEMBERS, max_memory="1TB")


@pytest.fixture
def on_disk(supplied, monkeypatch):
    """The same where there is no room for them."""
    plan = memory.planned
    monkeypatch.setattr(memory, "planned", lambda *asked: plan(*asked)._replace(in_memory=False))
    return dp.run(supplied, members=MEMBERS)


def test_a_run_from_disk_gives_the_same_bits_and_the_same_files(held, on_disk, tmp_path):
    """Law V18: the ceiling decides where figures lie, never what they are."""
    assert not isinstance(on_disk.people["arrivals"].variable._data, np.ndarray)
    for name in ("people", "flows", "needs", "in_need", "supply", "drivers"):
        xr.testing.assert_identical(getattr(on_disk, name).load(), getattr(held, name))
    folders = [write(result, tmp_path / name) for result, name in ((held, "held"), (on_disk, "disk"))]
    files = [sorted(path for path in folder.rglob("*") if path.is_file()) for folder in folders]
    assert len(files[0]) > 15
    for one, other in zip(*files, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_stock_and_trucks_of_several_members_are_their_middles(held, tmp_path):
    """Counted by hand, hub by hub: not those of the first member, and a day only where half have run out by then."""
    folder, supply = write(held, tmp_path / "run") / "internal", held.supply
    with (folder / "stock.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert rows
    for row in rows:
        own = supply.sel(hub=row["hub"], item=row["item"])
        left = sorted(own["left"].isel(time=-1).values.tolist())
        assert float(row["left"]) == pytest.approx((left[MEMBERS // 2 - 1] + left[MEMBERS // 2]) / 2)
        out = sorted(str(day)[:10] for day in own["runs_out"].values if not np.isnat(day))
        assert row["runs_out"] == (out[MEMBERS // 2 - 1] if len(out) >= MEMBERS / 2 else "")
    with (folder / "trucks.csv").open(encoding="utf-8-sig", newline="") as handle:
        told = [float(row["used"]) for row in csv.DictReader(handle)]
    used = np.median(supply["trucks_used"].transpose("member", "time", "route").values, axis=0)
    np.testing.assert_allclose(told, used.ravel(), atol=0.5)


def test_batches_of_any_size_give_the_same_bits(toy, held, monkeypatch):
    monkeypatch.setattr(crew, "BATCH", 7)
    other = dp.run(toy, members=MEMBERS)
    xr.testing.assert_identical(other.people, held.people)
    xr.testing.assert_identical(other.needs, held.needs)


def test_a_batch_shrinks_with_the_blocks_it_has(toy):
    """Departures of several members lie side by side: of a region's 32,000 blocks over 60 days those of one alone."""
    inputs, edges = read_inputs(toy), stages.edges_of(toy)
    assert stages.batch_of(inputs, edges) == crew.BATCH
    many = replace(inputs, blocks=replace(inputs.blocks, zone=np.zeros(32_000, dtype=int)))
    assert stages.batch_of(many, np.linspace(0.0, 60.0, 121)) == 1


def test_what_many_members_come_to_is_written_exactly(held, tmp_path):
    folder = write(held, tmp_path / "run") / "internal"
    with xr.open_dataset(folder / "result.nc") as kept:
        for name in held.people.data_vars:
            exact = held.people[name]
            np.testing.assert_array_equal(kept[name].transpose(*exact.dims).values, exact.values)
        assert kept["member"].values.tolist() == list(range(MEMBERS))
    with xr.open_dataset(folder / "supply.nc") as kept:
        np.testing.assert_array_equal(kept["runs_out"].values, held.supply["runs_out"].values)
        gap = held.supply["gap"]
        np.testing.assert_array_equal(kept["gap"].transpose(*gap.dims).values, gap.values)


@pytest.mark.parametrize("outermost", ["member", "zone"])
def test_any_part_of_what_lies_on_disk_is_that_part(outermost):
    whole = np.random.default_rng(3).random((9, 4, 5))
    dims = ("member", "time", "zone")
    room = Kept(9, in_memory=False, outermost=outermost)
    for first, end in ((4, 9), (0, 4)):
        room.add(first, xr.Dataset({"people": (dims, whole[first:end])}))
    lying, plain = room.dataset()["people"], xr.DataArray(whole, dims=dims)
    for part in (
        {"member": 3},
        {"member": slice(2, 8, 3), "zone": [4, 0, 0]},
        {"time": -1},
        {"zone": slice(None, None, -1)},
        {"member": [8, 1], "time": slice(1, 3)},
        {"member": slice(0, 0)},
    ):
        np.testing.assert_array_equal(lying.isel(part).values, plain.isel(part).values)
    np.testing.assert_array_equal(lying.mean("member").values, plain.mean("member").values)


def test_a_full_disk_is_told_with_what_to_do(monkeypatch):
    room = Kept(2, in_memory=False)
    part = xr.Dataset({"people": (("member", "zone"), np.zeros((1, 2)))})
    room.add(0, part)

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room._arrays["people"], "_file", Full())
    with pytest.raises(
        OSError, match=r"\(No space left on device\); set TMPDIR to a folder on a larger disk"
    ):
        room.add(1, part)


GB = 1_000_000_000


def test_workers_are_as_many_as_fit():
    assert memory.planned(4 * GB, GB, GB, workers=8, kept=0, fewer=True).workers == 2
    assert memory.planned(40 * GB, GB, GB, workers=8, kept=0, fewer=True).workers == 8
    assert memory.planned(2 * GB, GB, 0, workers=0, kept=2 * GB, fewer=True) == (0, False)


def test_what_does_not_fit_says_what_would():
    """And what it says does fit."""
    with pytest.raises(memory.TooLittleMemoryError) as told:
        memory.planned(4 * GB, GB, GB, workers=8, kept=0, fewer=False)
    assert "write --max-memory 10.2GB or --workers 2" in str(told.value)
    assert memory.planned(memory.amount("10.2GB"), GB, GB, workers=8, kept=0, fewer=False).workers == 8
    assert memory.planned(4 * GB, GB, GB, workers=2, kept=0, fewer=False).workers == 2
    with pytest.raises(memory.TooLittleMemoryError, match=re.escape("write --max-memory 2.2GB, or make")):
        memory.planned(2 * GB, GB, GB, workers=8, kept=0, fewer=True)


def test_a_run_that_does_not_fit_is_one_line_and_writes_nothing(tmp_path, capsys):
    out = tmp_path / "run"
    asked = ["run", str(TOY / "toy.yaml"), "--members", "4"]
    assert cli.main([*asked, "--workers", "1", "--max-memory", "100MB", "--out", str(out)]) == cli.WRONG_INPUT
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert re.search(r"max-memory: 100MB is too little.*write --max-memory [0-9.]+[MG]B", told)
    assert not out.exists()


@pytest.mark.parametrize("wrong", ["lots", "2", "1.5", "0GB", "-1GB", "2 GB of it"])
def test_an_amount_of_memory_has_a_number_and_a_unit(wrong, toy, capsys):
    with pytest.raises(dp.InputError, match="write a number and its unit, such as 800MB"):
        dp.run(toy, max_memory=wrong)
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", "any.yaml", f"--max-memory={wrong}"])
    assert stopped.value.code == cli.WRONG_USAGE
    assert "such as 800MB or 1.5GB" in capsys.readouterr().err


def test_a_container_counts_as_the_machine(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "CONTAINER", limit)
    limit.write_text("1000000\n", encoding="utf-8")
    assert memory.ceiling() == 500_000
    limit.write_text("max\n", encoding="utf-8")
    assert memory.ceiling() > 500_000
    assert memory.peak() >= memory.now() * 0.5
