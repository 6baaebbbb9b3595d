"""A rule: one promise of the document, with a stable id; what it is checked on and can give."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

from contracts import text
from contracts.document import MediaType, Operation, ResponseSpec
from contracts.document.model import clause_in, described_by
from contracts.messages import Exchange, Response, essence_of, has_content, is_json
from contracts.schemas.contents import Found
from contracts.schemas.json_text import Decoded, TooManyError, decode
from contracts.schemas.validation import Bounded, Uncompilable, Validator


class Severity(StrEnum):
    """`violation`: the document, or a standard's MUST; `advisory`: prose, SHOULD, good practice."""

    VIOLATION = "violation"
    ADVISORY = "advisory"


VIOLATION, ADVISORY = Severity.VIOLATION, Severity.ADVISORY
RULE_KINDS = {
    # About a place of the body, in the order of judging: the first that is broken is reported.
    "required": (VIOLATION, "JSON Schema 2020-12 Validation §6.5.3"),
    "nullability": (VIOLATION, "JSON Schema 2020-12 Validation §6.1.1"),
    "type": (VIOLATION, "JSON Schema 2020-12 Validation §6.1.1"),
    "enum": (VIOLATION, "JSON Schema 2020-12 Validation §6.1.2"),
    "const": (VIOLATION, "JSON Schema 2020-12 Validation §6.1.3"),
    "format": (VIOLATION, "JSON Schema 2020-12 Validation §7.3"),
    "pattern": (VIOLATION, "JSON Schema 2020-12 Validation §6.3.3"),
    "bounds": (VIOLATION, "JSON Schema 2020-12 Validation §6.2, §6.3, §6.5"),
    "items": (VIOLATION, "JSON Schema 2020-12 Validation §6.4, Core §10.3.1"),
    "additional properties": (VIOLATION, "JSON Schema 2020-12 Core §10.3.2.3"),
    "write-only property": (VIOLATION, "JSON Schema 2020-12 Validation §9.4"),
    "union": (VIOLATION, "JSON Schema 2020-12 Core §10.2.1"),
    "discriminator": (ADVISORY, "OpenAPI 3.1 §4.8.25"),
    "schema": (VIOLATION, "OpenAPI 3.1 §4.8.14"),
    # About a text as such, before any of its values.
    "strict json": (VIOLATION, "RFC 8259 §2, §6, §8.1"),
    "readable": (VIOLATION, "OpenAPI 3.1 §4.8.14, §4.8.21"),
    "unique names": (ADVISORY, "RFC 8259 §4, RFC 7493 §2.3"),
    # About the response and the operation.
    "status documented": (VIOLATION, "OpenAPI 3.1 §4.8.16"),
    "media type documented": (VIOLATION, "OpenAPI 3.1 §4.8.17"),
    "header required": (VIOLATION, "OpenAPI 3.1 §4.8.21"),
    "edge answer documented": (ADVISORY, "RFC 9110 §15.4, §15.5"),
    "framing": (VIOLATION, "RFC 9112 §6.3, §8"),
    "content encoding": (VIOLATION, "RFC 9110 §8.4"),
    # About requests that the document forbids.
    "refused": (VIOLATION, "OpenAPI 3.1 §4.8.12, §4.8.13, RFC 9110 §15.5"),
    # About the credential, the resource, methods and header fields.
    "auth": (VIOLATION, "OpenAPI 3.1 §4.8.30, RFC 9110 §11.6.2, §15.5.2"),
    "challenge": (VIOLATION, "RFC 9110 §15.5.2, §11.6.1"),
    "given value": (VIOLATION, "the user's own word, OpenAPI 3.1 §4.8.16"),
    "unknown value": (VIOLATION, "RFC 9110 §15.5.5"),
    "identity": (ADVISORY, "RFC 9110 §6.4.2, RFC 3986 §6.2.1"),
    "same status": (ADVISORY, "RFC 9110 §9.2.1, §9.2.2"),
    "same identity": (ADVISORY, "RFC 9110 §3.1, §6.4.2"),
    "head status": (VIOLATION, "RFC 9110 §9.3.2"),
    "head answer": (ADVISORY, "RFC 9110 §9.3.2, §8.6"),
    # About reads that build on one another.
    "page limit": (VIOLATION, "OpenAPI 3.1 §4.8.12"),
    "pages": (VIOLATION, "OpenAPI 3.1 §4.8.12, RFC 8288 §3.3"),
    "last page": (VIOLATION, "OpenAPI 3.1 §4.8.24, RFC 8288 §3.3"),
    "total": (VIOLATION, "OpenAPI 3.1 §4.8.24"),
    "filter": (VIOLATION, "OpenAPI 3.1 §4.8.12"),
    "sorted": (VIOLATION, "OpenAPI 3.1 §4.8.12"),
    "entity tag": (VIOLATION, "RFC 9110 §8.8.3"),
    "same tag": (ADVISORY, "RFC 9110 §8.8.1, §8.8.3"),
    "strong tag": (VIOLATION, "RFC 9110 §8.8.1"),
    "not modified": (VIOLATION, "RFC 9110 §13.1.2, §15.4.5, §8.8.3.2"),
    "not modified since": (ADVISORY, "RFC 9110 §13.1.3"),
    "unlisted method": (VIOLATION, "OpenAPI 3.1 §4.8.9, RFC 9110 §15.5.6, §9.3.8"),
    "read-only property": (ADVISORY, "JSON Schema 2020-12 Validation §9.4"),
    "allow header": (VIOLATION, "RFC 9110 §15.5.6, §10.2.1"),
    "allowed methods": (ADVISORY, "RFC 9110 §10.2.1, §15.5.6"),
    "single content type": (VIOLATION, "RFC 9110 §8.3, §5.3"),
    "charset": (VIOLATION, "RFC 8259 §8.1, §11"),
    "content length": (VIOLATION, "RFC 9110 §8.6, RFC 9112 §6.2"),
    "credential kept": (VIOLATION, "RFC 6750 §5.2, §5.3"),
    # About what one operation says and others must keep.
    "created is found": (VIOLATION, "RFC 9110 §15.3.2, §9.3.1"),
    "created has what was sent": (VIOLATION, "OpenAPI 3.1 §4.8.14, RFC 9110 §9.3.3"),
    "location leads to it": (VIOLATION, "OpenAPI 3.1 §4.8.21, RFC 9110 §10.2.2"),
    "id of its own": (VIOLATION, "RFC 9110 §3.1, §15.3.2"),
    "key creates once": (VIOLATION, "OpenAPI 3.1 §4.8.12, draft-ietf-httpapi-idempotency-key §2"),
    "list has what exists": (VIOLATION, "RFC 9110 §9.3.1"),
    "list has not what is gone": (VIOLATION, "RFC 9110 §9.3.1, §9.3.5"),
    "below its parent alone": (VIOLATION, "RFC 3986 §3.3, RFC 9110 §3.1"),
    "gone with its parent": (VIOLATION, "RFC 3986 §3.3, RFC 9110 §15.5.5"),
    "reading changes nothing": (VIOLATION, "RFC 9110 §9.2.1"),
    "tag changes": (VIOLATION, "RFC 9110 §8.8.1, §8.8.3"),
    "replaced reads as replaced": (VIOLATION, "RFC 9110 §9.3.4"),
    "replaced drops the rest": (VIOLATION, "RFC 9110 §9.3.4"),
    "replaced twice is the same": (VIOLATION, "RFC 9110 §9.2.2, §9.3.4"),
    "changes what it names": (VIOLATION, "RFC 5789 §2"),
    "changes nothing else": (VIOLATION, "RFC 5789 §2, RFC 7396 §2"),
    "stale tag is refused": (VIOLATION, "OpenAPI 3.1 §4.8.12, RFC 9110 §13.1.1"),
    "current tag is taken": (VIOLATION, "OpenAPI 3.1 §4.8.12, RFC 9110 §13.1.1"),
    "deleted is gone": (VIOLATION, "RFC 9110 §9.3.5"),
    "deleted twice": (VIOLATION, "RFC 9110 §9.2.2, §9.3.5"),
    "touches no other": (VIOLATION, "RFC 9110 §3.1, §9.3"),
    "response time": (ADVISORY, "--contract-max-response-time"),
    "undocumented properties": (ADVISORY, "OpenAPI 3.1 §4.8.24"),
    "prose": (ADVISORY, "the documentation in prose"),
    # About what clients ask for, where others than a run ask.
    "request allowed": (VIOLATION, "OpenAPI 3.1 §4.8.12, §4.8.13"),
    "operation documented": (VIOLATION, "OpenAPI 3.1 §4.8.8, §4.8.9"),
}
"""The severity of each kind of promise, and the clause it rests on, in the order of a report."""


