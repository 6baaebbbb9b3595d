"""Exchanges to numbers, in one pass that keeps none of them."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace

from contracts.exchanges.traffic import traffic_of
from contracts.messages import Exchange, Failure, FailureKind, Probe, Request, Response
from tests.exchanges.documents import SCHEMES, spec_of

OPERATION = {"responses": {"200": {"description": ""}}}
SECURED, PUBLIC = "POST /secured", "GET /public"
SPEC = spec_of(
    {
        "/secured": {"post": {**OPERATION, "security": [{"bearer": []}]}},
        "/public": {"get": OPERATION},
    },
    components={"securitySchemes": SCHEMES},
)


def exchange(
    answer: int | FailureKind, key: str = PUBLIC, source: str = "given", seconds: float = 0.1, number: int = 0
) -> Exchange:
    method, path = key.split(" ")
    probe = Probe(key, Request(method, f"{path}?{number}"), source=source)
    if isinstance(answer, FailureKind):
        return Exchange(number, probe, failure=Failure(answer, "why"))
    return Exchange(number, probe, response=Response(answer, seconds=seconds))


def test_everything_is_counted_by_operation_and_in_all() -> None:
    again = replace(exchange(200), attempts=3, retried=("503", "503"))
    exchanges = [exchange(200), exchange(503), exchange(201, SECURED), exchange(FailureKind.RESET, SECURED), again]
    traffic = traffic_of(SPEC, exchanges)
    assert (traffic.exchanges, traffic.unavailable, traffic.retried, traffic.retried_for) == (5, 2, 1, {"503": 1})
    assert traffic.endings == {"200": 2, "201": 1, "503": 1, "reset": 1}
    assert list(traffic.shares) == [PUBLIC, SECURED]
    secured = traffic.shares[SECURED]
    assert (secured.exchanges, secured.unavailable, secured.endings) == (2, 1, {"201": 1, "reset": 1})


def test_a_method_that_is_not_listed_is_counted_and_says_nothing_of_its_operation() -> None:
    traffic = traffic_of(SPEC, [exchange(405, source="method"), exchange(503)])
    share = traffic.shares[PUBLIC]
    assert (share.exchanges, share.signs.count, share.answers) == (2, 1, {503: 1})
    assert share.signs.blocked == traffic.signs.blocked == "the service was unavailable on every request"


def test_the_slowest_answer_is_the_first_of_those() -> None:
    exchanges = [exchange(200, seconds=seconds, number=n) for n, seconds in enumerate((0.1, 0.4, 0.2, 0.4))]
    share = traffic_of(SPEC, exchanges).shares[PUBLIC]
    assert (share.longest, share.slowest, list(share.seconds)) == (0.4, "GET /public?1", [0.1, 0.4, 0.2, 0.4])


def test_what_accepted_forbidden_requests_made_is_named_once() -> None:
    made = exchange(201, SECURED, "refusal")
    assert traffic_of(SPEC, [made, exchange(422, SECURED, "refusal"), made]).made == (SECURED,)


@dataclass
class OnDisk:
    """Exchanges that are made as they are read, and known only as long as somebody holds them."""

    passes: int = 0
    most: int = 0  # that were there at once

    def __iter__(self) -> Iterator[Exchange]:
        self.passes += 1
        alive: weakref.WeakSet[_Text] = weakref.WeakSet()
        for number in range(300):
            text = _Text(f"/secured?{number}")
            alive.add(text)
            probe = Probe(SECURED, Request("POST", text, body=b"x"), source="given")
            yield Exchange(number, probe, response=Response(200 if number % 3 else 401))
            del probe, text
            gc.collect(0)
            self.most = max(self.most, len(alive))


class _Text(str):
    """A text that can be watched."""


def test_exchanges_are_read_once_and_let_go() -> None:
    exchanges = OnDisk()
    assert traffic_of(SPEC, exchanges).exchanges == 300
    assert exchanges.passes == 1
    assert exchanges.most < 5
