"""Where session ids come from when nobody gives them: the list of the service, and a session of the run's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from contracts.document import Operation
from contracts.exchanges import Client, Pace
from contracts.flows import Check
from contracts.messages import Exchange, Probe, Request
from contracts.notte.domain import SESSION_ID
from contracts.notte.sessions import Listed, Started, Starter, list_sessions
from contracts.probes import SAFE_METHODS, ProbePlan

Say = Callable[[str], None]


@dataclass(slots=True)
class Sources:
    """What came of looking for sessions; None where it was not asked for. `problem`: the suite itself failed."""

    listed: Listed | None = None
    started: Started | None = None
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """What a report says of it."""
        listed, started = self.listed, self.started
        return {
            "listed": listed and asdict(listed),
            "started": started and started.to_json(),
        }


def source_sessions(
    check: Check,
    operations: Sequence[Operation],
    sources: Sources,
    *,
    discover: bool,
    start: bool,
    say: Say,
) -> None:
    """Look for sessions, and start one, before any operation is asked; only one process of a run does this.

    What is found is noted in the ledger, where every process reads it; what is asked of the session while it is active,
    and once it is closed, is judged with all the rest. `sources` says at any time how far this has come.
    """
    asked = [
        o
        for o in operations
        if any(p.name == SESSION_ID and p.location == "path" for p in o.parameters)
    ]
    with check.client(check.pace) as client, check.client(Pace()) as stopper:
        if discover:
            sources.listed = list_sessions(_sender(client, asked[0]), seed=check.seed)
            say(f"contract: sessions on {check.target}: {sources.listed}")
            check.ledger.add(
                (), found={SESSION_ID: list(sources.listed.picked)}, aside=check.pace.spent
            )
        if start:
            starter = Starter(
                send=_sender(client, asked[0]),
                stop=_sender(stopper, asked[0]),
                ask=lambda session_id: _asked(check, client, asked, session_id),
                say=say,
                sleep=check.pace.sleep,
                base_url=str(check.target),
            )
            sources.started = starter.started
            try:
                starter.run()
            finally:
                own = [starter.started.id] if starter.started.id is not None else []
                aside = check.pace.spent - sum(exchange.attempts for exchange in check.ledger.all())
                check.ledger.add((), own={SESSION_ID: own}, aside=aside)


def _sender(client: Client, operation: Operation) -> Callable[[Request], Exchange]:
    """Sends requests that belong to no operation of the document, with the credential of one that does."""
    return lambda request: client.send(Probe(operation.key, request, source="source"), 0)


def _asked(
    check: Check, client: Client, operations: Sequence[Operation], session_id: str
) -> list[Exchange]:
    """Ask the operations for a session, twice; the exchanges are in the ledger as they come."""
    plan = ProbePlan(check.spec, check.seed, {**check.given, SESSION_ID: (session_id,)})
    found = []
    for operation in operations:
        if operation.method not in SAFE_METHODS:
            continue
        for probe in plan.known(operation):
            exchange = client.send(
                replace(probe, note=f"own session, {probe.note}"), len(check.ledger.all())
            )
            check.ledger.add([exchange])
            found.append(exchange)
    return found
