"""What was sent beside what is shown of it: the same, the same as a service writes it, another."""

import html
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from contracts.messages import JSON
from contracts.rules.rule import shown
from contracts.text import few

MAX_NAMED = 3  # members that one finding names
Objects = Mapping[str, Mapping[str, Any]]
CENTS = -2  # digits after the point that are kept when numbers are rounded


class Unordered(list[JSON]):
    """Items of which the document says that all are different: a set, which has no order."""


Difference = tuple[str, str, str | None]
"""A place, what differs there, and how it is written if it is the same; None if it is not."""


def _spaced(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _marked(text: str) -> str:
    return "".join(filter(str.isalnum, _spaced(text)))


def _is_punctuated(sent: str, there: str) -> bool:
    """As a slug is, or a number of a telephone: to words, none is added."""
    words = _marked(sent)
    return words != "" and words == _marked(there) and (len(there) <= len(sent) or words.isdigit())


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text).replace(microsecond=0)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)


_WAYS: Mapping[str, Callable[[str], object]] = {
    "trimmed": str.strip,
    "in another case": str.casefold,
    "with other spaces": _spaced,
    "with markup escaped": html.unescape,
    "decoded": unquote,
    "as another spelling of the moment": _moment,
}
"""How a service may write a text, and what of two texts is then the same."""
_EMPTY: tuple[JSON, ...] = (None, "", [], {})


def spelling(sent: JSON, there: JSON) -> str | None:
    """How a service has written what was sent: "" if as it was; None if it is another value."""
    if isinstance(sent, bool) == isinstance(there, bool) and sent == there:
        return ""
    if isinstance(sent, str) and isinstance(there, str):
        for name, read in _WAYS.items():
            if read(sent) not in _EMPTY and read(sent) == read(there):
                return name
        return "with other punctuation" if _is_punctuated(sent, there) else None
    if isinstance(sent, bool) or isinstance(there, bool):
        alike = str(there).lower() in (str(sent).lower(), str(int(bool(sent))))
        return "as another type" if alike and sent not in _EMPTY else None
    numbers = [*map(_number, (sent, there))]
    if None not in numbers:
        return _rounding(*numbers)  # type: ignore[arg-type]
    return "as another way to be empty" if sent in _EMPTY and there in _EMPTY else None


def _number(value: JSON) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _rounding(sent: Decimal, there: Decimal) -> str | None:
    if not (sent.is_finite() and there.is_finite()):
        return None
    if sent == there:
        return "as another spelling of the number"
    digits = min(int(there.normalize().as_tuple().exponent), CENTS)
    return "rounded" if abs(sent - there) <= Decimal(1).scaleb(digits) else None


def compared(sent: JSON, there: JSON, place: str = "") -> Iterator[Difference]:
    """Each value of what was sent beside what is there.

    Members that were not sent may stand beside those that were: a service fills in. Items may be
    sorted by it, and the same ones may become one.
    """
    if isinstance(sent, dict) and isinstance(there, dict):
        for name, value in sent.items():
            if name in there:
                yield from compared(value, there[name], f"{place}/{name}")
            elif value not in _EMPTY:
                yield f"{place}/{name}", f"nothing, where {shown(value)} was sent", None
        return
    said = "filled in" if sent is None and there is not None else spelling(sent, there)
    if isinstance(sent, list) and isinstance(there, list) and said is None:
        said = _of_items(sent, there)
    text = f"{shown(there)}, where {shown(sent)} was sent" if said is None else ""
    yield place, text, said


def _of_items(sent: list[JSON], there: list[JSON]) -> str | None:
    if len(sent) == len(there) and all(map(is_alike, sent, there)):
        return "in the spelling of the service"
    ordered = sorted({*map(repr, sent)})
    same = [*map(repr, there)] == ordered and len(sent) > 2
    if isinstance(sent, Unordered):
        same = sorted(map(repr, there)) == ordered
    return "in the order of the service" if same else None


def is_alike(sent: JSON, there: JSON) -> bool:
    return all(how is not None for _, _, how in compared(sent, there))


def changed(before: Mapping[str, Any], now: Mapping[str, Any], names: Set[str]) -> str:
    """What is no longer as it was, of the members of these names; "" if nothing."""
    found = list[str]()
    for name in sorted(names & before.keys()):
        then, there = before[name], now.get(name)
        if isinstance(then, list) and isinstance(there, list):
            same = sorted(map(repr, then)) == sorted(map(repr, there))
        else:
            same = is_alike(then, there) and is_alike(there, then)
        if not same:
            found.append(f"/{name}: {shown(there)}, where {shown(then)} was")
    return few(found, MAX_NAMED, "of them")


def spread(sent: Mapping[str, Any], before: Objects, now: Objects, *, is_new: bool) -> str:
    """What others in a list have, by their ids, of what was sent to one that `is_new` or not."""
    for name, member in now.items():
        then = before.get(name)
        if then is None and is_new and is_alike(sent, member):
            return "another one of what was sent is in the list"
        for key in sorted(sent.keys() & (then or {}).keys()):
            if then is not None and then[key] != member.get(key) == sent[key]:
                return f"/{key} of another one is what was sent as well"
    return ""
