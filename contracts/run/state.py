"""A pytest configuration to what the plugin keeps for a session: settings, the check to make, the items."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import pytest

import contracts
from contracts.document import Spec
from contracts.errors import UsageError
from contracts.exchanges import Ledger, Pace
from contracts.flows import Check, Target
from contracts.report.drift import Drift
from contracts.report.run import Run
from contracts.report.trend import Trend
from contracts.rules import Rule
from contracts.run import budgets
from contracts.run.inputs import Settings, settings_from
from contracts.run.killed import Salvaged, salvage
from contracts.run.options import OPTIONS, Option
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
    settings: Settings
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
        if self.settings.dry_run:
            return
        ledger.hold(str(getattr(self.config, "workerinput", {}).get("workerid", "main")))
        if not self.is_worker:
            self.salvaged = tuple(salvage(self.settings, self.check))
            for found in self.salvaged:
                say(printable(self.scrub(f"contract: {found.line}")))

    @property
    def scrub(self) -> Callable[[str], str]:
        return self.settings.scrubber.text

    def look_for_drift(self, say: Callable[[str], None]) -> None:
        """Compare what the service publishes with our document, in the one process that leads the run, if wanted."""
        settings = self.settings
        wanted = (
            settings.drift
            or settings.known is not None
            or budgets.profile(self.config) == "nightly"
        )
        if (
            not wanted
            or not self.check.target.live
            or settings.dry_run
            or settings.replay
            or self.is_worker
        ):
            return
        from contracts.run.published import (
            drift_of_service,  # what compares documents takes 0.1 s to import
        )

        self.drift, self.published = drift_of_service(
            self.check, settings.overlays, today=date.today()
        )
        say(printable(self.scrub(f"contract: {self.drift.headline}")))

    def look_for_sessions(self, say: Callable[[str], None]) -> None:
        """Do what `--contract-discover` and `--contract-start-session` say, in the one process that leads the run."""
        settings = self.settings
        if not (settings.discover or settings.start) or self.is_worker:
            return
        if settings.dry_run:
            say("contract: --contract-dry-run: sessions are neither listed nor started")
            return
        self.sources = Sources()
        try:
            source_sessions(
                self.check,
                settings.operations,
                self.sources,
                discover=settings.discover,
                start=settings.start,
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
        books = [
            self.check.book.operations[operation.key] for operation in self.settings.operations
        ]
        rules = [rule for book in books for rule in book.rules if self.settings.wants(rule.id)]
        found: dict[str, list[Rule]] = {}
        for rule in rules:
            status = f" {rule.status}" if rule.status else ""
            name = rule.id if len(rules) <= MAX_ITEMS else f"{rule.operation}{status} {rule.kind}"
            found.setdefault(name, []).append(rule)
        return found


def session_from(config: pytest.Config) -> Session:
    """Everything about a run, checked. Raises UsageError or DocumentError, whose text is meant for the user."""
    budgets.register()
    by_name = {option.name: option for option in OPTIONS}
    settings = settings_from(
        lambda name: given(config, by_name[name]), base_url=_base_url(config), root=config.rootpath
    )
    run = str(getattr(config, "workerinput", {}).get("contract_run", uuid.uuid4().hex))
    seed, started, pace = budgets.seed(config), now(), _pace(config, settings)
    progress = Progress(lambda: pace.spent, settings.bounds.requests)
    check = Check(
        settings.spec,
        Target(
            settings.base_url,
            settings.secret,
            settings.limits,
            settings.headers,
            settings.scrubber.capabilities,
            settings.route,
        ),
        Ledger(settings.folder / f".run-{run}.jsonl", _about(settings, started, seed)),
        seed=seed,
        examples=budgets.examples(config),
        given=settings.given,
        unsafe=settings.unsafe,
        max_seconds=settings.max_seconds,
        replay=settings.replay,
        pace=pace,
        first=settings.first,
        told=progress.told,
    )
    session = Session(config, settings, check, run, started, progress=progress)
    if not session.items:
        raise UsageError(
            f"--contract-rule {settings.rule_glob} matches none of the rules; see `contracts rules`"
        )
    return session


def _about(settings: Settings, started: str, seed: int) -> dict[str, Any]:
    """What is needed to judge the exchanges of a run that did not live to do so."""
    return {
        "suite": contracts.__version__,
        "started": started,
        "seed": seed,
        "document": settings.spec.document.path,
        "sha256": settings.spec.document.sha256,
        "base_url": settings.base_url,
        "unsafe": settings.unsafe,
        "max_seconds": settings.max_seconds,
    }


def _pace(config: pytest.Config, settings: Settings) -> Pace:
    """The clock of the run's requests; it began in the controller, and a mock needs no rest."""
    bounds = settings.bounds if settings.base_url else replace(settings.bounds, interval=0.0)
    began = getattr(config, "workerinput", {}).get("contract_began")
    return Pace(bounds) if began is None else Pace(bounds, float(began))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def given(config: pytest.Config, option: Option) -> Any:
    """What the command line gives, else what the ini file does; files that the latter names are beside it."""
    value = config.getoption(option.flag, None)
    if value is not None:
        return value
    value = config.getini(option.ini)
    folder = config.inipath.parent if config.inipath else config.rootpath
    if isinstance(value, list):
        return [option.anchored(str(one), folder) for one in value]
    return option.anchored(value, folder) if isinstance(value, str) and value else value or None


def _base_url(config: pytest.Config) -> str | None:
    """pytest-base-url's option, whose default is PYTEST_BASE_URL, else its ini value; an empty option is kept."""
    value = config.getoption("base_url", None)
    return str(value) if value is not None else config.getini("base_url") or None
