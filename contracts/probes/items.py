"""Which operations tell of resources for another one, by path or link, and what an answer tells."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from contracts.document import Operation, Spec, split_pointer
from contracts.document.model import value_at
from contracts.document.serialisation import decoded, match_path, parameter_names, plain_text
from contracts.messages import Exchange
from contracts.schemas.json_text import TooManyError, decode

CREATES = "x-creates"  # of an operation, in an overlay: whether its answer tells of a new resource
_LAST = re.compile(r"(?P<above>.*)/\{[^{}/]*\}(?=[/:]|$)")  # as far as the last parameter of a path
Links = Mapping[str, Any]  # by parameter, what a Link Object says of its value

Teller = tuple[Operation, Links | None]
"""An operation whose answers tell of resources, by a link if there is one."""


def tellers(spec: Spec, operation: Operation, method: str) -> Iterator[Teller]:
    """Operations with a method that list or make what an operation is for: links, then paths.

    `/orders` lists and makes what `/orders/{id}` and `/orders/{id}/cancel` are for.
    """
    others = [other for other in spec.operations if other.method == method]
    for other in others:
        for links in _links(spec, other, operation):
            yield other, links
    if found := _LAST.match(operation.path):
        for other in others:
            if _shape(other.path) == _shape(found["above"]):
                yield other, None


def item_template(operation: Operation) -> str:
    """The path of what an operation is for, as far as the last parameter."""
    found = _LAST.match(operation.path)
    return found[0] if found else operation.path


def items_of(spec: Spec, teller: Operation) -> list[Operation]:
    """The operations on what one lists or makes, first of all those that end it."""
    shape = _shape(f"{teller.path}/{{}}")
    found = [one for one in spec.operations if _shape(one.path) == shape]
    return sorted(found, key=lambda one: one.method != "DELETE")


def told(operation: Operation, teller: Teller, exchange: Exchange) -> Iterator[dict[str, str]]:
    """Values for the path of an operation, as an answer of its teller has them."""
    other, links = teller
    response, request = exchange.response, exchange.probe.request
    if response is None:
        return
    names, body = parameter_names(operation.path), _json(exchange)
    raw = match_path(other.path, request.path) or {}
    asked = dict(zip(raw, map(decoded, raw.values()), strict=True))
    if links is not None:
        found = {name: _expressed(links.get(name), asked, exchange, body) for name in names}
        yield from [found] * all(found.values())
        return
    above = dict(zip(names, asked.values(), strict=False))
    name, word = names[len(above)], other.path.rpartition("/")[2]
    if other.method != "GET":
        place = urlsplit(response.header("location") or "").path.rstrip("/")
        tail = "/".join(place.split("/")[-1 - other.path.count("/") :])
        item = match_path(f"{other.path}/{{}}", f"/{tail}") or {}
        body = [decoded(item.get("", "")) or _id_of(_unwrapped(body, word), name, word)]
    for member in _members(body):
        if value := _id_of(member, name, word):
            yield {**above, name: value}


def filters_of(operation: Operation, exchange: Exchange) -> Iterator[dict[str, str]]:
    """Values of query parameters that members of the list have under the same name."""
    for member in _members(_json(exchange)):
        held = _squeezed(member) if isinstance(member, dict) else {}
        found = {}
        for parameter in operation.parameters:
            text = _text(held.get(_plain(parameter.name)))
            if parameter.location == "query" and text:
                found[parameter.name] = text
        if found:
            yield found


def _links(spec: Spec, other: Operation, operation: Operation) -> Iterator[Links]:
    document = spec.document
    for response in other.responses:
        links = document.at(response.pointer).get("links") or {}
        for name in links:
            link = links[name]
            with suppress(LookupError, TypeError):
                if "$ref" in link:
                    link = value_at(document.tree, split_pointer(link["$ref"].removeprefix("#")))
                ref = str(link.get("operationRef", "")).removeprefix("#")
                if link.get("operationId", ref) in (operation.operation_id, operation.pointer):
                    parameters = link.get("parameters", {}).items()
                    yield {str(key).removeprefix("path."): value for key, value in parameters}


def _expressed(expression: Any, asked: Mapping[str, str], exchange: Exchange, body: Any) -> str:
    """The value of a runtime expression (OpenAPI 3.1 §4.8.20.4), "" if it has none here."""
    text, pointer = str(expression or "").partition("#")[::2]
    if text == "$response.body":
        with suppress(LookupError, TypeError):
            return _text(value_at(body, split_pointer(pointer)))
    if text.startswith("$request.path."):
        return asked.get(text.removeprefix("$request.path."), "")
    if text.startswith("$response.header.") and exchange.response is not None:
        return exchange.response.header(text.removeprefix("$response.header.")) or ""
    return "" if text.startswith("$") else plain_text(expression)


def _json(exchange: Exchange) -> Any:
    with suppress(TooManyError):
        return decode(exchange.response.body if exchange.response else b"").value
    return None


def _members(body: Any) -> list[Any]:
    """The members of a list, which may be one of the values of an object."""
    if isinstance(body, dict):
        lists = [value for value in body.values() if isinstance(value, list)]
        body = max(lists, key=len, default=[])
    return body if isinstance(body, list) else []


def _unwrapped(body: Any, word: str) -> Any:
    """What an envelope holds: an object's only member, or that which is called as it is."""
    if not isinstance(body, dict):
        return None
    for name, value in body.items():
        called = _plain(name) in ("data", "result", *_singulars(word))
        if isinstance(value, dict) and (called or len(body) == 1):
            return value
    return body


def _id_of(member: Any, name: str, word: str) -> str:
    """What names a member of a list, the parameter of its path called `name`; "" if nothing does.

    `/orders/{order_id}` finds `order_id`, `orderId` and `id`; `/lines/{line_no}` also `no`.
    """
    if not isinstance(member, dict):
        return _text(member)
    held, wanted, names = _squeezed(member), _plain(name), [_plain(name)]
    for kind in _singulars(word):
        names.append(wanted.removeprefix(kind))
        names.append(f"{kind}{wanted}")
    if wanted.endswith("id") or wanted in _singulars(word):
        names.append("id")
    return next(filter(None, map(_text, map(held.get, names))), "")


def _singulars(word: str) -> tuple[str, ...]:
    """`order` of `orders`, `class` of `classes`, `category` of `categories`, if it is so."""
    plain = _plain(word)
    stems = (
        plain,
        plain.removesuffix("s"),
        plain.removesuffix("es"),
        f"{plain.removesuffix('ies')}y",
    )
    return tuple(dict.fromkeys(stems))


def _squeezed(member: Mapping[str, Any]) -> dict[str, Any]:
    return {_plain(name): value for name, value in member.items()}


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _text(value: Any) -> str:
    return plain_text(value) if isinstance(value, str | int) else ""


def _shape(path: str) -> str:
    return re.sub(r"\{[^{}/]*\}", "{}", path)
