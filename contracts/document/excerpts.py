"""A part of a document: what stands at some places, and all that this refers to."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from math import inf
from typing import Any
from urllib.parse import quote

from jsonschema_rs import Draft202012, Registry

from contracts.document.model import Document, ref_target, split_pointer

URI = "urn:document"
MANY_PLACES = 200  # that a schema refers to, above which it is compiled beside all others
STACK = 128 << 20  # bytes, of which jsonschema-rs takes 6 kB for a reference below another


def reference(pointer: str) -> dict[str, str]:
    """A schema that stands for the node at `pointer` of the document."""
    return {"$ref": f"{URI}#{quote(pointer, safe='/~')}"}


@lru_cache(maxsize=8)  # a validator needs it only while it is compiled
def registry(document: Document, *pointers: str) -> Registry:
    """What stands at some places of a document, and all that it refers to; or all there is.

    It takes five times the memory of its text, and of a large document most schemas need little.
    """
    tree = document.tree
    if document is not document.written and tree is document.written.tree:
        return registry(document.written, *pointers)
    part = excerpt(tree, pointers, MANY_PLACES) if pointers else tree
    if pointers and part is tree:
        return registry(document)
    _deepen()
    return Registry([(URI, part)], draft=Draft202012)


def _deepen() -> None:
    with suppress(ImportError, OSError, ValueError):
        import resource  # not on every system

        soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
        if 0 <= soft < STACK:  # that of the main thread grows up to there at once
            resource.setrlimit(resource.RLIMIT_STACK, (STACK, hard))


def excerpt(tree: dict[str, Any], pointers: Iterable[str], most: float = inf) -> dict[str, Any]:
    """What stands at some pointers, with all that it refers to, each in its own place.

    Its nodes are those of the tree. A list on the way to one is there as a whole, or with `most`
    as an object of its items there. Where more than `most` are referred to, it is the tree itself.
    """
    found, seen, walked = dict[str, Any](), set[str](), set[int]()
    waiting = [*pointers]
    while waiting:
        if (pointer := waiting.pop()) in seen:
            continue
        seen.add(pointer)
        if len(seen) > most:
            return tree
        with suppress(LookupError, TypeError, ValueError):  # a value that looks like a reference
            node = _put(found, tree, split_pointer(pointer), (dict, list) if most < inf else dict)
            if id(node) not in walked:  # a list, on the way to each of its items
                walked.add(id(node))
                waiting += map(ref_target, _references(node))
    return found


def _put(found: dict[str, Any], tree: Any, segments: Sequence[str], thinned: Any) -> Any:
    """Let what stands behind the segments in the tree stand there; it, unless it is there."""
    holder, node = found, tree
    for index, segment in enumerate(segments):
        node = node[int(segment) if isinstance(node, list) else segment]
        if index == len(segments) - 1 or not isinstance(node, thinned):
            holder[segment] = node
            return node
        if holder.get(segment) is node:
            return None
        holder = holder.setdefault(segment, {})
    found.update(tree)
    return tree


def _references(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            name = node.get("$ref")
            if isinstance(name, str):
                yield name
        if isinstance(node, (dict, list)):
            waiting += node.values() if isinstance(node, dict) else node
