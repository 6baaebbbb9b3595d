"""Two documents in, their changes out: proved harmless, shown by a message, or undecided.

Operations are walked first, and leave the sites of schemas that differ. These are compared by unit,
what stands between two references: a change in a shared component is found once. Messages at their
sites settle which of these changes break.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TypeVar

from contracts.changes.change import Change, Direction, Effect, Reach, Witness
from contracts.changes.containment import LARGE, Settlement, equal, movement_of
from contracts.changes.hybrids import Edit
from contracts.changes.operations import compare_operations, settle_unread
from contracts.changes.pairs import Local, Pair, Step
from contracts.changes.shapes import Shape, as_text, shape_at
from contracts.changes.versions import Documents, Pointers, Site
from contracts.changes.witnesses import Trial
from contracts.document import Document, Spec
from contracts.document.directions import for_requests, for_responses
from contracts.errors import UsageError
from contracts.schemas import UNIONS
from contracts.schemas.allowance import NO_MEMORY, Allowance, Exceeded
from contracts.schemas.readings import TooLarge

__all__ = ["compare"]

T = TypeVar("T")

SITES = 3  # messages of so many operations are tried before a change is taken to show in none
TRIALS = 16  # sites whose validators are kept at once
UNSENT = (
    "a property that is readOnly is not sent in requests, one that is writeOnly not in responses"
)

_READINGS = {Direction.REQUEST: for_requests, Direction.RESPONSE: for_responses}
_WORST_FIRST = (Effect.BREAKING, Effect.UNDECIDED, Effect.COMPATIBLE)


def compare(
    base: Spec, revision: Spec, *, allowance: Allowance | None = None
) -> tuple[Change, ...]:
    """Every change from `base` to `revision`, what breaks first.

    What the `allowance` (by default a new one) does not reach to decide is undecided.

    Raises:
        UsageError: the documents are nested too deeply to be compared.
    """
    if base is revision:
        return ()
    documents = Documents(base, revision, allowance or Allowance())
    try:
        compare_operations(documents)
        for direction, read in _READINGS.items():
            walk = Walk(documents, direction, read(base.document), read(revision.document))
            _compare_schemas(walk)
        settle_unread(documents)
    except RecursionError:
        raise UsageError(
            f"{base.document.path} and {revision.document.path} are nested too deeply to be "
            "compared; flatten their schemas"
        ) from None
    return tuple(sorted(documents.changes.values(), key=_loudness))


def _loudness(change: Change) -> tuple[int, str, str]:
    return _WORST_FIRST.index(change.effect), change.where, change.id


@dataclass(eq=False)
class Reached:
    """A change and the sites at which it shows; `proofs` say where it breaks nothing, and why."""

    local: Local
    sites: list[tuple[Site, Sequence[Step]]] = field(default_factory=list)
    proofs: dict[Reach, str] = field(default_factory=dict)


def _compare_schemas(walk: "Walk") -> None:
    """Note the changes of schemas that travel in the direction of the walk."""
    found: dict[tuple[str, str], Reached] = {}
    for site in walk.documents.sites:
        if site.direction is not walk.direction:
            continue
        for local, steps, proof in walk.shown_at(site.at):
            reached = found.setdefault((local.change.id, local.change.where), Reached(local))
            reached.local = min(reached.local, local, key=lambda one: _loudness(one.change))
            if proof is None:
                reached.sites.append((site, (*steps, *local.steps)))
            else:
                reached.proofs.setdefault(site.reach, proof)
    trial = lru_cache(maxsize=TRIALS)(lambda site: Trial(site, walk.pair(site.at)))
    settled = {reached: _settled(reached, trial) for reached in found.values()}
    broken: dict[Site, list[Edit]] = defaultdict(list)
    for reached, change in settled.items():
        aspect = reached.local.aspect
        if change.effect is Effect.BREAKING and not aspect.holds_others:
            for site, way in reached.sites:
                broken[site].append((aspect, way))
    for reached, change in settled.items():
        if change.effect is Effect.UNDECIDED:
            change = _held_beside(change, reached, broken, trial)
        reaches = (site.reach for site, _ in reached.sites)
        walk.documents.note(change, *reaches, *reached.proofs)


def _settled(reached: Reached, trial: Callable[[Site], Trial]) -> Change:
    """The change as a message shows it to break, or proved where it shows; else undecided."""
    local, change = reached.local, reached.local.change
    if change.effect is Effect.COMPATIBLE:
        return change
    if not reached.sites:
        return replace(change, effect=Effect.COMPATIBLE, proof=next(iter(reached.proofs.values())))
    answers = []
    for site, steps in reached.sites[:SITES]:
        here = trial(site)
        answer = _within(here, partial(here.witness, local, steps))
        if isinstance(answer, Witness):
            return replace(change, effect=Effect.BREAKING, proof=None, witness=answer)
        answers.append(answer or here.whole)
    if len(answers) == len(reached.sites) and all(answer.contained for answer in answers):
        return replace(change, effect=Effect.COMPATIBLE, proof=answers[0].how)
    proof = "no message was found that shows it" if local.values else change.proof
    if answers[0].contained is not False:
        proof = f"{proof}; of whole messages, {answers[0].how}"
    return replace(change, effect=Effect.UNDECIDED, proof=proof)


def _held_beside(
    change: Change,
    reached: Reached,
    broken: Mapping[Site, Sequence[Edit]],
    trial: Callable[[Site], Trial],
) -> Change:
    """An undecided change as it stands once those that break are undone, where it shows."""
    proofs = []
    for site, steps in reached.sites[:SITES]:
        here, others = trial(site), broken.get(site, ())
        answer = _within(here, partial(here.last_word, reached.local, steps, others))
        if isinstance(answer, Witness):
            return replace(change, effect=Effect.BREAKING, proof=None, witness=answer)
        proofs += [answer.how] * bool(answer.contained)
    if len(proofs) < len(reached.sites):
        return change
    return replace(change, effect=Effect.COMPATIBLE, proof=f"beside what breaks, {proofs[0]}")


def _within(trial: Trial, work: Callable[[], T]) -> T | Settlement:
    """What some work on a trial comes to; undecided where it takes too much."""
    try:
        return trial.pair.allowance.spend(work, apart=trial.is_large)
    except Exceeded as problem:
        return Settlement(None, str(problem))


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference from one unit to another; `proof` says why nothing breaks here, if so."""

    to: Pointers
    steps: tuple[Step, ...] = ()
    proof: str | None = None


