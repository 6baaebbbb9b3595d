"""Reports of the shards of a run to one of the whole, decided as the whole run would be."""

import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from contracts.decision.run_decision import Result, counted
from contracts.errors import UsageError
from contracts.report.json_report import merged_of, read_run
from contracts.report.run import RuleVerdict, Run, Shard
from contracts.text import cut, few, shown_path
from contracts.verdicts import Outcome

CURE = "give the report.json that a run with --contract-shard wrote"
MAX_NAMED = 3  # files that can't be used
NOT_SET = "not set"


class ShardRun(NamedTuple):
    """A shard of a run, and the run that it made."""

    shard: Shard
    run: Run

    def __str__(self) -> str:
        return f"{shown_path(Path(self.run.files[0]))} ({self.shard})"


class Whole(NamedTuple):
    """The run that shards have made together, and why there are no verdicts on some operations."""

    run: Run
    unjudged: Mapping[str, str]  # by the key of an operation
    rules: str | None  # a glob: those that were chosen


def whole_of(paths: Sequence[Path]) -> Whole:
    """The run that its shards have made together, of the reports of all, each given once.

    What is missing, of no use or of another run makes it inconclusive, and is said. UsageError
    where none is a shard's, or no two of several are on one document.
    """
    read, lacking = list[ShardRun](), list[str]()
    for path in paths:
        try:
            run = read_run(path, CURE)
        except UsageError as error:
            lacking.append(str(error))
            continue
        if run.shard is None:
            lacking.append(f"{path} is not of a shard, or of an older version; {CURE}")
        else:
            read.append(ShardRun(run.shard, run))
    if not read:
        raise UsageError(f"there is no report of a shard: {few(lacking, MAX_NAMED, '')}")
    parts, count = dict[int, ShardRun](), _own(read)[0].shard.count
    for part in _own(read):
        other = parts.setdefault(part.shard.index, part)
        if other is not part:
            files = f"{other.run.files[0]} and {part.run.files[0]}"
            lacking.append(f"{part.shard} was given twice, {files}; give one of them")
    lacking += _foreign(read)
    if absent := [str(index) for index in range(1, count + 1) if index not in parts]:
        verb = "is" if len(absent) == 1 else "are"
        shards = f"shard{'s' * (verb == 'are')} {few(absent, MAX_NAMED, '')}"
        lacking.append(f"{shards} of {count} {verb} not there; give the report of each")
    run, unjudged = _joined([parts[index] for index in sorted(parts)], lacking), dict[str, str]()
    judged = {verdict.operation for verdict in run.verdicts}
    shard = next(iter(parts.values())).shard
    for key, index in shard.shares.items():
        came = "did not come to it" if index in parts else "is not there"
        if key not in judged:
            unjudged[key] = f"shard {index} of {count} {came}"
    return Whole(run, unjudged, shard.settings.get("--contract-rule"))


def ranked(verdicts: Iterable[RuleVerdict], run: Run) -> tuple[RuleVerdict, ...]:
    """The verdicts in the order in which the document has their operations."""
    ranks = {one.key: rank for rank, one in enumerate(run.operations)}
    return tuple(sorted(verdicts, key=lambda verdict: ranks.get(verdict.operation, 0)))


def _facts(part: ShardRun) -> Mapping[str, str]:
    """What all shards of a run have alike, by what it is called."""
    shard, document = part.shard, part.run.subject
    shares = repr(sorted(shard.shares.items())).encode()
    return {
        "document": f"{document.title} {document.version} ({document.sha256[:12]})",
        "base URL": part.run.target,
        "seed": part.run.seed,
        "version of the suite": part.run.suite,
        "number of shards": str(shard.count),
        **shard.settings,
        "division of the operations": f"{zlib.crc32(shares):08x}",
    }


def _own(read: Sequence[ShardRun]) -> list[ShardRun]:
    """Those of one run: of that which most are of."""
    runs: dict[object, list[ShardRun]] = {}
    for part in read:
        runs.setdefault(tuple(_facts(part).items()), []).append(part)
    most, documents = max(runs.values(), key=len), {_facts(part)["document"] for part in read}
    if 1 < len(read) == len(documents):
        said = "; ".join(_foreign(read, most[0]))
        raise UsageError(f"these are no shards of one run: {said}")
    return most


