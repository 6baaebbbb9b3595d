"""A check of a document: who is asked what, and when asking stops."""

import json
from pathlib import Path

import pytest

from contracts.decision.run_decision import Policy, Result
from contracts.document import Spec, read_spec
from contracts.exchanges import Ledger
from contracts.flows import Check, Target

OPERATION = {"responses": {"200": {"description": ""}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {"/things": {"get": OPERATION, "post": OPERATION}},
}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return read_spec(json.dumps(DOCUMENT).encode(), path="things.yaml", folder=Path())


def test_nothing_is_asked_before_it_is_needed(spec: Spec, tmp_path: Path) -> None:
    check = Check(spec, Target(), Ledger(tmp_path / "run.jsonl"))
    assert (list(tmp_path.iterdir()), check.ledger.all()) == ([], [])


def test_each_exchange_is_told_as_it_comes(spec: Spec, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    check = Check(spec, Target(), Ledger(tmp_path / "run.jsonl"), examples=1, told=lambda *what: told.append(what))
    check.asked(spec.operations[0])
    assert told == [("GET /things", count) for count in range(len(check.ledger.all()) + 1)]


def test_operation_is_asked_once(spec: Spec, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "run.jsonl")
    first = Check(spec, Target(), ledger, examples=1).asked(spec.operations[0])
    count = len(ledger.all())
    again = Check(spec, Target(), Ledger(tmp_path / "run.jsonl"), examples=1).asked(spec.operations[0])
    assert (again, len(ledger.all())) == (first, count)


def test_part_of_the_operations_can_conclude(spec: Spec, tmp_path: Path) -> None:
    check = Check(spec, Target(), Ledger(tmp_path / "run.jsonl"), examples=1)
    check.asked(spec.by_key["POST /things"])
    verdicts, exchanges, decision = check.conclude(Policy(), lambda rule: True)
    assert {verdict.rule.operation for verdict in verdicts} == {"POST /things"}
    assert (len(exchanges), decision.result) == (len(check.ledger.all()), Result.PASS)


def test_unwanted_rules_are_left_out(spec: Spec, tmp_path: Path) -> None:
    check = Check(spec, Target(), Ledger(tmp_path / "run.jsonl"), examples=1)
    check.asked(spec.operations[0])
    verdicts, _, _ = check.conclude(Policy(), lambda rule: rule.endswith("framing"))
    assert [verdict.rule.kind for verdict in verdicts] == ["framing"]


def test_operation_that_no_request_reaches_says_so(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.flows.ProbePlan.probes", lambda plan, operation: iter(()))
    monkeypatch.setattr("contracts.flows.ProbePlan.closing", lambda plan, operation, answered: iter(()))
    check = Check(spec, Target(), Ledger(tmp_path / "run.jsonl"))
    check.asked(spec.operations[0])
    verdicts, exchanges, decision = check.conclude(Policy(), lambda rule: True)
    why = "no request could be made that reaches this operation; give values (--contract-param)"
    assert ({verdict.why for verdict in verdicts}, exchanges) == ({why}, ())
    assert (decision.result, decision.reasons) == (Result.INCONCLUSIVE, (f"nothing was sent: {why}",))


@pytest.mark.parametrize(("url", "sleepless"), [(None, True), ("http://127.0.0.1:1", False)], ids=["mock", "live"])
def test_only_the_mock_is_asked_again_at_once(
    url: str | None, sleepless: bool, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []

    def client(*args: object, sleepless: bool, **kwargs: object) -> None:
        given.append(sleepless)
        raise NotImplementedError

    monkeypatch.setattr("contracts.flows.Client", client)
    with pytest.raises(NotImplementedError):
        Check(spec, Target(url), Ledger(tmp_path / "run.jsonl")).asked(spec.operations[0])
    assert given == [sleepless]


def test_target_shows_no_header() -> None:
    assert "open sesame" not in repr(Target("http://h", headers=(("X", "open sesame"),)))
