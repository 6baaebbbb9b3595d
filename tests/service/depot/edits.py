"""What becomes of an answer: an edit is a function from an answer to another."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..fault import Answer
from .reading import Node

Change = Callable[[Answer], Answer]
PAGE = "<!doctype html><title>No</title><p>Nothing here"


def put(pointer: str, value: Any) -> Change:
    """With a value in the body, where there is a place for it; `*` stands for every item."""
    return _changing(pointer, lambda holder, name: holder.update({name: value}))


def drop(pointer: str) -> Change:
    return _changing(pointer, lambda holder, name: holder.pop(name, None))


def _changing(pointer: str, change: Callable[[Any, str], object]) -> Change:
    def edit(answer: Answer) -> Answer:
        data = answer.data
        _change(data, pointer.split("/")[1:], change)
        return answer.with_data(data)

    return edit


def _change(data: Any, segments: list[str], change: Callable[[Any, str], object]) -> None:
    name, *below = segments
    if name == "*":
        for one in data:
            _change(one, below, change)
    elif not below:
        change(data, name)
    elif isinstance(data.get(name), dict | list):
        _change(data[name], below, change)


def whole(change: Callable[[Any], Any]) -> Change:
    """With another value for a body."""
    return lambda answer: answer.with_data(change(answer.data))


def field(name: str, *values: str) -> Change:
    """With these values of a header field, none to leave it out."""

    def edit(answer: Answer) -> Answer:
        answer = answer.without(name.encode())
        for value in values:
            answer = answer.adding(name.encode(), value.encode("latin-1"))
        return answer

    return edit


def media(*names: str) -> Change:
    return field("content-type", *names)


def status(number: int) -> Change:
    return lambda answer: replace(answer, status=number)


def text(change: Callable[[str], str]) -> Change:
    return lambda answer: replace(answer, body=change(answer.body.decode()).encode())


def then(*edits: Change) -> Change:
    def edit(answer: Answer) -> Answer:
        for one in edits:
            answer = one(answer)
        return answer

    return edit


def line(change: Callable[[Node], object]) -> Change:
    """With something done to the second line of JSON."""

    def edit(body: str) -> str:
        first, second, *others = body.splitlines()
        data = json.loads(second)
        change(data)
        return "\n".join([first, json.dumps(data), *others]) + "\n"

    return text(edit)


def event(data: str) -> Change:
    """With other data in the first event."""

    def edit(body: str) -> str:
        before, word, rest = body.partition("data: ")
        return before + word + data + rest[rest.index("\n") :]

    return text(edit)


def echoed(answer: Answer, sent: Mapping[str, str]) -> Answer:
    """With the credential in a header field."""
    given = sent.get("authorization") or sent.get("x-depot-key") or ""
    return answer.adding(b"X-Seen", given.encode("latin-1"))


HTML = then(media("text/html"), text(lambda _: PAGE))