def _foreign(read: Sequence[ShardRun], ours: ShardRun | None = None) -> Iterator[str]:
    """What is said of those of other runs."""
    wanted = _facts(ours or _own(read)[0])
    for part in read:
        facts, said = _facts(part), list[str]()
        for name in dict.fromkeys((*wanted, *facts)):
            seen, expected = facts.get(name, NOT_SET), wanted.get(name, NOT_SET)
            if seen != expected:
                said.append(f"{name} {cut(seen)}, not {cut(expected)}")
        if said:
            yield f"{part} is of another run and left out: {said[0]}"


def _joined(parts: Sequence[ShardRun], lacking: Sequence[str]) -> Run:
    """The run with all that its shards have, in the order of the document, and its decision."""
    merged, first = merged_of([run for _, run in parts]), parts[0]
    if first.shard.index == 1:  # which alone starts a session, and looks for drift
        merged = replace(merged, sessions=first.run.sessions, drift=first.run.drift)
    command = re.sub(r" --contract-shard[= ]\S+", "", "".join(first.run.commands))
    merged = replace(merged, commands=(command,))
    return _decided(replace(merged, verdicts=ranked(merged.verdicts, merged)), parts, lacking)


def _decided(merged: Run, parts: Sequence[ShardRun], lacking: Sequence[str]) -> Run:
    """The run with what it comes to: a violation fails it, else what is missing leaves it open."""
    failing, breaks, apart = dict[str, None](), dict[str, None](), list[list[str]]()
    fails, is_open = False, bool(lacking)
    for shard, run in parts:
        failing |= dict.fromkeys(shard.failing)
        breaks |= dict.fromkeys([shard.breaks] * bool(shard.breaks))
        own = {shard.breaks, *_lines(run, shard.failing)}
        apart.append([reason for reason in run.reasons if reason not in own])
        fails = fails or (run.decision == Result.FAIL and bool(apart[-1]))
        is_open = is_open or run.interrupted or run.decision == Result.INCONCLUSIVE
    failures, unfinished = [*_lines(merged, failing), *breaks], [*lacking, *_told(parts, apart)]
    notes = _told(parts, [run.notes for _, run in parts])
    if all(shard.idle for shard, _ in parts):
        is_open, unfinished = True, [*unfinished, *dict.fromkeys(s.idle for s, _ in parts)]
    if not is_open:
        stale, healed = _of_all(parts)
        failures += stale
        notes = [*healed, *notes]
    broken = any(v.outcome is Outcome.VIOLATED for v in merged.verdicts if v.rule in failing)
    decision = Result.PASS
    if is_open and not (broken or breaks):
        decision, failures = Result.INCONCLUSIVE, []
    elif failures or fails:
        decision = Result.FAIL
    reasons = tuple(dict.fromkeys((*failures, *unfinished)))
    return replace(merged, decision=decision.value, reasons=reasons, notes=tuple(notes))


def _of_all(parts: Sequence[ShardRun]) -> tuple[list[str], list[str]]:
    """What only holds of a run that was asked to its end: what fails it, and what is noted."""
    failures, healed, missed = dict[str, None](), dict[str, bool](), list[str | None]()
    for shard, _ in parts:
        failures |= dict.fromkeys(shard.stale)
        missed.append(shard.missed)
        for text, is_healed in shard.healed.items():
            healed[text] = healed.get(text, True) and is_healed
    notes = [text for text, is_healed in healed.items() if is_healed]
    if "--contract-strict" in parts[0].shard.settings:
        failures |= dict.fromkeys(notes)
    if None not in missed:
        failures |= dict.fromkeys([*filter(None, missed)][:1])
    return [*failures], notes


def _lines(run: Run, failing: Collection[str]) -> Iterator[str]:
    """What a decision says of the rules that fail a run, in which some of them may hold."""
    failing, outcomes, new = set(failing), Counter[Outcome](), 0
    for verdict in run.verdicts:
        if verdict.rule in failing:
            outcomes[verdict.outcome] += 1
            new += verdict.since == "new"
    yield from counted(outcomes, None if run.against is None else new)


def _told(parts: Sequence[ShardRun], texts: Sequence[Sequence[str]]) -> list[str]:
    """Texts of each shard, with which one it is unless all say the same."""
    counts, found = Counter(chain.from_iterable(map(set, texts))), dict[str, None]()
    for (shard, _), own in zip(parts, texts, strict=True):
        for text in own:
            found[text if counts[text] == len(parts) > 1 else f"{shard}: {text}"] = None
    return [*found]
