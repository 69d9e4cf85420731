"""An empty area folder: its tables hold every column that reading needs, and its notes are no rows."""

import csv

import pytest
from support import changed

import displacement as dp
from displacement.cli import main
from displacement.io import blank, tables
from displacement.io.documents import read_document


def test_the_toy_area_in_the_columns_of_the_empty_tables_gives_the_same_run(toy, toy_result, tmp_path):
    """Each table of the toy area is written below the header that `init` wrote, column by column."""
    folder = tmp_path / "mine"
    assert main(["init", str(folder)]) == 0
    for name, (_, columns) in blank.TABLES.items():
        path = toy.area_folder / name
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) if path.exists() else []
        with (folder / name).open("a", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerows([[row.get(column.name) or "" for column in columns] for row in rows])
    (folder / "area.yaml").write_text((toy.area_folder / "area.yaml").read_text(encoding="utf-8"), "utf-8")
    (folder / "strikes.csv").write_bytes((toy.area_folder / "strikes.csv").read_bytes())
    result = dp.run(changed(toy).model_copy(update={"area_folder": folder}))
    assert (result.people["newly_displaced"].values == toy_result.people["newly_displaced"].values).all()


@pytest.mark.parametrize("name", blank.TABLES)
def test_a_table_as_written_is_empty_and_explains_every_column(tmp_path, name):
    blank.write_area(tmp_path / "mine")
    path = tmp_path / "mine" / name
    assert tables.read(path, [column.name for column in blank.TABLES[name][1]]) == []
    text = path.read_text(encoding="utf-8")
    assert all(f"# {column.name}: " in text for column in blank.TABLES[name][1])


def test_the_area_file_and_the_first_question_are_well_formed(tmp_path):
    blank.write_area(tmp_path / "mine")
    assert read_document(tmp_path / "mine" / "area.yaml").data["name"] == "mine"
    assert read_document(tmp_path / "mine" / "first_question.yaml").data["area"] == "."


def test_a_first_question_to_an_empty_area_says_what_to_fill_in(tmp_path, capsys):
    main(["init", str(tmp_path / "mine")])
    assert main(["run", str(tmp_path / "mine" / "first_question.yaml"), "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "area.yaml:9:1: box: 'south' (0) must be below 'north' (0)" in said
    assert not (tmp_path / "run").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years", encoding="utf-8")
    assert main(["init", str(tmp_path / "mine")]) == 1
    assert "is there already and not empty" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path):
    (tmp_path / "mine").write_text("years", encoding="utf-8")
    with pytest.raises(dp.InputError, match="is there already"):
        blank.write_area(tmp_path / "mine")
