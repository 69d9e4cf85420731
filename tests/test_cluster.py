"""Members on a Dask cluster: the same bits, also where a worker is killed in the middle of its work."""

import os
import signal
from functools import partial

import pytest
import xarray as xr
from support import TOY

import displacement as dp
from displacement import cli, cluster

MEMBERS = 12
EXTRA = "needs the extra: pip install 'displacement-estimator[cluster]'"


@pytest.fixture(scope="module")
def alone(toy):
    return dp.run(toy, members=MEMBERS)


@pytest.fixture(scope="module")
def crew():
    """Two processes."""
    pytest.importorskip(
        "distributed", reason="needs the extra: pip install 'displacement-estimator[cluster]'"
    )
    with cluster.connected("local:2") as crew:
        yield crew


def test_a_cluster_gives_the_same_bits_as_one_process(toy, alone, crew):
    shared = dp.run(toy, members=MEMBERS, map=crew.map, workers=crew.here)
    assert_alike(shared, alone)


def assert_alike(one, other):
    for name in ("people", "flows", "needs", "in_need", "drivers"):
        xr.testing.assert_identical(getattr(one, name), getattr(other, name))


def test_a_worker_that_is_killed_costs_its_tasks_again_and_nothing_else(toy, alone, crew, monkeypatch):
    """Law V18. SIGKILL: it cannot say goodbye, and what it had done and not handed over is lost."""
    from distributed import default_client

    monkeypatch.setattr("displacement.crew.BATCH", 2)
    victim, *_ = default_client().run(os.getpid).values()
    done_when_killed = []

    def kill(step, done=0, of=0):
        if step == "running members" and done and not done_when_killed:
            done_when_killed.append(done)
            os.kill(victim, signal.SIGKILL)

    result = dp.run(toy, members=MEMBERS, map=crew.map, workers=crew.here, progress=kill)
    assert 0 < done_when_killed[0] < MEMBERS / 2, "in the middle of the run"
    assert victim not in default_client().run(os.getpid).values()
    assert_alike(result, alone)


def test_tiles_of_a_single_run_go_to_the_cluster_too(toy, toy_result, crew):
    result = dp.run(toy, keep=("control", "departures"), map=crew.map)
    xr.testing.assert_identical(result.people, toy_result.people)
    xr.testing.assert_identical(result.fields, toy_result.fields)


def test_the_inputs_go_once_and_not_with_every_task(crew):
    """Whoever is sent is written down; each worker reads what was sent once."""
    pickled = []

    class Heavy:
        def __reduce__(self):
            pickled.append(1)
            return (partial, (pow, 2))

    work = Heavy()
    assert list(crew.map(work, range(20))) == [2**each for each in range(20)]
    assert list(crew.map(work, range(3))) == [1, 2, 4]
    assert len(pickled) == 1


def test_the_command_line_runs_on_a_cluster_that_is_there(crew, tmp_path, capsys):
    from distributed import default_client

    outs = [tmp_path / name for name in ("alone", "shared")]
    for out, how in zip(
        outs, (["--workers", "1"], ["--cluster", default_client().scheduler.address]), strict=True
    ):
        asked = ["run", str(TOY / "toy.yaml"), "--members", "3", "--out", str(out), *how]
        assert cli.main(asked) == cli.DONE, capsys.readouterr().err
    for name in ("people.csv", "needs.csv", "summary.md"):
        assert (outs[0] / "share" / name).read_bytes() == (outs[1] / "share" / name).read_bytes()


def test_workers_of_its_own_and_a_cluster_do_not_go_together(capsys):
    asked = ["run", str(TOY / "toy.yaml"), "--workers", "2", "--cluster", "local:2"]
    assert cli.main(asked) == cli.WRONG_USAGE
    assert "write --cluster local:N" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["local:0", "local", "two", "http://x", "tcp://", ""])
def test_an_address_that_is_none_says_what_to_write(wrong, capsys):
    asked = ["run", str(TOY / "toy.yaml"), "--members", "2", f"--cluster={wrong}"]
    assert cli.main(asked) == cli.WRONG_INPUT
    told = capsys.readouterr().err
    assert "write tcp://HOST:PORT, or local:N" in told
    assert len(told.splitlines()) == 1


def test_without_dask_one_sentence_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    assert (
        cli.main(["run", str(TOY / "toy.yaml"), "--members", "2", "--cluster", "local:2"]) == cli.WRONG_INPUT
    )
    told = capsys.readouterr().err.strip()
    assert told.endswith("not installed; write: pip install 'displacement-estimator[cluster]'")
    assert len(told.splitlines()) == 1


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch, capsys):
    pytest.importorskip(
        "distributed", reason="needs the extra: pip install 'displacement-estimator[cluster]'"
    )
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    asked = ["run", str(TOY / "toy.yaml"), "--members", "2", "--cluster", "tcp://127.0.0.1:9"]
    assert cli.main(asked) == cli.WRONG_INPUT
    assert "nobody answers at tcp://127.0.0.1:9" in capsys.readouterr().err
