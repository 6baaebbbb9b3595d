"""What Notte's documentation says of a session in prose, as rules: one row a sentence.

A row is an advisory unless the sentence says must, or it follows from the types. The clock is the service's own, in its
`Date` header.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from contracts.document import Spec
from contracts.notte.domain import FINAL, SESSION, SWEEP, TITLE
from contracts.rules import Answer, ExchangeRule, Extra, HistoryRule, Rule, Scope, Severity

STATUS = "200"
CLOCK = timedelta(seconds=2)
PRECISION = timedelta(seconds=2)
"""How far `duration` may be from what the times say: they are not taken at one instant."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """A session as an answer shows it, with the service's clock when it answered."""

    body: Body
    now: datetime | None

    def time(self, name: str) -> datetime | None:
        return parsed_time(self.body.get(name))

    def number(self, name: str) -> float | None:
        value = self.body.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    @property
    def status(self) -> str | None:
        value = self.body.get("status")
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Prose:
    """A row: what is promised, the sentence it comes from, and the check (None: the answer says nothing about it)."""

    name: str
    place: str
    severity: Severity
    sentence: str
    promise: str
    check: Callable[[Session], str | None]


def parsed_time(value: Any) -> datetime | None:
    """An RFC 3339 date-time; without an offset it is read as UTC, as the service once wrote it."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d+)Y)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


def parsed_duration(value: Any) -> timedelta | None:
    """An ISO 8601 duration as pydantic writes it (a year is 365 days); None for anything else, months included."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    parts = {
        name: float(text) for name, text in found.groupdict().items() if text and name != "sign"
    }
    days = 365 * parts.pop("years", 0.0) + parts.pop("days", 0.0)
    try:
        length = timedelta(days=days, **parts)
    except OverflowError:
        return None
    return -length if found["sign"] else length


# --- checks ---


def _in_order(earlier: str, later: str) -> Callable[[Session], str | None]:
    def check(session: Session) -> str | None:
        first, second = session.time(earlier), session.time(later)
        if first is None or second is None:
            return None
        return (
            ""
            if first <= second
            else f"{later} {second.isoformat()} is before {earlier} {first.isoformat()}"
        )

    return check


def _not_in_the_future(name: str) -> Callable[[Session], str | None]:
    def check(session: Session) -> str | None:
        moment = session.time(name)
        if moment is None or session.now is None:
            return None
        late = moment - session.now
        return (
            ""
            if late <= CLOCK
            else f"{name} is {late.total_seconds():.0f} s ahead of the service's Date"
        )

    return check


def _within(limit: str, since: str) -> Callable[[Session], str | None]:
    def check(session: Session) -> str | None:
        start, minutes = session.time(since), session.number(limit)
        if session.status != "active" or start is None or minutes is None or session.now is None:
            return None
        over = session.now - start - timedelta(minutes=minutes)
        return (
            "" if over <= SWEEP else f"active {over.total_seconds():.0f} s after {since} + {limit}"
        )

    return check


def _closed_at_when_final(session: Session) -> str | None:
    if session.status not in FINAL:
        return None
    return (
        ""
        if session.body.get("closed_at") is not None
        else f"status {session.status} without closed_at"
    )


def _no_closed_at_when_active(session: Session) -> str | None:
    if session.status != "active":
        return None
    return "" if session.body.get("closed_at") is None else "status active with closed_at"


def _error_has_text(session: Session) -> str | None:
    if session.status != "error":
        return None
    return "" if session.body.get("error") else "status error without an error text"


def _duration_agrees(session: Session) -> str | None:
    length, start = parsed_duration(session.body.get("duration")), session.time("created_at")
    end = session.time("closed_at") if session.status in FINAL else session.now
    if length is None or start is None or end is None or session.status not in (*FINAL, "active"):
        return None
    off = abs((end - start) - length)
    return (
        ""
        if off <= PRECISION
        else f"duration {session.body['duration']}, but the times give {end - start}"
    )


def _alias(session: Session) -> str | None:
    alias, original = session.number("timeout_minutes"), session.number("idle_timeout_minutes")
    if alias is None or original is None:
        return None
    return (
        "" if alias == original else f"timeout_minutes {alias:g}, idle_timeout_minutes {original:g}"
    )


def _at_least(name: str, least: int) -> Callable[[Session], str | None]:
    def check(session: Session) -> str | None:
        value = session.number(name)
        return None if value is None else "" if value >= least else f"{name} is {value:g}"

    return check


