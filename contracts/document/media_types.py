"""Media types and ranges: what they are, and which names describe what others do (RFC 9110 §8.3.1, §12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from contracts.messages import essence_of


class Named(Protocol):
    """An entry of `content`, by the name that it has there."""

    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=Named)


def is_json(name: str) -> bool:
    """Whether a media type is JSON by its name (RFC 8259 §11, RFC 6838 §4.2.8)."""
    essence = essence_of(name)
    return essence == "application/json" or essence.endswith("+json")


def may_be_json(name: str) -> bool:
    """Whether a media type or range can describe JSON."""
    return is_json(name) or essence_of(name) in ("*/*", "application/*")


def concrete(name: str, filler: str = "x") -> str:
    """A media type that a documented name or range describes; `filler` stands for a subtype that may be any."""
    essence = essence_of(name)
    if essence in ("*/*", "application/*"):
        return "application/json"
    return "text/plain" if essence == "text/*" else name.replace("*", filler)


def described_by(content: Sequence[Entry], name: str) -> Entry | None:
    """The entry for a body of this type, parameters apart: exact, then `type/*`, then `*/*` (OpenAPI 3.1 §4.8.17)."""
    essence = essence_of(name)
    by_essence = {essence_of(entry.name): entry for entry in content}
    range_of_type = f"{essence.partition('/')[0]}/*"
    return by_essence.get(essence) or by_essence.get(range_of_type) or by_essence.get("*/*")


def best(content: Sequence[Entry], name: str) -> Entry | None:
    """The most specific entry that describes all that `name` does, parameters as well."""
    found = [entry for entry in content if covers(entry.name, name)]
    return max(found, key=_concreteness, default=None)


def _concreteness(entry: Named) -> tuple[int, int]:
    return -entry.name.count("*"), len(entry.name)


def covers(outer: str, inner: str) -> bool:
    """Whether every message that `inner` describes is described by `outer`."""
    (wide, wanted), (narrow, given) = _parsed(outer), _parsed(inner)
    return wanted <= given and _essence_covers(wide, narrow)


@lru_cache(maxsize=1024)
def _parsed(name: str) -> tuple[str, frozenset[str]]:
    """The essence and the parameters that mean something; JSON is UTF-8 whatever its charset says (RFC 8259 §8.1)."""
    _, *parameters = (part.strip().lower().replace('"', "") for part in name.split(";"))
    ignored = "charset=" if is_json(name) else "\0"
    return essence_of(name), frozenset(
        part for part in parameters if part and not part.startswith(ignored)
    )


def _essence_covers(wide: str, narrow: str) -> bool:
    if wide in ("*/*", narrow):
        return True
    wide_type, _, wide_subtype = wide.partition("/")
    narrow_type, _, narrow_subtype = narrow.partition("/")
    if wide_type != narrow_type:
        return False
    return wide_subtype == "*" or (
        wide_subtype.startswith("*+") and narrow_subtype.endswith(wide_subtype[1:])
    )
