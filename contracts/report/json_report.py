"""`report.json`: a run written to it and read from it, of any version; and what an earlier one knows."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from contracts.decision.since import Known
from contracts.document import Operation, Spec
from contracts.document.serialisation import match_path
from contracts.errors import UsageError
from contracts.messages import Credential, Probe, Request
from contracts.report.run import Run, Sent, about_rule
from contracts.rules import Severity
from contracts.schemas.claims import claim_of
from contracts.text import write_whole
from contracts.verdicts import Outcome
from contracts.verdicts.recurrence import TIMES

SCHEMA = Path(__file__).with_name("report.schema.json")
SUITE = "notte-contracts"
CURE = "give a report.json that a contract run wrote"
LATE = frozenset({"auth", "method", "status", "unknown"})
"""Sources of probes that are made anew each time, where they belong: last, or for the mock alone."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 §9.2.1

T = TypeVar("T")
Probes = dict[str, tuple[Probe, ...]]
"""By operation."""


def run_from(value: Mapping[str, Any], file: str = "") -> Run:
    """The run that the JSON value of a report tells of.

    Raises ValueError, KeyError, TypeError, AttributeError or MsgspecError if it is no report.
    """
    about: dict[str, Any] = {
        **value,
        **{name: value["summary"][name] for name in ("exchanges", "unavailable")},
        "suite": value["suite"]["version"],
        "files": list(filter(None, [file])),
        "subjects": [value["spec"]],
        "targets": [value["target"]["base_url"]],
        "seeds": [value["seed"]],
        "operations": list(_operations(value.get("operations", {}))),
        "verdicts": [{**about_rule(verdict["rule"]), **verdict} for verdict in value["verdicts"]],
    }
    return msgspec.convert(about, Run)


