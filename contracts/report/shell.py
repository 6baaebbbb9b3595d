"""A probe to a command for a shell, which sends it again and holds no credential."""

import base64
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from contracts.document import Spec
from contracts.exchanges.client import OUR_HEADERS
from contracts.exchanges.credential import Secret, with_credential
from contracts.messages import CREDENTIAL_FORMS, Headers, Probe, Request
from contracts.text import printable

MAX_WORD = 100_000  # bytes that a word of a command may have on every system
MARK = "CREDENTIAL0"  # stands, with a number, for one in a command; no encoding changes it


def curl(
    spec: Spec,
    probe: Probe,
    base_url: str | None,
    variables: Headers = (),
    options: Sequence[str] = (),
    own: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A probe as a command for a POSIX shell; the credential is in the variable of `spec`.

    It sends what the suite does, fields of its own included. `variables` are of headers of every
    request that does not withhold them, `options` are further words, already quoted. `own` says
    what the shell reads where each of these marks stands.
    """
    variables = tuple(field for field in variables if field[0].lower() not in probe.withheld)
    request, marks = _marked(spec, probe)
    words = ["curl", "-sS", "-i", "--path-as-is"]
    if request.method == "HEAD" and request.body is None:
        words.append("--head")
    elif request.method != "GET" or request.body is not None:
        words += ["-X", request.method]
    for line in _fields(request, {name.lower() for name, _ in variables}):
        words += ["-H", _quoted(line, {**marks, **own}, "latin-1")]
    for name, variable in variables:
        words += ["-H", f'"{name}: ${variable}"']
    url = f"{(base_url or 'http://mock').rstrip('/')}{request.target}"
    words += ["--compressed", *options, *["--http1.1"] * url.startswith("https:")]
    if re.search(r"[][{}]", url):
        words.append("--globoff")
    if request.body is not None:
        text = request.body.decode("utf-8", "replace")
        plain = printable(text) == text and "\N{REPLACEMENT CHARACTER}" not in text
        if plain and len(request.body) < MAX_WORD:
            words += ["--data-raw", shlex.quote(text)]
        else:  # bytes that are no printable text, or too many, come by a pipe
            words = ["printf", f"'{_octal(request.body)}'", "|", *words, "--data-binary", "@-"]
    for mark, expansion in marks.items():
        percent = "od -An -v -tx1 | tr -d ' \\n' | sed 's/../%&/g'"
        marks[mark] = f'$(printf %s "{expansion}" | {percent})'
    return " ".join([*words, _quoted(url, {**marks, **own})])


def _marked(spec: Spec, probe: Probe) -> tuple[Request, dict[str, str]]:
    """The request with a mark for each credential, and what a shell reads in place of the marks."""
    form, marks, secrets = CREDENTIAL_FORMS[probe.credential], dict[str, str](), {}
    for number, placeholder in enumerate(dict.fromkeys(spec.placeholders)):
        name = placeholder.removeprefix("$")
        mark, shell = f"{number}{MARK}", "$NAME"
        secrets[name] = Secret(mark)
        if form.shell is not None and not probe.part:
            mark, shell = form.value(mark), form.shell
        marks[mark] = shell.replace("NAME", name)
    return with_credential(probe, spec, secrets), marks


def _fields(request: Request, others: Collection[str]) -> Iterator[str]:
    """Header fields for curl, but for `others`; those that it would send of itself are replaced."""
    for name, value in request.headers:
        if name.lower() not in others:
            yield f"{name}: {value}" if value else f"{name};"
    own = {"Accept": "", **dict(OUR_HEADERS)}
    if request.body is not None:
        own["Content-Type"] = ""
        if len(request.body) > 1000:
            own["Expect"] = ""
    for name, value in own.items():
        if request.header(name) is None and name.lower() not in others:
            yield f"{name}: {value}".strip()


def _quoted(text: str, marks: Mapping[str, str], encoding: str = "utf-8") -> str:
    """Quoted for a POSIX shell; `marks` have what the shell reads where each of them stands."""
    if not text.isascii() or printable(text) != text:
        return f"\"$(printf '{_octal(text.encode(encoding))}')\""
    # In double quotes a shell that somebody types into reads ! as a word of its history.
    plain = escaped = re.sub(r'([\\"`$])', r"\\\1", text).replace("!", "\"'!'\"")
    for mark, expansion in marks.items():
        basic = base64.b64encode(f"{mark}:".encode()).decode()
        colon = f'$(case "{expansion}" in (*:*) ;; (*) printf : ;; esac)'
        encoded = f"$(printf %s \"{expansion}{colon}\" | base64 | tr -d '\\n')"
        escaped = escaped.replace(basic, encoded).replace(mark, expansion)
    return shlex.quote(text) if escaped == plain else f'"{escaped}"'


def _octal(data: bytes) -> str:
    """For printf: bytes that it and the shell leave alone, the others as octal escapes."""
    return re.sub(rb"[^!-~]|[%\\'!#]|^-", lambda byte: b"\\%03o" % byte[0][0], data).decode("ascii")
