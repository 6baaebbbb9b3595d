"""Whether the API is at the base URL: the decision over counted facts, and when two answers say the same."""

import pytest

from contracts.exchanges.health import Bearings, counted, is_elsewhere, may_be_foreign, nothing_there
from contracts.messages import Credential, Exchange, Failure, FailureKind, Headers, Probe, Request, Response

BASE = "http://api.example:8000/api/v9"
JSON, HTML, TEXT = "application/json", "text/html; charset=utf-8", "text/plain"


def exchange(
    status: int | FailureKind,
    body: str = "",
    media: str | None = JSON,
    *,
    path: str = "/orders/1",
    location: str | None = None,
    credential: Credential = Credential.RIGHT,
    operation: str = "GET /orders/{id}",
) -> Exchange:
    probe = Probe(operation, Request("GET", path), credential=credential)
    if isinstance(status, FailureKind):
        return Exchange(0, probe, failure=Failure(status, ""))
    fields = {"Content-Type": media, "Location": location}
    headers: Headers = tuple((name, value) for name, value in fields.items() if value is not None)
    return Exchange(0, probe, response=Response(status, headers, body.encode()))


# The decision


@pytest.mark.parametrize(
    ("found", "elsewhere"),
    [
        pytest.param(Bearings(), False, id="nothing answered"),
        pytest.param(Bearings(alike=10), True, id="as a made-up path, and not as documented"),
        pytest.param(Bearings(alike=10, other=1), False, id="one otherwise"),
        pytest.param(Bearings(other=10), False, id="all otherwise"),
        pytest.param(Bearings(alike=10, kept=9), True, id="some not as documented"),
        pytest.param(Bearings(alike=10, kept=10), False, id="a documented 404: values that nobody knows"),
        pytest.param(Bearings(alike=10, kept=10, other=1), False, id="and one otherwise"),
        pytest.param(Bearings(alike=10, kept=10, fixed=True), True, id="where no value can be unknown"),
        pytest.param(Bearings(alike=10, kept=10, unguarded=True), True, id="without credential as well"),
        pytest.param(Bearings(alike=10, kept=10, at_home=False), True, id="under a prefix of none of its servers"),
    ],
)
def test_where_nothing_of_the_api_is(found: Bearings, elsewhere: bool) -> None:
    assert is_elsewhere(found) == elsewhere


# What is counted

NOT_FOUND = '{"detail": "Not Found"}'
MADE_UP = exchange(404, NOT_FOUND, path="/nowhere")


@pytest.mark.parametrize(
    ("answer", "keeps", "found"),
    [
        pytest.param(exchange(404, NOT_FOUND), False, Bearings(alike=1), id="the same"),
        pytest.param(exchange(404, NOT_FOUND), True, Bearings(alike=1, kept=1), id="the same, as documented"),
        pytest.param(
            exchange(404, NOT_FOUND, operation="GET /orders"), False, Bearings(alike=1, fixed=True), id="no parameter"
        ),
        pytest.param(
            exchange(404, NOT_FOUND, credential=Credential.NONE),
            False,
            Bearings(alike=1, unguarded=True),
            id="without credential",
        ),
        pytest.param(exchange(404, '{"detail": "No such order"}'), True, Bearings(other=1), id="a 404 of its own"),
        pytest.param(exchange(422, "{}"), False, Bearings(other=1), id="it validates"),
        pytest.param(exchange(401, "{}", credential=Credential.NONE), False, Bearings(other=1), id="it asks for a key"),
        pytest.param(exchange(400, "Bad Request", TEXT), False, Bearings(), id="an odd request refused"),
        pytest.param(exchange(400, "{}"), True, Bearings(other=1), id="400 as documented"),
        pytest.param(exchange(307, location="/api/v9/orders"), False, Bearings(), id="a slash redirected"),
        pytest.param(exchange(302, location="/api/v9/orders/1"), False, Bearings(other=1), id="a loop"),
        pytest.param(exchange(503), False, Bearings(), id="unavailable"),
        pytest.param(exchange(FailureKind.TIMED_OUT), False, Bearings(), id="no answer"),
    ],
)
def test_what_counts(answer: Exchange, keeps: bool, found: Bearings) -> None:
    assert counted(Bearings(), answer, MADE_UP, BASE, keeps) == found


def test_somebody_who_asks_everybody_for_a_credential_says_nothing_of_where_he_is() -> None:
    here, there = (exchange(401, "{}", path=path, credential=Credential.NONE) for path in ("/orders/1", "/nowhere"))
    assert counted(Bearings(), here, there, BASE, False) == Bearings()


def test_a_made_up_path_without_an_answer_tells_nothing() -> None:
    lost = exchange(FailureKind.RESET, path="/nowhere")
    assert not is_elsewhere(counted(Bearings(alike=9), exchange(404), lost, BASE, False))


@pytest.mark.parametrize(
    ("status", "keeps", "foreign"),
    [
        *((status, keeps, True) for status in (301, 307, 400, 404, 405, 410, 422, 501) for keeps in (True, False)),
        (200, False, False),
        *((status, False, False) for status in (401, 403, 500, 503)),
        (FailureKind.BAD_FRAMING, False, False),
    ],
)
def test_what_another_place_may_have_said(status: int | FailureKind, keeps: bool, foreign: bool) -> None:
    assert may_be_foreign(exchange(status), keeps=keeps) == foreign


