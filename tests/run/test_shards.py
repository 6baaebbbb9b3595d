"""A shard asks its share of the operations, and is a whole run in all else."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from contracts.errors import UsageError
from contracts.report.forms.markdown import run_markdown
from contracts.report.forms.page import page
from contracts.report.json_report import SCHEMA, read_run
from contracts.run.options import Options, options_from

from .projects import CANARY, GIVEN, Project, Run, Things, answer, document, forms, operation

METHODS = ("get", "put", "post", "patch")


def things_of(*methods: str, **extra: Any) -> dict[str, Any]:
    """A document of some operations on one thing."""
    operations: dict[str, Any] = {method: operation(f"{method}_thing", **extra) for method in methods}
    return document("thing_id", **operations)


def shard(project: Project, number: str, *args: str) -> Run:
    run = project.run("-q", f"--contract-shard={number}", *args)
    assert run.code == 4 or run.report  # which is read before the next shard writes its own
    return run


def operations_of(run: Run) -> set[str]:
    return {verdict["operation"] for verdict in run.report["verdicts"]}


@pytest.mark.parametrize(
    "value", ["0/5", "6/5", "2", "a/b", "1/0", "0/0", "-1/5", "1/5/5", "1/", "/5", "2 / 5", "1.0/2", "\u0661/5"]
)
def test_what_is_no_shard_is_refused(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        options_from(lambda option: value if option.field == "shard" else None)
    assert str(caught.value) == f"--contract-shard {value} is no share of a run; give 2/5, say, for the second of five"


def test_shard_is_read() -> None:
    assert options_from(lambda option: "2/5" if option.field == "shard" else None) == Options(shard=(2, 5))


def test_wrong_shard_ends_the_run_before_it_begins(project: Project) -> None:
    run = shard(project, "6/5")
    assert (run.code, "--contract-shard 6/5 is no share of a run" in run.out + run.err) == (4, True)


def test_shards_ask_each_operation_once_and_judge_as_the_whole_run(project: Project) -> None:
    project.write(things_of(*METHODS))
    whole = project.run("-q").judged
    parts = [shard(project, f"{number}/3") for number in (1, 2, 3)]
    assert [part.code for part in parts] == [0, 0, 0]
    judged: dict[str, Any] = {}
    for part in parts:
        own = part.report
        index = own["shard"]["index"]
        assert operations_of(part) == {key for key, share in own["shard"]["shares"].items() if share == index}
        assert not judged.keys() & part.judged.keys()
        judged |= part.judged
    assert judged == whole


def test_a_shard_says_which_it_is(project: Project) -> None:
    project.write(things_of(*METHODS))
    run = shard(project, "2/3", "--junitxml=out.xml")
    assert run.lines[0].endswith("on the mock, shard 2 of 3 (1 of 4 operations)")
    assert run.lines[-1].startswith("contract: PASS in a self-test on the mock, shard 2 of 3 (")
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(run.report)
    told = read_run(project.folder / "build" / "contract" / "report.json")
    assert "<dt>Shard</dt><dd>2 of 3</dd>" in page(told)
    assert "on the mock, shard 2 of 3" in "\n".join(run_markdown(told))
    assert '<property name="shard" value="shard 2 of 3"' in (project.folder / "out.xml").read_text()


def test_the_twin_of_the_option(project: Project) -> None:
    project.write(things_of(*METHODS), ini="contract_shard = 3/3\n")
    assert project.run("-q").report["shard"]["index"] == 3


def test_the_order_of_the_document_does_not_matter(project: Project) -> None:
    project.write(things_of(*METHODS))
    shares = shard(project, "1/4").report["shard"]["shares"]
    project.write(things_of(*reversed(METHODS)))
    assert shard(project, "1/4").report["shard"]["shares"] == shares


def test_more_shards_than_operations(project: Project) -> None:
    """What has nothing to ask passes, and says why: how many jobs there are is not the document's matter."""
    runs = [shard(project, f"{number}/3") for number in (1, 2, 3)]
    assert [run.code for run in runs] == [0, 0, 0]
    idle = [run for run in runs if not run.report["verdicts"]]
    assert len(idle) == 2
    for run in idle:
        assert "note: there are more shards than operations, so that none is left for this one" in run.out
        assert run.report["summary"]["exchanges"] == 0


def test_an_operation_that_is_chosen_is_shared_out(project: Project) -> None:
    project.write(things_of(*METHODS))
    keys: list[str] = []
    for number in (1, 2):
        run = shard(project, f"{number}/2", "--contract-operation=P* /*")
        keys += operations_of(run)
        assert len(operations_of(run)) in (1, 2)
    assert sorted(keys) == [f"{method} /things/{{thing_id}}" for method in ("PATCH", "POST", "PUT")]


