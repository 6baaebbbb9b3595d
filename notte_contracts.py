"""The way in for pytest and for the command, also where a project has a `contracts` of its own.

Python finds the project's own there, as if ours were not installed. Once something of the suite is
wanted, ours is beside it; where both can't be, one sentence says why. Imports nothing heavy.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import walk_tb
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_NAME, _FACE = "contracts", "contracts.testing"  # the package, and what of it others import
_FILE = os.path.abspath(__file__)
_FOLDER = os.path.join(os.path.dirname(_FILE), _NAME)
_CURE = "rename one of them, or run `contracts run DOCUMENT`, which has only ours"
_package = ModuleType(_NAME)  # ours
_package.__path__ = [_FOLDER]
_aside: dict[str, ModuleType] = {}  # modules of ours that are imported and not yet wanted


def main() -> None:
    """The command `contracts`; ours, also where PYTHONPATH has another package of that name.

    Where a module that it needs can't be imported, a sentence says which, and the exit code is 4.
    """
    try:
        pytest_addhooks()
        importlib.import_module("contracts.commands").main()
    except Exception as error:
        if (said := unimportable(error)) is None:
            raise
        print(f"contracts: {said}", file=sys.stderr)
        sys.exit(4)


def unimportable(error: Exception) -> str | None:
    """Because of which module of others an import failed, and what to do; None if none did."""
    name = _culprit(error)
    library, where = name.partition(".")[0], "it is in no folder of Python's path"
    if library in ("", _NAME):
        return None
    with suppress(ImportError, ValueError):
        found = find_spec(library)
        where = found.origin or where if found is not None else where
    reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode()[:300]
    cure = f"rename it or take its folder out of PYTHONPATH if it is yours, else install {library}"
    return f"the module {name} ({where}) can't be used ({reason}); {cure} again"


def _culprit(error: Exception) -> str:
    if isinstance(error, ImportError) and error.name:
        return error.name
    if isinstance(owner := getattr(error, "obj", None), ModuleType):
        return owner.__name__
    if isinstance(error, SyntaxError) and error.filename:
        return Path(error.filename).stem
    frames = (frame for frame, _ in walk_tb(error.__traceback__))
    running = [one.f_globals["__name__"] for one in frames if one.f_code.co_name == "<module>"]
    return "".join(running[-1:])


def pytest_addhooks() -> None:
    """The same in every process of `contracts run`, of which this module is a plugin."""
    if not _is_ours(sys.modules.get(_NAME)):
        spec = _ours()
        sys.modules[_NAME] = package = module_from_spec(spec)
        spec.loader.exec_module(package)  # type: ignore[union-attr]


def __getattr__(name: str) -> object:
    """`plugin`, which the entry point of pytest names."""
    if name != "plugin":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _plugin()


@cache
def _plugin() -> object:
    """`contracts.plugin`; the name `contracts` is left to the project."""
    sys.meta_path[:] = [_First, *sys.meta_path, _Last]
    if _is_ours(sys.modules.get(_NAME)):
        return importlib.import_module("contracts.plugin")
    before = _taken_out()
    sys.modules[_NAME] = _package
    try:
        return importlib.import_module("contracts.plugin")
    except Exception as error:
        return _Broken(error)
    finally:
        _aside.update(_taken_out())
        del _aside[_NAME]
        sys.modules.update(before)


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == _NAME]
    return {name: sys.modules.pop(name) for name in names}


def claim(folder: str = "") -> str:
    """Have `contracts.…` be ours from here on, beside the project's own; or what is in the way.

    That is looked for in `folder` as well, which pytest may put on Python's path later.
    """
    later = [folder] * (folder not in sys.path)
    sys.path += later
    try:
        package = importlib.import_module(_NAME)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return f"the project's own {_where(_own())} can't be imported ({reason}); {_CURE}"
    finally:
        sys.path[:] = [entry for entry in sys.path if entry not in later]
    if _is_ours(package) or _aside.items() <= sys.modules.items():
        return ""
    folders: Any = getattr(package, "__path__", [])
    twice = [name for name in _names() if _has(package, folders, name)]
    if twice:
        hidden = f"hides what notte-contracts has too ({', '.join(twice)})"
        return f"the project's own {_where(package.__spec__)} {hidden}; {_CURE}"
    package.__path__ = folders  # of a module that is no package: to be asked for more
    sys.modules.update(_aside)
    return ""


def _where(own: ModuleSpec | None) -> str:
    places = [] if own is None else [own.origin, *(own.submodule_search_locations or ())]
    return f"{_NAME} ({next(filter(None, places), 'not found')})"


def _names() -> list[str]:
    """What is directly in our package."""
    names = {name.removesuffix(".py") for name in os.listdir(_FOLDER)}
    return sorted(name for name in names if name.isidentifier() and name[0] != "_")


def _has(package: ModuleType, folders: Sequence[str], name: str) -> bool:
    return hasattr(package, name) or PathFinder.find_spec(f"{_NAME}.{name}", folders) is not None


def _is_ours(package: ModuleType | None) -> bool:
    return os.path.dirname(getattr(package, "__file__", None) or "") == _FOLDER


def _ours() -> ModuleSpec:
    file = os.path.join(_FOLDER, "__init__.py")
    loader, folders = _Loader(_NAME, file), [_FOLDER]
    spec = spec_from_file_location(_NAME, file, loader=loader, submodule_search_locations=folders)
    assert spec is not None  # it has a loader
    return spec


class _Loader(SourceFileLoader):
    """Loads our package into the module that knows what is imported of it already."""

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return _package


def _own() -> ModuleSpec | None:
    """The project's own package or module of that name: what Python finds without ours."""
    file = os.path.basename(_FILE)
    elsewhere = [entry for entry in sys.path if not os.path.exists(os.path.join(entry, file))]
    for finder in sys.meta_path:
        if finder not in (_First, _Last) and hasattr(finder, "find_spec"):
            spec = finder.find_spec(_NAME, elsewhere)
            if spec is not None and _is_code(spec):
                return spec
    module = f"{_FOLDER}.py"  # one that is installed where our package is
    return spec_from_file_location(_NAME, module) if os.path.exists(module) else None


