"""The page as text: what is on it, and that nothing on it can act. How it looks is tested in a browser."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from contracts.messages import UNAVAILABLE
from contracts.report.forms import page as view
from contracts.report.forms.page import figures, page
from contracts.report.forms.page.figures import matrices_of
from contracts.report.history import trend_of
from contracts.report.run import STANDINGS, Drift, OperationRun, RuleVerdict, Run

from ...runs import GET, lacks, nights, proof, run, times, verdict

EVIL = '<script>alert("x")</script>\x1b[31m\u202e\x00'
VOID = frozenset({"meta", "input", "br", "link", "img"})


class Outline(HTMLParser):
    """Tags in order, the text between them, and whether each is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"
        self.text += " " * (tag in ("dt", "dd", "li", "span"))

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data

    def having(self, name: str) -> list[str | None]:
        return [attributes[name] for _, attributes in self.tags if name in attributes]


def text_of(made: Run, **extra: Any) -> str:
    return re.sub(r"\s+", " ", Outline(page(made, **extra)).text)


def whole() -> Run:
    """A run with something for every part of the page."""
    return run(
        verdict("violated", "a", since="new"),
        verdict("accepted", "b"),
        verdict("advisory", "c"),
        verdict("not_exercised", "d", why="nobody came"),
        verdict("undecided", "e", why="no dialect knows it"),
        verdict("holds", "f", seen={"value": 2, "null": 1}, unseen=("absent",)),
        asked={GET: times(0.01, 0.2)},
        reasons=("1 rule violated", "the service stopped answering"),
        notes=("an entry can go",),
        interrupted=True,
        unavailable=1,
        operations=(OperationRun(GET, 2, 1, {"200": 1, "503": 1}, times(0.2)), OperationRun("GET /never")),
        drift=Drift("1", "2", decision="breaking", counts="1 breaking", changes=("x is gone",), command="contracts"),
        sessions={
            "listed": {"found": {"active": 3}, "picked": ["a"], "complete": True, "problem": ""},
            "started": None,
        },
        against={
            "path": "last.json",
            "about": "fail",
            "new": ["n"],
            "still_there": [],
            "fixed": ["f"],
            "not_judged": [],
        },
    )


def test_a_page_is_well_formed_and_every_link_leads_somewhere() -> None:
    outline = Outline(page(whole(), trend_of([*nights("holds", "violated"), whole()])))
    assert outline.open == []
    ids = outline.having("id")
    assert len(ids) == len(set(ids))
    targets = [str(link)[1:] for link in outline.having("href")]
    assert {*targets, *outline.having("popovertarget"), *outline.having("data-copy")} <= set(ids)
    assert len(targets) > 8


def test_a_page_needs_nothing_else() -> None:
    html = page(whole())
    outline = Outline(html)
    assert not [tag for tag, _ in outline.tags if tag in ("link", "img", "iframe", "object")]
    assert outline.having("src") == []
    assert "http" not in html.replace("http-equiv", "").replace("http://h", "")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (run(verdict("holds")), "Pass: no rule is violated"),
        (run(verdict("accepted")), "Pass: no rule is violated, but for what is accepted"),
        (run(verdict("violated"), decision="pass"), "Pass: nothing new, 1 rule still violated"),
        (run(verdict("violated")), "Fail: 1 rule violated"),
        (run(verdict("violated"), verdict("violated", "b")), "Fail: 2 rules violated"),
        (run(decision="fail", reasons=("no answer was a success",)), "Fail: no answer was a success"),
        (run(decision="inconclusive", reasons=("nobody answered; is it up?",)), "Inconclusive: nobody answered"),
    ],
    ids=["pass", "accepted", "tolerated", "fail", "two", "fail without a violation", "inconclusive"],
)
def test_the_decision_is_said_in_words(made: Run, words: str) -> None:
    html = page(made)
    assert words in re.sub(r"<[^>]+>", "", html[html.index("<h1>") : html.index("</h1>")])


