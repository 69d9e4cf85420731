"""Every way to be wrong, through the command line: one clear finding, exit code 1, nothing written."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support import write_raster

from displacement import cli

AREA = Path(__file__).parent / "toy" / "area"
HEAD = """title: A question
area: area
period: {start: 2030-01-01, days: 10}
grid: {cell_km: 5}
movement: {area: {zone_reach: 30, control_reach: 30}}
"""
"""Five lines: what a case adds begins in line 6."""

Edit = Callable[[Path], object]


def put(name: str, content: str | bytes) -> Edit:
    """Write a file."""

    def edit(folder: Path) -> None:
        whole = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(whole)

    return edit


def ask(text: str) -> Edit:
    """Write a scenario with these lines below the first five."""
    return put("q.yaml", HEAD + text)


def event(text: str) -> Edit:
    """Write a scenario with one event, in line 7."""
    return ask(f"events:\n  - {{{text}}}\n")


def head(old: str, new: str) -> Edit:
    """Write a scenario with other first lines."""
    assert old in HEAD
    return put("q.yaml", HEAD.replace(old, new, 1))


def swap(name: str, old: str, new: str) -> Edit:
    """Replace the first such text in a file."""

    def edit(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text, f"{name} has no {old}"
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def also(name: str, line: str | bytes) -> Edit:
    """Add a line to a file."""
    whole = line.encode() if isinstance(line, str) else line
    return lambda folder: put(name, (folder / name).read_bytes() + whole + b"\n")(folder)


def all_of(*edits: Edit) -> Edit:
    """One edit after the other."""
    return lambda folder: [edit(folder) for edit in edits]


def area(name: str, old: str, new: str) -> Edit:
    """Ask a plain question of an area in which a file is wrong."""
    return all_of(ask(""), swap(f"area/{name}", old, new))


def table(key: str, content: str | bytes, name: str = "t.csv") -> Edit:
    """Write a table and a scenario that names it; `{}` in the key stands for its name."""
    return all_of(put(name, content), ask(key.format(name) + "\n"))


def gone(name: str) -> Edit:
    return all_of(ask(""), lambda folder: (folder / name).unlink())


def folder_for(name: str) -> Edit:
    return all_of(gone(name), lambda folder: (folder / name).mkdir())


def raster(values: np.ndarray, west: float = 38.7, north: float = 36.4, **more: object) -> Edit:
    """A question with a raster of people."""

    def written(folder: Path) -> None:
        write_raster(folder / "people.tif", values, west, north, 0.05, **more)

    return all_of(ask("population: {raster: people.tif}\n"), written)


def polygon(points: str, properties: str = "{}") -> str:
    """A map of one polygon."""
    shape = f'{{"type": "Polygon", "coordinates": [[{points}]]}}'
    feature = f'{{"type": "Feature", "properties": {properties}, "geometry": {shape}}}'
    return f'{{"type": "FeatureCollection", "features": [{feature}]}}'


def drawn(content: str) -> Edit:
    """A question with a map of control."""
    asked = event("control: beta, area: map.geojson, date: 2030-01-02")
    return all_of(asked, put("map.geojson", content))


def outlined(content: str) -> Edit:
    """A question with polygons of the zones."""
    return all_of(ask("population: {polygons: z.geojson}\n"), put("z.geojson", content))


def workbook(cut: float) -> bytes:
    """The first part of an XLSX file."""
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        book.add_worksheet().write_row(0, 0, ["date", "zone", "measure", "people"])
    return content.getvalue()[: int(cut * len(content.getvalue()))]


def other_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("letter.txt", "not a workbook")
    return content.getvalue()


CROSSED = "[38.8, 36.05], [39.2, 36.35], [39.2, 36.05], [38.8, 36.35], [38.8, 36.05]"
SQUARE = "[38.8, 36.05], [39.2, 36.05], [39.2, 36.35], [38.8, 36.35], [38.8, 36.05]"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]\n" for at in range(1, 10)
)
EVENTS = "events:\n  - {id: a, strikes: 1, at: P1, date: 2030-01-02}\n"
STRIKES = ask("events:\n  - {strikes: strikes.csv}\n")
CONTROL = ask("events:\n  - {control: control.csv}\n")
REPORT = "date,zone,measure,people\n"
AT_ODDS = """events:
  - {control: beta, places: [P1], date: 2030-01-02}
  - {control: alpha, places: [Ambre], date: 2030-01-02}
"""
CONTROLLERS = """controllers:
  alpha: {label: Alpha, side: one}
  beta: {label: Beta, side: two}
  gamma: {label: Gamma, side: one}
