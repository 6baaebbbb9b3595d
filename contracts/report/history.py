"""A folder of reports, one a run: keep one more, let old ones go, and read what they say over nights.

Several runs may use a folder at once, and any of them may be killed: a report has its name only once it is whole, and
whoever reads or thins takes for granted that files come and go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain, groupby
from pathlib import Path

from contracts.errors import UsageError
from contracts.report.json_report import read_run
from contracts.report.run import Run
from contracts.report.trend import Trend, trend_of
from contracts.text import plural, write_whole

MAX_NAMED = 3
"""How many of the files that can't be used are called by their names."""
DRAFTS_LIVE = timedelta(days=1)
"""A draft that is so much older than the report just kept is one of a run that was killed."""
AGES = ((35, ""), (366, "%G week %V"), (99_999, "%Y-%m"))
"""Of runs younger than so many days, one of each period is kept; all of them where it is empty.

Of a week or a month it is the last run with a verdict, because one without proves nothing.
"""

_NAME = re.compile(r"\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{8}\.json")
_DRAFT = re.compile(rf"\.{_NAME.pattern}-\d+")
_STAMP = "%Y%m%dT%H%M%S.%fZ"


def keep(report: str, started: datetime, folder: Path) -> Path:
    """Keep a report under a name that sorts by time, whole or not at all; returns the path.

    The name also has a digest of the report: runs of the same moment have names of their own, and a report that is kept
    twice is there once.
    """
    moment = started.astimezone(UTC)
    stamp = f"{moment:%Y%m%dT%H%M%S}.{moment.microsecond // 1000:03}Z"
    return write_whole(folder / f"{stamp}-{sha256(report.encode()).hexdigest()[:8]}.json", report)


def thin(folder: Path, now: datetime) -> tuple[Path, ...]:
    """Delete what `AGES` does not keep at the time `now`, and old drafts; returns the reports that are gone.

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
    """What the runs in a folder say up to tonight's, which may be kept there as well, or be merged of `parts`.

    Runs on another target or another document are left out, as is what can't be read; the notes of the trend say so.
    """
    left_out = _LeftOut()
    known = set(map(_identity, (tonight, *parts)))
    before = _before(tonight, _runs(folder, left_out), known, left_out)
    return replace(trend_of(chain(before, [tonight])), notes=tuple(left_out.lines()))


@dataclass(slots=True)
class _LeftOut:
    """Counts what is no part of a trend, and why."""

    unreadable: list[str] = field(default_factory=list)
    foreign: int = 0
    later: int = 0

    def lines(self) -> Iterator[str]:
        yield from self.unreadable[:MAX_NAMED]
        if (more := len(self.unreadable) - MAX_NAMED) > 0:
            yield f"… and {plural(more, 'file')} more that can't be read"
        if self.foreign:
            yield f"left out: {plural(self.foreign, 'report')} on another target or document"
        if self.later:
            yield f"left out: {plural(self.later, 'report')} of later runs"


def _before(
    tonight: Run, runs: Iterable[Run], known: set[object], left_out: _LeftOut
) -> Iterator[Run]:
    """Those of the runs that came before, on the same target and document, each once."""
    for run in runs:
        if not (tonight.titles >= run.titles and set(tonight.targets).issuperset(run.targets)):
            left_out.foreign += 1
        elif (identity := _identity(run)) not in known:
            known.add(identity)
            if run.started > tonight.started:
                left_out.later += 1
            else:
                yield run


def _identity(run: Run) -> object:
    return run.started, run.finished, run.targets, run.seeds, run.exchanges


def _runs(folder: Path, left_out: _LeftOut) -> Iterator[Run]:
    """The reports of a folder, oldest first, one in memory at a time."""
    found = []
    for path in _files(folder):
        if (moment := _stamped(path)) is not None:
            found.append((moment, path))
        elif path.suffix == ".json" and (run := _read(path, left_out)) is not None:
            found.append((run.started, path))
    for _, path in sorted(found):
        if (run := _read(path, left_out)) is not None:
            yield run


def _read(path: Path, left_out: _LeftOut) -> Run | None:
    """The run; None if the file is no report, which is noted, or is gone meanwhile."""
    try:
        return read_run(path, "the history goes without it")
    except UsageError as error:
        if path.exists():
            left_out.unreadable.append(str(error))
        return None


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        problem = f"{folder} can't be read ({error.strerror}); give a folder of reports"
        raise UsageError(problem) from None


def _stamped(path: Path) -> datetime | None:
    """When the run of a report was started, as the name says that `keep` gave it; None for other files."""
    if not _NAME.fullmatch(path.name):
        return None
    try:
        return datetime.strptime(path.name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
    except ValueError:  # digits that are no date
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
        if (run := _read(path, _LeftOut())) is not None:
            readable.append((path, run))
    kept: set[object] = set()
    for path, run in sorted(readable, key=lambda pair: pair[1].decision == "inconclusive"):
        about = (run.targets, run.titles)
        if about in kept:
            yield path
        kept.add(about)


def _clear_drafts(folder: Path) -> None:
    """Delete what killed runs left behind; the file system says what is old, as its clock may be another's."""
    ages = {}
    for path in _files(folder):
        with suppress(OSError):
            ages[path] = path.stat().st_mtime
    newest = max(ages.values(), default=0.0)
    for path, written in ages.items():
        if _DRAFT.fullmatch(path.name) and newest - written > DRAFTS_LIVE.total_seconds():
            path.unlink(missing_ok=True)
