"""A linked document in, its operations with everything merged and defaulted out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from contracts.document.dialects import METHODS
from contracts.document.directions import for_requests, for_responses
from contracts.document.model import (
    Document,
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
    join_pointer,
    ref_target,
)
from contracts.errors import DocumentError

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
"""OpenAPI 3.1 §4.8.12.2: header parameters of these names are ignored."""


def spec_from_document(document: Document) -> Spec:
    """The Spec; a security requirement that names no scheme is a DocumentError at its line."""
    tree = document.tree
    names = (tree.get("components") or {}).get("securitySchemes") or {}
    schemes = MappingProxyType({name: _security_scheme(document, name) for name in names})
    return Spec(
        document=document,
        title=tree["info"]["title"],
        version=tree["info"]["version"],
        servers=_servers(tree),
        operations=tuple(_operations(document, schemes)),
        security_schemes=schemes,
    )


def _operations(document: Document, schemes: Mapping[str, SecurityScheme]) -> Iterator[Operation]:
    everywhere = _security(document, "", schemes) or ()
    for path in document.tree.get("paths") or {}:
        if not path.startswith("/"):
            continue
        # What a path item says itself comes before what its `$ref` leads to.
        items = [join_pointer("/paths", path)]
        while "$ref" in document.at(items[-1]):
            items.append(ref_target(document.at(items[-1])["$ref"]))
        for method in METHODS:
            item = next((item for item in items if method in document.at(item)), None)
            if item is not None:
                security = _security(document, join_pointer(item, method), schemes)
                required = everywhere if security is None else security
                yield _operation(document, path, method, item, required)


def _operation(
    document: Document,
    path: str,
    method: str,
    item: str,
    security: tuple[SecurityRequirement, ...],
) -> Operation:
    pointer = join_pointer(item, method)
    node = document.at(pointer)
    sent, received = for_requests(document), for_responses(document)
    body = f"{pointer}/requestBody"
    return Operation(
        method=method.upper(),
        path=path,
        operation_id=node.get("operationId"),
        parameters=_parameters(sent, item, pointer),
        request_body=None if node.get("requestBody") is None else _request_body(sent, body),
        responses=tuple(_responses(received, node, f"{pointer}/responses")),
        security=security,
        servers=_servers(node) or _servers(document.at(item)) or _servers(document.tree),
        deprecated=node.get("deprecated") is True,
        pointer=pointer,
    )


def _servers(node: Mapping[str, Any]) -> tuple[str, ...]:
    """URLs with their variables' defaults filled in; empty when none is given, which OpenAPI reads as `/`."""
    urls = []
    for server in node.get("servers") or ():
        url: str = server["url"]
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable["default"]))
        urls.append(url)
    return tuple(urls)


def _parameters(document: Document, *owners: str) -> tuple[Parameter, ...]:
    """Of the path, then of the operation, which override those of the same place and name."""
    merged: dict[tuple[str, str], Parameter] = {}
    for owner in owners:
        for index in range(len(document.written.at(owner).get("parameters") or ())):
            pointer = join_pointer(owner, "parameters", index)
            parameter = _parameter(document, document.written.resolve(pointer))
            if parameter.location != "header":
                merged[parameter.location, parameter.name] = parameter
            elif parameter.name.lower() not in _IGNORED_HEADERS:
                merged["header", parameter.name.lower()] = parameter
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
    found = []
    for name in document.written.at(pointer).get("content") or ():
        place = join_pointer(pointer, "content", name)
        found.append(MediaType(name, _schema(document, place), place))
    return tuple(found)


def _schema(document: Document, owner: str) -> Schema | None:
    if "schema" not in document.written.at(owner):
        return None
    return Schema(document, join_pointer(owner, "schema"))


def _request_body(document: Document, pointer: str) -> RequestBody:
    pointer = document.written.resolve(pointer)
    is_required = document.written.at(pointer).get("required") is True
    return RequestBody(is_required, _content(document, pointer), pointer)


def _responses(document: Document, node: Mapping[str, Any], owner: str) -> Iterator[ResponseSpec]:
    for status in node.get("responses") or {}:
        if not status.startswith("x-"):
            place = document.written.resolve(join_pointer(owner, status))
            headers = tuple(_headers(document, place))
            yield ResponseSpec(status, headers, _content(document, place), place)


def _headers(document: Document, owner: str) -> Iterator[Header]:
    for name in document.written.at(owner).get("headers") or {}:
        # OpenAPI 3.1 §4.8.17: a response header Content-Type is ignored.
        if name.lower() != "content-type":
            place = document.written.resolve(join_pointer(owner, "headers", name))
            required = document.written.at(place).get("required") is True
            yield Header(name, required, _described(document, place)[1], place)


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
    found = []
    for index, alternative in enumerate(alternatives):
        for name in alternative:
            if name not in schemes:
                source = document.source(join_pointer(owner, "security", index, name))
                known = ", ".join(schemes) or "none"
                problem = f'the security scheme "{name}" is not defined (defined: {known})'
                cure = "define it under components/securitySchemes, or mend the name"
                raise DocumentError(source.file, source.line, problem, cure)
        found.append(tuple((name, tuple(scopes)) for name, scopes in alternative.items()))
    return tuple(found)
