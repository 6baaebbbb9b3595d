"""A schema as a validator (what is allowed) and in its canonical form (what it means).

Formats are asserted (our policy: JSON Schema 2020-12 Validation §7.2.1 leaves it open). Operations
on canonical schemas never fail: a looser one may come out, and cost tries: payloads are checked.
Patterns are matched in linear time; those that look around or refer back, within bounds.
"""

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema_rs
from jsonschema_rs import CanonicalSchema, Draft202012, FancyRegexOptions, RegexOptions, Registry
from jsonschema_rs.canonical import CanonicalizationError, CanonicalKind, Satisfiability

from contracts.document import Document, Schema
from contracts.document.excerpts import URI, registry
from contracts.document.excerpts import reference as reference
from contracts.messages import JSON
from contracts.schemas import references
from contracts.schemas.allowance import Allowance, Exceeded
from contracts.text import cut, few, shown

Uncompilable = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError)
"""What jsonschema-rs raises for a schema that it can't compile, as with an unknown pattern."""


def _registry_for(schema: Any, document: Document) -> Registry | None:
    places = [unquote(target.partition("#")[2]) for target in references(schema)]
    return registry(document, *places) if places else None


@lru_cache(maxsize=64)  # of schemas that refer to very much it takes megabytes each
def validator(schema: Schema) -> "Validator":
    """The validator of a schema, compiled once; raises one of `Uncompilable`."""
    return validator_of(reference(schema.pointer), schema.document)


def small_validator(schema: Schema) -> "Validator":
    """Like `validator`, but of the schema alone where it refers to nothing of its document."""
    written = schema.document.written.at(schema.pointer)
    if any(references(written)):
        return validator(schema)
    return keyword_validator(json.dumps(written, default=float))


@lru_cache(maxsize=256)
def keyword_validator(keywords: str) -> "Validator":
    """The validator of a few keywords given as JSON text; raises one of `Uncompilable`."""
    return validator_of(json.loads(keywords))


def validator_of(schema: dict[str, Any] | bool, document: Document | None = None) -> "Validator":
    """The validator of a schema whose references point into `document`; raises `Uncompilable`."""
    known = _registry_for(schema, document) if document else None
    compiled = partial(jsonschema_rs.validator_for, schema, registry=known, validate_formats=True)
    try:
        return compiled(pattern_options=LINEAR)
    except Uncompilable:
        compiled(pattern_options=FEW_STEPS)  # raises whatever else is wrong
    names: list[str] = []
    for name, held in members([schema, document and document.tree]):
        if name == "patternProperties" and isinstance(held, dict):
            names += filter(looks_around, held)
    return Bounded(compiled, names)


LINEAR = RegexOptions()  # an engine of linear time, without lookarounds and back references
FEW_STEPS = FancyRegexOptions(backtrack_limit=10_000)  # one that has them, and takes its time
LONG_TEXT = 1_000  # characters; at each of them, such a pattern may look at all the others
LONG_BODY = 50_000  # characters of all such texts of one value


class Beyond(ValueError):
    """A pattern that looks around or refers back is not decided on a text: it takes too long."""


@dataclass(eq=False)
class Bounded:
    """A validator with patterns that look around or refer back; on their texts it has bounds.

    Its methods are those of jsonschema-rs, and raise `Beyond` where an answer takes too long.
    """

    compiled: Callable[..., jsonschema_rs.Validator]
    names: Sequence[str]  # such patterns of names of members
    spent: int = 0
    beyond: str = ""

    def __post_init__(self) -> None:
        bounded = self

        class Pattern:
            def __init__(self, _parent: Any, pattern: str, _path: Any) -> None:
                self.pattern = pattern

            def validate(self, value: Any) -> None:
                if isinstance(value, str) and not bounded.matches(self.pattern, value):
                    raise ValueError(f"{shown(value)} does not match {shown(self.pattern)}")

        self.validator = self.compiled(pattern_options=FEW_STEPS, keywords={"pattern": Pattern})

    def is_valid(self, value: Any) -> bool:
        return next(self.iter_errors(value), None) is None

    def iter_errors(self, value: Any) -> Iterator[jsonschema_rs.ValidationError]:
        self.spent, self.beyond = 0, ""
        if _is_much(value, DEEPEST, math.inf):
            raise Beyond(f"{TOO_DEEP} {DEEPEST} levels")
        for name, _ in members(value) if self.names else ():
            for pattern in self.names:
                self.matches(pattern, name)
        errors = [*self.validator.iter_errors(value)] if not self.beyond else []
        if self.beyond:
            raise Beyond(self.beyond)
        return iter(errors)

    def matches(self, pattern: str, text: str) -> bool:
        if not looks_around(pattern):
            return _searcher(pattern, LINEAR).is_valid(text)
        self.spent += len(text)
        if not self.beyond and len(text) <= LONG_TEXT and self.spent <= LONG_BODY:
            found = next(iter(_searcher(pattern, FEW_STEPS).iter_errors(text)), None)
            if found is None or not isinstance(found.kind, _Kind.BacktrackLimitExceeded):
                return found is None
        why = "looks around or refers back, and takes too long to be decided on"
        self.beyond = self.beyond or f"the pattern {shown(pattern)} {why} {shown(text)}"
        return False


