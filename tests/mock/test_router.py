"""The suite's own client reaches the mock, and the mock alone, with everything as it was sent."""

from __future__ import annotations

import contextlib
import socket

import pytest

from contracts.exchanges import Client, Secret
from contracts.messages import Exchange, Probe, Request
from contracts.mock import CREDENTIAL, MockService, serving
from tests.exchanges.documents import answered, one_operation, parameter

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
SPEC, OPERATION = one_operation(
    parameters=[parameter("id", {"type": "string"})],
    responses={
        "200": answered(SCHEMA, headers={"X-A": {"schema": {"enum": ["a", "b"]}}}),
        "302": {"description": "", "headers": {"Location": {"schema": {"const": "http://["}}}},
        "204": {"description": ""},
    },
    security=[{"key": []}],
    components={"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
)


def ask(target: str = "/things/1", method: str = "GET", *fields: tuple[str, str], source: str = "fuzz") -> Exchange:
    probe = Probe(OPERATION.key, Request(method, target, fields), source=source)
    with (
        serving(MockService(SPEC)) as url,
        contextlib.closing(Client(SPEC, url, Secret(CREDENTIAL), sleepless=True)) as client,
    ):
        return client.send(probe, 0)


@pytest.mark.parametrize("text", ["a%2Fb", "a%2fb", "%00", "%FF", "..%2F.", "a%20b"])
def test_the_raw_path_arrives(text: str) -> None:
    exchange = ask(f"/things/{text}")
    assert exchange.response is not None
    answer = MockService(SPEC).answer(Request("GET", f"/things/{text}", (("Authorization", f"Bearer {CREDENTIAL}"),)))
    assert exchange.response.status == answer.status
    assert exchange.response.body == answer.body.replace(CREDENTIAL.encode(), b"$CONTRACT_CREDENTIAL")
    assert exchange.response.headers[: len(answer.headers)] == answer.headers


def test_header_fields_arrive() -> None:
    exchange = ask("/things/1", "GET", ("Prefer", "code=204"), ("X-Odd", "caf\xe9"), source="status")
    assert exchange.response is not None
    assert (exchange.response.status, exchange.response.body) == (204, b"")


def test_a_location_that_leads_nowhere_is_an_answer() -> None:
    exchange = ask("/things/1", "GET", ("Prefer", "code=302"), source="status")
    assert exchange.response is not None
    assert exchange.response.header("location") == "http://["


@pytest.mark.parametrize("method", ["HEAD", "POST", "PURGE"])
def test_every_method_arrives(method: str) -> None:
    exchange = ask(method=method)
    assert exchange.response is not None
    assert exchange.response.status == (200 if method == "HEAD" else 405)


def test_no_request_leaves_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *args: pytest.fail("connected"))
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    exchange = ask()
    assert exchange.response is not None
    assert exchange.response.status == 200


def test_afterwards_requests_go_out_again() -> None:
    ask()
    client = Client(SPEC, "http://127.0.0.1:1", None, sleepless=True)
    exchange = client.send(Probe(OPERATION.key, Request("GET", "/")), 0)
    client.close()
    assert exchange.failure is not None
