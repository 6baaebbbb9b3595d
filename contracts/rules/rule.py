"""A rule: one promise of the document, with a stable id; and what checking it on one exchange can give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.rules.answer import Answer


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


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken by one exchange: what was seen, and the place of it in the body (`/steps/3`)."""

    rule: str
    seen: str
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A rule exercised by one exchange and kept, `times` over."""

    rule: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class Undecided:
    """A rule that could not be judged on one exchange, and why."""

    rule: str
    why: str


Observation = Finding | Held | Undecided


Check = Callable[[Answer], str | None]
"""Judges one answer: what was seen if the rule is broken, "" if it is kept, None if it is not exercised."""


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """A rule about one answer, with the function that judges it."""

    rule: Rule
    check: Check


def rule_id(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def shown(value: Any, limit: int = 80) -> str:
    """A value as it stands in messages: JSON, cut at `limit` characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
