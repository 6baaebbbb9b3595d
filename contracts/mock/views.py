"""Bodies that show a resource, and bodies that change it: as much of both as schemas take."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contracts.document import MediaType, Operation, Schema
from contracts.document.model import described_by
from contracts.messages import Request, essence_of, is_json
from contracts.schemas.families import Family, id_names, plain, wrappers
from contracts.schemas.json_text import decode
from contracts.schemas.locations import Location, locate
from contracts.schemas.media_types import Body, content_of
from contracts.schemas.validation import takes, validator

GONE = object()  # in place of a value: the member is left out
MAX_BODY = 1 << 16  # bytes of a body of which a resource keeps what was sent

Members = Mapping[str, Any]
Edits = Mapping[str, Sequence[Any]]  # by member, the values that it may have, the best first


def edited(value: Members, edits: Edits, fits: Callable[[Any], bool]) -> dict[str, Any]:
    """The value with members set or left out, all at once or as many as it stays fit with."""
    found, whole = dict(value), dict(value)
    for name, choices in edits.items():
        whole = _with(whole, name, choices[0])
    if fits(whole):
        return whole
    for name, choices in edits.items():
        for choice in choices:
            one = _with(found, name, choice)
            if fits(one):
                found = one
                break
    return found


def _with(value: Members, name: str, held: Any) -> dict[str, Any]:
    found = {**value, name: held}
    if held is GONE:
        del found[name]
    return found


@dataclass(frozen=True, eq=False)
class View:
    """A body, and the envelopes in it around the one resource that it shows."""

    body: Any
    schema: Schema
    place: Sequence[str] = ()

    @property
    def held(self) -> Any:
        """The resource, out of its envelopes."""
        value = self.body
        for name in self.place:
            value = value[name]
        return value

    @cached_property
    def location(self) -> Location:
        location = locate(self.schema)
        for name in self.place:
            location = location.property(name)
        return location

    @cached_property
    def known(self) -> tuple[str, ...]:
        """The members that its schema names."""
        return names_of(self.location)

    def around(self, held: Any) -> Any:
        """The body with something else in the envelopes."""
        for index in reversed(range(len(self.place))):
            outer = View(self.body, self.schema, self.place[:index]).held
            held = {**outer, self.place[index]: held}
        return held

    def fits(self, held: Any) -> bool:
        """Whether a service may send that: nothing that is `writeOnly` is in it."""
        sender = Schema(self.schema.document.sender, self.schema.pointer)
        return takes(validator(sender), self.around(held))

    def of(self, value: Members, known: Sequence[str]) -> dict[str, Any]:
        """What it shows of a resource; `known` are the members that `value` tells of."""
        edits, seen = dict[str, list[Any]](), fitted(self.location, value, "writeOnly")
        for name in (*self.held, *seen):
            if name in seen or name in known:
                edits[name] = [seen.get(name, GONE)]
        return edited(self.held, edits, self.fits)

    def id_member(self, family: Family) -> Sequence[str]:
        """The member that names a resource, if it has one."""
        for wanted in id_names(family.id_parameter or "id", family.word):
            for name in self.known:
                if plain(name) == wanted:
                    return (name,)
        return ()

    def servers(self, family: Family) -> set[str]:
        """The members that are the server's: its id, and what is `readOnly`."""
        found = set(self.id_member(family))
        for name in self.known:
            found.update([name] * _is_marked(self.location.property(name), "readOnly"))
        return found


def view_of(body: Any, schema: Schema | None, family: Family) -> View | None:
    """How a body shows a resource of a family; None if it is no object."""
    if schema is None or not isinstance(body, dict):
        return None
    if not family.id_in(body):
        called = [*wrappers(body, family.word)]
        for name, held in body.items():
            is_it = name in called or (len(body) == 1 and family.id_in(held))
            if isinstance(held, dict) and is_it:
                return View(body, schema, (name,))
    return View(body, schema)


def names_of(location: Location) -> tuple[str, ...]:
    """The members that are declared at a place, in whichever branch, with what chooses these."""
    found = dict.fromkeys((*location.properties, *filter(None, [location.chosen_by])))
    for union in location.unions:
        for branch in union.objects:
            found |= dict.fromkeys(branch.properties)
    return tuple(found)


def _is_marked(location: Location, mark: str) -> bool:
    return any(part.value.get(mark) is True for part in location.parts)


