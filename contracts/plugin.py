"""The suite inside pytest: options, an item a rule, summary, report. `flows` tells what happens."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest

from contracts.errors import ContractsError, UsageError, mended
from contracts.run.invocation import interrupt_when_ended
from contracts.run.items import SESSION, lanes_of
from contracts.run.options import OPTIONS
from contracts.run.settings import UNNAMED, document_in, is_asked_for, is_documented
from contracts.text import printable
from notte_contracts import claim

if TYPE_CHECKING:
    from contracts.report.run import Run
    from contracts.run.end import ItemResult
    from contracts.run.state import State
    from contracts.testing import Contract
    from contracts.verdicts import Verdict

_PROBLEM = pytest.StashKey[str]()  # why there is none
_BASE_URL = pytest.StashKey[str | None]()  # as given, or of PYTEST_BASE_URL; not None if empty
_BASE_URL_HELP = "the service to ask (without one, the contract is tested on a mock)"
_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "flag": ("store_true", {"type": "bool", "default": False}),
    "list": ("append", {"type": "args", "default": []}),
    "value": ("store", {"default": None}),
}
"""How pytest takes an option and its ini twin."""
_BROKEN = {"contract_verdicts": "violated", "contract_gate": "breaking"}
"""What has happened when a test fails, by the fixture that says which test it is."""
_UNFINISHED = {"crashed": "the suite itself failed", "unable": "an operation can't be asked"}
_NO_PROCESSES = "the processes of -n can't be had ({}); leave it out, or give more memory and files"
_OWN_STATUS = {"fail": 1, "inconclusive": 3}  # the exit code by the result of a run


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contract tests from an OpenAPI document")
    for option in OPTIONS:
        action, ini = _KINDS[option.kind]
        takes = {"metavar": option.takes.metavar} if option.takes else {}
        group.addoption(option.flag, action=action, default=None, help=option.help, **takes)
        parser.addini(option.ini, option.help, **ini)
    parser.addini("base_url", _BASE_URL_HELP)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """`--contract-… @FILE` as `--contract-…=@FILE`: pytest would read the file as arguments.

    `--base-url` is ours where no plugin and no conftest of the project has it.
    """
    known = early_config.known_args_namespace.file_or_dir
    for index in range(len(args) - 2, -1, -1):
        option, value = args[index : index + 2]
        if option.startswith("--contract-") and "=" not in option and value.startswith("@"):
            args[index : index + 2] = [f"{option}={value}"]
        if option == "--base-url" and value in known:
            known.remove(value)  # pytest does not yet know that it is no file
    yield
    if not hasattr(early_config.option, "base_url"):
        default, group = os.environ.get("PYTEST_BASE_URL"), parser.getgroup("contract")
        group.addoption("--base-url", metavar="URL", default=default, help=_BASE_URL_HELP)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Begin where a contract run was asked for; tests of a project's own are left alone."""
    config.pluginmanager.register(_Ending(config), "contracts-ending")
    # Before pytest-base-url makes one that is empty of none.
    config.stash[_BASE_URL] = config.getoption("base_url", None)
    if not config.getoption("--help", False) and is_asked_for(config):
        _begun(config)
        if _PROBLEM in config.stash:
            raise pytest.UsageError(config.stash[_PROBLEM])
        config.option.verify_base_url = False  # it sends a request that nobody judges


