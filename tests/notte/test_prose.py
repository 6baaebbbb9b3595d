"""Parts of the prose rules that no single fault shows: reading times, and when a row says nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.document import load_spec
from contracts.notte.prose import LATER, PROSE, SeenSession, UnsaidError, plausible, prose_rules
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
    ],
    ids=str,
)
def test_durations(text: str, length: timedelta) -> None:
    assert SeenSession({"duration": text}, None).duration == length


@pytest.mark.parametrize("text", ["P1M", "0:00:41", f"P{'9' * 20}Y", 41], ids=str)
def test_no_durations(text: Any) -> None:
    with pytest.raises(UnsaidError):
        _ = SeenSession({"duration": text}, None).duration


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-06T12:00:00Z", NOW),
        ("2026-01-06T13:00:00+01:00", NOW),
        ("2026-01-06T12:00:00", NOW),
    ],
    ids=str,
)
def test_times(text: str, moment: datetime) -> None:
    assert SeenSession({"created_at": text}, None).time("created_at") == moment


@pytest.mark.parametrize("text", ["yesterday", None], ids=str)
def test_no_times(text: Any) -> None:
    with pytest.raises(UnsaidError):
        SeenSession({"created_at": text}, None).time("created_at")


@pytest.mark.parametrize("row", PROSE, ids=lambda row: f"{row.place} {row.name}")
def test_an_empty_session_says_nothing(row: Any) -> None:
    assert row.check(SeenSession({}, NOW)) is None


@pytest.mark.parametrize("row", PROSE, ids=lambda row: f"{row.place} {row.name}")
def test_values_of_other_types_are_not_judged(row: Any) -> None:
    odd = dict.fromkeys(ACTIVE, "text") | {"status": "unheard of", "error": "text"}
    assert not row.check(SeenSession(odd, NOW))


@pytest.mark.parametrize("row", LATER, ids=lambda row: f"{row.place} {row.name}")
def test_nothing_can_be_said_of_two_empty_sessions(row: Any) -> None:
    assert row.check(SeenSession({}, NOW), SeenSession({}, NOW)) is None


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
    made = SeenSession(plausible(operation, 200, {**session, "viewport_width": None, "network_request_bytes": -7}), NOW)
    assert [row.name for row in PROSE if row.check(made)] == []


def test_nothing_but_a_session_is_made_plausible() -> None:
    operation = load_spec("spec/notte.yaml").operations[0]
    body = {"idle_timeout_minutes": -1}
    assert plausible(operation, 404, body) is body
    assert plausible(operation, 200, [1]) == [1]
    assert plausible(spec_of({}).operations[0], 200, body) is body
