"""Sessions in memory: a count and a clock go in, sessions as they are now come out.

Seeded sessions depend on their index only (moduli 3, 4, 5 and 7 cross every status with every other feature);
active ones are placed relative to the moment at which the store was made, and time out like real ones.
"""

import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from .models import Browser, SessionResponse, SessionStart, Status

Clock = Callable[[], datetime]

FIRST_DAY = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
STATUSES, BROWSERS = tuple(Status), tuple(Browser)
STEP_COUNTS = (0, 1, 3, 7, 50)


def utc_now() -> datetime:
    return datetime.now(UTC)


def seeded_id(index: int) -> str:
    random = Random(f"id {index}")
    first, second, third = (str(uuid.UUID(int=random.getrandbits(128), version=4)) for _ in range(3))
    shapes = {3: f"Browser-{first.upper()}", 5: f"{first}-{second}-{third}", 6: f"eu west {first}"}
    return shapes.get(index % 7, first)


def seeded_ids(count: int) -> tuple[str, ...]:
    return tuple(seeded_id(index) for index in range(count))


def features(index: int, random: Random) -> dict[str, Any]:
    """Everything but status and times; each nullable is null and each switch is off in some, by different moduli."""
    session_id, shown = seeded_id(index), index % 3 != 1
    return {
        "session_id": session_id,
        "steps": [
            {"type": "click", "id": f"B{n}", "success": n % 4 != 3, "cost": n / 8, "selector": None}
            for n in range(STEP_COUNTS[index % 5])
        ],
        "proxies": index % 3 == 0,
        "browser_type": BROWSERS[index % 5],
        "use_file_storage": index % 3 == 1,
        "network_request_bytes": 0 if index % 5 == 0 else random.randrange(1, 10**6),
        "network_response_bytes": 0 if index % 5 == 0 else random.randrange(1, 10**11),
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Zürich" if index % 3 == 2 else None,
        "viewport_width": 1280 if shown else None,
        "viewport_height": 1080 if shown else None,
        "headless": index % 3 != 2,
        "solve_captchas": (True, False, None)[index % 3],
        "cdp_url": f"wss://cdp.example/{index}" if index % 5 < 3 else None,
        "viewer_url": f"https://viewer.example/{index}" if index % 5 > 1 else None,
        "web_bot_auth": index % 5 == 1,
    }


def active_seed(index: int, now: datetime) -> SessionResponse:
    random = Random(f"session {index}")
    last_accessed_at = now - timedelta(seconds=random.randrange(0, 60), microseconds=index)
    return SessionResponse(
        **features(index, random),
        status=Status.ACTIVE,
        idle_timeout_minutes=30 - index % 3,
        max_duration_minutes=1440 - index % 7,
        created_at=last_accessed_at - timedelta(minutes=random.randrange(0, 60)),
        last_accessed_at=last_accessed_at,
        duration=timedelta(),
    )


def final_seed(index: int) -> SessionResponse:
    random = Random(f"session {index}")
    status, idle = STATUSES[index % 4], 1 + index % 30
    created_at = FIRST_DAY + timedelta(hours=7 * index, microseconds=0 if index % 3 == 0 else random.randrange(10**6))
    last_accessed_at = created_at + timedelta(seconds=0 if index % 7 == 0 else random.randrange(1, 900))
    waited = timedelta(minutes=idle) if status is Status.TIMED_OUT else timedelta(seconds=random.uniform(0, 59))
    closed_at = last_accessed_at + waited
    return SessionResponse(
        **features(index, random),
        status=status,
        idle_timeout_minutes=idle,
        max_duration_minutes=idle + 15,
        created_at=created_at,
        last_accessed_at=last_accessed_at,
        closed_at=closed_at,
        duration=closed_at - created_at,
        error=f"browser crashed: signal {index}" if status is Status.ERROR else None,
    )


def seeded(index: int, now: datetime) -> SessionResponse:
    return active_seed(index, now) if index % 4 == 0 else final_seed(index)


def ended(session: SessionResponse, status: Status, at: datetime) -> SessionResponse:
    return session.model_copy(update={"status": status, "closed_at": at, "duration": at - session.created_at})


def as_of(session: SessionResponse, now: datetime) -> SessionResponse:
    """The session at this moment: final ones never change, active ones grow older until they time out."""
    if session.status is not Status.ACTIVE:
        return session
    deadline = min(
        session.last_accessed_at + timedelta(minutes=session.idle_timeout_minutes),
        session.created_at + timedelta(minutes=session.max_duration_minutes),
    )
    if now > deadline:
        return ended(session, Status.TIMED_OUT, deadline)
    return session.model_copy(update={"duration": now - session.created_at})


class SessionStore:
    def __init__(self, count: int, clock: Clock = utc_now) -> None:
        self.clock = clock
        now = clock()
        self._sessions = {session.session_id: session for session in (seeded(n, now) for n in range(count))}
        self.ids = tuple(self._sessions)
        self.index = {session_id: n for n, session_id in enumerate(self.ids)}

    def get(self, session_id: str) -> SessionResponse | None:
        session = self._sessions.get(session_id)
        return None if session is None else as_of(session, self.clock())

    def all(self) -> Iterable[SessionResponse]:
        now = self.clock()
        return [as_of(session, now) for session in reversed(self._sessions.values())]

    def start(self, wanted: SessionStart) -> SessionResponse:
        now = self.clock()
        session = SessionResponse(
            **wanted.model_dump(exclude={"chrome_args"}),
            session_id=str(uuid.uuid4()),
            status=Status.ACTIVE,
            created_at=now,
            last_accessed_at=now,
            duration=timedelta(),
        )
        self._sessions[session.session_id] = session
        return session

    def stop(self, session_id: str) -> SessionResponse | None:
        session = self.get(session_id)
        if session is not None and session.status is Status.ACTIVE:
            session = self._sessions[session_id] = ended(session, Status.CLOSED, self.clock())
        return session
