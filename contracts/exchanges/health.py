"""Exchanges that say nothing about the contract, and from where on more of them are pointless."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from contracts import messages
from contracts.document import Spec
from contracts.document.security import schemes_in_use
from contracts.messages import Credential, Exchange, FailureKind, Probe, Request, is_unavailable
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
MOST_KEPT = 256 * 1024 * 1024  # bytes of requests and answers,
MOST_IN_ALL = 4 * MOST_KEPT  # or so many in the whole run

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


def blocked(spec: Spec, exchanges: Sequence[Exchange]) -> str | None:
    """Why the answers say nothing, if they don't: none came, or all refused the credential."""
    if exchanges and all(map(is_unavailable, exchanges)):
        first = exchanges[0].failure
        if first is None or any(exchange.response for exchange in exchanges):
            return "the service was unavailable on every request"
        if first.kind is FailureKind.TLS:
            return f"no request was answered, {first.kind}: {first.detail}"
        detail = f"({first.kind}: {first.detail})"
        return f"no request was answered {detail}; is the service up, and the base URL right?"
    if exchanges and all(map(_speaks_no_http, exchanges)):
        seen = exchanges[0].failure and exchanges[0].failure.detail
        return f"what is at the base URL speaks no HTTP ({seen}); is the port right?"
    return _refused(spec, exchanges)


def _speaks_no_http(exchange: Exchange) -> bool:
    """Whether what came is neither an answer nor, as it seems, the body of one."""
    detail = exchange.failure.detail if exchange.failure else ""
    _, found, begun = detail.partition(messages.NO_STATUS_LINE)
    return bool(found) and begun[1:2] not in "{[<"


def _refused(spec: Spec, exchanges: Sequence[Exchange]) -> str | None:
    """Why the credential is none here: all that could depend on it was refused."""
    answers = [(probe, status) for _, probe, status in _telling(spec, exchanges)]
    statuses = {status for _, status in answers}
    if not statuses & REFUSALS or not statuses <= REFUSALS | messages.BEFORE_CREDENTIAL:
        return None
    # An operation or a path where wrong ones were refused: if this was not, it is known.
    wrong, refused, weak = set[object](), set[object](), False
    for exchange in exchanges:
        probe, response = exchange.probe, exchange.response
        if response and messages.CREDENTIAL_FORMS[probe.credential].refused:
            wrong |= _places(probe) if response.status in REFUSALS else set()
            weak |= probe.credential is Credential.WRONG and response.status == 401
    for probe, status in answers:
        refused |= _places(probe) if status in REFUSALS else set()
    known = any(_places(probe) & wrong - refused for probe, _ in answers)
    weak = weak and 401 not in statuses
    if known or (weak and statuses != {403}):
        return None
    keys = dict.fromkeys(probe.operation for probe, _ in answers)
    schemes = [scheme.id for key in keys for scheme in schemes_in_use(spec.by_key[key], spec)]
    variables = " and ".join(dict.fromkeys(filter(None, map(spec.variable_of, schemes))))
    if not variables:
        return "a client's certificate is wanted; give it as --contract-client-cert FILE"
    if weak:
        cure = f"give {variables} the rights that this takes"
        return f"every request had 403, where a wrong credential has 401; {cure}"
    cure = f"set {variables} to one that this service knows"
    return f"the credential was refused on every request; {cure}"


def _places(probe: Probe) -> set[object]:
    return {probe.operation, (probe.request.method, probe.request.target)}


def refused_at_last(spec: Spec, exchanges: Sequence[Exchange]) -> bool:
    """Whether the last answer that tells refused the credential, as all do where it has expired."""
    statuses = [status for _, _, status in _telling(spec, exchanges, messages.BEFORE_CREDENTIAL)]
    return statuses[-1:] == [401]


