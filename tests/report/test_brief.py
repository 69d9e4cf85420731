"""The brief says what the result says, rounded and suppressed, in two languages, and runs nothing that a user wrote."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import changed

import displacement as dp
from displacement import cli
from displacement.io import standards
from displacement.needs.item import Sector
from displacement.needs.loads import trucks_needed
from displacement.needs.supply import CONSTRAINTS
from displacement.report.briefs import wording
from displacement.report.briefs.aid import aid_of
from displacement.report.briefs.background import KINDS
from displacement.report.briefs.drawing import colour_of
from displacement.report.briefs.page import page
from displacement.report.briefs.shown import Shown, people, people_by
from displacement.report.rounding import shared_people, significant
from displacement.report.summary import _figure, summary

SUPPLY = {
    "hubs": {"North": {"stock": {"tent": 20, "blanket": 100_000}}},
    "routes": {"way": {"trucks_per_day": 1}},
}
EVIL = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def members(toy):
    """The toy question with eight members, stock and reports."""
    return dp.run(changed(toy, supply=SUPPLY), members=8)


@pytest.fixture(scope="module")
def html(members):
    return page(members)


class Reader(HTMLParser):
    """Elements and text of a page: what stands in the scripts is kept by id."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self.texts, self._into = [], {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._into = dict(attrs).get("id", f"{tag}{len(self.elements)}")

    def handle_endtag(self, tag):
        self._into = None if tag in ("script", "style") else self._into

    def handle_data(self, data):
        if self._into is None:
            self.texts.append(data)
        else:
            self.scripts[self._into] = self.scripts.get(self._into, "") + data

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())

    def data(self):
        return json.loads(self.scripts["data"])


def written_by_us(html):
    """The page without Bokeh's own script, which is longer than all the rest."""
    return html.replace(max(Reader(html).scripts.values(), key=len), "")


@given(st.lists(st.floats(0, 1e8), min_size=1, max_size=6))
def test_figures_for_a_page_are_the_shared_ones(values):
    steps = people_by({"p10": None, "p50": np.array(values), "p90": None}, (0.1, 0.5, 0.9))
    for value, plain in zip(values, steps.middle, strict=True):
        text, note = shared_people(value)
        assert plain == (-1 if note else float(text))


def test_a_suppressed_level_suppresses_the_others():
    levels = {name: np.array([value]) for name, value in (("p10", 40.0), ("p50", 300.0), ("p90", 900.0))}
    assert people_by(levels, (0.1, 0.5, 0.9)) == ([-1], [-1], [-1])
    assert people(np.array([40.0, 40.0, 900.0]), (0.1, 0.5, 0.9)) == Shown(None, note="lt100")


def test_what_is_not_known_is_none_and_no_zero():
    assert people_by({"p50": np.array([np.nan, 0.0])}, (0.5,)).middle == [None, 0]
    assert len({colour_of(figure) for figure in (None, -1, 0, 100)}) == 4


def test_the_page_holds_every_figure_by_zone_and_day_rounded(members, html):
    data = Reader(html).data()
    hidden = shown = 0
    for name, measure in (("there", "present_new"), ("from", "newly_displaced")):
        values = members.people[measure]
        exact = (
            (values.sum("type") if "type" in values.dims else values)
            .transpose("member", "time", "zone")
            .values
        )
        levels = dict(
            zip(("low", "middle", "high"), np.quantile(exact, (0.1, 0.5, 0.9), axis=0), strict=True)
        )
        for at, day in enumerate(data["days"]):
            for zone in range(exact.shape[2]):
                told = {which: data["zones"][name][which][at][zone] for which in levels}
                own = [round(float(level[day - 1, zone])) for level in levels.values()]
                if any(0 < figure < 100 for figure in own):
                    assert set(told.values()) == {-1}
                    hidden += 1
                    continue
                for which, level in levels.items():
                    assert told[which] == pytest.approx(float(level[day - 1, zone]), rel=0.051, abs=0.5)
                    shown += told[which] > 0
    assert hidden > 10
    assert shown > 100


def test_no_exact_figure_is_on_the_page(html):
    data = Reader(html).data()
    figures = [
        figure for one in (data["area"], *data["zones"].values()) for figure in flat(list(one.values()))
    ]
    assert all(len(str(figure).rstrip("0")) <= 2 or figure == -1 for figure in figures if figure)


def flat(values):
    for value in values:
        yield from flat(value) if isinstance(value, list) else (value,)


def test_the_answer_begins_with_its_condition_and_has_its_range(toy):
    asked = changed(toy, condition="Cedar changes hands", condition_ar="تغيرت السيطرة على عنبر")
    text = Reader(page(dp.run(asked, members=4))).text
    plain = text.replace("\u2068", "").replace("\u2069", "")
    many = r"about [\d,]+ people \([\d,]+ to [\d,]+\)"
    assert re.search(
        rf"If Cedar changes hands: {many} newly displaced by 14 January; .{{3,9}} receives most", plain
    )
    assert re.search(
        r"إذا تغيرت السيطرة على عنبر: النازحون الجدد بحلول 14 كانون الثاني: نحو [\d,]+ شخص \(من", text
    )


