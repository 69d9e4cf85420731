"""The run folder: `share/` to be forwarded, `internal/` for the analyst."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from displacement.io import folders, results, tables
from displacement.report import share
from displacement.report.aid import in_all, write_exact, write_shared
from displacement.report.books.book import write_both
from displacement.report.briefs.page import brief
from displacement.report.maps.pictures import chart, picture
from displacement.report.maps.zone_layers import layers
from displacement.report.observed import beside
from displacement.report.spread import middle_by_zone, quantiles_by_zone
from displacement.report.summary import summary
from displacement.report.variants import VARIANT_COLUMNS, variant_rows
from displacement.result import Result
from displacement.variables import PEOPLE


def write(
    result: Result, folder: str | Path, lang: str = "en", pictures: bool = False, daily: bool = False
) -> Path:
    """Write a run's folder, whole or not at all.

    Parameters
    ----------
    result : Result
    folder : str or pathlib.Path
        Its place; an older run there is replaced when all is written.
    lang : {"en", "ar"}
        The language in which the brief opens.
    pictures : bool
        Whether `share/` also gets `map.png` and `chart.png`, for slides.
    daily : bool
        Needs of every zone by day in the workbooks too.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        If it cannot be written; nothing was changed then.
    HeldOpenError
        If the older run is open in another program: this one is then whole in a folder beside it, which the error
        names (an `InputError` too).
    """
    target = Path(folder)
    with folders.whole_folder(target) as partial:
        (partial / "share").mkdir()
        (partial / "internal").mkdir()
        behind = _write_share(partial / "share", result)
        brief(result, partial / "share" / "brief.html", lang)
        if pictures:
            if result.inputs.network is None:
                picture(result, partial / "share" / "map.png")
            chart(result, partial / "share" / "chart.png")
        _write_internal(partial / "internal", result, target / "internal", in_all(result.needs, behind))
        write_both(result, partial / "share" / "needs.xlsx", partial / "internal" / "needs.xlsx", daily)
        folders.write_manifest(partial, dict(result.provenance))
    return target


def _notice(result: Result) -> str:
    """What every reader of the folder has to know, in lines."""
    lines = textwrap.wrap(result.notice, 110)
    for licence in result.inputs.area.licences:
        lines += textwrap.wrap(licence, 110, initial_indent="* ", subsequent_indent="  ")
    return "\n".join(lines)


def _measures() -> str:
    """What each measure means, one a line."""
    width = max(map(len, PEOPLE))
    return "\n".join(
        f"{name:<{width}}  {measure.meaning} [{measure.unit}]" for name, measure in PEOPLE.items()
    )


def _write_share(folder: Path, result: Result) -> xr.Dataset:
    """What is made to be forwarded; returns the people behind each figure of aid."""
    (folder / "summary.md").write_text(summary(result), encoding="utf-8")
    (folder / "README.txt").write_text(
        _README.format(notice=_notice(result), measures=_measures()), encoding="utf-8"
    )
    share.write_people(folder / "people.csv", result)
    zones = result.inputs.zones
    columns = (zones.admin1, zones.admin1_name, zones.admin2, zones.admin2_name, zones.name)
    places = {code: [str(column[at]) for column in columns] for at, code in enumerate(zones.code)}
    marked = partial(share.marked, result)
    asked = result.scenario.uncertainty.quantiles
    country = result.inputs.area.country or ""
    behind = write_shared(folder, result.aid, result.people, places, country, marked, asked)
    share.write_pairs(folder / "origin_destination.csv", result)
    if result.variants is not None:
        header = share.with_levels(VARIANT_COLUMNS, asked)
        tables.write(folder / "variants.csv", header, marked(variant_rows(result.variants, asked)))
    layers(result, folder)
    return behind


def _write_internal(folder: Path, result: Result, home: Path, needed: xr.Dataset) -> None:
    """What is for the analyst: exact, with everything it was made from; `home` is where it will lie."""
    attributes = {
        "title": result.scenario.title,
        "condition": result.condition,
        "comment": _notice(result),
        "source": "displacement-estimator " + str(result.provenance["package"]["version"]),
    }
    shared = [name for name in result.needs.coords if name in result.people.coords]
    needs = result.needs.drop_vars([name for name in shared if name not in result.needs.dims])
    needs = _few(needs, result.scenario.uncertainty.quantiles).reindex(zone=result.people["zone"].values)
    alone = result.flows.sizes["time"] == result.people.sizes["time"]
    parts = [result.people, needs, needed, *([result.flows] if alone else [])]
    merged = xr.merge(parts, join="exact", compat="no_conflicts", combine_attrs="drop_conflicts")
    results.write_netcdf(folder / "result.nc", merged, attributes)
    if not alone:
        results.write_netcdf(folder / "flows.nc", result.flows, attributes)
    if result.variants is not None:
        results.write_netcdf(folder / "variants.nc", result.variants, attributes)
    if result.drivers is not None:
        results.write_netcdf(folder / "drivers.nc", result.drivers, attributes)
    if result.fields.data_vars:
        _write_fields(folder, result, attributes)
    if result.inputs.network is None:
        population = {"people when the run starts": result.inputs.cells["population"].values}
        results.write_raster(
            folder / "population.tif", result.inputs.grid, population, "person", attributes["comment"]
        )
    _write_pairs(folder / "origin_destination.csv", result)
    results.write_yaml(folder / "scenario.resolved.yaml", result.scenario.settings(home))
    write_exact(folder, result.aid, attributes)
    if result.reports:
        tables.write(folder / "reports.csv", REPORT_COLUMNS, _report_rows(result))
    if result.notes:
        (folder / "notes.txt").write_text("\n".join([*result.notes, ""]), encoding="utf-8")


def _few(needs: xr.Dataset, asked: Sequence[float]) -> xr.Dataset:
    """Needs as they are kept: of several members, the quantiles of every day, zone and item."""
    if needs.sizes["member"] == 1:
        return needs
    levels = quantiles_by_zone(needs["need"].transpose("member", "time", "zone", "item"), asked)
    found = np.stack([np.asarray(level) for level in levels.values()])
    variable = (("quantile", "time", "zone", "item"), found, needs["need"].attrs)
    return needs.drop_vars("need").assign(need=variable).assign_coords(quantile=list(asked))


def _write_fields(folder: Path, result: Result, attributes: dict[str, str]) -> None:
    """Gridded fields that were asked for: all in one NetCDF, and each as a GeoTIFF with a band a day."""
    grid, controllers = result.inputs.grid, result.inputs.controllers
    results.write_netcdf(folder / "fields.nc", _flagged(result.fields, controllers), attributes, crs=grid.crs)
    days = np.datetime_as_string(result.fields["time"].values, unit="D")
    for name, field in result.fields.data_vars.items():
        values = field.isel(member=0).values if "member" in field.dims else field.values
        codes = dict(enumerate(controllers)) if name == "control" else None
        bands = {f"{name} {day}": values[at] for at, day in enumerate(days)}
        path, unit = folder / f"{name}.tif", str(field.attrs["units"])
        results.write_raster(path, grid, bands, unit, attributes["comment"], codes)


def _flagged(fields: xr.Dataset, controllers: Sequence[str]) -> xr.Dataset:
    """Fields whose codes say what they stand for."""
    if "control" not in fields:
        return fields
    codes = np.arange(-1, len(controllers)).astype(fields["control"].dtype)
    words = " ".join(("nobody_named", *("_".join(name.split()) for name in controllers)))
    flags = {"flag_values": codes, "flag_meanings": words}
    return fields.assign(control=fields["control"].assign_attrs(flags))


REPORT_COLUMNS = ["date", "zone", "measure", "reported", "estimate", "scope", "source"]


def _report_rows(result: Result) -> Iterator[list[str]]:
    """Observed figures with the exact estimate beside them; blank on a day outside the run."""
    for report, estimate in beside(result):
        about = [str(report.date), report.zone, report.measure, repr(report.people)]
        yield [*about, "" if estimate is None else repr(estimate), report.scope, report.source]


def _write_pairs(path: Path, result: Result) -> None:
    """Exact trips of the whole run by pair of zones; by day they are in `result.nc`."""
    moved = middle_by_zone(result.flows["departures"], zone="origin").sum(axis=0)
    codes = result.inputs.zones.code
    rows = (
        [codes[origin], codes[destination], repr(float(moved[origin, destination]))]
        for origin, destination in np.argwhere(moved > 0)
    )
    tables.write(path, ["origin", "destination", "movements"], rows)


_README = """{notice}

