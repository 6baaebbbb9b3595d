"""Every node is found again: its file, its line, its pointer."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.document import Source, join_pointer, read_spec, split_pointer
from contracts.document.written import Position, written_from_bytes

YAML = """\
openapi: 3.1.0
info:
  title: a
  version: 1.10
x-list:
  - 1
  -
    b: 2
x-base: &base
  type: string
components:
  schemas:
    "a/b~c": {type: string}
    D:
      <<: *base
      title: d
    E: *base
"""
JSON = """\
{
  "openapi": "3.1.0", "info": {
    "title": "a", "version": "1"
  },
  "x-list": [ 1,
    {"b": [true,
       {"c\\u0064": "}]\\""}
    ]}
  ],
  "components": {"schemas": {}}
}
"""


def source(text: str, pointer: str) -> Source:
    return read_spec(text.encode(), path="spec/x", folder=None).document.source(pointer)


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/openapi", 1),
        ("/info", 2),
        ("/info/version", 4),
        ("/x-list/0", 6),
        ("/x-list/1/b", 8),
        ("/components/schemas/a~1b~0c", 13),
        ("/components/schemas/a~1b~0c/type", 13),
        ("/components/schemas/D/title", 16),
        ("/components/schemas/D/type", 10),
        ("/components/schemas/E", 17),
        ("/components/schemas/E/type", 10),
    ],
)
def test_a_yaml_node_is_at_the_line_of_its_key(pointer: str, line: int) -> None:
    assert source(YAML, pointer) == Source("spec/x", line, pointer)


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", 1),
        ("/openapi", 2),
        ("/info", 2),
        ("/info/version", 3),
        ("/x-list", 5),
        ("/x-list/0", 5),
        ("/x-list/1", 6),
        ("/x-list/1/b/0", 6),
        ("/x-list/1/b/1/cd", 7),
        ("/components/schemas", 10),
    ],
)
def test_a_json_node_is_at_the_line_of_its_key(pointer: str, line: int) -> None:
    assert source(JSON, pointer) == Source("spec/x", line, pointer)


@pytest.mark.parametrize(
    ("text", "pointer", "found"),
    [
        (YAML, "/info/nowhere/deep", Source("spec/x", 2, "/info")),
        (YAML, "/x-list/9", Source("spec/x", 5, "/x-list")),
        (YAML, "/x-list/b", Source("spec/x", 5, "/x-list")),
        (YAML, "/info/title/0", Source("spec/x", 3, "/info/title")),
        (JSON, "/info/nowhere", Source("spec/x", 2, "/info")),
        (JSON, "/x-list/0/a", Source("spec/x", 5, "/x-list/0")),
        (JSON, "/components/schemas/A", Source("spec/x", 10, "/components/schemas")),
    ],
)
def test_what_is_not_written_is_at_its_nearest_ancestor(text: str, pointer: str, found: Source) -> None:
    assert source(text, pointer) == found


def test_minified_json_has_one_line() -> None:
    assert source(json.dumps(json.loads(JSON)), "/x-list/1/b").line == 1


@pytest.mark.parametrize("body", ["openapi: 3.1.0\ninfo: {title: a, version: '1'}\npaths: {}\n", JSON])
@pytest.mark.parametrize("above", ["", "one\ntwo\n"])
def test_lines_on_a_page_are_those_of_the_page(body: str, above: str) -> None:
    page = f"{above}```yaml\n{body}```\n"
    line = source(page, "/info/title").line
    assert "title" in page.splitlines()[line - 1]


TREES = st.recursive(
    st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab/~ "\\{', max_size=4), inner, max_size=3),
    max_leaves=10,
).filter(lambda tree: isinstance(tree, dict))


def pointers(value: Any, pointer: str = "") -> list[str]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [found for name, child in members for found in pointers(child, join_pointer(pointer, name))]
    return [pointer, *below]


@given(TREES)
def test_json_and_yaml_agree_on_every_line(tree: Any) -> None:
    text = json.dumps(tree, indent=1)
    by_json = Position(written_from_bytes(text.encode(), "x"))
    by_yaml = Position(written_from_bytes(b"--- " + text.encode(), "x"))
    for pointer in pointers(tree):
        segments = split_pointer(pointer)
        assert by_json.at(segments).source == by_yaml.at(segments).source


@given(TREES)
def test_every_node_of_block_yaml_is_found(tree: Any) -> None:
    text = yaml.dump({"a": tree}, default_style='"')
    written = Position(written_from_bytes(text.encode(), "x"))
    for pointer in pointers(tree, "/a"):
        assert written.at(split_pointer(pointer)).source.pointer == pointer
