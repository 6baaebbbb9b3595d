"""A run and a comparison as Markdown; rendered, nothing of an answer or a document is more than text."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from markdown_it import MarkdownIt

from contracts.changes.change import Effect, Witness
from contracts.report.diff import Diff
from contracts.report.forms.markdown import (
    MAX_NIGHTS,
    MAX_RULES,
    MAX_SIZE,
    MAX_WIDTH,
    curve,
    diff_markdown,
    run_markdown,
)
from contracts.report.history import Trend, trend_of
from contracts.report.run import Agreement, Drift, Passage, Run, Times
from contracts.verdicts import Recurrence

from ...made_changes import ALL, BREAKS, GROWS, change
from ..comparisons import NASTY, diff
from ..runs import GET, lacks, nights, proof, run, times, verdict

KNOWN: dict[str, Any] = {"path": "last.json", "about": "pass", "new": ["a"], "still_there": [], "fixed": ["b", "c"]}
SESSIONS = {
    "listed": {"found": {"closed": 2, "active": 1}, "picked": ["a", "b"], "complete": False, "problem": "429"},
    "started": {
        "session_id": "s-1",
        "statuses": ["active", "closed"],
        "stopped": True,
        "cost": "about $0.002",
        "problem": "",
    },
}


def text(made: Run, trend: Trend | None = None) -> str:
    return "\n".join(run_markdown(made, trend))


def lines(made: Run, trend: Trend | None = None) -> list[str]:
    """As they are read: without escapes."""
    return html.unescape(text(made, trend)).split("\n")


def rendered(made: Run, trend: Trend | None = None) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(text(made, trend)))


def test_a_run_in_ten_seconds() -> None:
    """A snapshot: what a person reads first."""
    states = ("violated", "advisory", "accepted", "holds", "not_exercised", "undecided")
    verdicts = [verdict(s, s) for s in states] + [verdict("not_asked", "n", why="nobody wanted it")]
    other = verdict("holds", "x", operation="GET /", status=None)
    made = run(other, *verdicts, reasons=("1 rule violated",), asked={GET: times(0.1)}, unavailable=1)
    assert lines(made)[:11] == [
        "### 🔴 Contract: FAIL on http://h",
        "",
        "- 1 rule violated",
        "- 8 rules, 2 holds, 1 violated, 1 not exercised, 1 undecided, 1 accepted, 1 advisory, "
        "1 not asked: nobody wanted it",
        "",
        "Things 1 (abababab) · 2026-11-01 03:17 UTC, 61 s · 1 exchange, 1 without an answer · seed 0",
        "",
        "| operation | status | rules | holds | violated | advisory | accepted "
        "| not exercised | not asked | undecided |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| <code>GET /things/{id}</code> | 200 | 7 | 1 | 1 | 1 | 1 | 1 | 1 | 1 |",
        "| <code>GET /</code> | any | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |",
    ]


def test_a_violation_is_a_block_to_open() -> None:
    """A snapshot."""
    broken = verdict("violated", since="new", recurrence=Recurrence("sometimes", 3, 8), clause="§4.8")
    shown = lines(run(broken, against=KNOWN))
    start = shown.index("<details>")
    assert shown[start : shown.index("</details>")] == [
        "<details>",
        '<summary>🔴 <code>GET /things/{id} 200 /status enum</code> /status is "paused"</summary>',
        "",
        "- at <code>things.yaml:12</code>",
        '- seen: /status is "paused" (on 3 of 9 exchanges; sometimes (3 of 8))',
        "- wanted: is one of active, closed (§4.8)",
        "- new since last.json",
        "",
        "```sh",
        "curl http://h/things/1",
        "```",
        "",
        "```text",
        "{",
        '  "status": "paused"   ← here',
        "}",
        "```",
        "",
    ]


def test_one_cause_on_several_operations_is_one_block() -> None:
    shown = lines(run(lacks("GET /a"), lacks("GET /b"), lacks("GET /c"), lacks("GET /d", "name")))
    one, other = (line for line in shown if line.startswith("<summary>"))
    assert one == '<summary>🔴 <code>GET /a 200 / required id</code>, on 3 operations lacks "id"</summary>'
    assert other == '<summary>🔴 <code>GET /d 200 / required name</code> lacks "name"</summary>'
    start = shown.index("- the same on 3 operations:")
    rules = [f"  - <code>GET /{name} 200 / required id</code>" for name in "abc"]
    assert shown[start + 1 : start + 5] == [*rules, ""]


@pytest.mark.parametrize(
    ("extra", "line"),
    [
        ({"decision": "inconclusive"}, "### 🟡 Contract: INCONCLUSIVE on http://h"),
        ({"decision": "pass"}, "### 🟢 Contract: PASS on http://h"),
        ({"decision": "odd"}, "### 🟡 Contract: ODD on http://h"),
        ({"interrupted": True}, "- ended early: this covers what was asked until then"),
        ({"against": KNOWN}, "- against last.json (pass): 1 new, 0 still there, 2 fixed, 0 not judged"),
        ({"drift": Drift("1", "1")}, "- drift: none, the service publishes what you test (1)"),
        ({"notes": ("accepted.toml:3 can go",)}, "- accepted.toml:3 can go"),
        ({"sessions": SESSIONS}, "- sessions: found at least 1 active, 2 closed; 2 are asked for (429)"),
        (
            {"sessions": SESSIONS},
            "- sessions: started session s-1, seen active, then closed, stopped; cost about $0.002",
        ),
        (
            {"sessions": {"started": {"session_id": None, "problem": "401"}, "listed": None}},
            "- sessions: started no session: 401",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else next(iter(value)),
)
def test_the_head_says_what_is_known_of_the_run(extra: dict[str, Any], line: str) -> None:
    assert line in lines(run(verdict("holds"), **extra))


@pytest.mark.parametrize(
    ("state", "extra", "title", "line"),
    [
        ("accepted", {}, "1 rule accepted", "until 2027-01-31: rolled out early"),
        ("not_exercised", {"why": "nobody came"}, "1 rule not exercised or undecided", "not exercised: nobody came"),
        ("undecided", {}, "1 rule not exercised or undecided", "undecided"),
        ("holds", {"unseen": ("closed", "null")}, "1 rule with values never seen", "closed, null"),
    ],
)
def test_what_is_no_violation_is_listed(state: str, extra: dict[str, Any], title: str, line: str) -> None:
    shown = lines(run(verdict(state, **extra)))
    start = shown.index(f"<summary>{title}</summary>")
    assert shown[start + 2] == f"- <code>GET /things/{{id}} 200 /status enum</code> {line}"


def test_long_lists_are_cut() -> None:
    shown = lines(run(*(verdict("undecided", f"n{n}") for n in range(23))))
    assert "- … and 3 more, in report.json" in shown
    rows = lines(run(*(verdict("holds", f"n{n}", status=str(200 + n)) for n in range(30))))
    assert "… and 5 rows more, of operations that are no worse, in report.json" in rows


def test_new_and_frequent_violations_come_first() -> None:
    verdicts = [
        verdict("advisory", "mild", violations=9),
        verdict("violated", "known", since="still there", violations=9),
        verdict("violated", "rare", violations=1),
        verdict("violated", "often", violations=8),
    ]
    summaries = [line for line in lines(run(*verdicts)) if line.startswith("<summary>")]
    assert [re.findall(r"/(\w+) enum", line)[0] for line in summaries] == ["often", "rare", "known", "mild"]
    assert summaries[-1].startswith("<summary>🟠")


def test_a_command_that_is_cut_would_be_wrong() -> None:
    shown = lines(run(verdict("violated", proof=proof(curl="curl " + "x" * 3000))))
    assert "- repeat: the curl command is too long for here; report.json has it" in shown
    assert "```sh" not in shown


def body_of(body: str, instance: str) -> list[str]:
    shown = lines(run(verdict("violated", proof=proof(body=body, instance=instance))))
    start = shown.index("```text")
    return shown[start + 1 : shown.index("```", start)]


def test_a_long_body_is_cut_around_the_place() -> None:
    shown = body_of(json.dumps({"a": list(range(99))}), "/a/50")
    assert [shown[0], shown[1], shown[8], shown[15]] == ["{", "… 45 lines", "    50,   ← here", "… 43 lines"]


def test_operations_without_a_curve_are_counted() -> None:
    asked = {f"GET /{number}": times(0.1) for number in range(11)}
    shown = lines(run(), trend_of([run(asked=asked)]))
    assert "… and 3 operations more, none slower; times are in report.json" in shown
    assert not [
        line for line in lines(run(), trend_of([run(asked=dict([*asked.items()][:8]))])) if "none slower" in line
    ]


def test_a_whole_array_is_marked_where_it_begins() -> None:
    assert body_of('{"a": [1, 2]}', "/a") == ["{", '  "a": [   ← here', "    1,", "    2", "  ]", "}"]


@pytest.mark.parametrize(
    "body", ["[" * 9000, "x" * 20_000, "[" + "{}," * 5000, '"' + "\\" * 9000], ids=["deep", "long", "many", "cut"]
)
def test_no_body_takes_much_room(body: str) -> None:
    shown = body_of(body, "/0/0")
    assert len(shown) <= 25
    assert max(map(len, shown)) <= MAX_WIDTH + 10


def test_an_old_report_has_no_promises_and_may_have_no_evidence() -> None:
    shown = lines(run(verdict("violated", promise="", proof=None)))
    assert "- seen: the report has no evidence (on 3 of 9 exchanges)" in shown
    assert not [line for line in shown if line.startswith(("- wanted", "```"))]


def test_a_run_without_rules_has_no_table() -> None:
    assert "|" not in text(run())


def history() -> Trend:
    runs = nights("holds", "violated", "holds", "not_exercised", "violated", "accepted")
    asked = [
        run(*made.verdicts, night=night, asked={GET: times(0.1), "GET /": times(0.01 * (night + 1))})
        for night, made in enumerate(runs)
    ]
    return trend_of(asked)


def test_history_says_what_comes_and_goes_and_draws_times() -> None:
    """A snapshot."""
    trend = history()
    shown = lines(run(verdict("accepted")), trend)
    start = shown.index("#### History: 6 runs since 2026-11-01")
    assert shown[start + 1 : start + 16] == [
        "",
        "| rule | | last 6 runs: █ violated, ▄ accepted, ▁ holds, · not judged |",
        "| --- | --- | --- |",
        "| <code>GET /things/{id} 200 /status enum</code> | comes and goes: 3 of 5 nights, back since 2026-11-05 "
        "| ▁█▁·█▄ |",
        "",
        "| | now | last 6 runs |",
        "| --- | ---: | --- |",
        "| violated rules | 0 | ▁█▁▁█▁ |",
        "| requests without an answer | 0.0% | ▁▁▁▁▁▁ |",
        "| median response time | 75 ms | ▂▄▄▅██ |",
        "| 95th percentile | 100 ms | ██████ |",
        "| <code>GET /things/{id}</code> median | 100 ms | ██████ |",
        "| <code>GET /things/{id}</code> 95th percentile | 100 ms | ██████ |",
        "| <code>GET /</code> median | 60 ms | ▂▃▅▆▇█ |",
        "| <code>GET /</code> 95th percentile | 60 ms | ▂▃▅▆▇█ |",
    ]


def test_a_violation_says_since_when() -> None:
    runs = nights("holds", "violated", "violated")
    runs[-1] = run(verdict("violated", since="still there"), night=2, against=KNOWN)
    since = "- since 2026-11-02 (2 nights); still there, last.json has it as well"
    assert since in lines(runs[-1], trend_of(runs))


def test_history_says_what_was_left_out() -> None:
    shown = lines(run(), trend_of(nights("holds"), ["one.json is of another document"]))
    start = shown.index("#### History: 1 run since 2026-11-01")
    assert shown[start + 1 : start + 4] == ["", "- one.json is of another document", ""]


def test_history_without_violations_says_so() -> None:
    assert "No rule was violated in any of them." in lines(run(), trend_of(nights("holds")))


def test_history_shows_the_last_nights_and_the_first_rules() -> None:
    broken = [verdict("violated", f"n{n}") for n in range(MAX_RULES + 2)]
    trend = trend_of([run(*broken, night=night) for night in range(MAX_NIGHTS + 5)])
    shown = lines(run(*broken), trend)
    assert "… and 2 rules more that were violated once, on the page of the history" in shown
    assert f"| violated rules | 22 | {'█' * MAX_NIGHTS} |" in shown


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([], ""), ([0, 0], "▁▁"), ([None, 1, 2], "·▅█"), ([0, 7, 3.5], "▁█▅")],
    ids=["nothing", "zeros", "a gap", "a curve"],
)
def test_curves_begin_at_zero(values: list[float | None], drawn: str) -> None:
    assert curve(values) == drawn


@pytest.mark.parametrize(
    ("asked", "shown"),
    [({GET: times(0.0004)}, "0.4 ms"), ({GET: times(0.25)}, "250 ms"), ({GET: times(12)}, "12,000 ms"), ({}, "")],
    ids=["fast", "usual", "slow", "no answer"],
)
def test_times_are_in_milliseconds(asked: dict[str, Times], shown: str) -> None:
    trend = trend_of([run(asked=asked)])
    assert f"| median response time | {shown} | {'█' if asked else '·'} |" in lines(run(), trend)


def nasty() -> Run:
    evil = verdict(
        "violated",
        rule=f"GET /a 200 {NASTY}",
        operation=NASTY,
        status=NASTY,
        promise=NASTY,
        clause=NASTY,
        source=Passage(NASTY, 1),
        unseen=(NASTY,),
        proof=proof(NASTY, f"```\n</details>{NASTY}", instance=NASTY, curl=NASTY),
    )
    agreed = verdict("accepted", rule="GET /b 200 x", accepted=Agreement(NASTY, NASTY))
    missing = verdict("undecided", rule="GET /c 200 x", why=NASTY)
    known = {**KNOWN, "path": NASTY, "about": NASTY}
    found = {"found": {NASTY: 1}, "picked": [], "complete": True, "problem": NASTY}
    return run(
        evil,
        agreed,
        missing,
        targets=(NASTY,),
        reasons=(NASTY,),
        notes=(NASTY,),
        against=known,
        sessions={"listed": found},
        drift=Drift(NASTY, NASTY, decision="breaking", counts=NASTY, changes=(NASTY,), command=NASTY),
        asked={NASTY: times(1), GET: times(1)},
    )


def test_nothing_of_an_answer_is_markup() -> None:
    made = nasty()
    tags = set(re.findall(r"</?([a-z0-9]+)", rendered(made, trend_of([made], [NASTY]))))
    cells = {"table", "thead", "tbody", "tr", "th", "td"}
    assert tags <= {"h3", "h4", "p", "code", "pre", "details", "summary", "ul", "li"} | cells
    assert rendered(made).count("</details>") == rendered(made).count("<details>")


def test_rows_have_as_many_cells_as_the_head() -> None:
    made = nasty()
    tables = rendered(made, trend_of([made])).split("</table>")[:-1]
    for table in tables:
        assert len({row.count("<td") + row.count("<th") - row.count("<the") for row in table.split("<tr>")[1:]}) == 1
    assert len(tables) == 3


def test_nobody_is_mentioned_and_nothing_linked() -> None:
    source = re.sub(r"^(`{3,}).*?^\1$", "", text(nasty()), flags=re.DOTALL | re.MULTILINE)
    assert re.search(r"@\w|(?<!&)#\d+\b(?!;)|www\.|://", source) is None


@pytest.mark.parametrize("often", [60, 600])
def test_whatever_there_is_to_say_it_fits(often: int) -> None:
    parts = [
        verdict("violated", f"{n}" + "|" * 900, promise="|" * 900, operation="|" * 900 + str(n)) for n in range(often)
    ]
    parts += [verdict("accepted", f"a{n}" + "|" * 900) for n in range(often)]
    made = run(*parts, targets=("|" * 900,), reasons=("|" * 900,) * 50, notes=("|" * 900,) * 50)
    source = text(made, trend_of([made, run(*parts, night=1)]))
    assert MAX_SIZE / 2 < len(source) <= MAX_SIZE
    assert source.count("<details>") == source.count("</details>")
    assert re.search(r"… and \d+ parts more that do not fit here; report\.json has them all\.", source)


# A comparison


NASTY_WITNESS = Witness(
    NASTY, {"status": 200, "headers": {NASTY: NASTY}, "body": NASTY}, accepted_by="a", rejected_by="b", because=NASTY
)


def diff_text(made: Diff) -> str:
    return "\n".join(diff_markdown(made))


def rendered_diff(made: Diff) -> str:
    return str(MarkdownIt("commonmark").enable("table").render(diff_text(made)))


def test_a_heading_a_table_and_blocks_to_open() -> None:
    lines = diff_text(diff(ALL, "enum-*")).split("\n")
    head = ["", "<code>HEAD&#58;spec/a.yaml</code> → <code>spec/a.yaml</code>", "", ""]
    assert [html.unescape(line) for line in lines[:11]] == [
        "### Contract: UNDECIDED (1 undecided, 2 compatible, 1 accepted)",
        "",
        "- **breaks**: nothing that could be shown; undecided: pattern-changed schemas/Thing /name",
        "- **for**: responses of GET /things/{id}",
        "- **findings**: 1 undecided (pattern-changed x 1), 2 compatible (property-removed x 1, "
        "property-added x 1), 1 accepted",
        *map(html.unescape, head),
        "| | change | where | what | reaches |",
        "| --- | --- | --- | --- | --- |",
    ]
    assert [line.split(" | ")[0] for line in lines[11:15]] == [
        "| 🟡 undecided, warning",
        "| 🟡 compatible, warning",
        "| 🟢 compatible, info",
        "| ☑️ breaking, error",
    ]
    assert lines.count("<details>") == lines.count("</details>") == 2
    command = (
        "contracts accept 'pattern-changed schemas/Thing /name' --accepted spec/accepted.toml --reason '…' --until"
    )
    assert f"{command} 2026-12-24" in lines


def test_what_breaks_is_left_out_last() -> None:
    fine = [change("property-added", Effect.COMPATIBLE, f"schemas/T{n} /x", message=f"{n}" * 99) for n in range(999)]
    source = diff_text(diff([*fine, change(where="schemas/Z /last")]))
    assert source.index("schemas/Z /last") < source.index("schemas/T0 /x")
    assert source.count("<details>") == 1
    assert "findings, none worse, that do not fit here" in source


def test_findings_that_are_alike_are_a_row() -> None:
    many = [change(where=f"schemas/T{n} /at") for n in range(42)]
    (row,) = (line for line in diff_text(diff(many)).split("\n") if line.startswith("| 🔴"))
    assert html.unescape(row).startswith(
        "| 🔴 breaking, error | <code>enum-widened</code> x 42 "
        "| <code>schemas/T0 /at, schemas/T1 /at, schemas/T2 /at and 39 more in contracts diff --all</code> |"
    )
    assert "\n".join(diff_markdown(diff(many), unfolded=True)).count("\n| 🔴") == 42


def test_a_summary_is_the_heading_and_three_lines() -> None:
    lines = diff_markdown(diff(), summary=True)
    assert [line.partition("**:")[0] for line in lines[2:5]] == ["- **breaks", "- **for", "- **findings"]
    assert (len(lines), lines[-1].startswith("<code>HEAD")) == (7, True)


def test_nothing_changed_is_a_heading() -> None:
    assert diff_text(diff([])).split("\n")[0] == "### Contract: COMPATIBLE (nothing changed)"
    assert "|" not in diff_text(diff([]))


def test_rows_of_changes_have_as_many_cells_as_the_head() -> None:
    shown = rendered_diff(diff([change(where=NASTY, message=NASTY), GROWS]))
    assert (shown.count("<th>"), shown.count("<td>"), shown.count("<tr>")) == (5, 10, 3)
    assert shown.count("<td>responses of GET /things/{id}</td>\n</tr>") == 2


@pytest.mark.parametrize("accepted", [(), ("enum-*",)], ids=["failing", "accepted"])
def test_nothing_of_a_document_is_markup(accepted: tuple[str, ...]) -> None:
    shown = rendered_diff(diff([change(where=NASTY, message=NASTY, witness=NASTY_WITNESS)], *accepted))
    tags = set(re.findall(r"</?([a-z0-9]+)", shown))
    assert tags <= {"h3", "p", "code", "table", "thead", "tbody", "tr", "th", "td", "pre", "details", "summary"} | {
        "ul",
        "li",
        "strong",
    }


def test_nobody_is_mentioned_and_nothing_linked_by_a_change() -> None:
    source = diff_text(diff([change(message="@me #1 www.a.b https://a a@b.c")]))
    table = source.partition("<details>")[0]
    assert re.search(r"@\w|#\d+\b(?!;)|www\.|://", table.replace("&#", "")) is None


def test_what_does_not_fit_is_counted() -> None:
    many = [change(where=f"schemas/T{n} /{'x' * 200}", message=f"{n}") for n in range(1000)]
    source = diff_text(diff(many))
    assert MAX_SIZE < len(source) + 1000 < 65_000
    counted = re.findall(r"… and (\d+) findings, none worse, that do not fit here; `contracts diff --format", source)
    rows, blocks = source.count("\n| 🔴"), source.count("<details>")
    assert [1000 - rows, 1000 - blocks] == list(map(int, counted))


def test_fences_are_longer_than_what_they_hold() -> None:
    witness = Witness("GET /", {"status": 200, "headers": {}, "body": "`````"}, "revision", "base", "")
    assert "\n``````http\n" in diff_text(diff([change(witness=witness)]))
    assert "\n```http\n" in diff_text(diff([BREAKS]))
