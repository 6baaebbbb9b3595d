"""What the mock knows, all of it conforming: bodies and header values, and values of parameters."""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from contracts.document import (
    Document,
    Header,
    MediaType,
    ResponseSpec,
    Schema,
    Spec,
    join_pointer,
    ref_target,
)
from contracts.document.serialisation import (
    fill_path,
    match_path,
    parameter_names,
    serialised,
    simple_text,
)
from contracts.messages import concrete, is_field_value, is_json
from contracts.payloads import Choices, CoveringChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.schemas.allowance import Exceeded, made
from contracts.schemas.constraints import reached
from contracts.schemas.contents import Found, encoding_of, header_found, is_encoded
from contracts.schemas.locations import Location, json_type, locate
from contracts.schemas.media_types import (
    BOUNDARY,
    NOTHING,
    Body,
    Content,
    Medium,
    content_of,
    dump,
    medium_of,
)
from contracts.schemas.validation import Uncompilable, reason, small_validator, takes, validator

VARIANTS = 48  # bodies of one documented media type, while they leave choices of its schema out
MAX_DRAWN = 512  # looked at for those that show something new, once there are that many
MAX_STALE = 48  # looked at that show nothing new, before no more is expected
MAX_SHOWN = 2 << 20  # bytes of all bodies of a schema, after which there are no more
OTHER_VARIANTS = 4  # bodies that are no JSON, of which nobody looks at more than the type
HEADER_VALUES = 8
HANDFUL = 3  # values of a path parameter, for each schema of its name; ten times as many are drawn
MAX_VALUES = 12

NO_VALUE = (Unsatisfiable, *Uncompilable)  # why a schema gives no value
_FIELD_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")
FRAMING = {"content-length": "", "content-encoding": "identity", "transfer-encoding": "chunked"}
"""Fields that say how the body is sent: a value drawn from their schema would be a lie."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One conforming body of a documented response; `schema` and `value` are those of JSON."""

    content_type: str | None
    body: bytes
    schema: Schema | None = None
    value: Any = None


def variants_of(response: ResponseSpec) -> tuple[Variant, ...]:
    """The bodies of a documented response; none if it has media types that can't have one."""
    if not response.content:
        return (Variant(None, b""),)
    return tuple(itertools.chain.from_iterable(map(_variants, response.content)))


def _variants(media: MediaType) -> Iterator[Variant]:
    medium, schema = medium_of(media.name), media.schema
    content_type = concrete(media.name, "x-mock")
    if content_type.startswith("multipart/"):
        content_type += f"; boundary={BOUNDARY}"
    if not is_field_value(content_type):
        return
    if medium is not None and (content := content_of(media)) is not None:
        yield from map(partial(Variant, content_type), _texts(content, medium, content_type))
    elif schema is None:
        body = medium.write(NOTHING, ["mock"]) if medium and medium.is_sequence else b"mock"
        yield Variant(content_type, b"{}" if is_json(content_type) else body)
    elif is_json(content_type):
        for body, value in _showing(_shared(schema)):
            yield Variant(content_type, body, schema, value)
    else:
        for value in _drawn(schema, CoveringChoices(), OTHER_VARIANTS):
            yield Variant(content_type, dump(value))


def examples_of(media: MediaType | None, document: Document) -> dict[str, Variant | str]:
    """The document's examples of a body, by name: each as a body, or why it is none.

    Those without a name are called `default`, as Prism has it.
    """
    found = dict[str, Any]()
    if media is None:
        return {}
    node = document.at(media.pointer)
    for name in node["examples"] if isinstance(node.get("examples"), dict) else ():
        with suppress(LookupError, TypeError):  # the value stands elsewhere
            held = document.at(document.resolve(join_pointer(media.pointer, "examples", name)))
            found[name] = held["dataValue"] if "dataValue" in held else held["value"]
    for value in _said_of(node) if not found else ():
        found["default"] = value
    if not found and media.schema is not None and is_json(media.name):
        drawn = next(_drawn(media.schema, CoveringChoices(), 1), None)
        value = _mapped(locate(media.schema), drawn, _illustrated)
        if value != drawn:
            found["default"] = value
    return {name: _example(media, value) for name, value in found.items()}


def _said_of(node: Mapping[str, Any]) -> Sequence[Any]:
    """What a schema or media type has as its example, in either way; the first counts."""
    listed = node.get("examples")
    shown = listed if isinstance(listed, list) else []
    return [node["example"]] if "example" in node else shown[:1]


