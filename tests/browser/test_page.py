"""What a reader does with the page of a run."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from contracts.report.forms import page as view
from tests.report.runs import GET, run, verdict

from .conftest import SCENES, Show
from .viewing import LOOKS, NARROW, WIDE, Looks

Html = Callable[[str], str]


@pytest.mark.parametrize("looks", LOOKS, ids=str)
@pytest.mark.parametrize("scene", SCENES)
def test_it_fits_the_window_and_says_nothing_on_the_console(scene: str, looks: Looks, html: Html, show: Show) -> None:
    page = show(html(scene), looks).page
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= looks.width


def test_only_the_file_itself_is_asked_for(html: Html, show: Show) -> None:
    view = show(html("broken"))
    view.page.wait_for_load_state("networkidle")
    assert view.asked == [view.url]


@pytest.mark.parametrize(
    ("scene", "title", "sentence"),
    [
        (
            "healthy",
            "Pass",
            r"15\d of 170 rules hold, 14 not exercised",
        ),
        ("broken", "Fail: 5 rules violated", r"1[45]\d of 170 rules hold, 5 violated"),
        ("refused", "Inconclusive", r"0 of 170 rules hold, 170 not exercised"),
    ],
    ids=SCENES,
)
def test_the_decision_is_told_in_words(scene: str, title: str, sentence: str, html: Html, show: Show) -> None:
    page = show(html(scene)).page
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(rf"^\W* {title}\b"))
    expect(page.get_by_role("banner")).to_contain_text(re.compile(sentence))
    assert page.title().startswith(f"{title.partition(':')[0]}: Notte API 1.4.40 on http://127.0.0.1:")


def test_why_there_is_no_verdict_is_told(html: Html, show: Show) -> None:
    banner = show(html("refused")).page.get_by_role("banner")
    expect(banner).to_contain_text("the credential was refused on every request; set NOTTE_API_KEY to one that")


def rows(page: Page) -> list[str]:
    """The places of the matrix that are to be seen."""
    shown = page.locator("#matrix tbody tr:visible > th")
    return [text.strip() for text in shown.all_inner_texts()]


def test_the_filter_narrows_the_matrix_and_says_how_many_are_left(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    everything = rows(page)
    matrix = page.locator("#matrix")
    matrix.get_by_label("Filter").fill("200 VIEWPORT")
    assert rows(page) == ["viewport_width", "viewport_height"]
    expect(matrix.get_by_role("status")).to_have_text(f"2 of {len(everything)}")
    matrix.get_by_label("Filter").fill("no such place")
    assert rows(page) == []
    expect(matrix.get_by_role("status")).to_have_text(f"0 of {len(everything)}")
    matrix.get_by_label("Filter").fill("")
    assert rows(page) == everything
    expect(matrix.get_by_role("status")).to_have_text("")


def test_the_filter_narrows_the_violated_rules(html: Html, show: Show) -> None:
    broken = show(html("broken")).page.locator("#violations")
    broken.get_by_label("Filter").fill("enum")
    expect(broken.locator("details.card:visible")).to_have_count(1)
    expect(broken.get_by_role("status")).to_have_text("1 of 5")


@pytest.mark.parametrize("standing", ["violated", "not exercised"])
def test_the_filter_knows_what_came_of_a_place(standing: str, html: Html, show: Show) -> None:
    page = show(html("broken")).page
    page.locator("#matrix").get_by_label("Filter").fill(standing)
    for row in page.locator("#matrix tbody tr:visible").all():
        assert row.get_by_role("button", name=re.compile(f": {standing}")).count() > 0


def chip(page: Page, part: str, state: str) -> Locator:
    return page.locator(part).get_by_role("list", name="Rules by what came of them").locator(f"[data-state={state}]")


def cells(page: Page) -> set[str]:
    """What the cells are that are to be seen."""
    names = page.locator("#matrix .cell:visible").evaluate_all("all => all.map(one => one.ariaLabel)")
    return {re.sub(r"^.*?: | on .*$", "", name) for name in names}


def cards(page: Page) -> list[str]:
    found = page.locator("details.card:visible")
    return [text.partition(" ")[2] for text in found.locator("> summary .mark").all_inner_texts()]


def test_states_narrow_the_broken_promises_and_what_operations_show(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    everything = rows(page)
    chip(page, "#matrix", "advisory").click()
    assert (rows(page), cells(page), cards(page)) == (["duration"], {"advisory"}, ["advisory"])
    expect(page.locator("#violations")).to_have_css("display", "block")
    expect(page.locator("#matrix").get_by_role("status")).to_have_text(f"1 of {len(everything)}")
    chip(page, "header", "violated").click()
    assert cells(page) == {"advisory", "violated"}
    assert cards(page) == ["violated"] * 5 + ["advisory"]
    for part in ("header", "#matrix"):
        assert [chip(page, part, one).get_attribute("aria-pressed") for one in ("violated", "holds")] == [
            "true",
            "false",
        ]
    page.locator("#matrix").get_by_role("button", name="Show all").click()
    assert (rows(page), len(cards(page))) == (everything, 6)
    assert cells(page) == {"advisory", "violated", "not exercised", "holds"}
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)


def test_states_narrow_what_was_not_seen(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    unjudged = page.locator("#unseen details.list[data-states]")
    chip(page, "header", "not-exercised").click()
    assert unjudged.locator("visible=true").count() == unjudged.count() > 0
    chip(page, "header", "not-exercised").click()
    chip(page, "header", "holds").click()
    expect(unjudged.locator("visible=true")).to_have_count(0)


def test_states_and_words_narrow_together(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    page.locator("#matrix").get_by_label("Filter").fill("200 duration")
    assert rows(page) == ["duration", "max_duration_minutes"]
    chip(page, "#matrix", "advisory").click()
    assert (rows(page), cells(page)) == (["duration"], {"advisory"})
    page.locator("#matrix").get_by_label("Filter").fill("200 status")
    assert rows(page) == []
    chip(page, "#matrix", "violated").click()
    assert (rows(page), cells(page)) == (["status"], {"violated"})


def test_states_are_chosen_by_keys(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    chip(page, "#matrix", "advisory").focus()
    page.keyboard.press("Space")
    assert rows(page) == ["duration"]
    page.keyboard.press("Enter")
    assert len(rows(page)) > 1
    page.keyboard.press("Enter")
    page.locator("#matrix").get_by_role("button", name="Show all").focus()
    page.keyboard.press("Enter")
    expect(chip(page, "#matrix", "violated")).to_be_focused()


def test_states_stand_in_the_address(html: Html, show: Show) -> None:
    written = html("broken")
    page = show(written).page
    chip(page, "#matrix", "advisory").click()
    chip(page, "#matrix", "violated").click()
    assert page.url.endswith("#state=advisory,violated")
    page.get_by_role("navigation").get_by_role("link", name="What was seen").click()
    expect(page).to_have_url(re.compile("#seen&state=advisory,violated$"))
    again = show(written, anchor="#seen&state=advisory,violated,of-another-version").page
    assert cells(again) == {"advisory", "violated"}
    expect(again.get_by_role("heading", name="What was seen")).to_be_in_viewport()
    again.evaluate("location.hash = '#state='")
    expect(again.get_by_role("button", name="Show all")).to_have_count(0)
    assert len(cards(again)) == 6
    assert show(written, anchor="#%&state=%").page.locator("details.card:visible").count() == 6


def test_a_link_to_what_a_filter_hides_shows_it(html: Html, show: Show) -> None:
    page = show(html("broken"), anchor="#state=holds").page
    expect(page.locator("details.card:visible")).to_have_count(0)
    page.locator(".glance a").first.click()
    expect(page.locator("details.card").first.locator("> summary")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Show all")).to_have_count(0)


def test_a_state_that_one_of_several_rules_of_a_cell_has_shows_the_cell(show: Show) -> None:
    several = run(verdict("violated"), verdict("holds", rule=f"{GET} 200 /status enum other"), verdict("holds", "b"))
    page = show(view.page(several)).page
    chip(page, "#matrix", "holds").click()
    assert rows(page) == ["status", "b"]
    chip(page, "#matrix", "undecided").click(force=True)  # which no rule is
    assert rows(page) == ["status", "b"]


@pytest.mark.parametrize("looks", LOOKS, ids=str)
def test_titles_of_the_matrix_stay_while_it_scrolls(looks: Looks, html: Html, show: Show) -> None:
    page = show(html("broken"), looks).page
    room = page.locator("#matrix .scroll").first
    room.evaluate(
        "one => { one.style.width = '22rem'; one.scrollIntoView(); one.scrollTop = 400; one.scrollLeft = 130 }"
    )
    assert room.evaluate("one => [one.scrollTop, one.scrollLeft]") == [400, 130]
    # Whatever is drawn where the titles are is a title, and nothing shines through.
    assert room.evaluate(
        """one => {
            const box = one.getBoundingClientRect(), titles = one.querySelectorAll('thead th');
            const drawn = (x, y) => document.elementFromPoint(x, y).closest('th, td');
            const corner = titles[0].getBoundingClientRect(), found = [];
            for (let x = 4; x < box.width - 20; x += 8) { found.push(drawn(box.left + x, corner.bottom - 6).localName) }
            for (let y = 4; y < 500; y += 8) { found.push(drawn(box.left + 6, box.top + y).localName) }
            const clear = [...one.querySelectorAll('thead th, tbody th')].filter(
                title => !getComputedStyle(title).backgroundColor.startsWith('rgb('));
            return [[...new Set(found)], drawn(box.left + 6, corner.bottom - 6) === titles[0], clear.length];
        }"""
    ) == [["th"], True, 0]


def cell(page: Page, place: str, kind: str) -> str:
    """How a cell of the answers of status 200 is called."""
    body = page.locator("#matrix tbody").filter(has=page.locator("th.status", has_text="200"))
    row = body.get_by_role("row").filter(has=page.get_by_role("rowheader", name=place, exact=True))
    name = row.get_by_role("button", name=re.compile(f"^{kind}: ")).get_attribute("popovertarget")
    assert name is not None
    return name


def test_evidence_opens_from_a_cell(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    card = page.locator("details.card[data-text$='200 /status enum']")
    card.locator("> summary").click()
    expect(card).not_to_have_attribute("open", "")
    name = cell(page, "status", "enum")
    page.locator(f"[popovertarget={name}]:not(.close)").click()
    opened = page.locator(f"#{name}")
    expect(opened).to_be_visible()
    expect(opened).to_contain_text("GET /sessions/{session_id} 200 /status enum")
    opened.get_by_role("link", name="see the answer").click()
    expect(opened).to_be_hidden()
    expect(card.get_by_text('"paused"').first).to_be_in_viewport()


def test_a_link_to_a_closed_card_opens_it(html: Html, show: Show) -> None:
    page = show(html("broken"), anchor="#v5").page  # v5 is the advisory, which is closed
    card = page.locator("#v5")
    expect(card).to_have_attribute("open", "")
    expect(card.locator("> summary")).to_be_in_viewport()


def test_a_violation_is_shown_where_it_is_written_and_where_it_was_seen(html: Html, show: Show) -> None:
    card = show(html("broken")).page.locator("details.card[data-text$='200 /status enum']")
    expect(card.get_by_role("figure", name="The document").locator(".here")).to_contain_text("status:")
    expect(card.get_by_role("figure", name="The answer").locator("mark")).to_have_text('"paused"')


def test_copy_puts_the_command_on_the_clipboard(html: Html, show: Show) -> None:
    view = show(html("broken"))
    view.context.grant_permissions(["clipboard-read", "clipboard-write"])
    again = view.page.locator("details.card[data-text$='200 /status enum']").get_by_role("figure", name="see it again")
    again.get_by_role("button", name="Copy").click()
    expect(again.get_by_role("button")).to_have_text("Copied")
    command = view.page.evaluate("navigator.clipboard.readText()")
    assert command == again.locator("pre").text_content()
    assert re.match(
        r'curl -sS .* -H "Authorization: Bearer \$NOTTE_API_KEY" -H .* http://127\.0\.0\.1:\d+/sessions/\S+$', command
    )


def test_what_can_not_be_copied_is_selected(html: Html, show: Show) -> None:
    view = show(html("broken"))
    view.context.grant_permissions(["geolocation"])  # which refuses all others
    again = view.page.locator("details.card[data-text$='200 /status enum']").get_by_role("figure", name="see it again")
    again.get_by_role("button", name="Copy").click()
    expect(again.get_by_role("button")).to_have_text("Press Ctrl+C")
    assert view.page.evaluate("String(getSelection())") == again.locator("pre").text_content()


def test_everything_can_be_read_without_javascript(html: Html, show: Show) -> None:
    page = show(html("broken"), javascript=False).page
    expect(page.locator("details.card[data-text$='200 /status enum']").locator("mark")).to_be_visible()
    expect(page.get_by_label("Filter")).to_have_count(2)
    expect(page.locator("input:visible, .copy:visible, [data-state]:enabled")).to_have_count(0)
    hidden = "all => all.filter(one => getComputedStyle(one).visibility === 'hidden' || one.hidden).length"
    assert page.locator("[data-text], .cell").evaluate_all(hidden) == 0
    name = cell(page, "status", "enum")
    page.locator(f"[popovertarget={name}]:not(.close)").click()
    expect(page.locator(f"#{name}")).to_be_visible()
    page.locator(f"#{name}").get_by_role("button", name="Close").click()
    expect(page.locator(f"#{name}")).to_be_hidden()
    page.locator("#tolerated details.card > summary").click()
    expect(page.locator("#tolerated details.card pre").first).to_be_visible()


def test_everything_is_printed(html: Html, show: Show) -> None:
    page = show(html("broken")).page
    page.emulate_media(media="print")
    closed = page.locator("#tolerated details.card:not([open])")
    expect(closed.get_by_role("figure", name="The document")).to_be_visible()
    for name in ("violations", "tolerated", "matrix", "seen", "times", "unseen"):
        expect(page.locator(f"#{name}")).to_be_visible()
    expect(page.locator("nav, input, .copy, .close").locator("visible=true")).to_have_count(0)
    stuck = "all => all.filter(one => /sticky|fixed/.test(getComputedStyle(one).position)).length"
    assert page.locator("body *").locator("visible=true").evaluate_all(stuck) == 0


@pytest.mark.parametrize("width", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_parts_are_a_click_away(width: int, html: Html, show: Show) -> None:
    page = show(html("broken"), Looks(width=width)).page
    for link in page.get_by_role("navigation").get_by_role("link").all():
        link.click()
        heading = page.locator(str(link.get_attribute("href"))).get_by_role("heading", level=2)
        expect(heading).to_be_in_viewport(ratio=1)
        under = heading.evaluate(
            "e => { const r = e.getBoundingClientRect();"
            " return e.contains(document.elementFromPoint(r.left + 5, r.top + 5)) }"
        )
        assert under, "it is below the bar"
