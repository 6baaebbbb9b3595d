"""What a compiled payload is made of: drawers, each of which makes one kind of value out of choices."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from contracts.messages import JSON

TRIES = 60
"""How often a drawer tries again when what it made is not allowed."""


class Unsatisfiable(Exception):
    """No payload could be made: `where` in the payload, and what was `tried`."""

    def __init__(self, where: str, tried: str) -> None:
        self.where = where
        self.tried = tried
        super().__init__(f"no payload at {where or '/'}: {tried}")


@dataclass(slots=True)
class Run:
    """One payload in the making: where its choices come from, and how many references may still be opened."""

    integer: Callable[[int, int, str], int]
    references: int
    hopeless: set[int] = field(default_factory=set)
    """The drawers, by id, that guess in vain."""
    serial: int = 0
    """Counts the names made up so far."""


class Drawer(Protocol):
    def draw(self, run: Run) -> JSON: ...


@dataclass(frozen=True, slots=True)
class Values:
    """One of a few given values."""

    values: tuple[JSON, ...]
    at: str

    def draw(self, run: Run) -> JSON:
        values = self.values
        value = values[run.integer(0, len(values) - 1, self.at)] if len(values) > 1 else values[0]
        return copy.deepcopy(value) if isinstance(value, (dict, list)) else value


@dataclass(frozen=True, slots=True)
class Branches:
    """What one of several drawers makes."""

    options: tuple[Drawer, ...]
    at: str

    def draw(self, run: Run) -> JSON:
        return self.options[run.integer(0, len(self.options) - 1, self.at)].draw(run)


@dataclass(frozen=True, slots=True)
class Array:
    """An array by one of several plans: a plan has a drawer per item.

    `twins` are the two places of each plan that hold the same value.
    """

    plans: tuple[tuple[Drawer, ...], ...]
    at: str
    distinct: bool = False
    twins: tuple[tuple[int, int], ...] = ()

    def draw(self, run: Run) -> JSON:
        chosen = run.integer(0, len(self.plans) - 1, self.at) if len(self.plans) > 1 else 0
        plan = self.plans[chosen]
        if self.distinct:
            return self._distinct(run, plan)
        items = [drawer.draw(run) for drawer in plan]
        if self.twins:
            first, second = self.twins[chosen]
            items[second] = copy.deepcopy(items[first])
        return items

    def _distinct(self, run: Run, plan: tuple[Drawer, ...]) -> JSON:
        items: list[JSON] = []
        seen: set[object] = set()
        for drawer in plan:
            item = another(drawer, seen, run, self.at)
            seen.add(identity(item))
            items.append(item)
        return items


def another(drawer: Drawer, seen: set[object], run: Run, at: str) -> JSON:
    """A value that was not seen yet."""
    if isinstance(drawer, Values):
        left = tuple(value for value in drawer.values if identity(value) not in seen)
        if left:
            return Values(left, f"{drawer.at} of {len(left)} text").draw(run)
    for _ in range(TRIES):
        item = drawer.draw(run)
        if identity(item) not in seen:
            return item
    raise Unsatisfiable(at, f"{TRIES} values for an array of distinct items, all seen before")


def identity(value: JSON) -> object:
    """Equal for equal JSON values only: `1` is `1.0`, and `true` is not `1`."""
    if isinstance(value, dict):
        return frozenset((name, identity(member)) for name, member in value.items())
    if isinstance(value, list):
        return tuple(identity(item) for item in value)
    return (value, isinstance(value, bool))


@dataclass(frozen=True, slots=True)
class Member:
    """A named member of an object; `at` is its point of presence, None when it is always there."""

    name: str
    drawer: Drawer
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """Members whose names are drawn: where names come from and what a name's value is."""

    names: Drawer
    drawer_of: Callable[[str], Drawer]


@dataclass(frozen=True, slots=True)
class Record:
    """An object in which only the presence of declared members is open."""

    members: tuple[Member, ...]

    def draw(self, run: Run) -> JSON:
        integer = run.integer
        return {
            member.name: member.drawer.draw(run)
            for member in self.members
            if member.at is None or integer(0, 1, member.at)
        }


@dataclass(frozen=True, slots=True)
class Map:
    """An object of `low` to `high` members: declared ones, then `forced` extras, then up to `more` others.

    In a `hasty` map an optional member is there only to reach `low`.
    """

    members: tuple[Member, ...]
    low: int
    high: int
    forced: tuple[Extra, ...]
    others: Extra | None
    more: int
    at: str
    hasty: bool = False

    def draw(self, run: Run) -> JSON:
        present = self._present(run)
        drawn = {
            member.name: member.drawer.draw(run)
            for member in self.members
            if member.name in present
        }
        for extra in self.forced:
            self._add(run, drawn, extra, again=True)
        if self.others:
            missing, room = max(0, self.low - len(drawn)), max(0, self.high - len(drawn))
            wanted = run.integer(missing, max(missing, min(room, self.more)), f"{self.at} entries")
            for _ in range(wanted):
                self._add(run, drawn, self.others)
        return drawn

    def _present(self, run: Run) -> set[str]:
        always = {member.name for member in self.members if member.at is None}
        optional = [member for member in self.members if member.at is not None]
        room = self.high - len(always) - len(self.forced)
        chosen = [m.name for m in optional if not self.hasty and run.integer(0, 1, m.at or "")][
            : max(0, room)
        ]
        absent = [member.name for member in optional if member.name not in chosen]
        missing = self.low - len(always) - len(chosen) - len(self.forced)
        return always.union(chosen, absent[: max(0, missing)])

    def _add(self, run: Run, drawn: dict[str, JSON], extra: Extra, again: bool = False) -> None:
        for _ in range(TRIES):
            name = extra.names.draw(run)
            if again or name not in drawn:
                drawn[name] = extra.drawer_of(name).draw(run)
                return
        raise Unsatisfiable(self.at, f"{TRIES} names for one more member, all there already")
