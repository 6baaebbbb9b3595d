"""Some of the faults of a table."""

from collections.abc import Sequence
from typing import Protocol, TypeVar


class OfFamily(Protocol):
    @property
    def family(self) -> str: ...


Fault = TypeVar("Fault", bound=OfFamily)


def sample(faults: Sequence[Fault], per_family: int) -> list[Fault]:
    """Of every family this many faults, evenly spaced over it."""
    families: dict[str, list[Fault]] = {}
    for fault in faults:
        families.setdefault(fault.family, []).append(fault)
    wanted = {name: min(per_family, len(own)) for name, own in families.items()}
    return [own[n * len(own) // wanted[name]] for name, own in families.items() for n in range(wanted[name])]
