"""The commands, each in a process of its own where its end matters."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from contracts import commands
from contracts.run.options import OPTIONS

from .conftest import Run

ROOT = Path(__file__).parents[2]
ENUM = "GET /sessions/{session_id} 200 /status enum"


def run(monkeypatch: pytest.MonkeyPatch, *args: str) -> int:
    monkeypatch.setattr("sys.argv", ["contracts", *args])
    try:
        commands.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_rules_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "rules") == 0
    out, err = capsys.readouterr()
    assert (err, out.splitlines()[-1].endswith(" rules of Notte API 1.4.40")) == ("", True)
    assert any(f"  {ENUM}  " in line and line.startswith("spec/notte.yaml:") for line in out.splitlines())


def test_rules_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "rules", "--format", "json") == 0
    assert ENUM in {entry["rule"] for entry in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize("form", ["text", "json"])
def test_one_rule_in_full(form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "rules", "--explain", ENUM, "--format", form) == 0
    out = capsys.readouterr().out
    assert ("active" in out, "JSON Schema 2020-12 Validation §6.1.2" in out) == (True, True)


def test_overlay_can_be_left_out(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "rules", "--overlay", "none")
    assert " 401 " not in capsys.readouterr().out


ERRORS = [
    (("rules", "--explain", f"{ENUM}s"), f"the document has no rule {ENUM}s; the nearest are {ENUM}; "),
    (("rules", "--nothing"), "No such option '--nothing'; see contracts rules --help"),
    (("rules", "extra"), "Got unexpected extra argument (extra); see contracts rules --help"),
    (("rules", "--format", "xml"), "Invalid value for '--format': 'xml' is not one of"),
    (("rules", "--explain"), "Option '--explain' requires an argument; see contracts"),
    (("nothing",), "No such command 'nothing'; see contracts --help"),
    (("rules", "--spec", "x.yaml"), "x.yaml: can't be read: No such file or directory"),
    (("rules", "--spec", "spec"), "spec: can't be read"),
    (("rules", "--spec", "Makefile"), "Makefile:"),
    (("rules", "--overlay", "x.yaml"), "x.yaml: can't be read"),
    (("rules", "--overlay", "none", "--overlay", "x"), "--overlay none stands beside other overlays"),
]


@pytest.mark.parametrize(("args", "sentence"), ERRORS, ids=[" ".join(args) for args, _ in ERRORS])
def test_what_a_user_can_mend_is_one_sentence(
    args: tuple[str, ...], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *args) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"contracts: {sentence}")


def test_no_command_shows_the_commands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch) == 2
    assert "Compare documents:\n  diff " in capsys.readouterr().err


@pytest.mark.parametrize("args", [("--help",), ("-h",), ("rules", "-h"), ("--version",)], ids=" ".join)
def test_questions_are_answered(
    args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *args) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("error", [KeyboardInterrupt, click.Abort], ids=["Ctrl-C", "abort"])
def test_interruption_is_no_result(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*args: object, **more: object) -> None:
        raise error

    monkeypatch.setattr("contracts.commands.printouts.rules_for", interrupted)
    assert run(monkeypatch, "rules") == 2
    assert capsys.readouterr().err.strip() == "contracts: interrupted"


def test_other_errors_of_click_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise click.ClickException("no terminal")

    monkeypatch.setattr("contracts.commands.printouts.rules_for", broken)
    assert run(monkeypatch, "rules") == 2
    assert capsys.readouterr().err == "contracts: no terminal\n"


COMMANDS = {
    "python -m contracts": [sys.executable, "-m", "contracts"],
    "contracts": [str(Path(sys.executable).with_name("contracts"))],
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_broken_pipe_is_quiet(name: str, form: str) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [*COMMANDS[name], "rules", "--format", form]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=write_end, stderr=subprocess.PIPE, check=False)
    os.close(write_end)
    assert (done.returncode, done.stderr) == (0, b"")


def test_first_line_alone_can_be_read() -> None:
    script = f"set -o pipefail; {shlex.quote(sys.executable)} -m contracts rules | head -1"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)


def test_the_help_of_a_run_has_every_option(contracts: Run) -> None:
    code, out, err = contracts("run", "--help")
    assert (code, err) == (0, "")
    assert [option.flag for option in OPTIONS if f"  {option.flag}" not in out] == []
    assert out.startswith("Usage: contracts run [DOCUMENT[::TEST]] [OPTION]...\n")


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("contracts run op", "file,op\n"),
        ("contracts run openapi.yaml --contract-report b", "file,b\n"),
        ("contracts run openapi.yaml --base", "plain,--base-url\n"),
        ("contracts run --contract-req", "plain,--contract-require-all\n"),
        ("contracts rules --sp", "plain,--spec\n"),
    ],
)
def test_a_shell_completes_what_is_typed(
    words: str, found: str, contracts: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where a document can be found, nothing is said of it."""
    monkeypatch.chdir(tmp_path)
    Path("openapi.yaml").write_text("openapi: 3.1.0\n")
    monkeypatch.setenv("_CONTRACTS_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert contracts() == (0, found, "")


ASKED = """
import sys
sys.argv = ["contracts", "--help"]
before = {name.partition(".")[0] for name in sys.modules}
from notte_contracts import main
try:
    main()
finally:
    added = set(sys.modules) - before
    tops = {name.partition(".")[0] for name in added} - set(sys.stdlib_module_names) - before
    print(sorted(tops), sorted(name for name in added if name.startswith("contracts.")))
"""


def test_help_imports_next_to_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=False)
    own = ["contracts.commands", "contracts.errors"]
    wanted = f"{['click', 'contracts', 'notte_contracts']} {own}"
    assert (done.returncode, done.stderr, done.stdout.splitlines()[-1]) == (0, "", wanted)


