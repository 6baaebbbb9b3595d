"""What the ledger keeps, files of lines of JSON: an exchange is flat, as far as names differ."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal
from weakref import finalize

import msgspec

from contracts.exchanges.health import Event, Stop
from contracts.messages import Exchange

Item = Event | str
"""A line: an exchange, why asking stopped, an operation that was asked to the end, or notes."""


@dataclass(slots=True, weakref_slot=True)
class Written:
    """What one process of the run has written, as far as it is known."""

    path: Path
    file: io.FileIO | None = None  # open from then on: it can be read when it has been taken away
    end: int = 0  # up to here it is known
    operation: str = ""  # which the next lines are about

    def open(self, mode: Literal["rb", "a+b"]) -> io.FileIO:
        self.file = self.path.open(mode, buffering=0)
        finalize(self, self.file.close)
        return self.file

    def lines(self, begin: int, end: int) -> Iterator[bytes]:
        """The lines of a piece, no more than one of them in memory at a time."""
        if self.file is not None:
            with open(self.file.fileno(), "rb", closefd=False) as piece:
                piece.seek(begin)
                while begin < end and (line := piece.readline()):
                    begin += len(line)
                    yield line


Place = tuple[Written, int, int]


@dataclass(slots=True)
class LanePlaces:
    """Where the exchanges of an operation are."""

    places: list[Place] = field(default_factory=list)
    count: int = 0
    finished: bool = False
    judged: Place | None = None
    asked: list[Exchange] | None = None  # by this process, now; or kept, as they are on no disk

    def add(self, file: Written, begin: int, end: int) -> None:
        self.count += 1
        if self.places and self.places[-1][0] is file and self.places[-1][2] == begin:
            begin = self.places.pop()[1]
        self.places.append((file, begin, end))


UNREADABLE = (ValueError, KeyError, TypeError, RecursionError, msgspec.MsgspecError)
"""What reading a line raises that is none."""


def json_line(record: Mapping[str, Any]) -> bytes:
    with suppress(ValueError):  # a lone surrogate, say
        if (line := msgspec.json.encode(record)).isascii():
            return line + b"\n"
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


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


def exchange_from(line: bytes, number: int | None = None) -> Exchange:
    """The exchange of a line, with another `number`; raises one of `UNREADABLE` if it has none."""
    try:
        record = msgspec.json.decode(line)
    except msgspec.DecodeError:  # which it also says of lone surrogates
        record = json.loads(line)
    if number is not None:
        record["number"] = number
    probe = {**record, "request": record, "claim": record}  # each takes the names that it knows
    return msgspec.convert({**record, "probe": probe}, Exchange)
