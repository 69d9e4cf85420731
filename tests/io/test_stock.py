"""Stock: no row is lost, quantities stand in the unit of their item, and all that is wrong is said at once."""

import csv
import datetime as dt
import re
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import HOUSEHOLD_ITEM

import displacement as dp
from displacement.io import stock
from displacement.needs.item import Item

ITEMS = [
    Item(id="tent", name="Family tent, 16 m2", unit="tent", mass_kg=50, **HOUSEHOLD_ITEM),
    Item(id="blanket", name="Blanket, medium thermal", unit="blanket", mass_kg=2, **HOUSEHOLD_ITEM),
    Item(id="heater", name="Heater", unit="heater", **HOUSEHOLD_ITEM),
    Item(id="soap", name="Soap", unit="kg", mass_kg=1.05, **HOUSEHOLD_ITEM),
    Item(id="heating_fuel", name="Heating fuel", unit="litre", mass_kg=0.84, **HOUSEHOLD_ITEM),
    Item(id="therapeutic_food", name="Therapeutic food", unit="carton", mass_kg=15, **HOUSEHOLD_ITEM),
]
FIRST, LAST = dt.date(2030, 1, 1), dt.date(2030, 1, 30)
HEADER = "hub,item,quantity,unit,date,source"


def table(folder, *rows, header=HEADER):
    path = folder / "stock.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def read(folder, *rows, header=HEADER):
    return stock.read(table(folder, *rows, header=header), ITEMS, (FIRST, LAST))


def findings(folder, *rows, header=HEADER):
    with pytest.raises(dp.InputError) as caught:
        read(folder, *rows, header=header)
    return [found.split("stock.csv")[1] for found in caught.value.findings]


def test_a_row_is_read_with_where_it_stands(tmp_path):
    found = read(tmp_path, "North store,tent,400,tent,2030-01-05, by telephone ", "North store,soap,2,t,,")
    assert found.rows == (
        stock.StockRow("North store", "tent", 400.0, dt.date(2030, 1, 5), "by telephone", 2),
        stock.StockRow("North store", "soap", 2000.0, None, "", 3),
    )
    assert found.notes == ()


@pytest.mark.parametrize(
    "header",
    [
        "Store,Item_name,Qty,UoM,ETA",
        "warehouse,description,stock,unit,arrival",
        "Location,Commodity,Balance,uom,date",
        "المستودع,المادة,الكمية,الوحدة,التاريخ",
        "hub,item,amount,unit,date",
    ],
)
def test_columns_are_known_by_other_headers(tmp_path, header):
    (row,) = read(tmp_path, "North,tent,5,tents,2030-01-05", header=header).rows
    assert row == stock.StockRow("North", "tent", 5, dt.date(2030, 1, 5), "", 2)


def test_hub_item_and_quantity_are_all_that_is_needed(tmp_path):
    assert len(read(tmp_path, "North,tent,5", header="hub,item,quantity").rows) == 1
    (found,) = findings(tmp_path, "North,tent", header="hub,item")
    assert "none of the columns quantity, qty, amount, stock, balance, " in found


def test_of_two_columns_that_could_be_one_the_planner_names_one(tmp_path):
    assert findings(tmp_path, "North,tent,5,6", header="hub,item,stock,balance") == [
        ": columns stock and balance could both be the quantity; name one of them 'quantity'"
    ]
    (row,) = read(tmp_path, "North,tent,5,6", header="hub,item,quantity,balance").rows
    assert row.quantity == 5


def test_hubs_are_one_however_they_are_spelt_and_bear_the_first_name(tmp_path):
    rows = read(
        tmp_path, "North Store,tent,5,tent,,", "NORTH  store ,soap,5,kg,,", "South,tent,1,tent,,"
    ).rows
    assert [row.hub for row in rows] == ["North Store", "North Store", "South"]


