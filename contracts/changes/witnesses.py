"""A value that is sent and not taken to a whole message around it, made small and checked on both sides."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from contracts.changes.change import Direction
from contracts.changes.containment import Answer, settle
from contracts.changes.drafts import Draft, Undrawable, as_request, request_of, response_of
from contracts.changes.findings import Shown, Site
from contracts.changes.locals import Step
from contracts.document import Header, MediaType, Parameter, Schema, Spec
from contracts.messages import JSON
from contracts.payloads.choices import PlainChoices, RandomChoices
from contracts.payloads.compiler import Unsatisfiable, compile_payload
from contracts.schemas.claims import claim_of
from contracts.schemas.parties import Raw, TooLarge, View
from contracts.schemas.validation import (
    Uncompilable,
    canonical_of,
    keyword_validator,
    reference,
    validator,
)

DRAWN = 12
"""Messages drawn around one value before it is given up."""

SHRINKS = 300
"""Smaller messages looked at."""

Check = Callable[[JSON], bool]


class Witnesses:
    """Makes and checks the messages of one comparison."""

    def __init__(
        self, base: Spec, revision: Spec, views: dict[Direction, tuple[View, View]]
    ) -> None:
        self._specs = (base, revision)
        self._views = views

    def of(self, site: Site, steps: Sequence[Step], values: Sequence[JSON]) -> Shown | None:
        """A message at a site that shows a change `steps` below its schema; None if none was found.

        Args:
            values: what is sent there and not taken, tried first.
        """
        try:
            shows = self._shows(site)
            for whole in self._bodies(site, steps, values):
                if shows(whole) and self._message(site, whole) is not None:
                    smallest = shrunk(
                        whole, lambda value: shows(value) and self._message(site, value) is not None
                    )
                    return self._message(site, smallest)
        except Uncompilable:
            return None  # a pattern that the validator can't compile, for one
        return None

    def whole(self, site: Site) -> Answer:
        """Whether anything that is sent at a site is refused, the schema looked at as a whole."""
        sender, receiver = self._sides(site)
        try:
            sent, taken = _sent(*sender), _taken(*receiver)
            if site.is_on_the_wire:
                sent, taken = wire_sent(sent), wire_taken(taken)
            return settle(sent, taken, written=_taken(*sender))
        except TooLarge:
            return Answer(None, "the schema is too large to be compared as a whole")

    def _sides(self, site: Site) -> tuple[tuple[View, Schema], tuple[View, Schema]]:
        base, revision = self._views[site.direction]
        before, after = (
            (base, _written(base, site.schemas[0])),
            (revision, _written(revision, site.schemas[1])),
        )
        return (before, after) if site.direction is Direction.REQUEST else (after, before)

    def _shows(self, site: Site) -> Check:
        """Whether a value is sent there, by the sender's document, and refused by the receiver's."""
        sender, receiver = self._sides(site)
        sends, takes = _accepts(*sender), _accepts(*receiver)
        if not site.is_on_the_wire:
            return lambda value: sends(value) and not takes(value)
        texts_taken = _validator(wire_taken(_taken(*receiver)))
        return lambda value: (
            _is_text(value) and sends(value) and not takes(value) and not texts_taken(value)
        )

    def _bodies(self, site: Site, steps: Sequence[Step], values: Sequence[JSON]) -> Iterator[JSON]:
        (view, schema), _ = self._sides(site)
        for value in values:
            yield from _around(view, schema, steps, {"const": value}) if steps else [value]
        there = self._errs_at(site, steps)
        for value in self.whole(site).values:
            if there(value):
                yield value
        if site.is_on_the_wire:
            yield from islice(_drawn(view, schema), DRAWN)

    def _errs_at(self, site: Site, steps: Sequence[Step]) -> Check:
        """Whether the receiver's complaint about a value is about the place that the steps lead to."""
        view, schema = self._sides(site)[1]
        try:
            complaints = keyword_validator(json.dumps(view.receiver([schema]))).iter_errors
        except TooLarge:
            return lambda value: False
        return lambda value: any(_is_about(error, steps) for error in complaints(value))

    def _message(self, site: Site, value: JSON) -> Shown | None:
        try:
            match site.holders[1]:
                case MediaType() as media:
                    return self._with_body(site, value, media)
                case Header() as header:
                    return self._with_header(site, value, header)
                case Parameter():
                    return self._with_parameter(site, value)
        except Undrawable:
            return None

    def _with_header(self, site: Site, value: JSON, header: Header) -> Shown:
        assert site.responses is not None
        message = response_of(site.operations[1], site.responses[1], headers={header.name: value})
        return Shown(
            site.reach.operation,
            message,
            "revision",
            f"the header {header.name} does not match its schema",
        )

    def _with_parameter(self, site: Site, value: JSON) -> Shown | None:
        """A request that no reading of its texts makes acceptable."""
        base, revision = site.operations
        parameter = site.holders[0]
        assert isinstance(parameter, Parameter)
        message = request_of(
            self._specs[0], base, Draft(values={(parameter.location, parameter.name): value})
        )
        # What is no single text is not read back: a list of one is written like its item.
        is_whole = isinstance(value, dict) or (isinstance(value, list) and len(value) > 1)
        if not is_whole and not claim_of(base, as_request(message)).allowed:
            return None
        claim = claim_of(revision, as_request(message))
        if claim.allowed and not is_whole:
            return None
        reason = f"the {parameter.location} parameter {parameter.name} does not match its schema"
        return Shown(base.key, message, "base", claim.forbidden_because or reason)

    def _with_body(self, site: Site, value: JSON, media: MediaType) -> Shown | None:
        base, revision = site.operations
        because = f"its body does not match the schema: {_complaint(self._sides(site)[1], value)}"
        if site.direction is Direction.REQUEST:
            held = site.holders[0]
            assert isinstance(held, MediaType)
            return Shown(
                base.key,
                request_of(self._specs[0], base, Draft(media=held, body=(value,))),
                "base",
                because,
            )
        assert site.responses is not None
        message = response_of(revision, site.responses[1], media=media, body=(value,))
        return Shown(base.key, message, "revision", because)


