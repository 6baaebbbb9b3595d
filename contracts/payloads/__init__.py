"""A schema in, payloads that keep it out, by drawers that make one kind of value out of choices."""

import copy
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain
from operator import methodcaller
from typing import Any, Protocol, TypeVar

from contracts.document.model import Schema
from contracts.messages import JSON
from contracts.schemas import SAME_VALUE
from contracts.schemas.allowance import Exceeded, made
from contracts.schemas.locations import Part
from contracts.text import cut

T = TypeVar("T")

DEPTH = 12  # references opened below one another before a payload has to finish
ROOM, MOST = 100_000, 20_000  # members and items of payloads drawn before there is one; of one
SIZE = 300  # references opened in one payload before the rest of it has to finish
TRIES = 60  # how often a drawer tries again when what it made is not allowed
ATTEMPTS = 20  # payloads drawn from the caller's choices before chance takes over
COUNTED = 16  # points with fewer options than this are covered option by option

TEXT = " text"
"""What keys of points end with that spell out characters: nobody needs all of their options."""


class Choices(Protocol):
    """A source of decisions; `at` names the point: place in the payload, space, what is decided."""

    def integer(self, low: int, high: int, at: str) -> int:
        """A number from `low` to `high`, both included; `low` is the plainest option."""


class PlainChoices:
    def integer(self, low: int, high: int, at: str) -> int:  # noqa: ARG002  as all sources
        return low


