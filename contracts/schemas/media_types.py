"""Content that is no JSON document: bytes to the values of a schema, and values to bytes.

Judge and mock use the one table: whatever has no row here is neither judged nor drawn.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from fnmatch import fnmatchcase
from functools import cached_property, partial
from itertools import chain
from urllib.parse import parse_qsl, urlencode

from contracts.document import MediaType, Schema
from contracts.document.serialisation import plain_text
from contracts.messages import EVENTS, JSON, LINES, SEQUENCES, essence_of, is_json, may_be_json
from contracts.schemas.contents import SCALARS, Found, declared, scalar
from contracts.schemas.json_text import decode
from contracts.schemas.locations import Location, locate, merge

BOUNDARY = "mock-boundary"
NOTHING = merge("", ())  # of a schema that is not there
DONE = "[DONE]"  # what many services end a stream of JSON in events with
FIELDS = ("event", "data", "id", "retry")
"""Of an event, those that clients know (HTML §9.2.6)."""
_END_OF_LINE = re.compile("\r\n|\n|\r")
_LIST, _STRING = frozenset({"array"}), frozenset({"string"})


class Unreadable(ValueError):
    """Content is not of its media type; `str()` says what is wrong, "" if that can't be told."""


@dataclass(frozen=True, slots=True)
class Body:
    """The content of an answer as it came."""

    data: bytes
    content_type: str
    is_whole: bool = True  # not if a stream was left before its end

    def parameter(self, name: str) -> str | None:
        message = Message()
        message["Content-Type"] = self.content_type
        value = message.get_param(name)
        return value if isinstance(value, str) else None

    def text(self) -> str:
        """The text by the charset that Content-Type names; else UTF-8, or bytes as characters."""
        charset = self.parameter("charset")
        try:
            return self.data.decode(charset or "utf-8")
        except LookupError:
            raise Unreadable("") from None
        except UnicodeDecodeError:
            if charset is not None:
                raise Unreadable(f"the body is not {charset}, as Content-Type says") from None
        return self.data.decode("latin-1")


Readings = Iterator[Sequence[JSON]]  # of each value that a body holds, all its readings


@dataclass(frozen=True, slots=True)
class Medium:
    """Media types whose content is read in one way: a row of the table."""

    names: Sequence[str]  # essences, with `*` for anything
    is_what: str  # a promise
    clause: str
    read: Callable[[Location, Body], Readings]
    write: Callable[[Location, Sequence[JSON]], bytes]
    types: frozenset[str] = frozenset({"object"})  # of values that can be read, if it is no row

    @property
    def is_sequence(self) -> bool:
        """Whether it holds any number of values in a row."""
        return self.names in (LINES, SEQUENCES, EVENTS)


def _json(data: bytes, what: str) -> JSON:
    decoded = decode(data)
    if decoded.problem is not None:
        raise Unreadable(decoded.problem.replace("the body", what))
    return decoded.value


def _lines(_: Location, body: Body) -> Readings:
    lines = body.data.split(b"\n")
    if not body.is_whole:
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield [_json(line, f"line {number}")]


def _records(_: Location, body: Body) -> Readings:
    before, *records = body.data.split(b"\x1e")
    if before.strip():
        raise Unreadable("the body does not begin with a record separator (0x1E)")
    if not body.is_whole and not body.data.endswith(b"\n"):
        del records[-1:]
    for number, record in enumerate(records, 1):
        if not record:  # such separators are passed over (RFC 7464 §2.1)
            continue
        if not record.endswith(b"\n"):
            raise Unreadable(f"record {number} does not end with a line feed, as if cut short")
        yield [_json(record, f"record {number}")]


def _events(location: Location, body: Body) -> Readings:
    """Events as a client dispatches them: as objects, or what is in `data` where a schema says so.

    Without `event`, one is a `message`.
    """
    is_object = is_event(location)
    for event in _dispatched(body):
        data = event["data"]
        found = decode(data.encode())
        if not is_object:
            if data != DONE:
                yield [data if found.problem else found.value, data]
            continue
        readings = [event, {"event": "message", **event}]
        if not found.problem:
            readings += [{**one, "data": found.value} for one in readings]
        yield readings


