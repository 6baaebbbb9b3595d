"""A comparison as a comment of a pull request; rendered, nothing of a document is more than text."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from contracts.changes.change import Witness
from contracts.report.diff import Diff
from contracts.report.forms.diff_markdown import diff_markdown
from contracts.report.forms.markdown import MAX_SIZE

from ...made_changes import ALL, BREAKS, GROWS, change
from ..made_diffs import NASTY, diff

NASTY_WITNESS = Witness(
    NASTY, {"status": 200, "headers": {NASTY: NASTY}, "body": NASTY}, accepted_by="a", rejected_by="b", because=NASTY
)


def text(made: Diff) -> str:
    return "\n".join(diff_markdown(made))


def rendered(made: Diff) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text(made)))


def test_a_heading_a_table_and_blocks_to_open() -> None:
    lines = text(diff(ALL, "enum-*")).split("\n")
    assert lines[:6] == [
        "### Contract: UNDECIDED (1 undecided, 2 compatible, 1 accepted)",
        "",
        "<code>HEAD&#58;spec/a.yaml</code> → <code>spec/a.yaml</code>",
        "",
        "| | change | where | what | reaches |",
        "| --- | --- | --- | --- | --- |",
    ]
    assert [line.split(" | ")[0] for line in lines[6:10]] == [
        "| 🟡 undecided, warning",
        "| 🟡 compatible, warning",
        "| 🟢 compatible, info",
        "| ☑️ breaking, error",
    ]
    assert lines.count("<details>") == lines.count("</details>") == 2
    assert 'change."pattern-changed schemas/Thing /name" = { reason = "…", until = 2026-12-24 }' in lines


def test_nothing_changed_is_a_heading() -> None:
    assert text(diff([])).split("\n")[0] == "### Contract: COMPATIBLE (nothing changed)"
    assert "|" not in text(diff([]))


def test_rows_have_as_many_cells_as_the_head() -> None:
    html = rendered(diff([change(where=NASTY, message=NASTY), GROWS]))
    assert (html.count("<th>"), html.count("<td>"), html.count("<tr>")) == (5, 10, 3)
    assert html.count("<td>responses of GET /things/{id}</td>\n</tr>") == 2


@pytest.mark.parametrize("accepted", [(), ("enum-*",)], ids=["failing", "accepted"])
def test_nothing_of_a_document_is_markup(accepted: tuple[str, ...]) -> None:
    html = rendered(diff([change(where=NASTY, message=NASTY, witness=NASTY_WITNESS)], *accepted))
    tags = set(re.findall(r"</?([a-z0-9]+)", html))
    assert tags <= {"h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "pre", "details", "summary"} | {
        "ul",
        "li",
    }


def test_nobody_is_mentioned_and_nothing_linked() -> None:
    source = text(diff([change(message="@me #1 www.a.b https://a a@b.c")]))
    table = source.partition("<details>")[0]
    assert re.search(r"@\w|#\d+\b(?!;)|www\.|://", table.replace("&#", "")) is None


def test_what_does_not_fit_is_counted() -> None:
    many = [change(where=f"schemas/T{n} /{'x' * 200}") for n in range(1000)]
    source = text(diff(many))
    assert MAX_SIZE < len(source) + 1000 < 65_000
    assert re.search(r"… and \d+ parts more that do not fit here", source.split("\n")[-1])


def test_fences_are_longer_than_what_they_hold() -> None:
    witness = Witness("GET /", {"status": 200, "headers": {}, "body": "`````"}, "revision", "base", "")
    assert "\n``````http\n" in text(diff([change(witness=witness)]))
    assert "\n```http\n" in text(diff([BREAKS]))
