"""The brief in a real browser, offline and without WebGL: what it shows is what `result.nc` holds."""

import re

import pytest
import xarray as xr

from displacement.report.rounding import quantiles, shared_people

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stored(run):
    with xr.open_dataset(run[1] / "internal" / "result.nc") as dataset:
        yield dataset.load()


def shown(values, day):
    """The middle of a measure by zone at the end of a day, as the page shows it."""
    of_day = values.isel(time=day - 1)
    summed = of_day.sum("type") if "type" in of_day.dims else of_day
    levels = quantiles(summed.transpose("member", "zone").values)
    found = {}
    for at, zone in enumerate(values["zone"].values):
        cells = [shared_people(float(level[at])) for level in levels.values()]
        few = any(note for _, note in cells)
        found[str(zone)] = "< 100" if few else f"{int(cells[1][0]):,}"
    return found


def table(page, column):
    """What a column of the table of zones shows, by p-code."""
    codes = page.evaluate("window.brief.data.codes")
    rows = page.locator("#zones tbody tr").all()
    return {
        codes[int(row.get_attribute("data-zone"))]: row.locator("td").nth(column).inner_text() for row in rows
    }


def day_of(page, day):
    """Move the slider to a day with the keyboard."""
    page.focus("#slider")
    page.keyboard.press("Home")
    for _ in range(day - 1):
        page.keyboard.press("ArrowRight")


def point_on_map(page, zone):
    """Where on the screen the middle of a zone is."""
    return page.evaluate(
        """(zone) => {
          const [x, y] = window.brief.data.centres[zone];
          const view = [...Bokeh.index].find((one) => one.model.name === "map");
          const box = document.querySelector("#map > *").getBoundingClientRect();
          const {x_scale, y_scale} = view.frame;
          return [box.x + x_scale.compute(x), box.y + y_scale.compute(y)];
        }""",
        zone,
    )


def colour_at(page, zone):
    """Colour of a zone on the map as it is set."""
    return page.evaluate(
        "(zone) => { const d = window.brief.models.zones.data; return d.colour[d.zone.indexOf(zone)]; }", zone
    )


def test_the_first_screen_answers_how_many_where_and_what_runs_out(opened, kept, stored):
    page = opened()
    kept(page, "first_screen")
    answer = page.inner_text("#answer")
    assert answer.startswith("If Cedar changes hands <script>alert(1)</script>: about ")
    total = stored["newly_displaced"].isel(time=-1).sum("zone").values
    assert f"about {int(shared_people(float(quantiles(total)['p50']))[0]):,} people" in answer
    assert "receives most" in answer
    for part in ("answer", "figures", "map", "legend", "chart"):
        box = page.locator(f"#{part}").bounding_box()
        assert box["y"] + box["height"] <= 768, part
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 1366
    cards = page.inner_text("#figures")
    for words in (
        "day 3",
        "day 7",
        "day 14",
        "Ready-to-eat ration",
        "Family tent",
        "Blanket",
        "Stock runs out",
        "USD",
    ):
        assert words in cards


def test_the_slider_moves_map_and_table_to_what_the_result_holds_on_that_day(opened, kept, stored):
    page = opened()
    for day in (14, 3, 8):
        day_of(page, day)
        assert f"{day} January, day {day}" in page.inner_text(".map h2")
        there, left = shown(stored["present_new"], day), shown(stored["newly_displaced"], day)
        assert table(page, 2) == {zone: there[zone] for zone in table(page, 2)}
        assert table(page, 4) == {zone: left[zone] for zone in table(page, 4)}
    kept(page, "day_8")


def test_the_map_has_the_class_of_each_zone_on_both_measures(opened, stored):
    from displacement.report.briefs.drawing import colour_of

    page = opened()
    day_of(page, 3)
    for button, measure in (("there", "present_new"), ("from", "newly_displaced")):
        page.click(f".controls button[data-measure={button}]")
        for at, (_, text) in enumerate(list(shown(stored[measure], 3).items())[:4]):
            figure = -1 if text == "< 100" else int(text.replace(",", ""))
            assert colour_at(page, at) == colour_of(figure)


