"""JUnit: beside each test what its rules are, what was seen and how to see it again; beside the suite the decision."""

import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.report.forms.failure import MAX_BODY
from tests.service.hostile import DOCUMENT, KEY, TEXTS, hostile_service

from .projects import ENUM, GIVEN, Project, Run, Things

XML = "--junitxml=out.xml"


def suite(run: Run) -> ET.Element:
    return next(iter(ET.parse(run.folder / "out.xml").getroot()))


def pairs(of: ET.Element) -> list[tuple[str, str]]:
    return [(found.attrib["name"], found.attrib["value"]) for found in of.iterfind("properties/property")]


def properties(run: Run, rule: str) -> dict[str, str]:
    """The properties of the test of a rule."""
    found = [dict(pairs(case)) for case in suite(run).iter("testcase") if ("rule", rule) in pairs(case)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "-n 1"])
def test_violation_has_its_evidence(workers: tuple[str, ...], project: Project) -> None:
    run = project.ask(Things({"status": "paused"}), XML, *workers)
    verdict = run.verdicts[ENUM]
    source = f"{verdict['source']['file']}:{verdict['source']['line']}"
    assert properties(run, ENUM) == {
        "rule": ENUM,
        "severity": "violation",
        "outcome": "violated",
        "source": source,
        "violations": f"{verdict['violations']} of {verdict['exercised']}",
        "seen": '"paused"',
        "instance": "/status",
        "curl": verdict["evidence"]["curl"],
        "status": "200",
        "body": '{"status": "paused"}',
        "promised": 'is one of "active", "closed"',
        "basis": "document",
        "recurrence": "always",
    }
    assert dict(pairs(suite(run)))["decision"] == "fail"


def test_rule_that_holds_has_no_evidence(project: Project) -> None:
    found = properties(project.ask(Things(), XML), ENUM)
    assert {name: found[name] for name in ("severity", "outcome")} == {"severity": "violation", "outcome": "holds"}
    assert "seen" not in found


def test_every_test_of_a_rule_has_properties(project: Project) -> None:
    run = project.ask(Things(), XML)
    rules = [name for case in suite(run).iter("testcase") for name, _ in pairs(case) if name == "rule"]
    assert len(rules) == len(run.verdicts)


def test_group_has_the_properties_of_each_rule_in_turn(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 1)
    run = project.ask(Things({"status": "paused"}), XML, "--contract-rule=*auth*")
    (case,) = [case for case in suite(run).iter("testcase") if case.attrib["name"].endswith("auth]")]
    names = [name for name, _ in pairs(case)]
    assert names == ["rule", "severity", "outcome", "source"] * (len(names) // 4)
    assert len(names) > 20


def test_group_has_no_properties_where_nobody_wants_them(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 1)
    seen: list[Any] = []
    looking = SimpleNamespace(pytest_runtest_logreport=lambda report: seen.append(report.user_properties))
    project.write()
    project.pytester.runpytest_inprocess("-q", plugins=[looking])
    assert len(seen) > 3
    rules = [[name for name, _ in properties].count("rule") for properties in seen]
    assert set(rules) == {0, 1}  # one of a single rule has them


def test_acceptance_stands_beside_what_is_accepted(project: Project) -> None:
    entry = f'violation."{ENUM}" = {{ reason = "known since May", until = 2099-12-31 }}'
    (project.folder / "spec" / "accepted.toml").write_text(entry)
    run = project.ask(Things({"status": "paused"}), XML)
    assert properties(run, ENUM)["accepted"] == "until 2099-12-31: known since May"


def test_missing_answer_says_why(project: Project) -> None:
    run = project.run("-q", XML, "--base-url", project.serve(Things()))
    assert properties(run, ENUM)["outcome"] == "not_exercised"
    assert properties(run, ENUM)["why"] == "no answer with 200 came"


def test_what_was_known_is_told(project: Project) -> None:
    things = Things({"status": "paused"})
    project.ask(things, "--contract-report=last")
    run = project.ask(things, XML, "--contract-against=last/report.json")
    assert properties(run, ENUM)["since"] == "still there, last/report.json has it as well"


def test_suite_has_the_decision(project: Project) -> None:
    run = project.ask(Things({"status": "paused"}), XML, "--hypothesis-seed=7")
    found = dict(pairs(suite(run)))
    assert found["target"].startswith("http://127.0.0.1:")
    assert found == {
        "decision": "fail",
        "reason": "1 rule violated",
        "target": run.report["target"]["base_url"],
        "document": "spec/notte.yaml",
        "sha256": run.report["spec"]["sha256"],
        "seed": "7",
    }


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "-n 1"])
def test_nothing_that_a_service_says_breaks_the_file(
    workers: tuple[str, ...], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", KEY)
    project.write(DOCUMENT)
    with hostile_service(longest=20_000) as base_url:
        run = project.run("-q", "--base-url", base_url, *GIVEN, XML, *workers)
    found = [properties(run, f"GET /things/{{thing_id}} 200 /field_{number} enum") for number in range(len(TEXTS))]
    assert found[0]["seen"] == '"<script>alert(1)</script>"'
    assert found[TEXTS.index("]]>")]["seen"] == '"]]>"'
    assert all(value.replace("\n", "").isprintable() for of in found for value in of.values())
    assert max(len(value) for of in found for value in of.values()) == MAX_BODY


ODD: dict[str, tuple[Any, str]] = {
    "a null byte": ("\x00", '"\\u0000"'),
    "half a surrogate pair": ("\ud800", ""),
    "the end of a section": ("]]>", '"]]>"'),
    "an escape": ("\x1b[31m", '"\\u001b[31m"'),
    "another direction": ("\u202e", '"\\u202e"'),
    "bytes": (b'{"status": "\xff\x00\x1b"}', ""),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_characters_break_no_file(name: str, project: Project) -> None:
    thing, seen = ODD[name]
    run = project.ask(Things(thing if isinstance(thing, bytes) else {"status": thing}), XML)
    assert run.code == 1
    assert not seen or properties(run, ENUM)["seen"] == seen
    assert "\x1b" not in (run.folder / "out.xml").read_text(encoding="utf-8")
