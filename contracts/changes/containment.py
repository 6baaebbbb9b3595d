"""Whether a receiver takes all that a sender sends: proved, shown by a value, or left open."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, islice, product, repeat
from math import inf
from operator import attrgetter

from jsonschema_rs import CanonicalSchema
from jsonschema_rs import canonical as forms

from contracts.changes.change import Effect
from contracts.document import Header, Parameter
from contracts.document.serialisation import divider_of, unwritten_of
from contracts.messages import JSON
from contracts.payloads import Choices, PlainChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import compile_payload
from contracts.payloads.languages import text_between
from contracts.schemas import Raw, validation
from contracts.schemas.allowance import Allowance, Exceeded
from contracts.schemas.readings import TooLarge
from contracts.schemas.texts import ANY_LIST, ANY_TEXT, Wire, form_of
from contracts.schemas.validation import Uncompilable, Validator, possible, schema_of

NEAR = 40  # values drawn from the difference itself
FAR = 300  # values drawn from all that is sent, where the difference could not be drawn from
DRAWN = 500_000  # characters of all values of one schema, be they few long ones
VALUES = 4  # values that show a difference, of which a message may be made
SHOWN = "a value is sent and not taken"
LARGE = 50_000  # characters of two schemas from which on drawing from them takes too long

_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_DATE, _MONTH = "^[0-9]{4}-(0[1-9]|1[0-2])-", "(0[1-9]|1[0-9]|2[0-8])"
AT_MOST = {
    "uuid": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
    "ipv4": rf"^({_BYTE}\.){{3}}{_BYTE}$",
    "date": rf"{_DATE}({_MONTH}|29|3[01])$",
}
"""Patterns of all texts of formats (RFC 9562 §4, RFC 2673 §3.2, RFC 3339 §5.6)."""
AT_LEAST = AT_MOST | {"date": f"{_DATE}{_MONTH}$"}
"""Patterns of texts that are all of a format."""

Settles = Callable[[Raw, Raw], "Settlement"]
_KEY = partial(json.dumps, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Settlement:
    """`contained` is None where neither was found; `how` says what proves it, or what was tried.

    `values` are a few that are sent and not taken, found and checked.
    """

    contained: bool | None
    how: str
    values: tuple[JSON, ...] = field(default=(), repr=False)

    @property
    def effect(self) -> Effect:
        effects = {True: Effect.COMPATIBLE, False: Effect.BREAKING, None: Effect.UNDECIDED}
        return effects[self.contained]


NO_LIST = Settlement(None, "no list that is taken has all that are sent")


def equal(one: Raw, other: Raw, allowance: Allowance) -> bool:
    """Whether two schemas have the same canonical form; False also where they have none."""
    texts = _text(one), _text(other)
    with suppress(Exceeded):
        return texts[0] == texts[1] or allowance.answer(_equal, *texts)
    return False


def _equal(one: str, other: str) -> bool:
    try:
        left, right = map(_canonical, (one, other))
    except Uncompilable:
        return False
    return left == right and left.kind != forms.CanonicalKind.RAW


def movement_of(base: Raw, revision: Raw, allowance: Allowance) -> str:
    """How what a schema allows moved, as the ids of kinds end; empty if it is the same."""
    texts = _text(base), _text(revision)
    with suppress(Exceeded):
        return "" if texts[0] == texts[1] else allowance.answer(_movement, *texts)
    return "changed"


def _movement(base: str, revision: str) -> str:
    if _equal(base, revision):
        return ""
    try:
        left, right = _canonical(base), _canonical(revision)
    except Uncompilable:
        return "changed"
    movements = {(True, True): "", (True, False): "widened", (False, True): "narrowed"}
    return movements.get((_lies_in(left, right), _lies_in(right, left)), "changed")


def settle(
    sender: Callable[[], Raw],
    receiver: Callable[[], Raw],
    written: Callable[[], Raw] = lambda: True,
    *,
    allowance: Allowance,
) -> Settlement:
    """Whether the schema of the receiver takes every value of that of the sender.

    A value that is shown keeps `written` as well: the sender's schema before it was closed.
    """
    try:
        return allowance.answer(_settled, *map(_text, (sender(), receiver(), written())))
    except (TooLarge, Exceeded) as problem:
        return Settlement(None, str(problem))


def _settled(sender: str, receiver: str, written: str) -> Settlement:
    try:
        sent, taken = _canonical(sender), _canonical(receiver)
        shows = partial(_shows, *map(validation.keyword_validator, (sender, receiver, written)))
        whole = sent
        if written != "true":
            whole = validation.attempt(lambda: sent.intersect(_canonical(written)), sent)
    except Uncompilable as problem:
        return Settlement(None, f"a schema can't be read: {str(problem).splitlines()[0]}")
    proof, difference = _compared(sent, taken)
    if proof is not None:
        return Settlement(True, proof)
    lists = difference is not None and _left(difference, difference) is not None
    near, far = (NEAR, FAR) if len(sender) + len(receiver) < LARGE else (NEAR * lists, 0)
    candidates: list[Iterator[JSON]] = [islice(drawn(sent), far)]
    problems = list[str]()
    if difference is not None:
        candidates = [_texts(difference, problems), islice(drawn(difference), near), *candidates]
    found = tuple(islice(filter(shows, chain.from_iterable(candidates)), VALUES))
    if found:
        return Settlement(False, SHOWN, found)
    if whole is not sent:
        proof, difference = _compared(whole, taken)
        if proof is not None:
            return Settlement(True, proof)
    shown = "the canonical form shows that more is sent than taken; no value of it was drawn"
    if difference is not None and difference.satisfiability() == forms.Satisfiability.YES:
        return Settlement(False, shown)
    tried = "; ".join([f"none of {near + far} values showed a difference", *problems])
    return Settlement(None, f"the canonical form can't tell, and {tried}")


@lru_cache(maxsize=512)
def _canonical(text: str) -> CanonicalSchema:
    return schema_of(json.loads(text))


def _text(schema: Raw) -> str:
    return json.dumps(schema, separators=(",", ":"), default=float)


def _shows(sends: Validator, takes: Validator, writes: Validator, value: JSON) -> bool:
    try:
        return sends.is_valid(value) and writes.is_valid(value) and not takes.is_valid(value)
    except ValueError:  # a lone surrogate, or a pattern takes too long
        return False


def drawn(node: CanonicalSchema) -> Iterator[JSON]:
    """The plainest value, then such by chance; no more than `DRAWN` characters in all."""
    characters = 0
    try:
        payload, plain = compile_payload(node), list[Choices]([PlainChoices()])
        for choices in chain(plain, repeat(RandomChoices(0))):
            value = payload.draw(choices)
            yield value
            characters += len(json.dumps(value))
            if characters > DRAWN:
                break
    except (Unsatisfiable, RecursionError, OverflowError, *Uncompilable):
        return


# Texts


def texts_settled(
    holder: Parameter | Header, sent: Wire, taken: Wire, *, allowance: Allowance, empty: bool
) -> Iterator[Settlement]:
    """Whether texts that are sent alone, each sort of lists, and objects are all taken."""
    single, unwritten = [taken.single, *[{"const": ""}] * empty], unwritten_of(holder)
    divider, settles = divider_of(holder), partial(_settles, allowance)
    for items, sizes in taken.lists:
        is_one: Raw = True
        if divider and (sizes != ANY_LIST or items not in (True, ANY_TEXT)):
            is_one = {"not": {"pattern": re.escape(divider)}}
        if sizes["minItems"] == 1:  # a list of one is written like the item itself
            single.append({"allOf": [items, is_one]})
    written = {"allOf": [sent.single, {"not": {"enum": unwritten}}]}
    yield settles(written, {"anyOf": single})
    for items, sizes in sent.lists:
        yield next(filter(attrgetter("contained"), _fits(items, sizes, taken, settles)), NO_LIST)
    yield settles(sent.objects, taken.objects)


def _settles(allowance: Allowance, sent: Raw, taken: Raw) -> Settlement:
    return settle(lambda: sent, lambda: taken, allowance=allowance)


def _fits(items: Raw, sizes: Raw, taken: Wire, settles: Settles) -> Iterator[Settlement]:
    """Whether lists of such items fit into each sort of those that are taken."""
    for others, room in taken.lists:
        fits = settles(sizes, room)
        yield settles(items, others) if fits.contained else fits


def form_settled(sent: Raw, taken: Raw, allowance: Allowance, *, is_plain: bool) -> Settlement:
    """Whether texts of forms are all taken, told of each member first; may raise Uncompilable."""
    told, settles = partial(form_of, is_plain=is_plain), partial(_settles, allowance)
    forms = told(sent, is_sent=True), told(taken, is_sent=False)
    for one, other in product(*forms):
        held, wanted = one.get("properties", {}), other.get("properties", {})
        for name in held.keys() & wanted.keys():
            pair = (held[name], wanted[name])
            if pair[0] != pair[1] and settles(*pair).contained:
                wanted[name] = {"anyOf": pair}
    return settles({"anyOf": [*forms[0], False]}, {"anyOf": [*forms[1], False]})


# Proofs


def _compared(
    sent: CanonicalSchema, taken: CanonicalSchema
) -> tuple[str | None, CanonicalSchema | None]:
    """Why everything that is sent is taken, or else what is sent and not taken."""
    if not possible(sent):
        return "nothing can be sent there, as the canonical form shows", None
    with suppress(forms.CanonicalizationError):
        left = _left(sent, taken)
        if left:
            return None, schema_of({"enum": left})
        if left == [] or taken.covers(sent) == forms.Containment.YES:
            return "the canonical form of what is taken covers the form of what is sent", None
    with suppress(forms.CanonicalizationError):
        found = sent.subtract(taken)
        if found.kind != forms.CanonicalKind.RAW:
            return _emptiness(found), found
    return None, None


def _lies_in(inner: CanonicalSchema, outer: CanonicalSchema) -> bool:
    if (left := _left(inner, outer)) is not None:
        return not left
    try:
        covers = outer.covers(inner) == forms.Containment.YES
        return covers or _emptiness(inner.subtract(outer)) is not None
    except forms.CanonicalizationError:
        return False


def _left(sent: CanonicalSchema, taken: CanonicalSchema) -> list[JSON] | None:
    """Which values are not taken; None unless both list theirs. The engine takes their square."""
    listed = []
    for node in (sent, taken):
        view = node.view()
        if not isinstance(view, forms.ConstView | forms.EnumView):
            return None
        values = view.values if isinstance(view, forms.EnumView) else [view.value]
        listed.append(dict(zip(map(_KEY, values), values, strict=True)))
    return [value for text, value in listed[0].items() if text not in listed[1]]


def _emptiness(difference: CanonicalSchema) -> str | None:
    """Why nothing is left of a difference."""
    if not possible(difference):
        return "nothing is left of what is sent when what is taken is subtracted"
    match difference.view():
        case forms.AnyOfView(branches):
            proofs = [_emptiness(branch) for branch in branches]
            return next(iter(proofs), None) if all(proofs) else None
        case forms.StringView():
            with suppress(ValueError):
                if _text_of(difference) is None:
                    return "as regular languages, the one lies inside the other"
        case forms.ObjectView() as view:
            left = "no name, and no value under a name, is left when what is taken is subtracted"
            if any(_is_impossible(view, one) for one in view.violations):
                return left
    return None


def _is_impossible(view: forms.ObjectView, violation: object) -> bool:
    """Whether no object of the view can have the violation that it has to have."""
    names = view.property_names
    match violation:
        case forms.NameFailsView(schema):
            return names is not None and _lies_in(names, schema)
        case forms.PatternValueFailsView(_, schema) if not view.properties:
            held = list(view.pattern_properties.values())
            patterns = (schema_of({"pattern": pattern}) for pattern in view.pattern_properties)
            if names is not None and any(_lies_in(names, pattern) for pattern in patterns):
                return all(_lies_in(value, schema) for value in held)  # every name has a pattern
            held.append(view.additional_properties or schema_of(True))
            return all(_lies_in(value, schema) for value in held)
    return False


def _text_of(node: CanonicalSchema) -> str | None:
    """A text that a schema of strings allows, or nearly; None if it surely allows none.

    Raises:
        ValueError: more than patterns and lengths say what it allows, or they can't be compared.
    """
    view = node.view()
    if not isinstance(view, forms.StringView):
        raise ValueError("more than strings are left")
    if unknown := {*view.formats, *view.excluded_formats} - AT_MOST.keys():
        raise ValueError(f"the format {min(unknown)} is beyond what is compared")
    patterns = *view.patterns, *map(AT_MOST.__getitem__, view.formats)
    excluded = *view.excluded_patterns, *map(AT_LEAST.__getitem__, view.excluded_formats)
    lengths = view.min_length or 0, inf if view.max_length is None else view.max_length
    return text_between(patterns, excluded, view.excluded, *lengths)


def _texts(node: CanonicalSchema, problems: list[str]) -> Iterator[JSON]:
    """Such texts of a schema of strings and of others; why they can't be told is noted."""
    match node.view():
        case forms.AnyOfView(branches):
            for branch in branches:
                yield from _texts(branch, problems)
        case forms.StringView():
            try:
                text = _text_of(node)
            except ValueError as problem:
                problems.append(str(problem))
                return
            if text is not None:
                yield text
