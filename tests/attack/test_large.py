"""Documents with very many of one thing: what is done grows as they do, not with their square."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from contracts.changes import compare
from contracts.changes.change import Effect
from contracts.document import Header, Operation, Spec, references
from contracts.document.dialects import unread
from contracts.document.dialects.unread import MOST_IN_PATH
from contracts.document.serialisation import fill_path, match_path, parameter_names
from contracts.exchanges import Secret
from contracts.exchanges.credential import with_credential
from contracts.messages import Exchange, Probe, Request
from contracts.mock import MockService, bodies
from contracts.mock.refusals import grounds_of
from contracts.mock.service import CREDENTIAL
from contracts.probes import ProbePlan, samples
from contracts.probes.bearable import MOST_WORK, longest_list, most_requests
from contracts.probes.samples import Body, with_required
from contracts.rules import faults, rules_for
from contracts.rules.faults import notices
from contracts.schemas import constraints, locations
from contracts.schemas.claims import claim_of
from contracts.verdicts import judge_all
from tests.documents import spec_from

from .large import LARGE, RENAMED, Node, changed, names, varying

FEW, MANY = 40, 300
SERVICE = sys.modules[MockService.__module__]


def read(value: Node, _: Spec) -> object:
    return spec_from(value)


def listed(_: Node, spec: Spec) -> object:
    return [str(rule) for rule in rules_for(spec).rules]


def compared(value: Node, spec: Spec) -> object:
    return compare(spec, spec_from(changed(value)))


def exchanged(_: Node, spec: Spec) -> object:
    """One request, as the mock answers it."""
    (operation,) = spec.operations
    values = dict.fromkeys(parameter_names(operation.path), "1")
    path = fill_path(operation.path, values)
    made = with_required(Request(operation.method, path), operation, frozenset())
    probe = Probe(operation.key, made)
    request = with_credential(probe, spec, {spec.variable: Secret(CREDENTIAL)})
    assert claim_of(operation, request).allowed
    answer = MockService(spec).answer(request)
    assert answer.status == 200
    return judge_all(rules_for(spec).operations[operation.key], [Exchange(0, probe, answer)])


def completed(_: Node, spec: Spec) -> object:
    return with_required(Request("GET", "/a"), spec.operations[0], frozenset())


def claimed(_: Node, spec: Spec) -> object:
    """What is said of a request with all header fields."""
    (operation,) = spec.operations
    fields = tuple((parameter.name, "1") for parameter in operation.parameters)
    claim = claim_of(operation, Request("GET", "/a", fields))
    assert claim.allowed
    return claim


def calls(work: Callable[[Node, Spec], object], value: Node, name: str = "") -> int:
    """How many calls of functions some work takes, natural ones too; or of those with a name."""
    spec, count = spec_from(value), 0

    def note(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call") if not name else (event, frame.f_code.co_name) == ("call", name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work(value, spec)
    finally:
        sys.setprofile(before)
    return count


GROWING: list[tuple[Callable[[Node, Spec], object], str]] = [
    (read, "references to references"),
    (listed, "query parameters"),
    (listed, "media types of a request"),
    (compared, "query parameters"),
    (compared, "alternatives of a credential"),
    (compared, "media types of an answer"),
    (compared, "mapping of a discriminator"),
    (exchanged, "path parameters"),
    (exchanged, "required query parameters"),
    (exchanged, "required header parameters"),
    (claimed, "required header parameters"),
    (completed, "required cookies"),
    (exchanged, "alternatives of a credential"),
    (exchanged, "schemes together"),
]


@pytest.mark.parametrize(("work", "name"), GROWING, ids=lambda one: getattr(one, "__name__", one))
def test_work_grows_no_faster_than_the_document(work: Callable[[Node, Spec], object], name: str) -> None:
    few, many = (calls(work, LARGE[name](count)) for count in (FEW, MANY))
    assert many < 2 * few * MANY / FEW


CALLED = {
    "operations": "shape_of",
    "operations of another server": "__hash__",
    "webhooks": "_fits",
    "callbacks": "_fits",
    "media types of an answer": "covers",
    "media types of a request": "covers",
    "schemas of media types": "covers",
    "ranges of media types": "covers",
}
"""What would be called for each pair of those that changed."""


@pytest.mark.parametrize("name", RENAMED)
def test_what_changed_throughout_is_not_looked_at_pair_by_pair(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["contracts.changes.parts"], "MOST_PAIRS", 60)
    monkeypatch.setattr(sys.modules["contracts.changes.operations"], "MOST_NEAR", 4)

    def times(count: int) -> int:
        other = spec_from(RENAMED[name](count, "m"))
        return calls(lambda _, spec: compare(spec, other), RENAMED[name](count, "n"), CALLED[name])

    assert times(50) <= 1.5 * times(10) * 50 / 10


def test_media_types_of_which_too_many_may_cover_others_are_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["contracts.changes.parts"], "MOST_PAIRS", 15)
    few, many = (
        compare(*(spec_from(RENAMED["ranges of media types"](count, letter)) for letter in "nm")) for count in (3, 4)
    )
    assert {(change.id, change.effect) for change in few} == {
        ("response-media-type-removed", Effect.BREAKING),
        ("response-media-type-added", Effect.BREAKING),
    }
    (change,) = many
    assert (change.id, change.effect) == ("schema-changed", Effect.UNDECIDED)
    assert change.proof == "beyond what is compared: 16 pairs of media types, 15 at most"


def test_alternatives_are_looked_at_once() -> None:
    value = LARGE["alternatives of a credential"](MANY)
    service = MockService(spec_from(value))
    request = Request("GET", "/a", (("X-n9", CREDENTIAL),))
    assert service.answer(request).status == 200
    assert calls(lambda *_: service.answer(request), value) < 3 * MANY
    assert service.answer(Request("GET", "/a", (("X-n9", "other"),))).status == 401


def test_no_more_fields_are_made_than_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[Header]()

    def texts(header: Header) -> tuple[str, ...]:
        made.append(header)
        return ("1",)

    monkeypatch.setattr(SERVICE, "header_texts", texts)
    spec = spec_from(LARGE["fields of an answer"](MANY))
    assert MockService(spec).count_variants(spec.operations[0], 200) >= 1
    assert len(made) == SERVICE.MOST_FIELDS < MANY


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/a/{x}-{y}", "/a/1-2-3", ["1-2", "3"]),
        ("/a/{x}{y}", "/a/123", ["12", "3"]),
        ("/{x}a/{y}-", "/aa/--", ["a", "-"]),
        ("/{x}-{y}/b", "/-1/b", None),
        ("/" + "-".join(f"{{{name}}}" for name in names(60)), "/" + "-".join(["1"] * 60), ["1"] * 60),
        ("/" + "-".join(f"{{{name}}}" for name in names(60)), "/" + "-".join(["1"] * 59), None),
    ],
)
def test_values_of_a_segment_are_found_without_trying_all_ends(
    template: str, path: str, values: list[str] | None
) -> None:
    found = match_path(template, path)
    assert (found and [*found.values()]) == values


def test_a_path_of_too_many_parameters_is_read_as_absent() -> None:
    """In both of two documents, else nothing is said of a change there."""
    value = changed(LARGE["path parameters"](MOST_IN_PATH + 1))
    other = copy.deepcopy(value)
    next(iter(other["paths"].values()))["get"]["responses"]["200"]["content"] = {}
    spec = spec_from(value)
    assert list(spec.by_path) == ["/another"]
    assert "things.json:8: /paths/~1a~1{n0}" in str(spec.notices[0])
    assert "more than 500 parameters: read as absent; give" in str(spec.notices[0])
    assert not compare(spec, spec_from(value))
    for gone in (other, {**other, "paths": {"/another": other["paths"]["/another"]}}):
        assert [change.id for change in compare(spec, spec_from(gone))] == ["unread-changed"]
    assert len(spec_from(LARGE["path parameters"](MOST_IN_PATH)).operations) == 1


def test_fields_of_an_answer_that_are_too_many_are_read_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_IN_HEAD", FEW)
    value = LARGE["required fields of an answer"](FEW + 1)
    spec, other = spec_from(value), LARGE["fields of an answer"](FEW + 1)
    assert not spec.operations[0].responses[0].headers
    assert "things.json:28: /paths/~1a/get/responses/200/headers" in str(spec.notices[0])
    assert f"has more than {FEW} members: read as absent; give" in str(spec.notices[0])
    assert not compare(spec, spec_from(value))
    assert [change.id for change in compare(spec, spec_from(other))] == ["unread-changed"]
    assert len(spec_from(LARGE["fields of an answer"](FEW)).operations[0].responses[0].headers) == FEW


def test_schemas_that_are_too_far_below_are_read_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each there is a frame of native code."""
    monkeypatch.setattr(references, "MAX_BELOW", 100)
    spec = spec_from(LARGE["chains of properties"](MANY))
    assert len(spec.notices) == 6  # each of which takes two, itself and its property
    assert "leads one value to schemas in more than 50,000 ways, through 300, or below 100 others: read as" in str(
        spec.notices[0]
    )
    assert not spec_from(LARGE["chains of properties"](40)).notices


