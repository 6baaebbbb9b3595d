"""Patterns are compared as what they mean, whatever lengths stand beside them, and within bounds of work."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.document import read_spec
from contracts.payloads import expressions
from contracts.payloads.languages import text_between
from contracts.schemas.validation import matches

TEXTS = ["".join(letters) for length in range(6) for letters in product("ab", repeat=length)]

LEAVES = st.sampled_from(["a", "b", "[ab]", ".", "[^a]", "^", "$", r"\w", "", "a{2}", "b{0,3}"])
PATTERNS = st.recursive(
    LEAVES,
    lambda inner: (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{3,}"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        )
        | inner.map(lambda held: f"^{held}$")
        | st.tuples(inner, inner).map(lambda both: f"^(?={both[0]}){both[1]}")
        | st.tuples(inner, inner).map(lambda both: f"^(?!{both[0]}){both[1]}$")
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(PATTERNS, PATTERNS, st.integers(0, 3), st.integers(1, 5))
def test_a_text_is_found_if_and_only_if_there_is_one(one: str, other: str, low: int, high: int) -> None:
    """The validator, which knows nothing of languages, says which texts match."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expressions, "LONG", 2)  # so that few repetitions are a bound of the length
        try:
            found = text_between([one], [other], ["aa"], low, high)
        except ValueError:
            return
    texts = [text for text in TEXTS if low <= len(text) <= high and text != "aa"]
    shown = [text for text in texts if matches(one, text) and matches(other, text) is False]
    if found is None:
        assert shown == []
    else:
        assert matches(one, found) is not False
        assert matches(other, found) is not True
        assert low <= len(found) <= min([high, *map(len, shown)])


CONTAINED = [
    ("^[0-9a-f]{40}$", "^([0-9a-f]{40}|[0-9a-f]{64})$"),
    ("^(a{1,1000}){1,1000}$", "^a{1,1000000}$"),
    ("^.{0,100000}$", "^.{0,1000000}$"),
    ("^abc-[a-z]{3,90000}-x$", "^[a-z-]{9,90009}$"),
    ("^[a-z]{1,900}x?$", "^[a-z]+$"),
    (".{0,200}", ".{0,300}"),
    (r"^[a-z]{1,63}(\.[a-z]{1,63})*$", r"^[a-z]{1,64}(\.[a-z]{1,64})*$"),
    ("^(?!.*--)[a-z-]{1,63}$", "^[a-z-]{1,64}$"),
    ("^(^a$)|(^$)$", "^a?$"),
    (r"^\s$", r"^[\s\S]$"),
    ("^a$", "(?:^|a){2}$"),
    ("(" * 200 + "a" + ")" * 200, "a"),
    ("^(?:" + "|".join(f"word{number}" for number in range(500)) + ")$", "^[a-z]+[0-9]+$"),
]


@pytest.mark.parametrize(("inner", "outer"), CONTAINED, ids=lambda pattern: pattern[:30])
def test_a_pattern_that_lies_in_another_is_proved_to(inner: str, outer: str) -> None:
    assert text_between([inner], [outer]) is None


ESCAPING = [
    # wanted, excluded, lengths, a shortest text
    ("^[a-z0-9-]+$", "^$", (65, 128), "a" * 65),
    ("^([0-9a-f]{40}|[0-9a-f]{64})$", "^[0-9a-f]{40}$", (0, 100), "a" * 64),
    ("^.{0,100000}$", "^.{0,10000}$", (0, 10**9), "a" * 10_001),
    ("^(ab)+$", "^(ab){1,5000}$", (0, 10**9), "ab" * 5001),
    ("^[ab]{50,60}$", "^[abc]{10,50}$", (0, 100), "a" * 51),
    ("^a*$", "^(a{2,3}){0,5}$", (1, 100), "a"),
    ("^[ab]{9,30}$", r"^[\s\S]{0,20}$", (0, 100), "a" * 21),
    ("^a(bc)*d$", "^a(bc){0,40}d$", (7, 10**9), "a" + "bc" * 41 + "d"),
    ("^(a|bb){30,}$", "^[ab]{1,60}$", (0, 61), "a" * 61),
    ("^[\\u0000-\\uffff]{1,5000}$", "^[\\u0001-\\uffff]{1,5000}$", (0, 5000), "\0"),
    ("^(?=.*[A-Z])(?=.*[0-9]).{8,128}$", "^(?=.*[A-Z])(?=.*[0-9]).{8,64}$", (0, 128), "A0" + "a" * 63),
]


