"""The scanner alone: what must not be seen is found in any spelling, and whatever holds none of it stays as it is."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.exchanges.credential import Scrubber, Secret
from contracts.exchanges.secret_urls import Capabilities
from contracts.notte.domain import SECRET_URLS
from tests.run.projects import CANARY

from .encodings import BODIES, LINES, TEXTS, holds
from .places import CDP, TOKEN, URL_PLACES, WRITTEN

MARK = "$CONTRACT_CREDENTIAL"
SCRUBBER = Scrubber((Secret(CANARY, MARK),), Capabilities(SECRET_URLS, (MARK,)))


@pytest.mark.parametrize("name", [*TEXTS, *LINES])
def test_value_is_found_in_a_text(name: str) -> None:
    written = (TEXTS | LINES)[name](CANARY)
    body = f'{{"status": "before {written} after", "other": 1}}'.encode()
    assert holds(body, CANARY)
    clean = SCRUBBER.body(body)
    assert not holds(clean, CANARY)
    assert MARK.encode() in clean
    assert clean.startswith(b'{"status": "before ')
    assert clean.replace(b"\n", b"").endswith((b' after", "other": 1}', b'%s", "other": 1}' % MARK.encode()))
    assert SCRUBBER.text(body.decode()).encode() == clean


def in_digits(value: str | bytes) -> bytes:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).rstrip(b"=")


SHORTLY: tuple[Callable[[str], bytes], ...] = (
    str.encode,
    in_digits,
    lambda value: in_digits(in_digits(value)),
    lambda value: in_digits(in_digits(in_digits(value))),
    lambda value: in_digits(value.encode("utf-16-le")),
    lambda value: value.encode("utf-16-be").hex().encode(),
    lambda value: b" ".join(b"%d" % one for one in value.encode()),
)


@pytest.mark.parametrize("form", SHORTLY)
@pytest.mark.parametrize("value", ["k3yAb7Zq", "k3yAb7Zq9", "k3yAb7Zq9w"])
def test_the_shortest_value_is_found_in_the_fewest_digits(value: str, form: Callable[[str], bytes]) -> None:
    scrubber = Scrubber((Secret(value, MARK),))
    assert scrubber.body(b'{"a":"%s"}' % form(value)) == b'{"a":"%s"}' % MARK.encode()


ODDLY: dict[str, Callable[[str], str]] = {
    'pa"ss-wo"rd\'1': lambda value: value.replace('"', '""'),
    "it's-a-pa'ss-1": lambda value: value.replace("'", "''"),
    "p\u00e4ssw\u00f6rd-12": lambda value: normalize("NFD", value),
    "pa\u0308sswo\u0308rd-34": lambda value: normalize("NFC", value),
    "p\u00e4sswort-\u20ac-56": lambda value: base64.b64encode(value.encode("utf-16-le")).decode(),
    "p\u00e4sswort-\u20ac-78": lambda value: "".join(f"={byte:02X}" for byte in value.encode()),
    "90812736450192": lambda value: f"{value[0]}.{value[1:]}E13",
    "9081273645000": lambda value: "9.081273645e+12",
    "two words 9 and more": re.escape,
    "to-be-echoed-9": lambda value: "".join(f"\\0{ord(each):03o}" for each in value),
}


@pytest.mark.parametrize("value", ODDLY)
def test_an_odd_value_is_found_as_others_write_it(value: str) -> None:
    text = f"before {ODDLY[value](value)} after"
    assert Scrubber((Secret(value, MARK),)).text(text).startswith(f"before {MARK}")


@pytest.mark.parametrize("spelt", [str, str.upper, str.lower, json.dumps, lambda value: json.dumps(value.upper())])
def test_value_that_holds_escapes_is_found_in_any_case(spelt: Callable[[str], str]) -> None:
    value = 'Zk"9<&\\n/+%4a;x\\U7Q'
    assert Scrubber((Secret(value, "$KEY"),)).text(spelt(value)).strip('"') == "$KEY"


@pytest.mark.parametrize("name", BODIES)
def test_value_is_found_in_a_body(name: str) -> None:
    text = "a service says much, and means little; " * 9
    body = BODIES[name](json.dumps({"status": text, "key": CANARY, "more": text.upper()}).encode())
    assert holds(body, CANARY)
    clean = SCRUBBER.body(body)
    assert not holds(clean, CANARY)
    assert MARK.encode() in clean.replace(b"\0", b"")


def test_packed_bytes_are_withheld_and_it_is_said() -> None:
    body = BODIES["gzip"](json.dumps({"status": "active", "key": CANARY}).encode())
    expected = f'[{len(body)} packed bytes withheld; they are:]\n{{"status": "active", "key": "{MARK}"}}'
    assert SCRUBBER.body(body).decode() == expected


# What was JSON stays JSON

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    TEXTS["some JSON escapes"],
    TEXTS["JSON escapes in upper case"],
    TEXTS["percent"],
    lambda value: json.dumps({"cdp_url": value}),
    lambda value: json.dumps(json.dumps(value)),
)
ODD = (
    "canary-7f3a91c2d4",
    'pass"wo\\rd-12',
    "1234567890123",
    "p\u00e4ss-\u20ac-\U0001f511-1234",
    ':["a","b"]',
    '","x":"yz',
)
BESIDE = ("", '"', "\\", '\\"', "\\u0022", "%22", "&quot;", 'wss://h.example/a"b?\\', "\U0001f511", "n", "\u00e4")
MEMBERS = ("cdp_url", "cdpUrl", "a", 'live"view', "view")
CHARSETS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32")
BLANKS = ("", " ", "\r\n\t")


def written_in_json(text: str, every: int) -> str:
    """As a string of JSON, with every so manieth character as an escape."""
    plain = json.dumps(text, ensure_ascii=every == 1)[1:-1]
    units = re.findall(r"\\u....|\\.|.", plain, re.DOTALL)
    written = [f"\\u{ord(one):04X}" if index % every == 0 and len(one) == 1 else one for index, one in enumerate(units)]
    return f'"{"".join(one if ord(one[0]) < 0x10000 else json.dumps(one)[1:-1] for one in written)}"'


@st.composite
def json_texts(draw: st.DrawFn, secret: str, depth: int = 2) -> str:
    """A JSON text that may hold a secret anywhere, in any spelling, with members of names that are secret."""
    blank, every = draw(st.sampled_from(BLANKS)), draw(st.integers(1, 4))
    how, beside = draw(st.sampled_from(SPELLINGS)), draw(st.sampled_from(BESIDE))
    inner = json_texts(secret, depth - 1) if depth else st.just("null")
    match draw(st.integers(0, 5 if depth else 2)):
        case 0:
            return draw(st.sampled_from(["1", "-0.5e3", "true", "null", "1234567890123", "-12345678901.5e-3"]))
        case 1 | 2:
            return written_in_json(f"{beside}{how(secret)}{draw(st.sampled_from(BESIDE))}", every)
        case 3:
            return f"[{blank}{f'{blank},'.join(draw(st.lists(inner, max_size=3)))}]"
    members = [
        f"{written_in_json(draw(st.sampled_from([*MEMBERS, beside + secret])), every)}{blank}:{blank}{value}"
        for value in draw(st.lists(inner, max_size=3))
    ]
    return f"{{{f'{blank},'.join(members)}}}"


def scalars(value: Any) -> Iterator[str]:
    match value:
        case list() | tuple():
            for item in value:
                yield from scalars(item)
        case _:
            yield str(value)


@settings(max_examples=150)
@given(st.data(), st.sampled_from(ODD), st.sampled_from(CHARSETS))
def test_masked_json_is_json_without_the_secret(data: st.DataObject, secret: str, charset: str) -> None:
    body = data.draw(json_texts(secret)).encode(charset)
    json.loads(body)
    known = Scrubber((Secret(secret, MARK),), Capabilities((*SECRET_URLS, "live_view"), (MARK,)))
    masked = json.loads(known.body(body), object_pairs_hook=list)
    assert not [text for text in scalars(masked) if secret.lower() in text.lower()]


JSON_BODIES = {
    b'{"cdp_url": ["\\"", true]}': b'{"cdp_url": ["\\"", true]}',
    b'{"cdp_url": {"\\"": null, "b": "x1"}}': b'{"cdp_url": {"\\"": null, "b": "x0"}}',
    b'{"cdp_url": [123456, -1.5e300, 7]}': b'{"cdp_url": [111111, -1.1e111, 7]}',
    b'{"a": 12345678, "b": [-0.5]}': b'{"a": "$N", "b": [-0.5]}',
    b'["\\nnary-123456"]': b'["\\n$C"]',
    b'["x\\nary-1234567"]': b'["x$C"]',
    b'["true", false, {"a":"b12345"}]': b'["true", false, {"$J":"$J"}]',
    b"[[[[[]]]]]": b'"$B"',
}


@pytest.mark.parametrize("body", JSON_BODIES, ids=bytes.decode)
def test_what_of_json_is_masked(body: bytes) -> None:
    values = {"N": "12345678", "C": "nary-1234567", "J": '{"a":"b12345"}', "B": "[[[[[]]]]]"}
    known = Scrubber(Scrubber.of(values).secrets, Capabilities(SECRET_URLS, (MARK,)))
    assert known.body(body) == JSON_BODIES[body]


# URLs that are credentials


def kept_of(value: str, bodies: dict[str, str]) -> set[str]:
    """The bodies in which the value stays, or from which it is not known afterwards."""
    found = set()
    for name, body in bodies.items():
        known = Scrubber((), Capabilities(SECRET_URLS, (MARK,)))
        is_left = holds(known.body(body.encode()), TOKEN)
        if is_left or known.body(f"see {value} there".encode()) != b"see $CDP_URL there":
            found.add(name)
    return found


def test_capability_url_is_found_where_its_name_is() -> None:
    assert kept_of(CDP, {name: place(CDP) for name, place in URL_PLACES.items()}) == set()


def test_a_value_that_is_no_url_is_found_where_its_name_is() -> None:
    assert kept_of(TOKEN, {name: text.replace("%s", TOKEN) for name, text in WRITTEN.items()}) == set()


def test_in_a_list_a_url_is_found_behind_its_name() -> None:
    assert kept_of(CDP, {"a list": json.dumps(["id", "1", "cdp_url", CDP])}) == set()


@pytest.mark.parametrize(
    "text",
    [
        "cdp_url: field required",
        '{"detail": "cdp_url: field required (step2_name)"}',
        "cdp_url, viewer_url and https://docs.example/a1b2c3d4",
        "the cdp_url (see https-docs) is missing",
        "set cdp_url to step2_name, at https-docs2, // or not",
        '{"required": ["cdp_url", "step2_name"]}',
        '{"required": ["cdp_url", "id"], "also": ["https://docs.example/a1", "step2_name"]}',
        '[["cdp_url", "id"], ["name", "word"], ["", "https://docs.example/a1"], ["x"]]',
        '{"name": "cdp_url", "in": "query", "description": "a URL", "example": "https://docs.example/a1"}',
        '{"loc": ["body", "cdp_url"], "msg": "step2_name", "url": "https://docs.example/a1"}',
        "a,b\n1,cdp_url\n2,a1b2c3d4\n",
    ],
)
def test_what_is_only_near_a_name_stays(text: str) -> None:
    assert Scrubber((), Capabilities(SECRET_URLS, (MARK,))).body(text.encode()) == text.encode()


@pytest.mark.parametrize(
    "text",
    ["<cdp_url>", "cdp_url,\n\n", "cdp_url=<", "<cdp_url <", 'name="cdp_url"\r\n\r\n', "cdp_url,", 'cdp_url,"\n'],
)
def test_names_again_and_again_take_no_long(text: str) -> None:
    body = text.encode() * 5_000
    assert len(Scrubber((), Capabilities(SECRET_URLS, (MARK,))).body(body)) == len(body)


def test_known_capability_url_is_found_in_any_encoding() -> None:
    known = Scrubber((), Capabilities(SECRET_URLS, (MARK,)))
    known.body(json.dumps({"cdp_url": CDP}).encode())
    clean = {name: known.body(f'{{"x": "{encode(CDP)}"}}'.encode()) for name, encode in TEXTS.items()}
    assert {name for name, body in clean.items() if holds(body, TOKEN) and "cut" not in name} == set()


def test_known_capability_url_is_found_without_its_scheme() -> None:
    known = Scrubber((), Capabilities(SECRET_URLS, (MARK,)))
    known.body(json.dumps({"cdp_url": CDP}).encode())
    assert known.text(f"see {CDP.removeprefix('wss:')} there") == "see $CDP_URL there"
    assert known.field("Location", CDP.removeprefix("wss:")) == ("Location", "$CDP_URL")


# What is no secret

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(json_values, st.booleans())
def test_json_without_a_secret_stays(value: Any, plain: bool) -> None:
    body = json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    assert SCRUBBER.body(body) == body


@given(st.binary(max_size=2000))
def test_bytes_without_a_secret_stay(body: bytes) -> None:
    assert SCRUBBER.body(body) == body


@given(st.text())
def test_text_without_a_secret_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text


PLAIN = (
    "canary-7f3a",
    '{"token": "Y2FuYXJ5"}',
    "https://x.example/?a=%63anary",
    "cdp_url and viewer_url are null",
    '{"required": ["cdp_url", "status"], "cdp_url": null, "viewer_url": 7}',
    "    cdp_url = session.get_url()\n",
    '{"cdp_url_count": "12", "my_url": "https://docs.example/cdp"}',
)


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_text_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text
    assert SCRUBBER.body(text.encode()) == text.encode()


layers = st.lists(st.sampled_from(sorted(name for name in TEXTS if "cut" not in name)), min_size=1, max_size=2)
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_./+"
values = st.text(ALPHABET, min_size=12, max_size=40).filter(lambda value: len(set(value)) > 5)


@settings(max_examples=200)
@given(layers, values, st.text())
def test_any_value_is_found_in_any_two_encodings(names: list[str], value: str, around: str) -> None:
    written = value
    for name in names:
        written = TEXTS[name](written)
    if not holds(written.encode(), value, depth=5, least=len(value)):
        return
    scrubber = Scrubber((Secret(value, MARK),))
    body = f"{around} {written} {around}".encode()
    assert not holds(scrubber.body(body), value, depth=5) or holds(f"{around} {MARK}".encode(), value)
