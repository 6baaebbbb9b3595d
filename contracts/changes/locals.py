"""What is found within one pair of schemas, before it is known whom it reaches."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from contracts.changes.change import Effect, Kind
from contracts.document import Schema
from contracts.messages import JSON

Step = tuple[str, str]
"""How to get one value further: `property` NAME, `pattern` PATTERN, `additional` or `items`."""

UnitKey = tuple[str, str]
"""The pointers of a pair."""


@dataclass(frozen=True, slots=True)
class Local:
    """A change within a unit, before it is known who it reaches.

    Args:
        steps: from the value of the unit to the value that changed.
        value: what is sent there and not taken, if a value was found.
        unless: the change counts only if none of these units holds one that breaks: they explain it.
    """

    kind: Kind
    effect: Effect
    where: str
    base: Schema
    revision: Schema
    subject: str = ""
    before: str = ""
    after: str = ""
    how: str = ""
    steps: tuple[Step, ...] = ()
    value: tuple[JSON, ...] = ()
    unless: tuple[UnitKey, ...] = ()

    @property
    def message(self) -> str:
        return self.kind.message.format(subject=self.subject, base=self.before, revision=self.after)


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference from one unit to another; `proof` says why nothing that breaks there breaks here, if so."""

    to: UnitKey
    steps: tuple[Step, ...]
    proof: str | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    locals: tuple[Local, ...] = ()
    edges: tuple[Edge, ...] = ()

    @property
    def breaks(self) -> bool:
        """Whether a change may break."""
        return any(local.effect is not Effect.COMPATIBLE for local in self.locals)


@dataclass(eq=False)
class Findings:
    """What was found at a place and below it, in the making."""

    locals: list[Local] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    def below(self, other: Findings, step: Step | None = None) -> None:
        steps = () if step is None else (step,)
        self.locals += [replace(local, steps=(*steps, *local.steps)) for local in other.locals]
        self.edges += [replace(edge, steps=(*steps, *edge.steps)) for edge in other.edges]

    def settled(self, proof: str) -> Findings:
        """The same where nothing breaks."""
        return Findings(
            [
                replace(found, effect=Effect.COMPATIBLE, how=proof, value=())
                for found in self.locals
                if not found.unless
            ],
            [replace(edge, proof=edge.proof or proof) for edge in self.edges],
        )
