"""What users give: values for some operations, rows that belong together, and bodies; held against the document."""

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.document import Spec, read_spec
from contracts.errors import UsageError
from contracts.probes.knowledge import ValueRow
from contracts.run.givens import Givens, givens_from
from contracts.run.options import Options

LINE = "/orders/{order_id}/lines/{line_no}"


def parameter(name: str, location: str = "path", **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": location, "required": location == "path", "schema": schema}


ORDER, NUMBER = parameter("order_id", type="integer"), parameter("line_no", type="integer", minimum=1)
CURRENCY = parameter("currency", "query", type="string", enum=["EUR", "USD"])
TAGS = parameter("tags", "query", type="array", items={"type": "string"})
BODY = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "integer"}}}
ANSWERS = {"200": {"description": "fine"}}


def operation(name: str, *parameters: dict[str, Any], media: str = "") -> dict[str, Any]:
    body = {"requestBody": {"content": {media: {"schema": BODY}}}} if media else {}
    return {"operationId": name, "parameters": list(parameters), "responses": ANSWERS, **body}


PATHS = {
    "/orders": {"get": operation("listOrders", CURRENCY, TAGS, parameter("q", "query", type="string"))},
    "/orders/{order_id}": {"put": operation("updateOrder", ORDER, CURRENCY, media="application/json")},
    "/orders/{order_id}:cancel": {"post": operation("cancel", ORDER)},
    LINE: {"get": operation("getLine", ORDER, NUMBER), "put": operation("text", ORDER, NUMBER, media="text/plain")},
}


@pytest.fixture(scope="module")
def spec() -> Spec:
    value = {"openapi": "3.1.0", "info": {"title": "Orders", "version": "1"}, "paths": PATHS}
    return read_spec(json.dumps(value, indent=1).encode(), path="orders.json", folder=None)


def given(spec: Spec, *params: str, body: tuple[str, ...] = ()) -> Givens:
    return givens_from(Options(param=params, body=body), {}, spec)


def refused(spec: Spec, file: Path, content: str, *params: str, body: str = "") -> str:
    """What is said of values that name FILE, which has this content."""
    file.write_text(content)
    named = [text.replace("FILE", str(file)) for text in params]
    bodies = (body.replace("FILE", str(file)),) if body else ()
    with pytest.raises(UsageError) as raised:
        given(spec, *named, body=bodies)
    return str(raised.value).replace(str(file), "FILE")


def rows(spec: Spec, *params: str) -> list[tuple[dict[str, str], str]]:
    return [(dict(row.values), row.operation) for row in given(spec, *params).rows]


@pytest.mark.parametrize(
    ("text", "values", "key"),
    [
        ("order_id=1,line_no=2", {"order_id": "1", "line_no": "2"}, ""),
        ("updateOrder:currency=EUR", {"currency": "EUR"}, "PUT /orders/{order_id}"),
        ("PUT /orders/{order_id}:currency=EUR", {"currency": "EUR"}, "PUT /orders/{order_id}"),
        ("POST /orders/{order_id}:cancel:order_id=3", {"order_id": "3"}, "POST /orders/{order_id}:cancel"),
        (f"GET {LINE}:order_id=1,line_no=2", {"order_id": "1", "line_no": "2"}, f"GET {LINE}"),
        ("q=a,b=c,tags=x,y", {"q": "a,b=c", "tags": "x,y"}, ""),
    ],
)
def test_rows_and_values_of_an_operation(text: str, values: dict[str, str], key: str, spec: Spec) -> None:
    assert rows(spec, text) == [(values, key)]
    assert given(spec, text).values == {}


@pytest.mark.parametrize("value", ["a,b", "a=b", "a,b=c", "=", ",", 'W/"x,y"', "a:b=c", "updateOrder:x"])
def test_value_may_hold_commas_and_equals_signs(value: str, spec: Spec) -> None:
    assert given(spec, f"q={value}") == Givens({"q": (value,)})


def test_comma_before_a_parameters_name_can_be_given_in_a_file(spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "q").write_text("a,order_id=1\n")
    assert given(spec, f"q=@{tmp_path}/q").values == {"q": ("a,order_id=1",)}


