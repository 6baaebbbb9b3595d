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
from functools import partial
from itertools import chain, islice
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

Seen = dict[bytes, int] | None  # views, and how deep they were looked through
Undo = Callable[[re.Match[bytes]], bytes]
"""What an escape stands for."""

_ESCAPE = re.compile(
    rb"""\\((?-i:U)00[0-9a-f]{6} | [ux]\{[0-9a-f]{1,8}\}) | \\(0?[0-3][0-7]{2} | [4-7][0-7])
    | \\(u+d[89ab][0-9a-f]{2}\\u+d[c-f][0-9a-f]{2} | u+[0-9a-f]{4} | x[0-9a-f]{2})
    | %(ud[89ab][0-9a-f]{2}%ud[c-f][0-9a-f]{2} | u[0-9a-f]{4} | [0-9a-f]{2})
    | \\(["'\\/bfnrt]) | &(\#[0-9a-z]{1,32}+(?:;|(?![\\%]))|[a-z][a-z0-9]{1,31};)
    | \x00 | =[ \t]*\r?\n | \r\n[ \t]*(?=[\w+/-]) | \n[ \t]*(?=[\w+/-])""",
    re.IGNORECASE | re.VERBOSE,
)
"""Each begins with a character of its own, without which a search takes ten times as long."""
_QUOTED = re.compile(rb"=(?:3D|[2-9a-f][0-9a-f].{0,4}=[2-9a-f][0-9a-f])", re.IGNORECASE)
_QUOTED_BYTE = re.compile(rb"=([2-9a-f][0-9a-f])", re.IGNORECASE)
_MARK = re.compile(rb"\\([ !#-.:-@\[\]-`{-~])")
_NUMBERS = re.compile(
    rb"[0-9][0-9][, ]\s*[0-9]{2,3}[, ]\s*(?:[0-9]{2,3}[, ]\s*){5}[0-9]|\b31[, ]\s*139[, ]\s*8[, ]"
)
_NUMBER = re.compile(rb"\b([0-9]{1,3})(?:[, ]\s*|(?=\s*[\])}\"'])|\Z)")
_HEX_NUMBERS = re.compile(rb"0x[0-9a-f]{2}[, ]\s*(?:0x[0-9a-f]{2}[, ]\s*){6}", re.IGNORECASE)
_HEX_NUMBER = re.compile(rb"\b0x([0-9a-f]{2})(?:[, ]\s*(?=0x)|\b)", re.IGNORECASE)
_OTHERS: tuple[tuple[re.Pattern[bytes], re.Pattern[bytes], Undo], ...] = (
    (_QUOTED, _QUOTED_BYTE, lambda found: bytes([int(found[1], 16)])),  # RFC 2045 §6.7
    (_NUMBERS, _NUMBER, lambda found: bytes([int(found[1]) & 255])),  # buffers as Node has them
    (_HEX_NUMBERS, _HEX_NUMBER, lambda found: bytes.fromhex(found[1].decode())),  # as Go has them
    (_MARK, _MARK, lambda found: found[1]),  # as Markdown, shells and patterns have it
)
"""Escapes that are something else in a text with those above, as `=ca%6eary` in a query."""
_INSIDE = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+/-")
_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", None: b""}
_LEAST = 11  # digits of base64 for eight bytes; others need more
_RUN = re.compile(rb"[0-9A-Za-z+/_-]{%d,}" % _LEAST)
_ALL = bytes(range(256))


def _shape(kept: bytes) -> bytes:
    """A table to `x` for what a pattern has in such brackets, and to null bytes for all else."""
    return re.sub(rb"[^\0]", b"x", re.sub(rb"[^%b]" % kept, b"\0", _ALL))


_IN_RUN, _IN_TEXT, _IN_HEX, _IN_LOWER, _IN_UPPER = map(
    _shape, (rb"0-9A-Za-z+/_-", rb"\t\n\r -~", b"0-9A-Fa-f", b"0-9a-z", b"0-9A-Z")
)
_LONG, _LONG_OF_SHORT = 20, 15  # digits that may hold more than one layer, and of a short secret
_READABLE = 11
_BASE32_DIGITS = 13  # of eight bytes
_BASE64 = bytes.maketrans(_ALL, re.sub(rb"[^0-9A-Za-z/_]", b"+", _ALL).replace(b"_", b"/"))
_HEX = bytes.maketrans(_ALL, re.sub(rb"[^0-9A-Fa-f]", b"0", _ALL))
_BASE32HEX = bytes.maketrans(_ALL, re.sub(rb"[^0-9A-Va-v]", b"0", _ALL))  # as int reads it
_BASE32 = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abcdefghijklmnopqrstuvwxyz0189",
    b"0123456789ABCDEFGHIJKLMNOPQRSTUV0123456789ABCDEFGHIJKLMNOP0000",
)
_GZIP, _GZIP_AS_TEXT = b"\x1f\x8b\x08", b"\x1f\xc2\x8b\x08"  # bytes taken for Latin-1
_SCALAR = re.compile(rb'"(?:[^"\\]|\\.)*+"|[-0-9][-+.0-9Ee]*', re.DOTALL)
_DIGITS = bytes.maketrans(b"0123456789", b"1" * 10)


