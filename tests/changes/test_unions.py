"""Unions are compared whatever their number, and whatever their branches are called."""

import json
from typing import Any

import pytest

from contracts.changes import Unit, Walk, compare
from contracts.changes.change import Change, Effect
from contracts.changes.pairs import Pair
from contracts.document import Spec, read_spec
from contracts.schemas import readings
from tests.documents import document

A: dict[str, Any] = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
B: dict[str, Any] = {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}}
LOOSE = {"type": "object", "properties": {"a": {"type": "integer"}}}


def spec(schema: Any, **components: Any) -> Spec:
    return read_spec(json.dumps(document(schema, components=components)).encode(), path="x.json", folder=None)


def branches(*names: str, keyword: str = "anyOf") -> dict[str, Any]:
    return {keyword: [{"$ref": f"#/components/schemas/{name}"} for name in names]}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_a_branch_behind_a_reference_is_compared_where_two_unions_apply(keyword: str) -> None:
    schema = {"allOf": [branches("A", "B", keyword=keyword), branches("C", "D", keyword=keyword)]}
    base = spec(schema, A=A, B=B, C=B, D=A)
    revision = spec(schema, A=LOOSE, B=B, C=B, D=LOOSE)
    assert Effect.BREAKING in {change.effect for change in compare(base, revision)}


def test_branches_of_the_same_title_are_told_apart() -> None:
    titled = [{"title": "T", **A}, {"title": "T", **B}]
    changed = [{"title": "T", **A}, {"title": "T", **B, "required": []}]
    (change,) = compare(spec({"anyOf": titled}), spec({"anyOf": changed}))
    assert (change.effect, change.id) == (Effect.BREAKING, "property-optional")


STRING = {"type": "string"}
INTEGER = {"type": "integer"}


def asked(schema: Any, **components: Any) -> Spec:
    """A document with a request body of the schema."""
    body = {"content": {"application/json": {"schema": schema}}}
    tree = document(True, components=components)
    tree["paths"] = {"/things": {"post": {"requestBody": body, "responses": {"204": {"description": "done"}}}}}
    return read_spec(json.dumps(tree).encode(), path="x.json", folder=None)


def tagged(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}, **properties}}


def found(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(change.effect.value, change.id, change.where.rpartition("/")[2]) for change in changes]


ONE, OTHER = ({"type": "object", "required": [name], "properties": {name: STRING}} for name in ("one", "other"))
KINDS: dict[str, Any] = {f"K{index}": tagged(f"k{index}", note=STRING) for index in range(30)}
WIDENED: dict[str, Any] = {
    **KINDS,
    "K7": tagged("k7", note=STRING, more=STRING),
    "K9": {**KINDS["K9"], "description": "edited"},
}
REF = "#/components/schemas/"

