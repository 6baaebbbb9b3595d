"""Documents that nobody can send, follow or read: left out and said, or refused with file and line; never a crash."""

import copy
import json
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from contracts.document import Spec, load_spec
from contracts.document.serialisation import notices
from contracts.errors import ContractsError, DocumentError
from contracts.exchanges import Client, Secret
from contracts.mock import CREDENTIAL, MockService, serving
from contracts.mock.bodies import sample_values
from contracts.probes import ProbePlan
from contracts.report.forms.catalogue import rules_json, rules_table
from contracts.rules import rules_for

JsonObject = dict[str, Any]
STRING = {"type": "string"}
GET = ("paths", "/things/{id}", "get")

RICH: JsonObject = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://h/{v}", "variables": {"v": {"default": "v1"}}}],
    "security": [{"k": []}],
    "paths": {
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": STRING}],
            "get": {
                "operationId": "g",
                "parameters": [
                    {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"name": "X-T", "in": "header", "schema": STRING},
                    {"name": "c", "in": "cookie", "schema": STRING},
                ],
                "responses": {
                    "200": {
                        "description": "ok",
                        "headers": {"X-R": {"required": True, "schema": {"type": "integer"}}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}},
                    },
                    "4XX": {"$ref": "#/components/responses/E"},
                },
            },
            "post": {
                "security": [],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["n"],
                                "properties": {
                                    "n": {"type": ["integer", "null"], "minimum": 1, "multipleOf": 2},
                                    "o": {"oneOf": [STRING, {"type": "boolean"}]},
                                    "p": {"type": "string", "pattern": "^a+$"},
                                },
                            }
                        }
                    },
                },
                "responses": {"201": {"description": "ok"}},
            },
        }
    },
    "components": {
        "schemas": {
            "T": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string", "format": "uuid"}, "k": {"$ref": "#/components/schemas/T"}},
            }
        },
        "responses": {"E": {"description": "e", "content": {"application/problem+json": {"schema": True}}}},
        "securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    },
}


def changed(path: tuple[Any, ...], value: Any, name: str | None = None) -> JsonObject:
    """RICH with another value at a place, or with its key under another name."""
    tree = copy.deepcopy(RICH)
    node: Any = tree
    for part in path[:-1]:
        node = node[part]
    if name is None:
        node[path[-1]] = copy.deepcopy(value)
    else:
        node[name] = node.pop(path[-1])
    return tree


def written(tree: JsonObject, folder: Path) -> Path:
    path = folder / "openapi.json"
    path.write_text(json.dumps(tree, indent=1))
    return path


def exercise(spec: Spec, most: int = 6) -> int:
    """What the commands and a run on the mock do with a document; the number of its exchanges."""
    book = rules_for(spec)
    assert json.dumps(rules_json(book))
    assert list(rules_table(book))
    mock, count = MockService(spec), 0
    plan = ProbePlan(spec, 0, sample_values(spec, 1), 1, True, mock.count_variants)
    with serving(mock) as url:
        client = Client(spec, url, Secret(CREDENTIAL, spec.placeholder), sleepless=True)
        for one in spec.operations:
            lane = plan.lane(one)
            for probe, _ in zip(chain(lane.probes(), lane.closing(None)), range(most), strict=False):
                client.send(probe, count)
                count += 1
        client.close()
    return count


