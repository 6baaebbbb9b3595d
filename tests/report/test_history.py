"""A folder of reports: what is kept, let go, and read, also while others do the same."""

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.decision.run_decision import Decision, Result
from contracts.errors import UsageError
from contracts.report import history
from contracts.report.history import Trend, keep, thin, trend_in, trend_of
from contracts.report.json_report import json_text, run_from, to_json
from contracts.report.run import Run, Times
from contracts.rules import Severity

from .runs import GET, nights, run, times, verdict, without_times
from .verdicts import report, violated

NOW = datetime(2026, 11, 24, 3, 17, 2, 123000, UTC)
DAY = timedelta(days=1)


def value(started: datetime = NOW, result: Result = Result.PASS, **extra: Any) -> dict[str, Any]:
    finished = started + timedelta(seconds=1)
    moments = {"started": started.isoformat(timespec="milliseconds"), "finished": finished.isoformat()}
    return to_json(report(violated(), decision=Decision(result), **{**moments, **extra}))


def kept(folder: Path, started: datetime = NOW, result: Result = Result.PASS, **extra: Any) -> Path:
    return keep(json_text(value(started, result, **extra)), started, folder)


def tonight(**extra: Any) -> Run:
    return run_from(value(**extra))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_kept_under_a_name_that_sorts_by_time(tmp_path: Path) -> None:
    """A snapshot of the name: other versions read it."""
    path = keep("{}", NOW.astimezone(), tmp_path / "new")
    assert path == tmp_path / "new" / "20261124T031702.123Z-44136fa3.json"
    assert path.read_text() == "{}"


def test_runs_of_the_same_moment_do_not_overwrite_each_other(tmp_path: Path) -> None:
    kept(tmp_path, seed=1)
    kept(tmp_path, seed=2)
    assert len(names(tmp_path)) == 2


def test_a_report_that_is_kept_twice_is_there_once(tmp_path: Path) -> None:
    assert kept(tmp_path) == kept(tmp_path)


def test_what_could_not_be_written_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        kept(tmp_path)
    assert names(tmp_path) == []


def test_runs_are_read_oldest_first_and_tonight_once(tmp_path: Path) -> None:
    for days in (0, 3, 1):
        kept(tmp_path, NOW - days * DAY)
    trend = trend_in(tmp_path, tonight())
    assert [night.day for night in trend.nights] == ["2026-11-21", "2026-11-23", "2026-11-24"]
    assert trend.notes == ()


def test_a_folder_that_is_not_there_yet_has_no_earlier_nights(tmp_path: Path) -> None:
    assert len(trend_in(tmp_path / "none", tonight()).nights) == 1


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file can't be read \(Not a directory\); give a folder of reports"):
        trend_in(tmp_path / "file", tonight())


def test_reports_that_somebody_named_are_read_as_well(tmp_path: Path) -> None:
    kept(tmp_path, NOW - DAY)
    (tmp_path / "monday.json").write_text(json_text(value(NOW - 2 * DAY)))
    (tmp_path / "29991399T031702.123Z-44136fa3.json").write_text(json_text(value(NOW - 3 * DAY)))
    assert [night.day[-2:] for night in trend_in(tmp_path, tonight()).nights] == ["21", "22", "23", "24"]


def test_the_parts_of_a_merged_run_are_no_earlier_nights(tmp_path: Path) -> None:
    kept(tmp_path, NOW - DAY, seed=5)
    parts = [run_from(value(NOW - DAY, seed=5))]
    assert len(trend_in(tmp_path, tonight(), parts).nights) == 1


@pytest.mark.parametrize(
    ("other", "note"),
    [
        ({"base_url": None}, "left out: 1 report on another target or document"),
        ({"started": NOW + DAY}, "left out: 1 report of later runs"),
    ],
    ids=["another target", "later"],
)
def test_what_does_not_belong_is_counted(other: dict[str, Any], note: str, tmp_path: Path) -> None:
    kept(tmp_path, **other)
    trend = trend_in(tmp_path, tonight())
    assert (len(trend.nights), trend.notes) == (1, (note,))


