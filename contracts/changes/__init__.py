"""Two documents in, the changes between them out, each proved harmless, shown by a message, or undecided.

Operations are walked first, then the schemas that differ; then it is settled what breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from contracts.changes.change import WORST_FIRST, Change, Direction, Effect, Reach
from contracts.changes.operations import compare_operation, compare_unasked
from contracts.changes.pairs import Local, Step
from contracts.changes.units import Walk
from contracts.changes.versions import Documents, Draft, Site, Versions
from contracts.changes.witnesses import trial_at
from contracts.document import Operation, Spec
from contracts.document.model import for_requests, for_responses
from contracts.errors import UsageError

__all__ = ["compare"]

SITES = 3
"""Messages of so many operations are tried before a change is taken to show in none."""

_PARAMETER = re.compile(r"\{[^{}/]*\}")
_READINGS = {Direction.REQUEST: for_requests, Direction.RESPONSE: for_responses}


def compare(base: Spec, revision: Spec) -> tuple[Change, ...]:
    """Every change from `base` to `revision`, what breaks first.

    Raises:
        UsageError: the documents are nested too deeply to be compared.
    """
    if base is revision:
        return ()
    documents = Documents(base, revision)
    try:
        _compare_operations(documents)
        changes = list(documents.changes.values())
        for direction, read in _READINGS.items():
            walk = Walk(documents, direction, read(base.document), read(revision.document))
            changes += _schema_changes(walk)
    except RecursionError:
        raise UsageError(
            f"{base.document.path} and {revision.document.path} are nested too deeply to be "
            "compared; flatten their schemas"
        ) from None
    return tuple(sorted(_merged(changes), key=_loudness))


def _loudness(change: Change) -> tuple[int, str, str]:
    return WORST_FIRST.index(change.effect), change.where, change.id


def _merged(changes: Iterable[Change]) -> Iterable[Change]:
    """A change that does the same to requests and responses is one, and reaches both."""
    found: dict[tuple[str, str, str], Change] = {}
    for change in changes:
        known = found.setdefault((change.id, change.where, change.effect), change)
        reaches = tuple(dict.fromkeys((*known.reaches, *change.reaches)))
        witness = known.witness or change.witness
        found[change.id, change.where, change.effect] = replace(
            known, reaches=reaches, witness=witness
        )
    return found.values()


# Operations and servers


def _compare_operations(documents: Documents) -> None:
    """Note every change of operations, and every site of schemas that are not the same."""
    partners = _partners(documents.base, documents.revision)
    paired = []
    for operation in documents.base.operations:
        partner = partners.get(operation.key)
        if partner is None:
            alone = Versions(documents, operation, operation)
            at, because = (operation.pointer, "/paths"), "the revision has no such operation"
            words = {"subject": operation.key}
            alone.breaks("operation-removed", operation.key, at, because, Draft(), **words)
        else:
            paired.append(Versions(documents, operation, partner))
            compare_operation(paired[-1])
    known = {partner.key for partner in partners.values()}
    for operation in documents.revision.operations:
        if operation.key not in known:
            alone = Versions(documents, operation, operation)
            at = ("/paths", operation.pointer)
            alone.note("operation-added", operation.key, at, subject=operation.key)
    _compare_servers(documents, paired)
    trees = (documents.base.document.tree, documents.revision.document.tree)
    compare_unasked(documents, "webhook", "webhooks", ("/webhooks", "/webhooks"), trees)


def _partners(base: Spec, revision: Spec) -> dict[str, Operation]:
    """The operations of the revision by the keys of those of the base that they belong to.

    They have the same method and path, whatever its parameters are called. Full paths count first, so that a prefix may
    move from the server into the paths.
    """
    by_full, by_path = {}, {}
    for operation in revision.operations:
        by_path[operation.method, _anonymous(operation)] = operation
        for path in _full_paths(operation):
            by_full[operation.method, path] = operation
    found = {}
    for operation in base.operations:
        keys = [(operation.method, path) for path in _full_paths(operation)]
        partners = [by_full[key] for key in keys if key in by_full]
        partners += filter(None, [by_path.get((operation.method, _anonymous(operation)))])
        if partners:
            found[operation.key] = partners[0]
    return found


def _anonymous(operation: Operation) -> str:
    return _PARAMETER.sub("{}", operation.path)


def _full_paths(operation: Operation) -> list[str]:
    """The paths on the wire: those of the servers followed by the operation's own."""
    return [prefix + _anonymous(operation) for prefix in _prefixes(operation)]


