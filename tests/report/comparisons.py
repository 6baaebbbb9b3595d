"""Comparisons made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from contracts.changes.change import Change
from contracts.decision.change_decision import ChangePolicy, decide_changes
from contracts.decision.entries import Acceptance, Accepted
from contracts.document import FolderFiles
from contracts.document.sides import RevisionFiles, Side
from contracts.report.diff import Diff

from ..documents import spec_of
from ..made_changes import ALL

BASE = Side("HEAD:spec/a.yaml", b"", (), RevisionFiles("HEAD", "spec/a.yaml"), "HEAD:")
REVISION = Side("spec/a.yaml", b"", (), FolderFiles(Path("spec"), "spec/a.yaml"))
STDIN = Side("<stdin>", b"")
SPEC = spec_of({})
UNTIL = date(2026, 12, 24)

NASTY = "x|`*_<b>@me #1 www.a.b https://a\n::error::x\r\x1b[31m\u202e\ud800``` 100%,:"
"""What must not break out of any form: of a cell, a line, a command, a fence, an element, a terminal."""


def accepting(*names: str) -> Accepted:
    today = date(2026, 11, 24)
    return Accepted(tuple(Acceptance(name, "agreed|in May", today, (), "a.toml", 1) for name in names), today)


def diff(changes: Sequence[Change] = ALL, *accepted: str, base: Side = BASE, revision: Side = REVISION) -> Diff:
    policy = ChangePolicy(accepted=accepting(*accepted))
    decision = decide_changes(changes, policy)
    return Diff(base, revision, (SPEC, SPEC), decision, policy.fail_on, "spec/accepted.toml", UNTIL)
