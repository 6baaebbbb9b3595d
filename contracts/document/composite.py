"""Two names of many documents each to pairs of sides: by their paths, and then by their titles.

Many are a folder or a pattern (`specs/*.yaml`) of this machine, or of a revision (`HEAD:specs`).
"""

import json
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from contracts.document.loader import OVERLAY
from contracts.document.sides import (
    Reading,
    Side,
    git_object,
    run_git,
    shared,
    side_from,
    unprefixed,
)
from contracts.document.written import bytes_of_file, written_from_bytes
from contracts.errors import DocumentError, UsageError

_PATTERN = re.compile(r"[*?]")
_DOCUMENT = re.compile(rb"""(^|[{,])\s*["']?(openapi|swagger)["']?\s*:""", re.MULTILINE)
_WILD = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
_SUFFIXES = (".yaml", ".yml", ".json")
_BARE = Reading(())


@dataclass(frozen=True, slots=True)
class Couple:
    """A document on both sides; a side is an empty one where there is none."""

    name: str  # from the folder that is compared
    base: Side
    revision: Side
    note: str = ""


def couples_of(base: str, revision: str, reading: Reading) -> list[Couple]:
    """The pairs of documents of two sides that are many each; empty if both are one.

    Raises:
        UsageError: one alone is many, or has no document.
    """
    named: list[dict[str, Side]] = []
    for given in (base, revision):
        members = _members(given)
        if members is not None:
            named.append({name: side_from(one, reading) for name, one in members.items()})
    if not named:
        return []
    if len(named) == 1:
        cure = "give a folder or a pattern for both, or a file for both"
        raise UsageError(f"{base} and {revision}: one is many documents; {cure}")
    before, after = named
    moved: dict[str, str] = {}
    titles = [_by_title(before, after), _by_title(after, before)]
    for title in titles[0].keys() & titles[1].keys():
        moved[titles[0][title]] = titles[1][title]
    couples = []
    for name in [*before, *(name for name in after if name not in {*before, *moved.values()})]:
        couples.append(_couple(name, before.get(name), after.get(moved.get(name, name)), reading))
    return couples


def _couple(name: str, base: Side | None, revision: Side | None, reading: Reading) -> Couple:
    if base is not None and revision is not None:
        both = unprefixed(base, revision, reading)
        both = shared(*both) if reading.overlays is None else both
        is_moved = not revision.name.endswith(name)
        note = f"{base.name} is {revision.name} in the revision" * is_moved
        return Couple(name, *both, note)
    there = base or revision
    assert there is not None
    head = {"openapi": "3.1.0", "info": {"title": name, "version": ""}, "paths": {}}
    nothing = Side(f"no {name}", json.dumps(head).encode())
    if base is None:
        return Couple(name, nothing, there, f"{there.name} was added")
    return Couple(name, there, nothing, f"{there.name} was removed, with all of its operations")


def _by_title(sides: dict[str, Side], others: dict[str, Side]) -> dict[str, str]:
    """The names of those without a counterpart, by a title that only one of them has."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name in sides.keys() - others.keys():
        title = ""
        with suppress(DocumentError, KeyError, TypeError):  # which is refused when it is read
            title = str(written_from_bytes(sides[name].text, name).tree["info"]["title"])
        if title in found:
            twice.add(title)
        found[title] = name
    return {title: name for title, name in found.items() if title and title not in twice}


def _members(given: str) -> dict[str, str] | None:
    """The documents that a name stands for, by their paths in the folder; None if it is one."""
    if "://" in given or os.path.isfile(given):
        return None
    revision, colon, path = "", "", given
    if not os.path.exists(given):
        revision, colon, path = given.rpartition(":")
    is_pattern = bool(_PATTERN.search(path))
    head = re.split("[^/]*[*?]", path, maxsplit=1)[0] if is_pattern else path
    folder = head.rstrip("/")
    read = _files_of_revision if colon else _files_here
    files = read(revision, folder)
    if files is None:
        return None
    wanted = re.escape(path[len(head) :]) if is_pattern else re.escape("**/*")
    for sign, meant in _WILD.items():
        wanted = wanted.replace(re.escape(sign), meant)
    found = {}
    for name in sorted(files):
        label = f"{revision}{colon}{os.path.join(folder, name)}"
        is_wanted = re.fullmatch(wanted, name) and name.endswith(_SUFFIXES)
        if is_wanted and _DOCUMENT.search(side_from(label, _BARE).text):
            found[name] = label
    if not found:
        cure = "name a folder or a pattern that has some"
        raise UsageError(f"{given}: there is no OpenAPI document; {cure}")
    return found


def _files_here(_: str, folder: str) -> list[str] | None:
    """The paths of all files below a folder of this machine; None if it is none."""
    found = []
    for path, folders, names in os.walk(folder or "."):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            found.append(os.path.relpath(os.path.join(path, name), folder or "."))
    return found if os.path.isdir(folder or ".") else None


def _files_of_revision(revision: str, folder: str) -> list[str] | None:
    """The same of a revision."""
    tree = f"{revision}:{folder}"
    if not revision or git_object(tree, None)[0] != "tree":
        return None
    words = ["ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", tree]
    names = os.fsdecode(run_git(words, b"", None, tree)).split("\0")[:-1]
    return [name for name in names if "/." not in f"/{name}"]


def members_of(files: Sequence[str], usual: Callable[[], str]) -> list[str]:
    """The documents that files belong to; the `usual` one for what is none.

    Raises:
        DocumentError: a file can't be read, or is no document, and there is no usual one.
    """
    found: dict[str, None] = {}
    for file in files:
        stem = file.removesuffix(OVERLAY)
        beside = [file]
        if stem != file:
            beside = list(filter(os.path.isfile, map(stem.__add__, _SUFFIXES)))
        documents = [one for one in beside if os.path.isdir(one) or is_document(one)]
        try:
            found.update(dict.fromkeys(documents or [usual()]))
        except UsageError:
            cure = "give the document that it belongs to"
            raise DocumentError(file, 0, "this is no OpenAPI document", cure) from None
    return list(found)


def is_document(file: str) -> bool:
    return _DOCUMENT.search(bytes_of_file(file)) is not None


def origin_of(revision: str, path: str) -> str | None:
    """What a new document was called in a revision: its namesake that is gone, or all that is."""
    words = ["diff-index", "--name-only", "--no-renames", "--diff-filter=D", "-z", revision, "--"]
    gone = dict[str, Side]()
    for name in os.fsdecode(run_git(words, b"", None, revision)).split("\0"):
        if name.endswith(_SUFFIXES):
            side = side_from(f"{revision}:{name}", _BARE)
            gone |= {side.name: side} if _DOCUMENT.search(side.text) else {}
    (title,) = _by_title({path: side_from(path, _BARE)}, {}) or [""]
    return _by_title(gone, {}).get(title, next(iter(gone)) if len(gone) == 1 else None)


def is_unborn() -> bool:
    """Whether nothing is committed yet on the branch of the repository around here."""
    branch = os.fsdecode(run_git(["symbolic-ref", "-q", "HEAD"], b"", None, "HEAD")).strip()
    return branch.startswith("refs/heads/") and not git_object(branch, None)[0]
