"""What is wrong with a document that is read all the same, each with its place; checked once."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from itertools import chain
from typing import Any

from contracts.document import Document, Operation, Spec, join_pointer, ref_target, split_pointer
from contracts.document.directions import for_requests, for_responses
from contracts.document.model import Notice, clause_in
from contracts.document.serialisation import parameter_names, shape_of
from contracts.messages import is_json
from contracts.rules.headers import unjudged_headers
from contracts.rules.media import unjudged_media
from contracts.rules.rule import shown
from contracts.schemas.validation import Uncompilable, matches, reference, validator_of
from contracts.text import cut, few, plural

MAX_OF_A_KIND = 20  # that are told one by one; the others are counted in the last of them
MAX_SAID = 10  # as a run begins
MAX_NAMED = 5
MAX_REASON = 160  # characters of what a validator says
_VALUES = {"value", "dataValue"}  # members of an Example Object that are values
_FROM_3_2 = ("query", "additionalOperations")
Check = Callable[[Spec], Iterator[Notice]]


@lru_cache(maxsize=16)
def notices(spec: Spec) -> tuple[Notice, ...]:
    """What is said of a document on reading it, by kind, each kind in the order of its lines.

    None of it keeps the document from being tested; what does is a DocumentError of reading.
    """
    kinds: dict[str, dict[Notice, None]] = defaultdict(dict)
    for notice in chain(spec.notices, *(check(spec) for check in CHECKS)):
        kinds[notice.kind][notice] = None
    found: list[Notice] = []
    for alike in kinds.values():
        told = sorted(alike, key=lambda notice: (notice.source.file, notice.source.line))
        more = max(len(told) - MAX_OF_A_KIND, 0)
        found += told[:MAX_OF_A_KIND]
        found[-1] = replace(found[-1], more=more)
    return tuple(found)


def said(spec: Spec) -> Iterator[str]:
    """The first notices, and how many more there are: what a run begins with."""
    found = notices(spec)
    yield from map(str, found[:MAX_SAID])
    if len(found) > MAX_SAID:
        yield f"… and {plural(len(found) - MAX_SAID, 'notice')} more on the document"


def _notice(spec: Spec, kind: str, pointer: str, problem: str, cure: str) -> Notice:
    return Notice(kind, spec.document.source(pointer), problem, cure)


def _of_kind(spec: Spec, kinds: str, *having: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The objects of these kinds that are written, not referred to, each with its pointer.

    With names, those alone that have a member of one.
    """
    wanted, names = kinds.split(", "), set(having)
    for node, kind, place in spec.parts:
        is_written = kind in ("schema", "path item") or "$ref" not in node
        if kind in wanted and is_written and not (names and names.isdisjoint(node)):
            yield node, join_pointer("", *place)


def _nothing_to_ask(spec: Spec) -> Iterator[Notice]:
    if not spec.operations:
        problem = "no path of the document has an operation, so there is nothing to test"
        yield _notice(spec, "nothing to test", "/paths", problem, "give `paths` an operation")


def _the_other_way(spec: Spec) -> Iterator[Notice]:
    """Callbacks and webhooks: what the service sends, and nobody asks for."""
    callbacks = [pointer for _, pointer in _of_kind(spec, "callback")]
    webhooks = [
        join_pointer("/webhooks", name) for name in spec.document.tree.get("webhooks") or ()
    ]
    for noun, places in (("callback", callbacks), ("webhook", webhooks)):
        if places:
            names = few([split_pointer(place)[-1] for place in places], MAX_NAMED, "there")
            problem = f"{plural(len(places), noun)} neither asked nor judged: {names}"
            cure = "they are what the service sends by itself; test those who receive them"
            yield _notice(spec, "not asked", places[0], problem, cure)


def _alike(spec: Spec) -> Iterator[Notice]:
    """Templates that differ in the names of their parameters alone."""
    alike: dict[str, list[str]] = {}
    for template in spec.by_path:
        alike.setdefault(shape_of(template), []).append(template)
    clause = clause_in(spec.document.openapi, "OpenAPI 3.1 §4.8.8")
    for first, *others in alike.values():
        there = spec.document.source(join_pointer("/paths", first))
        for other in others:
            same = f"differ in the names of parameters alone, and are one path ({clause})"
            problem = f"{other} and {first} ({there}) {same}"
            cure = "methods and statuses of both count for both; make them one path item"
            yield _notice(spec, "same path", join_pointer("/paths", other), problem, cure)


