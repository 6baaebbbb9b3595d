"""A month of runs on the page."""

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
from playwright.sync_api import expect

from contracts.report.history import trend_of
from contracts.report.json_report import SCHEMA, run_from
from tests.service.nights import FIXED, GET, nights

from .conftest import Show
from .viewing import LOOKS, NARROW, Looks

Report = dict[str, Any]


@pytest.fixture(scope="module")
def month(report: Callable[[str], Report]) -> list[Report]:
    return nights(*map(report, ("healthy", "broken", "refused")))


def test_the_month_is_one_of_reports(month: list[Report], report: Callable[[str], Report]) -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [error.message for night in month for error in validator.iter_errors(night)] == []
    assert month == nights(*map(report, ("healthy", "broken", "refused")))


def test_the_month_tells_every_kind_of_story(month: list[Report]) -> None:
    trend = trend_of(map(run_from, month))
    assert [night.decision for night in trend.nights].count("inconclusive") == 2
    assert trend.by_rule[f"{GET} /status enum"].standing == "since 2026-11-13 (12 nights)"
    assert [rule.verdict.rule for rule in trend.new] == [f"{GET} / required last_accessed_at"]
    assert f"{GET} /created_at format" in [rule.verdict.rule for rule in trend.coming_and_going]
    assert [rule.verdict.rule for rule in trend.fixed] == [FIXED]


def test_what_became_of_a_rule_is_told_in_words(html: Callable[[str], str], show: Show) -> None:
    page = show(html("history")).page
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("30 runs since 2026-10-26; 1 new in this run")
    row = history.get_by_role("row").filter(has_text="200 /status enum")
    expect(row).to_contain_text("since 2026-11-13")
    states = row.get_by_role("img").evaluate_all("all => all.slice(-14).map(one => one.ariaLabel)")
    assert states == ["not judged", "holds", *["violated"] * 12]
    card = page.locator("details.card[data-text$='200 /status enum']")
    expect(card).to_contain_text("since 2026-11-13")


def test_every_night_has_its_decision(html: Callable[[str], str], show: Show) -> None:
    page = show(html("history")).page
    labels = (
        page.get_by_role("list", name="Decisions").get_by_role("listitem").evaluate_all("a => a.map(e => e.ariaLabel)")
    )
    assert len(labels) == 30
    assert labels[-1] == "2026-11-24: Fail, 5 violated"
    assert {re.sub(r"^.*: |, .*", "", label) for label in labels} == {"Pass", "Fail", "Inconclusive"}


@pytest.mark.parametrize("looks", LOOKS, ids=str)
def test_the_tables_keep_to_the_window(looks: Looks, html: Callable[[str], str], show: Show) -> None:
    page = show(html("history"), looks).page
    assert page.evaluate("document.documentElement.scrollWidth") <= looks.width


def test_tonight_is_in_sight_on_a_narrow_screen(html: Callable[[str], str], show: Show) -> None:
    page = show(html("history"), Looks(width=NARROW)).page
    page.locator("#history").scroll_into_view_if_needed()
    last = page.get_by_role("row").filter(has_text="200 /status enum").get_by_role("img").last
    last.evaluate("one => one.closest('tr').scrollIntoView()")
    expect(last).to_be_in_viewport()
