"""Forms: plain members are texts as parameters are, what is nested has types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.changes.containment import form_settled
from contracts.document import Spec
from contracts.schemas.allowance import Allowance
from tests.changes.test_texts import COMPATIBLE, FLAG, OK, OTHER, SAME, TEXT, WHOLE, WORDS, effects, having, listed
from tests.exchanges.documents import spec_of

FORM = "application/x-www-form-urlencoded"
BREAKING, UNDECIDED = Effect.BREAKING, Effect.UNDECIDED
PLAIN = [row for row in SAME if row[1].get("type") != "object"]
FEW = "an upper bound within the digits"  # one text of many, which is not drawn within an object
TEXTUAL = [row for row in OTHER if row[1].get("type") != "object" and row[0] != FEW]


def posted(schema: Any, name: str = FORM, **more: Any) -> Spec:
    body = {"content": {name: {"schema": schema, **more}}}
    return spec_of({"/a": {"post": {"requestBody": body, "responses": OK}}})


def holding(schema: Any, **more: Any) -> Spec:
    return posted({**having(a=schema), "required": ["a"]}, **more)


@pytest.mark.parametrize(("base", "revision"), [row[1:] for row in PLAIN], ids=[row[0] for row in PLAIN])
def test_what_no_text_of_a_form_shows_breaks_nothing(base: Any, revision: Any) -> None:
    assert effects(holding(base), holding(revision)) <= {COMPATIBLE}


@pytest.mark.parametrize(("base", "revision"), [row[1:] for row in TEXTUAL], ids=[row[0] for row in TEXTUAL])
def test_what_a_text_of_a_form_shows_breaks(base: Any, revision: Any) -> None:
    assert BREAKING in effects(holding(base), holding(revision))


@pytest.mark.parametrize(
    ("base", "revision", "shown"),
    [
        (having(a=TEXT), having(a=WHOLE), {"a": ""}),
        (having(a={"enum": ["x", "y"]}), having(a={"enum": ["x"]}), {"a": "y"}),
        (having(a=TEXT), {**having(a=TEXT), "required": ["a"]}, {}),
        (having(a=having(b=WHOLE)), having(a=having(b=TEXT)), {"a": {"b": 0}}),
        (having(a=listed(having(b=FLAG))), having(a=listed(having(b=WORDS))), {"a": [{"b": False}]}),
        (having(a=listed(listed(WHOLE))), having(a=listed(listed(TEXT))), {"a": [[0]]}),
        (having(a=having(b=WHOLE)), having(a=TEXT), {"a": {}}),
    ],
)
def test_a_form_that_breaks_is_shown(base: Any, revision: Any, shown: Any) -> None:
    (change,) = compare(posted(base), posted(revision))
    assert change.witness is not None
    assert change.witness.message["body"] == shown


def test_a_member_of_another_type_is_told_beside_what_breaks() -> None:
    base, revision = having(a=WHOLE, b={"enum": ["x", "y"]}), having(a=TEXT, b={"enum": ["x"]})
    found = {change.id: change.effect for change in compare(posted(base), posted(revision))}
    assert found == {"type-changed": COMPATIBLE, "enum-narrowed": BREAKING}


@pytest.mark.parametrize(
    ("name", "encoding", "effect"),
    [
        (FORM, {}, COMPATIBLE),
        (f"{FORM}; charset=utf-8", {}, COMPATIBLE),
        (FORM, {"style": "deepObject", "explode": True}, COMPATIBLE),
        (FORM, {"contentType": "application/json"}, BREAKING),
        (FORM, {"explode": False}, BREAKING),
        (FORM, {"style": "pipeDelimited", "explode": True}, BREAKING),
        ("multipart/form-data", {}, BREAKING),
        ("application/json", {}, BREAKING),
    ],
)
def test_how_a_form_is_written_tells_whether_members_are_texts(name: str, encoding: Any, effect: Effect) -> None:
    more = {"encoding": {"a": encoding}} if encoding else {}
    assert effects(*(posted(having(a=one), name, **more) for one in (listed(WHOLE), listed(TEXT)))) == {effect}


def test_a_list_of_one_stands_alone_unless_an_encoding_says_how_lists_are_written() -> None:
    deep = {"encoding": {"a": {"style": "deepObject", "explode": True}}}
    assert effects(holding(TEXT), holding(listed(TEXT))) == {COMPATIBLE}
    assert effects(holding(TEXT, **deep), holding(listed(TEXT), **deep)) == {UNDECIDED}
    assert effects(holding(listed(TEXT, maxItems=1)), holding(TEXT)) == {COMPATIBLE}
    assert effects(holding(listed(TEXT, maxItems=1), **deep), holding(TEXT, **deep)) == {UNDECIDED}


@pytest.mark.parametrize("nest", [lambda one: having(b=one), lambda one: listed(listed(one))])
def test_what_is_nested_is_not_proved_by_texts(nest: Callable[[Any], Any]) -> None:
    sent, taken = ({**having(a=nest(one)), "additionalProperties": False} for one in (WHOLE, TEXT))
    assert not form_settled(sent, taken, Allowance(), is_plain=True).contained
