"""A document as the rest of the suite sees it: its operations and schemas, each with its place."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import unquote

from contracts.messages import VARIABLE, covers, essence_of

MARKS = ("readOnly", "writeOnly", "discriminator")
"""Keywords that make a document read otherwise by those who send messages or take them."""
IDENTIFIES = "x-identifies"
"""On a path parameter: it names the resource, and the answer repeats it under that name."""
NOWHERE: tuple[str | int, ...] = (
    "no-such-resource-4f1d9a2b",
    "00000000-0000-4000-8000-00004f1d9a2b",
    987654321987654321,
    "1900-01-01",
)
"""Values of path parameters that no service has a resource for, of several types."""
NOT_THERE = (404, 410)
"""Statuses about a resource that is not there (RFC 9110 §15.5.5, §15.5.11)."""
ABOUT_ACCESS = frozenset({401, 403, 404, 407, 408, 429})
"""4xx with a meaning of their own for clients: taken for a range only if nothing else is left."""
_INDEX = re.compile("0|[1-9][0-9]*")


def escape_segment(name: str) -> str:
    """A raw name as a segment of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape_segment(segment: str) -> str:
    """The raw name that a segment of a pointer stands for."""
    return segment.replace("~1", "/").replace("~0", "~")


def join_pointer(pointer: str, *segments: str | int) -> str:
    """`pointer` extended by raw segments."""
    return "/".join([pointer, *(escape_segment(str(segment)) for segment in segments)])


@lru_cache(maxsize=1 << 13)
def split_pointer(pointer: str) -> tuple[str, ...]:
    """The raw segments of a pointer."""
    return tuple(sys.intern(unescape_segment(segment)) for segment in pointer.split("/")[1:])


def value_at(tree: Any, segments: Sequence[str]) -> Any:
    """The value behind raw segments (RFC 6901 §4); KeyError, IndexError or TypeError if none is."""
    for segment in segments:
        is_item = isinstance(tree, list) and _INDEX.fullmatch(segment)
        tree = tree[int(segment) if is_item else segment]
    return tree


def is_there(tree: Any, segments: Sequence[str]) -> bool:
    """Whether anything stands behind raw segments."""
    try:
        value_at(tree, segments)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def ref_target(ref: str) -> str:
    """The pointer that a `$ref` of a read document names (all are `#/…` there)."""
    return unquote(ref.removeprefix("#"))


@dataclass(frozen=True, slots=True)
class Source:
    file: str  # the path as the user gave it
    line: int  # from 1, where the node is written
    pointer: str  # in that file

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Notice:
    """A fault of a document that is read all the same, or what of it is not asked."""

    kind: str  # in a word or two, the same for all that are alike
    source: Source
    problem: str
    cure: str
    more: int = 0  # others of this kind, which are counted and not told

    def __str__(self) -> str:
        others = f" (and {self.more} more of this kind)" * bool(self.more)
        return f"{self.source}: {self.problem}; {self.cure}{others}"


SECTIONS = {"3.0": "4.7", "3.1": "4.8", "3.2": "4"}
"""Under which number each version of OpenAPI has its objects, always in the same order."""
_OBJECT_CLAUSES = re.compile(r"OpenAPI 3\.1 §4\.8\.\d+(, §4\.8\.\d+)*")


def clause_in(openapi: str, clause: str) -> str:
    """A clause that is written as in 3.1, as the version of a document counts it."""
    version = openapi[:3]

    def told(found: re.Match[str]) -> str:
        return found[0].replace("3.1", version, 1).replace("§4.8.", f"§{SECTIONS[version]}.")

    return _OBJECT_CLAUSES.sub(told, clause)


@dataclass(frozen=True, eq=False)
class Document:
    """An OpenAPI document after overlays, with every schema in JSON Schema 2020-12.

    Other files that it refers to stand under `x-files` of `tree`, so that every `$ref` is a pointer
    into it. `source` tells of the node at a pointer, or of its nearest written ancestor.
    """

    path: str  # as the user gave it
    sha256: str  # of the bytes as read, overlays apart
    openapi: str
    tree: dict[str, Any]
    source: Callable[[str], Source] = field(repr=False)
    marks: frozenset[str] = frozenset()  # those of `MARKS` that any schema says
    mark: str = ""  # that of properties which are in no message, in one direction

    @cached_property
    def written(self) -> "Document":
        """The document with both directions; what is no schema is there at the same pointers."""
        return self

    @cached_property
    def sender(self) -> "Document":
        """The document as whoever sends a message reads it."""
        return self

    def at(self, pointer: str) -> Any:
        """The value at an RFC 6901 pointer; KeyError, IndexError or TypeError if none is."""
        return value_at(self.tree, split_pointer(pointer))

    def resolve(self, pointer: str) -> str:
        """The pointer of what stands behind the `$ref`s at `pointer`."""
        seen: set[str] = set()
        while pointer not in seen:
            seen.add(pointer)
            node = self.at(pointer)
            if isinstance(node, dict) and isinstance(node.get("$ref"), str):
                pointer = ref_target(node["$ref"])
        return pointer


