"""What the documentation says of the code, made from the code when its pages are built: a hook of MkDocs.

Pages of their own: the keys of a scenario, the arrays, the command line, the functions, the equations, and the texts
beside the package. In the page of the verification the tests of each law take the place of its number.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import displacement
from displacement import cli, report, variables
from displacement.scenario.schema import schema

ROOT = Path(__file__).parents[1]
LAWS = tuple(f"V{number}" for number in range(1, 19))
TEXTS = {
    "manual.md": "README.md",
    "model-card.md": "MODEL_CARD.md",
    "scenarios.md": "scenarios/README.md",
    "changelog.md": "CHANGELOG.md",
}
"""Texts beside the package, by the page that each becomes."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for name, text in pages().items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Name the tests of each law."""
    if page.file.src_uri != "reference/verification.md":
        return markdown
    named = tests_of_laws()
    missing = [law for law in LAWS if not named[law]]
    if missing:
        raise ValueError(f"no test names the laws {', '.join(missing)}")
    return re.sub(r"\{(V\d+)\}", lambda law: "<br>".join(f"`{test}`" for test in named[law[1]]), markdown)


def pages() -> dict[str, str]:
    """The pages that are made, by where they go."""
    made = {
        "reference/scenario.md": "\n".join(scenario_page(schema())),
        "reference/variables.md": "\n".join(variables_page()),
        "reference/command-line.md": "\n".join(command_page()),
        "reference/python.md": "\n".join(python_page()),
        "reference/equations.md": equations_page((ROOT / "MODEL_CARD.md").read_text(encoding="utf-8")),
    }
    return made | {name: (ROOT / text).read_text(encoding="utf-8") for name, text in TEXTS.items()}


def cell(text: str) -> str:
    """Text for a cell of a table: on one line, with nothing that ends the cell or begins an element."""
    return (
        " ".join(text.split())
        .replace("|", "\\|")
        .replace("<", "&lt;")
        .replace("*", "\\*")
        .replace("_", "\\_")
    )


def scenario_page(made: Mapping[str, Any]) -> Iterator[str]:
    """Every key of a scenario file: the file itself, then what it is made of, in the order of their names."""
    yield "# Scenario file\n"
    yield "Made from the fields' own words. `displacement schema > scenario.schema.json` gives the same to an editor.\n"
    yield from _table(made["properties"])
    for name, section in sorted(made["$defs"].items()):
        yield f"\n## {name}\n"
        yield f"{cell(section.get('description', ''))}\n"
        yield from (
            _table(section.get("properties", {})) if "properties" in section else [f"{_kind(section)}\n"]
        )


def _table(fields: Mapping[str, Any]) -> Iterator[str]:
    """One key a row; what it means says its unit in brackets, its source, and its prior last."""
    yield "| key | what may be written | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in fields.items():
        meaning = f"{cell(field.get('description', ''))}{_prior(field.get('prior'))}"
        yield f"| `{name}` | {_kind(field)} | {_default(field)} | {meaning} |"