def test_one_run_has_no_range_and_says_how_to_get_one(toy_result):
    reader = Reader(page(toy_result))
    assert re.search(r"about [\d,]+ people newly displaced", reader.text)
    assert "displacement run --members 64" in reader.text
    assert reader.data()["area"]["low"] is None


def test_only_days_of_the_period_are_told(toy_result):
    card = page(toy_result).split('id="card-days"')[1].split('id="card-again"')[0]
    assert re.findall(r"\bday (\d+)<", card) == ["3", "7", "14"]


def test_without_supply_the_page_says_so_and_gives_no_figure(toy_result):
    text = Reader(page(toy_result)).text
    assert "No stock given" in text
    assert "add supply: with hubs and routes to the scenario" in text
    assert "for want of" in text
    assert "Delivered" not in text


def test_the_day_each_stock_runs_out_and_what_binds_are_those_of_the_account(members, html):
    """The last hub's day in each member, and of the members the first day by which half have run out."""
    last = members.supply["runs_out"].sel(item="tent").transpose("hub", "member").values.max(axis=0)
    assert len(set(last)) > 1
    day = min(one for one in last if (last <= one).sum() >= len(last) / 2).astype("datetime64[D]").item()
    said = f"{day.day} January"
    card = html.split('id="card-stock"')[1].split("</ul>")[0]
    assert re.search(rf"Family tent.*{said}", card)
    row = html.split('data-item="tent"')[1].split("</tr>")[0]
    assert said in row
    assert ">stock<" in row


def test_what_the_first_72_hours_take_is_the_need_of_three_days(members, html):
    arrived = (
        members.people["arrivals"]
        .sel(zone=members.needs["zone"].values)
        .sum(("zone", "type"))
        .median("member")
    )
    first = int(np.argmax(arrived.cumsum("time").values >= 100))
    tents = members.needs["need"].sel(item="tent").isel(time=slice(first, first + 3)).sum(("time", "zone"))
    told = re.search(r'class="big">([\d,.]+)</p><p class="small"><span lang="en">Family tent', html)
    assert told is not None
    assert float(told[1].replace(",", "")) == pytest.approx(float(tents.median("member")), rel=0.051)


def test_brief_and_summary_name_the_middle_of_what_each_member_comes_to(members):
    """Not what the middles of days, sectors and zones come to, which is another figure."""
    aid = aid_of(members)
    hubs = members.needs.isel(item=(members.needs["supplied"] == "hub").values)
    tonnes = (hubs["need"].sum(("time", "zone")) * hubs["mass_kg"].fillna(0)).sum("item") / 1000
    by_day = trucks_needed(members.needs, members.aid.logistics)
    most, heaviest = (float(by_day[name].max("time").median()) for name in ("trucks", "tonnes"))
    assert heaviest != pytest.approx(float(by_day["tonnes"].median("member").max()), rel=1e-3)
    assert (aid.trucks.most.middle, aid.tonnes.middle) == (
        significant(most),
        significant(float(tonnes.median())),
    )
    said = " ".join(summary(members).split())
    assert f"most on one day: {_figure(most)}, {_figure(heaviest)} t " in said
    assert f"In all {aid.tonnes.middle:,.0f} t from hubs" in said
    supply = members.supply
    for line in (line for line in aid.lines if line.target is not None):
        of_item = supply.sel(item=line.item)
        target = of_item["target"].sum(("time", "zone")).median("member")
        assert line.target.middle == pytest.approx(significant(float(target)), rel=1e-12)
    used = float(supply["trucks_used"].sum(("time", "route")).median())
    assert f"{used:,.0f} trucks left" in said


