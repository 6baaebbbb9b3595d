"""Patterns of a document on texts that a service chose: decided in linear time, or not, with the reason; no hang."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.exchanges.credential import Scrubber
from contracts.exchanges.secret_urls import Capabilities
from contracts.schemas import validation
from contracts.schemas.validation import Beyond, keyword_validator, matches
from contracts.verdicts.judge import judge_body
from tests.documents import plan_of, short

from .patterns import BEYOND, DECIDED, LINEAR

WHY = "looks around or refers back, and takes too long to be decided on"


def found(schema: Any, value: Any) -> tuple[set[str], set[str]]:
    """The rules that a body violates, and those that it leaves undecided."""
    judgement = judge_body(plan_of(schema), value)
    violated = {short(finding.rule) for finding in judgement.findings}
    return violated, set(map(short, judgement.undecided))


@pytest.mark.parametrize("name", LINEAR)
def test_nothing_is_tried_again(name: str) -> None:
    pattern, text, matched = LINEAR[name]
    assert matches(pattern, text) is matched
    violated = set() if matched else {"/ pattern"}
    assert found({"type": "string", "pattern": pattern}, text) == (violated, set())


@pytest.mark.parametrize("name", DECIDED)
def test_what_looks_around_is_decided_on_ordinary_texts(name: str) -> None:
    pattern, good, bad = DECIDED[name]
    assert (matches(pattern, good), matches(pattern, bad)) == (True, False)
    assert found({"type": "string", "pattern": pattern}, bad) == ({"/ pattern"}, set())


PLACES: dict[str, Any] = {
    "a value": lambda pattern, text: ({"type": "string", "pattern": pattern}, text),
    "not": lambda pattern, text: ({"type": "string", "not": {"pattern": pattern}}, text),
    "a union": lambda pattern, text: ({"type": "string", "oneOf": [{"pattern": pattern}, {"pattern": "^b"}]}, text),
    "an item": lambda pattern, text: ({"type": "array", "items": {"type": "string", "pattern": pattern}}, [text]),
    "a name": lambda pattern, text: ({"type": "object", "propertyNames": {"pattern": pattern}}, {text: 1}),
    "a name that matches": lambda pattern, text: (
        {"type": "object", "patternProperties": {pattern: {"type": "string"}}, "additionalProperties": False},
        {text: "x"},
    ),
    "a name that matches nothing": lambda pattern, text: (
        {"type": "object", "patternProperties": {pattern: True}, "additionalProperties": {"type": "integer"}},
        {text: "x"},
    ),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", BEYOND)
def test_what_takes_too_long_is_undecided_with_the_reason(name: str, place: str) -> None:
    schema, value = PLACES[place](*BEYOND[name])
    violated, undecided = found(schema, value)
    assert violated == set()
    assert "/ schema" in undecided
    reasons = judge_body(plan_of(schema), value).undecided.values()
    assert all(WHY in reason for reason in reasons)


def test_what_another_member_breaks_is_still_found() -> None:
    pattern, text = BEYOND["back reference"]
    slow = {"type": "string", "pattern": pattern}
    schema = {"type": "object", "properties": {"slow": slow, "size": {"type": "integer"}}}
    assert found(schema, {"slow": text, "size": "x"}) == ({"/size type"}, {"/slow pattern", "/ schema"})


def test_many_texts_are_as_good_as_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern, asked = "^a(?!b)", []
    search = validation._searcher

    def counted(*arguments: Any) -> Any:
        asked.append(arguments)
        return search(*arguments)

    monkeypatch.setattr(validation, "_searcher", counted)
    schema = {"type": "array", "items": {"type": "string", "pattern": pattern}}
    violated, undecided = found(schema, ["a" * 500] * 20_000)
    assert (violated, undecided) == (set(), {"/* pattern", "/ schema"})
    assert len(asked) <= 120


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_bounds_say_what_the_engine_says(data: st.DataObject) -> None:
    pattern, good, bad = data.draw(st.sampled_from(sorted(DECIDED.values())))
    text = data.draw(st.text("ab1$-n", max_size=12) | st.sampled_from([good, bad]))
    schema = {"anyOf": [{"pattern": pattern}, {"minLength": 10}]}
    expected = matches(pattern, text) or len(text) >= 10
    assert keyword_validator(json.dumps(schema)).is_valid(text) is expected


def test_a_name_is_not_judged_by_what_stands_for_all_other_names() -> None:
    pattern, text = BEYOND["back reference"]
    assert matches(pattern, text) is None
    with pytest.raises(Beyond, match=WHY):
        keyword_validator(json.dumps({"patternProperties": {pattern: False}})).is_valid({text: 1})


def test_our_own_patterns_go_through_a_body_once() -> None:
    """Quotes in escapes, and the end in the middle of one: each quote was taken for a beginning."""
    capabilities = Scrubber((), Capabilities(("cdp_url",)))
    cut = b'{"cdp_url": "wss://h/?token=secret\\'
    assert b"secret" not in capabilities.body(cut)
    body = b'{"cdp_url": [' + b'"\\' * 500_000
    assert len(capabilities.body(body)) == len(body)
