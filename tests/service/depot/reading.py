"""A request is read by the document: parameters by their styles, a body by its media type, each held to its schema.

Nothing here is taken from the suite: what its judge and this service both misread would go unnoticed.
"""

import email.parser
import email.policy
import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema_rs
import yaml

FILE = Path(__file__).with_name("depot.yaml")
METHODS = ("get", "head", "put", "post", "patch", "delete")
Node = dict[str, Any]


class Refused(Exception):
    """The status of the answer, and what is wrong with the request."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came; names of header fields in lower case."""

    method: str
    path: str  # raw
    query: str  # raw
    headers: Mapping[str, str]
    body: bytes

    @property
    def cookies(self) -> dict[str, str]:
        pairs = (pair.strip().partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in pairs if name}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Of the query, the names decoded and the values raw."""
        found = (pair.partition("=") for pair in self.query.split("&") if pair)
        return [(decoded(name), value) for name, _, value in found]


def decoded(text: str) -> str:
    try:
        return unquote(text.replace("+", " "), errors="strict")
    except UnicodeDecodeError:
        raise Refused(400, "the address holds bytes that are no UTF-8") from None


@cache
def document() -> Node:
    loaded: Node = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return loaded


def behind(node: Any) -> Any:
    """What a reference stands for."""
    while isinstance(node, dict) and "$ref" in node:
        names, node = node["$ref"].split("/")[1:], document()
        for name in names:
            node = node[name]
    return node


def inlined(node: Any) -> Any:
    """A copy without references."""
    node = behind(node)
    if isinstance(node, dict):
        return {name: inlined(value) for name, value in node.items()}
    return [inlined(value) for value in node] if isinstance(node, list) else node


def plain(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 in JSON Schema 2020-12, for requests: what is `readOnly` is ignored in them."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: plain(value) for name, value in schema.items() if name not in ("nullable", "discriminator")}
    for bound in ("minimum", "maximum"):
        exclusive = f"exclusive{bound.title()}"
        if made.pop(exclusive, False) is True:
            made[exclusive] = made.pop(bound)
    if schema.get("nullable"):
        made = {"anyOf": [{"type": "null"}, made]}
    if isinstance(schema.get("properties"), dict):
        ignored = {name for name, below in schema["properties"].items() if below.get("readOnly")}
        made["properties"] |= dict.fromkeys(ignored, True)
        made["required"] = [name for name in schema.get("required", []) if name not in ignored]
    return made


@dataclass(frozen=True)
class Operation:
    """An operation of the document as the service enforces it, references inlined."""

    method: str
    template: str
    node: Node
    _validators: dict[int, jsonschema_rs.Draft202012Validator] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return str(self.node["operationId"])

    @property
    def security(self) -> list[dict[str, Any]]:
        return list(self.node.get("security") or [] if "security" in self.node else document()["security"])

    @cached_property
    def content(self) -> Node:
        found: Node = self.node.get("requestBody", {}).get("content", {})
        return found

    def without(self, *places: str) -> "Operation":
        """The operation that does not know what stands at these places."""
        node = deepcopy(self.node)
        for place in places:
            *above, last = place.split("/")
            holder = node
            for name in above:
                holder = holder[unescaped(name)] if isinstance(holder, dict) else holder[int(name)]
            if isinstance(holder, list):
                holder.remove(last)
            else:
                del holder[unescaped(last)]
        return Operation(self.method, self.template, node)

    def problem(self, schema: Node, value: Any) -> str:
        """Why the schema refuses a value, empty if it takes it."""
        if id(schema) not in self._validators:
            made = jsonschema_rs.Draft202012Validator(plain(schema), validate_formats=True)
            self._validators[id(schema)] = made
        found = next(self._validators[id(schema)].iter_errors(value), None)
        return found.message if found is not None else ""

    def values(self, asked: Asked, segments: Mapping[str, str]) -> dict[str, Any]:
        """The values of all parameters that are there; Refused if one is wrong, or missing."""
        found = {}
        for parameter in self.node.get("parameters", []):
            name, schema = parameter["name"], schema_of(parameter)
            readings = list(read(parameter, schema, asked, segments))
            if not readings and parameter.get("required"):
                raise Refused(400, f"{name} is missing")
            problems = [self.problem(schema, value) for value in readings]
            if problems and all(problems):
                raise Refused(400, f"{name}: {problems[0]}")
            if readings:
                found[name] = readings[problems.index("")]
        return found


def unescaped(name: str) -> str:
    return name.replace("~1", "/").replace("~0", "~")


@cache
def operations() -> dict[str, Operation]:
    """All operations by their id."""
    found = {}
    for template, item in document()["paths"].items():
        for method in filter(item.__contains__, METHODS):
            node = inlined(item[method])
            node["parameters"] = inlined(item.get("parameters", [])) + node.get("parameters", [])
            found[node["operationId"]] = Operation(method.upper(), template, node)
    return found


def schema_of(parameter: Node) -> Node:
    content = parameter.get("content")
    schema: Node = content["application/json"]["schema"] if content else parameter.get("schema", {})
    return schema


# Parameters.


def read(parameter: Node, schema: Node, asked: Asked, segments: Mapping[str, str]) -> Iterator[Any]:
    """What the parameter says, in each way to read it; nothing if it is not there."""
    name, location, kind = parameter["name"], parameter["in"], schema.get("type")
    if location == "query" and parameter.get("style") == "deepObject":
        parts = {key.removeprefix(f"{name}[")[:-1]: value for key, value in asked.pairs if key.startswith(f"{name}[")}
        if parts:
            yield members(schema, [(key, decoded(value)) for key, value in parts.items()])
        return
    texts = raw_texts(parameter, asked, segments)
    if not texts:
        return
    if "content" in parameter:
        yield json_of(decoded(texts[-1]).encode(), lenient=True)
    elif kind == "array" and location == "query" and parameter.get("explode", True):
        yield [typed(schema.get("items", {}), decoded(text)) for text in texts]
    elif kind == "array":
        if not texts[-1]:
            yield []
        cut = re.split(SEPARATORS.get(parameter.get("style", ""), ","), texts[-1])
        plain_texts = [text.strip() for text in cut] if location == "header" else list(map(decoded, cut))
        if location == "path":  # frameworks decode a path before anything else
            plain_texts = decoded(texts[-1]).split(",")
        yield [typed(schema.get("items", {}), text) for text in plain_texts]
    else:
        yield typed(schema, texts[-1] if location == "header" else decoded(texts[-1]))


SEPARATORS = {"spaceDelimited": r"%20|\+", "pipeDelimited": r"%7[Cc]|\|"}


def raw_texts(parameter: Node, asked: Asked, segments: Mapping[str, str]) -> list[str]:
    name = parameter["name"]
    if parameter["in"] == "query":
        return [value for key, value in asked.pairs if key == name]
    sources = {"path": segments, "header": asked.headers, "cookie": asked.cookies}
    found = sources[parameter["in"]].get(name.lower() if parameter["in"] == "header" else name)
    return [] if found is None else [found]


NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def typed(schema: Node, text: str) -> Any:
    """The value of a text where the schema's type has one, else the text."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]{1,300}", text):
        return int(text)
    if kind == "number" and NUMBER.fullmatch(text):
        return float(text)
    return {"true": True, "false": False}.get(text, text) if kind == "boolean" else text


