"""Reports of shards as one run: what is missing, what fails, and what only the whole can decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UsageError
from contracts.report.json_report import json_text, to_json
from contracts.report.run import Drift, RuleVerdict, Run, Shard, Subject, Times
from contracts.report.shards import Whole, whole_of
from contracts.text import write_whole

from .runs import THINGS, run, times, verdict

KEYS = [f"GET /{letter}" for letter in "abc"]
SHARES = {key: index for index, key in enumerate(KEYS, start=1)}
STALE, HEALED = "accepted.toml:1: the document has no rule x", "accepted.toml:2: y was exercised and held"


def of_operation(index: int, state: str = "holds", **extra: Any) -> RuleVerdict:
    key = KEYS[index - 1]
    return verdict(state, rule=f"{key} 200 /status enum", operation=key, **extra)


def part(index: int, *verdicts: RuleVerdict, about: dict[str, Any] | None = None, **extra: Any) -> Run:
    """The run of a shard with the operation of its number, or with other verdicts."""
    own = verdicts or (of_operation(index),)
    failing = tuple(one.rule for one in own if one.standing == "violated")
    given: dict[str, Any] = {"settings": {"--contract-param": "id=1"}, "failing": failing, "missed": None}
    shard = Shard(index, 3, SHARES, **{**given, **(about or {})})
    reasons = (f"{len(failing)} rule violated",) if failing else ()
    asked = dict.fromkeys(KEYS, Times())
    asked[KEYS[index - 1]] = times(0.1, 0.2)
    told = {"seeds": (0,), "reasons": reasons, "shard": shard, "asked": asked, **extra}
    return run(*own, night=index, **told)


@pytest.fixture
def whole(tmp_path: Path) -> Any:
    def made(*parts: Run | str) -> Whole:
        paths = []
        for number, one in enumerate(parts):
            text = one if isinstance(one, str) else json_text(to_json(one))
            paths.append(write_whole(tmp_path / f"{number}" / "report.json", text))
        return whole_of(paths)

    return made


def test_all_shards_are_the_run(whole: Any) -> None:
    found = whole(part(3), part(1), part(2)).run
    assert (found.decision, found.reasons, found.shard) == ("pass", (), None)
    assert [one.operation for one in found.verdicts] == KEYS
    assert [(one.key, one.exchanges) for one in found.operations] == [(key, 2) for key in KEYS]
    assert (found.exchanges, found.statuses) == (6, {"200": 6})


def test_a_violation_in_any_fails_the_whole_however_the_others_ended(whole: Any) -> None:
    cut_short: dict[str, Any] = {
        "decision": "inconclusive",
        "reasons": ("the run was interrupted",),
        "interrupted": True,
    }
    found = whole(part(1), part(2, of_operation(2, "violated")), part(3, **cut_short)).run
    assert found.decision == "fail"
    assert found.reasons == ("1 rule violated", "shard 3 of 3: the run was interrupted")


def test_violations_of_shards_are_counted_together(whole: Any) -> None:
    found = whole(part(1, of_operation(1, "violated")), part(2, of_operation(2, "violated")), part(3)).run
    assert (found.decision, found.reasons) == ("fail", ("2 rules violated",))


def test_of_violations_that_are_new_the_number_is_said(whole: Any) -> None:
    old, new = of_operation(1, "violated", since="still there"), of_operation(2, "violated", since="new")
    against = {"path": "last", "about": "", "new": [], "still_there": [], "fixed": [], "not_judged": [], "carried": {}}
    parts = [
        part(1, old, against={**against, "still_there": [old.rule]}, reasons=("1 rule violated, 0 of them new",)),
        part(2, new, against={**against, "new": [new.rule]}, reasons=("1 rule violated, 1 of them new",)),
        part(3, against=against),
    ]
    assert whole(*parts).run.reasons == ("2 rules violated, 1 of them new",)


def test_a_rule_that_two_shards_saw_counts_once(whole: Any) -> None:
    """The first asks operations of others for the session that it started."""
    seen = of_operation(2, "violated")
    found = whole(part(1, of_operation(1), seen), part(2, seen), part(3)).run
    assert (found.decision, found.reasons, len(found.verdicts)) == ("fail", ("1 rule violated",), 3)
    assert found.verdicts[1].violations == 2 * seen.violations


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((1, 2), "shard 3 of 3 is not there; give the report of each"),
        ((2,), "shards 1, 3 of 3 are not there; give the report of each"),
    ],
)
def test_what_is_missing_is_named_and_not_exercised(numbers: tuple[int, ...], said: str, whole: Any) -> None:
    found = whole(*map(part, numbers))
    assert (found.run.decision, found.run.reasons) == ("inconclusive", (said,))
    absent = sorted({1, 2, 3} - {*numbers})
    assert found.unjudged == {KEYS[index - 1]: f"shard {index} of 3 is not there" for index in absent}


def test_a_shard_that_was_given_twice_counts_once_and_is_said(whole: Any, tmp_path: Path) -> None:
    found = whole(part(1), part(2), part(3), part(2)).run
    assert found.decision == "inconclusive"
    assert found.reasons == (
        f"shard 2 of 3 was given twice, {tmp_path}/1/report.json and {tmp_path}/3/report.json; give one of them",
    )
    assert found.exchanges == 6


OTHER = Subject("Things", "2", "things.yaml", "cd" * 32)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subjects": (OTHER,)}, f"document Things 2 (cdcdcdcdcdcd), not Things 1 ({THINGS.sha256[:12]})"),
        ({"seeds": (7,)}, "seed 7, not 0"),
        ({"targets": ("http://other",)}, "base URL http://other, not http://h"),
        ({"targets": (None,)}, "base URL the mock, not http://h"),
        ({"suite": "0.0.9"}, "version of the suite 0.0.9, not 0.1.0"),
        ({"about": {"settings": {}}}, "--contract-param not set, not id=1"),
        ({"about": {"settings": {"--contract-param": "id=2"}}}, "--contract-param id=2, not id=1"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(*value),
)
def test_a_shard_of_another_run_is_left_out(change: dict[str, Any], said: str, whole: Any, tmp_path: Path) -> None:
    found = whole(part(1), part(2, **change), part(3)).run
    assert found.decision == "inconclusive"
    where = f"{tmp_path}/1/report.json (shard 2 of 3)"
    assert found.reasons[0] == f"{where} is of another run and left out: {said}"
    assert found.reasons[1] == "shard 2 of 3 is not there; give the report of each"
    assert [one.operation for one in found.verdicts] == [KEYS[0], KEYS[2]]


def test_a_shard_of_another_number_of_shards_is_left_out(whole: Any) -> None:
    other = part(2)
    assert other.shard is not None
    found = whole(part(1), replace(other, shard=replace(other.shard, count=5)), part(3)).run
    assert "left out: number of shards 5, not 3" in found.reasons[0]


def test_shards_that_share_out_otherwise_are_left_out(whole: Any) -> None:
    other = part(2)
    assert other.shard is not None
    shares = {**SHARES, "GET /a": 2}
    found = whole(part(1), replace(other, shard=replace(other.shard, shares=shares)), part(3)).run
    assert "left out: division of the operations " in found.reasons[0]


def test_of_two_on_one_document_the_first_counts(whole: Any) -> None:
    found = whole(part(1), part(2, seeds=(7,))).run
    assert (found.decision, found.verdicts[0].operation) == ("inconclusive", KEYS[0])
    assert found.reasons[0].endswith("/1/report.json (shard 2 of 3) is of another run and left out: seed 7, not 0")


def test_files_that_are_no_run_are_refused(whole: Any) -> None:
    with pytest.raises(UsageError, match=r"no shards of one run: .*\(shard 2 of 3\) is of .*: document Things 2 "):
        whole(part(1), part(2, subjects=(OTHER,)))
    with pytest.raises(
        UsageError, match=r"there is no report of a shard: .* is not of a shard, or of an older version"
    ):
        whole(run(verdict("holds")))
    with pytest.raises(UsageError, match=r"there is no report of a shard: .*is empty"):
        whole("")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ('{"suite"', "is no JSON, or not all of it (line 1)"),
        ("[]", "is not a report.json of this suite"),
        (json_text(to_json(run(verdict("holds")))), "is not of a shard, or of an older version"),
    ],
    ids=["empty", "cut short", "another's", "whole run"],
)
def test_what_is_no_report_of_a_shard_leaves_it_open(text: str, said: str, whole: Any, tmp_path: Path) -> None:
    found = whole(part(1), text, part(3)).run
    assert found.decision == "inconclusive"
    assert found.reasons[0].startswith(f"{tmp_path}/1/report.json {said}")
    assert found.reasons[1].startswith("shard 2 of 3 is not there")


def test_a_shard_without_a_verdict_leaves_the_whole_open(whole: Any) -> None:
    lost: dict[str, Any] = {"decision": "inconclusive", "reasons": ("40 of 50 requests had no answer of the service",)}
    found = whole(part(1), part(2, **lost), part(3)).run
    assert found.decision == "inconclusive"
    assert found.reasons == ("shard 2 of 3: 40 of 50 requests had no answer of the service",)


def test_what_all_shards_say_is_said_once(whole: Any) -> None:
    refused: dict[str, Any] = {"decision": "inconclusive", "reasons": ("the credential was refused on every request",)}
    assert whole(*(part(index, **refused) for index in (1, 2, 3))).run.reasons == refused["reasons"]


def test_what_is_missing_does_not_fail_a_run_that_is_not_whole(whole: Any) -> None:
    """As in a run that ended early: rules that nobody exercised fail a strict run, and not one that is open."""
    unseen = of_operation(2, "not_exercised")
    failed = part(2, unseen, about={"failing": (unseen.rule,)}, decision="fail", reasons=("1 rule not exercised",))
    assert whole(part(1), failed, part(3)).run.decision == "fail"
    found = whole(part(1), failed).run
    assert (found.decision, found.reasons[0][:7]) == ("inconclusive", "shard 3")


def test_what_one_shard_exercised_was_exercised(whole: Any) -> None:
    unseen = of_operation(2, "not_exercised")
    strict = part(2, unseen, about={"failing": (unseen.rule,)}, decision="fail", reasons=("1 rule not exercised",))
    found = whole(part(1, of_operation(1), of_operation(2)), strict, part(3)).run
    assert (found.decision, found.reasons) == ("pass", ())


def test_a_shard_that_fails_for_another_reason_fails_the_whole(whole: Any) -> None:
    found = whole(part(1), part(2, decision="fail", reasons=("2 of 9 requests had no answer (strict)",)), part(3)).run
    assert (found.decision, found.reasons) == ("fail", ("shard 2 of 3: 2 of 9 requests had no answer (strict)",))


def test_a_document_that_breaks_its_baseline_fails_whatever_else(whole: Any) -> None:
    broke = part(1, about={"breaks": "the document breaks"}, decision="fail", reasons=("the document breaks",))
    found = whole(broke, part(2)).run
    assert (found.decision, found.reasons[0]) == ("fail", "the document breaks")


def test_entries_out_of_use_fail_the_whole_once(whole: Any) -> None:
    found = whole(*(part(index, about={"stale": (STALE,)}) for index in (1, 2, 3))).run
    assert (found.decision, found.reasons) == ("fail", (STALE,))
    assert whole(*(part(index, about={"stale": (STALE,)}) for index in (1, 2))).run.decision == "inconclusive"


@pytest.mark.parametrize(
    ("here", "elsewhere", "notes"), [(True, True, (HEALED,)), (True, False, ()), (False, True, ())]
)
def test_an_entry_can_go_if_it_can_everywhere(here: bool, elsewhere: bool, notes: tuple[str, ...], whole: Any) -> None:
    parts = [part(1, about={"healed": {HEALED: here}}), part(2, about={"healed": {HEALED: elsewhere}}), part(3)]
    assert (whole(*parts).run.decision, whole(*parts).run.notes) == ("pass", notes)


def test_an_entry_that_can_go_fails_a_strict_run(whole: Any) -> None:
    strict = {"--contract-strict": "True"}
    parts = [part(1, about={"healed": {HEALED: True}, "settings": strict})]
    parts += [part(index, about={"settings": strict}) for index in (2, 3)]
    assert (whole(*parts).run.decision, whole(*parts).run.reasons) == ("fail", (HEALED,))


@pytest.mark.parametrize(
    ("missed", "decision"),
    [((None, "never", "never"), "pass"), (("", "never", "never"), "fail"), (("", "", ""), "pass")],
)
def test_one_success_in_any_shard_is_enough(missed: tuple[str | None, ...], decision: str, whole: Any) -> None:
    found = whole(*(part(index, about={"missed": text}) for index, text in enumerate(missed, start=1))).run
    assert (found.decision, found.reasons) == (decision, ("never",) * (decision == "fail"))


def test_if_nothing_was_sent_in_any_there_is_no_verdict(whole: Any) -> None:
    parts = [part(index, about={"idle": "nothing was sent", "missed": ""}) for index in (1, 2, 3)]
    assert (whole(*parts).run.decision, whole(*parts).run.reasons) == ("inconclusive", ("nothing was sent",))
    assert whole(*parts[:2], part(3)).run.decision == "pass"


def test_sessions_and_drift_are_those_of_the_first(whole: Any) -> None:
    own, drift = {"listed": None, "started": {"session_id": "1"}}, Drift("1", "2", decision="compatible")
    others = {"listed": None, "started": None}
    found = whole(part(3, sessions=others), part(2, sessions=others), part(1, sessions=own, drift=drift)).run
    assert (found.sessions, found.drift) == (own, drift)


def test_what_an_absent_shard_was_to_judge_is_still_known(whole: Any) -> None:
    """Or the next night would call it new."""
    gone = "GET /c 200 /status enum"
    against = {"path": "last", "about": "", "new": [], "still_there": [], "fixed": [], "not_judged": []}
    found = whole(*(part(index, against={**against, "carried": {gone: None}}) for index in (1, 2))).run
    assert found.against is not None
    assert (found.against["not_judged"], found.against["carried"]) == ([gone], {gone: None})
    kept = part(3, of_operation(3, since="fixed"), against={**against, "fixed": [gone], "carried": {}})
    parts = [part(index, against={**against, "carried": {gone: None}}) for index in (1, 2)]
    assert (found := whole(*parts, kept).run).against is not None
    assert (found.against["not_judged"], found.against["fixed"]) == ([], [gone])


def test_the_command_is_that_of_the_whole_run(whole: Any) -> None:
    commands = [f"contracts run a.yaml --contract-shard={index}/3 --contract-strict" for index in (1, 2, 3)]
    parts = [part(index, commands=(text,)) for index, text in enumerate(commands, start=1)]
    assert whole(*parts).run.commands == ("contracts run a.yaml --contract-strict",)
