"""Documents that nobody should write: the gate gives changes or one clear sentence, and ends."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.changes.versions import Versions
from contracts.errors import ContractsError
from contracts.schemas.allowance import Allowance
from tests.changes.editing import Tree, original, put, ref, spec_from
from tests.changes.keywords import INTEGER, STRING, any_of, array, mapped, obj, one_of
from tests.changes.rewrites import VALUE

Walk = list[tuple[Any, Any]]

SCALARS = st.sampled_from([None, True, False, 0, -1, 1e308, 2**70, "", "x", "#/", "^(", "\ud800"])
REFERENCES = st.sampled_from([ref("Order"), ref("Nobody"), {"$ref": "#"}, {"$ref": "#/nowhere"}])
JUNK = SCALARS | REFERENCES | st.sampled_from([[], {}, [None], {"type": "string"}, {"not": {}}, {"type": ["null"]}])


def places(node: Any) -> Walk:
    """Every container of a document with each of its keys."""
    members = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [(node, key) for key, _ in members] + [place for _, child in members for place in places(child)]


def mutated(tree: Tree, edits: list[tuple[int, int, Any]]) -> Tree:
    tree = copy.deepcopy(tree)
    for where, how, value in edits:
        found = places(tree)
        if not found:
            break
        node, key = found[where % len(found)]
        MUTATIONS[how](node, key, copy.deepcopy(value), found[(where * 7 + 3) % len(found)])
    return tree


def replaced(node: Any, key: Any, value: Any, other: tuple[Any, Any]) -> None:
    node[key] = value


def removed(node: Any, key: Any, value: Any, other: tuple[Any, Any]) -> None:
    del node[key]


def grafted(node: Any, key: Any, value: Any, other: tuple[Any, Any]) -> None:
    node[key] = copy.deepcopy(other[0][other[1]])


MUTATIONS: tuple[Callable[[Any, Any, Any, tuple[Any, Any]], None], ...] = (replaced, removed, grafted)
EDITS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 2), JUNK), min_size=1, max_size=4)


def answer(base: Tree, revision: Tree) -> tuple[Change, ...] | str:
    try:
        return compare(spec_from(base, "base.json"), spec_from(revision, "revision.json"))
    except ContractsError as error:
        return str(error)


def clear(outcome: tuple[Change, ...] | str) -> bool:
    return "\n" not in outcome if isinstance(outcome, str) else all(isinstance(c, Change) for c in outcome)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(["shop", "notte"]), EDITS, st.booleans())
def test_a_mutated_document_gets_an_answer(document: str, edits: list[tuple[int, int, Any]], turned: bool) -> None:
    sides = [original(document), mutated(original(document), edits)]
    assert clear(answer(*(reversed(sides) if turned else sides)))


@pytest.mark.parametrize("flows", ["x", {"x": "y"}, {"x": None}, {"password": {"tokenUrl": 5}}, []])
def test_flows_that_are_none_get_an_answer(flows: Any) -> None:
    base, revision = original("notte"), original("notte")
    (name,) = revision["components"]["securitySchemes"]
    revision["components"]["securitySchemes"][name]["flows"] = flows
    assert clear(answer(base, revision))


def nested(depth: int, leaf: Any) -> Any:
    for level in range(depth):
        leaf = obj({"n": leaf}) if level % 2 else array(leaf)
    return leaf


def chained(schema: Any, length: int) -> dict[str, Any]:
    names = [f"C{index}" for index in range(length)]
    links = {name: {"allOf": [ref(after)]} for name, after in pairwise(names)}
    return {**links, names[-1]: schema}


WORDS = [f"value-{index}" for index in range(5000)]
FIELDS = {f"field_{index}": STRING for index in range(300)}
UNION = [obj({"kind": {"const": f"k{index}"}, "v": STRING}, "kind") for index in range(60)]
NEW = obj({"kind": {"const": "new"}}, "kind")
WIDE = [obj({f"p{index}": INTEGER}) for index in range(30)]

HUGE: dict[str, tuple[Any, Any, Effect | None]] = {
    # one, another, the effect if it is known
    "nested 60 deep": (nested(60, STRING), nested(60, INTEGER), Effect.BREAKING),
    "nested 300 deep": (nested(300, STRING), nested(300, INTEGER), None),
    "5,000 values and one more": ({"enum": WORDS}, {"enum": [*WORDS, "new"]}, Effect.BREAKING),
    "5,000 values in another order": ({"enum": WORDS}, {"enum": WORDS[::-1]}, Effect.COMPATIBLE),
    "300 properties, one retyped": (obj(FIELDS), obj({**FIELDS, "field_7": INTEGER}), Effect.BREAKING),
    "300 required properties, one optional": (obj(FIELDS, *FIELDS), obj(FIELDS, *[*FIELDS][1:]), Effect.BREAKING),
    "60 branches and one more": (
        one_of(*UNION),
        one_of(*UNION, NEW),
        Effect.BREAKING,
    ),
    "60 branches in another order": (one_of(*UNION), one_of(*UNION[::-1]), Effect.COMPATIBLE),
    "30 branches that overlap": (any_of(*WIDE), any_of(*WIDE[:-1]), None),
    "allOf of 30 unions": ({"allOf": [any_of(STRING, INTEGER, {"const": None})] * 30}, STRING, None),
    "a list of a million": (array(STRING, maxItems=10**6), array(STRING, maxItems=10**6 + 1), None),
    "a text of a million": ({**STRING, "maxLength": 10**6}, {**STRING, "maxLength": 10**6 + 1}, None),
    "a text of 2**60": ({**STRING, "maxLength": 2**60}, {**STRING, "maxLength": 2**61}, None),
    "numbers of 400 digits": ({**INTEGER, "maximum": 10**400}, {**INTEGER, "maximum": 10**400 + 1}, None),
    "tiny steps": ({"type": "number", "multipleOf": 1e-300}, {"type": "number", "multipleOf": 3e-300}, None),
}

PATTERNS = [
    "^(a+)+$",
    "^(a|a)*b$",
    "^([a-z]{1,50}){1,50}$",
    "(?=.*[A-Z])(?=.*[0-9]).{8,}",
    r"(\w+)\1",
    "^(",
    "[z-a]",
    r"^\p{L}+$",
    "^.{0,100000}$",
    r"(?<!x)y",
    "a{2}{3}",
    "",
    "\\",
    r"^[\u4e00-\u9fa5\ud83d\ude00]+$",
    "^(?:" + "|".join(WORDS[:500]) + ")$",
    "(" * 300 + "a" + ")" * 300,
]


def shared(schema: Any, **components: Any) -> Tree:
    tree = original("shop")
    put(VALUE, schema)(tree)
    tree["components"]["schemas"].update(copy.deepcopy(components))
    return tree


def effect_of(outcome: tuple[Change, ...] | str) -> Effect | None:
    if isinstance(outcome, str):
        return None
    effects = {change.effect for change in outcome}
    return next((e for e in (Effect.BREAKING, Effect.UNDECIDED) if e in effects), Effect.COMPATIBLE)


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_document_gets_an_answer(name: str) -> None:
    one, other, effect = HUGE[name]
    outcome = answer(shared(one), shared(other))
    assert clear(outcome)
    assert effect in (None, effect_of(outcome))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: repr(pattern[:24]))
@pytest.mark.parametrize("other", ["^a*$", None], ids=["another pattern", "no pattern"])
def test_a_hostile_pattern_gets_an_answer(pattern: str, other: str | None) -> None:
    schema = {**STRING, "pattern": pattern}
    rest = STRING if other is None else {**STRING, "pattern": other}
    assert clear(answer(shared(schema), shared(rest)))
    assert clear(answer(shared(rest), shared(schema)))


CYCLES: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {
    # the schema, components of the base, components of the revision
    "a reference to itself": (ref("A"), {"A": ref("A")}, {"A": ref("A")}),
    "two references to each other": (ref("A"), {"A": ref("B"), "B": ref("A")}, {"A": ref("B"), "B": STRING}),
    "allOf of itself": (ref("A"), {"A": {"allOf": [ref("A"), obj({"x": STRING})]}}, {"A": obj({"x": STRING})}),
    "required of itself": (ref("A"), {"A": obj({"a": ref("A")}, "a")}, {"A": obj({"a": ref("A")})}),
    "not itself": (ref("A"), {"A": {"not": ref("A")}}, {"A": {"not": STRING}}),
    "a map of itself": (ref("A"), {"A": mapped(ref("A"))}, {"A": mapped(any_of(ref("A"), STRING))}),
    "a union of itself": (ref("A"), {"A": any_of(ref("A"), STRING)}, {"A": any_of(ref("A"), INTEGER)}),
    "a list of lists": (ref("A"), {"A": array(ref("A"))}, {"A": array(ref("A"), maxItems=2)}),
    "three that hold one another": (
        ref("A"),
        {"A": obj({"b": ref("B")}), "B": obj({"c": ref("C")}), "C": obj({"a": ref("A"), "x": STRING})},
        {"A": obj({"b": ref("B")}), "B": obj({"c": ref("C")}), "C": obj({"a": ref("A"), "x": INTEGER})},
    ),
    "recursion of another period": (
        ref("A"),
        {"A": obj({"n": ref("A")})},
        {"A": obj({"n": ref("B")}), "B": obj({"n": ref("A")})},
    ),
    "a chain of 200 references": (ref("C0"), chained(STRING, 200), chained(INTEGER, 200)),
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_cyclic_document_gets_an_answer(name: str) -> None:
    schema, base, revision = CYCLES[name]
    assert clear(answer(shared(schema, **base), shared(schema, **revision)))


def test_a_chain_of_objects_too_long_to_be_written_out_is_undecided() -> None:
    def linked(schema: Any) -> Tree:
        links = {f"C{index}": obj({"next": ref(f"C{index + 1}")}) for index in range(400)}
        return shared(ref("C0"), **links, C400=schema)

    assert effect_of(answer(linked(STRING), linked(INTEGER))) is Effect.UNDECIDED


def test_circles_of_unions_without_number_end_with_the_allowance() -> None:
    def circles(schema: Any) -> Tree:
        names = [f"M{index}" for index in range(12)]
        own = {name: {**schema, "readOnly": name == "M5"} for name in names}
        rings = {name: any_of(*map(ref, {*names} - {name}), obj(own, name)) for name in names}
        return shared(ref("M0"), **rings)

    sides = spec_from(circles(STRING), "base.json"), spec_from(circles(INTEGER), "revision.json")
    changes = compare(*sides, allowance=Allowance(0.5))
    assert {change.effect for change in changes} == {Effect.UNDECIDED}


def test_recursion_unrolled_is_no_break() -> None:
    schema, base, revision = CYCLES["recursion of another period"]
    assert effect_of(answer(shared(schema, **base), shared(schema, **revision))) is Effect.COMPATIBLE


def test_a_component_used_by_many_operations_is_one_finding_a_direction() -> None:
    base = original("shop")
    base["paths"] |= {f"/copy{index}": copy.deepcopy(base["paths"]["/preference"]) for index in range(200)}
    revision = copy.deepcopy(base)
    put(VALUE, INTEGER)(revision)
    outcome = answer(base, revision)
    assert not isinstance(outcome, str)
    assert 1 <= len(outcome) <= 2
    assert {len(change.reaches) for change in outcome} <= {201, 402}


def test_a_message_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_versions: Versions, _draft: Any) -> Any:
        while True:
            pass

    monkeypatch.setattr(Versions, "witness", endless)
    base = original("shop")
    revision = copy.deepcopy(base)
    revision["paths"].pop("/preference")
    sides = spec_from(base, "base.json"), spec_from(revision, "revision.json")
    found = compare(*sides, allowance=Allowance(question=0.1))
    removed = [one for one in found if one.id == "operation-removed"]
    assert {one.effect for one in removed} == {Effect.UNDECIDED}
    assert all("given up after 0.1 CPU seconds" in str(one.proof) for one in removed)
