"""How a violation recurs, and what is asked again to know it."""

import json
from dataclasses import replace

import pytest

from contracts.messages import Credential, Exchange, Probe, Request, Response
from contracts.verdicts import Verdict, asked_again, judge_all, tally, with_recurrence
from contracts.verdicts.verdict import MAX_REQUESTS, TIMES
from tests.documents import OPERATION, operation_rules, short

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
RULES = operation_rules(SCHEMA)
GET = frozenset({"GET"})


def probe(target: str = "1", **more: object) -> Probe:
    return replace(Probe(OPERATION, Request("GET", f"/things/{target}")), **more)  # type: ignore[arg-type]


def exchange(value: object, asked: Probe | None = None, status: int = 200) -> Exchange:
    answer = Response(status, (("Content-Type", "application/json"),), json.dumps({"a": value}).encode())
    return Exchange(0, asked or probe(), answer)


def verdicts(*exchanges: Exchange) -> dict[str, Verdict]:
    judgements = judge_all(RULES, exchanges)
    return {short(v.rule): v for v in with_recurrence(tally(RULES.rules, judgements), judgements)}


def again(value: object, status: int = 200) -> Exchange:
    return exchange(value, probe(again=True), status)


@pytest.mark.parametrize(
    ("exchanges", "shown"),
    [
        pytest.param([exchange(1), exchange(1)], "always", id="on all"),
        pytest.param([exchange(1)], "None", id="on one"),
        pytest.param([exchange(1), exchange("x")], "None", id="on some, not asked again"),
        pytest.param([exchange(1), exchange("x", probe("2")), again(1), again(1)], "always", id="one resource"),
        pytest.param([exchange("x"), exchange(1), again(1), again("x")], "sometimes (2 of 4)", id="sometimes"),
        pytest.param([exchange(1), again("x"), again("x")], "gone on asking again", id="gone"),
        pytest.param([exchange(1), again("x", 500)], "gone on asking again", id="another answer"),
        pytest.param([exchange(1), exchange("x"), again("x", 503)], "None", id="no answer"),
        pytest.param([exchange(1), again(1), again("x", 503)], "always", id="no answer once"),
    ],
)
def test_how_a_violation_recurs(exchanges: list[Exchange], shown: str) -> None:
    assert str(verdicts(*exchanges)["/a type"].recurrence) == shown


def test_a_rule_that_holds_does_not_recur() -> None:
    assert verdicts(exchange("x"))["/a type"].recurrence is None


def asked(*exchanges: Exchange) -> list[Probe]:
    return list(asked_again(verdicts(*exchanges).values(), GET))


def test_evidence_is_asked_again_and_marked() -> None:
    assert asked(exchange(1), exchange("x")) == [probe(again=True)] * TIMES


def test_the_same_request_is_asked_once_for_all_rules() -> None:
    assert len(asked(exchange(1, status=500), exchange("x"), exchange(1))) == TIMES


@pytest.mark.parametrize(
    "exchanges",
    [
        pytest.param([exchange("x")], id="nothing broken"),
        pytest.param([exchange(1), exchange(1)], id="broken always"),
        pytest.param([exchange(1, probe(credential=Credential.WRONG))], id="wrong credential"),
        pytest.param([exchange(1, replace(probe(), request=Request("PUT", "/things/1")))], id="may change state"),
    ],
)
def test_what_is_not_asked_again(exchanges: list[Exchange]) -> None:
    assert asked(*exchanges) == []


def test_asking_again_is_bounded() -> None:
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(20)}}
    rules = operation_rules(schema)
    bodies = [json.dumps({f"p{n}": 1}).encode() for n in range(20)]
    headers = (("Content-Type", "application/json"),)
    exchanges = [Exchange(n, probe(str(n)), Response(200, headers, body)) for n, body in enumerate(bodies)]
    judgements = judge_all(rules, exchanges)
    assert len(list(asked_again(tally(rules.rules, judgements), GET))) == MAX_REQUESTS * TIMES
