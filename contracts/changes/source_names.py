"""What source code that is generated from a document has its names and orders from.

Generators make methods of `operationId`, classes of tags and titles of components, arguments
of parameters in their order, and constants of enums. No message breaks by any of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from contracts.changes.change import Direction, Reach
from contracts.changes.meanings import NOTES
from contracts.changes.places import where_of
from contracts.changes.versions import Documents, Pointers, Versions
from contracts.document import Operation, join_pointer

NAMES_OF_VALUES = ("x-enum-varnames", "x-enumNames", "x-enum-names")
"""Extensions with a name for each value of the `enum` beside them, as generators read them."""

_VALUES = NOTES | {"default", "const", "enum"}


def compare_names(documents: Documents, paired: Iterable[Versions]) -> None:
    """Note what has another name, or another turn, in operations that are paired and components."""
    for versions in paired:
        _compare_operation(versions)
    base, revision = map(_components, documents.nodes(("", "")))
    _compare_enums(documents, ("/components", "/components"), (base, revision))
    titles, others = map(_titles, (base, revision))
    for name in titles.keys() & others.keys():
        pointer = join_pointer("/components/schemas", name)
        _note(documents, "title-changed", (pointer, pointer), (titles[name], others[name]))


def _compare_operation(versions: Versions) -> None:
    documents, base, revision = versions.documents, versions.base, versions.revision
    at, reach = (base.pointer, revision.pointer), Reach(base.key, Direction.OPERATION)
    ids = (base.operation_id or "none", revision.operation_id or "none")
    tags = list(map(_tags, documents.nodes(at)))
    orders = _in_common(_names(base), _names(revision))
    for kind, said in (
        ("operation-id-changed", ids),
        ("tag-changed", tags),
        ("parameter-order-changed", list(map(_listed, orders))),
    ):
        _note(documents, kind, at, said, reach, where=base.key)
    _compare_enums(documents, at, documents.nodes(at), reach)


def _compare_enums(
    documents: Documents, at: Pointers, nodes: Sequence[Any], *reaches: Reach
) -> None:
    """Note lists of values, here and below, whose order or names of values changed."""
    for place, (base, revision) in _enums(at, nodes):
        before, after = _names_of(base), _names_of(revision)
        kept, order = _in_common(list(before), list(after))
        _note(documents, "enum-order-changed", place, (_listed(kept), _listed(order)), *reaches)
        names = (_listed(map(before.get, kept)), _listed(map(after.get, kept)))
        _note(documents, "enum-names-changed", place, names, *reaches)


def _enums(at: Pointers, nodes: Sequence[Any]) -> Iterator[tuple[Pointers, tuple[Any, Any]]]:
    """The objects with an `enum` at the same place on both sides; no `$ref` is followed."""
    waiting = [(at, *nodes)]
    while waiting:
        at, base, revision = waiting.pop()
        keys: Iterable[Any] = ()
        if isinstance(base, dict) and isinstance(revision, dict):
            if isinstance(base.get("enum"), list) and isinstance(revision.get("enum"), list):
                yield at, (base, revision)
            keys = [key for key in base if key in revision and key not in _VALUES]
        elif isinstance(base, list) and isinstance(revision, list):
            keys = range(min(len(base), len(revision)))
        for key in keys:
            below = (join_pointer(at[0], str(key)), join_pointer(at[1], str(key)))
            waiting.append((below, base[key], revision[key]))


def _note(
    documents: Documents,
    kind: str,
    at: Pointers,
    said: Sequence[str],
    *reaches: Reach,
    where: str = "",
) -> None:
    """Note a change if the two sides say different things."""
    if said[0] != said[1]:
        where = where or where_of(documents.base.document, at[0])
        words = {"base": said[0], "revision": said[1]}
        documents.note(documents.change(kind, where, at, words), *reaches)


def _components(tree: dict[str, Any]) -> dict[str, Any]:
    return tree.get("components") or {}


def _titles(components: dict[str, Any]) -> dict[str, str]:
    """The titles of the schemas among components, by the names of these."""
    found = {}
    for name, schema in (components.get("schemas") or {}).items():
        title = schema.get("title") if isinstance(schema, dict) else None
        found[name] = str(title or "none")
    return found


def _tags(operation: dict[str, Any]) -> str:
    return _listed(operation.get("tags") or ["none"])


def _names(operation: Operation) -> list[str]:
    return [f"{parameter.location} {parameter.name}" for parameter in operation.parameters]


def _names_of(schema: dict[str, Any]) -> dict[str, str]:
    """The values of an `enum`, and the names they are given, `none` without."""
    values = map(_said, schema["enum"])
    for extension in NAMES_OF_VALUES:
        if isinstance(names := schema.get(extension), list):
            known = map(str, names[: len(schema["enum"])])
            return dict(zip_longest(values, known, fillvalue="none"))
    return dict.fromkeys(values, "none")


def _in_common(base: list[str], revision: list[str]) -> tuple[list[str], list[str]]:
    """What both lists have, as each of them has it."""
    both = {*base} & {*revision}
    return list(filter(both.__contains__, base)), list(filter(both.__contains__, revision))


def _listed(words: Iterable[Any]) -> str:
    return ", ".join(map(str, words))


def _said(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)
