"""Options and environment to what a run is about, read and checked."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.document.written import overlays_of
from contracts.errors import UsageError
from contracts.run.givens import Givens
from contracts.run.inputs import Inputs, inputs_from
from contracts.run.options import OPTIONS, Options, check_base_url, options_from

OPERATION = {"operationId": "get_session", "security": [{"key": []}], "responses": {"200": {"description": ""}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "paths": {
        "/sessions/{session_id}": {
            "parameters": [{"name": "session_id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": OPERATION,
        },
        "/[odd]": {"get": {"responses": {"200": {"description": ""}}}},
    },
    "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}
URL = "http://h"
KEY = {"CONTRACT_CREDENTIAL": "key-123456"}
Make = Callable[..., Inputs]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Inputs of a project; options by their names without `contract-`, `-` as `_`."""
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec" / "notte.yaml").write_text(json.dumps(DOCUMENT))

    def inputs(url: str | None = None, environ: Mapping[str, str] = KEY, **options: Any) -> Inputs:
        named = {f"contract-{name.replace('_', '-')}": value for name, value in options.items()}
        assert named.keys() <= {option.name for option in OPTIONS}
        parsed = options_from(lambda option: named.get(option.name))
        return inputs_from(parsed, base_url=url, root=tmp_path, environ=environ)

    return inputs


def test_defaults(make: Make, tmp_path: Path) -> None:
    made = make()
    target = made.target
    assert (target.base_url, target.secret, made.evidence, made.givens, target.headers) == (
        None,
        None,
        {},
        Givens(),
        (),
    )
    assert (made.folder, made.options) == (tmp_path / "build" / "contract", Options())
    assert (made.policy.strict, made.policy.require_all, made.policy.partial) == (False, False, False)
    assert made.spec.title == "Things"


# The base URL


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("http://h", "http://h"),
        ("https://h:8443/", "https://h:8443"),
        ("http://a.b-c.d_e.:1", "http://a.b-c.d_e.:1"),
        ("http://h/v1/", "http://h/v1"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("HTTP://H/a@b", "HTTP://H/a@b"),
        ("http://bücher.example", "http://bücher.example"),
        (None, None),
    ],
)
def test_usable_base_url(url: str | None, checked: str | None) -> None:
    assert check_base_url(url) == checked


UNUSABLE = [
    "",
    " ",
    "h",
    "h:80",
    "//h",
    "http://",
    "http:///x",
    "http://:80",
    "ftp://h",
    "file:///etc",
    "http://h:port",
    "http://h:99999",
    "http://[::1",
    "http://[x]",
    "http://h o",
    "http://h/a b",
    "http://h\n",
    " http://h",
    "http://h/\t",
    "http://h?x=1",
    "http://h/#f",
    "http://h/?",
    "http://h\\x",
    "http://h/é",
    "http://a..b",
    "http://" + "x" * 300,
    "http://h%41",
    "http://\uff41pi.notte.cc",
]


@pytest.mark.parametrize("url", UNUSABLE)
def test_unusable_base_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="--base-url") as caught:
        check_base_url(url)
    assert "or leave --base-url out to use the mock" in str(caught.value)


USERINFO = ["http://u:pa55@h", "u:pa55@h", "http:u:pa55@h", "http:/u:pa55@h", "//u:pa55@h", "http://pa55@h/x", "pa55@h"]


@pytest.mark.parametrize("url", USERINFO)
def test_userinfo_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(UsageError, match="holds a user name or password") as caught:
        check_base_url(url)
    assert "pa55" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://h/?key=pa55", "ftp://h?pa55", "http://u:pa/55@h"])