def test_rows_come_from_a_file(spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("\ufefforder_id=1,line_no=2\n\n order_id=3,line_no=4 \ntags=a,b\n")
    found = given(spec, f"@{tmp_path}/rows")
    assert [dict(row.values) for row in found.rows] == [{"order_id": a, "line_no": b} for a, b in ("12", "34")]
    assert found.values == {"tags": ("a,b",)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "order_id=abc",
            '--contract-param order_id=abc: "abc" is no order_id, which is {"type": "integer"} by orders.json:',
        ),
        ("order_id=1,line_no=0", '"0" is no line_no'),
        ("updateOrder:currency=GBP", '"GBP" is no currency'),
        ("updateOrder:line_no=1", "PUT /orders/{order_id} has no parameter line_no; it has currency, order_id"),
        ("nothing=1", "no operation has a parameter nothing; the document has currency, line_no, order_id, q, tags"),
        ("updateOrdr:currency=EUR", "and no operation updateOrdr (operationId or METHOD /path)"),
        ("order_id=1,order_id=2", "can't be part of a row; give each name once"),
        ("order_id=1,line_no=@file", "can't be part of a row; give each name once, and rows out of a file as @FILE"),
        ("order_id=", "has an empty value"),
        ("@nowhere", "nowhere: can't be read: No such file or directory"),
    ],
)
def test_what_the_document_has_no_use_for_is_refused(text: str, said: str, spec: Spec) -> None:
    with pytest.raises(UsageError) as raised:
        given(spec, text)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("text", "content", "place"),
    [
        ("order_id=@FILE", "1\n\nx\n", 'FILE:3: "x" is no order_id'),
        ("@FILE", "order_id=1\norder_id=1,line_no=x\n", 'FILE:2: "x" is no line_no'),
        ("@FILE", "order_id=1\nwhat\n", 'FILE:2: "what" is not NAME=VALUE,NAME=VALUE'),
    ],
)
def test_what_a_file_has_is_refused_with_its_line(
    text: str, content: str, place: str, spec: Spec, tmp_path: Path
) -> None:
    assert place in refused(spec, tmp_path / "given", content, text)


def test_value_that_some_operation_takes_is_none_too_many(spec: Spec) -> None:
    value = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "paths": dict[str, Any]()}
    for number, kind in enumerate(["integer", "string"]):
        made = operation(f"get{number}", parameter("id", type=kind))
        value["paths"] |= {f"/p{number}/{{id}}": {"get": made}}  # type: ignore[operator]
    found = given(read_spec(json.dumps(value).encode(), path="x.json", folder=None), "id=abc")
    assert found.values == {"id": ("abc",)}


@pytest.mark.parametrize("name", ["updateOrder", "PUT /orders/{order_id}"])
def test_bodies_are_given_as_json_or_in_a_file(name: str, spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{\n "amount": 2\n}\n')
    found = given(spec, body=(f'{name}={{"amount": 1}}', f"{name}=@{tmp_path}/body.json")).bodies
    bodies = [("application/json", b'{"amount":1}'), ("application/json", b'{"amount":2}')]
    assert found == {"PUT /orders/{order_id}": bodies}


def test_body_that_is_no_json_is_sent_as_it_is(spec: Spec, tmp_path: Path) -> None:
    (tmp_path / "body").write_bytes(b"a\n\xff")
    assert given(spec, body=(f"text=@{tmp_path}/body",)).bodies == {f"PUT {LINE}": [("text/plain", b"a\n\xff")]}


@pytest.mark.parametrize(
    ("text", "content", "said"),
    [
        (
            "updateOrder=@FILE",
            '{\n "other": 1,\n "amount": "x"\n}',
            'FILE:3: "x" is not of type "integer" (wanted: orders.json:',
        ),
        ("updateOrder=@FILE", "{\n\n}", 'FILE:1: "amount" is a required property'),
        ("updateOrder=@FILE", '{"amount": 1,\n]', "FILE:2: this is not JSON"),
        ("updateOrder=@FILE", " ", "FILE: the body is empty"),
        ('updateOrder={"amount": null}', "", "--contract-body updateOrder:1: null is not of type"),
        ("updateOrder=@FILE/nowhere", "", "can't be read"),
        ("getLine={}", "", f"--contract-body getLine: GET {LINE} takes no body"),
        ("nothing={}", "", "--contract-body nothing: the document has no such operation"),
    ],
)
def test_body_that_the_document_forbids_is_refused(
    text: str, content: str, said: str, spec: Spec, tmp_path: Path
) -> None:
    assert said in refused(spec, tmp_path / "body.json", content, body=text)


def test_names_are_those_of_an_operation(spec: Spec) -> None:
    found = given(spec, "order_id=1", "updateOrder:currency=EUR")
    names = [found.names(one) for one in spec.operations if one.operation_id in ("updateOrder", "getLine")]
    assert names == [{"order_id", "currency"}, {"order_id"}]
    assert found.rows == (ValueRow({"currency": "EUR"}, "PUT /orders/{order_id}"),)
