"""Edits as publishers make them: one finding each, and a message that the other side does refuse."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.document import Spec
from contracts.messages import covers
from tests.exchanges.documents import answered, parameter, spec_of

BREAKING = Effect.BREAKING
TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
OK = {"200": {"description": "fine"}}


def having(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def answers(schema: Any, **components: Any) -> Spec:
    paths = {"/a": {"get": {"responses": {"200": answered(schema)}}}}
    return spec_of(paths, components={"schemas": components})


def requests(schema: Any) -> Spec:
    body = {"content": {"application/json": {"schema": schema}}}
    return spec_of({"/a": {"post": {"requestBody": body, "responses": OK}}})


def asked(schema: Any, **more: Any) -> Spec:
    return spec_of({"/a": {"get": {"parameters": [parameter("p", schema, "query", **more)], "responses": OK}}})


def only(base: Spec, revision: Spec) -> Change:
    (change,) = compare(base, revision)
    return change


OBJECT = having(x=TEXT, y=WHOLE)
TYPES = {
    "an object to its id": (OBJECT, TEXT),
    "an id to an object": (TEXT, {**OBJECT, "required": ["x"], "additionalProperties": False}),
    "a time to a number": ({**TEXT, "format": "date-time", "maxLength": 30}, {**WHOLE, "minimum": 0}),
    "a list to an object around it": ({"type": "array", "items": OBJECT, "maxItems": 9}, having(data=OBJECT)),
    "no list of values": ({"enum": ["a", "b"]}, {"type": "array", "minItems": 1, "items": TEXT}),
}


@pytest.mark.parametrize("home", [answers, requests])
@pytest.mark.parametrize(("base", "revision"), TYPES.values(), ids=TYPES)
def test_another_type_is_one_finding(home: Any, base: Any, revision: Any) -> None:
    change = only(home(having(a=base)), home(having(a=revision)))
    assert (change.id, change.effect) == ("type-changed", BREAKING)
    assert change.witness is not None
    assert "/a" in change.witness.because


def test_what_changed_beside_a_type_is_told_as_well() -> None:
    either, bounded = {"type": ["string", "integer"]}, {"type": "string", "maxLength": 3}
    found = {change.id: change.effect for change in compare(requests(either), requests(bounded))}
    assert found == {"type-narrowed": BREAKING, "length-narrowed": BREAKING}


@pytest.mark.parametrize("refused", [{"pattern": "^[a-c]+$"}, {"maxLength": 2}, {"enum": ["yes"]}, {"format": "uuid"}])
def test_a_number_whose_text_is_refused_breaks(refused: Any) -> None:
    assert only(asked(WHOLE), asked({**TEXT, **refused})).effect is BREAKING


@pytest.mark.parametrize("items", [TEXT, WHOLE, {"enum": ["0", "1"]}], ids=["texts", "numbers", "values"])
@pytest.mark.parametrize("explode", [True, False])
def test_a_long_list_may_be_too_long(items: Any, explode: bool) -> None:
    either = {"type": "array", "items": items}
    change = only(asked(either, explode=explode), asked({**either, "maxItems": 100}, explode=explode))
    assert (change.id, change.effect) == ("items-narrowed", BREAKING)


RANGES = {
    "one of any": ("*/*", "application/json"),
    "one of applications": ("application/*", "application/json"),
    "two of any": ("*/*", "application/json", "text/plain"),
    "one of texts": ("text/*", "text/plain"),
    "one of those in JSON": ("application/*+json", "application/x+json"),
}


def of_types(*names: str) -> dict[str, Any]:
    return {"content": {name: {} for name in names}}


@pytest.mark.parametrize(("whole", "names"), [(row[0], row[1:]) for row in RANGES.values()], ids=RANGES)
def test_a_range_is_shown_by_a_type_that_the_other_side_does_not_have(whole: str, names: tuple[str, ...]) -> None:
    wide, narrow = (
        spec_of({"/a": {"post": {"requestBody": of_types(*some), "responses": OK}}}) for some in ((whole,), names)
    )
    change = only(wide, narrow)
    assert change.witness is not None
    sent = change.witness.message["headers"]["Content-Type"]
    assert covers(whole, sent)
    assert sent not in names


def test_a_range_that_answers_came_to_is_shown_by_a_type_that_is_new() -> None:
    base, revision = (
        spec_of({"/a": {"get": {"responses": {"200": {"description": "fine", **of_types(name)}}}}})
        for name in ("application/json", "*/*")
    )
    change = only(base, revision)
    assert change.witness is not None
    assert change.witness.message["headers"]["Content-Type"] == "application/x-other"


def test_a_place_in_a_path_item_of_components_is_told_like_one_of_an_operation() -> None:
    told = []
    for values in (["a"], ["a", "b"]):
        item = {"get": {"responses": {"200": answered(having(s={"enum": values}))}}}
        told.append(spec_of({"/a": {"$ref": "#/components/pathItems/A"}}, components={"pathItems": {"A": item}}))
    assert only(*told).where == "pathItems/A GET 200 /s"


def test_branches_that_lead_back_to_their_union_cost_only_their_own_place() -> None:
    """As Java's generators write a parent: `oneOf` its children, each of which is `allOf` it."""

    def document(least: int, values: list[str]) -> Spec:
        parent = {"oneOf": [{"$ref": "#/components/schemas/C"}, {"$ref": "#/components/schemas/D"}]}
        children = ({"allOf": [{"$ref": "#/components/schemas/P"}, having(**{name: WHOLE})]} for name in "cd")
        first, second = children
        first["allOf"].append(having(c={**WHOLE, "minimum": least}))
        whole = having(p={"$ref": "#/components/schemas/P"}, s={"enum": values})
        return answers(whole, P={**having(t=TEXT), **parent}, C=first, D=second)

    found = {change.where: change.effect for change in compare(document(1, ["a"]), document(0, ["a", "b"]))}
    assert found == {"schemas/C /c": Effect.UNDECIDED, "GET /a 200 /s": BREAKING}