def test_what_a_user_wrote_does_nothing(toy, tmp_path):
    """A name or a title is text, whatever it holds; no element comes of it, and the page's policy would not run it."""
    result = dp.run(changed(toy, title=EVIL, condition=f"{FORMULA} {EVIL}", title_ar=EVIL))
    zones = replace(
        result.inputs.zones, name=(EVIL, FORMULA, *result.inputs.zones.name[2:]), name_ar=(EVIL,) * 5
    )
    plain, evil = Reader(page(dp.run(toy))), page(replace(result, inputs=replace(result.inputs, zones=zones)))
    found = Reader(evil)
    assert [tag for tag, _ in found.elements if tag == "script"] == [
        tag for tag, _ in plain.elements if tag == "script"
    ]
    assert not any(name.startswith("on") for _, attributes in found.elements for name in attributes)
    assert found.text.count(EVIL) >= 4
    assert found.data()["names"][:2] == [EVIL, FORMULA]
    assert EVIL not in evil
    policy = next(a["content"] for t, a in found.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'; script-src 'sha256-" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_the_page_names_no_controller_group_camp_or_place_on_earth(members, html):
    """Outlines are drawn from the corner of the area: they bear no coordinates."""
    ours = written_by_us(html).lower()
    for word in (
        "alpha",
        "beta",
        "gamma",
        "r1",
        "amber camp",
        "old mill",
        "response_group",
        "latitude",
        "longitude",
    ):
        assert not re.search(rf"\b{word}\b", ours), word
    assert str(int(members.inputs.grid.west)) not in ours
    assert "36.2" not in ours


def test_the_page_is_one_file_below_its_size_that_names_no_host(members, html):
    assert len(html.encode()) < 2.5e6
    assert not re.search(r"https?://", written_by_us(html))
    assert not any({"src", "href"} & set(attributes) for _, attributes in Reader(html).elements)


def test_the_same_result_makes_the_same_page(members, html):
    assert page(members) == html


def test_a_restricted_run_says_so_in_both_languages(toy):
    text = Reader(page(dp.run(changed(toy, sensitivity="restricted")))).text
    assert "RESTRICTED, not to be passed on" in text
    assert "مقيّد" in text


def test_every_text_stands_in_both_languages_with_the_same_values():
    english, arabic = (wording.texts(language) for language in wording.LANGUAGES)
    assert set(english) == set(arabic)
    for part in ("page", "events", "boundaries", "measures", "constraints", "drawn_units"):
        assert set(english[part]) == set(arabic[part]), part
    for key, text in english["page"].items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", arabic["page"][key])), key
    assert len(english["months"]) == len(arabic["months"]) == 12


def test_arabic_has_western_digits_alone():
    assert not re.search(r"[٠-٩۰-۹]", json.dumps(dict(wording.texts("ar")), ensure_ascii=False))


def test_arabic_names_every_shipped_item_unit_sector_constraint_and_assumption(toy):
    arabic = wording.texts("ar")
    lines = standards.standards()["items"]
    assert {line["id"] for line in lines} <= set(arabic["items"])
    assert {line["unit"] for line in lines} <= set(arabic["units"])
    assert set(Sector.__args__) <= set(arabic["sectors"])
    assert set(CONSTRAINTS) - {""} == set(arabic["constraints"])
    assert set(KINDS.values()) == set(arabic["events"])
    from displacement import ensemble

    drawn = ensemble.drawn_ones(changed(toy, uncertainty={"members": 2}))
    assert set(drawn["parameter"].values.tolist()) <= set(arabic["parameters"])
    assert set(drawn["unit"].values.tolist()) - {"1"} <= set(arabic["drawn_units"])


def test_a_zone_without_an_arabic_name_keeps_the_one_it_has():
    assert (
        wording.told("ar", "chart_zone", zone=wording.Named("Birch", ""))
        == "النازحون الجدد في \u2068Birch\u2069"
    )
    assert wording.told("ar", "chart_zone", zone=wording.Named("Amber", "عنبر")).endswith("\u2068عنبر\u2069")


def test_variants_stand_side_by_side_each_under_its_condition(toy):
    from displacement import pipeline

    result = pipeline.run_variants(changed(toy, as_of="2030-01-04", condition="nothing else happens"))
    text = Reader(page(result)).text
    assert "(known on 4 January 2030, later events assumed)" in text
    assert "calm : If the events of the variant 'calm' come about" in text
    for name, by_last in zip(
        ("as written", "calm", "more"), result.variants["ever_left"].values[:, 0, -1], strict=True
    ):
        assert name in text
        assert f"{int(shared_people(float(by_last))[0]):,}" in text


def test_a_condition_in_arabic_is_not_inherited_where_the_condition_changes(tmp_path, toy):
    base = tmp_path / "base.yaml"
    area = toy.area_folder
    base.write_text(
        f"title: T\ntitle_ar: ت\ncondition: one\ncondition_ar: واحد\narea: {area}\n"
        "period: {start: 2030-01-01, days: 3}\n",
        encoding="utf-8",
    )
    (tmp_path / "own.yaml").write_text("base: base.yaml\ncondition: two\n", encoding="utf-8")
    own = dp.load(tmp_path / "own.yaml")
    assert (own.condition, own.condition_ar, own.title_ar) == ("two", "", "ت")


def test_the_run_folder_holds_the_brief_in_the_language_asked_for(tmp_path, toy):
    out = tmp_path / "run"
    assert cli.main(["run", str(toy.path), "--no-variants", "--lang", "ar", "--out", str(out)]) == cli.DONE
    (tag, attributes) = Reader((out / "share" / "brief.html").read_text(encoding="utf-8")).elements[0]
    assert (tag, attributes) == ("html", {"lang": "ar", "dir": "rtl"})


def test_a_language_that_is_not_there_is_one_clear_error(toy_result, tmp_path):
    with pytest.raises(ValueError, match="lang is one of en, ar"):
        dp.report.brief(toy_result, tmp_path / "brief.html", lang="fr")
    assert dp.report.brief(toy_result, tmp_path / "brief.html", lang="ar") == tmp_path / "brief.html"
