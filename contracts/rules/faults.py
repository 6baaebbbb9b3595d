"""What is wrong with a document that is read all the same, each with its place; checked once."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any

from contracts.document import Document, Operation, Spec, join_pointer, ref_target, split_pointer
from contracts.document.dialects import OTHER_METHODS
from contracts.document.directions import for_requests, for_responses
from contracts.document.model import Notice, clause_in, is_there
from contracts.document.security import untried
from contracts.document.serialisation import parameter_names, shape_of
from contracts.errors import DocumentError
from contracts.messages import is_json
from contracts.rules.headers import unjudged_headers
from contracts.rules.media import unjudged_media
from contracts.rules.rule import shown
from contracts.schemas import ASSERTED_FORMATS
from contracts.schemas.constraints import MAX_CONSTRAINTS, MAX_FORBIDDEN, forbidden_by
from contracts.schemas.validation import Uncompilable, matches, reference, validator_of
from contracts.text import cut, few, plural

MAX_OF_A_KIND = 20  # that are told one by one; the others are counted in the last of them
MAX_SAID = 10  # as a run begins
MAX_NAMED = 5
MAX_REASON = 160  # characters of what a validator says
NO_FAULTS = {"nothing to test", "not judged", "not asked"}
_VALUES = {"value", "dataValue"}  # members of an Example Object that are values
FORMATS = {
    *ASSERTED_FORMATS,
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "double-int"),
    *("float", "double", "decimal", "decimal128", "byte", "binary", "base64url", "password"),
    *("commonmark", "html", "media-range", "http-date", "date-time-local", "time-local"),
    *("char", "unixtime", "sf-binary", "sf-boolean", "sf-decimal", "sf-integer", "sf-string"),
    "sf-token",
}
"""The formats of JSON Schema, and of the registry of OpenAPI."""
Found = Iterator[tuple[str, str, str]]  # a pointer, what is wrong there, and what to do


@lru_cache(maxsize=16)
def notices(spec: Spec) -> tuple[Notice, ...]:
    """What is said of a document on reading it, by kind, each kind in the order of its lines.

    None of it keeps the document from being tested; what does is a DocumentError of reading.
    """
    kinds: dict[str, dict[Notice, None]] = defaultdict(dict)
    for notice in spec.notices:
        kinds[notice.kind][notice] = None
    for kind, check in CHECKS.items():
        for pointer, problem, cure in check(spec):
            kinds[kind][Notice(kind, spec.document.source(pointer), problem, cure)] = None
    found: list[Notice] = []
    for alike in filter(None, kinds.values()):
        told = sorted(alike, key=lambda notice: (notice.source.file, notice.source.line))
        more = max(len(told) - MAX_OF_A_KIND, 0)
        found += told[:MAX_OF_A_KIND]
        found[-1] = replace(found[-1], more=more)
    return tuple(found)


def refuse_faulty(spec: Spec) -> None:
    """A DocumentError for the first fault of a document that is read all the same."""
    for notice in notices(spec):
        if notice.kind not in NO_FAULTS:
            cure = f"{notice.cure}, or let faults be read as they are meant"
            raise DocumentError(notice.source.file, notice.source.line, notice.problem, cure)


def said(spec: Spec) -> Iterator[str]:
    """The first notices, and how many more there are: what a run begins with."""
    found = notices(spec)
    yield from map(str, found[:MAX_SAID])
    if len(found) > MAX_SAID:
        yield f"… and {plural(len(found) - MAX_SAID, 'notice')} more on the document"


def _of_kind(spec: Spec, kinds: str, *having: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Objects of these kinds that are written here, with their pointers; `having` a member."""
    wanted, names = kinds.split(", "), set(having)
    for node, kind, place in spec.parts:
        is_written = kind in ("schema", "path item") or "$ref" not in node
        if kind in wanted and is_written and not (names and names.isdisjoint(node)):
            yield node, join_pointer("", *place)


