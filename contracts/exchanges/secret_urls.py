"""URLs that are credentials themselves, taken out: whoever has one has what it leads to.

The value of a member with such a name keeps its type, its length and what its format rests on;
letters and digits go. Where the same value stands elsewhere, a placeholder takes its place.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain, islice
from string import ascii_letters, digits
from typing import Any

from contracts.document import Document
from contracts.document.model import ref_target
from contracts.exchanges.echoes import DEPTH, DISTINCTIVE, Hit, unescaped, views_of
from contracts.messages import PLACEHOLDER

MAX_KNOWN = 10_000
SECRET = "x-secret"  # of a schema, property, header or parameter: its value is like a credential
# Below the root of a host: what is the root is nobody's secret, and may be the base URL.
_WHOLE = re.compile(rb"[a-z][a-z0-9+.-]*://([^/?#]+[/?#].+)", re.DOTALL | re.IGNORECASE)
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:(?=//)")
_SCHEME_BEFORE = re.compile(rb"([a-z][a-z0-9+.-]*:)?\Z")
_REST = re.compile(rb"[^\s\"'<>|^`{}]*")
_VALUE = re.compile(rb"[^\s\"'<>|^`{}\\,;&=()]{%d,}" % DISTINCTIVE)
_BLANK = bytes.maketrans(f"{ascii_letters}{digits}".encode(), b"x" * 52 + b"0" * 10)
_IN_NAMES = f"{ascii_letters}{digits}_-".encode()
_NO_WORD = re.compile(rb"[^0-9a-z]+")
_PIECE = re.compile(rb"\\u[0-9A-Fa-f]{4}|\\.|%[0-9A-Fa-f]{2}|[A-Za-z]|[0-9]", re.DOTALL)
_WORD = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# What is left of a value before and after a cut, of a length that other texts have not in common.
_HEAD = re.compile(rb"""[^\s"'<>\\]{11,400}""")
_TAIL = re.compile(rb"""[^\s"'<>\\]{11,}\Z""")

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]|[-0-9][-+.0-9Ee]*', re.DOTALL)
_MEMBER = re.compile(  # or the value beside, of a member that has the name for its value
    rb""""\s*(?: ,\s*(?:"[^"]{1,99}"\s*:\s*"?[^"{}\[\],]{0,99}"?\s*,\s*){0,5}?
    "(?:[a-z_]{0,20}value|val|v|data)"\s* )?:\s*(?:/\*[^*]{0,99}\*/\s*)?(?=["\[{0-9-])""",
    re.VERBOSE | re.IGNORECASE,
)
_NAME_FOLLOWS = re.compile(rb"[ \t\r\n]*:")
_QUOTED = re.compile(
    rb"""["']?\]?(?:[;|]s:\d+)?\s*(?:=>\s*string\(\d+\)|[:=])\s*(?:\w{1,9}\()?
    (["'])(.*?)(?<!\\)(?:\1|[\r\n]|\Z)""",
    re.VERBOSE,
)
_PAIR = re.compile(rb"""(?:\[\w*\]|\])*=([^&;#\s"'<>\\]+)""")
_BRIDGE = rb"""(?:(?![a-z][a-z0-9+.-]*:\\?/\\?/)(?: <!\[CDATA\[ | <!--(?:(?!-->).){0,99}-->
    | </?[a-z]+[0-6]?(?=[\s/>]) | [-"'`>:=|*()[<\s\\] | \](?=[:(\[]|\s=)
    | (?:,\s*["'])?(?:value|content|href|src)\b | (?:data|is|string|to|at):?(?=[\s:>])
    | (?:id|retry):[^\r\n]{0,99}(?=[\r\n])
    | ![!\w]*\s | &\w+\s | \n[ \t]+[\w-]+:\s
    | (?:xmlns|lang|type|id|class)[\w:-]*=(?:"[^"<>]{0,99}"|'[^'<>]{0,99}') )){1,40}+"""
