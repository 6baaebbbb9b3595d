"""A base URL that leads elsewhere is said first, whoever answers there; nothing is judged, and nothing is forgotten."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from .forked import Forked
from .projects import ENUM, GIVEN, Project, Run, Things, answer, document, operation

pytestmark = pytest.mark.usefixtures("impatient")
NOT_THERE = "nothing of this API is at {}: is the prefix right? every path "
JSON, HTML = "Content-Type: application/json", "Content-Type: text/html; charset=utf-8"
PROBLEM = {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "string"}}}


def target_of(things: Things) -> str:
    return things.lines[-1].partition(" ")[2]


def fastapi(things: Things) -> bytes:
    return answer(404, b'{"detail":"Not Found"}', JSON)


def express(things: Things) -> bytes:
    page = f"<html><head><title>Error</title></head><body><pre>Cannot GET {target_of(things)}</pre></body></html>"
    return answer(404, page.encode(), HTML)


def spring(things: Things) -> bytes:
    now = datetime.now(UTC).isoformat()
    body = {"timestamp": now, "status": 404, "error": "Not Found", "path": target_of(things)}
    return answer(404, json.dumps(body).encode(), JSON)


def nginx(things: Things) -> bytes:
    head, what = ("400", "Bad Request") if "%00" in target_of(things) else ("404", "Not Found")
    return answer(int(head), f"<html><title>{head} {what}</title><hr>nginx</html>".encode(), HTML)


def one_page(things: Things) -> bytes:
    return answer(200, b"<!doctype html><title>My shop</title><div id=root></div>", HTML)


def to_https(things: Things) -> bytes:
    return answer(301, b"", f"Location: https://api.example{target_of(things)}")


def to_login(things: Things) -> bytes:
    return answer(302, b"", f"Location: /login?next={target_of(things)}")


def no_method(things: Things) -> bytes:
    return answer(405, b'{"detail":"Method Not Allowed"}', JSON, "Allow: POST")


Stranger = Callable[[Things], bytes]
STRANGERS: list[tuple[Stranger, str]] = [
    (fastapi, "has the same 404 (application/json)"),
    (express, "has the same 404 (text/html)"),
    (spring, "has the same 404 (application/json)"),
    (nginx, "has the same 404 (text/html)"),
    (one_page, "has the same 200 (text/html)"),
    (to_https, "is redirected (301) to https://api.example"),
    (to_login, "is redirected (302) to http://127.0.0.1:"),
    (no_method, "has the same 405 (application/json)"),
]


def visited(stranger: Stranger) -> Things:
    things = Things(instead=lambda number: stranger(things))
    return things


def assert_not_there(run: Run, base_url: str, said: str = "") -> None:
    reason = f"{NOT_THERE.format(base_url)}{said}"
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert run.report["reasons"][0].startswith(reason)
    assert run.lines[-1].startswith(f"contract: INCONCLUSIVE on {base_url}: {reason}")
    assert {verdict["outcome"] for verdict in run.verdicts.values()} == {"not_exercised"}
    assert (run.counted("failed"), run.counted("passed")) == (0, 0)


@pytest.mark.parametrize(("stranger", "said"), STRANGERS, ids=lambda part: getattr(part, "__name__", ""))
@pytest.mark.parametrize("path", ["", "/api/v9"], ids=["wrong port", "wrong prefix"])
def test_stranger_is_said_first(stranger: Stranger, said: str, path: str, project: Project) -> None:
    things = visited(stranger)
    base_url = project.serve(things) + path
    run = project.run("-q", "--base-url", base_url, *GIVEN)
    assert_not_there(run, base_url, said)
    assert len(things.heads) <= 20


def with_404(schema: dict[str, Any] | None, **extra: Any) -> dict[str, Any]:
    """The document with another 404, None for none, and with what `extra` says of the operation."""
    made = operation("get_thing", **extra)
    del made["responses"]["404"]
    if schema is not None:
        content = {"application/json": {"schema": schema}}
        made["responses"]["404"] = {"description": "no such thing", "content": content}
    return document(get=made)


@pytest.mark.parametrize("schema", [None, PROBLEM], ids=["undocumented", "documented"])
@pytest.mark.parametrize("options", [(), ("--contract-strict", "--contract-unsafe"), ("--contract-operation=GET*",)])
def test_however_it_is_asked(schema: dict[str, Any] | None, options: tuple[str, ...], project: Project) -> None:
    project.write({**with_404(schema), "servers": [{"url": "https://api.example/v1"}]})
    base_url = project.serve(visited(fastapi)) + "/api/v9"
    run = project.run("-q", "--base-url", base_url, *GIVEN, *options, "--junitxml=out.xml")
    assert_not_there(run, base_url, "has the same 404")
    assert run.report["reasons"][0].endswith("; the document's servers say /v1")
    junit = (run.folder / "out.xml").read_text()
    assert 'name="decision" value="inconclusive"' in junit
    assert "inconclusive: nothing of this API is at " in junit


def test_every_process_says_the_same(project: Project) -> None:
    both = {**document()["paths"], **document("other_id")["paths"]}
    project.write({**document(), "paths": {**both, "/others/{other_id}": both["/things/{other_id}"]}})
    base_url = project.serve(visited(fastapi))
    run = project.finished(project.start("-q", "-n", "2", "--base-url", base_url, *GIVEN, by=Forked))
    assert (run.code, run.violated) == (3, set())
    assert run.lines[-1].startswith(f"contract: INCONCLUSIVE on {base_url}: {NOT_THERE.format(base_url)}")


def test_other_forms_say_it_first(project: Project) -> None:
    from contracts.report.forms.annotations import run_annotations
    from contracts.report.forms.markdown import run_markdown
    from contracts.report.json_report import read_run

    base_url = project.serve(visited(express))
    run = project.run("-q", "--base-url", base_url, *GIVEN)
    told = read_run(run.folder / "build" / "contract" / "report.json", "")
    page = (run.folder / "build" / "contract" / "report.html").read_text()
    assert next(iter(run_annotations(told))).startswith("contract: INCONCLUSIVE on")
    assert "nothing of this API is at" in next(iter(run_annotations(told)))
    assert "nothing of this API is at" in "\n".join(run_markdown(told)[:8])
    assert page.index("nothing of this API is at") < page.index("<table")


def test_what_was_judged_before_it_was_noticed_says_nothing(project: Project) -> None:
    other = document("other_id")["paths"]["/things/{other_id}"]
    first = {"/new/{other_id}": {"parameters": other["parameters"], "post": operation("make")}}
    project.write({**document(), "paths": {**first, **document()["paths"]}})
    base_url = project.serve(visited(one_page))
    run = project.run("-q", "--base-url", base_url, *GIVEN)
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert run.report["reasons"][0].startswith(NOT_THERE.format(base_url))
    assert {verdict["outcome"] for verdict in run.verdicts.values()} == {"not_exercised"}


# What is no stranger


def known_404(things: Things) -> bytes:
    """The service answers for paths that it does not have what it answers for things that it does not have."""
    return answer(404, b'{"detail":"Not Found"}', JSON)


def guarded(things: Things) -> bytes:
    """The same, where the thing is there but for the value, and a credential is asked for."""
    here = target_of(things).startswith("/things/")
    asked = "authorization: bearer canary" in things.heads[-1].lower()
    return known_404(things) if asked or not here else answer(401, b"", "WWW-Authenticate: Bearer")


def no_such_thing(things: Things) -> bytes:
    here = target_of(things).startswith("/things/")
    return answer(404, b'{"detail":"No such thing"}', JSON) if here else known_404(things)


PUBLIC: dict[str, Any] = {"security": []}


@pytest.mark.parametrize(
    ("service", "spec"),
    [
        pytest.param(known_404, with_404(PROBLEM, **PUBLIC), id="a documented 404 for all"),
        pytest.param(no_such_thing, with_404(PROBLEM, **PUBLIC), id="a documented 404 of its own"),
        pytest.param(no_such_thing, with_404(None, **PUBLIC), id="an undocumented 404 of its own"),
        pytest.param(guarded, with_404(PROBLEM), id="a documented 404 behind a credential"),
        pytest.param(guarded, with_404(None), id="an undocumented 404 behind a credential"),
    ],
)
def test_values_that_nobody_knows_are_another_matter(
    service: Callable[[Things], bytes], spec: dict[str, Any], project: Project
) -> None:
    project.write(spec)
    run = project.run("-q", "--base-url", project.serve(visited(service)))
    assert (run.code, run.report["decision"]) == (1, "fail")
    assert "no request was answered with a documented 2xx; give values" in run.lines[-1]
    assert "nothing of this API" not in run.out


def test_one_operation_that_is_not_there_is_a_violation(project: Project) -> None:
    other = document("other_id")["paths"]["/things/{other_id}"]
    first = {"/missing/{other_id}": {**other, "get": with_404(None)["paths"]["/things/{thing_id}"]["get"]}}
    project.write({**document(), "paths": {**first, **document()["paths"]}})
    things = Things()
    things.instead = lambda number: None if target_of(things).startswith("/things/") else fastapi(things)
    run = project.ask(things)
    assert (run.code, run.report["decision"]) == (1, "fail")
    assert run.violations == {"GET /missing/{other_id} status documented"}


# What is known stays known


def test_the_night_before_is_not_forgotten(project: Project) -> None:
    history, against = "--contract-history=history", "--contract-against=last.json"
    things = Things(thing={"status": "paused"})
    base_url = project.serve(things)
    assert project.run("-q", "--base-url", base_url, *GIVEN, history).violated == {ENUM}
    report = project.folder / "build" / "contract" / "report.json"
    shutil.copy(report, project.folder / "last.json")
    things.instead = lambda number: fastapi(things)
    lost = project.run("-q", "--base-url", base_url, *GIVEN, history, against)
    assert_not_there(lost, base_url)
    assert lost.report["against"]["not_judged"] == [ENUM]
    assert (lost.report["against"]["fixed"], lost.report["against"]["new"]) == ([], [])
    shutil.copy(report, project.folder / "last.json")
    things.instead = lambda number: None
    found = project.run("-q", "--base-url", base_url, *GIVEN, history, against, "--contract-fail-on=new")
    assert (found.code, found.report["against"]["still_there"]) == (0, [ENUM])
    assert "3 runs" in found.out


def test_a_replay_elsewhere_leaves_no_verdict(project: Project) -> None:
    things = Things(thing={"status": "paused"})
    base_url = project.serve(things)
    project.run("-q", "--base-url", base_url, *GIVEN)
    shutil.copy(project.folder / "build" / "contract" / "report.json", project.folder / "last.json")
    things.instead = lambda number: fastapi(things)
    assert_not_there(project.run("-q", "--base-url", base_url, "--contract-replay=last.json"), base_url)


def test_an_acceptance_is_not_stale_elsewhere(project: Project) -> None:
    entry = f'violation."{ENUM}" = {{ reason = "agreed", until = 2099-01-01 }}\n'
    gone = entry.replace("/status enum", "/gone enum")
    (project.folder / "spec" / "accepted.toml").write_text(entry + gone)
    base_url = project.serve(visited(fastapi)) + "/api/v9"
    assert_not_there(project.run("-q", "--base-url", base_url, *GIVEN), base_url)


def test_a_port_that_speaks_no_http(project: Project) -> None:
    base_url = project.serve(Things(instead=lambda number: b"SSH-2.0-OpenSSH_9.9\r\n\r\n"))
    run = project.run("-q", "--base-url", base_url, *GIVEN)
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    said = "what is at the base URL speaks no HTTP (the answer has no status line, it begins with 'SSH-2.0-OpenSSH_9.9"
    assert run.report["reasons"][0].startswith(said)
    assert run.report["reasons"][0].endswith("); is the port right?")
