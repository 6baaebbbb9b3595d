"""Whether a receiver takes all that a sender sends: proved, shown by a value, or left open."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial, reduce
from itertools import chain, islice
from typing import Any

from jsonschema_rs import CanonicalSchema
from jsonschema_rs import canonical as forms

from contracts.changes.change import Effect
from contracts.messages import JSON
from contracts.payloads import PlainChoices, RandomChoices, Unsatisfiable
from contracts.payloads.compiler import compile_payload
from contracts.schemas import Raw, validation
from contracts.schemas.readings import TooLarge
from contracts.schemas.validation import Uncompilable, Validator, possible, schema_of

NEAR = 40  # values drawn from the difference itself
FAR = 300  # values drawn from all that is sent, where the difference could not be drawn from
VALUES = 4  # values that show a difference, of which a message may be made
LARGE = 50_000  # characters of two schemas from which on drawing from them takes too long
MAX_SIZE = (
    600  # characters spelled out by patterns, with repeats, beyond which they are not compared
)


MAX_STATES = 2_000  # of one automaton in the making, which takes the square of that


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


def equal(one: Raw, other: Raw) -> bool:
    """Whether two schemas have the same canonical form; False also where they have none."""
    texts = _text(one), _text(other)
    try:
        left, right = map(_canonical, texts)
    except Uncompilable:
        return texts[0] == texts[1]
    return texts[0] == texts[1] or (left == right and left.kind != forms.CanonicalKind.RAW)


def movement_of(base: Raw, revision: Raw) -> str:
    """How what a schema allows moved, as the ids of kinds end; empty if it is the same."""
    if equal(base, revision):
        return ""
    try:
        left, right = _canonical(_text(base)), _canonical(_text(revision))
    except Uncompilable:
        return "changed"
    movements = {(True, True): "", (True, False): "widened", (False, True): "narrowed"}
    return movements.get((_lies_in(left, right), _lies_in(right, left)), "changed")


def settle(
    sender: Callable[[], Raw],
    receiver: Callable[[], Raw],
    written: Callable[[], Raw] = lambda: True,
) -> Settlement:
    """Whether the schema of the receiver takes every value of that of the sender.

    A value that is shown keeps `written` as well: the sender's schema before it was closed.
    """
    try:
        return _settled(_text(sender()), _text(receiver()), _text(written()))
    except TooLarge as problem:
        return Settlement(None, str(problem))


@lru_cache(maxsize=1024)
def _settled(sender: str, receiver: str, written: str) -> Settlement:
    try:
        sent, taken = _canonical(sender), _canonical(receiver)
        shows = partial(_shows, *map(validation.keyword_validator, (sender, receiver, written)))
        whole = sent
        if written != "true":
            whole = validation.attempt(lambda: sent.intersect(_canonical(written)), sent)
    except Uncompilable as problem:
        return Settlement(None, f"a schema can't be read: {str(problem).splitlines()[0]}")
    difference = _difference(sent, taken)
    if proof := _proof(sent, taken, difference):
        return Settlement(True, proof)
    near, far = (NEAR, FAR) if len(sender) + len(receiver) < LARGE else (0, 0)
    candidates: list[Iterator[JSON]] = [islice(drawn(sent), far)]
    if difference is not None:
        candidates = [iter(_words(difference) or ()), islice(drawn(difference), near), *candidates]
    found = tuple(islice(filter(shows, chain.from_iterable(candidates)), VALUES))
    if found:
        return Settlement(False, "a value is sent and not taken", found)
    if whole is not sent:
        difference = _difference(whole, taken)
        if proof := _proof(whole, taken, difference):
            return Settlement(True, proof)
    shown = "the canonical form shows that more is sent than taken; no value of it was drawn"
    if difference is not None and difference.satisfiability() == forms.Satisfiability.YES:
        return Settlement(False, shown)
    tried = f"none of {near + far} values showed a difference"
    return Settlement(None, f"the canonical form can't tell, and {tried}")


@lru_cache(maxsize=4096)
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
    """The plainest value, then such by chance; none when none can be made."""
    try:
        payload, choices = compile_payload(node), RandomChoices(0)
        yield payload.draw(PlainChoices())
        while True:
            yield payload.draw(choices)
    except (Unsatisfiable, RecursionError, OverflowError, *Uncompilable):
        return


# Proofs


def _difference(sent: CanonicalSchema, taken: CanonicalSchema) -> CanonicalSchema | None:
    try:
        found = sent.subtract(taken)
    except forms.CanonicalizationError:
        return None
    return None if found.kind == forms.CanonicalKind.RAW else found


def _proof(
    sent: CanonicalSchema, taken: CanonicalSchema, difference: CanonicalSchema | None
) -> str | None:
    """Why everything that is sent is taken."""
    if not possible(sent):
        return "nothing can be sent there, as the canonical form shows"
    try:
        if taken.covers(sent) == forms.Containment.YES:
            return "the canonical form of what is taken covers the form of what is sent"
    except forms.CanonicalizationError:
        return None
    return _emptiness(difference) if difference is not None else None


def _lies_in(inner: CanonicalSchema, outer: CanonicalSchema) -> bool:
    try:
        covers = outer.covers(inner) == forms.Containment.YES
        return covers or _emptiness(inner.subtract(outer)) is not None
    except forms.CanonicalizationError:
        return False


def _emptiness(difference: CanonicalSchema) -> str | None:
    """Why nothing is left of a difference."""
    if not possible(difference):
        return "nothing is left of what is sent when what is taken is subtracted"
    match difference.view():
        case forms.AnyOfView(branches):
            proofs = [_emptiness(branch) for branch in branches]
            return next(iter(proofs), None) if all(proofs) else None
        case forms.StringView() if _words(difference) == []:
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


# Patterns as regular languages

_ANY = "(.|\\n)*"
_PARTS = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\{\d+(?:,\d*)?\}|.", re.DOTALL)
_UNREAD = re.compile(r"\\[bBkpPcxu1-9]|\(\?(?!:)|(?<![\\\[])\^|(?<!\\)\$")
"""Word boundaries, back references, lookarounds, Unicode classes, anchors within: not compared."""


def _words(node: CanonicalSchema) -> list[str] | None:
    """A text of a string schema, if there is one; None if more than patterns say what it allows."""
    view = node.view()
    if not isinstance(view, forms.StringView) or view.formats or view.excluded_formats:
        return None
    if not view.patterns and not view.excluded_patterns:
        return None
    excluded = [*view.excluded_patterns, *(f"^{re.escape(text)}$" for text in view.excluded)]
    try:
        return _escapes(view.patterns, excluded, view.min_length or 0, view.max_length)
    except ValueError:
        return None


def _escapes(
    patterns: Sequence[str], excluded: Sequence[str], low: int, high: int | None
) -> list[str]:
    """A text of so many characters that matches all of `patterns` and none of `excluded`, if any.

    Raises:
        ValueError: a pattern (of ECMA-262, matched anywhere) is beyond what can be compared.
    """
    if sum(map(_size, (*patterns, *excluded))) > MAX_SIZE or max(low, high or 0) > MAX_SIZE:
        raise ValueError("the patterns are too large to compare")
    with _few_states():
        wanted = [_automaton(pattern) for pattern in patterns]
        if low or high is not None or not wanted:
            wanted.insert(0, _language(f"(.|\\n){{{low},{'' if high is None else high}}}"))
        language = reduce(lambda one, other: one.intersection(other), wanted)
        for pattern in excluded:
            language = language.difference(_automaton(pattern))
        if language.empty():
            return []
    symbols = next(language.strings())
    # What is no text stands for any character that no pattern names.
    return ["".join(map(_spelled, symbols))]


@contextmanager
def _few_states() -> Iterator[None]:
    """An automaton of more than `MAX_STATES` is a ValueError: some have exponentially many.

    interegular has no switch for that; should the name go, `(a|b)*a(a|b){16}` takes for ever.
    """
    from interegular import fsm

    crawl: Callable[..., Any] = fsm.crawl

    def bounded(alphabet: Any, initial: Any, final: Any, follow: Callable[..., Any]) -> Any:
        last, states = initial, 0

        def counted(state: Any, transition: Any) -> Any:
            nonlocal last, states
            states += state is not last  # one after the other, each with all its transitions
            last = state
            if states > MAX_STATES:
                raise ValueError("the patterns have too many states to compare")
            return follow(state, transition)

        return crawl(alphabet, initial, final, counted)

    fsm.crawl = bounded
    try:
        yield
    finally:
        fsm.crawl = crawl


def _spelled(symbol: object) -> str:
    return symbol if isinstance(symbol, str) else "~"


def _size(pattern: str) -> int:
    """How many characters a pattern spells out, with repeats written out."""
    groups: list[list[int]] = [[]]
    for token in _PARTS.findall(pattern):
        if token == "(":
            groups.append([])
        elif token == ")" and len(groups) > 1:
            inner = sum(groups.pop())
            groups[-1].append(inner)
        elif token[0] == "{" and len(token) > 2 and groups[-1]:
            groups[-1][-1] *= max(1, *map(int, re.findall(r"\d+", token)))
        else:
            groups[-1].append(1)
    return sum(map(sum, groups))


def _automaton(pattern: str) -> Any:
    """The texts in which an alternative at the top level of the pattern matches somewhere."""
    parts, depth = [""], 0
    for token in _PARTS.findall(pattern):
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += token
    return _language("|".join(map(_anchored, parts)))


def _anchored(part: str) -> str:
    """A pattern that matches the whole text where the part matches somewhere in it."""
    first, last = part.startswith("^"), bool(re.search(r"(?<!\\)(?:\\\\)*\$$", part))
    body = part[first : len(part) - last]
    if _UNREAD.search(re.sub(r"\[(?:\\.|[^\]\\])*\]", "[]", body)):
        raise ValueError(f"the pattern {part} is beyond what is compared")
    return _ANY * (not first) + f"(?:{body})" + _ANY * (not last)


def _language(expression: str) -> Any:
    import interegular  # with the libraries behind it it takes 0.1 s to import

    try:
        return interegular.parse_pattern(expression).to_fsm()
    except Exception as problem:  # its errors have no common class, and all mean the same here
        raise ValueError(f"the pattern can't be compared: {problem}") from None
