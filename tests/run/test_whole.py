"""Shards of a run, put together by `contracts merge`, are the whole run: verdict by verdict."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.commands import commands
from contracts.errors import UsageError

from .notte_service import Notte, write_notte
from .orders import LINES, ONE, Orders
from .orders import document as orders_document
from .projects import CANARY, ENUM, GIVEN, Project, Things, document, forms, operation
from .test_drift import NEWER, Publishing

ROOT = Path(__file__).parents[2]
DOCUMENTS = {"notte": ROOT / "spec" / "notte.yaml", "tickets": ROOT / "examples" / "tickets" / "openapi.yaml"}


def merged(*words: str | Path) -> tuple[int, str]:
    """`contracts merge` in this process: its exit code, and what it says."""
    found = CliRunner().invoke(commands, ["merge", *map(str, words)])
    if isinstance(found.exception, UsageError):
        return 2, str(found.exception)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.exit_code, found.output


def in_shards(project: Project, *args: str, count: int = 2) -> list[int]:
    """The exit codes of the shards of a run, whose reports are in the folder `shards`."""
    codes = []
    for index in range(1, count + 1):
        folder = f"--contract-report=shards/{index}"
        codes.append(project.run("-q", f"--contract-shard={index}/{count}", folder, *args).code)
    return codes


def put_together(project: Project, *words: str) -> tuple[int, str, Any]:
    """The whole of the folder `shards`, as it is read from the file that is made of it."""
    code, out = merged(project.folder / "shards", "-o", "whole/report.json", *words)
    return code, out, json.loads((project.folder / "whole" / "report.json").read_text(encoding="utf-8"))


def told(report: Any) -> dict[str, Any]:
    """The verdicts in their order, without what is another time's: numbers of exchanges, and times."""
    found = {}
    for verdict in report["verdicts"]:
        evidence = verdict["evidence"] and {**verdict["evidence"], "exchange": None, "headers": None}
        found[verdict["rule"]] = {**verdict, "evidence": evidence}
    return found


def counts(report: Any) -> Any:
    """What was asked of each operation, and what came."""
    asked = {key: (one["exchanges"], one["statuses"]) for key, one in report["operations"].items()}
    return report["summary"], report["statuses"], asked


@pytest.mark.parametrize("name", DOCUMENTS)
def test_three_shards_on_the_mock_are_the_whole_run(name: str, project: Project) -> None:
    spec = f"--contract-spec={DOCUMENTS[name]}"
    whole = project.run("-q", spec).report
    assert in_shards(project, spec, count=3) == [0, 0, 0]
    code, out, report = put_together(project)
    assert (code, report["decision"], report["reasons"], "shard" in report) == (0, "pass", [], False)
    assert told(report) == told(whole)
    assert list(told(report)) == list(told(whole))
    assert counts(report) == counts(whole)
    assert out.splitlines()[-1].startswith("contract: PASS in a self-test on the mock (")
    assert "<dt>Merged</dt><dd>3 reports" in (project.folder / "whole" / "report.html").read_text(encoding="utf-8")


def test_a_violation_is_that_of_the_whole_run(project: Project) -> None:
    project.write(document("thing_id", get=operation("get"), head=operation("head"), post=operation("post")))
    words = ["--base-url", project.serve(Things({"status": "paused"})), *GIVEN]
    whole = project.run("-q", *words)
    assert (whole.code, whole.violated) == (1, {ENUM})
    assert sorted(in_shards(project, *words, count=3)) == [0, 0, 1]
    code, out, report = put_together(project)
    assert (code, report["reasons"]) == (1, whole.report["reasons"])
    assert told(report) == told(whole.report)
    assert counts(report) == counts(whole.report)
    assert f"violated: {ENUM}: " in out
    assert not [form for form in forms(CANARY) if form in out]


def test_ids_are_found_in_lists_of_other_shards(project: Project) -> None:
    """And verdicts are those of the whole run, whoever asked the list."""
    project.write(orders_document())

    def outcomes(report: Any) -> dict[str, str]:
        return {verdict["rule"]: verdict["outcome"] for verdict in report["verdicts"]}

    words = ["--base-url", project.serve(Orders.with_two())]  # type: ignore[arg-type]
    whole = project.run("-q", *words).report
    assert in_shards(project, *words, count=3) == [0] * 3
    code, _, report = put_together(project)
    assert (code, outcomes(report)) == (0, outcomes(whole))
    shares = json.loads((project.folder / "shards" / "1" / "report.json").read_text())["shard"]["shares"]
    lists = {shares["GET /orders"], shares[f"GET {ONE}"], shares[f"GET {LINES}"]}
    assert len(lists) > 1  # of the chain of lists some are in other shards


