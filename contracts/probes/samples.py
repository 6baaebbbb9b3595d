"""What the document shows of requests, else what it allows: values of parameters, JSON bodies."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from contracts.document import Operation, Parameter, Schema, join_pointer
from contracts.document.serialisation import encoded, serialised
from contracts.messages import Request, concrete, is_json
from contracts.payloads import PlainChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.schemas.claims import CLIENT_FIELDS
from contracts.schemas.locations import Location, locate
from contracts.schemas.validation import Uncompilable

DRAWN = 4  # values beside the examples: the barest, then of chance
Body = tuple[str, bytes]  # its media type, and itself
_NO_VALUE = (*Uncompilable, Unsatisfiable, LookupError, TypeError, RecursionError)


def with_body(request: Request, body: Body) -> Request:
    return replace(request.with_field("Content-Type", body[0]), body=body[1])


def with_value(request: Request, parameter: Parameter, value: str) -> Request:
    """The request with a value of a parameter that is not in its path, in place of what it has."""
    name, location = parameter.name, parameter.location
    if location == "header" and name.lower() not in CLIENT_FIELDS:
        return request.with_field(name, value)
    if location == "cookie":
        cookies = _with_pair(request.header("cookie") or "", "; ", name, value)
        return request.with_field("Cookie", cookies)
    if location == "query":
        query = _with_pair(request.query, "&", encoded(name), value)
        return replace(request, target=f"{request.path}?{query}")
    return request


def _with_pair(pairs: str, separator: str, name: str, value: str) -> str:
    others = [pair for pair in pairs.split(separator) if pair and pair.partition("=")[0] != name]
    return separator.join([*others, f"{name}={encoded(value)}"])


def bodies_of(operation: Operation) -> Iterator[Body]:
    """JSON bodies of its requests: the document's examples as they are, then bodies that it allows.

    Nothing for other media types, and where no value of a schema can be made.
    """
    content = operation.request_body.content if operation.request_body else ()
    for media in content:
        name = concrete(media.name)
        if media.schema is not None and is_json(name):
            for value in _samples(media.schema, media.pointer):
                text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
                yield name, text.encode("utf-8", "replace")


def with_required(request: Request, operation: Operation, known: frozenset[str]) -> Request:
    """The request with a value for each parameter that is required and not `known`, path apart."""
    for parameter in operation.parameters:
        name, location = parameter.name, parameter.location
        if not parameter.required or name in known or name.lower() in CLIENT_FIELDS:
            continue
        texts = (serialised(parameter, value) for value in _samples_of(parameter))
        text = next(filter(None, texts), "")
        if location == "header" and text:
            request = request.with_field(name, text)
        elif location == "cookie" and text:
            cookies = filter(None, (request.header("cookie"), text.replace("&", "; ")))
            request = request.with_field("Cookie", "; ".join(cookies))
        elif location == "query" and text:
            query = "&".join(filter(None, (request.query, text)))
            request = replace(request, target=f"{request.path}?{query}")
    return request


def _samples_of(parameter: Parameter) -> Iterator[Any]:
    if parameter.schema is not None:
        yield from _samples(parameter.schema, parameter.pointer)


def _samples(schema: Schema, pointer: str) -> Iterator[Any]:
    """The examples of a media type or parameter and of its schema, then values that are drawn."""
    document, location = schema.document, None
    node = document.at(pointer)
    yield from _shown(node)
    named = node.get("examples")
    for name in [*named] if isinstance(named, dict) else ():
        with suppress(*_NO_VALUE):
            yield document.at(document.resolve(join_pointer(pointer, "examples", name)))["value"]
    with suppress(*_NO_VALUE):
        location = locate(schema)
        for part in location.parts:
            yield from _shown(part.value)
    for number in range(DRAWN):
        choices = RandomChoices(number) if number else PlainChoices()
        with suppress(*_NO_VALUE):
            value = generator(schema).draw(choices)
            if location is not None and isinstance(value, dict):
                value |= _shown_below(location, value)
            yield value


def _shown_below(location: Location, value: dict[str, Any]) -> dict[str, Any]:
    """The first example of each property that a value has."""
    found = dict[str, Any]()
    for name in value.keys() & {*location.properties}:
        for part in location.property(name).parts[::-1]:
            found.update((name, example) for example in [*_shown(part.value)][:1])
    return found


def _shown(node: Any) -> Iterator[Any]:
    """What a node has as `example`, or in a list of `examples`."""
    if "example" in node:
        yield node["example"]
    if isinstance(node.get("examples"), list):
        yield from node["examples"]
