from __future__ import annotations

import re
from pathlib import Path

import pytest

import contracts
from contracts.notte import domain

PACKAGE = Path(contracts.__file__).parent
OURS = re.compile(r"notte[-_]contracts|contracts\.notte\b")
"""The package's own name, and imports of the domain."""
MEMBERS = "|".join([domain.SESSION_ID, *domain.SECRET_URLS])
NAMES = re.compile(rf"(?i:notte)|[\"'{{](?:{MEMBERS})[\"'}}]")


def lines_with_names() -> list[tuple[str, str]]:
    """The room and the line, for all lines outside of the domain that name something of it."""
    modules = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")]
    lines = [(module.parts[0], line) for module in modules for line in (PACKAGE / module).read_text().splitlines()]
    return [(room, line.strip()) for room, line in lines if room != "notte" and NAMES.search(OURS.sub("", line))]


def test_nothing_outside_knows_notte_by_name() -> None:
    assert [(room, line) for room, line in lines_with_names() if room != "report"] == []


def test_the_report_knows_nothing_of_notte_but_a_key_of_its_own() -> None:
    assert [line for room, line in lines_with_names() if room == "report" and "session_id" not in line] == []


OWN_SERVERS = [
    "https://api.notte.cc",
    "http://US-Staging.Notte.cc:8443/v1",
    "//notte.cc",
    "https://{region}.notte.cc./",
]
OTHER_SERVERS = [
    *("https://h", "https://xnotte.cc", "https://notte.cc.example", "https://h/api.notte.cc", "https://h/.notte.cc"),
    *(
        "/",
        "api.notte.cc",
        "https://api.notte.cc@h",
        "https://h?x.notte.cc",
        "https://h#.notte.cc",
        "https://[notte.cc",
    ),
    *("https://user:.notte.cc@h", "https://notte.cc:x.example", "https://h\\.notte.cc"),
]


@pytest.mark.parametrize("server", OWN_SERVERS)
def test_document_with_a_server_of_notte_is_its_own(server: str) -> None:
    assert domain.is_own("Sessions", ("https://h", server))


@pytest.mark.parametrize("server", OTHER_SERVERS)
def test_document_of_another_server_is_not(server: str) -> None:
    assert not domain.is_own("Notte API of mine", (server,))


def test_document_with_the_title_is_its_own() -> None:
    assert domain.is_own("Notte API", ())
