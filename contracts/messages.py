"""What travels between the suite and a service: requests with their claims, and what came back."""

import email.message
import email.utils
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

VARIABLE = "CONTRACT_CREDENTIAL"  # of the credential, where the run names no other
PLACEHOLDER = f"${VARIABLE}"  # stands for a credential in all that is shown or stored
MAX_SECONDS = 5.0  # that an answer may take before an advisory says so, by default
MAX_UNAVAILABLE = 0.05  # share of requests without an answer in a run that passes, by default
JSON = Any  # a decoded JSON value: dict, list, str, int, float, bool or None
Headers = tuple[tuple[str, str], ...]  # header fields in the order of the wire, names as written


def header_values(headers: Headers, name: str) -> list[str]:
    """Every value of the field `name`, compared without case (RFC 9110 §5.1)."""
    wanted = name.lower()
    return [value for key, value in headers if key.lower() == wanted]


def overridden(headers: Headers, others: Headers) -> Headers:
    """`headers` and `others`; of two that share a name, those of `others`."""
    names = {name.lower() for name, _ in others}
    kept = [field for field in headers if field[0].lower() not in names]
    return (*kept, *others)


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
"""RFC 9110 §9.2.1, and draft-ietf-httpbis-safe-method-w-body §2 for QUERY (OpenAPI 3.2 §4.9)."""
IDEMPOTENT = SAFE_METHODS | {"PUT", "DELETE"}  # RFC 9110 §9.2.2


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes on the wire, without the credential, which `exchanges/` adds."""

    method: str
    target: str  # the path below the base URL with its query, percent-encoded ASCII
    headers: Headers = ()
    body: bytes | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_path(self, path: str) -> "Request":
        """The request for another path, with the same query."""
        return replace(self, target=f"{path}?{self.query}" if self.query else path)

    def with_field(self, name: str, *values: str) -> "Request":
        """The request with these values of a header field, in place of those of that name."""
        fields = overridden(self.headers, tuple((name, value) for value in values or [""]))
        return replace(self, headers=fields if values else fields[:-1])


@dataclass(frozen=True, slots=True)
class Claim:
    """What the document says of a request: allowed, unless it can be proved forbidden."""

    forbidden_because: str | None = None
    breaks: str = ""  # the one constraint that it breaks, if it breaks no other; see `MALFORMED`

    @property
    def allowed(self) -> bool:
        return self.forbidden_because is None

    def __str__(self) -> str:
        return "allowed" if self.allowed else f"forbidden because {self.forbidden_because}"


ALLOWED = Claim()
MALFORMED = "HTTP"  # what a request breaks that is none by HTTP, whatever a document says


class Credential(StrEnum):
    """Which credential a probe is sent with; the value itself is known only to `exchanges/`."""

    RIGHT = "right"
    NONE = "none"
    WRONG = "wrong"
    OTHER_SCHEME = "other scheme"
    CUT_SHORT = "cut short"
    APPENDED = "appended"
    EMPTY = "empty"
    BARE = "without scheme"
    LOWER_CASE = "scheme in lower case"
    MISPLACED = "wrong place"


@dataclass(frozen=True, slots=True)
class CredentialForm:
    """A form in which a credential is sent, and the rule about it: its name, what it says."""

    rule: str
    promise: str
    said: str  # what a finding calls the credential
    value: Callable[[str], str] = str  # what becomes of the right value
    scheme: Callable[[str], str] = str  # what becomes of the name of its scheme
    shell: str | None = "$NAME"  # in place of the value in NAME; None if nothing is left of it
    refused: bool = True  # whether a service must refuse it
    named: bool = False  # whether it makes sense only where the scheme has a name


CREDENTIAL_FORMS: Mapping[Credential, CredentialForm] = {
    Credential.RIGHT: CredentialForm(
        "accepted", "takes the right credential", "the right credential", refused=False
    ),
    Credential.LOWER_CASE: CredentialForm(
        "scheme case",
        "takes the right credential under its scheme in lower case",
        "the right credential under its scheme in lower case",
        scheme=str.lower,
        refused=False,
        named=True,
    ),
    Credential.NONE: CredentialForm(
        "required", "refuses a request without credential", "no credential", shell=None
    ),
    Credential.WRONG: CredentialForm(
        "wrong",
        "refuses a wrong credential",
        "a wrong credential",
        value=lambda value: ("0" if value.strip("0") else "1") * max(len(value), 8),
        shell=None,
    ),
    Credential.OTHER_SCHEME: CredentialForm(
        "other scheme",
        "refuses the right credential under a scheme of another name",
        "the credential under a scheme of another name",
        scheme=lambda _: "Negotiate",
    ),
    Credential.CUT_SHORT: CredentialForm(
        "cut short",
        "refuses the right credential cut short",
        "the credential cut short",
        value=lambda value: value.rstrip(":")[:-1],  # without password the user's name is it
        shell="${NAME%[!:]*}",
    ),
    Credential.APPENDED: CredentialForm(
        "appended",
        "refuses the right credential with something appended",
        "the credential and something appended",
        value=lambda value: f"{value.removesuffix(':')}0",
        shell="${NAME%:}0",
    ),
    Credential.EMPTY: CredentialForm(
        "empty", "refuses an empty credential", "an empty credential", lambda _: "", shell=None
    ),
    Credential.BARE: CredentialForm(
        "without scheme",
        "refuses the right credential without the name of its scheme",
        "the credential without the name of its scheme",
        scheme=lambda _: "",
        named=True,
    ),
    Credential.MISPLACED: CredentialForm(
        "wrong place",
        "refuses the right credential in another place",
        "the credential in a place that the document does not have",
    ),
}
"""The forms, in the order in which they are tried: whoever adds one adds a row."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A request with the claim the document makes about it."""

    operation: str  # the key of the operation it was made for, `GET /things/{id}`
    request: Request
    claim: Claim = ALLOWED
    source: str = "fuzz"  # or `given`, `coverage`, `edge`, `status`, `client` …
    note: str = ""
    given: tuple[tuple[str, str], ...] = ()  # decoded, by parameter: the user vouched for them
    credential: Credential = Credential.RIGHT
    again: bool = False  # it was asked before, and is asked again because of what was seen
    withheld: tuple[str, ...] = ()  # headers of the run, in lower case, that it goes without
    schemes: tuple[str, ...] = ()  # whose credentials it shows; none: those of the operation in use
    part: str = ""  # that of them which `credential` is about, while the others are right
    life: str = ""  # the lane of the ledger that it is in, if not its operation's

    @property
    def way(self) -> tuple[Credential, tuple[str, ...], str]:
        """How it shows which credentials."""
        return self.credential, self.schemes, self.part


