"""A document as one direction reads it: `required` without the properties that only travel the other way."""

from __future__ import annotations

import operator
from functools import cached_property, lru_cache
from typing import Any

from contracts.document.model import Document, ref_target

MARKS = ("readOnly", "writeOnly")


@lru_cache(maxsize=16)
def for_requests(document: Document) -> Document:
    """The document for requests: a required property that is `readOnly` need not be sent (OpenAPI 3.1 §4.8.24)."""
    return Directed(document, "readOnly") if "readOnly" in document.marks else document


@lru_cache(maxsize=16)
def for_responses(document: Document) -> Document:
    """The document for responses: a required property that is `writeOnly` need not come back."""
    return Directed(document, "writeOnly") if "writeOnly" in document.marks else document


class Directed(Document):
    """A document as one direction reads it; its tree is made when somebody looks at it.

    `mark` is what a property says that is not in messages of this direction.
    """

    def __init__(self, document: Document, mark: str) -> None:
        for name in ("path", "sha256", "openapi", "find", "marks"):
            object.__setattr__(self, name, getattr(document, name))
        self._written, self.mark = document, mark

    @property
    def written(self) -> Document:
        return self._written

    @cached_property
    def tree(self) -> dict[str, Any]:
        return self._relaxed(self._written.tree)  # type: ignore[no-any-return]

    def _relaxed(self, node: Any) -> Any:
        """The node with fewer required names below it; the same object where nothing changes."""
        if isinstance(node, list):
            items = list(map(self._relaxed, node))
            return node if all(map(operator.is_, items, node)) else items
        if not isinstance(node, dict):
            return node
        members = dict(zip(node, map(self._relaxed, node.values()), strict=True))
        required, properties = node.get("required"), node.get("properties")
        if isinstance(required, list) and isinstance(properties, dict):
            kept = [name for name in required if not is_left_out(self, properties.get(name))]
            members["required"] = kept if len(kept) < len(required) else required
        return node if all(map(operator.is_, members.values(), node.values())) else members


def is_left_out(document: Document, schema: Any) -> bool:
    """Whether a property is in no message of the document's direction, as its schema or what that refers to says."""
    seen = set()
    while isinstance(document, Directed) and isinstance(schema, dict):
        if schema.get(document.mark) is True:
            return True
        ref = schema.get("$ref")
        if not isinstance(ref, str) or ref in seen:
            break
        seen.add(ref)
        schema = document.written.at(ref_target(ref))
    return False
