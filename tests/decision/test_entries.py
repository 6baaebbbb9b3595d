"""What the team lives with: what an entry covers, when it no longer counts, and how a bad file is refused."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import pytest

from contracts.decision.entries import VIOLATIONS, Acceptance, Accepted, accept_command, entry_for
from contracts.decision.run_decision import Decision, Policy, decide, read_accepted
from contracts.errors import DocumentError
from contracts.exchanges.traffic import traffic_of
from contracts.messages import Exchange, Probe, Request, Response
from contracts.rules import Rule, Severity
from contracts.verdicts import Outcome, Verdict
from tests.exchanges.documents import spec_of

TODAY = date(2026, 11, 24)
ENUM = "GET /sessions/{session_id} 200 /status enum"


def verdict(outcome: Outcome = Outcome.VIOLATED, *seen: str, rule: str = ENUM) -> Verdict:
    made = Rule(rule, "enum", Severity.VIOLATION, "", "GET /sessions/{session_id}", "200", None, "", "")
    return Verdict(made, outcome, exercised=1, broken_by=dict.fromkeys(seen, 1))


def accepting(rule: str = ENUM, until: date = TODAY, *evidence: str) -> Accepted:
    return Accepted((Acceptance(rule, "known", until, evidence, "accepted.toml", 3),), TODAY)


def whole_run(accepted: Accepted, *verdicts: Verdict) -> Decision:
    """The decision on a run that asked everything, and was answered."""
    responses = {"200": {"description": ""}}
    spec = spec_of({"/sessions/{session_id}": {"get": {"responses": responses}}})
    probe = Probe("GET /sessions/{session_id}", Request("GET", "/sessions/1"))
    traffic = traffic_of(spec, [Exchange(0, probe, Response(200))])
    return decide(spec, verdicts, traffic, Policy(accepted=accepted))


@pytest.mark.parametrize(
    ("glob", "covered"),
    [
        (ENUM, True),
        ("* enum", True),
        ("GET /sessions/{session_id} 200 *", True),
        ("GET /sessions/{session_id} 200 /status enu?", True),
        ("GET /sessions/[s]* enum", False),
        ("* type", False),
    ],
)
def test_an_entry_names_a_rule_or_a_glob(glob: str, covered: bool) -> None:
    assert (Policy(accepted=accepting(glob)).acceptance_of(verdict()) is not None) == covered


@pytest.mark.parametrize(("until", "counts"), [(date(2026, 11, 24), True), (date(2026, 11, 23), False)], ids=str)
def test_an_entry_counts_to_the_end_of_its_last_day(until: date, counts: bool) -> None:
    assert (Policy(accepted=accepting(ENUM, until)).acceptance_of(verdict()) is not None) == counts


@pytest.mark.parametrize(
    ("seen", "covered"),
    [(('"authenticating"',), True), (('"authenticating"', '"paused"'), False), (('"paused"',), False)],
    ids=["what was accepted", "and more", "something else"],
)
def test_evidence_that_is_not_covered_is_new(seen: tuple[str, ...], covered: bool) -> None:
    policy = Policy(accepted=accepting(ENUM, TODAY, '"authentic*"'))
    assert (policy.acceptance_of(verdict(Outcome.VIOLATED, *seen)) is not None) == covered


@pytest.mark.parametrize("outcome", [Outcome.HOLDS, Outcome.NOT_EXERCISED, Outcome.UNDECIDED])
def test_only_violations_are_accepted(outcome: Outcome) -> None:
    assert Policy(accepted=accepting()).acceptance_of(verdict(outcome)) is None


def test_accepting_something_never_adds_failures() -> None:
    assert Policy().fails(verdict())
    assert not Policy(accepted=accepting()).fails(verdict())
    assert not Policy(strict=True, accepted=accepting()).fails(verdict())


@pytest.mark.parametrize(
    ("accepted", "outcome", "words"),
    [
        pytest.param(accepting("GET /gone enum"), Outcome.VIOLATED, "has no rule GET /gone enum", id="rule gone"),
        pytest.param(accepting(ENUM, date(2026, 1, 1)), Outcome.VIOLATED, "2026-01-01, which has passed", id="past"),
    ],
)
def test_stale_entries_are_named_with_their_line(accepted: Accepted, outcome: Outcome, words: str) -> None:
    (reason,) = whole_run(accepted, verdict(outcome)).reasons[-1:]
    assert words in reason
    assert reason.startswith("accepted.toml:3: ")


@pytest.mark.parametrize("outcome", [Outcome.HOLDS, Outcome.VIOLATED])
def test_an_entry_that_counts_is_not_stale(outcome: Outcome) -> None:
    assert whole_run(accepting(), verdict(outcome)).reasons == ()


@pytest.mark.parametrize("outcome", [Outcome.HOLDS, Outcome.VIOLATED, Outcome.NOT_EXERCISED])
def test_an_entry_past_its_day_is_stale_whatever_became_of_its_rule(outcome: Outcome) -> None:
    reasons = whole_run(accepting(ENUM, date(2026, 1, 1)), verdict(outcome)).reasons
    assert sum("has passed" in reason for reason in reasons) == 1


def test_an_entry_is_healed_only_when_all_of_its_rules_held() -> None:
    held, broken = verdict(Outcome.HOLDS), verdict(Outcome.VIOLATED, rule="other")
    assert whole_run(accepting("*"), held, broken).notes == ()
    assert len(whole_run(accepting("*"), held).notes) == 1


def entry(key: str = ENUM, reason: str = '"known"', until: str = "2026-12-31", more: str = "") -> str:
    return f'violation."{key}" = {{ reason = {reason}, until = {until}{more} }}\n'


def read(text: str | bytes, tmp_path: Path) -> Accepted:
    path = tmp_path / "accepted.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_accepted(path, today=TODAY)


def test_a_file_is_read_with_its_lines(tmp_path: Path) -> None:
    covering = entry("* type", more=', evidence = "a"')
    text = f'# violation."{ENUM}"\n{entry()}\n{covering}'
    found = read(text, tmp_path).entries
    assert [(e.name, e.line, e.until, e.evidence) for e in found] == [
        (ENUM, 2, date(2026, 12, 31), ()),
        ("* type", 4, date(2026, 12, 31), ("a",)),
    ]


def test_a_table_reads_the_same(tmp_path: Path) -> None:
    text = f"[violation.'{ENUM}']\nreason = 'known'\nuntil = 2026-12-31\n"
    assert read(text, tmp_path).entries[0].line == 1


@pytest.mark.parametrize(
    "rule", [ENUM, 'GET /"quoted"\\back 200 /x type', "GET /é status documented", "GET /\x7f\u200b\U000e0001 a"]
)
def test_the_entry_that_is_offered_accepts_its_rule(rule: str, tmp_path: Path) -> None:
    accepted = read(f"{entry('* other')}{entry_for(VIOLATIONS, rule, until=TODAY, reason='known')}\n", tmp_path)
    assert Policy(accepted=accepted).acceptance_of(verdict(rule=rule)) is not None
    assert accepted.entries[1].line == 2


def test_no_file_accepts_nothing(tmp_path: Path) -> None:
    assert read_accepted(tmp_path / "none.toml", today=TODAY).entries == ()


def test_an_empty_file_accepts_nothing(tmp_path: Path) -> None:
    assert read("# nothing\n", tmp_path).entries == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("violation. = 1\n", "accepted.toml:1:12: this is not TOML: Invalid initial", id="no TOML"),
        pytest.param('\n\nviolation."a', "accepted.toml:3:13: this is not TOML: Unterminated", id="cut off"),
        pytest.param(b"# a\n\xff", "accepted.toml:2: can't be read", id="not UTF-8"),
        pytest.param(
            "violations.x = 3\n",
            "there is no table violations; use violation or change",
            id="unknown table",
        ),
        pytest.param("violation = 3\n", "violation is no table of rules", id="no table"),
        pytest.param(f'violation."{ENUM}" = 3\n', "accepted.toml:1: the acceptance of GET", id="no entry"),
        pytest.param(entry().replace("reason", "why"), "has no usable reason", id="no reason"),
        pytest.param(entry(reason='""'), "accepted.toml:1: the acceptance of GET", id="empty reason"),
        pytest.param(entry(reason='" "'), "has no usable reason", id="blank reason"),
        pytest.param(entry(reason='"…"'), "has no usable reason", id="the reason that is offered"),
        pytest.param(entry(reason='" ... "'), "has no usable reason", id="dots"),
        pytest.param(entry(until='"soon"'), "no usable until (a date without quotes", id="no date"),
        pytest.param(entry(until="2026-12-31T00:00:00"), "no usable until (a date without", id="date and time"),
        pytest.param(entry(more=", owner = 1"), "unknown key owner", id="unknown key"),
        pytest.param(entry(more=", evidence = [1]"), "evidence is not a text or a list of texts", id="evidence"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(text: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as refused:
        read(text, tmp_path)
    assert words in str(refused.value)


TWICE = {
    "an entry": (
        f"{entry()}\n# again\n{entry()}",
        f'4: the key violation."{ENUM}" stands twice, lines 1 and 4; keep one',
    ),
    "a table": ("[violation.'a=b']\nreason = 'x'\n\n" * 2, "4: the key violation.'a=b' stands twice, lines 1 and 4"),
    "an entry and a table": (f"{entry('a')}[violation.a]\n", "2: the key violation.a stands twice, lines 1 and 2"),
    "all of a table": (f"{entry()}[violation]\n'x' = 1\n", "2: the key violation stands twice, lines 1 and 2"),
    "a part": (
        "[violation.a]\nreason = 'x'\nreason = 'x'\n",
        "3: the key reason stands twice, lines 2 and 3",
    ),
    "below many lines": (entry(more=", evidence = [\n'=',\n]") * 2, "4: the key violation."),
    "in one entry": (
        entry(more=", reason = 'b'"),
        "1:111: the key reason stands twice, in one entry; keep one of them",
    ),
    "with CRLF": (f"{entry()}{entry()}".replace("\n", "\r\n"), "2: the key violation."),
}


@pytest.mark.parametrize(("text", "words"), TWICE.values(), ids=TWICE)
def test_a_key_that_stands_twice_is_called_that(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as refused:
        read(text, tmp_path)
    assert f"accepted.toml:{words}" in str(refused.value)


def test_a_line_is_that_of_the_key_and_no_text_that_holds_it(tmp_path: Path) -> None:
    quoting = entry("a").replace("known", f"as {entry_for(VIOLATIONS, 'b', until=TODAY)}".replace('"', "'"))
    assert [(e.name, e.line) for e in read(f"{quoting}{entry('b')}", tmp_path).entries] == [("a", 1), ("b", 2)]


def test_an_entry_that_has_passed_asks_for_its_date_alone() -> None:
    past = accepting("* enum", date(2026, 11, 23))
    assert Policy(accepted=past).lapsed(verdict()) == (
        "accepted.toml:3: accepted until 2026-11-23, which has passed; "
        "mend it, or agree on a new date: contracts accept '* enum' --accepted accepted.toml --until YYYY-MM-DD"
    )
    assert Policy(accepted=accepting()).lapsed(verdict()) == ""
    assert Policy(accepted=past).lapsed(verdict(rule="other")) == ""
    assert Policy(accepted=past).lapsed(verdict(Outcome.HOLDS)) == ""


def test_an_entry_whose_evidence_is_another_says_so() -> None:
    covering = accepting(ENUM, TODAY, '"authentic*"')
    lapsed = Policy(accepted=covering).lapsed(verdict(Outcome.VIOLATED, '"paused"'))
    assert lapsed == "accepted.toml:3: its evidence is not all that was seen; mend it, or add to that"


@pytest.mark.parametrize("name", [ENUM, "it's", "GET /\u200b x"])
def test_the_command_that_is_offered_is_words_of_a_shell(name: str) -> None:
    words = shlex.split(accept_command([name], "--spec", "a b.yaml", until=TODAY))
    assert words == [
        *("contracts", "accept", name.replace("\u200b", "\\u200b"), "--spec", "a b.yaml"),
        *("--reason", "…", "--until", "2026-11-24"),
    ]
