"""Names by which a discriminator tells schemas apart: clients choose by them."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import ChangeSeverity, Effect
from contracts.document import Spec
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
