"""Pointers of a document to places that people and programs name changes by."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.document import Document, join_pointer, split_pointer
from contracts.schemas.locations import escape

_INTO_VALUES = {"items": "*", "additionalProperties": "*", "contains": "*"}
_SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf"})


def where_of(document: Document, pointer: str) -> str:
    """`schemas/SessionResponse /status`, `GET /x 200 /status`, `GET /x query limit`, `POST /x body /name`."""
    segments = split_pointer(pointer)
    words: tuple[str, ...]
    match segments:
        case ["x-files", file, *rest]:
            words = (file, "/".join(rest[:2]), place_of(rest[2:]))
        case ["components", kind, name, *rest]:
            below = (
                (place_of(rest),)
                if kind == "schemas"
                else _below_holder(document, segments[:3], rest)
            )
            words = (f"{kind}/{name}", *below)
        case ["paths", path, "parameters", _, *rest]:
            words = (
                path,
                _parameter_name(document, segments[:4]),
                *_below_holder(document, segments[:4], rest),
            )
        case ["paths", path, method, "parameters", _, *rest]:
            below = _below_holder(document, segments[:5], rest)
            words = (method.upper(), path, _parameter_name(document, segments[:5]), *below)
        case ["paths", path, method, *rest]:
            words = (method.upper(), path, *_below_operation(document, segments[:3], rest))
        case _:
            words = ("/".join(segments) or "document",)
    return " ".join(filter(None, words))


def _parameter_name(document: Document, segments: Sequence[str]) -> str:
    node = document.at(document.resolve(join_pointer("", *segments)))
    return f"{node['in']} {node['name']}"


def _below_operation(
    document: Document, above: Sequence[str], rest: Sequence[str]
) -> tuple[str, ...]:
    match rest:
        case ["responses", status, *more]:
            return (status, *_below_holder(document, [*above, *rest[:2]], more))
        case ["requestBody", *more]:
            return ("body", *_below_holder(document, [*above, rest[0]], more))
    return ("/".join(rest),)


def _below_holder(document: Document, above: Sequence[str], rest: Sequence[str]) -> tuple[str, ...]:
    match rest:
        case ["content", media, *more]:
            only = len(document.at(join_pointer("", *above, "content"))) == 1
            return (
                "" if only else f";{media}",
                *_below_holder(document, [*above, *rest[:2]], more),
            )
        case ["headers", name, *more]:
            return (f"header {name}", *_below_holder(document, [*above, *rest[:2]], more))
        case ["schema", *more]:
            return (place_of(more),)
    return ("/".join(rest),)


def place_of(segments: Sequence[str]) -> str:
    """Segments below a schema to the place of the value that they describe."""
    place, waiting = "", list(segments)
    while waiting:
        keyword = waiting.pop(0)
        if keyword in _INTO_VALUES:
            place += "/" + _INTO_VALUES[keyword]
        elif keyword == "properties" and waiting:
            place += "/" + escape(waiting.pop(0))
        elif keyword == "patternProperties" and waiting:
            place += f"/<{escape(waiting.pop(0))}>"
        elif keyword == "prefixItems" and waiting:
            place += "/" + waiting.pop(0)
        elif keyword in _SAME_VALUE and waiting:
            waiting.pop(0)
        else:
            place += "/" + escape(keyword)
    return place