def _viewport(session: Session) -> str | None:
    width, height = session.body.get("viewport_width"), session.body.get("viewport_height")
    typed = all(side is None or isinstance(side, int) for side in (width, height))
    if not typed or not {"viewport_width", "viewport_height"} & session.body.keys():
        return None
    return (
        ""
        if (width is None) == (height is None)
        else f"viewport_width {width}, viewport_height {height}"
    )


def _id_not_empty(session: Session) -> str | None:
    value = session.body.get("session_id")
    return None if not isinstance(value, str) else "" if value else "session_id is empty"


ADVISORY, VIOLATION = Severity.ADVISORY, Severity.VIOLATION
_IDLE = "Session idle timeout in minutes. Will timeout if now() > last access time + idle_timeout_minutes"
_LONGEST = (
    "Session max duration in minutes. Will timeout if now() > creation time + max_duration_minutes"
)
_BYTES = "Total byte usage for network {}."

PROSE: tuple[Prose, ...] = (
    Prose("accessed after created", "/last_accessed_at", ADVISORY, "Session creation time; Last access time",
          "is not before created_at", _in_order("created_at", "last_accessed_at")),
    Prose("closed after created", "/closed_at", ADVISORY, "Session creation time; Session closing time",
          "is not before created_at", _in_order("created_at", "closed_at")),
    Prose("accessed before closed", "/last_accessed_at", ADVISORY, "Last access time; Session closing time",
          "is not after closed_at", _in_order("last_accessed_at", "closed_at")),
    Prose("created in the past", "/created_at", ADVISORY, "Session creation time",
          "is not in the future", _not_in_the_future("created_at")),
    Prose("accessed in the past", "/last_accessed_at", ADVISORY, "Last access time",
          "is not in the future", _not_in_the_future("last_accessed_at")),
    Prose("closed in the past", "/closed_at", ADVISORY, "Session closing time",
          "is not in the future", _not_in_the_future("closed_at")),
    Prose("active within idle timeout", "/status", ADVISORY, _IDLE,
          "is not active after the idle timeout", _within("idle_timeout_minutes", "last_accessed_at")),
    Prose("active within max duration", "/status", ADVISORY, _LONGEST,
          "is not active after the maximum duration", _within("max_duration_minutes", "created_at")),
    Prose("closed_at when final", "/closed_at", ADVISORY, "Session closing time, none if still active",
          "is set once the status is final", _closed_at_when_final),
    Prose("no closed_at when active", "/closed_at", ADVISORY, "Session closing time, none if still active",
          "is null while the session is active", _no_closed_at_when_active),
    Prose("error text", "/error", ADVISORY, "Error message if the operation failed to complete",
          "says what failed when the status is error", _error_has_text),
    Prose("duration agrees", "/duration", ADVISORY, "Session duration",
          "is the time from created_at to closed_at, or to now", _duration_agrees),
    Prose("timeout alias", "/timeout_minutes", ADVISORY, "timeout_minutes is a deprecated copy of idle_timeout_minutes",
          "equals idle_timeout_minutes", _alias),
    Prose("positive minutes", "/idle_timeout_minutes", ADVISORY, _IDLE,
          "is positive", _at_least("idle_timeout_minutes", 1)),
    Prose("positive minutes", "/max_duration_minutes", ADVISORY, _LONGEST,
          "is positive", _at_least("max_duration_minutes", 1)),
    Prose("byte counter", "/network_request_bytes", ADVISORY, _BYTES.format("requests"),
          "is not negative", _at_least("network_request_bytes", 0)),
    Prose("byte counter", "/network_response_bytes", ADVISORY, _BYTES.format("responses"),
          "is not negative", _at_least("network_response_bytes", 0)),
    Prose("viewport", "/viewport_width", ADVISORY, "The width of the viewport; The height of the viewport",
          "is set or null together with viewport_height", _viewport),
    Prose("positive side", "/viewport_width", ADVISORY, "The width of the viewport",
          "is positive", _at_least("viewport_width", 1)),
    Prose("positive side", "/viewport_height", ADVISORY, "The height of the viewport",
          "is positive", _at_least("viewport_height", 1)),
    Prose("id not empty", "/session_id", ADVISORY, "Use this ID to interact with the session for the next operation",
          "is not empty", _id_not_empty),
)  # fmt: skip


# --- asked twice ---


@dataclass(frozen=True, slots=True)
class Later:
    """A row about two answers on one session: `check` compares the earlier with the later one."""

    name: str
    place: str
    sentence: str
    promise: str
    check: Callable[[Session, Session], str | None]


