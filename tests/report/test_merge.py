"""Several runs as one."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.report.forms.terminal import Screen, decision_line, summary_lines
from contracts.report.json_report import merge
from contracts.report.run import Drift, RuleVerdict, Run
from contracts.verdicts import Recurrence

from .runs import FIRST, GET, THINGS, proof, run, times, verdict

WORST_FIRST = ("violated", "accepted", "undecided", "holds", "not_exercised")


def standing(made: RuleVerdict) -> str:
    return "accepted" if made.accepted is not None else made.outcome.value


def of_rule(*verdicts: RuleVerdict) -> RuleVerdict:
    """The verdict of runs that have one verdict each, on the same rule."""
    (found,) = merge([run(one, night=night) for night, one in enumerate(verdicts)]).verdicts
    return found


def test_one_run_is_what_it_was() -> None:
    one = run(verdict("violated"), asked={GET: times(1)})
    assert merge([one]) is one


@pytest.mark.parametrize("worse", range(5), ids=WORST_FIRST)
def test_the_worst_verdict_decides(worse: int) -> None:
    for better in WORST_FIRST[worse:]:
        assert standing(of_rule(verdict(better), verdict(WORST_FIRST[worse]))) == WORST_FIRST[worse]


def test_what_finer_rules_explain_once_is_told_nowhere() -> None:
    body, other = verdict("not_exercised", "", since="not judged"), verdict("violated")
    against = {"path": "old", "not_judged": [body.rule, "another"]}
    parts = run(body, other), run(replace(body, explained=True), night=1, against=against)
    merged = merge(parts)
    assert [one.explained for one in merged.verdicts] == [True, False]
    assert merged.against is not None
    assert merged.told.against is not None
    assert merged.against["not_judged"] == [body.rule, "another"]
    assert (merged.told.verdicts, merged.told.missing) == ((other,), ())
    assert merged.told.against["not_judged"] == ["another"]
    assert merged.told.told is merged.told


def test_what_was_asked_again_is_added_up_also_with_an_older_report() -> None:
    one, other = run(retried=2, retried_for={"503": 2}), run(night=1, retried=1, retried_for={"503": 1, "reset": 1})
    merged = merge([one, run(night=2), other])
    assert (merged.retried, merged.retried_for) == (3, {"503": 3, "reset": 1})


def test_each_thing_seen_is_added_up_by_itself() -> None:
    one, other = verdict("violated", found={'"paused"': 3, "x": 1}), verdict("violated", found={"x": 4})
    assert of_rule(one, other).found == {'"paused"': 3, "x": 5}


def test_what_was_counted_is_added_up() -> None:
    one = verdict("violated", seen={"active": 2, "paused": 1}, unseen=("closed", "error"))
    other = verdict("holds", exercised=4, seen={"active": 1, "closed": 3}, unseen=("error",))
    merged = of_rule(one, other)
    assert (merged.exercised, merged.violations) == (13, 3)
    assert merged.seen == {"active": 3, "closed": 3, "paused": 1}
    assert merged.unseen == ("error",)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (verdict("violated", violations=1, proof=proof("worse")), verdict("accepted", violations=9)),
        (verdict("violated", violations=4, proof=proof("worse")), verdict("violated", violations=3)),
        (
            verdict("violated", exercised=2, violations=2, proof=proof("worse")),
            verdict("violated", exercised=100, violations=50),
        ),
        (verdict("violated", proof=proof("worse", "short")), verdict("violated", proof=proof("better", "longer"))),
    ],
    ids=["not accepted", "more often", "a higher share", "a smaller body"],
)
def test_the_evidence_is_that_of_the_worst(worse: RuleVerdict, better: RuleVerdict) -> None:
    worse = replace(worse, since="new", recurrence=Recurrence("sometimes", 5, 6))
    for merged in (of_rule(worse, better), of_rule(better, worse)):
        assert merged.evidence is not None
        assert (merged.evidence.message, merged.since, str(merged.recurrence)) == ("worse", "new", "sometimes (5 of 6)")


@pytest.mark.parametrize(
    ("decisions", "decision"),
    [
        (("pass", "pass"), "pass"),
        (("pass", "inconclusive"), "inconclusive"),
        (("inconclusive", "fail"), "fail"),
        (("pass", "odd"), "odd"),
        (("fail", "an odd one"), "fail"),
    ],
)
def test_any_failure_fails_and_any_doubt_is_one(decisions: tuple[str, str], decision: str) -> None:
    runs = [run(night=night, decision=one, reasons=(f"why {one}",)) for night, one in enumerate(decisions)]
    merged = merge(runs)
    assert merged.decision == decision
    assert merged.reasons[0] == f"why {decision}"
    assert set(merged.reasons) == {reason for one in runs for reason in one.reasons}


def test_operations_are_added_up() -> None:
    one = run(asked={GET: times(0.01, 0.02), "GET /": times(1)}, unavailable=1, interrupted=True)
    merged = merge([one, run(night=1, asked={GET: times(0.01, 0.5)})])
    asked = {operation.key: operation for operation in merged.operations}
    assert (asked[GET].exchanges, asked[GET].statuses, asked[GET].times.count) == (4, {"200": 4}, 4)
    assert (asked[GET].times.longest, asked[GET].times.slowest) == (0.5, "GET /things/0.5")
    assert (asked["GET /"].times, list(asked)) == (times(1), [GET, "GET /"])
    assert (merged.exchanges, merged.statuses, merged.unavailable, merged.interrupted) == (5, {"200": 5}, 1, True)


def test_targets_seeds_and_documents_are_named_once() -> None:
    runs = [run(), run(night=1, targets=(None,), seeds=(0,)), run(night=2, seeds=(5,), commands=("pytest",))]
    merged = merge(runs)
    assert merged.commands == ("pytest",)
    assert (merged.target, merged.seed, merged.subjects) == ("http://h, the mock", "0, 5", (THINGS,))
    assert merged.files == ("0.json", "1.json", "2.json")
    assert (merged.started, merged.finished) == (FIRST, FIRST + timedelta(days=2, seconds=61))
    assert merged.notes == ()


@pytest.mark.parametrize(
    ("other", "note"),
    [
        (
            {"subjects": (replace(THINGS, version="2", sha256="cd" * 32),)},
            "these reports are on different documents: Things 1 (abababab), Things 2 (cdcdcdcd); lines are those of "
            "the evidence's",
        ),
        ({"suite": "0.2.0"}, "these reports were written by different versions of the suite: 0.1.0, 0.2.0"),
    ],
    ids=["documents", "versions"],
)
def test_what_is_not_the_same_is_noted(other: dict[str, Any], note: str) -> None:
    assert merge([run(notes=("a",)), run(night=1, **other)]).notes == (note, "a")


def test_what_became_of_rules_is_that_of_the_verdict_shown() -> None:
    known = {"path": "last.json", "about": "pass", "new": [], "still_there": [], "fixed": [], "not_judged": []}
    gone = {**known, "carried": {"GET /gone": None}, "not_judged": ["GET /gone"]}
    new, fixed = verdict("violated", since="new"), verdict("holds", since="fixed")
    runs = [
        run(new, against={**known, "carried": {new.rule: None}, "new": [new.rule]}),
        run(fixed, night=1, against={**gone, "fixed": [fixed.rule]}),
        run(verdict("holds"), night=2),
    ]
    against = merge(runs).against
    assert against == {**gone, "new": [new.rule]}


def test_the_last_run_says_what_is_known_of_sessions_and_drift() -> None:
    runs = [run(sessions={"listed": 1}, drift=Drift("1")), run(night=1, drift=Drift("2")), run(night=2)]
    assert (merge(runs).sessions, merge(runs).drift) == ({"listed": 1}, Drift("2"))


def test_runs_without_such_things_have_none() -> None:
    merged = merge([run(), run(night=1)])
    assert (merged.sessions, merged.drift, merged.against) == (None, None, None)


def test_a_merged_run_has_a_summary() -> None:
    known = {"path": "a", "about": "", "new": [verdict("violated").rule]}
    merged = merge([run(verdict("violated", since="new"), against=known), run(verdict("holds"), night=1)])
    assert "against a" in "\n".join(summary_lines(merged, Screen(100)))
    assert "1 new, 0 still there" in decision_line(merged, Screen())


NAMES = st.sampled_from(["a", "b", "c"])
STATES = st.dictionaries(NAMES, st.sampled_from(WORST_FIRST))
RUNS = st.lists(STATES, min_size=1, max_size=4).map(
    lambda nights: [run(*(verdict(s, n) for n, s in states.items()), night=n) for n, states in enumerate(nights)]
)


def said(made: Run) -> Counter[object]:
    return Counter((v.rule, standing(v), v.exercised, v.violations) for v in made.verdicts)


@given(RUNS)
def test_the_order_of_reports_says_nothing(runs: list[Run]) -> None:
    assert len({frozenset(said(merge(order)).items()) for order in permutations(runs)}) == 1


@given(RUNS)
def test_merging_with_itself_changes_no_outcome(runs: list[Run]) -> None:
    once, twice = merge(runs), merge([*runs, *runs])
    assert [(v.rule, standing(v)) for v in once.verdicts] == [(v.rule, standing(v)) for v in twice.verdicts]
    assert (once.decision, once.targets) == (twice.decision, twice.targets)


@given(RUNS)
def test_merging_step_by_step_is_merging_at_once(runs: list[Run]) -> None:
    assert said(merge([merge(runs[:1]), *runs[1:]])) == said(merge(runs))
    assert said(merge([merge(runs), merge(runs[:1])])) == said(merge([*runs, *runs[:1]]))
