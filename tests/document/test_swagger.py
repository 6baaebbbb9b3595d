"""Swagger 2.0 is converted on reading, and keeps its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.document import Spec, load_spec, read_spec
from contracts.mock.bodies import variants_of
from contracts.rules import rules_for
from tests.documents import fault_of

OLD = """swagger: '2.0'
info: {title: Depot, version: '1'}
host: depot.example
basePath: /v1
schemes: [https, http]
consumes: [application/json]
produces: [application/json]
securityDefinitions:
  plain: {type: basic}
  key: {type: apiKey, name: X-Key, in: header}
  oauth: {type: oauth2, flow: accessCode, authorizationUrl: 'https://a/a', tokenUrl: 'https://a/t', scopes: {read: r}}
security: [{key: []}]
parameters:
  Limit: {name: limit, in: query, type: integer, format: int32, maximum: 100}
  Crate: {name: crate, in: body, required: true, schema: {$ref: '#/definitions/Crate'}}
responses:
  Wrong: {description: wrong, schema: {$ref: '#/definitions/Problem'}}
paths:
  /crates/{id}:
    parameters:
      - {name: id, in: path, required: true, type: string, minLength: 2}
    get:
      operationId: getCrate
      parameters:
        - {$ref: '#/parameters/Limit'}
        - {name: tags, in: query, type: array, items: {type: string}, collectionFormat: multi}
        - {name: ids, in: query, type: array, items: {type: integer}}
        - {name: pipes, in: query, type: array, items: {type: string}, collectionFormat: pipes}
        - {name: X-Lists, in: header, type: array, items: {type: string}}
      responses:
        '200':
          description: ok
          schema: {$ref: '#/definitions/Crate'}
          headers:
            X-Rate: {type: integer, minimum: 0}
          examples: {application/json: {id: aa, kind: Box}}
        default: {$ref: '#/responses/Wrong'}
    put:
      security: [{oauth: [read]}, {plain: []}]
      consumes: [application/json, text/json]
      parameters:
        - {$ref: '#/parameters/Crate'}
      responses: {'204': {description: done}}
    post:
      consumes: [multipart/form-data]
      produces: [image/png]
      parameters:
        - {name: photo, in: formData, type: file, required: true}
        - {name: note, in: formData, type: string, maxLength: 10}
      responses: {'200': {description: ok, schema: {type: file}}}
    patch:
      consumes: [application/x-www-form-urlencoded]
      parameters:
        - {name: names, in: formData, type: array, items: {type: string}}
      responses: {'204': {description: done}, '4XX': {$ref: '#/responses/Wrong'}}
definitions:
  Crate:
    type: object
    discriminator: kind
    required: [id, kind]
    properties:
      id: {type: string}
      kind: {type: string}
      name: {type: string, x-nullable: true}
      inner: {$ref: '#/definitions/Crate'}
  Problem: {type: object, required: [code], properties: {code: {type: integer}}}
