"""An OpenAPI document in, a Spec out: every operation, parameter, response and schema with its file and line."""

from contracts.document.document import Document, Source
from contracts.document.loader import load_spec, overlay_beside, read_spec
from contracts.document.model import (
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    ResponseSpec,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    Spec,
)
from contracts.document.neighbours import FolderFiles, Neighbours
from contracts.document.pointers import join_pointer, ref_target, split_pointer

__all__ = [
    "Document",
    "FolderFiles",
    "Header",
    "MediaType",
    "Neighbours",
    "Operation",
    "Parameter",
    "RequestBody",
    "ResponseSpec",
    "Schema",
    "SecurityRequirement",
    "SecurityScheme",
    "Source",
    "Spec",
    "join_pointer",
    "load_spec",
    "overlay_beside",
    "read_spec",
    "ref_target",
    "split_pointer",
]
