"""A planner's table of aid in store and on the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from displacement.io import tables
from displacement.io.errors import InputError, finding
from displacement.io.gazetteer import normal
from displacement.io.item_names import Meaning, meanings
from displacement.needs import units
from displacement.needs.item import Item

Value = TypeVar("Value")

OTHER_UNITS: Mapping[str, str] = {
    **dict.fromkeys(map(normal, ("قطعة", "قطع", "عدد", "وحدة")), "piece"),
    **dict.fromkeys(map(normal, ("كغ", "كجم", "كيلو", "كيلوغرام")), "kg"),
    **dict.fromkeys(map(normal, ("طن", "أطنان")), "t"),
    **dict.fromkeys(map(normal, ("لتر", "ليتر")), "litre"),
    **dict.fromkeys(map(normal, ("كرتون", "كرتونة")), "carton"),
}
"""Arabic words for units, by `normal` spelling."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "hub": ("hub", "store", "warehouse", "location", "المستودع"),
    "item": ("item", "item_name", "item name", "description", "commodity", "المادة"),
    "quantity": ("quantity", "qty", "amount", "stock", "balance", "الكمية"),
    "unit": ("unit", "uom", "الوحدة"),
    "date": ("date", "eta", "arrival", "التاريخ"),
}
"""Headers of each column; where the first is not there, only one of the others may be."""

MOST = 1e12
"""Largest quantity that is no slip of the pen. [unit]"""

_PACKAGES = frozenset(("bag", "box", "carton", "pack", "packet", "parcel"))
"""Units that hold several pieces, so that "piece" is not a word for one of them."""

_WEIGHTS = frozenset(("g", "kg", "t"))


class StockRow(NamedTuple):
    """What is in one store, or reaches it on one day, of one item."""

    hub: str
    """Name of the hub, as first written; hubs are compared with `tables.key`."""
    item: str
    """Id of the aid item."""
    quantity: float
    """In the item's unit. [unit]"""
    date: dt.date | None
    """Day it reaches the hub; None: in store when the run starts."""
    source: str
    line: int
    """Row of the file."""


class StockList(NamedTuple):
    """What a table of stock says."""

    rows: tuple[StockRow, ...]
    """In the order of the table."""
    notes: tuple[str, ...]
    """For the planner: rows left out and what they hold, and what was read in another way than it is written."""


NO_STOCK = StockList((), ())
"""Where nothing is said of stock."""


class _Line(NamedTuple):
    """One readable row."""

    stock: StockRow
    """Of a row that is left out, the item is blank and the quantity as written."""
    written: str
    """The item, as written."""
    unit: str
    """The unit, as written."""
    meaning: Meaning
    counted: float
    """The quantity, as written."""


def read(path: Path, items: Sequence[Item], period: tuple[dt.date, dt.date]) -> StockList:
    """Read what is in store and on the way.

    A name that is no aid item for sure is no error: its row is left out, and a note says so.

    Parameters
    ----------
    path : pathlib.Path
        A table with the columns hub, item (id or name) and quantity and, if there, unit (blank: the item's), date
        (blank: in store when the run starts) and source; other headers of each are in `COLUMNS`.
    items : sequence of Item
        The aid items that the run counts.
    period : tuple of datetime.date
        First and last day of the run.

    Returns
    -------
    StockList
        Each row of the table is one of its rows, or left out with a note.

    Raises
    ------
    InputError
        If the table or a row is wrong, all wrong cells at once; or if no row names an aid item.
    """
    rows = tables.read(path, [COLUMNS["hub"], COLUMNS["item"], COLUMNS["quantity"]])
    if not rows:
        return StockList((), (f"{path.name} has no rows below its header: no hub has anything in store",))
    columns = _columns(rows[0])
    meant = meanings((row.get(columns["item"], "").strip() for row in rows), items)
    wrong: list[str] = []
    found = [_line(row, columns, meant, period, wrong) for row in rows]
    lines = _with_hubs_as_first_written(line for line in found if line is not None)
    wrong += _twice(path, columns["item"], lines)
    if meant and not any(meaning.item for meaning in meant.values()):
        wrong.append(_nothing_known(path, columns["item"], meant))
    if wrong:
        raise InputError(*wrong)
    return StockList(tuple(line.stock for line in lines if line.meaning.item), _notes(path, lines))


