"""An OpenAPI document in, a Spec out: every operation, parameter, response and schema with its file and line."""

from contracts.document.document import Document, Source, ref_target
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
    join_pointer,
    split_pointer,
)
from contracts.document.neighbours import FolderFiles, Neighbours

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
