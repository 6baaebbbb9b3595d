"""A reader and a schema of answers to what it rejects though it is allowed, one entry a cause.

Payloads are made from the schema alone, always the same. What one is rejected for is made small,
then shown by a cure: a change at one place with which the reader takes it.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, product
from operator import attrgetter
from typing import Any

from contracts.consumers.cures import (
    GONE,
    LOOKED_AT,
    OTHERS,
    UNHEARD_OF,
    Cure,
    is_among,
    is_undeclared,
    keyword_of,
    nearest,
    odd_values,
)
from contracts.consumers.models import Complaint, Reader
from contracts.document import Schema
from contracts.document.directions import is_left_out
from contracts.messages import JSON
from contracts.mock.bodies import sights, variants_of
from contracts.payloads.reduction import reduced
from contracts.probes.samples import broken_values, replaced, samples_of
from contracts.schemas import only
from contracts.schemas.constraints import Constraint, broken_by, constraints, reached
from contracts.schemas.constraints import Path as Way
from contracts.schemas.locations import Location, escape, json_type, locate
from contracts.schemas.media_types import dump
from contracts.schemas.validation import takes, validator
from contracts.testing.strategies import AnswerSource

EACH = 6  # payloads that break one constraint
SECONDS = 60.0  # for all payloads of one schema
KEPT = 12  # values of one place, and payloads, that others are made of
ROUNDS = 3  # of making a payload smaller
CAUSES = 12  # of one payload
MORE, REST = ("more",), ("less", "other")  # ways to cure it
ANY, MEMBERS = (*MORE, *REST), ("more", "less")
PUZZLED = 3  # payloads for which nothing explains why they are rejected, each for the same

_KIND = attrgetter("kind")


@dataclass(frozen=True)
class Rejection:
    """Why a reader rejects what the document allows, with a small payload that shows it."""

    place: str  # as that of a rule
    keyword: str  # what of the schema is about it; `schema` where the place was not found
    pointer: str  # to the schema, in the document
    way: Way  # to the value in the payload
    value: Any  # GONE if it is missing
    payload: JSON
    says: str
    kind: tuple[Any, ...]
    cure: Cure | None  # None: nothing that is allowed there is taken
    others: tuple[JSON, ...] = ()  # values that are rejected there for the same


class Study:
    """One schema of answers, one reader, and what was found so far."""

    def __init__(self, source: AnswerSource, reader: Reader) -> None:
        schema = source.media.schema if source.media else None
        assert schema is not None  # or there is nothing to be held to
        self.source, self.schema, self.reader = source, schema, reader
        self.location, self.late = locate(self.schema), False
        sent = Schema(self.schema.document.sender, self.schema.pointer)
        self._checks = validator(self.schema), validator(sent)
        self._hopeless, self._puzzles = set[object](), Counter[object]()
        self._unclear = dict[object, tuple[JSON, Complaint]]()
        self._end = time.monotonic() + SECONDS
        self.tried, self.seen = set[bytes](), set[tuple[str, str]]()
        self.taken, self.found = list[JSON](), list[Rejection]()
        self.held = defaultdict[str, list[tuple[JSON, JSON]]](list)
        """By place values that were taken there, with the payloads that they were in."""

    def allows(self, value: JSON) -> bool:
        """Whether the document allows a payload, whoever reads it."""
        return all(takes(check, value) for check in self._checks)

    def complaints(self, value: JSON) -> tuple[Complaint, ...]:
        """What the reader has against a payload; TimeoutError where all takes too long."""
        if time.monotonic() > self._end:
            raise TimeoutError
        return self.reader.complaints(value)

    def run(self) -> None:
        """Try all payloads, as long as there is time; what nothing explains is noted as it is."""
        try:
            self._run()
        except TimeoutError:
            self.late = True
        for value, complaint in list(self._unclear.values()):
            way, steps = complaint.way, self._steps(value)  # it may lead somewhere
            path = next(way[:size] for size in range(len(way), -1, -1) if way[:size] in steps)
            names = [str(step) for step in way[len(path) :]]
            self._note(value, complaint, path, Cure("", *names[:1]), False)

    def _run(self) -> None:
        """One member more, every choice of the schema, odd values: one after the other."""
        media = self.source.media
        drawn = list(samples_of(self.schema, media.pointer if media else ""))
        for variant in variants_of(self.source.documented):
            drawn += [variant.value] * (variant.schema is not None)
        drawn.sort(key=lambda value: len(dump(value)))
        self._try_all(drawn[:1])
        self._try_all(_everywhere(self.location, drawn, _with_one_more))
        self._try_all(drawn)
        self._puzzles.clear()  # what has one odd value shows more than what was drawn
        wholes = [*self.taken[:KEPT], *self.taken[-1:], *drawn]
        self._try_all(_everywhere(self.location, wholes, self._odd))

    def _odd(self, location: Location, held: JSON) -> Iterator[JSON]:
        """Odd values for a place, one member less, and those that a reader may look at."""
        yield from self._others(location, held)
        if isinstance(held, dict):
            for name in held:
                yield only(held, [other for other in held if other != name])
            for name in dict.fromkeys((*LOOKED_AT, *self.reader.names)):
                if name not in held and is_undeclared(location, name):
                    yield from ({**held, name: value} for value in OTHERS)

    def _others(self, location: Location, held: JSON) -> Iterator[JSON]:
        """What may stand at a place: what was taken there before, then listed, then odd."""
        known = [value for value, _ in self.held[location.place]]
        yield from (*known, *(location.values or ()), *odd_values(location))
        for one in (held, *known):
            if isinstance(one, list) and one:
                yield from (one * 10, one[:1])

    # --- one payload ---

    def _try_all(self, values: Iterable[JSON]) -> None:
        for value in values:
            if dump(value) not in self.tried and self.allows(value):
                self.tried.add(dump(value))
                self.seen.update(sights(self.location, value))
                self._try(value)

    def _try(self, value: JSON) -> None:
        """Note why a payload is rejected, until nothing new is left of it."""
        hopeless = set(self._hopeless)
        for _ in range(CAUSES):
            complaints = self.complaints(value)
            complaint = next((one for one in complaints if one.kind not in hopeless), None)
            if complaint is None:
                break
            better = self._cured(value, complaint)
            if better is None:
                self._explain(value, complaint)
                better = self._cured(value, complaint)
                hopeless.add(complaint.kind)
            value = value if better is None else better
        if complaints:
            return
        self.taken.append(value)
        for _, location, held in reached(self.location, value):
            known = self.held[location.place]
            if len(known) < KEPT and not is_among(held, (one for one, _ in known)):
                known.append((held, value))

    def _steps(self, value: JSON) -> dict[Way, tuple[Location, JSON]]:
        return {path: (there, held) for path, there, held in reached(self.location, value)}

    def _is_bad(self, kind: object, whole: JSON, path: Way, held: JSON) -> bool:
        value = replaced(whole, path, held)
        return self.allows(value) and kind in self._kinds(value)

    def _kinds(self, value: JSON) -> frozenset[object]:
        return frozenset(map(_KIND, self.complaints(value)))

    def _cured(self, value: JSON, complaint: Complaint) -> JSON | None:
        """The payload without what is known to be rejected for the same; None if that is not so."""
        whole = value
        for index, one in enumerate(self.found):
            cure, bad = one.cure, list[JSON]()
            size = 1 if cure is not None and cure.name == UNHEARD_OF else None
            if cure is None or one.kind[:size] != complaint.kind[:size]:
                continue
            alone, whole = cure.of(self.location, value, bad), cure.of(self.location, whole, [])
            if self.allows(alone) and complaint.kind not in self._kinds(alone):
                if self.allows(value) and not is_among(bad[0], (GONE, one.value, *one.others)):
                    self.found[index] = replace(one, others=(*one.others, bad[0]))
                return alone
        is_cured = (
            whole is not value and self.allows(whole) and complaint.kind not in self._kinds(whole)
        )
        return whole if is_cured else None

    def _explain(self, value: JSON, complaint: Complaint) -> None:
        """Make the payload small, find what cures it, and note it, unless that is not clear."""
        kind = complaint.kind
        self._unclear.setdefault(kind, (value, complaint))
        self._puzzles[kind] += 1
        if self._puzzles[kind] > PUZZLED:
            return
        found, whole = self._cure(value, complaint), value
        if found is None or not found[2]:  # less of it may show more
            less = self._smaller(value, kind, None)
            again = self._complaint(less, complaint)
            self._unclear[kind] = less, again
            by_less = self._cure(less, again)
            if by_less is not None or found is None:
                found, whole = by_less, less
        if found is not None:
            path, cure, is_cured = found
            small = self._smaller(whole, kind, cure) if is_cured else whole
            steps = self._steps(small)
            ways = [way for way in steps if steps[way][0].place == cure.place]
            path = path if path in ways else ways[0]
            self._note(small, self._complaint(small, complaint), path, cure, is_cured)

    def _complaint(self, value: JSON, known: Complaint) -> Complaint:
        return next((one for one in self.complaints(value) if one.kind == known.kind), known)

    def _smaller(self, value: JSON, kind: object, cure: Cure | None) -> JSON:
        """The payload with as little in it as can be: still rejected for that, and still cured."""

        def shows(less: JSON) -> bool:
            kinds = self._kinds(less) if self.allows(less) else frozenset[object]()
            if kind not in kinds or cure is None:
                return kind in kinds
            return self._kinds(cure.of(self.location, less, [])) <= kinds - {kind}

        for _ in range(ROUNDS):
            value = reduced(value, shows)
        return value

    def _cure(self, value: JSON, complaint: Complaint) -> tuple[Way, Cure, bool] | None:
        """What leaves a reader less against a payload, where, and whether it is allowed then."""
        kinds, steps = self._kinds(value), self._steps(value)
        for path, meant in _turns(complaint.way, steps):
            cures = self._cures(*steps[path], meant)
            changes = [(cure, cure.of(self.location, value, [])) for cure in cures]
            for cure, better in sorted(changes, key=lambda change: not self.allows(change[1])):
                is_allowed = self.allows(better)
                if meant is MORE and not is_allowed:
                    break
                if self._kinds(better) <= kinds - {complaint.kind}:
                    return path, cure, is_allowed
        return None

    def _cures(self, location: Location, held: JSON, meant: Collection[str]) -> Iterator[Cure]:
        """One member more, one less, or something else altogether."""
        is_object = isinstance(held, dict)
        names = dict.fromkeys((*location.properties, *self.reader.names))
        for name in names if is_object and "more" in meant else ():
            if name not in held:
                for other in self._others(location.property(name), None):
                    yield Cure(location.place, name, other)
        if is_object and "less" in meant:
            yield from (Cure(location.place, name) for name in held)
        if "other" in meant and not (is_object and location is self.location):  # it would tell all
            for other in self._others(location, held):
                yield Cure(location.place, None, other)

    def _note(
        self, value: JSON, complaint: Complaint, path: Way, cure: Cure, is_cured: bool
    ) -> None:
        location, held = self._steps(value)[path]
        name, place, kind = cure.name, location.place, complaint.kind
        if name is None and is_cured:
            bad = nearest(held, cure.instead, partial(self._is_bad, kind, value, path))
            held, value = bad, replaced(value, path, bad)
            complaint = next(one for one in self.complaints(value) if one.kind == kind)
        schemas: list[Any] = [*location.parts, *location.unions]
        if name is not None:
            below, path = location.property(name), (*path, name)
            schemas, place = [*below.parts, *below.unions, *schemas], below.place
            if name != UNHEARD_OF and is_undeclared(location, name):
                place = f"{location.place}/{escape(name)}"
        keyword, pointer = keyword_of(location, held, cure), schemas[0].schema.pointer
        seen = path, cure.about(held), value, complaint.says, complaint.kind
        self.found.append(Rejection(place, keyword, pointer, *seen, cure if is_cured else None))
        self._unclear.pop(complaint.kind, None)
        self._puzzles[complaint.kind] = 0
        if not is_cured:
            self._hopeless.add(complaint.kind)


def _turns(said: Way, steps: Collection[Way]) -> Iterator[tuple[Way, Collection[str]]]:
    """Where to look for a cure, and of which kind: where the reader says, then deepest first."""
    deepest = sorted(steps, key=len, reverse=True)
    turns = [(said, ANY), (said[:-1], MEMBERS)] * bool(said)
    for path, meant in (*turns, *product(deepest, [MORE]), *product(deepest, [REST])):
        if path in steps:
            yield path, meant


def _with_one_more(location: Location, held: JSON) -> Iterator[JSON]:
    if isinstance(held, dict) and is_undeclared(location, UNHEARD_OF):
        yield from ({**held, UNHEARD_OF: value} for value in ("text", *OTHERS))


def _everywhere(
    root: Location, wholes: Iterable[JSON], made: Callable[[Location, JSON], Iterable[JSON]]
) -> Iterator[JSON]:
    """Payloads with another value at each place in turn, in the first one that has it."""
    done = set[tuple[str, str]]()
    for whole in wholes:
        for path, location, held in reached(root, whole):
            if (here := (location.place, json_type(held))) not in done:
                done.add(here)
                yield from (replaced(whole, path, value) for value in made(location, held))


# --- what is forbidden, and what was seen ---


def taken_though(study: Study) -> Iterator[tuple[Constraint, Any]]:
    """Each constraint of which a broken payload was tried, and a value that was taken; or GONE."""
    with suppress(TimeoutError):
        for constraint in constraints(study.schema).values():
            tried, taken = list[JSON](), GONE
            for value, bad in islice(_breaking(study, constraint), EACH):
                tried.append(bad)
                if not study.complaints(value):
                    taken = bad
                    break
            if tried:
                yield constraint, taken


def _breaking(study: Study, constraint: Constraint) -> Iterator[tuple[JSON, JSON]]:
    """Payloads that break a constraint alone, each with the value that does."""
    for _, whole in study.held[constraint.location.place]:
        for path, location, held in reached(study.location, whole):
            if location.place == constraint.location.place:
                lenient = OTHERS if constraint.word in ("type", "format") else ()
                for bad in (*lenient, *broken_values(constraint, held)):
                    value = replaced(whole, path, bad)
                    if broken_by(study.schema, value) == {constraint.key}:
                        yield value, bad


def choices_of(root: Location) -> dict[tuple[str, str], None]:
    """What payloads can show of a schema: places with types, absent members, listed values."""
    found, waiting, seen = dict[tuple[str, str], None](), [root], {root}
    for location in waiting:  # which grows meanwhile
        if any(is_left_out(part.schema.document, part.value) for part in location.parts):
            continue
        place, listed = location.place, location.values
        if listed is not None:
            found |= dict.fromkeys((place, repr(one)) for one in listed)
        for kind in sorted(location.types):
            found[place, kind] = None
        for name in location.properties:
            if name not in location.required:
                found[place, f"no {name}"] = None
        fresh = [below for below in location.below if below not in seen]
        seen.update(fresh)
        waiting += fresh
    return found
