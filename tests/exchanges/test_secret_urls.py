"""Capability URLs come out of bodies and texts, and what is wrong with them stays to be seen."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges.credential import Scrubber
from contracts.exchanges.secret_urls import Capabilities
from contracts.messages import PLACEHOLDER
from contracts.notte.domain import SECRET_URLS


def capabilities() -> Scrubber:
    return Scrubber(capabilities=Capabilities(SECRET_URLS))


URL = "wss://cdp.example/f3-A0?token=Zk9"


def masked(value: Any) -> Any:
    return json.loads(capabilities().body(json.dumps({"a": 1, "cdp_url": value, "z": "wss://y/1"}).encode()))["cdp_url"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (URL, "wss://xxx.xxxxxxx/x0-x0?xxxxx=xx0"),
        ("https://v/%2Fé", "https://x/%00x"),
        (f"wss://h/?key={PLACEHOLDER}&a", f"wss://x/?xxx={PLACEHOLDER}&x"),
        ("no url", "xx xxx"),
        ("", ""),
        (None, None),
        (17, 17),
        (True, True),
        ([URL, 1, [URL]], ["wss://xxx.xxxxxxx/x0-x0?xxxxx=xx0", 1, ["wss://xxx.xxxxxxx/x0-x0?xxxxx=xx0"]]),
        ({"href": "a1", "more": {"n": None}}, {"href": "x0", "more": {"n": None}}),
        ("\ud800", "\ud800"),
        ('a"b\\', 'x"x\\'),
    ],
)
def test_value_keeps_its_type_and_form(value: Any, shown: Any) -> None:
    assert masked(value) == shown


@pytest.mark.parametrize("spaces", ["", " ", "\n\t"])
def test_the_rest_of_a_body_stays_as_it_is(spaces: str) -> None:
    body = f'{{"a":{spaces}"\\u0061" , "viewer_url"{spaces}:{spaces}"https:\\/\\/v.example\\/17", "a": [1.0]}} '
    expected = body.replace("https:\\/\\/v.example\\/17", "xxxxx:\\/\\/x.xxxxxxx\\/00")
    assert capabilities().body(body.encode()).decode() == expected


@pytest.mark.parametrize(
    "body", [b'{"cdp_url": "wss://h/secret', b'{"cdp_url": ["wss://h/secret', b'{"cdp_url": {"a": ']
)
def test_body_that_ends_too_early(body: bytes) -> None:
    assert b"secret" not in capabilities().body(body)


@pytest.mark.parametrize(
    "text",
    [
        URL,
        f"see {URL}.",
        json.dumps(URL),
        URL.replace("/", "\\/"),
        "wss%3A%2F%2Fcdp.example%2Ff3-A0%3Ftoken%3DZk9",
        f"({URL})",
    ],
)
def test_known_url_goes_from_everywhere(text: str) -> None:
    known = capabilities()
    known.body(json.dumps({"cdp_url": URL}).encode())
    assert "Zk9" not in known.text(text)
    assert "$CDP_URL" in known.text(text)
    assert b"Zk9" not in known.body(text.encode())


@pytest.mark.parametrize("text", [f"'a...{URL[9:]}'", f"'{URL[:-5]}...b'", "x ...0?token=Zk9"])
def test_known_url_that_was_cut_goes_too(text: str) -> None:
    known = capabilities()
    known.body(json.dumps({"cdp_url": URL}).encode())
    assert "$CDP_URL" in known.text(text)
    assert "token" not in known.text(text)
    assert known.text("...other...") == "...other..."


def test_url_beside_its_member_goes_too() -> None:
    value = {"cdp_url": URL, "steps": [{"at": URL}], "error": f"lost {URL}"}
    body = capabilities().body(json.dumps(value).encode())
    assert json.loads(body)["steps"] == [{"at": "$CDP_URL"}]
    assert json.loads(body)["error"] == "lost $CDP_URL"


@pytest.mark.parametrize("url", ["https://api.example", "https://api.example/"])
def test_root_of_a_host_is_no_secret(url: str) -> None:
    known = capabilities()
    known.body(json.dumps({"viewer_url": url}).encode())
    assert known.text(f"on {url}/sessions/1") == f"on {url}/sessions/1"


@pytest.mark.parametrize(
    "text",
    [
        f"{{'cdp_url': '{URL}'}}",
        f'b\'{{"cdp_url": "{URL}"}}\'',
        json.dumps(json.dumps({"cdp_url": URL})),
        f'{{"cdp_url":"{URL}',
        f'cdp_url = 1; "viewer_url"="{URL}" ',
    ],
)
def test_texts_that_show_a_body_are_masked(text: str) -> None:
    assert "Zk9" not in capabilities().text(text)


values = st.recursive(st.none() | st.booleans() | st.integers(-99, 999) | st.text(), lambda x: st.lists(x, max_size=3))


@given(st.dictionaries(st.sampled_from([*SECRET_URLS, "other"]), values))
def test_body_stays_what_it_was_but_for_strings(value: dict[str, Any]) -> None:
    masked = json.loads(capabilities().body(json.dumps(value).encode()))
    assert masked.keys() == value.keys()
    assert {name: shape(item) for name, item in masked.items()} == {name: shape(item) for name, item in value.items()}
    secret = texts([item for name, item in value.items() if name != "other"])
    if not secret & texts(value.get("other")):  # else it is taken out wherever it stands
        assert masked.get("other") == value.get("other")


def texts(value: Any) -> set[str]:
    if isinstance(value, list):
        return set[str]().union(*map(texts, value))
    return {value} if isinstance(value, str) else set()


def shape(value: Any) -> Any:
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value) if isinstance(value, str) else value


def test_placeholders_of_all_credentials_stay_in_a_masked_url() -> None:
    capabilities = Capabilities(("cdp_url",), ("$KEY", "$KEY_OF_B"))
    masked = capabilities.masked(b"wss://h.example/$KEY/$KEY_OF_B?a=b1")
    assert masked == b"wss://x.xxxxxxx/$KEY/$KEY_OF_B?x=x0"


def test_words_of_our_own_teach_nothing() -> None:
    """A curl whose body was cut behind the name of a member ends with the URL of the service."""
    known = capabilities()
    known.text("""--data-raw '{"cdp_url":' http://127.0.0.1:8000/things/a1""")
    assert known.text("see http://127.0.0.1:8000/things/a1") == "see http://127.0.0.1:8000/things/a1"
    assert known.body(f'{{"cdp_url": "{URL}"}}'.encode()) == known.body(f'{{"cdp_url": "{URL}"}}'.encode())
    assert known.text(f"see {URL}") == "see $CDP_URL"
    assert known.text('{"cdp_url": "$CDP_URL"}') == '{"cdp_url": "$CDP_URL"}'
