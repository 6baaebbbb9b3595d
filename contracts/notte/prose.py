"""What Notte's prose says of a session: as rules, one row a sentence, and as believable answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from contracts.document import Operation, Spec
from contracts.messages import moment_of
from contracts.notte.domain import FINAL, SESSION, SESSION_ID, START, SWEEP, TITLE
from contracts.rules import Answer, ExchangeRule, Extra, Scope, broken
from contracts.text import shown

CLOCK = timedelta(seconds=2)  # how far the clocks of a service may be apart
PRECISION = timedelta(seconds=2)  # of `duration`: the times are not taken at one instant
MOST = 10**300  # minutes: more than any time, and no more than a float holds
NOW = datetime(2026, 1, 6, 12, 0, 0, tzinfo=UTC)  # the mock's clock stands still, as answers do
DATE = "Tue, 06 Jan 2026 12:00:00 GMT"

_DURATION = re.compile(
    r"(-?)P(?:(\d+)Y)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?"
)


class UnsaidError(Exception):
    """A session does not show what a sentence is about, or not as the document has it."""


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A session as an answer shows it, and the service's clock at that time; raises UnsaidError."""

    body: Mapping[str, Any]
    now: datetime | None  # in the `Date` header

    def time(self, name: str) -> datetime:
        """An RFC 3339 date-time; read as UTC without an offset, as the service once wrote it."""
        try:
            found = datetime.fromisoformat(self.body.get(name, ""))
        except (TypeError, ValueError, OverflowError):
            raise UnsaidError from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def number(self, name: str) -> float | Decimal:
        value = self.body.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise UnsaidError
        return value

    def status(self, *wanted: str) -> str:
        """The status, if it is one of those that the sentence is about."""
        if self.body.get("status") not in wanted:
            raise UnsaidError
        return str(self.body["status"])

    @property
    def duration(self) -> timedelta:
        """An ISO 8601 duration as pydantic writes it: a year is 365 days, months do not occur."""
        found = _DURATION.fullmatch(str(self.body.get("duration")))
        if found is None:
            raise UnsaidError
        sign, *texts = found.groups(default="0")
        years, weeks, days, hours, minutes, seconds = map(float, texts)
        try:
            length = timedelta(365 * years + days, seconds, 0, 0, minutes, hours, weeks)
            return -length if sign else length
        except (OverflowError, ValueError):
            raise UnsaidError from None

    @property
    def clock(self) -> datetime:
        if self.now is None:
            raise UnsaidError
        return self.now


@dataclass(frozen=True, slots=True)
class Prose:
    """A row: what is promised, the sentence it comes from, and what breaks it, "" if nothing."""

    name: str
    place: str
    sentence: str
    promise: str
    seen: Callable[..., str]  # of a session; or of an earlier and a later one, asked for the same

    def check(self, *sessions: SeenSession) -> str | None:
        """What is seen broken; None if the sessions say nothing about it."""
        try:
            return self.seen(*sessions)
        except UnsaidError:
            return None


IDLE, LONGEST = "idle_timeout_minutes", "max_duration_minutes"
SIDES = ("viewport_width", "viewport_height")
_LIMIT = "Session {} in minutes. Will timeout if now() > {} time + {}"
SENTENCES = {
    "created_at": "Session creation time",
    "last_accessed_at": "Last access time",
    "closed_at": "Session closing time",
    SESSION_ID: "The ID of the session",
    "error": "Error message if the operation failed to complete",
    "duration": "Session duration",
    "timeout_minutes": "timeout_minutes is a deprecated copy of idle_timeout_minutes",
    IDLE: _LIMIT.format("idle timeout", "last access", IDLE),
    LONGEST: _LIMIT.format("max duration", "creation", LONGEST),
    "network_request_bytes": "Total byte usage for network requests.",
    "network_response_bytes": "Total byte usage for network responses.",
    "viewport_width": "The width of the viewport",
    "viewport_height": "The height of the viewport",
    "browser_type": "the browser is chosen at the start",
}
CLOSING = "Session closing time, none if still active"
ENDS = "closed, error and timed_out are final"
USE = "Use this ID to interact with the session for the next operation"


