"""Runs made by hand, as they are read from reports."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.report.run import (
    BOUNDS,
    STANDINGS,
    Agreement,
    OperationRun,
    Passage,
    Proof,
    RuleVerdict,
    Run,
    Subject,
    Times,
)
from contracts.rules import Severity
from contracts.verdicts import Outcome

FIRST = datetime(2026, 11, 1, 3, 17, tzinfo=UTC)
GET = "GET /things/{id}"
AGREED = Agreement("rolled out early", "2027-01-31")
THINGS = Subject("Things", "1", "things.yaml", "ab" * 32)


def proof(message: str = '"paused"', body: str | None = '{"status": "paused"}', **extra: Any) -> Proof:
    given = {"message": message, "instance": "/status", "curl": "curl http://h/things/1", "status": 200, "body": body}
    return Proof(**{**given, **extra})


def verdict(state: str, name: str = "status", **extra: Any) -> RuleVerdict:
    """A verdict of the state: of an outcome, `accepted`, or `advisory`."""
    outcome = Outcome.VIOLATED if state in ("accepted", "advisory") else Outcome(state)
    broken = outcome is Outcome.VIOLATED
    given: dict[str, Any] = {
        "rule": f"{GET} 200 /{name} enum",
        "kind": "enum",
        "operation": GET,
        "status": "200",
        "place": f"/{name}",
        "severity": Severity.ADVISORY if state == "advisory" else Severity.VIOLATION,
        "outcome": outcome,
        "exercised": 0 if outcome is Outcome.NOT_EXERCISED else 9,
        "violations": 3 if broken else 0,
        "source": Passage("things.yaml", 12),
        "promise": "is one of active, closed",
        "accepted": AGREED if state == "accepted" else None,
        "evidence": extra.pop("proof", proof() if broken else None),
    }
    return RuleVerdict(**{**given, **extra})


def lacks(operation: str, member: str = "id", state: str = "violated", **extra: Any) -> RuleVerdict:
    """A required member that answers of the operation lack; of several operations, one cause."""
    evidence = proof(f'lacks "{member}"', extra.pop("body", "{}"), instance="/")
    given = {"rule": f"{operation} 200 / required {member}", "kind": "required", "operation": operation}
    return verdict(state, **{**given, "proof": evidence, **extra})


def times(*seconds: float) -> Times:
    """The times of answers that took so long."""
    slow = sorted(seconds)
    histogram = tuple(
        sum(low <= second < high for second in slow)
        for low, high in zip((0.0, *BOUNDS), (*BOUNDS, float("inf")), strict=True)
    )
    ranks = [-(-len(slow) * percent // 100) - 1 for percent in (50, 95)]
    return Times(len(slow), slow[ranks[0]], slow[ranks[1]], slow[-1], f"GET /things/{slow[-1]}", histogram)


def run(*verdicts: RuleVerdict, night: int = 0, asked: Mapping[str, Times] | None = None, **extra: Any) -> Run:
    """A run of the given night, with the response times of the operations that were asked."""
    started = FIRST + timedelta(days=night)
    operations = [
        OperationRun(key, spent.count, 0, {"200": spent.count}, spent) for key, spent in (asked or {}).items()
    ]
    given: dict[str, Any] = {
        "suite": "0.1.0",
        "files": (f"{night}.json",),
        "subjects": (THINGS,),
        "targets": ("http://h",),
        "seeds": (night,),
        "started": started,
        "finished": started + timedelta(seconds=61),
        "decision": "fail" if any(one.standing in STANDINGS[:2] for one in verdicts) else "pass",
        "reasons": (),
        "notes": (),
        "interrupted": False,
        "verdicts": verdicts,
        "operations": tuple(operations),
        "exchanges": sum(operation.exchanges for operation in operations),
        "unavailable": 0,
        "statuses": {"200": sum(operation.exchanges for operation in operations)},
    }
    return Run(**{**given, **extra})


def nights(*states: str, name: str = "status") -> list[Run]:
    """A run a night in which one rule is in the state; nothing is said of it where the state is empty."""
    return [run(*([verdict(state, name)] if state else []), night=night) for night, state in enumerate(states)]


def without_times(made: Run) -> Run:
    """The run as a report has it that knows of no operations."""
    return replace(made, operations=())
