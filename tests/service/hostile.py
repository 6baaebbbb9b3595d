"""A service whose answers are written for whoever reads the report: markup, commands and escapes in every field.

`hostile_report` is the `report.json` of a run against it, for the tests of every form of report.
"""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from contracts.document import read_spec
from contracts.exchanges import Ledger, Secret
from contracts.report.json_report import to_json
from contracts.run.ask import asked
from contracts.run.end import concluded
from contracts.run.givens import Givens
from contracts.run.inputs import Inputs, Target
from contracts.run.state import Budget, State

from .raw import raw_server

KEY = "canary-7f3a+b/9x"
LONG = "A long text. " * 80_000
"""A megabyte."""

TEXTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><svg/onload=alert(1)>",
    "<!--",
    "]]>",
    "| a | b |\n|---|---|",
    "`code` ```\n# a title\n```",
    "[a link](javascript:alert(1)) ![](http://evil.example/x.png)",
    "@someone #1",
    "::error::a command\n::set-output name=x::y",
    "##vso[task.complete result=Failed;]",
    "\x1b[31mred\x1b[0m\x1b]0;a title\x07\x1b[2J",
    "\r\rwritten over",
    "\u202egnp.exe\u202c",
    "\x00a null byte",
    "[bold]markup[/bold] :smile: {{ 7 * 7 }} {% raw %}",
    "=cmd|' /C calc'!A0",
    "&amp; &lt; &#x3c;",
    "\u00ad\u200b\ufeff\u2028\u2029",
    LONG,
)
"""What stands in the fields of every answer: a text a field, and all of them in its head."""

ENUM = {"type": "string", "enum": ["active", "closed"]}
FIELDS = {f"field_{number}": text for number, text in enumerate(TEXTS)}
THING: dict[str, Any] = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "maxLength": 10},
        **dict.fromkeys(FIELDS, ENUM),
        "tags": {"type": "object", "additionalProperties": ENUM},
    },
}
RESPONSES = {
    "200": {"description": "a thing", "content": {"application/json": {"schema": THING}}},
    "401": {"description": "who are you"},
    "404": {"description": "no such thing"},
}
PARAMETER = {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "string"}}
PATH = "/things/{thing_id}"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1.0"},
    "paths": {PATH: {"parameters": [PARAMETER], "get": {"security": [{"key": []}], "responses": RESPONSES}}},
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}


def head_text(text: str, most: int = 20_000) -> bytes:
    """As much of a text as the head of an answer can carry: no line's end and no null byte."""
    kept = text.encode("latin-1", "replace")[:most]
    return bytes(byte for byte in kept if byte not in b"\r\n\x00").strip()


def hostile_answer(longest: int) -> bytes:
    """A 200 with the texts in its status line, in the fields of its head, and in names and values of its body."""
    tags = {text: text for text in TEXTS[:-1]}
    values = {name: text[:longest] for name, text in FIELDS.items()}
    names = dict.fromkeys([text[:longest] for text in TEXTS], 1)
    fields = json.dumps({**values, "id": TEXTS[0], "tags": tags, **names}).encode()
    body = fields[:-1] + b", " + json.dumps({TEXTS[0]: "twice"}).encode()[1:]
    lines = (
        b"HTTP/1.1 200 " + head_text("".join(TEXTS), 2_000),
        b"Content-Type: application/json; charset=" + head_text(TEXTS[0]),
        *(b"X-Field-%d: %s" % (number, head_text(text)) for number, text in enumerate(TEXTS)),
        b"Set-Cookie: " + head_text(LONG),
        b"Content-Length: %d" % len(body),
        b"Connection: close",
    )
    return b"\r\n".join((*lines, b"", b"")) + body


@contextlib.contextmanager
def hostile_service(longest: int = len(LONG)) -> Iterator[str]:
    """The base URL of a service that has one answer to all, with texts of so many characters; to HEAD, its head."""
    answer = hostile_answer(longest)
    head = b"".join(answer.partition(b"\r\n\r\n")[:2])
    with raw_server(lambda request: head if request.startswith(b"HEAD ") else answer) as base_url:
        yield base_url


@cache
def hostile_report() -> Any:
    """The report of a run against the service, as a JSON value; the same for all, so nobody may change it."""
    spec = read_spec(json.dumps(DOCUMENT, indent=1).encode(), path="things.yaml", folder=Path())
    moment = "2026-11-24T05:00:00.000+00:00"
    with hostile_service(longest=100_000) as base_url, TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "run.jsonl")
        inputs = Inputs(spec, Target(base_url, Secret(KEY)), givens=Givens({"thing_id": ("a1", "b2")}))
        state = State(inputs, ledger, Budget(examples=4))
        for operation in spec.operations:
            asked(state, operation)
        return to_json(replace(concluded(state, finished=moment), started=moment).run)
