"""Runs that were killed in the folder of a run: what they asked is judged, and kept beside the reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.exchanges import Ledger
from contracts.flows import Check, Target
from contracts.report.forms.page.view import page
from contracts.report.json_report import json_text, to_json
from contracts.report.record import Report
from contracts.run.inputs import Inputs
from contracts.text import shown_path, write_whole

KILLED = "the run was killed"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was made of a run that was killed.

    Args:
        line: what is said of it.
        exchanges: the file that its exchanges are in now.
        report: the file with its report, and `value`, what is in that; None if nothing could be judged.
    """

    line: str
    exchanges: Path
    report: Path | None = None
    value: Mapping[str, Any] | None = None


def salvage(inputs: Inputs, check: Check) -> Iterator[Salvaged]:
    """Give every dead run in the folder of this one a report, `killed-TIME.json`, and a page, beside its exchanges.

    Runs that are alive are left alone, and so is whoever salvages meanwhile. Never raises: what others left must not
    cost this run anything.
    """
    for ledger in Ledger.left_in(inputs.folder):
        if ledger.path == check.ledger.path:
            continue
        with ledger.dead() as dead:
            if dead and (found := _salvaged(inputs, check, ledger)) is not None:
                yield found


def _salvaged(inputs: Inputs, check: Check, ledger: Ledger) -> Salvaged | None:
    """The run, salvaged; None if it had asked nothing, so that there is nothing to keep."""
    if not ledger.path.exists():
        ledger.discard()
        return None
    stem, who, value = _named(inputs.folder, ledger), "a run", None
    exchanges, report = stem.with_suffix(".jsonl"), stem.with_suffix(".json")
    try:
        if not ledger.all():
            ledger.discard()
            return None
        about = ledger.note("run")
        who = f"a run of {about['started'][:16].replace('T', ' ')} UTC on {about['base_url'] or 'the mock'}"
        kept = f"its {len(ledger.all())} exchanges are in {shown_path(exchanges)}"
        if about["sha256"] != inputs.spec.document.sha256:
            kept += f", not judged: {about['document']} has changed since"
        else:
            run = replace(_report(inputs, check, ledger, about).run, files=(report.name,))
            value = to_json(run)
            write_whole(report, json_text(value))
            write_whole(stem.with_suffix(".html"), page(run))
            kept += f", the report is {shown_path(stem.with_suffix('.html'))} ({value['decision']})"
    except (
        Exception
    ) as error:  # what others left, perhaps half of it, must not cost this run anything
        kept = f"its exchanges are in {shown_path(exchanges)}, and can't be judged ({type(error).__name__})"
    try:
        ledger.close(exchanges)
    except OSError as error:
        return Salvaged(
            f"{who} was killed; its exchanges can't be kept ({error.strerror})", ledger.path
        )
    return Salvaged(
        f"{who} was killed; {kept}", exchanges, report if value is not None else None, value
    )


def _named(folder: Path, ledger: Ledger) -> Path:
    """Where the run is kept, its suffix apart: by the time of its start, and by its name where that is taken."""
    try:
        started = datetime.fromisoformat(ledger.note("run")["started"]).astimezone(UTC)
    except (ValueError, TypeError, KeyError):
        started = _written(ledger)
    stem = folder / f"killed-{started:%Y-%m-%dT%H-%M-%S}Z"
    # A report without its exchanges is that of this run, whose salvaging was cut short itself.
    return (
        stem.with_name(f"{stem.name}-{_run(ledger)}")
        if stem.with_suffix(".jsonl").exists()
        else stem
    )


def _run(ledger: Ledger) -> str:
    return ledger.path.stem.removeprefix(".run-")[:8]


def _written(ledger: Ledger) -> datetime:
    return datetime.fromtimestamp(ledger.path.stat().st_mtime, UTC)


def _report(inputs: Inputs, check: Check, ledger: Ledger, about: Mapping[str, Any]) -> Report:
    """The report of the run, as if it had been interrupted where its log ends."""
    dead = replace(
        check,
        target=Target(about["base_url"]),
        ledger=ledger,
        seed=about["seed"],
        unsafe=about["unsafe"],
        max_seconds=about["max_seconds"],
        replay=None,
        first={},
    )
    verdicts, exchanges, decision = dead.conclude(inputs.policy, lambda rule: True, ended=KILLED)
    return Report(
        inputs.spec,
        about["base_url"],
        about["seed"],
        about["started"],
        _written(ledger).isoformat(timespec="milliseconds"),
        verdicts,
        exchanges,
        decision,
        True,
        inputs.options.header,
        inputs.scrubber,
        inputs.policy.accepted,
    )