SCHEMA_OF_ONE = {"$ref": REF + "One"}
ANSWERS: dict[str, tuple[Any, dict[str, Any], Any, dict[str, Any], list[tuple[str, str, str]]]] = {
    # of an answer: a schema and its components, what they become, and what is found
    "a second branch": (
        branches("One", keyword="oneOf"),
        {"One": ONE, "Other": OTHER},
        branches("One", "Other", keyword="oneOf"),
        {"One": ONE, "Other": OTHER},
        [("breaking", "branch-added", "<Other>")],
    ),
    "a branch fewer": (
        branches("Other", "One"),
        {"One": ONE, "Other": OTHER},
        branches("One"),
        {"One": ONE, "Other": OTHER},
        [("compatible", "branch-removed", "<Other>")],
    ),
    "two branches more": (
        branches("A", "One"),
        {"One": ONE, "Other": OTHER, "A": A},
        branches("A", "One", "Other", "B"),
        {"One": ONE, "Other": OTHER, "A": A, "B": B},
        [("breaking", "branch-added", "<B>"), ("breaking", "branch-added", "<Other>")],
    ),
    "an object that becomes one of two": (
        {"$ref": REF + "One"},
        {"One": ONE},
        branches("Other", "One", keyword="oneOf"),
        {"One": ONE, "Other": OTHER},
        [("breaking", "branch-added", "<Other>")],
    ),
    "one of two that becomes an object": (
        branches("Other", "One", keyword="oneOf"),
        {"One": ONE, "Other": OTHER},
        ONE,
        {},
        [("compatible", "branch-removed", "<Other>")],
    ),
    "an object with null that becomes one of two with null": (
        {"anyOf": [{"$ref": REF + "One"}, {"type": "null"}]},
        {"One": ONE},
        {"anyOf": [{"$ref": REF + "One"}, {"$ref": REF + "Other"}, {"type": "null"}]},
        {"One": ONE, "Other": OTHER},
        [("breaking", "branch-added", "<Other>")],
    ),
    "an object that may be null": (
        {"$ref": REF + "One"},
        {"One": ONE},
        {"anyOf": [{"$ref": REF + "One"}, {"type": "null"}]},
        {"One": ONE},
        [("breaking", "type-widened", "{id} 200")],
    ),
    "wrapped": (
        SCHEMA_OF_ONE,
        {"One": ONE},
        {"allOf": [{"anyOf": [{"oneOf": [SCHEMA_OF_ONE], "title": "x"}]}]},
        {"One": ONE},
        [],
    ),
    "a large union of constants": (
        branches(*KINDS, keyword="oneOf"),
        KINDS,
        branches(*reversed(KINDS), keyword="oneOf"),
        WIDENED,
        [("compatible", "property-added", "more")],
    ),
    "a branch renamed, known by its constant": (
        branches("A", "One", keyword="oneOf"),
        {"One": tagged("one", note=STRING), "A": tagged("a")},
        branches("A", "Uno", keyword="oneOf"),
        {"Uno": tagged("one", note=STRING, more=STRING), "A": tagged("a")},
        [("compatible", "property-added", "more")],
    ),
    "a branch renamed, known by its properties": (
        branches("A", "One"),
        {"One": {**ONE, "properties": {"one": STRING, "two": STRING}}, "A": A},
        branches("A", "Uno"),
        {"Uno": {**ONE, "properties": {"one": STRING, "two": STRING, "three": STRING}}, "A": A},
        [("compatible", "property-added", "three")],
    ),
    "branches of other types": (
        {"type": "object", "required": ["a"], **A},
        {},
        STRING,
        {},
        [("breaking", "type-changed", "{id} 200")],
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_one_edit_of_a_union_is_one_finding(name: str) -> None:
    one, components, other, others, wanted = ANSWERS[name]
    assert found(compare(spec(one, **components), spec(other, **others))) == wanted


REQUESTS: dict[str, tuple[Any, Any, list[tuple[str, str]]]] = {
    # of a request: a schema, what it becomes, and what is found
    "a branch of oneOf takes what another takes": (
        {"oneOf": [INTEGER, {"type": "number", "minimum": 100}]},
        {"oneOf": [INTEGER, {"type": "number", "minimum": 0}]},
        [("breaking", "union-changed"), ("compatible", "bounds-widened")],
    ),
    "a branch of anyOf takes what another takes": (
        {"anyOf": [INTEGER, {"type": "number", "minimum": 100}]},
        {"anyOf": [INTEGER, {"type": "number", "minimum": 0}]},
        [("compatible", "bounds-widened")],
    ),
    "a branch more of oneOf, for the same values": (
        {"oneOf": [{"$ref": REF + "A"}, STRING]},
        {"oneOf": [{"$ref": REF + "A"}, STRING, {"$ref": REF + "Loose"}]},
        [("breaking", "branch-added")],
    ),
    "a branch more of oneOf, for other values": (
        {"oneOf": [{"$ref": REF + "A"}, STRING]},
        {"oneOf": [{"$ref": REF + "A"}, STRING, {"type": "boolean"}, {"$ref": REF + "B"}]},
        [("compatible", "branch-added"), ("compatible", "branch-added")],
    ),
    "anyOf made oneOf, of what is apart": ({"anyOf": [ONE, tagged("k")]}, {"oneOf": [ONE, tagged("k")]}, []),
    "anyOf made oneOf, of what is not": (
        {"anyOf": [A, LOOSE]},
        {"oneOf": [A, LOOSE]},
        [("breaking", "union-narrowed")],
    ),
    "oneOf made anyOf": ({"oneOf": [A, LOOSE]}, {"anyOf": [A, LOOSE]}, [("compatible", "union-widened")]),
    "a branch that forbids what is said beside": (
        {"properties": {"p": STRING}, "oneOf": [A, tagged("k")]},
        {"properties": {"p": STRING}, "oneOf": [{**A, "properties": {**A["properties"], "p": INTEGER}}, tagged("k")]},
        [("breaking", "type-narrowed")],
    ),
    "a shorter branch, beside one that takes the rest": (
        {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "string", "minLength": 3, "pattern": "^a"}]},
        {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "string"}]},
        [("compatible", "length-narrowed"), ("compatible", "length-widened"), ("compatible", "pattern-widened")],
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_refused_if_no_branch_takes_it_or_two_do(name: str) -> None:
    one, other, wanted = REQUESTS[name]
    sides = [asked(schema, A=A, B=B, Loose=LOOSE) for schema in (one, other)]
    assert [(effect, kind) for effect, kind, _ in found(compare(*sides))] == wanted


