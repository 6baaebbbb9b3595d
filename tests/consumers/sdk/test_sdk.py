"""The official SDK lists, starts, asks for and stops sessions of the mock; and rejects what the document allows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.testing import Contract, load

from .reading import client, status

pytestmark = pytest.mark.sdk
ROOT = Path(__file__).parents[3]
BARE = {
    "session_id": "1b671a64-40d5-491e-99b0-da01ff1f3341",
    "idle_timeout_minutes": 3,
    "timeout_minutes": 3,
    "created_at": "2026-08-01T12:00:00Z",
    "last_accessed_at": "2026-08-01T12:01:00Z",
    "status": "active",
}


@pytest.fixture(scope="module")
def document() -> Contract:
    return load(ROOT / "spec/notte.yaml")


def listed(sessions: Any) -> dict[str, str]:
    """The status of each session by its id."""
    return {session.session_id: session.status for session in sessions.list(only_active=False, page_size=100)}


def test_a_session_lives_until_it_is_stopped(mock: str) -> None:
    sessions = client(mock).sessions
    before = listed(sessions)
    started = sessions.start(idle_timeout_minutes=1, max_duration_minutes=2, proxies=False)
    assert (started.status, started.idle_timeout_minutes) == ("active", 1)
    assert listed(sessions) == {**before, started.session_id: "active"}
    assert sessions.status(started.session_id).status == "active"
    assert sessions.stop(started.session_id).status == "closed"
    assert sessions.status(started.session_id).status == "closed"
    assert listed(sessions) == {**before, started.session_id: "closed"}


def test_every_session_of_the_mock_is_understood(mock: str) -> None:
    sessions = client(mock).sessions
    found = listed(sessions)
    assert set(found.values()) == {"active", "closed", "error", "timed_out"}
    assert {name: sessions.status(name).status for name in found} == found


def test_what_is_refused_is_told(mock: str) -> None:
    from notte_sdk import NotteClient  # type: ignore[import-not-found, unused-ignore]
    from notte_sdk.errors import NotteAPIError  # type: ignore[import-not-found, unused-ignore]

    with pytest.raises(NotteAPIError, match="failed with status code 404"):
        client(mock).sessions.status(BARE["session_id"])
    with pytest.raises(NotteAPIError, match="failed with status code 401"):
        NotteClient(api_key="another", server_url=mock).sessions.status(BARE["session_id"])


REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "an extra key detail": ({"detail": "all is well"}, "failed with status code 200"),
    "auth_ids that are null": ({"auth_ids": None}, "Input should be a valid list"),
    "a duration too large for a timedelta": ({"duration": "PT999999999999999S"}, "the duration is too large"),
}


def allowed_by(document: Contract, payload: dict[str, Any]) -> bool:
    """Whether a 200 of a session's status may have this body."""

    class Answer:
        class request:
            method, url = "GET", f"http://mock/sessions/{BARE['session_id']}"

        status_code, headers = 200, {"content-type": "application/json"}
        content = json.dumps({**payload, "session_id": BARE["session_id"]}).encode()

    return bool(document.judge(Answer).exercised)


@pytest.mark.parametrize("name", REJECTED)
def test_the_document_allows_what_the_sdk_rejects(name: str, document: Contract) -> None:
    more, said = REJECTED[name]
    assert status(BARE).session_id == BARE["session_id"]
    assert allowed_by(document, {**BARE, **more})
    with pytest.raises(Exception, match=said):
        status({**BARE, **more})


LENIENT: dict[str, dict[str, Any]] = {
    "a text for an integer": {"idle_timeout_minutes": "3"},
    "a word for a boolean": {"proxies": "yes"},
    "a number for a date-time": {"created_at": 1785585600},
    "null for a boolean": {"headless": None},
}


@pytest.mark.parametrize("name", LENIENT)
def test_the_sdk_takes_what_the_document_forbids(name: str, document: Contract) -> None:
    with pytest.raises(AssertionError, match="breaks the contract"):
        allowed_by(document, {**BARE, **LENIENT[name]})
    assert status({**BARE, **LENIENT[name]}).status == "active"


def consumed(name: str) -> dict[str, tuple[str, Any]]:
    """What `contracts consumer` says that a reader of the SDK rejects: by the place, the words and the payload."""
    command = [sys.executable, "-m", "contracts", "consumer", name, "session_status", "200", "spec/notte.yaml"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [*command, "--format", "json"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    return {one["pointer"]: (one["says"], one["payload"]) for one in json.loads(done.stdout)["rejected"]}


def test_the_command_finds_what_the_client_rejects(document: Contract) -> None:
    says, payload = consumed("tests.consumers.sdk.reading:status")["/detail"]
    assert says.startswith("NotteAPIError: ")
    assert payload.keys() == {*BARE, "detail"}
    assert allowed_by(document, payload)


def test_the_command_finds_what_the_model_rejects(document: Contract) -> None:
    found = consumed("notte_core.types:SessionResponse")
    assert found["/auth_ids"][0] == "ValidationError: Input should be a valid list"
    assert found["/auth_ids"][1]["auth_ids"] is None
    assert "duration is too large" in found["/duration"][0]
    assert allowed_by(document, found["/auth_ids"][1])
    assert allowed_by(document, found["/duration"][1])
