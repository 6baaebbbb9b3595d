"""`contracts accept`: entries written into a file of acceptances, and taken out; all else of it stays."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.decision.entries import CHANGES, VIOLATIONS, Table, accepted_from, entry_for, with_entry, without_entry
from tests.run.projects import ENUM, document

from .conftest import Run

TODAY = date(2026, 11, 24)
TYPE = ENUM.replace("enum", "type")
CHANGE = "enum-widened schemas/Thing /status"
SPREAD = f"{ENUM}, on 3 operations"
FILE = Path("spec", "accepted.toml")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contracts: Run, time_machine: Any) -> Run:
    time_machine.move_to(datetime(2026, 11, 24, 12, tzinfo=UTC), tick=True)
    monkeypatch.chdir(tmp_path)
    Path("spec").mkdir()
    Path("spec", "notte.yaml").write_text(json.dumps(document()))
    Path("pytest.ini").write_text("[pytest]\ncontract_spec = spec/notte.yaml\n")
    return partial(contracts, "accept")


def entry(name: str = ENUM, until: str = "2999-12-31", reason: str = "known", more: str = "") -> str:
    return f'violation."{name}" = {{ reason = "{reason}", until = {until}{more} }}\n'


WHY = ("--reason", "known", "--until", "2999-12-31")


def test_an_entry_is_written_where_there_is_no_file(run: Run) -> None:
    assert run(ENUM, *WHY) == (0, f"{FILE}:1: added: violation {ENUM} until 2999-12-31: known\n", "")
    assert FILE.read_text() == entry()


def test_several_are_written_at_once_below_what_is_there(run: Run) -> None:
    FILE.write_text("# ours")
    assert run(ENUM, TYPE, CHANGE, *WHY)[0] == 0
    change = entry_for(CHANGES, CHANGE, until=date(2999, 12, 31), reason="known")
    said = f"# ours\n{entry()}{entry(TYPE)}\n[change]\n{change.removeprefix('change.')}\n"
    assert FILE.read_text().replace(" }", "}") == said.replace(" }", "}")


def test_writing_it_again_changes_no_byte(run: Run) -> None:
    run(ENUM, *WHY)
    before, text = FILE.stat(), FILE.read_bytes()
    code, out, _ = run(ENUM, *WHY)
    assert (code, out.startswith(f"{FILE}:1: was there: ")) == (0, True)
    after = FILE.stat()
    assert (after.st_ino, after.st_mtime_ns, FILE.read_bytes()) == (before.st_ino, before.st_mtime_ns, text)


def test_a_new_date_keeps_reason_evidence_and_comments(run: Run) -> None:
    FILE.write_text(f"# a\n{entry(until='2020-01-01', more=', evidence = [1]'.replace('1', repr('x')))}# b\n")
    code, out, _ = run(ENUM, "--until", "2999-12-31")
    assert (code, out) == (0, f"{FILE}:2: changed: violation {ENUM} until 2999-12-31: known, for x alone\n")
    assert FILE.read_text() == f"# a\n{entry(more=', evidence = [1]'.replace('1', repr('x')))}# b\n"


@pytest.mark.parametrize("name", [f"tests/contract/test_contract.py::test_rule[{ENUM}]", SPREAD, "* enum"])
def test_an_id_is_taken_as_it_is_printed(name: str, run: Run) -> None:
    assert run(name, *WHY)[0] == 0
    assert FILE.read_text() == entry()


def test_the_id_of_many_rules_is_an_entry_for_each(run: Run) -> None:
    assert run("GET /things/{thing_id} 200 type", *WHY)[0] == 0
    assert set(tomllib.loads(FILE.read_text())["violation"]) == {ENUM.replace("/status enum", "/ type"), TYPE}


def test_pruning_takes_out_what_has_passed_and_what_is_gone(run: Run) -> None:
    past = entry_for(CHANGES, CHANGE, until=date(2020, 1, 1), reason="landed")
    before, after = f"# top\n{entry()}\n# of the type\n", f"{entry('* type')} # last\n"
    FILE.write_text(f"{before}{entry(TYPE, '2020-01-01')}{entry('GET /gone x')}{past}\n{after}")
    code, out, _ = run("--prune")
    assert (code, out.splitlines()) == (
        0,
        [
            f"{FILE}:5: removed: violation {TYPE} (accepted until 2020-01-01)",
            f"{FILE}:6: removed: violation GET /gone x (the document has no such rule)",
            f"{FILE}:5: removed: change {CHANGE} (accepted until 2020-01-01)",
        ],
    )
    assert FILE.read_text() == before + after
    assert run("--prune") == (0, f"{FILE}: nothing to prune\n", "")


def test_what_is_renewed_is_not_pruned(run: Run) -> None:
    FILE.write_text(entry(until="2020-01-01") + entry(TYPE, "2020-01-01"))
    assert run(ENUM, "--until", "2999-12-31", "--prune")[0] == 0
    assert FILE.read_text() == entry()


def test_another_file_and_document_can_be_named(run: Run) -> None:
    Path("other.json").write_text(Path("spec", "notte.yaml").read_text())
    assert run(ENUM, *WHY, "--spec", "other.json")[0] == 0
    assert Path("accepted.toml").read_text() == entry()
    assert run(ENUM, *WHY, "--accepted", "new/agreed.toml")[0] == 0
    assert Path("new", "agreed.toml").read_text() == entry()


MISTAKES = [
    (("GET /things/{thing_id} 200 /status enums", *WHY), f"the document has no rule {ENUM}s; the nearest are {ENUM}; "),
    (("enum-widenedd schemas/X", *WHY), "the document has no rule enum-widenedd schemas/X; the nearest are enum-"),
    ((ENUM, "--reason", "…", "--until", "2999-12-31"), "--reason '…' says nothing; say why"),
    ((ENUM, "--reason", "caf\udce9", "--until", "2999-12-31"), r"--reason 'caf\udce9' says nothing; say why"),
    (("operation-removed \udce9", "--until", "2999-12-31"), r"the document has no rule operation-removed \udce9"),
    ((ENUM, "--reason", " .. ", "--until", "2999-12-31"), "--reason ' .. ' says nothing; say why"),
    (
        (ENUM, "--until", "2999-12-31"),
        f"--reason is needed: nothing is said of {ENUM} yet; see contracts accept --help",
    ),
    ((ENUM, "--reason", "x"), "give ids and --until, the last day on which they count, or --prune; see"),
    ((ENUM, "--reason", "x", "--until", "2020-01-01"), "--until 2020-01-01 has passed; give a day that is to come"),
    ((ENUM, "--reason", "x", "--until", "YYYY-MM-DD"), "Invalid value for '--until': 'YYYY-MM-DD' does not match the"),
    ((ENUM, "--reason", "x", "--until", "20991231"), "Invalid value for '--until': '20991231' does not match the"),
    ((), "give ids and --until, the last day on which they count, or --prune; see"),
    ((ENUM, *WHY, "--spec", "none.yaml"), "none.yaml: can't be read: No such file"),
    ((ENUM, *WHY, "--accepted", "spec"), "spec: can't be read: Is a directory"),
    ((ENUM, *WHY, "--accepted", "spec/notte.yaml/x"), "spec/notte.yaml/x can't be written ("),
    ((ENUM, *WHY, "--accepted", "spec/notte.yaml"), "spec/notte.yaml:1:1: this is not TOML: "),
]


@pytest.mark.parametrize(("args", "sentence"), MISTAKES, ids=[" ".join(args) for args, _ in MISTAKES])
def test_mistakes_are_one_sentence_and_write_nothing(args: tuple[str, ...], sentence: str, run: Run) -> None:
    FILE.write_text(before := entry(TYPE))
    code, out, err = run(*args)
    assert (code, out, err.count("\n"), FILE.read_text()) == (2, "", 1, before)
    assert err.startswith(f"contracts: {sentence}")


def test_one_mistake_among_several_writes_nothing(run: Run) -> None:
    assert run(ENUM, "GET /gone x", *WHY)[0] == 2
    assert not FILE.exists()


def test_a_day_that_is_today_still_counts(run: Run) -> None:
    assert run(ENUM, "--reason", "x", "--until", str(TODAY))[0] == 0


# However a file is written, what it says beside one entry stays.

NAMES = ["a", "b c", 'GET /"q"\\x', "é\u200b"]


def quoted(name: str) -> str:
    return entry_for(VIOLATIONS, name, until=TODAY, reason="r").removeprefix("violation.").partition(" = {")[0]


def written(table: str, name: str, style: str) -> str:
    key, day = quoted(name), "2999-12-31"
    return {
        "line": f'{table}.{key} = {{ reason = "r", until = {day} }} # why\n',
        "tight": f"{table}.{key}={{reason='r',until={day}}}\n",
        "parts": f'{table}.{key}.reason = "r"\n{table}.{key}.until = {day}\n',
        "table": f'\n[{table}.{key}] # head\nreason = """r"""\nuntil = {day} # day\n',
    }[style]


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file of entries in any style and order, those with headers last, with comments between."""
    keys = draw(st.lists(st.tuples(st.sampled_from(["violation", "change"]), st.sampled_from(NAMES)), unique=True))
    styles = sorted(draw(st.sampled_from(["line", "tight", "parts", "table"])) for _ in keys)
    order = sorted(styles, key=lambda style: style == "table")
    parts = [f"# {n}\n" + written(*key, style) for n, (key, style) in enumerate(zip(keys, order, strict=True))]
    return "".join(parts)


