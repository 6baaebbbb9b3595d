"""The document that a service publishes against ours, as a summary says it in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MAX_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Drift:
    """What came of comparing.

    Args:
        ours, published: the versions that the documents say they have; the latter is empty if there is nothing to see.
        problem: why nothing could be compared.
        decision: of the comparison: breaking, compatible or undecided; None if nothing changed, or there is a problem.
        counts: the same with the number of changes.
        changes: what breaks, then what is undecided.
        notes: how the documents were read.
        kept: violated rules that the published document does not have, or has kept on the same answers.
        command: shows all of it.
    """

    ours: str
    published: str = ""
    problem: str = ""
    decision: str | None = None
    counts: str = ""
    changes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    command: str = ""

    @property
    def headline(self) -> str:
        if self.problem:
            return f"drift: {self.problem}"
        return f"drift: {versions(self.ours, self.published, same=self.decision is None)}"

    def head_lines(self) -> Iterator[str]:
        """The headline, and how many violations come of the drift if any do."""
        if self.decision is None:
            yield self.headline
            return
        yield f"{self.headline}: {self.counts}; all of it: {self.command}"
        if self.kept:
            rules = (
                "1 violated rule is"
                if len(self.kept) == 1
                else f"{len(self.kept)} violated rules are"
            )
            yield f"  {rules} no violation of what is published; `contracts pull` takes that over"

    def lines(self) -> Iterator[str]:
        """All of it in a few lines."""
        headline, *kept = self.head_lines()
        yield headline
        if self.decision is not None:
            yield from (f"  {change}" for change in self.changes[:MAX_SHOWN])
            if len(self.changes) > MAX_SHOWN:
                yield f"  … and {len(self.changes) - MAX_SHOWN} more"
            yield from (f"  {note}" for note in self.notes)
        yield from kept

    def to_json(self) -> dict[str, Any]:
        return {
            "ours": self.ours,
            "published": self.published or None,
            "decision": self.decision or (None if self.problem else "same"),
            "problem": self.problem,
            "counts": self.counts,
            "changes": list(self.changes),
            "notes": list(self.notes),
            "kept": list(self.kept),
            "command": self.command,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Drift:
        """What `to_json` gave, also that of an older version."""
        decision = value["decision"]
        return cls(
            ours=str(value["ours"]),
            published=str(value["published"] or ""),
            problem=str(value["problem"]),
            decision=None if decision in (None, "same") else str(decision),
            counts=str(
                value.get("counts", f"{len(value['changes'])} changes that break or are undecided")
            ),
            changes=tuple(map(str, value["changes"])),
            notes=tuple(map(str, value.get("notes", ()))),
            kept=tuple(map(str, value["kept"])),
            command=str(value.get("command", "contracts drift")),
        )


def versions(ours: str, published: str, *, same: bool) -> str:
    """The one sentence: which version the service publishes, and which is tested."""
    if same:
        return f"none, the service publishes what you test ({ours})"
    if ours == published:
        return f"the service publishes another {published} than you test"
    return f"the service publishes {published}, you test {ours}"
