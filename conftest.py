"""For every test but the contract run: no network but loopback, and warnings are errors.

`tests/contract` may be run against a live service, so neither must ever apply to it.
"""

import gc
import sys
from collections.abc import Generator
from functools import partial
from pathlib import Path

import hypothesis
import pytest

from tests.room import with_room

pytest_plugins = ["pytester"]

CONTRACT_RUN = Path(__file__).parent / "tests" / "contract"
hypothesis.settings.register_profile(
    "suite", max_examples=50, derandomize=True, deadline=None, database=None
)
hypothesis.settings.load_profile("suite")

LOOPBACK = ["127.0.0.1", "::1", "localhost"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    loopback, strict = pytest.mark.allow_hosts(LOOPBACK), pytest.mark.filterwarnings("error")
    for item in items:
        if not item.path.is_relative_to(CONTRACT_RUN):
            item.add_marker(loopback)
            item.add_marker(strict, append=False)


def pytest_collection_finish() -> None:
    """What was imported stays; looking it through for garbage took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)  # instead of 700: a document is many objects, few ever garbage


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    test = pyfuncitem.obj
    pyfuncitem.obj = partial(with_room, test)
    try:
        return (yield)
    finally:
        pyfuncitem.obj = test


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """No dots where nobody watches them: thousands in a log hide the line that matters."""
    if report.when == "call" and report.passed and not sys.stdout.isatty():
        return "passed", "", ""
    return None
