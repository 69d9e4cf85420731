"""Tables: what is read, and one clear error for each way to be wrong."""

import pytest

import displacement as dp
from displacement.io import tables


def written(folder, content):
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


@pytest.mark.parametrize(
    "text", ["a,b\n1,2\n", "a;b\n1;2\n", "\ufeffa,b\r\n1,2\r\n\r\n", " a , b \n1,2\n"], ids=repr
)
def test_commas_semicolons_and_byte_order_marks_are_read(tmp_path, text):
    (row,) = tables.read(written(tmp_path, text), ["a", "b"])
    assert (row.number("a"), row["b"], row.line) == (1.0, "2", 2)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"table\.csv:1: is empty; the first line names the columns: a, b"),
        ("a,c\n1,2\n", r"table\.csv:1: column 'b' is missing \(there are a, c\)"),
        ("a,b,a\n1,2,3\n", r"table\.csv:1: column 'a' stands twice"),
        ("a,b\n1\n", r"table\.csv:2: has 1 cells where the first line names 2 columns"),
        (b"a,b\n\xe9,1\n", r"is not UTF-8 text .*save it as 'CSV UTF-8'"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_clear_error(tmp_path, content, message):
    with pytest.raises(dp.InputError, match=message):
        tables.read(written(tmp_path, content), ["a", "b"])


@pytest.mark.parametrize(
    ("cell", "read", "message"),
    [
        ("", lambda row: row.text("a"), r"table\.csv:2: a: is blank"),
        ("many", lambda row: row.number("a"), r"a: is not a number \(got 'many'\)"),
        ("-3", lambda row: row.number("a", 0), r"a: must be from 0 to inf \(got -3\)"),
        ("nan", lambda row: row.number("a", 0), r"a: must be from 0"),
        ("1/2/2030", lambda row: row.date("a"), r"a: is not a date .*write it as 2024-11-27"),
    ],
)
def test_a_wrong_cell_is_named_by_line_and_column(tmp_path, cell, read, message):
    (row,) = tables.read(written(tmp_path, f"a,b\n{cell},1\n"), ["a"])
    with pytest.raises(dp.InputError, match=message):
        read(row)


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    with pytest.raises(dp.InputError, match="there is no such file"):
        tables.read(tmp_path / "gone.csv", ["a"])
    with pytest.raises(dp.InputError, match="is a folder"):
        tables.read(tmp_path, ["a"])


def test_a_value_that_stands_twice_is_an_error(tmp_path):
    rows = tables.read(written(tmp_path, "a,b\nx,1\nx,2\n"), ["a"])
    with pytest.raises(dp.InputError, match=r":3: a: 'x' stands in line 2 already"):
        tables.unique(rows, "a")
