"""The request bodies of two versions of an operation: whether they are wanted, and of which media types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.drafts import Draft, Undrawable, request_of
from contracts.changes.findings import Shown, Site
from contracts.changes.places import where_of
from contracts.changes.schema_presence import compare_presence
from contracts.document import MediaType, Operation, RequestBody
from contracts.document.media_types import best, covers

if TYPE_CHECKING:
    from contracts.changes.operations import Documents


def compare_request_bodies(documents: Documents, base: Operation, revision: Operation) -> None:
    before, after = base.request_body, revision.request_body
    if before is not None and after is not None and documents.same(before.pointer, after.pointer):
        return
    if before is not None and after is not None:
        _compare(documents, base, revision, before, after)
    elif after is not None:
        _wanted(documents, "request-body-added", base, (base.pointer, after.pointer), after)
    elif before is not None:
        _removed(documents, base, revision, before)


def _removed(documents: Documents, base: Operation, revision: Operation, body: RequestBody) -> None:
    """No media type is left that a body could be of."""

    def show() -> Shown | None:
        try:
            message = request_of(documents.base, base, Draft(media=next(iter(body.content), None)))
        except Undrawable:
            return None
        return Shown(base.key, message, "base", "the revision documents no body")

    reach = Reach(base.key, Direction.REQUEST)
    pointers = (body.pointer, revision.pointer)
    documents.collected.add(
        "request-body-removed", Effect.BREAKING, _where(documents, base), pointers, reach, show=show
    )


def _note(
    documents: Documents, kind: str, base: Operation, pointers: tuple[str, str], proof: str
) -> None:
    where = _where(documents, base)
    documents.collected.add(
        kind, Effect.COMPATIBLE, where, pointers, Reach(base.key, Direction.REQUEST), proof=proof
    )


def _where(documents: Documents, base: Operation) -> str:
    body = base.request_body
    return f"{base.key} body" if body is None else where_of(documents.base.document, body.pointer)


def _wanted(
    documents: Documents, kind: str, base: Operation, pointers: tuple[str, str], body: RequestBody
) -> None:
    """Note a body that the revision wants and requests of the base may lack."""

    def show() -> Shown | None:
        try:
            message = request_of(documents.base, base, Draft(no_body=True))
        except Undrawable:
            return None
        return Shown(base.key, message, "base", "the required body is missing")

    effect = Effect.BREAKING if body.required else Effect.COMPATIBLE
    proof = "" if body.required else "requests without a body are allowed"
    reach = Reach(base.key, Direction.REQUEST)
    documents.collected.add(
        kind, effect, _where(documents, base), pointers, reach, proof=proof, show=show
    )


def _compare(
    documents: Documents,
    base: Operation,
    revision: Operation,
    before: RequestBody,
    after: RequestBody,
) -> None:
    pointers = (before.pointer, after.pointer)
    if after.required and not before.required:
        _wanted(documents, "request-body-required", base, pointers, after)
    elif before.required and not after.required:
        _note(
            documents,
            "request-body-optional",
            base,
            pointers,
            "requests with a body are allowed as before",
        )
    for media in before.content:
        other = best(after.content, media.name)
        if other is None:
            _media_removed(documents, base, media, after)
        else:
            _media(documents, (base, revision), (media, other))
    for media in after.content:
        if not any(covers(known.name, media.name) for known in before.content):
            reach = Reach(base.key, Direction.REQUEST)
            where = f"{_where(documents, base)} ;{media.name}"
            documents.collected.add(
                "request-media-type-added",
                Effect.COMPATIBLE,
                where,
                (before.pointer, media.pointer),
                reach,
                texts=(media.name, "", ""),
                proof="requests of the base are of other types",
            )


def _media_removed(
    documents: Documents, base: Operation, media: MediaType, after: RequestBody
) -> None:
    def show() -> Shown | None:
        try:
            message = request_of(documents.base, base, Draft(media=media))
        except Undrawable:
            return None
        known = ", ".join(other.name for other in after.content) or "none"
        return Shown(base.key, message, "base", f"the revision takes {known}")

    documents.collected.add(
        "request-media-type-removed",
        Effect.BREAKING,
        f"{_where(documents, base)} ;{media.name}",
        (media.pointer, after.pointer),
        Reach(base.key, Direction.REQUEST),
        texts=(media.name, "", ""),
        show=show,
    )


def _media(
    documents: Documents,
    operations: tuple[Operation, Operation],
    media: tuple[MediaType, MediaType],
) -> None:
    base, revision = (
        spec.document.at(m.pointer)
        for spec, m in zip((documents.base, documents.revision), media, strict=True)
    )
    reach = Reach(operations[0].key, Direction.REQUEST)
    where = where_of(documents.base.document, media[0].pointer)
    if not documents.sameness.values(base.get("encoding") or {}, revision.get("encoding") or {}):
        documents.collected.add(
            "request-encoding-changed",
            Effect.UNDECIDED,
            where,
            (media[0].pointer, media[1].pointer),
            reach,
            texts=(media[0].name, "", ""),
            proof="the encoding of parts is not compared",
        )
    if media[0].schema is not None and media[1].schema is not None:
        schemas = (media[0].schema, media[1].schema)
        documents.collected.sites.append(Site(Direction.REQUEST, operations, schemas, media))
    else:
        compare_presence(documents, Direction.REQUEST, operations, media)
