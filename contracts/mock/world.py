"""What exists on a mock with state: created, or there from the first, by the document alone."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Protocol
from uuid import NAMESPACE_URL, uuid5

from contracts.document import Header, Operation, ResponseSpec, Schema, Spec
from contracts.document.model import NOWHERE
from contracts.document.serialisation import encoded, is_odd, parameter_names, plain_text
from contracts.messages import Request, Response
from contracts.mock.bodies import NO_VALUE, Variant, header_texts, is_value, sample_values
from contracts.mock.views import View, edited, view_of
from contracts.payloads import RandomChoices
from contracts.payloads.compiler import generator
from contracts.schemas.claims import readings_of
from contracts.schemas.families import Family, families_of, list_of, plain
from contracts.schemas.locations import Location, locate
from contracts.schemas.media_types import dump
from contracts.schemas.validation import takes, validator

MOST = 2048  # resources; beyond it those that were created first are forgotten
FIRST = 12  # resources of a collection that nobody created
TRIED = 64  # ids that are made up for a resource, until the document takes one

Chosen = tuple[ResponseSpec, int]  # a documented response, and the status that it is given with
Names = tuple[str, ...]  # the values of the parameters in the path of a resource, decoded
samples = lru_cache(maxsize=16)(sample_values)


class Mock(Protocol):
    """What answers where nothing exists."""

    @property
    def spec(self) -> Spec: ...
    @property
    def plain(self) -> Callable[..., Response]: ...
    @property
    def lived(self) -> Callable[[Operation, Any, int], Any] | None: ...
    def variants(self, operation: Operation, response: ResponseSpec) -> tuple[Variant, ...]: ...
    def first(self, operation: Operation, candidates: Any, preferred: Any) -> Chosen | None: ...
    def given(
        self, operation: Operation, chosen: Chosen, variant: Variant, index: int, request: Request
    ) -> Response: ...


@dataclass(slots=True)
class Resource:
    """One that is there; `value` has all its members that answers show."""

    path: str  # of its family
    names: Names
    value: dict[str, Any]
    known: Sequence[str]  # the members that it may have: what `value` lacks of them, it has not
    index: int  # which of the bodies that the document allows it looks like
    serial: int = 0  # in the order of creation
    version: int = 1
    is_seed: bool = True  # nobody created it


@dataclass
class Store:
    """What was created, changed and deleted on a mock; it belongs to one event loop."""

    resources: dict[tuple[str, Names], Resource] = field(default_factory=dict)
    gone: dict[tuple[str, Names], None] = field(default_factory=dict)
    seeded: set[tuple[str, Names]] = field(default_factory=set)  # collections with their first
    repeated: dict[tuple[str, str], tuple[bytes, Response]] = field(default_factory=dict)
    views: dict[str, Sequence[View]] = field(default_factory=dict)
    serial: int = 0  # of the last resource
    version: int = 0  # another one after whatever changes an answer
    moment: int = 0  # answers so far, of those that are about what exists

    def clear(self) -> None:
        """Let all be as it was at first."""
        for kept in (self.resources, self.gone, self.seeded, self.repeated):
            kept.clear()
        self.serial, self.moment, self.version = 0, 0, self.version + 1

    def put(self, resource: Resource) -> None:
        """Let a resource exist, or be another; of too many, those that were created first go."""
        key, self.version = (resource.path, resource.names), self.version + 1
        if key not in self.resources:
            self.serial += 1
            resource.serial = self.serial
        self.gone.pop(key, None)
        self.resources[key] = resource
        if len(self.resources) > MOST:
            created = (other for other, one in self.resources.items() if not one.is_seed)
            del self.resources[next(created, next(iter(self.resources)))]

    def remove(self, resource: Resource) -> None:
        """Let a resource be gone, with all that is within it."""
        path, names = resource.path, resource.names
        for other in [*self.resources]:
            if other[0].startswith(f"{path}/") and other[1][: len(names)] == names:
                del self.resources[other]
        self.resources.pop((path, names), None)
        self.gone[path, names] = None
        self.version += 1
        if len(self.gone) > MOST:
            del self.gone[next(iter(self.gone))]


@dataclass(frozen=True)
class World:
    """A mock and its store: where `strict`, what nobody created and no list shows is not there."""

    mock: Mock
    store: Store
    strict: bool = True

    def find(self, family: Family, names: Names) -> Resource | None:
        """The resource with these names, perhaps one that nobody created; None if none is."""
        key, known = (family.path, names), self.store.resources
        if key in known or not self.has_parent(family, names):
            return known.get(key)
        self.seed(family, names[:-1])
        is_out = (self.strict and _is_finite(family)) or key in self.store.gone
        if key in known or is_out or not set(map(str, NOWHERE)).isdisjoint(names):
            return known.get(key)
        return self.made(family, names, digest(*key))

    def has_parent(self, family: Family, names: Names) -> bool:
        """Whether that is there in which resources of a family with these names are."""
        return not family.parent or self._parent(family, names) is not None

    def _parent(self, family: Family, names: Names) -> Resource | None:
        for above in families_of(self.mock.spec):
            if above.item_path == family.parent != "":
                return self.find(above, names[: len(parameter_names(above.item_path))])
        return None

    def seed(self, family: Family, above: Names) -> None:
        """Let the first resources of a collection exist; one in what was created is empty."""
        parent, key = self._parent(family, above), (family.path, above)
        if not family.collection_path or key in self.store.seeded:
            return
        self.store.seeded.add(key)
        texts, seen = samples(self.mock.spec).get(family.id_parameter, ()), set[str]()
        for index in range(self._first(family) if parent is None or parent.is_seed else 0):
            for resource in islice(self.fresh(family, above, texts[index : index + 1]), 1):
                # What no path names is known by its first member: there is none of it twice.
                known = plain_text(next(iter(resource.value.values()), index))
                if family.item_path or known not in seen:
                    self.store.put(resource)
                seen.add(known)

    def _first(self, family: Family) -> int:
        """How many resources a collection has at first: at least as many as its list has to."""
        least = FIRST
        for lists in filter(None, [family.list]):
            for variant in successes(self.mock, lists, 200)[:1]:
                place, _ = list_in(lists, variant)
                for part in place.parts if place else ():
                    least = max(least, part.value.get("minItems", 0))
        return min(least, MOST)

    def fresh(self, family: Family, above: Names, wanted: Sequence[str]) -> Iterator[Resource]:
        """Resources under names that none had, as the document wants these; `wanted` first."""
        number = self.store.serial + 1
        made = (uuid5(NAMESPACE_URL, f"{family.path} {above} {number}"), number)
        texts = chain(wanted, map(str, made), [f"{family.word}-{number}"], self._drawn(family))
        for text in islice(texts, TRIED):
            names = (*above, text)
            key, resource = (family.path, names), self.made(family, names, number)
            is_new = key not in self.store.resources and key not in self.store.gone
            if is_new and family.id_in(resource.value) in ("", text) and _is_name(family, text):
                yield resource

    def _drawn(self, family: Family) -> Iterator[str]:
        """Texts by the schemas of the parameter, and of the member that shows it."""
        schemas = [*_schemas(family)]
        for face in self.faces(family)[:1]:
            for name in face.id_member(family):
                schemas += (part.schema for part in face.location.property(name).parts)
        for turn in range(TRIED):
            for schema in schemas:
                choices = RandomChoices(f"{self.store.serial} {turn}")
                with suppress(*NO_VALUE):
                    yield plain_text(generator(schema).draw(choices))

    def made(self, family: Family, names: Names, index: int) -> Resource:
        """A resource as the document shows one, always the same under the same names."""
        face, edits = self.face(family, index), dict[str, list[Any]]()
        if face is None:
            return Resource(family.path, names, {}, (), index)
        above = dict(zip(map(plain, parameter_names(family.path)), names, strict=False))
        for name in face.known:
            if (text := above.get(plain(name))) and plain(name) != "id":
                edits[name] = ids(text, face.location.property(name))
        for name in face.id_member(family):
            edits[name] = ids(names[-1], face.location.property(name))
        return Resource(family.path, names, edited(face.held, edits, face.fits), face.known, index)

    def age(self, family: Family, resource: Resource, operation: Operation) -> None:
        """Let a resource be as an operation finds or leaves it, if something becomes of it."""
        face = self.face(family, resource.index)
        if self.mock.lived is not None and face is not None:
            value, edits = self.mock.lived(operation, resource.value, self.store.moment), {}
            for name in value:
                edits[name] = [value[name]]
            resource.value = edited(resource.value, edits, face.fits)

    def face(self, family: Family, index: int) -> View | None:
        """How the document shows a resource in full, one of the ways."""
        faces = self.faces(family)
        return faces[index % len(faces)] if faces else None

    def faces(self, family: Family) -> Sequence[View]:
        """How the document shows a resource of a family in full, the richest operation first."""
        if family.path not in self.store.views:
            found = list[View]()
            for one in filter(None, (family.read, family.replace, family.patch, family.create)):
                found = found or self._views(one, family)
            if family.list is not None:
                shown = (view for view in self.items(family.list) if isinstance(view.held, dict))
                found = found or [*shown]
            self.store.views[family.path] = found
        return self.store.views[family.path]

    def _views(self, operation: Operation, family: Family) -> list[View]:
        found = list[View]()
        for variant in successes(self.mock, operation, 200, 201):
            if (view := view_of(variant.value, variant.schema, family)) is not None:
                found.append(view)
        return found

    def items(self, operation: Operation) -> Sequence[View]:
        """How the members of a list show resources; none if they don't."""
        known, found = f"{operation.key} items", list[View]()
        if known in self.store.views:
            return self.store.views[known]
        for variant in successes(self.mock, operation, 200):
            place, members = list_in(operation, variant)
            if place is not None and place.items is not None:
                found += (View(member, place.items.parts[0].schema) for member in members)
        self.store.views[known] = found
        return found


