"""The exchanges of a run to its numbers, in one pass that keeps none of them."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.document import Spec
from contracts.exchanges.health import Expiry, Signs
from contracts.messages import SAFE_METHODS, Exchange, is_unavailable
from contracts.text import cut

MAX_TARGET = 201  # characters of a request that are kept


@dataclass(slots=True)
class Share:
    """What was asked of one operation, and what came."""

    # Requests with a method that is not listed say nothing of an operation: these are without.
    signs: Signs
    expiry: Expiry
    answers: Counter[int] = field(default_factory=Counter)  # by status

    exchanges: int = 0
    unavailable: int = 0
    endings: Counter[str] = field(default_factory=Counter)  # by status, or what came instead
    seconds: "array[float]" = field(default_factory=lambda: array("d"))  # of each answer
    slowest: str = ""
    longest: float = -1.0

    def add(self, exchange: Exchange) -> None:
        probe, response, failure = exchange.probe, exchange.response, exchange.failure
        if probe.source != "method":
            self.expiry.add(self.signs.count, exchange)
            self.signs.add(exchange)
            if response is not None:
                self.answers[response.status] += 1
        self.exchanges += 1
        self.unavailable += is_unavailable(exchange)
        if response is None:
            self.endings[str(failure and failure.kind.value)] += 1
            return
        self.endings[str(response.status)] += 1
        self.seconds.append(response.seconds)
        if response.seconds > self.longest:
            self.longest = response.seconds
            self.slowest = cut(f"{probe.request.method} {probe.request.target}", MAX_TARGET)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked in a run, and what came: numbers, and by operation a `Share`."""

    shares: Mapping[str, Share]  # in the order in which operations were asked first
    signs: Signs  # of all, without requests with a method that is not listed
    retried: int  # exchanges that took more than one attempt,
    retried_for: Counter[str]  # by what came of the others, each once an exchange
    made: tuple[str, ...]  # places of what accepted requests may have made that were forbidden

    @property
    def exchanges(self) -> int:
        return sum(share.exchanges for share in self.shares.values())

    @property
    def unavailable(self) -> int:
        return sum(share.unavailable for share in self.shares.values())

    @property
    def endings(self) -> Counter[str]:
        found = Counter[str]()
        for share in self.shares.values():
            found += share.endings
        return found


def traffic_of(spec: Spec, exchanges: Iterable[Exchange]) -> Traffic:
    """The numbers of the exchanges of a run, which are read once, and not kept."""
    shares: dict[str, Share] = {}
    signs, retried, retried_for = Signs(spec), 0, Counter[str]()
    made: dict[str, None] = {}
    for exchange in exchanges:
        probe, response = exchange.probe, exchange.response
        share = shares.get(probe.operation)
        if share is None:
            share = shares[probe.operation] = Share(Signs(spec), Expiry(spec))
        share.add(exchange)
        if probe.source != "method":
            signs.add(exchange)
        retried += exchange.attempts > 1
        if exchange.retried:
            retried_for.update(set(exchange.retried))
        changes = probe.source == "refusal" and probe.request.method not in SAFE_METHODS
        if changes and response is not None and 200 <= response.status < 300:
            made[response.header("location") or probe.operation] = None
    return Traffic(shares, signs, retried, retried_for, tuple(made))
