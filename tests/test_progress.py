"""How far a run is, and where its time went."""

import io

from support import TOY

import displacement as dp
from displacement import cli
from displacement.cli.shared import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar_and_the_time_left():
    """A quarter took 30 s, so the rest takes 90 s."""
    shown, ticks = Terminal(), iter([0.0, 10.0, 40.0])
    told = Progress(shown, lambda: next(ticks))
    told("running members", 0, 64)
    told("running members", 16, 64)
    assert "█████░░░░░░░░░░░░░░░ 16 of 64, about 90 s left" in shown.getvalue().split("\r")[-1]
    told.done()
    assert shown.getvalue().endswith("\r\033[K")


def test_a_pipe_gets_a_line_a_minute_and_no_more():
    shown, ticks = io.StringIO(), iter([0.0, 1.0, *range(10, 200, 10)])
    told = Progress(shown, lambda: next(ticks))
    told("reading")
    for done in range(1, 20):
        told("running members", done, 20)
    told.done()
    assert len(shown.getvalue().splitlines()) == 3
    assert "\r" not in shown.getvalue()


def test_every_member_is_told_of(toy):
    told = []
    dp.run(toy, members=6, progress=lambda step, done=0, of=0: told.append((step, done, of)))
    counts = [done for step, done, of in told if step == "running members" and of == 6]
    assert (counts[0], counts[-1]) == (0, 6)
    assert counts == sorted(counts)


def test_the_time_of_every_step_is_kept_that_of_members_added_up(toy):
    one, several = (dp.run(toy, members=count).seconds for count in (1, 4))
    steps = {"reading the scenario and the area", "working out who leaves", "working out travel times"}
    assert steps | {"moving people", "working out the needs"} <= set(one)
    assert set(one) <= set(several)
    assert all(seconds >= 0 for seconds in several.values())


def test_a_profile_is_printed_where_it_is_asked_for(tmp_path, capsys):
    out = ["--out", str(tmp_path / "run"), "--members", "2", "--workers", "1"]
    assert cli.main(["run", str(TOY / "toy.yaml"), *out, "--profile"]) == cli.DONE
    table = capsys.readouterr().out.split("seconds  share\n")[1].splitlines()
    shares = [int(row.split()[-2]) for row in table[:-2]]
    assert abs(sum(shares) - 100) <= len(shares) / 2, "each is rounded by itself"
    assert table[-2].split()[-2:] == ["100", "%"]
    assert {"moving people", "writing the folder"} <= {row[:38].strip() for row in table}
