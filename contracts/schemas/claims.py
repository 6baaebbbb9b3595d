"""A request on the wire to the claim the document makes about it: allowed, or forbidden, and why.

A value on the wire has no type: a parameter forbids it only if its schema refuses every reading.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from contracts import messages
from contracts.document import MediaType, Operation, Parameter, RequestBody, Schema
from contracts.document.model import described_by
from contracts.document.serialisation import decoded, match_path, raw_values, values_by_field
from contracts.messages import ALLOWED, Claim, Request, essence_of, is_json
from contracts.schemas import constraints
from contracts.schemas.constraints import CLIENT_FIELDS, JSON, OF_TYPE, Broken, mode_of, name_of
from contracts.schemas.contents import SCALARS, scalar
from contracts.schemas.json_text import decode
from contracts.schemas.locations import Part, locate
from contracts.schemas.media_types import Body, content_of
from contracts.schemas.validation import Uncompilable, small_validator, validator

MAX_READINGS = 64
MAX_DIGITS = 4_000  # of a number that is read

WORDS = dict.fromkeys(("true", "t", "1", "yes", "y", "on"), True)
WORDS |= dict.fromkeys(("false", "f", "0", "no", "n", "off"), False)
"""Texts that are read as true or false, in whatever case."""
Fields = Mapping[str, Sequence[str]]
Wrong = tuple[str, Set[str]]  # what is wrong, and the names of what that breaks
ANYTHING = object()  # a reading that no schema can refuse for us: the text was not taken apart
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}


def claim_of(operation: Operation, request: Request) -> Claim:
    """What the document says of `request`, sent to `operation` (whose path must match).

    `breaks` names the constraint of `forbidden_by` that it breaks, where it is forbidden for that
    alone; a request that is none by HTTP or MIME is forbidden, and breaks `MALFORMED`.
    """
    if malformed := messages.problem_of_content_type(request):
        return Claim(malformed, messages.MALFORMED)
    first, every = "", set[str]()
    for said, names in _wrongs(operation, request):
        first, every = first or said, every | names
        if len(every) > 1:  # what else there is makes no difference
            return Claim(first)
    return Claim(first, *every) if first else ALLOWED


def _wrongs(operation: Operation, request: Request) -> Iterator[Wrong]:
    paths = match_path(operation.path, request.path) or {}
    fields = values_by_field(request.headers)
    for parameter in operation.parameters:
        spellings = map(tuple, _spellings(parameter, request, paths, fields))
        yield from _wrong_with(parameter, tuple(spellings))
    yield from _wrong_with_body(operation.request_body, request)


@dataclass(frozen=True, slots=True)
class Objection:
    """What of a request is forbidden."""

    part: str  # a location of parameters, or `body`
    name: str  # of the parameter
    said: str
    breaks: Set[str]  # names of what it breaks
    schema: Schema | None = None
    value: Any = ANYTHING  # the reading that is nearest to the schema; else nothing can be read


def objections_to(operation: Operation, request: Request) -> Iterator[Objection]:
    """All that makes a request forbidden, part by part; none if `claim_of` has it allowed."""
    if malformed := messages.problem_of_content_type(request):
        yield Objection("header", "Content-Type", malformed, {messages.MALFORMED})
        return
    paths = match_path(operation.path, request.path) or {}
    fields = values_by_field(request.headers)
    for parameter in operation.parameters:
        spellings = tuple(map(tuple, _spellings(parameter, request, paths, fields)))
        for said, names in _wrong_with(parameter, spellings):
            value, schema = ANYTHING, parameter.schema
            if any(spellings) and schema is not None:
                of_each = (_readings(parameter, schema, texts) for texts in spellings)
                value = _nearest(schema, itertools.chain(*of_each), constraints.written(parameter))
            yield Objection(parameter.location, parameter.name, said, names, schema, value)
    for said, names in _wrong_with_body(operation.request_body, request):
        schema, value = None, ANYTHING
        content_type, documented = request.header("content-type") or "", operation.request_body
        media = described_by(documented.content, content_type) if documented else None
        if media is not None and media.schema is not None and request.body:
            readings = _contents(media, request.body, content_type)[1]
            schema, value = media.schema, _nearest(media.schema, readings, mode_of(media))
        yield Objection("body", "", said, names, schema, value)


def _nearest(schema: Schema, values: Iterable[Any], mode: str) -> Any:
    known = [value for value in values if value is not ANYTHING]
    wrongness = (_wrongness(constraints.broken_by(schema, value, mode)) for value in known)
    ranked = sorted(zip(wrongness, itertools.count(), known, strict=False), key=lambda row: row[:2])
    return ranked[0][2] if ranked else ANYTHING


@lru_cache(maxsize=8192)  # of the requests of an operation, each differs from others in little
def _wrong_with(parameter: Parameter, spellings: tuple[tuple[str, ...], ...]) -> Sequence[Wrong]:
    what = f"the {parameter.location} parameter {parameter.name}"
    part, schema, values = f"{parameter.location} {parameter.name}", parameter.schema, list[Any]()
    if not any(spellings):
        is_missing = bool(spellings) and parameter.required
        return [(f"{what} is missing", {f"{part} required"})] * is_missing
    if schema is None:
        return []
    for texts in spellings:
        values += _readings(parameter, schema, texts)
    if _accepts(schema, values, small_validator):
        return []
    keys = _broken_by_nearest(schema, values, constraints.written(parameter))
    return [(f"{what} does not match its schema", {name_of(part, key) for key in keys})]


def _broken_by_nearest(schema: Schema, values: Iterable[Any], mode: str) -> Set[Broken]:
    """What the readings break that are of the right type, or nearest to it."""
    found = sorted((constraints.broken_by(schema, value, mode) for value in values), key=_wrongness)
    _, nearest = next(itertools.groupby(found, _wrongness))
    return frozenset[Broken]().union(*nearest)


def _wrongness(broken: Set[Broken]) -> int:
    places = [place for place, word, _ in broken if word in OF_TYPE]
    return len(places) + 100 * ("" in places)


def _spellings(
    parameter: Parameter, request: Request, paths: Mapping[str, str], fields: Fields
) -> list[list[str]]:
    """Texts of a parameter on the wire, in every way to decode them; none if that can't be told."""
    if parameter.location == "path":
        if parameter.style != "simple" or parameter.name not in paths:
            return []
        return [[decoded(paths[parameter.name])]]
    if parameter.location == "header":
        if parameter.name.lower() in CLIENT_FIELDS:
            return []
        return [[*fields.get(parameter.name.lower(), ())]]
    if parameter.location == "cookie":
        cookies = "; ".join(fields.get("cookie", ()))
        raw = raw_values(cookies, ";", parameter.name)
        if parameter.style == "cookie":  # of which nothing is escaped (OpenAPI 3.2 §4.12.3)
            return [raw]
    elif parameter.location == "querystring":
        raw = [request.query] * bool(request.query)
    elif parameter.style == "deepObject":
        raw = _members(request.query, f"{parameter.name}[")
    else:
        raw = raw_values(request.query, "&", parameter.name)
        schema = parameter.schema
        if not raw and not (parameter.required and schema and "object" not in locate(schema).types):
            return []
    # A plus sign is a space in a form (URL Standard §5.1), and itself in a URI (RFC 3986 §2.2).
    spaced = [text.replace("+", " ") for text in raw]
    return [list(map(decoded, raw)), list(map(decoded, spaced))]


