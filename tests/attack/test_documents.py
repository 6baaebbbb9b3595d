"""Documents that nobody can send, follow or read: left out and said, or refused with file and line; never a crash."""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial, reduce
from itertools import chain
from operator import getitem
from pathlib import Path
from typing import Any

import pytest

from contracts import flows
from contracts.decision.change_decision import ChangePolicy
from contracts.document import Spec, load_spec, security
from contracts.document.sides import Reading
from contracts.errors import ContractsError, DocumentError
from contracts.exchanges import Client, Secret
from contracts.mock import CREDENTIAL, MockService, framed
from contracts.mock.bodies import sample_values
from contracts.probes import ProbePlan
from contracts.report.forms import FORMS, lines_of
from contracts.report.forms.catalogue import rules_json, rules_table
from contracts.rules import rules_for
from contracts.rules.faults import notices
from tests.run.projects import Project, Things

from .documents import DOCUMENTS, GET, RICH, STRING, JsonObject
from .long_form import IS_LONG


def changed(path: tuple[Any, ...], value: Any, name: str | None = None, of: JsonObject = RICH) -> JsonObject:
    """A document with another value at a place, or with its key under another name."""
    tree = copy.deepcopy(of)
    node: Any = tree
    for part in path[:-1]:
        node = node[part]
    if name is None:
        node[path[-1]] = copy.deepcopy(value)
    else:
        node[name] = node.pop(path[-1])
    return tree


def written(tree: JsonObject, folder: Path) -> Path:
    path = folder / "openapi.json"
    path.write_text(json.dumps(tree, indent=1))
    return path


def exercise(spec: Spec, most: int = 6) -> int:
    """What the commands and a run on the mock do with a document; the number of its exchanges."""
    book = rules_for(spec)
    assert json.dumps(rules_json(book))
    assert list(rules_table(book))
    mock, count = MockService(spec), 0
    plan = ProbePlan(spec, 0, sample_values(spec, 1), 1, True, mock.count_variants)
    inside = partial(framed, mock.answer)
    client = Client(spec, "", Secret(CREDENTIAL, spec.placeholder), sleepless=True, inside=inside)
    for one in spec.operations:
        lane = plan.lane(one)
        for probe, _ in zip(chain(lane.probes(), lane.closing(None)), range(most), strict=False):
            client.send(probe, count)
            count += 1
    client.close()
    return count


ODD_NAMES = {
    "a space": "a b",
    "a colon": "a:b",
    "Latin-1": "é",
    "beyond Latin-1": "→",
    "empty": "",
    "NUL": "\0",
    "a line": "a\r\nX: y",
    "right to left": "\u202e",
    "a blank at the end": "content-length ",
}
CARRIED = {"long": "x" * 10_000, "Content-Length": "Content-Length", "Host": "Host", "framing": "Transfer-Encoding"}


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
@pytest.mark.parametrize(("index", "location"), [(1, "header"), (2, "cookie")])
def test_parameters_that_http_can_t_carry_are_left_out(index: int, location: str, name: str, tmp_path: Path) -> None:
    tree = changed((*GET, "parameters", index, "name"), name)
    tree["paths"]["/things/{id}"]["get"]["parameters"][index]["required"] = True
    path = written(tree, tmp_path)
    spec = load_spec(path)
    (said,) = map(str, notices(spec))
    line = (
        next(i for i, text in enumerate(path.read_text().splitlines(), 1) if text.strip() == f'"in": "{location}",') - 1
    )
    assert said.startswith(f"{path}:{line}: the {location} ")
    assert "of a parameter is left out: HTTP has no such name" in said
    assert name not in [parameter.name for parameter in spec.operations[0].parameters]
    assert exercise(spec)
    assert list(ProbePlan(spec).lane(spec.operations[0]).probes())


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
def test_response_headers_that_http_can_t_carry_are_left_out(name: str, tmp_path: Path) -> None:
    spec = load_spec(written(changed((*GET, "responses", "200", "headers", "X-R"), None, name), tmp_path))
    (said,) = map(str, notices(spec))
    assert re.match(r".*:\d+: the header .* of a response is left out: ", said)
    assert spec.operations[0].responses[0].headers == ()
    assert exercise(spec)


