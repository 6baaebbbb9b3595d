"""The service keeps the document and Notte's prose, over a real socket."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest
import yaml

from tests.service import FRAMINGS, Framing, create_app, raw_server, running, seeded_ids, spoiled

ROOT = Path(__file__).parents[2]
KEY = "correct-horse-battery"
IDS = seeded_ids(170)
Check = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def service_url() -> Iterator[str]:
    with running(create_app(key=KEY, sessions=170)) as url:
        yield url


@pytest.fixture(scope="module")
def client(service_url: str) -> Iterator[httpx2.Client]:
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx2.Client(base_url=service_url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def bodies(client: httpx2.Client) -> list[dict[str, Any]]:
    return [client.get(path_of(session_id)).json() for session_id in IDS]


@pytest.fixture(scope="module")
def check() -> Check:
    components = yaml.safe_load((ROOT / "spec" / "notte.yaml").read_text())["components"]
    del components["schemas"]["SessionResponse"]["properties"]["duration"]["format"]  # refuses fractions

    def validate(name: str, body: Any) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(body)

    return validate


def path_of(session_id: str) -> str:
    return "/sessions/" + session_id.replace(" ", "%20")


def seconds(session: dict[str, Any], later: str, earlier: str) -> float:
    return (datetime.fromisoformat(session[later]) - datetime.fromisoformat(session[earlier])).total_seconds()


@pytest.mark.parametrize("index", range(170))
def test_seeded_session_keeps_document_and_prose(index: int, bodies: list[dict[str, Any]], check: Check) -> None:
    session = bodies[index]
    check("SessionResponse", session)
    final = session["status"] != "active"
    assert session["session_id"] == IDS[index]
    assert session["timeout_minutes"] == session["idle_timeout_minutes"]
    assert (session["closed_at"] is not None) == final
    assert (session["error"] is not None) == (session["status"] == "error")
    assert (session["viewport_width"] is None) == (session["viewport_height"] is None)
    assert seconds(session, "last_accessed_at", "created_at") >= 0
    assert not final or 0 <= seconds(session, "closed_at", "last_accessed_at") <= session["timeout_minutes"] * 60
    assert not final or seconds(session, "closed_at", "created_at") <= session["max_duration_minutes"] * 60


@pytest.mark.parametrize("count", [12, 170])
def test_seed_covers_every_value_of_small_types(count: int, bodies: list[dict[str, Any]]) -> None:
    some = bodies[:count]
    nullable = ("closed_at", "error", "user_agent", "viewport_width", "solve_captchas", "cdp_url", "viewer_url")
    switches = ("proxies", "use_file_storage", "headless", "web_bot_auth")
    assert {body["status"] for body in some} == {"active", "closed", "error", "timed_out"}
    assert len({body["browser_type"] for body in some}) == 5
    assert all({body[name] is None for body in some} == {True, False} for name in nullable)
    assert all({body[name] for body in some} == {True, False} for name in switches)
    assert {len(body["steps"]) for body in some} >= {0, 1, 50}


@pytest.mark.parametrize("index", [1, 2, 3, 169])
def test_final_session_is_stable(index: int, client: httpx2.Client, bodies: list[dict[str, Any]]) -> None:
    assert client.get(path_of(IDS[index])).json() == bodies[index]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_ignores_case(scheme: str, client: httpx2.Client) -> None:
    assert client.get(path_of(IDS[0]), headers={"Authorization": f"{scheme} {KEY}"}).status_code == 200


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {KEY[:-1]}",
        f"Bearer {KEY}x",
        f"Bearer {KEY.upper()}",
        f"Basic {KEY}",
        KEY,
    ],
)
@pytest.mark.parametrize("session_id", [IDS[0], "unknown", "a%2Fb", "x" * 201])
def test_wrong_credential_is_challenged_first(credential: str, session_id: str, client: httpx2.Client) -> None:
    answer = client.get(path_of(session_id), headers={"Authorization": credential})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["status"] == 401


@pytest.mark.parametrize(
    "session_id", ["unknown", "a%2Fb", "a%2fb%2Fstop", "%2E%2E%2Fetc", "%FF", "start", "", "é", "%0A"]
)
def test_unknown_id_is_404_as_json(session_id: str, client: httpx2.Client) -> None:
    answer = client.get(f"/sessions/{session_id}")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_unlisted_method_is_405_with_allow(method: str, client: httpx2.Client) -> None:
    answer = client.request(method, path_of(IDS[0]))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    ("session_id", "headers", "loc"),
    [
        ("x" * 201, {}, ["path", "session_id"]),
        (IDS[0], {"x-notte-request-origin": "x" * 101}, ["header", "x-notte-request-origin"]),
        (IDS[0], {"x-notte-sdk-version": "x" * 101}, ["header", "x-notte-sdk-version", 0]),
    ],
)
def test_long_value_is_422(
    session_id: str, headers: dict[str, str], loc: list[str | int], client: httpx2.Client, check: Check
) -> None:
    answer = client.get(path_of(session_id), headers=headers)
    assert answer.status_code == 422
    check("HTTPValidationError", answer.json())
    assert (answer.json()["detail"][0]["loc"], "ctx" in answer.json()["detail"][0]) == (loc, True)


def test_started_session_is_active_until_stopped(client: httpx2.Client, check: Check) -> None:
    started = client.post("/sessions/start", json={"idle_timeout_minutes": 1, "proxies": False}).json()
    path = path_of(started["session_id"])
    seen = client.get(path).json()
    listed = client.get("/sessions?only_active=true&page_size=100").json()
    stopped = client.delete(path + "/stop").json()
    check("SessionResponse", stopped)
    assert (seen["status"], stopped["status"]) == ("active", "closed")
    assert listed["items"][0]["session_id"] == started["session_id"]
    assert client.get(path).json() == stopped


def test_list_pages_over_all_sessions(client: httpx2.Client) -> None:
    pages = [client.get(f"/sessions?only_active=false&page_size=100&page={n}").json() for n in (1, 2)]
    assert [(page["has_next"], page["has_previous"]) for page in pages] == [(True, False), (False, True)]
    assert {*IDS} <= {item["session_id"] for page in pages for item in page["items"]}


def test_published_document_is_ours(client: httpx2.Client) -> None:
    assert client.get("/openapi.json").json() == yaml.safe_load((ROOT / "spec" / "notte.yaml").read_text())


def test_answers_carry_a_date(client: httpx2.Client) -> None:
    assert "date" in client.get(path_of(IDS[0])).headers


def test_command_prints_its_address_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "tests.service", "--key", KEY, "--fault", "missing-status"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip() + path_of(IDS[0])
        answer = httpx2.get(url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert "status" not in answer.json()


@pytest.mark.parametrize("framing", FRAMINGS, ids=lambda framing: framing.name)
def test_spoiled_framing_is_refused_or_seen(framing: Framing, service_url: str) -> None:
    with raw_server(spoiled(service_url, framing)) as raw_url:
        assert outcome(raw_url) != outcome(service_url)
        assert asked(raw_url + "/sessions/unknown").status_code == 404


def outcome(url: str) -> object:
    try:
        return asked(url + path_of(IDS[1])).content
    except httpx2.TransportError as error:
        return type(error)


def asked(url: str) -> httpx2.Response:
    """The answer on a connection of its own: a spoiled one may look open while its server closes it."""
    return httpx2.get(url, headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)
