"""Values of parameters to their texts on the wire, and paths by their templates."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, compress, groupby
from urllib.parse import quote, unquote

from contracts.document.model import Header, Operation, Parameter, Spec
from contracts.messages import JSON, Headers, is_json

_PARAMETER = re.compile(r"\{([^{}/]*)\}")
_LITERAL = "/%:@!$&'()*+,;=~-._"
"""What stands for itself in the literals of a template (RFC 3986 §3.3), encoded octets among it."""
_wire = partial(quote, safe=_LITERAL)
MAX_VALUE = 100  # characters of a value on the wire that every router takes; Fastify no more
_ODD = re.compile(r"[/\\;%\x00-\x1f\x7f-\x9f\u2028\u2029\udc80-\udcff]")
_EXPLODED = {"simple": ("", ","), "label": (".", "."), "matrix": (";", ";"), "cookie": ("", "; ")}
"""What stands before and between the parts of an exploded value; else nothing and `&`."""
_DELIMITERS = {"spaceDelimited": "%20", "pipeDelimited": "|"}


encoded = partial(quote, safe="", errors="surrogateescape")
"""The text, percent-encoded (RFC 3986 §2.1); what is no UTF-8 becomes itself again."""
decoded = partial(unquote, errors="surrogateescape")
"""The text without percent-encoding; bytes that are no UTF-8 are kept as lone surrogates."""


def plain_text(value: JSON) -> str:
    """A value without quotes, as it stands in a URL or header; null is nothing."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"), default=float)


def simple_text(value: JSON) -> str:
    """A value in the style `simple`, not encoded: lists by commas, objects as JSON."""
    return ",".join(map(simple_text, value)) if isinstance(value, list) else plain_text(value)


def serialised(parameter: Parameter | Header, value: JSON) -> str:
    """The text of a value in its style (OpenAPI 3.1 §4.8.12); in queries and cookies with names."""
    if parameter.location == "querystring":
        return _whole_query(parameter.media_type or "", value)
    if parameter.media_type is not None:
        value = json.dumps(value, separators=(",", ":"))
    write = str if parameter.location == "header" or parameter.style == "cookie" else encoded
    name = write(parameter.name)
    prefix, separator = _EXPLODED.get(parameter.style, ("", "&"))
    is_named = separator.strip() in ("&", ";")
    if isinstance(value, dict) and parameter.style == "deepObject":
        value = {f"{parameter.name}[{key}]": item for key, item in value.items()}
    elif not parameter.explode or not isinstance(value, dict | list):
        delimiter = _DELIMITERS.get(parameter.style, ",")
        joined = delimiter.join(map(write, map(plain_text, _items(value))))
        return f"{prefix}{name}={joined}" if is_named else prefix + joined
    if isinstance(value, dict):
        texts = [f"{write(key)}={write(plain_text(item))}" for key, item in value.items()]
    else:
        texts = list(map(write, map(plain_text, value)))
        if is_named:
            texts = [f"{name}={text}" for text in texts]
    return prefix + separator.join(texts) if texts else ""


def divider_of(parameter: Parameter | Header) -> str:
    """What stands between the items of a list in one text; empty if each is a text of its own."""
    divider = decoded(_DELIMITERS.get(parameter.style, ","))
    if parameter.explode and parameter.location != "cookie":
        divider = _EXPLODED.get(parameter.style, ("", "&"))[1]
    return divider * (divider.strip() not in ("&", ";"))


def unwritten_of(parameter: Parameter | Header) -> list[str]:
    """Texts that can't be sent: they would empty a segment of the path, or make one of dots."""
    unwritten = {"simple": ["", ".", ".."], "label": ["", "."]}
    return unwritten.get(parameter.style, []) if parameter.location == "path" else []


def _whole_query(media_type: str, value: JSON) -> str:
    """A value as a whole query: the pairs of a form, or JSON or text, encoded (3.2 §4.12.1)."""
    if is_json(media_type):
        return encoded(json.dumps(value, separators=(",", ":")))
    if not isinstance(value, dict):
        return encoded(plain_text(value))
    pairs = []
    for name, held in value.items():
        for item in held if isinstance(held, list) else [held]:
            pairs.append(f"{encoded(name)}={encoded(plain_text(item))}")
    return "&".join(pairs)


def _items(value: JSON) -> list[JSON]:
    if isinstance(value, dict):
        return list(chain.from_iterable(value.items()))
    return value if isinstance(value, list) else [value]


def raw_values(pairs: str, separator: str, name: str) -> list[str]:
    """The values under a name in `a=b&c=d` or `a=b; c=d`, as they stand there."""
    return [*values_by_name(pairs, separator).get(name, ())]


@lru_cache(maxsize=4)  # each parameter of an operation looks at the same, one after the other
def values_by_name(pairs: str, separator: str) -> Mapping[str, Sequence[str]]:
    """All values in `a=b&c=d` or `a=b; c=d`, as they stand there."""
    found: dict[str, list[str]] = {}
    for pair in pairs.split(separator):
        key, _, value = pair.strip().partition("=")
        found.setdefault(decoded(key.replace("+", " ")), []).append(value)
    return found


def values_by_field(headers: Headers) -> Mapping[str, Sequence[str]]:
    """The values of all header fields, by names in lower case."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


@lru_cache(maxsize=4096)
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """What matches a path backwards, and tries no end of a value again; and the names."""
    literals = _PARAMETER.split(template)
    last, *texts = (re.escape(_wire(text)[::-1]) for text in literals[::-2])
    return re.compile(last + "".join(map("(?>([^/]+?){})".format, texts))), tuple(literals[1::2])


def parameter_names(template: str) -> tuple[str, ...]:
    """The names of a template's parameters, in order."""
    return _pattern(template)[1]


