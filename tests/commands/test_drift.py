"""`contracts drift`: our document against the one that a service publishes."""

import copy
import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.decision.entries import CHANGES, entry_for
from tests.run.projects import CANARY, Things, answer, serving
from tests.service import create_app, running
from tests.service.app import published_document

from .conftest import Run

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "spec" / "notte.yaml"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contracts: Run) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOTTE_API_KEY", CANARY)
    return partial(contracts, "drift", "--spec", str(SPEC))


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def with_status(*members: str, version: str = "1.9.1") -> dict[str, Any]:
    document = copy.deepcopy(published_document())
    document["info"]["version"] = version
    status = document["components"]["schemas"]["SessionResponse"]["properties"]["status"]
    status["enum"] = list(members)
    return document


SAME = published_document()
NEWER = with_status("active", "closed", "error", "timed_out", "authenticating")
FEWER = with_status("active", "closed", "error")


def publishing(document: dict[str, Any], servers: ExitStack) -> str:
    return servers.enter_context(running(create_app(key=CANARY, document=document)))


def test_service_that_publishes_what_is_tested(run: Run, servers: ExitStack) -> None:
    code, out, err = run("--base-url", publishing(SAME, servers))
    assert (code, err) == (0, "")
    assert out.startswith("drift: none, the service publishes what you test (1.4.40)\n")
    assert "COMPATIBLE (nothing changed)" in out.splitlines()[-1]


def test_service_that_moved_on_and_breaks(run: Run, servers: ExitStack) -> None:
    code, out, _ = run("--base-url", publishing(NEWER, servers))
    assert code == 1
    assert out.startswith("drift: the service publishes 1.9.1, you test 1.4.40\n\nbreaks: enum-widened schemas/S")
    assert "error enum-widened" in out
    assert out.splitlines()[-1].startswith("diff: BREAKING (1 breaking")
    assert out.splitlines()[-1].endswith("/openapi.json")


def test_service_that_moved_on_and_breaks_nothing(run: Run, servers: ExitStack) -> None:
    code, out, _ = run("--base-url", publishing(FEWER, servers))
    assert (code, out.splitlines()[0]) == (0, "drift: the service publishes 1.9.1, you test 1.4.40")


def test_the_same_version_may_say_something_else(run: Run, servers: ExitStack) -> None:
    document = with_status("active", "closed", "error", version="1.4.40")
    _, out, _ = run("--base-url", publishing(document, servers))
    assert out.splitlines()[0] == "drift: the service publishes another 1.4.40 than you test"


def test_what_is_published_is_read_with_our_overlay(run: Run, servers: ExitStack) -> None:
    _, out, _ = run("--base-url", publishing(NEWER, servers))
    (note,) = [line for line in out.splitlines() if line.startswith("note: ")]
    assert "/openapi.json is read with" in note
    assert note.endswith("notte.yaml is")


@pytest.mark.parametrize(
    ("form", "starts"),
    [
        ("markdown", "drift: the service publishes 1.9.1, you test 1.4.40\n\n### Contract: BREAKING"),
        ("github", "::error "),
    ],
)
def test_other_forms(form: str, starts: str, run: Run, servers: ExitStack) -> None:
    code, out, _ = run("--base-url", publishing(NEWER, servers), "--format", form)
    assert (code, out.startswith(starts)) == (1, True)


def test_json_names_both_versions(run: Run, servers: ExitStack) -> None:
    code, out, _ = run("--base-url", publishing(NEWER, servers), "--format", "json")
    value = json.loads(out)
    assert (code, value["base"]["version"], value["revision"]["version"]) == (1, "1.4.40", "1.9.1")


def test_document_may_be_published_elsewhere(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(f"# Session status\n\n```json\n{json.dumps(NEWER)}\n```\n")
    (tmp_path / "new.json").write_text(json.dumps(NEWER))
    assert [run("--from", name)[0] for name in ("page.md", "new.json", str(SPEC))] == [1, 1, 0]


def test_change_that_was_agreed_on_passes(run: Run, servers: ExitStack, tmp_path: Path) -> None:
    base_url = publishing(NEWER, servers)
    _, out, _ = run("--base-url", base_url)
    words = shlex.split(next(line for line in out.splitlines() if "next: " in line).partition("contracts accept ")[2])
    entry = entry_for(CHANGES, words[0], until=date.max, reason="agreed")
    (tmp_path / "accepted.toml").write_text(entry)
    assert run("--base-url", base_url, "--accepted", "accepted.toml")[0] == 0


def test_no_credential_is_sent(run: Run, servers: ExitStack) -> None:
    body = answer(200, json.dumps(SAME).encode(), "Content-Type: application/json")
    things = Things(instead=lambda number: body)
    run("--base-url", servers.enter_context(serving(things)))
    assert things.lines == ["GET /openapi.json"]
    assert "authorization" not in things.heads[0].lower()


@pytest.mark.parametrize("status", [401, 404, 500])
def test_what_can_not_be_fetched_is_one_sentence(status: int, run: Run, servers: ExitStack) -> None:
    things = Things(instead=lambda number: answer(status))
    code, out, err = run("--base-url", servers.enter_context(serving(things)))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"/openapi.json answers {status}, not 200" in err


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ((), "one of --base-url and --from is needed"),
        (("--base-url", "http://h", "--from", "x"), "one of --base-url and --from is needed"),
        (("--base-url", ""), "--base-url is empty"),
        (("--base-url", "http://u:p@h"), "--base-url holds a user name or password"),
        (("--from", "nowhere.yaml"), "nowhere.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_a_user_can_mend_is_one_sentence(args: tuple[str, ...], sentence: str, run: Run) -> None:
    code, out, err = run(*args)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert sentence in err
