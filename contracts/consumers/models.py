"""The name of what reads answers, `module:Type`, to a reader, and what it says of a payload.

No library of models is imported here: what a type is shows by what it has, and only what its own
module has imported reads it.
"""

import asyncio
import difflib
import importlib
import inspect
import json
import linecache
import os
import re
import signal
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from contracts.errors import UsageError
from contracts.messages import JSON
from contracts.schemas.constraints import Path as Way
from contracts.text import cut, printable, shown

PATIENCE = 10.0  # seconds that one payload, or importing the module, may take
_WAYS = (  # of pydantic, new, its adapters, and old: of a decoded value, and of its text
    ("model_validate", "model_validate_json"),
    ("validate_python", "validate_json"),
    ("parse_obj", "parse_raw"),
)
FORMS = ("json", "text", "bytes")  # what a reader is given: the decoded value, or its text
_AROUND = (__file__, asyncio.runners.__file__, asyncio.base_events.__file__)
_STUBBORN = 3  # times that a reader is interrupted before the process ends
_AT = re.compile(r" - at `\$([^`]*)`$")  # where msgspec says what it is about
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")
_VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")  # the values in a sentence
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")


class Complaint(NamedTuple):
    """One thing that a reader has against a payload."""

    kind: tuple[Any, ...]  # the same for the same reason, whatever the value; first without place
    way: Way  # to where it is, as the reader names it; empty if it does not
    says: str


class _Overdue(BaseException):
    """A reader takes too long."""


@dataclass(frozen=True)
class Reader:
    """What takes payloads, and raises at those that it does not understand."""

    name: str
    read: Callable[[Any], Any]
    by: str  # how it reads
    form: str = "json"
    names: tuple[str, ...] = ()  # of members that its type knows

    def complaints(self, value: JSON) -> tuple[Complaint, ...]:
        """What it has against a payload, of which it gets a copy; nothing if it takes it.

        Raises UsageError if it takes too long, or ends the process: that is no way to refuse.
        """
        text = json.dumps(value, ensure_ascii=False, default=float)
        given: Any = json.loads(text) if self.form == "json" else text
        if self.form == "bytes":
            given = text.encode("utf-8", "replace")
        about = f"{self.name}, given {shown(value, 200)},"
        with _bounded(about):
            try:
                result = self.read(given)
                if inspect.iscoroutine(result):
                    asyncio.run(result)
                elif inspect.isgenerator(result):  # which has not begun to read
                    deque(result, 0)
            except Exception as error:
                return tuple(_complaints(error)) or (_of_whole(error),)
        return ()


@contextmanager
def _bounded(about: str) -> Iterator[None]:
    """Whatever is no `Exception`, and what takes too long, as a sentence."""
    timed = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")
    late = f"{about} takes longer than {PATIENCE:g} seconds; mend what hangs, or name another"
    calls = 0

    def over(*_: object) -> None:
        nonlocal calls
        calls += 1
        if calls > _STUBBORN:  # it catches whatever is raised in it
            os.write(2, f"contracts: {printable(late)}\n".encode())
            os._exit(2)
        raise _Overdue

    before = signal.signal(signal.SIGALRM, over) if timed else None
    try:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE, PATIENCE / 10)
        yield
    except _Overdue:
        raise UsageError(printable(late)) from None
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:
        said = f"{about} raises {type(error).__name__} ({cut(str(error), 80)})"
        cure = "which ends a process; let it raise an Exception, or name another"
        raise UsageError(printable(f"{said}, {cure}")) from None
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


# --- what it says ---


def _complaints(error: BaseException, above: Way = ()) -> Iterator[Complaint]:
    """What an error says of several places, or of one that it names: nothing of others."""
    if isinstance(error, BaseExceptionGroup):  # as of cattrs, whose notes say where
        for inner in error.exceptions:
            steps = list[str | int]()
            for note in getattr(inner, "__notes__", ()):
                step = getattr(note, "name", getattr(note, "index", None))
                if isinstance(step, str | int):
                    steps.append(step)
            way = (*above, *steps)
            yield from list(_complaints(inner, way)) or [_of_whole(inner, way)]
        return
    listed: Any = None
    with suppress(Exception):
        listed = error.errors()  # type: ignore[attr-defined]  # as of pydantic, old and new
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping) and "loc" in one:
            way = (*above, *one["loc"])
            yield Complaint((one.get("type"), _alike(way)), way, _said(type(error), one.get("msg")))
    if found := _AT.search(str(error)):  # as of msgspec
        steps = list[str | int]()
        for index, name in _STEP.findall(found[1].replace("...", "0")):
            steps.append(name or int(index))
        kind = _VARYING.sub("", str(error)[: found.start()]), _alike(tuple(steps))
        yield Complaint(kind, (*above, *steps), _said(type(error), error))


def _of_whole(error: BaseException, way: Way = ()) -> Complaint:
    """What an error says that names no place: told from others by where it was raised."""
    frames = dict[tuple[str, int], None]()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename not in _AROUND:
            frames[frame.f_code.co_filename, frame.f_lasti] = None
    kind = (type(error).__name__, *frames)
    if not frames:  # what raises is not written in Python
        kind = (*kind, _VARYING.sub("", str(error)))
    return Complaint((kind, _alike(way)), way, _said(type(error), error))


