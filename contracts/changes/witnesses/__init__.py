"""A value that is sent and not taken to a whole message, made small and checked on both sides."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain, islice, product
from typing import Any

from contracts.changes.change import Witness
from contracts.changes.containment import Settlement, drawn, form_settled, texts_settled
from contracts.changes.pairs import Aspect, Local, Pair, Step
from contracts.changes.plain_values import placed
from contracts.changes.shapes import Shape, shape_at
from contracts.changes.versions import Draft, Site
from contracts.changes.witnesses.hybrids import hybrid, said_of
from contracts.document import MediaType, Parameter
from contracts.document.directions import by_names
from contracts.document.model import value_at
from contracts.messages import JSON, Request
from contracts.payloads.reduction import reduced
from contracts.schemas import Raw, only, validation
from contracts.schemas.allowance import is_large
from contracts.schemas.claims import ANYTHING, claim_of
from contracts.schemas.readings import TooLarge, TooLong, checked_form
from contracts.schemas.texts import form_readings, is_written, readings, wire_of
from contracts.schemas.validation import Distance, Uncompilable, Validator

PLACED = 50  # plain messages with one value at its place
DRAWN = 12  # messages drawn around one value before it is given up
ROUNDS = 6  # in which a message is drawn anew without what other changes refuse in the last
BLAMED = 20  # errors of a message that are looked at
NAMES = ("properties", "patternProperties", "additionalProperties")

Check = Callable[[JSON], bool]


@dataclass(frozen=True, eq=False)
class Taker:
    """Whether values are taken, by a form of a schema, or why not."""

    form: Raw
    reads: Callable[[JSON], Iterator[Any]] = lambda value: iter([value])  # of texts, in every way

    @cached_property
    def _check(self) -> Validator:
        return validation.validator_of(self.form)

    def takes(self, value: JSON, *, unknown: bool = True) -> bool:
        takes = partial(validation.takes, self._check, unknown=unknown)
        return any(one is ANYTHING or takes(one) for one in self.reads(value))

    def errors(self, value: JSON) -> list[Any]:
        """What is said against a value; nothing where that takes too long."""
        with suppress(ValueError):
            return list(islice(self._check.iter_errors(value), BLAMED))
        return []


@dataclass(frozen=True, eq=False)
class Trial:
    """Messages at one site, made of what its sender sends and shown to its receiver."""

    site: Site
    pair: Pair

    def witness(self, local: Local, steps: Sequence[Step]) -> Witness | None:
        """A message that shows a change `steps` below the schema of the site, if one is found.

        The receiver would take it without this change. Where other changes refuse all that there
        is, it is one that the sender's side would refuse with this change alone.
        """
        if local.aspect.keywords == ("discriminator",):
            return self._misnamed(local, steps)
        edit = [local.aspect]
        refused = []
        with suppress(TooLarge, *Uncompilable):  # a pattern that the validator can't compile, say
            undone = self._hybrid(self.pair.receiver, edit)
            for body in filter(self._refuses, self._bodies(local, steps, undone)):
                refused.append(body)
                is_own = partial(undone.takes, unknown=False)
                if found := self._smallest(body, local, steps, is_own):
                    return found
            alone = self._hybrid(self.pair.sender, edit)

            def is_alone(value: JSON, others: int) -> bool:
                return not alone.takes(value) and len(undone.errors(value)) <= others

            for body in sorted(refused, key=lambda one: len(undone.errors(one)))[:DRAWN]:
                is_own = partial(is_alone, others=len(undone.errors(body)))
                if found := self._smallest(body, local, steps, is_own):
                    return found
        return None

    def _misnamed(self, local: Local, steps: Sequence[Step]) -> Witness | None:
        """A message that is taken, though not by the schema that a discriminator names for it."""
        holder, sent, taken = self.site.holder, self.pair.sender, self.pair.receiver
        forms = []
        for shape, document in ((sent, sent.document.sender), (taken, by_names(taken.document))):
            values = shape_at(document, shape.parts[0].schema.pointer).values
            forms.append(checked_form(document, *values))
        sends, by_name = Taker(forms[0]), Taker(forms[1], self._reads)

        def shows(value: JSON) -> bool:
            is_passed = self._is_sent(value) and sends.takes(value) and self._taken.takes(value)
            return is_passed and not by_name.takes(value)

        arounds = (_nested(steps, {"const": value}) for value in local.values)
        for body in chain.from_iterable(islice(self._drawn(one), DRAWN) for one in arounds):
            if isinstance(holder, MediaType) and shows(body):
                body = reduced(body, shows, self._lists)
                because = "the schema that its discriminator names refuses it"
                draft = Draft(because, media=holder, body=(body,), response=self.site.response)
                return self.site.versions.witness(draft)
        return None

    def last_word(
        self, local: Local, steps: Sequence[Step], broken: Sequence[Aspect]
    ) -> Witness | Settlement:
        """Whether a change breaks anything together with others, all `broken` ones apart."""
        answer = self._settled(lambda: hybrid(self.pair.receiver, broken, inlines=True))
        if answer.contained:
            return answer
        with suppress(TooLarge, *Uncompilable):
            rest = self._hybrid(self.pair.receiver, broken)
            bodies = chain(answer.values, self._bodies(local, steps, rest))
            for body in filter(self._refuses, bodies):
                if found := self._smallest(body, local, steps, lambda one: not rest.takes(one)):
                    return found
        return answer

    @cached_property
    def is_large(self) -> bool:
        """Whether to look for a message may take much."""
        try:
            forms = self.pair.sender.taken, self.pair.receiver.taken
            return is_large(*map(partial(json.dumps, default=float), forms))
        except TooLarge:
            return True

    @cached_property
    def whole(self) -> Settlement:
        """Whether anything that is sent is refused, the schema looked at as a whole."""
        return self._settled(lambda: self.pair.receiver.taken)

    def _settled(self, taken: Callable[[], Raw]) -> Settlement:
        sender, holder, allowance = self.pair.sender, self.site.holder, self.pair.allowance
        if isinstance(holder, MediaType) or not self.site.is_on_the_wire:
            typed = self.pair.answer(taken)
            if typed.contained or not self.site.is_on_the_wire:
                return typed
            form, is_plain = replace(typed, contained=None), not self.site.encodings
            with suppress(TooLarge, *Uncompilable):
                answer = form_settled(sender.sent, taken(), allowance, is_plain=is_plain)
                form = answer if answer.contained else form
            return form
        try:
            forms = wire_of(sender.sent, is_sent=True), wire_of(taken(), is_sent=False)
        except (TooLarge, *Uncompilable) as problem:
            return Settlement(None, f"its texts can't be told: {problem}")
        told = partial(texts_settled, allowance=allowance, empty=self._takes_empty)
        answers = list(told(holder, *forms))
        if all(answer.contained for answer in answers):
            return answers[0]
        found = chain.from_iterable(map(readings, answers[0].values))
        values = tuple(filter(self._is_sent, found))
        return Settlement(None, "not every text that is sent is surely taken", values)

    @property
    def _takes_empty(self) -> bool:
        """Whether the receiver takes a parameter that is empty, whatever its schema says."""
        _, schema = self.site.versions.roles(*self.site.at)
        holder = self.pair.receiver.document.at(schema.rpartition("/")[0])
        return isinstance(self.site.holder, Parameter) and holder.get("allowEmptyValue") is True

    @property
    def _reads(self) -> Callable[[JSON], Iterator[Any]]:
        if not self.site.is_on_the_wire:
            return Taker.reads
        return form_readings if isinstance(self.site.holder, MediaType) else readings

    def _hybrid(self, root: Shape, edits: Sequence[Aspect]) -> Taker:
        return Taker(hybrid(root, edits), self._reads)

    @cached_property
    def _taken(self) -> Taker:
        receiver = self.pair.receiver
        return Taker(checked_form(receiver.document, *receiver.values), self._reads)

    @cached_property
    def _sent(self) -> list[Taker]:
        """As written, and with no name that is not declared, where that can be put."""
        sender = self.pair.sender
        forms = [checked_form(sender.document, *sender.values)]
        with suppress(TooLarge):
            forms.append(sender.sent)
        return list(map(Taker, forms))

    @cached_property
    def _lists(self) -> list[list[JSON]]:
        """The lists of values in what is sent."""
        found, pending = list[list[JSON]](), [self._sent[0].form]
        while pending:
            held = pending.pop()
            if isinstance(held, dict):
                if isinstance(held.get("enum"), list):
                    found.append(held["enum"])
                pending += held.values()
            elif isinstance(held, list):
                pending += held
        return found

    def _is_sent(self, value: JSON) -> bool:
        return all(sent.takes(value, unknown=False) for sent in self._sent)

    def _refuses(self, value: JSON) -> bool:
        """Whether a value is sent and not taken."""
        is_sent = self._is_sent(value)
        if self.site.is_on_the_wire:
            is_sent = is_sent and is_written(self.site.holder, value)
        return is_sent and not self._taken.takes(value)

    def _smallest(
        self, body: JSON, local: Local, steps: Sequence[Step], is_own: Check
    ) -> Witness | None:
        """The message with a body made small, if it is refused for the change's own sake."""

        def shows(value: JSON) -> bool:
            return self._refuses(value) and is_own(value) and self._shown(value) is not None

        if not shows(body):
            return None
        body = reduced(body, shows, self._lists)
        return self._shown(body, partial(_distance, local.aspect, steps))

    def _bodies(self, local: Local, steps: Sequence[Step], undone: Taker) -> Iterator[JSON]:
        refused = said_of(local.aspect, local.aspect.pair.receiver)
        inner: list[Raw] = [{"const": value} for value in local.values]
        if not (isinstance(refused, dict) and "$defs" in refused):
            inner.append({"not": refused})
        spares = ("", "key") if ("additional", "") in steps else ("",)
        for value in local.values:
            yield from islice(placed(self.pair.sender, steps, value), PLACED)
        for held, spare in product(inner, spares):
            yield from self._beside(_nested(steps, held, spare), undone)
        yield from self.whole.values
        if self.site.is_on_the_wire:
            yield from islice(self._drawn(), DRAWN)

    def _beside(self, around: Raw, undone: Taker) -> Iterator[JSON]:
        """Values that are sent, and of which `around` holds; with less and less else against them.

        What the receiver says against one is wanted of the next.
        """
        wanted, definitions = [around], {}
        if isinstance(undone.form, dict):
            definitions = undone.form.get("$defs", {})
        for _ in range(ROUNDS):
            found = list(islice(self._drawn({"allOf": wanted}, definitions), 1))
            yield from found
            more = list(chain.from_iterable(map(partial(_wanted, undone), found)))
            if not more:
                break
            wanted = [*wanted, *more]
        yield from islice(self._drawn({"allOf": wanted}, definitions), 1, 1 + DRAWN)

    @cached_property
    def is_too_long(self) -> bool:
        """Whether the canonical form of what is sent would take too long."""
        try:
            _ = self.pair.sender.sent
        except TooLarge as problem:
            return isinstance(problem, TooLong)
        return False

    def _drawn(self, around: Raw = True, definitions: Mapping[str, Raw] = {}) -> Iterator[JSON]:
        """Values that are sent and of which `around` holds as well."""
        sender = self.pair.sender
        if self.is_too_long:
            return
        parts = [validation.reference(sender.parts[0].schema.pointer), around]
        whole = {"allOf": parts, "$defs": definitions}
        try:
            yield from drawn(validation.canonical_of(whole, sender.document))
        except Uncompilable:
            return

    def _shown(self, value: JSON, distance: Distance = lambda _: 0) -> Witness | None:
        """The message with a value, and why it is refused: what is nearest to its change."""
        holder, versions = self.site.holder, self.site.versions
        if isinstance(holder, MediaType):
            why = validation.refusal(self._taken.errors(value), distance)
            because = f"its body does not match the schema: {why or 'the validator refuses it'}"
            draft = Draft(because, media=holder, body=(value,), response=self.site.response)
            return versions.witness(draft)
        if isinstance(holder, Parameter):
            return self._with_parameter(holder, value)
        because = f"the header {holder.name} does not match its schema"
        values = {("header", holder.name.lower()): value}
        return versions.witness(Draft(because, values, response=self.site.response))

    def _with_parameter(self, parameter: Parameter, value: JSON) -> Witness | None:
        """A request that no reading of its texts makes acceptable."""
        versions = self.site.versions
        because = f"the {parameter.location} parameter {parameter.name} does not match its schema"
        witness = versions.witness(Draft(because, {(parameter.location, parameter.name): value}))
        if witness is None:
            return None
        message, body = witness.message, None
        if "Content-Type" in message["headers"]:
            body = json.dumps(message["body"], ensure_ascii=False).encode("utf-8", "replace")
        headers = tuple(message["headers"].items())
        request = Request(message["method"], message["path"], headers, body)
        # What is no single text is not read back: a list of one is written like its item.
        is_whole = isinstance(value, dict) or (isinstance(value, list) and len(value) > 1)
        is_whole = is_whole or parameter.style in ("label", "matrix", "deepObject")
        sender, receiver = versions.roles(versions.base, versions.revision)
        if not is_whole and not claim_of(sender, request).allowed:
            return None
        claim = claim_of(receiver, request)
        if claim.allowed and not is_whole:
            return None
        told = claim.forbidden_because or ""
        return replace(witness, because=told if parameter.name in told else because)


