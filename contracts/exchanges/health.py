"""Exchanges that say nothing about the contract, and from where on more of them are pointless."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import takewhile
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from contracts import messages
from contracts.document import Spec
from contracts.document.security import schemes_in_use
from contracts.messages import Credential, Exchange, Failure, FailureKind, Probe, is_unavailable
from contracts.text import cut

REFUSALS = messages.REFUSALS
EXPIRED = "the credential was taken at first and then refused on every request; has it expired?"

ABSENT = frozenset({FailureKind.REFUSED, FailureKind.TLS})  # of all requests: there is no service
SILENT = frozenset({*ABSENT, FailureKind.TIMED_OUT})
# An operation is asked nothing more after so many
PATIENCE = 3  # requests that nobody took, from the first on,
SILENCE = 5  # requests in a row that nobody answered,
SLOW = 3 * PATIENCE  # and no operation more, where these took a minute each,
LOSSES = 20  # requests lost in any way: also reset, too large, or answered with 503 or 429,
MOST_KEPT = 128 * 1024 * 1024  # bytes of requests and answers,
MOST_IN_ALL = 8 * MOST_KEPT  # or so many in the whole run

MOST_COMPARED = 20_000  # bytes of a body
MOST_OF_TARGET = 120  # characters of it that are said
_TITLE = re.compile(rb"<title[^>]*>([^<]*+)</title>", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"""[^\s"'`<>{}\[\](),]+""")
_VARIES = re.compile(r"[/%]|^(?=.*\d).{6,}$")  # paths, times and ids, but not `404` or `E1001`


class StopKind(StrEnum):
    """Why asking ended: none of the run is taken, or by somebody else; none of an operation, …"""

    ABSENT = "absent"
    ELSEWHERE = "elsewhere"
    UNANSWERED = "unanswered"
    SILENT = "silent"
    TOO_LARGE = "too large"
    BOUND = "bound"


@dataclass(frozen=True, slots=True)
class Stop:
    """An operation was not asked to its end; whoever stops says why, and notes it in the ledger."""

    operation: str
    kind: StopKind
    why: str


@dataclass(slots=True)
class Signs:
    """What exchanges say of the service and of the credential, gathered as they come."""

    spec: Spec
    count: int = 0
    first: Failure | None = None  # what came of the first of them, if that is no answer
    lost: int = 0
    speechless: int = 0
    answered: bool = False
    _known: bool = False  # the credential: an answer had what only a known one can have
    _statuses: set[int] = field(default_factory=set)  # of answers that depend on it
    _operations: dict[str, None] = field(default_factory=dict)  # that these are of
    # Operations and paths: where a wrong one was refused, where this was, and where it was not.
    _wrong: set[object] = field(default_factory=set)
    _refused: set[object] = field(default_factory=set)
    _passed: set[object] = field(default_factory=set)
    _weak: bool = False  # a wrong one had a 401

    def add(self, exchange: Exchange) -> None:
        if not self.count:
            self.first = exchange.failure
        self.count += 1
        self.lost += is_unavailable(exchange)
        self.speechless += _speaks_no_http(exchange)
        if exchange.response is None:
            return
        self.answered = True
        if not self._known:
            self._look(exchange.probe, exchange.response.status, _telling(self.spec, exchange))

    def _look(self, probe: Probe, status: int, tells: bool) -> None:
        if messages.CREDENTIAL_FORMS[probe.credential].refused:
            self._weak |= probe.credential is Credential.WRONG and status == 401
            if status in REFUSALS:
                self._wrong |= _places(probe)
        if tells:
            self._statuses.add(status)
            self._operations[probe.operation] = None
            places = self._refused if status in REFUSALS else self._passed
            places |= _places(probe)
            self._known = status not in REFUSALS | messages.BEFORE_CREDENTIAL

    @property
    def blocked(self) -> str | None:
        """Why the answers say nothing: none came, or all refused the credential; else None."""
        if self.count and self.lost == self.count:
            first = self.first
            if first is None or self.answered:
                return "the service was unavailable on every request"
            if first.kind is FailureKind.TLS:
                return f"no request was answered, {first.kind}: {first.detail}"
            detail = f"({first.kind}: {first.detail})"
            return f"no request was answered {detail}; is the service up, and the base URL right?"
        if self.count and self.speechless == self.count:
            seen = self.first and self.first.detail
            return f"what is at the base URL speaks no HTTP ({seen}); is the port right?"
        return self._unknown()

    def _unknown(self) -> str | None:
        """Why the credential is none here: all that could depend on it was refused."""
        if self._known or not self._statuses & REFUSALS:
            return None
        # Where wrong ones were refused and this was not, it is known.
        if self._passed & self._wrong - self._refused:
            return None
        weak = self._weak and 401 not in self._statuses
        if weak and self._statuses != {403}:
            return None
        operations = map(self.spec.by_key.__getitem__, self._operations)
        schemes = [one.id for each in operations for one in schemes_in_use(each, self.spec)]
        variables = " and ".join(dict.fromkeys(filter(None, map(self.spec.variable_of, schemes))))
        if not variables:
            return "a client's certificate is wanted; give it as --contract-client-cert FILE"
        if weak:
            cure = f"give {variables} the rights that this takes"
            return f"every request had 403, where a wrong credential has 401; {cure}"
        cure = f"set {variables} to one that this service knows"
        return f"the credential was refused on every request; {cure}"


