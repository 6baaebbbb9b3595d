"""A path or bytes in, a Spec out: read, overlay, check, link, normalise, build."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contracts.document import model
from contracts.document.dialects import DIALECTS, OTHER_METHODS, Dialect, Found
from contracts.document.dialects.repairs import Repairs, read_foreign
from contracts.document.dialects.swagger import SWAGGER, converted
from contracts.document.dialects.unread import loosen, without_huge
from contracts.document.directions import for_requests, for_responses
from contracts.document.model import Document, Notice, Spec, join_pointer, ref_target
from contracts.document.references import Linker
from contracts.document.security import KnownSchemes
from contracts.document.written import (
    FolderFiles,
    Neighbours,
    Position,
    Written,
    apply_overlay,
    bytes_of_file,
    without_prefix,
    written_from_bytes,
)
from contracts.messages import NO_CONTENT, is_nameable
from contracts.text import shown

_Security = tuple[model.SecurityRequirement, ...]
_Overlay = Path | str | tuple[str, bytes]
_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_DEFAULT_STYLES["querystring"] = "form"  # it has content, whose serialisation is its own
_NO_CONTENT = frozenset({"1XX", *map(str, NO_CONTENT)})
_SCHEMES_HERE = "#/components/securitySchemes/"  # a requirement may name one so since 3.2
OVERLAY = ".overlay.yaml"
MAX_NESTED = 3  # a webhook or callback within such: they may lead back to themselves
_IGNORED_HEADERS = ("accept", "content-type", "authorization")
"""OpenAPI 3.1 §4.8.12.2: header parameters of these names are ignored."""


def load_spec(
    path: str | Path, overlays: Sequence[Path | str] | None = None, root: Path | str | None = None
) -> Spec:
    """Read an OpenAPI 3.0, 3.1 or 3.2 document in YAML or JSON, or on a Markdown page.

    Files that it refers to must be below `root` (None: the root of its git repository, else its
    folder). Overlays are applied in order; None is `NAME.overlay.yaml` beside `NAME.yaml`, if any.
    A fault that leaves something to be read is among the `notices` of the Spec, else a
    DocumentError; what can't be read of it is `unread`.
    """
    folder = Path(path).parent
    if overlays is None:
        overlays, beside = [], folder / overlay_beside(path)
        with suppress(OSError):  # a name that is too long for its folder
            overlays = [beside] if beside.is_file() else []
    around = FolderFiles(folder, str(path), root)
    return read_spec(bytes_of_file(path), path=str(path), overlays=overlays, folder=around)


def overlay_beside(path: str | Path) -> str:
    """The name of the overlay that belongs to a document unless others are given."""
    return f"{Path(path).stem}{OVERLAY}"


def read_spec(
    text: bytes,
    *,
    path: str,
    overlays: Sequence[_Overlay] = (),
    folder: Path | Neighbours | None,
    prefix: str = "",
) -> Spec:
    """Like `load_spec`, of bytes; overlays: files, or (name, bytes); `folder` has other files.

    A `prefix` is taken off the paths that have it.
    """
    around = FolderFiles(folder, path) if isinstance(folder, Path) else folder
    linker = _linked(written_from_bytes(text, path), overlays, around, prefix)
    tree, root, repairs = linker.tree, linker.root, linker.repairs
    marks = set()
    for schema, place in linker.link():
        read_foreign(repairs, schema, place)
        for rewrite in linker.dialect.rewrites:
            rewrite(schema)
        marks |= schema.keys() & set(model.MARKS)
    linker.parts = without_huge(linker.parts, repairs)
    looser = frozenset(loosen(linker.parts, repairs))

    def source(pointer: str) -> model.Source:
        return root.at(model.split_pointer(pointer)).source

    left_out = tuple(_left_out(linker.parts, root, linker.dialect))
    digest, info = hashlib.sha256(text).hexdigest(), tree["info"]
    document = Document(path, digest, tree["openapi"], tree, source, frozenset(marks))
    schemes = KnownSchemes(document, repairs)
    reader = _Reader(document, linker.dialect, schemes)
    told = info["title"], info["version"], _servers(tree), tuple(reader.asked()), schemes.known
    webhooks, parts = tuple(reader.webhooks()), tuple(linker.parts)
    notices = (*left_out, *repairs.notices)
    found = Spec(document, *told, webhooks, notices=notices, parts=parts, unread=repairs.unread)
    return replace(found, looser=looser)


def _linked(
    written: Written, overlays: Sequence[_Overlay], around: Neighbours | None, prefix: str
) -> Linker:
    """What links a document with its overlays, mended and of one of the dialects."""
    root, tree = Position(written), written.tree
    dialect = _dialect(tree, root)
    for overlay in overlays:
        if not isinstance(overlay, tuple):
            overlay = str(overlay), bytes_of_file(overlay)
        apply_overlay(tree, root, written_from_bytes(overlay[1], overlay[0]))
    renamed = without_prefix(tree, root, prefix)
    repairs = Repairs(dialect, root)
    repairs.note_text(written.faults)
    is_linked = dialect is SWAGGER
    if is_linked:
        linker = Linker(tree, root, dialect, around, repairs, renamed=renamed)
        linker.open_maps(tree, "document", ())
        linker.link()
        tree, root = converted(tree, linker.parts, repairs)
        repairs.dialect, repairs.root = DIALECTS[0], root
    linker = Linker(tree, root, repairs.dialect, around, repairs, is_linked, renamed)
    linker.open_maps(tree, "document", ())
    repairs.mend("document", tree, ())
    return linker


def _dialect(tree: Any, root: Position) -> Dialect:
    cure = "give an OpenAPI 3.0, 3.1 or 3.2 document"
    if not isinstance(tree, dict):
        raise root.error(f"this is {shown(tree)}, wanted an object with the key `openapi`", cure)
    if str(tree.get("swagger")) == "2.0":
        return SWAGGER
    if "swagger" in tree:
        problem = f"this is Swagger {tree['swagger']}, wanted 2.0, or OpenAPI 3.0, 3.1 or 3.2"
        raise root.child("swagger").error(problem, "convert it to OpenAPI 3")
    if "openapi" not in tree:
        raise root.error("this is no OpenAPI document: it has no `openapi` key", cure)
    for dialect in DIALECTS:
        if re.fullmatch(rf"{re.escape(dialect.version)}\.\d+(-.+)?", str(tree["openapi"])):
            return dialect
    wanted = "wanted 3.0.x, 3.1.x or 3.2.x"
    problem = f"the document's OpenAPI version is {shown(tree['openapi'])}, {wanted}"
    raise root.child("openapi").error(problem, 'give a version that is read, such as "3.1.0"')


def _left_out(found: Sequence[Found], root: Position, dialect: Dialect) -> Iterator[Notice]:
    """Makes nothing of parameters and headers whose names HTTP can't carry; says so of each."""
    for node, kind, place in found:
        if kind == "media type" and kind not in dialect.definitions and "$ref" in node:
            source = root.at((*place, "$ref")).source
            what = f"a media type has a `$ref`, which OpenAPI {dialect.version} does not know"
            cure = "write a `schema` with that `$ref`"
            yield Notice("left out", source, f"{what}: it is left out", cure)
            del node["$ref"]
        if kind not in ("parameter", "response"):
            continue
        names = list(node.get("headers") or ()) if kind == "response" else [node.get("name", "")]
        location = "header" if kind == "response" else node.get("in", "")
        for name in names:
            if "$ref" not in node and not is_nameable(location, name):
                there = (*place, "headers", name) if kind == "response" else (*place, "name")
                what = f"the {location} {shown(name)} of a {kind} is left out"
                why = "HTTP has no such name (RFC 9110 §5.1, RFC 6265 §4.1.1)"
                yield Notice("left out", root.at(there).source, f"{what}: {why}", "mend it")
                if kind == "parameter":
                    node.update({"name": _IGNORED_HEADERS[0], "in": "header", "required": False})