def _columns(row: tables.Row) -> dict[str, str]:
    """The header of each column that is there; an error if it could be two."""
    found, wrong = {}, []
    for column, names in COLUMNS.items():
        there = [name for name in names if name in row]
        if len(there) > 1 and there[0] != column:
            message = f"columns {' and '.join(there)} could both be the {column}; name one of them '{column}'"
            wrong.append(finding(row.path, message))
        if there:
            found[column] = there[0]
    if wrong:
        raise InputError(*wrong)
    return found


def _line(
    row: tables.Row,
    columns: Mapping[str, str],
    meant: Mapping[str, Meaning],
    period: tuple[dt.date, dt.date],
    wrong: list[str],
) -> _Line | None:
    """What one row says; what is wrong with it is added to the list."""

    def tried(read_cell: Callable[[], Value]) -> tuple[Value] | None:
        try:
            return (read_cell(),)
        except InputError as error:
            wrong.extend(error.findings)
            return None

    hub = tried(lambda: row.text(columns["hub"]))
    name = tried(lambda: row.text(columns["item"]))
    counted = tried(lambda: row.number(columns["quantity"], 0, MOST))
    day = tried(lambda: _day(row, columns, period))
    if name is None or counted is None:
        return None
    meaning, unit = meant[name[0]], row.get(columns.get("unit", ""), "").strip()
    quantity = tried(lambda: _quantity(row, columns, counted[0], unit, meaning.item))
    if hub is None or day is None or quantity is None:
        return None
    source = row.get("source", "").strip()
    stock = StockRow(hub[0], meaning.item.id if meaning.item else "", quantity[0], day[0], source, row.line)
    return _Line(stock, name[0], unit, meaning, counted[0])


def _day(row: tables.Row, columns: Mapping[str, str], period: tuple[dt.date, dt.date]) -> dt.date | None:
    """The day of a row, None if it is blank; an error if it is outside the period."""
    column = columns.get("date", "")
    if not row.get(column, "").strip():
        return None
    day, (first, last) = row.date(column), period
    if day < first:
        advice = "write it without a date if it is in store"
        raise row.wrong(column, f"{day} is before the first day of the run, {first}; {advice}")
    if day > last:
        raise row.wrong(
            column,
            f"{day} is after the last day of the run, {last}; leave the row out, or let the run last longer",
        )
    return day


def _quantity(
    row: tables.Row, columns: Mapping[str, str], counted: float, unit: str, item: Item | None
) -> float:
    """The quantity of a row in the unit of its item; an error if it cannot be. Of no item, as written."""
    if item is None:
        return counted
    try:
        quantity = in_unit_of(item, counted, unit)
    except units.UnitError as error:
        raise row.wrong(columns["unit"], str(error)) from None
    if _is_counted(item) and not _is_weight(unit) and not counted.is_integer():
        # Half a tent is a sign that a thousands separator was read as a decimal mark.
        written = row.text(columns["quantity"])
        message = (
            f"is not a whole number of {item.unit} (got '{written}'); write it without separators, as 1250"
        )
        raise row.wrong(columns["quantity"], message)
    return quantity


def in_unit_of(item: Item, quantity: float, unit: str) -> float:
    """A quantity in the unit of an item.

    Parameters
    ----------
    item : Item
    quantity : float
        [unit]
    unit : str
        As somebody wrote it; blank: the item's. A weight of what is counted in pieces is divided by the gross
        weight of one.

    Returns
    -------
    float
        [item.unit]

    Raises
    ------
    displacement.needs.units.UnitError
        If the unit does not measure what the item's does; the message says what to write.
    """
    given, by_piece = _unit(unit), _is_counted(item) and units.named(item.unit) not in _PACKAGES
    if given and not units.named(given) and not by_piece:
        raise units.UnitError(
            f"'{unit}' says pieces, and {item.id} is measured in {item.unit}; write the quantity in {item.unit}"
        )
    if _is_weight(unit) and _is_counted(item):
        if item.mass_kg is None:
            raise units.UnitError(
                f"the weight of one {item.unit} of {item.id} is not known; write the quantity in {item.unit}"
            )
        return units.converted(quantity, given, "kg") / item.mass_kg
    try:
        return units.converted(quantity, given, item.unit)
    except units.UnitError:
        message = f"{item.id} is measured in {item.unit}, and '{unit}' cannot be made into that"
        raise units.UnitError(f"{message}; write the quantity in {item.unit}") from None


