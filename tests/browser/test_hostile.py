"""Whatever a service or a document says is shown as it is, and does nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.report.forms.page import page as rendered
from contracts.report.history import trend_of
from contracts.report.json_report import run_from
from tests.service.nights import nights

from .conftest import SCENES, Show
from .viewing import LOOKS, Looks

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(2)></style>{{7*7}}\u202e\x1b[31m\u2028"
SHOWN = "\"'><script>alert(1)</script><img src=x onerror=alert(2)></style>{{7*7}}\\u202e\\x1b[31m\\u2028"
MEANT = {"started", "finished", "decision", "severity", "outcome", "how", "since", "name"}
"""Members whose values mean something to the page: no service and no document has a hand in them."""
AGREED = {"reason": "agreed", "until": "2027-01-31"}


def spoiled(value: Any, member: str = "") -> Any:
    """A report in which every text ends in the worst that a service can say, names of members as well."""
    if isinstance(value, str):
        return value if member in MEANT else value + EVIL
    if isinstance(value, list):
        return [spoiled(item, member) for item in value]
    if isinstance(value, dict) and member in ("seen", "statuses", "operations"):
        return {name + EVIL: spoiled(item) for name, item in value.items()}
    if isinstance(value, dict):
        return {name: spoiled(item, name) for name, item in value.items()}
    return value


def told(report: dict[str, Any]) -> dict[str, Any]:
    """A report with all that one may have: notes, reasons, an acceptance, an earlier report, drift."""
    [verdict for verdict in report["verdicts"] if verdict["evidence"]][-1]["accepted"] = AGREED
    rules = [verdict["rule"] for verdict in report["verdicts"][:3]]
    since = {"new": rules, "still_there": rules, "fixed": rules, "not_judged": rules, "carried": []}
    drift = {"ours": "1", "published": "2", "decision": "breaking", "problem": "", "changes": ["a"], "kept": rules}
    more = {"notes": ["a note"], "reasons": ["a reason"], "drift": drift}
    return report | more | {"against": {"path": "last.json", "about": "1.4", **since}}


def answered(report: dict[str, Any]) -> dict[str, Any]:
    """The report with evidence that points at the worst itself, in a body that has it as a name as well."""
    for verdict in report["verdicts"]:
        if verdict["evidence"]:
            verdict["evidence"] |= {
                "instance": "/" + EVIL.replace("/", "~1"),
                "body": json.dumps({EVIL: EVIL}, ensure_ascii=False),
            }
    return report


@pytest.fixture(scope="module")
def hostile(report: Callable[[str], dict[str, Any]]) -> str:
    month = [spoiled(night) for night in nights(*map(report, SCENES), count=3)]
    runs = [run_from(night) for night in [*month, answered(spoiled(told(report("broken"))))]]
    return rendered(runs[-1], trend_of(runs, notes=[f"a note {EVIL}"]))


@pytest.mark.parametrize("looks", LOOKS, ids=str)
def test_nothing_of_it_is_markup(looks: Looks, hostile: str, show: Show) -> None:
    page = show(hostile, looks).page
    assert page.locator("img, iframe, object, embed, link, base, form").count() == 0
    assert (page.locator("script").count(), page.locator("style").count()) == (1, 1)
    handlers = "all => all.flatMap(one => one.getAttributeNames()).filter(name => name.startsWith('on'))"
    assert page.locator("*").evaluate_all(handlers) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= looks.width


def test_nothing_of_it_is_hidden(hostile: str, show: Show) -> None:
    page = show(hostile).page
    for character in ("\u202e", "\x1b", "\u2028"):
        assert character not in page.content()
    for part in ("header", "#since", "#violations", "#tolerated", "#history", "#matrix", "#seen", "#times", "#unseen"):
        expect(page.locator(part)).to_contain_text(SHOWN)
    for label in ("Drift of the document", "Notes"):
        expect(page.get_by_role("region", name=label)).to_contain_text(SHOWN)
    assert "<script>alert(1)</script>" in page.title()


@pytest.mark.parametrize("name", ["The document", "To see it again"])
def test_the_evidence_is_shown_as_it_is(name: str, hostile: str, show: Show) -> None:
    card = show(hostile).page.locator("details.card").first
    expect(card.get_by_role("figure", name=name).locator("pre").first).to_contain_text(SHOWN)


def test_the_wrong_part_is_marked_as_it_is(hostile: str, show: Show) -> None:
    marked = show(hostile).page.locator("details.card mark").first
    expect(marked).to_have_text(json.dumps(EVIL))


def test_a_cell_shows_it_as_it_is(hostile: str, show: Show) -> None:
    page = show(hostile).page
    page.locator("#matrix button.cell").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(SHOWN)
