"""Whether a receiver takes all that a sender sends: proved, shown by a value that it refuses, or left open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from jsonschema_rs import CanonicalSchema
from jsonschema_rs.canonical import (
    AnyOfView,
    CanonicalizationError,
    CanonicalKind,
    Containment,
    NameFailsView,
    ObjectView,
    PatternValueFailsView,
    Satisfiability,
    StringView,
    UndeclaredValueFailsView,
)

from contracts.changes.change import Effect
from contracts.changes.languages import escapes
from contracts.messages import JSON
from contracts.schemas import Raw
from contracts.schemas.validation import (
    ANYTHING,
    Uncompilable,
    attempt,
    keyword_validator,
    possible,
    schema_of,
)

NEAR = 40
"""Values drawn from the difference itself."""

FAR = 300
"""Values drawn from all that the sender sends, where the difference could not be drawn from."""


LARGE = 50_000
"""Characters of two schemas from which on drawing from them takes too long."""

VALUES = 4
"""Values that show a difference, of which a message may be made."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`contained` is None where neither was found; `how` says what proves it, or what was tried."""

    contained: bool | None
    how: str
    values: tuple[JSON, ...] = field(default=(), repr=False)
    """What is sent and not taken: a few values, found and checked."""

    @property
    def effect(self) -> Effect:
        if self.contained is None:
            return Effect.UNDECIDED
        return Effect.COMPATIBLE if self.contained else Effect.BREAKING


def equal(one: Raw, other: Raw) -> bool:
    """Whether two schemas have the same canonical form; False also where they have none."""
    if one == other and _text(one) == _text(other):
        return True
    try:
        left, right = _canonical(_text(one)), _canonical(_text(other))
    except Uncompilable:
        return False
    return bool(left == right) and left.kind != CanonicalKind.RAW


def settle(sender: Raw, receiver: Raw, *, written: Raw = True) -> Answer:
    """Whether `receiver` takes every value of `sender`.

    Args:
        written: the sender's schema before it was closed, which a value that is shown keeps as well.
    """
    return _settled(_text(sender), _text(receiver), _text(written))


@lru_cache(maxsize=1024)
def _settled(sender: str, receiver: str, written: str) -> Answer:
    try:
        sent, taken = _canonical(sender), _canonical(receiver)
        checks = _checks(sender, receiver, written)
        whole = (
            sent
            if written == "true"
            else attempt(lambda: sent.intersect(_canonical(written)), sent)
        )
    except Uncompilable as problem:
        return Answer(None, f"a schema can't be read: {str(problem).splitlines()[0]}")
    difference = _difference(sent, taken)
    if proof := _proof(sent, taken, difference):
        return Answer(True, proof)
    near, far = (NEAR, FAR) if len(sender) + len(receiver) < LARGE else (0, 0)
    found = tuple(islice(filter(checks, _candidates(sent, difference, near, far)), VALUES))
    if found:
        return Answer(False, "a value is sent and not taken", found)
    if whole is not sent:
        difference = _difference(whole, taken)
        if proof := _proof(whole, taken, difference):
            return Answer(True, proof)
    if difference is not None and difference.satisfiability() == Satisfiability.YES:
        return Answer(
            False, "the canonical form shows that more is sent than taken; no value of it was drawn"
        )
    return Answer(
        None, f"the canonical form can't tell, and none of {near + far} values showed a difference"
    )


def _proof(
    sent: CanonicalSchema, taken: CanonicalSchema, difference: CanonicalSchema | None
) -> str | None:
    """Why everything that is sent is taken."""
    if not possible(sent):
        return "nothing can be sent there, as the canonical form shows"
    try:
        if taken.covers(sent) == Containment.YES:
            return "the canonical form of what is taken covers the form of what is sent"
    except CanonicalizationError:
        return None
    return _emptiness(difference) if difference is not None else None


def is_proved(sender: Raw, receiver: Raw) -> bool:
    """Whether it is proved that `receiver` takes every value of `sender`; nothing is searched for."""
    try:
        return _lies_in(_canonical(_text(sender)), _canonical(_text(receiver)))
    except Uncompilable:
        return False


