"""Two documents to what changed in their operations, beside the parts of messages."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice, repeat
from operator import add, attrgetter, contains
from typing import Any
from urllib.parse import urlsplit

from contracts.changes.change import Direction, Effect, Reach, of_same_edit
from contracts.changes.parts import compare_parts
from contracts.changes.places import where_of
from contracts.changes.shapes import brief, shape_at
from contracts.changes.source_names import compare_names
from contracts.changes.versions import Documents, Draft, Pointers, Versions
from contracts.document import Operation, SecurityRequirement, SecurityScheme, Spec, split_pointer
from contracts.document import serialisation as routes
from contracts.document.dialects import unread
from contracts.document.model import Outgoing
from contracts.document.security import Needs, unsatisfying
from contracts.schemas import UNIONS
from contracts.schemas.texts import takes_text

MOST_NEAR = 100  # webhooks or callbacks that one of another name is held against
_PARAMETER, _POINTER = re.compile(r"\{[^{}/]*\}"), attrgetter("pointer")
COMPARED = "its requests were those of {}, with which it is compared"
_URLS = ("authorizationUrl", "tokenUrl", "refreshUrl", "openIdConnectUrl")


def compare_operations(documents: Documents) -> None:
    """Note every change of operations, and every site of schemas that are not the same."""
    partners = _partners(documents.base, documents.revision)
    paired = []
    for operation in documents.base.operations:
        partner = partners.get(operation.key)
        if partner is None and (taker := _taker(documents.revision, operation)):
            _compare_messages(Versions(documents, operation, taker))
        elif partner is None:
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
            at, key = ("/paths", operation.pointer), operation.key
            change = documents.change("operation-added", key, at, {"subject": key})
            if taker := _taker(documents.base, operation):
                there = where_of(documents.base.document, taker.pointer)
                change = replace(change, proof=COMPARED.format(there))
                _compare_messages(Versions(documents, taker, operation))
            documents.note(change, Reach(key, change.direction))
    _compare_servers(documents, paired)
    compare_names(documents, paired)
    webhooks = (documents.base.webhooks, documents.revision.webhooks)
    _compare_outgoing(documents, "webhook", "webhooks", ("/webhooks", "/webhooks"), webhooks)


def _taker(spec: Spec, operation: Operation) -> Operation | None:
    """The operation of another document whose template takes the paths of one, as if only these.

    Paths are tried as OpenAPI 3.1 §4.8.8 has it: concrete ones before those with parameters.
    """
    names = routes.parameter_names(operation.path)
    path = routes.fill_raw_path(operation.path, {name: f"{{{name}}}" for name in names})
    if routes.shape_of(operation.path) in routes.routes_of(spec).shapes:
        return None
    for other in routes.operations_at(spec, path):
        found = _bound(other, path)
        if found is not None and other.method == operation.method:
            return replace(found, path=operation.path)
    return None


def _bound(operation: Operation, path: str) -> Operation | None:
    """An operation whose parameters have the values that a path gives them, if they may."""
    texts, free = routes.match_path(operation.path, path) or {}, []
    for parameter in operation.parameters:
        text = texts.get(parameter.name) if parameter.location == "path" else None
        is_plain = parameter.style == "simple" and "{" not in (text or "")
        if text is None:
            free.append(parameter)
        elif _PARAMETER.fullmatch(text):
            free.append(replace(parameter, name=text[1:-1]))
        elif not (is_plain and takes_text(parameter, routes.decoded(text))):
            return None
    return replace(operation, parameters=tuple(free))


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
    paths = _paths(operation)
    named = map(add, paths, repeat(operation.path))  # which tells apart what is alike but for names
    full = [("full", operation.method, path) for path in (*named, *paths.values())]
    return [*full, (operation.method, routes.shape_of(operation.path))]


def _paths(operation: Operation) -> dict[str, str]:
    """The paths on the wire by those of the servers: these followed by the operation's own."""
    prefixes = [urlsplit(url).path.rstrip("/") for url in operation.servers] or [""]
    return {prefix: prefix + routes.shape_of(operation.path) for prefix in prefixes}


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
    callbacks = (base.callbacks, revision.callbacks)
    _compare_outgoing(documents, "callback", base.key, at, callbacks)
    _compare_security(versions)
    # Parameters may come from the path item, which is not part of the operation.
    before = list(map(documents.base.document.at, map(_POINTER, base.parameters)))
    after = list(map(documents.revision.document.at, map(_POINTER, revision.parameters)))
    is_same = base.path == revision.path and documents.same(at)
    if not is_same or not documents.alike(before, after):
        compare_parts(versions)


