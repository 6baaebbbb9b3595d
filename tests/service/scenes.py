"""Runs worth a picture: a service and options go in, the `report.json` of a contract run against it comes out."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .app import create_app
from .edits import known, mapped, put, then
from .fault import Answer, Call, Fault
from .running import running
from .store import seeded_ids

ROOT = Path(__file__).parents[2]
KEY = "scene-key-0123456789"
SESSIONS = 40


def _five_kinds(call: Call, answer: Answer) -> Answer:
    """A value outside its enum, a missing property, a null, a wrong type and a wrong format, each on some resources."""
    index = call.index or 0
    edits = [
        *([put(status="paused")] if index % 4 == 1 else []),
        *([put(timeout_minutes=None)] if index % 5 == 2 else []),
        *([put(proxies="true")] if index % 7 == 3 else []),
        *([mapped("created_at", lambda text: f"{text[:13]}:00")] if index % 6 == 4 else []),
        *([lambda _call, found: _without(found, "last_accessed_at")] if index % 9 == 5 else []),
    ]
    return then(*edits)(call, answer) if edits else answer


def _without(answer: Answer, name: str) -> Answer:
    data = answer.data
    del data[name]
    return answer.with_data(data)


BROKEN = Fault("five kinds", "scene", _five_kinds, known)
SCENES = {"healthy": None, "broken": BROKEN, "refused": None}
"""Scenes by name, with what is wrong with the service; `refused` is asked with a key that it does not know."""


def report_of(scene: str, folder: Path) -> dict[str, Any]:
    """The report of a run against the service of a scene, which is left in `folder`."""
    with running(create_app(key=KEY, sessions=SESSIONS, fault=SCENES[scene])) as base_url:
        ids = folder / "sessions.txt"
        folder.mkdir(parents=True, exist_ok=True)
        ids.write_text("\n".join(seeded_ids(SESSIONS)), encoding="utf-8")
        words = [
            "tests/contract",
            "-q",
            "-p",
            "no:cacheprovider",
            "--base-url",
            base_url,
            "--contract-report",
            str(folder),
            f"--contract-session-id=@{ids}",
        ]
        environ = {**os.environ, "NOTTE_API_KEY": "wrong-key-987654" if scene == "refused" else KEY}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=ROOT, env=environ, capture_output=True, text=True
        )
    report = folder / "report.json"
    if not report.is_file():
        raise RuntimeError(done.stdout + done.stderr)
    value: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return value
