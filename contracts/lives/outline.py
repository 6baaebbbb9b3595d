"""What a document and messages say of resources: where one is, which of its members count."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import filterfalse
from typing import Any

from contracts.document import Operation, Spec
from contracts.document.serialisation import decoded, fill_path, match_path
from contracts.lives.likeness import Unordered
from contracts.messages import Exchange
from contracts.probes.knowledge import told
from contracts.probes.samples import replaced
from contracts.rules.states import parent_of
from contracts.schemas import only
from contracts.schemas.constraints import reached
from contracts.schemas.families import (
    Family,
    id_of,
    links_between,
    members,
    plain,
    singulars,
    squeezed,
    text_of,
    unwrapped,
)
from contracts.schemas.json_text import TooManyError, decode
from contracts.schemas.locations import Location, locate

GONE = (404, 410)
ROLES = ("create", "list", "read", "replace", "patch", "delete")
_VOLATILE = ("version", "revision", "updated", "modified", "changed", "last", "etag", "count")
"""How members are called that change of themselves,"""
MOVING = ("updated", "modified", "changed")
_ASSIGNED = ("id", "uuid", "guid", "uid", "created", "createdat", "creationdate")
_IN_USE = ("status", "state", "delete", "archive", "active", "remove", "enable", "end", "close")
"""or say whether a resource is still in use."""
_SIZES = ("limit", "size", "per", "count", "top", "max", "take")
_PAGES = (*_SIZES, "page", "offset", "cursor", "after", "before", "skip", "start", "sort", "order")
_MORE = ("next", "more", "cursor", "token")
"""How parameters and members are called by which a list is cut into pages."""
_ONE_WAY = ("readOnly", "writeOnly")
_OPAQUE = ("password", "binary", "byte")


@dataclass(slots=True)
class Thing:
    """A resource of a life, as far as what is known of it."""

    family: Family
    path: str
    by: Operation  # what changed it last
    story: list[Exchange]  # what made it what it is
    how: str = "create"
    located: str = ""  # by Location
    sent: dict[str, Any] = field(default_factory=dict)  # by the last change
    held: set[str] = field(default_factory=set)  # that was ever sent,
    dropped: dict[str, Any] = field(default_factory=dict)  # and is not in the last replacement
    shown: dict[str, Any] = field(default_factory=dict)  # when it was read last
    tag: str = ""
    reads: list[Exchange] = field(default_factory=list)  # the last one
    since: list[Exchange] = field(default_factory=list)  # of others, since then
    pairs: int = 0  # reads in a row between which nobody changed it,
    moved: int = 0  # and how many of them say that somebody did
    is_read: bool = False  # since it was changed
    is_gone: bool = False
    is_missed: bool = False  # nothing was found of it then

    @property
    def above(self) -> str:
        return self.path.rpartition("/")[0]


def is_called(name: str, words: tuple[str, ...]) -> bool:
    return any(map(name.lower().__contains__, words))


def body_of(exchange: Exchange) -> Any:
    """What an answer holds as JSON, None if that is none."""
    try:
        return decode(exchange.response.body if exchange.response else b"").value
    except TooManyError:
        return None


def shown_by(family: Family, exchange: Exchange) -> dict[str, Any]:
    """The members of the one resource that an answer shows."""
    return as_object(unwrapped(body_of(exchange), family.word))


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def sent_in(body: bytes | None) -> dict[str, Any]:
    """The members that a request sets: those of its object, or of its JSON Patch (RFC 6902)."""
    try:
        value = decode(body or b"").value
    except TooManyError:
        return {}
    if not isinstance(value, list):
        return as_object(value)
    found = dict[str, Any]()
    for edit in map(as_object, value):
        if edit.get("op") in ("add", "replace") and str(edit.get("path")).count("/") == 1:
            found[str(edit["path"])[1:]] = edit.get("value")
    return found


def role_in(spec: Spec, family: Family, operation: Operation) -> tuple[Family, str]:
    """What an operation does in a family, or in one that this one is within; "" if nothing."""
    found: Family | None = family
    while found is not None:
        for role in ROLES:
            if found.of(role) is operation:
                return found, role
        found = parent_of(spec, found)
    return family, ""


def template_of(family: Family) -> str:
    return family.item_path or f"{family.collection_path.rstrip('/')}/{{id}}"


def place_of(spec: Spec, family: Family, exchange: Exchange) -> tuple[str, str]:
    """Where what was made is: by the id in the answer, or a link; and as Location says."""
    operation, template = family.create, template_of(family)
    if operation is None or exchange.response is None:
        return "", ""
    location = (exchange.response.header("location") or "").partition("?")[0].rstrip("/")
    located = "/" + "/".join(location.split("/")[-template.count("/") :])
    located *= match_path(template, located) is not None
    for links in links_between(spec, operation, family.read) if family.read is not None else ():
        for values in told(family.read, (operation, links), exchange) if family.read else ():
            return fill_path(template, values), located
    values = values_in(operation.path, exchange.probe.request.path)
    name = family.id_parameter or "id"
    if value := id_of(unwrapped(body_of(exchange), family.word), name, family.word):
        return fill_path(template, {**values, name: value}), located
    return located, located


def values_in(template: str, path: str) -> dict[str, str]:
    """The values that a path has for the parameters of its template, decoded."""
    raw = match_path(template, path) or {}
    return dict(zip(raw, map(decoded, raw.values()), strict=True))


def listed(family: Family, exchange: Exchange) -> Iterator[tuple[str, dict[str, Any]]]:
    """The id of each member of a list, with what the list shows of it."""
    for member in members(body_of(exchange)):
        yield id_of(member, family.id_parameter or "id", family.word), as_object(member)


def parents_of(
    spec: Spec, family: Family, found: Iterable[tuple[str, Mapping[str, Any]]]
) -> Iterator[str]:
    """What members of a list say of what they are below, where they name it."""
    parent = parent_of(spec, family)
    for _, member in found if parent is not None else ():
        assert parent is not None
        names = {plain(parent.id_parameter), *map("{}id".format, singulars(parent.word))} - {"id"}
        held = squeezed(member)
        yield from filter(None, map(text_of, map(held.get, names & held.keys())))


def is_whole(operation: Operation, exchange: Exchange) -> bool:
    """Whether a list has surely all that there is: it is not cut, and leaves nothing out."""
    body, query = body_of(exchange), exchange.probe.request.query
    count, sizes = len(members(body)), list[int]()
    for parameter in operation.parameters:
        if parameter.location != "query" or parameter.schema is None:
            continue
        if is_called(parameter.name, _SIZES):
            text = f"&{query}".partition(f"&{parameter.name}=")[2].partition("&")[0]
            sizes.append(int(text) if text.isdecimal() else 0)
        elif not is_called(parameter.name, _PAGES) and "default" in as_object(
            parameter.schema.value
        ):
            return False
    told = [*as_object(body).items()]
    for _, value in [*told]:
        told += as_object(value).items()  # `meta`, say
    for name, value in told:
        if value and not isinstance(value, list) and is_called(name, _MORE):
            return False
        if is_called(name, ("total",)) and isinstance(value, int) and value > count:
            return False
    response = exchange.response
    is_last = response is not None and "next" not in (response.header("link") or "")
    return is_last and count < min(sizes, default=count + 1)


def is_soft(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether what is there after a deletion says of itself that it is no longer in use."""
    said = filter(lambda name: is_called(name, _IN_USE), now)
    return any(now[name] != before.get(name) for name in said)