GIVEN_BODY = "request body"  # among what a probe has `given`, the name of its body
REFUSALS = frozenset({401, 403})  # statuses that refuse a credential
_ABOUT_REQUESTS = (400, 404, 405, 406, 411, 413, 414, 415, 417, 421, 422, 426, 431, 501)
BEFORE_CREDENTIAL = frozenset({*range(300, 400), *_ABOUT_REQUESTS})
"""What routers, proxies and validators answer before anybody looks at the credential."""
UNAVAILABLE = frozenset({429, 502, 503, 504, 529})
"""Statuses of a service that is overloaded or behind a broken gateway."""
NO_CONTENT = frozenset({*range(100, 200), 204, 205, 304})


def has_content(method: str, status: int) -> bool:
    """Whether HTTP lets an answer have content (RFC 9110 §6.4.1, §9.3.2, §15.3.6)."""
    return method != "HEAD" and status not in NO_CONTENT


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, as received: the body after content codings were undone."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    seconds: float = field(default=0.0, compare=False)
    is_whole: bool = True  # not if a stream was left before its end: this is what came of it

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def media_type(self) -> str | None:
        """The essence of Content-Type (`application/json`), or None without the field."""
        value = self.header("content-type")
        return essence_of(value) if value is not None else None


_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_COOKIE_NAME = re.compile(r"[!-+\--9<>-~]+")  # more than RFC 6265 §4.1.1 allows, as in `a[b]`
_FIELD_VALUE = re.compile(r"([!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?)?")
_ORIGIN_FORM = re.compile(r"/[!\"$-~]*")  # as generators write it, with what should be encoded


def is_origin_form(target: str) -> bool:
    """Whether a request target is a path, perhaps with a query (RFC 9112 §3.2.1)."""
    return _ORIGIN_FORM.fullmatch(target) is not None


def is_field_name(text: str) -> bool:
    """Whether a header field can have this name: a token (RFC 9110 §5.1, §5.6.2)."""
    return _FIELD_NAME.fullmatch(text) is not None


def is_nameable(location: str, name: str) -> bool:
    """Whether a request can have a parameter of this name there: in `header`, `cookie`, or else."""
    pattern = {"header": _FIELD_NAME, "cookie": _COOKIE_NAME}.get(location)
    return pattern is None or pattern.fullmatch(name) is not None


def is_field_value(text: str) -> bool:
    """Whether a header field can have this value, which may be empty (RFC 9110 §5.5)."""
    return _FIELD_VALUE.fullmatch(text) is not None


_TOKEN = _FIELD_NAME.pattern
_PARAMETER = rf'{_TOKEN}=({_TOKEN}|"([^"\\]|\\.)*")'
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}[ \t]*(;[ \t]*({_PARAMETER})?[ \t]*)*")


