"""What a shape says, as short texts for people."""

from __future__ import annotations

import json
from typing import Any

from contracts.changes.shapes import Shape


def values_text(shape: Shape) -> str:
    values = shape.location.values
    if values is not None:
        return ", ".join(brief(value) for value in values)
    return said(shape, ("enum", "const"))


def said(shape: Shape, keywords: tuple[str, ...]) -> str:
    found = [
        {k: facet.value[k] for k in keywords if k in facet.value}
        for facet in shape.having(*keywords)
    ]
    texts = [
        brief(next(iter(part.values()))) if len(keywords) == 1 else brief(part)[1:-1]
        for part in found
    ]
    return " and ".join(dict.fromkeys(texts)) or "nothing"


def as_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def brief(value: Any) -> str:
    text = as_text(value)
    return text if len(text) <= 120 else f"{text[:100]}… ({len(text)} characters)"
