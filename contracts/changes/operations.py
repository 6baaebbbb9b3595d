"""Two documents to what changed in their operations, beside the parts of messages."""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from contracts.changes.parts import compare_parts
from contracts.changes.versions import Documents, Draft, Pointers, Versions
from contracts.document import Operation, SecurityRequirement, SecurityScheme, Spec

_PARAMETER = re.compile(r"\{[^{}/]*\}")
_TEXTS = frozenset({"description", "summary", "title", "operationId"})
_URLS = ("authorizationUrl", "tokenUrl", "refreshUrl", "openIdConnectUrl")


def compare_operations(documents: Documents) -> None:
    """Note every change of operations, and every site of schemas that are not the same."""
    partners = _partners(documents.base, documents.revision)
    paired = []
    for operation in documents.base.operations:
        partner = partners.get(operation.key)
        if partner is None:
            versions = Versions(documents, operation, operation)  # there is but one
            draft, key = Draft("the revision has no such operation"), operation.key
            at = (operation.pointer, "/paths")
            versions.note("operation-removed", key, at, draft, subject=key)
        else:
            paired.append(Versions(documents, operation, partner))
            _compare_operation(paired[-1])
    known = {partner.key for partner in partners.values()}
    for operation in documents.revision.operations:
        if operation.key not in known:
            versions = Versions(documents, operation, operation)
            at, key = ("/paths", operation.pointer), operation.key
            versions.note("operation-added", key, at, subject=key)
    _compare_servers(documents, paired)
    trees, at = documents.nodes(("", "")), ("/webhooks", "/webhooks")
    _compare_unasked(documents, "webhook", "webhooks", at, trees)


def _partners(base: Spec, revision: Spec) -> dict[str, Operation]:
    """The operations of the revision by the keys of those of the base that they belong to.

    They have the same method and path, whatever its parameters are called. Full paths count first,
    so that a prefix may move from the server into the paths.
    """
    known: dict[tuple[str, ...], Operation] = {}
    for operation in revision.operations:
        known |= dict.fromkeys(_full_first(operation), operation)
    found = {}
    for operation in base.operations:
        partner = next(filter(None, map(known.get, _full_first(operation))), None)
        if partner is not None:
            found[operation.key] = partner
    return found


def _full_first(operation: Operation) -> list[tuple[str, ...]]:
    full = [("full", operation.method, path) for path in _paths(operation).values()]
    return [*full, (operation.method, _anonymous(operation))]


def _anonymous(operation: Operation) -> str:
    return _PARAMETER.sub("{}", operation.path)


def _paths(operation: Operation) -> dict[str, str]:
    """The paths on the wire by those of the servers: these followed by the operation's own."""
    prefixes = [urlsplit(url).path.rstrip("/") for url in operation.servers] or [""]
    return {prefix: prefix + _anonymous(operation) for prefix in prefixes}


def _hosts(servers: Iterable[str]) -> set[tuple[str, str]]:
    return {urlsplit(url)[:2] for url in servers} or {("", "")}


def _compare_servers(documents: Documents, paired: list[Versions]) -> None:
    at, kept = ("/servers", "/servers"), True
    for versions in paired:
        base, paths = versions.base, _paths(versions.base)
        others = _paths(versions.revision)
        lost = [prefix for prefix, path in paths.items() if path not in others.values()]
        if lost:
            kept = False
            where = "servers" if base.servers == documents.base.servers else f"{base.key} servers"
            words = {"base": _listed(paths), "revision": _listed(others)}
            missing = f"the revision has no server with the path {lost[0] or '/'}"
            draft = Draft(missing, prefix=lost[0])
            versions.note("server-prefix-changed", where, at, draft, **words)
    before, after = documents.base.servers, documents.revision.servers
    if kept and _hosts(before) != _hosts(after):
        for versions in paired:
            sides = {"base": tuple(before) or "/", "revision": tuple(after) or "/"}
            versions.note("server-changed", "servers", at, **sides)


def _listed(prefixes: Iterable[str]) -> tuple[str, ...]:
    return tuple(prefix or "/" for prefix in prefixes)


def _compare_operation(versions: Versions) -> None:
    """Note every change of the operation, and every site of schemas that are not the same."""
    documents, base, revision = versions.documents, versions.base, versions.revision
    at = (base.pointer, revision.pointer)
    if revision.deprecated and not base.deprecated:
        versions.note("operation-deprecated", base.key, at)
    elif base.deprecated and not revision.deprecated:
        versions.note("operation-reinstated", base.key, at)
    if base.operation_id != revision.operation_id:
        ids = (base.operation_id or "none", revision.operation_id or "none")
        versions.note("operation-id-changed", base.key, at, base=ids[0], revision=ids[1])
    _compare_unasked(documents, "callback", base.key, at, documents.nodes(at))
    _compare_security(versions)
    # Parameters may come from the path item, which is not part of the operation.
    before = [documents.base.document.at(one.pointer) for one in base.parameters]
    after = [documents.revision.document.at(one.pointer) for one in revision.parameters]
    is_same = base.path == revision.path and documents.same(at)
    if not is_same or not documents.alike(before, after):
        compare_parts(versions)


