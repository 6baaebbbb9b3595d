"""Each change is shown by a message of its own, whatever else changed in the same message."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Change
from contracts.document import Spec, read_spec

TEXT = {"type": "string"}
COUNT = {"type": "integer"}
Tree = dict[str, Any]


def thing(*required: str, **properties: Any) -> Tree:
    return {"type": "object", "required": [*required], "properties": properties}


def named(name: str) -> Tree:
    return {"$ref": f"#/components/schemas/{name}"}


def asked(schema: Any, *parameters: Any, **components: Any) -> Tree:
    """A document in which a client sends `schema`."""
    body = {"required": True, "content": content(schema)}
    return tree({"parameters": parameters, "requestBody": body}, {}, components)


def answered(schema: Any, headers: Any = None, **components: Any) -> Tree:
    """A document in which the service answers with `schema`."""
    return tree({}, {"content": content(schema), "headers": headers or {}}, components)


def content(schema: Any) -> Tree:
    return {"application/json": {"schema": schema}}


def tree(operation: Tree, response: Tree, components: Tree) -> Tree:
    told = {**operation, "responses": {"200": {"description": "ok", **response}}}
    info = {"title": "Things", "version": "1"}
    return {"openapi": "3.1.0", "info": info, "paths": {"/": {"post": told}}, "components": {"schemas": components}}


def spec(value: Tree, path: str) -> Spec:
    return read_spec(json.dumps(value).encode(), path=path, folder=None)


def changed(base: Tree, revision: Tree) -> dict[str, Change]:
    changes = compare(spec(base, "base.json"), spec(revision, "revision.json"))
    return {f"{change.id} {change.where.removeprefix('POST / ')}": change for change in changes}


def bodies(base: Tree, revision: Tree) -> dict[str, Any]:
    """What is in the message of each change; its effect where it has none."""
    told = changed(base, revision).items()
    return {name: one.witness.message["body"] if one.witness else one.effect.value for name, one in told}


def integers(**bounds: int) -> Tree:
    return {**COUNT, **bounds}


def union(*names: str, keyword: str = "anyOf") -> Tree:
    return {keyword: [named(name) for name in names]}


def job(*required: str, states: str, least: int) -> Tree:
    owner, quota = thing(*required, name=TEXT), thing(count=integers(minimum=least))
    return thing("owner", owner=owner, state={"enum": states.split()}, quota=quota)


NARROW, WIDE = job("name", states="on off", least=1), job(states="on off lost", least=0)
FULL = {"name": ""}
OWN = {
    "owner/name": {"owner": {}},
    "quota/count": {"owner": FULL, "quota": {"count": 0}},
    "state": {"owner": FULL, "state": "lost"},
}
A, A_MORE = (thing("kind", "v", kind={"const": "a"}, v=values) for values in ({"enum": [1, 2]}, COUNT))
B, B_MORE = (thing("kind", "w", kind={"const": "b"}, w=integers(maximum=most)) for most in (5, 9))
LIST = thing(of={"type": "array", "minItems": 1, "items": {"enum": [0]}})
LOOSER_LIST = thing(of={"type": "array", "items": {"enum": [0, 1]}})
MAP = {"type": "object", "additionalProperties": {"type": "array", "items": named("N")}}
NODE, LOOSER_NODE = (thing(*required, v=COUNT, next=named("N")) for required in (["v"], []))
PATTERN = {"patternProperties": {"^x-": thing("a", a=COUNT, b=COUNT)}}
LOOSER_PATTERN = {"patternProperties": {"^x-": thing(a=COUNT, b=TEXT)}}

CASES: dict[str, tuple[Tree, Tree, dict[str, Any]]] = {
    "three changes of an answer": (
        answered(NARROW),
        answered(WIDE),
        {
            "property-optional 200 /owner/name": OWN["owner/name"],
            "bounds-widened 200 /quota/count": OWN["quota/count"],
            "enum-widened 200 /state": OWN["state"],
        },
    ),
    "three changes of a request": (
        asked(WIDE),
        asked(NARROW),
        {
            "property-required body /owner/name": OWN["owner/name"],
            "bounds-narrowed body /quota/count": OWN["quota/count"],
            "enum-narrowed body /state": OWN["state"],
        },
    ),
    "two names of one object": (
        answered(thing("a", "b", a=TEXT, b=TEXT)),
        answered(thing(a=TEXT, b=TEXT)),
        {"property-optional 200 /a": {"b": ""}, "property-optional 200 /b": {"a": ""}},
    ),
    "two names that are wanted": (
        asked(thing()),
        asked(thing("a", "b", a=TEXT, b=TEXT)),
        {"property-added body /a": {}, "property-added body /b": {}},
    ),
    "two types that are always sent": (
        answered(thing("a", "b", a=TEXT, b=TEXT)),
        answered(thing("a", "b", a=COUNT, b=COUNT)),
        {"type-changed 200 /a": {"a": 0, "b": 0}, "type-changed 200 /b": {"a": 0, "b": 0}},
    ),
    "branches side by side": (
        answered(union("A", "B", keyword="oneOf"), A=A, B=B),
        answered(union("A", "B", keyword="oneOf"), A=A_MORE, B=B_MORE),
        {"enum-widened schemas/A /v": {"kind": "a", "v": 0}, "bounds-widened schemas/B /w": {"kind": "b", "w": 6}},
    ),
    "an item and its list": (
        answered(LIST),
        answered(LOOSER_LIST),
        {"items-widened 200 /of": {"of": []}, "enum-widened 200 /of/*": {"of": [1]}},
    ),
    "what comes back in maps and lists": (
        answered(thing("t", m=MAP, t=TEXT), N=NODE),
        answered(thing(m=MAP, t=TEXT), N=LOOSER_NODE),
        {"property-optional 200 /t": {}, "property-optional schemas/N /v": {"m": {"key1": [{}]}, "t": ""}},
    ),
    "names of a pattern": (
        answered(PATTERN),
        answered(LOOSER_PATTERN),
        {"property-optional 200 /<^x->/a": {"x-": {}}, "type-changed 200 /<^x->/b": {"x-": {"a": 0, "b": ""}}},
    ),
    "what another branch takes, in an answer": (
        answered(thing("t", t=TEXT, x=union("A", "B")), A=integers(maximum=1), B=integers(minimum=0)),
        answered(thing(t=TEXT, x=union("A", "B")), A=integers(maximum=2), B=integers(minimum=0)),
        {"property-optional 200 /t": {}, "bounds-widened schemas/A": "compatible"},
    ),
    "what another branch takes, in a request": (
        asked(thing(t=TEXT, x=union("A", "B")), A=integers(maximum=2), B=integers(minimum=0)),
        asked(thing("t", t=TEXT, x=union("A", "B")), A=integers(maximum=1), B=integers(minimum=0)),
        {"property-required body /t": {}, "bounds-narrowed schemas/A": "compatible"},
    ),
    "what another branch takes, beside what all requests lack": (
        asked(thing(x=union("A", "B")), A=integers(maximum=2), B=integers(minimum=0)),
        asked(thing("a", "b", a=TEXT, b=TEXT, x=union("A", "B")), A=integers(maximum=1), B=integers(minimum=0)),
        {"property-added body /a": {}, "property-added body /b": {}, "bounds-narrowed schemas/A": "compatible"},
    ),
    "two branches that lose the same": (
        asked(union("A", "B"), A=integers(maximum=5), B=integers(minimum=5)),
        asked(union("A", "B"), A=integers(maximum=4), B=integers(minimum=6)),
        {"bounds-narrowed schemas/A": 5, "bounds-narrowed schemas/B": 5},
    ),
}


@pytest.mark.parametrize(("base", "revision", "wanted"), CASES.values(), ids=CASES)
def test_each_change_has_its_own_message(base: Tree, revision: Tree, wanted: dict[str, Any]) -> None:
    assert bodies(base, revision) == wanted


def test_what_breaks_only_with_all_of_four_changes_breaks() -> None:
    """None of them is refused alone, and none lets the message pass once it is undone."""
    at_five = {"const": 5, "anyOf": [named("A"), named("B")]}
    schema = thing("x", "y", x=at_five, y={"const": 5, "anyOf": [named("C"), named("D")]})
    low, high = [integers(maximum=5), integers(maximum=4)], [integers(minimum=5), integers(minimum=6)]
    base, revision = (asked(schema, A=low[i], B=high[i], C=low[i], D=high[i]) for i in (0, 1))
    assert bodies(base, revision) == {f"bounds-narrowed schemas/{name}": {"x": 5, "y": 5} for name in "ABCD"}


def test_a_change_of_both_directions_breaks_in_one() -> None:
    base, revision = asked(named("A"), A=NARROW), asked(named("A"), A=WIDE)
    for document in (base, revision):
        document["paths"]["/"]["post"]["responses"]["200"]["content"] = content(named("A"))
    changes = compare(spec(base, "base.json"), spec(revision, "revision.json"))
    effects = {(change.direction.value, change.effect.value) for change in changes}
    assert effects == {("response", "breaking"), ("request", "compatible")}


# Other parts of a message


def query(name: str, schema: Any, *, required: bool = False) -> Tree:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def messages(base: Tree, revision: Tree) -> dict[str, tuple[Any, Any]]:
    """The path or the header field, and the body, in the message of each change that breaks."""
    shown = {name: change.witness.message for name, change in changed(base, revision).items() if change.witness}
    return {name: (one.get("path") or one["headers"].get("X-Kind"), one["body"]) for name, one in shown.items()}


def test_a_request_has_what_both_take_in_its_other_parts() -> None:
    def requests(letters: list[str], numbers: list[int]) -> Tree:
        parameters = query("q", {"enum": letters}), query("z", {"enum": letters}, required=True)
        return asked(thing("n", n={"enum": numbers}), *parameters)

    base, revision = requests(["x", "y"], [3, 4]), requests(["y"], [4])
    assert messages(base, revision) == {
        "enum-narrowed body /n": ("/?z=y", {"n": 3}),
        "enum-narrowed query q": ("/?q=x&z=y", {"n": 4}),
        "enum-narrowed query z": ("/?z=x", {"n": 4}),
    }


def test_a_request_has_what_the_receiver_wants_if_it_may_be_sent() -> None:
    body = thing(n={"enum": [3, 4]}), thing("n", n={"enum": [3, 4]})
    base, revision = asked(body[0], query("q", COUNT)), asked(body[1], query("q", COUNT, required=True))
    assert messages(base, revision) == {
        "parameter-required query q": ("/", {"n": 3}),
        "property-required body /n": ("/?q=1", {}),
    }


def test_an_answer_has_what_both_take_in_its_other_parts() -> None:
    before = {"X-Kind": {"required": True, "schema": integers(maximum=5)}}
    after = {"X-Kind": {"required": False, "schema": integers(maximum=9)}}
    assert messages(answered(thing("n", n=COUNT), before), answered(thing(n=COUNT), after)) == {
        "response-header-optional 200 header X-Kind": (None, {"n": 0}),
        "bounds-widened 200 header X-Kind": ("6", {"n": 0}),
        "property-optional 200 /n": ("1", {}),
    }


def test_without_a_message_nothing_is_called_breaking() -> None:
    base = asked(True, query("q", {"not": {}}, required=True))
    (change,) = compare(spec(base, "base.json"), spec({**base, "paths": {}}, "revision.json"))
    assert (change.id, change.effect.value) == ("operation-removed", "undecided")
    assert change.proof == "no message could be made to show it"


# What is said of a message


def because(base: Tree, revision: Tree) -> list[str]:
    return [change.witness.because for change in changed(base, revision).values() if change.witness]


def test_a_refusal_behind_a_union_names_the_property() -> None:
    unions = [answered(union("A", "B", keyword="oneOf"), A=a, B=B) for a in (A, A_MORE)]
    assert because(*unions) == ["its body does not match the schema: /v: 0 is not one of 1 or 2"]


def test_where_no_branch_is_of_its_kind_the_union_is_told() -> None:
    both = union("A", "B")
    told = because(answered(both, A=A, B=B), answered({"anyOf": [*both["anyOf"], COUNT]}, A=A, B=B))
    assert {one.partition("(")[2] for one in told} == {'1: 0 is not of type "object", 2: 0 is not of type "object")'}


def test_of_two_refusals_that_of_the_change_is_told() -> None:
    told = because(asked(thing()), asked(thing("a", "b", a=TEXT, b=TEXT)))
    assert told == [f"its body does not match the schema: /: no property {name}" for name in "ab"]


def test_a_large_value_is_cut() -> None:
    many = thing(**{f"property{number}": COUNT for number in range(40)})
    (told,) = because(answered({**many, "minProperties": 40}), answered({**many, "minProperties": 39}))
    assert told.endswith("has less than 40 properties")
    assert len(told) < 150


def test_values_in_messages_are_plain() -> None:
    """Of all that is there because something has to be, not only what is left when members go."""
    items = thing("n", "s", "e", "f", n=COUNT, s=TEXT, e={"enum": ["first", "second"]}, f={"type": "boolean"})
    lists = [answered({"type": "array", "uniqueItems": only, "items": items}) for only in (True, False)]
    item = {"e": "first", "f": False, "n": 0, "s": ""}
    assert list(bodies(*lists).values()) == [[item, item]]
