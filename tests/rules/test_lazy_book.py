"""Rules are made of the operations that somebody asks about, and of no other."""

import json
from pathlib import Path

import pytest

from contracts.document import read_spec
from contracts.rules import answers_of, rules_for

DONE = {"responses": {"204": {"description": ""}}}
PATHS = {"/a": {"get": DONE, "put": DONE}, "/b": {"get": DONE}}
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": PATHS}


def test_rules_are_made_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def noted(spec: object, operation: object) -> list[object]:
        made.append(operation)
        return []

    monkeypatch.setattr("contracts.rules.requests.allow_rules", noted)
    book = rules_for(read_spec(json.dumps(DOCUMENT).encode(), path="x", folder=Path()))
    assert ([*book.operations], len(book.operations), "GET /b" in book.operations) == (
        ["GET /a", "PUT /a", "GET /b"],
        3,
        True,
    )
    assert made == []
    assert book.operations["PUT /a"] is book.operations["PUT /a"]
    assert made == [book.spec.by_key["PUT /a"]]
    assert "GET /c" not in book.operations
    assert book.operations.get("GET /c") is None


def test_unlisted_methods_are_of_the_first_operation_of_a_path() -> None:
    book = rules_for(read_spec(json.dumps(DOCUMENT).encode(), path="x", folder=Path()))
    assert [key for key, rules in book.operations.items() if rules.unlisted] == ["GET /a", "GET /b"]


TEXT = {"description": "", "content": {"text/plain": {}}}
NAMED = {"X-Id": {"schema": {"type": "string", "minLength": 2}}}
OPEN = {"X-Id": {"schema": {"description": ""}}}


@pytest.mark.parametrize(
    "responses",
    [
        {"204": {"description": ""}},
        {"200": TEXT, "default": TEXT},
        {"202": {"description": "", "headers": NAMED}, "4XX": TEXT},
        {"302": {"description": "", "headers": OPEN}},
        {"302": {"description": "", "headers": {"X-Id": {"required": True, "schema": {"description": ""}}}}},
        {},
    ],
    ids=["nothing", "content", "a header that is bounded", "a header that is not", "one that must be there", "none"],
)
def test_names_of_answers_are_those_of_their_rules(responses: dict[str, object]) -> None:
    document = {**DOCUMENT, "paths": {"/a": {"get": {"responses": responses}}}}
    book = rules_for(read_spec(json.dumps(document).encode(), path="x", folder=Path()))
    (operation,) = book.spec.operations
    rules = book.operations[operation.key].rules
    assert sorted(answers_of(operation)) == sorted({rule.answer for rule in rules})
