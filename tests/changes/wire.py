"""Parameter values as text and back: every reading that a receiver may give a text counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, product
from typing import Any
from urllib.parse import quote, unquote

DELIMITERS = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
READINGS = 256

Fields = list[tuple[str, str]]


class Unwritable(Exception):
    """A value that has no text: null, nested, or empty where something has to stand."""


def scalar(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case _:
            raise Unwritable(value)


def fields(name: str, value: Any, style: str, explode: bool) -> Fields:
    """A query or cookie parameter as names and values, not yet percent-encoded."""
    match value:
        case list() if not value:
            raise Unwritable(value)
        case list() if explode:
            return [(name, scalar(item)) for item in value]
        case list():
            return [(name, joined(style, map(scalar, value)))]
        case dict() if not value:
            raise Unwritable(value)
        case dict() if style == "deepObject":
            return [(f"{name}[{key}]", scalar(member)) for key, member in value.items()]
        case dict() if explode:
            return [(key, scalar(member)) for key, member in value.items()]
        case dict():
            return [(name, joined(style, (scalar(part) for pair in value.items() for part in pair)))]
        case _:
            return [(name, scalar(value))]


def simple(value: Any, explode: bool) -> str:
    """A header or path parameter in its default style."""
    if isinstance(value, dict) and explode:
        return joined("simple", (f"{key}={scalar(member)}" for key, member in value.items()))
    parts = [part for pair in value.items() for part in pair] if isinstance(value, dict) else value
    return joined("simple", map(scalar, parts)) if isinstance(parts, list) else scalar(value)


def joined(style: str, texts: Iterator[str]) -> str:
    parts = list(texts)
    delimiter = DELIMITERS.get(style, ",")
    if not parts or any(delimiter in part for part in parts):
        raise Unwritable(parts)
    return delimiter.join(parts)


def segment(value: Any, style: str, explode: bool, name: str) -> str:
    text = simple(value, explode)
    if text in ("", ".", ".."):
        raise Unwritable(value)
    prefix = {"label": ".", "matrix": f";{name}="}.get(style, "")
    return prefix + quote(text, safe=",")


def scalars(text: str) -> list[Any]:
    """What one text may be read as."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return [text]
    return [text, value] if isinstance(value, bool | int | float) else [text]


def readings(name: str, pairs: Fields, style: str, explode: bool) -> Iterator[Any]:
    """Every value that the fields may stand for; none where the parameter is absent."""
    own = [value for key, value in pairs if key == name]
    if style == "deepObject":
        own = []
        yield from objects([(key[len(name) + 1 : -1], v) for key, v in pairs if key.startswith(f"{name}[")])
    elif style == "form" and explode and not own:
        yield from objects(pairs)
    if len(own) == 1:
        yield from text_readings(own[0], style, explode)
    if own and explode and style == "form":
        yield from lists(own)


def text_readings(text: str, style: str, explode: bool) -> Iterator[Any]:
    yield from scalars(text)
    parts = text.split(DELIMITERS.get(style, ","))
    if not (explode and style == "form"):
        yield from lists(parts)
    if explode and all("=" in part for part in parts):
        yield from objects([(key, value) for key, _, value in (part.partition("=") for part in parts)])
    elif not explode and len(parts) % 2 == 0:
        yield from objects(list(zip(parts[::2], parts[1::2], strict=True)))


def lists(texts: list[str]) -> Iterator[list[Any]]:
    yield from map(list, islice(product(*map(scalars, texts)), READINGS))


def objects(pairs: Fields) -> Iterator[dict[str, Any]]:
    names = [key for key, _ in pairs]
    if names:
        for values in islice(product(*(scalars(value) for _, value in pairs)), READINGS):
            yield dict(zip(names, values, strict=True))


def unprefixed(text: str, style: str, name: str) -> str | None:
    """A path segment without what its style puts before it; None where that is not there."""
    prefix = {"label": ".", "matrix": f";{name}="}.get(style, "")
    return unquote(text.removeprefix(prefix)) if text.startswith(prefix) else None
