"""Two documents in, their changes out: walk the operations, then the schemas that differ, then settle what breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from contracts.changes.change import Change, Direction, Effect, Reach, Witness
from contracts.changes.findings import Collected, Finding, Shown, Site
from contracts.changes.locals import Edge, Local, Step, Unit, UnitKey
from contracts.changes.operations import Documents, compare_operations
from contracts.changes.sameness import Sameness
from contracts.changes.units import Walk
from contracts.changes.witnesses import Witnesses
from contracts.document import Spec
from contracts.errors import UsageError
from contracts.schemas.parties import View

SITES = 3
"""Messages of so many operations are tried before a change is taken to show in none."""

_MARKS = {Direction.REQUEST: "readOnly", Direction.RESPONSE: "writeOnly"}
_LOUDEST = {Effect.BREAKING: 0, Effect.UNDECIDED: 1, Effect.COMPATIBLE: 2}


def compare(base: Spec, revision: Spec) -> tuple[Change, ...]:
    """Every change from `base` to `revision`, what breaks first.

    Raises:
        UsageError: the documents are nested too deeply to be compared.
    """
    if base is revision:
        return ()
    try:
        return _compared(base, revision)
    except RecursionError:
        raise UsageError(
            f"{base.document.path} and {revision.document.path} are nested too deeply to be compared; "
            "flatten their schemas"
        ) from None


def _compared(base: Spec, revision: Spec) -> tuple[Change, ...]:
    sameness = Sameness(base.document, revision.document)
    documents = Documents(base, revision, sameness, Collected())
    compare_operations(documents)
    views = {
        d: (View(base.document, mark), View(revision.document, mark)) for d, mark in _MARKS.items()
    }
    witnesses = Witnesses(base, revision, views)
    changes = [_plain(documents, finding) for finding in documents.collected.findings.values()]
    for direction, (before, after) in views.items():
        walk = Walk(direction, before, after, sameness)
        sites = [site for site in documents.collected.sites if site.direction is direction]
        changes += _schema_changes(documents, walk, sites, witnesses)
    return tuple(
        sorted(
            _merged(changes), key=lambda change: (_LOUDEST[change.effect], change.where, change.id)
        )
    )


def _plain(documents: Documents, finding: Finding) -> Change:
    shown = (
        finding.show() if finding.show is not None and finding.effect is Effect.BREAKING else None
    )
    return Change(
        finding.kind,
        finding.effect,
        finding.reaches[0].direction,
        finding.where,
        tuple(finding.reaches),
        documents.base.document.source(finding.pointers[0]),
        documents.revision.document.source(finding.pointers[1]),
        finding.message,
        finding.proof or (None if shown else "no message could be made to show it"),
        _witness(shown),
    )


def _witness(shown: Shown | None) -> Witness | None:
    if shown is None:
        return None
    refuses = "revision" if shown.accepted_by == "base" else "base"
    return Witness(shown.operation, shown.message, shown.accepted_by, refuses, shown.because)


@dataclass(eq=False)
class Reached:
    """A change in a unit and the sites at which it shows; `proofs` say why it breaks nothing at some of them."""

    local: Local
    sites: list[tuple[Site, tuple[Step, ...]]] = field(default_factory=list)
    proofs: dict[Reach, str] = field(default_factory=dict)

    @property
    def reaches(self) -> tuple[Reach, ...]:
        return tuple(dict.fromkeys([*(site.reach for site, _ in self.sites), *self.proofs]))


def _schema_changes(
    documents: Documents, walk: Walk, sites: list[Site], witnesses: Witnesses
) -> Iterator[Change]:
    found: dict[tuple[str, str], Reached] = {}
    for site in sites:
        root = (site.schemas[0].pointer, site.schemas[1].pointer)
        for local, steps, proof in _shown_at(walk, root):
            reached = found.setdefault((local.kind.id, local.where), Reached(local))
            if _LOUDEST[local.effect] < _LOUDEST[reached.local.effect]:
                reached.local = local
            if proof is None:
                reached.sites.append((site, (*steps, *local.steps)))
            else:
                reached.proofs.setdefault(site.reach, proof)
    for reached in found.values():
        yield _settled(documents, walk, reached, witnesses)


def _shown_at(walk: Walk, root: UnitKey) -> Iterator[tuple[Local, tuple[Step, ...], str | None]]:
    """The changes of every unit that a root leads to: once each, without a proof that nothing breaks if it can be."""
    edges = {root: Edge(root, ())}
    waiting = [root]
    while waiting:
        key = waiting.pop(0)
        here = edges[key]
        for edge in walk.unit(key).edges:
            known = edges.get(edge.to)
            proof = here.proof or edge.proof
            if known is None or (known.proof is not None and proof is None):
                edges[edge.to] = Edge(edge.to, (*here.steps, *edge.steps), proof)
                waiting.append(edge.to)
    breaking = {
        key
        for key in edges
        if any(local.effect is not Effect.COMPATIBLE for local in walk.unit(key).locals)
    }
    for key, edge in edges.items():
        for local in walk.unit(key).locals:
            if local.unless and not breaking.isdisjoint(_led_to(walk, local.unless)):
                continue
            yield local, edge.steps, edge.proof


def _led_to(walk: Walk, keys: tuple[UnitKey, ...]) -> set[UnitKey]:
    found, waiting = set(keys), list(keys)
    while waiting:
        unit: Unit = walk.unit(waiting.pop())
        for edge in unit.edges:
            if edge.to not in found and edge.proof is None:
                found.add(edge.to)
                waiting.append(edge.to)
    return found


def _settled(documents: Documents, walk: Walk, reached: Reached, witnesses: Witnesses) -> Change:
    """The change with its last word: a message that breaks, or that none does where it shows."""
    local = reached.local
    change = Change(
        local.kind,
        local.effect,
        walk.direction,
        local.where,
        reached.reaches,
        documents.base.document.source(local.base.pointer),
        documents.revision.document.source(local.revision.pointer),
        local.message,
        local.how or None,
    )
    if local.effect is Effect.COMPATIBLE:
        return change
    if not reached.sites:
        return replace(change, effect=Effect.COMPATIBLE, proof=next(iter(reached.proofs.values())))
    nearest = reached.sites[:SITES]
    for site, steps in nearest:
        if (shown := witnesses.of(site, steps, local.value)) is not None:
            return replace(change, effect=Effect.BREAKING, proof=None, witness=_witness(shown))
    answers = [witnesses.whole(site) for site, _ in nearest]
    if len(nearest) == len(reached.sites) and all(answer.contained for answer in answers):
        return replace(change, effect=Effect.COMPATIBLE, proof=answers[0].how)
    if local.effect is Effect.BREAKING and not nearest[0][0].is_on_the_wire:
        return replace(change, proof=f"{local.how}; no whole message was found that shows it")
    tried = "" if answers[0].contained is False else f"; of whole messages, {answers[0].how}"
    return replace(change, effect=Effect.UNDECIDED, proof=f"{_tried(local)}{tried}")


def _tried(local: Local) -> str:
    return "no message was found that shows it" if local.value else local.how


def _merged(changes: list[Change]) -> list[Change]:
    """A change that does the same to requests and responses is one, and reaches both."""
    found: dict[tuple[str, str, str], Change] = {}
    for change in changes:
        key = (change.id, change.where, change.effect)
        known = found.get(key)
        if known is None:
            found[key] = change
        else:
            reaches = tuple(dict.fromkeys([*known.reaches, *change.reaches]))
            found[key] = replace(known, reaches=reaches, witness=known.witness or change.witness)
    return list(found.values())
