"""Changes made by hand."""

from __future__ import annotations

from typing import Any

from contracts.changes.change import KINDS, Change, Direction, Effect, Reach, Witness
from contracts.document import Source

STATUS = "schemas/Thing /status"
READ = Reach("GET /things/{id}", Direction.RESPONSE)
PAUSED = Witness(
    "GET /things/{id}",
    {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"status": "paused"}},
    accepted_by="revision",
    rejected_by="base",
    because='/status is "paused"; allowed are "active", "closed"',
)
ASKED = Witness(
    "GET /things/{id}",
    {"method": "GET", "path": "/things/x?limit=5", "headers": {}, "body": None},
    accepted_by="base",
    rejected_by="revision",
    because="limit is 5; at most 4 is allowed",
)


def change(
    identity: str = "enum-widened", effect: Effect = Effect.BREAKING, where: str = STATUS, **more: Any
) -> Change:
    facts: dict[str, Any] = {
        "direction": Direction.RESPONSE,
        "reaches": (READ,),
        "base": Source("HEAD:spec/a.yaml", 7, "/x"),
        "revision": Source("spec/a.yaml", 9, "/x"),
        "message": "the list of values takes more than before",
        "witness": PAUSED if effect is Effect.BREAKING else None,
        "proof": None if effect is Effect.BREAKING else "all that was allowed is allowed",
        **more,
    }
    return Change(KINDS[identity], effect, where=where, **facts)


BREAKS = change()
UNKNOWN = change("pattern-changed", Effect.UNDECIDED, "schemas/Thing /name", proof="nothing was found in 200 tries")
WARNS = change("property-removed", Effect.COMPATIBLE, "schemas/Thing /old")
GROWS = change("property-added", Effect.COMPATIBLE, "schemas/Thing /new")
ALL = (GROWS, WARNS, UNKNOWN, BREAKS)
