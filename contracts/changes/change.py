"""One difference between two documents: what changed, whom it reaches, and the proof or the message that settles it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contracts.document import Source


class Effect(StrEnum):
    """What a change does to the party that still holds the base."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"
    UNDECIDED = "undecided"


class Direction(StrEnum):
    """Which messages a change is about; `operation` for what is neither in a request nor in a response."""

    REQUEST = "request"
    RESPONSE = "response"
    OPERATION = "operation"


class Severity(StrEnum):
    """How loud a change is: an error fails the gate."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table of changes.

    Args:
        id: never changes its meaning.
        direction: `request`, `response`, `operation`, or `both` for schemas, which travel either way.
        message: what is said of it; `{subject}`, `{base}` and `{revision}` are filled in.
        severity: of a change of this kind that breaks nothing; one that breaks is an error.
    """

    id: str
    direction: str
    message: str
    severity: Severity

    @property
    def shown(self) -> str:
        """The message with words in place of what is filled in."""
        return self.message.format(subject="NAME", base="A", revision="B")


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """An operation (`GET /things/{id}`) in whose requests or responses a change shows."""

    operation: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Witness:
    """A whole message that one document allows and the other refuses.

    `message` of a request has `method`, `path` (with its query), `headers` and `body`; of a response `status`,
    `headers` and `body`. `body` is the decoded JSON value, text for other media types, None without a body.
    `operation` says where it is sent; `because` why it is refused.
    """

    operation: str
    message: Mapping[str, Any]
    accepted_by: str
    rejected_by: str
    because: str


@dataclass(frozen=True, slots=True)
class Change:
    """One finding.

    Args:
        where: its place: `schemas/SessionResponse /status` in a component, `GET /x 200 /status` elsewhere. With the id
            of the kind it names the change, whatever its message says.
        reaches: the operations and directions in which it shows.
        base, revision: file and line on each side, of the nearest thing that is there.
        proof: why nothing breaks, or what was tried in vain.
    """

    kind: Kind
    effect: Effect
    direction: Direction
    where: str
    reaches: tuple[Reach, ...]
    base: Source
    revision: Source
    message: str
    proof: str | None = None
    witness: Witness | None = None

    @property
    def id(self) -> str:
        return self.kind.id

    @property
    def severity(self) -> Severity:
        """By default: what breaks is an error, what is undecided a warning, the rest as its kind says."""
        defaults = {Effect.BREAKING: Severity.ERROR, Effect.UNDECIDED: Severity.WARNING}
        return defaults.get(self.effect, self.kind.severity)
