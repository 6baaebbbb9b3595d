"""Verdicts as bytes and back: made in the process that asked, taken by the one that leads."""

from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

import msgspec

from contracts.rules import Rule
from contracts.verdicts.verdict import Verdict

_HINTS = get_type_hints(Verdict)
_FIELDS = [one for one in fields(Verdict) if one.name != "rule"]
_NAMES = [one.name for one in _FIELDS]


def _column(one: Any) -> tuple[str, Any, Any]:
    factory = one.default_factory
    default = one.default if factory is MISSING else msgspec.field(default_factory=factory)
    return one.name, _HINTS[one.name], msgspec.NODEFAULT if default is MISSING else default


_ROW = msgspec.defstruct("Row", map(_column, _FIELDS), array_like=True)
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    tuple[str | None, str | None, int, list[_ROW]]  # type: ignore[valid-type]
)


def to_line(
    verdicts: Iterable[Verdict], blocked: str | None, cut: str | None, count: int
) -> bytes | None:
    """The verdicts on all rules of an operation, in their order, as a JSON array on one line.

    Beside them why they mean nothing, which bound cut the asking, and how many exchanges it had.
    None if they hold what JSON can't: then whoever needs them judges the exchanges.
    """
    rows = [_ROW(*map(verdict.__getattribute__, _NAMES)) for verdict in verdicts]
    try:
        return msgspec.json.encode((blocked, cut, count, rows))
    except ValueError:  # half of a surrogate pair
        return None


def from_line(
    line: bytes, rules: Sequence[Rule], count: int
) -> tuple[list[Verdict], str | None, str | None] | None:
    """What `to_line` wrote; None if it is not about these rules, or so many exchanges."""
    blocked, cut, judged, rows = _DECODER.decode(line)
    if judged != count or len(rows) != len(rules):
        return None
    found = []
    for rule, row in zip(rules, rows, strict=True):
        found.append(Verdict(rule, *map(row.__getattribute__, _NAMES)))
    return found, blocked, cut
