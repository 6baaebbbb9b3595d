"""Who is let in: by which credentials, where they stand, and which of the user's headers ride on which request."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from .projects import CANARY, LOUD, Project, Run, Things, answer, forms, leaks

Fields = Mapping[str, str]
Opens = Callable[[str, Fields], bool | int]
"""Whether a path, with its query, is open to a request with these fields, their names in lower case; or a status."""

BEARER = f"Bearer {CANARY}"
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "query": {"type": "apiKey", "in": "query", "name": "token"},
}


def doors(security: Mapping[str, Any], *names: str, statuses: tuple[str, ...] = ("200", "401")) -> dict[str, Any]:
    """A document with a path for each list of security requirements; None for an operation that has none."""
    content = {"application/json": {"schema": {"type": "object"}}}
    paths: dict[str, Any] = {}
    for name, wanted in security.items():
        responses = {status: {"description": "said", "content": content} for status in statuses}
        paths[f"/{name}"] = {"get": {"responses": responses}}
        if wanted is not None:
            paths[f"/{name}"]["get"]["security"] = wanted
    schemes = {name: SCHEMES[name] for name in names}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Doors", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def house(opens: Opens) -> Things:
    """A service whose doors `opens` tells of."""
    things = Things()

    def reply(_number: int) -> bytes:
        line, *lines = things.heads[-1].rstrip().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        method, target, *_ = line.split(" ")
        found = opens(target, fields)
        status = (200 if found else 401) if isinstance(found, bool) else found
        if status == 200 and method != "GET":
            status = 405
        named = ["Content-Type: application/json", "WWW-Authenticate: Bearer", "Allow: GET"]
        return answer(status, b"{}", *named, *things.fields)

    things.instead = reply
    return things


def run_of(project: Project, things: Things, spec: Mapping[str, Any], *args: str) -> Run:
    project.write(spec)
    return project.run("-q", "--base-url", project.serve(things), *args)


def bearer(fields: Fields) -> bool:
    name, _, value = fields.get("authorization", "").partition(" ")
    return name.lower() == "bearer" and value == CANARY


ONE = doors({"guarded": [{"bearer": []}]}, "bearer")
TWO = doors({"guarded": [{"bearer": []}]}, "bearer", "key")


# Headers of the user


@pytest.mark.parametrize(
    ("header", "spec"),
    [
        pytest.param("Cookie", ONE, id="cookie"),
        pytest.param("X-Key", TWO, id="place of a scheme"),
        pytest.param("X-Session", ONE, id="of a name that says nothing"),
    ],
)
def test_header_that_opens_the_door_rides_on_no_request_without_credential(
    header: str, spec: Mapping[str, Any], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "another-way-in-1")
    things = house(lambda path, fields: bearer(fields) or fields.get(header.lower()) == "another-way-in-1")
    run = run_of(project, things, spec, f"--contract-header={header}=MINE")
    assert (run.code, run.violations) == (0, set())
    heads = [head for head in things.heads if f"\r\nauthorization: bearer {CANARY}\r\n" not in f"{head.lower()}\r\n"]
    assert heads
    assert not [head for head in heads if "another-way-in-1" in head]
    assert [head for head in things.heads if "another-way-in-1" in head]


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "open"])
def test_header_of_a_gateway_rides_so_that_an_open_door_is_found(
    guarded: bool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATE", "open-sesame-1")
    things = house(lambda path, fields: fields.get("x-gate") == "open-sesame-1" and (bearer(fields) or not guarded))
    run = run_of(project, things, ONE, "--contract-header=X-Gate=GATE")
    found = {"GET /guarded auth required", "GET /guarded auth wrong"} & run.violations
    assert len(found) == (0 if guarded else 2)
    shown = run.verdicts["GET /guarded auth required"]["evidence"]
    assert guarded or '-H "X-Gate: $GATE"' in shown["curl"]


def test_header_of_the_user_is_not_sent_with_trace(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATE", "open-sesame-1")
    things = house(lambda path, fields: fields.get("x-gate") == "open-sesame-1" and bearer(fields))
    run = run_of(project, things, ONE, "--contract-header=X-Gate=GATE")
    traces = [head for head in things.heads if head.startswith("TRACE ")]
    assert (run.code, len(traces), [head for head in traces if "sesame" in head]) == (0, 1, [])


def test_command_of_a_finding_leaves_out_what_the_request_left_out(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "another-way-in-1")
    run = run_of(project, house(lambda path, fields: True), ONE, "--contract-header=Cookie=MINE")
    assert "Cookie" not in run.verdicts["GET /guarded auth required"]["evidence"]["curl"]


# Statuses


@pytest.mark.parametrize(("statuses", "found"), [(("200",), True), (("200", "403"), False), (("200", "4XX"), False)])
def test_refusal_with_403_has_to_be_documented(statuses: tuple[str, ...], found: bool, project: Project) -> None:
    spec = doors({"guarded": [{"bearer": []}]}, "bearer", statuses=statuses)
    run = run_of(project, house(lambda path, fields: bearer(fields) or 403), spec)
    assert run.violations == ({"GET /guarded status documented"} if found else set())


OPEN: dict[str, Any] = {"none": [], "optional": [{"bearer": []}, {}], "silent": None}


@pytest.mark.parametrize("path", OPEN)
def test_operation_that_needs_no_credential_answers_without_one(path: str, project: Project) -> None:
    spec = doors({path: OPEN[path], "guarded": [{"bearer": []}]}, "bearer")
    refusing = run_of(project, house(lambda target, fields: bearer(fields)), spec)
    assert f"GET /{path} auth not required" in refusing.violations
    kind = run_of(project, house(lambda target, fields: bearer(fields) or "guarded" not in target), spec)
    assert (kind.code, kind.violations) == (0, set())
    assert kind.judged[f"GET /{path} auth not required"][0] == "holds"


# Alternatives


OTHER = "other-key-4711"
EITHER = doors({"door": [{"bearer": []}, {"key": []}]}, "bearer", "key")
BOTH = doors({"door": [{"bearer": [], "key": []}]}, "bearer", "key")
OPTIONAL = doors({"door": [{}, {"bearer": []}], "guarded": [{"bearer": []}]}, "bearer")
ROOT = {**doors({"door": None, "open": []}, "bearer", "key"), "security": [{"bearer": []}]}
GIVEN = "--contract-credential=key=OTHER"


def key(fields: Fields, value: str = OTHER) -> bool:
    return fields.get("x-key") == value


def short(rules: set[str]) -> set[str]:
    return {rule.removeprefix("GET /door auth ") for rule in rules}


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTHER", OTHER)


EITHER_DOORS: list[tuple[Opens, set[str]]] = [
    (lambda path, fields: bearer(fields) or key(fields), set()),
    (lambda path, fields: bearer(fields), {"accepted for key"}),
    (lambda path, fields: bearer(fields) or "x-key" in fields, {"wrong for key", "cut short for key", "empty for key"}),
    (lambda path, fields: bearer(fields) or fields.get("x-key", "").startswith(OTHER), {"appended for key"}),
    (lambda path, fields: True, {"required", "wrong", "wrong for key", "empty for key", "wrong place"}),
]


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(("opens", "found"), EITHER_DOORS, ids=["kept", "not taken", "anything", "longer", "open"])
def test_each_alternative_is_tried(opens: Opens, found: set[str], project: Project) -> None:
    run = run_of(project, house(opens), EITHER, GIVEN)
    assert short(run.violations) >= found
    assert bool(run.violations) == bool(found)
    assert run.judged["GET /door auth accepted for key"][0] == ("violated" if "accepted for key" in found else "holds")


def test_credential_that_is_not_given_for_an_alternative_says_nothing_of_it(project: Project) -> None:
    run = run_of(project, house(lambda path, fields: bearer(fields) or key(fields)), EITHER)
    assert (run.code, run.violations) == (0, set())
    assert run.judged["GET /door auth accepted for key"][0] == "not_exercised"
    assert run.judged["GET /door auth wrong for key"][0] == "holds"
    lax = run_of(project, house(lambda path, fields: bearer(fields) or "x-key" in fields), EITHER)
    assert "wrong for key" in short(lax.violations)


@pytest.mark.usefixtures("other")
def test_the_first_alternative_with_a_credential_is_used(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    things = house(lambda path, fields: key(fields))
    run = run_of(project, things, EITHER, GIVEN)
    assert (run.code, run.violations) == (0, set())
    assert run.judged["GET /door auth accepted"][0] == "holds"


BOTH_DOORS: list[tuple[Opens, set[str]]] = [
    (lambda path, fields: bearer(fields) and key(fields), set()),
    (lambda path, fields: key(fields), {"required for bearer beside key", "wrong for bearer beside key"}),
    (lambda path, fields: bearer(fields), {"required for key beside bearer", "wrong for key beside bearer"}),
    (lambda path, fields: bearer(fields) and "x-key" in fields, {"wrong for key beside bearer"}),
    (lambda path, fields: bearer(fields) and fields.get("x-key", OTHER) == OTHER, {"required for key beside bearer"}),
]


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(
    ("opens", "found"), BOTH_DOORS, ids=["kept", "key alone", "bearer alone", "any key", "key or none"]
)
def test_each_of_two_credentials_is_left_out_and_wrong_alone(opens: Opens, found: set[str], project: Project) -> None:
    assert short(run_of(project, house(opens), BOTH, GIVEN).violations) == found


@pytest.mark.usefixtures("other")
def test_what_another_alternative_allows_is_not_to_be_refused(project: Project) -> None:
    spec = doors({"door": [{"bearer": []}, {"bearer": [], "key": []}]}, "bearer", "key")
    run = run_of(project, house(lambda path, fields: bearer(fields)), spec, GIVEN)
    assert (run.code, run.violations) == (0, set())


OPTIONAL_DOORS: list[tuple[Opens, set[str]]] = [
    (lambda path, fields: "guarded" not in path or bearer(fields), set()),
    (lambda path, fields: ("guarded" not in path and "authorization" not in fields) or bearer(fields), set()),
    (lambda path, fields: "guarded" in path and bearer(fields), {"not required", "accepted for bearer"}),
    (
        lambda path, fields: bearer(fields) if "guarded" in path else "authorization" not in fields,
        {"accepted for bearer"},
    ),
]


@pytest.mark.parametrize(
    ("opens", "found"), OPTIONAL_DOORS, ids=["takes a wrong one", "refuses a wrong one", "closed", "refuses the right"]
)
def test_optional_credential_may_be_there_or_not(opens: Opens, found: set[str], project: Project) -> None:
    assert short(run_of(project, house(opens), OPTIONAL).violations) == found


def test_operation_overrides_what_the_document_asks_for(project: Project) -> None:
    kept = run_of(project, house(lambda path, fields: "/open" in path or bearer(fields)), ROOT)
    assert kept.violations == set()
    assert "GET /open auth required" not in kept.verdicts
    unguarded = run_of(project, house(lambda path, fields: True), ROOT)
    assert "required" in short(unguarded.violations)


PLACES: list[tuple[str, Opens]] = [
    ("key", lambda path, fields: key(fields, CANARY) or "X-Key=canary" in path),
    ("query", lambda path, fields: "token=canary" in path or fields.get("token") == CANARY),
    ("cookie", lambda path, fields: "sid=" in fields.get("cookie", "") or fields.get("sid") == CANARY),
    ("bearer", lambda path, fields: bearer(fields) or fields.get("x-api-key") == CANARY),
]


@pytest.mark.parametrize(("scheme", "opens"), PLACES)
def test_credential_in_another_place_opens_nothing(scheme: str, opens: Opens, project: Project) -> None:
    run = run_of(project, house(opens), doors({"door": [{scheme: []}]}, scheme))
    assert "wrong place" in short(run.violations)


def test_place_of_another_scheme_is_no_wrong_one(project: Project) -> None:
    spec = doors({"door": [{"bearer": []}]}, "bearer")
    spec["components"]["securitySchemes"]["keys"] = {"type": "apiKey", "in": "header", "name": "x-api-key"}
    run = run_of(project, house(lambda path, fields: bearer(fields)), spec)
    assert "GET /door auth wrong place" not in run.verdicts


# What is said


@pytest.mark.usefixtures("other")
def test_second_credential_is_shown_nowhere(project: Project) -> None:
    things = house(lambda path, fields: bearer(fields))
    things.fields = (f"X-Debug: {OTHER}",)
    run = run_of(project, things, BOTH, GIVEN, *LOUD)
    assert leaks(run, OTHER) == leaks(run) == set()
    wrong = run.verdicts["GET /door auth wrong for key beside bearer"]["evidence"]["curl"]
    assert '-H "Authorization: Bearer $CONTRACT_CREDENTIAL" -H' in wrong
    assert "X-Key: 0000" in wrong
    missing = run.verdicts["GET /door auth required for key beside bearer"]["evidence"]["curl"]
    assert ("$CONTRACT_CREDENTIAL" in missing, "X-Key" in missing) == (True, False)


@pytest.mark.usefixtures("other")
def test_command_has_each_credential_in_its_own_variable(project: Project) -> None:
    run = run_of(project, house(lambda path, fields: 500), BOTH, GIVEN)
    shown = run.verdicts["GET /door status documented"]["evidence"]["curl"]
    assert '"Authorization: Bearer $CONTRACT_CREDENTIAL"' in shown
    assert '"X-Key: $OTHER"' in shown


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("nobody=OTHER", "the document has no security scheme nobody; it has bearer, key"),
        ("key=UNSET_1", "the environment has no UNSET_1; set it, or leave the option out"),
        ("key", "--contract-credential key is not NAME=ENVVAR; give a security scheme's name"),
    ],
)
def test_credential_that_cannot_be_used(option: str, said: str, project: Project, other: None) -> None:
    project.write(BOTH)
    run = project.run("-q", "--base-url", "http://127.0.0.1:9", f"--contract-credential={option}")
    assert run.code == 4
    assert said in run.out + run.err


def test_one_credential_for_two_schemes_is_said(project: Project) -> None:
    run = run_of(project, house(lambda path, fields: bearer(fields) and key(fields)), BOTH)
    said = "GET /door wants bearer and key together, and CONTRACT_CREDENTIAL is sent for both"
    assert any(said in note for note in run.report["notes"])
    assert run.code == 3


def test_certificate_that_no_run_has_is_said(project: Project) -> None:
    spec = doors({"door": [{"tls": []}], "guarded": [{"bearer": []}]}, "bearer")
    spec["components"]["securitySchemes"]["tls"] = {"type": "mutualTLS"}
    run = run_of(project, house(lambda path, fields: bearer(fields) or "door" in path), spec)
    assert (run.code, run.violations) == (0, set())
    assert any("GET /door wants a client's certificate" in note for note in run.report["notes"])


# Some of several

SHARED = doors({"mine": [{"key": []}], "theirs": [{"bearer": []}], "open": []}, "bearer", "key")


def test_operation_without_its_credential_is_told_and_not_failed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    monkeypatch.setenv("CONTRACT_CREDENTIAL_KEY", OTHER)
    things = house(lambda path, fields: "/open" in path or ("/mine" in path and key(fields)))
    run = run_of(project, things, SHARED)
    assert (run.code, run.violations) == (0, set())
    assert not [line for line in things.lines if "/theirs" in line]
    assert {v["outcome"] for rule, v in run.verdicts.items() if "/theirs" in rule} == {"not_asked"}
    lack = "CONTRACT_CREDENTIAL_BEARER (scheme bearer: bearer)"
    assert run.verdicts["GET /theirs auth accepted"]["why"] == f"the run has no credential for it; set {lack}"
    said = f"GET /theirs is not asked: it wants a credential that the run does not have; set {lack}"
    assert run.report["notes"] == [said]
    assert run.verdicts["GET /mine auth accepted"]["outcome"] == "holds"


NOTTES = "of-notte-a+b/9x"
SHOWS = """
import os
from contracts.testing import test_rule

