"""Payloads as Hypothesis strategies."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from jsonschema_rs import CanonicalSchema

from contracts.document.model import Schema
from contracts.messages import JSON
from contracts.payloads import Payload
from contracts.payloads.compiler import compile_payload, generator
from contracts.testing.strategies import DrawnChoices


def payloads(schema: Schema) -> SearchStrategy[JSON]:
    """Payloads that a schema of the document admits; raises Unsatisfiable when there can't be any."""
    return drawn(generator(schema))


def from_canonical(node: CanonicalSchema, *, is_valid: Callable[[JSON], bool] | None = None) -> SearchStrategy[JSON]:
    """Payloads that a canonical schema admits."""
    return drawn(compile_payload(node, is_valid=is_valid))


@st.composite
def drawn(draw: DrawFn, payload: Payload) -> JSON:
    return payload.draw(DrawnChoices(draw))
