"""Every `$ref` ends up as a pointer into one tree, or is refused at its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from contracts.document import Source, Spec, load_spec, read_spec
from contracts.errors import DocumentError
from tests.documents import fault_of

HEAD = "openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\n"
HEAD_3_0 = HEAD.replace("3.1", "3.0")


def read(text: str) -> Spec:
    return read_spec(text.encode(), path="d.yaml", folder=None)


def load(folder: Path, **files: str) -> Spec:
    """Write files (`__` in a name is a slash, the last `_` a dot) and load `api.yaml`."""
    for name, text in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return load_spec(folder / "api.yaml")


def refusal(text: str) -> str:
    return fault_of(lambda: read(text))


def schemas(text: str, head: str = HEAD) -> str:
    return f"{head}components:\n  schemas:\n{text}"


@pytest.mark.parametrize(
    ("ref", "target"),
    [
        ("#/components/schemas/B", "/components/schemas/B"),
        ("#/components/schemas/a~1b", "/components/schemas/a~1b"),
        ("#/components/schemas/a%7E1b", "/components/schemas/a~1b"),
        ("#/components/schemas/with space", "/components/schemas/with space"),
        ("#/components/schemas/with%20space", "/components/schemas/with space"),
        ("#/components/schemas/C", "/components/schemas/B"),
        ("#/components/schemas/B/allOf/0", "/components/schemas/B/allOf/0"),
        ("#/x-defs/D", "/x-defs/D"),
        ("#named", "/components/schemas/B/properties/named"),
        ("#dynamic", "/components/schemas/E"),
        ("https://example.com/identified", "/components/schemas/F"),
    ],
)
def test_local_references_are_followed(ref: str, target: str) -> None:
    spec = read(
        schemas(
            f"    A: {{$ref: '{ref}'}}\n"
            "    B: {allOf: [{type: object}], properties: {named: {$anchor: named}}}\n"
            "    C: {$ref: '#/components/schemas/B'}\n"
            "    E: {$dynamicAnchor: dynamic}\n"
            "    F: {$id: 'https://example.com/identified'}\n"
            "    a/b: {}\n"
            "    with space: {}\n"
            "x-defs: {D: {type: string}}\n"
        )
    )
    assert spec.document.resolve("/components/schemas/A") == target


def test_a_recursive_schema_is_fine() -> None:
    spec = read(schemas("    A: {properties: {next: {$ref: '#/components/schemas/A'}}}"))
    assert spec.document.resolve("/components/schemas/A/properties/next") == "/components/schemas/A"


def test_identifiers_are_gone_once_references_are_pointers() -> None:
    spec = read(schemas("    A: {$id: 'urn:a', $anchor: b, $schema: 'https://json-schema.org/draft/2020-12/schema'}"))
    assert spec.document.at("/components/schemas/A") == {}


REFUSED = {
    "nowhere": ("{$ref: '#/components/schemas/B'}", 'the $ref "#/components/schemas/B" leads nowhere: read as if'),
    "no such index": ("{allOf: [{$ref: '#/components/schemas/A/allOf/1'}]}", "leads nowhere"),
    "index with zeros": ("{allOf: [{$ref: '#/components/schemas/A/allOf/00'}]}", "leads nowhere"),
    "index that is none": ("{allOf: [{$ref: '#/components/schemas/A/allOf/-1'}]}", "leads nowhere"),
    "through a text": ("{type: string, items: {$ref: '#/components/schemas/A/type/x'}}", "leads nowhere"),
    "to a text": ("{type: string, items: {$ref: '#/components/schemas/A/type'}}", 'leads to "string", wanted a schema'),
    "URL": ("{$ref: 'https://example.com/a.yaml#/B'}", "is a URL, and nothing is fetched: read as if"),
    "URL without scheme": ("{$ref: '//example.com/a.yaml'}", "is a URL, and nothing is fetched"),
    "file URL": ("{$ref: 'file:///etc/passwd'}", "is a URL, and nothing is fetched"),
    "no folder": ("{$ref: 'b.yaml'}", "names another file, and this document has no folder: read as if"),
    "anchor": ("{$ref: '#b'}", "names an anchor that is not there: read as if"),
    "itself": ("{$ref: '#/components/schemas/A'}", "leads only back to itself: read as if"),
    "dialect": ("{$schema: 'http://json-schema.org/draft-07/schema#'}", "the dialect http://json-schema.org/draft-07"),
    "dynamic, to several": (
        "{$dynamicRef: '#a', $defs: {B: {$dynamicAnchor: a}, C: {$id: c, $dynamicAnchor: a}}}",
        'the $ref "#a" is dynamic, and may lead to several `$dynamicAnchor`s: the first is read; write a `$ref`',
    ),
    "by the URI of nothing": ("{$ref: 'https://a.example/b'}", "is a URL, and nothing is fetched: read as if"),
}


@pytest.mark.parametrize(("schema", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_reference_that_can_not_be_followed_is_said_at_its_line(schema: str, expected: str) -> None:
    message = refusal(schemas(f"    A: {schema}"))
    assert message.startswith("d.yaml:6: ")
    assert expected in message


def test_the_line_is_that_of_the_ref() -> None:
    assert refusal(schemas("    A:\n      items:\n        $ref: '#/b'")).startswith('d.yaml:8: the $ref "#/b" leads')


def test_references_in_a_circle_are_said() -> None:
    text = "    A: {$ref: '#/components/schemas/B'}\n    B: {$ref: '#/components/schemas/A'}"
    assert "leads only back to itself" in refusal(schemas(text))


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("parameters", "paths: {/a: {parameters: [{$ref: '#/components/parameters/X'}]}}"),
        ("responses", "paths: {/a: {get: {responses: {200: {$ref: '#/components/responses/X'}}}}}"),
        ("headers", "components: {responses: {A: {headers: {X: {$ref: '#/components/headers/X'}}}}}"),
        ("requestBodies", "components: {requestBodies: {A: {$ref: '#/components/requestBodies/X'}}}"),
        ("pathItems", "paths: {/a: {$ref: '#/components/pathItems/X'}}"),
        ("securitySchemes", "components: {securitySchemes: {A: {$ref: '#/components/securitySchemes/X'}}}"),
        ("examples", "components: {examples: {A: {$ref: '#/components/examples/X'}}}"),
        ("links", "components: {responses: {A: {links: {X: {$ref: '#/components/links/X'}}}}}"),
        ("callbacks", "components: {callbacks: {A: {$ref: '#/components/callbacks/X'}}}"),
        ("pathItems", "components: {callbacks: {A: {'{$url}': {$ref: '#/components/pathItems/X'}}}}"),
        ("pathItems", "webhooks: {a: {$ref: '#/components/pathItems/X'}}"),
    ],
)
def test_every_kind_of_reference_is_followed(kind: str, place: str) -> None:
    message = refusal(f"openapi: 3.1.0\ninfo: {{title: a, version: '1'}}\n{place}\n")
    assert message.startswith(f'd.yaml:3: the $ref "#/components/{kind}/X" leads nowhere')


NO_REFERENCES = {
    "property": "components: {schemas: {A: {properties: {$ref: {}, x: {$ref: '#/components/schemas/B'}}}, B: {}}}",
    "schema example": "components: {schemas: {A: {example: {$ref: '#/no'}, examples: [{$ref: '#/no'}]}}}",
    "default": "components: {schemas: {A: {default: {$ref: '#/no'}, enum: [{$ref: '#/no'}], const: {$ref: '#/no'}}}}",
    "extension": "x-a: {$ref: '#/no'}\ncomponents: {schemas: {A: {x-a: {$ref: '#/no'}}}}",
    "example value": "components: {examples: {A: {value: {$ref: '#/no'}}}}",
    "media example": "paths: {/a: {get: {responses: {200: {content: {a/b: {example: {$ref: '#/no'}}}}}}}}",
    "mapping": "components: {schemas: {A: {discriminator: {propertyName: a, mapping: {b: other.yaml}}}}}",
    "path extension": "paths: {x-a: {$ref: '#/no'}, /a: {x-b: {$ref: '#/no'}}}",
    "status extension": "paths: {/a: {get: {responses: {200: {}, x-c: {$ref: '#/no'}}}}}",
}


@pytest.mark.parametrize("version", ["3.1.0", "3.0.3"])
@pytest.mark.parametrize("text", NO_REFERENCES.values(), ids=NO_REFERENCES)
def test_what_only_looks_like_a_reference_is_left_alone(version: str, text: str) -> None:
    paths = "" if text.startswith("paths") else "\npaths: {}"
    assert read(f"openapi: {version}\ninfo: {{title: a, version: '1'}}\n{text}{paths}").title == "a"


def test_siblings_of_a_reference_are_ignored_in_3_0() -> None:
    spec = read(schemas("    A: {$ref: '#/components/schemas/B', items: {$ref: '#/no'}}\n    B: {}", HEAD_3_0))
    assert spec.document.at("/components/schemas/A") == {"$ref": "#/components/schemas/B"}


def test_siblings_of_a_reference_count_in_3_1() -> None:
    text = "    A: {$ref: '#/components/schemas/B', items: {$ref: '#/no'}}\n    B: {}"
    assert 'the $ref "#/no" leads nowhere' in refusal(schemas(text))


def test_a_boolean_schema_can_be_referred_to() -> None:
    spec = read(schemas("    A: {$ref: '#/components/schemas/B'}\n    B: true"))
    assert spec.document.at(spec.document.resolve("/components/schemas/A")) is True


def test_what_a_reference_leads_to_outside_the_known_places_is_checked() -> None:
    message = refusal(schemas("    A: {$ref: '#/x-defs/D'}\nx-defs:\n  D: {type: strin}\n"))
    assert message.startswith('d.yaml:8: /x-defs/D/type is "strin", wanted "array"')


FILES: dict[str, str] = {
    "api_yaml": schemas("    A: {$ref: 'more/b.yaml#/B'}\n    X: {$ref: './more/b.yaml#/B'}\n    C: {type: string}"),
    "more__b_yaml": "\nB:\n  properties:\n    local: {$ref: '#/D'}\n"
    "    back: {$ref: '../api.yaml#/components/schemas/C'}\n"
    "    json: {$ref: 'e%20f.json'}\nD: {type: integer, format: int32}\n",
    "more__e f_json": '{"type": "object",\n "properties": {"again": {"$ref": "b.yaml#/B"}}}',
}


def test_other_files_are_embedded(tmp_path: Path) -> None:
    document = load(tmp_path, **FILES).document
    refs = {
        "/components/schemas/A": "#/x-files/more~1b.yaml/B",
        "/components/schemas/X": "#/x-files/more~1b.yaml/B",
        "/x-files/more~1b.yaml/B/properties/local": "#/x-files/more~1b.yaml/D",
        "/x-files/more~1b.yaml/B/properties/back": "#/components/schemas/C",
        "/x-files/more~1b.yaml/B/properties/json": "#/x-files/more~1e%20f.json",
        "/x-files/more~1e f.json/properties/again": "#/x-files/more~1b.yaml/B",
    }
    assert {pointer: document.at(pointer)["$ref"] for pointer in refs} == refs
    assert document.resolve("/x-files/more~1b.yaml/B/properties/json") == "/x-files/more~1e f.json"


def test_nodes_of_other_files_name_them(tmp_path: Path) -> None:
    document = load(tmp_path, **FILES).document
    more = str(tmp_path / "more" / "b.yaml")
    assert document.source("/x-files/more~1b.yaml/B/properties/local") == Source(more, 4, "/B/properties/local")
    assert document.source("/x-files/more~1e f.json/properties").line == 2


def test_schemas_of_other_files_are_normalised(tmp_path: Path) -> None:
    assert load(tmp_path, **FILES).document.at("/x-files/more~1b.yaml/D")["maximum"] == 2**31 - 1


def test_anchors_belong_to_their_file(tmp_path: Path) -> None:
    document = load(
        tmp_path,
        api_yaml=schemas("    A: {$ref: 'b.yaml'}\n    B: {$anchor: x}"),
        b_yaml="properties:\n  a: {$anchor: x}\n  b: {$ref: '#x'}\n",
    ).document
    assert document.resolve("/x-files/b.yaml/properties/b") == "/x-files/b.yaml/properties/a"


def test_a_whole_path_item_can_stand_in_another_file(tmp_path: Path) -> None:
    spec = load(
        tmp_path,
        api_yaml="openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths:\n  /a: {$ref: a.yaml}\n",
        a_yaml="get:\n  parameters: [{$ref: 'p.yaml#/P'}]\n  responses: {200: {description: ok}}\n",
        p_yaml="P: {name: q, in: query, schema: {type: string, nullable: true}}\n",
    )
    schema = spec.by_key["GET /a"].parameters[0].schema
    assert schema is not None
    assert schema.value == {"type": ["string", "null"]}
    assert schema.document.source(schema.pointer).file == str(tmp_path / "p.yaml")


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("../outside.yaml", "leads out of the repository, or of the document's folder"),
        ("/etc/passwd", "leads out of the repository, or of the document's folder"),
        ("link.yaml", "leads out of the repository, or of the document's folder"),
        ("more/../../outside.yaml", "leads out of the repository, or of the document's folder"),
        ("%2e%2e/outside.yaml", "leads out of the repository, or of the document's folder"),
        ("a%00b.yaml", "leads out of the repository, or of the document's folder"),
        ("loop.yaml", "leads out of the repository, or of the document's folder"),
        ("missing.yaml", "names a file that does not exist: read as if"),
        ("more", "names a file that does not exist"),
    ],
)
def test_files_outside_the_folder_are_not_read(tmp_path: Path, ref: str, expected: str) -> None:
    inside = tmp_path / "inside"
    (inside / "more").mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text("type: string", "utf-8")
    (inside / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (inside / "loop.yaml").symlink_to(inside / "loop.yaml")
    spec = load(inside, api_yaml=schemas(f"    A: {{$ref: '{ref}'}}"))
    (notice,) = spec.notices
    assert expected in notice.problem
    assert str(notice.source) == f"{inside / 'api.yaml'}:6"
    assert spec.document.at("/components/schemas/A") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type: 7\n", r"b\.yaml:1: /x-files/b\.yaml/type is 7"),
        ("a: 1\na: 2\n", r"b\.yaml:2: the key \"a\" is already on line 1"),
        ("\n\nitems: {$ref: '#/no'}\n", r"b\.yaml:3: the \$ref \"#/no\" leads nowhere"),
        ("- 1\n", r"api\.yaml:6: the \$ref \"b.yaml\" leads to \[1\], wanted a schema object"),
    ],
)
def test_a_mistake_in_another_file_is_named_there(tmp_path: Path, text: str, expected: str) -> None:
    said = fault_of(lambda: load(tmp_path, api_yaml=schemas("    A: {$ref: 'b.yaml'}"), b_yaml=text))
    assert re.search(expected, said)


def test_the_name_for_other_files_must_be_free(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"api\.yaml:7: `x-files` is taken .*; rename that key"):
        load(tmp_path, api_yaml=schemas("    A: {$ref: b.yaml}\nx-files: {a: 1}\n"), b_yaml="{}")


def test_the_document_may_have_its_own_x_files_otherwise() -> None:
    value: Any = read(f"{HEAD}x-files: {{a: 1}}\n").document.at("/x-files")
    assert value == {"a": 1}


def test_a_place_reached_in_two_ways_is_read_once() -> None:
    document = read(
        schemas(
            "    A: {$ref: '#/x-defs/D/items'}\n    B: {$ref: '#/x-defs/D'}\n    C: {$ref: '#/x-defs/D/items'}\n"
            "x-defs: {D: {items: {type: integer, format: int32}}}\n"
        )
    ).document
    assert document.at("/x-defs/D/items")["maximum"] == 2**31 - 1


def test_a_list_where_no_schema_says_what_stands_there_is_left_alone() -> None:
    parameter = "{name: a, in: query, content: {a/b: {}}, examples: [{$ref: '#/no'}]}"
    text = f"openapi: 3.1.0\ninfo: {{title: a, version: '1'}}\npaths: {{/a: {{parameters: [{parameter}]}}}}"
    assert read(text).title == "a"


IDENTIFIED = """    Pet:
      $id: https://a.example/schemas/pet
      properties: {own: {$ref: '#/$defs/Name'}, next: {$ref: category#top}, named: {$ref: '#short'}}
      $defs: {Name: {type: string}, Short: {$anchor: short}, Inner: {$id: inner, items: {$ref: pet}}}
    Category: {$id: 'https://a.example/schemas/category', $defs: {Top: {$anchor: top}}}
    Elsewhere: {$ref: 'https://a.example/schemas/category#/$defs/Top'}
    Relative: {$id: Relative, items: {$ref: '#'}}
    ByName: {$ref: Relative}
    Tree: {$dynamicAnchor: node, items: {$dynamicRef: '#node'}}
    Both: {$ref: '#/components/schemas/Pet', $dynamicRef: '#node'}
"""


@pytest.mark.parametrize(
    ("place", "target"),
    [
        ("Pet/properties/own", "Pet/$defs/Name"),
        ("Pet/properties/next", "Category/$defs/Top"),
        ("Pet/properties/named", "Pet/$defs/Short"),
        ("Pet/$defs/Inner/items", "Pet"),
        ("Elsewhere", "Category/$defs/Top"),
        ("Relative/items", "Relative"),
        ("ByName", "Relative"),
        ("Tree/items", "Tree"),
        ("Both", "Pet"),
        ("Both/allOf/0", "Tree"),
    ],
)
def test_references_are_read_from_the_identifier_around_them(place: str, target: str) -> None:
    spec = read(schemas(IDENTIFIED))
    assert spec.document.resolve(f"/components/schemas/{place}") == f"/components/schemas/{target}"
    assert spec.notices == ()


def test_a_pointer_from_the_root_below_an_identifier_is_read_and_said() -> None:
    spec = read(schemas("    A: {$id: 'urn:a', items: {$ref: '#/components/schemas/B'}}\n    B: {}\n"))
    assert spec.document.resolve("/components/schemas/A/items") == "/components/schemas/B"
    (notice,) = spec.notices
    assert str(notice).startswith("d.yaml:6: the `$ref` stands below an `$id`, which gives it another meaning")


HEAD_3_2 = HEAD.replace("3.1.0", "3.2.0")
SELF = f"{HEAD_3_2}$self: https://a.example/apis/api\n"


@pytest.mark.parametrize(
    ("ref", "target"),
    [
        ("https://a.example/apis/api#/components/schemas/B", "/components/schemas/B"),
        ("/apis/api#/components/schemas/B", "/components/schemas/B"),
        ("api#/components/schemas/B", "/components/schemas/B"),
        ("https://a.example/apis/parts/c.yaml#/C", "/x-files/parts~1c.yaml/C"),
        ("parts/c.yaml#/C", "/x-files/parts~1c.yaml/C"),
        ("/apis/parts/c.yaml#/C", "/x-files/parts~1c.yaml/C"),
        ("parts/c.yaml#/Back", "/components/schemas/B"),
    ],
)
def test_references_are_resolved_against_self(ref: str, target: str, tmp_path: Path) -> None:
    text = schemas(f"    A: {{$ref: '{ref}'}}\n    B: {{}}\n", SELF)
    part = "C: {}\nBack: {$ref: 'https://a.example/apis/api#/components/schemas/B'}\n"
    spec = load(tmp_path, api_yaml=text, parts__c_yaml=part)
    assert spec.document.resolve("/components/schemas/A") == target


def test_a_file_may_have_a_self_of_its_own(tmp_path: Path) -> None:
    by_name = "    D: {$ref: 'https://b.example/c#/C/items'}\n"
    text = schemas(f"    A: {{$ref: 'c.yaml#/C'}}\n{by_name}{by_name.replace('D', 'E')}", HEAD_3_2)
    text = text.replace("    A:", f"{by_name.replace('D', '_')}    A:")
    part = "$self: https://b.example/c\nC: {items: {type: string}, not: {$ref: '/c#/C/items'}}\n"
    spec = load(tmp_path, api_yaml=text, c_yaml=part)
    found = spec.document.resolve
    assert found("/components/schemas/D") == found("/x-files/c.yaml/C/not") == "/x-files/c.yaml/C/items"


@pytest.mark.parametrize("ref", ["https://b.example/apis/api#/x", "https://a.example/c.yaml"])
def test_what_stands_elsewhere_than_self_is_not_fetched(ref: str, tmp_path: Path) -> None:
    said = fault_of(lambda: load(tmp_path, api_yaml=schemas(f"    A: {{$ref: '{ref}'}}\n", SELF)))
    assert re.search(r"api.yaml:7: the \$ref .* (is a URL|leads out of the repository)", said)


ITEMS = """paths:
  /x: {$ref: '#/components/pathItems/A'}
components:
  pathItems:
    A: {$ref: '#/components/pathItems/B', get: {responses: {'200': {description: a}}}}
    B: {$ref: '#/components/pathItems/A', put: {responses: {'200': {description: b}}}}
"""


def test_path_items_in_a_circle_have_what_stands_on_the_way() -> None:
    spec = read(HEAD.replace("paths: {}\n", ITEMS))
    assert [operation.key for operation in spec.operations] == ["GET /x", "PUT /x"]
    assert sorted(str(notice.source) for notice in spec.notices) == ["d.yaml:7", "d.yaml:8"]


@pytest.mark.parametrize("item", ["{$ref: '#/paths/~1x'}", "{$ref: '#/components/pathItems/C'}"])
def test_path_items_in_a_circle_with_nothing_on_the_way_are_said_there(item: str) -> None:
    circle = "    C: {$ref: '#/components/pathItems/D'}\n    D: {$ref: '#/components/pathItems/C'}\n"
    text = HEAD.replace("paths: {}\n", ITEMS.replace("{$ref: '#/components/pathItems/A'}", item, 1)) + circle
    line = 4 if "paths" in item else 9
    said = [str(notice.source) for notice in read(text).notices if notice.problem.startswith("the $ref")]
    assert {f"d.yaml:{line}", "d.yaml:10"} & {*said}


ELSEWHERE: dict[str, str] = {
    "ops/get_yaml": "parameters: [{$ref: '../all.yaml#/P'}]\nresponses: {$ref: '../all.yaml#/Answers'}\n",
    "all_yaml": "P: {name: q, in: query, schema: {$ref: '#/Schemas/T'}}\n"
    "Answers: {'200': {description: ok, content: {a/b: {schema: {$ref: '#/Schemas/T'}}}}}\n"
    "Schemas: {T: {properties: {$ref: '#/Properties'}}}\nProperties: {x: {type: boolean}}\n"
    "Paths: {/b: {$ref: '#/Item'}}\nItem: {get: {$ref: 'ops/get.yaml'}}\n",
}
BY_REFERENCE = {
    "an operation": "paths: {/a: {get: {$ref: 'ops/get.yaml'}}}",
    "answers": "paths: {/a: {get: {parameters: [{$ref: 'all.yaml#/P'}], responses: {$ref: 'all.yaml#/Answers'}}}}",
    "paths": "paths: {$ref: 'all.yaml#/Paths'}",
    "schemas": "components: {schemas: {$ref: 'all.yaml#/Schemas'}}\npaths: {/a: {get: {parameters: [{name: q, in: query"
    ", schema: {$ref: '#/components/schemas/T'}}], responses: {'200': {description: ok, content: {a/b: {schema: "
    "{$ref: '#/components/schemas/T'}}}}}}}}",
}


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("text", BY_REFERENCE.values(), ids=BY_REFERENCE)
def test_what_may_be_no_reference_is_read_as_one(text: str, version: str, tmp_path: Path) -> None:
    files = {name.replace("/", "__"): content for name, content in ELSEWHERE.items()}
    spec = load(tmp_path, api_yaml=f"openapi: {version}\ninfo: {{title: a, version: '1'}}\n{text}\n", **files)
    (operation,) = spec.operations
    assert spec.unread == {}
    for schema in (operation.parameters[0].schema, operation.responses[0].content[0].schema):
        assert schema is not None
        found = spec.document.at(spec.document.resolve(schema.pointer))
        assert spec.document.at(spec.document.resolve("/x-files/all.yaml/Schemas/T/properties/x")) == {
            "type": "boolean"
        }
        assert list(found["properties"]) == ["x"]


def test_an_operation_that_is_not_there_is_unread() -> None:
    spec = read("openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths: {/a: {get: {$ref: 'ops/get.yaml'}}}\n")
    assert spec.unread.keys() == {"/paths/~1a/get/$ref"}
    assert spec.by_key["GET /a"].responses == ()


def test_a_map_that_can_not_be_read_is_unread_with_its_file(tmp_path: Path) -> None:
    text = "openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths: {}\ncomponents: {schemas: {$ref: '../../s.yaml'}}\n"
    spec = load(tmp_path / "inside", api_yaml=text)
    assert spec.unread == {"/components/schemas/$ref": str(tmp_path.parent / "s.yaml")}
