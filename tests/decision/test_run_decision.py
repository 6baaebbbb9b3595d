"""Verdicts and exchanges to a decision: who is to blame, in the order of the design."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.decision.run_decision import Policy, Result, decide
from contracts.document import read_spec
from contracts.exchanges.health import Stop, StopKind
from contracts.exchanges.traffic import traffic_of
from contracts.messages import Credential, Exchange, Failure, FailureKind, Probe, Request, Response
from contracts.rules import Rule, Severity
from contracts.verdicts import Outcome, Verdict

OPERATION: dict[str, Any] = {"responses": {"200": {"description": ""}, "401": {"description": ""}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/secured": {"get": {**OPERATION, "security": [{"key": []}]}},
        "/other": {"get": {**OPERATION, "security": [{"key": []}]}},
        "/public": {"get": OPERATION},
        "/promises-nothing": {"get": {"responses": {"default": {"description": ""}}}},
        "/no-success": {"get": {"responses": {"404": {"description": ""}}}},
    },
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}
SPEC = read_spec(json.dumps(DOCUMENT).encode(), path="things.yaml", folder=Path())


def exchange(
    status: int | FailureKind, path: str = "secured", credential: Credential = Credential.RIGHT, source: str = "given"
) -> Exchange:
    probe = Probe(f"GET /{path}", Request("GET", f"/{path}"), source=source, credential=credential)
    if isinstance(status, FailureKind):
        return Exchange(0, probe, failure=Failure(status, "why"))
    return Exchange(0, probe, response=Response(status))


def verdict(
    outcome: Outcome = Outcome.HOLDS,
    severity: Severity = Severity.VIOLATION,
    status: str | None = "200",
    path: str = "secured",
) -> Verdict:
    rule = Rule(f"GET /{path} {status} x", "x", severity, "", f"GET /{path}", status, None, "", "")
    return Verdict(rule, outcome)


HELD, VIOLATED = verdict(), verdict(Outcome.VIOLATED)
OK = [exchange(200)]


def decided(verdicts: list[Verdict], exchanges: list[Exchange], **policy: float) -> tuple[str, str]:
    decision = decide(SPEC, verdicts, traffic_of(SPEC, exchanges), Policy(**policy))  # type: ignore[arg-type]
    return decision.result.value, "; ".join(decision.reasons)


PLAIN, STRICT, ALL = Policy(), Policy(strict=True), Policy(require_all=True)
ADVISORY = Severity.ADVISORY


@pytest.mark.parametrize(
    ("judged", "plain", "strict", "everything"),
    [
        pytest.param(verdict(Outcome.HOLDS), False, False, False, id="holds"),
        pytest.param(verdict(Outcome.VIOLATED), True, True, True, id="violated"),
        pytest.param(verdict(Outcome.VIOLATED, ADVISORY), False, True, False, id="violated advisory"),
        pytest.param(verdict(Outcome.NOT_EXERCISED), False, True, True, id="not exercised of 200"),
        pytest.param(verdict(Outcome.NOT_EXERCISED, status="2XX"), False, True, True, id="not exercised of 2XX"),
        pytest.param(verdict(Outcome.NOT_EXERCISED, status="404"), False, False, True, id="not exercised of 404"),
        pytest.param(verdict(Outcome.NOT_EXERCISED, status=None), False, False, True, id="not exercised of any"),
        pytest.param(verdict(Outcome.NOT_ASKED), False, False, True, id="not asked of 200"),
        pytest.param(verdict(Outcome.UNDECIDED), False, True, True, id="undecided of 200"),
        pytest.param(verdict(Outcome.UNDECIDED, status="default"), False, False, True, id="undecided of default"),
    ],
)
def test_what_fails_alone(judged: Verdict, plain: bool, strict: bool, everything: bool) -> None:
    assert [policy.fails(judged) for policy in (PLAIN, STRICT, ALL)] == [plain, strict, everything]


@pytest.mark.parametrize(
    ("verdicts", "exchanges", "policy", "result", "reason"),
    [
        pytest.param([HELD], OK, {}, "pass", "", id="all holds"),
        pytest.param([HELD, VIOLATED], OK, {}, "fail", "1 rule violated", id="violated"),
        pytest.param([VIOLATED, VIOLATED], OK, {}, "fail", "2 rules violated", id="two violated"),
        pytest.param(
            [verdict(Outcome.NOT_EXERCISED)], OK, {"strict": True}, "fail", "1 rule not exercised", id="not exercised"
        ),
        pytest.param(
            [verdict(Outcome.UNDECIDED)], OK, {"require_all": True}, "fail", "1 rule undecided", id="undecided"
        ),
        pytest.param([], [], {}, "inconclusive", "nothing was sent", id="nothing sent"),
        pytest.param(
            [VIOLATED], [exchange(401)], {}, "inconclusive", "the credential was refused on every", id="refused"
        ),
        pytest.param([HELD], [exchange(403), exchange(200)], {}, "pass", "", id="forbidden on some"),
        pytest.param(
            [HELD], [exchange(404)], {}, "fail", "no request was answered with a documented 2xx", id="no success"
        ),
        pytest.param([HELD], [exchange(404)], {"partial": True}, "pass", "", id="no success in a part"),
        pytest.param([HELD], [exchange(404, "no-success")], {}, "pass", "", id="no success promised"),
        pytest.param([HELD], [exchange(204, "promises-nothing")], {}, "pass", "", id="success by default"),
        pytest.param(
            [HELD], [exchange(201)], {}, "fail", "no request was answered with a documented 2xx", id="other 2xx"
        ),
        pytest.param([HELD], [*OK * 19, exchange(503)], {}, "pass", "", id="unavailable once"),
        pytest.param(
            [HELD], [*OK * 18, exchange(503)], {}, "inconclusive", "1 of 19 requests had no", id="too often unavailable"
        ),
        pytest.param([HELD, VIOLATED], [*OK, exchange(503)], {}, "fail", "1 of 2", id="violated all the same"),
        pytest.param([HELD], [exchange(404), exchange(503)], {}, "inconclusive", "1 of 2", id="perhaps no success"),
        pytest.param([HELD], [*OK * 9, exchange(503)], {"max_unavailable": 0.1}, "pass", "", id="as often as may be"),
        pytest.param([HELD], [*OK * 99, exchange(503)], {"max_unavailable": 0}, "inconclusive", "0%", id="never"),
        pytest.param([HELD], [*OK, exchange(503)], {"strict": True}, "fail", "1 of 2 requests had no", id="strict"),
    ],
)
def test_decision(
    verdicts: list[Verdict], exchanges: list[Exchange], policy: dict[str, float], result: str, reason: str
) -> None:
    found, reasons = decided(verdicts, exchanges, **policy)
    assert (found, reason in reasons, bool(reasons)) == (result, True, bool(reason))


@pytest.mark.parametrize(
    ("kind", "result", "reason"),
    [
        pytest.param(StopKind.SILENT, "inconclusive", "why", id="gone"),
        pytest.param(StopKind.TOO_LARGE, "inconclusive", "why", id="too large"),
        pytest.param(StopKind.UNANSWERED, "pass", "", id="never answered, which its answers say"),
        pytest.param(StopKind.BOUND, "pass", "", id="a bound, which the run says"),
    ],
)
def test_an_operation_that_was_not_asked_to_its_end(kind: StopKind, result: str, reason: str) -> None:
    decision = decide(SPEC, [HELD], traffic_of(SPEC, OK), Policy(), stops=[Stop("GET /secured", kind, "why")])
    assert (decision.result.value, "; ".join(decision.reasons)) == (result, reason)


def test_violation_elsewhere_counts_where_the_credential_is_refused() -> None:
    exchanges = [exchange(401), exchange(200, "public")]
    assert decided([verdict(Outcome.VIOLATED, path="public")], exchanges)[0] == "fail"
    assert decided([verdict(Outcome.VIOLATED, path="secured")], exchanges)[0] == "inconclusive"


@pytest.mark.parametrize(
    ("verdicts", "result"),
    [
        pytest.param([HELD], Result.INCONCLUSIVE, id="nothing found yet"),
        pytest.param([verdict(Outcome.NOT_EXERCISED)], Result.INCONCLUSIVE, id="not asked yet"),
        pytest.param([VIOLATED], Result.FAIL, id="violated"),
    ],
)
def test_run_that_ended_early(verdicts: list[Verdict], result: Result) -> None:
    seen = traffic_of(SPEC, [exchange(404)])
    decision = decide(SPEC, verdicts, seen, Policy(strict=True), ended="it was interrupted")
    assert decision.result is result
    assert "it was interrupted" in decision.reasons


def test_reasons_of_a_run_that_ended_early_are_what_was_seen() -> None:
    seen = traffic_of(SPEC, [exchange(404)])
    decision = decide(SPEC, [VIOLATED], seen, Policy(), ended="it was interrupted")
    assert decision.reasons == ("1 rule violated", "it was interrupted")


AGAIN = replace(exchange(200), attempts=2, retried=("503",))
OFTEN = "1 of 19 requests needed a second attempt, an advisory above 5% (--contract-max-unavailable)"


@pytest.mark.parametrize(
    ("exchanges", "policy", "found"),
    [
        pytest.param([*OK * 19, AGAIN], {}, ("pass", "", ()), id="as often as may be"),
        pytest.param([*OK * 18, AGAIN], {}, ("pass", "", (OFTEN,)), id="too often"),
        pytest.param([*OK * 18, AGAIN], {"max_unavailable": 0.1}, ("pass", "", ()), id="more is allowed"),
        pytest.param([*OK * 18, AGAIN], {"strict": True}, ("fail", OFTEN, (OFTEN,)), id="strict"),
        pytest.param([*OK * 19, AGAIN], {"strict": True}, ("pass", "", ()), id="strict, as often as may be"),
    ],
)
def test_a_second_attempt_for_too_many_requests_is_an_advisory(
    exchanges: list[Exchange], policy: dict[str, Any], found: tuple[str, str, tuple[str, ...]]
) -> None:
    decision = decide(SPEC, [HELD], traffic_of(SPEC, exchanges), Policy(**policy))
    assert (decision.result.value, "; ".join(decision.reasons), decision.notes) == found


def test_requests_that_nobody_answered_are_no_advisory() -> None:
    lost = replace(exchange(503), attempts=3, retried=("503", "503"))
    assert decide(SPEC, [HELD], traffic_of(SPEC, [lost]), Policy()).notes == ()
