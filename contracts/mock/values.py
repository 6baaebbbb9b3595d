"""Values that the mock knows: a handful for every path parameter, drawn from its schema."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contracts.document import Parameter, Schema, Spec
from contracts.document.serialisation import fill_path, match_path, parameter_names, simple_text
from contracts.payloads import RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.schemas.validation import Uncompilable

HANDFUL = 3
MAX_VALUES = 12


def sample_values(spec: Spec, handful: int = HANDFUL) -> Mapping[str, Sequence[str]]:
    """Path values by parameter name, the same for the same document; `handful` for each schema that the name has."""
    described: dict[str, dict[Any, Parameter | None]] = {}
    for operation in spec.operations:
        parameters = {p.name: p for p in operation.parameters if p.location == "path"}
        for name in parameter_names(operation.path):
            parameter = parameters.get(name)
            described.setdefault(name, {}).setdefault(_meaning(parameter), parameter)
    return {
        name: _in_turn([_texts(name, p, handful) for p in found.values()])
        for name, found in described.items()
    }


def _meaning(parameter: Parameter | None) -> str:
    return repr(parameter.schema.value) if parameter and parameter.schema else ""


def _in_turn(lists: list[list[str]]) -> list[str]:
    turns = itertools.zip_longest(*lists)
    return list(dict.fromkeys(text for turn in turns for text in turn if text is not None))[
        :MAX_VALUES
    ]


def _texts(name: str, parameter: Parameter | None, handful: int) -> list[str]:
    drawn = (
        map(simple_text, _drawn(parameter.schema)) if parameter and parameter.schema else iter(())
    )
    usable = dict.fromkeys(
        text for text in drawn if text and match_path("/{x}", fill_path("/{x}", {"x": text}))
    )
    return list(usable)[:handful] or [f"{name}-{index}" for index in range(handful)]


def _drawn(schema: Schema) -> Iterator[Any]:
    choices = RandomChoices(0)
    try:
        payload = generator(schema)
        for _ in range(10 * HANDFUL):
            yield payload.draw(choices)
    except (Unsatisfiable, *Uncompilable):
        return
