"""A documented operation to Hypothesis strategies: what it allows, and what it forbids by one rule.

A source makes what choices say, and holds it against the document: the judge decides on answers,
the claim on requests.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import islice
from operator import attrgetter
from typing import Any

from hypothesis import currently_in_test_context, reject
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from contracts import messages
from contracts.document import MediaType, Parameter, ResponseSpec, serialisation
from contracts.document.model import statuses_of
from contracts.messages import Exchange, Probe, Request, essence_of
from contracts.mock import MockService
from contracts.mock.bodies import HEADER_VALUES, NO_VALUE, variant_of, written
from contracts.payloads import Choices, CoveringChoices, Payload, RandomChoices
from contracts.payloads.compiler import compile_payload, generator
from contracts.probes.edges import Breaker, with_content, with_parameter
from contracts.probes.samples import breaches, values_of
from contracts.rules import OperationRules, RuleBook
from contracts.schemas import RUNGS, constraints
from contracts.schemas.claims import claim_of
from contracts.schemas.constraints import CLIENT_FIELDS, CLOSED, Constraint, Forbidden
from contracts.schemas.media_types import content_of
from contracts.schemas.validation import canonical_of, reference
from contracts.testing.drawn import DrawnAnswer, DrawnRequest
from contracts.verdicts import judge

__tracebackhide__ = True  # as in `contracts.testing`
Breach = tuple[Sequence[str], Callable[[Any], Iterable[Any]]]
"""The kind of a rule and the keyword, and what breaks the rule, made of what is allowed."""
MOST = 250  # choices of one example that Hypothesis makes; after these, the plainest are taken
TRIES = 10  # examples, or values of a parameter, until one is as the document says
LOOKED_AT = 40  # that may break something, until one breaks that alone
ALIKE = 2  # broken ones made of one that is allowed, for Hypothesis to choose from
_upto = lru_cache(maxsize=1024)(lambda span: st.integers(0, span))
_KINDS = {word: rung.kind for rung in RUNGS for word in rung.keywords}
_KINDS |= dict.fromkeys(CLOSED, "additional properties")
_AS_SUCH = ("required", "content type", "syntax")  # kinds of what is wrong with a whole request
_PLAIN = {"path": "^[0-9A-Za-z][0-9A-Za-z_.~:@+-]*$", "header": "^[!-~]([ -~]*[!-~])?$"}
"""Texts that every router hands on, and every client sends: only these, where a schema has any."""


class DrawnChoices:
    """Choices made, and made smaller, by Hypothesis."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw, self._left = draw, MOST

    def integer(self, low: int, high: int, at: str) -> int:  # noqa: ARG002  as all sources
        self._left -= 1
        return low + int(self._draw(_upto(high - low))) if self._left >= 0 else low


def _kinds_of(constraint: Constraint) -> Sequence[str]:
    word = constraint.word
    if word == "enum" and sum(one is not None for one in constraint.says) == 1:
        return ["const"]
    return [_KINDS.get(word, word), word]


def _without(it: DrawnAnswer, index: int) -> DrawnAnswer:
    return replace(it, headers=it.headers[:index] + it.headers[index + 1 :])


_UNHEARD_OF = (("Content-Type", "application/x-unheard-of"),)
_WHOLE: tuple[Breach, ...] = (
    (["header required"], lambda it: map(partial(_without, it), range(len(it.headers)))),
    (
        ["media type documented"],
        lambda it: [replace(it, headers=messages.overridden(it.headers, _UNHEARD_OF))],
    ),
    (["status documented"], lambda it: (replace(it, status=code) for code in range(599, 199, -1))),
    (["strict json"], lambda it: [replace(it, body=it.body[:-1])]),
)
"""What may break a rule about an answer as a whole."""


