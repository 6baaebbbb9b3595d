"""Bytes of a file or an answer in, the text of the document in them out, with the line where it starts."""

from __future__ import annotations

import codecs
import json
import re
from dataclasses import dataclass
from typing import Any

from contracts.errors import DocumentError

MAX_DEPTH = 200
"""Nesting allowed in a document; real ones stay below 60, and every later step recurses."""

_KEY_OUTSIDE = re.compile(r"""^["']?(openapi|swagger|overlay)["']?\s*:""", re.MULTILINE)
_KEY_INSIDE = re.compile(r"""^\s*(\{\s*)?["']?openapi["']?\s*:""", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[^`\n]*\n(?P<body>.*?)(?:^[ \t]*(?P=fence)[`~]*[ \t]*\r?$|\Z)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a document; `above` counts the lines of the page before it."""

    file: str
    content: str
    above: int = 0

    def error(self, line: int, problem: str, cure: str) -> DocumentError:
        """An error at the 1-based `line` of this text."""
        return DocumentError(self.file, self.above + line, problem, cure)

    def line(self, offset: int) -> int:
        """The 1-based line of a character."""
        return self.content.count("\n", 0, offset) + 1


def text_from_bytes(data: bytes, file: str) -> Text:
    """Decode UTF-8; on a documentation page take the fenced block that holds an OpenAPI document."""
    content = _decoded(data, file)
    if not content.strip():
        raise DocumentError(
            file, 1, "the document is empty", "give an OpenAPI document in YAML or JSON"
        )
    return _fenced(content, file) or Text(file, content)


def shown(value: Any) -> str:
    """A value as JSON, cut to what fits in a sentence."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def duplicate_key(text: Text, name: str, line: int, first: int) -> DocumentError:
    """The error for a key that stands twice in one mapping."""
    problem = f"the key {shown(name)} is already on line {text.above + first}"
    return text.error(line, problem, "keep one of the two")


def _decoded(data: bytes, file: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or data[:2].count(0) == 1:
        raise DocumentError(
            file, 1, "the text is UTF-16, wanted UTF-8", "save the document as UTF-8"
        )
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DocumentError(
            file,
            line,
            f"byte {data[error.start]:#04x} is not UTF-8 text",
            "give an OpenAPI document saved as UTF-8",
        ) from None
    if "\0" in content:
        line = content.count("\n", 0, content.index("\0")) + 1
        raise DocumentError(
            file, line, "the file is binary, not text", "give an OpenAPI document in YAML or JSON"
        )
    return content


def _fenced(content: str, file: str) -> Text | None:
    """The document on a Markdown page; None when the whole text is the document.

    YAML may quote fenced blocks in its descriptions, so a text that has the key outside any fence is not a page.
    """
    if (
        content.lstrip().startswith("{")
        or "openapi" not in content
        or _KEY_OUTSIDE.search(_FENCE.sub("", content))
    ):
        return None
    for block in _FENCE.finditer(content):
        if _KEY_INSIDE.search(block["body"]):
            body = re.sub(f"^{block['indent']}", "", block["body"], flags=re.MULTILINE)
            return Text(file, body, above=content.count("\n", 0, block.start("body")))
    return None
