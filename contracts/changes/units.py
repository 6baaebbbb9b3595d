"""A pair of schemas, one from each document, to the changes within it and the pairs that it refers to.

A unit is what stands between two references: a change in a shared component is found once, in the unit of that
component.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from contracts.changes.change import Direction, Effect
from contracts.changes.containment import LARGE, Answer, equal
from contracts.changes.pairs import Local, Pair, Step, UnitKey, movement_of
from contracts.changes.shapes import Shape, as_text, pure_reference
from contracts.changes.versions import Documents
from contracts.document import Document, Schema
from contracts.schemas.locations import Location, locate
from contracts.schemas.readings import TooLarge

UNSENT = (
    "a property that is readOnly is not sent in requests, one that is writeOnly not in responses"
)
UNIONS = ("anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference from one unit to another; `proof` says why nothing that breaks there breaks here, if so."""

    to: UnitKey
    steps: tuple[Step, ...] = ()
    proof: str | None = None


@dataclass(eq=False)
class Unit:
    """What was found at a place and below it."""

    locals: list[Local] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def effects(self) -> set[Effect]:
        return {local.effect for local in self.locals}

    def add(self, other: Unit, *steps: Step) -> None:
        self.locals += [replace(local, steps=(*steps, *local.steps)) for local in other.locals]
        self.edges += [replace(edge, steps=(*steps, *edge.steps)) for edge in other.edges]

    def settled(self, proof: str) -> Unit:
        """The same where nothing breaks."""
        found = Unit()
        for local in self.locals:
            if not local.unless:
                found.locals.append(replace(local, effect=Effect.COMPATIBLE, how=proof, value=()))
        for edge in self.edges:
            found.edges.append(replace(edge, proof=edge.proof or proof))
        return found


