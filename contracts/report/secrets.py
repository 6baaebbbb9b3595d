"""What stands for a secret in what people read: the name of its variable, in a curl command, a text, a log."""

from __future__ import annotations

import base64
import logging
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contracts.document import Spec
from contracts.exchanges.credential import Secret, with_credential
from contracts.messages import CREDENTIAL_FORMS, Headers, Probe

MARK = "0CREDENTIAL0"
"""Stands for the credential while a command is put together; made of characters that no encoding changes."""


def scrub_test_report(report: Any, scrub: Callable[[str], str]) -> None:
    """Take secrets out of what pytest shows of a test: the traceback with its locals, the captured output, and what
    stands beside it in a JUnit file."""
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = (path, line, scrub(reason))
    elif report.longrepr is not None and (text := scrub(before := str(report.longrepr))) != before:
        report.longrepr = text
    report.sections = [(title, scrub(content)) for title, content in report.sections]
    for index, (name, value) in enumerate(report.user_properties):
        if isinstance(value, str):
            report.user_properties[index] = (name, scrub(value))


def scrub_logs(scrub: Callable[[str], str]) -> Callable[[], None]:
    """From now on no log record holds a secret (httpx2 logs URLs, httpcore2 headers); returns the way back."""
    make = logging.getLogRecordFactory()

    def make_scrubbed(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        try:
            message = shown = record.getMessage()
        except (TypeError, ValueError):
            return record  # a mistake in somebody's logging call, which logging itself reports
        if record.name.startswith("httpcore2"):  # its answer's body nobody knows yet
            shown = message.partition("return_value=")[0]
        if (scrubbed := scrub(shown)) != message:
            record.msg, record.args = scrubbed, None
        return record

    logging.setLogRecordFactory(make_scrubbed)
    return lambda: logging.setLogRecordFactory(make)


def curl(spec: Spec, probe: Probe, base_url: str | None, header_variables: Headers = ()) -> str:
    """A probe as a command for a POSIX shell; it reads the credential from the environment variable that `spec` names.

    `header_variables` are headers that every request has, each with the variable that holds its value.
    """
    operation, form = spec.by_key[probe.operation], CREDENTIAL_FORMS[probe.credential]
    request = with_credential(probe.request, probe.credential, operation, spec, Secret(MARK))
    shell = _Shell(MARK, spec.placeholder)
    if form.shell is not None:
        shell = _Shell(form.value(MARK), form.shell.replace("NAME", spec.variable))
    words = ["curl", "-sS", "-i", "--path-as-is"]
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != "GET" or request.body is not None:
        words += ["-X", request.method]
    for name, value in request.headers:
        words += ["-H", shell.quoted(f"{name}: {value}" if value else f"{name};", "latin-1")]
    for name, variable in header_variables:
        words += ["-H", f'"{name}: ${variable}"']
    url = f"{(base_url or 'http://mock').rstrip('/')}{request.target}"
    if re.search(r"[][{}]", url):
        words.append("--globoff")
    if request.body is not None:
        if request.header("content-type") is None:
            words += ["-H", "'Content-Type:'"]  # or curl would send one of its own
        text = request.body.decode("utf-8", "replace")
        if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text:
            words += ["--data-raw", shlex.quote(text)]
        else:  # bytes that are no printable text come by a pipe
            words = ["printf", f"'{_octal(request.body)}'", "|", *words, "--data-binary", "@-"]
    return " ".join([*words, shell.quoted(url)])


@dataclass(frozen=True, slots=True)
class _Shell:
    """Quotes for a POSIX shell; `expansion` is what the shell reads where `mark` stands."""

    mark: str
    expansion: str

    def quoted(self, text: str, encoding: str = "utf-8") -> str:
        if not (text.isascii() and text.isprintable()):
            return f"\"$(printf '{_octal(text.encode(encoding))}')\""
        basic = base64.b64encode(f"{self.mark}:".encode()).decode()
        if self.mark not in text and basic not in text:
            return shlex.quote(text)
        escaped = re.sub(r'([\\"`$])', r"\\\1", text)
        encoded = f"$(printf '%s:' \"{self.expansion}\" | base64 | tr -d '\\n')"
        return f'"{escaped.replace(basic, encoded).replace(self.mark, self.expansion)}"'


def _octal(data: bytes) -> str:
    """For printf: bytes that it and the shell leave alone, the others as octal escapes."""
    return re.sub(rb"[^!-~]|[%\\']", lambda byte: b"\\%03o" % byte[0][0], data).decode("ascii")
