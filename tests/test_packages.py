"""What an index page and an installer are told: the metadata of the packages, built as they would be published."""

import ast
import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def package(request: pytest.FixtureRequest, built: Path) -> dict[str, bytes]:
    """The files of a package, without the folder that names its version."""
    files: dict[str, bytes] = {}
    if request.param == "wheel":
        with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
            for name in wheel.namelist():
                files[re.sub(r"^[^/]*\.dist-info/", "", name)] = wheel.read(name)
        return files
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        for member in filter(tarfile.TarInfo.isfile, sdist.getmembers()):
            files[member.name.partition("/")[2]] = sdist.extractfile(member).read()  # type: ignore[union-attr]
    return files


@pytest.fixture(scope="module")
def metadata(package: dict[str, bytes]) -> Message:
    return email.message_from_bytes(package.get("METADATA") or package["PKG-INFO"])


def test_the_license_is_there_in_full(package: dict[str, bytes], metadata: Message) -> None:
    (text,) = [content for name, content in package.items() if name.rpartition("/")[2] == "LICENSE"]
    assert text == (ROOT / "LICENSE").read_bytes()
    assert b"END OF TERMS AND CONDITIONS" in text
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")


def test_the_index_can_tell_what_it_is(metadata: Message) -> None:
    classifiers = metadata.get_all("Classifier", [])
    assert {"Framework :: Pytest", "Typing :: Typed"} <= set(classifiers)
    assert not [one for one in classifiers if one.startswith("License")]  # the expression says it
    assert {"openapi", "pytest"} <= set(metadata["Keywords"].split(","))
    assert metadata["Author"]
    urls = dict(one.split(", ") for one in metadata.get_all("Project-URL", []))
    assert set(urls) == {"Repository", "Documentation", "Changelog", "Issues"}
    assert all(url.startswith(REPOSITORY) for url in urls.values())


def test_the_pythons_are_those_that_are_tested(metadata: Message) -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    matrix = re.findall(r"python: \[(.*)\]", workflow)
    tested = re.findall(r'"(3\.\d+)"', matrix[0])
    named = [one.rpartition(" ")[2] for one in metadata.get_all("Classifier", []) if " 3." in one]
    assert named == tested
    assert metadata["Requires-Python"] == f">={tested[0]}"


def test_links_of_the_readme_lead_somewhere_from_an_index_page(metadata: Message) -> None:
    assert metadata["Description-Content-Type"] == "text/markdown"
    shown = metadata.get_payload()
    assert isinstance(shown, str)
    links = LINK.findall(shown)
    assert len(links) > 3
    assert [link for link in links if not link.startswith(f"{REPOSITORY}/blob/main/")] == []


def test_links_of_the_readme_lead_somewhere_from_the_repository() -> None:
    links = LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link.partition("#")[0]).is_file()] == []


def test_what_is_needed_to_run_is_packed(package: dict[str, bytes]) -> None:
    needed = {"notte_contracts.py", "contracts/plugin.py", "contracts/py.typed", "contracts/report/report.schema.json"}
    assert needed <= set(package)
    about = {"METADATA", "PKG-INFO", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE", "LICENSE"}
    about |= {"README.md", "CHANGELOG.md", "pyproject.toml", ".gitignore", "notte_contracts.py"}
    assert [name for name in package if name not in about and not name.startswith("contracts/")] == []


def imported(file: Path) -> set[str]:
    """The packages around every module that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        found |= {name.partition(".")[0] for name in names}
    return found


def test_what_is_imported_is_what_is_installed_with_it() -> None:
    """Nothing comes by way of another package, and nothing is installed that is not used."""
    files = [ROOT / "notte_contracts.py", *(ROOT / "contracts").rglob("*.py")]
    names = set().union(*map(imported, files)) - set(sys.stdlib_module_names) - {"contracts", "notte_contracts"}
    distributions = packages_distributions()
    used = {distributions[name][0].lower().replace("_", "-") for name in names}
    by_name = {"pytest-xdist"}  # a plugin, for `contracts run -n 4`
    by_name |= {"httptools"}  # which uvicorn takes where it is there
    needed = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["serve"]]
    assert {Requirement(line).name for line in needed} == used | by_name


def test_a_server_is_an_extra() -> None:
    """Who judges a service needs none."""
    names = {Requirement(line).name for line in PROJECT["optional-dependencies"]["serve"]}
    assert names.isdisjoint(Requirement(line).name for line in PROJECT["dependencies"])
    files = [file for file in (ROOT / "contracts").rglob("*.py") if names & imported(file)]
    assert [file.name for file in files] == ["server.py"]


def test_what_the_validator_may_be_is_what_schemathesis_allows(metadata: Message) -> None:
    """Two ranges that drift apart would let nobody install both."""
    ours = {one.name: one.specifier for one in map(Requirement, metadata.get_all("Requires-Dist", []))}
    theirs = {one.name: one.specifier for one in map(Requirement, requires("schemathesis") or ())}
    assert ours["jsonschema-rs"] == theirs["jsonschema-rs"]
