"""A comparison ends: what it has no time or memory for is undecided, says so, and never fails or breaks anything."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.changes import compare
from contracts.changes.change import Change, Effect
from contracts.changes.pairs import Pair
from contracts.commands.comparisons import diff
from contracts.document import Spec, read_spec
from contracts.schemas import allowance as allowances
from contracts.schemas.allowance import Allowance, Exceeded

STRING, INTEGER = {"type": "string"}, {"type": "integer"}


def ticks(step: float = 1.0) -> Callable[[], float]:
    """A clock that goes on by `step` whenever it is looked at."""
    times: Iterator[float] = count(0.0, step)
    return lambda: next(times)


def document(**schemas: Any) -> dict[str, Any]:
    """Each schema is what one operation answers, and another takes."""
    paths: dict[str, Any] = {}
    for name in schemas:
        held = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        answer = {"200": {"description": "", "content": held}}
        paths[f"/{name}"] = {"post": {"requestBody": {"required": True, "content": held}, "responses": answer}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def spec(**schemas: Any) -> Spec:
    return read_spec(json.dumps(document(**schemas)).encode(), path="x.json", folder=None)


def things(kind: Any, number: int = 12) -> dict[str, Any]:
    return {f"T{index}": {"type": "object", "properties": {"a": kind, "b": STRING}} for index in range(number)}


def choices(number: int, extra: str = "") -> dict[str, Any]:
    """So many optional parts, each of several kinds, that nobody can hold all combinations."""
    unions = []
    for index in range(number):
        options = [{"required": [f"{extra}{index}{way}"]} for way in "abcd"]
        unions.append({"anyOf": options})
    return {"type": "object", "allOf": unions, "additionalProperties": STRING}


def effects(changes: tuple[Change, ...]) -> Counter[Effect]:
    return Counter(change.effect for change in changes)


def operations(changes: tuple[Change, ...]) -> set[str]:
    return {reach.operation for change in changes for reach in change.reaches}


def test_what_is_left_when_the_time_is_used_up_is_undecided_and_says_so() -> None:
    changes = compare(spec(**things(STRING)), spec(**things(INTEGER)), allowance=Allowance(60, ticks()))
    found = effects(changes)
    assert found[Effect.BREAKING] > 0
    assert found[Effect.UNDECIDED] > 0
    assert operations(changes) == {f"POST /T{index}" for index in range(12)}
    undecided = [change for change in changes if change.effect is Effect.UNDECIDED]
    assert all("the 60 CPU seconds of --max-time were used up" in str(change.proof) for change in undecided)
    assert [change.effect for change in changes] == sorted(
        (change.effect for change in changes),
        key=[Effect.BREAKING, Effect.UNDECIDED, Effect.COMPATIBLE].index,
    )


@pytest.mark.parametrize("seconds", range(0, 60, 7))
def test_whenever_time_is_up_nothing_that_breaks_is_called_compatible(seconds: int) -> None:
    """Nor is a change lost: each is found, or something around it is undecided."""
    base = {**things(STRING, 2), "Loose": {"type": "object", "required": ["a"], "properties": {"a": STRING}}}
    revision = {**things(INTEGER, 2), "Loose": {"type": "object", "properties": {"a": STRING}}}
    changes = compare(spec(**base), spec(**revision), allowance=Allowance(seconds, ticks()))
    in_full = compare(spec(**base), spec(**revision))
    compatible = {(change.id, change.where) for change in in_full if change.effect is Effect.COMPATIBLE}
    for change in changes:
        assert change.effect is not Effect.COMPATIBLE or (change.id, change.where) in compatible
    assert operations(changes) == operations(in_full)


def test_operations_that_time_is_missing_for_are_undecided() -> None:
    base, revision = document(**things(STRING, 2)), document(**things(STRING, 2))
    tenant = {"name": "tenant", "in": "query", "required": True, "schema": STRING}
    revision["paths"]["/T0"]["post"]["parameters"] = [tenant]
    sides = [read_spec(json.dumps(side).encode(), path="x.json", folder=None) for side in (base, revision)]
    (change,) = compare(*sides, allowance=Allowance(0, ticks()))
    assert (change.id, change.effect) == ("parameter-added", Effect.UNDECIDED)


def test_the_same_question_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    allowance = Allowance()
    allowance.answer(asked.append, '"one"')
    allowance.answer(asked.append, '"one"')
    allowance.answer(asked.append, '"other"')
    assert asked == ['"one"', '"other"']


def here(text: str) -> int:
    return os.getpid()


def test_only_a_large_question_is_worked_on_apart() -> None:
    allowance = Allowance()
    assert allowance.answer(here, json.dumps(STRING)) == os.getpid()
    assert allowance.answer(here, json.dumps({"enum": list(range(10_000))})) != os.getpid()
    assert allowance.answer(here, json.dumps(choices(6))) != os.getpid()
    patterns: dict[str, Any] = {f"{number}": True for number in range(300)}
    assert allowance.answer(here, json.dumps({"allOf": [{"patternProperties": patterns}] * 2})) != os.getpid()
    patterns = {f"^{letter}.{{0,900}}$": STRING for letter in "abcdefghijk"}
    assert allowance.answer(here, json.dumps({"patternProperties": patterns})) != os.getpid()


def endless(text: str) -> None:
    while text:
        pass


def greedy(text: str) -> int:
    return len(bytearray(1 << 40))


def shattered(text: str) -> None:
    os.abort()


def panicked(text: str) -> None:
    """As the validator fails that gets no memory for a pattern."""
    raise RuntimeError("Validation panicked: Any { .. }")


def swallowed(text: str) -> None:
    """Like native code that takes an exception of what it calls for an answer."""
    with suppress(Exceeded):
        endless(text)


@pytest.mark.parametrize("ask", [endless, swallowed])
def test_work_that_is_done_here_is_ended_as_well(ask: Callable[[str], None]) -> None:
    allowance = Allowance(question=0.01)
    with pytest.raises(Exceeded, match=r"given up after 0.01 CPU seconds"):
        allowance.answer(ask, '"x"')
    assert allowance.answer(here, json.dumps(STRING)) == os.getpid()
    assert signal.getsignal(signal.SIGPROF) == signal.SIG_DFL


def test_what_holds_too_much_is_ended_though_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "_memory_used", lambda: (0, 1 << 50))
    allowance = Allowance()
    allowance._most = 1 << 30
    with pytest.raises(Exceeded, match="or 1024 MB"):
        allowance.answer(endless, '"x"')


def test_what_was_there_before_is_measured_where_work_goes_on_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = list[int]()

    def used() -> tuple[int, int]:
        measured.append((8 + len(measured)) << 30)  # a gigabyte more at each tick
        return 0, measured[-1]

    monkeypatch.setattr(allowances, "_memory_used", used)
    monkeypatch.setattr(allowances, "_lost", [0.0])
    assert allowances.made(lambda: 1) == 1
    assert measured == []

    def ticks() -> None:
        while True:
            allowances.made(lambda: 1)  # which begins nothing of its own

    with pytest.raises(Exceeded, match="or 10240 MB"):  # beyond the eight that there were at first
        allowances.made(ticks)


def test_work_around_a_question_is_ended_when_its_own_time_is_over() -> None:
    allowance = Allowance(clock=float, question=0.01)

    def around() -> None:
        with pytest.raises(Exceeded):
            allowance.answer(endless, '"x"')
        endless("x")

    with pytest.raises(Exceeded, match=r"given up after 0.05 CPU seconds"):
        allowance.spend(around, apart=False, share=1200)


@pytest.mark.parametrize("ask", [endless, greedy, shattered, panicked])
def test_a_question_that_takes_too_much_is_given_up_alone(ask: Callable[[str], None]) -> None:
    allowance, large = Allowance(question=0.01), json.dumps("x" * allowances.APART)
    with pytest.raises(Exceeded, match=r"given up after 0.01 CPU seconds or [0-9]+ MB"):
        allowance.answer(ask, large)
    with pytest.raises(Exceeded, match=r"given up"):  # without a second try
        allowance.answer(ask, large)
    assert allowance.answer(here, json.dumps(STRING)) == os.getpid()


def test_a_schema_within_schemas_is_measured_in_the_time_of_its_length() -> None:
    nested: Any = STRING
    for _ in range(80):
        nested = {"properties": {"properties": nested, "a": {"items": True}}}
    assert Allowance().answer(here, json.dumps(nested)) == os.getpid()


def test_values_that_look_like_schemas_are_none() -> None:
    odd = {"allOf": 1, "patternProperties": ["a"], "not": 2, "properties": None}
    held = {"enum": [odd], "const": odd, "dependentRequired": {"patternProperties": ["a"], "allOf": []}}
    assert Allowance().answer(here, json.dumps(held)) == os.getpid()


def test_a_process_that_is_not_to_be_had_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", refuse)
    with pytest.raises(Exceeded, match=r"no process could be had for it \(Resource temporarily unavailable\)"):
        Allowance().answer(here, json.dumps("x" * allowances.APART))


def test_where_nothing_can_be_ended_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "_LIMITED", False)
    assert Allowance().answer(here, json.dumps("x" * allowances.APART)) == os.getpid()


def test_too_little_memory_for_a_small_question_is_no_crash() -> None:
    with pytest.raises(Exceeded, match="not enough memory"):
        Allowance().answer(greedy, "{}")


def refused(text: str) -> None:
    raise LookupError(text[:3])


def test_an_error_of_the_work_comes_from_where_it_is_done() -> None:
    with pytest.raises(LookupError, match='"xx'):
        Allowance().answer(refused, json.dumps("x" * allowances.APART))


def test_a_schema_that_nobody_can_settle_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    allowance = Allowance(question=0.01)
    changes = compare(spec(T=choices(9)), spec(T=choices(9, "x")), allowance=allowance)
    assert effects(changes)[Effect.COMPATIBLE] == 0


def test_memory_that_is_used_up_on_the_way_leaves_what_it_was_for_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    def use_up(pair: Pair) -> Iterator[Any]:
        raise MemoryError

    monkeypatch.setattr(Pair, "locals", use_up)
    changes = compare(spec(**things(STRING, 3)), spec(**things(INTEGER, 3)))
    assert {change.id for change in changes} == {"schema-changed"}
    assert Effect.COMPATIBLE not in effects(changes)
    assert operations(changes) == {"POST /T0", "POST /T1", "POST /T2"}


@pytest.fixture
def sides(tmp_path: Path) -> list[str]:
    paths = []
    for name, kind in (("base", STRING), ("revision", INTEGER)):
        (tmp_path / f"{name}.json").write_text(json.dumps(document(**things(kind))))
        paths.append(str(tmp_path / f"{name}.json"))
    return paths


def test_the_command_ends_with_3_when_time_is_up(sides: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.report.diff.Allowance", lambda seconds: Allowance(seconds, ticks(seconds)))
    done = CliRunner().invoke(diff, [*sides, "--max-time", "7"])
    assert done.exit_code == 3
    assert "the 7 CPU seconds of --max-time were used up" in done.output
    assert "diff: UNDECIDED (24 undecided)" in done.output


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan"])
def test_a_time_that_is_none_is_refused(sides: list[str], value: str) -> None:
    done = CliRunner().invoke(diff, [*sides, "--max-time", value])
    assert done.exit_code == 2
    assert "--max-time" in done.output


def spin(seconds: float) -> None:
    end = process_time() + seconds
    while process_time() < end:
        pass


def test_a_finalizer_is_not_ended_but_what_goes_on_after_it() -> None:
    """What is raised in one is printed, and lost."""
    ended = list[bool]()

    class Slow:
        def __del__(self) -> None:
            spin(0.15)
            ended.append(True)

    def work() -> None:
        Slow()
        spin(60)

    with pytest.raises(Exceeded):
        Allowance(question=0.05).spend(work, apart=False)
    assert ended == [True]
