"""report.json to the value that every form of report is made from."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from contracts.messages import Failure, FailureKind, Response
from contracts.report.json_report import read_run, run_from, to_json, write_json
from contracts.rules import Severity
from contracts.verdicts import Outcome, Verdict

from .made import GET, exchange, report, rule, violated

NEWER = ("operation", "status", "place", "promise", "clause", "since", "recurrence", "unseen", "why")


def old(value: dict[str, Any]) -> dict[str, Any]:
    """A report as the first version wrote it: with the keys that stay, alone."""
    for verdict in value["verdicts"]:
        for name in NEWER:
            verdict.pop(name)
        verdict["source"].pop("excerpt", None)
        if verdict["evidence"]:
            verdict["evidence"].pop("exchange")
            verdict["evidence"].pop("request")
    return {key: value[key] for key in value.keys() - {"operations", "notes", "reasons", "statuses", "interrupted"}}


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = read_run(write_json(to_json(report(violated(), base_url=None)), tmp_path))
    (verdict,) = run.verdicts
    assert (verdict.rule, verdict.operation, verdict.status, verdict.place) == (
        f"{GET} 200 /status enum",
        GET,
        "200",
        "/status",
    )
    assert (run.target, run.seed, run.seconds, run.counts["violated"]) == ("the mock", "7", 1.0, 1)
    assert verdict.evidence is not None
    assert (verdict.evidence.message, verdict.evidence.request and verdict.evidence.request.target) == (
        '"paused"',
        "/things/1",
    )


def test_an_older_report_is_read_from_its_ids() -> None:
    verdicts = run_from(
        old(to_json(report(violated(), Verdict(rule("framing", status=None), Outcome.HOLDS, 1))))
    ).verdicts
    about = [(v.operation, v.status, v.place, v.name) for v in verdicts]
    assert about == [(GET, "200", "/status", ""), (GET, None, None, "")]


@pytest.mark.parametrize(
    ("identity", "kind", "about"),
    [
        ("GET /a 200 / required id", "required", ("GET /a", "200", "", "/", "id")),
        (
            "GET /a/{b} 4XX;text/html media type documented",
            "media type documented",
            ("GET /a/{b}", "4XX", "", None, ""),
        ),
        ("GET /a 200 ;text/html /x type", "type", ("GET /a", "200", "text/html", "/x", "")),
        ("GET /a auth required", "auth", ("GET /a", None, "", None, "required")),
        ("GET /a default /b/*/c enum", "enum", ("GET /a", "default", "", "/b/*/c", "")),
    ],
    ids=["of a body", "of a range", "of one media type", "of an operation", "of the default"],
)
def test_a_rule_id_says_what_the_rule_is_about(identity: str, kind: str, about: tuple[Any, ...]) -> None:
    value = old(to_json(report(violated())))
    value["verdicts"][0] |= {"rule": identity, "kind": kind}
    (verdict,) = run_from(value).verdicts
    assert (verdict.operation, verdict.status, verdict.media, verdict.place, verdict.name) == about


def test_times_are_counted_by_operation() -> None:
    exchanges = (exchange(), exchange(Response(404, (), b"", 0.4)), exchange(Failure(FailureKind.RESET, "gone")))
    by_key = {operation.key: operation for operation in run_from(to_json(report(exchanges=exchanges))).operations}
    asked = by_key[GET]
    assert (asked.exchanges, asked.unavailable, asked.statuses) == (3, 1, {"200": 1, "404": 1, "reset": 1})
    assert (asked.times.count, asked.times.median, asked.times.p95, asked.times.longest) == (2, 0.012, 0.4, 0.4)
    assert [index for index, count in enumerate(asked.times.histogram) if count] == [4, 8]
    assert by_key["POST /things/{id}"].exchanges == 0


@pytest.mark.parametrize(
    ("verdict", "standing"),
    [
        (violated(), "violated"),
        (violated(of=rule("unique names", Severity.ADVISORY)), "advisory"),
        (Verdict(rule(), Outcome.NOT_EXERCISED), "not exercised"),
        (Verdict(rule(), Outcome.HOLDS, 1), "holds"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_verdict_has_a_standing(verdict: Verdict, standing: str) -> None:
    assert run_from(to_json(report(verdict))).verdicts[0].standing == standing


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"suite": {"name": "another"}}', '{"suite": {"name": "notte-contracts"}, "verdicts": []}'],
    ids=["a list", "empty object", "another program's", "half of one"],
)
def test_what_is_no_report_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(UsageError, match=r"r\.json is not a report\.json of this suite; give a report\.json"):
        read_run(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "is empty"), ('{"suite":\n', r"is no JSON, or not all of it \(line 2\)")],
    ids=["empty", "cut short"],
)
def test_a_file_that_is_not_whole_is_called_so(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(UsageError, match=rf"r\.json {problem}; give a report\.json"):
        read_run(tmp_path / "r.json")


def test_a_folder_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is a folder; give a file in it, .*report\.json say"):
        read_run(tmp_path)


def test_a_moment_without_time_zone_is_refused(tmp_path: Path) -> None:
    value = to_json(report()) | {"started": "2026-11-24T05:00:00"}
    (tmp_path / "r.json").write_text(json.dumps(value))
    with pytest.raises(UsageError):
        read_run(tmp_path / "r.json")


def test_the_lines_of_the_document_come_with_a_violation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("things.yaml").write_text("\n".join(f"line {number}" for number in range(1, 99)))
    source = run_from(to_json(report(violated()))).verdicts[0].source
    excerpt = source.excerpt
    assert [number for number, _ in excerpt] == list(range(source.line - 3, source.line + 9))
    assert excerpt[3] == (source.line, f"line {source.line}")
