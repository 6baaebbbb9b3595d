"""When the next request may be sent: a rate, what the service wishes, and the bounds of a run."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import stamina

from contracts.messages import UNAVAILABLE, Headers, header_values

MAX_WAIT = 60.0
"""Seconds that a service can make a run wait before one request: a wish beyond is granted up to here."""
PATIENCE = 600.0
"""Seconds that a service can make a run wait in all; then the run ends."""


def pause(seconds: float) -> None:
    """Sleep; not where stamina's testing mode has turned waiting off."""
    if not stamina.is_testing():
        time.sleep(seconds)


class Exhausted(Exception):
    """A bound of the run is reached: nothing more is sent; `str()` says which bound."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a run may ask.

    Args:
        interval: seconds between two requests.
        requests: how many are sent at most, in the whole run, whatever they are for.
        seconds: how long the run may take.
    """

    interval: float = 0.0
    requests: int | None = None
    seconds: float | None = None


@dataclass(slots=True)
class Pace:
    """The clock of a run's requests; one a process, `started` and `spent` shared by all.

    Args:
        started: when the run began, in seconds since the epoch.
        spent: requests sent so far, by any process.
        now, sleep: the time, given by tests.
    """

    bounds: Bounds = field(default_factory=Bounds)
    started: float = field(default_factory=time.time)
    spent: int = 0
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = pause
    _next: float = 0.0
    _waited: float = 0.0

    def continued(self, spent: int) -> None:
        """Others have sent so many requests, the last of them perhaps just now."""
        if spent > self.spent:
            self.spent = spent
            self._next = max(self._next, self.now() + self.bounds.interval)

    def turn(self) -> None:
        """Wait until the next request may be sent, and count it. Raises Exhausted if there will be none."""
        if self.bounds.requests is not None and self.spent >= self.bounds.requests:
            raise Exhausted(
                f"the run has sent {self.spent} requests, its bound (--contract-max-requests)"
            )
        wait = self._next - self.now()
        if self._waited > PATIENCE:
            raise Exhausted(
                f"the service made the run wait {self._waited:.0f} s (Retry-After, X-RateLimit-Reset)"
            )
        if not self.has_time(max(0.0, wait)):
            raise Exhausted(
                f"the run has used the {self.bounds.seconds:g} s that it has (--contract-max-time)"
            )
        if wait > 0:
            self.sleep(wait)
        self.spent += 1
        self._next = self.now() + self.bounds.interval

    def has_time(self, wait: float = 0.0) -> bool:
        """Whether a request may still be sent after waiting so long."""
        return self.bounds.seconds is None or self.now() + wait - self.started < self.bounds.seconds

    def heed(self, status: int, headers: Headers) -> None:
        """Put the next request off as an answer wishes, within bounds."""
        now = self.now()
        wait = min(wish(status, headers, datetime.fromtimestamp(now, UTC)), MAX_WAIT)
        self._waited += max(0.0, now + wait - max(self._next, now))
        self._next = max(self._next, now + wait)


def wish(status: int, headers: Headers, now: datetime) -> float:
    """Seconds that an answer asks for before the next request: Retry-After, or until a used up limit is renewed."""
    wishes = [0.0]
    if status in UNAVAILABLE:
        wishes += [retry_after(value, now) for value in header_values(headers, "retry-after")[:1]]
    if _number(headers, "x-ratelimit-remaining") == 0:
        wishes.append(_until(_number(headers, "x-ratelimit-reset"), now.timestamp()))
    return max(wishes)


def retry_after(value: str, now: datetime) -> float:
    """Seconds to wait for a Retry-After field, seconds or a date (RFC 9110 §10.2.3); 0 for other text."""
    if value.strip().isascii() and value.strip().isdigit():
        return float(value.strip())
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _number(headers: Headers, name: str) -> float | None:
    """The number that a field holds, before any `;` or `,`; None for other text."""
    for value in header_values(headers, name)[:1]:
        text = value.replace(",", ";").partition(";")[0].strip()
        if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) <= 20:
            return float(text)
    return None


def _until(reset: float | None, now: float) -> float:
    """Seconds until X-RateLimit-Reset, which no standard fixes: a time since the epoch, in s or ms, or seconds left."""
    if reset is None:
        return 0.0
    if reset > 1e11:
        reset /= 1000
    return max(0.0, reset - now) if reset > 1e9 else reset
