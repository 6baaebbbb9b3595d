"""An ECMA-262 pattern or a format in, texts out that very likely have it: callers check them.

CPython parses it, respelled. Lookarounds are left out by chance, back references repeat a group.
"""

import re
import string
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from re import _parser
from typing import Any

ENDLESS = (1 << 32) - 1  # how often CPython says that something may be repeated without end

AT_ONCE = 5  # characters that one number chooses: of 84 samples it is below 2 ** 32

WORD = string.ascii_letters + string.digits + "_"
ALPHABET = WORD + "-. !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~éßÀя٣日😀\u00a0\t"
"""What `.` and negated classes draw from."""

PROPERTIES = {"Latin": "azAZé", "Greek": "αΩ", "Cyrillic": "яЖ"}
PROPERTIES |= dict.fromkeys(("Lu", "Uppercase_Letter", "Uppercase"), "AZÀЯ")
PROPERTIES |= dict.fromkeys(("Ll", "Lowercase_Letter", "Lowercase"), "azßя")
PROPERTIES |= dict.fromkeys(("L", "Letter", "Alphabetic"), "azAZéя日")
PROPERTIES |= dict.fromkeys(("Nd", "Decimal_Number"), "09٣")
PROPERTIES |= dict.fromkeys(("N", "Number"), "09٣½")
PROPERTIES |= dict.fromkeys(("P", "Punctuation"), "!-._")
PROPERTIES |= dict.fromkeys(("S", "Symbol"), "$+<€")
PROPERTIES |= dict.fromkeys(("Z", "Zs", "Separator"), " \u00a0")
PROPERTIES |= dict.fromkeys(("M", "Mark"), "\u0301")
PROPERTIES |= dict.fromkeys(("Han", "Lo"), "日本")
PROPERTIES |= dict.fromkeys(("Emoji", "Emoji_Presentation"), "😀")
"""Samples of Unicode properties; those of any other are the letters of words."""

Pick = Callable[[int, int], int]


