"""The answers of two versions of an operation: statuses, media types and header fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.drafts import Undrawable, response_of
from contracts.changes.findings import Shown, Site
from contracts.changes.places import where_of
from contracts.changes.schema_presence import compare_presence
from contracts.document import Header, MediaType, Operation, ResponseSpec
from contracts.document.media_types import best, covers

if TYPE_CHECKING:
    from contracts.changes.operations import Documents

Operations = tuple[Operation, Operation]
STATUSES = range(100, 600)


def compare_responses(documents: Documents, base: Operation, revision: Operation) -> None:
    before, after = _Statuses(base), _Statuses(revision)
    for response in revision.responses:
        partners = list(after.partners(response, before))
        for partner in partners:
            if partner is None:
                _added(documents, base, response)
            elif not documents.same(partner.pointer, response.pointer):
                _compare(documents, (base, revision), partner, response)
    for response in base.responses:
        if all(partner is None for partner in before.partners(response, after)):
            _removed(documents, base, revision, response)


class _Statuses:
    """The answer of an operation for each status (OpenAPI 3.1 §4.8.16)."""

    def __init__(self, operation: Operation) -> None:
        self._by_key = {response.status.upper(): response for response in operation.responses}

    def of(self, status: int) -> ResponseSpec | None:
        by_key = self._by_key
        return by_key.get(str(status)) or by_key.get(f"{status // 100}XX") or by_key.get("DEFAULT")

    def partners(self, response: ResponseSpec, other: _Statuses) -> Iterator[ResponseSpec | None]:
        """What `other` documents for the statuses that `response` describes, each once."""
        key = response.status
        statuses = (
            [int(key)] if key.isdecimal() else [s for s in STATUSES if self.of(s) is response]
        )
        seen: set[str | None] = set()
        for status in statuses:
            found = other.of(status)
            name = None if found is None else found.status
            if name not in seen:
                seen.add(name)
                yield found


def _added(documents: Documents, base: Operation, response: ResponseSpec) -> None:
    documents.collected.add(
        "response-status-added",
        Effect.COMPATIBLE,
        f"{base.key} {response.status}",
        (f"{base.pointer}/responses", response.pointer),
        Reach(base.key, Direction.RESPONSE),
        texts=(response.status, "", ""),
        proof="a policy: clients treat a status that they don't know as x00 of its class (RFC 9110 §15)",
    )


def _removed(
    documents: Documents, base: Operation, revision: Operation, response: ResponseSpec
) -> None:
    documents.collected.add(
        "response-status-removed",
        Effect.COMPATIBLE,
        f"{base.key} {response.status}",
        (response.pointer, f"{revision.pointer}/responses"),
        Reach(base.key, Direction.RESPONSE),
        texts=(response.status, "", ""),
        proof="the revision sends fewer answers than the base allows",
    )


def _compare(
    documents: Documents, operations: Operations, before: ResponseSpec, after: ResponseSpec
) -> None:
    _headers(documents, operations, before, after)
    where = where_of(documents.base.document, before.pointer)
    pointers = (before.pointer, after.pointer)
    reach = Reach(operations[0].key, Direction.RESPONSE)
    if not before.content and after.content:
        proof = "the base says nothing about a body there"
        documents.collected.add(
            "response-body-added", Effect.COMPATIBLE, where, pointers, reach, proof=proof
        )
        return
    if before.content and not after.content:
        show = _shower(operations, after, "the base documents a body")
        documents.collected.add(
            "response-body-removed", Effect.BREAKING, where, pointers, reach, show=show
        )
        return
    for media in after.content:
        partner = best(before.content, media.name) or _described(before, media)
        if partner is None:
            _media_added(documents, operations, before, after, media)
        else:
            _media(documents, operations, (before, after), (partner, media))
    for media in before.content:
        if not any(
            covers(media.name, other.name) or covers(other.name, media.name)
            for other in after.content
        ):
            documents.collected.add(
                "response-media-type-removed",
                Effect.COMPATIBLE,
                f"{where} ;{media.name}",
                (media.pointer, after.pointer),
                reach,
                texts=(media.name, "", ""),
                proof="the revision sends fewer answers than the base allows",
            )


def _described(before: ResponseSpec, media: MediaType) -> MediaType | None:
    """The entry for a name that is spelled the same, whatever it means."""
    return next((known for known in before.content if known.name == media.name), None)


def _shower(
    operations: Operations,
    response: ResponseSpec,
    because: str,
    *,
    media: MediaType | None = None,
    without: str = "",
) -> Callable[[], Shown | None]:
    def show() -> Shown | None:
        try:
            message = response_of(operations[1], response, media=media, without=without)
        except Undrawable:
            return None
        return Shown(operations[0].key, message, "revision", because)

    return show


def _media_added(
    documents: Documents,
    operations: Operations,
    before: ResponseSpec,
    after: ResponseSpec,
    media: MediaType,
) -> None:
    known = ", ".join(other.name for other in before.content)
    documents.collected.add(
        "response-media-type-added",
        Effect.BREAKING,
        f"{where_of(documents.base.document, before.pointer)} ;{media.name}",
        (before.pointer, media.pointer),
        Reach(operations[0].key, Direction.RESPONSE),
        texts=(media.name, "", ""),
        show=_shower(operations, after, f"the base documents {known}", media=media),
    )


def _media(
    documents: Documents,
    operations: Operations,
    responses: tuple[ResponseSpec, ResponseSpec],
    media: tuple[MediaType, MediaType],
) -> None:
    if media[0].schema is not None and media[1].schema is not None:
        schemas = (media[0].schema, media[1].schema)
        documents.collected.sites.append(
            Site(Direction.RESPONSE, operations, schemas, media, responses)
        )
    else:
        compare_presence(documents, Direction.RESPONSE, operations, media, responses[1])


def _headers(
    documents: Documents, operations: Operations, before: ResponseSpec, after: ResponseSpec
) -> None:
    bases, revisions = (
        {header.name.lower(): header for header in response.headers} for response in (before, after)
    )
    for name, header in bases.items():
        other = revisions.get(name)
        if other is None or (header.required and not other.required):
            _header_lost(documents, operations, (before, after), header, other)
        elif other.required and not header.required:
            _note_header(
                documents, "response-header-required", operations, (before, after), header, other
            )
        if other is not None and header.schema is not None and other.schema is not None:
            schemas = (header.schema, other.schema)
            holders = (header, other)
            documents.collected.sites.append(
                Site(Direction.RESPONSE, operations, schemas, holders, (before, after))
            )
    for name, header in revisions.items():
        if name not in bases:
            _note_header(
                documents, "response-header-added", operations, (before, after), None, header
            )


def _header_lost(
    documents: Documents,
    operations: Operations,
    responses: tuple[ResponseSpec, ResponseSpec],
    header: Header,
    other: Header | None,
) -> None:
    kind = "response-header-removed" if other is None else "response-header-optional"
    if not header.required:
        _note_header(documents, kind, operations, responses, header, other)
        return
    documents.collected.add(
        kind,
        Effect.BREAKING,
        f"{where_of(documents.base.document, responses[0].pointer)} header {header.name}",
        (header.pointer, other.pointer if other is not None else responses[1].pointer),
        Reach(operations[0].key, Direction.RESPONSE),
        texts=(header.name, "", ""),
        show=_shower(
            operations, responses[1], f"the header {header.name} is missing", without=header.name
        ),
    )


def _note_header(
    documents: Documents,
    kind: str,
    operations: Operations,
    responses: tuple[ResponseSpec, ResponseSpec],
    before: Header | None,
    after: Header | None,
) -> None:
    name = next(header.name for header in (before, after) if header is not None)
    pointers = [
        header.pointer if header is not None else response.pointer
        for header, response in zip((before, after), responses, strict=True)
    ]
    documents.collected.add(
        kind,
        Effect.COMPATIBLE,
        f"{where_of(documents.base.document, responses[0].pointer)} header {name}",
        (pointers[0], pointers[1]),
        Reach(operations[0].key, Direction.RESPONSE),
        texts=(name, "", ""),
        proof="the base asks nothing of it"
        if before is None
        else "answers with it, and without it, are allowed",
    )
