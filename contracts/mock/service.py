"""A document to a conforming service: a pure function from request to response, the same answer to the same request."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import httpx
import pytest_httpx2  # noqa: F401  registers httpcore2 with respx
import respx

from contracts.document import Operation, ResponseSpec, SecurityScheme, Spec
from contracts.document.model import ABOUT_ACCESS, NOWHERE, concrete_status
from contracts.document.serialisation import Routes, match_path, raw_values
from contracts.messages import REFUSALS, Headers, Request, Response, header_values
from contracts.mock.bodies import Variant, dump, header_texts, variants_of
from contracts.schemas.claims import claim_of
from contracts.schemas.locations import json_type
from contracts.schemas.validation import validator

BASE_URL = "http://mock"
CREDENTIAL = "mock-credential"
"""What the mock takes for the right credential; no real one ever reaches it."""

NO_CONTENT = frozenset({204, 205, 304})
_PREFER = re.compile(r"\b(code|example)=(\d+)", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)

Refine = Callable[[Operation, int, Any], Any]
"""A body of an operation and status, to one that also keeps what is known of the domain."""


@contextmanager
def serving(service: MockService) -> Iterator[str]:
    """While entered, httpx2 requests to the yielded base URL reach the mock, and no request reaches the network."""

    def handle(request: httpx.Request) -> httpx.Response:
        target = request.extensions.get("target", request.url.raw_path).decode("ascii")
        headers = [
            (key.decode("latin-1"), value.decode("latin-1")) for key, value in request.headers.raw
        ]
        asked = Request(request.method, target, tuple(headers), request.content or None)
        response = service.answer(asked)
        raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in response.headers]
        return httpx.Response(response.status, headers=raw, content=response.body)

    with respx.mock(using="httpcore2", assert_all_called=False, assert_all_mocked=True) as router:
        router.route().mock(side_effect=handle)
        yield BASE_URL


@dataclass(frozen=True, eq=False)
class MockService:
    """Answers requests as the document says, and nothing else.

    Where it can't, because no body satisfies the documented schema, it answers 503, which says nothing about the
    contract.

    Args:
        refine: makes bodies believable in their domain.
        clock: the Date field of every answer; a clock that stands still, so that answers stay the same.
    """

    spec: Spec
    refine: Refine | None = None
    clock: str | None = None
    _variants: dict[tuple[str, str], tuple[Variant, ...]] = field(default_factory=dict)

    @cached_property
    def _routes(self) -> Routes:
        return Routes(operation.path for operation in self.spec.operations)

    def answer(self, request: Request) -> Response:
        """The response to a request; `Prefer: code=NNN, example=K` asks for a documented status and body."""
        response = self._routed(request)
        if self.clock is None:
            return response
        return replace(response, headers=(*response.headers, ("Date", self.clock)))

    def variants(self, operation: Operation, response: ResponseSpec) -> tuple[Variant, ...]:
        """The bodies of a documented response, which together take every choice that its schema leaves.

        Empty if there can be none.
        """
        key = (operation.key, response.status)
        if key not in self._variants:
            code = concrete_status(operation, response)
            self._variants[key] = tuple(
                self._refined(operation, code, variant) for variant in variants_of(response)
            )
        return self._variants[key]

    def _refined(self, operation: Operation, code: int | None, variant: Variant) -> Variant:
        """The variant as its domain would have it, if the document allows that as well."""
        if self.refine is None or code is None:
            return variant
        return _with_value(variant, self.refine(operation, code, variant.value))

    def count_variants(self, operation: Operation, status: int) -> int:
        documented = operation.response(status)
        return len(self.variants(operation, documented)) if documented else 0

    def _routed(self, request: Request) -> Response:
        templates = self._routes.of(request.path)
        if not templates:
            return _plain(404, "no such path in the document")
        methods = {"HEAD": ["HEAD", "GET"]}.get(request.method, [request.method])
        for method, template in itertools.product(methods, templates):
            if operation := self.spec.by_key.get(f"{method} {template}"):
                response = self._respond(operation, request)
                return replace(response, body=b"") if request.method == "HEAD" else response
        allowed = [other.method for other in self.spec.operations if other.path in templates]
        if "GET" in allowed:
            allowed.append("HEAD")
        allow = ("Allow", ", ".join(dict.fromkeys([*allowed, "OPTIONS"])))
        if request.method == "OPTIONS":
            return Response(204, (allow,))
        return _plain(405, f"{request.method} is not in the document", allow)

    def _respond(self, operation: Operation, request: Request) -> Response:
        """The first that applies: 401, 404 for what nobody has, what is preferred, a refusal, a success."""
        wishes = dict(_PREFER.findall(request.header("prefer") or ""))
        code, example = int(wishes.get("code", 0)), wishes.get("example")
        values = (match_path(operation.path, request.path) or {}).values()
        nowhere = any(unquote(value, errors="replace") in map(str, NOWHERE) for value in values)
        refused, missing = operation.response(401), operation.response(404)
        preferred = operation.response(code) if code else None
        if not has_credential(operation, request, self.spec, CREDENTIAL):
            if refused is not None and self.variants(operation, refused):
                return self._documented(operation, refused, 401, request)
            message = "the credential is missing or wrong"
            return _plain(401, message, *challenges(operation, self.spec))
        if nowhere and missing is not None:
            return self._documented(operation, missing, 404, request)
        if preferred is not None:
            return self._documented(operation, preferred, code, request, example)
        if not operation.responses:
            return Response(200)
        found = None
        if not claim_of(operation, request).allowed:
            found = self._refusal(operation)
        found = found or self._success(operation)
        return self._documented(operation, *found, request, example) if found else _unable()

    def _success(self, operation: Operation) -> tuple[ResponseSpec, int] | None:
        """The first documented 2xx that has a body; where there is none `default`, then whatever is documented."""
        for response in sorted(operation.responses, key=_distance_from_success):
            code = concrete_status(operation, response, *range(200, 300))
            refused = operation.needs_credential and code in REFUSALS
            if code is not None and not refused and self.variants(operation, response):
                return response, code
        return None

    def _refusal(self, operation: Operation) -> tuple[ResponseSpec, int] | None:
        """The documented answer to a request that the document forbids: 422, 400, another 4xx, `default`, 404."""
        found = {response.status.lower(): response for response in operation.responses}
        others = [s for s in found if s.startswith("4") and s not in map(str, ABOUT_ACCESS)]
        for status in ("422", "400", *others, "default", "404"):
            if (response := found.get(status)) is not None and self.variants(operation, response):
                code = concrete_status(operation, response, 422, 400)
                return None if code is None else (response, code)
        return None

    def _documented(
        self,
        operation: Operation,
        documented: ResponseSpec,
        code: int,
        request: Request,
        example: str | None = None,
    ) -> Response:
        variants = self.variants(operation, documented)
        if not variants:
            return _unable()
        index = _digest(request) if example is None else int(example)
        variant, headers = (
            variants[index % len(variants)],
            self._headers(operation, documented, code, index),
        )
        if code in NO_CONTENT or code < 200:
            return Response(code, headers)
        if variant.content_type is not None:
            headers = (("Content-Type", variant.content_type), *headers)
        if code < 300:
            variant = _echoed(variant, operation, request)
        return Response(code, headers, variant.body)

    def _headers(
        self, operation: Operation, documented: ResponseSpec, code: int, index: int
    ) -> Headers:
        challenge = challenges(operation, self.spec) if code == 401 else ()
        drawn = []
        for header in documented.headers:
            texts = header_texts(header)
            if texts and not (challenge and header.name.lower() == "www-authenticate"):
                drawn.append((header.name, texts[index % len(texts)]))
        return (*drawn, *challenge)


def _distance_from_success(response: ResponseSpec) -> int:
    return {"2": 0, "d": 1, "D": 1, "1": 3}.get(response.status[0], 2)


def _echoed(variant: Variant, operation: Operation, request: Request) -> Variant:
    """The body with the path parameters of the request in the properties of the same name and type."""
    if not isinstance(variant.value, dict):
        return variant
    value = dict(variant.value)
    for name, raw in (match_path(operation.path, request.path) or {}).items():
        text, example = unquote(raw, errors="replace"), value.get(name)
        if isinstance(example, str):
            value[name] = text
        elif json_type(example) == "integer" and _INTEGER.fullmatch(text):
            value[name] = int(text)
    return _with_value(variant, value)


def _with_value(variant: Variant, value: Any) -> Variant:
    """The variant with another value, if its schema allows that as well."""
    unchanged = value is variant.value or value == variant.value
    if variant.schema is None or unchanged or not validator(variant.schema).is_valid(value):
        return variant
    return replace(variant, body=dump(value), value=value)


def _digest(request: Request) -> int:
    digest = hashlib.sha256(f"{request.method} {request.target}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _plain(status: int, message: str, *headers: tuple[str, str]) -> Response:
    content_type = ("Content-Type", "application/json")
    return Response(status, (content_type, *headers), dump({"message": message}))


def _unable() -> Response:
    return _plain(503, "nothing that the document allows can be answered")


# --- credentials ---


def has_credential(operation: Operation, request: Request, spec: Spec, credential: str) -> bool:
    """True if one alternative of the operation's security is satisfied, or none is asked for."""
    asked = False
    for schemes in _alternatives(operation, spec):
        # No request shows a client's certificate.
        shown = [scheme for scheme in schemes if scheme.type != "mutualTLS"]
        keys: list[bool] = []
        others: list[bool] = []
        for scheme in shown:
            kind = keys if scheme.type == "apiKey" else others
            kind.append(credential in _presented(scheme, request))
        # Of those that want the one Authorization field, any (RFC 9110 §11.6.2).
        if shown and all(keys) and (any(others) or not others):
            return True
        asked = asked or bool(shown)
    return not asked or not operation.needs_credential


