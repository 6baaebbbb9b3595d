"""Schemas that nobody can keep: their rules are made, the mock answers or says that it can't, a comparison ends."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.document.dialects import unread
from contracts.errors import DocumentError
from contracts.mock.bodies import variants_of
from contracts.payloads.languages import text_between
from contracts.rules import rules_for
from contracts.schemas import allowance
from contracts.schemas.locations import locate
from contracts.schemas.readings import MOST
from tests.documents import spec_from

from .schemas import LONG, REFUSED, SCHEMAS, STRING, document


@pytest.mark.parametrize("name", sorted(SCHEMAS.keys() - LONG))
def test_rules_bodies_and_changes_of_it_come_to_an_end(name: str) -> None:
    if name in REFUSED:
        with pytest.raises(DocumentError, match=r"^things\.json:"):
            spec_from(document(SCHEMAS[name]))
        return
    spec = spec_from(document(SCHEMAS[name]))
    book, ordinary = rules_for(spec), spec_from(document(STRING))
    assert {rule.place for rule in book.rules} >= {"/value"} or "recursion" in name
    ((response,),) = (operation.responses for operation in spec.operations)
    assert all(len(variant.body) < 1_000_000 for variant in variants_of(response))
    assert compare(ordinary, spec)
    assert compare(spec, ordinary)


WITHIN: dict[str, Callable[[int], dict[str, Any]]] = {
    "properties": lambda most: {"type": "object", "properties": {f"p{n}": STRING for n in range(most)}},
    "prefixItems": lambda most: {"type": "array", "prefixItems": [STRING] * most},
    "patternProperties": lambda most: {"patternProperties": {f"^p{n}": STRING for n in range(most)}},
    "allOf": lambda most: {"allOf": [{"minProperties": n} for n in range(most)]},
    "references": lambda most: {"prefixItems": [{"$ref": "#/components/schemas/Recursive"}] * most},
    "levels": lambda most: {
        "type": "object",
        "properties": {f"p{n}": {"properties": {f"q{m}": STRING for m in range(9)}} for n in range(-(-most // 10))},
    },
}
"""Schemas with so many schemas in them."""


@pytest.mark.parametrize("name", WITHIN)
def test_a_schema_that_holds_too_much_is_read_as_anything(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In both of two documents, else nothing is said of a change there."""
    monkeypatch.setattr(unread, "MOST_WITHIN", 50)
    small, large, other = (spec_from(document(WITHIN[name](count))) for count in (40, 60, 80))
    assert not small.notices
    assert {rule.place for rule in rules_for(small).rules} - {None, "/", "/value"} or name == "allOf"
    place = "/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/properties/value"
    said = f": {place} holds more than 50 schemas: read as if anything may stand there; give what"
    assert said in "\n".join(map(str, large.notices))
    assert not large.document.at(place)
    assert {rule.place for rule in rules_for(large).rules} <= {None, "/", "/value"}
    assert not compare(large, spec_from(document(WITHIN[name](60))))
    for sides in ((large, other), (small, large), (large, small)):
        changes = compare(*sides)
        undecided = [change.id for change in changes if change.effect is Effect.UNDECIDED]
        assert undecided.count("unread-changed") == 3
        assert Effect.BREAKING not in {change.effect for change in changes}


def test_a_schema_that_is_led_into_is_read_whatever_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_WITHIN", 50)
    value = document(WITHIN["properties"](60))
    below = "#/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/properties/value/properties/p7"
    value["components"]["schemas"]["Seven"] = {"$ref": below}
    spec = spec_from(value)
    assert len(spec.notices) == 2
    assert {rule.place for rule in rules_for(spec).rules} >= {"/value/p7", "/value/p59"}


