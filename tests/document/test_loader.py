"""Operations as the rest of the suite sees them."""

from __future__ import annotations

import hashlib

import pytest

from contracts.document import Operation, Parameter, SecurityScheme, Spec, read_spec
from contracts.document.model import described_by

TEXT = """\
openapi: 3.1.0
info: {title: Pets, version: 2.10}
servers: [{url: 'https://{host}/v1', variables: {host: {default: a.example}}}]
security: [{key: []}]
paths:
  x-note: {get: {}}
  /pets/{id}:
    summary: not an operation
    servers: [{url: /path}]
    parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: q, in: query, schema: {type: string}}
      - {name: X-Trace, in: header, schema: {type: string}}
      - {name: accept, in: header, schema: {type: string}}
      - {$ref: '#/components/parameters/Body'}
    get:
      operationId: getPet
      deprecated: true
      security: []
      parameters:
        - {name: q, in: query, required: true, schema: {type: integer}}
        - {name: x-trace, in: header, required: true, schema: {type: string}}
        - {name: Q, in: query, style: pipeDelimited, allowReserved: true, schema: {type: array}}
        - {name: q, in: cookie, explode: false, schema: {type: string}}
        - {name: Authorization, in: header, schema: {type: string}}
        - {name: Content-Type, in: header, schema: {type: string}}
      responses:
        200:
          description: ok
          headers:
            X-Rate: {$ref: '#/components/headers/Rate'}
            X-Json: {content: {application/json: {schema: {type: object}}}}
            content-type: {schema: {type: string}}
          content:
            application/json; charset=utf-8: {schema: {type: object}}
            text/plain: {}
        4XX: {$ref: '#/components/responses/Error'}
        default: {description: other}
        x-note: 1
    delete:
      servers: [{url: /operation}]
      security: [{oauth: [read, write], key: []}, {}]
      requestBody: {$ref: '#/components/requestBodies/Pet'}
      responses: {204: {description: gone}}
  /pets/{other}:
    servers: []
    $ref: '#/components/pathItems/Shared'
    post: {responses: {201: {description: own}}, servers: []}
webhooks:
  new: {post: {responses: {200: {description: ok}}}}
components:
  parameters:
    Body: {name: filter, in: query, content: {application/json: {schema: {type: object}}}}
  headers:
    Rate: {required: true, schema: {type: integer}}
  responses:
    Error: {$ref: '#/components/responses/Real'}
    Real: {description: no, content: {'application/*': {schema: {type: object}}}}
  requestBodies:
    Pet: {required: true, content: {application/json: {schema: {type: object}}}}
  pathItems:
    Shared:
      get: {responses: {200: {description: shared}}, callbacks: {c: {'{$url}': {put: {responses: {200: {}}}}}}}
      post: {responses: {200: {description: shared}}}
  securitySchemes:
    key: {type: apiKey, name: X-Key, in: header}
    oauth: {$ref: '#/components/securitySchemes/real'}
    real: {type: oauth2, flows: {}}
    bearer: {type: http, scheme: Bearer}
"""


@pytest.fixture(scope="module")
def spec() -> Spec:
    return read_spec(TEXT.encode(), path="pets.yaml", folder=None)


def operation(spec: Spec, key: str = "GET /pets/{id}") -> Operation:
    return spec.by_key[key]


def parameter(spec: Spec, location: str, name: str) -> Parameter:
    found = [item for item in operation(spec).parameters if (item.location, item.name) == (location, name)]
    assert len(found) == 1
    return found[0]


def test_only_paths_give_operations(spec: Spec) -> None:
    assert list(spec.by_key) == [
        "GET /pets/{id}",
        "DELETE /pets/{id}",
        "GET /pets/{other}",
        "POST /pets/{other}",
    ]


@pytest.mark.parametrize("method", ["get", "put", "post", "delete", "options", "head", "patch", "trace"])
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_every_method_is_an_operation(method: str, version: str) -> None:
    item = f"{{{method}: {{responses: {{200: {{}}}}}}}}"
    text = f"openapi: {version}\ninfo: {{title: a, version: '1'}}\npaths: {{/a: {item}}}"
    spec = read_spec(text.encode(), path="d", folder=None)
    assert list(spec.by_key) == [f"{method.upper()} /a"]


def test_the_document_is_named_as_written(spec: Spec) -> None:
    assert (spec.title, spec.version, spec.document.openapi) == ("Pets", "2.10", "3.1.0")
    assert (spec.document.path, spec.document.sha256) == ("pets.yaml", hashlib.sha256(TEXT.encode()).hexdigest())


def test_operations_override_the_parameters_of_their_path(spec: Spec) -> None:
    found = [(item.location, item.name, item.required) for item in operation(spec).parameters]
    assert found == [
        ("path", "id", True),
        ("query", "q", True),
        ("header", "x-trace", True),
        ("query", "filter", False),
        ("query", "Q", False),
        ("cookie", "q", False),
    ]


@pytest.mark.parametrize(
    ("location", "name", "style", "explode"),
    [
        ("path", "id", "simple", False),
        ("query", "q", "form", True),
        ("header", "x-trace", "simple", False),
        ("query", "Q", "pipeDelimited", False),
        ("cookie", "q", "form", False),
    ],
)
def test_style_and_explode_have_their_defaults(spec: Spec, location: str, name: str, style: str, explode: bool) -> None:
    found = parameter(spec, location, name)
    assert (found.style, found.explode) == (style, explode)


