"""YAML, JSON and documentation pages give the same tree."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts.document.written import Position, written_from_bytes
from contracts.errors import DocumentError


def value(text: str | bytes) -> Any:
    return written_from_bytes(text if isinstance(text, bytes) else text.encode(), "x").tree


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("n", "n"),
        ("2024-01-02", "2024-01-02"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("12", 12),
        ("-12", -12),
        ("+12", 12),
        ("012", 12),
        ("0o14", 12),
        ("0xfF", 255),
        ("1_000", "1_000"),
        ("190:20:30", "190:20:30"),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("!!int 12", 12),
        ("!!null ''", None),
        ("=", "="),
        ("|\n  12\n", "12\n"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(word: str, expected: Any) -> None:
    found = value(f"a: {word}")["a"]
    assert (type(found), found) == (type(expected), expected)


def test_keys_stay_as_written() -> None:
    assert list(value("200: a\n1.10: b\ntrue: c\non: d\n~: e\n'x': f\n")) == ["200", "1.10", "true", "on", "~", "x"]


@pytest.mark.parametrize("key", ["openapi", "swagger", "overlay"])
def test_versions_stay_as_written(key: str) -> None:
    assert value(f"{key}: 1.10") == {key: "1.10"}


def test_info_version_stays_as_written() -> None:
    assert value("info: {version: 1.10, other: 1.10}\nversion: 2") == {
        "info": {"version": "1.10", "other": 1.1},
        "version": 2,
    }


def test_merge_keys_give_way_to_what_is_written() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\nd: {<<: *b}\ne: {'<<': 1}\n"
    assert value(text)["c"] == {"x": 3, "y": 1, "z": 2}
    assert value(text)["d"] == {"y": 2, "z": 2}
    assert value(text)["e"] == {"<<": 1}


def test_aliases_are_written_out_as_separate_values() -> None:
    tree = value("a: &a {x: 1}\nb: *a\n")
    assert tree["b"] == {"x": 1}
    assert tree["b"] is not tree["a"]


def test_byte_order_mark_is_no_part_of_the_text() -> None:
    assert value(b'\xef\xbb\xbf{"a": 1}') == value(b"\xef\xbb\xbfa: 1") == {"a": 1}


def test_windows_line_ends_are_no_part_of_the_text() -> None:
    assert value("a:\r\n  b: 1\r\n") == {"a": {"b": 1}}


def test_a_fenced_block_in_a_description_is_no_document() -> None:
    text = "info:\n  description: |\n    ```yaml\n    openapi: 3.0.0\n    ```\nopenapi: 3.1.0\n"
    assert value(text)["openapi"] == "3.1.0"


def test_a_page_without_a_document_is_read_as_yaml() -> None:
    assert value("a: openapi\nb: |\n  ```\n  c\n  ```\n") == {"a": "openapi", "b": "```\nc\n```\n"}


PAGES = {
    "yaml": "# Title\n\n```yaml\nopenapi: 3.1.0\n```\n",
    "mintlify": "---\ntitle: x\n---\n\n````yaml GET /a\nopenapi: 3.1.0\n````\n",
    "json": 'text\n\n```json\n{\n  "openapi": "3.1.0"\n}\n```\n',
    "the second block": "```yaml\na: 1\n```\n\n~~~yml\nopenapi: 3.1.0\n~~~\n",
    "indented": "<Tab>\n  ```yaml\n  openapi: 3.1.0\n  ```\n</Tab>\n",
    "inner fence": "````yaml\nopenapi: 3.1.0\nx-text: |\n  ```\n  code\n  ```\n````\n",
    "never closed": "text\n\n```yaml\nopenapi: 3.1.0\n",
    "not first": "```yaml\ninfo: {}\nopenapi: 3.1.0\n```",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_documentation_page_holds_the_document_in_a_fenced_block(page: str) -> None:
    assert value(page)["openapi"] == "3.1.0"


NAMES = st.text(max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
TREES = st.dictionaries(NAMES, VALUES, max_size=5)


@given(TREES, st.sampled_from([None, 2]))
def test_json_text_is_read_back(tree: dict[str, Any], indent: int | None) -> None:
    assert value(json.dumps(tree, indent=indent)) == tree


@given(TREES)
def test_yaml_text_is_read_back(tree: dict[str, Any]) -> None:
    # JSON's quoting is YAML's too; the block style is PyYAML's, with every text quoted against YAML 1.1 readings.
    block = yaml.dump(tree, default_style='"', allow_unicode=False) if tree else "{}"
    assert value(block) == tree


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(DocumentError):
        value(text)


@given(st.binary(max_size=20))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(DocumentError):
        value(data)


@pytest.mark.parametrize("wide", ["é", "→", "\U0001f600", '\\"→', "\\ud83d\\ude00→"])
def test_wide_characters_move_no_line(wide: str) -> None:
    text = f'{{"{wide}": "{wide}",\n"list": ["{wide}",\n{{"{wide}": 1,\n"last": "{wide}"}}]}}'
    root = Position(written_from_bytes(text.encode(), "x"))
    name = json.loads(f'"{wide}"')
    found = [root.at(path).source.line for path in ((name,), ("list", "0"), ("list", "1", name), ("list", "1", "last"))]
    assert found == [1, 2, 3, 4]
    assert root.at(("list", "1", name)).source.pointer == f"/list/1/{name}"
