"""Refuses a requirements.lock that has not what pyproject.toml wants, in a version that it allows.

Run before anything is installed, hence with the copy of `packaging` that comes with pip.
"""

import sys
import tomllib
from pathlib import Path

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.utils import canonicalize_name


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def wanted(project: dict) -> list[Requirement]:
    lines = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for group in project["dependency-groups"].values():
        lines += group
    return list(filter(applies, map(Requirement, lines)))


def locked(text: str) -> dict[str, str]:
    """The versions by name; of a name that has several, the one for this machine."""
    found = {}
    for line in text.splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            pin = Requirement(line.rstrip("\\ "))
            if applies(pin):
                found[canonicalize_name(pin.name)] = next(iter(pin.specifier)).version
    return found


def main() -> None:
    versions = locked(Path("requirements.lock").read_text(encoding="utf-8"))
    problems = []
    for requirement in wanted(tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))):
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            problems.append(f"it has no {requirement.name}")
        elif not requirement.specifier.contains(version, prereleases=True):
            problems.append(
                f"it has {requirement.name} {version}, and {requirement.specifier} is wanted"
            )
    if problems:
        sys.exit(
            f"requirements.lock does not fit pyproject.toml: {'; '.join(problems)}. Run: make lock"
        )


main()
