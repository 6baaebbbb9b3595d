"""The exchanges of a run on disk: a file a process, a lane an operation; one asks it, all read it.

Nothing but the lane that is being asked is in memory. A file has a line an exchange, below one that
names its operation, and lines for what stopped the asking, for notes, and for what was judged.
"""

import io
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec
from filelock import BaseFileLock, FileLock, Timeout

from contracts.exchanges.health import Stop, weight
from contracts.exchanges.records import (
    UNREADABLE,
    Item,
    LanePlaces,
    Written,
    exchange_from,
    json_line,
    to_record,
)
from contracts.messages import Exchange
from contracts.text import draft_of

ALIVE, PART, LANE = ".alive", ".part", ".lane"
TAKEN = "it was taken away"
_LANES = partial(defaultdict[str, LanePlaces], LanePlaces)
NUMBER, JUDGED = b'{"number":', b"["  # how lines begin that are read when they are needed


@dataclass(slots=True)
class Ledger:
    """What this process knows of a run; each line precedes the next request.

    Each process of the run holds a lock of its own beside the file while it lives (`hold`). The
    kernel gives it back when the process is killed: so a later run knows what was left behind.
    What the run is `about` is the first note, under `run`. Exchanges are numbered within their
    operation while it is asked, and when they are read, in the order of the operations (`order`).
    From where the file can't be written, as `lost` says, this process alone knows what is added.
    """

    path: Path  # of the process that leads; what others write stands beside it
    about: Mapping[str, Any] = field(default_factory=dict)
    order: Sequence[str] = ()  # of the operations, by their keys
    process: str = ""  # of this process of xdist; "" if it is alone, or leads
    shared: bool = False  # whether there are others
    lost: str = field(default="", init=False)  # why the file can't be written, if so
    weight: int = field(default=0, init=False)  # bytes of the exchanges so far, as `health` has it
    _files: dict[Path, Written] = field(default_factory=dict, init=False)
    _lanes: dict[str, LanePlaces] = field(default_factory=_LANES, init=False)
    _stops: list[Stop] = field(default_factory=list, init=False)
    _notes: dict[str, Any] = field(default_factory=dict, init=False)
    _life: BaseFileLock | None = field(default=None, init=False, repr=False)
    _is_read: bool = field(default=False, init=False)  # what was there before

    @classmethod
    def left_in(cls, folder: Path, order: Sequence[str] = ()) -> list[Self]:
        """The ledgers of runs that have not come to their end, dead or alive."""
        paths = folder.glob(f".run-*.jsonl.*{ALIVE}")
        names = sorted({path.name.partition(".jsonl.")[0] for path in paths})
        return [cls(folder / f"{name}.jsonl", order=order, shared=True) for name in names]

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
            if not self.written():
                with self.dead() as dead:
                    if dead:  # others may be about to write
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

        Others wait for it, but at other operations. If `ask` raises, what it gave so far is kept,
        and the next call asks the operation again.
        """
        self._catch_up()
        if not self._lane(operation).finished:
            with self._alone_with(operation) as lane:
                lane.asked = asked = self.of(operation)
                try:
                    for item in () if lane.finished else ask(lane.count):
                        self._append(item)
                    if not lane.finished:
                        self._append(operation)
                finally:
                    self._look_after()
                    lane.asked = asked if self.lost else None
            return asked
        return self.of(operation)

    @contextmanager
    def _alone_with(self, operation: str) -> Iterator[LanePlaces]:
        """The lane of an operation, which no other process asks meanwhile."""
        with ExitStack() as held:
            if self.shared:
                path = Path(f"{self.path}.{sha256(operation.encode()).hexdigest()[:20]}{LANE}")
                with self._noting_loss():
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    path.touch()  # or the lock is waited for where none can be
                    held.enter_context(FileLock(path))
            self._catch_up()
            yield self._lane(operation)
            if self.shared and self._lane(operation).finished:
                with suppress(OSError):  # who waits for it sees that there is nothing to do
                    path.unlink()

    def add(self, items: Iterable[Item], **notes: Any) -> None:
        """Append exchanges that were made apart, stops and notes, for every process of the run."""
        for item in items:
            self._append(item)
        if notes:
            self._append(notes)
        self._look_after()

    def keep_judged(self, operation: str, said: bytes) -> bool:
        """Keep what the answers of an operation say, a JSON array on one line; whether it is."""
        if not self.lost:
            self._write(operation, said + b"\n")
        return not self.lost

    def judged(self, operation: str) -> bytes | None:
        """What a process of the run kept; None if none did."""
        self._catch_up()
        place = self._lane(operation).judged
        return place and next(place[0].lines(*place[1:]), None)

    def _append(self, item: Item) -> None:
        """A line, in the file when this returns."""
        if not self._is_read:
            self._catch_up()
        if self.about and "run" not in self._notes:
            self._append_record({"notes": {"run": dict(self.about)}})
        if not isinstance(item, Exchange):
            self._append_record(to_record(item))
            return
        name = item.probe.life or item.probe.operation
        lane = self._lane(name)
        if self.lost and lane.asked is None:
            lane.asked = self.of(name)
        self._write(name, json_line(to_record(item)))
        self.weight += weight(item)
        if lane.asked is not None:
            lane.asked.append(item)
        elif self.lost:
            lane.asked = [*self.of(name), item]
        if self.lost:
            lane.count = len(lane.asked or ())

    def _append_record(self, record: dict[str, Any]) -> None:
        self._write("", json_line(record))
        if self.lost:
            self._know(self._own, record)

    def _write(self, operation: str, line: bytes) -> None:
        """A line at the end of the file of this process, below the operation that it is about."""
        own, lines = self._own, [line]
        if operation and operation != own.operation:
            lines.insert(0, json_line({"asked": operation}))
        with self._noting_loss():
            for line in lines * (not self.lost):
                rest = memoryview(line)
                while rest:
                    rest = rest[self._writable(own).write(rest) :]
                self._take(own, line)

    def _writable(self, own: Written) -> io.FileIO:
        if own.file is not None and own.file.writable():
            return own.file
        self._catch_up()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = own.open("a+b")
        file.truncate(own.end)  # a line that a crash cut short goes
        return file

    @property
    def _own(self) -> Written:
        """The file that this process writes."""
        path = Path(f"{self.path}.{self.process}{PART}") if self.process else self.path
        return self._file(path)

    def _file(self, path: Path) -> Written:
        if (known := self._files.get(path)) is None:  # it is looked for with each exchange
            known = self._files[path] = Written(path)
        return known

    def written(self) -> list[Path]:
        """The files of the run that are there, of whoever leads first."""
        found = [self.path, *sorted(self.path.parent.glob(f"{self.path.name}.*{PART}"))]
        return [path for path in found if path.exists()]

    def _look_after(self) -> None:
        """See whether the file of this process is there still, and whole."""
        own = self._own
        if own.file is not None and not self.lost:
            with self._noting_loss():
                if own.path.stat().st_size < own.end:
                    raise OSError(0, TAKEN)

    @contextmanager
    def _noting_loss(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            self.lost = self.lost or TAKEN
        except OSError as error:
            self.lost = self.lost or error.strerror or str(error)

    def _catch_up(self) -> None:
        """Read what others appended; a last line cut short by a crash is left out."""
        if self._is_read and not self.shared:
            return  # there is nobody else
        self._is_read = True
        for path in self.written():
            known = self._file(path)
            with suppress(OSError):
                file = known.file or known.open("rb")
                if (end := file.seek(0, io.SEEK_END)) > known.end:
                    for line in known.lines(known.end, end):
                        if line.endswith(b"\n"):
                            self._take(known, line)

    def _take(self, file: Written, line: bytes) -> None:
        """Know a line, which begins where that file was known to end."""
        begin, end = file.end, file.end + len(line)
        if line.startswith(NUMBER):
            # In a file from before operations were named each line has its own.
            self._lane(file.operation or json.loads(line)["operation"]).add(file, begin, end)
            if file is not self._own:
                self.weight += len(line) * 3 // 4  # its body is in base64
        elif line.startswith(JUDGED) and file.operation:
            self._lane(file.operation).judged = file, begin, end
        else:
            self._know(file, json.loads(line))
        file.end = end  # what can't be read is so each time

    def _know(self, file: Written, record: dict[str, Any]) -> None:
        match record:
            case {"asked": operation}:
                file.operation = operation
            case {"finished": operation}:
                self._lane(operation).finished = True
            case {"stop": stop}:
                self._stops.append(msgspec.convert(stop, Stop))
            case {"notes": notes}:
                for name, value in notes.items():
                    if isinstance(value, dict):  # what several processes found, all together
                        value = {**(self._notes.get(name) or {}), **value}
                    self._notes[name] = value
            case _:
                raise ValueError("no line of a ledger")

    def _lane(self, operation: str) -> LanePlaces:
        return self._lanes[operation]

    def note(self, name: str) -> Any:
        """What was noted last under a name; of objects, all together. None if nothing was."""
        self._catch_up()
        return self._notes.get(name)

    def stops(self) -> list[Stop]:
        """Why operations were asked nothing more before their end."""
        self._catch_up()
        return list(self._stops)

    def of(self, operation: str, first: int = 0) -> list[Exchange]:
        """The exchanges of an operation so far, numbered from the `first` on."""
        lane = self._lane(operation)
        if lane.asked is None:
            self._catch_up()
        if lane.asked is not None:
            return [replace(one, number=at) for at, one in enumerate(lane.asked, first)]
        lines = chain.from_iterable(file.lines(begin, end) for file, begin, end in lane.places)
        return [exchange_from(line, at) for at, line in enumerate(lines, first)]

    def count(self, operation: str) -> int:
        """How many exchanges of an operation there are so far."""
        self._catch_up()
        return self._lane(operation).count

    def all(self) -> "Exchanges":
        """Every exchange so far, whichever process asked; read from disk each time."""
        self._catch_up()
        return Exchanges(self)

    def first_numbers(self) -> dict[str, int]:
        """Of each operation with exchanges, in their order, the number of its first one."""
        self._catch_up()
        found, number = dict[str, int](), 0
        for operation in dict.fromkeys((*self.order, *sorted(self._lanes))):
            if count := self._lane(operation).count:
                found[operation] = number
                number += count
        return found

    def finished(self) -> set[str]:
        """The operations that were asked to the end."""
        self._catch_up()
        return {operation for operation, lane in self._lanes.items() if lane.finished}

    @property
    def begun(self) -> bool:
        """Whether any process of the run has noted anything."""
        self._catch_up()
        return bool(self._notes or self._lanes or self.written())

    def close(self, keep_as: Path) -> None:
        """End of the run: its exchanges, each with its number, are one file with a lasting name.

        OSError if it can't, or was not written to its end: then what has that name is left alone.
        """
        self._look_after()
        there = bool(self.written())
        try:
            if there and not self.lost:
                with draft_of(keep_as) as draft:
                    self._write_all(draft)
        finally:
            self.discard()
        if self.lost or (self._notes and not there):
            raise OSError(0, self.lost or TAKEN)

    def _write_all(self, draft: BinaryIO) -> None:
        try:
            self._catch_up()
        except UNREADABLE:  # then it is kept as it is
            draft.writelines(path.read_bytes() for path in self.written())
            return
        notes = [{"notes": self._notes}] if self._notes else []
        for record in (*notes, *map(to_record, self._stops)):
            draft.write(json_line(record))
        for operation, number in self.first_numbers().items():
            for file, begin, end in self._lanes[operation].places:
                for line in file.lines(begin, end):
                    rest = memoryview(line)[line.index(b",") :]
                    draft.writelines((NUMBER, b"%d" % number, rest))
                    number += 1
        for operation in self.finished():
            draft.write(json_line({"finished": operation}))

    def discard(self) -> None:
        """Remove the file, if it is still there, and what only served the run."""
        for path in self.path.parent.glob(f"{self.path.name}*"):
            with suppress(OSError):  # what is left tells a later run that this one has ended
                path.unlink()


@dataclass(frozen=True, slots=True)
class Exchanges(Collection[Exchange]):
    """The exchanges of a run in the order of their numbers; each look at them reads the disk."""

    ledger: Ledger

    def __iter__(self) -> Iterator[Exchange]:
        for operation, first in self.ledger.first_numbers().items():
            yield from self.ledger.of(operation, first)

    def __len__(self) -> int:
        return sum(lane.count for lane in self.ledger._lanes.values())

    def __contains__(self, exchange: object) -> bool:
        return any(exchange == one for one in self)
