"""An ECMA-262 pattern in, texts out that it very likely matches: callers check them against the pattern itself.

A parser by recursive descent and the nodes it makes. Lookarounds are written out or left out by chance, back
references repeat their group, and what can't be parsed raises `ValueError`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

ENDLESS = 1 << 40
DIGITS = "0123456789"
LOWER = "abcdefghijklmnopqrstuvwxyz"
WORD = LOWER + LOWER.upper() + DIGITS + "_"
SPACE = " \t\n\u00a0"
ALPHABET = WORD + "-. !\"#$%&'()*+,/:;<=>?@[\\]^`{|}~éßÀя٣日😀\u00a0\t"
"""What `.` and negated classes draw from."""

NAMED = {"d": DIGITS, "w": WORD, "s": SPACE}
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
PROPERTIES = {
    "Lu": "AZÀЯ",
    "Ll": "azßя",
    "L": "azAZéя日",
    "Nd": "09٣",
    "N": "09٣½",
    "P": "!-._",
    "S": "$+<€",
    "Z": " \u00a0",
    "M": "\u0301",
    "Latin": "azAZé",
    "Greek": "αΩ",
    "Cyrillic": "яЖ",
    "Han": "日本",
    "ASCII": WORD,
    "Emoji": "😀",
}
LONG_NAMES = {
    "Letter": "L",
    "Alphabetic": "L",
    "Lowercase_Letter": "Ll",
    "Lowercase": "Ll",
    "Uppercase_Letter": "Lu",
    "Uppercase": "Lu",
    "Number": "N",
    "Decimal_Number": "Nd",
    "Punctuation": "P",
    "Symbol": "S",
    "Separator": "Z",
    "Zs": "Z",
    "Mark": "M",
    "Lo": "Han",
    "Emoji_Presentation": "Emoji",
}

Pick = Callable[[int, int], int]


class Node(Protocol):
    """A part of a pattern with the least and most characters that it stands for."""

    @property
    def least(self) -> int: ...
    @property
    def most(self) -> int: ...
    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        """A text of `least` characters and up to `spare` more."""
        ...


@dataclass(frozen=True, slots=True)
class Characters:
    samples: str
    least: int = 1
    most: int = 1

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        return (
            self.samples[pick(0, len(self.samples) - 1)] if len(self.samples) > 1 else self.samples
        )


@dataclass(frozen=True, slots=True)
class Sequenced:
    parts: tuple[Node, ...]
    least: int
    most: int

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        if self.least == self.most:
            return "".join([part.draw(pick, 0, groups) for part in self.parts])
        text, room = "", sum(part.most - part.least for part in self.parts)
        for part in self.parts:
            slack = part.most - part.least
            room -= slack
            share = pick(max(0, spare - room), min(spare, slack)) if slack and spare > 0 else 0
            drawn = part.draw(pick, share, groups)
            spare -= max(0, len(drawn) - part.least) if slack else 0
            text += drawn
        return text


@dataclass(frozen=True, slots=True)
class Either:
    options: tuple[Node, ...]
    least: int
    most: int

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        length = self.least + spare
        fitting = [option for option in self.options if option.least <= length <= option.most]
        options = fitting or [option for option in self.options if option.least <= length]
        option = options[pick(0, len(options) - 1)]
        return option.draw(pick, length - option.least, groups)


@dataclass(frozen=True, slots=True)
class Repeated:
    part: Node
    low: int
    high: int
    least: int
    most: int

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        part, slack = self.part, self.part.most - self.part.least
        count = self.low + min(self.high - self.low, spare // max(part.least, 1))
        if slack:
            fewest = -(-(self.low * part.least + spare) // part.most)
            count = pick(min(max(self.low, fewest), count), count)
        spare -= (count - self.low) * part.least
        texts: list[str] = []
        while len(texts) < count or (
            part.least <= spare and texts and len(texts) < self.high and part.least
        ):
            if len(texts) >= count:
                spare -= part.least
            drawn = part.draw(
                pick, max(0, min(slack, -(-spare // max(1, count - len(texts))))), groups
            )
            spare = max(0, spare - len(drawn) + part.least)
            texts.append(drawn)
        return "".join(texts)


@dataclass(frozen=True, slots=True)
class Group:
    part: Node
    number: int
    least: int
    most: int

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        text = self.part.draw(pick, spare, groups)
        groups[self.number] = text
        return text


@dataclass(frozen=True, slots=True)
class Back:
    number: int
    least: int = 0
    most: int = 0

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        return groups.get(self.number, "")


@dataclass(frozen=True, slots=True)
class Around:
    """A positive lookaround: what it asks for is sometimes written out, which `(?=abc)` needs and `(?=.*x)` stands."""

    part: Node
    least: int = 0
    most: int = 0

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        return self.part.draw(pick, 0, groups) if pick(0, 1) else ""


NOTHING = Characters("", 0, 0)


class Parser:
    """Reads one pattern; `at` is the next character."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = 0

    def take(self, expression: str) -> re.Match[str] | None:
        """The match of `expression` here, consumed."""
        found = re.compile(expression, re.S).match(self.pattern, self.at)
        self.at = found.end() if found else self.at
        return found

    def need(self, expression: str) -> str:
        if not (found := self.take(expression)):
            raise ValueError(f"can't read {self.pattern!r} at {self.at}")
        return found[0]

    def either(self) -> Node:
        options = [self.sequence()]
        while self.take(r"\|"):
            options.append(self.sequence())
        if len(options) == 1:
            return options[0]
        return Either(tuple(options), min(o.least for o in options), max(o.most for o in options))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if not self.take(r"\^|\$|\\b|\\B"):
                parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else sequenced(parts)

    def repeated(self, part: Node) -> Node:
        if not (found := self.take(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??")):
            return part
        sign, low, comma, high = found.groups()
        if sign:
            least, most = {"*": (0, ENDLESS), "+": (1, ENDLESS), "?": (0, 1)}[sign]
        else:
            least, most = int(low), int(high) if high else ENDLESS if comma else int(low)
        return Repeated(part, least, most, least * part.least, min(ENDLESS, most * part.most))

    def atom(self) -> Node:
        if self.take(r"\("):
            return self.group()
        if self.take(r"\["):
            return Characters(self.character_class())
        if self.take(r"\."):
            return Characters(ALPHABET)
        if found := self.take(r"\\([1-9]\d*)"):
            return Back(int(found[1]))
        return Characters(self.escape() if self.take(r"\\") else self.need("."))

    def group(self) -> Node:
        if found := self.take(r"\?<?([=!])"):
            part = self.closed()
            return Around(part) if found[1] == "=" else NOTHING
        if self.take(r"\?:"):
            return self.closed()
        self.take(r"\?<\w+>")
        self.groups = number = self.groups + 1
        part = self.closed()
        return Group(part, number, part.least, part.most)

    def closed(self) -> Node:
        part = self.either()
        self.need(r"\)")
        return part

    def escape(self) -> str:
        """The characters that an escape stands for; the backslash is read."""
        if found := self.take(r"x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\}"):
            return chr(int(found[1] or found[2] or found[3], 16))
        if found := self.take(r"([pP])\{(?:[\w]+=)?(\w+)\}"):
            return named_or_not(found[1], PROPERTIES.get(LONG_NAMES.get(found[2], found[2]), WORD))
        if found := self.take(r"c([A-Za-z])"):
            return chr(ord(found[1]) % 32)
        letter = self.need(".")
        named = NAMED.get(letter.lower())
        return named_or_not(letter, named) if named else CONTROLS.get(letter, letter)

    def character_class(self) -> str:
        negated, samples = self.take(r"\^"), ""
        while not self.take(r"\]"):
            first = self.member()
            if len(first) == 1 and self.take(r"-(?!\])"):
                samples += spread(first, self.member())
            else:
                samples += first
        samples = complement(samples) if negated else "".join(dict.fromkeys(samples))
        if not samples:
            raise ValueError(f"no sample for a class of {self.pattern!r}")
        return samples

    def member(self) -> str:
        if self.take(r"\\b"):
            return "\b"
        return self.escape() if self.take(r"\\") else self.need(".")


def sequenced(parts: Sequence[Node]) -> Node:
    return Sequenced(
        tuple(parts), sum(p.least for p in parts), min(ENDLESS, sum(p.most for p in parts))
    )


def named_or_not(letter: str, samples: str) -> str:
    return complement(samples) if letter.isupper() else samples


def complement(samples: str) -> str:
    return "".join(character for character in ALPHABET if character not in samples)


def spread(first: str, last: str) -> str:
    """Samples of the range, both ends among them; no surrogates."""
    low, high = ord(first), ord(last)
    codes = [*range(low, min(high, low + 95) + 1), high]
    return "".join(chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF)


@lru_cache(maxsize=4096)
def parse(pattern: str) -> Node:
    """The pattern as a node that draws; raises ValueError when it can't be read."""
    parser = Parser(pattern)
    node = parser.either()
    if parser.at < len(pattern):
        raise ValueError(f"can't read {pattern!r} at {parser.at}")
    return node
