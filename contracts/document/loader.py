"""A path or bytes in, a Spec out: read, overlay, check, link, normalise, build."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from contracts.document.dialects import DIALECTS, METHODS, Dialect, refuse_malformed
from contracts.document.model import (
    MARKS,
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
    for_requests,
    for_responses,
    join_pointer,
    ref_target,
    split_pointer,
)
from contracts.document.references import Linker, Neighbours
from contracts.document.written import Place, apply_overlay, bytes_of_file, written_from_bytes
from contracts.errors import DocumentError
from contracts.text import shown

_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
"""OpenAPI 3.1 §4.8.12.2: header parameters of these names are ignored."""


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files in a folder of this machine; `document` is the path of the document itself."""

    folder: Path
    document: str

    def named(self, reference: str, home: str) -> str | None:
        folder = self.folder.resolve()
        path = _resolved(folder / PurePosixPath(home).parent / reference)
        if path is None or not path.is_relative_to(folder):
            return None
        return "" if path == _resolved(Path(self.document)) else path.relative_to(folder).as_posix()

    def label(self, name: str) -> str:
        return str(self.folder / name)

    def content(self, name: str) -> bytes | None:
        path = self.folder / name
        return bytes_of_file(path) if path.is_file() else None


def _resolved(path: Path) -> Path | None:
    """The path without links and dots; None when the system can't tell."""
    try:
        return path.resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def load_spec(path: str | Path, overlays: Sequence[Path | str] | None = None) -> Spec:
    """Read an OpenAPI 3.0 or 3.1 document in YAML or JSON, or on a Markdown page.

    Args:
        path: the file; other files that it refers to must be in its folder.
        overlays: applied in this order; None means `NAME.overlay.yaml` beside `NAME.yaml`, if there is one.

    Raises:
        DocumentError: a document can't be used, with its file and line.
    """
    file = Path(path)
    if overlays is None:
        beside = file.parent / overlay_beside(path)
        overlays = [beside] if beside.is_file() else []
    return read_spec(bytes_of_file(file), path=str(path), overlays=overlays, folder=file.parent)


def overlay_beside(path: str | Path) -> str:
    """The name of the overlay that belongs to a document unless others are given."""
    name = Path(path).name
    return Path(name).with_suffix(".overlay.yaml").name if name else ""


def read_spec(
    text: bytes,
    *,
    path: str,
    overlays: Sequence[Path | str | tuple[str, bytes]] = (),
    folder: Path | Neighbours | None,
) -> Spec:
    """Like `load_spec`, from bytes at hand.

    Args:
        overlays: files, or names with the bytes at hand.
        folder: where other files are that the document refers to; without one, such references are refused.
    """
    around = FolderFiles(folder, path) if isinstance(folder, Path) else folder
    written = written_from_bytes(text, path)
    root, tree = Place(written), written.tree
    dialect = _dialect(tree, root)
    for overlay in overlays:
        if not isinstance(overlay, tuple):
            overlay = str(overlay), bytes_of_file(overlay)
        apply_overlay(tree, root, written_from_bytes(overlay[1], overlay[0]))
    refuse_malformed(dialect, "document", tree, root)
    linker = Linker(tree, root, dialect, around)
    linker.link()
    marks = set()
    for schema in linker.schemas:
        for rewrite in dialect.rewrites:
            rewrite(schema)
        marks |= schema.keys() & set(MARKS)

    def find(pointer: str) -> Source:
        return root.at(split_pointer(pointer)).source

    digest = hashlib.sha256(text).hexdigest()
    document = Document(path, digest, tree["openapi"], tree, find, frozenset(marks))
    return spec_from_document(document)


def _dialect(tree: Any, root: Place) -> Dialect:
    cure = "give an OpenAPI 3.0 or 3.1 document"
    if not isinstance(tree, dict):
        raise root.error(f"this is {shown(tree)}, wanted an object with the key `openapi`", cure)
    if "swagger" in tree:
        problem = f"this is Swagger {tree['swagger']}, wanted OpenAPI 3.0 or 3.1"
        raise root.child("swagger").error(problem, "convert it to OpenAPI 3")
    if "openapi" not in tree:
        raise root.error("this is no OpenAPI document: it has no `openapi` key", cure)
    for dialect in DIALECTS:
        if re.fullmatch(rf"{re.escape(dialect.version)}\.\d+(-.+)?", str(tree["openapi"])):
            return dialect
    problem = f"the document's OpenAPI version is {shown(tree['openapi'])}, wanted 3.0.x or 3.1.x"
    raise root.child("openapi").error(problem, 'give a version that is read, such as "3.1.0"')


def spec_from_document(document: Document) -> Spec:
    """The Spec; a security requirement that names no scheme is a DocumentError at its line."""
    tree = document.tree
    names = (tree.get("components") or {}).get("securitySchemes") or {}
    schemes = MappingProxyType({name: _security_scheme(document, name) for name in names})
    return Spec(
        document=document,
        title=tree["info"]["title"],
        version=tree["info"]["version"],
        servers=_servers(tree),
        operations=tuple(_operations(document, schemes)),
        security_schemes=schemes,
    )


def _operations(document: Document, schemes: Mapping[str, SecurityScheme]) -> Iterator[Operation]:
    everywhere = _security(document, "", schemes) or ()
    for path in document.tree.get("paths") or {}:
        if not path.startswith("/"):
            continue
        # What a path item says itself comes before what its `$ref` leads to.
        items = [join_pointer("/paths", path)]
        while "$ref" in document.at(items[-1]):
            items.append(ref_target(document.at(items[-1])["$ref"]))
        for method in METHODS:
            item = next((item for item in items if method in document.at(item)), None)
            if item is not None:
                security = _security(document, join_pointer(item, method), schemes)
                required = everywhere if security is None else security
                yield _operation(document, path, method, item, required)


