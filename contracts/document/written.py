"""A file that was read: its value, and the line of every node in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.document.document import Source
from contracts.document.json_reader import JsonLines, value_from_json
from contracts.document.pointers import join_pointer
from contracts.document.text import text_from_bytes
from contracts.document.yaml_reader import YamlReader, node_from_yaml
from contracts.errors import DocumentError


@dataclass(frozen=True, eq=False)
class Written:
    """`locate` gives the line of a node, or of its nearest written ancestor, and how many segments led there."""

    file: str
    tree: Any
    locate: Callable[[Sequence[str]], tuple[int, int]]

    def source(self, segments: Sequence[str]) -> Source:
        line, depth = self.locate(segments)
        return Source(self.file, line, join_pointer("", *segments[:depth]))


def written_from_bytes(data: bytes, file: str) -> Written:
    """YAML, JSON, or a documentation page with one of them in a fenced block."""
    text = text_from_bytes(data, file)
    if text.content.lstrip().startswith("{"):
        value, lines = value_from_json(text), JsonLines(text)
        locate = lines.locate
    else:
        reader = YamlReader(text, node_from_yaml(text))
        value, locate = reader.value(), reader.locate
    above = text.above
    return Written(file, value, lambda segments: _moved(locate(segments), above))


def bytes_of_file(path: str | Path) -> bytes:
    """The content of a file, or a DocumentError that says why not."""
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(
            str(path), 0, f"can't be read: {reason}", "give the path of a readable file"
        ) from None


def _moved(place: tuple[int, int], above: int) -> tuple[int, int]:
    return place[0] + above, place[1]
