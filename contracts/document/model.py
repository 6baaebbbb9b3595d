"""A document as the rest of the suite sees it: operations, parameters, responses and schemas, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contracts.document.document import Document, Source
from contracts.document.media_types import described_by
from contracts.document.pointers import join_pointer
from contracts.messages import VARIABLE


@dataclass(frozen=True, eq=False)
class Schema:
    """A schema of the document, in JSON Schema 2020-12 whatever version the document has.

    Identity is the place: two schemas are equal if they stand at the same pointer of the same document.
    """

    document: Document
    pointer: str

    @cached_property
    def value(self) -> dict[str, Any] | bool:
        return self.document.at(self.pointer)  # type: ignore[no-any-return]

    @property
    def source(self) -> Source:
        return self.document.source(self.pointer)

    def child(self, *segments: str | int) -> Schema:
        """The schema below this one, by raw (unescaped) segments."""
        return Schema(self.document, join_pointer(self.pointer, *segments))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Schema)
            and self.pointer == other.pointer
            and self.document is other.document
        )

    def __hash__(self) -> int:
        return hash((id(self.document), self.pointer))


@dataclass(frozen=True)
class MediaType:
    """One entry of `content`: `name` as written in the document, `schema` None when it has none."""

    name: str
    schema: Schema | None
    pointer: str


@dataclass(frozen=True)
class Parameter:
    """A parameter after merging path-level and operation-level lists.

    `location` is `path`, `query`, `header` or `cookie`; `style` and `explode` have the defaults of OpenAPI 3.1 §4.8.12
    filled in; `media_type` is set when the parameter uses `content` instead of `schema`.
    """

    name: str
    location: str
    required: bool
    schema: Schema | None
    style: str
    explode: bool
    allow_reserved: bool
    media_type: str | None
    pointer: str


@dataclass(frozen=True)
class Header:
    """A documented response header."""

    name: str
    required: bool
    schema: Schema | None
    pointer: str


@dataclass(frozen=True)
class ResponseSpec:
    """A documented response; `status` is the key as written: `200`, `4XX` or `default`."""

    status: str
    headers: tuple[Header, ...]
    content: tuple[MediaType, ...]
    pointer: str

    def media_type(self, essence: str) -> MediaType | None:
        """The entry that describes a body of this type: exact, then `type/*`, then `*/*` (OpenAPI 3.1 §4.8.17)."""
        return described_by(self.content, essence)


@dataclass(frozen=True)
class RequestBody:
    required: bool
    content: tuple[MediaType, ...]
    pointer: str


@dataclass(frozen=True)
class SecurityScheme:
    """`type` is `apiKey`, `http`, `oauth2`, `openIdConnect` or `mutualTLS`.

    `name` and `location` belong to `apiKey`, `scheme` (lower case) to `http`.
    """

    id: str
    type: str
    name: str = ""
    location: str = ""
    scheme: str = ""
    pointer: str = ""


SecurityRequirement = tuple[tuple[str, tuple[str, ...]], ...]
"""One alternative: every (scheme id, scopes) in it is needed; an empty one means that no credential is needed."""


@dataclass(frozen=True)
class Operation:
    """`key` is `METHOD PATH`; `security` holds alternatives, empty when no credential is asked for.

    `path` is the template as written; `servers` are the URLs that apply (operation, path or document level).
    """

    method: str
    path: str
    operation_id: str | None
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: tuple[ResponseSpec, ...]
    security: tuple[SecurityRequirement, ...]
    servers: tuple[str, ...]
    deprecated: bool
    pointer: str

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def needs_credential(self) -> bool:
        return bool(self.security) and all(self.security)

    def response(self, status: int) -> ResponseSpec | None:
        """The response that describes `status`: exact, then its range, then `default` (OpenAPI 3.1 §4.8.16)."""
        by_status = {response.status.upper(): response for response in self.responses}
        return (
            by_status.get(str(status))
            or by_status.get(f"{status // 100}XX")
            or by_status.get("DEFAULT")
        )


@dataclass(frozen=True, eq=False)
class Spec:
    """One OpenAPI document with its overlays applied.

    `variable` names the environment variable of the credential that requests carry.
    """

    document: Document
    title: str
    version: str
    servers: tuple[str, ...]
    operations: tuple[Operation, ...]
    security_schemes: Mapping[str, SecurityScheme]
    variable: str = VARIABLE

    @property
    def placeholder(self) -> str:
        """What stands in place of the credential."""
        return f"${self.variable}"

    @cached_property
    def by_key(self) -> Mapping[str, Operation]:
        return {operation.key: operation for operation in self.operations}
