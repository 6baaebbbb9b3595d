"""A document to the families of its operations: those on resources of one kind, by their paths."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from contracts.document import Operation, Parameter, Spec, split_pointer
from contracts.document.model import value_at
from contracts.document.serialisation import parameter_names, plain_text, shape_of
from contracts.messages import SAFE_METHODS, may_be_json
from contracts.schemas.locations import Location, locate
from contracts.schemas.texts import listed_values

CREATES = "x-creates"  # of an operation, in an overlay: whether its answer tells of a new resource
_VERBS = {
    "POST": ("", "/create", "/start", "/new", "/add", "/open", "/register"),
    "GET": ("", "/list", "/all"),
}
"""What stands after the path of a collection where things are made, and listed."""
_LISTS = ("items", "data", "results", "records", "entries", "values", "content")
_CHANGING = ("PUT", "PATCH", "DELETE")

Operations = Mapping[str, Operation]  # of one path, by method
Links = Mapping[str, Any]  # by parameter, what a Link Object says of its value


@dataclass(frozen=True, slots=True)
class Family:
    """Operations on resources of one kind; what the document does not have is None or empty."""

    item_path: str  # `/orders/{order_id}`, or `/settings` that are there once; "" if only listed
    collection_path: str  # `/orders`, even where it has no operation; "" of what is there once
    id_parameter: str  # `order_id`, the last of `item_path`; "" of what is there once
    create: Operation | None = None  # also `POST /orders/start`
    list: Operation | None = None
    read: Operation | None = None
    replace: Operation | None = None
    patch: Operation | None = None  # `POST` to an item as well, where it has no PUT nor PATCH
    delete: Operation | None = None
    actions: tuple[Operation, ...] = ()  # `POST /orders/{order_id}/cancel`, `DELETE …/stop`
    parent: str = ""  # the `item_path` of the family that it is within

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All of them, the actions last."""
        own = (self.create, self.list, self.read, self.replace, self.patch, self.delete)
        return (*(one for one in own if one is not None), *self.actions)

    def of(self, role: str) -> Operation | None:
        """The operation that has a role, by the name of its field."""
        found: Operation | None = getattr(self, role)
        return found

    @property
    def path(self) -> str:
        """The path of the items, or of the collection that has none."""
        return self.item_path or self.collection_path

    @property
    def word(self) -> str:
        """What the path calls the resources: `orders`."""
        return bare(self.collection_path or self.item_path).rpartition("/")[2]

    def id_in(self, member: Any) -> str:
        """What names a resource in an object that shows it; "" if nothing does."""
        return id_of(member, self.id_parameter or "id", self.word)


@lru_cache(maxsize=16)
def families_of(spec: Spec) -> tuple[Family, ...]:
    """The families of a document in its order, each of its operations in one of them at most.

    `/orders` and `/orders/{order_id}` are one, however the paths end (`/`, `.json`); `/settings`
    which is read and changed is one by itself; so is a collection that is listed and added to.
    """
    at = dict[str, dict[str, Operation]]()
    for operation in spec.operations:
        at.setdefault(bare(operation.path), {}).setdefault(operation.method, operation)
    found = dict[str, Family]()
    for shape in at:
        if (family := _family(spec, at, shape)) is not None:
            found[shape] = family
    taken = {one.key for family in found.values() for one in family.operations}
    for shape, family in found.items():
        actions = list[Operation]()
        for operation in spec.operations if family.id_parameter else ():
            below = bare(operation.path).removeprefix(shape)
            is_below = below != bare(operation.path) and below[:1] in ("/", ":")
            if is_below and "{" not in below and operation.method not in SAFE_METHODS:
                actions += [operation] * (operation.key not in taken)
        made = family.create or _linked(spec, family, taken)
        parent = _parent(found, shape)
        found[shape] = replace(family, create=made, actions=tuple(actions), parent=parent)
    return tuple(found.values())


def _linked(spec: Spec, family: Family, taken: set[str]) -> Operation | None:
    """What makes resources elsewhere, as a link from its answer to what reads them says."""
    if family.id_parameter and family.read is not None:
        for operation in _linking(spec):
            if operation.key not in taken and any(links_between(spec, operation, family.read)):
                return operation
    return None


@lru_cache(maxsize=16)
def _linking(spec: Spec) -> list[Operation]:
    """What is sent with POST, and has links in its answers."""
    found = list[Operation]()
    for operation in spec.operations:
        for response in operation.responses if operation.method == "POST" else ():
            if spec.document.at(response.pointer).get("links"):
                found.append(operation)
                break
    return found