def test_an_integer_format_is_told_as_a_format() -> None:
    sides = [spec({**INTEGER, "format": name, "minimum": 0}) for name in ("int32", "int64")]
    (change,) = compare(*sides)
    assert (change.effect, change.id) == (Effect.BREAKING, "format-widened")
    assert change.message.endswith('"int32" became "int64"')
    assert [one.id for one in compare(*sides[::-1])] == ["format-narrowed"]


def test_a_property_that_is_required_from_the_start_says_so() -> None:
    (change,) = compare(asked(A), asked({**A, "required": ["a", "b"], "properties": {**A["properties"], "b": STRING}}))
    assert (change.effect, change.id) == (Effect.BREAKING, "property-added")
    assert change.message == "the property b, which is required, was added"


def method(kind: str, *names: str) -> dict[str, Any]:
    """A closed branch that names itself, but need not: what names no kind may be of several."""
    properties = {"kind": {"const": kind}, **dict.fromkeys(names, STRING)}
    return {"type": "object", "additionalProperties": False, "properties": properties}


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([method("b", "holder")], Effect.BREAKING),  # what has a holder and no kind was of B alone
        ([method("b", "holder"), method("c", "holder")], Effect.COMPATIBLE),  # it was of two, and not sent
    ],
    ids=["of one branch", "of two branches"],
)
def test_what_a_wider_branch_takes_twice_counts_if_it_was_sent(others: list[Any], expected: Effect) -> None:
    many = [method(f"k{number}", f"p{number}", "id", "holder_id") for number in range(60)]
    base, revision = ({"oneOf": [method("a", *names), *others, *many]} for names in ((), ("holder",)))
    changes = compare(asked(base), asked(revision))
    assert {change.effect for change in changes} - {Effect.COMPATIBLE} == {expected} - {Effect.COMPATIBLE}
    assert all(change.witness for change in changes if change.effect is Effect.BREAKING)


def test_a_branch_more_is_shown_where_the_union_is_too_large_to_be_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MAX_NODES", 90)
    many = [tagged(f"k{number}", a=STRING) for number in range(40)]
    (change,) = compare(spec({"anyOf": many}), spec({"anyOf": [*many, tagged("new", b=STRING)]}))
    assert (change.effect, change.id) == (Effect.BREAKING, "branch-added")
    assert change.witness is not None
    assert change.witness.message["body"] == {"kind": "new"}


def nested(kind: str, **properties: Any) -> dict[str, Any]:
    return tagged(kind, inner={"type": "array", "items": {"$ref": REF + "Named"}}, **properties)


def test_branches_of_a_union_beside_a_text_are_compared_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = {f"K{number}": nested(f"k{number}", note=STRING) for number in range(12)}
    kinds |= {"Kind": branches(*kinds, keyword="oneOf"), "Named": {"oneOf": [STRING, {"$ref": REF + "Kind"}]}}
    revised = {**kinds, "K7": nested("k7", note=INTEGER)}
    compare_one, compared = Walk._compare, list[Pair]()

    def counted(walk: Walk, pair: Pair) -> Unit:
        compared.append(pair)
        return compare_one(walk, pair)

    monkeypatch.setattr(Walk, "_compare", counted)
    (change,) = compare(asked({"$ref": REF + "Named"}, **kinds), asked({"$ref": REF + "Named"}, **revised))
    assert (change.effect, change.id) == (Effect.BREAKING, "type-changed")
    assert len(compared) < 40


TEXT_OR_TWO = {"type": ["string", "object"], "oneOf": [STRING, {"oneOf": [ONE, OTHER]}]}


