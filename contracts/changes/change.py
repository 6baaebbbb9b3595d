"""One difference between two documents: what changed, whom it reaches, and what settles it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import filterfalse
from typing import Any, TypeVar

from contracts.changes.places import place_below
from contracts.document import Source
from contracts.schemas.locations import escape
from contracts.text import few

T = TypeVar("T")

Said = str | tuple[str, ...]
"""What one side says, for people: a text, or the texts of a list of values or branches."""

MAX_LISTED = 8  # texts of both sides that are shown as they are; of more, what came and what went
MAX_MOVED = 20


class Effect(StrEnum):
    """What a change does to the party that still holds the base."""

    BREAKING = "breaking"
    COMPATIBLE = "compatible"
    UNDECIDED = "undecided"


class Direction(StrEnum):
    """Which messages a change is about; `operation` for what is in neither of them."""

    REQUEST = "request"
    RESPONSE = "response"
    OPERATION = "operation"

    @classmethod
    def of(cls, *, is_answer: bool) -> "Direction":
        """That of messages which are answers, or requests."""
        return (cls.REQUEST, cls.RESPONSE)[is_answer]

    def roles(self, base: T, revision: T) -> tuple[T, T]:
        """What is the sender's of two sides, and what the receiver's."""
        return (revision, base) if self is Direction.RESPONSE else (base, revision)


class ChangeSeverity(StrEnum):
    """How loud a change is: an error fails the gate."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the table of changes."""

    id: str  # never changes its meaning
    direction: str  # `request`, `response`, `operation`, or `both` for schemas
    message: str  # `{subject}`, `{base}` and `{revision}` are filled in
    severity: ChangeSeverity  # of one that breaks nothing; one that breaks is an error
    effect: Effect = Effect.COMPATIBLE
    proof: str | None = None  # why it is so, whatever the documents are

    @property
    def shown(self) -> str:
        """The message with words in place of what is filled in."""
        return self.said({"subject": "NAME", "base": "A", "revision": "B"})

    def said(self, words: Mapping[str, Said]) -> str:
        """The message; of long lists it says what came and what went."""
        base, revision = words.get("base"), words.get("revision")
        if isinstance(base, tuple) and isinstance(revision, tuple):
            head = self.message.removesuffix(_BECAME)
            if len(base) + len(revision) > MAX_LISTED:
                return f"{head}: {_moved(base, revision)}"
        texts = dict(words)
        for name, word in words.items():
            if isinstance(word, tuple):
                texts[name] = few(word, MAX_MOVED, "")
        return self.message.format(**texts)


def _moved(base: Sequence[str], revision: Sequence[str]) -> str:
    """`came: …; went: …`, from the one list to the other."""
    told = []
    for word, here, there in (("came", revision, set(base)), ("went", base, set(revision))):
        if names := list(filterfalse(there.__contains__, dict.fromkeys(here))):
            told.append(f"{word}: {few(names, MAX_MOVED, '')}")
    return "; ".join(told) or f"they are called as before, all {len(base)}"


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """An operation (`GET /things/{id}`) in whose requests or responses a change shows."""

    operation: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Witness:
    """A whole message that one document allows and the other refuses.

    `message` of a request has `method`, `path` (with its query), `headers` and `body`; of a
    response `status`, `headers` and `body`, which is the decoded JSON value, None without a body.
    `operation` says where it is sent; `because` why it is refused.
    """

    operation: str
    message: Mapping[str, Any]
    accepted_by: str
    rejected_by: str
    because: str


@dataclass(frozen=True, slots=True)
class Change:
    """One finding; the id of its kind and its place name it, whatever its message says."""

    kind: Kind
    effect: Effect
    direction: Direction
    where: str  # its place, such as `schemas/Thing /status` or `GET /x 200 /status`
    reaches: tuple[Reach, ...]  # where it shows
    base: Source  # file and line on each side, of the nearest thing that is there
    revision: Source
    message: str
    proof: str | None = None  # why nothing breaks, or what was tried in vain
    witness: Witness | None = None

    @property
    def id(self) -> str:
        return self.kind.id

    @property
    def severity(self) -> ChangeSeverity:
        """By default: what breaks is an error, what is undecided a warning, or as its kind says."""
        defaults = {Effect.BREAKING: ChangeSeverity.ERROR, Effect.UNDECIDED: ChangeSeverity.WARNING}
        return defaults.get(self.effect, self.kind.severity)


