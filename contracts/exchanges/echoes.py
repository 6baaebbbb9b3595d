"""What must not be seen, found wherever it stands in a text or a body, however it is written there.

It is looked for in views: the data as it stands; with the escapes of JSON, URLs, HTML and programs
undone; runs of base64 and hexadecimal digits decoded; compressed data unpacked; one in the other.
"""

import binascii
import html
import json
import re
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter

import brotli

from contracts.schemas.json_text import is_too_much

DISTINCTIVE = 8  # bytes; shorter parts and encodings are left alone: other texts hold them, too
DEPTH = 5  # layers that are undone
MAX_VIEWED = 64 * 1024 * 1024  # bytes of the views of one body; what needs more is withheld
MAX_UNPACKED = 16 * 1024 * 1024  # bytes of one piece of compressed data
MAX_PACKED = 8  # such pieces in a view
_VIEW_COST = 256  # bytes that a view counts beside its own

Hit = tuple[int, int, bytes, bool]
"""From where to where, what shall stand there, and whether the text may be masked in place."""
Look = Callable[[bytes, bool], Iterable[Hit]]
"""Finds hits in a view; True says that its ends may be those of a text that was cut."""

_ESCAPE = re.compile(
    rb"""\\u(d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2} | [0-9a-f]{4}) | %([0-9a-f]{2})
    | \\x([0-9a-f]{2}) | \\(["'\\/bfnrt]) | &(\#[0-9a-z]{1,9};?|[a-z][a-z0-9]{1,31};) | \x00
    | \r\n[ \t]*(?=[\w+/-]) | \n[ \t]*(?=[\w+/-])""",
    re.IGNORECASE | re.VERBOSE,
)
"""Each begins with a character of its own, without which a search takes ten times as long."""
_INSIDE = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+/-")
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", None: b""}
_RUN = re.compile(rb"[0-9A-Za-z+/_-]{11,}")  # of digits of base64 for eight bytes, or of others
_LONG_RUN = re.compile(rb"[0-9A-Za-z+/_-]{20,}")  # that may hold more than one layer
_READABLE = re.compile(rb"[ -~]{11,}")
_ALL = bytes(range(256))
_BASE64 = bytes.maketrans(_ALL, re.sub(rb"[^0-9A-Za-z/_]", b"+", _ALL).replace(b"_", b"/"))
_HEX = bytes.maketrans(_ALL, re.sub(rb"[^0-9A-Fa-f]", b"0", _ALL))
_HEX_DIGITS = frozenset(b"0123456789abcdefABCDEF")
_GZIP = b"\x1f\x8b\x08"
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*+"|[-0-9][-+.0-9Ee]*', re.DOTALL)
_DIGITS = bytes.maketrans(b"0123456789", b"1" * 10)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]|[-0-9][-+.0-9Ee]*', re.DOTALL)
_MEMBER = re.compile(rb'"[ \t\r\n]*:[ \t\r\n]*(?=["\[{0-9-])')
_NAME_FOLLOWS = re.compile(rb"[ \t\r\n]*:")
_QUOTED = re.compile(rb"""["']?\s*[:=]\s*(["'])(.*?)(?<!\\)(?:\1|[\r\n]|\Z)""")
_PAIR = re.compile(rb"""(?:\[\w*\]|\])*=([^&;#\s"'<>\\]+)""")
_BRIDGE = rb"""(?:(?![a-z][a-z0-9+.-]*:\\?/\\?/)(?: <!\[CDATA\[ | <!--(?:(?!-->).){0,99}-->
    | </?[a-z]+[0-6]?(?=[\s/>]) | [-"'`>:=|*()[<\s\\] | \](?=[:(\[])
    | (?:,\s*["'])?(?:value|content|href|src)\b | (?:data|is|string):?(?=[\s:>])
    | ![!\w]*\s | &\w+\s | \n[ \t]+[\w-]+:\s
    | (?:xmlns|lang|type|id|class)[\w:-]*=(?:"[^"<>]{0,99}"|'[^'<>]{0,99}') )){1,40}+"""