def test_a_name_that_is_not_exact_is_noted_once_with_its_rows(tmp_path):
    found = read(
        tmp_path,
        *("North,Family tents,5,tent,,", "South,Family tents,6,tent,,", "West,RUTF,1,carton,,"),
        *("West,tents,1,tent,,", "East,Family tents 16m2,1,tent,,"),
    )
    assert [row.item for row in found.rows] == ["tent", "tent", "therapeutic_food", "tent", "tent"]
    assert found.notes == (
        "stock.csv, rows 2 and 3: 'Family tents' is read as tent",
        "stock.csv, row 4: 'RUTF' is read as therapeutic_food",
        "stock.csv, row 6: 'Family tents 16m2' is read as tent",
    )


def test_a_name_that_is_not_known_is_left_out_with_row_name_quantity_and_the_nearest_ids(tmp_path):
    found = read(tmp_path, "North,tent repair kit,20,kit,,", "North,tent,5,tent,,", "North,Zinc,1.5,,,")
    assert [row.line for row in found.rows] == [3]
    assert found.notes == (
        "stock.csv, row 2: 'tent repair kit' (20 kit) is left out, for it is no aid item for sure (nearest: tent); "
        "write the id of the item if it is one",
        "stock.csv, row 4: 'Zinc' (1.5) is left out, for it is no aid item for sure (no id is near); "
        "write the id of the item if it is one",
    )


def test_a_table_in_which_no_name_is_known_is_one_error_with_the_nearest_ids(tmp_path):
    assert findings(tmp_path, "North,tent repair kit,20,kit,,", "North,Zinc,1,,,", "South,Zinc,1,,,") == [
        ": item: no row names an aid item for sure: 'tent repair kit' (nearest: tent); 'Zinc' (no id is near); "
        "write the ids of the items"
    ]


def test_a_table_without_rows_has_nothing_in_store_and_says_so(tmp_path):
    found = read(tmp_path)
    assert found.rows == ()
    assert found.notes == ("stock.csv has no rows below its header: no hub has anything in store",)


@pytest.mark.parametrize(
    ("item", "written", "unit", "quantity"),
    [
        ("soap", "2", "MT", 2000),
        ("soap", "2", "طن", 2000),
        ("soap", "500", "g", 0.5),
        ("soap", "2.5", "", 2.5),
        ("heating_fuel", "3", "m3", 3000),
        ("tent", "40", "Tents", 40),
        ("tent", "40", "pcs", 40),
        ("tent", "40", "قطعة", 40),
        ("tent", "0", "tent", 0),
        ("tent", "١٢٠", "tent", 120),
        ("blanket", "1", "t", 500),
        ("blanket", "7", "kg", 3.5),
        ("therapeutic_food", "8", "cartons", 8),
    ],
)
def test_a_quantity_is_read_in_the_unit_of_its_item(tmp_path, item, written, unit, quantity):
    (row,) = read(tmp_path, f"North,{item},{written},{unit},,").rows
    assert row.quantity == pytest.approx(quantity, rel=1e-12)


def test_a_weight_of_what_is_counted_is_divided_by_the_weight_of_one_and_noted(tmp_path):
    assert read(tmp_path, "North,blanket,1.5,t,,").notes == (
        "stock.csv, row 2: 1.5 t of blanket is read as 750 blanket, each of 2 kg",
    )