_WARNING, _INFO = ChangeSeverity.WARNING, ChangeSeverity.INFO
_BECAME = ": {base} became {revision}"
_BY_DIRECTION = {
    "operation": (
        ("operation-added", "the operation {subject} was added", _INFO),
        ("operation-removed", "the operation {subject} was removed", _WARNING),
        ("operation-deprecated", "the operation is deprecated now", _INFO),
        ("operation-reinstated", "the operation is no longer deprecated", _INFO),
        ("operation-id-changed", "the operationId changed" + _BECAME, _INFO),
        ("tag-changed", "the tags changed" + _BECAME, _INFO),
        ("parameter-order-changed", "parameters have another order" + _BECAME, _INFO),
        ("title-changed", "the title of the component changed" + _BECAME, _INFO),
        ("enum-order-changed", "values have another order" + _BECAME, _INFO),
        ("enum-names-changed", "the names of values changed" + _BECAME, _INFO),
        ("server-prefix-changed", "the paths of the servers changed" + _BECAME, _INFO),
        ("server-changed", "the servers changed" + _BECAME, _WARNING),
        ("callback-added", "the callback {subject} was added", _INFO),
        ("callback-removed", "the callback {subject} was removed", _WARNING),
        ("callback-changed", "the callback {subject} changed, which was not compared", _WARNING),
        ("callback-renamed", "the callback has another name" + _BECAME, _INFO),
        ("callback-url-changed", "the callback {subject} is sent elsewhere" + _BECAME, _WARNING),
        ("webhook-added", "the webhook {subject} was added", _INFO),
        ("webhook-removed", "the webhook {subject} was removed", _WARNING),
        ("webhook-changed", "the webhook {subject} changed, which was not compared", _WARNING),
        ("unread-changed", "`{subject}`, which can't be read, changed" + _BECAME, _WARNING),
        ("webhook-renamed", "the webhook has another name" + _BECAME, _WARNING),
    ),
    "request": (
        ("security-tightened", "{base} is no longer enough: {revision} is wanted", _WARNING),
        ("security-loosened", "less is wanted than before" + _BECAME, _INFO),
        ("security-scheme-url-changed", "where credentials come from changed" + _BECAME, _WARNING),
        ("parameter-added", "the {subject} was added", _INFO),
        ("parameter-removed", "the {subject} was removed", _WARNING),
        ("parameter-required", "the {subject} became required", _INFO),
        ("parameter-optional", "the {subject} became optional", _INFO),
        ("parameter-deprecated", "the {subject} is deprecated now", _INFO),
        ("parameter-style-changed", "the {subject} is written otherwise" + _BECAME, _WARNING),
        ("parameter-empty-refused", "the {subject} may no longer be empty", _INFO),
        ("parameter-empty-allowed", "the {subject} may be empty now", _INFO),
        ("request-body-added", "a request body was added", _INFO),
        ("request-body-removed", "the request body was removed", _WARNING),
        ("request-body-required", "the request body became required", _INFO),
        ("request-body-optional", "the request body became optional", _INFO),
        ("request-media-type-added", "requests may be {subject} now", _INFO),
        ("request-media-type-removed", "requests may no longer be {subject}", _WARNING),
        ("request-encoding-changed", "the encoding of the parts of {subject} changed", _WARNING),
    ),
    "response": (
        ("response-status-added", "the status {subject} was added", _INFO),
        ("response-status-removed", "the status {subject} was removed", _WARNING),
        ("response-media-type-added", "answers may be {subject} now", _WARNING),
        ("response-media-type-removed", "answers are no longer {subject}", _WARNING),
        ("response-body-added", "answers have a body now", _INFO),
        ("response-body-removed", "answers have no documented body any more", _WARNING),
        ("response-header-added", "the header {subject} was added", _INFO),
        ("response-header-removed", "the header {subject} was removed", _WARNING),
        ("response-header-required", "the header {subject} is always there now", _INFO),
        ("response-header-optional", "the header {subject} may be missing now", _WARNING),
    ),
    "both": (
        ("schema-added", "a schema was added: {revision}", _INFO),
        ("schema-removed", "the schema was removed: {base}", _WARNING),
        ("schema-changed", "what the schema allows changed", _WARNING),
        ("property-added", "the property {subject} was added", _INFO),
        ("property-removed", "the property {subject} was removed", _WARNING),
        ("property-required", "the property {subject} became required", _INFO),
        ("property-optional", "the property {subject} is no longer required", _WARNING),
        ("property-deprecated", "it is deprecated now", _INFO),
        ("format-renamed", "the format, which no validator asserts, changed" + _BECAME, _INFO),
        ("read-only-changed", "readOnly changed" + _BECAME, _WARNING),
        ("write-only-changed", "writeOnly changed" + _BECAME, _WARNING),
        ("discriminator-changed", "what tells schemas apart changed" + _BECAME, _WARNING),
        ("default-changed", "the default changed" + _BECAME, _WARNING),
        ("branch-added", "the branch {subject} was added to the union", _INFO),
        ("branch-removed", "the branch {subject} was removed from the union", _WARNING),
    ),
}
_ASPECTS = {
    "type": "the type",
    "enum": "the list of values",
    "format": "the format",
    "pattern": "the pattern",
    "bounds": "the range",
    "length": "the length",
    "items": "the number of items",
    "unique": "uniqueItems",
    "size": "the number of properties",
    "additional-properties": "what is allowed under other names",
    "pattern-properties": "what is allowed under names of a pattern",
    "property-names": "what names may be",
    "union": "the union",
    "condition": "a condition (not, if, contains, dependent…)",
}
"""What a schema says of a value; each may be widened, narrowed, or otherwise changed."""
_NO_MESSAGE = "it says nothing about which messages are allowed"
_HARMLESS = {
    "operation-added": "no request of the base is meant for it",
    "operation-deprecated": _NO_MESSAGE,
    "operation-reinstated": _NO_MESSAGE,
    "operation-id-changed": _NO_MESSAGE,
    "tag-changed": _NO_MESSAGE,
    "parameter-order-changed": _NO_MESSAGE,
    "title-changed": _NO_MESSAGE,
    "enum-order-changed": _NO_MESSAGE,
    "enum-names-changed": _NO_MESSAGE,
    "server-changed": "requests to these paths are allowed as before; "
    "which host answers is not a matter of messages",
    "callback-added": "nobody is sent what he did not ask for",
    "callback-removed": "fewer messages are sent than before",
    "callback-url-changed": _NO_MESSAGE,
    "callback-renamed": "its name is in no message",
    "webhook-renamed": "its name is in no message",
    "webhook-added": "nobody is sent what he did not ask for",
    "webhook-removed": "fewer messages are sent than before",
    "security-loosened": "every request with a credential of the base "
    "satisfies an alternative of the revision",
    "security-scheme-url-changed": "requests carry the same credential as before",
    "parameter-added": "requests without it are allowed",
    "parameter-removed": "a parameter that the revision does not know "
    "is not refused, only no longer read",
    "parameter-optional": "requests with it are allowed as before",
    "parameter-deprecated": "it is allowed as before",
    "parameter-style-changed": "every value is written as before",
    "parameter-empty-allowed": "it allows more",
    "parameter-empty-refused": "its schema allows the empty text as well",
    "request-body-added": "requests without a body are allowed",
    "request-body-optional": "requests with a body are allowed as before",
    "request-media-type-added": "requests of the base are of other types",
    "response-status-added": "a policy: clients treat a status that they don't know "
    "as x00 of its class (RFC 9110 §15)",
    "response-status-removed": "the revision sends fewer answers than the base allows",
    "response-media-type-added": "clients choose by Accept (RFC 9110 §12.5.1), "
    "and what they chose from is offered as before",
    "response-media-type-removed": "the revision sends fewer answers than the base allows",
    "response-body-added": "the base says nothing about a body there",
    "response-header-added": "the base asks nothing of it",
    "response-header-removed": "answers with it, and without it, are allowed",
    "response-header-required": "answers with it, and without it, are allowed",
    "response-header-optional": "answers with it, and without it, are allowed",
    "read-only-changed": _NO_MESSAGE,
    "write-only-changed": _NO_MESSAGE,
    "default-changed": _NO_MESSAGE,
    "discriminator-changed": "no schema refuses it; those who choose a schema by its values, who "
    "may know no such name, are not seen in messages",
    "format-renamed": "no validator asserts such a format",
    "property-deprecated": "it is allowed as before",
}
"""Why a change of a kind breaks nothing, unless a message shows that it does."""

