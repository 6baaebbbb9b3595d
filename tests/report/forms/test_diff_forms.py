"""A comparison on a terminal, and as JSON, held against its JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from contracts.changes.change import Change, ChangeSeverity, Direction, Effect, Reach, Witness
from contracts.decision.change_decision import ChangePolicy, FailOn, decide_changes
from contracts.report.diff import WHOLE, decision_text, head_of, holder_of, reach_text
from contracts.report.forms.diff_forms import diff_json, diff_lines, failing_lines, witness_lines

from ...made_changes import ALL, ASKED, BREAKS, GROWS, READ, STATUS, UNKNOWN, WARNS, change
from ..comparisons import NASTY, SPEC, STDIN, diff

SNAPSHOT = """\
breaks: enum-widened schemas/Thing /status
for: responses of GET /things/{id}
findings: 1 breaking (enum-widened x 1), 1 undecided (pattern-changed x 1), \
1 compatible (property-removed x 1), 1 accepted

breaking (1)
HEAD:spec/a.yaml:7 -> spec/a.yaml:9  error enum-widened schemas/Thing /status
  seen: the list of values takes more than before
  reaches: responses of GET /things/{id}
  shown by: GET /things/{id} answers
    HTTP 200
    Content-Type: application/json

    {"status": "paused"}
  where the revision allows it, the base refuses it: /status is "paused"; allowed are "active", "closed"
  next: mend the document; to let it pass: contracts accept \
'enum-widened schemas/Thing /status' --accepted spec/accepted.toml --reason '…' --until 2026-12-24

undecided (1)
HEAD:spec/a.yaml:7 -> spec/a.yaml:9  warning pattern-changed schemas/Thing /name
  seen: the list of values takes more than before
  reaches: responses of GET /things/{id}
  tried: nothing was found in 200 tries
  next: look at both places; to let it pass: contracts accept \
'pattern-changed schemas/Thing /name' --accepted spec/accepted.toml --reason '…' --until 2026-12-24

compatible (1)
HEAD:spec/a.yaml:7 -> spec/a.yaml:9  warning property-removed schemas/Thing /old
  seen: the list of values takes more than before
  reaches: responses of GET /things/{id}
  proof: all that was allowed is allowed

accepted (1)
HEAD:spec/a.yaml:7 -> spec/a.yaml:9  info property-added schemas/Thing /new
  seen: the list of values takes more than before
  reaches: responses of GET /things/{id}
  proof: all that was allowed is allowed
  accepted until 2026-11-24: agreed|in May

