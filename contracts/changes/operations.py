"""Two documents to what changed in their operations, security and parameters; what is in bodies is left to `bodies`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contracts.changes.bodies import compare_request_body, compare_responses
from contracts.changes.change import Direction, Reach
from contracts.changes.places import where_of
from contracts.changes.versions import Documents, Draft, Pointers, Undrawable, Versions, plainest
from contracts.document import (
    Operation,
    Parameter,
    SecurityRequirement,
    SecurityScheme,
    Spec,
)
from contracts.document.serialisation import parameter_names, serialised
from contracts.messages import JSON
from contracts.schemas.locations import locate


def compare_operation(versions: Versions) -> None:
    """Note every change of the operation, and every site of schemas that are not the same."""
    base, revision = versions.base, versions.revision
    at = (base.pointer, revision.pointer)
    if revision.deprecated and not base.deprecated:
        versions.note("operation-deprecated", base.key, at)
    elif base.deprecated and not revision.deprecated:
        versions.note("operation-reinstated", base.key, at)
    if base.operation_id != revision.operation_id:
        ids = (base.operation_id or "none", revision.operation_id or "none")
        versions.note("operation-id-changed", base.key, at, base=ids[0], revision=ids[1])
    holders = (
        versions.documents.base.document.at(at[0]),
        versions.documents.revision.document.at(at[1]),
    )
    compare_unasked(versions.documents, "callback", base.key, at, holders)
    _compare_security(versions)
    if not versions.documents.same(*at) or not _has_same_parameters(versions):
        _compare_parameters(versions)
        compare_request_body(versions)
        compare_responses(versions)


def _has_same_parameters(versions: Versions) -> bool:
    """Parameters may come from the path item, which is not part of the operation."""
    before, after = versions.base.parameters, versions.revision.parameters
    if len(before) != len(after) or versions.base.path != versions.revision.path:
        return False
    pairs = zip(before, after, strict=True)
    return all(versions.documents.same(b.pointer, r.pointer) for b, r in pairs)


def compare_unasked(
    documents: Documents, what: str, key: str, at: Pointers, holders: tuple[Any, Any]
) -> None:
    """Note callbacks or webhooks that came or went, and those that changed, which are not compared."""
    before, after = (_said(holder.get(f"{what}s")) or {} for holder in holders)
    reach = Reach(key, Direction.OPERATION)
    for name in {**before, **after}:
        movement = "changed"
        if name not in before:
            movement = "added"
        elif name not in after:
            movement = "removed"
        elif documents.alike(before[name], after[name]):
            continue
        kind, where = f"{what}-{movement}", f"{key} {name}"
        documents.note(documents.change(kind, where, at, reach, {"subject": name}))


_TEXTS = frozenset({"description", "summary", "title", "operationId"})


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
    base, revision = versions.base.security or ((),), versions.revision.security or ((),)
    before = [_needs(versions.documents.base, wanted) for wanted in base]
    after = [_needs(versions.documents.revision, wanted) for wanted in revision]
    where, at = _place_of_security(versions)
    words = {"base": _spoken(base), "revision": _spoken(revision)}
    refused = [
        wanted
        for wanted, needs in zip(base, before, strict=True)
        if not any(other <= needs for other in after)
    ]
    if refused:
        because = f"the revision wants {words['revision']}"
        draft = Draft(security=refused[0])
        versions.breaks("security-tightened", where, at, because, draft, **words)
    elif set(before) != set(after):
        versions.note("security-loosened", where, at, **words)
    for scheme, other in _schemes_of_both(versions):
        addresses = (
            _addresses(versions.documents.base, scheme),
            _addresses(versions.documents.revision, other),
        )
        if addresses[0] != addresses[1]:
            where, at = f"securitySchemes/{scheme.id}", (scheme.pointer, other.pointer)
            words = {"base": addresses[0], "revision": addresses[1]}
            versions.note("security-scheme-url-changed", where, at, **words)


def _needs(spec: Spec, wanted: SecurityRequirement) -> Needs:
    found: set[tuple[str, ...]] = set()
    for name, scopes in wanted:
        look = _look(spec.security_schemes[name])
        found |= {look, *((*look, scope) for scope in scopes)}
    return frozenset(found)


def _look(scheme: SecurityScheme) -> tuple[str, ...]:
    """What a credential of the scheme looks like in a request, where its key in the document is not to be seen."""
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
    schemes, others = (
        versions.documents.base.security_schemes,
        versions.documents.revision.security_schemes,
    )
    for wanted in versions.base.security:
        for name, _ in wanted:
            if name in others:
                yield schemes[name], others[name]


def _place_of_security(versions: Versions) -> tuple[str, Pointers]:
    """Where the requirement is written: at the scheme if that changed, at the operation, or for the whole document."""
    for scheme, other in _schemes_of_both(versions):
        if _look(scheme) != _look(other):
            return f"securitySchemes/{scheme.id}", (scheme.pointer, other.pointer)
    base, revision = versions.base.pointer, versions.revision.pointer
    documents = versions.documents
    if "security" in documents.base.document.at(
        base
    ) or "security" in documents.revision.document.at(revision):
        return f"{versions.base.key} security", (f"{base}/security", f"{revision}/security")
    return "security", ("/security", "/security")


def _addresses(spec: Spec, scheme: SecurityScheme) -> str:
    """Where a credential comes from: no part of a request, but clients go there."""
    node = spec.document.at(scheme.pointer)
    found = []
    for flow in (node.get("flows") or {}).values():
        found += [
            flow[key] for key in ("authorizationUrl", "tokenUrl", "refreshUrl") if key in flow
        ]
    if "openIdConnectUrl" in node:
        found.append(node["openIdConnectUrl"])
    return ", ".join(found)


# Parameters: which are wanted, and how they are written


def _compare_parameters(versions: Versions) -> None:
    bases, revisions = _by_key(versions.base), _by_key(versions.revision)
    for key in {**bases, **revisions}:
        before, after = bases.get(key), revisions.get(key)
        if before is None and after is not None:
            where = where_of(versions.documents.revision.document, after.pointer)
            at = (versions.base.pointer, after.pointer)
            _note_wanted(versions, "parameter-added", where, at, after)
        elif before is not None and after is None:
            where = where_of(versions.documents.base.document, before.pointer)
            at = (before.pointer, versions.revision.pointer)
            versions.note("parameter-removed", where, at, subject=_subject(before))
        elif before is not None and after is not None:
            _compare_parameter(versions, before, after)


def _by_key(operation: Operation) -> dict[tuple[str, str], Parameter]:
    """By location and name; path parameters by their turn in the template, header names without case."""
    turns = {name: str(turn) for turn, name in enumerate(parameter_names(operation.path))}
    found = {}
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "path":
            name = turns.get(name, name)
        elif parameter.location == "header":
            name = name.lower()
        found[parameter.location, name] = parameter
    return found


def _subject(parameter: Parameter) -> str:
    return f"{parameter.location} parameter {parameter.name}"


def _note_wanted(
    versions: Versions, kind: str, where: str, at: Pointers, parameter: Parameter
) -> None:
    """Note a parameter that the revision may want and requests of the base may lack."""
    subject = _subject(parameter)
    if parameter.required:
        draft = Draft(without=frozenset({(parameter.location, parameter.name)}))
        versions.breaks(kind, where, at, f"the {subject} is missing", draft, subject=subject)
    else:
        versions.note(kind, where, at, subject=subject)


def _compare_parameter(versions: Versions, before: Parameter, after: Parameter) -> None:
    at = (before.pointer, after.pointer)
    if versions.documents.same(*at):
        return
    where = where_of(versions.documents.base.document, before.pointer)
    subject = _subject(before)
    if after.required and not before.required:
        _note_wanted(versions, "parameter-required", where, at, after)
    elif before.required and not after.required:
        versions.note("parameter-optional", where, at, subject=subject)
    base = versions.documents.base.document.at(before.pointer)
    revision = versions.documents.revision.document.at(after.pointer)
    if revision.get("deprecated") is True and base.get("deprecated") is not True:
        versions.note("parameter-deprecated", where, at, subject=subject)
    _compare_style(versions, where, before, after)
    empty = (base.get("allowEmptyValue") is True, revision.get("allowEmptyValue") is True)
    if empty == (False, True):
        versions.note("parameter-empty-allowed", where, at, subject=subject)
    elif empty == (True, False):
        versions.note("parameter-empty-refused", where, at, subject=subject)
    if before.schema is not None and after.schema is not None:
        versions.meet((before.schema, after.schema), before)


def _compare_style(versions: Versions, where: str, before: Parameter, after: Parameter) -> None:
    """The way a value is written; it matters only for values that are written in two ways."""
    at, words = (before.pointer, after.pointer), (_style(before), _style(after))
    if words[0] == words[1]:
        return
    told = {"subject": _subject(before), "base": words[0], "revision": words[1]}
    for value in _values(before):
        text = serialised(after, value)
        if serialised(before, value) != text:
            because = f"the revision reads this value only as {text}"
            draft = Draft(values={(before.location, before.name): value})
            versions.breaks("parameter-style-changed", where, at, because, draft, **told)
            return
    if before.schema is None or locate(before.schema).types & {"array", "object"}:
        versions.note("parameter-style-changed", where, at, **told)


def _style(parameter: Parameter) -> str:
    explode = str(parameter.explode).lower()
    return parameter.media_type or f"style {parameter.style}, explode {explode}"


def _values(parameter: Parameter) -> list[JSON]:
    """Values of the schema, those first that show best how it is written."""
    if parameter.schema is None:
        return []
    try:
        found = plainest(parameter.schema)
    except Undrawable:
        return []
    return sorted((value for value in found if value is not None), key=_weight)


def _weight(value: JSON) -> tuple[int, int]:
    """Two items show best how a list is written, and then short ones."""
    length = len(value) if isinstance(value, (list, dict)) else 1
    return (abs(length - 2), len(str(value)))
