"""A document as one direction reads it: `required` without the properties that only travel the other way."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

from contracts.document.model import Document, ref_target


@lru_cache(maxsize=16)
def for_requests(document: Document) -> Document:
    """The document for requests: a required property that is `readOnly` need not be sent (OpenAPI 3.1 §4.8.24)."""
    return _view(document, "readOnly")


@lru_cache(maxsize=16)
def for_responses(document: Document) -> Document:
    """The document for responses: a required property that is `writeOnly` need not come back."""
    return _view(document, "writeOnly")


MARKS = ("readOnly", "writeOnly")


class Directed(Document):
    """A document as one direction reads it; its tree is made when somebody looks at it."""

    def __init__(self, document: Document, mark: str) -> None:
        for name in ("path", "sha256", "openapi", "find", "marks"):
            object.__setattr__(self, name, getattr(document, name))
        self._written, self._mark = document, mark

    @property
    def written(self) -> Document:
        return self._written

    @cached_property
    def tree(self) -> dict[str, Any]:
        return _relaxed(self._written, self._written.tree, self._mark)  # type: ignore[no-any-return]


def _view(document: Document, mark: str) -> Document:
    return Directed(document, mark) if mark in document.marks else document


def _relaxed(document: Document, node: Any, mark: str) -> Any:
    """The node with fewer required names below it; the same object where nothing changes."""
    if isinstance(node, list):
        items = [_relaxed(document, item, mark) for item in node]
        return items if any(new is not old for new, old in zip(items, node, strict=True)) else node
    if not isinstance(node, dict):
        return node
    members = {key: _relaxed(document, value, mark) for key, value in node.items()}
    required, properties = node.get("required"), node.get("properties")
    if isinstance(required, list) and isinstance(properties, dict):
        kept = [name for name in required if not is_marked(document, properties.get(name), mark)]
        if len(kept) < len(required):
            members["required"] = kept
    return members if any(members[key] is not node[key] for key in node) else node


def is_marked(document: Document, schema: Any, mark: str) -> bool:
    """Whether the schema of a property says `mark` (`readOnly` or `writeOnly`), itself or through references."""
    seen = set()
    while isinstance(schema, dict):
        if schema.get(mark) is True:
            return True
        ref = schema.get("$ref")
        if not isinstance(ref, str) or ref in seen:
            return False
        seen.add(ref)
        schema = document.at(ref_target(ref))
    return False