@dataclass(frozen=True, slots=True)
class _Reader:
    """What reads the operations of path items, callbacks of callbacks so many times and no more.

    What the service sends is a message to read, like its answers (JSON Schema Validation §9.4).
    """

    document: Document
    dialect: Dialect
    schemes: KnownSchemes

    def asked(self) -> Iterator[model.Operation]:
        """The operations of the paths."""
        around = _security(self.document, "", self.schemes, ())
        for path in self.document.tree.get("paths") or {}:
            if path.startswith("/"):
                yield from self._of_item(join_pointer("/paths", path), path, around)

    def webhooks(self) -> Iterator[model.Outgoing]:
        for name in self.document.tree.get("webhooks") or {}:
            yield self._outgoing(name, "", join_pointer("/webhooks", name), f"webhooks/{name}")

    def _outgoing(
        self, name: str, url: str, item: str, home: str, depth: int = 1
    ) -> model.Outgoing:
        operations = tuple(self._of_item(item, "/", (), home, depth))
        return model.Outgoing(name, url, operations, item)

    def _of_item(
        self, pointer: str, path: str, around: _Security, home: str = "", depth: int = 0
    ) -> Iterator[model.Operation]:
        """The operations of a path item, which is in a webhook and callbacks, so many in all."""
        document, by_service = self.document, depth % 2 == 1
        directed = [for_requests(document), for_responses(document)]
        if by_service:
            directed.reverse()
        sent, received = directed
        # What a path item says itself comes before what its `$ref` leads to.
        items = [pointer]
        while (ref := document.at(items[-1]).get("$ref")) and ref_target(ref) not in items:
            items.append(ref_target(ref))
        servers = [urls for item in items if (urls := _servers(document.at(item)))]
        for method, place in _methods(document, self.dialect, items):
            pointer, body = document.resolve(place), None
            node = document.at(pointer)
            if node.get("requestBody") is not None:
                found = _Object(sent, pointer).child("requestBody")
                body = model.RequestBody(found.required, found.content, found.pointer)
            operation = model.Operation(
                method=method,
                path=path,
                operation_id=node.get("operationId"),
                parameters=_parameters(sent, *reversed(items), pointer),
                request_body=body,
                responses=tuple(_responses(_Object(received, pointer), method)),
                security=_security(document, pointer, self.schemes, around),
                servers=_servers(node) or next(iter(servers), ()) or _servers(document.tree),
                deprecated=node.get("deprecated") is True,
                pointer=pointer,
                openapi=document.openapi,
                home=home,
                by_service=by_service,
            )
            yield replace(operation, callbacks=tuple(self._callbacks(operation, depth)))

    def _callbacks(self, operation: model.Operation, depth: int) -> Iterator[model.Outgoing]:
        owner = _Object(self.document, operation.pointer)
        for name in owner.value.get("callbacks") or ():
            callback = owner.child("callbacks", name)
            for url in callback.value:
                item = join_pointer(callback.pointer, url)
                if not url.startswith("x-") and depth < MAX_NESTED:
                    home = f"{operation.key} callbacks/{name} {url}"
                    yield self._outgoing(name, url, item, home, depth + 1)


