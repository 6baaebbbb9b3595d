"""A parameter and a value to the text on the wire, in the parameter's style (OpenAPI 3.1 §4.8.12.3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from contracts.document import Parameter
from contracts.messages import JSON

_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "|"}


def spelled(parameter: Parameter, value: JSON) -> str:
    """The text of a value: of a query or cookie with its names (`a=1&a=2`), of a path or header without."""
    if parameter.media_type is not None:
        text = json.dumps(value, separators=(",", ":"))
        return (
            _named(parameter, [text])
            if parameter.location in ("query", "cookie")
            else _quoted(parameter, text)
        )
    if parameter.location in ("query", "cookie"):
        return _in_pairs(parameter, value)
    prefix, separator = {"label": (".", "."), "matrix": (f";{parameter.name}=", ";")}.get(
        parameter.style, ("", ",")
    )
    if parameter.style == "matrix" and parameter.explode and isinstance(value, list):
        return "".join(f";{parameter.name}={_quoted(parameter, plain(item))}" for item in value)
    if parameter.style == "matrix" and parameter.explode and isinstance(value, dict):
        return "".join(f";{name}={_quoted(parameter, plain(item))}" for name, item in value.items())
    joined = separator if parameter.explode and parameter.style == "label" else ","
    return prefix + joined.join(
        _quoted(parameter, text) for text in _texts(value, parameter.explode)
    )


def _in_pairs(parameter: Parameter, value: JSON) -> str:
    if isinstance(value, dict):
        if parameter.style == "deepObject":
            pairs = [(f"{parameter.name}[{name}]", plain(item)) for name, item in value.items()]
            return "&".join(
                f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs
            )
        if parameter.explode:
            return "&".join(
                f"{quote(name, safe='')}={quote(plain(item), safe='')}"
                for name, item in value.items()
            )
    if isinstance(value, list) and parameter.explode:
        return _named(parameter, [plain(item) for item in value])
    separator = _SEPARATORS.get(parameter.style, ",")
    texts = [quote(text, safe="") for text in _texts(value, False)]
    return f"{quote(parameter.name, safe='')}={separator.join(texts)}"


def _named(parameter: Parameter, texts: Sequence[str]) -> str:
    name = quote(parameter.name, safe="")
    return "&".join(f"{name}={quote(text, safe='')}" for text in texts)


def _quoted(parameter: Parameter, text: str) -> str:
    return quote(text, safe="") if parameter.location == "path" else text


def _texts(value: JSON, explode: bool) -> list[str]:
    if isinstance(value, Mapping):
        if explode:
            return [f"{name}={plain(item)}" for name, item in value.items()]
        return [text for name, item in value.items() for text in (name, plain(item))]
    if isinstance(value, list):
        return [plain(item) for item in value]
    return [plain(value)]


def plain(value: JSON) -> str:
    """A value without quotes, as it stands in a URL or header."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, separators=(",", ":"), default=str)