def _same(name: str) -> Callable[[Session, Session], str | None]:
    def check(earlier: Session, later: Session) -> str | None:
        if name not in earlier.body or name not in later.body:
            return None
        before, after = earlier.body[name], later.body[name]
        return "" if before == after else f"{name} was {before!r}, then {after!r}"

    return check


def _closed_at_stays(earlier: Session, later: Session) -> str | None:
    return None if earlier.body.get("closed_at") is None else _same("closed_at")(earlier, later)


def _final_stays_final(earlier: Session, later: Session) -> str | None:
    if earlier.status not in FINAL:
        return None
    return (
        ""
        if later.status == earlier.status
        else f"status was {earlier.status}, then {later.status}"
    )


def _final_session_stays(earlier: Session, later: Session) -> str | None:
    if earlier.status not in FINAL or later.status not in FINAL:
        return None
    own = {
        "session_id",
        "created_at",
        "browser_type",
        "closed_at",
        "status",
    }  # these have rows of their own
    names = (earlier.body.keys() | later.body.keys()) - own
    moved = sorted(name for name in names if earlier.body.get(name) != later.body.get(name))
    return "" if not moved else f"{', '.join(moved)} changed on a final session"


def _grows(name: str) -> Callable[[Session, Session], str | None]:
    def check(earlier: Session, later: Session) -> str | None:
        before, after = earlier.number(name), later.number(name)
        if before is None or after is None:
            return None
        return "" if after >= before else f"{name} was {before:g}, then {after:g}"

    return check


def _access_not_back(earlier: Session, later: Session) -> str | None:
    before, after = earlier.time("last_accessed_at"), later.time("last_accessed_at")
    if before is None or after is None:
        return None
    return (
        ""
        if after >= before
        else f"last_accessed_at went back from {before.isoformat()} to {after.isoformat()}"
    )


LATER: tuple[Later, ...] = (
    Later("stays", "/session_id", "The ID of the session", "stays the same", _same("session_id")),
    Later("stays", "/created_at", "Session creation time", "stays the same", _same("created_at")),
    Later("stays", "/browser_type", "the browser is chosen at the start", "stays the same", _same("browser_type")),
    Later("stays", "/closed_at", "Session closing time", "stays the same once set", _closed_at_stays),
    Later("final status", "/status", "closed, error and timed_out are final", "stays final", _final_stays_final),
    Later("final session", "/", "closed, error and timed_out are final", "no longer changes", _final_session_stays),
    Later("does not shrink", "/network_request_bytes", _BYTES.format("requests"), "does not shrink",
          _grows("network_request_bytes")),
    Later("does not shrink", "/network_response_bytes", _BYTES.format("responses"), "does not shrink",
          _grows("network_response_bytes")),
    Later("does not go back", "/last_accessed_at", "Last access time", "does not go back", _access_not_back),
)  # fmt: skip


# --- as rules ---


def prose_rules(spec: Spec) -> Extra:
    """The rules of both tables, for a document that has Notte's session status; none for any other."""
    return Extra(
        tuple(ExchangeRule(rule, _on_answer(row)) for row in PROSE for rule in _rules(spec, row)),
        tuple(HistoryRule(rule, _on_answers(row)) for row in LATER for rule in _rules(spec, row)),
    )


def _rules(spec: Spec, row: Prose | Later) -> Iterator[Rule]:
    operation = spec.by_key.get(SESSION)
    if operation is None or operation.response(200) is None or spec.title != TITLE:
        return
    severity = row.severity if isinstance(row, Prose) else ADVISORY
    rule = Scope(operation, STATUS).rule("prose", row.promise, place=row.place, name=row.name)
    yield replace(rule, severity=severity, clause=f"Notte: “{row.sentence}”")


def _on_answer(row: Prose) -> Callable[[Answer], str | None]:
    def check(answer: Answer) -> str | None:
        session = session_of(answer)
        return None if session is None else row.check(session)

    return check


def _on_answers(row: Later) -> Callable[[Answer, Answer], str | None]:
    def check(earlier: Answer, later: Answer) -> str | None:
        before, after = session_of(earlier), session_of(later)
        return None if before is None or after is None else row.check(before, after)

    return check


@lru_cache(maxsize=4)
def session_of(answer: Answer) -> Session | None:
    """The session that a 200 answer shows; None for any other answer or body."""
    if (
        answer.response.status != 200
        or not answer.is_json
        or not isinstance(answer.decoded.value, dict)
    ):
        return None
    return Session(answer.decoded.value, _http_date(answer.response.header("date")))


def _http_date(value: str | None) -> datetime | None:
    try:
        return email.utils.parsedate_to_datetime(value) if value else None
    except ValueError:
        return None