def blocked(spec: Spec, exchanges: Iterable[Exchange]) -> str | None:
    """Why the answers say nothing, if they don't: none came, or all refused the credential."""
    signs = Signs(spec)
    for exchange in exchanges:
        signs.add(exchange)
    return signs.blocked


def _speaks_no_http(exchange: Exchange) -> bool:
    """Whether what came is neither an answer nor, as it seems, the body of one."""
    detail = exchange.failure.detail if exchange.failure else ""
    _, found, begun = detail.partition(messages.NO_STATUS_LINE)
    return bool(found) and begun[1:2] not in "{[<"


def _places(probe: Probe) -> set[object]:
    return {probe.operation, (probe.request.method, probe.request.target)}


def refused_at_last(spec: Spec, exchanges: Sequence[Exchange]) -> bool:
    """Whether the last answer that tells refused the credential, as all do where it has expired."""
    for exchange in reversed(exchanges):
        status = exchange.response.status if exchange.response is not None else 0
        if status not in messages.BEFORE_CREDENTIAL and _telling(spec, exchange):
            return status == 401
    return False


@dataclass(slots=True)
class Expiry:
    """Since when the credential is refused, also for a request that was answered before.

    Only that tells an expired credential from requests that a service should not refuse. Of
    requests their hashes are kept, as there may be many, and bodies large.
    """

    spec: Spec
    _answered: set[int] = field(default_factory=set)
    _before: set[tuple[int, int]] = field(default_factory=set)  # and with which status, of some
    # Since the credential was taken last, in the order of asking: the index of each exchange.
    _refused: dict[int, int] = field(default_factory=dict)

    def add(self, index: int, exchange: Exchange) -> None:
        response = exchange.response
        if response is None or not _telling(self.spec, exchange):
            return
        request, status = hash(exchange.probe.request), response.status
        if status == 401:
            self._refused.setdefault(request, index)
            return
        # What comes before anybody looks at the credential still comes when that has expired.
        early = status in messages.BEFORE_CREDENTIAL
        if not early or (request in self._refused and (request, status) in self._before):
            self._refused.clear()
        if status not in REFUSALS and request not in self._refused:
            self._answered.add(request)
            if early:
                self._before.add((request, status))

    @property
    def index(self) -> int | None:
        """Of the first exchange that it no longer held for; None if it held to the end."""
        if self._answered.isdisjoint(self._refused):
            return None
        return next(iter(self._refused.values()))


def expired_from(spec: Spec, exchanges: Iterable[Exchange]) -> int | None:
    """From where on the credential was refused, also for a request that was answered before."""
    expiry = Expiry(spec)
    for index, exchange in enumerate(exchanges):
        expiry.add(index, exchange)
    return expiry.index


def _telling(spec: Spec, exchange: Exchange) -> bool:
    """Whether an answer says if the right credential is taken."""
    probe, response = exchange.probe, exchange.response
    if response is None or response.status in messages.UNAVAILABLE:
        return False
    # An odd request may crash what stands in front of the service.
    if probe.source == "edge" and response.status >= 500:
        return False
    # Requests with other methods say nothing of the operation, and what credential clients have
    # nobody knows. A mock that was told what to answer does not look at it.
    if probe.source in ("method", "client", "status"):
        return False
    right = not (messages.CREDENTIAL_FORMS[probe.credential].refused or probe.schemes)
    return right and spec.by_key[probe.operation].needs_credential