def schemas_by_name(value: dict[str, Any]) -> dict[str, str]:
    """The pointers to branches of a union by the names that its `discriminator` gives them.

    Those of its `mapping`, to a pointer or a bare name; else a branch has its own name (OpenAPI 3.1
    §4.8.25). Empty for a name that stands for something else.
    """
    mapping = value["discriminator"].get("mapping") or {}
    branches = [*(value.get("oneOf") or ()), *(value.get("anyOf") or ())]
    targets = {ref_target(branch["$ref"]): None for branch in branches if "$ref" in branch}
    found = {}
    for name, target in mapping.items():
        pointer = ref_target(target)
        if not target.startswith("#"):
            pointer = join_pointer("/components/schemas", target)
        found[name] = pointer * (pointer in targets)
    for target in targets:
        found.setdefault(unescape_segment(target.rpartition("/")[2]), target)
    return found


@dataclass(frozen=True)
class Schema:
    """A schema in JSON Schema 2020-12, whatever the document has; its place is its identity."""

    document: Document
    pointer: str

    @cached_property
    def value(self) -> dict[str, Any] | bool:
        return self.document.at(self.pointer)  # type: ignore[no-any-return]

    def child(self, *segments: str | int) -> "Schema":
        """The schema below this one, by raw (unescaped) segments."""
        return Schema(self.document, join_pointer(self.pointer, *segments))


@dataclass(frozen=True)
class MediaType:
    """One entry of `content`."""

    name: str  # as written in the document
    schema: Schema | None
    pointer: str
    item_schema: Schema | None = None  # of each item of a sequence or stream (OpenAPI 3.2 §4.14)


def described_by(content: Sequence[MediaType], name: str) -> MediaType | None:
    """The entry for a body of this type: exact, then `type/*`, then `*/*` (OpenAPI 3.1 §4.8.17)."""
    essence = essence_of(name)
    by_essence = {essence_of(entry.name): entry for entry in content}
    in_range = by_essence.get(f"{essence.partition('/')[0]}/*")
    return by_essence.get(essence) or in_range or by_essence.get("*/*")


def best(content: Sequence[MediaType], name: str) -> MediaType | None:
    """The most specific entry that describes all that `name` does, parameters as well."""
    found = [entry for entry in content if covers(entry.name, name)]
    return max(found, key=lambda entry: (-entry.name.count("*"), len(entry.name)), default=None)


@dataclass(frozen=True)
class Parameter:
    """A parameter after merging path-level and operation-level lists."""

    name: str
    location: str  # `path`, `query`, `header` or `cookie`
    required: bool
    schema: Schema | None
    style: str  # with the default of OpenAPI 3.1 §4.8.12, as `explode`
    explode: bool
    allow_reserved: bool
    media_type: str | None  # set when it has `content` instead of `schema`
    pointer: str


@dataclass(frozen=True)
class Header:
    name: str
    required: bool
    schema: Schema | None
    pointer: str
    explode: bool = False
    media_type: str | None = None  # set when it has `content` instead of `schema`
    location: str = "header"
    style: str = "simple"  # the only one (OpenAPI 3.1 §4.8.21)


@dataclass(frozen=True)
class ResponseSpec:
    status: str  # the key as written: `200`, `4XX` or `default`
    headers: tuple[Header, ...]
    content: tuple[MediaType, ...]
    pointer: str


@dataclass(frozen=True)
class RequestBody:
    required: bool
    content: tuple[MediaType, ...]
    pointer: str


@dataclass(frozen=True)
class SecurityScheme:
    id: str
    type: str  # `apiKey`, `http`, `oauth2`, `openIdConnect` or `mutualTLS`
    name: str = ""  # of an `apiKey`, as `location`
    location: str = ""
    scheme: str = ""  # of `http`, in lower case
    pointer: str = ""


SecurityRequirement = tuple[tuple[str, tuple[str, ...]], ...]
"""One alternative: every (scheme id, scopes) in it is needed; an empty one needs no credential."""


