"""A document in, messages that its sender may write out: drawn from its schemas, closed by the referee."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from contracts.changes.change import Direction
from contracts.document import Document, MediaType, Operation, Parameter, Schema, Spec
from contracts.payloads import Choices, CoveringChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from tests.changes import wire
from tests.changes.closing import taken
from tests.changes.editing import Message
from tests.changes.referee import holding

CONCRETE = {"*/*": "image/gif", "application/*": "application/yaml", "text/*": "text/html"}
OTHER = {"1": 100, "2": 207, "3": 304, "4": 418, "5": 599}

Draw = Callable[[Schema | None], Any]


def messages(spec: Spec, operation: Operation, direction: Direction, count: int) -> Iterator[Message]:
    """What the party that holds `spec` sends there."""
    sender = holding(spec, direction, "sender", False)
    draw = drawing(spec, direction)
    make = request if direction is Direction.REQUEST else response
    for turn in range(count):
        try:
            message = make(spec, operation, draw, random.Random(turn))
        except (wire.Unwritable, Unsatisfiable):
            continue
        if sender.refuses(message, operation.key) is None:
            yield message


def drawing(spec: Spec, direction: Direction) -> Draw:
    """Values of the document's schemas, by rounds through every option and by chance."""
    document = travelling(spec.document, direction)
    sources: list[Choices] = [CoveringChoices(1), RandomChoices(1)]
    turn = iter(range(1 << 30))

    def draw(schema: Schema | None) -> Any:
        if schema is None:
            return "text"
        return generator(Schema(document, schema.pointer)).draw(sources[next(turn) % 2])

    return draw


@lru_cache(maxsize=8)
def travelling(document: Document, direction: Direction) -> Document:
    return replace(document, tree=taken(document, direction))


def request(spec: Spec, operation: Operation, draw: Draw, chance: random.Random) -> Message:
    path, query, cookies = operation.path, wire.Fields(), wire.Fields()
    headers: dict[str, str] = {}
    for parameter in operation.parameters:
        value = parameter_value(parameter, draw, chance)
        if value is None:
            continue
        match parameter.location:
            case "path":
                text = wire.segment(value, parameter.style, parameter.explode, parameter.name)
                path = path.replace(f"{{{parameter.name}}}", text)
            case "header":
                headers[parameter.name] = wire.simple(value, parameter.explode)
            case "query":
                query += wire.fields(parameter.name, value, parameter.style, parameter.explode)
            case _:
                cookies += wire.fields(parameter.name, value, parameter.style, parameter.explode)
    show_credentials(spec, operation, chance, headers, query, cookies)
    if cookies:
        headers["Cookie"] = "; ".join(f"{name}={quote(value)}" for name, value in cookies)
    body = operation.request_body
    sends = body is not None and body.content and (body.required or chance.random() < 0.7)
    content = body_of(chance.choice(body.content), draw, headers) if body and sends else None
    target = path + ("?" + urlencode(query) if query else "")
    prefix = urlsplit(operation.servers[0]).path.rstrip("/") if operation.servers else ""
    return {"method": operation.method, "path": prefix + target, "headers": headers, "body": content}


def show_credentials(
    spec: Spec,
    operation: Operation,
    chance: random.Random,
    headers: dict[str, str],
    query: wire.Fields,
    cookies: wire.Fields,
) -> None:
    """Those of one alternative; whoever holds the document has them all."""
    for identity, _ in chance.choice(operation.security) if operation.security else ():
        scheme = spec.security_schemes[identity]
        match scheme.location:
            case "query":
                query.append((scheme.name, "KEY"))
            case "cookie":
                cookies.append((scheme.name, "KEY"))
            case _:
                name = scheme.name or "Authorization"
                headers[name] = "KEY" if scheme.name else f"{scheme.scheme or 'Bearer'} KEY"


def parameter_value(parameter: Parameter, draw: Draw, chance: random.Random) -> Any:
    """None where it is left out; null has no text, so it is left out, which a required one can't be."""
    if not parameter.required and chance.random() < 0.4:
        return None
    value = draw(parameter.schema)
    try:
        wire.simple(value, False)
    except wire.Unwritable:
        if parameter.required:
            raise
        return None
    return value


def response(spec: Spec, operation: Operation, draw: Draw, chance: random.Random) -> Message:
    described = chance.choice(operation.responses)
    headers: dict[str, str] = {}
    for header in described.headers:
        if header.required or chance.random() < 0.6:
            explode = spec.document.at(header.pointer).get("explode") is True
            headers[header.name] = wire.simple(draw(header.schema), explode)
    body = body_of(chance.choice(described.content), draw, headers) if described.content else None
    return {"status": status(described.status, chance), "headers": headers, "body": body}


def status(key: str, chance: random.Random) -> int:
    if key.isdecimal():
        return int(key)
    first = key[0] if key[0].isdecimal() else chance.choice("45")
    return chance.choice([OTHER[first], int(first) * 100])


def body_of(media: MediaType, draw: Draw, headers: dict[str, str]) -> Any:
    headers["Content-Type"] = CONCRETE.get(media.name, media.name)
    return draw(media.schema)
