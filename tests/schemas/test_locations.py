"""However a schema is spelled, its locations say the same."""

import gc
import weakref
from decimal import Decimal
from typing import Any

import pytest

from contracts.document import Schema, references
from contracts.schemas.locations import ALL_TYPES, _located, escape, json_type, locate
from tests.documents import spec_of

STRING_OR_NULL = frozenset({"string", "null"})


def located(schema: Any, **components: Any) -> Any:
    spec = spec_of({"x": True}, components={"X": schema, **components})
    return locate(Schema(spec.document, "/components/schemas/X"))


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({"type": ["string", "null"]}, id="type list"),
        pytest.param({"anyOf": [{"type": "string"}, {"type": "null"}]}, id="anyOf null"),
        pytest.param({"oneOf": [{"type": "null"}, {"type": "string"}]}, id="oneOf null"),
        pytest.param({"allOf": [{"type": ["string", "null", "integer"]}, {"type": ["null", "string"]}]}, id="allOf"),
        pytest.param({"anyOf": [{"anyOf": [{"type": ["string", "null"]}]}]}, id="one-branch unions"),
        pytest.param({"enum": ["a", None]}, id="enum without type"),
        pytest.param({"$ref": "#/components/schemas/Y"}, id="$ref"),
        pytest.param({"allOf": [{"$ref": "#/components/schemas/Y"}]}, id="allOf around $ref"),
    ],
)
def test_types_do_not_depend_on_the_spelling(schema: Any) -> None:
    assert located(schema, Y={"type": ["string", "null"]}).types == STRING_OR_NULL


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        pytest.param({}, ALL_TYPES, id="anything"),
        pytest.param(True, ALL_TYPES, id="true"),
        pytest.param(False, frozenset(), id="false"),
        pytest.param({"type": "number"}, {"number", "integer"}, id="a number may be an integer"),
        pytest.param({"const": 1.0}, {"integer"}, id="1.0 is an integer"),
        pytest.param({"const": 1.5}, {"number"}, id="1.5 is none"),
        pytest.param({"enum": [True, [], {}]}, {"boolean", "array", "object"}, id="enum of several types"),
        pytest.param({"const": 1, "enum": [1, 2]}, {"integer"}, id="const within enum"),
        pytest.param({"const": 3, "enum": [1, 2]}, set(), id="const outside enum"),
    ],
)
def test_types(schema: Any, types: set[str]) -> None:
    assert located(schema).types == types


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "integer"),
        (1.0, "integer"),
        (1.5, "number"),
        (Decimal("1e400"), "integer"),
        (Decimal("1e999999"), "integer"),
        (Decimal("1e-400"), "number"),
        (Decimal("1.5e400"), "integer"),
        (1e300, "integer"),
        ("", "string"),
        ([], "array"),
        ({}, "object"),
    ],
)
def test_type_of_a_value(value: Any, name: str) -> None:
    assert json_type(value) == name


def test_true_is_not_among_numbers() -> None:
    assert located({"allOf": [{"enum": [1, True]}, {"enum": [True]}]}).values == (True,)


def test_properties_keep_the_order_of_the_document() -> None:
    assert located({"properties": {"b": {}, "a": {}}, "required": ["c", "a"]}).properties == ("b", "a", "c")


def test_a_property_is_described_by_every_part() -> None:
    schema = {
        "allOf": [{"properties": {"a": {"type": "string"}}}, {"additionalProperties": {"maxLength": 3}}],
        "patternProperties": {"^a": {"minLength": 1}},
    }
    keywords = located(schema).property("a").keywords(("type", "minLength", "maxLength"))
    assert [found for _, found in keywords] == [{"minLength": 1}, {"type": "string"}, {"maxLength": 3}]


@pytest.mark.parametrize(
    ("name", "place"), [("a", "/a"), ("x-1", "/<^x->"), ("other", "/*"), ("a/b", "/*")], ids=lambda text: str(text)
)
def test_place_of_a_name(name: str, place: str) -> None:
    schema = {"properties": {"a": {}}, "patternProperties": {"^x-": {}}, "additionalProperties": {"type": "string"}}
    assert located(schema).property(name).place == place


