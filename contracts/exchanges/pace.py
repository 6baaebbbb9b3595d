"""How fast, how much and how long a run asks, over all its processes; when a service wants rest."""

import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from weakref import finalize

import stamina
from filelock import FileLock

from contracts import messages
from contracts.messages import Response

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

MAX_WAIT = 60.0
"""Seconds that a service can make a run wait before one request: a wish is granted up to here."""
PATIENCE = 600.0  # seconds that a service can make a run wait in all; then the run ends
BRIEFLY = 0.001  # seconds between two looks whether the board is free: nobody holds it for longer
PACE = struct.Struct("<q4d")


class Exhausted(Exception):
    """A bound of the run is reached: nothing more is sent; `str()` says which bound."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a run may ask: seconds between two requests, requests in all, seconds in all."""

    interval: float = 0.0
    requests: int | None = None
    seconds: float | None = None


def pause(seconds: float) -> None:
    """Sleep; not where stamina's testing mode has turned waiting off."""
    if not stamina.is_testing():
        time.sleep(seconds)


@dataclass(slots=True, weakref_slot=True)
class Board:
    """A file in which the processes of a run share its pace: requests sent, and four moments."""

    path: Path
    _file: FileIO | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else reads or writes meanwhile. Raises OSError where the file can't be written."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = FileIO(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+")
            finalize(self, self._file.close)
        if fcntl is None:
            with FileLock(f"{self.path}.lock", poll_interval=BRIEFLY):
                yield
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)  # each request asks for it: FileLock takes 70 µs
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def read(self) -> tuple[int, float, float, float, float] | None:
        """What was written last; None if nothing was."""
        if self._file is None or self._file.seek(0) or len(found := self._file.read()) < PACE.size:
            return None
        return PACE.unpack(found)

    def write(self, *values: float) -> None:
        if self._file is not None:
            self._file.seek(0)
            self._file.write(PACE.pack(*values))


@dataclass(slots=True)
class Pace:
    """The clock of a run; its processes share it where they have a `board`."""

    bounds: Bounds = field(default_factory=Bounds)
    started: float = field(default_factory=time.time)
    spent: int = 0
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = pause
    board: Board | None = None
    _next: float = 0.0
    _waited: float = 0.0
    _seen: float = 0.0  # the time at the last turn: a clock that is put back moves what rests on it

    def turn(self) -> None:
        """Wait until the next request may be sent, and count it. Raises Exhausted if none may."""
        waited_for = None
        while True:
            with self._together():
                if self._is_due(waited_for):
                    self.spent += 1
                    self._next = self.now() + self.bounds.interval
                    return
                waited_for, wait = self._next, max(0.0, self._next - self.now())
            self.sleep(wait)  # others may take the turn meanwhile, or see that more rest is wished

    def _is_due(self, waited_for: float | None) -> bool:
        most, seconds, waited = self.bounds.requests, self.bounds.seconds, self._waited
        put_back, self._seen = max(0.0, self._seen - self.now()), self.now()
        self.started, self._next = self.started - put_back, self._next - put_back
        if most is not None and self.spent >= most:
            said = f"sent {self.spent} requests, its bound (--contract-max-requests)"
            raise Exhausted(f"the run has {said}")
        if waited > PATIENCE:
            said = f"wait {waited:.0f} s (Retry-After, X-RateLimit-Reset)"
            raise Exhausted(f"the service made the run {said}")
        if not self.has_time(max(0.0, self._next - self.now())):
            raise Exhausted(f"the run has used the {seconds:g} s that it has (--contract-max-time)")
        return self._next in (waited_for, min(self._next, self.now()))

    def has_time(self, wait: float = 0.0) -> bool:
        """Whether a request may still be sent after waiting so long."""
        return self.bounds.seconds is None or self.now() + wait - self.started < self.bounds.seconds

    def heed(self, answer: Response) -> None:
        """Put the next request off as an answer wishes, within bounds."""
        now = self.now()
        seconds = min(wish(answer, datetime.fromtimestamp(now, UTC)), MAX_WAIT)
        if seconds:
            with self._together():
                self._waited += max(0.0, now + seconds - max(self._next, now))
                self._next = max(self._next, now + seconds)

    def _together(self) -> AbstractContextManager[None]:
        """What all processes know, and nobody else changes meanwhile."""
        return nullcontext() if self.board is None else self._alone()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with ExitStack() as held:
            try:
                if self.board is not None:
                    held.enter_context(self.board.held())
                    self._now_is(self.board.read())
            except OSError:  # then the ledger can't be written either, which ends the run
                self.board = None
            yield
            if self.board is not None:
                self.board.write(self.spent, self.started, self._next, self._waited, self._seen)

    def _now_is(self, values: tuple[int, float, float, float, float] | None) -> None:
        if values is not None:
            self.spent, self.started, self._next, self._waited, self._seen = values


def wish(answer: Response, now: datetime) -> float:
    """Seconds that an answer asks for: Retry-After, or until a used up limit is renewed."""
    seconds = 0.0
    if answer.status in messages.UNAVAILABLE:
        seconds = retry_after(answer.header("retry-after") or "", now)
    reset = _number(answer.header("x-ratelimit-reset"))
    if reset is None or _number(answer.header("x-ratelimit-remaining")) != 0:
        return seconds
    # No standard fixes the field: a time since the epoch, in s or ms, or seconds left.
    if reset > 1e11:
        reset /= 1000
    if reset > 1e9:
        reset -= now.timestamp()
    return max(seconds, reset)


def retry_after(value: str, now: datetime) -> float:
    """Seconds of a Retry-After field, seconds or a date (RFC 9110 §10.2.3); 0 for other text."""
    if value.isascii() and value.strip().isdigit():
        return float(value)
    date = messages.moment_of(value)
    return max(0.0, (date - now).total_seconds()) if date is not None else 0.0


def _number(value: str | None) -> float | None:
    """The number that a field holds, before any `;` or `,`; None for other text."""
    if value is None:
        return None
    text = value.replace(",", ";").partition(";")[0].strip()
    if text.isascii() and text.replace(".", "", 1).isdigit() and len(text) <= 20:
        return float(text)
    return None
