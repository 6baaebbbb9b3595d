"""The name of a side to the bytes of a document, its overlays and the files around it.

A side is a file, `GITREV:path` (from the root of the repository, or `./` here; of the index without
a revision), an http or https URL, or `-` for standard input.
"""

import os
import posixpath
import re
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from contracts.document.loader import overlay_beside, read_spec
from contracts.document.model import Spec
from contracts.document.references import FILES
from contracts.document.written import MAX_SIZE, FolderFiles, Neighbours, bytes_of_file
from contracts.errors import DocumentError, UsageError
from contracts.text import shown

if TYPE_CHECKING:
    import httpx2

PAGE = "/openapi.json"  # where a service publishes its document, below the base URL
MAX_REDIRECTS = 5
FETCH_SECONDS = 30.0  # how long a server may be silent; twice as long all of it may take
GIT_SECONDS = 60
MAX_NAME = 4096  # bytes of a name that git is asked for; a pipe takes so many at once

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_OBJECT = re.compile(rb"[0-9a-f]{40,64} ([a-z]+) ([0-9]+)")
_GIT_CURE = "give REVISION:path as `git show` takes it, or a file"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "notte-contracts", "Accept": "*/*", "Accept-Encoding": "identity"}

Overlays = tuple[tuple[str, bytes], ...]


class MissingError(UsageError):
    """The revision is there, and has no such file."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How documents are read that are named."""

    overlays: Sequence[str] | None = None  # files for each; None: the one beside it
    root: Path | str | None = None  # below which other files are read; None: their repository
    is_strict: bool = False  # any fault is refused
    prefixes: tuple[str, str] = ("", "")  # taken off the paths of base and revision


AS_IS = Reading()


@dataclass(frozen=True, slots=True)
class Side:
    """A document that was got and not yet read."""

    name: str  # its places are called after it
    text: bytes
    overlays: Overlays = ()
    around: Neighbours | None = None
    prefix: str = ""  # what stands before the paths of files around it (`HEAD:`)
    note: str = ""  # what is worth knowing of how it is read
    is_strict: bool = False  # any fault is refused
    path_prefix: str = ""  # that is taken off its paths

    @property
    def overlays_alone(self) -> tuple[bytes, ...]:
        """What the overlays say, wherever they come from."""
        return tuple(content for _, content in self.overlays)

    def path_of(self, file: str) -> str | None:
        """The plain path of a file as places of this side name it; None if it is in no project."""
        if self.around is None and file == self.name:
            return None
        return file.removeprefix(self.prefix).removeprefix("./")


def sides_from(base: str, revision: str, reading: Reading = AS_IS) -> tuple[Side, Side]:
    """Both sides, read alike."""
    if base == revision == "-":
        cure = "give a file for one of them"
        raise UsageError(f"both sides are -, and standard input can be read once; {cure}")
    sides = unprefixed(side_from(base, reading), side_from(revision, reading), reading)
    return shared(*sides) if reading.overlays is None else sides


def unprefixed(base: Side, revision: Side, reading: Reading) -> tuple[Side, Side]:
    """Both sides, which have their paths without a prefix."""
    before, after = reading.prefixes
    return replace(base, path_prefix=before), replace(revision, path_prefix=after)


def shared(base: Side, revision: Side) -> tuple[Side, Side]:
    """Both sides; one without an overlay gets the other's, or neither has any if they don't fit."""
    paths = base.path_of(base.name), revision.path_of(revision.name)
    if bool(base.overlays) == bool(revision.overlays) or paths[0] == paths[1]:
        return base, revision
    bare, other = (base, revision) if revision.overlays else (revision, base)
    files = dict(other.overlays)
    names = ", ".join(files)
    note = f"{bare.name} is read with {names}, as {other.name} is"
    lent = replace(bare, overlays=other.overlays, note=note)
    try:
        read_side(lent)
    except DocumentError as misfit:
        if misfit.file in files:
            note = f"{names} does not fit {bare.name} ({misfit.problem})"
            note = f"{note}, so both are read without overlays"
            return replace(base, overlays=(), note=note), replace(revision, overlays=())
    return (lent, other) if bare is base else (other, lent)


