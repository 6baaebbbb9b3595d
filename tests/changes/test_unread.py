"""What can't be read is no change where both sides have it alike, and undecided where they differ."""

from __future__ import annotations

import copy
import json
from datetime import date
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.decision.change_decision import ChangePolicy
from contracts.decision.entries import Accepted
from contracts.document.sides import Side
from contracts.report.diff import diff_of
from tests.documents import document, spec_from

STATUS = {"type": "string", "enum": ["new"]}
RATE = {"type": "number", "minimum": 0}


def base(rate: Any = None, **more: Any) -> dict[str, Any]:
    """A document with `/status` and `/rate` in an answer."""
    schema = {"type": "object", "properties": {"status": STATUS, "rate": {**RATE, **(rate or {})}}}
    return document(schema, **more)


def found(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, Effect]]:
    return [(one.id, one.where, one.effect) for one in changes(before, after)]


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[Change, ...]:
    return compare(spec_from(before), spec_from(after))


BAD: list[dict[str, Any]] = [
    {"required": True},
    {"type": "numbr"},
    {"multipleOf": 0},
    {"$ref": "#/no"},
    {"nullable": True, "type": None},
    {"enum": "x"},
]
RATE_AT = "GET /things/{id} 200 /rate"


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_alike_on_both_sides_it_is_no_change(bad: dict[str, Any]) -> None:
    before, after = base(bad), base(bad)
    assert found(before, after) == []
    schema = after["paths"]["/things/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    schema["properties"]["status"] = {"type": "string", "enum": ["new", "done"]}
    (change,) = changes(before, after)
    assert (change.id, change.effect) == ("enum-widened", Effect.BREAKING)
    assert change.witness is not None


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_on_one_side_it_is_undecided(bad: dict[str, Any]) -> None:
    for before, after in ((base(bad), base()), (base(), base(bad))):
        unread = [one for one in found(before, after) if one[0] == "unread-changed"]
        assert {one[1:] for one in unread} == {(RATE_AT, Effect.UNDECIDED)}
        assert {effect for _, _, effect in found(before, after)} <= {Effect.UNDECIDED, Effect.COMPATIBLE}


def test_it_says_what_was_there_and_whom_it_reaches() -> None:
    (change,) = changes(base({"enum": "x"}), base({"enum": "y"}))
    assert change.message == '`enum`, which can\'t be read, changed: "x" became "y"'
    assert [reach.operation for reach in change.reaches] == ["GET /things/{id}"]
    assert (change.base.line, change.revision.line) == (change.base.line,) * 2


def test_what_changed_beside_it_is_not_shown_to_break() -> None:
    after = base({"multipleOf": 0, "minimum": -1})
    assert found(base({"multipleOf": 1}), after)  # of which no message can tell
    assert {effect for _, _, effect in found(base(), after)} == {Effect.UNDECIDED}


def test_a_fault_that_is_read_for_certain_is_compared() -> None:
    before, after = base({"exclusiveMinimum": True}), base({"minimum": 1, "exclusiveMinimum": True})
    assert found(before, after) == [("bounds-narrowed", RATE_AT, Effect.COMPATIBLE)]
    assert [one[2] for one in found(after, before)] == [Effect.BREAKING]


def test_in_a_component_it_is_found_where_it_stands() -> None:
    bad, good = {"T": {"type": "strin"}}, {"T": {"type": "string"}}
    at = {"$ref": "#/components/schemas/T"}
    made = [spec_from(document(at, components=one)) for one in (bad, good)]
    assert [(one.where, one.effect) for one in compare(*made)][:1] == [("schemas/T", Effect.UNDECIDED)]


def test_in_a_component_that_nobody_refers_to_it_concerns_nobody() -> None:
    before, after = base(components={"T": {"type": "strin"}}), base(components={"T": {"type": "string"}})
    assert found(before, after) == []


def test_what_was_moved_with_it_is_no_change() -> None:
    before, after = ({"$ref": f"#/components/schemas/{name}"} for name in "TU")
    bad = {"type": "strin", "maxLength": 3}
    moved = found(document(before, components={"T": bad}), document(after, components={"U": bad}))
    assert moved == []


def test_what_came_whole_with_it_is_a_change_of_its_own() -> None:
    after = base()
    after["paths"]["/more"] = copy.deepcopy(base({"multipleOf": 0})["paths"]["/things/{id}"])
    del after["paths"]["/more"]["get"]["parameters"]
    assert found(base(), after) == [("operation-added", "GET /more", Effect.COMPATIBLE)]


def test_a_reference_to_a_file_that_is_not_read_is_undecided() -> None:
    at = {"$ref": "../models/T.json"}
    before, after = spec_from(document(at)), spec_from(document(at))
    assert compare(before, after) == ()


def test_nullable_without_a_type_changes_nothing() -> None:
    before, after = ({"allOf": [STATUS], **more} for more in ({}, {"nullable": True}))
    sides = [document(schema, openapi="3.0.3") for schema in (before, after)]
    assert found(*sides) == found(*reversed(sides)) == []
    assert [notice.kind for notice in spec_from(sides[1]).notices] == ["nullable"]


def test_faults_of_one_document_alone_are_told_first() -> None:
    vain = {"allOf": [STATUS], "nullable": True}
    many = dict.fromkeys(map(str, range(9)), vain)
    sides = []
    for schema in (STATUS, vain):
        text = json.dumps(document({"properties": {**many, "z": schema}}, openapi="3.0.3"))
        sides.append(Side("a.json", text.encode()))
    for base, revision in (sides, sides[::-1]):
        first, *_, last = diff_of(base, revision, ChangePolicy(), Accepted(today=date(2026, 11, 24))).decision.notes
        assert "/properties/z has" in first
        assert "5 faults more" in last


def thing(schema: Any, **more: Any) -> dict[str, Any]:
    """A document with what is shown and taken by reference to `Thing`."""
    at = {"$ref": "#/components/schemas/Thing"}
    tree = document(at, components={"Thing": schema, **more})
    get = tree["paths"]["/things/{id}"]["get"]
    body = {"content": {"application/json": {"schema": at}}}
    tree["paths"]["/things/{id}"]["put"] = {**get, "requestBody": body}
    return tree


INTEGER = {"type": "integer"}
LISTED = {**INTEGER, "oneOf": [{"const": 1}, {"const": 2}]}
NEEDS_B = {"type": "object", "properties": {"b": STATUS}, "required": ["b"]}
WITH_A = {"type": "object", "properties": {"a": STATUS}, "required": ["a"]}
A_TRUE = {"type": "object", "properties": {"a": {**STATUS, "required": True}}}
ONE_EDIT: dict[str, tuple[Any, Any, str]] = {
    "an empty union": ({**INTEGER, "oneOf": []}, LISTED, "schemas/Thing"),
    "a type that is none": ({"type": "numbr"}, {"type": "number"}, "schemas/Thing"),
    "a union of branches": (
        {"type": "object", "oneOf": []},
        {"type": "object", "oneOf": [WITH_A, NEEDS_B]},
        "schemas/Thing",
    ),
    "a list for true": ({**NEEDS_B, "required": True}, NEEDS_B, "schemas/Thing"),
    "true for a list": (A_TRUE, WITH_A, "schemas/Thing /a"),
}


@pytest.mark.parametrize(("before", "after", "where"), ONE_EDIT.values(), ids=ONE_EDIT)
def test_what_comes_of_an_unread_keyword_is_told_once(before: Any, after: Any, where: str) -> None:
    once = [("unread-changed", where, Effect.UNDECIDED)]
    assert found(thing(before), thing(after)) == found(thing(after), thing(before)) == once


def test_what_an_unread_keyword_became_is_said() -> None:
    (change,) = changes(thing({**INTEGER, "oneOf": []}), thing(LISTED))
    assert change.message.endswith('changed: [] became [{"const": 1}, {"const": 2}]')


@pytest.mark.parametrize("around", [{"oneOf": [{"$ref": "#/components/schemas/A"}, NEEDS_B]}, {"not": WITH_A}], ids=str)
def test_what_is_read_looser_around_it_breaks_nothing(around: Any) -> None:
    before, after = (thing(around, A=one) for one in ({**A_TRUE, "properties": {"a": STATUS}}, A_TRUE))
    if "not" in around:
        before, after = thing({"not": {"required": ["a"]}}), thing({"not": {"required": True}})
    for sides in ((before, after), (after, before)):
        assert [(name, effect) for name, _, effect in found(*sides)] == [("unread-changed", Effect.UNDECIDED)]


def test_another_edit_beside_it_is_told() -> None:
    told = found(thing({**INTEGER, "oneOf": []}), thing({**LISTED, "minimum": 1}))
    assert {name for name, _, _ in told} == {"unread-changed", "bounds-narrowed"}


@pytest.mark.parametrize("around", [{"oneOf": [{"type": "null"}, None]}, {"allOf": [None]}], ids=str)
def test_it_is_told_once_where_another_schema_holds_it(around: Any) -> None:
    (keyword, held), at = next(iter(around.items())), {"$ref": "#/components/schemas/Level"}
    whole = {"type": "object", "properties": {"level": {keyword: [one or at for one in held]}}}
    sides = [thing(whole, Level=one) for one in ({**INTEGER, "oneOf": []}, LISTED)]
    once = [("unread-changed", "schemas/Level", Effect.UNDECIDED)]
    assert found(*sides) == found(*reversed(sides)) == once


@pytest.mark.parametrize("unread", ["required", "not"])
def test_a_branch_of_other_types_than_an_unread_one_breaks(unread: str) -> None:
    level = {"$ref": "#/components/schemas/Level"}
    before = thing({"oneOf": [level, WITH_A]}, Level={**INTEGER, unread: True if unread == "required" else 5})
    after = thing({"oneOf": [level]}, Level=INTEGER)
    (broken,) = (one for one in changes(before, after) if one.effect is Effect.BREAKING)
    assert (broken.id, broken.where) == ("type-narrowed", "schemas/Thing")
    assert broken.witness is not None
    assert broken.witness.message["body"] == {"a": "new"}


def test_a_branch_whose_values_an_unread_one_may_have_too_is_not_shown_to_break() -> None:
    level, listed = {"$ref": "#/components/schemas/Level"}, {"type": ["integer", "object"]}
    before = thing({"oneOf": [level, WITH_A]}, Level={**listed, "required": True})
    after = thing({"oneOf": [level]}, Level=INTEGER)
    assert {one.effect for one in changes(before, after)} == {Effect.UNDECIDED, Effect.COMPATIBLE}