def _illustrated(location: Location, value: Any) -> Any:
    """The example that a schema has in place of a value, if it has one."""
    for part in location.parts:
        for shown in _said_of(part.value):
            return shown
    return value


def _example(media: MediaType, value: Any) -> Variant | str:
    first = next(_variants(replace(media, schema=None, item_schema=None)), None)
    if first is None:
        return "no field can carry its media type"
    if not is_json(media.name):
        body = value.encode() if isinstance(value, str) else written(media, value)
        return replace(first, body=body)
    if (schema := media.schema) is not None and not takes(validator(schema), value):
        why = reason(validator(schema), value, schema.document)
        return f"its schema does not take it, {why}"
    return replace(first, body=dump(value), schema=schema, value=value)


def variant_of(media: MediaType | None, choices: Choices) -> Variant | None:
    """A body as `choices` have it, None if nobody can send one; raises one of `NO_VALUE`."""
    if media is None:
        return Variant(None, b"")
    content = content_of(media)
    first = next(_variants(replace(media, schema=None, item_schema=None)), None)
    schema = content.schema if content else media.schema
    if schema is None or first is None:
        return first
    value = _with_contents(schema, locate(schema), generator(_shared(schema)).draw(choices))
    return replace(first, body=written(media, value), schema=schema, value=value)


def written(media: MediaType, value: Any) -> bytes:
    """A body that holds a value of the schema of its media type."""
    if (content := content_of(media)) is None:
        return dump(value)
    return content.medium.write(content.value, value if content.is_list else [value])


def problem_of(response: ResponseSpec) -> str:
    """Where and why no body of a documented response can be made; "" if none of its schemas is."""
    for media in response.content:
        if (schema := media.item_schema or media.schema) is None:
            continue
        document, why = schema.document, "none is read as it was meant"
        try:
            generator(schema).draw(CoveringChoices())
        except NO_VALUE as error:
            why = str(error).splitlines()[0]
        place = document.source(document.resolve(schema.pointer))
        return f"{place}: no {media.name} can be made: {why}"
    return ""


def _shared(schema: Schema) -> Schema:
    """What is referred to, which is shared by many responses, and looked at once."""
    while isinstance(value := schema.value, dict) and value.keys() == {"$ref"}:
        schema = Schema(schema.document, ref_target(value["$ref"]))
    return schema


def _texts(content: Content, medium: Medium, content_type: str) -> Iterator[bytes]:
    """Bodies that are no JSON and show all of a schema, as far as each is read as it was meant."""
    values = [value for _, value in _showing(_shared(content.schema))]
    rows = [[value] for value in values]
    if content.medium.is_sequence and content.each:
        rows.append(values)
    elif content.medium.is_sequence:
        rows = values
    for row in rows:
        body = medium.write(content.value, row)
        if is_admitted(content.schema, content.found(Body(body, content_type))):
            yield body


@lru_cache(maxsize=64)
def _showing(schema: Schema) -> tuple[tuple[bytes, Any], ...]:
    """Values, with text, that take every choice of the schema, or at least reach every place."""
    found: dict[bytes, Any] = {}
    with suppress(Exceeded):  # then there are fewer
        made(partial(_show, schema, found))
    return tuple(found.items())


def _show(schema: Schema, found: dict[bytes, Any]) -> None:
    location, seen, last = locate(schema), set[tuple[str, str]](), -1
    for index, drawn in enumerate(_drawn(schema, CoveringChoices(), MAX_DRAWN)):
        value = _with_contents(schema, location, drawn)
        if new := set(sights(location, value)) - seen:
            seen |= new
            last = index
        if new or index < VARIANTS:
            found.setdefault(dump(value), value)
        elif index - last >= MAX_STALE:
            break
        if sum(map(len, found)) > MAX_SHOWN:
            break


def _with_contents(schema: Schema, location: Location, value: Any) -> Any:
    """The value with strings that hold what their keywords say, as far as its schema takes that."""
    changed = _mapped(location, value, _contents)
    if changed is not value and changed != value and takes(validator(schema), changed):
        return changed
    return value


