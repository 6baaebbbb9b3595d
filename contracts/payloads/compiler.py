"""The canonical form of a schema compiled to drawers, each place of a payload by itself."""

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, lru_cache, partial, reduce
from itertools import accumulate, islice, product
from typing import Any
from urllib.parse import unquote

from jsonschema_rs import CanonicalSchema
from jsonschema_rs import canonical as forms

from contracts import payloads
from contracts.document.directions import unless_same
from contracts.document.excerpts import URI
from contracts.document.model import Document, Schema
from contracts.messages import JSON
from contracts.payloads import Branches, Declared, Draw, Drawer, Payload, Spot, Values
from contracts.payloads.composites import Array, Heights, Object
from contracts.payloads.patterns import ENDLESS
from contracts.payloads.scalars import Number, PlainString, Window, grid_of, numbers, strings
from contracts.schemas import UNIONS, validation
from contracts.schemas.allowance import Exceeded, made
from contracts.schemas.locations import Part, locate
from contracts.schemas.validation import both, canonical_of, checker, possible, schema_of, without

MANY = 1_000  # parts of a schema that are combined, from which on it is first tried apart
COMBINED = {"allOf", "anyOf", "oneOf", "patternProperties", "dependentRequired", "dependentSchemas"}
MAX_ENDING = 3000  # references opened after that before the payload is given up
MAX_REPEATS = 2  # times that a reference is opened below itself before the payload has to finish
GUESSES = 200  # values drawn without regard to what other branches of a `oneOf` admit
ROOT = Spot()
CASES = 64  # combinations of an `allOf` that are looked at
MAX_DEEP = 50  # references of such a payload that are open at once
NESTED = 20  # combinations and references below one another when a combination is taken apart

SAMPLES: list[JSON] = [
    None,
    True,
    0,
    1.5,
    "text",
    [],
    {},
    {"key": ["value", 1, None, {"deep": False}]},
]
"""What stands where anything is allowed."""

GIVEN_UP = (
    ("unevaluatedProperties", "unevaluatedItems"),
    ("contentSchema", "contentEncoding", "contentMediaType"),
    ("dependentSchemas", "if", "then", "else", "not"),
)
"""Keywords to do without where the canonical form models no schema, group after group."""


def generator(schema: Schema) -> Payload:
    """Payloads of a schema, each validated; raises Unsatisfiable when there can't be any."""
    found = _generator(schema)
    if isinstance(found, payloads.Unsatisfiable):
        raise found.with_traceback(None)
    return found


@lru_cache(maxsize=64)
def _generator(schema: Schema) -> Payload | payloads.Unsatisfiable:
    def trial() -> None:
        payload = _compiled(schema)  # or there is none, which takes as long to find out again
        with suppress(payloads.Unsatisfiable):
            payload.draw(payloads.CoveringChoices())

    try:
        if _to_combine(schema.value) > MANY:  # which native code may take hours over
            made(trial, apart=True)
        return made(lambda: _compiled(schema))
    except Exceeded as problem:
        return payloads.Unsatisfiable("", str(problem))
    except payloads.Unsatisfiable as problem:
        return problem


def _to_combine(value: Any) -> int:
    """How much a schema, what it refers to apart, has that may have to be combined."""
    found = 0
    for keyword, held in validation.members(value):
        if keyword in COMBINED and isinstance(held, (dict, list)):
            found += len(held) ** (1 + (keyword == "dependentRequired"))
    return found


def _compiled(schema: Schema) -> Payload:
    schema = Schema(schema.document.sender, schema.pointer)
    site = Spot(declared=Declared((Part(schema),)))
    is_valid = partial(validation.takes, validation.validator(schema))
    compiler = Compiler(-4 * site.fuel, shares=locate(schema).atlas.shares)
    return Payload(compiler.build(validation.canonical(schema), site), is_valid)


def compile_payload(
    node: CanonicalSchema, site: Spot = ROOT, is_valid: Callable[[JSON], bool] | None = None
) -> Payload:
    """Payloads, on which `is_valid` has the last word; Unsatisfiable when nothing is admitted."""
    return Payload(Compiler(-4 * site.fuel).build(node, site), is_valid)