def _members(query: str, prefix: str) -> list[str]:
    """The names in the brackets of style `deepObject`, each with its value."""
    found = []
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if decoded(name).startswith(prefix):
            found.append(f"{decoded(name)[len(prefix) : -1]}={value}")
    return found


def _readings(parameter: Parameter, schema: Schema, texts: Sequence[str]) -> Iterator[Any]:
    """Every JSON value that the texts of a parameter can stand for."""
    if parameter.media_type is not None:
        found = decode(texts[0].encode("utf-8", "surrogateescape"))
        if not is_json(parameter.media_type) or found.duplicates:
            yield ANYTHING
        elif found.problem:
            yield texts[0]
        else:
            yield found.value
        return
    if parameter.style == "deepObject":
        members, place = dict(text.partition("=")[::2] for text in texts), locate(schema)
        types_of = [place.property(name).types for name in members]
        typed = dict(zip(members, map(scalar, members.values(), types_of), strict=True))
        unclear = len(members) < len(texts) or any(map(SCALARS.isdisjoint, types_of))
        yield from (typed, _worded(typed), members, *[ANYTHING] * unclear)
        return
    if parameter.location == "header" and len(texts) > 1:
        texts = [*texts, ", ".join(texts)]  # RFC 9110 §5.3
    if "" in texts and schema.document.at(parameter.pointer).get("allowEmptyValue"):
        yield ANYTHING
    for text in texts:
        yield from readings_of(text)
    types = locate(schema).types
    if "object" in types:
        yield ANYTHING
    if "array" in types:
        yield from _arrays(parameter, texts)


def _arrays(parameter: Parameter, texts: Sequence[str]) -> Iterator[Any]:
    items = list(texts)
    is_list = not (parameter.explode and parameter.location == "query")
    if is_list:
        items = list(map(str.strip, texts[-1].split(_SEPARATORS.get(parameter.style, ","))))
    if items == [""]:
        yield []
    choices = list(map(list, map(readings_of, items)))
    yield from map(list, itertools.islice(itertools.product(*choices), MAX_READINGS))
    if math.prod(map(len, choices)) > MAX_READINGS or (is_list and len(texts) > 1):
        yield ANYTHING


def readings_of(text: str) -> Iterator[Any]:
    """Every value that one text can stand for."""
    yield text
    word = text.strip().lower()
    if word in ("", "null", "none"):
        yield None
    if word in WORDS:
        yield WORDS[word]
    try:
        number = float(text)
    except ValueError:
        return
    if not math.isfinite(number) or len(text) > MAX_DIGITS:
        yield ANYTHING  # infinity to some, and beyond what a float can hold to others
    elif word.lstrip("+-").isdecimal():
        yield int(text)
    else:
        yield number


