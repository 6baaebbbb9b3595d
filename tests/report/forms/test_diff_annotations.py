"""A comparison as annotations of GitHub Actions."""

from __future__ import annotations

import pytest

from contracts.changes.change import Witness
from contracts.document import Source
from contracts.report.forms.diff_annotations import annotation_lines

from ...made_changes import ALL, BREAKS, change
from ..made_diffs import BASE, NASTY, STDIN, diff


def test_commands_by_severity() -> None:
    lines = list(annotation_lines(diff(ALL, "enum-*")))
    assert [line.split(" ")[0] for line in lines] == ["::warning", "::warning", "::notice", "::notice", "diff:"]


def test_an_annotation_says_what_breaks_and_what_to_do() -> None:
    line = next(annotation_lines(diff([BREAKS])))
    assert line == (
        "::error file=spec/a.yaml,line=9,title=breaking%3A enum-widened schemas/Thing /status::the list of values "
        "takes more than before (reaches responses of GET /things/{id})%0Athe revision allows it, the base refuses it: "
        '/status is "paused"; allowed are "active", "closed"%0Ato let it pass, add to spec/accepted.toml: '
        'change."enum-widened schemas/Thing /status" = { reason = "…", until = 2026-12-24 }'
    )


@pytest.mark.parametrize(
    ("base", "revision", "place"),
    [
        (BASE, BASE, "file=spec/a.yaml,line=9,"),
        (BASE, STDIN, "file=spec/a.yaml,line=7,"),
        (STDIN, STDIN, "title="),
    ],
    ids=["two revisions", "the base alone is a file", "no files"],
)
def test_places_are_those_of_a_file(base: object, revision: object, place: str) -> None:
    sources = {side: Source(s.name, line, "") for side, s, line in (("base", base, 7), ("revision", revision, 9))}  # type: ignore[attr-defined]
    made = diff([change(**sources)], base=base, revision=revision)  # type: ignore[arg-type]
    assert next(annotation_lines(made)).startswith(f"::error {place}")


def test_nothing_of_a_document_ends_a_command() -> None:
    witness = Witness(NASTY, {"status": 200, "headers": {}, "body": None}, "revision", "base", NASTY)
    first, last = annotation_lines(diff([change(where=NASTY, message=NASTY, witness=witness)]))
    head, data = first.removeprefix("::").split("::", 1)
    assert (first.isprintable(), last.startswith("diff: ")) == (True, True)
    assert head.count(",") == 2
    assert "%3A%3Aerror%3A%3Ax" in head
    assert "100%25" in data
