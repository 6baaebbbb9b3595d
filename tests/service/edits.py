"""Which calls a fault applies to, and what it does to an answer: small parts that faults are put together from."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from .fault import Answer, Call, Edit
from .models import Status

Data = dict[str, Any]
Test = Callable[[Call], bool]


def get(test: Test) -> Test:
    return lambda call: call.method == "GET" and test(call)


def in_state(*states: Status) -> Test:
    return get(lambda call: call.state in states)


known, final = in_state(*Status), in_state(Status.CLOSED, Status.ERROR, Status.TIMED_OUT)
active, closed, error = in_state(Status.ACTIVE), in_state(Status.CLOSED), in_state(Status.ERROR)
unknown = get(lambda call: call.state is None)
again = get(lambda call: call.number > 1)
final_again = get(lambda call: call.number > 1 and final(call))


def body(change: Callable[[Data], object]) -> Edit:
    def edit(_call: Call, answer: Answer) -> Answer:
        data = answer.data
        change(data)
        return answer.with_data(data)

    return edit


def put(**values: Any) -> Edit:
    return body(lambda data: data.update(values))


def drop(name: str) -> Edit:
    return body(lambda data: data.pop(name))


def mapped(name: str, function: Callable[[Any], Any]) -> Edit:
    """Nulls stay as they are."""
    return body(lambda data: data.update({name: data[name] if data[name] is None else function(data[name])}))


def moved(amount: timedelta, *names: str) -> Edit:
    def change(data: Data) -> None:
        for name in names:
            if data[name] is not None:
                moved_time = datetime.fromisoformat(data[name]) + amount
                data[name] = moved_time.isoformat().replace("+00:00", "Z")

    return body(change)


def raw(change: Callable[[bytes], bytes]) -> Edit:
    return lambda _call, answer: replace(answer, body=change(answer.body))


def text(change: Callable[[str], str], encoding: str = "utf-8") -> Edit:
    return raw(lambda content: change(content.decode()).encode(encoding))


def typed(media: bytes) -> Edit:
    return lambda _call, answer: answer.without(b"content-type").adding(b"content-type", media)


def then(*edits: Edit) -> Edit:
    def edit(call: Call, answer: Answer) -> Answer:
        for one in edits:
            answer = one(call, answer)
        return answer

    return edit


def with_status(status: int) -> Edit:
    return lambda _call, answer: replace(answer, status=status)


def problem(status: int, message: str) -> Edit:
    return lambda _call, answer: replace(answer, status=status).with_data({"status": status, "message": message})


def lived(hours_more: int) -> Edit:
    """For durations under an hour."""
    return mapped("duration", lambda value: re.sub(r"^PT(?:\d+H)?", f"PT{hours_more}H", value))


def first_detail(change: Callable[[Data], object]) -> Edit:
    return body(lambda data: change(data["detail"][0]))


def step_inserted(value: Any) -> Edit:
    return body(lambda data: data["steps"].insert(len(data["steps"]) // 2, value))
