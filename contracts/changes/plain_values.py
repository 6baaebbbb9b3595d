"""Plain values that a side sends, place for place where the whole is too much to draw from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, filterfalse

from contracts.changes.shapes import Shape, Spoken
from contracts.changes.versions import plainest
from contracts.messages import JSON
from contracts.payloads import Unsatisfiable
from contracts.schemas import Raw
from contracts.schemas.validation import Uncompilable, takes, validator, validator_of


def refused(taken: Raw, values: Sequence[JSON]) -> tuple[JSON, ...]:
    """Those of some values that a schema does not take."""
    with suppress(*Uncompilable):
        is_taken = partial(takes, validator_of(taken), unknown=True)
        return tuple(filterfalse(is_taken, values))
    return ()


def plain_values(sent: Shape, most: int | None = None) -> tuple[JSON, ...]:
    """A few values that are sent, for which nobody knows whether they are taken."""
    with suppress(Unsatisfiable):
        return tuple(filter(partial(is_sent, sent), plainest(sent.parts[0].schema)[:most]))
    return ()


def plain_members(sent: Shape, kept: Collection[str]) -> dict[str, JSON]:
    """A plain value for each property that has to be there, and is not `kept`."""
    found: dict[str, JSON] = {}
    for name in sent.required.difference(kept):
        with suppress(Unsatisfiable):
            if (member := sent.member(name)) is not None:
                # What may be in a list can be much.
                is_list = sent.child("properties", name).location.types == {"array"}
                is_empty = is_list and takes(validator(member), [])
                found[name] = [] if is_empty else plainest(member)[0]
    return found


def is_sent(sent: Shape, value: JSON) -> bool:
    checks = (validator(part.schema) for part in sent.parts if not isinstance(part.schema, Spoken))
    return all(takes(check, value) for check in checks)


def placed(
    shape: Shape,
    steps: Sequence[tuple[str, str]],
    value: JSON,
    beside: Mapping[str, JSON] = {},
    opened: frozenset[str] = frozenset(),
) -> Iterator[JSON]:
    """Plain values with `value` at the end of the steps, through each branch that knows the step.

    What several places say together is not looked at: they may not be sent after all. `beside` are
    members of the value, of which the branches at the pointers `opened` are known.
    """
    if not steps:
        yield value
        return
    (kind, name), rest = steps[0], steps[1:]
    held = {**beside, **plain_members(shape, [name])}
    if kind == "property" and name in shape.names:
        for below in placed(shape.child("properties", name), rest, value):
            yield {**held, name: below}
    elif kind == "items" and shape.having("items"):
        yield from ([below] for below in placed(shape.child("items"), rest, value))
    branches = list(chain.from_iterable(union.branches for union, _ in shape.unions))
    known = opened.union(branch.parts[0].schema.pointer for branch in branches)
    for branch in branches:
        if branch.parts[0].schema.pointer not in opened:
            yield from placed(Shape(branch.parts[:1], shape.document), steps, value, held, known)
