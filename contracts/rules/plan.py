"""A documented body's schema to a plan: a tree of places, each with its rules and their checks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from itertools import chain
from typing import Any

from contracts.document import Schema, join_pointer
from contracts.document.model import schemas_by_name
from contracts.messages import is_json
from contracts.rules.rule import Answer, Rule, Scope, json_found, member_text, shown
from contracts.rules.rule import Leaf as Leaf
from contracts.schemas import RUNGS, SAME_VALUE, asserts, constraints, validation
from contracts.schemas.contents import Found, encoding_of, is_document, is_encoded
from contracts.schemas.locations import ALL_TYPES, Location, Union, locate
from contracts.schemas.validation import Uncompilable, keyword_validator, matches, validator

SAYS_MORE_NAMES = {"additionalProperties", "unevaluatedProperties", "patternProperties"}
SAYS_MORE_NAMES |= {"propertyNames", "if", "dependentSchemas"}
"""Keywords beside which an undeclared name is not simply undocumented."""
SAYS_TYPES = {"type", "$ref", *SAME_VALUE}
"""Keywords that say no more of a value than its type, beside what stands below them."""
_OF_TEXTS = ("contentMediaType", "contentSchema", "contentEncoding", "format")
_OF_RUNGS = frozenset().union(*(rung.keywords for rung in RUNGS))


@dataclass(frozen=True, eq=False)
class Place:
    """A location with its rules, and the places below it, made when first asked for."""

    body: Scope
    location: Location
    outer: bool = False  # a branch of a union: nullability and type were judged before the choice
    names_above: bool = False  # whether the location of that union declares properties
    made: dict[object, Place] = field(default_factory=dict)  # of the body: a location's is one

    @cached_property
    def types(self) -> frozenset[str]:
        return ALL_TYPES if self.outer else self.location.types

    @cached_property
    def nullability(self) -> Rule | None:
        allowed = self.location.types
        if self.outer or "null" in allowed or not allowed or self.body.texts:
            return None
        return self._rule("nullability", "is never null", self._type_pointer)

    @cached_property
    def type(self) -> Rule | None:
        allowed = self.location.types
        if self.outer or allowed == ALL_TYPES or not allowed or self.body.texts & allowed:
            return None
        if "number" in allowed:
            allowed = allowed - {"integer"}
        seen = {"null"} & allowed
        if allowed != seen:
            seen |= {"value"}
        rule = self._rule("type", f"is of type {' or '.join(sorted(allowed))}", self._type_pointer)
        if self.body.texts:  # whose null is a text like any other
            return rule
        return replace(rule, members=tuple(sorted(seen)))

    @property
    def _type_pointer(self) -> str:
        if declaring := self.location.keywords(("type", "enum", "const")):
            return declaring[0][0].pointer
        if self.location.unions:
            return self.location.unions[0].schema.pointer
        return self.location.parts[0].schema.pointer

    @cached_property
    def required(self) -> Mapping[str, Rule]:
        rules: dict[str, Rule] = {}
        if "object" not in self.location.types:
            return rules
        for name, schema in self.location.required.items():
            pointer = join_pointer(schema.pointer, "required")
            rules[name] = self._rule("required", f"has a property {name}", pointer, name)
        return rules

    @cached_property
    def write_only(self) -> Mapping[str, Rule]:
        """By property that is in no answer: the rule holds where it could stand, and does not."""
        rules: dict[str, Rule] = {}
        for name, part in constraints.write_only(self.location).items():
            promise, pointer = f"does not give {name} back", part.schema.pointer
            rules[name] = self._rule("write-only property", promise, pointer, name)
        return rules

    @cached_property
    def discriminators(self) -> Mapping[str, tuple[Rule, Callable[[Any], str | None]]]:
        """By the property that names a branch: the rule that it is one which takes the value."""
        found = {}
        for union in self.location.unions:
            said = union.schema.value
            told = said.get("discriminator") if isinstance(said, dict) else None
            if not isinstance(told, dict) or "object" not in union.types:  # of the names alone
                continue
            if isinstance(name := told.get("propertyName"), str):
                promise = f"is of the schema that {name} names"
                rule = self._rule("discriminator", promise, union.schema.pointer, name)
                found[name] = rule, partial(_misnamed, union.schema, name)
        return found

    @cached_property
    def undocumented(self) -> Rule | None:
        """About names that nothing declares; None where the document says what they hold."""
        location = self.location
        keywords = set().union(*(part.value for part in location.parts))
        if "properties" not in keywords or keywords & SAYS_MORE_NAMES or location.truncated:
            return None
        if "object" not in location.types or any("object" in u.types for u in location.unions):
            return None
        if self.outer and (location.chosen_by or self.names_above):
            return None
        promise = "has no properties but the documented ones"
        return self._rule("undocumented properties", promise, location.parts[0].schema.pointer)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """The rules that keywords decide, in the order of judging."""
        found, said = [*self._enumerations()], self.location.words
        if not said.isdisjoint(_OF_RUNGS):
            found += self._rungs()
        if self.location.is_structured:
            found += [*self._closed(), *self._opaque_unions()]
        if not said.isdisjoint(_OF_TEXTS):
            found += self._encodings()
        return tuple(found)

    @cached_property
    def leaves_of(self) -> Mapping[str, Sequence[Leaf]]:
        """`leaves` by the type of value that they apply to."""
        found: dict[str, list[Leaf]] = defaultdict(list)
        for leaf in self.leaves:
            for kind in leaf.types:
                found[kind].append(leaf)
        return found

    @cached_property
    def branches(self) -> tuple[tuple[Union, Mapping[Location, Place]], ...]:
        """The unions whose branch a value selects, each with the places of its branches."""
        found, above = [], bool(self.location.properties)
        for union in self.location.unions:
            if union.selectable and union.values is None:
                found.append((union, {b: self._place(b, True, above) for b in union.branches}))
        return tuple(found)

    @cached_property
    def properties(self) -> Mapping[str, Place]:
        location = self.location
        if "object" not in location.types:
            return {}
        return {name: self._place(location.property(name)) for name in location.properties}

    @cached_property
    def patterns(self) -> Mapping[str, Place]:
        return {p: self._place(below) for p, below in self.location.patterns.items()}

    @cached_property
    def additional(self) -> Place | None:
        return self._perhaps(self.location.additional)

    @cached_property
    def prefix(self) -> tuple[Place, ...]:
        return tuple(map(self._place, self.location.prefix))

    @cached_property
    def items(self) -> Place | None:
        return self._perhaps(self.location.items)

    def _perhaps(self, location: Location | None) -> Place | None:
        return None if location is None else self._place(location)

    def _place(self, location: Location, outer: bool = False, above: bool = False) -> Place:
        place = Place(self.body, location, outer, above, self.made)
        if location.atlas.is_tree:
            return place
        return self.made.setdefault((location, outer, above), place)

    def undeclared(self, name: str) -> Place | None:
        """The place of the value under an undeclared name, if that can be told."""
        for pattern, place in self.patterns.items():
            found = matches(pattern, name)
            if found is None:
                return None
            if found:
                return place
        return self.additional

    @cached_property
    def content(self) -> Plan | None:
        """What JSON in a string promises, where a schema says so (JSON Schema §8.5)."""
        found = self.location.keywords(_OF_TEXTS) if "contentSchema" in self.location.words else ()
        for schema, said in found:
            is_json_text = is_json(str(said.get("contentMediaType"))) and not encoding_of(said)
            is_within = "<content>" in self.location.place  # JSON in JSON in JSON may never end
            if "contentSchema" in said and is_json_text and not is_within:
                body = replace(self.body, texts=frozenset(), advises=not self.body.texts)
                at = f"{self.location.place}/<content>"
                return Plan(body, schema.child("contentSchema"), at=at)
        return None

    @property
    def rules(self) -> Iterable[Rule]:
        """The rules at this place."""
        own = [self.nullability, self.type, *(leaf.rule for leaf in self.leaves)]
        if self.location.is_structured:
            own += [*self.required.values(), *self.write_only.values()]
            own += [rule for rule, _ in self.discriminators.values()]
            own.append(self.undocumented)
        return filter(None, own)

    @property
    def below(self) -> Sequence[Place]:
        """The places below, in the order of the document."""
        if not self.location.is_structured:
            return ()
        named = (*self.properties.values(), *self.patterns.values(), *self.prefix)
        below = [*named, *filter(None, (self.additional, self.items))]
        for _, places in self.branches:
            below += places.values()
        return below

    def _rule(self, kind: str, promise: str, pointer: str, name: str = "") -> Rule:
        location = self.location
        if location.is_everywhere and location.name:
            promise += f", wherever {location.name} stands"
        return self.body.rule(kind, promise, pointer, place=location.place or "/", name=name)

    def _enumerations(self) -> Iterable[Leaf]:
        location = self.location
        values, types = location.values, location.types
        if values is None or types <= {"null"}:
            return
        named = [value for value in values if value is not None]
        if len(named) == 2 and set(map(type, named)) == {bool}:
            return  # as good as the type
        kind, promise = "enum", f"is one of {', '.join(map(shown, named))}"
        if len(named) == 1:
            kind, promise = "const", f"is {shown(named[0])}"
        members = tuple(map(member_text, values))
        for schema, allowed in location.enumerations:
            rule = replace(self._rule(kind, promise, schema.pointer), members=members)
            yield _of_keywords(rule, types, {"enum": list(allowed)})

    def _rungs(self) -> Iterable[Leaf]:
        for rung in RUNGS:
            types = self.location.types & rung.types
            for schema, keywords in self.location.keywords(rung.keywords):
                if types and rung.applies(keywords):
                    says = ", ".join(f"{name} {shown(value)}" for name, value in keywords.items())
                    rule = self._rule(rung.kind, f"has {says}", schema.pointer)
                    yield _of_keywords(rule, types, keywords)

    def _closed(self) -> Iterable[Leaf]:
        location, objects, arrays = self.location, frozenset({"object"}), frozenset({"array"})
        for part in location.parts:
            value = part.value
            if value.get("additionalProperties") is False and objects <= location.types:
                promise = "has no properties but the declared ones"
                rule = self._rule("additional properties", promise, part.schema.pointer)
                keywords: dict[str, Any] = {"additionalProperties": False}
                for keyword in ("properties", "patternProperties"):
                    keywords[keyword] = dict.fromkeys(value.get(keyword, {}), True)
                yield _of_keywords(rule, objects, keywords)
        most = location.most_items
        if most is not None and arrays <= location.types:
            promise = f"has at most {most} items"
            rule = self._rule("items", promise, location.parts[0].schema.pointer)
            yield _of_keywords(rule, arrays, {"maxItems": most})

    def _encodings(self) -> Iterable[Leaf]:
        """What strings hold by keywords that are no assertions to a validator."""
        strings = self.location.types & {"string"}
        for part in self.location.parts if strings else ():
            pointer, name = part.schema.pointer, encoding_of(part.value)
            if name is not None:
                rule = self._rule("format", f"is {name} (RFC 4648)", pointer)
                yield Leaf(rule, strings, None, partial(is_encoded, name))
            elif is_json(str(part.value.get("contentMediaType"))):
                body = replace(self.body, advises=not self.body.texts)
                place = self.location.place or "/"
                rule = body.rule("readable", "is one JSON document", pointer, place=place)
                yield Leaf(rule, strings, None, is_document)

    def _opaque_unions(self) -> Iterable[Leaf]:
        for union in self.location.unions:
            if union.values is None and not union.selectable:
                quantity = {"oneOf": "exactly one"}.get(union.keyword, "at least one")
                promise = f"satisfies {quantity} of {len(union.branches)} schemas"
                rule = self._rule("union", promise, union.schema.pointer)
                yield Leaf(rule, self.location.types, partial(_union_validator, union))


def _of_keywords(rule: Rule, types: frozenset[str], keywords: dict[str, Any]) -> Leaf:
    return Leaf(rule, types, lambda: keyword_validator(json.dumps(keywords)))


def _misnamed(union: Schema, tag: str, value: dict[str, Any]) -> str | None:
    """What is wrong with the name of a branch; None where no branch is right, or none is named."""
    value_of, name = schemas_by_name(union.value), value.get(tag)  # type: ignore[arg-type]
    if not isinstance(name, str) or value_of.get(name) == "":
        return None
    document, takes = union.document, []
    for pointer in dict.fromkeys(value_of.values()):
        with suppress(*Uncompilable):
            if pointer and validation.takes(validator(Schema(document, pointer)), value):
                takes.append(pointer)
    if not takes:
        return None
    listed = (locate(Schema(document, pointer)).property(tag).texts for pointer in takes)
    if value_of.get(name) in takes or any(name in names for names in listed):
        return ""
    if name not in value_of:
        return f"{shown(name)}, which names no branch"
    others = ", ".join(pointer.rpartition("/")[2] for pointer in takes)
    return f"{shown(name)}, whose schema refuses the value, and that of {others} takes it"


def _union_validator(union: Union) -> validation.Validator:
    branches = [union.schema.child(union.keyword, n).pointer for n in range(len(union.branches))]
    schema = {union.keyword: list(map(validation.reference, branches))}
    return validation.validator_of(schema, union.schema.document)


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a body of one media type promises, or a header; `read` gives what is in it."""

    body: Scope
    schema: Schema
    read: Callable[[Answer], Found] = json_found
    each: bool = False  # each value in a row by itself
    at: str = ""  # the place that it stands at

    @property
    def within(self) -> str:
        """What its places are in, before which nothing is said of a body."""
        return f"header {self.body.header}" if self.body.header else ""

    @property
    def root(self) -> Place:
        return _root_of(self)

    @cached_property
    def verdict(self) -> Leaf:
        """`/ schema`: the validator's own verdict on the whole body."""
        promise = "satisfies its schema as a whole"
        place = self.root.location.place or "/"
        rule = self.body.rule("schema", promise, self.schema.pointer, place=place)
        return Leaf(rule, ALL_TYPES, partial(validator, self.schema))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Each rule once, in the order of the document; `/ schema` last."""
        return tuple({rule.id: rule for rule in (*self._of_places, self.verdict.rule)}.values())

    @property
    def _of_places(self) -> Iterable[Rule]:
        """The rules at all places, each of which comes once, however many ways lead there."""
        waiting, seen = [self.root], {self.root}
        while waiting:
            place = waiting.pop()
            yield from place.rules
            if place.content is not None:
                yield from place.content.rules
            for below in reversed(place.below):
                if below not in seen:
                    seen.add(below)
                    waiting.append(below)

    @property
    def says_something(self) -> bool:
        """Whether there is anything that a text could break."""
        keywords = chain(*(part.value.items() for part in self.root.location.parts))
        more = (name for name, held in keywords if name not in SAYS_TYPES and asserts(name, held))
        return any(self._of_places) or any(more)


@lru_cache(maxsize=32)  # a large document has thousands, which are judged one after the other
def _root_of(plan: Plan) -> Place:
    return Place(plan.body, locate(plan.schema, plan.at or "/*" * plan.each))