class RandomChoices:
    """Chance: the same seed gives the same choices."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)

    def integer(self, low: int, high: int, at: str) -> int:  # noqa: ARG002  as all sources
        span = high - low + 1
        if span < 1 << 32:  # what a float tells apart, and much faster than `randrange`
            return low + int(self._random.random() * span)
        return low + self._random.randrange(span)


class CoveringChoices:
    """Small points option by option: the fullest payload, the barest, then mixed; else chance."""

    def __init__(self, seed: int = 0) -> None:
        self._chance = RandomChoices(seed)
        self._used: dict[tuple[str, int, int], list[int]] = {}

    @property
    def complete(self) -> bool:
        """Whether every option of every small point seen so far was used."""
        return all(map(min, self._used.values()))

    def integer(self, low: int, high: int, at: str) -> int:
        span = high - low + 1
        if span >= COUNTED or at.endswith(TEXT):
            return self._chance.integer(low, high, at)
        used = self._used.setdefault((at, low, high), [0] * span)
        least = min(used)
        options = [option for option, count in enumerate(used) if count == least]
        choice = options[-1]  # at first the last option: a payload in which everything is there
        if least:
            choice = options[self._chance.integer(0, len(options) - 1, at)]
        used[choice] += 1
        return low + choice


class Unsatisfiable(Exception):
    """No payload could be made: `where` in the payload, and what was `tried`."""

    def __init__(self, where: str, tried: str) -> None:
        self.where, self.tried = where, cut(tried)
        super().__init__(f"no payload at {where or '/'}: {self.tried}")


@dataclass(slots=True)
class Draw:
    """One payload in the making: where choices come from, how many references may be opened."""

    integer: Callable[[int, int, str], int]
    fuel: int
    hopeless: set[int] = field(default_factory=set)  # drawers, by id, that guess in vain
    serial: int = 0  # counts the names made up so far
    opened: set[int] = field(default_factory=set)  # drawers, by id, of references opened in full
    depth: int = 0  # how many of these are open
    room: int = MOST  # for members and items

    def take(self, count: int, at: str) -> None:
        """Have room for so many more members or items."""
        self.room -= count
        if self.room < 0:
            raise Unsatisfiable(at, f"more than {MOST:,} values would have to be made")

    def one_of(self, options: Sequence[T], at: str) -> T:
        """One of the options; nothing is asked where there is only one."""
        last = len(options) - 1
        return options[self.integer(0, last, at) if last else 0]


class Drawer(Protocol):
    def draw(self, run: Draw) -> JSON: ...


@dataclass(frozen=True, slots=True)
class Payload:
    drawer: Drawer
    is_valid: Callable[[JSON], bool] | None = None
    given_up: list[str] = field(default_factory=list)  # why nothing more is drawn

    def draw(self, choices: Choices) -> JSON:
        """A payload that the schema admits; raises Unsatisfiable when none was found."""
        if not self.given_up:
            try:
                return made(lambda: self._drawn(choices))
            except Exceeded as problem:
                self.given_up.append(str(problem))
        raise Unsatisfiable("", self.given_up[0])

    def _drawn(self, choices: Choices) -> JSON:
        tried, hopeless, room = dict[str, None](), set[int](), ROOM
        for attempt in range(4 * ATTEMPTS):
            if attempt == ATTEMPTS:
                choices = RandomChoices(choices.integer(0, (1 << 32) - 1, " retry"))
            run = Draw(choices.integer, SIZE, hopeless, room=min(room, MOST))
            try:
                value = self.drawer.draw(run)
            except Unsatisfiable as problem:
                tried[str(problem)] = None
                continue
            finally:
                room -= MOST - max(run.room, 0)
            if self.is_valid is None or self.is_valid(value):
                return value
            tried["refused by the validator"] = None
        reasons = "; ".join(tried)
        raise Unsatisfiable("", f"{4 * ATTEMPTS} payloads, each given up or refused: {reasons}")


@dataclass(frozen=True, slots=True)
class Values:
    values: Sequence[JSON]
    at: str

    def draw(self, run: Draw) -> JSON:
        return copy.deepcopy(run.one_of(self.values, self.at))


@dataclass(frozen=True, slots=True)
class Branches:
    options: Sequence[Drawer]
    at: str

    def draw(self, run: Draw) -> JSON:
        return run.one_of(self.options, self.at).draw(run)


@dataclass(frozen=True)
class Declared:
    """What the document writes about a place: names in order, which the canonical form sorts."""

    parts: tuple[Part, ...] = ()
    possible: tuple[Part, ...] = ()  # below branches of a union, of which another may hold

    @cached_property
    def names(self) -> list[str]:
        """Every declared name, branches of unions included."""
        return _names(self._all)

    @cached_property
    def certain(self) -> list[str]:
        """The names declared whatever branch of a union holds."""
        return _names(_reached(self.parts, ("allOf",)))

    @cached_property
    def _all(self) -> list[Part]:
        return _reached((*self.parts, *self.possible), SAME_VALUE)

    @cached_property
    def _holders(self) -> dict[tuple[str | int, ...], tuple[list[Part], list[Part]]]:
        """What has something below a keyword, and a name or index there; certain ones first."""
        certain, found = (
            set(_reached(self.parts, ("allOf",))),
            defaultdict[Any, Any](lambda: ([], [])),
        )
        for part in self._all:
            for keyword, held in part.value.items():
                found[keyword,][part not in certain].append(part)
                if keyword in ("properties", "prefixItems"):
                    for key in held if isinstance(held, dict) else range(len(held)):
                        found[keyword, key][part not in certain].append(part)
        return found

    def child(self, *segments: str | int) -> "Declared":
        """What stands below some keyword, and under a name or index there."""
        certain, possible = self._holders.get(segments, ((), ()))
        below = methodcaller("child", *segments)
        return Declared(tuple(map(below, certain)), tuple(map(below, possible)))


def _names(parts: list[Part]) -> list[str]:
    return [*dict.fromkeys(chain(*(part.value.get("properties", ()) for part in parts)))]


def _reached(roots: Iterable[Part], keywords: Iterable[str]) -> list[Part]:
    """The parts that apply to the same value, through `$ref` and `keywords`."""
    found, waiting = dict[Schema, Part](), [*roots][::-1]
    while waiting:
        part = waiting.pop()
        if part.schema not in found:
            found[part.schema] = part
            below = chain(*map(part.children, keywords))
            waiting += [*filter(None, [part.target]), *below][::-1]
    return [*found.values()]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a payload, and what is on the way there."""

    place: str = ""  # `*` for items and map values, `(n)` for a branch of a union
    declared: Declared = Declared()
    fuel: int = DEPTH  # references that may be opened before the payload has to finish
    opened: tuple[str, ...] = ()  # references

    @property
    def ending(self) -> bool:
        return self.fuel < 0

    def at(self, label: str) -> str:
        return f"{self.place} {label}"

    def child(self, segment: str, *keywords: str | int) -> "Spot":
        declared = self.declared.child(*keywords)
        return replace(self, place=f"{self.place}/{segment}", declared=declared)

    def branch(self, name: int | str) -> "Spot":
        return replace(self, place=f"{self.place}({name})")
