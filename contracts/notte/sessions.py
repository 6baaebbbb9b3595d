"""Session ids when none is given: from the service's list, which is free, or one of our own."""

import json
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contracts.errors import ENDINGS
from contracts.exchanges import Exhausted
from contracts.messages import Exchange, Request, Response
from contracts.notte import domain
from contracts.schemas.json_text import TooManyError, decode
from contracts.text import cut

MAX_PAGES = 20
MAX_STATUS = 100  # characters that are kept of what a service calls a status
MAX_STATUSES, OTHERS = 20, "other statuses"  # that are told apart, and what all others are
PER_STATUS = 3  # sessions of each status that are asked for
WAITS = (0.5, 1.0, 2.0, 4.0)  # seconds, while a stopped session is still called active

Send = Callable[[Request], Exchange]


def _outcome(exchange: Exchange) -> str:
    """What came back, in a few words."""
    if exchange.response is not None:
        return str(exchange.response.status)
    failure = exchange.failure
    return f"{failure.kind.value}, {failure.detail}" if failure else "nothing"


def _success(exchange: Exchange) -> Response | None:
    response = exchange.response
    return response if response is not None and 200 <= response.status < 300 else None


def _object(exchange: Exchange) -> dict[str, Any]:
    """The JSON object of a successful answer; empty for any other."""
    response = _success(exchange)
    value = None
    with suppress(TooManyError):
        value = response and decode(response.body).value
    return value if isinstance(value, dict) else {}


def _usable_id(value: Any) -> str | None:
    """An id that a path can hold; a client takes the names of folders for what is above."""
    return value if isinstance(value, str) and value not in ("", ".", "..") else None


# --- the list of the service: `--contract-discover` ---


class _UnreadError(Exception):
    """Why the list could not be read any further."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Sessions of each status in the list, ids of some, and why it was not read to its end."""

    found: dict[str, int] = field(default_factory=dict)
    picked: tuple[str, ...] = ()
    complete: bool = False
    problem: str = ""


def list_sessions(send: Send, *, seed: int) -> Listed:
    """Read the list within bounds and pick some of every status; never raises for what it holds."""
    by_status, problem = dict[str, dict[str, None]](), ""  # ids in the order of the list, each once
    try:
        for item in _items(send):
            session = item if isinstance(item, dict) else {}
            session_id, status = _usable_id(session.get(domain.SESSION_ID)), session.get("status")
            if not isinstance(status, str):
                status = "without a status"
            if session_id and session_id.isprintable() and len(session_id) <= 200:
                status = cut(status, MAX_STATUS)
                if status not in by_status and len(by_status) >= MAX_STATUSES:
                    status = OTHERS
                by_status.setdefault(status, {})[session_id] = None
    except (Exhausted, _UnreadError) as reason:
        problem = str(reason)
    picked, random = dict[str, None](), Random(seed)
    for _, ids in sorted(by_status.items()):
        picked |= dict.fromkeys(random.sample(list(ids), min(PER_STATUS, len(ids))))
    found = {status: len(ids) for status, ids in by_status.items()}
    return Listed(found, tuple(picked), not problem, problem)


def _items(send: Send) -> Iterator[Any]:
    """What each page lists, until there is no further page, or no use in asking for it."""
    for number in range(1, MAX_PAGES + 1):
        target = domain.LIST if number == 1 else f"{domain.LIST}&page={number}"
        exchange = send(Request("GET", target))
        if exchange.response is None or exchange.response.status != 200:
            raise _UnreadError(f"GET /sessions: {_outcome(exchange)}")
        page = _object(exchange)
        if not isinstance(page.get("items"), list):
            raise _UnreadError("GET /sessions: the answer is no page of sessions")
        yield from page["items"]
        if page.get("has_next") is not True:
            return
    raise _UnreadError(f"read to page {MAX_PAGES}")


# --- a session of the run's own: `--contract-start-session` ---


@dataclass(slots=True)
class Started:
    """What became of the session, if there was one, as reports have it."""

    session_id: str | None = None
    statuses: list[str] = field(default_factory=list)  # in the order of asking
    stopped: bool = False  # it is known to have ended
    cost: str | None = None
    problem: str = ""  # what went wrong, in a sentence