def side_from(given: str, reading: Reading = AS_IS, folder: Path | None = None) -> Side:
    """The side that a user names, or a ContractsError; git runs in `folder` (None: here)."""
    named = None if reading.overlays is None else named_overlays(reading.overlays)
    is_strict = reading.is_strict
    if not given:
        cure = "give a file, REVISION:path, a URL, or -"
        raise UsageError(f"a side is empty (an unset variable?); {cure}")
    if given == "-":
        text = sys.stdin.buffer.read(MAX_SIZE + 1)
        if len(text) > MAX_SIZE:
            size = f"more than {MAX_SIZE // 2**20} MB"
            raise UsageError(f"standard input holds {size}; give a document that is smaller")
        return Side("<stdin>", text, named or (), is_strict=is_strict)
    is_file = os.path.exists(given) or _DRIVE.match(given)
    scheme = _URL.match(given)
    if scheme is not None and not is_file:
        if scheme[1].lower() not in ("http", "https"):
            cure = "give an http or https URL, a file, REVISION:path, or -"
            raise UsageError(f"{scheme[1].lower()} is no scheme that is read; {cure}")
        text = fetched(given, MAX_SIZE)
        return Side(address_shown(given), text, named or (), is_strict=is_strict)
    around: Neighbours
    if is_file or ":" not in given:
        path, prefix, around = given, "", FolderFiles(Path(given).parent, given, reading.root)
        text = bytes_of_file(given)
    else:
        revision, _, path = given.partition(":")
        prefix, around = f"{revision}:", RevisionFiles(revision, path, folder, reading.root)
        text = _file_of_revision(given, folder)
    if named is None:
        beside = overlay_beside(path)
        content = around.content(beside)
        named = () if content is None else ((around.label(beside), content),)
    return Side(given, text, named, around, prefix, is_strict=is_strict)


def named_overlays(files: Sequence[str]) -> Overlays:
    return tuple((file, bytes_of_file(file)) for file in files)


def specs_of(base: Side, revision: Side, read: Spec | None = None) -> tuple[Spec, Spec]:
    """Both sides, read, the same value twice if they are one; `read` is the revision if at hand."""
    first = read_side(base)
    if is_same(base, revision, first):
        return first, first
    return first, read or read_side(revision)


def is_same(base: Side, revision: Side, read: Spec) -> bool:
    """Whether two sides are one document; if `read`, either, has other files, these may differ."""
    said = [(side.text, side.overlays_alone, side.path_prefix) for side in (base, revision)]
    names_files = any(str(raw)[:1] != "#" for raw in read.unread.values())  # that are not read
    return said[0] == said[1] and FILES not in read.document.tree and not names_files


def read_side(side: Side) -> Spec:
    around, overlays, prefix = side.around, side.overlays, side.path_prefix
    return read_spec(side.text, path=side.name, overlays=overlays, folder=around, prefix=prefix)


@dataclass(frozen=True, slots=True)
class RevisionFiles:
    """The files of a revision around a document; `folder` is where git runs (None: here).

    They are below `root`, a folder of the repository; None is all of it.
    """

    revision: str
    path: str
    folder: Path | None = None
    root: Path | str | None = None

    def named(self, reference: str, home: str) -> str | None:
        here = posixpath.dirname(self.path)
        if here.split("/")[0] in (".", ".."):  # from where git runs
            here = posixpath.join(_place_in_repository(self.folder or Path()), here)
        found = posixpath.normpath(posixpath.join(here, posixpath.dirname(home), reference))
        root = _place_in_repository(Path(self.root)) if self.root is not None else ""
        if found.startswith(("../", "/", ".git/")) or not f"{found}/".startswith(root):
            return None
        name = posixpath.relpath(found, posixpath.normpath(here))
        return "" if name == posixpath.basename(self.path) else name

    def label(self, name: str) -> str:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), name))
        is_from_here = self.path.startswith(("./", "../"))
        return f"{self.revision}:{'./' * is_from_here}{path}"

    def content(self, name: str) -> bytes | None:
        label = self.label(name)
        kind, content = git_object(label, self.folder) if _is_nameable(label) else ("", b"")
        return content if kind == "blob" else None


