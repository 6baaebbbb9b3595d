"""Ways to write a value, as data, and what finds it in any of them without anything of the suite's own."""

import base64
import gzip
import html
import json
import quopri
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import quote, unquote_to_bytes

import brotli


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def escaped(text: str, every: int = 1, form: str = r"\u{:04x}") -> str:
    """Every so manieth character as an escape, whose form takes its number, and backslashes, as all who escape do."""
    written = list(text)
    for index, each in enumerate(text):
        if index % every == 0 or each == "\\":
            written[index] = form.format(ord(each))
    return "".join(written)


TEXTS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "swapped case": str.swapcase,
    "cut short": lambda value: value[:-1],
    "JSON escapes": escaped,
    "some JSON escapes": lambda value: escaped(value, 3),
    "JSON escapes in upper case": lambda value: escaped(value, 2, r"\u{:04X}"),
    "escaped slashes": lambda value: value.replace("/", r"\/"),
    "escapes of bytes": lambda value: escaped(value, 2, r"\x{:02x}"),
    "percent": lambda value: escaped(value, 1, "%{:02X}"),
    "percent where due": lambda value: quote(value, safe=""),
    "some percent": lambda value: escaped(value, 3, "%{:02x}"),
    "percent twice": lambda value: escaped(value, 1, "%25{:02x}"),
    "percent three times": lambda value: quote(quote(escaped(value, 1, "%{:02x}"))),
    "HTML decimal": lambda value: escaped(value, 1, "&#{};"),
    "HTML hexadecimal": lambda value: escaped(value, 2, "&#x{:x};"),
    "HTML names": lambda value: value.replace("+", "&plus;").replace("/", "&sol;"),
    "percent and HTML": lambda value: escaped(escaped(value, 2, "%{:02x}"), 5, "&#{};"),
    "base64": b64,
    "base64 without padding": lambda value: b64(value).rstrip("="),
    "base64 of Basic": lambda value: b64(f"user:{value}"),
    "base64 one further": lambda value: b64(f";{value}yz"),
    "base64 two further": lambda value: b64(f"x;{value}z"),
    "base64 behind a letter": lambda value: f"k{b64(f'{value} and more')}",
    "base64url": lambda value: b64(f"~~?{value}").replace("+", "-").replace("/", "_").rstrip("="),
    "base64 of upper case": lambda value: b64(value.upper()),
    "base64 of percent": lambda value: b64(escaped(value, 2, "%{:02x}")),
    "base64 of JSON escapes": lambda value: b64(json.dumps({"key": value}).replace("a", r"\u0061")),
    "base64 twice": lambda value: b64(b64(value)),
    "base64 of hexadecimal": lambda value: b64(value.encode().hex()),
    "base64 of UTF-16": lambda value: b64(value.encode("utf-16")),
    "base64 of gzip": lambda value: b64(gzip.compress(value.encode(), mtime=0)),
    "base64 of zlib": lambda value: b64(zlib.compress(value.encode())),
    "base64 cut at its end": lambda value: b64(f"user:{value}")[:19],
    "base64 cut at its beginning": lambda value: b64(f"user:{value}")[10:],
    "percent of base64": lambda value: escaped(b64(value), 1, "%{:02x}"),
    "hexadecimal": lambda value: value.encode().hex(),
    "hexadecimal in upper case": lambda value: f"0x{value.encode().hex().upper()}",
    "base32": lambda value: base64.b32encode(value.encode()).decode(),
    "base32 two further, in lower case": lambda value: base64.b32encode(f"x;{value}z".encode()).decode().lower(),
    "base32 of upper case": lambda value: base64.b32encode(value.upper().encode()).decode().rstrip("="),
    "base32 behind a letter": lambda value: f"A{base64.b32encode(value.encode()).decode()}",
    "base32 of other digits": lambda value: base64.b32hexencode(f"x:{value}".encode()).decode().rstrip("="),
    "base32 of base64": lambda value: base64.b32encode(b64(f"user:{value}").encode()).decode(),
    "escapes in braces": lambda value: escaped(value, 2, r"\u{{{:x}}}"),
    "escapes of bytes in braces": lambda value: escaped(value, 1, r"\x{{00{:X}}}"),
    "escapes of eight digits": lambda value: escaped(value, 2, r"\U{:08x}"),
    "octal escapes": lambda value: escaped(value, 2, r"\{:03o}"),
    "a backslash before marks": lambda value: re.sub(r"([^0-9A-Za-z])", r"\\\1", value),
    "percent of old scripts": lambda value: escaped(value, 2, "%u{:04x}"),
    "percent of UTF-16": lambda value: escaped(value, 1, "%00%{:02x}"),
    "HTML with zeros": lambda value: escaped(value, 2, "&#x{:025X};"),
    "quoted-printable": lambda value: escaped(value, 1, "={:02X}"),
    "some quoted-printable": lambda value: escaped(value, 3, "={:02x}"),
    "percent behind an equals sign": lambda value: f"={value[:3]}{escaped(value[3:], 2, '%{:02x}')}",
    "numbers of bytes": lambda value: str([*value.encode()]),
    "numbers of bytes in hexadecimal": lambda value: ", ".join(map("0x{:02x}".format, value.encode())),
    "JSON in JSON": lambda value: json.dumps({"key": escaped(value, 2)})[1:-1],
    "JSON in JSON in JSON": lambda value: json.dumps(json.dumps({"key": escaped(value)}))[1:-1],
    "a URL in a URL": lambda value: "https://x.example/?to=" + quote(f"/?key={quote(value, safe='')}", safe=""),
}
"""Of a text, as a part of another text without quotes or lines of its own."""