def is_event(location: Location) -> bool:
    """Whether a schema is about events, and not about what is in their data."""
    branches = chain(*(union.branches for union in location.unions))
    return "data" in {*location.properties, *chain(*(one.properties for one in branches))}


def _dispatched(body: Body) -> Iterator[dict[str, JSON]]:
    """Each event with data, as clients parse it (HTML §9.2.6)."""
    try:
        text = body.data.decode("utf-8-sig", "strict" if body.is_whole else "ignore")
    except UnicodeDecodeError:
        raise Unreadable("the stream is not UTF-8") from None
    text = _END_OF_LINE.sub("\n", text)
    *blocks, rest = text.split("\n\n")
    yield from filter(lambda event: "data" in event, map(_event, blocks))
    if body.is_whole and "data" in _event(rest):
        raise Unreadable("the stream ends within an event, which clients then discard")
    names = dict.fromkeys(line.partition(":")[0] for line in text.split("\n"))
    unknown = list(filter(None, names))
    if unknown and names.keys().isdisjoint(FIELDS):
        raise Unreadable(f"no line is a field of an event; the first begins with {unknown[0][:40]}")


def _event(block: str) -> dict[str, JSON]:
    event = dict[str, JSON]()
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data" and name in event:
            event[name] += f"\n{value}"
        elif name in ("data", "event") or (name == "id" and "\0" not in value):
            event[name] = value
        elif name == "retry" and value.isascii() and value.isdecimal():
            event[name] = int(value)
    return event


def _whole_text(location: Location, body: Body) -> Readings:
    if body.is_whole:
        text = body.text()
        yield [scalar(text, declared(location)), text]


def _form(location: Location, body: Body) -> Readings:
    yield _named(location, parse_qsl(body.text(), keep_blank_values=True))


def _parts(location: Location, body: Body) -> Readings:
    if body.parameter("boundary") is None:
        raise Unreadable("Content-Type has no boundary")
    head = f"Content-Type: {body.content_type}\r\n\r\n".encode("latin-1", "replace")
    whole, pairs = message_from_bytes(head + body.data), list[tuple[str, JSON]]()
    if whole.defects:
        raise Unreadable(f"the body is no multipart content: {type(whole.defects[0]).__name__}")
    for number, part in enumerate(whole.walk()):
        if part is whole:
            continue
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise Unreadable(f"part {number} has no name in its Content-Disposition")
        data, content_type = part.get_payload(decode=True), part.get_content_type()
        held = Body(data if isinstance(data, bytes) else b"", str(part["Content-Type"] or ""))
        pairs.append(
            (name, _json(held.data, f"part {number}") if is_json(content_type) else held.text())
        )
    yield _named(location, pairs)


def _named(location: Location, pairs: Sequence[tuple[str, JSON]]) -> Sequence[JSON]:
    """The members of an object: as their schemas want them, and as they stand."""
    typed, plain = dict[str, JSON](), dict[str, JSON]()
    for name in dict.fromkeys(name for name, _ in pairs):
        held, below = [value for key, value in pairs if key == name], location.property(name)
        of_items = below.items.types if below.items else SCALARS
        is_list = len(held) > 1 or below.types == _LIST
        plain[name] = held if is_list else held[0]
        if is_list and len(held) == 1:  # without `explode`
            plain[name] = str(held[0]).split(",")
        types = of_items if is_list else below.types
        values = [_member(value, types) for value in held]
        typed[name] = values if is_list else values[0]
    return [typed, plain]


def _member(value: JSON, types: frozenset[str]) -> JSON:
    if not isinstance(value, str):
        return value
    found = decode(value.encode()) if types.isdisjoint(SCALARS) else None
    return scalar(value, types) if found is None or found.problem else found.value