def _methods(document: Document, dialect: Dialect, items: list[str]) -> Iterator[tuple[str, str]]:
    """Each method of a path item, and where it is written: in the first of `items` that has it."""
    for method in dialect.methods:
        for item in items:
            if method in document.at(item):
                yield method.upper(), join_pointer(item, method)
                break
    others: dict[str, str] = {}
    for item in items if OTHER_METHODS in dialect.fields["path item"] else ():
        for method in document.at(item).get(OTHER_METHODS) or ():
            others.setdefault(method, join_pointer(item, OTHER_METHODS, method))
    yield from others.items()


def _servers(node: Mapping[str, Any]) -> tuple[str, ...]:
    """URLs with the defaults of their variables; none given is what OpenAPI reads as `/`."""
    urls = []
    for server in node.get("servers") or ():
        variables = (server.get("variables") or {}).items()
        filled = {f"{{{name}}}": str(variable["default"]) for name, variable in variables}
        parts = re.split("({[^{}]*})", server["url"])
        urls.append("".join(map(filled.get, parts, parts)))
    return tuple(urls)


class _Object:
    """An object of the document that is no schema, and where it stands."""

    def __init__(self, document: Document, pointer: str) -> None:
        self.document, self.pointer = document, pointer
        self.value = document.written.at(pointer)

    def child(self, *segments: str | int) -> "_Object":
        """What stands below, behind its references."""
        pointer = join_pointer(self.pointer, *segments)
        return _Object(self.document, self.document.written.resolve(pointer))

    @property
    def required(self) -> bool:
        return self.value.get("required") is True

    def part(self, name: str) -> model.Schema | None:
        """Its own schema of that name."""
        if name in self.value:
            return model.Schema(self.document, join_pointer(self.pointer, name))
        return None

    @property
    def schema(self) -> model.Schema | None:
        """Its own, or that of its content."""
        return self.part("schema") or next((media.schema for media in self.content), None)

    @property
    def content(self) -> tuple[model.MediaType, ...]:
        found = []
        for name in self.value.get("content") or ():
            media = self.child("content", name)
            schemas = media.part("schema"), media.part("itemSchema")
            found.append(model.MediaType(name, schemas[0], media.pointer, schemas[1]))
        return tuple(found)