"""
CHANGE = "P3,Cedar town,36.1221,38.91658,Z3,1,2030-01-06,alpha,invented"
NO_START = "pcode,name,lat,lon,zone,seq,date,controller\n" + CHANGE.replace(",invented", "\n")
SITE = "S1,Amber camp,P1,Z1,36.30249,38.91658,1000,unknown,invented"

SCENARIOS: dict[str, tuple[Edit, str]] = {
    "an unknown key": (ask("titel2: x\n"), "q.yaml:6:1: titel2: unknown key; did you mean 'title'?"),
    "an unknown key of an event": (
        event("control: beta, places: [P1], date: 2030-01-02, dat: 2"),
        "q.yaml:7:53: events[0].dat: unknown key; did you mean 'date'?",
    ),
    "a duplicate key": (
        ask("title: again\n"),
        'q.yaml:6:1: found duplicate key "title" with value "again" (original value: "A question"); ...',
    ),
    "a wrong type": (
        head("cell_km: 5", "cell_km: wide"),
        "q.yaml:4:8: grid.cell_km: must be a number; write digits such as 12.5 (got 'wide')",
    ),
    "a value out of range": (
        head("cell_km: 5", "cell_km: -1"),
        "q.yaml:4:8: grid.cell_km: input should be greater than 0 (got -1)",
    ),
    "travel over finer cells than people live on": (
        head("cell_km: 5", "cell_km: 5, travel_cell_km: 1"),
        "q.yaml:4:1: grid: travel_cell_km must not be below cell_km, 5 (got 1); write a smaller cell_km too, or leave "
        "travel_cell_km out",
    ),
    "a value that is not finite": (
        head("zone_reach: 30", "zone_reach: .nan"),
        "q.yaml:5:19: movement.area.zone_reach: input should be a finite number (got nan)",
    ),
    "an endless number": (
        event("strikes: 1e400, at: P1, date: 2030-01-03"),
        "q.yaml:7:6: events[0].strikes: input should be a finite number (got inf)",
    ),
    "a wrong unit": (
        ask("needs: {items: [{id: water_domestic, quantity: 15 furlongs}]}\n"),
        "q.yaml:6:17: needs.items[0]: water_domestic.quantity: the line is in litre, and furlongs cannot ...",
    ),
    "litres a week where the line is by day": (
        ask("needs: {items: [{id: water_domestic, quantity: 15 l/week}]}\n"),
        "q.yaml:6:17: needs.items[0]: water_domestic.quantity: the line is in litre for 1 day (got '15 l/week'); that "
        "would be 2.14 litre; write it so if that is meant",
    ),
    "a weight where the line is in litres": (
        ask("needs: {items: [{id: water_domestic, quantity: 15 kg}]}\n"),
        "q.yaml:6:17: needs.items[0]: water_domestic.quantity: the line is in litre, and kg cannot be made ...",
    ),
    "a quantity outside the range of its line": (
        ask("needs: {items: [{id: water_domestic, quantity: 105}]}\n"),
        "q.yaml:6:17: needs.items[0]: water_domestic: quantity 105 is above the line's high of 20 litre; ...",
    ),
    "a profile that is not there": (
        ask("needs: {profile: wintr}\n"),
        "q.yaml:6:9: needs.profile: unknown profile 'wintr'; did you mean 'winter'?",
    ),
    "an item to include that is not there": (
        ask("needs: {include: [laundry]}\n"),
        "q.yaml:6:9: needs.include: include: laundry: no such item; did you mean 'laundry_facility'?",
    ),
    "lines for a zone that does not exist": (
        ask("needs: {sites: [{zones: [Ambr], items: [{id: water_domestic, quantity: 20}]}]}\n"),
        "q.yaml:6:26: needs.sites[0].zones[0]: unknown zone 'Ambr'; did you mean Amber (Z1)?",
    ),
    "a field that cannot differ by zone": (
        ask("needs: {sites: [{zones: [Z1], items: [{id: water_domestic, unit: m3}]}]}\n"),
        "q.yaml:6:17: needs.sites[0]: water_domestic.unit: cannot differ by zone; these can: "
        "quantity, low, high, share, where, source, status",
    ),
    "an unknown item in store": (
        ask("supply: {hubs: {North: {stock: {tnt: 5}}}}\n"),
        "q.yaml:6:33: supply.hubs.North.stock.tnt: unknown item 'tnt'; did you mean 'tent'?",
    ),
    "negative stock": (
        ask("supply: {hubs: {North: {stock: {tent: -5}}}}\n"),
        "q.yaml:6:33: supply.hubs.North.stock.tent: tent: must not be below 0 (got -5.0)",
    ),
    "stock in a unit of another dimension": (
        ask("supply: {hubs: {North: {stock: {full_ration: 5 m3}}}}\n"),
        "q.yaml:6:33: supply.hubs.North.stock.full_ration: full_ration: full_ration is measured in kg, and 'm3' ...",
    ),
    "stock in a unit by month": (
        ask("supply: {hubs: {North: {stock: {full_ration: 5 t/month}}}}\n"),
        "q.yaml:6:33: supply.hubs.North.stock.full_ration: full_ration: '5 t/month' is an amount a day or ...",
    ),
    "a pipeline date outside the period": (
        ask("supply: {hubs: {North: {pipeline: [{date: 2030-02-01, item: tent, quantity: 5}]}}}\n"),
        "q.yaml:6:37: supply.hubs.North.pipeline[0].date: 2030-02-01 is outside the period (2030-01-01 to ...",
    ),
    "a route to a zone that does not exist": (
        ask("supply: {routes: {R1: {to: [Ambr]}}}\n"),
        "q.yaml:6:24: supply.routes.R1.to: unknown administrative unit or place 'Ambr'; did you mean ...",
    ),
    "a route from a hub that is not there": (
        ask("supply: {hubs: {North: {}}, routes: {R1: {hubs: [Nrth]}}}\n"),
        "q.yaml:6:50: supply.routes.R1.hubs[0]: unknown hub 'Nrth'; did you mean 'North'?",
    ),
    "a hub at a place that is not there": (
        ask("supply: {hubs: {North: {at: Ambre City}}}\n"),
        "q.yaml:6:25: supply.hubs.North.at: unknown place or crossing 'Ambre City'; did you mean ...",
    ),
    "trucks below zero": (
        ask("supply: {routes: {R1: {trucks_per_day: -1}}}\n"),
        "q.yaml:6:24: supply.routes.R1.trucks_per_day: input should be greater than or equal to 0 (got -1)",
    ),
    "a table of stock that is not there": (
        ask("supply: {stock: stck.csv}\n"),
        "q.yaml:6:10: supply.stock: there is no file 'stck.csv' beside the scenario or in the area folder; ...",
    ),
    "negative stock in a table": (
        table("supply: {{stock: {}}}", "hub,item,quantity\nNorth,tent,-4\n"),
        "t.csv:2: quantity: must be from 0 to 1e+12 (got -4)",
    ),
    "a table of stock with a pipeline date outside the period": (
        table("supply: {{stock: {}}}", "hub,item,quantity,date\nNorth,tent,4,2030-03-01\n"),
        "t.csv:2: date: 2030-03-01 is after the last day of the run, 2030-01-10; leave the row out, or let ...",
    ),
    "a table of stock in a unit of another dimension": (
        table("supply: {{stock: {}}}", "hub,item,quantity,unit\nNorth,full_ration,4,litre\n"),
        "t.csv:2: unit: full_ration is measured in kg, and 'litre' cannot be made into that; write the quantity ...",
    ),
    "a table of stock with nothing that is an aid item": (
        table("supply: {{stock: {}}}", "hub,item,quantity\nNorth,piano,4\n"),
        "t.csv: item: no row names an aid item for sure: 'piano' (no id is near); write the ids of the items",
    ),
    "the same stock twice": (
        table("supply: {{stock: {}}}", "hub,item,quantity\nNorth,tent,4\nnorth,tent,5\n"),
        "t.csv:3: item: 'tent': tent in store at North stands in row 2 already; add them up",
    ),
    "another unit than the item's": (
        ask("needs: {items: [{id: water_domestic, unit: barrel}]}\n"),
        "q.yaml:6:17: needs.items[0]: water_domestic.unit: the line is in litre (got 'barrel'); ...",
    ),
    "a quantity below zero": (
        ask("needs: {items: [{id: water_domestic, quantity: -3}]}\n"),
        "q.yaml:6:17: needs.items[0]: water_domestic.quantity: should be greater than 0 (got -3); ...",
    ),
    "an aid item without an id": (
        ask("needs: {items: [{quantity: 3}]}\n"),
        "q.yaml:6:9: needs.items: items, line 1: a line is a mapping with an id (got {'quantity': 3})",
    ),
    "dropping an aid item that is not there": (
        ask("needs: {drop: [watr]}\n"),
        "q.yaml:6:9: needs.drop: drop: watr: no such item; known: water_domestic, water_container, ...",
    ),
    "a month that is none": (
        ask("winter_months: [13]\n"),
        "q.yaml:6:17: winter_months[0]: input should be less than or equal to 12 (got 13)",
    ),
    "cells too small for the box": (
        head("cell_km: 5", "cell_km: 0.00001"),
        "area/area.yaml:4:1: box: takes 15,252,400,218,130 cells of 1e-05 km, more than 100,000,000; ...",
    ),
    "a period of no days": (
        head("days: 10", "days: 0"),
        "q.yaml:3:29: period.days: input should be greater than or equal to 1 (got 0)",
    ),
    "a period of 10,000 days": (
        head("days: 10", "days: 10000"),
        "q.yaml:3:29: period.days: input should be less than or equal to 1830 (got 10000)",
    ),
    "a period at the end of time": (
        head("2030-01-01", "9999-12-30"),
        "q.yaml:3:10: period.start: input should be less than or equal to 2199-12-31 (got '9999-12-30')",
    ),
    "steps that make no day": (
        head("days: 10", "days: 10, step_days: 0.3"),
        "q.yaml:3:39: period.step_days: a whole number of steps must make half a day; write ...",
    ),
    "a date far outside the period": (
        event("strikes: 1, at: P1, date: 2003-01-05"),
        "q.yaml:7:26: events[0].date: 2003-01-05 is far outside the period (2030-01-01 to ...",
    ),
    "an until far outside the period": (
        event("strikes: 1, at: P1, date: 2030-01-05, until: 9999-12-31"),
        "q.yaml:7:44: events[0].until: 9999-12-31 is far outside the period (2030-01-01 to ...",
    ),
    "until before date": (
        event("strikes: 1, at: P1, date: 2030-01-05, until: 2030-01-02"),
        "q.yaml:7:5: events[0]: 'until' (2030-01-02) is before 'date' (2030-01-05); give the later ...",
    ),
    "a date that is none": (
        event("strikes: 1, at: P1, date: 2030-02-30"),
        "q.yaml:7:26: events[0].date: is not a date; write it as 2024-11-27 (got '2030-02-30')",
    ),
    "a date that is a word": (
        event("strikes: 1, at: P1, date: soon"),
        "q.yaml:7:26: events[0].date: is not a date; write it as 2024-11-27 (got 'soon')",
    ),
    "an unknown place": (
        event("strikes: 1, at: Amber twn, date: 2030-01-02"),
        "q.yaml:7:18: events[0].at: unknown place 'Amber twn'; did you mean Amber town (P1, zone Z1)?",
    ),
    "an ambiguous place": (
        event("strikes: 1, at: Old Mill, date: 2030-01-02"),
        "q.yaml:7:18: events[0].at: 'Old Mill' is the name of 2 places: Old Mill (P5, zone Z1); Old ...",
    ),
    "a zone for a place": (
        event("control: beta, places: [Z1], date: 2030-01-02"),
        "q.yaml:7:30: events[0].places[0]: 'Z1' is the zone Amber; write a place",
    ),
    "a blank place": (
        event("strikes: 1, at: '', date: 2030-01-02"),
        "q.yaml:7:18: events[0].at: unknown place ''",
    ),
    "a number for a place": (
        event("strikes: 1, at: 5, date: 2030-01-02"),
        "q.yaml:7:18: events[0].at: must be one name or text (got 5)",
    ),
    "a place for a list of places": (
        event("control: beta, places: P1, date: 2030-01-02"),
        "q.yaml:7:21: events[0].places: must be a list; write it in brackets: [one, other] (got 'P1')",
    ),
    "no place": (
        event("control: beta, places: [], date: 2030-01-02"),
        "q.yaml:7:21: events[0].places: needs at least one entry",
    ),
    "an unknown road": (
        event("close: M99, date: 2030-01-02"),
        "q.yaml:7:6: events[0].close: unknown road or crossing 'M99'",
    ),
    "an unknown unit": (
        event("strikes_times: 2, in: [Atlantis], date: 2030-01-02"),
        "q.yaml:7:29: events[0].in[0]: unknown administrative unit or place 'Atlantis'; write a name ...",
    ),
    "an unknown controller": (
        event("control: betta, places: [P1], date: 2030-01-02"),
        "q.yaml:7:6: events[0].control: unknown controller 'betta'; did you mean 'beta'?",
    ),
    "an unknown controller on a boundary": (
        event("close: boundary, between: [beta, zeta], date: 2030-01-02"),
        "q.yaml:7:39: events[0].between[1]: unknown controller 'zeta'; did you mean 'beta'?",
    ),
    "a boundary of one side": (
        event("close: boundary, between: [beta, beta], date: 2030-01-02"),
        "q.yaml:7:5: events[0]: 'between' names 'beta' twice; write two",
    ),
    "a boundary without sides": (
        event("close: boundary, date: 2030-01-02"),
        "q.yaml:7:5: events[0]: a boundary needs 'between' with two controllers",
    ),
    "a closed stretch off the road": (
        event("close: R1, between: [P3, P4], date: 2030-01-02"),
        "q.yaml:7:17: events[0].between: Cedar town (P3) lies 15 km from R1, further than 10 km; ...",
    ),
    "a closed stretch of no length": (
        event("close: R1, between: [P1, P1], date: 2030-01-02"),
        "q.yaml:7:5: events[0]: 'between' names 'P1' twice; write two",
    ),
    "a front of no length": (
        event("control: beta, along: R1, between: [P1, P1], date: 2030-01-02"),
        "q.yaml:7:32: events[0].between: both places lie beside the same point of R1; name two ...",
    ),
    "no verb": (
        event("contrl: beta, places: [P1], date: 2030-01-02"),
        "q.yaml:7:5: events[0]: an event needs one verb: control, strikes, strikes_times, pressure, ...",
    ),
    "two verbs": (
        event("strikes: 1, at: P1, control: beta, date: 2030-01-02"),
        "q.yaml:7:5: events[0]: an event needs one verb (got strikes and control); write an event ...",
    ),
    "an event that is no mapping": (
        ask("events: [beta]\n"),
        "q.yaml:6:10: events[0]: an event needs one verb: control, strikes, strikes_times, pressure, ...",
    ),
    "events that are no list": (
        ask("events: {control: beta}\n"),
        "q.yaml:6:1: events: must be a list; write it in brackets: [one, other]",
    ),
    "contradictory changes on one day": (
        ask(AT_ODDS),
        "q.yaml:8:22: events[1].places: P1 comes under 'alpha', and under 'beta' on the same day, ...",
    ),
    "a response without a who": (
        ask("departure_response:\n  - {incoming: beta, share: few}\n"),
        "q.yaml:7:5: departure_response[0]: write either 'controlled_by' or 'response_group', to say ...",
    ),
    "a response of no known size": (
        ask("departure_response:\n  - {controlled_by: alpha, incoming: beta, share: some}\n"),
        "q.yaml:7:44: departure_response[0].share: input should be 'none', 'few', 'half' or 'most' ...",
    ),
    "a response group that nobody has": (
        ask("departure_response:\n  - {response_group: r9, incoming: beta, share: few}\n"),
        "q.yaml:7:6: departure_response[0].response_group: no place has the response group 'r9'; ...",
    ),
    "two ids alike": (
        ask(EVENTS + "  - {id: a, strikes: 1, at: P2, date: 2030-01-02}\n"),
        "q.yaml:8:6: events[1].id: 'a' is the id of another event (q.yaml, line 7) already; give ...",
    ),
    "a table that is not there": (
        event("control: contrl.csv"),
        "q.yaml:7:6: events[0].control: there is no table 'contrl.csv' beside the scenario or in the ...",
    ),
    "a table that is a folder": (
        all_of(event("strikes: d.csv"), lambda folder: (folder / "d.csv").mkdir()),
        "q.yaml:7:6: events[0].strikes: there is no table 'd.csv' beside the scenario or in the area ...",
    ),
    "a name too long for a file": (
        event(f"strikes: {'a' * 300}.csv"),
        "q.yaml:7:6: events[0].strikes: is too long for the name of a file (304 letters); correct it",
    ),
    "a name no file can have": (
        event('strikes: "a\\0.csv"'),
        "q.yaml:7:6: events[0].strikes: holds a control character (got 'a\\x00.csv'); type it anew",
    ),
    "a map that is not there": (
        event("control: beta, area: line.kml, date: 2030-01-02"),
        "q.yaml:7:21: events[0].area: there is no file 'line.kml' beside the scenario or in the area ...",
    ),
    "people from two sources": (
        ask("population: {raster: a.tif, points: b.csv}\n"),
        "q.yaml:6:1: population: write either 'raster' or 'points'; both say where people live",
    ),
    "a file of people that is not there": (
        ask("population: {points: b.csv}\n"),
        "q.yaml:6:14: population.points: there is no file 'b.csv' beside the scenario or in the area ...",
    ),
    "the start of control not there": (
        ask("start_control: gone.csv\n"),
        "q.yaml:6:1: start_control: there is no file 'gone.csv' beside the scenario or in the area ...",
    ),
    "reports that are not there": (
        ask("reports: gone.csv\n"),
        "q.yaml:6:1: reports: there is no file 'gone.csv' beside the scenario or in the area folder; ...",
    ),
    "no title": (put("q.yaml", HEAD.partition("\n")[2]), "q.yaml:1:1: title: is missing; write it"),
    "a blank title": (head("A question", ""), "q.yaml:1:1: title: must be one name or text"),
    "an area folder that is not there": (
        head("area: area", "area: aria"),
        "q.yaml:2:1: area: there is no area folder 'aria' beside this file",
    ),
    "an area that is a file": (
        head("area: area", "area: q.yaml"),
        "q.yaml:2:1: area: there is no area folder 'q.yaml' beside this file",
    ),
    "an empty file": (
        put("q.yaml", ""),
        "q.yaml:1: is empty; write keys with values, such as 'title: My question'",
    ),
    "comments alone": (
        put("q.yaml", "# nothing yet\n"),
        "q.yaml:1: is empty; write keys with values, such as 'title: My question'",
    ),
    "a list": (put("q.yaml", "- a\n"), "q.yaml:1: must be keys with values, such as 'title: My question'"),
    "one word": (
        put("q.yaml", "question\n"),
        "q.yaml:1: must be keys with values, such as 'title: My question'",
    ),
    "tabs": (
        put("q.yaml", "title: x\n\tarea: area\n"),
        "q.yaml:2:1: found character '\\t' that cannot start any token; check the indentation and quotes",
    ),
    "a quote left open": (
        head("A question", "'A question"),
        "q.yaml:6:1: found unexpected end of stream; check the indentation and quotes",
    ),
    "a bracket left open": (
        head("days: 10}", "days: 10"),
        "q.yaml:4:5: expected ',' or '}', but got ':'; check the indentation and quotes",
    ),
    "two documents": (
        ask("---\ntitle: x\n"),
        "q.yaml:6:1: but found another document; check the indentation and quotes",
    ),
    "an alias of nothing": (
        ask("needs: *nothing\n"),
        "q.yaml:6:8: found undefined alias 'nothing'; check the indentation and quotes",
    ),
    "a key that is a list": (
        ask("? [a, b]\n: 1\n"),
        "q.yaml:1:1: a key must be a word (got ('a', 'b')); write it in quotes if it is one",
    ),
    "a key that is a number": (ask("1: 2\n"), "q.yaml:6:1: [1]: keys should be strings (got 1)"),
    "merged keys that are unknown": (
        ask("uncertainty:\n  <<: {membrs: 2}\n"),
        "q.yaml:6:1: uncertainty.membrs: unknown key; did you mean 'members'?",
    ),
    "a tag of another language": (
        ask("needs: !!python/object:os.system x\n"),
        "q.yaml:6:1: needs: must be keys with values below it",
    ),
    "a control character": (
        ask('condition: "a\\0b"\n'),
        "q.yaml:6:1: condition: holds a control character (got 'a\\x00b'); type it anew",
    ),
    "a raw control character": (
        ask("condition: a\x07b\n"),
        "q.yaml:6:13: holds the control character 7; type it anew",
    ),
    "binary": (put("q.yaml", bytes(range(256))), "q.yaml: is not UTF-8 text; save it as UTF-8"),
    "text of a code page": (
        put("q.yaml", HEAD.replace("A question", "Où?").encode("cp1252")),
        "q.yaml: is not UTF-8 text; save it as UTF-8",
    ),
    "text of UTF-16": (put("q.yaml", HEAD.encode("utf-16")), "q.yaml: is not UTF-8 text; save it as UTF-8"),
    "brackets within brackets": (
        ask("needs: " + "[" * 600 + "]" * 600 + "\n"),
        "q.yaml: nests too deep; close brackets that are left open",
    ),
    "ten megabytes of brackets": (
        ask("needs: " + "[" * 5_000_000 + "]" * 5_000_000 + "\n"),
        "q.yaml: is larger than 1,000,000 bytes; name a YAML file",
    ),
    "aliases of aliases of aliases": (
        ask(BOMB),
        "q.yaml: holds more than 100,000 values; write fewer, and no aliases of aliases",
    ),
    "a base that is itself": (
        put("q.yaml", "base: q.yaml\n"),
        "q.yaml:1:1: base: a scenario includes itself (q.yaml -> q.yaml); name another base",
    ),
    "bases in a circle": (
        all_of(put("q.yaml", "base: b.yaml\n"), put("b.yaml", "base: q.yaml\n")),
        "q.yaml:1:1: base: a scenario includes itself (q.yaml -> b.yaml -> q.yaml); name another base",
    ),
    "a base that is not there": (
        put("q.yaml", "base: gone.yaml\n"),
        "q.yaml:1:1: base: there is no file 'gone.yaml' beside this one",
    ),
    "a base that is a folder": (
        put("q.yaml", "base: area\n"),
        "q.yaml:1:1: base: there is no file 'area' beside this one",
    ),
    "a base that is blank": (put("q.yaml", "base:\n"), "q.yaml:1:1: base: must be a file's name (got None)"),
    "a base that is wrong": (
        all_of(put("q.yaml", "base: b.yaml\n"), put("b.yaml", HEAD + "titel2: x\n")),
        "b.yaml:6:1: titel2: unknown key; did you mean 'title'?",
    ),
    "dropping an id that is not there": (
        all_of(put("b.yaml", HEAD + EVENTS), put("q.yaml", "base: b.yaml\ndrop: [b]\n")),
        "q.yaml:2:8: drop[0]: no event has the id 'b'; write one of a",
    ),
    "drop without a base": (ask("drop: [a]\n"), "q.yaml:6:1: drop: needs 'base', or stands in a variant"),
    "drop that is no list": (
        all_of(put("b.yaml", HEAD + EVENTS), put("q.yaml", "base: b.yaml\ndrop: a\n")),
        "q.yaml:2:1: drop: must be a list; write it in brackets: [one, other]",
    ),
    "variants that are no names": (
        ask("variants: [calm]\n"),
        "q.yaml:6:1: variants: must be names with changes below them",
    ),
    "a variant that says nothing": (
        ask("variants: {calm: }\n"),
        "q.yaml:6:12: variants.calm: is no variant of the base, so there is none to leave out; drop this line",
    ),
    "a variant with a base": (
        ask("variants: {calm: {base: q.yaml}}\n"),
        "q.yaml:6:19: base: stands at the top of a file, and not in a variant; move it",
    ),
    "a variant that adds no list": (
        ask("variants: {calm: {add: {strikes: 1}}}\n"),
        "q.yaml:6:19: add: must be a list; write it in brackets: [one, other]",
    ),
}

AREA_FOLDER: dict[str, tuple[Edit, str]] = {
    "no area.yaml": (gone("area/area.yaml"), "area/area.yaml: there is no such file"),
    "a broken area.yaml": (
        area("area.yaml", "name: Toy area", "name: [Toy area"),
        "area/area.yaml:3:4: expected ',' or ']', but got ':'; check the indentation and quotes",
    ),
    "a missing key": (
        area("area.yaml", "crs: EPSG:32637\n", ""),
        "area/area.yaml:1:1: crs: is missing; write it",
    ),
    "an unknown key in area.yaml": (
        area("area.yaml", "licences:", "licenses:"),
        "area/area.yaml:11:1: licenses: unknown key; did you mean 'licences'?",
    ),
    "a reference system that is none": (
        area("area.yaml", "EPSG:32637", "EPSG:0"),
        "area/area.yaml:3:1: crs: 'EPSG:0' is no reference system; write that of the UTM zone, such ...",
    ),
    "a reference system in degrees": (
        area("area.yaml", "EPSG:32637", "EPSG:4326"),
        "area/area.yaml:3:1: crs: 'EPSG:4326' is no projected reference system in metres; write that ...",
    ),
    "a reference system in feet": (
        area("area.yaml", "EPSG:32637", "EPSG:2263"),
        "area/area.yaml:3:1: crs: 'EPSG:2263' is no projected reference system in metres; write that ...",
    ),
    "a reference system of elsewhere": (
        area("area.yaml", "EPSG:32637", "EPSG:32601"),
        "area/area.yaml:3:1: crs: a metre of 'EPSG:32601' is 1.14 m in the middle of the box; write ...",
    ),
    "a box upside down": (
        area("area.yaml", "south: 36.01399, north: 36.3656", "south: 36.3656, north: 36.01399"),
        "area/area.yaml:4:1: box: 'south' (36.3656) must be below 'north' (36.014); correct them",
    ),
    "a box without width": (
        area("area.yaml", "east: 39.21688", "east: 38.78312"),
        "area/area.yaml:4:1: box: 'west' (38.7831) must be below 'east' (38.7831); correct them",
    ),
    "a box without an edge": (
        area("area.yaml", "36.01399", ".nan"),
        "area/area.yaml:4:7: box.south: input should be a finite number (got nan)",
    ),
    "a box somewhere else": (
        area("area.yaml", "south: 36.01399, north: 36.3656", "south: 30.0, north: 31.0"),
        "area/settlements.csv:2: lat: lies outside the area's box (got 36.25741, 38.91658); correct ...",
    ),
    "a controller without a side": (
        area("area.yaml", "{label: Alpha, side: one}", "{label: Alpha}"),
        "area/area.yaml:6:3: controllers.alpha.side: is missing; write it",
    ),
    "no controllers": (
        area("area.yaml", CONTROLLERS, "controllers: {}\n"),
        "area/area.yaml:5:1: controllers: needs at least one entry",
    ),
    "another name of no controller": (
        area("area.yaml", "Alpha: alpha", "Alpha: alfa"),
        "area/area.yaml:9:20: controller_names.Alpha: unknown controller 'alfa'; did you mean 'alpha'?",
    ),
    "no table of the start": (
        area("area.yaml", "start_control: control.csv", "start_control: gone.csv"),
        "area/area.yaml:10:1: start_control: there is no table 'gone.csv' in the area folder; did you ...",
    ),
    "a manifest that is no JSON": (
        all_of(ask(""), put("area/manifest.json", "{")),
        "area/manifest.json: does not give the files of the folder with their hashes; run `make ...",
    ),
    "a manifest without hashes": (
        all_of(ask(""), put("area/manifest.json", '{"files": {"zones.csv": {"source": "x"}}}')),
        "area/manifest.json: does not give the files of the folder with their hashes; run `make ...",
    ),
    "no table of zones": (
        gone("area/zones.csv"),
        "area/zones.csv: there is no such file; did you mean 'sites.csv'?",
    ),
    "a table that is empty": (
        all_of(ask(""), put("area/zones.csv", "")),
        "area/zones.csv:1: is empty; the first line names the columns: zone, name, name_ar, admin1, ...",
    ),
    "a table of a header alone": (
        all_of(ask(""), put("area/zones.csv", (AREA / "zones.csv").read_bytes().splitlines()[0])),
        "area/zones.csv: nobody lives in any zone; give the people of each in 'population'",
    ),
    "a folder in place of a table": (
        folder_for("area/roads.csv"),
        "area/roads.csv: is a folder; name a file",
    ),
    "a table that is binary": (
        all_of(ask(""), put("area/zones.csv", bytes(range(256)))),
        "area/zones.csv: is not a table of text (control character 0 at position 1); save it as 'CSV ...",
    ),
    "a table of an unknown code page": (
        all_of(ask(""), also("area/zones.csv", b"\xc0mb\xb6r")),
        "area/zones.csv: is UTF-8 text with a damaged letter (byte 504); save it as 'CSV UTF-8' again",
    ),
    "a missing column": (
        area("zones.csv", ",population,", ",peeple,"),
        "area/zones.csv:1: column 'population' is missing (there are zone, name, name_ar, admin1, ...",
    ),
    "a column that stands twice": (
        area("zones.csv", ",area_km2,", ",population,"),
        "area/zones.csv:1: column 'population' stands twice; keep one",
    ),
    "a cell too few": (
        area("zones.csv", ",invented\nZ2", "\nZ2"),
        "area/zones.csv:2: has 14 cells where the first line names 15 columns; put text with a ...",
    ),
    "a zone that stands twice": (
        area("zones.csv", "Z2,Birch", "Z1,Birch"),
        "area/zones.csv:3: zone: 'Z1' stands in line 2 already; keep one",
    ),
    "a zone without a code": (
        area("zones.csv", "Z1,Amber", ",Amber"),
        "area/zones.csv:2: zone: is blank; every row needs it",
    ),
    "a zone without a name": (
        area("zones.csv", "Z1,Amber,", "Z1,,"),
        "area/zones.csv:2: name: is blank; every row needs it",
    ),
    "text for people": (
        area("zones.csv", ",10000,", ",many,"),
        "area/zones.csv:2: population: is not a number (got 'many'); write digits such as 1250.5",
    ),
    "people that are not a number": (
        area("zones.csv", ",10000,", ",NaN,"),
        "area/zones.csv:2: population: is not a number (got 'NaN'); write digits such as 1250.5",
    ),
    "endless people": (
        area("zones.csv", ",10000,", ",inf,"),
        "area/zones.csv:2: population: is not a number (got 'inf'); write digits such as 1250.5",
    ),
    "people without end": (
        area("zones.csv", ",10000,", ",1e300,"),
        "area/zones.csv:2: population: must be from 0 to 1e+09 (got 1e300)",
    ),
    "people below zero": (
        area("zones.csv", ",10000,", ",-10000,"),
        "area/zones.csv:2: population: must be from 0 to 1e+09 (got -10000)",
    ),
    "people left blank": (
        area("zones.csv", ",10000,", ",,"),
        "area/zones.csv:2: population: is blank; every row needs it",
    ),
    "displaced people above the population": (
        area("zones.csv", ",2000,", ",20000,"),
        "area/zones.csv:2: displaced_before: is above the zone's population (10000)",
    ),
    "displaced people below zero": (
        area("zones.csv", ",2000,", ",-1,"),
        "area/zones.csv:2: displaced_before: must be from 0 to inf (got -1)",
    ),
    "a zone outside the box": (
        area("zones.csv", "36.25741,38.91658", "46.25741,38.91658"),
        "area/zones.csv:2: popw_lat: lies outside the area's box (got 46.25741, 38.91658); correct ...",
    ),
    "a zone with latitude and longitude swapped": (
        area("zones.csv", "36.25741,38.91658", "38.91658,36.25741"),
        "area/zones.csv:2: popw_lat: lies outside the area's box (got 38.91658, 36.25741); correct ...",
    ),
    "the middle of a zone swapped": (
        area("zones.csv", "36.27995,38.88877", "38.88877,36.27995"),
        "area/zones.csv:2: lat: lies far outside the area's box (got 38.88877, 36.27995); correct it",
    ),
    "a latitude beyond the pole": (
        area("zones.csv", "36.27995,38.88877", "999,38.88877"),
        "area/zones.csv:2: lat: must be from -90 to 90 (got 999)",
    ),
    "a zone with the id of an exit": (
        all_of(area("crossings.csv", "X-WEST", "Z2")),
        "area/crossings.csv:2: id: 'Z2' is the p-code of a zone; give the exit another id",
    ),
    "a road with the id of a crossing": (
        all_of(event("strikes: 1, at: P1, date: 2030-01-02"), swap("area/crossings.csv", "C1,B", "R1,B")),
        "area: 'R1' is the code of a crossing and of a road; give one of them another",
    ),
    "a settlement in an unknown zone": (
        area("settlements.csv", "Z1,7000", "Z7,7000"),
        "area/settlements.csv:2: zone: there is no zone 'Z7' in zones.csv",
    ),
    "a settlement that stands twice": (
        area("settlements.csv", "P2,Birch", "P1,Birch"),
        "area/settlements.csv:3: pcode: 'P1' stands in line 2 already; keep one",
    ),
    "a settlement outside the box": (
        area("settlements.csv", "36.25741,38.91658", "36.25741,48.91658"),
        "area/settlements.csv:2: lat: lies outside the area's box (got 36.25741, 48.91658); correct ...",
    ),
    "a settlement swapped": (
        area("settlements.csv", "36.25741,38.91658", "38.91658,36.25741"),
        "area/settlements.csv:2: lat: lies outside the area's box (got 38.91658, 36.25741); correct ...",
    ),
    "a settlement with people below zero": (
        area("settlements.csv", "Z1,7000", "Z1,-7000"),
        "area/settlements.csv:2: population: must be from 0 to 1e+09 (got -7000)",
    ),
    "a settlement without people": (
        area("settlements.csv", "Z1,7000", "Z1,"),
        "area/settlements.csv:2: population: is blank; every row needs it",
    ),
    "a settlement of too many people": (
        area("settlements.csv", "Z1,7000", "Z1,7e300"),
        "area/settlements.csv:2: population: must be from 0 to 1e+09 (got 7e300)",
    ),
    "a start row of an unknown controller": (
        area("control.csv", "alpha,invented", "alfa,invented"),
        "area/control.csv:2: controller: unknown controller 'alfa'; write one of alpha, beta, gamma",
    ),
    "two starts of a place": (
        area("control.csv", "P2,Birch", "P1,Birch"),
        "area/control.csv:3: pcode: 'P1' stands in line 2 already; keep one",
    ),
    "no start at all": (
        all_of(ask(""), put("area/control.csv", NO_START)),
        "area/control.csv: no row without a date: give the controller of each place at the start",
    ),
    "a start row in an unknown zone": (
        area("control.csv", ",Z1,0", ",Z7,0"),
        "area/control.csv:2: zone: there is no zone 'Z7' in zones.csv",
    ),
    "a start row outside the box": (
        area("control.csv", "36.25741,38.91658", "56.25741,38.91658"),
        "area/control.csv:2: lat: lies outside the area's box (got 56.25741, 38.91658); correct it ...",
    ),
    "a change on a day that is none": (
        area("control.csv", "2030-01-06", "2030-13-06"),
        "area/control.csv:7: date: is not a date (got '2030-13-06'); write it as 2024-11-27",
    ),
    "a change on a day that can be two": (
        area("control.csv", "2030-01-06", "01/06/2030"),
        "area/control.csv:7: date: is not a date with only one meaning (got '01/06/2030', which can ...",
    ),
    "a change to an unknown controller": (
        all_of(CONTROL, swap("area/control.csv", "2030-01-06,beta", "2030-01-06,betta")),
        "area/control.csv:7: controller: unknown controller 'betta'; write one of alpha, beta, gamma",
    ),
    "two changes of a place on a day": (
        all_of(CONTROL, also("area/control.csv", CHANGE)),
        "area/control.csv:8: controller: P3 comes under 'beta' (line 7) and 'alpha' on 2030-01-06; ...",
    ),
    "an order that is no number": (
        all_of(CONTROL, swap("area/control.csv", "Z3,1,", "Z3,first,")),
        "area/control.csv:7: seq: is not a number (got 'first'); write digits such as 1250.5",
    ),
    "a road of one point": (
        area("roads.csv", "R3,secondary,1,Delta town,36.1221,39.08342,30,invented\n", ""),
        "area/roads.csv:7: road: R3 has one point only; give two, or leave it out",
    ),
    "a road without length": (
        area("roads.csv", "Delta town,36.1221,39.08342", "Delta town,36.1221,38.91658"),
        "area/roads.csv:8: road: R3 has one point only; give two, or leave it out",
    ),
    "points of a road out of order": (
        area("roads.csv", "R1,primary,0", "R1,primary,9"),
        "area/roads.csv:3: seq: 1 of R1 comes after 9; put its points in order along it",
    ),
    "two points of a road in one place of the order": (
        area("roads.csv", "R1,primary,2", "R1,primary,1"),
        "area/roads.csv:4: seq: 1 of R1 comes after 1; put its points in order along it",
    ),
    "a place in the order below zero": (
        area("roads.csv", "R1,primary,0", "R1,primary,-1"),
        "area/roads.csv:2: seq: must be from 0 to inf (got -1)",
    ),
    "no speed": (
        area("roads.csv", "38.80536,40", "38.80536,0"),
        "area/roads.csv:2: speed_kmh: must be from 0.1 to 200 (got 0)",
    ),
    "too high a speed": (
        area("roads.csv", "38.80536,40", "38.80536,500"),
        "area/roads.csv:2: speed_kmh: must be from 0.1 to 200 (got 500)",
    ),
    "a road outside the box": (
        area("roads.csv", "36.25741,38.80536", "36.25741,18.80536"),
        "area/roads.csv:2: lat: lies outside the area's box (got 36.25741, 18.80536); correct it or ...",
    ),
    "a crossing of an unknown kind": (
        area("crossings.csv", ",exit,", ",exits,"),
        "area/crossings.csv:2: kind: must be crossing or exit (got 'exits')",
    ),
    "a crossing that stands twice": (
        area("crossings.csv", "C1,Bridge", "X-WEST,Bridge"),
        "area/crossings.csv:3: id: 'X-WEST' stands in line 2 already; keep one",
    ),
    "a crossing neither open nor closed": (
        area("crossings.csv", "alpha,yes", "alpha,maybe"),
        "area/crossings.csv:2: open_to_people: must be yes or no (got 'maybe')",
    ),
    "a crossing of an unknown controller": (
        area("crossings.csv", "alpha,yes", "alfa,yes"),
        "area/crossings.csv:2: controller: unknown controller 'alfa'; write one of alpha, beta, ...",
    ),
    "people beyond an exit below zero": (
        area("crossings.csv", ",20000,", ",-20000,"),
        "area/crossings.csv:2: people_beyond: must be from 0 to 1e+09 (got -20000)",
    ),
    "an endless way beyond an exit": (
        area("crossings.csv", "20000,2,", "20000,1e300,"),
        "area/crossings.csv:2: hours_beyond: must be from 0 to 1000 (got 1e300)",
    ),
    "a site in an unknown zone": (
        area("sites.csv", "P1,Z1", "P1,Z9"),
        "area/sites.csv:2: zone: there is no zone 'Z9' in zones.csv",
    ),
    "a site that stands twice": (
        all_of(ask(""), also("area/sites.csv", SITE)),
        "area/sites.csv:3: site: 'S1' stands in line 2 already; keep one",
    ),
    "a site with people below zero": (
        area("sites.csv", ",1000,", ",-1000,"),
        "area/sites.csv:2: registered: must be from 0 to 1e+09 (got -1000)",
    ),
    "a site of no capacity": (
        area("sites.csv", "unknown", "0"),
        "area/sites.csv:2: capacity: is 0, and 1,000 are registered; write unknown, or the figure",
    ),
    "a capacity that is a word": (
        area("sites.csv", "unknown", "plenty"),
        "area/sites.csv:2: capacity: is not a number (got 'plenty'); write digits such as 1250.5",
    ),
    "more people in sites than in the zone": (
        area("zones.csv", ",10000,2000", ",900,0"),
        "area/zones.csv:2: population: 1,000 people registered in its sites are more than live there",
    ),
    "strikes below zero": (
        all_of(STRIKES, swap("area/strikes.csv", ",2,yes", ",-2,yes")),
        "area/strikes.csv:2: strikes: must be from 0 to inf (got -2)",
    ),
    "strikes outside the box": (
        all_of(STRIKES, swap("area/strikes.csv", "38.91658,2,", "18.91658,2,")),
        "area/strikes.csv:2: lat: lies outside the area's box (got 36.25741, 18.91658); correct it, ...",
    ),
    "strikes perhaps used": (
        all_of(STRIKES, swap("area/strikes.csv", ",2,yes", ",2,perhaps")),
        "area/strikes.csv:2: use: must be yes, no or blank (got 'perhaps')",
    ),
    "another spelling left blank": (
        all_of(event("strikes: 1, at: Ambre, date: 2030-01-02"), swap("area/aliases.csv", "Kedar", "")),
        "area/aliases.csv:3: alias: is blank; every row needs it",
    ),
}

NAMED_FILES: dict[str, tuple[Edit, str]] = {
    "a report of an unknown measure": (
        table("reports: {}", REPORT + "2030-01-02,Z1,arrival,5\n"),
        "t.csv:2: measure: unknown measure 'arrival'; did you mean 'arrivals'?",
    ),
    "a report of an unknown zone": (
        table("reports: {}", REPORT + "2030-01-02,Z9,arrivals,5\n"),
        "t.csv:2: zone: unknown zone or place 'Z9'",
    ),
    "a report below zero": (
        table("reports: {}", REPORT + "2030-01-02,Z1,arrivals,-5\n"),
        "t.csv:2: people: must be from 0 to inf (got -5)",
    ),
    "a report of half a person": (
        table("reports: {}", REPORT + "2030-01-02,Z1,arrivals,1.25\n"),
        "t.csv:2: people: is not a whole number (got '1.25'); write it without separators, as 1250",
    ),
    "a report that stands twice": (
        table("reports: {}", REPORT + "2030-01-02,Z1,arrivals,5\n2030-01-02,Amber,arrivals,6\n"),
        "t.csv:3: arrivals of Z1 on 2030-01-02 stands in row 2 already; keep one, or tell them apart ...",
    ),
    "a report on a day that is none": (
        table("reports: {}", REPORT + "2030-01-32,Z1,arrivals,5\n"),
        "t.csv:2: date: is not a date (got '2030-01-32'); write it as 2024-11-27",
    ),
    "a report in words": (
        table("reports: {}", REPORT + "2030-01-02,Z1,arrivals,five\n"),
        "t.csv:2: people: is not a number (got 'five'); write digits such as 1250.5",
    ),
    "an empty table of reports": (
        table("reports: {}", ""),
        "t.csv:1: is empty; the first line names the columns: date, pcode, measure, people",
    ),
    "zones of a planner's own that are unknown": (
        table("population: {{zones: {}}}", "zone,population\nZ9,5\n"),
        "t.csv:2: zone: unknown zone 'Z9'",
    ),
    "zones of a planner's own below zero": (
        table("population: {{zones: {}}}", "zone,population\nZ1,-5\n"),
        "t.csv:2: population: must be from 0 to 1e+09 (got -5)",
    ),
    "points outside every zone": (
        table("population: {{points: {}}}", "lat,lon,people\n1,1,5\n"),
        "t.csv: none of its people lives in a zone of the area; are 'lat' and 'lon' the right way round?",
    ),
    "departures outside the period": (
        table("departures: {{observed: {}}}", "date,zone,people\n2031-01-02,Z1,5\n"),
        "t.csv:2: date: 2031-01-02 is outside the period; correct it or the period",
    ),
    "departures of more people than there are": (
        table("departures: {{observed: {}}}", "date,zone,people\n2030-01-02,Z1,50000\n"),
        "t.csv:2: people: 50,000 people leave Amber by this row, where 10,000 live; give fewer or a ...",
    ),
    "a workbook cut off": (
        table("reports: {}", workbook(0.6), "t.xlsx"),
        "t.xlsx: is a damaged or incomplete workbook; copy it again, or open it and save it as XLSX",
    ),
    "a workbook that is text": (
        table("reports: {}", REPORT, "t.xlsx"),
        "t.xlsx: is not a workbook although its name ends in .xlsx; open it and save it as XLSX",
    ),
    "a workbook that is another archive": (
        table("reports: {}", other_zip(), "t.xlsx"),
        "t.xlsx: is a damaged or incomplete workbook; copy it again, or open it and save it as XLSX",
    ),
    "a sign that a workbook is open": (
        table("reports: {}", b"planner", "~$t.xlsx"),
        "~$t.xlsx: only says that 't.xlsx' is open in another program; name that file",
    ),
    "a raster that is text": (
        all_of(ask("population: {raster: people.tif}\n"), put("people.tif", "people")),
        "people.tif: is not a raster, or not whole; write a GeoTIFF, or fetch it again",
    ),
    "a raster that is empty": (
        all_of(ask("population: {raster: people.tif}\n"), put("people.tif", "")),
        "people.tif: is not a raster, or not whole; write a GeoTIFF, or fetch it again",
    ),
    "a raster without a reference system": (
        raster(np.ones((12, 12)), crs=None),
        "people.tif: names no reference system; write one into it, such as EPSG:4326",
    ),
    "a raster with people below zero": (
        raster(np.full((12, 12), -7.0)),
        "people.tif: 108 pixels are below zero, the first in row 1, column 1 (got -7); correct them, ...",
    ),
    "a raster of no data": (
        raster(np.full((12, 12), -99999.0), nodata=-99999.0),
        "people.tif: has nothing but 'no data' inside the area's box; name another raster",
    ),
    "a raster that counts nobody": (
        raster(np.zeros((12, 12))),
        "people.tif: counts nobody inside the area's box; name a raster of people",
    ),
    "a raster of elsewhere": (
        raster(np.ones((12, 12)), west=10.0),
        "people.tif: does not reach the area (it covers 10 to 10.6 and 35.8 to 36.4 in EPSG:4326); ...",
    ),
    "a raster of several bands": (
        raster(np.ones((3, 12, 12))),
        "people.tif: has 3 bands where one is needed; write the one to use into a file of its own",
    ),
    "a map whose polygon crosses itself": (
        drawn(polygon(CROSSED)),
        "q.yaml:7:21: events[0].area: map.geojson: feature 1 is no proper polygon ...",
    ),
    "a map of nothing": (
        drawn('{"type": "FeatureCollection", "features": []}'),
        "q.yaml:7:21: events[0].area: map.geojson: holds no shape; draw polygons or a line",
    ),
    "a map that is text": (
        drawn("here be dragons"),
        "q.yaml:7:21: events[0].area: map.geojson: cannot be read ('map.geojson' not recognized as ...",
    ),
    "a map of elsewhere": (
        drawn(polygon("[1, 1], [2, 1], [2, 2], [1, 1]")),
        "q.yaml:7:21: events[0].area: map.geojson: lies outside the area (1 to 2 east, 1 to 2 north; ...",
    ),
    "zones of crossed polygons": (
        outlined(polygon(CROSSED, '{"pcode": "Z1"}')),
        "z.geojson: feature 1 (Z1): is no valid polygon (Self-intersection[39 36.2]); repair it in a GIS",
    ),
    "polygons without a p-code": (
        outlined(polygon(SQUARE, '{"colour": "red"}')),
        "z.geojson: no column of p-codes (there are colour); name it ADM3_PCODE, pcode or zone",
    ),
    "polygons of no zone": (
        outlined(polygon(SQUARE, '{"pcode": "Q1"}')),
        "z.geojson: pcode: none is a zone of the area (the first is Q1, the area's Z1); name the ...",
    ),
    "polygons cut off": (
        outlined(polygon(SQUARE, '{"pcode": "Z1"}')[:100]),
        "z.geojson: is not a map that can be read; write GeoJSON, GeoPackage or Shapefile",
    ),
}


CASES = {
    f"{where}: {name}": case
    for where, cases in (("scenario", SCENARIOS), ("area", AREA_FOLDER), ("file", NAMED_FILES))
    for name, case in cases.items()
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a copy of the toy area, in which commands are given."""
    shutil.copytree(AREA, tmp_path / "area")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(place: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command says that must fail: one line, exit code 1, and no file more or less than before."""
    before = contents(place)
    code = cli.main(list(arguments))
    shown = capsys.readouterr()
    said = shown.err.replace(f"{place}{os.sep}", "").rstrip("\n")
    assert code == cli.WRONG_INPUT, said
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1, said
    assert shown.out == ""
    assert contents(place) == before, "something was written"
    return said


def contents(place: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() if path.is_file() else b"" for path in place.rglob("*")}


def says(said: str, expected: str) -> None:
    """The finding is the expected one, as far as that goes."""
    start, dots, _ = expected.partition(" ...")
    assert said == expected or (dots and said.startswith(start)), said


@pytest.mark.parametrize(("edit", "expected"), CASES.values(), ids=CASES)
def test_what_is_wrong_is_one_finding_and_nothing_is_written(place, capsys, edit, expected):
    edit(place)
    says(refused(place, capsys, "run", "q.yaml", "--out", "out/run"), expected)


def test_a_scenario_that_is_not_there(place, capsys):
    says(refused(place, capsys, "run", "gone.yaml"), "gone.yaml: there is no such file")
    says(refused(place, capsys, "run", "area"), "area: is a folder; name a YAML file")


def test_an_unknown_variant(place, capsys):
    ask("variants: {calm: {title: Calm}}\n")(place)
    found = refused(place, capsys, "run", "q.yaml", "--variant", "clam")
    assert found == "q.yaml: unknown variant 'clam'; did you mean 'calm'?"
    ask("")(place)
    assert "this scenario has no variants" in refused(place, capsys, "run", "q.yaml", "--variant", "calm")


def test_a_variant_that_is_wrong_is_found_before_anybody_runs_it(place, capsys):
    ask("variants: {calm: {drop: [storm]}}\n")(place)
    found = refused(place, capsys, "validate", "q.yaml")
    assert found == "q.yaml:6:26: drop[0]: no event has the id 'storm'"


@pytest.mark.parametrize(
    ("name", "method"), [("area/zones.csv", "read_bytes"), ("t.xlsx", "read_bytes"), ("q.yaml", "open")]
)
def test_a_file_that_another_program_holds_is_named(place, capsys, monkeypatch, name, method):
    """Simulated, because the tests may run as one who may read everything."""
    table("reports: {}", workbook(1.0), "t.xlsx")(place)
    plain = getattr(Path, method)

    def guarded(path, *arguments, **options):
        if path.resolve() == place / name:
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path, *arguments, **options)

    before = contents(place)
    monkeypatch.setattr(Path, method, guarded)
    code = cli.main(["run", "q.yaml", "--out", "out"])
    monkeypatch.undo()
    monkeypatch.chdir(place)
    said = capsys.readouterr().err.replace(f"{place}{os.sep}", "")
    assert code == cli.WRONG_INPUT
    why = (
        "cannot be read (Permission denied)"
        if name == "q.yaml"
        else "is open in another program, or you may not read it"
    )
    assert said.startswith(f"{name}: {why}")
    assert len(said.splitlines()) == 1
    assert contents(place) == before


def test_a_folder_that_cannot_be_written_to(place, capsys, monkeypatch):
    ask("")(place)
    assert refused(place, capsys, "run", "q.yaml", "--out", "q.yaml/run").startswith(
        "q.yaml/run: cannot be written ("
    )
    assert "holds what no run has written" in refused(place, capsys, "run", "q.yaml", "--out", "area")
    assert "could not be written" in refused(place, capsys, "run", "q.yaml", "--out", "q.yaml")


FULL = "the disk is full; make room, or name a folder on another"


def test_a_full_disk_leaves_no_half_of_a_run(place, capsys, monkeypatch):
    ask("")(place)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("displacement.io.folders.write_json", full)
    found = refused(place, capsys, "run", "q.yaml", "--out", "run")
    assert found == f"run: could not be written ({FULL}); nothing was changed"


NAMES = "name\nAmber\n"
MATCH: dict[str, tuple[str, str, str]] = {
    "a table that is not there": (NAMES, "gone.csv --area area", "gone.csv: there is no such file"),
    "an area that is not there": (NAMES, "t.csv --area aria", "aria: there is no such area folder"),
    "no column of names": ("lat\n36\n", "t.csv --area area", "t.csv"),
    "another column than there is": (NAMES, "t.csv --area area --name town", "t.csv"),
    "an empty table": ("", "t.csv --area area", "t.csv"),
    "a folder for a table": (NAMES, "area --area area", "area: is a folder; name a file"),
    "an output in no folder": (NAMES, "t.csv --area area --out gone/m.csv", "gone/m.csv: cannot be written"),
    "an output below a file": (
        NAMES,
        "t.csv --area area --out t.csv/m.csv",
        "t.csv/m.csv: cannot be written",
    ),
    "an output that is a folder": (NAMES, "t.csv --area area --out d.csv", "d.csv: is a folder; name a file"),
}


@pytest.mark.parametrize(("content", "arguments", "start"), MATCH.values(), ids=MATCH)
def test_what_is_wrong_with_a_table_to_match_is_one_finding(place, capsys, content, arguments, start):
    put("t.csv", content)(place)
    (place / "d.csv").mkdir()
    assert refused(place, capsys, "match", *arguments.split()).startswith(start)


NEEDS: dict[str, tuple[str, str, str]] = {
    "neither an area nor a scenario": (
        "date,zone,people\n",
        "--measure new",
        "t.csv: needs an area for its names",
    ),
    "duplicate rows": (
        "date,zone,people\n2030-01-02,Z1,500\n2030-01-02,Z1,500\n",
        "--area area --measure new",
        "t.csv:3: arrivals of Z1 on 2030-01-02 stands in row 2 already; keep one",
    ),
    "two measures mixed": (
        "date,zone,people,measure\n2030-01-02,Z1,500,new\n2030-01-03,Z1,900,cumulative\n",
        "--area area --measure new",
        "t.csv:3: measure: 'cumulative' stands beside 'new' in row 2; keep the rows of one measure in the table",
    ),
    "another measure than is said": (
        "date,zone,people,measure\n2030-01-02,Z1,500,cumulative\n",
        "--area area --measure present",
        "t.csv:2: measure: 'cumulative', where --measure or the table says present",
    ),
    "a zone that does not exist": (
        "date,zone,people\n2030-01-02,Q1,500\n",
        "--area area --measure new",
        "t.csv:2: zone: unknown zone or place 'Q1'",
    ),
    "an unknown profile": (
        "date,zone,people\n2030-01-02,Z1,500\n",
        "--area area --measure new --profile wintr",
        "t.csv: profile: unknown profile 'wintr'; did you mean 'winter'?",
    ),
    "stock that is not there": (
        "date,zone,people\n2030-01-02,Z1,500\n",
        "--area area --measure new --stock s.csv",
        "s.csv: there is no such file",
    ),
}


@pytest.mark.parametrize(("content", "arguments", "start"), NEEDS.values(), ids=NEEDS)
def test_what_is_wrong_with_observed_figures_is_one_finding(place, capsys, content, arguments, start):
    put("t.csv", content)(place)
    assert refused(place, capsys, "needs", "t.csv", "--out", "out", *arguments.split()).startswith(start)


def test_what_cannot_be_explained_is_one_finding(place, capsys):
    put("t.csv", "date,zone,people\n2030-01-02,Z1,500\n")(place)
    wanted = ["needs", "t.csv", "--area", "area", "--measure", "new", "--out", "run"]
    assert cli.main(wanted) == cli.DONE
    capsys.readouterr()
    for changed, start in (
        (["area", "Z1", "tent", "2030-01-02"], "area: holds no run with internal/result.nc"),
        (["run", "Z9", "tent", "2030-01-02"], "run: has no zone 'Z9'; write one of Z1, Amber"),
        (["run", "Z1", "tnt", "2030-01-02"], "run: tnt: no such item; did you mean 'tent'?"),
        (["run", "Z1", "rope", "2030-01-02"], "run: rope: is not on the list; name it under needs: include"),
        (["run", "Z1", "tent", "2031-01-02"], "run: 2031-01-02 is not among its days, 2030-01-02 to"),
    ):
        run, zone, item, date = changed
        said = refused(place, capsys, "explain", run, "--zone", zone, "--item", item, "--date", date)
        assert said.startswith(start), said


def test_a_template_or_an_area_is_never_written_over_or_by_halves(place, capsys):
    put("t.xlsx", "mine")(place)
    for arguments, start in (
        (("template", "sites", "--out", "t.xlsx"), "t.xlsx: is there already"),
        (("template", "sites", "--out", "t.csv"), "t.csv: is no XLSX file"),
        (
            ("template", "sites", "--out", "gone/t.xlsx"),
            "gone/t.xlsx: cannot be written: there is no such folder",
        ),
        (("template", "sites", "--out", "t.xlsx/s.xlsx"), "t.xlsx/s.xlsx: cannot be written"),
        (("init", "area"), "area: is there already and not empty"),
        (("init", "t.xlsx"), "t.xlsx: is there already and not empty"),
        (("init", "t.xlsx/new"), "t.xlsx/new: cannot be written"),
    ):
        assert refused(place, capsys, *arguments).startswith(start)


@pytest.mark.parametrize("command", ["match", "template"])
def test_a_disk_that_fills_up_leaves_what_was_there(place, capsys, monkeypatch, command):
    put("t.csv", "name\nAmber\n")(place)
    put("m.csv", "what was there before")(place)

    def half(path, content):
        with path.open("wb") as stream:
            stream.write(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    out = "m.xlsx" if command == "template" else "n.xlsx"
    rest = ("sites",) if command == "template" else ("t.csv", "--area", "area")
    assert "No space left on device" in refused(place, capsys, command, *rest, "--out", out)


def test_a_name_that_is_a_formula_runs_and_stays_a_name(place, capsys):
    """It is allowed: a planner's table may hold it. What may be opened in a spreadsheet keeps it from being run."""
    formula = "=cmd|' /C calc'!A0"
    all_of(head("A question", f'"{formula}"'), swap("area/zones.csv", "Amber,", f'"{formula}",'))(place)
    assert cli.main(["run", "q.yaml", "--out", "out"]) == cli.DONE
    capsys.readouterr()
    tables = list((place / "out").rglob("*.csv"))
    texts = [path.read_text(encoding="utf-8-sig") for path in tables]
    assert any(formula in text for text in texts)
    for text in texts:
        assert not [
            cell for line in text.splitlines() for cell in line.split(",") if cell.strip('"').startswith("=")
        ]


@pytest.mark.parametrize(
    "name", ["scenario: an unknown key", "area: a box upside down", "file: a workbook cut off"]
)
def test_the_installed_command_says_the_same(place, name):
    edit, expected = CASES[name]
    edit(place)
    command = [sys.executable, "-m", "displacement.cli", "run", "q.yaml", "--out", "out"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=place, check=False)
    assert done.returncode == cli.WRONG_INPUT
    says(done.stderr.replace(f"{place}{os.sep}", "").rstrip("\n"), expected)
    assert not (place / "out").exists()
