"""Power tests run on the document in use: one test a rule, and a table of faults tried and found at the end."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from contracts.run.items import SESSION

TRIED = "power"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "rule" in metafunc.fixturenames:
        state = metafunc.config.stash[SESSION]
        asked = [state.book.operations[operation.key] for operation in state.inputs.operations]
        rules = [rule for operation in asked for rule in operation.rules]
        metafunc.parametrize("rule", rules, ids=[rule.id for rule in rules])


@pytest.fixture
def book(request: pytest.FixtureRequest) -> Any:
    return request.config.stash[SESSION].book


class Power:
    """Sums up, in the process that prints, what the tests took down as `record_property`."""

    def __init__(self) -> None:
        self.tried: Counter[str] = Counter()
        self.found: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for name, value in report.user_properties:
            if report.when == "call" and name == TRIED:
                kind, tried, found = str(value).split(";")
                self.tried[kind] += int(tried)
                self.found[kind] += int(found)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.tried:
            terminalreporter.section("power: faults found of faults tried, by kind of rule")
            for kind, tried in sorted(self.tried.items()):
                terminalreporter.write_line(f"{kind:<26} {self.found[kind]:>6} of {tried:>6}")
            terminalreporter.write_line(f"{'in all':<26} {self.found.total():>6} of {self.tried.total():>6}")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Power(), "contract-power")
