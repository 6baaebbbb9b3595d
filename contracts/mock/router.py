"""The mock behind the suite's HTTP client: every request to its base URL is answered in process, by respx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest_httpx2  # noqa: F401  registers httpcore2 with respx
import respx

from contracts.messages import Request
from contracts.mock.service import MockService

BASE_URL = "http://mock"


@contextmanager
def serving(service: MockService) -> Iterator[str]:
    """While entered, httpx2 requests to the yielded base URL reach the mock, and no request reaches the network."""

    def handle(request: httpx.Request) -> httpx.Response:
        target = request.extensions.get("target", request.url.raw_path).decode("ascii")
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
        )
        response = service.answer(Request(request.method, target, headers, request.content or None))
        raw = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers
        ]
        return httpx.Response(response.status, headers=raw, content=response.body)

    with respx.mock(using="httpcore2", assert_all_called=False, assert_all_mocked=True) as router:
        router.route().mock(side_effect=handle)
        yield BASE_URL
