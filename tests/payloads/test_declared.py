"""Names that a document declares, in its order, through references and unions."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document.model import Document, Schema, Source
from contracts.payloads import Declared
from contracts.schemas.locations import Part


def declared(**schemas: Any) -> Declared:
    tree = {"components": {"schemas": schemas}}
    document = Document("x", "", "3.1.0", tree, source=lambda pointer: Source("x", 1, pointer))
    return Declared((Part(Schema(document, "/components/schemas/X")),))


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


MZAB = ("m", "z", "a", "b")
RECORD: dict[str, Any] = {"properties": {"z": True, "a": {"properties": {"inner": True}}}}


@pytest.mark.parametrize(
    ("x", "names", "certain"),
    [
        (RECORD, ("z", "a"), ("z", "a")),
        (ref("Y"), ("z", "a"), ("z", "a")),
        ({"properties": {"m": True}, "allOf": [ref("Y"), {"properties": {"b": True}}]}, MZAB, MZAB),
        ({"anyOf": [ref("Y"), {"type": "null"}]}, ("z", "a"), ()),
        (ref("X"), (), ()),
        (True, (), ()),
        ({"properties": []}, (), ()),
    ],
    ids=["properties", "reference", "allOf", "anyOf", "itself", "true", "not an object"],
)  # fmt: skip
def test_names_in_the_order_of_the_document(x: Any, names: tuple[str, ...], certain: tuple[str, ...]) -> None:
    found = declared(X=x, Y=RECORD)
    assert (tuple(found.names), tuple(found.certain)) == (names, certain)


def test_members_and_items_have_names_of_their_own() -> None:
    found = declared(X={"items": ref("Y")}, Y=RECORD)
    assert found.child("items").child("properties", "a").names == ["inner"]


def test_below_a_branch_of_a_union_no_name_is_certain() -> None:
    own, other = ({"properties": {"a": {"properties": {name: True}}}} for name in ("mine", "yours"))
    shared = {"properties": {"a": {"properties": {"ours": True}}}}
    found = declared(X={**shared, "oneOf": [own, other]}).child("properties", "a")
    assert (found.names, found.certain) == (["ours", "mine", "yours"], ["ours"])


def test_without_a_document_nothing_is_declared() -> None:
    nothing = Declared()
    assert (nothing.names, nothing.child("properties", "a").names) == ([], [])
