"""Runs that are killed, that meet in one folder, or that find the disk full."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import TOY

import displacement as dp
from displacement.io.folders import MANIFEST, _others
from displacement.io.locks import alone

ON_POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

KILLED = """
import os, random, signal, sys, time
from pathlib import Path
import displacement as dp

toy, folder, reference, seed, moments = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:])
result = dp.run(toy)
began = time.monotonic()
dp.write(result, reference)
took = time.monotonic() - began
stream = random.Random(seed)

def content(place):
    return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}

whole = content(reference)
there = 0
for _ in range(moments):
    child = os.fork()
    if not child:
        while True:
            dp.write(result, folder)
    time.sleep(stream.uniform(0, 2.5 * took))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    if folder.exists():
        there += 1
        assert content(folder) == whole, "the folder is not whole"
    dp.write(result, folder)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "something was left"
    assert content(folder) == whole
    if stream.random() < 0.3:
        import shutil
        shutil.rmtree(folder)
print(there, "of", moments)
"""

TOGETHER = """
import os, sys
from pathlib import Path
import displacement as dp

toy, folder, rounds = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
calm = dp.run(dp.load(toy).model_copy(update={"title": "calm"}))
wild = dp.run(dp.load(toy).model_copy(update={"title": "wild"}), members=2)

def content(place):
    return {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}

each = [content(dp.write(result, folder.parents[1] / "alone" / result.scenario.title)) for result in (calm, wild)]
for _ in range(rounds):
    children = []
    for result in (calm, wild):
        child = os.fork()
        if not child:
            dp.write(result, folder)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert content(folder) in each
    assert sorted(path.name for path in folder.parent.iterdir()) == [folder.name]
"""


def script(text: str, *arguments: object) -> str:
    """What a script prints that is run in a process of its own."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@ON_POSIX
@pytest.mark.parametrize("moments", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_killed_while_writing_there_is_a_whole_folder_or_none_and_the_next_run_succeeds(tmp_path, moments):
    places = tmp_path / "runs" / "run", tmp_path / "alone" / "run"
    printed = script(KILLED, TOY / "toy.yaml", *places, moments, moments)
    assert printed.endswith(f"of {moments}\n")


@ON_POSIX
def test_two_runs_into_one_folder_at_once_do_not_mix(tmp_path):
    script(TOGETHER, TOY / "toy.yaml", tmp_path / "runs" / "run", 4)


def displacement(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "displacement.cli", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **options
    )


def run_of_the_toy(place: Path) -> subprocess.Popen[str]:
    return displacement("run", TOY / "toy.yaml", "--members", 4, "--workers", 2, "--out", place)


@ON_POSIX
@pytest.mark.slow
def test_a_command_killed_at_twenty_moments_leaves_a_whole_folder_or_none(tmp_path):
    """From the start of the process to its end; the folder of an earlier run lies there every other time."""
    place = tmp_path / "runs" / "run"
    began = time.monotonic()
    assert run_of_the_toy(place).communicate()[1] == ""
    took = time.monotonic() - began
    stream = random.Random(20)
    for at in range(20):
        if at % 2:
            shutil.rmtree(place, ignore_errors=True)
        process = run_of_the_toy(place)
        time.sleep(stream.uniform(0, took))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=100)
        assert not place.exists() or ((place / MANIFEST).is_file() and not _others(place))
    process = run_of_the_toy(place)
    assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert [path.name for path in place.parent.iterdir()] == ["run"]


AT_WORK = """
import time
from displacement.crew import processes
with processes(2) as each:
    done = each(time.sleep, [0.0, 600.0, 600.0])
    next(done)
    print("at work", flush=True)
    list(done)
"""