def _row(name: str, member: str, promise: str, *said: str) -> Callable[[Callable[..., str]], Prose]:
    """A row of one place; `said` are its sentences, or the members whose sentences they are."""
    sentence = "; ".join(SENTENCES.get(text, text) for text in said or (member,))
    return partial(Prose, name, f"/{member}", sentence, promise)


def _in_order(name: str, earlier: str, later: str, at: str) -> Prose:
    promise = {later: f"is not before {earlier}", earlier: f"is not after {later}"}[at]

    @_row(name, at, promise, earlier, later)
    def seen(session: SeenSession) -> str:
        first, second = session.time(earlier), session.time(later)
        if first <= second:
            return ""
        return f"{later} {second.isoformat()} is before {earlier} {first.isoformat()}"

    return seen


def _in_the_past(name: str, member: str) -> Prose:
    @_row(name, member, "is not in the future")
    def seen(session: SeenSession) -> str:
        late = session.time(member) - session.clock
        if late <= CLOCK:
            return ""
        return f"{member} is {late.total_seconds():.0f} s ahead of the service's Date"

    return seen


def _active_within(name: str, limit: str, since: str, called: str) -> Prose:
    @_row(name, "status", f"is not active after the {called}", limit)
    def seen(session: SeenSession) -> str:
        status, minutes = session.status("active"), session.number(limit)
        passed = (session.clock - session.time(since)).total_seconds()
        over = passed - 60 * float(max(-MOST, min(minutes, MOST)))
        text = f"{status} {over:.0f} s after {since} + {limit}"
        return broken(over > SWEEP.total_seconds(), text)

    return seen


@_row("closed_at when final", "closed_at", "is set once the status is final", CLOSING)
def _closed_at_when_final(session: SeenSession) -> str:
    text = f"status {session.status(*FINAL)} without closed_at"
    return broken(session.body.get("closed_at") is None, text)


@_row("no closed_at when active", "closed_at", "is null while the session is active", CLOSING)
def _no_closed_at_when_active(session: SeenSession) -> str:
    text = f"status {session.status('active')} with closed_at"
    return broken(session.body.get("closed_at") is not None, text)


@_row("error text", "error", "says what failed when the status is error")
def _error_has_text(session: SeenSession) -> str:
    text = f"status {session.status('error')} without an error text"
    return broken(not session.body.get("error"), text)


@_row("duration agrees", "duration", "is the time from created_at to closed_at, or to now")
def _duration_agrees(session: SeenSession) -> str:
    status, length = session.status("active", *FINAL), session.duration
    end = session.clock if status == "active" else session.time("closed_at")
    between = end - session.time("created_at")
    text = f"duration {session.body['duration']}, but the times give {between}"
    wrong = abs(between.total_seconds() - length.total_seconds()) > PRECISION.total_seconds()
    return broken(wrong, text)


@_row("timeout alias", "timeout_minutes", "equals idle_timeout_minutes")
def _alias(session: SeenSession) -> str:
    alias, original = session.number("timeout_minutes"), session.number(IDLE)
    if alias == original:
        return ""
    return f"timeout_minutes {shown(alias)}, {IDLE} {shown(original)}"


def _at_least(least: int, name: str, member: str) -> Prose:
    @_row(name, member, {0: "is not negative", 1: "is positive"}[least])
    def seen(session: SeenSession) -> str:
        value = session.number(member)
        return "" if value >= least else f"{member} is {shown(value)}"

    return seen


@_row("viewport", "viewport_width", "is set or null together with viewport_height", *SIDES)
def _viewport(session: SeenSession) -> str:
    width, height = map(session.body.get, SIDES)
    typed = isinstance(width, int | None) and isinstance(height, int | None)
    if not typed or not session.body.keys() & SIDES:
        raise UnsaidError
    text = f"viewport_width {width}, viewport_height {height}"
    return broken((width is None) != (height is None), text)


