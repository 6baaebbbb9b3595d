"""The fixture `contract`: answers that a project's own tests have, judged."""

from .projects import Project, Things

OWN_TEST = """
import os, httpx2

def test_own(contract, base_url):
    response = httpx2.get(f"{base_url}/things/a1", headers={"Authorization": "Bearer " + os.environ["NOTTE_API_KEY"]})
    contract.judge(response)
"""


def test_kept_contract_passes(project: Project) -> None:
    project.write(module=OWN_TEST)
    run = project.ask(Things())
    assert (run.code, run.counted("passed")) == (0, 1)
    assert run.lines[-1].startswith("contract: nothing was asked of http://127.0.0.1")


def test_broken_contract_fails_with_the_reason(project: Project) -> None:
    project.write(module=OWN_TEST)
    run = project.ask(Things({"status": "paused"}))
    assert run.code == 1
    assert 'seen: /status is "paused"; wanted: is one of ' in run.out
    assert not (project.folder / "build").exists()


def test_document_is_needed(project: Project) -> None:
    project.write(module=OWN_TEST)
    (project.folder / "spec" / "notte.yaml").unlink()
    run = project.run("-q", "--base-url", "http://127.0.0.1:1")
    assert run.code == 1
    assert "the contract fixture needs a document: give --contract-spec, or have spec/notte.yaml" in run.out


def test_fixture_is_listed(project: Project) -> None:
    assert "contract.judge(response)" in project.run("--fixtures").out
