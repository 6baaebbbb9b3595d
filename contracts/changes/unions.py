"""Unions whose branches are not told apart by type, on both sides of a place: as a whole, and branch by branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.changes.change import Effect
from contracts.changes.containment import LARGE, Answer, equal
from contracts.changes.locals import Findings, Local, UnitKey
from contracts.changes.said import as_text
from contracts.changes.shapes import Shape, pure_reference, type_names
from contracts.schemas.locations import Location
from contracts.schemas.parties import Raw, TooLarge

if TYPE_CHECKING:
    from contracts.changes.pairs import Pair

KEYWORDS = ("anyOf", "oneOf")


def union_findings(pair: Pair) -> Findings:
    """What changed in the unions of a pair: named by branch, decided by what all branches allow together."""
    if not pair.base.unions and not pair.revision.unions:
        return Findings()
    if _is_one_in_the_same_words(pair) and _is_settled_by_branch(pair):
        return _branches(pair, Answer(None, "the branches changed behind their references"))
    try:
        base, revision = pair.base.union(), pair.revision.union()
    except TooLarge:
        base, revision = True, False
    if base == revision or equal(base, revision):
        return Findings()
    answer = pair.answer(lambda: pair.pick(base, revision))
    found = _branches(pair, answer)
    if answer.contained:
        known = found.locals or found.edges
        return found.settled(answer.how) if known else _as_one(pair, base, revision, answer, ())
    if all(local.effect is Effect.COMPATIBLE for local in found.locals):
        found.below(_as_one(pair, base, revision, answer, tuple(edge.to for edge in found.edges)))
    return found


def _is_one_in_the_same_words(pair: Pair) -> bool:
    """Whether one union is written alike on both sides, so that it differs only behind references."""
    texts = [
        as_text([union.schema.value for union, _ in shape.unions])
        for shape in (pair.base, pair.revision)
    ]
    return texts[0] == texts[1] and len(pair.base.unions) == 1


def _is_settled_by_branch(pair: Pair) -> bool:
    """Whether branch by branch is enough, for a union that is written alike.

    What takes each branch of an `anyOf` takes the whole; of a `oneOf` if only one changed. A large one is not looked at
    as a whole.
    """
    ((union, _),) = pair.base.unions
    pairs = zip(_branches_of(pair.base).values(), _branches_of(pair.revision).values(), strict=True)
    if (
        union.keyword == "anyOf"
        or sum(not pair.walk.is_same(base, revision) for base, revision in pairs) == 1
    ):
        return True
    try:
        return len(as_text(pair.receiver.union())) > LARGE
    except TooLarge:
        return True


def _as_one(
    pair: Pair, base: Raw, revision: Raw, answer: Answer, unless: tuple[UnitKey, ...]
) -> Findings:
    before, after = (
        ", ".join(_branches_of(shape)) or "none" for shape in (pair.base, pair.revision)
    )
    kind = f"union-{pair.movement(base, revision) or 'changed'}"
    return Findings([pair.local(kind, KEYWORDS, answer, unless=unless, before=before, after=after)])


def _branches(pair: Pair, answer: Answer) -> Findings:
    """The changes by branch, where there is one union on each side at most."""
    found = Findings()
    if len(pair.base.unions) > 1 or len(pair.revision.unions) > 1:
        return found
    bases, revisions = _branches_of(pair.base), _branches_of(pair.revision)
    for name, base in bases.items():
        if name in revisions:
            found.below(pair.walk.below(base, revisions[name]))
        else:
            found.locals.append(
                _lonely(pair, "branch-removed", name, base, pair.walk.sends_base, answer)
            )
    for name, revision in revisions.items():
        if name not in bases:
            found.locals.append(
                _lonely(pair, "branch-added", name, revision, not pair.walk.sends_base, answer)
            )
    return found


def _lonely(
    pair: Pair, kind: str, name: str, branch: Location, is_sent: bool, answer: Answer
) -> Local:
    """A branch that one side has: it breaks if it is sent, and not taken by any branch of the other."""
    if not is_sent:
        answer = Answer(True, "only the receiver knows this branch")
    elif not answer.contained:
        sent = Shape(branch, pair.sender.view)
        answer = pair.answer(pair.receiver.union, lambda: sent.sent)
    return pair.local(kind, KEYWORDS, answer, subject=name)


def _branches_of(shape: Shape) -> dict[str, Location]:
    """The branches by what they are called on both sides."""
    found: dict[str, Location] = {}
    for union, _ in shape.unions:
        for index, branch in enumerate(union.branches, 1):
            name = _branch_name(branch)
            found[name if name not in found else f"{name} {index}"] = branch
    return found


def _branch_name(branch: Location) -> str:
    target = pure_reference(branch)
    if target is not None:
        return target.pointer.rpartition("/")[2]
    if branch.place.endswith(">"):
        return branch.place.rpartition("/")[2]
    title = branch.parts[0].value.get("title")
    return str(title) if title else " or ".join(type_names(branch.types))
