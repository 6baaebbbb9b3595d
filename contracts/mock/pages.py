"""Resources and the query of a request to a page of them, and to what is told around it."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from contracts.document import Operation, Parameter
from contracts.document.serialisation import decoded, encoded, plain_text
from contracts.messages import Request
from contracts.mock.views import GONE, Edits
from contracts.mock.world import Resource
from contracts.schemas.families import plain, roles_of, singulars, squeezed
from contracts.schemas.locations import locate
from contracts.schemas.texts import asked_texts

_ORDER = re.compile(r"(?P<sign>[-+]?)(?P<name>\w+?)(?P<way>([:. _](asc|desc))?)", re.IGNORECASE)
PAGE = 100  # how many are listed where neither the request nor the document says
_MEMBERS = {
    "total": "total totalcount totalitems totalelements totalresults totalrecords xtotalcount",
    "count": "count numberofelements",
    "pages": "pages totalpages pagecount xpages",
    "page": "page currentpage pagenumber number",
    "limit": "limit perpage pagesize size",
    "offset": "offset skip",
    "more": "hasnext hasmore more hasnextpage",
    "less": "hasprevious hasprev haspreviouspage",
    "token": "nextcursor nextpagetoken nexttoken endcursor nextmarker continuationtoken cursor",
    "next": "next nextlink nexturl",
    "nextpage": "nextpage",
    "nextoffset": "nextoffset",
}
"""What members of a page, and fields of its head, are called that tell of it."""
_TOLD = {name: role for role, names in _MEMBERS.items() for name in names.split()}


@dataclass(frozen=True)
class Page:
    """A part of a list; `found` are all that there are for the request, in order."""

    request: Request
    roles: Mapping[str, Parameter]
    found: Sequence[Resource]
    first: int
    limit: int
    base: int  # the number of the first page

    @property
    def items(self) -> Sequence[Resource]:
        return self.found[self.first : self.first + self.limit]

    @property
    def more(self) -> bool:
        """Whether there are others behind these."""
        return self.first + self.limit < len(self.found)

    def facts(self) -> Edits:
        """What is told of it, by role: the values that say so, the likeliest first."""
        total, last = len(self.found), self.first + self.limit
        number, pages = self.base + self.first // self.limit, -(-total // self.limit)
        facts: dict[str, Sequence[Any]] = {
            "total": [total],
            "count": [len(self.items)],
            "pages": [pages, max(1, pages)],
            "page": [number],
            "limit": [self.limit],
            "offset": [self.first],
            "more": [self.more],
            "less": [self.first > 0],
        }
        facts |= dict.fromkeys(("token", "next", "nextpage", "nextoffset"), (None, GONE, ""))
        if self.more:
            token = _tokens(self.items[-1])
            facts |= {"token": token, "next": [self.target, *token]}
            facts |= {"nextpage": [number + 1, str(number + 1)], "nextoffset": [last, str(last)]}
        return facts

    def told(self, names: Sequence[str]) -> Edits:
        """The members and fields of these names that tell of the page, with what they say."""
        facts, roles = {**self.facts()}, dict[str, str]()
        for name in names:
            word = plain(name)
            if role := _TOLD.get(word) or _TOLD.get(word.removeprefix("x")):
                roles[name] = role
        if "total" not in roles.values():
            facts["count"] = facts["total"]
        return dict(zip(roles, map(facts.__getitem__, roles.values()), strict=True))

    @property
    def target(self) -> str:
        """The target of the request for the next page."""
        last = self.first + self.limit
        wanted = {"page": str(self.base + last // self.limit), "offset": str(last)}
        if self.items:
            wanted = {"cursor": _tokens(self.items[-1])[0], **wanted}
        role = next(filter(self.roles.__contains__, wanted), "page")
        name, pairs = self.roles[role].name if role in self.roles else role, list[str]()
        for pair in filter(None, self.request.query.split("&")):
            pairs += [pair] * (decoded(pair.partition("=")[0]) != name)
        pairs.append(f"{encoded(name)}={encoded(wanted[role])}")
        return f"{self.request.path}?{'&'.join(pairs)}"


def _tokens(resource: Resource) -> list[Any]:
    """What leads to those after a resource, the likeliest first."""
    name, serial = resource.names[-1], resource.serial
    return [name, str(serial), int(name) if name.isdecimal() else serial]


def page_of(operation: Operation, request: Request, there: Sequence[Resource], most: int) -> Page:
    """The page that a request asks for, of at most so many items."""
    roles, asked = roles_of(operation), dict[str, str]()
    for role, parameter in roles.items():
        asked[role] = asked_for(parameter, request)
    found = _sorted(asked, _filtered(operation, request, there))
    if "limit" in roles:
        default = min(PAGE, _said(roles["limit"], "maximum", PAGE))
        most = min(most, max(1, _number(asked["limit"], default)))
    base = 1
    if page := roles.get("page"):
        base = int(0 not in (_said(page, "minimum", 1), _said(page, "default", 1)))
    first = _number(asked.get("offset"), 0)
    first = first or (_number(asked.get("page"), base) - base) * most
    if cursor := asked.get("cursor"):
        tokens = list(map(_tokens, found))
        ends = (index for kind in (0, 1) for index, one in enumerate(tokens) if one[kind] == cursor)
        first = next(ends, len(found)) + 1
    return Page(request, roles, found, max(first, 0), max(most, 1), base)


def _said(parameter: Parameter, word: str, default: Any) -> Any:
    """What a keyword of a parameter's schema says."""
    for part in locate(parameter.schema).parts if parameter.schema is not None else ():
        default = part.value.get(word, default)
    return default


