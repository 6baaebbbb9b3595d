"""A schema in, payloads that keep it out: the canonical form compiled to drawers, each place of a payload by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice, product
from urllib.parse import unquote

from jsonschema_rs import CanonicalSchema
from jsonschema_rs.canonical import (
    AllOfView,
    AnyOfView,
    ArrayView,
    CanonicalKind,
    ConstView,
    EnumView,
    FalseView,
    IntegerView,
    MultiTypeView,
    NotView,
    NumberView,
    ObjectView,
    OneOfView,
    RawView,
    ReferenceView,
    StringView,
    TrueView,
    TypedGroupView,
)

from contracts.document.model import Schema
from contracts.messages import JSON
from contracts.payloads.choices import Choices, RandomChoices
from contracts.payloads.composites import AnyArray, AnyObject, ArrayPlans, Members
from contracts.payloads.declared import Declared
from contracts.payloads.draws import Branches, Drawer, Run, Unsatisfiable, Values
from contracts.payloads.heights import Heights
from contracts.payloads.numbers import Number, grid_of, integers, reals
from contracts.payloads.raw import modelled
from contracts.payloads.sites import Site
from contracts.payloads.strings import PlainString, strings
from contracts.schemas.algebra import both, checker, negated, possible, schema_of, without
from contracts.schemas.validation import URI, canonical, validator

__all__ = ["Payload", "Unsatisfiable", "compile_payload", "generator"]

MAX_DEPTH = 12
"""References opened below one another before a payload has to finish."""

MAX_REFERENCES = 300
"""References opened in one payload before the rest of it has to finish."""

MAX_ENDING = 3000
"""References opened after that before the payload is given up."""

MAX_REPEATS = 2
"""Times that a reference is opened below itself before the payload has to finish."""

GUESSES = 200
"""Values of a combination drawn without regard to what other branches of a `oneOf` admit."""

CASES = 64
"""Combinations of an `allOf` that are looked at."""

ATTEMPTS = 20
"""Payloads drawn from the caller's choices before chance takes over, for three times as many."""

SAMPLES: tuple[JSON, ...] = (
    None,
    True,
    0,
    1.5,
    "text",
    [],
    {},
    {"key": ["value", 1, None, {"deep": False}]},
)
"""What stands where anything is allowed."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A compiled schema, from which payloads are drawn."""

    drawer: Drawer
    is_valid: Callable[[JSON], bool] | None = None

    def draw(self, choices: Choices) -> JSON:
        """A payload that the schema admits; raises Unsatisfiable when none was found."""
        attempts = Attempts(self)
        if attempts.succeed(choices, ATTEMPTS):
            return attempts.value
        if attempts.succeed(
            RandomChoices(choices.integer(0, (1 << 32) - 1, " retry")), 3 * ATTEMPTS
        ):
            return attempts.value
        reasons = "; ".join(dict.fromkeys(attempts.tried))
        raise Unsatisfiable(
            "", f"{len(attempts.tried)} payloads, each given up or refused: {reasons}"
        )


@dataclass(slots=True)
class Attempts:
    """The search for one payload; what was hopeless once is not guessed at again."""

    payload: Payload
    tried: list[str] = field(default_factory=list)
    hopeless: set[int] = field(default_factory=set)
    value: JSON = None

    def succeed(self, choices: Choices, attempts: int) -> bool:
        is_valid = self.payload.is_valid
        for _ in range(attempts):
            try:
                self.value = self.payload.drawer.draw(
                    Run(choices.integer, MAX_REFERENCES, self.hopeless)
                )
            except Unsatisfiable as problem:
                self.tried.append(str(problem))
                continue
            if is_valid is None or is_valid(self.value):
                return True
            self.tried.append("refused by the validator")
        return False


@lru_cache(maxsize=4096)
def generator(schema: Schema) -> Payload:
    """Payloads of a schema of the document, each validated; raises Unsatisfiable when there can't be any."""
    return compile_payload(
        canonical(schema), declared=Declared((schema,)), is_valid=validator(schema).is_valid
    )


def compile_payload(
    node: CanonicalSchema,
    *,
    declared: Declared = Declared(),  # noqa: B008 - frozen and empty
    is_valid: Callable[[JSON], bool] | None = None,
    max_depth: int = MAX_DEPTH,
) -> Payload:
    """Compile a canonical schema; raises Unsatisfiable when it admits nothing.

    Args:
        declared: what the document writes there, for the order of members and those that admit anything.
        is_valid: the last word on each payload; without it a payload may break what the canonical form can't say.
    """
    return Payload(Compiler(max_depth).build(node, Site(declared=declared)), is_valid)


