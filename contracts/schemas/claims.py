"""A request on the wire to the claim the document makes about it: allowed, or forbidden for a reason it gives.

A value on the wire has no type: `5` may be a string, an integer or a number. A parameter forbids it only if its schema
refuses every reading, so what can't be proved forbidden is allowed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from contracts.document import Operation, Parameter, RequestBody, Schema
from contracts.document.model import described_by
from contracts.document.serialisation import decoded, match_path, raw_values
from contracts.messages import ALLOWED, Claim, Request, header_values, is_json
from contracts.schemas.json_text import decode
from contracts.schemas.locations import locate
from contracts.schemas.validation import Uncompilable, validator

MAX_READINGS = 64

CLIENT_FIELDS = frozenset(
    {"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive"}
) | {*("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent")}
"""Header fields that the client sets by itself: no probe has them, and no claim rests on them."""

_TRUE, _FALSE = ("true", "t", "1", "yes", "y", "on"), ("false", "f", "0", "no", "n", "off")


def claim_of(operation: Operation, request: Request) -> Claim:
    """What the document says of `request`, sent to `operation` (whose path must match)."""
    for reason in itertools.chain(
        _parameters(operation, request), _body(operation.request_body, request)
    ):
        return Claim(reason)
    return ALLOWED


def _parameters(operation: Operation, request: Request) -> Iterator[str]:
    paths = match_path(operation.path, request.path) or {}
    for parameter in operation.parameters:
        spellings = _spellings(parameter, request, paths)
        if spellings is None:
            continue
        if not spellings[0]:
            if parameter.required:
                yield f"the {parameter.location} parameter {parameter.name} is missing"
        elif parameter.schema is not None:
            readings = itertools.chain.from_iterable(
                _readings(parameter, texts) for texts in spellings
            )
            if not any(map(_accepts(parameter.schema), readings)):
                yield f"the {parameter.location} parameter {parameter.name} does not match its schema"


def _spellings(
    parameter: Parameter, request: Request, paths: dict[str, str]
) -> list[list[str]] | None:
    """The texts of a parameter on the wire, in every way to decode them; None if it can't be told which they are.

    Bytes that are no UTF-8 are kept as lone surrogates, of which no schema can be asked.
    """
    match parameter.location:
        case "path":
            plain = parameter.style == "simple" and parameter.name in paths
            return [[decoded(paths[parameter.name])]] if plain else None
        case "header":
            ours = parameter.name.lower() in CLIENT_FIELDS
            return None if ours else [header_values(request.headers, parameter.name)]
        case "cookie":
            raw = raw_values(
                "; ".join(header_values(request.headers, "cookie")), ";", parameter.name
            )
        case _:
            raw = raw_values(request.query, "&", parameter.name)
    if not raw and parameter.location == "query" and _may_be_object(parameter):
        return None
    literal = [decoded(text) for text in raw]
    # A plus sign is a space in a form (URL Standard §5.1), and itself in a URI (RFC 3986 §2.2).
    spaced = [decoded(text.replace("+", " ")) for text in raw]
    return [literal] if spaced == literal else [literal, spaced]


def _may_be_object(parameter: Parameter) -> bool:
    return parameter.schema is None or "object" in locate(parameter.schema).types


def _readings(parameter: Parameter, texts: list[str]) -> Iterator[Any]:
    """Every JSON value that the texts can stand for."""
    if parameter.media_type is not None:
        yield from _document(parameter.media_type, texts[0])
        return
    if parameter.location == "header":
        texts = [*texts, ", ".join(texts)] if len(texts) > 1 else texts  # RFC 9110 §5.3
    if (
        "" in texts
        and parameter.schema
        and parameter.schema.document.at(parameter.pointer).get("allowEmptyValue")
    ):
        yield _Anything
    for text in texts:
        yield from _scalars(text)
    types = locate(parameter.schema).types if parameter.schema else frozenset()
    if "object" in types:
        yield _Anything
    if "array" in types:
        yield from _arrays(parameter, texts)


class _Anything:
    """A reading that no schema can refuse for us: the text was not taken apart."""


def _document(media_type: str, text: str) -> Iterator[Any]:
    found = decode(text.encode("utf-8", "surrogateescape")) if is_json(media_type) else None
    if found is None or found.duplicates:
        yield _Anything
    else:
        yield found.value if found.problem is None else text


def _arrays(parameter: Parameter, texts: list[str]) -> Iterator[Any]:
    separators = {"spaceDelimited": " ", "pipeDelimited": "|"}
    separator = separators.get(parameter.style, ",")
    exploded = parameter.explode and parameter.location == "query"
    items = (
        texts
        if exploded
        else [item.strip() for text in texts[-1:] for item in text.split(separator)]
    )
    if items == [""]:
        yield []
    choices = [list(_scalars(item)) for item in items]
    yield from map(list, itertools.islice(itertools.product(*choices), MAX_READINGS))
    if math.prod(map(len, choices)) > MAX_READINGS or (not exploded and len(texts) > 1):
        yield _Anything


def _scalars(text: str) -> Iterator[Any]:
    yield text
    word = text.strip().lower()
    if word in ("", "null", "none"):
        yield None
    if word in (*_TRUE, *_FALSE):
        yield word in _TRUE
    try:
        number = float(text)
    except ValueError:
        return
    if not math.isfinite(number):
        yield _Anything  # infinity to some, and beyond what a float can hold to others
    else:
        yield int(number) if number.is_integer() and abs(number) < 2**53 else _whole(text, number)


def _whole(text: str, number: float) -> int | float:
    return int(text) if text.strip().lstrip("+-").isdecimal() else number


def _accepts(schema: Schema) -> Callable[[Any], bool]:
    try:
        check = validator(schema).is_valid
    except Uncompilable:
        return lambda value: True
    return lambda value: value is _Anything or _safely(check, value)


def _safely(check: Callable[[Any], bool], value: Any) -> bool:
    try:
        return check(value)
    except ValueError:  # a lone surrogate, or nested too deeply to be looked at
        return True


def _body(documented: RequestBody | None, request: Request) -> Iterable[str]:
    if documented is None:
        return
    content_type = request.header("content-type")
    if not request.body:
        if documented.required and content_type is None:
            yield "the required body is missing"
        return
    media = described_by(documented.content, content_type or "")
    if media is None or media.schema is None or not is_json(content_type or ""):
        return
    found = decode(request.body)
    if found.problem is not None:
        yield f"its body can't be read: {found.problem}"
    elif not found.duplicates and not _accepts(media.schema)(found.value):
        yield "its body does not match the schema"
