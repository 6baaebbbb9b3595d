"""A document and a message in, whether a party that holds the document sends or takes it out; None means yes.

Naive on purpose, and without a line of `contracts.changes`: it judges the table of revisions and the gate's witnesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs
from jsonschema_rs import Draft202012, Registry, Validator

from contracts.changes.change import Direction
from contracts.document import MediaType, Operation, Parameter, ResponseSpec, Spec
from tests.changes import wire
from tests.changes.closing import sent, taken

Refusal = str | None
URN = "urn:judged"
ANY_CASE = re.IGNORECASE


@dataclass(frozen=True)
class Referee:
    """One party: it holds `spec` and sends or takes messages of `direction`.

    `whole_paths` tells that paths start with that of a server; else they may, or leave it out.
    """

    spec: Spec
    direction: Direction
    role: Literal["sender", "receiver"]
    whole_paths: bool = False
    compiled: dict[str, Validator] = field(default_factory=dict)

    @cached_property
    def tree(self) -> dict[str, Any]:
        return (sent if self.role == "sender" else taken)(self.spec.document, self.direction)

    @cached_property
    def registry(self) -> Registry:
        return Registry([(URN, self.tree)], draft=Draft202012)

    def refuses(self, message: Mapping[str, Any], operation: str) -> Refusal:
        """Why not; `operation` says where an answer comes from, a request says it itself."""
        if self.direction is Direction.RESPONSE:
            return self.refuses_response(message, operation)
        found = self.addressed(message)
        if found is None:
            return "no such operation"
        return credentials_missing(self.spec, found[0], message) or self.refuses_request(*found, message)

    def addressed(self, message: Mapping[str, Any]) -> tuple[Operation, dict[str, str]] | None:
        """The operation that a request reaches, with the texts of its path parameters; plain paths come first."""
        path = message["path"].partition("?")[0]
        method = message["method"].upper()
        for operation in sorted(self.spec.operations, key=lambda operation: operation.path.count("{")):
            if operation.method == method and (match := matched(operation, path, self.whole_paths)) is not None:
                return operation, match
        return None

    def refuses_request(self, operation: Operation, values: dict[str, str], message: Mapping[str, Any]) -> Refusal:
        query = parse_qsl(message["path"].partition("?")[2], keep_blank_values=True)
        headers = {name.lower(): value for name, value in (message.get("headers") or {}).items()}
        pairs = (pair.strip().partition("=") for pair in headers.get("cookie", "").split(";"))
        cookies = [(name, unquote(value)) for name, _, value in pairs]
        for parameter in operation.parameters:
            readings = self.readings(parameter, values, query, headers, cookies)
            if problem := self.refuses_parameter(parameter, readings):
                return problem
        if self.role == "sender" and (unknown := undeclared(self.spec, operation, query)):
            return f"the query parameter {unknown} is not declared"
        if not served(operation, headers.get("accept")):
            return "no answer with success is of the only type that is accepted"
        return self.refuses_request_body(operation, headers, message.get("body"))

    def readings(
        self,
        parameter: Parameter,
        values: dict[str, str],
        query: wire.Fields,
        headers: dict[str, str],
        cookies: wire.Fields,
    ) -> Iterable[Any] | None:
        """None where the parameter is absent; nothing where it can't be read."""
        style, explode = parameter.style, parameter.explode
        match parameter.location:
            case "path":
                text = wire.unprefixed(values.get(parameter.name, ""), style, parameter.name)
                return [] if text is None else wire.text_readings(text, style, explode)
            case "header":
                header = headers.get(parameter.name.lower())
                return None if header is None else wire.text_readings(header, style, explode)
            case _:
                pairs = query if parameter.location == "query" else cookies
                present = any(key == parameter.name or key.startswith(f"{parameter.name}[") for key, _ in pairs)
                return wire.readings(parameter.name, pairs, style, explode) if present else None

    def refuses_parameter(self, parameter: Parameter, readings: Iterable[Any] | None) -> Refusal:
        subject = f"the {parameter.location} parameter {parameter.name}"
        if readings is None:
            return f"{subject} is missing" if parameter.required else None
        pointer = None if parameter.schema is None else parameter.schema.pointer
        fits = pointer is None or any(self.valid(pointer, value) for value in readings)
        return None if fits else f"{subject} has no allowed reading"

    def refuses_request_body(self, operation: Operation, headers: dict[str, str], body: Any) -> Refusal:
        described = operation.request_body
        media = headers.get("content-type")
        if body is None and media is None:
            return "there is no body" if described and described.required else None
        if described is None:
            return "a body is not declared" if self.role == "sender" else None
        return self.refuses_content(described.content, media, body)

    def refuses_response(self, message: Mapping[str, Any], key: str) -> Refusal:
        operation = self.named(key)
        if operation is None:
            return "no such operation"
        response = operation.response(int(message["status"]))
        if response is None:
            return "the status is not declared" if self.role == "sender" else None
        headers = {name.lower(): value for name, value in (message.get("headers") or {}).items()}
        return self.refuses_headers(response, headers) or self.refuses_answer(response, headers, message.get("body"))

    def named(self, key: str) -> Operation | None:
        """The operation that the other document may call by another name of a parameter, or with a server's path."""
        names = spoken(self.spec, key)
        return next((operation for operation, known in self.known if names & known), None)

    @cached_property
    def known(self) -> list[tuple[Operation, set[str]]]:
        return [(operation, keys(operation)) for operation in self.spec.operations]

    def refuses_headers(self, response: ResponseSpec, headers: dict[str, str]) -> Refusal:
        for header in response.headers:
            text = headers.get(header.name.lower())
            if text is None and header.required:
                return f"the header {header.name} is missing"
            explode = self.spec.document.at(header.pointer).get("explode") is True
            if text is not None and header.schema is not None:
                values = wire.text_readings(text, "simple", explode)
                if not any(self.valid(header.schema.pointer, value) for value in values):
                    return f"the header {header.name} has no allowed reading"
        return None

    def refuses_answer(self, response: ResponseSpec, headers: dict[str, str], body: Any) -> Refusal:
        media = headers.get("content-type")
        if not response.content:
            return "a body is not declared" if self.role == "sender" and media is not None else None
        if media is None:
            return "an answer without Content-Type is of no documented type"  # as a contract run says
        return self.refuses_content(response.content, media, body)

    def refuses_content(self, content: tuple[MediaType, ...], media: str | None, body: Any) -> Refusal:
        actual = media_type(media or "application/json")
        described = sorted((m for m in content if covers(media_type(m.name), actual)), key=specificity)
        if not described:
            return f"the media type {media} is not declared"
        schema = described[-1].schema
        if schema is None or actual[0].startswith("multipart/"):
            return None
        values = [body]
        if actual[0] == "application/x-www-form-urlencoded" and isinstance(body, str):
            values = list(wire.objects(parse_qsl(body, keep_blank_values=True))) or [{}]
        return None if any(self.valid(schema.pointer, value) for value in values) else "the body is not valid"

    def valid(self, pointer: str, value: Any) -> bool:
        if pointer not in self.compiled:
            self.compiled[pointer] = jsonschema_rs.validator_for(
                {"$ref": f"{URN}#{pointer.replace('{', '%7B').replace('}', '%7D').replace(' ', '%20')}"},
                registry=self.registry,
                validate_formats=True,
            )
        return self.compiled[pointer].is_valid(value)


