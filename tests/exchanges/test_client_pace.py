"""When requests are sent: by a rate, as the service wishes, and until a bound is reached; the time is the test's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges import Board, Bounds, Exhausted, Pace
from contracts.exchanges.pace import MAX_WAIT, PATIENCE, wish
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


def test_time_that_passes_between_two_looks_is_no_wait_below_zero(clock: Clock) -> None:
    paced = pace(clock, interval=0.2)
    paced.turn()
    clock.time += 0.1

    def later() -> float:
        clock.time += 0.022  # so much between any two looks at the clock: its turn comes between them
        return clock.time

    paced.now = later
    paced.turn()
    assert all(seconds >= 0 for seconds in clock.slept)


def test_no_rate_is_no_wait(clock: Clock) -> None:
    paced = pace(clock)
    for _ in range(3):
        paced.turn()
    assert (clock.slept, paced.spent) == ([], 3)


@pytest.fixture
def processes(clock: Clock, tmp_path: Path) -> Callable[..., list[Pace]]:
    """The paces of two processes of one run, by its bounds."""

    def two(**bounds: float) -> list[Pace]:
        return [replace(pace(clock, **bounds), board=Board(tmp_path / "deeper" / "pace")) for _ in range(2)]

    return two


def first(clock: Clock, step: Callable[[], None]) -> Callable[[float], None]:
    """Sleeps; something happens after the first time."""

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:
            step()

    return sleep


def test_rate_and_number_hold_over_all_processes(clock: Clock, processes: Callable[..., list[Pace]]) -> None:
    one, other = processes(interval=2.0, requests=5)
    for paced in (one, other, other, one, other):
        paced.turn()
    assert (clock.slept, one.spent, other.spent) == ([2.0] * 4, 4, 5)
    for paced in (one, other):
        with pytest.raises(Exhausted, match=r"the run has sent 5 requests, its bound \(--contract-max-requests\)"):
            paced.turn()


def test_what_a_service_wishes_holds_for_all_processes(clock: Clock, processes: Callable[..., list[Pace]]) -> None:
    one, other = processes()
    one.heed(Response(429, (("Retry-After", "7"),)))
    other.turn()
    assert clock.slept == [7]


def test_wish_that_comes_while_another_process_waits_is_heeded(
    clock: Clock, processes: Callable[..., list[Pace]]
) -> None:
    one, other = processes(interval=2.0)
    one.turn()

    one.sleep = first(clock, lambda: other.heed(Response(429, (("Retry-After", "9"),))))
    one.turn()
    assert clock.slept == [2.0, 9.0]


def test_turn_that_another_process_takes_meanwhile_is_waited_for_again(
    clock: Clock, processes: Callable[..., list[Pace]]
) -> None:
    one, other = processes(interval=2.0)
    one.turn()

    one.sleep = first(clock, lambda: other.turn())
    one.turn()
    assert (clock.slept, one.spent) == ([2.0, 2.0], 3)


def test_patience_is_that_of_the_run(processes: Callable[..., list[Pace]]) -> None:
    one, other = processes()
    for paced in (one, other) * 6:
        paced.heed(Response(429, (("Retry-After", "100"),)))
        with suppress(Exhausted):
            paced.turn()
    with pytest.raises(Exhausted, match=r"the service made the run wait 660 s"):
        other.turn()


def test_without_a_place_for_the_board_a_process_goes_on_alone(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    paced = replace(pace(clock, interval=2.0), board=Board(tmp_path / "file" / "pace"))
    paced.turn()
    paced.turn()
    assert (clock.slept, paced.spent) == ([2.0], 2)


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
