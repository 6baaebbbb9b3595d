"""The suite inside pytest: options, one item a rule, summary and report. Everything else happens in `flows`."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable, Generator
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest

from contracts.errors import ContractsError
from contracts.notte.domain import DOCUMENT
from contracts.run.options import OPTIONS

if TYPE_CHECKING:
    from contracts.run.baseline import Gated
    from contracts.run.state import Session
    from contracts.verdicts import Verdict
    from contracts.verdicts.outside import Contract

SESSION = pytest.StashKey["Session"]()
UNDO = pytest.StashKey[list[Callable[[], object]]]()
"""How to give back what a session took from its process."""

_BROKEN = {"contract_item": "violated", "contract_gate": "breaking"}
"""What has happened when a test fails, by the fixture that says which test it is."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract", "contract tests from an OpenAPI document")
    for option in OPTIONS:
        if option.kind == "flag":
            group.addoption(option.flag, action="store_true", default=None, help=option.help)
            parser.addini(option.ini, option.help, type="bool", default=False)
        elif option.kind == "list":
            group.addoption(
                option.flag, action="append", default=None, metavar=option.metavar, help=option.help
            )
            parser.addini(option.ini, option.help, type="args", default=[])
        else:
            group.addoption(option.flag, default=None, metavar=option.metavar, help=option.help)
            parser.addini(option.ini, option.help, default=None)


def pytest_load_initial_conftests(args: list[str]) -> None:
    """`--contract-session-id @FILE` as `--contract-session-id=@FILE`: pytest would read the file as arguments."""
    for index in range(len(args) - 2, -1, -1):
        if (
            args[index].startswith("--contract-")
            and "=" not in args[index]
            and args[index + 1].startswith("@")
        ):
            args[index : index + 2] = [f"{args[index]}={args[index + 1]}"]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.stash[UNDO] = []
    if config.getoption("--help", False) or not _is_wanted(config):
        config.pluginmanager.register(_Documentless(), "contracts-ending")
        return
    from contracts.report.secrets import scrub_logs
    from contracts.run.end import Ending
    from contracts.run.state import session_from

    try:
        state = config.stash[SESSION] = session_from(config)
    except ContractsError as error:
        raise pytest.UsageError(str(error)) from None
    config.option.verify_base_url = False  # it sends a request that nobody judges
    config.pluginmanager.register(Ending(state), "contracts-ending")
    config.stash[UNDO].append(scrub_logs(state.scrub))


def _is_wanted(config: pytest.Config) -> bool:
    """A project without a document, that asks for nothing, is left alone."""
    if (config.rootpath / DOCUMENT).is_file():
        return True
    return any(
        config.getoption(option.flag, None) is not None or config.getini(option.ini)
        for option in OPTIONS
    )


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: every worker shares the run and the seed of the controller."""
    state = node.config.stash.get(SESSION, None)
    if state is not None:
        node.workerinput.update(
            contract_run=state.run,
            contract_seed=state.check.seed,
            contract_began=state.check.pace.started,
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    undos = config.stash.get(UNDO, None) or []
    while undos:
        undos.pop()()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    state = session.config.stash.get(SESSION, None)
    if state is not None:
        _interrupt_on_sigterm(session.config)
        document = state.inputs.spec.document
        line = f"contract: {document.path} ({state.inputs.spec.version}) on {state.check.target}"
        budget = session.config.getoption("--hypothesis-profile", None)
        _write(session.config, f"{line} ({budget}, seed {state.check.seed})" if budget else line)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Before anything is asked: what killed runs left, what the service publishes, and sessions to ask for.

    The leader of xdist has no items of its own.
    """
    state = session.config.stash.get(SESSION, None)
    if state is None or session.testsfailed or session.config.option.collectonly:
        return
    leads = session.config.pluginmanager.has_plugin("dsession")
    if leads or any(map(_is_ours, session.items)):
        session.config.stash[UNDO].append(state.check.ledger.release)
        state.begin(lambda line: _write(session.config, line))
        _show_progress(session, state)
        state.look_for_drift(lambda line: _write(session.config, line))
        state.look_for_sessions(lambda line: _write(session.config, line))


def _is_ours(item: pytest.Item) -> bool:
    """Whether an item stands for rules."""
    return "contract_item" in getattr(item, "fixturenames", ())