def _is_text(value: JSON) -> bool:
    """Whether a value can be written as text: null can't, and nothing that is nested or empty."""
    held = (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else [value]
    )
    return held not in ([], [""]) and not any(
        item is None or isinstance(item, (dict, list)) for item in held
    )


def _written(view: View, schema: Schema) -> Schema:
    """The schema in the document as written; specs hold it in the view of a direction."""
    return Schema(view.document, schema.pointer)


def _sent(view: View, schema: Schema) -> Raw:
    return view.sender([schema])


def _taken(view: View, schema: Schema) -> Raw:
    return view.receiver([schema])


def _accepts(view: View, schema: Schema) -> Check:
    """The validator of a schema as the direction reads it."""
    try:
        return _validator(view.receiver([schema]))
    except TooLarge:
        return _safe(validator(schema).is_valid)


def _validator(schema: Raw) -> Check:
    return _safe(keyword_validator(json.dumps(schema)).is_valid)


def _safe(check: Check) -> Check:
    def accepts(value: JSON) -> bool:
        try:
            return check(value)
        except ValueError:  # a lone surrogate, or nested too deeply to be looked at
            return False

    return accepts


def _complaint(side: tuple[View, Schema], value: JSON) -> str:
    view, schema = side
    try:
        errors = keyword_validator(json.dumps(view.receiver([schema]))).iter_errors(value)
        first = next(iter(errors), None)
    except TooLarge:
        first = None
    if first is None:
        return "the validator refuses it"
    place = "".join(f"/{segment}" for segment in first.instance_path)
    return f"{place or '/'}: {str(first.message)[:200]}"


def _is_about(error: Any, steps: Sequence[Step]) -> bool:
    """Whether an error is at or below the end of the steps, or at a union above it."""
    path = list(error.instance_path)
    on_the_way = all(
        kind != "property" or found == name
        for found, (kind, name) in zip(path, steps, strict=False)
    )
    return on_the_way and (len(path) >= len(steps) or list(error.schema_path)[-1:] != ["required"])