@pytest.mark.parametrize("name", ODD_NAMES.values(), ids=ODD_NAMES.keys())
@pytest.mark.parametrize(
    "scheme",
    [
        {"type": "apiKey", "in": "header", "name": "NAME"},
        {"type": "apiKey", "in": "cookie", "name": "NAME"},
        {"type": "http", "scheme": "NAME"},
    ],
    ids=["header", "cookie", "http"],
)
def test_credentials_that_http_can_t_carry_are_said(scheme: JsonObject, name: str, tmp_path: Path) -> None:
    named = {key: name if value == "NAME" else value for key, value in scheme.items()}
    path = written(changed(("components", "securitySchemes", "k"), named), tmp_path)
    if named["type"] == "http" and not name:
        assert exercise(load_spec(path))
        return
    spec = load_spec(path)
    assert re.match(r".*openapi.json:\d+: no request can have a credential under the name", str(spec.notices[0]))
    assert spec.security_schemes["k"].type == "mutualTLS"
    assert exercise(spec)


@pytest.mark.parametrize("name", CARRIED.values(), ids=CARRIED.keys())
@pytest.mark.parametrize("index", [1, 2])
def test_odd_names_that_http_can_carry_are_none_of_our_business(index: int, name: str, tmp_path: Path) -> None:
    spec = load_spec(written(changed((*GET, "parameters", index, "name"), name), tmp_path))
    assert list(notices(spec)) == []
    assert exercise(spec)


PLACES: dict[str, Callable[[str], JsonObject]] = {
    "media type": lambda name: changed((*GET, "responses", "200", "content", "application/json"), None, name),
    "media type of a request": lambda name: changed(
        ("paths", "/things/{id}", "post", "requestBody", "content", "application/json"), None, name
    ),
    "path": lambda name: changed(("paths", "/things/{id}"), None, f"/{name}/{{id}}"),
    "path parameter": lambda name: changed(("paths", "/things/{id}"), None, f"/things/{{{name}}}"),
    "property": lambda name: changed(("components", "schemas", "T", "properties", "id"), None, name),
    "query": lambda name: changed((*GET, "parameters", 0, "name"), name),
    "operationId": lambda name: changed((*GET, "operationId"), name),
    "component": lambda name: changed(("components", "responses", "E"), None, name),
}
NAMES = {**ODD_NAMES, **CARRIED, "brackets": "a[b]", "braces": "{", "dollar": "$ref", "surrogates": "\U0001f600"}


@pytest.mark.parametrize("place", PLACES)
def test_names_at_any_place(place: str, tmp_path: Path) -> None:
    for name in NAMES.values():
        survives(written(PLACES[place](name), tmp_path))


def survives(path: Path) -> None:
    """It works, or the error says where."""
    said = "x: "
    try:
        exercise(load_spec(path), most=2)
    except ContractsError as error:
        said = str(error)
    assert re.match(r"\S+?(:\d+)?: ", said), said


