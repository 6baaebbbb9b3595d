"""What came of a run to its report, its summary and its exit code."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.decision.run_decision import Decision, Result
from contracts.decision.since import Against, against
from contracts.messages import Exchange
from contracts.report.forms.failure import suite_properties
from contracts.report.forms.page.view import page
from contracts.report.forms.terminal import decision_line, summary_lines
from contracts.report.history import keep, thin, trend_in
from contracts.report.json_report import json_text, to_json, write_json
from contracts.report.record import Report
from contracts.report.run import Drift, Run
from contracts.run.state import Session, now
from contracts.run.writer import Look, look_of, write
from contracts.text import printable, shown_path, write_whole
from contracts.verdicts import Outcome, Verdict

_OWN_STATUS = {Result.FAIL: 1, Result.INCONCLUSIVE: 3}


class Ending:
    """A plugin object: counts what failed, and concludes when the workers of xdist have stopped, before pytest's own
    summary."""

    def __init__(self, state: Session) -> None:
        self.state = state
        self.failed: Counter[str] = Counter()
        self.gate = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.gate = getattr(report, "contract_gate", "") or self.gate
        if report.failed:
            died = report.when not in (
                "setup",
                "call",
                "teardown",
            )  # xdist says "???" of a worker that died
            self.failed["crashed" if died else getattr(report, "contract", "other")] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.state.is_worker:
            return
        stopped = self._has_stopped(exitstatus)
        status = pytest.ExitCode.TESTS_FAILED if stopped else exitstatus
        result = self._concluded(self._ended(exitstatus, stopped=stopped))
        is_ours = (
            status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
            and not self.failed["other"]
        )
        session.exitstatus = _OWN_STATUS[result] if is_ours and result in _OWN_STATUS else status

    def _concluded(self, ended: str | None) -> Result | None:
        """Write the report; returns its result, None if nothing was asked."""
        state, ledger = self.state, self.state.check.ledger
        if not ledger.path.exists():
            return Result.INCONCLUSIVE if self.failed["crashed"] else None
        try:
            report = report_of(state, ended, self.gate if self.failed["breaking"] else None)
            state.ended = report.run
            value = to_json(state.ended)
            write_json(value, state.inputs.folder)
            ledger.close(state.inputs.folder / "exchanges.jsonl")
            remember(state, value, state.ended)
            write_whole(state.inputs.folder / "report.html", page(state.ended, state.trend))
            _tell_junit(state.config, state.ended)
        except Exception as error:
            # Past this hook pytest has no place for an error, and its traceback would end the process with 1.
            state.problem = self._problem(error)
            return Result.INCONCLUSIVE
        return report.decision.result

    def _problem(self, error: Exception) -> str:
        if isinstance(error, OSError):
            return f"the report can't be written to {shown_path(self.state.inputs.folder)} ({error.strerror})"
        return f"the suite itself failed while it concluded: {traceback.format_exc()}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        state = self.state
        if state.inputs.options.dry_run:
            terminalreporter.section("contract: requests, not sent")
            for line in request_lines(state):
                write(terminalreporter, line)
        elif state.ended is not None:
            terminalreporter.section("contract")
            below = (
                []
                if state.problem
                else [f"report: {shown_path(state.inputs.folder / 'report.html')}"]
            )
            below += [state.scrub(state.unkept)] if state.unkept else []
            below += [state.scrub(self.gate)] if self.gate else []
            look = look_of(terminalreporter)
            for line in (
                *summary_lines(state.ended, **look, trend=state.trend, after=below),
                *below,
            ):
                write(terminalreporter, line)
        elif self.gate:
            write(terminalreporter, state.scrub(self.gate))
        for line in state.scrub(state.problem).splitlines():
            write(terminalreporter, line)

    def _has_stopped(self, status: int) -> bool:
        """Whether -x or --maxfail ended the run; xdist says that with the status of an interruption."""
        most = self.state.config.getoption("maxfail", None) or 0
        return status == pytest.ExitCode.INTERRUPTED and 0 < most <= self.failed.total()

    def _ended(self, status: int, *, stopped: bool) -> str | None:
        if self.failed["crashed"]:
            return "the suite itself failed, see the errors above"
        if stopped or status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return None
        return (
            "the run was interrupted"
            if status == pytest.ExitCode.INTERRUPTED
            else "the run ended early"
        )


def _tell_junit(config: pytest.Config, run: Run) -> None:
    """Write what the run says of itself into the JUnit file, if there is one: it was written before that was known."""
    for plugin in config.pluginmanager.get_plugins():
        if hasattr(plugin, "add_global_property"):
            for name, value in suite_properties(run):
                plugin.add_global_property(name, value)
            plugin.pytest_sessionfinish()


def report_of(state: Session, ended: str | None, broken: str | None = None) -> Report:
    """The report; `broken` says how the document breaks its baseline, which fails the run whatever else was seen."""
    inputs, check = state.inputs, state.check
    sources = state.sources
    ended = ended or (sources.problem if sources else None) or check.cut
    verdicts, exchanges, decision = check.conclude(inputs.policy, inputs.wants, ended=ended)
    if broken is not None:
        decision = Decision(Result.FAIL, (*decision.reasons, broken), decision.notes)
    return Report(
        inputs.spec,
        inputs.target.base_url,
        check.seed,
        state.started,
        now(),
        verdicts,
        exchanges,
        decision,
        ended is not None,
        inputs.options.header,
        inputs.scrubber,
        inputs.policy.accepted,
        sources.to_json() if sources else None,
        against=_against(state, verdicts),
        drift=_drift(state, verdicts, exchanges),
    )


def remember(state: Session, report: Mapping[str, Any], run: Run) -> None:
    """Keep the report in the history, if there is one, and those of runs that were killed; let old ones go; look back.

    Nothing of it costs the run.
    """
    history = state.inputs.options.history
    if history is None:
        return
    folder = Path(history)
    try:
        for value in (
            *(found.value for found in state.salvaged if found.value is not None),
            report,
        ):
            keep(json_text(value), datetime.fromisoformat(value["started"]), folder)
        thin(folder, run.started)
        state.trend = trend_in(folder, run)
    except Exception as error:  # looking back must not cost the run its own report
        why = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        state.unkept = printable(
            f"history: the report can't be kept in {shown_path(folder)} ({why}); everything else is there"
        )


def _drift(
    state: Session, verdicts: Sequence[Verdict], exchanges: Sequence[Exchange]
) -> Drift | None:
    """The drift, with the violated rules that the published document does not have broken."""
    if state.drift is None or state.published is None or not state.drift.changed:
        return state.drift
    counting = [
        v for v in verdicts if v.outcome is Outcome.VIOLATED and state.inputs.policy.counts(v)
    ]
    broken = {verdict.rule.id: verdict.rule.operation for verdict in counting}
    try:
        still = state.check.broken_under(state.published, set(broken.values()), exchanges)
    except Exception:  # a document that nobody tests must not cost the run
        return state.drift
    kept = [
        r
        for r, operation in broken.items()
        if operation in state.published.by_key and r not in still
    ]
    return replace(state.drift, kept=tuple(kept))


def _against(state: Session, verdicts: Sequence[Verdict]) -> Against | None:
    """What became of each rule since the earlier report, if one was given."""
    inputs = state.inputs
    if inputs.known is None:
        return None
    counting = [verdict for verdict in verdicts if inputs.policy.counts(verdict)]
    accepted = {verdict.rule.id for verdict in verdicts if inputs.policy.accepted.of(verdict)}
    promised = {rule.id for rule in state.check.book.rules}
    return against(inputs.known, counting, accepted=accepted, promised=promised)


def request_lines(state: Session) -> Iterator[str]:
    """A line for each request that a run would send."""
    for operation in state.inputs.operations:
        for probe in (*state.check.probes(operation), *state.check.closing(operation)):
            request = probe.request
            fields = "".join(f" {name}: {value!r}" for name, value in request.headers)
            size = f" ({len(request.body)} bytes)" if request.body else ""
            line = f"{request.method} {request.target}{fields}{size}  [{probe.source}: {probe.note}; {probe.claim}]"
            yield printable(state.scrub(line))


def last_line(state: Session, look: Look) -> str:
    """The decision and the target, or why there is no decision."""
    if state.problem:
        return f"contract: INCONCLUSIVE on {state.check.target}: {state.scrub(state.problem.splitlines()[0])}"
    if state.ended is not None:
        return decision_line(state.ended, **look)
    if state.inputs.options.dry_run:
        return f"contract: DRY RUN, nothing was sent to {state.check.target}"
    return f"contract: nothing was asked of {state.check.target}"
