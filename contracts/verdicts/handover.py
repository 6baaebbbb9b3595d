"""Verdicts as bytes and back: made by whoever asked, taken by whoever tells, when it is needed."""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any, get_type_hints

import msgspec

from contracts.rules import Rule
from contracts.verdicts.verdict import Outcome, Verdict


def _columns(of: type, without: str = "") -> list[tuple[str, Any, Any]]:
    hints, found = get_type_hints(of), []
    for one in fields(of):
        default = one.default
        if one.default_factory is not MISSING:
            default = msgspec.field(default_factory=one.default_factory)
        elif default is MISSING:
            default = msgspec.NODEFAULT
        if one.name != without:
            found.append((one.name, hints[one.name], default))
    return found


_SHARED = ("kind", "clause", "operation", "status", "place", "pointer", "promise")  # by many rules
_OF_RULE, _OF_VERDICT = _columns(Rule), _columns(Verdict, without="rule")
_RULE = msgspec.defstruct("RuleRow", _OF_RULE, array_like=True)
_ROW = msgspec.defstruct("Row", [("rule", _RULE), *_OF_VERDICT], array_like=True)
_rule, _verdict = (attrgetter(*map(itemgetter(0), of)) for of in (_OF_RULE, _OF_VERDICT))
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    tuple[str | None, str | None, int, list[_ROW]]  # type: ignore[valid-type]
)


def to_line(
    verdicts: Iterable[Verdict], blocked: str | None, cut: str | None, count: int
) -> bytes | None:
    """The verdicts on all rules of an operation, with the rules, as a JSON array on one line.

    Beside them why they mean nothing, which bound cut the asking, and how many exchanges it had.
    None if they hold what JSON can't: then whoever needs them keeps them, or judges the exchanges.
    """
    rows = [(_rule(verdict.rule), *_verdict(verdict)) for verdict in verdicts]
    try:
        return msgspec.json.encode((blocked, cut, count, rows))
    except ValueError:  # half of a surrogate pair
        return None


def from_line(line: bytes, count: int) -> tuple[list[Verdict], str | None, str | None] | None:
    """What `to_line` wrote; None if it is not about so many exchanges, or of another version."""
    try:
        blocked, cut, judged, rows = _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None
    found = []
    for row in rows if judged == count else ():
        for name in _SHARED:
            if (text := getattr(row.rule, name)) is not None:
                setattr(row.rule, name, sys.intern(text))
        found.append(Verdict(Rule(*_rule(row.rule)), *_verdict(row)))
    return (found, blocked, cut) if judged == count else None


@dataclass(frozen=True)
class Verdicts(Iterable[Verdict]):
    """The verdicts of a run, made each time somebody looks at them: there may be very many."""

    make: Callable[[], Iterator[Verdict]]

    def __iter__(self) -> Iterator[Verdict]:
        return self.make()

    @cached_property
    def others(self) -> list[Verdict]:
        """Those on rules that do not hold, which are kept."""
        return [verdict for verdict in self if verdict.outcome is not Outcome.HOLDS]
