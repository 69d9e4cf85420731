"""The sheet of stock: what is in store and on the way, to be changed and added to."""

from __future__ import annotations

from displacement.report.books.layout import (
    EMPTY_STOCK_ROWS,
    STOCK,
    STOCK_COLUMNS,
    STOCK_TOP,
    Layout,
)
from displacement.report.books.paper import HEAD, Paper

__all__ = ["write_stock"]


def write_stock(paper: Paper, layout: Layout) -> None:
    """Write the sheet."""
    how = (
        f"In store on {layout.first_day} (its date), or reaching the hub in the morning of a later day. Change a "
        "quantity, or "
        "add lines in the yellow rows below: hub, id of the item, date, quantity in the item's unit. 0: none."
    )
    if not layout.showing.exact:
        how += " All hubs together, rounded."
    sheet = paper.sheet(STOCK, how, [22, 28, 40, 12, 12, 14, 14, 10], (STOCK_TOP, 2))
    paper.texts(sheet, HEAD, 0, STOCK_COLUMNS, "head")
    for at, load in enumerate(layout.loads):
        row, item = STOCK_TOP + at, layout.items[load.item]
        paper.texts(sheet, row, 0, [load.hub, item.id, item.name, item.unit])
        paper.date(sheet, row, 4, layout.day(load.day))
        paper.figure(sheet, row, 5, load.quantity, "input_number")
        paper.figure(sheet, row, 6, load.quantity, "was_number")
    first = STOCK_TOP + len(layout.loads)
    for row in range(first, first + EMPTY_STOCK_ROWS):
        for at, look in enumerate(("input", "input", "input", "input", "input_date", "input_number")):
            sheet.write_blank(row, at, None, paper.formats[look])
    codes = ",".join(layout.items[at].id for at in layout.carried)
    if codes and len(codes) <= 255:
        sheet.data_validation(
            first, 1, first + EMPTY_STOCK_ROWS - 1, 1, {"validate": "list", "source": codes.split(",")}
        )
    sheet.autofilter(HEAD, 0, first - 1, len(STOCK_COLUMNS) - 1)