def is_plain_success(exchange: Exchange) -> bool:
    """Whether a plain request got what it asked for."""
    plain = exchange.probe.source != "status" and exchange.probe.request.method != "HEAD"
    return plain and exchange.response is not None and 200 <= exchange.response.status < 300


Event = Exchange | Stop | dict[str, Any]  # the last are notes


def until_stop(exchanges: Iterable[Event], before: int = 0, earlier: int = 0) -> Iterator[Event]:
    """The exchanges of an operation up to where the rest would only take time; then why: a Stop.

    Stops and notes that are among them stay there. `before` is the weight of the run so far,
    in `earlier` exchanges of other operations.
    """
    asked, kept = list[Exchange](), max(before + MOST_KEPT - MOST_IN_ALL, 0)
    for exchange in exchanges:
        yield exchange
        if not isinstance(exchange, Exchange):
            continue
        asked.append(exchange)
        kept += weight(exchange)
        if stop := _stop(asked, kept, earlier):
            yield stop
            return


def for_good(stop: Stop, lost: Iterable[FailureKind | None], stops: Sequence[Stop]) -> Stop:
    """The Stop of an operation, or of all that come, where nobody takes requests any more.

    What was `lost` of each exchange of the run until then, of whatever operation, and its `stops`.
    """
    kinds = [*lost][-LOSSES:]
    count = SLOW if FailureKind.TIMED_OUT in kinds[-SLOW:] else LOSSES
    gone = len(kinds) >= count and set(kinds[-count:]) <= SILENT
    if stop.kind is not StopKind.UNANSWERED or not gone:
        return stop
    why = f"the service answered none of {count} requests in a row"
    for one in stops:
        if one.kind is StopKind.SILENT:
            why = f"{one.why}, and answered nothing since"
    return replace(stop, kind=StopKind.ABSENT, why=why)


def weight(exchange: Exchange) -> int:
    """Bytes of a request and its answer, heads and bodies, as they are kept on disk."""
    sent, came = exchange.probe.request, exchange.response
    parts: list[str | bytes] = [sent.target, sent.body or b"", came.body if came else b""]
    for pair in (*sent.headers, *(came.headers if came else ())):
        parts += pair
    return sum(map(len, parts))


def _stop(asked: Sequence[Exchange], kept: int, earlier: int) -> Stop | None:
    count, key, number = len(asked), asked[-1].probe.operation, earlier + asked[-1].number
    kinds = {exchange.failure and exchange.failure.kind for exchange in asked[-SILENCE:]}
    silent = (count == PATIENCE or count >= SILENCE) and kinds <= SILENT
    if silent or (count >= LOSSES and all(map(is_unavailable, asked[-LOSSES:]))):
        if not all(map(is_unavailable, asked)):
            lost = [*takewhile(is_unavailable, reversed(asked))][-1].probe.request
            said = f"the service stopped answering while {key} was asked"
            said += f", at {lost.method} {cut(lost.target, MOST_OF_TARGET)}"
            return Stop(key, StopKind.SILENT, said)
        if number == PATIENCE - 1 and kinds <= ABSENT:
            return Stop(key, StopKind.ABSENT, "the service took none of the requests before")
        return Stop(key, StopKind.UNANSWERED, f"no request of {key} was answered")
    if number == count - 1 == PATIENCE - 1 and all(map(_speaks_no_http, asked)):
        return Stop(key, StopKind.ABSENT, "the port speaks no HTTP")
    if kept > MOST_KEPT:
        return Stop(key, StopKind.TOO_LARGE, f"the answers of {key} are too large to be kept")
    return None


@dataclass(frozen=True, slots=True)
class Bearings:
    """How requests of the document were answered, in numbers, against one for a made-up path."""

    alike: int = 0  # as that one was
    kept: int = 0  # of these, as the document has it: a 404 that it describes
    other: int = 0  # otherwise, which only something of the API can, odd requests apart
    fixed: bool = False  # some had no parameter in their path, so that no value can be unknown
    unguarded: bool = False  # one without credential was, where the document asks for one
    at_home: bool = True  # the base URL has a path that the document's servers have