@dataclass(frozen=True, eq=False, repr=False)
class AnswerSource:
    """Answers of an operation with one documented status, and one media type."""

    rules: OperationRules
    documented: ResponseSpec
    media: MediaType | None  # None: without a body
    codes: Sequence[int]  # what the status may be, the plainest first
    asking: "RequestSource"

    def make(self, choices: Choices) -> DrawnAnswer | None:
        """One as `choices` have it; None if the document does not allow it after all."""
        key, variant = self.rules.operation.key, variant_of(self.media, choices)
        if variant is None:
            return None
        request = self.asking.asked(choices, "path")
        code = self.codes[choices.integer(0, len(self.codes) - 1, " status")]
        index = choices.integer(0, HEADER_VALUES - 1, " head")
        service, chosen = MockService(self.rules.spec), (self.documented, code)
        given = service.given(self.rules.operation, chosen, variant, index, request)
        optional = {one.name for one in self.documented.headers if not one.required}
        headers = []
        for name, text in given.headers:
            if name not in optional or choices.integer(0, 1, f" {name}"):
                headers.append((name, text))
        for one in self.documented.headers:
            if one.required and one.name.lower() == "content-length":
                headers.append((one.name, str(len(given.body))))
        made = DrawnAnswer(code, tuple(headers), given.body, operation=key, request=request)
        return None if self._violated(made) else made

    def _violated(self, answer: DrawnAnswer) -> set[str]:
        """The ids of the rules that an answer violates."""
        probe = Probe(answer.operation, answer.request, source="status")
        judgement = judge(self.rules, Exchange(0, probe, answer))
        return set(map(attrgetter("rule"), judgement.violations(self.rules)))

    def breaches(self) -> Iterator[Breach]:
        """Each thing that may be broken, and what breaks it alone, made of an allowed answer."""
        for kinds, candidates in (*self._of_body(), *_WHOLE):
            yield kinds, partial(self._breaking, kinds[0], candidates)

    def _breaking(
        self, kind: str, candidates: Callable[[Any], Iterable[DrawnAnswer]], it: DrawnAnswer
    ) -> Iterator[DrawnAnswer]:
        for one in islice(candidates(it), LOOKED_AT):
            violated = list(map(self.rules.by_id.__getitem__, self._violated(one)))
            if len(violated) == 1 and violated[0].kind == kind:
                yield replace(one, breaks=violated[0].id)

    def _of_body(self) -> Iterator[Breach]:
        media, content = self.media, self.media and content_of(self.media)
        if media is None or (schema := content.schema if content else media.schema) is None:
            return

        def broken_by(one: Constraint, it: DrawnAnswer) -> Iterator[DrawnAnswer]:
            held = [it.json()] if it.body and content is None else []
            for value in breaches(schema, [*held, *values_of(schema)], one):
                yield replace(it, body=written(media, value))

        mode = constraints.mode_of(media) or constraints.JSON
        for one in constraints.constraints(schema, mode).values():
            yield _kinds_of(one), partial(broken_by, one)