def _mapped(location: Location | None, value: Any, change: Callable[[Location, Any], Any]) -> Any:
    """The value with each value in it changed as its place says, the innermost first."""
    if location is None:
        return value
    if isinstance(value, dict):
        below = map(location.property, value)
        value = dict(zip(value, map(_mapped, below, value.values(), repeat(change)), strict=True))
    if isinstance(value, list):
        children = itertools.chain(location.prefix, repeat(location.items))
        value = list(map(_mapped, children, value, repeat(change)))
    for union in location.unions:
        if union.selectable and union.values is None and (branch := union.select(value)):
            value = _mapped(branch, value, change)
    return change(location, value)


def _contents(location: Location, value: Any) -> Any:
    """A string that holds what the keywords of its place say."""
    for part in location.parts if isinstance(value, str) else ():
        if (encoding := encoding_of(part.value)) and not is_encoded(encoding, value):
            digits = 2 * value.encode("utf-8", "replace").hex()  # fit for each of them
            value = digits[: max(len(value) // 4 * 4, 4)]
        if "contentSchema" in part.value and is_json(str(part.value.get("contentMediaType"))):
            documents = _showing(part.schema.child("contentSchema"))
            value = documents[len(value) % len(documents)][0].decode()
    return value


def _drawn(schema: Schema | None, choices: Choices, most: int) -> Iterator[Any]:
    """Values until every choice that the schema leaves was taken; none if there are none."""
    if schema is None:
        return
    with suppress(*NO_VALUE):
        payload = generator(schema)
        for _ in range(most):
            yield payload.draw(choices)
            if isinstance(choices, CoveringChoices) and choices.complete:
                return


def sights(location: Location, value: Any) -> Iterator[tuple[str, str]]:
    """What a valid `value` shows of a schema: places with types, absent members, listed values."""
    for _, there, held in reached(location, value):
        yield there.place, json_type(held)
        if there.values is not None:
            yield there.place, repr(held)
        if isinstance(held, dict):
            for name in there.properties:
                if name not in held:
                    yield there.place, f"no {name}"


@lru_cache(maxsize=2048)  # an answer may have as many that are required
def header_texts(header: Header) -> tuple[str, ...]:
    """Values of a documented response header; none if the field is left to HTTP itself."""
    name, found = header.name.lower(), dict[str, None]()
    if name in FRAMING:
        return tuple(filter(None, (FRAMING[name],)))
    for value in _drawn(header.schema, CoveringChoices(), MAX_DRAWN):
        text = serialised(header, value)
        # Not each value has a text that is read as what it was.
        if is_value(header, text) and value in itertools.chain(
            *header_found(header, [text]).values
        ):
            found[text] = None
        if len(found) == HEADER_VALUES:
            break
    return tuple(found) or ("mock",)


def is_value(header: Header, text: str) -> bool:
    """Whether a documented header can have this text."""
    is_text = _FIELD_VALUE.fullmatch(text) is not None
    return is_text and is_admitted(header.schema, header_found(header, [text]))


def is_admitted(schema: Schema | None, found: Found) -> bool:
    """Whether each value that was read has a reading that its schema takes."""
    check = small_validator(schema).is_valid if schema is not None else bool
    return not found.problem and all(any(map(check, readings)) for readings in found.values)


def sample_values(spec: Spec, handful: int = HANDFUL) -> Mapping[str, Sequence[str]]:
    """Path values by parameter name, always the same; `handful` for each schema that a name has."""
    by_schema: dict[str, dict[str, list[str]]] = {}
    for operation in spec.operations:
        schemas = {p.name: p.schema for p in operation.parameters if p.location == "path"}
        for name in parameter_names(operation.path):
            schema, lists = schemas.get(name), by_schema.setdefault(name, {})
            if (meaning := repr(schema and schema.value)) not in lists:
                lists[meaning] = _path_texts(name, schema, handful)
    found = {}
    for name, lists in by_schema.items():
        in_turn = itertools.chain.from_iterable(itertools.zip_longest(*lists.values()))
        found[name] = list(dict.fromkeys(filter(None, in_turn)))[:MAX_VALUES]
    return found


def _path_texts(name: str, schema: Schema | None, handful: int) -> list[str]:
    texts = dict.fromkeys(map(simple_text, _drawn(schema, RandomChoices(0), 10 * HANDFUL)))
    usable = [text for text in texts if text and match_path("/{x}", fill_path("/{x}", {"x": text}))]
    return usable[:handful] or [f"{name}-{index}" for index in range(handful)]
