"""Every fault shows in at least one of a fixed set of requests, and the table has no two of one name."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import jsonschema_rs
import pytest
import yaml
from pydantic import TypeAdapter

from tests.service import FAULTS, Fault, Service, create_app, fault_named, running, seeded_ids

KEY = "correct-horse-battery"
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
IDS = seeded_ids(38)
WRONG_TOKENS = ("", "Bearer", "Bearer wrong", f"Bearer {KEY[:3]}", f"Bearer {KEY}x", f"Bearer {KEY.upper()}")
ODD_CREDENTIALS = (*WRONG_TOKENS, f"Basic {KEY}", f"bearer {KEY}", KEY)
CALLERS = (("x-notte-sdk-version", "1.10.0"), ("x-notte-request-origin", "cli"), ("x-notte-request-origin", "x" * 101))

Asked = tuple[str, str, dict[str, str]]
Seen = tuple[int, list[tuple[bytes, bytes]], bytes]


def scripted_requests() -> list[Asked]:
    paths = ["/sessions/" + quote(session_id, safe="") for session_id in (*IDS[:10], IDS[37])]
    return [
        *(("GET", path, {"Authorization": f"Bearer {KEY}"}) for path in (*paths, *paths)),
        *(("GET", paths[1], {"Authorization": credential}) for credential in ODD_CREDENTIALS),
        *(("GET", paths[0], {"Authorization": f"Bearer {KEY}", name: value}) for name, value in CALLERS),
        *((method, paths[0], {"Authorization": f"Bearer {KEY}"}) for method in ("POST", "PUT", "DELETE", "TRACE")),
        *(("GET", f"/sessions/{odd}", {"Authorization": f"Bearer {KEY}"}) for odd in ("unknown", "a%2Fb", "x" * 201)),
        ("GET", "/sessions/unknown", {}),
    ]


async def ask(app: Service) -> AsyncGenerator[Seen]:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://service") as client:
        for method, path, headers in scripted_requests():
            async with client.stream(method, path, headers=headers) as answer:
                content = b"".join([part async for part in answer.aiter_raw()])
            yield answer.status_code, answer.headers.raw, content


async def answers(app: Service) -> list[Seen]:
    return [answer async for answer in ask(app)]


async def first_difference(app: Service, expected: list[Seen]) -> Seen | None:
    wanted = iter(expected)
    async with contextlib.aclosing(ask(app)) as seen:
        return await anext((answer async for answer in seen if answer != next(wanted)), None)


async def first_breaking(app: Service) -> Seen | None:
    async with contextlib.aclosing(ask(app)) as seen:
        return await anext((answer async for answer in seen if not keeps_document(answer)), None)


GOOD = create_app(key=KEY, sessions=38, clock=lambda: NOW)


@cache
def good_answers() -> list[Seen]:
    return asyncio.run(answers(GOOD))


def test_good_service_answers_the_same_twice() -> None:
    assert asyncio.run(answers(GOOD)) == good_answers()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_shows(fault: Fault) -> None:
    assert asyncio.run(first_difference(GOOD.having(fault), good_answers())) is not None


def test_fault_without_effect_changes_nothing_else() -> None:
    silent = Fault("silent", "none", applies=lambda _call: True, on=())
    seen = asyncio.run(answers(GOOD.having(silent)))
    assert [(status, body) for status, _, body in seen] == [(status, body) for status, _, body in good_answers()]


def document_keepers() -> dict[int, jsonschema_rs.Draft202012Validator]:
    components = yaml.safe_load((Path(__file__).parents[2] / "spec" / "notte.yaml").read_text())["components"]
    del components["schemas"]["SessionResponse"]["properties"]["duration"]["format"]  # refuses fractions
    names = {200: "SessionResponse", 422: "HTTPValidationError"}
    schemas = {code: {"$ref": f"#/components/schemas/{name}", "components": components} for code, name in names.items()}
    return {code: jsonschema_rs.Draft202012Validator(s, validate_formats=True) for code, s in schemas.items()}


KEEPERS = document_keepers()


def keeps_document(answer: Seen) -> bool:
    status, _, content = answer
    return status not in KEEPERS or KEEPERS[status].is_valid(json.loads(content))


def of_families(*families: str) -> list[Fault]:
    return [fault for fault in FAULTS if fault.family in families]


@pytest.mark.parametrize(
    "fault",
    [
        *of_families("missing", "null", "type", "enum", "steps"),
        *(fault for fault in of_families("format") if "duration" not in fault.name),
        *(fault for fault in of_families("422") if fault.name != "422-html"),
    ],
    ids=lambda fault: fault.name,
)
def test_fault_in_a_body_breaks_the_document(fault: Fault) -> None:
    assert asyncio.run(first_breaking(GOOD.having(fault))) is not None


@pytest.mark.parametrize(
    "fault", of_families("prose", "second call", "identity", "extra", "auth"), ids=lambda fault: fault.name
)
def test_fault_beyond_the_document_keeps_it(fault: Fault) -> None:
    seen = asyncio.run(answers(GOOD.having(fault)))
    assert all(keeps_document(answer) for answer in seen) == (fault.name != "auth-401-as-200")


def test_names_are_unique() -> None:
    assert Counter(fault.name for fault in FAULTS).most_common(1)[0][1] == 1


@pytest.mark.parametrize("name", ["header-content-length-too-long", "header-gzip-claimed"])
def test_broken_framing_reaches_the_client_as_an_error(name: str) -> None:
    fault = fault_named(name)
    broken = pytest.raises((httpx2.RemoteProtocolError, httpx2.DecodingError))
    with running(create_app(key=KEY, fault=fault)) as url, broken:
        httpx2.get(f"{url}/sessions/{IDS[0]}", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False)


@pytest.mark.parametrize(
    ("name", "more_than"), [("prose-active-but-idle", 30 * 60), ("prose-active-but-too-old", 1440 * 60)]
)
def test_overdue_active_session_keeps_a_true_duration(name: str, more_than: int) -> None:
    seen = asyncio.run(answers(GOOD.having(fault_named(name))))[0]
    session: dict[str, Any] = httpx2.Response(200, content=seen[2]).json()
    age = NOW - datetime.fromisoformat(session["created_at"])
    assert age == TypeAdapter(type(age)).validate_python(session["duration"])
    assert (session["status"], age.total_seconds() > more_than) == ("active", True)