def _is_counted(item: Item) -> bool:
    return not units.is_measure(item.unit)


def _is_weight(unit: str) -> bool:
    return units.named(_unit(unit)) in _WEIGHTS


def _unit(written: str) -> str:
    return OTHER_UNITS.get(normal(written), written)


def _with_hubs_as_first_written(lines: Iterable[_Line]) -> list[_Line]:
    first: dict[str, str] = {}
    return [
        line._replace(
            stock=line.stock._replace(hub=first.setdefault(tables.key(line.stock.hub), line.stock.hub))
        )
        for line in lines
    ]


def _twice(path: Path, column: str, lines: Iterable[_Line]) -> list[str]:
    """What is wrong where two rows give one hub, item and day."""
    seen: dict[tuple[str, str, dt.date | None], int] = {}
    wrong = []
    for stock, written, _, meaning, _ in lines:
        first = (
            seen.setdefault((stock.hub, stock.item, stock.date), stock.line) if meaning.item else stock.line
        )
        if first != stock.line:
            day = f"on {stock.date}" if stock.date else "in store"
            message = (
                f"'{written}': {stock.item} {day} at {stock.hub} stands in row {first} already; add them up"
            )
            wrong.append(finding(path, message, stock.line, at=column))
    return wrong


def _nothing_known(path: Path, column: str, meant: Mapping[str, Meaning]) -> str:
    """That no row names an aid item."""
    listed = "; ".join(f"'{name}'{_near(meaning)}" for name, meaning in list(meant.items())[:5])
    rest = f"; and {len(meant) - 5} more" if len(meant) > 5 else ""
    return finding(
        path, f"no row names an aid item for sure: {listed}{rest}; write the ids of the items", at=column
    )


def _near(meaning: Meaning) -> str:
    return f" (nearest: {', '.join(meaning.nearest)})" if meaning.nearest else " (no id is near)"


def _notes(path: Path, lines: Sequence[_Line]) -> tuple[str, ...]:
    """What the planner has to know of rows that are left out, or not read as they are written."""
    known = [line for line in lines if line.meaning.item]
    read_as: dict[tuple[str, str], list[int]] = {}
    for line in known:
        if not line.meaning.exact:
            read_as.setdefault((line.written, line.stock.item), []).append(line.stock.line)
    return (
        *(_left_out(path, line) for line in lines if not line.meaning.item),
        *(
            f"{path.name}, {_rows(rows)}: '{name}' is read as {item}"
            for (name, item), rows in read_as.items()
        ),
        *(
            _weighed(path, line, line.meaning.item)
            for line in known
            if line.meaning.item and _is_counted(line.meaning.item) and _is_weight(line.unit)
        ),
        *_without_unit(path, [line for line in known if not line.unit]),
    )


def _left_out(path: Path, line: _Line) -> str:
    amount = f"{line.counted:.15g} {line.unit}".strip()
    return (
        f"{path.name}, row {line.stock.line}: '{line.written}' ({amount}) is left out, for it is no aid item for "
        f"sure{_near(line.meaning)}; write the id of the item if it is one"
    )


def _rows(rows: Sequence[int]) -> str:
    """Rows in words.

    >>> _rows([7]), _rows([7, 9, 12])
    ('row 7', 'rows 7, 9 and 12')
    """
    if len(rows) == 1:
        return f"row {rows[0]}"
    return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}"


def _weighed(path: Path, line: _Line, item: Item) -> str:
    return (
        f"{path.name}, row {line.stock.line}: {line.counted:.15g} {line.unit} of {item.id} is read as "
        f"{line.stock.quantity:.6g} {item.unit}, each of {item.mass_kg:g} kg"
    )


def _without_unit(path: Path, lines: Sequence[_Line]) -> list[str]:
    """That rows give no unit, and in what unit they are read."""
    if not lines:
        return []
    used = {line.stock.item: line.meaning.item.unit for line in lines if line.meaning.item}
    listed = ", ".join(f"{item} in {unit}" for item, unit in used.items())
    verb = "row gives no unit and is" if len(lines) == 1 else "rows give no unit and are"
    return [f"{path.name}: {len(lines)} {verb} read in the unit of their item: {listed}"]
