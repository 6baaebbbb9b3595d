"""A probe as a curl command that a person can repeat, with the credential's variable in its place."""

from __future__ import annotations

import base64
import re
import shlex
from dataclasses import dataclass

from contracts.document import Spec
from contracts.document.security import FORMS
from contracts.exchanges.credential import Secret, with_credential
from contracts.messages import Headers, Probe, Request

MARK = "0CREDENTIAL0"
"""Stands for the credential while a command is put together; made of characters that no encoding changes."""


@dataclass(frozen=True, slots=True)
class Shell:
    """Quotes for a POSIX shell; `expansion` is what the shell reads where `mark` stands."""

    mark: str
    expansion: str

    def quoted(self, text: str, encoding: str = "utf-8") -> str:
        if not (text.isascii() and text.isprintable()):
            return f"\"$(printf '{_octal(text.encode(encoding))}')\""
        basic = base64.b64encode(f"{self.mark}:".encode()).decode()
        if self.mark not in text and basic not in text:
            return shlex.quote(text)
        escaped = "".join(f"\\{c}" if c in '\\"`$' else c for c in text)
        encoded = f"$(printf '%s:' \"{self.expansion}\" | base64 | tr -d '\\n')"
        return f'"{escaped.replace(basic, encoded).replace(self.mark, self.expansion)}"'


def curl(spec: Spec, probe: Probe, base_url: str | None, header_variables: Headers = ()) -> str:
    """The command, for a POSIX shell; it reads the credential from the environment variable that `spec` names.

    `header_variables` are headers that every request has, each with the variable that holds its value.
    """
    request = with_credential(
        probe.request, probe.credential, spec.by_key[probe.operation], spec, Secret(MARK)
    )
    form = FORMS[probe.credential]
    shell = Shell(MARK, spec.placeholder)
    if form.shell is not None:
        shell = Shell(form.value(MARK), form.shell.replace("NAME", spec.variable))
    words = ["curl", "-sS", "-i", "--path-as-is", *_method(request)]
    for name, value in request.headers:
        words += ["-H", shell.quoted(f"{name}: {value}" if value else f"{name};", "latin-1")]
    for name, variable in header_variables:
        words += ["-H", f'"{name}: ${variable}"']
    url = f"{(base_url or 'http://mock').rstrip('/')}{request.target}"
    if re.search(r"[][{}]", url):
        words.append("--globoff")
    if request.body is None:
        return " ".join([*words, shell.quoted(url)])
    if request.header("content-type") is None:
        words += ["-H", "'Content-Type:'"]  # or curl would send one of its own
    source, body = _body(request.body)
    return " ".join([*source, *words, *body, shell.quoted(url)])


def _method(request: Request) -> list[str]:
    if request.method == "HEAD":
        return ["--head"]
    return [] if request.method == "GET" and request.body is None else ["-X", request.method]


def _body(body: bytes) -> tuple[list[str], list[str]]:
    """What comes before curl, and its words: bytes that are no printable text come by a pipe."""
    text = body.decode("utf-8", "replace")
    if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text:
        return [], ["--data-raw", shlex.quote(text)]
    return ["printf", f"'{_octal(body)}'", "|"], ["--data-binary", "@-"]


def _octal(data: bytes) -> str:
    """For printf: bytes that it and the shell leave alone, the others as octal escapes."""
    return "".join(chr(b) if 32 < b < 127 and chr(b) not in "%\\'" else f"\\{b:03o}" for b in data)
