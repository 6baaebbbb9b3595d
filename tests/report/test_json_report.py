"""report.json, written and read back, also that of an older version."""

import json
from collections.abc import Collection
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from contracts.decision.run_decision import Against, Decision, Known, Result, Since
from contracts.errors import UsageError
from contracts.messages import Failure, FailureKind, Request, Response
from contracts.report.json_report import SCHEMA, read_run, run_from, to_json, write_json
from contracts.report.record import probes_of_report
from contracts.report.run import (
    Agreement,
    Drift,
    OperationRun,
    Passage,
    Proof,
    RuleVerdict,
    Sent,
    Shard,
    Subject,
    Times,
)
from contracts.rules import Severity
from contracts.verdicts import Outcome, Recurrence, Verdict

from . import runs
from .verdicts import GET, SPEC, exchange, report, rule, violated


def evidence_of(value: dict[str, Any]) -> Any:
    return value["verdicts"][0]["evidence"]


def test_schema_is_one() -> None:
    jsonschema_rs.meta.validate(json.loads(SCHEMA.read_text()))


def test_schema_refuses_what_is_no_report() -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    whole = to_json(report(violated()))
    assert validator.is_valid(whole)
    for name in ("suite", "seed", "decision", "summary", "verdicts", "target"):
        assert not validator.is_valid({key: value for key, value in whole.items() if key != name})


DESCRIBED = json.loads(SCHEMA.read_text())
VERDICT = DESCRIBED["$defs"]["verdict"]["properties"]
EVIDENCE = DESCRIBED["$defs"]["evidence"]["properties"]


@pytest.mark.parametrize(
    ("model", "described"),
    [
        (RuleVerdict, VERDICT),
        (Passage, VERDICT["source"]["properties"]),
        (Agreement, VERDICT["accepted"]["properties"]),
        (Recurrence, VERDICT["recurrence"]["properties"]),
        (Proof, EVIDENCE),
        (Sent, EVIDENCE["request"]["properties"]),
        (Times, DESCRIBED["$defs"]["times"]["properties"]),
        (OperationRun, {"key", *DESCRIBED["$defs"]["operation"]["properties"]}),
        (Drift, DESCRIBED["properties"]["drift"]["properties"]),
        (Subject, DESCRIBED["properties"]["spec"]["properties"]),
        (Shard, DESCRIBED["properties"]["shard"]["properties"]),
    ],
)
def test_schema_has_what_the_model_has(model: Any, described: Collection[str]) -> None:
    assert {field.name for field in fields(model)} == set(described)


FULL = report(
    violated(on=exchange(request=Request("POST", "/things/1", (("X", "y"),), b"z"))),
    Verdict(rule("/x type"), Outcome.UNDECIDED, 1, why="too deep"),
    drift=Drift("1", "2", decision="breaking", changes=("x is gone",)),
    against=Against(Known("last.json", "pass", {"GET /a 200 / type": None}), {"GET /a 200 / type": Since.NOT_JUDGED}),
    sessions={"listed": None, "started": None},
    interrupted=True,
    command="pytest -k 'a b'",
    shard=Shard(2, 3, {"GET /a": 2, "GET /b": 1}, {"--contract-strict": "True"}, healed={"it can go": False}),
)


def test_schema_has_what_a_report_has() -> None:
    assert {*to_json(FULL), "common"} == set(DESCRIBED["properties"])  # which a large one has
    jsonschema_rs.validator_for(DESCRIBED, validate_formats=True).validate(to_json(FULL))


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    found = read_run(write_json(to_json(FULL), tmp_path))
    assert vars(replace(found, files=())) == vars(replace(FULL))


def test_report_without_an_answer() -> None:
    failure = exchange(Failure(FailureKind.BAD_FRAMING, "no status line"))
    found = evidence_of(to_json(report(violated(on=failure), exchanges=(failure,))))
    assert (found["status"], found["headers"], found["body"]) == (None, [], None)


def test_unexercised_rule_has_no_evidence() -> None:
    value = to_json(report(Verdict(rule(), Outcome.NOT_EXERCISED, why="nobody came")))
    assert (evidence_of(value), value["verdicts"][0]["why"]) == (None, "nobody came")


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"\xffa", "\\xffa"), ("é".encode(), "é"), (b"x" * 20_001, "x" * 20_000)],
    ids=["no UTF-8", "UTF-8", "long"],
)
def test_body_is_shown_as_text(body: bytes, shown: str) -> None:
    assert evidence_of(to_json(report(violated(on=exchange(Response(200, (), body))))))["body"] == shown


@pytest.mark.parametrize(
    "verdict",
    [
        violated("canary-1"),
        violated(on=exchange(Response(200, (("X", "canary-1"),), b"canary-1"))),
        violated(on=exchange(request=Request("GET", "/things/canary-1", (("X", "canary-1"),)))),
        Verdict(rule(), Outcome.NOT_EXERCISED, seen={"canary-1": 1}, why="canary-1"),
    ],
    ids=["what was seen", "the answer", "the request", "the counts"],
)
def test_report_holds_no_secret(verdict: Verdict) -> None:
    reasons = Decision(Result.INCONCLUSIVE, ("no answer (canary-1)",))
    text = json.dumps(to_json(report(verdict, decision=reasons)))
    assert "canary-1" not in text
    assert "$CONTRACT_CREDENTIAL" in text


