"""What pytest shows and writes of a session, without secrets."""

import logging
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True, eq=False)
class Outputs:
    """The hooks through which texts of tests come: reports, warnings, names, a JUnit file."""

    config: pytest.Config
    scrub: Callable[[str], str]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        scrub_test_report(report, self.scrub)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        scrub_test_report(report, self.scrub)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        warning_message.message = _scrubbed(warning_message.message, self.scrub)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        for plugin in self.config.pluginmanager.get_plugins():
            if hasattr(plugin, "global_properties"):
                scrub_junit(plugin, self.scrub)
        yield


def scrub_test_report(report: Any, scrub: Callable[[str], str]) -> None:
    """Take secrets out of what pytest shows of a test, or puts into a JUnit file."""
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, scrub(reason))
    elif report.longrepr is not None and (text := scrub(before := str(report.longrepr))) != before:
        report.longrepr = text
    report.sections = [(title, scrub(content)) for title, content in report.sections]
    if isinstance(reason := getattr(report, "wasxfail", None), str):
        report.wasxfail = scrub(reason)
    properties = getattr(report, "user_properties", [])
    properties[:] = [(scrub(name), _scrubbed(value, scrub)) for name, value in properties]


def scrub_junit(xml: Any, scrub: Callable[[str], str]) -> None:
    """Take secrets out of what tests put into a JUnit file past their reports."""
    given = xml.global_properties
    given[:] = [(scrub(name), _scrubbed(value, scrub)) for name, value in given]
    for case in xml.node_reporters_ordered:
        # A case that is over has nothing left but its element.
        attributes = case.attrs if hasattr(case, "attrs") else case.to_xml().attrib
        for name, value in attributes.items():
            attributes[name] = _scrubbed(value, scrub)


def _scrubbed(value: Any, scrub: Callable[[str], str]) -> Any:
    """A value as it is, or, if it shows a secret, a text without."""
    said = str(value)
    return value if (shown := scrub(said)) == said else shown


def scrub_logs(scrub: Callable[[str], str]) -> Callable[[], None]:
    """From now on no log record holds a secret (of a URL, say); returns the way back."""
    make = logging.getLogRecordFactory()

    def make_scrubbed(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            message = shown = record.getMessage()
        except (TypeError, ValueError):
            return record  # a mistake in somebody's logging call, which logging itself reports
        if record.name.startswith("httpcore2"):  # its answer's body nobody knows yet
            shown = message.partition("return_value=")[0]
        if (scrubbed := scrub(shown)) != message:
            record.msg, record.args = scrubbed, None
        if record.exc_info and record.exc_info[0]:  # formatters show the text, if there is one
            record.exc_text = scrub(logging.Formatter().formatException(record.exc_info))
        return record

    logging.setLogRecordFactory(make_scrubbed)
    return lambda: logging.setLogRecordFactory(make)