def is_same(was: Any, now: Any) -> bool:
    """Whether a value has stayed that says more than that it is there."""
    return was == now and now not in (None, True, False, "", [])


def comparable(operation: Operation, body: bytes | None) -> dict[str, Any]:
    """What was sent, without what only one direction has, or may come back in another form."""
    value: Any = sent_in(body)
    for place in _bodies(operation):
        for path, location, held in [*reached(place, value)]:
            if path and is_one_way(location):
                value = _without(value, path)
            elif path and isinstance(held, list) and _is_set(location):
                value = replaced(value, path, Unordered(held))
        break
    found = as_object(value)
    if [*found] == ["data"]:  # an envelope
        found = as_object(found["data"])
    return only(found, list(filterfalse(_is_assigned, found)))


@lru_cache(maxsize=64)
def writable(*operations: Operation) -> frozenset[str]:
    """The names of members that clients set, but for those that change of themselves."""
    found = set[str]()
    for operation in operations:
        for place in map(_opened, _bodies(operation)):
            for name in place.properties:
                if not is_one_way(place.property(name)):
                    found.add(name)
    return frozenset(filterfalse(_is_assigned, found))


@lru_cache(maxsize=64)
def optional(operation: Operation) -> frozenset[str]:
    """Of these names those that may be left out, and whose value no default or list tells."""
    found = set[str]()
    for place in map(_opened, _bodies(operation)):
        for name in writable(operation) - place.required.keys():
            below = place.property(name)
            if below.values is None and "default" not in below.words:
                found.add(name)
    return frozenset(found)


@lru_cache(maxsize=64)
def declared(operation: Operation) -> frozenset[str]:
    """The names that its answers have by the document, those in an envelope as well."""
    found = set[str]()
    for response in operation.responses:
        for media in response.content if response.status.startswith("2") else ():
            if media.schema is not None:
                place = locate(media.schema)
                found.update(place.properties)
                if len(place.properties) == 1:
                    found.update(place.property(place.properties[0]).properties)
    return frozenset(found)


def _opened(place: Location) -> Location:
    """What an envelope holds."""
    return place.property("data") if place.properties == ("data",) else place


def _bodies(operation: Operation) -> Iterator[Location]:
    for media in operation.request_body.content if operation.request_body is not None else ():
        if media.schema is not None:
            yield locate(media.schema)


def is_one_way(location: Location) -> bool:
    """Whether only requests or only answers have it, or nobody can tell what it comes back as."""
    for part in location.parts:
        if any(map(part.value.get, _ONE_WAY)) or part.value.get("format") in _OPAQUE:
            return True
    return False


def _is_assigned(name: str) -> bool:
    """Whether services give a member themselves, whatever a document of one model for all says."""
    return is_called(name, _VOLATILE) or plain(name) in _ASSIGNED


def _is_set(location: Location) -> bool:
    return any(part.value.get("uniqueItems") for part in location.parts)


def _without(value: Any, path: tuple[str | int, ...]) -> Any:
    head, *rest = path
    if isinstance(value, dict) and head in value:
        value = {**value, head: _without(value[head], tuple(rest))} if rest else {**value}
        if not rest:
            del value[head]
    return value