TURNED = {
    "request": "whoever takes the requests that the base documents takes these",
    "response": "every answer that the base documents is documented as before",
}
"""The same where the service sends the requests, by the direction of the kind."""

_UNCOMPARED = {
    "unread-changed": "nobody can tell what it means",
    "callback-changed": "messages from the service were not compared",  # no longer found
    "webhook-changed": "messages from the service were not compared",  # no longer found
    "request-encoding-changed": "the encoding of parts is not compared",
}
"""What leaves a change of a kind undecided."""


def _kinds() -> Iterator[Kind]:
    for direction, rows in _BY_DIRECTION.items():
        for identity, message, severity in rows:
            effect, proof = Effect.COMPATIBLE, _HARMLESS.get(identity)
            if identity in _UNCOMPARED:
                effect, proof = Effect.UNDECIDED, _UNCOMPARED[identity]
            yield Kind(identity, direction, message, severity, effect, proof)
    for aspect, words in _ASPECTS.items():
        # What opens or closes an object is worth a look even where it breaks nothing.
        severity = _WARNING if aspect == "additional-properties" else _INFO
        more, less = f"{words} takes more than before", f"{words} takes less than before"
        yield Kind(f"{aspect}-widened", "both", more + _BECAME, severity)
        yield Kind(f"{aspect}-narrowed", "both", less + _BECAME, severity)
        yield Kind(f"{aspect}-changed", "both", f"{words} changed" + _BECAME, _WARNING)


