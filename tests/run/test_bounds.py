"""Bounds and pace of a run: it ends in order with what it has, and is as slow as it is asked to be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import pytest

from contracts.exchanges import Bounds, Pace

from .projects import CANARY, ENUM, GIVEN, Project, Run, Things, answer, document, leaks, operation

TWO = document(get=operation("get_thing"), head=operation("head_thing"))
TOO_MANY = "the run has sent 3 requests, its bound (--contract-max-requests)"


@dataclass
class Clock:
    """A time that passes while somebody sleeps, and by `step` with each look at it."""

    step: float = 0.0
    time: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        self.time += self.step
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.time += seconds


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Clock]:
    def set_clock(step: float = 0.0) -> Clock:
        clock = Clock(step)

        def pace(bounds: Bounds, *_: Any) -> Pace:
            return Pace(bounds, clock.time, now=clock.now, sleep=clock.sleep)

        monkeypatch.setattr("contracts.run.state.Pace", pace)
        return clock

    return set_clock


def test_bound_on_requests_ends_the_run_in_order(project: Project) -> None:
    project.write(TWO)
    things = Things()
    run = project.ask(things, "--contract-max-requests=3", "-rs")
    assert (run.code, len(things.heads), run.report["decision"]) == (3, 3, "inconclusive")
    assert (run.report["interrupted"], run.report["summary"]["exchanges"]) == (True, 3)
    assert f"inconclusive: {TOO_MANY}" in run.out
    assert TOO_MANY in run.lines[-1]
    assert run.verdicts[ENUM]["outcome"] == "holds"


def test_violation_that_was_seen_fails_a_bounded_run(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}), "--contract-max-requests=3")
    assert (run.code, run.report["decision"], ENUM in run.violated) == (1, "fail", True)
    assert TOO_MANY in run.report["reasons"]


def test_unexercised_rules_of_a_bounded_run_fail_nothing(project: Project) -> None:
    run = project.ask(Things(), "--contract-max-requests=3", "--contract-require-all")
    assert (run.code, run.counted("failed")) == (3, 0)


def test_bound_that_suffices_changes_nothing(project: Project) -> None:
    things = Things()
    enough = len(project.ask(things).report["verdicts"]) and len(things.heads)
    run = project.ask(things, f"--contract-max-requests={enough}")
    assert (run.code, run.report["decision"], run.report["interrupted"]) == (0, "pass", False)


def test_bound_counts_what_is_asked_again(project: Project, impatient: None) -> None:
    things = Things(instead=lambda number: answer(503))
    project.ask(things, "--contract-max-requests=5")
    assert len(things.heads) == 5


def test_bound_holds_for_all_workers_together(project: Project) -> None:
    project.write(TWO)
    things = Things()
    run = project.ask(things, "--contract-max-requests=3", "-n", "2")
    assert (run.code, len(things.heads), run.report["decision"]) == (3, 3, "inconclusive")


def test_bound_on_time_ends_the_run_in_order(project: Project, timed: Callable[..., Clock]) -> None:
    timed(step=1.0)
    things = Things()
    run = project.ask(things, "--contract-max-time=10")
    assert (run.code, run.report["decision"], 0 < len(things.heads) < 10) == (3, "inconclusive", True)
    assert "the run has used the 10 s that it has (--contract-max-time)" in run.lines[-1]


def test_rate_is_kept(project: Project, timed: Callable[..., Clock]) -> None:
    clock, things = timed(), Things()
    run = project.ask(things, "--contract-rate=5/s")
    assert (run.code, clock.slept) == (0, [0.2] * (len(things.heads) - 1))


def test_mock_needs_no_rest(project: Project, timed: Callable[..., Clock]) -> None:
    clock = timed()
    assert project.run("-q", "--contract-rate=1/m").code == 0
    assert clock.slept == []


def test_limits_of_the_service_are_kept(project: Project, timed: Callable[..., Clock]) -> None:
    clock = timed()
    things = Things(fields=("X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 2"))
    run = project.ask(things)
    assert (run.code, set(clock.slept), len(clock.slept)) == (0, {2.0}, len(things.heads) - 1)


def test_retry_after_is_kept(project: Project, timed: Callable[..., Clock], impatient: None) -> None:
    clock = timed()
    things = Things(instead=lambda number: answer(429, b"", "Retry-After: 30") if number == 2 else None)
    run = project.ask(things)
    assert (run.report["summary"]["unavailable"], clock.slept) == (1, [30.0])


def test_options_have_their_ini_twins(project: Project) -> None:
    project.write(ini="contract_max_requests = 2\ncontract_max_time = 10m\ncontract_rate = 1000/s\n")
    things = Things()
    assert (project.ask(things).code, len(things.heads)) == (3, 2)


def refusal(project: Project, *args: str) -> Run:
    run = project.run("-q", "--base-url", "http://127.0.0.1:1", *GIVEN, *args)
    assert (run.code, "Traceback" in run.err) == (4, False)
    return run


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("--contract-rate=fast", "--contract-rate fast is no rate above 0; give 5/s or 300/m, say"),
        ("--contract-rate=", "--contract-rate is empty (an unset variable?)"),
        ("--contract-max-requests=0", "--contract-max-requests 0 is no number of requests above 0"),
        ("--contract-max-time=soon", "--contract-max-time soon is no time above 0"),
        (
            "--contract-proxy=http://u:p@h",
            "--contract-proxy holds a user name or password; put the whole URL into NOTTE_PROXY",
        ),
        ("--contract-ca-bundle=none.pem", "--contract-ca-bundle none.pem can't be used (No such file or directory)"),
        ("--contract-start-session", "none of the operations has a parameter session_id"),
    ],
)
def test_unusable_options_are_refused(option: str, problem: str, project: Project) -> None:
    assert problem in refusal(project, option).err


def test_requests_go_by_the_proxy_of_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    proxied = Things()
    proxy = project.serve(proxied).replace("//", "//me:pa55+word@")
    monkeypatch.setenv("NOTTE_PROXY", proxy)
    proxied.thing = {"status": "me:pa55+word"}
    run = project.run("-q", "--base-url", "http://127.0.0.1:9", *GIVEN, "-vv", "--full-trace", "--showlocals")
    assert proxied.lines[0] == "GET http://127.0.0.1:9/things/a1"
    assert leaks(run, "pa55+word") == set()


# The budget of a night


@pytest.fixture
def night(untouched: None) -> None:
    hypothesis.settings.register_profile("nightly", max_examples=12, deadline=None)
    hypothesis.settings.register_profile("dev", max_examples=2, deadline=None)


def asked(project: Project, *args: str) -> tuple[Run, list[str]]:
    things = Things()
    run = project.ask(things, *args)
    assert run.report["decision"] == "pass"  # read now: the next run writes its own
    return run, things.lines


def test_each_night_asks_differently_and_further(project: Project, night: None) -> None:
    _, by_day = asked(project)
    first, one = asked(project, "--hypothesis-profile=nightly")
    second, other = asked(project, "--hypothesis-profile=nightly")
    assert first.report["seed"] != second.report["seed"]
    assert set(one) != set(other)
    assert len(set(one)) > len(set(by_day))


def test_night_can_be_repeated_by_its_seed(project: Project, night: None) -> None:
    run, lines = asked(project, "--hypothesis-profile=nightly")
    seed = run.report["seed"]
    again, same = asked(project, "--hypothesis-profile=nightly", f"--hypothesis-seed={seed}")
    assert (again.report["seed"], same) == (seed, lines)
    assert any(line.endswith(f"; seed {seed}") for line in run.texts("exchanges: "))


def test_seed_is_in_the_first_line(project: Project, night: None) -> None:
    run, _ = asked(project, "--hypothesis-profile=nightly")
    assert run.lines[0].endswith(f" (nightly, seed {run.report['seed']})")
    assert CANARY not in run.out
