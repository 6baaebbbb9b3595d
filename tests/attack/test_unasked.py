"""Nothing is done that was not asked: requests out of files, fetches while reading, resources that are ended."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from contracts.document import Operation, Spec, load_spec
from contracts.errors import ContractsError
from contracts.exchanges.transport import Limits, Transport
from contracts.exchanges.wires import Route
from contracts.messages import Credential, Probe, Request
from contracts.mock import MockService
from contracts.probes import ProbePlan
from contracts.probes.knowledge import ends
from contracts.probes.permission import MAX_BODY, MAX_HEAD, refused
from contracts.rules import rules_for
from tests.documents import spec_from
from tests.exchanges.documents import one_operation, parameter
from tests.run.projects import CANARY, Project, Things, document, operation, serving

STRING = {"type": "string"}
BY_ID = [parameter("id", STRING)]
GET, POST, DELETE = "GET /things/{id}", "POST /things/{id}", "DELETE /things/{id}"
SIZES = {"id": ["a1"]}


def shop() -> Spec:
    parameters = [{"name": "id", "in": "path", "required": True, "schema": STRING}]
    answers = {"responses": {"200": {"description": "ok"}}}
    header = {"name": "X-Trace", "in": "header", "schema": STRING}
    framing = [{**header, "name": name} for name in ("Content-Length", "Transfer-Encoding", "Host")]
    one = {
        "get": {**answers, "parameters": [header]},
        "post": {**answers, "parameters": framing},
        "delete": answers,
        "parameters": parameters,
    }
    paths = {"/things/{id}": one, "/things/start": {"post": answers}}
    return spec_from({"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": paths})


def probe(key: str, method: str, target: str, **more: Any) -> Probe:
    credential = more.pop("credential", Credential.RIGHT)
    fields = tuple(more.pop("headers", ()))
    return Probe(key, Request(method, target, fields, more.get("body")), source="fuzz", credential=credential)


STRAYS = "may take its path for another than that of POST /things/{id}"
FROM_FILES: dict[str, tuple[Probe, bool, str]] = {
    "an allowed one": (probe(GET, "GET", "/things/a1?x=1"), False, ""),
    "a declared field": (probe(GET, "GET", "/things/a1", headers=[("x-trace", "1")]), False, ""),
    "unsafe, as allowed": (probe(POST, "POST", "/things/a1", body=b"{}"), True, ""),
    "unsafe": (probe(POST, "POST", "/things/a1"), False, "--contract-unsafe"),
    "another method": (probe(GET, "DELETE", "/things/a1"), False, "no DELETE request that this run would send"),
    "another method, unsafe": (probe(GET, "DELETE", "/things/a1"), True, "no DELETE request that this run"),
    "a method in lower case": (probe(GET, "delete", "/things/a1"), True, "no delete request"),
    "another operation": (probe(GET, "POST", "/things/start"), True, "no POST request"),
    "another operation's path": (probe(POST, "POST", "/things/start"), True, "not that of POST /things/{id}"),
    "a path that is nowhere": (probe(GET, "GET", "/admin/secrets"), False, "not that of GET /things/{id}"),
    "another origin": (probe(GET, "GET", "http://127.0.0.1:9/things/a1"), False, "below the base URL"),
    "an authority": (probe(GET, "CONNECT", "127.0.0.1:9"), False, "below the base URL"),
    "userinfo": (probe(GET, "GET", "@127.0.0.1:9/things/a1"), False, "below the base URL"),
    "a network path": (probe(GET, "GET", "//127.0.0.1/things/a1"), False, "not that of"),
    "a dot segment": (probe(GET, "GET", "/things/../a1"), False, "below the base URL"),
    "an encoded dot segment": (probe(GET, "GET", "/things/%2e%2E"), False, "below the base URL"),
    "a doubly encoded one": (probe(GET, "GET", "/things/%252e%252e%252fa"), False, "below the base URL"),
    "a dot segment with a parameter": (probe(GET, "GET", "/things/..;a=1"), False, "below the base URL"),
    "another operation, encoded": (probe(POST, "POST", "/things/%73tart"), True, "not that of POST /things/{id}"),
    "a method in the query": (
        probe(POST, "POST", "/things/a1?x=1&_method=DELETE"),
        True,
        "another method than its own",
    ),
    "a method in the body": (probe(POST, "POST", "/things/a1", body=b"a=1&%5Fmethod=delete"), True, "another method"),
    "a method for PHP": (probe(POST, "POST", "/things/a1?x=1;.method=DELETE"), True, "another method"),
    "a method in JSON": (
        probe(POST, "POST", "/things/a1", body=b'{"\\u005f\\u006dethod": "PUT"}'),
        True,
        "another method",
    ),
    "a method in a form": (
        probe(POST, "POST", "/things/a1", body=b"X-HTTP-Method-Override=PUT"),
        True,
        "another method",
    ),
    "a method in a part": (
        probe(POST, "POST", "/things/a1", body=b"; name=_method\r\n\r\nPUT"),
        True,
        "another method",
    ),
    "a method of 16 bits": (
        probe(POST, "POST", "/things/a1", body='"_method"'.encode("utf-16")),
        True,
        "another method",
    ),
    "a method for OData": (probe(POST, "POST", "/things/a1?$httpMethod=PUT"), True, "another method"),
    "a method for .NET": (probe(POST, "POST", "/things/a1?X-Method-Override=PUT"), True, "another method"),
    "another operation, with a parameter": (probe(POST, "POST", "/things/start;x=1"), True, STRAYS),
    "another operation, in other letters": (probe(POST, "POST", "/things/START.json"), True, STRAYS),
    "another operation, and a null byte": (probe(POST, "POST", "/things/start%00"), True, STRAYS),
    "an encoded slash": (probe(POST, "POST", "/things/a1%2Fstop"), True, STRAYS),
    "a doubly encoded slash": (probe(POST, "POST", "/things/a1%252Fstop"), True, STRAYS),
    "a backslash": (probe(POST, "POST", "/things/a1%5Cstop"), True, STRAYS),
    "an encoded slash, to read": (probe(GET, "GET", "/things/a1%2Fstop"), False, ""),
    "a word that begins as another": (probe(POST, "POST", "/things/started"), True, ""),
    "a thrice encoded dot segment": (probe(GET, "GET", "/things/%25252e%25252e%25252fa"), False, "below the base URL"),
    "a length": (probe(POST, "POST", "/things/a1", headers=[("Content-Length", "5")]), True, "no field content-length"),
    "a line feed": (probe(GET, "GET", "/things/a1 HTTP/1.1\r\nX: y"), False, "below the base URL"),
    "a fragment": (probe(GET, "GET", "/things/a1#x"), False, "below the base URL"),
    "beyond ASCII": (probe(GET, "GET", "/things/é"), False, "below the base URL"),
    "a long path": (probe(GET, "GET", f"/things/{'a' * 9000}"), False, "HTTP can't carry it"),
    "a host": (probe(GET, "GET", "/things/a1", headers=[("Host", "evil")]), False, "have no field host"),
    "a credential": (
        probe(GET, "GET", "/things/a1", headers=[("Authorization", "x")]),
        False,
        "no field authorization",
    ),
    "an override": (
        probe(GET, "GET", "/things/a1", headers=[("X-HTTP-Method", "PUT")]),
        False,
        "no field x-http-method",
    ),
    "a split field": (
        probe(GET, "GET", "/things/a1", headers=[("X-Trace", "a\r\nB: c")]),
        False,
        "HTTP can't carry it",
    ),
    "long fields": (probe(GET, "GET", "/things/a1", headers=[("Accept", "a" * MAX_HEAD)]), False, "longer than"),
    "a long body": (probe(POST, "POST", "/things/a1", body=bytes(MAX_BODY + 1)), True, "longer than"),
    "somebody's resource": (probe(DELETE, "DELETE", "/things/a1"), True, "sent to none but the run's own"),
    "the run's own": (probe(DELETE, "DELETE", "/things/own%201"), True, ""),
}


@pytest.mark.parametrize("name", FROM_FILES)
def test_requests_of_files_are_held_to_our_own(name: str) -> None:
    asked, unsafe, why = FROM_FILES[name]
    spec = shop()
    plan = ProbePlan(spec, given=SIZES, own={"id": ["own 1"]}, unsafe=unsafe, live=True)
    said = refused(plan.lane(spec.by_key[asked.operation]), asked)
    assert why in said if why else said == ""


@pytest.mark.parametrize("unsafe", [True, False])
def test_whatever_a_run_sends_it_may_send_again(unsafe: bool) -> None:
    spec = load_spec("spec/notte.yaml")
    plan = ProbePlan(spec, given={"session_id": ["a"]}, unsafe=unsafe, live=True)
    for lane in map(plan.lane, spec.operations):
        sent = [*lane.probes(), *lane.closing(None)]
        assert {why for one in sent if (why := refused(lane, one))} == set()
        assert sent


def tampered(project: Project, **changes: Any) -> None:
    """A report of a violation, with the request behind it changed."""
    project.ask(Things({"status": "paused"}), "--contract-report=before")
    path = project.folder / "before" / "report.json"
    report = json.loads(path.read_text())
    for verdict in report["verdicts"]:
        if verdict["evidence"]:
            verdict["evidence"]["request"].update(changes)
    path.write_text(json.dumps(report))


@pytest.mark.parametrize("option", ["--contract-replay", "--contract-against"])
@pytest.mark.parametrize(
    "changes",
    [{"method": "DELETE"}, {"method": "POST", "target": "/things/start"}, {"target": "/admin/secrets"}],
    ids=str,
)
def test_a_report_makes_no_run_send_what_it_says(option: str, changes: dict[str, str], project: Project) -> None:
    tampered(project, **changes)
    things = Things()
    run = project.ask(things, f"{option}=before/report.json")
    assert not [line for line in things.lines if "admin" in line or line.split(" ")[0] in ("DELETE", "POST")]
    if option == "--contract-replay":
        assert (run.code, things.lines) == (3, [])
        assert "1 request of the earlier report left out: " in run.out
        assert "what the replayed report holds is not sent" in run.out


def test_through_a_proxy_no_other_origin_gets_the_credential(project: Project) -> None:
    things, proxy = Things(), Things()
    tampered(project, target="http://evil.example/things/a1")
    with serving(proxy) as url:
        run = project.ask(things, "--contract-replay=before/report.json", f"--contract-proxy={url}")
    assert (run.code, things.heads, proxy.heads) == (3, [], [])


@pytest.mark.parametrize(
    "target", ["http://evil.example/", "@evil.example/", "evil.example:80", "*", "", "/a b", "/a#b"]
)
def test_transport_sends_paths_alone(target: str) -> None:
    with serving(things := Things()) as url:
        transport = Transport(url, Route(), Limits())
        with pytest.raises(ValueError, match="nothing was sent"):
            transport.answer(Request("GET", target))
        transport.close()
    assert things.heads == []


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """A URL, and the first lines of the requests that came there."""
    server, lines = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    lines.append(connection.recv(2000).partition(b"\r\n")[0])
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", lines
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def calling(url: str) -> dict[str, Any]:
    """A document with a URL in each place where a reader might fetch one."""
    examples = {"x": {"externalValue": f"{url}/1"}, "y": {"$ref": "#/components/examples/E"}}
    odd = {"type": "string", "examples": [{"externalValue": f"{url}/2"}, {"$ref": f"{url}/3"}], "example": f"{url}/4"}
    raw = {"type": "object", "properties": {"a": {"type": "string"}}, "example": {"$ref": f"{url}/5"}}
    media = {"application/json": {"schema": raw, "examples": examples}}
    identity = {"name": "id", "in": "path", "required": True, "schema": STRING, "examples": examples}
    links = {"l": {"operationRef": f"{url}/op#/paths/x"}}
    responses = {"200": {"description": "ok", "content": media, "links": links}}
    callback = {"c": {f"{url}/callback": {"post": {"responses": {"200": {"description": "ok"}}}}}}
    one = {"requestBody": {"content": media}, "callbacks": callback, "responses": responses}
    query = {"name": "q", "in": "query", "schema": odd}
    flows = {"clientCredentials": {"tokenUrl": f"{url}/token", "refreshUrl": f"{url}/refresh", "scopes": {}}}
    schemes = {
        "oidc": {"type": "openIdConnect", "openIdConnectUrl": f"{url}/oidc"},
        "oauth": {"type": "oauth2", "flows": flows},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1", "license": {"name": "x", "url": f"{url}/license"}},
        "servers": [{"url": url}],
        "externalDocs": {"url": f"{url}/docs"},
        "security": [{"oidc": []}, {"oauth": []}],
        "paths": {"/things/{id}": {"parameters": [identity, query], "get": {"responses": responses}, "post": one}},
        "components": {"examples": {"E": {"externalValue": f"{url}/6"}}, "securitySchemes": schemes},
    }


def with_schema(keyword: str, path: str) -> Any:
    def changed(url: str) -> dict[str, Any]:
        value = calling(url)
        content = value["paths"]["/things/{id}"]["post"]["requestBody"]["content"]
        content["application/json"]["schema"][keyword] = f"{url}{path}"
        return value

    return changed


def with_dialect(url: str) -> dict[str, Any]:
    return {**calling(url), "jsonSchemaDialect": f"{url}/dialect"}


DOCUMENTS = {
    "in each place": calling,
    "a reference": with_schema("$ref", "/other.yaml#/X"),
    "an identifier": with_schema("$id", "/id.json"),
    "a dynamic reference": with_schema("$dynamicRef", "/dynamic.json"),
    "a metaschema": with_schema("$schema", "/schema"),
    "a dialect": with_dialect,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_reading_and_generating_open_no_socket(name: str, listener: tuple[str, list[bytes]], tmp_path: Path) -> None:
    url, lines = listener
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(DOCUMENTS[name](url)))
    try:
        spec = load_spec(path)
    except ContractsError:
        assert name != "in each place"
    else:
        plan = ProbePlan(spec, unsafe=True, examples=5)
        made = [probe for one in spec.operations for probe in plan.lane(one).probes()]
        assert made
        assert rules_for(spec).rules
        assert MockService(spec)
    assert lines == []


ENDING: list[tuple[str, str, dict[str, Any], bool]] = [
    ("delete", "/things/{id}", {}, True),
    ("post", "/things/{id}/terminate", {}, True),
    ("post", "/things/{id}/force-kill", {}, True),
    ("post", "/things/{id}:purge", {}, True),
    ("put", "/things/{id}/Revoke", {}, True),
    ("post", "/things/{id}", {"operationId": "destroyThing"}, True),
    ("post", "/things/{id}", {"operationId": "thing_destroy"}, True),
    ("post", "/things/{id}", {"operationId": "things.cancel"}, True),
    ("post", "/things/{id}/act", {"summary": "Cancels a thing."}, True),
    ("post", "/things/{id}/act", {"summary": "Dismisses it"}, True),
    ("post", "/things/{id}", {"operationId": "create_release"}, False),
    ("post", "/things/{id}/renew", {"summary": "Renew, or it will end"}, False),
    ("post", "/releases/{id}", {}, False),
    ("get", "/things/{id}/stop", {}, False),
    ("post", "/things/delete/{id}", {}, True),
    ("post", "/things/{id}/cancel/confirm", {}, True),
    ("post", "/things/{id}/%64elete", {}, True),
    ("post", "/things/{id}/l%C3%B6schen", {}, True),
    ("post", "/things/{id}/\uff44\uff45\uff4c\uff45\uff54\uff45", {}, True),
    ("post", "/things/{id}", {"operationId": "ThingsController_removeThing"}, True),
    ("post", "/things/{id}", {"operationId": "v2StopThing"}, True),
    ("post", "/things/{id}", {"operationId": "STOPThing"}, True),
    ("post", "/things/{id}", {"operationId": "deletething"}, True),
    ("post", "/things/{id}", {"operationId": "postTerminateThing"}, True),
    ("post", "/things/{id}", {"operationId": "thing_endpoint"}, False),
    ("post", "/things/{id}", {"operationId": "\u524a\u9664"}, True),
    ("post", "/things/{id}/act", {"summary": "Permanently deletes a thing"}, True),
    ("post", "/things/{id}/act", {"summary": "STOPPING it"}, True),
    ("post", "/things/{id}/act", {"summary": "Supprimer la chose"}, True),
    ("post", "/things/{id}/act", {"summary": "Starts a closing"}, False),
    ("post", "/things/{id}/termination", {}, True),
    ("post", "/things/{id}/powerOff", {}, True),
    ("post", "/things/{id}/offers", {}, False),
    ("post", "/things/{id}", {"operationId": "schedule_key_deletion"}, True),
    ("post", "/things/{id}/act", {"summary": "Request deletion of a thing"}, True),
    ("post", "/things/{id}/act", {"summary": "A thing", "description": "Stops it"}, True),
    ("post", "/things/{id}/act", {"tags": ["Closure of things"]}, True),
    ("post", "/things/{id}/act", {"tags": ["Releases", None]}, False),
    ("post", "/things/{id}/act", {"summary": "\u5220\u9664\u4f1a\u8bdd"}, True),
    ("post", "/things/{id}/act", {"summary": "\u30b9\u30ec\u30c3\u30c9\u3092\u524a\u9664\u3059\u308b"}, True),
    ("post", "/things/{id}/act", {"summary": "L\u00f6scht die Sache"}, True),
    ("post", "/things/{id}/act", {"description": "Deletes the thing."}, True),
    ("post", "/things/{id}/renew", {"x-ends": "yes"}, True),
    ("post", "/things/{id}/stop", {"x-ends": None}, True),
    ("post", "/things/{id}/renew", {"x-ends": True}, True),
    ("post", "/things/{id}/stop", {"x-ends": False}, False),
    ("delete", "/things/{id}", {"x-ends": False}, False),
    ("get", "/things/{id}/logout", {"x-ends": True}, True),
]


@pytest.mark.parametrize(("method", "path", "about", "ending"), ENDING)
def test_what_ends_a_resource_is_not_sent_to_somebody_s(
    method: str, path: str, about: dict[str, Any], ending: bool
) -> None:
    spec, asked = one_operation(path, method, parameters=BY_ID, **about)
    assert ends(spec, asked) is ending
    assert ("/a1" in "".join(targets(spec, asked))) is not ending


def test_a_path_says_it_of_all_its_operations() -> None:
    written = document(get=operation("get_thing"), post=operation("renew_thing"))
    assert not ends(spec_from(written), spec_from(written).operations[1])
    written["paths"]["/things/{thing_id}"]["x-ends"] = True
    assert ends(spec_from(written), spec_from(written).operations[1])


def targets(spec: Spec, asked: Operation) -> list[str]:
    lane = ProbePlan(spec, given=SIZES, unsafe=True, live=True, examples=2).lane(asked)
    return [probe.request.target for probe in (*lane.probes(), *lane.closing(None))]


def test_what_goes_to_given_resources_is_said_first(project: Project) -> None:
    ending = {**operation("put_thing"), "x-ends": True}
    project.write(document(get=operation("get_thing"), post=operation("renew_thing"), put=ending))
    sends = "--contract-unsafe sends POST /things/{thing_id} to the given resources"
    said = f"{sends}; mark in an overlay with x-ends: true what ends one"
    things = Things()
    for option in ("--contract-dry-run", "-v"):
        run = project.ask(things, "--contract-unsafe", option)
        assert f"contract: {said}" in run.lines
    assert not [line for line in things.lines if line.startswith(("PUT /things/a1", "PUT /things/b2"))]
    assert [line for line in things.lines if line.startswith("POST /things/a1")]


@pytest.mark.parametrize(
    ("option", "loudness"),
    [("--contract-dry-run", "-q"), ("--contract-max-requests=1", "-qq")],
)
def test_a_delete_that_is_said_to_end_nothing_is_said_before_all_else(
    option: str, loudness: str, project: Project
) -> None:
    """However many others there are that are sent to what was given, and cut from the line."""
    paths = {f"/things/{{thing_id}}/{number}": {"post": operation(f"renew_{number}")} for number in range(25)}
    written = document(get=operation("get_thing"), delete={**operation("drop_thing"), "x-ends": False})
    for path in paths:
        paths[path]["parameters"] = written["paths"]["/things/{thing_id}"]["parameters"]
    project.write({**written, "paths": {**paths, **written["paths"]}})
    out = project.ask(Things(), "--contract-unsafe", option, loudness).out
    said = out.partition("--contract-unsafe sends ")[2]
    assert said.startswith("DELETE /things/{thing_id}, POST /things/{thing_id}/0, ")
    assert "and 6 more to the given resources" in said.partition("\n")[0]


def test_nothing_of_it_is_said_without_the_option(project: Project) -> None:
    project.write(document(get=operation("get_thing"), post=operation("renew_thing")))
    assert "to the given resources" not in project.ask(Things(), "--contract-dry-run").out


CORE = """
import ctypes
import resource
import sys
from contracts import testing

def test_rule(request, contract_verdicts):
    dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if sys.platform == "linux" else 0
    print("core", resource.getrlimit(resource.RLIMIT_CORE), "dumpable", dumpable)
    testing.test_rule(request, contract_verdicts)
"""


def test_no_crash_writes_the_credential_to_a_file(project: Project) -> None:
    project.write(module=CORE)
    process = project.start("-q", "-s", "--base-url", project.serve(Things()), "--contract-param=thing_id=a1")
    assert "core (0, 0) dumpable 0" in project.finished(process).out
    assert CANARY in project.env.values()