@pytest.mark.parametrize(("media", "foreign"), [(HTML, True), (TEXT, True), (JSON, False), (None, False)])
def test_a_success_is_foreign_if_it_is_a_page(media: str | None, foreign: bool) -> None:
    page = exchange(200, "", media)
    assert [may_be_foreign(page, keeps=keeps) for keeps in (False, True)] == [foreign, False]


# When two answers say the same


def says_the_same(here: Exchange, there: Exchange) -> bool:
    return counted(Bearings(), here, there, BASE, False).alike == 1


SPRING = '{{"timestamp":"2026-11-28T21:57:{}.123+00:00","status":404,"error":"Not Found","path":"{}"}}'
KONG = '{{"message":"no Route matched with those values","request_id":"{}"}}'
EXPRESS = "<!DOCTYPE html><html><head><title>Error</title></head><body><pre>Cannot GET {}</pre></body></html>"
GO = "404 page not found\n"


@pytest.mark.parametrize(
    ("status", "media", "here", "there"),
    [
        pytest.param(404, JSON, NOT_FOUND, NOT_FOUND, id="FastAPI"),
        pytest.param(404, HTML, EXPRESS.format("/api/v9/orders/1"), EXPRESS.format("/api/v9/nowhere"), id="Express"),
        pytest.param(
            404, JSON, SPRING.format("03", "/api/v9/orders/1"), SPRING.format("04", "/api/v9/nowhere"), id="Spring"
        ),
        pytest.param(404, JSON, KONG.format("ab3451fe9c"), KONG.format("0de77d33aa"), id="an id of the request"),
        pytest.param(404, TEXT, "No route for orders of you", "No route for nowhere of you", id="a segment"),
        pytest.param(404, TEXT, "nothing at http://h/a?b=1", "nothing at http://h/nowhere", id="a URL"),
        pytest.param(404, TEXT, GO, GO, id="Go"),
        pytest.param(404, None, "", "", id="empty"),
        pytest.param(405, JSON, '{"detail":"Method Not Allowed"}', '{"detail":"Method Not Allowed"}', id="405"),
        pytest.param(200, HTML, "<title>My shop</title> 12:01:03", "<title>My shop</title> 12:01:04", id="one page"),
    ],
)
def test_echoes_are_no_difference(status: int, media: str | None, here: str, there: str) -> None:
    first, second = exchange(status, here, media), exchange(status, there, media, path="/nowhere")
    assert says_the_same(first, second)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        pytest.param(exchange(404, NOT_FOUND), exchange(405, NOT_FOUND), id="another status"),
        pytest.param(exchange(404, NOT_FOUND), exchange(404, NOT_FOUND, TEXT), id="another type"),
        pytest.param(exchange(404, NOT_FOUND), exchange(404, '{"detail": "Order not found"}'), id="other words"),
        pytest.param(exchange(404, '{"code":"E1001"}'), exchange(404, '{"code":"E1002"}'), id="another code"),
        pytest.param(exchange(404, '{"code":1001}'), exchange(404, '{"code":1002}'), id="another number"),
        pytest.param(exchange(404, NOT_FOUND), exchange(404), id="nothing"),
        pytest.param(exchange(404, "<title>a</title>", HTML), exchange(404, "<title>b</title>", HTML), id="a title"),
        pytest.param(exchange(302, location="http://a"), exchange(302, location="http://b"), id="another place"),
    ],
)
def test_what_else_is_another_answer(here: Exchange, there: Exchange) -> None:
    assert not says_the_same(here, there)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        pytest.param("https://api.example/api/v9/orders/1", "https://api.example/api/v9/nowhere", id="to https"),
        pytest.param("/login?next=/orders/1", "/login?next=/nowhere", id="to a login"),
        pytest.param("//sso.example/?a=1", "https://sso.example/?a=2".replace("https", "http"), id="to another host"),
        pytest.param("http://[", "http://[", id="to nowhere"),
    ],
)
def test_redirects_to_one_origin_are_the_same(here: str, there: str) -> None:
    first, second = exchange(302, location=here), exchange(302, location=there, path="/nowhere")
    assert says_the_same(first, second)


def test_a_redirect_of_each_request_to_itself_leads_nowhere_else() -> None:
    first, second = exchange(302, location="/api/v9/orders/1"), exchange(302, location="/nowhere", path="/nowhere")
    assert not says_the_same(first, second)


# What is said


@pytest.mark.parametrize(
    ("made_up", "servers", "said"),
    [
        pytest.param(MADE_UP, (), "every path has the same 404 (application/json)", id="404"),
        pytest.param(exchange(404, "", None), (), "every path has the same 404 (no media type)", id="bare"),
        pytest.param(MADE_UP, ("https://h/v1", "/v1/"), "; the document's servers say /v1", id="a server"),
        pytest.param(MADE_UP, ("https://h", "/v1"), "; the document's servers say /, /v1", id="servers"),
        pytest.param(MADE_UP, ("https://h/api/v9",), "every path has the same 404", id="the same prefix"),
        pytest.param(
            exchange(301, location="https://u:p@api.example/x"),
            (),
            "every path is redirected (301) to https://api.example",
            id="another origin",
        ),
        pytest.param(
            exchange(302, location="/login?next=a"),
            (),
            "every path is redirected (302) to http://api.example:8000/login",
            id="a login",
        ),
    ],
)
def test_the_sentence(made_up: Exchange, servers: tuple[str, ...], said: str) -> None:
    sentence = nothing_there(servers, BASE, made_up)
    assert sentence.startswith(f"nothing of this API is at {BASE}: is the prefix right? every path ")
    assert said in sentence
    assert ("servers" in sentence) == ("servers" in said)
