"""Makes the pictures of docs/report.md: runs against the service of the tests and a month of nights, in Chromium.

    .venv/bin/python docs/screenshots.py

Chromium is found as the browser tests find it (see tests/browser/chromium.py). Addresses and times are made up, so that
the pictures change only when the page does.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from contracts.report.forms.page import page  # noqa: E402  the checkout may not be installed
from contracts.report.history import trend_of  # noqa: E402
from contracts.report.json_report import run_from  # noqa: E402
from tests.browser.chromium import MISSING, chromium, launched  # noqa: E402
from tests.browser.viewing import NARROW, Looks, opened  # noqa: E402
from tests.service.nights import TONIGHT, moved, nights  # noqa: E402
from tests.service.scenes import SCENES, report_of  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
WIDTH = 1080
"""What a reader of the docs sees at about its own size."""
LIGHT, DARK, SMALL = Looks("light", WIDTH), Looks("dark", WIDTH), Looks("dark", NARROW)


@dataclass(frozen=True)
class Picture:
    """What a window shows of the page of a scene, from an element on."""

    name: str
    scene: str
    looks: Looks
    start: str = "body"
    height: int = 800


ALL = (
    Picture("report-healthy", "healthy", LIGHT),
    Picture("report-broken", "broken", LIGHT, height=700),
    Picture("report-broken-dark", "broken", DARK, height=700),
    Picture("report-broken-narrow", "broken", SMALL, height=844),
    Picture("report-matrix", "broken", Looks("light"), "#matrix", 840),
    Picture("report-inconclusive", "refused", LIGHT, height=640),
    Picture("report-history", "history", LIGHT, "#history", 820),
    Picture("report-history-dark", "history", DARK, "#history", 820),
)


def pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Each scene with its page."""
    reports = {}
    for scene in SCENES:
        report = json.dumps(report_of(scene, folder / scene))
        reports[scene] = json.loads(report.replace(str(folder / scene), "build/contract"))
    for scene, report in reports.items():
        yield scene, page(run_from(moved(report, TONIGHT, random.Random(1)), "build/contract/report.json"))
    told = nights(reports["healthy"], reports["broken"], reports["refused"])
    month = [run_from(night, "build/contract/report.json") for night in told]
    yield "history", page(month[-1], trend_of(month))


def main() -> int:
    program = chromium()
    if program is None:
        print(MISSING, file=sys.stderr)
        return 2
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, launched(program) as browser:
        folder = Path(name)
        for scene, html in pages(folder):
            (folder / f"{scene}.html").write_text(html, encoding="utf-8")
        for picture in ALL:
            view = opened(browser, picture.looks, height=picture.height)
            view.show(folder / f"{picture.scene}.html")
            view.page.locator(picture.start).evaluate("one => one.scrollIntoView()")
            path = PICTURES / f"{picture.name}.png"
            view.page.screenshot(path=path, animations="disabled")
            view.context.close()
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