MAX_HELD = 32_768  # bytes of a body that is not read anew for the answers after it
_WRIGHT = "JSON Schema Validation, draft-wright-00"
CLAUSES_IN_3_0 = {
    "required": f"{_WRIGHT} §5.15",
    "nullability": "OpenAPI 3.0 §4.7.24",
    "type": f"{_WRIGHT} §5.21",
    "enum": f"{_WRIGHT} §5.20",
    "format": f"{_WRIGHT} §7.3, OpenAPI 3.0 §4.4",
    "pattern": f"{_WRIGHT} §5.8",
    "bounds": f"{_WRIGHT} §5.1 to §5.7, §5.13, §5.14",
    "items": f"{_WRIGHT} §5.9 to §5.12",
    "additional properties": f"{_WRIGHT} §5.18",
    "union": f"{_WRIGHT} §5.22 to §5.24",
}
"""Where OpenAPI 3.0 rests on another JSON Schema than 3.1 and 3.2 do."""


@cache
def clause_of(kind: str, openapi: str) -> str:
    """The clause that a kind of promise rests on in a document of this version."""
    _, clause = RULE_KINDS[kind]
    if openapi.startswith("3.0"):
        clause = CLAUSES_IN_3_0.get(kind, clause)
    return clause_in(openapi, clause)