@lru_cache(maxsize=4096)
def _canonical(text: str) -> CanonicalSchema:
    return schema_of(json.loads(text))


def _text(schema: Raw) -> str:
    return json.dumps(schema, separators=(",", ":"), default=float)


def _checks(sender: str, receiver: str, written: str) -> Callable[[JSON], bool]:
    sends, takes, writes = (
        keyword_validator(schema).is_valid for schema in (sender, receiver, written)
    )

    def shows(value: JSON) -> bool:
        try:
            return sends(value) and writes(value) and not takes(value)
        except ValueError:  # a lone surrogate
            return False

    return shows


def _difference(sent: CanonicalSchema, taken: CanonicalSchema) -> CanonicalSchema | None:
    try:
        found = sent.subtract(taken)
    except CanonicalizationError:
        return None
    return None if found.kind == CanonicalKind.RAW else found


def _emptiness(difference: CanonicalSchema) -> str | None:
    """Why nothing is left of a difference."""
    if not possible(difference):
        return "nothing is left of what is sent when what is taken is subtracted"
    match difference.view():
        case AnyOfView(branches):
            proofs = [_emptiness(branch) for branch in branches]
            return next(iter(proofs), None) if all(proofs) else None
        case StringView() as view:
            try:
                return (
                    None
                    if _word(view) is not None
                    else "as regular languages, the one lies inside the other"
                )
            except ValueError:
                return None
        case ObjectView() as view if any(
            _is_out_of_the_question(view, violation) for violation in view.violations
        ):
            return "no name, and no value under a name, is left when what is taken is subtracted"
    return None


def _word(view: StringView) -> str | None:
    """A text of a string schema whose patterns say all about it; raises ValueError if they can't be compared."""
    if view.formats or view.excluded_formats or not (view.patterns or view.excluded_patterns):
        raise ValueError("formats, or no patterns")
    excluded = [*view.excluded_patterns, *(f"^{re.escape(text)}$" for text in view.excluded)]
    return escapes(view.patterns, excluded, view.min_length or 0, view.max_length)


Violation = NameFailsView | UndeclaredValueFailsView | PatternValueFailsView


def _is_out_of_the_question(view: ObjectView, violation: Violation) -> bool:
    """Whether no object of the view can have the violation that it has to have."""
    match violation:
        case NameFailsView(schema):
            return view.property_names is not None and _lies_in(view.property_names, schema)
        case PatternValueFailsView(_, schema) if not view.properties:
            held = [*view.pattern_properties.values()]
            if not _every_name_has_a_pattern(view):
                held.append(view.additional_properties or ANYTHING)
            return all(_lies_in(value, schema) for value in held)
    return False


def _every_name_has_a_pattern(view: ObjectView) -> bool:
    names = view.property_names
    patterns = view.pattern_properties
    return names is not None and any(
        _lies_in(names, schema_of({"pattern": pattern})) for pattern in patterns
    )


def _lies_in(inner: CanonicalSchema, outer: CanonicalSchema) -> bool:
    try:
        if outer.covers(inner) == Containment.YES:
            return True
        return _emptiness(inner.subtract(outer)) is not None
    except CanonicalizationError:
        return False


def _candidates(
    sent: CanonicalSchema, difference: CanonicalSchema | None, near: int, far: int
) -> Iterator[JSON]:
    if difference is not None:
        yield from _words(difference)
    if difference is not None and near:
        yield from islice(_drawn(difference), near)
    if far:
        yield from islice(_drawn(sent), far)


def _words(difference: CanonicalSchema) -> Iterator[JSON]:
    view = difference.view()
    try:
        found = _word(view) if isinstance(view, StringView) else None
    except ValueError:
        return
    if found is not None:
        yield found


def _drawn(node: CanonicalSchema) -> Iterator[JSON]:
    """The plainest value, then such by chance; none when none can be made."""
    from contracts.payloads import PlainChoices, RandomChoices, Unsatisfiable
    from contracts.payloads.compiler import compile_payload

    try:
        payload = compile_payload(node)
        yield payload.draw(PlainChoices())
        choices = RandomChoices(0)
        while True:
            yield payload.draw(choices)
    except (Unsatisfiable, RecursionError, OverflowError, *Uncompilable):
        return
