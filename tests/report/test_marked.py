"""Generated parts of texts, and that those we ship are what their sources make."""

from pathlib import Path

import pytest

from displacement.io import parameters
from displacement.io.errors import InputError
from displacement.report import backtest, fitted, marked, record

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "scenarios" / "backtests" / "scores.csv"


def test_only_the_marked_part_of_a_text_is_written_anew(tmp_path):
    text = tmp_path / "README.md"
    text.write_text("before\n<!-- table -->\nold\n<!-- /table -->\nafter\n", encoding="utf-8")
    marked.update(text, "table", "new")
    made = text.read_text(encoding="utf-8")
    assert made == "before\n<!-- table -->\nnew\n<!-- /table -->\nafter\n"
    assert marked.updated(text, "table", "new") == made


@pytest.mark.parametrize(
    "text", ["nothing", "<!-- table -->", "<!-- /table --><!-- table -->", "<!-- other --><!-- /other -->"]
)
def test_a_text_without_the_marks_is_an_error_that_says_what_to_write(tmp_path, text):
    path = tmp_path / "README.md"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"README.md: has no part to write anew; put a line <!-- table -->"):
        marked.updated(path, "table", "new")


@pytest.mark.parametrize("name", ["README.md", "MODEL_CARD.md"])
def test_the_scores_we_show_are_what_the_kept_scores_make(name):
    """`make tables` writes them anew."""
    path = ROOT / name
    made = backtest.markdown(backtest.read_scores(KEPT))
    assert path.read_text(encoding="utf-8") == marked.updated(path, backtest.MARK, made)


def test_the_parameters_we_show_are_those_we_ship():
    """`make tables` writes them anew."""
    path = ROOT / "MODEL_CARD.md"
    made = fitted.markdown(parameters.read(parameters.SHIPPED))
    assert path.read_text(encoding="utf-8") == marked.updated(path, fitted.MARK, made)


def test_the_record_of_the_shipped_area_is_what_the_kept_scores_make():
    """`make tables` writes it anew."""
    scores = backtest.read_scores(KEPT)
    kept = record.said(ROOT / "data" / "nw_syria", str(scores["parameters"].iloc[0]))
    assert kept.startswith("On 4 past cases of this area such runs were off by a factor of ")
    made = record.of_scores(scores)
    assert f"{made.inside} of {made.figures} counts" in kept
    assert record.said(ROOT / "data" / "nw_syria", "others") == ""


def test_an_area_without_a_record_says_nothing_and_a_broken_one_is_an_error(tmp_path):
    assert record.said(tmp_path, "priors") == ""
    (tmp_path / record.NAME).write_text('{"cases": 4}', encoding="utf-8")
    with pytest.raises(InputError, match=r"track_record.json.* is no record of past cases"):
        record.said(tmp_path, "priors")
