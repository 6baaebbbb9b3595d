"""Exchanges that say nothing about the contract, and from where on more of them are pointless."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts import messages
from contracts.document import Spec
from contracts.messages import Credential, Exchange, FailureKind, Request, is_unavailable

BEFORE_CREDENTIAL = frozenset({400, 405, 414, 422, 431})
"""What servers and proxies answer to an odd request before anybody looks at its credential."""
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
    statuses = {status for _, _, status in _telling(spec, exchanges)}
    if statuses & messages.REFUSALS and statuses <= messages.REFUSALS | BEFORE_CREDENTIAL:
        cure = f"set {spec.variable} to one that this service knows"
        return f"the credential was refused on every request; {cure}"
    return None


def refused_at_last(spec: Spec, exchanges: Sequence[Exchange]) -> bool:
    """Whether the last answer that tells refused the credential, as all do where it has expired."""
    statuses = [status for _, _, status in _telling(spec, exchanges, BEFORE_CREDENTIAL)]
    return statuses[-1:] == [401]


def expired_from(spec: Spec, exchanges: Sequence[Exchange]) -> int | None:
    """From where on the credential was refused, also for a request that was answered before."""
    # Only that tells an expired credential from requests that a service should not refuse.
    answered: set[Request] = set()
    refused: dict[Request, int] = {}  # since the credential was taken last, in the order of asking
    for index, request, status in _telling(spec, exchanges, BEFORE_CREDENTIAL):
        if status == 401:
            refused.setdefault(request, index)
            continue
        refused.clear()
        if 200 <= status < 300:
            answered.add(request)
    return next(iter(refused.values())) if answered & refused.keys() else None


def _telling(
    spec: Spec, exchanges: Iterable[Exchange], silent: frozenset[int] = frozenset()
) -> Iterator[tuple[int, Request, int]]:
    """Index, request and status of each answer that says whether the right credential is taken."""
    for index, exchange in enumerate(exchanges):
        probe, response = exchange.probe, exchange.response
        if response is None or response.status in messages.UNAVAILABLE | silent:
            continue
        # A mock that was told what to answer does not look at the credential.
        counts = probe.credential is Credential.RIGHT and probe.source != "status"
        if counts and spec.by_key[probe.operation].needs_credential:
            yield index, probe.request, response.status


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