def test_rows_without_a_unit_are_noted_once(tmp_path):
    rows = ["North,tent,5,,,", "South,tent,5,,,", "South,soap,5,,,", "West,soap,5,kg,,"]
    assert read(tmp_path, *rows).notes == (
        "stock.csv: 3 rows give no unit and are read in the unit of their item: tent in tent, soap in kg",
    )
    assert read(tmp_path, *rows[2:]).notes == (
        "stock.csv: 1 row gives no unit and is read in the unit of their item: soap in kg",
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "North,soap,5,litre,,",
            ":2: unit: soap is measured in kg, and 'litre' cannot be made into that; write the quantity in kg",
        ),
        (
            "North,soap,5,bag,,",
            ":2: unit: soap is measured in kg, and 'bag' cannot be made into that; write the quantity in kg",
        ),
        (
            "North,soap,5,pcs,,",
            ":2: unit: 'pcs' says pieces, and soap is measured in kg; write the quantity in kg",
        ),
        (
            "North,therapeutic_food,150,pcs,,",
            ":2: unit: 'pcs' says pieces, and therapeutic_food is measured in carton; write the quantity in carton",
        ),
        (
            "North,tent,5,crate,,",
            ":2: unit: tent is measured in tent, and 'crate' cannot be made into that; write the quantity in tent",
        ),
        (
            "North,heater,5,kg,,",
            ":2: unit: the weight of one heater of heater is not known; write the quantity in heater",
        ),
        (
            "North,heating_fuel,5,kg,,",
            ":2: unit: heating_fuel is measured in litre, and 'kg' cannot be made into that; "
            "write the quantity in litre",
        ),
        ("North,tent,-5,tent,,", ":2: quantity: must be from 0 to 1e+12 (got -5)"),
        ("North,tent,1e300,tent,,", ":2: quantity: must be from 0 to 1e+12 (got 1e300)"),
        ("North,tent,,tent,,", ":2: quantity: is blank; every row needs it"),
        ("North,tent,many,tent,,", ":2: quantity: is not a number (got 'many'); write digits such as 1250.5"),
        (
            "North,tent,1.250,tent,,",
            ":2: quantity: is not a whole number of tent (got '1.250'); write it without separators, as 1250",
        ),
        (",tent,5,tent,,", ":2: hub: is blank; every row needs it"),
        ("North,,5,tent,,", ":2: item: is blank; every row needs it"),
        (
            "North,tent,5,tent,soon,",
            ":2: date: is not a date (got 'soon'); write it as 2024-11-27",
        ),
        (
            "North,tent,5,tent,2029-12-31,",
            ":2: date: 2029-12-31 is before the first day of the run, 2030-01-01; "
            "write it without a date if it is in store",
        ),
        (
            "North,tent,5,tent,2030-01-31,",
            ":2: date: 2030-01-31 is after the last day of the run, 2030-01-30; "
            "leave the row out, or let the run last longer",
        ),
    ],
)
def test_a_wrong_row_is_named_by_file_row_and_column(tmp_path, row, message):
    assert findings(tmp_path, row) == [message]


@pytest.mark.parametrize("day", [FIRST, LAST])
def test_the_first_and_the_last_day_are_within_the_period(tmp_path, day):
    assert read(tmp_path, f"North,tent,5,tent,{day},").rows[0].date == day


def test_one_hub_item_and_day_may_stand_only_once(tmp_path):
    rows = ["North,tent,5,tent,,", "north,Family tents,6,tent,,", "South,tent,6,tent,2030-01-05,"]
    assert findings(tmp_path, *rows, rows[2]) == [
        ":3: item: 'Family tents': tent in store at North stands in row 2 already; add them up",
        ":5: item: 'tent': tent on 2030-01-05 at South stands in row 4 already; add them up",
    ]
    assert len(read(tmp_path, rows[0], rows[2], "North,tent,5,tent,2030-01-05,").rows) == 3


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    rows = [
        ",tent,-1,kg,soon,",
        "North,tent,5,tent,,",
        "North,tent,5,crate,,",
        "North,tent,5,,,",
        "North,Zinc,,,,",
    ]
    assert [found.split(": ")[:2] for found in findings(tmp_path, *rows)] == [
        [":2", "hub"], [":2", "quantity"], [":2", "date"], [":4", "unit"], [":6", "quantity"], [":5", "item"],
    ]  # fmt: skip


