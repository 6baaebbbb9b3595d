"""A request that was answered to others that build on what was answered."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from itertools import chain, filterfalse, islice
from operator import itemgetter
from typing import Any

from contracts.document import Operation, Parameter
from contracts.document.serialisation import plain_text
from contracts.messages import Exchange, Probe, Request, Response, is_origin_form, moment_of
from contracts.probes.probe_plan import Lane
from contracts.probes.samples import with_text, with_value
from contracts.rules.histories import CONDITIONS, ENTITY_TAG, has_conditions, unconditional
from contracts.rules.lists import AGAIN, FIRST, NEXT, Listing, linked, listing_of
from contracts.schemas.json_text import TooManyError, decode
from contracts.schemas.texts import each_of, listed_values, said_number

MOST_ITEMS, MOST_PAGES = 25, 4  # of a page, and behind the first
MOST_FILTERS = MOST_ORDERS = 4
NOBODYS = '"contract-nobody"'  # an entity tag that no resource has
Sender = Callable[[Iterable[Probe]], Iterator[Exchange]]
Asking = Generator[Exchange, None, Response | None]


def reads(lane: Lane, sent: Sender, answered: Sequence[Request]) -> Iterator[Exchange]:
    """What is asked for the rules about reads, each a handful, on the first that was answered.

    Nothing where the document shows nothing of the kind.
    """
    reader = _Reader(lane, sent)
    for request in answered[:1]:
        yield from reader.conditions(lane.operation, unconditional(request))
        if (listing := listing_of(lane.operation)) is not None:
            yield from reader.lists(listing, request)


class _Reader:
    """Asks one request after the other."""

    def __init__(self, lane: Lane, sent: Sender) -> None:
        self.lane, self.sent = lane, sent

    def ask(self, request: Request, note: str) -> Asking:
        """The answer, if the request may be sent and is answered with 2xx or 304."""
        probe = replace(self.lane.about(request), source="read", note=note)
        for exchange in self.sent([probe] * self.lane.is_allowed(probe)):
            yield exchange
            response = exchange.response
            if response is not None and (response.status == 304 or response.status // 100 == 2):
                return response
        return None

    def conditions(self, operation: Operation, request: Request) -> Iterator[Exchange]:
        """What it is, to who has it: by its tag, in each way to name it, and by the time."""
        has_tag, has_time, _ = has_conditions(operation)
        if not (has_tag or has_time) or operation.request_body is not None:
            return
        response = yield from self.ask(request, "to be asked for on conditions")
        if response is None:
            return
        tag = ENTITY_TAG.fullmatch(response.header("etag") or "")
        changed = moment_of(response.header("last-modified"))
        if tag is not None:
            for named in (tag[0], f"{NOBODYS}, W/{tag['opaque']}", "*", NOBODYS):
                yield from self.ask(request.with_field(CONDITIONS[0], named), "by its ETag")
        if changed is not None:
            for moment in (changed, changed - timedelta(days=1)):
                date = format_datetime(moment, usegmt=True)
                yield from self.ask(
                    request.with_field(CONDITIONS[1], date), "by the time of change"
                )
        yield from self.ask(request, "after it was asked for on conditions")

    def lists(self, listing: Listing, request: Request) -> Iterator[Exchange]:
        """The list: as it is, page by page, filtered and sorted by what it has."""
        chosen = {p.name: p for p in (*listing.roles.values(), *listing.filters.values())}
        if not chosen and not listing.told:
            return
        for parameter in chosen.values():
            request = request if parameter.required else with_text(request, parameter)
        response = yield from self.ask(request, "a list")
        body = _json(response)
        if response is None or not (items := listing.items(body)):
            return
        total = listing.says("total", response, body)
        count = total if isinstance(total, int) and total > len(items) else len(items)
        most = max(1, min(-(-count // 3), len(items) - 1, MOST_ITEMS))
        yield from self.walk(listing, _limited(listing, request, most))
        for index, (name, parameter) in enumerate(islice(listing.filters.items(), MOST_FILTERS)):
            texts = _discerning(
                parameter, [one.get(name) for one in items if isinstance(one, dict)]
            )
            filtered = [with_value(request, parameter, text) for text in texts]
            for one in islice(filter(self.may_ask, filtered), 1):
                yield from self.ask(one, "filtered")
                if not index:
                    yield from self.turned(
                        listing, _limited(listing, one, 1), ("filtered", "filtered")
                    )
        for one in islice(filter(self.may_ask, _sorted(listing, request, items)), MOST_ORDERS):
            yield from self.ask(one, "sorted")

    def walk(self, listing: Listing, request: Request) -> Iterator[Exchange]:
        """Its pages in a row, and the first once more, to see whether it changes meanwhile."""
        turned = yield from self.turned(listing, request, (FIRST, *[NEXT] * MOST_PAGES))
        if turned:
            yield from self.ask(request, AGAIN)

    def turned(
        self, listing: Listing, request: Request, notes: Sequence[str]
    ) -> Generator[Exchange, None, bool]:
        """Pages from a request on, a note each, as long as others follow; whether there was one."""
        following: Request | None = request
        for index, note in enumerate(notes):
            if following is None or (response := (yield from self.ask(following, note))) is None:
                return bool(index)
            following = _following(listing, following, response)
        return True

    def may_ask(self, request: Request) -> bool:
        return self.lane.is_allowed(self.lane.about(request))


def _json(response: Response | None) -> Any:
    with suppress(TooManyError):
        return decode(response.body if response is not None else b"").value
    return None


def _limited(listing: Listing, request: Request, most: int) -> Request:
    """The request for so many items, or as few as may be."""
    if (limit := listing.roles.get("limit")) is None:
        return request
    listed = [number for number in listed_values(limit) if isinstance(number, int)]
    least = min(listed, default=said_number(limit, "minimum") or 1)
    return with_value(request, limit, str(least if listed else max(most, least)))


def _discerning(parameter: Parameter, held: Sequence[Any]) -> list[str]:
    """Texts for a filter, first of all those that some items have and others do not."""
    there = [one for one in chain.from_iterable(map(each_of, held)) if one is not None]
    counts = Counter(map(plain_text, there))
    some = [text for text, count in counts.items() if text and count < len(held)]
    others = map(plain_text, listed_values(parameter))
    return [*some, *filterfalse(counts.__contains__, others), *counts]


def _sorted(listing: Listing, request: Request, items: Sequence[Any]) -> Iterator[Request]:
    """The list in each order that would show: by each member downwards first, then upwards."""
    way, found = listing.roles.get("direction"), list[tuple[bool, Request]]()
    for text, (name, _) in listing.orders.items():
        chosen = with_value(request, listing.roles["sort"], text)
        ways = [with_value(chosen, way, str(word)) for word in listed_values(way) if way]
        if len({str(item.get(name)) for item in items if isinstance(item, dict)}) > 1:
            found += [(listing.order(one) != (name, -1), one) for one in ways or [chosen]]
    for _, one in sorted(found, key=itemgetter(0)):
        yield one


def _following(listing: Listing, request: Request, response: Response) -> Request | None:
    """The request for the page that follows; None where none does, or none that is known."""
    body, roles, told = _json(response), listing.roles, listing.told
    items = listing.items(body)
    token, link = (listing.says(role, response, body) for role in ("token", "next"))
    limit = listing.limit(request)
    if "token" in told and "cursor" in roles:
        is_one = bool(token) and isinstance(token, str | int)
        return with_value(request, roles["cursor"], str(token)) if is_one else None
    if isinstance(link, str):
        path, _, query = (linked(link) if told["next"] == ("@", "Link") else link).partition("?")
        target = f"{request.path}?{query.partition('#')[0]}"
        is_same = query and request.path.endswith(path.rpartition("/")[2])
        return replace(request, target=target) if is_same and is_origin_form(target) else None
    more = listing.says("more", response, body)
    if not items or (limit and len(items) < limit and more is not True):
        return None
    if "cursor" in roles:
        name = listing.identity(items[-1])
        return with_value(request, roles["cursor"], name) if more and name is not None else None
    for role, first, step in (("page", listing.base or 0, 1), ("offset", 0, len(items))):
        if role in roles:
            before = listing.asked(role, request)
            return with_value(request, roles[role], str(int(before[0] if before else first) + step))
    return None
