"""Whole messages, as small as they can be: requests that a document allows, answers that it documents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from contracts.changes.wire_form import plain, spelled
from contracts.document import (
    MediaType,
    Operation,
    Parameter,
    ResponseSpec,
    Schema,
    SecurityRequirement,
    Spec,
)
from contracts.document.media_types import concrete
from contracts.document.model import concrete_status
from contracts.document.templates import fill_raw_path, match_path, parameter_names
from contracts.messages import JSON, Request
from contracts.payloads.choices import PlainChoices, RandomChoices
from contracts.payloads.compiler import Unsatisfiable, generator
from contracts.schemas.parties import references
from contracts.schemas.validation import Uncompilable, keyword_validator, validator

Key = tuple[str, str]
"""The location and name of a parameter."""


class Undrawable(Exception):
    """No message can be made: a part of it admits no value."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a message says beside its plainest parts.

    Args:
        values: of parameters, by location and name, instead of the plainest ones.
        without: parameters that are left out though required.
        media, body: of the request; `body` is a tuple of one value, empty for the plainest one.
        no_body: there is none though one could be sent.
        security: the alternative whose credentials it carries; None for the first of the operation.
    """

    values: Mapping[Key, JSON] = field(default_factory=dict)
    without: frozenset[Key] = frozenset()
    media: MediaType | None = None
    body: tuple[JSON, ...] = ()
    no_body: bool = False
    security: SecurityRequirement | None = None


def request_of(spec: Spec, operation: Operation, draft: Draft = Draft()) -> dict[str, Any]:
    """A whole request that the operation allows; raises Undrawable."""
    parameters = {
        (p.location, p.name): p
        for p in operation.parameters
        if (p.location, p.name) not in draft.without
    }
    sent = {key: p for key, p in parameters.items() if p.required or key in draft.values}
    texts = {
        key: spelled(p, draft.values.get(key, _Absent)) if key in draft.values else _plainest(p)
        for key, p in sent.items()
    }
    paths = {name: texts.get(("path", name), name) for name in parameter_names(operation.path)}
    query = "&".join(text for (location, _), text in texts.items() if location == "query" and text)
    headers = {name: text for (location, name), text in texts.items() if location == "header"}
    if cookies := [text for (location, _), text in texts.items() if location == "cookie"]:
        headers["Cookie"] = "; ".join(cookies)
    wanted = draft.security if draft.security is not None else next(iter(operation.security), ())
    query = "&".join(filter(None, (query, _credentials(spec, wanted, headers))))
    path = fill_raw_path(operation.path, paths)
    body, media = _body(operation, draft)
    if media is not None:
        headers["Content-Type"] = concrete(media.name)
    return {
        "method": operation.method,
        "path": f"{path}?{query}" if query else path,
        "headers": headers,
        "body": body,
    }


class _Absent:
    """Stands for a value that is not given."""


def _credentials(spec: Spec, wanted: SecurityRequirement, headers: dict[str, str]) -> str:
    """Put credentials of the schemes into the header fields; returns what goes into the query."""
    query = []
    for name, _ in wanted:
        scheme = spec.security_schemes[name]
        if scheme.type == "apiKey" and scheme.location == "query":
            query.append(f"{scheme.name}=KEY")
        elif scheme.type == "apiKey":
            field_name, value = (
                (scheme.name, "KEY")
                if scheme.location == "header"
                else ("Cookie", f"{scheme.name}=KEY")
            )
            headers[field_name] = (
                f"{headers[field_name]}; {value}" if field_name in headers else value
            )
        elif scheme.type != "mutualTLS":
            headers["Authorization"] = "Basic KEY" if scheme.scheme == "basic" else "Bearer KEY"
    return "&".join(query)


READABLE: tuple[JSON, ...] = ("a1", 1, True)
"""What stands for a parameter wherever its schema takes it."""


def _plainest(parameter: Parameter) -> str:
    for value in _values(parameter.schema):
        text = spelled(parameter, value)
        if parameter.location != "path" or match_path("/{x}", f"/{text}") is not None:
            return text
    raise Undrawable(
        f"the {parameter.location} parameter {parameter.name} has no value that can be sent"
    )


def _values(schema: Schema | None) -> Iterator[JSON]:
    if schema is None:
        yield READABLE[0]
        return
    yield from filter(_accepts(schema), READABLE)
    yield from plainest(schema)


def _accepts(schema: Schema) -> Callable[[JSON], bool]:
    written = schema.document.written.at(schema.pointer)
    try:
        if not any(references(written)):  # the whole document is not needed
            return keyword_validator(json.dumps(written, default=float)).is_valid
        return validator(schema).is_valid
    except Uncompilable:
        return lambda value: False


@lru_cache(maxsize=4096)
def plainest(schema: Schema) -> tuple[JSON, ...]:
    """A few values of a schema, the plainest first; raises Undrawable when there is none."""
    try:
        payload = generator(schema)
        choices = RandomChoices(0)
        return (payload.draw(PlainChoices()), *(payload.draw(choices) for _ in range(8)))
    except (Unsatisfiable, RecursionError, OverflowError, *Uncompilable) as problem:
        raise Undrawable(str(problem)) from None


def _body(operation: Operation, draft: Draft) -> tuple[JSON, MediaType | None]:
    documented = operation.request_body
    if draft.no_body or documented is None or not documented.content:
        return None, None
    if not (documented.required or draft.media is not None or draft.body):
        return None, None
    media = draft.media or documented.content[0]
    if draft.body:
        return draft.body[0], media
    return (plainest(media.schema)[0] if media.schema is not None else {}), media


def response_of(
    operation: Operation,
    response: ResponseSpec,
    *,
    media: MediaType | None = None,
    body: tuple[JSON, ...] = (),
    headers: Mapping[str, JSON] | None = None,
    without: str = "",
) -> dict[str, Any]:
    """A whole answer that the operation documents; raises Undrawable.

    Args:
        headers: values of documented headers, instead of the plainest ones of those that are required.
        without: a header that is left out though required.
    """
    status = concrete_status(operation, response)
    if status is None:
        raise Undrawable(f"no status is described by {response.status}")
    fields: dict[str, str] = {}
    for header in response.headers:
        given = (headers or {}).get(header.name, _Absent)
        if given is not _Absent:
            fields[header.name] = _header_text(given)
        elif header.required and header.name.lower() != without.lower():
            fields[header.name] = _header_text(plainest(header.schema)[0]) if header.schema else "x"
    media = media or next(iter(response.content), None)
    if media is None:
        return {"status": status, "headers": fields, "body": None}
    fields["Content-Type"] = concrete(media.name)
    value = body[0] if body else plainest(media.schema)[0] if media.schema is not None else {}
    return {"status": status, "headers": fields, "body": value}


def _header_text(value: JSON) -> str:
    return ",".join(map(plain, value)) if isinstance(value, list) else plain(value)


def as_request(message: Mapping[str, Any]) -> Request:
    """A message as it goes on the wire."""
    body = message["body"]
    has_body = "Content-Type" in message["headers"]
    text = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") if has_body else None
    return Request(message["method"], message["path"], tuple(message["headers"].items()), text)
