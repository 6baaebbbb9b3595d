"""`report.json`: a run written to it, and read from it, of any version; and several runs to one."""

import json
from collections import ChainMap, Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, filterfalse, product
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from contracts.errors import UsageError
from contracts.report.run import (
    CHANGES,
    OperationRun,
    RuleVerdict,
    Run,
    Subject,
    Times,
    about_rule,
    pooled,
)
from contracts.report.shorthand import LARGE, Entries, shortened, whole
from contracts.text import bytes_at, json_line, json_shown, write_whole
from contracts.verdicts import Outcome

SCHEMA = Path(__file__).with_name("report.schema.json")
SUITE = "notte-contracts"
CURE = "give a report.json that a contract run wrote"
NO_REPORT = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    msgspec.MsgspecError,
)

_KEYS = (
    *("suite", "started", "finished", "seed", "interrupted", "spec", "target", "shard", "command"),
    *("sessions", "decision", "reasons", "notes", "notices", "summary", "against", "drift"),
    *("statuses", "retried_for", "operations", "verdicts"),
)  # in the order in which people want to read them
SIZES = ("exchanges", "unavailable", "retried")
_RANKS = {"fail": 0, "inconclusive": 1, "pass": 2}  # any decides for all, the lower first
_OUTCOMES: tuple[Outcome, ...] = (Outcome.VIOLATED, Outcome.UNDECIDED, Outcome.HOLDS)
_OUTCOMES += (Outcome.NOT_EXERCISED, Outcome.NOT_ASKED)
"""Any of them decides for a rule, in this order, after a violation that nobody accepted."""


def run_from(value: Mapping[str, Any], file: str = "") -> Run:
    """The run that a report's JSON value tells of; raises one of `NO_REPORT` if it is none."""
    operations = []
    for key, entry in value.get("operations", {}).items():
        operations.append({"key": key, **entry, "times": entry.get("times") or {}})
    common = value.get("common", ())
    about: dict[str, Any] = {
        **value["summary"],
        **value,
        "verdicts": [whole(verdict, common) for verdict in value["verdicts"]],
        "suite": ours(value)["suite"]["version"],
        "files": list(filter(None, [file])),
        "subjects": [value["spec"]],
        "targets": [value["target"]["base_url"]],
        "seeds": [value["seed"]],
        "commands": list(filter(None, [value.get("command")])),
        "operations": operations,
    }
    run = msgspec.convert(about, Run)
    if not {1, 9999}.isdisjoint((run.started.year, run.finished.year)):  # days on either side
        raise ValueError("no time of a run")
    _look_through(run.verdicts)
    return run


def _look_through(verdicts: Iterable[RuleVerdict]) -> None:
    """Raise ValueError where one is on no rule, or shows nothing for a violation."""
    for verdict in verdicts:
        about_rule(verdict.rule)
        if verdict.outcome is Outcome.VIOLATED and verdict.evidence is None:
            raise ValueError(f"{verdict.rule} is violated without evidence")


def to_json(run: Run) -> dict[str, Any]:
    """A run that was not merged, as the JSON value that `report.schema.json` describes.

    Of a large one the verdicts are `Entries`, else a list.
    """
    found = msgspec.json.decode(msgspec.json.encode(replace(run, verdicts=())))
    entries = Entries(run.verdicts)
    operations = {entry.pop("key"): entry for entry in found["operations"]}
    for entry in operations.values():
        if not entry["times"]["count"]:
            entry["times"] = None
    (target,) = run.targets
    found |= {
        "suite": {"name": SUITE, "version": run.suite},
        "started": run.started.isoformat(timespec="milliseconds"),
        "finished": run.finished.isoformat(timespec="milliseconds"),
        "seed": run.seeds[0],
        "spec": found["subjects"][0],
        "target": {"kind": "live" if target else "mock", "base_url": target},
        "command": "".join(run.commands),
        "operations": operations,
        "verdicts": entries if len(entries) > LARGE else list(entries),
    }
    sizes = {name: found[name] for name in SIZES}
    found["summary"] = {"rules": len(run.verdicts), **run.counts, **sizes}
    left_out = {name for name in ("against", "drift", "shard") if found[name] is None}
    return {key: found[key] for key in _KEYS if key not in left_out}


