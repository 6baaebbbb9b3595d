"""A run, and a comparison, as annotations of GitHub Actions."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.changes.change import Witness
from contracts.document import Source
from contracts.report.forms.annotations import MAX_SHOWN, diff_annotations, run_annotations
from contracts.report.run import Passage

from ...made_changes import ALL, BREAKS, change
from ..comparisons import BASE, NASTY, STDIN, diff
from ..runs import lacks, proof, run, verdict

HERE = Path("/here")


def levels(*lines: str) -> list[str]:
    return [line.partition(" ")[0] for line in lines]


def test_levels_by_standing_and_the_decision_last() -> None:
    verdicts = [verdict(state, state) for state in ("accepted", "advisory", "holds", "not_exercised", "violated")]
    lines = list(run_annotations(run(*verdicts), HERE))
    assert levels(*lines) == ["::error", "::warning", "::notice", "contract:"]
    assert lines[-1].startswith("contract: FAIL on http://h (5 rules")


def test_an_annotation_says_what_a_failure_says() -> None:
    made = run(verdict("violated", since="new", clause="§4"), against={"path": "last.json"})
    line = next(run_annotations(made, HERE))
    assert line == (
        "::error file=things.yaml,line=12,title=violated%3A GET /things/{id} 200 /status enum::"
        'seen: /status is "paused" (on 3 of 9 exchanges)%0Awanted: is one of active, closed (§4)%0A'
        "new since last.json%0Arepeat: curl http://h/things/1"
    )


def test_one_cause_on_several_operations_is_one_annotation() -> None:
    several = [lacks("GET /a"), lacks("GET /b"), lacks("GET /c"), lacks("GET /d", "name")]
    one, other, _ = run_annotations(run(*several), HERE)
    assert "title=violated%3A GET /a 200 / required id%2C on 3 operations::" in one
    assert 'seen: lacks "id" (on 3 of 9 exchanges)%0Athe same on GET /a, GET /b, GET /c%0Awanted: ' in one
    assert "title=violated%3A GET /d 200 / required name::" in other
    assert "the same on" not in other


def test_operations_beyond_the_first_are_counted() -> None:
    one, _ = run_annotations(run(*(lacks(f"GET /{number}") for number in range(8))), HERE)
    assert "the same on GET /0, GET /1, GET /2, GET /3, GET /4 and 3 more in report.json%0A" in one


def test_an_accepted_one_says_why() -> None:
    line = next(run_annotations(run(verdict("accepted")), HERE))
    assert line.endswith("%0Aaccepted until 2027-01-31: rolled out early")


def test_what_fails_nothing_is_no_error() -> None:
    made = run(verdict("violated", since="still there"), decision="pass")
    assert levels(*run_annotations(made, HERE)) == ["::warning", "contract:"]


def test_the_worst_come_first_and_the_rest_is_counted() -> None:
    known = [verdict("violated", f"k{n}", since="still there", violations=9) for n in range(MAX_SHOWN)]
    rare, often = verdict("violated", "rare", violations=1), verdict("violated", "often", violations=9)
    lines = list(run_annotations(run(*known, rare, often), HERE))
    assert ["/often" in lines[0], "/rare" in lines[1], "/k0" in lines[2]] == [True, True, True]
    assert lines[MAX_SHOWN:-1] == ["… and 2 more of level error, in report.json"]


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("spec/things.yaml", "spec/things.yaml"),
        ("/here/spec/things.yaml", "spec/things.yaml"),
        ("/there/things.yaml", "/there/things.yaml"),
    ],
    ids=["as it is", "below", "elsewhere"],
)
def test_files_are_seen_from_here(file: str, shown: str) -> None:
    line = next(run_annotations(run(verdict("violated", source=Passage(file, 0))), HERE))
    assert line.startswith(f"::error file={shown},line=1,")


def test_without_a_folder_files_are_seen_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = next(run_annotations(run(verdict("violated", source=Passage(f"{tmp_path}/a.yaml", 3)))))
    assert line.startswith("::error file=a.yaml,line=3,")


def test_nothing_of_an_answer_ends_a_command() -> None:
    made = run(
        verdict("violated", rule=f"GET /a 200 {NASTY}", promise=NASTY, proof=proof(NASTY, curl=NASTY)), targets=(NASTY,)
    )
    first, last = run_annotations(made, HERE)
    head, data = first.removeprefix("::").split("::", 1)
    assert (first.isprintable(), last.startswith("contract: "), last.isprintable()) == (True, True, True)
    assert head.count(",") == 2
    assert "%3A%3Aerror%3A%3Ax" in head
    assert "100%25" in data


def test_an_old_report_without_evidence_is_shown() -> None:
    line = next(run_annotations(run(verdict("violated", proof=None, promise="")), HERE))
    assert line.endswith("::seen: the report has no evidence (on 3 of 9 exchanges)")


# A comparison


def test_commands_by_severity() -> None:
    lines = list(diff_annotations(diff(ALL, "enum-*")))
    assert [line.split(" ")[0] for line in lines] == ["::warning", "::warning", "::notice", "::notice", "diff:"]


def test_an_annotation_says_what_breaks_and_what_to_do() -> None:
    line = next(diff_annotations(diff([BREAKS])))
    assert line == (
        "::error file=spec/a.yaml,line=9,title=breaking%3A enum-widened schemas/Thing /status::the list of values "
        "takes more than before (reaches responses of GET /things/{id})%0Athe revision allows it, the base refuses it: "
        '/status is "paused"; allowed are "active", "closed"%0Ato let it pass: contracts accept '
        "'enum-widened schemas/Thing /status' --accepted spec/accepted.toml --reason '…' --until 2026-12-24"
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
    assert next(diff_annotations(made)).startswith(f"::error {place}")


def test_nothing_of_a_document_ends_a_command() -> None:
    witness = Witness(NASTY, {"status": 200, "headers": {}, "body": None}, "revision", "base", NASTY)
    first, last = diff_annotations(diff([change(where=NASTY, message=NASTY, witness=witness)]))
    head, data = first.removeprefix("::").split("::", 1)
    assert (first.isprintable(), last.startswith("diff: ")) == (True, True)
    assert head.count(",") == 2
    assert "%3A%3Aerror%3A%3Ax" in head
    assert "100%25" in data
