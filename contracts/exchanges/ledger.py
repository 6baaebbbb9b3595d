"""The exchanges of a run, shared by its processes: whoever comes first asks, and all read what was answered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock

from contracts.exchanges.log import Log
from contracts.messages import Exchange


@dataclass(slots=True)
class Ledger:
    """One file a run: an exchange a line, a line for each operation that was asked to the end, and notes."""

    path: Path
    _log: Log = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._log = Log(self.path)

    def exchanges_of(self, operation: str, ask: Callable[[int], Iterable[Exchange]]) -> list[Exchange]:
        """The exchanges of an operation; `ask` is called, with the first free number, by the first process only.

        If `ask` raises, what it gave so far is kept, and the next call asks the operation again.
        """
        if operation not in self._log.finished:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock"):
                self._log.catch_up()
                if operation not in self._log.finished:
                    self._ask(operation, ask)
        return self._log.of(operation)

    def _ask(self, operation: str, ask: Callable[[int], Iterable[Exchange]]) -> None:
        with self._log.appending() as append:
            for exchange in ask(len(self._log.exchanges)):
                append(exchange)
            append(operation)

    def add(self, exchanges: Iterable[Exchange], **notes: Any) -> None:
        """Append exchanges that were made apart, and notes, for every process of the run."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            self._log.catch_up()
            with self._log.appending() as append:
                for exchange in exchanges:
                    append(exchange)
                if notes:
                    append(notes)

    def note(self, name: str) -> Any:
        """What was noted last under a name, by any process; None if nothing was."""
        self._log.catch_up()
        return self._log.notes.get(name)

    def of(self, operation: str) -> list[Exchange]:
        """The exchanges of an operation so far."""
        self._log.catch_up()
        return self._log.of(operation)

    @property
    def attempts(self) -> int:
        """How many requests the exchanges that this process knows took."""
        return self._log.attempts

    def all(self) -> list[Exchange]:
        """Every exchange so far, whichever process asked."""
        self._log.catch_up()
        return list(self._log.exchanges)

    def finished(self) -> set[str]:
        """The operations that were asked to the end."""
        self._log.catch_up()
        return set(self._log.finished)

    def close(self, keep_as: Path) -> None:
        """End of the run: the log gets its lasting name, and what only served the run goes."""
        if self.path.exists():
            os.replace(self.path, keep_as)
        Path(f"{self.path}.lock").unlink(missing_ok=True)