class TooMuch(Exception):
    """There is more to look through than MAX_VIEWED."""


@dataclass(slots=True)
class Scan:
    """One look through all views of a text or a body."""

    marks: tuple[bytes, ...]  # in lower case: a view without any of them holds nothing looked for
    shortest: int = 0  # bytes of what is looked for; 0 where that is no ASCII
    left: int = MAX_VIEWED
    harmless: dict[int, int] = field(default_factory=dict)  # hashes of views, and how deep
    puts: dict[tuple[bytes, Look, int], bytes] = field(default_factory=dict)  # for runs of digits

    def suspects(self, data: bytes, depth: int = DEPTH) -> bool:
        """Whether a view within may hold what is looked for: cheap, and never wrong to say no."""
        if self.harmless.get(key := hash(data), -1) >= depth:
            return False
        self.left -= len(data) + _VIEW_COST
        if self.left < 0:
            raise TooMuch
        digits = list(_runs(data, _IN_RUN, _LEAST))
        is_short = self.shortest < _READABLE
        long = _LONG_OF_SHORT if is_short else _LONG
        runs = list(filter(partial(_may_hold_more, long=long), digits)) if depth else []
        texts, is_deep, packed = list[bytes](), bool(runs), [data]
        for views in _decoded(b"=".join(digits)) if digits else ():
            joined = b"\xff".join(views)
            plain = joined.translate(None, b"\0")
            if holds_any((joined + plain if is_short else joined).lower(), self.marks):
                return True
            if _GZIP in joined:
                packed.append(joined)
            if is_deep:
                texts += _runs(plain, _IN_TEXT, _READABLE)
            is_deep = depth > 0  # whatever may be base32 follows
        for view in _layers(data, runs, texts, packed) if depth else ():
            if holds_any(view.lower(), self.marks) or self.suspects(view, depth - 1):
                return True
        self.harmless[key] = depth
        return False

    def hits(
        self, data: bytes, look: Look, depth: int = DEPTH, cut: bool = False, seen: Seen = None
    ) -> Iterator[Hit]:
        """All hits in all views, by their places in the data. Raises TooMuch.

        What was seen as deep is left out: the same escapes may be undone in any order.
        """
        seen = seen or {}
        if seen.get(data, -1) >= depth:
            return
        seen[data] = depth
        yield from look(data, cut)
        if depth == 0:
            return
        for plain, pattern, undo in _undone(data):
            found = list(self.hits(plain, look, depth - 1, cut, seen))
            yield from _before(data, found, pattern, undo)
        for run in _RUN.finditer(data):
            if put := self._put_for(run[0], look, depth):
                yield *run.span(), put, False
        for start, unpacked in unpacked_parts(data):
            for _, _, put, _ in list(self.hits(unpacked, look, depth - 1, True))[:1]:
                yield start, len(data), put, False

    def _put_for(self, run: bytes, look: Look, depth: int) -> bytes:
        """What shall stand in place of a run of digits; empty if there are no hits in it."""
        key, found = (run, look, depth), list[Hit]()
        if key in self.puts:
            return self.puts[key]
        for view in chain.from_iterable(_decoded(run)) if self.suspects(run, depth) else ():
            plain = view.translate(None, b"\0")
            found += chain(look(view, True), look(plain, True))
            for text in _runs(plain, _IN_TEXT, _READABLE) if depth > 1 else ():
                found += self.hits(text, look, depth - 1, True)
            for _, unpacked in unpacked_parts(view) if depth > 1 else ():
                found += self.hits(unpacked, look, depth - 2, True)
        self.puts[key] = next(map(itemgetter(2), found), b"")
        return self.puts[key]


def holds_any(view: bytes, marks: Iterable[bytes]) -> bool:
    return any(map(view.__contains__, marks))


def _runs(data: bytes, table: bytes, least: int) -> Iterator[bytes]:
    """What a table has as `x`, so many and more in a row; in a quarter of the time of a pattern."""
    shape, end = data.translate(table) + b"\0", 0
    while (start := shape.find(b"x" * least, end)) >= 0:
        end = shape.find(b"\0", start)
        yield data[start:end]


def _may_hold_more(run: bytes, long: int) -> bool:
    """Whether a long run of digits may hold a text or packed data, as names and UUIDs do not."""
    if len(run) < long:
        return False
    return not (run.islower() or run.isupper()) or any(_runs(run, _IN_HEX, _LONG))


def unescaped(data: bytes) -> bytes:
    """A view with one layer of escapes undone, and without null bytes and breaks of lines."""
    if b"\\" in data or b"%" in data or b"&" in data or b"\0" in data or b"\n" in data:
        return _ESCAPE.sub(_character, data)
    return data


