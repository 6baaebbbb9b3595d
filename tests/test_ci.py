"""How .ci/chromium sees to a browser, with programs that only say what they were asked."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "chromium"
SAYS = '#!/bin/sh\necho "$(basename "$0") $*" >> "$CALLS"\n'
PROGRAMS = {
    "apt-get": SAYS,
    "sudo": SAYS + 'shift\nexec "$@"\n',
    "strict-sudo": SAYS + "exit 1\n",
    "no-apt": SAYS + 'echo "E: first"\necho "E: no such package" >&2\nexit 100\n',
    "root": "#!/bin/sh\necho 0\n",
    "nobody": "#!/bin/sh\necho 1000\n",
    "timeout": SAYS + 'shift 2\nexec "$@"\n',
    "chromium": SAYS,
}
UPDATE = "apt-get -qq update"
INSTALL = "apt-get -qq install --yes --no-install-recommends chromium fonts-dejavu-core"
SKIP = "the tests that look at the page will skip."


class Machine:
    """A machine that has bash, what comes with it, and the programs given: name by kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        self.calls.touch()
        for name in ("bash", "sh", "env", "basename", "true"):
            (folder / name).symlink_to(str(shutil.which(name)))

    def has(self, **kinds: str) -> "Machine":
        for name, kind in kinds.items():
            program = self.folder / name.replace("_", "-")
            program.write_text(PROGRAMS[kind])
            program.chmod(0o755)
        return self

    def run(self, **variables: str) -> tuple[int, str, list[str]]:
        environment = {"PATH": str(self.folder), "CALLS": str(self.calls), **variables}
        done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True, check=False)
        asked = [call for call in self.calls.read_text().splitlines() if not call.startswith("timeout")]
        return done.returncode, done.stderr, asked


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("name", ["chromium", "chromium_browser", "google_chrome", "google_chrome_stable"])
def test_nothing_is_done_where_there_is_one(name: str, machine: Machine) -> None:
    assert machine.has(**{name: "chromium"}, apt_get="apt-get", id="root").run() == (0, "", [])


def test_nothing_is_done_where_one_is_named(machine: Machine) -> None:
    machine.has(mine="chromium", apt_get="apt-get", id="root")
    assert machine.run(CONTRACTS_CHROMIUM=str(machine.folder / "mine")) == (0, "", [])


def test_root_installs_it(machine: Machine) -> None:
    machine.has(apt_get="apt-get", id="root", timeout="timeout")
    assert machine.run() == (0, "", [UPDATE, INSTALL])
    waits = [call.split()[2] for call in machine.calls.read_text().splitlines() if call.startswith("timeout")]
    assert waits == ["120", "300"]


def test_others_install_it_where_no_password_is_asked_for(machine: Machine) -> None:
    code, err, asked = machine.has(apt_get="apt-get", id="nobody", sudo="sudo", timeout="timeout").run()
    assert (code, err) == (0, "")
    assert [call for call in asked if not call.startswith("sudo -n")] == [UPDATE, INSTALL]


@pytest.mark.parametrize(
    ("programs", "why"),
    [
        ({"id": "root"}, "there is no apt-get to install it with"),
        (
            {"id": "nobody", "apt_get": "apt-get", "sudo": "strict-sudo"},
            "only root, or sudo without a password, may install it",
        ),
        ({"id": "nobody", "apt_get": "apt-get"}, "only root, or sudo without a password, may install it"),
        (
            {"id": "root", "apt_get": "no-apt", "timeout": "timeout"},
            "apt-get could not install it (E: no such package)",
        ),
    ],
    ids=["no apt-get", "a password is asked for", "no sudo", "apt-get fails"],
)
def test_where_it_can_not_be_installed_a_sentence_says_so(programs: dict[str, str], why: str, machine: Machine) -> None:
    code, err, _ = machine.has(**programs).run()
    assert (code, err) == (0, f"No Chromium: {why}; {SKIP}\n")


def test_it_can_be_run() -> None:
    assert os.access(SCRIPT, os.X_OK)