def json_text(value: Mapping[str, Any]) -> str:
    """A report as the text of its file."""
    return "".join(json_parts(value))


def json_parts(value: Mapping[str, Any]) -> Iterator[str]:
    """The text in parts; that of a `LARGE` report has a line a verdict, and shared texts once."""
    if len(value["verdicts"]) <= LARGE:
        yield json_shown(value) + "\n"
        return
    head = {name: part for name, part in value.items() if name != "verdicts"}
    yield json_shown(head).removesuffix("\n}")
    common: dict[bytes, int] = {}
    before = ',\n "verdicts": [\n'
    for verdict in value["verdicts"]:
        yield before + json_line(shortened(verdict, common))
        before = ",\n"
    before = '\n ],\n "common": [\n'
    for entry in common:
        yield before + json_line(msgspec.Raw(entry))
        before = ",\n"
    yield "\n ]\n}\n"


def write_json(value: Mapping[str, Any], folder: Path) -> Path:
    """Write a report as `report.json`; returns its path."""
    return write_whole(folder / "report.json", json_parts(value))


def read_run(path: Path, cure: str = CURE) -> Run:
    """The run that a file tells of, of any version; UsageError with the `cure` if it is none."""
    with report_at(path, cure) as data:
        # Verdicts, of which there may be many, go straight into the model.
        parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        head = head_in(parts)
        if "common" in parts:
            verdicts = tuple(msgspec.convert(entry, RuleVerdict) for entry in verdicts_in(parts))
        else:
            verdicts = msgspec.json.decode(parts["verdicts"], type=tuple[RuleVerdict, ...])
        _look_through(verdicts)
        return replace(run_from({**head, "verdicts": []}, str(path)), verdicts=verdicts)