def _compare_messages(versions: Versions) -> None:
    _compare_security(versions)
    compare_parts(versions)


# Webhooks and callbacks: operations whose messages go the other way

Many = dict[tuple[str, str], Outgoing]


def _compare_outgoing(
    documents: Documents,
    what: str,
    key: str,
    at: Pointers,
    sides: tuple[tuple[Outgoing, ...], tuple[Outgoing, ...]],
) -> None:
    """Note what changed in the webhooks, or in the callbacks of the operation `key`."""

    def note(movement: str, subject: str, at: Pointers, **words: str) -> None:
        where, words = f"{key} {subject}", {"subject": subject, **words}
        change = documents.change(f"{what}-{movement}", where, at, words)
        documents.note(change, Reach(key, Direction.OPERATION))

    befores, afters = map(_by_name, sides)
    for before, after in _paired(documents, befores, afters):
        name, both = before.name, (before.pointer, after.pointer)
        if name != after.name:
            note("renamed", name, both, base=name, revision=after.name)
        if before.url != after.url:
            note("url-changed", name, both, base=before.url, revision=after.url)
        old, new = map(_by_method, (before, after))
        for method in {**old, **new}:
            if method not in new:
                note("removed", f"{name} {method}", (old[method].pointer, after.pointer))
            elif method not in old:
                note("added", f"{name} {method}", (before.pointer, new[method].pointer))
            else:
                _compare_operation(Versions(documents, old[method], new[method]))
    names = [set(map(attrgetter("name"), side)) for side in sides]
    for one in befores.values():
        note("removed", _subject(one, names[1]), (one.pointer, at[1]))
    for one in afters.values():
        note("added", _subject(one, names[0]), (at[0], one.pointer))


def _by_name(side: Iterable[Outgoing]) -> Many:
    return {(one.name, one.url): one for one in side}


def _by_method(one: Outgoing) -> dict[str, Operation]:
    return {operation.method: operation for operation in one.operations}


def _subject(one: Outgoing, others: set[str]) -> str:
    """Its name, and its URL if the other side has the name with another."""
    return f"{one.name} {one.url}" if one.name in others else one.name


def _paired(documents: Documents, befores: Many, afters: Many) -> list[tuple[Outgoing, Outgoing]]:
    """Those that belong together, which are taken out of both: by names, else if one alone fits."""
    pairs = []
    for key in filter(afters.__contains__, list(befores)):
        pairs.append((befores.pop(key), afters.pop(key)))
    near, is_few = defaultdict[str, list[Any]](list), len(afters) <= MOST_NEAR
    for key, after in afters.items():
        for mark in _marks(documents.revision, after, is_few):
            near[mark].append(key)
    for key, before in list(befores.items()):
        some = map(near.__getitem__, _marks(documents.base, before, is_few))
        keys = islice(chain.from_iterable(some), MOST_NEAR)
        fitting = {key for key in keys if key in afters and _fits(documents, before, afters[key])}
        if len(fitting) == 1:
            pairs.append((befores.pop(key), afters.pop(*fitting)))
    return pairs


def _marks(spec: Spec, one: Outgoing, is_few: bool) -> list[str]:
    """By what those are found that it may fit: all of a few, or those with equal words in it."""
    if is_few:
        return [""]
    ids = sorted(map(str, map(attrgetter("operation_id"), one.operations)))
    said = json.dumps(spec.document.at(one.pointer), sort_keys=True, default=repr)
    known = [said, " ".join(ids) * ("None" not in ids) or said]
    return known + [f"name {one.name}", f"url {one.url}"] * bool(one.url)


def _fits(documents: Documents, before: Outgoing, after: Outgoing) -> bool:
    """Whether one may be the other under another name, or to another URL."""
    if before.url and (before.url == after.url or before.name == after.name):
        return True
    ids = [set(map(attrgetter("operation_id"), side.operations)) for side in (before, after)]
    if None not in ids[0] and ids[0] == ids[1]:
        return True
    return documents.same((before.pointer, after.pointer))


# Security: every tightening breaks, no loosening does


