"""Every payload drawn is one that the validator admits, however nasty the schema; same seed, same payloads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.document.directions import for_requests
from contracts.document.model import Document, Schema, Source
from contracts.messages import JSON
from contracts.payloads import Choices, CoveringChoices, Payload, RandomChoices, Spot, Unsatisfiable
from contracts.payloads.compiler import compile_payload, generator, simpler
from contracts.schemas.validation import canonical, schema_of, validator

DRAWS = 12


def schema_in(schemas: dict[str, Any]) -> Schema:
    """The schema `X` of a document with these components."""
    tree = {"openapi": "3.1.0", "components": {"schemas": schemas}}
    document = Document("x", "", "3.1.0", tree, source=lambda pointer: Source("x", 1, pointer))
    return Schema(document, "/components/schemas/X")


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def draws(payload: Payload, choices: Choices, count: int = DRAWS) -> list[JSON]:
    return [payload.draw(choices) for _ in range(count)]


NASTY_FILE = Path(__file__).with_name("nasty_schemas.yaml")
NASTY: dict[str, dict[str, Any]] = yaml.load(NASTY_FILE.read_text("utf-8"), yaml.CSafeLoader)


@pytest.mark.parametrize("schemas", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("choices", [RandomChoices, CoveringChoices])
def test_every_payload_of_a_nasty_schema_is_valid(schemas: dict[str, Any], choices: type[Choices]) -> None:
    schema = schema_in(schemas)
    drawn = draws(generator(schema), choices())
    assert [value for value in drawn if not validator(schema).is_valid(value)] == []


@pytest.mark.parametrize("schemas", NASTY.values(), ids=NASTY.keys())
@pytest.mark.parametrize("choices", [RandomChoices, CoveringChoices])
def test_the_same_seed_gives_the_same_payloads(schemas: dict[str, Any], choices: type[RandomChoices]) -> None:
    one, other = (draws(generator(schema_in(schemas)), choices(3), 4) for _ in range(2))
    assert one == other


def drawn(x: Any, count: int = DRAWS, **others: Any) -> list[Any]:
    """Covering payloads of X, with the schemas it refers to."""
    return draws(generator(schema_in({"X": x, **others})), CoveringChoices(), count)


def notte() -> Document:
    file = Path(__file__).parents[2] / "spec" / "notte.yaml"
    return Document("notte.yaml", "", "3.1.0", yaml.safe_load(file.read_text("utf-8")), lambda p: Source("x", 1, p))


SESSION = Schema(notte(), "/components/schemas/SessionResponse")


def facets(value: JSON) -> set[str]:
    """What a covering run has to show of one member."""
    match value:
        case None | bool():
            return {repr(value)}
        case list():
            return {"some" if value else "empty"}
        case _:
            return {"value", str(value)}


def wanted(schema: dict[str, Any], required: bool) -> set[str]:
    types = {branch["type"] for branch in schema.get("anyOf", [schema])}
    names = {"null": {"None"}, "array": {"some", "empty"}, "boolean": {"True", "False"}}
    options = set().union(*(names.get(name, {"value"}) for name in types), schema.get("enum", []))
    return options if required else options | {"absent"}


@pytest.mark.parametrize("name", SESSION.value["properties"])  # type: ignore[index]
def test_ten_sessions_show_every_option_of_every_member(name: str) -> None:
    sessions = draws(generator(SESSION), CoveringChoices(), 10)
    seen = set().union(*(facets(session[name]) if name in session else {"absent"} for session in sessions))
    assert isinstance(SESSION.value, dict)
    assert wanted(SESSION.value["properties"][name], name in SESSION.value["required"]) <= seen


def test_members_come_in_the_order_of_the_document() -> None:
    fullest = draws(generator(SESSION), CoveringChoices(), 1)[0]
    assert list(fullest) == list(SESSION.value["properties"])  # type: ignore[index]


def test_members_that_allow_anything_are_sent_too() -> None:
    record = {"type": "object", "properties": {"b": {}, "a": {"type": "null"}}}
    assert list(drawn({"$ref": "#/components/schemas/R"}, 1, R=record)[0]) == ["b", "a"]


def test_an_open_object_gets_no_members_that_are_not_declared() -> None:
    assert {name for value in drawn({"type": "object", "properties": {"a": True}}) for name in value} == {"a"}


def test_a_map_gets_up_to_two_members() -> None:
    values = drawn({"type": "object", "additionalProperties": {"type": "null"}})
    assert {tuple(value) for value in values} >= {(), ("key1",), ("key1", "key2")}


def test_arrays_have_the_least_length_and_up_to_three_more() -> None:
    lengths = {len(value) for value in drawn({"type": "array", "items": {"type": "null"}, "minItems": 2})}
    assert lengths == {2, 3, 4, 5}


def test_two_members_of_one_reference_are_covered_separately() -> None:
    reference = {"$ref": "#/components/schemas/E"}
    record = {"type": "object", "required": ["a", "b"], "properties": {"a": reference, "b": reference}}
    values = drawn(record, 3, E={"enum": ["x", "y", "z"]})
    assert [{value[name] for value in values} for name in "ab"] == [{"x", "y", "z"}] * 2


def depth(value: JSON) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, children), default=0)


def test_recursion_goes_a_few_levels_and_ends() -> None:
    tree = {"type": "object", "properties": {"kids": {"type": "array", "items": {"$ref": "#/components/schemas/X"}}}}
    assert 4 <= max(depth(value) for value in drawn(tree)) <= 8


def test_depth_can_be_limited() -> None:
    schema = schema_in(
        {"X": {"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/X"}}, {"type": "null"}]}}
    )
    payload = compile_payload(canonical(schema), Spot(fuel=1))
    assert max(depth(value) for value in draws(payload, CoveringChoices())) <= 2


def test_a_tree_that_branches_widely_stays_small() -> None:
    names = [f"n{index}" for index in range(12)]
    properties = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    record = {"type": "object", "properties": properties}
    values = drawn({"$ref": "#/components/schemas/n0"}, 2, **dict.fromkeys(names, record))
    assert max(len(str(value)) for value in values) < 50_000


TOO_LONG = {"type": "string", "minLength": 1 << 30}
TOO_MANY = {"type": "array", "minItems": 1 << 30}
TRUE = {"const": True}
DISTINCT = {"uniqueItems": True}
ITSELF = {"$ref": "#/components/schemas/X"}


@pytest.mark.parametrize(
    ("x", "reason"),
    [
        (False, "nothing is allowed"),
        ({"type": "object", "properties": {"x": ITSELF}, "required": ["x"]}, "never ends|nothing is allowed"),
        ({"type": "object", "patternProperties": {"^x": ITSELF}, "required": ["x"]}, "never ends|nothing is allowed"),
        ({"type": "object", "additionalProperties": ITSELF, "minProperties": 1}, "never ends|nothing is allowed"),
        ({"type": "array", "items": ITSELF, "minItems": 1}, "never ends|nothing is allowed"),
        ({"type": "object", "required": ["a"], "properties": {"a": TOO_LONG}}, "no string of"),
        (TOO_MANY, "no array"),
        ({"type": "array", "prefixItems": [{"type": "null"}, TRUE], "items": False, "not": DISTINCT}, "no"),
        ({"anyOf": [TOO_LONG, TOO_MANY]}, "no string of|no array"),
        ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "nothing|at most 1"),
    ],
    ids=str,
)
def test_what_has_no_payload_says_so(x: Any, reason: str) -> None:
    with pytest.raises(Unsatisfiable, match=reason):
        drawn(x, 1)


def test_a_payload_that_the_validator_never_takes_is_given_up() -> None:
    payload = compile_payload(canonical(schema_in({"X": {"type": "null"}})), is_valid=lambda value: False)
    with pytest.raises(Unsatisfiable, match="80 payloads"):
        payload.draw(RandomChoices())


def test_chance_takes_over_when_the_choices_do_not_help() -> None:
    answers = iter([False] * 30 + [True])
    payload = compile_payload(canonical(schema_in({"X": {"type": "null"}})), is_valid=lambda value: next(answers))
    assert payload.draw(CoveringChoices()) is None


def test_a_chain_of_references_that_is_too_deep_is_given_up() -> None:
    names = ["X", *(f"n{index}" for index in range(9))]
    links = pairwise(names)
    records = {name: {"type": "object", "required": ["n"], "properties": {"n": ref(after)}} for name, after in links}
    node = canonical(schema_in({**records, names[-1]: {"type": "null"}}))
    assert depth(compile_payload(node).draw(RandomChoices())) == 10
    with pytest.raises(Unsatisfiable, match="never ends"):
        compile_payload(node, Spot(fuel=1)).draw(RandomChoices())


def test_a_payload_that_opens_too_much_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.payloads.compiler.MAX_ENDING", -1000)
    with pytest.raises(Unsatisfiable, match="no end"):
        drawn({"$ref": "#/components/schemas/N"}, 1, N={"type": "null"})


def test_a_schema_outside_the_canonical_form_needs_no_document() -> None:
    raw = {"unevaluatedItems": False, "type": "array", "anyOf": [{"prefixItems": [True]}, {"contains": {"const": 1}}]}
    assert isinstance(compile_payload(schema_of(raw)).draw(RandomChoices()), list)


RAW = {"unevaluatedItems": False, "anyOf": [{"prefixItems": [True]}, {"contains": {"const": 1}}]}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"not": {}, "type": "null"}, {"type": "null"}),
        ({"anyOf": [{"not": {}}, True]}, {"anyOf": [{}, True]}),
        ({"allOf": [{"anyOf": [{"minLength": 1}, {}]}]}, {"allOf": [{"minLength": 1}]}),
        ({"allOf": [{"oneOf": [{"minLength": 1}], "x": 1}]}, {"allOf": [{"allOf": [{"minLength": 1}, {"x": 1}]}]}),
        ({"allOf": [{"type": "null"}, True]}, {"allOf": [{"type": "null"}, True]}),
    ],
    ids=["a keyword", "deep inside", "branches in an allOf", "branches with more", "nothing"],
)
def test_simpler(schema: Any, expected: Any) -> None:
    assert simpler(schema, ("not",)) == expected


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("GIVEN_UP", (), "outside the canonical form"),
        ("schema_of", lambda schema: int("no number"), "can't be simplified"),
    ],
    ids=["nothing to give up", "not a schema any more"],
)
def test_what_stays_outside_is_unsatisfiable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, reason: str
) -> None:
    node = schema_of(RAW)
    monkeypatch.setattr(f"contracts.payloads.compiler.{name}", value)
    with pytest.raises(Unsatisfiable, match=reason):
        compile_payload(node)


def test_a_schema_outside_the_canonical_form_is_read_in_its_direction() -> None:
    schema = {**RAW, "type": "array", "items": {"required": ["a"], "properties": {"a": {"readOnly": True}}}}
    tree = {"openapi": "3.1.0", "components": {"schemas": {"X": schema}}}
    document = Document("x", "", "3.1.0", tree, lambda pointer: Source("x", 1, pointer), frozenset({"readOnly"}))
    sent = Schema(for_requests(document), "/components/schemas/X")
    assert isinstance(generator(sent).draw(RandomChoices()), list)
