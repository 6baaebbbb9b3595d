"""Sessions that break one sentence of Notte's prose each, and pairs of them that break a sentence about two answers.

A row edits a conforming session, or makes the later of two from it. Other sentences may be broken with it: times hang
together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Session = dict[str, Any]
Edit = Callable[[Session], Session]

# The mock's clock says 2026-01-06T12:00:00Z.
ACTIVE: Session = {
    "session_id": "a",
    "idle_timeout_minutes": 3,
    "timeout_minutes": 3,
    "max_duration_minutes": 15,
    "created_at": "2026-01-06T11:59:00Z",
    "last_accessed_at": "2026-01-06T11:59:30Z",
    "closed_at": None,
    "duration": "PT60S",
    "status": "active",
    "browser_type": "chrome",
    "network_request_bytes": 10,
    "network_response_bytes": 20,
    "viewport_width": 100,
    "viewport_height": 200,
}
CLOSED: Session = {
    **ACTIVE,
    "created_at": "2026-01-05T12:00:00Z",
    "last_accessed_at": "2026-01-05T12:00:30Z",
    "closed_at": "2026-01-05T12:01:00Z",
    "status": "closed",
}


def on(session: Session, **changed: Any) -> tuple[Session, Session]:
    """A conforming session and the same one broken."""
    return session, {**session, **changed}


PROSE_FAULTS: dict[str, tuple[tuple[Session, Session], ...]] = {
    "/last_accessed_at accessed after created": (on(CLOSED, last_accessed_at="2026-01-05T11:00:00Z"),),
    "/closed_at closed after created": (on(CLOSED, closed_at="2026-01-05T11:00:00Z"),),
    "/last_accessed_at accessed before closed": (on(CLOSED, last_accessed_at="2026-01-05T12:02:00Z"),),
    "/created_at created in the past": (on(ACTIVE, created_at="2026-01-06T12:00:03Z"),),
    "/last_accessed_at accessed in the past": (on(ACTIVE, last_accessed_at="2026-01-06T13:00:00+00:00"),),
    "/closed_at closed in the past": (on(CLOSED, closed_at="2026-01-06T12:01:00Z"),),
    "/status active within idle timeout": (on(ACTIVE, last_accessed_at="2026-01-06T11:54:59Z"),),
    "/status active within max duration": (on(ACTIVE, created_at="2026-01-06T11:42:59Z"),),
    "/closed_at closed_at when final": tuple(
        on({**CLOSED, "status": status}, closed_at=None) for status in ("closed", "timed_out", "error")
    ),
    "/closed_at no closed_at when active": (on(ACTIVE, closed_at="2026-01-06T11:59:50Z"),),
    "/error error text": (
        on({**CLOSED, "status": "error", "error": "crashed"}, error=None),
        on({**CLOSED, "status": "error", "error": "crashed"}, error=""),
    ),
    "/duration duration agrees": (
        on(CLOSED, duration="PT2M"),
        on(CLOSED, duration="-PT1M"),
        on(ACTIVE, duration="P1D"),
    ),
    "/timeout_minutes timeout alias": (on(ACTIVE, timeout_minutes=4),),
    "/idle_timeout_minutes positive minutes": (on(CLOSED, idle_timeout_minutes=0), on(CLOSED, idle_timeout_minutes=-3)),
    "/max_duration_minutes positive minutes": (on(CLOSED, max_duration_minutes=0),),
    "/network_request_bytes byte counter": (on(ACTIVE, network_request_bytes=-1),),
    "/network_response_bytes byte counter": (on(ACTIVE, network_response_bytes=-1),),
    "/viewport_width viewport": (on(ACTIVE, viewport_width=None), on(ACTIVE, viewport_height=None)),
    "/viewport_width positive side": (on(ACTIVE, viewport_width=0),),
    "/viewport_height positive side": (on(ACTIVE, viewport_height=-1),),
    "/session_id id not empty": (on(ACTIVE, session_id=""),),
}
"""By place and name: a kept and a broken session."""

LATER_FAULTS: dict[str, tuple[tuple[Session, Session], ...]] = {
    "/session_id stays": (on(ACTIVE, session_id="b"),),
    "/created_at stays": (on(ACTIVE, created_at="2026-01-06T11:59:01Z"),),
    "/browser_type stays": (on(ACTIVE, browser_type="firefox"),),
    "/closed_at stays": (on(CLOSED, closed_at="2026-01-05T12:01:01Z"), on(CLOSED, closed_at=None)),
    "/status final status": (on(CLOSED, status="active"), on(CLOSED, status="error")),
    "/ final session": (
        on(CLOSED, duration="PT61S"),
        on(CLOSED, viewport_width=101),
        on(CLOSED, network_request_bytes=11),
        on(CLOSED, last_accessed_at="2026-01-05T12:00:31Z"),
    ),
    "/network_request_bytes does not shrink": (on(ACTIVE, network_request_bytes=9),),
    "/network_response_bytes does not shrink": (on(ACTIVE, network_response_bytes=0),),
    "/last_accessed_at does not go back": (on(ACTIVE, last_accessed_at="2026-01-06T11:59:29Z"),),
}
"""By place and name: the earlier and the later answer."""