"""What may stand between a name and a value in XML, HTML, YAML, Markdown, streams of events."""
_FLAGS = re.IGNORECASE | re.VERBOSE | re.DOTALL
_URL = re.compile(
    _BRIDGE + rb"""([a-z][a-z0-9+.-]*:\\?/\\?/[^\s"'<>`|]*[^\s"'<>`|.,;:)\]])""", _FLAGS
)
_WORD = re.compile(
    rb"(?=</|\W*(?:[:=>|(\n]|(?:value|content|href|src|type|is)\b))"
    + _BRIDGE
    + rb"((?=[^\s\"'<>]*[0-9])[^\s\"'<>`|,;\\()\[\]{}&]{7,}[^\s\"'<>`|.,:;\\()\[\]{}&])",
    _FLAGS,
)
_ELEMENT_BEGINS = re.compile(rb"(?:\s[^<>]{0,999})?>")
_TEXT = re.compile(rb"(?:\A|(?<=>)|(?<=CDATA\[))\s*([^<>\s\]!](?:[^<>\]]*[^<>\s\]])?)")
_FIELD = re.compile(
    rb"""["']?(?:;[^\r\n]*)?\r?\n(?:[\w-]+:[^\r\n]*\r?\n)*+\r?\n((?:(?!\r?\n(?:--|\r?\n)).)+)""",
    re.DOTALL,
)
_FIELD_BEGINS = re.compile(rb"""\bname=["']?\Z""", re.IGNORECASE)
_BEFORE = re.compile(
    rb"""value["']?\s*[:=]\s*["']([^"'<>]+)["']\s*,?\s*["']?(?:name|key|id)["']?\s*[:=]\s*["']\Z""",
    re.IGNORECASE,
)
_BESIDE = 4096  # bytes at a name that are looked through
_HEADING = re.compile(rb"""[\w .,;|\t"'-]+""")
_ROW = re.compile(rb"""\n((?:"(?:[^"]|""){0,4000}"|[^"\r\n])+)\r?(?=\n|\Z|")""")
_CELL = {
    mark: re.compile(
        rb"""[ \t]*(?:"((?:[^"]|"")*)"|([^%s"\r\n]*?))[ \t]*(?:%s|"|\Z)""" % (mark, re.escape(mark))
    )
    for mark in (b",", b";", b"\t", b"|")
}


class TooMuch(Exception):
    """There is more to look through than MAX_VIEWED."""


@dataclass(slots=True)
class Scan:
    """One look through all views of a text or a body."""

    marks: tuple[bytes, ...]  # in lower case: a view without any of them holds nothing looked for
    left: int = MAX_VIEWED
    harmless: dict[bytes, int] = field(default_factory=dict)  # short views, and how deep: names

    def suspects(self, data: bytes, depth: int = DEPTH) -> bool:
        """Whether a view within may hold what is looked for: cheap, and never wrong to say no."""
        if self.harmless.get(data, -1) >= depth:
            return False
        self.left -= len(data) + _VIEW_COST
        if self.left < 0:
            raise TooMuch
        views = b"".join(_decoded(data)).lower()
        if _GZIP in views or holds_any(views, self.marks):
            return True
        for view in _layers(data) if depth else ():
            if holds_any(view.lower(), self.marks) or self.suspects(view, depth - 1):
                return True
        if len(data) <= _VIEW_COST:
            self.harmless[data] = depth
        return False

    def hits(self, data: bytes, look: Look, depth: int = DEPTH, cut: bool = False) -> Iterator[Hit]:
        """All hits in all views, by their places in the data. Raises TooMuch."""
        yield from look(data, cut)
        if depth == 0:
            return
        if (plain := unescaped(data)) != data:
            yield from _before(data, list(self.hits(plain, look, depth - 1, cut)))
        for run in _RUN.finditer(data):
            if not self.suspects(run[0], depth - 1):
                continue
            for view in _decoded(run[0]):
                for _, _, put, _ in islice(self.hits(view, look, depth - 1, True), 1):
                    yield *run.span(), put, False
        for start, unpacked in unpacked_parts(data):
            for _, _, put, _ in islice(self.hits(unpacked, look, depth - 1, True), 1):
                yield start, len(data), put, False


