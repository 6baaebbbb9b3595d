"""Where a keyword without a rule of its own refuses: which, at what place of the body and of the document, and why."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.messages import Exchange, Probe, Request, Response
from contracts.verdicts import judge_all, judge_body, tally
from tests.documents import OPERATION, operation_rules, plan_of, short

JSON = (("Content-Type", "application/json"),)

CARD = {"if": {"required": ["card"]}, "then": {"required": ["cvc"]}, "else": {"maxProperties": 0}}
BRANCHES = [{"required": ["a"]}, {"required": ["b"]}]


def found(schema: Any, value: Any, **more: Any) -> list[tuple[str, str, str | None]]:
    findings = judge_body(plan_of(schema, **more), value).findings
    return [(short(finding.rule), finding.seen, finding.instance) for finding in findings]


@pytest.mark.parametrize(
    ("held", "value", "keyword", "said"),
    [
        (CARD, {"card": 1}, "then", "no property cvc"),
        (CARD, {"cash": 1}, "else", '{"cash":1} has more than 0 properties'),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "dependentRequired", "no property b"),
        ({"dependentSchemas": {"a": {"required": ["c"]}}}, {"a": 1}, "dependentSchemas", "no property c"),
        ({"contains": {"const": 1}}, [2], "contains", "it has not as many items of that kind as it should"),
        ({"not": {"type": "string"}}, "a", "not", "it is what it must not be"),
        ({"propertyNames": {"pattern": "^a"}}, {"b": 1}, "propertyNames", '"b" does not match "^a"'),
        ({"unevaluatedProperties": False}, {"b": 1}, "unevaluatedProperties", 'nothing declares "b"'),
        ({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2], "unevaluatedItems", 'nothing declares "2"'),
    ],
    ids=["then", "else", "dependentRequired", "dependentSchemas", "contains", "not", "names", "properties", "items"],
)
def test_keyword_place_and_line_are_named(held: Any, value: Any, keyword: str, said: str) -> None:
    ((rule, seen, instance),) = found({"properties": {"x": {"items": held}}}, {"x": [value]})
    assert (rule, instance) == ("/ schema", "/x/0")
    before, _, after = seen.partition(" (things.json:")
    assert before == f"the validator refuses the body at /x/0 by `{keyword}`"
    line, _, what = after.partition("): ")
    assert line.isdecimal()
    assert what == said


def test_the_line_is_that_of_a_schema_behind_a_reference() -> None:
    components = {"Card": {"not": {"required": ["cvc"]}}}
    ((_, seen, _),) = found({"items": {"$ref": "#/components/schemas/Card"}}, [{"cvc": 1}], components=components)
    ((_, other, _),) = found({"items": components["Card"]}, [{"cvc": 1}])
    assert "`not` (things.json:" in seen
    assert seen != other


@pytest.mark.parametrize(
    ("schema", "value", "seen"),
    [
        ({"properties": {"a": {}}, "additionalProperties": False}, {"b": 1}, '{"b": 1}, nothing declares "b"'),
        ({"anyOf": BRANCHES}, {}, "{}, it fits no branch (1: no property a, 2: no property b)"),
        ({"oneOf": BRANCHES}, {"a": 1, "b": 1}, '{"a": 1, "b": 1}, it fits branches 1, 2, and may fit one alone'),
    ],
    ids=["an additional property", "no branch", "two branches"],
)
def test_what_a_value_alone_does_not_show_is_said(schema: Any, value: Any, seen: str) -> None:
    ((_, told, _),) = found(schema, value)
    assert told == seen


def test_what_lies_deepest_is_said() -> None:
    schema = {"allOf": [{"not": {"required": ["x"]}}, {"properties": {"x": {"not": {"const": 1}}}}]}
    ((_, seen, instance),) = found(schema, {"x": 1})
    assert instance == "/x"
    assert "at /x by `not`" in seen


def why_not(rule: str, status: int, body: bytes) -> str:
    """Why an answer of a run exercises one rule not."""
    inner = {"properties": {"a": {"type": "string"}}}
    rules = operation_rules(inner)
    exchange = Exchange(0, Probe(OPERATION, Request("GET", "/things/1")), Response(status, JSON, body))
    verdicts = {short(verdict.rule): verdict for verdict in tally(rules.rules, judge_all(rules, [exchange]))}
    return verdicts[rule].why


@pytest.mark.parametrize(
    ("rule", "status", "body", "why"),
    [
        ("/a type", 404, b"{}", "no answer with 200 came"),
        ("/a type", 200, b"{}", "no answer with 200 came to /a"),
        (f"{OPERATION} unlisted method", 200, b"{}", "no method that is not listed was sent"),
        (f"{OPERATION} allow header", 200, b"{}", "no answer with 405 came"),
    ],
    ids=["another status", "without the place", "another method", "another answer"],
)
def test_what_would_exercise_a_rule_is_said(rule: str, status: int, body: bytes, why: str) -> None:
    assert why_not(rule, status, body) == why