@pytest.mark.parametrize(
    "words",
    [
        "1 of 6 rules hold, 1 violated, 1 advisory, 1 accepted, 1 undecided, 1 not exercised",
        "the service stopped answering",
        "The run ended early",
        "things.yaml · 1 abababababab",
        "2026-11-01 03:17:00 UTC",
        "1 min 1 s",
        "sessions: found 3 active; 1 are asked for",
        "drift: the service publishes 2, you test 1",
        "Held against last.json (fail)",
        "Wanted is one of active, closed",
        'Seen /status: "paused"',
        "on 3 of 9 exchanges",
        "The document things.yaml:12",
        "The answer 200 characters 12 to 19",
        "curl http://h/things/1",
        "contracts accept 'GET /things/{id} 200 /a enum' --spec ",
        "until 2027-01-31: rolled out early",
        "an entry can go",
        "value 2",
        "absent never",
        "not exercised 1 nobody came",
        "undecided 1 no dialect knows it",
        "Operations that were asked nothing 1 GET /never",
        "1 of 2 requests had no answer of the service",
    ],
)
def test_the_page_says(words: str) -> None:
    assert words in text_of(whole())


def test_a_reason_that_the_heading_says_is_not_said_again() -> None:
    assert text_of(whole()).count("1 rule violated") == 1


def test_the_smallest_failing_body_has_its_wrong_part_marked() -> None:
    assert "<mark>&#34;paused&#34;</mark>" in page(run(verdict("violated")))


def test_a_body_as_a_whole_comes_after_its_parts() -> None:
    whole_body = verdict("violated", rule=f"{GET} 200 / schema", kind="schema", place="/")
    html = page(run(whole_body, verdict("violated", "status")))
    cards = re.findall(
        r'<details class="card violated" id="(v\d)" data-states="violated" data-text="get /things/{id} 200 ([^"]*)',
        html,
    )
    assert cards == [("v0", "/status enum"), ("v1", "/ schema")]


def test_one_cause_on_several_operations_is_one_card_with_the_smallest_evidence() -> None:
    several = [lacks("GET /a", body='{"b": 1}'), lacks("GET /b"), lacks("GET /c", body="{ }"), lacks("GET /d", "name")]
    html = page(run(*several))
    one, other = re.findall(r'<details class="card violated".*?</details>', html, re.DOTALL)
    assert "GET /b 200 / required id</span>, on 3 operations" in one
    assert re.findall(r"<li><code>GET /(\w) 200 / required id</code>, on 3 of 9", one) == ["a", "b", "c"]
    assert re.findall(r"&#39;GET /(\w) 200 / required \w+&#39;", html) == ["a", "b", "c", "d"]
    assert "operations" not in other
    assert "Violated <b>4</b>" in html
    assert set(re.findall(r'href="#(v\d)"', html)) == {"v0", "v1"}


@pytest.mark.parametrize(
    ("kind", "message", "headers", "body", "marked"),
    [
        ("credential kept", "the body holds it", (), '{"a": "$NOTTE_API_KEY"}', "&#34;$NOTTE_API_KEY&#34;"),
        ("credential kept", "a field holds it", (("X-Odd", "is $NOTTE_API_KEY"),), "{}", "is $NOTTE_API_KEY"),
        ("unique names", "the name a occurs twice in one object", (), '{"a": 1, "a": 2}', "&#34;a&#34;"),
    ],
    ids=["in the body", "in a header field", "names"],
)
def test_what_should_not_be_there_is_marked(
    kind: str, message: str, headers: tuple[tuple[str, str], ...], body: str, marked: str
) -> None:
    shown = proof(message, body, instance=None, headers=headers)
    html = page(run(verdict("violated", kind=kind, place=None, proof=shown)))
    assert f"<mark>{marked}</mark>" in html
    assert ('<details class="more" open>' in html) is bool(headers)


def test_a_rule_at_a_place_marks_it_also_if_the_finding_does_not_say_where() -> None:
    shown = proof("was 1, then 2", '{"at": 2}', instance=None)
    assert "<mark>2</mark>" in page(run(verdict("violated", "at", proof=shown)))


@pytest.mark.parametrize(("place", "marks"), [("", 0), ("/", 3)], ids=["no place", "the whole"])
def test_an_empty_place_marks_nothing_and_the_whole_body_only_the_whole(place: str, marks: int) -> None:
    shown = proof("was 1, then 2", "[2]", instance=None)
    html = page(run(verdict("violated", rule=f"{GET} 200 / type", place=place, proof=shown)))
    assert html.count("<mark>") == marks


