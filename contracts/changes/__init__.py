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

from contracts.changes.branches import branch_names
from contracts.changes.change import Change, Direction, Effect, Reach, Witness, tell_marks_once
from contracts.changes.containment import Settlement, equal, movement_of
from contracts.changes.operations import compare_operations, settle_unread
from contracts.changes.pairs import Aspect, Local, Pair, Step
from contracts.changes.places import where_of
from contracts.changes.shapes import Shape, shape_at
from contracts.changes.unions import Matches, changed_unions, matches_of, regrouped
from contracts.changes.versions import Documents, Pointers, Site
from contracts.changes.witnesses import Trial
from contracts.changes.witnesses.hybrids import by_name, heirs_alone
from contracts.document import Document, Spec
from contracts.document.directions import for_requests, for_responses
from contracts.errors import UsageError
from contracts.schemas import UNIONS
from contracts.schemas.allowance import Allowance, Exceeded
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
        tell_marks_once(documents.changes)
    except RecursionError:
        raise UsageError(
            f"{base.document.path} and {revision.document.path} are nested too deeply to be "
            "compared; flatten their schemas"
        ) from None
    return tuple(sorted(documents.all(), key=_loudness))


def _loudness(change: Change) -> tuple[int, str, str]:
    return _WORST_FIRST.index(change.effect), change.where, change.id


@dataclass(eq=False)
class Reached:
    """A change and the sites at which it shows; `proofs` say where it breaks nothing, and why."""

    local: Local
    is_named: bool = False  # told only if no more than a name leads there
    sites: list[tuple[Site, Sequence[Step]]] = field(default_factory=list)
    proofs: dict[Reach, str] = field(default_factory=dict)


def _reached(walk: "Walk") -> list[Reached]:
    found: dict[tuple[str, str, bool], Reached] = {}
    for site in walk.documents.sites:
        if site.direction is not walk.direction:
            continue
        for local, edge in walk.shown_at(site.at):
            key = local.change.id, local.change.where, edge.is_named
            reached = found.setdefault(key, Reached(local, edge.is_named))
            reached.local = min(reached.local, local, key=lambda one: _loudness(one.change))
            if edge.proof is None:
                reached.sites.append((site, (*edge.steps, *local.steps)))
            else:
                reached.proofs.setdefault(site.reach, edge.proof)
    return [one for key, one in found.items() if not (key[2] and (*key[:2], False) in found)]


def _compare_schemas(walk: "Walk") -> None:
    """Note the changes of schemas that travel in the direction of the walk."""
    trial = lru_cache(maxsize=TRIALS)(lambda site: Trial(site, walk.pair(site.at)))
    settled = {reached: _settled(reached, trial) for reached in _reached(walk)}
    broken: dict[Site, list[Aspect]] = defaultdict(list)
    for reached, change in settled.items():
        aspect = reached.local.aspect
        if change.effect is Effect.BREAKING and not aspect.holds_others:
            for site, _ in reached.sites:
                broken[site].append(aspect)
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
    if reached.is_named:
        return by_name(change)
    answers = []
    for site, steps in reached.sites[:SITES]:
        here = trial(site)
        answer = _within(here, partial(here.witness, local, steps))
        if isinstance(answer, Witness):
            return replace(change, effect=Effect.BREAKING, proof=None, witness=answer)
        answers.append(answer or here.whole)
        if answer is not None:
            break  # what is given up at one site would be at the next
    if len(answers) == len(reached.sites) and all(answer.contained for answer in answers):
        return replace(change, effect=Effect.COMPATIBLE, proof=answers[0].how)
    proof = "no message was found that shows it" if local.values else change.proof
    if answers[0].contained is not False:
        proof = f"{proof}; of whole messages, {answers[0].how}"
    return replace(change, effect=Effect.UNDECIDED, proof=proof)


def _held_beside(
    change: Change,
    reached: Reached,
    broken: Mapping[Site, Sequence[Aspect]],
    trial: Callable[[Site], Trial],
) -> Change:
    """An undecided change as it stands once those that break are undone, where it shows."""
    proofs = []
    for site, steps in reached.sites[:SITES]:
        here, others = trial(site), broken.get(site, ())
        answer = _within(here, partial(here.last_word, reached.local, steps, others))
        if isinstance(answer, Witness):
            return replace(change, effect=Effect.BREAKING, proof=None, witness=answer)
        if not answer.contained:
            break
        proofs.append(answer.how)
    if len(proofs) < len(reached.sites):
        return change
    return replace(change, effect=Effect.COMPATIBLE, proof=f"beside what breaks, {proofs[0]}")


