"""Services that give back what they got, in any encoding and any place: nothing of it is left behind a run."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.exchanges.credential import Scrubber, Secret
from contracts.exchanges.secret_urls import Capabilities
from contracts.notte.domain import SECRET_URLS
from tests.run.projects import CANARY, ENUM, LOUD, THING, Project, Run, Things, answer, document, operation

from .encodings import BODIES, LINES, TEXTS, b64, holds

MARK = "$CONTRACT_CREDENTIAL"
KEPT = "GET /things/{thing_id} credential kept"
SCRUBBER = Scrubber((Secret(CANARY, MARK),), Capabilities(SECRET_URLS, (MARK,)))
IN_A_FIELD = {name: encode(CANARY) for name, encode in TEXTS.items() if encode(CANARY).isprintable()}


@pytest.mark.parametrize("name", [*TEXTS, *LINES])
def test_value_is_found_in_a_text(name: str) -> None:
    written = (TEXTS | LINES)[name](CANARY)
    body = f'{{"status": "before {written} after", "other": 1}}'.encode()
    assert holds(body, CANARY)
    clean = SCRUBBER.body(body)
    assert not holds(clean, CANARY)
    assert MARK.encode() in clean
    assert clean.startswith(b'{"status": "before ')
    assert clean.replace(b"\n", b"").endswith((b' after", "other": 1}', b'%s", "other": 1}' % MARK.encode()))
    assert SCRUBBER.text(body.decode()).encode() == clean


@pytest.mark.parametrize("name", BODIES)
def test_value_is_found_in_a_body(name: str) -> None:
    text = "a service says much, and means little; " * 9
    body = BODIES[name](json.dumps({"status": text, "key": CANARY, "more": text.upper()}).encode())
    assert holds(body, CANARY)
    clean = SCRUBBER.body(body)
    assert not holds(clean, CANARY)
    assert MARK.encode() in clean.replace(b"\0", b"")


def test_packed_bytes_are_withheld_and_it_is_said() -> None:
    body = BODIES["gzip"](json.dumps({"status": "active", "key": CANARY}).encode())
    expected = f'[{len(body)} packed bytes withheld; they are:]\n{{"status": "active", "key": "{MARK}"}}'
    assert SCRUBBER.body(body).decode() == expected


def leaking(run: Run, *values: str) -> set[str]:
    """Where any form of the values stands, as something finds it that decodes on its own."""
    texts = {"stdout": run.out.encode(), "stderr": run.err.encode()}
    for path in run.folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            texts[str(path.relative_to(run.folder))] = path.read_bytes()
    return {where for where, text in texts.items() if any(is_in(text, value) for value in values)}


def is_in(text: bytes, value: str) -> bool:
    """Line by line, so that bodies in the ledger are decoded like all else."""
    return any(holds(line, value, depth=4) for line in set(text.splitlines()) if len(line) < 100_000)


def ledger_of(run: Run) -> list[Any]:
    return [json.loads(line) for line in (run.folder / "build/contract/exchanges.jsonl").read_text().splitlines()]


QUIET = ("--junitxml=out.xml", "-o", "junit_logging=all", "-rA", "--contract-history=history")


def test_echoes_in_bodies_leave_nothing_behind(project: Project) -> None:
    every = {name: encode(CANARY) for name, encode in TEXTS.items()}
    members = ", ".join(f'"{name}": "{text}"' for name, text in every.items())
    names = ", ".join(f'"{text}": 1' for text in every.values())
    thing = f'{{"status": "paused", {members}, "named": [{{{names}}}]}}'.encode()
    run = project.ask(Things(thing), *QUIET)
    assert run.code == 1
    assert KEPT in run.violated
    assert leaking(run, CANARY) == set()


def test_packed_echoes_leave_nothing_behind(project: Project) -> None:
    packed = [pack(json.dumps({"status": "paused", "key": CANARY}).encode()) for pack in BODIES.values()]

    def instead(number: int) -> bytes:
        return answer(200, packed[number % len(packed)], "Content-Type: application/json")

    run = project.ask(Things(instead=instead), *QUIET)
    assert KEPT in run.violated
    assert b"packed bytes withheld" in b"".join(
        base64.b64decode(line["response"]["body"]) for line in ledger_of(run) if line.get("response")
    )
    assert leaking(run, CANARY) == set()


def test_echoes_in_header_fields_leave_nothing_behind(project: Project) -> None:
    fields = [f"X-{index}: before {text} after" for index, text in enumerate(IN_A_FIELD.values())]
    fields += [f"X-{quote(CANARY, safe='')}: 1", f"{base64.b64encode(CANARY.encode()).decode().strip('=')}: 1"]
    fields += [f"{CANARY.encode().hex()}: 1", f"Location: /x?key={quote(CANARY)}", f"Set-Cookie: key={CANARY}"]
    run = project.ask(Things({"status": "paused"}, fields=tuple(fields)), *QUIET)
    assert KEPT in run.violated
    assert leaking(run, CANARY) == set()


def test_echo_in_the_name_of_a_field_is_a_violation(project: Project) -> None:
    run = project.ask(Things(fields=(f"X-{quote(CANARY, safe='')}: 1",)))
    assert run.violated == {KEPT}


def lines(*texts: str) -> bytes:
    return "\r\n".join([*texts, "", ""]).encode("latin-1")


FRAMINGS: dict[str, Callable[[str], bytes]] = {
    "a coding": lambda text: answer(200, b"{}", "Content-Type: application/json", f"Content-Encoding: {text}"),
    "codings": lambda text: answer(200, b"{}", f"Content-Encoding: gzip, {text}"),
    "a reason": lambda text: lines(f"HTTP/1.1 200 {text}", "Content-Length: 0"),
    "a status": lambda text: lines(f"HTTP/1.1 {text} OK", "Content-Length: 0"),
    "no status line": lambda text: lines(f"{text} and more"),
    "no status line, cut": lambda text: lines(f"{'x' * 22} {text} and more"),
    "a field without a colon": lambda text: lines("HTTP/1.1 200 OK", text),
    "a field's name": lambda text: lines("HTTP/1.1 200 OK", f"X {text}: 1"),
    "a length": lambda text: lines("HTTP/1.1 200 OK", f"Content-Length: {text}"),
    "a transfer coding": lambda text: lines("HTTP/1.1 200 OK", f"Transfer-Encoding: {text}"),
    "a chunk": lambda text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "", f"{text}", "x"),
}


@pytest.mark.parametrize("name", FRAMINGS)
def test_echoes_in_broken_answers_leave_nothing_behind(name: str, project: Project) -> None:
    written = [IN_A_FIELD[each] for each in ("as it is", "upper case", "base64", "some percent", "JSON escapes")]
    things = Things(instead=lambda number: FRAMINGS[name](written[number % len(written)]))
    run = project.ask(things, *QUIET, "--contract-max-requests=15")
    assert leaking(run, CANARY) == set()


TELLING = """
import base64, logging, os, warnings
import pytest
from contracts.testing import test_rule

