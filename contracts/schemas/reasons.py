"""A refused value to why: the keyword, its place in the document and in the value, what it says."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import unquote

import jsonschema_rs

from contracts.document import Document
from contracts.schemas.validation import URI, Validator
from contracts.text import cut, few, shown

MAX_ERRORS = 50  # of a value that are looked at
MAX_BRANCHES = 4  # of a union of which is said why
MAX_SAID = 120  # characters of a text of the validator's
_CONDITIONS = {"if", "then", "else", "not", "contains", "oneOf", "anyOf", "propertyNames"}
_CONDITIONS |= {"dependentRequired", "dependentSchemas"}
_CONDITIONS |= {"unevaluatedProperties", "unevaluatedItems"}
_SAID = {"not": "it is what it must not be", "falseSchema": "nothing may stand there"}
_SAID |= {"contains": "it has not as many items of that kind as it should"}


class Reason(NamedTuple):
    """Why a value is refused."""

    at: tuple[str | int, ...]  # the names and indexes that lead to what is wrong in the value
    keyword: str
    source: str  # `FILE:LINE`, empty for what stands in no document
    said: str

    def __str__(self) -> str:
        where = f" ({self.source})" * bool(self.source)
        return f"`{self.keyword}`{where}: {self.said}"


def reason(check: Validator | None, value: Any, document: Document | None) -> Reason | None:
    """Why a value is refused, by what lies deepest in it; None where that can't be told."""
    with suppress(ValueError):  # a pattern takes too long, or there is a lone surrogate
        errors = [] if check is None else list(islice(check.iter_errors(value), MAX_ERRORS))
        for error in sorted(errors, key=_depth)[:1]:
            path = [str(segment) for segment in error.schema_path]
            told = [segment for segment in path if segment in _CONDITIONS] or path
            keyword, source = (told or ["schema"])[-1], ""
            address, _, pointer = (error.absolute_keyword_location or "").partition("#")
            if document is not None and address == URI:
                source = str(document.source(unquote(pointer)))
            return Reason(tuple(error.instance_path), keyword, source, _said(error))
    return None


def _depth(error: jsonschema_rs.ValidationError) -> int:
    return -len(error.instance_path)


def _said(error: jsonschema_rs.ValidationError) -> str:
    facts, name = error.kind.as_dict(), error.kind.name
    if unexpected := facts.get("unexpected"):
        return f"nothing declares {few([*map(shown, unexpected)], MAX_BRANCHES, 'others')}"
    if "context" in facts:
        return _of_branches(facts)
    if name == "required":
        return f"no property {facts['property']}"
    return _SAID.get(name) or cut(error.message, MAX_SAID)


def _of_branches(facts: Mapping[str, Any]) -> str:
    branches: Iterable[tuple[int, Any]] = enumerate(facts["context"], 1)
    wrong, right = list[str](), list[str]()
    for number, errors in branches:
        if errors:
            wrong.append(f"{number}: {_said(min(errors, key=_depth))}")
        else:
            right.append(str(number))
    if right:
        return f"it fits branches {few(right, MAX_BRANCHES, 'others')}, and may fit one alone"
    return f"it fits no branch ({few(wrong, MAX_BRANCHES, 'others')})"
