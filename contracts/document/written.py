"""Bytes in, overlays over them, the value out, with the file and line of every node in it."""

import codecs
import copy
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from itertools import islice
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, Protocol

from jsonschema_rs import RegexOptions, validator_for

from contracts.document.model import Source, join_pointer
from contracts.document.readers import JsonText, YamlText
from contracts.errors import DocumentError, UsageError
from contracts.text import bytes_at, shown

Written = JsonText | YamlText
Node = dict[str, Any]
MAX_SIZE = 50 * 2**20
"""Bytes taken of a file, git, standard input or the network; GitHub's description has 7 MB."""
MOST_MATCHED = 100_000  # places of an overlay's target
MOST_LOOKED = 5_000_000  # places that all of its targets look at, each time that they do
_CURE = "give an OpenAPI document in YAML or JSON"
_KEY_OUTSIDE = re.compile(r"""^["']?(openapi|swagger|overlay)["']?\s*:""", re.MULTILINE)
_KEY_INSIDE = re.compile(r"""^\s*(\{\s*)?["']?openapi["']?\s*:""", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[^`\n]*\n(?P<body>.*?)"
    r"(?:^[ \t]*(?P=fence)[`~]*[ \t]*\r?$|\Z)",
    re.MULTILINE | re.DOTALL,
)


class Position:
    """A node of a tree of several files; its children are beside it unless put elsewhere."""

    def __init__(self, written: Written, segments: tuple[str, ...] = ()) -> None:
        self.written, self.segments = written, segments
        self.moved: dict[str, Position] = {}

    def child(self, segment: str) -> "Position":
        return self.moved.get(segment) or Position(self.written, (*self.segments, segment))

    def at(self, segments: Sequence[str]) -> "Position":
        return reduce(Position.child, segments, self)

    def entered(self, segment: str) -> "Position":
        """The child, kept: what is put below it is found again."""
        return self.moved.setdefault(segment, self.child(segment))

    def remove_item(self, index: int, length: int) -> None:
        """The item at `index` of a list of `length` is gone, and the later ones move up."""
        for later in range(index + 1, length):
            self.moved[str(later - 1)] = self.child(str(later))

    @property
    def source(self) -> Source:
        """Where the node, or its nearest ancestor, is written."""
        line, node = self.written.root
        for depth, segment in enumerate(self.segments):
            found = self.written.entry(node, segment)
            if found is None:
                return Source(self.written.file, line, join_pointer("", *self.segments[:depth]))
            line, node = found
        return Source(self.written.file, line, join_pointer("", *self.segments))

    def error(self, problem: str, cure: str) -> DocumentError:
        source = self.source
        return DocumentError(source.file, source.line, problem, cure)


class Neighbours(Protocol):
    """Files by their names from the folder of a document (`../pet.yaml`), which is `""`."""

    def named(self, reference: str, home: str) -> str | None:
        """The file that a path in the file `home` leads to; None if that is not below the root."""

    def label(self, name: str) -> str:
        """What a person reads of a file."""

    def content(self, name: str) -> bytes | None:
        """What is in a file; None if there is none of that name."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """Files of this machine around `document`, which is in `folder`.

    They are below `root`, of which None is the root of the git repository or, where there is none,
    the folder; links are followed before that is asked.
    """

    folder: Path
    document: str
    root: Path | str | None = None

    def named(self, reference: str, home: str) -> str | None:
        try:
            folder, document = self.folder.resolve(), Path(self.document).resolve()
            path = (folder / PurePosixPath(home).parent / reference).resolve()
            root = Path(self.root).resolve() if self.root is not None else _repository(folder)
        except (OSError, ValueError, RuntimeError):  # the system can't tell
            return None
        if not path.is_relative_to(root) or ".git" in path.relative_to(root).parts:
            return None
        return "" if path == document else Path(os.path.relpath(path, folder)).as_posix()

    def label(self, name: str) -> str:
        return os.path.normpath(self.folder / name)

    def content(self, name: str) -> bytes | None:
        path = self.folder / name
        return bytes_of_file(path) if os.path.isfile(path) else None


def _repository(folder: Path) -> Path:
    """The root of the git repository that a folder is in, else the folder."""
    for around in (folder, *folder.parents):
        if (around / ".git").exists():
            return around
    return folder


def bytes_of_file(path: str | Path) -> bytes:
    """The content of a file, or a DocumentError that says why not."""
    try:
        return bytes_at(Path(path), MAX_SIZE)
    except (OSError, ValueError) as error:
        problem = f"can't be read: {getattr(error, 'strerror', None) or error}"
        raise DocumentError(str(path), 0, problem, "give the path of a readable file") from None


def written_from_bytes(data: bytes, file: str) -> Written:
    """YAML, JSON, or a documentation page with one of them in a fenced block; all in UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or data[:2].count(0) == 1:
        cure = "save the document as UTF-8"
        raise DocumentError(file, 1, "the text is UTF-16, wanted UTF-8", cure)
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"byte {data[error.start]:#04x} is not UTF-8 text"
        cure = "give an OpenAPI document saved as UTF-8"
        raise DocumentError(file, line, problem, cure) from None
    before, nul, _ = content.partition("\0")
    if nul:
        raise DocumentError(file, before.count("\n") + 1, "the file is binary, not text", _CURE)
    content = _fenced(content)
    if not content.strip():
        raise DocumentError(file, 1, "the document is empty", _CURE)
    reader = JsonText if content.lstrip().startswith("{") else YamlText
    return reader(content, file)


