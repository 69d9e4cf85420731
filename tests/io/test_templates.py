"""Templates: saved unchanged they are empty tables, and a row added is the row that is read."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import pytest

import displacement as dp
from displacement.io import reports, stock, tables, templates
from displacement.io.gazetteer import Gazetteer
from displacement.needs.item import Item

TOY = Gazetteer(Path(__file__).parents[1] / "toy" / "area")


def columns(kind):
    return [column.name for column in templates.TEMPLATES[kind].columns]


def with_row(path, values):
    """Add a row to the first sheet of a workbook, as a spreadsheet would."""
    cells = "".join(
        f'<c r="{chr(ord("A") + column)}4" t="inlineStr"><is><t>{value}</t></is></c>'
        for column, value in enumerate(values)
    )
    content = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</sheetData>", f'<row r="4">{cells}</row></sheetData>'.encode())
            new.writestr(name, part)
    path.write_bytes(content.getvalue())


@pytest.mark.parametrize("kind", templates.TEMPLATES)
def test_a_template_saved_unchanged_is_an_empty_table(tmp_path, kind):
    templates.write(kind, tmp_path / "t.xlsx")
    assert tables.read(tmp_path / "t.xlsx", columns(kind)) == []


@pytest.mark.parametrize("kind", templates.TEMPLATES)
def test_a_row_added_to_a_template_is_read(tmp_path, kind):
    templates.write(kind, tmp_path / "t.xlsx")
    examples = [column.example for column in templates.TEMPLATES[kind].columns]
    with_row(tmp_path / "t.xlsx", examples)
    (row,) = tables.read(tmp_path / "t.xlsx", columns(kind))
    assert dict(row) == dict(zip(columns(kind), examples, strict=True))
    assert row.line == 4


def test_arrivals_filled_in_are_a_report(tmp_path):
    templates.write("arrivals", tmp_path / "t.xlsx")
    assert reports.read(tmp_path / "t.xlsx", TOY) == []
    with_row(tmp_path / "t.xlsx", ["27.11.2024", "Birch", "present", "1250", "", ""])
    (report,) = reports.read(tmp_path / "t.xlsx", TOY)
    assert (str(report.date), report.zone, report.measure, report.people) == (
        "2024-11-27", "Z2", "present_new", 1250,
    )  # fmt: skip


@pytest.mark.parametrize(("unit", "day"), [("tent", "2024-12-05"), ("", "")])
def test_stock_filled_in_is_a_stock_list(tmp_path, unit, day):
    tent = Item(
        id="tent", name="Family tent", unit="tent", sector="shelter", kind="household_once", quantity=1,
        per="household", source="a test", status="assumed",
    )  # fmt: skip
    period = dt.date(2024, 11, 27), dt.date(2024, 12, 26)
    templates.write("stock", tmp_path / "t.xlsx")
    assert stock.read(tmp_path / "t.xlsx", [tent], period).rows == ()
    with_row(tmp_path / "t.xlsx", ["North store", "Family tents", "400", unit, day, "by telephone"])
    (row,) = stock.read(tmp_path / "t.xlsx", [tent], period).rows
    assert (row.hub, row.item, row.quantity, str(row.date or "")) == ("North store", "tent", 400, day)


def test_every_measure_offered_in_the_template_is_known_to_the_reader():
    (column,) = (one for one in templates.TEMPLATES["arrivals"].columns if one.name == "measure")
    known = {word for measure, words in reports.MEASURES.items() for word in (measure, *words)}
    assert set(column.choices) <= known


@pytest.mark.parametrize("kind", templates.TEMPLATES)
def test_a_template_has_every_column_that_the_reader_of_its_table_needs(kind):
    needed = {
        "arrivals": ["date", "zone", "measure", "people"],
        "stock": ["hub", "item", "quantity", "unit", "date", "source"],
        "sites": ["site", "name", "pcode", "zone", "lat", "lon", "registered", "capacity"],
        "control": ["pcode", "date", "controller"],
    }
    assert set(needed[kind]) <= set(columns(kind))


def test_a_file_that_is_there_already_is_never_replaced(tmp_path):
    templates.write("stock", tmp_path / "t.xlsx")
    before = (tmp_path / "t.xlsx").read_bytes()
    with pytest.raises(dp.InputError, match=r"t\.xlsx: is there already; write to another file"):
        templates.write("arrivals", tmp_path / "t.xlsx")
    assert (tmp_path / "t.xlsx").read_bytes() == before


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("stok", "t.xlsx", "there is no template 'stok'; did you mean 'stock'?"),
        ("stock", "t.csv", r"t\.csv: is no XLSX file; end its name in \.xlsx"),
        ("stock", "gone/t.xlsx", "cannot be written: there is no such folder"),
    ],
)
def test_a_template_that_cannot_be_written_is_one_clear_error(tmp_path, kind, name, message):
    with pytest.raises(dp.InputError, match=message):
        templates.write(kind, tmp_path / name)
