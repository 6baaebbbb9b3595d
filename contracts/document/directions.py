"""A document as one direction reads it: what `readOnly` and `writeOnly` leave of its schemas."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property, lru_cache, partial
from itertools import chain
from operator import is_
from typing import Any, NamedTuple

from contracts.document.model import Document, ref_target, schemas_by_name

_SURE = ("allOf",)  # what applies to the value whenever the schema around it does
_UNIONS = ("anyOf", "oneOf")
_CONDITIONS = ("if", "then", "else")
_AS_WRITTEN = ("if", "not")
"""What these hold demands nothing: with less in it, more would be refused."""
_SPREADS = {"properties", "$ref", "dependentSchemas", *_SURE, *_UNIONS, *_CONDITIONS}
"""Under which a schema can say something of properties; without, it marks none but itself."""
_MAPS = {"patternProperties", "$defs", "schemas", "parameters", "responses", "headers", "links"}
_MAPS |= {"examples", "requestBodies", "callbacks", "pathItems", "mediaTypes", "securitySchemes"}
_MAPS |= {"content", "encoding", "webhooks", "paths", "x-files"}
"""Whose members have names of somebody's own, which may be those of keywords."""


@lru_cache(maxsize=16)
def for_requests(document: Document) -> Document:
    """For requests: a required `readOnly` property need not be sent (OpenAPI 3.1 §4.8.24)."""
    return _directed(document, "readOnly")


@lru_cache(maxsize=16)
def for_responses(document: Document) -> Document:
    """For responses: a required `writeOnly` property need not come back."""
    return _directed(document, "writeOnly")


@lru_cache(maxsize=16)
def by_names(document: Document) -> Document:
    """As a receiver reads a document who takes a value by the schema that a discriminator names."""
    return Directed(document.written, document.mark, is_named=True)


def _directed(document: Document, mark: str) -> Document:
    is_read_so = not document.marks.isdisjoint((mark, "discriminator"))
    return Directed(document, mark) if is_read_so else document


class Unsent(NamedTuple):
    """Properties of one value that are in no message: for sure, and if some branch applies."""

    sure: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()


_NONE = Unsent()


