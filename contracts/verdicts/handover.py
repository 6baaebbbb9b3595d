"""Verdicts as bytes and back: made by whoever asked, taken by whoever tells, when it is needed."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from operator import attrgetter, itemgetter
from typing import Any, get_type_hints

import msgspec

from contracts.rules import Rule
from contracts.verdicts.verdict import Outcome, Verdict


def _columns(
    of: type, without: str = "", numbered: Sequence[str] = ()
) -> list[tuple[str, Any, Any]]:
    hints, found = get_type_hints(of), []
    for one in fields(of):
        default = one.default
        if one.default_factory is not MISSING:
            default = msgspec.field(default_factory=one.default_factory)
        elif default is MISSING:
            default = msgspec.NODEFAULT
        if one.name != without:
            found.append((one.name, int if one.name in numbered else hints[one.name], default))
    return found


_SHARED = ("kind", "clause", "operation", "status", "place", "pointer", "promise")  # by many rules
_OF_RULE, _OF_VERDICT = _columns(Rule, numbered=_SHARED), _columns(Verdict, without="rule")
_AT = [index for index, (name, *_) in enumerate(_OF_RULE) if name in _SHARED]
_RULE = msgspec.defstruct("RuleRow", _OF_RULE, array_like=True)
_ROW = msgspec.defstruct("Row", [("rule", _RULE), *_OF_VERDICT], array_like=True)
_rule, _verdict = (attrgetter(*map(itemgetter(0), of)) for of in (_OF_RULE, _OF_VERDICT))
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    tuple[str | None, str | None, int, list[str | None], list[_ROW]]  # type: ignore[valid-type]
)


def to_line(
    verdicts: Iterable[Verdict], blocked: str | None, cut: str | None, count: int
) -> bytes | None:
    """The verdicts on all rules of an operation, with the rules, as a JSON array on one line.

    Beside them why they mean nothing, which bound cut the asking, and how many exchanges it had.
    None if they hold what JSON can't: then whoever needs them keeps them, or judges the exchanges.
    """
    rows, texts = list[Any](), dict[str | None, int]()
    for verdict in verdicts:
        rule = list(_rule(verdict.rule))
        for index in _AT:
            rule[index] = texts.setdefault(rule[index], len(texts))
        rows.append((rule, *_verdict(verdict)))
    try:
        return msgspec.json.encode((blocked, cut, count, [*texts], rows))
    except ValueError:  # half of a surrogate pair
        return None


def from_line(line: bytes, count: int) -> tuple[list[Verdict], str | None, str | None] | None:
    """What `to_line` wrote; None if it is not about so many exchanges, or of another version."""
    try:
        blocked, cut, judged, texts, rows = _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None
    texts = [text and sys.intern(text) for text in texts]
    found = []
    for row in rows if judged == count else ():
        rule = list(_rule(row.rule))
        for index in _AT:
            rule[index] = texts[rule[index]]
        found.append(Verdict(Rule(*rule), *_verdict(row)))
    return (found, blocked, cut) if judged == count else None


@dataclass(frozen=True)
class Verdicts(Iterable[Verdict]):
    """The verdicts of a run, made each time somebody goes through them: there may be very many.

    They are `kept` as `tell` has them where the rule holds, which takes less room.
    """

    make: Callable[[], Iterator[Verdict]]
    tell: Callable[[Verdict], Any] = lambda verdict: verdict

    def __iter__(self) -> Iterator[Verdict]:
        return self.make()

    @cached_property
    def kept(self) -> list[Any]:
        """All, made once: those that hold as they are told, the others as they are."""
        found = []
        for verdict in self:
            found.append(self.tell(verdict) if verdict.outcome is Outcome.HOLDS else verdict)
        return found

    def given_away(self) -> list[Any]:
        """What is `kept`, no longer: the others take much room, and are made again if need be."""
        found = self.kept
        del vars(self)["kept"]
        return found

    @property
    def others(self) -> list[Verdict]:
        return [v for v in self.kept if isinstance(v, Verdict) and v.outcome is not Outcome.HOLDS]