@_row("id not empty", SESSION_ID, "is not empty", USE)
def _id_not_empty(session: SeenSession) -> str:
    if not isinstance(session.body.get(SESSION_ID), str):
        raise UnsaidError
    return broken(not session.body[SESSION_ID], "session_id is empty")


PROSE: tuple[Prose, ...] = (
    _in_order("accessed after created", "created_at", "last_accessed_at", at="last_accessed_at"),
    _in_order("closed after created", "created_at", "closed_at", at="closed_at"),
    _in_order("accessed before closed", "last_accessed_at", "closed_at", at="last_accessed_at"),
    _in_the_past("created in the past", "created_at"),
    _in_the_past("accessed in the past", "last_accessed_at"),
    _in_the_past("closed in the past", "closed_at"),
    _active_within("active within idle timeout", IDLE, "last_accessed_at", "idle timeout"),
    _active_within("active within max duration", LONGEST, "created_at", "maximum duration"),
    _closed_at_when_final,
    _no_closed_at_when_active,
    _error_has_text,
    _duration_agrees,
    _alias,
    _at_least(1, "positive minutes", IDLE),
    _at_least(1, "positive minutes", LONGEST),
    _at_least(0, "byte counter", "network_request_bytes"),
    _at_least(0, "byte counter", "network_response_bytes"),
    _viewport,
    _at_least(1, "positive side", "viewport_width"),
    _at_least(1, "positive side", "viewport_height"),
    _id_not_empty,
)


def _stays(member: str, promise: str = "stays the same") -> Prose:
    @_row("stays", member, promise)
    def seen(earlier: SeenSession, later: SeenSession) -> str:
        if member not in earlier.body or member not in later.body:
            raise UnsaidError
        before, after = earlier.body[member], later.body[member]
        if member == "closed_at" and before is None:
            raise UnsaidError  # it may be set once
        return broken(before != after, f"{member} was {before!r}, then {after!r}")

    return seen


def _grows(member: str) -> Prose:
    @_row("does not shrink", member, "does not shrink")
    def seen(earlier: SeenSession, later: SeenSession) -> str:
        before, after = earlier.number(member), later.number(member)
        return "" if after >= before else f"{member} was {shown(before)}, then {shown(after)}"

    return seen


@_row("final status", "status", "stays final", ENDS)
def _final_stays_final(earlier: SeenSession, later: SeenSession) -> str:
    before, after = earlier.status(*FINAL), later.body.get("status")
    return broken(after != before, f"status was {before}, then {after}")


@_row("final session", "", "no longer changes", ENDS)
def _final_session_stays(earlier: SeenSession, later: SeenSession) -> str:
    earlier.status(*FINAL)
    later.status(*FINAL)
    rows_of_their_own = {SESSION_ID, "created_at", "browser_type", "closed_at", "status"}
    names = sorted((earlier.body.keys() | later.body.keys()) - rows_of_their_own)
    moved = [name for name in names if earlier.body.get(name) != later.body.get(name)]
    return broken(moved, f"{', '.join(moved)} changed on a final session")


@_row("does not go back", "last_accessed_at", "does not go back")
def _access_not_back(earlier: SeenSession, later: SeenSession) -> str:
    before, after = earlier.time("last_accessed_at"), later.time("last_accessed_at")
    if before <= after:
        return ""
    return f"last_accessed_at went back from {before.isoformat()} to {after.isoformat()}"


LATER: tuple[Prose, ...] = (
    _stays(SESSION_ID),
    _stays("created_at"),
    _stays("browser_type"),
    _stays("closed_at", "stays the same once set"),
    _final_stays_final,
    _final_session_stays,
    _grows("network_request_bytes"),
    _grows("network_response_bytes"),
    _access_not_back,
)


