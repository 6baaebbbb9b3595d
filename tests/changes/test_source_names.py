"""What breaks source code that was generated, and no message: told once, as a remark unless it is asked for."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, ChangeSeverity, Effect
from contracts.decision.change_decision import AUDIENCES, ChangePolicy, decide_changes
from tests.changes.editing import Tree, spec_from

COLOR = {"type": "string", "enum": ["red", "green", "blue"], "x-enum-varnames": ["RED", "GREEN", "BLUE"]}
PARAMETERS = [
    {"name": "first", "in": "query", "schema": {"type": "string"}},
    {"name": "second", "in": "query", "schema": {"enum": [1, 2, 3]}},
]
BASE: Tree = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "tags": ["things"],
                "parameters": PARAMETERS,
                "responses": {
                    "200": {
                        "description": "ok",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    }
                },
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "title": "Thing",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string"},
                    "color": COLOR,
                    "next": {"$ref": "#/components/schemas/Thing"},
                },
            },
            "Unused": {"type": "integer", "maximum": 7},
        }
    },
}
THING = ("components", "schemas", "Thing")
GET = ("paths", "/things", "get")


def changed(*path: Any, to: Any) -> list[Change]:
    """What is found where one value of the document is another."""
    revision = copy.deepcopy(BASE)
    node: Any = revision
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = to
    return list(compare(spec_from(BASE, "base.json"), spec_from(revision, "revision.json")))


@pytest.mark.parametrize(
    ("changes", "kind", "where", "words"),
    [
        (changed(*GET, "operationId", to="get"), "operation-id-changed", "GET /things", "listThings became get"),
        (changed(*GET, "tags", to=["others"]), "tag-changed", "GET /things", "things became others"),
        (changed(*GET, "tags", to=[]), "tag-changed", "GET /things", "things became none"),
        (
            changed(*GET, "parameters", to=PARAMETERS[::-1]),
            "parameter-order-changed",
            "GET /things",
            "query first, query second became query second, query first",
        ),
        (
            changed(*GET, "parameters", 1, "schema", "enum", to=[1, 3, 2]),
            "enum-order-changed",
            "GET /things query second",
            "1, 2, 3 became 1, 3, 2",
        ),
        (changed(*THING, "title", to="Item"), "title-changed", "schemas/Thing", "Thing became Item"),
        (
            changed(*THING, "properties", "color", "x-enum-varnames", to=["RED", "GREEN", "AZURE"]),
            "enum-names-changed",
            "schemas/Thing /color",
            "RED, GREEN, BLUE became RED, GREEN, AZURE",
        ),
    ],
)  # fmt: skip
def test_it_is_a_remark_and_for_generated_code_it_is_loud(
    changes: list[Change], kind: str, where: str, words: str
) -> None:
    (found,) = changes
    assert (found.id, found.where, found.effect) == (kind, where, Effect.COMPATIBLE)
    assert words in found.message
    plain, loud = (decide_changes(changes, ChangePolicy(audience=audience)) for audience in (None, "sdk"))
    assert (plain.judged[0].severity, plain.exit_code) == (ChangeSeverity.INFO, 0)
    assert loud.judged[0].severity is AUDIENCES["sdk"][kind]
    assert loud.exit_code == (loud.judged[0].severity is ChangeSeverity.ERROR)


def test_a_value_that_came_moves_no_other() -> None:
    color = {"enum": ["red", "new", "green", "blue"], "x-enum-varnames": ["RED", "NEW", "GREEN", "BLUE"]}
    changes = changed(*THING, "properties", "color", to={"type": "string", **color})
    assert [change.id for change in changes] == ["enum-widened"]


def test_a_property_that_is_required_now_is_louder_for_generated_code() -> None:
    (found,) = changed(*THING, "required", to=["id", "color"])
    severities = [ChangePolicy(audience=audience).judged(found).severity for audience in (None, "sdk")]
    assert (found.id, severities) == ("property-required", [ChangeSeverity.INFO, ChangeSeverity.WARNING])


def test_what_breaks_messages_is_not_made_quieter() -> None:
    (found,) = changed(*THING, "required", to=[])
    assert found.effect is Effect.BREAKING
    assert ChangePolicy(audience="sdk").judged(found).severity is ChangeSeverity.ERROR


def test_a_given_severity_counts_above_the_audience() -> None:
    (found,) = changed(*THING, "title", to="Item")
    policy = ChangePolicy(severities={"title-changed": ChangeSeverity.INFO}, audience="sdk")
    assert policy.judged(found).severity is ChangeSeverity.INFO


def test_documents_without_components_are_compared() -> None:
    base = {**BASE, "components": {}}
    base["paths"] = {"/things": {"get": {**BASE["paths"]["/things"]["get"], "responses": {"204": {"description": ""}}}}}
    revision = copy.deepcopy(base)
    del base["components"], revision["components"]
    revision["paths"]["/things"]["get"]["tags"] = ["others"]
    (found,) = compare(spec_from(base, "base.json"), spec_from(revision, "revision.json"))
    assert found.id == "tag-changed"
