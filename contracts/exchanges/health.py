"""Exchanges that say nothing about the contract, and from where on more of them are pointless."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts import messages
from contracts.document import Spec
from contracts.messages import Credential, Exchange, FailureKind, Probe, Request, is_unavailable

REFUSALS = messages.REFUSALS
EXPIRED = "the credential was taken at first and then refused on every request; has it expired?"

ABSENT = frozenset({FailureKind.REFUSED, FailureKind.TLS})  # of all requests: there is no service
SILENT = frozenset({*ABSENT, FailureKind.TIMED_OUT})
# An operation is asked nothing more after so many
PATIENCE = 3  # requests that nobody took, from the first on,
SILENCE = 5  # requests in a row that nobody answered,
LOSSES = 20  # requests lost in any way: also reset, too large, or answered with 503 or 429,
MOST_KEPT = 256 * 1024 * 1024  # bytes of bodies


class StopKind(StrEnum):
    """Why asking ended: none of the run or of the operation was taken, or none any more, …"""

    ABSENT = "absent"
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
    return _refused(spec, exchanges)


def _refused(spec: Spec, exchanges: Sequence[Exchange]) -> str | None:
    """Why the credential is none here: all that could depend on it was refused."""
    answers = [(probe, status) for _, probe, status in _telling(spec, exchanges)]
    statuses = {status for _, status in answers}
    if not statuses & REFUSALS or not statuses <= REFUSALS | messages.BEFORE_CREDENTIAL:
        return None
    # An operation or a path where wrong ones were refused: if this was not, it is known.
    wrong: set[object] = set()
    for exchange in exchanges:
        probe, response = exchange.probe, exchange.response
        form = messages.CREDENTIAL_FORMS[probe.credential]
        if response and response.status in REFUSALS and form.refused:
            place = probe.request.method, probe.request.target
            wrong |= {probe.operation, place, (place, probe.credential, response.status)}
    weak = False
    for probe, status in answers:
        place = probe.request.method, probe.request.target
        if status in REFUSALS:
            weak |= status == 403 and (place, Credential.WRONG, 401) in wrong
            wrong -= {probe.operation, place}
    for probe, _ in answers:
        if {probe.operation, (probe.request.method, probe.request.target)} & wrong:
            return None
    if weak and statuses != {403}:
        return None
    if weak:
        cure = f"give {spec.variable} the rights that this takes"
        return f"every request had 403, where a wrong credential has 401; {cure}"
    cure = f"set {spec.variable} to one that this service knows"
    return f"the credential was refused on every request; {cure}"


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
        # A mock that was told what to answer does not look at the credential.
        counts = probe.credential is Credential.RIGHT and probe.source != "status"
        if counts and spec.by_key[probe.operation].needs_credential:
            yield index, probe, response.status


def until_stop(exchanges: Iterable[Exchange]) -> Iterator[Exchange | Stop]:
    """The exchanges of an operation up to where the rest would only take time; then why: a Stop."""
    asked, kept = list[Exchange](), 0
    for exchange in exchanges:
        yield exchange
        asked.append(exchange)
        kept += len(exchange.response.body) if exchange.response else 0
        if stop := _stop(asked, kept):
            yield stop
            return


def _stop(asked: Sequence[Exchange], kept: int) -> Stop | None:
    count, key = len(asked), asked[-1].probe.operation
    kinds = {exchange.failure and exchange.failure.kind for exchange in asked[-SILENCE:]}
    silent = (count == PATIENCE or count >= SILENCE) and kinds <= SILENT
    if silent or (count >= LOSSES and all(map(is_unavailable, asked[-LOSSES:]))):
        if not all(map(is_unavailable, asked)):
            said = f"the service stopped answering while {key} was asked"
            return Stop(key, StopKind.SILENT, said)
        if asked[-1].number == PATIENCE - 1 and kinds <= ABSENT:
            return Stop(key, StopKind.ABSENT, "the service took none of the requests before")
        return Stop(key, StopKind.UNANSWERED, f"no request of {key} was answered")
    if kept > MOST_KEPT:
        return Stop(key, StopKind.TOO_LARGE, f"the answers of {key} are too large to be kept")
    return None
