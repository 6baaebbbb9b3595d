"""URLs that are credentials themselves, taken out: whoever has one has what it leads to.

The value of a member of one of these names keeps its type, its length and what its format rests on;
letters and digits go. Where the same URL stands elsewhere, a placeholder takes its place.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from contracts.messages import PLACEHOLDER

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_NAME_FOLLOWS = re.compile(r"[ \t\r\n]*:")
_MARK = r"""\\{0,9}["']"""
_URL = re.compile(r"(?:wss?|https?)(?::|%3A)(?:\\?/|%2F){2}[^\s\"'<>|^`{}]*", re.IGNORECASE)
# Below the root of a host: what is the root is nobody's secret, and may be the base URL.
_WHOLE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+[/?#].+", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=//)")
_PIECE = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|%[0-9A-Fa-f]{2}|[A-Za-z]|[0-9]", re.DOTALL)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})")
_HEAD = re.compile(r"""[^\s"'<>\\]{0,400}""")
_TAIL = re.compile(r"""[^\s"'<>\\]*\Z""")
_MIN_PART = 5
MAX_KNOWN = 10_000
ESCAPE = "surrogateescape"  # what is no UTF-8 comes out of a change as it went in


@dataclass
class Capabilities:
    """The capability URLs that answers of this process held, each with its placeholder."""

    names: tuple[str, ...] = ()  # of their members
    placeholder: str = PLACEHOLDER  # of the credential, which a masked URL keeps
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    def body(self, body: bytes) -> bytes:
        """A body without capability URLs; those that are members of it are known from now on."""
        if any(name.encode() in body for name in self.names):
            body = self._members(body.decode("utf-8", ESCAPE)).encode("utf-8", ESCAPE)
        if self._known and (b"//" in body or b"\\/" in body or b"%2" in body):
            body = _URL.sub(self._replaced, body.decode("utf-8", ESCAPE)).encode("utf-8", ESCAPE)
        return body

    def text(self, text: str) -> str:
        """A text without capability URLs: those that are known, and what looks like a member."""
        if any(name in text for name in self.names):
            text = self._quoted.sub(lambda found: f"{found[1]}{self._masked(found[6])}", text)
        if not self._known:
            return text
        return self._uncut(_URL.sub(self._replaced, text).split("..."))

    @cached_property
    def _member(self) -> re.Pattern[str]:
        names = "|".join(map(re.escape, self.names))
        return re.compile(rf'"({names})"[ \t\r\n]*:[ \t\r\n]*(?=["\[{{])')

    @cached_property
    def _quoted(self) -> re.Pattern[str]:
        names = "|".join(map(re.escape, self.names))
        before = rf"({_MARK})({names})\2(\s*[:=]\s*)({_MARK})"
        return re.compile(rf"({before})(.*?)(?=\5|[\r\n]|\Z)")

    def _members(self, text: str) -> str:
        pieces, end = [], 0
        for start, stop, name in _strings(self._member, text):
            plain = _plain(text[start:stop].strip('"'))
            if _WHOLE.fullmatch(plain) and len(self._known) < MAX_KNOWN:
                self._known.setdefault(plain, f"${name.upper()}")
            pieces += [text[end:start], self._masked(text[start:stop])]
            end = stop
        return "".join([*pieces, text[end:]])

    def _masked(self, written: str) -> str:
        """A string without letters and digits; its scheme and the credential's placeholder stay."""
        quote = written[:1] if written.startswith('"') else ""
        scheme = _SCHEME.match(written, len(quote))
        kept = written[: scheme.end()] if scheme else quote
        parts = written[len(kept) :].split(self.placeholder)
        return kept + self.placeholder.join(_PIECE.sub(_piece, part) for part in parts)

    def _uncut(self, pieces: list[str]) -> str:
        """What pytest leaves of a long value around its cuts, without parts of what is known."""
        for index in range(len(pieces) - 1):
            before, after = pieces[index], pieces[index + 1]
            tail, head = _TAIL.search(before[-400:]), _HEAD.match(after)
            if tail and (placeholder := self._whole(tail[0])):
                pieces[index] = before[: len(before) - len(tail[0])] + placeholder
            if head and (placeholder := self._whole(head[0])):
                pieces[index + 1] = placeholder + after[len(head[0]) :]
        return "...".join(pieces)

    def _whole(self, part: str) -> str:
        """The placeholder of a known URL with this part; empty if there is none."""
        for url, placeholder in self._known.items():
            if len(part) >= _MIN_PART and part in url:
                return placeholder
        return ""

    def _replaced(self, found: re.Match[str]) -> str:
        """The placeholder of a known URL, and what follows; a sentence may have put a mark in."""
        for written in (found[0], found[0].rstrip(".,;:!?)]\\"), found[0].partition("&")[0]):
            if placeholder := self._known.get(_plain(written)):
                return placeholder + found[0][len(written) :]
        return found[0]


def _strings(members: re.Pattern[str], text: str) -> Iterator[tuple[int, int, str]]:
    """The strings in such members, names apart: where they are, and the member's name."""
    end = 0
    for member in members.finditer(text):
        if member.start() < end:
            continue
        depth, end = 0, len(text)
        for token in _TOKEN.finditer(text, member.end()):
            if token[0] in "[{":
                depth += 1
            elif token[0] in "]}":
                depth -= 1
            elif depth == 0 or not _NAME_FOLLOWS.match(text, token.end()):
                yield token.start(), token.end(), member[1]
            if depth <= 0:
                end = token.end()
                break


def _plain(written: str) -> str:
    """A URL as it is, from a JSON string or from a part of another URL."""
    text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), written).replace("\\/", "/")
    return text if "://" in text else unquote(text)


def _piece(found: re.Match[str]) -> str:
    piece = found[0]
    if piece.startswith("%"):
        return "%00"
    if piece.startswith("\\"):
        latin = piece.startswith("\\u00") and chr(int(piece[2:], 16)).isalnum()
        return "x" if latin else piece
    return "x" if piece.isalpha() else "0"
