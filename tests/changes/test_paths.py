"""A concrete path of one side is compared with the template of the other that takes its requests."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.document import Spec
from tests.exchanges.documents import answered, parameter, spec_of

TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
USER = {"type": "object", "required": ["name"], "properties": {"name": TEXT}}
ANONYMOUS = {"type": "object", "properties": {"name": TEXT}}
BREAKING, COMPATIBLE = Effect.BREAKING, Effect.COMPATIBLE


def get(schema: Any, *parameters: Any) -> dict[str, Any]:
    return {"get": {"parameters": list(parameters), "responses": {"200": answered(schema)}}}


def one(schema: Any, of: Any = TEXT, *more: Any, **fields: Any) -> dict[str, Any]:
    return {"/users/{id}": get(schema, parameter("id", of, **fields), *more)}


def me(schema: Any, *more: Any) -> dict[str, Any]:
    return {"/users/me": get(schema, *more)}


def found(base: dict[str, Any], revision: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(change.effect, change.id, change.where) for change in compare(spec_of(base), spec_of(revision))]


QUERY = parameter("q", TEXT, "query", required=True)
ADDED = (COMPATIBLE, "operation-added", "GET /users/me")
REMOVED = (BREAKING, "operation-removed", "GET /users/me")


@pytest.mark.parametrize(
    ("base", "revision", "told"),
    [
        pytest.param(one(USER), one(USER) | me(USER), [ADDED], id="added, with the same messages"),
        pytest.param(
            one(USER),
            one(USER) | me(ANONYMOUS),
            [(BREAKING, "property-optional", "GET /users/{id} 200 /name"), ADDED],
            id="added, with other answers",
        ),
        pytest.param(
            one(USER),
            one(USER) | me(USER, QUERY),
            [(BREAKING, "parameter-added", "GET /users/me query q"), ADDED],
            id="added, with a query that is wanted",
        ),
        pytest.param(one(USER, NUMBER), one(USER, NUMBER) | me(ANONYMOUS), [ADDED], id="added, which no id can be"),
        pytest.param(
            one(USER, {"enum": ["me", "you"]}),
            one(USER, {"enum": ["me", "you"]}) | me(ANONYMOUS),
            [(BREAKING, "property-optional", "GET /users/{id} 200 /name"), ADDED],
            id="added, which one id is",
        ),
        pytest.param(one(USER, style="label"), one(USER, style="label") | me(ANONYMOUS), [ADDED], id="another style"),
        pytest.param(one(USER) | me(USER), one(USER), [], id="removed, with the same messages"),
        pytest.param(me(USER), one(USER), [(COMPATIBLE, "operation-added", "GET /users/{id}")], id="made a template"),
        pytest.param(
            one(ANONYMOUS) | me(USER),
            one(ANONYMOUS),
            [(BREAKING, "property-optional", "GET /users/me 200 /name")],
            id="removed, with other answers",
        ),
        pytest.param(
            one(USER, TEXT, QUERY) | me(USER),
            one(USER, TEXT, QUERY),
            [(BREAKING, "parameter-added", "GET /users/{id} query q")],
            id="removed, with a query that is wanted",
        ),
        pytest.param(one(USER, NUMBER) | me(USER), one(USER, NUMBER), [REMOVED], id="removed, which no id can be"),
        pytest.param(
            one(USER) | {"/users/me": {**me(USER)["/users/me"], "put": get(USER)["get"]}},
            one(USER) | {"/users/me": {"put": get(USER)["get"]}},
            [REMOVED],
            id="removed beside another method",
        ),
    ],
)
def test_a_concrete_path_beside_a_template(base: Any, revision: Any, told: list[Any]) -> None:
    assert sorted(found(base, revision)) == sorted(told)


def test_a_path_may_be_concrete_in_part() -> None:
    ids = [parameter(name, TEXT) for name in ("a", "b")]
    base = {"/x/{a}/{b}": get(USER, *ids)}
    revision = base | {"/x/{c}/fixed": get(ANONYMOUS, parameter("c", NUMBER))}
    told = {change.id: change for change in compare(spec_of(base), spec_of(revision))}
    assert told.keys() == {"type-changed", "property-optional", "operation-added"}
    witness = told["type-changed"].witness
    assert witness is not None
    assert (witness.operation, witness.message["path"]) == ("GET /x/{c}/fixed", "/x/a/fixed")


def test_an_operation_that_came_says_whose_requests_it_takes() -> None:
    spec: Spec = spec_of(one(USER) | me(USER))
    (change,) = compare(spec_of(one(USER)), spec)
    assert change.proof == "its requests were those of GET /users/{id}, with which it is compared"


@pytest.mark.parametrize("schema", [TEXT, NUMBER], ids=["added", "changed"])
def test_a_path_parameter_that_stands_in_no_path_is_in_no_message(schema: Any) -> None:
    ghost = parameter("ghost", TEXT, "path", required=True)
    other = parameter("ghost", schema, "path", required=True)
    before = [ghost] if schema is NUMBER else []
    assert found(one(USER, TEXT, *before), one(USER, TEXT, other)) == []


@pytest.mark.parametrize(("schema", "effect"), [(TEXT, COMPATIBLE), (NUMBER, BREAKING)], ids=["text", "number"])
def test_a_segment_of_a_path_is_sent_before_it_is_declared(schema: Any, effect: Effect) -> None:
    undeclared = {"/users/{id}": get(USER)}
    changes = found(undeclared, {"/users/{user}": get(USER, parameter("user", schema))})
    assert changes == [(effect, "parameter-added", "GET /users/{user} path user")]


def test_twins_that_differ_in_names_alone_are_held_against_themselves() -> None:
    twins = one(USER) | {"/users/{name}": get(ANONYMOUS, parameter("name", TEXT))}
    assert found(twins, twins) == []
    assert found(twins, dict(reversed(twins.items()))) == []
