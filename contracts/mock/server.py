"""An ASGI application on a port of this machine, by uvicorn, until somebody stops it."""

import asyncio
import errno
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from contracts.errors import ENDINGS, UsageError

# Else Python prints what uvicorn says of an answer that was cut short.
logging.getLogger("uvicorn").addHandler(logging.NullHandler())
GRACE = 5  # seconds that answers have which are on their way when it is stopped


def bound(host: str, port: int) -> socket.socket:
    """A socket at a free port of a host, any for 0; UsageError where that can't be."""
    held = None
    try:
        # With the protocol named asyncio sends each answer at once (TCP_NODELAY).
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, protocol, _, address = found[0]
        held = socket.socket(family, kind, protocol)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(address)
        held.listen(256)
    except (OSError, UnicodeError) as error:
        if held is not None:
            held.close()
        said = getattr(error, "strerror", "") or "it is no name"
        problem, cure = f"--host {host} is no address of this machine", "leave it out for 127.0.0.1"
        if getattr(error, "errno", 0) in (errno.EADDRINUSE, errno.EACCES):
            problem = f"--port {port} of {host} can't be listened on"
            cure = "give another, or --port 0 for any that is free"
        raise UsageError(f"{problem} ({said}); {cure}") from None
    return held


def url_of(held: socket.socket) -> str:
    """The base URL of what listens at a socket."""
    host, port = held.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: Any,
    held: socket.socket,
    ready: Callable[[], None],
    *,
    date: bool = True,
    whole: bool = False,
    seconds: float | None = None,
) -> None:
    """Serve until a signal ends it, or for so many seconds; `ready` is called once it listens.

    `date`: each answer has the time in its field, and the application sends none. `whole`: it is
    given targets that are URLs as they stand, with the host, which else nobody looks at.
    """
    config = uvicorn.Config(
        app,
        http=_WholeTargets if whole else "auto",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=date,
        timeout_graceful_shutdown=GRACE,
    )
    _Server(config, ready, seconds).run([held])


class _WholeTargets(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    def on_headers_complete(self) -> None:
        super().on_headers_complete()  # after which the application is called, not at once
        if not self.url.startswith(b"/"):
            self.scope["raw_path"] = self.url.partition(b"?")[0]


class _Server(uvicorn.Server):
    """uvicorn, which says when it listens, and ends as told instead of by the signal itself."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], seconds: float | None
    ) -> None:
        super().__init__(config)
        self._ready, self._seconds = ready, seconds

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()
        if self._seconds is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self._seconds, setattr, self, "should_exit", True)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        before = [signal.signal(one, self.handle_exit) for one in ENDINGS]
        try:
            yield
        finally:
            for one, handler in zip(ENDINGS, before, strict=True):
                signal.signal(one, handler)