@dataclass(eq=False)
class Unit:
    """What was found at a place and below it."""

    locals: list[Local] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def effects(self) -> set[Effect]:
        return {local.change.effect for local in self.locals}

    def add(self, other: "Unit", *steps: Step) -> None:
        self.locals += [replace(local, steps=(*steps, *local.steps)) for local in other.locals]
        self.edges += [replace(edge, steps=(*steps, *edge.steps)) for edge in other.edges]

    def settled(self, proof: str) -> "Unit":
        """The same where nothing breaks."""
        found = Unit()
        for local in self.locals:
            if not local.unless:
                change = replace(local.change, effect=Effect.COMPATIBLE, proof=proof)
                found.locals.append(replace(local, change=change, values=()))
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
    _units: dict[Pointers, Unit] = field(default_factory=dict)

    def pair(self, at: Pointers) -> Pair:
        shapes = shape_at(self.base, at[0]), shape_at(self.revision, at[1])
        return Pair(self.documents, self.direction, *shapes)

    def shown_at(self, root: Pointers) -> Iterator[tuple[Local, tuple[Step, ...], str | None]]:
        """The changes of all units that a root leads to, the steps there, and why nothing breaks.

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

    def _led_to(self, keys: Iterable[Pointers]) -> set[Pointers]:
        found, waiting = set(keys), list(keys)
        while waiting:
            for edge in self.unit(waiting.pop()).edges:
                if edge.to not in found and edge.proof is None:
                    found.add(edge.to)
                    waiting.append(edge.to)
        return found

    def unit(self, key: Pointers) -> Unit:
        """The changes between the schemas at two pointers."""
        if key not in self._units:
            self._units[key] = Unit()
            if not self.documents.same(key):
                try:
                    self._units[key] = self._compare(self.pair(key))
                except MemoryError:
                    self._units[key] = _undecided(self.pair(key), NO_MEMORY)
        return self._units[key]

    def _compare(self, pair: Pair) -> Unit:
        if beyond := pair.beyond:
            return _undecided(pair, beyond)
        own, found = Unit(list(pair.locals())), Unit()
        for child, step in pair.children():
            below = self._below(child)
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

    def _below(self, pair: Pair) -> Unit:
        """Like `_compare`, for a place within a unit: two references lead to another unit."""
        if self.documents.alike(pair.base.values, pair.revision.values):
            return Unit()
        if pair.base.unit and pair.revision.unit:
            return Unit(edges=[Edge((pair.base.unit, pair.revision.unit))])
        return self._compare(pair)

    # Unions whose branches are not told apart by type: as a whole, and branch by branch

    def _unions(self, pair: Pair) -> Unit:
        """What changed in unions: named by branch, decided by what all branches allow together."""
        if not pair.base.unions and not pair.revision.unions:
            return Unit()
        if self._is_settled_by_branch(pair):
            undecided = Settlement(None, "the branches changed behind their references")
            return self._branches(pair, undecided)
        try:
            base, revision = pair.base.union(), pair.revision.union()
        except TooLarge:
            base, revision = True, False
        if equal(base, revision, pair.allowance):
            return Unit()
        answer = pair.answer(lambda: self.direction.roles(base, revision)[1])
        found = self._branches(pair, answer)
        if answer.contained and (found.locals or found.edges):
            return found.settled(answer.how)
        if found.effects <= {Effect.COMPATIBLE}:
            unless = tuple(edge.to for edge in found.edges if not answer.contained)
            kind = f"union-{movement_of(base, revision, pair.allowance) or 'changed'}"
            before, after = (tuple(side.branches) or "none" for side in (pair.base, pair.revision))
            said = Shape.union
            local = pair.local(kind, UNIONS, answer, said=said, base=before, revision=after)
            found.locals.append(replace(local, unless=unless))
        return found

    def _is_settled_by_branch(self, pair: Pair) -> bool:
        """Whether one union is written alike on both sides, and its branches tell all that changed.

        What takes each branch of an `anyOf` takes the whole; of a `oneOf` if only one changed. A
        large one is not looked at as a whole.
        """
        if len(pair.base.unions) != 1 or len(pair.revision.unions) != 1:
            return False
        (union, _), (other, _) = pair.base.unions[0], pair.revision.unions[0]
        if as_text(union.schema.value) != as_text(other.schema.value):
            return False
        branches = zip(pair.base.branches.values(), pair.revision.branches.values(), strict=True)
        same = [self.documents.alike(base.values, revision.values) for base, revision in branches]
        if union.keyword == "anyOf" or same.count(False) == 1:
            return True
        try:
            return len(as_text(pair.receiver.union())) > LARGE
        except TooLarge:
            return True

    def _branches(self, pair: Pair, answer: Settlement) -> Unit:
        """The changes by branch, where there is one union on each side at most."""
        found = Unit()
        if len(pair.base.unions) > 1 or len(pair.revision.unions) > 1:
            return found
        bases, revisions = pair.base.branches, pair.revision.branches
        for name in {**bases, **revisions}:
            if name in bases and name in revisions:
                found.add(self._below(replace(pair, base=bases[name], revision=revisions[name])))
                continue
            kind = "branch-removed" if name in bases else "branch-added"
            told = answer
            if name not in pair.sender.branches:
                told = Settlement(True, "only the receiver knows this branch")
            elif not answer.contained:
                told = pair.answer_of_branch(name)
            said = partial(pair.with_branch, name)
            found.locals.append(pair.local(kind, UNIONS, told, said=said, subject=name))
        return found


def _undecided(pair: Pair, why: str) -> Unit:
    return Unit([pair.local("schema-changed", (), Settlement(None, why))])


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
        local = pair.local("schema-changed", (), pair.whole)
        found.locals.append(replace(local, unless=unless))
    return found
