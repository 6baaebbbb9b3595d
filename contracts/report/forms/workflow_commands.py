"""Texts to workflow commands of GitHub Actions, which nothing in them can end."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.text import printable


def workflow_command(name: str, properties: Iterable[tuple[str, str]], lines: Iterable[str]) -> str:
    """The command on one line of a log; its message has several."""
    fields = ",".join(f"{key}={_property(value)}" for key, value in properties)
    return f"::{name} {fields}::{'%0A'.join(map(_data, lines))}"


def _data(text: str) -> str:
    """A line of a message; GitHub reads `%0A` and the like in it."""
    return printable(text).replace("%", "%25")


def _property(text: str) -> str:
    """A property, which a comma or a colon would end."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
