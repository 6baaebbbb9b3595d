"""A folder of reports, one a run, kept and let go; and what runs in a row say of rules and times.

Several runs may use a folder at once, and any of them may be killed: a report has its name only
once it is whole, and whoever reads or thins takes for granted that files come and go.
"""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from itertools import chain, groupby
from operator import attrgetter, itemgetter
from pathlib import Path

from contracts.errors import UsageError
from contracts.report.json_report import read_run
from contracts.report.run import RuleVerdict, Run, Times, pooled
from contracts.rules import Severity
from contracts.text import plural, write_whole

MAX_NAMED = 3  # files that can't be used which are called by their names
DRAFTS_LIVE = timedelta(days=1)  # a draft so much older than the newest file is a killed run's
AGES = ((35, ""), (366, "%G week %V"), (99_999, "%Y-%m"))
"""Of runs younger than so many days, the last of each period with a verdict is kept, all if ""."""
ABSENT, NOT_JUDGED = "absent", "not judged"
BROKEN = ("violated", "accepted")
JUDGED = (*BROKEN, "holds")  # with the two above, what a night says of a rule

STATES = (ABSENT, NOT_JUDGED, *JUDGED)
_CODES = {state: bytes([number]) for number, state in enumerate(STATES)}
_STATES = {"advisory": "violated"}
_STATES |= dict.fromkeys(("undecided", "not exercised", "not asked"), NOT_JUDGED)
"""By the standing of a verdict, where it is another word."""
_UNJUDGED = {NOT_JUDGED: ", not judged in the last night", ABSENT: ", not in the last report"}
_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.json")
_DRAFT = re.compile(rf"\.+{_NAME.pattern}(-\d+)+")


@dataclass(frozen=True, slots=True)
class Night:
    """A run, in numbers; `new` and `fixed` rules were not so when they were last judged."""

    started: datetime
    decision: str
    rules: int
    violated: int  # without advisories and what is accepted
    not_judged: int
    new: int
    fixed: int
    unavailable_share: float  # of the exchanges, from 0 to 1
    times: Times | None  # of all answers; old reports have none

    @property
    def day(self) -> str:
        return day(self.started)


@dataclass(frozen=True, slots=True)
class RuleTrend:
    """A rule that was broken in one of the nights; a night that did not judge it proves nothing."""

    verdict: RuleVerdict  # of the last night in which it was broken
    states: tuple[str, ...]  # one a night, of those which `JUDGED` is about
    is_broken: bool  # by the last night that judged it
    turned: datetime  # the first of the last nights in a row that judged it alike
    or_before: bool  # never seen kept before, so that it may be older than the nights
    nights: int  # that broke it
    judged: int
    streak: int  # how many nights these are
    comes_and_goes: bool  # was broken, kept, and broken again

    @property
    def is_new(self) -> bool:
        """Broken tonight, kept before, and never broken before that."""
        return self.states[-1] in BROKEN and self.streak == self.nights == 1 and not self.or_before

    @property
    def standing(self) -> str:
        """Since when it is broken, or that it comes and goes, or when it was fixed."""
        turned, unjudged = day(self.turned), _UNJUDGED.get(self.states[-1], "")
        if self.comes_and_goes:
            word = "back" if self.is_broken else "holds"
            nights = f"{self.nights} of {plural(self.judged, 'night')}"
            return f"comes and goes: {nights}, {word} since {turned}{unjudged}"
        if not self.is_broken:
            return f"fixed on {turned}{unjudged}"
        if self.is_new:
            return f"new on {turned}"
        before = " or before" * self.or_before
        return f"since {turned}{before} ({plural(self.streak, 'night')}){unjudged}"


@dataclass(frozen=True, slots=True)
class OperationTrend:
    """The response times of an operation, in seconds, a night each: None where there are none."""

    key: str
    nights: tuple[Times | None, ...]

    @property
    def medians(self) -> tuple[float | None, ...]:
        return tuple(times and times.median for times in self.nights)

    @property
    def p95s(self) -> tuple[float | None, ...]:
        return tuple(times and times.p95 for times in self.nights)


