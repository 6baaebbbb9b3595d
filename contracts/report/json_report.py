"""A report as `report.json`: what programs read. Its JSON Schema is `report.schema.json` beside this file."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import contracts
from contracts.errors import UsageError
from contracts.messages import Credential, Headers, Probe, Request
from contracts.report.curl import curl
from contracts.report.printable import map_texts, well_formed
from contracts.report.report import Report
from contracts.schemas.claims import claim_of
from contracts.spec import Operation, Spec
from contracts.verdicts import Evidence, Outcome, Recurrence, Verdict

SCHEMA = Path(__file__).with_name("report.schema.json")
MAX_BODY = 20_000
"""Characters of a body that a report keeps."""


def to_json(report: Report) -> dict[str, Any]:
    """The report as a JSON value, in the shape that `report.schema.json` describes."""
    document = report.spec.document
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
        "summary": {
            "rules": len(report.verdicts),
            **{outcome.value: report.outcomes[outcome] for outcome in Outcome},
            "accepted": len(report.accepted),
            "exchanges": len(report.exchanges),
            "unavailable": report.unavailable,
        },
        "statuses": dict(sorted(report.statuses.items())),
        "verdicts": [_verdict(report, verdict) for verdict in report.verdicts],
    }
    return map_texts(value, well_formed)  # type: ignore[no-any-return]


def write_json(report: Report, folder: Path) -> Path:
    """Write `report.json` whole or not at all; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    draft, path = folder / f".report-{os.getpid()}.json", folder / "report.json"
    text = json.dumps(to_json(report), indent=1, ensure_ascii=False)
    draft.write_text(text + "\n", encoding="utf-8")
    os.replace(draft, path)
    return path


def probes_of_report(path: Path, spec: Spec) -> dict[str, tuple[Probe, ...]]:
    """The requests behind the evidence of a report, by operation of `spec`; UsageError if it is no report of ours."""
    found: dict[str, list[Probe]] = {}
    try:
        verdicts = json.loads(path.read_text(encoding="utf-8"))["verdicts"]
        for entry in [v["evidence"]["request"] for v in verdicts if v["evidence"]]:
            if (operation := spec.by_key.get(entry["operation"])) is not None:
                found.setdefault(operation.key, []).append(_probe(entry, operation))
    except OSError as error:
        problem = error.strerror or "it is no file"
        raise UsageError(f"{path} can't be read ({problem}); give a report.json that a contract run wrote") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} is not a report.json of this suite; give one that a contract run wrote") from None
    return {key: tuple(dict.fromkeys(probes)) for key, probes in found.items()}


def _probe(entry: dict[str, Any], operation: Operation) -> Probe:
    body = None if entry["body"] is None else base64.b64decode(entry["body"], validate=True)
    headers = _headers(entry["headers"])
    request = Request(str(entry["method"]), str(entry["target"]), headers, body)
    claim = claim_of(operation, request)
    credential = Credential(entry["credential"])
    return Probe(operation.key, request, claim, str(entry["source"]), "replayed", _headers(entry["given"]), credential)


def _headers(pairs: list[list[str]]) -> Headers:
    return tuple((str(name), str(value)) for name, value in pairs)


def _verdict(report: Report, verdict: Verdict) -> dict[str, Any]:
    source = report.spec.document.source(verdict.rule.pointer)
    accepted = report.accepted.get(verdict.rule.id)
    return {
        "rule": verdict.rule.id,
        "kind": verdict.rule.kind,
        "severity": verdict.rule.severity.value,
        "outcome": verdict.outcome.value,
        "exercised": verdict.exercised,
        "violations": verdict.violations,
        "recurrence": _recurrence(verdict.recurrence),
        "seen": map_texts(verdict.seen, report.scrubber.text),
        "unseen": list(verdict.unseen),
        "why": report.scrubber.text(verdict.why),
        "accepted": {"reason": accepted.reason, "until": accepted.until.isoformat()} if accepted else None,
        "source": {"file": source.file, "line": source.line, "pointer": source.pointer},
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
        "message": evidence.finding.seen,
        "instance": evidence.finding.instance,
        "curl": curl(report.spec, exchange.probe, report.base_url, report.header_variables),
        "status": response.status if response else None,
        "headers": _pairs(response.headers if response else ()),
        "body": response.body.decode("utf-8", "backslashreplace")[:MAX_BODY] if response else None,
        "request": {
            "operation": exchange.probe.operation,
            "method": request.method,
            "target": request.target,
            "headers": _pairs(request.headers),
            "body": None if request.body is None else base64.b64encode(request.body).decode("ascii"),
            "credential": exchange.probe.credential.value,
            "source": exchange.probe.source,
            "given": _pairs(exchange.probe.given),
        },
    }
    return map_texts(value, report.scrubber.text)  # type: ignore[no-any-return]


def _pairs(headers: Headers) -> list[list[str]]:
    return [[name, value] for name, value in headers]
