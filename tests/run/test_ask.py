"""One operation asked, what its answers say, and what that comes to."""

import json
from pathlib import Path

import pytest

from contracts.decision.run_decision import Result
from contracts.document import Spec, read_spec
from contracts.exchanges import Ledger, Stop, StopKind
from contracts.messages import Exchange
from contracts.rules import OperationRules
from contracts.run.ask import UNSENT, asked, verdicts_of
from contracts.run.credentials import judged
from contracts.run.end import concluded
from contracts.run.inputs import Inputs, Target
from contracts.run.options import Options
from contracts.run.state import Asked, Budget, Progress, State
from contracts.verdicts import Judgement, Judging, Outcome, judge_all, unjudged
from tests.run.projects import answer, serving

OPERATION = {"responses": {"200": {"description": ""}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {"/things": {"get": OPERATION, "post": OPERATION}},
}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return read_spec(json.dumps(DOCUMENT).encode(), path="things.yaml", folder=Path())


def state_of(inputs: Inputs, folder: Path, progress: Progress | None = None) -> State:
    return State(inputs, Ledger(folder / "run.jsonl"), Budget(examples=1), progress=progress or Progress())


def test_nothing_is_asked_before_it_is_needed(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec), tmp_path)
    assert (list(tmp_path.iterdir()), len(state.ledger.all())) == ([], 0)


def test_each_exchange_is_told_as_it_comes(spec: Spec, tmp_path: Path) -> None:
    found: list[tuple[str, int]] = []

    class Noted(Progress):
        def told(self, operation: str, count: int) -> None:
            found.append((operation, count))

    state = state_of(Inputs(spec), tmp_path, Noted())
    asked(state, spec.operations[0])
    assert found == [("GET /things", count) for count in range(len(state.ledger.all()) + 1)]


def test_operation_is_asked_once(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec), tmp_path)
    first = asked(state, spec.operations[0])
    count = len(state.ledger.all())
    again = asked(state_of(Inputs(spec), tmp_path), spec.operations[0])
    assert (again, len(state.ledger.all())) == (first, count)


def test_answers_of_a_service_are_judged_while_it_answers_the_next(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = list[int]()

    def noted(rules: OperationRules, exchanges: list[Exchange], begun: Judging | None = None) -> list[Judgement]:
        if begun is not None:
            found.append(len(exchanges) - len(begun.judged))
        return judge_all(rules, exchanges, begun)

    monkeypatch.setattr("contracts.run.credentials.judge_all", noted)
    with serving(lambda request: answer(200, b"{}")) as url:
        for index, most in enumerate((len(b"{}"), 1)):
            monkeypatch.setitem(Judging.keep_up.__globals__, "MAX_MEANWHILE", most)
            (tmp_path / str(index)).mkdir()
            state = state_of(Inputs(spec, Target(url)), tmp_path / str(index))
            asked(state, spec.operations[0])
            own = state.ledger.of(spec.operations[0].key)
            verdicts = {v.rule.id: v for v in asked(state, spec.operations[0]).verdicts.values()}
            assert verdicts == {v.rule.id: v for v in judged(state.book, spec.operations[0], own)}
    assert found[0] < 3 <= len(own) == found[1]


def test_verdicts_of_one_operation_are_in_memory_and_all_on_disk(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec), tmp_path)
    first, second = (asked(state, operation).verdicts for operation in spec.operations)
    assert list(state.asked) == ["POST /things"]
    report = concluded(state)
    assert list(state.asked) == ["POST /things"]
    assert list(report.verdicts) == list(report.verdicts) == [*first.values(), *second.values()]
    assert {rule.id: rule for rule in state.book.each()} == {v.rule.id: v.rule for v in report.verdicts}
    assert {verdict.outcome for verdict in report.verdicts} == {Outcome.HOLDS}
    assert report.verdicts.others == []


def test_verdicts_that_can_not_be_on_disk_stay_in_memory(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec), tmp_path)
    state.ledger.lost = "no room"
    found = [asked(state, operation) for operation in spec.operations]
    assert list(state.asked.values()) == found
    assert len(list(concluded(state).verdicts)) == sum(len(one.verdicts) for one in found)