def test_a_session_is_started_and_drift_looked_for_by_the_first_alone(project: Project) -> None:
    write_notte(project)
    notte = Notte()
    with notte.serving() as url:
        codes = in_shards(project, "--base-url", url, "--contract-start-session", "--contract-discover", count=3)
    assert (codes, notte.changes.count("POST /sessions/start")) == ([0, 0, 0], 1)
    first = json.loads(report_of(project, 1).read_text())
    asked = [verdict for verdict in first["verdicts"] if first["shard"]["shares"][verdict["operation"]] != 1]
    assert asked  # of another shard, for the session: what that did not exercise is not the first one's to say
    assert all(verdict["exercised"] for verdict in asked)
    code, out, report = put_together(project)
    assert (code, report["sessions"]["started"]["stopped"]) == (0, True)
    assert "started session" in out


def test_drift_is_that_of_the_first(project: Project) -> None:
    project.write(document("thing_id", get=operation("get"), head=operation("head")))
    things = Publishing(NEWER)
    words = ["--base-url", project.serve(things), "--contract-drift", *GIVEN]
    assert (in_shards(project, *words), len(things.pages)) == ([0, 0], 1)
    assert put_together(project)[2]["drift"]["published"] == "2.0"


SHARDS: dict[int, bytes] = {}


@pytest.fixture
def shards(project: Project) -> Project:
    """A project with the reports of three shards on the mock, which are made once: no folder is in them."""
    project.write(document("thing_id", get=operation("get"), put=operation("put"), post=operation("post")))
    if not SHARDS:
        assert in_shards(project, count=3) == [0, 0, 0]
        SHARDS.update((index, report_of(project, index).read_bytes()) for index in (1, 2, 3))
    for index, text in SHARDS.items():
        report_of(project, index).parent.mkdir(parents=True, exist_ok=True)
        report_of(project, index).write_bytes(text)
    return project


def report_of(project: Project, index: int) -> Path:
    return project.folder / "shards" / str(index) / "report.json"


def test_rules_of_a_shard_that_is_not_there_are_not_exercised(shards: Project) -> None:
    whole = shards.run("-q").report
    report_of(shards, 2).unlink()
    code, out, report = put_together(shards)
    assert (code, report["reasons"]) == (3, ["shard 2 of 3 is not there; give the report of each"])
    assert list(told(report)) == list(told(whole))
    unseen = [one for one in report["verdicts"] if one["why"] == "shard 2 of 3 is not there"]
    assert {(one["outcome"], one["operation"]) for one in unseen} == {("not_exercised", unseen[0]["operation"])}
    assert "inconclusive: shard 2 of 3 is not there" in out


def test_without_the_document_the_rules_are_left_out_and_that_is_said(shards: Project) -> None:
    report_of(shards, 2).unlink()
    (shards.folder / "spec" / "notte.yaml").rename(shards.folder / "moved.yaml")
    code, _, report = put_together(shards)
    assert code == 3
    assert "the rules of 1 operation that no shard asked are left out: spec/notte.yaml" in report["notes"][-1]
    assert len(put_together(shards, "--spec=moved.yaml")[2]["verdicts"]) > len(report["verdicts"])
    (shards.folder / "moved.yaml").write_text(json.dumps(document()))
    assert "moved.yaml is another document" in put_together(shards, "--spec=moved.yaml")[2]["notes"][-1]


def test_operations_of_a_shard_that_the_document_does_not_have_are_said(shards: Project) -> None:
    report_of(shards, 2).unlink()
    for index in (1, 3):
        report = json.loads(report_of(shards, index).read_text())
        report["shard"]["shares"]["GET /nothing"] = 2
        report_of(shards, index).write_text(json.dumps(report))
    assert "spec/notte.yaml is another document" in put_together(shards)[2]["notes"][-1]


def test_files_folders_and_patterns_are_the_same(shards: Project) -> None:
    """What is written into a folder that is read is no shard of the next time."""
    folder = shards.folder / "shards"
    given: list[list[str | Path]] = [[folder], [folder], [f"{folder}/[1-3]/*.json"], [f"{folder}/?"]]
    given.append([report_of(shards, number) for number in (3, 1, 2)])
    for words in given:
        assert merged(*words, "-o", folder / "report.json")[0] == 0


def test_what_was_cut_short_leaves_the_whole_open(shards: Project) -> None:
    path = report_of(shards, 2)
    path.write_bytes(path.read_bytes()[:1000])
    code, out = merged(shards.folder / "shards")
    assert (code, f"{path} is no JSON, or not all of it" in out.replace("\n", "")) == (3, True)