LINES: dict[str, Callable[[str], str]] = {
    "quoted-printable in lines": lambda value: "=\n".join(re.findall(".{1,5}", value)),
    "base64 in lines": lambda value: base64.encodebytes(f"{'x' * 50}{value}".encode()).decode(),
    "base64 in lines of CRLF": lambda value: "\r\n".join(re.findall(".{1,9}", b64(value))),
}
"""The same, of several lines."""

BODIES: dict[str, Callable[[bytes], bytes]] = {
    "as it is": bytes,
    "gzip": lambda body: gzip.compress(body, mtime=0),
    "gzip behind something": lambda body: b"data: " + gzip.compress(body, mtime=0),
    "gzip as a text": lambda body: json.dumps({"data": gzip.compress(body, mtime=0).decode("latin-1")}).encode(),
    "gzip as numbers": lambda body: json.dumps({"data": [*gzip.compress(body, mtime=0)]}).encode(),
    "gzip cut short": lambda body: gzip.compress(body, mtime=0)[:-9],
    "gzip twice": lambda body: gzip.compress(gzip.compress(body, mtime=0), mtime=0),
    "zlib": zlib.compress,
    "deflate": lambda body: zlib.compress(body, wbits=-15),
    "brotli": brotli.compress,
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "UTF-16, big end first": lambda body: body.decode().encode("utf-16-be"),
    "UTF-32": lambda body: body.decode().encode("utf-32-le"),
    "base64": base64.b64encode,
    "base64 of brotli": lambda body: base64.b64encode(brotli.compress(body)),
    "hexadecimal": lambda body: body.hex().encode(),
}
"""Of a whole body, which holds the value."""

# --- what finds a value: it decodes, and knows nothing of how the suite does ---

_ESCAPE = re.compile(rb"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_POINT = re.compile(rb"\\[ux]\{0*([0-9a-fA-F]{1,4})\}|\\U0000([0-9a-fA-F]{4})|%u([0-9a-fA-F]{4})")
_RUN = re.compile(rb"[0-9A-Za-z+/_-]{11,}")
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){8,}")