def _alike(way: Way) -> Way:
    return tuple(("*", step)[isinstance(step, str)] for step in way)


def _said(kind: type, message: object) -> str:
    text = " ".join(_ADDRESS.sub("0x…", str(message)).split())
    return f"{kind.__name__}: {text}" if text else kind.__name__


# --- what is named ---


def reader_of(name: str, form: str = "json") -> Reader:
    """What `module:Type` or `module:function` names, imported from the working directory as well.

    Raises UsageError if there is nothing of that name, it can't be imported, or reads no payloads.
    """
    module, _, path = name.partition(":")
    if not module or not path:
        raise UsageError(f"{name} names nothing that reads: give module:Type, or module:function")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    with _bounded(f"to import {module}"):
        try:
            found: Any = importlib.import_module(module)
        except Exception as error:
            raise UsageError(printable(_why(module, error))) from None
    for part in path.split("."):
        if not hasattr(found, part):
            near = difflib.get_close_matches(part, dir(found), n=3)
            has = f"; the nearest are {', '.join(near)}" if near else ""
            raise UsageError(f"{name}: there is no {part} in {module}{has}; name one that it has")
        found = getattr(found, part)
    try:
        read, by = _read_by(found, form)
        inspect.signature(read).bind(None)
    except ValueError:  # nobody knows what it takes
        pass
    except Exception as error:
        cure = "name a function that takes the payload alone"
        said = cut(_said(type(error), error), 200)
        raise UsageError(printable(f"{name} reads no payloads ({said}); {cure}")) from None
    return Reader(name, read, by, form, tuple(_names(found)))


def _why(module: str, error: Exception) -> str:
    """Why a module can't be imported, and on which line of the project."""
    missing = isinstance(error, ModuleNotFoundError) and error.name
    if missing and f"{module}.".startswith(f"{missing}."):
        return f"there is no module {missing} in {Path.cwd()} or on Python's path; name another"
    if isinstance(error, SyntaxError):
        file = os.path.relpath(error.filename or "")
        return f"{file}:{error.lineno}: {error.msg} ({str(error.text).strip()}); mend it"
    places, here = list[tuple[str, int]](), str(Path(__file__).parent.parent)
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if not file.startswith(("<", here)) and importlib.__file__ != file:
            places.append((file, line))
    own = [place for place in places if place[0].startswith(os.getcwd())]
    if not (found := (own or places)[-1:]):
        return f"{module} can't be imported: {_said(type(error), error)}; mend it"
    [(file, line)] = found
    code, said = linecache.getline(file, line).strip(), cut(_said(type(error), error), 200)
    return f"{os.path.relpath(file)}:{line}: {module} can't be imported: {said} ({code}); mend it"


def _read_by(found: Any, form: str) -> tuple[Callable[[Any], Any], str]:
    """How something that was named reads a payload, and what that is called."""
    index = FORMS.index(form)
    for ways in _WAYS:
        if hasattr(found, ways[0]):
            return getattr(found, ways[index > 0]), ways[index > 0]
    is_record = hasattr(found, "__dataclass_fields__") or hasattr(found, "__attrs_attrs__")
    shapes = ("__required_keys__", "__value__")  # of a TypedDict, wherever it is from, an alias
    is_shape = get_origin(found) is not None or any(hasattr(found, name) for name in shapes)
    adapter = getattr(sys.modules.get("pydantic"), "TypeAdapter", None)
    if adapter and (is_shape or hasattr(found, "__pydantic_validator__")):
        with suppress(Exception):  # another may read it
            return _read_by(adapter(found), form)
    if is_record and isinstance(found, type) and (cattrs := sys.modules.get("cattrs")):
        parse = json.loads if index else copy
        return (lambda value: cattrs.structure(parse(value), found)), "cattrs.structure"
    if is_shape or is_record or hasattr(found, "__struct_fields__"):
        decode = msgspec.json.Decoder(found).decode  # which says whether it can
        encode = (msgspec.json.encode, str.encode, bytes)[index]
        return (lambda value: decode(encode(value))), "msgspec.json"
    if not callable(found):
        raise TypeError(f"a {type(found).__name__} can't be called")
    return found, "calling it"


def _names(found: Any) -> dict[str, None]:
    """The members that a type, and the types in it, know; that a function may, by its words."""
    names, pending, seen = dict[str, None](), [found], list[Any]()
    for one in pending:  # which grows meanwhile
        if one in seen or getattr(one, "__module__", "") in ("builtins", "typing"):
            pending += get_args(one)
            continue
        seen.append(one)
        fields = getattr(one, "model_fields", None) or getattr(one, "__fields__", None)
        if isinstance(fields, Mapping):
            for name, field in fields.items():
                names[str(getattr(field, "alias", None) or name)] = None
                pending.append(getattr(field, "annotation", None))
        else:
            hints = dict[str, Any]()
            with suppress(Exception):
                hints = get_type_hints(one)
            is_type = isinstance(one, type)
            names |= dict.fromkeys(hints if is_type else ())
            names |= dict.fromkeys(getattr(one, "__struct_encode_fields__", ()))
            pending += [*get_args(one), *hints.values(), getattr(one, "__code__", None)]
        for word in getattr(one, "co_consts", ()):
            if isinstance(word, str) and word.isidentifier():
                names[word] = None
    return names