def members(schema: Node, pairs: list[tuple[str, str]]) -> Node:
    """An object of pairs; a name that stands more than once is a list where the schema has one."""
    made: Node = {}
    for name, text in pairs:
        below = schema.get("properties", {}).get(name, {})
        if below.get("type") == "array":
            made.setdefault(name, []).append(typed(below.get("items", {}), text))
        else:
            made[name] = typed(below, text)
    return made


# Bodies.


def json_of(body: bytes, *, lenient: bool = False) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    try:
        return json.loads(body.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        if lenient:  # it is a text, which the schema may refuse
            return body.decode("utf-8", "replace")
        raise Refused(400, f"the body is no JSON: {error}") from None


def form_of(body: bytes, schema: Node) -> Node:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise Refused(400, "the body is no form") from None
    return members(schema, pairs)


def parts_of(body: bytes, content_type: str, schema: Node) -> Node:
    """The parts of a multipart body; objects are JSON (OpenAPI 3.0.3 §4.7.14.3), files their size."""
    if "boundary=" not in content_type:
        raise Refused(400, "the Content-Type has no boundary")
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart() or message.defects:
        raise Refused(400, "the body is not in parts")
    made: Node = {}
    for part in message.iter_parts():
        name, payload = str(part.get_param("name", header="content-disposition")), part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        below = schema.get("properties", {}).get(name, {})
        text = payload.decode("utf-8", "replace")
        if below.get("type") == "object":
            made[name] = json_of(payload, lenient=True)
        else:
            made[name] = text if below.get("format") == "binary" else typed(below, text)
    return made


def body_of(operation: Operation, asked: Asked, *, any_type: bool, any_text: bool) -> Any:
    """The body, None without one; Refused if it is wrong. Of `any_type`, or of `any_text`, it is taken all the same."""
    content_type = asked.headers.get("content-type", "")
    essence = content_type.partition(";")[0].strip().lower()
    if not operation.content:
        return None
    if not asked.body:
        if operation.node["requestBody"].get("required"):
            raise Refused(400, "the body is missing")
        return None
    wrong_type = essence not in operation.content
    if wrong_type and not any_type:
        raise Refused(415, f"{essence or 'a body without type'} is not taken here")
    expected = next(iter(operation.content)) if wrong_type else essence
    schema = operation.content[expected]["schema"]
    try:
        value = value_of(expected, content_type, asked.body, schema)
        if problem := operation.problem(schema, value):
            raise Refused(422, problem)
    except Refused as refused:
        if wrong_type or (any_text and refused.status == 400):
            return {}
        raise
    return value


def value_of(essence: str, content_type: str, body: bytes, schema: Node) -> Any:
    if essence.endswith("json"):
        return json_of(body)
    if essence == "multipart/form-data":
        return parts_of(body, content_type, schema)
    if essence == "application/x-www-form-urlencoded":
        return form_of(body, schema)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "the body is no UTF-8") from None