def test_places_that_are_too_deep_have_no_rules_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locations, "MAX_LEVELS", 9)
    rules = rules_for(spec_from(LARGE["chains of properties"](FEW))).operations["POST /a"].rules
    assert max(str(rule.place or "").count("/n") for rule in rules) == 9


def test_paths_that_are_like_too_many_others_are_read_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_ALIKE", 5)
    value = LARGE["paths alike"](7)
    other = json.loads(json.dumps(value))
    other["paths"]["/a/{n6}"]["get"]["deprecated"] = True
    spec = spec_from(value)
    assert list(spec.by_path) == ["/a", *(f"/a/{{{name}}}" for name in names(5))]
    assert "/paths/~1a~1{n5} is one of more than 5 that differ in names alone: read as absent" in str(spec.notices[0])
    assert "unread-changed" in {change.id for change in compare(spec, spec_from(other))}
    assert not spec_from(LARGE["callbacks"](7)).notices


def test_each_variable_of_a_server_is_looked_for_once() -> None:
    """In the URL, and not in what others stand for."""
    variables = {"n0": {"default": "{n1}"}, "n1": {"default": "b"}, "n2": {"default": "c"}}
    assert spec_from(varying(variables)).servers == ("https://example.com/{n1}/b/c",)


def test_answers_without_a_status_are_left_out_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(references, "MOST_ANSWERS", FEW)
    value = LARGE["statuses of an answer"](1)
    answers = value["paths"]["/a"]["get"]["responses"]
    answers |= {**dict.fromkeys(map(str, range(600, 600 + FEW)), answers["200"]), "x-own": 1, "5XX": answers["200"]}
    other = json.loads(json.dumps(value))
    other["paths"]["/a"]["get"]["responses"]["600"]["content"] = {}
    spec = spec_from(value)
    assert [response.status for response in spec.operations[0].responses] == ["200", "201", "5XX"]
    told = f"things.json:10: {FEW} answers have no status: left out; write it as OpenAPI 3.1 says"
    assert list(map(str, spec.notices)) == [told]
    assert not compare(spec, spec_from(value))
    assert [change.id for change in compare(spec, spec_from(other))] == ["unread-changed"]


