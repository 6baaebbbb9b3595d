"""What requests are made of: what the document shows or allows, and values that it forbids."""

import copy
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial, reduce
from itertools import combinations, cycle, islice
from typing import Any

from contracts.document import Operation, Parameter, Schema, join_pointer
from contracts.document.serialisation import decoded, encoded, serialised
from contracts.messages import JSON, Request, concrete, is_json, overridden
from contracts.payloads import CoveringChoices, PlainChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import compile_payload, generator
from contracts.schemas import only
from contracts.schemas.constraints import (
    CLIENT_FIELDS,
    CLOSED,
    GIVEN_BACK,
    Constraint,
    Path,
    reached,
)
from contracts.schemas.locations import Location, json_type, locate
from contracts.schemas.validation import Uncompilable, canonical_of, validator

MAX_REQUIRED = 32_768  # characters of what is required, more than which no server reads
DRAWN = 4  # values beside the examples: the barest, then of chance
Body = tuple[str, bytes]  # its media type, and itself
_NO_VALUE = (*Uncompilable, Unsatisfiable, LookupError, TypeError, RecursionError)


def with_body(request: Request, body: Body) -> Request:
    return replace(request.with_field("Content-Type", body[0]), body=body[1])


def with_value(request: Request, parameter: Parameter, value: str) -> Request:
    """The request with a value of a parameter that is not in its path, in place of what it has."""
    if parameter.location in ("query", "cookie"):
        value = f"{encoded(parameter.name)}={encoded(value)}"
    return with_text(request, parameter, value)


def with_text(request: Request, parameter: Parameter, *texts: str) -> Request:
    """The request with a serialised parameter in place of what it has, or without; path apart."""
    name, location = parameter.name, parameter.location
    if location == "header" and name.lower() not in CLIENT_FIELDS:
        return request.with_field(name, *texts)
    if location == "cookie":
        texts = tuple(text.replace("&", "; ") for text in texts)  # of style form, exploded
        texts = (*_others(request.header("cookie") or "", "; ", name), *texts)
        return request.with_field("Cookie", *["; ".join(texts)] * bool(texts))
    if location == "query":
        query = "&".join((*_others(request.query, "&", name), *texts))
        return replace(request, target=f"{request.path}?{query}".removesuffix("?"))
    return request


def _others(pairs: str, separator: str, *names: str) -> list[str]:
    """The pairs under other names."""
    found, own = list[str](), {"", *names, *map(encoded, names)}
    for pair in pairs.split(separator):
        key = pair.partition("=")[0]
        if own.isdisjoint((key, decoded(key).partition("[")[0])):  # as of style deepObject
            found.append(pair)
    return found


def bodies_of(operation: Operation) -> Iterator[Body]:
    """JSON bodies of its requests: the document's examples as they are, then bodies that it allows.

    Nothing for other media types, and where no value of a schema can be made.
    """
    content = operation.request_body.content if operation.request_body else ()
    for media in content:
        name = concrete(media.name)
        if media.schema is not None and is_json(name):
            for value in samples_of(media.schema, media.pointer):
                text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=float)
                yield name, text.encode("utf-8", "replace")


def with_required(request: Request, operation: Operation, known: frozenset[str]) -> Request:
    """With what is required and not `known`, path apart, if it is not longer than servers read."""
    found: dict[str, dict[str, str]] = {"header": {}, "query": {}, "cookie": {}}
    length = 0
    for parameter in operation.parameters:
        name, location = parameter.name, parameter.location
        is_wanted = parameter.required and name not in known and location in found
        if not is_wanted or name.lower() in CLIENT_FIELDS:
            continue
        texts = (serialised(parameter, value) for value in _of_parameter(parameter))
        if text := next(filter(None, texts), ""):
            found[location][name] = text.replace("&", "; ") if location == "cookie" else text
            length += len(name) + len(text)
        if length > MAX_REQUIRED:
            break
    query = "&".join((*_others(request.query, "&", *found["query"]), *found["query"].values()))
    if cookies := found.pop("cookie"):
        kept = _others(request.header("cookie") or "", "; ", *cookies)
        found["header"]["Cookie"] = "; ".join((*kept, *cookies.values()))
    headers = overridden(request.headers, tuple(found["header"].items()))
    return replace(request, target=f"{request.path}?{query}".removesuffix("?"), headers=headers)


def _of_parameter(parameter: Parameter) -> Iterator[Any]:
    if parameter.schema is not None:
        yield from samples_of(parameter.schema, parameter.pointer)


