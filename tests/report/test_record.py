"""What an earlier report knows, and what is sent because of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.decision.run_decision import Against, Decision, Known, Result, Since, against
from contracts.exchanges.traffic import traffic_of
from contracts.messages import Credential, Request, Response
from contracts.report.json_report import to_json
from contracts.report.record import MAX_FIELDS, Report, Teller, known_of_report
from contracts.rules import Severity
from contracts.verdicts import Outcome, Recurrence, Verdict
from contracts.verdicts.handover import Verdicts
from contracts.verdicts.verdict import NONE, TIMES

from .verdicts import GET, SPEC, exchange, report, rule, violated

ENUM = rule().id


def written(tmp_path: Path, *verdicts: Verdict, **changed: Any) -> Path:
    path = tmp_path / "report.json"
    value = to_json(report(*verdicts))
    for verdict in value["verdicts"]:
        (verdict["evidence"] or {"request": {}})["request"].update(changed)
    path.write_text(json.dumps(value))
    return path


def recurring(recurrence: Recurrence) -> Verdict:
    found = violated()
    return Verdict(found.rule, found.outcome, 9, 3, {}, found.evidence, recurrence=recurrence)


@pytest.mark.parametrize(
    ("recurrence", "times"),
    [
        (Recurrence("always", 7, 7), 1),
        (Recurrence("sometimes", 3, 8), TIMES),
        (Recurrence("gone on asking again", 1, 6), TIMES),
    ],
    ids=str,
)
def test_what_was_seen_at_times_is_asked_several_times(recurrence: Recurrence, times: int, tmp_path: Path) -> None:
    known, probes = known_of_report(written(tmp_path, recurring(recurrence)), SPEC)
    assert (list(known.rules), [probe.request.target for probe in probes[GET]]) == ([ENUM], ["/things/1"] * times)


def test_what_was_vouched_for_is_not_vouched_for_any_more(tmp_path: Path) -> None:
    _, probes = known_of_report(written(tmp_path, violated(), given=[["id", "1"]]), SPEC)
    assert [probe.given for probe in probes[GET]] == [()]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"credential": Credential.WRONG.value}, id="wrong credential"),
        pytest.param({"source": "method"}, id="unlisted method"),
        pytest.param({"source": "auth"}, id="made anew, and last"),
        pytest.param({"method": "DELETE"}, id="another method"),
        pytest.param({"operation": "POST /things/{id}", "method": "POST"}, id="may change state"),
        pytest.param({"target": "/others/1"}, id="another path"),
        pytest.param({"operation": "GET /others"}, id="another operation"),
    ],
)
def test_what_is_known_and_not_sent(changed: dict[str, Any], tmp_path: Path) -> None:
    known, probes = known_of_report(written(tmp_path, violated(), **changed), SPEC)
    assert (list(known.rules), probes) == ([ENUM], {})


def test_advisories_are_known_where_they_count(tmp_path: Path) -> None:
    path = written(tmp_path, violated(of=rule("unique names", Severity.ADVISORY)))
    assert list(known_of_report(path, SPEC)[0].rules) == []
    assert list(known_of_report(path, SPEC, advisories=True)[0].rules) == ["GET /things/{id} 200 unique names"]


def test_report_says_what_it_is_about(tmp_path: Path) -> None:
    known, _ = known_of_report(written(tmp_path, violated(on=exchange(request=Request("GET", "/things/9")))), SPEC)
    assert known.about == "pass on http://h 2026-11-24T05:00"


@pytest.mark.parametrize(
    ("now", "accepted", "promised", "since"),
    [
        pytest.param([violated()], set(), {ENUM}, {ENUM: Since.STILL_THERE}, id="still there"),
        pytest.param([Verdict(rule(), Outcome.HOLDS, 1)], set(), {ENUM}, {ENUM: Since.FIXED}, id="fixed"),
        pytest.param([Verdict(rule(), Outcome.UNDECIDED, 1)], set(), {ENUM}, {ENUM: Since.NOT_JUDGED}, id="undecided"),
        pytest.param([], set(), {ENUM}, {ENUM: Since.NOT_JUDGED}, id="not selected"),
        pytest.param([], set(), set(), {}, id="no promise any more"),
        pytest.param([violated()], {ENUM}, {ENUM}, {}, id="accepted since"),
    ],
)
def test_what_became_of_a_rule(
    now: list[Verdict], accepted: set[str], promised: set[str], since: dict[str, Since], tmp_path: Path
) -> None:
    known, _ = known_of_report(written(tmp_path, violated()), SPEC)
    assert against(known, now, accepted=accepted, promised=promised).since == since


def test_header_fields_that_are_not_kept_are_counted() -> None:
    fields = tuple((f"x-{number}", "1") for number in range(MAX_FIELDS + 3))
    made = report(violated(on=exchange(Response(200, fields, b"{}"))))
    (proof,) = [verdict.evidence for verdict in made.verdicts]
    assert proof is not None
    assert len(proof.headers) == MAX_FIELDS + 1
    assert proof.headers[-1] == ("…", "and 3 more, which the report does not keep")


def test_verdicts_without_counts_share_one_value() -> None:
    """Of 240,000 rules most have none, and an empty mapping of their own each takes more than all they say."""
    first, second = report(*(Verdict(rule(f"/{name} type"), Outcome.HOLDS, 3) for name in "ab")).verdicts
    assert first.seen is second.seen is first.found is NONE
    assert first.source is second.source
    assert first.promise is second.promise


def test_verdicts_are_made_once_for_the_decision_and_the_report() -> None:
    made = list[str]()

    def make() -> Iterator[Verdict]:
        made.append("once")
        yield from (held, violated())

    held = Verdict(rule("/name type"), Outcome.HOLDS, 9)
    teller = Teller(SPEC, "http://h")
    verdicts, times = Verdicts(make, teller.told), ("2026-11-24T05:00:00+00:00", "2026-11-24T05:00:01+00:00")
    since = Against(Known("earlier"), {held.rule.id: Since.FIXED, ENUM: Since.NEW})
    report = Report(teller, 7, *times, verdicts, traffic_of(SPEC, [exchange()]), Decision(Result.FAIL), against=since)
    assert [verdict.rule.id for verdict in verdicts.others] == [ENUM]
    assert [(one.rule, one.outcome, one.since) for one in report.run.verdicts] == [
        (held.rule.id, "holds", "fixed"),
        (ENUM, "violated", "new"),
    ]
    assert made == ["once"]
