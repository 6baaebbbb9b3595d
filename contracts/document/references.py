"""A tree in, the same tree with every `$ref` a pointer into it, and the schemas found on the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from contracts.document.dialects import REFERABLE, Dialect, Path, segments_of, walk
from contracts.document.metaschemas import complaint
from contracts.document.neighbours import Neighbours
from contracts.document.places import Place
from contracts.document.pointers import join_pointer, split_pointer
from contracts.document.text import shown
from contracts.document.written import written_from_bytes
from contracts.errors import DocumentError

FILES = "x-files"
_FRAGMENT_SAFE = "/~!$&'()*+,;=:@?"
_SCHEMA_DIALECTS = (
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2020-12/schema#",
)


@dataclass(frozen=True, slots=True)
class _Reference:
    """A `$ref` to follow: the object that holds it, and the file it stands in (`""` is the document itself)."""

    holder: dict[str, Any]
    kind: str
    path: Path
    home: str

    @property
    def text(self) -> str:
        return str(self.holder["$ref"])

    @property
    def segments(self) -> list[str]:
        """Where the holder stands in the tree that is handed on."""
        return _final(self.home, segments_of(self.path))


class Linker:
    """Follows every reference once, reads the files that they name, and embeds these under `x-files`."""

    def __init__(
        self, tree: dict[str, Any], root: Place, dialect: Dialect, around: Neighbours | None
    ) -> None:
        self.schemas: list[dict[str, Any]] = []
        self._root = root
        self._dialect = dialect
        self._around = around
        self._trees: dict[str, Any] = {"": tree}
        self._visited: dict[int, str] = {}
        self._pending: list[_Reference] = []
        self._names: dict[tuple[str, str], list[str]] = {}
        self._bases: list[list[str]] = []
        self._targets: dict[int, Any] = {}

    def link(self) -> None:
        """Rewrite every `$ref`; a DocumentError at the line of the first that can't be followed."""
        self._visit(self._trees[""], "document", None, "")
        followed: list[_Reference] = []
        while self._pending:
            followed.append(self._pending.pop())
            self._follow(followed[-1])
        for reference in followed:
            self._refuse_loop(reference)

    def _visit(self, node: Any, kind: str, path: Path, home: str) -> None:
        for value, found, place in walk(self._dialect, node, kind, path):
            if id(value) in self._visited:
                continue
            self._visited[id(value)] = found
            if found == "schema":
                self._visit_schema(value, place, home)
            if (found == "schema" or found in REFERABLE) and isinstance(value.get("$ref"), str):
                self._pending.append(_Reference(value, found, place, home))

    def _visit_schema(self, schema: dict[str, Any], path: Path, home: str) -> None:
        self.schemas.append(schema)
        if not self._dialect.has_identifiers:
            return
        for keyword in ("$anchor", "$dynamicAnchor"):
            if keyword in schema:
                self._names[home, f"#{schema[keyword]}"] = segments_of(path)
        if "$id" in schema:
            self._names[home, schema["$id"]] = segments_of(path)
            self._bases.append(_final(home, segments_of(path)))
        if schema.get("$schema", _SCHEMA_DIALECTS[0]) not in _SCHEMA_DIALECTS:
            place = self._root.at([*_final(home, segments_of(path)), "$schema"])
            raise place.error(
                f"the dialect {schema['$schema']} is not read", f"write it in {_SCHEMA_DIALECTS[1]}"
            )
        if "$dynamicRef" in schema:
            place = self._root.at([*_final(home, segments_of(path)), "$dynamicRef"])
            raise place.error("`$dynamicRef` is not read", "write a `$ref`")

    def _follow(self, reference: _Reference) -> None:
        home, segments = self._destination(reference)
        target = self._value(home, segments, reference)
        if isinstance(target, dict) and self._visited.get(id(target)) != reference.kind:
            self._refuse_malformed(target, reference.kind, _final(home, segments))
            if id(target) not in self._visited:
                self._visit(target, reference.kind, _path(segments), home)
        self._targets[id(reference.holder)] = target
        pointer = join_pointer("", *_final(home, segments))
        if reference.text.removeprefix("#") != pointer:
            reference.holder["$ref"] = "#" + quote(pointer, safe=_FRAGMENT_SAFE)

    def _destination(self, reference: _Reference) -> tuple[str, list[str]]:
        """The file that a reference names, and the segments in it."""
        named = self._names.get((reference.home, reference.text))
        if named is not None:
            return reference.home, named
        if any(reference.segments[: len(base)] == base for base in self._bases):
            raise self._error(
                reference,
                "stands below an `$id`, which gives it another meaning",
                "remove the `$id`",
            )
        file, _, fragment = reference.text.partition("#")
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            raise self._error(
                reference, "names an anchor that is not there", "write a pointer (`#/components/…`)"
            )
        return self._file(file, reference) if file else reference.home, split_pointer(fragment)

    def _value(self, home: str, segments: list[str], reference: _Reference) -> Any:
        node = self._trees[home]
        try:
            for segment in segments:
                node = node[_index(segment)] if isinstance(node, list) else node[segment]
        except (KeyError, IndexError, ValueError, TypeError):
            raise self._error(
                reference, "leads nowhere", "mend the pointer, or define what it names"
            ) from None
        if isinstance(node, dict) or (reference.kind == "schema" and isinstance(node, bool)):
            return node
        raise self._error(
            reference,
            f"leads to {shown(node)}, wanted a {reference.kind} object",
            "mend the pointer",
        )

    def _file(self, name: str, reference: _Reference) -> str:
        """The name that a file gets below `x-files`, `""` for the document itself; reads it when first named."""
        address = urlsplit(name)
        if address.scheme or address.netloc:
            raise self._error(
                reference,
                "is a URL, and nothing is fetched",
                "put a copy into the document's folder",
            )
        if self._around is None:
            raise self._error(
                reference,
                "names another file, and this document has no folder",
                "give it as a file",
            )
        home = self._around.named(unquote(address.path), reference.home)
        if home is None:
            raise self._error(
                reference, "leads out of the document's folder", "put a copy into that folder"
            )
        if home and home not in self._trees:
            content = self._around.content(home)
            if content is None:
                raise self._error(
                    reference, "names a file that does not exist", "mend the name, or add the file"
                )
            self._embed(home, content, self._around.label(home))
        return home

    def _embed(self, home: str, content: bytes, label: str) -> None:
        files = self._trees[""].setdefault(FILES, {})
        if len(self._trees) == 1 and files:
            raise self._root.child(FILES).error(
                f"`{FILES}` is taken for the files referred to", "rename that key"
            )
        written = written_from_bytes(content, label)
        files[home] = self._trees[home] = written.tree
        self._root.entered(FILES).put(home, Place(written))

    def _refuse_malformed(self, value: Any, kind: str, at: list[str]) -> None:
        found = complaint(self._dialect, kind, value, at)
        if found:
            raise self._root.at(found.segments).error(
                found.text, f"write it as OpenAPI {self._dialect.version} says"
            )

    def _refuse_loop(self, reference: _Reference) -> None:
        seen: set[int] = set()
        node: Any = reference.holder
        while id(node) in self._targets:
            if id(node) in seen:
                raise self._error(reference, "leads only back to itself", "define what it names")
            seen.add(id(node))
            node = self._targets[id(node)]

    def _error(self, reference: _Reference, problem: str, cure: str) -> DocumentError:
        place = self._root.at([*reference.segments, "$ref"])
        return place.error(f"the $ref {shown(reference.text)} {problem}", cure)


def _final(home: str, segments: list[str]) -> list[str]:
    """Where a node of a file stands in the tree that is handed on."""
    return [FILES, home, *segments] if home else segments


def _path(segments: list[str]) -> Path:
    path: Path = None
    for segment in segments:
        path = (path, segment)
    return path


def _index(segment: str) -> int:
    if (
        segment not in ("0", segment.lstrip("0"))
        or not segment.isascii()
        or not segment.isdecimal()
    ):
        raise ValueError(segment)
    return int(segment)
