"""The run folder is whole or not there."""

from pathlib import Path

import pytest

import displacement as dp
from displacement.io.folders import whole_folder
from displacement.report import folder as report


def test_a_run_that_breaks_off_leaves_nothing(tmp_path, toy_result, monkeypatch):
    def broken(*_):
        raise RuntimeError("power cut")

    monkeypatch.setattr(report, "_write_internal", broken)
    with pytest.raises(RuntimeError):
        dp.write(toy_result, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_an_older_run_stays_until_the_new_one_is_whole(tmp_path, toy_result, monkeypatch):
    dp.write(toy_result, tmp_path / "run")
    before = (tmp_path / "run" / "share" / "people.csv").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(report, "_write_internal", lambda *_: (_ for _ in ()).throw(RuntimeError()))
        with pytest.raises(RuntimeError):
            dp.write(toy_result, tmp_path / "run")
    assert (tmp_path / "run" / "share" / "people.csv").read_bytes() == before
    dp.write(toy_result, tmp_path / "run")
    assert (tmp_path / "run" / "share" / "people.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_is_no_run_is_left_alone(tmp_path, toy_result):
    mine = tmp_path / "mine"
    (mine / "internal").mkdir(parents=True)
    (mine / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(
        dp.InputError, match=r"holds what no run has written \(thesis.txt\); name another folder"
    ):
        dp.write(toy_result, mine)
    assert (mine / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(dp.InputError, match="cannot be written"), whole_folder(tmp_path / "file" / "run"):
        pass


def test_an_interrupt_at_the_last_moment_keeps_the_older_run(tmp_path, toy_result, monkeypatch):
    dp.write(toy_result, tmp_path / "run")
    real, calls = Path.replace, []

    def interrupted(source, target):
        calls.append(source)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(source, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        dp.write(toy_result, tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "share" / "people.csv").exists()


def test_a_note_in_a_run_folder_is_never_deleted(tmp_path, toy_result):
    dp.write(toy_result, tmp_path / "run")
    note = tmp_path / "run" / "share" / "note.txt"
    note.write_text("for the meeting", encoding="utf-8")
    with pytest.raises(dp.InputError, match=r"holds what no run has written \(share/note.txt\)"):
        dp.write(toy_result, tmp_path / "run")
    assert note.read_text(encoding="utf-8") == "for the meeting"
