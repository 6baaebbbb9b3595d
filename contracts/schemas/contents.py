"""The texts of an answer to the values that schemas are about: fields of its head, first of all.

A text has no type: it may be read in several ways, and keeps a promise if one of them does.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from contracts.document import Header
from contracts.messages import JSON, moment_of
from contracts.schemas import ARRAYS, OBJECTS
from contracts.schemas.json_text import decode
from contracts.schemas.locations import ALL_TYPES, Location, locate

SCALARS = ALL_TYPES - {"array", "object"}
DATES = frozenset({"date", "expires", "last-modified", "retry-after", "sunset"})
"""Fields with dates in a form of HTTP's own (RFC 9110 §5.6.7), which no `format` can change."""

_NUMBER = re.compile(r"\+?(-?)0*([0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)")
_WORDS: dict[str, dict[str, JSON]] = {
    "boolean": {"true": True, "false": False},
    "null": {"": None, "null": None},
}
_COMMA, _UNQUOTED = re.compile(","), re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')


ENCODINGS = {
    "byte": re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"),
    "base64url": re.compile("(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}(==)?|[A-Za-z0-9_-]{3}=?)?"),
    "base16": re.compile("(?:[0-9A-Fa-f]{2})*"),
}
ENCODINGS["base64"] = ENCODINGS["byte"]
"""What `format` (OpenAPI 3.0) and `contentEncoding` call the encodings of RFC 4648 §4, §5, §8."""


def encoding_of(keywords: Mapping[str, JSON]) -> str | None:
    """The encoding that a schema says its strings have, if it is one that can be told."""
    names = (str(keywords.get(keyword)) for keyword in ("contentEncoding", "format"))
    return next(filter(ENCODINGS.__contains__, names), None)


def is_document(text: str) -> bool:
    """Whether a text is a JSON document."""
    return decode(text.encode("utf-8", "surrogatepass")).problem is None


def is_encoded(encoding: str, text: str) -> bool:
    """Whether a text is in an encoding, perhaps in lines as MIME has them (RFC 2045 §6.8)."""
    return ENCODINGS[encoding].fullmatch(re.sub("\r?\n", "", text)) is not None


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: each value in all its readings, the most telling first; or a problem."""

    values: Sequence[Sequence[JSON]] = ()
    problem: str = ""


def is_flat(location: Location) -> bool:
    """Whether what a value holds can be text: in style `simple`, no list is in a list."""
    children = [*location.prefix, *location.patterns.values()]
    children += map(location.property, location.properties)
    children += filter(None, (location.items, location.additional))
    return not any(map((ALL_TYPES - SCALARS).issuperset, map(attrgetter("types"), children)))


def scalar(text: str, types: frozenset[str]) -> JSON:
    """A text as a value of one of these types, if it can be one; else as it stands."""
    word = text.strip()
    if not types.isdisjoint(("integer", "number")) and (number := _NUMBER.fullmatch(word)):
        return decode(f"{number[1]}{number[2]}".encode()).value
    for name, words in _WORDS.items():
        if name in types and word in words:
            return words[word]
    return text


def header_found(header: Header, lines: Sequence[str]) -> Found:
    """What the lines of a header field hold (OpenAPI 3.1 §4.8.21)."""
    if header.schema is None or not lines:
        return Found()
    text, location = ", ".join(lines), locate(header.schema)  # RFC 9110 §5.3
    if header.media_type is not None:
        decoded = decode(text.encode())
        problem = decoded.problem and decoded.problem.replace("the body", "the value")
        return Found([[decoded.value]][bool(problem) :], problem or "")
    readings = list[JSON]()
    if header.name.lower() == "set-cookie":  # the one field that is no list (RFC 9110 §5.3)
        for line in lines:
            readings += _simple(location, line, explode=header.explode)
        if declared(location) == {"array"}:
            readings = [[*lines]]
        return Found([readings])
    if header.name.lower() in DATES and (moment := moment_of(text)):
        readings.append(moment.isoformat())
    return Found([[*readings, *_simple(location, text, explode=header.explode)]])


def _simple(location: Location, text: str, *, explode: bool) -> Iterator[JSON]:
    """The readings of a text in style `simple` (OpenAPI 3.1 §4.8.12), lists and objects first."""
    types = declared(location)
    for comma in (_COMMA, *[_UNQUOTED] * ('"' in text)):
        parts = list(map(str.strip, comma.split(text)))
        if not text:
            parts = []
        if "array" in types:
            yield list(map(scalar, parts, _types_of_items(location)))
            yield parts
        if "object" in types and (explode or len(parts) % 2 == 0):
            named = dict(zip(parts[::2], parts[1::2], strict=False))
            if explode:
                named = dict(part.partition("=")[::2] for part in parts)
            below = map(attrgetter("types"), map(location.property, named))
            yield dict(zip(named, map(scalar, named.values(), below), strict=True))
            yield named
    if types != {"array"}:
        yield scalar(text, types)
        yield text


def declared(location: Location) -> frozenset[str]:
    """The types that a schema lets through; where it names none, that of its keywords, or text."""
    if location.types != ALL_TYPES:
        return location.types
    for name, keywords in (("array", ARRAYS), ("object", OBJECTS)):
        if location.keywords([*keywords]):
            return frozenset({name})
    return frozenset({"string"})


def _types_of_items(location: Location) -> Iterator[frozenset[str]]:
    for place in location.prefix:
        yield place.types
    while True:
        yield location.items.types if location.items else ALL_TYPES
