"""What a run prints of its items and rules, `contracts rules` lists and explains."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts import flows
from contracts.document import load_spec
from contracts.notte.prose import prose_rules
from contracts.report.forms.catalogue import explained, explained_json
from contracts.rules import RULE_KINDS, RuleBook, rules_for
from contracts.rules.requests import OF_CLIENTS

from .projects import TEST_MODULE, Project, document, operation
from .test_gate import GATE

SPEC = Path(__file__).parents[2] / "spec"
WHOLE: dict[str, Any] = {
    "type": "object",
    "required": ["thing_id"],
    "additionalProperties": False,
    "properties": {
        "thing_id": {"type": "string", "minLength": 1},
        "kind": {"const": "thing"},
        "status": {"enum": ["a", "b"]},
        "at": {"type": "string", "format": "date-time"},
        "code": {"type": "string", "pattern": "^[a-z]{1,5}$"},
        "tags": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        "part": {"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]},
        "pet": {
            "oneOf": [{"$ref": "#/components/schemas/A"}, {"type": "null"}],
            "discriminator": {"propertyName": "a"},
        },
    },
}


def with_every_kind() -> dict[str, Any]:
    made = operation("get_thing", WHOLE)
    made["responses"]["200"]["headers"] = {
        "X-Next": {"required": True, "schema": {"type": "string"}},
        "ETag": {"required": True, "schema": {"type": "string", "pattern": '^"[a-z]{3}"$'}},
        "Last-Modified": {"schema": {"type": "string"}},
        "X-Page": {"content": {"application/json": {"schema": {"type": "integer"}}}},
    }
    made["responses"]["404"]["content"] = {"application/json": {"schema": {"properties": {"why": {"writeOnly": True}}}}}
    made["parameters"] = [{"name": "page", "in": "query", "schema": {"type": "integer"}}]
    made["responses"]["422"] = {"description": "not allowed"}
    own = {"type": "object", "properties": {"thing_id": {"type": "integer", "readOnly": True}}}
    put = operation("put_thing", own, requestBody={"required": True, "content": {"application/json": {"schema": own}}})
    put["responses"]["422"] = {"description": "not allowed"}
    found = document(get=made, put=put)
    found["paths"]["/things/{thing_id}"]["parameters"][0]["x-identifies"] = True
    listed = {"total": {"type": "integer"}, "items": {"type": "array", "items": WHOLE}}
    things = document("things", get=operation("list_things", {"type": "object", "properties": listed}))
    queries = {"limit": {"type": "integer"}, "cursor": {"type": "string"}, "status": {"enum": ["a", "b"]}}
    queries["sort"] = {"enum": ["at", "-at"]}
    listed["next_cursor"] = {"type": "string"}
    things["paths"]["/things/{things}"]["get"]["parameters"] = [
        {"name": name, "in": "query", "schema": schema} for name, schema in queries.items()
    ]
    things["paths"]["/things/{things}"]["get"]["responses"]["422"] = {"description": "not allowed"}
    del things["paths"]["/things/{things}"]["parameters"]
    found["paths"]["/things"] = things["paths"]["/things/{things}"]
    found["components"]["schemas"] = {"A": {"type": "object", "required": ["a"]}}
    part = document("part", get=operation("get_part", {"type": "object", "properties": {"id": {"type": "string"}}}))
    found["paths"]["/parts/{part}"] = part["paths"]["/things/{part}"]
    found["paths"] |= with_lives()
    return found


def with_lives() -> dict[str, Any]:
    """Resources that are made, listed, read, changed and ended, each below another one."""
    item = {"type": "object", "properties": {"name": {"type": "string"}}}
    sent = {"required": True, "content": {"application/json": {"schema": item}}}
    match = [{"name": "If-Match", "in": "header", "schema": {"type": "string"}}]
    key = [{"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}]
    paths: dict[str, Any] = {}
    for name, above in (("box", ""), ("toy", "/boxes/{box}")):
        made, read, listed = (operation(f"{verb}_{name}", item) for verb in ("make", "read", "list"))
        changed = {"parameters": match, "requestBody": sent}
        put, patch = (operation(f"{verb}_{name}", item, **changed) for verb in ("put", "patch"))
        made["responses"]["201"] = {"description": "", "headers": {"Location": {"schema": {"type": "string"}}}}
        made |= {"parameters": key, "requestBody": sent}
        read["responses"]["200"]["headers"] = {"ETag": {"schema": {"type": "string", "pattern": '^"[a-z]{3}"$'}}}
        for one in (made, put, patch):
            one["responses"]["422"] = {"description": "not allowed"}
        gone = {"operationId": f"end_{name}", "responses": {"204": {"description": ""}}}
        own = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in ("box", name)]
        paths[f"{above}/{name}es"] = {"get": listed, "post": made, "parameters": own[:-1] * bool(above)}
        ways = {"get": read, "put": put, "patch": patch, "delete": gone}
        paths[f"{above}/{name}es/{{{name}}}"] = {**ways, "parameters": own[not above :]}
    return paths


@pytest.fixture(params=["every kind", "Notte"])
def book(request: pytest.FixtureRequest, project: Project) -> RuleBook:
    project.write(with_every_kind(), module=TEST_MODULE + GATE)
    if request.param == "Notte":
        for path in SPEC.iterdir():
            shutil.copy(path, project.folder / "spec")
    spec = load_spec(Path("spec", "notte.yaml"))
    return rules_for(spec, extra=prose_rules(spec))


def ids_of(project: Project) -> Iterator[str]:
    for line in project.run("--collect-only", "-q").lines:
        if "::" in line:
            yield line


def test_the_rules_are_those_that_a_run_judges(book: RuleBook, project: Project) -> None:
    judged = {verdict["rule"] for verdict in json.loads(report_of(project))["verdicts"]}
    assert {rule.id for rule in book.rules} == judged


def report_of(project: Project) -> str:
    project.run("-q")
    return (project.folder / "build" / "contract" / "report.json").read_text(encoding="utf-8")


def test_every_id_of_a_run_is_explained(book: RuleBook, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    read_once = SimpleNamespace(loads=cache(tomllib.loads))  # and not for each of the thousand ids
    monkeypatch.setattr("contracts.report.forms.catalogue.tomllib", read_once)
    ids = set(ids_of(project))
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 5)
    ids |= set(ids_of(project))
    monkeypatch.setattr("contracts.run.state.MAX_GROUPS", 1)
    ids |= set(ids_of(project))
    ids |= {rule.id for rule in book.rules}
    assert len(ids) > 2 * len(book.rules)
    explain = partial(explained_json, book, today=date(2026, 11, 24), asked=cache(partial(flows.asked_by, book.spec)))
    for name in ids:
        told = explain(name)
        assert all(told[key] for key in ("rule", "rules", "promise", "why", "causes", "accept", "asked_by"))
        assert told["asked_by"] != "nothing, on the mock", name
        assert all(map(str.isprintable, explained(told)))


def test_the_documents_have_rules_of_every_kind(book: RuleBook) -> None:
    kinds = {rule.kind for rule in book.rules}
    if "prose" not in kinds:
        assert kinds == RULE_KINDS.keys() - {"prose"} - OF_CLIENTS
