"""What the document allows, as strategies: each is what judge and claim say it is; broken ones break one rule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, assume, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from contracts.document import read_spec
from contracts.document.serialisation import is_odd
from contracts.rules import rules_for
from contracts.schemas.claims import claim_of
from contracts.testing import Contract, ContractsError, ContractViolation, DrawnAnswer, DrawnRequest, load
from tests.payloads.test_random_schemas import SCHEMAS, compiles, schema_in

TEXT: dict[str, Any] = {"type": "string"}
ID = {"name": "id", "in": "path", "required": True, "schema": TEXT}
BOOK: dict[str, Any] = {
    "type": "object",
    "required": ["id", "title", "state"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "title": {"type": "string", "minLength": 1, "maxLength": 30},
        "state": {"type": "string", "enum": ["lent", "there"]},
        "kind": {"type": "string", "const": "book"},
        "isbn": {"type": "string", "pattern": "^[0-9]{13}$"},
        "pages": {"type": "integer", "minimum": 1, "maximum": 5000},
        "added": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": TEXT, "maxItems": 3, "uniqueItems": True},
        "note": {"type": ["string", "null"]},
        "secret": {"type": "string", "writeOnly": True},
        "size": {"type": "object", "additionalProperties": False, "properties": {"h": {"type": "number"}}},
        "owner": {"$ref": "#/components/schemas/Owner"},
    },
}
OWNER = {"oneOf": [{"type": "object", "required": ["a"]}, {"type": "object", "required": ["b"]}]}


def content(schema: Any, name: str = "application/json") -> dict[str, Any]:
    return {name: {"schema": schema}}


def answer(schema: Any, *, description: str = "", **more: Any) -> dict[str, Any]:
    return {"description": description, "content": content(schema), **more}


REF = {"$ref": "#/components/schemas/Book"}
NEVER = {"type": "integer", "minimum": 3, "maximum": 1}
LENGTH = {"Content-Length": {"required": True, "schema": {"type": "integer"}}}
LIMIT = {
    "X-Rate": {"required": True, "schema": {"type": "integer", "minimum": 0}},
    "X-Note": {"schema": TEXT},
    "X-Never": {"schema": NEVER},
}
QUERY = [
    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 50}},
    {"name": "state", "in": "query", "required": True, "schema": {"type": "string", "enum": ["lent", "there"]}},
    {"name": "tags", "in": "query", "schema": {"type": "array", "items": TEXT}},
    {
        "name": "filter",
        "in": "query",
        "style": "deepObject",
        "schema": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
    {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string", "format": "uuid"}},
    {"name": "X-Word", "in": "header", "schema": TEXT},
    {"name": "never", "in": "query", "explode": False, "schema": {"type": "array", "items": {"enum": ["a,b"]}}},
    {"name": "theme", "in": "cookie", "schema": {"type": "string", "enum": ["dark", "light"]}},
]
FORM = {"type": "object", "required": ["name"], "properties": {"name": TEXT, "age": {"type": "integer"}}}
FILE = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string", "format": "binary"}}}
PATHS: dict[str, Any] = {
    "/books": {
        "get": {
            "operationId": "listBooks",
            "parameters": QUERY,
            "responses": {
                "200": answer({"type": "array", "items": REF}, headers=LIMIT),
                "4XX": answer({"type": "object", "required": ["error"], "properties": {"error": TEXT}}),
                "default": {"description": "", "content": content(TEXT, "text/plain")},
            },
        },
        "post": {
            "requestBody": {"required": True, "content": content(REF)},
            "responses": {"201": answer(REF), "401": {"description": ""}, "405": {"description": ""}},
        },
    },
    "/books/{id}": {
        "parameters": [ID],
        "get": {"responses": {"200": answer(REF), "404": answer({"type": "object"})}},
        "put": {
            "requestBody": {"content": {**content(REF), **content(FORM, "application/x-www-form-urlencoded")}},
            "responses": {"204": {"description": ""}},
        },
        "head": {"responses": {"200": answer(REF)}},
    },
    "/books/search": {"get": {"responses": {"200": answer({"type": "array", "items": TEXT, "minItems": 1})}}},
    "/files": {
        "post": {
            "requestBody": {"required": True, "content": content(FILE, "multipart/form-data")},
            "responses": {"200": {"description": "", "content": content({"type": "integer"}, "application/x-ndjson")}},
        }
    },
    "/never": {
        "post": {
            "requestBody": {"required": True, "content": content({"type": "string", "minLength": 3, "maxLength": 1})},
            "responses": {"200": answer(NEVER)},
        }
    },
    "/m{m}/l{l}/{short}/{list}": {
        "get": {
            "parameters": [
                {**ID, "name": "m", "style": "matrix"},
                {
                    **ID,
                    "name": "l",
                    "style": "label",
                    "schema": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
                },
                {**ID, "name": "short", "schema": {"type": "string", "maxLength": 3}},
                {**ID, "name": "list", "schema": {"type": "array", "minItems": 1, "items": TEXT}},
                {"name": "json", "in": "query", "content": content({"type": "object", "required": ["k"]})},
                {"name": "X-List", "in": "header", "schema": {"type": "array", "items": TEXT}},
                {"name": "User-Agent", "in": "header", "required": True, "schema": {"type": "string", "const": "me"}},
                {"name": "c", "in": "cookie", "schema": {"type": "array", "items": TEXT}},
            ],
            "responses": {
                "200": answer({"type": "integer"}, headers=LENGTH),
                "206": {"description": "", "content": content(FORM, "multipart/form-data")},
            },
        },
    },
    "/plain": {"get": {"responses": {"204": {"description": ""}}}},
}
SCHEMES = {"key": {"type": "http", "scheme": "bearer"}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Books", "version": "1"},
    "security": [{"key": []}],
    "paths": PATHS,
    "components": {"schemas": {"Book": BOOK, "Owner": OWNER}, "securitySchemes": SCHEMES},
}


def contract_of(document: Any) -> Contract:
    return Contract(rules_for(read_spec(json.dumps(document).encode(), path="books.yaml", folder=Path())))


BOOKS = contract_of(DOCUMENT)
NOTTE = load(Path(__file__).parents[2] / "spec" / "notte.yaml")
quick = settings(max_examples=8, deadline=None, database=None, derandomize=True)
searched = settings(max_examples=500, deadline=None, database=None, phases=[Phase.generate], derandomize=True)

OPERATIONS = [(contract, key) for contract in (BOOKS, NOTTE) for key in contract.book.operations if "/never" not in key]
ANSWERS = [
    (contract, key, response.status)
    for contract, key in OPERATIONS
    for response in contract.book.operations[key].operation.responses
]


def named(value: Any) -> str | None:
    return value if isinstance(value, str) else ""


def claim_on(contract: Contract, drawn: DrawnRequest) -> Any:
    return claim_of(contract.book.operations[drawn.operation].operation, drawn)


def violated(contract: Contract, drawn: DrawnAnswer) -> list[str]:
    """The ids of the rules that an answer breaks."""
    with pytest.raises(ContractViolation) as caught:
        contract.judge(drawn)
    return [line.partition("  ")[2] for line in str(caught.value).splitlines()[1::2]]


@pytest.mark.parametrize(("contract", "operation", "status"), ANSWERS, ids=named)
def test_the_judge_takes_every_answer(contract: Contract, operation: str, status: str) -> None:
    @quick
    @given(contract.answers(operation, status))
    def judged(drawn: DrawnAnswer) -> None:
        contract.judge(drawn)
        assert contract.book.operations[operation].operation.response(drawn.status).status == status  # type: ignore[union-attr]

    judged()


@pytest.mark.parametrize(("contract", "operation", "status"), ANSWERS, ids=named)
def test_a_broken_answer_violates_its_rule_alone(contract: Contract, operation: str, status: str) -> None:
    @quick
    @given(contract.broken(operation, status))
    def judged(drawn: DrawnAnswer) -> None:
        assert violated(contract, drawn) == [drawn.breaks]

    judged()


@pytest.mark.parametrize(("contract", "operation"), OPERATIONS, ids=named)
def test_every_request_is_allowed_and_its_operations_own(contract: Contract, operation: str) -> None:
    @quick
    @given(contract.requests(operation))
    def claimed(drawn: DrawnRequest) -> None:
        assert claim_on(contract, drawn).allowed
        assert contract._operation(drawn.method, drawn.path) == operation
        assert not is_odd(operation.partition(" ")[2], drawn.path)

    claimed()


GONE = {"target": "$.paths['/plain']", "remove": True}
ODD = "GET /m{m}/l{l}/{short}/{list}"


def test_a_request_never_reaches_another_operation() -> None:
    names = {**ID, "schema": {"type": "string", "enum": ["new", "old"]}}
    done = {"responses": {"204": {"description": ""}}}
    paths = {"/shelf/{id}": {"get": {"parameters": [names], **done}}, "/shelf/new": {"get": done}}

    @quick
    @given(contract_of({**DOCUMENT, "paths": paths}).requests("GET /shelf/{id}"))
    def drawn(drawn: DrawnRequest) -> None:
        assert drawn.path == "/shelf/old"

    drawn()


@pytest.mark.parametrize("operation", ["GET /books", "POST /books", "PUT /books/{id}", "POST /files", ODD])
def test_a_broken_request_is_forbidden_for_one_reason(operation: str) -> None:
    @quick
    @given(BOOKS.broken(operation))
    def claimed(drawn: DrawnRequest) -> None:
        assert drawn.breaks == f"{operation} refused {claim_on(BOOKS, drawn).breaks}"
        assert drawn.breaks in BOOKS.book.operations[operation].by_id
        assert not is_odd(operation.partition(" ")[2], drawn.path)

    claimed()


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("required", "/ required "),
        ("type", " type"),
        ("nullability", " nullability"),
        ("enum", "/state enum"),
        ("const", "/kind const"),
        ("pattern", "/isbn pattern"),
        ("format", "/added format"),
        ("bounds", " bounds"),
        ("maxLength", "/title bounds"),
        ("minimum", "/pages bounds"),
        ("items", "/tags items"),
        ("uniqueItems", "/tags items"),
        ("additional properties", "/size additional properties"),
        ("union", "/owner union"),
        ("write-only property", "/ write-only property secret"),
        ("media type documented", " media type documented"),
        ("strict json", " strict json"),
        ("status documented", " status documented"),
    ],
)
def test_an_answer_is_broken_by_the_kind_that_is_named(kind: str, rule: str) -> None:
    @quick
    @given(BOOKS.broken("GET /books/{id}", 200, kind=kind))
    def judged(drawn: DrawnAnswer) -> None:
        assert f"{drawn.breaks} ".count(f"{rule} " if rule[-1] != " " else rule) == 1
        assert violated(BOOKS, drawn) == [drawn.breaks]

    judged()


def test_a_header_that_is_required_may_be_missing() -> None:
    @quick
    @given(BOOKS.broken("GET /books", 200, kind="header required"))
    def judged(drawn: DrawnAnswer) -> None:
        assert drawn.breaks == "GET /books 200 header required X-Rate"
        assert drawn.header("x-rate") is None

    judged()


@pytest.mark.parametrize(
    ("operation", "kind", "rule"),
    [
        ("POST /books", "required", "body required"),
        ("POST /books", "required", "body / required title"),
        ("POST /books", "type", "body /pages type"),
        ("POST /books", "enum", "body /state enum"),
        ("POST /books", "bounds", "body /title minLength"),
        ("POST /books", "minLength", "body /title minLength"),
        ("POST /books", "pattern", "body /isbn pattern"),
        ("POST /books", "content type", "body content type"),
        ("POST /books", "syntax", "body syntax"),
        ("GET /books", "required", "query state required"),
        ("GET /books", "bounds", "query limit maximum"),
        ("GET /books", "format", "header X-Trace format"),
        ("GET /books", "enum", "cookie theme enum"),
        ("PUT /books/{id}", "type", "body ;application/x-www-form-urlencoded /age type"),
    ],
)
def test_a_request_is_broken_by_the_kind_that_is_named(operation: str, kind: str, rule: str) -> None:
    drawn = find(
        BOOKS.broken(operation, kind=kind), lambda it: it.breaks.endswith(f" refused {rule}"), settings=searched
    )
    assert claim_on(BOOKS, drawn).breaks == rule


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: BOOKS.answers("GET /book", 200), "no operation GET /book; the nearest are GET /books"),
        (lambda: BOOKS.requests("createBook"), "no operation createBook; the nearest are"),
        (
            lambda: BOOKS.answers("GET /books/{id}", 418),
            r"books.yaml:1: GET /books/{id} has no answer 418; it has 200 application/json, 404 application/json",
        ),
        (lambda: BOOKS.answers("GET /books/{id}", "5XX"), "has no answer 5XX; it has"),
        (
            lambda: BOOKS.answers("GET /books/{id}", 200, media_type="text/csv"),
            "has no answer 200 text/csv; it has 200",
        ),
        (lambda: BOOKS.requests("POST /books", media_type="text/csv"), "no body text/csv; it has application/json"),
        (lambda: BOOKS.requests("GET /plain", media_type="text/csv"), "GET /plain has no body text/csv; it has none"),
        (
            lambda: BOOKS.broken("GET /books/{id}", 200, kind="nullable"),
            "what can be broken is additional properties, bounds, const, enum, format, items, media type documented,",
        ),
        (
            lambda: BOOKS.broken("POST /books", kind="additionalitems"),
            "what can be broken is additional properties, bounds, const, content type",
        ),
        (lambda: BOOKS.broken("GET /plain"), "GET /plain: what can be broken is nothing, and not any rule"),
    ],
)
def test_what_the_document_does_not_have_is_a_lookup_error(draw: Callable[[], Any], said: str) -> None:
    with pytest.raises(LookupError) as caught:
        draw()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: BOOKS.answers("POST /never", 200),
        lambda: BOOKS.requests("POST /never"),
        lambda: BOOKS.broken("POST /never"),
        lambda: BOOKS.broken("POST /never", 200),
    ],
)
def test_a_schema_that_nothing_satisfies_is_a_value_error(draw: Callable[[], Any]) -> None:
    with pytest.raises(ValueError, match=r"^books.yaml:1: POST /never: nothing that it describes can be made: "):
        draw()


def test_what_is_made_within_a_test_is_made_when_it_is_drawn() -> None:
    @settings(max_examples=1, database=None)
    @given(st.data())
    def drawn(data: DataObject) -> None:
        strategy = BOOKS.answers("POST /never", 200)
        with pytest.raises(ValueError, match="nothing that it describes can be made"):
            data.draw(strategy)

    drawn()


def test_a_head_of_an_answer_has_no_body() -> None:
    @quick
    @given(BOOKS.answers("HEAD /books/{id}"))
    def judged(drawn: DrawnAnswer) -> None:
        assert drawn.body == b""

    judged()


def test_statuses_are_numbers_ranges_or_default() -> None:
    def codes(status: int | str) -> set[int]:
        found: set[int] = set()

        @settings(max_examples=25, database=None, deadline=None)
        @given(BOOKS.answers("GET /books", status))
        def judged(drawn: DrawnAnswer) -> None:
            found.add(drawn.status)

        judged()
        return found

    assert codes(200) == codes("200") == codes("2xx") == {200}
    assert codes(418) == {418}
    assert codes(500) == {500}
    assert {code // 100 for code in codes("4XX")} == {4}
    assert {code // 100 for code in codes("default")} == {5}
    assert {code // 100 for code in codes("*")} == {2, 4, 5}


def test_a_direction_leaves_out_what_it_does_not_have() -> None:
    @quick
    @given(BOOKS.answers("GET /books/{id}", 200), BOOKS.requests("POST /books"))
    def judged(drawn: DrawnAnswer, sent: DrawnRequest) -> None:
        assert "secret" not in drawn.json()
        assert "id" not in sent.json()

    judged()


def test_an_answer_is_about_the_resource_that_was_asked_for() -> None:
    @quick
    @given(BOOKS.answers("GET /books/{id}", 200))
    def judged(drawn: DrawnAnswer) -> None:
        assert drawn.request.path == f"/books/{drawn.json()['id']}"

    judged()


def test_what_is_plain_comes_first() -> None:
    drawn = find(BOOKS.answers("GET /books/{id}", 200), lambda it: it.json().get("pages", 0) > 90, settings=quick)
    assert drawn.json().keys() == {"id", "title", "state", "pages"}
    assert len(drawn.json()["title"]) == len(drawn.json()["id"]) == 1


def test_a_seed_draws_the_same_again() -> None:
    def drawn_with(number: int) -> list[DrawnAnswer]:
        found = []

        @seed(number)
        @settings(max_examples=10, database=None, phases=[Phase.generate])
        @given(BOOKS.answers("GET /books", 200))
        def noted(drawn: DrawnAnswer) -> None:
            found.append(drawn)

        noted()
        return found

    assert drawn_with(1) == drawn_with(1) != drawn_with(2)


@settings(max_examples=10, database=None)  # and the deadline that Hypothesis sets
@given(st.data())
def test_drawing_within_a_test_has_no_deadline_to_meet(data: DataObject) -> None:
    drawn = data.draw(BOOKS.answers("listBooks", 200))
    sent = data.draw(BOOKS.requests("POST /books"))
    broken = data.draw(BOOKS.broken("GET /books/{id}", 200, kind="required"))
    assert (drawn.status, sent.method, broken.breaks.split()[4]) == (200, "POST", "required")


RANDOM = settings(
    max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@RANDOM
@given(SCHEMAS, SCHEMAS, st.data())
def test_random_schemas_keep_the_laws(x: Any, y: Any, data: DataObject) -> None:
    assume(compiles(schema_in(x, y)))
    parameters = [{"name": "q", "in": "query", "schema": {"$ref": "#/components/schemas/Y"}}]
    body = content({"$ref": "#/components/schemas/X"})
    operation = {"parameters": parameters, "requestBody": {"content": body}}
    paths = {"/any": {"post": {**operation, "responses": {"200": {"description": "", "content": body}}}}}
    contract = contract_of({**DOCUMENT, "paths": paths, "components": {"schemas": {"X": x, "Y": y}}, "security": []})
    with suppress(ValueError):  # nothing satisfies it, as another test says
        sent = data.draw(contract.requests("POST /any"))
        assert claim_on(contract, sent).allowed
        with suppress(LookupError):
            sent = data.draw(contract.broken("POST /any"))
            assert sent.breaks == f"POST /any refused {claim_on(contract, sent).breaks}"
        contract.judge(data.draw(contract.answers("POST /any", 200)))
        broken = data.draw(contract.broken("POST /any", 200))
        assert violated(contract, broken) == [broken.breaks]


async def echo(request: StarletteRequest) -> Response:
    told = {"path": request.url.path, "query": request.url.query, "body": (await request.body()).decode()}
    return JSONResponse({**told, "theme": request.cookies.get("theme"), "trace": request.headers.get("x-trace")})


@pytest.fixture(scope="module")
def app() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])) as client:
        yield client


def test_a_request_arrives_as_it_was_drawn(app: TestClient) -> None:
    @quick
    @given(BOOKS.requests("GET /books"))
    def sent(drawn: DrawnRequest) -> None:
        seen = drawn.send(app).json()
        assert seen == app.request(**drawn.kwargs).json()
        assert (seen["path"], seen["query"]) == (drawn.path, drawn.query)
        assert (seen["theme"], seen["trace"]) == (drawn.cookies.get("theme"), drawn.header("x-trace"))

    sent()


def test_a_session_of_requests_gets_its_own_words() -> None:
    with requests.Session() as session:
        session.request = lambda method, url, headers, data: (method, url, json.loads(data))  # type: ignore[assignment, method-assign, misc]
        drawn = find(BOOKS.requests("POST /books"), bool, settings=searched)
        assert drawn.send(session, "http://books/v1/") == ("POST", "http://books/v1/books", drawn.json())


def test_the_document_of_the_project_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "books.json").write_text(json.dumps(DOCUMENT))
    overlay = {"overlay": "1.0.0", "info": {"title": "", "version": ""}, "actions": [GONE]}
    (tmp_path / "later.json").write_text(json.dumps(overlay))
    lines = ('contract_spec = "docs/books.json"', 'contract_overlay = ["later.json"]', 'base_url = "http://books/v1"')
    (tmp_path / "pyproject.toml").write_text("\n".join(["[tool.pytest.ini_options]", *lines]))
    monkeypatch.chdir(tmp_path / "docs")
    contract = load()
    assert "GET /plain" not in contract.book.operations
    assert contract.base_url == "http://books/v1"
    assert "GET /plain" in load("books.json").book.operations


@pytest.mark.parametrize("path", ["missing.yaml", None])
def test_a_document_that_is_not_there_is_named(
    path: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ContractsError, match=path or "there is no openapi"):
        load(path)


def test_a_body_arrives_as_it_was_drawn(app: TestClient) -> None:
    @quick
    @given(BOOKS.requests("POST /books"))
    def sent(drawn: DrawnRequest) -> None:
        assert json.loads(drawn.send(app).json()["body"]) == drawn.json()

    sent()