def test_a_page_of_several_reports_says_so() -> None:
    assert "Merged 2 reports, from 2026-11-01 03:17" in text_of(run(files=("a.json", "b.json")))
    assert "Merged" not in text_of(run())


def test_nights_that_judged_nothing_are_not_green() -> None:
    made = nights("not_exercised")
    assert "No rule was exercised in any of these runs." in text_of(made[-1], trend=trend_of(made))
    made = nights("holds")
    assert "No rule was violated in any of these runs." in text_of(made[-1], trend=trend_of(made))


def test_an_advisory_is_none_of_the_new_promises() -> None:
    made = [run(verdict("holds")), run(verdict("advisory"), night=1)]
    found = text_of(made[-1], trend=trend_of(made))
    assert "2 runs since 2026-11-01; 1 new advisory." in found
    assert "new in this run" not in found


def test_new_violations_come_first() -> None:
    found = text_of(run(verdict("violated", "old", since="still there"), verdict("violated", "fresh", since="new")))
    assert found.index("new GET /things/{id} 200 /fresh enum") < found.index("still there GET /things/{id} 200 /old")


def test_since_when_a_rule_is_violated_comes_with_the_history() -> None:
    made = [*nights("holds", "violated", "violated")]
    found = text_of(made[-1], trend=trend_of(made))
    assert "Since since 2026-11-02 (2 nights)" not in found
    assert "since 2026-11-02 (2 nights)" in found
    assert "3 runs since 2026-11-01" in found


def evil(made: Run) -> Run:
    """The run with a text that would act in every place that a text can be."""
    broken = verdict(
        "violated",
        rule=f"{GET} 200 /{EVIL} enum",
        kind=f"enum{EVIL}",
        operation=f"{GET}{EVIL}",
        status=f"200{EVIL}",
        place=f"/{EVIL}",
        promise=EVIL,
        clause=EVIL,
        why=EVIL,
        seen={EVIL: 1},
        unseen=(EVIL,),
        since=EVIL,
        source=replace(made.verdicts[0].source, file=EVIL, excerpt=((12, EVIL),)),
        evidence=proof(EVIL, f'{{"{EVIL}": 1}}', instance=f"/{EVIL}", curl=EVIL, headers=((EVIL, EVIL),)),
    )
    held = replace(broken, rule=f"{broken.rule}2", outcome=made.verdicts[5].outcome, evidence=None)
    return replace(
        made,
        suite=EVIL,
        files=(EVIL,),
        subjects=(replace(made.subject, title=EVIL, version=EVIL, path=EVIL),),
        targets=(EVIL,),
        reasons=(EVIL,),
        notes=(EVIL,),
        verdicts=(broken, held, *made.verdicts),
        statuses={EVIL: 1},
        operations=(OperationRun(EVIL, 1, 0, {EVIL: 1}, replace(times(1.0), slowest=EVIL)), OperationRun(f"{EVIL}2")),
        drift=Drift(EVIL, EVIL, decision="breaking", changes=(EVIL,), notes=(EVIL,), command=EVIL),
        against={"path": EVIL, "about": EVIL, "new": [], "still_there": [], "fixed": [EVIL], "not_judged": [EVIL]},
    )


def test_nothing_from_a_report_is_markup_or_unseen() -> None:
    made = evil(whole())
    html = page(made, trend_of([made]))
    outline = Outline(html)
    assert outline.open == []
    assert [tag for tag, _ in outline.tags].count("script") == 1
    assert html.count("alert(&#34;x&#34;)") > 30
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", html)
    assert [name for _, attributes in outline.tags for name in attributes if name.startswith("on")] == []


def test_the_one_script_is_allowed_by_its_hash_alone() -> None:
    policy = next(str(a["content"]) for tag, a in Outline(page(run())).tags if a.get("http-equiv"))
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}';", policy)