note: a.toml:1: nothing that changed is named nothing; a change that is made needs no entry
diff: BREAKING (1 breaking, 1 undecided, 1 compatible, 1 accepted): HEAD:spec/a.yaml -> spec/a.yaml"""


def test_text_of_a_comparison() -> None:
    assert "\n".join(diff_lines(diff(ALL, "property-added *", "nothing"))) == SNAPSHOT


def alike(count: int, effect: Effect = Effect.BREAKING) -> list[Change]:
    return [change("format-changed", effect, f"schemas/T{n} /at", message="it is no uri") for n in range(count)]


def shown(changes: Sequence[Change], **how: Any) -> list[str]:
    return list(diff_lines(diff(changes), **how))


def test_findings_that_are_alike_are_one() -> None:
    lines = shown(alike(42))
    assert lines[0] == "breaks: format-changed x 42 (schemas/T0 /at, …)"
    (line,) = (line for line in lines if "schemas/T1 " in line)
    assert line.endswith(
        "  error format-changed at 42 places: "
        "schemas/T0 /at, schemas/T1 /at, schemas/T2 /at and 39 more in contracts diff --all"
    )
    assert lines.count("  seen: it is no uri") == 1
    assert "  next: mend the document; to let them pass: a command for each is in contracts diff --all" in lines


def test_all_unfolds_them() -> None:
    lines = shown(alike(42), unfolded=True)
    assert lines.count("  seen: it is no uri") == 42
    assert sum(" accept 'format-changed schemas/T" in line for line in lines) == 42


def test_a_few_that_are_alike_are_accepted_at_once() -> None:
    (line,) = (line for line in shown(alike(2)) if line.startswith("  next: "))
    assert " accept 'format-changed schemas/T0 /at' 'format-changed schemas/T1 /at' --accepted " in line


@pytest.mark.parametrize(
    "other",
    [
        change("format-changed", where="schemas/U /at", message="it is no date"),
        change("enum-changed", where="schemas/U /at", message="it is no uri"),
        change("format-changed", where="schemas/U /at", message="it is no uri", witness=None, proof="none was found"),
        change("format-changed", where="schemas/U /at", message="it is no uri", direction=Direction.REQUEST),
        change("format-changed", Effect.UNDECIDED, where="schemas/U /at", message="it is no uri"),
    ],
    ids=["message", "kind", "no message shows it", "direction", "effect"],
)
def test_what_is_not_alike_stands_by_itself(other: Change) -> None:
    lines = shown([*alike(2), other])
    assert sum(line.startswith("  seen: ") for line in lines) == 2
    assert any(line.endswith("format-changed at 2 places: schemas/T0 /at, schemas/T1 /at") for line in lines)


def test_what_was_accepted_stands_apart_by_entry() -> None:
    entries = [f"format-changed schemas/T{n} /at" for n in (1, 2)]
    made = diff(alike(5), *entries)
    assert [(one.title, len(one.members)) for one in made.chapters()] == [("breaking", 3), ("accepted", 2)]
    assert [len(one.bundles) for one in made.chapters()] == [1, 2]


def test_operations_that_went_are_alike() -> None:
    names = ["GET /a", "GET /b"]
    gone = [change("operation-removed", where=name, message=f"the operation {name} was removed") for name in names]
    assert shown(gone)[0] == "breaks: operation-removed x 2 (GET /a, …)"


def test_what_breaks_nothing_is_one_a_component_and_kind() -> None:
    fine = [
        change("property-added", Effect.COMPATIBLE, f"schemas/{where}", message=f"the property {where} was added")
        for where in ("T /a", "T /b", "T /c", "T /d", "U /e")
    ]
    lines = shown(fine)
    assert (
        "  seen: the property T /a was added, the property T /b was added, the property T /c was added "
        "and 1 more in contracts diff --all" in lines
    )
    assert any(line.endswith("info property-added schemas/U /e") for line in lines)


def test_findings_of_a_component_stand_together() -> None:
    changes = [
        change(where="schemas/T /a", message="1", reaches=(READ, Reach("GET /", Direction.RESPONSE))),
        change(where="schemas/U /a", message="2"),
        change("type-widened", where="schemas/T /b", message="3"),
        change(where="schemas/T /c", message="4"),
    ]
    lines = shown(changes)
    heads = [line for line in lines if line.endswith(":") or "  error " in line]
    assert [head.rpartition(" schemas/")[2] for head in heads] == ["schemas/T:", "T /a", "T /c", "T /b", "U /a"]


def test_what_reaches_most_comes_first_but_for_operations() -> None:
    more = tuple(Reach(f"GET /{n}", Direction.RESPONSE) for n in range(3))
    gone = change("operation-removed", where="GET /z", message="", direction=Direction.OPERATION)
    ordered = diff([change(where="a", message="1"), change(where="b", message="2", reaches=more), gone]).ordered
    assert [judged.change.where for judged in ordered] == ["GET /z", "b", "a"]


@pytest.mark.parametrize(
    ("where", "operation", "holder"),
    [
        ("schemas/Thing /status", "GET /a", "schemas/Thing"),
        ("GET /a b 200 /x", "GET /a b", "GET /a b"),
        ("GET /ab 200", "GET /a", "GET"),
        ("security", "GET /a", "security"),
        ("", "GET /a", ""),
    ],
)
def test_a_place_is_of_an_operation_or_a_component(where: str, operation: str, holder: str) -> None:
    made = diff([change(where=where, reaches=(Reach(operation, Direction.RESPONSE),))])
    assert holder_of(made.ordered[0]) == holder


@pytest.mark.parametrize(
    ("changes", "head"),
    [
        ([UNKNOWN], {"breaks": "nothing that could be shown; undecided: pattern-changed schemas/Thing /name"}),
        ([GROWS], {"breaks": "nothing", "for": "nobody", "findings": "1 compatible (property-added x 1)"}),
        (
            [change(where=f"schemas/{name}", message=name) for name in ("A /1", "B /1", "B /2", "C /1", "D /1")],
            {"breaks": "schemas/B x 2, schemas/A x 1, schemas/C x 1 and 1 more"},
        ),
    ],
    ids=["undecided", "nothing", "many"],
)
def test_the_first_lines_say_what_breaks_and_for_whom(changes: list[Change], head: dict[str, str]) -> None:
    assert head_of(diff(changes)).items() >= head.items()


def test_a_summary_is_the_first_lines_and_the_last() -> None:
    lines = shown(ALL, summary=True)
    assert [line.partition(":")[0] for line in lines] == ["breaks", "for", "findings", "diff"]


def test_nothing_changed() -> None:
    assert list(diff_lines(diff([]))) == ["diff: COMPATIBLE (nothing changed): HEAD:spec/a.yaml -> spec/a.yaml"]


def test_the_louder_come_first_in_a_group() -> None:
    (chapter,) = diff([GROWS, WARNS]).chapters()
    assert [judged.change for judged in chapter.members] == [WARNS, GROWS]


def test_looks_are_put_on_words_alone() -> None:
    lines = list(diff_lines(diff([BREAKS]), lambda text, look: f"<{look}>{text}</{look}>"))
    assert lines[0].startswith("<title>breaks:</title> enum-widened")
    assert lines[4] == "<title>breaking (1)</title>"
    assert "  <error>error</error> enum-widened" in lines[5]
    assert lines[-1].startswith("<error>diff: BREAKING")


def test_a_failing_test_says_only_what_fails() -> None:
    text = "\n".join(failing_lines(diff()))
    assert (STATUS in text, "pattern-changed" in text, "property-removed" in text) == (True, True, False)


@pytest.mark.parametrize("line", list(diff_lines(diff([change(where=NASTY, message=NASTY * 99)]))))
def test_no_line_holds_what_a_terminal_acts_upon(line: str) -> None:
    assert (line.isprintable(), line.lstrip().startswith("::"), len(line) < 1500) == (True, False, True)


@pytest.mark.parametrize(
    ("policy", "changes", "words"),
    [
        (ChangePolicy(FailOn.NEVER), ALL, "; passes: --fail-on never"),
        (
            ChangePolicy(severities={BREAKS.id: ChangeSeverity.INFO}),
            [BREAKS],
            "; passes: the severity of what breaks was low",
        ),
        (ChangePolicy(severities={GROWS.id: ChangeSeverity.ERROR}), [GROWS], "; fails: 1 of severity error"),
        (ChangePolicy(FailOn.WARNING), [WARNS], "; fails: 1 of severity warning"),
        (ChangePolicy(), [UNKNOWN], "UNDECIDED (1 undecided)"),
    ],
    ids=["never", "lowered", "raised", "warning", "undecided"],
)
def test_an_exit_code_that_surprises_is_explained(policy: ChangePolicy, changes: list[object], words: str) -> None:
    made = replace(diff(), decision=decide_changes(changes, policy), fail_on=policy.fail_on)  # type: ignore[arg-type]
    assert words in decision_text(made)


def test_many_operations_are_counted() -> None:
    reaches = [Reach(f"GET /{n}", Direction.RESPONSE) for n in range(7)] + [Reach("GET /0", Direction.REQUEST)]
    assert reach_text(reaches, 2) == f"requests of GET /0; responses of GET /0, GET /1 and 5 more {WHOLE}"


def test_a_request_is_shown_as_it_goes_over_the_wire() -> None:
    assert list(witness_lines(ASKED)) == ["GET /things/x?limit=5"]


@pytest.mark.parametrize(
    ("body", "headers", "lines"),
    [
        (None, {}, ["HTTP 200"]),
        (None, {"Content-Type": "application/json"}, ["HTTP 200", "Content-Type: application/json", "", "null"]),
        ("::x\n", [["content-type", "text/plain"]], ["HTTP 200", "content-type: text/plain", "", '"::x\\n"']),
        ([1], {"::stop": "\r\n::a"}, ["HTTP 200", "\\x3a:stop: \\r\\n::a", "", "[1]"]),
        (["x" * 99, 2], {}, ["HTTP 200", "", "[", f' "{"x" * 99}",', " 2", "]"]),
    ],
    ids=["no body", "null", "text", "hostile header", "long"],
)
def test_bodies_are_shown_as_json(body: object, headers: object, lines: list[str]) -> None:
    witness = Witness("GET /", {"status": 200, "headers": headers, "body": body}, "revision", "base", "")
    assert list(witness_lines(witness)) == lines


def test_a_huge_body_is_cut() -> None:
    body = ["x" * 10_000, *range(10_000)]
    witness = Witness("GET /", {"status": 200, "headers": {}, "body": body}, "revision", "base", "")
    lines = list(witness_lines(witness))
    assert (len(lines), lines[-1], max(map(len, lines)) < 500) == (43, f"… and 9963 lines more, {WHOLE}", True)


def test_the_operation_itself_may_be_reached() -> None:
    assert reach_text([Reach("GET /a", Direction.OPERATION)], 3) == "GET /a"
    assert reach_text([], 3) == "no operation"


# JSON


SCHEMA = files("contracts.report") / "diff.schema.json"
VALIDATOR = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()), validate_formats=True)
REPORTS = {
    "nothing": diff([]),
    "everything": diff(ALL, "enum-*"),
    "a request": diff([change("type-changed", witness=ASKED)]),
    "hostile": diff([change(where=NASTY, message=NASTY)], NASTY, base=STDIN),
}


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_valid(name: str) -> None:
    text = json.dumps(diff_json(REPORTS[name]), ensure_ascii=False, allow_nan=False)
    VALIDATOR.validate(json.loads(text.encode()))


def test_every_object_that_the_schema_requires_something_of_is_checked() -> None:
    value = diff_json(diff())
    assert VALIDATOR.is_valid(value)
    for name in value:
        assert not VALIDATOR.is_valid({key: part for key, part in value.items() if key != name})


def test_what_programs_read() -> None:
    value: Any = diff_json(diff(ALL, "pattern-*"))
    assert (value["decision"], value["exit_code"], value["fail_on"]) == ("breaking", 1, "breaking")
    assert value["summary"] == {"changes": 4, "breaking": 1, "compatible": 2, "undecided": 0, "accepted": 1}
    assert value["base"] == {
        "title": "Things",
        "version": "1",
        "path": "HEAD:spec/a.yaml",
        "sha256": SPEC.document.sha256,
    }
    assert value["changes"][0] == {
        "id": "enum-widened",
        "effect": "breaking",
        "severity": "error",
        "direction": "response",
        "where": "schemas/Thing /status",
        "reaches": [{"operation": "GET /things/{id}", "direction": "response"}],
        "base": {"file": "HEAD:spec/a.yaml", "line": 7},
        "revision": {"file": "spec/a.yaml", "line": 9},
        "message": BREAKS.message,
        "proof": None,
        "witness": {
            "operation": "GET /things/{id}",
            "message": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": {"status": "paused"}},
            "accepted_by": "revision",
            "rejected_by": "base",
            "because": '/status is "paused"; allowed are "active", "closed"',
        },
        "accepted": None,
        "fails": True,
    }
    assert value["changes"][-1]["accepted"] == {"reason": "agreed|in May", "until": "2026-11-24"}
