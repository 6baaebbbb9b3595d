"""Accepted violations, held against a day and the verdicts of a run; and which of them no longer count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from contracts.decision.entries import VIOLATIONS, Acceptance, entries_from, matches
from contracts.document import Spec
from contracts.document.written import bytes_of_file
from contracts.verdicts import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Accepted:
    """The acceptances of a file, held against a day."""

    entries: tuple[Acceptance, ...] = ()
    today: date = date.max

    def of(self, verdict: Verdict) -> Acceptance | None:
        """The acceptance of a violated rule, if one counts today."""
        if verdict.outcome is not Outcome.VIOLATED:
            return None
        return next(
            (e for e in self.entries if self.today <= e.until and _covers(e, verdict)), None
        )

    def stale(self, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
        """Why entries fail a whole run: the document has no such rule any more, or their day has passed."""
        gone = [
            e for e in self.entries if not any(e.names(verdict.rule.id) for verdict in verdicts)
        ]
        past = [entry for entry in self.entries if entry not in gone and entry.until < self.today]
        return (
            *(f"{e}: the document has no rule {e.name}; remove the entry" for e in gone),
            *(entry.overdue for entry in past),
        )

    def healed(self, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
        """Entries whose rules were all exercised and held: the entry can go."""
        found = []
        for entry in self.entries:
            named = [verdict for verdict in verdicts if entry.names(verdict.rule.id)]
            if named and all(verdict.outcome is Outcome.HOLDS for verdict in named):
                found.append(f"{entry}: {entry.name} was exercised and held; the entry can go")
        return tuple(found)


def _covers(entry: Acceptance, verdict: Verdict) -> bool:
    """Whether all that was seen of a violated rule is what was accepted."""
    seen = [any(matches(text, glob) for glob in entry.evidence) for text in verdict.broken_by]
    return entry.names(verdict.rule.id) and (not entry.evidence or all(seen))


def accepted_file(spec: Spec) -> Path:
    """Where the acceptances for a document are: `accepted.toml` in its folder."""
    return Path(spec.document.path).with_name("accepted.toml")


def read_accepted(path: Path, *, today: date) -> Accepted:
    """The acceptances of a file; none if there is no such file. DocumentError for what is not as it should be."""
    if not path.exists():
        return Accepted((), today)
    return Accepted(entries_from(bytes_of_file(path), str(path), VIOLATIONS), today)