def links_between(spec: Spec, other: Operation, operation: Operation) -> Iterator[Links]:
    """What links in the answers of one operation say of the parameters of another."""
    document = spec.document
    for response in other.responses:
        links = document.at(response.pointer).get("links") or {}
        for name in links:
            link = links[name]
            with suppress(LookupError, TypeError):
                if "$ref" in link:
                    link = value_at(document.tree, split_pointer(link["$ref"].removeprefix("#")))
                ref = str(link.get("operationRef", "")).removeprefix("#")
                if link.get("operationId", ref) in (operation.operation_id, operation.pointer):
                    parameters = link.get("parameters", {}).items()
                    yield {str(key).removeprefix("path."): value for key, value in parameters}


def _family(spec: Spec, at: Mapping[str, Operations], shape: str) -> Family | None:
    """The family whose items have a shape, or what is there once, or only listed."""
    here, above = at[shape], shape.removesuffix("/{}")
    path, get, post = next(iter(here.values())).path, here.get("GET"), here.get("POST")
    patch = here.get("PATCH") or (None if "PUT" in here else post)
    own = Family(path, "", "", None, None, get, here.get("PUT"), patch, here.get("DELETE"))
    word = above.rpartition("/")[2]
    if shape.endswith("/{}"):
        name, written = parameter_names(path)[-1], [one.path for one in at.get(above, {}).values()]
        made = [one for one in _found(at, above, "POST") if creates(spec, one, name, word)]
        return replace(
            own,
            collection_path=next(iter(written), path.rstrip("/").rpartition("/")[0]),
            id_parameter=name,
            create=next(iter(made), None),
            list=next(_found(at, above, "GET"), None),
        )
    if f"{shape}/{{}}" in at or get is None:
        return None
    if post is not None and list_of(get) is not None:
        return Family("", path, "", post, get) if creates(spec, post, "id", word) else None
    return own if not here.keys().isdisjoint(_CHANGING) else None


def _found(at: Mapping[str, Operations], above: str, method: str) -> Iterator[Operation]:
    """The operations with a method on a collection, or on a verb below it."""
    for verb in _VERBS[method]:
        if (operation := at.get(f"{above}{verb}", {}).get(method)) is not None:
            yield operation


def _parent(found: Mapping[str, Family], shape: str) -> str:
    """The item path of the nearest family that a shape is within."""
    own = shape.removesuffix("/{}")
    while own := own.rpartition("/")[0]:
        if own in found and found[own].item_path:
            return found[own].item_path
    return ""


def bare(path: str) -> str:
    """The shape of a path, however it ends."""
    return shape_of(path).rstrip("/").removesuffix(".json")


# --- what messages say of resources ---


def creates(spec: Spec, operation: Operation, name: str, word: str) -> bool:
    """Whether what it answers tells of a new resource: a 201, where it is, or its id.

    An overlay says so by `x-creates`; `name` is the parameter of the id, `word` the collection's.
    """
    said = spec.document.at(operation.pointer).get(CREATES)
    if isinstance(said, bool):
        return said
    for response in operation.responses:
        fields = {header.name.lower() for header in response.headers}
        if response.status == "201" or (response.status.startswith("2") and "location" in fields):
            return True
    for place in bodies_of(operation):
        wrapped = (place.property(one) for one in wrappers(place.properties, word))
        for there in (place, *wrapped):
            if not {*map(plain, there.properties)}.isdisjoint(id_names(name, word)):
                return True
    return False


def list_of(operation: Operation) -> tuple[str, ...] | None:
    """The names that lead to the list in what it answers, none of a bare one; None without one."""
    for place in bodies_of(operation):
        if "array" in place.types and "object" not in place.types:
            return ()
        lists = [name for name in place.properties if _is_list(place.property(name))]
        word = operation.path.rstrip("/").rpartition("/")[2]
        called = [name for name in lists if plain(name) in (*_LISTS, *singulars(word))]
        if found := called or lists:
            return (found[0],)
    return None


def _is_list(place: Location) -> bool:
    return place.types <= {"array", "null"} and "array" in place.types


def bodies_of(operation: Operation) -> Iterator[Location]:
    """The bodies of its documented 2xx, as far as they are JSON."""
    for response in operation.responses:
        for media in response.content if response.status.startswith("2") else ():
            if media.schema is not None and may_be_json(media.name):
                yield locate(media.schema)


def members(body: Any) -> list[Any]:
    """The members of a list, which may be one of the values of an object."""
    if isinstance(body, dict):
        lists = [value for value in body.values() if isinstance(value, list)]
        body = max(lists, key=len, default=[])
    return body if isinstance(body, list) else []


def wrappers(names: Iterable[str], word: str) -> Iterator[str]:
    """The names of an envelope under which one of the resources called `word` may stand."""
    for name in names:
        if plain(name) in ("data", "result", *singulars(word)):
            yield name