def _kind(field: Mapping[str, Any]) -> str:
    """What may be written, with links to what that is made of."""
    if "$ref" in field:
        name = str(field["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in field or "enum" in field:
        return ", ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    several = field.get("anyOf") or field.get("oneOf")
    if several:
        return " or ".join(dict.fromkeys(_kind(one) for one in several if one.get("type") != "null"))
    if field.get("type") == "array":
        items = field.get("items") or field.get("prefixItems") or {}
        return f"list of {_kind(items)}" if isinstance(items, Mapping) and items else "list"
    extra = field.get("additionalProperties")
    if field.get("type") == "object" and isinstance(extra, Mapping):
        return f"by name: {_kind(extra)}"
    return " ".join(filter(None, (str(field.get("format", field.get("type", "any"))), _bounds(field))))


def _bounds(field: Mapping[str, Any]) -> str:
    """The values that a number may have."""
    signs = {"minimum": "≥", "exclusiveMinimum": "&gt;", "maximum": "≤", "exclusiveMaximum": "&lt;"}
    return ", ".join(f"{sign} {field[bound]:g}" for bound, sign in signs.items() if bound in field)


def _default(field: Mapping[str, Any]) -> str:
    """The default, where it is a plain value."""
    if isinstance(field.get("default"), dict) or field.get("default") in (None, "", [], ()):
        return ""
    text = str(field["default"])
    return f"`{text}`".replace("|", "\\|") if len(text) <= 40 else "see there"


def _prior(prior: Mapping[str, Any] | None) -> str:
    """What members draw from."""
    if not prior:
        return ""
    return f" Prior: {prior['distribution']}({prior['first']:g}, {prior['second']:g})."


TABLES = {
    "PEOPLE": "People: `result.people`",
    "FLOWS": "Flows: `result.flows`",
    "NEEDS": "Needs: `result.needs`",
    "IN_NEED": "People in need: `result.in_need`",
    "SUPPLY": "Supply: `result.supply`",
    "DRAWN": "What members drew",
    "OUTCOMES": "Outcomes",
    "DRIVERS": "Drivers: `result.drivers`",
}


def variables_page() -> Iterator[str]:
    """Every array that a result holds."""
    yield "# Arrays\n"
    yield "A flow adds up over days; everything else is as of midnight. Dimensions are in their order.\n"
    for name, title in TABLES.items():
        yield f"\n## {title}\n"
        yield "| array | dimensions | unit | meaning | flow |"
        yield "| --- | --- | --- | --- | --- |"
        for array, variable in getattr(variables, name).items():
            dims = ", ".join(variable.dims)
            flow = "yes" if variable.flow else ""
            yield f"| `{array}` | {dims} | {cell(variable.unit)} | {cell(variable.meaning)} | {flow} |"


def command_page() -> Iterator[str]:
    """The command line's own help."""
    yield "# Command line\n"
    parser = cli._parser()
    (commands,) = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name, command in commands.choices.items():
        yield f"\n## {name}\n\n```text\n{command.format_help().strip()}\n```"
    yield "\nExit codes: 0 done; 1 the scenario or a file it names is wrong; 2 wrong usage; 3 anything else."


def python_page() -> Iterator[str]:
    """The public functions and classes, as their docstrings say."""
    yield "# Python\n"
    yield "`import displacement as dp` loads nothing heavy; each name is loaded when it is first used.\n"
    for prefix, room in (("dp", displacement), ("dp.report", report)):
        for name in sorted(room.__all__):
            found = getattr(room, name)
            if inspect.ismodule(found):
                continue
            sign = f"{inspect.signature(found)}" if inspect.isfunction(found) else ""
            yield f"\n## {prefix}.{name}\n\n```text\n{prefix}.{name}{sign}\n\n{inspect.getdoc(found)}\n```"


def equations_page(card: str) -> str:
    """The equations, as the model card has them."""
    found = re.search(r"^## Equations\n(.*?)^## ", card, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError("MODEL_CARD.md has no part '## Equations'")
    note = "What must hold of them, and the tests that hold it: [verification](verification.md).\n"
    return f"# Equations\n\n{note}\n{found[1]}"


def tests_of_laws(folder: Path = ROOT / "tests") -> dict[str, list[str]]:
    """The tests of each law, as FILE::NAME: those whose docstrings name it.

    A module's docstring may name laws as well; of a law that none of its tests names it stands for them all.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        tests = [
            node
            for node in module.body
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        ]
        where, of_tests = path.relative_to(folder).as_posix(), set()
        for test in tests:
            for law in named_in(ast.get_docstring(test)):
                found[law].append(f"{where}::{test.name}")
                of_tests.add(law)
        for law in named_in(ast.get_docstring(module)) - of_tests:
            found[law].append(where)
    return found


def named_in(docstring: str | None) -> set[str]:
    """Laws that a docstring names.

    >>> sorted(named_in("Nobody is lost (laws V1, V4).")), named_in(None)
    (['V1', 'V4'], set())
    """
    return set(re.findall(r"\bV(?:1[0-8]|[1-9])\b", docstring or ""))