def _is_code(spec: ModuleSpec) -> bool:
    """Whether it has something to import, and is not ours; for Python any folder is a package."""
    folders = list(spec.submodule_search_locations or ())
    found = spec.loader is not None
    for folder in folders:
        found = found or any(next(Path(folder).glob(name), "") for name in ("*.py", "*/*.py"))
    return found and _FOLDER not in folders


class _First:
    """Finds the project's own before ours, wherever they are on the path."""

    @staticmethod
    def find_spec(name: str, path: Any = None, _target: Any = None) -> ModuleSpec | None:
        if name != _NAME or path is not None:
            return None
        own = _own()
        if own is None:
            sys.modules.update(_aside)
        return own or _ours()


class _Last:
    """Finds what the one of them has not in the other."""

    @staticmethod
    def find_spec(name: str, path: Any = None, _target: Any = None) -> ModuleSpec | None:
        package = sys.modules.get(_NAME)
        if name.rpartition(".")[0] != _NAME or path != getattr(package, "__path__", None):
            return None
        if _is_ours(package):
            return _late(name)
        if name == _FACE and (problem := claim()):
            raise ModuleNotFoundError(problem, name=name)
        is_claimed = _aside.items() <= sys.modules.items()
        return PathFinder.find_spec(name, [_FOLDER]) if is_claimed else None


def _late(name: str) -> ModuleSpec | None:
    """In the project's own, which came on the path after ours had been imported."""
    own = _own()
    found = own and PathFinder.find_spec(name, own.submodule_search_locations)
    if own is None or found is None or own.loader is None:
        return found
    raise ModuleNotFoundError(_said_late(own), name=name)


def _missing(name: str) -> object:
    """What of the project's own is imported from ours: the same, if it is there too late."""
    own = None if name.startswith("__") or name in _names() else _own()
    if own is None or own.loader is None:
        raise AttributeError(f"module {_NAME!r} has no attribute {name!r}")
    raise ImportError(_said_late(own), name=_NAME)


def _said_late(own: ModuleSpec) -> str:
    late = f"came on Python's path after {_NAME} of notte-contracts had been imported"
    cure = "name its folder in `pythonpath` of pytest's configuration, and run pytest itself"
    return f"the project's own {_where(own)} {late}; {cure}"


_package.__getattr__ = _missing  # type: ignore[method-assign]


class _Broken:
    """In place of a plugin that can't be imported: silent, unless somebody asks for a run."""

    def __init__(self, error: Exception) -> None:
        self.problem = f"notte-contracts can't be used ({type(error).__name__}: {error})"
        self.problem += f"; install it where no other distribution writes into {_FOLDER}"
        self.problem = unimportable(error) or self.problem

    def pytest_load_initial_conftests(self, args: list[str]) -> None:
        import pytest

        if any(word.startswith("--contract-") for word in args):
            raise pytest.UsageError(self.problem)