def test_values_of_required_fields_are_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    service = MockService(spec_from(LARGE["required fields of an answer"](MANY)))
    answer = service.answer(Request("GET", "/a"))
    assert len(answer.headers) == MANY + 1
    monkeypatch.setattr(bodies, "_drawn", lambda *_: pytest.fail("they were made again"))
    assert service.answer(Request("GET", "/a")) == answer


def test_media_types_of_an_answer_that_are_too_many_are_read_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_IN_HEAD", FEW)
    spec = spec_from(LARGE["media types of an answer"](FEW + 1))
    assert not spec.operations[0].responses[0].content
    assert f"content has more than {FEW} members: read as absent; give" in str(spec.notices[0])
    assert MockService(spec).answer(Request("GET", "/a")).body == b""
    assert len(spec_from(LARGE["media types of an answer"](FEW)).operations[0].responses[0].content) == FEW


def test_media_types_of_a_request_that_are_too_many_are_read_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_IN_HEAD", FEW)
    held, many = (spec_from(LARGE["media types of a request"](count)).operations[0] for count in (FEW, FEW + 1))
    assert held.request_body is not None
    assert len(held.request_body.content) == FEW
    assert many.request_body is not None
    assert not many.request_body.content


def test_an_operation_has_fewer_requests_the_more_media_types_they_may_have() -> None:
    (operation,) = spec_from(LARGE["media types of a request"](MANY)).operations
    assert most_requests(operation) == MOST_WORK // MANY
    assert longest_list(spec_from(LARGE["media types of a request"](MANY)), operation) == MANY