_OF_HTTP = ("RFC 9110", "RFC 9112", "RFC 5789", "RFC 3986")


def basis_of(clause: str) -> str:
    """What a clause rests on: what the `document` says, or what `http` means by itself."""
    return "http" if clause.startswith(_OF_HTTP) else "document"


@dataclass(frozen=True, slots=True)
class Rule:
    """One checkable promise."""

    id: str  # `METHOD PATH [STATUS [;MEDIA] PLACE] KIND [NAME]`; never changes its meaning
    kind: str
    severity: Severity
    clause: str
    operation: str  # its key, `METHOD PATH`
    status: str | None  # as documented (`200`, `4XX`, `default`); None for the operation's own
    place: str | None  # in the body, `@NAME…` in a header; None: about the response as a whole
    pointer: str  # to the node of the document that makes the promise
    promise: str  # a sentence without subject ("is one of active, closed")
    members: tuple[str, ...] = ()  # worth seeing there: those of an enum, `null` and `value`

    @property
    def name(self) -> str:
        """What its id ends with, after its kind."""
        return self.id.partition(f" {self.kind} ")[2]

    @property
    def basis(self) -> str:
        """What forbids that it is broken: the `document`, or what `http` means by itself."""
        return (
            "http" if self.clause.startswith(("RFC 9110", "RFC 9112", "RFC 5789")) else "document"
        )

    @property
    def group(self) -> str:
        """What names it with all others of its kind, where rules are too many for an item each."""
        return " ".join(filter(None, (self.operation, self.status, self.kind)))

    @property
    def answer(self) -> str:
        """What names it with all others on the same answers, where there are still too many."""
        return " ".join(filter(None, (self.operation, self.status)))


@dataclass(frozen=True, eq=False)
class Leaf:
    """A rule that keywords decide for values of `types`; they are compiled when first asked."""

    rule: Rule
    types: frozenset[str]
    compile: Callable[[], Validator] | None
    decides: Callable[[Any], bool] | None = None  # in place of a validator

    @cached_property
    def why(self) -> str:
        """Why the keywords can't be compiled, if so."""
        try:
            self.compiled  # noqa: B018  # it is kept
        except Uncompilable as error:
            return str(error).splitlines()[0]
        return ""

    @cached_property
    def compiled(self) -> Validator | None:
        """What tells why a value breaks the rule; raises one of `Uncompilable`."""
        return self.compile and self.compile()

    @cached_property
    def check(self) -> Callable[[Any], bool] | None:
        """None where `why` says why not."""
        if self.why:
            return None
        return self.decides if self.compiled is None else self.compiled.is_valid

    @cached_property
    def members(self) -> frozenset[str]:
        """The rule's own, which may be many."""
        return frozenset(self.rule.members)

    @cached_property
    def is_bounded(self) -> bool:
        """Whether the check may raise `Beyond`."""
        return isinstance(self.compiled, Bounded)

    @property
    def is_ours(self) -> bool:
        """Whether validators don't check it."""
        return self.decides is not None


