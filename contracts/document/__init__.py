"""An OpenAPI document in, a Spec out: every operation, parameter, response and schema with its file and line."""

from contracts.document.loader import FolderFiles, load_spec, overlay_beside, read_spec
from contracts.document.model import (
    Document,
    Header,
    MediaType,
    Operation,
    Parameter,
    RequestBody,
    ResponseSpec,
    Schema,
    SecurityRequirement,
    SecurityScheme,
    Source,
    Spec,
    join_pointer,
    ref_target,
    split_pointer,
)
from contracts.document.references import Neighbours

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