Validator = jsonschema_rs.Validator | Bounded
_Kind = jsonschema_rs.ValidationErrorKind


@lru_cache(maxsize=4096)
def _searcher(pattern: str, options: RegexOptions | FancyRegexOptions) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)


@lru_cache(maxsize=4096)
def looks_around(pattern: str) -> bool:
    """Whether a pattern is none for the engine of linear time."""
    try:
        _searcher(pattern, LINEAR)
    except Uncompilable:
        return True
    return False


def members(value: Any) -> Iterator[tuple[str, Any]]:
    """The members of all objects in a JSON value, however deep."""
    pending = [value]
    while pending:
        held = pending.pop()
        if isinstance(held, dict):
            yield from held.items()
            pending += held.values()
        elif isinstance(held, list):
            pending += held


@lru_cache(maxsize=256)
def canonical(schema: Schema) -> CanonicalSchema:
    """The canonical form of a schema; raises one of `Uncompilable`."""
    return canonical_of(reference(schema.pointer), schema.document)


def canonical_of(value: dict[str, Any] | bool, document: Document) -> CanonicalSchema:
    """The canonical form of a schema written here, whose references point into `document`."""
    return schema_of(value, registry=_registry_for(value, document))


schema_of = partial(jsonschema_rs.canonicalize, draft=Draft202012, validate_formats=True)
"""The canonical form of a few keywords without references."""

ANYTHING = schema_of(True)
STRING = schema_of({"type": "string"})


def both(parts: Iterable[CanonicalSchema]) -> CanonicalSchema:
    return reduce(lambda left, right: attempt(lambda: left.intersect(right), left), parts)


def without(node: CanonicalSchema, other: CanonicalSchema) -> CanonicalSchema:
    if not possible(both((node, other))):
        return node
    return attempt(lambda: node.subtract(other), node)


@lru_cache(maxsize=1024)
def negated(node: CanonicalSchema) -> CanonicalSchema:
    return attempt(node.negate, ANYTHING)


def attempt(operation: Callable[[], CanonicalSchema], looser: CanonicalSchema) -> CanonicalSchema:
    with suppress(CanonicalizationError):
        result = operation()
        if result.kind != CanonicalKind.RAW:
            return result
    return looser


def possible(node: CanonicalSchema) -> bool:
    """False only when it is proved that no value satisfies the schema."""
    return node.satisfiability() != Satisfiability.NO


def checker(node: CanonicalSchema) -> Callable[[JSON], bool]:
    """A test of values against a schema without references."""
    keywords = jsonschema_rs.canonical.json.to_string(node.to_json_schema())
    return partial(takes, keyword_validator(keywords))


def takes(check: Validator, value: JSON, *, unknown: bool = False) -> bool:
    """Whether a value is valid; `unknown` for a lone surrogate, much nesting, or `Beyond`."""
    try:
        return check.is_valid(value)
    except ValueError:
        return unknown


def matches(pattern: str, text: str) -> bool | None:
    """Whether an ECMA-262 pattern matches in `text`; None where that can't be told."""
    try:
        return _matcher(pattern).is_valid(text)
    except Uncompilable:
        return None


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> Validator:
    return keyword_validator(json.dumps({"pattern": pattern}))


# Why a value is refused

MAX_ERRORS = 50  # of a value that are looked at
DEEP = 6  # levels of a value; with each that is one of a union, its errors may double
DEEPEST = 10  # levels of one that is asked about with patterns that look around
TOO_DEEP = "with patterns that look around or refer back, nothing is decided on what is deeper than"
MANY = 500  # values on a level; for each an error may hold a copy of all
_APART = Allowance(10, lambda: sum(os.times()[2:4]), question=0.5)  # of a process
MAX_BRANCHES = 4  # of a union of which is said why
MAX_SAID = 120  # characters of a text of the validator's
_CONDITIONS = {"if", "then", "else", "not", "contains", "oneOf", "anyOf", "propertyNames"}
_CONDITIONS |= {"dependentRequired", "dependentSchemas"}
_CONDITIONS |= {"unevaluatedProperties", "unevaluatedItems"}
_SAID = {"not": "it is what it must not be", "falseSchema": "nothing may stand there"}
_SAID |= {"contains": "it has not as many items of that kind as it should"}