class Compiler:
    """Compiles; if it `shares`, each reference once for all of its places, as rules have them."""

    def __init__(self, lowest: int, *, shares: bool = False) -> None:
        self.lowest, self.height, self.shares = lowest, Heights().of, shares
        self.known: dict[str, Once] = {}

    def build(self, node: CanonicalSchema, site: Spot) -> Drawer:
        match node.view():
            case forms.ConstView(value):
                return Values((value,), site.at("enum"))
            case forms.EnumView(values):
                return Values(values, site.at("enum"))
            case forms.StringView() as view:
                return strings(view, checker(node), site.place)
            case (forms.IntegerView() | forms.NumberView()) as view:
                return numbers(view, checker(node), site.place)
            case forms.ArrayView() as view:
                return Array(self, view, site)
            case forms.ObjectView() as view:
                return Object(self, view, site)
            case _:
                return self.combined(node, site)

    def combined(self, node: CanonicalSchema, site: Spot) -> Drawer:
        match node.view():
            case forms.TrueView():
                samples = Values(SAMPLES, site.at("sample"))
                options = (samples, self.typed("integer", site), self.typed("string", site))
                return Branches(options, site.at("branch"))
            case forms.FalseView():
                raise payloads.Unsatisfiable(site.place, "nothing is allowed")
            case forms.MultiTypeView([name]):
                return self.typed(name, site)
            case forms.MultiTypeView(names):
                return self.union([schema_of({"type": name}) for name in names], site)
            case forms.AnyOfView(branches):
                return self.union(branches, site)
            case forms.TypedGroupView(name, body):
                return self.build(both((body, schema_of({"type": name}))), site)
            case forms.RawView() as view:
                return self.build(modelled(view, site), site)
            case _:
                return self.opened(node, site)

    def typed(self, name: str, site: Spot) -> Drawer:
        """A type without constraints; the canonical form writes null and boolean as values."""
        if name == "integer":
            return Number(grid_of(1), None, site.place)
        if name == "string":
            return PlainString(Window(site.place))
        # Bounds that nothing exceeds: without any the canonical form says no more than the type.
        keywords = {"array": {"maxItems": ENDLESS}, "object": {"maxProperties": ENDLESS}}
        bounds = keywords.get(name, {"minimum": -(2**31), "maximum": 2**31})
        return self.build(schema_of({"type": name, **bounds}), site)

    def union(self, nodes: list[CanonicalSchema], site: Spot) -> Drawer:
        """One of several schemas; at an ending site only those that end soonest."""
        if site.ending:
            least = min(map(self.height, nodes))
            nodes = [node for node in nodes if self.height(node) == least]
        options, problems = list[Drawer](), list[payloads.Unsatisfiable]()
        for index, node in enumerate(nodes):
            try:
                options.append(self.build(node, site.branch(index)))
            except payloads.Unsatisfiable as problem:
                problems.append(problem)
        if not options:
            raise problems[0]
        return Branches(options, site.at("branch"))

    def opened(self, node: CanonicalSchema, site: Spot) -> Drawer:
        """A reference, or a combination: compiled when drawn, for it may be endless."""
        uris = tuple(references(node))
        if self.height(node) == math.inf or site.fuel < self.lowest:
            raise payloads.Unsatisfiable(site.place, f"{' '.join(uris)} never ends")
        if self.shares and isinstance(node.view(), forms.ReferenceView):
            shared = Spot(f"<{uris[0]}>", declared_by(node, site.declared))
            return self.known.setdefault(uris[0], Once(self, target_of(node), shared))
        fuel = site.fuel - max(1, len(uris))
        if max(map(site.opened.count, uris), default=0) >= MAX_REPEATS:
            fuel = min(fuel, -1)
        declared = declared_by(node, site.declared)
        site = replace(site, fuel=fuel, opened=site.opened + uris, declared=declared)
        if isinstance(target_of(node).view(), forms.AllOfView | forms.OneOfView | forms.NotView):
            return Guarded(self, node, site)
        return self.either(node, site, exact=False)

    def either(self, node: CanonicalSchema, site: Spot, *, exact: bool) -> Drawer:
        """One of the cases of a combination, each compiled when it is first drawn."""
        cases = list(filter(possible, cases_of(node, exact)))
        if not cases:
            raise payloads.Unsatisfiable(site.place, "no value satisfies all of it")
        if len(cases) == 1:
            return Deferred(self, cases[0], site)
        options = [Deferred(self, case, site.branch(index)) for index, case in enumerate(cases)]
        return Branches(options, site.at("branch"))


class Deferred:
    """A drawer compiled when it is needed, and again, to end soon, when a payload opened much."""

    def __init__(self, compiler: Compiler, node: CanonicalSchema, site: Spot) -> None:
        self.compiler, self.node, self.site = compiler, node, site
        self.drawers: dict[bool, Drawer] = {}

    def draw(self, run: Draw) -> JSON:
        run.fuel -= 1
        if run.fuel < -MAX_ENDING:
            tried = f"{payloads.SIZE + MAX_ENDING} references opened, and no end"
            raise payloads.Unsatisfiable(self.site.place, tried)
        ending = run.fuel < 0
        if ending not in self.drawers:
            site = replace(self.site, fuel=min(self.site.fuel, -1)) if ending else self.site
            self.drawers[ending] = self.compiler.build(self.node, site)
        return self.drawers[ending].draw(run)


class Once:
    """A reference that is opened in full once in a payload; elsewhere it ends at once."""

    def __init__(self, compiler: Compiler, node: CanonicalSchema, site: Spot) -> None:
        self.compiler, self.node, self.site = compiler, node, site
        self.drawers: dict[bool, Drawer] = {}

    def draw(self, run: Draw) -> JSON:
        ending = id(self) in run.opened or run.depth >= MAX_DEEP or run.fuel < 0
        if not ending:
            run.opened.add(id(self))
            run.fuel -= 1
        if ending not in self.drawers:
            site = replace(self.site, fuel=-1) if ending else self.site
            self.drawers[ending] = self.compiler.build(self.node, site)
        run.depth += 1
        value = self.drawers[ending].draw(run)
        run.depth -= 1
        return value


