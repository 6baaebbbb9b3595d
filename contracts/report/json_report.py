"""`report.json`: a run written to it, and read from it, of any version; and several runs to one."""

from __future__ import annotations

import json
from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from contracts.errors import UsageError
from contracts.report.run import CHANGES, OperationRun, RuleVerdict, Run, Subject, Times, pooled
from contracts.text import write_whole
from contracts.verdicts import Outcome

SCHEMA = Path(__file__).with_name("report.schema.json")
SUITE = "notte-contracts"
CURE = "give a report.json that a contract run wrote"

_KEYS = (
    *("suite", "started", "finished", "seed", "interrupted", "spec", "target", "sessions"),
    *("decision", "reasons", "notes", "summary", "against", "drift"),
    *("statuses", "operations", "verdicts"),
)
"""In the order in which people want to read them."""
_RANKS = {"fail": 0, "inconclusive": 1, "pass": 2}
"""Any of these decisions decides for all, the lower first."""
_OUTCOMES = (Outcome.VIOLATED, Outcome.UNDECIDED, Outcome.HOLDS, Outcome.NOT_EXERCISED)
"""Any of them decides for a rule, in this order; a violation that nobody accepted comes before all."""

T = TypeVar("T")


def run_from(value: Mapping[str, Any], file: str = "") -> Run:
    """The run that the JSON value of a report tells of.

    Raises ValueError, KeyError, TypeError, AttributeError or MsgspecError if it is no report.
    """
    operations = []
    for key, entry in value.get("operations", {}).items():
        operations.append({"key": key, **entry, "times": entry.get("times") or {}})
    about: dict[str, Any] = {
        **value,
        "suite": _ours(value)["suite"]["version"],
        "files": list(filter(None, [file])),
        "subjects": [value["spec"]],
        "targets": [value["target"]["base_url"]],
        "seeds": [value["seed"]],
        "exchanges": value["summary"]["exchanges"],
        "unavailable": value["summary"]["unavailable"],
        "operations": operations,
    }
    return msgspec.convert(about, Run)


def to_json(run: Run) -> dict[str, Any]:
    """A run that was not merged, as the JSON value of its report, which `report.schema.json` describes."""
    found = msgspec.json.decode(msgspec.json.encode(run))
    operations = {entry.pop("key"): entry for entry in found["operations"]}
    for entry in operations.values():
        if not entry["times"]["count"]:
            entry["times"] = None
    for verdict in found["verdicts"]:
        if verdict["evidence"] is None:
            del verdict["source"]["excerpt"]
    (target,) = run.targets
    found |= {
        "suite": {"name": SUITE, "version": run.suite},
        "started": run.started.isoformat(timespec="milliseconds"),
        "finished": run.finished.isoformat(timespec="milliseconds"),
        "seed": run.seeds[0],
        "spec": found["subjects"][0],
        "target": {"kind": "live" if target else "mock", "base_url": target},
        "operations": operations,
    }
    sizes = {"exchanges": run.exchanges, "unavailable": run.unavailable}
    found["summary"] = {"rules": len(run.verdicts), **run.counts, **sizes}
    value = {key: found[key] for key in _KEYS}
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
    with report_at(path, cure) as data:
        # Verdicts, of which there may be many, go straight into the model.
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        verdicts = msgspec.json.decode(parts.pop("verdicts"), type=tuple[RuleVerdict, ...])
        head = {name: msgspec.json.decode(part) for name, part in parts.items()}
        return replace(run_from({**head, "verdicts": []}, str(path)), verdicts=verdicts)


def value_of(data: bytes) -> Any:
    """The JSON value of a report, of any version; ValueError and the like if it is another's."""
    return _ours(json.loads(data))


def _ours(value: Any) -> Any:
    if value.get("suite", {}).get("name", SUITE) != SUITE:
        raise ValueError("the report of another program")
    return value


@contextmanager
def report_at(path: Path, cure: str) -> Iterator[bytes]:
    """What is in a file; UsageError with the `cure` if it can't be read, or if whoever reads it finds no report."""
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        example = path / "report.json"
        raise UsageError(f"{path} is a folder; give a file in it, {example} say") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", "") or "it is no file"
        raise UsageError(f"{path} can't be read ({problem}); {cure}") from None
    try:
        yield data
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, msgspec.MsgspecError):
        raise UsageError(f"{path} {_problem(data)}; {cure}") from None


def _problem(data: bytes) -> str:
    """Why a file is no report."""
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return f"is no JSON, or not all of it (line {error.lineno})" if data.strip() else "is empty"
    except (ValueError, RecursionError):
        pass
    return "is not a report.json of this suite"


