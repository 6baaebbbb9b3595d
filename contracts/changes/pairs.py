"""One place on both sides to what changed there and below.

What the receiver takes is a conjunction of what its keywords say, so each keyword that changed is judged by itself:
does it refuse anything that the sender sends?
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from contracts.changes.change import KINDS, Effect
from contracts.changes.containment import Answer, equal, is_proved, settle
from contracts.changes.locals import Findings, Local, Step, UnitKey
from contracts.changes.places import where_of
from contracts.changes.said import as_text, brief, said, values_text
from contracts.changes.shapes import Shape, type_names
from contracts.changes.unions import union_findings
from contracts.document import Schema
from contracts.schemas.locations import Location, Part, escape, merge
from contracts.schemas.parties import Raw, TooLarge
from contracts.schemas.rungs import ASSERTED_FORMATS

if TYPE_CHECKING:
    from contracts.changes.units import Walk


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

UNSENT = (
    "a property that is readOnly is not sent in requests, one that is writeOnly not in responses"
)

ANNOTATIONS = (
    ("readOnly", "read-only-changed"),
    ("writeOnly", "write-only-changed"),
    ("default", "default-changed"),
)


@dataclass(eq=False)
class Pair:
    """One place on both sides."""

    walk: Walk
    base: Shape
    revision: Shape

    @property
    def sender(self) -> Shape:
        return self.base if self.walk.sends_base else self.revision

    @property
    def receiver(self) -> Shape:
        return self.revision if self.walk.sends_base else self.base

    def found(self) -> Findings:
        own = Findings(
            [
                *self._type(),
                *self._enumeration(),
                *self._keywords(),
                *self._names(),
                *self._other_names(),
            ]
        )
        found = Findings()
        for findings, step in self._children():
            found.below(findings, step)
        unions = union_findings(self)
        if own.locals or unions.locals:
            breaks = any(local.effect is Effect.BREAKING for local in own.locals)
            if not breaks and self._is_equal():
                return Findings([*self._annotations()])
            found.below(own)
            found.below(unions)
            found = self._as_a_whole(found)
        else:
            found.below(unions)
        found.locals += self._annotations()
        return found

    def _is_equal(self) -> bool:
        """Whether both sides send the same and take the same, however they put it."""
        try:
            taken = (self.base.taken, self.revision.taken)
            return _mean_the_same(*taken) and _mean_the_same(self.base.sent, self.revision.sent)
        except TooLarge:
            return False

    # The place as a whole

    @cached_property
    def whole(self) -> Answer:
        return self.answer(lambda: self.receiver.taken)

    def answer(self, taken: Callable[[], Raw], sent: Callable[[], Raw] | None = None) -> Answer:
        """Whether the receiver takes, as far as `taken` says, what the sender sends here."""
        try:
            written = self.sender.taken if sent is None else True
            return settle(self.sender.sent if sent is None else sent(), taken(), written=written)
        except TooLarge:
            return Answer(None, "the schema is too large to be compared as a whole")

    def _as_a_whole(self, found: Findings) -> Findings:
        """What was found keyword by keyword, held against the whole, where that can tell more."""
        effects = {local.effect for local in found.locals}
        if Effect.BREAKING in effects:
            return found  # what one keyword of the receiver refuses, all of it refuses
        if effects == {Effect.COMPATIBLE} and found.edges:
            return found
        if self.whole.contained:
            return found if effects == {Effect.COMPATIBLE} else found.settled(self.whole.how)
        return found if self.whole.contained is None else self._unexplained(found)

    def _unexplained(self, found: Findings) -> Findings:
        unless = tuple(edge.to for edge in found.edges if edge.proof is None)
        found.locals.append(self.local("schema-changed", (), self.whole, unless=unless))
        return found

    # One aspect after the other

    def local(
        self,
        kind: str,
        keywords: tuple[str, ...],
        answer: Answer,
        *,
        subject: str = "",
        before: str = "",
        after: str = "",
        name: str | None = None,
        unless: tuple[UnitKey, ...] = (),
    ) -> Local:
        base, revision = self.base.source(*keywords), self.revision.source(*keywords)
        if name is not None:
            base, revision = (
                _member_of(self.base, name) or base,
                _member_of(self.revision, name) or revision,
            )
        effect = {True: Effect.COMPATIBLE, False: Effect.BREAKING, None: Effect.UNDECIDED}[
            answer.contained
        ]
        owner = self._owner(base, revision, keywords, name)
        where = where_of(owner.document, owner.pointer)
        if name is not None and not where.endswith(f"/{escape(name)}"):
            where = (
                f"{where}/{escape(name)}"
                if where.rpartition(" ")[2].startswith("/")
                else f"{where} /{escape(name)}"
            )
        return Local(
            KINDS[kind],
            effect,
            where,
            base,
            revision,
            subject,
            before,
            after,
            answer.how,
            value=answer.values,
            unless=unless,
        )

    def _owner(
        self, base: Schema, revision: Schema, keywords: tuple[str, ...], name: str | None
    ) -> Schema:
        """The schema that gives the change its place: of the base, if it says anything there."""
        if name is not None:
            return (
                base
                if _member_of(self.base, name) or not _member_of(self.revision, name)
                else revision
            )
        return (
            base if self.base.having(*keywords) or not self.revision.having(*keywords) else revision
        )

    def _moved(
        self,
        aspect: str,
        keywords: tuple[str, ...],
        base: Raw,
        revision: Raw,
        texts: tuple[str, str],
    ) -> Iterator[Local]:
        """The change of an aspect, unless both sides mean the same."""
        movement = movement_of(base, revision)
        if movement is not None:
            answer = self.answer(lambda: self.pick(base, revision))
            yield self.local(
                f"{aspect}-{movement}", keywords, answer, before=texts[0], after=texts[1]
            )

    @staticmethod
    def movement(base: Raw, revision: Raw) -> str | None:
        return movement_of(base, revision)

    def pick(self, base: Raw, revision: Raw) -> Raw:
        """What the receiver says of the two."""
        return revision if self.walk.sends_base else base

    def _type(self) -> Iterator[Local]:
        base, revision = self.base.location.types, self.revision.location.types
        if base == revision or (
            self.base.location.values is not None and self.revision.location.values is not None
        ):
            return
        types = [type_names(base), type_names(revision)]
        raws: list[Raw] = [{"type": names} if names else False for names in types]
        yield from self._moved(
            "type", ("type",), raws[0], raws[1], (" or ".join(types[0]), " or ".join(types[1]))
        )

    def _enumeration(self) -> Iterator[Local]:
        try:
            base, revision = self.base.enumeration(), self.revision.enumeration()
        except TooLarge:
            return
        if equal(base, revision):
            return
        keywords = ("enum", "const")
        yield from self._moved(
            "enum", keywords, base, revision, (values_text(self.base), values_text(self.revision))
        )

    def _keywords(self) -> Iterator[Local]:
        for aspect, keywords in KEYWORDS:
            yield from self._aspect(aspect, keywords)
        if any(_is_tuple(shape) for shape in (self.base, self.revision)):
            yield from self._aspect("condition", ("prefixItems", "items"))

    def _aspect(self, aspect: str, keywords: tuple[str, ...]) -> Iterator[Local]:
        if not self.base.having(*keywords) and not self.revision.having(*keywords):
            return
        try:
            base, revision = self.base.projection(*keywords), self.revision.projection(*keywords)
        except TooLarge:
            base, revision = True, False
        if not equal(base, revision):
            texts = (said(self.base, keywords), said(self.revision, keywords))
            yield from self._moved(aspect, keywords, base, revision, texts)

    def _names(self) -> Iterator[Local]:
        for name in dict.fromkeys([*self.base.names, *self.revision.names]):
            sides = (name in self.base.names, name in self.revision.names)
            if sides == (True, True):
                yield from self._requirement(name)
            else:
                kind = "property-removed" if sides[0] else "property-added"
                answer = self.answer(lambda name=name: self.receiver.member(name))  # type: ignore[misc]
                yield self.local(kind, ("properties",), answer, subject=name, name=name)

    def _requirement(self, name: str) -> Iterator[Local]:
        before, after = name in self.base.required, name in self.revision.required
        if before != after:
            needed = name in self.receiver.required
            answer = self.answer(
                lambda: (
                    {"anyOf": [{"not": {"type": "object"}}, {"required": [name]}]}
                    if needed
                    else True
                )
            )
            kind = "property-required" if after else "property-optional"
            yield self.local(kind, ("required",), answer, subject=name, name=name)

    def _other_names(self) -> Iterator[Local]:
        one_sided = set(self.base.patterns) ^ set(self.revision.patterns)
        if one_sided:
            yield from self._aspect("pattern-properties", ("patternProperties",))
        if self._maps() is None:
            known = dict.fromkeys([*self.base.names, *self.revision.names])
            base, revision = self.base.other_names(known), self.revision.other_names(known)
            if not equal(base, revision):
                texts = (
                    said(self.base, ("additionalProperties",)),
                    said(self.revision, ("additionalProperties",)),
                )
                yield from self._moved(
                    "additional-properties", ("additionalProperties",), base, revision, texts
                )

    def _maps(self) -> tuple[Location, Location] | None:
        """The values of a map on both sides, if both say something of them."""
        if all(_only_dicts(shape, "additionalProperties") for shape in (self.base, self.revision)):
            return self.base.child("additionalProperties"), self.revision.child(
                "additionalProperties"
            )
        return None

    # Below

    def _children(self) -> Iterator[tuple[Findings, Step]]:
        for name in self.base.names if self._both("object") else ():
            if name in self.revision.names:
                found = self._child("properties", name)
                yield (
                    found.settled(UNSENT) if self.sender.is_unsent(name) else found,
                    ("property", name),
                )
        for pattern in self.base.patterns if self._both("object") else ():
            if pattern in self.revision.patterns:
                yield self._child("patternProperties", pattern), ("pattern", pattern)
        if self._both("object") and (maps := self._maps()):
            yield self.walk.below(*maps), ("additional", "")
        tuples = any(_is_tuple(shape) for shape in (self.base, self.revision))
        if (
            self._both("array")
            and not tuples
            and (self.base.having("items") or self.revision.having("items"))
        ):
            yield self._child("items"), ("items", "")

    def _both(self, kind: str) -> bool:
        return kind in self.base.location.types and kind in self.revision.location.types

    def _child(self, keyword: str, name: str | None = None) -> Findings:
        base, revision = self.base.child(keyword, name), self.revision.child(keyword, name)
        if base.parts and revision.parts:
            return self.walk.below(base, revision)
        return self.walk.below(
            base if base.parts else _nothing(self.base),
            revision if revision.parts else _nothing(self.revision),
        )

    # Unions whose branches are objects, or otherwise not told apart by type

    def _annotations(self) -> Iterator[Local]:
        for keyword, kind in ANNOTATIONS:
            base, revision = self.base.annotation(keyword), self.revision.annotation(keyword)
            if as_text(base) != as_text(revision) and (base or revision or keyword == "default"):
                answer = Answer(True, "it says nothing about which messages are allowed")
                yield self.local(
                    kind, (keyword,), answer, before=brief(base), after=brief(revision)
                )
        formats = [_unasserted(shape.annotation("format")) for shape in (self.base, self.revision)]
        if formats[0] != formats[1]:
            answer = Answer(True, "no validator asserts such a format")
            yield self.local(
                "format-renamed",
                ("format",),
                answer,
                before=brief(formats[0]),
                after=brief(formats[1]),
            )
        if (
            self.revision.annotation("deprecated") is True
            and self.base.annotation("deprecated") is not True
        ):
            yield self.local(
                "property-deprecated", ("deprecated",), Answer(True, "it is allowed as before")
            )


def movement_of(base: Raw, revision: Raw) -> str | None:
    """How what is said moved; None if it says the same."""
    wider, narrower = is_proved(base, revision), is_proved(revision, base)
    if wider and narrower:
        return None
    return "widened" if wider else "narrowed" if narrower else "changed"


def _mean_the_same(base: Raw, revision: Raw) -> bool:
    return equal(base, revision) or movement_of(base, revision) is None


def _unasserted(name: Any) -> Any:
    """The format, if it says nothing to a validator; those of integers are bounds."""
    return None if name in ASSERTED_FORMATS or name in ("int32", "int64") else name


def _member_of(shape: Shape, name: str) -> Schema | None:
    found = shape.having_property(name)
    return found[0].part.schema.child("properties", name) if found else None


def _is_tuple(shape: Shape) -> bool:
    return any(
        "prefixItems" in f.value or isinstance(f.value.get("items"), bool) for f in shape.facets
    )


def _only_dicts(shape: Shape, keyword: str) -> bool:
    held = shape.having(keyword)
    return bool(held) and all(isinstance(facet.value[keyword], dict) for facet in held)


def _nothing(shape: Shape) -> Location:
    """A place of which a side says nothing."""
    return merge("", [Part(Anything(shape.source()), frozenset())])


class Anything(Schema):
    """What a schema stands for that is not written: it has the place of the one around it."""

    def __init__(self, around: Schema) -> None:
        super().__init__(around.document, around.pointer)
        object.__setattr__(self, "value", True)
