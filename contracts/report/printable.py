"""Texts that can't be shown, or held by a file, to texts that can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.text import printable as printable


def well_formed(text: str) -> str:
    """The text with the escapes of halves of surrogate pairs, which a service can send and no file can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with all its texts changed, names of members as well."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): map_texts(item, change) for name, item in value.items()}
    return value
