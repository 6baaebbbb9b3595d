"""Lines of ours to pytest's terminal, and while a run keeps it silent, what is being asked on the row below its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.report.forms.terminal import Screen, marked
from contracts.text import plural

INTERVAL = 0.25
"""Seconds between two looks of the line."""


def screen_of(reporter: Any) -> Screen:
    """The terminal of pytest's reporter; a file that does not say how it encodes takes everything."""
    encoding = getattr(reporter._tw._file, "encoding", None) or "utf-8"
    return Screen(reporter._tw.fullwidth, encoding)


def write(reporter: Any, line: str) -> None:
    """Write a line, the word that says what it is about in colour where pytest has colours."""
    before, word, after, markup = marked(screen_of(reporter).text(line))
    reporter.write(before)
    reporter.write(word, **markup)
    reporter.write_line(after)


@dataclass(slots=True)
class Progress:
    """Says nothing before `begin`; then what it is told, a few times a second at most.

    The line stands below the one that pytest is writing, and the cursor is put back to where pytest left it, so that
    nothing of pytest's is overwritten; `clear` takes the line away before pytest goes on.

    Args:
        spent: how many requests the run has sent.
        most: how many it may send, None if that is not bounded.
        now: the time, in seconds.
    """

    spent: Callable[[], int] = lambda: 0
    most: int | None = None
    now: Callable[[], float] = time.monotonic
    _screen: Screen = field(default_factory=Screen)
    _write: Callable[[str], object] | None = None
    _column: Callable[[], int] = lambda: 0
    _left: set[str] = field(default_factory=set)
    _total: int = 0
    _next: float | None = None

    def begin(
        self,
        write: Callable[[str], object],
        screen: Screen,
        column: Callable[[], int],
        operations: Collection[str],
    ) -> None:
        """From now on write to a terminal, where the cursor is in a `column`, while these operations are asked."""
        self._write, self._screen, self._column = write, screen, column
        self._left, self._total = set(operations), len(operations)

    def told(self, operation: str, count: int) -> None:
        """So many requests of an operation were answered."""
        self._left.discard(operation)
        if self._write is None or (self._next is not None and self.now() < self._next):
            return
        self._next = self.now() + INTERVAL
        self._write(self._below(self.line(operation, count)))

    def line(self, operation: str, count: int) -> str:
        """What is said, on one row: the operation is cut rather than the numbers."""
        bound = ""
        if self.most is not None:
            bound = f", at most {max(self.most - self.spent(), 0)} left"
        left = f"{len(self._left)} of {plural(self._total, 'operation')} left"
        numbers = f": {plural(count, 'request')}{bound}, {left}"
        most = self._screen.width - 1
        key = self._screen.shortened(operation, max(most - len("asking ") - len(numbers), 12))
        return self._screen.cut(f"asking {key}{numbers}", most)

    def clear(self) -> None:
        """Take the line away, if there is one."""
        if self._write is not None and self._next is not None:
            self._write(self._below(""))
            self._next = None

    def _below(self, text: str) -> str:
        """What puts a text, and nothing else, on the row below the cursor."""
        column = self._column() % self._screen.width
        return f"\n\r\x1b[K{text}\r\x1b[A" + (f"\x1b[{column}C" if column else "")


def wanted(config: Any, reporter: Any, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody looks at a terminal that can be written to again: no pipe, no log of a CI server, no `-q`."""
    logs = config.getini("log_cli") or config.getoption("log_cli_level", None) is not None
    in_ci = environ.get("CI") or environ.get("BUILD_NUMBER")
    if reporter is None or logs or in_ci or config.get_verbosity() < 0:
        return False
    return bool(reporter._tw._file.isatty()) and environ.get("TERM", "dumb") != "dumb"


def show(
    progress: Progress, config: Any, reporter: Any, operations: Collection[str]
) -> Callable[[], object]:
    """Let it write to the terminal of pytest's reporter, if that is wanted; returns what ends it."""
    if not wanted(config, reporter):
        return lambda: None
    writer = reporter._tw
    # A copy: what captures output puts a file in the place of the number.
    terminal = os.dup(writer._file.fileno())
    progress.begin(
        lambda text: os.write(terminal, text.encode("utf-8", "replace")),
        screen_of(reporter),
        lambda: int(writer.width_of_current_line),
        operations,
    )
    return lambda: os.close(terminal)
