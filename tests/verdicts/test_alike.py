"""Answers of an operation that say the same are read and judged once, and count as often as they came."""

import json
from typing import Any

import pytest

from contracts.messages import Exchange, Probe, Request, Response
from contracts.rules import OperationRules, rules_for
from contracts.verdicts import Judgement, Verdict, judge, judge_all, tally
from contracts.verdicts import judge as judging
from tests.documents import OPERATION, document, operation_rules, short, spec_from

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "state": {"enum": ["on", "off"]}, "of": {"type": ["integer", "null"]}},
}
HOLDS, HOLDS_TOO = {"name": "1", "state": "on", "of": 1}, {"name": "2", "of": None}
BREAKS, BREAKS_TOO = {"name": "1", "state": "gone"}, {"state": "off", "extra": 1}
BODIES = [HOLDS, HOLDS, BREAKS, HOLDS_TOO, BREAKS, HOLDS, BREAKS_TOO, HOLDS_TOO, HOLDS, BREAKS_TOO]


def answered(body: Any, number: int = 0, target: str = "", source: str = "fuzz", **more: Any) -> Exchange:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = more.pop("headers", (("Content-Type", "application/json"),))
    probe = Probe(OPERATION, Request("GET", target or f"/things/{number}"), source=source)
    return Exchange(number, probe, Response(more.pop("status", 200), headers, text))


def verdicts(rules: OperationRules, judgements: list[Judgement]) -> dict[str, Verdict]:
    return {short(verdict.rule): verdict for verdict in tally(rules.rules, judgements)}


@pytest.mark.parametrize("bodies", [BODIES, BODIES[::-1], [*map(list, [BODIES[:3]] * 3)], [b"{", b"{", b"{}", b"{}"]])
def test_all_at_once_is_each_by_itself(bodies: list[Any]) -> None:
    schema = {"anyOf": [SCHEMA, {"type": "array", "items": SCHEMA}]}
    rules, exchanges = operation_rules(schema), [answered(body, number) for number, body in enumerate(bodies)]
    assert verdicts(rules, judge_all(rules, exchanges)) == verdicts(rules, [judge(rules, one) for one in exchanges])


def test_each_answer_has_its_own_findings() -> None:
    rules = operation_rules(SCHEMA)
    found = judge_all(rules, [answered(body, number) for number, body in enumerate(BODIES)])
    assert [bool(one.findings) for one in found] == [body in (BREAKS, BREAKS_TOO) for body in BODIES]


def test_what_holds_is_walked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rules, walked = operation_rules(SCHEMA), list[Any]()
    walk = judging.__globals__["_judge_part"]

    def counted(plan: Any, found: Any, judgement: Judgement) -> Any:
        walked.append(found.values[0][0])
        return walk(plan, found, judgement)

    monkeypatch.setitem(judging.__globals__, "_judge_part", counted)
    judge_all(rules, [answered(body, number) for number, body in enumerate(BODIES)])
    assert walked.count(HOLDS) == walked.count(HOLDS_TOO) == 1
    assert (walked.count(BREAKS), walked.count(BREAKS_TOO)) == (2, 2)


def test_an_answer_of_another_type_is_another() -> None:
    rules = operation_rules(SCHEMA)
    text = (("Content-Type", "text/plain"),)
    _, found = judge_all(rules, [answered(HOLDS), answered(HOLDS, 1, headers=text)])
    assert [short(finding.rule) for finding in found.findings] == ["media type documented"]


def test_an_early_answer_says_nothing_of_those_after_it() -> None:
    """What a router answers to an odd path breaks nothing; the same from the service does."""
    tree = document({"type": "string", "contentEncoding": "base64"})
    responses = tree["paths"]["/things/{id}"]["get"]["responses"]
    responses["404"] = responses["200"]
    rules = rules_for(spec_from(tree)).operations[OPERATION]
    first, second = judge_all(rules, [answered("!", 0, "/things/a%2Fb", status=404), answered("!", 1, status=404)])
    names = [[finding.rule.removeprefix(f"{OPERATION} ") for finding in one.findings] for one in (first, second)]
    assert names == [["edge answer documented"], ["404 / format"]]


def test_values_count_each_time_against_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = operation_rules(SCHEMA)
    monkeypatch.setitem(judging.__globals__, "MAX_WALKED", 10)
    alike = judge_all(rules, [answered(HOLDS, number) for number in range(4)])
    others = judge_all(rules, [answered({**HOLDS, "of": number}, number) for number in range(4)])
    assert [one.left for one in alike] == [one.left for one in others] == [6, 2, -1, -2]
