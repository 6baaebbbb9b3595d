"""The table of revisions is right: messages of its senders are taken or refused as it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import tee
from typing import Any

import pytest

from contracts.changes.change import Direction
from contracts.document import Operation, Spec, ref_target
from tests.changes.drawn_messages import messages
from tests.changes.editing import Message, Revision, Truth
from tests.changes.referee import Referee, holding
from tests.changes.revisions import REVISIONS

REF = re.compile(r'"\$ref": "([^"]*)"')
AT_ONE_PLACE, AT_EVERY_PLACE = 100, 16
"""Messages until one is refused where something breaks; where nothing does, all are tried, two fifths of them."""


def sides(base: Spec, revision: Spec, direction: Direction) -> tuple[Spec, Spec]:
    """Who sends and who takes: clients hold the base, the service the revision."""
    return (base, revision) if direction is Direction.REQUEST else (revision, base)


def written(spec: Spec, operation: Operation) -> str:
    """All that the document writes about an operation, what it refers to included."""
    tree = spec.document.tree
    item = spec.document.at(operation.pointer.rpartition("/")[0])
    texts, waiting = {"": ""}, [json.dumps([operation.path, item, operation.security, operation.servers])]
    while waiting:
        text = waiting.pop()
        for ref in set(REF.findall(text)) - set(texts):
            texts[ref] = json.dumps(spec.document.at(ref_target(ref)))
            waiting.append(texts[ref])
        texts[""] += text
    return json.dumps([texts, tree.get("components", {}).get("securitySchemes")])


def refusals(row: Revision) -> Iterator[tuple[str, Any]]:
    base, revision = row.specs()
    for direction in (Direction.REQUEST, Direction.RESPONSE):
        sender, receiver = sides(base, revision, direction)
        referee = Referee(receiver, direction, "receiver", whole_paths=True)
        for operation in sender.operations:
            other = referee.named(operation.key)
            same = other is not None and written(sender, operation) == written(receiver, other)
            if row.where in (None, (operation.key, direction)) and not same:
                yield from refused(row, sender, operation, referee)


def refused(row: Revision, sender: Spec, operation: Operation, referee: Referee) -> Iterator[tuple[str, Any]]:
    count = AT_EVERY_PLACE if row.where is None else AT_ONE_PLACE
    if row.truth != Truth.BREAKING:
        count = count * 2 // 5
    known = referee.direction is Direction.REQUEST or referee.named(operation.key) is not None
    for message in drawn(sender, operation.key, referee.direction, count) if known else ():
        reason = referee.refuses(message, operation.key)
        if reason:
            yield reason, message


def drawn(sender: Spec, operation: str, direction: Direction, count: int) -> Iterator[Message]:
    """The messages, drawn once for all rows of a base: as far as any row looked at them."""
    kept = begun(sender, operation, direction, count)
    kept[0], again = tee(kept[0])
    return again


@lru_cache(maxsize=64)
def begun(sender: Spec, operation: str, direction: Direction, count: int) -> list[Iterator[Message]]:
    return [messages(sender, sender.by_key[operation], direction, count)]


HARMLESS = [row for row in REVISIONS if row.truth != Truth.BREAKING and row.shown]
BREAKING = [row for row in REVISIONS if row.truth == Truth.BREAKING and row.shown]
WRITTEN = [row for row in BREAKING if row.message]


def test_the_names_of_rows_are_unique() -> None:
    assert len({row.id for row in REVISIONS}) == len(REVISIONS)


@pytest.mark.parametrize("row", HARMLESS, ids=lambda row: row.id)
def test_no_message_is_refused_where_nothing_breaks(row: Revision) -> None:
    assert next(refusals(row), None) is None


@pytest.mark.parametrize("row", [row for row in BREAKING if not row.message], ids=lambda row: row.id)
def test_some_drawn_message_is_refused_where_something_breaks(row: Revision) -> None:
    assert next(refusals(row), None) is not None


@pytest.mark.parametrize("row", WRITTEN, ids=lambda row: row.id)
def test_the_written_message_is_sent_and_refused(row: Revision) -> None:
    assert row.message is not None
    direction = Direction.RESPONSE if "status" in row.message else Direction.REQUEST
    sender, receiver = sides(*row.specs(), direction)
    operation = row.where[0] if row.where else ""
    assert holding(sender, direction, "sender", False).refuses(row.message, operation) is None
    assert holding(receiver, direction, "receiver", False).refuses(row.message, operation) is not None
