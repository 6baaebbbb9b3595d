"""A value that is sent and not taken to a whole message, made small and checked on both sides."""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice
from typing import Any

from contracts.changes.change import Witness
from contracts.changes.containment import Settlement, drawn, settle
from contracts.changes.pairs import Pair, Step
from contracts.changes.shapes import Shape
from contracts.changes.versions import Draft, Site
from contracts.document import MediaType, Parameter
from contracts.messages import JSON, Request
from contracts.schemas import Raw, validation
from contracts.schemas.claims import claim_of
from contracts.schemas.readings import TooLarge, TooLong
from contracts.schemas.validation import Uncompilable, keyword_validator

DRAWN = 12  # messages drawn around one value before it is given up
SHRINKS = 300  # smaller messages looked at

_TEXT = {"type": ["boolean", "number", "string"]}
_AS_TEXT = {"not": {"type": "null"}, "items": _TEXT, "additionalProperties": _TEXT}
_LIST_KEYWORDS = frozenset({"contains", "prefixItems", "uniqueItems", "$defs"})
_TEXT_KEYWORDS = frozenset({"enum", "const", "format", "pattern", "minLength", "maxLength", "not"})

Check = Callable[[JSON], bool]


@dataclass(frozen=True, eq=False)
class Trial:
    """Messages at one site, made of what its sender sends and shown to its receiver."""

    site: Site
    pair: Pair

    def witness(self, steps: Sequence[Step], values: Sequence[JSON]) -> Witness | None:
        """A message that shows a change `steps` below the schema of the site, if one is found.

        The values, which are sent there and not taken, are tried first.
        """
        try:
            for body in self._bodies(steps, values):
                if self._shown(body) is not None:
                    return self._shown(shrunk(body, lambda value: self._shown(value) is not None))
        except (TooLarge, *Uncompilable):  # a pattern that the validator can't compile, for one
            return None
        return None

    @cached_property
    def whole(self) -> Settlement:
        """Whether anything that is sent is refused, the schema looked at as a whole."""
        if not self.site.is_on_the_wire:
            return self.pair.whole
        sent, taken = self.pair.sender, self.pair.receiver
        read = (lambda: wire_sent(sent.sent), lambda: wire_taken(taken.taken))
        return settle(*read, lambda: sent.taken)

    @cached_property
    def _sends(self) -> Check:
        return _check_of(self.pair.sender, unknown=False)

    @cached_property
    def _takes(self) -> tuple[Check, ...]:
        takes = _check_of(self.pair.receiver, unknown=True)
        if not self.site.is_on_the_wire:
            return (takes,)
        texts = keyword_validator(json.dumps(wire_taken(self.pair.receiver.taken)))
        return takes, partial(validation.takes, texts, unknown=True)

    def _bodies(self, steps: Sequence[Step], values: Sequence[JSON]) -> Iterator[JSON]:
        for value in values:
            if not steps:
                yield value
                continue
            for spare in ("", "key"):
                around = _nested(steps, {"const": value}, spare)
                yield from islice(self._drawn(around), 1 + DRAWN)
        for value in self.whole.values:
            if any(_is_about(error, steps) for error in self._errors(value)):
                yield value
        if self.site.is_on_the_wire:
            yield from islice(self._drawn(), DRAWN)

    @cached_property
    def is_too_long(self) -> bool:
        """Whether the canonical form of what is sent would take too long."""
        try:
            _ = self.pair.sender.sent
        except TooLarge as problem:
            return isinstance(problem, TooLong)
        return False

    def _drawn(self, around: Raw = True) -> Iterator[JSON]:
        """Values that are sent and of which `around` holds as well."""
        sender = self.pair.sender
        if self.is_too_long:
            return
        whole = {"allOf": [validation.reference(sender.parts[0].schema.pointer), around]}
        try:
            yield from drawn(validation.canonical_of(whole, sender.document))
        except Uncompilable:
            return

    def _errors(self, value: JSON) -> Iterator[Any]:
        """What the receiver says against a value; nothing if the schema is too large."""
        try:
            return keyword_validator(json.dumps(self.pair.receiver.taken)).iter_errors(value)
        except TooLarge:
            return iter(())

    def _shown(self, value: JSON) -> Witness | None:
        """The message with a value, if its sender sends it and its receiver refuses it."""
        is_sent = self._sends(value) and (not self.site.is_on_the_wire or _is_text(value))
        if not is_sent or any(takes(value) for takes in self._takes):
            return None
        holder, versions = self.site.holder, self.site.versions
        if isinstance(holder, MediaType):
            because, response = self._complaint(value), self.site.response
            return versions.witness(Draft(because, media=holder, body=(value,), response=response))
        if isinstance(holder, Parameter):
            return self._with_parameter(holder, value)
        because = f"the header {holder.name} does not match its schema"
        values = {("header", holder.name.lower()): value}
        return versions.witness(Draft(because, values, response=self.site.response))

    def _complaint(self, value: JSON) -> str:
        complaint = "the validator refuses it"
        for error in islice(self._errors(value), 1):
            place = "".join(f"/{segment}" for segment in error.instance_path)
            complaint = f"{place or '/'}: {str(error.message)[:200]}"
        return f"its body does not match the schema: {complaint}"

    def _with_parameter(self, parameter: Parameter, value: JSON) -> Witness | None:
        """A request that no reading of its texts makes acceptable."""
        versions = self.site.versions
        because = f"the {parameter.location} parameter {parameter.name} does not match its schema"
        witness = versions.witness(Draft(because, {(parameter.location, parameter.name): value}))
        if witness is None:
            return None
        message, body = witness.message, None
        if "Content-Type" in message["headers"]:
            body = json.dumps(message["body"], ensure_ascii=False).encode("utf-8", "replace")
        headers = tuple(message["headers"].items())
        request = Request(message["method"], message["path"], headers, body)
        # What is no single text is not read back: a list of one is written like its item.
        is_whole = isinstance(value, dict) or (isinstance(value, list) and len(value) > 1)
        sender, receiver = versions.roles(versions.base, versions.revision)
        if not is_whole and not claim_of(sender, request).allowed:
            return None
        claim = claim_of(receiver, request)
        if claim.allowed and not is_whole:
            return None
        return replace(witness, because=claim.forbidden_because or because)


