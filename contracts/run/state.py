"""A pytest configuration to what the plugin keeps for a session: settings, the check to make, the items."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import pytest

import contracts
from contracts.document import Spec
from contracts.errors import UsageError
from contracts.exchanges import Ledger, Pace
from contracts.flows import Check
from contracts.report.run import Drift, Run
from contracts.report.trend import Trend
from contracts.report.wording import drift_headline
from contracts.rules import Rule
from contracts.run import budgets
from contracts.run.inputs import Inputs, inputs_from
from contracts.run.killed import Salvaged, salvage
from contracts.run.options import options_from
from contracts.run.progress import Progress
from contracts.run.session_ids import Sources, source_sessions
from contracts.text import printable

MAX_ITEMS = 2000
"""Above this many rules, an item stands for all rules of one operation, status and kind."""


@dataclass
class Session:
    """What the plugin keeps for one pytest session.

    Args:
        run: the name that all processes of a run share.
        broken: operations that could not be asked because the suite failed inside, and how.
        sources: what came of looking for sessions; None if nobody asked for that.
        drift: the document that the service publishes against ours; None if nobody looked.
        published: that document.
        ended: what the report says, once there is one.
        trend: what the history says, with this run, if one is kept.
        unkept: why the history does not have this run.
        problem: why there is no report, or none that was written.
        salvaged: what was made of runs that were killed in the same folder.
        progress: says what is being asked, where somebody looks at a terminal.
    """

    config: pytest.Config
    inputs: Inputs
    check: Check
    run: str
    started: str
    broken: dict[str, str] = field(default_factory=dict)
    sources: Sources | None = None
    drift: Drift | None = None
    published: Spec | None = None
    ended: Run | None = None
    trend: Trend | None = None
    unkept: str = ""
    problem: str = ""
    salvaged: tuple[Salvaged, ...] = ()
    progress: Progress = field(default_factory=Progress)

    @property
    def is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")

    def begin(self, say: Callable[[str], None]) -> None:
        """Before anything is asked: show that this process of the run is alive, and take over what dead runs left."""
        ledger = self.check.ledger
        if self.inputs.options.dry_run:
            return
        ledger.hold(str(getattr(self.config, "workerinput", {}).get("workerid", "main")))
        if not self.is_worker:
            self.salvaged = tuple(salvage(self.inputs, self.check))
            for found in self.salvaged:
                say(printable(self.scrub(f"contract: {found.line}")))

    @property
    def scrub(self) -> Callable[[str], str]:
        return self.inputs.scrubber.text

    def look_for_drift(self, say: Callable[[str], None]) -> None:
        """Compare what the service publishes with our document, in the one process that leads the run, if wanted."""
        inputs, options = self.inputs, self.inputs.options
        wanted = (
            options.drift or inputs.known is not None or budgets.profile(self.config) == "nightly"
        )
        if (
            not wanted
            or not self.check.target.live
            or options.dry_run
            or inputs.replay
            or self.is_worker
        ):
            return
        from contracts.run.published import (
            drift_of_service,  # what compares documents takes 0.1 s to import
        )

        self.drift, self.published = drift_of_service(
            self.check, inputs.overlays, today=date.today()
        )
        say(printable(self.scrub(f"contract: {drift_headline(self.drift)}")))

    def look_for_sessions(self, say: Callable[[str], None]) -> None:
        """Do what `--contract-discover` and `--contract-start-session` say, in the one process that leads the run."""
        options = self.inputs.options
        if not (options.discover or options.start_session) or self.is_worker:
            return
        if options.dry_run:
            say("contract: --contract-dry-run: sessions are neither listed nor started")
            return
        self.sources = Sources()
        try:
            source_sessions(
                self.check,
                self.inputs.operations,
                self.sources,
                discover=options.discover,
                start=options.start_session,
                say=lambda line: say(printable(self.scrub(line))),
            )
        except KeyboardInterrupt:
            raise KeyboardInterrupt from None  # its frames hold requests with the credential
        except Exception as error:  # of whatever kind: the run goes on to its report
            self.sources.problem = self.scrub(
                f"looking for sessions failed inside: {type(error).__name__}: {error}"
            )
            say(printable(f"contract: {self.sources.problem}"))

    @cached_property
    def items(self) -> dict[str, list[Rule]]:
        """The items: their names, and the rules that each stands for."""
        books = [self.check.book.operations[operation.key] for operation in self.inputs.operations]
        rules = [rule for book in books for rule in book.rules if self.inputs.wants(rule.id)]
        found: dict[str, list[Rule]] = {}
        for rule in rules:
            status = f" {rule.status}" if rule.status else ""
            name = rule.id if len(rules) <= MAX_ITEMS else f"{rule.operation}{status} {rule.kind}"
            found.setdefault(name, []).append(rule)
        return found


def session_from(config: pytest.Config) -> Session:
    """Everything about a run, checked. Raises UsageError or DocumentError, whose text is meant for the user."""
    budgets.register()
    options = options_from(lambda option: option.given(config))
    inputs = inputs_from(options, base_url=_base_url(config), root=config.rootpath)
    run = str(getattr(config, "workerinput", {}).get("contract_run", uuid.uuid4().hex))
    seed, started, pace = budgets.seed(config), now(), _pace(config, inputs)
    progress = Progress(lambda: pace.spent, options.max_requests)
    check = Check(
        inputs.spec,
        inputs.target,
        Ledger(inputs.folder / f".run-{run}.jsonl", _about(inputs, started, seed)),
        seed=seed,
        examples=budgets.examples(config),
        given=inputs.given,
        unsafe=options.unsafe,
        max_seconds=options.max_response_time,
        replay=inputs.replay,
        pace=pace,
        first=inputs.first,
        told=progress.told,
    )
    session = Session(config, inputs, check, run, started, progress=progress)
    if not session.items:
        raise UsageError(
            f"--contract-rule {options.rule} matches none of the rules; see `contracts rules`"
        )
    return session


def _about(inputs: Inputs, started: str, seed: int) -> dict[str, Any]:
    """What is needed to judge the exchanges of a run that did not live to do so."""
    return {
        "suite": contracts.__version__,
        "started": started,
        "seed": seed,
        "document": inputs.spec.document.path,
        "sha256": inputs.spec.document.sha256,
        "base_url": inputs.target.base_url,
        "unsafe": inputs.options.unsafe,
        "max_seconds": inputs.options.max_response_time,
    }


def _pace(config: pytest.Config, inputs: Inputs) -> Pace:
    """The clock of the run's requests, which began in the controller."""
    began = getattr(config, "workerinput", {}).get("contract_began")
    return Pace(inputs.bounds) if began is None else Pace(inputs.bounds, float(began))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _base_url(config: pytest.Config) -> str | None:
    """pytest-base-url's option, whose default is PYTEST_BASE_URL, else its ini value; an empty option is kept."""
    value = config.getoption("base_url", None)
    return str(value) if value is not None else config.getini("base_url") or None