@pytest.mark.parametrize("state", ["violated", "accepted", "advisory"])
def test_more_than_the_most_cards_are_a_list(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_CARDS", 2)
    found = page(run(*(verdict(state, f"n{index}") for index in range(5))))
    assert found.count('<details class="card') == 2
    assert "The others <b>3</b>" in found
    assert "/n4 enum" in found


def test_cards_are_drawn_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_DRAWN", 20_000)
    wide = proof(body=json.dumps({"a": "<" * 390, "status": '"' * 300}))  # 4 characters for each < on the page
    found = page(run(*(verdict("violated", f"n{index}", proof=wide) for index in range(9))))
    assert 3 <= found.count('<details class="card') <= 6
    assert "The others" in found


def test_a_cell_links_to_no_card_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_CARDS", 1)
    found = page(run(*(verdict("violated", f"n{index}") for index in range(view.MAX_LISTED + 5))))
    links = set(re.findall(r'href="#(v\d+)"', found))
    assert len(links) == view.MAX_LISTED + 1
    assert links == set(re.findall(r'id="(v\d+)"', found))


def test_places_that_were_seen_are_drawn_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_SEEN", 2)
    seen = text_of(run(*(verdict("holds", f"n{index}", seen={"a": 1, "b": 2}) for index in range(5))))
    assert "… and 3 more places, in report.json" in seen


def test_members_that_are_not_drawn_are_counted() -> None:
    found = text_of(run(verdict("holds", seen={f"m{index}": 1 for index in range(15)})))
    assert "and 3 more, in report.json" in found


def test_reasons_for_not_judging_are_counted_beyond_the_most() -> None:
    reasons = [f"reason {index}." for index in range(view.MAX_REASONS + 3)]
    seen = text_of(run(*(verdict("not_exercised", f"n{index}", why=why) for index, why in enumerate(reasons))))
    assert f"{reasons[-4]} {GET}" in seen
    assert "… and 3 more reasons, in report.json" in seen


def test_cells_open_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_OPENED", 2)
    monkeypatch.setattr(view, "MAX_CELLS", 3)
    operations = ["GET /a", "GET /b", "GET /c", "GET /d"]
    made = run(
        *(verdict("holds", rule=f"{o} 200 /x enum", operation=o) for o in operations),
        verdict("violated", operation="GET /d"),
    )
    assert view._details(matrices_of(made)) == {"GET /d": "open", "GET /a": "cells", "GET /b": "line", "GET /c": "line"}
    assert "GET /c" in text_of(made)


def test_long_texts_are_cut() -> None:
    found = text_of(run(verdict("violated", promise="x" * 2000)))
    assert f"{'x' * 500}… (1500 more)" in found
    assert "x" * 501 not in found


def test_an_empty_run_has_a_page() -> None:
    found = text_of(run(decision="inconclusive", reasons=("nothing was sent",)))
    assert "nothing was sent" in found
    assert "No answer had a body with a choice in it." in found
    assert "No answer has a time." in found


def cut_lists(monkeypatch: pytest.MonkeyPatch) -> str:
    """The page of a run of which every list is too long for the page."""
    for name in ("MAX_FIELDS", "MAX_NOTES", "MAX_SAME", "MAX_TOGETHER", "MAX_PLAIN", "MAX_LISTED", "MAX_SEEN"):
        monkeypatch.setattr(view, name, 2)
    monkeypatch.setattr(view.figures, "MAX_MEMBERS", 2)
    view._environment.cache_clear()
    fields = tuple((f"x-{index}", "1") for index in range(5))
    members = {f"m{index}": 1 for index in range(6)}
    several = [lacks(f"GET /{index}", proof=proof(headers=fields)) for index in range(8)]
    mild = [verdict("advisory", f"mild{index}") for index in range(7)]
    plain = [verdict("holds", f"p{index}", seen={"value": 1}) for index in range(13)]
    never = [verdict("holds", "n", seen=members, unseen=tuple("abcdefghijk")), verdict("holds", "o", unseen=("x",))]
    later = [verdict("holds", f"q{index}", status="404", unseen=("x",)) for index in range(16)]
    together = [verdict("holds", "n", rule=f"{GET} 200 /n enum {index}") for index in range(18)]
    notes = tuple(f"note {index}" for index in range(21))
    silent = tuple(OperationRun(f"GET /silent/{index}") for index in range(22))
    verdicts = (*several, *mild, *plain, *never, *later, *together)
    found = text_of(run(*verdicts, notes=notes, operations=silent, reasons=notes))
    view._environment.cache_clear()
    return found


@pytest.mark.parametrize(
    "count",
    [
        "… and 3 more header fields, in report.json",
        "… and 6 more, in report.json",
        "# … and 6 more of these rules, in report.json",
        "… and 4 more advisories, below",
        "… and 11 more, in report.json",
        "m1 1 … and 4 more, in report.json",
        "b never … and 9 more never, in report.json",
        "a, b and 9 more in report.json",
        "… and 16 more places in 1 more answers, in report.json",
        "… and 17 more rules of this kind here, in report.json",
        "… and 19 more notes, in report.json",
        "… and 11 more reasons, in report.json",
        "… and 20 more, in report.json",
        "… and 16 more, in report.json",
    ],
    ids=lambda count: count.strip("# …"),
)
def test_a_list_that_stops_says_how_many_more_there_are_and_where(count: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count in cut_lists(monkeypatch)


def test_what_is_no_longer_drawn_of_operations_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_OPENED", 1)
    monkeypatch.setattr(view, "MAX_CELLS", 2)
    rules = [verdict("holds", rule=f"GET /{o} 200 /x enum", operation=f"GET /{o}") for o in "abcd"]
    said = "cells of 1 operation do not open, and 2 have but a line; report.json has all of it"
    assert said in text_of(run(*rules))
    assert "do not open" not in text_of(run(rules[0]))


def test_rows_are_made_of_no_more_than_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_OPENED", 1)
    monkeypatch.setattr(view, "MAX_CELLS", 2)
    made, rows = list[int](), figures._rows

    def counted(verdicts: Sequence[RuleVerdict]) -> Iterator[figures.Row]:
        made.append(len(verdicts))
        return rows(verdicts)

    monkeypatch.setattr(figures, "_rows", counted)
    page(run(*(verdict("holds", rule=f"GET /{n} 200 /x enum", operation=f"GET /{n}") for n in range(99))))
    assert made == [1, 1]


def test_an_operation_says_how_much_of_it_was_exercised() -> None:
    found = [verdict("holds", f"h{index}") for index in range(3)]
    silent = [verdict("not_exercised", f"s{index}") for index in range(4)]
    assert "GET /things/{id} 4 of 9 exercised, 1 undecided" in text_of(
        run(verdict("violated"), *found, *silent, verdict("undecided", "u"))
    )
    assert "4 of 8 exercised ✕" in text_of(run(verdict("violated"), *found, *silent))


def test_states_are_buttons_that_do_nothing_without_the_script() -> None:
    outline = Outline(page(whole()))
    buttons = [attributes for _, attributes in outline.tags if "data-state" in attributes]
    assert {str(one["data-state"]) for one in buttons} == {one.replace(" ", "-") for one in STANDINGS}
    assert {(one["aria-pressed"], "disabled" in one) for one in buttons} == {("false", True)}


def test_statuses_without_an_answer_of_the_service_are_those_that_are_asked_again() -> None:
    statuses = ", ".join(map(str, sorted(UNAVAILABLE)))
    assert f"no answer of the service ({statuses}, or none at all" in text_of(whole())


def test_the_command_that_was_run_can_be_copied() -> None:
    command = "pytest tests/contract -k 'a and <b>' \u202e"
    outline = Outline(page(run(verdict("holds"), commands=(command,))))
    assert "The command that was run" in outline.text
    assert "pytest tests/contract -k 'a and <b>' \\u202e" in outline.text
    assert "command" in outline.having("data-copy")
    assert "The command that was run" not in text_of(run(verdict("holds")))


def test_commands_of_merged_runs_are_lines_and_those_beyond_the_most_are_counted() -> None:
    found = page(run(verdict("holds"), commands=tuple(f"pytest {number}" for number in range(view.MAX_NOTES + 2))))
    assert "pytest 0\npytest 1\n" in found
    assert "pytest 19\n# … and 2 more commands, in these reports</pre>" in found
