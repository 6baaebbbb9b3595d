"""Documents and operations made bearable for libraries that take their time over some of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, takewhile
from typing import Any

from contracts.document import Document, Operation, Schema, Spec, join_pointer, ref_target
from contracts.messages import Probe
from contracts.payloads import RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.payloads.patterns import parse
from contracts.schemas.validation import Uncompilable, takes, validator

LONG = 1_000  # characters of a pattern, or of a text beside one: Python's `re` needs their square
LEAST, MOST_WORK = 10, 1_000_000  # requests, and what they say and may be answered in all
LAST = {"auth", "unknown", "method"}  # sources of requests that are sent however many there were
TEXTS = 20  # texts of ours that stand for a pattern
_SAME_TEXT = ("allOf", "anyOf", "oneOf")
_OF_TEXTS = frozenset({"pattern", "patternProperties", *_SAME_TEXT})


def longest_list(spec: Spec, operation: Operation) -> int:
    """Members of the longest list in what a request may hold: names, values, branches."""
    body = operation.request_body
    schemas = [parameter.schema for parameter in operation.parameters]
    if body is not None:
        schemas += [media.schema for media in body.content]
    waiting: list[Any] = [schema.value for schema in schemas if schema]
    longest, seen = max(len(operation.parameters), len(schemas)), set[str]()
    while waiting:
        node = waiting.pop()
        if isinstance(node, (dict, list)):
            longest = max(longest, len(node))
            waiting += node.values() if isinstance(node, dict) else node
            name = node.get("$ref") if isinstance(node, dict) else None
            if isinstance(name, str) and name not in seen:
                seen.add(name)
                with suppress(KeyError, IndexError, TypeError):  # a value that looks like one
                    waiting.append(spec.document.at(ref_target(name)))
    return longest


def most_requests(operation: Operation) -> int:
    """How many requests an operation has before the last ones, fewer where each is much work."""
    bodies = operation.request_body.content if operation.request_body else ()
    most = max(100, len(operation.parameters) + sum(map(len, operation.security)) + len(bodies))
    for answer in operation.responses:
        said = len(operation.parameters) + len(answer.headers) + len(answer.content)
        most = max(most, said)
    return max(LEAST, MOST_WORK // most)


def allowed(
    operation: Operation, probes: Iterable[Probe], sent: Sequence[object]
) -> Iterator[Probe]:
    """Probes as long as fewer were `sent` than may be, and all of those that come last."""
    most = most_requests(operation)
    yield from takewhile(lambda one: len(sent) < most or one.again or one.source in LAST, probes)


def unsent(spec: Spec, operation: Operation, count: int, unmade: Mapping[str, str]) -> str:
    """Why requests of an operation were not sent, once `count` were, or not made; else ""."""
    if count < (most := most_requests(operation)):
        return unmade.get(operation.key, "")
    place = spec.document.source(operation.pointer)
    return f"{place}: {operation.key}: its requests after the first {most:,} are left out"


def is_long(schema: dict[str, Any]) -> bool:
    """Whether a pattern, or a text that is tried on it, is long."""
    texts = [schema["pattern"], schema.get("const"), *schema.get("enum", ())]
    return any(isinstance(text, str) and len(text) > LONG for text in texts)


def respelled(
    document: Document, tree: dict[str, Any], hard: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """A copy of a tree of the document, with texts of ours where a text has a `hard` pattern."""

    def changed(node: dict[str, Any], path: Any) -> dict[str, Any]:
        if _OF_TEXTS.isdisjoint(node):
            return {**node}
        names = node.get("patternProperties")
        if isinstance(names, dict) and any(hard({"pattern": name}) for name in names):
            node = {name: held for name, held in node.items() if name != "patternProperties"}
        if not _asks(node, hard):
            return {**node}
        if texts := _texts(Schema(document, _pointer(path))):
            return {"type": "string", "enum": texts}
        return {name: held for name, held in node.items() if name != "pattern"}

    found: dict[Any, Any] = {"": tree}
    pending: list[tuple[Any, Any, Any]] = [(found, "", None)]  # what holds it, its key, its path
    while pending:
        holder, key, path = pending.pop()
        members: Iterable[tuple[Any, Any]]
        if isinstance(node := holder[key], dict):
            node = holder[key] = changed(node, path)
            members = node.items()
        else:
            node = holder[key] = [*node]
            members = enumerate(node)
        for name, held in members:
            if isinstance(held, (dict, list)):
                pending.append((node, name, (path, name)))
    return found[""]  # type: ignore[no-any-return]


def _asks(schema: Any, hard: Callable[[dict[str, Any]], bool]) -> bool:
    """Whether a schema, or a part of it about the same text, has a `hard` pattern."""
    if not isinstance(schema, dict):
        return False
    if isinstance(schema.get("pattern"), str) and hard(schema):
        return True
    parts = [schema[name] for name in _SAME_TEXT if isinstance(schema.get(name), list)]
    return any(_asks(part, hard) for part in chain.from_iterable(parts))


def _pointer(path: Any) -> str:
    """The pointer of a path: a pair of the one above and a key, as few are ever asked for."""
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    return join_pointer("", *reversed(keys))


def _texts(schema: Schema) -> list[str]:
    """Texts that a schema takes: of its own, or else of our making."""
    value: Any = schema.value
    texts: list[str] = []
    with suppress(*Uncompilable, Unsatisfiable):
        if isinstance(value.get("enum"), list):
            check = validator(schema)
            texts = [one for one in value["enum"] if isinstance(one, str) and takes(check, one)]
        else:
            if parse(value.get("pattern", "")).least > 4 * LONG:  # no URL and no field has room
                return []
            made = generator(schema)
            while len(texts) < TEXTS and sum(map(len, texts)) < LONG:
                text = made.draw(RandomChoices(len(texts)))
                if not isinstance(text, str):
                    return []
                texts.append(text)
    return [*dict.fromkeys(texts)]
