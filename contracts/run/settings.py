"""What a project says of its contract: the settings of its ini file, and which document is its own.

The file is the one that pytest reads, by the same rules; of it the keys of our options count.
"""

import difflib
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
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
class ProjectSettings:
    """The settings that stand in a file: by field of the options, the files they name absolute."""

    values: Mapping[str, Any] = field(default_factory=dict)
    base_url: str | None = None

    @property
    def overrides(self) -> Iterator[str]:
        """Each as pytest's `-o` takes it."""
        for option in OPTIONS:
            value = self.values.get(option.field)
            if value is not None:
                value = shlex.join(value) if isinstance(value, list) else value
                yield f"{option.ini}={value}"
        if self.base_url is not None:
            yield f"base_url={self.base_url}"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file that pytest reads, under which title it has settings, its text, and these."""

    path: Path
    title: str
    text: str = ""
    table: Mapping[str, Any] = field(default_factory=dict)


def settings_of(folder: Path) -> ProjectSettings:
    """What the project around a folder says; DocumentError for a file that can't be read."""
    found = settings_file((folder, *folder.parents))
    return _settings(found.table, found.path) if found else ProjectSettings()


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


def _settings(table: Mapping[str, Any], file: Path) -> ProjectSettings:
    known, values = {option.ini: option for option in OPTIONS}, dict[str, Any]()
    for key, value in table.items():
        where = f"{shown_path(file)}: {key}"
        if key in known:
            try:
                values[known[key].field] = known[key].settled(value, file.parent)
            except ValueError as error:
                raise UsageError(f"{where} is {value!r} ({error}); mend it") from None
        elif key.startswith("contract_"):
            near = ", ".join(difflib.get_close_matches(key, known, 1) or sorted(known))
            raise UsageError(f"{where} is no setting; give {near}, or take it out")
    return ProjectSettings(values, table.get("base_url"))


def document_of_project() -> Path:
    """The document of the project here, as short as it can be written; UsageError without one."""
    here = Path.cwd()
    return shown_path(Path(settings_of(here).values.get("spec") or own_document(here)))


def own_document(folder: Path) -> Path:
    """The document of a folder where nobody names one; UsageError if that is not one file."""
    found = document_in(folder)
    if found is None:
        raise UsageError(UNNAMED)
    return found


def document_in(folder: Path) -> Path | None:
    """The same, or None without one."""
    for candidates in (_called_openapi(folder), _of_spec(folder)):
        found = list(candidates)
        if len(found) > 1:
            names = ", ".join(str(path.relative_to(folder)) for path in found)
            raise UsageError(f"there are several documents here, {names}; name one of them")
        if found:
            return found[0]
    return None


def may_hold_document(folder: Path) -> bool:
    """Whether `document_in` has anything to look at: cheap, as pytest asks it in any project."""
    found = chain(folder.glob("openapi.*"), folder.glob("spec/*"))
    return any(path.suffix in ENDS for path in found)


def _called_openapi(folder: Path) -> Iterator[Path]:
    for end in ENDS:
        path = folder / f"openapi{end}"
        if path.is_file():
            yield path


def _of_spec(folder: Path) -> Iterator[Path]:
    """Files that look like a document: what only belongs to one, such as an overlay, is none."""
    from contracts.document.composite import is_document  # heavy

    for path in sorted(folder.glob("spec/*")):
        if path.suffix in ENDS and path.is_file() and is_document(str(path)):
            yield path