@dataclass(frozen=True, eq=False, repr=False)
class RequestSource:
    """Requests of an operation with a body of one media type."""

    rules: OperationRules
    media: MediaType | None  # None: without a body

    def make(self, choices: Choices) -> DrawnRequest | None:
        """One as `choices` have it; None if the document does not allow it after all."""
        request, operation = self.asked(choices), self.rules.operation
        if self.media is not None:
            schema = self.media.schema
            value = generator(schema).draw(choices) if schema is not None else {}
            request = with_content(request, self.media, value)
        there = serialisation.operations_at(self.rules.spec, request.path)
        is_own = bool(there) and there[0].path == operation.path
        return self._drawn(request) if is_own and claim_of(operation, request).allowed else None

    def _drawn(self, request: Request, breaks: str = "") -> DrawnRequest:
        about = request.method, request.target, request.headers, request.body
        return DrawnRequest(*about, self.rules.operation.key, breaks)

    def asked(self, choices: Choices, *locations: str) -> Request:
        """A request without a body, with its parameters; with those in these places, if any."""
        operation = self.rules.operation
        names = dict.fromkeys(serialisation.parameter_names(operation.path), "1")
        request = Request(operation.method, serialisation.fill_path(operation.path, names))
        for parameter, payload in self._payloads:
            at = f" {parameter.location} {parameter.name}"
            is_meant = not locations or parameter.location in locations
            if is_meant and (parameter.required or choices.integer(0, 1, at)):
                for _ in range(TRIES):
                    text = serialisation.serialised(parameter, payload.draw(choices))
                    if _is_sent(parameter, text):
                        request = with_parameter(operation, request, parameter, text)
                        break
        return request

    @cached_property
    def _payloads(self) -> list[tuple[Parameter, Payload]]:
        """The parameters that can be sent, each with its values; raises one of `NO_VALUE`."""
        found = list[tuple[Parameter, Payload]]()
        for parameter in self.rules.operation.parameters:
            if parameter.location != "header" or parameter.name.lower() not in CLIENT_FIELDS:
                with suppress(*[] if parameter.required else NO_VALUE):
                    found.append((parameter, self._payload(parameter)))
        return found

    def _payload(self, parameter: Parameter) -> Payload:
        document, said, schema = self.rules.spec.document, {"type": "string"}, parameter.schema
        if schema is not None:
            document, said = schema.document.sender, reference(schema.pointer)
        if plain := _PLAIN.get(parameter.location):
            with suppress(*NO_VALUE):
                node = canonical_of({"allOf": [said, {"pattern": plain}]}, document)
                payload = compile_payload(node)
                payload.draw(RandomChoices())
                return payload
        return compile_payload(canonical_of(said, document))

    def breaches(self) -> Iterator[Breach]:
        """Each thing that may be broken, and what breaks it alone, made of an allowed request."""
        for forbidden in constraints.forbidden_by(self.rules.operation):
            if not forbidden.advisory and forbidden.media in (None, self.media):
                kinds = list(filter(forbidden.name.endswith, _AS_SUCH))
                one = forbidden.constraint
                yield _kinds_of(one) if one else kinds, partial(self._breaking, forbidden)

    def _breaking(self, forbidden: Forbidden, it: DrawnRequest) -> Iterator[DrawnRequest]:
        rule = self.rules.requests[forbidden.name].rule.id
        for made in Breaker(self.rules.operation, [it], it).breaking(forbidden, LOOKED_AT):
            if not serialisation.is_odd(self.rules.operation.path, made.path):
                yield self._drawn(made, rule)


def _is_sent(parameter: Parameter, text: str) -> bool:
    """Whether clients send a text, and routers hand it on."""
    odd = parameter.location == "path" and serialisation.is_odd("/{x}", f"/{text}")
    return bool(text) and text.isascii() and messages.is_field_value(text) and not odd


Source = AnswerSource | RequestSource


def rules_of(book: RuleBook, name: str) -> OperationRules:
    """The rules of an operation, by key or `operationId`; LookupError with the nearest of none."""
    method, _, path = name.strip().partition(" ")
    known, key = book.operations, f"{method.upper()} {path}"
    for operation in book.spec.operations:
        if name in (operation.key, operation.operation_id) or key == operation.key:
            return known[operation.key]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or [*known][:3]
    nearest = f"the nearest are {', '.join(near)}; name one that it has"
    raise LookupError(f"the document has no operation {name}; {nearest}")


@lru_cache(maxsize=1024)
def answers_of(rules: OperationRules, status: int | str, named: str = "") -> list[Source]:
    """A source for each documented answer that is meant, by `*` each; LookupError if none is."""
    found, known, wanted = list[Source](), list[str](), str(status).upper()
    asking = RequestSource(rules, None)
    for response in rules.operation.responses:
        codes, names = list(statuses_of(rules.operation, response)), [response.status.upper()]
        if wanted.isdecimal() and rules.operation.response(int(wanted)) is response:
            codes, names = [int(wanted)], [wanted]
        for media in response.content or (None,):
            known.append(f"{response.status} {media.name if media else ''}".strip())
            is_meant = wanted in (*names, "*", f"{response.status[0]}XX")
            if codes and is_meant and _is_named(named, media):
                found.append(AnswerSource(rules, response, media, codes, asking))
    return found or _none(rules, f"answer {status} {named}", known)


