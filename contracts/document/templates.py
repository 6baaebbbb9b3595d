"""Path templates on the wire: a raw path against `/things/{id}`, and a path made from values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

_PARAMETER = re.compile(r"\{([^{}/]*)\}")
_LITERAL = "/%:@!$&'()*+,;=~-._"
"""What stands for itself in the literal parts of a template (RFC 3986 §3.3), percent-encoded octets among it."""


@lru_cache(maxsize=4096)
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    literals = _PARAMETER.split(template)
    names = tuple(literals[1::2])
    parts = [
        "([^/]+)" if index % 2 else re.escape(_wire(text)) for index, text in enumerate(literals)
    ]
    return re.compile("".join(parts)), names


def _wire(literal: str) -> str:
    return quote(literal, safe=_LITERAL)


def parameter_names(template: str) -> tuple[str, ...]:
    """The names of a template's parameters, in order."""
    return _pattern(template)[1]


def match_path(template: str, path: str) -> dict[str, str] | None:
    """The raw (still percent-encoded) values of the template's parameters, or None when `path` is another route.

    `path` is what stands on the wire, without query. A segment of `.` or `..` matches nothing: clients and proxies
    remove it (RFC 3986 §5.2.4).
    """
    pattern, names = _pattern(template)
    found = pattern.fullmatch(path)
    if found is None or _has_dots(path):
        return None
    return dict(zip(names, found.groups(), strict=True))


def _has_dots(path: str) -> bool:
    return any(segment in (".", "..") for segment in unquote(path).split("/"))


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """The path with every parameter replaced by its value, percent-encoded (RFC 3986 §2.1).

    Bytes of the command line that are no UTF-8 become themselves again.
    """
    return fill_raw_path(
        template, {n: quote(v, safe="", errors="surrogateescape") for n, v in values.items()}
    )


def fill_raw_path(template: str, values: Mapping[str, str]) -> str:
    """The path with every parameter replaced by its value as it goes on the wire."""
    parts = _PARAMETER.split(template)
    return "".join(values[text] if index % 2 else _wire(text) for index, text in enumerate(parts))


def concreteness(template: str) -> tuple[int, ...]:
    """Sorts the templates that match one path: literal segments come first (OpenAPI 3.1 §4.8.8), then mixed ones."""
    return tuple(_openness(segment) for segment in template.split("/"))


def _openness(segment: str) -> int:
    return 0 if "{" not in segment else 2 if _PARAMETER.fullmatch(segment) else 1


class Routes:
    """The templates of a document, to find those that a path is meant for."""

    def __init__(self, templates: Iterable[str]) -> None:
        self._by_length: dict[int, list[str]] = {}
        for template in sorted(dict.fromkeys(templates), key=concreteness):
            self._by_length.setdefault(template.count("/"), []).append(template)

    def of(self, path: str) -> tuple[str, ...]:
        """The most concrete templates that match: one, or several which differ in the names of parameters at most."""
        found = [
            t for t in self._by_length.get(path.count("/"), ()) if match_path(t, path) is not None
        ]
        return tuple(t for t in found if concreteness(t) == concreteness(found[0]))
