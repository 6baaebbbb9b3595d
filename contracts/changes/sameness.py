"""Which parts of two documents are the same, text by text and through every reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from contracts.document import Document

_REFERENCE = re.compile(r'"\$ref": "#((?:[^"\\]|\\.)*)"')


class Sameness:
    """Answers for nodes at the pointers of two documents; a reference is the same if what it names is."""

    def __init__(self, base: Document, revision: Document) -> None:
        self._base, self._revision = base, revision

    def of(self, base: str, revision: str) -> bool:
        """Whether two nodes say the same in the same words."""
        if self._base is self._revision and base == revision:
            return True
        text = _text(self._base.at(base))
        return text == _text(self._revision.at(revision)) and self._tainted.isdisjoint(
            _targets(text)
        )

    def values(self, base: Any, revision: Any) -> bool:
        """Like `of`, for values at hand."""
        text = _text(base)
        return text == _text(revision) and self._tainted.isdisjoint(_targets(text))

    @cached_property
    def _tainted(self) -> frozenset[str]:
        """The targets of references that say something else in the revision, or lead to one that does."""
        mentions: dict[str, set[str]] = {}
        waiting = list(_targets(_text(self._base.tree)))
        while waiting:
            target = waiting.pop()
            if target not in mentions:
                mentions[target] = set(_targets(_text(self._base.at(target))))
                waiting.extend(mentions[target])
        tainted = {
            target
            for target in mentions
            if _text(_at(self._revision, target)) != _text(self._base.at(target))
        }
        return frozenset(_reaching(tainted, mentions))


def _reaching(targets: set[str], mentions: dict[str, set[str]]) -> set[str]:
    mentioned_by: dict[str, list[str]] = {}
    for target, mentioned in mentions.items():
        for other in mentioned:
            mentioned_by.setdefault(other, []).append(target)
    found, waiting = set(targets), list(targets)
    while waiting:
        for other in mentioned_by.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def _targets(text: str) -> Iterable[str]:
    return {unquote(json.loads(f'"{found}"')) for found in set(_REFERENCE.findall(text))}


def _text(value: Any) -> str:
    return json.dumps(value, default=repr)


_NOTHING = object()


def _at(document: Document, pointer: str) -> Any:
    try:
        return document.at(pointer)
    except (KeyError, IndexError, ValueError, TypeError):
        return _NOTHING