def _nothing_to_test(spec: Spec) -> Found:
    if not spec.operations:
        problem = "no path of the document has an operation, so there is nothing to test"
        yield "/paths", problem, "give `paths` an operation"


def _not_asked(spec: Spec) -> Found:
    """What the service sends, and nobody asks for; credentials that are too many to be tried."""
    places = {"callback": [pointer for _, pointer in _of_kind(spec, "callback")]}
    webhooks = spec.document.tree.get("webhooks") or ()
    places["webhook"] = [join_pointer("/webhooks", name) for name in webhooks]
    for noun, pointers in places.items():
        names = few([split_pointer(pointer)[-1] for pointer in pointers], MAX_NAMED, "there")
        problem = f"{plural(len(pointers), noun)} neither asked nor judged: {names}"
        cure = "they are what the service sends by itself; test those who receive them"
        yield from [(pointers[0], problem, cure)] if pointers else ()
    for operation in spec.operations:
        if why := untried(operation):
            cure = "for the others, give them to several operations"
            yield operation.pointer, f"{operation.key} has {why}", cure
        bodies = operation.request_body.content if operation.request_body else ()
        is_large = MAX_CONSTRAINTS * len((*operation.parameters, *bodies)) > MAX_FORBIDDEN
        if is_large and len([*forbidden_by(operation)]) == MAX_FORBIDDEN:
            problem = f"{operation.key} forbids {MAX_FORBIDDEN:,} things and more"
            yield operation.pointer, problem, "no rule covers the others"


def _same_path(spec: Spec) -> Found:
    """Templates that differ in the names of their parameters alone."""
    alike: dict[str, list[str]] = {}
    for template in spec.by_path:
        alike.setdefault(shape_of(template), []).append(template)
    clause = clause_in(spec.document.openapi, "OpenAPI 3.1 §4.8.8")
    cure = "methods and statuses of both count for both; make them one path item"
    for first, *others in alike.values():
        there = spec.document.source(join_pointer("/paths", first))
        for other in others:
            same = f"differ in the names of parameters alone, and are one path ({clause})"
            yield join_pointer("/paths", other), f"{other} and {first} ({there}) {same}", cure


def undeclared(spec: Spec) -> Found:
    """Names in a template that no parameter declares: a run would have to guess their values."""
    for path, operations in spec.by_path.items():
        for name in dict.fromkeys(parameter_names(path)):
            lacking = [one for one in operations if name not in _in_path(one)]
            methods = few([one.method for one in lacking], MAX_NAMED)
            problem = f"{path} has {{{name}}}, which no parameter of {methods} declares"
            cure = "declare it with `in: path`, here or in an overlay"
            yield from [(lacking[0].pointer, problem, cure)] if lacking else ()


def _path_parameters(spec: Spec) -> Found:
    """Names in a template that no parameter declares, the other way round, and odd braces."""
    yield from undeclared(spec)
    for path, operations in spec.by_path.items():
        pointer, names = join_pointer("/paths", path), Counter(parameter_names(path))
        if not {"{", "}"}.isdisjoint(shape_of(path).replace("{}", "")):
            yield pointer, f"a brace of {path} stands alone", "write a parameter as {name}"
        for name, count in names.items():
            if count > 1:
                yield pointer, f"{path} has {{{name}}} {count} times", "give each its own name"
        for name, place in chain.from_iterable(_in_path(one).items() for one in operations):
            if name not in names:
                problem = f"the path parameter {name} is not in the template {path}"
                yield place, problem, "mend one of the two"


def _in_path(operation: Operation) -> dict[str, str]:
    """The pointers of an operation's path parameters, by their names."""
    return {p.name: p.pointer for p in operation.parameters if p.location == "path"}