class Reason(NamedTuple):
    """Why a value is refused."""

    at: tuple[str | int, ...]  # the names and indexes that lead to what is wrong in the value
    keyword: str
    source: str  # `FILE:LINE`, empty for what stands in no document
    said: str

    def __str__(self) -> str:
        where = f" ({self.source})" * bool(self.source)
        return f"`{self.keyword}`{where}: {self.said}"


def reason(check: Validator | None, value: Any, document: Document | None) -> Reason | None:
    """Why a value is refused, by what lies deepest in it; None where that can't be told."""
    if not _is_much(value, DEEP, MANY):
        return _reason(check, value, document)
    with suppress(Exceeded):
        return _APART.spend(lambda: _reason(check, value, document), apart=True)
    return None


def _is_much(value: Any, deep: int, many: float) -> bool:
    level = [value]
    for _ in range(deep):
        below = list[Any]()
        for node in level:
            if isinstance(node, (dict, list)):
                below += node.values() if isinstance(node, dict) else node
        if len(below) > many:
            return True
        level = below
    return bool(level)


def _reason(check: Validator | None, value: Any, document: Document | None) -> Reason | None:
    return next(iter(reasons(check, value, document)), None)


def reasons(
    check: Validator | None, value: Any, document: Document | None, most: int = 1
) -> list[Reason]:
    """Why a value is refused, what lies deepest first; none where that can't be told."""
    found = list[Reason]()
    with suppress(ValueError):  # a pattern takes too long, or there is a lone surrogate
        errors = [] if check is None else list(islice(check.iter_errors(value), MAX_ERRORS))
        for error in sorted(errors, key=_depth)[:most]:
            path = [str(segment) for segment in error.schema_path]
            told = [segment for segment in path if segment in _CONDITIONS] or path
            keyword, source = (told or ["schema"])[-1], ""
            address, _, pointer = (error.absolute_keyword_location or "").partition("#")
            if document is not None and address == URI:
                source = str(document.source(unquote(pointer)))
            found.append(Reason(tuple(error.instance_path), keyword, source, _said(error)))
    return found


Distance = Callable[[jsonschema_rs.ValidationError], int]


def refusal(errors: Sequence[jsonschema_rs.ValidationError], distance: Distance) -> str:
    """Where a value is refused and why, by the error of the least `distance`; empty without one.

    Of a union it is one of the branch that fits best.
    """
    if not errors:
        return ""
    error = min(map(partial(_innermost, distance), errors), key=distance)
    place = "".join(f"/{segment}" for segment in error.instance_path)
    return f"{place or '/'}: {_said(error)}"


def _innermost(
    distance: Distance, error: jsonschema_rs.ValidationError
) -> jsonschema_rs.ValidationError:
    branches = error.kind.as_dict().get("context")
    if not branches or not all(branches):
        return error
    fits: dict[tuple[int, ...], jsonschema_rs.ValidationError] = {}
    for branch in branches:
        below = list(map(partial(_innermost, distance), branch))
        nearest = min(below, key=distance)
        # A branch of another kind has its first fault further up.
        fits.setdefault((distance(nearest), max(map(_depth, below)), len(below)), nearest)
    found = fits[min(fits)]
    is_of_no_kind = found.kind.name == "type" and found.instance_path == error.instance_path
    return error if is_of_no_kind else found


def _depth(error: jsonschema_rs.ValidationError) -> int:
    return -len(error.instance_path)


def _said(error: jsonschema_rs.ValidationError) -> str:
    facts, name = error.kind.as_dict(), error.kind.name
    if unexpected := facts.get("unexpected"):
        return f"nothing declares {few([*map(shown, unexpected)], MAX_BRANCHES, 'others')}"
    if "context" in facts:
        return _of_branches(facts)
    if name == "required":
        return f"no property {facts['property']}"
    text = str(error.message)
    if len(text) > MAX_SAID:
        held = json.dumps(error.instance, separators=(",", ":"), ensure_ascii=False)
        text = text.replace(held, shown(error.instance))
    return _SAID.get(name) or cut(text, MAX_SAID)


def _of_branches(facts: Mapping[str, Any]) -> str:
    branches: Iterable[tuple[int, Any]] = enumerate(facts["context"], 1)
    wrong, right = list[str](), list[str]()
    for number, errors in branches:
        if errors:
            wrong.append(f"{number}: {_said(min(errors, key=_depth))}")
        else:
            right.append(str(number))
    if right:
        return f"it fits branches {few(right, MAX_BRANCHES, 'others')}, and may fit one alone"
    return f"it fits no branch ({few(wrong, MAX_BRANCHES, 'others')})"
