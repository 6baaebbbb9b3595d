"""When requests are sent: by a rate, as the service wishes, and until a bound is reached; the time is the test's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Bounds, Exhausted, Pace
from contracts.exchanges.client import MAX_WAIT, PATIENCE, wish
from contracts.messages import FailureKind, Response
from tests.exchanges.test_client import BUSY, OK, Script, ask, response

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A time that passes only while somebody sleeps."""

    time: float = NOON.timestamp()
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pace(clock: Clock, **bounds: float) -> Pace:
    return Pace(Bounds(**bounds), clock.now(), now=clock.now, sleep=clock.sleep)  # type: ignore[arg-type]


def test_rate_keeps_requests_apart(clock: Clock) -> None:
    paced = pace(clock, interval=0.2)
    for _ in range(3):
        paced.turn()
    clock.time += 0.15
    paced.turn()
    assert clock.slept == [0.2, 0.2, 0.05]


def test_no_rate_is_no_wait(clock: Clock) -> None:
    paced = pace(clock)
    for _ in range(3):
        paced.turn()
    assert (clock.slept, paced.spent) == ([], 3)


def test_another_process_goes_on_where_the_last_one_stopped(clock: Clock) -> None:
    paced = pace(clock, interval=2.0, requests=8)
    paced.continued(7)
    paced.turn()
    assert clock.slept == [2.0]
    with pytest.raises(Exhausted, match=r"the run has sent 8 requests, its bound \(--contract-max-requests\)"):
        paced.turn()


def test_time_ends(clock: Clock) -> None:
    paced = pace(clock, seconds=10)
    paced.turn()
    clock.time += 9.9
    paced.turn()
    clock.time += 0.1
    with pytest.raises(Exhausted, match=r"the run has used the 10 s that it has \(--contract-max-time\)"):
        paced.turn()


def test_waiting_beyond_the_end_is_left_out(clock: Clock) -> None:
    paced = pace(clock, seconds=10)
    paced.heed(Response(429, (("Retry-After", "10"),)))
    with pytest.raises(Exhausted):
        paced.turn()
    assert clock.slept == []


@pytest.mark.parametrize(
    ("status", "fields", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7),
        (503, {"retry-after": "Tue, 24 Nov 2026 12:00:09 GMT"}, 9),
        (429, {"Retry-After": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0),
        (429, {"Retry-After": "soon"}, 0),
        (200, {"Retry-After": "7"}, 0),
        (301, {"Retry-After": "7"}, 0),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "12"}, 12),
        (200, {"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "12"}, 0),
        (200, {"X-RateLimit-Reset": "12"}, 0),
        (200, {"X-RateLimit-Remaining": "0"}, 0),
        (200, {"x-ratelimit-remaining": "0;w=60", "x-ratelimit-reset": "4, 60"}, 4),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON.timestamp()) + 5)}, 5),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON.timestamp() + 6) * 1000)}, 6),
        (200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOON.timestamp()) - 5)}, 0),
        (429, {"Retry-After": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "8"}, 8),
    ],
)
def test_wish_of_the_service(status: int, fields: dict[str, str], seconds: float, clock: Clock) -> None:
    assert wish(Response(status, tuple(fields.items())), NOON) == seconds
    paced = pace(clock)
    paced.heed(Response(status, tuple(fields.items())))
    paced.turn()
    assert clock.slept == [seconds] * (seconds > 0)


@given(st.text(), st.text())
def test_any_limit_can_be_read(remaining: str, reset: str) -> None:
    fields = (("X-RateLimit-Remaining", remaining), ("X-RateLimit-Reset", reset), ("Retry-After", reset))
    assert wish(Response(429, fields), NOON) >= 0


def test_long_wishes_are_granted_in_part_and_end_the_run(clock: Clock) -> None:
    paced = pace(clock)
    for _ in range(int(PATIENCE / MAX_WAIT)):
        paced.heed(Response(429, (("Retry-After", "86400"),)))
        paced.turn()
    paced.heed(Response(429, (("Retry-After", "86400"),)))
    with pytest.raises(Exhausted, match=r"the service made the run wait 660 s"):
        paced.turn()
    assert set(clock.slept) == {MAX_WAIT}
    assert sum(clock.slept) == PATIENCE


# In the client


def test_every_attempt_has_its_turn(clock: Clock) -> None:
    paced = pace(clock, interval=1.0)
    with stamina.set_testing(True, attempts=3):
        assert ask(Script(BUSY, BUSY, OK), pace=paced).attempts == 3
    assert (paced.spent, clock.slept) == (3, [1.0, 1.0])


def test_bound_ends_the_attempts(clock: Clock) -> None:
    with stamina.set_testing(True, attempts=3):
        exchange = ask(script := Script(BUSY, OK), pace=pace(clock, requests=1))
    assert exchange.response is not None
    assert (exchange.response.status, exchange.attempts, len(script.requests)) == (503, 1, 1)


def test_exhausted_client_sends_nothing(clock: Clock) -> None:
    paced, script = pace(clock, requests=1), Script(OK)
    ask(script, pace=paced)
    with pytest.raises(Exhausted):
        ask(script, pace=paced)
    assert len(script.requests) == 1


def test_no_attempt_is_made_that_would_be_too_late(clock: Clock) -> None:
    with stamina.set_testing(True, attempts=3):
        busy = response("Retry-After: 17", status="429 No")
        assert ask(Script(busy, OK), pace=pace(clock, seconds=10)).attempts == 1


def test_answer_puts_the_next_request_off(clock: Clock) -> None:
    paced = pace(clock)
    limited = response("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 3", status="200 OK")
    ask(Script(limited), pace=paced)
    ask(Script(OK), pace=paced)
    assert clock.slept == [3.0]


def test_failures_wish_nothing(clock: Clock) -> None:
    with stamina.set_testing(True, attempts=1):
        exchange = ask(Script(None), pace=pace(clock))
    assert exchange.failure is not None
    assert (exchange.failure.kind, clock.slept) == (FailureKind.RESET, [])