def decoded(data: bytes) -> Iterator[bytes]:
    """What one step of decoding makes of the data, or of parts of it."""
    if b"%" in data:
        yield unquote_to_bytes(data.replace(b"%25", b"%"))
        yield unquote_to_bytes(data)
        yield _POINT.sub(_character, data)
    if b"\\" in data:
        yield _ESCAPE.sub(lambda found: bytes([int(found[1] or found[2], 16) & 255]), data)
        yield re.sub(rb"\\([^0-9A-Za-z])", rb"\1", data)
        for found in re.finditer(rb'"[^"\\]*\\u00(?:[^"\\]|\\.)*"', data):
            with suppress(ValueError):
                yield json.loads(found[0]).encode("latin-1", "ignore")
        yield _POINT.sub(_character, data)
        yield re.sub(rb"\\([0-3][0-7]{2})", lambda found: bytes([int(found[1], 8)]), data)
    yield re.sub(rb"0x([0-9a-fA-F]{2})(?:, )?", lambda found: bytes.fromhex(found[1].decode()), data)
    for found in re.finditer(rb"(?:[0-9]{1,3}, ?){7,}[0-9]+", data):
        yield bytes(int(number) & 255 for number in found[0].split(b","))
    if b"=" in data:
        yield quopri.decodestring(data.replace(b"\\n", b"\n"))
    if b"&" in data:
        yield html.unescape(data.decode("latin-1")).encode("latin-1", "ignore")
    for run in re.findall(rb"[0-9A-Z]{13,}|[0-9a-z]{13,}", data):
        yield from base32(run)
    yield data.replace(b"\0", b"")
    yield re.sub(rb"\r?\n|\\r\\n|\\n", b"", data)
    for run in _RUN.findall(data):
        digits = run.replace(b"-", b"+").replace(b"_", b"/")
        for phase in range(4):
            part = digits[phase:]
            part = part[: len(part) - (len(part) % 4 == 1)]
            yield base64.b64decode(part + b"=" * (-len(part) % 4))
    for found in _HEX.finditer(data):
        yield bytes.fromhex(found[0].decode())
    for magic in re.finditer(rb"\x1f\x8b\x08", data):
        yield from inflated(data[magic.start() :], 31)
    if not data.isascii() and len(data) < 5000:
        for bits in (15, -15):
            yield from inflated(data, bits)
        with suppress(brotli.error):
            yield brotli.decompress(data)


def _character(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1] or found[2] or found[3], 16)).encode(errors="replace")


def base32(digits: bytes) -> Iterator[bytes]:
    """What is encoded in digits of either alphabet, from each of them on."""
    for alphabet in (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHIJKLMNOPQRSTUV"):
        if set(alphabet).issuperset(digits.upper()):
            number = int(digits.upper().translate(bytes.maketrans(alphabet, b"0123456789abcdefghijklmnopqrstuv")), 32)
            for bits in range(8):
                yield (number >> bits).to_bytes(len(digits)).lstrip(b"\0")


def inflated(data: bytes, bits: int) -> Iterator[bytes]:
    with suppress(zlib.error):
        yield zlib.decompressobj(bits).decompress(data, 100_000)


def holds(data: bytes, *values: str, depth: int = 4, least: int = 8) -> bool:
    """Whether the data hold one of the values, or so many bytes at either end of it, in any form."""
    needles = {end.lower().encode() for value in values for end in (value[:least], value[-least:])}
    seen, layer = {data}, [data]
    for _ in range(depth):
        if any(needle in view.lower() for view in layer for needle in needles):
            return True
        found = {part for view in layer for part in decoded(view) if len(part) >= 8}
        layer = [part for part in found - seen if is_promising(part)]
        seen |= found
    return any(needle in view.lower() for view in layer for needle in needles)


def is_promising(data: bytes) -> bool:
    """Whether it may be a text, or packed: most of what is decoded at a wrong offset is not."""
    head = data[:60].replace(b"\0", b"")
    return sum(32 <= byte < 127 for byte in head) > 0.8 * len(head) or data.startswith((b"\x1f\x8b", b"x\x9c", b"\x1b"))