def test_a_click_on_the_map_selects_the_row_and_the_other_way_round(opened, kept):
    page = opened()
    page.mouse.click(*point_on_map(page, 1))
    page.wait_for_selector("#zones tr.chosen")
    assert page.inner_text("#zones tr.chosen td").strip("\u2068\u2069") == "Birch"
    assert "Birch" in page.inner_text("#told")
    assert "@" not in page.inner_text("#map")
    assert "Birch" in page.inner_text("#chart-title")
    kept(page, "zone_selected")
    page.locator("#zones tbody tr", has_text="Amber").click()
    assert page.evaluate("window.brief.models.zones.selected.indices") == [0]
    page.click("#whole")
    assert page.locator("#zones tr.chosen").count() == 0
    assert page.evaluate("window.brief.models.zones.selected.indices") == []


def test_the_table_sorts_by_figure_and_by_name_and_back(opened):
    page = opened()
    heads = page.locator("#zones thead th button")

    def values():
        return [
            float(row.get_attribute("data-value"))
            for row in page.locator("#zones tbody td[data-measure=from]:not([data-range])").all()
        ]

    heads.nth(4).click()
    assert values() == sorted(values(), reverse=True)
    heads.nth(4).click()
    assert values() == sorted(values())
    heads.nth(0).click()
    names = page.locator("#zones tbody tr td:first-child").all_inner_texts()
    assert names == sorted(names)
    assert page.locator("#zones thead th").nth(0).get_attribute("aria-sort") == "ascending"


def test_arabic_reads_from_the_right_with_arabic_names_and_western_digits(opened, kept, stored):
    page = opened()
    english = table(page, 2)
    page.click("#language")
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["ar", "rtl"]
    kept(page, "arabic")
    kept(page, "arabic_whole", full_page=True)
    assert page.inner_text("#answer").startswith(
        "إذا تغيرت السيطرة على عنبر: النازحون الجدد بحلول 14 كانون الثاني"
    )
    text = page.inner_text("body")
    assert "عنبر" in page.inner_text("#zones")
    assert not re.search(r"[٠-٩]", text)
    assert not {"Needs by sector", "Assumptions", "Where most are"} & set(text.split("\n"))
    arabic = table(page, 2)
    assert {zone: figure.replace("أقل من 100", "< 100") for zone, figure in arabic.items()} == english
    assert "\u2067" in page.evaluate("[...window.brief.models.days.major_label_overrides.values()][0]")
    page.click("#language")
    assert page.evaluate("document.documentElement.dir") == "ltr"


def test_arabic_opens_at_once_where_the_address_asks_for_it(opened):
    assert opened(language="ar").evaluate("document.documentElement.dir") == "rtl"


def test_play_goes_through_the_days_and_stops_at_the_last(opened):
    page = opened()
    day_of(page, 12)
    page.click("#play")
    assert page.inner_text("#play") == "Pause"
    page.wait_for_selector("#play[aria-pressed=false]")
    assert page.inner_text("#play") == "Play"
    assert "14 January, day 14" in page.inner_text(".map h2")


def test_reported_totals_stand_on_the_chart_and_markup_in_a_table_is_text(opened):
    page = opened()
    assert page.evaluate("window.brief.models.observed.length") == 2
    assert "<b>first</b> count" in page.inner_text("#reported-part")
    assert "4,000" in page.inner_text("#card-reported")


def test_it_prints_whole_on_a4_with_the_map_of_the_last_day(opened, kept, artefacts):
    page = opened()
    day_of(page, 2)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#slider").is_visible() is False
    assert page.locator("#printed-map").is_visible()
    assert "14 January" in page.inner_text(".map h2")
    assert page.evaluate("getComputedStyle(document.querySelector('.scroll')).overflowY") == "visible"
    page.set_viewport_size({"width": 718, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    kept(page, "print", full_page=True)
    paper = page.pdf(path=artefacts / "print.pdf", prefer_css_page_size=True, print_background=True)
    assert paper.startswith(b"%PDF")
    page.evaluate(
        "window.dispatchEvent(new Event('afterprint'))"
    )  # should the printing not have said so itself
    assert "2 January, day 2" in page.inner_text(".map h2")


def test_it_fits_a_telephone(opened, kept):
    page = opened(390, 844)
    kept(page, "telephone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
