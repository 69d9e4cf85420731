"""A browser without a network, and a brief that it opens."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support import changed

import displacement as dp

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SUPPLY = {
    "hubs": {"North": {"stock": {"tent": 20, "blanket": 100_000}}},
    "routes": {"way": {"trucks_per_day": 1}},
}
REPORTS = "date,zone,measure,people,scope\n2030-01-06,ALL,newly_displaced,4000,<b>first</b> count\n"


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[dp.Result, Path]:
    """The toy question with members, stock and a report, and its folder."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "reports.csv").write_text(REPORTS, encoding="utf-8")
    toy = dp.load(Path(__file__).parents[1] / "toy" / "toy.yaml")
    asked = changed(
        toy,
        supply=SUPPLY,
        reports=str(folder / "reports.csv"),
        condition="Cedar changes hands <script>alert(1)</script>",
        condition_ar="تغيرت السيطرة على عنبر",
    )
    result = dp.run(asked, members=8)
    return result, dp.write(result, folder / "run")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium: that of the system, or the one that `CHROMIUM` names."""
    sync = pytest.importorskip("playwright.sync_api", reason="needs the extra [browser]")
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.fail("no Chromium: install Debian's package chromium, or name one in CHROMIUM")
    with sync.sync_playwright() as driver:
        # Neither WebGL nor any other use of a graphics card: the page has to do without.
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
        started = driver.chromium.launch(executable_path=found, args=arguments)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Any, run: tuple[dp.Result, Path]) -> Iterator[Callable[..., Any]]:
    """Opens the brief with the network off; fails at the end where it complained, or asked for anything but itself."""
    said: list[str] = []
    contexts = []

    def open_brief(width: int = 1366, height: int = 768, language: str = "") -> Any:
        context = browser.new_context(offline=True, viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type in ("error", "warning") and said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
        page.on(
            "request", lambda request: request.url.startswith(("file:", "data:")) or said.append(request.url)
        )
        page.goto((run[1] / "share" / "brief.html").as_uri() + (f"#{language}" if language else ""))
        page.wait_for_selector("html[data-ready=yes]")
        return page

    yield open_brief
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def artefacts() -> Path:
    """Where screenshots are kept."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


@pytest.fixture
def kept(artefacts: Path) -> Callable[..., None]:
    """Keeps a screenshot as an artefact of the run."""
    return lambda page, name, **options: page.screenshot(path=artefacts / f"{name}.png", **options) and None