def _begun(config: pytest.Config, *, asks: bool = True) -> State | None:
    """The run, begun if it is not; None if there is nothing to test, or a problem."""
    if SESSION not in config.stash and _PROBLEM not in config.stash and is_documented(config):
        try:
            if problem := claim(str(config.rootpath)):
                raise UsageError(problem)
            with mended():
                from contracts.flows import begin
                from contracts.run.outputs import Outputs, scrub_logs

            if not any(o.given(config) for o in OPTIONS) and document_in(config.rootpath) is None:
                return None
            state = config.stash[SESSION] = begin(config, config.stash[_BASE_URL], asks=asks)
            config.add_cleanup(scrub_logs(state.scrub))
            config.pluginmanager.register(Outputs(config, state.scrub), "contracts-outputs")
        except ContractsError as error:
            config.stash[_PROBLEM] = str(error)
    return config.stash.get(SESSION, None)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: every worker shares the run and the seed of the controller."""
    state = node.config.stash.get(SESSION, None)
    if state is not None:
        node.workerinput.update(state.shared)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist: the tests of an operation go to one process, unless `--dist` says otherwise."""
    is_ours = SESSION in config.stash and config.getoption("dist") == "load"
    return lanes_of(config.stash[SESSION], config, log) if is_ours else None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if (state := session.config.stash.get(SESSION, None)) is not None:
        interrupt_when_ended(session.config)
    if state is not None and state.worker is None:  # who has a terminal
        from contracts.rules.faults import said

        spec, target = state.inputs.spec, state.inputs.target
        where = f"{spec.document.path} ({spec.version}) on {target}{target.tokens}"
        line = f"contract: {where}{state.inputs.shard_text}"
        if budget := session.config.getoption("--hypothesis-profile", None):
            line += f" ({budget}, seed {state.budget.seed})"
        _write(session.config, printable(line))
        try:
            with mended():
                for notice in said(spec):
                    _write(session.config, printable(state.scrub(f"contract: {notice}")))
        except ContractsError as error:
            raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Before the first item: what precedes all operations, if any of the items is ours."""
    config, state = session.config, session.config.stash.get(SESSION, None)
    if state is None or session.testsfailed or config.option.collectonly:
        return
    ours = [
        item for item in session.items if "contract_verdicts" in getattr(item, "fixturenames", ())
    ]
    # The leader of xdist has no items of its own.
    if not ours and not config.pluginmanager.has_plugin("dsession"):
        return
    from contracts.flows import lead
    from contracts.run.state import show

    config.add_cleanup(state.ledger.release)
    names = [item.callspec.params["contract_item"] for item in ours]  # type: ignore[attr-defined]
    operations = state.items.operations
    asked = frozenset(operations[name] for name in names if name in operations)
    state.chosen = asked
    with suppress(AttributeError, OSError):  # pytest's cache, which is there only now, if at all
        state.kept = config.cache.mkdir("contract-probes")
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    config.add_cleanup(show(state, config, reporter, asked))
    lead(state, lambda line: _write(config, line))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "contract_verdicts" in metafunc.fixturenames:
        config, state = metafunc.config, metafunc.config.stash.get(SESSION, None)
        if state is None and not hasattr(config, "workerinput"):  # whose run is the controller's
            state = _begun(config)  # tests of ours that came from elsewhere
        names = list(state.items.operations) if state is not None else ["no document"]
        metafunc.parametrize("contract_item", names, ids=names)


@pytest.fixture
def contract_verdicts(request: pytest.FixtureRequest, contract_item: str) -> list[Verdict]:
    """The verdicts of one item; asking the operation first, if nobody has."""
    from contracts.flows import ask

    state = _state(request, "a contract run")
    if state.inputs.options.dry_run:
        pytest.skip("--contract-dry-run: nothing is sent")
    operation = state.inputs.spec.by_key[state.items.operations[contract_item]]
    if operation.key in state.broken:
        pytest.skip(f"inconclusive: asking failed before, {state.broken[operation.key]}")
    verdicts = ask(state, operation).verdicts.values()
    own = [verdict for verdict in verdicts if state.items.of(verdict.rule) == contract_item]
    return [verdict for verdict in own if state.inputs.wants(verdict.rule.id)]


@pytest.fixture
def contract_gate(request: pytest.FixtureRequest) -> ItemResult:
    """What changed in the document since its baseline, and whether that may be."""
    from contracts.flows import gate

    return gate(_state(request, "the gate").inputs)


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> str | None:
    """The service to ask, as it is given: the fixture of pytest-base-url where that is not."""
    return request.config.getoption("base_url", None) or request.config.getini("base_url") or None


@pytest.fixture(scope="session")  # the same for all that Hypothesis makes of one test
def contract(request: pytest.FixtureRequest) -> Contract:
    """Judge answers that a test has, or draw some: `contract.judge(response)`, `.answers(…)`."""
    _begun(request.config, asks=False)  # unless there is a run
    state = _state(request, "the contract fixture")
    from contracts.testing import Contract

    return Contract(state.book, state.inputs.target.base_url, state.inputs.scrubber)


def _state(request: pytest.FixtureRequest, who: str) -> State:
    state = request.config.stash.get(SESSION, None)
    if state is None:
        absent = f"{who} needs a document: {UNNAMED}"
        pytest.fail(request.config.stash.get(_PROBLEM, absent), pytrace=False)
    return state


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the contract of a failed item is broken or the suite failed; hide secrets."""
    report: Any = yield
    state = item.config.stash.get(SESSION, None)
    gate = getattr(item, "funcargs", {}).get("contract_gate")
    if gate is not None and report.when == "call":
        report.contract_gate = gate.said
    broken = next(filter(None, map(_BROKEN.get, getattr(item, "fixturenames", ()))), None)
    if broken == "violated" and hasattr(item, "callspec"):
        report.contract_item = item.callspec.params["contract_item"]
    if report.failed and broken is not None:
        report.contract = broken if state is not None else "undocumented"
        if call.excinfo is None or not isinstance(call.excinfo.value, pytest.fail.Exception):
            report.contract = "crashed"
        if call.excinfo is not None and isinstance(call.excinfo.value, ContractsError):
            report.longrepr, report.contract = str(call.excinfo.value), "unable"
        crash = getattr(report.longrepr, "reprcrash", None)
        if report.contract == broken and crash is not None:
            # The short summary prints it whole where CI is set.
            crash.message = crash.message.partition("\n")[0]
    return report  # type: ignore[no-any-return]


