"""The exchanges of a run in one file, shared by its processes: whoever comes first asks, all read what was answered.

An exchange is one JSON line, written before the next request is sent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from filelock import BaseFileLock, FileLock, Timeout

from contracts.exchanges.health import Stop, until_stop
from contracts.messages import Exchange

ALIVE = ".alive"
Item = Exchange | Stop | str | dict[str, Any]


@dataclass(slots=True)
class Log:
    """What one process knows of a log that several write: everything up to `offset`, which is never read again.

    A line is an exchange, the key of an operation that was asked to the end, why asking stopped before, or a note of
    the run. Whoever writes holds a lock. `attempts` counts the requests behind the exchanges.
    """

    path: Path
    exchanges: list[Exchange] = field(default_factory=list)
    finished: set[str] = field(default_factory=set)
    stops: list[Stop] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)
    attempts: int = 0
    offset: int = 0
    _by_operation: dict[str, list[Exchange]] = field(default_factory=dict)

    def of(self, operation: str) -> list[Exchange]:
        return list(self._by_operation.get(operation, ()))

    def catch_up(self) -> None:
        """Read what others appended; a last line cut short by a crash is left out."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._keep(json.loads(line))
                self.offset += len(line)

    @contextmanager
    def appending(self) -> Iterator[Callable[[Item], None]]:
        """Append an item; its line is in the file when that returns."""
        self.path.touch()
        with self.path.open("r+b") as file:
            file.truncate(self.offset)
            file.seek(self.offset)

            def append(item: Item) -> None:
                line = json.dumps(to_record(item), separators=(",", ":"))
                self.offset += file.write(line.encode() + b"\n")
                file.flush()
                self._know(item)

            yield append

    def _keep(self, record: dict[str, Any]) -> None:
        if stop := record.get("stop"):
            self._know(msgspec.convert(stop, Stop))
            return
        key = record.get("finished")
        if key and all(stop.operation != key for stop in self.stops):
            # A log from before stops were noted shows them.
            self.stops += [item for item in until_stop(self.of(key)) if isinstance(item, Stop)]
        aside = key or record.get("notes")
        self._know(from_record(record) if aside is None else aside)

    def _know(self, item: Item) -> None:
        if isinstance(item, str):
            self.finished.add(item)
        elif isinstance(item, Stop):
            self.stops.append(item)
        elif isinstance(item, dict):
            self.notes.update(item)
        else:
            self.exchanges.append(item)
            self.attempts += item.attempts
            self._by_operation.setdefault(item.probe.operation, []).append(item)


@dataclass(slots=True)
class Ledger:
    """One file a run: an exchange a line, a line for each operation that was asked to the end, and notes.

    Each process of the run holds a lock of its own beside the file for as long as it lives (`hold`). The kernel gives
    it back when the process is killed, which is how a later run tells what was left behind from what is being written.

    Args:
        about: what the run is about; the first note of the file, under `run`.
    """

    path: Path
    about: Mapping[str, Any] = field(default_factory=dict)
    _log: Log = field(init=False, repr=False)
    _life: BaseFileLock | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._log = Log(self.path)

    @classmethod
    def left_in(cls, folder: Path) -> list[Ledger]:
        """The ledgers of runs that have not come to their end, dead or alive."""
        names = sorted(
            {path.name.partition(".jsonl.")[0] for path in folder.glob(f".run-*.jsonl.*{ALIVE}")}
        )
        return [cls(folder / f"{name}.jsonl") for name in names]

    def hold(self, process: str) -> None:
        """Show that a process of the run is alive, until it ends, in whichever way, or calls `release`."""
        with suppress(OSError, Timeout):  # what can't be written is said when the first exchange is
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._life = FileLock(f"{self.path}.{process}{ALIVE}")
            self._life.acquire(timeout=5)

    def release(self) -> None:
        """End of the process; what is left of the run is tidied up, unless its exchanges are still to be kept."""
        if self._life is not None:
            self._life.release()
            self._life = None
            if not self.path.exists():
                self.discard()

    @contextmanager
    def dead(self) -> Iterator[bool]:
        """Whether no process of the run is alive; nobody else takes it for dead meanwhile."""
        locks = [*self.path.parent.glob(f"{self.path.name}.*{ALIVE}"), Path(f"{self.path}.lock")]
        with ExitStack() as held:
            try:
                for path in locks:
                    held.enter_context(FileLock(path, timeout=0))
            except (OSError, Timeout):
                yield False
                return
            yield True

    def exchanges_of(
        self, operation: str, ask: Callable[[int], Iterable[Exchange | Stop]]
    ) -> list[Exchange]:
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

    def _ask(self, operation: str, ask: Callable[[int], Iterable[Exchange | Stop]]) -> None:
        with self._log.appending() as append:
            self._begin(append)
            for item in ask(len(self._log.exchanges)):
                append(item)
            append(operation)

    def add(self, items: Iterable[Exchange | Stop], **notes: Any) -> None:
        """Append exchanges that were made apart, stops and notes, for every process of the run."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock"):
            self._log.catch_up()
            with self._log.appending() as append:
                self._begin(append)
                for item in items:
                    append(item)
                if notes:
                    append(notes)

    def _begin(self, append: Callable[[dict[str, Any]], None]) -> None:
        if self.about and not self._log.offset:
            append({"run": dict(self.about)})

    def note(self, name: str) -> Any:
        """What was noted last under a name, by any process; None if nothing was."""
        self._log.catch_up()
        return self._log.notes.get(name)

    def stops(self) -> list[Stop]:
        """Why operations were asked nothing more before their end, as any process noted it."""
        self._log.catch_up()
        return list(self._log.stops)

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
        """End of the run: the log gets its lasting name, and what only served the run goes.

        A last line that was cut short by a crash goes as well.
        """
        if self.path.exists():
            with suppress(ValueError):  # a log that can't be read is kept as it is
                self._log.catch_up()
                os.truncate(self.path, self._log.offset)
            os.replace(self.path, keep_as)
        self.discard()

    def discard(self) -> None:
        """Remove the log, if it is still there, and what only served the run."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink(missing_ok=True)


def to_record(item: Item) -> dict[str, Any]:
    """An item as the object of its line; that of an exchange is flat, as far as names differ."""
    if isinstance(item, str):
        return {"finished": item}
    if isinstance(item, dict):
        return {"notes": item}
    if isinstance(item, Stop):
        return {"stop": asdict(item)}
    record: dict[str, Any] = msgspec.to_builtins(item)
    del record["failure" if item.failure is None else "response"]
    probe = record.pop("probe")
    return {**record, **probe.pop("request"), **probe.pop("claim"), **probe}


def from_record(record: dict[str, Any]) -> Exchange:
    probe = {**record, "request": record, "claim": record}  # each takes the names that it knows
    return msgspec.convert({**record, "probe": probe}, Exchange)
