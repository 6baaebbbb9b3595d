"""A service in this process, in place of one behind a connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import pytest

from contracts.exchanges.transport import Transport
from contracts.messages import Request, Response
from contracts.mock import framed


class Service(Protocol):
    def answer(self, request: Request) -> Response: ...


@contextmanager
def serving(service: Service) -> Iterator[str]:
    """Within, what is sent to any base URL reaches the service, and no socket."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Transport, "answer", lambda _, request: framed(service.answer, request))
        yield "http://service"
