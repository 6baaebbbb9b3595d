"""Values that may stand at a place, odd ones too; what comes of a payload with them there."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any, NamedTuple

from contracts.messages import JSON
from contracts.probes.samples import replaced, values_of
from contracts.schemas import RUNGS
from contracts.schemas.constraints import reached
from contracts.schemas.locations import Location, json_type
from contracts.schemas.media_types import dump

ODD: dict[str, tuple[JSON, ...]] = {
    "": ("", " ", "a", "\u0000", "é\U0001f600\u202e", "null", "0", "a" * 5000),
    "date-time": ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2000-02-29T00:00:00.123456789Z"),
    "date": ("0001-01-01", "9999-12-31", "2000-02-29"),
    "time": ("00:00:00.123456789+23:59", "23:59:59Z"),
    "duration": ("P0D", "PT0S", "P1Y", "P1W", "P999999999D", "PT99999999999999H"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
    "email": ("a+b@example.com", "A@xn--bcher-kva.example"),
    "uri": ("urn:a", "a:b", "HTTP://A"),
    "ipv6": ("::", "::ffff:127.0.0.1", "FE80::1"),
    "hostname": ("a", "xn--bcher-kva.example", "1.2.3.4"),
}
"""Texts at the edge of what a format allows, and of a text without one; and numbers below."""
NUMBERS: tuple[JSON, ...] = (0, -1, 0.5, 2**31, 2**53 + 1, 2**63 - 1)
OTHERS: tuple[JSON, ...] = (None, True, False, *NUMBERS, [], {}, "yes", "3", 1700000000)
FAR: tuple[JSON, ...] = (
    *("0000-01-01T00:00:00Z", "2016-12-31T23:59:60Z", "2000-02-29t00:00:00z"),
    *("0000-01-01", "23:59:60Z", '"a b"@example.com', 1.0, -0.0),
    *(2**63, 10**30, 1e308, "9999-12-31T23:59:59.999999999-23:59"),
)
"""What is allowed, and nobody is likely to send: rejecting nothing but that is no failure."""
PLAIN = 3  # values that are drawn of a schema
_DIGITS, MANY_DIGITS = re.compile("[0-9]+"), "9" * 15
UNHEARD_OF = "undeclared_by_anyone"
LOOKED_AT = ("detail", "error", "errors", "message", "code", "status", "type", "id", "data")
"""Names by which clients tell an error, or what they have."""


def odd_values(location: Location) -> Iterator[JSON]:
    """Plain ones first, then those of the formats at a place; what few are likely to send last."""
    branches = (union.branches for union in location.unions)
    parts = [*location.parts]
    for branch in chain.from_iterable(branches):
        parts += branch.parts
    for part in parts:
        for value in values_of(part.schema)[:PLAIN]:
            yield value
            if isinstance(value, str):  # as of a duration by its pattern
                yield _DIGITS.sub(MANY_DIGITS, value)
        yield from ODD.get(str(part.value.get("format")), ())
    yield from (*ODD[""], *OTHERS, *FAR)


GONE: Any = object()  # in place of a member: there is none


class Cure(NamedTuple):
    """A change of a payload, at all values of a place, or at one member of each."""

    place: str
    name: str | None = None  # of the member; UNHEARD_OF: of any that is not declared
    instead: Any = GONE

    def about(self, held: JSON) -> Any:
        """What it changes of a value; GONE if that is missing."""
        return held if self.name is None else held.get(self.name, GONE)

    def of(self, root: Location, whole: JSON, bad: list[JSON]) -> JSON:
        """A payload with the change at all places; adds what was there before."""
        for path, location, held in reached(root, whole):
            if location.place == self.place:
                with suppress(LookupError, TypeError, AttributeError):
                    whole = replaced(whole, path, self.at(location, held))
                    bad.append(self.about(held))
        return whole

    def at(self, location: Location, held: JSON) -> JSON:
        """The value without what is rejected."""
        if self.name is None:
            return self.instead
        if not isinstance(held, dict):
            return held
        kept = dict(held)
        for name in held:
            if name == self.name or (self.name == UNHEARD_OF and is_undeclared(location, name)):
                del kept[name]
        return kept if self.instead is GONE else {**kept, self.name: self.instead}


def keyword_of(location: Location, held: JSON, cure: Cure) -> str:
    """What of the schema is about that which a reader rejects at a place."""
    if isinstance(held, dict) and cure.name is not None:
        if cure.name not in held:
            return "required"
        return "additionalProperties" if is_undeclared(location, cure.name) else "properties"
    if cure.instead is GONE:
        return "schema"
    if held is None:
        return "nullability"
    kind = json_type(held)
    if {kind, json_type(cure.instead)} not in ({kind}, {"integer", "number"}):
        return "type"
    if location.values is not None:
        return "enum"
    for rung in RUNGS:
        if kind in rung.types and location.keywords(rung.keywords):
            return rung.kind
    return "type"


def is_far(value: JSON) -> bool:
    """Whether nobody is likely to send a value."""
    return is_among(value, FAR) or (isinstance(value, int | float) and abs(value) >= 2**63)


def is_undeclared(location: Location, name: str) -> bool:
    """Whether the document says nothing about a member."""
    return name not in location.properties and not location.property(name).parts


def nearest(bad: Any, good: Any, is_bad: Callable[[Any], bool]) -> Any:
    """Between a value that is rejected and one that is taken: the next to this that is rejected."""
    if type(bad) is not type(good) or not isinstance(bad, int | str | list):
        return bad
    low, high = (good, bad) if isinstance(bad, int) else (len(good), len(bad))
    while abs(high - low) > 1:
        middle = (low + high) // 2
        one = middle if isinstance(bad, int) else bad[:middle]
        if is_bad(one):
            high, bad = middle, one
        else:
            low = middle
    return bad


def is_among(value: Any, values: Iterable[Any]) -> bool:
    """Whether a value is one of others, as it is written: `1` is not `1.0`."""
    texts = (other is not GONE and dump(other) for other in values)
    return (value is not GONE and dump(value)) in texts