class _Ending:
    """Counts what failed; concludes when the workers of xdist have stopped, before the summary."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.failed: Counter[str] = Counter()
        self.others: list[str] = []  # tests that failed and are none of the contract
        self.gate = ""

    @property
    def state(self) -> State | None:
        return self.config.stash.get(SESSION, None)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.gate = getattr(report, "contract_gate", "") or self.gate
        if report.failed:
            died = report.when not in ("setup", "call", "teardown")  # xdist's "???"
            kind = "crashed" if died else getattr(report, "contract", "other")
            self.failed[kind] += 1
            self.others += [report.nodeid] * (kind == "other")
        if self.state is not None and hasattr(report, "contract_item"):
            self.state.ran.add(report.contract_item)
            self._thin(report)

    def _thin(self, report: pytest.TestReport) -> None:
        """Let go of what pytest keeps of a test of ours beside its call: there may be thousands."""
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        unsaid = reporter.stats.get("", []) if reporter is not None else []
        if unsaid and unsaid[-1] is report:
            unsaid.pop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """What the system does not give to the processes of xdist is no mistake of pytest."""
        kinds = OSError | RuntimeError | MemoryError  # no file, no thread, no room
        if isinstance(excinfo.value, kinds) and self.config.pluginmanager.has_plugin("dsession"):
            self._give_up(_NO_PROCESSES.format(excinfo.value or "no memory"))

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_testnodedown(self, error: object) -> None:
        """One that can't begin says why, and no other can."""
        _, known, said = str(error).rpartition("UsageError: ")
        if known:
            self._give_up(said.strip())

    def _give_up(self, why: str) -> None:
        begun = self.state is not None and self.state.ledger.begun
        pytest.exit(why, returncode=3 if begun else 4)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(
        self, session: pytest.Session, exitstatus: int
    ) -> Generator[None, None, None]:
        try:
            yield
        except Exception as error:  # of a plugin, which must not cost the run its report
            if self.state is None or self.state.worker is not None:
                raise
            why = printable(self.state.scrub(f"{type(error).__name__}: {error}"))
            self.state.left_out.append(f"left out: what other plugins do at the end ({why})")
        self._conclude(session, exitstatus)

    def _conclude(self, session: pytest.Session, exitstatus: int) -> None:
        state = self.state
        if self.failed["undocumented"]:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        if state is None or state.worker is not None:
            return  # without a document there is nothing to conclude
        state.others = self.others
        over = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        status, ended, result = exitstatus, "", ""
        # -x and --maxfail are said by xdist with the status of an interruption.
        most = self.config.getoption("maxfail", None) or 0
        if status == pytest.ExitCode.INTERRUPTED and 0 < most <= self.failed.total():
            status = pytest.ExitCode.TESTS_FAILED
        if told := [said for kind, said in _UNFINISHED.items() if self.failed[kind]]:
            ended, result = f"{told[0]}, see the errors above", "inconclusive"
        elif status == pytest.ExitCode.INTERRUPTED:
            ended = "the run was interrupted"
        elif status not in over:
            ended = "the run ended early"
        if state.ledger.begun:
            from contracts.flows import conclude

            broken = self.gate if self.failed["breaking"] else ""
            result = conclude(state, ended, broken, self._tell_junit)
        if status in over and not self.failed["other"]:
            status = _OWN_STATUS.get(result, status)
        session.exitstatus = status

    def _tell_junit(self, run: Run) -> None:
        """Write the JUnit file again, now that the run can say something of itself."""
        from contracts.report.forms.failure import suite_properties

        for plugin in self.config.pluginmanager.get_plugins():
            if hasattr(plugin, "add_global_property"):
                for name, value in suite_properties(run):
                    plugin.add_global_property(name, value)
                plugin.pytest_sessionfinish()

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if (state := self.state) is None:
            return
        from contracts.run.end import request_lines, said_at_the_end
        from contracts.run.state import screen_of, write

        terminalreporter.ensure_newline()  # else pytest sees to it in the middle of our first line
        lines = said_at_the_end(state, screen_of(terminalreporter), self.gate)
        if state.inputs.options.dry_run:
            terminalreporter.section("contract: requests, not sent")
            lines = chain(request_lines(state), lines)
        elif state.told is not None:
            terminalreporter.section("contract")
        for line in lines:
            write(terminalreporter, line)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """The outermost, so that its line is the last one."""
    yield
    state = session.config.stash.get(SESSION, None)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if state is not None and reporter is not None:
        from contracts.run.end import last_line
        from contracts.run.state import screen_of

        said = state.told is not None or state.problem or state.inputs.options.dry_run
        items = [name for item in session.items for name in getattr(item, "fixturenames", ())]
        if not said and _BROKEN.keys().isdisjoint(items):
            return  # tests of a project's own
        _write(session.config, last_line(state, screen_of(reporter)))


def _write(config: pytest.Config, line: str) -> None:
    """A line on the terminal, which the workers of xdist don't have."""
    from contracts.run.state import write

    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        write(reporter, line)
