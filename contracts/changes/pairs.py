"""One place on both sides to what is said otherwise there.

What the receiver takes is a conjunction of what its keywords say, so each keyword that changed is
judged by itself: does it refuse anything that the sender sends?
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from contracts.changes.branches import listed_under, tags_of
from contracts.changes.change import MARKS, Change, Direction, Said, marked
from contracts.changes.containment import Settlement, movement_of, settle
from contracts.changes.places import place_below, where_of
from contracts.changes.plain_values import taken_of
from contracts.changes.shapes import Facet, Shape, as_text, brief, shape_at
from contracts.changes.versions import Documents, Pointers
from contracts.document import Schema, split_pointer
from contracts.document.directions import by_names
from contracts.document.model import is_there
from contracts.messages import JSON
from contracts.schemas import ASSERTED_FORMATS, Raw
from contracts.schemas.allowance import Allowance
from contracts.schemas.locations import escape
from contracts.schemas.readings import TooLarge

Step = tuple[str, str]
"""How to get one value further: `property` NAME, `pattern` PATTERN, `additional` or `items`."""

KEYWORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("format", ("format",)),
    ("pattern", ("pattern",)),
    ("bounds", ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")),
    ("length", ("minLength", "maxLength")),
    ("items", ("minItems", "maxItems")),
    ("unique", ("uniqueItems",)),
    ("size", ("minProperties", "maxProperties")),
    ("property-names", ("propertyNames",)),
    ("condition", ("not",)),
    ("condition", ("if", "then", "else")),
    ("condition", ("contains", "minContains", "maxContains")),
    ("condition", ("dependentRequired", "dependentSchemas")),
    ("condition", ("unevaluatedProperties", "unevaluatedItems")),
    ("condition", ("contentEncoding", "contentMediaType", "contentSchema")),
)
"""Keywords that decide something together, and the aspect of a schema that this is."""

ANNOTATIONS = {**MARKS, "default": "default-changed"}


@dataclass(frozen=True, eq=False)
class Aspect:
    """What is said at a place under some keywords (all, if none are named), or of one property."""

    pair: "Pair"
    keywords: tuple[str, ...]
    name: str | None  # of the property
    said: Callable[[Shape], Raw]  # as a receiver takes it; raises TooLarge

    @property
    def holds_others(self) -> bool:
        """Whether other changes may stand in what is said."""
        return self.keywords in ((), ("patternProperties",)) or self.said is Shape.union


@dataclass(frozen=True, slots=True)
class Local:
    """A change at a place, before it is known whom it reaches."""

    change: Change
    aspect: Aspect
    steps: tuple[Step, ...] = ()  # from the value of the unit to the value that changed
    values: tuple[JSON, ...] = ()  # what is sent there and not taken, if values were found
    unless: tuple[Pointers, ...] = ()  # units that explain it: it counts if none holds a break


@dataclass(frozen=True, eq=False)
class Pair:
    """One place on both sides, and the direction in which its values travel."""

    documents: Documents
    direction: Direction
    base: Shape
    revision: Shape
    opened: frozenset[str] = frozenset()  # the pointers to unions of whose branches its values are

    @property
    def sender(self) -> Shape:
        return self.direction.roles(self.base, self.revision)[0]

    @property
    def receiver(self) -> Shape:
        return self.direction.roles(self.base, self.revision)[1]

    @property
    def allowance(self) -> Allowance:
        return self.documents.allowance

    @property
    def beyond(self) -> str:
        """What is too much to be compared, or that no time is left for it; empty if nothing."""
        if self.allowance.is_over:
            return self.allowance.over
        return self.base.beyond or self.revision.beyond

    # The place as a whole

    @cached_property
    def is_equal(self) -> bool:
        """Whether both sides send the same and take the same, however they put it."""
        base, revision = self.base, self.revision
        if self.is_large:
            return False
        try:
            if movement_of(base.taken, revision.taken, self.allowance):
                return False
            return not movement_of(base.sent, revision.sent, self.allowance)
        except TooLarge:
            return False

    @cached_property
    def is_large(self) -> bool:
        return self.base.is_large or self.revision.is_large

    @cached_property
    def whole(self) -> Settlement:
        sender, taken = self.sender, self.receiver
        sent, written = (lambda: sender.sent), (lambda: sender.taken)
        return settle(sent, lambda: taken.taken, written, allowance=self.allowance)

    def answer(self, taken: Callable[[], Raw], *kept: str) -> Settlement:
        """Whether the receiver takes what is sent; `taken` is about the properties `kept`."""
        return taken_of(self.sender, taken, self.allowance, kept)

    def local(
        self,
        kind: str,
        keywords: tuple[str, ...],
        answer: Settlement | None = None,
        name: str | None = None,
        said: Callable[[Shape], Raw] = lambda shape: shape.taken,
        **words: Said,
    ) -> Local:
        """A change of what is `said` under some keywords, or of the property `name`.

        It has the place of the base, if that says anything. The answer settles it, or its kind.
        """
        before = _said(self.base, self.revision, keywords, name)
        after = _said(self.revision, self.base, keywords, name)
        named = zip(_chain(self.base), _chain(self.revision), strict=False)
        *_, own = named  # as far as both are references alone
        base, revision = before or own[0], after or own[1]
        owner = base if before or not after else revision
        where = where_of(owner.document, owner.pointer)
        if name is not None and not where.endswith(f"/{escape(name)}"):
            where = place_below(where, escape(name))
        if name is not None and keywords == ("required",):
            where = self._required_at(name) or where
        elif name is not None and owner is not own[0] and owner is not own[1]:
            home, other = (own[0], own[1]) if before else (own[1], own[0])
            if is_there(other.document.tree, split_pointer(owner.pointer)):  # it is as it was
                where = place_below(where_of(home.document, home.pointer), escape(name))
        at = (base.pointer, revision.pointer)
        change = self.documents.change(kind, where, at, words, self.direction)
        aspect = Aspect(self, keywords, name, said)
        if answer is None:
            return Local(change, aspect)
        change = replace(change, effect=answer.effect, proof=answer.how)
        return Local(change, aspect, (), answer.values)

    # One aspect after the other

    def locals(self) -> Iterator[Local]:
        """What is said otherwise at the place itself, unions and annotations apart."""
        base, revision = self.base.location, self.revision.location
        if base.values is None or revision.values is None:
            yield from self._moved("type", ("type",), Shape.type, Shape.type_text)
            if not base.types & revision.types:
                return  # all else is about values of types that one side does not know
        yield from self._moved("enum", ("enum", "const"), Shape.enumeration, Shape.values_said)
        for aspect, keywords in KEYWORDS:
            yield from self._under(aspect, keywords)
        if self._has_tuples:
            yield from self._under("condition", ("prefixItems", "items"))
        names = dict.fromkeys((*self.base.names, *self.revision.names))
        if "object" in base.types & revision.types:
            for name in names:
                yield from self._property(name)
        if set(self.base.patterns) != set(self.revision.patterns):
            yield from self._under("pattern-properties", ("patternProperties",))
        if not self._has_maps:
            alone = {*self.base.names} ^ {*self.revision.names}  # which are told as such
            closed = ("additionalProperties",)
            told = (*closed, "properties") * (
                self.base.text(*closed) == self.revision.text(*closed)
            )
            yield from self._moved(
                "additional-properties",
                closed,
                lambda shape: shape.other_names(alone),
                lambda shape: shape.text(*(told or closed)),
            )

    def _under(self, aspect: str, keywords: tuple[str, ...]) -> Iterator[Local]:
        if self.base.having(*keywords) or self.revision.having(*keywords):
            yield from self._moved(
                aspect,
                keywords,
                lambda shape: shape.projection(*keywords),
                lambda shape: shape.text(*keywords),
            )

    def _moved(
        self,
        aspect: str,
        keywords: tuple[str, ...],
        said: Callable[[Shape], Raw],
        text: Callable[[Shape], Said],
    ) -> Iterator[Local]:
        """The change of an aspect, unless both sides mean the same."""
        try:
            base, revision = said(self.base), said(self.revision)
        except TooLarge:
            base, revision = True, False  # whatever it is, the one is not the other
        if movement := movement_of(base, revision, self.allowance):
            answer = self.answer(lambda: self.direction.roles(base, revision)[1])
            kind, before, after = f"{aspect}-{movement}", text(self.base), text(self.revision)
            yield self.local(kind, keywords, answer, said=said, base=before, revision=after)

    def _property(self, name: str) -> Iterator[Local]:
        if name not in self.base.names or name not in self.revision.names:
            kind = "property-removed" if name in self.base.names else "property-added"
            answer = self.answer(lambda: self.receiver.only_member(name), name)
            member = partial(Shape.only_member, name=name)
            is_wanted = kind == "property-added" and name in self.revision.required
            subject = name + ", which is required," * is_wanted
            yield self.local(kind, ("properties",), answer, name, member, subject=subject)
        elif (name in self.base.required) is not (name in self.revision.required):
            kind = "property-optional" if name in self.base.required else "property-required"
            wanted: Raw = {"anyOf": [{"not": {"type": "object"}}, {"required": [name]}]}

            def said(shape: Shape) -> Raw:
                return name not in shape.required or wanted

            answer = self.answer(lambda: said(self.receiver))
            subject = name + self._marked(name)
            yield self.local(kind, ("required",), answer, name, said, subject=subject)

    def _required_at(self, name: str) -> str:
        """The place of a property that another schema requires than the one that declares it."""
        for shape in (self.base, self.revision):
            for facet in shape.having("required"):
                if name in facet.value["required"]:
                    schema, member = facet.part.schema, shape.member(name)
                    at = place_below(where_of(schema.document, schema.pointer), escape(name))
                    if member and where_of(member.document, member.pointer) != at:
                        return at
        return ""

    def annotations(self) -> Iterator[Local]:
        """What says nothing about which messages are allowed."""
        yield from self.marks(ANNOTATIONS)
        base, revision = _unasserted(self.base), _unasserted(self.revision)
        if base != revision:
            yield self._annotation("format-renamed", "format", base, revision)
        base, revision = self.base.annotation("deprecated"), self.revision.annotation("deprecated")
        if revision is True and base is not True:
            yield self._annotation("property-deprecated", "deprecated", base, revision)
        yield from self._renamed()

    def marks(self, kinds: Mapping[str, str] = MARKS) -> Iterator[Local]:
        for keyword, kind in kinds.items():
            base, revision = self.base.annotation(keyword), self.revision.annotation(keyword)
            if as_text(base) != as_text(revision) and (base or revision or keyword == "default"):
                yield self._annotation(kind, keyword, base, revision)

    def _renamed(self) -> Iterator[Local]:
        """What a discriminator calls a schema otherwise, or that it is about another property."""
        (tag, base), (other, revision) = map(tags_of, (self.base, self.revision))
        before, after = [], []
        for pointer, names in base.items():
            moved = (there for there in revision if self.documents.same((pointer, there)))
            there = pointer if pointer in revision else next(moved, None)
            if there is None or names == revision[there]:
                continue
            if listed_under(self.base, pointer, tag) == listed_under(self.revision, there, other):
                before += names
                after += revision[there]
        if tag and tag != other and (other or base):
            before, after = [tag], [other or "none"]
        if before:
            words: dict[str, Any] = {"base": tuple(before), "revision": tuple(after)}
            answer = self._by_name if set(before) & set(after) else None
            kind, keywords = "discriminator-changed", ("discriminator",)
            yield self.local(kind, keywords, answer, said=lambda _: True, **words)

    @property
    def _by_name(self) -> Settlement | None:
        """Whether a value is refused by the schema that its name stands for, but not by others."""
        sent, taken = (side.source("discriminator") for side in (self.sender, self.receiver))
        answer = settle(
            lambda: shape_at(sent.document.sender, sent.pointer).sent,
            lambda: shape_at(by_names(taken.document), taken.pointer).taken,
            lambda: {"allOf": [self.sender.taken, self.receiver.taken]},
            allowance=self.allowance,
        )
        return None if answer.contained else answer

    def _annotation(self, kind: str, keyword: str, base: Any, revision: Any) -> Local:
        return self.local(kind, (keyword,), base=brief(base), revision=brief(revision))

    # Below

    def _marked(self, name: str) -> str:
        mark = self.base.document.mark or self.revision.document.mark
        return marked(mark) * self.is_marked(name)

    def is_marked(self, name: str) -> bool:
        """Whether a property that both have travels in this direction on one side alone."""
        return self.base.is_unsent(name) is not self.revision.is_unsent(name)

    def children(self) -> Iterator[tuple["Pair", Step]]:
        """The places below that both sides have, and how to get there."""
        types = self.base.location.types & self.revision.location.types
        if "object" in types:
            for name in self.base.names:
                if name in self.revision.names:
                    yield self._child("properties", name), ("property", name)
            for pattern in self.base.patterns:
                if pattern in self.revision.patterns:
                    yield self._child("patternProperties", pattern), ("pattern", pattern)
            if self._has_maps:
                yield self._child("additionalProperties"), ("additional", "")
        has_items = self.base.having("items") or self.revision.having("items")
        if "array" in types and has_items and not self._has_tuples:
            yield self._child("items"), ("items", "")

    def _child(self, keyword: str, name: str | None = None) -> "Pair":
        base, revision = self.base.child(keyword, name), self.revision.child(keyword, name)
        return replace(self, base=base, revision=revision, opened=frozenset())

    @property
    def _has_tuples(self) -> bool:
        """Whether items are told apart on a side."""
        return self.base.has_tuples or self.revision.has_tuples

    @property
    def _has_maps(self) -> bool:
        """Whether both sides say something of values under other names."""
        return self.base.is_map and self.revision.is_map


def _said(shape: Shape, other: Shape, keywords: tuple[str, ...], name: str | None) -> Schema | None:
    """The schema that says something under keywords which no other does at its place, if one does.

    Or the one of a property: as it is declared, or by whom it is required on one side alone.
    """
    if name is not None:
        return shape.member(name)
    known = list(map(_placed, other.having(*keywords)))
    for facet in shape.having(*keywords):
        if _placed(facet) not in known:
            return facet.part.schema
    return None


def _chain(shape: Shape) -> Iterator[Schema]:
    """The schema at a place, and those that it names by reference, if it says no more."""
    yield shape.parts[0].schema
    for part in shape.location.parts[1:] if shape.target else ():
        yield part.schema
        if part.target is None or part.value.keys() > {"$ref"}:
            break


def _placed(facet: Facet) -> tuple[str, Mapping[str, Any]]:
    schema = facet.part.schema
    return where_of(schema.document, schema.pointer), facet.value


def _unasserted(shape: Shape) -> Any:
    """The format, if it says nothing to a validator; those of integers are bounds."""
    name = shape.annotation("format")
    return None if name in {*ASSERTED_FORMATS, "int32", "int64"} else name
