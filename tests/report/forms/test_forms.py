"""The table of forms."""

import pytest

from contracts.report.forms import FORMS, Form, form_of, names_of

from ..made_diffs import diff
from ..made_runs import run, verdict

KNOWN = {"trend": None, "width": 80, "encoding": "utf-8", "paint": lambda text, look: text}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name} of a {form.origin}")
def test_every_form_can_be_made(form: Form) -> None:
    value = run(verdict("violated")) if form.origin == "run" else diff()
    assert "enum" in "\n".join(form.lines(value, **KNOWN))


def test_a_form_has_one_row() -> None:
    rows = [(form.origin, form.name) for form in FORMS]
    assert [form_of(*row) for row in rows] == list(FORMS)
    assert (len(set(rows)), names_of("diff")) == (len(rows), ["text", "json", "markdown", "github"])
