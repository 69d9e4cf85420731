"""The notebook of the examples, run as it is."""

import shutil
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The notebook with its outputs, and the folder it ran in."""
    place = tmp_path_factory.mktemp("repository")
    for name in ("examples", "scenarios", "data"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("runs"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    kernel = [sys.executable, "-Wignore", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(place / "examples")}})
    client.create_kernel_manager()
    client.km.kernel_spec.argv = kernel
    client.execute()
    return notebook, place / "examples" / "runs"


def test_the_notebook_holds_no_outputs_so_that_it_shows_no_stale_figures():
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert len(cells) > 5
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


def test_the_notebook_runs_from_top_to_bottom_and_warns_of_nothing(ran):
    notebook, _ = ran
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} == {"execute_result"}


def test_the_notebook_shows_results_as_html_under_their_condition(ran):
    notebook, _ = ran
    pages = [
        output.data["text/html"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "result.people" in output.data.get("text/html", "")
    ]
    assert len(pages) == 2
    assert all("If Sarmin, Nayrab and Afs" in page for page in pages)


def test_the_notebook_writes_what_it_says(ran):
    _, written = ran
    assert (written / "quickstart" / "share" / "people.csv").is_file()
    for name in ("needs.xlsx", "brief.html", "zones.gpkg", "compared/compare.html"):
        assert (written / name).stat().st_size > 1000, name