def _templates(spec: Spec) -> Iterator[Notice]:
    """Names that no parameter declares, parameters that no template has, and odd braces."""
    for path, operations in spec.by_path.items():
        told = partial(_notice, spec, "path parameter")
        pointer, names = join_pointer("/paths", path), Counter(parameter_names(path))
        if not {"{", "}"}.isdisjoint(shape_of(path).replace("{}", "")):
            yield told(pointer, f"a brace of {path} stands alone", "write a parameter as {name}")
        for name, count in names.items():
            if count > 1:
                problem = f"{path} has {{{name}}} {count} times"
                yield told(pointer, problem, "give each its own name")
            lacking = [one for one in operations if name not in _in_path(one)]
            if lacking:
                methods = few([one.method for one in lacking], MAX_NAMED)
                problem = f"{path} has {{{name}}}, which no parameter of {methods} declares"
                cure = "declare it with `in: path`; until then any text is taken for a value"
                yield told(lacking[0].pointer, problem, cure)
        for operation in operations:
            for name, place in _in_path(operation).items():
                if name not in names:
                    problem = f"the path parameter {name} is not in the template {path}"
                    yield told(place, problem, "mend one of the two")


def _in_path(operation: Operation) -> dict[str, str]:
    """The pointers of an operation's path parameters, by their names."""
    return {p.name: p.pointer for p in operation.parameters if p.location == "path"}


def _parameters(spec: Spec) -> Iterator[Notice]:
    """Parameters that stand twice in one list, and query parameters beside a whole query."""
    at, resolve = spec.document.at, spec.document.resolve
    for node, pointer in _of_kind(spec, "operation, path item", "parameters"):
        seen: set[tuple[str, str]] = set()
        for index in range(len(node.get("parameters") or ())):
            place = join_pointer(pointer, "parameters", index)
            said = at(resolve(place))
            identity = said["in"], said["name"]
            if identity in seen:
                problem = f"the {said['in']} parameter {said['name']} stands in this list before"
                yield _notice(spec, "parameter", place, problem, "keep one of the two")
            seen.add(identity)
    for operation in spec.operations:
        if {"query", "querystring"} <= {p.location for p in operation.parameters}:
            problem = f"{operation.key} has query parameters beside one that is the whole query"
            cure = "describe the query in one way"
            yield _notice(spec, "parameter", operation.pointer, problem, cure)


def _operation_ids(spec: Spec) -> Iterator[Notice]:
    seen: dict[str, str] = {}
    places = {
        pointer: node.get("operationId")
        for node, pointer in _of_kind(spec, "operation", "operationId")
    }
    in_order = sorted(places, key=lambda pointer: spec.document.source(pointer).line)
    for pointer in in_order:
        name = places[pointer]
        if name is not None and name in seen:
            there = spec.document.source(join_pointer(seen[name], "operationId"))
            problem = f"the operationId {shown(name)} is that of another operation ({there})"
            place = join_pointer(pointer, "operationId")
            yield _notice(spec, "operationId", place, problem, "give each operation its own")
        seen.setdefault(str(name), pointer)


def _links(spec: Spec) -> Iterator[Notice]:
    """Links to operations that are not there."""
    known = {node.get("operationId") for node, _ in _of_kind(spec, "operation")}
    for node, pointer in _of_kind(spec, "link"):
        name, ref = node.get("operationId"), str(node.get("operationRef", ""))
        if name is not None and name not in known:
            problem = f"the link leads to the operation {shown(name)}, which is not there"
            place = join_pointer(pointer, "operationId")
            yield _notice(spec, "link", place, problem, "mend the operationId")
        if ref.startswith("#") and not _is_there(spec.document, ref_target(ref)):
            problem = f"the link leads to {shown(ref)}, where nothing stands"
            place = join_pointer(pointer, "operationRef")
            yield _notice(spec, "link", place, problem, "mend the pointer")


