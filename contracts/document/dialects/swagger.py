"""A Swagger 2.0 document whose references are pointers, the same as OpenAPI 3.0 out.

Objects are moved and not copied, and keep the file and line of where they are written.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from typing import Any, NamedTuple
from urllib.parse import quote

from contracts.document.dialects import ANY, DIALECTS, Dialect, Fields, Found, Segments, walk
from contracts.document.dialects.repairs import ABSENT, MALFORMED, WORDS_OF_PARAMETERS, Repairs
from contracts.document.model import (
    Notice,
    is_there,
    join_pointer,
    ref_target,
    split_pointer,
    value_at,
)
from contracts.document.written import Position
from contracts.text import shown

JSON = ["application/json"]  # where nothing says of what type bodies are
FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_KEPT = ("summary", "description", "operationId", "tags", "deprecated", "security", "externalDocs")
_KEPT_WHOLE = ("info", "paths", "security", "tags", "externalDocs")
_STYLES = {"ssv": "spaceDelimited", "pipes": "pipeDelimited", "csv": "form", "multi": "form"}
_FLOWS = {"application": "clientCredentials", "accessCode": "authorizationCode"}


_FIELDS: dict[str, Fields] = {
    "document": {
        "paths": "paths",
        "definitions": "{schema}",
        "parameters": "{parameter}",
        "responses": "{response}",
    },
    "paths": {ANY: "path item"},
    "path item": {**dict.fromkeys(DIALECTS[0].methods, "operation"), "parameters": "[parameter]"},
    "operation": {"parameters": "[parameter]", "responses": "responses"},
    "responses": {ANY: "response"},
    "response": {"schema": "schema", "headers": "{header}"},
    "parameter": {"schema": "schema", "items": "schema"},
    "header": {"items": "schema"},
    "schema": DIALECTS[0].fields["schema"],
}
_TYPES: dict[str, dict[str, type]] = {
    "document": {"consumes": list, "produces": list, "schemes": list, "host": str, "basePath": str},
    "operation": {"consumes": list, "produces": list, "schemes": list},
    "parameter": dict.fromkeys(("in", "name", "type", "collectionFormat"), str),
    "header": dict.fromkeys(("type", "collectionFormat"), str),
}
_REFERRED = dict.fromkeys(("schema", "parameter", "response", "path item"), "")
SWAGGER = Dialect("2.0", _REFERRED, _FIELDS, frozenset(_REFERRED) - {"path item"}, False, ())


class _Placed(NamedTuple):
    """A value, and where it is written."""

    value: Any
    position: Position

    def get(self, key: str, default: Any = None) -> Any:
        return self.value.get(key, default) if isinstance(self.value, dict) else default

    def child(self, key: str) -> "_Placed":
        return _Placed(self.get(key), self.position.child(key))

    def members(self, key: str) -> Iterator[tuple[str, "_Placed"]]:
        """The members of a map or list under a key."""
        held, position = self.get(key), self.position.child(key)
        if isinstance(held, list):
            held = {str(at): item for at, item in enumerate(held)}
        for name, value in held.items() if isinstance(held, dict) else ():
            yield name, _Placed(value, position.child(name))

    def having(self, keys: Iterable[str]) -> "_Placed":
        """The same with some of its members."""
        return _Placed({key: self.value[key] for key in keys if key in self.value}, self.position)

    def put(self, key: str, held: "_Placed") -> "_Placed":
        """Put something under a key; returns what that is put into."""
        self.value[key] = held.value
        self.position.moved[key] = held.position
        return self

    def made(self, **members: "_Placed") -> "_Placed":
        """A new object that stands for this one."""
        found = _Placed({}, Position(self.position.written, self.position.segments))
        for key, held in members.items():
            found.put(key, held)
        return found


@dataclass(eq=False)
class _Conversion:
    top: _Placed
    repairs: Repairs

    def resolved(self, held: _Placed) -> _Placed:
        """What stands behind a reference."""
        for _ in range(100):
            ref = held.get("$ref")
            segments = split_pointer(ref_target(ref)) if isinstance(ref, str) else ()
            if not segments or not is_there(self.top.value, segments):
                break
            found = value_at(self.top.value, segments)
            held = _Placed(found, self.top.position.at(segments))
        return held

    def media(self, owner: _Placed, key: str) -> list[str]:
        """The media types that an operation, or the document, says."""
        found = owner.get(key, self.top.get(key))
        return [*filter(None, found)] if isinstance(found, list) and found else JSON

    def operation(self, owner: _Placed, around: _Placed) -> _Placed:
        made = owner.having([*_KEPT, *(key for key in owner.value if key.startswith("x-"))])
        forms = dict[Any, _Placed]()
        for _, held in (*around.members("parameters"), *owner.members("parameters")):
            parameter = self.resolved(held)
            if parameter.get("in") == "body":
                made.put("requestBody", self.body(parameter, self.media(owner, "consumes")))
            elif parameter.get("in") == "formData":
                forms[parameter.get("name")] = parameter
        if forms:
            made.put("requestBody", self.form([*forms.values()], self.media(owner, "consumes")))
        made.put("parameters", self.parameters(owner))
        responses = owner.child("responses").made()
        for status, held in owner.members("responses"):
            is_response = not status.startswith("x-")
            responses.put(status, self.response(held, owner) if is_response else held)
        if isinstance(owner.get("schemes"), list):
            made.value["servers"] = self.servers(owner.get("schemes"))
        return made.put("responses", responses)

    def parameters(self, owner: _Placed) -> _Placed:
        """Those that are no part of a body; shared ones stay shared."""
        found, listed = owner.child("parameters").made(), list[Any]()
        for _, held in owner.members("parameters"):
            parameter = self.resolved(held)
            if parameter.get("in") not in ("body", "formData"):
                is_shared = str(held.get("$ref", "")).startswith("#/parameters/")
                told = held if is_shared else self.parameter(parameter)
                found.position.moved[str(len(listed))] = told.position
                listed.append(told.value)
        return _Placed(listed, found.position)

    def body(self, parameter: _Placed, consumes: list[str]) -> _Placed:
        made, content = parameter.having(["description", "required"]), parameter.made()
        for name in consumes:
            media = parameter.made()
            if "schema" in parameter.value:
                media.put("schema", parameter.child("schema"))
            content.put(name, media)
        return _Placed(made.value, parameter.made().position).put("content", content)

    def form(self, parameters: list[_Placed], consumes: list[str]) -> _Placed:
        first = parameters[0]
        properties, required, encoding, has_file = first.made(), list[str](), {}, False
        for parameter in parameters:
            name = str(parameter.get("name"))
            properties.put(name, self.words(parameter))
            required += [name] * (parameter.get("required") is True)
            has_file |= parameter.get("type") == "file"
            style, is_multi = self.style(parameter)
            if style and not is_multi:
                encoding[name] = {"style": style, "explode": False}
        schema = first.made(properties=properties)
        schema.value["type"] = "object"
        if required:
            schema.value["required"] = required
        names = [name for name in consumes if name in FORMS] or [FORMS[not has_file]]
        content = first.made()
        for name in names:
            content.put(name, first.made(schema=schema))
            if encoding and name != FORMS[0]:
                content.value[name]["encoding"] = encoding
        made = first.made(content=content)
        made.value["required"] = bool(required)
        return made

    def style(self, held: _Placed) -> tuple[str, bool]:
        """How a list is written, and whether each item by itself; "" for what is no list."""
        if held.get("type") != "array":
            return "", False
        written = held.get("collectionFormat", "csv")
        known = _STYLES if held.get("in") in ("query", "formData") else {"csv": "simple"}
        if written not in known:
            source = held.position.child("collectionFormat").source
            problem = f"`collectionFormat: {written}` has no style there in OpenAPI 3: read as csv"
            notice = Notice(MALFORMED, source, problem, "write one that has")
            self.repairs.notices.append(notice)
            self.repairs.unread[source.pointer] = written
        return known.get(written, "form"), written == "multi"

    def words(self, held: _Placed) -> _Placed:
        """The schema that a parameter or header is itself."""
        found = [key for key in held.value if key in WORDS_OF_PARAMETERS or key[:2] == "x-"]
        made = held.having(found)
        _mend_schema(made.value)
        return made

    def parameter(self, held: _Placed) -> _Placed:
        if not isinstance(held.value, dict):
            return held
        names = ("name", "in", "description", "required", "allowEmptyValue")
        made = held.having([*names, *(key for key in held.value if key.startswith("x-"))])
        made = _Placed(made.value, held.made().position)
        for key in made.value:
            made.position.moved[key] = held.position.child(key)
        style, is_multi = self.style(held)
        if style and held.get("in") == "query":
            made.value.update(style=style, explode=is_multi)
        return made.put("schema", self.words(held))

    def response(self, held: _Placed, owner: _Placed) -> _Placed:
        """Shared ones stay shared where their media types are those of the document."""
        is_shared = str(held.get("$ref", "")).startswith("#/responses/")
        if not isinstance(held.value, dict) or (is_shared and "produces" not in owner.value):
            return held
        found = self.resolved(held)
        made = found.having(["description"])
        made = _Placed(made.value, found.made().position)
        headers = found.child("headers").made()
        for name, header in found.members("headers"):
            if isinstance(header.value, dict):
                told = header.made(schema=self.words(header))
                headers.put(name, told)
        if headers.value:
            made.put("headers", headers)
        content, examples = found.made(), found.get("examples")
        for name in self.media(owner, "produces") if found.get("schema") is not None else ():
            media = found.made(schema=found.child("schema"))
            if isinstance(examples, dict) and name in examples:
                media.put("example", found.child("examples").child(name))
            content.put(name, media)
        return made.put("content", content) if content.value else made

    def servers(self, schemes: list[Any]) -> list[dict[str, str]]:
        path = str(self.top.get("basePath") or "")
        if not self.top.get("host"):
            return [{"url": path or "/"}]
        return [{"url": f"{scheme}://{self.top.get('host')}{path}"} for scheme in schemes]

    def path_item(self, held: _Placed) -> None:
        """Convert it where it stands."""
        for method in SWAGGER.methods:
            if isinstance(held.get(method), dict):
                held.put(method, self.operation(held.child(method), held))
        if "parameters" in held.value:
            held.put("parameters", self.parameters(held))

    def document(self) -> _Placed:
        top, made = self.top, self.top.made()
        for key in top.value:
            if key in _KEPT_WHOLE or key.startswith("x-"):
                made.put(key, top.child(key))
        schemes = top.get("schemes")
        made.value["servers"] = self.servers(schemes if isinstance(schemes, list) else ["https"])
        components, responses = made.made(), made.made()
        for name, held in top.members("responses"):
            responses.put(name, held if held.get("$ref") else self.response(held, top))
        parameters = made.made()
        for name, held in top.members("parameters"):
            if held.get("in") not in ("body", "formData"):
                parameters.put(name, held if held.get("$ref") else self.parameter(held))
        components.put("parameters", parameters)
        if top.get("definitions"):
            components.put("schemas", top.child("definitions"))
        for _, scheme in top.members("securityDefinitions"):
            if isinstance(scheme.value, dict):
                _mend_scheme(scheme.value)
        if top.get("securityDefinitions"):
            components.put("securitySchemes", top.child("securityDefinitions"))
        made.put("components", components.put("responses", responses))
        made.value["openapi"] = "3.0.3"
        return made


def _without_odd(node: dict[str, Any], kind: str, place: Segments, repairs: Repairs) -> None:
    """Read what is of no such type as absent, where the conversion goes by it."""
    for key, wanted in _TYPES.get(kind, {}).items():
        value = node.get(key)
        is_odd = key in node and not isinstance(value, wanted)
        if is_odd or (wanted is list and {*map(type, value or ())} - {str}):
            source = repairs.root.at((*place, key)).source
            pointer = join_pointer("", *place, key)
            problem = f"{pointer} is {shown(value)}: {ABSENT}"
            cure = f"write {'a list of strings' if wanted is list else 'a string'}"
            repairs.notices.append(Notice(MALFORMED, source, problem, cure))
            repairs.unread[pointer] = node.pop(key)


def _mend_schema(node: dict[str, Any]) -> None:
    if node.pop("x-nullable", None) is True:
        node["nullable"] = True
    if node.get("type") == "file":
        node |= {"type": "string", "format": "binary"}
    if isinstance(node.get("discriminator"), str):
        node["discriminator"] = {"propertyName": node["discriminator"]}


def _mend_scheme(node: dict[str, Any]) -> None:
    if node.get("type") == "basic":
        node |= {"type": "http", "scheme": "basic"}
    elif node.get("type") == "oauth2":
        flow = {"scopes": node.pop("scopes", {})}
        for key in ("authorizationUrl", "tokenUrl"):
            if key in node:
                flow[key] = node.pop(key)
        name = str(node.pop("flow", None))
        node["flows"] = {_FLOWS.get(name, name): flow}


def converted(
    tree: dict[str, Any], parts: Collection[Found], repairs: Repairs
) -> tuple[dict[str, Any], Position]:
    """The document in OpenAPI 3.0, and where it is written; `parts` are its objects."""
    conversion = _Conversion(_Placed(tree, repairs.root), repairs)
    owners = _owners(tree, repairs)
    ends, places = _ends(tree, parts), dict[int, str]()
    for node, kind, place in parts:
        places[id(node)] = join_pointer("", *place)
        _without_odd(node, kind, place, repairs)
        if kind == "schema":
            _mend_schema(node)
    for node, kind, place in parts:
        if kind == "path item":
            position = reduce(Position.entered, place, repairs.root)
            conversion.path_item(_Placed(node, position))
    made = conversion.document()
    places |= _places(conversion.top, made)
    for node, target in ends:
        node["$ref"] = "#" + quote(places[id(target)], safe="/~!$&'()*+,;=:@?")
    for pointer, owner in owners.items():
        if owner in places:
            moved = f"{places[owner]}/{pointer.rpartition('/')[2]}"
            repairs.unread[moved] = repairs.unread.pop(pointer)
    return made.value, made.position


def _ends(tree: dict[str, Any], parts: Collection[Found]) -> list[tuple[dict[str, Any], Any]]:
    """Where each reference leads; what leads to no object is none any more."""
    ends = []
    for node, kind, _ in parts:
        if kind in SWAGGER.definitions and isinstance(node.get("$ref"), str):
            target = value_at(tree, split_pointer(ref_target(node["$ref"])))
            if isinstance(target, dict):
                ends.append((node, target))
            else:  # what 3.0 has no such schema for
                del node["$ref"]
                node |= {"not": {}} if target is False else {}
    return ends


def _owners(tree: dict[str, Any], repairs: Repairs) -> dict[str, int]:
    """In what each thing stands that is unread."""
    found = {}
    for pointer in repairs.unread:
        around = split_pointer(pointer)[:-1]
        if is_there(tree, around):  # a parameter that is left out is not
            found[pointer] = id(value_at(tree, around))
    return found


def _places(top: _Placed, made: _Placed) -> dict[int, str]:
    """Where each object stands now; what became of a shared one stands where its name is."""
    places = {}
    for kind in ("parameters", "responses"):
        for name, held in top.members(kind):
            places[id(held.value)] = join_pointer("/components", kind, name)
    for node, _, place in walk(DIALECTS[0], (made.value, "document", ())):
        places[id(node)] = join_pointer("", *place)
    return places