@pytest.mark.parametrize(
    ("name", "segment"),
    [("a/b", "a~1b"), ("a~b", "a~0b"), ("*", "~2"), ("<dog>", "~3dog>"), ("007", "007")],
)
def test_names_are_escaped(name: str, segment: str) -> None:
    assert escape(name) == segment


def test_recursion_stops_where_a_reference_repeats() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/X"}}}
    below = located({"$ref": "#/components/schemas/Node"}, Node=node, X={"$ref": "#/components/schemas/Node"})
    assert below.property("next") is below


DOG = {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}, "bark": {"type": "boolean"}}}
CAT = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["cat", "kitten"]}}}


def test_branches_are_told_apart_by_type() -> None:
    union = located({"anyOf": [{"type": "string"}, {"type": "array"}]}).unions[0]
    assert union.selectable
    assert union.select([]).types == {"array"}
    assert union.select(1) is None


def test_branches_are_told_apart_by_constants_of_a_property() -> None:
    union = located({"oneOf": [DOG, CAT, {"type": "null"}]}).unions[0]
    assert union.discriminator == "kind"
    assert [union.select({"kind": kind}) is not None for kind in ("dog", "kitten", "cow", ["dog"], None)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert union.select({"kind": "dog"}).place == "/<dog>"


@pytest.mark.parametrize(
    "branches",
    [
        pytest.param([DOG, DOG], id="same constants"),
        pytest.param([DOG, {"type": "object"}], id="no constant"),
        pytest.param([DOG, {**CAT, "required": []}], id="not required"),
        pytest.param([{"type": "string"}, {"enum": ["a"]}, {"minLength": 3}], id="one type"),
    ],
)
def test_branches_that_only_the_validator_can_tell_apart(branches: Any) -> None:
    assert not located({"anyOf": branches}).unions[0].selectable


def test_a_union_of_constants_is_an_enumeration() -> None:
    assert located({"oneOf": [{"const": "a"}, {"const": "b"}, {"type": "null"}]}).values == ("a", "b", None)


def test_a_prefix_and_what_follows() -> None:
    location = located({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}})
    assert [child.place for child in (*location.prefix, location.items)] == ["/0", "/*"]


def test_items_false_bounds_the_length() -> None:
    assert located({"prefixItems": [{}, {}], "items": False}).most_items == 2


def test_min_properties_below_the_required_ones_says_nothing() -> None:
    assert located({"required": ["a", "b"], "minProperties": 2}).keywords(("minProperties",)) == []


def test_bodies_that_refer_to_one_schema_share_what_is_below() -> None:
    node = {"type": "object", "properties": {"a": {"type": "string"}}}
    reference = {"$ref": "#/components/schemas/Node"}
    spec = spec_of({"x": True}, components={"X": reference, "Y": reference, "Node": node})
    one, other = (locate(Schema(spec.document, f"/components/schemas/{name}")) for name in "XY")
    assert one.property("a") is other.property("a")
    assert [part.schema.pointer[-1] for part in (one.parts[0], other.parts[0])] == ["X", "Y"]


def test_what_is_below_is_found_in_the_schema_above() -> None:
    """And not by its pointer again, which costs a walk through the document."""
    below = located({"properties": {"a": {"properties": {"b": {"const": 1}}}}}).property("a").property("b")
    assert below.parts[0].schema.__dict__["value"] == {"const": 1}


def test_a_tree_is_free_once_nobody_holds_its_root() -> None:
    gc.disable()  # which would free circles as well
    try:
        below = weakref.ref(located({"properties": {"a": {"type": "string"}}}).property("a"))
        _located.cache_clear()
        assert below() is None
    finally:
        gc.enable()


def test_what_many_ways_lead_to_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "MAX_WAYS", 2**99)
    links = {f"C{n}": {"allOf": [{"$ref": f"#/components/schemas/C{n + 1}"}] * 2} for n in range(60)}
    found = located({"$ref": "#/components/schemas/C0"}, **links, C60={"type": "string"})
    assert found.types == {"string"}
