"""What is wrong with a document is said once, with file and line, and the document is read all the same."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from contracts.document import Spec, read_spec
from contracts.errors import DocumentError
from contracts.rules import faults
from contracts.rules.faults import notices, refuse_faulty

HEAD = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\n"
OK = "responses: {'200': {description: ok}}"
BOTH = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
GET = f"get: {{{BOTH}, {OK}}}"


def read(text: str, version: str = "3.1") -> Spec:
    return read_spec(f"{HEAD}{text}".replace("3.1.0", f"{version}.0").encode(), path="d.yaml", folder=None)


def said(text: str, version: str = "3.1") -> list[str]:
    return [f"{notice.source.line} {notice.kind}: {notice.problem}" for notice in notices(read(text, version))]


FAULTS = {
    "nothing to ask": ("paths: {}", "3 nothing to test: no path of the document has an operation"),
    "no paths": ("components: {}", "1 nothing to test: no path of the document has an operation"),
    "undeclared": (
        f"paths:\n  /a/{{id}}:\n    get: {{{OK}}}",
        "5 path parameter: /a/{id} has {id}, which no parameter of GET declares",
    ),
    "undeclared by one": (
        f"paths:\n  /a/{{id}}:\n    {GET}\n    put: {{{OK}}}",
        "6 path parameter: /a/{id} has {id}, which no parameter of PUT declares",
    ),
    "not in the template": (f"paths:\n  /a:\n    {GET}", "5 path parameter: the path parameter id is not in the"),
    "name twice": (f"paths:\n  /a/{{id}}/{{id}}: {{{GET}}}", "4 path parameter: /a/{id}/{id} has {id} 2 times"),
    "brace": (f"paths:\n  /a/{{id: {{get: {{{OK}}}}}", "4 path parameter: a brace of /a/{id stands alone"),
    "same path": (
        f"paths:\n  /a/{{id}}: {{{GET}}}\n  /a/{{name}}: {{{GET.replace('id', 'name').replace('get', 'put')}}}",
        "5 same path: /a/{name} and /a/{id} (d.yaml:4) differ in the names of parameters alone, and are one path "
        "(OpenAPI 3.1 §4.8.8)",
    ),
    "operationId": (
        f"paths:\n  /a: {{get: {{operationId: x, {OK}}}}}\n  /b:\n    get: {{operationId: x, {OK}}}",
        '6 operationId: the operationId "x" is that of another operation (d.yaml:4)',
    ),
    "operationId of a webhook": (
        f"paths: {{/a: {{get: {{operationId: x, {OK}}}}}}}\nwebhooks: {{w: {{post: {{operationId: x, {OK}}}}}}}",
        '4 operationId: the operationId "x" is that of another operation (d.yaml:3)',
    ),
    "parameter twice": (
        f"paths:\n  /a/{{id}}:\n    get:\n      {OK}\n      parameters:\n"
        "      - {name: id, in: path, required: true, schema: {}}\n"
        "      - {name: id, in: path, required: true, schema: {}}",
        "9 parameter: the path parameter id stands in this list before",
    ),
    "link": (
        "paths: {/a: {get: {responses: {'200': {description: ok, links:\n  {Next: {operationId: nowhere}}}}}}}",
        '4 link: the link leads to the operation "nowhere", which is not there',
    ),
    "link in components": (
        f"paths: {{/a: {{get: {{{OK}}}}}}}\ncomponents: {{links: {{A:\n  {{operationRef: '#/paths/~1b/get'}}}}}}",
        "5 link: the link leads to \"#/paths/~1b/get\", where nothing stands",
    ),
    "callback": (
        f"paths: {{/a: {{get: {{{OK}, callbacks: {{done: {{'{{$url}}': {{post: {{{OK}}}}}}}}}}}}}}}",
        "3 not asked: 1 callback neither asked nor judged: done",
    ),
    "alternatives": (
        f"components: {{securitySchemes: {{k: &k {{type: apiKey, in: header, name: X-K}}}}}}\npaths:\n  /a:\n"
        f"    get: {{{OK}, security: [{', '.join(['{k: []}'] * 101)}]}}",
        "6 not asked: GET /a has 101 alternatives as its credential, of which 100 at most are tried",
    ),
    "webhook": (
        f"paths: {{/a: {{get: {{{OK}}}}}}}\nwebhooks:\n  ping: {{post: {{{OK}}}}}\n  pong: {{post: {{{OK}}}}}",
        "5 not asked: 2 webhooks neither asked nor judged: ping, pong",
    ),
    "newer": (f"paths:\n  /a:\n    query: {{{OK}}}\n    get: {{{OK}}}", "5 version: `query` means nothing before"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), FAULTS.values(), ids=FAULTS)
def test_each_fault_is_said_once_with_its_line(text: str, wanted: str) -> None:
    found = [line for line in said(text) if "not asked:" in wanted or "not asked:" not in line]
    assert found[0].startswith(wanted)
    assert len(found) == 1


def schema(text: str, more: str = "") -> str:
    return (
        f"paths: {{/a: {{get: {{{OK}}}}}}}\ncomponents:\n  schemas:\n    A:\n{text}\n    B: {{type: integer}}\n{more}"
    )


PATTERNS = ["[", "a{2,1}", r"\Z", "(?P<a>b", "(?P=a)", "(?#a)b", "^[a-z"]
READ = ["(?P<year>[0-9]{4})", "(?<year>[0-9]{4})", r"(?<y>a|b)\k<y>", "(?P<y>a|b)(?P=y)", "^(?!a)b", r"\p{L}"]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("keyword", ["pattern: {0}", "patternProperties: {{{0}: {{}}}}"])
def test_a_pattern_that_is_none_is_said(pattern: str, keyword: str) -> None:
    (found,) = said(schema("      " + keyword.format(yaml.safe_dump(pattern, default_style="'").strip())))
    assert found.startswith("7 pattern: the pattern ")


@pytest.mark.parametrize("pattern", READ)
def test_patterns_with_named_groups_are_read(pattern: str) -> None:
    assert said(schema(f"      pattern: '{pattern}'")) == []


EXAMPLES = {
    "of a schema": ("      {type: integer, example: a}", 'example: the example "a" is not what its schema allows'),
    "in a list": ("      {type: integer, examples: [1, a]}", 'example: the example "a" is not what its schema'),
    "default": ("      {type: integer, default: a}", 'default: the default "a" is not what its schema allows'),
    "behind a reference": ("      {$ref: '#/components/schemas/B', default: a}", 'default: the default "a" is not'),
    "format": ("      {type: string, format: date, example: today}", 'example: the example "today" is not what'),
    "lacks a member": ("      {required: [a], example: {b: 1}}", 'example: the example {"b": 1} is not what its'),
}


@pytest.mark.parametrize(("text", "wanted"), EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_that_its_schema_refuses_is_said(text: str, wanted: str) -> None:
    (found,) = said(schema(text))
    assert found.startswith(f"7 {wanted}".replace("7 default:", "7 example:"))


BESIDE = {
    "parameter": "parameters: {P: {name: a, in: query, schema: {type: integer}, example: x}}",
    "header": "headers: {H: {schema: {type: integer}, example: x}}",
    "JSON": "requestBodies: {R: {content: {application/json: {schema: {type: integer}, example: x}}}}",
    "named": "headers: {H: {schema: {type: integer}, examples: {a: {value: x}}}}",
    "referred to": "headers: {H: {schema: {type: integer}, examples: {a: {$ref: '#/components/examples/E'}}}}\n"
    "  examples: {E: {value: x}}",
    "form": "requestBodies: {R: {content: {multipart/form-data: {schema: {required: [a]}, example: {}}}}}",
}


@pytest.mark.parametrize("text", BESIDE.values(), ids=BESIDE)
def test_an_example_beside_a_schema_is_held_against_it(text: str) -> None:
    (found,) = said(schema("      {}", f"  {text}"))
    assert " example: the example " in found


def test_an_example_of_3_2_may_be_data() -> None:
    beside = "  headers: {H: {schema: {type: integer}, examples: {a: {dataValue: x, serializedValue: '1'}}}}"
    (found,) = said(schema("      {}", beside), "3.2")
    assert found.startswith('9 example: the example "x" is not what its schema allows')


FINE = {
    "all is well": schema("      {type: integer, example: 1, default: 2, examples: [3]}"),
    "text as it is sent": schema(
        "      {}", "  requestBodies: {R: {content: {text/csv: {schema: {type: array}, example: 'a,b'}}}}"),
    "what only one direction has": schema(
        "      {type: object, required: [id, key], example: {id: 1}, properties: {id: {readOnly: true}, "
        "key: {writeOnly: true}}}"),
    "no schema": schema("      {}", "  headers: {H: {content: {text/plain: {example: x}}}}"),
    "a schema that can't be asked": schema("      {pattern: '(?<=a)b', example: ab}"),
    "a link that leads somewhere": f"paths: {{/a: {{get: {{operationId: x, {OK}}}}}}}\n"
    "components: {links: {A: {operationId: x}, B: {operationRef: '#/paths/~1a/get'}, C: {operationRef: 'b.yaml#/x'}}}",
    "declared for the path": f"paths: {{'/a/{{id}}': {{{BOTH}, get: {{{OK}}}}}}}",
    "one path item twice": "paths: {/a: {$ref: '#/components/pathItems/A'}, /b: {$ref: '#/components/pathItems/A'}}\n"
    f"components: {{pathItems: {{A: {{get: {{operationId: x, {OK}}}}}}}}}",
    "overridden": f"paths: {{'/a/{{id}}': {{{BOTH}, {GET}}}}}",
}  # fmt: skip


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_of_what_is_right_nothing_is_said(text: str) -> None:
    assert said(text) == []


def test_the_clause_is_that_of_the_version() -> None:
    text = f"paths: {{'/a/{{id}}': {{{GET}}}, '/a/{{x}}': {{{GET.replace('id', 'x').replace('get', 'put')}}}}}"
    clauses = {version: said(text, version)[0].partition("(OpenAPI ")[2] for version in ("3.0", "3.1", "3.2")}
    assert clauses == {"3.0": "3.0 §4.7.8)", "3.1": "3.1 §4.8.8)", "3.2": "3.2 §4.8)"}


def test_many_of_a_kind_are_counted() -> None:
    many = {f"A{n:03}": {"type": "integer", "default": "a"} for n in range(27)}
    tree: dict[str, Any] = {"paths": {"/a": {"get": yaml.safe_load(f"{{{OK}}}")}}, "components": {"schemas": many}}
    found = notices(read(yaml.safe_dump(tree, sort_keys=False)))
    assert (len(found), found[-1].more) == (faults.MAX_OF_A_KIND, 7)
    assert str(found[-1]).endswith("mend one of the two (and 7 more of this kind)")
    assert [*faults.said(read(yaml.safe_dump(tree)))][-1] == "… and 10 notices more on the document"


def test_responses_without_a_description_are_counted() -> None:
    text = "paths:\n  /a:\n    get: {responses: {'200': {}, '201': {description: ok}, '4XX': {}}}"
    wanted = "5 response: 2 responses without `description`, which must not be missing"
    assert said(text) == said(text, "3.0") == [wanted]
    assert said(text, "3.2") == []


def test_each_format_of_no_registry_is_said_once() -> None:
    formats = ["snowflake", "uint64", "snowflake", "date-time", "int32", "iso-8601"]
    properties = ", ".join(f"p{n}: {{type: string, format: {name}}}" for n, name in enumerate(formats))
    assert sorted(said(schema(f"      properties: {{{properties}}}"))) == [
        '7 format: the format "iso-8601" is in no registry',
        '7 format: the format "snowflake" is in no registry',
    ]


@pytest.mark.parametrize(
    "text",
    [
        schema("      {type: strin}"),
        schema("      {$ref: '#/no'}"),
        schema("      {type: integer, example: a}"),
        schema("      {pattern: '['}"),
        schema("      {format: snowflake}"),
        schema("      {}", "x-a: 1\nx-a: 2\n"),
        f"paths: {{/a: {{get: {{operationId: x, {OK}}}}}, /b: {{get: {{operationId: x, {OK}}}}}}}",
    ],
)
def test_a_document_with_any_fault_is_refused_if_that_is_wanted(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^d.yaml:\d+: .*, or let faults be read as they are meant$"):
        refuse_faulty(read(text))


def test_what_is_no_fault_is_not_refused() -> None:
    refuse_faulty(read("paths: {}\nwebhooks: {w: {post: {responses: {'200': {description: ok}}}}}"))
