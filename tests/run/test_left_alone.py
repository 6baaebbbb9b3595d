"""Tests of a project's own, in a project whose settings are those of a contract run."""

import json

import pytest

from .projects import INI, TEST_MODULE, Project, Things, document, hermetic

OWN = """
import signal, sys

def test_own(base_url):
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert "contracts.run.inputs" not in sys.modules
"""
FIXTURE = """
def test_judged(contract):
    assert contract.book.operations
"""


@pytest.fixture
def service(project: Project) -> Things:
    """The base URL of the environment; no credential, and a document elsewhere."""
    things = Things()
    project.env = {**hermetic(), "PYTEST_BASE_URL": project.serve(things), "VERIFY_BASE_URL": "false"}
    (project.folder / "spec" / "notte.yaml").unlink()
    (project.folder / "openapi.json").write_text(json.dumps(document()))
    (project.folder / "test_contract.py").write_text(OWN)
    (project.folder / "pytest.ini").write_text(f"{INI}contract_spec = openapi.json\ncontract_discover = true\n")
    return things


def alone(project: Project, *args: str) -> list[str]:
    """What is left of a run of their own in a process of its own, which must pass, when it should say nothing."""
    run = project.finished(project.start("-q", "-p", "no:cacheprovider", *args))
    assert (run.code, run.err) == (0, ""), run.out
    assert not (project.folder / "build" / "contract").exists()
    return [line for line in run.lines if "contract" in line]


@pytest.mark.parametrize("options", [(), ("-n", "2"), ("test_contract.py::test_own",)], ids=["all", "xdist", "named"])
def test_they_are_left_alone(options: tuple[str, ...], project: Project, service: Things) -> None:
    assert alone(project, *options) == []
    assert service.lines == []


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("broken", ["{", "[]"])
def test_a_document_that_they_do_not_use_is_not_read(broken: str, project: Project) -> None:
    (project.folder / "openapi.json").write_text(broken)
    assert alone(project) == []


@pytest.mark.usefixtures("service")
def test_tests_of_the_contract_beside_them_are_found(project: Project) -> None:
    (project.folder / "below").mkdir()
    (project.folder / "below" / "test_more.py").write_text(TEST_MODULE)
    (project.folder / "build").mkdir()
    (project.folder / "build" / "test_built.py").write_text(TEST_MODULE)
    assert alone(project, "test_contract.py") == []
    run = project.finished(project.start("-q"))
    assert (run.code, run.out) == (4, "")
    assert "CONTRACT_CREDENTIAL is not set" in run.err


def test_tests_of_the_contract_from_elsewhere_are_judged(project: Project) -> None:
    (project.folder / "shared").write_text(TEST_MODULE)
    (project.folder / "test_contract.py").write_text("from pathlib import Path\nexec(Path('shared').read_text())")
    run = project.run("-q")
    assert (run.code, run.report["decision"]) == (0, "pass")


def test_the_fixture_asks_for_no_credential_and_says_nothing(project: Project, service: Things) -> None:
    (project.folder / "test_contract.py").write_text(FIXTURE)
    assert alone(project) == []
    assert service.lines == []


OWN_FIXTURES = """
import pytest

@pytest.fixture(params=[1, 2])
def contract_item(request):
    return request.param

@pytest.fixture
def contract():
    return "theirs"

def test_item(contract_item, contract):
    assert (contract_item, contract) == (1, "theirs")
"""


@pytest.mark.usefixtures("service")
def test_fixtures_of_theirs_may_have_names_of_ours(project: Project) -> None:
    (project.folder / "test_contract.py").write_text(OWN_FIXTURES)
    run = project.finished(project.start("-q"))
    assert (run.code, run.lines[-1].startswith("1 failed, 1 passed"), run.err) == (1, True, "")
    assert "contract: " not in run.out


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("place", ["env/test_more.py", "helpers.py"], ids=["of an environment", "no tests"])
def test_files_that_are_not_collected_begin_nothing(place: str, project: Project) -> None:
    (project.folder / "env").mkdir()
    (project.folder / "env" / "pyvenv.cfg").touch()
    (project.folder / place).write_text(TEST_MODULE)
    assert alone(project) == []
