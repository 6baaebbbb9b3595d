"""A canonical integer or number in, a drawer of numbers it admits out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jsonschema_rs.canonical import IntegerView, NumberView

from contracts.payloads.draws import TRIES, Run, Unsatisfiable

Amount = int | float | Decimal | Fraction


@dataclass(frozen=True, slots=True)
class Grid:
    """The numbers `offset + k * step` for k from `start` to `stop`, which may be the smaller one."""

    step: int | Fraction
    start: int
    stop: int
    offset: int | Fraction = 0

    def number(self, index: int) -> int | Fraction:
        return self.offset + self.step * (
            self.start + index if self.stop >= self.start else self.start - index
        )


@dataclass(frozen=True, slots=True)
class Number:
    """A number of one of several grids."""

    grids: tuple[Grid, ...]
    admits: Callable[[int | float], bool] | None
    at: str

    def draw(self, run: Run) -> int | float:
        for _ in range(TRIES):
            chosen = (
                run.integer(0, len(self.grids) - 1, f"{self.at} size") if len(self.grids) > 1 else 0
            )
            grid = self.grids[chosen]
            index = run.integer(0, abs(grid.stop - grid.start), f"{self.at} {chosen} value")
            value = plain(grid.number(index))
            if self.admits is None or self.admits(value):
                return value
        raise Unsatisfiable(self.at, f"{TRIES} numbers, none of them allowed")


def exact(amount: Amount) -> Fraction:
    return Fraction(repr(amount)) if isinstance(amount, float) else Fraction(amount)


def plain(number: int | Fraction) -> int | float:
    """The number as JSON decoders give it: whole ones as int, those beyond 64 bits included."""
    return (
        number
        if isinstance(number, int)
        else number.numerator
        if number.denominator == 1
        else float(number)
    )


def common_multiple(amounts: Iterable[Amount]) -> Fraction:
    """The least number that all of `amounts` divide."""
    step = Fraction(0)
    for amount in map(exact, amounts):
        step = (
            Fraction(
                math.lcm(step.numerator, amount.numerator),
                math.gcd(step.denominator, amount.denominator),
            )
            if step
            else amount
        )
    return step


def windows(low: int | None, high: int | None) -> list[tuple[int, int]]:
    """Ranges of `low` to `high` worth a choice of their own: near zero, large, negative, both ends."""
    near = max(low or 0, 0) if high is None or high >= 0 else high
    far = [
        (near, near + 100),
        (near + 101, max(2**31 - 1, near + 2**20)),
        (min(-1, near - 1), min(-1, near - 1) - 1000),
    ]
    far = far if near >= 0 else [(near, near - 100), (near - 101, near - 2**20)]
    ends = [(end, end) for end in (low, high) if end is not None]
    found = [clipped for start, stop in far + ends if (clipped := clip(start, stop, low, high))]
    if low is not None and high is not None and high - low < 16:
        return [(low, high)] if near >= 0 else [(high, low)]
    return list(dict.fromkeys(found))


def clip(start: int, stop: int, low: int | None, high: int | None) -> tuple[int, int] | None:
    """The part of a range (that may run downwards) between `low` and `high`."""
    least, most = min(start, stop), max(start, stop)
    least = least if low is None else max(least, low)
    most = most if high is None else min(most, high)
    if least > most:
        return None
    return (least, most) if stop >= start else (most, least)


def grid_of(step: int | Fraction, low: Fraction | None, high: Fraction | None) -> list[Grid]:
    """The multiples of `step` from `low` to `high`."""
    first = None if low is None else math.ceil(low / step)
    last = None if high is None else math.floor(high / step)
    if first is not None and last is not None and first > last:
        return []
    return [Grid(step, start, stop) for start, stop in windows(first, last)]


def integers(view: IntegerView, admits: Callable[[int | float], bool], at: str) -> Number:
    steps = [exact(amount).numerator for amount in view.multiple_of]
    low, high = (None if bound is None else exact(bound) for bound in (view.minimum, view.maximum))
    grids = grid_of(math.lcm(*steps), low, high)
    if not grids:
        raise Unsatisfiable(at, f"no multiple of {math.lcm(*steps)} from {low} to {high}")
    return Number(tuple(grids), admits if view.not_multiple_of else None, at)


def reals(view: NumberView, admits: Callable[[int | float], bool], at: str) -> Number:
    low, high = (None if bound is None else exact(bound) for bound in (view.minimum, view.maximum))
    step = common_multiple(view.multiple_of)
    grids = (
        grid_of(step, low, high)
        if step
        else [*grid_of(1, low, high), *grid_of(Fraction(1, 100), low, high)]
    )
    if not step and low is not None and high is not None:
        grids.append(Grid((high - low) / 16, 0, 16, low))
    elif not step:
        grids += [Grid(Fraction(1, 4), 1, 8, bound) for bound in (low,) if bound is not None]
        grids += [Grid(Fraction(1, 4), -1, -8, bound) for bound in (high,) if bound is not None]
    if not grids:
        raise Unsatisfiable(at, f"no multiple of {step} from {low} to {high}")
    return Number(tuple(grids), admits, at)
