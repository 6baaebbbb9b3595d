"""The gate: the document breaks nothing that its baseline promised (HEAD's, or that of `--contract-baseline`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from contracts.plugin import judge_document

if TYPE_CHECKING:
    from contracts.run.end import ItemResult


def test_document_breaks_nothing(request: pytest.FixtureRequest, contract_gate: ItemResult) -> None:
    judge_document(request, contract_gate)