@dataclass(frozen=True, eq=False)
class Trend:
    """Nights, oldest first, the last being tonight, and what they say of rules and operations."""

    nights: tuple[Night, ...]
    rules: tuple[RuleTrend, ...]  # that any broke: first what is broken now, the severe, the newest
    operations: tuple[OperationTrend, ...]  # that answered in any, by key
    notes: tuple[str, ...] = ()  # what was left out, and why

    @property
    def tonight(self) -> Night:
        return self.nights[-1]

    @cached_property
    def answers(self) -> OperationTrend:
        """All operations together."""
        return OperationTrend("", tuple(map(attrgetter("times"), self.nights)))

    @cached_property
    def new(self) -> tuple[RuleTrend, ...]:
        return tuple(filter(attrgetter("is_new"), self.rules))

    @cached_property
    def coming_and_going(self) -> tuple[RuleTrend, ...]:
        return tuple(filter(attrgetter("comes_and_goes"), self.rules))

    @cached_property
    def fixed(self) -> tuple[RuleTrend, ...]:
        """What was broken once and is kept by now, apart from what comes and goes."""
        return tuple(rule for rule in self.rules if not (rule.is_broken or rule.comes_and_goes))

    @cached_property
    def by_rule(self) -> Mapping[str, RuleTrend]:
        return {trend.verdict.rule: trend for trend in self.rules}


def trend_of(runs: Iterable[Run], notes: Sequence[str] = ()) -> Trend:
    """What runs of one document on one target say, oldest first; each is read once and let go."""
    nights: list[Night] = []
    courses: dict[str, bytearray] = {}  # by rule, a state a night: there may be many of both
    broken: dict[str, RuleVerdict] = {}
    times: list[dict[str, Times]] = []
    known: dict[str, bool] = {}
    for run in map(attrgetter("told"), runs):
        turned: Counter[bool] = Counter()
        for verdict in run.verdicts:
            rule, state = verdict.rule, _STATES.get(verdict.standing, verdict.standing)
            course, is_broken = courses.setdefault(rule, bytearray()), state in BROKEN
            course.extend(_CODES[ABSENT] * (len(nights) - len(course)) + _CODES[state])
            if is_broken:
                broken[rule] = verdict
            if state in JUDGED:
                turned[is_broken] += known.setdefault(rule, is_broken) is not is_broken
                known[rule] = is_broken
        times.append({one.key: one.times for one in run.operations if one.times.count})
        lost = run.unavailable / max(run.exchanges, 1)
        counts = len(run.verdicts), len(run.violated), len(run.missing), turned[True], turned[False]
        all_times = pooled(map(attrgetter("times"), run.operations))
        nights.append(Night(run.started, run.decision, *counts, lost, all_times))
        del run  # before the next is read, as it may be large
    rules = []
    for rule, verdict in broken.items():
        course = courses[rule].ljust(len(nights), _CODES[ABSENT])
        row = tuple(map(STATES.__getitem__, course))
        rules.append(_rule_trend(verdict, row, nights))
    operations = []
    for key in sorted(set(chain.from_iterable(times))):
        operations.append(OperationTrend(key, tuple(tonight.get(key) for tonight in times)))
    rules.sort(key=_order)
    return Trend(tuple(nights), tuple(rules), tuple(operations), tuple(notes))


def day(moment: datetime) -> str:
    """The day in UTC, as a report shows it."""
    return moment.astimezone(UTC).date().isoformat()


def _rule_trend(verdict: RuleVerdict, states: tuple[str, ...], nights: list[Night]) -> RuleTrend:
    judged = []
    for state, night in zip(states, nights, strict=True):
        if state in JUDGED:
            judged.append((state in BROKEN, night.started))
    turns = [list(turn) for _, turn in groupby(judged, key=itemgetter(0))]
    broken = [turn for turn in turns if turn[0][0]]
    is_broken, turned = turns[-1][0]
    or_before, comes_and_goes = is_broken and len(turns) == 1, len(broken) > 1
    counts = sum(map(len, broken)), len(judged), len(turns[-1])
    return RuleTrend(verdict, states, is_broken, turned, or_before, *counts, comes_and_goes)


def _order(rule: RuleTrend) -> tuple[bool, bool, bool, float, str]:
    verdict = rule.verdict
    mild, accepted = verdict.severity is Severity.ADVISORY, verdict.accepted is not None
    return not rule.is_broken, mild, accepted, -rule.turned.timestamp(), verdict.rule


def keep(report: Iterable[str], started: datetime, folder: Path) -> Path:
    """Keep a report, whole or not at all, under a name of its time and digest; returns the path.

    Its parts are written as they come.
    """
    moment = started.astimezone(UTC)
    stamp = f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z"
    digest = sha256()

    def read() -> Iterator[str]:
        for part in report:
            digest.update(part.encode())
            yield part

    draft = write_whole(folder / f".{stamp}-{0:08x}.json-{os.getpid()}", read())
    return draft.replace(folder / f"{stamp}-{digest.hexdigest()[:8]}.json")


