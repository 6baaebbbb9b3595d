"""A schema, and an operation, to what they forbid: each constraint, and those a value breaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, product, repeat
from typing import Any

from contracts import text
from contracts.document import MediaType, Operation, Parameter, RequestBody, Schema, join_pointer
from contracts.messages import is_json
from contracts.schemas import RUNGS, asserts
from contracts.schemas.contents import SCALARS
from contracts.schemas.locations import ALL_TYPES, Location, Part, Union, json_type, locate
from contracts.schemas.media_types import content_of
from contracts.schemas.validation import validator

MAX_PLACES, MAX_CONSTRAINTS = 400, 200  # of one schema, those nearest to its root first
MAX_FORBIDDEN = 10_000  # of an operation, of which no more than a few hundred are tried
CLIENT_FIELDS = {"accept-encoding", "connection", "content-length", "expect", "host", "keep-alive"}
CLIENT_FIELDS |= {"proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"}
"""Header fields that the client sets by itself: no probe has them, and no claim rests on them."""

_APPLIES = {keyword: rung.types for rung in RUNGS for keyword in rung.keywords}
CLOSED = ("additionalProperties", "unevaluatedProperties")
_APPLIES |= dict.fromkeys(CLOSED, frozenset({"object"}))
_NOTHING = {("minLength", 0), ("minItems", 0), ("minProperties", 0), *product(CLOSED, [True])}
"""Keywords and what they hold, where that demands nothing."""
JSON, TEXT, FORM, ITEM = "json", "text", "form", "item of a text"  # how values are written
_BELOW = {JSON: JSON, FORM: TEXT, TEXT: ITEM, ITEM: ITEM}
GIVEN_BACK = "write-only property"  # the word about those that no answer has
OF_TYPE = ("type", "nullability")  # the words about a type: of a value, and of null

_located = lru_cache(maxsize=256)(locate)
Path = tuple[str | int, ...]
Broken = tuple[str, str, str]  # a place, a word, and the name of a property that is required


@dataclass(frozen=True, eq=False)
class Constraint:
    """One thing that a schema demands of the values at a place."""

    location: Location
    word: str  # JSON Schema's keyword, `nullability`, or `union`
    pointer: str  # to what demands it
    says: Any = None  # the value of the keyword
    name: str = ""  # of a property that is required

    @property
    def key(self) -> Broken:
        return self.location.place, self.word, self.name


@lru_cache(maxsize=256)
def constraints(schema: Schema | None, mode: str = JSON) -> Mapping[Broken, Constraint]:
    """What the schema demands by key, nearest to its root first: some `MAX_CONSTRAINTS`.

    Of a text, which has no type by itself, and of parts of a form, what a text can break.
    """
    found, pending = dict[Broken, Constraint](), list[tuple[Location, str, bool]]()
    if schema is not None:
        pending.append((_located(schema), mode, mode != FORM))
    for location, written, has_type in pending:  # which grows meanwhile
        if written in (TEXT, ITEM) and "object" in location.types:
            continue
        of_types = _of_types(location, written) if has_type else ()
        for one in (*of_types, *_here(location)):
            # An empty text is no empty list for everybody.
            if written == JSON or one.word != "minItems" or one.says > 1:
                found.setdefault(one.key, one)
        if len(pending) > MAX_PLACES or len(found) > MAX_CONSTRAINTS:
            break
        for union in location.unions:
            if union.selectable and union.values is None:  # whose types are judged at the union
                pending += ((branch, written, False) for branch in union.branches)
        for child in _below(location):
            is_part = written == FORM and child.types <= {"object", "null"}  # sent as JSON
            pending.append((child, JSON if is_part else _BELOW[written], not is_part))
    return found


def _of_types(location: Location, written: str) -> Iterator[Constraint]:
    types = location.types
    if not types or types == ALL_TYPES:
        return
    pointer = _pointer(location, "type", "enum", "const")
    # Any text is a list of one item, where a list is a text.
    readable = {TEXT: {"string", "array"}, ITEM: {"string"}}.get(written, set())
    if written == JSON and "null" not in types:
        yield Constraint(location, "nullability", pointer)
    if types.isdisjoint(readable):
        yield Constraint(location, "type", pointer, types)


def _pointer(location: Location, *keywords: str) -> str:
    """To what says something under one of the keywords; else to a schema or union there."""
    for schema, said in location.keywords(keywords):
        return join_pointer(schema.pointer, next(iter(said)))
    return (location.parts or location.unions)[0].schema.pointer


def _here(location: Location) -> Iterator[Constraint]:
    """What a place demands of values of the right type."""
    values = location.values or ()
    if any(value is not None for value in values):
        yield Constraint(location, "enum", _pointer(location, "enum", "const"), values)
    if "object" in location.types:
        for name, schema in location.required.items():
            pointer = join_pointer(schema.pointer, "required")
            yield Constraint(location, "required", pointer, name, name)
        for name, part in write_only(location).items():
            yield Constraint(location, GIVEN_BACK, part.schema.pointer, name=name)
    for schema, keywords in location.keywords(tuple(_APPLIES)):
        for keyword, held in keywords.items():
            demands = asserts(keyword, held) and location.types & _APPLIES[keyword]
            if demands and not isinstance(held, dict) and (keyword, held) not in _NOTHING:
                yield Constraint(location, keyword, join_pointer(schema.pointer, keyword), held)
    for union in location.unions:
        if not union.selectable and union.values is None:
            yield Constraint(location, "union", join_pointer(union.schema.pointer, union.keyword))


def write_only(location: Location) -> Mapping[str, Part]:
    """The properties that no answer has, where answers are read, and what says so."""
    found = dict[str, Part]()
    if not any("writeOnly" in part.schema.document.marks for part in location.parts):
        return found
    for name in location.properties:
        for part in location.property(name).parts:
            if part.schema.document.mark == "writeOnly" and part.value.get("writeOnly") is True:
                found[name] = part
    return found


def _below(location: Location) -> Iterator[Location]:
    if "object" in location.types:
        yield from map(location.property, location.properties)
        yield from filter(None, [*location.patterns.values(), location.additional])
    if "array" in location.types:
        yield from filter(None, [*location.prefix, location.items])


# --- which of them a value breaks ---


def broken_by(schema: Schema, value: Any, mode: str = JSON) -> frozenset[Broken]:
    """The keys of what a value breaks; of one of a wrong type that alone.

    Also what is no constraint of `constraints`, such as a condition. Raises one of `Uncompilable`.
    """
    errors, places, keys = set[Any](), dict[Path, list[str]](), constraints(schema, mode)
    for error in validator(schema).iter_errors(value):
        errors.update(_told(schema, error))
    for path, location, _ in reached(_located(schema), value) if errors else ():
        places.setdefault(path, []).append(location.place)
    wrong, found = {path for path, word, _ in errors if word in OF_TYPE}, set[Broken]()
    for path, word, name in errors:
        hidden = any(path[:length] in wrong for length in range(len(path) + 1))
        if word in OF_TYPE or not hidden:
            known = ((place, word, name) for place in places.get(path, ()))
            unknown = join_pointer("", *path), word, name
            found.add(next(filter(keys.__contains__, known), unknown))
    return frozenset(found)


def reached(
    location: Location, value: Any, path: Path = ()
) -> Iterator[tuple[Path, Location, Any]]:
    """Every value in a value with its path and location: also of branches that it selects."""
    pending: list[tuple[Path, Location | None, Any]] = [(path, location, value)]
    while pending:  # a generator in each of those above would hand on what is below
        path, place, value = pending.pop()
        if place is None:
            continue
        yield path, place, value
        if not place.is_structured:
            continue
        below = list[tuple[Path, Location | None, Any]]()
        if isinstance(value, list):
            children = chain(place.prefix, repeat(place.items))
            for index, (child, item) in enumerate(zip(children, value, strict=False)):
                below.append(((*path, index), child, item))
        if isinstance(value, dict):
            known = set(place.properties)
            for name, member in value.items():
                declared = name in known or place.patterns
                child = place.property(name) if declared else place.additional
                below.append(((*path, name), child, member))
        for union in place.unions:
            if union.selectable and union.values is None:
                below.append((path, union.select(value), value))
        pending += reversed(below)


def _told(schema: Schema, error: Any) -> Iterator[tuple[Path, str, str]]:
    """What an error of the validator is about; one of a union may be several."""
    path, word = tuple(error.instance_path), str(error.schema_path[-1])
    if type(error.kind).__name__ == "FalseSchema":
        yield path, "false", ""
    elif word == "type":
        yield path, OF_TYPE[error.instance is None], ""
    elif word == "required":
        yield path, word, error.kind.property
    elif hasattr(error.kind, "context"):
        yield from _of_union(schema, error, path)
    elif word in ("enum", "const"):
        listed = error.kind.options if word == "enum" else [error.kind.expected_value]
        is_typed = json_type(error.instance) in map(json_type, listed)
        yield path, "enum" if is_typed else OF_TYPE[error.instance is None], ""
    else:
        yield path, word, ""


def _of_union(schema: Schema, error: Any, path: Path) -> Iterator[tuple[Path, str, str]]:
    union, value = _union(schema, error.schema_path), error.instance
    if union is None:  # of one branch
        for one in error.kind.context[0]:
            yield from _told(schema, one)
    elif json_type(value) not in union.types:
        yield path, OF_TYPE[value is None], ""
    elif union.values is not None:
        yield path, "enum", ""
    elif not union.selectable:
        yield path, "union", ""
    elif branch := union.select(value):
        for one in error.kind.context[union.branches.index(branch)]:
            yield from _told(schema, one)
    elif (tag := str(union.discriminator)) in value:
        is_text = isinstance(value[tag], str)
        yield (*path, tag), "enum" if is_text else OF_TYPE[value[tag] is None], ""
    else:
        yield path, "required", tag


def _union(schema: Schema, at: Sequence[str | int]) -> Union | None:
    """The union whose keyword stands at this path of the document."""
    *around, keyword = at
    pointer = join_pointer("", *around)
    for union in _located(Schema(schema.document, pointer)).unions:
        if (union.schema.pointer, union.keyword) == (pointer, keyword):
            return union
    return None


@dataclass(frozen=True, eq=False)
class Forbidden:
    """One way in which a document forbids a request of an operation."""

    name: str  # `PART PLACE WORD NAME`: of the operation's, no other has it
    promise: str
    pointer: str  # to what forbids it
    parameter: Parameter | None = None
    media: MediaType | None = None  # of the body that it is about
    constraint: Constraint | None = None  # of the schema of either
    advisory: bool = False  # HTTP leaves it open

    @property
    def schema(self) -> Schema | None:
        held = self.parameter or self.media
        return held.schema if held else None


def name_of(part: str, key: Broken, root: str = "") -> str:
    """The name of what a value of a part of the request breaks."""
    place, word, name = key
    return " ".join(filter(None, (part, place or root, word, name)))


def part_of_body(body: RequestBody, media: MediaType) -> str:
    return f"body ;{media.name}" if len(body.content) > 1 else "body"


def forbidden_by(operation: Operation) -> Iterator[Forbidden]:
    """The first that can be told on the wire, each once: of parameters in order, then of bodies."""
    return islice(_forbidden_by(operation), MAX_FORBIDDEN)


def _forbidden_by(operation: Operation) -> Iterator[Forbidden]:
    for parameter in operation.parameters:
        yield from _of_parameter(parameter)
    if (body := operation.request_body) is None:
        return
    if body.required:
        yield Forbidden("body required", "refuses a request without a body", body.pointer)
    names = [media.name for media in body.content]
    if names and "*/*" not in names:
        promise = f"refuses a body that is none of {text.few(names, 50, '')}"
        yield Forbidden("body content type", promise, body.pointer, media=body.content[0])
    if names:  # a server may examine the data (RFC 9110 §8.3)
        promise, name = "refuses a body without Content-Type", "body content type missing"
        yield Forbidden(name, promise, body.pointer, media=body.content[0], advisory=True)
    for media in body.content:
        yield from _of_body(media, part_of_body(body, media))


def _of_parameter(parameter: Parameter) -> Iterator[Forbidden]:
    location, what = parameter.location, f"the {parameter.location} parameter {parameter.name}"
    by_client, part = parameter.name.lower() in CLIENT_FIELDS, f"{location} {parameter.name}"
    if (location == "header" and by_client) or (location == "path" and parameter.style != "simple"):
        return
    if location == "querystring" or not is_json(parameter.media_type or "application/json"):
        return
    if parameter.required and location != "path":
        promise = f"refuses a request without {what}"
        yield Forbidden(f"{part} required", promise, parameter.pointer, parameter)
    for one in constraints(parameter.schema, written(parameter)).values():
        promise, name = f"refuses {what} that breaks {_told_of(one)}", name_of(part, one.key)
        yield Forbidden(name, promise, one.pointer, parameter, constraint=one)


def _of_body(media: MediaType, part: str) -> Iterator[Forbidden]:
    if is_json(media.name):
        promise = "refuses a body that is no JSON"
        yield Forbidden(f"{part} syntax", promise, media.pointer, media=media)
    for one in constraints(media.schema, mode).values() if (mode := mode_of(media)) else ():
        promise = f"refuses a body that breaks {_told_of(one)} at {one.location.place or '/'}"
        name = name_of(part, one.key, "/")
        yield Forbidden(name, promise, one.pointer, media=media, constraint=one)


def written(parameter: Parameter) -> str:
    """How the values of a parameter are written."""
    if parameter.media_type is not None:
        return JSON
    return FORM if parameter.style == "deepObject" else TEXT


def mode_of(media: MediaType) -> str:
    """How the values of a body are written, "" if that is not known."""
    if is_json(media.name):
        return JSON
    content = content_of(media)
    if content is None or content.medium.is_sequence:
        return ""
    return TEXT if content.medium.types == SCALARS else FORM


def _told_of(constraint: Constraint) -> str:
    word, says = constraint.word, constraint.says
    if word == "type":
        return f"type {' or '.join(sorted(says))}"
    return word if says is None else f"{word} {text.shown(says, 80)}"
