"""Patterns as expressions: what is left of one after a character, of the classes they tell apart.

What is left of an expression are some others (Antimirov's partial derivatives). So an automaton is
made as far as it is walked, and every step is counted.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from math import inf
from typing import Any, NamedTuple

from contracts.payloads.patterns import ENDLESS, WORD, tokens_of

MOST_STEPS = 200_000  # expressions looked at: a quarter of a CPU second, and less than 50 MB
MOST_CASES = 500  # ways in which alternatives are combined
LONG = 8  # from so many characters on, repetitions are told by the length of the text
PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_ .:/@!~"

Ranges = list[tuple[int, int]]
UNICODE: Ranges = [(0, 0xD7FF), (0xE000, 0x10FFFF)]  # without surrogates, which are in no text


def _of(text: str) -> Ranges:
    codes = list(map(ord, text))
    return list(zip(codes, codes, strict=True))


def _others(ranges: Ranges) -> Ranges:
    """All characters that are not in the ranges, in order."""
    found, start = Ranges(), 0
    for low, high in [*sorted([*ranges, (0xD800, 0xDFFF)]), (0x110000, 0x110000)]:
        if start < low:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return found


_SPACE = [*_of("\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"), (0x2000, 0x200A)]
_CLASSES = {"DIGIT": [(48, 57)], "WORD": _of(WORD), "SPACE": _SPACE}
_CLASSES |= {f"NOT_{name}": _others(held) for name, held in _CLASSES.items()}
_ALL_BUT_LINE_ENDS = _others(_of("\n\r\u2028\u2029"))


class Literal(NamedTuple):
    """The texts of `low` to `high` characters of an expression; or, `negated`, all others."""

    term: int
    low: int = 0
    high: float = inf
    negated: bool = False


def few(cases: Iterable[Any]) -> Iterator[Any]:
    for count, case in enumerate(cases):
        if count == MOST_CASES:
            raise ValueError(f"patterns of more than {MOST_CASES} cases are not compared")
        yield case


class Expressions:
    """Expressions by number, each once, and what is left of them after a character."""

    def __init__(self) -> None:
        self.steps = 0
        self.terms: list[tuple[Any, ...]] = []
        self.numbers: dict[tuple[Any, ...], int] = {}
        self.left: dict[tuple[int, int, bool], frozenset[int]] = {}
        self.masks: dict[int, int] = {}  # of sets: which classes of characters they hold
        self.classes: list[str] = []  # a character of each, plain ones first
        self.empty = self._number("empty")
        self.anything = self.repeated(self._number("set", *UNICODE), 0, None)

    # Making

    def _number(self, *term: Any) -> int:
        if term not in self.numbers:
            self.numbers[term] = len(self.terms)
            self.terms.append(term)
        return self.numbers[term]

    def spelled(self, text: str) -> int:
        return self.sequence(map(self._number, repeat("set"), _of(text)))

    def either(self, options: Iterable[int]) -> int:
        found = sorted(set(options))
        return found[0] if len(found) == 1 else self._number("either", *found)

    def sequence(self, parts: Iterable[int]) -> int:
        *firsts, found = [*parts] or [self.empty]
        for part in reversed([*chain(*map(self._parts, firsts))]):
            found = part if found == self.empty else self._number("sequence", part, found)
        return found

    def _parts(self, term: int) -> Iterator[int]:
        """What follows one another in an expression."""
        while term != self.empty:
            first, term = self._split(term)
            yield first

    def _split(self, term: int) -> tuple[int, int]:
        kind, *held = self.terms[term]
        return (held[0], held[1]) if kind == "sequence" else (term, self.empty)

    def repeated(self, part: int, low: int, high: int | None) -> int:
        if part == self.empty or high == 0:
            return self.empty
        if low == high == 1:
            return part
        kind, *held = self.terms[part]
        if kind == "repeated":
            inner, least, most = held
            is_whole = low == high or least <= 1  # no number of them is left out between
            if is_whole or 0 < (low + 1) * least <= low * _top(most) + 1:
                most = None if None in (most, high) else most * high
                return self._number("repeated", inner, least * low, most)
        return self._number("repeated", part, low, high)

    # Reading

    def cases(self, pattern: str) -> list[list[Literal]]:
        """The texts in which a pattern matches: one of the cases holds, all of its literals."""
        tokens = tokens_of(pattern, exactly=True)
        if tokens.state.flags & ~32:  # all but what Python sets of itself
            raise ValueError(f"the flags of {pattern} are beyond what is compared")
        found, plain = list[list[Literal]](), list[int]()
        for items in few(_alternatives(list(tokens))):
            literals = self._literals(items)
            if len(literals) == 1 and literals[0][1:] == (0, inf, False):
                plain.append(literals[0].term)
            else:
                found.append(literals)
        return [*found, [Literal(self.either(plain))]] if plain else found

    def _literals(self, items: list[Any]) -> list[Literal]:
        found, is_first = list[Literal](), _is_at(items[:1], "BEGINNING")
        items = items[is_first:]
        while is_first and items and str(items[0][0]) in {"ASSERT", "ASSERT_NOT"}:
            (kind, (way, ahead)), *items = items
            if way < 0:
                raise ValueError("a pattern that looks back is beyond what is compared")
            seen = self.sequence([self.read(ahead), self.anything])
            found.append(Literal(seen, negated=str(kind) == "ASSERT_NOT"))
        is_last = _is_at(items[-1:], "END")
        parts = list(map(self._term, items[: len(items) - is_last]))
        if is_first and is_last:
            return [*found, self._bounded(parts)]
        if not is_first:
            parts = [self.anything, *self._needed(parts)]
        if not is_last:
            parts = [*self._needed(parts[::-1])[::-1], self.anything]
        return [*found, Literal(self.sequence(parts))]

    def _needed(self, parts: list[int]) -> list[int]:
        """What is left of parts beside anything: no more than has to be there."""
        while parts and parts[0] != self.anything and self.may_end(parts[0], False, False):
            parts = parts[1:]
        for part in parts[:1]:
            kind, *held = self.terms[part]
            if kind == "repeated" and part != self.anything:
                return [self.repeated(held[0], held[1], held[1]), *parts[1:]]
        return parts

    def _bounded(self, parts: list[int]) -> Literal:
        """Parts from end to end: where all but one are of one length, the whole has bounds."""
        sizes, at = list(map(self._width, parts)), 0
        for index, size in enumerate(sizes):
            if size[1] > sizes[at][1]:
                at = index
        fixed = all(low == high for low, high in sizes[:at] + sizes[at + 1 :])
        kind, *held = self.terms[parts[at]] if parts else ("empty",)
        if fixed and kind == "repeated" and sizes[at][1] >= LONG:
            low, high = self._width(held[0])
            if 0 < low == high:
                least, most = map(sum, zip(*sizes, strict=True))
                parts = [*parts[:at], self.repeated(held[0], 0, None), *parts[at + 1 :]]
                return Literal(self.sequence(parts), int(least), most)
        return Literal(self.sequence(parts))

    def _width(self, term: int) -> tuple[float, float]:
        kind, *held = self.terms[term]
        if kind == "repeated":
            low, high = self._width(held[0])
            return low * held[1], high and high * _top(held[2])
        if kind not in {"sequence", "either"}:
            return (1, 1) if kind == "set" else (0, 0)
        if kind == "sequence":
            held = [*self._parts(term)]
        lows, highs = zip(*map(self._width, held), strict=True)
        return (sum(lows), sum(highs)) if kind == "sequence" else (min(lows), max(highs))

    def read(self, items: Iterable[Any]) -> int:
        """What CPython's tokens say one after the other."""
        return self.sequence(map(self._term, items))

    def _term(self, item: Any) -> int:
        kind, held = str(item[0]), item[1]
        match kind:
            case "AT" if str(held) in {"AT_BEGINNING", "AT_END"}:
                return self._number(str(held))
            case "BRANCH":
                return self.either(map(self.read, held[1]))
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, part = held
                most = None if int(high) == ENDLESS else int(high)
                return self.repeated(self.read(part), low, most)
            case "SUBPATTERN" if not held[1] and not held[2]:
                return self.read(held[-1])
            case "IN" | "LITERAL" | "NOT_LITERAL" | "ANY" | "RANGE" | "CATEGORY":
                members = held if kind == "IN" else [item]
                return self._number("set", *_others(_others(_ranges(members))))
        raise ValueError(f"what a pattern says by {kind} is beyond what is compared")

    def tell_apart(self) -> None:
        """Find the classes of characters that no set tells apart."""
        signs, turns = dict[int, str](), list[tuple[int, int]]()
        for index, (kind, *ranges) in enumerate(self.terms):
            for low, high in ranges if kind == "set" else ():
                turns += [(low, 1 << index), (high + 1, 1 << index)]
        starts, held = [0], [0]
        for at, sign in sorted(turns):
            if at == starts[-1]:
                held[-1] ^= sign
            else:
                starts.append(at)
                held.append(held[-1] ^ sign)
        for character in chain(PLAIN, map(chr, starts[:-1])):
            signs.setdefault(held[bisect(starts, ord(character)) - 1], character)
        signs.pop(0, None)  # surrogates
        self.classes = list(signs.values())
        for index, (kind, *_) in enumerate(self.terms):
            if kind == "set":
                self.masks[index] = 0
                for number, sign in enumerate(signs):
                    self.masks[index] |= (sign >> index & 1) << number

    # Walking

    def may_end(self, term: int, is_first: bool, is_last: bool) -> bool:
        """Whether no character is needed, here before the first or after the last of a text."""
        self.count()
        (kind, *held), where = self.terms[term], (is_first, is_last)
        match kind:
            case "sequence":
                return self.may_end(held[0], *where) and self.may_end(held[1], *where)
            case "either":
                return any(map(self.may_end, held, repeat(is_first), repeat(is_last)))
            case "repeated":
                return not held[1] or self.may_end(held[0], *where)
        return {"empty": True, "AT_BEGINNING": is_first, "AT_END": is_last}.get(kind, False)

    def after(self, term: int, character: int, is_first: bool) -> frozenset[int]:
        """What may follow a character of a class."""
        key = (term, character, is_first)
        if key not in self.left:
            self.left[key] = frozenset(self._after(*key))
        self.count()
        return self.left[key]

    def count(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise ValueError(f"no answer in {MOST_STEPS:,} steps through the patterns")

    def _after(self, term: int, character: int, is_first: bool) -> Iterator[int]:
        kind, *held = self.terms[term]
        match kind:
            case "set" if self.masks[term] >> character & 1:
                yield self.empty
            case "either":
                for part in held:
                    yield from self.after(part, character, is_first)
            case "repeated":
                part, low, high = held
                is_over = self.may_end(part, is_first, False)  # so those before need no character
                low = 0 if is_over else max(low - 1, 0)
                rest = self.repeated(part, low, None if high is None else high - 1)
                for left in self.after(part, character, is_first):
                    yield self.sequence((left, rest))
            case "sequence":
                first, rest = held
                for left in self.after(first, character, is_first):
                    yield self.sequence((left, rest))
                if self.may_end(first, is_first, False):
                    yield from self.after(rest, character, is_first)


def _top(most: int | None) -> float:
    return inf if most is None else most


def _is_at(items: list[Any], name: str) -> bool:
    return bool(items) and list(map(str, items[0])) == ["AT", f"AT_{name}"]


def _alternatives(items: list[Any]) -> Iterator[list[Any]]:
    """The alternatives of a pattern, each with all that stands around them."""
    around = len(items) == 3 and _is_at(items[:1], "BEGINNING") and _is_at(items[2:], "END")
    at = {1} if around else {0, len(items) - 1}
    for index in sorted(at) if items else ():
        before, (kind, held), after = items[:index], items[index], items[index + 1 :]
        if str(kind) == "SUBPATTERN" and not held[1] and not held[2]:
            yield from _alternatives([*before, *held[-1], *after])
            return
        if str(kind) == "BRANCH":
            for branch in held[1]:
                yield from _alternatives([*before, *branch, *after])
            return
    yield items


def _ranges(members: list[Any]) -> Ranges:
    found, is_negated = Ranges(), False
    for kind, held in members:
        match str(kind):
            case "NEGATE":
                is_negated = True
            case "LITERAL":
                found.append((held, held))
            case "NOT_LITERAL":
                found += _others([(held, held)])
            case "RANGE":
                found.append(held)
            case "ANY":
                found += _ALL_BUT_LINE_ENDS
            case _:
                found += _CLASSES[str(held).removeprefix("CATEGORY_")]
    return _others(found) if is_negated else found
