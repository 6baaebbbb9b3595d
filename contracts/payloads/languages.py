"""Patterns as regular languages: a shortest text that some match and others don't, or none.

A bound of the length is no part of an automaton: texts are looked at length by length, and where
the same states come again, all lengths between are known.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, filterfalse, pairwise, product
from math import inf

from contracts.payloads.expressions import Expressions, Literal, few

MOST_TEXT = 100_000  # characters of patterns, beyond which they are not compared
LONGEST = 1 << 16  # a longer text is not spelled out


def text_between(
    patterns: Sequence[str],
    excluded: Sequence[str] = (),
    texts: Sequence[str] = (),
    low: int = 0,
    high: float = inf,
) -> str | None:
    """A shortest text of `low` to `high` characters that matches all `patterns`, none `excluded`.

    It is none of `texts` either. None if it is proved that there is no such text.

    Raises:
        ValueError: a pattern (of ECMA-262, matched anywhere) is beyond what is compared, or an
            answer needs more than `MOST_STEPS`; the message says what was too much.
    """
    answer = _answer(tuple(patterns), tuple(excluded), tuple(texts), low, high)
    if isinstance(answer, ValueError):
        raise answer
    return answer


@lru_cache(maxsize=256)
def _answer(
    patterns: tuple[str, ...], excluded: tuple[str, ...], texts: tuple[str, ...], *lengths: float
) -> str | ValueError | None:
    if sum(map(len, (*patterns, *excluded, *texts))) > MOST_TEXT:
        return ValueError(f"patterns of more than {MOST_TEXT:,} characters are not compared")
    try:
        terms = Expressions()
        wanted = list(map(terms.cases, patterns))
        unwanted = list(map(terms.cases, excluded))
        if texts:
            unwanted.append([[Literal(terms.either(map(terms.spelled, texts)))]])
        terms.tell_apart()
        found = list[str]()
        for case in few(product(*wanted, *map(_denied, unwanted))):
            text = Search(terms, [*dict.fromkeys(chain(*case))], *lengths).text()
            if text is not None:
                found.append(text)
        return min(found, key=len, default=None)
    except ValueError as problem:
        return ValueError(str(problem))
    except RecursionError:
        return ValueError("patterns nested so deeply are not compared")


def _denied(cases: list[list[Literal]]) -> Iterator[list[Literal]]:
    """The cases in which none of the cases holds."""
    for choice in few(product(*cases)):
        yield [one._replace(negated=not one.negated) for one in choice]


State = tuple[frozenset[int], ...]
"""What may follow, for each literal: one expression of those that a text has to keep."""

Origins = dict[State, tuple[State, int]]
"""The states that texts of one length lead to; from which other each is reached, by which class."""


class Search:
    """The search for a text that keeps all of some literals."""

    def __init__(
        self, terms: Expressions, literals: list[Literal], low: float, high: float
    ) -> None:
        self.terms, self.literals, self.low, self.high = terms, literals, low, high
        for literal in literals:
            if not literal.negated:
                self.low, self.high = max(self.low, literal.low), min(self.high, literal.high)
        self.origins: dict[int, Origins] = {}
        self.jumps: list[tuple[int, int, int]] = []  # lengths: from, of the period, to

    def text(self) -> str | None:
        """A shortest text; None if there is none. Raises ValueError if it is too long."""
        bounds, wanted = {0, self.low, self.high + 1, inf}, set[int]()
        for term, low, high, negated in self.literals:
            bounds |= {low, high + 1}
            if not negated:
                wanted.add(term)
            elif term in wanted and low <= self.low and self.high <= high:
                return None
        states = [tuple(frozenset({literal.term}) for literal in self.literals)]
        for start, stop in pairwise(sorted(bounds)):
            if start > self.high:
                break
            found = self._between(self._still_open(states, int(start)), int(start), stop)
            if isinstance(found, str):
                return found
            states = found
        return None

    def _between(self, states: list[State], start: int, stop: float) -> str | list[State]:
        """A text of `start` to `stop` characters, or the states that those of `stop` lead to."""
        length, before, seen = start, dict[frozenset[State], int](), set[State]()
        while length < stop and states:
            for state in states if length >= self.low else ():
                if self._is_kept(state, length):
                    return self._spelled(state, length)
            if stop == inf:  # no text is better for being longer
                states = list(filterfalse(seen.__contains__, states))
                seen.update(states)
            else:
                period = length - before.setdefault(frozenset(states), length)
                if period and (skipped := int(stop - 1 - length) // period * period):
                    self.jumps.append((length, period, length + skipped))
                    length += skipped
            self.origins[length + 1] = self._next(states, is_first=length == 0)
            length += 1
            states = list(self.origins[length])
        return states

    def _still_open(self, states: list[State], length: int) -> list[State]:
        """The states, without what no text of that length or more can match."""
        found, origins = Origins(), self.origins.get(length, {})
        for state in states:
            reduced = list(state)
            for index, literal in enumerate(self.literals):
                if literal.negated and literal.high < length:
                    reduced[index] = frozenset()
            found.setdefault(tuple(reduced), origins.get(state, (state, 0)))
        self.origins[length] = origins | found
        return list(found)

    def _next(self, states: list[State], *, is_first: bool) -> Origins:
        found = Origins()
        for state, character in product(states, range(len(self.terms.classes))):
            for following in product(*self._options(state, character, is_first)):
                self.terms.count()
                found.setdefault(following, (state, character))
        return found

    def _options(self, state: State, character: int, is_first: bool) -> list[list[frozenset[int]]]:
        """What may follow for each literal; nothing where one can't be kept any more."""
        options = list[list[frozenset[int]]]()
        for literal, held in zip(self.literals, state, strict=True):
            left = frozenset[int]()
            for term in held:
                left |= self.terms.after(term, character, is_first)
            if literal.negated:
                options.append([left])
                is_lost = literal[1:3] == (0, inf) and self.terms.anything in left
            else:
                options.append([frozenset({term}) for term in left])
                is_lost = not left
            if is_lost:
                return [[]]
        return options

    def _is_kept(self, state: State, length: int) -> bool:
        for literal, held in zip(self.literals, state, strict=True):
            ends = any(self.terms.may_end(term, length == 0, True) for term in held)
            if (ends and literal.low <= length <= literal.high) is literal.negated:
                return False
        return True

    def _spelled(self, state: State, length: int) -> str:
        if length > LONGEST:
            raise ValueError(f"no text of less than {length:,} characters shows a difference")
        letters = list[str]()
        for at in range(length, 0, -1):
            same = at
            for start, period, stop in self.jumps:
                if start < at <= stop:
                    same = start - period + 1 + (at - start - 1) % period
            state, character = self.origins[same][state]
            letters.append(self.terms.classes[character])
        return "".join(reversed(letters))
