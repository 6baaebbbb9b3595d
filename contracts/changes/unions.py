"""A union on one side and on the other: which branches belong together, and who takes what.

What takes each branch of a union takes all of it. Under `oneOf` no value may be taken twice
as well: branches are apart by their types, constants or names, or a proof is looked for.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import filterfalse, repeat, starmap
from operator import attrgetter, is_not, itemgetter
from typing import Any

from contracts.changes.branches import Alternatives, Branch, are_apart, branches_of, may_take_all
from contracts.changes.containment import Settlement, settle
from contracts.changes.pairs import Local, Pair
from contracts.changes.places import place_below
from contracts.changes.plain_values import plain_values, refused, taken_of
from contracts.changes.shapes import Shape
from contracts.schemas import UNIONS, Raw, only
from contracts.schemas.locations import Union, escape
from contracts.schemas.readings import TooLarge, taken_form

LIKE = 0.5  # the share of properties that makes one branch of two without a common name or constant
UNKNOWN = Settlement(True, "only the receiver knows this branch")
LOOSER = Settlement(True, "a value may be of several branches where it had to be of one")
_KEY = attrgetter("key")


def changed_unions(pair: Pair) -> tuple[list[Union], list[Union]]:
    """The unions of both sides that do not say the same, branch by branch."""
    bases, revisions = list(pair.base.unions), list(pair.revision.unions)
    for one in pair.base.unions:
        for other in revisions:
            said = _said_by(one[0]), _said_by(other[0])
            if one[1] == other[1] and pair.documents.alike(*said):
                bases.remove(one)
                revisions.remove(other)
                break
    first = itemgetter(0)
    return list(map(first, bases)), list(map(first, revisions))


def _said_by(union: Union) -> dict[str, Any]:
    value: Any = union.schema.value
    return only(value, (union.keyword, "discriminator"))


def regrouped(pair: Pair) -> "Matches | None":
    """The branches of what is one union and nothing else on one side, and no such on the other.

    None if not so, or if nothing of the one belongs to the other.
    """
    sides = changed_unions(pair)
    types = pair.base.location.types & pair.revision.location.types
    if not types or sorted(map(len, sides)) != [0, 1]:
        return None
    unions = []
    for shape, changed in zip((pair.base, pair.revision), sides, strict=True):
        own = changed or shape.location.unions
        is_one = len(own) == 1 and own[0].values is None
        unions.append(own[0] if is_one else None)
    found = matches_of(pair, *unions)
    is_alone = found.sender.is_alone and found.receiver.is_alone
    belongs = any(one.sent and one.taken for one in found.all)
    return found if is_alone and belongs else None


def matches_of(pair: Pair, base: Union | None, revision: Union | None) -> "Matches":
    """The branches of two unions; a place that is none is a branch itself."""
    keyword = next(union.keyword for union in (base, revision) if union)
    unions = filter(None, (base, revision))
    opened = pair.opened.union(map(attrgetter("schema.pointer"), unions))
    before = branches_of(pair.base, base, keyword, opened)
    sides = before, branches_of(pair.revision, revision, keyword, opened)
    keywords = UNIONS if base and revision else ()
    return Matches(pair, *pair.direction.roles(*sides), keywords, opened)


@dataclass(frozen=True, eq=False)
class Match:
    """A branch of the sender and one of the receiver that belong together; one may be missing."""

    sent: Branch | None
    taken: Branch | None
    is_equal: bool = False


Score = Callable[[Branch, Branch], float]


@dataclass(frozen=True, eq=False)
class Matches:
    """Two unions whose branches belong together in pairs."""

    pair: Pair
    sender: Alternatives
    receiver: Alternatives
    keywords: tuple[str, ...] = UNIONS  # under which they stand; none, if one is the place itself
    opened: frozenset[str] = frozenset()  # the pointers to both, and to those around them
    _doubtful: dict[Branch, Settlement | None] = field(default_factory=dict, repr=False)

    @cached_property
    def all(self) -> list[Match]:
        """By equal meaning, else by constants, by name, or by likeness; then those without."""
        sent, taken = [*self.sender.all], [*self.receiver.all]
        same, known = list[tuple[Branch, Branch]](), dict(zip(map(_KEY, taken), taken, strict=True))
        for one in self.sender.all:  # most have their name still, and are no part of the question
            other = known.pop(one.key, None)
            if other is not None and self._sameness(one, other):
                same.append((one, other))
                sent.remove(one)
                taken.remove(other)
        same += _met(sent, taken, self._sameness)
        found = list(starmap(partial(Match, is_equal=True), same))
        for score in (partial(_common_tags, _counted(sent, taken)), _same_name, Branch.likeness):
            found += starmap(Match, _met(sent, taken, score))
        found += map(Match, sent, repeat(None))
        return [*found, *map(Match, repeat(None), taken)]

    def _sameness(self, one: Branch, other: Branch) -> float:
        said = Shape(one.own, one.shape.document), Shape(other.own, other.shape.document)
        base, revision = self.pair.direction.roles(*said)
        return float(self.pair.documents.alike(base.values, revision.values))

    def within(self, match: Match) -> Pair:
        """The two branches as a place of their own."""
        sent = match.sent.shape if match.sent else self.pair.sender
        taken = match.taken.shape if match.taken else self.pair.receiver
        base, revision = self.pair.direction.roles(sent, taken)
        return replace(self.pair, base=base, revision=revision, opened=self.opened)

    def alone(self, match: Match) -> Local:
        """The change that a branch without a partner is."""
        base, revision = self.pair.direction.roles(match.sent, match.taken)
        answer = self.doubled(match) if match.sent is None else self.escape(match)
        kind, branch = ("branch-removed", base) if base else ("branch-added", revision)
        name = branch.name if branch else ""
        said = partial(self._beside_receiver, match.sent)
        local = self.pair.local(kind, self.keywords, answer, said=said, subject=name)
        where = place_below(local.change.where, f"<{escape(name)}>")
        return replace(local, change=replace(local.change, where=where))

    def escape(self, match: Match) -> Settlement | None:
        """Whether what is sent in a branch is taken in any; None if only its own could take it."""
        if match.sent and (answer := self.doubtful(match.sent)):
            return answer
        sent = self.within(match).sender
        able = [*filterfalse(lambda one: are_apart(sent, one.shape), self.receiver.all)]
        if match.taken and able in ([], [match.taken]):
            return None
        if sent.is_large and (self.receiver.keyword == "anyOf" or len(able) == 1):
            others = filter(partial(is_not, match.taken), able)
            for branch in filter(partial(self._takes_all, sent), others):
                return Settlement(True, f"the branch {branch.name} takes all of it")
        forms = [{"allOf": branch.shape.values} for branch in able]
        document, taken = (
            self.pair.receiver.document,
            bool(forms) and {self.receiver.keyword: forms},
        )
        allowance = self.pair.allowance
        return taken_of(sent, lambda: taken_form(document, taken), allowance, sent.names)

    def _takes_all(self, sent: Shape, branch: Branch) -> bool:
        """Whether a branch takes all that is sent; members that mean the same are not looked at."""
        taken, same = branch.shape, list[str]()
        with suppress(TooLarge):
            if sent.location.truncated or taken.location.truncated:
                return False
            if not may_take_all(sent, taken) or refused(taken.checked, plain_values(sent)):
                return False
            for name in {*sent.names}.intersection(taken.names):
                sides = sent.child("properties", name), taken.child("properties", name)
                base, revision = self.pair.direction.roles(*sides)
                if self.pair.documents.alike(base.values, revision.values):
                    same.append(name)
            return bool(
                settle(
                    lambda: sent.without(same).sent,
                    lambda: taken.without(same).taken,
                    allowance=self.pair.allowance,
                ).contained
            )
        return False

    def doubtful(self, branch: Branch) -> Settlement | None:
        """Why nothing is sent that is of a branch: another of a `oneOf` takes all of it as well."""
        if branch not in self._doubtful:
            self._doubtful[branch] = self._covered(branch)
        return self._doubtful[branch]

    def _covered(self, branch: Branch) -> Settlement | None:
        if self.sender.keyword != "oneOf":
            return None
        for other in filter(partial(is_not, branch), self.sender.all):
            sent, taken = branch.shape, other.shape
            # A name that the branch does not declare may have any value in it.
            knows_all = {*taken.names} <= {*sent.names}
            if not knows_all or not may_take_all(sent, taken) or are_apart(sent, taken):
                continue
            if refused(taken.checked, plain_values(sent)):
                continue
            forms = partial(_taken, sent), partial(_taken, taken)
            if settle(*forms, allowance=self.pair.allowance).contained:
                why = f"what is of this branch is of {other.name} too, and of no oneOf then"
                return Settlement(True, why)
        return None

    def crossed(self, match: Match) -> list[Local]:
        """The change that a value is taken in this branch too which is sent in another one."""
        answer, kind = self.doubled(match), "union-changed"
        base, revision = self.pair.direction.roles(self.sender, self.receiver)
        if base.keyword != revision.keyword:
            kind = "union-widened" if revision.keyword == "anyOf" else "union-narrowed"
        if answer is not LOOSER and answer.contained:
            return []
        told = partial(self.pair.local, kind, self.keywords, answer, said=self._said)
        return [told(base=base.names, revision=revision.names)]

    def _said(self, shape: Shape) -> Raw:
        return shape.union() if self.keywords else shape.taken

    def _beside_receiver(self, branch: Branch | None, shape: Shape) -> Raw:
        """What a side says; of the sender, only one branch beside what the receiver says."""
        if shape is self.pair.receiver or branch is None:
            return self._said(shape)
        parts = [self._said(self.pair.receiver), branch.shape.taken]
        if any(isinstance(part, dict) and "$defs" in part for part in parts):
            return self._said(shape)
        return {"anyOf": parts}

    def doubled(self, match: Match) -> Settlement:
        """Whether nothing that is taken in a branch is sent in another one, if that matters."""
        if match.taken is None or "oneOf" not in (self.sender.keyword, self.receiver.keyword):
            return UNKNOWN
        if self.receiver.all == (match.taken,):
            return UNKNOWN  # there is no other that takes it as well
        if match.is_equal and self.sender.keyword == self.receiver.keyword:
            return UNKNOWN  # what is sent in another branch was not taken in this one before
        taken, answer = match.taken.shape, UNKNOWN
        near = [*filterfalse(lambda one: are_apart(one.shape, taken), self.sender.all)]
        for branch in filterfalse(self.doubtful, filter(partial(is_not, match.sent), near)):
            answer = LOOSER
            if self.receiver.keyword == "oneOf":
                answer = self._taken_before(branch, taken, match.sent, near)
                alone = None if answer.contained else self._taken_alone(branch, taken)
                answer = alone if alone and alone.contained else answer
            if not answer.contained:
                break
        return answer

    def _taken_alone(self, branch: Branch, taken: Shape) -> Settlement:
        """Whether no other branch of the receiver takes what a branch sends and `taken` takes."""
        others = []
        for one in self.receiver.all:
            if one.shape is not taken and not are_apart(one.shape, taken):
                others.append(one)

        def twice() -> Raw:
            both = _both(branch.shape, taken)
            return {**both, "allOf": [*both["allOf"], _any(others)]}

        return settle(twice, lambda: False, allowance=self.pair.allowance)

    def _taken_before(
        self, branch: Branch, taken: Shape, own: Branch | None, near: Sequence[Branch]
    ) -> Settlement:
        """Whether what a branch sends and `taken` takes was of another branch before as well.

        Of `own`, of one that is near, or of several: then a `oneOf` of the sender sends it not.
        """
        both, written = partial(_both, branch.shape, taken), partial(_taken, branch.shape)
        groups: list[list[Branch]] = [[]]
        if self.sender.keyword == "oneOf":
            others = [*filter(partial(is_not, branch), near)]
            groups = [[own] if own else [], *map(list, zip(others, strict=True)), others]
        for known in groups:
            before = partial(_any, known)
            answer = settle(both, before, written, allowance=self.pair.allowance)
            if answer.contained:
                break
        return answer


def _any(branches: Sequence[Branch]) -> Raw:
    """What any of them takes; raises TooLarge where they lead back to themselves."""
    forms = list(map(attrgetter("shape.taken"), branches))
    if len(forms) > 1 and any(isinstance(form, dict) and "$defs" in form for form in forms):
        raise TooLarge("schemas that lead back to themselves are not held against each other")
    return bool(forms) and {"anyOf": forms}


def _taken(shape: Shape) -> Raw:
    return shape.taken


def _both(sent: Shape, taken: Shape) -> dict[str, Any]:
    """What is sent by the one and taken by the other; definitions are those of one of them."""
    found, definitions = list[Raw](), dict[str, Any]()
    for form in (sent.sent, taken.taken):
        if not isinstance(form, dict) or "$defs" not in form:
            found.append(form)
            continue
        if definitions:
            raise TooLarge("schemas that lead back to themselves are not held against each other")
        definitions |= form["$defs"]
        found += form["allOf"]
    return {"allOf": found, "$defs": definitions}


def _same_name(one: Branch, other: Branch) -> float:
    return float(one.identity == other.identity != "")


def _counted(sent: list[Branch], taken: list[Branch]) -> Counter[int]:
    counts = Counter[int]()
    for one in sent:
        for other in filter(one.has_tags_of, taken):
            counts.update((id(one), id(other)))
    return counts


def _common_tags(counts: Counter[int], one: Branch, other: Branch) -> float:
    return float(one.has_tags_of(other) and counts[id(one)] == counts[id(other)] == 1)


def _met(sent: list[Branch], taken: list[Branch], score: Score) -> list[tuple[Branch, Branch]]:
    """Take pairs out of two lists, those first that score best."""
    ranked = []
    for turn, one in enumerate(sent):
        for place, other in enumerate(taken):
            if (value := score(one, other)) >= LIKE:
                ranked.append((-value, turn, place, one, other))
    found = []
    for _, _, _, one, other in sorted(ranked, key=itemgetter(0, 1, 2)):
        if one in sent and other in taken:
            found.append((one, other))
            sent.remove(one)
            taken.remove(other)
    return found