class Guarded:
    """What one case of a combination gives, and the combination admits."""

    def __init__(self, compiler: Compiler, node: CanonicalSchema, site: Spot) -> None:
        self.compiler, self.node, self.site = compiler, node, site
        self.plain = compiler.either(node, site, exact=False)
        self.exact: Drawer | None = None

    @cached_property
    def admits(self) -> Callable[[JSON], bool]:
        return checker(self.node)

    def draw(self, run: Draw) -> JSON:
        for _ in range(0 if id(self) in run.hopeless else GUESSES):
            value = self.plain.draw(run)
            if self.admits(value):
                return value
        run.hopeless.add(id(self))
        if self.exact is None:  # the cases of a `oneOf` made exclusive, which may take seconds
            self.exact = self.compiler.either(self.node, self.site, exact=True)
        return self.exact.draw(run)


def cases_of(node: CanonicalSchema, exact: bool, fuel: int = NESTED) -> list[CanonicalSchema]:
    """The schemas one of which holds, all opened; `exact` ones leave out what others admit."""
    match node.view():
        case _ if not fuel:
            return []
        case forms.ReferenceView():
            return cases_of(target_of(node), exact, fuel - 1)
        case forms.AllOfView(branches):
            combinations = product(*(cases_of(branch, exact, fuel - 1) for branch in branches))
            return list(map(both, islice(combinations, CASES)))
        case forms.OneOfView(branches):
            found = []
            for index, branch in enumerate(branches):
                others = branches[:index] + branches[index + 1 :] if exact else []
                for case in cases_of(branch, exact, fuel - 1):
                    found.append(reduce(without, map(target_of, others), case))
            return found
        case forms.NotView(schema):
            return [validation.negated(target_of(schema))]
        case _:
            return [node]


def target_of(node: CanonicalSchema) -> CanonicalSchema:
    """What a reference stands for, through references to references."""
    for _ in range(NESTED):
        view = node.view()
        if not isinstance(view, forms.ReferenceView):
            break
        node = node.definition(view.uri) or node
    return node


def references(node: CanonicalSchema) -> Iterable[str]:
    match node.view():
        case forms.ReferenceView(uri):
            yield uri
        case forms.AllOfView(branches) | forms.OneOfView(branches):
            for branch in branches:
                yield from references(branch)
        case forms.NotView(schema):
            yield from references(schema)


def declared_by(node: CanonicalSchema, declared: Declared) -> Declared:
    """What the document writes where a reference points to."""
    view = node.view()
    if isinstance(view, forms.ReferenceView) and declared.parts:
        uri, _, pointer = unquote(view.uri.rpartition(":")[2]).partition("#")
        if uri == URI:
            document = declared.parts[0].schema.document
            return Declared((Part(Schema(document, unquote(pointer))),))
    return declared


def modelled(view: forms.RawView, site: Spot) -> CanonicalSchema:
    """What the canonical form models of a schema; the validator sees to the rest."""
    for keywords in accumulate(GIVEN_UP):
        schema = simpler(view.schema, keywords)
        try:
            if not site.declared.parts:
                node = schema_of(schema)
            else:
                around = site.declared.parts[0].schema.document
                node = canonical_of(schema, simplified(around, keywords))
        except validation.Uncompilable as problem:
            tried = f"a schema that can't be simplified: {problem}"
            raise payloads.Unsatisfiable(site.place, tried) from None
        if node.kind != forms.CanonicalKind.RAW:
            return node
    raise payloads.Unsatisfiable(site.place, f"a schema outside the canonical form ({view.reason})")


@lru_cache(maxsize=16)
def simplified(document: Document, keywords: tuple[str, ...]) -> Document:
    """A document whose schemas are all `simpler`."""
    return Document("", "", "", simpler(document.tree, keywords), document.source)


def simpler(schema: Any, keywords: Sequence[str]) -> Any:
    """The schema without `keywords`, and with one branch of each union in an `allOf`."""
    if isinstance(schema, list):
        return unless_same(schema, [simpler(part, keywords) for part in schema])
    if not isinstance(schema, dict):
        return schema
    kept = {name: simpler(part, keywords) for name, part in schema.items() if name not in keywords}
    if isinstance(kept.get("allOf"), list):
        kept["allOf"] = unless_same(kept["allOf"], list(map(narrowed, kept["allOf"])))
    return unless_same(schema, kept)


def narrowed(part: Any) -> Any:
    """A part of an `allOf` with the first branch of its union alone."""
    for keyword in UNIONS:
        if isinstance(part, dict) and part.get(keyword):
            rest = {name: value for name, value in part.items() if name != keyword}
            return {"allOf": [part[keyword][0], rest]} if rest else part[keyword][0]
    return part
