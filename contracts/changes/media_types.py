"""Media types and ranges: which names describe what others do (RFC 9110 §8.3.1, §12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from contracts.document import MediaType


@lru_cache(maxsize=1024)
def _parsed(name: str) -> tuple[str, frozenset[str]]:
    """The essence and the parameters that mean something; JSON is UTF-8 whatever its charset says (RFC 8259 §8.1)."""
    essence, *parameters = (part.strip().lower() for part in name.split(";"))
    is_json = essence == "application/json" or essence.endswith("+json")
    written = {part.replace('"', "") for part in parameters if part}
    return essence, frozenset(part for part in written if not (is_json and part.startswith("charset=")))


def covers(outer: str, inner: str) -> bool:
    """Whether every message that `inner` describes is described by `outer`."""
    (wide, wanted), (narrow, given) = _parsed(outer), _parsed(inner)
    return wanted <= given and _essence_covers(wide, narrow)


def _essence_covers(wide: str, narrow: str) -> bool:
    if wide in ("*/*", narrow):
        return True
    wide_type, _, wide_subtype = wide.partition("/")
    narrow_type, _, narrow_subtype = narrow.partition("/")
    if wide_type != narrow_type:
        return False
    return wide_subtype == "*" or (wide_subtype.startswith("*+") and narrow_subtype.endswith(wide_subtype[1:]))


def best(content: Sequence[MediaType], name: str) -> MediaType | None:
    """The most specific entry that describes all that `name` does."""
    found = [media for media in content if covers(media.name, name)]
    return max(
        found, key=lambda media: (media.name.count("*") == 0, -media.name.count("*"), len(media.name)), default=None
    )
