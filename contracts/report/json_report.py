"""A report as `report.json`: what programs read. Its JSON Schema is `report.schema.json` beside this file."""

from __future__ import annotations

import base64
import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import contracts
from contracts.decision.since import Against, Since
from contracts.document import Source
from contracts.exchanges import is_unavailable
from contracts.messages import Exchange, Headers
from contracts.report.curl import curl
from contracts.report.report import Report
from contracts.report.run import BOUNDS, ending_of
from contracts.text import cut, map_texts, well_formed, write_whole
from contracts.verdicts import Evidence, Outcome, Recurrence, Verdict

SCHEMA = Path(__file__).with_name("report.schema.json")
MAX_BODY = 20_000
"""Characters of a body that a report keeps."""
MAX_FIELD = 2_000
"""Characters of a field of an answer's head."""
MAX_FIELDS = 100
MAX_TARGET = 200
BEFORE, AFTER = 3, 8
"""Lines before a place and after it, where the members of an enum and the like stand."""
MAX_WIDTH = 200


def to_json(report: Report) -> dict[str, Any]:
    """The report as a JSON value, in the shape that `report.schema.json` describes."""
    document, excerpts = report.spec.document, Excerpts()
    value = {
        "suite": {"name": "notte-contracts", "version": contracts.__version__},
        "started": report.started,
        "finished": report.finished,
        "seed": report.seed,
        "interrupted": report.interrupted,
        "spec": {
            "title": report.spec.title,
            "version": report.spec.version,
            "path": document.path,
            "sha256": document.sha256,
        },
        "target": {"kind": "live" if report.base_url else "mock", "base_url": report.base_url},
        "sessions": map_texts(report.sessions, report.scrubber.text),
        "decision": report.decision.result.value,
        "reasons": [report.scrubber.text(reason) for reason in report.decision.reasons],
        "notes": [report.scrubber.text(note) for note in report.decision.notes],
        "summary": {
            "rules": len(report.verdicts),
            **{outcome.value: report.outcomes[outcome] for outcome in Outcome},
            "accepted": len(report.accepted),
            "exchanges": len(report.exchanges),
            "unavailable": report.unavailable,
        },
        **({"against": _against(report, report.against)} if report.against is not None else {}),
        **(
            {"drift": map_texts(report.drift.to_json(), report.scrubber.text)}
            if report.drift is not None
            else {}
        ),
        "statuses": dict(sorted(report.statuses.items())),
        "operations": map_texts(_operations(report), report.scrubber.text),
        "verdicts": [_verdict(report, verdict, excerpts) for verdict in report.verdicts],
    }
    return map_texts(value, well_formed)  # type: ignore[no-any-return]


def write_json(value: Mapping[str, Any], folder: Path) -> Path:
    """Write a report as `report.json`; returns its path."""
    return write_whole(folder / "report.json", json_text(value))