ODD_NAMES = {
    "a space": "a b",
    "a colon": "a:b",
    "Latin-1": "é",
    "beyond Latin-1": "→",
    "empty": "",
    "NUL": "\0",
    "a line": "a\r\nX: y",
    "right to left": "\u202e",
    "a blank at the end": "content-length ",
}
CARRIED = {"long": "x" * 10_000, "Content-Length": "Content-Length", "Host": "Host", "framing": "Transfer-Encoding"}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
@pytest.mark.parametrize(("index", "location"), [(1, "header"), (2, "cookie")])
def test_parameters_that_http_can_t_carry_are_left_out(index: int, location: str, name: str, tmp_path: Path) -> None:
    tree = changed((*GET, "parameters", index, "name"), name)
    tree["paths"]["/things/{id}"]["get"]["parameters"][index]["required"] = True
    path = written(tree, tmp_path)
    spec = load_spec(path)
    (said,) = notices(spec)
    line = (
        next(i for i, text in enumerate(path.read_text().splitlines(), 1) if text.strip() == f'"in": "{location}",') - 1
    )
    assert said.startswith(f"{path}:{line}: the {location} ")
    assert "of a parameter is left out: HTTP has no such name" in said
    assert name not in [parameter.name for parameter in spec.operations[0].parameters]
    assert exercise(spec)
    assert list(ProbePlan(spec).lane(spec.operations[0]).probes())


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
def test_response_headers_that_http_can_t_carry_are_left_out(name: str, tmp_path: Path) -> None:
    spec = load_spec(written(changed((*GET, "responses", "200", "headers", "X-R"), None, name), tmp_path))
    (said,) = notices(spec)
    assert re.match(r".*:\d+: the header .* of a response is left out: ", said)
    assert spec.operations[0].responses[0].headers == ()
    assert exercise(spec)


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "apiKey", "in": "header", "name": "NAME"},
        {"type": "apiKey", "in": "cookie", "name": "NAME"},
        {"type": "http", "scheme": "NAME"},
    ],
    ids=["header", "cookie", "http"],
)
def test_credentials_that_http_can_t_carry_are_refused(scheme: JsonObject, name: str, tmp_path: Path) -> None:
    named = {key: name if value == "NAME" else value for key, value in scheme.items()}
    path = written(changed(("components", "securitySchemes", "k"), named), tmp_path)
    if named["type"] == "http" and not name:
        assert exercise(load_spec(path))
        return
    with pytest.raises(
        DocumentError, match=r"openapi.json:\d+: no request can have a credential under the name .*; mend"
    ):
        load_spec(path)


@pytest.mark.parametrize("name", CARRIED.values(), ids=CARRIED.keys())
@pytest.mark.parametrize("index", [1, 2])
def test_odd_names_that_http_can_carry_are_none_of_our_business(index: int, name: str, tmp_path: Path) -> None:
    spec = load_spec(written(changed((*GET, "parameters", index, "name"), name), tmp_path))
    assert list(notices(spec)) == []
    assert exercise(spec)


PLACES: dict[str, Callable[[str], JsonObject]] = {
    "media type": lambda name: changed((*GET, "responses", "200", "content", "application/json"), None, name),
    "media type of a request": lambda name: changed(
        ("paths", "/things/{id}", "post", "requestBody", "content", "application/json"), None, name
    ),
    "path": lambda name: changed(("paths", "/things/{id}"), None, f"/{name}/{{id}}"),
    "path parameter": lambda name: changed(("paths", "/things/{id}"), None, f"/things/{{{name}}}"),
    "property": lambda name: changed(("components", "schemas", "T", "properties", "id"), None, name),
    "query": lambda name: changed((*GET, "parameters", 0, "name"), name),
    "operationId": lambda name: changed((*GET, "operationId"), name),
    "component": lambda name: changed(("components", "responses", "E"), None, name),
}
NAMES = {**ODD_NAMES, **CARRIED, "brackets": "a[b]", "braces": "{", "dollar": "$ref", "surrogates": "\U0001f600"}


@pytest.mark.parametrize("place", PLACES)
def test_names_at_any_place(place: str, tmp_path: Path) -> None:
    for name in NAMES.values():
        survives(written(PLACES[place](name), tmp_path))


def survives(path: Path) -> None:
    """It works, or the error says where."""
    said = "x: "
    try:
        exercise(load_spec(path), most=2)
    except ContractsError as error:
        said = str(error)
    assert re.match(r"\S+?(:\d+)?: ", said), said
