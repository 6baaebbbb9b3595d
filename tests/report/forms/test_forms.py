"""The table of forms."""

from typing import Any

import pytest

from contracts.report.forms import FORMS, lines_of

from ..comparisons import diff
from ..runs import run, verdict

VALUES: dict[str, Any] = {"run": run(verdict("violated")), "diff": diff(), "changelog": diff()}
TOLD = {"run": "enum", "diff": "enum", "changelog": "the list of values"}
KNOWN = {
    "trend": None,
    "width": 80,
    "encoding": "utf-8",
    "paint": lambda text, look: text,
    "unfolded": False,
    "summary": False,
}


@pytest.mark.parametrize(("value", "name"), [(value, name) for value in FORMS for name in FORMS[value]])
def test_every_form_can_be_made(value: str, name: str) -> None:
    lines = lines_of(FORMS[value][name], VALUES[value], **KNOWN)
    assert TOLD[value] in "\n".join(lines)


def test_commands_offer_the_forms_that_there_are() -> None:
    assert list(FORMS["run"]) == ["html", "markdown", "annotations", "text"]
    assert list(FORMS["diff"]) == ["text", "json", "markdown", "html", "github"]
    assert list(FORMS["changelog"]) == ["markdown", "text", "json"]
