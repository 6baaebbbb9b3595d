"""A live run that looks first at what the service publishes."""

import copy
import json
from typing import Any

import hypothesis
import pytest

from .projects import CANARY, ENUM, Project, Run, Things, answer, document, leaks

OURS = document()
NEWER = copy.deepcopy(OURS)
NEWER["info"]["version"] = "2.0"
THING = NEWER["paths"]["/things/{thing_id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
THING["properties"] = {"status": {"type": "string", "enum": ["active", "closed", "paused"]}}
WIDER = copy.deepcopy(OURS)
WIDER["info"]["version"] = "1.1"
WIDER["paths"]["/others"] = {"get": {"responses": {"200": {"description": ""}}}}
LIVE = copy.deepcopy(WIDER)
LIVE["components"]["schemas"] = {"Live": {"type": "object", "properties": {"cdp_url": {"type": "string"}}}}
DRIFT = "--contract-drift"


class Publishing(Things):
    """The service, with a page that holds what `published` gives; None: there is no such page."""

    def __init__(self, published: bytes | Any | None, thing: Any = None, status: int = 200) -> None:
        super().__init__({"status": "active"} if thing is None else thing)
        body = published if isinstance(published, bytes) else json.dumps(published).encode()
        self.page = answer(status, body, "Content-Type: application/json")

    def __call__(self, request: bytes) -> bytes:
        if request.startswith(b"GET /openapi.json "):
            self.heads.append(request.partition(b"\r\n\r\n")[0].decode("latin-1"))
            return self.page
        return super().__call__(request)

    @property
    def pages(self) -> list[str]:
        return [head for head in self.heads if head.startswith("GET /openapi.json ")]


def summary(run: Run) -> list[str]:
    start = next(n for n, line in enumerate(run.lines) if "= contract =" in line)
    return run.lines[start + 1 :]


def test_service_that_moved_on_heads_the_summary(project: Project) -> None:
    things = Publishing(NEWER, {"status": "paused"})
    run = project.ask(things, DRIFT)
    assert (run.code, run.violated) == (1, {ENUM})
    headline = "drift: the service publishes 2.0, you test 1.0"
    assert run.lines[1] == f"contract: {headline}"
    first, change, kept = summary(run)[:3]
    assert first.startswith(
        f"{headline}: BREAKING (1 breaking); all of it: contracts drift --base-url http://127.0.0.1:"
    )
    assert change.startswith("  breaking enum-widened GET /things/{thing_id} 200")
    assert kept == "  1 violated rule is no violation of what is published; `contracts pull` takes that over"
    found = run.report["drift"]
    assert (found["ours"], found["published"], found["decision"]) == ("1.0", "2.0", "breaking")
    assert found["kept"] == [ENUM]


def test_violation_of_what_is_published_stays_one(project: Project) -> None:
    run = project.ask(Publishing(NEWER, {"status": "exploded"}), DRIFT)
    assert (run.violated, run.report["drift"]["kept"]) == ({ENUM}, [])


def test_version_that_is_published_is_bounded(project: Project) -> None:
    newer = copy.deepcopy(NEWER)
    newer["info"]["version"] = "2" * 3000
    assert project.ask(Publishing(newer), DRIFT).report["drift"]["published"] == "2" * 99 + "…"


def test_drift_alone_fails_nothing(project: Project) -> None:
    run = project.ask(Publishing(NEWER), DRIFT)
    assert (run.code, run.report["drift"]["decision"]) == (0, "breaking")


@pytest.mark.parametrize(
    ("published", "line"),
    [
        pytest.param(OURS, "drift: none, the service publishes what you test (1.0)", id="the same"),
        pytest.param(WIDER, "drift: the service publishes 1.1, you test 1.0: COMPATIBLE (1 compatible)", id="more"),
        pytest.param(LIVE, "drift: the service publishes 1.1, you test 1.0: COMPATIBLE (", id="declares a capability"),
        pytest.param(b"<html>", "drift: what the service publishes can't be compared: ", id="no document"),
        pytest.param({"openapi": "3.1.0"}, "drift: what the service publishes can't be compared: ", id="broken"),
    ],
)
def test_summary_says_what_is_published(published: Any, line: str, project: Project) -> None:
    run = project.ask(Publishing(published), DRIFT)
    assert run.code == 0
    assert summary(run)[0].startswith(line)


@pytest.mark.parametrize("status", [404, 401, 302])
def test_page_that_is_not_to_be_had_is_one_line(status: int, project: Project) -> None:
    things = Publishing(b"", status=status)
    run = project.ask(things, DRIFT)
    assert (run.code, len(things.pages)) == (0, 1)
    assert summary(run)[0].startswith("drift: http://127.0.0.1:")
    assert summary(run)[0].endswith(f"/openapi.json was not to be had ({status})")
    assert not summary(run)[1].startswith("  ")


def test_failure_inside_does_not_disturb_the_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError("this is a bug")

    monkeypatch.setattr("contracts.run.prelude.diff_of", crash)
    run = project.ask(Publishing(NEWER), DRIFT)
    assert (run.code, summary(run)[0]) == (
        0,
        "drift: comparing what the service publishes failed inside: RuntimeError",
    )


def test_judging_by_what_is_published_does_not_disturb_the_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*args: object, **kwargs: object) -> None:
        raise RuntimeError("this is a bug")

    monkeypatch.setattr("contracts.run.end.judged", crash)
    run = project.ask(Publishing(NEWER, {"status": "paused"}), DRIFT)
    assert (run.code, run.report["drift"]["kept"]) == (1, [])


