"""The verdicts of a run held against an earlier report: what is new, still there, fixed, or was not judged."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from contracts.verdicts import Outcome, Verdict


class Since(StrEnum):
    """What became of a rule since the earlier report."""

    NEW = "new"
    STILL_THERE = "still there"
    FIXED = "fixed"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Known:
    """The violations of an earlier report.

    Args:
        file: the report.
        about: when, where and how that run ended.
        rules: the evidence of each violated rule, as the report has it, by the rule's id.
    """

    file: str
    about: str = ""
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Against:
    """The earlier report, and what became of each rule that is violated in it or now."""

    known: Known
    since: Mapping[str, Since]

    def those(self, since: Since) -> list[str]:
        return [rule for rule, found in self.since.items() if found is since]

    @property
    def counts(self) -> str:
        return ", ".join(f"{len(self.those(since))} {since.value}" for since in Since)

    @property
    def carried(self) -> dict[str, Any]:
        """The evidence of what was not judged now: it is still known tomorrow."""
        return {rule: self.known.rules[rule] for rule in self.those(Since.NOT_JUDGED)}


def against(
    known: Known,
    verdicts: Iterable[Verdict],
    *,
    accepted: Collection[str],
    promised: Collection[str],
) -> Against:
    """What became of each rule since.

    Args:
        verdicts: on the rules that count.
        accepted: rules that are violated and accepted, which are neither new nor known.
        promised: every rule of the document; one that it does not have any more is nothing.
    """
    now = {verdict.rule.id: verdict for verdict in verdicts}
    found: dict[str, Since] = {}
    for rule, verdict in now.items():
        if verdict.outcome is Outcome.VIOLATED and rule not in accepted:
            found[rule] = Since.STILL_THERE if rule in known.rules else Since.NEW
    for rule in known.rules:
        if rule not in found and rule in promised and rule not in accepted:
            held = rule in now and now[rule].outcome is Outcome.HOLDS
            found[rule] = Since.FIXED if held else Since.NOT_JUDGED
    return Against(known, found)
