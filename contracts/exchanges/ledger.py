"""The exchanges of a run in one file, shared by its processes: the first asks, all read."""

import io
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import msgspec
from filelock import BaseFileLock, FileLock, Timeout

from contracts.exchanges.health import Event, Stop, until_stop
from contracts.messages import Exchange

ALIVE = ".alive"
TAKEN = "it was taken away"
UNREADABLE = (ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError)
Item = Event | str
"""A line: an exchange, why asking stopped, an operation that was asked to the end, or notes."""


@dataclass(slots=True)
class Ledger:
    """One file a run, and what this process knows of it; each line precedes the next request.

    Each process of the run holds a lock of its own beside the file while it lives (`hold`). The
    kernel gives it back when the process is killed: so a later run knows what was left behind.
    What the run is `about` is the first note, under `run`; `attempts` counts requests so far.
    From where the file can't be written, as `lost` says, this process alone knows what is added.
    """

    path: Path
    about: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = field(default=0, init=False)
    lost: str = field(default="", init=False)  # why the file can't be written, if so
    _exchanges: list[Exchange] = field(default_factory=list, init=False)
    _of: dict[str, list[Exchange]] = field(default_factory=lambda: defaultdict(list), init=False)
    _finished: set[str] = field(default_factory=set, init=False)
    _stops: list[Stop] = field(default_factory=list, init=False)
    _notes: dict[str, Any] = field(default_factory=dict, init=False)
    _offset: int = field(default=0, init=False)  # up to here the file is known, and not read again
    _life: BaseFileLock | None = field(default=None, init=False, repr=False)

    @classmethod
    def left_in(cls, folder: Path) -> list[Self]:
        """The ledgers of runs that have not come to their end, dead or alive."""
        paths = folder.glob(f".run-*.jsonl.*{ALIVE}")
        names = sorted({path.name.partition(".jsonl.")[0] for path in paths})
        return [cls(folder / f"{name}.jsonl") for name in names]

    def hold(self, process: str) -> None:
        """Show that a process of the run is alive, until it ends in whichever way."""
        with suppress(OSError, Timeout):  # what can't be written is said when the first exchange is
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._life = FileLock(f"{self.path}.{process}{ALIVE}")
            self._life.acquire(timeout=5)

    def release(self) -> None:
        """End of the process; what is left of the run goes, unless there are exchanges to keep."""
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
            dead = False
            with suppress(OSError, Timeout):
                for path in locks:
                    held.enter_context(FileLock(path, timeout=0))
                dead = True
            yield dead

    def exchanges_of(self, operation: str, ask: Callable[[int], Iterable[Item]]) -> list[Exchange]:
        """The exchanges of an operation; the first process calls `ask`, with the first free number.

        If `ask` raises, what it gave so far is kept, and the next call asks the operation again.
        """
        if operation not in self._finished:
            with self._appending() as append:
                if operation not in self._finished:
                    for item in ask(len(self._exchanges)):
                        append(item)
                    append(operation)
        return list(self._of[operation])

    def add(self, items: Iterable[Item], **notes: Any) -> None:
        """Append exchanges that were made apart, stops and notes, for every process of the run."""
        with self._appending() as append:
            for item in items:
                append(item)
            if notes:
                append(notes)

    @contextmanager
    def _appending(self) -> Iterator[Callable[[Item], None]]:
        """Nobody else writes meanwhile; a line is in the file when the call for it returns."""
        with ExitStack() as held:
            file = self._opened(held)

            def append(item: Item) -> None:
                line = json.dumps(to_record(item), separators=(",", ":")).encode() + b"\n"
                with self._noting_loss():
                    rest = memoryview(line)
                    while rest and file and not self.lost:
                        rest = rest[file.write(rest) :]
                    self._offset += len(line)
                self._know(item)

            if self.about and not self._notes:
                append({"run": dict(self.about)})
            yield append
            if not os.path.exists(self.path):
                self.lost = self.lost or TAKEN

    @contextmanager
    def _noting_loss(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.lost = self.lost or error.strerror or str(error)

    def _opened(self, held: ExitStack) -> io.FileIO | None:
        """The file behind its lock, where the next line goes; None if it can't be written."""
        if self.lost:
            return None
        with self._noting_loss():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            Path(f"{self.path}.lock").touch()  # or the lock is waited for where none can be
            held.enter_context(FileLock(f"{self.path}.lock"))
            self._catch_up()
            self.path.touch()
            file = held.enter_context(self.path.open("r+b", buffering=0))
            if file.seek(0, os.SEEK_END) < self._offset:
                raise OSError(TAKEN)
            file.truncate(self._offset)  # a line that a crash cut short goes
            file.seek(self._offset)
            return file
        return None

    def _catch_up(self) -> None:
        """Read what others appended; a last line cut short by a crash is left out."""
        if self.lost or not os.path.exists(self.path):
            return
        with self.path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._know(item_from(json.loads(line)))
                self._offset += len(line)

    def _know(self, item: Item) -> None:
        match item:
            case str():
                self._finished.add(item)
                if all(stop.operation != item for stop in self._stops):
                    # In a file from before stops were noted the exchanges show them.
                    shown = until_stop(self._of[item])
                    self._stops += [found for found in shown if isinstance(found, Stop)]
            case Stop():
                self._stops.append(item)
            case dict():
                self._notes.update(item)
            case Exchange():
                self._exchanges.append(item)
                self._of[item.probe.operation].append(item)
                self.attempts += item.attempts

    def note(self, name: str) -> Any:
        """What any process noted last under a name; None if nothing was."""
        self._catch_up()
        return self._notes.get(name)

    def stops(self) -> list[Stop]:
        """Why operations were asked nothing more before their end."""
        self._catch_up()
        return list(self._stops)

    def of(self, operation: str) -> list[Exchange]:
        """The exchanges of an operation so far."""
        self._catch_up()
        return list(self._of[operation])

    def all(self) -> list[Exchange]:
        """Every exchange so far, whichever process asked."""
        self._catch_up()
        return list(self._exchanges)

    def finished(self) -> set[str]:
        """The operations that were asked to the end."""
        self._catch_up()
        return set(self._finished)

    @property
    def begun(self) -> bool:
        """Whether any process of the run has noted anything."""
        return bool(self._notes) or self.path.exists()

    def close(self, keep_as: Path) -> None:
        """End of the run: the file, without what a crash cut short, gets its lasting name alone.

        OSError if it can't, or was not written to its end: then what has that name is left alone.
        """
        is_there = self.path.exists()
        if is_there and not self.lost:
            with suppress(*UNREADABLE):  # a file that can't be read is kept as it is
                self._catch_up()
                os.truncate(self.path, self._offset)
            os.replace(self.path, keep_as)
        self.discard()
        if self.lost or (self._notes and not is_there):
            raise OSError(0, self.lost or TAKEN)

    def discard(self) -> None:
        """Remove the file, if it is still there, and what only served the run."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            with suppress(OSError):  # what is left tells a later run that this one has ended
                path.unlink()


def to_record(item: Item) -> dict[str, Any]:
    """An item as the object of its line; that of an exchange is flat, as far as names differ."""
    match item:
        case str():
            return {"finished": item}
        case dict():
            return {"notes": item}
        case Stop():
            return {"stop": asdict(item)}
    record: dict[str, Any] = msgspec.to_builtins(item)
    del record["failure" if item.failure is None else "response"]
    probe = record.pop("probe")
    return {**record, **probe.pop("request"), **probe.pop("claim"), **probe}


def item_from(record: dict[str, Any]) -> Item:
    match record:
        case {"finished": item} | {"notes": item}:
            return item  # type: ignore[no-any-return]
        case {"stop": stop}:
            return msgspec.convert(stop, Stop)
    probe = {**record, "request": record, "claim": record}  # each takes the names that it knows
    return msgspec.convert({**record, "probe": probe}, Exchange)