def test_reports_on_another_document_are_left_out(tmp_path: Path) -> None:
    foreign = value(NOW - DAY)
    foreign["spec"]["title"] = "Other Things"
    keep(json_text(foreign), NOW - DAY, tmp_path)
    assert trend_in(tmp_path, tonight()).notes == ("left out: 1 report on another target or document",)


def test_another_version_of_the_document_is_the_same_document(tmp_path: Path) -> None:
    older = value(NOW - DAY)
    older["spec"] |= {"version": "0.9", "sha256": "0" * 64, "path": "elsewhere.yaml"}
    keep(json_text(older), NOW - DAY, tmp_path)
    assert [night.day for night in trend_in(tmp_path, tonight()).nights] == ["2026-11-23", "2026-11-24"]


def test_files_that_are_no_reports_are_left_alone_and_named(tmp_path: Path) -> None:
    texts = {
        "20261101T031702.123Z-44136fa3.json": '{"half',
        "b.json": "[]",
        "c.json": "",
        "d.json": "",
        "notes.txt": "",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".20261101T031702.123Z-44136fa3.json-7").write_text("{")
    trend = trend_in(tmp_path, tonight())
    assert trend.notes[0] == f"{tmp_path / 'b.json'} is not a report.json of this suite; the history goes without it"
    assert trend.notes[3:] == (f"… and 1 file more in {tmp_path} that can't be read",)
    thin(tmp_path, NOW + 999 * DAY)
    assert texts.keys() <= set(names(tmp_path))


def test_a_file_that_goes_while_others_are_read_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tmp_path, NOW - DAY)
    gone = tmp_path / "20261101T031702.123Z-44136fa3.json"
    monkeypatch.setattr(history, "_files", lambda folder: [gone, *sorted(folder.iterdir())])
    trend = trend_in(tmp_path, tonight())
    assert (len(trend.nights), trend.notes) == (2, ())
    thin(tmp_path, NOW)


def thinned(folder: Path, *days: float, result: Result = Result.PASS) -> list[float]:
    """The ages in days of what is left of runs of these ages, of which the last has a verdict."""
    ages = {kept(folder, NOW - age * DAY, result): age for age in days}
    thin(folder, NOW)
    return [age for path, age in ages.items() if path.exists()]


@pytest.mark.parametrize(
    ("days", "left"),
    [
        ((34, 33, 32, 0), [34, 33, 32, 0]),
        ((45, 44, 43, 38, 37, 36, 35, 34, 0), [44, 37, 35, 34, 0]),
        ((36, 34, 0), [36, 34, 0]),
        ((430, 425, 420, 390, 380, 0), [420, 390, 380, 0]),
    ],
    ids=["all of 35 days", "one a week", "a week that is not all old", "one a month"],
)
def test_the_older_the_fewer(days: tuple[float, ...], left: list[float], tmp_path: Path) -> None:
    assert thinned(tmp_path, *days) == left


def test_of_a_week_the_last_run_with_a_verdict_is_kept(tmp_path: Path) -> None:
    sunday = kept(tmp_path, NOW - 37 * DAY, Result.INCONCLUSIVE)
    assert thinned(tmp_path, 43, 38, 0) == [38, 0]
    assert not sunday.exists()


def test_of_a_week_without_a_verdict_the_last_run_is_kept(tmp_path: Path) -> None:
    assert thinned(tmp_path, 43, 38, 37, 0, result=Result.INCONCLUSIVE) == [37, 0]


def test_the_newest_run_is_never_let_go(tmp_path: Path) -> None:
    kept(tmp_path, NOW - 43 * DAY)
    kept(tmp_path, NOW - 37 * DAY, Result.INCONCLUSIVE)
    assert thin(tmp_path, NOW) == ()


def test_every_target_has_runs_of_its_own(tmp_path: Path) -> None:
    kept(tmp_path, NOW - 38 * DAY, base_url=None)
    assert thinned(tmp_path, 37, 0) == [37, 0]
    assert len(names(tmp_path)) == 3


def test_thinning_again_changes_nothing(tmp_path: Path) -> None:
    left = thinned(tmp_path, *range(500, -1, -7))
    assert len(left) < 72
    assert thin(tmp_path, NOW) == ()