def dump(value: JSON) -> bytes:
    """A value as JSON in UTF-8."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
    return text.encode("utf-8", "replace")


def _joined(before: bytes, _: Location, values: Sequence[JSON]) -> bytes:
    return b"".join(before + dump(value) + b"\n" for value in values)


def _written_events(location: Location, values: Sequence[JSON]) -> bytes:
    lines, is_object = [], is_event(location)
    for value in values:
        fields = value if is_object and isinstance(value, dict) else {"data": value}
        for name in filter(fields.__contains__, FIELDS):
            lines += [f"{name}: {line}" for line in plain_text(fields[name]).split("\n")]
        lines.append("")
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


def _pairs(value: JSON) -> Iterator[tuple[str, str]]:
    for name, held in value.items():
        for one in held if isinstance(held, list) else [held]:
            yield name, plain_text(one)


def _written_parts(_: Location, values: Sequence[JSON]) -> bytes:
    text = ""
    for name, held in _pairs(values[0]):
        text += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{held}\r\n'
    return f"{text}--{BOUNDARY}--\r\n".encode("utf-8", "replace")


def _written_text(_: Location, values: Sequence[JSON]) -> bytes:
    return plain_text(values[0]).encode("utf-8", "replace")


def _written_form(_: Location, values: Sequence[JSON]) -> bytes:
    return urlencode([*_pairs(values[0])], errors="replace").encode()


_CHARSET, _STREAM = "is text in its charset", "is a stream of whole events in UTF-8"
_RECORDS = "is a sequence of JSON documents, each after 0x1E and before a line feed"
_FORM, _PARTS = "application/x-www-form-urlencoded", "is parts with names between boundaries"
TEXT = Medium(("*",), _CHARSET, "RFC 9110 §8.3.2", _whole_text, _written_text, SCALARS)
TABLE = (
    Medium(LINES, "has a JSON document a line", "NDJSON 1.0 §3.1", _lines, partial(_joined, b"")),
    Medium(SEQUENCES, _RECORDS, "RFC 7464 §2.2", _records, partial(_joined, b"\x1e")),
    Medium(EVENTS, _STREAM, "HTML §9.2.5, §9.2.6", _events, _written_events),
    Medium((_FORM,), _CHARSET, "URL Standard §5.1", _form, _written_form),
    Medium(("multipart/form-data",), _PARTS, "RFC 7578 §4, RFC 2046 §5.1", _parts, _written_parts),
    TEXT,
)
LEFT_ALONE = ("*/xml", "*/*+xml", "multipart/[!f]*")
"""What has structure of its own, which no schema of a text is about."""
_ABOUT_ALL = ["minItems", "maxItems", "uniqueItems", "prefixItems", "contains"]


@dataclass(frozen=True)
class Content:
    """The content of one documented media type, and the schema that is about it."""

    medium: Medium
    schema: Schema
    each: bool = False  # it is about each value of a sequence, not about all as a list

    @cached_property
    def location(self) -> Location:
        return locate(self.schema)

    @property
    def is_list(self) -> bool:
        """Whether the schema is about all values of a sequence as a list."""
        return self.medium.is_sequence and not self.each

    @property
    def value(self) -> Location:
        """The location of one value."""
        return (self.is_list and self.location.items) or self.location

    def found(self, body: Body) -> Found:
        """What a body holds, up to where it can't be read."""
        values, problem = list[Sequence[JSON]](), ""
        try:
            for readings in self.medium.read(self.value, body):
                values.append(readings)
        except Unreadable as error:
            problem = str(error)
        if self.is_list:
            values = [list(map(list, zip(*values, strict=False))) or [[]]]
            if problem or not body.is_whole:
                values = []
        return Found(values, problem)


def medium_of(name: str) -> Medium | None:
    """How a media type is read, by its essence; None for JSON, and what is left alone."""
    matches = partial(fnmatchcase, essence_of(name))
    if may_be_json(name) or any(map(matches, LEFT_ALONE)):
        return None
    return next(medium for medium in TABLE if any(map(matches, medium.names)))


def content_of(media: MediaType) -> Content | None:
    """What a documented body that is no JSON holds by its schema; None if that is not judged."""
    medium, schema = medium_of(media.name), media.item_schema or media.schema
    if schema is None or medium is None:
        return None
    location = locate(schema)
    if not medium.is_sequence:
        return Content(medium, schema) if location.types & medium.types else None
    if media.item_schema is not None:
        return Content(medium, schema, each=True)
    if location.types <= _STRING:  # the stream as a text, as many documents have it
        return Content(TEXT, schema)
    if location.types != _LIST:
        return Content(medium, schema, each=True)
    items = location.items
    if items is None or len(items.parts) != 1 or location.keywords(_ABOUT_ALL):
        return Content(medium, schema)
    return Content(medium, items.parts[0].schema, each=True)
