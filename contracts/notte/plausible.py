"""A session as the document allows it to one that also keeps what Notte's prose says; for the mock's answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.document import Operation
from contracts.notte.domain import FINAL, SESSION

NOW = datetime(2026, 1, 6, 12, 0, 0, tzinfo=UTC)
"""The mock's clock stands still, so that the same request has the same answer."""

DATE = "Tue, 06 Jan 2026 12:00:00 GMT"


def plausible(operation: Operation, status: int, value: Any) -> Any:
    """The body with its times, counters and copies in agreement; any body but a session's comes back as it is."""
    if operation.key != SESSION or status != 200 or not isinstance(value, dict):
        return value
    session = dict(value)
    seconds = abs(session.get("network_request_bytes", 0)) % 25
    _limits(session)
    _times(session, timedelta(seconds=seconds))
    for name in ("network_request_bytes", "network_response_bytes"):
        if name in session:
            session[name] = abs(session[name])
    if session.get("status") == "error" and not session.get("error"):
        session["error"] = "The browser stopped unexpectedly."
    _viewport(session)
    return session


def _limits(session: dict[str, Any]) -> None:
    session["idle_timeout_minutes"] = 1 + abs(session.get("idle_timeout_minutes", 0)) % 30
    session["timeout_minutes"] = session["idle_timeout_minutes"]
    if "max_duration_minutes" in session:
        session["max_duration_minutes"] = 1 + abs(session["max_duration_minutes"]) % 1440


def _times(session: dict[str, Any], lasted: timedelta) -> None:
    final = session.get("status") in FINAL
    created = NOW - timedelta(days=1) if final else NOW - lasted
    session["created_at"] = _written(created)
    session["last_accessed_at"] = _written(created + lasted / 2)
    if final:
        session["closed_at"] = _written(created + lasted)
    elif "closed_at" in session:
        session["closed_at"] = None
    if "duration" in session:
        session["duration"] = f"PT{lasted.total_seconds():g}S"


def _viewport(session: dict[str, Any]) -> None:
    sides = [name for name in ("viewport_width", "viewport_height") if name in session]
    known = all(session[name] is not None for name in sides)
    for name in ("viewport_width", "viewport_height") if sides else ():
        session[name] = 1 + abs(session.get(name) or 0) % 4096 if known else None


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
