"""A `report.json` of any version to a `Run`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from contracts.errors import UsageError
from contracts.report.drift import Drift
from contracts.report.run import (
    BOUNDS,
    Agreed,
    OperationRun,
    Place,
    Proof,
    RuleVerdict,
    Run,
    Subject,
    Times,
)
from contracts.rules import Severity
from contracts.verdicts import Outcome, Recurrence

SUITE = "notte-contracts"
_ID = re.compile(
    r"(?P<operation>[A-Z]+ /\S*)"
    r"(?: (?P<status>[1-5](?:\d\d|XX)|default)\b)?(?: ;(?P<media>\S+))?(?: (?P<place>/\S*)(?= ))?"
)

T = TypeVar("T")


def read_run(path: Path, cure: str = "give a report.json that a contract run wrote") -> Run:
    """The run that a file tells of; UsageError if it is no report of ours. Older ones may lack keys."""
    return read_report(path, lambda value: run_from(value, str(path)), cure)


def read_report(path: Path, read: Callable[[Any], T], cure: str) -> T:
    """What `read` makes of a report; UsageError with the `cure` if it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value.get("suite", {}).get("name", SUITE) != SUITE:
            raise ValueError("the report of another program")
        return read(value)
    except IsADirectoryError:
        raise UsageError(
            f"{path} is a folder; give a file in it, {path / 'report.json'} say"
        ) from None
    except OSError as error:
        problem = error.strerror or "it is no file"
        raise UsageError(f"{path} can't be read ({problem}); {cure}") from None
    except json.JSONDecodeError as error:
        seen = (
            "is empty"
            if not error.doc.strip()
            else f"is no JSON, or not all of it (line {error.lineno})"
        )
        raise UsageError(f"{path} {seen}; {cure}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError(f"{path} is not a report.json of this suite; {cure}") from None


def run_from(value: Mapping[str, Any], file: str = "") -> Run:
    """The run that a report tells of. Raises ValueError, KeyError, TypeError or AttributeError if it is no report."""
    summary = value["summary"]
    return Run(
        suite=str(value["suite"]["version"]),
        files=(file,) if file else (),
        subjects=(
            Subject(*(str(value["spec"][name]) for name in ("title", "version", "path", "sha256"))),
        ),
        targets=(value["target"]["base_url"],),
        seeds=(int(value["seed"]),),
        started=_moment(value["started"]),
        finished=_moment(value["finished"]),
        decision=str(value["decision"]),
        reasons=tuple(map(str, value.get("reasons", ()))),
        notes=tuple(map(str, value.get("notes", ()))),
        interrupted=bool(value.get("interrupted", False)),
        verdicts=tuple(map(_verdict, value["verdicts"])),
        operations=tuple(
            _operation(key, entry) for key, entry in value.get("operations", {}).items()
        ),
        exchanges=int(summary["exchanges"]),
        unavailable=int(summary["unavailable"]),
        statuses={str(status): int(count) for status, count in value.get("statuses", {}).items()},
        sessions=value.get("sessions"),
        against=value.get("against"),
        drift=Drift.from_json(value["drift"]) if value.get("drift") else None,
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment


def _operation(key: str, entry: Mapping[str, Any]) -> OperationRun:
    times = entry.get("times")
    return OperationRun(
        key,
        int(entry["exchanges"]),
        int(entry["unavailable"]),
        {str(status): int(count) for status, count in entry["statuses"].items()},
        _times(times) if times else Times(),
    )


def _times(entry: Mapping[str, Any]) -> Times:
    if len(entry["histogram"]) != len(BOUNDS) + 1:
        raise ValueError("a histogram with other bounds")
    return Times(
        int(entry["count"]),
        float(entry["median"]),
        float(entry["p95"]),
        float(entry["longest"]),
        str(entry["slowest"]),
        tuple(int(count) for count in entry["histogram"]),
    )


def _verdict(entry: Mapping[str, Any]) -> RuleVerdict:
    rule, kind = str(entry["rule"]), str(entry["kind"])
    about = _ID.match(rule)
    if about is None:
        raise ValueError(f"{rule} is no rule id")
    source, accepted, evidence = entry["source"], entry["accepted"], entry["evidence"]
    return RuleVerdict(
        rule=rule,
        kind=kind,
        # What an older report does not say apart, the id says.
        operation=str(entry.get("operation", about["operation"])),
        status=entry["status"] if "status" in entry else about["status"],
        media=about["media"] or "",
        place=entry["place"] if "place" in entry else about["place"],
        name=rule.partition(f" {kind} ")[2],
        severity=Severity(entry["severity"]),
        outcome=Outcome(entry["outcome"]),
        exercised=int(entry["exercised"]),
        violations=int(entry["violations"]),
        source=Place(
            str(source["file"]),
            int(source["line"]),
            str(source["pointer"]),
            tuple((int(number), str(text)) for number, text in source.get("excerpt", ())),
        ),
        promise=str(entry.get("promise", "")),
        clause=str(entry.get("clause", "")),
        seen={str(member): int(count) for member, count in entry["seen"].items()},
        unseen=tuple(map(str, entry.get("unseen", ()))),
        why=str(entry.get("why", "")),
        accepted=Agreed(str(accepted["reason"]), str(accepted["until"])) if accepted else None,
        recurrence=_recurrence(entry.get("recurrence")),
        since=entry.get("since"),
        proof=_proof(evidence) if evidence else None,
    )


def _recurrence(entry: Mapping[str, Any] | None) -> Recurrence | None:
    if entry is None:
        return None
    return Recurrence(
        int(entry["broken"]), int(entry["asked"]), entry["how"] == Recurrence(1, 1, gone=True).how
    )


def _proof(entry: Mapping[str, Any]) -> Proof:
    request = entry.get("request") or {}
    return Proof(
        str(entry["message"]),
        entry["instance"],
        str(entry["curl"]),
        entry["status"],
        tuple((str(name), str(field)) for name, field in entry["headers"]),
        entry["body"],
        f"{request['method']} {request['target']}" if request else "",
        entry.get("exchange"),
    )
