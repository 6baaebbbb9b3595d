"""Two independent edits in one revision give the findings that each gives alone, with the same effects.

And each that breaks has a message of its own: refused, but taken with this edit undone, or refused with it alone.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, permutations, product
from typing import Any, NamedTuple

import pytest

from contracts.changes import compare
from contracts.changes.change import Change, Direction, Effect
from tests.changes.editing import Edit, Revision, Tree, original, ref, spec_from
from tests.changes.keywords import PAIRS, SENT, SHOWN, array, mapped, obj, one_of
from tests.changes.referee import holding
from tests.changes.revisions import REVISIONS

KEYWORD_SEEDS, ROW_SEEDS = 30, 12  # thousands hold

Findings = dict[tuple[str, str, Direction], Change]


class Composed(NamedTuple):
    """A document without either edit, with one of them, and with both."""

    none: Tree
    first: Tree
    second: Tree
    both: Tree


def findings(base: Tree, revision: Tree) -> Findings:
    changes = compare(spec_from(base, "base.json"), spec_from(revision, "revision.json"))
    return {(change.id, change.where, change.direction): change for change in changes}


def effects(base: Tree, revision: Tree) -> dict[tuple[str, str, Direction], Effect]:
    return {name: change.effect for name, change in findings(base, revision).items()}


def borrowed(trees: Composed) -> Iterator[tuple[str, str]]:
    """The findings of both edits whose message does not show them, as the referee sees it."""
    found = findings(trees.none, trees.both)
    for own, other in ((trees.first, trees.second), (trees.second, trees.first)):
        for name in effects(trees.none, own).keys() & found.keys():
            if found[name].witness is not None and not is_own(found[name], trees, own, other):
                yield name[:2]


def is_own(change: Change, trees: Composed, own: Tree, other: Tree) -> bool:
    """Whether a message is sent and refused, and that for the edit of `own`, not for that of `other`."""
    assert change.witness is not None
    message, operation = change.witness.message, change.witness.operation
    direction = Direction.RESPONSE if "status" in message else Direction.REQUEST
    whole = change.id.startswith("server-")

    def refuses(tree: Tree, role: Any = "receiver") -> bool:
        referee = holding(spec_from(tree, "revision.json"), direction, role, whole)
        return referee.refuses(message, operation) is not None

    sender, receiver, undone, alone = trees.none, trees.both, other, own
    if direction is Direction.RESPONSE:
        sender, receiver, undone, alone = trees.both, trees.none, own, other
    is_shown = refuses(receiver) and not refuses(sender, "sender")
    return is_shown and (refuses(alone) or not refuses(undone))


# Edits of keywords, at two places of one message


TAGS = {"a": {"const": "a"}, "b": {"const": "b"}}
SHAPES: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "two properties that have to be there": lambda a, b: {"X": obj({"x": a, "y": b}, "x", "y")},
    "two properties": lambda a, b: {"X": obj({"x": a, "y": b})},
    "one that has to be there": lambda a, b: {"X": obj({"x": a, "y": b}, "x")},
    "an item and what is beside its list": lambda a, b: {
        "X": obj({"x": array(obj({"z": a}, "z"), minItems=1), "y": b}, "x")
    },
    "a map and an item": lambda a, b: {"X": obj({"x": mapped(a), "y": array(b)})},
    "names of two patterns": lambda a, b: {"X": obj(patternProperties={"^x": a, "^y": b})},
    "two parts of allOf": lambda a, b: {"X": {"allOf": [obj({"x": a}, "x"), obj({"y": b})]}},
    "two components": lambda a, b: {"X": obj({"x": ref("A"), "y": array(ref("B"))}), "A": a, "B": b},
    "two branches": lambda a, b: {
        "X": one_of(ref("A"), ref("B")),
        "A": obj({"kind": TAGS["a"], "x": a}, "kind"),
        "B": obj({"kind": TAGS["b"], "y": b}, "kind"),
    },
    "what comes back": lambda a, b: {"X": obj({"x": a, "y": b, "below": array(ref("X"))}, "x")},
}
KEYWORDS = [pair for pair in PAIRS if pair[1] != {"not": {}}]  # where nothing can be sent, nothing else breaks


def composed_of_keywords(seed: int) -> Composed:
    """Two pairs of the table, each tightened or loosened, at two places of what is sent or shown."""
    chance = random.Random(seed)
    shape = [*SHAPES.values()][seed % len(SHAPES)]
    sides = [chance.sample([tight, loose], 2) for _, tight, loose, _ in chance.sample(KEYWORDS, 2)]
    place = chance.choice([SENT, SHOWN])
    return Composed(*(placed(place, shape(a, b)) for b, a in product(sides[1], sides[0])))


def placed(place: str, components: dict[str, Any]) -> Tree:
    """The shop with a schema of its own at a place; all that it holds is there whatever the schema."""
    tree = original("shop")
    tree["components"]["schemas"].update(copy.deepcopy(components))
    tree["components"]["schemas"]["Shared"]["$defs"] = {"Text": {"type": "string"}}
    *above, last = place.split("/")[1:]
    holder: Any = tree
    for name in above:
        holder = holder[name]
    holder[last] = ref("X")
    return tree


@pytest.mark.parametrize("seed", range(KEYWORD_SEEDS))
def test_edits_of_two_keywords_of_a_message_compose(seed: int) -> None:
    trees = composed_of_keywords(seed)
    alone = effects(trees.none, trees.first) | effects(trees.none, trees.second)
    assert effects(trees.none, trees.both) == alone
    assert list(borrowed(trees)) == []


# Rows of the table, which edit whatever there is


ROWS = {
    document: [row for row in REVISIONS if row.document == document and row.truth != "equal" and row.shown]
    for document in ("shop", "notte")
}


def composed_of_rows(seed: int) -> Composed:
    """Two rows of one document that don't meet; the seed says which."""
    chance = random.Random(seed)
    rows = [*ROWS.values()][seed % len(ROWS)]
    return next(filter(None, (composed(*chance.sample(rows, 2)) for _ in range(1_000))))


def composed(one: Revision, other: Revision) -> Composed | None:
    """Both rows in one document; None where one is not the same edit once the other is made."""
    try:
        none, again = (made(original(one.document), *edits) for edits in permutations([one.before, other.before]))
        trees = Composed(none, made(none, one.edits), made(none, other.edits), made(none, one.edits, other.edits))
        turned = made(none, other.edits, one.edits)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None  # a row finds no place for its edit any more
    if (none, trees.both) != (again, turned):
        return None
    first, second = effects(none, trees.first), effects(none, trees.second)
    is_same = (first, second) == (effects(trees.second, trees.both), effects(trees.first, trees.both))
    return trees if is_same and first.keys().isdisjoint(second) else None


def made(tree: Tree, *edits: Sequence[Edit]) -> Tree:
    tree = copy.deepcopy(tree)
    for edit in chain.from_iterable(edits):
        edit(tree)
    return tree


@pytest.mark.parametrize("seed", range(ROW_SEEDS))
def test_edits_of_two_rows_compose(seed: int) -> None:
    trees = composed_of_rows(seed)
    alone = effects(trees.none, trees.first) | effects(trees.none, trees.second)
    assert effects(trees.none, trees.both) == alone
    assert list(borrowed(trees)) == []
