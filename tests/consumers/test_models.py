"""What is named `module:Type` reads payloads as its own library does, and says in one sentence why it can't."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from contracts.consumers import models
from contracts.consumers.models import Complaint, reader_of
from contracts.errors import UsageError

READERS = """
import asyncio, dataclasses, enum, json
from typing import Annotated, Literal, NamedTuple

import msgspec
from pydantic import BaseModel, Field, TypeAdapter, dataclasses as pydantic_dataclasses
from typing_extensions import TypedDict

class Model(BaseModel):
    state: Literal["there"] = Field(alias="bookState")

class Struct(msgspec.Struct, rename="camel"):
    book_state: Literal["there"]

@dataclasses.dataclass
class Record:
    bookState: Literal["there"]

@pydantic_dataclasses.dataclass
class Checked:
    bookState: Literal["there"]

class Typed(TypedDict):
    bookState: Literal["there"]

class Tuple(NamedTuple):
    bookState: str

Adapter = TypeAdapter(Typed)
Books = list[Model]
Named = Annotated[Typed, "a book"]

class Plain:
    def __init__(self, payload):
        self.state = enum.Enum("State", ["there"])[payload["bookState"]]

    @classmethod
    def of(cls, payload):
        return cls(payload)

    def load(self, payload):
        return Plain(payload)

one = Plain({"bookState": "there"})

def function(payload):
    if payload["bookState"] != "there":
        raise ValueError(payload["bookState"])

async def awaited(payload):
    await asyncio.sleep(0)
    function(payload)

def generator(payload):
    yield
    function(payload)

def of_text(text):
    function(json.loads(text + ""))

def of_bytes(data):
    function(json.loads(data + b""))

def pops(payload):
    payload.pop("bookState")
