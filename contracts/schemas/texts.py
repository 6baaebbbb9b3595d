"""A schema to schemas of the texts that its values have on the wire, as they are sent or read.

A value is sent as one text, a text is read in every way (`claims`). Where it can't be told, more is
said to be sent and less to be taken: texts that lie inside are taken for sure.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, product
from typing import Any

from contracts.document import Header, MediaType, Parameter
from contracts.document.serialisation import (
    decoded,
    divider_of,
    match_path,
    plain_text,
    raw_values,
    serialised,
)
from contracts.messages import JSON, Request
from contracts.schemas import Raw
from contracts.schemas.claims import ANYTHING, WORDS, readings_of
from contracts.schemas.locations import ALL_TYPES, locate
from contracts.schemas.validation import Uncompilable, schema_of, small_validator, takes

READ = 1_000  # ways to read the texts of one value
ANY_TEXT: Raw = {"type": "string"}
ANY_LIST: dict[str, Any] = {"type": "array", "minItems": 1}

_SIZES = frozenset({"minItems", "maxItems", "uniqueItems"})
_LISTS = _SIZES | {"type", "items"}
_NUMBERS = frozenset({"type", "minimum", "maximum"})
_NAMES = {"required", "propertyNames", "minProperties", "maxProperties"}
_OBJECTS = _NAMES | {"type", "properties", "patternProperties", "additionalProperties"}
_REST = r"(\.[0-9]+)?([eE][-+]?[0-9]+)?$"


@dataclass(frozen=True, slots=True)
class Wire:
    """Texts that stand alone, lists (which texts, how many of them), and objects of texts."""

    single: Raw
    lists: tuple[tuple[Raw, dict[str, Any]], ...]
    objects: Raw


def wire_of(schema: Raw, *, is_sent: bool) -> Wire:
    """What is sent of the values of a schema, or taken as one of them; a list of one stands alone.

    Null is not sent, nor is an empty list or object. Uncompilable if there is no canonical form.
    """
    single, lists, objects = list[Raw](), list[tuple[Raw, dict[str, Any]]](), list[Raw]()
    for branch in _branches(schema_of(schema).to_json_schema(), is_sent):
        if branch.get("type") == "object":
            if is_sent or branch.keys() <= _OBJECTS:
                least = max(1, branch.get("minProperties", 1))
                objects.append({**_nested(branch, is_sent), "minProperties": least})
        elif branch.get("type") != "array":
            single += _texts(branch, is_sent)
        elif is_sent or branch.keys() <= _LISTS:
            items, sizes = _nested(branch, is_sent)["items"], dict(ANY_LIST)
            sizes |= {word: branch[word] for word in _SIZES & branch.keys()}
            if is_sent and sizes.get("maxItems") == 1:
                single.append(items)
            else:
                lists.append((items, {**sizes, "minItems": max(1, sizes["minItems"])}))
    return Wire({"anyOf": single or [False]}, tuple(lists), {"anyOf": objects or [False]})


def form_of(schema: Raw, *, is_sent: bool, is_plain: bool) -> list[dict[str, Any]]:
    """Cases of a form, members as texts; a list of one alone if it `is_plain`: has no encoding."""
    found, member = list[dict[str, Any]](), partial(_member, is_plain=is_plain)
    for branch in _branches(schema_of(schema).to_json_schema(), is_sent):
        if branch.get("type") != "object":
            found.append(branch)
        elif is_sent or branch.keys() <= _OBJECTS:
            found.append(_nested(branch, is_sent, member))
    return found


def _member(schema: Raw, is_sent: bool, is_plain: bool) -> Raw:
    found, plain = list[Raw](), list[Raw]()
    for branch in _branches(schema_of(schema).to_json_schema(), is_sent):
        is_text = _is_text(branch) and (is_plain or branch.get("maxItems") != 1)
        (plain if is_text else found).append(branch)
    wire = wire_of({"anyOf": plain or [False]}, is_sent=is_sent)
    for items, sizes in wire.lists:
        found.append({"type": "array", "items": items, **sizes})
        found += [items] * (is_plain and not is_sent and sizes["minItems"] == 1)
    return {"anyOf": [wire.single, *found]}


def _is_text(branch: dict[str, Any], *, or_list: bool = True) -> bool:
    """Whether nothing is nested in the values of a case."""
    if branch.get("type") == "array" and "prefixItems" not in branch:
        items = _branches(branch.get("items", True), True)
        return or_list and all(map(partial(_is_text, or_list=False), items))
    is_flat = _is_flat([branch.get("const"), *branch.get("enum", ())])
    return is_flat and branch.get("type") not in ("array", "object")


def _branches(schema: Any, is_sent: bool) -> Iterator[dict[str, Any]]:
    """The cases of a canonical form, each a list of values or of one type."""
    names, values = [], {"enum", "const"}
    if isinstance(schema, bool):
        names, schema = sorted(ALL_TYPES) * schema, {}
    elif "type" in schema:
        names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    elif values & schema.keys():
        yield schema
    elif "anyOf" in schema:
        for branch in schema["anyOf"]:
            yield from _branches(branch, is_sent)
    elif is_sent:  # a reference, say
        names, schema = sorted(ALL_TYPES), {}
    for name in names:
        yield {word: held for word, held in schema.items() if word != "$schema"} | {"type": name}


def _any_of(schema: Raw, is_sent: bool) -> Raw:
    """What is sent or taken of an item or a member; free ones are sent as texts."""
    if schema is True:
        return not is_sent or ANY_TEXT
    found = list[Raw]()
    for branch in _branches(schema_of(schema).to_json_schema(), is_sent):
        if branch.get("type") not in ("array", "object"):
            found += _texts(branch, is_sent)
        elif is_sent or branch.keys() <= _OBJECTS | _LISTS:
            found.append(_nested(branch, is_sent))
    return ANY_TEXT if found == [ANY_TEXT] else {"anyOf": found or [False]}


def _nested(
    branch: dict[str, Any], is_sent: bool, member: Callable[[Raw, bool], Raw] = _any_of
) -> dict[str, Any]:
    """A list or an object, with texts in it."""
    found = {word: branch[word] for word in (_OBJECTS | _LISTS) & branch.keys()}
    for word in found.keys() & {"properties", "patternProperties"}:
        found[word] = {name: member(held, is_sent) for name, held in found[word].items()}
    found["items"] = _any_of("prefixItems" in branch or branch.get("items", True), is_sent)
    found["additionalProperties"] = member(branch.get("additionalProperties", True), is_sent)
    return found


def _texts(branch: dict[str, Any], is_sent: bool) -> Iterator[Raw]:
    """The texts of a case, none of which is an object or a list."""
    match branch:
        case {"type": "string"}:
            yield branch
        case {"type": "boolean"}:
            yield from _listed([False, True], is_sent)
        case {"type": "null"}:
            yield from _listed([None], is_sent)
        case {"type": "integer" | "number"} if is_sent or branch.keys() <= _NUMBERS:
            yield from _numerals(branch, is_sent)
        case {"const": value}:
            yield from _listed([value], is_sent)
        case {"enum": values}:
            yield from _listed(values, is_sent)
        case _ if is_sent:
            yield ANY_TEXT


def _listed(values: list[JSON], is_sent: bool) -> Iterator[Raw]:
    texts = [plain_text(value) for value in values if isinstance(value, str | int | float)]
    if not is_sent:
        words = {value for value in values if isinstance(value, bool)}
        texts += [word for word, meant in WORDS.items() if meant in words]
        texts += ["", "null", "none"] * (None in values)
    elif any(isinstance(value, list | dict) for value in values):
        yield ANY_TEXT
    if texts:
        yield {"enum": texts}


def _numerals(branch: dict[str, Any], is_sent: bool) -> Iterator[Raw]:
    low, high = branch.get("minimum"), branch.get("maximum")
    if branch["type"] == "number":
        sign = "-?" * (low is None or low < 0)
        if is_sent:
            yield {"type": "string", "pattern": f"^{sign}(0|[1-9][0-9]*){_REST}"}
        elif low is high is None:
            yield {"type": "string", "pattern": f"^[-+]?[0-9]+{_REST}"}
        return
    zeros = "" if is_sent else "0*"
    if (low is None or low <= 0) and (high is None or high >= 0):
        yield {"enum": ["0"]} if is_sent else {"type": "string", "pattern": "^[-+]?0+$"}
    if high is None or high > 0:
        yield _between(zeros, low or 0, high)
    if low is None or low < 0:
        yield _between("-" + zeros, -(high or 0), low and -low)


def _between(before: str, low: int, high: int | None) -> Raw:
    """Whole numbers above 0 and within bounds, with something before each."""
    found: dict[str, Any] = {"type": "string", "pattern": f"^{before}({_up_to(high)})$"}
    if low > 1:
        found["not"] = {"pattern": f"^{before}({_up_to(low - 1)})$"}
    return found


def _up_to(limit: int | None) -> str:
    """A pattern for the whole numbers from 1 to a limit: shorter ones, then by the first digits."""
    if limit is None:
        return "[1-9][0-9]*"
    digits = str(limit)
    found = [digits, *[f"[1-9][0-9]{{0,{len(digits) - 2}}}"] * (len(digits) > 1)]
    for index, digit in enumerate(digits):
        least, rest = int(index == 0), len(digits) - index - 1
        if int(digit) > least:
            found.append(f"{digits[:index]}[{least}-{int(digit) - 1}][0-9]{{{rest}}}")
    return "|".join(found)


def takes_text(parameter: Parameter, text: str) -> bool:
    """Whether the schema of a parameter takes a text, or can't be asked."""
    if parameter.schema is None:
        return True
    try:
        check = small_validator(parameter.schema)
    except Uncompilable:
        return True
    return any(one is ANYTHING or takes(check, one, unknown=True) for one in readings(text))