def _compare_security(versions: Versions) -> None:
    documents = versions.documents
    base, revision = versions.base.security or ((),), versions.revision.security or ((),)
    before = {wanted: _needs(documents.base, wanted) for wanted in base}
    after = {wanted: _needs(documents.revision, wanted) for wanted in revision}
    where, at = _place_of_security(versions)
    words, sides = {"base": _spoken(base), "revision": _spoken(revision)}, ("base", "revision")
    (sent, taken), (_, side) = versions.roles(before, after), versions.roles(*sides)
    refused, draft = unsatisfying(sent, taken), None
    if refused:
        draft = Draft(f"the {side} wants {words[side]}", security=refused[0])
    kind = ("security-loosened", "security-tightened")[bool(unsatisfying(before, after))]
    if refused or set(before.values()) != set(after.values()):
        versions.note(kind, where, at, draft, **words)
    for scheme, other in _schemes_of_both(versions):
        at = (scheme.pointer, other.pointer)
        urls = list(map(_urls, documents.nodes(at)))
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
    for name, _ in chain.from_iterable(versions.base.security):
        if name in others:
            yield schemes[name], others[name]


def _place_of_security(versions: Versions) -> tuple[str, Pointers]:
    """Where the requirement is written: at a scheme that changed, at the operation, or for all."""
    for scheme, other in _schemes_of_both(versions):
        if _look(scheme) != _look(other):
            return f"securitySchemes/{scheme.id}", (scheme.pointer, other.pointer)
    base, revision = at = versions.base.pointer, versions.revision.pointer
    if any(map(contains, versions.documents.nodes(at), repeat("security"))):
        return f"{versions.base.key} security", (f"{base}/security", f"{revision}/security")
    return "security", ("/security", "/security")


def _urls(node: Any) -> str:
    """Where a credential comes from: no part of a request, but clients go there."""
    flows = node.get("flows")
    holders = [*flows.values(), node] if isinstance(flows, dict) else [node]
    found = (holder.get(key) for holder in holders if isinstance(holder, dict) for key in _URLS)
    return ", ".join(map(str, filter(None, found)))


# What can't be read


def settle_unread(documents: Documents) -> None:
    """Note what is unread on one side and not alike on the other; nothing is shown to break there.

    Written alike on both sides it is no change. What comes of reading it as absent is not told.
    """
    base, revision = documents.base, documents.revision
    differing = dict.fromkeys((*unread.unlike(base, revision), *unread.unlike(revision, base)))
    places, above = list[str](), list[str]()
    told, sure = set[tuple[str, str]](), set[tuple[str, str]]()  # kinds, as they begin, and places
    for pointer in differing:
        spec = base if pointer in base.unread else revision
        reached = unread.operations_at(spec, pointer)
        if not reached:
            continue
        there, (*_, keyword) = unread.place_of(spec, pointer), split_pointer(pointer)
        where = where_of(spec.document, there)
        held = [unread.held_at(side, pointer) for side in (base, revision)]
        words = {"subject": keyword, "base": brief(held[0]), "revision": brief(held[1])}
        at = unread.nearest(base, there), unread.nearest(revision, there)
        change = documents.change("unread-changed", where, at, words)
        documents.note(change, *(Reach(key, Direction.OPERATION) for key in reached))
        found = unread.leading_to(spec.parts, [there], unread.of_same_value)
        sure.update(_told_by_type(spec, found))
        for one in found:
            places.append(where_of(spec.document, one))
            told.update(of_same_edit(keyword, places[-1], held))
        if there == pointer or keyword == "$ref":  # nothing below is certain either
            above += [f"{where}/", f"{where} "]
        if keyword in UNIONS:  # unions of unions list the same values
            around = unread.leading_to(spec.parts, [there], unread.of_branches)
            told |= {("enum-", where_of(spec.document, one)) for one in around}
    for there in base.looser ^ revision.looser if differing else ():
        spec = base if there in base.looser else revision
        told |= {(kind, where_of(spec.document, there)) for kind in ("union-", "condition-")}
    for named, known in [*documents.changes.items()]:
        bare = known.where.rpartition("/<")[0].rstrip() or known.where
        if any(known.id.startswith(kind) and place in (known.where, bare) for kind, place in told):
            del documents.changes[named]
            continue
        is_unsure = known.where in places or known.where.startswith(tuple(above))
        is_unsure = is_unsure and (known.id[:5], known.where) not in sure
        if is_unsure and known.effect is Effect.BREAKING:
            why = "something that can't be read says more there"
            undecided = replace(known, effect=Effect.UNDECIDED, proof=why, witness=None)
            documents.changes[named] = undecided


def _told_by_type(spec: Spec, branches: Iterable[str]) -> Iterator[tuple[str, str]]:
    for branch in branches:
        union, _, keyword = branch.rpartition("/")[0].rpartition("/")
        if keyword in UNIONS and not shape_at(spec.document, union).unions:
            yield "type-", where_of(spec.document, union)
