"""A schema of the document as a validator (what is allowed) and in its canonical form (what it means).

This is the only file that hands documents to jsonschema-rs. Formats are asserted (a policy of the suite: JSON Schema
2020-12 Validation §7.2.1 leaves it to us).
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import jsonschema_rs
from jsonschema_rs import CanonicalSchema, Draft202012, Registry, Validator

from contracts.document import Document, Schema

URI = "urn:document"

Uncompilable = (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError)
"""What jsonschema-rs raises for a schema that it can't compile, an untranslatable pattern among others."""


@lru_cache(maxsize=16)
def registry(document: Document) -> Registry:
    return Registry([(URI, document.tree)], draft=Draft202012)


def reference(pointer: str) -> dict[str, str]:
    """A schema that stands for the node at `pointer` of the document."""
    return {"$ref": f"{URI}#{quote(pointer, safe='/~')}"}


@lru_cache(maxsize=4096)
def validator(schema: Schema) -> Validator:
    """The validator of a schema, compiled once; raises one of `Uncompilable`."""
    return jsonschema_rs.validator_for(
        reference(schema.pointer), registry=registry(schema.document), validate_formats=True
    )


@lru_cache(maxsize=4096)
def keyword_validator(keywords: str) -> Validator:
    """The validator of a few keywords given as JSON text; raises one of `Uncompilable`."""
    return jsonschema_rs.validator_for(json.loads(keywords), validate_formats=True)


@lru_cache(maxsize=4096)
def canonical(schema: Schema) -> CanonicalSchema:
    """The canonical form of a schema; raises one of `Uncompilable`."""
    return canonical_of(reference(schema.pointer), schema.document)


def canonical_of(value: dict[str, Any] | bool, document: Document) -> CanonicalSchema:
    """The canonical form of a schema written here, whose references point into `document`."""
    return jsonschema_rs.canonicalize(
        value, registry=registry(document), draft=Draft202012, validate_formats=True
    )
