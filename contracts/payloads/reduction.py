"""A value made smaller and plainer, while it still shows what it is there for."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product, takewhile
from typing import Any

from contracts.document.model import value_at
from contracts.messages import JSON

TRIES = 300  # smaller and plainer values looked at
LARGE_NUMBER = 1e9  # from which on the integer below a number is no plainer
GONE = object()

Way = tuple[Any, ...]  # the names and indexes that lead to what is in a value


def reduced(value: JSON, shows: Callable[[JSON], bool], lists: Sequence[list[JSON]] = ()) -> JSON:
    """The value with less in it, outermost first, then with plainer values: each in one pass.

    It `shows` the same all the while. Plain is the first of `lists` that has a value, or 0, "".
    """
    left = TRIES
    for way in list(_ways(value)):
        smaller, left = _changed(value, way), left - 1
        if left > 0 and smaller is not GONE and shows(smaller):
            value = smaller
    for way in [(), *_ways(value)]:
        held = value_at(value, tuple(map(str, way)))
        for plain, everywhere in product(_plainer(held, lists), (False, True)):
            plainer = _changed(value, way, plain)
            if everywhere:
                plainer = _replaced(value, held, plain)
            left -= 1
            if left > 0 and shows(plainer):
                value = plainer
                break
    return value


def _ways(value: JSON, above: Way = ()) -> Iterator[Way]:
    """To the members and items of a value, outermost first, and items from the end on."""
    keys: list[Any] = []
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = list(reversed(range(len(value))))
    for key in keys:
        yield (*above, key)
    for key in keys:
        yield from _ways(value[key], (*above, key))


def _changed(value: JSON, way: Way, instead: Any = GONE) -> Any:
    """The value with something else at the end of a way, or nothing; GONE if nothing is there."""
    if not way:
        return instead
    try:
        below = _changed(value[way[0]], way[1:], instead)
    except (KeyError, IndexError, TypeError):
        return GONE
    if below is GONE and len(way) > 1:
        return GONE
    changed: Any = value.copy()
    if below is GONE:
        del changed[way[0]]
    else:
        changed[way[0]] = below
    return changed


def _replaced(value: JSON, one: JSON, other: JSON) -> JSON:
    """The value with one that it holds replaced by another wherever it stands."""
    if isinstance(value, dict):
        return {name: _replaced(held, one, other) for name, held in value.items()}
    if isinstance(value, list):
        return [_replaced(held, one, other) for held in value]
    return other if _same(value, one) else value


def _plainer(value: JSON, lists: Sequence[list[JSON]]) -> Iterator[JSON]:
    """What may stand for a value and is plainer, the plainest first."""
    plain = [listed[0] for listed in lists if any(map(partial(_same, value), listed))]
    match value:
        case bool():
            plain.append(False)
        case int() | float():
            plain += [0, 1]
            if abs(value) < LARGE_NUMBER:
                plain += [int(value), 0.5, 1.5, 0.01]
        case str():
            plain += ["", "a", "a" * len(value)]
    return takewhile(lambda one: not _same(value, one), plain)


def _same(one: JSON, other: JSON) -> bool:
    return one == other and type(one) is type(other)
