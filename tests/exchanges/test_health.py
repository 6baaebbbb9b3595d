"""Exchanges that say nothing about the contract, and the places at which asking stops."""

from dataclasses import replace

import pytest

from contracts.exchanges.health import (
    LOSSES,
    PATIENCE,
    SILENCE,
    Stop,
    StopKind,
    blocked,
    expired_from,
    for_good,
    refused_at_last,
    until_stop,
    weight,
)
from contracts.messages import Credential, Exchange, Failure, FailureKind, Probe, Request, Response, is_unavailable
from tests.exchanges.documents import SCHEMES, spec_of

OPERATION = {"responses": {"200": {"description": ""}}}
SPEC = spec_of(
    {
        "/secured": {"get": {**OPERATION, "security": [{"bearer": []}]}},
        "/too": {"get": {**OPERATION, "security": [{"basic": []}, {"bearer": []}]}},
        "/optional": {"get": {**OPERATION, "security": [{"bearer": []}, {}]}},
        "/public": {"get": OPERATION},
    },
    components={"securitySchemes": SCHEMES},
)
KEY = "GET /secured"


def exchange(
    answer: int | FailureKind,
    path: str = "/secured",
    credential: Credential = Credential.RIGHT,
    source: str = "given",
    number: int = 9,
) -> Exchange:
    probe = Probe(f"GET {path.partition('?')[0]}", Request("GET", path), source=source, credential=credential)
    if isinstance(answer, FailureKind):
        return Exchange(number, probe, failure=Failure(answer, "why"))
    return Exchange(number, probe, response=Response(answer, body=b"12345"))


def numbered(outcomes: list[int | FailureKind]) -> list[Exchange]:
    return [exchange(outcome, number=number) for number, outcome in enumerate(outcomes)]


REFUSED, TIMED_OUT, TLS, RESET = FailureKind.REFUSED, FailureKind.TIMED_OUT, FailureKind.TLS, FailureKind.RESET


# One exchange


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_breaks_the_contract_or_says_nothing_of_it(kind: FailureKind) -> None:
    broken = {FailureKind.TRUNCATED, FailureKind.BAD_FRAMING, FailureKind.BAD_ENCODING}
    assert is_unavailable(exchange(kind)) == (kind not in broken | {FailureKind.UNJUDGED})


@pytest.mark.parametrize(
    ("status", "source", "unavailable"),
    [
        pytest.param(429, "given", True, id="too many requests"),
        pytest.param(502, "given", True, id="bad gateway"),
        pytest.param(503, "given", True, id="unavailable"),
        pytest.param(504, "given", True, id="gateway timeout"),
        pytest.param(529, "given", True, id="overloaded"),
        pytest.param(500, "given", False, id="a crash"),
        pytest.param(501, "given", False, id="not implemented"),
        pytest.param(503, "status", False, id="a mock that was told to"),
    ],
)
def test_unavailable_answers(status: int, source: str, unavailable: bool) -> None:
    assert is_unavailable(exchange(status, source=source)) == unavailable


# All of them

OTHER = "/secured?other"
REFUSED_ALL = "the credential was refused on every request; set CONTRACT_CREDENTIAL to one"
ODD = (301, 307, 400, 404, 405, 414, 422, 431)


def refused(status: int, path: str = "/secured") -> list[Exchange]:
    """How wrong credentials were answered."""
    forms = (Credential.NONE, Credential.WRONG)
    return [exchange(status, path, credential=form, source="auth") for form in forms]


