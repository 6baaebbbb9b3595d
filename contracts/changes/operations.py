"""Two documents to what changed in their operations, and to the pairs of schemas that are left to compare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.drafts import Draft, Undrawable, request_of
from contracts.changes.findings import Collected, Message, Shown
from contracts.changes.parameters import compare_parameters
from contracts.changes.request_bodies import compare_request_bodies
from contracts.changes.responses import compare_responses
from contracts.changes.sameness import Sameness
from contracts.changes.security import compare_security
from contracts.document import Operation, Spec

_PARAMETER = re.compile(r"\{[^{}/]*\}")


@dataclass(frozen=True, eq=False)
class Documents:
    """The two sides of a comparison."""

    base: Spec
    revision: Spec
    sameness: Sameness
    collected: Collected

    def same(self, base: str, revision: str) -> bool:
        return self.sameness.of(base, revision)


def compare_operations(documents: Documents) -> None:
    """Note every change of operations, and every site of schemas that are not the same."""
    base, revision = documents.base, documents.revision
    paired = list(pairs(base, revision))
    for before, after in paired:
        if after is None and before is not None:
            _removed(documents, before)
        elif before is None and after is not None:
            reach = Reach(after.key, Direction.OPERATION)
            documents.collected.add(
                "operation-added",
                Effect.COMPATIBLE,
                after.key,
                ("/paths", after.pointer),
                reach,
                texts=(after.key, "", ""),
                proof="no request of the base is meant for it",
            )
        elif before is not None and after is not None:
            _compare(documents, before, after)
    _servers(documents, [(b, r) for b, r in paired if b is not None and r is not None])
    _uncompared(documents)


def _compare(documents: Documents, base: Operation, revision: Operation) -> None:
    _facts(documents, base, revision)
    compare_security(documents, base, revision)
    if documents.same(base.pointer, revision.pointer) and _same_parameters(
        documents, base, revision
    ):
        return
    compare_parameters(documents, base, revision)
    compare_request_bodies(documents, base, revision)
    compare_responses(documents, base, revision)


def _same_parameters(documents: Documents, base: Operation, revision: Operation) -> bool:
    """Parameters may come from the path item, which is not part of the operation."""
    if len(base.parameters) != len(revision.parameters) or base.path != revision.path:
        return False
    return all(
        documents.same(b.pointer, r.pointer)
        for b, r in zip(base.parameters, revision.parameters, strict=True)
    )


def pairs(base: Spec, revision: Spec) -> Iterator[tuple[Operation | None, Operation | None]]:
    """The operations that belong together: the same method and path, whatever its parameters are called.

    Full paths count first, so that a prefix may move from the server into the paths.
    """
    by_full = {(op.method, full): op for op in revision.operations for full in full_paths(op)}
    by_path = {(op.method, _anonymous(op.path)): op for op in revision.operations}
    taken: set[str] = set()
    for operation in base.operations:
        found = next(
            (
                by_full[operation.method, p]
                for p in full_paths(operation)
                if (operation.method, p) in by_full
            ),
            None,
        )
        found = found or by_path.get((operation.method, _anonymous(operation.path)))
        if found is not None:
            taken.add(found.key)
        yield operation, found
    yield from (
        (None, operation) for operation in revision.operations if operation.key not in taken
    )


def full_paths(operation: Operation) -> tuple[str, ...]:
    """The paths on the wire: those of the servers followed by the operation's own."""
    return tuple(prefix + _anonymous(operation.path) for prefix in prefixes(operation.servers))


def prefixes(servers: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urlsplit(url).path.rstrip("/") for url in servers)) or ("",)


def _hosts(servers: Iterable[str]) -> set[tuple[str, str]]:
    return {(split.scheme, split.netloc) for split in map(urlsplit, servers)} or {("", "")}


def _anonymous(path: str) -> str:
    return _PARAMETER.sub("{}", path)


def _removed(documents: Documents, operation: Operation) -> None:
    def show() -> Shown | None:
        message = request_or_none(documents.base, operation)
        because = "the revision has no such operation"
        return None if message is None else Shown(operation.key, message, "base", because)

    reach = Reach(operation.key, Direction.OPERATION)
    pointers = (operation.pointer, "/paths")
    texts = (operation.key, "", "")
    documents.collected.add(
        "operation-removed", Effect.BREAKING, operation.key, pointers, reach, texts=texts, show=show
    )


