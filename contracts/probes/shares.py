"""The operations of a run to shares of them, alike in cost: who asks what, if several ask."""

from collections.abc import Mapping
from hashlib import sha256

from contracts.document import Operation
from contracts.schemas.constraints import forbidden_by

ALWAYS, PARAMETER, FORBIDDEN = 80, 12, 5
"""Requests, about: of any operation, more for each parameter, and for each thing that it forbids
(measured on the mock of GitHub's document, whose operations take from 92 to 641)."""
UNSENT = 1  # of an operation that the run asks nothing
SPARE = 10  # per cent above the mean that a share may cost, as long as others have room


def cost_of(operation: Operation) -> int:
    """About how many requests an operation takes, as its document alone tells."""
    forbidden = sum(1 for _ in forbidden_by(operation))
    return ALWAYS + PARAMETER * len(operation.parameters) + FORBIDDEN * forbidden


def shares_of(costs: Mapping[str, int], count: int) -> dict[str, int]:
    """The share, 1 to `count`, of each operation, by their keys; in the order of `costs`.

    Says the same whatever that order is, on any machine. No share costs more than `SPARE` above the
    mean, or than the mean and one operation; where an operation comes or goes, few others move.
    """
    # Rendezvous hashing with bounded loads: each operation has an order of the shares of its own,
    # and goes to the first with room; the dearest choose first, so that small ones fill what is
    # left. One that comes takes room, and thus moves what chose after it, where a share is full.
    room = sum(costs.values()) * (100 + SPARE) // (100 * count)
    loads, found = dict.fromkeys(range(1, count + 1), 0), dict.fromkeys(costs, 1)
    for key in sorted(costs, key=lambda key: (-costs[key], _digest(key))):
        ranks = {share: _digest(f"{share} {key}") for share in loads}
        preferred = sorted(loads, key=ranks.__getitem__)
        for share in preferred:
            if loads[share] + costs[key] <= room:
                break
        else:  # nobody has room: the least that is asked of anybody
            share = min(preferred, key=loads.__getitem__)
        found[key] = share
        loads[share] += costs[key]
    return found


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