def head_in(parts: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
    """All but the verdicts, by the parts of a file's JSON value."""
    head = {}
    for name, part in parts.items():
        if name not in ("verdicts", "common"):
            head[name] = msgspec.json.decode(part)
    return ours(head)  # type: ignore[no-any-return]


def verdicts_in(parts: Mapping[str, msgspec.Raw]) -> Iterator[dict[str, Any]]:
    """The verdicts, each whole and one at a time, as there may be many."""
    common = msgspec.json.decode(parts.get("common", b"[]"))
    for verdict in msgspec.json.decode(parts["verdicts"], type=list[msgspec.Raw]):
        yield whole(msgspec.json.decode(verdict), common)


def ours(value: Any) -> Any:
    """The JSON value of a report, of any version; one of `NO_REPORT` if it is another's."""
    if value.get("suite", {}).get("name", SUITE) != SUITE:
        raise ValueError("the report of another program")
    return value


@contextmanager
def report_at(path: Path, cure: str) -> Iterator[bytes]:
    """What is in a file; UsageError with the `cure` if it can't be had, or turns out no report."""
    try:
        data = bytes_at(path)
    except IsADirectoryError:
        example = path / "report.json"
        raise UsageError(f"{path} is a folder; give a file in it, {example} say") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", "") or "it is no file"
        raise UsageError(f"{path} can't be read ({problem}); {cure}") from None
    try:
        yield data
    except NO_REPORT:
        raise UsageError(f"{path} {_problem(data)}; {cure}") from None


def _problem(data: bytes) -> str:
    try:
        json.loads(data)
    except json.JSONDecodeError as error:
        return f"is no JSON, or not all of it (line {error.lineno})" if data.strip() else "is empty"
    except (ValueError, RecursionError):
        pass
    return "is not a report.json of this suite"


def merge(runs: Sequence[Run]) -> Run:
    """The runs, one at least, as one; their order does not matter, and one alone is what it was.

    A rule has the evidence of the worst; sessions and drift are the last run's that knows of any.
    """
    return runs[0] if len(runs) == 1 else merged_of(runs)


def merged_of(runs: Sequence[Run]) -> Run:
    """The same, also of one that was to be merged with others, which are not there."""
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
    lists = "files", "subjects", "targets", "seeds", "commands", "notes", "notices"
    named = *SIZES, *lists, "statuses", "retried_for"
    joined, suites = _joined(ordered, *named), _once(map(attrgetter("suite"), ordered))
    joined["notes"] = (*_differences(joined["subjects"], suites), *joined["notes"])
    latest = ordered[::-1]
    return replace(
        ordered[0],
        suite=", ".join(suites),
        finished=max(map(attrgetter("finished"), ordered)),
        decision=worst_first[0].decision,
        reasons=_joined(worst_first, "reasons")["reasons"],
        interrupted=any(map(attrgetter("interrupted"), ordered)),
        verdicts=verdicts,
        operations=tuple(map(_operation, by_key.values())),
        sessions=next(filter(None, map(attrgetter("sessions"), latest)), None),
        against=_against(ordered, verdicts),
        drift=next(filter(None, map(attrgetter("drift"), latest)), None),
        shard=None,
        **joined,
    )


def _differences(subjects: Sequence[Subject], suites: Sequence[str]) -> Iterator[str]:
    """What keeps the runs from being about the same."""
    documents = {(one.title, one.sha256): one for one in subjects}.values()
    if len(documents) > 1:
        said = ", ".join(f"{one.title} {one.version} ({one.sha256[:8]})" for one in documents)
        yield f"these reports are on different documents: {said}; lines are those of the evidence's"
    if len(suites) > 1:
        yield f"these reports were written by different versions of the suite: {', '.join(suites)}"


def _merged(verdicts: Sequence[RuleVerdict]) -> RuleVerdict:
    """The worst of the verdicts on a rule, which says everything but what is counted."""
    if len(verdicts) == 1:
        return verdicts[0]
    joined = _joined(verdicts, "exercised", "violations", "found", "seen", "unseen")
    joined["unseen"] = tuple(filterfalse(joined["seen"].__contains__, joined["unseen"]))
    return replace(min(verdicts, key=_badness), **joined)


def _badness(verdict: RuleVerdict) -> tuple[bool, int, bool, float, int]:
    """The smaller the worse; at last the share of answers that broke it, and plain evidence."""
    share = verdict.violations / max(verdict.exercised, 1)
    rank = _OUTCOMES.index(verdict.outcome)
    is_kept = verdict.standing not in ("violated", "advisory")
    return is_kept, rank, not verdict.explained, -share, verdict.size


def _operation(parts: Sequence[OperationRun]) -> OperationRun:
    times = pooled(map(attrgetter("times"), parts)) or Times()
    return replace(parts[0], times=times, **_joined(parts, "exchanges", "unavailable", "statuses"))


def _against(runs: Sequence[Run], verdicts: Sequence[RuleVerdict]) -> dict[str, Any] | None:
    """What became of rules since the earlier reports; of one with a verdict, what that says."""
    entries = [run.against for run in runs if run.against is not None]
    if not entries:
        return None
    became: dict[str, str] = {}
    for change, entry in product(CHANGES, entries):
        became |= dict.fromkeys(entry.get(change, ()), change)
    for verdict in verdicts:
        became[verdict.rule] = (verdict.since or "").replace(" ", "_")
    carried = ChainMap({}, *(entry.get("carried", {}) for entry in reversed(entries)))
    for rule in carried:  # a shard knows what others were to judge
        became.setdefault(rule, "not_judged")
    found: dict[str, Any] = {}
    for name in ("path", "about"):
        found[name] = ", ".join(_once(str(entry.get(name, "")) for entry in entries))
    for change in CHANGES:
        found[change] = [rule for rule, became_of_it in became.items() if became_of_it == change]
    known = filter(carried.__contains__, found["not_judged"])
    return {**found, "carried": {rule: carried[rule] for rule in known}}


def _joined(parts: Sequence[object], *names: str) -> dict[str, Any]:
    """What the parts have by each name: numbers and counts added, of all else everything once."""
    joined: dict[str, Any] = {}
    for name in names:
        values = list(map(attrgetter(name), parts))
        if isinstance(values[0], int):
            joined[name] = sum(values)
        elif isinstance(values[0], Mapping):
            joined[name] = dict(sorted(sum(map(Counter, values), Counter()).items()))
        else:
            joined[name] = _once(chain.from_iterable(values))
    return joined


def _once(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))