def said(text: str) -> dict[tuple[str, str], dict[str, object]]:
    tables = tomllib.loads(text)
    return {(table, name): value for table in tables for name, value in tables[table].items()}


@settings(deadline=None, max_examples=100)
@given(files(), st.sampled_from([VIOLATIONS, CHANGES]), st.sampled_from(NAMES))
def test_nothing_but_the_entry_changes(text: str, table: Table, name: str) -> None:
    before, key = said(text), (table.name, name)
    after = with_entry(text, table, name, reason='so "it" is', until=TODAY)
    new = {**before.get(key, {}), "reason": 'so "it" is', "until": TODAY}
    assert said(after) == {**before, key: new}
    assert comments(text) <= comments(after)
    accepted_from(after.encode(), "accepted.toml", VIOLATIONS, today=TODAY)
    assert with_entry(after, table, name, reason='so "it" is', until=TODAY) == after
    without = said(without_entry(after, table, name))
    assert without == {other: value for other, value in before.items() if other != key}


def test_entries_one_after_another_are_all_written_alike() -> None:
    text = ""
    for name in ("a", "b", "c"):
        text = with_entry(text, VIOLATIONS, name, reason="so it is", until=TODAY)
    assert sorted(text.split("\n")) == ["", *(entry_for(VIOLATIONS, n, until=TODAY, reason="so it is") for n in "abc")]


def comments(text: str) -> set[str]:
    return {line for line in text.split("\n") if line.startswith("#")}