@pytest.mark.parametrize(
    ("exchanges", "reason"),
    [
        pytest.param([], None, id="nothing asked"),
        pytest.param([exchange(REFUSED)], "no request was answered (refused: why); is the service up", id="down"),
        pytest.param([exchange(TIMED_OUT), exchange(RESET)], "no request was answered (timed out: why)", id="silent"),
        pytest.param([exchange(FailureKind.TRUNCATED)], None, id="truncated is an answer"),
        pytest.param(
            [exchange(503), exchange(REFUSED)], "the service was unavailable on every request", id="overloaded"
        ),
        pytest.param([exchange(503), exchange(200)], None, id="overloaded once"),
        pytest.param([exchange(401)], "the credential was refused on every request", id="401"),
        pytest.param([exchange(403), exchange(401)], "the credential was refused on every request", id="401 and 403"),
        pytest.param([exchange(401), exchange(400)], "the credential was refused on every request", id="400 before"),
        pytest.param([exchange(401), exchange(503)], "the credential was refused", id="401 where available"),
        pytest.param([exchange(400)], None, id="400 alone"),
        *(pytest.param([exchange(401), exchange(odd)], REFUSED_ALL, id=f"{odd} before") for odd in ODD),
        pytest.param([exchange(401), exchange(409)], None, id="409 says that it was taken"),
        pytest.param([exchange(401), exchange(500)], None, id="a crash, of the service"),
        pytest.param([exchange(401), exchange(500, source="edge")], REFUSED_ALL, id="a crash, of what is before"),
        pytest.param([exchange(401), exchange(404), *refused(401)], REFUSED_ALL, id="404, and a wrong one refused"),
        pytest.param([exchange(403), exchange(404, OTHER), *refused(401, OTHER)], None, id="404 where wrong ones: 401"),
        pytest.param([exchange(403), exchange(404), *refused(403, OTHER)], REFUSED_ALL, id="403 for wrong ones too"),
        pytest.param([exchange(401), exchange(404, "/too"), *refused(401, "/too?a")], None, id="taken by an operation"),
        pytest.param([exchange(401), exchange(200, "/public")], REFUSED_ALL, id="200 where none is asked for"),
        pytest.param([exchange(401), exchange(200, "/optional")], REFUSED_ALL, id="200 where none is needed"),
        pytest.param([exchange(403), *refused(401)], "every request had 403, where a wrong", id="no rights"),
        pytest.param([exchange(403), exchange(422), *refused(401)], None, id="rights for some of it"),
        pytest.param([exchange(401, "/public")], None, id="401 where no credential is asked for"),
        pytest.param([exchange(401, credential=Credential.WRONG)], None, id="the wrong one refused"),
        pytest.param([exchange(401, credential=Credential.NONE), exchange(200)], None, id="none refused"),
        pytest.param([exchange(401, source="status")], None, id="a mock that was told to"),
    ],
)
def test_what_says_nothing_about_the_contract(exchanges: list[Exchange], reason: str | None) -> None:
    found = blocked(SPEC, exchanges)
    assert found is None if reason is None else str(found).startswith(reason)


@pytest.mark.parametrize(
    ("exchanges", "expired", "at_last"),
    [
        pytest.param([], None, False, id="nothing asked"),
        pytest.param([exchange(200)], None, False, id="taken"),
        pytest.param([exchange(200), exchange(401)], 1, True, id="refused where it was taken"),
        pytest.param([exchange(200), exchange(401, OTHER)], None, True, id="refused elsewhere"),
        pytest.param([exchange(200), exchange(401, OTHER), exchange(401)], 1, True, id="then elsewhere too"),
        pytest.param([exchange(200), exchange(401), exchange(200, OTHER)], None, False, id="taken again"),
        pytest.param([exchange(404), exchange(401, OTHER)], None, True, id="never taken"),
        pytest.param([exchange(404), exchange(401)], 1, True, id="refused where a resource was not there"),
        pytest.param([exchange(401), exchange(404)], None, True, id="404 comes last"),
        pytest.param([exchange(200), exchange(401), exchange(404, OTHER)], 1, True, id="an odd path comes last"),
        pytest.param(
            [exchange(200), exchange(404, OTHER), exchange(401), exchange(307, OTHER), exchange(401)],
            2,
            True,
            id="odd paths come between",
        ),
        pytest.param([exchange(404), exchange(401), exchange(404)], None, True, id="a resource comes and goes"),
        pytest.param(
            [exchange(200), exchange(401), exchange(400), exchange(503)], 1, True, id="and what tells nothing"
        ),
        pytest.param([exchange(200), exchange(403)], None, False, id="403 may be about the resource"),
        pytest.param([exchange(200), exchange(401, credential=Credential.WRONG)], None, False, id="a wrong one"),
    ],
)
def test_a_credential_that_expired(exchanges: list[Exchange], expired: int | None, at_last: bool) -> None:
    assert (expired_from(SPEC, exchanges), refused_at_last(SPEC, exchanges)) == (expired, at_last)


# Where asking stops


@pytest.mark.parametrize(
    ("outcomes", "kept", "kind"),
    [
        pytest.param([REFUSED, TLS, *[REFUSED] * 9], PATIENCE, StopKind.ABSENT, id="nobody there"),
        pytest.param([TLS, TIMED_OUT, REFUSED, 200], PATIENCE, StopKind.UNANSWERED, id="nobody answers"),
        pytest.param(
            [REFUSED, REFUSED, 200, *[REFUSED] * 9], 3 + SILENCE, StopKind.SILENT, id="somebody there at last"
        ),
        pytest.param([200, *[REFUSED] * 9], 1 + SILENCE, StopKind.SILENT, id="gone later"),
        pytest.param([RESET, *[REFUSED] * 9], 1 + SILENCE, StopKind.UNANSWERED, id="gone before an answer"),
        pytest.param([200, *[TIMED_OUT, 200] * 9], 19, None, id="one hang at a time"),
        pytest.param([200, *[TIMED_OUT] * (SILENCE - 1)], SILENCE, None, id="a few"),
        pytest.param([RESET] * 9, 9, None, id="somebody there who says nothing"),
        pytest.param([200, *[RESET, 503, 429] * 9], 1 + LOSSES, StopKind.SILENT, id="somebody there who is lost"),
        pytest.param([RESET, 503, 429] * 9, LOSSES, StopKind.UNANSWERED, id="lost from the first on"),
        pytest.param([*[200] * 15, *[REFUSED] * 9], 15 + SILENCE, StopKind.SILENT, id="gone much later"),
        pytest.param([*[RESET, 503] * 9, 200, *[503] * 9], 28, None, id="somebody there who recovers"),
        pytest.param([REFUSED], 1, None, id="few"),
    ],
)
def test_asking_stops_where_nobody_is(outcomes: list[int | FailureKind], kept: int, kind: StopKind | None) -> None:
    *exchanges, last = [*until_stop(numbered(outcomes))]
    stop = last if isinstance(last, Stop) else None
    assert (len(exchanges) + (stop is None), stop and stop.kind) == (kept, kind)


