"""The sessions that a service lists, counted and picked from by status: `--contract-discover`.

`GET /sessions` is free of charge and starts no browser. It is in no document of ours, so its answers are not judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from contracts.exchanges import Exhausted
from contracts.messages import Exchange, Request
from contracts.schemas.json_text import decode
from contracts.text import cut

FIRST_PAGE = "/sessions?only_active=false&page_size=100"
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
            page = self._page(FIRST_PAGE if number == 1 else f"{FIRST_PAGE}&page={number}")
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
    if not isinstance(item, dict) or not isinstance(session_id := item.get("session_id"), str):
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
