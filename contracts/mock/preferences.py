"""What a client would rather have: `Prefer` (RFC 7240) and `Accept` (RFC 9110 §12.5.1), read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.messages import covers, essence_of
from contracts.text import shown

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_ELEMENT = re.compile(rf'(?:[^,"]|{_QUOTED})+')
_PART = re.compile(rf'(?:[^;"]|{_QUOTED})+')
_STATUS = re.compile("[2-5][0-9][0-9]")
_TOKEN = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TRUTH = {"true": True, "false": False}


class UnreadableError(ValueError):
    """A preference with a value that it can't have; `str()` says which, and what it can."""


@dataclass(frozen=True, slots=True)
class Preferences:
    """What an answer is to be like; whatever else `Prefer` may say is passed over."""

    code: int = 0  # 0: none is preferred
    example: str = ""  # the name of one in the document, or the number of a body
    dynamic: bool | None = None  # a body made for this answer alone, or the fixed one


def preferences_of(fields: Iterable[str]) -> Preferences:
    """The preferences in all `Prefer` fields of a request; raises UnreadableError.

    Of two with one name the first counts, and an empty value is none (RFC 7240 §2).
    """
    found = dict[str, str]()
    for element in _elements(fields):
        first = next(_parts(element), "")
        name, _, value = map(str.strip, first.partition("="))
        found.setdefault(name.lower(), _unquoted(value))
    code, dynamic = found.get("code", ""), found.get("dynamic", "").lower()
    if code and not _STATUS.fullmatch(code):
        raise UnreadableError(f"the preference code is {shown(code)}; it is a status, 200 to 599")
    if dynamic and dynamic not in _TRUTH:
        raise UnreadableError(f"the preference dynamic is {shown(dynamic)}; it is true or false")
    return Preferences(int(code or 0), found.get("example", ""), _TRUTH.get(dynamic))


def preference(name: str, value: object) -> str:
    """A preference as a field has it."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if not _TOKEN.fullmatch(text):
        text = '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'
    return f"{name}={text}"


def acceptable(fields: Iterable[str], offered: Sequence[str]) -> list[str]:
    """Of the media types that are offered those that are accepted, those liked best first.

    All of them where no range is given that can be read.
    """
    ranges = list(filter(None, map(_range, _elements(fields))))
    if not ranges:
        return list(offered)
    liked = {}
    for name in offered:
        fitting = [(_precision(one), weight) for one, weight in ranges if covers(one, name)]
        liked[name] = max(fitting, default=(0, 0.0))[1]
    return sorted(filter(liked.get, liked), key=liked.__getitem__, reverse=True)


def named(fields: Iterable[str]) -> list[str]:
    """The media types that are accepted and no ranges."""
    ranges = filter(None, map(_range, _elements(fields)))
    return [name for name, weight in ranges if weight and "*" not in name]


def _range(element: str) -> tuple[str, float] | None:
    """A media range with its weight; None for what is no media range."""
    name, *parameters = _parts(element)
    kept, weight = [name], 1.0
    for parameter in parameters:
        key, _, value = map(str.strip, parameter.partition("="))
        if key.lower() == "q":  # what follows is no part of the range
            try:
                weight = max(0.0, min(float(value), 1.0))
            except ValueError:
                return None
            break
        kept.append(parameter)
    return (";".join(kept), weight) if "/" in name else None


def _precision(media_range: str) -> int:
    """How much a range says: the most specific one counts."""
    essence = essence_of(media_range)
    wide = 4 - essence.count("*") - essence.endswith("/*") - essence.startswith("*/")
    return 100 * wide + media_range.count(";")


def _elements(fields: Iterable[str]) -> Iterator[str]:
    for field in fields:
        yield from filter(None, map(str.strip, _ELEMENT.findall(field)))


def _parts(element: str) -> Iterator[str]:
    yield from filter(None, map(str.strip, _PART.findall(element)))


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value