def in_groups(help_text: str) -> list[str]:
    """The names below each title but that of the options."""
    return [name for part in help_text.split("\n\n")[3:] for name in re.findall(r"^  (\w+)", part, re.MULTILINE)]


def test_the_commands_stand_in_groups(contracts: Run) -> None:
    code, out, _ = contracts("--help")
    titles = re.findall(r"^(\w.*):$", out, re.MULTILINE)
    assert (code, titles) == (
        0,
        ["Options", "Ask a service", "Serve and judge clients", "Compare documents", "Set up and tell"],
    )
    others = ["diff", "changelog", "drift", "pull", "init", "rules", "lives", "accept", "report", "merge"]
    assert in_groups(out) == ["run", "mock", "proxy", "judge", "consumer", *others]


LINES = re.findall(r"^\| (bash|zsh|fish).*\| `(.*?)` \|$", (ROOT / "docs/commands.md").read_text("utf-8"), re.MULTILINE)


def test_the_line_for_each_shell_is_documented() -> None:
    assert [shell for shell, _ in LINES] == ["bash", "zsh", "fish"]


@pytest.mark.parametrize(("shell", "line"), LINES, ids=[shell for shell, _ in LINES])
def test_the_documented_line_gives_a_shell_what_it_reads(
    shell: str, line: str, contracts: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "bash": "complete -o nosort -F",
        "zsh": "compdef _contracts_completion contracts",
        "fish": "--command contracts",
    }
    variable, _, value = line.replace('eval "$(', "").split()[0].partition("=")
    monkeypatch.setenv(variable, value)
    code, out, err = contracts()
    assert (code, err, told[shell] in out) == (0, "", True)


@pytest.mark.parametrize(("shell", "word"), [("zsh", "1"), ("fish", "chan")])  # fish gives the word itself
def test_other_shells_complete_as_well(shell: str, word: str, contracts: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_CONTRACTS_COMPLETE", f"{shell}_complete")
    monkeypatch.setenv("COMP_WORDS", "contracts chan")
    monkeypatch.setenv("COMP_CWORD", word)
    code, out, err = contracts()
    assert (code, re.findall(r"\b(?:changelog|diff|run)\b", out.split("\t")[0]), err) == (0, ["changelog"], "")


def test_bash_takes_the_documented_line() -> None:
    (line,) = (line for shell, line in LINES if shell == "bash")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    words = ["bash", "-c", f"{line} && complete -p contracts"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, "_contracts_completion contracts" in done.stdout) == (0, "", True)