@pytest.mark.parametrize(
    ("revision", "expected"),
    [
        (ONE, {"property-added", "type-narrowed"}),
        ({"oneOf": [ONE, OTHER]}, {"type-narrowed"}),
        ({"oneOf": [STRING, ONE]}, {"property-added"}),
        ({"oneOf": [STRING, {"required": ["two"], "oneOf": [ONE, OTHER]}]}, {"property-added"}),
        ({"oneOf": [STRING, {"anyOf": [ONE, OTHER, {"type": "object"}]}]}, set()),
    ],
    ids=["one of them", "no text", "a text or one", "more beside", "anything"],
)
def test_a_union_beside_a_text_loses_neither(revision: Any, expected: set[str]) -> None:
    changes = compare(asked(TEXT_OR_TWO), asked(revision))
    assert {change.id for change in changes if change.effect is Effect.BREAKING} == expected
    assert Effect.UNDECIDED not in {change.effect for change in changes}


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ([method("a", "id", "one"), method("b", "id", "two")], Effect.COMPATIBLE),  # {} and {id} were of both
        ([method("a", "id", "one"), method("b", "two")], Effect.BREAKING),  # {id} was of one
    ],
    ids=["of two branches", "of one branch"],
)
def test_what_a_new_branch_takes_counts_if_it_was_sent(known: list[Any], expected: Effect) -> None:
    many = [*known, *(method(f"k{number}", f"p{number}", "holder") for number in range(60))]
    changes = compare(asked({"oneOf": many}), asked({"oneOf": [*many, method("c", "id", "three")]}))
    assert [(change.id, change.effect) for change in changes] == [("branch-added", expected)]
    assert (changes[0].witness is not None) is (expected is Effect.BREAKING)


def test_a_value_that_moves_to_a_branch_of_its_own_is_taken_once() -> None:
    def kinds(*names: str) -> dict[str, Any]:
        properties = {"kind": {"enum": names}, "id": STRING}
        return {"type": "object", "additionalProperties": False, "required": ["kind"], "properties": properties}

    many = [method(f"k{number}", f"p{number}", "holder") for number in range(60)]
    base = asked({"oneOf": [*many, kinds("a", "b", "c")]})
    moved = compare(base, asked({"oneOf": [*many, kinds("b", "c"), kinds("a")]}))
    assert {change.effect for change in moved} == {Effect.COMPATIBLE}
    twice = compare(base, asked({"oneOf": [*many, kinds("a", "b", "c"), kinds("a")]}))
    assert found(twice) == [("breaking", "branch-added", "<object 62>")]


def circle(dog: Any, keyword: str = "oneOf", names: tuple[str, ...] = ("Dog", "Cat"), **more: Any) -> dict[str, Any]:
    """Schemas of a parent that lists its heirs, each of which extends it."""
    pet = {"type": "object", "properties": {"kind": {"type": "string"}, **more}, "required": ["kind"]}
    found = {"Pet": {**pet, keyword: [{"$ref": REF + name} for name in names]}}
    for name in ("Dog", "Cat", "Cow"):
        own = {"kind": {"type": "string", "const": name}, **(dog if name == "Dog" else {})}
        heir = {"type": "object", "properties": own, "required": ["kind"]}
        found[name] = {"allOf": [{"$ref": REF + "Pet"}, heir]}
    return found


BARK = {"type": "string"}
CIRCLES: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "a property of an heir": (circle({"bark": BARK, "tail": BARK}), [("compatible", "property-added", "tail")]),
    "a type of an heir": (circle({"bark": {"type": "null"}}), [("breaking", "type-changed", "bark")]),
    "a bound of an heir": (
        circle({"bark": {**BARK, "minLength": 3}}),
        [("compatible", "length-narrowed", "bark")],
    ),
    "a property of the parent": (
        circle({"bark": BARK}, age={"type": "integer"}),
        [("compatible", "property-added", "age")],
    ),
    "a branch": (circle({"bark": BARK}, names=("Dog", "Cat", "Cow")), [("breaking", "branch-added", "<Cow>")]),
}


@pytest.mark.parametrize("name", CIRCLES)
def test_an_edit_in_a_circle_of_a_parent_and_its_heirs_is_told_as_it_is(name: str) -> None:
    after, wanted = CIRCLES[name]
    pet = {"$ref": REF + "Pet"}
    assert found(compare(spec(pet, **circle({"bark": BARK})), spec(pet, **after))) == wanted


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_bound_that_went_in_a_circle_is_shown(keyword: str) -> None:
    before = circle({"bark": {**BARK, "maxLength": 3}}, keyword)
    (change,) = compare(*(spec({"$ref": REF + "Pet"}, **one) for one in (before, circle({"bark": BARK}, keyword))))
    assert change.effect is Effect.BREAKING
    assert change.witness is not None
    assert change.witness.message["body"] == {"kind": "Dog", "bark": "aaaa"}


def test_one_edit_of_hundreds_of_branches_is_one_finding() -> None:
    """Those that are alike are no part of the question, and not held against one another."""
    members = {f"M{number}": tagged(f"m{number}") for number in range(301)}
    fewer = {name: members[name] for name in [*members][:-1]}
    before, after = (spec(branches(*some, keyword="oneOf"), **some) for some in (fewer, members))
    assert found(compare(before, after)) == [("breaking", "branch-added", "<M300>")]
