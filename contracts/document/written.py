"""Bytes of a file or an answer in: the value that is written there, and the file and line of every node in it."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.document.model import Source, join_pointer
from contracts.document.readers import JsonText, YamlText
from contracts.errors import DocumentError

_CURE = "give an OpenAPI document in YAML or JSON"
_KEY_OUTSIDE = re.compile(r"""^["']?(openapi|swagger|overlay)["']?\s*:""", re.MULTILINE)
_KEY_INSIDE = re.compile(r"""^\s*(\{\s*)?["']?openapi["']?\s*:""", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[^`\n]*\n(?P<body>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*\r?$|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, eq=False)
class Written:
    """`locate` gives the line of a node, or of its nearest written ancestor, and how many segments led there."""

    file: str
    tree: Any
    locate: Callable[[Sequence[str]], tuple[int, int]]

    def source(self, segments: Sequence[str]) -> Source:
        line, depth = self.locate(segments)
        return Source(self.file, line, join_pointer("", *segments[:depth]))


class Place:
    """A node of a tree put together from several files; its children are beside it unless put elsewhere.

    Changed only while overlays are applied and other files are embedded.
    """

    def __init__(self, written: Written, segments: tuple[str, ...] = ()) -> None:
        self.written = written
        self.segments = segments
        self._moved: dict[str, Place] = {}

    def child(self, segment: str) -> Place:
        return self._moved.get(segment) or Place(self.written, (*self.segments, segment))

    def at(self, segments: Sequence[str]) -> Place:
        place = self
        for segment in segments:
            place = place.child(segment)
        return place

    def entered(self, segment: str) -> Place:
        """The child, kept: what is put below it is found again."""
        return self._moved.setdefault(segment, self.child(segment))

    def put(self, segment: str, place: Place) -> None:
        self._moved[segment] = place

    def remove_item(self, index: int, length: int) -> None:
        """The item at `index` of a list of `length` is gone, and the later ones move up."""
        for later in range(index + 1, length):
            self._moved[str(later - 1)] = self.child(str(later))

    @property
    def source(self) -> Source:
        return self.written.source(self.segments)

    def error(self, problem: str, cure: str) -> DocumentError:
        source = self.source
        return DocumentError(source.file, source.line, problem, cure)


def bytes_of_file(path: str | Path) -> bytes:
    """The content of a file, or a DocumentError that says why not."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        problem = f"can't be read: {getattr(error, 'strerror', None) or error}"
        raise DocumentError(str(path), 0, problem, "give the path of a readable file") from None


def written_from_bytes(data: bytes, file: str) -> Written:
    """YAML, JSON, or a documentation page with one of them in a fenced block; all in UTF-8."""
    content = _fenced(_decoded(data, file))
    if not content.strip():
        raise DocumentError(file, 1, "the document is empty", _CURE)
    reader = JsonText if content.lstrip().startswith("{") else YamlText
    text = reader(content, file)
    return Written(file, text.value(), text.locate)


def _decoded(data: bytes, file: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or data[:2].count(0) == 1:
        problem, cure = "the text is UTF-16, wanted UTF-8", "save the document as UTF-8"
        raise DocumentError(file, 1, problem, cure)
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
    return content


def _fenced(content: str) -> str:
    """The document on a Markdown page, with an empty line for each line above it; else the whole text.

    YAML may quote fenced blocks in its descriptions, so a text that has the key outside any fence is not a page.
    """
    is_json = content.lstrip().startswith("{")
    if is_json or "openapi" not in content or _KEY_OUTSIDE.search(_FENCE.sub("", content)):
        return content
    for block in _FENCE.finditer(content):
        if _KEY_INSIDE.search(block["body"]):
            body = re.sub(f"^{block['indent']}", "", block["body"], flags=re.MULTILINE)
            return "\n" * content.count("\n", 0, block.start("body")) + body
    return content
