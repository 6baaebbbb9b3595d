"""The suite's own run has nothing to say against the mock with state, asked as a live service, by all methods."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.document import Spec
from contracts.exchanges import Ledger, Secret
from contracts.flows import ask
from contracts.messages import Request, Response
from contracts.mock import CREDENTIAL, MockService, Store
from contracts.run.inputs import Inputs, Target
from contracts.run.options import Options
from contracts.run.state import State
from contracts.verdicts import Outcome
from tests.in_process import serving
from tests.mock.shops import envelopes, framework


class Stateful:
    """What the suite's requests reach."""

    def __init__(self, spec: Spec) -> None:
        self.mock, self.store = MockService(spec), Store()

    def answer(self, request: Request) -> Response:
        return self.mock.answer(request, self.store)


@pytest.mark.parametrize("document", [framework, envelopes])
def test_nothing_is_found(document: Callable[[], Spec], tmp_path: Path) -> None:
    spec = document()
    inputs = Inputs(spec, Target("http://127.0.0.1:1", Secret(CREDENTIAL)), Options(unsafe=True), folder=tmp_path)
    state = State(inputs, Ledger(tmp_path / "exchanges.jsonl", {"started": "2026-11-24T12:00:00+00:00"}))
    outcomes = {}
    with serving(Stateful(spec)):
        for operation in spec.operations:
            for rule, verdict in ask(state, operation).verdicts.items():
                outcomes[rule] = verdict.outcome
    violated = {rule for rule, outcome in outcomes.items() if outcome is Outcome.VIOLATED}
    assert violated == set()
    unseen = [rule for rule, outcome in outcomes.items() if outcome is Outcome.NOT_EXERCISED]
    assert [rule for rule in unseen if rule.startswith("GET") and " 200 " in rule] == []