def test_a_report_that_another_run_let_go_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [kept(tmp_path, NOW - days * DAY) for days in (38, 37, 0)]
    monkeypatch.setattr(Path, "unlink", lambda path: os.remove(tmp_path / "none"))
    assert thin(tmp_path, NOW) == ()
    assert all(path.exists() for path in paths)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from contracts.report.history import keep
os.replace = lambda *paths: os.kill(os.getpid(), signal.SIGKILL)
keep("{}", datetime(2026, 11, 24, tzinfo=UTC), Path(sys.argv[1]))
"""


def test_a_run_that_is_killed_while_it_writes_leaves_a_draft_that_is_cleared_when_it_is_old(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (draft,) = tmp_path.iterdir()
    kept(tmp_path)
    assert (len(trend_in(tmp_path, tonight()).nights), trend_in(tmp_path, tonight()).notes) == (1, ())
    thin(tmp_path, NOW)
    assert draft.exists()
    written = draft.stat().st_mtime - 25 * 3600
    os.utime(draft, (written, written))
    thin(tmp_path, NOW)
    assert len(names(tmp_path)) == 1


WRITER = """
import json, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from contracts.report.history import keep, thin, trend_in
from contracts.report.json_report import run_from
folder, seed, value = Path(sys.argv[1]), int(sys.argv[2]), json.load(sys.stdin)
start, day = datetime(2026, 11, 24, tzinfo=UTC), timedelta(days=1)
for number in range(40):
    started = start - 2 * number * day  # the older half is thinned while others write it
    value |= {"seed": seed, "started": started.isoformat(), "finished": (started + day).isoformat()}
    keep(json.dumps(value), started, folder)
    thin(folder, start)
    assert not trend_in(folder, run_from(value | {"started": "2027-01-01T00:00:00+00:00"})).notes