def is_elsewhere(found: Bearings) -> bool:
    """Whether nothing of the API is there.

    The router of the wrong place answers every path alike, a made-up one as well. So does an API
    that has the same 404 for paths and for values that it does not know. What the document
    describes is taken for the latter, unless anything else speaks for the wrong place.
    """
    odd = found.kept < found.alike or found.fixed or found.unguarded or not found.at_home
    return found.alike > 0 and not found.other and odd


def may_be_foreign(exchange: Exchange, *, keeps: bool) -> bool:
    """Whether another place may have answered so; `keeps` is whether the document has the answer.

    Refused credentials, crashes and data that break the document are matters of their own.
    """
    response = exchange.response or messages.Response(0)
    status, kind = response.status, response.media_type
    is_page = 200 <= status < 300 and kind and not messages.is_json(kind) and not keeps
    return bool(is_page) or status == 501 or (300 <= status < 500 and status not in REFUSALS)


def counted(found: Bearings, one: Exchange, made_up: Exchange, url: str, keeps: bool) -> Bearings:
    """The numbers with `one` more answer, and what a made-up path below the URL was answered."""
    response, probe = one.response, one.probe
    if response is None or is_unavailable(one):
        return found
    place, asked = _redirect(one, url), urlsplit(f"{url}{probe.request.path}")
    loops = place is not None and place[:3] == asked[:3]  # nobody says so that nothing is there
    if loops or made_up.response is None or _said(one, url) != _said(made_up, url):
        odd = place is not None or response.status in (400, 414, 431)
        return replace(found, other=found.other + (keeps or loops or not odd))
    if probe.credential is not Credential.RIGHT and response.status in REFUSALS:
        return found  # whoever it is asks for one
    fixed = found.fixed or "{" not in probe.operation
    unguarded = found.unguarded or probe.credential is Credential.NONE
    alike, kept = found.alike + 1, found.kept + keeps
    return Bearings(alike, kept, found.other, fixed, unguarded, found.at_home)


def _said(exchange: Exchange, base_url: str) -> tuple[object, ...]:
    """The same for answers that say the same: echoes of path, time and ids are no difference.

    Of redirects that is where they lead, of pages of HTML the title.
    """
    response = exchange.response or messages.Response(0)
    if place := _redirect(exchange, base_url):
        return response.status, *place[:2]
    body, media_type = response.body[:MOST_COMPARED], response.media_type
    if media_type == "text/html":
        title = _TITLE.search(body)
        body = title.group(1) if title else b""
    echoed = set(re.split("[/?&=]", unquote(exchange.probe.request.target)))
    words = _WORD.findall(body.decode("utf-8", "replace"))
    said = [word for word in words if word not in echoed and not _VARIES.search(word)]
    return response.status, media_type, *said


def _redirect(exchange: Exchange, base_url: str) -> SplitResult | None:
    """Where an answer leads, if it is a redirect."""
    response = exchange.response or messages.Response(0)
    if not 300 <= response.status < 400:
        return None
    with suppress(ValueError):  # it is up to the service what it writes there
        return urlsplit(urljoin(f"{base_url}/", response.header("location") or ""))
    return urlsplit(base_url)


def prefixes(*urls: str) -> set[str]:
    """The paths of servers or of a base URL, without a slash at their end."""
    return {urlsplit(url).path.rstrip("/") for url in urls}


def nothing_there(servers: Sequence[str], base_url: str, made_up: Exchange) -> str:
    """The sentence for a run whose base URL leads elsewhere, where every path is answered so."""
    response = made_up.response or messages.Response(0)
    said = f"has the same {response.status} ({response.media_type or 'no media type'})"
    if place := _redirect(made_up, base_url):
        here = place.netloc == urlsplit(base_url).netloc
        where = f"{place.scheme}://{place.netloc.rpartition('@')[2]}{place.path * here}"
        said = f"is redirected ({response.status}) to {cut(where, 100)}"
    known = prefixes(*servers)
    if known and prefixes(base_url) - known:
        said += f"; the document's servers say {', '.join(sorted(path or '/' for path in known))}"
    return f"nothing of this API is at {base_url}: is the prefix right? every path {said}"
