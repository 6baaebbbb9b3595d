"""Exchanges on disk, one JSON line each, written before the next request is sent; and back."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contracts.exchanges.health import Stop, StopKind, until_stop
from contracts.messages import (
    Claim,
    Credential,
    Exchange,
    Failure,
    FailureKind,
    Headers,
    Probe,
    Request,
    Response,
)

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
                record = to_record(item) if isinstance(item, Exchange) else _aside(item)
                self.offset += file.write(
                    json.dumps(record, separators=(",", ":")).encode() + b"\n"
                )
                file.flush()
                self._know(item)

            yield append

    def _keep(self, record: dict[str, Any]) -> None:
        if stop := record.get("stop"):
            self._know(Stop(stop["operation"], StopKind(stop["kind"]), stop["why"]))
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


def _aside(item: Stop | str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(item, Stop):
        return {"stop": asdict(item)}
    return {"finished": item} if isinstance(item, str) else {"notes": item}


def to_record(exchange: Exchange) -> dict[str, Any]:
    probe, response, failure = exchange.probe, exchange.response, exchange.failure
    record: dict[str, Any] = {
        "number": exchange.number,
        "operation": probe.operation,
        "method": probe.request.method,
        "target": probe.request.target,
        "headers": probe.request.headers,
        "body": _text(probe.request.body),
        "forbidden_because": probe.claim.forbidden_because,
        "source": probe.source,
        "note": probe.note,
        "given": probe.given,
        "credential": probe.credential.value,
        "again": probe.again,
        "attempts": exchange.attempts,
    }
    if response is not None:
        record["response"] = {
            "status": response.status,
            "headers": response.headers,
            "body": _text(response.body),
            "seconds": round(response.seconds, 6),
        }
    if failure is not None:
        record["failure"] = {"kind": failure.kind.value, "detail": failure.detail}
    return record


def from_record(record: dict[str, Any]) -> Exchange:
    request = Request(
        record["method"], record["target"], _headers(record["headers"]), _bytes(record["body"])
    )
    probe = Probe(
        record["operation"],
        request,
        Claim(record["forbidden_because"]),
        record["source"],
        record["note"],
        _headers(record["given"]),
        Credential(record["credential"]),
        record["again"],
    )
    answered, failed = record.get("response"), record.get("failure")
    response = answered and Response(
        answered["status"],
        _headers(answered["headers"]),
        _bytes(answered["body"]) or b"",
        answered["seconds"],
    )
    failure = failed and Failure(FailureKind(failed["kind"]), failed["detail"])
    return Exchange(record["number"], probe, response, failure, record["attempts"])


def _headers(pairs: list[list[str]]) -> Headers:
    return tuple((name, value) for name, value in pairs)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
