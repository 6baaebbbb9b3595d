"""Schemas as the parties to a message read them: what a receiver takes, and what a sender sends.

Both are written out as JSON without references, except where recursion needs one. A sender sends
only names that its own document declares, unless it spells out `additionalProperties` (a policy of
the suite). A property that is `readOnly` is not in requests, one `writeOnly` not in responses.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from contracts import schemas
from contracts.document import Document, ref_target
from contracts.document.directions import is_left_out
from contracts.schemas import ARRAYS, OBJECTS, SAME_VALUE, UNIONS, Raw, asserts, mapped, only

MAX_NODES = 20_000  # schemas written out in one form; a larger one is not looked at as a whole
MOST = dict.fromkeys(("required", "properties", "allOf", *UNIONS), 2_000)
MOST |= dict.fromkeys(("dependentRequired", "dependentSchemas", "patternProperties"), 100)
"""Members of a keyword, each of which is held against all the others; of values alone, any."""


class TooLarge(Exception):
    """More than `MAX_NODES` schemas in one form, or too many below one another."""


class TooLong(TooLarge):
    """A schema has more members of a keyword than `MOST`; `str()` says how many of which."""


def beyond(schema: Mapping[str, Any]) -> str:
    """Which keyword has too many members to be compared, and how many; empty if none has."""
    for keyword, most in MOST.items():
        held = schema.get(keyword, ())
        if len(held) > most and not all(map(_is_value, held)):
            return f"beyond what is compared: {len(held)} members of {keyword}, {most} at most"
    return ""


def _is_value(branch: Any) -> bool:
    return isinstance(branch, dict) and not branch.keys().isdisjoint({"const", "enum"})


class Swaps(NamedTuple):
    """Schema objects by their identity: what stands in place of each, and what holds there too."""

    nodes: Mapping[int, tuple[Raw, Raw]]
    definitions: Mapping[str, Raw]  # that the latter refers to


UNCHANGED = Swaps({}, {})


def taken_form(document: Document, *values: Raw, swaps: Swaps = UNCHANGED) -> Raw:
    """All of `values`, made of schemas of `document`, as a receiver takes them; raises TooLarge."""
    return _Forms(document, swaps).whole(values, closed=False)


def checked_form(document: Document, *values: Raw, swaps: Swaps = UNCHANGED) -> Raw:
    """Like `taken_form`, with every reference kept: never too large, and only to validate with."""
    return _Forms(document, swaps, inlines=False).whole(values, closed=False)


def sent_form(document: Document, *values: Raw) -> Raw:
    """All of `values` as a sender sends them; raises TooLarge."""
    return _Forms(document).whole(values, closed=True)


def outline(
    document: Document,
    value: Raw,
    kept: Container[str],
    plain: Mapping[str, Raw] | None = None,
    seen: frozenset[str] = frozenset(),
) -> Raw:
    """A schema with less said of what is in a value: of its items, and of properties not `kept`.

    These may be anything, so that all that is sent is still there; or they are `plain`, or only
    there if they have to be. Of several branches more than one may hold.
    """
    if not isinstance(value, dict):
        return value
    found, within = dict(value), partial(outline, document, kept=kept, plain=plain)
    both = list(map(partial(within, seen=seen), found.pop("allOf", ())))
    if isinstance(reference := value.get("$ref"), str) and reference not in seen:
        del found["$ref"]
        both.append(within(document.at(ref_target(reference)), seen=seen | {reference}))
    for keyword in filter(found.__contains__, UNIONS):
        both.append({"anyOf": list(map(partial(within, seen=seen), found.pop(keyword)))})
    properties = found["properties"] = dict(found.get("properties", {}))
    for name, schema in properties.items():
        if name in kept or is_left_out(document, schema):
            continue
        properties[name] = True
        if plain is not None:
            spare = name in value.get("required", ()) and schema
            properties[name] = plain.get(name, spare)
    if isinstance(found.get("items"), dict) and plain is None:
        found["items"] = True
    if not properties:
        del found["properties"]
    if both:
        found["allOf"] = both
    return found


@lru_cache(maxsize=256)
def is_recursive(document: Document, reference: str) -> bool:
    """Whether what a reference names leads back to itself."""
    waiting, seen = [reference], set[str]()
    while waiting:
        found = set(schemas.references(document.at(ref_target(waiting.pop()))))
        if reference in found:
            return True
        waiting += found - seen
        seen |= found
    return False


@dataclass(frozen=True, slots=True)
class Names:
    """What a sender may call the properties of one object."""

    exact: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    open: bool = False

    def __or__(self, other: "Names") -> "Names":
        patterns = self.patterns | other.patterns
        return Names(self.exact | other.exact, patterns, self.open or other.open)


NO_NAMES = Names()
ALONE = {"$ref", "allOf", "title", "description"}
"""Keywords of a schema around a recursive reference that leave it closed over its own names."""


class _Forms:
    """Writes one schema out; `names` are those of definitions, by reference and form."""

    def __init__(
        self, document: Document, swaps: Swaps = UNCHANGED, *, inlines: bool = True
    ) -> None:
        self.document, self.swaps, self.inlines = document, swaps, inlines
        self.nodes = 0
        self.names: dict[tuple[str, bool], str] = {}

    def whole(self, values: Sequence[Raw], *, closed: bool) -> Raw:
        definitions = dict(self.swaps.definitions)
        try:
            schema = self.closed([*values]) if closed else _all(map(self.opened, values))
            own = len(definitions)
            while missing := list(self.names.items())[len(definitions) - own :]:
                for (reference, is_closed), name in missing:
                    target = self.target(reference)
                    definitions[name] = self.closed([target]) if is_closed else self.opened(target)
        except RecursionError:
            raise TooLarge("the schema is nested too deeply to be compared as a whole") from None
        return {"allOf": [schema], "$defs": definitions} if definitions else schema

    def target(self, reference: str) -> Raw:
        """What a reference names, through references to references."""
        node, seen = self.document.at(ref_target(reference)), set[str]()
        while isinstance(node, dict) and node.keys() == {"$ref"} and node["$ref"] not in seen:
            seen.add(node["$ref"])
            node = self.document.at(ref_target(node["$ref"]))
        return node  # type: ignore[no-any-return]

    def is_recursive(self, part: dict[str, Any]) -> bool:
        """Whether the reference of a schema object leads back to itself."""
        reference = part.get("$ref")
        return isinstance(reference, str) and is_recursive(self.document, reference)

    def named(self, reference: str, *, closed: bool) -> Raw:
        prefix = "schema" if self.inlines and self.swaps is UNCHANGED else "own"
        name = self.names.setdefault((reference, closed), f"{prefix}{len(self.names)}")
        return {"$ref": f"#/$defs/{name}"}

    def count(self, value: Any = True) -> None:
        self.nodes += self.inlines
        if self.nodes > MAX_NODES:
            raise TooLarge("the schema is too large to be compared as a whole")
        if self.inlines and isinstance(value, dict) and (why := beyond(value)):
            raise TooLong(why)

    # What a receiver takes: the schema as written, without properties that don't travel.

    def opened(self, value: Any) -> Raw:
        value, said = self.swaps.nodes.get(id(value), (value, True))
        if not isinstance(value, dict):
            return bool(value)
        self.count(value)
        below = mapped(value, self.opened)
        found = {keyword: held for keyword, held in below.items() if asserts(keyword, held)}
        for name, schema in value.get("properties", {}).items():
            if is_left_out(self.document, schema):
                found["properties"][name] = True
        if not isinstance(reference := found.pop("$ref", None), str):
            return found if said is True else _all([found, said])
        if not self.inlines or is_recursive(self.document, reference):
            return _all([self.named(reference, closed=False), found, said])
        return _all([self.opened(self.target(reference)), found, said])

    # What a sender sends: `allOf` merged first, so that an object is closed over all its names.

    def closed(self, values: list[Raw], outer: Names = NO_NAMES) -> Raw:
        """The schemas that all apply; `outer` names are declared around the branch of a union."""
        self.count()
        parts, found = list[dict[str, Any]](), list[Raw]()
        self.flatten(values, parts, found, len(values) == 1 and outer == NO_NAMES)
        if False in found:
            return False
        is_object = bool(found) or outer != NO_NAMES
        names = outer
        unions: list[tuple[str, list[Any]]] = []
        for part in parts:
            is_object |= "object" in part.get("type", ()) or not OBJECTS.isdisjoint(part)
            names |= self.own_names(part)
            if self.is_recursive(part):
                names |= self.all_names(self.target(part["$ref"]), frozenset({part["$ref"]}))
            unions += [(keyword, part[keyword]) for keyword in UNIONS if keyword in part]
            found.append(self.rest(part))
        found += self.structure(parts)
        is_closed = False
        for keyword, branches in unions:
            around = names
            for other, others in unions:
                if others is not branches:
                    around |= self.all_names({other: others})
            closed = [self.closed([value], around) for value in branches]
            found.append({keyword: closed})
            is_closed = is_closed or branches.count(False) < len(branches)
        if is_object and not names.open and not is_closed:
            own = {"properties": dict.fromkeys(sorted(names.exact), True)}
            own["patternProperties"] = dict.fromkeys(sorted(names.patterns), True)
            found.append({**own, "additionalProperties": False})
        return _all(found)

    def flatten(self, values: list[Any], parts: list[Any], kept: list[Raw], alone: bool) -> None:
        """Collect all that applies; kept: false, references to itself, closed if one is `alone`."""
        for value in values:
            self.count(value)
            if value is False:
                kept.append(False)
            if not isinstance(value, dict):
                continue
            parts.append(value)
            below = [*value.get("allOf", ())]
            reference = value.get("$ref")
            single = alone and len(below) + ("$ref" in value) == 1 and value.keys() <= ALONE
            if self.is_recursive(value):
                kept.append(self.named(value["$ref"], closed=single))
            elif isinstance(reference, str):
                below.append(self.target(reference))
            self.flatten(below, parts, kept, single)

    def all_names(self, value: Any, seen: frozenset[str] = frozenset()) -> Names:
        """Every name that a schema may declare for an object, whatever branch holds."""
        if not isinstance(value, dict):
            return NO_NAMES
        found = self.own_names(value)
        for keyword in SAME_VALUE:
            for child in value.get(keyword, ()):
                found |= self.all_names(child, seen)
        reference = value.get("$ref")
        if isinstance(reference, str) and reference not in seen:
            found |= self.all_names(self.target(reference), seen | {reference})
        return found

    def own_names(self, part: dict[str, Any]) -> Names:
        properties = part.get("properties", {})
        exact = set(part.get("required", ())) - properties.keys()
        for name, schema in properties.items():
            if not is_left_out(self.document, schema):
                exact.add(name)
        extra = part.get("additionalProperties", part.get("unevaluatedProperties", False))
        patterns = frozenset(part.get("patternProperties", ()))
        found = Names(frozenset(exact), patterns, extra is not False)
        conditions = map(part.get, ("if", "then", "else"))
        for schema in (*conditions, *part.get("dependentSchemas", {}).values()):
            found |= self.all_names(schema)
        return found

    def rest(self, part: dict[str, Any]) -> Raw:
        """What a part says beside its structure; conditions in it are read as written."""
        kept = part.keys() - {"$ref", *SAME_VALUE, *(OBJECTS - {"required"}), *ARRAYS}
        if part.get("unevaluatedProperties") is False:
            kept.remove("unevaluatedProperties")
        return self.opened(only(part, filter(kept.__contains__, part)))

    def structure(self, parts: Sequence[dict[str, Any]]) -> Iterator[Raw]:
        """Properties and items of all parts, each closed once."""
        declared: dict[str, list[Any]] = {}
        items = []
        for part in parts:
            for name, schema in part.get("properties", {}).items():
                declared.setdefault(name, []).append(schema)
            if "items" in part:
                items.append(part["items"])
        properties: dict[str, Raw] = {}
        for name, alike in declared.items():
            is_sent = not any(map(partial(is_left_out, self.document), alike))
            properties[name] = is_sent and self.closed(alike)
        yield {"properties": properties} if properties else True
        own = ["patternProperties", "additionalProperties"]
        if any("prefixItems" in part for part in parts):
            own += ARRAYS
        elif items:
            yield {"items": self.closed(items)}
        for part in parts:
            found = mapped(only(part, own), lambda schema: self.closed([schema]))
            if "additionalProperties" in found:
                found["properties"] = dict.fromkeys(part.get("properties", ()), True)
            yield found


def _all(schemas: Iterable[Raw]) -> Raw:
    """All of the schemas at once, without those that say nothing."""
    found = [schema for schema in schemas if schema not in ({}, True)]
    if len(found) > 1:
        return {"allOf": found}
    return next(iter(found), True)
