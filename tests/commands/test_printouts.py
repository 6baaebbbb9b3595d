"""`contracts report`: any form of one or more reports, in the process and from files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts import commands
from contracts.decision.run_decision import Decision, Result
from contracts.report.json_report import json_text, to_json
from contracts.report.run import Run

from ..report.test_json_report import old
from ..report.verdicts import report, violated

RESULTS = {"pass": Result.PASS, "fail": Result.FAIL, "inconclusive": Result.INCONCLUSIVE}
FORMS = {"html": "<!doctype html>", "markdown": "### ", "annotations": "::", "text": "operation "}


def run(monkeypatch: pytest.MonkeyPatch, *args: object) -> int:
    monkeypatch.setattr("sys.argv", ["contracts", "report", *map(str, args)])
    try:
        commands.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def written(folder: Path, name: str = "report.json", made: Run | None = None, **extra: Any) -> Path:
    path = folder / name
    path.write_text(json_text(to_json(made or report(violated(), **extra))))
    return path


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("result", RESULTS)
def test_every_form_is_written_whatever_was_decided(
    form: str, result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, decision=Decision(RESULTS[result]))
    assert run(monkeypatch, form, path) == 0
    out, err = capsys.readouterr()
    assert (out[: len(FORMS[form])].lower(), err) == (FORMS[form], "")


@pytest.mark.parametrize("form", FORMS)
def test_a_report_of_an_older_version_has_every_form(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    path.write_text(json_text(old(to_json(report(violated())))))
    assert run(monkeypatch, form, path, "--history", tmp_path) == 0
    assert "/status enum" in capsys.readouterr().out.replace("&#x2F;", "/")


def test_several_are_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = written(tmp_path, "a.json", decision=Decision(Result.FAIL, ("1 rule violated",)))
    other = written(tmp_path, "b.json", made=report(base_url=None, seed=8))
    assert run(monkeypatch, "text", one, other) == 0
    out = capsys.readouterr().out
    assert "contract: FAIL on http://h, the mock: 1 rule violated (1 rule, " in out


def test_a_report_that_is_named_twice_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path)
    assert run(monkeypatch, "markdown", path, path) == 0
    assert "on 3 of 9 exchanges" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("form", "said"), [("markdown", "#### History: 2 runs since 2026-11-23"), ("text", "history: 2")]
)
def test_history_is_shown(
    form: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "history").mkdir()
    started: dict[str, Any] = {"started": "2026-11-23T05:00:00.000+00:00", "finished": "2026-11-23T05:00:09.000+00:00"}
    written(tmp_path / "history", "before.json", **started)
    tonight = written(tmp_path)
    shutil.copy(tonight, tmp_path / "history")
    assert run(monkeypatch, form, tonight, "--history", tmp_path / "history") == 0
    assert said in capsys.readouterr().out


def test_the_output_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "new" / "summary.md"
    assert run(monkeypatch, "markdown", written(tmp_path), "-o", output) == 0
    assert capsys.readouterr().out == ""
    assert output.read_text().startswith("### ")
    assert [path.name for path in output.parent.iterdir()] == ["summary.md"]


ERRORS: list[tuple[tuple[str, ...], str]] = [
    (("text",), "Missing argument 'FILE...'; see contracts report --help"),
    (("xml", "report.json"), "Invalid value for 'FORMAT': 'xml' is not one of"),
    (("text", "none.json"), "none.json can't be read (No such file or directory); give a report.json that a contract"),
    (("text", "report.json", "half.json"), "half.json is no JSON, or not all of it (line 18); give a report.json"),
    (("text", "report.json", "--history", "none"), "--history none is no folder; give one that --contract-history"),
    (("text", "report.json", "-o", "folder"), "--output folder can't be written (Is a directory); give a file that"),
    (("text", "report.json", "-o", "half.json/x"), "--output half.json/x can't be written ("),
]


@pytest.mark.parametrize(("args", "sentence"), ERRORS, ids=[" ".join(args) for args, _ in ERRORS])
def test_what_a_user_can_mend_is_one_sentence(
    args: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("half.json").write_text(written(tmp_path).read_text()[:400])
    assert run(monkeypatch, *args) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"contracts: {sentence}")


def test_help_says_that_it_is_no_gate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    assert "It is no gate: the exit code is 0 whatever was decided" in " ".join(capsys.readouterr().out.split())
