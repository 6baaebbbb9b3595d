"""A body to lines with the wrong part marked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.report.forms.page.body_markup import MAX_WIDTH, Marked, marked_body

BODY = '{"a": 1,"b":{"c":[1,{"d":"x"},[]],"e/f":{}}, "a":2}'


def text(marked: Marked) -> list[str]:
    """The lines, what is marked in guillemets."""
    return [
        f"… {line.left_out}"
        if line.left_out
        else "  " * line.indent + "".join(f"«{piece.text}»" if piece.marked else piece.text for piece in line.pieces)
        for line in marked.lines
    ]


def marks(marked: Marked) -> str:
    return "".join(piece.text for line in marked.lines for piece in line.pieces if piece.marked)


def test_a_body_is_laid_out_with_its_own_tokens() -> None:
    assert text(marked_body('{"n":1.0,"e":[],"s":["\\u00e9"]}', "/s/0")) == [
        "{",
        '  "n": 1.0,',
        '  "e": [],',
        '  "s": [',
        '    «"\\u00e9"»',
        "  ]",
        "}",
    ]


@pytest.mark.parametrize(
    ("instance", "part"),
    [
        ("/b/c/1/d", '"x"'),
        ("/b/c/0", "1"),
        ("/b/e~1f", "{}"),
        ("/b/c/1", '{"d":"x"}'),
        ("/a", "2"),
        ("/", BODY),
    ],
    ids=["member of an item", "item", "escaped name", "object", "the last of two of one name", "the whole"],
)
def test_the_span_is_where_the_part_stands_in_what_was_sent(instance: str, part: str) -> None:
    span = marked_body(BODY, instance).span
    assert span is not None
    assert BODY[slice(*span)] == part


@pytest.mark.parametrize("instance", [None, "/nowhere", "/b/c/7", "/a/0"])
def test_what_is_not_there_is_not_marked(instance: str | None) -> None:
    marked = marked_body(BODY, instance)
    assert (marked.span, marks(marked)) == (None, "")


def test_an_object_that_lacks_something_is_marked_by_its_brackets() -> None:
    assert marks(marked_body(BODY, "/b/c/1", whole=False)) == "{}"
    assert marks(marked_body(BODY, "/b/c/1")) == '{"d": "x"}'


def test_a_body_cut_short_is_marked_to_its_end() -> None:
    body = '{"a": [1, {"b": "c'
    span = marked_body(body, "/a").span
    assert span is not None
    assert body[slice(*span)] == '[1, {"b": "c'


@pytest.mark.parametrize(
    ("body", "lines"),
    [("<h1>\nBad gateway", ["<h1>", "Bad gateway"]), ("", []), ("null", ["null"]), ("one two", ["one two"])],
    ids=["HTML", "nothing", "one token", "text"],
)
def test_what_is_no_json_is_shown_line_by_line(body: str, lines: list[str]) -> None:
    assert text(marked_body(body, None)) == lines


def test_a_long_body_is_a_window_around_the_mark() -> None:
    body = json.dumps({f"p{number}": number for number in range(100)})
    lines = text(marked_body(body, "/p50"))
    assert lines[0] == "{"
    assert lines[1] == "… 44"
    assert lines[8] == '  "p50": «50»,'
    assert lines[-2:] == ["… 43", "}"]


def test_characters_that_nobody_sees_are_escaped() -> None:
    assert text(marked_body('{"a": "\u202ex\x1b"}', "/a"))[1] == '  "a": «"\\u202ex\\x1b"»'


def test_what_should_not_be_there_is_marked_wherever_it_stands() -> None:
    body = json.dumps({f"p{number}": "$KEY" if number == 40 else "x" for number in range(80)})
    assert marks(marked_body(body, None, telling=("$KEY",))) == '"$KEY"'
    assert marks(marked_body('{"a": 1, "b": 2, "a": 3}', None, telling=('"a"',))) == '"a""a"'
    assert marks(marked_body("the $KEY\nno", None, telling=("$KEY",))) == "the $KEY"


def test_a_long_value_is_cut() -> None:
    assert text(marked_body(f'["{"x" * 5000}"]', "/0"))[1] == f'  «"{"x" * (MAX_WIDTH - 1)}… (4602 more)»'


@given(st.text(alphabet='{}[]",:1a \\\n', max_size=40), st.sampled_from(["/", "/a", "/0", "/0/a", None]))
def test_whatever_is_sent_is_shown(body: str, instance: str | None) -> None:
    marked = marked_body(body, instance)
    assert marked.span is None or marked.span[0] < marked.span[1] <= len(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_every_value_is_found_where_it_stands(value: object) -> None:
    body = json.dumps(value)
    for pointer, part in places(value, ""):
        span = marked_body(body, pointer or "/").span
        assert span is not None
        assert json.loads(body[slice(*span)]) == part


def places(value: object, pointer: str) -> list[tuple[str, object]]:
    """Every value with its pointer, apart from members without a name, whose pointer is also that of the whole."""
    found = [(pointer, value)]
    if isinstance(value, dict):
        for name, inner in value.items():
            if name or pointer:
                found += places(inner, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, f"{pointer}/{index}")
    return found
