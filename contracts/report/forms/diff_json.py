"""A comparison as JSON: what programs read. Its JSON Schema is `report/diff.schema.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import contracts
from contracts.changes.change import Effect, Kind, Witness
from contracts.changes.kinds import KINDS
from contracts.decision.change_decision import Judged
from contracts.document import Source, Spec
from contracts.document.sides import Side
from contracts.report.diff import Diff
from contracts.text import map_texts, well_formed

SCHEMA = Path(__file__).parents[1] / "diff.schema.json"


def diff_json(diff: Diff) -> dict[str, Any]:
    """The comparison as a JSON value, in the shape that `diff.schema.json` describes."""
    decision = diff.decision
    value = {
        "suite": {"name": "notte-contracts", "version": contracts.__version__},
        "base": _side(diff.base, diff.specs[0]),
        "revision": _side(diff.revision, diff.specs[1]),
        "decision": decision.result.value,
        "fail_on": diff.fail_on.value,
        "exit_code": decision.exit_code,
        "summary": {
            "changes": len(decision.judged),
            **{effect.value: decision.count(effect) for effect in Effect},
            "accepted": decision.accepted,
        },
        "notes": list(decision.notes),
        "changes": [_change(judged) for judged in diff.ordered],
    }
    return map_texts(value, well_formed)  # type: ignore[no-any-return]


def kinds_json() -> list[dict[str, str]]:
    """The table of kinds."""
    return [_kind(kind) for kind in KINDS.values()]


def _kind(kind: Kind) -> dict[str, str]:
    return {
        "id": kind.id,
        "direction": str(kind.direction),
        "severity": kind.severity.value,
        "message": kind.shown,
    }


def _side(side: Side, spec: Spec) -> dict[str, str]:
    return {
        "title": spec.title,
        "version": spec.version,
        "path": side.name,
        "sha256": spec.document.sha256,
    }


def _change(judged: Judged) -> dict[str, Any]:
    change, acceptance = judged.change, judged.acceptance
    return {
        "id": change.id,
        "effect": change.effect.value,
        "severity": judged.severity.value,
        "direction": change.direction.value,
        "where": change.where,
        "reaches": [
            {"operation": r.operation, "direction": r.direction.value} for r in change.reaches
        ],
        "base": _place(change.base),
        "revision": _place(change.revision),
        "message": change.message,
        "proof": change.proof,
        "witness": _witness(change.witness) if change.witness is not None else None,
        "accepted": {"reason": acceptance.reason, "until": acceptance.until.isoformat()}
        if acceptance
        else None,
        "fails": judged.fails,
    }


def _place(source: Source) -> dict[str, Any]:
    return {"file": source.file, "line": source.line}


def _witness(witness: Witness) -> dict[str, Any]:
    return {
        "operation": witness.operation,
        "message": dict(witness.message),
        "accepted_by": witness.accepted_by,
        "rejected_by": witness.rejected_by,
        "because": witness.because,
    }