def test_a_parameter_may_have_content(spec: Spec) -> None:
    found = parameter(spec, "query", "filter")
    assert (found.media_type, found.pointer) == ("application/json", "/components/parameters/Body")
    assert found.schema is not None
    assert found.schema.value == {"type": "object"}
    line = spec.document.source(found.schema.pointer).line
    assert TEXT.splitlines()[line - 1].startswith("    Body:")


def test_reserved_characters_are_allowed_where_said(spec: Spec) -> None:
    assert parameter(spec, "query", "Q").allow_reserved
    assert not parameter(spec, "query", "q").allow_reserved


def test_responses_are_resolved(spec: Spec) -> None:
    found = {response.status: response.pointer for response in operation(spec).responses}
    assert found == {
        "200": "/paths/~1pets~1{id}/get/responses/200",
        "4XX": "/components/responses/Real",
        "default": "/paths/~1pets~1{id}/get/responses/default",
    }


@pytest.mark.parametrize(("status", "found"), [(200, "200"), (404, "4XX"), (500, "default")])
def test_the_nearest_response_describes_a_status(spec: Spec, status: int, found: str) -> None:
    response = operation(spec).response(status)
    assert response is not None
    assert response.status == found


def test_response_headers_leave_content_type_out(spec: Spec) -> None:
    headers = operation(spec).responses[0].headers
    assert [(header.name, header.required, header.pointer) for header in headers] == [
        ("X-Rate", True, "/components/headers/Rate"),
        ("X-Json", False, "/paths/~1pets~1{id}/get/responses/200/headers/X-Json"),
    ]
    assert headers[1].schema is not None
    assert headers[1].schema.value == {"type": "object"}


def test_media_types_stay_as_written(spec: Spec) -> None:
    content = operation(spec).responses[0].content
    assert [(media.name, media.schema is None) for media in content] == [
        ("application/json; charset=utf-8", False),
        ("text/plain", True),
    ]


def test_request_bodies_are_resolved(spec: Spec) -> None:
    body = operation(spec, "DELETE /pets/{id}").request_body
    assert body is not None
    assert (body.required, body.pointer) == (True, "/components/requestBodies/Pet")
    assert operation(spec).request_body is None


@pytest.mark.parametrize(
    ("key", "security"),
    [
        ("GET /pets/{id}", ()),
        ("DELETE /pets/{id}", ((("oauth", ("read", "write")), ("key", ())), ())),
        ("GET /pets/{other}", ((("key", ()),),)),
    ],
)
def test_operations_inherit_security_unless_they_say_otherwise(spec: Spec, key: str, security: object) -> None:
    assert operation(spec, key).security == security


@pytest.mark.parametrize(
    ("key", "servers"),
    [
        ("GET /pets/{id}", ("/path",)),
        ("DELETE /pets/{id}", ("/operation",)),
        ("POST /pets/{other}", ("https://a.example/v1",)),
    ],
)
def test_the_nearest_servers_apply(spec: Spec, key: str, servers: tuple[str, ...]) -> None:
    assert operation(spec, key).servers == servers


def test_a_path_item_says_more_than_the_one_it_refers_to(spec: Spec) -> None:
    assert operation(spec, "POST /pets/{other}").responses[0].status == "201"
    assert operation(spec, "GET /pets/{other}").pointer == "/components/pathItems/Shared/get"


def test_operations_know_whether_they_are_deprecated_and_named(spec: Spec) -> None:
    assert (operation(spec).deprecated, operation(spec).operation_id) == (True, "getPet")
    assert not operation(spec, "DELETE /pets/{id}").deprecated


def test_security_schemes_are_resolved(spec: Spec) -> None:
    assert dict(spec.security_schemes) == {
        "key": SecurityScheme("key", "apiKey", "X-Key", "header", "", "/components/securitySchemes/key"),
        "oauth": SecurityScheme("oauth", "oauth2", pointer="/components/securitySchemes/real"),
        "real": SecurityScheme("real", "oauth2", pointer="/components/securitySchemes/real"),
        "bearer": SecurityScheme("bearer", "http", scheme="bearer", pointer="/components/securitySchemes/bearer"),
    }


def test_a_document_may_have_no_paths() -> None:
    text = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\nwebhooks: {}"
    assert read_spec(text.encode(), path="d", folder=None).operations == ()


@pytest.mark.parametrize(
    ("key", "needed"), [("GET /pets/{id}", False), ("DELETE /pets/{id}", False), ("GET /pets/{other}", True)]
)
def test_a_credential_is_needed_unless_an_alternative_is_empty(spec: Spec, key: str, needed: bool) -> None:
    assert operation(spec, key).needs_credential is needed


@pytest.mark.parametrize(("essence", "name"), [("application/json", "application/*"), ("text/plain", None)])
def test_the_nearest_media_type_describes_a_body(spec: Spec, essence: str, name: str | None) -> None:
    media = described_by(operation(spec).responses[1].content, essence)
    assert (media.name if media else None) == name


def test_a_schema_is_its_place(spec: Spec) -> None:
    path = parameter(spec, "path", "id").schema
    assert path is not None
    assert path.child("type").pointer == f"{path.pointer}/type"
    assert {path, path.child(), path.child("a/b")} == {path, path.child("a/b")}
