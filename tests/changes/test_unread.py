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
