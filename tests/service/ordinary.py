"""Services as frameworks make them, each with its document and the values that it knows, ready to be served."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from .plain import plain_app
from .running import running
from .spring import CONTEXT, spring_app, spring_document

NODE = shutil.which("node")
ORDERS_GIVEN = ("order_id=1", "order_id=2", "order_id=3", "sku=paper 80g")


@dataclass(frozen=True, slots=True)
class Ordinary:
    """A conforming service: `serving` takes its key, and after how many requests that expires, and gives the origin.

    Its API is below `prefix`.
    """

    name: str
    document: Callable[[], dict[str, Any]]
    serving: Callable[[str, int], AbstractContextManager[str]]
    given: tuple[str, ...] = ORDERS_GIVEN
    prefix: str = ""
    needs: str | None = "python"
    """The program that runs it, None where this machine has none."""

    @property
    def options(self) -> tuple[str, ...]:
        return tuple(f"--contract-param={value}" for value in self.given)


class Expiring:
    """An application that sees no credential from one request on, and so refuses it in its own way."""

    def __init__(self, app: ASGIApp, after: int) -> None:
        self.app, self.after, self.numbers = app, after, count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and next(self.numbers) > self.after:
            scope = {**scope, "headers": [field for field in scope["headers"] if field[0] != b"authorization"]}
        await self.app(scope, receive, send)


def reads(document: dict[str, Any], *only: str) -> dict[str, Any]:
    """The document with safe methods alone, of all its paths or some: the rest is not sent, and takes time to judge."""
    paths = {path: {"get": item["get"]} for path, item in document["paths"].items() if path in (only or (path,))}
    return document | {"paths": paths}


def orders_document() -> dict[str, Any]:
    return plain_app("").openapi()


@contextmanager
def node_service(key: str, after: int) -> Iterator[str]:
    command = [NODE or "node", str(Path(__file__).with_name("plain.js")), key, str(after)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


FASTAPI = Ordinary("FastAPI", orders_document, lambda key, after: running(Expiring(plain_app(key), after)))
NODE_HTTP = Ordinary("Node", orders_document, node_service, needs=NODE)
SPRING = Ordinary(
    "Spring",
    spring_document,
    lambda key, after: running(Expiring(spring_app(key), after)),
    given=("id=1", "id=2"),
    prefix=CONTEXT,
)
ORDINARY = (FASTAPI, NODE_HTTP, SPRING)