def _compare_unasked(
    documents: Documents, what: str, key: str, at: Pointers, holders: tuple[Any, Any]
) -> None:
    """Note callbacks or webhooks that came, went, or changed, which are not compared."""
    before, after = (_said(node.get(f"{what}s")) or {} for node in holders)
    for name in {**before, **after}:
        movement = "changed"
        if name not in before:
            movement = "added"
        elif name not in after:
            movement = "removed"
        elif documents.alike(before[name], after[name]):
            continue
        kind, where, words = f"{what}-{movement}", f"{key} {name}", {"subject": name}
        documents.note(documents.change(kind, where, at, words), key)


def _said(node: Any) -> Any:
    """What is not compared, without texts and links that say nothing about messages."""
    if isinstance(node, list):
        return [_said(item) for item in node]
    if not isinstance(node, dict):
        return node
    found = {}
    for name, held in node.items():
        is_text = name in _TEXTS and isinstance(held, str)
        is_link = name == "links" and isinstance(node.get("description"), str)  # of a response
        if not is_text and not is_link:
            found[name] = _said(held)
    return found


# Security: every tightening breaks, no loosening does

Needs = frozenset[tuple[str, ...]]
"""What one alternative wants: schemes by what they look like in a request, and scopes of them."""


def _compare_security(versions: Versions) -> None:
    documents = versions.documents
    base, revision = versions.base.security or ((),), versions.revision.security or ((),)
    before = {wanted: _needs(documents.base, wanted) for wanted in base}
    after = {_needs(documents.revision, wanted) for wanted in revision}
    where, at = _place_of_security(versions)
    words = {"base": _spoken(base), "revision": _spoken(revision)}
    refused = [wanted for wanted in base if not any(map(before[wanted].issuperset, after))]
    if refused:
        draft = Draft(f"the revision wants {words['revision']}", security=refused[0])
        versions.note("security-tightened", where, at, draft, **words)
    elif set(before.values()) != after:
        versions.note("security-loosened", where, at, **words)
    for scheme, other in _schemes_of_both(versions):
        at = (scheme.pointer, other.pointer)
        urls = [_urls(node) for node in documents.nodes(at)]
        if urls[0] != urls[1]:
            where, words = f"securitySchemes/{scheme.id}", {"base": urls[0], "revision": urls[1]}
            versions.note("security-scheme-url-changed", where, at, **words)


def _needs(spec: Spec, wanted: SecurityRequirement) -> Needs:
    found: set[tuple[str, ...]] = set()
    for name, scopes in wanted:
        look = _look(spec.security_schemes[name])
        found |= {look, *((*look, scope) for scope in scopes)}
    return frozenset(found)


def _look(scheme: SecurityScheme) -> tuple[str, ...]:
    """What a credential of the scheme looks like in a request, whatever its key in the document."""
    name = scheme.name.lower() if scheme.location == "header" else scheme.name
    return (scheme.type, scheme.location, name, scheme.scheme)


def _spoken(alternatives: tuple[SecurityRequirement, ...]) -> str:
    texts = []
    for wanted in alternatives:
        words = [f"{name}{list(scopes) or ''}" for name, scopes in wanted]
        texts.append(" and ".join(words) or "no credential")
    return " or ".join(texts)


def _schemes_of_both(versions: Versions) -> Iterator[tuple[SecurityScheme, SecurityScheme]]:
    """The schemes that the base asks for and both documents know."""
    schemes = versions.documents.base.security_schemes
    others = versions.documents.revision.security_schemes
    for wanted in versions.base.security:
        for name, _ in wanted:
            if name in others:
                yield schemes[name], others[name]


def _place_of_security(versions: Versions) -> tuple[str, Pointers]:
    """Where the requirement is written: at a scheme that changed, at the operation, or for all."""
    for scheme, other in _schemes_of_both(versions):
        if _look(scheme) != _look(other):
            return f"securitySchemes/{scheme.id}", (scheme.pointer, other.pointer)
    base, revision = versions.base.pointer, versions.revision.pointer
    if any("security" in node for node in versions.documents.nodes((base, revision))):
        return f"{versions.base.key} security", (f"{base}/security", f"{revision}/security")
    return "security", ("/security", "/security")


def _urls(node: Any) -> str:
    """Where a credential comes from: no part of a request, but clients go there."""
    flows = node.get("flows")
    holders = [*flows.values(), node] if isinstance(flows, dict) else [node]
    found = (holder.get(key) for holder in holders if isinstance(holder, dict) for key in _URLS)
    return ", ".join(map(str, filter(None, found)))
