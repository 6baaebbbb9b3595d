"""What a user may name as a side, and what is said of what can't be got."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from contracts.document import sides
from contracts.document.sides import MissingError, Reading, read_side, side_from, sides_from, specs_of
from contracts.errors import ContractsError, UsageError

from ..documents import document
from ..repositories import Repository, alone

TEXT = json.dumps(document({"type": "string"}), indent=1)
OVERLAY = """overlay: 1.0.0
info: {title: t, version: v}
actions:
- {target: $.info, update: {title: changed}}
"""
REFERRING = json.dumps(document({"$ref": "schemas/thing.json"}))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    alone(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(here: Path) -> Repository:
    repository = Repository(here)
    repository.commit({"spec/a.yaml": TEXT, "spec/a.overlay.yaml": OVERLAY})
    return repository


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))


def test_a_file_has_the_overlay_beside_it(repository: Repository) -> None:
    side = side_from("spec/a.yaml")
    assert (side.name, side.text, side.overlays_alone) == ("spec/a.yaml", TEXT.encode(), (OVERLAY.encode(),))
    assert read_side(side).title == "changed"


def test_a_revision_has_the_overlay_of_that_revision(repository: Repository) -> None:
    repository.write({"spec/a.yaml": "", "spec/a.overlay.yaml": ""})
    spec = read_side(side_from("HEAD:spec/a.yaml"))
    assert (spec.title, spec.document.path) == ("changed", "HEAD:spec/a.yaml")
    assert str(spec.document.source("/info/title")) == "HEAD:spec/a.overlay.yaml:4"


def test_a_revision_without_an_overlay_has_none(repository: Repository) -> None:
    repository.git("rm", "--quiet", "spec/a.overlay.yaml")
    repository.commit({})
    repository.write({"spec/a.overlay.yaml": OVERLAY})
    assert (side_from("HEAD:spec/a.yaml").overlays, side_from("HEAD~1:spec/a.yaml").overlays_alone) == (
        (),
        (OVERLAY.encode(),),
    )


@pytest.mark.parametrize("name", ["HEAD:./a.yaml", "HEAD:../spec/a.yaml", "main:spec/a.yaml", ":spec/a.yaml"])
def test_a_path_is_seen_from_the_root_or_from_here(
    name: str, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository.folder / "spec")
    side = side_from(name)
    assert (side.text, side.overlays_alone) == (TEXT.encode(), (OVERLAY.encode(),))


def test_a_link_in_a_revision_is_followed(repository: Repository) -> None:
    os.symlink("spec/a.yaml", repository.folder / "link.yaml")
    repository.commit({})
    assert side_from("HEAD:link.yaml").text == TEXT.encode()


def test_references_are_followed_within_the_revision(repository: Repository) -> None:
    repository.commit({"spec/b.json": REFERRING, "spec/schemas/thing.json": '{"$ref": "../other.json"}'})
    repository.commit({"spec/other.json": '{"type": "boolean"}'})
    repository.write({"spec/other.json": '{"type": "string"}'})
    tree = read_side(side_from("HEAD:spec/b.json")).document.tree
    assert tree["x-files"]["other.json"] == {"type": "boolean"}


@pytest.mark.parametrize("reference", ["../../up.json", "/etc/passwd", "../.git/x", "schemas/../../../up.json"])
def test_references_stay_in_the_repository_of_a_revision(reference: str, repository: Repository) -> None:
    repository.commit({"spec/b.json": json.dumps(document({"$ref": reference})), "up.json": "{}"})
    (notice,) = read_side(side_from("HEAD:spec/b.json")).notices
    assert "leads out of the repository" in notice.problem


@pytest.mark.parametrize("side", ["HEAD:spec/b.json", "HEAD:./spec/b.json", "spec/b.json"])
def test_other_files_of_the_repository_are_read(side: str, repository: Repository) -> None:
    repository.commit({"spec/b.json": json.dumps(document({"$ref": "../models/T.json#/T"}))})
    repository.commit({"models/T.json": '{"T": {"$ref": "sub/../U.json"}}', "models/U.json": '{"type": "boolean"}'})
    spec = read_side(side_from(side))
    assert spec.notices == ()
    assert list(spec.document.tree["x-files"]) == ["../models/T.json", "../models/U.json"]
    assert spec.document.source("/x-files/..~1models~1U.json/type").file.endswith("models/U.json")
    assert "spec" not in spec.document.source("/x-files/..~1models~1U.json/type").file


def test_a_side_may_be_named_from_a_folder_of_the_repository(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"spec/b.json": json.dumps(document({"$ref": "../models/T.json"})), "models/T.json": "{}"})
    monkeypatch.chdir("spec")
    assert read_side(side_from("HEAD:./b.json")).notices == ()
    (notice,) = read_side(side_from("HEAD:./b.json", Reading(root="."))).notices
    assert "leads out of the repository" in notice.problem


@pytest.mark.parametrize("side", ["HEAD:spec/b.json", "spec/b.json"])
@pytest.mark.parametrize(("root", "is_read"), [(".", True), ("spec", False), ("models", True)])
def test_a_root_says_below_what_files_are_read(side: str, root: str, is_read: bool, repository: Repository) -> None:
    repository.commit({"spec/b.json": json.dumps(document({"$ref": "../models/T.json"})), "models/T.json": "{}"})
    assert (read_side(side_from(side, Reading(root=root))).notices == ()) is is_read


@pytest.mark.parametrize("root", [None, "spec"])
def test_no_link_leads_out_of_the_root(root: str | None, repository: Repository, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.json").write_text('{"type": "boolean"}')
    repository.commit({"spec/b.json": json.dumps(document({"$ref": "link.json"}))})
    Path("spec/link.json").symlink_to(tmp_path.parent / "secret.json")
    (notice,) = read_side(side_from("spec/b.json", Reading(root=root))).notices
    assert "leads out of the repository" in notice.problem


def test_files_that_are_not_read_may_differ_though_they_are_named_alike(repository: Repository) -> None:
    repository.commit({"spec/b.json": json.dumps(document({"$ref": "../models/T.json"})), "models/T.json": "{}"})
    sides = sides_from("HEAD:spec/b.json", "spec/b.json", Reading(root="spec"))
    base, revision = specs_of(*sides)
    assert base is not revision
    assert base.unread != revision.unread


def test_a_document_of_a_revision_may_name_itself(repository: Repository) -> None:
    components = {"T": {"type": "string"}}
    itself = json.dumps(document({"$ref": "b.json#/components/schemas/T"}, components=components))
    repository.commit({"spec/b.json": itself})
    assert "x-files" not in read_side(side_from("HEAD:spec/b.json")).document.tree


def test_a_file_that_is_there_wins_over_a_revision(repository: Repository) -> None:
    repository.write({"HEAD:spec/a.yaml": "of the file"})
    assert side_from("HEAD:spec/a.yaml").text == b"of the file"


def test_standard_input_is_a_side_without_overlay(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, TEXT.encode())
    side = side_from("-")
    assert (side.name, side.text, side.overlays, side.path_of(side.name)) == ("<stdin>", TEXT.encode(), (), None)


def test_standard_input_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.document.sides.MAX_SIZE", 3)
    stdin(monkeypatch, b"1234")
    with pytest.raises(UsageError, match="standard input holds more than"):
        side_from("-")


def test_named_overlays_are_for_both_sides(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, TEXT.encode())
    repository.write({"o.yaml": OVERLAY.replace("changed", "other")})
    base, revision = sides_from("-", "HEAD:spec/a.yaml", Reading(["o.yaml"]))
    assert (read_side(base).title, read_side(revision).title) == ("other", "other")


def test_none_is_no_overlay(repository: Repository) -> None:
    assert [side.overlays for side in sides_from("HEAD:spec/a.yaml", "spec/a.yaml", Reading([]))] == [(), ()]


def test_equal_sides_are_read_once(repository: Repository) -> None:
    base, revision = specs_of(*sides_from("HEAD:spec/a.yaml", "spec/a.yaml"))
    assert base is revision


def test_sides_with_other_overlays_are_two(repository: Repository) -> None:
    repository.write({"spec/a.overlay.yaml": OVERLAY.replace("changed", "again")})
    base, revision = specs_of(*sides_from("HEAD:spec/a.yaml", "spec/a.yaml"))
    assert (base.title, revision.title) == ("changed", "again")


def test_equal_texts_that_refer_to_other_files_are_two(repository: Repository) -> None:
    repository.commit({"spec/b.json": REFERRING, "spec/schemas/thing.json": "{}"})
    base, revision = specs_of(*sides_from("HEAD:spec/b.json", "spec/b.json"))
    assert base is not revision


@pytest.mark.parametrize(
    ("name", "file", "path"),
    [
        ("HEAD:spec/a.yaml", "HEAD:spec/a.yaml", "spec/a.yaml"),
        ("HEAD:spec/a.yaml", "HEAD:spec/a.overlay.yaml", "spec/a.overlay.yaml"),
        ("HEAD:./spec/a.yaml", "HEAD:./spec/a.yaml", "spec/a.yaml"),
        ("spec/a.yaml", "spec/a.yaml", "spec/a.yaml"),
    ],
)
def test_places_of_a_side_have_plain_paths(name: str, file: str, path: str, repository: Repository) -> None:
    assert side_from(name).path_of(file) == path


NOWHERE = "is no file, and git can't look for a revision: not a git repository"
MISTAKES = [
    ("", "a side is empty (an unset variable?)"),
    ("x.yaml", "x.yaml: can't be read: No such file or directory"),
    ("spec", "spec: can't be read: Is a directory"),
    ("HEAD:x.yaml", "HEAD:x.yaml: the revision HEAD has no such file; paths start at the root"),
    ("HEAD:/etc/passwd", "HEAD:/etc/passwd: the revision HEAD has no such file"),
    ("HEAD:spec", "HEAD:spec: this is a folder"),
    ("HEAD:", "HEAD:: this is a folder"),
    (":x.yaml", ":x.yaml: the index has no such file"),
    ("nope:x.yaml", "nope:x.yaml: git knows no revision nope; mend its name, or fetch it first"),
    ("--help:x.yaml", "--help:x.yaml: git knows no revision --help"),
    ("HEAD:a\nb", r'"HEAD:a\nb" is too long, or holds a character that no path of a side may have'),
    ("HEAD:../../x", "HEAD:../../x"),
    ("C:\\x.yaml", "C:\\x.yaml: can't be read"),
    ("ftp://h/x", "ftp is no scheme that is read"),
    ("x" * 5000, "x: can't be read: File name too long"),
]


@pytest.mark.parametrize(("name", "sentence"), MISTAKES, ids=[repr(name[:20]) for name, _ in MISTAKES])
def test_what_can_not_be_got_is_said(name: str, sentence: str, repository: Repository) -> None:
    with pytest.raises(ContractsError) as refused:
        side_from(name)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_one_side_at_most_is_standard_input() -> None:
    with pytest.raises(UsageError, match="both sides are -"):
        sides_from("-", "-")


def test_a_revision_needs_a_repository(here: Path) -> None:
    with pytest.raises(UsageError, match=f"HEAD:x {NOWHERE}"):
        side_from("HEAD:x")


def test_a_revision_needs_git(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(here))
    with pytest.raises(UsageError, match="HEAD:x is no file, and there is no git"):
        side_from("HEAD:x")


def test_git_that_hangs_is_left(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sides, "GIT_SECONDS", 0)
    with pytest.raises(UsageError, match="git did not answer within 0 s"):
        side_from("HEAD:spec/a.yaml")


def test_only_a_missing_path_is_missing(repository: Repository) -> None:
    with pytest.raises(MissingError):
        side_from("HEAD:x")
    with pytest.raises(UsageError) as refused:
        side_from("nope:x")
    assert not isinstance(refused.value, MissingError)


def test_an_overlay_that_does_not_fit_the_other_side_is_left_out_of_both(repository: Repository) -> None:
    repository.write({"b.yaml": TEXT, "spec/a.overlay.yaml": OVERLAY.replace("$.info", "$.info.contact")})
    base, revision = sides_from("spec/a.yaml", "b.yaml")
    assert (base.overlays, revision.overlays) == ((), ())
    assert base.note == (
        "spec/a.overlay.yaml does not fit b.yaml (the target $.info.contact matches nothing in b.yaml), "
        "so both are read without overlays"
    )


def test_an_overlay_that_was_removed_is_not_lent(repository: Repository) -> None:
    (repository.folder / "spec" / "a.overlay.yaml").unlink()
    base, revision = sides_from("HEAD:spec/a.yaml", "spec/a.yaml")
    assert (bool(base.overlays), revision.overlays, revision.note) == (True, (), "")
