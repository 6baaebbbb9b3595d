"""The document of a contract run against its baseline: what a test of it has to say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from contracts.changes.change import Effect
from contracts.decision.change_decision import ChangePolicy, accepted_for
from contracts.document.sides import Side, is_same, path_in_repository, side_from
from contracts.errors import ContractsError
from contracts.report.diff import Diff, diff_of
from contracts.report.forms.diff_forms import failing_lines, last_line
from contracts.run.inputs import Inputs
from contracts.text import printable

Outcome = Literal["passed", "failed", "skipped", "accepted"]


@dataclass(frozen=True, slots=True)
class Gated:
    """The outcome, what the test says, and the line that the summary of the run says."""

    outcome: Outcome
    text: str = ""
    said: str = ""


def gated(inputs: Inputs) -> Gated:
    """Compare the document with its baseline: HEAD's, unless another is named."""
    if inputs.options.dry_run:
        return Gated("skipped", "--contract-dry-run: nothing is judged")
    if inputs.policy.partial or inputs.policy.some_rules:
        return Gated("skipped", "only some operations or rules are judged")
    try:
        base = _baseline(inputs)
    except ContractsError as error:
        return _uncompared(str(error))
    try:
        revision = side_from(inputs.spec.document.path, inputs.overlays)
        if is_same(base, revision, inputs.spec):
            return Gated("passed")
        accepted = accepted_for(revision, revision, today=date.today())
        diff = diff_of(base, revision, ChangePolicy(), accepted, read=inputs.spec)
    except ContractsError as error:
        return _undecided(inputs, str(error), f"undecided: {error}")
    return _judged(inputs, diff)


def _baseline(inputs: Inputs) -> Side:
    if inputs.options.baseline is not None:
        return side_from(inputs.options.baseline, inputs.overlays)
    path = Path(inputs.spec.document.path)
    return side_from(f"HEAD:{path_in_repository(path)}", inputs.overlays, folder=path.parent)


def _judged(inputs: Inputs, diff: Diff) -> Gated:
    if diff.decision.exit_code == 1:
        return Gated("failed", "\n".join(failing_lines(diff)), last_line(diff))
    if diff.decision.exit_code:
        return _undecided(inputs, "\n".join(failing_lines(diff)), last_line(diff))
    entries = [
        j.acceptance
        for j in diff.decision.judged
        if j.change.effect is not Effect.COMPATIBLE and j.acceptance
    ]
    reasons = dict.fromkeys(f"accepted until {entry.until}: {entry.reason}" for entry in entries)
    return Gated("accepted", printable("; ".join(reasons))) if entries else Gated("passed")


def _undecided(inputs: Inputs, text: str, said: str) -> Gated:
    """What is not known to break must not pass in silence, and is no failure unless everything has to be known."""
    said = printable(said)
    return Gated("failed", text, said) if inputs.policy.strict else Gated("skipped", said, said)


def _uncompared(why: str) -> Gated:
    said = printable(f"not compared with a baseline: {why}")
    return Gated("skipped", said, said)
