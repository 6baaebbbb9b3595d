"""Bytes of a body to a JSON value: what RFC 8259 allows, and what I-JSON (RFC 7493) does not."""

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

MAX_VALUES = 2**20  # of a body that is read and judged: each may take 150 bytes, and 2 µs
_TO_A_VALUE = re.compile(rb'(?:[^",\[{]|"(?:[^"\\]|\\.)*+"?)*+(?:[,\[{]|\Z)', re.DOTALL)


class TooManyError(ValueError):
    """A body holds more values than are judged, or bodies that are judged together do."""

    def __init__(self, who: str = "the body holds", most: int = MAX_VALUES) -> None:
        super().__init__(f"{who} more than {most:,} values; the rest is not judged")


@dataclass(frozen=True, slots=True)
class Decoded:
    """`value` if `problem` is None; `duplicates` are names that occur twice in one object."""

    value: Any = None
    problem: str | None = None
    duplicates: tuple[str, ...] = ()


def decode(body: bytes) -> Decoded:
    """UTF-8 without BOM, no NaN or Infinity, one document (RFC 8259 §2, §6, §8.1).

    Raises TooManyError for a body that would take too much memory.
    """
    if is_too_much(body):
        raise TooManyError
    value, problem, text = None, "", ""
    duplicates: dict[str, None] = {}
    invalid: list[str] = []
    try:
        text = body.decode("utf-8")
        value = _decoder(duplicates, invalid).decode(text)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
    except UnicodeDecodeError as error:
        problem = f"is not UTF-8: byte 0x{body[error.start]:02x} at offset {error.start}"
    except UnicodeEncodeError:
        problem = "holds a lone surrogate escape, which is no character (RFC 7493 §2.1)"
    except json.JSONDecodeError as error:
        said = f"{error.msg} at offset {error.pos}" if text.strip() else "the body is empty"
        problem = f"is not one JSON document: {said}"
    except RecursionError:
        problem = "is nested too deeply to be read"
    if body.startswith(b"\xef\xbb\xbf"):
        problem = "starts with a byte order mark"
    elif invalid:
        problem = f"holds {invalid[0]}, which is no JSON number"
    if problem:
        return Decoded(problem=f"the body {problem}")
    return Decoded(value, duplicates=tuple(duplicates))


def is_too_much(body: bytes) -> bool:
    """Whether a body holds more than `MAX_VALUES`; what is in strings does not count."""
    if len(body) <= MAX_VALUES or sum(map(body.count, (b",", b"[", b"{"))) < MAX_VALUES:
        return False
    return any(islice(_TO_A_VALUE.finditer(body), MAX_VALUES + 2, None))  # two are of the end


def _float(literal: str) -> float | Decimal:
    number = float(literal)
    if math.isfinite(number):
        return number
    exponent = literal.lower().partition("e")[2].lstrip("+0")
    # Beyond this, arithmetic with the value would overflow.
    return Decimal(literal) if len(exponent) < 6 else Decimal((number < 0, (1,), 100_000))


def _int(literal: str) -> int | Decimal:
    return int(literal) if len(literal) < 4000 else Decimal(literal)


def _decoder(duplicates: dict[str, None], invalid: list[str]) -> json.JSONDecoder:
    def to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            counts.subtract(value.keys())
            duplicates.update(dict.fromkeys(+counts))
        return value

    return json.JSONDecoder(
        object_pairs_hook=to_dict, parse_constant=invalid.append, parse_float=_float, parse_int=_int
    )
