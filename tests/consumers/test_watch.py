"""Exchanges that others made: answers judged, requests held to the document, no credential on disk."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from contracts.consumers.bare import bare
from contracts.consumers.watch import Watch, watch_of
from contracts.decision.run_decision import Policy, pending, read_accepted
from contracts.document import load_spec
from contracts.document.security import IN_MEMBERS, MEMBERS
from contracts.errors import UsageError
from contracts.exchanges import Ledger
from contracts.exchanges.credential import Scrubber
from contracts.exchanges.secret_urls import Capabilities
from contracts.exchanges.traffic import traffic_of
from contracts.messages import Failure, FailureKind, Request, Response
from contracts.report.json_report import read_run
from contracts.run.options import Options
from tests.commands.conftest import Run
from tests.consumers.shop import (
    BASE_URL,
    JSON,
    KEY,
    SHOWN,
    get,
    order,
    orders,
    post,
    shop,
    violated,
    written,
)
from tests.documents import spec_from

ALLOWED, KNOWN = "request allowed", "operation documented"
MADE = Response(201, JSON, b'{"id": "o1"}')
DOWN = Failure(FailureKind.REFUSED, "nobody listens")


def test_what_is_as_it_should_be_passes(watch: Watch) -> None:
    assert watch.take(get("/orders?limit=3"), orders({"id": "o1"})) == ""
    assert watch.take(post({"n": 1}), MADE) == ""
    assert watch.conclude() == "pass"
    assert watch.state.told is not None
    assert watch.state.told.target == BASE_URL


def test_a_broken_answer_is_the_service_s(watch: Watch) -> None:
    watch.take(get(), orders({"id": 7}))
    assert watch.conclude() == "fail"
    assert violated(watch) == {"GET /orders 200 /*/id type": "7, of type integer"}


FORBIDDEN = {
    "a parameter": (
        get("/orders?limit=11"),
        "GET /orders",
        "the query parameter limit does not match its schema (query limit maximum)",
    ),
    "a field": (get("/orders", ("X-Tenant", "c")), "GET /orders", "the header parameter X-Tenant does not match"),
    "a cookie": (get("/orders", ("Cookie", "shelf=low")), "GET /orders", "the cookie parameter shelf does not match"),
    "a body": (post({"n": 0}), "POST /orders", "its body does not match the schema"),
    "no body": (Request("POST", "/orders", SHOWN), "POST /orders", "the required body is missing"),
    "a type": (
        Request("POST", "/orders", (("Content-Type", "text/plain"),), b"x"),
        "POST /orders",
        "no content of the document",
    ),
    "no JSON": (Request("POST", "/orders", JSON, b"{"), "POST /orders", "its body can't be read"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_forbidden_request_is_the_client_s(name: str, watch: Watch) -> None:
    request, key, why = FORBIDDEN[name]
    assert watch.take(request, Response(422)).startswith(why)
    watch.take(get(), orders())
    assert watch.conclude() == "fail"
    assert list(violated(watch)) == [f"{key} {ALLOWED}"]
    assert violated(watch)[f"{key} {ALLOWED}"].startswith(why)


UNKNOWN = {
    "a path": (get("/nope/7?q=1"), "GET /*", "GET /nope/7"),
    "a slash": (get("/orders/"), "GET /*", "GET /orders/"),
    "a method": (Request("DELETE", "/orders/o1"), "DELETE /orders/{id}", "DELETE /orders/o1"),
    "options": (Request("OPTIONS", "/orders"), "OPTIONS /orders", "OPTIONS /orders"),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_the_document_does_not_have_is_the_client_s(name: str, watch: Watch) -> None:
    request, key, seen = UNKNOWN[name]
    watch.take(request, Response(404))
    assert watch.conclude() == "fail"
    assert violated(watch) == {f"{key} {KNOWN}": f"the document has no {seen}"}


def test_each_of_several_unknown_paths_is_told(watch: Watch) -> None:
    for path in ("/a", "/b", "/b"):
        watch.take(get(path), Response(404))
    watch.conclude()
    assert watch.state.told is not None
    assert dict(watch.state.told.violated[0].found) == {
        "the document has no GET /b": 2,
        "the document has no GET /a": 1,
    }


def test_a_preflight_is_nothing(watch: Watch) -> None:
    asks = (("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST"))
    watch.take(Request("OPTIONS", "/orders", asks), Response(200))
    assert watch.conclude() == "inconclusive"
    assert watch.state.told is not None
    assert watch.state.told.reasons == ("nothing was sent: no client asked for it",)


def test_nothing_at_all_is_inconclusive(watch: Watch) -> None:
    assert watch.conclude() == "inconclusive"


def test_what_nobody_asked_for_is_told(watch: Watch) -> None:
    watch.take(get(), orders())
    watch.conclude()
    assert watch.state.told is not None
    unseen = {v.operation for v in watch.state.told.missing if v.why == "no client asked for it"}
    assert unseen == {"POST /orders", "GET /orders/{id}"}


def test_that_nothing_was_found_is_no_fault_of_the_service(watch: Watch) -> None:
    watch.take(get("/orders/none"), Response(404))
    assert watch.conclude() == "pass"


def test_head_is_meant_for_get(watch: Watch) -> None:
    watch.take(Request("HEAD", "/orders", SHOWN), Response(200, JSON))
    assert watch.conclude() == "pass"


def test_a_service_that_is_not_there_is_the_network(watch: Watch) -> None:
    watch.take(get(), DOWN)
    assert watch.conclude() == "inconclusive"
    assert watch.state.told is not None
    assert "is the service up" in watch.state.told.reasons[0]


def test_a_forbidden_request_is_one_though_nobody_is_there(watch: Watch) -> None:
    watch.take(get("/orders?limit=11"), DOWN)
    assert watch.conclude() == "fail"
    assert [*violated(watch)] == [f"GET /orders {ALLOWED}"]


def test_what_was_not_judged_is_counted(watch: Watch) -> None:
    watch.take(get(), Failure(FailureKind.UNJUDGED, "answers that are too long"))
    assert watch.conclude() == "inconclusive"
    assert watch.state.told is not None
    assert "no answer could be judged: answers that are too long" in watch.state.told.reasons[0]
    assert "unjudged: answers that are too long x 1" in watch.state.told.notes
    assert watch.state.told.unavailable == 0


def test_information_about_both_sides(watch: Watch) -> None:
    watch.take(get("/orders?limit=11"), orders())
    watch.take(post({"n": 1}), Response(422))
    watch.take(get("/orders/o1"), Response(404))
    watch.conclude()
    assert watch.state.told is not None
    assert watch.state.told.notes[:2] == (
        "forbidden requests that the service took: 200 to GET /orders x 1",
        "allowed requests that the service refused: 422 to POST /orders x 1",
    )


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_nobody_s_fault(status: int, watch: Watch) -> None:
    watch.take(get(), orders())
    watch.take(get(), Response(status, (("WWW-Authenticate", "Bearer"),)))
    watch.conclude()
    assert [*violated(watch)] == ["GET /orders status documented"] * (status == 403)


def test_answers_are_not_held_against_each_other(watch: Watch) -> None:
    watch.take(get("/orders/o1"), order(id="o1"))
    watch.take(get("/orders/o1"), Response(404))
    assert watch.conclude() == "pass"
    assert watch.state.told is not None
    assert watch.state.told.advisories == ()


def echo(text: str) -> Response:
    return order(note=text)


ECHOES = {
    "plain": echo(KEY),
    "in capitals": echo(KEY.upper()),
    "base64": echo(base64.b64encode(f"x{KEY}".encode()).decode()),
    "hex": echo(KEY.encode().hex()),
    "escaped": Response(200, JSON, b'{"id": "' + "".join(f"\\u{ord(c):04x}" for c in KEY).encode() + b'"}'),
    "packed": Response(200, JSON, gzip.compress(f'{{"id": "{KEY}"}}'.encode())),
    "a field": Response(200, (*JSON, ("X-Echo", KEY)), b'{"id": "a"}'),
}


@pytest.mark.parametrize("name", ECHOES)
def test_a_client_s_key_is_nowhere_though_it_is_echoed(name: str, watch: Watch, folder: Path) -> None:
    watch.take(get("/orders/o1"), ECHOES[name])
    watch.conclude()
    assert "GET /orders/{id} credential kept" in violated(watch)
    assert_nowhere(KEY, folder)


PLACES = {
    "bearer": (("Authorization", f"Bearer {KEY}"),),
    "basic": (("Authorization", "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()),),
    "another scheme": (("authorization", f'Digest username="me", response="{KEY}"'),),
    "a cookie": (("Cookie", f"a=b; sid={KEY}"),),
    "a cookie that nobody documents": (("Cookie", f"session={KEY}; shelf=top"),),
    "a field that nobody documents": (("X-Api-Key", KEY),),
    "a proxy's": (("Proxy-Authorization", f"Bearer {KEY}"),),
    "a token": (("X-Csrf-Token", KEY),),
}


@pytest.mark.parametrize("name", PLACES)
def test_wherever_a_key_is_it_is_nowhere(name: str, watch: Watch, folder: Path) -> None:
    watch.take(Request("GET", "/orders/o1", PLACES[name]), echo(KEY))
    watch.conclude()
    assert_nowhere(KEY, folder)


@pytest.mark.parametrize(
    "value", ["Bearer instance", f"AWS4-HMAC-SHA256 Credential=me/2026, SignedHeaders=host, Signature={KEY}"]
)
def test_a_word_of_reports_as_a_credential_costs_no_report(value: str, watch: Watch, folder: Path) -> None:
    watch.take(Request("GET", "/orders/o1", (("Authorization", value),)), order(note=KEY, n="credential"))
    watch.conclude()
    assert watch.state.told is not None
    assert "the suite itself failed" not in str(watch.state.told.notes)
    assert violated(watch)["GET /orders/{id} 200 /n type"] == '"credential", of type string'
    assert "AWS4" not in value or KEY not in written(folder)


QUERIES = ["key=%", "access_token=%&limit=3", "token=%", "api_key=%", "KEY=%", "key[a]=%", "limit=3;key=%", "k%65y=%"]
QUERIES += [
    "jwt=%",
    "code=%",
    "otp=%",
    "private_key=%",
    "SAMLResponse=%",
    "PHPSESSID=%",
    "bearer=%",
    "pwd=%",
    "sid=%",
    "sig=%",
    "accessKey=%",
    "passphrase=%",
    "device_code=%",
    "code_verifier=%",
    "Ocp-Apim-Subscription-Key=%",
    "a=b&c=d;token=%&limit=3",
]


@pytest.mark.parametrize("query", [KEY.join(query.rsplit("%", 1)) for query in QUERIES])
def test_a_key_in_the_query_is_nowhere(query: str, watch: Watch, folder: Path) -> None:
    watch.take(Request("GET", f"/orders?{query}"), orders({"id": f"x{KEY}"}))
    watch.conclude()
    assert_nowhere(KEY, folder)


def sent(body: str, media_type: str = "application/json") -> Request:
    return Request("POST", "/orders", (("Content-Type", media_type),), body.encode())


WRITTEN: dict[str, Request | Response] = {
    "a URL in a path": Request("GET", f"/orders/https://me:{KEY}@h.example/x"),
    "an encoded URL in a path": Request("GET", f"/orders/https%3A%2F%2F{KEY}%40h.example"),
    "a URL encoded twice": Request("GET", f"/orders?next=https%253A%252F%252Fme%253A{KEY}%2540h.example"),
    "a parameter of a path": Request("GET", f"/orders/a;jsessionid={KEY}"),
    "bearer in a query": Request("GET", f"/orders?q=Bearer%20{KEY}"),
    "bearer in a field": Request("GET", "/orders", (("X-Tenant", f"Bearer {KEY}"),)),
    "a parameter of a field": Request("GET", "/orders", (("Prefer", f'wait=5, api_key="{KEY}"'),)),
    "a parameter of the type": sent('{"n": 1}', f"application/json; token={KEY}"),
    "a URL in a body": sent(rf'{{"n": 1, "to": "redis:\/\/:{KEY}@h"}}'),
    "basic in a body": sent(f"Authorization: Basic {base64.b64encode(f'me:{KEY}'.encode()).decode()}", "text/plain"),
    "a member": sent(json.dumps({"n": 1, "headers": {"X-Api-Key": KEY}})),
    "a new password": sent(json.dumps({"n": 1, "oldPassword": "", "new-password": KEY})),
    "a token of a session": order(sessionToken=KEY),
    "a form": sent(f"apiKey={KEY}", "application/x-www-form-urlencoded"),
    "a code in a form": sent(f"code={KEY}&n=1", "application/x-www-form-urlencoded"),
    "an assertion in a form": sent(f"n=1&client_assertion={KEY}", "application/x-www-form-urlencoded"),
    "credentials": sent(json.dumps({"n": 1, "credentials": {"user": "me", "pw": KEY}})),
    "cookies": sent(json.dumps({"n": 1, "cookies": [{"value": KEY, "domain": "x.example", "name": "theme"}]})),
    "a cookie as browsers export it": sent(
        json.dumps({"n": 1, "jar": [{"name": "a", "value": KEY, "httpOnly": True}]})
    ),
    "a member whose name ends so": order(stripeWebhookSecret=KEY, n=1),
    "a key of the cloud": order(SecretAccessKey=KEY),
    "a variable": sent(f"A=1\nOPENAI_API_KEY={KEY}\n", "text/plain"),
    "a signed URL": order(to=f"https://b.example/k?X-Amz-Algorithm=A&X-Amz-Signature={KEY}&X-Amz-Date=1"),
    "a JWT": order(note=f"see eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.{KEY}"),
    "what begins as its issuer has it": order(note=f"sk-{KEY}"),
    "a nonce": Response(200, (*JSON, ("Authentication-Info", f'nextnonce="{KEY}", qop=auth')), b"[]"),
    "a field whose name ends so": Response(200, (*JSON, ("Ocp-Apim-Subscription-Key", KEY)), b"[]"),
    "a URL in an answer": order(to=f"wss://me:{KEY}@h"),
    "a URL in a field of an answer": Response(302, (("Location", f"https://me:{KEY}@h.example/x"),)),
    "a field of an answer": Response(200, (*JSON, ("X-Auth-Token", KEY)), b"[]"),
    "a cookie without a name": Response(200, (*JSON, ("Set-Cookie", f"{KEY}; Path=/")), b"[]"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_as_credentials_are_is_nowhere(name: str, watch: Watch, folder: Path) -> None:
    message = WRITTEN[name]
    if isinstance(message, Request):
        watch.take(message, orders())
    else:
        watch.take(Request("GET", "/orders"), message)
    assert [one.probe.source for one in watch.state.ledger.all()] == ["client"]
    assert_nowhere(KEY, folder)


@pytest.mark.parametrize("name", ["password", "newPassword", "ssh_passphrase"])
def test_a_password_of_words_is_nowhere(name: str, watch: Watch, folder: Path) -> None:
    watch.take(sent(json.dumps({"n": 1, name: "correct horse battery"})), order(note="so, Correct horse battery?"))
    assert_nowhere("correct horse battery", folder)


def test_a_key_that_is_a_parameter_of_a_path_is_known() -> None:
    one = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    answers = {"responses": {"204": {"description": ""}}}
    spec = spec_from(shop(paths={"/resets/{token}": {"parameters": [one], "post": answers}}))
    assert bare(Request("POST", f"/resets/{KEY}"), spec.operations[0], spec)[1] == [("TOKEN", KEY)]


NO_CREDENTIALS = "Bearer authentication, https://me@h.example/x, https://h.example:80/@me, Basic Realm of a-cookie"


NO_SECRETS = [
    '{"token_type": "bearer-12345", "max_tokens": 40960, "next_page_token": "abc12345"}',
    '{"loc": ["body", "password"], "msg": "value_error1", "code": "E1001_NOT_FOUND"}',
    '{"author_id": "ann-12345", "compass": "north-12345", "shipping": "pin-12345", "country_code": "de-12345"}',
    '{"auth": "basic-auth-2"}',
]


@pytest.mark.parametrize("text", NO_SECRETS)
def test_what_is_only_called_nearly_so_or_is_of_the_document_stays(text: str) -> None:
    known = Capabilities(others=(MEMBERS, IN_MEMBERS), said=b'{"enum": ["basic-auth-2"]}')
    assert Scrubber((), known).body(text.encode()) == text.encode()


def test_what_is_written_as_other_texts_are_is_no_credential(watch: Watch) -> None:
    body = json.dumps({"id": "o1", "note": NO_CREDENTIALS}).encode()
    ended = ("Set-Cookie", "a-cookie=; Max-Age=0")
    watch.take(get("/orders", ("Prefer", NO_CREDENTIALS)), Response(200, (*JSON, ended), body))
    assert NO_CREDENTIALS in str([one.response and one.response.body for one in watch.state.ledger.all()])


def test_a_key_that_an_answer_gives_is_nowhere_before_it_is_used(watch: Watch, folder: Path) -> None:
    body = json.dumps({"id": "o1", "access_token": KEY}).encode()
    watch.take(get("/orders/o1"), Response(200, (*JSON, ("Set-Cookie", "sid=cookie-of-theirs-1; Path=/")), body))
    assert_nowhere(KEY, folder)
    assert_nowhere("cookie-of-theirs-1", folder)
    watch.take(post({"n": 1, "password": "hunter2-hunter2"}), MADE)
    watch.conclude()
    assert_nowhere("hunter2-hunter2", folder)


def test_a_key_that_an_answer_gave_under_any_name_is_nowhere_in_the_end(watch: Watch, folder: Path) -> None:
    watch.take(Request("GET", "/orders/o1"), order(note=f"your key is {KEY}"))
    watch.take(get("/orders/o2"), order())
    watch.conclude()
    assert_nowhere(KEY, folder)
    assert not list((folder / "build" / "contract").glob(".run-*"))
    assert watch.state.told is not None
    assert watch.state.told.exchanges == 2


def assert_nowhere(value: str, folder: Path) -> None:
    """It is not in what is written, nor in a body there, which are in base64."""
    text = written(folder)
    for line in text.splitlines():
        if line.startswith('{"number"'):
            record = json.loads(line)
            for body in (record["body"], (record.get("response") or {}).get("body")):
                text += base64.b64decode(body or "").decode("latin-1")
    assert len(text) > 500
    assert value.lower() not in text.lower()
    assert base64.b64encode(value.encode()).decode().rstrip("=")[:-2] not in text


def test_a_short_key_is_out_of_its_place_and_a_note_says_the_rest(watch: Watch, folder: Path) -> None:
    watch.take(Request("GET", "/orders", (("Authorization", "Bearer abc"),)), orders())
    watch.conclude()
    assert watch.state.told is not None
    assert any("has fewer than 8 characters" in note for note in watch.state.told.notes)
    assert "Bearer abc" not in written(folder)
    kept = [v for v in watch.state.told.verdicts if v.rule == "GET /orders credential kept"]
    assert kept[0].outcome == "not_exercised"


def test_too_many_credentials_are_counted_and_nothing_of_them_is_kept(
    watch: Watch, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contracts.consumers.watch.MAX_SECRETS", 1)
    watch.take(get(), orders())
    watch.take(Request("GET", "/orders", (("Authorization", "Bearer another-key-9"),)), echo("another-key-9"))
    watch.conclude()
    assert "another-key-9" not in written(folder)
    assert watch.state.told is not None
    assert "unjudged: exchanges after too many credentials x 1" in watch.state.told.notes


def test_each_exchange_is_on_disk_before_the_end(watch: Watch, folder: Path) -> None:
    watch.take(get(), orders())
    (left,) = Ledger.left_in(folder / "build" / "contract")
    assert [exchange.probe.source for exchange in left.all()] == ["client"]


def test_the_report_is_read_as_any_other(watch: Watch, folder: Path) -> None:
    watch.take(get("/orders?limit=11"), orders())
    watch.conclude()
    run = read_run(folder / "build" / "contract" / "report.json")
    assert [v.kind for v in run.violated] == [ALLOWED]
    assert run.violated[0].clause == "OpenAPI 3.1 §4.8.12, §4.8.13"
    assert "limit=11" in (run.violated[0].evidence.curl if run.violated[0].evidence else "")


def test_what_clients_do_can_be_accepted(folder: Path) -> None:
    entry = f'[violation."GET /orders {ALLOWED}"]\nreason = "the old app does so"\nuntil = 2999-01-01\n'
    (folder / "accepted.toml").write_text(entry)
    watch = watch_of(Options(spec="openapi.json"), BASE_URL, "contracts proxy")
    watch.take(get("/orders?limit=11"), orders())
    assert watch.conclude() == "pass"
    assert watch.state.told is not None
    assert [v.rule for v in watch.state.told.accepted] == [f"GET /orders {ALLOWED}"]


def test_of_two_operations_that_are_not_told_apart_one_is_enough(folder: Path) -> None:
    value = shop()
    other = {"name": "n", "in": "path", "required": True, "schema": {"type": "integer"}}
    value["paths"]["/orders/{n}"] = {"parameters": [other], "get": {"responses": {"200": {"description": ""}}}}
    value["paths"]["/orders/{id}"]["parameters"][0]["schema"] = {"type": "string", "maxLength": 1}
    (folder / "openapi.json").write_text(json.dumps(value))
    watch = watch_of(Options(spec="openapi.json"), BASE_URL, "contracts proxy")
    assert watch.take(get("/orders/17"), Response(200)) == ""


def test_a_document_without_operations_is_refused_as_by_a_run(folder: Path) -> None:
    with pytest.raises(UsageError, match="empty"):
        watch_of(Options(spec="openapi.json"), "", "contracts proxy")


def test_what_clients_do_is_explained(contracts: Run, folder: Path) -> None:
    code, out, _ = contracts("rules", "--explain", f"GET /* {KNOWN}", "--spec", "openapi.json")
    assert (code, "asked by  requests of clients (contracts proxy, mock --report, judge)" in out) == (0, True)
    code, out, _ = contracts("rules", "--explain", f"POST /orders {ALLOWED}", "--spec", "openapi.json")
    assert (code, "OpenAPI 3.1 §4.8.12" in out) == (0, True)
    code, out, _ = contracts("rules", "--spec", "openapi.json")
    assert (ALLOWED in out, KNOWN in out) == (False, False)


def test_accepting_what_clients_do_makes_no_run_stale(contracts: Run, folder: Path) -> None:
    ids = [f"POST /orders {ALLOWED}", f"GET /* {KNOWN}", f"DELETE /orders {KNOWN}"]
    words = ["--spec", "openapi.json", "--reason", "the old app does so", "--until", "2999-01-01"]
    assert contracts("accept", *ids, *words)[0] == 0
    assert "nothing to prune" in contracts("accept", "--prune", "--spec", "openapi.json")[1]
    spec = load_spec("openapi.json")
    policy = Policy(accepted=read_accepted(folder / "accepted.toml", today=date.today()))
    nothing = traffic_of(spec, [])
    assert pending(spec, [], nothing, policy, []).stale == ()
    old = (folder / "accepted.toml").read_text().replace("DELETE /orders", "DELETE /gone")
    (folder / "accepted.toml").write_text(old)
    policy = Policy(accepted=read_accepted(folder / "accepted.toml", today=date.today()))
    assert len(pending(spec, [], nothing, policy, []).stale) == 1