def views_of(data: bytes) -> list[bytes]:
    """The data, and what is left of them with one layer of escapes undone after the other."""
    views = [data]
    while (plain := unescaped(views[-1])) != views[-1] and len(views) < DEPTH:
        views.append(plain)
    return views


def _undone(data: bytes) -> Iterator[tuple[bytes, re.Pattern[bytes], Undo]]:
    """Views with escapes undone, what undid them, and how."""
    if (plain := unescaped(data)) != data:
        yield plain, _ESCAPE, _character
    for found, pattern, undo in _OTHERS if b"\0" not in data else ():
        if found.search(data):
            yield pattern.sub(undo, data), pattern, undo


def _character(found: re.Match[bytes]) -> bytes:
    point, octal, escape, percent, letter, entity = found.groups()
    if digits := escape or percent:
        written = bytes.fromhex(re.sub(rb"[^0-9a-f]", b"", digits.lower()).decode())
        return written if len(written) == 1 else written.decode("utf-16-be", "replace").encode()
    if octal:
        return bytes([int(octal, 8)])
    if point:
        entity = b"#x%b;" % point.strip(b"Uux{}")
    if entity:
        return html.unescape(f"&{entity.decode('ascii')}").encode("utf-8", "replace")
    at = found.start()
    if found[0][:1] in b"\r\n" and not (at and found.string[at - 1] in _INSIDE):
        return found[0]  # a line ends here, and no run of digits goes on
    return _LETTERS.get(letter, letter)


def _before(data: bytes, hits: list[Hit], pattern: re.Pattern[bytes], undo: Undo) -> Iterator[Hit]:
    """The hits of a view in which that is undone, by their places in the data."""
    places, end = array("Q"), 0
    for found in pattern.finditer(data) if hits else ():
        places.extend(range(end, found.start()))
        places.extend([found.start()] * len(undo(found)))
        end = found.end()
    places.extend(range(end, len(data) + 1))
    for start, stop, put, in_place in hits:
        yield places[start], places[stop], put, in_place


def _decoded(digits: bytes) -> Iterator[list[bytes]]:
    """Digits of base64 and hexadecimal ones, and of base32, decoded, from each phase on.

    All else is taken for some: each run of digits stands in one of the views.
    """
    data, views = digits.translate(_BASE64), []
    for phase in range(4):
        part = data[phase : len(data) - ((len(data) - phase) % 4 == 1)]
        views.append(binascii.a2b_base64(part + b"=" * (-len(part) % 4)))
    data = digits.translate(_HEX)
    for phase in range(2):
        views.append(binascii.unhexlify(data[phase : len(data) - (len(data) - phase) % 2]))
    yield views
    if runs := _base32(digits):
        for alphabet in (_BASE32, _BASE32HEX):
            number, views = int(runs.translate(alphabet), 32), []
            for phase in range(8):
                size = (len(runs) * 5 - phase) // 8
                views.append((number >> phase & (1 << size * 8) - 1).to_bytes(size))
            yield views


def _base32(data: bytes) -> bytes:
    """What may be digits of base32, which are of one case, and not all of ten."""
    lower = _runs(data, _IN_LOWER, _BASE32_DIGITS)
    runs = dict.fromkeys(chain(lower, _runs(data, _IN_UPPER, _BASE32_DIGITS)))
    return b"_".join(run for run in runs if not run.isdigit())


def _layers(
    data: bytes, runs: list[bytes], texts: list[bytes], packed: list[bytes]
) -> Iterator[bytes]:
    """Views that may hold further ones, with the texts to which the digits in its runs decode."""
    yield from map(itemgetter(0), _undone(data))
    if texts:
        yield b"\n\n".join(texts)
    for run in runs:
        part = run[: len(run) - (len(run) % 4 == 1)].translate(_BASE64)
        packed.append(binascii.a2b_base64(part + b"=" * (-len(part) % 4)))
    for view in packed:
        yield from map(itemgetter(1), unpacked_parts(view))


def unpacked_parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Compressed data, labelled or not, as far as it can be unpacked: from where on, and what."""
    found = list[tuple[int, Callable[[bytes], bytes]]]()
    if (at := data.find(_GZIP_AS_TEXT)) >= 0:
        packed = data[at:].decode("utf-8", "ignore").encode("latin-1", "ignore")
        yield from zip([at], map(itemgetter(1), unpacked_parts(packed)), strict=False)
    for magic in islice(re.finditer(_GZIP, data), MAX_PACKED):
        found.append((magic.start(), zlib.decompressobj(zlib.MAX_WBITS | 16).decompress))
    if not data.isascii() and "\ufffd" in data.decode("utf-8", "replace"):
        found += [(0, zlib.decompressobj(bits).decompress) for bits in (15, -15)]
        found.append((0, brotli.Decompressor().process))
    for start, unpack in found:
        # In small steps: of what is broken or cut, the beginning may be read all the same.
        whole, step = bytearray(), len(data) // 999 + 8
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