def path_in_repository(path: Path) -> str:
    """The path of a file from the root of its repository. UsageError if it is in none."""
    try:
        return _place_in_repository(path.parent) + path.name
    except UsageError as error:
        if "not a git repository" not in str(error):
            raise
        cure = "--contract-baseline names a document to compare it with"
        raise UsageError(f"{path} is in no git repository; {cure}") from None


def _place_in_repository(folder: Path) -> str:
    """The path of a folder from the root of its repository, with a slash behind it."""
    prefix = run_git(["rev-parse", "--show-prefix"], b"", folder, str(folder))
    return os.fsdecode(prefix.removesuffix(b"\n"))


def _file_of_revision(name: str, folder: Path | None) -> bytes:
    kind, content = git_object(name, folder)
    if kind == "blob":
        return content
    if kind == "tree":
        raise UsageError(f"{name}: this is a folder; give the path of a file in it")
    revision = name.partition(":")[0]
    tree, _ = git_object(f"{revision or 'HEAD'}^{{tree}}", folder)
    if revision and not tree:
        cure = "mend its name, or fetch it first (a shallow clone has few, a new repository none)"
        raise UsageError(f"{name}: git knows no revision {revision}; {cure}")
    where = f"the revision {revision}" if revision else "the index"
    cure = "paths start at the root of the repository, or here with ./"
    raise MissingError(f"{name}: {where} has no such file; {cure}")


def git_object(name: str, folder: Path | None) -> tuple[str, bytes]:
    """Kind and content of an object, if it is there; by a pipe, so that no name is an option."""
    if not _is_nameable(name):
        problem = f"{shown(name)} is too long, or holds a character that no path of a side may have"
        raise UsageError(f"{problem}; {_GIT_CURE}")
    lines = os.fsencode(f"{name}\n")
    out = run_git(["cat-file", "--batch", "--follow-symlinks"], lines, folder, name)
    header, _, content = out.partition(b"\n")
    found = _OBJECT.fullmatch(header)
    return (found[1].decode(), content[: int(found[2])]) if found else ("", b"")


def _is_nameable(name: str) -> bool:
    """Whether a line for git can hold it, which a pipe takes at once."""
    return "\n" not in name and "\0" not in name and len(name.encode("utf-8", "replace")) < MAX_NAME


def run_git(args: list[str], lines: bytes, folder: Path | None, name: str) -> bytes:
    env, pipe = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}, subprocess.PIPE
    try:
        # In a session of its own, so that what it has started can be ended with it.
        run = partial(subprocess.Popen, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder)
        with run(["git", *args], env=env, start_new_session=True) as git:
            try:
                out, err = _said(git, lines)
            finally:
                if git.returncode is None:
                    os.killpg(git.pid, signal.SIGKILL)
    except FileNotFoundError:
        problem = "there is no git to look for a revision"
        raise UsageError(f"{name} is no file, and {problem}; give a file") from None
    except subprocess.TimeoutExpired:
        late = f"git did not answer within {GIT_SECONDS} s"
        raise UsageError(f"{name}: {late}; {_GIT_CURE}") from None
    except OverflowError:
        size = f"git answers with more than {MAX_SIZE // 2**20} MB"
        raise UsageError(f"{name}: {size}; give a document that is smaller, or a file") from None
    except OSError as error:
        raise UsageError(f"{name}: git can't be run ({error.strerror}); {_GIT_CURE}") from None
    if git.returncode:
        said = err.decode("utf-8", "replace").strip().partition("\n")[0]
        problem = f"git can't look for a revision: {said.removeprefix('fatal: ') or 'it failed'}"
        raise UsageError(f"{name} is no file, and {problem}; {_GIT_CURE}")
    return out