def _parameters(document: Document, *owners: str) -> tuple[model.Parameter, ...]:
    """Of the path, then of the operation, which override those of the same place and name."""
    merged: dict[tuple[str, str], model.Parameter] = {}
    for owner in owners:
        around = _Object(document, owner)
        for index in range(len(around.value.get("parameters") or ())):
            parameter = _parameter(around.child("parameters", index))
            if parameter.location != "header":
                merged[parameter.location, parameter.name] = parameter
            elif parameter.name.lower() not in _IGNORED_HEADERS:
                merged["header", parameter.name.lower()] = parameter
    return tuple(merged.values())


def _parameter(node: _Object) -> model.Parameter:
    said, location = node.value, node.value["in"]
    style = said.get("style") or _DEFAULT_STYLES[location]
    return model.Parameter(
        said["name"],
        location,
        required=location == "path" or node.required,
        schema=node.schema,
        style=style,
        explode=said.get("explode", style == "form"),
        allow_reserved=said.get("allowReserved") is True,
        media_type=next(iter(said.get("content") or ()), None),
        pointer=node.pointer,
    )


def _responses(operation: _Object, method: str) -> Iterator[model.ResponseSpec]:
    for status in operation.value.get("responses") or {}:
        if status.startswith("x-"):
            continue
        response = operation.child("responses", status)
        headers = []
        for name in response.value.get("headers") or {}:
            # OpenAPI 3.1 §4.8.17: Content-Type is ignored
            if name.lower() != "content-type" and is_nameable("header", name):
                found = response.child("headers", name)
                explode = found.value.get("explode") is True
                told = found.required, found.schema, found.pointer, explode
                media_type = next(iter(found.value.get("content") or ()), None)
                headers.append(model.Header(name, *told, media_type))
        content = response.content
        if method == "HEAD" or status.upper() in _NO_CONTENT:
            content = ()
        yield model.ResponseSpec(status, tuple(headers), content, response.pointer)


def _security(
    document: Document, owner: str, schemes: KnownSchemes, around: _Security
) -> _Security:
    """The alternatives that `owner` lists itself; those around it when it has no list."""
    alternatives = document.at(owner).get("security")
    if alternatives is None:
        return around
    found = []
    for index, alternative in enumerate(alternatives):
        named = {name.removeprefix(_SCHEMES_HERE): of for name, of in alternative.items()}
        for name in named:
            schemes.need(name, join_pointer(owner, "security", index, name))
        found.append(tuple((name, tuple(scopes)) for name, scopes in named.items()))
    return tuple(found)
