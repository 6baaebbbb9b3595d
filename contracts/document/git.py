"""`REVISION:path` to what git has under that name. Runs git, and reads only.

The path starts at the root of the repository, or with `./` here; without a revision it is looked for in the index.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import UsageError

SECONDS = 60
_OBJECT = re.compile(rb"[0-9a-f]{40,64} ([a-z]+) ([0-9]+)")
_CURE = "give REVISION:path as `git show` takes it, or a file"


def path_in_repository(path: Path) -> str:
    """The path of a file as it is seen from the root of its repository. UsageError if it is in none."""
    prefix = _git(["rev-parse", "--show-prefix"], "", path.parent, str(path))
    return os.fsdecode(prefix.removesuffix(b"\n")) + path.name


class MissingError(UsageError):
    """The revision is there, and has no such file."""


@dataclass(frozen=True, slots=True)
class RevisionFiles:
    """The files of a revision around a document; `folder` is where git runs (None: here)."""

    revision: str
    path: str
    folder: Path | None = None

    def named(self, reference: str, home: str) -> str | None:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(home), reference))
        if name.split("/")[0] in ("..", ""):
            return None
        return "" if name == posixpath.basename(self.path) else name

    def label(self, name: str) -> str:
        return f"{self.revision}:{posixpath.join(posixpath.dirname(self.path), name)}"

    def content(self, name: str) -> bytes | None:
        kind, content = _objects([self.label(name)], self.folder)[0]
        return content if kind == "blob" else None


def file_of_revision(name: str, folder: Path | None = None) -> bytes:
    """The content of `REVISION:path`; MissingError if just the path is not there, UsageError for all else."""
    revision = name.partition(":")[0]
    (kind, content), (tree, _) = _objects([name, f"{revision or 'HEAD'}^{{tree}}"], folder)
    if kind == "blob":
        return content
    if kind == "tree":
        raise UsageError(f"{name}: this is a folder; give the path of a file in it")
    if revision and not tree:
        raise UsageError(
            f"{name}: git knows no revision {revision}; mend its name, or fetch it first (a shallow clone has few)"
        )
    where = f"the revision {revision}" if revision else "the index"
    raise MissingError(
        f"{name}: {where} has no such file; paths start at the root of the repository, or here with ./"
    )


def _objects(names: list[str], folder: Path | None) -> list[tuple[str, bytes]]:
    """Kind and content of objects; no kind for one that is not there. Names go to git by a pipe: none is an option."""
    if any(character in name for name in names for character in "\n\0"):
        raise UsageError(f"{names[0]!r} holds a character that no path of a side may have; {_CURE}")
    out = _git(
        ["cat-file", "--batch", "--follow-symlinks"],
        "".join(f"{name}\n" for name in names),
        folder,
        names[0],
    )
    found = []
    for _ in names:
        header, _, out = out.partition(b"\n")
        size = re.fullmatch(rb"(?:dangling|symlink|loop|notdir) ([0-9]+)", header)
        known = _OBJECT.fullmatch(header)
        length = int(known[2]) if known else int(size[1]) if size else -1
        found.append((known[1].decode() if known else "", out[: max(length, 0)]))
        out = out[length + 1 :]
    return found


def _git(args: list[str], lines: str, folder: Path | None, name: str) -> bytes:
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", *args],
            input=os.fsencode(lines),
            cwd=folder,
            env=environment,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError(
            f"{name} is no file, and there is no git to look for a revision; give a file"
        ) from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{name}: git did not answer within {SECONDS} s; {_CURE}") from None
    except OSError as error:
        raise UsageError(f"{name}: git can't be run ({error.strerror}); {_CURE}") from None
    if done.returncode:
        said = (
            done.stderr.decode("utf-8", "replace")
            .strip()
            .partition("\n")[0]
            .removeprefix("fatal: ")
        )
        raise UsageError(
            f"{name} is no file, and git can't look for a revision: {said or 'it failed'}; {_CURE}"
        )
    return done.stdout
