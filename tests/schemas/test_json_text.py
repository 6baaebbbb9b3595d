"""Bodies are read as RFC 8259 says, and never make the reader fall over."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.schemas.json_text import decode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"null", None),
        (b' {"a": [1, -0, 0.5e1]}\r\n\t', {"a": [1, 0, 5.0]}),
        (b"-0", 0),
        ('"é\U0001f600"'.encode(), "é\U0001f600"),
        (b'"\\ud83d\\ude00\\u0000\\\\ud800"', "\U0001f600\x00\\ud800"),
        (b"1e400", Decimal("1e400")),
        (b"-1E+400", Decimal("-1e400")),
        (b"1e-400", 0.0),
        (b"9" * 5000, Decimal("9" * 5000)),
        (b"[" * 500 + b"]" * 500, json.loads("[" * 500 + "]" * 500)),
    ],
    ids=["null", "object", "minus zero", "UTF-8", "pair", "huge", "hugely negative", "tiny", "long integer", "deep"],
)
def test_a_document_is_decoded(body: bytes, value: Any) -> None:
    assert decode(body).problem is None
    assert decode(body).value == value


@pytest.mark.parametrize("literal", ["1e9999999999999999999", "-1E+00100000", f"-1e{'9' * 5000}", "9" * 400 + ".5"])
def test_a_number_beyond_all_bounds_keeps_its_sign(literal: str) -> None:
    value = decode(f"[{literal}]".encode()).value[0]
    assert (value < 0) == literal.startswith("-")
    assert abs(value) > 10**308


@given(VALUES)
def test_what_json_writes_is_read(value: Any) -> None:
    assert decode(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")).problem is None


@given(st.binary() | st.text(alphabet='{}[]":,\\u019dDeE.-+ \n').map(str.encode))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    decoded = decode(body)
    assert decoded.problem is None or decoded.value is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"{", "offset 1"),
        (b"{} {}", "Extra data at offset 3"),
        (b"[1,]", "not one JSON document"),
        (b"{'a': 1}", "not one JSON document"),
        (b"01", "Extra data at offset 1"),
        (b".5", "not one JSON document"),
        (b"1.", "Extra data"),
        (b"+1", "not one JSON document"),
        (b"True", "not one JSON document"),
        (b'"\t"', "not one JSON document"),
        (b'"\\x"', "not one JSON document"),
        (b"// a\n1", "not one JSON document"),
        (b"NaN", "NaN, which is no JSON number"),
        (b"[1, -Infinity]", "-Infinity, which is no JSON number"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        ("é".encode("latin-1"), "byte 0xe9 at offset 0"),
        ("{}".encode("utf-16"), "byte 0xff at offset 0"),
        (b'"\xed\xa0\x80"', "byte 0xed at offset 1"),
        (b'"\\ud800"', "lone surrogate"),
        (b'{"\\uDFFF": 1}', "lone surrogate"),
        (b'["\\ud83d", "\\ude00"]', "lone surrogate"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 900 + b'"\\ud83d\\ude00"' + b"]" * 900, None),
    ],
)
def test_what_is_no_document_says_why(body: bytes, says: str | None) -> None:
    problem = decode(body).problem
    assert (problem is None) if says is None else (problem is not None and says in problem)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"a": 1, "b": 2}', ()),
        (b'{"a": 1, "a": 1}', ("a",)),
        (b'{"b": {"c": 1, "c": 2, "d": 0, "c": 3}, "b": 1}', ("c", "b")),
        (b'[{"a": 1}, {"a": 1}]', ()),
        (b'{"a": 1, "\\u0061": 2}', ("a",)),
    ],
)
def test_names_that_occur_twice_are_told(body: bytes, names: tuple[str, ...]) -> None:
    assert decode(body).duplicates == names


def test_many_names_are_read_in_no_time() -> None:
    body = "{" + ",".join(f'"{index % 60_000}":0' for index in range(61_000)) + "}"
    assert len(decode(body.encode()).duplicates) == 1000