def test_half_a_surrogate_pair_is_written_as_its_escape(tmp_path: Path) -> None:
    path = write_json(to_json(report(violated("\ud800", on=exchange(Response(200, (), b"\\ud800"))))), tmp_path)
    found = evidence_of(json.loads(path.read_bytes()))
    assert (found["message"], found["body"]) == ("\\ud800", "\\ud800")


def test_report_is_replaced_whole(tmp_path: Path) -> None:
    write_json(to_json(report(violated())), tmp_path / "new")
    write_json(to_json(report()), tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.json"]
    assert json.loads((tmp_path / "new" / "report.json").read_text())["verdicts"] == []


REQUESTS = [
    Request("GET", "/things/1", (("X-Odd", "Zürich"), ("X-Twice", "a"), ("X-Twice", "b"))),
    Request("POST", "/things/%FF?a=b", (("Content-Type", "a/b"),), bytes(range(256))),
    Request("POST", "/things/1", (), b""),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=["fields", "bytes", "empty body"])
def test_evidence_is_read_back_as_it_was_sent(request_: Request, tmp_path: Path) -> None:
    path = write_json(to_json(report(violated(on=exchange(request=request_)))), tmp_path)
    (probes,) = probes_of_report(path, SPEC).values()
    assert [probe.request for probe in probes] == [request_]


def test_same_evidence_of_two_rules_is_one_probe(tmp_path: Path) -> None:
    path = write_json(to_json(report(violated(), violated(of=rule("/ schema")))), tmp_path)
    assert [len(probes) for probes in probes_of_report(path, SPEC).values()] == [1]


def test_evidence_on_another_document_is_left_out(tmp_path: Path) -> None:
    value = to_json(report(violated()))
    evidence_of(value)["request"]["operation"] = "GET /elsewhere"
    (tmp_path / "report.json").write_text(json.dumps(value))
    assert probes_of_report(tmp_path / "report.json", SPEC) == {}


BROKEN: list[tuple[str, Any]] = [
    ("body", 7),
    ("body", "no base64!"),
    ("headers", [["X"]]),
    ("headers", None),
    ("credential", "unheard of"),
]


@pytest.mark.parametrize(("name", "value"), BROKEN, ids=[f"{name} {value}" for name, value in BROKEN])
def test_broken_evidence_is_a_usage_error(name: str, value: Any, tmp_path: Path) -> None:
    whole = to_json(report(violated()))
    evidence_of(whole)["request"][name] = value
    (tmp_path / "report.json").write_text(json.dumps(whole))
    with pytest.raises(
        UsageError,
        match=r"is (not a report\.json of this suite|empty|no JSON, or not all of it \(line 1\)); give a report",
    ):
        probes_of_report(tmp_path / "report.json", SPEC)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"verdicts": 7}', '{"verdicts": [7]}', "\x00", '"\\ud800'])
def test_other_file_is_a_usage_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(
        UsageError,
        match=r"is (not a report\.json of this suite|empty|no JSON, or not all of it \(line 1\)); give a report",
    ):
        probes_of_report(tmp_path / "report.json", SPEC)


# Read back

NEWER = (
    *("operation", "status", "place", "promise", "clause", "since", "recurrence", "unseen", "why"),
    *("found", "found_more"),
)


HEADS = {"operations", "notes", "reasons", "statuses", "interrupted", "retried_for"}


def old(value: dict[str, Any]) -> dict[str, Any]:
    """A report as the first version wrote it: with the keys that stay, alone."""
    for verdict in value["verdicts"]:
        for name in NEWER:
            verdict.pop(name)
        verdict["source"].pop("excerpt", None)
        if verdict["evidence"]:
            verdict["evidence"].pop("exchange")
            verdict["evidence"].pop("request")
    value["summary"].pop("retried")
    return {key: value[key] for key in value.keys() - HEADS}


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
    assert [v.found for v in verdicts] == [{'"paused"': 3}, {}]
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


@pytest.mark.parametrize("change", [{"rule": "nonsense"}, {"rule": ""}, {"outcome": "violated", "evidence": None}])
def test_a_verdict_that_nobody_can_tell_of_makes_no_report(change: dict[str, Any], tmp_path: Path) -> None:
    written = to_json(runs.run(runs.verdict("holds")))
    written["verdicts"][0] |= change
    path = tmp_path / "report.json"
    path.write_text(json.dumps(written), encoding="utf-8")
    with pytest.raises(UsageError, match=r"is not a report\.json of this suite; give a report"):
        read_run(path)
    with pytest.raises(ValueError, match=r"no rule id|without evidence"):
        run_from(written)
