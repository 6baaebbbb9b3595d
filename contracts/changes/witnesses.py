"""A value that is sent and not taken to a whole message, made small and checked on both sides."""

import copy
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain, islice, product
from operator import attrgetter
from typing import Any

from contracts.changes.change import Witness
from contracts.changes.containment import Settlement, drawn, settle
from contracts.changes.pairs import Pair, Step
from contracts.changes.shapes import Shape
from contracts.changes.versions import Draft, Site
from contracts.document import Header, MediaType, Parameter
from contracts.document.serialisation import (
    divider_of,
    match_path,
    plain_text,
    serialised,
    unwritten_of,
)
from contracts.messages import JSON, Request
from contracts.schemas import Raw, validation
from contracts.schemas.claims import ANYTHING, claim_of, readings_of
from contracts.schemas.readings import TooLarge, TooLong
from contracts.schemas.texts import ANY_LIST, ANY_TEXT, Wire, wire_of
from contracts.schemas.validation import Uncompilable, keyword_validator

DRAWN = 12  # messages drawn around one value before it is given up
READ = 1_000  # ways to read the texts of one value
SHRINKS = 300  # smaller messages looked at

Named = Parameter | Header
NO_LIST = Settlement(None, "no list that is taken has all that are sent")

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
        holder = self.site.holder
        if isinstance(holder, MediaType) or not self.site.is_on_the_wire:
            return self.pair.whole
        try:
            sent = wire_of(self.pair.sender.sent, is_sent=True)
            taken = wire_of(self.pair.receiver.taken, is_sent=False)
        except (TooLarge, *Uncompilable) as problem:
            return Settlement(None, f"its texts can't be told: {problem}")
        answers = list(_texts_settled(holder, sent, taken, empty=self._takes_empty))
        if all(answer.contained for answer in answers):
            return answers[0]
        found = filter(self._sends, chain.from_iterable(map(_readings, answers[0].values)))
        return Settlement(None, "not every text that is sent is surely taken", tuple(found))

    @property
    def _takes_empty(self) -> bool:
        """Whether the receiver takes a parameter that is empty, whatever its schema says."""
        _, schema = self.site.versions.roles(*self.site.at)
        holder = self.pair.receiver.document.at(schema.rpartition("/")[0])
        return isinstance(self.site.holder, Parameter) and holder.get("allowEmptyValue") is True

    @cached_property
    def _sends(self) -> Check:
        return _check_of(self.pair.sender, unknown=False)

    @cached_property
    def _takes(self) -> tuple[Check, ...]:
        takes = _check_of(self.pair.receiver, unknown=True)
        if not self.site.is_on_the_wire:
            return (takes,)
        return (lambda value: any(one is ANYTHING or takes(one) for one in _readings(value)),)

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
        holder, is_sent = self.site.holder, self._sends(value)
        if self.site.is_on_the_wire and not isinstance(holder, MediaType):
            is_sent = is_sent and _is_written(holder, value)
        if not is_sent or any(takes(value) for takes in self._takes):
            return None
        versions = self.site.versions
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
        is_whole = is_whole or parameter.style in ("label", "matrix", "deepObject")
        sender, receiver = versions.roles(versions.base, versions.revision)
        if not is_whole and not claim_of(sender, request).allowed:
            return None
        claim = claim_of(receiver, request)
        if claim.allowed and not is_whole:
            return None
        return replace(witness, because=claim.forbidden_because or because)


def _texts_settled(holder: Named, sent: Wire, taken: Wire, *, empty: bool) -> Iterator[Settlement]:
    """Whether texts that are sent alone, each sort of lists, and objects are all taken."""
    single, unwritten = [taken.single, *[{"const": ""}] * empty], unwritten_of(holder)
    divider = divider_of(holder)
    for items, sizes in taken.lists:
        is_one: Raw = True
        if divider and (sizes != ANY_LIST or items not in (True, ANY_TEXT)):
            is_one = {"not": {"pattern": re.escape(divider)}}
        if sizes["minItems"] == 1:  # a list of one is written like the item itself
            single.append({"allOf": [items, is_one]})
    written = {"allOf": [sent.single, {"not": {"enum": unwritten}}]}
    yield _settled(written, {"anyOf": single})
    for items, sizes in sent.lists:
        yield next(filter(attrgetter("contained"), _fits(items, sizes, taken)), NO_LIST)
    yield _settled(sent.objects, taken.objects)


def _settled(sent: Raw, taken: Raw) -> Settlement:
    return settle(lambda: sent, lambda: taken)


def _fits(items: Raw, sizes: Raw, taken: Wire) -> Iterator[Settlement]:
    """Whether lists of such items fit into each sort of those that are taken."""
    for others, room in taken.lists:
        fits = _settled(sizes, room)
        yield _settled(items, others) if fits.contained else fits


def _readings(value: JSON) -> Iterator[Any]:
    """What the texts of a value may be read as, a list of one as its item, and the other way."""
    held = [value]
    if isinstance(value, (dict, list)):
        held = list(value.values()) if isinstance(value, dict) else value
    choices = [list(readings_of(plain_text(item))) for item in held]
    if math.prod(map(len, choices)) > READ or any(ANYTHING in found for found in choices):
        yield ANYTHING
        return
    if value in ("", [""]):
        yield []
    for found in product(*choices):
        yield dict(zip(value, found, strict=True)) if isinstance(value, dict) else list(found)
        if len(found) == 1 and not isinstance(value, dict):
            yield found[0]


def _is_written(holder: Named, value: JSON) -> bool:
    """Whether a value can be sent as text: null can't, and nothing that is nested or empty."""
    held = [value]
    if isinstance(value, (dict, list)):
        held = list(value.values()) if isinstance(value, dict) else value
    is_plain = bool(held) and all(isinstance(item, (str, bool, int, float)) for item in held)
    if not is_plain or holder.location != "path":
        return is_plain
    return match_path("/{x}", f"/{serialised(holder, value)}") is not None


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