def holds_any(view: bytes, marks: Iterable[bytes]) -> bool:
    return any(mark in view for mark in marks)


def unescaped(data: bytes) -> bytes:
    """A view with one layer of escapes undone, and without null bytes and breaks of lines."""
    if b"\\" in data or b"%" in data or b"&" in data or b"\0" in data or b"\n" in data:
        return _ESCAPE.sub(_character, data)
    return data


def _character(found: re.Match[bytes]) -> bytes:
    point, byte, other, letter, entity = found.groups()
    if point:
        units = bytes.fromhex(point.lower().replace(b"\\u", b"").decode())
        return units.decode("utf-16-be", "replace").encode()
    if digits := byte or other:
        return bytes([int(digits, 16)])
    if entity:
        return html.unescape(f"&{entity.decode('ascii')}").encode("utf-8", "replace")
    at = found.start()
    if found[0][:1] in b"\r\n" and not (at and found.string[at - 1] in _INSIDE):
        return found[0]  # a line ends here, and no run of digits goes on
    return _LETTERS.get(letter, letter)


def _before(data: bytes, hits: list[Hit]) -> Iterator[Hit]:
    """The hits of the view `unescaped` by their places in the data."""
    places, end = array("Q"), 0
    for found in _ESCAPE.finditer(data) if hits else ():
        places.extend(range(end, found.start()))
        places.extend([found.start()] * len(_character(found)))
        end = found.end()
    places.extend(range(end, len(data) + 1))
    for start, stop, put, in_place in hits:
        yield places[start], places[stop], put, in_place


def _decoded(digits: bytes) -> list[bytes]:
    """Digits of base64 and hexadecimal ones decoded, from each phase on; all else taken for some.

    So runs need not be looked for: each stands in one of the views.
    """
    data, views = digits.translate(_BASE64), []
    for phase in range(4):
        part = data[phase : len(data) - ((len(data) - phase) % 4 == 1)]
        views.append(binascii.a2b_base64(part + b"=" * (-len(part) % 4)))
    data = digits.translate(_HEX)
    for phase in range(2):
        views.append(binascii.unhexlify(data[phase : len(data) - (len(data) - phase) % 2]))
    return views


def _layers(data: bytes) -> Iterator[bytes]:
    """Views that may hold further ones, without those of digits that decode to no text."""
    if (plain := unescaped(data)) != data:
        yield plain
    for run in _LONG_RUN.findall(data):
        one_case = run.islower() or run.isupper()  # as names are, and UUIDs
        if one_case and not _HEX_DIGITS.issuperset(run):
            continue
        views = _decoded(run)
        for view in views:
            if texts := _READABLE.findall(view.replace(b"\0", b"")):
                yield b"\n\n".join(texts)
        yield from map(itemgetter(1), unpacked_parts(views[0]))
    yield from map(itemgetter(1), unpacked_parts(data))