CAT, DOG = ({**having(k={"const": name}, **{name: WHOLE}), "required": ["k"]} for name in ("cat", "dog"))
NOTHING = {"type": "null"}
WIDER = {
    "a union that may be null": ({"anyOf": [CAT, DOG]}, {"anyOf": [CAT, DOG, NOTHING]}),
    "one of two, or null": ({"oneOf": [CAT, DOG]}, {"oneOf": [CAT, DOG, NOTHING]}),
    "a union that may be a text": ({"anyOf": [CAT, DOG]}, {"anyOf": [TEXT, CAT, DOG]}),
    "an id that may be expanded": (TEXT, {"anyOf": [TEXT, CAT]}),
}


@pytest.mark.parametrize(("base", "revision"), WIDER.values(), ids=WIDER)
def test_a_branch_of_another_type_is_one_finding(base: Any, revision: Any) -> None:
    change = only(answers(having(p=base)), answers(having(p=revision)))
    assert (change.id, change.effect) == ("type-widened", BREAKING)
    change = only(requests(having(p=revision)), requests(having(p=base)))
    assert (change.id, change.effect) == ("type-narrowed", BREAKING)


def test_a_branch_of_a_type_that_was_there_is_told_beside_one_that_was_not() -> None:
    fox = {**having(k={"const": "fox"}), "required": ["k"]}
    base, revision = answers({"anyOf": [CAT, DOG]}), answers({"anyOf": [CAT, DOG, fox, NOTHING]})
    assert {change.id: change.effect for change in compare(base, revision)} == {
        "type-widened": BREAKING,
        "branch-added": BREAKING,
    }


@pytest.mark.parametrize(
    ("base", "revision", "shown"),
    [
        ({}, {"type": "integer"}, 0.5),
        ({"minimum": 1}, {"type": "integer", "minimum": 1}, 1.5),
        ({"multipleOf": 0.01}, {"multipleOf": 0.1}, 0.01),
    ],
)
def test_a_number_that_is_not_whole_is_a_plain_one(base: Any, revision: Any, shown: float) -> None:
    change = only(requests(having(n={"type": "number", **base})), requests(having(n={"type": "number", **revision})))
    assert change.witness is not None
    assert change.witness.message["body"] == {"n": shown}