def deep(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


VALUES: dict[str, Any] = {
    "null": None,
    "a long text": "x" * 20_000,
    "a number": 7,
    "below zero": -1,
    "large": 1e308,
    "small": 1e-300,
    "beyond 64 bits": 10**30,
    "a list": ["x", None, {}],
    "nothing in it": {},
    "empty": "",
    "true": True,
    "deep": deep(150),
    "a reference": {"$ref": "#/components/schemas/T"},
    "the whole": {"$ref": "#"},
    "nowhere": {"$ref": "#/nope"},
    "half an address": {"$ref": "http://[::1"},
    "escapes": {"$ref": "%zz\0"},
    "odd members": {"a b\n\x1b": STRING, "": True},
    "no expression": "(((",
}


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def at(tree: Any, path: tuple[Any, ...]) -> Any:
    return reduce(getitem, path, tree)


def pointer(path: tuple[Any, ...]) -> str:
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def mutants(tree: JsonObject) -> list[tuple[tuple[Any, ...], Any]]:
    """Every value in place of each, and a reference in place of each object to each place."""
    found = [(path, value) for path in places(tree) for value in VALUES.values()]
    for path in places(tree):
        if isinstance(at(tree, path), dict):
            found += [(path, {"$ref": pointer(target)}) for target in places(tree)]
    return found


ASKED = {"name": "q", "in": "query", "schema": STRING}
FORM = {"application/x-www-form-urlencoded": {"schema": {"properties": {"a": {"type": 1e-300}}}}}
FOUND: dict[str, list[tuple[tuple[Any, ...], Any]]] = {
    "2.0": [
        (("consumes", 0), True),
        (("produces", 0), {"$ref": "%zz\0"}),
        ((*GET, "parameters", 1, "collectionFormat"), {}),
        (("definitions", "T"), True),
        (("definitions", "T", "properties"), 7),
        (("definitions", "T", "properties", "id"), {"$ref": "#/definitions/T/properties/n/x-nullable"}),
        (("paths", "/things/{id}", "put", "responses"), {"$ref": "http://[::1"}),
        (("paths", "/things/{id}", "post", "parameters", 1), {"$ref": "#/nope"}),
        (("paths", "/things/{id}", "post", "parameters", 1, "name"), {}),
    ],
    "3.2": [
        (("components", "schemas", "U", "oneOf", 0, "$ref"), ""),
        (
            ("paths", "/things/{id}", "query", "responses", "200", "content", "application/jsonl", "itemSchema"),
            {"$ref": "#/paths/~1things~1{id}/get/responses/200/content/application~1json/schema"},
        ),
        ((*GET, "parameters"), [ASKED, {**ASKED, "in": "querystring", "content": FORM}]),
    ],
    "3.1": [],
}
"""What was a traceback once."""


@pytest.mark.parametrize("version", DOCUMENTS)
@pytest.mark.parametrize("seed", range(2))
def test_any_value_at_any_place(version: str, seed: int, tmp_path: Path) -> None:
    """Some of them are tried here, and 3,000 in the long form."""
    base = tmp_path / "base.json"
    base.write_text(json.dumps(DOCUMENTS[version]))
    every = mutants(DOCUMENTS[version])
    some = random.Random(seed).sample(every, 500 if IS_LONG else 10)
    for place, value in FOUND[version][seed::2] + some:
        path = written(changed(place, value, of=DOCUMENTS[version]), tmp_path)
        survives(path)
        compares(base, path)


MISLED = [
    (("components", "securitySchemes", "k"), ("info",)),
    (("components", "securitySchemes"), ("components", "schemas", "T")),
    ((*GET, "parameters", 0), ("servers", 0, "variables")),
    ((*GET, "parameters", 2), ("components", "schemas", "T", "properties")),
    ((*GET, "responses", "200", "headers", "X-R"), ("components", "securitySchemes")),
]
"""What read one object as two: it was mended as one kind where another was meant."""


@pytest.mark.parametrize(("place", "target"), MISLED, ids=lambda path: pointer(path))
def test_what_a_reference_of_another_kind_leads_to_is_read_as_before(
    place: tuple[Any, ...], target: tuple[Any, ...], tmp_path: Path
) -> None:
    tree = changed(place, {"$ref": pointer(target)})
    assert at(load_spec(written(tree, tmp_path)).document.tree, target) == at(tree, target)


def compares(base: Path, revision: Path) -> None:
    said = "x: "
    try:
        found = flows.compare(str(base), str(revision), flows.Terms(ChangePolicy(), Reading([]), "none", date.today()))
        for form in FORMS["diff"].values():
            assert list(lines_of(form, found, paint=lambda text, look: text, unfolded=False, summary=False))
    except ContractsError as error:
        said = str(error)
    assert re.match(r"\S+?(:\d+)?: ", said), said


LAUGHS = "\n".join(f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10))
TEXT = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {}\n"
TEXTS: dict[str, tuple[bytes, str]] = {
    "a billion laughs": (f"{TEXT}x-0: &a0 [1]\n{LAUGHS}".encode(), "its aliases expand to more than 1,000,000 nodes"),
    "an alias in itself": (f"{TEXT}x-a: &a [*a]".encode(), "an alias stands inside the node that it repeats"),
    "deep YAML": (f"{TEXT}x-a: {'[' * 10_000}".encode(), "the nesting is deeper than 200 levels"),
    "deep YAML in blocks": (f"{TEXT}x-a:\n".encode() + b" - " * 10_000 + b"1", "the nesting is deeper than 200 levels"),
    "deep JSON": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "the nesting is deeper than 200 levels"),
    "UTF-16": (TEXT.encode("utf-16"), "the text is UTF-16, wanted UTF-8"),
    "UTF-32": (TEXT.encode("utf-32"), "the text is UTF-16, wanted UTF-8"),
    "Latin-1": (TEXT.replace("title: t", "title: caf\xe9").encode("latin-1"), "byte 0xe9 is not UTF-8 text"),
    "binary": (b"\x01\x02\x7fELF\0\0", "the file is binary, not text"),
    "compressed": (b"\x1f\x8b\x08\x00" + bytes(100), "is not UTF-8 text"),
    "empty": (b"", "the document is empty"),
    "a number": (b"7", "this is 7, wanted an object with the key `openapi`"),
    "many digits": (f"{TEXT}x-a: {'9' * 5000}".encode(), "is not a JSON number"),
    "many digits in JSON": (b'{"openapi": ' + b"9" * 5000 + b"}", "is not a JSON number"),
    "a tag": (f"{TEXT}x-a: !!python/object/apply:os.system [id]".encode(), "has no meaning in JSON"),
    "a long key": (f"? {'k' * 100_000}\n: 1\n".encode(), "it has no `openapi` key"),
    "two documents": (f"{TEXT}---\n{TEXT}".encode(), "expected a single document, but found more"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_no_document(name: str, tmp_path: Path) -> None:
    content, problem = TEXTS[name]
    path = tmp_path / "openapi.yaml"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as refused:
        load_spec(path)
    assert problem in str(refused.value)
    assert re.match(r".*openapi.yaml:\d+: ", str(refused.value))


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "openapi.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert load_spec(path).title == "t"


def test_an_endless_file_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.document.written.MAX_SIZE", 2**20)
    with pytest.raises(DocumentError, match=r"/dev/zero: can't be read: it has more than 1 MB"):
        load_spec("/dev/zero", [])


@pytest.mark.parametrize("field", [("X-Trace", "→"), ("X-\u2192", "a"), ("X-Trace", "a\r\nB: c"), ("", "a")], ids=ascii)
def test_a_replayed_header_that_http_can_t_carry_is_left_out(field: tuple[str, str], project: Project) -> None:
    project.ask(Things({"status": "paused"}), "--contract-report=before")
    path = Path("before", "report.json")
    report = json.loads(path.read_text())
    for verdict in filter(lambda verdict: verdict["evidence"], report["verdicts"]):
        verdict["evidence"]["request"]["headers"] = [field]
    path.write_text(json.dumps(report))
    for option in ("--contract-replay", "--contract-against"):
        things = Things()
        run = project.ask(things, f"{option}=before/report.json")
        assert "request of the earlier report left out: its path is not that of" in run.out
        assert "itself failed" not in run.out
        assert things.lines == [] or option == "--contract-against"


def counted(calls: list[object], function: Callable[..., Any], *of: object) -> Any:
    calls.append(of)
    return function(*of)


def test_what_many_schemes_take_grows_no_faster_than_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each is compared with what all operations are shown, and where all others want their credential, once."""
    value = copy.deepcopy(RICH)
    names = [f"k{number}" for number in range(150)]
    value["security"] = [{name: []} for name in names]
    value["components"]["securitySchemes"] = {n: {"type": "apiKey", "in": "header", "name": f"X-{n}"} for n in names}
    asked: list[object] = []
    for name in ("place_of", "schemes_in_use"):
        monkeypatch.setattr(security, name, partial(counted, asked, getattr(security, name)))
    assert 600 < len(rules_for(load_spec(written(value, tmp_path))).rules) < 700, "100 of them are tried"
    assert len(asked) < 1_000