def test_what_another_version_kept_is_judged_again(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec), tmp_path)
    first = asked(state, spec.operations[0])
    state.ledger.keep_judged("GET /things", b'[null,null,1,[["a row of old"]]]')
    assert asked(state_of(Inputs(spec), tmp_path), spec.operations[0]).verdicts == first.verdicts


def test_rules_of_very_many_are_let_go_of(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = state_of(Inputs(spec), tmp_path).items
    monkeypatch.setattr("contracts.run.state.MAX_ITEMS", 3)
    state = state_of(Inputs(spec), tmp_path)
    assert (items.by, state.items.by, vars(state.book.operations)["made"]) == ("id", "group", {})


def test_memory_is_given_back_where_asking_takes_its_time(
    spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = list[bool]()
    monkeypatch.setattr("contracts.run.state.give_back", lambda *, for_good: given.append(for_good))
    state = state_of(Inputs(spec), tmp_path)
    monkeypatch.setattr("contracts.run.state.CLEARING", 1e9)
    asked(state, spec.operations[0])
    assert given == []
    monkeypatch.setattr("contracts.run.state.CLEARING", -1)
    state.forget(spec.operations[0])
    asked(state, spec.operations[1])
    assert given == [True, False]


def test_part_of_the_operations_can_conclude(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec), tmp_path)
    asked(state, spec.by_key["POST /things"])
    report = concluded(state)
    assert {verdict.rule.operation for verdict in report.verdicts} == {"POST /things"}
    assert (report.traffic.exchanges, report.decision.result) == (len(state.ledger.all()), Result.PASS)


def test_unwanted_rules_are_left_out(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec, options=Options(rule="*framing")), tmp_path)
    asked(state, spec.operations[0])
    assert [verdict.rule.kind for verdict in concluded(state).verdicts] == ["framing"]


def test_operation_that_no_request_reaches_says_so(spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.probes.probe_plan.Lane.probes", lambda lane: iter(()))
    monkeypatch.setattr("contracts.probes.probe_plan.Lane.closing", lambda lane, answered: iter(()))
    state = state_of(Inputs(spec), tmp_path)
    asked(state, spec.operations[0])
    report = concluded(state)
    why = "no request could be made that reaches this operation; give values (--contract-param)"
    assert ({verdict.why for verdict in report.verdicts}, report.traffic.exchanges) == ({why}, 0)
    assert (report.decision.result, report.decision.reasons) == (Result.INCONCLUSIVE, (f"nothing was sent: {why}",))


@pytest.mark.parametrize(("url", "sleepless"), [(None, True), ("http://127.0.0.1:1", False)], ids=["mock", "live"])
def test_only_the_mock_is_asked_again_at_once(
    url: str | None, sleepless: bool, spec: Spec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []

    def client(*args: object, sleepless: bool, **kwargs: object) -> None:
        given.append(sleepless)
        raise NotImplementedError

    monkeypatch.setattr("contracts.run.ask.Client", client)
    with pytest.raises(NotImplementedError):
        asked(state_of(Inputs(spec, Target(url)), tmp_path), spec.operations[0])
    assert given == [sleepless]


def test_nobody_there_is_why_for_what_was_looked_at_before_that_was_seen(spec: Spec, tmp_path: Path) -> None:
    state = state_of(Inputs(spec, Target("http://127.0.0.1:1")), tmp_path)
    operation = spec.by_key["POST /things"]
    before = {rule.id: unjudged(rule, UNSENT) for rule in state.book.operations[operation.key].rules}
    state.asked[operation.key] = Asked(before, None)
    assert {verdict.why for verdict in verdicts_of(state, operation)} == {UNSENT}
    state.ledger.add([Stop("GET /things", StopKind.ABSENT, "nobody took a request")])
    assert {verdict.why for verdict in verdicts_of(state, operation)} == {"nobody took a request"}


def test_target_shows_no_header() -> None:
    assert "open sesame" not in repr(Target("http://h", headers=(("X", "open sesame"),)))