def test_own():
    print("own:", os.environ["NOTTE_API_KEY"])
"""


@pytest.mark.parametrize("name", ["CONTRACT_CREDENTIAL", "CONTRACT_CREDENTIAL_KEY", ""])
def test_credential_of_notte_is_sent_to_nobody_else(
    name: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    monkeypatch.setenv("NOTTE_API_KEY", NOTTES)
    wanted: list[Any] = [{"key": []}, {"bearer": []}]
    spec = doors({"mine": wanted, "open": []}, "bearer", "key")
    if name:
        monkeypatch.setenv(name, CANARY)
    else:
        spec = doors({"open": [], "either": [{"bearer": []}, {}]}, "bearer")
    things = house(lambda path, fields: True)
    project.write(spec, module=SHOWS)
    loud = [word for word in LOUD if word != "--full-trace"]  # of a dozen failures, each of which takes a second
    run = project.run("--base-url", project.serve(things), *loud)
    assert (run.code in (0, 1), "own: $NOTTE_API_KEY" in run.out) == (True, True)
    sent = "\n".join(things.heads).lower()
    assert ("/open" in sent, CANARY in sent) == (True, bool(name))
    assert not [form for form in forms(NOTTES) if form.lower() in sent]
    assert leaks(run, NOTTES) == set()


def test_run_that_has_the_credential_of_notte_alone_is_refused(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    monkeypatch.setenv("NOTTE_API_KEY", NOTTES)
    things = house(lambda path, fields: True)
    run = run_of(project, things, SHARED)
    assert (run.code, things.heads) == (4, [])
    assert "CONTRACT_CREDENTIAL is not set (NOTTE_API_KEY is, but is used for Notte's own document alone" in run.err
    assert "set CONTRACT_CREDENTIAL_KEY (scheme key: API key, header X-Key), or CONTRACT_CREDENTIAL for all" in run.err


def test_run_that_has_no_credential_for_anything_is_inconclusive(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CONTRACT_CREDENTIAL")
    monkeypatch.setenv("CONTRACT_CREDENTIAL_KEY", OTHER)
    spec = doors({"theirs": [{"bearer": []}]}, "bearer", "key")
    run = run_of(project, house(lambda path, fields: True), spec)
    assert run.code == 3
    assert "set CONTRACT_CREDENTIAL_BEARER (scheme bearer: bearer)" in run.lines[-1]
