"""What Schemathesis gives: enough of it, the same in every process, and nothing of its own."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis.errors import InvalidArgument
from hypothesis.internal import charmap
from hypothesis.internal.intervalsets import IntervalSet
from schemathesis.generation.coverage import DEFAULT_GENERATION_SESSION

from contracts.document import Operation, Spec, load_spec
from contracts.messages import Request
from contracts.probes import schemathesis_cases
from tests.exchanges.documents import one_operation, parameter, spec_of

NOTTE = load_spec("spec/notte.yaml")
STRING = {"type": "string"}


def coverage_of(spec: Spec) -> list[tuple[str, Request]]:
    return schemathesis_cases.coverage_requests(schemathesis_cases.Cases(spec, 0), spec.operations[0])


def fuzz_of(spec: Spec, examples: int = 5, seed: int = 0) -> list[Request]:
    schema = schemathesis_cases.Cases(spec, seed)
    found = schemathesis_cases.fuzz_requests(schema, spec.operations[0], seed=seed, examples=examples)
    return [request for _, request in found]


def test_an_upgrade_loses_no_cases() -> None:
    schema = schemathesis_cases.Cases(NOTTE, 0).schema(NOTTE.operations[0])
    cases = schemathesis_cases._coverage_cases(schema, NOTTE.operations[0])
    assert all(case.meta is not None for case in cases)
    found = Counter(
        (case.meta.phase.name.value, case.meta.generation.mode.value, case.method == "GET")
        for case in cases
        if case.meta
    )
    assert found == {
        ("coverage", "positive", True): 5,
        ("coverage", "negative", True): 3,
        ("coverage", "negative", False): 7,
    }


def test_only_requests_of_the_method_are_kept() -> None:
    assert [request.method for _, request in coverage_of(NOTTE)] == ["GET"] * 8


def test_every_case_says_what_it_is_about() -> None:
    notes = [note for note, _ in coverage_of(NOTTE)]
    assert "Value null value" in notes
    assert all(notes)


def test_as_many_random_requests_as_asked_for() -> None:
    assert len(fuzz_of(NOTTE, examples=7)) == 7


def test_another_seed_gives_other_requests() -> None:
    assert fuzz_of(NOTTE, seed=1) != fuzz_of(NOTTE, seed=2)


SEVERAL = {
    "multipart/form-data": {"schema": {"type": "object", "required": ["a"], "properties": {"a": STRING, "b": STRING}}},
    "application/json": {"schema": {"type": "object", "properties": {"n": {"type": "number"}, "d": STRING}}},
    "application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": {"c": STRING}}},
}
RICH_PARAMETERS = [
    parameter("id", {"type": "string", "format": "uuid"}),
    parameter("q", {"type": "array", "items": {"type": "integer"}}, "query"),
    parameter("X-When", {"type": "string", "format": "date-time"}, "header", required=True),
    parameter("c", {"enum": ["a", "b"]}, "cookie"),
    parameter("pattern", {"type": "string", "pattern": "^[a-f]{2,9}$"}, "query"),
]


def rich() -> Spec:
    return one_operation(method="post", parameters=RICH_PARAMETERS, requestBody={"required": True, "content": SEVERAL})[
        0
    ]


SCRIPT = """
import sys
from tests.probes.test_schemathesis_cases import digest_of, rich
from contracts.document import load_spec
print(digest_of(load_spec("spec/notte.yaml")), digest_of(rich()))
"""


def digest_of(spec: Spec) -> str:
    found = [coverage_of(spec), fuzz_of(spec, examples=40)]
    return hashlib.sha256(repr(found).encode()).hexdigest()


@pytest.mark.parametrize(
    "before",
    ["", "import contracts.commands.comparisons, contracts.plugin, contracts.flows"],
    ids=["bare", "all"],
)
def test_the_same_bytes_in_a_fresh_process(before: str) -> None:
    """Whatever modules it has imported, and however it hashes strings."""
    run = [sys.executable, "-c", f"{before}\n{SCRIPT}"]
    found = subprocess.run(run, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True).stdout
    assert found.split() == [digest_of(NOTTE), digest_of(rich())]


def test_a_boundary_is_not_random() -> None:
    bodies = [
        r.body for _, r in coverage_of(rich()) if (r.header("content-type") or "").startswith("multipart/form-data; ")
    ]
    again = [
        r.body for _, r in coverage_of(rich()) if (r.header("content-type") or "").startswith("multipart/form-data; ")
    ]
    assert bodies == again
    assert bodies


def test_a_boundary_stands_in_header_and_body() -> None:
    for _, request in coverage_of(rich()):
        content_type, _, boundary = (request.header("content-type") or "").partition("; boundary=")
        if boundary:
            assert content_type == "multipart/form-data"
            assert request.body is not None
            assert request.body.endswith(f"--{boundary}--\r\n".encode())


def test_every_media_type_is_sent() -> None:
    types = {(request.header("content-type") or "").partition(";")[0] for _, request in coverage_of(rich())}
    assert types >= set(SEVERAL)


NOT_OURS = {"user-agent", "accept-encoding", "content-length", "connection", "accept", "x-schemathesis-testcaseid"}


def test_nothing_of_its_own_is_in_the_headers() -> None:
    requests = [request for _, request in coverage_of(rich())] + fuzz_of(rich(), examples=20)
    assert not {name.lower() for request in requests for name, _ in request.headers} & (NOT_OURS | {"host"})


SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "key"},
}


def test_no_credential_is_made_up() -> None:
    security: list[Any] = [{name: [] for name in SCHEMES}]
    spec, _ = one_operation(security=security, components={"securitySchemes": SCHEMES})
    requests = [request for _, request in coverage_of(spec)] + fuzz_of(spec)
    names = {name.lower() for request in requests for name, _ in request.headers}
    assert not names & {"authorization", "x-key", "cookie"}
    assert not any("key" in request.query for request in requests)


def test_the_documents_examples_come_first() -> None:
    spec, _ = one_operation(parameters=[parameter("id", STRING, example="from-the-document")])
    assert fuzz_of(spec)[0].target == "/things/from-the-document"


def with_body(schema: Any, media: str) -> tuple[Spec, Operation]:
    return one_operation(method="post", requestBody={"required": True, "content": {media: {"schema": schema}}})


@pytest.mark.parametrize(
    ("schema", "media"),
    [
        pytest.param(STRING, "application/cbor", id="a type that it can't write"),
        pytest.param(False, "application/json", id="a schema that nothing satisfies"),
        pytest.param({"type": "string", "pattern": "(["}, "application/json", id="a pattern that is none"),
        pytest.param({"$ref": "#/components/schemas/E"}, "application/json", id="a schema without end"),
    ],
)
def test_what_is_too_odd_gives_fewer_requests(schema: Any, media: str) -> None:
    endless = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/E"}}}
    body = {"required": True, "content": {media: {"schema": schema}}}
    spec, _ = one_operation(method="post", requestBody=body, components={"schemas": {"E": endless}})
    assert all(request.method == "POST" for _, request in coverage_of(spec))
    assert all(request.method == "POST" for request in fuzz_of(spec))


def test_cases_before_a_failure_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = schemathesis_cases.Cases(NOTTE, 0)
    reader = type(cases.schema(NOTTE.operations[0]))
    original = reader.iter_coverage_cases

    def breaking(*args: Any, **options: Any) -> Any:
        cases = original(*args, **options)
        yield next(cases)
        raise InvalidArgument("odd")

    monkeypatch.setattr(reader, "iter_coverage_cases", breaking)
    assert len(schemathesis_cases.coverage_requests(cases, NOTTE.operations[0])) == 1


def test_requests_that_can_not_be_written_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("schemathesis.Case.as_transport_kwargs", lambda *_, **__: {"method": "GET", "url": "nowhere"})
    assert coverage_of(NOTTE) == []


def test_streamed_bodies_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = {"method": "GET", "url": f"{schemathesis_cases.BASE}/", "data": iter([b"a"])}
    monkeypatch.setattr("schemathesis.Case.as_transport_kwargs", lambda *_, **__: arguments)
    assert coverage_of(NOTTE) == []


def test_hypothesis_is_left_as_it_was() -> None:
    from hypothesis.internal.conjecture import providers

    before = providers._get_local_constants
    fuzz_of(NOTTE)
    assert providers._get_local_constants is before


@pytest.mark.parametrize("codec", list(schemathesis_cases._CHARACTERS))
def test_characters_of_a_codec_are_known_and_not_tried(codec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def tried(codec: str) -> tuple[IntervalSet, IntervalSet]:
        raise AssertionError(codec)

    known, odd = schemathesis_cases._known(tried)(codec)
    assert len(odd) == 0
    beside = {index for begin, end in known.intervals for index in (begin - 1, end + 1)} - {-1, sys.maxunicode + 1}
    assert all(chr(index).encode(codec, "ignore") == b"" for index in beside)
    ends = {index for interval in known.intervals for index in interval}
    assert all(chr(index).encode(codec).decode(codec) == chr(index) for index in ends)
    monkeypatch.setattr(charmap, "charmap_file", tried)  # what would try them
    assert charmap.intervals_from_codec(codec)[0] == known


def test_the_file_that_touches_schemathesis_is_the_only_one() -> None:
    files = [path for path in Path("contracts").rglob("*.py") if "import schemathesis\n" in path.read_text()]
    assert [path.name for path in files] == ["schemathesis_cases.py"]


# What is too much.


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": [*range(2_001)]},
        {"type": "object", "required": [f"n{number}" for number in range(2_001)]},
        {"type": "array", "items": {"properties": {f"n{number}": STRING for number in range(2_001)}}},
        {"$ref": "#/components/schemas/Long"},
    ],
    ids=["values", "names", "properties", "behind a reference"],
)
def test_no_boundary_is_made_of_a_list_beyond_the_bound(schema: dict[str, Any]) -> None:
    body = {"content": {"application/json": {"schema": schema}}}
    long = {"oneOf": [{"const": number} for number in range(2_001)]}
    spec, operation = one_operation("/a", "post", requestBody=body, components={"schemas": {"Long": long}})
    cases = schemathesis_cases.Cases(spec, 0)
    assert schemathesis_cases.coverage_requests(cases, operation) == []
    assert schemathesis_cases.fuzz_requests(cases, operation, seed=0, examples=5) == []
    assert cases.slow[operation.key].endswith("a list in its requests has 2,001 members, 2,000 at most")


def test_boundaries_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, _ = one_operation("/a", parameters=[parameter("q", {"enum": [*range(100)]}, "query")])
    assert len(coverage_of(spec)) > 100
    monkeypatch.setattr(schemathesis_cases, "MOST", 100)
    assert len(coverage_of(spec)) == 100


def test_extensions_are_read_only_where_something_refers_to_them() -> None:
    kept: dict[str, Any] = {"x-kept": {"deep": {"const": "kept"}}, "x-large": {"pattern": "0" * 2000}}
    get = {
        "parameters": [parameter("a", {"$ref": "#/x-kept/deep"}, "query", required=True)],
        "responses": {"200": {"description": ""}},
    }
    spec = spec_of({"/things": {"get": get}}, **kept)
    cases = schemathesis_cases.Cases(spec, 0)
    tree = cases.schema(spec.operations[0]).raw_schema
    assert {name for name in tree if name.startswith("x-")} == {"x-kept"}
    assert any("kept" in request.target for request in fuzz_of(spec))


def test_what_served_to_make_boundaries_is_not_kept() -> None:
    """For the next operation, whose schemas are others: of a large document it would be megabytes."""
    kept = DEFAULT_GENERATION_SESSION
    before = len(kept.values._data), len(kept.ready_bundles._data), len(kept.removed_examples._data)
    assert coverage_of(NOTTE)
    assert (len(kept.values._data), len(kept.ready_bundles._data), len(kept.removed_examples._data)) == before
