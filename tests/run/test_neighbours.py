"""Projects with a `contracts` of their own: their tests are as without the suite, and a contract run works or says why.

Each in a process of its own, as a name once imported stays.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import notte_contracts

from .projects import document, hermetic

OWN = (
    "from contracts import THING\nfrom contracts.models import VALUE\ndef test_own():\n    assert THING == VALUE == 1\n"
)
BELOW = "import contracts.models as it\nfrom contracts.models import VALUE\ndef test_own(): assert it.VALUE == VALUE\n"
EARLY = "import sys\nbefore = sys.modules['contracts.models']\n"
PACKAGE = {"contracts/__init__.py": "THING = 1\n", "contracts/models.py": "VALUE = 1\n"}
FOLDER = {"contracts/models.py": "VALUE = 1\n"}
SOURCE = {f"src/{name}": text for name, text in PACKAGE.items()} | {"pytest.ini": "[pytest]\npythonpath = src\n"}
OF_TESTS = {f"checks/{name}": text for name, text in PACKAGE.items()}
PROJECTS: dict[str, tuple[dict[str, str], str, tuple[str, ...]]] = {
    "a package": (PACKAGE, OWN, ("-m", "pytest")),
    "a package, imported by name": (PACKAGE, OWN, ("-m", "pytest", "--import-mode=importlib")),
    "a package of a conftest": (PACKAGE | {"conftest.py": "from contracts import THING"}, OWN, ("pytest",)),
    "a package with a plugin": (
        PACKAGE | {"pytest.ini": "[pytest]\naddopts = -p contracts.models\n"},
        f"{EARLY}{OWN}    assert sys.modules['contracts.models'] is before\n",
        ("-m", "pytest"),
    ),
    "a folder": (FOLDER, BELOW, ("-m", "pytest")),
    "a folder of a conftest": (FOLDER | {"conftest.py": "import contracts.models"}, BELOW, ("pytest",)),
    "a package beside a package of tests": (PACKAGE | {"checks/__init__.py": ""}, OWN, ("pytest",)),
    "a module": (
        {"contracts.py": "THING = 1"},
        "from contracts import THING\ndef test_own(): pass\n",
        ("-m", "pytest"),
    ),
    "a package in src": (SOURCE, OWN, ("pytest",)),
    "a folder of documents": ({"contracts/rules/a.json": "{}"}, "def test_own(): pass\n", ("-m", "pytest")),
}
"""By what is called so: the files beside the tests, a test of the project's own, how pytest is started."""
AS_SCRIPT = ("-c", "import sys; del sys.path[0]; import pytest; sys.exit(pytest.main())")
RUN = f"from {'contracts.testing'} import test_rule, test_document\n"  # not for the run that runs this file
PASSED = "contract: PASS in a self-test on the mock"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def ran(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output of a pytest that loads the plugin as it does where the wheel is installed."""
    start = AS_SCRIPT if words[0] == "pytest" else words[:2]
    options = words[1:] if words[0] == "pytest" else words[2:]
    command = [sys.executable, *start, "-q", "-p", "no:cacheprovider", "-p", "contracts.plugin", *options]
    env = hermetic() | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", PROJECTS)
def test_own_tests_are_as_without_the_suite(name: str, tmp_path: Path) -> None:
    files, test, start = PROJECTS[name]
    write(tmp_path, {**files, "checks/test_own.py": test})
    assert ran(tmp_path, *start)[0] == 0


@pytest.mark.parametrize(
    "name", ["a package of a conftest", "a package beside a package of tests", "a folder", "a module"]
)
def test_a_contract_run_works_together_with_own_tests(name: str, tmp_path: Path) -> None:
    files, test, start = PROJECTS[name]
    write(tmp_path, {**files, "checks/test_own.py": test})
    write(tmp_path, {"openapi.json": json.dumps(document()), "contract/test_contract.py": RUN})
    code, said = ran(tmp_path, *start, "--contract-rule=*required status")
    assert (code, said.splitlines()[-1].startswith(PASSED)) == (0, True), said


SAID: dict[str, tuple[dict[str, str], str]] = {
    "names": (
        PACKAGE | {"contracts/errors.py": "", "contracts/rules/__init__.py": ""},
        "the project's own contracts (contracts/__init__.py) hides what notte-contracts has too (errors, rules); ",
    ),
    "attributes": (
        {"contracts.py": "mock = changes = 1"},
        "the project's own contracts (contracts.py) hides what notte-contracts has too (changes, mock); ",
    ),
    "an error": (
        {"contracts/__init__.py": "raise RuntimeError('not now')"},
        "the project's own contracts (contracts/__init__.py) can't be imported (RuntimeError: not now); ",
    ),
}
CURE = "rename one of them, or run `contracts run DOCUMENT`, which has only ours"


@pytest.mark.parametrize(("files", "wanted"), SAID.values(), ids=SAID)
def test_what_is_in_the_way_is_one_sentence(files: dict[str, str], wanted: str, tmp_path: Path) -> None:
    write(tmp_path, {**files, "checks/test_own.py": "def test_own(): pass\n", "openapi.json": json.dumps(document())})
    assert ran(tmp_path, "-m", "pytest")[0] == 0
    code, said = ran(tmp_path, "-m", "pytest", "--contract-spec=openapi.json")
    assert (code, said.strip().replace(f"{tmp_path}/", "")) == (4, f"ERROR: {wanted}{CURE}")


@pytest.mark.parametrize("test", [OWN, BELOW], ids=["names", "modules"])
def test_a_package_that_comes_later_is_said_where_it_is_missed(test: str, tmp_path: Path) -> None:
    write(tmp_path, {**OF_TESTS, "checks/test_own.py": OWN, "openapi.json": json.dumps(document())})
    assert ran(tmp_path, "pytest")[0] == 0
    (tmp_path / "checks" / "test_own.py").write_text(test)
    code, said = ran(tmp_path, "pytest", "--contract-spec=openapi.json")
    own = tmp_path / "checks" / "contracts" / "__init__.py"
    wanted = f"the project's own contracts ({own}) came on Python's path after contracts of notte-contracts"
    cure = "name its folder in `pythonpath` of pytest's configuration, and run pytest itself"
    assert (code, f"{wanted} had been imported; {cure}\n" in said) == (2, True), said
    assert ran(tmp_path, "pytest", "--contract-spec=openapi.json", "-o", "pythonpath=checks")[0] == 0


def test_tests_inside_a_folder_of_that_name(tmp_path: Path) -> None:
    write(tmp_path, {"openapi.json": json.dumps(document()), "contracts/test_contract.py": RUN})
    code, said = ran(tmp_path, "-m", "pytest", "--import-mode=importlib")
    assert (code, said.splitlines()[-1].startswith(PASSED)) == (0, True), said
    write(tmp_path, {"contracts/__init__.py": "", "contracts/errors.py": ""})
    code, said = ran(tmp_path, "pytest")
    own = f"the project's own contracts ({tmp_path}/contracts/__init__.py)"
    assert (code, said.strip()) == (4, f"ERROR: {own} hides what notte-contracts has too (errors); {CURE}")


def test_the_command_is_ours_whatever_the_path_says(tmp_path: Path) -> None:
    write(tmp_path, PACKAGE)
    words = ["-c", "from notte_contracts import main; main()", "--version"]
    env = hermetic() | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "contracts, version 0.1.0\n", "")


def test_every_process_of_a_run_without_tests_has_ours_alone(tmp_path: Path) -> None:
    write(tmp_path, {"contracts/__init__.py": "raise RuntimeError", "openapi.json": json.dumps(document())})
    words = ["-c", "from notte_contracts import main; main()", "run", "-q", "-n1", "--contract-rule=*required status"]
    env = hermetic() | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, *words]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert (done.returncode, done.stdout.splitlines()[-1].startswith(PASSED)) == (0, True), said


EDITABLE = """
import sys
from importlib.util import spec_from_file_location

class Finder:
    def find_spec(name, path=None, target=None):
        if name == "contracts":
            return spec_from_file_location(name, FILE)

sys.meta_path.append(Finder)
"""


def test_a_package_that_a_finder_of_its_own_finds(tmp_path: Path) -> None:
    write(tmp_path, {f"elsewhere/{name}": text for name, text in PACKAGE.items()})
    file = str(tmp_path / "elsewhere" / "contracts" / "__init__.py")
    site = {"site/sitecustomize.py": EDITABLE.replace("FILE", repr(file)), "checks/test_own.py": OWN}
    write(tmp_path, site | {"openapi.json": json.dumps(document())})
    assert ran(tmp_path, "pytest", PYTHONPATH=str(tmp_path / "site"))[0] == 0
    code, said = ran(tmp_path, "pytest", "--contract-spec=openapi.json", PYTHONPATH=str(tmp_path / "site"))
    assert (code, "1 passed" in said) == (0, True), said


@pytest.mark.parametrize(("args", "code"), [((), 0), (("--contract-spec=x.yaml",), 4)], ids=["tests", "a run"])
def test_a_package_that_others_wrote_into_is_silent_until_it_is_wanted(
    args: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    shutil.copy(notte_contracts.__file__, tmp_path)
    write(tmp_path, {"contracts/plugin.py": "from contracts.errors import Own", "contracts/errors.py": ""})
    write(tmp_path, {"checks/test_own.py": "def test_own(): pass"})
    found, said = ran(tmp_path, "pytest", "checks", *args, PYTHONPATH=str(tmp_path))
    cure = f"; install it where no other distribution writes into {tmp_path / 'contracts'}"
    wanted = "ERROR: notte-contracts can't be used (ImportError: cannot import name 'Own' from"
    assert (found, said.startswith(wanted), said.strip().endswith(cure)) == (code, bool(args), bool(args)), said