MARKS = {"readOnly": "read-only-changed", "writeOnly": "write-only-changed"}


def marked(keyword: str) -> str:
    """What a message says of a property that is required by what its mark became."""
    return f", whose {keyword} changed,"


def tell_marks_once(changes: dict[tuple[str, str, Effect], Change]) -> None:
    """Leave out a mark that changed where what came of it says so: that it is required, or not."""
    for keyword, kind in MARKS.items():
        for change in [one for one in changes.values() if marked(keyword) in one.message]:
            changes.pop((kind, change.where, Effect.COMPATIBLE), None)


_SAME_EDIT = {"required": ["property-required", "property-optional"]}
_SAME_EDIT |= {name: ["enum-", "union-", "branch-"] for name in ("oneOf", "anyOf")}
_SAME_EDIT |= {name: [f"{name}-"] for name in ("type", "enum", "format", "pattern")}
"""What is found where a keyword can't be read on one side, and can on the other, or is gone."""


def of_same_edit(keyword: str, where: str, held: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """The kinds, as they begin, and the places of what comes of an unread keyword."""
    for kind in _SAME_EDIT.get(keyword, ()):
        yield kind, where
        for listed in held:
            if keyword == "required" and isinstance(listed, list):
                yield from ((kind, place_below(where, escape(str(name)))) for name in listed)


KINDS: dict[str, Kind] = {kind.id: kind for kind in _kinds()}
"""Every kind of change that can be named, in the order in which people read them."""