"""What may stand between a name and a value in XML, HTML, YAML, Markdown, streams of events."""
_FLAGS = re.IGNORECASE | re.VERBOSE | re.DOTALL
_URL = re.compile(
    _BRIDGE + rb"""([a-z][a-z0-9+.-]*:\\?/\\?/[^\s"'<>`|]*[^\s"'<>`|.,;:)\]])""", _FLAGS
)
_BARE = re.compile(
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
    rb"""(?:(?:value|href|src|content)["']?\s*[:=]\s*["']|<)([^"'<>]+)["'>]\s*[,;]?\s*["']?
    (?:name|key|id|rel)["']?\s*[:=]\s*["']\Z""",
    re.IGNORECASE | re.VERBOSE,
)
_ITEM = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]|[^\s\[\]{},"]+')
_BESIDE = 4096  # bytes at a name that are looked through
_HEADING = re.compile(rb"""[\w .,;|\t"'-]+""")
_ROW = re.compile(rb"""\n((?:"(?:[^"]|""){0,4000}"|[^"\r\n])+)\r?(?=\n|\Z|")""")
_CELL = {
    mark: re.compile(
        rb"""[ \t]*(?:"((?:[^"]|"")*)"|([^%s"\r\n]*?))[ \t]*(?:%s|"|\Z)""" % (mark, re.escape(mark))
    )
    for mark in (b",", b";", b"\t", b"|")
}


def secret_names(document: Document, names: tuple[str, ...]) -> tuple[str, ...]:
    """These, and those of properties, header fields and parameters that a document marks so."""
    found = dict.fromkeys(names)
    nodes: list[Any] = [document.tree]
    for node in nodes:  # which grows meanwhile
        if isinstance(node, list):
            nodes += node
        elif isinstance(node, dict):
            nodes += node.values()
            named = [(node.get("name"), node)] if "in" in node else []
            for members in filter(None, map(node.get, ("properties", "headers"))):
                named += members.items() if isinstance(members, dict) else ()
            for name, value in named:
                if isinstance(name, str) and _WORD.search(name) and _is_marked(document, value):
                    found[name] = None
    return tuple(found)


def _is_marked(document: Document, node: Any, depth: int = DEPTH) -> bool:
    if not isinstance(node, dict) or depth == 0:
        return False
    parts = [node.get("schema"), node.get("items")]
    for key in ("allOf", "anyOf", "oneOf"):
        parts += node.get(key) or ()
    with suppress(LookupError, TypeError, AttributeError):
        parts.append(document.at(ref_target(node["$ref"])))
    return node.get(SECRET) is True or any(_is_marked(document, one, depth - 1) for one in parts)


@dataclass
class Capabilities:
    """What members with certain names held in answers of this process, with its placeholders."""

    names: tuple[str, ...] = ()  # in any spelling: `cdp_url`, `cdpUrl`, `CDP-URL`
    placeholders: tuple[str, ...] = (PLACEHOLDER,)  # of credentials, which a masked URL keeps
    others: tuple[str, Sequence[str]] = ("", ())  # names by a pattern, and what is in these
    said: bytes = field(default=b"", repr=False)  # in its strings: no secrets, such as enums have
    # In lower case, of URLs what follows the scheme: the same under another scheme is no less.
    _known: dict[bytes, bytes] = field(default_factory=dict, repr=False)
    _words: bool = field(default=False, init=False)  # whether some of them are no URLs

    @property
    def size(self) -> int:
        return len(self._known)

    @property
    def marks(self) -> set[bytes]:
        """What a view in lower case holds that has a member of such a name, or a known URL."""
        return self._firsts | {b"//"} if self._known else self._firsts

    def may_be_in(self, low: bytes) -> bool:
        """Whether a view in lower case may hold any of them as it stands: never wrong to say no."""
        return self._words or any(map(low.__contains__, self.marks))

    @cached_property
    def _firsts(self) -> set[bytes]:
        words = [*(_WORD.findall(name)[0].lower() for name in self.names), *self.others[1]]
        return set(map(str.encode, words))

    @cached_property
    def _placeholders(self) -> dict[bytes, bytes]:
        found = {}
        for name in self.names:
            words = "_".join(_WORD.findall(name)).encode()
            word = words.lower().replace(b"_", b"")
            found[word] = found[word + b"s"] = b"$" + words.upper()
        return found

    @cached_property
    def _name(self) -> re.Pattern[bytes]:
        names = "|".join("[-_. ]{0,2}".join(_WORD.findall(name)) + "s?_?" for name in self.names)
        begins = r"(?:(?<![0-9a-z_-])|(?<=\b_)|(?<=\bx[-_])|(?<=\bdata[-_])|(?<=--))"
        names = "|".join(filter(None, (names.lower(), self.others[0])))
        return re.compile(rf"{begins}(?:{names})(?![0-9a-z_-])".encode(), re.VERBOSE)

    @cached_property
    def _kept(self) -> re.Pattern[bytes]:
        every = [*map(str.encode, self.placeholders), *self._placeholders.values()]
        longest = b"|".join(map(re.escape, sorted(every, key=len, reverse=True)))
        return re.compile(rb"(%b|\$(?i:%b))" % (longest, self.others[0].encode()), re.VERBOSE)

    def put_for(self, name: bytes) -> bytes:
        """The placeholder for a member of this name; empty if it is no secret."""
        if not self._firsts or not (found := self._name.search(unescaped(name).lower())):
            return b""
        known = self._placeholders.get(_NO_WORD.sub(b"", found[0]))
        return known or b"$" + _NO_WORD.sub(b"_", found[0]).upper().rjust(4, b"X")

    def members(self, view: bytes, _cut: bool, *, learns: bool = True) -> Iterator[Hit]:
        """The values of members with such names, known from now on if they are an answer's."""
        low = view.lower()
        found = dict[int, re.Match[bytes] | None]()
        for first in self._firsts:  # faster than the pattern
            at = low.find(first)
            while at >= 0:
                near = max(0, at - 40)  # as long may names be before what all of their kind have
                for begin in (at, near + len(low[near:at].rstrip(_IN_NAMES))):
                    found[begin] = self._name.match(low, begin)
                at = low.find(first, at + 1)
        places, heads = list[tuple[int, int, bytes]](), dict[int, bytes]()
        for name in filter(None, found.values()):
            put = self.put_for(name[0])
            places += [(*place, put) for place in values_of(view, name, plain=learns)]
            if view[name.end() : name.end() + 1] == b'"':
                heads[name.start() - 1] = put
        for start, stop, put in chain(places, _in_rows(view, heads)):
            if b'"%b"' % low[start:stop] not in self.said:
                if learns:
                    self.learn(view[start:stop], put)
                yield start, stop, put, True

    def learn(self, written: bytes, put: bytes) -> None:
        """Know a value from now on, wherever it stands, unless anything might be like it."""
        for view in views_of(written):
            if len(self._known) >= MAX_KNOWN:
                return
            if whole := _WHOLE.fullmatch(view):
                self._known.setdefault(whole[1].lower(), put)
            elif _is_no_word(view):
                self._known.setdefault(view.lower(), put)
                self._words = True

    def known(self, view: bytes, cut: bool) -> Iterator[Hit]:
        """Where a known value stands in a view, or, of a view that is cut, its beginning."""
        low = view.lower()
        at = low.find(b"//")
        while at >= 0 and self._known:
            scheme = _SCHEME_BEFORE.search(low, max(0, at - 31), at)
            rest = _REST.match(low, at + 2)
            size, put = self._longest(rest[0]) if rest else (0, b"")
            if scheme and put:
                yield scheme.start(), at + 2 + size, put, False
            at = low.find(b"//", at + 2)
        if self._words:
            for found in _VALUE.finditer(low):
                if found[0] in self._known:
                    yield *found.span(), self._known[found[0]], False
        if cut:
            yield from self._parts(low)

    def _parts(self, low: bytes) -> Iterator[Hit]:
        """Known values in a view that was cut, without looking at what is beside them, or parts."""
        ends = _HEAD.match(low), _TAIL.search(low, max(0, len(low) - 400))
        for known, put in self._known.items():
            if (at := low.find(known)) >= 0:
                yield at, at + len(known), put, False
            for end in filter(None, ends):
                if end[0].rpartition(b"://")[2] in known:
                    yield *end.span(), put, False

    def _longest(self, rest: bytes) -> tuple[int, bytes]:
        """How much of it is a known value; a sentence may have put a mark behind."""
        if put := self._known.get(rest):
            return len(rest), put
        for end in reversed([mark.start() for mark in re.finditer(rb"[^0-9a-z]", rest)]):
            if put := self._known.get(rest[:end]):
                return end, put
        return 0, b""

    def masked(self, written: bytes) -> bytes:
        """A string without letters and digits; its scheme and placeholders of credentials stay."""
        scheme = _SCHEME.match(written)
        kept = written[: scheme.end()] if scheme else b""
        parts = self._kept.split(written[len(kept) :])
        is_plain = b"%" not in written and b"\\" not in written
        for index in range(0, len(parts), 2):  # the others are placeholders
            part = parts[index]
            parts[index] = part.translate(_BLANK) if is_plain else _PIECE.sub(_piece, part)
        return kept + b"".join(parts)


def _piece(found: re.Match[bytes]) -> bytes:
    piece = found[0]
    if piece.startswith(b"%"):
        return b"%00"
    if piece.startswith(b"\\"):
        latin = piece.startswith(b"\\u00") and chr(int(piece[2:], 16)).isalnum()
        return b"x" if latin else piece
    return b"x" if piece.isalpha() else b"0"


def values_of(view: bytes, name: re.Match[bytes], *, plain: bool) -> Iterator[tuple[int, int]]:
    """Where the values of a member stand, in JSON, XML, YAML, CSV, forms, texts.

    In a `plain` view, which is no text of ours, also those that are neither quoted nor URLs.
    """
    end, before = name.end(), view[max(0, name.start() - 8) : name.start()]
    if before.endswith(b'"') and (member := _MEMBER.match(view, end)):
        yield from _strings(view, member.end())
    elif quoted := _QUOTED.match(view, end):
        yield quoted.span(2)
    elif plain and before[-1:] in (b"<", b":") and (begun := _ELEMENT_BEGINS.match(view, end)):
        yield from _texts(view, begun.end(), name[0])
    elif plain and _FIELD_BEGINS.search(before) and (part := _FIELD.match(view, end)):
        yield part.span(1)
    elif before.strip()[-1:] in b"?&;[.:" and (pair := _PAIR.match(view, end)):
        yield pair.span(1)
    elif url := _URL.match(view, end):
        yield url.span(1)
    elif plain and (word := _BARE.match(view, end)):
        yield word.span(1)
    elif plain and (first := _BEFORE.search(view, max(0, name.start() - 999), name.start())):
        yield first.span(1)
    elif plain:
        yield from _cells(view, name)


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


def _in_rows(view: bytes, heads: dict[int, bytes]) -> Iterator[tuple[int, int, bytes]]:
    """URLs in lists of JSON behind names; in lists of lists also other values, and below them.

    `heads` are placeholders by where strings begin that end with names.
    """
    lists, indexes, columns, put = [b""], [0], dict[int, bytes](), b""
    last = max(heads, default=0)
    starts = {0, view.rfind(b'"[', 0, last) + 1, view.rfind(b'"{', 0, last) + 1}  # JSON in JSON
    for token in chain.from_iterable(map(partial(_ITEM.finditer, view), starts if heads else ())):
        kind, within = token[0][:1], lists[-1]
        if kind == b",":
            indexes[-1] += 1
            continue
        if token.start() in heads and not _NAME_FOLLOWS.match(view, token.end()):
            put = heads[token.start()]
            if b"[" in within:
                columns[indexes[-1 - within.endswith(b"{")]] = put
            continue
        if kind in b"[{":
            lists.append(within[-1:] + kind)
            indexes.append(0)
        elif kind in b"]}" and len(lists) > 1:
            del lists[-1], indexes[-1]
        elif kind == b'"' and within.endswith(b"["):
            is_row = within == b"[["
            found = put or (is_row and columns.get(indexes[-1]))
            text = token[0][1:].removesuffix(b'"')
            if found and (_WHOLE.fullmatch(text) or (is_row and _is_no_word(text))):
                yield token.start() + 1, token.start() + 1 + len(text), found
        put = b""


def _is_no_word(text: bytes) -> bool:
    return bool(_VALUE.fullmatch(text) and re.search(rb"[0-9]", text)) and b"//" not in text
