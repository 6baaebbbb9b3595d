"""A media type that has a schema in one document and none in the other: without one, anything is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.containment import settle
from contracts.changes.drafts import Draft, Undrawable, request_of, response_of
from contracts.changes.findings import Shown
from contracts.changes.places import where_of
from contracts.document import MediaType, Operation, ResponseSpec
from contracts.schemas.parties import TooLarge, View

if TYPE_CHECKING:
    from contracts.changes.operations import Documents


def compare_presence(
    documents: Documents,
    direction: Direction,
    operations: tuple[Operation, Operation],
    media: tuple[MediaType, MediaType],
    response: ResponseSpec | None = None,
) -> None:
    """Note a schema that came or went; `response` is the revision's answer that it belongs to."""
    before, after = media[0].schema, media[1].schema
    schema = before if after is None else after
    if schema is None:
        return
    is_sent = (after is None) is (direction is Direction.REQUEST)
    effect, proof, value = Effect.COMPATIBLE, "without a schema everything is taken", None
    if not is_sent:
        try:
            answer = settle(True, View(schema.document, "").receiver([schema]))
        except TooLarge:
            answer = settle(True, {"$ref": "#"})
        effect = {True: Effect.COMPATIBLE, False: Effect.BREAKING, None: Effect.UNDECIDED}[
            answer.contained
        ]
        proof, value = answer.how, answer.values

    def show() -> Shown | None:
        if not value:
            return None
        because = "it does not match the schema"
        try:
            if direction is Direction.REQUEST:
                message = request_of(
                    documents.base, operations[0], Draft(media=media[0], body=value)
                )
                return Shown(operations[0].key, message, "base", because)
            assert response is not None
            return Shown(
                operations[0].key,
                response_of(operations[1], response, media=media[1], body=value),
                "revision",
                because,
            )
        except Undrawable:
            return None

    documents.collected.add(
        "schema-added" if before is None else "schema-removed",
        effect,
        f"{where_of(documents.base.document, media[0].pointer)}",
        (media[0].pointer, media[1].pointer),
        Reach(operations[0].key, direction),
        texts=("", media[0].name, media[1].name),
        proof=proof,
        show=show,
    )