def samples_of(schema: Schema, pointer: str) -> Iterator[Any]:
    """The examples of a media type or parameter and of its schema, then values that are drawn."""
    document, location = schema.document, None
    node = document.at(pointer)
    yield from _shown(node)
    named = node.get("examples")
    for name in [*named] if isinstance(named, dict) else ():
        with suppress(*_NO_VALUE):
            yield document.at(document.resolve(join_pointer(pointer, "examples", name)))["value"]
    with suppress(*_NO_VALUE):
        location = locate(schema)
        for part in location.parts:
            yield from _shown(part.value)
    for number in range(DRAWN):
        choices = RandomChoices(number) if number else PlainChoices()
        with suppress(*_NO_VALUE):
            value = generator(schema).draw(choices)
            if location is not None and isinstance(value, dict):
                value |= _shown_below(location, value)
            yield value


def _shown_below(location: Location, value: dict[str, Any]) -> dict[str, Any]:
    """The first example of each property that a value has."""
    found = dict[str, Any]()
    for name in value.keys() & {*location.properties}:
        for part in location.property(name).parts[::-1]:
            found.update((name, example) for example in [*_shown(part.value)][:1])
    return found


def _shown(node: Any) -> Iterator[Any]:
    """What a node has as `example`, or in a list of `examples`."""
    if "example" in node:
        yield node["example"]
    if isinstance(node.get("examples"), list):
        yield from node["examples"]


MANY = 8  # values that are drawn of a schema, so that all of its places are in one of them
LONG = 200_000  # characters of a text that is made too long
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_MISFORMATTED = ("no such format", "not-of-the-format", "no such\\format", "(", "{", "~0~")
"""Texts that nothing reads as a date, an address or the like, however lenient it is."""


@lru_cache(maxsize=256)
def values_of(schema: Schema | None) -> tuple[JSON, ...]:
    """Some that the schema admits: the fullest one, the barest, then others."""
    found, choices = list[JSON](), CoveringChoices()
    with suppress(*_NO_VALUE):
        while schema is not None and len(found) < MANY:
            found.append(generator(schema).draw(choices))
    return tuple(found)


def breaches(schema: Schema, wholes: Iterable[JSON], constraint: Constraint) -> Iterator[JSON]:
    """Values of a schema with something at the constraint's place that may break it alone."""
    for whole in wholes:
        for path, location, value in reached(locate(schema), whole):
            if location.place == constraint.location.place:
                yield from map(partial(replaced, whole, path), broken_values(constraint, value))
                break


def replaced(whole: JSON, path: Path, value: JSON) -> JSON:
    """A copy of the whole with another value at a place."""
    if not path:
        return value
    head, *rest = path
    changed: Any = copy.copy(whole)
    changed[head] = replaced(changed[head], tuple(rest), value)
    return changed


def others_of(schema: Schema, whole: JSON, seed: str) -> Iterator[JSON]:
    """The value with others in place of all its texts, of numbers too, of all but one, of one."""
    changes = dict[Path, JSON]()
    for path, location, value in reached(locate(schema), whole):
        if location.values is None and type(value) in (str, int, float):
            for other in _unlike(location, RandomChoices(f"{seed} {path}")):
                if type(other) is type(value) and other != value:
                    changes.setdefault(path, other)
    texts = [path for path in changes if isinstance(changes[path], str)]
    apart = combinations(changes, max(len(changes) - 1, 0))
    for chosen in filter(None, (texts, [*changes], *apart, *zip(changes))):
        yield reduce(lambda made, path: replaced(made, path, changes[path]), chosen, whole)


def _unlike(location: Location, choices: RandomChoices) -> Iterator[JSON]:
    """Values of a place that nobody had before: a word if that is allowed, else drawn."""
    word = "".join(chr(choices.integer(97, 122, "")) for _ in range(8))
    guesses: list[JSON] = [word, f"{word}@example.com", word * 6, word[:4]]
    guesses.append(choices.integer(1000, 999_999, ""))
    with suppress(*_NO_VALUE):
        payload = generator(location.parts[0].schema)
        guesses += (payload.draw(choices) for _ in range(MANY))
        for part in location.parts:
            guesses = list(filter(validator(part.schema).is_valid, guesses))
        yield from guesses


def broken_values(constraint: Constraint, value: JSON) -> Iterator[JSON]:
    """What may stand in place of `value`, and breaks a constraint; some of it breaks others."""
    if constraint.word in _OF_TEXTS and not isinstance(value, str):
        value = "a"
    with suppress(AttributeError, LookupError, TypeError, ValueError, OverflowError):
        yield from _TABLE[constraint.word](constraint, value)
    if constraint.word in _DRAWN:
        yield from _drawn(constraint)


@lru_cache(maxsize=256)
def _drawn(constraint: Constraint) -> list[JSON]:
    """What all other keywords at the place admit, and this one does not."""
    found = list[JSON]()
    parts: list[Any] = [{"not": {constraint.word: constraint.says}}]
    for part in constraint.location.parts:
        parts.append(only(part.value, ("type", *_DRAWN - {constraint.word})))
    document, choices = constraint.location.parts[0].schema.document, RandomChoices(0)
    with suppress(*_NO_VALUE):
        payload = compile_payload(canonical_of({"allOf": parts}, document))
        for _ in range(MANY):
            found.append(payload.draw(choices))
    return found