class Compiler:
    """Compiles nodes at sites; knows the heights of the references it met."""

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.height = Heights().of

    def build(self, node: CanonicalSchema, site: Site) -> Drawer:
        match node.view():
            case ConstView(value):
                return Values((value,), site.at("enum"))
            case EnumView(values):
                return Values(tuple(values), site.at("enum"))
            case StringView() as view:
                return strings(view, checker(node), site.place)
            case IntegerView() as view:
                return integers(view, checker(node), site.place)
            case NumberView() as view:
                return reals(view, checker(node), site.place)
            case ArrayView() as view:
                return ArrayPlans(self, view, site).drawer()
            case ObjectView() as view:
                return Members(self, view, site).drawer()
            case _:
                return self.combined(node, site)

    def combined(self, node: CanonicalSchema, site: Site) -> Drawer:
        match node.view():
            case TrueView():
                options = (
                    Values(SAMPLES, site.at("sample")),
                    self.typed("integer", site),
                    self.typed("string", site),
                )
                return Branches(options, site.at("branch"))
            case FalseView():
                raise Unsatisfiable(site.place, "nothing is allowed")
            case MultiTypeView([name]):
                return self.typed(name, site)
            case MultiTypeView() | AnyOfView():
                return self.union(list(flat(node)), site)
            case TypedGroupView(name, body):
                return self.build(both((body, schema_of({"type": name}))), site)
            case RawView() as view:
                return self.build(modelled(view, site.declared, site.place), site)
            case _:
                return self.opened(node, site)

    def typed(self, name: str, site: Site) -> Drawer:
        """A type without constraints; the canonical form writes null and boolean as values."""
        match name:
            case "integer":
                return Number(tuple(grid_of(1, None, None)), None, site.place)
            case "number":
                return self.build(
                    schema_of({"type": "number", "minimum": -(2**31), "maximum": 2**31}), site
                )
            case "string":
                return PlainString(site.place)
            case "array":
                return ArrayPlans(self, AnyArray(), site).drawer()
            case _:
                return Members(self, AnyObject(), site).drawer()

    def union(self, nodes: list[CanonicalSchema], site: Site) -> Drawer:
        """One of several schemas; at an ending site only those that end soonest."""
        heights = [self.height(node) for node in nodes]
        if site.ending:
            nodes = [
                node for node, height in zip(nodes, heights, strict=True) if height == min(heights)
            ]
        options: list[Drawer] = []
        problems: list[Unsatisfiable] = []
        for index, node in enumerate(nodes):
            try:
                options.append(self.build(node, site.branch(index)))
            except Unsatisfiable as problem:
                problems.append(problem)
        if not options:
            raise problems[0]
        return Branches(tuple(options), site.at("branch")) if len(options) > 1 else options[0]

    def opened(self, node: CanonicalSchema, site: Site) -> Drawer:
        """A reference, or a combination that may hold some: compiled when first drawn, for they may be endless."""
        uris = tuple(references(node))
        if self.height(node) == float("inf") or len(site.path) > 5 * self.max_depth:
            raise Unsatisfiable(site.place, f"{' '.join(uris)} never ends")
        repeats = max((site.path.count(uri) for uri in uris), default=0)
        ending = site.ending or repeats >= MAX_REPEATS or len(site.path) >= self.max_depth
        site = replace(
            site,
            path=site.path + (uris or ("",)),
            ending=ending,
            declared=declared_by(node, site.declared),
        )
        combination = target_of(node).kind in (
            CanonicalKind.ALL_OF,
            CanonicalKind.ONE_OF,
            CanonicalKind.NOT,
        )
        return Guarded(self, node, site) if combination else self.either(node, site, exact=False)

    def either(self, node: CanonicalSchema, site: Site, *, exact: bool) -> Drawer:
        """One of the cases of a combination, each compiled when it is first drawn."""
        cases = [case for case in cases_of(node, exact) if possible(case)]
        if not cases:
            raise Unsatisfiable(site.place, "no value satisfies all of it")
        options = [Deferred(self, case, site.branch(index)) for index, case in enumerate(cases)]
        return (
            Branches(tuple(options), site.at("branch"))
            if len(cases) > 1
            else Deferred(self, cases[0], site)
        )


