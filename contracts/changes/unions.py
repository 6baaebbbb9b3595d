"""A union on one side and on the other: which branches belong together, and who takes what.

What takes each branch of a union takes all of it. Under `oneOf` no value may be taken twice
as well: branches are apart by their types, constants or names, or a proof is looked for.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import filterfalse, repeat, starmap
from operator import attrgetter, is_not, itemgetter
from typing import Any

from contracts.changes.containment import Settlement, settle
from contracts.changes.pairs import Local, Pair, taken_of
from contracts.changes.places import place_below
from contracts.changes.shapes import Shape, Spoken, type_names
from contracts.document.model import schemas_by_name
from contracts.schemas import UNIONS, Raw, only
from contracts.schemas.locations import Location, Part, Union, escape
from contracts.schemas.part import among
from contracts.schemas.readings import TooLarge, taken_form

LIKE = 0.5  # the share of properties that makes one branch of two without a common name or constant
UNKNOWN = Settlement(True, "only the receiver knows this branch")
LOOSER = Settlement(True, "a value may be of several branches where it had to be of one")


@dataclass(frozen=True, eq=False)
class Branch:
    """One branch, with what stands beside the union, or a place that is no union."""

    shape: Shape
    own: tuple[Part, ...]
    turn: int = 1
    named: tuple[str, frozenset[str]] | None = None  # by the discriminator: a property, its values

    @cached_property
    def identity(self) -> str:
        """What the document calls it: by reference or title; empty if it does not."""
        for part in self.own:
            if part.target:
                return part.target.schema.pointer.rpartition("/")[2]
        return str(self.own[0].value.get("title", ""))

    @property
    def name(self) -> str:
        """What people call it."""
        types = " or ".join(type_names(self.shape.location.types))
        return self.identity or f"{types} {self.turn}"

    @cached_property
    def tags(self) -> dict[str, frozenset[str]]:
        """The constants that it demands under names."""
        found = dict([self.named] if self.named else [])
        for name in self.shape.required:
            if texts := self.shape.location.property(name).texts:
                found[name] = texts
        return found

    def has_tags_of(self, other: "Branch") -> bool:
        for name in (common := self.tags.keys() & other.tags.keys()):
            if self.tags[name].isdisjoint(other.tags[name]):
                return False
        return bool(common)

    def likeness(self, other: "Branch") -> float:
        """From 0 to 1: the share of properties, or whether the types are the same."""
        mine, yours = {*self.shape.names}, {*other.shape.names}
        if mine | yours:
            return len(mine & yours) / len(mine | yours)
        return float(self.shape.location.types == other.shape.location.types)


@dataclass(frozen=True, eq=False)
class Alternatives:
    """A union as one side has it; what is none has one branch."""

    keyword: str
    all: tuple[Branch, ...]
    is_alone: bool = True  # whether nothing is said beside it

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(map(attrgetter("name"), self.all))


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
    sides = branches_of(pair.base, base, keyword), branches_of(pair.revision, revision, keyword)
    return Matches(pair, *pair.direction.roles(*sides), UNIONS if base and revision else ())


def branch_names(shape: Shape) -> tuple[str, ...]:
    """What the branches of all unions at a place are called."""
    found: list[str] = []
    for union, _ in shape.unions:
        found += branches_of(shape, union, union.keyword).names
    return tuple(found)


def branches_of(shape: Shape, union: Union | None, keyword: str) -> Alternatives:
    """The branches of a union at a place, or the place itself as the only one."""
    if union is None:
        return Alternatives(keyword, (Branch(shape, shape.parts),))
    way = _way_to(union, shape.location)
    beside, types = _beside(way), shape.location.types
    for place, _ in way:
        types &= place.types
    says_types = all(part.value.keys() <= {"type"} or not part.speaks for part in beside)
    whole, named, found = Part(union.schema).value, dict[str, set[str]](), list[Branch]()
    if "discriminator" in whole:
        for name, pointer in schemas_by_name(whole).items():
            named.setdefault(pointer, set()).add(name)
    for turn, location in enumerate(union.branches, 1):
        own, given = location.parts[0], None
        parts = [own]
        if not (says_types and location.types <= types):
            parts += beside
        if own.target and own.target.schema.pointer in named:
            names = frozenset(named[own.target.schema.pointer])
            given = (str(whole["discriminator"].get("propertyName")), names)
        found.append(Branch(Shape(tuple(parts), shape.document), (own,), turn, given))
    return Alternatives(union.keyword, tuple(found), says_types and len(way) == 1)


def _way_to(union: Union, location: Location) -> list[tuple[Location, Union]]:
    """The union and those by type above it, of which a value of its types is in one branch alone.

    Each is with the location that it stands at.
    """
    for one in location.unions:
        if one is union:
            return [(location, one)]
        if not one.shared_types:
            for way in filter(None, map(partial(_way_to, union), one.branches)):
                return [(location, one), *way]
    return []


def _beside(way: Sequence[tuple[Location, Union]]) -> list[Part]:
    """What is said on the way to a union, and is no part of the unions on it."""
    found = []
    for location, chosen in way:
        for part in location.parts:
            rest = dict(part.value)
            for name in ("$ref", "allOf", *([chosen.keyword] * (part.schema == chosen.schema))):
                rest.pop(name, None)
            if rest:
                found.append(Part(Spoken(part.schema, rest)))
    return found


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

    @cached_property
    def all(self) -> list[Match]:
        """By equal meaning, else by constants, by name, or by likeness; then those without."""
        sent, taken = [*self.sender.all], [*self.receiver.all]
        found = list(starmap(partial(Match, is_equal=True), _met(sent, taken, self._sameness)))
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
        return replace(self.pair, base=base, revision=revision)

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
        sent, able = self.within(match).sender, list[Raw]()
        is_own = True
        for branch in self.receiver.all:
            if not are_apart(sent, branch.shape):
                is_own = is_own and branch is match.taken
                able.append({"allOf": branch.shape.values})
        if match.taken and is_own:
            return None
        document, taken = self.pair.receiver.document, bool(able) and {self.receiver.keyword: able}
        allowance = self.pair.allowance
        return taken_of(sent, lambda: taken_form(document, taken), allowance, sent.names)

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
        if match.is_equal and self.sender.keyword == self.receiver.keyword:
            return UNKNOWN  # what is sent in another branch was not taken in this one before
        taken, answer = match.taken.shape, UNKNOWN
        near = [*filterfalse(lambda one: are_apart(one.shape, taken), self.sender.all)]
        for branch in filter(partial(is_not, match.sent), near):
            answer = LOOSER
            if self.receiver.keyword == "oneOf":
                answer = self._taken_before(branch, taken, match.sent, near)
            if not answer.contained:
                break
        return answer

    def _taken_before(
        self, branch: Branch, taken: Shape, own: Branch | None, near: Sequence[Branch]
    ) -> Settlement:
        """Whether what a branch sends and `taken` takes was of another branch before as well.

        Of `own`, of one that is near, or of several: then a `oneOf` of the sender sends it not.
        """
        both, written = partial(_both, branch.shape, taken), partial(_taken, branch.shape)
        groups: list[list[Branch]] = [[]]
        if own and self.sender.keyword == "oneOf":
            others = [*filter(partial(is_not, branch), near)]
            groups = [[own], *map(list, zip(others, strict=True)), others]
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


def _both(sent: Shape, taken: Shape) -> Raw:
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


def are_apart(sent: Shape, taken: Shape) -> bool:
    """Whether no value that is sent is taken, as types, constants and names show."""
    common = sent.location.types & taken.location.types
    values, listed = sent.location.values, taken.location.values
    if values is not None and listed is not None:
        return not any(map(among, values, repeat(listed)))
    if common != {"object"}:
        return not common
    for name in sent.required | taken.required:
        one, other = sent.location.property(name).texts, taken.location.property(name).texts
        if one and other and one.isdisjoint(other):
            return True
    return sent.sendable is not None and not taken.required <= sent.sendable