def _is_there(document: Document, pointer: str) -> bool:
    try:
        document.at(pointer)
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _newer(spec: Spec) -> Iterator[Notice]:
    """What a path item has of a later version than the document says."""
    for node, pointer in _of_kind(spec, "path item", *_FROM_3_2):
        for name in filter(node.__contains__, _FROM_3_2):
            if spec.document.openapi[:3] != "3.2":
                problem = f"`{name}` means nothing before OpenAPI 3.2, and is not asked"
                cure = "say `openapi: 3.2.0`, or remove it"
                yield _notice(spec, "version", join_pointer(pointer, name), problem, cure)


def _patterns(spec: Spec) -> Iterator[Notice]:
    for node, pointer in _of_kind(spec, "schema", "pattern", "patternProperties"):
        places = [(join_pointer(pointer, "pattern"), node.get("pattern", ""))]
        for pattern in node.get("patternProperties") or ():
            places.append((join_pointer(pointer, "patternProperties", pattern), pattern))
        for place, pattern in places:
            if matches(pattern, "") is None:
                problem = f"the pattern {shown(pattern)} can't be read as ECMA-262 writes them"
                cure = "mend it; until then nothing is judged by it, or made for it"
                yield _notice(spec, "pattern", place, problem, cure)


def _examples(spec: Spec) -> Iterator[Notice]:
    """Examples and defaults that the schema beside them refuses, whoever sends them."""
    written = spec.document
    documents = tuple(dict.fromkeys((written, for_requests(written), for_responses(written))))
    for what, place, schema, value in chain(_in_schemas(spec), _beside_schemas(spec)):
        if why := _refusal(documents, schema, value):
            problem = f"the {what} {shown(value)} is not what its schema allows: {why}"
            yield _notice(spec, what, place, problem, "mend one of the two")


_Said = tuple[str, str, str, Any]  # what it is, where it stands, where its schema does, and it


def _in_schemas(spec: Spec) -> Iterator[_Said]:
    for node, pointer in _of_kind(spec, "schema", "example", "examples", "default"):
        for what in ("example", "default"):
            if what in node:
                yield what, join_pointer(pointer, what), pointer, node[what]
        examples = node.get("examples")
        for index, value in enumerate(examples if isinstance(examples, list) else ()):
            yield "example", join_pointer(pointer, "examples", index), pointer, value


def _beside_schemas(spec: Spec) -> Iterator[_Said]:
    at, resolve = spec.document.at, spec.document.resolve
    for node, pointer in _of_kind(spec, "parameter, header, media type", "example", "examples"):
        schema, found = join_pointer(pointer, "schema"), []
        name = split_pointer(pointer)[-1]
        if "example" in node:
            found.append((join_pointer(pointer, "example"), node["example"]))
        for key in node.get("examples") or ():
            place = resolve(join_pointer(pointer, "examples", key))
            for member in _VALUES & at(place).keys():
                found.append((join_pointer(place, member), at(place)[member]))
        for place, value in found if "schema" in node else ():
            # What is no JSON may be written as it is sent, in a text.
            if not (isinstance(value, str) and "/" in name and not is_json(name)):
                yield "example", place, schema, value


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


def _content_where_none(spec: Spec) -> Iterator[Notice]:
    """Answers that have content in the document, and none by HTTP: one notice on all of them."""
    found: dict[str, str] = {}
    for operation in spec.operations:
        for response in operation.responses:
            if not response.content and spec.document.at(response.pointer).get("content"):
                found.setdefault(response.pointer, f"{response.status} of {operation.key}")
    if found:
        named = few([*found.values()], MAX_NAMED, "like it")
        problem = f"HTTP has no content (RFC 9110 §6.4.1) where the document has some: {named}"
        place = join_pointer(next(iter(found)), "content")
        yield _notice(spec, "content", place, problem, "remove it; no rule comes of it")


def _unjudged(spec: Spec) -> Iterator[Notice]:
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
                problem = f"not judged: the schema of {where}: {why}"
                yield _notice(spec, "not judged", pointer, problem, "no rule covers it")


CHECKS: tuple[Check, ...] = (
    _nothing_to_ask,
    _templates,
    _alike,
    _parameters,
    _operation_ids,
    _links,
    _newer,
    _patterns,
    _examples,
    _content_where_none,
    _unjudged,
    _the_other_way,
)
