"""Notte's own document, and the stand-in of its service with a record of what it was asked."""

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from tests.service import Service, create_app, running

from .projects import CANARY, Project

SPEC = Path(__file__).parents[2] / "spec"
STARTED, STOPPED = "POST /sessions/start", "DELETE /sessions/{}/stop"
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass
class Notte:
    """The service with a record of requests; `instead` gives a status in place of an answer, `on_request` is told."""

    sessions: int = 8
    key: str = CANARY
    instead: Callable[[str], int | None] = lambda line: None
    on_request: Callable[[str], object] = lambda line: None
    lines: list[str] = field(default_factory=list)
    service: Service = field(init=False)

    def __post_init__(self) -> None:
        self.service = create_app(key=self.key, sessions=self.sessions)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode()
        line = f"{scope['method']} {scope['raw_path'].decode()}{f'?{query}' if query else ''}"
        self.lines.append(line)
        self.on_request(line)
        if (status := self.instead(line)) is None:
            return await self.service(scope, receive, send)
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    @property
    def changes(self) -> list[str]:
        """The requests that may have changed something."""
        return [line for line in self.lines if line.startswith(UNSAFE)]

    def serving(self) -> AbstractContextManager[str]:
        return running(self)


def write_notte(project: Project, **operations: Any) -> None:
    """Notte's document and overlay; `operations` are further ones of `/sessions/{session_id}/stop`."""
    for name in ("notte.yaml", "notte.overlay.yaml"):
        shutil.copy(SPEC / name, project.folder / "spec")
    if operations:
        (project.folder / "spec" / "notte.yaml").write_text(json.dumps(with_stop(operations)))


def with_stop(operations: dict[str, Any]) -> dict[str, Any]:
    import yaml

    document: dict[str, Any] = yaml.safe_load((SPEC / "notte.yaml").read_text(encoding="utf-8"))
    session_id = {"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}}
    document["paths"]["/sessions/{session_id}/stop"] = {"parameters": [session_id], **operations}
    return document