def _said(git: subprocess.Popen[Any], lines: bytes) -> tuple[bytes, bytes]:
    """Both outputs of git. OverflowError for one above MAX_SIZE, TimeoutExpired if it is late."""
    assert git.stdin is not None
    ends, out, err = time.monotonic() + GIT_SECONDS, bytearray(), bytearray()
    with suppress(BrokenPipeError), git.stdin:
        git.stdin.write(lines)  # so few that a pipe takes them at once
    with selectors.DefaultSelector() as selector:
        for stream, kept in ((git.stdout, out), (git.stderr, err)):
            assert stream is not None
            selector.register(stream, selectors.EVENT_READ, kept)
        while selector.get_map():
            ready = selector.select(max(ends - time.monotonic(), 0))
            if not ready or time.monotonic() > ends:
                raise subprocess.TimeoutExpired("git", GIT_SECONDS)
            for key, _ in ready:
                chunk = os.read(key.fd, 2**16)
                key.data.extend(chunk)
                if len(key.data) > MAX_SIZE:
                    raise OverflowError
                if not chunk:
                    selector.unregister(key.fileobj)
    git.wait(max(ends - time.monotonic(), 0))
    return bytes(out), bytes(err)


def address_shown(url: str) -> str:
    """The URL as it may be shown: a query or a user name may be a secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the URL"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}{'?…' if parts.query else ''}"


def fetched(url: str, limit: int) -> bytes:
    """What is behind the URL, or a UsageError. No proxy, cookie or credential is used."""
    import httpx2  # takes 0.1 s

    ends = time.monotonic() + 2 * FETCH_SECONDS
    # The environment may hold proxies and, in a .netrc, credentials, which are the user's alone.
    with httpx2.Client(timeout=FETCH_SECONDS, trust_env=False, headers=_HEADERS) as client:
        for _ in range(MAX_REDIRECTS + 1):
            _refuse_unusable(url)
            try:
                got = _got(client, url, limit, ends)
            except (httpx2.InvalidURL, UnicodeError):
                raise _unusable(url, "has no usable host") from None
            except httpx2.TimeoutException:
                raise _unusable(url, f"gave no answer within {FETCH_SECONDS:.0f} s") from None
            except httpx2.HTTPError as error:
                reason = str(error).strip().partition("\n")[0] or type(error).__name__
                raise _unusable(url, f"can't be fetched ({reason})") from None
            if isinstance(got, bytes):
                return got
            url = _redirected(url, got)
    raise _unusable(url, f"is the end of more than {MAX_REDIRECTS} redirects")


def _got(client: "httpx2.Client", url: str, limit: int, ends: float) -> bytes | str:
    """The body, or where it is said to be."""
    with client.stream("GET", url, follow_redirects=False) as response:
        client.cookies.clear()
        if response.status_code in _REDIRECTS and "location" in response.headers:
            return str(response.headers["location"])
        if response.status_code != 200:
            raise _unusable(url, f"answers {response.status_code}, not 200")
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > limit:
                raise _unusable(url, f"sends more than {limit // 2**20} MB")
            if time.monotonic() > ends:
                raise _unusable(url, f"did not end within {2 * FETCH_SECONDS:.0f} s")
        return bytes(body)


def _redirected(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
    except ValueError:
        raise _unusable(url, "redirects to what is no URL") from None
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise _unusable(url, "redirects to a place without TLS")
    return target


def _refuse_unusable(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _unusable(url, "is no usable URL") from None
    if parts.scheme not in ("http", "https") or not host or " " in url or not url.isprintable():
        raise _unusable(url, "is no usable http or https URL")
    if "@" in parts.netloc:
        raise _unusable(url, "holds a user name or password, and none is sent")


def _unusable(url: str, problem: str) -> UsageError:
    cure = "give the address of a document that anybody may read, or a file"
    return UsageError(f"{address_shown(url)} {problem}; {cure}")