def _operation(
    document: Document,
    path: str,
    method: str,
    item: str,
    security: tuple[SecurityRequirement, ...],
) -> Operation:
    pointer = join_pointer(item, method)
    node = document.at(pointer)
    sent, received = for_requests(document), for_responses(document)
    body = f"{pointer}/requestBody"
    return Operation(
        method=method.upper(),
        path=path,
        operation_id=node.get("operationId"),
        parameters=_parameters(sent, item, pointer),
        request_body=None if node.get("requestBody") is None else _request_body(sent, body),
        responses=tuple(_responses(received, node, f"{pointer}/responses")),
        security=security,
        servers=_servers(node) or _servers(document.at(item)) or _servers(document.tree),
        deprecated=node.get("deprecated") is True,
        pointer=pointer,
    )


def _servers(node: Mapping[str, Any]) -> tuple[str, ...]:
    """URLs with their variables' defaults filled in; empty when none is given, which OpenAPI reads as `/`."""
    urls = []
    for server in node.get("servers") or ():
        url: str = server["url"]
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable["default"]))
        urls.append(url)
    return tuple(urls)


def _parameters(document: Document, *owners: str) -> tuple[Parameter, ...]:
    """Of the path, then of the operation, which override those of the same place and name."""
    merged: dict[tuple[str, str], Parameter] = {}
    for owner in owners:
        for index in range(len(document.written.at(owner).get("parameters") or ())):
            pointer = join_pointer(owner, "parameters", index)
            parameter = _parameter(document, document.written.resolve(pointer))
            if parameter.location != "header":
                merged[parameter.location, parameter.name] = parameter
            elif parameter.name.lower() not in _IGNORED_HEADERS:
                merged["header", parameter.name.lower()] = parameter
    return tuple(merged.values())


def _parameter(document: Document, pointer: str) -> Parameter:
    node = document.written.at(pointer)
    style = node.get("style") or _DEFAULT_STYLES[node["in"]]
    media_type, schema = _described(document, pointer)
    return Parameter(
        name=node["name"],
        location=node["in"],
        required=node["in"] == "path" or node.get("required") is True,
        schema=schema,
        style=style,
        explode=node.get("explode", style == "form"),
        allow_reserved=node.get("allowReserved") is True,
        media_type=media_type,
        pointer=pointer,
    )


def _described(document: Document, pointer: str) -> tuple[str | None, Schema | None]:
    """The schema of a parameter or header, and the media type when it stands in `content`."""
    for media in _content(document, pointer):
        return media.name, media.schema
    return None, _schema(document, pointer)


def _content(document: Document, pointer: str) -> tuple[MediaType, ...]:
    found = []
    for name in document.written.at(pointer).get("content") or ():
        place = join_pointer(pointer, "content", name)
        found.append(MediaType(name, _schema(document, place), place))
    return tuple(found)


def _schema(document: Document, owner: str) -> Schema | None:
    if "schema" not in document.written.at(owner):
        return None
    return Schema(document, join_pointer(owner, "schema"))


def _request_body(document: Document, pointer: str) -> RequestBody:
    pointer = document.written.resolve(pointer)
    is_required = document.written.at(pointer).get("required") is True
    return RequestBody(is_required, _content(document, pointer), pointer)


def _responses(document: Document, node: Mapping[str, Any], owner: str) -> Iterator[ResponseSpec]:
    for status in node.get("responses") or {}:
        if not status.startswith("x-"):
            place = document.written.resolve(join_pointer(owner, status))
            headers = tuple(_headers(document, place))
            yield ResponseSpec(status, headers, _content(document, place), place)


def _headers(document: Document, owner: str) -> Iterator[Header]:
    for name in document.written.at(owner).get("headers") or {}:
        # OpenAPI 3.1 §4.8.17: a response header Content-Type is ignored.
        if name.lower() != "content-type":
            place = document.written.resolve(join_pointer(owner, "headers", name))
            required = document.written.at(place).get("required") is True
            yield Header(name, required, _described(document, place)[1], place)


def _security_scheme(document: Document, name: str) -> SecurityScheme:
    pointer = document.resolve(join_pointer("/components/securitySchemes", name))
    node = document.at(pointer)
    return SecurityScheme(
        id=name,
        type=node["type"],
        name=node.get("name", ""),
        location=node.get("in", ""),
        scheme=node.get("scheme", "").lower(),
        pointer=pointer,
    )


def _security(
    document: Document, owner: str, schemes: Mapping[str, SecurityScheme]
) -> tuple[SecurityRequirement, ...] | None:
    """The alternatives that `owner` lists itself; None when it lists none, an empty list included as such."""
    alternatives = document.at(owner).get("security")
    if alternatives is None:
        return None
    found = []
    for index, alternative in enumerate(alternatives):
        for name in alternative:
            if name not in schemes:
                source = document.source(join_pointer(owner, "security", index, name))
                known = ", ".join(schemes) or "none"
                problem = f'the security scheme "{name}" is not defined (defined: {known})'
                cure = "define it under components/securitySchemes, or mend the name"
                raise DocumentError(source.file, source.line, problem, cure)
        found.append(tuple((name, tuple(scopes)) for name, scopes in alternative.items()))
    return tuple(found)
