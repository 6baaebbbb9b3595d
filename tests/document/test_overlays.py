"""Overlay 1.0: what actions do, what is refused, and where the result is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.document import Document, Spec, load_spec, read_spec
from contracts.errors import DocumentError
from tests.documents import fault_of

BASE = """\
openapi: 3.1.0
info: {title: a, version: '1'}
tags:
  - {name: t0}
  - {name: t1}
  - {name: t2}
  - {name: t3}
paths:
  /a:
    get: {responses: {'200': {description: fine}}, tags: [x]}
    put: {responses: {'200': {description: fine}}}
components:
  schemas:
    A:
      type: string
      additionalProperties: true
"""
HEAD = "overlay: 1.0.0\ninfo: {title: o, version: '1'}\nactions:\n"


def overlaid(folder: Path, actions: str, *, head: str = HEAD, base: str = BASE) -> Document:
    (folder / "api.yaml").write_text(base, "utf-8")
    (folder / "over.yaml").write_text(head + actions, "utf-8")
    return read(folder).document


def read(folder: Path) -> Spec:
    return load_spec(folder / "api.yaml", [folder / "over.yaml"])


def refusal(folder: Path, actions: str, *, head: str = HEAD) -> str:
    (folder / "api.yaml").write_text(BASE, "utf-8")
    (folder / "over.yaml").write_text(head + actions, "utf-8")
    return fault_of(lambda: read(folder)).replace(f"{folder}/", "")


@pytest.mark.parametrize(
    ("actions", "pointer", "expected"),
    [
        ("- {target: $.info, update: {title: b}}", "/info", {"title": "b", "version": "1"}),
        ("- {target: $, update: {info: {title: b}}}", "/info", {"title": "b", "version": "1"}),
        ("- {target: $.info, update: {x-a: {b: [1]}}}", "/info/x-a", {"b": [1]}),
        ("- {target: '$.paths.*.get.tags', update: y}", "/paths/~1a/get/tags", ["x", "y"]),
        ("- {target: '$.paths.*.get', update: {tags: [y, z]}}", "/paths/~1a/get/tags", ["x", "y", "z"]),
        ("- {target: '$.tags[1]', remove: true}", "/tags", [{"name": "t0"}, {"name": "t2"}, {"name": "t3"}]),
        ("- {target: '$.tags[0:2]', remove: true}", "/tags", [{"name": "t2"}, {"name": "t3"}]),
        ("- {target: '$.tags[?@.name==\"t0\"]', update: {d: 1}}", "/tags/0", {"name": "t0", "d": 1}),
        ("- {target: $.tags, remove: true}\n- {target: $, update: {tags: [{name: n}]}}", "/tags", [{"name": "n"}]),
        ("- {target: $.info, update: {title: b}, remove: false}", "/info/title", "b"),
        (
            "- {target: $.components.schemas.A, update: {additionalProperties: {type: string}}}",
            "/components/schemas/A/additionalProperties",
            {"type": "string"},
        ),
    ],
)
def test_actions_change_the_tree(tmp_path: Path, actions: str, pointer: str, expected: object) -> None:
    assert overlaid(tmp_path, actions).at(pointer) == expected


def test_removal_goes_before_update_in_one_action(tmp_path: Path) -> None:
    assert "tags" not in overlaid(tmp_path, "- {target: $.tags, remove: true, update: {a: 1}}").tree


def test_actions_see_what_those_before_them_did(tmp_path: Path) -> None:
    actions = "- {target: $, update: {x-a: {b: {}}}}\n- {target: $.x-a.b, update: {c: 1}}"
    assert overlaid(tmp_path, actions).at("/x-a") == {"b": {"c": 1}}


def test_an_update_of_several_places_gives_each_its_own_value(tmp_path: Path) -> None:
    actions = "- {target: '$.paths.*.*', update: {x-a: {}}}\n- {target: '$.paths.*.get.x-a', update: {b: 1}}"
    assert overlaid(tmp_path, actions).at("/paths/~1a/put/x-a") == {}


def test_an_item_appended_to_several_lists_is_another_in_each(tmp_path: Path) -> None:
    actions = "- {target: '$.paths.*.*', update: {x-a: []}}\n- {target: '$.paths.*.*.x-a', update: {}}\n"
    document = overlaid(tmp_path, f"{actions}- {{target: '$.paths.*.get.x-a[0]', update: {{b: 1}}}}")
    assert document.at("/paths/~1a/put/x-a") == [{}]


def test_overlays_are_applied_in_the_order_given(tmp_path: Path) -> None:
    names = [tmp_path / "1.yaml", tmp_path / "2.yaml"]
    for name in names:
        name.write_text(f"{HEAD}- {{target: $.info, update: {{title: '{name.stem}'}}}}", "utf-8")
    assert read_spec(BASE.encode(), path="d", overlays=names, folder=None).title == "2"


@pytest.mark.parametrize(("pointer", "file", "line"), [
    ("/info/title", "over.yaml", 6),
    ("/info/version", "api.yaml", 2),
    ("/info", "api.yaml", 2),
    ("/info/x-new", "over.yaml", 7),
    ("/info/x-new/deep/0", "over.yaml", 8),
    ("/tags/0", "api.yaml", 5),
    ("/tags/1/name", "api.yaml", 7),
    ("/tags/2", "over.yaml", 11),
    ("/tags/2/name", "over.yaml", 12),
    ("/tags/1/x-a", "over.yaml", 15),
    ("/paths/~1a/get/tags/0", "api.yaml", 10),
    ("/paths/~1a/get/tags/1", "over.yaml", 17),
    ("/paths/~1a/put/tags/1", "over.yaml", 17),
    ("/components/schemas/A/type", "over.yaml", 21),
])  # fmt: skip
def test_a_node_is_where_it_was_written(tmp_path: Path, pointer: str, file: str, line: int) -> None:
    document = overlaid(
        tmp_path,
        "- target: $.info\n  update:\n    title: b\n    x-new:\n      deep: [1]\n"
        "- {target: '$.tags[0,2]', remove: true}\n"
        "- target: $.tags\n  update:\n    {name: t4}\n"
        "- target: $.tags[1]\n  update:\n    x-a: 1\n"
        "- target: $.paths.*.*\n  update: {tags: [a, b]}\n"
        "- {target: $.components.schemas.A, remove: true}\n"
        "- target: $.components.schemas\n  update:\n    A: {type: number}\n",
    )
    source = document.source(pointer)
    assert (Path(source.file).name, source.line) == (file, line)


def test_the_pointer_is_that_of_the_overlay(tmp_path: Path) -> None:
    document = overlaid(tmp_path, "- {target: $.info, update: {x-a: {b: 1}}}")
    assert document.source("/info/x-a/b").pointer == "/actions/0/update/x-a/b"


def test_a_reference_that_an_overlay_adds_is_followed(tmp_path: Path) -> None:
    action = "- {target: $.components.schemas, update: {B: {$ref: '#/components/schemas/A'}}}"
    assert overlaid(tmp_path, action).resolve("/components/schemas/B") == "/components/schemas/A"


REFUSED = {
    "matches nothing": ("- {target: $.a, remove: true}", "over.yaml:4: the target $.a matches nothing in api.yaml"),
    "reference": ("- {target: $, update: {x-a: 1}}\n- target: $.components.schemas\n  update:\n    B: {$ref: '#/no'}",
                  'over.yaml:7: the $ref "#/no" leads nowhere'),
    "not OpenAPI": ("- target: $.info\n  update:\n    title: 7", "over.yaml:6: /info/title is 7"),
    "JSONPath": ("- {target: '$.a[', remove: true}", "over.yaml:4: the target $.a[ is no JSONPath: unexpected end"),
    "an index": (f"- {{target: '$.a[{'9' * 5000}]', remove: true}}", f"over.yaml:4: the target $.a[{'9' * 5000}] is"),
    "a float": ("- {target: '$[?@.a>1e999]', remove: true}", "over.yaml:4: the target $[?@.a>1e999] is no JSONPath: "),
    "a pattern that looks around": (
        "- {target: '$.tags[?search(@.name, \"(?=t)\")]', remove: true}",
        'over.yaml:4: the target $.tags[?search(@.name, "(?=t)")] is no JSONPath: "(?:(?=t))" is not a "regex"',
    ),
    "a filter that RFC 9535 lacks": (
        "- {target: '$.tags[?@.name =~ /t/]', remove: true}",
        "over.yaml:4: the target $.tags[?@.name =~ /t/] is no JSONPath: unexpected token '='",
    ),
    "primitive": ("- target: $.info.title\n  update: b", 'over.yaml:4: the target is "a", and Overlay 1.0 updates'),
    "object by text": ("- target: $.info\n  update: b", 'over.yaml:5: the target is an object, the update is "b"'),
    "other kind": ("- target: $\n  update:\n    tags: {}", 'over.yaml:6: "tags" is of another kind than the one at '),
    "document": ("- {target: $, remove: true}", "over.yaml:4: the action removes the whole document"),
    "no target": ("- {update: {}}", "over.yaml:4: the action has no `target`"),
    "no object": ("- $.info", "over.yaml:4: the action has no `target`"),
    "unknown key": ("- target: $.info\n  updat: {}\n  remove: true", 'over.yaml:5: Overlay 1.0 has no key "updat"'),
    "remove": ("- target: $.info\n  remove: 'yes'", 'over.yaml:5: `remove` is "yes", wanted true or false'),
    "neither": ("- {target: $.info}", "over.yaml:4: the action neither updates nor removes"),
    "no actions": ("  []", "over.yaml:3: the overlay has no list of `actions`"),
    "syntax": ("- [", "over.yaml:5: this is not YAML"),
}  # fmt: skip


def test_patterns_of_targets_take_linear_time(tmp_path: Path) -> None:
    """Python's `re` would be at it until the sun is cold."""
    base = BASE.replace("{name: t0}", f"{{name: {'a' * 60}!}}")
    action = '- {target: \'$.tags[?match(@.name, "(a+)+") || search(@.name, "^(a+)+b") || match(@.name, "t[12]")]\''
    tags = overlaid(tmp_path, f"{action}, remove: true}}", base=base).at("/tags")
    assert [tag["name"] for tag in tags] == ["a" * 60 + "!", "t3"]