def test_what_may_be_a_secret_is_not_shown(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_base_url(url)
    assert "55" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_base_url_or_a_usage_error(text: str) -> None:
    try:
        checked = check_base_url(text)
    except UsageError:
        return
    assert checked == text.rstrip("/")


HOSTS = ["api.notte.cc", "API.NOTTE.CC", "api.notte.cc.", "api.notte.cc:443", "api.notte.cc/v1"]


@pytest.mark.parametrize("host", HOSTS)
def test_unsafe_methods_never_go_to_production(host: str, make: Make) -> None:
    with pytest.raises(UsageError, match="the production host"):
        make(f"https://{host}", unsafe=True)


@pytest.mark.parametrize("host", ["us-staging.notte.cc", "api.notte.cc.example", "xapi.notte.cc", "127.0.0.1"])
def test_unsafe_methods_may_go_elsewhere(host: str, make: Make) -> None:
    assert make(f"https://{host}", unsafe=True).options.unsafe


def test_production_may_be_asked_what_is_safe(make: Make) -> None:
    assert make("https://api.notte.cc").target.base_url == "https://api.notte.cc"


# The credential


@pytest.mark.parametrize(
    "environ", [{}, {"CONTRACT_CREDENTIAL": ""}, {"CONTRACT_CREDENTIAL": " \n"}], ids=["unset", "empty", "blank"]
)
def test_live_target_needs_a_credential(environ: Mapping[str, str], make: Make) -> None:
    with pytest.raises(UsageError, match="CONTRACT_CREDENTIAL is not set"):
        make(URL, environ)


@pytest.mark.parametrize("value", ["a\nb", "é", "\x7f", "a\x00b"])
def test_credential_that_no_header_carries_is_refused_and_not_shown(value: str, make: Make) -> None:
    with pytest.raises(UsageError, match="holds characters that no header can carry") as caught:
        make(URL, {"CONTRACT_CREDENTIAL": f"secret{value}secret"})
    assert "secret" not in str(caught.value)


MISTAKEN = {"Bearer secret99": "begins with the name of a scheme", '"secret99"': "in quotes", "'secret99'": "in quotes"}


@pytest.mark.parametrize("value", MISTAKEN)
def test_credential_is_given_alone(value: str, make: Make) -> None:
    with pytest.raises(UsageError, match=MISTAKEN[value]) as caught:
        make(URL, {"CONTRACT_CREDENTIAL": value})
    assert "secret99" not in str(caught.value)


def test_credential_is_stripped(make: Make) -> None:
    secret = make(URL, {"CONTRACT_CREDENTIAL": " key \n"}).target.secret
    assert secret is not None
    assert secret.reveal() == "key"


def test_mock_gets_no_credential(make: Make) -> None:
    assert make(None).target.secret is None


def test_inputs_show_no_secret(make: Make) -> None:
    shown = repr(make(URL, {**KEY, "GATEWAY": "open sesame"}, header=["X-Gateway=GATEWAY"]))
    assert not {"key-123456", "open sesame"} & {part for part in ("key-123456", "open sesame") if part in shown}


# Values that the service knows


def test_values_by_parameter_in_the_order_given(make: Make, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("c\n\n d \na\n")
    made = make(URL, param=["session_id=b"], session_id=["a", f"@{tmp_path / 'ids'}"])
    assert made.givens.values == {"session_id": ("b", "a", "c", "d")}


@pytest.mark.parametrize(("listed", "values"), [("a,b", ("a", "b")), (" a  b\n", ("a", "b")), (",", ()), ("", ())])
def test_ids_of_the_environment(listed: str, values: tuple[str, ...], make: Make) -> None:
    made = make(URL, {**KEY, "NOTTE_SESSION_IDS": listed})
    assert made.givens.values.get("session_id", ()) == values


def test_ids_of_the_environment_may_name_a_file(make: Make, tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("a\nb c\n")
    assert make(URL, {**KEY, "NOTTE_SESSION_IDS": f"@{tmp_path}/ids"}).givens.values == {"session_id": ("a", "b c")}


def test_ids_of_the_environment_are_not_for_the_mock(make: Make) -> None:
    assert make(None, {"NOTTE_SESSION_IDS": "@nowhere"}).givens.values == {}


def test_file_of_ids_in_the_environment_is_named_by_the_variable(make: Make) -> None:
    with pytest.raises(UsageError, match=r"^NOTTE_SESSION_IDS: nowhere: can't be read"):
        make(URL, {**KEY, "NOTTE_SESSION_IDS": "@nowhere"})


@pytest.mark.parametrize(
    ("content", "reason"), [(b"\xff\xfe", "not UTF-8 text"), (None, "Is a directory"), (b"\n", "holds no value")]
)
def test_unreadable_values_are_refused(content: bytes | None, reason: str, make: Make, tmp_path: Path) -> None:
    file = tmp_path / "ids"
    file.write_bytes(content) if content is not None else file.mkdir()
    with pytest.raises(UsageError, match=reason):
        make(param=[f"session_id=@{file}"])


def test_value_may_hold_an_equals_sign(make: Make) -> None:
    assert make(param=["session_id=a=b"]).givens.values == {"session_id": ("a=b",)}


# What is asked and judged


@pytest.mark.parametrize(
    ("glob", "keys"),
    [
        ("*", ["GET /sessions/{session_id}", "GET /[odd]"]),
        ("get_session", ["GET /sessions/{session_id}"]),
        ("GET /s*", ["GET /sessions/{session_id}"]),
        ("/sessions/*", ["GET /sessions/{session_id}"]),
        ("GET /[odd]", ["GET /[odd]"]),
        ("/[odd]", ["GET /[odd]"]),
    ],
)
def test_operations_that_a_glob_matches(glob: str, keys: list[str], make: Make) -> None:
    assert [operation.key for operation in make(operation=glob).operations] == keys


def test_glob_distinguishes_case(make: Make) -> None:
    with pytest.raises(UsageError, match=r"--contract-operation get \*"):
        make(operation="get *")


def test_rule_id_matches_itself_whatever_brackets_it_holds(make: Make) -> None:
    assert make(rule="GET /x 200 /[a]/* enum").wants("GET /x 200 /[a]/* enum")


@pytest.mark.parametrize(
    ("options", "partial"), [({}, False), ({"rule": "*"}, False), ({"operation": "*"}, True)], ids=str
)
def test_part_of_the_operations_is_a_partial_run(options: dict[str, str], partial: bool, make: Make) -> None:
    assert make(**options).policy.partial is partial


EVIDENCE = {
    "operation": "GET /sessions/{session_id}",
    "method": "GET",
    "target": "/sessions/a",
    "headers": [],
    "body": None,
    "credential": "right",
    "source": "given",
    "given": [["session_id", "a"]],
}


def test_replay_is_a_partial_run_of_the_evidence(make: Make, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps({"verdicts": [{"evidence": {"request": EVIDENCE}}]}))
    made = make(replay=str(tmp_path / "report.json"))
    assert made.policy.partial
    assert made.replays
    assert [probe.request.target for probe in made.evidence["GET /sessions/{session_id}"]] == ["/sessions/a"]


@pytest.mark.parametrize("value", ["", "0", "-1", "inf", "nan", "five", "1e999"])
def test_longest_response_time_is_a_number_of_seconds(value: str, make: Make) -> None:
    with pytest.raises(UsageError, match="--contract-max-response-time"):
        make(max_response_time=value)


@pytest.mark.parametrize(("value", "share"), [(None, 0.05), ("5%", 0.05), ("0.1", 0.1), ("0", 0), (" 100% ", 1)])
def test_share_of_unavailable_answers(value: str | None, share: float, make: Make) -> None:
    assert make(max_unavailable=value).policy.max_unavailable == pytest.approx(share)


@pytest.mark.parametrize("value", ["5", "-1%", "101%", "many", "%", "5%%", "nan"])
def test_what_is_no_share_is_refused(value: str, make: Make) -> None:
    with pytest.raises(UsageError, match="is no share of the requests"):
        make(max_unavailable=value)


@pytest.mark.parametrize("name", [option.name for option in OPTIONS if option.kind == "value"])
def test_empty_value_is_refused(name: str, make: Make) -> None:
    with pytest.raises(UsageError, match=rf"--{name} is empty \(an unset variable\?\)"):
        make(**{name.removeprefix("contract-").replace("-", "_"): ""})


# Headers


@pytest.mark.parametrize(
    "entry", ["X", "=", "X=", "=V", "X Y=V", "X:=V", "é=V", "X=secret value", "X=1secret", "X=secret-value"]
)
def test_header_needs_a_name_and_a_variable(entry: str, make: Make) -> None:
    with pytest.raises(UsageError, match="--contract-header") as caught:
        make(header=[entry])
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a\x00", "😀"])
def test_header_value_must_fit_a_header(value: str, make: Make) -> None:
    with pytest.raises(UsageError, match="V is empty or holds characters that no header can carry"):
        make(environ={"V": value}, header=["X=V"])


def test_header_takes_its_value_from_the_environment(make: Make) -> None:
    made = make(environ={"V": " a b "}, header=["X-A=V"])
    assert (made.target.headers, made.options.header) == ((("X-A", "a b"),), (("X-A", "V"),))


# Files


@pytest.mark.parametrize(
    ("named", "overlays"), [([], None), (["none"], []), (["a", "b"], ["a", "b"])], ids=["none named", "none", "two"]
)
def test_overlays(named: list[str], overlays: list[str] | None) -> None:
    assert overlays_of(named, "--overlay") == overlays


def test_report_folder_need_not_exist(make: Make, tmp_path: Path) -> None:
    made = make(report=str(tmp_path / "a" / "b"))
    assert made.folder == tmp_path / "a" / "b"
    assert not (tmp_path / "a").exists()


def test_report_folder_below_a_file_is_refused(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is not a folder"):
        make(report=str(tmp_path / "file" / "a"))


@pytest.mark.parametrize("option", ["report", "history"])
@pytest.mark.parametrize(
    ("folder", "why"),
    [
        pytest.param("/proc/nope", "No such file or directory", id="of the system"),
        pytest.param("x" * 300, "File name too long", id="a long name"),
        pytest.param(f"a/{'x' * 300}/b", "File name too long", id="a long name below"),
        pytest.param("b/" * 4000, "File name too long", id="a long path"),
        pytest.param("a\0b", "embedded null byte", id="NUL"),
    ],
)
def test_folder_that_can_not_be_made_is_refused(option: str, folder: str, why: str, make: Make) -> None:
    with pytest.raises(UsageError) as refused:
        make(**{option: folder})
    said = str(refused.value)
    assert said.startswith(f"--contract-{option} ")
    assert f": it can't be made or written to ({why}); give a folder for the report" in said
    assert said.isprintable()
    assert not Path("a").exists()


def test_folder_that_can_not_be_written_to_is_refused(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.mkdir", refuse)
    with pytest.raises(UsageError, match=r"it can't be made or written to \(Permission denied\)"):
        make()


def test_document_outside_the_folder_is_shown_in_full(make: Make, tmp_path: Path) -> None:
    assert make().spec.document.path == str(tmp_path / "spec" / "notte.yaml")


def test_document_below_the_folder_is_shown_from_there(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert make().spec.document.path == "spec/notte.yaml"


# Sessions


@pytest.mark.parametrize("option", ["discover", "start_session"])
def test_sessions_are_looked_for_on_a_service(option: str, make: Make) -> None:
    made = make(URL, **{option: True})
    assert (made.options.discover, made.options.start_session) == (option == "discover", option == "start_session")


REFUSED_WITH_SESSIONS: dict[str, tuple[dict[str, Any], str]] = {
    "the mock": ({}, "needs a service that has sessions; give --base-url URL"),
    "no credential": ({"url": URL, "environ": {}}, "CONTRACT_CREDENTIAL is not set"),
    "another operation": ({"url": URL, "operation": "*odd*"}, "none of the operations has a parameter session_id"),
}


@pytest.mark.parametrize("option", ["discover", "start_session"])
@pytest.mark.parametrize("name", REFUSED_WITH_SESSIONS)
def test_sessions_are_not_looked_for(option: str, name: str, make: Make) -> None:
    given, reason = REFUSED_WITH_SESSIONS[name]
    with pytest.raises(UsageError, match=reason):
        make(**given, **{option: True})


@pytest.mark.parametrize("option", ["discover", "start_session"])
def test_sessions_are_asked_with_a_credential(option: str, make: Make, tmp_path: Path) -> None:
    open_document = json.dumps(DOCUMENT).replace('"security"', '"x-security"')
    (tmp_path / "spec" / "notte.yaml").write_text(open_document)
    with pytest.raises(UsageError, match="needs a credential and CONTRACT_CREDENTIAL is not set"):
        make(URL, {}, **{option: True})
    with pytest.raises(
        UsageError, match=r"CONTRACT_CREDENTIAL is not set \(NOTTE_API_KEY is, but is used for Notte's own"
    ):
        make(URL, {"NOTTE_API_KEY": "of-notte-1"}, **{option: True})
    assert make(URL, {}, dry_run=True, **{option: True}).options.dry_run


PRODUCTION = ["api.notte.cc", "API.Notte.CC", "api.notte.cc.", "api.notte.cc:443", "API.notte.cc.:443/v1"]


@pytest.mark.parametrize("host", PRODUCTION)
def test_no_session_is_started_on_production(host: str, make: Make) -> None:
    with pytest.raises(UsageError, match=r"--contract-start-session is refused on .*, the production host"):
        make(f"https://{host}", start_session=True)


@pytest.mark.parametrize("host", PRODUCTION)
def test_sessions_of_production_may_be_listed(host: str, make: Make) -> None:
    assert make(f"https://{host}", discover=True).options.discover


def test_password_of_a_proxy_is_scrubbed(make: Make) -> None:
    made = make(URL, {**KEY, "NOTTE_PROXY": "http://me:pa55word@gateway"})
    assert made.scrubber.text("me:pa55word, pa55word") == "$NOTTE_PROXY_USERINFO, $NOTTE_PROXY_PASSWORD"
    assert made.target.route.proxy == "http://me:pa55word@gateway"
