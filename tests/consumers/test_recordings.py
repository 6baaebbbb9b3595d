"""`contracts judge`: HAR of browsers, mitmproxy and Playwright, and ledgers, to the report of a run."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.consumers.watch import watch_of
from contracts.report.json_report import read_run
from contracts.run.options import Options
from tests.commands.conftest import Run
from tests.consumers.shop import BASE_URL, KEY, get, orders, shop, written
from tests.consumers.test_watch import assert_nowhere

JSON = [{"name": "content-type", "value": "application/json"}]
ORDERS = {"size": 14, "mimeType": "application/json", "text": '[{"id": "o1"}]'}


def entry(
    url: str = f"{BASE_URL}/orders", method: str = "GET", *, status: Any = 200, content: Any = ORDERS, **more: Any
) -> dict[str, Any]:
    request = {"method": method, "url": url, "headers": [{"name": "accept", "value": "*/*"}], "httpVersion": "HTTP/2"}
    response = {"status": status, "headers": JSON, "content": content, "bodySize": -1}
    made = {"startedDateTime": "2026-11-29T10:00:00Z", "time": 12.5, "request": request, "response": response}
    for name, value in more.items():
        part, _, member = name.partition("__")
        made[part][member] = value  # type: ignore[index]
    return made


def har(*entries: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "comment": "c", "entries": entries}})


def judged(contracts: Run, folder: Path, text: str, *options: str) -> tuple[int, str, str]:
    (folder / "traffic.har").write_text(text)
    return contracts("judge", "traffic.har", "openapi.json", "--base-url", BASE_URL, *options)


def violated_in(folder: Path) -> list[str]:
    return [v.rule for v in read_run(folder / "build" / "contract" / "report.json").violated]


def notes_in(folder: Path) -> list[str]:
    return list(read_run(folder / "build" / "contract" / "report.json").notes)


def test_a_good_recording_passes(contracts: Run, folder: Path) -> None:
    code, out, _ = judged(contracts, folder, har(entry(), entry(f"{BASE_URL}/orders?limit=3")))
    assert (code, violated_in(folder)) == (0, [])
    assert f"contract: PASS on {BASE_URL}" in out


def test_both_sides_are_judged(contracts: Run, folder: Path) -> None:
    broken = {"text": '[{"id": 7}]'}
    code, out, _ = judged(contracts, folder, har(entry(f"{BASE_URL}/orders?limit=11"), entry(content=broken)))
    assert code == 1
    assert sorted(violated_in(folder)) == ["GET /orders 200 /*/id type", "GET /orders request allowed"]
    assert "client: GET /orders request allowed: the query parameter limit" in out
    assert "2 rules violated, 1 of them by clients" in out


BODIES = {
    "base64": {"text": base64.b64encode(b'[{"id": "o1"}]').decode(), "encoding": "base64"},
    "unpacked": {"text": '[{"id": "o1"}]', "size": 14, "compression": -9},
    "of no size": {"text": '[{"id": "o1"}]', "size": -1},
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_taken_as_it_is_recorded(name: str, contracts: Run, folder: Path) -> None:
    packed = [*JSON, {"name": "content-encoding", "value": "gzip"}, {"name": ":status", "value": "200"}]
    code, *_ = judged(contracts, folder, har(entry(content=BODIES[name], response__headers=packed)))
    assert (code, violated_in(folder)) == (0, [])


UNRECORDED = {
    "no text": entry(content={"size": 4711, "mimeType": "application/json"}),
    "an empty text": entry(content={"size": 4711, "text": ""}),
    "no content": entry(content=None),
    "no head": entry(response__headers=[]),
    "status 0": entry(status=0, content={"size": 0}),
    "an error": entry(status=0, content={"size": 0}, response___error="net::ERR_CONNECTION_REFUSED"),
    "status -1": entry(status=-1),
    "no status": entry(status=None),
}


@pytest.mark.parametrize("name", UNRECORDED)
def test_what_was_not_recorded_breaks_nothing(name: str, contracts: Run, folder: Path) -> None:
    code, *_ = judged(contracts, folder, har(UNRECORDED[name], entry()))
    assert (code, violated_in(folder)) == (0, [])
    assert read_run(folder / "build" / "contract" / "report.json").statuses == {"200": 1, "unjudged": 1}


@pytest.mark.parametrize("name", UNRECORDED)
def test_where_no_answer_was_recorded_nothing_passes(name: str, contracts: Run, folder: Path) -> None:
    code, out, _ = judged(contracts, folder, har(UNRECORDED[name]))
    assert code == 3
    assert "no answer could be judged" in out


def test_an_answer_without_content_needs_none(contracts: Run, folder: Path) -> None:
    absent = entry(f"{BASE_URL}/orders/o1", status=404, content={"size": 0, "text": ""})
    assert judged(contracts, folder, har(entry(), absent))[0] == 0


POSTED = {
    "a text": ({"mimeType": "application/json", "text": '{"n": 0}'}, True),
    "a text that is allowed": ({"mimeType": "application/json", "text": '{"n": 1}'}, False),
    "nothing": (None, True),
    "what was left out": ({"mimeType": "application/json"}, False),
    "no text": ({"mimeType": "application/octet-stream", "text": "a\ufffdb"}, False),
    "a form with files": ({"mimeType": "multipart/form-data; boundary=x", "params": []}, False),
    "a type that no field can have": ({"mimeType": "text/\u2192", "text": '{"n": 0}'}, True),
    "another type": ({"mimeType": "application/x-www-form-urlencoded", "params": [{"name": "n", "value": "1"}]}, True),
}


@pytest.mark.parametrize("name", POSTED)
def test_a_body_of_a_request_forbids_only_where_it_is_known(name: str, contracts: Run, folder: Path) -> None:
    data, is_forbidden = POSTED[name]
    made: Any = {"status": 201, "content": {"text": '{"id": "o1"}'}}
    _, out, _ = judged(contracts, folder, har(entry(method="post", request__postData=data, **made)))
    assert violated_in(folder) == ["POST /orders request allowed"] * is_forbidden
    assert "the suite itself failed" not in out


def test_a_body_that_was_too_long_to_record_is_unknown(contracts: Run, folder: Path) -> None:
    made: Any = {"status": 201, "content": {"text": '{"id": "o1"}'}}
    judged(contracts, folder, har(entry(method="POST", request__bodySize=123456, **made)))
    assert violated_in(folder) == []


def test_cookies_and_fields_that_were_taken_out_are_not_missing(contracts: Run, folder: Path) -> None:
    value = shop()
    for one in value["paths"]["/orders"]["get"]["parameters"]:
        one["required"] = one["in"] in ("cookie", "header")
    (folder / "openapi.json").write_text(json.dumps(value))
    judged(contracts, folder, har(entry(request__headers=[])))
    assert violated_in(folder) == []
    judged(contracts, folder, har(entry(request__headers=[{"name": "Cookie", "value": "shelf=top"}])))
    assert violated_in(folder) == ["GET /orders request allowed"]  # of the field, which is not there


ELSEWHERE = ["http://127.0.0.1:9/orders", "https://127.0.0.1:9/api/orders", "http://127.0.0.1:10/api/orders"]
ELSEWHERE += ["http://cdn.example/app.js", "wss://127.0.0.1:9/api/orders", "data:text/plain,x", "blob:http://a/b"]
ELSEWHERE += ["http://127.0.0.1:9/apiary/orders", "chrome-extension://abc/x.js", ""]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_what_goes_elsewhere_is_counted_and_left_out(url: str, contracts: Run, folder: Path) -> None:
    assert judged(contracts, folder, har(entry(url), entry(BASE_URL + "/orders#top")))[0] == 0
    assert "unjudged: requests to elsewhere x 1" in notes_in(folder)


def test_preflights_are_no_requests_of_a_client(contracts: Run, folder: Path) -> None:
    asks = [{"name": "Origin", "value": "https://a"}, {"name": "Access-Control-Request-Method", "value": "GET"}]
    assert judged(contracts, folder, har(entry(method="OPTIONS", request__headers=asks), entry()))[0] == 0


def test_without_a_base_url_the_servers_of_the_document_count(contracts: Run, folder: Path) -> None:
    (folder / "openapi.json").write_text(json.dumps(shop(servers=[{"url": "/v1"}, {"url": BASE_URL + "/"}])))
    (folder / "traffic.har").write_text(har(entry()))
    code, out, _ = contracts("judge", "traffic.har")
    assert code == 0
    assert f"PASS on {BASE_URL}" in out


def test_without_any_server_it_says_what_to_give(contracts: Run, folder: Path) -> None:
    (folder / "traffic.har").write_text(har(entry()))
    code, _, err = contracts("judge", "traffic.har", "openapi.json")
    assert (code, "give --base-url URL" in err) == (2, True)


LINE = {
    "number": 0,
    "response": {"status": 200, "headers": [], "body": "", "seconds": 0.0, "is_whole": True},
    "method": "GET",
    "target": "/orders",
    "headers": [],
    "body": None,
    "forbidden_because": None,
    "operation": "GET /orders",
    "source": "given",
}


def ledger(*lines: dict[str, Any]) -> str:
    """A ledger of these lines, of which that is said which is unlike others."""
    return "".join(json.dumps(LINE | line, separators=(",", ":")) + "\n" for line in lines)


HOSTILE = {
    "no JSON": ("{", "Expecting property name"),
    "nothing": ("", "Expecting value: line 1"),
    "a list": ("[]", "Expected `object`, got `array`"),
    "no log": ("{}", "missing required field `log`"),
    "a number for a URL": (har({"request": {"method": "GET", "url": 7}}), "at `$.log.entries[0].request.url`"),
    "a text for a status": (har(entry(), entry(status="200")), "at `$.log.entries[1].response.status`"),
    "a header without name": (har(entry(request__headers=[{"value": "x"}])), "entries[0].request.headers[0]"),
    "no base64": (har(entry(content={"text": "*", "encoding": "base64"})), "$.log.entries[0]: the text of the content"),
    "a method": (har(entry(method="BREW\n")), "$.log.entries[0]: the method of the request is none"),
    "a port": (har(entry("http://127.0.0.1:99999/api/orders")), "$.log.entries[0]: Port out of range"),
    "a bracket": (har(entry("http://[::1/api/orders")), "$.log.entries[0]: Invalid IPv6 URL"),
    "depth": ('{"log": ' + "[" * 100_000, "nested too deeply"),
    "depth beside": ('{"log": {"x": ' + "[" * 100_000, "nested too deeply"),
    "no UTF-8": ("\udcff", "can't be read"),
    "a line": ('{"number":0}\n', "traffic.har:1: no exchange"),
    "half of a pair in a target": (ledger({"target": "/orders/\ud800"}), "traffic.har:1: no exchange"),
    "no method": (ledger({"method": ""}), "traffic.har:1: no exchange (the method of the request is none"),
    "a URL for a method": (ledger({"method": BASE_URL}), "traffic.har:1: no exchange (the method of the request is"),
    "no answer and no failure": (ledger({"response": None}), "traffic.har:1: no exchange (it has not one of"),
    "an answer and a failure": (ledger({"failure": {"kind": "reset", "detail": ""}}), "has not one of response and"),
    "half a line": ('{"number":0,"resp', "traffic.har:1: no exchange"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_said_in_a_sentence_with_its_place(name: str, contracts: Run, folder: Path) -> None:
    text, said = HOSTILE[name]
    (folder / "traffic.har").write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out, err = contracts("judge", "traffic.har", "openapi.json", "--base-url", BASE_URL)
    assert (code, out) == (2, "")
    assert err.startswith("contracts: traffic.har")
    assert said in err or name == "no UTF-8"
    assert "Traceback" not in err


ODD = {
    "a method": entry(method="BREW"),
    "a target": entry(BASE_URL + "/orders?limit=\u2603 {}|\x00"),
    "a field": entry(request__headers=[{"name": "X-Tenant\r\n", "value": "a\r\nb"}, {"name": "é", "value": "\ud800"}]),
    "an answer": entry(response__headers=[{"name": "content-type", "value": "text/plain; charset=nope"}]),
    "a half of a pair": entry(content={"text": "\ud800"}),
    "a time": entry() | {"time": -3, "timings": {"wait": -1, "receive": None}},
    "a status": entry(status=999),
    "a status beyond all": entry(status=float("inf")),
    "a status that is no number": entry(status=float("nan")),
    "a time beyond all": entry() | {"time": float("inf")},
    "a wait beyond all": entry() | {"timings": {"wait": float("inf"), "receive": float("-inf")}},
}


@pytest.mark.parametrize("name", ODD)
def test_whatever_stands_in_one_a_report_comes_of_it(name: str, contracts: Run, folder: Path) -> None:
    code, out, err = judged(contracts, folder, har(ODD[name]))
    assert code in (0, 1, 3)
    assert "Traceback" not in out + err
    assert "suite itself" not in out + err


def test_a_file_that_is_not_there_is_a_sentence(contracts: Run, folder: Path) -> None:
    code, _, err = contracts("judge", "none.har", "openapi.json")
    assert (code, "none.har can't be read (No such file" in err) == (2, True)


def test_a_file_beyond_the_bound_is_a_sentence(contracts: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.text.bytes_at.__defaults__", (0,))
    code, _, err = judged(contracts, folder, har(entry()))
    assert (code, "can't be read (it has more than 0 MB); give a HAR" in err) == (2, True)


def test_the_exchanges_of_a_watch_are_judged_again(contracts: Run, folder: Path) -> None:
    watch = watch_of(Options(spec="openapi.json", report="first"), BASE_URL, "contracts proxy")
    watch.take(get(f"/orders?limit=11&key={KEY}&token={KEY}"), orders({"id": KEY}))
    watch.take(get("/nope"), orders())
    watch.conclude()
    code, *_ = contracts("judge", "first/exchanges.jsonl", "openapi.json", "--report", "second")
    assert code == 1
    again = [v.rule for v in read_run(folder / "second" / "report.json").violated]
    assert "GET /* operation documented" in again
    assert "GET /orders credential kept" in again


@pytest.mark.parametrize(("limit", "broken"), [("3", []), ("11", ["GET /orders request allowed"])])
def test_what_was_masked_forbids_nothing_on_judging_again(
    limit: str, broken: list[str], contracts: Run, folder: Path
) -> None:
    value = shop()
    value["paths"]["/orders"]["get"]["parameters"][1]["schema"] = {"enum": [KEY]}
    value["paths"]["/orders"]["get"]["parameters"][1]["required"] = True
    (folder / "openapi.json").write_text(json.dumps(value))
    watch = watch_of(Options(spec="openapi.json", report="first"), BASE_URL, "contracts proxy")
    watch.take(get(f"/orders?limit={limit}&token={KEY}"), orders())
    watch.conclude()
    contracts("judge", "first/exchanges.jsonl", "openapi.json")
    assert violated_in(folder) == broken


def test_the_exchanges_of_a_run_are_judged_again(contracts: Run, folder: Path) -> None:
    gone = {"operation": "GET /gone", "target": "/gone"}
    (folder / "exchanges.jsonl").write_text(ledger({}, gone))
    code, *_ = contracts("judge", "exchanges.jsonl", "openapi.json", "--base-url", BASE_URL)
    assert (code, violated_in(folder)) == (1, ["GET /orders 200 media type documented"])
    assert any("operations that the document does not have x 1" in note for note in notes_in(folder))


@pytest.mark.parametrize("seconds", ["NaN", "1e400", "-1e400", "-7"])
def test_a_time_of_a_ledger_that_is_none_loses_no_report(seconds: str, contracts: Run, folder: Path) -> None:
    (folder / "x.jsonl").write_text(ledger({}).replace('"seconds":0.0', f'"seconds":{seconds}'))
    code, out, err = contracts("judge", "x.jsonl", "openapi.json", "--base-url", BASE_URL)
    assert (code, err) == (1, "")
    assert "report: build/contract/report.html" in out


@pytest.mark.parametrize("life", ["orders/1", "\x1b[31m::error::", "\ud800"])
def test_what_a_life_asked_is_judged_as_its_operation(life: str, contracts: Run, folder: Path) -> None:
    (folder / "x.jsonl").write_text(ledger({"life": life, "source": "life"}))
    code, out, _ = contracts("judge", "x.jsonl", "openapi.json", "--base-url", BASE_URL)
    assert (code, violated_in(folder)) == (1, ["GET /orders 200 media type documented"])
    assert "report: build/contract/report.html" in out
    assert "\x1b" not in out


SHOWN: dict[str, dict[str, Any]] = {
    "a bearer": {"headers": [["Authorization", f"Bearer {KEY}"]]},
    "a field": {"headers": [["X-Api-Key", KEY]]},
    "a cookie": {"headers": [["Cookie", f"sid={KEY}"]]},
    "a query": {"target": f"/orders?key={KEY}"},
    "a cookie that is set": {"response": {"status": 200, "headers": [["Set-Cookie", f"sid={KEY}"]], "body": ""}},
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_key_in_a_ledger_of_others_is_nowhere(name: str, contracts: Run, folder: Path) -> None:
    (folder / "x.jsonl").write_text(ledger({"source": "client", **SHOWN[name]}))
    contracts("judge", "x.jsonl", "openapi.json", "--base-url", BASE_URL)
    assert_nowhere(KEY, folder)


def test_a_key_that_was_recorded_is_nowhere(contracts: Run, folder: Path) -> None:
    shown = [{"name": "Authorization", "value": f"Bearer {KEY}"}]
    judged(contracts, folder, har(entry(request__headers=shown, content={"text": f'[{{"id": "{KEY}"}}]'})))
    assert "GET /orders credential kept" in violated_in(folder)
    assert_nowhere(KEY, folder)
    assert written(folder)


def test_an_unset_base_url_is_refused(contracts: Run, folder: Path) -> None:
    (folder / "traffic.har").write_text(har(entry()))
    code, _, err = contracts("judge", "traffic.har", "openapi.json", "--base-url", "")
    assert (code, "--base-url is empty" in err) == (2, True)
