"""Odd values, which a service refuses or takes, and the requests that carry one at a time."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.document import Operation
from contracts.document.serialisation import encoded, fill_raw_path, match_path
from contracts.messages import Request
from contracts.schemas.claims import CLIENT_FIELDS

EDGE_STRINGS = (
    ("a percent-encoded slash", "a/b"),
    ("an encoded slash at the end", "a/"),
    ("a percent-encoded NUL", "a\x00b"),
    ("a control character", "a\x1fb"),
    ("white space", " "),
    ("white space around", " a "),
    ("a tab and a line feed", "a\t\nb"),
    ("two hundred characters", "a" * 200),
    ("four thousand characters", "a" * 4000),
    ("a letter beyond ASCII", "é"),
    ("an emoji", "\U0001f600"),
    ("a right-to-left override", "a\u202eb"),
    ("a combining character", "e\u0301"),
    ("a full-width digit", "\uff11"),
    ("a percent sign", "100%"),
    ("a doubly encoded slash", "a%2Fb"),
    ("a quote and a comment, like SQL", "' OR 1=1 --"),
    ("angle brackets, like HTML", "<script>alert(1)</script>"),
    ("braces, like a template", "{{7*7}}"),
    ("a shell's substitution", "$(id)"),
    ("dots and backslashes, like a path", "..\\..\\boot.ini"),
    ("three dots", "..."),
    ("a question mark and a hash", "a?b#c"),
    ("null as text", "null"),
    ("undefined as text", "undefined"),
    ("a negative number", "-1"),
    ("a number beyond 64 bits", "9" * 30),
)
"""What it is, and the text before percent-encoding. None is `..`, which reaches another route."""

MALFORMED_PATHS = (
    ("a byte that is no UTF-8", "%FF"),
    ("an overlong encoding of a slash", "%C0%AF"),
    ("a surrogate encoded as UTF-8", "%ED%A0%80"),
    ("lower-case hex digits", "%c3%a9"),
)
"""Path values, as on the wire, that percent-encoding allows and UTF-8 does not (RFC 3986 §2.5)."""

HEADER_VALUES = (
    ("an empty value", ""),
    ("four thousand characters", "a" * 4000),
    ("a byte beyond ASCII", "caf\xe9"),
    ("a quote and a comment, like SQL", "' OR 1=1 --"),
    ("angle brackets, like HTML", "<script>alert(1)</script>"),
    ("a look-up, like a logger's", "${jndi:ldap://127.0.0.1/a}"),
    ("a comma", "a, b"),
    ("null as text", "null"),
)

UNDECLARED_QUERIES = (
    ("a query parameter that nobody declared", "undeclared=%F0%9F%98%80"),
    ("a query parameter without a name", "=a"),
)


def edge_requests(operation: Operation, base: Request) -> Iterator[tuple[str, Request]]:
    """`base` with one odd value at a time, each with what it is about."""
    raw = match_path(operation.path, base.path) or {}
    values = [*((about, encoded(text)) for about, text in EDGE_STRINGS), *MALFORMED_PATHS]
    for name in raw:
        for about, value in values:
            path = fill_raw_path(operation.path, {**raw, name: value})
            yield f"{about} in {name}", base.with_path(path)
    for about, query in UNDECLARED_QUERIES:
        pairs = "&".join(filter(None, (base.query, query)))
        yield about, replace(base, target=f"{base.path}?{pairs}")
    for parameter in operation.parameters:
        name = parameter.name
        if parameter.location == "header" and name.lower() not in CLIENT_FIELDS:
            for about, value in HEADER_VALUES:
                yield f"{about} in {name}", base.with_field(name, value)
            yield f"{name} sent twice", base.with_field(name, "a", "b")