def _accepts(schema: Schema, values: Iterable[Any], of: Any = validator) -> bool:
    """Whether the schema takes one of the values, or can't be asked."""
    try:
        check = of(schema).is_valid
        return any(value is ANYTHING or check(value) for value in values)
    except (*Uncompilable, ValueError):  # a lone surrogate, or nested too deeply to be looked at
        return True


def _wrong_with_body(documented: RequestBody | None, request: Request) -> Iterator[Wrong]:
    content_type = request.header("content-type")
    if documented is None:
        return
    if not request.body:
        if documented.required:
            yield "the required body is missing", {"body required"}
        return
    if content_type is None:
        yield "its body has no Content-Type", {"body content type missing"}
        return
    media = described_by(documented.content, content_type)
    if media is None:
        yield f"no content of the document is {essence_of(content_type)}", {"body content type"}
    elif media.schema is not None:
        part = constraints.part_of_body(documented, media)
        yield from _wrong_with_content(media, media.schema, part, request.body, content_type)


@lru_cache(maxsize=256)
def _wrong_with_content(
    media: MediaType, schema: Schema, part: str, body: bytes, content_type: str
) -> Sequence[Wrong]:
    mode = JSON if is_json(content_type) else mode_of(media)
    problem, readings = _contents(media, body, content_type)
    if problem:
        return [(f"its body can't be read: {problem}", {f"{part} syntax"})]
    if _accepts(schema, readings):
        return []
    keys = _broken_by_nearest(schema, readings, mode)
    return [("its body does not match the schema", {name_of(part, key, "/") for key in keys})]


def _contents(media: MediaType, body: bytes, content_type: str) -> tuple[str, Sequence[Any]]:
    """What keeps a body from being read, or every value that it can stand for."""
    mode = JSON if is_json(content_type) else mode_of(media)
    if mode == JSON:
        found = decode(body)
        if found.problem is not None:
            return found.problem, [ANYTHING]
        if not found.duplicates:
            return "", [found.value]
    elif mode and (content := content_of(media)):
        held = content.found(Body(body, content_type))
        for values in held.values[:1] if not held.problem else ():
            return "", [*values, *map(_worded, values[:1])]
    return "", [ANYTHING]


def _worded(value: Any) -> Any:
    """A form with its words for true and false as these."""
    members = value.items() if isinstance(value, dict) else ()
    return {name: WORDS.get(str(held).lower(), held) for name, held in members} or value


_UNLIKELY: tuple[str | float, ...] = (
    *("made-up-4f1d9a2b", "4f1d9a2b-0000-4000-8000-00004f1d9a2b", "2001-02-03T04:05:06Z"),
    *("2001-02-03", "made-up@example.com", "https://example.com/made-up", 918273, 918273.5),
)
"""Values that a service is not to choose by itself, of several types."""


@lru_cache(maxsize=256)
def unsent_values(operation: Operation) -> dict[str, str | float]:
    """A value for each `readOnly` property of a request's body that an answer of 2xx shows.

    None where the schema of the property, as written, takes no value that nobody else would choose.
    """
    shown, found = set[str](), dict[str, str | float]()
    for response in operation.responses:
        for schema in _json_schemas(response.content) if response.status[0] == "2" else ():
            shown.update(locate(schema).properties)
    for schema in _json_schemas(operation.request_body.content if operation.request_body else ()):
        for name in filter(shown.__contains__, locate(schema).properties):
            parts = locate(schema).property(name).parts
            is_left_out = any(part.value.get("readOnly") is True for part in parts)
            allowed = filter(partial(_is_written, parts), _UNLIKELY)
            if is_left_out and (value := next(allowed, None)) is not None:
                found[name] = value
    return found


def is_sent(operation: Operation, request: Request) -> bool:
    """Whether a body has nothing that only answers have: such a request may be refused or not."""
    documented, content_type = operation.request_body, request.header("content-type") or ""
    media = described_by(documented.content, content_type) if documented else None
    if media is None or media.schema is None or not is_json(content_type):
        return True
    found, document = decode(request.body or b""), media.schema.document
    if found.problem is not None or not _accepts(media.schema, [found.value]):
        return True
    return _accepts(Schema(document.sender, media.schema.pointer), [found.value])


def _json_schemas(content: Iterable[MediaType]) -> Iterator[Schema]:
    for media in content:
        if media.schema is not None and is_json(media.name):
            yield media.schema


def _is_written(parts: Iterable[Part], value: str | float) -> bool:
    """Whether the schemas of a property, as they are written, take a value."""
    try:
        written = (Schema(p.schema.document.written, p.schema.pointer) for p in parts)
        return all(validator(schema).is_valid(value) for schema in written)
    except (LookupError, TypeError, *Uncompilable):
        return False