def test_targets_that_look_at_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of an overlay together; filters in filters take the square or the cube of what there is."""
    monkeypatch.setattr("contracts.document.written.MOST_LOOKED", 100)
    assert overlaid(tmp_path, "- {target: '$..[?@.name]', remove: true}").at("/tags") == []
    nested = "- {target: '$.tags', update: {}}\n- {target: '$..[?@..[?@..[?@.zz]]]', remove: true}"
    told = "over.yaml:5: the targets up to $..[?@..[?@..[?@.zz]]] look at more than 100 places; name places without"
    assert refusal(tmp_path, nested).startswith(told)


@pytest.mark.parametrize(("actions", "expected"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_action_is_refused_at_its_line(tmp_path: Path, actions: str, expected: str) -> None:
    message = refusal(tmp_path, actions)
    assert message.startswith(expected)
    assert "; " in message
    assert "\n" not in message


def test_a_target_that_grows_with_each_action_comes_to_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.document.written.MOST_MATCHED", 40)
    twice = "- {target: '$.x-a..[?length(@)>=0]', update: {a: {}, b: {}}}\n"
    message = refusal(tmp_path, "- {target: $, update: {x-a: {p: {}}}}\n" + twice * 9)
    assert "the target $.x-a..[?length(@)>=0] matches more than 40 places in api.yaml" in message


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("overlay: 1.1.0", 'over.yaml:1: the overlay\'s version is "1.1.0", wanted 1.0.x'),
        ("openapi: 3.1.0", "over.yaml:1: this is no overlay: it has no `overlay` key"),
        ("- a", "over.yaml:1: this is no overlay"),
        ("overlay: 1.0.0\nactions: []", "over.yaml:1: the overlay's `info` lacks a title or a version"),
        ("overlay: 1.0.0\ninfo: {title: a}", "over.yaml:2: the overlay's `info` lacks a title or a version"),
        ("overlay: 1.0.0\ninfo: {title: a, version: 1.0}\naction: []", 'over.yaml:3: Overlay 1.0 has no key "action"'),
        ("overlay: 1.0.0\ninfo: {title: a, version: 1.0}\nextends: a", "over.yaml:1: the overlay has no list of"),
    ],
)
def test_a_wrong_overlay_is_refused(tmp_path: Path, head: str, expected: str) -> None:
    assert refusal(tmp_path, "", head=head).startswith(expected)


def test_extensions_are_no_unknown_keys(tmp_path: Path) -> None:
    head = HEAD.replace("actions", "x-why: because\nextends: api.yaml\nactions")
    assert overlaid(tmp_path, "- {target: $.info, update: {title: b}, x-a: 1}", head=head).at("/info/title") == "b"


@pytest.mark.parametrize(
    ("name", "overlay", "title"),
    [
        ("api.yaml", "api.overlay.yaml", "beside"),
        ("api.json", "api.overlay.yaml", "beside"),
        ("api.yaml", "other.overlay.yaml", "a"),
        ("api.overlay.yaml", "api.yaml", "a"),
    ],
)
def test_the_overlay_beside_the_document_is_the_default(tmp_path: Path, name: str, overlay: str, title: str) -> None:
    (tmp_path / name).write_text(BASE, "utf-8")
    (tmp_path / overlay).write_text(f"{HEAD}- {{target: $.info, update: {{title: beside}}}}", "utf-8")
    assert load_spec(tmp_path / name).title == title


def test_no_overlays_means_none(tmp_path: Path) -> None:
    (tmp_path / "api.yaml").write_text(BASE, "utf-8")
    (tmp_path / "api.overlay.yaml").write_text("not an overlay", "utf-8")
    assert load_spec(str(tmp_path / "api.yaml"), []).title == "a"


def test_a_missing_overlay_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"^nope\.yaml: can't be read"):
        read_spec(BASE.encode(), path="d", overlays=["nope.yaml"], folder=None)
