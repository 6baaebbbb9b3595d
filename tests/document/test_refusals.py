"""What is wrong is said in one sentence: where, what was seen and what to do; refused if nothing can be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.document import load_spec, read_spec
from contracts.errors import DocumentError
from contracts.text import shown
from tests.documents import fault_of

HEAD = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\n"
HEAD_3_0 = HEAD.replace("3.1", "3.0")


def refusal(document: str | bytes) -> str:
    data = document if isinstance(document, bytes) else document.encode()
    return fault_of(lambda: read_spec(data, path="d.yaml", folder=None))


LAUGHS = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))

NOT_READABLE = {
    "empty": ("", "d.yaml:1: the document is empty"),
    "only space": ("\n\n", "d.yaml:1: the document is empty"),
    "only a comment": ("# nothing\n", "d.yaml:1: the document is empty"),
    "YAML syntax": ("a: 1\nb: [\n", "d.yaml:3: this is not YAML: while parsing a flow node"),
    "YAML tab": ("a:\n\tb: 1\n", "d.yaml:2: this is not YAML: while scanning"),
    "two documents": ("a: 1\n---\nb: 1\n", "d.yaml:2: this is not YAML: expected a single document"),
    "unknown alias": ("a: 1\nb: *c\n", "d.yaml:2: this is not YAML: found undefined alias"),
    "control character": ("a: 1\nb: \x01\n", "d.yaml:2: this is not YAML: control characters are not allowed"),
    "JSON syntax": ('{\n"a": 1,\n}', "d.yaml:3: this is not JSON: Expecting property name"),
    "JSON with more behind": ('{}\n{"a": 1}', "d.yaml:2: this is not JSON: Extra data"),
    "UTF-16 with a mark": ("a: 1".encode("utf-16"), "d.yaml:1: the text is UTF-16, wanted UTF-8"),
    "UTF-16 without": ("a: 1".encode("utf-16-le"), "d.yaml:1: the text is UTF-16, wanted UTF-8"),
    "Latin-1": ("a: 1\nb: é".encode("latin-1"), "d.yaml:2: byte 0xe9 is not UTF-8 text"),
    "binary": (b"PK\x03\x04\n\x01\x00\x00", "d.yaml:2: the file is binary"),
    "NaN": ('{"a":\nNaN}', "d.yaml:2: NaN is not a JSON number"),
    "NaN behind a byte order mark": (b'\xef\xbb\xbf{"a": NaN}', "d.yaml:1: NaN is not a JSON number"),
    "minus infinity": ('{"a":\n-Infinity}', "d.yaml:2: -Infinity is not a JSON number"),
    "float overflow": ('{"a":\n-1e400}', "d.yaml:2: -1e400 is not a JSON number"),
    "endless integer": ('{"a":\n' + "9" * 5000 + "}", "d.yaml:2: 9999"),
    "half a pair": ('{"a":\n"\\ud83d"}', 'd.yaml:2: "\\ud83d" holds half a surrogate pair'),
    "YAML infinity": ("a:\n  - -.inf\n", "d.yaml:2: -.inf is not a JSON number"),
    "YAML NaN": ("a:\n  - .nan\n", "d.yaml:2: .nan is not a JSON number"),
    "a hexadecimal integer of 4000 digits": (f"a:\n  - 0x{'f' * 4000}\n", f"d.yaml:2: 0x{'f' * 58} is not a JSON"),
    "YAML overflow": ("a:\n  - 1e400\n", "d.yaml:2: 1e400 is not a JSON number"),
    "YAML endless integer": ("a:\n  - " + "9" * 5000, "d.yaml:2: 9999"),
    "tag on a scalar": ("a: 1\nb: !!binary aa\n", "d.yaml:2: the tag !!binary has no meaning in JSON"),
    "tag on a mapping": ("a: 1\nb: !x {}\n", "d.yaml:2: the tag !x has no meaning in JSON"),
    "key that is a list": ("a: 1\n? [b]\n: 1\n", "d.yaml:2: a key is a list or mapping"),
    "merge of a text": ("a: 1\nb:\n  <<: c\n", "d.yaml:3: `<<` merges something that is no mapping"),
    "billion laughs": (LAUGHS, "d.yaml:1: its aliases expand to"),
    "alias in itself": ("a: 1\nb: &b\n  - *b\n", "d.yaml:2: an alias stands inside the node that it repeats"),
    "merge of itself": ("a: 1\nb: &b\n  <<: *b\n", "d.yaml:2: an alias stands inside the node that it repeats"),
    "deep JSON": ('{"a":\n' + "[" * 250 + "]" * 250 + "}", "d.yaml:2: the nesting is deeper than 200 levels"),
    "very deep JSON": ('{"a":\n' + "[" * 100_000 + "]" * 100_000 + "}", "d.yaml:2: the nesting is deeper than 200"),
    "deep flow": ("a:\n  " + "[" * 250 + "]" * 250, "d.yaml:2: the nesting is deeper than 200 levels"),
    "deep blocks": ("".join(f"{' ' * n}a:\n" for n in range(250)), "d.yaml:200: the nesting is deeper than 200 levels"),
    "very deep flow": ("a:\n  " + "[" * 100_000, "d.yaml:2: the nesting is deeper than 200 levels"),
    "very deep blocks": ("a: 1\nb:\n  " + "- " * 100_000 + "x", "d.yaml:3: the nesting is deeper than 200 levels"),
    "deep by aliases": (
        "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 300)),
        "d.yaml:201: the nesting is deeper than 200 levels",
    ),
}


@pytest.mark.parametrize(("document", "expected"), NOT_READABLE.values(), ids=NOT_READABLE)
def test_what_is_no_json_value_is_refused(document: str | bytes, expected: str) -> None:
    message = refusal(document)
    assert message.startswith(expected)
    assert "\n" not in message
    assert "; " in message


NOT_OPENAPI = {
    "a text": ("hello", 'd.yaml:1: this is "hello", wanted an object'),
    "a list": ("\n- a", 'd.yaml:2: this is ["a"], wanted an object with the key `openapi`'),
    "something else": ("a: 1", "d.yaml:1: this is no OpenAPI document: it has no `openapi` key"),
    "swagger": (
        "info: {}\nswagger: '1.2'",
        "d.yaml:2: this is Swagger 1.2, wanted 2.0, or OpenAPI 3.0, 3.1 or 3.2; convert it",
    ),
    "3.3": ("\nopenapi: 3.3.0", 'd.yaml:2: the document\'s OpenAPI version is "3.3.0", wanted 3.0.x, 3.1.x or 3.2.x'),
    "3.1 alone": ("openapi: 3.1", 'd.yaml:1: the document\'s OpenAPI version is "3.1", wanted 3.0.x, 3.1.x or 3.2.x'),
    "null": ("openapi: null", "d.yaml:1: the document's OpenAPI version is null"),
    "no info": (
        "openapi: 3.1.0\npaths: {}",
        'd.yaml:1: /info must not be missing: read as `info: {"title": "untitled", "version": ""}`; write it as',
    ),
    "nothing in it": (HEAD, "d.yaml:1: /paths or components or webhooks must not be missing"),
    "no paths": (HEAD_3_0, "d.yaml:1: /paths must not be missing; write it as OpenAPI 3.0 says"),
    "title": (
        "openapi: 3.1.0\ninfo:\n  title: 7\n  version: 1\npaths: {}",
        "d.yaml:3: /info/title is 7, but it is not",
    ),
    "no responses": (HEAD_3_0 + "paths:\n  /a:\n    get: {}", "d.yaml:5: /paths/~1a/get/responses must not be missing"),
    "path": (HEAD + "paths:\n  a: {}", "d.yaml:4: /paths/a is not allowed, for OpenAPI knows no such key there"),
    "status": (HEAD + "paths: {/a: {get: {responses: {2xx: {}}}}}", "d.yaml:3: /paths/~1a/get/responses/2xx is not"),
}
PARAMETERS = {
    "place": ("{name: a, in: querry, schema: {}}", '/in is "querry", wanted "'),
    "nothing": ("{name: a, in: query}", "/schema or content must not be missing"),
    "type": ("{name: a, in: query, schema: {type: strin}}", '/schema/type is "strin", wanted "array" or'),
    "list of types": ("{name: a, in: query, schema: {type: [strin]}}", '/schema/type/0 is "strin", wanted "array" or'),
    "bound": ("{name: a, in: query, schema: {minimum: '1'}}", '/schema/minimum is "1", but it is not of type "number"'),
    "optional path": ("{name: a, in: path, required: false, schema: {}}", "/required is false, wanted true"),
}
SCHEMES = {
    "type": ("{type: foo}", '/type is "foo", wanted "apiKey" or'),
    "key": ("{type: apiKey, in: header}", "/name must not be missing"),
    "http": ("{type: http}", "/scheme must not be missing"),
}


@pytest.mark.parametrize(("document", "expected"), NOT_OPENAPI.values(), ids=NOT_OPENAPI)
def test_what_is_no_openapi_is_refused(document: str, expected: str) -> None:
    assert refusal(document).startswith(expected)


@pytest.mark.parametrize("head", [HEAD, HEAD_3_0], ids=["3.1", "3.0"])
@pytest.mark.parametrize(("parameter", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_a_wrong_parameter_is_named_at_its_line(head: str, parameter: str, expected: str) -> None:
    document = (
        f"{head}paths:\n  /a:\n    get:\n      responses: {{200: {{}}}}\n      parameters:\n        - {parameter}"
    )
    assert refusal(document).startswith(f"d.yaml:8: /paths/~1a/get/parameters/0{expected}")


@pytest.mark.parametrize("head", [HEAD, HEAD_3_0], ids=["3.1", "3.0"])
@pytest.mark.parametrize(("scheme", "expected"), SCHEMES.values(), ids=SCHEMES)
def test_a_wrong_security_scheme_is_named_at_its_line(head: str, scheme: str, expected: str) -> None:
    document = f"{head}paths: {{}}\ncomponents:\n  securitySchemes:\n    a: {scheme}"
    assert refusal(document).startswith(f"d.yaml:6: /components/securitySchemes/a{expected}")


def test_schema_beside_content_is_refused() -> None:
    parameter = "{name: a, in: query, schema: {}, content: {a/b: {}}}"
    message = refusal(f"{HEAD}paths: {{/a: {{parameters: [{parameter}]}}}}")
    assert "/paths/~1a/parameters/0 is {" in message
    assert "but more than one of the alternatives for it applies" in message


def test_json_is_refused_at_its_line_too() -> None:
    document = json.dumps({"openapi": "3.1.0", "info": {"title": 7, "version": "1"}, "paths": {}}, indent=1)
    assert refusal(document).startswith("d.yaml:4: /info/title is 7")


@pytest.mark.parametrize(
    "requirement", ["security: [{b: []}]\npaths: {}", "paths: {/a: {get: {responses: {200: {}}, security: [{b: []}]}}}"]
)
def test_an_undefined_security_scheme_is_refused(requirement: str) -> None:
    message = refusal(f"{HEAD}components: {{securitySchemes: {{a: {{type: mutualTLS}}}}}}\n{requirement}")
    assert message.startswith(
        'd.yaml:4: the security scheme "b" is not defined (defined: a): read as one that no request shows; write'
    )


TRIFLES = {
    "unknown key": "paths: {}\nfoo: 1",
    "no response description": "paths: {/a: {get: {responses: {200: {}}}}}",
    "empty required": "paths: {}\ncomponents: {schemas: {A: {required: []}}}",
    "repeated tags": "paths: {}\ntags: [{name: a}, {name: a}]",
    "odd component names": "paths: {}\ncomponents: {schemas: {'A«B»[c]': {type: string}}}",
    "both kinds of examples": "paths: {/a: {get: {responses: {200: {content: {a/b: {example: 1, examples: {}}}}}}}}",
    "address that is none": "paths: {}\nservers: [{url: not a url}]\nexternalDocs: {url: also not}",
    "path parameter without required": "paths: {'/{a}': {parameters: [{name: a, in: path, schema: {}}]}}",
    "null and lists of types": "paths: {}\ncomponents: {schemas: {A: {type: 'null'}, B: {type: [string, 'null']}}}",
    "unknown key in a scheme": "paths: {}\ncomponents: {securitySchemes: {A: {type: http, scheme: basic, in: a}}}",
    "same path twice": "paths: {'/{a}': {}, '/{b}': {}}",
}


@pytest.mark.parametrize("head", [HEAD, HEAD_3_0], ids=["3.1", "3.0"])
@pytest.mark.parametrize("rest", TRIFLES.values(), ids=TRIFLES)
def test_trifles_are_let_pass(head: str, rest: str) -> None:
    assert read_spec((head + rest).encode(), path="d.yaml", folder=None).title == "a"


def test_responses_may_be_missing_in_3_1() -> None:
    spec = read_spec(f"{HEAD}paths: {{/a: {{get: {{}}}}}}".encode(), path="d", folder=None)
    assert spec.operations[0].responses == ()


def test_an_odd_component_is_looked_into_all_the_same() -> None:
    message = refusal(f"{HEAD_3_0}paths: {{}}\ncomponents: {{schemas: {{'A«B»': {{type: strin}}}}}}")
    assert '/components/schemas/A«B»/type is "strin"' in message


@pytest.mark.parametrize("name", ["", "missing.yaml", "folder", "nul\0"])
def test_an_unreadable_path_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(DocumentError, match=r"can't be read: .*; give the path of a readable file") as caught:
        load_spec(tmp_path / name if name != "nul\0" else name)
    assert caught.value.line == 0


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 500)) == 60


def test_a_reference_to_an_object_of_another_kind_is_said() -> None:
    text = HEAD + (
        "paths:\n  /a:\n    get:\n      parameters:\n        - $ref: '#/components/schemas/A'\n"
        "      responses: {'200': {description: ok}}\ncomponents: {schemas: {A: {type: string}}}\n"
    )
    assert refusal(text).startswith('d.yaml:7: the $ref "#/components/schemas/A" leads to what is none (/components/')


@pytest.mark.parametrize("member", ["parameters: [0]", "get: {responses: 1}", "parameters: {}"])
@pytest.mark.parametrize("version", ["3.1.0", "3.2.0"])
def test_what_stands_beside_the_reference_of_a_path_item_is_looked_into(member: str, version: str) -> None:
    item = f"{{$ref: '#/components/pathItems/B', {member}}}"
    paths = "paths: {/a: {$ref: '#/components/pathItems/A'}}"
    text = f"{HEAD}{paths}\ncomponents:\n  pathItems:\n    A: {item}\n    B: {{}}"
    message = refusal(text.replace("3.1.0", version))
    assert message.startswith("d.yaml:6: /components/pathItems/A/")


@pytest.mark.parametrize("ref", ["{}", "1", "[a]"])
def test_the_reference_of_a_path_item_is_a_text(ref: str) -> None:
    assert refusal(f"{HEAD}paths:\n  /a: {{$ref: {ref}}}").startswith("d.yaml:4: /paths/~1a/$ref is ")


def test_content_of_a_media_type_means_nothing() -> None:
    media = "{content: {'#': 1}}"
    text = f"{HEAD}paths: {{/a: {{get: {{responses: {{'200': {{content: {{text/plain: {media}}}}}}}}}}}}}"
    spec = read_spec(text.encode(), path="d.yaml", folder=None)
    assert spec.operations[0].responses[0].content[0].schema is None


TWICE = {
    "YAML": (f"{HEAD}paths: {{}}\nx-a: 2\nx-b: 1\nx-a: 3\n", 'd.yaml:6: the key "x-a" is already on line 4: this'),
    "quoted": (
        f"{HEAD}paths: {{}}\nx-a:\n  200: 1\n  '200': 3\n",
        'd.yaml:6: the key "200" is already on line 5: this',
    ),
    "JSON": (
        '{"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {},\n"x-a": 2,\n"x-\\u0061": 3}',
        "",
    ),
}


@pytest.mark.parametrize(("text", "expected"), TWICE.values(), ids=TWICE)
def test_of_a_key_that_stands_twice_the_last_is_read(text: str, expected: str) -> None:
    spec = read_spec(text.encode(), path="d.yaml", folder=None)
    assert str(spec.notices[0]).startswith(expected)
    assert spec.document.at("/x-a") in (3, {"200": 3})