@dataclass(frozen=True, slots=True)
class ExchangeRule:
    """A rule with its check of an answer, or of an earlier and a later one to the same request.

    It gives what was seen if the rule is broken, "" if it is kept, None if it is not exercised.
    """

    rule: Rule
    check: Callable[..., str | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a promise is about: an operation, its answers with a status, a body or header of them.

    `texts` are the types that every text there can be read as, so that none can be the wrong one.
    """

    operation: Operation
    status: str | None = None
    media: str | None = None
    header: str | None = None
    texts: frozenset[str] = frozenset()
    advises: bool = False  # where a standard leaves it open whether it counts

    def rule(
        self, kind: str, promise: str, pointer: str = "", *, place: str = "", name: str = ""
    ) -> Rule:
        """The rule of a kind; without a pointer, it is the operation that makes the promise."""
        key, status, node = self.operation.key, self.status, pointer or self.operation.pointer
        if self.header is not None:
            place = f"@{self.header}{place.rstrip('/')}"
        parts = (key, status, self.media and f";{self.media}", place, kind, name)
        identity = " ".join(filter(None, parts))
        clause, (severity, _) = clause_of(kind, self.operation.openapi), RULE_KINDS[kind]
        if self.advises:
            severity = Severity.ADVISORY
        place, node, promise = map(sys.intern, (place, node, promise))  # as many rules have them
        return Rule(identity, kind, severity, clause, key, status, place or None, node, promise)

    def row(
        self, check: Callable[..., str | None], kind: str, promise: str, pointer: str = ""
    ) -> ExchangeRule:
        return ExchangeRule(self.rule(kind, promise, pointer), check)


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken by one exchange: what was seen, and where in the body (`/steps/3`)."""

    rule: str
    seen: str
    instance: str | None = None  # after `header NAME` where it is none of the body
    story: tuple[Exchange, ...] = ()  # what came before in a life, and is needed to see it


@dataclass(frozen=True, eq=False)
class Answer:
    """An answered exchange as rules see it; made once for each, so that a body is decoded once."""

    exchange: Exchange
    operation: Operation
    response: Response
    refused: frozenset[str] = frozenset()  # methods that had 405 on the same path before
    known: dict[str, Any] = field(default_factory=dict)  # what rules of a domain see in it
    read: dict[bytes, Decoded | TooManyError] = field(default_factory=dict)  # of others, by body

    @cached_property
    def documented(self) -> ResponseSpec | None:
        return self.operation.response(self.response.status)

    @cached_property
    def has_content(self) -> bool:
        return has_content(self.exchange.probe.request.method, self.response.status)

    @cached_property
    def media_type(self) -> str | None:
        return self.content_type and essence_of(self.content_type)

    @property
    def content_type(self) -> str | None:
        """The first Content-Type, as it is written."""
        return next(iter(self.fields("content-type")), None)

    @cached_property
    def media(self) -> MediaType | None:
        """The documented media type of the body, if there is one for it."""
        essence = self.media_type
        if self.documented is None or essence is None or not self.has_content:
            return None
        return described_by(self.documented.content, essence)

    @cached_property
    def _decoded(self) -> Decoded | TooManyError:
        body = self.response.body
        found = self.read.get(body)
        try:
            found = found or decode(body)
        except TooManyError as error:
            found = error
        if len(body) <= MAX_HELD:
            self.read[body] = found
        return found

    @property
    def decoded(self) -> Decoded:
        """The body as JSON, which others may share; raises TooManyError."""
        if isinstance(self._decoded, TooManyError):
            raise self._decoded
        return self._decoded

    @cached_property
    def _fields(self) -> dict[str, list[str]]:
        found = dict[str, list[str]]()
        for name, value in self.response.headers:
            found.setdefault(name.lower(), []).append(value)
        return found

    def fields(self, name: str) -> list[str]:
        """The values of a header field."""
        return self._fields.get(name.lower(), [])

    @cached_property
    def is_json(self) -> bool:
        return self.has_content and is_json(self.media_type or "")


def json_found(answer: Answer) -> Found:
    """The body as JSON; nothing where there is none, or what it is breaks rules about its text."""
    if not answer.is_json:
        return Found()
    return Found([[answer.decoded.value]] if answer.decoded.problem is None else [])


def broken(wrong: object, seen: str) -> str:
    """What a check gives about something that it can judge: what was seen, if that is wrong."""
    return seen if wrong else ""


def member_text(value: Any) -> str:
    """A value as it is counted among what was seen."""
    return value if isinstance(value, str) else shown(value)


def shown(value: Any) -> str:
    """A value as it stands in messages."""
    return text.shown(value, 80)
