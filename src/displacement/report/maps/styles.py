"""Styles for QGIS: zones open coloured by the shared classes."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from displacement.report.classes import CLASSES, FEW, UNKNOWN, Class

__all__ = ["condition", "qml"]

OUTLINE = "#5f6b76"
HATCH = "#8a8a8a"


def condition(measure: str, one: Class) -> str:
    """What a feature of a class has in common, as QGIS writes it.

    >>> condition("present_new", CLASSES[2])
    '"present_new" >= 100 AND "present_new" < 1000'
    """
    few = f"\"{measure}_note\" = '{FEW.name}'"
    if one == FEW:
        return few
    if one == UNKNOWN:
        return f'"{measure}" IS NULL AND NOT ({few})'
    bounds = [f'"{measure}" >= {one.low}', f'"{measure}" < {one.high}' if one.high is not None else ""]
    return " AND ".join(filter(None, bounds))


def qml(measure: str, title: str, by_day: bool = False) -> str:
    """The style of a layer of zones.

    Parameters
    ----------
    measure : str
        The column that is coloured; `MEASURE_note` says why it is blank.
    title : str
        What the column holds, for the legend.
    by_day : bool
        Whether the layer has a `date`, so that the temporal controller of QGIS steps through the days.

    Returns
    -------
    str
        QML.
    """
    categories = "Symbology|Temporal" if by_day else "Symbology"
    root = Element("qgis", version="3.28.0", styleCategories=categories)
    if by_day:
        root.append(_temporal())
    renderer = SubElement(
        root, "renderer-v2", type="RuleRenderer", symbollevels="0", forceraster="0", enableorderby="0"
    )
    rules = SubElement(renderer, "rules", key="{all}")
    group = SubElement(rules, "rule", key="{title}", label=title)
    symbols = SubElement(renderer, "symbols")
    for at, one in enumerate(CLASSES):
        SubElement(
            group,
            "rule",
            key=f"{{{one.name}}}",
            symbol=str(at),
            label=one.label,
            filter=condition(measure, one),
        )
        symbols.append(_symbol(at, one))
    SubElement(root, "layerGeometryType").text = "2"
    ElementTree.indent(root, " ")
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ElementTree.tostring(root, encoding="unicode") + "\n"


def _temporal() -> Element:
    """Each feature counts for the day of its date."""
    temporal = Element(
        "temporal",
        enabled="1",
        mode="1",
        startField="date",
        endField="",
        fixedDuration="1",
        durationUnit="d",
        durationField="",
        accumulate="0",
        limitMode="0",
        startExpression="",
        endExpression="",
    )
    return temporal


def _symbol(at: int, one: Class) -> Element:
    symbol = Element("symbol", name=str(at), type="fill", clip_to_extent="1", force_rhr="0")
    symbol.append(_fill(one.colour, "solid"))
    if one.hatched:
        symbol.append(_fill(HATCH, "b_diagonal"))
    return symbol


def _fill(colour: str, brush: str) -> Element:
    """A plain fill; written twice, as QGIS reads it since 3.18 and as it did before."""
    layer = Element("layer", {"class": "SimpleFill", "enabled": "1", "pass": "0", "locked": "0"})
    told = {
        "color": _rgba(colour),
        "style": brush,
        "outline_color": _rgba(OUTLINE),
        "outline_style": "solid",
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "joinstyle": "bevel",
    }
    options = SubElement(layer, "Option", type="Map")
    for name, value in told.items():
        SubElement(options, "Option", name=name, type="QString", value=value)
    for name, value in told.items():
        SubElement(layer, "prop", k=name, v=value)
    return layer


def _rgba(colour: str) -> str:
    """A colour as QGIS writes it.

    >>> _rgba("#253494")
    '37,52,148,255'
    """
    return ",".join(str(part) for part in (*_parts(colour), 255))


def _parts(colour: str) -> Sequence[int]:
    return [int(colour[first : first + 2], 16) for first in (1, 3, 5)]
