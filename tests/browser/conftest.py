"""Pages of runs, opened in headless Chromium."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser

from contracts.report.forms.page import page
from contracts.report.history import trend_of
from contracts.report.json_report import run_from
from tests.service.nights import nights
from tests.service.scenes import report_of

from .chromium import MISSING, chromium, launched
from .viewing import PLAIN, Looks, View, Views

SCENES = ("healthy", "broken", "refused")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for this folder, not for a session: its event loop must be gone when other tests start theirs."""
    program = chromium()
    if program is None:
        pytest.skip(MISSING)
    with launched(program) as browser:
        yield browser


@pytest.fixture(scope="package")
def views(browser: Browser) -> Views:
    return Views(browser)


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """The report of a scene, which is run once, by whichever worker comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def of(scene: str) -> dict[str, Any]:
        folder = shared / "scenes" / scene
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            kept = folder / "report.json"
            value: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else report_of(scene, folder)
        return value

    return of


@pytest.fixture(scope="session")
def html(report: Callable[[str], dict[str, Any]]) -> Callable[[str], str]:
    """The page of a scene; `history` is the broken one after a month of nights."""

    def of(scene: str) -> str:
        if scene != "history":
            return page(run_from(report(scene), "report.json"))
        runs = [run_from(night, "report.json") for night in nights(*map(report, SCENES))]
        return page(runs[-1], trend_of(runs))

    return of


Show = Callable[..., View]


@pytest.fixture
def show(views: Views, tmp_path: Path) -> Iterator[Show]:
    """Opens a page. Whatever a test does to it, nothing must appear on the console and nothing be asked for."""
    lent: list[tuple[View, list[View]]] = []

    def shown(html: str, looks: Looks = PLAIN, *, javascript: bool = True, anchor: str = "", height: int = 900) -> View:
        file = tmp_path / f"report-{len(lent)}.html"
        file.write_text(html, encoding="utf-8")
        lent.append(views.lent(looks, javascript, height))
        view, _ = lent[-1]
        view.show(file, anchor)
        return view

    yield shown
    asked = [url for view, _ in lent for url in view.asked if not url.startswith(view.url)]
    for view, place in lent:
        view.rest()
        place.append(view)
    assert [said for view, _ in lent for said in view.said] == []
    assert asked == []