@ON_POSIX
def test_workers_end_with_a_run_that_is_killed():
    """They hold its output open as long as they live."""
    process = subprocess.Popen([sys.executable, "-c", AT_WORK], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "at work\n"
    process.kill()
    process.communicate(timeout=100)


def test_an_earlier_run_that_a_killed_one_moved_aside_comes_back(tmp_path, toy_result, monkeypatch):
    """The kill falls between the two renames; the next run then breaks off, and the earlier one is there again."""
    dp.write(toy_result, tmp_path / "run")
    before = (tmp_path / "run" / MANIFEST).read_bytes()
    (tmp_path / ".run-abcd_123.old").mkdir()
    (tmp_path / "run").replace(tmp_path / ".run-abcd_123.old" / "run")
    (tmp_path / ".run-efgh_456.new" / "share").mkdir(parents=True)
    monkeypatch.setattr("displacement.report.folder._write_share", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        dp.write(toy_result, tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / MANIFEST).read_bytes() == before


def test_what_other_runs_are_writing_is_left_alone(tmp_path, toy_result):
    others = [".run-2-abcdefgh.new", ".run-old-abcdefgh.old", ".runs-abcdefgh.new", ".run-notes.new"]
    for name in others:
        (tmp_path / name).mkdir()
    dp.write(toy_result, tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*others, "run"])


def test_who_writes_to_a_place_keeps_others_waiting_and_leaves_no_lock(tmp_path):
    with alone(tmp_path / "run") as nobody_else:
        assert nobody_else
        with (
            pytest.raises(dp.InputError, match="another run is still writing there"),
            alone(tmp_path / "run", 0),
        ):
            pass
        with alone(tmp_path / "other"):
            pass
    assert list(tmp_path.iterdir()) == []
    with alone(tmp_path / "run", 0):
        pass


def test_a_drive_without_locks_is_written_to_all_the_same(tmp_path, toy_result, monkeypatch):
    def unknown(_: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("displacement.io.locks._take", unknown)
    (tmp_path / ".run-abcdefgh.new").mkdir()
    dp.write(toy_result, tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".run-abcdefgh.new", "run"], (
        "it may be another's who is writing"
    )


IS_FULL = "the disk is full; make room, or name a folder on another"
FULL = (64, 300, 500, 1700, 1900, 2100, 2250)
"""Room on the disk, beside that of the ordinary test. [kB]"""
ON_A_FULL_DISK = """
mount -t tmpfs -o size=$1k none "$2" || exit 99
"$3" -m displacement.cli run "$4" --out "$2/run"
code=$?
ls -A "$2" >&2
umount -l "$2"
exit $code
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a small tmpfs")
@pytest.mark.parametrize("kilobytes", [700, *(pytest.param(size, marks=pytest.mark.slow) for size in FULL)])
def test_a_full_disk_is_one_clear_error_and_leaves_nothing(tmp_path, kilobytes):
    """In the middle of the brief, on tables, the map, NetCDF and workbooks: some 2,300 kB are wanted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = [
        "sh",
        "-c",
        ON_A_FULL_DISK,
        "sh",
        str(kilobytes),
        str(disk),
        sys.executable,
        str(TOY / "toy.yaml"),
    ]
    unprivileged = [] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    done = subprocess.run([*unprivileged, *command], capture_output=True, text=True, check=False)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"may not mount a tmpfs here: {done.stderr.strip()}")
    assert done.stderr == f"{disk}/run: could not be written ({IS_FULL}); nothing was changed\n"
    assert done.returncode == 1


def refusing(monkeypatch, held: Path) -> None:
    """Windows, as far as it matters: a folder is not moved while another program has a file in it open."""
    real = Path.replace

    def replace(source: Path, target: Path) -> Path:
        if held.is_relative_to(source):
            raise PermissionError(13, "The process cannot access the file")
        return real(source, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr("displacement.io.folders.TRIES", (0.0,))


def test_a_file_held_open_gets_a_clear_message_and_the_run_is_whole_beside_it(
    tmp_path, toy_result, monkeypatch
):
    dp.write(toy_result, tmp_path / "run")
    held = tmp_path / "run" / "share" / "needs.csv"
    refusing(monkeypatch, held)
    monkeypatch.setattr("displacement.io.folders._unwritable", lambda _: ["share/needs.csv"])
    for name in ("run-2", "run-3"):
        with pytest.raises(
            dp.InputError, match=r"share/needs.csv is open in another program.*close the file"
        ) as said:
            dp.write(toy_result, tmp_path / "run")
        assert str(tmp_path / name) in str(said.value)
        assert not _others(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run-2", "run-3"]
    assert held.is_file()


@pytest.mark.parametrize("mark", ["~$needs.csv", ".~lock.needs.csv#", "needs.csv-wal"])
def test_a_spreadsheets_own_mark_says_which_file_it_has_open(tmp_path, toy_result, mark):
    dp.write(toy_result, tmp_path / "run")
    (tmp_path / "run" / "share" / mark).touch()
    (tmp_path / "run" / "share" / ".DS_Store").touch()
    with pytest.raises(dp.InputError, match=r"share/needs.csv is open") as said:
        dp.write(toy_result, tmp_path / "run")
    assert f"if nobody has it open, delete share/{mark}" in str(said.value)
    (tmp_path / "run" / "share" / mark).unlink()
    dp.write(toy_result, tmp_path / "run")
    assert not (tmp_path / "run" / "share" / ".DS_Store").exists()


def test_the_command_prints_the_answer_and_says_what_to_close(tmp_path, capsys):
    from displacement import cli

    asked = ["run", str(TOY / "toy.yaml"), "--out", str(tmp_path / "run")]
    assert cli.main(asked) == cli.DONE
    (tmp_path / "run" / "share" / "~$needs.csv").touch()
    capsys.readouterr()
    assert cli.main(asked) == cli.DONE
    printed = capsys.readouterr().out
    assert "newly displaced on" in printed
    assert "Note: " in printed and "share/needs.csv is open in another program" in printed
    assert f"To forward:      {tmp_path / 'run-2' / 'share'}" in printed