def test_others_were_answered_where_somebody_is_absent_later() -> None:
    *_, stop = until_stop([exchange(REFUSED, number=number) for number in (7, 8, 9)])
    assert stop == Stop(KEY, StopKind.UNANSWERED, f"no request of {KEY} was answered")


def test_a_stop_says_why() -> None:
    *_, stop = until_stop(numbered([200, *[REFUSED] * SILENCE]))
    assert stop == Stop(KEY, StopKind.SILENT, f"the service stopped answering while {KEY} was asked, at GET /secured")


def test_where_it_stopped_is_the_first_request_that_had_no_answer() -> None:
    sent = [exchange(200, "/a"), exchange(REFUSED, "/b"), exchange(200, "/c"), exchange(RESET, "/d")]
    *_, stop = until_stop([*sent, *[exchange(REFUSED, "/e")] * LOSSES])
    assert isinstance(stop, Stop)
    assert stop.why.endswith(", at GET /d")


def lost_of(outcome: int | FailureKind) -> FailureKind | None:
    return outcome if isinstance(outcome, FailureKind) else None


def stopped_for_good(*outcomes: int | FailureKind, kind: StopKind = StopKind.UNANSWERED) -> Stop:
    silent = Stop("GET /a", StopKind.SILENT, "it stopped")
    return for_good(Stop(KEY, kind, "no request"), [lost_of(outcome) for outcome in outcomes], [silent])


def test_nobody_is_waited_for_who_takes_no_request_of_one_operation_after_another() -> None:
    stop = stopped_for_good(200, *[REFUSED] * LOSSES)
    assert stop == Stop(KEY, StopKind.ABSENT, "it stopped, and answered nothing since")
    assert stopped_for_good(200, *[TIMED_OUT, REFUSED, TIMED_OUT] * 3) == stop


def test_a_service_that_never_answers_is_not_waited_for_at_every_operation() -> None:
    stop = for_good(Stop(KEY, StopKind.UNANSWERED, "no request"), [TIMED_OUT] * 9, [])
    assert stop == Stop(KEY, StopKind.ABSENT, "the service answered none of 9 requests in a row")


@pytest.mark.parametrize(
    ("outcomes", "kind"),
    [
        ([200, *[REFUSED] * (LOSSES - 1)], StopKind.UNANSWERED),
        ([*[REFUSED] * LOSSES, 200, REFUSED, REFUSED, REFUSED], StopKind.UNANSWERED),
        ([200, *[TIMED_OUT] * 8], StopKind.UNANSWERED),
        ([REFUSED] * 12, StopKind.UNANSWERED),
        ([*[REFUSED] * LOSSES, RESET], StopKind.UNANSWERED),
        ([REFUSED] * LOSSES, StopKind.SILENT),
    ],
    ids=["not yet", "came back", "slow", "a short run", "somebody there", "just gone"],
)
def test_somebody_may_be_there_again(outcomes: list[int | FailureKind], kind: StopKind) -> None:
    assert stopped_for_good(*outcomes, kind=kind).kind is kind


def test_heads_and_requests_weigh_as_bodies_do() -> None:
    plain = exchange(200)
    sent = replace(plain.probe.request, target="/" + "a" * 1000, headers=(("A", "b" * 99),), body=b"c" * 10_000)
    assert plain.response is not None
    came = replace(plain.response, headers=(("D" * 50, "e" * 50),) * 1000, body=b"f" * 20_000)
    heavy = replace(plain, probe=replace(plain.probe, request=sent), response=came)
    assert weight(heavy) == 1001 + 100 + 10_000 + 100_000 + 20_000


def test_asking_stops_where_answers_are_too_large_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.exchanges.health.MOST_KEPT", 2 * weight(exchange(200)))
    *exchanges, stop = until_stop(numbered([200] * 9))
    assert stop == Stop(KEY, StopKind.TOO_LARGE, f"the answers of {KEY} are too large to be kept")
    assert len(exchanges) == 3
