"""Tables: what is read, and one clear error for each way to be wrong."""

import datetime as dt
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import displacement as dp
from displacement.io import cells, tables

SHIPPED = Path(__file__).parents[2] / "data" / "nw_syria"


def written(folder, content, name="table.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def workbook(path, sheets, hidden=()):
    """A workbook of sheets: lists of rows; a tuple is a formula and the value last saved."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for row, values in enumerate(rows):
                for column, value in enumerate(values):
                    if isinstance(value, tuple):
                        sheet.write_formula(row, column, value[0], None, value[1])
                    elif isinstance(value, str):
                        sheet.write_string(row, column, value)
                    else:
                        sheet.write(row, column, value)
    return path


def aliases(language):
    """Spellings of the shipped area in one language."""
    rows = tables.read(SHIPPED / "aliases.csv", ["alias", "language"])
    return [row.text("alias") for row in rows if row["language"] == language]


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "a;b\n1;2\n",
        "a\tb\n1\t2\n",
        "\ufeffa,b\r\n1,2\r\n\r\n",
        " a , b \n1,2\n",
        " A ,B\n1,2\n",
        '"a,x;y";b\n1;2\n'.replace("a,x;y", "a"),
    ],
    ids=repr,
)
def test_separators_byte_order_marks_case_and_spaces_are_understood(tmp_path, text):
    (row,) = tables.read(written(tmp_path, text), ["a", "b"])
    assert (row.number("a"), row["b"], row.line) == (1.0, "2", 2)
    assert "B" in row
    assert "c" not in row


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"table\.csv:1: is empty; the first line names the columns: a, b"),
        ("# only a comment\n", r"table\.csv:1: is empty"),
        ("a,c\n1,2\n", r"table\.csv:1: column 'b' is missing \(there are a, c\); add it"),
        ("a,bb\n1,2\n", r"column 'b' is missing"),
        ("a,b,a\n1,2,3\n", r"table\.csv:1: column 'a' stands twice"),
        ("a,b,A \n1,2,3\n", r"table\.csv:1: column 'A' stands twice; keep one"),
        ("a,b\n1\n", r"table\.csv:2: has 1 cells where the first line names 2 columns"),
        ("a,b\n\n1,2,3\n", r"table\.csv:3: has 3 cells"),
        ("a,b\n#REF!,1\n", r"table\.csv:2: a: cell A2 holds the error #REF!; mend the formula"),
        (b"a,b\n\xe9,1\n", r"is not UTF-8 text .*save it as 'CSV UTF-8'"),
        (b"a,b\n\xd0\x9b\xd0,1\n", r"is not UTF-8 text \(byte 7\)"),
        (b"a,b\n1,\x00\x01\n", r"is not a table of text \(control character 0 at position 7\)"),
        (
            "a,b\n\u0633\u0631\u0627\u0642\u0628,1\n".encode() + b"\xd8,1\n",
            r"is UTF-8 text with a damaged letter",
        ),
        (b"\xff\xfea\x00,\x00b", r"is UTF-16 text that is cut off"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", r"is not a table of text \(control character 26"),
        (b"PK\x03\x04 and then nothing", r"is a damaged or incomplete workbook"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_clear_error(tmp_path, content, message):
    with pytest.raises(dp.InputError, match=message):
        tables.read(written(tmp_path, content), ["a", "b"])


def test_reading_separated_text_needs_the_standard_library_alone(tmp_path):
    path = written(tmp_path, "a;b\n1,5;2\n")
    code = (
        "import sys; from pathlib import Path; from displacement.io import tables\n"
        f"tables.read(Path({str(path)!r}), ['a'])[0].number('a')\n"
        "print(*(name for name in sys.modules if '.' not in name))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"python_calamine", "xlsxwriter", "rapidfuzz", "numpy", "pandas"} & set(loaded.split())


def test_a_column_with_a_slip_in_its_name_is_named(tmp_path):
    with pytest.raises(dp.InputError, match=r"'people' is missing .*write 'people' in place of 'peopla'"):
        tables.read(written(tmp_path, "date,peopla\n"), ["people"])


def test_all_missing_columns_are_named_at_once(tmp_path):
    with pytest.raises(dp.InputError) as caught:
        tables.read(written(tmp_path, "a\n1\n"), ["b", ("c", "d")])
    assert len(caught.value.findings) == 2
    assert "none of the columns c, d is there" in caught.value.findings[1]


def test_of_several_names_of_a_column_one_is_enough(tmp_path):
    (row,) = tables.read(written(tmp_path, "d\n1\n"), [("c", "d")])
    assert row["d"] == "1"


@pytest.mark.parametrize(
    ("cell", "read", "message"),
    [
        ("", lambda row: row.text("a"), r"table\.csv:2: a: is blank"),
        ("many", lambda row: row.number("a"), r"a: is not a number \(got 'many'\)"),
        ("-3", lambda row: row.number("a", 0), r"a: must be from 0 to inf \(got -3\)"),
        ("nan", lambda row: row.number("a", 0), r"a: is not a number \(got 'nan'\)"),
        ("inf", lambda row: row.number("a"), r"a: is not a number \(got 'inf'\)"),
        ("1e999", lambda row: row.number("a"), r"a: is not a number \(got '1e999'\)"),
        ("1_000", lambda row: row.number("a"), r"a: is not a number"),
        ("1,25,0", lambda row: row.number("a"), r"a: is not a number"),
        ("12,5", lambda row: row.number("a"), r"with '\.' as decimal mark \(got '12,5'\); write 12\.5"),
        ("27.11.24", lambda row: row.date("a"), r"a: is not a date .*write it as 2024-11-27"),
        ("1/2/2030", lambda row: row.date("a"), r"a: is not a date .*2030-01-02 or 2030-02-01.*2024-11-27"),
        ("30.2.2024", lambda row: row.date("a"), r"a: is not a date"),
        ("#N/A ", lambda row: row.text("a"), r"a: (cell A2 )?holds the error #N/A"),
    ],
)
def test_a_wrong_cell_is_named_by_line_and_column(tmp_path, cell, read, message):
    (row,) = tables.read(written(tmp_path, f'a,b\n"{cell}",1\n'), ["b"])
    with pytest.raises(dp.InputError, match=message):
        read(row)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("1250", 1250),
        (" 1250.5 ", 1250.5),
        ("1 250", 1250),
        ("1\u00a0250\u202f000", 1_250_000),
        ("1,250", 1250),
        ("1,250,000.5", 1_250_000.5),
        ("36.201", 36.201),
        ("+1e3", 1000),
        ("\u200f١٢٥٠", 1250),
        ("١٬٢٥٠٫٥", 1250.5),
        ("۱۲", 12),
        ("\u221212", -12),
        (".5", 0.5),
    ],
)
def test_numbers_between_commas_have_a_decimal_point(tmp_path, cell, value):
    (row,) = tables.read(written(tmp_path, f'a,b\n"{cell}",1\n'), ["a"])
    assert row.number("a") == value


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (["12,5", "1.250"], [12.5, 1250]),
        (["1.250,5", "1,250"], [1250.5, 1.25]),
        (["1.250.000", "1.250"], [1_250_000, 1250]),
        (["12.5", "1,250"], [12.5, 1250]),
        (["36.2574", "36.201"], [36.2574, 36.201]),
        (["0,125", "1,250"], [0.125, 1.25]),
        (["12,5", "12.5"], [12.5, 12.5]),
        (["1250", "1 250"], [1250, 1250]),
    ],
)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_elsewhere_the_column_shows_its_decimal_mark(tmp_path, column, values, separator):
    rows = tables.read(
        written(tmp_path, f"a{separator}b\n" + "".join(f"{a}{separator}x\n" for a in column)), ["a"]
    )
    assert [row.number("a") for row in rows] == values


def test_a_column_that_shows_nothing_takes_the_mark_of_the_others(tmp_path):
    (row,) = tables.read(written(tmp_path, "people;share\n1.250;0,5\n"), ["people"])
    assert row.number("people") == 1250


@pytest.mark.parametrize("text", ["a;b\n1,250;x\n", "a;b\n1.250;x\n", "a;b\n1,250;x\n0,5;y\n0.5;z\n"])
def test_a_number_that_can_mean_two_is_refused(tmp_path, text):
    row = tables.read(written(tmp_path, text), ["a"])[0]
    with pytest.raises(dp.InputError, match=r":2: a: can be 1250 or 1\.25 .*write 1250, or 1\.2500"):
        row.number("a")


@pytest.mark.parametrize(
    "cell",
    [
        "2024-11-27",
        "2024-11-27T18:30:00",
        "2024-11-27 00:00:00",
        "27.11.2024",
        "27/11/2024",
        "27-11-2024",
        "11/27/2024",
        "2024/11/27",
        "٢٧/١١/٢٠٢٤",
        "\u200f27\u200f/11\u200f/2024",
    ],
)
def test_days_are_read_as_they_are_written(tmp_path, cell):
    (row,) = tables.read(written(tmp_path, f"a,b\n{cell},1\n"), ["a"])
    assert row.date("a") == dt.date(2024, 11, 27)


def test_a_day_like_its_month_means_one_day(tmp_path):
    assert cells.date("5/5/2024") == dt.date(2024, 5, 5)
    assert cells.date("3.4.2024") == dt.date(2024, 4, 3)


def test_comments_and_rows_of_tags_are_left_out(tmp_path):
    text = "# from the field office, by hand\n\na,b\n#adm3+code,#affected\n# example,5\n#12,6\nx,7\n"
    rows = tables.read(written(tmp_path, text), ["a", "b"])
    assert [(row.line, row["a"], row["b"]) for row in rows] == [(6, "#12", "6"), (7, "x", "7")]


def test_a_column_of_numbers_headed_by_a_hash_is_no_comment(tmp_path):
    (row,) = tables.read(written(tmp_path, "#;place\n1;x\n"), ["place"])
    assert dict(row) == {"#": "1", "place": "x"}


def test_columns_without_a_name_are_left_out(tmp_path):
    (row,) = tables.read(written(tmp_path, "a,,b,\n1,stray,2,\n"), ["a", "b"])
    assert dict(row) == {"a": "1", "b": "2"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_arabic_names_are_read_in_every_encoding(tmp_path, encoding, separator):
    names = [name for name in aliases("ar") if name.encode("cp1256", "ignore").decode("cp1256") == name]
    text = f"الاسم{separator}people\r\n" + "".join(f"{name}{separator}1\r\n" for name in names)
    rows = tables.read(written(tmp_path, text.encode(encoding)), ["الاسم", "people"])
    assert [row["الاسم"] for row in rows] == names
    assert len(names) > 200


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1254"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_turkish_names_are_read_in_every_encoding(tmp_path, encoding, separator):
    names = aliases("tr")
    text = f"İlçe{separator}kişi\r\n" + "".join(f"{name}{separator}1\r\n" for name in names)
    rows = tables.read(written(tmp_path, text.encode(encoding)), ["ilçe", "KİŞİ"])
    assert [row["ilçe"] for row in rows] == names
    assert len(names) == 33


@pytest.mark.parametrize(("language", "page"), [("ar", "cp1256"), ("tr", "cp1254")])
def test_one_name_is_enough_to_tell_the_code_page(tmp_path, language, page):
    """Except where the bytes are letters of both: a capital of Turkish alone is a letter of Arabic."""
    for name in aliases(language):
        encoded = f"name,people\n{name},1\n".encode(page, "ignore")
        try:
            encoded.decode("utf-8")
        except UnicodeDecodeError:
            (row,) = tables.read(written(tmp_path, encoded), ["name"])
            assert row["name"].encode(page) == name.encode(page, "ignore")


def test_letters_that_are_of_both_code_pages_are_refused(tmp_path):
    with pytest.raises(dp.InputError, match="nor surely Arabic or Turkish"):
        tables.read(written(tmp_path, "a,b\nİÇ,1\n".encode("cp1254")), ["a"])


def test_a_file_that_is_not_there_is_answered_with_the_nearest_name(tmp_path):
    written(tmp_path, "a\n", "arrivals.csv")
    with pytest.raises(dp.InputError, match=r"there is no such file; did you mean 'arrivals\.csv'"):
        tables.read(tmp_path / "arrival.csv", ["a"])


@pytest.mark.parametrize("name", ["folder", "folder.xlsx"])
def test_a_folder_is_an_error(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(dp.InputError, match="is a folder; name a file"):
        tables.read(tmp_path / name, ["a"])


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_a_file_that_another_program_holds_is_an_error(tmp_path, monkeypatch, name):
    def locked(self):
        raise PermissionError(13, "Permission denied")

    path = written(tmp_path, "a\n1\n", name)
    monkeypatch.setattr(Path, "read_bytes", locked)
    with pytest.raises(dp.InputError, match="is open in another program, or you may not read it; close it"):
        tables.read(path, ["a"])


@pytest.mark.parametrize("name", ["~$stock.xlsx", ".~lock.stock.xlsx#"])
def test_the_lock_file_of_an_open_workbook_is_an_error(tmp_path, name):
    with pytest.raises(dp.InputError, match=r"only says that 'stock\.xlsx' is open .*name that file"):
        tables.read(written(tmp_path, "x", name), ["a"])


def test_a_value_that_stands_twice_is_an_error(tmp_path):
    rows = tables.read(written(tmp_path, "a,b\nx,1\nx,2\n"), ["a"])
    with pytest.raises(dp.InputError, match=r":3: a: 'x' stands in line 2 already"):
        tables.unique(rows, "a")


def test_a_workbook_reads_as_the_same_table_written_as_text(tmp_path):
    rows = [
        ["# filled in by hand"],
        [],
        [" Date ", "people", "share", "full", "note"],
        [dt.date(2024, 11, 27), 1250, 0.125, True, "سراقب"],
        ["# left out", 1],
        [dt.datetime(2024, 11, 28, 6, 30), ("=1+1", 2), 1.25, False, " Şeyhun "],
    ]
    found = tables.read(workbook(tmp_path / "t.xlsx", {"One": rows, "Other": []}), ["date", "people"])
    assert [(row.line, *row.values()) for row in found] == [
        (4, "2024-11-27", "1250", "0.125", "TRUE", "سراقب"),
        (6, "2024-11-28T06:30:00", "2", "1.25", "FALSE", " Şeyhun "),
    ]
    assert [row.number("share") for row in found] == [0.125, 1.25], "a number is never ambiguous"
    assert [row.date("date").day for row in found] == [27, 28]


def test_a_number_written_as_text_in_a_workbook_may_not_mean_two(tmp_path):
    (row,) = tables.read(workbook(tmp_path / "t.xlsx", {"One": [["a", "b"], ["1,250", "12,5"]]}), ["a"])
    assert row.number("a") == 1.25, "the other column shows the decimal mark"
    (row,) = tables.read(workbook(tmp_path / "t.xlsx", {"One": [["a", "b"], ["1,250", 12.5]]}), ["a"])
    with pytest.raises(dp.InputError, match=r"t\.xlsx:2: a: can be 1250 or 1\.25"):
        row.number("a")


def test_the_sheet_that_has_the_columns_is_read(tmp_path):
    sheets = {"Read me": [["About this file"]], "Figures": [["a", "b"], [1, 2]], "List": [["a"], [5]]}
    (row,) = tables.read(workbook(tmp_path / "t.xlsx", sheets), ["a", "b"])
    assert row["b"] == "2"
    (row,) = tables.read(workbook(tmp_path / "t.xlsx", sheets, hidden=["Figures"]), ["a"])
    assert row["a"] == "5"


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        ({"One": []}, r"t\.xlsx:1: is empty; the first line names the columns: a, b"),
        ({"One": [["# only a comment"]]}, r"is empty"),
        (
            {"One": [["a", "b"]], "Two": [["b", "a"]]},
            r"in several sheets: 'One', 'Two'; save the one you mean",
        ),
        ({"One": [["a", "x"]], "Two": [["x"]]}, r"t\.xlsx:1: in sheet 'One', column 'b' is missing"),
        (
            {"One": [["# by hand"], ["a", "b"], [1, ("=A9", "#REF!")]]},
            r"t\.xlsx:3: b: cell B3 holds the error #REF!",
        ),
        ({"One": [["a", "b"], [("=A9", "#N/A"), 1]]}, r"t\.xlsx:2: a: cell A2 holds the error #N/A"),
        ({"One": [["a", "b", "a"]]}, r"column 'a' stands twice"),
    ],
)
def test_a_workbook_that_cannot_be_used_is_one_clear_error(tmp_path, sheets, message):
    with pytest.raises(dp.InputError, match=message):
        tables.read(workbook(tmp_path / "t.xlsx", sheets), ["a", "b"])


def test_a_failed_formula_in_a_column_that_nobody_reads_does_no_harm(tmp_path):
    path = workbook(tmp_path / "t.xlsx", {"One": [["a", "b"], [1, ("=A9", "#REF!")]]})
    (row,) = tables.read(path, ["a"])
    with pytest.raises(dp.InputError, match="holds the error #REF!"):
        row.number_or("b", 0)


def test_a_damaged_or_protected_workbook_says_so(tmp_path):
    whole = workbook(tmp_path / "t.xlsx", {"One": [["a"], [1]]}).read_bytes()
    cut = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(cut, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name)[: 300 if name.endswith("sheet1.xml") else None])
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
    for content, message in (
        (whole[: len(whole) // 2], "is a damaged or incomplete workbook; copy it again"),
        (cut.getvalue(), "is a damaged or incomplete workbook"),
        (compound, "is a damaged or incomplete workbook"),
        (
            compound + "EncryptedPackage".encode("utf-16-le"),
            "is protected by a password; save it without one",
        ),
        (b"", "is not a workbook although its name ends in .xlsx"),
        (b"<html><table></table></html>", "is not a workbook although its name ends in .xlsx; open it and"),
    ):
        with pytest.raises(dp.InputError, match=message):
            tables.read(written(tmp_path, content, "t.xlsx"), ["a"])


def test_a_workbook_under_the_name_of_a_text_table_is_read(tmp_path):
    content = workbook(tmp_path / "t.xlsx", {"One": [["a"], [1]]}).read_bytes()
    (row,) = tables.read(written(tmp_path, content, "t.csv"), ["a"])
    assert row.number("a") == 1


def test_an_open_document_sheet_is_read(tmp_path):
    value = '<table:table-cell office:value-type="{}" {}><text:p>{}</text:p></table:table-cell>'
    rows = [
        [("string", "", "a"), ("string", "", "day")],
        [("float", 'office:value="1250"', "1.250"), ("date", 'office:date-value="2024-11-27"', "27.11.24")],
    ]
    body = "".join(
        "<table:table-row>" + "".join(value.format(*cell) for cell in row) + "</table:table-row>"
        for row in rows
    )
    namespaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f"<office:document-content {namespaces}><office:body><office:spreadsheet>"
        f'<table:table table:name="One">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(tmp_path / "t.ods", "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("META-INF/manifest.xml", "<manifest/>")
        parts.writestr("content.xml", content)
    (row,) = tables.read(tmp_path / "t.ods", ["a", "day"])
    assert (row.number("a"), row.date("day")) == (1250, dt.date(2024, 11, 27))


ARABIC, TURKISH = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىئؤءأإآ", "abcçdefgğhıijklmnoöprsştuüvyzÇĞİÖŞÜ"
DIALECTS = [
    (encoding, separator, mark, group)
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1256", "cp1254")
    for separator, mark, group in (
        (",", ".", ""), (",", ".", ","), (";", ",", ""), (";", ",", "."), ("\t", ",", " "), (";", ".", ","),
    )
]  # fmt: skip
NUMBERS = st.floats(-1e9, 1e9).map(lambda value: round(value, 3)) | st.integers(-(10**9), 10**9).map(float)


def in_dialect(value, mark, group):
    """A number as a spreadsheet of some country writes it."""
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return text.replace(",", "\0").replace(".", mark).replace("\0", group)


def texts(encoding):
    """Texts of the encoding; those of a code page, words of its language."""
    if encoding.startswith("utf"):
        free = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
        return free.filter(lambda text: text.strip() not in cells.BROKEN)
    letters, known = (ARABIC, "سراقب") if encoding == "cp1256" else (TURKISH, "Tel Rıfat")
    return st.lists(st.text(letters, min_size=1, max_size=8), max_size=3).map(
        lambda words: " ".join([known, *words])
    )


@pytest.mark.parametrize(("encoding", "separator", "mark", "group"), DIALECTS)
@given(draw=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_comes_back_from_every_dialect_as_it_was_written(
    tmp_path, draw, encoding, separator, mark, group
):
    """Numbers come back where one cell shows the decimal mark."""
    rows = draw.draw(st.lists(st.tuples(texts(encoding), NUMBERS), min_size=1, max_size=6))
    rows.append((draw.draw(texts(encoding)), 0.5))
    quoted = [
        (f'"{text}"'.replace('"', '""')[1:-1], f'"{in_dialect(value, mark, group)}"') for text, value in rows
    ]
    lines = [f"id{separator}text{separator}people"]
    lines += [
        f'{index}{separator}"{text[1:-1]}"{separator}{value}' for index, (text, value) in enumerate(quoted)
    ]
    content = "\r\n".join(lines).encode(encoding)
    assume(encoding.startswith("utf") or _differs_from_utf8(content))
    found = tables.read(written(tmp_path, content), ["text", "people"])
    assert [(row["text"], row.number("people")) for row in found] == rows


def _differs_from_utf8(content):
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


@given(rows=st.lists(st.tuples(texts("utf-8"), NUMBERS), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_table_comes_back_from_a_workbook_as_it_was_written(tmp_path, rows):
    rows = [("x", 0.0), *rows]
    sheet = [["id", "people", "text"], *([f"r{i}", value, text] for i, (text, value) in enumerate(rows))]
    found = tables.read(workbook(tmp_path / "t.xlsx", {"One": sheet}), ["people", "text"])
    assert [(row["text"], row.number("people")) for row in found] == rows


@given(
    value=NUMBERS, mark=st.sampled_from(".,"), group=st.sampled_from(["", " ", "other"]), known=st.booleans()
)
@settings(max_examples=300)
def test_a_number_is_never_read_as_another(value, mark, group, known):
    """Either the number that was written, or an error."""
    group = {"other": "." if mark == "," else ","}.get(group, group)
    try:
        found = cells.number(in_dialect(value, mark, group), mark if known else "")
    except ValueError as error:
        assert "can be" in str(error)
        assert not known
    else:
        assert found == value


@pytest.mark.parametrize("cell", ["-3", "+3.5", "-1,250", "Idleb", ""])
def test_plain_cells_are_left_as_they_are(cell):
    assert tables.inert(cell) == cell


@pytest.mark.parametrize("cell", ["=1", "-1+cmd", "+A1", "@x", "-", "\tx"])
def test_a_cell_that_would_run_is_made_inert(cell):
    assert tables.inert(cell) == f"'{cell}"