KEY = os.environ["CONTRACT_CREDENTIAL"]
FORMS = [KEY, KEY.upper(), base64.b64encode(b"x" + KEY.encode()).decode(), "".join("%%%02x" % ord(c) for c in KEY)]

def test_warnings():
    for form in FORMS:
        warnings.warn(f"a warning about {form}")
        warnings.warn(DeprecationWarning("old", form))

def test_logs():
    for form in FORMS:
        logging.getLogger("mine").warning("asked with %s", form)
        try:
            raise ValueError(form)
        except ValueError:
            logging.getLogger("mine").exception("it failed")

def test_properties(record_property, record_testsuite_property, record_xml_attribute):
    for number, form in enumerate(FORMS):
        record_property(f"key{number}", form)
        record_property(f"keys{number}", [{"key": form.encode()}])
        record_testsuite_property(f"all{number}", form)
    record_xml_attribute("key", FORMS[2])

def test_output(capfd):
    with capfd.disabled():
        pass
    for form in FORMS:
        print(form)
        os.write(2, form.encode())

@pytest.mark.xfail(reason=FORMS[2], strict=False)
def test_expected():
    assert KEY == 1

@pytest.mark.skip(reason=FORMS[1])
def test_skipped():
    pass

def test_locals():
    form = FORMS[2]
    long = f"{'x' * 300} {form} {'y' * 300} {KEY}"
    assert long == form
