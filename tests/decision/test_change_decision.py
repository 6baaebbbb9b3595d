"""The decision over changes: what fails, what is accepted, and how a severity is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.changes.change import Change, ChangeSeverity, Effect
from contracts.decision.change_decision import (
    ChangePolicy,
    FailOn,
    decide_changes,
    name_of,
    severities_from,
)
from contracts.decision.entries import CHANGES, Acceptance, Accepted, accepted_from, entry_for
from contracts.errors import DocumentError, UsageError

from ..made_changes import ALL, BREAKS, GROWS, STATUS, UNKNOWN, WARNS, change

TODAY = date(2026, 11, 24)
B, U, C = Effect.BREAKING, Effect.UNDECIDED, Effect.COMPATIBLE


def accepting(*names: str, until: date = TODAY) -> Accepted:
    return Accepted(tuple(Acceptance(name, "known", until, file="a.toml", line=3) for name in names), TODAY)


@pytest.mark.parametrize(
    ("changes", "result", "codes"),
    [
        pytest.param((), C, (0, 0, 0, 0), id="nothing"),
        pytest.param((GROWS,), C, (0, 0, 0, 0), id="harmless"),
        pytest.param((WARNS, GROWS), C, (0, 1, 0, 0), id="warning"),
        pytest.param((UNKNOWN, GROWS), U, (3, 3, 3, 0), id="undecided"),
        pytest.param((UNKNOWN, WARNS), U, (3, 1, 3, 0), id="undecided and a warning"),
        pytest.param(ALL, B, (1, 1, 1, 0), id="breaking"),
    ],
)
def test_decision_and_exit_code(changes: Sequence[Change], result: Effect, codes: tuple[int, ...]) -> None:
    decisions = [decide_changes(changes, ChangePolicy(fail_on)) for fail_on in FailOn]
    assert {decision.result for decision in decisions} == {result}
    assert tuple(decision.exit_code for decision in decisions) == codes


@pytest.mark.parametrize(
    ("made", "severity", "code"),
    [
        (BREAKS, ChangeSeverity.INFO, 0),
        (GROWS, ChangeSeverity.ERROR, 1),
        (UNKNOWN, ChangeSeverity.ERROR, 1),
        (UNKNOWN, ChangeSeverity.INFO, 3),
    ],
    ids=["lowered", "raised", "undecided raised", "undecided lowered"],
)
def test_a_given_severity_decides_what_fails(made: Change, severity: ChangeSeverity, code: int) -> None:
    decision = decide_changes([made], ChangePolicy(severities={made.id: severity}))
    assert (decision.result, decision.exit_code, decision.judged[0].severity) == (made.effect, code, severity)


@pytest.mark.parametrize(
    ("glob", "counts"),
    [
        (f"enum-widened {STATUS}", True),
        (f"* {STATUS}", True),
        ("enum-* schemas/Thing /statu?", True),
        ("enum-widened", False),
        ("the list of values*", False),
    ],
)
def test_changes_are_accepted_by_kind_and_place(glob: str, counts: bool) -> None:
    decision = decide_changes([BREAKS], ChangePolicy(accepted=accepting(glob)))
    assert (decision.exit_code, decision.result) == ((0, C) if counts else (1, B))
    assert decision.accepted == counts


@pytest.mark.parametrize(("until", "code"), [(date(2026, 11, 24), 0), (date(2026, 11, 23), 1)], ids=str)
def test_an_entry_counts_to_the_end_of_its_last_day(until: date, code: int) -> None:
    assert decide_changes([BREAKS], ChangePolicy(accepted=accepting("*", until=until))).exit_code == code


@pytest.mark.parametrize(
    ("accepted", "words"),
    [
        (accepting("*", until=date(2026, 1, 1)), "a.toml:3: accepted until 2026-01-01, which has passed"),
        (accepting("type-changed x"), "a.toml:3: nothing that changed is named type-changed x"),
    ],
    ids=["past", "idle"],
)
def test_entries_that_do_nothing_are_notes(accepted: Accepted, words: str) -> None:
    decision = decide_changes([GROWS], ChangePolicy(accepted=accepted))
    assert (decision.exit_code, len(decision.notes)) == (0, 1)
    assert decision.notes[0].startswith(words)


NAMES = [*map(name_of, ALL), "*", "enum-*", "other"]


@given(
    st.lists(st.sampled_from(ALL)),
    st.sampled_from(FailOn),
    st.dictionaries(st.sampled_from([c.id for c in ALL]), st.sampled_from(ChangeSeverity)),
    st.lists(st.sampled_from(NAMES)),
)
def test_accepting_adds_no_failure(
    changes: list[Change], fail_on: FailOn, severities: dict[str, ChangeSeverity], names: list[str]
) -> None:
    before = decide_changes(changes, ChangePolicy(fail_on, severities))
    after = decide_changes(changes, ChangePolicy(fail_on, severities, accepting(*names)))
    pairs = list(zip(before.judged, after.judged, strict=True))
    assert all(one.fails or not two.fails for one, two in pairs)
    assert all(one.needs_acceptance or not two.needs_acceptance for one, two in pairs)
    assert before.exit_code or not after.exit_code


@pytest.mark.parametrize("where", [STATUS, 'GET /"q"\\ 200 /é', "GET /x\x7f\u200b /\ud800", "* ?", ""])
def test_the_entry_that_is_offered_accepts_its_change(where: str) -> None:
    made = change(where=where)
    line = entry_for(CHANGES, name_of(made), until=TODAY, reason='because "so"\n')
    accepted = accepted_from(f"# one\n{line}\n".encode(), "a.toml", CHANGES, today=TODAY)
    assert (accepted.of(name_of(made)) is not None, line.isprintable(), accepted.entries[0].line) == (True, True, 2)
    assert accepted.entries[0].reason == 'because "so"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('change."x" = 3', "a.toml:1: the acceptance of x is no table; write change"),
        ("change = 3", "change is no table of changes"),
        ('change."x" = { until = 2026-12-31 }', "has no usable reason"),
        ('change."x" = { reason = "r", until = 2026-12-31, evidence = "m" }', "has an unknown key evidence"),
        ('changes."x" = { reason = "r", until = 2026-12-31 }', "there is no table changes; use violation or change"),
    ],
)
def test_what_is_no_entry_is_refused(text: str, words: str) -> None:
    with pytest.raises(DocumentError) as refused:
        accepted_from(text.encode(), "a.toml", CHANGES, today=TODAY)
    assert words in str(refused.value)


def test_violations_and_changes_stand_in_one_file() -> None:
    text = "".join(f'{table}."y" = {{ reason = "r", until = 2026-12-31 }}\n' for table in ("violation", "change"))
    assert [entry.name for entry in accepted_from(text.encode(), "a.toml", CHANGES, today=TODAY).entries] == ["y"]
    with pytest.raises(DocumentError, match="the acceptance of x is no table"):
        accepted_from(b'violation."x" = 3', "a.toml", CHANGES, today=TODAY)


def test_severities_are_given_by_kind() -> None:
    assert severities_from(["enum-widened=info", "enum-widened=warning"]) == {"enum-widened": ChangeSeverity.WARNING}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("enum-widened", "--severity enum-widened is not ID=error|warning|info"),
        ("enum-widened=loud", "--severity enum-widened=loud is not ID="),
        ("enum-widend=info", "there is no kind of change enum-widend; the nearest are enum-widened"),
        ("§§§=info", "there is no kind of change §§§; `contracts diff --list` has them"),
    ],
)
def test_what_is_no_severity_is_refused(entry: str, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        severities_from([entry])
    assert words in str(refused.value)