@dataclass(slots=True)
class Pen:
    """One text in the writing: what chooses, and the texts of groups so far."""

    pick: Pick
    groups: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a pattern: how many characters it has at least and at most, and what writes it."""

    least: int
    most: int
    write: Callable[[Pen, int], str]  # with how many characters more than `least` are wanted
    samples: str = ""  # where it is one character of a class

    def text(self, pick: Pick, spare: int = 0) -> str:
        """A text of `least` characters and up to `spare` more."""
        return self.write(Pen(pick), spare)


LEAST, MOST = attrgetter("least"), attrgetter("most")


def constant(text: str) -> Node:
    return Node(len(text), len(text), lambda *_: text)


def characters(samples: str) -> Node:
    if not samples:
        raise ValueError("no sample for a class of characters")
    last = len(samples) - 1
    return Node(1, 1, lambda pen, _: samples[pen.pick(0, last)], samples)


def run_of(samples: str, low: int, high: int) -> Node:
    """Characters of one class: a number chooses several of them at once."""
    size = len(samples)
    span = size**AT_ONCE - 1

    def write(pen: Pen, spare: int) -> str:
        count, text = low + min(high - low, spare), ""
        while len(text) < count:
            number = pen.pick(0, span)
            for _ in range(AT_ONCE):
                number, index = divmod(number, size)
                text += samples[index]
        return text[:count]

    return Node(low, high, write)


def sequence(parts: Sequence[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    least, most = sum(map(LEAST, parts)), sum(map(MOST, parts))
    slacks = [(part, part.most - part.least) for part in parts]

    def write(pen: Pen, spare: int) -> str:
        if spare <= 0:
            return "".join([part.write(pen, 0) for part in parts])
        text, room = "", most - least
        for part, slack in slacks:
            share = 0
            room -= slack
            if slack:
                share = pen.pick(max(0, spare - room), min(spare, slack))
            drawn = part.write(pen, share)
            spare -= len(drawn) - part.least
            text += drawn
        return text

    return Node(least, min(most, ENDLESS), write)


def alternatives(options: Sequence[Node]) -> Node:
    least = min(map(LEAST, options))

    def write(pen: Pen, spare: int) -> str:
        length = least + spare
        short = [option for option in options if option.least <= length]
        fitting = [option for option in short if length <= option.most] or short
        option = fitting[pen.pick(0, len(fitting) - 1)]
        return option.write(pen, length - option.least)

    return Node(least, max(map(MOST, options)), write)


def repeated(part: Node, low: int, high: int) -> Node:
    if part.samples:
        return run_of(part.samples, low, high)
    slack = part.most - part.least

    def write(pen: Pen, spare: int) -> str:
        count = low + min(high - low, spare // max(part.least, 1))
        if slack:
            fewest = -(-(low * part.least + spare) // part.most)
            count = pen.pick(min(max(low, fewest), count), count)
        spare -= (count - low) * part.least
        texts: list[str] = []
        while len(texts) < count or (0 < part.least <= spare and len(texts) < high):
            if len(texts) >= count:  # the ones before were shorter than they might have been
                spare -= part.least
            wanted = -(-spare // max(1, count - len(texts)))
            texts.append(part.write(pen, min(slack, wanted)))
            spare = max(0, spare - len(texts[-1]) + part.least)
        return "".join(texts)

    return Node(low * part.least, min(ENDLESS, high * part.most), write)


def group(part: Node, number: int) -> Node:
    def write(pen: Pen, spare: int) -> str:
        pen.groups[number] = part.write(pen, spare)
        return pen.groups[number]

    return Node(part.least, part.most, write)


_ECMA = re.compile(
    r"\\(?P<sign>[pP])\{(?:\w+=)?(?P<property>\w+)\}|\\u\{(?P<point>[0-9a-fA-F]+)\}"
    r"|\\c(?P<control>[A-Za-z])|\(\?<(?P<group>\w+)>|\\(?P<letter>[^\W\d_dDwWsSbBfnrtvxu])|\\.",
    re.S,
)
"""What CPython spells otherwise, and any other escape."""


def respelled(token: re.Match[str]) -> str:
    """A token of ECMA-262 as CPython spells it."""
    kind = token.lastgroup or 0
    value = token[kind]
    match kind:
        case "property":
            samples = PROPERTIES.get(value, WORD)
            if token["sign"] == "P":
                samples = complement(samples)
            before = token.string[: token.start()]
            if before.rfind("[") > before.rfind("]"):  # in a class of characters
                return re.escape(samples)
            return f"[{re.escape(samples)}]"
        case "point":
            return re.escape(chr(int(value, 16)))
        case "control":
            return re.escape(chr(ord(value) % 32))
        case "group":
            return f"(?P<{value}>"
    return value


def tokens_of(pattern: str, *, exactly: bool = False) -> Any:
    """What CPython reads in a pattern; raises ValueError where it can't read it (`exactly`)."""
    if exactly and any(token["property"] for token in _ECMA.finditer(pattern)):
        raise ValueError(f"the Unicode properties of {pattern!r} are not known exactly")
    try:
        with warnings.catch_warnings():  # of sets within sets, which ECMA-262 does not have
            warnings.simplefilter("ignore", FutureWarning)
            return _parser.parse(_ECMA.sub(respelled, pattern))
    except (re.error, OverflowError, RecursionError) as problem:
        raise ValueError(f"can't read {pattern!r}: {problem}") from None


@lru_cache(maxsize=4096)
def parse(pattern: str) -> Node:
    """The pattern as a node that writes; raises ValueError when it can't be read."""
    try:
        return written(tokens_of(pattern))
    except RecursionError as problem:
        raise ValueError(f"can't read {pattern!r}: {problem}") from None


_SILENT = {"AT", "ASSERT_NOT"}  # no text stands for anchors, boundaries, and what must not be there


def written(tokens: Iterable[tuple[Any, Any]]) -> Node:
    parts = []
    for literal, alike in groupby(tokens, lambda token: str(token[0]) == "LITERAL"):
        if literal:
            parts.append(constant("".join(chr(code) for _, code in alike)))
        else:
            parts += [node_of(kind, held) for kind, held in alike if str(kind) not in _SILENT]
    return sequence(parts)


def node_of(kind: Any, held: Any) -> Node:
    match str(kind):
        case "IN":
            return characters(samples_of(held))
        case "NOT_LITERAL":
            return characters(complement(chr(held)))
        case "BRANCH":
            return alternatives([written(branch) for branch in held[1]])
        case "MAX_REPEAT" | "MIN_REPEAT":
            low, high, part = held
            return repeated(written(part), low, int(high))
        case "SUBPATTERN":
            part = written(held[-1])
            return part if held[0] is None else group(part, held[0])
        case "GROUPREF":
            return Node(0, 0, lambda pen, _: pen.groups.get(held, ""))
        case "ASSERT":
            part = written(held[1])  # `(?=abc)` needs it to be there, `(?=.*x)` stands it
            return Node(0, 0, lambda pen, _: part.write(pen, 0) if pen.pick(0, 1) else "")
    return characters(samples_of([(kind, held)]))