def test_page_is_asked_for_once_and_without_credential(project: Project) -> None:
    things = Publishing(NEWER)
    run = project.ask(things, DRIFT, "-n", "2")
    assert (run.code, len(things.pages)) == (0, 1)
    assert "authorization" not in things.pages[0].lower()
    assert things.heads[0] == things.pages[0]
    assert f"{len(things.heads) - 1}" == str(run.report["summary"]["exchanges"])


@pytest.mark.parametrize(
    ("args", "pages"),
    [
        pytest.param((), 0, id="not asked for"),
        pytest.param((DRIFT,), 1, id="asked for"),
        pytest.param(("--contract-against=last.json",), 1, id="night after night"),
        pytest.param((DRIFT, "--contract-dry-run"), 0, id="nothing is sent"),
        pytest.param((DRIFT, "--collect-only"), 0, id="nothing is run"),
    ],
)
def test_page_is_asked_for_only_where_it_is_wanted(args: tuple[str, ...], pages: int, project: Project) -> None:
    (project.folder / "last.json").write_text('{"verdicts": []}')
    things = Publishing(OURS)
    project.ask(things, *args)
    assert len(things.pages) == pages


@pytest.mark.usefixtures("untouched")
def test_page_is_asked_for_every_night(project: Project) -> None:
    hypothesis.settings.register_profile("nightly", max_examples=2, deadline=None)
    things = Publishing(OURS)
    project.ask(things, "--hypothesis-profile=nightly")
    assert len(things.pages) == 1


def test_page_counts_as_a_request_of_the_run(project: Project) -> None:
    things = Publishing(OURS)
    project.ask(things, DRIFT, "--contract-max-requests=5")
    assert len(things.heads) == 5


def test_what_is_published_holds_no_secret_afterwards(project: Project) -> None:
    published = {**NEWER, "info": {"title": CANARY, "version": CANARY}}
    assert leaks(project.ask(Publishing(published), DRIFT)) == set()


def test_mock_publishes_nothing(project: Project) -> None:
    run = project.run("-q", DRIFT)
    assert run.code == 4
    assert "--contract-drift needs a service that publishes something; give --base-url URL" in run.err
