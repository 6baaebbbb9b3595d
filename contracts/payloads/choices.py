"""Where a payload's decisions come from: chance, or a round through every option of every place."""

from __future__ import annotations

import random
from hashlib import blake2b
from typing import Protocol

COUNTED = 16
"""Points with fewer options than this are covered option by option."""

TEXT = " text"
"""What the keys of points end with that only spell out characters: nobody needs all of their options."""


class Choices(Protocol):
    """A source of decisions; `at` names the point: the place in the payload, a space, and what is decided there."""

    def integer(self, low: int, high: int, at: str) -> int:
        """A number from `low` to `high`, both included; `low` is the plainest option."""
        ...


class PlainChoices:
    """Always the plainest option."""

    def integer(self, low: int, high: int, at: str) -> int:
        return low


class RandomChoices:
    """Chance: the same seed gives the same choices."""

    def __init__(self, seed: int | str = 0) -> None:
        self._random = random.Random(seed)

    def integer(self, low: int, high: int, at: str) -> int:
        span = high - low + 1
        return low + (
            int(self._random.random() * span) if span < 1 << 32 else self._random.randrange(span)
        )


class CoveringChoices:
    """Every option of every small point in turn, least used first: the fullest payload, then the barest, then mixed.

    Large ranges get numbers derived from the point, its count and the seed, so that the same seed gives the same
    payloads in every process.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._used: dict[tuple[str, int, int], list[int]] = {}
        self._turns: dict[str, int] = {}

    @property
    def complete(self) -> bool:
        """Whether every option of every small point seen so far was used."""
        return all(min(used) > 0 for used in self._used.values())

    def integer(self, low: int, high: int, at: str) -> int:
        span = high - low + 1
        if span >= COUNTED or at.endswith(TEXT):
            return low + self._derived(at, span)
        used = self._used.setdefault((at, low, high), [0] * span)
        least = min(used)
        options = [option for option, count in enumerate(used) if count == least]
        choice = options[self._derived(at, len(options)) if least else -1]
        used[choice] += 1
        return low + choice

    def _derived(self, at: str, span: int) -> int:
        turn = self._turns[at] = self._turns.get(at, -1) + 1
        size = span.bit_length() // 8 + 8
        text = "\0".join((str(self._seed), at, str(turn)))
        parts = (
            blake2b(f"{part}\0{text}".encode(), digest_size=64).digest()
            for part in range(-(-size // 64))
        )
        return int.from_bytes(b"".join(parts)[:size], "big") % span
