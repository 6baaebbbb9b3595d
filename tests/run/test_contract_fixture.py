"""The fixture `contract`: answers that a project's own tests have, judged."""

from .projects import Project, Things

OWN_TEST = """
import os, httpx2; KEY = os.environ["CONTRACT_CREDENTIAL"]

def test_own(contract, base_url):
    response = httpx2.get(f"{base_url}/things/a1", headers={"Authorization": "Bearer " + KEY})
    contract.judge(response)
"""


def test_kept_contract_passes(project: Project) -> None:
    project.write(module=OWN_TEST)
    run = project.ask(Things())
    assert (run.code, run.lines[-1].startswith("1 passed")) == (0, True)
    assert "nothing was asked" not in run.out


def test_broken_contract_fails_with_the_reason(project: Project) -> None:
    project.write(module=OWN_TEST)
    run = project.ask(Things({"status": "paused"}))
    assert run.code == 1
    assert 'seen: /status is "paused"; wanted: is one of ' in run.out
    assert not (project.folder / "build").exists()


def test_failure_shows_the_line_of_the_test_and_the_reason_alone(project: Project) -> None:
    project.write(module=OWN_TEST)
    run = project.ask(Things({"status": "paused"}), "--tb=long")
    assert next(line for line in run.lines if ".py:" in line) == "test_contract.py:6: ContractViolation"
    assert "Contract(base_url='http://127.0.0.1" in run.out  # not the document
    assert run.texts(">")[0].endswith("contract.judge(response)")


def test_failure_to_find_the_operation_shows_the_line_of_the_test_alone(project: Project) -> None:
    project.write(module=OWN_TEST.replace("/things/a1", "/thing"))
    run = project.ask(Things(), "--tb=long")
    assert next(line for line in run.lines if ".py:" in line) == "test_contract.py:6: LookupError"


def test_document_is_needed(project: Project) -> None:
    project.write(module=OWN_TEST)
    (project.folder / "spec" / "notte.yaml").unlink()
    run = project.run("-q", "--base-url", "http://127.0.0.1:1")
    assert run.code == 1
    assert "the contract fixture needs a document: there is no openapi." in run.out


def test_fixture_is_listed(project: Project) -> None:
    assert "contract.judge(response)" in project.run("--fixtures").out


DRAWN_TEST = """
from hypothesis import given, settings, strategies as st
from contracts.testing import load

@settings(max_examples=5, database=None)
@given(st.data())
def test_data(contract, data):
    contract.judge(data.draw(contract.answers("GET /things/{thing_id}", 200)))

@settings(max_examples=5, database=None)
@given(load().answers("GET /things/{thing_id}", 200))
def test_given(contract, answer):
    contract.judge(answer)
"""


def test_answers_are_drawn_from_the_fixture_and_without_it(project: Project) -> None:
    project.write(module=DRAWN_TEST)
    run = project.ask(Things())
    assert (run.code, run.lines[-1].startswith("2 passed")) == (0, True)


def test_what_can_not_be_drawn_shows_the_line_of_the_test_alone(project: Project) -> None:
    project.write(
        module='def test_own(contract):\n    contract.broken("GET /things/{thing_id}", 200, kind="nullable")\n'
    )
    run = project.ask(Things(), "--tb=long")
    assert next(line for line in run.lines if ".py:" in line) == "test_contract.py:2: LookupError"
    assert "what can be broken is " in run.out