def expired_from(spec: Spec, exchanges: Sequence[Exchange]) -> int | None:
    """From where on the credential was refused, also for a request that was answered before."""
    # Only that tells an expired credential from requests that a service should not refuse.
    answered: dict[Request, set[int]] = defaultdict(set)
    refused: dict[Request, int] = {}  # since the credential was taken last, in the order of asking
    for index, probe, status in _telling(spec, exchanges):
        if status == 401:
            refused.setdefault(probe.request, index)
            continue
        # What comes before anybody looks at the credential still comes when that has expired.
        again = probe.request in refused and status in answered[probe.request]
        if again or status not in messages.BEFORE_CREDENTIAL:
            refused.clear()
        if status not in REFUSALS and probe.request not in refused:
            answered[probe.request].add(status)
    return next(iter(refused.values())) if any(map(answered.get, refused)) else None


def _telling(
    spec: Spec, exchanges: Iterable[Exchange], silent: frozenset[int] = frozenset()
) -> Iterator[tuple[int, Probe, int]]:
    """Index, probe and status of each answer that says whether the right credential is taken."""
    for index, exchange in enumerate(exchanges):
        probe, response = exchange.probe, exchange.response
        if response is None or response.status in messages.UNAVAILABLE | silent:
            continue
        # An odd request may crash what stands in front of the service.
        if probe.source == "edge" and response.status >= 500:
            continue
        # Requests with other methods say nothing of the operation.
        if probe.source == "method":
            continue
        # A mock that was told what to answer does not look at the credential.
        right = not (messages.CREDENTIAL_FORMS[probe.credential].refused or probe.schemes)
        if right and probe.source != "status" and spec.by_key[probe.operation].needs_credential:
            yield index, probe, response.status


def is_plain_success(exchange: Exchange) -> bool:
    """Whether a plain request got what it asked for."""
    plain = exchange.probe.source != "status" and exchange.probe.request.method != "HEAD"
    return plain and exchange.response is not None and 200 <= exchange.response.status < 300


Event = Exchange | Stop | dict[str, Any]  # the last are notes


def until_stop(exchanges: Iterable[Event], before: int = 0) -> Iterator[Event]:
    """The exchanges of an operation up to where the rest would only take time; then why: a Stop.

    Stops and notes that are among them stay there. `before` is the weight of the run so far.
    """
    asked, kept = list[Exchange](), max(before + MOST_KEPT - MOST_IN_ALL, 0)
    for exchange in exchanges:
        yield exchange
        if not isinstance(exchange, Exchange):
            continue
        asked.append(exchange)
        kept += weight(exchange)
        if stop := _stop(asked, kept):
            yield stop
            return


def for_good(stop: Stop, exchanges: Sequence[Exchange], stops: Sequence[Stop]) -> Stop:
    """The Stop of an operation, or of all that come, where nobody takes requests any more.

    `exchanges` and `stops` are those of the run until then, of whatever operation.
    """
    kinds = [one.failure and one.failure.kind for one in exchanges[-LOSSES:]]
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


def _stop(asked: Sequence[Exchange], kept: int) -> Stop | None:
    count, key = len(asked), asked[-1].probe.operation
    kinds = {exchange.failure and exchange.failure.kind for exchange in asked[-SILENCE:]}
    silent = (count == PATIENCE or count >= SILENCE) and kinds <= SILENT
    if silent or (count >= LOSSES and all(map(is_unavailable, asked[-LOSSES:]))):
        if not all(map(is_unavailable, asked)):
            lost = [*takewhile(is_unavailable, reversed(asked))][-1].probe.request
            said = f"the service stopped answering while {key} was asked"
            said += f", at {lost.method} {cut(lost.target, MOST_OF_TARGET)}"
            return Stop(key, StopKind.SILENT, said)
        if asked[-1].number == PATIENCE - 1 and kinds <= ABSENT:
            return Stop(key, StopKind.ABSENT, "the service took none of the requests before")
        return Stop(key, StopKind.UNANSWERED, f"no request of {key} was answered")
    if asked[-1].number == count - 1 == PATIENCE - 1 and all(map(_speaks_no_http, asked)):
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