def _parameters(spec: Spec) -> Found:
    """Parameters that stand twice in one list, and query parameters beside a whole query."""
    for node, pointer in _of_kind(spec, "operation, path item", "parameters"):
        seen: set[tuple[str, str]] = set()
        for index in range(len(node.get("parameters") or ())):
            place = join_pointer(pointer, "parameters", index)
            parameter = spec.document.at(spec.document.resolve(place))
            identity = parameter["in"], parameter["name"]
            if identity in seen:
                problem = f"the {' parameter '.join(identity)} stands in this list before"
                yield place, problem, "keep one of the two"
            seen.add(identity)
    for operation in spec.operations:
        if {"query", "querystring"} <= {p.location for p in operation.parameters}:
            problem = f"{operation.key} has query parameters beside one that is the whole query"
            yield operation.pointer, problem, "describe the query in one way"


def _operation_ids(spec: Spec) -> Found:
    source, seen = spec.document.source, dict[str, str]()
    named = _of_kind(spec, "operation", "operationId")
    places = [(node["operationId"], join_pointer(at, "operationId")) for node, at in named]
    for name, place in sorted(places, key=lambda found: source(found[1]).line):
        if name in seen:
            there = source(seen[name])
            problem = f"the operationId {shown(name)} is that of another operation ({there})"
            yield place, problem, "give each operation its own"
        seen.setdefault(name, place)


def _links(spec: Spec) -> Found:
    """Links to operations that are not there."""
    known = {node.get("operationId") for node, _ in _of_kind(spec, "operation")}
    for node, pointer in _of_kind(spec, "link"):
        name, ref = node.get("operationId"), str(node.get("operationRef", ""))
        if name is not None and name not in known:
            problem = f"the link leads to the operation {shown(name)}, which is not there"
            yield join_pointer(pointer, "operationId"), problem, "mend the operationId"
        if ref.startswith("#") and not is_there(spec.document.tree, split_pointer(ref_target(ref))):
            problem = f"the link leads to {shown(ref)}, where nothing stands"
            yield join_pointer(pointer, "operationRef"), problem, "mend the pointer"


def _versions(spec: Spec) -> Found:
    """What a path item has of a later version than the document says."""
    names = ("query", OTHER_METHODS) if spec.document.openapi[:3] != "3.2" else ()
    for node, pointer in _of_kind(spec, "path item") if names else ():
        for name in filter(node.__contains__, names):
            problem = f"`{name}` means nothing before OpenAPI 3.2, and is not asked"
            yield join_pointer(pointer, name), problem, "say `openapi: 3.2.0`, or remove it"


def _descriptions(spec: Spec) -> Found:
    """Responses without a description, which each must have before 3.2: one notice on all."""
    found = list[str]()
    for node, pointer in _of_kind(spec, "response"):
        if "description" not in node:
            found.append(pointer)
    if found and spec.document.openapi[:3] != "3.2":
        count = plural(len(found), "response")
        problem = f"{count} without `description`, which must not be missing"
        yield found[0], problem, "write one; nothing depends on it"


def _formats(spec: Spec) -> Found:
    seen = set(FORMATS)
    for node, pointer in _of_kind(spec, "schema", "format"):
        if node["format"] not in seen:
            seen.add(node["format"])
            problem = f"the format {shown(node['format'])} is in no registry"
            yield join_pointer(pointer, "format"), problem, "nothing is judged by it"


def _patterns(spec: Spec) -> Found:
    for node, pointer in _of_kind(spec, "schema", "pattern", "patternProperties"):
        places = {join_pointer(pointer, "pattern"): node.get("pattern", "")}
        for pattern in node.get("patternProperties") or ():
            places[join_pointer(pointer, "patternProperties", pattern)] = pattern
        for place, pattern in places.items():
            if matches(pattern, "") is None:
                problem = f"the pattern {shown(pattern)} can't be read as ECMA-262 writes them"
                yield place, problem, "mend it; until then nothing is judged by it, or made for it"


