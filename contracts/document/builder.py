"""A linked document in, its operations with everything merged and defaulted out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from contracts.document.dialects import METHODS
from contracts.document.directions import for_requests, for_responses
from contracts.document.document import Document
from contracts.document.model import (
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    ResponseSpec,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    Spec,
)
from contracts.document.pointers import join_pointer, ref_target
from contracts.errors import DocumentError

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_IGNORED_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""OpenAPI 3.1 §4.8.12.2: header parameters of these names are ignored."""


def spec_from_document(document: Document) -> Spec:
    """The Spec; a security requirement that names no scheme is a DocumentError at its line."""
    tree = document.tree
    schemes = _security_schemes(document)
    return Spec(
        document=document,
        title=tree["info"]["title"],
        version=tree["info"]["version"],
        servers=_servers(tree),
        operations=tuple(_operations(document, schemes)),
        security_schemes=schemes,
    )


def _operations(document: Document, schemes: Mapping[str, SecurityScheme]) -> Iterator[Operation]:
    default = _security(document, "", schemes) or ()
    for path in document.tree.get("paths") or {}:
        if not path.startswith("/"):
            continue
        layers = _layers(document, join_pointer("/paths", path))
        for method in METHODS:
            item = next((layer for layer in layers if method in document.at(layer)), None)
            if item is not None:
                yield _operation(document, path, method, item, default, schemes)


def _layers(document: Document, pointer: str) -> list[str]:
    """A path item and, after it, those that its `$ref` leads to: what it says itself comes first."""
    layers = [pointer]
    while "$ref" in document.at(layers[-1]):
        layers.append(ref_target(document.at(layers[-1])["$ref"]))
    return layers


def _operation(
    document: Document,
    path: str,
    method: str,
    item: str,
    default: tuple[SecurityRequirement, ...],
    schemes: Mapping[str, SecurityScheme],
) -> Operation:
    pointer = join_pointer(item, method)
    node = document.at(pointer)
    security = _security(document, pointer, schemes)
    body = node.get("requestBody")
    return Operation(
        method=method.upper(),
        path=path,
        operation_id=node.get("operationId"),
        parameters=_parameters(for_requests(document), item, pointer),
        request_body=None
        if body is None
        else _request_body(for_requests(document), f"{pointer}/requestBody"),
        responses=tuple(_responses(for_responses(document), f"{pointer}/responses")),
        security=default if security is None else security,
        servers=_servers(node) or _servers(document.at(item)) or _servers(document.tree),
        deprecated=node.get("deprecated") is True,
        pointer=pointer,
    )


def _servers(node: Mapping[str, Any]) -> tuple[str, ...]:
    """URLs with their variables' defaults filled in; empty when none is given, which OpenAPI reads as `/`."""
    return tuple(_server_url(server) for server in node.get("servers") or ())


def _server_url(server: Mapping[str, Any]) -> str:
    url: str = server["url"]
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable["default"]))
    return url


def _parameters(document: Document, *owners: str) -> tuple[Parameter, ...]:
    """Of the path, then of the operation, which override those of the same place and name."""
    merged: dict[tuple[str, str], Parameter] = {}
    for owner in owners:
        pointer = join_pointer(owner, "parameters")
        for index in range(len(document.written.at(owner).get("parameters") or ())):
            parameter = _parameter(document, document.written.resolve(join_pointer(pointer, index)))
            is_header = parameter.location == "header"
            name = parameter.name.lower() if is_header else parameter.name
            if not (is_header and name in _IGNORED_HEADERS):
                merged[parameter.location, name] = parameter
    return tuple(merged.values())


def _parameter(document: Document, pointer: str) -> Parameter:
    node = document.written.at(pointer)
    style = node.get("style") or _DEFAULT_STYLES[node["in"]]
    media_type, schema = _described(document, pointer)
    return Parameter(
        name=node["name"],
        location=node["in"],
        required=node["in"] == "path" or node.get("required") is True,
        schema=schema,
        style=style,
        explode=node.get("explode", style == "form"),
        allow_reserved=node.get("allowReserved") is True,
        media_type=media_type,
        pointer=pointer,
    )


def _described(document: Document, pointer: str) -> tuple[str | None, Schema | None]:
    """The schema of a parameter or header, and the media type when it stands in `content`."""
    for media in _content(document, pointer):
        return media.name, media.schema
    return None, _schema(document, pointer)


def _content(document: Document, pointer: str) -> tuple[MediaType, ...]:
    places = [
        (name, join_pointer(pointer, "content", name))
        for name in document.written.at(pointer).get("content") or ()
    ]
    return tuple(MediaType(name, _schema(document, place), place) for name, place in places)


def _schema(document: Document, owner: str) -> Schema | None:
    return (
        Schema(document, join_pointer(owner, "schema"))
        if "schema" in document.written.at(owner)
        else None
    )


def _request_body(document: Document, pointer: str) -> RequestBody:
    pointer = document.written.resolve(pointer)
    return RequestBody(
        document.written.at(pointer).get("required") is True, _content(document, pointer), pointer
    )


def _responses(document: Document, pointer: str) -> Iterator[ResponseSpec]:
    owner = document.written.at(pointer.rpartition("/")[0])
    for status in owner.get("responses") or {}:
        if not status.startswith("x-"):
            place = document.written.resolve(join_pointer(pointer, status))
            yield ResponseSpec(
                status, tuple(_headers(document, place)), _content(document, place), place
            )


def _headers(document: Document, owner: str) -> Iterator[Header]:
    for name in document.written.at(owner).get("headers") or {}:
        # OpenAPI 3.1 §4.8.17: a response header Content-Type is ignored.
        if name.lower() != "content-type":
            place = document.written.resolve(join_pointer(owner, "headers", name))
            required = document.written.at(place).get("required") is True
            yield Header(name, required, _described(document, place)[1], place)


def _security_schemes(document: Document) -> Mapping[str, SecurityScheme]:
    components = document.tree.get("components") or {}
    names = components.get("securitySchemes") or {}
    return MappingProxyType({name: _security_scheme(document, name) for name in names})


def _security_scheme(document: Document, name: str) -> SecurityScheme:
    pointer = document.resolve(join_pointer("/components/securitySchemes", name))
    node = document.at(pointer)
    return SecurityScheme(
        id=name,
        type=node["type"],
        name=node.get("name", ""),
        location=node.get("in", ""),
        scheme=node.get("scheme", "").lower(),
        pointer=pointer,
    )


def _security(
    document: Document, owner: str, schemes: Mapping[str, SecurityScheme]
) -> tuple[SecurityRequirement, ...] | None:
    """The alternatives that `owner` lists itself; None when it lists none, an empty list included as such."""
    alternatives = document.at(owner).get("security")
    if alternatives is None:
        return None
    for index, alternative in enumerate(alternatives):
        for name in alternative:
            if name not in schemes:
                source = document.source(join_pointer(owner, "security", index, name))
                known = ", ".join(schemes) or "none"
                raise DocumentError(
                    source.file,
                    source.line,
                    f'the security scheme "{name}" is not defined (defined: {known})',
                    "define it under components/securitySchemes, or mend the name",
                )
    return tuple(
        tuple((name, tuple(scopes)) for name, scopes in item.items()) for item in alternatives
    )