def _within(trial: Trial, work: Callable[[], T]) -> T | Settlement:
    """What some work on a trial comes to; undecided where it takes too much."""
    spend = trial.pair.allowance.spend
    try:
        return spend(work, apart=spend(lambda: trial.is_large, apart=False))
    except Exceeded as problem:
        return Settlement(None, str(problem))


@dataclass(frozen=True, slots=True)
class Edge:
    """A reference from one unit to another; `proof` says why nothing breaks here, if so."""

    to: Pointers
    steps: tuple[Step, ...] = ()
    proof: str | None = None
    is_named: bool = False  # whether it is a name that leads there, which a discriminator gives

    def then(self, edge: "Edge") -> "Edge":
        """One way after the other; what is proved of a value says nothing of how it is named."""
        steps, proof = (*self.steps, *edge.steps), self.proof or edge.proof
        if edge.is_named:
            proof = UNSENT if UNSENT in (self.proof, edge.proof) else None
        return Edge(edge.to, steps, proof, self.is_named or edge.is_named)


@dataclass(eq=False)
class Unit:
    """What was found at a place and below it."""

    locals: list[Local] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)

    @property
    def effects(self) -> set[Effect]:
        return {local.change.effect for local in self.locals}

    @property
    def plain(self) -> list[Edge]:
        """The references that values follow, whatever they are named."""
        return [edge for edge in self.edges if not edge.is_named]

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

    def shown_at(self, root: Pointers) -> Iterator[tuple[Local, Edge]]:
        """The changes of all units that a root leads to, and how.

        Each comes once, without a name if it can be, and without a proof.
        """
        edges = {root: Edge(root)}
        waiting = [root]
        while waiting:
            here = edges[waiting.pop(0)]
            for edge in self.unit(here.to).edges:
                known, way = edges.get(edge.to), here.then(edge)
                rank = way.is_named, way.proof is not None
                if known is None or rank < (known.is_named, known.proof is not None):
                    edges[edge.to] = way
                    waiting.append(edge.to)
        broken = {key for key in edges if self.unit(key).effects - {Effect.COMPATIBLE}}
        for key, edge in edges.items():
            for local in self.unit(key).locals:
                if broken.isdisjoint(self._led_to(local.unless)):
                    yield local, edge

    def _led_to(self, keys: Iterable[Pointers]) -> set[Pointers]:
        found, waiting = set(keys), list(keys)
        while waiting:
            for edge in self.unit(waiting.pop()).plain:
                if edge.to not in found and edge.proof is None:
                    found.add(edge.to)
                    waiting.append(edge.to)
        return found

    def unit(self, key: Pointers) -> Unit:
        """The changes between the schemas at two pointers."""
        if key not in self._units:
            self._units[key] = Unit()
            if not (self.documents.same(key) or self._is_unread(key)):
                pair, spend = self.pair(key), self.documents.allowance.spend
                try:
                    self._units[key] = spend(lambda: self._compare(pair), apart=False, share=2)
                except Exceeded as problem:
                    self._units[key] = _undecided(pair, str(problem))
        return self._units[key]

    def _is_unread(self, key: Pointers) -> bool:
        """Whether one of the schemas can't be read: nobody can tell what else it says."""
        sides = zip(key, (self.documents.base.unread, self.documents.revision.unread), strict=True)
        return any(at in unread or f"{at}/$ref" in unread for at, unread in sides)

    def _compare(self, pair: Pair) -> Unit:
        if beyond := pair.beyond:
            return _undecided(pair, beyond)
        own, found, heirs = Unit(), Unit(), self._heirs(pair)
        if (matches := regrouped(pair)) is not None:
            unions = self._by_branch(matches)
        else:
            own.locals += pair.locals()
            for child, step in pair.children():
                if step[0] == "property" and pair.is_marked(step[1]):
                    marks = Unit(list(child.marks()))
                    found.add(marks.settled(UNSENT), step)  # one side says nothing else there
                    continue
                below = self._below(child)
                is_unsent = step[0] == "property" and pair.sender.is_unsent(step[1])
                found.add(below.settled(UNSENT) if is_unsent else below, step)
            unions = self._unions(pair)
        is_changed = bool(own.locals or unions.locals)
        if is_changed and Effect.BREAKING not in own.effects and pair.is_equal:
            return Unit([*pair.annotations(), *heirs.locals], heirs.edges)
        found.add(own)
        found.add(unions)
        if is_changed and matches is None:
            found = _held_against_the_whole(pair, found)
        found.locals += pair.annotations()
        found.add(heirs)
        return found

    def _heirs(self, pair: Pair) -> Unit:
        found, revision = Unit(list(heirs_alone(pair))), pair.revision.heirs
        for name, target in pair.base.heirs.items():
            if name in revision:
                found.edges.append(Edge((target, revision[name]), is_named=True))
        return found

    def _below(self, pair: Pair) -> Unit:
        """Like `_compare`, for a place within a unit: a reference leads to another unit."""
        if self.documents.alike(pair.base.values, pair.revision.values):
            return Unit()
        if (pair.base.unit or pair.revision.unit) and pair.base.at and pair.revision.at:
            at = (pair.base.unit or pair.base.at, pair.revision.unit or pair.revision.at)
            return Unit(edges=[Edge(at)])
        return self._compare(pair)

    # Unions whose branches are not told apart by type

    def _unions(self, pair: Pair) -> Unit:
        """What changed in unions: by branch, or as a whole where several changed."""
        bases, revisions = changed_unions(pair)
        types, others = pair.base.location.types, pair.revision.location.types
        if len(bases) == len(revisions) == 1:
            return self._by_branch(matches_of(pair, bases[0], revisions[0]), told=types ^ others)
        if not types & others or not (bases or revisions):
            return Unit()
        try:
            base, revision = pair.base.union(), pair.revision.union()
        except TooLarge:
            base, revision = True, False
        if equal(base, revision, pair.allowance):
            return Unit()
        answer = pair.answer(lambda: self.direction.roles(base, revision)[1])
        kind = f"union-{movement_of(base, revision, pair.allowance) or 'changed'}"
        before, after = branch_names(pair.base) or "none", branch_names(pair.revision) or "none"
        said = Shape.union
        return Unit([pair.local(kind, UNIONS, answer, said=said, base=before, revision=after)])

    def _by_branch(self, matches: Matches, told: frozenset[str] = frozenset()) -> Unit:
        """What changed by branch; not what came or went of types that are `told` as such."""
        found = Unit()
        for match in matches.all:
            if match.sent is None or match.taken is None:
                branch = match.sent or match.taken
                if branch is None or not branch.shape.location.types <= told:
                    found.locals.append(matches.alone(match))
                continue
            below = Unit()
            if not match.is_equal:
                below = self._below(matches.within(match))
            may_break = below.plain or below.effects - {Effect.COMPATIBLE}
            if may_break and (answer := matches.escape(match)) and answer.contained:
                below = below.settled(answer.how)
            found.add(below)
            if Effect.BREAKING not in below.effects:
                unless = tuple(edge.to for edge in below.plain if edge.proof is None)
                found.locals += [replace(one, unless=unless) for one in matches.crossed(match)]
        return found


def _undecided(pair: Pair, why: str) -> Unit:
    """That nobody knows what changed at a place, which may be too much to be looked at."""
    base, revision = pair.base.parts[0].schema, pair.revision.parts[0].schema
    at, documents = (base.pointer, revision.pointer), pair.documents
    where = where_of(documents.base.document, at[0])
    change = documents.change("schema-changed", where, at, {}, pair.direction)
    change = replace(change, effect=Effect.UNDECIDED, proof=why)
    return Unit([Local(change, Aspect(pair, (), None, lambda shape: shape.taken))])


def _held_against_the_whole(pair: Pair, found: Unit) -> Unit:
    """What was found keyword by keyword, held against the whole, where that can tell more."""
    if Effect.BREAKING in found.effects:
        return found  # what one keyword of the receiver refuses, all of it refuses
    is_harmless = found.effects == {Effect.COMPATIBLE}
    if pair.is_large or (is_harmless and found.plain):
        return found
    if pair.whole.contained and not is_harmless:
        return found.settled(pair.whole.how)
    if pair.whole.contained is False:
        unless = tuple(edge.to for edge in found.plain if edge.proof is None)
        local = pair.local("schema-changed", (), pair.whole)
        found.locals.append(replace(local, unless=unless))
    return found