@lru_cache(maxsize=4096)  # each request is looked at by many
def match_path(template: str, path: str) -> Mapping[str, str] | None:
    """The values of the parameters, raw as in a path without query; None for another route."""
    pattern, names = _pattern(template)
    found = pattern.fullmatch(path[::-1])
    # Clients and proxies remove segments of `.` or `..` (RFC 3986 §5.2.4).
    if found is None or not {".", ".."}.isdisjoint(unquote(path).split("/")):
        return None
    return dict(zip(names, map("".join, map(reversed, found.groups()[::-1])), strict=True))


def is_odd(template: str, path: str) -> bool:
    """Whether a value in the path is one that routers and firewalls answer by themselves.

    It is empty, of dots or longer than `MAX_VALUE`, or it holds, encoded, what divides a path or
    hides that (a slash, backslash, semicolon or percent sign), a control character or no UTF-8.
    """
    found = match_path(template, path)
    for value in path.split("/")[1:] if found is None else found.values():
        text = decoded(value)
        if len(value) > MAX_VALUE or not text.strip(". ") or _ODD.search(text):
            return True
    return False


def fill_path(template: str, values: Mapping[str, str]) -> str:
    """The path with every parameter replaced by its value, percent-encoded."""
    return fill_raw_path(template, {name: encoded(value) for name, value in values.items()})


def fill_raw_path(template: str, values: Mapping[str, str]) -> str:
    """The path with every parameter replaced by its value as it goes on the wire."""
    parts = _PARAMETER.split(template)
    parts[::2] = map(_wire, parts[::2])
    parts[1::2] = map(values.__getitem__, parts[1::2])
    return "".join(parts)


@lru_cache(maxsize=4096)
def concreteness(template: str) -> tuple[int, ...]:
    """Sorts templates of one path: literal segments first (OpenAPI 3.1 §4.8.8), then mixed ones."""
    return tuple(("{" in part) + bool(_PARAMETER.fullmatch(part)) for part in template.split("/"))


class Routes:
    """The templates of a document, to find those that a path is meant for."""

    def __init__(self, templates: Iterable[str]) -> None:
        # By length, by which segments hold no parameter, which differs little, and by these.
        self._by_form: dict[int, dict[tuple[bool, ...], dict[str, list[str]]]] = {}
        self.shapes = set[str]()
        for template in sorted(dict.fromkeys(templates), key=concreteness):
            length, segments = template.count("/"), template.split("/")
            self.shapes.add(shape_of(template))
            form = tuple("{" not in segment for segment in segments)
            literals = _wire("/".join(compress(segments, form)))
            alike = self._by_form.setdefault(length, {}).setdefault(form, {})
            alike.setdefault(literals, []).append(template)

    def of(self, path: str) -> tuple[str, ...]:
        """The most concrete templates that match: one, or several that differ in names at most."""
        return next(self.ranked(path), ())

    def ranked(self, path: str) -> Iterator[tuple[str, ...]]:
        """All templates that match, the most concrete first, those that are as concrete at once."""
        segments, found = path.split("/"), list[str]()
        for form, by_literals in self._by_form.get(len(segments) - 1, {}).items():
            found += by_literals.get("/".join(compress(segments, form)), ())
        found = [one for one in found if match_path(one, path) is not None]
        for _, alike in groupby(sorted(found, key=concreteness), concreteness):
            yield tuple(alike)

    def rivals(self, template: str) -> Iterator[str]:
        """Others that may match a path of `template`, which is not more concrete than they are."""
        own, segments = concreteness(template), template.split("/")
        alike = map(dict.values, self._by_form.get(len(segments) - 1, {}).values())
        for other in chain.from_iterable(chain.from_iterable(alike)):
            ranks = list(zip(own, concreteness(other), strict=True))
            more_concrete = own != concreteness(other) and all(mine <= its for mine, its in ranks)
            pairs = zip(segments, other.split("/"), strict=True)
            meet = all(mine == its or "{" in mine + its for mine, its in pairs)
            if meet and not more_concrete and other != template:
                yield other


@lru_cache(maxsize=16)
def routes_of(spec: Spec) -> Routes:
    """The routes of a document's operations, the same object each time."""
    return Routes(spec.by_path)


def operations_at(spec: Spec, path: str) -> list[Operation]:
    """Every operation whose template matches a path, those of the most concrete template first."""
    templates = chain.from_iterable(routes_of(spec).ranked(path))
    return list(chain.from_iterable(map(spec.by_path.__getitem__, templates)))


def rivals_of(spec: Spec, operation: Operation) -> Iterator[Operation]:
    """Others with its method on paths that OpenAPI does not tell from its own (3.1 §4.8.8)."""
    for template in routes_of(spec).rivals(operation.path):
        if other := spec.by_key.get(f"{operation.method} {template}"):
            yield other


def methods_at(spec: Spec, path: str) -> list[str]:
    """The methods that the document has for a path, by whichever template, each once."""
    return list(dict.fromkeys(operation.method for operation in operations_at(spec, path)))


def served_at(spec: Spec, path: str) -> list[str]:
    """The methods that a service may serve there: those, and HEAD for GET (RFC 9110 §9.3.2)."""
    methods = methods_at(spec, path)
    return list(dict.fromkeys([*methods, *["HEAD"] * ("GET" in methods)]))


def shape_of(template: str) -> str:
    """A template without the names of its parameters: what tells it from others (3.1 §4.8.8)."""
    return _PARAMETER.sub("{}", template)
