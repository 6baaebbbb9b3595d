"""A pointer to the place that names a change: `schemas/Thing /status`, `GET /x 200 /status`, …"""

from collections.abc import Sequence

from contracts.document import Document, join_pointer, split_pointer
from contracts.document.dialects import OTHER_METHODS
from contracts.document.model import is_there, value_at
from contracts.schemas import SAME_VALUE
from contracts.schemas.locations import escape

_BELOW = {"properties": "/{}", "patternProperties": "/<{}>", "prefixItems": "/{}"}
_BELOW |= dict.fromkeys(SAME_VALUE, "")
_INTO_ANY = {"items", "additionalProperties", "contains"}


def where_of(document: Document, pointer: str) -> str:
    """The place that names a change: `schemas/Thing /status`, `GET /x 200 /status`, …"""
    segments = split_pointer(pointer)
    words, used = _holder(document, segments)
    while used < len(segments):
        match segments[used:]:
            case ["content", media, *_]:
                around = segments[: used + 1]
                if is_there(document.tree, around) and len(value_at(document.tree, around)) > 1:
                    words.append(f";{media}")
                used += 2
            case ["headers", name, *_]:
                words.append(f"header {name}")
                used += 2
            case ["schema", *rest]:
                words.append(_place_of(rest))
                break
            case ["itemSchema", *rest]:
                words.append(_place_of(["items", *rest]))
                break
            case rest:
                words.append("/".join(rest))
                break
    return " ".join(filter(None, words))


def place_below(where: str, segment: str) -> str:
    """The place that names what is one segment further."""
    is_inside = where.rpartition(" ")[2].startswith("/")
    return f"{where}/{segment}" if is_inside else f"{where} /{segment}"


def _holder(document: Document, segments: Sequence[str]) -> tuple[list[str], int]:
    """What a component or a part of an operation is called, and how many segments lead to it."""
    match segments:
        case ["x-files", file, *rest]:
            return [file, "/".join(rest[:2]), _place_of(rest[2:])], len(segments)
        case ["components", "schemas", name, *rest]:
            return [f"schemas/{name}", _place_of(rest)], len(segments)
        case ["components", "callbacks", name, url, _, *_]:
            return _in_operation(document, segments, 4, f"callbacks/{name} {url}")
        case ["components", "pathItems", name, _, *_]:
            return _in_operation(document, segments, 3, f"pathItems/{name}")
        case ["components", kind, name, *_]:
            return [f"{kind}/{name}"], 3
        case ["webhooks", name, _, *_]:
            return _in_operation(document, segments, 2, f"webhooks/{name}")
        case ["paths", path, "parameters", _, *_]:
            return [path, _parameter(document, segments[:4])], 4
        case ["paths", path, _, *_]:
            words, used = _in_operation(document, segments, 2, path)
            return [words[1], words[0], *words[2:]], used
    return ["/".join(segments) or "document"], len(segments)


def _in_operation(
    document: Document, segments: Sequence[str], at: int, home: str
) -> tuple[list[str], int]:
    """Like `_holder`, below a path item `home` that ends `at` so many segments."""
    if segments[at] == "parameters" and len(segments) > at + 1:
        return [home, _parameter(document, segments[: at + 2])], at + 2
    method, at = segments[at].upper(), at + 1
    if segments[at - 1] == OTHER_METHODS and len(segments) > at:
        method, at = segments[at], at + 1
    match segments[at:]:
        case ["parameters", _, *_]:
            return [home, method, _parameter(document, segments[: at + 2])], at + 2
        case ["responses", status, *_]:
            return [home, method, status], at + 2
        case ["requestBody", *_]:
            return [home, method, "body"], at + 1
        case ["callbacks", name, url, _, *_]:
            below, used = _in_operation(document, segments, at + 3, f"callbacks/{name} {url}")
            return [home, method, *below], used
    return [home, method, "/".join(segments[at:])], len(segments)


def _parameter(document: Document, segments: Sequence[str]) -> str:
    if not is_there(document.tree, segments):  # in what is not read
        return "/".join(segments[-2:])
    node = document.at(document.resolve(join_pointer("", *segments)))
    return f"{node['in']} {node['name']}"


def _place_of(segments: Sequence[str]) -> str:
    """Segments below a schema to the place of the value that they describe."""
    place, waiting = "", list(segments)
    while waiting:
        keyword = waiting.pop(0)
        if keyword in _INTO_ANY:
            place += "/*"
        elif keyword in _BELOW and waiting:
            place += _BELOW[keyword].format(escape(waiting.pop(0)))
        else:
            place += "/" + escape(keyword)
    return place