@pytest.mark.parametrize(("wanted", "excluded", "lengths", "text"), ESCAPING, ids=lambda given: str(given)[:30])
def test_the_shortest_text_is_found(wanted: str, excluded: str, lengths: tuple[int, int], text: str) -> None:
    found = text_between([wanted], [excluded], (), *lengths)
    assert found is not None
    assert (len(found), sorted(found)) == (len(text), sorted(text)) or found == text


BEYOND = [
    ("^(a|b)*a(a|b){18}$", "^(a|b)*a(a|b){17}$", "no answer in 200,000 steps"),
    ("^.{1,3000}-.{1,3000}$", "^.{1,3001}-.{1,3000}$", "no answer in 200,000 steps"),
    ("^a{1000000000}$", "^b$", "no text of less than 1,000,000,000 characters"),
    ("^(ab?){1000000}$", "^b$", "no answer in 200,000 steps"),
    ("(" * 3000 + "a" + ")" * 3000, "a", "can't read"),
    ("^a?" * 900 + "$", "^b$", "nested"),
    ("a" * 100_000, "a", "100,000 characters"),
    ("^" + "(a|b{2,3})" * 20 + "(?=x)$", "a", "ASSERT"),
    (r"^(a)\1$", "a", "GROUPREF"),
    (r"\bword\b", "a", "AT"),
    (r"(?<!x)y", "a", "ASSERT_NOT"),
    ("(?i)a", "a", "flags"),
    (r"^\p{L}+$", "a", "Unicode"),
    ("^" + "".join(f"(?=.*{letter})" for letter in "abcdefghijklm") + "[a-z]+$", "^x$", "no answer in"),
]


@pytest.mark.parametrize(("one", "other", "why"), BEYOND, ids=lambda given: str(given)[:30])
def test_what_is_too_much_says_what_it_was(one: str, other: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        text_between([one], [other])


def test_work_is_counted_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "MOST_STEPS", 50)
    with pytest.raises(ValueError, match="no answer in 50 steps"):
        text_between(["^[a-z]{1,63}(-[a-z]{1,63})*$"], ["^x$"], (), 60)


def found_between(base: Any, revision: Any) -> list[Change]:
    sides = []
    for schema in (base, revision):
        body = {"application/json": {"schema": {"type": "object", "properties": {"name": schema}}}}
        operation = {"requestBody": {"required": True, "content": body}, "responses": {"204": {"description": "ok"}}}
        tree = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": operation}}}
        sides.append(read_spec(json.dumps(tree).encode(), path="x.json", folder=None))
    return list(compare(*sides))


BOUNDS = [
    # the narrower side, the wider one, the length of the text that shows it
    ({"pattern": "^[a-z]+$", "maxLength": 60}, {"pattern": "^[a-z]+$", "maxLength": 100}, 61),
    ({"pattern": "^[a-z]+$", "minLength": 12}, {"pattern": "^[a-z]+$", "minLength": 10}, 10),
    ({"pattern": "^[0-9]{40}$"}, {"pattern": "^[0-9]{40}$|^[0-9]{64}$"}, 64),
    ({"pattern": "^[a-z]+$", "maxLength": 70}, {"pattern": "^[a-z_]+$", "maxLength": 70}, 1),
    (
        {"pattern": "^[a-z]+$", "maxLength": 70, "type": ["string", "null"]},
        {"maxLength": 71, "pattern": "^[a-z]+$"},
        71,
    ),
]


@pytest.mark.parametrize(("narrow", "wide", "length"), BOUNDS, ids=lambda given: str(given)[:40])
def test_a_bound_beside_a_pattern_is_decided_in_both_directions(
    narrow: dict[str, Any], wide: dict[str, Any], length: int
) -> None:
    narrow, wide = {"type": "string", **narrow}, {"type": narrow.get("type", "string"), **wide}
    assert {change.effect for change in found_between(narrow, wide)} == {Effect.COMPATIBLE}
    breaking = [change for change in found_between(wide, narrow) if change.effect is Effect.BREAKING]
    assert len(breaking) == 1
    assert breaking[0].witness is not None
    assert len(breaking[0].witness.message["body"]["name"]) == length


def test_what_was_tried_in_vain_is_said() -> None:
    """A person would have to see that both patterns mean the same."""
    sides = [{"type": "string", "pattern": f"^[ab]*a{end}$"} for end in ("[ab]{17}", "[ab]{16}[ab]")]
    (change,) = found_between(*sides)
    assert change.effect is Effect.UNDECIDED
    assert "no answer in 200,000 steps through the patterns" in str(change.proof)