def unpacked_parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Compressed data, labelled or not, as far as it can be unpacked: from where on, and what."""
    found = list[tuple[int, Callable[[bytes], bytes]]]()
    for magic in islice(re.finditer(_GZIP, data), MAX_PACKED):
        found.append((magic.start(), zlib.decompressobj(zlib.MAX_WBITS | 16).decompress))
    if not data.isascii() and "\ufffd" in data.decode("utf-8", "replace"):
        found += [(0, zlib.decompressobj(bits).decompress) for bits in (15, -15)]
        found.append((0, brotli.Decompressor().process))
    for start, unpack in found:
        # In small steps: of what is broken or cut, the beginning may be read all the same.
        whole, step = bytearray(), len(data) // 999 + 1
        try:
            for at in range(start, len(data), step):
                whole += unpack(data[at : at + step])
                if len(whole) > MAX_UNPACKED:
                    break
        except (zlib.error, brotli.error):
            pass
        if len(whole) >= DISTINCTIVE:
            yield start, bytes(whole)


def replaced(data: bytes, hits: Iterable[Hit], masked: Callable[[bytes], bytes]) -> bytes:
    """The data with what hits say in place of what they hit, or that `masked`; all else stays.

    What was JSON stays JSON.
    """
    found, end = list[Hit](), 0
    for start, stop, put, in_place in sorted(hits, key=lambda hit: (hit[0], -hit[1], hit[3])):
        start = max(start, end)  # the same place may be seen in several views
        if start < stop:
            found.append((start, stop, put, in_place))
            end = stop
    if found and wide_codec(data):  # and no text of it holds what its bytes do
        return _string(found[0][2])
    if found and _is_json(data):
        found = _in_json(data, found)
    pieces, end = list[bytes](), 0
    for start, stop, put, in_place in found:
        pieces += [data[end:start], masked(data[start:stop]) if in_place else put]
        end = stop
    return b"".join([*pieces, data[end:]]) if pieces else data


def wide_codec(data: bytes) -> str:
    """That of JSON in UTF-16 or UTF-32; empty for all else."""
    return json.detect_encoding(data) if b"\0" in data and _is_json(data) else ""


def _is_json(data: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        if not is_too_much(data):  # which nobody judges
            json.loads(data, parse_int=len, parse_float=len)
            return True
    return False


def _string(text: bytes) -> bytes:
    return json.dumps(text.decode("utf-8", "replace")).encode()


def _in_json(data: bytes, hits: Iterable[Hit]) -> list[Hit]:
    """Hits by scalars: of strings whole characters, numbers as a whole, and nothing else.

    A hit in none is a misreading, or all of the data.
    """
    found, end, scalars = list[Hit](), 0, _SCALAR.finditer(data)
    scalar = next(scalars, None)
    for start, stop, put, in_place in hits:
        before = len(found)
        while scalar and scalar.start() < stop:
            if scalar.end() > max(start, end):
                found.append(_part(scalar, max(start, end), stop, put, in_place))
                end = found[-1][1]
                if in_place or scalar.end() > stop:
                    break
            scalar = next(scalars, None)
        if len(found) == before and start >= end and not in_place:
            return [(0, len(data), _string(put), False)]
    return found


def _part(scalar: re.Match[bytes], start: int, stop: int, put: bytes, in_place: bool) -> Hit:
    first, last = scalar.start() + 1, scalar.end() - 1
    if scalar[0][:1] != b'"':
        put = scalar[0].translate(_DIGITS) if in_place else _string(put)
        return *scalar.span(), put, False
    begin, _ = _character_around(scalar.string, max(start, first))
    _, end = _character_around(scalar.string, min(stop, last))
    return begin, end, put, in_place


def _character_around(text: bytes, at: int) -> tuple[int, int]:
    """From where to where the character of a JSON string goes in the middle of which a place is."""
    begin = end = at
    while text[end] & 0xC0 == 0x80:  # bytes of UTF-8 that begin nothing
        end += 1
    while begin < end and text[begin] & 0xC0 == 0x80:
        begin -= 1
    slash = text.rfind(b"\\", max(0, at - 5), at)
    before = slash
    while slash >= 0 and text[before] == 92:  # in pairs they are characters of their own
        before -= 1
    if (slash - before) % 2 and at < slash + (6 if text[slash + 1] == 117 else 2):
        return slash, slash + (6 if text[slash + 1] == 117 else 2)
    return begin, end


def values_of(view: bytes, name: re.Match[bytes], *, plain: bool) -> Iterator[tuple[int, int]]:
    """Where the values of a member stand, in JSON, XML, YAML, CSV, forms, texts.

    In a `plain` view, which is no text of ours, also those that are neither quoted nor URLs.
    """
    end, before = name.end(), view[max(0, name.start() - 2) : name.start()]
    if before.endswith(b'"') and (member := _MEMBER.match(view, end)):
        yield from _strings(view, member.end())
    elif quoted := _QUOTED.match(view, end):
        yield quoted.span(2)
    elif plain and before[-1:] in (b"<", b":") and (begun := _ELEMENT_BEGINS.match(view, end)):
        yield from _texts(view, begun.end(), name[0])
    elif plain and _is_field(view, name) and (part := _FIELD.match(view, end)):
        yield part.span(1)
    elif before.strip()[-1:] in b"?&;[.:" and (pair := _PAIR.match(view, end)):
        yield pair.span(1)
    elif url := _URL.match(view, end):
        yield url.span(1)
    elif plain and (word := _WORD.match(view, end)):
        yield word.span(1)
    elif plain and (first := _BEFORE.search(view, max(0, name.start() - 999), name.start())):
        yield first.span(1)
    elif plain:
        yield from _cells(view, name)


def _is_field(view: bytes, name: re.Match[bytes]) -> bool:
    return bool(_FIELD_BEGINS.search(view, max(0, name.start() - 8), name.start()))


def _texts(view: bytes, start: int, name: bytes) -> Iterator[tuple[int, int]]:
    """The texts in an element of XML."""
    closing = re.compile(rb"</?(?:[\w.-]+:)?" + re.escape(name) + rb"\b", re.IGNORECASE)
    inner = closing.split(view[start : start + _BESIDE], maxsplit=1)[0]
    for text in _TEXT.finditer(inner):
        yield start + text.start(1), start + text.end(1)


def _cells(view: bytes, name: re.Match[bytes]) -> Iterator[tuple[int, int]]:
    """What stands under a name in the first line of a table, as in CSV or Markdown."""
    near = max(0, name.start() - _BESIDE)
    line = view.rfind(b"\n", near, name.start()) + 1
    stop = view.find(b"\n", name.end(), name.end() + _BESIDE)
    if stop < 0 or (near and not line):
        return
    quoted = view.rfind(b': "', line, name.start())
    start = line if quoted < 0 else quoted + 3
    before = view[line : name.start()].rstrip(b"\"' ")[-1:]
    beside = view[name.end() : name.end() + 3].strip(b"\"' ")[:1]
    mark = next(filter(_CELL.__contains__, (beside, before)), b"")
    if not mark or not _HEADING.fullmatch(view[start:stop].rstrip()):
        return
    if mark in view[view.rfind(b"\n", 0, max(0, line - 1)) + 1 : line]:
        return  # a row of a table, whose names are elsewhere: all of them would be read for each
    column = view.count(mark, start, name.start())
    while row := _ROW.match(view, stop):
        cells = list(islice(_CELL[mark].finditer(row[1]), column + 1))
        if len(cells) <= column or mark not in row[1]:
            return
        start, end = cells[column].span(cells[column].lastindex or 0)
        yield row.start(1) + start, row.start(1) + end
        stop = row.end()


def _strings(view: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The strings in a JSON value, without their quotes and names apart, and longer numbers."""
    depth = 0
    for token in _TOKEN.finditer(view, at):
        if token[0] in (b"[", b"{"):
            depth += 1
        elif token[0] in (b"]", b"}"):
            depth -= 1
        elif token[0][:1] != b'"':
            if len(token[0]) >= DISTINCTIVE // 2:
                yield token.span()
        elif depth == 0 or not _NAME_FOLLOWS.match(view, token.end()):
            closed = len(token[0]) > 1 and token[0].endswith(b'"')
            yield token.start() + 1, token.end() - closed
        if depth <= 0:
            return
