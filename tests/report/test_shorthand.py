"""The report of a large run: one line a verdict, what many share once, and read back the same."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from contracts.errors import UsageError
from contracts.messages import Response
from contracts.report import json_report, shorthand
from contracts.report.history import keep, trend_in
from contracts.report.json_report import SCHEMA, json_text, read_run, run_from, to_json, write_json
from contracts.report.record import known_of_report, probes_of_report
from contracts.report.run import Run
from contracts.rules import Rule, Severity
from contracts.verdicts import Outcome, Verdict

from .verdicts import GET, SPEC, exchange, report, rule, violated

CLAUSE = "JSON Schema Validation, draft-wright-00 §7.3, OpenAPI 3.0 §4.4"
POINTER = "/paths/~1things~1{id}/get/responses/200/content/application~1json/schema/properties/status"
MOST = 160  # bytes that a rule may take beside its id, in a report of 240,000 below 60 MB


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rules are many."""
    monkeypatch.setattr(json_report, "LARGE", 1)


def held(number: int, **extra: Any) -> Verdict:
    name = f"{GET} 200 /status/x{number}"
    made = Rule(
        f"{name} type", "type", Severity.VIOLATION, CLAUSE, GET, "200", f"/status/x{number}", POINTER, "is text"
    )
    return Verdict(made, Outcome.HOLDS, **{"exercised": 7, "seen": {"value": 6, "null": 1}, **extra})


def requiring(number: int) -> Verdict:
    made = rule(f"/status required v{number}")
    return Verdict(replace(made, kind="required", promise=f"has a property v{number}"), Outcome.NOT_EXERCISED)


SEEN = exchange(Response(200, (("X-Long", "y" * 500),), b'{"status": "paused"}' + b" " * 2000, 0.1))
OTHER = Rule(
    f"{GET} strange \u202e##", "strange", Severity.ADVISORY, "a clause", "HEAD /else", None, None, POINTER, "p"
)
VERDICTS = (
    *map(held, range(3)),
    Verdict(rule("framing", status=None), Outcome.NOT_EXERCISED, why="nobody came"),
    Verdict(rule("/ schema"), Outcome.NOT_EXERCISED, why="each body that came violates finer rules", explained=True),
    Verdict(OTHER, Outcome.UNDECIDED, why="\x1b[31m::error::"),
    violated(on=SEEN),
    violated('"other"', of=rule("/status type"), on=SEEN),
    violated("twice", None, rule("unique names", Severity.ADVISORY), exchange(number=4)),
)


def plain(run: Run) -> Any:
    return msgspec.to_builtins(replace(run, files=()))


def test_a_large_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    run = report(*VERDICTS)
    path = write_json(to_json(run), tmp_path)
    assert plain(read_run(path)) == plain(run)
    assert plain(run_from(json.loads(path.read_text()))) == plain(run)


def test_it_says_what_a_small_one_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = report(*VERDICTS)
    large = write_json(to_json(run), tmp_path / "large")
    monkeypatch.setattr(json_report, "LARGE", 100)
    small = write_json(to_json(run), tmp_path / "small")
    assert "common" not in json.loads(small.read_text())
    assert plain(read_run(large)) == plain(read_run(small))
    assert known_of_report(large, SPEC)[1] == known_of_report(small, SPEC)[1] != {}
    assert known_of_report(large, SPEC)[0].rules == known_of_report(small, SPEC)[0].rules
    assert probes_of_report(large, SPEC) == probes_of_report(small, SPEC) != {}


def test_it_keeps_its_schema() -> None:
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    value = json.loads(json_text(to_json(report(*VERDICTS))))
    validator.validate(value)
    del value["verdicts"][0]["common"]
    assert not validator.is_valid(value)


def test_it_has_a_line_a_verdict_which_nobody_obeys() -> None:
    text = json_text(to_json(report(*VERDICTS)))
    lines = [line for line in text.splitlines() if line.startswith('{"rule"')]
    assert [json.loads(line.rstrip(","))["rule"] for line in lines] == [verdict.rule.id for verdict in VERDICTS]
    assert text.replace("\n", "").isprintable()
    assert "##" not in text


def test_a_promise_about_a_name_stands_once_beside_it() -> None:
    text = json_text(to_json(report(*map(requiring, range(300)))))
    assert text.count('"promise":"has a property v7"') == 1
    assert len(json.loads(text)["common"]) < 10
    assert len(text) < 300 * 160 + 5_000


def test_the_evidence_of_many_rules_is_there_once() -> None:
    text = json_text(to_json(report(*VERDICTS)))
    assert (text.count("y" * 500), text.count("curl ")) == (1, 2)
    *_, first, second, _ = json.loads(text)["verdicts"]
    assert first["evidence"]["common"] == second["evidence"]["common"]
    assert (first["evidence"]["message"], second["evidence"]["message"]) == ('"paused"', '"other"')


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param({}, id="holds"),
        pytest.param({"exercised": 0, "seen": {}, "outcome": Outcome.NOT_EXERCISED, "why": "no" * 60}, id="unasked"),
    ],
)
def test_a_rule_takes_little_beside_its_id(kind: dict[str, Any]) -> None:
    verdicts = [replace(held(number), **kind) for number in range(500)]
    ids = sum(len(verdict.rule.id) for verdict in verdicts)
    text = json_text(to_json(report(*verdicts)))
    bare = json_text(to_json(report(*verdicts[:2])))
    assert (len(text) - len(bare) - ids) / len(verdicts) < MOST


def test_verdicts_of_a_large_report_are_made_as_they_are_written() -> None:
    made = to_json(report(*VERDICTS))["verdicts"]
    assert isinstance(made, shorthand.Entries)
    assert (len(made), made[0] is made[0]) == (len(VERDICTS), False)


@pytest.mark.parametrize("numbers", [[99], "x", [None]], ids=["cut short", "a text", "no number"])
def test_a_large_report_that_lacks_what_is_common_is_none(numbers: Any, tmp_path: Path) -> None:
    value = json.loads(json_text(to_json(report(*VERDICTS))))
    value["verdicts"][0]["common"] = numbers
    path = tmp_path / "report.json"
    path.write_text(json.dumps(value))
    for reads in (read_run, lambda path: probes_of_report(path, SPEC), lambda path: known_of_report(path, SPEC)):
        with pytest.raises(UsageError, match=r"report\.json is not a report\.json of this suite"):
            reads(path)


def test_a_history_may_have_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nights = []
    for day, most in ((22, 100), (23, 1), (24, 1)):
        monkeypatch.setattr(json_report, "LARGE", most)
        moments: dict[str, Any] = {
            "started": f"2026-11-{day}T05:00:00.000+00:00",
            "finished": f"2026-11-{day}T05:01:00.000+00:00",
        }
        nights.append(report(*VERDICTS, **moments))
        keep(json_report.json_parts(to_json(nights[-1])), nights[-1].started, tmp_path)
    trend = trend_in(tmp_path, nights[-1])
    assert [night.violated for night in trend.nights] == [2, 2, 2]
    assert {rule.standing for rule in trend.rules} == {"since 2026-11-22 or before (3 nights)"}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
