"""Who is let in: by which credentials, where they stand, and which of the user's headers ride on which request."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from .projects import CANARY, Project, Run, Things, answer

Fields = Mapping[str, str]
Opens = Callable[[str, Fields], bool | int]
"""Whether a path, with its query, is open to a request with these fields, their names in lower case; or a status."""

BEARER = f"Bearer {CANARY}"
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "query": {"type": "apiKey", "in": "query", "name": "token"},
}


def doors(security: Mapping[str, Any], *names: str, statuses: tuple[str, ...] = ("200", "401")) -> dict[str, Any]:
    """A document with a path for each list of security requirements; None for an operation that has none."""
    content = {"application/json": {"schema": {"type": "object"}}}
    paths: dict[str, Any] = {}
    for name, wanted in security.items():
        responses = {status: {"description": "said", "content": content} for status in statuses}
        paths[f"/{name}"] = {"get": {"responses": responses}}
        if wanted is not None:
            paths[f"/{name}"]["get"]["security"] = wanted
    schemes = {name: SCHEMES[name] for name in names}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Doors", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def house(opens: Opens) -> Things:
    """A service whose doors `opens` tells of."""
    things = Things()

    def reply(_number: int) -> bytes:
        line, *lines = things.heads[-1].rstrip().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        method, target, *_ = line.split(" ")
        found = opens(target, fields)
        status = (200 if found else 401) if isinstance(found, bool) else found
        if status == 200 and method != "GET":
            status = 405
        named = ["Content-Type: application/json", "WWW-Authenticate: Bearer", "Allow: GET"]
        return answer(status, b"{}", *named)

    things.instead = reply
    return things


def run_of(project: Project, things: Things, spec: Mapping[str, Any], *args: str) -> Run:
    project.write(spec)
    return project.run("-q", "--base-url", project.serve(things), *args)


def bearer(fields: Fields) -> bool:
    name, _, value = fields.get("authorization", "").partition(" ")
    return name.lower() == "bearer" and value == CANARY


ONE = doors({"guarded": [{"bearer": []}]}, "bearer")
TWO = doors({"guarded": [{"bearer": []}]}, "bearer", "key")


# Headers of the user


@pytest.mark.parametrize(
    ("header", "spec"),
    [
        pytest.param("Cookie", ONE, id="cookie"),
        pytest.param("X-Key", TWO, id="place of a scheme"),
        pytest.param("X-Session", ONE, id="of a name that says nothing"),
    ],
)
def test_header_that_opens_the_door_rides_on_no_request_without_credential(
    header: str, spec: Mapping[str, Any], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "another-way-in-1")
    things = house(lambda path, fields: bearer(fields) or fields.get(header.lower()) == "another-way-in-1")
    run = run_of(project, things, spec, f"--contract-header={header}=MINE")
    assert (run.code, run.violations) == (0, set())
    heads = [head for head in things.heads if f"\r\nauthorization: bearer {CANARY}\r\n" not in f"{head.lower()}\r\n"]
    assert heads
    assert not [head for head in heads if "another-way-in-1" in head]
    assert [head for head in things.heads if "another-way-in-1" in head]


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "open"])
def test_header_of_a_gateway_rides_so_that_an_open_door_is_found(
    guarded: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE", "open-sesame-1")
    things = house(lambda path, fields: fields.get("x-gate") == "open-sesame-1" and (bearer(fields) or not guarded))
    run = run_of(project, things, ONE, "--contract-header=X-Gate=GATE")
    found = {"GET /guarded auth required", "GET /guarded auth wrong"} & run.violations
    assert len(found) == (0 if guarded else 2)
    shown = run.verdicts["GET /guarded auth required"]["evidence"]
    assert guarded or '-H "X-Gate: $GATE"' in shown["curl"]


def test_header_of_the_user_is_not_sent_with_trace(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE", "open-sesame-1")
    things = house(lambda path, fields: fields.get("x-gate") == "open-sesame-1" and bearer(fields))
    run = run_of(project, things, ONE, "--contract-header=X-Gate=GATE")
    traces = [head for head in things.heads if head.startswith("TRACE ")]
    assert (run.code, len(traces), [head for head in traces if "sesame" in head]) == (0, 1, [])


def test_command_of_a_finding_leaves_out_what_the_request_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "another-way-in-1")
    run = run_of(project, house(lambda path, fields: True), ONE, "--contract-header=Cookie=MINE")
    assert "Cookie" not in run.verdicts["GET /guarded auth required"]["evidence"]["curl"]


# Statuses


@pytest.mark.parametrize(("statuses", "found"), [(("200",), True), (("200", "403"), False), (("200", "4XX"), False)])
def test_refusal_with_403_has_to_be_documented(statuses: tuple[str, ...], found: bool, project: Project) -> None:
    spec = doors({"guarded": [{"bearer": []}]}, "bearer", statuses=statuses)
    run = run_of(project, house(lambda path, fields: bearer(fields) or 403), spec)
    assert run.violations == ({"GET /guarded status documented"} if found else set())


OPEN: dict[str, Any] = {"none": [], "optional": [{"bearer": []}, {}], "silent": None}


@pytest.mark.parametrize("path", OPEN)
def test_operation_that_needs_no_credential_answers_without_one(path: str, project: Project) -> None:
    spec = doors({path: OPEN[path], "guarded": [{"bearer": []}]}, "bearer")
    refusing = run_of(project, house(lambda target, fields: bearer(fields)), spec)
    assert f"GET /{path} auth not required" in refusing.violations
    kind = run_of(project, house(lambda target, fields: bearer(fields) or "guarded" not in target), spec)
    assert (kind.code, kind.violations) == (0, set())
    assert kind.judged[f"GET /{path} auth not required"][0] == "holds"
