"""Rules about lists: what a page promises by its request, and what pages in a row do together."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache, partial
from itertools import chain, compress, pairwise, product, starmap
from operator import gt, lt
from typing import Any

from contracts.document import Operation, Parameter
from contracts.messages import Request, Response
from contracts.rules.rule import Answer, ExchangeRule, Rule, Scope, broken, shown
from contracts.schemas import families
from contracts.schemas.claims import WORDS
from contracts.schemas.families import VAGUE, WAYS, plain, singulars
from contracts.schemas.locations import Location
from contracts.schemas.texts import asked_texts, each_of, listed_values, said_number

FIRST, NEXT, AGAIN = "the first page", "the next page", "the first page once more"
"""What probes of a walk through the pages of a list are called."""
TOGETHER = frozenset({"pages", "last page", "total"})
"""Kinds of rules that a page by itself doesn't break."""
TURNING = ("cursor", "page", "offset")  # roles of parameters
_OTHERWISE = """
search q query fields include expand embed select filter date time start end from to since until
before after lat lon lng latitude longitude
"""
_NO_FILTERS = frozenset(_OTHERWISE.split())
"""What parameters are called that choose otherwise than by being the same."""
_OTHER_TOTALS = re.compile("approx|estimat|roughly|collection|filter|regardless", re.IGNORECASE)
_CHOICE = re.compile(r"(?P<sign>[-+]?)(?P<name>\w+?)([:. _](?P<way>asc|desc))?", re.IGNORECASE)
_COMPARED = frozenset({"string", "integer", "boolean", "null"})  # other numbers are near enough
_IDS = ("id", "uuid", "guid", "uid", "code", "key", "slug")
Order = tuple[str, int]  # a member of the items, and 1 for upwards, -1 for downwards, 0 for either


@dataclass(frozen=True)
class Listing:
    """A list that an operation answers: query parameters by role, and what is told of a page."""

    operation: Operation
    place: tuple[str, ...]  # of the list in the body
    item: Location
    roles: Mapping[str, Parameter]
    told: Mapping[str, tuple[str, ...]]  # by role: where it stands in the body, or `@` and a field
    words: Mapping[str, str]  # by role: what the document says of that in prose

    @cached_property
    def filters(self) -> Mapping[str, Parameter]:
        """Parameters that are called as a member of the items, by that member."""
        found, own = dict[str, Parameter](), [*self.roles.values()]
        for parameter, name in product(self.operation.parameters, self.item.properties):
            is_plain = parameter.location == "query" and parameter.style != "deepObject"
            called = {plain(parameter.name), *singulars(parameter.name)}.difference(_NO_FILTERS)
            same = not called.isdisjoint((plain(name), *singulars(name))) and parameter not in own
            if is_plain and same and _compares(parameter, self.item.property(name)):
                found.setdefault(name, parameter)
        return found

    @cached_property
    def orders(self) -> Mapping[str, Order]:
        """What the values of the parameter that sorts mean, where they name a member."""
        names = dict(zip(map(plain, self.item.properties), self.item.properties, strict=True))
        found, texts = dict[str, Order](), [*map(str, listed_values(self.roles.get("sort")))]
        for text in texts:
            choice = _CHOICE.fullmatch(text)
            if choice is not None and (name := names.get(plain(choice["name"]))):
                way = WAYS.get((choice["way"] or "").lower(), int(f"-{text}" in texts))
                found[text] = (name, -1 if choice["sign"] == "-" else way)
        return found

    def order(self, request: Request) -> Order | None:
        """The order in which a request wants the items, as far as a member of them says."""
        order = self.orders.get("".join(self.asked("sort", request)))
        way = "".join(self.asked("direction", request)).lower()
        if order is None or order[1]:
            return order
        return order[0], WAYS.get(way, 0)

    def asked(self, role: str, request: Request) -> list[str]:
        """The texts of the parameter in a role."""
        return asked_texts(self.roles[role], request) if role in self.roles else []

    def limit(self, request: Request) -> int:
        """How many items a request wants at most; 0 if it says nothing of it."""
        texts = self.asked("limit", request)
        return int(texts[0]) if len(texts) == 1 and re.fullmatch("[0-9]{1,9}", texts[0]) else 0

    @cached_property
    def base(self) -> int | None:
        """The number of the first page, None if the document leaves it open."""
        page = self.roles.get("page")
        said = [said_number(page, "minimum"), said_number(page, "default")] if page else []
        return next(filter(said.__contains__, (0, 1)), None)

    def items(self, body: Any) -> list[Any]:
        found = _within(body, self.place)
        return found if isinstance(found, list) else []

    def says(self, role: str, response: Response, body: Any) -> Any:
        """What a page tells in a role; None if nothing."""
        at = self.told.get(role, ("@", ""))
        if at[0] != "@":
            return _within(body, at)
        text = response.header(at[1]) or ""
        return int(text) if re.fullmatch("[0-9]{1,18}", text) else text or None

    def identity(self, item: Any) -> str | None:
        """What tells an item from others, None if nothing does."""
        if not isinstance(item, dict):
            return None if isinstance(item, list) else str(item)
        words = singulars(self.operation.path.rstrip("/").rpartition("/")[2])
        held = map(families.squeezed(item).get, (*_IDS, *map("{}id".format, words)))
        return next(filter(None, map(families.text_of, held)), None)


