"""A rule: one promise of the document, with a stable id; what it is checked on, and what that can give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from contracts import text
from contracts.document import MediaType, Operation, ResponseSpec
from contracts.messages import Exchange, Response, header_values, is_json
from contracts.schemas.json_text import Decoded, decode


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


VIOLATION, ADVISORY = Severity.VIOLATION, Severity.ADVISORY
_TABLE = (
    # About a place of the body, in the order of judging: at one place, the first broken kind is reported.
    RuleKind("required", VIOLATION, "JSON Schema 2020-12 Validation §6.5.3"),
    RuleKind("nullability", VIOLATION, "JSON Schema 2020-12 Validation §6.1.1"),
    RuleKind("type", VIOLATION, "JSON Schema 2020-12 Validation §6.1.1"),
    RuleKind("enum", VIOLATION, "JSON Schema 2020-12 Validation §6.1.2"),
    RuleKind("const", VIOLATION, "JSON Schema 2020-12 Validation §6.1.3"),
    RuleKind("format", VIOLATION, "JSON Schema 2020-12 Validation §7.3"),
    RuleKind("pattern", VIOLATION, "JSON Schema 2020-12 Validation §6.3.3"),
    RuleKind("bounds", VIOLATION, "JSON Schema 2020-12 Validation §6.2, §6.3, §6.5"),
    RuleKind("items", VIOLATION, "JSON Schema 2020-12 Validation §6.4, Core §10.3.1"),
    RuleKind("additional properties", VIOLATION, "JSON Schema 2020-12 Core §10.3.2.3"),
    RuleKind("union", VIOLATION, "JSON Schema 2020-12 Core §10.2.1"),
    RuleKind("schema", VIOLATION, "OpenAPI 3.1 §4.8.14"),
    # About the body as text.
    RuleKind("strict json", VIOLATION, "RFC 8259 §2, §6, §8.1"),
    RuleKind("unique names", ADVISORY, "RFC 8259 §4, RFC 7493 §2.3"),
    # About the response and the operation.
    RuleKind("status documented", VIOLATION, "OpenAPI 3.1 §4.8.16"),
    RuleKind("media type documented", VIOLATION, "OpenAPI 3.1 §4.8.17"),
    RuleKind("header required", VIOLATION, "OpenAPI 3.1 §4.8.21"),
    RuleKind("edge answer documented", ADVISORY, "RFC 9110 §15.5"),
    RuleKind("framing", VIOLATION, "RFC 9112 §6.3, §8"),
    RuleKind("content encoding", VIOLATION, "RFC 9110 §8.4"),
    # About the credential, the resource, methods and header fields.
    RuleKind("auth", VIOLATION, "OpenAPI 3.1 §4.8.30, RFC 9110 §11.6.2, §15.5.2"),
    RuleKind("challenge", VIOLATION, "RFC 9110 §15.5.2, §11.6.1"),
    RuleKind("given value", VIOLATION, "the user's own word, OpenAPI 3.1 §4.8.16"),
    RuleKind("unknown value", VIOLATION, "RFC 9110 §15.5.5"),
    RuleKind("identity", ADVISORY, "RFC 9110 §6.4.2, RFC 3986 §6.2.1"),
    RuleKind("unlisted method", VIOLATION, "OpenAPI 3.1 §4.8.9, RFC 9110 §15.5.6"),
    RuleKind("allow header", VIOLATION, "RFC 9110 §15.5.6, §10.2.1"),
    RuleKind("single content type", VIOLATION, "RFC 9110 §8.3, §5.3"),
    RuleKind("charset", VIOLATION, "RFC 8259 §8.1, §11"),
    RuleKind("content length", VIOLATION, "RFC 9110 §8.6, RFC 9112 §6.2"),
    RuleKind("credential kept", VIOLATION, "RFC 6750 §5.2, §5.3"),
    RuleKind("response time", ADVISORY, "--contract-max-response-time"),
    RuleKind("undocumented properties", ADVISORY, "OpenAPI 3.1 §4.8.24"),
    RuleKind("prose", ADVISORY, "the documentation in prose"),
)
RULE_KINDS = {kind.name: kind for kind in _TABLE}
"""Every kind of promise that the suite knows, by its name; their order is that of a report's columns."""


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
class Scope:
    """What a promise is about: an operation, its answers with a documented status, or their body of one media type."""

    operation: Operation
    status: str | None = None
    media: str | None = None

    def rule(
        self,
        kind: str,
        promise: str,
        pointer: str | None = None,
        *,
        place: str | None = None,
        name: str | None = None,
        members: tuple[str, ...] = (),
    ) -> Rule:
        """The rule of a kind; without a pointer, it is the operation that makes the promise."""
        row, key, status = RULE_KINDS[kind], self.operation.key, self.status
        parts = (key, status, self.media and f";{self.media}", place, kind, name)
        about = (" ".join(filter(None, parts)), kind, row.severity, row.clause, key, status, place)
        node = self.operation.pointer if pointer is None else pointer
        return Rule(*about, node, promise, members)


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


@dataclass(frozen=True, eq=False)
class Answer:
    """An answered exchange as rules look at it; made once for each, so that a body is decoded once."""

    exchange: Exchange
    operation: Operation
    response: Response

    @cached_property
    def documented(self) -> ResponseSpec | None:
        return self.operation.response(self.response.status)

    @cached_property
    def media(self) -> MediaType | None:
        """The documented media type of the body, if there is one for it."""
        essence = self.response.media_type
        return self.documented.media_type(essence) if self.documented and essence else None

    @cached_property
    def decoded(self) -> Decoded:
        return decode(self.response.body)

    def fields(self, name: str) -> list[str]:
        """The values of a header field."""
        return header_values(self.response.headers, name)

    @property
    def is_json(self) -> bool:
        return is_json(self.response.media_type or "")


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """A rule with the function that judges an answer, or an earlier and a later one to the same request.

    It gives what was seen if the rule is broken, "" if it is kept, None if it is not exercised.
    """

    rule: Rule
    check: Callable[..., str | None]


def broken(wrong: object, seen: str) -> str:
    """What a check gives about something that it can judge: what was seen, if that is wrong."""
    return seen if wrong else ""


def member_text(value: Any) -> str:
    """A value as it is counted among what was seen."""
    return value if isinstance(value, str) else shown(value)


def shown(value: Any) -> str:
    """A value as it stands in messages."""
    return text.shown(value, 80)