def problem_of_content_type(request: Request) -> str:
    """What is wrong with its Content-Type by HTTP and MIME, "" if nothing."""
    values = header_values(request.headers, "content-type")
    if len(values) > 1:
        return "Content-Type stands in it twice (RFC 9110 §8.3)"
    for value in values:
        if not _MEDIA_TYPE.fullmatch(value):
            return "its Content-Type is no media type (RFC 9110 §8.3.1)"
        fields = email.message.Message()
        fields["Content-Type"] = value
        has_boundary = 0 < len(fields.get_boundary("")) <= 70
        if essence_of(value).startswith("multipart/") and not has_boundary:
            return "its Content-Type is of multipart and has no boundary (RFC 2046 §5.1.1)"
        if not request.body:
            return "it has a Content-Type and no body (RFC 9110 §8.3)"
    return ""


def essence_of(content_type: str) -> str:
    """The essence of a media type in lower case, parameters apart (RFC 9110 §8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def moment_of(date: str | None) -> datetime | None:
    """The moment in UTC that a header field gives (RFC 9110 §5.6.7); None if it gives none."""
    try:
        found = email.utils.parsedate_to_datetime(date or "")
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, TypeError, LookupError, ArithmeticError):  # all that the parser lets out
        return None


_NAMES_OF_LINES = "x-ndjson ndjson jsonl x-jsonl jsonlines x-jsonlines json-lines x-json-stream"
LINES = (
    *map("application/{}".format, (*_NAMES_OF_LINES.split(), "stream+json")),
    *("text/x-ndjson", "text/ndjson", "text/jsonl"),
)
SEQUENCES, EVENTS = ("application/json-seq", "*/*+json-seq"), ("text/event-stream",)
STREAMS = (*LINES, *SEQUENCES, *EVENTS)
"""Media types of values in a row, by essence: they may come as long as a service has some."""


def is_json(name: str) -> bool:
    """Whether a media type is JSON by its name (RFC 8259 §11, RFC 6838 §4.2.8)."""
    essence = essence_of(name)
    return essence == "application/json" or (essence.endswith("+json") and essence not in LINES)


@lru_cache(maxsize=1024)
def is_stream(name: str) -> bool:
    """Whether an answer of a media type may never end."""
    return any(fnmatchcase(essence_of(name), stream) for stream in STREAMS)


def may_be_json(name: str) -> bool:
    """Whether a media type or range can describe JSON."""
    return is_json(name) or essence_of(name) in ("*/*", "application/*")


def concrete(name: str, filler: str = "x") -> str:
    """A media type that a name or range describes; `filler` is a subtype where any will do."""
    essence = essence_of(name)
    if essence in ("*/*", "application/*"):
        return "application/json"
    return "text/plain" if essence == "text/*" else name.replace("*", filler)


def covers(outer: str, inner: str) -> bool:
    """Whether `outer` describes every message that `inner` describes (RFC 9110 §12.5.1)."""
    wide, narrow = essence_of(outer), essence_of(inner)
    is_of_it = wide in ("*/*", narrow) or fnmatchcase(narrow, wide)  # `type/*` or `type/*+suffix`
    return is_of_it and _parameters(outer) <= _parameters(inner)


@lru_cache(maxsize=1024)
def _parameters(name: str) -> frozenset[str]:
    """Those that mean something; JSON is UTF-8 whatever its charset says (RFC 8259 §8.1)."""
    _, *parameters = (part.strip().lower().replace('"', "") for part in name.split(";"))
    if is_json(name):
        parameters = [part for part in parameters if not part.startswith("charset=")]
    return frozenset(filter(None, parameters))


NO_STATUS_LINE = "the answer has no status line, it begins with "


class FailureKind(StrEnum):
    """Why there is no answer."""

    REFUSED = "refused"
    RESET = "reset"
    TIMED_OUT = "timed out"
    TRUNCATED = "truncated"
    BAD_FRAMING = "bad framing"
    BAD_ENCODING = "bad content encoding"
    TOO_LARGE = "too large"
    TLS = "TLS failed"
    UNJUDGED = "unjudged"  # there was an answer, or nobody waited for it; `detail` says more


@dataclass(frozen=True, slots=True)
class Failure:
    """What came instead of an answer; `detail` never holds the credential."""

    kind: FailureKind
    detail: str

    @property
    def breaks_contract(self) -> bool:
        """Whether this is an answer, and a bad one; others say nothing about the contract."""
        broken = (FailureKind.TRUNCATED, FailureKind.BAD_FRAMING, FailureKind.BAD_ENCODING)
        return self.kind in broken


@dataclass(frozen=True, slots=True)
class Exchange:
    """A probe and what came back: exactly one of `response` and `failure`."""

    number: int  # from 0: among those of its operation, and once all are there in the run
    probe: Probe
    response: Response | None = None
    failure: Failure | None = None
    attempts: int = 1  # requests, with retries
    retried: tuple[str, ...] = ()  # what came of each but the last: a status, or a kind of failure


def is_unavailable(exchange: Exchange) -> bool:
    """Whether it says nothing about the contract, because no answer of the service could be had."""
    if exchange.response is not None:
        return exchange.response.status in UNAVAILABLE and exchange.probe.source != "status"
    came = exchange.failure
    return came is None or not (came.breaks_contract or came.kind is FailureKind.UNJUDGED)