@dataclass(slots=True)
class Starter:
    """Starts a session, which costs money, once only, so at most one is alive; and stops it."""

    send: Send  # for everything but the stop: it ends when a bound of the run is reached
    stop: Send  # sent whatever the bounds say
    ask: Callable[[str], list[Exchange]]  # all that there is to ask about a session; it is judged
    say: Callable[[str], None]
    sleep: Callable[[float], None]
    base_url: str
    variable: str = domain.CREDENTIAL_VARIABLE  # that has the credential
    started: Started = field(default_factory=Started)

    def run(self) -> Started:
        """Start, ask, stop, ask; the session is stopped if this is interrupted or fails, too."""
        self.say(f"contract: starting a session on {self.base_url}, which costs {domain.COST}")
        try:
            try:
                with interrupts_wait():
                    self._start()
                if self.started.session_id is not None:
                    self._ask(self.started.session_id)
            except Exhausted as bound:
                if self.started.session_id is None:
                    self.started.problem = str(bound)
            finally:  # Ctrl-C as well: whatever happens, the session is ended
                self._end()
            if self.started.session_id is not None:
                with suppress(Exhausted):
                    self._ask_until_final(self.started.session_id)
        finally:
            self._warn()
        return self.started

    def _start(self) -> None:
        started, body = self.started, json.dumps(domain.CHEAPEST).encode()
        request = Request("POST", domain.START, (("Content-Type", "application/json"),), body)
        exchange = self.send(request)
        started.session_id = _usable_id(_object(exchange).get(domain.SESSION_ID))
        if started.session_id is not None:
            started.cost = domain.COST
            return
        started.problem = f"POST {domain.START}: {_outcome(exchange)}"
        if exchange.response is None or not 300 <= exchange.response.status < 500:
            started.problem += ", so one may be running whose id nobody knows; it ends by itself, "
            started.problem += f"within {domain.CHEAPEST['max_duration_minutes']} minutes at most"

    def _ask(self, session_id: str) -> str | None:
        """Ask once more; what the session is called now."""
        current = None
        for exchange in self.ask(session_id):
            status = _object(exchange).get("status")
            if isinstance(status, str) and status:
                current = status
                if status not in self.started.statuses[-1:]:
                    self.started.statuses.append(status)
        return current

    def _end(self) -> None:
        """Stop the session, if there is one that may be running."""
        started = self.started
        if started.session_id is None:
            return
        with interrupts_wait():
            try:
                exchange = self.stop(Request("DELETE", domain.stop_target(started.session_id)))
                started.stopped = _success(exchange) is not None
                started.problem = "" if started.stopped else f"the stop had {_outcome(exchange)}"
            except Exception as error:  # the suite's own; somebody has to stop the session anyway
                started.problem = f"the stop failed inside: {error}"

    def _ask_until_final(self, session_id: str) -> None:
        current = self._ask(session_id)
        for wait in WAITS:
            if current not in domain.FINAL:
                self.sleep(wait)
                current = self._ask(session_id)
        started, answered = self.started, self.started.stopped
        started.stopped = current in domain.FINAL
        if answered and not started.stopped:
            started.problem = "the stop was answered, but no answer calls it closed"

    def _warn(self) -> None:
        if self.started.session_id is not None and not self.started.stopped:
            url = shlex.quote(self.base_url + domain.stop_target(self.started.session_id))
            self.say(
                f"contract: WARNING: session {self.started.session_id} may still be running "
                f"({self.started.problem}); stop it: "
                f'curl -X DELETE -H "Authorization: Bearer ${self.variable}" {url}; '
                f"it ends by itself after {domain.CHEAPEST['max_duration_minutes']} minutes"
            )


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Within, Ctrl-C and the like wait: an id that came must not be lost, nor a stop left out."""
    kept: list[int] = []
    before: dict[int, Any] = {}
    with suppress(ValueError):  # not the main thread: signals are somebody else's
        for number in ENDINGS:
            before[number] = signal.signal(number, lambda caught, _: kept.append(caught))
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)
        if kept:
            raise KeyboardInterrupt