def test_operations_with_a_rule_that_is_chosen_are_shared_out(project: Project) -> None:
    project.write(things_of(*METHODS))
    shares = shard(project, "1/2", "--contract-rule=*T /things/* 200 /status enum").report["shard"]["shares"]
    assert sorted(shares) == [f"{method} /things/{{thing_id}}" for method in ("GET", "POST", "PUT")]
    assert set(shares.values()) == {1, 2}


def test_a_rule_that_is_nowhere_is_refused_in_each_shard(project: Project) -> None:
    run = shard(project, "2/2", "--contract-rule=no such*")
    assert (run.code, "--contract-rule no such* matches none of the rules" in run.out + run.err) == (4, True)


def test_what_is_not_sent_costs_nothing(project: Project) -> None:
    """Of a live service methods that change something are not asked, so that GETs are shared out by themselves."""
    paths = {f"/{name}": {method: operation(f"{method}{name}") for method in ("get", "put", "post")} for name in "abcd"}
    project.write({**document(), "paths": paths})
    url = project.serve(Things())
    found = [shard(project, f"{number}/2", "--base-url", url).report["shard"]["shares"] for number in (1, 2)]
    assert found[0] == found[1]
    assert [sum(share == one for key, share in found[0].items() if key.startswith("GET")) for one in (1, 2)] == [2, 2]


def test_a_share_that_is_not_sent_passes(project: Project) -> None:
    project.write(things_of("get", "put"))
    url = project.serve(Things())
    runs = [shard(project, f"{number}/2", "--base-url", url, *GIVEN) for number in (1, 2)]
    idle = [run for run in runs if operations_of(run) == {"PUT /things/{thing_id}"}]
    assert [run.code for run in runs] == [0, 0]
    assert "nothing was sent: methods that may change state" in idle[0].report["notes"][0]


def test_a_violation_fails_the_shard_that_has_it_alone(project: Project) -> None:
    project.write(things_of("get", "head"))
    runs = [project.ask(Things({"status": "paused"}), f"--contract-shard={number}/2") for number in (1, 2)]
    assert sorted(run.code for run in runs) == [0, 1]


def test_an_entry_out_of_use_fails_the_whole_alone(project: Project) -> None:
    """A shard passes if its share holds; what is true of the whole run is in its report, for `contracts merge`."""
    entry = '[violation]\n"GET /gone 200 / schema" = { reason = "old", until = 9999-12-31 }\n'
    (project.folder / "spec" / "accepted.toml").write_text(entry)
    run = shard(project, "1/1")
    assert (run.code, run.report["reasons"]) == (0, [])
    assert "the document has no rule GET /gone 200 / schema; remove the entry" in run.report["shard"]["stale"][0]
    assert project.run("-q").code == 1


def test_a_shard_tells_no_secret(project: Project) -> None:
    run = shard(project, "1/1", f"--contract-param=thing_id={CANARY}")
    assert "thing_id=$CONTRACT_CREDENTIAL" in run.report["shard"]["settings"]["--contract-param"]
    assert not [form for form in forms(CANARY) if form in json.dumps(run.report["shard"])]


def test_a_night_needs_one_seed(project: Project) -> None:
    run = shard(project, "1/2", "--hypothesis-profile=nightly")
    said = "--contract-shard: each night has a seed of its own; give all shards the same --hypothesis-seed N"
    assert (run.code, said in run.out + run.err) == (4, True)


def test_processes_of_a_shard_ask_the_same_share(project: Project) -> None:
    project.write(things_of(*METHODS))
    alone, several = shard(project, "1/2"), shard(project, "1/2", "-n1")
    assert several.code == 0
    assert several.verdicts.keys() == alone.verdicts.keys()


def test_looking_around_goes_beyond_the_share(project: Project) -> None:
    """Of a share whose answers are all a 404, the operations of others tell that the service is the right one."""
    other = {"get": operation("list", parameters=[])}
    paths = {**document()["paths"], "/other": other}
    project.write({**document(), "paths": paths})

    def serve(request: bytes) -> bytes:
        line = request.partition(b" HTTP/1.1")[0]
        known = f"authorization: bearer {CANARY}".encode() in request.lower()
        if line == b"GET /other":
            body = json.dumps({"status": "active"}).encode() if known else b""
            return answer(200 if known else 401, body, "Content-Type: application/json", "WWW-Authenticate: Bearer")
        return answer(404)

    found = [project.run("-q", "--base-url", project.serve(serve), f"--contract-shard={n}/2") for n in (1, 2)]  # type: ignore[arg-type]
    assert not [run.out for run in found if "nothing of the API" in run.out or run.code == 3]


@pytest.mark.parametrize("words", [("-n1",), ("--contract-dry-run",)], ids=["processes", "dry run"])
def test_a_shard_without_a_share_ends_well_however_it_is_run(words: tuple[str, ...], project: Project) -> None:
    runs = [project.run("-q", f"--contract-shard={index}/2", *words) for index in (1, 2)]
    assert [run.code for run in runs] == [0, 0], runs[1].out
