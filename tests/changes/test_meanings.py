"""What says nothing about messages is nothing, wherever it stands, and sameness is asked once a pair."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.changes import compare
from contracts.changes.change import ChangeSeverity
from contracts.changes.meanings import Meanings
from contracts.document.dialects import DIALECTS, walk
from tests.changes.editing import Tree, original, spec_from
from tests.documents import document, spec_of
from tests.documents import spec_from as spec_of_tree

STRING = {"type": "string"}
NOTES: dict[str, tuple[str, Any]] = {
    # of a kind of object, by what is written into it
    "description": ("any", "edited"),
    "x-internal": ("any", {"properties": {"type": "edited"}}),
    "title": ("schema", "edited"),
    "$comment": ("schema", "edited"),
    "example": ("schema", ["edited"]),
    "examples": ("schema", [{"edited": True}]),
    "externalDocs": ("schema", {"url": "https://example.com/edited"}),
    "summary": ("operation", "edited"),
    "tags": ("operation", ["edited"]),
}
KINDS = ("schema", "operation", "parameter", "response", "request body", "header", "media type", "security scheme")


def places(tree: Tree) -> list[tuple[Any, str]]:
    found = walk(DIALECTS[-1], (tree, "document", ()))
    return [(node, kind) for node, kind, _ in found if kind in KINDS and "$ref" not in node]


def beside_names(base: Tree, revision: Tree) -> list[str]:
    """What is told beside what generated source code is called, which is no more than a remark."""
    changes = compare(spec_from(base, "base.json"), spec_from(revision, "revision.json"))
    named = [change for change in changes if change.id in ("tag-changed", "title-changed")]
    assert all(change.severity is ChangeSeverity.INFO for change in named)
    return [change.id for change in changes if change not in named]


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["shop", "notte"]),
    st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from([*NOTES])), min_size=1, max_size=40),
)
def test_edited_notes_compose_to_nothing(name: str, edits: list[tuple[int, str]]) -> None:
    base, revision = original(name), original(name)
    for at, note in edits:
        wanted, value = NOTES[note]
        fitting = [node for node, kind in places(revision) if wanted in ("any", kind)]
        fitting[at % len(fitting)][note] = copy.deepcopy(value)
    assert beside_names(base, revision) == []


@pytest.mark.parametrize("name", ["shop", "notte"])
def test_every_note_edited_at_once_is_nothing(name: str) -> None:
    base, revision = original(name), original(name)
    for node, kind in places(revision):
        node |= {note: value for note, (wanted, value) in NOTES.items() if wanted in ("any", kind)}
    assert beside_names(base, revision) == []
    documents = [spec_from(tree, "x.json").document for tree in (base, revision)]
    assert Meanings(*documents).alike(base["paths"], revision["paths"])


def schema(kept: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"kept": kept}, **more}


@pytest.mark.parametrize(
    "name", ["description", "title", "example", "examples", "tags", "x-rate", "$comment", "default"]
)
def test_a_property_with_the_name_of_a_note_is_none(name: str) -> None:
    base, revision = (
        spec_of({"type": "object", "properties": {name: {"type": kind}}}) for kind in ("string", "integer")
    )
    assert [(change.id, change.where.rpartition("/")[2]) for change in compare(base, revision)] == [
        ("type-changed", name)
    ]


TOLD: dict[str, dict[str, Any]] = {
    "default-changed": {"default": "x"},
    "property-deprecated": {"deprecated": True},
    "read-only-changed": {"readOnly": True},
    "write-only-changed": {"writeOnly": True},
    "format-renamed": {"format": "password"},
}


@pytest.mark.parametrize("kind", TOLD)
def test_what_people_act_on_is_told(kind: str) -> None:
    changes = compare(spec_of(schema(STRING)), spec_of(schema({**STRING, **TOLD[kind]})))
    assert kind in [change.id for change in changes]


def test_an_example_inside_of_a_value_is_part_of_it() -> None:
    base, revision = (spec_of({"const": {"example": text}}) for text in ("a", "b"))
    assert [change.id for change in compare(base, revision)] == ["enum-changed"]


PET: dict[str, Any] = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Pet"}, "name": STRING}}
ALIKE: dict[str, tuple[Any, dict[str, Any], Any, dict[str, Any]]] = {
    # a schema and its components, and another that means the same
    "a component renamed": (
        {"$ref": "#/components/schemas/A"},
        {"A": STRING},
        {"$ref": "#/components/schemas/B"},
        {"B": STRING},
    ),
    "a component inlined": (schema({"$ref": "#/components/schemas/A"}), {"A": STRING}, schema(STRING), {}),
    "a component behind another": (
        {"$ref": "#/components/schemas/A"},
        {"A": PET["properties"]["name"]},
        {"$ref": "#/components/schemas/A"},
        {"A": {"$ref": "#/components/schemas/B"}, "B": STRING},
    ),
    "a circle renamed": (
        {"$ref": "#/components/schemas/Pet"},
        {"Pet": PET},
        {"$ref": "#/components/schemas/Dog"},
        {"Dog": {**PET, "properties": {**PET["properties"], "next": {"$ref": "#/components/schemas/Dog"}}}},
    ),
    "a circle entered further on": ({"$ref": "#/components/schemas/Pet"}, {"Pet": PET}, PET, {"Pet": PET}),
    "wrappers of one": (schema(STRING), {}, schema({"allOf": [{"anyOf": [{"oneOf": [STRING]}]}], "title": "x"}), {}),
}


@pytest.mark.parametrize("name", ALIKE)
def test_moved_and_renamed_and_inlined_is_the_same(name: str) -> None:
    one, components, other, others = ALIKE[name]
    base, revision = document(one, components=components), document(other, components=others)
    assert compare(spec_of_tree(base), spec_of_tree(revision)) == ()
    meanings = Meanings(spec_of_tree(base).document, spec_of_tree(revision).document)
    assert meanings.alike(base["paths"], revision["paths"])


def mesh(size: int, leaf: Any) -> dict[str, Any]:
    """Schemas each of which may hold any of them, one of which says `leaf`."""
    names = [f"S{index}" for index in range(size)]
    every = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    found = {name: {"type": "object", "properties": every} for name in names}
    return {**found, names[-1]: {"type": "object", "properties": {**every, "leaf": leaf}}}


class Counted(Meanings):
    looks = 0

    def _fits(self, one: Any, other: Any, links: list[Any]) -> bool:
        self.looks += 1
        return super()._fits(one, other, links)


@pytest.mark.parametrize("other", [STRING, {"type": "integer"}], ids=["alike", "one leaf differs"])
def test_a_pair_is_looked_at_once(other: Any) -> None:
    one, another = mesh(40, STRING), mesh(40, other)
    documents = [spec_of(True, components=components).document for components in (one, another)]
    meanings = Counted(*documents)
    references = [{"$ref": f"#/components/schemas/{name}"} for name in one]
    answers = {meanings.alike(reference, reference) for reference in references}
    assert answers == {other == STRING}
    assert meanings.looks == 2 * len(one)


def tagged(mapping: dict[str, str], *names: str) -> dict[str, Any]:
    branches = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return {"oneOf": branches, "discriminator": {"propertyName": "kind", "mapping": mapping}}


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        (tagged({"a": "#/components/schemas/A"}, "A", "B"), tagged({"a": "A"}, "A", "B"), True),
        (tagged({"a": "A"}, "A", "B"), tagged({"b": "A"}, "A", "B"), False),
        (tagged({"a": "A", "b": "B"}, "A", "B"), tagged({"a": "B", "b": "A"}, "A", "B"), False),
        (tagged({"a": "A", "b": "B"}, "A", "B"), tagged({"a": "C", "b": "B"}, "C", "B"), True),
        (tagged({}, "A", "B"), tagged({}, "C", "B"), False),
    ],
    ids=["spelled in full", "a value renamed", "values swapped", "a component renamed", "a name that is a value"],
)
def test_the_values_of_a_discriminator_are_no_notes(one: Any, other: Any, is_alike: bool) -> None:
    components = {"A": schema(STRING), "B": schema({"type": "integer"}), "C": schema(STRING)}
    documents = [spec_of(side, components=components).document for side in (one, other)]
    assert Meanings(*documents).alike(one, other) is is_alike
