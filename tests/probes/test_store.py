"""What was generated is kept between runs: it is the same, whatever lies where it is kept."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from contracts.document import load_spec
from contracts.messages import Request
from contracts.probes import ProbePlan, store
from contracts.probes.store import KEPT, CaseStore, Generated
from tests.documents import OPERATION, spec_of

SPEC = spec_of({"type": "string"})
ONE = SPEC.by_key[OPERATION]
MADE: Generated = [("é", Request("GET", "/things/1", (("X-A", "caf\xe9"),), b"\xff\x00")), ("", Request("GET", "/"))]


def made() -> Generated:
    return MADE


def never() -> Generated:
    pytest.fail("made again")


def files(root: Path) -> list[Path]:
    return sorted(root.glob("*/*"))


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    assert CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", made) == MADE
    assert CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", never) == MADE


def test_without_a_folder_nothing_is_kept() -> None:
    assert CaseStore(None, SPEC, 0).kept(ONE, "random", made) == MADE
    assert CaseStore(None, SPEC, 0).kept(ONE, "random", list) == []


OTHERS: dict[str, Callable[[Path], CaseStore]] = {
    "another seed": lambda root: CaseStore(root, SPEC, 1),
    "another document": lambda root: CaseStore(root, spec_of({"type": "integer"}), 0),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS.keys())
def test_what_follows_from_something_else_is_made(other: Callable[[Path], CaseStore], tmp_path: Path) -> None:
    CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", made)
    assert other(tmp_path).kept(ONE, "random", list) == []


def test_other_versions_make_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", made)
    monkeypatch.setattr(store, "version", lambda name: f"{name} 99")
    assert CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", list) == []


def test_a_kind_is_not_another(tmp_path: Path) -> None:
    CaseStore(tmp_path, SPEC, 0).kept(ONE, "10 random", made)
    assert CaseStore(tmp_path, SPEC, 0).kept(ONE, "40 random", list) == []


def packed(value: object) -> bytes:
    return zlib.compress(msgspec.json.encode(value))


BROKEN = {
    "empty": b"",
    "no such form": b"{}",
    "of another kind": packed([OPERATION, "boundaries", "", []]),
    "of another operation": packed(["GET /", "random", "", []]),
    "of other types": packed([OPERATION, "random", "", [["", {"method": 1}]]]),
    "of another method": packed([OPERATION, "random", "", [["", Request("DELETE", "/things/1")]]]),
    "cut short": packed([OPERATION, "random", "", []])[:-2],
    "beyond all measure": packed([OPERATION, "random", " " * 2**20, []]),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_broken_or_foreign_is_made_again(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST", 2**16)
    CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", made)
    (path,) = files(tmp_path)
    path.write_bytes(content)
    assert CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", made) == MADE
    assert CaseStore(tmp_path, SPEC, 0).kept(ONE, "random", never) == MADE


def test_it_may_be_taken_away_at_any_time(tmp_path: Path) -> None:
    one = CaseStore(tmp_path / "a", SPEC, 0)
    one.kept(ONE, "random", made)
    shutil.rmtree(tmp_path / "a")
    assert one.kept(ONE, "random", made) == MADE


def test_where_nothing_can_be_written_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert CaseStore(tmp_path / "file", SPEC, 0).kept(ONE, "random", made) == MADE


def test_few_are_kept_and_little_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(KEPT + 3):
        CaseStore(tmp_path, SPEC, seed).kept(ONE, "random", made)
    assert len(list(tmp_path.iterdir())) == KEPT
    monkeypatch.setattr(store, "ROOM", 10)
    CaseStore(tmp_path, SPEC, 99).kept(ONE, "random", made)
    assert len(list(tmp_path.iterdir())) == KEPT - 1


def test_why_patterns_were_left_out_is_kept_as_well(tmp_path: Path) -> None:
    first, second = CaseStore(tmp_path, SPEC, 0, {ONE.key: "too slow"}), CaseStore(tmp_path, SPEC, 0)
    first.kept(ONE, "random", made)
    second.kept(ONE, "random", never)
    assert second.slow == {ONE.key: "too slow"}


def test_a_lane_is_the_same_with_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = load_spec("spec/notte.yaml")
    operation = spec.operations[0]
    plans = [ProbePlan(spec, kept=kept) for kept in (None, tmp_path, tmp_path)]
    first, second = (list(plan.lane(operation).probes()) for plan in plans[:2])
    monkeypatch.setattr(ProbePlan, "cases", property(lambda _: never()))
    assert first == second == list(plans[2].lane(operation).probes())


def test_no_value_that_a_user_gave_is_kept(tmp_path: Path) -> None:
    spec, given = load_spec("spec/notte.yaml"), "a-value-of-mine"
    plan = ProbePlan(spec, given={"session_id": [given]}, kept=tmp_path)
    assert given in repr(list(plan.lane(spec.operations[0]).probes()))
    assert files(tmp_path)
    for path in files(tmp_path):
        assert given.encode() not in zlib.decompress(path.read_bytes())