def prose_rules(spec: Spec) -> Extra:
    """The rules of both tables, for a document with Notte's session status; none for any other."""
    operation = spec.by_key.get(SESSION)
    if operation is None or operation.response(200) is None or spec.title != TITLE:
        return Extra()
    rules = partial(_exchange_rule, Scope(operation, "200"))
    return Extra(tuple(map(rules, PROSE)), tuple(map(rules, LATER)))


def _exchange_rule(scope: Scope, row: Prose) -> ExchangeRule:
    def check(*answers: Answer) -> str | None:
        sessions = list(filter(None, map(session_of, answers)))
        return row.check(*sessions) if len(sessions) == len(answers) else None

    rule = scope.rule("prose", row.promise, place=row.place, name=row.name)
    return ExchangeRule(replace(rule, clause=f"Notte: “{row.sentence}”"), check)


def session_of(answer: Answer) -> SeenSession | None:
    """The session that a 200 answer shows; None for any other answer or body."""
    known: dict[str, SeenSession | None] = answer.known
    if SESSION not in known:
        known[SESSION] = _session_in(answer)
    return known[SESSION]


def _session_in(answer: Answer) -> SeenSession | None:
    response = answer.response
    if response.status != 200 or not answer.is_json or not isinstance(answer.decoded.value, dict):
        return None
    return SeenSession(answer.decoded.value, moment_of(response.header("date")))


def plausible(operation: Operation, status: int, value: Any) -> Any:
    """A session's body with its times, counters and copies in agreement; any other as it is."""
    if operation.key != SESSION or status != 200 or not isinstance(value, dict):
        return value
    session = dict(value)
    lasted = timedelta(seconds=abs(session.get("network_request_bytes", 0)) % 25)
    session["idle_timeout_minutes"] = 1 + abs(session.get("idle_timeout_minutes", 0)) % 30
    session["timeout_minutes"] = session["idle_timeout_minutes"]
    if "max_duration_minutes" in session:
        session["max_duration_minutes"] = 1 + abs(session["max_duration_minutes"]) % 1440
    for name in {"network_request_bytes", "network_response_bytes"} & session.keys():
        session[name] = abs(session[name])
    if session.get("status") == "error" and not session.get("error"):
        session["error"] = "The browser stopped unexpectedly."
    if "duration" in session:
        session["duration"] = f"PT{lasted.total_seconds():g}S"
    known = {name: session[name] for name in SIDES if name in session}
    for name in SIDES if known else ():
        session[name] = None if None in known.values() else 1 + abs(known.get(name, 0)) % 4096
    return session | _times(session, lasted)


def lived(operation: Operation, session: Any, seconds: int) -> Any:
    """A session after an operation, so many seconds on: an active one is older, or timed out."""
    stops, now = operation.path.endswith("/stop"), NOW + timedelta(seconds=seconds)
    if not isinstance(session, dict) or not session.keys() >= {"status", "created_at", IDLE}:
        return session
    session = {**session, "timeout_minutes": session[IDLE]}
    if operation.path == START:
        session |= {"status": "active", "created_at": now.isoformat(), "error": None}
    if session["status"] != "active" and session.get("closed_at"):
        return session
    created = datetime.fromisoformat(session["created_at"])
    end = created + timedelta(minutes=min(max(session.get(LONGEST, 15), 1), 10**6))
    if stops or now > end:
        session["status"] = "closed" if stops else "timed_out"
    now = min(now, end)
    lasted = f"PT{(now - created).total_seconds():g}S"
    closed = None if session["status"] == "active" else now.isoformat()
    return {**session, "last_accessed_at": now.isoformat(), "duration": lasted, "closed_at": closed}


def _times(session: dict[str, Any], lasted: timedelta) -> dict[str, str | None]:
    final = session.get("status") in FINAL
    created = NOW - timedelta(days=1) if final else NOW - lasted
    times = {"created_at": created, "last_accessed_at": created + lasted / 2}
    if final:
        times["closed_at"] = created + lasted
    found = dict.fromkeys({"closed_at"} & session.keys())
    for name, moment in times.items():
        found[name] = moment.isoformat().replace("+00:00", "Z")
    return found