def test_an_operation_that_a_shard_did_not_come_to_is_not_exercised(shards: Project) -> None:
    operations: dict[str, Any] = {method: operation(method) for method in ("get", "put", "post", "patch", "head")}
    shards.write(document("thing_id", **operations))
    in_shards(shards)
    report_of(shards, 3).unlink()
    run = shards.run("-q", "--contract-shard=1/2", "--contract-report=shards/1", "-k", "nullability and GET")
    assert run.code in (0, 5)
    whole = shards.run("-q").report
    report = put_together(shards)[2]
    assert list(told(report)) == list(told(whole))
    assert [one for one in report["verdicts"] if one["why"] == "shard 1 of 2 did not come to it"]


def test_what_is_no_run_is_refused(shards: Project) -> None:
    code, said = merged(shards.folder / "spec" / "notte.yaml")
    assert (code, "there is no report of a shard: " in said) == (2, True)
    assert merged(shards.folder / "nowhere")[0] == 2


def test_the_history_has_the_whole_run_and_no_shard(shards: Project) -> None:
    run = shards.run("-q", "--contract-shard=1/3", "--contract-report=shards/1", "--contract-history=nights")
    assert "history: shard 1 of 3 is not kept, see contracts merge --history" in run.out
    assert not (shards.folder / "nights").exists() or not [*(shards.folder / "nights").iterdir()]
    code, out, report = put_together(shards, "--history=nights")
    (kept,) = (shards.folder / "nights").iterdir()
    assert (code, json.loads(kept.read_text())) == (0, report)
    assert "history: 1 run since " in out


def test_every_form_can_be_made_of_the_whole(shards: Project) -> None:
    put_together(shards)
    for form in ("html", "markdown", "annotations", "text"):
        found = CliRunner().invoke(commands, ["report", form, str(shards.folder / "whole" / "report.json")])
        assert found.exit_code == 0


def test_what_cannot_be_written_is_said(shards: Project) -> None:
    (shards.folder / "taken").write_text("")
    code, said = merged(shards.folder / "shards", "-o", shards.folder / "taken" / "report.json")
    assert (code, "can't be written" in said) == (2, True)


def test_what_is_known_of_an_earlier_report_is_known_of_the_whole(project: Project) -> None:
    """Also that of a shard that is not there, and none is told of the rules of another."""
    project.write(document("thing_id", get=operation("get"), head=operation("head")))
    words = ["--base-url", project.serve(Things({"status": "paused"})), *GIVEN]
    assert project.run("-q", *words, "--contract-report=last").code == 1
    known = ["--contract-against=last/report.json", "--contract-fail-on=new"]
    whole = project.run("-q", *words, *known).report
    assert (in_shards(project, *words, *known), put_together(project)[0]) == ([0, 0], 0)
    report = put_together(project)[2]
    assert report["against"] == whole["against"]
    assert told(report) == told(whole)
    for index in (1, 2):
        own = json.loads(report_of(project, index).read_text())
        assert own["against"]["not_judged"] == []
        if own["against"]["still_there"]:
            report_of(project, index).rename(project.folder / "gone.json")
    alone = put_together(project)[2]
    assert (alone["decision"], alone["against"]["not_judged"]) == ("inconclusive", [ENUM])
    assert alone["against"]["carried"].keys() == {ENUM}


OVERLAY = "overlay: 1.0.0\ninfo: {title: o, version: '1'}\nactions: [{target: $.info, update: {x-a: 1}}]\n"


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("notte.overlay.yaml", OVERLAY, "content"),
        ("accepted.toml", f'[violation]\n"{ENUM}" = {{ reason = "old", until = 9999-12-31 }}\n', "accepted entries"),
    ],
    ids=["an overlay", "an acceptance"],
)
def test_what_stands_beside_the_document_is_the_same_in_all(file: str, text: str, said: str, project: Project) -> None:
    project.write(document("thing_id", get=operation("get"), head=operation("head")))
    project.run("-q", "--contract-shard=1/2", "--contract-report=shards/1")
    (project.folder / "spec" / file).write_text(text)
    project.run("-q", "--contract-shard=2/2", "--contract-report=shards/2")
    code, _, report = put_together(project)
    assert code == 3
    assert [reason for reason in report["reasons"] if f"is of another run and left out: {said} " in reason]


def test_a_replay_is_shared_out_by_its_evidence(project: Project) -> None:
    project.write(document("thing_id", get=operation("get"), head=operation("head"), trace=operation("trace")))
    words = ["--base-url", project.serve(Things({"status": "paused"})), *GIVEN]
    assert project.run("-q", *words, "--contract-report=last").code == 1
    replay = [*words, "--contract-replay=last/report.json"]
    whole = project.run("-q", *replay)
    assert (whole.code, len(whole.violated)) == (1, 2)
    assert in_shards(project, *replay) == [1, 1]  # GET and TRACE, which have all the evidence, are apart
    code, _, report = put_together(project)
    assert (code, told(report), counts(report)) == (1, told(whole.report), counts(whole.report))