def samples_of(members: Iterable[tuple[Any, Any]]) -> str:
    """Samples of a class of characters; of a range the first and the last, no surrogates."""
    samples, negated = "", False
    for kind, held in members:
        match str(kind):
            case "NEGATE":
                negated = True
            case "ANY":
                samples += ALPHABET
            case "CATEGORY":
                samples += CLASSES[str(held)]
            case "LITERAL":
                samples += chr(held)
            case "RANGE":
                first, last = held
                codes = [*range(first, min(last, first + 95) + 1), last]
                samples += "".join(chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF)
            case _:
                raise ValueError(f"no sample for {kind}")
    return complement(samples) if negated else "".join(dict.fromkeys(samples))


def complement(samples: str) -> str:
    return ALPHABET.translate(dict.fromkeys(map(ord, samples)))


CLASSES: dict[str, str] = {}
for _name, _samples in {"DIGIT": string.digits, "WORD": WORD, "SPACE": " \t\n\u00a0"}.items():
    CLASSES |= {f"CATEGORY_{_name}": _samples, f"CATEGORY_NOT_{_name}": complement(_samples)}


DATE = "20(1[6-9]|2[0-9])-(0[1-9]|1[0-2])-[01][1-8]"  # no 29 to 31, which not every month has
TIME = "[01][0-9]:[0-5][0-9]:[0-5][0-9]"
URL, HOST, HEX = r"https://example\.com/[a-z]*", r"[a-z]{1,12}\.example\.com", "[0-9a-f]"
DURATIONS = ("PT[1-9][0-9]?M", "P[1-9]D", "PT[1-9]H[0-9]M[1-5]?[0-9]S", "P[1-9]W")
LONG_EMAIL = r"[a-z]+\.[a-z]{1,8}\+[a-z0-9]{1,8}@mail\.example\.com"
LONG_URL = r"https://[a-z]{1,8}\.example\.org:8443/[a-z0-9/]+\?[a-z]=%20#[a-z]*"
LONG_IPV6 = f"2001:db8(:{HEX}{{4}}){{6}}"
FORMATS = {
    "date-time": (f"{DATE}T{TIME}Z", f"{DATE}T{TIME}[+-]0[1-9]:[03]0", rf"{DATE}T{TIME}\.\d{{6}}Z"),
    "date": (DATE,),
    "time": (f"{TIME}Z", rf"{TIME}\.\d{{6}}\+0[1-9]:30"),
    "duration": (*DURATIONS, "P[1-9]Y[1-9]M[1-9]DT[1-9]H"),
    "email": (r"[a-z]{1,12}@example\.(com|org)", LONG_EMAIL),
    "idn-email": (r"[a-z]{1,12}@example\.com", r"(jörg|用户|[a-z]+)@(bücher|例え)\.example"),
    "uuid": (f"{HEX}{{8}}-{HEX}{{4}}-4{HEX}{{3}}-[89ab]{HEX}{{3}}-{HEX}{{12}}",),
    "uri": (URL, LONG_URL, "urn:[a-z]{2,8}:[a-z0-9]+"),
    "uri-reference": ("/[a-z]*", r"\.\./[a-z]+\?[a-z]=1", URL, "#?"),
    "iri": (URL, r"https://bücher\.example/[a-zéü]+"),
    "iri-reference": ("/[a-zéü]*", r"https://bücher\.example/[a-z]*"),
    "hostname": (HOST, r"([a-z0-9]{1,12}\.)*[a-z]{2,5}", r"[a-z]+-[a-z0-9]+\.example\.org"),
    "idn-hostname": (HOST, r"(bücher|例え)\.example"),
    "ipv4": (r"192\.0\.2\.([1-9]?[0-9]|1[0-9]{2})", r"(10|127)\.0\.0\.[1-9]"),
    "ipv6": (f"2001:db8::{HEX}{{1,4}}", "::1", LONG_IPV6, r"::ffff:192\.0\.2\.[1-9]"),
    "json-pointer": ("(/[a-z0-9]{1,6})*", "/(~0|~1|é)[a-z]*/0"),
    "relative-json-pointer": ("[0-3](/[a-z]{1,6})*", "[0-3]#"),
    "regex": (r"\^?[a-z]+[*+?]?\$?", r"\[[a-z]-z\]\{1,[2-9]\}"),
    "uri-template": (r"https://example\.com/[a-z]*(/\{[a-z]+\})?", r"/[a-z]+\{\?[a-z]+,[a-z]+\}"),
    "byte": ("([A-Za-z0-9+/]{4})*", "[A-Za-z0-9+/]{3}="),
}
"""The forms of formats, covered one by one. A format that is not here allows any string."""
