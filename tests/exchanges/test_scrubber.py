"""Texts without secrets, and texts that any terminal and any file can hold."""

import base64
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges.credential import Scrubber, Secret
from contracts.run.outputs import scrub_logs, scrub_test_report
from contracts.text import map_texts, printable, well_formed

KEY = "key/5a+b-secret"
SCRUBBER = Scrubber.of({"NOTTE_API_KEY": KEY, "GATEWAY_KEY": "open sesame", "EMPTY": "", "SHORT": "abc"})


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        pytest.param(f"Bearer {KEY}", "Bearer $NOTTE_API_KEY", id="as it is"),
        pytest.param(f"/?k={quote(KEY, safe='')}&", "/?k=$NOTTE_API_KEY&", id="for a URL"),
        pytest.param("X: open sesame", "X: $GATEWAY_KEY", id="another"),
        pytest.param(f"open sesame, {KEY}", "$GATEWAY_KEY, $NOTTE_API_KEY", id="both"),
        pytest.param("abc", "abc", id="too short"),
        pytest.param("nothing", "nothing", id="none"),
    ],
)
def test_name_of_the_variable_stands_in_place_of_its_value(text: str, scrubbed: str) -> None:
    assert SCRUBBER.text(text) == scrubbed


def test_base64_is_taken_out() -> None:
    assert base64.b64encode(KEY.encode()).decode().rstrip("=") not in SCRUBBER.text(
        base64.b64encode(KEY.encode()).decode()
    )


@pytest.mark.parametrize(
    ("value", "common", "found"),
    [
        pytest.param("1234567", "", False, id="seven characters"),
        pytest.param("12345678", "", True, id="eight"),
        pytest.param("a:b", "", False, id="a short user and password"),
        pytest.param("me:pa55word", "", True, id="user and password"),
        pytest.param("sessions", '{"paths": {"/Sessions": {}}}', False, id="a word of the document"),
        pytest.param("bearer", "", False, id="the name of a scheme"),
        pytest.param("Application", "", False, id="of a media type, in another case"),
        pytest.param("Unauthorized", "", False, id="a reason phrase"),
        pytest.param("Exchange", "", False, id="a word of our lines"),
        pytest.param("hunter2-hunter2", '{"paths": {"/Sessions": {}}}', True, id="none of these"),
    ],
)
def test_what_says_nothing_where_it_stands_is_not_looked_for(value: str, common: str, found: bool) -> None:
    secret = Secret(value, "$KEY", common)
    written = [
        value,
        quote(value, safe=""),
        base64.b64encode(value.encode()).decode(),
        value.encode("utf-16-le").decode(),
    ]
    scrubbed = [Scrubber((secret,)).text(text) for text in written[:3]]
    assert [text != before for text, before in zip(scrubbed, written[:3], strict=True)] == [found] * 3
    assert (Scrubber((secret,)).body(written[3].encode()) != written[3].encode()) is found
    assert bool(secret.unlooked) is not found
    assert value not in secret.unlooked


def test_form_of_a_credential_that_is_a_word_stays() -> None:
    """Cut short it is the name of a property: that alone is not looked for."""
    secret = Secret("sessions1", "$KEY", '{"properties": {"sessions": {}}}')
    assert Scrubber((secret,)).text("sessions and sessions1") == "sessions and $KEY"


def test_longer_value_goes_first() -> None:
    assert Scrubber.of({"A": "secret", "B": "secret-longer"}).text("secret-longer") == "$B"


def test_repr_hides_the_values() -> None:
    assert KEY not in repr(SCRUBBER)


@given(st.text())
def test_printable_is_one_line_of_printable_characters(text: str) -> None:
    assert printable(text).isprintable()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_text_stays(text: str) -> None:
    assert printable(text) == text


@given(st.text())
def test_well_formed_text_can_be_written(text: str) -> None:
    well_formed(text).encode("utf-8")


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_well_formed_text_stays(text: str) -> None:
    assert well_formed(text) == text


def test_every_text_of_a_value_is_changed() -> None:
    value = {"a1": ["b", {"c-": 1, "d d": None}], "its_own": True}
    assert map_texts(value, str.upper) == {"A1": ["B", {"C-": 1, "D D": None}], "its_own": True}


def test_report_of_a_test_is_scrubbed() -> None:
    report: Any = SimpleNamespace(
        longrepr=f"key = '{KEY}'", sections=[("Captured", KEY)], user_properties=[("seen", KEY)]
    )
    scrub_test_report(report, SCRUBBER.text)
    assert (report.longrepr, report.sections) == ("key = '$NOTTE_API_KEY'", [("Captured", "$NOTTE_API_KEY")])
    assert report.user_properties == [("seen", "$NOTTE_API_KEY")]


def test_reason_of_a_skip_is_scrubbed() -> None:
    report: Any = SimpleNamespace(longrepr=("file", 1, f"Skipped: {KEY}"), sections=[], user_properties=[])
    scrub_test_report(report, SCRUBBER.text)
    assert report.longrepr == ("file", 1, "Skipped: $NOTTE_API_KEY")


@pytest.mark.parametrize("longrepr", [None, SimpleNamespace(x=1)], ids=["none", "without a secret"])
def test_report_without_a_secret_stays(longrepr: object) -> None:
    report: Any = SimpleNamespace(longrepr=longrepr, sections=[], user_properties=[])
    scrub_test_report(report, SCRUBBER.text)
    assert report.longrepr is longrepr


@pytest.fixture
def scrubbed_logs() -> Iterator[None]:
    undo = scrub_logs(SCRUBBER.text)
    yield
    undo()


@pytest.mark.usefixtures("scrubbed_logs")
@pytest.mark.parametrize("args", [("%s and %d", KEY, 1), (f"{KEY} and 1",)], ids=["argument", "message"])
def test_log_record_is_scrubbed(args: tuple[Any, ...], caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("mine").warning(*args)
    assert [record.getMessage() for record in caplog.records] == ["$NOTTE_API_KEY and 1"]


@pytest.mark.usefixtures("scrubbed_logs")
def test_log_record_without_a_secret_keeps_its_arguments(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("mine").warning("%s", 1)
    assert caplog.records[0].args == (1,)


@pytest.mark.usefixtures("scrubbed_logs")
def test_wrong_logging_call_is_logging_s_to_report() -> None:
    record = logging.getLogRecordFactory()("mine", logging.INFO, "file", 1, "%d", ("x",), None)
    assert record.args == ("x",)


@pytest.mark.parametrize("cut", ["YW5uOnBhc3Mt", "cGFzcy03ZjNhOTF", "OTFjMmQ0Kzgx"])
def test_a_part_of_a_password_is_found_where_an_encoding_is_cut(cut: str) -> None:
    """`ann:pass-`, `pass-7f3a91` and `91c2d4+81`, of which the second is the beginning of the password."""
    secret = Secret("ann:pass-7f3a91c2d4+81", "$KEY", "", ("pass-7f3a91c2d4+81",))
    assert Scrubber((secret,)).text(f"x {cut}= y") == "x $KEY= y"


def test_a_cookie_with_a_plus_is_found_however_it_was_read() -> None:
    secret = Secret("k-live-9f8e7d6c 5b/4a32", "$KEY", "")
    assert Scrubber((secret,)).text(f"x {base64.b64encode(b'7d6c+5b/4a32').decode()} y") == "x $KEY y"
