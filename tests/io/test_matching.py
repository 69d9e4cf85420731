"""P-codes for names: sure where the name is, and never a guess where two places bear it."""

from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

import displacement as dp
from displacement.io import matching, tables
from displacement.io.gazetteer import Gazetteer, normal

ROOT = Path(__file__).parents[2]
SHIPPED = Gazetteer(ROOT / "data" / "nw_syria")
TOY = Gazetteer(ROOT / "tests" / "toy" / "area")


def table(folder, text, name="names.csv", encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def matched(folder, text, gazetteer=SHIPPED, **arguments):
    """The rows that come out."""
    output = folder / "matched.csv"
    matching.match(table(folder, text), gazetteer, output, **arguments)
    return tables.read(output, matching.ADDED)


@pytest.mark.parametrize(
    ("written", "pcode", "how"),
    [
        ("C3916", "C3916", "exact"),
        ("Saraqab", "C3916", "exact"),
        ("سراقب", "C3916", "exact"),
        ("\u200fسراقب\u200f", "C3916", "exact"),
        ("Saraqib", "C3916", "other spelling"),
        ("Han Şeyhun", "C3987", "other spelling"),
        ("HAN ŞEYHUN", "C3987", "other spelling"),
        ("Tel Rıfat", "C1621", "other spelling"),
        ("TEL RIFAT", "C1621", "other spelling"),
        ("Maarat Mısrin", "C3947", "other spelling"),
        ("معره النعمان", "C3985", "exact"),
        ("Suran (Hama)", "C3026", "exact"),
        ("Maaret Nomaan", "C3985", "near"),
        ("Saraqyeeb", None, "near"),
        ("Suran", None, "ambiguous"),
        ("Xqzwv", None, "none"),
        ("", None, "none"),
    ],
)
def test_a_name_gets_a_pcode_where_it_is_sure(written, pcode, how):
    found = matching.match_name(written.strip(), SHIPPED, ("place",))
    assert (found.name and found.name.code, found.how) == (pcode, how)
    assert bool(found.review) == (how not in ("exact", "other spelling"))


def test_a_near_name_that_is_filled_in_is_nearly_always_right():
    """Known spellings, one in ten, each left out in turn: how often what is filled in is its place."""
    right = []
    for spelling, codes in list(SHIPPED.spellings.items())[::10]:
        rest = Gazetteer(SHIPPED.folder)
        rest.__dict__["names"] = SHIPPED.names
        rest.__dict__["spellings"] = {
            key: SHIPPED.spellings[key] for key in SHIPPED.spellings if key != spelling
        }
        found = matching.match_name(spelling, rest, ("place",))
        if found.how == "near" and found.name:
            right.append(found.name.code in codes)
    assert len(right) > 30
    assert sum(right) / len(right) > 0.9


@pytest.mark.parametrize("language", ["ar", "tr"])
def test_every_arabic_and_turkish_spelling_finds_its_place_or_says_that_it_is_ambiguous(language):
    for row in tables.read(SHIPPED.table("aliases"), ["pcode", "alias", "language"]):
        name = SHIPPED.names.get(row["pcode"])
        if row["language"] == language and name and name.kind == "place":
            found = matching.match_name(row["alias"].upper(), SHIPPED, ("place",))
            candidates = [one.code for one in SHIPPED.candidates(row["alias"])]
            assert (found.name and found.name.code) in (row["pcode"], None)
            assert found.name or len(candidates) > 1


@pytest.mark.parametrize(
    ("governorate", "pcode"),
    [("Aleppo", "C1664"), ("حلب", "C1664"), ("Halep", "C1664"), ("SY02", "C1664"), ("Hama", "C3026")],
)
def test_a_larger_area_in_any_language_tells_places_of_one_name_apart(tmp_path, governorate, pcode):
    (row,) = matched(tmp_path, f"governorate,place\n{governorate},Suran\n")
    assert (row["pcode"], row["review"]) == (pcode, "")


def test_a_larger_area_that_nobody_knows_decides_nothing(tmp_path):
    (row,) = matched(tmp_path, "governorate,place\nNowhere,Suran\n")
    assert (row["pcode"], row["match"]) == ("", "ambiguous")
    assert row["review"].count("(C") == 2


def test_a_place_that_lies_elsewhere_than_its_row_says_gets_no_pcode(tmp_path):
    (row,) = matched(tmp_path, "governorate,place\nHoms,Saraqib\n")
    assert (row["pcode"], row["match"]) == ("", "ambiguous")
    assert row["review"].startswith("lies elsewhere than its row says; check: Saraqab (C3916")


def test_the_zone_column_tells_places_of_one_name_apart(tmp_path):
    first, second = matched(tmp_path, "zone,name\nZ1,Old Mill\nDelta,Old Mill\n", TOY)
    assert (first["pcode"], second["pcode"]) == ("P5", "P6")
    assert first["matched_zone"] == "Z1"


def test_the_preferred_kind_comes_first(tmp_path):
    text = "name\nAmber town\nAmber\nCedar land\n"
    assert [row["pcode"] for row in matched(tmp_path, text, TOY, kinds=("zone", "place"))] == [
        "P1",
        "Z1",
        "Z3",
    ]
    assert [row["pcode"] for row in matched(tmp_path, text, TOY, kinds=("zone",))] == ["", "Z1", "Z3"]
    zone, place = (
        matching.match_name("Idleb", SHIPPED, kinds).name for kinds in (("zone", "place"), ("place", "zone"))
    )
    assert (zone.code, place.code) == ("SY070000", "C3871")


@pytest.mark.parametrize(
    "header", ["Place", "COMMUNITY", "Location", "الاسم", "البلدة", "yer", "YER ADI", "İLÇE"]
)
def test_the_column_of_names_is_found_by_its_header(tmp_path, header):
    (row,) = matched(tmp_path, f"id,{header},people\n1,Saraqib,5\n")
    assert (row["pcode"], row["people"]) == ("C3916", "5")


def test_columns_can_be_named(tmp_path):
    text = "who,where,what\nSuran,Hama,x\n"
    (row,) = matched(tmp_path, text, name="who", within={"admin1": "where"})
    assert row["pcode"] == "C3026"


@pytest.mark.parametrize(
    ("text", "output", "arguments", "message"),
    [
        (
            "a,b\n1,2\n",
            "o.csv",
            {},
            r"names\.csv:1: none of the columns place, .*\.\.\. is there \(there are a",
        ),
        ("place\n", "o.csv", {}, r"names\.csv: has no rows below its header"),
        ("place\nx\n", "o.csv", {"name": "who"}, r"column 'who' is missing"),
        ("place\nx\n", "o.txt", {}, r"o\.txt: is neither CSV nor XLSX"),
        ("place\nx\n", "names.csv", {}, r"names\.csv: is the table itself; write to another file"),
        ("place\nx\n", "gone/o.csv", {}, r"o\.csv: cannot be written: there is no such folder"),
        ("place\nx\n", "gone/o.xlsx", {}, r"o\.xlsx: cannot be written: there is no such folder"),
    ],
)
def test_what_cannot_be_matched_or_written_is_one_clear_error(tmp_path, text, output, arguments, message):
    with pytest.raises(dp.InputError, match=message):
        matching.match(table(tmp_path, text), TOY, tmp_path / output, **arguments)


def test_an_output_that_another_program_holds_is_an_error(tmp_path, monkeypatch):
    def locked(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", locked)
    with pytest.raises(dp.InputError, match="is open in another program, or you may not write it; close it"):
        matching.match(table(tmp_path, "place\nx\n"), TOY, tmp_path / "o.xlsx")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_all_columns_come_out_as_they_went_in(tmp_path, suffix):
    text = "place,pcode,people,note\nAmber town,mine,-12.5,=1+1\nOld Mill,,007,\n"
    output = tmp_path / f"o.{suffix}"
    summary = matching.match(table(tmp_path, text), TOY, output)
    first, second = tables.read(output, ["place", "pcode", "people", "note", "pcode_found", "review"])
    assert (first["pcode"], first["pcode_found"], first.number("people")) == ("mine", "P1", -12.5)
    assert first["note"].lstrip("'") == "=1+1", "as text"
    assert (second["people"], second["match"]) == ("007", "ambiguous")
    assert summary.counts == {"exact": 1, "other spelling": 0, "near": 0, "ambiguous": 1, "none": 0}
    assert str(summary).startswith("1 of 2 rows have a p-code (1 exact, 1 ambiguous); 1 to check")


def test_a_workbook_of_arabic_names_is_matched(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "names.xlsx") as book:
        sheet = book.add_worksheet()
        for line, values in enumerate([["المحافظة", "البلدة", "people"], ["حماة", "صوران", 1250]]):
            sheet.write_row(line, 0, values)
    summary = matching.match(tmp_path / "names.xlsx", SHIPPED, tmp_path / "o.xlsx")
    (row,) = tables.read(tmp_path / "o.xlsx", ["pcode", "people"])
    assert (row["pcode"], row.number("people")) == ("C3026", 1250)
    assert (summary.column, summary.within) == ("البلدة", ("المحافظة",))


@given(written=st.text(max_size=12) | st.sampled_from(sorted(TOY.spellings)))
@settings(max_examples=200, deadline=None)
def test_whatever_is_written_gets_a_pcode_or_a_reason(written):
    found = matching.match_name(written.strip(), TOY, ("place", "zone"))
    assert found.name is not None or found.review
    assert 0 <= found.score <= 100
    if found.how == "ambiguous":
        assert found.name is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tel Rıfat", "tel rifat"),
        ("TEL RIFAT", "tel rıfat"),
        ("İzze", "izze"),
        ("Menbiç", "MENBIC"),
        ("ديك", "دیک"),
        ("Sa\u200brmada\u200f", "Sarmada"),
    ],
)
def test_spellings_that_differ_in_dots_keyboards_and_invisible_marks_are_one(one, other):
    assert normal(one) == normal(other)
