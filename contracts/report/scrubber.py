"""Texts that may hold a secret to texts that everybody may see."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.exchanges.credential import Secret
from contracts.exchanges.secret_urls import Capabilities

MIN_LENGTH = 4
"""Shorter values are words like any other: taking them out would make every text unreadable."""


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Values that no text may hold; in their place stand the names of their environment variables.

    `capabilities` are the URLs that answers of this process held.
    """

    secrets: tuple[Secret, ...] = ()
    capabilities: Capabilities = field(default_factory=Capabilities)

    @classmethod
    def of(cls, values: dict[str, str]) -> Scrubber:
        """For values by variable; longer ones are taken out first, so that none hides in another."""
        longest_first = sorted(values.items(), key=lambda item: -len(item[1]))
        return cls(
            tuple(
                Secret(value, f"${name}")
                for name, value in longest_first
                if len(value) >= MIN_LENGTH
            )
        )

    def text(self, text: str) -> str:
        for secret in self.secrets:
            text = secret.scrub(text)
        return self.capabilities.text(text)


def scrub_test_report(report: Any, scrub: Callable[[str], str]) -> None:
    """Take secrets out of what pytest shows of a test: the traceback with its locals, the captured output, and what
    stands beside it in a JUnit file."""
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, scrub(reason))
    elif report.longrepr is not None and (text := scrub(before := str(report.longrepr))) != before:
        report.longrepr = text
    report.sections = [(title, scrub(content)) for title, content in report.sections]
    report.user_properties = [
        (name, scrub(value) if isinstance(value, str) else value)
        for name, value in report.user_properties
    ]


def scrub_logs(scrub: Callable[[str], str]) -> Callable[[], None]:
    """From now on no log record holds a secret (httpx2 logs URLs, httpcore2 headers); returns the way back."""
    make = logging.getLogRecordFactory()

    def make_scrubbed(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            return record  # a mistake in somebody's logging call, which logging itself reports
        if record.name.startswith("httpcore2"):
            message = message.partition("return_value=")[
                0
            ]  # fields of an answer whose body nobody knows yet
        if (scrubbed := scrub(message)) != record.getMessage():
            record.msg, record.args = scrubbed, None
        return record

    logging.setLogRecordFactory(make_scrubbed)
    return lambda: logging.setLogRecordFactory(make)
