"""What the walk over operations leaves: changes beside schemas, and the sites at which schemas travel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.changes.change import Direction, Effect, Kind, Reach
from contracts.changes.kinds import KINDS
from contracts.document import Header, MediaType, Operation, Parameter, ResponseSpec, Schema

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message that one side (`base` or `revision`) accepts and the other refuses, and why."""

    operation: str
    message: Message
    accepted_by: str
    because: str


@dataclass(frozen=True, eq=False)
class Site:
    """Where a schema of the base and one of the revision describe the same part of a message.

    `holders` are the parameters, headers or media types that have the schemas; `responses` the answers they are in.
    """

    direction: Direction
    operations: tuple[Operation, Operation]
    schemas: tuple[Schema, Schema]
    holders: tuple[Parameter, Parameter] | tuple[MediaType, MediaType] | tuple[Header, Header]
    responses: tuple[ResponseSpec, ResponseSpec] | None = None

    @property
    def reach(self) -> Reach:
        return Reach(self.operations[0].key, self.direction)

    @property
    def is_on_the_wire(self) -> bool:
        """Whether values are texts without types: parameters and header fields without a media type."""
        holder = self.holders[0]
        return isinstance(holder, Header) or (
            isinstance(holder, Parameter) and holder.media_type is None
        )


@dataclass(eq=False)
class Finding:
    """A change beside schemas, and whom it reaches; `show` makes the message that it breaks on."""

    kind: Kind
    effect: Effect
    where: str
    pointers: tuple[str, str]
    subject: str = ""
    before: str = ""
    after: str = ""
    proof: str = ""
    show: Callable[[], Shown | None] | None = None
    reaches: list[Reach] = field(default_factory=list)

    @property
    def message(self) -> str:
        return self.kind.message.format(subject=self.subject, base=self.before, revision=self.after)


@dataclass(eq=False)
class Collected:
    """Everything that a walk found, one entry for a kind and place."""

    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)
    sites: list[Site] = field(default_factory=list)

    def add(
        self,
        kind: str,
        effect: Effect,
        where: str,
        pointers: tuple[str, str],
        reach: Reach,
        *,
        texts: tuple[str, str, str] = ("", "", ""),
        proof: str = "",
        show: Callable[[], Shown | None] | None = None,
    ) -> None:
        """Note a change, or that one already noted reaches further.

        Args:
            texts: the subject, what the base says, what the revision says.
        """
        finding = self.findings.get((kind, where))
        if finding is None:
            finding = Finding(KINDS[kind], effect, where, pointers, *texts, proof, show)
            self.findings[kind, where] = finding
        elif finding.effect is not Effect.BREAKING and effect is not Effect.COMPATIBLE:
            finding.effect, finding.show = effect, show
        if reach not in finding.reaches:
            finding.reaches.append(reach)