def _fenced(content: str) -> str:
    """The document on a Markdown page, with an empty line for each above it; else the text."""
    # YAML may quote fences in descriptions, so a text with the key outside any is not a page.
    is_json = content.lstrip().startswith("{")
    if is_json or "openapi" not in content or _KEY_OUTSIDE.search(_FENCE.sub("", content)):
        return content
    for block in _FENCE.finditer(content):
        if _KEY_INSIDE.search(block["body"]):
            body = re.sub(f"^{block['indent']}", "", block["body"], flags=re.MULTILINE)
            return "\n" * content.count("\n", 0, block.start("body")) + body
    return content


def overlays_of(named: Sequence[str], option: str) -> list[str] | None:
    """The overlays that an option names: None is the one beside a document, `none` none at all."""
    if "none" not in named:
        return list(named) or None
    if len(named) > 1:
        raise UsageError(f"{option} none stands beside other overlays; give either none or files")
    return []


def without_prefix(tree: Any, root: Position, prefix: str) -> dict[str, str]:
    """Take a prefix off the paths of a document; returns what those that had it are called now.

    Raises:
        DocumentError: two paths are one without it.
    """
    paths = tree.get("paths") if prefix else None
    names = [path for path in paths or () if f"{path}/".startswith(f"{prefix}/")]
    if not isinstance(paths, dict):
        return {}
    renamed = {path: path[len(prefix) :] or "/" for path in names}
    there, places = root.entered("paths"), list[tuple[str, Position]]()
    for path, name in renamed.items():
        if name in paths and name not in renamed:
            problem = f"{path} and {name} are one path without {prefix}"
            raise there.child(path).error(problem, "give another prefix, or none")
        places.append((name, there.child(path)))
    there.moved.update(places)
    tree["paths"] = {renamed.get(path, path): item for path, item in paths.items()}
    return renamed


def apply_overlay(tree: dict[str, Any], root: Position, overlay: Written) -> None:
    """Apply every action in order; one that is malformed or matches nothing is a DocumentError."""
    origin, paths = Position(overlay), _paths()
    for index, action in enumerate(_actions(overlay.tree, origin)):
        place = origin.at(("actions", str(index)))
        _refuse_malformed(action, place)
        _apply(tree, root, action, place, paths)


def _actions(overlay: Any, origin: Position) -> list[Any]:
    if not isinstance(overlay, dict) or "overlay" not in overlay:
        problem = "this is no overlay: it has no `overlay` key"
        raise origin.error(problem, "begin it with `overlay: 1.0.0`")
    if not re.fullmatch(r"1\.0\.\d+", str(overlay["overlay"])):
        problem = f"the overlay's version is {shown(overlay['overlay'])}, wanted 1.0.x"
        raise origin.child("overlay").error(problem, "write it as an Overlay 1.0.0 document")
    _refuse_unknown(overlay, ("actions", "extends", "info", "overlay"), origin)
    info = overlay.get("info")
    named = (info.get("title"), info.get("version")) if isinstance(info, dict) else (None,)
    if not all(isinstance(name, str) for name in named):
        problem = "the overlay's `info` lacks a title or a version"
        raise origin.child("info").error(problem, "give both, as text")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions:
        problem = "the overlay has no list of `actions`"
        raise origin.child("actions").error(problem, "give it one action or more")
    return actions


def _refuse_malformed(action: Any, origin: Position) -> None:
    if not isinstance(action, dict) or not isinstance(action.get("target"), str):
        raise origin.error("the action has no `target`", "give it a JSONPath as text")
    _refuse_unknown(action, ("description", "remove", "target", "update"), origin)
    if not isinstance(action.get("remove", False), bool):
        problem = f"`remove` is {shown(action['remove'])}, wanted true or false"
        raise origin.child("remove").error(problem, "mend it")
    if "update" not in action and not action.get("remove"):
        problem = "the action neither updates nor removes"
        raise origin.error(problem, "give it `update` or `remove: true`")