def test_a_workbook_says_the_same_as_its_csv(tmp_path):
    text = read(tmp_path, "North,خيمة,1250,tent,2030-01-05,a", "North,soap,0.5,t,,")
    with xlsxwriter.Workbook(tmp_path / "stock.xlsx", {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write_row(1, 0, ["North", "خيمة", 1250, "tent", dt.date(2030, 1, 5), "a"])
        sheet.write_row(2, 0, ["North", "soap", 0.5, "t"])
    found = stock.read(tmp_path / "stock.xlsx", ITEMS, (FIRST, LAST))
    assert found.rows == text.rows
    assert found.notes == ("stock.xlsx, row 2: 'خيمة' is read as tent",)


IN_ITEM = {
    ("tent", "tent"): 1, ("tent", "pcs"): 1, ("tent", ""): 1, ("tent", "kg"): 1 / 50, ("tent", "t"): 20,
    ("soap", "kg"): 1, ("soap", ""): 1, ("soap", "t"): 1000,
}  # fmt: skip
"""What one unit as written is in the unit of the item; others cannot be."""
NAMES = {
    "tent": "tent",
    "Family tents": "tent",
    "خيمة": "tent",
    "soap": "soap",
    "tent repair kit": "",
    "Zinc": "",
}
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["North", "north ", "South", ""]),
        st.sampled_from([*NAMES, "soap"]),
        st.sampled_from(["0", "3", "40", "1200", "-1", "", "x"]),
        st.sampled_from(["tent", "pcs", "", "kg", "t", "crate"]),
        st.sampled_from(["", "2030-01-05", "2030-01-06", "2031-01-01", "soon"]),
    ),
    min_size=1,
    max_size=8,
)


def outcome(rows):
    """What is read of rows, or the lines that its errors name."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stock.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows([HEADER.split(","), *((*row, "") for row in rows)])
        try:
            return stock.read(path, ITEMS, (FIRST, LAST)), set()
        except dp.InputError as error:
            lines = [re.search(r"stock\.csv:(\d+): ", found) for found in error.findings]
            return None, {int(line[1]) for line in lines if line}


def is_wrong(row):
    """Whether a row is wrong by itself, told a second way."""
    hub, name, quantity, unit, day = row
    fits = not NAMES[name] or (NAMES[name], unit) in IN_ITEM
    return not hub or not quantity.isdigit() or not fits or day in ("2031-01-01", "soon")


def again(rows):
    """Positions of good rows whose hub, item and day a good row before them has."""
    seen, found = set(), set()
    for at, row in enumerate(rows):
        same = (row[0].strip().casefold(), NAMES[row[1]], row[4])
        if NAMES[row[1]] and not is_wrong(row):
            found |= {at} & ({at} if same in seen else set())
            seen.add(same)
    return found


@settings(deadline=None)
@given(ROWS)
def test_each_row_is_read_or_left_out_with_a_note_or_wrong(rows):
    wrong = {at + 2 for at, row in enumerate(rows) if is_wrong(row)} | {at + 2 for at in again(rows)}
    found, named = outcome(rows)
    assert named == wrong
    if found is None:
        assert wrong or not any(NAMES[row[1]] for row in rows)
        return
    left_out = [re.search(r"row (\d+): .* is left out", note) for note in found.notes]
    lines = [row.line for row in found.rows] + [int(note[1]) for note in left_out if note]
    assert sorted(lines) == [at + 2 for at in range(len(rows))]


@settings(deadline=None)
@given(ROWS)
def test_quantities_of_an_item_add_up_to_those_of_its_rows(rows):
    _, wrong = outcome(rows)
    good = [row for at, row in enumerate(rows) if at + 2 not in wrong]
    expected = Counter()
    for _, name, quantity, unit, _ in good:
        if NAMES[name]:
            expected[NAMES[name]] += int(quantity) * IN_ITEM[NAMES[name], unit]
    found, _ = outcome(good) if expected else (None, None)
    read_in = Counter()
    for row in found.rows if found else ():
        read_in[row.item] += row.quantity
    assert read_in == pytest.approx(expected)
