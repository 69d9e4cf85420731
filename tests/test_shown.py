"""A result in a notebook: figures as they may be passed on, and nothing of a user's words obeyed."""

import html.parser
import re

import pytest
from support import changed

import displacement as dp


@pytest.fixture(scope="module")
def shown(toy):
    result = dp.run(toy, members=4)
    return result, result._repr_html_()


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_says_the_condition_before_the_figures_and_the_limits_after(shown):
    result, page = shown
    text = text_of(page)
    assert text.index(result.scenario.title) < text.index(result.condition) < text.index("newly_displaced")
    assert text.index("result.people") < text.index("assumed, not predicted")


def test_its_figures_are_those_of_the_result_to_two_digits(shown):
    result, page = shown
    away = result.people["newly_displaced"].isel(time=-1).sum("zone")
    for value in (away.median(), away.quantile(0.1), away.quantile(0.9)):
        assert f"{float(f'{float(value):.2g}'):,.0f}" in page
    figures = re.findall(
        r"[\d,]*\d", re.sub(r"<th>day.*?</th>|<details>.*</details>", "", page, flags=re.DOTALL)
    )
    assert len(figures) > 30
    assert all(len(figure.replace(",", "").strip("0")) <= 2 for figure in figures)


def test_a_few_people_are_no_figure(shown):
    _, page = shown
    assert "fewer than 100" in page


def test_every_element_is_closed_and_no_host_is_asked(shown):
    _, page = shown
    open_now = []

    class Elements(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            open_now.extend([tag] if tag != "br" else [])

        def handle_endtag(self, tag):
            assert open_now.pop() == tag

    Elements().feed(page)
    assert open_now == []
    assert "http" not in page


def test_what_a_user_wrote_is_shown_and_not_obeyed(toy):
    hostile = changed(toy, title="<script>alert(1)</script>", condition="<b onclick='x'>")
    page = dp.run(hostile)._repr_html_()
    assert "<script" not in page
    assert "<b onclick" not in page
    assert "&lt;script&gt;" in page


def test_a_run_in_which_nobody_moves_is_shown(toy):
    page = dp.run(changed(toy, events=[]))._repr_html_()
    assert "From: nowhere." in page
