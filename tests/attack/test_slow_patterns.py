"""Patterns of a document on texts that a service chose: decided in linear time, or not, with the reason; no hang."""

import json
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.document import Spec
from contracts.exchanges import Ledger
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.secret_urls import Capabilities
from contracts.probes import ProbePlan, schemathesis_cases
from contracts.run.ask import asked
from contracts.run.end import concluded
from contracts.run.inputs import Inputs
from contracts.run.state import State
from contracts.schemas import allowance, validation
from contracts.schemas.validation import Beyond, keyword_validator, matches
from contracts.verdicts.judge import judge_body
from tests.documents import plan_of, short, spec_from

from .long_form import IS_LONG
from .patterns import BEYOND, DECIDED, LINEAR
from .schemas import STRING, document

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
    assert b"secret7" not in capabilities.body(b'[["cdp_url", "wss://h/?token=secret7')
    body = b'{"cdp_url": [' + b'"\\' * (500_000 if IS_LONG else 100_000)
    assert len(capabilities.body(body)) == len(body)


# Requests, for which Schemathesis and Hypothesis match with Python's `re`

FOR_EVER = "a?" * 30 + "a" * 30
HANGING: dict[str, dict[str, Any]] = {
    "found anywhere": {**STRING, "pattern": FOR_EVER},
    "anchored": {**STRING, "pattern": f"^{FOR_EVER}$"},
    "of a condition": {**STRING, "if": {"pattern": FOR_EVER}, "then": {"minLength": 3}},
    "of names": {"type": "object", "patternProperties": {FOR_EVER: STRING}, "minProperties": 2},
    "of a member named default": {"required": ["default"], "properties": {"default": {"pattern": FOR_EVER}}},
}
LONG: dict[str, dict[str, Any]] = {
    "20,000 characters": {**STRING, "pattern": "a" * 20_000},
    "5,000 classes": {**STRING, "pattern": "[ab]" * 5_000},
    "1,000 options": {**STRING, "pattern": "a?" * 1_000},
    "800 words": {**STRING, "pattern": f"^({'|'.join(f'word{number}' for number in range(800))})$"},
    "a member of 100 kB": {**STRING, "pattern": "a(?=[^c]*c)d|^b", "enum": ["a" * 100_000, "b"]},
}


def impatient(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """What is made for an operation has so many seconds for the first time, the second, …, and ever after."""
    allowances = [allowance.Allowance(clock=lambda: 0.0, question=given) for given in seconds]
    in_turn = chain(allowances, repeat(allowances[-1]))
    monkeypatch.setattr(schemathesis_cases, "made", lambda work: next(in_turn).spend(work, apart=False))


def requests_of(spec: Spec) -> tuple[list[Any], dict[str, str]]:
    """Every request that is made of the one operation, and what it says of those that were not."""
    plan = ProbePlan(spec, seed=1, examples=3)
    made = list(plan.lane(spec.operations[0]).probes())
    return made, dict(plan.slow)


@pytest.mark.parametrize("name", HANGING)
def test_requests_are_made_without_patterns_that_take_python_too_long(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch, 0.1, 600)
    spec = spec_from(document(HANGING[name]))
    made, slow = requests_of(spec)
    assert {probe.source for probe in made} >= {"coverage", "fuzz"}
    assert any(probe.claim.allowed for probe in made)
    why = "GET /things/{id}: its patterns take Python too long; requests were made without them"
    assert list(slow.values()) == [f"things.json:9: {why}"]


def test_texts_of_ours_stand_for_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch, 0.1, 600)
    made, _ = requests_of(spec_from(document(HANGING["anchored"])))
    queries = {probe.request.query for probe in made if probe.claim.allowed}
    assert any(query.startswith(f"q={'a' * 30}") for query in queries)


@pytest.mark.parametrize("name", LONG)
def test_long_patterns_are_left_out_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the clock says: the same seed gives the same requests. Nor does that take a signal."""
    impatient(monkeypatch, 1e-9)
    spec, found = spec_from(document(LONG[name])), list[Any]()
    threads = [threading.Thread(target=lambda: found.append(requests_of(spec))) for _ in range(2)]
    for thread in threads:
        thread.start()
        thread.join()
    assert found[0] == found[1]
    made, slow = found[0]
    assert any(probe.source == "fuzz" for probe in made)
    assert slow == {}


def burn() -> None:
    while True:
        pass


def swallowed() -> None:
    """As garbage collection and Hypothesis do it: one loses what is raised, the other makes another error of it."""
    with suppress(allowance.Exceeded):
        burn()


def otherwise() -> None:
    try:
        burn()
    except allowance.Exceeded:
        raise ValueError("flaky") from None


def twice() -> None:
    swallowed()
    burn()


@pytest.mark.parametrize("work", [burn, swallowed, otherwise, twice])
def test_what_is_late_is_late_whatever_becomes_of_the_signal(
    work: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(allowance, "_MAKING", allowance.Allowance(clock=lambda: 0.0, question=0.01))
    before = signal.getsignal(signal.SIGPROF)
    with pytest.raises(allowance.Exceeded):
        allowance.made(work)
    assert signal.getsignal(signal.SIGPROF) is before
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0
    with pytest.raises(StopIteration):
        allowance.made(iter(()).__next__)


def test_a_report_says_whose_patterns_were_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    impatient(monkeypatch, 0.1, 600)
    spec = spec_from(document(HANGING["anchored"]))
    state = State(Inputs(spec), Ledger(tmp_path / "exchanges.jsonl"))
    asked(state, spec.operations[0])
    (note,) = concluded(state).decision.notes
    assert note.startswith("things.json:9: GET /things/{id}: its patterns take Python too long")


def test_ordinary_patterns_keep_their_place() -> None:
    """And nothing of a document is respelled for them."""
    schema = {**STRING, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}
    spec = spec_from(document(schema))
    held = json.dumps(schemathesis_cases.Cases(spec, 0).schema(spec.operations[0]).raw_schema)
    assert held.count(schema["pattern"]) == 3
