"""Schemas that nobody can keep: their rules are made, the mock answers or says that it can't, a comparison ends."""

import pytest

from contracts.changes import compare
from contracts.errors import DocumentError
from contracts.mock.bodies import variants_of
from contracts.rules import rules_for
from contracts.schemas.locations import locate
from tests.documents import spec_from

from .schemas import LONG, SCHEMAS, STRING, document

REFUSED = {"maxLength -1", "arrays 500 deep"}


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