@dataclass(frozen=True)
class Operation:
    method: str  # in upper case; one of `additionalOperations` as written
    path: str  # the template as written
    operation_id: str | None
    parameters: tuple[Parameter, ...] = field(hash=False)  # may be long, as what follows
    request_body: RequestBody | None = field(hash=False)
    responses: tuple[ResponseSpec, ...] = field(hash=False)
    security: tuple[SecurityRequirement, ...] = field(hash=False)  # alternatives; none: open
    servers: tuple[str, ...] = field(hash=False)  # the URLs that apply, wherever they stand
    deprecated: bool
    pointer: str
    openapi: str = "3.1.0"  # the version of its document
    callbacks: tuple["Outgoing", ...] = field(default=(), hash=False)
    home: str = ""  # of one that a webhook or a callback has: that, as people read it
    by_service: bool = False  # whether the service sends the requests, and the consumer answers

    @cached_property
    def key(self) -> str:
        if self.home:
            return f"{self.home} {self.method}"
        return f"{self.method} {self.path}"

    @property
    def needs_credential(self) -> bool:
        return bool(self.security) and all(self.security)

    def response(self, status: int) -> ResponseSpec | None:
        """The one for `status`: exact, then its range, then `default` (OpenAPI 3.1 §4.8.16)."""
        found = self._by_status.get
        return found(str(status)) or found(f"{status // 100}XX") or found("DEFAULT")

    @cached_property
    def _by_status(self) -> dict[str, ResponseSpec]:
        return {response.status.upper(): response for response in self.responses}


@dataclass(frozen=True)
class Outgoing:
    """A webhook, or a callback to one URL: operations that the party asked otherwise asks itself.

    Where only the other party knows the URL, the path of these is `/`.
    """

    name: str
    url: str  # the expression of a callback (OpenAPI 3.1 §4.8.18); empty for a webhook
    operations: tuple[Operation, ...]
    pointer: str


@dataclass(frozen=True, eq=False)
class Spec:
    """One OpenAPI document with its overlays applied."""

    document: Document
    title: str
    version: str
    servers: tuple[str, ...]
    operations: tuple[Operation, ...]
    security_schemes: Mapping[str, SecurityScheme]
    webhooks: tuple[Outgoing, ...] = ()
    notices: tuple[Notice, ...] = ()  # of reading: what of it HTTP can't carry, say
    parts: tuple[tuple[Any, str, tuple[str, ...]], ...] = ()  # each object: its kind, its place
    unread: Mapping[str, Any] = field(default_factory=dict)  # by pointer: what can't be read there
    looser: frozenset[str] = frozenset()  # pointers to schemas read so for what is unread in them
    variable: str = VARIABLE  # of the environment, with the credential that requests carry
    variables: Mapping[str, str] = field(default_factory=dict)  # of single schemes; "": it has none
    shared: bool = True  # whether `variable` is that of all other schemes, or of none

    @property
    def placeholder(self) -> str:
        """What stands in place of the credential."""
        return f"${self.variable}"

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What stands in place of each credential."""
        own = filter(None, self.variables.values())
        return (self.placeholder, *(f"${name}" for name in own))

    def variable_of(self, scheme: str) -> str:
        """The variable with the credential of a scheme; empty if none is given."""
        return self.variables.get(scheme, self.variable * self.shared)

    def identifying(self, operation: Operation) -> list[Parameter]:
        """The parameters of an operation that the document says to name a resource."""
        at = self.document.at
        return [p for p in operation.parameters if at(p.pointer).get(IDENTIFIES) is True]

    def refuses_unknown(self, operation: Operation) -> bool:
        """Whether it may tell, or has to, that no resource has the name in its path."""
        statuses = {response.status for response in operation.responses}
        refusing = statuses.intersection(("4XX", *map(str, NOT_THERE)))
        documented = "{" in operation.path and bool(refusing)
        return operation.method == "GET" and (documented or bool(self.identifying(operation)))

    @cached_property
    def by_key(self) -> Mapping[str, Operation]:
        return {operation.key: operation for operation in self.operations}

    @cached_property
    def by_path(self) -> Mapping[str, Sequence[Operation]]:
        found: dict[str, list[Operation]] = {}
        for operation in self.operations:
            found.setdefault(operation.path, []).append(operation)
        return found


def concrete_status(operation: Operation, response: ResponseSpec, *preferred: int) -> int | None:
    """A status that no other response of the operation describes, a `preferred` one if possible."""
    return next(statuses_of(operation, response, *preferred), None)


def statuses_of(operation: Operation, response: ResponseSpec, *preferred: int) -> Iterator[int]:
    """All of them, the most telling first."""
    key, codes = response.status, range(400, 600)
    if key.lower() != "default":
        codes = range(int(key.upper().replace("X", "0")), int(key.upper().replace("X", "9")) + 1)
    for code in (*preferred, *sorted(codes, key=ABOUT_ACCESS.__contains__)):
        if operation.response(code) == response:
            yield code


def refusals_of(operation: Operation) -> Iterator[ResponseSpec]:
    """The documented answers to what is forbidden: 422, 400, another 4xx, `default`, 404."""
    found = {response.status.lower(): response for response in operation.responses}
    others = [s for s in found if s.startswith("4") and s not in map(str, ABOUT_ACCESS)]
    wanted = dict.fromkeys(("422", "400", *others, "default", "404"))
    return filter(None, map(found.get, wanted))
