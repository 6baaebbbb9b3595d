"""What a reviewer does with the page of a comparison."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from contracts.changes.change import Effect
from contracts.report.forms.page.comparison import comparison_page
from tests.made_changes import ALL, change
from tests.report.comparisons import diff
from tests.report.forms.page.test_comparison import SIDES

from .conftest import Show
from .test_access import BOTH, judged_by_axe, named, walked
from .test_hostile import EVIL, SHOWN
from .viewing import LOOKS, Looks

MANY = [
    *ALL,
    *(change("type-changed", where=f"schemas/Order /{name}", message=f"the type of {name}") for name in "ab"),
    *(change("property-removed", Effect.COMPATIBLE, f"schemas/T{n} /x", message="it went") for n in range(30)),
    change(where=f"schemas/{'Long' * 40} /status", message="x" * 900),
]
PAGE = comparison_page(diff(MANY, "property-added *", **SIDES))


@pytest.mark.parametrize("looks", LOOKS, ids=str)
def test_it_fits_the_window_and_says_nothing_on_the_console(looks: Looks, show: Show) -> None:
    page = show(PAGE, looks).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= looks.width


@pytest.mark.parametrize("looks", BOTH, ids=str)
def test_the_page_can_be_read_by_all(looks: Looks, show: Show) -> None:
    found = judged_by_axe(show(PAGE, looks).page)
    assert named(found["violations"]) == []
    assert {finding["id"] for finding in found["incomplete"]} <= {"color-contrast"}


def test_the_keyboard_goes_through_the_page_as_the_eye_does(show: Show) -> None:
    stops = walked(show(PAGE).page)
    assert stops[0]["name"] == "Skip to the report"
    assert list(dict.fromkeys(stop["part"] for stop in stops)) == [
        *("", "header", "nav", "findings", "breaking", "undecided", "compatible", "accepted")
    ]
    assert [stop for stop in stops if not stop["marked"] or stop["under"]] == []


def boxes(card: Locator, *names: str) -> Iterator[Any]:
    for name in names:
        box = card.get_by_role("figure", name=name).bounding_box()
        assert box is not None
        yield box


def test_both_sides_stand_beside_the_message(show: Show) -> None:
    card = show(PAGE).page.locator("details.card", has_text="schemas/Thing /status").first
    base, revision, message = boxes(card, "Base", "Revision", "The message")
    assert base["x"] == revision["x"] < message["x"]
    assert base["y"] + base["height"] <= revision["y"]
    assert base["y"] == message["y"]


def test_without_a_message_they_stand_beside_each_other(show: Show) -> None:
    base, revision = boxes(show(PAGE).page.locator("details.card.undecided"), "Base", "Revision")
    assert base["x"] + base["width"] <= revision["x"]
    assert base["y"] == revision["y"]


def test_findings_are_narrowed_by_effect_and_by_words(show: Show) -> None:
    page = show(PAGE).page
    findings = page.locator("#findings [data-text]:visible")
    page.get_by_role("button", name="1 undecided").click()
    expect(findings).to_have_count(1)
    expect(page.locator("#findings h3:visible")).to_have_text(["Undecided (1)"])
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Filter").fill("order type-changed")
    expect(findings).to_have_count(2)
    expect(page.locator("#findings details.operation:visible")).to_have_count(1)
    page.get_by_label("Filter").fill("schemas/t29")
    expect(findings).to_have_count(1)
    page.get_by_label("Filter").fill("schemas/t30")
    expect(findings).to_have_count(0)


def test_nothing_of_a_document_is_markup_or_hidden(show: Show) -> None:
    page = show(comparison_page(diff([change(where=EVIL, message=EVIL)]))).page
    assert page.locator("img, iframe, object, embed, link, base, form").count() == 0
    assert (page.locator("script").count(), page.locator("style").count()) == (1, 1)
    expect(page.locator("details.card > summary")).to_contain_text(SHOWN)
    expect(page.locator("dl.story strong")).to_contain_text(SHOWN)
    assert not {"\u202e", "\x1b", "\u2028"} & set(page.content())
