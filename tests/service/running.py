"""An ASGI application goes in, its base URL on a real socket comes out."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from starlette.types import ASGIApp


class EventServer(uvicorn.Server):
    """uvicorn polls ten times a second whether it should stop; this one is told, and says when it is ready."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, log_level="critical")
        )
        self._ready = ready
        self._wake: Callable[[], object] = lambda: None

    async def main_loop(self) -> None:
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(told.set)
        await self.on_tick(0)  # sets the Date header
        self._ready()
        while not self.should_exit:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), timeout=1)
            await self.on_tick(0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # lets the transports close

    def stop(self) -> None:
        self.should_exit = True
        self._wake()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.stop()


def bound_socket(port: int = 0) -> tuple[socket.socket, str]:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it every answer waits 40 ms for an ACK.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(128)
    return bound, f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def port_of_nobody() -> Iterator[str]:
    """Where connections are refused: the port is held, so that no other test listens there meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextlib.contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    ready = threading.Event()
    bound, base_url = bound_socket()
    server = EventServer(app, ready.set)
    thread = threading.Thread(target=server.run, args=([bound],), daemon=True, name=f"service at {base_url}")
    thread.start()
    if not ready.wait(60):
        raise RuntimeError(f"the test service did not start at {base_url}")
    try:
        yield base_url
    finally:
        server.stop()
        thread.join(5)
        bound.close()
