"""A token endpoint on loopback, and tokens of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

from contracts.document import Spec
from contracts.exchanges import Client
from contracts.exchanges.grants import grants_from
from contracts.exchanges.tokens import Tokens
from contracts.messages import Probe, Request
from tests.exchanges.documents import spec_of
from tests.run.projects import serving

VARIABLE = "CONTRACT_CREDENTIAL_SIGN_IN"
USER = {"CONTRACT_USER_SIGN_IN": "ann", "CONTRACT_PASSWORD_SIGN_IN": "pa55 word/1"}
CLIENT = {"CONTRACT_CLIENT_ID_SIGN_IN": "the app", "CONTRACT_CLIENT_SECRET_SIGN_IN": "s3cret:&/1"}
BASE = "http://127.0.0.1:9/v1"


def document(*scopes: str, **flows: str) -> Spec:
    """A document with a scheme that has flows with these token URLs; an operation wants one scope, another all."""
    flow = {name: {"tokenUrl": url, "scopes": {}} for name, url in flows.items()}
    schemes = {"sign-in": {"type": "oauth2", "flows": flow}, "key": {"type": "http", "scheme": "bearer"}}
    responses = {"200": {"description": "fine"}}
    paths = {}
    for number, wanted in enumerate((scopes[:1], scopes)):
        security = [{"sign-in": list(wanted)}, {"key": []}]
        paths[f"/{number}"] = {"get": {"responses": responses, "security": security}}
    return spec_of(paths, components={"securitySchemes": schemes})


@dataclass
class Endpoint:
    """Answers for tokens, and for what is asked with them; each token is another one."""

    life: Any = 3600
    answers: list[tuple[int, Any]] = field(default_factory=list)  # in place of tokens, the first first
    expired: set[str] = field(default_factory=set)
    asked: list[tuple[Mapping[str, str], dict[str, list[str]]]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)  # of requests that are not for tokens

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        if not line.startswith("POST /v1/token"):
            self.shown.append(fields.get("authorization", ""))
            return reply(401 if self.shown[-1] in self.expired else 200, {"seen": self.shown[-1]})
        self.asked.append((fields, parse_qs(body.decode())))
        if self.answers:
            return reply(*self.answers.pop(0))
        token = {"access_token": f"token-{len(self.asked):04}", "token_type": "Bearer", "expires_in": self.life}
        return reply(200, {**token, "refresh_token": "refresh-0815"})

    @property
    def forms(self) -> list[dict[str, list[str]]]:
        return [form for _, form in self.asked]


def reply(status: int, said: Any) -> bytes:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    head = (
        f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {len(body)}"
    )
    return head.encode() + b"\r\n\r\n" + body


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def tokens_of(
    endpoint: Endpoint, environ: Mapping[str, str], spec: Spec | None = None, **headers: str
) -> Iterator[tuple[Tokens, Clock, str]]:
    clock = Clock()
    with serving(endpoint) as url:
        spec = spec or document(password="token", clientCredentials="token")
        grants = grants_from(spec, spec.operations, f"{url}/v1", tuple(headers.items()), environ)
        yield Tokens(grants, now=clock), clock, url


def token(tokens: Tokens) -> str:
    return tokens.current([VARIABLE])[VARIABLE].reveal()


@contextmanager
def asking(endpoint: Endpoint) -> Iterator[tuple[Client, Clock]]:
    spec = document(password="token")
    with tokens_of(endpoint, USER, spec) as (tokens, clock, url):
        spec = replace(spec, variables={"sign-in": VARIABLE}, shared=False)
        client = Client(spec, f"{url}/v1", None, tokens=tokens)
        yield client, clock
        client.close()


PROBE = Probe("GET /0", Request("GET", "/0"))