BEYOND: dict[str, dict[str, Any]] = {
    "required": {"type": "object", "required": [f"v{n}" for n in range(16)]},
    "allOf": {"allOf": [{"minProperties": n} for n in range(16)]},
    "anyOf": {"anyOf": [{**STRING, "pattern": f"^a{n}"} for n in range(16)]},
    "oneOf": {"oneOf": [{**STRING, "pattern": f"^a{n}"} for n in range(16)]},
    "properties": {"type": "object", "properties": {f"p{n}": STRING for n in range(16)}},
    "dependentRequired": {"type": "object", "dependentRequired": {f"p{n}": ["q"] for n in range(16)}},
    "dependentSchemas": {"type": "object", "dependentSchemas": {f"p{n}": {"minProperties": n} for n in range(16)}},
    "patternProperties": {"type": "object", "patternProperties": {f"^p{n}_": STRING for n in range(16)}},
}
"""One member more than is compared where that is fifteen."""


COMBINED = {"dependentRequired", "dependentSchemas", "patternProperties"}


def test_two_thousand_members_are_compared() -> None:
    assert set(MOST) == set(BEYOND)
    for name, most in MOST.items():
        assert most == (100 if name in COMBINED else 2_000)


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_comparing_is_undecided_and_says_what(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless a message shows that it breaks; also beside a change that breaks, whose message would have to hold it."""
    monkeypatch.setattr(allowance, "_LIMITED", False)  # none of it takes so long that it has to be done apart
    for keyword in MOST:
        monkeypatch.setitem(MOST, keyword, 15)
    schema, why = BEYOND[name], f"16 members of {name}, 15"
    small, large = spec_from(document(STRING)), spec_from(document(schema))
    for sides in ((small, large), (large, small)):
        changes = [change for change in compare(*sides) if change.id == "schema-changed"]
        undecided = [change for change in changes if change.witness is None]
        assert {change.effect for change in undecided} == {Effect.UNDECIDED}
        assert all(f"{why} at most" in str(change.proof) for change in undecided)
    both = {"type": "object", "required": ["large"], "properties": {"large": schema, "size": STRING}}
    other = {**both, "required": ["large", "size"]}
    assert "property-required" in {
        change.id for change in compare(spec_from(document(both)), spec_from(document(other)))
    }


def test_long_lists_of_values_are_told_apart_one_by_one() -> None:
    """Though the engine takes the square of them, or has no difference where they are no scalars."""
    values = [["x" * 1_000, number] for number in range(55)]
    sides = ({"enum": [*values[1:], 1]}, {"enum": [*values, 1.0]})
    change = next(iter(compare(*(spec_from(document(side)) for side in sides))))
    assert (change.id, change.effect) == ("enum-widened", Effect.BREAKING)
    assert change.witness
    assert change.witness.message["body"] == {"value": values[0]}


def test_patterns_of_too_many_states_are_not_compared_as_languages() -> None:
    pattern = SCHEMAS["pattern of 2^17 states"]["pattern"]
    with pytest.raises(ValueError, match="no answer in 200,000 steps"):
        text_between([pattern], [f"({pattern})x?"])
    assert text_between(["^(a|b)*a(a|b){4}$"], ["^(a|b)*$"]) is None


def test_a_property_is_looked_for_where_it_is_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in each of many schemas, or many properties take the square of that."""
    parts = [{"type": "object", "properties": {f"p{number}": STRING}} for number in range(100)]
    spec = spec_from(document({"allOf": parts}))
    asked: list[str] = []
    members = type(
        locate(next(iter(rules_for(spec).operations[next(iter(spec.by_key))].plans.values())).schema).parts[0]
    )
    real = members.members

    def counted(part: object, name: str) -> object:
        asked.append(name)
        return real(part, name)  # type: ignore[arg-type]

    monkeypatch.setattr(members, "members", counted)
    plan = next(iter(rules_for(spec).operations[next(iter(spec.by_key))].plans.values()))
    assert len(list(plan.rules)) > 200
    assert len(asked) < 500


def test_every_file_of_attacks_is_counted_by_the_bench() -> None:
    bench = Path(__file__).parents[2] / "bench" / "attack.py"
    sections = set(re.findall(r'": "(test_\w+\.py)"', bench.read_text(encoding="utf-8")))
    assert sections == {path.name for path in Path(__file__).parent.glob("test_*.py")}
