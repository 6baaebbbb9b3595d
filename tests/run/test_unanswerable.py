"""What the mock can't answer is said with the place of the schema; other answers, and operations, go on."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.mock import MockService
from tests.exchanges.documents import answered, spec_of

from .projects import Project

NONE = {"type": "string", "minLength": 5, "maxLength": 2}
ODD = {"type": "object", "required": ["x"], "properties": {"x": {"type": "string", "pattern": "[a-z"}}}
FINE = {"type": "integer"}


def service(responses: dict[str, Any], **fields: Any) -> MockService:
    return MockService(
        spec_of({"/a": {"get": {"responses": responses, **fields}}}, components={"schemas": {"Odd": ODD}})
    )


@pytest.mark.parametrize("schema", [NONE, ODD, {"$ref": "#/components/schemas/Odd"}, {"not": {}}, False])
def test_a_schema_that_no_body_has_is_named_with_its_place(schema: Any) -> None:
    mock = service({"200": answered(schema), "400": answered(FINE)})
    (operation,) = mock.spec.operations
    (why,) = mock.lacking(operation).values()
    assert why.startswith("the mock can't answer so, small.json:1: no application/json can be made: ")
    assert mock.mute(operation) == ""


@pytest.mark.parametrize(
    ("responses", "is_mute"),
    [
        ({"200": answered(NONE)}, True),
        ({"200": answered(NONE), "404": answered(ODD)}, True),
        ({"200": answered(NONE), "404": answered(FINE)}, False),
        ({"200": answered(NONE), "204": {"description": "nothing"}}, False),
        ({}, False),
    ],
)
def test_an_operation_is_mute_when_nothing_of_it_can_be_answered(responses: dict[str, Any], is_mute: bool) -> None:
    mock = service(responses or {"default": {"description": "x"}})
    assert bool(mock.mute(mock.spec.operations[0])) is is_mute


def document(**schemas: Any) -> dict[str, Any]:
    paths = {f"/{name}": {"get": {"responses": {"200": answered(schema)}}} for name, schema in schemas.items()}
    return {"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": paths}


def test_a_run_goes_on_where_the_mock_is_mute_and_says_why(project: Project) -> None:
    project.write(document(odd=ODD, fine=FINE))
    run = project.run("-q")
    whys = {rule: verdict["why"] for rule, verdict in run.verdicts.items() if verdict["outcome"] == "not_exercised"}
    assert whys
    assert all(rule.startswith("GET /odd ") for rule in whys)
    assert all(why.startswith("the mock can't answer so, spec/notte.yaml:") for why in whys.values())
    assert (run.code, run.report["decision"], run.report["summary"]["unavailable"]) == (0, "pass", 0)
    assert run.report["statuses"].keys() <= {"200", "204", "405"}


def test_a_run_that_the_mock_answers_nothing_of_is_no_pass(project: Project) -> None:
    project.write(document(odd=NONE))
    run = project.run("-q")
    assert run.report["decision"] == "inconclusive"
    assert run.report["reasons"][0].startswith("nothing was sent: the mock can't answer so, spec/notte.yaml:")
    assert "unavailable" not in run.lines[-1]


def test_rules_of_an_answer_that_the_mock_lacks_say_where(project: Project) -> None:
    tree = document(odd=FINE)
    tree["paths"]["/odd"]["get"]["responses"] |= {"404": answered(ODD)}
    project.write(tree)
    verdicts = project.run("-q").verdicts
    whys = {verdict["why"] for rule, verdict in verdicts.items() if rule.startswith("GET /odd 404 ")}
    assert all(why.startswith("the mock can't answer so, spec/notte.yaml:") for why in whys)
    assert verdicts["GET /odd 200 / type"]["outcome"] == "holds"
