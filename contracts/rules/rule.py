"""A rule: one promise of the document, with a stable id; and what checking it on one exchange can give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.document import Operation
from contracts.rules.answer import Answer
from contracts.text import cut


class Severity(StrEnum):
    """`violation`: the document, or a MUST of a cited standard; `advisory`: prose, SHOULD, good practice."""

    VIOLATION = "violation"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A row of the table of kinds: its name in ids, severity, and the clause that it rests on."""

    name: str
    severity: Severity
    clause: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One checkable promise.

    Args:
        id: `METHOD PATH [STATUS [;MEDIA] PLACE] KIND [NAME]`; never changes its meaning.
        operation: the operation's key, `METHOD PATH`.
        status: the documented status the rule belongs to (`200`, `4XX`, `default`), None for the operation's own.
        place: where in the body, None for rules about the response as a whole.
        pointer: the node of the document that makes the promise.
        promise: what is promised, as a sentence without subject ("is one of active, closed").
        members: what may be seen there and is worth seeing: the members of an enum, `null` and `value`.
    """

    id: str
    kind: str
    severity: Severity
    clause: str
    operation: str
    status: str | None
    place: str | None
    pointer: str
    promise: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken by one exchange: what was seen, and the place of it in the body (`/steps/3`)."""

    rule: str
    seen: str
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """A rule that could not be judged on one exchange, and why."""

    rule: str
    why: str


Check = Callable[[Answer], str | None]
"""Judges one answer: what was seen if the rule is broken, "" if it is kept, None if it is not exercised."""


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """A rule about one answer, with the function that judges it."""

    rule: Rule
    check: Check


HistoryCheck = Callable[[Answer, Answer], str | None]
"""Compares an earlier answer with a later one to the same request; what it gives is read like a `Check`'s."""


@dataclass(frozen=True, slots=True)
class HistoryRule:
    """A rule about two answers to the same request, with the function that judges them."""

    rule: Rule
    check: HistoryCheck


def rule_of(
    operation: Operation,
    kind: RuleKind,
    promise: str,
    *,
    status: str | None = None,
    media: str | None = None,
    place: str | None = None,
    name: str | None = None,
    pointer: str | None = None,
    severity: Severity | None = None,
    members: tuple[str, ...] = (),
) -> Rule:
    """The rule of a kind for an operation; what is left out is the operation's or the kind's own."""
    return Rule(
        rule_id(operation.key, status, f";{media}" if media else None, place, kind.name, name),
        kind.name,
        severity or kind.severity,
        kind.clause,
        operation.key,
        status,
        place,
        operation.pointer if pointer is None else pointer,
        promise,
        members,
    )


def rule_id(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def member_text(value: Any) -> str:
    """A value as it is counted among what was seen."""
    return value if isinstance(value, str) else shown(value)


def shown(value: Any, limit: int = 80) -> str:
    """A value as it stands in messages: JSON, cut at `limit` characters."""
    return cut(json.dumps(value, ensure_ascii=False, default=str), limit)
