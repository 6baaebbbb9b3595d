"""Who reads the page with a keyboard, a screen reader or weak eyes reads the same."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from .conftest import SCENES, Show
from .viewing import NARROW, PLAIN, Looks

Html = Callable[[str], str]
BOTH = [PLAIN, Looks("dark", NARROW)]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

AXE = """
([part, tags]) => axe.run(part, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations', 'incomplete']})
"""

LEAST_CONTRAST = """
selectors => selectors.map(selector => {
    const element = document.querySelector(selector);
    const shades = text => (text.match(/rgba?\\([^)]*\\)/g) || []).map(one => one.match(/[\\d.]+/g).map(Number));
    const bright = ([r, g, b]) => [r, g, b].map(part => part / 255)
        .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
        .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const behind = one => {
        const style = getComputedStyle(one);
        const found = shades(style.backgroundImage).concat(shades(style.backgroundColor)).filter(s => s[3] !== 0);
        return found.length || !one.parentElement ? found : behind(one.parentElement);
    };
    const ink = bright(shades(getComputedStyle(element).color)[0]);
    return Math.min(...behind(element).map(bright).map(
        back => (Math.max(ink, back) + 0.05) / (Math.min(ink, back) + 0.05)));
})
"""


def judged_by_axe(page: Page, part: str = "html") -> Any:
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.evaluate(AXE_SCRIPT)
    return page.evaluate(AXE, [part, TAGS])


def named(findings: Any) -> list[str]:
    return [f"{finding['id']}: {node['html']}" for finding in findings for node in finding["nodes"]]


@pytest.mark.parametrize("looks", BOTH, ids=str)
@pytest.mark.parametrize(("scene", "part"), [*((scene, "html") for scene in SCENES), ("history", "#history")])
def test_the_page_can_be_read_by_all(scene: str, part: str, looks: Looks, html: Html, show: Show) -> None:
    page = show(html(scene), looks).page
    found = judged_by_axe(page, part)
    assert named(found["violations"]) == []
    open_questions = {finding["id"]: finding for finding in found["incomplete"]}
    contrast = open_questions.pop("color-contrast", {"nodes": []})
    assert named(open_questions.values()) == []
    # axe leaves contrast open where there is a single sign, or a pattern behind it: what is worst there is good enough.
    selectors = [node["target"][0] for node in contrast["nodes"]]
    least = zip(page.evaluate(LEAST_CONTRAST, selectors), selectors, strict=True)
    assert [(ratio, selector) for ratio, selector in least if ratio < 4.5] == []


@pytest.mark.parametrize("looks", BOTH, ids=str)
def test_an_opened_cell_can_be_read_by_all(looks: Looks, html: Html, show: Show) -> None:
    page = show(html("broken"), looks).page
    page.get_by_role("button", name="enum: violated").click()
    expect(page.get_by_role("dialog", name="enum")).to_be_visible()
    assert named(judged_by_axe(page, ".opened:popover-open")["violations"]) == []


STOP = """
() => {
    const one = document.activeElement, box = one.getBoundingClientRect(), bar = document.querySelector('nav');
    const edge = bar.getBoundingClientRect(), stuck = edge.top <= 0 && !bar.contains(one);
    const room = one.closest('.scroll'), title = room && room.querySelector('thead th');
    const corner = title && !one.contains(title) && title.getBoundingClientRect();
    const behind = corner && (box.top < corner.bottom - 1 || box.left < corner.right - 1);
    const under = behind || stuck && box.top < edge.bottom && box.height < innerHeight / 2;
    const part = one.closest('section, nav, header'), style = getComputedStyle(one);
    const block = one.closest('figure') || one.closest('tr, summary, p, li') || one;
    return {
        name: one.innerText.trim(),
        part: part?.id || part?.localName || '',
        // In a table that scrolls by itself: where that is, then where in it.
        block: [room || block, block].map(part => Math.round(
            part.getBoundingClientRect().top + scrollY + (part === room ? 0 : room?.scrollTop || 0))),
        marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        under,
    };
}
"""


def walked(page: Page) -> list[dict[str, Any]]:
    """Where the tabulator key leads, one stop after the other, until the page is left."""
    stops: list[dict[str, Any]] = []
    for _ in range(400):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return stops
        stops.append(page.evaluate(STOP))
    raise AssertionError("the page is never left")


@pytest.mark.parametrize("looks", BOTH, ids=str)
def test_the_keyboard_goes_through_the_page_as_the_eye_does(looks: Looks, html: Html, show: Show) -> None:
    stops = walked(show(html("broken"), looks).page)
    assert stops[0]["name"] == "Skip to the report"
    parts = list(dict.fromkeys(stop["part"] for stop in stops))
    assert parts == ["", "header", "nav", "violations", "tolerated", "matrix", "seen", "times", "unseen"]
    blocks = [stop["block"] for stop in stops[1:]]
    assert blocks == sorted(blocks)
    assert [stop for stop in stops if not stop["marked"]] == []
    assert [stop for stop in stops if stop["under"]] == []


def test_the_first_stop_skips_to_the_report(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the report")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Filter").first).to_be_focused()


def test_a_cell_is_opened_and_closed_by_keys(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    cell = page.get_by_role("button", name="enum: violated")
    cell.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="enum")
    expect(dialog).to_be_visible()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("link", name="see the answer")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cell).to_be_focused()


def test_a_card_is_closed_and_opened_by_keys(html: Html, show: Show) -> None:
    card = show(html("broken")).page.locator("details.card[data-text$='200 /status enum']")
    card.locator("> summary").press("Enter")
    expect(card).not_to_have_attribute("open", "")
    card.locator("> summary").press("Space")
    expect(card).to_have_attribute("open", "")


def test_what_became_of_a_rule_is_not_told_by_colour_alone(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    signs = page.locator("#matrix button.cell").evaluate_all(
        "all => Object.fromEntries(all.map(one => [one.className, one.innerText.trim()[0]]))"
    )
    assert len(set(signs.values())) == len(signs) == 4
