"""The tests of a contract run, and what they say.

A test file of one's own imports them (`contracts.testing`); `contracts run` collects them here,
as this module is its plugin as well, and calls them tests of the document.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from contracts.errors import ContractsError
from contracts.run.invocation import command_of, divided
from contracts.run.options import OPTIONS
from contracts.run.settings import own_document
from contracts.text import printable, shown_path

if TYPE_CHECKING:
    from contracts.run.end import ItemResult
    from contracts.run.state import State
    from contracts.verdicts import Verdict

SESSION = pytest.StashKey["State"]()  # the run that a pytest session makes
_ITEM = re.compile(r"::\w+\[(.*)\]$", re.DOTALL)
_DOCUMENT = pytest.StashKey[str]()  # of `contracts run`, as its tests are called after it


def test_rule(request: pytest.FixtureRequest, contract_verdicts: list[Verdict]) -> None:
    """A rule of the document; of a big one, those of an operation, a status and a kind."""
    from contracts.run.end import item_properties, item_result

    state = request.config.stash[SESSION]
    # Of many rules they take more room than all the rest, so that somebody has to want them.
    if len(contract_verdicts) == 1 or request.config.getoption("xmlpath", None):
        request.node.user_properties += item_properties(state, contract_verdicts)
    _give(item_result(state, contract_verdicts, lambda: _rerun(request, state)))


def test_document(request: pytest.FixtureRequest, contract_gate: ItemResult) -> None:
    """The document breaks nothing that its baseline promised: HEAD's, or --contract-baseline's."""
    rerun = f"\n  rerun: {_rerun(request, request.config.stash[SESSION])}"
    failed = contract_gate.outcome == "failed"
    _give(replace(contract_gate, text=contract_gate.text + rerun * failed))


def _give(found: ItemResult) -> None:
    if found.outcome == "failed":
        pytest.fail(found.text, pytrace=False)
    if found.outcome == "accepted":
        pytest.xfail(found.text)
    if found.outcome == "skipped":
        pytest.skip(found.text)


def _rerun(request: pytest.FixtureRequest, state: State) -> str:
    """The command that judges one item again, from here, with the options of this run."""
    config, (path, _, name) = request.config, request.node.nodeid.partition("::")
    if _DOCUMENT not in config.stash:
        path = os.path.relpath(request.node.path, config.invocation_params.dir)
    return command_of(config, state.inputs, state.budget.seed, f"{path}::{name}")


def lanes_of(state: State, config: pytest.Config, log: Any) -> Any:
    """A scheduler of xdist: all tests of an operation for one process, others one by one.

    What it does beside is that of `--dist loadscope`, in time that grows as the number of tests.
    """
    from xdist.scheduler import LoadScopeScheduling

    operations = {_escaped(name): key for name, key in state.items.operations.items()}

    class LaneScheduling(LoadScopeScheduling):  # type: ignore[misc]
        places: Mapping[str, int] = {}

        def _split_scope(self, nodeid: str) -> str:
            found = _ITEM.search(nodeid)
            return operations.get(found[1], nodeid) if found else nodeid

        def _assign_work_unit(self, node: Any) -> None:
            scope, tests = self.workqueue.popitem(last=False)
            self.assigned_work[node][scope] = tests
            self.places = self.places or {n: i for i, n in enumerate(self.collection or ())}
            node.send_runtest_some([self.places[nodeid] for nodeid in tests])

        def mark_test_complete(self, node: Any, item_index: int, *_: object) -> None:
            nodeid = self.registered_collections[node][item_index]
            scope = self._split_scope(nodeid)
            del self.assigned_work[node][scope][nodeid]
            if not self.assigned_work[node][scope]:
                del self.assigned_work[node][scope]
            self._reschedule(node)

        def remove_node(self, node: Any) -> str | None:
            """The test at which a process died, if it did: that is not run again, others are."""
            left = self.assigned_work.pop(node)
            died_at = next((nodeid for tests in left.values() for nodeid in tests), None)
            for scope, tests in left.items():
                tests.pop(died_at, None)
                if tests:
                    self.workqueue[scope] = tests
            for other in self.assigned_work:
                self._reschedule(other)
            return died_at

    return LaneScheduling(config, log)


def _house_hypothesis(config: pytest.Config) -> None:
    """What Hypothesis keeps goes into pytest's cache, or nowhere, and no folder of its own."""
    from hypothesis.configuration import set_hypothesis_home_dir

    home = Path(os.devnull)  # below which nothing can be made
    with suppress(AttributeError, OSError):
        home = config.cache.mkdir("hypothesis")
    if not os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        set_hypothesis_home_dir(home)


def _escaped(name: str) -> str:
    """As pytest has the name of an item in the id of its test."""
    return name.encode("unicode_escape").decode()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """As a plugin: what was named is a document, and pytest collects this file in its place."""
    option = config.option
    try:
        document, rest = divided(option.file_or_dir, option.contract_spec)
        if document is None:
            usual = OPTIONS[0].given(config) or own_document(config.invocation_params.dir)
            document = str(shown_path(Path(OPTIONS[0].parsed(str(usual)))))
    except ContractsError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_DOCUMENT] = option.contract_spec = document
    option.file_or_dir = [f"{document}{one}" for one in rest]
    config.args = [f"{__file__}{one}" for one in rest]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    document = parent.config.stash.get(_DOCUMENT, None)
    if document is None or module_path != Path(__file__):
        return None
    return pytest.Module.from_parent(parent, path=module_path, name=document, nodeid=document)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Of tests that are not there xdist says nothing, and pytest where it looked for them."""
    from contracts.report.forms.catalogue import named

    config, state = session.config, session.config.stash.get(SESSION, None)
    _house_hypothesis(config)
    if state is None or hasattr(config, "workerinput"):
        return
    rules = map("::test_rule[{}]".format, map(_escaped, state.items.operations))
    known = {"", "::test_document", "::test_rule", *rules}
    for word in config.option.file_or_dir:
        name = word.removeprefix(config.stash[_DOCUMENT])
        if name in known:
            continue
        said = "with these options there is no such test; there are test_rule[ID] and test_document"
        try:
            if name.startswith("::test_rule["):
                named(state.book, name.removeprefix("::"))
        except ContractsError as error:  # which says what is near
            said = str(error)
        raise pytest.UsageError(printable(f"{word}: {said}"))
