"""Nights in a row to what became of each violation, and of response times."""

import pytest

from contracts.report.run import Times
from contracts.report.trend import State, Trend, trend_of
from contracts.rules import Severity

from .runs import GET, nights, run, times, verdict, without_times

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
        ((V, H, N, V, H), "comes and goes: 2 of 4 nights, kept since 2026-11-05"),
        ((V, H, V, U), "comes and goes: 2 of 3 nights, back since 2026-11-03, not judged in the last night"),
    ],
    ids=lambda value: "-".join(state or "absent" for state in value) if isinstance(value, tuple) else "",
)
def test_a_rule_stands_as_its_nights_say(states: tuple[str, ...], standing: str) -> None:
    (rule,) = trend_of(nights(*states)).rules
    assert rule.standing == standing


def test_a_rule_has_a_state_a_night() -> None:
    (rule,) = trend_of(nights(V, A, H, N, U, ABSENT)).rules
    assert list(map(str, rule.states)) == ["violated", "accepted", "holds", "not judged", "not judged", "absent"]
    assert (rule.nights, rule.judged, rule.tonight) == (2, 3, State.ABSENT)


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
    assert trend.rules[3].severity is Severity.ADVISORY
    assert [rule.verdict.place for rule in trend.new] == ["/new"]
    assert [rule.verdict.place for rule in trend.fixed] == ["/gone"]
    assert list(trend.by_rule) == [rule.rule for rule in trend.rules]


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