def _types(constraint: Constraint, _value: JSON) -> Iterator[JSON]:
    """Of another type, and nothing that reads as one of the right type: servers convert that."""
    types, half = constraint.location.types, [1.5] * ("integer" in constraint.location.types)
    others: list[JSON] = ["text", *half, {"key": "value"}, ["text"]]
    yield from filter(lambda other: json_type(other) not in types, others)


def _members(constraint: Constraint, _value: JSON) -> Iterator[JSON]:
    """Unheard of, then a member in another case, or the number after."""
    yield "unheard_of"
    for member in constraint.says:
        if isinstance(member, str):
            yield from (member.swapcase(), f"{member}x")
        elif not isinstance(member, bool | dict | list):
            yield from (member + 1, member - 1)
    yield from (True, False, 0, {}, [], "unheard of by anybody")


def _beyond(constraint: Constraint, _value: JSON) -> Iterator[JSON]:
    held, sign, step = constraint.says, _SIGNS.get(constraint.word, 0), 1
    for _, said in constraint.location.keywords(("multipleOf",)):
        step = said["multipleOf"]
    yield from map(_whole, (held + sign * far for far in (step, 1, 0.5, 1000 * step)))


def _whole(number: float) -> float:
    """A number as an integer, if it is one: `1.0` may be refused for its spelling alone."""
    whole = int(number)
    return whole if number == whole else number


def _longer(constraint: Constraint, value: JSON) -> Iterator[JSON]:
    if (size := constraint.says + 1) <= LONG:
        yield value + "a" * (size - len(value))
        yield from ("a" * size, "1" * size, value[:1] * size, value + value[-1:] * size)


def _more_items(constraint: Constraint, value: JSON) -> Iterator[JSON]:
    size, longer = constraint.says + 1, list(value)
    for item in _items(constraint):
        if item not in value:
            longer.append(item)
    yield longer[:size]
    yield list(islice(cycle(longer), size))


@lru_cache(maxsize=4)  # the same for each body that they are put into
def _items(constraint: Constraint) -> list[JSON]:
    """Items for a list, different ones as far as they can be had."""
    location, found = constraint.location.items, list[JSON]()
    if location is None or not location.parts:
        return [*range(constraint.says + 1)]
    with suppress(*_NO_VALUE):
        payload, choices = generator(location.parts[0].schema), RandomChoices(0)
        for _ in range(20 * (min(constraint.says, 1000) + 1)):
            if (item := payload.draw(choices)) not in found:
                found.append(item)
            if len(found) > constraint.says:
                break
    return found


def _more_names(constraint: Constraint, value: JSON) -> Iterator[JSON]:
    below, samples = constraint.location.additional, ["text", 1]
    if below is not None and below.parts:
        samples = list(values_of(below.parts[0].schema))
    for sample in samples:
        names = map("undeclared{}".format, range(constraint.says + 1 - len(value)))
        yield {**value, **dict.fromkeys(names, sample)}


_TABLE: dict[str, Callable[[Constraint, Any], Iterable[JSON]]] = {
    "type": _types,
    "nullability": lambda _, __: [None],
    "enum": _members,
    "required": lambda it, value: [only(value, [*(n for n in value if n != it.name)])],
    GIVEN_BACK: lambda it, value: [{**value, it.name: "given back"}],
    "multipleOf": lambda it, value: map(_whole, (value + 1, value - 1, value + it.says / 2)),
    "minLength": lambda it, value: (value[: it.says - 1], "a" * (it.says - 1), ""),
    "maxLength": _longer,
    "pattern": lambda _, value: (f"{value}~", f"~{value}", value[:-1], value.swapcase(), "~", "a"),
    "format": lambda _, value: (*_MISFORMATTED, _MISFORMATTED[0].ljust(len(value))[: len(value)]),
    "minItems": lambda it, value: [value[: it.says - 1]],
    "maxItems": _more_items,
    "uniqueItems": lambda it, value: (value + value[-1:], _items(replace(it, says=1))[-1:] * 2),
    "minProperties": lambda it, of: [only(of, [*it.location.required, *of][: it.says - 1])],
    "maxProperties": _more_names,
    "union": lambda _, __: [{}, [], "", 0, True, {"key": "value"}],
    **dict.fromkeys(_BOUNDS, _beyond),
    **dict.fromkeys(CLOSED, lambda _, value: [{**value, "undeclared_by_anyone": "text"}]),
}
"""What may stand in place of a value and breaks a constraint, by its word, most telling first."""
_SIGNS = {"minimum": -1, "maximum": 1}  # where the first number beyond lies
_OF_TEXTS = frozenset({"minLength", "maxLength", "pattern", "format"})
_DRAWN = frozenset({*_BOUNDS, "multipleOf", "minLength", "maxLength", "pattern"})
