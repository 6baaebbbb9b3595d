"""Payloads as Hypothesis strategies; the only file here that imports Hypothesis, so import it where it is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from jsonschema_rs import CanonicalSchema

from contracts.document.model import Schema
from contracts.messages import JSON
from contracts.payloads import Payload
from contracts.payloads.compiler import compile_payload, generator

upto = lru_cache(maxsize=1024)(lambda span: st.integers(0, span))


class DrawnChoices:
    """Choices made, and made smaller, by Hypothesis."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int, at: str) -> int:
        return low + int(self._draw(upto(high - low)))


def payloads(schema: Schema) -> SearchStrategy[JSON]:
    """Payloads that a schema of the document admits; raises Unsatisfiable when there can't be any."""
    return drawn(generator(schema))


def from_canonical(node: CanonicalSchema, *, is_valid: Callable[[JSON], bool] | None = None) -> SearchStrategy[JSON]:
    """Payloads that a canonical schema admits."""
    return drawn(compile_payload(node, is_valid=is_valid))


@st.composite
def drawn(draw: DrawFn, payload: Payload) -> JSON:
    return payload.draw(DrawnChoices(draw))
