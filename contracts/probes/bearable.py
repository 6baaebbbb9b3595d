"""Documents and operations made bearable for libraries that take their time over some of them."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import chain
from typing import Any

from contracts.document import (
    Document,
    Operation,
    Schema,
    Spec,
    join_pointer,
    ref_target,
)
from contracts.payloads import RandomChoices, Unsatisfiable
from contracts.payloads.compiler import generator
from contracts.payloads.patterns import parse
from contracts.schemas.validation import Uncompilable, takes, validator

LONG = 1_000  # characters of a pattern, or of a text beside one: Python's `re` needs their square
TEXTS = 20  # texts of ours that stand for a pattern
_SAME_TEXT = ("allOf", "anyOf", "oneOf")


def longest_list(spec: Spec, operation: Operation) -> int:
    """Members of the longest list in what a request may hold: names, values, branches."""
    body = operation.request_body
    schemas = [parameter.schema for parameter in operation.parameters]
    if body is not None:
        schemas += [media.schema for media in body.content]
    waiting: list[Any] = [schema.value for schema in schemas if schema]
    longest, seen = 0, set[str]()
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


def is_long(schema: dict[str, Any]) -> bool:
    """Whether a pattern, or a text that is tried on it, is long."""
    texts = [schema["pattern"], schema.get("const"), *schema.get("enum", ())]
    return any(isinstance(text, str) and len(text) > LONG for text in texts)


def respelled(
    document: Document, tree: dict[str, Any], hard: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """A copy of a tree of the document, with texts of ours where a text has a `hard` pattern."""

    def changed(node: dict[str, Any], path: Any) -> dict[str, Any]:
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
        names: Iterable[Any] = ()
        node = holder[key]
        if isinstance(node, dict):
            names = node = holder[key] = changed(node, path)
        elif isinstance(node, list):
            node = holder[key] = [*node]
            names = range(len(node))
        pending += [(node, name, (path, name)) for name in names]
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