def fitted(location: Location | None, value: Any, mark: str) -> Any:
    """What a schema has of a value by the same names; `GONE` for what has a mark."""
    if location is None:
        return value
    if _is_marked(location, mark):
        return GONE
    for union in location.unions:
        if union.selectable and union.values is None and (branch := union.select(value)):
            value = fitted(branch, value, mark)
    if isinstance(value, list):
        items = (fitted(location.items, item, mark) for item in value)
        return [item for item in items if item is not GONE]
    if not isinstance(value, dict):
        return value
    known, found = names_of(location), dict[str, Any]()
    for name, held in value.items():
        is_named = name in known or bool(location.patterns)
        child = location.property(name) if is_named else location.additional
        if child is not None or not known:
            found = _with(found, name, fitted(child, held, mark))
    return found


@dataclass(frozen=True)
class Submission:
    """The body of a request, as what becomes of a resource of a family."""

    family: Family
    operation: Operation
    request: Request

    @cached_property
    def value(self) -> Any:
        """The value in the body, out of its envelope; None if it has none, or is too large."""
        documented, body = self.operation.request_body, self.request.body or b""
        content_type = self.request.header("content-type") or ""
        media = described_by(documented.content, content_type) if documented else None
        if media is None or len(body) > MAX_BODY:
            return None
        value = decode(body).value if is_json(content_type) else None
        if value is None and (content := content_of(media)):
            values = content.found(Body(body, content_type)).values
            value = next(iter(values[0]), None) if values else None
        for name in self._envelope(media):
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def _envelope(self, media: MediaType) -> Sequence[str]:
        """The one member of a body, if that holds the resource by its name."""
        names = locate(media.schema).properties if media.schema is not None else ()
        return names if len(names) == 1 and [*wrappers(names, self.family.word)] else ()

    @property
    def members(self) -> Members:
        """What it holds, if that is an object."""
        return self.value if isinstance(self.value, dict) else {}

    @cached_property
    def written(self) -> set[str]:
        """The members that a client may send, by the document."""
        found, documented = set[str](), self.operation.request_body
        for media in documented.content if documented else ():
            if media.schema is not None:
                place = locate(media.schema)
                for name in self._envelope(media):
                    place = place.property(name)
                for name in names_of(place):
                    found.update([name] * (not _is_marked(place.property(name), "readOnly")))
        return found

    @property
    def own_id(self) -> str:
        """The id that a client chose, where the document lets it; "" if it chose none."""
        chosen = self.family.id_in(self.members)
        is_written = self.family.id_in(dict.fromkeys(self.written, "x"))
        return chosen * bool(is_written)

    def _taken(self, face: View, sent: Members) -> Members:
        """What was sent that a resource shows."""
        shown = fitted(face.location, sent, "writeOnly")
        return fitted(face.location, shown, "readOnly")  # type: ignore[no-any-return]

    def whole(self, face: View | None) -> Edits:
        """What a resource is as it was sent: what is not sent has its default, or is left out."""
        if face is None:
            return {}
        edits, held = dict[str, Sequence[Any]](), self._taken(face, self.members)
        own = face.servers(self.family)
        for name in filter(self.written.union(held).__contains__, (*face.known, *held)):
            if name in held and name not in own:
                edits[name] = [held[name]]
            elif name not in own and self.members:
                parts = face.location.property(name).parts
                defaults = (part.value["default"] for part in parts if "default" in part.value)
                edits[name] = [*defaults, GONE, None]
        return edits

    def patched(self, face: View, before: Members) -> Edits | None:
        """What a patch changes (RFC 7396, or RFC 6902 by its media type); None if it can't."""
        essence = essence_of(self.request.header("content-type") or "")
        if essence == "application/json-patch+json":
            import jsonpath  # takes 0.1 s to import

            try:
                after = jsonpath.patch.apply(self.value, copy.deepcopy(dict(before)))
            except jsonpath.exceptions.JSONPatchError:
                return None
            after = after if isinstance(after, dict) else before
            names = dict.fromkeys((*before, *after))
        else:
            names, after = dict.fromkeys(self.members), merged(before, self.members)
            if "merge" not in essence:  # null is a value like any other
                after |= dict.fromkeys(name for name in names if self.members[name] is None)
        edits, held = dict[str, Sequence[Any]](), self._taken(face, after)
        for name in names.keys() - face.servers(self.family):
            if after.get(name) is None:
                edits[name] = [None, GONE] if name in after else [GONE, None]
            elif name in held:
                edits[name] = [held[name]]
        return dict(sorted(edits.items()))


def merged(value: Any, patch: Any) -> Any:
    """A value with a merge patch in it (RFC 7396 §2)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(value) if isinstance(value, dict) else {}
    for name, held in patch.items():
        found[name] = merged(found.get(name), held)
        if held is None:
            del found[name]
    return found
