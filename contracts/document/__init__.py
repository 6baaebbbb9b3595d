"""An OpenAPI document in, a Spec out: all that is in it, with its file and line."""

from contracts.document.loader import load_spec as load_spec
from contracts.document.loader import read_spec as read_spec
from contracts.document.model import Document as Document
from contracts.document.model import Header as Header
from contracts.document.model import MediaType as MediaType
from contracts.document.model import Operation as Operation
from contracts.document.model import Parameter as Parameter
from contracts.document.model import RequestBody as RequestBody
from contracts.document.model import ResponseSpec as ResponseSpec
from contracts.document.model import Schema as Schema
from contracts.document.model import SecurityRequirement as SecurityRequirement
from contracts.document.model import SecurityScheme as SecurityScheme
from contracts.document.model import Source as Source
from contracts.document.model import Spec as Spec
from contracts.document.model import join_pointer as join_pointer
from contracts.document.model import ref_target as ref_target
from contracts.document.model import split_pointer as split_pointer
from contracts.document.written import FolderFiles as FolderFiles