def digest(*parts: object) -> int:
    """A number that is the same for the same."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:4], "big")


def granted(mock: Mock, operation: Operation, *preferred: int) -> Chosen | None:
    """The documented success of an operation, with a `preferred` status where it has it."""
    ranked, wanted = list[ResponseSpec](), [*map(str, preferred), "2", "default", "DEFAULT"]
    for status in wanted:
        for response in operation.responses:
            if response.status.startswith(status) and response not in ranked:
                ranked.append(response)
    return mock.first(operation, ranked, (*preferred, *range(200, 300)))


def bodies(mock: Mock, operation: Operation, response: ResponseSpec) -> Sequence[Variant]:
    """The bodies of a response, those of JSON alone where there are such."""
    variants = mock.variants(operation, response)
    return [variant for variant in variants if variant.schema is not None] or variants


def successes(mock: Mock, operation: Operation, *preferred: int) -> Sequence[Variant]:
    """The bodies of the documented success of an operation."""
    chosen = granted(mock, operation, *preferred)
    return bodies(mock, operation, chosen[0]) if chosen else ()


def list_in(operation: Operation, variant: Variant) -> tuple[Location | None, Sequence[Any]]:
    """What is said of the list in a body, and the list; None where it can't have one."""
    names, value = list_of(operation), variant.value
    if names is None or variant.schema is None:
        return None, ()
    place = locate(variant.schema)
    for name in names:
        place = place.property(name)
        value = value.get(name) if isinstance(value, dict) else None
    return place, value if isinstance(value, list) else ()