def asked_for(parameter: Parameter, request: Request) -> str:
    """What is asked for under the name of a parameter, or its default."""
    default = _said(parameter, "default", "")
    if isinstance(default, list):
        default = ",".join(map(plain_text, default))
    return ",".join(asked_texts(parameter, request)) or plain_text(default)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


def _filtered(
    operation: Operation, request: Request, there: Sequence[Resource]
) -> Sequence[Resource]:
    """Those whose members are as the parameters of the same names ask."""
    taken = roles_of(operation).values()
    for parameter in operation.parameters:
        wanted, name = set[str](), _member(parameter.name, there)
        if parameter.location == "query" and parameter not in taken:
            wanted.update(asked_texts(parameter, request))
        if wanted and name:
            there = [one for one in there if not wanted.isdisjoint(_held(one, name))]
    return there


def _member(name: str, there: Sequence[Resource]) -> str:
    """The member that a parameter is about, plainly: `tags` for `tags` and `tag`; "" if none is."""
    known = list(map(plain, there[0].known if there else ()))
    for one in known * (plain(name) not in known):
        if plain(name) in singulars(one) or one in singulars(name):
            return one
    return plain(name) * (plain(name) in known)


def _held(resource: Resource, name: str) -> list[str]:
    """The texts of a member, each item of a list by itself."""
    value = squeezed(resource.value).get(name)
    return list(map(plain_text, value if isinstance(value, list) else [value]))


def _sorted(asked: Mapping[str, str], there: Sequence[Resource]) -> Sequence[Resource]:
    """In the order that is asked for: `name`, `-name`, `name:desc`, several by commas."""
    for text in reversed(asked.get("sort", "").split(",")):
        found = _ORDER.fullmatch(text.strip())
        if found and (name := _member(found["name"], there)):
            way = f"{found['way']} {asked.get('direction', '')}".lower()
            is_down = "desc" in way or found["sign"] == "-"
            there = sorted(there, key=partial(_rank, name), reverse=is_down)
    return there


def _rank(name: str, resource: Resource) -> tuple[Any, ...]:
    """Numbers first, then moments and texts; what has none, or something else, last."""
    value = squeezed(resource.value).get(name)
    if isinstance(value, int | float | Decimal):
        return 0, value
    if not isinstance(value, str):
        return (3,)
    with suppress(ValueError, OverflowError):
        return 1, datetime.fromisoformat(value).timestamp()
    return 2, value
