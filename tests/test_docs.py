"""The documentation: what it tells a planner to write is written and run, and its pages are built without a complaint."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support import write_raster

from displacement import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(
    r'^```(?P<kind>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$', re.DOTALL | re.MULTILINE
)


def blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Kind, name of the file and text of each block with a kind; those without are what is printed."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield found["kind"], found["title"] or "", found["text"]


def a_raster() -> None:
    """Counts of people over the area, as somebody may have them."""
    people = np.random.default_rng(3).integers(0, 400, (180, 174)).astype("float32")
    write_raster(Path("scenarios/worldpop.tif"), people, 35.7, 37.2, 1 / 60)


GIVEN: dict[str, Callable[[], None]] = {"own-raster.md": a_raster}
"""What a page takes to be there."""
WITH_EXAMPLES = sorted(
    path.relative_to(DOCS).as_posix()
    for path in DOCS.rglob("*.md")
    if any(kind == "sh" for kind, _, _ in blocks(path))
)


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_every_file_and_command_of_a_page_does_what_it_says(page, tmp_path, monkeypatch, capsys):
    """In the order of the page, in a copy of what is shipped."""
    for name in ("scenarios", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    GIVEN.get(Path(page).name, lambda: None)()
    ran = 0
    for kind, title, text in blocks(DOCS / page):
        if title:
            Path(title).parent.mkdir(exist_ok=True)
            Path(title).write_text(text, encoding="utf-8")
            continue
        assert kind == "sh", f"{page}: a block of {kind} that is neither written nor run"
        for line in text.splitlines():
            program, *arguments = shlex.split(line, comments=True)
            assert program == "displacement"
            assert cli.main(arguments) == cli.DONE, (line, capsys.readouterr().err)
            ran += 1
    assert ran


def test_the_pages_with_examples_are_those_one_works_along():
    assert {"tutorial.md", "how-to/own-raster.md", "how-to/own-stock.md", "how-to/new-country.md"} <= set(
        WITH_EXAMPLES
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The pages, built as `make docs` does."""
    place = tmp_path_factory.mktemp("site")
    settings = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(place)]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return place


def test_no_page_asks_a_host_for_anything(site):
    """Links to other sites would be followed by a reader; these are loaded by a browser."""
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", re.IGNORECASE)
    for path in site.rglob("*.html"):
        assert not loaded.search(path.read_text(encoding="utf-8")), path.name
    for path in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?(?:https?:)?//|@import", path.read_text(encoding="utf-8")), (
            path.name
        )


def test_the_reference_has_every_key_array_command_and_function(site):
    import displacement as dp
    from displacement import variables
    from displacement.scenario.schema import schema

    def page(name: str) -> str:
        return (site / "reference" / f"{name}.html").read_text(encoding="utf-8")

    made = schema()
    scenario = page("scenario")
    for section in (made, *made["$defs"].values()):
        for key in section.get("properties", {}):
            assert f"<code>{key}</code>" in scenario, key
    arrays = page("variables")
    for name in (*variables.PEOPLE, *variables.SUPPLY, *variables.IN_NEED):
        assert f"<code>{name}</code>" in arrays, name
    assert all(f'<h2 id="{name}">' in page("command-line") for name in ("run", "explain", "compare", "init"))
    assert all(f"dp.{name}" in page("python") for name in dp.__all__ if name != "report")
    assert "Departures (E3)" in page("equations")


def manual():
    """The hook that makes pages."""
    found = importlib.util.spec_from_file_location("manual", ROOT / "tools" / "manual.py")
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_every_law_has_a_test_and_every_test_named_is_there(site):
    shown = (site / "reference" / "verification.html").read_text(encoding="utf-8")
    made = manual()
    named = made.tests_of_laws()
    for law in made.LAWS:
        assert named[law], law
        for test in named[law]:
            path, _, name = test.partition("::")
            assert f"def {name}" in (ROOT / "tests" / path).read_text(encoding="utf-8")
            assert f"<code>{test}</code>" in shown


def test_a_law_without_a_test_stops_the_building(tmp_path, monkeypatch):
    made = manual()
    (tmp_path / "test_one.py").write_text('def test_a():\n    """V1: nobody is lost."""\n', encoding="utf-8")
    assert made.tests_of_laws(tmp_path) == {"V1": ["test_one.py::test_a"]}
    monkeypatch.setattr(made, "tests_of_laws", lambda: made.defaultdict(list, V1=["test_one.py::test_a"]))

    page = SimpleNamespace(file=SimpleNamespace(src_uri="reference/verification.md"))
    with pytest.raises(ValueError, match="no test names the laws V2, V3"):
        made.on_page_markdown("{V1}", page, None, None)
