"""What a project says of its contract: the settings of its ini file, and which document is its own.

The file is the one that pytest reads, by the same rules; of it the keys of our options count.
"""

import difflib
import fnmatch
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import filterfalse
from pathlib import Path
from typing import Any

from contracts.errors import DocumentError, UsageError, mended
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
_OURS = re.compile(
    rb"\bcontract_(?:verdicts|gate)\b|\btesting\.test_(?:rule|document)\b"
    rb"|\bcontracts\.testing[ \t]+import[ \t]*(?:\([^)]*|[^\n(]*)(?:\btest_(?:rule|document)\b|\*)"
)
"""In a file with tests of the contract: what they take, or where they are imported from."""
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
            takes, values = known[key].takes, said[key]
            for one in values if isinstance(values, list) else [values]:
                if takes and takes.files == "path" and not re.fullmatch(takes.pattern, one):
                    raise UsageError(f"{where} {one} {takes.wanted}")
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


@mended()
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


def is_asked_for(config: Any) -> bool:
    """Whether an option of ours is given, or a file that may be collected has tests of ours."""
    if hasattr(config, "workerinput"):
        return "contract_run" in config.workerinput
    words = map(str, config.invocation_params.args)
    if any(word.startswith("--contract-") for word in words):
        return True
    return is_documented(config) and any(map(has_ours, _collected(config)))


def is_documented(config: Any) -> bool:
    return any(o.given(config) for o in OPTIONS) or may_hold_document(config.rootpath)


def _collected(config: Any) -> Iterator[Path]:
    named = (config.invocation_params.dir / word.partition("::")[0] for word in config.args)
    return files_below(named, config.getini("python_files"), config.getini("norecursedirs"))


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


def files_below(
    starts: Iterable[Path], patterns: Iterable[str], left_out: Iterable[str]
) -> Iterator[Path]:
    """The files in which pytest may look for tests, as its own settings say."""
    taken = _matcher(pattern.rpartition("/")[2] for pattern in patterns)
    skipped = _matcher(left_out)
    for start in starts:
        yield from [start] * start.is_file()
        for folder, below, files in os.walk(start):
            below[:] = filterfalse(skipped, below)
            if "pyvenv.cfg" in files:  # an environment, with the tests of others
                below.clear()
                continue
            yield from map(Path(folder).joinpath, filter(taken, files))


def _matcher(patterns: Iterable[str]) -> Callable[[str], object]:
    return re.compile("|".join(map(fnmatch.translate, patterns)) or "(?!)").fullmatch


def has_ours(path: Path) -> bool:
    """Whether a file has tests of the contract."""
    with suppress(OSError):  # what can't be read is pytest's to say
        return _OURS.search(path.read_bytes()) is not None
    return False
