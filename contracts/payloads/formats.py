"""The formats of JSON Schema and OpenAPI that strings are made for, each as the forms that its texts take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from contracts.payloads.regexes import Node, Pick, parse, sequenced


@dataclass(frozen=True, slots=True)
class Rendered:
    """Numbered texts of one length, drawn by their number."""

    count: int
    text_of: Callable[[int], str]
    least: int
    most: int

    def draw(self, pick: Pick, spare: int, groups: dict[int, str]) -> str:
        return self.text_of(pick(0, self.count - 1))


def day(number: int) -> str:
    return date.fromordinal(FIRST_DAY + number).isoformat()


def second(number: int) -> str:
    return f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"


def form(*parts: str | Node) -> Node:
    """One form of a format, of patterns and other nodes."""
    return sequenced([parse(part) if isinstance(part, str) else part for part in parts])


FIRST_DAY = date(2016, 1, 1).toordinal()
DATE = Rendered(12 * 365, day, 10, 10)
TIME = Rendered(24 * 3600, second, 8, 8)
FRACTION = Rendered(10**6, ".{:06}".format, 7, 7)
HEX = "[0-9a-f]"
FORMS: dict[str, tuple[str | Node, ...]] = {
    "date-time": (
        form(DATE, "T", TIME, "Z"),
        form(DATE, "T", TIME, "[+-]0[1-9]:[03]0"),
        form(DATE, "T", TIME, FRACTION, "Z"),
    ),
    "date": (DATE,),
    "time": (form(TIME, "Z"), form(TIME, FRACTION, r"\+0[1-9]:30")),
    "duration": (
        "PT[1-9][0-9]?M",
        "P[1-9]D",
        "PT[1-9]H[0-9]M[1-5]?[0-9]S",
        "P[1-9]W",
        "P[1-9]Y[1-9]M[1-9]DT[1-9]H",
    ),
    "email": (
        r"[a-z]{1,12}@example\.(com|org)",
        r"[a-z]+\.[a-z]{1,8}\+[a-z0-9]{1,8}@mail\.example\.com",
    ),
    "idn-email": (r"[a-z]{1,12}@example\.com", r"(jörg|用户|[a-z]+)@(bücher|例え)\.example"),
    "uuid": (f"{HEX}{{8}}-{HEX}{{4}}-4{HEX}{{3}}-[89ab]{HEX}{{3}}-{HEX}{{12}}",),
    "uri": (
        r"https://example\.com/[a-z]*",
        r"https://[a-z]{1,8}\.example\.org:8443/[a-z0-9/]+\?[a-z]=%20#[a-z]*",
        "urn:[a-z]{2,8}:[a-z0-9]+",
    ),
    "uri-reference": ("/[a-z]*", r"\.\./[a-z]+\?[a-z]=1", r"https://example\.com/[a-z]*", "#?"),
    "iri": (r"https://example\.com/[a-z]*", r"https://bücher\.example/[a-zéü]+"),
    "iri-reference": ("/[a-zéü]*", r"https://bücher\.example/[a-z]*"),
    "hostname": (
        r"[a-z]{1,12}\.example\.com",
        r"([a-z0-9]{1,12}\.)*[a-z]{2,5}",
        r"[a-z]+-[a-z0-9]+\.example\.org",
    ),
    "idn-hostname": (r"[a-z]{1,12}\.example\.com", r"(bücher|例え)\.example"),
    "ipv4": (r"192\.0\.2\.([1-9]?[0-9]|1[0-9]{2})", r"(10|127)\.0\.0\.[1-9]"),
    "ipv6": (
        f"2001:db8::{HEX}{{1,4}}",
        "::1",
        f"2001:db8(:{HEX}{{4}}){{6}}",
        r"::ffff:192\.0\.2\.[1-9]",
    ),
    "json-pointer": ("(/[a-z0-9]{1,6})*", "/(~0|~1|é)[a-z]*/0"),
    "relative-json-pointer": ("[0-3](/[a-z]{1,6})*", "[0-3]#"),
    "regex": (r"\^?[a-z]+[*+?]?\$?", r"\[[a-z]-z\]\{1,[2-9]\}"),
    "uri-template": (r"https://example\.com/[a-z]*(/\{[a-z]+\})?", r"/[a-z]+\{\?[a-z]+,[a-z]+\}"),
    "byte": ("([A-Za-z0-9+/]{4})*", "[A-Za-z0-9+/]{3}="),
}
"""Forms are covered one by one; their letters are not. A format that is not here allows any string."""

FORMATS = {name: tuple(form(part) for part in forms) for name, forms in FORMS.items()}
