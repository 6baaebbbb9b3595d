"""Connections that know when their request must be over, and keep nothing of one answer for the next.

httpcore2's own timeouts bound each read: a head that drips, or 1xx answers without end, would go on for days.
This is the only file that looks into httpx2 and httpcore2.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any

import httpcore2
import httpx2

_BEGINNING = 40


class TooSlow(Exception):
    """The request took longer than it may in all."""


@dataclass(slots=True)
class Deadline:
    """When the request under way must be over, on the clock of `time.perf_counter`; its answer begins with `begun`."""

    at: float = inf
    begun: bytes = b""

    def start(self, now: float, seconds: float) -> None:
        """A request starts that may take so long."""
        self.at, self.begun = now + seconds, b""

    def within(self, timeout: float | None) -> float:
        """What is left of a timeout. Raises TooSlow if nothing is."""
        left = self.at - time.perf_counter()
        if left <= 0:
            raise TooSlow
        return left if timeout is None else min(timeout, left)


def keep_to(deadline: Deadline, transport: httpx2.HTTPTransport) -> None:
    """Let every connection of a transport keep to a deadline."""
    # HTTPTransport has no parameter for what httpcore2's pools take under this name.
    transport._pool._network_backend = _Backend(transport._pool._network_backend, deadline)


def drop_surplus(transport: httpx2.HTTPTransport) -> None:
    """Close connections on which more came than was asked for: it is no answer to the next request (RFC 9112 §9.2)."""
    for connection in transport._pool.connections:
        if _has_surplus(connection):
            connection.close()


def _has_surplus(connection: Any) -> bool:
    while (inner := getattr(connection, "_connection", None)) is not None:
        connection = inner
    state = getattr(connection, "_h11_state", None)
    return state is not None and bool(state.trailing_data[0])


class _Backend(httpcore2.NetworkBackend):
    def __init__(self, inner: httpcore2.NetworkBackend, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        within = self._deadline.within(timeout)
        return _Stream(
            self._inner.connect_tcp(host, port, within, local_address, socket_options),
            self._deadline,
        )


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            received = self._inner.read(max_bytes, self._deadline.within(timeout))
            self._deadline.begun = self._deadline.begun or received[:_BEGINNING]
            return received
        except httpcore2.ReadTimeout:
            self._deadline.within(None)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        within = self._deadline.within(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, within), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