class Directed(Document):
    """A document as one direction reads it, in whose messages nothing with `mark` is.

    Such a property is not required, wherever that is said, and its value may be anything; for a
    sender it must not be there.
    """

    def __init__(
        self, document: Document, mark: str, *, is_sender: bool = False, is_named: bool = False
    ) -> None:
        self.__dict__.update(vars(document), written=document, mark=mark)
        self.__dict__.pop("tree")
        self._is_sender, self._is_named = is_sender, is_named
        self._is_marking = mark in document.marks
        self._absent: dict[str, Any] = {mark: True, "not": {}} if is_sender else {mark: True}
        self._opened = set[tuple[int, Unsent]]()
        self._known = dict[tuple[int, bool], frozenset[str]]()
        self._marks = dict[tuple[int, bool], bool]()

    @cached_property
    def tree(self) -> dict[str, Any]:
        reads_names = self._is_sender or self._is_named
        if not self._is_marking and not reads_names:
            return self.written.tree
        found: dict[str, Any] = self._read(self.written.tree)
        self._known.clear()  # what served the reading has many times its size
        self._marks.clear()
        return found

    @cached_property
    def sender(self) -> Document:
        return Directed(self.written, self.mark, is_sender=True)

    def _read(self, node: Any, around: Unsent = _NONE) -> Any:
        """The node as the direction has it; the same object where nothing changes."""
        if isinstance(node, list):
            return unless_same(node, [self._read(item, around) for item in node])
        if not isinstance(node, dict):
            return node
        sure = around.sure | self._names(node, sure=True)
        names = Unsent(sure, sure | around.maybe | self._names(node, sure=False))
        found = {keyword: self._below(node, keyword, names, around) for keyword in node}
        for target in self._targets(node):
            here = self._here(target, names)
            if here is not None:
                del found["$ref"]
                found["allOf"] = [here, *found.get("allOf", ())]
        # Without what told them apart, branches may be alike: one of them has to hold.
        is_union = isinstance(node.get("oneOf"), list)  # and no map with something of that name
        if is_union and "anyOf" not in node and found["oneOf"] != node["oneOf"]:
            found["anyOf"] = found.pop("oneOf")
        if (self._is_sender or self._is_named) and _is_told_apart(node):
            found |= self._with_names(node, found)
        return unless_same(node, found)

    def _with_names(self, node: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
        """The unions of a schema, whose branches have the names that its discriminator gives.

        A receiver takes a value of no branch whose name is that of another.
        """
        tag, names = node["discriminator"].get("propertyName"), schemas_by_name(node)
        mapped, changed = node["discriminator"].get("mapping") or {}, {}
        owners = {name: names[name] for name in mapped}
        for name, target in names.items():
            if target not in owners.values():
                owners[name] = target
        for keyword in filter(found.__contains__, _UNIONS):
            changed[keyword] = list(found[keyword])
            for index, branch in enumerate(changed[keyword]):
                pointer = ref_target(str(branch.get("$ref", ""))) or None
                own = [name for name in owners if owners[name] == pointer]
                for part in self._parts(branch, sure=True):
                    held = part.get("properties", {}).get(tag, True)
                    listed = held.get("enum", [held.get("const")]) if isinstance(held, dict) else []
                    if listed != [None] and listed:
                        own = [name for name in own if name in listed]
                named: Any = {"properties": {tag: {"enum": own}}, "required": [tag]}
                if not self._is_sender:
                    others = [name for name in owners if owners[name] not in (pointer, "")]
                    named = {"properties": {tag: {"not": {"enum": others}}}}
                if own or not self._is_sender:
                    changed[keyword][index] = {"allOf": [branch, named]}
        return changed

    def _below(self, node: dict[str, Any], keyword: str, names: Unsent, around: Unsent) -> Any:
        """What stands under a keyword of a schema, or of what is none."""
        held = node[keyword]
        if keyword in _AS_WRITTEN:
            return held
        if isinstance(held, list) and keyword == "required":
            return _without(names.maybe, held)
        if isinstance(held, list) and keyword in _UNIONS:
            rest = {other: node[other] for other in node if other != keyword}
            marked = self._marked(self._parts(rest, sure=False), sure=False)
            beside = names.sure | around.maybe | {*marked}
            return self._read(held, Unsent(names.sure, beside))
        if keyword in (*_SURE, *_CONDITIONS):
            return self._read(held, names)
        if isinstance(held, dict) and keyword in ("properties", "dependentSchemas"):
            sits_deeper = keyword == "properties"  # what is said below is about another value
            read = partial(self._read, around=_NONE if sits_deeper else names)
            members = dict(zip(held, map(read, held.values()), strict=True))
            if sits_deeper:
                members |= dict.fromkeys(names.sure & held.keys(), self._absent)
            return unless_same(held, members)
        if isinstance(held, dict) and keyword in _MAPS:
            return unless_same(held, dict(zip(held, map(self._read, held.values()), strict=True)))
        if isinstance(held, dict) and keyword == "dependentRequired":
            return {name: _without(names.maybe, needs) for name, needs in held.items()}
        return self._read(held)

    def _here(self, target: Any, names: Unsent) -> Any:
        """What a reference stands for, if that is not what its target says everywhere."""
        sure, key = self._names(target, sure=True), (id(target), names)
        if names == (sure, sure | self._names(target, sure=False)) or key in self._opened:
            return None
        self._opened.add(key)
        try:  # a comparison may end here at any time
            here, everywhere = self._read(target, names), self._read(target)
        finally:
            self._opened.remove(key)
        return None if here == everywhere else here

    def _names(self, node: Any, *, sure: bool) -> frozenset[str]:
        """The marked properties of the value that a schema applies to."""
        if not self._is_marking or not isinstance(node, dict) or _SPREADS.isdisjoint(node):
            return frozenset()
        if (id(node), sure) not in self._known:
            parts = list(self._parts(node, sure))
            names = frozenset(self._marked(parts, sure)) or _NONE.sure  # which is one and the same
            for part in [node] if names else parts:  # without any, no part has one
                self._known[id(part), sure] = names
        return self._known[id(node), sure]

    def _marked(self, parts: Iterable[dict[str, Any]], sure: bool) -> Iterator[str]:
        for part in parts:
            properties = part.get("properties")
            if isinstance(properties, dict):
                for name, schema in properties.items():
                    if self._is_marked(schema, sure):
                        yield name

    def _parts(self, node: Any, sure: bool) -> Iterator[dict[str, Any]]:
        """The schemas that apply to the same value: whenever `node` does, or perhaps."""
        pending, seen = [node], set[int]()
        while pending:
            part = pending.pop()
            if not isinstance(part, dict) or id(part) in seen:
                continue
            seen.add(id(part))
            yield part
            for keyword in _SURE if sure else (*_SURE, *_UNIONS):
                branches = part.get(keyword)
                pending += branches if isinstance(branches, list) else ()
            if not sure:
                depending = part.get("dependentSchemas")
                pending += map(part.get, _CONDITIONS)
                pending += depending.values() if isinstance(depending, dict) else ()
            pending += self._targets(part)

    def _targets(self, node: dict[str, Any]) -> Iterator[Any]:
        """What its `$ref` names; nothing of an example, say, that only looks like one."""
        if isinstance(node.get("$ref"), str):
            with suppress(LookupError, TypeError):
                yield self.written.at(ref_target(node["$ref"]))

    def _is_marked(self, schema: Any, sure: bool) -> bool:
        """Whether a property has the mark, itself or by what applies to it: each branch, say."""
        if not isinstance(schema, dict) or _SPREADS.isdisjoint(schema):
            return isinstance(schema, dict) and schema.get(self.mark) is True
        unions, marked = self._circle(schema, sure)

        def has_it(branch: Any) -> bool:
            return id(branch) in marked or self._marks.get((id(branch), sure), False)

        known = -1
        while known < len(marked):
            known = len(marked)
            for key, groups in unions.items():
                if any(all(map(has_it, branches)) for branches in groups):
                    marked.add(key)
        for key in unions:
            self._marks[key, sure] = key in marked
        return self._marks[id(schema), sure]

    def _circle(self, schema: Any, sure: bool) -> tuple[dict[int, list[list[Any]]], set[int]]:
        """The unions of a schema and of their branches, and which of these have the mark anyway."""
        unions, marked, pending = dict[int, list[list[Any]]](), set[int](), [schema]
        while pending:
            node = pending.pop()
            if (id(node), sure) in self._marks or id(node) in unions:
                continue
            unions[id(node)] = []
            for part in self._parts(node, sure):
                if part.get(self.mark) is True:
                    marked.add(id(node))
                for branches in map(part.get, _UNIONS):
                    if branches and isinstance(branches, list):
                        unions[id(node)].append(branches)
            pending += chain.from_iterable(unions[id(node)])
        return unions, marked


def _is_told_apart(node: dict[str, Any]) -> bool:
    """Whether it is a schema with a discriminator."""
    told = node.get("discriminator")
    unions = isinstance(node.get("oneOf", []), list), isinstance(node.get("anyOf", []), list)
    return isinstance(told, dict) and isinstance(told.get("propertyName"), str) and all(unions)


def _without(unsent: frozenset[str], names: Any) -> Any:
    """The list of names without some; the same object where it has none of them."""
    return unless_same(names, [name for name in names if name not in unsent])


def unless_same(before: Any, after: Any) -> Any:
    """What came of a list or an object: the same one if its members did not change."""
    if isinstance(before, dict):
        same = before.keys() == after.keys() and all(map(is_, before.values(), after.values()))
    else:
        same = len(before) == len(after) and all(map(is_, before, after))
    return before if same else after


def is_left_out(document: Document, schema: Any) -> bool:
    """Whether a property, by its schema in the document, is in no message of the direction."""
    return bool(document.mark) and isinstance(schema, dict) and schema.get(document.mark) is True