"""
FORMS = {"of_text": "text", "of_bytes": "bytes"}
NAMES = "Model Struct Record Checked Typed Adapter Named Plain Plain.of one.load function awaited generator"
NAMES += " of_text of_bytes"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory; what is imported from it, and its place on the path, are gone after."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readers.py").write_text(READERS)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def said(name: str, value: Any, form: str = "json") -> tuple[Complaint, ...]:
    return reader_of(f"readers:{name}", form).complaints(value)


@pytest.mark.parametrize("name", NAMES.split())
def test_each_takes_what_it_knows_and_says_why_it_takes_nothing_else(name: str, folder: Path) -> None:
    form = FORMS.get(name, "json")
    assert said(name, {"bookState": "there"}, form) == ()
    assert [one.says for one in said(name, {"bookState": "lent"}, form)] != []


@pytest.mark.parametrize("name", ["Model", "Struct", "Record", "Typed", "Adapter"])
@pytest.mark.parametrize("form", ["text", "bytes"])
def test_a_model_reads_texts_as_well(name: str, form: str, folder: Path) -> None:
    assert said(name, {"bookState": "there"}, form) == ()
    assert said(name, {"bookState": "lent"}, form)[0].way == ("bookState",)


def test_a_list_of_models(folder: Path) -> None:
    assert said("Books", [{"bookState": "there"}]) == ()
    assert said("Books", [{"bookState": "there"}, {"bookState": 1}])[0].way == (1, "bookState")


def test_a_reader_gets_a_copy(folder: Path) -> None:
    value = {"bookState": "there"}
    assert said("pops", value) == said("pops", value) == ()


def test_two_values_are_rejected_for_the_same(folder: Path) -> None:
    kinds = [said(name, {"bookState": value})[0].kind for name in ("Model", "function") for value in ("a1", "b")]
    assert kinds[0] == kinds[1] != kinds[2] == kinds[3]


@pytest.mark.parametrize("name", ["Model", "Struct", "Record", "Typed", "Books", "Named"])
def test_the_names_that_a_type_knows(name: str, folder: Path) -> None:
    assert "bookState" in reader_of(f"readers:{name}").names


def test_the_names_that_a_function_looks_for(folder: Path) -> None:
    assert reader_of("readers:function").names == ("bookState", "there")


class Note(str):
    """As cattrs leaves them."""


def test_a_group_of_errors_is_told_by_its_notes(folder: Path) -> None:
    """As of cattrs: what a class and an item lacks, each with where it is; its notes are texts themselves."""
    name, index = Note("in a class"), Note("in a list")
    name.name, index.index = "items", 3  # type: ignore[attr-defined, method-assign, assignment]
    inner = ValueError("no 1 at 0x7f5b7b758720")
    inner.__notes__ = [index]
    within = ExceptionGroup("a list", [inner])
    within.__notes__ = [name]
    found = list(models._complaints(ExceptionGroup("a class", [within, KeyError("id")])))
    assert [(one.way, one.says) for one in found] == [(("items", 3), "ValueError: no 1 at 0x…"), ((), "KeyError: 'id'")]


def test_records_are_left_to_cattrs_where_their_module_has_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def structure(value: Any, kind: type) -> None:
        raise TypeError(f"{kind.__name__} of {value}")

    monkeypatch.setitem(sys.modules, "cattrs", SimpleNamespace(structure=structure))
    found = [reader_of("readers:Record", form) for form in models.FORMS]
    assert [one.complaints({"a": 1})[0].says for one in found] == ["TypeError: Record of {'a': 1}"] * 3


class Old:
    """As a model of pydantic 1."""

    __fields__: ClassVar = {"state": SimpleNamespace(alias="bookState", annotation=str)}
    parse_obj: ClassVar[type] = dict
    parse_raw: ClassVar[type] = bytes


def test_a_model_of_old(folder: Path) -> None:
    assert models._read_by(Old, "json") == (dict, "parse_obj")
    assert models._read_by(Old, "bytes") == (bytes, "parse_raw")
    assert list(models._names(Old)) == ["bookState"]


UNUSABLE = {
    "readers": ("", "names nothing that reads: give module:Type, or module:function"),
    "readers:": ("", "names nothing that reads"),
    "nowhere:Model": ("", "there is no module nowhere in "),
    "readers:Modle": ("", "there is no Modle in readers; the nearest are Model"),
    "bad:A": ("import nosuchlib", "bad.py:1: bad can't be imported: ModuleNotFoundError: No module named 'nosuchlib' "),
    "bad:B": (
        "x = 1\ny = x.z()",
        "bad.py:2: bad can't be imported: AttributeError: 'int' object has no attribute 'z' (y",
    ),
    "bad:C": ("import json\njson.loads('{')", "bad.py:2: bad can't be imported: JSONDecodeError: "),
    "bad:D": ("def f(:", "bad.py:1: invalid syntax (def f(:); mend it"),
    "bad:E": ("raise SystemExit(4)", "to import bad raises SystemExit (4), which ends a process"),
    "bad:F": ("F = 3", "bad:F reads no payloads (TypeError: a int can't be called)"),
    "bad:G": ("def G(a, b): pass", "bad:G reads no payloads (TypeError: missing a required argument: 'b')"),
    "bad:H": ("def H(): pass", "bad:H reads no payloads (TypeError: too many positional arguments)"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_what_can_not_be_used_is_said_in_a_sentence(name: str, folder: Path) -> None:
    code, wanted = UNUSABLE[name]
    (folder / "bad.py").write_text(code)
    with pytest.raises(UsageError) as caught:
        reader_of(name)
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("what", ["SystemExit(0)", "BaseException('no')", "GeneratorExit()"])
def test_what_ends_a_process_is_no_rejection(what: str, folder: Path) -> None:
    (folder / "bad.py").write_text(f"def read(payload): raise {what}")
    with pytest.raises(UsageError, match=r"bad:read, given {\"a\": 1}, raises \w+ .*which ends a process"):
        reader_of("bad:read").complaints({"a": 1})


@pytest.mark.parametrize("body", ["while True: pass", "import re; re.match(r'(a*)*$', 'a' * 40 + 'b')"])
def test_what_hangs_is_interrupted(body: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "PATIENCE", 0.05)
    (folder / "bad.py").write_text(f"def read(payload):\n    try:\n        {body}\n    except Exception: pass\n")
    with pytest.raises(UsageError, match=r"takes longer than 0.05 seconds; mend what hangs"):
        reader_of("bad:read").complaints({"a": 1})


def test_a_module_that_hangs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "PATIENCE", 0.05)
    (folder / "bad.py").write_text("while True: pass")
    with pytest.raises(UsageError, match="to import bad takes longer"):
        reader_of("bad:read")