def _refuse_unknown(value: dict[str, Any], known: tuple[str, ...], origin: Position) -> None:
    for name in value:
        if name not in known and not name.startswith("x-"):
            problem = f"Overlay 1.0 has no key {shown(name)} here; it has {', '.join(known)}"
            raise origin.child(name).error(problem, "mend or remove it")


def _apply(tree: Node, root: Position, action: Node, origin: Position, paths: Any) -> None:
    is_removed = action.get("remove")
    matches = _matches(tree, action["target"], root, origin.child("target"), paths)
    # From the last to the first, so that no item moves that is still to be removed.
    for parts in reversed(matches) if is_removed else matches:
        if is_removed and not parts:
            problem = "the action removes the whole document"
            raise origin.child("target").error(problem, "name a part of it")
        *above, last = parts if is_removed else (*parts, None)
        node: Any = tree
        place = root
        for part in above:
            place, node = place.entered(str(part)), node[part]
        if not is_removed:
            _update(node, action["update"], place, origin)
            continue
        if isinstance(node, list):
            place.remove_item(last, len(node))
        del node[last]


def _paths() -> Any:
    """JSONPath of RFC 9535, with patterns in linear time, and `MOST_LOOKED` for all targets."""
    import jsonpath  # takes 0.1 s to import

    looked = iter(range(MOST_LOOKED))

    def look(*_: object) -> int:
        if next(looked, None) is None:
            raise TimeoutError
        return 100

    class _Within(jsonpath.JSONPathEnvironment):
        max_recursion_depth: Any = property(look)  # asked for at each place below

        def is_truthy(self, obj: object) -> bool:  # of each place that a filter looks at
            return bool(look()) and super().is_truthy(obj)

    def compiled(form: str, pattern: str) -> Any:
        linear = validator_for({"pattern": form % pattern}, pattern_options=RegexOptions())
        return SimpleNamespace(fullmatch=linear.is_valid, search=linear.is_valid)

    found = _Within(strict=True)
    vars(found.function_extensions["match"])["check_cache"] = lru_cache(
        partial(compiled, "^(?:%s)$")
    )
    vars(found.function_extensions["search"])["check_cache"] = lru_cache(
        partial(compiled, "(?:%s)")
    )
    return found


def _matches(tree: Node, target: str, root: Position, place: Position, paths: Any) -> list[Any]:
    try:
        found = [*islice(paths.finditer(target.strip(), tree), MOST_MATCHED + 1)]
    except TimeoutError:
        problem = f"the targets up to {target} look at more than {MOST_LOOKED:,} places"
        raise place.error(problem, "name places without filters in filters") from None
    except Exception as error:
        problem = f"the target {target} is no JSONPath: {str(error).splitlines()[0]}"
        raise place.error(problem, "write it as RFC 9535 says") from None
    if not found or len(found) > MOST_MATCHED:
        often = f"more than {MOST_MATCHED:,} places" * bool(found) or "nothing"
        problem = f"the target {target} matches {often} in {root.written.file}"
        cure = "mend the target, or remove the action if it is no longer needed"
        raise place.error(problem, cure)
    return list(dict.fromkeys(match.parts for match in found))


def _update(target: Any, update: Any, place: Position, origin: Position) -> None:
    written = origin.child("update")
    if isinstance(target, list):
        place.moved[str(len(target))] = written
        target.append(copy.deepcopy(update))
    elif isinstance(target, dict) and isinstance(update, dict):
        _merge(target, update, place, written)
    elif isinstance(target, dict):
        problem = f"the target is an object, the update is {shown(update)}"
        raise written.error(problem, "make the update an object")
    else:
        problem = f"the target is {shown(target)}, and Overlay 1.0 updates only objects and lists"
        anew = "to change its kind remove that object and add it anew"
        raise origin.child("target").error(problem, f"target the object or list around it; {anew}")


def _merge(target: Node, update: Node, place: Position, origin: Position) -> None:
    for name, value in update.items():
        old = target.get(name)
        written = origin.child(name)
        if isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value, place.entered(name), written)
        elif isinstance(old, list) and isinstance(value, list):
            for index in range(len(value)):
                place.entered(name).moved[str(len(old) + index)] = written.child(str(index))
            old.extend(copy.deepcopy(value))
        elif isinstance(old, dict | list):
            known = f"{shown(name)} is of another kind than the one at {place.child(name).source}"
            cure = "remove that one in an action before"
            raise written.error(f"{known}, and can't be merged with it", cure)
        else:
            target[name] = copy.deepcopy(value)
            place.moved[name] = written