def _is_text(value: JSON) -> bool:
    """Whether a value can be written as text: null can't, and nothing that is nested or empty."""
    held = [value]
    if isinstance(value, (dict, list)):
        held = list(value.values()) if isinstance(value, dict) else value
    is_plain = all(isinstance(item, (str, bool, int, float)) for item in held)
    return is_plain and held not in ([], [""])


def _check_of(shape: Shape, *, unknown: bool) -> Check:
    try:
        return partial(
            validation.takes, keyword_validator(json.dumps(shape.taken)), unknown=unknown
        )
    except TooLarge:
        whole = validation.validator(shape.parts[0].schema)
        return partial(validation.takes, whole, unknown=unknown)


def _is_about(error: Any, steps: Sequence[Step]) -> bool:
    """Whether an error is at or below the end of the steps, or at a union above it."""
    path = list(error.instance_path)
    for found, (kind, name) in zip(path, steps, strict=False):
        if kind == "property" and found != name:
            return False
    return len(path) >= len(steps) or list(error.schema_path)[-1:] != ["required"]


def _nested(steps: Sequence[Step], inner: Raw, spare: str = "") -> Raw:
    """A schema of what has `inner` at the end of the steps; free names are `spare`."""
    for kind, name in reversed(steps):
        match kind:
            case "property":
                inner = {"type": "object", "required": [name], "properties": {name: inner}}
            case "items":
                inner = {"type": "array", "minItems": 1, "items": inner}
            case "pattern":
                inner = {"type": "object", "minProperties": 1, "patternProperties": {name: inner}}
            case _ if spare:
                inner = {"type": "object", "required": [spare], "properties": {spare: inner}}
            case _:
                inner = {"type": "object", "minProperties": 1, "additionalProperties": inner}
    return inner


def wire_sent(schema: Raw) -> Raw:
    """What of a schema can be texts without types: null can't, and nothing that is nested."""
    if not isinstance(schema, dict):
        return schema and _AS_TEXT
    return {**schema, "allOf": [*schema.get("allOf", ()), _AS_TEXT]}


def wire_taken(schema: Any) -> Any:
    """What is taken when values are texts: who takes any text takes numbers and booleans."""
    if isinstance(schema, list):
        return [wire_taken(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = dict(schema)
    for keyword in schema.keys() - {"enum", "const", "required", "$defs"}:
        found[keyword] = wire_taken(schema[keyword])
    names = found.get("type", [])
    if isinstance(names, str):
        names = [names]
    if "string" in names and _TEXT_KEYWORDS.isdisjoint(found):
        found["type"] = sorted({*names, "boolean", "number"} - {"integer"})
    if "array" in names and found.get("minItems", 0) <= 1 and not _LIST_KEYWORDS & found.keys():
        # One item is written like the item itself.
        return {"anyOf": [found, found.get("items", True)]}
    return found


def shrunk(value: JSON, shows: Check) -> JSON:
    """The value made smaller in one greedy pass, outermost first, while it shows the same."""
    for path in islice(_paths(value), SHRINKS):
        smaller = copy.deepcopy(value)
        holder: Any = smaller
        try:
            for segment in path[:-1]:
                holder = holder[segment]
            del holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # what is there no more
        if shows(smaller):
            value = smaller
    return value


def _paths(value: JSON, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The members and items of a value, outermost first, and items from the end on."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(reversed(range(len(value))))
    for key in keys:
        yield (*above, key)
    for key in keys:
        yield from _paths(value[key], (*above, key))
