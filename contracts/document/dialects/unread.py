"""What is unread in a document: what is around it, and what of it is not alike in another.

Read as absent, it makes a schema take more. Where that would refuse more around it (`not`, `if`,
and `oneOf`, of which one branch alone may hold), what is around is read looser too.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial, reduce
from itertools import chain
from typing import Any

from contracts.document.dialects import Found, Segments
from contracts.document.dialects.repairs import ABSENT, ANYTHING, MALFORMED, Repairs
from contracts.document.model import Notice, Spec, is_there, join_pointer, ref_target, split_pointer
from contracts.document.written import Position
from contracts.text import cut

MOST_WITHIN = 15_000  # schemas in one, of which a validator and rules take some kilobytes each
MOST_IN_PATH = 500  # parameters of a path, as each is named, and sent, with the whole path
MOST_ALIKE = 100  # paths that differ in the names of parameters alone, and are one
MOST_IN_HEAD = 2_000  # fields and media types of a message; Node takes as many fields, Python 100
_MEMBERS = {"response": ("headers", "content"), "request body": ("content",)}
_AROUND = {
    "oneOf": ("oneOf",),
    "not": ("not",),
    "if": ("if", "then", "else"),
    "contains": ("maxContains",),
}
"""What is dropped where something below a keyword is unread."""

Climb = Callable[[str], Iterable[str]]


def is_below(pointer: str, above: str) -> bool:
    """Whether a pointer leads to a place, or below it."""
    return pointer == above or pointer.startswith(f"{above}/")


def leading_to(
    parts: Iterable[Found], pointers: Iterable[str], around: Climb | None = None
) -> set[str]:
    """These pointers, and the places of all references that lead there, or `around` there."""
    by_target: dict[str, list[str]] = {}
    for node, _, place in parts:
        if isinstance(node.get("$ref"), str):
            by_target.setdefault(ref_target(node["$ref"]), []).append(join_pointer("", *place))
    found, waiting = set[str](), list(pointers)
    while waiting:
        pointer = waiting.pop()
        if pointer not in found:
            found.add(pointer)
            for above in (around or _around)(pointer):
                waiting += by_target.get(above, ())
    return found


def _around(pointer: str) -> Iterator[str]:
    """The pointer, and those of all that is around it."""
    while pointer:
        yield pointer
        pointer = pointer.rpartition("/")[0]


def of_same_value(pointer: str, keywords: Collection[str] = ("allOf",)) -> Iterator[str]:
    """The pointer, and those of the schemas around it whose values are all of it as well."""
    yield pointer
    while (above := pointer.rpartition("/")[0].rpartition("/"))[2] in keywords:
        pointer = above[0]
        yield pointer


of_branches = partial(of_same_value, keywords=("allOf", "anyOf", "oneOf"))


def loosen(parts: Collection[Found], repairs: Repairs) -> Iterator[str]:
    """Read schemas around what is unread looser, in place, unless a reference leads into them.

    The pointers to those that are.
    """
    around = set(chain.from_iterable(map(_around, leading_to(parts, repairs.unread))))
    into: set[str] = set()
    for node, _, _ in parts if around else ():
        into.update(_around(ref_target(str(node.get("$ref", "")))))
    for node, kind, place in parts if around else ():
        for keyword, dropped in _AROUND.items():
            here = join_pointer("", *place, keyword)
            if kind != "schema" or keyword not in node or here not in around or here in into:
                continue
            yield join_pointer("", *place)
            if keyword == "oneOf" and "anyOf" not in node:
                node["anyOf"] = node[keyword]
                position = reduce(Position.entered, place, repairs.root)
                position.moved["anyOf"] = position.child(keyword)
            for name in dropped:
                node.pop(name, None)


def without_huge(parts: list[Found], repairs: Repairs) -> list[Found]:
    """Read schemas that hold more than `MOST_WITHIN` as if anything may stand there, in place.

    The parts without what is in them. One that a reference leads into is left as it is. What
    `_long` finds is read as if nothing stood there.
    """
    huge: dict[str, Found] = dict(_long(parts))
    for within in _within(parts):
        if len(within) > MOST_WITHIN:
            huge.update(_innermost(within))
    for node, _, _ in parts if huge else ():
        for pointer in _around(ref_target(str(node.get("$ref", ""))).rpartition("/")[0]):
            huge.pop(pointer, None)
    if not huge:
        return parts
    kept = list[Found]()
    for found in parts:
        if huge.keys().isdisjoint(_around(join_pointer("", *found[2][:-1]))):
            kept.append(found)
    held = f"holds more than {MOST_WITHIN:,} schemas: {ANYTHING}"
    what = {"schema": held, "path item": f"has more than {MOST_IN_PATH} parameters: {ABSENT}"}
    what["path"] = f"is one of more than {MOST_ALIKE} that differ in names alone: {ABSENT}"
    what["members"] = f"has more than {MOST_IN_HEAD:,} members: {ABSENT}"
    cure = "give what it describes in several, or with fewer members"
    for pointer, (node, kind, place) in huge.items():
        source = repairs.root.at(place).source
        repairs.notices.append(Notice(MALFORMED, source, f"{cut(pointer)} {what[kind]}", cure))
        repairs.unread[pointer] = {**node}  # of which nothing else is left to change it
        node.clear()
    return kept


def _long(parts: Sequence[Found]) -> Iterator[tuple[str, Found]]:
    """Paths of too many parameters, or like too many others, and messages of too many fields."""
    alike = Counter[str]()
    for found in reversed(parts):  # the first of the document come last
        node, kind, place = found
        if kind == "path item" and place[:-1] == ("paths",):
            alike[shape := re.sub("{[^{}]*}", "{}", place[-1])] += 1
            if alike[shape] > MOST_ALIKE:
                yield join_pointer("", *place), (node, "path", place)
        if kind == "path item" and str(place[-1]).count("{") > MOST_IN_PATH:
            yield join_pointer("", *place), found
        for name in _MEMBERS.get(kind, ()):
            if len(node.get(name) or ()) > MOST_IN_HEAD:
                there = (*place, name)
                yield join_pointer("", *there), (node[name], "members", there)


def _within(parts: Iterable[Found]) -> Iterator[list[Found]]:
    """The schemas of the document in no other, each with those in it, which come after it."""
    root: Segments = ("",)
    within = list[Found]()
    for found in parts:
        place = found[2]
        if found[1] == "schema" and "$defs" not in place:
            if place[: len(root)] != root:
                yield within
                root, within = place, []
            within.append(found)
    yield within


def _innermost(within: Sequence[Found]) -> dict[str, Found]:
    """Of a schema and those in it those that hold too many, and none that does; by pointer."""
    counts, around = Counter[str](), set[str]()
    for _, _, place in within:
        counts.update(_around(join_pointer("", *place[:-1])))
    chosen: dict[str, Found] = {}
    for found in reversed(within):  # those below come first
        pointer = join_pointer("", *found[2])
        if counts[pointer] > MOST_WITHIN and pointer not in around:
            chosen[pointer] = found
            around.update(_around(pointer))
    return chosen


# Two documents

_WHOLE = {"properties", "responses", "paths"}
"""Below which something came or went as a whole, which is a change of its own."""


def unlike(one: Spec, other: Spec) -> Iterator[str]:
    """The pointers to what is unread in one document, and not alike in the other.

    What stands at another place there, under the same keyword, was moved.
    """
    others = other.unread.keys() - one.unread.keys()
    elsewhere = Counter(_said(other, pointer) for pointer in others)
    for pointer in one.unread:
        if pointer in other.unread:
            if _said(one, pointer) != _said(other, pointer):
                yield pointer
            continue
        there = place_of(one, pointer)
        is_kept = is_there(other.document.tree, split_pointer(there))
        elsewhere[_said(one, pointer)] -= not is_kept
        is_moved = elsewhere[_said(one, pointer)] >= 0
        if is_kept or not (is_moved or _is_part_of_whole(other, there)):
            yield pointer


def _said(spec: Spec, pointer: str) -> tuple[str, str]:
    return split_pointer(pointer)[-1], json.dumps(spec.unread[pointer])


def place_of(spec: Spec, pointer: str) -> str:
    """The object that stands there, or that the keyword was in."""
    segments = split_pointer(pointer)
    stands = is_there(spec.document.tree, segments)
    return pointer if stands else join_pointer("", *segments[:-1])


def held_at(spec: Spec, pointer: str) -> Any:
    """What stands there, read or not."""
    if pointer in spec.unread:
        return spec.unread[pointer]
    is_read = is_there(spec.document.tree, split_pointer(pointer))
    return spec.document.at(pointer) if is_read else "nothing of the kind"


def nearest(spec: Spec, pointer: str) -> str:
    """The pointer to what stands there, or around it."""
    segments = split_pointer(pointer)
    while not is_there(spec.document.tree, segments):
        segments = segments[:-1]
    return join_pointer("", *segments)


def _is_part_of_whole(other: Spec, there: str) -> bool:
    above = split_pointer(nearest(other, there))
    is_operation = above[:1] == ("paths",) and len(above) == 2
    return is_operation or not (_is_path(there) or _WHOLE.isdisjoint(above[-1:]))


def _is_path(pointer: str) -> bool:
    """Whether it is a path that is none, of which nobody knows what it says."""
    return pointer.startswith("/paths") and pointer.count("/") == 2


def operations_at(spec: Spec, pointer: str) -> list[str]:
    """The operations and webhooks that something at a pointer is said of."""
    found, reached = leading_to(spec.parts, [pointer]), list[str]()
    for operation in spec.operations:
        owned = [operation.pointer, *(parameter.pointer for parameter in operation.parameters)]
        for wanted in operation.security:
            owned += [spec.security_schemes[name].pointer or "/security" for name, _ in wanted]
        is_owned = any(is_below(one, place) for one in found for place in owned)
        if is_owned or pointer.startswith(("/servers", "/security")) or _is_path(pointer):
            reached.append(operation.key)
    for name in spec.document.tree.get("webhooks") or ():
        if any(is_below(one, join_pointer("/webhooks", name)) for one in found):
            reached.append(f"webhook {name}")
    return reached
