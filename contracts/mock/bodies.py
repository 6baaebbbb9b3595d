"""A documented response to the bodies and header values that the mock answers with, all of them conforming."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contracts.document import Header, MediaType, ResponseSpec, Schema, ref_target
from contracts.document.serialisation import simple_text
from contracts.messages import concrete, is_json
from contracts.mock.places import Sight, sights
from contracts.payloads import CoveringChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.schemas.locations import locate
from contracts.schemas.validation import Uncompilable

VARIANTS = 48
"""How many bodies one documented media type has while they leave choices of its schema out."""

MAX_DRAWN = 512
"""How many are looked at for those that show something new, once there are that many."""

MAX_STALE = 48
"""How many are looked at that show nothing new, before no more is expected."""

OTHER_VARIANTS = 4
"""How many bodies there are that are no JSON, of which nobody looks at more than the type."""

HEADER_VALUES = 8

FRAMING = {"content-encoding": "identity", "transfer-encoding": "chunked"}
"""Fields that say how the body is sent: a value drawn from their schema would be a lie."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One conforming body of a documented response; `schema` and `value` are those of JSON."""

    content_type: str | None
    body: bytes
    schema: Schema | None = None
    value: Any = None


def variants_of(response: ResponseSpec) -> tuple[Variant, ...]:
    """The bodies of a documented response; none if it has media types and none of them can have a body."""
    if not response.content:
        return (Variant(None, b""),)
    return tuple(variant for media in response.content for variant in _variants(media))


def header_texts(header: Header) -> tuple[str, ...]:
    """Values of a documented response header; none if the field is left to HTTP itself."""
    name = header.name.lower()
    if name == "content-length":
        return ()
    if name in FRAMING:
        return (FRAMING[name],)
    drawn = itertools.islice(_drawn(header.schema), HEADER_VALUES) if header.schema else ()
    texts = dict.fromkeys(simple_text(value) for value in drawn)
    return tuple(text for text in texts if _is_field_value(text)) or ("mock",)


def dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float).encode(
        "utf-8", "replace"
    )


def _variants(media: MediaType) -> Iterator[Variant]:
    content_type = concrete(media.name, "x-mock")
    if media.schema is None:
        yield Variant(content_type, b"{}" if is_json(content_type) else b"mock")
    elif is_json(content_type):
        yield from (
            Variant(content_type, body, media.schema, value)
            for body, value in _telling(_target(media.schema))
        )
    else:
        texts = dict.fromkeys(map(_text, itertools.islice(_drawn(media.schema), OTHER_VARIANTS)))
        yield from (Variant(content_type, body) for body in texts)


def _target(schema: Schema) -> Schema:
    """What a schema stands for that is a reference and nothing else: many responses share one."""
    while isinstance(value := schema.value, dict) and value.keys() == {"$ref"}:
        schema = Schema(schema.document, ref_target(value["$ref"]))
    return schema


@lru_cache(maxsize=4096)
def _telling(schema: Schema) -> tuple[tuple[bytes, Any], ...]:
    """Values that together take every choice of the schema, or at least come to every place of it; with their text."""
    location, seen, stale = locate(schema), set[Sight](), 0
    found: dict[bytes, Any] = {}
    for index, value in enumerate(itertools.islice(_drawn(schema), MAX_DRAWN)):
        new = set(sights(location, value)) - seen
        seen |= new
        stale = 0 if new else stale + 1
        if new or index < VARIANTS:
            found.setdefault(dump(value), value)
        elif stale >= MAX_STALE:
            break
    return tuple(found.items())


def _drawn(schema: Schema) -> Iterator[Any]:
    """Values until every choice that the schema leaves was taken; none if there are none."""
    choices = CoveringChoices()
    try:
        payload = generator(schema)
        while True:
            yield payload.draw(choices)
            if choices.complete:
                return
    except (Unsatisfiable, *Uncompilable):
        return


def _text(value: Any) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else dump(value)


def _is_field_value(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and text == text.strip()