def _within(value: Any, names: Iterable[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def linked(field: str) -> str:
    """The URL of the next page in a field `Link` (RFC 8288 §3), "" without one."""
    found = re.search(r'<([^<>]*)>[^<>]*;\s*rel="?next\b', field, re.IGNORECASE)
    return found[1] if found else ""


@lru_cache(maxsize=16)
def listing_of(operation: Operation) -> Listing | None:
    """The list of a GET that is not about one resource; None without one."""
    place, item = families.list_of(operation), None
    if place is None or operation.method != "GET" or operation.path.endswith("}"):
        return None
    told, words = dict[str, tuple[str, ...]](), dict[str, str]()
    for body in families.bodies_of(operation):
        for role, at, member in families.told_of(body):
            told.setdefault(role, at)
            for part in member.parts:
                words.setdefault(role, str(part.value.get("description", "")))
        for name in place:
            body = body.property(name)
        item = item or body.items
    for response, header in (
        (one, header) for one in operation.responses for header in one.headers
    ):
        role = families.ROLE_OF.get(plain(header.name), "")
        if header.schema is not None and response.status.startswith("2"):
            told.setdefault(role, ("@", header.name))
            node = header.schema.document.at(header.pointer)
            words.setdefault(role, str(node.get("description", "")))
    if item is None:
        return None
    return Listing(operation, place, item, _roles(operation, item), told, words)


def _roles(operation: Operation, item: Location) -> dict[str, Parameter]:
    """The roles of parameters, but of those whose names may mean something else here."""
    found, names = dict(families.roles_of(operation)), {*map(plain, item.properties)}
    for role, parameter in families.roles_of(operation).items():
        name = plain(parameter.name)
        is_alone = role == "limit" and found.keys().isdisjoint(TURNING)
        if name in VAGUE and (name in names or is_alone):
            del found[role]
    return found


def _compares(parameter: Parameter, member: Location) -> bool:
    """Whether a filter asks for values of a member: both are listed, or neither; no times."""
    member = member.items or member
    texts, values = set(map(str, listed_values(parameter))), set(map(str, member.values or ()))
    is_plain = parameter.schema is not None and member.types <= _COMPARED
    for part in member.parts:
        is_plain = is_plain and "date" not in str(part.value.get("format"))
    return is_plain and bool(texts & values or not texts | values)


def list_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about one page."""
    if (listing := listing_of(operation)) is None:
        return
    if (limit := listing.roles.get("limit")) is not None:
        scope = Scope(operation, advises=plain(limit.name) in VAGUE)
        promise = f"has no more items than {limit.name} says"
        yield scope.row(partial(in_limit, listing), "page limit", promise, limit.pointer)
    for member, parameter in listing.filters.items():
        scope = Scope(operation, advises=not listed_values(parameter))
        promise = f"has only items whose {member} is as {parameter.name} asks"
        rule = scope.rule("filter", promise, parameter.pointer, name=parameter.name)
        yield ExchangeRule(rule, partial(is_filtered, listing, member, parameter))
    if listing.orders:
        row, by = Scope(operation).row, listing.roles["sort"]
        promise = f"is in the order that {by.name} asks for"
        yield row(partial(is_sorted, listing), "sorted", promise, by.pointer)
    for rule in _total_rules(listing):
        yield ExchangeRule(rule, partial(adds_up_alone, listing))


def walk_rules(operation: Operation) -> Iterator[ExchangeRule]:
    """The rules about pages in a row, the last of the answers being to the first request again."""
    if (listing := listing_of(operation)) is None:
        return
    turning = [*filter(None, map(listing.roles.get, TURNING))]
    if turning or {"token", "next"} & listing.told.keys():
        scope = Scope(operation, advises=bool(turning) and plain(turning[0].name) in VAGUE)
        yield scope.row(partial(apart, listing), "pages", "has no item of the pages before it")
        if {"token", "next", "more"} & listing.told.keys():
            scope = Scope(operation, advises=not listing.words.get("more"))
            promise = "says whether another page follows"
            yield scope.row(partial(follows, listing), "last page", promise)
    for rule in _total_rules(listing):
        yield ExchangeRule(rule, partial(adds_up, listing))


def _total_rules(listing: Listing) -> Iterator[Rule]:
    said = listing.words.get("total", "")
    if "total" in listing.told and not _OTHER_TOTALS.search(said):
        promise = "tells how many items there are"
        yield Scope(listing.operation, advises=not said).rule("total", promise)


def _body(answer: Answer) -> Any:
    is_read = answer.is_json and answer.response.status == 200 and answer.decoded.problem is None
    return answer.decoded.value if is_read else None


def _items(listing: Listing, answer: Answer) -> list[Any]:
    return listing.items(_body(answer))


def _target(answer: Answer) -> str:
    return f"GET {answer.exchange.probe.request.target}"


def in_limit(listing: Listing, answer: Answer) -> str | None:
    limit, count = listing.limit(answer.exchange.probe.request), len(_items(listing, answer))
    if not limit or count < limit:
        return None
    return broken(count > limit, f"{count} items for {listing.roles['limit'].name}={limit}")


def is_filtered(listing: Listing, member: str, parameter: Parameter, answer: Answer) -> str | None:
    """Of a text that is not listed anywhere, a part of it may be enough."""
    wanted, seen = asked_texts(parameter, answer.exchange.probe.request), None
    listed = set(map(str, listing.item.property(member).values or ()))
    if not wanted or (listed and not listed.issuperset(wanted)):
        return None
    for item in _items(listing, answer):
        value = _within(item, [member])
        values = [one for one in each_of(value) if one is not None]
        if values and not any(starmap(_is_as, product(wanted, values))):
            return f"{member} is {shown(value)} for {parameter.name}={','.join(wanted)}"
        seen = "" if values else seen
    return seen


def _is_as(text: str, value: Any) -> bool:
    if isinstance(value, bool):
        return WORDS.get(text.lower(), value) is value
    if isinstance(value, int | float | Decimal):
        is_number = re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", text)
        return is_number is None or Decimal(text) == Decimal(str(value))
    words = _key(text).split()
    return not words or any(map(_key(str(value)).__contains__, words))


def _key(text: str) -> str:
    """A text without case, accents and marks."""
    return re.sub(r"[^\w\s]|_", "", unicodedata.normalize("NFKD", text).casefold())


def _dense(text: str) -> str:
    """As databases compare it that ignore blanks, too."""
    return "".join(_key(text).split())


def _natural(text: str) -> list[Any]:
    """A text with the numbers in it as such."""
    found: list[Any] = re.split(r"(\d+)", _key(text))
    found[1::2] = map(int, found[1::2])
    return found


def is_sorted(listing: Listing, answer: Answer) -> str | None:
    """Whatever the collation: in order by any of those that are usual; null stands anywhere."""
    name, way = listing.order(answer.exchange.probe.request) or ("", 0)
    held = (_within(item, [name]) for item in _items(listing, answer))
    values = [value for value in held if value is not None]
    texts, types = [*map(str, values)], {*map(type, values)}
    if not (types == {str} or types <= {int, float, Decimal}) or len({*texts}) < 2:
        return None
    keys = (str, str.casefold, _key, _dense, _natural, datetime.fromisoformat)
    for key in keys if types == {str} else (Decimal,):
        with suppress(ValueError, TypeError):  # it is no time, say
            ranks: list[Any] = [*map(key, texts)]
            up, down = sorted(ranks), sorted(ranks, reverse=True)
            if (way >= 0 and ranks == up) or (way <= 0 and ranks == down):
                return ""
    wrong = starmap(lt if way < 0 else gt, pairwise(values))
    before, after = next(compress(pairwise(values), wrong))
    query = answer.exchange.probe.request.query
    return f"{name} is {shown(before)} and then {shown(after)} for {query}"


def _names(listing: Listing, answer: Answer) -> list[str]:
    return [listing.identity(item) or shown(item) for item in _items(listing, answer)]


def _turned(listing: Listing, answers: Sequence[Answer]) -> list[Answer]:
    """The pages, if nothing has changed while they were turned; else none.

    Where it is open which number the first has, 1 may be the first or the second.
    """
    names = [_names(listing, answer) for answer in answers]
    if names[0] != names[-1]:
        return []
    asked = listing.asked("page", answers[1].exchange.probe.request)
    twice = listing.base is None and asked == ["1"] and names[0] == names[1]
    return [answers[0], *answers[1 + twice : -1]]


def apart(listing: Listing, *answers: Answer) -> str | None:
    """Items that nothing tells apart may be the same twice, but not page by page."""
    before, pages = list[str](), _turned(listing, answers)
    for answer in pages:
        names = _names(listing, answer)
        twice = [*filter(before.__contains__, names)]
        is_known = None not in map(listing.identity, _items(listing, answer))
        if twice and (is_known or len(twice) == len(names) > 1):
            of_which = f"{len(twice)} of {len(names)} items of {_target(answer)}"
            return f"{of_which}, {twice[0]} for one, stand on a page before"
        before += names
    return "" if before and len(pages) > 1 else None


def _following(listing: Listing, answer: Answer) -> bool | None:
    """Whether a page says that another follows, None if it says nothing."""
    for role in ("more", "token", "next"):
        at, value = listing.told.get(role), listing.says(role, answer.response, _body(answer))
        if at == ("@", "Link"):  # which may be about other things, if it is there at all
            return True if linked(str(value)) else None
        if at is not None and isinstance(value, str | bool | int | None):
            return bool(value)
    return None


def follows(listing: Listing, *answers: Answer) -> str | None:
    """Whether each page says of the one behind it that it is there."""
    found = None
    for answer, later in pairwise(_turned(listing, answers)):
        count, said = len(_items(listing, later)), _following(listing, answer)
        found = found if said is None else ""
        if said is not None and said != bool(count):
            what = "says that another page follows" if said else "says that none follows"
            return f"{_target(answer)} {what}, and {_target(later)} has {count} items"
    return found


def adds_up(listing: Listing, *answers: Answer) -> str | None:
    """Where pages were not turned to the last, at least no fewer than were seen."""
    pages, last = _turned(listing, answers), answers[-2]
    total, rest = listing.says("total", last.response, _body(last)), _items(listing, last)
    limit, said = listing.limit(last.exchange.probe.request), _following(listing, last)
    if not pages or type(total) is not int:
        return None
    items = [*chain.from_iterable(map(partial(_items, listing), pages))]
    count = len({listing.identity(item) or id(item) for item in items})
    whole = said is False or not rest or (said is None and len(rest) < limit)
    if not whole and count <= total:
        return None
    return broken(count != total, f"{total} in all, by {_target(last)}, and {count} were counted")


def adds_up_alone(listing: Listing, answer: Answer) -> str | None:
    """Of a page behind others, nothing can be said by itself."""
    request = answer.exchange.probe.request
    is_later = any(listing.asked(role, request) for role in TURNING)
    return None if is_later else adds_up(listing, answer, answer)
