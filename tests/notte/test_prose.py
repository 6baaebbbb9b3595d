"""Parts of the prose rules that no single fault shows: reading times, and when a row says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.document import load_spec
from contracts.notte.plausible import plausible
from contracts.notte.prose import LATER, PROSE, Session, parsed_duration, parsed_time, prose_rules
from contracts.rules import Severity
from tests.documents import spec_of
from tests.power.prose_faults import ACTIVE, CLOSED, LATER_FAULTS, PROSE_FAULTS

NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("PT41.286072S", timedelta(seconds=41.286072)),
        ("PT1H3S", timedelta(hours=1, seconds=3)),
        ("P1Y35D", timedelta(days=400)),
        ("-PT5S", timedelta(seconds=-5)),
        ("P2W", timedelta(weeks=2)),
        ("P1M", None),
        ("0:00:41", None),
        (f"P{'9' * 20}Y", None),
        (41, None),
    ],
    ids=str,
)
def test_durations(text: Any, length: timedelta | None) -> None:
    assert parsed_duration(text) == length


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-06T12:00:00Z", NOW),
        ("2026-01-06T13:00:00+01:00", NOW),
        ("2026-01-06T12:00:00", NOW),
        ("yesterday", None),
        (None, None),
    ],
    ids=str,
)
def test_times(text: Any, moment: datetime | None) -> None:
    assert parsed_time(text) == moment


@pytest.mark.parametrize("row", PROSE, ids=lambda row: f"{row.place} {row.name}")
def test_an_empty_session_says_nothing(row: Any) -> None:
    assert row.check(Session({}, NOW)) is None


@pytest.mark.parametrize("row", PROSE, ids=lambda row: f"{row.place} {row.name}")
def test_values_of_other_types_are_not_judged(row: Any) -> None:
    odd = dict.fromkeys(ACTIVE, "text") | {"status": "unheard of", "error": "text"}
    assert not row.check(Session(odd, NOW))


@pytest.mark.parametrize("row", LATER, ids=lambda row: f"{row.place} {row.name}")
def test_nothing_can_be_said_of_two_empty_sessions(row: Any) -> None:
    assert row.check(Session({}, NOW), Session({}, NOW)) is None


def test_every_sentence_has_its_faults() -> None:
    assert {f"{row.place} {row.name}" for row in PROSE} == PROSE_FAULTS.keys()
    assert {f"{row.place} {row.name}" for row in LATER} == LATER_FAULTS.keys()


def test_prose_is_advisory_and_names_its_sentence() -> None:
    extra = prose_rules(load_spec("spec/notte.yaml"))
    rules = [*(row.rule for row in extra.on_answers), *(row.rule for row in extra.on_histories)]
    assert {rule.severity for rule in rules} == {Severity.ADVISORY}
    assert all(rule.clause.startswith("Notte: “") for rule in rules)


def test_other_documents_have_no_prose() -> None:
    extra = prose_rules(spec_of({}))
    assert (extra.on_answers, extra.on_histories) == ((), ())


@pytest.mark.parametrize("session", [ACTIVE, CLOSED, {**CLOSED, "status": "error"}, {"status": "active"}], ids=str)
def test_a_plausible_session_keeps_every_sentence(session: dict[str, Any]) -> None:
    operation = load_spec("spec/notte.yaml").operations[0]
    made = Session(plausible(operation, 200, {**session, "viewport_width": None, "network_request_bytes": -7}), NOW)
    assert [row.name for row in PROSE if row.check(made)] == []


def test_nothing_but_a_session_is_made_plausible() -> None:
    operation = load_spec("spec/notte.yaml").operations[0]
    body = {"idle_timeout_minutes": -1}
    assert plausible(operation, 404, body) is body
    assert plausible(operation, 200, [1]) == [1]
    assert plausible(spec_of({}).operations[0], 200, body) is body
