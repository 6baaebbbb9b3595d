"""Bodies of a life: several, each other than the last, and for PATCH the parts of one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from contracts.document import MediaType, Operation
from contracts.lives.outline import as_object, sent_in
from contracts.messages import JSON, Request, is_json
from contracts.probes.edges import with_content
from contracts.probes.probe_plan import Lane
from contracts.probes.samples import others_of, values_of
from contracts.schemas import only
from contracts.schemas.locations import Location, locate
from contracts.schemas.media_types import dump
from contracts.schemas.validation import takes, validator

MAX_TRIED = 4  # until one is taken
LARGE = 1000  # a number; where it is none that is allowed, two that are drawn may be the same


def bodies(
    lane: Lane, values: Mapping[str, str], turn: int, seed: str, *, is_bare: bool = False
) -> Iterator[Request]:
    """Requests with other bodies for each turn, the fullest first; or with what is required alone.

    `values` are those of the path, without which the document may forbid them all.
    In each stands the member of every enumeration, the truth and the small number whose turn it is.
    """
    seed, base = f"{seed} {turn}", lane.request_for(values).request
    found, media = list[Request](), media_of(lane.operation)
    if media is not None and media.schema is not None:
        place = locate(media.schema)
        whole = _whole(values_of(media.schema))
        made = [*islice(others_of(media.schema, whole, f"{seed} {lane.operation.key}"), 2)]
        for value in (*made[::-1], whole):
            value = _turned(place, value, turn)
            if is_bare:
                value = only(value, [*place.required, *filter(place.property, _enumerated(place))])
            found.append(with_content(base, media, value))
    for probe in lane.samples(seed):
        found.append(lane.at(probe.request, values))
    allowed = (one for one in dict.fromkeys(found) if lane.is_allowed(lane.about(one)))
    yield from islice(allowed, MAX_TRIED)


def media_of(operation: Operation) -> MediaType | None:
    """The first of JSON that it takes, and which describes an object."""
    for media in operation.request_body.content if operation.request_body is not None else ():
        if is_json(media.name) and media.schema is not None:
            return media if "object" in locate(media.schema).types else None
    return None


def _whole(values: Iterable[JSON]) -> dict[str, Any]:
    """Of several objects the members of all, each as the first has it that has more than null."""
    found = dict[str, Any]()
    for value in map(as_object, values):
        for name, held in value.items():
            was = found.get(name)
            if isinstance(was, dict) and isinstance(held, dict):
                found[name] = _whole((was, held))
            elif was in (None, "", [], {}):
                found[name] = held
    return found


def _enumerated(place: Location) -> list[str]:
    return [name for name in place.properties if len(place.property(name).values or ()) > 1]


def _turned(place: Location, value: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """The value with what its turn says where few values are allowed: drawn, they may be alike."""
    found = {**value}
    for name in (*value, *_enumerated(place)):
        member = place.property(name)
        choices = _choices(member) if member is not None else ()
        if len(choices) > 1:
            # The last follows the second and the first follows the last, also where there are two.
            index = turn + 1 if len(choices) == 2 and turn < 1 else turn
            found[name] = choices[index % len(choices)]
        elif member is not None and isinstance(found[name], dict):
            found[name] = _turned(member, found[name], turn)
    return found


def _choices(place: Location) -> Sequence[JSON]:
    """The members of an enumeration, both truths, or the numbers of a place with few of them."""
    if place.values is not None or len(place.parts) != 1:
        return place.values or ()
    schema, found = place.parts[0].schema, dict[float, JSON]()
    if place.types & {"string", "object", "array"} or takes(validator(schema), LARGE):
        return ()
    for value in values_of(schema):
        if isinstance(value, bool | int | float):
            found.setdefault(value, value)
    return tuple(found.values())


def parts(
    lane: Lane, values: Mapping[str, str], shown: Mapping[str, Any], seed: str
) -> Iterator[Request]:
    """Requests of PATCH: a text that is another one, a number, null, a part of an object."""
    media, whole = media_of(lane.operation), next(bodies(lane, values, 1, seed), None)
    if media is None or whole is None:
        return
    chosen = dict[str, dict[str, Any]]()
    for name, value in sent_in(whole.body).items():
        if isinstance(value, str | int | float) and value != shown.get(name):
            chosen.setdefault(type(value).__name__, {name: value})
        for inner, other in _inner(value, shown.get(name)):
            chosen.setdefault("dict", {name: {inner: other}})
    is_merged = "merge-patch" in media.name
    for name in sorted(shown.keys() - _kept(lane.operation)) if is_merged else ():
        if shown[name] is not None and _is_taken(lane, whole, {name: None}):
            chosen.setdefault("null", {name: None})
    for part in chosen.values():
        if _is_taken(lane, whole, part):
            yield replace(whole, body=dump(part))


def _kept(operation: Operation) -> set[str]:
    """The members that its answers must have."""
    found = set[str]()
    for response in operation.responses:
        for media in response.content if response.status.startswith("2") else ():
            if media.schema is not None:
                found.update(locate(media.schema).required)
    return found


def _inner(value: JSON, was: JSON) -> Iterator[tuple[str, JSON]]:
    """Members that are others than those that are there, beside which there are more."""
    if isinstance(value, dict) and isinstance(was, dict) and len(was) > 1:
        for name in was:
            if value.get(name, was[name]) != was[name]:
                yield name, value[name]


def _is_taken(lane: Lane, whole: Request, part: JSON) -> bool:
    return lane.is_allowed(lane.about(replace(whole, body=dump(part))))
