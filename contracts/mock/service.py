"""A document to a conforming service: a pure function from request to response, the same answer to the same request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from contracts.document import Header, Operation, ResponseSpec, Spec
from contracts.document.model import ABOUT_ACCESS, NOWHERE, concrete_status
from contracts.document.serialisation import Routes, match_path
from contracts.messages import Headers, Request, Response
from contracts.mock.bodies import Variant, dump, header_texts, variants_of
from contracts.mock.credentials import challenges, has_credential
from contracts.schemas.claims import claim_of
from contracts.schemas.validation import validator

CREDENTIAL = "mock-credential"
"""What the mock takes for the right credential; no real one ever reaches it."""

NO_CONTENT = frozenset({204, 205, 304})
_ABOUT_ACCESS = frozenset(map(str, ABOUT_ACCESS))
_PREFER = re.compile(r"\b(code|example)=(\d+)", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)


Refine = Callable[[Operation, int, Any], Any]
"""A body of an operation and status, to one that also keeps what is known of the domain."""


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
    _header_texts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def _routes(self) -> Routes:
        return Routes(operation.path for operation in self.spec.operations)

    def answer(self, request: Request) -> Response:
        """The response to a request; `Prefer: code=NNN, example=K` asks for a documented status and body."""
        response = self._answer(request)
        if self.clock is None:
            return response
        return replace(response, headers=(*response.headers, ("Date", self.clock)))

    def _answer(self, request: Request) -> Response:
        templates = self._routes.of(request.path)
        if not templates:
            return _plain(404, "no such path in the document")
        methods = (request.method, "GET") if request.method == "HEAD" else (request.method,)
        keys = [f"{method} {template}" for method in methods for template in templates]
        operation = next((self.spec.by_key[key] for key in keys if key in self.spec.by_key), None)
        if operation is None:
            return self._unlisted(templates, request)
        response = self._respond(operation, request)
        return Response(response.status, response.headers) if request.method == "HEAD" else response

    def variants(self, operation: Operation, response: ResponseSpec) -> tuple[Variant, ...]:
        """The bodies of a documented response, which together take every choice that its schema leaves.

        Empty if there can be none.
        """
        key = (operation.key, response.status)
        if key not in self._variants:
            found = variants_of(response)
            self._variants[key] = tuple(
                self._refined(operation, response, variant) for variant in found
            )
        return self._variants[key]

    def _refined(self, operation: Operation, response: ResponseSpec, variant: Variant) -> Variant:
        """The variant as its domain would have it, if the document allows that as well."""
        code = concrete_status(operation, response)
        if self.refine is None or variant.schema is None or code is None:
            return variant
        value = self.refine(operation, code, variant.value)
        if value is variant.value or not validator(variant.schema).is_valid(value):
            return variant
        return replace(variant, body=dump(value), value=value)

    def count_variants(self, operation: Operation, status: int) -> int:
        documented = operation.response(status)
        return len(self.variants(operation, documented)) if documented else 0

    def _unlisted(self, templates: tuple[str, ...], request: Request) -> Response:
        allowed = [
            operation.method for operation in self.spec.operations if operation.path in templates
        ]
        names = dict.fromkeys([*allowed, *(["HEAD"] if "GET" in allowed else []), "OPTIONS"])
        allow = ("Allow", ", ".join(names))
        if request.method == "OPTIONS":
            return Response(204, (allow,))
        return _plain(405, f"{request.method} is not in the document", allow)

    def _respond(self, operation: Operation, request: Request) -> Response:
        if not has_credential(operation, request, self.spec, CREDENTIAL):
            return self._refuse_credential(operation, request)
        wishes = {
            name: int(value) for name, value in _PREFER.findall(request.header("prefer") or "")
        }
        if (
            self._is_nowhere(operation, request)
            and (missing := operation.response(404)) is not None
        ):
            return self._documented(operation, missing, 404, request)
        code = wishes.get("code")
        if code is not None and (documented := operation.response(code)) is not None:
            return self._documented(operation, documented, code, request, wishes.get("example"))
        if not operation.responses:
            return Response(200)
        refusal = None if claim_of(operation, request).allowed else self._refusal(operation)
        found = refusal or self._success(operation)
        return (
            self._documented(operation, found[1], found[0], request, wishes.get("example"))
            if found
            else _unable()
        )

    def _is_nowhere(self, operation: Operation, request: Request) -> bool:
        raw = match_path(operation.path, request.path) or {}
        return any(unquote(value, errors="replace") in map(str, NOWHERE) for value in raw.values())

    def _refuse_credential(self, operation: Operation, request: Request) -> Response:
        documented = operation.response(401)
        if documented is None or not self.variants(operation, documented):
            return _plain(
                401, "the credential is missing or wrong", *challenges(operation, self.spec)
            )
        return self._documented(operation, documented, 401, request)

    def _success(self, operation: Operation) -> tuple[int, ResponseSpec] | None:
        """The first documented 2xx that has a body; where there is none `default`, then whatever is documented."""
        for response in sorted(operation.responses, key=_distance_from_success):
            code = concrete_status(operation, response, *range(200, 300))
            refused = operation.needs_credential and code in (401, 403)
            if code is not None and not refused and self.variants(operation, response):
                return code, response
        return None

    def _refusal(self, operation: Operation) -> tuple[int, ResponseSpec] | None:
        """The documented answer to a request that the document forbids: 422, 400, another 4xx, `default`, 404."""
        found = {response.status.lower(): response for response in operation.responses}
        others = [
            status for status in found if status.startswith("4") and status not in _ABOUT_ACCESS
        ]
        for status in ("422", "400", *others, "default", "404"):
            if (response := found.get(status)) is not None and self.variants(operation, response):
                code = concrete_status(operation, response, 422, 400)
                return (code, response) if code is not None else None
        return None

    def _documented(
        self,
        operation: Operation,
        documented: ResponseSpec,
        code: int,
        request: Request,
        example: int | None = None,
    ) -> Response:
        variants = self.variants(operation, documented)
        if not variants:
            return _unable()
        index = _digest(request) if example is None else example
        variant = variants[index % len(variants)]
        headers = self._headers(operation, documented, code, index)
        if code in NO_CONTENT or code < 200:
            return Response(code, headers)
        if variant.content_type is not None:
            headers = (("Content-Type", variant.content_type), *headers)
        return Response(
            code, headers, _echoed(variant, operation, request) if code < 300 else variant.body
        )

    def _headers(
        self, operation: Operation, documented: ResponseSpec, code: int, index: int
    ) -> Headers:
        challenge = challenges(operation, self.spec) if code == 401 else ()
        drawn = [
            (h.name, texts[index % len(texts)])
            for h in documented.headers
            if (texts := self._texts(h))
        ]
        return (
            *(pair for pair in drawn if not challenge or pair[0].lower() != "www-authenticate"),
            *challenge,
        )

    def _texts(self, header: Header) -> tuple[str, ...]:
        if header.pointer not in self._header_texts:
            self._header_texts[header.pointer] = header_texts(header)
        return self._header_texts[header.pointer]


def _distance_from_success(response: ResponseSpec) -> int:
    return {"2": 0, "d": 1, "D": 1, "1": 3}.get(response.status[0], 2)


def _echoed(variant: Variant, operation: Operation, request: Request) -> bytes:
    """The body with the path parameters of the request in the properties of the same name and type."""
    if not isinstance(variant.value, dict) or variant.schema is None:
        return variant.body
    value = dict(variant.value)
    for name, raw in (match_path(operation.path, request.path) or {}).items():
        if name in value:
            value[name] = _same_type(unquote(raw, errors="replace"), value[name])
    if value == variant.value or not validator(variant.schema).is_valid(value):
        return variant.body
    return dump(value)


def _same_type(text: str, example: Any) -> Any:
    if isinstance(example, int) and not isinstance(example, bool) and _INTEGER.fullmatch(text):
        return int(text)
    return text if isinstance(example, str) else example


def _digest(request: Request) -> int:
    return int.from_bytes(
        hashlib.sha256(f"{request.method} {request.target}".encode()).digest()[:4], "big"
    )


def _plain(status: int, message: str, *headers: tuple[str, str]) -> Response:
    return Response(
        status, (("Content-Type", "application/json"), *headers), dump({"message": message})
    )


def _unable() -> Response:
    return _plain(503, "nothing that the document allows can be answered")
