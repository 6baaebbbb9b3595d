"""What OpenAPI 3.2 adds is read: methods, items of streams, media types by reference, and the rest."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document import Spec, read_spec
from contracts.document.model import clause_in
from tests.documents import fault_of

HEAD = "openapi: 3.2.0\ninfo: {title: a, version: '1'}\n"
OK = "responses: {'200': {description: ok}}"


def read(text: str) -> Spec:
    return read_spec(f"{HEAD}{text}".encode(), path="d.yaml", folder=None)


def operations(text: str) -> list[str]:
    return [operation.key for operation in read(f"paths:\n  /a:\n{text}").operations]


def test_query_is_a_method_of_3_2() -> None:
    assert operations(f"    query: {{{OK}}}\n    get: {{{OK}}}\n") == ["GET /a", "QUERY /a"]


def test_additional_operations_have_their_method_as_written() -> None:
    assert operations(f"    additionalOperations: {{COPY: {{{OK}}}, lock: {{{OK}}}}}\n") == ["COPY /a", "lock /a"]


def test_an_additional_operation_may_come_from_the_path_item_referred_to() -> None:
    spec = read(
        "paths: {/a: {$ref: '#/components/pathItems/A', additionalOperations: {COPY: {" + OK + "}}}}\n"
        "components: {pathItems: {A: {query: {" + OK + "}, additionalOperations: {COPY: {" + OK + "}, MOVE: {" + OK
        + "}}}}}\n"
    )  # fmt: skip
    assert [operation.pointer for operation in spec.operations] == [
        "/components/pathItems/A/query",
        "/paths/~1a/additionalOperations/COPY",
        "/components/pathItems/A/additionalOperations/MOVE",
    ]


def test_in_3_1_there_is_no_query_and_no_additional_operation() -> None:
    text = f"{HEAD}paths: {{/a: {{query: {{{OK}}}, additionalOperations: {{COPY: {{{OK}}}}}, get: {{{OK}}}}}}}"
    spec = read_spec(text.replace("3.2.0", "3.1.0").encode(), path="d.yaml", folder=None)
    assert [operation.key for operation in spec.operations] == ["GET /a"]


def read_media(text: str) -> Spec:
    return read(f"paths: {{/a: {{get: {{responses: {{'200': {{content: {{text/event-stream: {text}}}}}}}}}}}}}\n{MORE}")


def media(text: str) -> Any:
    return read_media(text).operations[0].responses[0].content[0]


MORE = """
components:
  schemas: {Event: {type: object}}
  mediaTypes:
    Events: {itemSchema: {type: object, required: [data]}, examples: {a: {dataValue: 1, serializedValue: '1'}}}
    Same: {$ref: '#/components/mediaTypes/Events'}
"""


def test_a_media_type_has_the_schema_of_its_items() -> None:
    found = media("{itemSchema: {$ref: '#/components/schemas/Event'}}")
    assert (found.schema, found.item_schema.value) == (None, {"$ref": "#/components/schemas/Event"})


def test_a_media_type_may_be_a_reference() -> None:
    found = media("{$ref: '#/components/mediaTypes/Same'}")
    assert found.item_schema.value == {"type": "object", "required": ["data"]}
    assert found.pointer == "/components/mediaTypes/Events"


def test_a_reference_of_a_media_type_leads_somewhere() -> None:
    assert fault_of(lambda: read_media("{$ref: '#/nope'}")).startswith('d.yaml:3: the $ref "#/nope" leads nowhere')


def test_before_3_2_a_media_type_by_reference_is_left_out_and_said() -> None:
    text = f"{HEAD}paths: {{/a: {{get: {{responses: {{'200': {{content: {{text/plain: {{$ref: '#/x'}}}}}}}}}}}}}}"
    spec = read_spec(text.replace("3.2.0", "3.1.0").encode(), path="d.yaml", folder=None)
    assert spec.operations[0].responses[0].content[0].schema is None
    assert "d.yaml:3: a media type has a `$ref`, which OpenAPI 3.1 does not know" in str(spec.notices[0])


READ = {
    "tags": "tags: [{name: a, summary: s, parent: b, kind: nav}, {name: b}]\npaths: {}",
    "self": "$self: /apis/a\npaths: {}",
    "device flow": "components: {securitySchemes: {A: {type: oauth2, deprecated: true, oauth2MetadataUrl: /a, flows: "
    "{deviceAuthorization: {deviceAuthorizationUrl: /d, tokenUrl: /t, scopes: {}}}}}}",
    "response": "paths: {/a: {get: {responses: {'200': {summary: fine}}}}}",
    "server": "servers: [{url: /a, name: prod}]\npaths: {}",
    "xml": "components: {schemas: {A: {xml: {nodeType: cdata}}}}",
    "discriminator": "components: {schemas: {A: {discriminator: {propertyName: a, defaultMapping: B}}, B: {}}}",
    "encoding": "components: {mediaTypes: {A: {prefixEncoding: [{contentType: text/plain}], itemEncoding: "
    "{headers: {X-A: {schema: {}}}}}, B: {encoding: {a: {encoding: {b: {contentType: text/plain}}}}}}}",
    "cookie style": "components: {parameters: {A: {name: a, in: cookie, style: cookie, schema: {}}}}",
    "whole query": "components: {parameters: {A: {name: a, in: querystring, content: {application/json: {}}}}}",
    "dialect": "jsonSchemaDialect: https://spec.openapis.org/oas/3.2/dialect/2025-09-17\n"
    "components: {schemas: {A: {$schema: 'https://spec.openapis.org/oas/3.2/dialect/2025-09-17'}}}",
}  # fmt: skip


@pytest.mark.parametrize("text", READ.values(), ids=READ)
def test_what_is_new_is_read(text: str) -> None:
    assert read(text).document.openapi == "3.2.0"


REFUSED = {
    "a known method": ("paths: {/a: {additionalOperations: {GET: {" + OK + "}}}}", "additionalOperations"),
    "no method": ("paths: {/a: {additionalOperations: {'a b': {" + OK + "}}}}", "additionalOperations"),
    "schema of a query string": (
        "components: {parameters: {A: {name: a, in: querystring, schema: {}}}}", "/components/parameters/A"),
    "style of a cookie": (
        "components: {parameters: {A: {name: a, in: query, style: cookie, schema: {}}}}", '/style is "cookie"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place"), REFUSED.values(), ids=REFUSED)
def test_what_3_2_does_not_allow_is_said(text: str, place: str) -> None:
    said = fault_of(lambda: read(text))
    assert said.startswith("d.yaml:3: ")
    assert place in said


@pytest.mark.parametrize(
    ("version", "told"),
    [("3.0.4", "OpenAPI 3.0 §4.7.14, §4.7.21, RFC 1 §4.8.1"), ("3.2.0", "OpenAPI 3.2 §4.14, §4.21, RFC 1 §4.8.1")],
)
def test_every_section_of_a_clause_is_that_of_the_version(version: str, told: str) -> None:
    assert clause_in(version, "OpenAPI 3.1 §4.8.14, §4.8.21, RFC 1 §4.8.1") == told


def test_a_security_requirement_may_name_its_scheme_by_a_pointer() -> None:
    spec = read(
        "security: [{'#/components/securitySchemes/key': []}]\npaths: {/a: {get: {" + OK + "}}}\n"
        "components: {securitySchemes: {key: {type: http, scheme: bearer}}}\n"
    )
    assert spec.operations[0].security == ((("key", ()),),)