def _examples(spec: Spec) -> Found:
    """Examples and defaults that the schema beside them refuses, whoever sends them."""
    written = spec.document
    documents = tuple(dict.fromkeys((written, for_requests(written), for_responses(written))))
    for place, schema, value in chain(_in_schemas(spec), _beside_schemas(spec)):
        if why := _refusal(documents, schema, value):
            noun = "default" if place.endswith("/default") else "example"
            problem = f"the {noun} {shown(value)} is not what its schema allows: {why}"
            yield place, problem, "mend one of the two"


_Said = Iterator[tuple[str, str, Any]]  # where a value stands, where its schema does, and it


def _in_schemas(spec: Spec) -> _Said:
    for node, pointer in _of_kind(spec, "schema", "example", "examples", "default"):
        for name in filter(node.__contains__, ("example", "default")):
            yield join_pointer(pointer, name), pointer, node[name]
        examples = node.get("examples")
        for index, value in enumerate(examples if isinstance(examples, list) else ()):
            yield join_pointer(pointer, "examples", index), pointer, value


def _beside_schemas(spec: Spec) -> _Said:
    at, resolve = spec.document.at, spec.document.resolve
    for node, pointer in _of_kind(spec, "parameter, header, media type", "example", "examples"):
        found = [join_pointer(pointer, "example")] if "example" in node else []
        for key in node.get("examples") or ():
            place = resolve(join_pointer(pointer, "examples", key))
            found += [join_pointer(place, member) for member in _VALUES & at(place).keys()]
        name = split_pointer(pointer)[-1]
        for place in found if "schema" in node else ():
            # What is no JSON may be written as it is sent, in a text.
            if not (isinstance(at(place), str) and "/" in name and not is_json(name)):
                yield place, join_pointer(pointer, "schema"), at(place)


def _refusal(documents: Iterable[Document], schema: str, value: Any) -> str:
    """Why no direction of the document allows a value; "" if one does, or it can't be told."""
    why = ""
    try:
        for document in documents:
            errors = validator_of(reference(schema), document).iter_errors(value)
            if (error := next(iter(errors), None)) is None:
                return ""
            why = why or cut(error.message, MAX_REASON)
    except (RecursionError, *Uncompilable):
        return ""
    return why


def _content_where_none(spec: Spec) -> Found:
    """Answers that have content in the document, and none by HTTP: one notice on all of them."""
    found: dict[str, str] = {}
    for operation in spec.operations:
        for response in operation.responses:
            if not response.content and spec.document.at(response.pointer).get("content"):
                found.setdefault(response.pointer, f"{response.status} of {operation.key}")
    if found:
        named = few([*found.values()], MAX_NAMED, "like it")
        problem = f"HTTP has no content (RFC 9110 §6.4.1) where the document has some: {named}"
        yield join_pointer(next(iter(found)), "content"), problem, "remove it; no rule comes of it"


def _unjudged(spec: Spec) -> Found:
    """Schemas of answers that no rule covers."""
    for operation in spec.operations:
        for response in operation.responses:
            found = list[tuple[str, str, str]]()
            for media, why in unjudged_media(operation, response):
                found.append((f"{media.name} in", media.pointer, why))
            for header, why in unjudged_headers(operation, response):
                found.append((f"the header {header.name} of", header.pointer, why))
            for what, pointer, why in found:
                where = f"{what} {response.status} of {operation.key}"
                yield pointer, f"not judged: the schema of {where}: {why}", "no rule covers it"


CHECKS: dict[str, Callable[[Spec], Found]] = {
    "nothing to test": _nothing_to_test,
    "path parameter": _path_parameters,
    "same path": _same_path,
    "parameter": _parameters,
    "operationId": _operation_ids,
    "link": _links,
    "version": _versions,
    "response": _descriptions,
    "format": _formats,
    "pattern": _patterns,
    "example": _examples,
    "content": _content_where_none,
    "not judged": _unjudged,
    "not asked": _not_asked,
}
"""The kinds of notices, in the order in which they are told: whoever adds one adds a row."""