def _schemas(family: Family) -> Iterator[Schema]:
    """What is said of the parameter of an id."""
    for operation in family.operations:
        for parameter in operation.parameters:
            is_id = parameter.location == "path" and parameter.name == family.id_parameter
            if is_id and parameter.schema is not None:
                yield parameter.schema


def _is_name(family: Family, text: str) -> bool:
    """Whether the parameter of a path takes a text."""
    for schema in islice(_schemas(family), 1):
        if not any(map(partial(takes, validator(schema)), readings_of(text))):
            return False
    return not is_odd("/{x}", f"/{encoded(text)}")


def _is_finite(family: Family) -> bool:
    """Whether the document shows which resources there are: it makes or lists them."""
    puts = family.replace.responses if family.replace else ()
    makes = "201" in map(attrgetter("status"), puts)
    return bool(family.id_parameter and (family.create or family.list or makes))


def ids(text: str, place: Location) -> list[Any]:
    """What may stand at a place for a name."""
    if text.isdecimal() and "string" not in place.types:
        return [int(text), text]
    return [text]


def tag_of(header: Header, resource: Resource) -> str:
    """The entity tag of a resource as it is now, as far as the document has room for one."""
    version, texts = resource.version, header_texts(header)
    number = digest(resource.path, resource.names, version, dump(resource.value))
    wanted = (f'"{version}-{number}"', f'"{version}"', f'W/"{version}"')
    spare = "".join(texts[version % len(texts or "-") :][:1])
    return next((text for text in wanted if is_value(header, text)), spare)
