"""What a project says of its contract: the settings of its ini file, and which document is its own.

The file is the one that pytest reads, by the same rules; of it the keys of our options count.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.errors import DocumentError, UsageError
from contracts.run.options import ENDS, OPTIONS, PLACES
from contracts.text import shown_path

TABLES = (
    ("pytest.toml", "pytest"),
    (".pytest.toml", "pytest"),
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", "tool.pytest.ini_options"),
    ("pyproject.toml", "tool.pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
"""Where pytest looks for its settings, in its order: it reads the first that is there."""
UNNAMED = (
    f"there is no {PLACES} here, and none is named; "
    "name one, on the command line or as contract_spec in pyproject.toml"
)


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that pytest reads, under which title it has settings, its text, and these."""

    path: Path
    title: str
    text: str = ""
    table: Mapping[str, Any] = field(default_factory=dict)


def settings_of(folder: Path) -> dict[str, Any]:
    """What the project around a folder says of a run, by key; the files that it names absolute.

    Raises DocumentError for a file that can't be read, UsageError for a setting that can't be used.
    """
    found, said = settings_file((folder, *folder.parents)), dict[str, Any]()
    if found is None:
        return said
    known = {option.ini: option for option in OPTIONS}
    for key, value in found.table.items():
        where = f"{shown_path(found.path)}: {key}"
        if key in known:
            try:
                said[key] = known[key].settled(value, found.path.parent)
            except ValueError as error:
                raise UsageError(f"{where} is {value!r} ({error}); mend it") from None
        elif key == "base_url":
            said[key] = value
        elif key.startswith("contract_"):
            near = ", ".join(difflib.get_close_matches(key, known, 1) or sorted(known))
            raise UsageError(f"{where} is no setting; give {near}, or take it out")
    return said


def settings_file(folders: Iterable[Path]) -> SettingsFile | None:
    """The first file in folders that pytest takes for its own; DocumentError as above."""
    for path, title in ((folder / name, title) for folder in folders for name, title in TABLES):
        if path.is_file():
            found = settings_under(path, title)
            if found.table or path.name.strip(".").startswith("pytest."):
                return found
    return None


def settings_under(path: Path, title: str, text: str | None = None) -> SettingsFile:
    """What stands in a file under a title, nothing if it has none; `text` is what it may become."""
    import iniconfig

    try:
        text = path.read_bytes().decode() if text is None else text
        tree: Any = tomllib.loads(text) if path.suffix == ".toml" else None
        if tree is None:
            tree = iniconfig.IniConfig(str(path), data=text).sections
        for name in title.split("."):
            tree = tree.get(name, {})
        table = {key: value for key, value in tree.items() if key != "ini_options"}
        return SettingsFile(path, title, text, table)
    except (OSError, ValueError, AttributeError, iniconfig.ParseError) as error:
        problem = f"can't be read ({str(error).partition(chr(10))[0]})"
        raise DocumentError(str(shown_path(path)), 0, problem, "mend it") from None


def document_of_project() -> Path:
    """The document of the project here, as short as it can be written; UsageError without one."""
    here = Path.cwd()
    return shown_path(Path(settings_of(here).get("contract_spec") or own_document(here)))


def own_document(folder: Path) -> Path:
    """The document of a folder where nobody names one; UsageError if that is not one file."""
    found = document_in(folder)
    if found is None:
        raise UsageError(UNNAMED)
    return found


def document_in(folder: Path) -> Path | None:
    """The same, or None without one."""
    found = _files(folder, "openapi.*")
    if not found:
        from contracts.document.composite import is_document  # heavy

        # What only belongs to a document, such as an overlay, is none.
        found = list(filter(is_document, _files(folder, "spec/*")))
    if len(found) > 1:
        names = ", ".join(os.path.relpath(path, folder) for path in found)
        raise UsageError(f"there are several documents here, {names}; name one of them")
    return Path(found[0]) if found else None


def may_hold_document(folder: Path) -> bool:
    """Whether `document_in` has anything to look at: cheap, as pytest asks it in any project."""
    return bool(_files(folder, "openapi.*") or _files(folder, "spec/*"))


def _files(folder: Path, pattern: str) -> list[str]:
    """Files that are called as documents are, and not as overlays."""
    found = []
    for path in filter(Path.is_file, folder.glob(pattern)):
        if path.suffix in ENDS and ".overlay." not in path.name:
            found.append(str(path))
    return sorted(found)
