"""A change is told of the schema in which it was written, and as what it is."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from tests.documents import document, spec_from

TEXT = {"type": "string"}
AT = "#/components/schemas/"


def found(before: dict[str, Any], after: dict[str, Any], *, back: bool = True) -> set[tuple[str, str, str]]:
    """The changes one way and, if wanted, back; each with its worst effect."""
    told = {}
    for base, revision in ((before, after), (after, before))[: 1 + back]:
        for one in reversed(compare(spec(base), spec(revision))):
            told[one.id, one.where] = one.effect.value
    return {(effect, *named) for named, effect in told.items()}


def spec(schemas: dict[str, Any]) -> Any:
    """A document with what is shown and taken by reference to `Thing`."""
    at = {"$ref": AT + "Thing"}
    tree = document(at, components=schemas)
    get = tree["paths"]["/things/{id}"]["get"]
    body = {"content": {"application/json": {"schema": at}}}
    tree["paths"]["/things/{id}"]["put"] = {**get, "requestBody": body}
    return spec_from(tree)


def having(*required: str, **properties: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties}
    return found | ({"required": [*required]} if required else {})


CLOSED = {"additionalProperties": False}
PET = {"$ref": AT + "Pet"}
PARTS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "one of two parts": (
        {"Thing": {"allOf": [having(a=TEXT), having(b=TEXT)]}},
        {"Thing": {"allOf": [{**having(a=TEXT), **CLOSED}, having(b=TEXT)]}},
        "Thing",
    ),
    "both parts": (
        {"Thing": {"allOf": [having(a=TEXT), having(b=TEXT)]}},
        {"Thing": {"allOf": [{**having(a=TEXT), **CLOSED}, {**having(b=TEXT), **CLOSED}]}},
        "Thing",
    ),
    "what an heir extends": (
        {"Thing": {"allOf": [PET, having(b=TEXT)]}, "Pet": having(a=TEXT)},
        {"Thing": {"allOf": [PET, having(b=TEXT)]}, "Pet": {**having(a=TEXT), **CLOSED}},
        "Pet",
    ),
    "to values of a type": (
        {"Thing": {"allOf": [having(a=TEXT), having(b=TEXT)]}},
        {"Thing": {"allOf": [{**having(a=TEXT), "additionalProperties": {"type": "integer"}}, having(b=TEXT)]}},
        "Thing",
    ),
    "but for what it declares": (
        {"Thing": {"allOf": [{**having(a=TEXT, b=TEXT), **CLOSED}, having(b=TEXT)]}},
        {"Thing": {"allOf": [{**having(a=TEXT), **CLOSED}, having(b=TEXT)]}},
        "Thing",
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_part_that_is_closed_forbids_what_others_declare(name: str) -> None:
    before, after, where = PARTS[name]
    both = {("breaking", f"additional-properties-{way}", f"schemas/{where}") for way in ("narrowed", "widened")}
    assert found(before, after) == both


def test_what_a_closed_part_declares_is_shown() -> None:
    before, after, _ = PARTS["but for what it declares"]
    said = {one.message for one in compare(spec(before), spec(after))}
    assert all('"additionalProperties": false, "properties": {"a"' in one for one in said)


LEVEL = {"$ref": AT + "Level"}
NULL = {"type": "null"}


@pytest.mark.parametrize("one", [LEVEL, {"anyOf": [LEVEL]}], ids=["alone", "in a union"])
@pytest.mark.parametrize("other", [NULL, {"type": "array", "items": LEVEL}], ids=["null", "a list"])
def test_a_type_beside_a_reference_is_told_where_it_came(one: Any, other: Any) -> None:
    level = {"Level": {"type": "integer"}}
    before = {"Thing": having(level=one, other=LEVEL), **level}
    after = {"Thing": having(level={"anyOf": [LEVEL, other]}, other=LEVEL), **level}
    both = {("breaking", f"type-{way}", "schemas/Thing /level") for way in ("narrowed", "widened")}
    assert found(before, after) == both


def test_a_bound_beside_one_that_another_schema_says_is_told_where_it_came() -> None:
    schemas = {"Slug": {"type": "string", "pattern": "^[a-z]*$"}}
    before = {"Thing": having(slug={"allOf": [{"$ref": AT + "Slug"}]}), **schemas}
    after = {"Thing": having(slug={"allOf": [{"$ref": AT + "Slug"}, {"pattern": "^[a-f]*$"}]}), **schemas}
    assert found(before, after, back=False) == {("breaking", "pattern-narrowed", "schemas/Thing /slug")}


HEIRS = {"Pet": having(name=TEXT), "Cat": {"allOf": [PET, having(purr=TEXT)]}}
HEIRS["Thing"] = having(dog={"$ref": AT + "Dog"}, cat={"$ref": AT + "Cat"})


@pytest.mark.parametrize("is_beside", [True, False], ids=["beside", "in a part"])
def test_what_an_heir_requires_is_told_of_the_heir(is_beside: bool) -> None:
    before = {**HEIRS, "Dog": {"allOf": [PET, having(bark=TEXT)]}}
    dog: dict[str, Any] = {"allOf": [PET, having(bark=TEXT)], "required": ["name"]}
    if not is_beside:
        dog = {"allOf": [PET, having("name", bark=TEXT)]}
    both = {("breaking", f"property-{way}", "schemas/Dog /name") for way in ("required", "optional")}
    assert found(before, {**HEIRS, "Dog": dog}) == both


@pytest.mark.parametrize("one", [{"$ref": AT + "Pet"}, having("name", name=TEXT)], ids=["behind a reference", "itself"])
def test_a_branch_beside_what_was_alone_is_told_where_it_came(one: Any) -> None:
    schemas = {"Pet": having("name", name=TEXT), "Other": having("b", b=TEXT)}
    before = {"Thing": one, **schemas}
    after = {"Thing": {"anyOf": [one, {"$ref": AT + "Other"}]}, **schemas}
    both = {("breaking", f"branch-{way}", "schemas/Thing /<Other>") for way in ("added", "removed")}
    assert found(before, after) == both


def test_what_an_heir_no_longer_extends_is_told_of_the_heir() -> None:
    before = {"Thing": {"allOf": [PET, having(bark=TEXT)]}, "Pet": having("name", name=TEXT)}
    after = {**before, "Thing": having(bark=TEXT)}
    both = {("breaking", f"property-{way}", "schemas/Thing /name") for way in ("removed", "added")}
    assert found(before, after) == both
