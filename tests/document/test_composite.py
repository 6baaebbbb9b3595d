"""Many documents as a side: which they are, and what of the other side each belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.document.composite import couples_of
from contracts.document.sides import Reading
from contracts.errors import UsageError

from ..repositories import Repository, alone

AS_IS = Reading()


def text(title: str) -> str:
    return f"openapi: 3.1.0\ninfo: {{title: {title}, version: '1'}}\npaths: {{}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    repository = Repository(tmp_path)
    files = {"specs/a.yaml": text("A"), "specs/more/b.json": '{"openapi":"3.1.0","info":{"title":"B"},"paths":{}}'}
    files |= {"specs/part.yaml": "type: string\n", "specs/a.overlay.yaml": "overlay: 1.0.0\n", "specs/x.txt": text("X")}
    files |= {"specs/.hidden/c.yaml": text("H"), "other.yaml": text("O")}
    repository.commit(files)
    return repository


def names(base: str, revision: str) -> list[tuple[str, str, str]]:
    made = couples_of(base, revision, Reading(()))
    return [(couple.name, couple.base.name, couple.revision.name) for couple in made]


def same(*couples: str) -> list[tuple[str, str, str]]:
    return [(name, f"HEAD:specs/{name}", f"specs/{name}") for name in couples]


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("base", "revision", "expected"),
    [
        ("HEAD:specs", "specs", same("a.yaml", "more/b.json")),
        ("HEAD:specs/", "specs/", same("a.yaml", "more/b.json")),
        ("HEAD:specs/*.yaml", "specs/*.yaml", same("a.yaml")),
        ("HEAD:specs/**/*.json", "specs/**/*.json", same("more/b.json")),
        ("HEAD:specs/?.yaml", "specs/a*", same("a.yaml")),
        ("HEAD:*.yaml", "*.yaml", [("other.yaml", "HEAD:other.yaml", "other.yaml")]),
    ],
)
def test_documents_are_matched_by_their_paths(base: str, revision: str, expected: list[tuple[str, str, str]]) -> None:
    assert names(base, revision) == expected


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    "sides",
    [("HEAD:specs/a.yaml", "specs/a.yaml"), ("http://h/a?b=*", "specs/a.yaml"), ("-", "specs/a.yaml")],
)
def test_one_document_on_each_side_is_no_folder(sides: tuple[str, str]) -> None:
    assert couples_of(*sides, AS_IS) == []


def test_a_document_that_was_moved_is_found_by_its_title(repository: Repository) -> None:
    repository.write({"specs/new/name.yaml": text("A")})
    Path("specs/a.yaml").unlink()
    moved = next(couple for couple in couples_of("HEAD:specs", "specs", Reading(())) if couple.name == "a.yaml")
    assert (moved.base.name, moved.revision.name) == ("HEAD:specs/a.yaml", "specs/new/name.yaml")
    assert moved.note == "HEAD:specs/a.yaml is specs/new/name.yaml in the revision"


def test_a_title_that_two_have_matches_none(repository: Repository) -> None:
    repository.write({"specs/new.yaml": text("A"), "specs/newer.yaml": text("A")})
    Path("specs/a.yaml").unlink()
    notes = {couple.name: couple.note for couple in couples_of("HEAD:specs", "specs", Reading(()))}
    assert notes["a.yaml"] == "HEAD:specs/a.yaml was removed, with all of its operations"
    assert notes["new.yaml"] == "specs/new.yaml was added"
    assert notes["newer.yaml"] == "specs/newer.yaml was added"


@pytest.mark.usefixtures("repository")
def test_many_are_not_compared_with_one() -> None:
    with pytest.raises(UsageError, match="one is many documents; give a folder or a pattern for both, or a file for"):
        couples_of("HEAD:specs", "specs/a.yaml", AS_IS)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("name", ["specs/*.txt", "HEAD:specs/no*.yaml", "specs/.hid", "specs/part*"])
def test_many_that_are_none_are_refused(name: str) -> None:
    if "*" not in name:
        Path(name).mkdir()
    with pytest.raises(UsageError, match="there is no OpenAPI document; name a folder or a pattern that has some"):
        couples_of(name, "specs", AS_IS)


def test_a_name_that_git_could_take_for_an_option_is_none(repository: Repository) -> None:
    repository.write({"-x": "1"})
    with pytest.raises(UsageError):
        couples_of("--help:specs/*.yaml", "specs", AS_IS)
