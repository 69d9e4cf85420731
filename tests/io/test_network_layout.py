"""The layout of the field's agent model: what real folders hold is read, what is wrong is told with file and line."""

import datetime as dt

import pytest
from layouts import CLOSURES, LAYOUT, LOCATIONS, PERIOD, ROUTES, X, layout

from displacement.io import network_layout
from displacement.io.errors import InputError

IN, OUT = "input_csv/", "source_data/"
PLACES, WAYS, SHUT, SPAN = (f"{IN}{name}.csv" for name in ("locations", "routes", "closures", "sim_period"))
MATRIX, AGAIN, COUNTS = f"{IN}conflicts.csv", f"{IN}registration_corrections.csv", f"{OUT}data_layout.csv"
EMPTY_MATRIX = "#Day,A,B\n"

BROKEN = {
    "a route to an unknown place": (WAYS, ROUTES + "A,Nowhere,10,0\n", 7, "unknown place 'Nowhere'"),
    "a route from an unknown place": (WAYS, ROUTES + "Nowhere,A,10,0\n", 7, "unknown place 'Nowhere'"),
    "a negative distance": (WAYS, ROUTES + "A,Y,-10,0\n", 7, "must be from 0"),
    "a distance that is none": (WAYS, ROUTES + "A,Y,far,0\n", 7, "is not a number (got 'far')"),
    "a route without a distance": (WAYS, ROUTES + "A,Y\n", 7, "is blank"),
    "a redirection that is none": (WAYS, ROUTES + "A,Y,10,3\n", 7, "must be 0, 1, 2 or blank"),
    "no routes at all": (WAYS, "#name1,name2,distance,forced_redirection\n", 1, "is empty"),
    "an empty file of routes": (WAYS, "", 1, "is empty"),
    "a file of routes that is not there": (WAYS, None, None, "there is no such file"),
    "a camp with no coordinates": (PLACES, LOCATIONS + "Z,z,East,,,camp,0,0\n", 7, "is blank"),
    "a camp on no such latitude": (PLACES, LOCATIONS + "Z,z,East,95,99,camp,0,0\n", 7, "must be from -90 to 90"),
    "a longitude that is none": (PLACES, LOCATIONS + "Z,z,East,1,east,town,0,0\n", 7, "is not a number"),
    "duplicate names": (PLACES, LOCATIONS + "A,z,East,1,1,town,0,0\n", 7, "'A' stands in line 2 already"),
    "a place without a name": (PLACES, LOCATIONS + ",z,East,1,1,town,0,0\n", 7, "is blank"),
    "an unknown type": (PLACES, LOCATIONS + "Z,z,East,1,1,castle,0,0\n", 7, "unknown type 'castle'"),
    "a negative population": (PLACES, LOCATIONS + "Z,z,East,1,1,town,0,-5\n", 7, "must be from 0"),
    "a population that is none": (PLACES, LOCATIONS + "Z,z,East,1,1,town,0,many\n", 7, "is not a number"),
    "half a day of conflict": (PLACES, LOCATIONS + "Z,z,East,1,1,conflict_zone,0.5,9\n", 7, "whole day"),
    "an empty file of places": (PLACES, "", 1, "is empty"),
    "a start that is no date": (SPAN, "StartDate,2030-13-01\nLength,6\n", 1, "is not a date (got '2030-13-01')"),
    "no length": (SPAN, "StartDate,2030-01-01\n", 1, "has no line Length,days"),
    "a length of nothing": (SPAN, "StartDate,2030-01-01\nLength,0\n", 2, "must be from 1 to"),
    "a closure of no such country": (SHUT, CLOSURES + "country,Home,Mars,1,2\n", 2, "country 'Mars'"),
    "a closure without a match": (SHUT, CLOSURES + "link,A,X,1,2\n", 2, "no route between A and X"),
    "a closure of no such place": (SHUT, CLOSURES + "location,Nowhere,,1,2\n", 2, "unknown place 'Nowhere'"),
    "a closure of no known type": (SHUT, CLOSURES + "border,A,C,1,2\n", 2, "unknown type 'border'"),
    "a closure that ends first": (SHUT, CLOSURES + "link,A,C,5,2\n", 2, "must be after the start, 5"),
    "a redirection removed that is none": (
        SHUT, CLOSURES + "remove_forced_redirection,A,C,5,0\n", 2, "redirects nobody"
    ),
    "conflict in no such place": (MATRIX, "#Day,A,Nowhere\n0,1,1\n", 1, "unknown place 'Nowhere'"),
    "conflict above 1": (MATRIX, EMPTY_MATRIX + "0,1,7\n", 2, "must be from 0 to 1 (got 7)"),
    "one day of conflict twice": (MATRIX, EMPTY_MATRIX + "0,1,1\n0,1,1\n", 3, "day 0 stands there already"),
    "an empty matrix of conflict": (MATRIX, EMPTY_MATRIX, 1, "is empty"),
    "counts on a day that is none": (f"{OUT}x.csv", "2030-01-01,1\n30 Feb,2\n", 2, "is not a date"),
    "a negative count": (f"{OUT}x.csv", "2030-01-01,-1\n", 1, "must be from 0"),
    "an empty file of counts": (f"{OUT}x.csv", "", 1, "is empty"),
    "counts in a file that is not there": (COUNTS, LAYOUT + "A,a.csv\n", 4, "there is no file source_data/a.csv"),
    "two series of one camp": (COUNTS, LAYOUT + "X,x.csv\n", 4, "'X' stands there already"),
    "a recount in no such camp": (AGAIN, "Nowhere,2030-01-02\n", 1, "unknown place 'Nowhere'"),
    "a recount on no date": (AGAIN, "X,soon\n", 1, "is not a date"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_folder_is_one_clear_error_with_file_and_line(what, tmp_path):
    file, text, line, message = BROKEN[what]
    folder = layout(tmp_path / "case", {file: text})
    with pytest.raises(InputError) as raised:
        network_layout.read(folder)
    (found,) = raised.value.findings
    where = str(folder / file) + (f":{line}" if line else "")
    assert found.startswith(where + ":"), found
    assert message in found


def test_a_folder_that_is_none_says_so(tmp_path):
    with pytest.raises(InputError, match="has no folder input_csv"):
        network_layout.read(tmp_path)


def test_what_real_folders_hold_is_read(tmp_path):
    """Comments, blank lines, extra columns, names with spaces, camps without a series, dates before the start, falls."""
    folder = layout(
        tmp_path,
        {
            PLACES: LOCATIONS.replace("#name,", "# made up\n\n#name,").replace("A,north", " A ,north")
            + "\n# no series\nZ,z,East,3,3,idpcamp,,9000,extra,more\nH,h,East,,,forwarding_hub,,\nM,,,,,marker,,\n",
            WAYS: ROUTES + "\nC,H,10\nH,Z,5,1,tarmac\n#A,Y,1\nY,B,70,\nM,A,9,0\nA,A,3\n",
            SHUT: CLOSURES + "\nremove_forced_redirection,H,Z,4,0\ncountry,Home,East,2,0\ncamp,Z,,0,3\n",
            f"{OUT}x.csv": "DateTime,count\n2029-12-01,50\n\n2030-01-03,10\n2030-01-02,400,note\n"
            "#2030-01-04,7\n2030-01-05,\n",
            COUNTS: "#layout\ntotal,total.csv\n\nX,x.csv\nY,y.csv\nElsewhere,gone.csv\n",
        },
    )
    found = network_layout.read(folder)
    kinds = {place.name: place.kind for place in found.places}
    assert kinds == {
        **dict.fromkeys("ABC", "town"),
        **dict.fromkeys("XY", "camp"),
        "Z": "idpcamp",
        "H": "hub",
        "M": "marker",
    }
    assert {place.name: place.capacity for place in found.places}["Z"] == 9000
    assert found.counts["X"] == [
        (dt.date(2029, 12, 1), 50),
        (dt.date(2030, 1, 2), 400),
        (dt.date(2030, 1, 3), 10),
    ]
    assert list(found.counts) == ["X", "Y"]
    ways = {way.ends: way for way in found.ways}
    assert ways["B", "Y"].km == 60, "of two routes between two places the shorter counts"
    assert ways["H", "Z"].forwards == "from" and ways["H", "Z"].forwards_until == dt.date(2030, 1, 5)
    assert ("A", "A") not in ways
    assert [(one.event["close"], one.start, one.until) for one in found.closings] == [
        ("boundary", 2, None),
        ("Z", 0, 2),
    ]
    assert len(found.notes) == 3, "the loop, the second route and the series of no place"
    assert [(one.place, one.start, one.intensity) for one in found.spells] == [("A", 0, 1.0), ("B", 0, 1.0)]


def test_a_matrix_of_conflict_becomes_spells_and_its_last_day_holds_on(tmp_path):
    rows = "#Day,A,B,\n0,0,0.5,\n1,1,0.5,\n2,1,0,\n3,0.2,0,\n"
    found = network_layout.read(layout(tmp_path, {MATRIX: rows}))
    assert [tuple(one) for one in found.spells] == [("A", 1, 2, 1.0), ("A", 3, None, 0.2), ("B", 0, 1, 0.5)]


def test_a_recount_rescales_what_was_counted_before_it(tmp_path):
    """400 before and 200 at the recount: a factor of 1/2 on all earlier counts, so that the series joins there."""
    found = network_layout.read(layout(tmp_path, {AGAIN: "#camp,date,normalize\nX,2030-01-03,1\n"}))
    assert [count for _, count in found.counts["X"]] == [50, 200, 200]


def test_several_files_of_one_camp_are_added_up(tmp_path):
    more = "2030-01-01,10\n2030-01-03,30\n"
    found = network_layout.read(
        layout(tmp_path, {COUNTS: LAYOUT.replace("x.csv", "x.csv,more.csv"), f"{OUT}more.csv": more})
    )
    assert [count for _, count in found.counts["X"]] == [110, 420, 230]


def test_an_area_is_not_written_over_something(tmp_path):
    folder = layout(tmp_path / "case")
    with pytest.raises(InputError, match="is there already and not empty"):
        network_layout.write_area(network_layout.read(folder), folder, "case")


def test_a_conflict_that_begins_after_the_run_is_read(tmp_path):
    found = network_layout.read(
        layout(
            tmp_path, {SPAN: PERIOD, PLACES: LOCATIONS.replace("conflict_zone,0,100", "conflict_zone,50,100")}
        )
    )
    assert [one.start for one in found.spells] == [0, 50]
    assert X.startswith("2030-01-01")
