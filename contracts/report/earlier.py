"""A `report.json` read back: the requests behind its evidence, and the violations that it knows."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.decision.since import Known
from contracts.document import Operation, Spec
from contracts.document.serialisation import match_path
from contracts.errors import UsageError
from contracts.messages import Credential, Headers, Probe, Request
from contracts.report.reader import read_report
from contracts.rules import Severity
from contracts.schemas.claims import claim_of
from contracts.verdicts import Outcome
from contracts.verdicts.recurrence import TIMES

LATE = frozenset({"auth", "method", "status", "unknown"})
"""Sources of probes that are made anew each time, where they belong: last, or for the mock alone."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110 §9.2.1


def probes_of_report(path: Path, spec: Spec) -> dict[str, tuple[Probe, ...]]:
    """The requests behind the evidence of a report, by operation of `spec`; UsageError if it is no report of ours."""

    def read(value: Any) -> dict[str, tuple[Probe, ...]]:
        found: dict[str, list[Probe]] = {}
        for entry in [v["evidence"]["request"] for v in value["verdicts"] if v["evidence"]]:
            if (operation := spec.by_key.get(entry["operation"])) is not None:
                found.setdefault(operation.key, []).append(_probe(entry, operation))
        return {key: tuple(dict.fromkeys(probes)) for key, probes in found.items()}

    return read_report(path, read, "give a report.json that a contract run wrote")


def known_of_report(
    path: Path, spec: Spec, *, advisories: bool = False
) -> tuple[Known, dict[str, tuple[Probe, ...]]]:
    """The violations of an earlier report, and the requests that show them, by operation of `spec`.

    An older report may lack keys. UsageError if it is none of ours, or of another document.

    Args:
        advisories: whether violated advisories count.
    """

    def read(value: Any) -> tuple[Known, dict[str, tuple[Probe, ...]]]:
        verdicts = {str(v["rule"]): v for v in value["verdicts"]}
        _refuse_foreign(path, verdicts, spec)
        broken = {
            rule: verdict
            for rule, verdict in verdicts.items()
            if verdict["outcome"] == Outcome.VIOLATED
            and (advisories or verdict.get("severity") != Severity.ADVISORY)
        }
        carried = {
            str(rule): evidence
            for rule, evidence in value.get("against", {}).get("carried", {}).items()
        }
        rules = {**carried, **{rule: verdict.get("evidence") for rule, verdict in broken.items()}}
        probes: dict[str, dict[Probe, int]] = {}
        for rule, evidence in rules.items():
            for probe in _probes_of(evidence, spec):
                often = (broken.get(rule, {}).get("recurrence") or {}).get(
                    "how", "always"
                ) != "always"
                of_operation = probes.setdefault(probe.operation, {})
                of_operation[probe] = max(of_operation.get(probe, 1), TIMES if often else 1)
        sent = {
            key: tuple(p for p, times in found.items() for _ in range(times))
            for key, found in probes.items()
        }
        return Known(str(path), _about(value), rules), sent

    cure = (
        "give the report.json of an earlier run, or leave --contract-against out on the first night"
    )
    return read_report(path, read, cure)


def _refuse_foreign(path: Path, verdicts: dict[str, Any], spec: Spec) -> None:
    if verdicts and not any(rule.startswith(f"{key} ") for rule in verdicts for key in spec.by_key):
        raise UsageError(
            f"{path} is a report on another document: no rule of it is about an operation of {spec.document.path}; "
            "give a report on this one"
        )


def _about(value: dict[str, Any]) -> str:
    target = value.get("target", {}).get("base_url") or "the mock"
    words = [
        str(value["decision"]) if "decision" in value else "",
        f"on {target}" if "target" in value else "",
    ]
    return " ".join([*filter(None, words), str(value.get("started", ""))[:16]]).strip()


def _probes_of(evidence: Any, spec: Spec) -> Iterator[Probe]:
    """The request of an evidence as this run may send it first.

    What was vouched for then is not vouched for now, a request has to reach its operation, and nothing is changed that
    this run did not make.
    """
    entry = (evidence or {}).get("request")
    if entry is None or (operation := spec.by_key.get(entry["operation"])) is None:
        return
    probe = _probe({**entry, "given": []}, operation, "evidence of the earlier report")
    asks = probe.request.method == operation.method and operation.method in SAFE
    reaches = asks and match_path(operation.path, probe.request.path) is not None
    if reaches and probe.source not in LATE and probe.credential is Credential.RIGHT:
        yield probe


def _probe(entry: dict[str, Any], operation: Operation, note: str = "replayed") -> Probe:
    body = None if entry["body"] is None else base64.b64decode(entry["body"], validate=True)
    headers = _headers(entry["headers"])
    request = Request(str(entry["method"]), str(entry["target"]), headers, body)
    claim = claim_of(operation, request)
    credential = Credential(entry["credential"])
    return Probe(
        operation.key,
        request,
        claim,
        str(entry["source"]),
        note,
        _headers(entry["given"]),
        credential,
    )


def _headers(pairs: list[list[str]]) -> Headers:
    return tuple((str(name), str(value)) for name, value in pairs)
