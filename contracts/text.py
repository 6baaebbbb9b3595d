"""Texts: cut, in the right number, without what a terminal obeys, and written to a file whole."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
# What GitHub Actions (`::`, `##[`) and Azure Pipelines obey in a log.
_COMMAND = re.compile(r"(?<=##)\[|(?<=##vso)\[|(?<![^ ]):(?=:)")
MAX_FILE = 512 * 2**20  # bytes of a report or recording that is read back
MAX_TEXT = 500  # characters kept of what a service has a hand in: a message, a place in a body


def cut(text: str, limit: int = MAX_TEXT) -> str:
    """The text, or its beginning and a mark that there was more: `limit` characters at most."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shown(value: Any, limit: int = 60) -> str:
    """A value as JSON, cut to what fits in a sentence; what is cut is not written out before."""
    if isinstance(value, str):
        value = value[: limit + 1]
    if not isinstance(value, dict | list):
        return cut(json.dumps(value, ensure_ascii=False, default=str), limit)
    text = ""
    for piece in _ENCODER.iterencode(value):
        text += piece
        if len(text) > limit:
            break
    return cut(text, limit)


def plural(count: int, noun: str, many: str = "") -> str:
    """A count with its noun: `1 rule`, `2 rules`; `many` is a plural without an s."""
    return f"{count} {noun if count == 1 else many or noun + 's'}"


def few(texts: Sequence[str], most: int, where: str = "in report.json") -> str:
    """The first texts in a row, and of the others how many there are, and where."""
    more = f" and {len(texts) - most} more {where}".rstrip() * (len(texts) > most)
    return f"{', '.join(texts[:most])}{more}"


def printable(line: str) -> str:
    r"""The text as one line that any terminal or CI server shows: the rest as escapes (`\x1b`)."""
    shown = line if line.isprintable() else line.translate(_ESCAPES)
    if "::" not in shown and "##" not in shown:
        return shown
    return _COMMAND.sub(lambda found: f"\\x{ord(found[0]):02x}", shown)


def json_shown(value: Any) -> str:
    """A JSON value as text in lines, in which no terminal or CI server sees anything to obey."""
    with suppress(ValueError, OverflowError):  # lone surrogates, integers of more than 64 bits
        return msgspec.json.format(json_line(value), indent=1)
    return _obeyed_by_none(json.dumps(value, indent=1, ensure_ascii=False))


def json_line(value: Any) -> str:
    """The same on one line, as short as it can be."""
    text = msgspec.json.encode(value).decode()
    return text if text.isprintable() and "##" not in text else _obeyed_by_none(text)


def _obeyed_by_none(text: str) -> str:
    return re.sub("#(?=#)", r"\\u0023", text.translate(_JSON_ESCAPES))


class _Escapes(dict[int, str]):
    """What stands for each character; looked up once, as a text may have a million."""

    def __init__(self, escape: Callable[[str], str]) -> None:
        super().__init__()
        self.escape = escape

    def __missing__(self, code: int) -> str:
        # What turns the direction of what follows (U+202E) is not printable either: Cf is not.
        held = chr(code)
        self[code] = held if held.isprintable() else self.escape(held)
        return self[code]


_ESCAPES = _Escapes(lambda character: character.encode("unicode_escape").decode())
_JSON_ESCAPES = _Escapes(lambda character: json.dumps(character)[1:-1])
_JSON_ESCAPES[ord("\n")] = "\n"  # between members: in a string it is an escape already


def well_formed(text: str) -> str:
    """The text with escapes for halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with all its texts changed, names of members that are no words as well."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, (list, tuple)):
        return [map_texts(item, change) for item in value]
    if isinstance(value, dict):
        names = {(re.search("[^a-z_]", name) and change(name)) or name: name for name in value}
        return {name: map_texts(value[old], change) for name, old in names.items()}
    return value


def shown_path(path: Path) -> Path:
    """The path as short as it can be written from here."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path


def bytes_at(path: Path, most: int = MAX_FILE) -> bytes:
    """What is in a file; OSError beyond so many bytes, as a device may have no end."""
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most // 2**20} MB")
    return data


def _parts(content: str | Iterable[str]) -> Iterable[str]:
    return [content] if isinstance(content, str) else content


def write_whole(path: Path, content: str | bytes | Iterable[str]) -> Path:
    """Write a file and its folder whole, or not at all (OSError); links and modes stay.

    Parts of a large text are taken one by one, so that it need never be in memory.
    """
    data = [content] if isinstance(content, bytes) else map(str.encode, _parts(content))
    with draft_of(path) as draft:
        draft.writelines(data)
    return path


@contextmanager
def draft_of(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of another once it is written; links and modes stay."""
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        # A pipe or a device is nothing to replace, and a pipe that nobody reads an error.
        with open(os.open(target, os.O_WRONLY | os.O_NONBLOCK), "wb") as file:
            os.set_blocking(file.fileno(), True)
            yield file
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name[:50]}-{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        with suppress(OSError):
            draft.unlink()  # it is there only if something failed