"""
NEW = """openapi: 3.0.3
info: {title: Depot, version: '1'}
servers: [{url: 'https://depot.example/v1'}, {url: 'http://depot.example/v1'}]
security: [{key: []}]
paths:
  /crates/{id}:
    parameters:
      - {name: id, in: path, required: true, schema: {type: string, minLength: 2}}
    get:
      operationId: getCrate
      parameters:
        - {$ref: '#/components/parameters/Limit'}
        - {name: tags, in: query, schema: {type: array, items: {type: string}}}
        - {name: ids, in: query, explode: false, schema: {type: array, items: {type: integer}}}
        - {name: pipes, in: query, style: pipeDelimited, schema: {type: array, items: {type: string}}}
        - {name: X-Lists, in: header, schema: {type: array, items: {type: string}}}
      responses:
        '200':
          description: ok
          headers: {X-Rate: {schema: {type: integer, minimum: 0}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Crate'}, example: {id: aa, kind: Box}}}
        default: {$ref: '#/components/responses/Wrong'}
    put:
      security: [{oauth: [read]}, {plain: []}]
      requestBody: {$ref: '#/components/requestBodies/Crate'}
      responses: {'204': {description: done}}
    post:
      requestBody:
        required: true
        content:
          multipart/form-data:
            schema:
              type: object
              required: [photo]
              properties: {photo: {type: string, format: binary}, note: {type: string, maxLength: 10}}
      responses: {'200': {description: ok, content: {image/png: {schema: {type: string, format: binary}}}}}
    patch:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {names: {type: array, items: {type: string}}}}
            encoding: {names: {style: form, explode: false}}
      responses: {'204': {description: done}, '4XX': {$ref: '#/components/responses/Wrong'}}
components:
  parameters:
    Limit: {name: limit, in: query, schema: {type: integer, format: int32, maximum: 100}}
  requestBodies:
    Crate:
      required: true
      content:
        application/json: {schema: {$ref: '#/components/schemas/Crate'}}
        text/json: {schema: {$ref: '#/components/schemas/Crate'}}
  responses:
    Wrong:
      description: wrong
      content: {application/json: {schema: {$ref: '#/components/schemas/Problem'}}}
  securitySchemes:
    plain: {type: http, scheme: basic}
    key: {type: apiKey, name: X-Key, in: header}
    oauth:
      type: oauth2
      flows: {authorizationCode: {authorizationUrl: 'https://a/a', tokenUrl: 'https://a/t', scopes: {read: r}}}
  schemas:
    Crate:
      type: object
      discriminator: {propertyName: kind}
      required: [id, kind]
      properties:
        id: {type: string}
        kind: {type: string}
        name: {type: string, nullable: true}
        inner: {$ref: '#/components/schemas/Crate'}
    Problem: {type: object, required: [code], properties: {code: {type: integer}}}
"""


def read(text: str) -> Spec:
    return read_spec(text.encode(), path="d.yaml", folder=None)


def test_a_document_and_its_conversion_are_the_same() -> None:
    old, new = read(OLD), read(NEW)
    assert old.notices == new.notices == ()
    assert compare(old, new) == compare(new, old) == ()


EDITS = {
    "a bound": ("maximum: 100", "maximum: 99"),
    "a length in the path": ("minLength: 2", "minLength: 3"),
    "a property of a form": ("maxLength: 10", "maxLength: 9"),
    "a required name": ("required: [id, kind]", "required: [id, kind, name]"),
    "a header": ("minimum: 0", "minimum: -1"),
    "null": ("name: {type: string, x-nullable: true}", "name: {type: string}"),
    "how lists are written": ("collectionFormat: multi", "collectionFormat: ssv"),
    "a field that is wanted": (
        "note, in: formData, type: string,",
        "note, in: formData, required: true, type: string,",
    ),
    "a media type of requests": ("consumes: [application/json, text/json]", "consumes: [application/json]"),
    "a media type of answers": ("produces: [image/png]", "produces: [image/gif]"),
    "a scheme": ("{plain: []}", "{key: []}"),
    "the path of the host": ("basePath: /v1", "basePath: /v2"),
    "a shared answer": ("required: [code]", "required: []"),
    "an operation": ("    patch:", "    delete:"),
}


@pytest.mark.parametrize(("old", "new"), EDITS.values(), ids=EDITS)
def test_an_edit_is_found_against_the_conversion(old: str, new: str) -> None:
    assert old in OLD
    edited = OLD.replace(old, new)
    against_itself = {(one.id, one.effect) for one in compare(read(OLD), read(edited))}
    assert against_itself
    assert {(one.id, one.effect) for one in compare(read(NEW), read(edited))} == against_itself


@pytest.mark.parametrize(
    ("pointer", "text"),
    [
        ("/paths/~1crates~1{id}/parameters/0/schema/minLength", "      - {name: id, in: path"),
        ("/components/parameters/Limit/schema/maximum", "  Limit: {name: limit"),
        ("/paths/~1crates~1{id}/get/responses/200/headers/X-Rate/schema/minimum", "            X-Rate:"),
        ("/paths/~1crates~1{id}/get/responses/200/content/application~1json/schema", "          schema:"),
        ("/paths/~1crates~1{id}/put/requestBody/content/text~1json/schema", "  Crate: {name: crate"),
        (
            "/paths/~1crates~1{id}/post/requestBody/content/multipart~1form-data/schema/properties/note/maxLength",
            "        - {name: note",
        ),
        ("/components/schemas/Crate/properties/name", "      name: {type: string, x-nullable"),
        ("/components/responses/Wrong/content/application~1json/schema", "  Wrong: {description"),
        ("/components/securitySchemes/plain", "  plain: {type: basic"),
        ("/paths/~1crates~1{id}/patch", "    patch:"),
    ],
)
def test_what_was_moved_keeps_its_line(pointer: str, text: str) -> None:
    source = read(OLD).document.source(pointer)
    assert OLD.splitlines()[source.line - 1].startswith(text)


def test_rules_and_answers_are_made_of_it() -> None:
    old, new = read(OLD), read(NEW)
    assert {rule.id for rule in rules_for(old).rules} == {rule.id for rule in rules_for(new).rules}
    operation = old.by_key["GET /crates/{id}"]
    assert all(list(variants_of(response)) for response in operation.responses)


def test_other_files_are_in_2_0_as_well(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(
        "swagger: '2.0'\ninfo: {title: t, version: '1'}\npaths:\n  /a: {$ref: 'more.yaml#/a'}\n"
        "  /b: {post: {parameters: [{$ref: 'more.yaml#/Body'}], responses: {200: {$ref: 'more.yaml#/Ok'}}}}\n"
    )
    (tmp_path / "more.yaml").write_text(
        "a:\n  get:\n    parameters:\n      - {name: q, in: query, type: string}\n"
        "    responses: {200: {$ref: '#/Ok'}}\n"
        "Body: {name: b, in: body, schema: {$ref: '#/T'}}\nOk: {description: ok, schema: {$ref: '#/T'}}\n"
        "T: {type: string, x-nullable: true}\n"
    )
    spec = load_spec(tmp_path / "api.yaml", [])
    assert spec.notices == ()
    get, post = spec.operations
    assert (get.key, post.key) == ("GET /a", "POST /b")
    assert [parameter.name for parameter in get.parameters] == ["q"]
    assert spec.document.source(get.parameters[0].pointer).line == 4
    schemas = [get.responses[0].content[0].schema, post.responses[0].content[0].schema]
    assert post.request_body is not None
    schemas.append(post.request_body.content[0].schema)
    assert {spec.document.resolve(schema.pointer) for schema in schemas if schema} == {"/x-files/more.yaml/T"}
    assert spec.document.at("/x-files/more.yaml/T") == {"type": ["string", "null"]}


FAULTY = {
    "tsv": ("collectionFormat: pipes", "collectionFormat: tsv", "`collectionFormat: tsv` has no style there"),
    "a dangling reference": ("inner: {$ref: '#/definitions/Crate'}", "inner: {$ref: '#/definitions/No'}", "the $ref "),
    "a type": ("name: {type: string, x", "name: {type: strin, x", 'is "strin"'),
    "a bound": ("maximum: 100", "maximum: '100'", 'is "100"'),
    "a scheme": ("{type: basic}", "{type: odd}", "securitySchemes/plain"),
}


@pytest.mark.parametrize(("old", "new", "said"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_said_at_its_line(old: str, new: str, said: str) -> None:
    assert old in OLD
    spec = read(OLD.replace(old, new))
    line = next(number for number, text in enumerate(OLD.splitlines(), 1) if old in text)
    (notice,) = spec.notices
    assert (notice.source.file, notice.source.line) == ("d.yaml", line)
    assert said in notice.problem


def test_what_is_unread_is_undecided_against_another_version() -> None:
    faulty = OLD.replace("inner: {$ref: '#/definitions/Crate'}", "inner: {$ref: '#/definitions/No'}")
    assert compare(read(faulty), read(faulty)) == ()
    (change, *_) = compare(read(faulty), read(NEW))
    assert (change.id, change.where, change.effect) == ("unread-changed", "schemas/Crate /inner", Effect.UNDECIDED)


ODD = {
    "nothing but paths": "paths: {/a: {get: {responses: {200: {description: ok}}}}}",
    "no responses": "paths: {/a: {get: {}}}",
    "texts": "paths: {/a: {get: {responses: x, parameters: x, consumes: x, produces: x, schemes: x}, parameters: x}}",
    "nulls": "paths: {/a: {get: {responses: {200: null}, parameters: [null]}, put: null}}\ndefinitions: null",
    "more nulls": "host: null\nparameters: null\nresponses: null\nsecurityDefinitions: null\n"
    "paths: {/a: {get: {responses: {200: {description: ok}}}}}",
    "no names": "paths: {/a: {get: {parameters: [{in: formData}, {in: body}, {}], responses: {}}}}",
    "scalars": "definitions: {A: 1}\nparameters: {A: 1}\nresponses: {A: 1}\nsecurityDefinitions: {A: 1}\n"
    "paths: {/a: {get: {responses: {200: {headers: {X: 1}, examples: 1}}}}}",
    "circle": "parameters: {A: {$ref: '#/parameters/B'}, B: {$ref: '#/parameters/A'}}\n"
    "paths: {/a: {get: {parameters: [{$ref: '#/parameters/A'}], responses: {200: {description: ok}}}}}",
    "into an operation": "paths: {/a: {get: {parameters: [{name: b, in: body, schema: {type: string}}], responses: "
    "{200: {description: ok, schema: {$ref: '#/paths/~1a/get/parameters/0/schema'}}}}}}",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_an_odd_document_is_read_all_the_same(text: str) -> None:
    spec = read(f"swagger: '2.0'\ninfo: {{title: t, version: '1'}}\n{text}\n")
    assert "GET /a" in spec.by_key
    assert rules_for(spec)


def test_what_is_no_structure_is_refused() -> None:
    head = "swagger: '2.0'\ninfo: {title: t, version: '1'}\n"
    assert fault_of(lambda: read(head)).startswith("d.yaml:1: /paths must not be missing")
    assert fault_of(lambda: read(head.replace("2.0", "1.2"))).startswith("d.yaml:1: this is Swagger 1.2, wanted 2.0")