def readings(value: JSON) -> Iterator[Any]:
    """What the texts of a value may be read as, a list of one as its item, and the other way."""
    held = [value]
    if isinstance(value, (dict, list)):
        held = list(value.values()) if isinstance(value, dict) else value
    choices = [list(readings_of(plain_text(item))) for item in held]
    ways: Iterator[tuple[Any, ...]] = product(*choices)
    is_much = math.prod(map(len, choices)) > READ
    if is_much and isinstance(value, list) and choices.count(choices[0]) == len(choices):
        ways, is_much = zip(*choices, strict=True), False  # who reads one so reads each so
    if is_much or any(ANYTHING in found for found in choices):
        yield ANYTHING
        return
    if value in ("", [""]):
        yield []
    for found in ways:
        yield dict(zip(value, found, strict=True)) if isinstance(value, dict) else list(found)
        if len(found) == 1 and not isinstance(value, dict):
            yield found[0]


def form_readings(value: JSON) -> Iterator[Any]:
    """What a form may be read as: plain members by their texts; what is nested has types."""
    yield value
    ways, members = [], value if isinstance(value, dict) else {}
    for held in members.values():
        ways.append([*readings(held)] if _is_flat(held) else [held])
    if math.prod(map(len, ways)) > READ or ANYTHING in chain.from_iterable(ways):
        yield ANYTHING
        return
    for found in product(*ways):
        yield dict(zip(members, found, strict=True))


