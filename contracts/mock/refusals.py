"""Why a request is refused, in a body of the documented shape, or in a problem (RFC 9457)."""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from operator import attrgetter
from typing import Any

from contracts.document import Operation, Schema, join_pointer
from contracts.document.model import value_at
from contracts.messages import Request, Response
from contracts.mock.bodies import Variant
from contracts.schemas.claims import ANYTHING, Objection, objections_to
from contracts.schemas.media_types import dump
from contracts.schemas.validation import reasons, takes, validator
from contracts.text import shown, well_formed

PROBLEM = "application/problem+json"
MOST = 5  # things that are told of a value
LOOKED_AT = 6  # bodies, for one that has room for the reason
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing because of which a request is refused."""

    said: str  # in a sentence
    part: str = ""  # of the request: `query`, `body` …
    place: Place = ()  # in that: the name of a parameter, then as in JSON
    keyword: str = ""
    seen: str = ""  # as JSON, cut
    source: str = ""  # `FILE:LINE` of what demands it

    def as_member(self) -> dict[str, str]:
        """As a problem has it among its `errors`."""
        rows = {"detail": self.said, "in": self.part, "pointer": join_pointer("", *self.place)}
        rows |= {"keyword": self.keyword, "seen": self.seen, "source": self.source}
        return {name: text for name, text in rows.items() if text}


def grounds_of(operation: Operation, request: Request) -> list[Ground]:
    """What the document forbids of a request, the first of many; none if it is allowed."""
    found = list[Ground]()
    for one in objections_to(operation, request):
        if len(found) >= 100:  # more than anybody reads
            return [*found, Ground("and more")]
        found += _in_detail(one) or [_as_a_whole(one)]
    return found


def sentence_of(grounds: Iterable[Ground]) -> str:
    """All grounds in one sentence."""
    return "; ".join(map(attrgetter("said"), grounds))


def _as_a_whole(one: Objection) -> Ground:
    words = min(one.breaks).removeprefix(one.part).strip().removeprefix(one.name).strip()
    seen = shown(one.value) * (one.value is not ANYTHING)
    return Ground(one.said, one.part, (one.name,) * bool(one.name), words, seen)


def _in_detail(one: Objection) -> list[Ground]:
    if one.schema is None or one.value is ANYTHING:
        return []
    what, found = "the body", list[Ground]()
    if one.name:
        what = f"the {one.part} parameter {one.name}"
    for reason in reasons(validator(one.schema), one.value, one.schema.document, MOST):
        at = join_pointer("", *reason.at)
        where = f"{what} at {at}".removesuffix(" at ")
        seen = shown(value_at(one.value, tuple(map(str, reason.at))))
        place = (one.name,) * bool(one.name) + reason.at
        said = well_formed(f"{where}: {reason.said} ({reason.keyword})")
        found.append(Ground(said, one.part, place, reason.keyword, seen, reason.source))
    return found


def problem(status: int, detail: str, *headers: tuple[str, str], **more: Any) -> Response:
    """A problem of no type of its own."""
    body = {"type": "about:blank", "title": phrase(status), "status": status, "detail": detail}
    return Response(status, (("Content-Type", PROBLEM), *headers), dump(body | more))


def phrase(status: int) -> str:
    """What HTTP calls a status."""
    with suppress(ValueError):
        return HTTPStatus(status).phrase
    return str(status)


# --- a body of the documented shape ---

_SENTENCE = "detail details message msg error errormessage errordescription description reason"
_NAMES: Mapping[str, Sequence[str]] = {
    "said": [*_SENTENCE.split(), "problem", "explanation", "errors"],
    "place": ["loc", "location", "path", "field", "pointer", "param", "parameter", "property"],
    "keyword": ["type", "keyword", "rule", "constraint", "code", "errorcode", "errortype"],
    "seen": ["seen", "input", "value", "received", "rejectedvalue", "actual"],
    "part": ["in", "location"],
    "status": ["status", "statuscode", "httpstatus", "code"],
    "title": ["title"],
}
"""What members of the bodies of refusals are called, in lower case and without marks."""
_KNOWN = frozenset[str]().union(*_NAMES.values())


def told(variants: Sequence[Variant], status: int, grounds: Sequence[Ground]) -> Variant:
    """The first of the bodies that has room for the reason, with it; else the first as it is."""
    for variant in variants[:LOOKED_AT]:
        if variant.schema is not None:
            filling = _Filling(variant.schema, copy.deepcopy(variant.value), status, grounds)
            if filling.fill(variant.content_type == PROBLEM and isinstance(variant.value, dict)):
                return replace(variant, value=filling.value, body=dump(filling.value))
    return variants[0]


class _Filling:
    """A body as it is filled, which its schema takes after each step."""

    def __init__(self, schema: Schema, value: Any, status: int, grounds: Sequence[Ground]) -> None:
        self.value, self._status, self._grounds = value, status, grounds
        self._check = validator(schema)

    def fill(self, is_problem: bool) -> bool:
        """Put in what there is room for; whether the reason is among that."""
        sentence, is_said = sentence_of(self._grounds), False
        self._lengthen((), self.value)
        for place, held in [*_leaves((), self.value)]:
            is_said |= self._named(place, held)
        if is_problem and not is_said:
            is_said = self._put(("detail",), sentence)
        others = sorted(_leaves((), self.value), key=lambda leaf: _name_of(leaf[0]) in _KNOWN)
        for place, held in [] if is_said else others:
            text = [sentence] if isinstance(held, list) else sentence
            if is_said := isinstance(held, str | list) and self._put(place, text):
                return True
        if not is_said and isinstance(self.value, dict):
            is_said = self._put(("detail",), sentence)
        return is_said

    def _put(self, place: Place, value: Any) -> bool:
        """Put a value there if the schema takes that; whether it does."""
        root: dict[str | int, Any] = {"": self.value}
        *way, last = "", *place
        around: Any = root
        for step in way:
            around = around[step]
        is_new = isinstance(around, dict) and last not in around
        before = around.get(last) if isinstance(around, dict) else around[last]
        around[last] = value
        if takes(self._check, root[""]):
            self.value = root[""]
            return True
        around[last] = before
        if is_new:
            del around[last]
        return False

    def _lengthen(self, place: Place, held: Any) -> None:
        """As many items of lists of objects as there are grounds."""
        if isinstance(held, list) and held and isinstance(held[0], dict):
            self._put(place, [copy.deepcopy(held[0]) for _ in self._grounds])
        elif isinstance(held, dict):
            for name, member in held.items():
                self._lengthen((*place, name), member)

    def _named(self, place: Place, held: Any) -> bool:
        """Put there what its name stands for; whether that is the reason."""
        index, ground = (
            next((step for step in place if isinstance(step, int)), -1),
            self._grounds[0],
        )
        if index < 0:
            ground = replace(ground, said=sentence_of(self._grounds))
        elif index < len(self._grounds):
            ground = self._grounds[index]
        name = _name_of(place)
        for fact, texts in _facts(ground, self._status).items():
            like = [text for text in texts if isinstance(text, type(held)) and text]
            if name in _NAMES[fact] and any(self._put(place, text) for text in like):
                return fact == "said"
        return False


def _name_of(place: Place) -> str:
    """The name of the member that a value is, or is in; of a body that is none, `detail`."""
    name = next((step for step in place[::-1] if isinstance(step, str)), "detail")
    return "".join(filter(str.isalnum, name.lower()))


def _facts(ground: Ground, status: int) -> Mapping[str, Sequence[Any]]:
    """What there is to tell of a refusal, by rows of the table, each in all forms."""
    where = [*filter(None, [ground.part]), *ground.place]
    texts = list(map(str, where))
    return {
        "said": [ground.said, [ground.said]],
        "place": [where, texts, join_pointer("", *ground.place), ".".join(texts)],
        "keyword": [ground.keyword],
        "seen": [ground.seen],
        "part": [ground.part],
        "status": [status, str(status)],
        "title": [phrase(status)],
    }


def _leaves(place: Place, value: Any) -> Iterator[tuple[Place, Any]]:
    """Every value that is no object and no list of objects."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _leaves((*place, name), member)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, item in enumerate(value):
            yield from _leaves((*place, index), item)
    else:
        yield place, value