def _alternatives(operation: Operation, spec: Spec) -> list[list[SecurityScheme]]:
    return [
        [spec.security_schemes[name] for name, _ in alternative]
        for alternative in operation.security
    ]


def _presented(scheme: SecurityScheme, request: Request) -> list[str]:
    """What a request presents as the credential of a scheme."""
    if scheme.type == "apiKey":
        cookies = "; ".join(header_values(request.headers, "cookie"))
        pairs = {"query": (request.query, "&"), "cookie": (cookies, ";")}.get(scheme.location)
        if pairs is None:
            return header_values(request.headers, scheme.name)
        return list(map(unquote, raw_values(*pairs, scheme.name)))
    wanted = scheme.scheme if scheme.type == "http" else "bearer"
    found = []
    for value in header_values(request.headers, "authorization"):
        name, _, text = value.partition(" ")
        if name.lower() == wanted:
            found.append(_user(text) if wanted == "basic" else text.strip())
    return found


def _user(value: str) -> str:
    try:
        return base64.b64decode(value).decode().removesuffix(":")
    except ValueError:
        return ""


def challenges(operation: Operation, spec: Spec) -> Headers:
    """What a 401 must say (RFC 9110 §15.5.2): the schemes that the operation takes, each once."""
    schemes = itertools.chain.from_iterable(_alternatives(operation, spec))
    words = dict.fromkeys(map(_challenge, schemes)) or {"Bearer": None}
    return tuple(("WWW-Authenticate", word) for word in words)


def _challenge(scheme: SecurityScheme) -> str:
    names = {"http": scheme.scheme.capitalize(), "apiKey": "ApiKey", "mutualTLS": "Mutual"}
    word = names.get(scheme.type, "Bearer")
    return f'{word} realm="mock"' if word in ("Basic", "Digest") else word