"""


def test_runs_that_write_at_once_lose_nothing_and_leave_nothing_half_written(tmp_path: Path) -> None:
    """Every process also thins and reads while the others write."""
    text = json.dumps(value())
    words = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*words, str(seed)], stdin=subprocess.PIPE, text=True) for seed in range(3)]
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(text)
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    reports = [json.loads(path.read_text()) for path in tmp_path.iterdir()]
    young = {(r["seed"], r["started"]) for r in reports if r["started"] > "2026-10-20"}
    assert len(young) == 3 * 18
    assert all(name.endswith(".json") and not name.startswith(".") for name in names(tmp_path))
    assert len(reports) < 3 * 18 + 10


# Nights in a row

V, A, H, N, U, ABSENT = "violated", "accepted", "holds", "not_exercised", "undecided", ""


@pytest.mark.parametrize(
    ("states", "standing"),
    [
        ((V,), "since 2026-11-01 or before (1 night)"),
        ((V, V, V), "since 2026-11-01 or before (3 nights)"),
        ((H, V), "new on 2026-11-02"),
        ((H, V, V), "since 2026-11-02 (2 nights)"),
        ((H, V, A), "since 2026-11-02 (2 nights)"),
        ((H, V, N, V), "since 2026-11-02 (2 nights)"),
        ((H, N, V), "new on 2026-11-03"),
        ((H, V, N), "since 2026-11-02 (1 night), not judged in the last night"),
        ((H, V, ABSENT), "since 2026-11-02 (1 night), not in the last report"),
        ((H, V, ABSENT, V), "since 2026-11-02 (2 nights)"),
        ((N, V), "since 2026-11-02 or before (1 night)"),
        ((ABSENT, V), "since 2026-11-02 or before (1 night)"),
        ((V, H), "fixed on 2026-11-02"),
        ((V, H, H), "fixed on 2026-11-02"),
        ((V, N, H, U), "fixed on 2026-11-03, not judged in the last night"),
        ((V, H, V), "comes and goes: 2 of 3 nights, back since 2026-11-03"),
        ((V, H, N, V, H), "comes and goes: 2 of 4 nights, holds since 2026-11-05"),
        ((V, H, V, U), "comes and goes: 2 of 3 nights, back since 2026-11-03, not judged in the last night"),
    ],
    ids=lambda value: "-".join(state or "absent" for state in value) if isinstance(value, tuple) else "",
)
def test_a_rule_stands_as_its_nights_say(states: tuple[str, ...], standing: str) -> None:
    (rule,) = trend_of(nights(*states)).rules
    assert rule.standing == standing


def test_a_rule_has_a_state_a_night() -> None:
    (rule,) = trend_of(nights(V, A, H, N, U, ABSENT)).rules
    assert list(rule.states) == ["violated", "accepted", "holds", "not judged", "not judged", "absent"]
    assert (rule.nights, rule.judged, rule.states[-1]) == (2, 3, "absent")


def test_a_rule_that_was_never_broken_has_no_trend() -> None:
    assert trend_of(nights(H, N, H)).rules == ()


def test_the_evidence_is_of_the_last_night_that_has_some() -> None:
    runs = [run(verdict(state, violations=night), night=night) for night, state in enumerate((V, V, H))]
    assert trend_of(runs).rules[0].verdict.violations == 1


def test_what_is_broken_comes_first_and_the_newest_before() -> None:
    runs = [
        run(
            verdict(V, "old"), verdict(H, "new"), verdict("advisory", "mild"), verdict(V, "gone"), verdict(A, "agreed")
        ),
        run(
            verdict(V, "old"),
            verdict(V, "new"),
            verdict("advisory", "mild"),
            verdict(H, "gone"),
            verdict(A, "agreed"),
            night=1,
        ),
    ]
    trend = trend_of(runs)
    assert [rule.verdict.place for rule in trend.rules] == ["/new", "/old", "/agreed", "/mild", "/gone"]
    assert trend.rules[3].verdict.severity is Severity.ADVISORY
    assert [rule.verdict.place for rule in trend.new] == ["/new"]
    assert [rule.verdict.place for rule in trend.fixed] == ["/gone"]
    assert list(trend.by_rule) == [rule.verdict.rule for rule in trend.rules]


def test_what_came_back_is_neither_new_nor_fixed() -> None:
    back, kept = trend_of(nights(V, H, V)), trend_of(nights(V, H, V, H))
    assert (back.new, kept.fixed) == ((), ())
    assert len(back.coming_and_going) == len(kept.coming_and_going) == 1


def test_a_night_counts() -> None:
    verdicts = [
        verdict(V),
        verdict(V, "b"),
        verdict(A, "c"),
        verdict("advisory", "d"),
        verdict(H, "e"),
        verdict(N, "f"),
    ]
    night = trend_of([run(*verdicts, exchanges=40, unavailable=10, decision="fail")]).tonight
    assert (night.rules, night.violated, night.not_judged) == (6, 2, 1)
    assert (night.day, night.decision, night.unavailable_share) == ("2026-11-01", "fail", 0.25)


def test_a_night_says_what_turned_since_it_was_last_judged() -> None:
    trend = trend_of(nights(V, H, N, V, V, H))
    assert [(night.new, night.fixed) for night in trend.nights] == [(0, 0), (0, 1), (0, 0), (1, 0), (0, 0), (0, 1)]


def test_a_night_without_requests_lost_none() -> None:
    assert trend_of([run()]).tonight.unavailable_share == 0.0


def asked() -> Trend:
    return trend_of(
        [
            run(asked={GET: times(0.01, 0.02, 0.3)}),
            without_times(run(night=1, asked={GET: times(1)})),
            run(night=2, asked={"GET /": times(0.5), GET: Times()}),
        ]
    )


def test_operations_have_times_where_they_were_asked() -> None:
    medians = {operation.key: operation.medians for operation in asked().operations}
    p95s = {operation.key: operation.p95s for operation in asked().operations}
    assert medians == {GET: (0.02, None, None), "GET /": (None, None, 0.5)}
    assert p95s == {GET: (0.3, None, None), "GET /": (None, None, 0.5)}


def test_nights_have_the_times_of_all_answers() -> None:
    assert (asked().answers.medians, asked().answers.p95s) == ((0.02, None, 0.5), (0.3, None, 0.5))
