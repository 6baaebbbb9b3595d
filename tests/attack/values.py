"""Numbers, dates and bodies that a service may send, as tables: what a judge takes, and what a report holds.

Each is small when it is imported; the large ones are functions of a size.
"""

from collections.abc import Callable
from typing import Any

DATES: dict[str, str] = {
    "no date": "Mon, 99 Foo 99999 99:99:99 GMT",
    "the year 0": "Sat, 01 Jan 0000 00:00:00 GMT",
    "the year 10000": "Sat, 01 Jan 10000 00:00:00 GMT",
    "the last moment, west": "Fri, 31 Dec 9999 23:59:59 -2359",
    "the first moment, east": "Mon, 01 Jan 0001 00:00:00 +2359",
    "a zone of 99 hours": "Tue, 06 Jan 2026 12:00:00 +9999",
    "a zone that overflows": f"Tue, 06 Jan 2026 12:00:00 +{'9' * 40}",
    "a zone of many digits": f"Tue, 06 Jan 2026 12:00:00 +{'9' * 5000}",
    "no zone": "Tue, 06 Jan 2026 12:00:00 -0000",
    "a negative year": "Tue, 06 Jan -2026 12:00:00 GMT",
    "a year of many digits": f"Tue, 06 Jan {'2' * 5000} 12:00:00 GMT",
    "an hour of many digits": f"Tue, 06 Jan 2026 {'1' * 400}:00:00 GMT",
    "a second that overflows": "Tue, 06 Jan 2026 12:00:99999999999999999999 GMT",
    "empty": "",
    "a space": " ",
    "commas": ",,,,",
    "signs": "- + : . -",
    "beyond ASCII": "Tue, 0\xb2 Jan 2026 12:00:00 GMT",
    "other digits": "Tue, \u0660\u0666 Jan 2026 \u0661\u0662:00:00 GMT",
    "ISO 8601": "2026-01-06T12:00:00Z",
    "a number": "9" * 400,
    "NaN": "NaN",
}
"""Of a `Date`, and of a `Retry-After`, as far as Latin-1 can write them."""

NUMBERS: dict[str, str] = {
    "1e13": "10000000000000",
    "2^53": str(2**53),
    "2^63": str(2**63),
    "1e300": "1e300",
    "-1e300": "-1e300",
    "1e308": "1.7e308",
    "1e309": "1e309",
    "-1e309": "-1e309",
    "1e999999999": "1e999999999",
    "1e-999999999": "1e-999999999",
    "400 digits": "9" * 400,
    "-400 digits": f"-{'9' * 400}",
    "5,000 digits": "7" * 5000,
    "5,000 digits and an exponent": f"{'7' * 5000}e99999",
    "a fraction of 5,000 digits": f"0.{'3' * 5000}",
    "-0": "-0",
    "-0.0": "-0.0",
}
"""As JSON writes them."""

TIMES: dict[str, str] = {
    "the first moment, east": "0001-01-01T00:00:00+23:59",
    "the last moment, west": "9999-12-31T23:59:59.999999-23:59",
    "a zone of a day": "2026-01-06T12:00:00+24:00",
    "the year 0": "0000-01-01T00:00:00Z",
    "the year 10000": "10000-01-01T00:00:00Z",
    "many digits": f"{'2' * 5000}-01-01T00:00:00Z",
    "a week": "2026-W01-1",
    "no zone": "2026-01-06T12:00:00",
    "other digits": "\u0662\u0660\u0662\u0666-01-06T12:00:00Z",
    "empty": "",
    "null byte": "2026-01-06T12:00:00\x00",
}
DURATIONS: dict[str, str] = {
    "for ever": f"P{'9' * 400}Y",
    "for ever, ago": f"-P{'9' * 400}Y",
    "nearly too long": "P999999999D",
    "nearly too long, ago": "-P999999999DT23H59M59.999999S",
    "all too long": f"P{'9' * 400}Y{'9' * 400}W{'9' * 400}DT{'9' * 400}H{'9' * 400}M{'9' * 400}S",
    "no digits": "P",
    "other digits": "PT\u0661S",
}