def _is_flat(value: JSON) -> bool:
    if isinstance(value, list):
        return {list, dict}.isdisjoint(map(type, value))
    return not isinstance(value, dict)


def is_written(holder: Parameter | Header | MediaType, value: JSON) -> bool:
    """Whether a value can be sent as text: not null, what is nested (but in forms) or empty."""
    if isinstance(holder, MediaType):
        members = value.values() if isinstance(value, dict) else ()
        return all(map(_is_plain, filter(_is_flat, members)))
    if not _is_plain(value) or holder.location != "path":
        return _is_plain(value)
    return match_path("/{x}", f"/{serialised(holder, value)}") is not None


def _is_plain(value: JSON) -> bool:
    held = [value]
    if isinstance(value, (dict, list)):
        held = list(value.values()) if isinstance(value, dict) else value
    return bool(held) and all(isinstance(item, (str, bool, int, float)) for item in held)


def asked_texts(parameter: Parameter, request: Request) -> list[str]:
    """What is asked for under the name of a parameter, each item of a list by itself."""
    found = list[str]()
    is_list = parameter.schema is not None and "array" in locate(parameter.schema).types
    divider = divider_of(parameter) * is_list
    for text in raw_values(request.query, "&", parameter.name):
        whole = decoded(text.replace("+", " "))
        found += whole.split(divider) if divider else [whole]
    return found


def said_number(parameter: Parameter, word: str) -> int | None:
    """What a keyword of a parameter's schema says, if it is a whole number."""
    for part in locate(parameter.schema).parts if parameter.schema is not None else ():
        if isinstance(part.value.get(word), int):
            return int(part.value[word])
    return None


def listed_values(parameter: Parameter | None) -> Sequence[Any]:
    """The values that a parameter, or each item of it, may have; none where they aren't listed."""
    if parameter is None or parameter.schema is None:
        return ()
    place = locate(parameter.schema)
    return (place.items or place).values or ()


def each_of(value: Any) -> list[Any]:
    """The items of a list, or else the value itself."""
    return value if isinstance(value, list) else [value]
