"""Plain values that a side sends, place for place where the whole is too much to draw from.

And whether what is sent is taken, by such values where the whole is too much.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, filterfalse
from operator import attrgetter

from contracts.changes.containment import SHOWN, Settlement, settle
from contracts.changes.shapes import Shape, Spoken
from contracts.changes.versions import plainest
from contracts.messages import JSON
from contracts.payloads import Unsatisfiable
from contracts.schemas import Raw
from contracts.schemas.allowance import Allowance
from contracts.schemas.readings import TooLarge
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
                child = sent.child("properties", name)
                # What may be in a list can be much.
                is_list = child.location.types == {"array"}
                is_empty = is_list and takes(validator(member), [])
                found[name] = [] if is_empty else plainest(member)[0]
                if len(child.parts) > 1 and not is_sent(child, found[name]):
                    others = chain.from_iterable(
                        map(plainest, map(attrgetter("schema"), child.parts))
                    )
                    found[name] = next(filter(partial(is_sent, child), others), found[name])
    return found


def is_sent(sent: Shape, value: JSON) -> bool:
    """Whether a value is sent; not, where nobody can tell."""
    checks = (validator(part.schema) for part in sent.parts if not isinstance(part.schema, Spoken))
    try:
        return all(takes(check, value) for check in checks)
    except Uncompilable:  # a pattern too large for the engine, say
        return False


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


def taken_of(
    sent: Shape, taken: Callable[[], Raw], allowance: Allowance, kept: Collection[str]
) -> Settlement:
    """Whether what is sent is taken; of large schemas, by the properties that are `kept`."""
    try:
        if taken() is True:
            return Settlement(True, "the receiver asks nothing of it")
        if not sent.is_large:
            return settle(lambda: sent.sent, taken, lambda: sent.taken, allowance=allowance)
    except TooLarge as problem:
        return Settlement(None, str(problem), plain_values(sent, 2))
    if values := refused(taken(), plain_values(sent)):
        return Settlement(False, SHOWN, values)
    answer = settle(lambda: sent.outlined(kept), taken, allowance=allowance)
    if answer.contained:
        return answer
    sample = settle(lambda: sent.outlined(kept, _plain(sent, kept)), taken, allowance=allowance)
    if values := tuple(filter(partial(is_sent, sent), (*answer.values, *sample.values))):
        return Settlement(False, SHOWN, values)
    return Settlement(None, f"by the properties that it is about, {answer.how}")


def _plain(sent: Shape, kept: Collection[str]) -> dict[str, Raw]:
    return {name: {"const": value} for name, value in plain_members(sent, kept).items()}