def thin(folder: Path, now: datetime) -> tuple[Path, ...]:
    """Delete what `AGES` does not keep at the time `now`, and old drafts; returns what is gone.

    Only files that `keep` named are touched, never the newest, and none that can't be read.
    """
    _clear_drafts(folder)
    named = list(filter(_stamped, _files(folder)))
    gone = []
    for period, paths in groupby(named[:-1], key=lambda path: _period(_stamped(path), now)):
        if period:
            for path in _surplus(list(paths)):
                with suppress(OSError):  # another run was faster, or the next one will try again
                    path.unlink()
                    gone.append(path)
    return tuple(gone)


def trend_in(folder: Path, tonight: Run, parts: Sequence[Run] = ()) -> Trend:
    """What the runs in a folder say up to tonight's, which may be there too, or merged of `parts`.

    Runs on another target or document are left out, as is what can't be read; the notes say so.
    """
    unreadable: list[str] = []
    foreign, later = "on another target or document", "of later runs"
    left_out = Counter({foreign: 0, later: 0})
    known = set(map(_identity, (tonight, *parts)))

    def nights() -> Iterator[Run]:
        for run in _runs(folder, unreadable):
            if not _about(tonight) >= _about(run):
                left_out[foreign] += 1
            elif (identity := _identity(run)) not in known:
                known.add(identity)
                if run.started <= tonight.started:
                    yield run
                else:
                    left_out[later] += 1
            del run
        yield tonight

    trend, notes = trend_of(nights()), unreadable[:MAX_NAMED]
    if (more := len(unreadable) - MAX_NAMED) > 0:
        notes.append(f"… and {plural(more, 'file')} more in {folder} that can't be read")
    for why, count in left_out.items():
        if count:
            notes.append(f"left out: {plural(count, 'report')} {why}")
    return replace(trend, notes=tuple(notes))


def _about(run: Run) -> frozenset[str | None]:
    """The targets, and the titles of the documents, which versions of one share."""
    return frozenset((*run.targets, *map(attrgetter("title"), run.subjects)))


def _identity(run: Run) -> object:
    return run.started, run.finished, run.targets, run.seeds, run.exchanges


def _runs(folder: Path, unreadable: list[str]) -> Iterator[Run]:
    """The reports of a folder, oldest first, one in memory at a time."""
    found = []
    for path in _files(folder):
        if (moment := _stamped(path)) is not None:
            found.append((moment, path))
        elif path.suffix == ".json" and (run := _read(path, unreadable)) is not None:
            found.append((run.started, path))
    for _, path in sorted(found):
        if (run := _read(path, unreadable)) is not None:
            yield run
        del run


def _read(path: Path, unreadable: list[str]) -> Run | None:
    """The run; None if the file is no report, which is noted, or is gone meanwhile."""
    try:
        return read_run(path, "the history goes without it")
    except UsageError as error:
        if path.exists():
            unreadable.append(str(error))
        return None


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in sorted(folder.iterdir()) if path.is_file() or path.is_dir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        problem = f"{folder} can't be read ({error.strerror}); give a folder of reports"
        raise UsageError(problem) from None


def _stamped(path: Path) -> datetime | None:
    """When the run was started, as the name of its report says; None for other files."""
    with suppress(ValueError):  # digits that are no date
        if _NAME.fullmatch(path.name):
            return datetime.fromisoformat(path.name.partition("-")[0])
    return None


def _period(moment: datetime | None, now: datetime) -> str:
    """What a run shares with those of which one is kept; empty if it is young enough to be kept."""
    for days, period in AGES:
        if moment is not None and now - moment < timedelta(days=days):
            return moment.strftime(period)
    return ""


def _surplus(paths: Sequence[Path]) -> Iterator[Path]:
    """All but one of each target and document: the last with a verdict, or the last of all."""
    if len(paths) == 1:
        return
    readable = []
    for path in reversed(paths):
        if (run := _read(path, [])) is not None:
            readable.append((run.decision == "inconclusive", path, _about(run)))
    kept: set[object] = set()
    for _, path, about in sorted(readable, key=itemgetter(0)):
        if about in kept:
            yield path
        kept.add(about)


def _clear_drafts(folder: Path) -> None:
    """Delete what killed runs left; old is what the file system says, whose clock may differ."""
    ages = {}
    for path in _files(folder):
        with suppress(OSError):
            ages[path] = path.stat().st_mtime
    newest = max(ages.values(), default=0.0)
    for path, written in ages.items():
        if _DRAFT.fullmatch(path.name) and newest - written > DRAFTS_LIVE.total_seconds():
            path.unlink(missing_ok=True)