def _operations(entries: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key, entry in entries.items():
        yield {"key": key, **entry, "times": entry.get("times") or {}}


def to_json(run: Run) -> dict[str, Any]:
    """A run that was not merged, as the JSON value of its report, which `report.schema.json` describes."""
    found = msgspec.json.decode(msgspec.json.encode(run))
    operations = {entry.pop("key"): entry for entry in found["operations"]}
    for entry in operations.values():
        if not entry["times"]["count"]:
            entry["times"] = None
    for verdict in found["verdicts"]:
        if not verdict["source"]["excerpt"]:
            del verdict["source"]["excerpt"]
    (target,) = run.targets
    value = {
        "suite": {"name": SUITE, "version": run.suite},
        "started": run.started.isoformat(timespec="milliseconds"),
        "finished": run.finished.isoformat(timespec="milliseconds"),
        "seed": run.seeds[0],
        "interrupted": run.interrupted,
        "spec": found["subjects"][0],
        "target": {"kind": "live" if target else "mock", "base_url": target},
        "sessions": found["sessions"],
        "decision": run.decision,
        "reasons": found["reasons"],
        "notes": found["notes"],
        "summary": {
            "rules": len(run.verdicts),
            **run.counts,
            "exchanges": run.exchanges,
            "unavailable": run.unavailable,
        },
        "against": found["against"],
        "drift": found["drift"],
        "statuses": found["statuses"],
        "operations": operations,
        "verdicts": found["verdicts"],
    }
    for name in ("against", "drift"):
        if value[name] is None:
            del value[name]
    return value


def json_text(value: Mapping[str, Any]) -> str:
    """A report as the text of its file."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def write_json(value: Mapping[str, Any], folder: Path) -> Path:
    """Write a report as `report.json`; returns its path."""
    return write_whole(folder / "report.json", json_text(value))


def read_run(path: Path, cure: str = CURE) -> Run:
    """The run that a file tells of; UsageError with the `cure` if it is no report. Older ones may lack keys."""
    return _read(path, lambda value: run_from(value, str(path)), cure)


def _read(path: Path, use: Callable[[Any], T], cure: str) -> T:
    """What is made of the JSON value of a report; UsageError with the `cure` if nothing can be made of it."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value.get("suite", {}).get("name", SUITE) != SUITE:
            raise ValueError("the report of another program")
        return use(value)
    except IsADirectoryError:
        example = path / "report.json"
        raise UsageError(f"{path} is a folder; give a file in it, {example} say") from None
    except OSError as error:
        problem = error.strerror or "it is no file"
        raise UsageError(f"{path} can't be read ({problem}); {cure}") from None
    except json.JSONDecodeError as error:
        seen = f"is no JSON, or not all of it (line {error.lineno})"
        raise UsageError(f"{path} {seen if error.doc.strip() else 'is empty'}; {cure}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError):
        raise UsageError(f"{path} is not a report.json of this suite; {cure}") from None


def probes_of_report(path: Path, spec: Spec) -> Probes:
    """The requests behind the evidence of a report, for operations of `spec`; UsageError if it is no report of ours."""

    def requests(value: Any) -> Probes:
        found: dict[str, dict[Probe, None]] = {}
        for evidence in filter(None, map(itemgetter("evidence"), value["verdicts"])):
            sent = msgspec.convert(evidence["request"], Sent)
            if (operation := spec.by_key.get(sent.operation)) is not None:
                found.setdefault(operation.key, {})[_probe(sent, operation, "replayed")] = None
        return {key: tuple(probes) for key, probes in found.items()}

    return _read(path, requests, CURE)


def known_of_report(path: Path, spec: Spec, *, advisories: bool = False) -> tuple[Known, Probes]:
    """The violations of an earlier report, and the requests that show them, for operations of `spec`.

    Of a verdict it takes no more than its rule, outcome and evidence. UsageError if it is no report of ours, or of
    another document.

    Args:
        advisories: whether violated advisories count.
    """

    def known(value: Any) -> tuple[Known, Probes]:
        verdicts = {str(verdict["rule"]): verdict for verdict in value["verdicts"]}
        _refuse_foreign(path, verdicts, spec)
        rules, seldom = dict(value.get("against", {}).get("carried", {})), set()
        for rule, verdict in verdicts.items():
            counts = advisories or verdict.get("severity") != Severity.ADVISORY
            if verdict["outcome"] == Outcome.VIOLATED and counts:
                rules[rule] = verdict.get("evidence")
                if (verdict.get("recurrence") or {}).get("how", "always") != "always":
                    seldom.add(rule)
        found: dict[str, Counter[Probe]] = {}
        for rule, evidence in rules.items():
            for probe in _first(evidence, spec):
                times = found.setdefault(probe.operation, Counter())
                times[probe] = max(times[probe], TIMES if rule in seldom else 1)
        probes = {key: tuple(times.elements()) for key, times in found.items()}
        return Known(str(path), _about(value), rules), probes

    cure = (
        "give the report.json of an earlier run, or leave --contract-against out on the first night"
    )
    return _read(path, known, cure)


def _about(value: Mapping[str, Any]) -> str:
    """When, where and how a run ended, as far as its report says so."""
    words = [value.get("decision", ""), value.get("started", "")[:16]]
    if "target" in value:
        words.insert(1, f"on {value['target']['base_url'] or 'the mock'}")
    return " ".join(filter(None, words))


def _refuse_foreign(path: Path, rules: Collection[str], spec: Spec) -> None:
    if rules and spec.by_key.keys().isdisjoint(about_rule(rule)["operation"] for rule in rules):
        raise UsageError(
            f"{path} is a report on another document: no rule of it is about an operation of {spec.document.path}; "
            "give a report on this one"
        )


def _first(evidence: Mapping[str, Any] | None, spec: Spec) -> Iterator[Probe]:
    """The request of an evidence as this run may send it first.

    What was vouched for then is not vouched for now, a request has to reach its operation, and nothing is changed that
    this run did not make.
    """
    sent = msgspec.convert((evidence or {}).get("request"), Sent | None)
    if sent is None or (operation := spec.by_key.get(sent.operation)) is None:
        return
    probe = replace(_probe(sent, operation, "evidence of the earlier report"), given=())
    asks = probe.request.method == operation.method and operation.method in SAFE
    reaches = asks and match_path(operation.path, probe.request.path) is not None
    if reaches and probe.source not in LATE and probe.credential is Credential.RIGHT:
        yield probe


def _probe(sent: Sent, operation: Operation, note: str) -> Probe:
    body = base64.b64decode(sent.body, validate=True) if sent.body is not None else None
    request = Request(sent.method, sent.target, sent.headers, body)
    claim, credential = claim_of(operation, request), Credential(sent.credential)
    return Probe(operation.key, request, claim, sent.source, note, sent.given, credential)
