"""A request on the wire to the claim the document makes about it: allowed, or forbidden, and why.

A value on the wire has no type: a parameter forbids it only if its schema refuses every reading.
"""

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

from contracts.document import Operation, Parameter, RequestBody, Schema
from contracts.document.model import described_by
from contracts.document.serialisation import decoded, match_path, raw_values
from contracts.messages import Claim, Request, header_values, is_json
from contracts.schemas.json_text import decode
from contracts.schemas.locations import locate
from contracts.schemas.validation import Uncompilable, validator

MAX_READINGS = 64

CLIENT_FIELDS = {"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive"}
CLIENT_FIELDS |= {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
"""Header fields that the client sets by itself: no probe has them, and no claim rests on them."""

_WORDS = dict.fromkeys(("true", "t", "1", "yes", "y", "on"), True)
_WORDS |= dict.fromkeys(("false", "f", "0", "no", "n", "off"), False)
_ANYTHING = object()  # a reading that no schema can refuse for us: the text was not taken apart
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def claim_of(operation: Operation, request: Request) -> Claim:
    """What the document says of `request`, sent to `operation` (whose path must match)."""
    paths = match_path(operation.path, request.path) or {}
    for parameter in operation.parameters:
        if wrong := _wrong_with(parameter, _spellings(parameter, request, paths)):
            return Claim(f"the {parameter.location} parameter {parameter.name} {wrong}")
    return Claim(_wrong_with_body(operation.request_body, request))


def _wrong_with(parameter: Parameter, spellings: list[list[str]]) -> str | None:
    if not any(spellings):
        return "is missing" if spellings and parameter.required else None
    if parameter.schema is None:
        return None
    for texts in spellings:
        if _accepts(parameter.schema, _readings(parameter, parameter.schema, texts)):
            return None
    return "does not match its schema"


def _spellings(parameter: Parameter, request: Request, paths: dict[str, str]) -> list[list[str]]:
    """Texts of a parameter on the wire, in every way to decode them; none if that can't be told."""
    if parameter.location == "path":
        if parameter.style != "simple" or parameter.name not in paths:
            return []
        return [[decoded(paths[parameter.name])]]
    if parameter.location == "header":
        if parameter.name.lower() in CLIENT_FIELDS:
            return []
        return [header_values(request.headers, parameter.name)]
    if parameter.location == "cookie":
        cookies = "; ".join(header_values(request.headers, "cookie"))
        raw = raw_values(cookies, ";", parameter.name)
        if parameter.style == "cookie":  # of which nothing is escaped (OpenAPI 3.2 §4.12.3)
            return [raw]
    elif parameter.location == "querystring":
        raw = [request.query] * bool(request.query)
    else:
        raw = raw_values(request.query, "&", parameter.name)
        if not raw and (not parameter.schema or "object" in locate(parameter.schema).types):
            return []
    # A plus sign is a space in a form (URL Standard §5.1), and itself in a URI (RFC 3986 §2.2).
    spaced = [text.replace("+", " ") for text in raw]
    return [list(map(decoded, raw)), list(map(decoded, spaced))]


def _readings(parameter: Parameter, schema: Schema, texts: list[str]) -> Iterator[Any]:
    """Every JSON value that the texts of a parameter can stand for."""
    if parameter.media_type is not None:
        found = decode(texts[0].encode("utf-8", "surrogateescape"))
        if not is_json(parameter.media_type) or found.duplicates:
            yield _ANYTHING
        elif found.problem:
            yield texts[0]
        else:
            yield found.value
        return
    if parameter.location == "header" and len(texts) > 1:
        texts = [*texts, ", ".join(texts)]  # RFC 9110 §5.3
    if "" in texts and schema.document.at(parameter.pointer).get("allowEmptyValue"):
        yield _ANYTHING
    for text in texts:
        yield from _scalars(text)
    types = locate(schema).types
    if "object" in types:
        yield _ANYTHING
    if "array" in types:
        yield from _arrays(parameter, texts)


def _arrays(parameter: Parameter, texts: list[str]) -> Iterator[Any]:
    items = texts
    is_list = not (parameter.explode and parameter.location == "query")
    if is_list:
        items = list(map(str.strip, texts[-1].split(_SEPARATORS.get(parameter.style, ","))))
    if items == [""]:
        yield []
    choices = list(map(list, map(_scalars, items)))
    yield from map(list, itertools.islice(itertools.product(*choices), MAX_READINGS))
    if math.prod(map(len, choices)) > MAX_READINGS or (is_list and len(texts) > 1):
        yield _ANYTHING


def _scalars(text: str) -> Iterator[Any]:
    yield text
    word = text.strip().lower()
    if word in ("", "null", "none"):
        yield None
    if word in _WORDS:
        yield _WORDS[word]
    try:
        number = float(text)
    except ValueError:
        return
    if not math.isfinite(number):
        yield _ANYTHING  # infinity to some, and beyond what a float can hold to others
    elif word.lstrip("+-").isdecimal():
        yield int(text)
    else:
        yield number


def _accepts(schema: Schema, values: Iterable[Any]) -> bool:
    """Whether the schema takes one of the values, or can't be asked."""
    try:
        check = validator(schema).is_valid
        return any(value is _ANYTHING or check(value) for value in values)
    except (*Uncompilable, ValueError):  # a lone surrogate, or nested too deeply to be looked at
        return True


def _wrong_with_body(documented: RequestBody | None, request: Request) -> str | None:
    if documented is None:
        return None
    content_type = request.header("content-type")
    if not request.body:
        if documented.required and content_type is None:
            return "the required body is missing"
        return None
    media = described_by(documented.content, content_type or "")
    if media is None or media.schema is None or not is_json(content_type or ""):
        return None
    found = decode(request.body)
    if found.problem is not None:
        return f"its body can't be read: {found.problem}"
    if found.duplicates or _accepts(media.schema, [found.value]):
        return None
    return "its body does not match the schema"
