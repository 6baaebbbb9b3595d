"""Answers of HTTP libraries and test clients, judged."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, unquote

import httpx
import httpx2
import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response as StarletteResponse
from starlette.routing import Route as StarletteRoute
from starlette.testclient import TestClient
from werkzeug.test import Client as WerkzeugClient
from werkzeug.wrappers import Response as WerkzeugResponse

from contracts.document import read_spec
from contracts.messages import header_values
from contracts.rules import RuleBook, rules_for
from contracts.testing import Contract, ContractViolation, load
from tests.service import raw_server

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
CONTENT = {"application/json": {"schema": SCHEMA}}
COOKIES = {"Set-Cookie": {"required": True, "schema": {"type": "string"}}}
THINGS: dict[str, Any] = {
    "/things/{id}": {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"responses": {"200": {"description": "", "content": CONTENT, "headers": COOKIES}}},
    },
    "/things/~new": {"get": {"responses": {"204": {"description": ""}}}},
}
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "Things", "version": "1"}, "paths": THINGS}
GET: dict[str, Callable[[str], Any]] = {"httpx2": httpx2.get, "httpx": httpx.get, "requests": requests.get}
Get = Callable[[str], Any]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return rules_for(read_spec(json.dumps(DOCUMENT).encode(), path="things.yaml", folder=Path()))


@pytest.fixture(scope="module")
def service_url() -> Iterator[str]:
    """A service that answers with the body that the query holds."""

    def script(request: bytes) -> bytes:
        target = request.split(b" ")[1]
        body = unquote(target.partition(b"?")[2].decode()).encode()
        fields = "Content-Type: application/json\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close"
        return f"HTTP/1.1 200 OK\r\n{fields}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body

    with raw_server(script) as url:
        yield url


@pytest.fixture(params=GET, ids=str)
def get(request: pytest.FixtureRequest) -> Get:
    return GET[request.param]


def test_kept_contract_says_what_was_exercised(get: Get, service_url: str, book: RuleBook) -> None:
    judgement = Contract(book, service_url).judge(get(f'{service_url}/things/x?{{"id": "x"}}'))
    assert "GET /things/{id} 200 /id type" in judgement.exercised
    assert judgement.findings == []


def test_broken_contract_lists_every_broken_rule(get: Get, service_url: str, book: RuleBook) -> None:
    with pytest.raises(ContractViolation) as caught:
        Contract(book, service_url).judge(get(f'{service_url}/things/1?{{"id": 7}}'))
    first, *lines = str(caught.value).splitlines()
    assert first == f"GET {service_url}/things/1 breaks the contract:"
    assert lines[0].endswith("  GET /things/{id} 200 /id type")
    assert lines[1].startswith("  seen: /id is 7, of type integer; wanted: is of type string (JSON Schema")
    assert len(lines) == 2


def test_what_a_service_says_is_shown_on_its_line(service_url: str) -> None:
    answer = {"id": 7, "\x1b[31m\u202e\n": 1}
    with pytest.raises(ContractViolation) as caught:
        Contract(map_book()).judge(httpx2.get(f"{service_url}/maps?{quote(json.dumps(answer, ensure_ascii=False))}"))
    assert "/\\x1b[31m\\u202e\\n is 1, of type integer" in str(caught.value)
    assert [line for line in str(caught.value).splitlines() if not line.isprintable()] == []


def map_book() -> RuleBook:
    content = {"application/json": {"schema": {"additionalProperties": {"type": "string"}}}}
    paths = {"/maps": {"get": {"responses": {"200": {"description": "", "content": content}}}}}
    document = {"openapi": "3.1.0", "info": {"title": "Maps", "version": "1"}, "paths": paths}
    return rules_for(read_spec(json.dumps(document).encode(), path="maps.yaml", folder=Path()))


def test_advisory_is_no_violation(get: Get, service_url: str, book: RuleBook) -> None:
    judgement = Contract(book).judge(get(f'{service_url}/things/x?{{"id": "x", "id": "x"}}'))
    assert [finding.rule for finding in judgement.findings] == ["GET /things/{id} 200 unique names"]


@pytest.mark.parametrize("get", [httpx2.get, httpx.get], ids=["httpx2", "httpx"])
def test_field_that_comes_twice_is_two_fields(get: Get, service_url: str, book: RuleBook) -> None:
    judgement = Contract(book).judge(get(f'{service_url}/things/1?{{"id": "x"}}'))
    assert judgement.exchange.response is not None
    assert header_values(judgement.exchange.response.headers, "set-cookie") == ["a=1", "b=2"]


def test_literal_path_goes_before_a_template(service_url: str, book: RuleBook) -> None:
    """By its method; a status that either of them documents is one that the path may have."""
    judgement = Contract(book).judge(httpx2.get(f"{service_url}/things/~new?1"))
    assert {rule.partition(" /things/")[2].partition(" ")[0] for rule in judgement.exercised} == {"~new"}
    assert judgement.findings == []


def test_template_is_found_where_another_of_its_shape_has_other_methods(service_url: str) -> None:
    paths = {"/things/{name}": {"delete": {"responses": {"204": {"description": ""}}}}, **THINGS}
    spec = read_spec(json.dumps({**DOCUMENT, "paths": paths}).encode(), path="things.yaml", folder=Path())
    response = httpx2.get(f'{service_url}/things/x?{{"id": "x"}}')
    assert "GET /things/{id} 200 /id type" in Contract(rules_for(spec)).judge(response).exercised


@pytest.mark.parametrize("prefix", ["/v1", "/v1/", "/things"])
def test_prefix_of_the_base_url_is_not_the_documents(prefix: str, service_url: str, book: RuleBook) -> None:
    response = httpx2.get(f'{service_url}{prefix.rstrip("/")}/things/x?{{"id": "x"}}')
    assert Contract(book, f"{service_url}{prefix}").judge(response).exercised


def test_prefix_is_whole_segments(service_url: str, book: RuleBook) -> None:
    response = httpx2.get(f'{service_url}/things/x?{{"id": "x"}}')
    assert Contract(book, f"{service_url}/thin").judge(response).exercised


def test_operation_may_be_named(service_url: str, book: RuleBook) -> None:
    response = httpx2.get(f'{service_url}/elsewhere?{{"id": "x"}}')
    assert Contract(book).judge(response, operation="GET /things/{id}").exercised


@pytest.mark.parametrize("operation", [None, "PUT /things/{id}"])
def test_unknown_operation_is_a_lookup_error(operation: str | None, service_url: str, book: RuleBook) -> None:
    with pytest.raises(LookupError, match=r"the document has no operation .*; the nearest are GET /things"):
        Contract(book).judge(httpx2.get(f"{service_url}/thing/1"), operation=operation)


@pytest.mark.parametrize("get", [httpx2.get, httpx.get], ids=["httpx2", "httpx"])
def test_what_a_url_may_hide_is_not_shown(get: Get, service_url: str, book: RuleBook) -> None:
    with pytest.raises(ContractViolation) as caught:
        Contract(book).judge(get(f"{service_url.replace('//', '//user:secret@')}/things/1?secret"))
    assert "secret" not in str(caught.value)


def starlette_response(path: str, status: int, body: str, headers: dict[str, str]) -> Any:
    async def answer(request: StarletteRequest) -> StarletteResponse:
        return StarletteResponse(body, status, headers, "application/json")

    with TestClient(Starlette(routes=[StarletteRoute("/{path:path}", answer)])) as client:
        return client.get(path)


def werkzeug_response(path: str, status: int, body: str, headers: dict[str, str]) -> Any:
    def app(environ: Any, start: Any) -> Any:
        return WerkzeugResponse(body, status, headers, "application/json")(environ, start)

    return WerkzeugClient(app).get(path)


def other_response(path: str, status: int, body: str, headers: dict[str, str]) -> Any:
    request = SimpleNamespace(method="get", url=f"http://other{path}")
    fields = {**headers, "Content-Type": "application/json"}
    return SimpleNamespace(request=request, status_code=status, headers=fields, content=body.encode())


IN_PROCESS = pytest.mark.parametrize("made", [starlette_response, werkzeug_response, other_response])


@IN_PROCESS
def test_responses_of_test_clients_are_judged(made: Callable[..., Any], book: RuleBook) -> None:
    good = made("/things/x?a=1", 200, '{"id": "x"}', {"Set-Cookie": "a=1"})
    assert "GET /things/{id} 200 /id type" in Contract(book).judge(good).exercised
    with pytest.raises(ContractViolation, match=r"GET http://\w+/things/x breaks the contract:"):
        Contract(book).judge(made("/things/x", 200, '{"id": 7}', {"Set-Cookie": "a=1"}))


@IN_PROCESS
@pytest.mark.parametrize("cookies", [{}, {"Set-Cookie": "a=1"}], ids=["none", "one"])
def test_fields_of_test_clients_are_seen(made: Callable[..., Any], cookies: dict[str, str], book: RuleBook) -> None:
    contract, response = Contract(book), made("/things/x", 200, '{"id": "x"}', cookies)
    if cookies:
        contract.judge(response)
    else:
        with pytest.raises(ContractViolation, match="200 header required Set-Cookie"):
            contract.judge(response)


@pytest.mark.parametrize("response", [None, "text", 200, SimpleNamespace(status_code=200)])
def test_what_is_no_response_is_a_type_error(response: Any, book: RuleBook) -> None:
    with pytest.raises(TypeError, match=r"this is no response, .* has no attribute 'request'; give one"):
        Contract(book).judge(response)


def test_an_operation_may_be_named_by_its_id_and_in_lower_case(book: RuleBook) -> None:
    contract = Contract(guarded_book())
    response = other_response("/elsewhere", 200, "{}", {})
    for operation in ("getThing", "get /things/{id}", "GET /things/{id}"):
        assert contract.judge(response, operation=operation).exercised


def guarded_book() -> RuleBook:
    """An operation with a credential, whose answer repeats the path parameter."""
    schema = {"type": "object", "properties": {"id": {"type": "string"}}}
    responses = {
        "200": {"description": "", "content": {"application/json": {"schema": schema}}},
        "401": {"description": ""},
    }
    parameters = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "x-identifies": True}]
    get = {"operationId": "getThing", "parameters": parameters, "security": [{"key": []}], "responses": responses}
    schemes = {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    document = {**DOCUMENT, "paths": {"/things/{id}": {"get": get}}, "components": schemes}
    return rules_for(read_spec(json.dumps(document).encode(), path="things.yaml", folder=Path()))


def test_a_refusal_that_a_test_asks_for_is_no_violation() -> None:
    refused = other_response("/things/x", 401, "", {"WWW-Authenticate": "Bearer"})
    assert Contract(guarded_book()).judge(refused).findings == []


def test_a_refusal_without_a_challenge_is_a_violation() -> None:
    with pytest.raises(ContractViolation, match="401 without WWW-Authenticate"):
        Contract(guarded_book()).judge(other_response("/things/x", 401, "", {}))


@pytest.mark.parametrize(("base", "prefix"), [(None, ""), ("http://other/v1", "/v1")])
def test_the_answer_is_about_what_was_asked_for(base: str | None, prefix: str) -> None:
    contract = Contract(guarded_book(), base)
    contract.judge(other_response(f"{prefix}/things/x", 200, '{"id": "x"}', {}))
    with pytest.raises(ContractViolation, match='"y", asked for "x"'):
        contract.judge(other_response(f"{prefix}/things/x", 200, '{"id": "y"}', {}))


def answered(**changes: Any) -> SimpleNamespace:
    asked = SimpleNamespace(method="GET", url="http://h/things/a1")
    about = {"request": asked, "status_code": 200, "headers": {"Content-Type": "application/json"}, "content": b"{}"}
    return SimpleNamespace(**{**about, **changes})


def test_a_contract_by_itself_shows_no_secret_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", "canary-1a2b3c4d")
    path = tmp_path / "things.json"
    path.write_text(json.dumps(DOCUMENT))
    body = {"id": 7, "canary-1a2b3c4d": 1, "cdp_url": "wss://h/dev/canary-5e6f", "again": "wss://h/dev/canary-5e6f"}
    with pytest.raises(ContractViolation) as caught:
        load(path).judge(answered(content=json.dumps(body).encode(), headers={"X-Key": "Canary-1A2B3C4D"}))
    assert "credential kept" in str(caught.value)
    assert "canary" not in str(caught.value).lower()


@pytest.mark.parametrize(
    "changes",
    [{"status_code": "x"}, {"content": "text"}, {"request": SimpleNamespace(method="GET", url="http://[::1")}],
)
def test_what_is_nearly_a_response_is_none(book: RuleBook, changes: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="this is no response"):
        Contract(book).judge(answered(**changes))