def _prefixes(operation: Operation) -> list[str]:
    return list(dict.fromkeys(urlsplit(url).path.rstrip("/") for url in operation.servers)) or [""]


def _hosts(servers: Iterable[str]) -> set[tuple[str, str]]:
    return {urlsplit(url)[:2] for url in servers} or {("", "")}


def _compare_servers(documents: Documents, paired: list[Versions]) -> None:
    at, kept = ("/servers", "/servers"), True
    for versions in paired:
        base, revision = versions.base, versions.revision
        prefixes, paths = _prefixes(base), _full_paths(revision)
        lost = [prefix for prefix in prefixes if prefix + _anonymous(base) not in paths]
        if not lost:
            continue
        kept = False
        where = "servers" if base.servers == documents.base.servers else f"{base.key} servers"
        words = {"base": _listed(prefixes), "revision": _listed(_prefixes(revision))}
        because = f"the revision has no server with the path {lost[0] or '/'}"
        draft = Draft(prefix=lost[0])
        versions.breaks("server-prefix-changed", where, at, because, draft, **words)
    before, after = documents.base.servers, documents.revision.servers
    if kept and _hosts(before) != _hosts(after):
        words = {"base": ", ".join(before) or "/", "revision": ", ".join(after) or "/"}
        for versions in paired:
            versions.note("server-changed", "servers", at, **words)


def _listed(prefixes: Iterable[str]) -> str:
    return ", ".join(prefix or "/" for prefix in prefixes)


# Schemas


@dataclass(eq=False)
class Reached:
    """A change in a unit and the sites at which it shows; `proofs` say why it breaks nothing at some of them."""

    local: Local
    sites: list[tuple[Site, tuple[Step, ...]]] = field(default_factory=list)
    proofs: dict[Reach, str] = field(default_factory=dict)

    @property
    def reaches(self) -> tuple[Reach, ...]:
        return tuple(dict.fromkeys([*(site.reach for site, _ in self.sites), *self.proofs]))


def _schema_changes(walk: Walk) -> Iterator[Change]:
    found: dict[tuple[str, str], Reached] = {}
    for site in walk.documents.sites:
        if site.direction is not walk.direction:
            continue
        root = (site.schemas[0].pointer, site.schemas[1].pointer)
        for local, steps, proof in walk.shown_at(root):
            reached = found.setdefault((local.kind.id, local.where), Reached(local))
            reached.local = min(
                reached.local, local, key=lambda local: WORST_FIRST.index(local.effect)
            )
            if proof is None:
                reached.sites.append((site, (*steps, *local.steps)))
            else:
                reached.proofs.setdefault(site.reach, proof)
    for reached in found.values():
        yield _settled(walk, reached)


def _settled(walk: Walk, reached: Reached) -> Change:
    """The change with its last word: a message that breaks, or that none does where it shows."""
    local = reached.local
    change = Change(
        local.kind,
        local.effect,
        walk.direction,
        local.where,
        reached.reaches,
        walk.documents.base.document.source(local.base.pointer),
        walk.documents.revision.document.source(local.revision.pointer),
        local.message,
        local.how or None,
    )
    if local.effect is Effect.COMPATIBLE:
        return change
    if not reached.sites:
        return replace(change, effect=Effect.COMPATIBLE, proof=next(iter(reached.proofs.values())))
    nearest = reached.sites[:SITES]
    answers = []
    for site, steps in nearest:
        trial = trial_at(site, *walk.parties)
        if (witness := trial.witness(steps, local.value)) is not None:
            return replace(change, effect=Effect.BREAKING, proof=None, witness=witness)
        answers.append(trial.whole)
    if len(nearest) == len(reached.sites) and all(answer.contained for answer in answers):
        return replace(change, effect=Effect.COMPATIBLE, proof=answers[0].how)
    if local.effect is Effect.BREAKING and not nearest[0][0].is_on_the_wire:
        return replace(change, proof=f"{local.how}; no whole message was found that shows it")
    proof = "no message was found that shows it" if local.value else local.how
    if answers[0].contained is not False:
        proof += f"; of whole messages, {answers[0].how}"
    return replace(change, effect=Effect.UNDECIDED, proof=proof)