JSON_BODIES: dict[str, bytes] = {
    "nothing": b"",
    "blanks": b" \n\t",
    "null": b"null",
    "NaN": b'{"status": NaN, "viewport_width": -Infinity}',
    "a lone surrogate": b'{"status": "\\ud800", "session_id": "\\udfff\\ud800"}',
    "a lone surrogate for a name": b'{"\\ud800": 1}',
    "no UTF-8": b'{"status": "\xff\xfe"}',
    "UTF-16": '{"status": "active"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"status": "active"}',
    "a null byte": b'{"status": "\\u0000", "\\u0000": 1}',
    "names twice": b'{"status": "active", "status": {}, "a": {"b": 1, "b": [{"b": 2, "b": 3}]}}',
    "empty names": b'{"": {"": [{"": ""}]}}',
    "nested 100 deep": b'{"steps": ' + b"[" * 100 + b"]" * 100 + b"}",
    "nested 900 deep": b'{"steps": ' + b'{"a": ' * 450 + b"[" * 450 + b"]" * 450 + b"}" * 450 + b"}",
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "nested, and never closed": b'{"a":' * 100_000,
    "names of pointers": b'{"/": {"~": 1, "~1": 2, "%2F": 3}, "status/x": 1, "__class__": 1, "*": 1}',
    "a pointer of 1 MB": b'{"' + b"n" * 1_000_000 + b'": {"' + b"m" * 1_000_000 + b'": {"x": 1}}}',
    "1e999999999": b'{"status": 1e999999999, "viewport_width": -1e999999999}',
    "a string of digits": b'"' + b"9" * 5000 + b'"',
    "5,000 digits": b"7" * 5000,
}
"""Small, and of all kinds; what is no JSON among them."""

HEADS: dict[str, tuple[tuple[str, str], ...]] = {
    "none": (),
    "5,000 fields": tuple((f"X-{number}", "1") for number in range(5000)),
    "5,000 times the same": (("Content-Type", "application/json"),) * 5000,
    "no media type": (("Content-Type", ";;;=,"),),
    "a media type of 100 kB": (("Content-Type", f"application/json;{'x=y;' * 25_000}"),),
    "bytes": (("Content-Type", "application/json"), ("X-\xff", "\xff\x00")),
    "lists of methods": (("Allow", ",," * 9999), ("Allow", "\xe9")),
    "empty": (("Content-Type", ""), ("Content-Length", ""), ("Date", "")),
}

Filled = Callable[[int], bytes]
LARGE: dict[str, Filled] = {
    "unknown members": lambda size: _members(b'"m%d":%d', size),
    "unknown members of 10 kB": lambda size: _members(b'"m%d' + b"x" * 10_000 + b'":%d', size),
    "invalid items": lambda size: _items(b'"no %d"', size),
    "nulls": lambda size: _items(b"null", size),
    "empty lists": lambda size: _items(b"[]", size),
    "small objects": lambda size: _items(b'{"a":1}', size),
    "enum values, all different": lambda size: _items(b'{"kind":"k%d"}', size),
    "deep below unknown names": lambda size: _members(b'"n%d":{"a":{"b":{"c":[%d]}}}', size),
    "one string": lambda size: b'{"text":"' + b"a" * size + b'"}',
    "one string of commas": lambda size: b'{"text":"' + b"," * size + b'"}',
    "one number": lambda size: b'{"count":' + b"7" * size + b"}",
    "the same name": lambda size: _members(b'"status":"s%d"', size),
}
"""By a size: bytes of a body of about so many."""


def _items(item: bytes, size: int) -> bytes:
    return b'{"items":[' + b",".join(_filled(item, size)) + b"]}"


def _members(member: bytes, size: int) -> bytes:
    return b"{" + b",".join(_filled(member, size)) + b"}"


def _filled(piece: bytes, size: int) -> list[bytes]:
    holes, found, length, number = piece.count(b"%d"), list[bytes](), 0, 0
    while length < size:
        found.append(piece % ((number,) * holes) if holes else piece)
        length, number = length + len(found[-1]) + 1, number + 1
    return found


def session(**members: Any) -> dict[str, Any]:
    """A session of Notte that is active, and keeps every rule when its clock shows noon; with other `members`."""
    times = {"created_at": "2026-01-06T11:59:59Z", "last_accessed_at": "2026-01-06T12:00:00Z"}
    limits = {"idle_timeout_minutes": 3, "timeout_minutes": 3, "max_duration_minutes": 5}
    return {"session_id": "a1", "status": "active", **times, **limits, "duration": "PT1S", **members}
