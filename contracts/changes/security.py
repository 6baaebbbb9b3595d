"""What credentials two versions of an operation want: every tightening breaks, no loosening does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.drafts import Draft, Undrawable, request_of
from contracts.changes.findings import Shown
from contracts.document import Operation, SecurityRequirement, SecurityScheme, Spec

if TYPE_CHECKING:
    from contracts.changes.operations import Documents

Needs = frozenset[tuple[str, ...]]
"""What one alternative wants: schemes by what they look like in a request, and scopes of them."""


def compare_security(documents: Documents, base: Operation, revision: Operation) -> None:
    """Note whether a request with what was enough before is still allowed."""
    before, after = _alternatives(documents.base, base), _alternatives(documents.revision, revision)
    refused = [wanted for wanted, needs in before if not any(other <= needs for _, other in after)]
    where, pointers = _place(documents, base, revision)
    reach = Reach(base.key, Direction.REQUEST)
    texts = ("", _spoken(before), _spoken(after))
    if refused:

        def show() -> Shown | None:
            try:
                message = request_of(documents.base, base, Draft(security=refused[0]))
            except Undrawable:
                return None
            return Shown(base.key, message, "base", f"the revision wants {_spoken(after)}")

        documents.collected.add(
            "security-tightened", Effect.BREAKING, where, pointers, reach, texts=texts, show=show
        )
    elif {needs for _, needs in before} != {needs for _, needs in after}:
        proof = (
            "every request with a credential of the base satisfies an alternative of the revision"
        )
        documents.collected.add(
            "security-loosened", Effect.COMPATIBLE, where, pointers, reach, texts=texts, proof=proof
        )
    _addresses(documents, base, reach)


def _alternatives(spec: Spec, operation: Operation) -> list[tuple[SecurityRequirement, Needs]]:
    alternatives = operation.security or ((),)
    return [(wanted, _needs(spec, wanted)) for wanted in alternatives]


def _needs(spec: Spec, wanted: SecurityRequirement) -> Needs:
    found: set[tuple[str, ...]] = set()
    for name, scopes in wanted:
        look = _look(spec.security_schemes[name])
        found |= {look, *((*look, scope) for scope in scopes)}
    return frozenset(found)


def _look(scheme: SecurityScheme) -> tuple[str, ...]:
    """What a credential of the scheme looks like in a request; its key in the document is not to be seen there."""
    name = scheme.name.lower() if scheme.location == "header" else scheme.name
    return (scheme.type, scheme.location, name, scheme.scheme)


def _spoken(alternatives: list[tuple[SecurityRequirement, Needs]]) -> str:
    words = [
        " and ".join(f"{name}{list(scopes) if scopes else ''}" for name, scopes in wanted)
        for wanted, _ in alternatives
    ]
    return " or ".join(text or "no credential" for text in words)


def _place(
    documents: Documents, base: Operation, revision: Operation
) -> tuple[str, tuple[str, str]]:
    """Where the requirement is written: at the scheme if that changed, at the operation, or for the whole document."""
    for name, _ in (item for wanted in base.security for item in wanted):
        scheme = documents.base.security_schemes[name]
        other = documents.revision.security_schemes.get(name)
        if other is not None and _look(scheme) != _look(other):
            return f"securitySchemes/{name}", (scheme.pointer, other.pointer)
    own = [
        "security" in spec.document.at(op.pointer)
        for spec, op in ((documents.base, base), (documents.revision, revision))
    ]
    if any(own):
        pointers = [f"{op.pointer}/security" for op in (base, revision)]
        return f"{base.key} security", (pointers[0], pointers[1])
    return "security", ("/security", "/security")


def _addresses(documents: Documents, base: Operation, reach: Reach) -> None:
    """Where a credential comes from is no part of a request, but clients go there."""
    for name, _ in (item for wanted in base.security for item in wanted):
        other = documents.revision.security_schemes.get(name)
        pointer = documents.base.security_schemes[name].pointer
        if other is None:
            continue
        before, after = _urls(documents.base, pointer), _urls(documents.revision, other.pointer)
        if before != after:
            texts = ("", ", ".join(before), ", ".join(after))
            proof = "requests carry the same credential as before"
            documents.collected.add(
                "security-scheme-url-changed",
                Effect.COMPATIBLE,
                f"securitySchemes/{name}",
                (pointer, other.pointer),
                reach,
                texts=texts,
                proof=proof,
            )


def _urls(spec: Spec, pointer: str) -> list[str]:
    node = spec.document.at(pointer)
    flows = (node.get("flows") or {}).values()
    found = [
        flow[key]
        for flow in flows
        for key in ("authorizationUrl", "tokenUrl", "refreshUrl")
        if key in flow
    ]
    return [*found, *([node["openIdConnectUrl"]] if "openIdConnectUrl" in node else [])]
