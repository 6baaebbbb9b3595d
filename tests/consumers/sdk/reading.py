"""The official SDK as it reads an answer: its whole way from the bytes to a model, without a connection."""

import os
from functools import cache
from typing import Any
from unittest.mock import patch

import httpx

os.environ["DISABLE_TELEMETRY"] = "true"

from notte_sdk import NotteClient  # type: ignore[import-not-found, unused-ignore]
from notte_sdk.endpoints import base  # type: ignore[import-not-found, unused-ignore]

base._version_check_performed = True  # it would ask the package index for the newest


@cache
def client(url: str = "http://127.0.0.1:1") -> Any:
    """A client of a server, with the credential that the mock takes."""
    return NotteClient(api_key="mock-credential", server_url=url)


def status(payload: Any) -> Any:
    """What the SDK makes of a session's status."""
    answer = httpx.Response(200, json=payload)
    with patch.object(httpx.HTTPTransport, "handle_request", lambda *_: answer):
        return client().sessions.status("1b671a64-40d5-491e-99b0-da01ff1f3341")
