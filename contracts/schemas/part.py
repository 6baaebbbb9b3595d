"""One schema object that applies at a place of a body, and the JSON types of values."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contracts.document import Schema, ref_target
from contracts.schemas import asserts
from contracts.schemas.validation import keyword_validator, matches

ALL_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
_TYPES = {type(None): "null", bool: "boolean", str: "string", dict: "object", list: "array"}


def json_type(value: Any) -> str:
    """The JSON Schema type of a decoded value; `number` here means a number that is no integer."""
    if type(value) in _TYPES:
        return _TYPES[type(value)]
    if isinstance(value, Decimal):  # beyond what a float holds; its digits are never written out
        whole = int(value.as_tuple().exponent) >= 0 or value == value.to_integral_value()
    else:
        whole = isinstance(value, int) or value.is_integer()
    return "integer" if whole else "number"


@dataclass(frozen=True, slots=True)
class Part:
    """One schema object that applies at a location; `path` are the `$ref` targets before it."""

    schema: Schema
    path: frozenset[str] = frozenset()
    value: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        value = self.schema.value
        if isinstance(value, bool):
            value = {} if value else {"not": {}}
        object.__setattr__(self, "value", value)

    @property
    def speaks(self) -> bool:
        """Whether it says anything itself, beside what it refers to."""
        for name, held in self.value.items():
            is_own = name not in ("$ref", "allOf") and not name.startswith("x-")
            if is_own and asserts(name, held):
                return True
        return False

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that it lets through."""
        declared = self.value.get("type", ALL_TYPES)
        allowed = {declared} if isinstance(declared, str) else set(declared)
        if "number" in allowed:
            allowed.add("integer")
        if self.values is not None:
            allowed.intersection_update(map(json_type, self.values))
        return frozenset() if self.value.get("not") == {} else frozenset(allowed)

    @property
    def values(self) -> tuple[Any, ...] | None:
        """The values that it lists, or None when it lists none."""
        const, listed = self.value.get("const"), self.value.get("enum")
        if "const" not in self.value:
            return None if listed is None else tuple(listed)
        return (const,) if listed is None or among(const, listed) else ()

    @property
    def target(self) -> "Part | None":
        if not isinstance(self.value.get("$ref"), str):
            return None
        pointer = ref_target(self.value["$ref"])
        return Part(Schema(self.schema.document, pointer), self.path | {pointer})

    def child(self, *segments: str | int) -> "Part":
        below, held = self.schema.child(*segments), self.schema.value
        for segment in segments:
            held = held[segment]  # type: ignore[index]  # or nothing stands below
        below.__dict__["value"] = held
        return Part(below, self.path)

    def children(self, keyword: str) -> list["Part"]:
        return [self.child(keyword, index) for index in range(len(self.value.get(keyword, ())))]

    def members(self, name: str) -> list["Part"]:
        found = []
        if name in self.value.get("properties", {}):
            found.append(self.child("properties", name))
        for pattern in self.value.get("patternProperties", {}):
            if matches(pattern, name):
                found.append(self.child("patternProperties", pattern))
        if not found and isinstance(self.value.get("additionalProperties"), dict):
            found.append(self.child("additionalProperties"))
        return found

    def item(self, index: int) -> list["Part"]:
        if index < len(self.value.get("prefixItems", ())):
            return [self.child("prefixItems", index)]
        return [self.child("items")] if isinstance(self.value.get("items"), dict) else []


def among(value: Any, values: Iterable[Any]) -> bool:
    """JSON Schema equality: true is not 1, 1.0 is 1."""
    return keyword_validator(json.dumps({"enum": list(values)})).is_valid(value)
