"""Environments that can't be used: a sentence with the name of the variable, exit code 4, and nothing is sent."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from xdist.workermanage import NodeManager

from contracts.commands import main
from contracts.document import load_spec
from contracts.exchanges.pace import Bounds, Pace
from contracts.run.options import _interval
from tests.run.forked import Forked
from tests.run.projects import CANARY, GIVEN, Project, Things

MADE = ("report.json", "exchanges.jsonl", "report.html")

PROXIES = {
    "SOCKS": "socks5://127.0.0.1:9",
    "SOCKS with names": "socks5h://127.0.0.1:9",
    "ftp": "ftp://127.0.0.1:9",
    "a file": "file:///etc/passwd",
    "no host": "http://",
    "no host, a port": ":80",
    "half an address": "http://[::1",
    "no address": "http://[]:1",
    "an address of the future": "http://[v1.a]",
    "a port beyond all": "http://127.0.0.1:99999",
    "a port of letters": "http://127.0.0.1:x",
    "a long port": f"http://127.0.0.1:{'1' * 5000}",
    "an empty label": "http://a..b",
    "dots": "http://..",
    "a long label": f"http://{'a' * 300}",
    "a path": "http://127.0.0.1:9/x?y#z",
    "a blank": "http://a b",
    "a line": "http://a\nb",
    "letters beyond ASCII": "http://\u00e9",
    "a password": f"socks5://user:{CANARY}@127.0.0.1:9",
    "a password and half an address": f"http://user:{CANARY}@[::1",
}
WANTED = "is no usable proxy; give http(s)://HOST[:PORT]"


VARIABLES = [("HTTP_PROXY", name) for name in PROXIES]
VARIABLES += [(each, "SOCKS") for each in ("NOTTE_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY")]


@pytest.mark.parametrize(("variable", "name"), VARIABLES)
def test_proxies_that_can_t_be_used(
    variable: str, name: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, PROXIES[name])
    scheme = "https" if variable.lower() == "https_proxy" else "http"
    run = project.run("-q", f"--base-url={scheme}://service.example", *GIVEN)
    assert (run.code, run.out.strip()) == (4, "")
    assert run.err.startswith(f"ERROR: {variable.upper()} {WANTED}")
    assert CANARY not in run.err


@pytest.mark.parametrize("url", list(PROXIES.values())[:6], ids=list(PROXIES)[:6])
def test_a_proxy_of_the_option_that_can_t_be_used(url: str, project: Project) -> None:
    run = project.run("-q", "--base-url=http://service.example", *GIVEN, f"--contract-proxy={url}")
    assert run.code == 4
    assert f"--contract-proxy {url} {WANTED}" in run.err


def test_a_proxy_that_is_not_asked_is_none_of_our_business(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert project.ask(Things()).code == 0


@pytest.mark.parametrize("file", ["/nonexistent", "/dev/null", __file__, "/"])
def test_certificates_that_can_t_be_used(file: str, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.exchanges.wires.trusted", _untrusting(file, monkeypatch))
    run = project.run("-q", "--base-url=https://service.example", *GIVEN)
    assert run.code == 4
    assert "SSL_CERT_FILE or SSL_CERT_DIR can't be used (" in run.err


def _untrusting(file: str, monkeypatch: pytest.MonkeyPatch) -> object:
    from contracts.exchanges import wires

    monkeypatch.setenv("SSL_CERT_FILE", file)
    return wires.trusted.__wrapped__


@pytest.mark.parametrize("changes", [{"HOME": None}, {"HOME": "/nonexistent", "TMPDIR": "/nonexistent"}], ids=str)
def test_environments_that_lack_something(changes: dict[str, str | None], project: Project) -> None:
    env = {name: value for name, value in project.env.items() if changes.get(name, "") is not None}
    project.env = env | {name: value for name, value in changes.items() if value is not None}
    run = project.finished(project.start("-q", "--base-url", project.serve(Things()), *GIVEN))
    assert (run.code, run.err) == (0, "")
    assert run.report["decision"] == "pass"


def test_two_runs_in_one_folder(project: Project) -> None:
    kept = "--contract-history=history"
    urls = [project.serve(Things()), project.serve(Things({"status": "paused"}))]
    runs = list(
        map(project.finished, [project.start("-q", "--base-url", url, *GIVEN, kept, by=Forked) for url in urls])
    )
    assert [run.code for run in runs] == [0, 1]
    assert sorted(path.name for path in (project.folder / "build" / "contract").iterdir()) == sorted(
        (".gitignore", *MADE)
    )
    assert len(list((project.folder / "history").iterdir())) == 2
    assert runs[0].report["decision"] in ("pass", "fail")
    lines = (project.folder / "build" / "contract" / "exchanges.jsonl").read_text().splitlines()
    assert list(map(json.loads, lines))


@pytest.mark.parametrize("year", [1970, 2001, 9999])
def test_a_clock_of_another_time(year: int, project: Project, time_machine: Any) -> None:
    time_machine.move_to(datetime(year, 1, 1, 12, tzinfo=UTC), tick=True)
    run = project.ask(Things(), "--contract-history=history", "--contract-rate=1000/s")
    assert (run.code, run.report["started"][:4]) == (0, str(year))


def test_a_clock_that_is_put_back(project: Project, time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 11, 28, 12, tzinfo=UTC), tick=True)
    back = datetime(2020, 1, 1, tzinfo=UTC)
    things = Things(on_request=lambda number: time_machine.move_to(back, tick=True) if number == 10 else None)
    run = project.ask(things, "--contract-history=history", "--contract-max-time=1h")
    assert (run.code, run.report["decision"]) == (0, "pass")
    assert run.report["finished"] < run.report["started"]


def test_a_clock_that_is_put_back_keeps_nobody_waiting() -> None:
    times, waits = [1e9], list[float]()
    pace = Pace(Bounds(interval=2.0), started=1e9, now=lambda: times[-1], sleep=waits.append)
    pace.turn()
    times.append(1e6)
    pace.turn()
    assert waits == [2.0]


RULES = ["rules", "--spec", "a.json"]


@pytest.mark.parametrize("command", [RULES, [*RULES, "--format=json"], ["diff", "a.json", "a.json"]], ids=" ".join)
def test_an_output_that_can_t_be_written(command: list[str], project: Project) -> None:
    (project.folder / "a.json").write_bytes((project.folder / "spec" / "notte.yaml").read_bytes())
    with Path("/dev/full").open("w") as full:
        words = [sys.executable, "-m", "contracts", *command]
        done = subprocess.run(words, env=project.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == (
        "contracts: the output can't be written, or a file can't be read (No space left on device)\n"
    )


def test_nohup_is_heeded() -> None:
    """A terminal that is closed ends a run in order, where it ends one at all."""
    says = "from contracts.errors import ENDINGS; print(len(ENDINGS), end=' ')"
    codes = [f"import signal; signal.signal(signal.SIGHUP, signal.{how}); {says}" for how in ("SIG_DFL", "SIG_IGN")]
    assert [subprocess.check_output([sys.executable, "-c", code]) for code in codes] == [b"3 ", b"2 "]


LONG = "n" * 300
NAMING = {
    "mock --port 0 --report NAME notte.yaml": "can't be read or written (File name too long); give the path of another",
    "merge NAME": "can't be read (File name too long); give the report.json that a run with --contract-shard wrote",
}


@pytest.mark.parametrize("command", NAMING)
def test_a_name_that_is_too_long_is_named(
    command: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir("spec")
    monkeypatch.setattr(sys, "argv", ["contracts", *command.replace("NAME", LONG).split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capfd.readouterr().err.endswith(f": {LONG} {NAMING[command]}\n")


def test_a_document_has_room_for_its_name_where_its_overlay_has_none(tmp_path: Path) -> None:
    path = tmp_path / f"{'n' * 250}.json"
    path.write_text('{"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}', encoding="utf-8")
    assert load_spec(path).title == "T"


@pytest.mark.parametrize(("closed", "number"), [("stdout", 1), ("stderr", 2)])
def test_an_output_that_is_closed_costs_nothing_but_itself(closed: str, number: int, project: Project) -> None:
    words = [sys.executable, "-m", "contracts", "run", "-q", "--contract-report=made"]
    shell = ["sh", "-c", f'exec "$@" {number}>&-', "sh", *words]
    done = subprocess.run(shell, env=project.env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("contract: PASS" in done.stdout) is (closed == "stderr")
    assert json.loads((project.folder / "made" / "report.json").read_text())["decision"] == "pass"


BROKEN: dict[str, tuple[str, list[str], str]] = {
    "click": ("raise ValueError('a\\n\\x1b[31mb')", ["rules", "--spec=spec/notte.yaml"], r"ValueError: a\n\x1b[31mb"),
    "msgspec": ("", ["rules"], "AttributeError: module 'msgspec' has no attribute 'Meta'"),
    "yaml": ("def (", ["run"], "SyntaxError: invalid syntax (yaml.py, line 1)"),
    "jinja2": ("from click import nothing", ["run"], "ImportError: cannot import name 'nothing' from 'click'"),
}
"""Modules of other people that somebody has in PYTHONPATH: what is in them, who needs them, and what is said."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_module_that_is_broken_is_a_sentence(name: str, project: Project) -> None:
    held, words, said = BROKEN[name]
    own = project.folder / "modules" / f"{name}.py"
    own.parent.mkdir()
    own.write_text(held)
    env = {**project.env, "PYTHONPATH": os.pathsep.join((str(own.parent), project.env.get("PYTHONPATH", "")))}
    command = [sys.executable, "-m", "contracts", *words]
    done = subprocess.run(command, env=env, cwd=project.folder, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (4, ""), done.stderr
    broken = f"the module {'click' if 'click' in held else name} ("
    assert done.stderr.startswith((f"contracts: {broken}", f"ERROR: {broken}"))
    assert said in done.stderr
    assert str(own) in done.stderr or "click" in held
    assert "; rename it or take its folder out of PYTHONPATH if it is yours, else install " in done.stderr


def lacking(*_: object, **__: object) -> None:
    raise MemoryError


LITTLE = "there is not enough memory for the document; let the process have more of it"


@pytest.mark.parametrize(
    "where",
    [
        "contracts.commands.printouts.rules_for",
        "contracts.document.loader._linked",
        "contracts.report.diff.changes_between",
    ],
)
def test_little_memory_is_a_sentence_of_a_command(
    where: str, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = str(project.folder / "spec" / "notte.yaml")
    words = ["diff", spec, spec] if "diff" in where else ["rules", "--spec", spec]
    monkeypatch.setattr(where, lacking)
    monkeypatch.setattr("sys.argv", ["contracts", *words])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err.startswith(f"contracts: {LITTLE}")


BEGUN = "contract: spec/notte.yaml (1.0) on the mock"


@pytest.mark.parametrize(("where", "said"), [("run.state.Items", ""), ("rules.faults.notices", BEGUN)])
def test_little_memory_for_the_rules_is_a_sentence_of_a_run(
    where: str, said: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"contracts.{where}", lacking)
    run = project.run("-q")
    assert (run.code, run.out.strip()) == (4, said)
    assert run.err.startswith(f"ERROR: {LITTLE}")


def test_little_memory_for_an_operation_is_a_sentence_of_a_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contracts.run.credentials.judge_all", lacking)
    run = project.run("-q")
    assert (run.code, run.counted("error")) == (3, 1)
    assert LITTLE in run.out
    assert "judge_all" not in run.out
    said = "contract: INCONCLUSIVE in a self-test on the mock: an operation can't be asked, see the errors above"
    assert run.lines[-1].startswith(said)


def no_process(self: object, putevent: object) -> list[object]:
    raise OSError(24, "Too many open files")


def processes_that_die(self: object, putevent: object) -> list[object]:
    return []


def a_process_that_lacks_memory(self: object, putevent: Any) -> list[object]:
    putevent(("errordown", {"node": None, "error": f"Traceback …\npytest.UsageError: {LITTLE}\n"}))
    return [None]


def no_thread(self: object) -> None:
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(
    ("processes", "said"),
    [
        (no_process, "the processes of -n can't be had ([Errno 24] Too many open files); leave it out"),
        (processes_that_die, "the processes of -n can't be had (Unexpectedly no active workers avai"),
        (a_process_that_lacks_memory, LITTLE),
    ],
)
def test_processes_that_the_system_does_not_give_are_a_sentence(
    processes: object, said: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(NodeManager, "setup_nodes", processes)
    monkeypatch.setattr(NodeManager, "teardown_nodes", no_thread)
    run = project.run("-q", "-n", "1")
    assert run.code == 4
    assert said in run.out + run.err
    assert "Traceback" not in run.out + run.err
    assert "INTERNALERROR" not in run.out + run.err


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_field_that_frames_a_request_is_the_client_s(name: str, project: Project) -> None:
    run = project.run("-q", f"--contract-header={name}=HOME")
    assert run.code == 4
    assert f"--contract-header {name}=HOME frames a request, as the client does by itself" in run.err


def test_the_slowest_rate_is_one_that_the_system_can_wait_for() -> None:
    assert _interval("0.000000001/h") == 3_600_000


SECRET_URL = f"https://ann:{CANARY.replace('/', '')}@127.0.0.1:9/x"
KEY_TEXT = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\n-----END PRIVATE KEY-----\n"
OPTIONS = ("against", "replay", "overlay", "spec", "ca-bundle", "baseline", "history", "proxy", "client-cert")
SPOILED = [f"--contract-{option}={SECRET_URL}" for option in OPTIONS]
SPOILED += [f"--contract-{option}={KEY_TEXT}" for option in ("client-cert", "ca-bundle", "proxy")]


@pytest.mark.parametrize("option", SPOILED)
def test_a_secret_in_an_option_is_in_no_error(option: str, project: Project) -> None:
    run = project.run("-q", "--base-url=https://127.0.0.1:9", option, "--contract-dry-run")
    assert run.code in (0, 4)
    assert CANARY.replace("/", "") not in run.err
    assert "MIGHAg" not in run.err


@pytest.mark.parametrize("path", ["", "/", "."])
def test_a_folder_is_no_document_to_accept_for(
    path: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["accept", "x", "--reason", "x", "--until", "2099-01-01", "--spec", path]
    monkeypatch.setattr("sys.argv", ["contracts", *words])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "can't be read: Is a directory; give the path of a readable file" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["rules", "--spec"], ["diff", "a.json"], ["drift", "x"], ["accept", "x", "--spec"]])
def test_a_secret_in_a_word_is_in_no_error(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["contracts", *words, SECRET_URL.replace("//", "/")])
    with pytest.raises(SystemExit):
        main()
    assert CANARY.replace("/", "") not in capsys.readouterr().err