@lru_cache(maxsize=1024)
def requests_of(rules: OperationRules, named: str = "") -> list[Source]:
    """A source for each body, and for none if it may be left out; LookupError if none is."""
    body = rules.operation.request_body
    content = body.content if body else ()
    media = list[MediaType | None](filter(partial(_is_named, named), content))
    if not named and not (body and body.required and content):
        media.insert(0, None)
    known = list(map(attrgetter("name"), content))
    return list(map(partial(RequestSource, rules), media)) or _none(rules, f"body {named}", known)


def _is_named(name: str, media: MediaType | None) -> bool:
    return not name or (media is not None and essence_of(media.name) == essence_of(name))


def _none(rules: OperationRules, what: str, known: Sequence[str]) -> list[Source]:
    has = ", ".join(known) or "none"
    raise LookupError(f"{_place(rules)} has no {what.strip()}; it has {has}")


def _place(rules: OperationRules, media: MediaType | None = None) -> str:
    source = rules.spec.document.source((media or rules.operation).pointer)
    return f"{source}: {rules.operation.key}"


@lru_cache(maxsize=1024)
def _example(source: Source) -> tuple[Any, str]:
    """The fullest one that can be made; or None, and why."""
    sources: list[Choices] = [*[CoveringChoices()] * TRIES, *map(RandomChoices, range(TRIES))]
    try:
        for choices in sources:
            if (made := source.make(choices)) is not None:
                return made, ""
    except NO_VALUE as error:
        return None, str(error).splitlines()[0]
    return None, "the document refuses whatever was made"


def lazily(strategy: Callable[..., SearchStrategy[Any]], *arguments: Any) -> SearchStrategy[Any]:
    """A strategy; within a test, which has a deadline, it is made when something is drawn."""
    if currently_in_test_context():
        return st.deferred(lambda: strategy(*arguments))
    return strategy(*arguments)


@lru_cache(maxsize=1024)
def allowed(*sources: Source) -> SearchStrategy[Any]:
    """What one of the sources makes; ValueError if none can make anything."""
    usable = [source for source in sources if _example(source)[0] is not None]
    if not usable:
        why = f"nothing that it describes can be made: {_example(sources[0])[1]}"
        raise ValueError(f"{_place(sources[0].rules, sources[0].media)}: {why}")

    @st.composite
    def drawn(draw: DrawFn) -> Any:
        choices = DrawnChoices(draw)
        source = usable[choices.integer(0, len(usable) - 1, " source")]
        for _ in range(TRIES):
            if (made := source.make(choices)) is not None:
                return made
        reject()

    return drawn()


@lru_cache(maxsize=1024)
def broken(kind: str | None, *sources: Source) -> SearchStrategy[Any]:
    """What breaks one rule, of a kind if it is given; LookupError if nothing can, ValueError."""
    allowed(*sources)
    if not (proved := list(_proved(kind, sources))):
        known = {kinds[0] for kinds, *_ in _proved(None, sources)}
        can = f"what can be broken is {', '.join(sorted(known)) or 'nothing'}"
        raise LookupError(f"{_place(sources[0].rules)}: {can}, and not {kind or 'any rule'}")

    @st.composite
    def drawn(draw: DrawFn) -> Any:
        _, breaking, source, example = draw(st.sampled_from(proved))
        made = list(islice(breaking(draw(allowed(source))), ALIKE))
        return draw(st.sampled_from(made or [example]))

    return drawn()


def _proved(
    kind: str | None, sources: Sequence[Source]
) -> Iterator[tuple[Sequence[str], Callable[[Any], Iterable[Any]], Source, Any]]:
    """The breaches of a kind that an example shows."""
    for source in sources:
        example = _example(source)[0]
        for kinds, breaking in source.breaches() if example is not None else ():
            if kind is None or kind in kinds:
                for one in islice(breaking(example), 1):
                    yield kinds, breaking, source, one
