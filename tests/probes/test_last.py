"""What is asked last: forms of the credential, a resource that can't exist, methods that are not listed."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.document import Spec, load_spec
from contracts.document.model import NOWHERE
from contracts.document.security import variants_of
from contracts.messages import Credential, Probe, Request
from contracts.probes import ProbePlan
from tests.documents import document, spec_from

NOTTE = load_spec("spec/notte.yaml")
ANSWERED = Request("GET", "/sessions/known")


def closing(spec: Spec, *, unsafe: bool = False, answered: Request | None = ANSWERED) -> list[Probe]:
    return list(ProbePlan(spec, unsafe=unsafe).closing(spec.operations[0], answered))


def test_each_form_of_the_credential_is_tried_once_on_what_was_answered() -> None:
    tried = [probe for probe in closing(NOTTE) if probe.source == "auth" and probe.request == ANSWERED]
    assert [probe.credential for probe in tried] == list(variants_of(NOTTE.operations[0], NOTTE)[1:])


def test_without_credential_a_resource_that_cannot_exist_is_asked_for() -> None:
    (probe,) = [p for p in closing(NOTTE) if p.source == "auth" and p.request != ANSWERED]
    assert probe.credential is Credential.NONE
    assert probe.request.target == f"/sessions/{NOWHERE[0]}"


def test_what_identifies_is_asked_for_where_it_cannot_exist() -> None:
    (probe,) = [p for p in closing(NOTTE) if p.source == "unknown"]
    assert probe.request == Request("GET", f"/sessions/{NOWHERE[0]}")


@pytest.mark.parametrize(
    ("unsafe", "methods"), [(False, ["TRACE"]), (True, ["TRACE", "POST", "PUT", "PATCH", "DELETE"])]
)
def test_unlisted_methods(unsafe: bool, methods: list[str]) -> None:
    sent = [probe for probe in closing(NOTTE, unsafe=unsafe) if probe.source == "method"]
    assert [probe.request.method for probe in sent] == methods
    assert {probe.request.target for probe in sent} == {f"/sessions/{NOWHERE[0]}"}


def test_trace_never_carries_the_credential() -> None:
    (trace,) = [probe for probe in closing(NOTTE) if probe.request.method == "TRACE"]
    assert trace.credential is Credential.NONE


def things(schema: Any, path: str = "/things/{id}", method: str = "get") -> Spec:
    value = document({})
    operation = value["paths"].pop("/things/{id}")["get"]
    operation["parameters"][0]["schema"] = schema
    if "{" not in path:
        del operation["parameters"]
    value["paths"][path] = {method: operation}
    return spec_from(value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, NOWHERE[0]),
        ({"type": "string", "format": "uuid"}, NOWHERE[1]),
        ({"type": "integer"}, NOWHERE[2]),
        ({"type": "string", "format": "date"}, NOWHERE[3]),
        ({"enum": ["a"]}, NOWHERE[0]),
        ({"pattern": "("}, NOWHERE[0]),
    ],
    ids=str,
)
def test_a_resource_that_cannot_exist_has_a_name_of_the_right_type(schema: Any, value: object) -> None:
    (probe,) = closing(things(schema), answered=None)
    assert probe.request.target == f"/things/{value}"


def test_a_path_without_parameter_gets_no_unsafe_method() -> None:
    sent = closing(things({}, "/things", "post"), unsafe=True, answered=None)
    assert [probe.request.method for probe in sent] == ["GET", "HEAD", "TRACE"]


def test_only_the_first_operation_of_a_path_asks_for_unlisted_methods() -> None:
    value = document({})
    item = value["paths"]["/things/{id}"]
    item["delete"] = item["get"]
    spec = spec_from(value)
    plan = ProbePlan(spec, unsafe=True)
    counts = [len(list(plan.closing(operation, None))) for operation in spec.operations]
    assert sorted(counts) == [0, 4]


def test_an_operation_that_is_not_sent_gets_no_forms_of_the_credential() -> None:
    value = {**document({}), "security": [{"key": []}]}
    value["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    item = value["paths"]["/things/{id}"]
    item["delete"] = item.pop("get")
    sent = closing(spec_from(value), answered=None)
    assert {probe.source for probe in sent} == {"method"}


def test_an_api_key_has_no_scheme_to_leave_out() -> None:
    value = {**document({}), "security": [{"key": []}]}
    value["components"]["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    spec = spec_from(value)
    found = variants_of(spec.operations[0], spec)
    assert Credential.BARE not in found
    assert Credential.LOWER_CASE not in found
    assert Credential.OTHER_SCHEME in found
