"""Schemas that refer to each other: rules, bodies and changes grow with their number, not with the ways there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from contracts.changes import compare
from contracts.document import Spec, read_spec
from contracts.mock.bodies import variants_of
from contracts.rules.plan import Plan
from contracts.schemas.locations import MAX_PLACES, locate
from contracts.verdicts import judge_body, tally
from tests.documents import document, plan_of, short, spec_from


def to(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


LINKS: dict[str, Callable[[str], dict[str, Any]]] = {
    "plain": to,
    "list": lambda name: {"type": "array", "items": to(name)},
    "nullable": lambda name: {"type": ["object", "null"], "allOf": [to(name)]},
    "expandable": lambda name: {"anyOf": [{"type": "string", "maxLength": 20}, to(name)]},
    "map": lambda name: {"type": "object", "additionalProperties": to(name)},
}


def mesh(size: int, link: str = "plain", identity: Any = None) -> dict[str, Any]:
    """The components: each refers to all of the others."""
    found: dict[str, Any] = {}
    for number in range(size):
        others = {f"n{other}": LINKS[link](f"N{other}") for other in range(size) if other != number}
        properties = {"id": {"type": "string"}, **others}
        found[f"N{number}"] = {"type": "object", "required": ["id"], "properties": properties}
    if identity is not None:
        found[f"N{size - 1}"]["properties"]["id"] = identity
    return found


def ladder(size: int) -> dict[str, Any]:
    """Components that refer twice to the next: twice as many ways with each of them."""
    found: dict[str, Any] = {f"N{size}": {"type": "object", "required": ["id"]}}
    for number in range(size):
        found[f"N{number}"] = {"properties": {"a": to(f"N{number + 1}"), "b": to(f"N{number + 1}")}}
    return found


def plan(components: dict[str, Any]) -> Plan:
    return plan_of(to("N0"), components=components)


def broken(of: Plan, body: Any) -> list[tuple[str, str | None]]:
    return [(short(finding.rule), finding.instance) for finding in judge_body(of, body).findings]


def exercised_on_the_mock(components: dict[str, Any]) -> set[str]:
    """The rules about the body that none of the mock's bodies exercises."""
    spec = spec_from(document(to("N0"), components=components))
    of = plan(components)
    judgements = [judge_body(of, variant.value) for variant in variants_of(spec.operations[0].responses[0])]
    assert not [finding for judgement in judgements for finding in judgement.findings]
    return {short(verdict.rule) for verdict in tally(of.rules, judgements) if not verdict.exercised}


@pytest.mark.parametrize("link", LINKS)
def test_rules_grow_with_the_schemas(link: str) -> None:
    few, many = len(plan(mesh(8, link)).rules), len(plan(mesh(16, link)).rules)
    assert few < many <= 4.5 * few


def test_rules_of_a_ladder_grow_with_its_rungs() -> None:
    assert len(plan(ladder(40)).rules) <= 3 * len(plan(ladder(20)).rules)


@pytest.mark.parametrize("components", [mesh(3), mesh(8), mesh(12, "list"), mesh(9, "expandable"), ladder(14)])
def test_the_mock_exercises_every_rule(components: dict[str, Any]) -> None:
    assert exercised_on_the_mock(components) == set()


def test_a_few_schemas_have_a_rule_at_each_place() -> None:
    of = plan(mesh(4))
    assert {"/n1/id type", "/n1/n2/id type", "/n1/n2/n3/id type", "/n3/n2/n1/id type"} <= {*map(short, of.rules)}
    assert broken(of, {"id": "a", "n1": {"id": "b", "n2": {"id": "c", "n3": {"id": 4}}}}) == [
        ("/n1/n2/n3/id type", "/n1/n2/n3/id")
    ]


def test_many_have_theirs_where_they_stand_first_for_wherever_they_stand() -> None:
    of = plan(mesh(8))
    rules = {short(rule): rule.promise for rule in of.rules}
    assert rules["/n3/id type"] == "is of type string, wherever N3 stands"
    assert "/n1/n3/id type" not in rules
    assert broken(of, {"id": "a", "n1": {"id": "b", "n2": {"id": "c", "n3": {"id": 4}}}}) == [
        ("/n3/id type", "/n1/n2/n3/id")
    ]


def test_what_repeats_on_its_own_path_is_judged_by_the_rules_above() -> None:
    node = {"type": "object", "properties": {"id": {"type": "string"}, "kids": {"type": "array", "items": to("N0")}}}
    of = plan({"N0": node})
    assert broken(of, {"kids": [{"kids": [{"id": 1}]}]}) == [("/id type", "/kids/0/kids/0/id")]
    assert "is of type string, wherever N0 stands" in [rule.promise for rule in of.rules]


def test_what_stands_elsewhere_with_more_beside_it_has_rules_of_its_own() -> None:
    strict = {"allOf": [to("N0"), {"required": ["id"]}]}
    of = plan({"N0": {"type": "object", "properties": {"id": {"type": "string"}, "next": strict}}})
    assert broken(of, {"next": {"id": "a", "next": {}}}) == [("/next required id", "/next/next")]
    assert broken(of, {}) == []


def test_a_body_as_deep_as_can_be_read_is_judged() -> None:
    of = plan({"N0": {"type": "object", "properties": {"next": to("N0"), "id": {"type": "string"}}}})
    body: dict[str, Any] = {"id": 1}
    for _ in range(900):
        body = {"next": body}
    judgement = judge_body(of, body)
    assert judgement.defects == {}
    assert judgement.findings


@pytest.mark.parametrize("first", [{"type": "integer"}, to("N1")], ids=["itself", "another"])
def test_a_union_that_leads_back_to_itself_at_one_place_is_read(first: Any) -> None:
    loop = {"anyOf": [{"type": "string"}, to("N0"), first]}
    of = plan({"N0": loop, "N1": {"oneOf": [to("N0"), {"type": "boolean"}]}})
    assert judge_body(of, "a").findings == []
    assert judge_body(of, {}).defects == {}


def test_what_may_be_null_is_judged_where_it_repeats() -> None:
    kid = {"anyOf": [to("N0"), {"type": "null"}]}
    of = plan({"N0": {"type": "object", "properties": {"id": {"type": "string"}, "kid": kid}}})
    assert broken(of, {"kid": {"kid": {"id": 1, "kid": None}}}) == [("/kid/id type", "/kid/kid/id")]


def test_an_ordinary_body_has_a_place_for_each_way() -> None:
    person = {"type": "object", "properties": {"name": {"type": "string"}}}
    twice = {"properties": {"author": to("Person"), "owner": to("Person")}}
    of = plan({"N0": twice, "Person": person})
    assert {"/author/name type", "/owner/name type"} <= {*map(short, of.rules)}


def test_bounds_are_those_of_places() -> None:
    wide = {"properties": {f"p{number}": {"type": "string"} for number in range(MAX_PLACES)}}
    root = locate(plan({"N0": wide}).schema)
    assert root.atlas.shares
    assert len(list(root.below)) == MAX_PLACES


@pytest.mark.parametrize("link", LINKS)
def test_one_edit_of_a_mesh_is_one_change(link: str) -> None:
    def spec(identity: Any) -> Spec:
        text = json.dumps(document(to("N0"), components=mesh(6, link, identity))).encode()
        return read_spec(text, path="x.json", folder=None)

    changes = compare(spec({"type": "string"}), spec({"type": "integer"}))
    assert [(change.id, change.where, change.effect) for change in changes] == [
        ("type-changed", "schemas/N5 /id", "breaking")
    ]
    assert not compare(spec({"type": "string"}), spec({"type": "string"}))