@lru_cache(maxsize=8)
def holding(spec: Spec, direction: Direction, role: Literal["sender", "receiver"], whole: bool) -> Referee:
    """A party that is asked again and again, and compiles its schemas once."""
    return Referee(spec, direction, role, whole)


def served(operation: Operation, accepted: str | None) -> bool:
    """Whether a request that names a type of answers gets one of it, where it gets any (RFC 9110 §12.5.1)."""
    content = [m for response in operation.responses if response.status[0] not in "45" for m in response.content]
    return not accepted or any(covers(media_type(m.name), media_type(accepted)) for m in content)


def prefixes(operation: Operation) -> set[str]:
    """The paths of the servers; OpenAPI reads no server as one at the root."""
    return {urlsplit(url).path.rstrip("/") for url in operation.servers or ("/",)}


def matched(operation: Operation, path: str, whole: bool) -> dict[str, str] | None:
    names = re.findall(r"\{([^}]*)\}", operation.path)
    pattern = re.sub(r"\\\{[^}]*\\\}", "([^/]+)", re.escape(operation.path))
    for prefix in prefixes(operation) | (set() if whole else {""}):
        if match := re.fullmatch(re.escape(prefix) + pattern, path):
            return dict(zip(names, match.groups(), strict=True))
    return None


@lru_cache(maxsize=1024)
def nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def keys(operation: Operation) -> set[str]:
    return {f"{operation.method} {prefix}{nameless(operation.path)}" for prefix in prefixes(operation) | {""}}


def spoken(spec: Spec, key: str) -> set[str]:
    """An operation's key as the other document may write it: with a server's path before it, or without."""
    method, _, path = key.partition(" ")
    bare = {urlsplit(url).path.rstrip("/") for url in spec.servers}
    return {f"{method} {nameless(path)}"} | {f"{method} {nameless(path.removeprefix(prefix))}" for prefix in bare}


def undeclared(spec: Spec, operation: Operation, query: wire.Fields) -> str | None:
    names = {parameter.name for parameter in operation.parameters if parameter.location == "query"}
    names |= {scheme.name for scheme in spec.security_schemes.values() if scheme.location == "query"}
    return next((key for key, _ in query if key not in names and key.partition("[")[0] not in names), None)


@lru_cache(maxsize=1024)
def media_type(written: str) -> tuple[str, frozenset[str]]:
    """The essence and the parameters; a charset says nothing about JSON (RFC 8259 §11)."""
    essence, *parameters = (part.strip().lower() for part in written.split(";"))
    is_json = essence.endswith(("/json", "+json"))
    return essence, frozenset(part for part in parameters if part and not (is_json and part.startswith("charset=")))


def covers(described: tuple[str, frozenset[str]], actual: tuple[str, frozenset[str]]) -> bool:
    pattern = re.escape(described[0]).replace(r"\*", "[^/]+")
    return bool(re.fullmatch(pattern, actual[0])) and described[1] <= actual[1]


def specificity(media: MediaType) -> tuple[int, int]:
    essence, parameters = media_type(media.name)
    return -essence.count("*"), len(parameters)


def credentials_missing(spec: Spec, operation: Operation, message: Mapping[str, Any]) -> Refusal:
    headers = {name.lower(): value for name, value in (message.get("headers") or {}).items()}
    query = dict(parse_qsl(message["path"].partition("?")[2]))

    def shown(identity: str) -> bool:
        scheme = spec.security_schemes[identity]
        authorization: str = headers.get("authorization", "").lower()
        match scheme.type, scheme.location:
            case "apiKey", "header":
                return scheme.name.lower() in headers
            case "apiKey", "query":
                return scheme.name in query
            case "apiKey", _:
                return f"{scheme.name}=" in headers.get("cookie", "")
            case "http", _:
                return authorization.startswith(f"{scheme.scheme} ")
            case "mutualTLS", _:
                return True
            case _:
                return authorization.startswith("bearer ")

    if not operation.security or any(all(shown(name) for name, _ in option) for option in operation.security):
        return None
    return "no credential that is wanted"