def request_or_none(spec: Spec, operation: Operation, draft: Draft = Draft()) -> Message | None:  # noqa: B008
    """A request that the operation allows, if one can be made."""
    try:
        return request_of(spec, operation, draft)
    except Undrawable:
        return None


def _facts(documents: Documents, base: Operation, revision: Operation) -> None:
    pointers = (base.pointer, revision.pointer)
    reach = Reach(base.key, Direction.OPERATION)
    proof = "it says nothing about which messages are allowed"

    def note(kind: str, before: str = "", after: str = "") -> None:
        texts = ("", before, after)
        documents.collected.add(
            kind, Effect.COMPATIBLE, base.key, pointers, reach, texts=texts, proof=proof
        )

    if base.deprecated != revision.deprecated:
        note("operation-deprecated" if revision.deprecated else "operation-reinstated")
    if base.operation_id != revision.operation_id:
        note("operation-id-changed", base.operation_id or "none", revision.operation_id or "none")
    callbacks = [
        bare(spec.document.at(operation.pointer).get("callbacks"))
        for spec, operation in ((documents.base, base), (documents.revision, revision))
    ]
    _reversed_operations(documents, "callback", base.key, callbacks, pointers, reach)


def _servers(documents: Documents, paired: list[tuple[Operation, Operation]]) -> None:
    lost = [(b, r) for b, r in paired if not set(full_paths(b)) <= set(full_paths(r))]
    for base, revision in lost:

        def show(base: Operation = base, revision: Operation = revision) -> Shown | None:
            message = request_or_none(documents.base, base)
            gone = next(
                p
                for p, full in zip(prefixes(base.servers), full_paths(base), strict=True)
                if full not in full_paths(revision)
            )
            because = f"the revision has no server with the path {gone or '/'}"
            if message is None:
                return None
            return Shown(base.key, {**message, "path": f"{gone}{message['path']}"}, "base", because)

        lists = [
            ", ".join(prefix or "/" for prefix in prefixes(op.servers)) for op in (base, revision)
        ]
        texts = ("", lists[0], lists[1])
        where = "servers" if base.servers == documents.base.servers else f"{base.key} servers"
        pointers = ("/servers", "/servers")
        reach = Reach(base.key, Direction.OPERATION)
        documents.collected.add(
            "server-prefix-changed", Effect.BREAKING, where, pointers, reach, texts=texts, show=show
        )
    before, after = documents.base.servers, documents.revision.servers
    if not lost and _hosts(before) != _hosts(after):
        texts = ("", ", ".join(before) or "/", ", ".join(after) or "/")
        proof = "requests to these paths are allowed as before; which host answers is not a matter of messages"
        for base, _ in paired:
            reach = Reach(base.key, Direction.OPERATION)
            documents.collected.add(
                "server-changed",
                Effect.COMPATIBLE,
                "servers",
                ("/servers", "/servers"),
                reach,
                texts=texts,
                proof=proof,
            )


def _uncompared(documents: Documents) -> None:
    hooks = [
        bare(spec.document.tree.get("webhooks")) for spec in (documents.base, documents.revision)
    ]
    reach = Reach("webhooks", Direction.OPERATION)
    _reversed_operations(documents, "webhook", "webhooks", hooks, ("/webhooks", "/webhooks"), reach)


def _reversed_operations(
    documents: Documents,
    what: str,
    where: str,
    sides: list[Any],
    pointers: tuple[str, str],
    reach: Reach,
) -> None:
    """Note callbacks or webhooks that came or went, and those that changed, whose messages are not compared."""
    before, after = (side or {} for side in sides)
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            movement, effect, proof = (
                "added",
                Effect.COMPATIBLE,
                "nobody is sent what he did not ask for",
            )
        elif name not in after:
            movement, effect, proof = (
                "removed",
                Effect.COMPATIBLE,
                "fewer messages are sent than before",
            )
        elif not documents.sameness.values(before[name], after[name]):
            movement, effect, proof = (
                "changed",
                Effect.UNDECIDED,
                "messages from the service are not compared",
            )
        else:
            continue
        kind, texts = f"{what}-{movement}", (name, "", "")
        documents.collected.add(
            kind, effect, f"{where} {name}", pointers, reach, texts=texts, proof=proof
        )


def bare(node: Any) -> Any:
    """What is not compared, without texts and links that say nothing about messages."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    is_response = isinstance(node.get("description"), str)
    return {
        name: bare(held)
        for name, held in node.items()
        if not (name in _TEXTS and isinstance(held, str)) and not (name == "links" and is_response)
    }


_TEXTS = frozenset({"description", "summary", "title", "operationId"})