def _wanted(taker: Taker, value: JSON) -> Iterator[Raw]:
    """What is said against a value, as schemas of values against which it is not said."""
    for error in taker.errors(value):
        *path, keyword = map(str, error.schema_path)
        said = value_at(taker.form, path)
        if isinstance(said, dict) and keyword in said:
            steps = [_step(segment) for segment in error.instance_path]
            yield _nested(steps, only(said, NAMES if keyword in NAMES else [keyword]))


def _step(segment: str | int) -> Step:
    return ("property", segment) if isinstance(segment, str) else ("items", "")


def _distance(aspect: Aspect, steps: Sequence[Step], error: Any) -> int:
    """How far an error is from what is said of an aspect, `steps` below: 0 if it says that."""
    path, facts = list(error.instance_path), error.kind.as_dict()
    pairs = zip(path, steps, strict=False)
    strays = (kind == "property" and name != found for found, (kind, name) in pairs)
    if len(path) < len(steps) or any(strays):
        return 2
    if aspect.name is not None:
        names = [facts.get("property"), *facts.get("unexpected", ()), *path[len(steps) :][:1]]
        return int(aspect.name not in names)
    return int(bool(aspect.keywords) and error.schema_path[-1] not in aspect.keywords)


def _nested(steps: Sequence[Step], inner: Raw, spare: str = "") -> Raw:
    """A schema of what has `inner` at the end of the steps; free names are `spare`."""
    for kind, name in reversed(steps):
        match kind:
            case "property":
                inner = {"type": "object", "required": [name], "properties": {name: inner}}
            case "items":
                inner = {"type": "array", "minItems": 1, "items": inner}
            case "pattern":
                inner = {"type": "object", "minProperties": 1, "patternProperties": {name: inner}}
            case _ if spare:
                inner = {"type": "object", "required": [spare], "properties": {spare: inner}}
            case _:
                inner = {"type": "object", "minProperties": 1, "additionalProperties": inner}
    return inner