"""


def test_tests_of_the_session_leave_nothing_behind(project: Project) -> None:
    project.write(module=TELLING)
    (project.folder / "test_broken.py").write_text("import os\nraise RuntimeError(os.environ['CONTRACT_CREDENTIAL'])\n")
    more = ("--log-file=run.log", "--continue-on-collection-errors", "-W", "always", "-o", "junit_family=legacy")
    run = project.ask(Things(), *LOUD, *more)
    assert "a warning about $CONTRACT_CREDENTIAL" in run.out
    assert "RuntimeError: $CONTRACT_CREDENTIAL" in run.out
    assert 'name="all0" value="$CONTRACT_CREDENTIAL"' in (project.folder / "out.xml").read_text()
    assert "ValueError: $CONTRACT_CREDENTIAL" in (project.folder / "run.log").read_text()
    assert leaking(run, CANARY) == set()


PROXIES = [f"http://user:{CANARY}", f"http://user:{quote(CANARY)}%40proxy.example:1", f"https://{CANARY}:x"]


@pytest.mark.parametrize("url", PROXIES)
def test_password_of_a_proxy_is_in_no_error(url: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run = project.run("-q", "--base-url=http://service.example", f"--contract-proxy={url}")
    assert (run.code, leaking(run, CANARY)) == (4, set())
    monkeypatch.setenv("HTTP_PROXY", url)
    run = project.run("-q", "--base-url=http://service.example")
    assert (run.code, leaking(run, CANARY)) == (4, set())


# What was JSON stays JSON

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    TEXTS["some JSON escapes"],
    TEXTS["JSON escapes in upper case"],
    TEXTS["percent"],
    lambda value: json.dumps({"cdp_url": value}),
    lambda value: json.dumps(json.dumps(value)),
)
ODD = (
    "canary-7f3a91c2d4",
    'pass"wo\\rd-12',
    "1234567890123",
    "p\u00e4ss-\u20ac-\U0001f511-1234",
    ':["a","b"]',
    '","x":"yz',
)
BESIDE = ("", '"', "\\", '\\"', "\\u0022", "%22", "&quot;", 'wss://h.example/a"b?\\', "\U0001f511", "n", "\u00e4")
MEMBERS = ("cdp_url", "cdpUrl", "a", 'live"view', "view")
CHARSETS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32")
BLANKS = ("", " ", "\r\n\t")


def written_in_json(text: str, every: int) -> str:
    """As a string of JSON, with every so manieth character as an escape."""
    plain = json.dumps(text, ensure_ascii=every == 1)[1:-1]
    units = re.findall(r"\\u....|\\.|.", plain, re.DOTALL)
    written = [f"\\u{ord(one):04X}" if index % every == 0 and len(one) == 1 else one for index, one in enumerate(units)]
    return f'"{"".join(one if ord(one[0]) < 0x10000 else json.dumps(one)[1:-1] for one in written)}"'


@st.composite
def json_texts(draw: st.DrawFn, secret: str, depth: int = 2) -> str:
    """A JSON text that may hold a secret anywhere, in any spelling, with members of names that are secret."""
    blank, every = draw(st.sampled_from(BLANKS)), draw(st.integers(1, 4))
    how, beside = draw(st.sampled_from(SPELLINGS)), draw(st.sampled_from(BESIDE))
    inner = json_texts(secret, depth - 1) if depth else st.just("null")
    match draw(st.integers(0, 5 if depth else 2)):
        case 0:
            return draw(st.sampled_from(["1", "-0.5e3", "true", "null", "1234567890123", "-12345678901.5e-3"]))
        case 1 | 2:
            return written_in_json(f"{beside}{how(secret)}{draw(st.sampled_from(BESIDE))}", every)
        case 3:
            return f"[{blank}{f'{blank},'.join(draw(st.lists(inner, max_size=3)))}]"
    members = [
        f"{written_in_json(draw(st.sampled_from([*MEMBERS, beside + secret])), every)}{blank}:{blank}{value}"
        for value in draw(st.lists(inner, max_size=3))
    ]
    return f"{{{f'{blank},'.join(members)}}}"


def scalars(value: Any) -> Iterator[str]:
    match value:
        case list() | tuple():
            for item in value:
                yield from scalars(item)
        case _:
            yield str(value)


@settings(max_examples=150)
@given(st.data(), st.sampled_from(ODD), st.sampled_from(CHARSETS))
def test_masked_json_is_json_without_the_secret(data: st.DataObject, secret: str, charset: str) -> None:
    body = data.draw(json_texts(secret)).encode(charset)
    json.loads(body)
    known = Scrubber((Secret(secret, MARK),), Capabilities((*SECRET_URLS, "live_view"), (MARK,)))
    masked = json.loads(known.body(body), object_pairs_hook=list)
    assert not [text for text in scalars(masked) if secret.lower() in text.lower()]


JSON_BODIES = {
    b'{"cdp_url": ["\\"", true]}': b'{"cdp_url": ["\\"", true]}',
    b'{"cdp_url": {"\\"": null, "b": "x1"}}': b'{"cdp_url": {"\\"": null, "b": "x0"}}',
    b'{"cdp_url": [123456, -1.5e300, 7]}': b'{"cdp_url": [111111, -1.1e111, 7]}',
    b'{"a": 12345678, "b": [-0.5]}': b'{"a": "$N", "b": [-0.5]}',
    b'["\\nnary-123456"]': b'["\\n$C"]',
    b'["x\\nary-1234567"]': b'["x$C"]',
    b'["true", false, {"a":"b12345"}]': b'["true", false, {"$J":"$J"}]',
    b"[[[[[]]]]]": b'"$B"',
}


@pytest.mark.parametrize("body", JSON_BODIES, ids=bytes.decode)
def test_what_of_json_is_masked(body: bytes) -> None:
    values = {"N": "12345678", "C": "nary-1234567", "J": '{"a":"b12345"}', "B": "[[[[[]]]]]"}
    known = Scrubber(Scrubber.of(values).secrets, Capabilities(SECRET_URLS, (MARK,)))
    assert known.body(body) == JSON_BODIES[body]


def test_masked_json_in_utf_16_stays_in_it_and_the_finding_too(project: Project) -> None:
    body = json.dumps({"status": "active", "key": CANARY}).encode("utf-16")
    run = project.ask(Things(body), *QUIET)
    assert KEPT in run.violated
    assert leaking(run, CANARY) == set()
    kept = [base64.b64decode(line["response"]["body"]) for line in ledger_of(run) if line.get("response")]
    assert json.dumps({"status": "active", "key": MARK}).encode("utf-16") in kept


# Secrets that the run has, and does not send

UNSENT = {
    "NOTTE_API_KEY": "notte-Canary-1a2b3c",
    "CONTRACT_CREDENTIAL_OF_ANOTHER": "other-Canary-4d5e6f",
    "CONTRACT_PASSWORD_OAUTH": "p\u00e4ss-Canary-\U0001f511-7a",
    "CONTRACT_CLIENT_SECRET": "client-Canary-8b9c",
    "CONTRACT_CLIENT_KEY_PASSWORD": "key-Canary-0d1e",
    "HTTPS_PROXY": "http://ann:proxy-Canary-2f3a@proxy.example:1",
    "GATEWAY": "Bearer gate-Canary-4b5c",
    "BASIC": f"Basic {b64('ann:basic-Canary-6d7e')}",
    "COOKIE": "theme=dark; sid=cookie-Canary-8f9a",
}
PARTS = ("proxy-Canary-2f3a", "gate-Canary-4b5c", "basic-Canary-6d7e", "cookie-Canary-8f9a")
SENT = tuple(f"--contract-header=X-{name}={name}" for name in ("GATEWAY", "BASIC", "COOKIE"))


def test_secrets_that_are_not_sent_leave_nothing_behind(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in UNSENT.items():
        monkeypatch.setenv(name, value)
    values = [*UNSENT.values(), *PARTS]
    written = [f"{json.dumps(value)[1:-1]} {b64(value)} {value.upper()}" for value in values]
    fields = tuple(f"X-{number}: {quote(value)}" for number, value in enumerate(values))
    fields += (f"X-Latin: {UNSENT['CONTRACT_PASSWORD_OAUTH'].encode().decode('latin-1')}",)
    run = project.ask(Things({"status": "paused", "said": written}, fields=fields), *SENT, *QUIET)
    assert run.violations == {ENUM, KEPT}
    assert leaking(run, *[*UNSENT.values()][:5], *PARTS) == set()
    assert "Canary" not in run.out


def test_a_credential_that_is_given_as_a_value_leaves_nothing_behind(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTRACT_CREDENTIAL", CANARY)
    given = f"--contract-param=thing_id={CANARY}"
    assert project.run("-q", given).code == 0
    assert f"/things/{MARK}" in (project.folder / "build/contract/exchanges.jsonl").read_text()
    things = Things()
    for run in (project.run("-q", given), project.ask(things, given, *QUIET)):
        assert leaking(run, CANARY) == set()
    assert [line for line in things.lines if line.startswith("GET /things/canary-7f3a")]


WORDS = ("active", "Content-Type", "things", "status", "enum", "exercised")


def test_words_of_the_environment_mangle_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    clean = project.ask(Things())
    for number, word in enumerate(WORDS):
        monkeypatch.setenv(f"CONTRACT_CREDENTIAL_NOBODY_{number}", word)
    monkeypatch.setenv("CONTRACT_PASSWORD_NOBODY", "thing_id")
    monkeypatch.setenv("STAGE", "application")
    run = project.ask(Things(), "--contract-header=X-Stage=STAGE")
    assert (run.code, run.violated, run.judged) == (0, set(), clean.judged)
    assert "$CONTRACT" not in run.out


# URLs that are credentials

TOKEN = "Cdp-7f1d9e2A5b"
CDP = f"wss://browser.example/devtools/{TOKEN}?key=1"
NAMES = ("cdp_url", "cdpUrl", "CDP_URL", "cdp-url", "CdpUrl", "cdpurl", r"cdp\u005furl", r"\u0063dp_ur\u006c")
URL_PLACES: dict[str, Callable[[str], str]] = {
    "a member": lambda url: f'{{"cdp_url": "{url}"}}',
    **{f"a member {name}": partial('{{"x": 1, "{0}" : "{1}"}}'.format, name) for name in NAMES[1:]},
    "escaped slashes": lambda url: f'{{"cdp_url": "{url.replace("/", chr(92) + "/")}"}}',
    "escapes": lambda url: f'{{"cdp_url": "{TEXTS["JSON escapes"](url)}"}}',
    "JSON in JSON": lambda url: json.dumps({"data": json.dumps({"cdpUrl": url})}),
    "JSON in JSON in JSON": lambda url: json.dumps({"data": json.dumps({"a": json.dumps({"cdp_url": url})})}),
    "base64 of JSON": lambda url: json.dumps({"data": TEXTS["base64"](json.dumps({"cdp_url": url}))}),
    "a text": lambda url: f"the cdp_url is at\ncdp_url: {url}\n",
    "a pair": lambda url: f"cdp_url={url}",
    "a query": lambda url: f"/x?a=1&cdp_url={quote(url, safe='')}&b=2",
    "an attribute": lambda url: f'<a data-cdp-url="{url}">x</a>',
    "a field of a form": lambda url: f'<input name="cdp_url" value="{url}">',
    "a cell": lambda url: f"<tr><td>cdp_url</td>\n<td><a href='{url}'>x</a></td></tr>",
    "Python": lambda url: repr({"cdp_url": url, "x": [1]}),
    "a call": lambda url: f"Session(cdp_url='{url}')",
}
WRITTEN = {
    "an element": "<a><cdp_url>%s</cdp_url></a>",
    "an element with attributes": '<a><cdp_url lang="en" x="/">%s</cdp_url></a>',
    "an element of a namespace": '<n:cdp_url xmlns:n="http://x/y">%s</n:cdp_url>',
    "an element with lines": "<cdp_url>\n   %s\n</cdp_url>",
    "CDATA": "<cdp_url><![CDATA[%s]]></cdp_url>",
    "a comment before": "<cdp_url><!-- x -->%s</cdp_url>",
    "an element in it": "<cdp_url><value>%s</value></cdp_url>",
    "an attribute of XML": "<a cdp_url = '%s'/>",
    "a named element": '<field name="cdp_url">%s</field>',
    "a named element with a value": '<field name="cdp_url" type="text" value="%s"/>',
    "a value before its name": '<input value="%s" name="cdp_url">',
    "a property list": "<key>cdp_url</key><string>%s</string>",
    "a row of HTML": "<tr><th>cdp_url</th><td>%s</td></tr>",
    "YAML": "a: 1\ncdp_url: %s\nb: 2\n",
    "YAML, a name in quotes": '"cdp_url": %s\n',
    "YAML, a block": "cdp_url: |\n  %s\nb: 2",
    "YAML, folded": "cdp_url: >-\n  %s\nb: 2",
    "YAML, a list": "cdp_url:\n- %s\nb: 2",
    "YAML, in line": "cdp_url: [%s, b]",
    "YAML, a map": "cdp_url:\n  href: %s\n",
    "YAML, an anchor": "cdp_url: &a %s\n",
    "YAML, a tag": "cdp_url: !!str %s\n",
    "YAML, a key": "? cdp_url\n: %s\n",
    "events, JSON": 'event: x\ndata: {"cdp_url": "%s"}\n\n',
    "events, their names": "event: cdp_url\ndata: %s\n\n",
    "events, a pair": "data: cdp_url=%s\n\n",
    "events, on two lines": 'data: {"cdp_url":\ndata: "%s"}\n\n',
    "CSV": "id,cdp_url\n1,%s\n",
    "CSV, the first": "cdp_url,id\r\n,0\r\n%s,1\r\n",
    "CSV in quotes": '"id","cdp_url","b"\n"a\n,b","%s",1\n',
    "CSV of semicolons": "id;x;cdp_url\n1;2;%s\n",
    "tabs": "id\tcdp_url\n1\t%s\n",
    "a link": "See [cdp_url](%s) now",
    "a link with a title": 'See [cdp_url](<%s> "x") now',
    "a reference": "[cdp_url]: %s",
    "code": "`cdp_url`: `%s`",
    "bold": "**cdp_url:** %s",
    "a table": "| id | cdp_url |\n|---|---|\n| 1 | %s |\n",
    "a row of a table": "| cdp_url | %s |\n",
    "a heading": "# cdp_url\n\n%s\n",
    "a part": '--b\r\nContent-Disposition: form-data; name="cdp_url"\r\n\r\n%s\r\n--b--\r\n',
    "a part with fields": '-\r\nContent-Disposition: form-data; name=cdp_url; filename="x"\r\nX-A:\r\n\r\n%s\r\n--b--',
    "a form": "a=1&cdp_url=%s&b=2",
    "a form with brackets": "session[cdp_url]=%s&cdp_url[0]=",
    "a form with an array": "cdp_url[]=%s&b=2",
    "a form with dots": "session.cdp_url=%s",
    "a log": "level=info cdp_url=%s msg=x",
    "INI": "cdp_url = %s\n",
    "a sentence": "The cdp_url is %s.",
    "a name and a value": '{"value": "%s", "name": "cdp_url"}',
    "Markdown in JSON": '{"text": "See [cdp_url](%s)"}',
    "XML in JSON": '{"text": "<cdp_url lang=\\"en\\">%s</cdp_url>"}',
    "CSV in JSON": '{"text": "id,cdp_url\\n1,%s"}',
}
URL_PLACES |= {name: partial(str.replace, text, "%s") for name, text in WRITTEN.items()}


@pytest.mark.parametrize("name", URL_PLACES)
def test_capability_url_is_found_where_its_name_is(name: str) -> None:
    known = Scrubber((), Capabilities(SECRET_URLS, (MARK,)))
    assert not holds(known.body(URL_PLACES[name](CDP).encode()), TOKEN)
    assert known.body(f"see {CDP}.".encode()) == b"see $CDP_URL."


@pytest.mark.parametrize("name", WRITTEN)
def test_a_value_that_is_no_url_is_found_where_its_name_is(name: str) -> None:
    known = Scrubber((), Capabilities(SECRET_URLS, (MARK,)))
    assert TOKEN.encode() not in known.body(WRITTEN[name].replace("%s", TOKEN).encode())
    assert known.body(f"see {TOKEN} there".encode()) == b"see $CDP_URL there"


@pytest.mark.parametrize(
    "text",
    [
        "cdp_url: field required",
        '{"detail": "cdp_url: field required (step2_name)"}',
        "cdp_url, viewer_url and https://docs.example/a1b2c3d4",
        "the cdp_url (see https-docs) is missing",
        '{"required": ["cdp_url", "step2_name"]}',
        "a,b\n1,cdp_url\n2,a1b2c3d4\n",
    ],
)
def test_what_is_only_near_a_name_stays(text: str) -> None:
    assert Scrubber((), Capabilities(SECRET_URLS, (MARK,))).body(text.encode()) == text.encode()


@pytest.mark.parametrize(
    "text",
    ["<cdp_url>", "cdp_url,\n\n", "cdp_url=<", "<cdp_url <", 'name="cdp_url"\r\n\r\n', "cdp_url,", 'cdp_url,"\n'],
)
def test_names_again_and_again_take_no_long(text: str) -> None:
    body = text.encode() * 5_000
    assert len(Scrubber((), Capabilities(SECRET_URLS, (MARK,))).body(body)) == len(body)


def test_known_capability_url_is_found_in_any_encoding() -> None:
    known = Scrubber((), Capabilities(SECRET_URLS, (MARK,)))
    known.body(json.dumps({"cdp_url": CDP}).encode())
    clean = {name: known.body(f'{{"x": "{encode(CDP)}"}}'.encode()) for name, encode in TEXTS.items()}
    assert {name for name, body in clean.items() if holds(body, TOKEN) and "cut" not in name} == set()


def test_capability_urls_leave_nothing_behind(project: Project) -> None:
    url = {"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]}
    project.write(document(get=operation("get_thing", THING | {"properties": {**THING["properties"], "cdp_url": url}})))
    bodies = [place(CDP).encode() for place in URL_PLACES.values()]
    bodies += [f'{{"status": "{encode(CDP)}"}}'.encode() for name, encode in TEXTS.items() if "cut" not in name]
    fields = (f"X-CDP-URL: {CDP}", f"Location: {CDP}", f"X-Debug: {TEXTS['base64'](CDP)}")

    def instead(number: int) -> bytes:
        return answer(200, bodies[number % len(bodies)], "Content-Type: application/json", *fields)

    run = project.ask(Things(instead=instead), *QUIET)
    assert run.code == 1
    assert leaking(run, TOKEN) == set()


def marked() -> dict[str, Any]:
    """A document that marks a property, one by its schema, a header field and a parameter as secret."""
    properties = {
        **THING["properties"],
        "live_view": {"type": "string", "x-secret": True},
        "stream": {"anyOf": [{"$ref": "#/components/schemas/Stream"}, {"type": "null"}]},
        "code": {"type": "string"},
    }
    signature = {"name": "sig", "in": "query", "schema": {"type": "string"}, "x-secret": True}
    spec = document(get=operation("get_thing", THING | {"properties": properties}, parameters=[signature]))
    spec["components"]["schemas"] = {"Stream": {"type": "string", "x-secret": True}}
    spec["paths"]["/things/{thing_id}"]["get"]["responses"]["200"]["headers"] = {
        "X-Session-Key": {"schema": {"type": "string", "x-secret": True}}
    }
    return spec


@pytest.mark.parametrize("how", ["in the document", "in an overlay"])
def test_what_the_document_marks_as_secret_leaves_nothing_behind(how: str, project: Project) -> None:
    spec = marked()
    if how == "in an overlay":
        del spec["components"]["schemas"]["Stream"]["x-secret"]
        action = {"target": "$.components.schemas.Stream", "update": {"x-secret": True}}
        overlay = {"overlay": "1.0.0", "info": {"title": "x", "version": "1"}, "actions": [action]}
        (project.folder / "overlay.yaml").write_text(json.dumps(overlay))
    project.write(spec)
    secrets = [f"{TOKEN}{number}" for number in range(4)]
    thing: dict[str, Any] = {"status": "paused", "liveView": secrets[0], "stream": secrets[1], "code": "plain-code-77"}
    thing["again"] = [f"see {secrets[0]}", TEXTS["base64"](secrets[1]), {"to": f"/x?sig={secrets[3]}&a=1"}]
    fields = (f"X-Session-Key: {secrets[2]}", f"X-Debug: {TEXTS['hexadecimal'](secrets[2])}")
    overlays = ("--contract-overlay=overlay.yaml",) * (how == "in an overlay")
    run = project.ask(Things(thing, fields=fields), *QUIET, *overlays)
    assert run.violated - {"GET /things/{thing_id} 200 / undocumented properties"} == {ENUM}
    assert leaking(run, TOKEN) == set()
    assert "plain-code-77" in (project.folder / "build/contract/report.json").read_text()


# What is no secret

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(json_values, st.booleans())
def test_json_without_a_secret_stays(value: Any, plain: bool) -> None:
    body = json.dumps(value, ensure_ascii=plain).encode("utf-8", "surrogatepass")
    assert SCRUBBER.body(body) == body


@given(st.binary(max_size=2000))
def test_bytes_without_a_secret_stay(body: bytes) -> None:
    assert SCRUBBER.body(body) == body


@given(st.text())
def test_text_without_a_secret_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text


PLAIN = (
    "canary-7f3a",
    '{"token": "Y2FuYXJ5"}',
    "https://x.example/?a=%63anary",
    "cdp_url and viewer_url are null",
    '{"required": ["cdp_url", "status"], "cdp_url": null, "viewer_url": 7}',
    "    cdp_url = session.get_url()\n",
    '{"cdp_url_count": "12", "my_url": "https://docs.example/cdp"}',
)


@pytest.mark.parametrize("text", PLAIN)
def test_ordinary_text_stays(text: str) -> None:
    assert SCRUBBER.text(text) == text
    assert SCRUBBER.body(text.encode()) == text.encode()


layers = st.lists(st.sampled_from(sorted(name for name in TEXTS if "cut" not in name)), min_size=1, max_size=2)
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_./+"
values = st.text(ALPHABET, min_size=12, max_size=40).filter(lambda value: len(set(value)) > 5)


@settings(max_examples=200)
@given(layers, values, st.text())
def test_any_value_is_found_in_any_two_encodings(names: list[str], value: str, around: str) -> None:
    written = value
    for name in names:
        written = TEXTS[name](written)
    if not holds(written.encode(), value, depth=5, least=len(value)):
        return
    scrubber = Scrubber((Secret(value, MARK),))
    body = f"{around} {written} {around}".encode()
    assert not holds(scrubber.body(body), value, depth=5) or holds(around.encode(), value)