@dataclass(eq=False)
class Walk:
    """The units of one direction."""

    documents: Documents
    direction: Direction
    base: Document
    revision: Document
    _units: dict[UnitKey, Unit] = field(default_factory=dict)

    @property
    def parties(self) -> tuple[Document, Document]:
        """The sender and the receiver."""
        if self.direction is Direction.REQUEST:
            return self.base, self.revision
        return self.revision, self.base

    def shown_at(self, root: UnitKey) -> Iterator[tuple[Local, tuple[Step, ...], str | None]]:
        """The changes of every unit that a root leads to, the steps there, and a proof that nothing breaks.

        Each comes once, without a proof if it can be.
        """
        edges = {root: Edge(root)}
        waiting = [root]
        while waiting:
            here = edges[waiting.pop(0)]
            for edge in self.unit(here.to).edges:
                known, proof = edges.get(edge.to), here.proof or edge.proof
                if known is None or (known.proof is not None and proof is None):
                    edges[edge.to] = Edge(edge.to, (*here.steps, *edge.steps), proof)
                    waiting.append(edge.to)
        broken = {key for key in edges if self.unit(key).effects - {Effect.COMPATIBLE}}
        for key, edge in edges.items():
            for local in self.unit(key).locals:
                if broken.isdisjoint(self._led_to(local.unless)):
                    yield local, edge.steps, edge.proof

    def _led_to(self, keys: Iterable[UnitKey]) -> set[UnitKey]:
        found, waiting = set(keys), list(keys)
        while waiting:
            for edge in self.unit(waiting.pop()).edges:
                if edge.to not in found and edge.proof is None:
                    found.add(edge.to)
                    waiting.append(edge.to)
        return found

    def unit(self, key: UnitKey) -> Unit:
        """The changes between the schemas at two pointers."""
        if key not in self._units:
            base, revision = (
                Schema(self.base, key[0]),
                Schema(self.revision, key[1]),
            )
            same = self.documents.same(*key)
            self._units[key] = Unit() if same else self._compare(locate(base), locate(revision))
        return self._units[key]

    def _compare(self, base: Location, revision: Location) -> Unit:
        sends_base = self.direction is Direction.REQUEST
        pair = Pair(Shape(base, self.base), Shape(revision, self.revision), sends_base)
        own = Unit(list(pair.locals()))
        found = Unit()
        for before, after, step in pair.children():
            below = self._below(before, after)
            is_unsent = step[0] == "property" and pair.sender.is_unsent(step[1])
            found.add(below.settled(UNSENT) if is_unsent else below, step)
        unions = self._unions(pair)
        is_changed = bool(own.locals or unions.locals)
        if is_changed and Effect.BREAKING not in own.effects and pair.is_equal:
            return Unit(list(pair.annotations()))
        found.add(own)
        found.add(unions)
        if is_changed:
            found = _held_against_the_whole(pair, found)
        found.locals += pair.annotations()
        return found

    def _below(self, base: Location, revision: Location) -> Unit:
        """Like `_compare`, for a place within a unit: two references lead to another unit."""
        if self._is_same(base, revision):
            return Unit()
        before, after = pure_reference(base), pure_reference(revision)
        if before is not None and after is not None:
            return Unit(edges=[Edge((before.pointer, after.pointer))])
        return self._compare(base, revision)

    def _is_same(self, base: Location, revision: Location) -> bool:
        before = [part.schema.value for part in base.parts]
        return self.documents.alike(before, [part.schema.value for part in revision.parts])

    # Unions whose branches are not told apart by type: as a whole, and branch by branch

    def _unions(self, pair: Pair) -> Unit:
        """What changed in unions: named by branch, decided by what all branches allow together."""
        if not pair.base.unions and not pair.revision.unions:
            return Unit()
        if self._is_settled_by_branch(pair):
            return self._branches(
                pair, Answer(None, "the branches changed behind their references")
            )
        try:
            base, revision = pair.base.union(), pair.revision.union()
        except TooLarge:
            base, revision = True, False
        if equal(base, revision):
            return Unit()
        answer = pair.answer(lambda: revision if pair.sends_base else base)
        found = self._branches(pair, answer)
        if answer.contained and (found.locals or found.edges):
            return found.settled(answer.how)
        if found.effects <= {Effect.COMPATIBLE}:
            unless = () if answer.contained else tuple(edge.to for edge in found.edges)
            kind = f"union-{movement_of(base, revision) or 'changed'}"
            before, after = _names(pair.base), _names(pair.revision)
            local = pair.local(kind, UNIONS, answer, unless=unless, base=before, revision=after)
            found.locals.append(local)
        return found

    def _is_settled_by_branch(self, pair: Pair) -> bool:
        """Whether one union is written alike on both sides, and its branches tell all that changed.

        What takes each branch of an `anyOf` takes the whole; of a `oneOf` if only one changed. A large one is not
        looked at as a whole.
        """
        if len(pair.base.unions) != 1 or len(pair.revision.unions) != 1:
            return False
        ((union, _),), ((other, _),) = pair.base.unions, pair.revision.unions
        if as_text(union.schema.value) != as_text(other.schema.value):
            return False
        branches = zip(pair.base.branches.values(), pair.revision.branches.values(), strict=True)
        changed = [both for both in branches if not self._is_same(*both)]
        if union.keyword == "anyOf" or len(changed) == 1:
            return True
        try:
            return len(as_text(pair.receiver.union())) > LARGE
        except TooLarge:
            return True

    def _branches(self, pair: Pair, answer: Answer) -> Unit:
        """The changes by branch, where there is one union on each side at most."""
        found = Unit()
        if len(pair.base.unions) > 1 or len(pair.revision.unions) > 1:
            return found
        bases, revisions = pair.base.branches, pair.revision.branches
        for name, branch in bases.items():
            if name in revisions:
                found.add(self._below(branch, revisions[name]))
            else:
                told = _of_branch(pair, branch, pair.sends_base, answer)
                found.locals.append(pair.local("branch-removed", UNIONS, told, subject=name))
        for name, branch in revisions.items():
            if name not in bases:
                told = _of_branch(pair, branch, not pair.sends_base, answer)
                found.locals.append(pair.local("branch-added", UNIONS, told, subject=name))
        return found


def _of_branch(pair: Pair, branch: Location, is_sent: bool, answer: Answer) -> Answer:
    """Of a branch that one side has: it breaks if it is sent, and not taken by any branch of the other."""
    if not is_sent:
        return Answer(True, "only the receiver knows this branch")
    if answer.contained:
        return answer
    sent = Shape(branch, pair.sender.document)
    return pair.answer(pair.receiver.union, lambda: sent.sent)


def _names(shape: Shape) -> str:
    return ", ".join(shape.branches) or "none"


def _held_against_the_whole(pair: Pair, found: Unit) -> Unit:
    """What was found keyword by keyword, held against the whole, where that can tell more."""
    if Effect.BREAKING in found.effects:
        return found  # what one keyword of the receiver refuses, all of it refuses
    is_harmless = found.effects == {Effect.COMPATIBLE}
    if is_harmless and found.edges:
        return found
    if pair.whole.contained and not is_harmless:
        return found.settled(pair.whole.how)
    if pair.whole.contained is False:
        unless = tuple(edge.to for edge in found.edges if edge.proof is None)
        found.locals.append(pair.local("schema-changed", (), pair.whole, unless=unless))
    return found