def _show_progress(session: pytest.Session, state: Session) -> None:
    """Say what is being asked of the operations that the chosen items are about."""
    from contracts.run.progress import show

    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    names = [
        item.callspec.params["contract_item"]  # type: ignore[attr-defined]
        for item in session.items
        if _is_ours(item)
    ]
    operations = {rules[0].operation for name in names if (rules := state.items.get(name))}
    session.config.stash[UNDO].append(show(state.progress, session.config, reporter, operations))


def _interrupt_on_sigterm(config: pytest.Config) -> None:
    """SIGTERM ends a run as Ctrl-C does; pytest alone would die without a summary."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        return  # not the main thread: signals are somebody else's
    config.stash[UNDO].append(lambda: signal.signal(signal.SIGTERM, before))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "contract_item" in metafunc.fixturenames:
        state = metafunc.config.stash.get(SESSION, None)
        names = list(state.items) if state is not None else ["no document"]
        metafunc.parametrize("contract_item", names, ids=names)


@pytest.fixture
def contract_verdicts(request: pytest.FixtureRequest, contract_item: str) -> list[Verdict]:
    """The verdicts of one item; asking the operation first, if nobody has."""
    state = request.config.stash.get(SESSION, None)
    if state is None:
        pytest.fail(
            f"a contract run needs a document: give --contract-spec, or have {DOCUMENT}",
            pytrace=False,
        )
    if state.inputs.options.dry_run:
        pytest.skip("--contract-dry-run: nothing is sent")
    rules = state.items[contract_item]
    operation = state.inputs.spec.by_key[rules[0].operation]
    if operation.key in state.broken:
        pytest.skip(f"inconclusive: asking failed before, {state.broken[operation.key]}")
    try:
        verdicts = state.check.asked(operation).verdicts
    except KeyboardInterrupt:
        raise KeyboardInterrupt from None  # its frames hold requests with the credential, and --full-trace shows them
    except (
        Exception
    ) as error:  # noted for the other items of the operation, and raised for this one
        state.broken[operation.key] = state.scrub(f"{type(error).__name__}: {error}")
        raise
    finally:
        state.progress.clear()
    return [verdicts[rule.id] for rule in rules]


@pytest.fixture
def contract_gate(request: pytest.FixtureRequest) -> Gated:
    """What changed in the document since its baseline, and whether that may be."""
    from contracts.run.baseline import gated

    state = request.config.stash.get(SESSION, None)
    if state is None:
        pytest.fail(
            f"the gate needs a document: give --contract-spec, or have {DOCUMENT}",
            pytrace=False,
        )
    return gated(state.inputs)


@pytest.fixture
def contract(request: pytest.FixtureRequest) -> Contract:
    """Judge answers that a test already has: `contract.judge(response)`."""
    from contracts.verdicts.outside import Contract

    state = request.config.stash.get(SESSION, None)
    if state is None:
        pytest.fail(
            f"the contract fixture needs a document: give --contract-spec, or have {DOCUMENT}",
            pytrace=False,
        )
    return Contract(
        state.check.book, state.inputs.target.base_url, state.inputs.scrubber.capabilities
    )


def judge_item(request: pytest.FixtureRequest, verdicts: list[Verdict]) -> None:
    """Give a test the outcome of its verdicts: passed, failed or skipped. Called by `tests/contract`."""
    from contracts.verdicts import Outcome

    state = request.config.stash[SESSION]
    request.node.user_properties += _properties(state, verdicts)
    operation = state.inputs.spec.by_key[verdicts[0].rule.operation]
    asked = state.check.asked(operation)
    if reason := asked.blocked or (
        asked.cut if not any(verdict.exercised for verdict in verdicts) else None
    ):
        pytest.skip(f"inconclusive: {reason}")
    policy = state.inputs.policy
    if failing := [verdict for verdict in verdicts if policy.fails(verdict)]:
        pytest.fail(_failure(request, state, failing), pytrace=False)
    if accepted := next(
        (found for verdict in verdicts if (found := policy.accepted.of(verdict))), None
    ):
        pytest.xfail(f"accepted until {accepted.until}: {accepted.reason}")
    if any(map(policy.tolerates, verdicts)):
        pytest.xfail(
            f"still there: {state.inputs.known and state.inputs.known.file} has it as well"
        )
    if all(v.outcome in (Outcome.NOT_EXERCISED, Outcome.UNDECIDED) for v in verdicts):
        pytest.skip(f"{verdicts[0].outcome.value.replace('_', ' ')}: {verdicts[0].why}")


def judge_document(request: pytest.FixtureRequest, gated: Gated) -> None:
    """Give a test the outcome of the gate: passed, failed, skipped or expected to fail. Called by `tests/contract`."""
    if gated.outcome == "failed":
        pytest.fail(
            f"{gated.text}\n  rerun: {_rerun(request, request.config.stash[SESSION])}",
            pytrace=False,
        )
    if gated.outcome == "accepted":
        pytest.xfail(gated.text)
    if gated.outcome == "skipped":
        pytest.skip(gated.text)


def _failure(request: pytest.FixtureRequest, state: Session, failing: list[Verdict]) -> str:
    from contracts.report.forms.failure import failure_text, missing_text

    inputs, rerun = state.inputs, _rerun(request, state)
    texts = [
        failure_text(
            inputs.spec,
            verdict,
            base_url=inputs.target.base_url,
            rerun=rerun,
            today=inputs.policy.accepted.today,
            header_variables=inputs.options.header,
            since=_since(state, verdict),
        )
        if verdict.evidence
        else missing_text(inputs.spec, verdict, rerun=rerun)
        for verdict in failing
    ]
    return "\n\n".join(texts)


def _properties(state: Session, verdicts: list[Verdict]) -> list[tuple[str, str]]:
    """What JUnit has beside the test: of each rule in turn, from `rule` on."""
    from contracts.report.forms.failure import properties_of

    inputs = state.inputs
    return [
        found
        for verdict in verdicts
        for found in properties_of(
            inputs.spec,
            verdict,
            base_url=inputs.target.base_url,
            header_variables=inputs.options.header,
            accepted=inputs.policy.accepted.of(verdict),
            since=_since(state, verdict) if verdict.evidence else "",
        )
    ]


def _since(state: Session, verdict: Verdict) -> str:
    """Whether a violation is new, where that can be told."""
    known = state.inputs.known
    if known is None:
        return ""
    return (
        f"still there, {known.file} has it as well"
        if verdict.rule.id in known.rules
        else f"new since {known.file}"
    )


def _rerun(request: pytest.FixtureRequest, state: Session) -> str:
    """The command that runs one item again: its node id as seen from here, and the options of this run."""
    config, base_url = request.config, state.inputs.target.base_url
    file, _, name = request.node.nodeid.partition("::")
    path = os.path.relpath(config.rootpath / file, config.invocation_params.dir)
    words = [
        "pytest",
        f"{path}::{name}",
        *(["--base-url", base_url] if base_url is not None else []),
    ]
    for option in OPTIONS:
        if option.name != "contract-history":  # one item again is no night
            words += option.words(config.getoption(option.flag, None))
    if profile := config.getoption("--hypothesis-profile", None):
        words.append(f"--hypothesis-profile={profile}")
    if state.check.seed:
        words.append(f"--hypothesis-seed={state.check.seed}")
    return shlex.join(words)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note on the report of a failed item whether the contract is broken or the suite itself failed; hide secrets."""
    report = yield
    state = item.config.stash.get(SESSION, None)
    if (
        gate := getattr(item, "funcargs", {}).get("contract_gate")
    ) is not None and report.when == "call":
        report.contract_gate = gate.said  # type: ignore[attr-defined]
    broken = next(
        (word for name, word in _BROKEN.items() if name in getattr(item, "fixturenames", ())), None
    )
    if report.failed and broken is not None:
        failed = call.excinfo is not None and isinstance(call.excinfo.value, pytest.fail.Exception)
        why = "crashed" if not failed else broken if state is not None else "undocumented"
        report.contract = why  # type: ignore[attr-defined]
        if why == broken and (crash := getattr(report.longrepr, "reprcrash", None)) is not None:
            crash.message = crash.message.partition("\n")[
                0
            ]  # the short summary prints it whole where CI is set
    if state is not None:
        from contracts.report.secrets import scrub_test_report

        scrub_test_report(report, state.scrub)
    return report


class _Documentless:
    """A plugin object for sessions without a document: contract tests in them are a mistake in the call."""

    lost = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.lost = self.lost or getattr(report, "contract", "") == "undocumented"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.lost:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """The outermost, so that its line is the last one."""
    yield
    state = session.config.stash.get(SESSION, None)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if state is not None and reporter is not None:
        from contracts.run.end import last_line
        from contracts.run.writer import look_of

        _write(session.config, last_line(state, look_of(reporter)))


def _write(config: pytest.Config, line: str) -> None:
    """A line on the terminal, which the workers of xdist don't have."""
    from contracts.run.writer import write

    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.ensure_newline()
        write(reporter, line)