def unwrapped(body: Any, word: str) -> Any:
    """What an envelope holds: an object's only member, or that which is called as it is."""
    if not isinstance(body, dict):
        return None
    called = {*wrappers(body, word)}
    for name, value in body.items():
        if isinstance(value, dict) and (name in called or len(body) == 1):
            return value
    return body


def id_names(name: str, word: str) -> list[str]:
    """What a member may be called that names a resource, plainly, the likeliest first.

    `/orders/{order_id}` finds `order_id`, `orderId` and `id`; `/lines/{line_no}` also `no`.
    """
    wanted = plain(name)
    names = [wanted]
    for kind in singulars(word):
        names.append(wanted.removeprefix(kind))
        names.append(f"{kind}{wanted}")
    if wanted.endswith("id") or wanted in singulars(word):
        names.append("id")
    return list(filter(None, names))


def id_of(member: Any, name: str, word: str) -> str:
    """What names a member of a list, the parameter of its path called `name`; "" if nothing."""
    if not isinstance(member, dict):
        return _name(member)
    held = squeezed(member)
    return next(filter(None, map(_name, map(held.get, id_names(name, word)))), "")


def singulars(word: str) -> tuple[str, ...]:
    """`order` of `orders`, `class` of `classes`, `category` of `categories`, if it is so."""
    found = plain(word)
    stems = (
        found,
        found.removesuffix("s"),
        found.removesuffix("es"),
        f"{found.removesuffix('ies')}y",
    )
    return tuple(dict.fromkeys(stems))


def squeezed(member: Mapping[str, Any]) -> dict[str, Any]:
    """An object by the plain names of its members."""
    return {plain(name): value for name, value in member.items()}


def plain(name: str) -> str:
    """A name without case and marks: `orderid` of `order_id` and `orderId`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _name(value: Any) -> str:
    return text_of(value) * (not isinstance(value, bool))


def text_of(value: Any) -> str:
    """A text or an integer as it stands in a URL; "" for anything else."""
    return plain_text(value) if isinstance(value, str | int) else ""


# --- lists: how requests choose from them, and what pages tell ---

_PARAMETERS = {
    "limit": "limit perpage pagesize maxresults maxitems top first take size count",
    "offset": "offset skip startindex startat start",
    "page": "page pagenumber pageno pageindex",
    "cursor": "cursor after pagetoken startingafter nexttoken continuationtoken marker",
    "sort": "sort orderby sortby ordering order",
    "direction": "direction dir order sortorder sortdirection orderdirection",
}
"""What parameters are called, plainly, that say which part of a list is meant, and how sorted."""
VAGUE = ("top", "first", "take", "size", "count", "start", "after", "marker")
"""Those that may mean something else."""
_ROLES = {
    "total": "total totalcount totalitems totalelements totalresults totalrecords xtotalcount",
    "more": "hasnext hasmore more hasnextpage",
    "token": "nextcursor nextpagetoken nexttoken endcursor nextmarker continuationtoken",
    "next": "next nextlink nexturl link",
}
"""What members of a page, and fields of its head, are called that tell of it."""
ROLE_OF = {name: role for role, names in _ROLES.items() for name in names.split()}
AROUND = ("meta", "metadata", "pagination", "paging", "pageinfo", "links")
WAYS = {"asc": 1, "ascending": 1, "desc": -1, "descending": -1}


def told_of(body: Location) -> Iterator[tuple[str, tuple[str, ...], Location]]:
    """What members of a page, or of an object in it, tell of it: the role, and where they stand."""
    for name in body.properties:
        member, around = body.property(name), plain(name) in AROUND
        yield ROLE_OF.get(plain(name), ""), (name,), member
        for below in member.properties * around:
            yield ROLE_OF.get(plain(below), ""), (name, below), member.property(below)


@lru_cache(maxsize=1024)
def roles_of(operation: Operation) -> Mapping[str, Parameter]:
    """The query parameters that say which part of a list is meant, each in one role."""
    query, found = dict[str, Parameter](), dict[str, Parameter]()
    for parameter in operation.parameters:
        if parameter.location == "query" and parameter.style != "deepObject":
            query[plain(parameter.name)] = parameter
    for role, names in _PARAMETERS.items():
        for name in filter(query.__contains__, names.split()):
            if _can_be(role, query[name]):
                found[role] = query.pop(name)
                break
    return found


def _can_be(role: str, parameter: Parameter) -> bool:
    if parameter.schema is None:
        return True
    if role in ("limit", "offset", "page"):
        return "integer" in locate(parameter.schema).types
    words = set(map(str.lower, map(str, listed_values(parameter))))
    return role == "direction" or words.isdisjoint(WAYS)
