"""A credential that expires while the run is under way is no violation."""

import pytest

from contracts.messages import Exchange, Probe, Request, Response
from contracts.rules import rules_for
from contracts.run.credentials import judged
from contracts.verdicts import Judging, judge_all
from tests.exchanges.test_health import SPEC
from tests.service.ordinary import FASTAPI, reads

from .projects import CANARY, ENUM, Project, Things, answer, document, operation

REFUSAL = answer(401, b"", "WWW-Authenticate: Bearer")
WORDS = "the credential was taken at first and then refused on every request; has it expired?"
CURE = "set CONTRACT_CREDENTIAL to one that this service knows"
ACCEPTED = "GET /things/{thing_id} auth accepted"


def expiring(after: int, thing: object = None) -> Things:
    thing = {"status": "active"} if thing is None else thing
    return Things(thing=thing, instead=lambda number: REFUSAL if number > after else None)


@pytest.mark.parametrize("after", [2, 4, 12, 30])
def test_credential_that_expires_leaves_no_verdict(after: int, project: Project) -> None:
    run = project.ask(expiring(after), "-rs")
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert f"{WORDS} (while GET /things/{{thing_id}} was asked)" in run.lines[-1]
    assert run.counted("failed") == 0


@pytest.mark.parametrize("after", [1, 8, 30])
def test_credential_expires_where_the_router_answers_before_it_is_looked_at(after: int, project: Project) -> None:
    project.write(reads(FASTAPI.document(), "/products/{sku}"))
    with FASTAPI.serving(CANARY, after) as base_url:
        run = project.run("-q", "--base-url", base_url, "--contract-param=sku=pen")
    assert (run.code, run.report["decision"], run.violations) == (3, "inconclusive", set())
    assert f" on {base_url}: {WORDS}" in run.lines[-1]


def test_credential_expires_while_wrong_ones_are_tried(project: Project) -> None:
    things = Things()
    things.instead = lambda number: REFUSAL if any("Authorization: bearer " in head for head in things.heads) else None
    run = project.ask(things)
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert WORDS in run.lines[-1]


def test_a_scheme_in_lower_case_that_alone_is_refused_is_no_expiry(project: Project) -> None:
    things = Things()
    things.instead = lambda number: REFUSAL if "Authorization: bearer " in things.heads[-1] else None
    run = project.ask(things)
    assert (run.code, run.violated) == (0, {"GET /things/{thing_id} auth scheme case"})


def test_violation_seen_before_it_expired_fails(project: Project) -> None:
    run = project.ask(expiring(12, {"status": "paused"}))
    assert (run.code, run.violated) == (1, {ENUM})
    assert "has it expired?" in run.lines[-1]


def test_nothing_holds_that_was_not_seen(project: Project) -> None:
    run = project.ask(expiring(4))
    assert run.verdicts["GET /things/{thing_id} auth wrong"]["outcome"] == "not_exercised"
    assert run.verdicts[ENUM]["exercised"] == 4


def test_requests_that_should_not_be_refused_are_a_violation(project: Project) -> None:
    def refuses_some(number: int) -> bytes | None:
        return None if things.lines[-1] in ("GET /things/a1", "GET /things/b2") else REFUSAL

    things = Things(instead=refuses_some)
    run = project.ask(things)
    assert (run.code, ACCEPTED in run.violated) == (1, True)


def test_what_came_after_it_had_expired_says_nothing_although_it_is_judged() -> None:
    probe, book = Probe("GET /secured", Request("GET", "/secured"), source="given"), rules_for(SPEC)
    exchanges = [Exchange(number, probe, Response(status)) for number, status in enumerate((200, 401, 401))]
    judging = Judging(book.operations[probe.operation])
    judge_all(judging.rules, exchanges, judging)
    found, alone = (judged(book, SPEC.by_key[probe.operation], exchanges, begun) for begun in (judging, None))
    assert found == alone
    assert max(verdict.exercised for verdict in found) == 1


def test_credential_that_expires_between_two_operations(project: Project) -> None:
    other = document(other_id := "other_id")["paths"][f"/things/{{{other_id}}}"]
    both = document()
    both["paths"]["/others/{other_id}"] = {**other, "get": operation("get_other")}
    project.write(both)
    things = Things()
    things.instead = lambda number: REFUSAL if "/others/" in things.lines[-1] else None
    run = project.ask(things, "--contract-param=other_id=a1")
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert "GET /others/{other_id}: the credential was refused on every request" in run.lines[-1]


def test_an_operation_that_odd_paths_alone_reach_says_nothing_with_a_wrong_key(project: Project) -> None:
    other = document("other_id")["paths"]["/things/{other_id}"]
    both = document()
    both["paths"]["/others/{other_id}"] = {**other, "get": operation("get_other")}
    project.write(both)
    things = Things(key="another")
    things.instead = lambda number: answer(400) if "/others/" in things.lines[-1] else None
    run = project.ask(things, "--contract-strict")
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert run.report["reasons"][0].startswith("the credential was refused on every request")


@pytest.mark.parametrize("odd", [301, 404, 405, 414, 422])
def test_wrong_key_is_known_although_odd_paths_are_answered(odd: int, project: Project) -> None:
    things = Things(key="another")
    things.instead = lambda number: answer(odd) if "%" in things.lines[-1] else None
    run = project.ask(things)
    assert (run.code, run.report["decision"], run.violated) == (3, "inconclusive", set())
    assert run.report["reasons"] == ["the credential was refused on every request; " + CURE]


def test_right_key_that_may_not_do_it_is_not_called_a_wrong_one(project: Project) -> None:
    things = Things()
    right = f"authorization: bearer {things.key}".lower()
    forbidden = answer(403, b"{}", "Content-Type: application/json")
    things.instead = lambda number: forbidden if right in things.heads[-1].lower().split("\r\n") else None
    run = project.ask(things)
    assert (run.code, run.report["decision"]) == (3, "inconclusive")
    assert run.report["reasons"][0].startswith("every request had 403, where a wrong credential has 401; give CONTR")
