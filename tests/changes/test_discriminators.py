"""Names by which a discriminator tells schemas apart: clients choose by them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import ChangeSeverity, Effect
from contracts.document import Spec, read_spec
from tests.exchanges.documents import answered, spec_of

TEXT = {"type": "string"}
OK = {"200": {"description": "fine"}}
MAPPED = {"a": "A", "b": "B"}


def holding(letter: str, tag: Any = TEXT) -> dict[str, Any]:
    return {"type": "object", "properties": {"t": tag, "u": TEXT, letter: TEXT}, "required": ["t", letter]}


A, B = holding("a"), holding("b")


def union(mapping: dict[str, str] | None, tag: str | None = "t", names: str = "AB") -> dict[str, Any]:
    told: dict[str, Any] = {"propertyName": tag}
    if mapping is not None:
        told["mapping"] = {name: f"#/components/schemas/{target}" for name, target in mapping.items()}
    branches = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return {"oneOf": branches, **({"discriminator": told} if tag else {})}


def answers(schema: Any, **components: Any) -> Spec:
    schemas = {"A": A, "B": B, **components}
    return spec_of({"/x": {"get": {"responses": {"200": answered(schema)}}}}, components={"schemas": schemas})


def requests(schema: Any, **components: Any) -> Spec:
    body = {"content": {"application/json": {"schema": schema}}}
    paths = {"/x": {"post": {"requestBody": body, "responses": OK}}}
    return spec_of(paths, components={"schemas": {"A": A, "B": B, **components}})


def inside(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"list": {"type": "array", "items": schema}}}


def found(base: Spec, revision: Spec) -> list[tuple[str, str, str]]:
    return [(change.id, change.effect, change.message.partition(": ")[2]) for change in compare(base, revision)]


@pytest.mark.parametrize("home", [answers, requests])
@pytest.mark.parametrize("place", [lambda schema: schema, inside], ids=["at the root", "within a list"])
@pytest.mark.parametrize(
    ("base", "revision", "told"),
    [
        pytest.param(union(MAPPED), union({"a": "A", "c": "B"}), "b became c", id="a name"),
        pytest.param(union(MAPPED), union({**MAPPED, "c": "B"}), "b became b, c", id="a name more"),
        pytest.param(union({**MAPPED, "c": "B"}), union(MAPPED), "b, c became b", id="a name less"),
        pytest.param(union(None), union({"A": "A", "c": "B"}), "B became c", id="a name that was implied"),
        pytest.param(union(MAPPED), union(MAPPED, tag="u"), "t became u", id="the property"),
        pytest.param(union(MAPPED), union(MAPPED, tag=None), "t became none", id="no property"),
    ],
)
def test_what_tells_schemas_apart_changed(home: Any, place: Any, base: Any, revision: Any, told: str) -> None:
    (change,) = compare(home(place(base)), home(place(revision)))
    assert (change.id, change.message.partition(": ")[2]) == ("discriminator-changed", told)
    assert (change.effect, change.severity) == (Effect.COMPATIBLE, ChangeSeverity.WARNING)


@pytest.mark.parametrize("home", [answers, requests])
@pytest.mark.parametrize("place", [lambda schema: schema, inside], ids=["at the root", "within a list"])
def test_a_name_that_stands_for_another_schema_breaks(home: Any, place: Any) -> None:
    base, revision = home(place(union(MAPPED))), home(place(union({"a": "B", "b": "A"})))
    (change,) = compare(base, revision)
    assert (change.id, change.effect) == ("discriminator-changed", Effect.BREAKING)
    assert change.witness is not None
    body = change.witness.message["body"]
    value = body["list"][0] if "list" in body else body
    (letter,) = value.keys() - {"t", "u"}
    swapped = {"a": "b", "b": "a"} if home is answers else {"a": "a", "b": "b"}
    assert value["t"] == swapped[letter]
    assert "discriminator" in change.witness.because


def test_a_name_that_stands_for_another_schema_which_takes_it_is_a_warning() -> None:
    loose = {"type": "object", "required": ["t"], "properties": {"t": TEXT}}
    unions = []
    for mapping in (MAPPED, {"a": "B", "b": "A"}):
        told = union(mapping)
        unions.append(answers({"anyOf": told["oneOf"], "discriminator": told["discriminator"]}, A=loose, B=loose))
    (change,) = compare(*unions)
    assert (change.id, change.effect) == ("discriminator-changed", Effect.COMPATIBLE)
    assert "who choose a schema by its values" in (change.proof or "")


@pytest.mark.parametrize("home", [answers, requests])
@pytest.mark.parametrize(
    ("base", "revision"),
    [
        pytest.param(union(None), union({"A": "A", "B": "B"}), id="a mapping that spells out what is implied"),
        pytest.param(union({"B": "B"}), union(None), id="a mapping that said what is implied"),
        pytest.param(union({"b": "B", "a": "A"}), union(MAPPED), id="another order"),
        pytest.param(union(MAPPED, tag=None), union(MAPPED), id="a discriminator that came"),
    ],
)
def test_what_says_the_same_is_nothing(home: Any, base: Any, revision: Any) -> None:
    assert found(home(base), home(revision)) == []


def test_components_that_moved_under_a_mapping_are_nothing() -> None:
    moved = {"a": "#/components/schemas/First", "b": "#/components/schemas/Second"}
    told = {"propertyName": "t", "mapping": moved}
    schema = {"oneOf": [{"$ref": target} for target in moved.values()], "discriminator": told}
    assert found(answers(union(MAPPED)), answers(schema, First=A, Second=B)) == []


def test_components_that_were_renamed_without_a_mapping_have_other_names() -> None:
    branches = [{"$ref": "#/components/schemas/First"}, {"$ref": "#/components/schemas/B"}]
    moved = {"oneOf": branches, "discriminator": {"propertyName": "t"}}
    told = found(answers(union(None)), answers(moved, First=A))
    assert ("discriminator-changed", Effect.COMPATIBLE, "A became First") in told


def test_values_that_schemas_list_themselves_are_told_as_such() -> None:
    base, revision = holding("b", {"const": "b"}), holding("b", {"const": "c"})
    one = holding("a", {"const": "a"})
    specs = answers(union(MAPPED), A=one, B=base), answers(union({"a": "A", "c": "B"}), A=one, B=revision)
    assert [told[:2] for told in found(*specs)] == [("enum-changed", Effect.BREAKING)]
    assert found(answers(union(None), A=one, B=base), answers(union(MAPPED), A=one, B=base)) == []


def test_the_names_of_a_schema_that_others_extend() -> None:
    specs = []
    for name in "bc":
        mapping = {"a": "#/components/schemas/A", name: "#/components/schemas/B"}
        parent = {"type": "object", "required": ["t"], "properties": {"t": TEXT}}
        parent |= {"discriminator": {"propertyName": "t", "mapping": mapping}}
        specs.append(answers({"$ref": "#/components/schemas/P"}, P=parent))
    assert [told[::2] for told in found(*specs)] == [("discriminator-changed", "b became c")]


PARENT = {"type": "object", "required": ["t"], "properties": {"t": TEXT}}
WRITTEN: dict[str, Any] = {
    "2.0": "t",
    "3.0.3": {"propertyName": "t", "mapping": {"c": "#/components/schemas/C"}},
    "3.1.0": {"propertyName": "t"},
}


def child(x: Any = TEXT, *required: str, of: str = "P", name: str = "x") -> dict[str, Any]:
    own = {"type": "object", "required": [*required], "properties": {name: x}}
    return {"allOf": [{"$ref": f"#/components/schemas/{of}"}, own]}


def extended(version: str, way: str, **children: Any) -> Spec:
    """Answers, or requests, that are lists of P, which others extend; nobody refers to these."""
    told = WRITTEN[version]
    if version == "3.0.3":
        told = {"propertyName": "t", "mapping": {name: f"#/components/schemas/{name}" for name in children}}
    schemas: dict[str, Any] = {"P": {**PARENT, "discriminator": told}, **children}
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/P"}}
    media: dict[str, Any] = {"content": {"application/json": {"schema": schema}}}
    body: dict[str, Any] = {}
    answer: dict[str, Any] = {"description": "fine"}
    if version == "2.0":
        media = {"schema": schema}
        body = {"parameters": [{"in": "body", "name": "b", **media}], "consumes": ["application/json"]}
        body["produces"] = body["consumes"]
    elif way == "request":
        body = {"requestBody": media}
    if way == "response":
        body.pop("parameters", None)
        answer |= media
    tree: dict[str, Any] = {"openapi": version, "components": {"schemas": schemas}}
    if version == "2.0":
        tree = {"swagger": version, "definitions": schemas}
    tree |= {"info": {"title": "t", "version": "1"}, "paths": {"/x": {"post": {**body, "responses": {"200": answer}}}}}
    text = json.dumps(tree)
    if version == "2.0":
        text = text.replace("#/components/schemas/", "#/definitions/")
    return read_spec(text.encode(), path="small.json", folder=None)


@pytest.mark.parametrize("version", WRITTEN)
@pytest.mark.parametrize("way", ["request", "response"])
@pytest.mark.parametrize(
    ("sent", "taken", "kinds"),
    [
        pytest.param(child(), child(TEXT, "x"), {"property-optional", "property-required"}, id="required"),
        pytest.param(child({"type": "integer"}), child(), {"type-changed"}, id="another type"),
        pytest.param(child({"enum": ["a", "b"]}), child({"enum": ["a"]}), {"enum-widened", "enum-narrowed"}, id="enum"),
    ],
)
def test_a_schema_to_which_only_its_name_leads(version: str, way: str, sent: Any, taken: Any, kinds: set[str]) -> None:
    base, revision = (taken, sent) if way == "response" else (sent, taken)
    (change,) = compare(extended(version, way, C=base), extended(version, way, C=revision))
    assert change.id in kinds
    assert (change.where, change.effect) == ("schemas/C /x", Effect.COMPATIBLE)
    assert change.severity is ChangeSeverity.WARNING
    assert "by its name" in (change.proof or "")
    (back,) = compare(extended(version, way, C=revision), extended(version, way, C=base))
    assert (back.where, back.effect) == ("schemas/C /x", Effect.COMPATIBLE)


@pytest.mark.parametrize("version", WRITTEN)
def test_a_schema_that_extends_another_which_extends(version: str) -> None:
    base = extended(version, "response", C=child(), D=child(TEXT, "y", of="C", name="y"))
    revision = extended(version, "response", C=child(), D=child(of="C", name="y"))
    (change,) = compare(base, revision)
    assert (change.where, change.severity) == ("schemas/D /y", ChangeSeverity.WARNING)


@pytest.mark.parametrize("version", WRITTEN)
@pytest.mark.parametrize("way", ["request", "response"])
def test_a_schema_that_came_or_went_under_a_name(version: str, way: str) -> None:
    less, more = extended(version, way, C=child()), extended(version, way, C=child(), D=child())
    for pair, kind in (((less, more), "branch-added"), ((more, less), "branch-removed")):
        (change,) = compare(*pair)
        assert (change.id, change.where) == (kind, "schemas/P /<D>")
        assert (change.effect, change.severity) == (Effect.COMPATIBLE, ChangeSeverity.WARNING)


def test_what_no_message_shows_of_a_named_schema_is_a_warning() -> None:
    specs = []
    for required in ((), ("x",)):
        held = child(TEXT, *required)
        nested = child({"type": "array", "items": {"$ref": "#/components/schemas/Q"}})
        other = {**PARENT, "discriminator": {"propertyName": "t"}}
        specs.append(
            extended(
                "3.1.0",
                "request",
                C=nested,
                Q=other,
                D={"allOf": [{"$ref": "#/components/schemas/Q"}, *held["allOf"][1:]]},
            )
        )
    (change,) = compare(*specs)
    assert (change.where, change.effect, change.severity) == ("schemas/D /x", Effect.COMPATIBLE, ChangeSeverity.WARNING)


@pytest.mark.parametrize("way", ["request", "response"])
def test_a_schema_that_is_reached_itself_breaks_as_ever(way: str) -> None:
    specs = []
    for required in ((), ("x",)) if way == "request" else (("x",), ()):
        one = {"t": TEXT, "one": {"$ref": "#/components/schemas/C"}}
        parent = {**PARENT, "properties": one, "discriminator": {"propertyName": "t"}}
        specs.append(extended("3.1.0", way, C=child(TEXT, *required), P=parent))
    (change,) = compare(*specs)
    assert (change.where, change.effect) == ("schemas/C /x", Effect.BREAKING)