class Deferred:
    """A drawer that is compiled when it is needed, and once more, to end soon, when a payload opened too much."""

    __slots__ = ("compiler", "full", "node", "short", "site")

    def __init__(self, compiler: Compiler, node: CanonicalSchema, site: Site) -> None:
        self.compiler, self.node, self.site = compiler, node, site
        self.full: Drawer | None = None
        self.short: Drawer | None = None

    def draw(self, run: Run) -> JSON:
        run.references -= 1
        if run.references < -MAX_ENDING:
            raise Unsatisfiable(
                self.site.place, f"{MAX_REFERENCES + MAX_ENDING} references opened, and no end"
            )
        if run.references >= 0 or self.site.ending:
            if self.full is None:
                self.full = self.compiler.build(self.node, self.site)
            return self.full.draw(run)
        if self.short is None:
            self.short = self.compiler.build(self.node, replace(self.site, ending=True))
        return self.short.draw(run)


class Guarded:
    """What one case of a combination gives and the combination admits.

    The cases of a `oneOf` are made exclusive only where chance did not help: that takes seconds on large schemas.
    """

    __slots__ = ("admits", "compiler", "exact", "node", "plain", "site")

    def __init__(self, compiler: Compiler, node: CanonicalSchema, site: Site) -> None:
        self.compiler, self.node, self.site = compiler, node, site
        self.admits = checker(node)
        self.plain = compiler.either(node, site, exact=False)
        self.exact: Drawer | None = None

    def draw(self, run: Run) -> JSON:
        for _ in range(0 if id(self) in run.hopeless else GUESSES):
            value = self.plain.draw(run)
            if self.admits(value):
                return value
        run.hopeless.add(id(self))
        if self.exact is None:
            self.exact = self.compiler.either(self.node, self.site, exact=True)
        return self.exact.draw(run)


def cases_of(node: CanonicalSchema, exact: bool, fuel: int = 20) -> list[CanonicalSchema]:
    """The schemas one of which holds, references and combinations opened; `exact` ones leave out what others admit."""
    match node.view():
        case _ if not fuel:
            return []
        case ReferenceView(uri):
            target = node.definition(uri)
            return cases_of(target, exact, fuel - 1) if target is not None else []
        case AllOfView(branches):
            combinations = product(*(cases_of(branch, exact, fuel - 1) for branch in branches))
            return [both(parts) for parts in islice(combinations, CASES)]
        case OneOfView(branches):
            wholes = [target_of(branch) for branch in branches] if exact else []
            return [
                exclusive(case, wholes[:index] + wholes[index + 1 :])
                for index, branch in enumerate(branches)
                for case in cases_of(branch, exact, fuel - 1)
            ]
        case NotView(schema):
            return [negated(target_of(schema))]
        case _:
            return [node]


def flat(node: CanonicalSchema) -> Iterable[CanonicalSchema]:
    """The branches of a union, unions within it and lists of types opened; null comes first."""
    match node.view():
        case AnyOfView(branches):
            for branch in branches:
                yield from flat(branch)
        case MultiTypeView(types):
            yield from (schema_of({"type": name}) for name in types)
        case _:
            yield node


def exclusive(case: CanonicalSchema, others: list[CanonicalSchema]) -> CanonicalSchema:
    for other in others:
        case = without(case, other)
    return case


def target_of(node: CanonicalSchema, fuel: int = 20) -> CanonicalSchema:
    """What a reference stands for, through references to references."""
    view = node.view()
    target = node.definition(view.uri) if isinstance(view, ReferenceView) and fuel else None
    return node if target is None else target_of(target, fuel - 1)


def references(node: CanonicalSchema) -> Iterable[str]:
    """The references that a node is, or combines."""
    match node.view():
        case ReferenceView(uri):
            yield uri
        case AllOfView(branches) | OneOfView(branches):
            for branch in branches:
                yield from references(branch)
        case NotView(schema):
            yield from references(schema)
        case _:
            pass


def declared_by(node: CanonicalSchema, declared: Declared) -> Declared:
    """What the document writes where a reference points to."""
    view = node.view()
    uri = unquote(view.uri.rpartition(":")[2]) if isinstance(view, ReferenceView) else ""
    return (
        declared.target(unquote(uri.removeprefix(f"{URI}#")))
        if uri.startswith(f"{URI}#")
        else declared
    )
