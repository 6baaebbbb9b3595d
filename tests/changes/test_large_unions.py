"""What is too large to be looked at as a whole is told by branch, by member, and by plain messages."""

import json
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.document import Spec, read_spec
from contracts.schemas.allowance import Allowance
from tests.documents import document

TEXT: dict[str, Any] = {"type": "string"}
APP: dict[str, Any] = {
    "type": "object",
    "required": ["id", "owner"],
    "properties": {"id": TEXT, "owner": {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object"}]}},
}


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    """An open object that is large: each of its many members is one that no proof can see through."""
    members = {f"app{number}": {"$ref": "#/components/schemas/App"} for number in range(60)}
    return {"type": "object", "required": [*required], "properties": {**members, **properties}}


def answered(schema: Any, **components: Any) -> Spec:
    tree = document(schema, components={"App": APP, **components})
    return read_spec(json.dumps(tree).encode(), path="x.json", folder=None)


def union(keyword: str, *names: str) -> dict[str, Any]:
    return {keyword: [{"$ref": f"#/components/schemas/{name}"} for name in names]}


def compared(base: Spec, revision: Spec, question: float = 0.5) -> dict[str, Change]:
    """The changes by kind, when none may be worked on for long: so many CPU seconds."""
    changes = compare(base, revision, allowance=Allowance(question=question))
    return {change.id: change for change in changes}


KNOWN = {"One": thing("kind", kind={"const": "one"}), "Any": thing("id", id=TEXT)}
NEW = thing("id", "more", id=TEXT, more=TEXT)


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_large_branch_that_another_takes_all_of(keyword: str) -> None:
    base = answered(union("anyOf", "One", "Any"), **KNOWN)
    revision = answered(union(keyword, "One", "Any", "New"), **KNOWN, New=NEW)
    added = compared(base, revision)["branch-added"]
    assert added.effect is Effect.COMPATIBLE
    wanted = {"anyOf": "the branch Any takes all of it", "oneOf": "of Any too, and of no oneOf then"}
    assert str(added.proof).endswith(wanted[keyword])


def test_a_large_branch_that_none_takes_all_of() -> None:
    base = answered(union("anyOf", "One"), **KNOWN)
    added = compared(base, answered(union("anyOf", "One", "New"), **KNOWN, New=NEW))["branch-added"]
    assert added.effect is Effect.BREAKING
    assert added.witness is not None
    assert added.witness.message["body"] == {"id": "", "more": ""}


def test_a_member_that_means_something_else_is_looked_at() -> None:
    base = answered(union("anyOf", "One", "Any"), **KNOWN)
    number = thing("id", "more", id={"type": ["string", "integer"]}, more=TEXT)
    added = compared(base, answered(union("anyOf", "One", "Any", "New"), **KNOWN, New=number))["branch-added"]
    assert added.effect is Effect.BREAKING
    assert added.witness is not None


def test_a_message_is_made_place_for_place_through_branches() -> None:
    def holder(inner: Any) -> Spec:
        events = {"Note": thing("note", note=inner), "Other": thing("other", other=TEXT)}
        event: dict[str, Any] = {"type": "object", "required": ["id", "payload"], "properties": {"id": TEXT}}
        event["properties"]["payload"] = union("oneOf", *events)
        return answered({"type": "array", "items": event}, **events)

    note = {"type": "object", "required": ["by"], "properties": {"by": TEXT}}
    (change,) = compared(holder(note), holder({**note, "required": []})).values()
    assert (change.id, change.effect) == ("property-optional", Effect.BREAKING)
    assert change.witness is not None
    assert change.witness.message["body"] == [{"id": "", "payload": {"note": {}}}]


def test_a_union_that_leads_back_to_itself_is_no_reason_to_refuse_a_document() -> None:
    def circle(type_: str) -> Spec:
        a = {"anyOf": [{"$ref": "#/components/schemas/B"}, thing("p", p={"type": type_})]}
        b = {"oneOf": [{"$ref": "#/components/schemas/A"}, thing("q", q=TEXT)]}
        return answered({"$ref": "#/components/schemas/A"}, A=a, B=b)

    changes = compared(circle("string"), circle("integer"), question=0.1)
    assert {(change.id, change.where) for change in changes.values()} == {("type-changed", "schemas/A /p")}
    assert Effect.COMPATIBLE not in {change.effect for change in changes.values()}
