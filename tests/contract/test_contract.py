"""The contract run: one test a rule. `make check` runs it on the mock, `--base-url URL` on a live service."""

import pytest

from contracts.plugin import judge_item
from contracts.verdicts import Verdict


def test_rule(request: pytest.FixtureRequest, contract_verdicts: list[Verdict]) -> None:
    judge_item(request, contract_verdicts)