def test_no_more_bodies_are_made_than_the_first_that_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[str]()

    def bodies_of(operation: Operation) -> Iterator[Body]:
        for body in real(operation):
            made.append(body[0])
            yield body

    plan = sys.modules[ProbePlan.__module__]
    real = samples.bodies_of
    monkeypatch.setattr(plan, "bodies_of", bodies_of)
    spec = spec_from(LARGE["media types of a request"](FEW))
    assert ProbePlan(spec).lane(spec.operations[0]).request_for({}).request.body
    assert made == ["application/n0+json"]


def test_no_schema_of_a_parameter_that_is_absent_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    (operation,) = spec_from(LARGE["query parameters"](FEW)).operations
    monkeypatch.setattr(sys.modules[claim_of.__module__], "locate", lambda _: pytest.fail("it was"))
    assert claim_of(operation, Request("GET", "/a")).allowed


@pytest.mark.parametrize("name", ["required query parameters", "required header parameters", "required cookies"])
def test_no_more_of_what_is_required_is_looked_at_than_says_that_a_request_is_forbidden(name: str) -> None:
    few, many = (LARGE[name](count) for count in (FEW, MANY))

    def refused(_: Node, spec: Spec) -> object:
        claim = claim_of(spec.operations[0], Request("GET", "/a"))
        assert "parameter n0 is missing" in str(claim)
        assert not claim.breaks
        return claim

    assert calls(refused, few) == calls(refused, many)


@pytest.mark.parametrize("name", ["required query parameters", "required header parameters", "required cookies"])
def test_no_more_of_what_is_required_is_made_than_a_server_reads(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "MAX_REQUIRED", 100)
    (operation,) = spec_from(LARGE[name](MANY)).operations
    made = with_required(Request("GET", "/a"), operation, frozenset())
    assert 100 < len(str(made)) < 1000
    assert not claim_of(operation, made).allowed


def test_no_more_rules_are_made_of_what_is_forbidden_than_a_run_may_try(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (constraints, faults):
        monkeypatch.setattr(module, "MAX_FORBIDDEN", FEW)
    spec = spec_from(LARGE["media types of a request"](MANY))
    assert len(rules_for(spec).operations["POST /a"].requests) == FEW
    assert [str(one) for one in notices(spec)] == [
        f"things.json:9: POST /a forbids {FEW} things and more; no rule covers the others"
    ]
    assert not notices(spec_from(LARGE["media types of a request"](2)))


def test_a_refusal_names_a_hundred_grounds_at_most() -> None:
    (operation,) = spec_from(LARGE["required cookies"](MANY)).operations
    *told, last = grounds_of(operation, Request("GET", "/a"))
    assert len(told) == 100
    assert (told[99].place, last.said) == (("n99",), "and more")