def merge(runs: Sequence[Run]) -> Run:
    """The runs as one; at least one is needed. Their order does not matter, and one alone is what it was.

    The same rule is there once, with the evidence of the worst; counts are sums, times are pooled (see `pooled`). What
    is known of sessions and of drift is that of the last run that knows of any.
    """
    if len(runs) == 1:
        return runs[0]
    ordered = sorted(runs, key=attrgetter("started", "finished", "seeds", "files"))
    worst_first = sorted(ordered, key=lambda run: _RANKS.get(run.decision, _RANKS["inconclusive"]))
    by_rule: dict[str, list[RuleVerdict]] = {}
    by_key: dict[str, list[OperationRun]] = {}
    for run in ordered:
        for verdict in run.verdicts:
            by_rule.setdefault(verdict.rule, []).append(verdict)
        for operation in run.operations:
            by_key.setdefault(operation.key, []).append(operation)
    verdicts = tuple(map(_merged, by_rule.values()))
    suites = _once(run.suite for run in ordered)
    subjects = _once(subject for run in ordered for subject in run.subjects)
    notes = _once(note for run in ordered for note in run.notes)
    entries = [run.against for run in ordered if run.against is not None]
    return Run(
        suite=", ".join(suites),
        files=_once(file for run in ordered for file in run.files),
        subjects=subjects,
        targets=_once(target for run in ordered for target in run.targets),
        seeds=_once(seed for run in ordered for seed in run.seeds),
        started=ordered[0].started,
        finished=max(run.finished for run in ordered),
        decision=worst_first[0].decision,
        reasons=_once(reason for run in worst_first for reason in run.reasons),
        notes=(*_differences(subjects, suites), *notes),
        interrupted=any(run.interrupted for run in ordered),
        verdicts=verdicts,
        operations=tuple(map(_operation, by_key.values())),
        exchanges=sum(run.exchanges for run in ordered),
        unavailable=sum(run.unavailable for run in ordered),
        statuses=_summed(run.statuses for run in ordered),
        sessions=next((run.sessions for run in reversed(ordered) if run.sessions), None),
        against=_against(entries, verdicts),
        drift=next((run.drift for run in reversed(ordered) if run.drift), None),
    )


def _differences(subjects: Sequence[Subject], suites: Sequence[str]) -> Iterator[str]:
    """What keeps the runs from being about the same."""
    documents = {(one.title, one.sha256): one for one in subjects}.values()
    if len(documents) > 1:
        named = ", ".join(f"{one.title} {one.version} ({one.sha256[:8]})" for one in documents)
        yield f"these reports are on different documents: {named}; lines are those of the evidence's"
    if len(suites) > 1:
        yield f"these reports were written by different versions of the suite: {', '.join(suites)}"


def _merged(verdicts: Sequence[RuleVerdict]) -> RuleVerdict:
    """The worst of the verdicts on a rule, which says everything but what is counted."""
    seen = _summed(verdict.seen for verdict in verdicts)
    unseen = _once(member for verdict in verdicts for member in verdict.unseen)
    return replace(
        min(verdicts, key=_badness),
        exercised=sum(verdict.exercised for verdict in verdicts),
        violations=sum(verdict.violations for verdict in verdicts),
        seen=seen,
        unseen=tuple(member for member in unseen if member not in seen),
    )


def _badness(verdict: RuleVerdict) -> tuple[bool, int, bool, float, int]:
    """The smaller the worse: then by the share of answers that broke the rule, then the evidence easiest to read."""
    share = verdict.violations / max(verdict.exercised, 1)
    rank = _OUTCOMES.index(verdict.outcome)
    return not verdict.breaks, rank, not verdict.explained, -share, verdict.size


def _operation(parts: Sequence[OperationRun]) -> OperationRun:
    return OperationRun(
        parts[0].key,
        sum(part.exchanges for part in parts),
        sum(part.unavailable for part in parts),
        _summed(part.statuses for part in parts),
        pooled(part.times for part in parts) or Times(),
    )


def _against(
    entries: Sequence[Mapping[str, Any]], verdicts: Sequence[RuleVerdict]
) -> dict[str, Any] | None:
    """What became of rules since the earlier reports; of a rule with a verdict, what became of that one."""
    if not entries:
        return None
    became: dict[str, str] = {}
    for change, entry in product(CHANGES, entries):
        became |= dict.fromkeys(entry.get(change, ()), change)
    for verdict in verdicts:
        became[verdict.rule] = (verdict.since or "").replace(" ", "_")
    found: dict[str, Any] = {}
    for name in ("path", "about"):
        found[name] = ", ".join(_once(str(entry.get(name, "")) for entry in entries))
    for change in CHANGES:
        found[change] = [rule for rule, became_of_it in became.items() if became_of_it == change]
    carried = ChainMap({}, *(entry.get("carried", {}) for entry in reversed(entries)))
    known = filter(carried.__contains__, found["not_judged"])
    return {**found, "carried": {rule: carried[rule] for rule in known}}


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items()))


def _once(values: Iterable[T]) -> tuple[T, ...]:
    """Without repeats, in the order in which they come."""
    return tuple(dict.fromkeys(values))