def json_text(value: Mapping[str, Any]) -> str:
    """A report as the text of its file."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _against(report: Report, against: Against) -> dict[str, Any]:
    """What became of each rule since the earlier report; what is `carried` is known to whoever reads this one."""
    value = {
        "path": against.known.file,
        "about": against.known.about,
        **{since.value.replace(" ", "_"): against.those(since) for since in Since},
        "carried": against.carried,
    }
    return map_texts(value, report.scrubber.text)  # type: ignore[no-any-return]


def _operations(report: Report) -> dict[str, Any]:
    return _operations_of([operation.key for operation in report.spec.operations], report.exchanges)


def _verdict(report: Report, verdict: Verdict, excerpts: Excerpts) -> dict[str, Any]:
    source = report.spec.document.source(verdict.rule.pointer)
    accepted = report.accepted.get(verdict.rule.id)
    return {
        "rule": verdict.rule.id,
        "kind": verdict.rule.kind,
        "operation": verdict.rule.operation,
        "status": verdict.rule.status,
        "place": verdict.rule.place,
        "promise": report.scrubber.text(verdict.rule.promise),
        "clause": verdict.rule.clause,
        "severity": verdict.rule.severity.value,
        "outcome": verdict.outcome.value,
        "exercised": verdict.exercised,
        "violations": verdict.violations,
        "since": report.since_of(verdict),
        "recurrence": _recurrence(verdict.recurrence),
        "seen": map_texts(verdict.seen, report.scrubber.text),
        "unseen": list(verdict.unseen),
        "why": report.scrubber.text(verdict.why),
        "accepted": {"reason": accepted.reason, "until": accepted.until.isoformat()}
        if accepted
        else None,
        "source": {
            "file": source.file,
            "line": source.line,
            "pointer": source.pointer,
            **(
                {"excerpt": map_texts(excerpts.around(source), report.scrubber.text)}
                if verdict.evidence
                else {}
            ),
        },
        "evidence": _evidence(report, verdict.evidence) if verdict.evidence else None,
    }


def _recurrence(recurrence: Recurrence | None) -> dict[str, Any] | None:
    if recurrence is None:
        return None
    return {"how": recurrence.how, "broken": recurrence.broken, "asked": recurrence.asked}


def _evidence(report: Report, evidence: Evidence) -> dict[str, Any]:
    exchange, response = evidence.exchange, evidence.exchange.response
    request = exchange.probe.request
    value = {
        "exchange": exchange.number,
        "message": evidence.finding.seen,
        "instance": evidence.finding.instance,
        "curl": curl(report.spec, exchange.probe, report.base_url, report.header_variables),
        "status": response.status if response else None,
        "headers": _head(response.headers if response else ()),
        "body": response.body.decode("utf-8", "backslashreplace")[:MAX_BODY] if response else None,
        "request": {
            "operation": exchange.probe.operation,
            "method": request.method,
            "target": request.target,
            "headers": _pairs(request.headers),
            "body": None
            if request.body is None
            else base64.b64encode(request.body).decode("ascii"),
            "credential": exchange.probe.credential.value,
            "source": exchange.probe.source,
            "given": _pairs(exchange.probe.given),
        },
    }
    return map_texts(value, report.scrubber.text)  # type: ignore[no-any-return]


def _head(headers: Headers) -> list[list[str]]:
    """The fields of an answer, within bounds; those of our own requests have to be whole to be sent again."""
    return [[cut(name, MAX_FIELD), cut(value, MAX_FIELD)] for name, value in headers[:MAX_FIELDS]]


def _pairs(headers: Headers) -> list[list[str]]:
    return [[name, value] for name, value in headers]


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Reads each file once; one that is not there (any more) has no lines."""

    _files: dict[str, Sequence[str]] = field(default_factory=dict)

    def around(self, source: Source) -> list[list[int | str]]:
        """The lines around a place, each with its number."""
        lines = self._lines(source.file)
        first = max(source.line - BEFORE, 1)
        return [
            [number, text if len(text) <= MAX_WIDTH else f"{text[:MAX_WIDTH]}…"]
            for number, text in enumerate(lines[first - 1 : source.line + AFTER], start=first)
        ]

    def _lines(self, file: str) -> Sequence[str]:
        if file not in self._files:
            try:
                self._files[file] = (
                    Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
                )
            except (OSError, ValueError):
                self._files[file] = ()
        return self._files[file]


def _operations_of(keys: Sequence[str], exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """The entry of each operation, by its key; one that was asked nothing has one as well."""
    asked: dict[str, list[Exchange]] = {key: [] for key in keys}
    for exchange in exchanges:
        asked.setdefault(exchange.probe.operation, []).append(exchange)
    return {
        key: {
            "exchanges": len(own),
            "unavailable": sum(map(is_unavailable, own)),
            "statuses": dict(sorted(Counter(map(ending_of, own)).items())),
            "times": _times(own),
        }
        for key, own in asked.items()
    }


def _times(exchanges: Sequence[Exchange]) -> dict[str, Any] | None:
    """In seconds; None without an answer. Percentiles are the nearest rank's."""
    answered = [(e.response.seconds, e.probe.request) for e in exchanges if e.response is not None]
    if not answered:
        return None
    seconds = sorted(time for time, _ in answered)
    longest, request = max(answered, key=lambda pair: pair[0])
    histogram = Counter(bisect_right(BOUNDS, time) for time in seconds)
    return {
        "count": len(seconds),
        "median": round(_percentile(seconds, 50), 6),
        "p95": round(_percentile(seconds, 95), 6),
        "longest": round(longest, 6),
        "slowest": cut(f"{request.method} {request.target}", MAX_TARGET + 1),
        "histogram": [histogram[index] for index in range(len(BOUNDS) + 1)],
    }


def _percentile(ordered: Sequence[float], percent: int) -> float:
    return ordered[-(-len(ordered) * percent // 100) - 1]
