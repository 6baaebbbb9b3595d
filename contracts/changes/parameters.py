"""The parameters of two versions of an operation: which are wanted, and how they are written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contracts.changes.change import Direction, Effect, Reach
from contracts.changes.drafts import Draft, Undrawable, plainest, request_of
from contracts.changes.findings import Shown, Site
from contracts.changes.places import where_of
from contracts.changes.wire_form import spelled
from contracts.document import Operation, Parameter
from contracts.document.templates import parameter_names
from contracts.messages import JSON
from contracts.schemas.locations import locate

if TYPE_CHECKING:
    from contracts.changes.operations import Documents

Key = tuple[str, str]


def compare_parameters(documents: Documents, base: Operation, revision: Operation) -> None:
    before, after = _by_key(base), _by_key(revision)
    for key, parameter in before.items():
        other = after.get(key)
        if other is None:
            _removed(documents, base, revision, parameter)
        elif not documents.same(parameter.pointer, other.pointer):
            _compare(documents, base, revision, parameter, other)
    for key, parameter in after.items():
        if key not in before:
            _added(documents, base, revision, parameter)


def _by_key(operation: Operation) -> dict[Key, Parameter]:
    """By location and name; path parameters by their turn in the template, header names without case."""
    turns = {name: str(turn) for turn, name in enumerate(parameter_names(operation.path))}
    found: dict[Key, Parameter] = {}
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "path":
            name = turns.get(name, name)
        found[parameter.location, name.lower() if parameter.location == "header" else name] = (
            parameter
        )
    return found


def _subject(parameter: Parameter) -> str:
    return f"{parameter.location} parameter {parameter.name}"


def _removed(
    documents: Documents, base: Operation, revision: Operation, parameter: Parameter
) -> None:
    where = where_of(documents.base.document, parameter.pointer)
    pointers = (parameter.pointer, revision.pointer)
    proof = "a parameter that the revision does not know is not refused, only no longer read"
    texts = (_subject(parameter), "", "")
    reach = Reach(base.key, Direction.REQUEST)
    documents.collected.add(
        "parameter-removed", Effect.COMPATIBLE, where, pointers, reach, texts=texts, proof=proof
    )


def _added(
    documents: Documents, base: Operation, revision: Operation, parameter: Parameter
) -> None:
    where = where_of(documents.revision.document, parameter.pointer)
    pointers = (base.pointer, parameter.pointer)
    _note_wanted(documents, "parameter-added", where, pointers, base, parameter)


def _note_wanted(
    documents: Documents,
    kind: str,
    where: str,
    pointers: tuple[str, str],
    base: Operation,
    parameter: Parameter,
) -> None:
    """Note a parameter that the revision wants and requests of the base may lack."""

    def show() -> Shown | None:
        left_out = frozenset({(parameter.location, parameter.name)})
        try:
            message = request_of(documents.base, base, Draft(without=left_out))
        except Undrawable:
            return None
        return Shown(base.key, message, "base", f"the {_subject(parameter)} is missing")

    texts = (_subject(parameter), "", "")
    reach = Reach(base.key, Direction.REQUEST)
    effect = Effect.BREAKING if parameter.required else Effect.COMPATIBLE
    proof = "" if parameter.required else "requests without it are allowed"
    documents.collected.add(
        kind, effect, where, pointers, reach, texts=texts, proof=proof, show=show
    )


def _compare(
    documents: Documents, base: Operation, revision: Operation, before: Parameter, after: Parameter
) -> None:
    where = where_of(documents.base.document, before.pointer)
    pointers = (before.pointer, after.pointer)
    reach = Reach(base.key, Direction.REQUEST)
    texts = (_subject(before), "", "")
    if after.required and not before.required:
        _note_wanted(documents, "parameter-required", where, pointers, base, after)
    elif before.required and not after.required:
        proof = "requests with it are allowed as before"
        documents.collected.add(
            "parameter-optional",
            Effect.COMPATIBLE,
            where,
            pointers,
            reach,
            texts=texts,
            proof=proof,
        )
    _deprecation(documents, where, pointers, reach, before)
    _style(documents, where, base, before, after)
    _emptiness(documents, where, base, before, after)
    if before.schema is not None and after.schema is not None:
        site = Site(
            Direction.REQUEST, (base, revision), (before.schema, after.schema), (before, after)
        )
        documents.collected.sites.append(site)


def _deprecation(
    documents: Documents, where: str, pointers: tuple[str, str], reach: Reach, parameter: Parameter
) -> None:
    marks = [
        spec.document.at(pointer).get("deprecated") is True
        for spec, pointer in zip((documents.base, documents.revision), pointers, strict=True)
    ]
    if marks == [False, True]:
        texts = (_subject(parameter), "", "")
        proof = "it is allowed as before"
        documents.collected.add(
            "parameter-deprecated",
            Effect.COMPATIBLE,
            where,
            pointers,
            reach,
            texts=texts,
            proof=proof,
        )


def _style(
    documents: Documents, where: str, base: Operation, before: Parameter, after: Parameter
) -> None:
    """The way a value is written; it matters only for values that are written in two ways."""
    words = [
        f"{p.media_type}" if p.media_type else f"style {p.style}, explode {str(p.explode).lower()}"
        for p in (before, after)
    ]
    if words[0] == words[1]:
        return
    value = next(
        (value for value in _values(before) if spelled(before, value) != spelled(after, value)),
        None,
    )
    if (
        value is None
        and before.schema is not None
        and not locate(before.schema).types & {"array", "object"}
    ):
        return  # a primitive value is written alike in both

    def show() -> Shown | None:
        try:
            message = request_of(
                documents.base, base, Draft(values={(before.location, before.name): value})
            )
        except Undrawable:
            return None
        return Shown(
            base.key,
            message,
            "base",
            f"the revision reads this value only as {spelled(after, value)}",
        )

    effect = Effect.COMPATIBLE if value is None else Effect.BREAKING
    proof = "every value is written as before" if value is None else ""
    texts = (_subject(before), words[0], words[1])
    documents.collected.add(
        "parameter-style-changed",
        effect,
        where,
        (before.pointer, after.pointer),
        Reach(base.key, Direction.REQUEST),
        texts=texts,
        proof=proof,
        show=show,
    )


def _values(parameter: Parameter) -> Iterator[JSON]:
    """Values of the schema, and of each type that it allows, longer ones first where the length shows."""
    if parameter.schema is None:
        return
    try:
        found = plainest(parameter.schema)
    except Undrawable:
        return
    yield from sorted((value for value in found if value is not None), key=_weight)


def _weight(value: JSON) -> tuple[int, int]:
    """Two items show best how a list is written, and then short ones."""
    length = len(value) if isinstance(value, (list, dict)) else 1
    return (abs(length - 2), len(str(value)))


def _emptiness(
    documents: Documents, where: str, base: Operation, before: Parameter, after: Parameter
) -> None:
    allowed = [
        spec.document.at(parameter.pointer).get("allowEmptyValue") is True
        for spec, parameter in ((documents.base, before), (documents.revision, after))
    ]
    if allowed[0] == allowed[1]:
        return
    kind = "parameter-empty-allowed" if allowed[1] else "parameter-empty-refused"
    effect, proof = (
        (Effect.COMPATIBLE, "it allows more") if allowed[1] else (Effect.UNDECIDED, "not compared")
    )
    documents.collected.add(
        kind,
        effect,
        where,
        (before.pointer, after.pointer),
        Reach(base.key, Direction.REQUEST),
        texts=(_subject(before), "", ""),
        proof=proof,
    )
