"""What a fault of the depot is made of: one small switch, and what of the document it breaks."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import yaml

from ..fault import Answer
from .reading import FILE, operations, unescaped

Edit = Callable[[Answer, Mapping[str, str]], Answer]
"""An answer and the header fields of its request go in."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One of: a constraint that is not enforced (`lax`), answers that are edited, a way in, a switch of the service."""

    family: str
    operation: str  # its operationId
    name: str
    at: str  # below the operation with references inlined: the node of the document that is broken
    finds: str  # a pattern of ids of rules, of which one is violated by it and no other fault of the operation
    forbidden: bool = True  # whether the document, or a MUST of HTTP, forbids it
    lax: bool = False
    on: Collection[int] = ()  # statuses of the answers that are edited
    edit: Edit = lambda answer, _sent: answer
    method: str = ""  # of those answers' requests, "" for all
    scheme: str = ""  # of security, for which this passes for the credential:
    way: str = ""
    switch: str = ""
    alone: bool = False  # whether others of the operation would not show beside it

    @property
    def line(self) -> int:
        """Of the document: where what it breaks is written."""
        return line_of(self.operation, self.at)

    @property
    def title(self) -> str:
        return f"{self.operation}: {self.name}"


def key_of(operation: str) -> str:
    """`METHOD PATH`, as ids of rules begin."""
    found = operations()[operation]
    return f"{found.method} {found.template}"


def lax(family: str, operation: str, place: str, keywords: str) -> Iterator[Fault]:
    """A fault a keyword: what is not looked at in `query limit`, `header X-Shelves/*`, `body`, `body /recipient/name`.

    `missing` is that a parameter or body is required, `required:NAME` that a property is.
    """
    base = base_of(operation, place)
    for keyword in keywords.split():
        word, _, name = keyword.partition(":")
        at = f"{base}/{word}/{name}" if name else f"{base}/{word}"
        if word == "missing":
            at = f"{base.rpartition('/content')[0] or base.removesuffix('/schema')}/required"
        rule = f"{key_of(operation)} refused {refusal(operation, place, word, name)}"
        yield Fault(family, operation, f"{place} {keyword} not enforced", at, rule, lax=True)


def refusal(operation: str, place: str, word: str, name: str) -> str:
    """What ids of rules call the constraint: `query tag /* pattern`, `body / required pin`, `body /words minLength`."""
    location, _, path = place.partition(" ")
    if word == "missing":
        return f"{place} required"
    if location == "body":
        media, *others = operations()[operation].node["requestBody"]["content"]
        part = f"body ;{media}" if others else "body"
        return " ".join(filter(None, (part, path or "/", "*" if word == "oneOf" else word, name)))
    first, slash, below = path.partition("/")
    return " ".join(filter(None, (location, first, slash + below, word, name)))


def base_of(operation: str, place: str) -> str:
    """The place of a schema below the operation's node with references inlined."""
    node, (location, _, name) = operations()[operation].node, place.partition(" ")
    if location != "body":
        own = [(one["in"], one["name"]) for one in node["parameters"]]
        base = f"parameters/{own.index((location, name.partition('/')[0]))}"
        base += "/content/application~1json/schema" if "content" in value_behind(node, base) else "/schema"
    else:
        media = next(iter(node["requestBody"]["content"])).replace("/", "~1")
        base = f"requestBody/content/{media}/schema"
    for segment in name.split("/")[1:]:
        base += "/items" if segment == "*" else f"/properties/{segment}"
    return base


@cache
def composed() -> yaml.Node:
    found = yaml.compose(FILE.read_text(encoding="utf-8"))
    assert found is not None
    return found


def below(node: yaml.Node, segment: str) -> yaml.Node:
    """What is written below a node, references followed; of a list an item, or a name that is one."""
    members = named(node)
    while "$ref" in members:
        node = reduce(below, members["$ref"].value.split("/")[1:], composed())
        members = named(node)
    if isinstance(node, yaml.SequenceNode):
        by_text: dict[str, yaml.Node] = {str(one.value): one for one in node.value}
        by_text |= {str(number): one for number, one in enumerate(node.value)}
        return by_text[segment]
    return members[segment]


def named(node: yaml.Node) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def line_of(operation: str, at: str) -> int:
    """The line, from 1, where a place below an operation is written."""
    found = operations()[operation]
    item = below(below(composed(), "paths"), found.template)
    node, segments = below(item, found.method.lower()), list(map(unescaped, filter(None, at.split("/"))))
    if segments[:1] == ["parameters"]:
        both = [named(holder).get("parameters") for holder in (item, node)]
        node = [one for own in both if own is not None for one in own.value][int(segments[1])]
        segments = segments[2:]
    elif segments[:1] == ["security"] and "security" not in named(node):
        node = composed()
    return int(reduce(below, segments, node).start_mark.line) + 1


def value_behind(node: Any, at: str) -> Any:
    """What stands at a place below a node, a name in a list for itself; None if nothing does."""
    for segment in filter(None, at.split("/")):
        if isinstance(node, list):
            node = node[int(segment)] if segment.isdecimal() else segment if segment in node else None
        else:
            node = (node or {}).get(unescaped(segment))
    return node