def _drawn(view: View, schema: Schema) -> Iterator[JSON]:
    try:
        payload = compile_payload(canonical_of(reference(schema.pointer), _direction(view)))
        choices = RandomChoices(0)
        while True:
            yield payload.draw(choices)
    except (Unsatisfiable, RecursionError, OverflowError, *Uncompilable):
        return


def _around(view: View, schema: Schema, steps: Sequence[Step], inner: Raw) -> Iterator[JSON]:
    """Values of a schema that have `inner` at the end of the steps, the plainest first."""
    for nested in (_nested(steps, inner), _nested(steps, inner, spare="key")):
        try:
            node = canonical_of({"allOf": [reference(schema.pointer), nested]}, _direction(view))
            payload = compile_payload(node)
            yield payload.draw(PlainChoices())
            choices = RandomChoices(0)
            for _ in range(DRAWN):
                yield payload.draw(choices)
        except (Unsatisfiable, RecursionError, OverflowError, *Uncompilable):
            continue


@lru_cache(maxsize=8)
def _direction(view: View) -> Any:
    from contracts.document.directions import for_requests, for_responses

    return for_requests(view.document) if view.mark == "readOnly" else for_responses(view.document)


def _nested(steps: Sequence[Step], inner: Raw, spare: str = "") -> Raw:
    """A schema of what has `inner` at the end of the steps; names that are free to choose are `spare`."""
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
    texts = {"type": ["boolean", "number", "string"]}
    conditions = {"not": {"type": "null"}, "items": texts, "additionalProperties": texts}
    return _hoisted(schema, lambda inner: {"allOf": [inner, conditions]})


def _hoisted(schema: Raw, change: Callable[[Raw], Raw]) -> Raw:
    """The changed schema with its definitions where its references look for them."""
    if not isinstance(schema, dict) or "$defs" not in schema:
        return change(schema)
    changed = change({keyword: held for keyword, held in schema.items() if keyword != "$defs"})
    return {**changed, "$defs": schema["$defs"]} if isinstance(changed, dict) else changed


def wire_taken(schema: Raw) -> Raw:
    """What is taken when values are texts: who takes any text takes a number or a boolean as well."""
    return _hoisted(schema, _lenient)


def _lenient(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_lenient(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        keyword: held if keyword in ("enum", "const", "required") else _lenient(held)
        for keyword, held in schema.items()
    }
    types = found.get("type")
    names = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    if "string" in names and _TEXT_KEYWORDS.isdisjoint(found):
        found["type"] = sorted({*names, "boolean", "number"} - {"integer"})
    if "array" in names and found.get("minItems", 0) <= 1 and not _LIST_KEYWORDS & found.keys():
        return {
            "anyOf": [found, found.get("items", True)]
        }  # one item is written like the item itself
    return found


_LIST_KEYWORDS = frozenset({"contains", "prefixItems", "uniqueItems"})


_TEXT_KEYWORDS = frozenset({"enum", "const", "format", "pattern", "minLength", "maxLength", "not"})


def shrunk(value: JSON, shows: Check) -> JSON:
    """The value made smaller in one greedy pass, for as long as it still shows the same."""
    left = SHRINKS
    for smaller in _edits(value):
        if left == 0:
            break
        left -= 1
        candidate = smaller(value)
        if candidate is not _SAME and shows(candidate):
            value = candidate
    return value


_SAME = object()
Edit = Callable[[JSON], Any]


def _edits(value: JSON) -> Iterator[Edit]:
    """Removals of members and items, outermost first, each applied to what is left by then."""
    for path in _paths(value):
        yield lambda whole, path=path: _without(whole, path)  # type: ignore[misc]


def _paths(value: JSON, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name in value:
            yield (*above, name)
        for name, held in value.items():
            yield from _paths(held, (*above, name))
    elif isinstance(value, list):
        for index in reversed(range(len(value))):
            yield (*above, index)
        for index, held in enumerate(value):
            yield from _paths(held, (*above, index))


def _without(value: JSON, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(value)
    holder = changed
    try:
        for segment in path[:-1]:
            holder = holder[segment]
        del holder[path[-1]]
    except (KeyError, IndexError, TypeError):
        return _SAME
    return changed
