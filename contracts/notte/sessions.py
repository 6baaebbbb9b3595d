"""Where session ids come from: from the user, from the list of the service, or from a session of the run's own.

`GET /sessions` is free of charge and starts no browser. `POST /sessions/start` starts one that costs money: it is sent
once and never again, so that at most one is alive. They and `DELETE /sessions/{id}/stop` are in no document of ours,
so their answers are not judged.
"""

from __future__ import annotations

import json
import shlex
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from types import FrameType
from typing import Any

from contracts.exchanges import Exhausted
from contracts.messages import Exchange, Request
from contracts.notte.domain import (
    CHEAPEST,
    COST,
    CREDENTIAL_VARIABLE,
    FINAL,
    LIST,
    SESSION_ID,
    START,
    stop_target,
)
from contracts.schemas.json_text import decode
from contracts.text import cut

MAX_PAGES = 20
MAX_STATUS = 100
"""Characters that are kept of what a service calls a status."""
PER_STATUS = 3
"""How many sessions of each status are asked for."""

Send = Callable[[Request], Exchange]


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list of sessions held.

    Args:
        found: how many sessions of each status.
        picked: ids of some of every status.
        complete: whether the list was read to its end.
        problem: why it could not be read (any further), if so.
    """

    found: dict[str, int] = field(default_factory=dict)
    picked: tuple[str, ...] = ()
    complete: bool = False
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "found": self.found,
            "picked": list(self.picked),
            "complete": self.complete,
            "problem": self.problem,
        }

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self.found.items()))
        more = "" if self.complete else " at least"
        text = (
            f"found{more} {counts}; {len(self.picked)} are asked for"
            if self.found
            else "found no session"
        )
        return f"{text} ({self.problem})" if self.problem else text


def list_sessions(
    send: Send, *, seed: int, wants: Callable[[str], bool] = lambda session_id: True
) -> Listed:
    """Read the list page by page, within bounds, and pick some of every status; another seed picks others.

    Never raises for what the service does: without a list the run goes on with the ids that it was given.
    """
    by_status: dict[str, list[str]] = {}
    pages = _Pages(send)
    for items in pages:
        for session_id, status in filter(None, map(_session, items)):
            if session_id not in (known := by_status.setdefault(status, [])):
                known.append(session_id)
    found = Counter({status: len(ids) for status, ids in by_status.items()})
    random = Random(seed)
    picked = [
        session_id
        for status in sorted(by_status)
        for session_id in _some(by_status[status], random, wants)
    ]
    return Listed(dict(found), tuple(dict.fromkeys(picked)), pages.complete, pages.problem)


def _some(ids: list[str], random: Random, wants: Callable[[str], bool]) -> list[str]:
    usable = [session_id for session_id in ids if wants(session_id)]
    return random.sample(usable, min(PER_STATUS, len(usable)))


@dataclass(slots=True)
class _Pages:
    """The items of each page, until there is no further one, or no use in asking for it."""

    send: Send
    complete: bool = False
    problem: str = ""

    def __iter__(self) -> Iterator[list[Any]]:
        for number in range(1, MAX_PAGES + 1):
            page = self._page(LIST if number == 1 else f"{LIST}&page={number}")
            if page is None:
                return
            yield page["items"]
            if page.get("has_next") is not True:
                self.complete = True
                return
        self.problem = f"read to page {MAX_PAGES}"

    def _page(self, target: str) -> dict[str, Any] | None:
        try:
            exchange = self.send(Request("GET", target))
        except Exhausted as bound:
            self.problem = str(bound)
            return None
        if exchange.response is None or exchange.response.status != 200:
            self.problem = f"GET /sessions: {outcome(exchange)}"
            return None
        value = decode(exchange.response.body).value
        if not isinstance(value, dict) or not isinstance(value.get("items"), list):
            self.problem = "GET /sessions: the answer is no page of sessions"
            return None
        return value


def outcome(exchange: Exchange) -> str:
    """What came back, in a few words."""
    if exchange.response is not None:
        return str(exchange.response.status)
    return (
        f"{exchange.failure.kind.value}, {exchange.failure.detail}"
        if exchange.failure
        else "nothing"
    )


def _session(item: Any) -> tuple[str, str] | None:
    """Id and status of an item that has a usable id."""
    if not isinstance(item, dict) or not isinstance(session_id := item.get(SESSION_ID), str):
        return None
    status = item.get("status")
    usable = (
        session_id not in ("", ".", "..") and session_id.isprintable() and len(session_id) <= 200
    )
    return (
        (session_id, cut(status, MAX_STATUS) if isinstance(status, str) else "without a status")
        if usable
        else None
    )


WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before a stopped session that is still called active is asked for again."""

Say = Callable[[str], None]
Ask = Callable[[str], list[Exchange]]
"""Asks everything that is to be asked about a session, by its id."""