brief.html               the one page to read first: opens offline, in English and Arabic, and prints
needs.xlsx               the workbook: needs, gap and trucks as formulas on people, stock and assumptions
people.csv               people by day and zone, measure by measure (zone ALL: the whole area)
needs.csv                aid needed by day and zone, item by item
pin.csv                  people in need on the last day by zone, cluster and group, as the programme cycle records them;
                         cluster ALL: of any, the highest cluster in each zone and group, then summed
supply.csv               where the scenario gives stock: need, target, what is outstanding with what is owed from before,
                         what could be delivered if nobody else asked, what is, the gap and what it is for want of
origin_destination.csv   trips set off on, by week and admin 2
zones.gpkg, .geojson     statistical areas with the figures of the last day; zones.gpkg also of every day, in the
                         layer zones_by_day; none of a network of places
zones.qml                how QGIS colours both
                         (not of a network of places: these have no outlines)
map.png, chart.png       for slides, where they were asked for
variants.csv             of a scenario with variants that were run beside it: a few figures of each
summary.md               the answer in a screenful

Figures are rounded to two significant digits, each by itself from the exact one, so totals need not add up.
A blank with the note lt100 stands for 1 to 99 people (in needs.csv and supply.csv: those whom the item is for); one
with the note "not known" for a figure whose people are not given. Columns p10, p50 ... are percentiles over the
members; all but p50, the middle, are blank where the run has no range.

{measures}
"""
