"""Nights in a row against a service, each held against the one before: decision, exit code and summary.

The stand-in of Notte has them all, and an ordinary FastAPI service the three that follow one another.
"""

import copy
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.service import Fault, create_app, plain_app, running, seeded_ids
from tests.service.app import published_document
from tests.service.edits import put
from tests.service.ordinary import FASTAPI, reads
from tests.service.slips import SLIPS, Slipping

from .projects import CANARY, Project, Run

SPEC = Path(__file__).parents[2] / "spec"
OPERATION = "GET /sessions/{session_id}"
ENUM = f"{OPERATION} 200 /status enum"
AUTHENTICATING = Fault("authenticating", "news", put(status="authenticating"), lambda call: call.index == 3)
BURSTS = frozenset(start + more for start in (20, 50, 80) for more in range(3))
"""Of a hundred requests, those that have no answer: as many in a row as one is asked for."""


class Overloaded:
    """A service that answers 503 to three requests of a hundred, however often these are asked again."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.numbers = app, count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or next(self.numbers) % 100 not in BURSTS:
            return await self.app(scope, receive, send)
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


@dataclass(frozen=True, slots=True)
class Nights:
    """A service by whether it is broken, what it is asked, its version, and what is broken then."""

    service: Callable[[bool], ASGIApp]
    options: tuple[str, ...]
    version: str
    rule: str
    seen: str


class Below:
    """A service that moved to another prefix; what was there has a page."""

    def __init__(self, prefix: str, app: ASGIApp) -> None:
        self.prefix, self.app = prefix, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(f"{self.prefix}/"):
            return await HTMLResponse("<p>Not here</p>", 404)(scope, receive, send)
        await self.app({**scope, "root_path": self.prefix}, receive, send)


@pytest.fixture(autouse=True)
def notte(project: Project, impatient: None) -> None:
    for name in ("notte.yaml", "notte.overlay.yaml"):
        shutil.copy(SPEC / name, project.folder / "spec")
    (project.folder / "ids.txt").write_text("\n".join(seeded_ids(12)))


def service(fault: Fault | None = None, document: Mapping[str, Any] | None = None) -> ASGIApp:
    return create_app(key=CANARY, fault=fault, document=document)


def ordinary(broken: bool) -> ASGIApp:
    app = plain_app(CANARY)
    app.openapi = lambda: ORDERS  # type: ignore[method-assign]  # as FastAPI documents it
    return Slipping(app, (SLIPS[0],) if broken else ())


IDS = ("--contract-session-id=@ids.txt",)
ORDERS = reads(FASTAPI.document(), "/orders/{order_id}")
NOTTE = Nights(lambda broken: service(AUTHENTICATING if broken else None), IDS, "1.4.40", ENUM, '"authenticating"')
PLAIN = Nights(ordinary, FASTAPI.options[:3], "1.2.0", SLIPS[0].breaks[0], '"lost"')


def night(project: Project, app: ASGIApp, *args: str, options: Sequence[str] = IDS) -> Run:
    """A run that is held against the one before, if there was one; only what is new fails."""
    last = project.folder / "last.json"
    against = [f"--contract-against={last.name}"] if last.exists() else []
    with running(app) as base_url:
        run = project.run("-q", "--base-url", base_url, "--contract-fail-on=new", *options, *against, *args)
    shutil.copy(project.folder / "build" / "contract" / "report.json", last)
    return run


def summary(run: Run) -> list[str]:
    start = next(n for n, line in enumerate(run.lines) if "= contract =" in line)
    return run.lines[start + 1 :]


@pytest.mark.parametrize("nights", [NOTTE, PLAIN], ids=["Notte", "FastAPI"])
def test_three_nights(nights: Nights, project: Project) -> None:
    if nights is PLAIN:
        project.write(ORDERS)
        (project.folder / "spec" / "notte.overlay.yaml").unlink()
    rule, options = nights.rule, nights.options
    healthy = night(project, nights.service(False), options=options)
    assert (healthy.code, healthy.report["decision"], healthy.violations) == (0, "pass", set())
    assert healthy.lines[-1].startswith("contract: PASS on http://127.0.0.1:")

    broken = night(project, nights.service(True), options=options)
    assert (broken.code, broken.report["decision"], broken.violations) == (1, "fail", {rule})
    assert (broken.counted("failed"), broken.counted("xfailed")) == (1, 0)
    drift, against, *new = summary(broken)[:4]
    assert drift == f"drift: none, the service publishes what you test ({nights.version})"
    assert against.startswith("against last.json (pass on http://127.0.0.1:")
    assert against.endswith(": 1 new, 0 still there, 0 fixed, 0 not judged")
    assert f"new: {rule}: {nights.seen}, always" in new
    assert ": 1 rule violated, 1 of them new (" in broken.lines[-1]

    overloaded = night(project, Overloaded(nights.service(True)), options=options)
    assert (overloaded.code, overloaded.report["decision"]) == (0, "pass")
    assert (overloaded.violations, overloaded.counted("xfailed")) == ({rule}, 1)
    asked, unavailable = (overloaded.report["summary"][name] for name in ("exchanges", "unavailable"))
    assert 0.02 < unavailable / asked < 0.04
    _, against, still, *rules = summary(overloaded)[:4]
    assert against.endswith(": 0 new, 1 still there, 0 fixed, 0 not judged")
    assert still == "still there (1):"
    assert rules == [f"  {rule}, always"]
    assert overloaded.lines[-1].startswith("contract: PASS on http://127.0.0.1:")


def test_night_that_is_better_again(project: Project) -> None:
    night(project, service(AUTHENTICATING))
    mended = night(project, service())
    assert (mended.code, mended.report["against"]["fixed"]) == (0, [ENUM])


def test_overloaded_night_has_no_verdict_where_less_is_taken(project: Project) -> None:
    run = night(project, Overloaded(service()), "--contract-max-unavailable=1%")
    assert (run.code, run.report["decision"]) == (3, "inconclusive")
    assert "requests had no answer of the service, more than 1% (--contract-max-unavailable)" in run.lines[-1]


def test_first_night_against_a_service_that_moved_on(project: Project) -> None:
    newer = copy.deepcopy(published_document())
    newer["info"]["version"] = "1.9.1"
    newer["components"]["schemas"]["SessionResponse"]["properties"]["status"]["enum"].append("authenticating")
    run = night(project, service(AUTHENTICATING, newer), "--contract-drift")
    assert (run.code, run.violated) == (1, {ENUM})
    first, change, note, kept = summary(run)[:4]
    assert first.startswith("drift: the service publishes 1.9.1, you test 1.4.40: BREAKING (1 breaking); all of it: ")
    assert change.startswith("  breaking enum-widened ")
    assert note.endswith("/openapi.json is read with spec/notte.overlay.yaml, as spec/notte.yaml is")
    assert kept == "  1 violated rule is no violation of what is published; `contracts pull` takes that over"


@pytest.mark.parametrize("mistake", ["key", "prefix"])
def test_night_with_a_mistake_keeps_what_is_known(mistake: str, project: Project) -> None:
    project.write(ORDERS)
    (project.folder / "spec" / "notte.overlay.yaml").unlink()
    night(project, ordinary(True), options=PLAIN.options)
    wrong = plain_app("another-key-0123") if mistake == "key" else Below("/v9", ordinary(True))
    lost = night(project, wrong, options=PLAIN.options)
    assert (lost.code, lost.report["decision"], lost.violated) == (3, "inconclusive", set())
    assert lost.report["against"]["not_judged"] == [PLAIN.rule]
    again = night(project, ordinary(True), options=PLAIN.options)
    assert (again.code, again.report["against"]["still_there"]) == (0, [PLAIN.rule])