@dataclass(slots=True)
class Started:
    """What became of the session.

    Args:
        id: None if there was none.
        statuses: what it was called, in the order of asking, each once.
        stopped: whether it is known to have ended.
        problem: what went wrong, in a sentence.
    """

    id: str | None = None
    statuses: list[str] = field(default_factory=list)
    stopped: bool = False
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """What a report says of it."""
        return {
            "session_id": self.id,
            "statuses": self.statuses,
            "stopped": self.stopped,
            "cost": COST if self.id else None,
            "problem": self.problem,
        }

    def __str__(self) -> str:
        if self.id is None:
            return f"started no session: {self.problem or 'interrupted'}"
        seen = f"seen {', then '.join(self.statuses)}" if self.statuses else "never seen"
        ended = "stopped" if self.stopped else "NOT STOPPED"
        return f"started session {self.id}, {seen}, {ended}; cost {COST}{f' ({self.problem})' if self.problem else ''}"


@dataclass(slots=True)
class Starter:
    """Starts one session and stops it.

    Args:
        send: for everything but the stop: it ends when a bound of the run is reached.
        stop: for the stop, which is sent whatever the bounds say.
        ask: asks for a session everything that there is to ask; its exchanges are judged.
        sleep: waits.
    """

    send: Send
    stop: Send
    ask: Ask
    say: Say
    sleep: Callable[[float], None]
    base_url: str
    started: Started = field(default_factory=Started)

    def run(self) -> Started:
        """Start, ask, stop, ask. The session is stopped also if this is interrupted or fails anywhere."""
        self.say(f"contract: starting a session on {self.base_url}, which costs {COST}")
        try:
            with suppress(Exhausted):
                self._start_and_ask()
        except (
            BaseException
        ):  # Ctrl-C as well: whatever happens, the session is ended, and the error goes on
            self._end()
            self._warn()
            raise
        self._end()
        if self.started.id is not None:
            with suppress(Exhausted):
                self._ask_until_final(self.started.id)
            self._warn()
        self.say(f"contract: {self.started}")
        return self.started

    def _start_and_ask(self) -> None:
        with interrupts_wait():
            self._start()
        if self.started.id is not None:
            self._ask(self.started.id)

    def _start(self) -> None:
        body = json.dumps(CHEAPEST).encode()
        try:
            exchange = self.send(
                Request("POST", START, (("Content-Type", "application/json"),), body)
            )
        except Exhausted as bound:
            self.started.problem = str(bound)
            raise
        value = decode(exchange.response.body).value if exchange.response is not None else None
        session_id = value.get(SESSION_ID) if isinstance(value, dict) else None
        answered = exchange.response.status if exchange.response is not None else 0
        if (
            200 <= answered < 300
            and isinstance(session_id, str)
            and session_id not in ("", ".", "..")
        ):
            self.started.id = session_id
            return
        self.started.problem = f"POST {START}: {outcome(exchange)}"
        if exchange.response is None or 200 <= answered < 300 or answered >= 500:
            self.started.problem += (
                ", so one may be running whose id nobody knows; it ends by itself, within "
                f"{CHEAPEST['max_duration_minutes']} minutes at most"
            )

    def _ask(self, session_id: str) -> str | None:
        """Ask once more; what the session is called now."""
        status = None
        for exchange in self.ask(session_id):
            status = _status(exchange) or status
            if status and status not in self.started.statuses[-1:]:
                self.started.statuses.append(status)
        return status

    def _end(self) -> None:
        """Stop the session, if there is one that may be running."""
        if self.started.id is None:
            return
        try:
            with interrupts_wait():
                self._stop(self.started.id)
        except KeyboardInterrupt:
            self._warn()
            raise

    def _stop(self, session_id: str) -> None:
        try:
            exchange = self.stop(Request("DELETE", stop_target(session_id)))
        except (
            Exception
        ) as error:  # the suite's own; what matters now is that somebody stops the session
            self.started.problem = f"the stop failed inside: {error}"
            return
        self.started.stopped = (
            exchange.response is not None and 200 <= exchange.response.status < 300
        )
        self.started.problem = "" if self.started.stopped else f"the stop had {outcome(exchange)}"

    def _ask_until_final(self, session_id: str) -> None:
        for wait in (*WAITS, None):
            if self._ask(session_id) in FINAL:
                self.started.stopped = True
                return
            if wait is not None:
                self.sleep(wait)
        if self.started.stopped and not self.started.problem:
            self.started.problem = "the stop was answered, but no answer calls it closed"
            self.started.stopped = False

    def _warn(self) -> None:
        if self.started.id is not None and not self.started.stopped:
            self.say(
                f"contract: WARNING: session {self.started.id} may still be running ({self.started.problem}); stop it: "
                f'curl -X DELETE -H "Authorization: Bearer ${CREDENTIAL_VARIABLE}" '
                f"{shlex.quote(self.base_url + stop_target(self.started.id))}; it ends by itself after "
                f"{CHEAPEST['max_duration_minutes']} minutes"
            )


def _status(exchange: Exchange) -> str | None:
    if exchange.response is None or exchange.response.status != 200:
        return None
    value = decode(exchange.response.body).value
    status = value.get("status") if isinstance(value, dict) else None
    return status if isinstance(status, str) else None


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM are kept for the end: an id that has come must not be lost, nor a stop left out."""
    kept: list[int] = []

    def keep(number: int, frame: FrameType | None) -> None:
        kept.append(number)

    before: dict[int, Any] = {}
    with suppress(ValueError):  # not the main thread: signals are somebody else's
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, keep)
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)
        if kept:
            raise KeyboardInterrupt
