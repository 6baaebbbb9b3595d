"""What the user says that the service knows: values of parameters, alone or in rows, and bodies."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import repeat

from contracts.document import Operation, Parameter, Schema, Spec
from contracts.document.serialisation import encoded, fill_raw_path, parameter_names
from contracts.document.written import Position, bytes_of_file, written_from_bytes
from contracts.errors import DocumentError, UsageError
from contracts.messages import Request, concrete, is_json
from contracts.notte import domain
from contracts.probes.knowledge import Source, ValueRow
from contracts.probes.samples import Body, with_value
from contracts.run.options import Options
from contracts.schemas.claims import claim_of
from contracts.schemas.validation import Uncompilable, validator
from contracts.text import cut, printable, shown

PARAM, SESSION, BODY = "--contract-param", "--contract-session-id", "--contract-body"


@dataclass(frozen=True, slots=True)
class Givens:
    """What was given, checked against the document."""

    values: Source = field(default_factory=dict)  # of parameters, for every operation
    rows: tuple[ValueRow, ...] = ()  # of several parameters, or for one operation
    bodies: Mapping[str, Sequence[Body]] = field(default_factory=dict)  # by operation

    def names(self, operation: Operation) -> set[str]:
        """The parameters of which values are given, as far as they are for an operation."""
        rows = (row.values for row in self.rows if row.operation in ("", operation.key))
        return set(self.values).union(*rows)


def givens_from(options: Options, environ: Mapping[str, str], spec: Spec) -> Givens:
    """What the options give, each once, in the order given; ids in `environ` are sessions.

    UsageError, with the file and line of a value that stands in one, for what the document has no
    use for: a name or operation that it lacks, a value or body that its schema does not admit.
    """
    reader, found, rows = _Reader(spec), defaultdict[str, dict[str, None]](dict), list[ValueRow]()
    for text in options.param:
        for row in reader.rows(text):
            if row.operation or len(row.values) > 1:
                rows.append(row)
            else:
                ((name, value),) = row.values.items()
                found[name][value] = None
    name = domain.SESSION_ID
    ids = [(f"{SESSION} {name}={text}", text) for text in options.session_id]
    if name in reader.known:
        listed = environ.get(domain.SESSION_IDS_VARIABLE, "").replace(",", " ").split()
        ids += zip(repeat(domain.SESSION_IDS_VARIABLE), listed, strict=False)
    for where, text in ids:
        option = where.partition(" ")[0]
        found[name].update(dict.fromkeys(reader.values(name, text, where, option=option)))
    bodies: dict[str, list[Body]] = {}
    for text in options.body:
        key, body = reader.body(text)
        bodies.setdefault(key, []).append(body)
    return Givens({name: tuple(values) for name, values in found.items()}, tuple(rows), bodies)


def names_of(operations: Sequence[Operation]) -> set[str]:
    """The names of all parameters of operations."""
    return {parameter.name for operation in operations for parameter in operation.parameters}


@dataclass(frozen=True)
class _Reader:
    spec: Spec

    @cached_property
    def known(self) -> set[str]:
        return names_of(self.spec.operations)

    @cached_property
    def _called(self) -> Mapping[str, Operation]:
        """The operations by what they are called, the longest name first."""
        found = dict(self.spec.by_key)
        found |= {one.operation_id: one for one in self.spec.operations if one.operation_id}
        return dict(sorted(found.items(), key=lambda item: -len(item[0])))

    def rows(self, text: str) -> Iterator[ValueRow]:
        """`[OPERATION:]NAME=VALUE[,NAME=VALUE…]`, `[OPERATION:]NAME=@FILE`, or `@FILE` of such."""
        if not text.startswith("@"):
            yield from self._row(text, f"{PARAM} {text}")
            return
        for line, where in _lines(text[1:], f"{PARAM} {text}", "lines of NAME=VALUE,NAME=VALUE"):
            if "=" not in line:
                raise UsageError(f"{where}: {shown(line)} is not NAME=VALUE,NAME=VALUE; mend it")
            yield from self._row(line, where)

    def _row(self, text: str, where: str) -> Iterator[ValueRow]:
        operation, pairs = None, text
        if text.partition("=")[0] not in self.known:
            operation, pairs = self._of_operation(text, ":")
        names = sorted(self.known, key=len, reverse=True)
        # A comma within a value divides nothing: only one before a parameter's name does.
        parts = (
            re.split(f",(?=(?:{'|'.join(map(re.escape, names))})=)", pairs) if names else [pairs]
        )
        key, values = operation.key if operation else "", dict[str, str]()
        for part in parts:
            name, _, value = part.partition("=")
            if name in values or (len(parts) > 1 and value.startswith("@")):
                cure = "give each name once, and rows out of a file as @FILE"
                raise UsageError(f"{where}: {shown(part)} can't be part of a row; {cure}")
            for each in self.values(name, value, where, operation):
                values[name] = each
                if len(parts) == 1:
                    yield ValueRow({name: each}, key)
        if len(parts) > 1:
            yield ValueRow(values, key)

    def _of_operation(self, text: str, separator: str) -> tuple[Operation | None, str]:
        for name, operation in self._called.items():
            if text.startswith(name + separator):
                return operation, text.removeprefix(name + separator)
        return None, text

    def values(
        self,
        name: str,
        text: str,
        where: str,
        operation: Operation | None = None,
        *,
        option: str = PARAM,
    ) -> Iterator[str]:
        """A value, or those of the file that it names with an @, each one that it may have."""
        operations = [operation] if operation else self.spec.operations
        having = [one for one in operations if name in names_of([one])]
        if not having:
            named = ", ".join(sorted(names_of(operations))) or "none"
            who = f"{operation.key} has no" if operation else "no operation has a"
            cure = f"{'it' if operation else 'the document'} has {named}"
            if ":" in name and operation is None:
                cure += (
                    f", and no operation {name.rpartition(':')[0]} (operationId or METHOD /path)"
                )
            raise UsageError(f"{option}: {who} parameter {name}; {cure}")
        if not text:
            raise UsageError(f"{where} has an empty value; an empty value reaches another route")
        found = [(text, where)]
        if text.startswith("@"):
            found = list(_lines(text[1:], where, "one value a line"))
        for value, place in found:
            if all(_refused(one, name, value) for one in having):
                cure, wrong = (
                    "give a value that its schema allows",
                    _refused(having[0], name, value),
                )
                raise UsageError(f"{place}: {shown(value)} is no {name}, {wrong}; {cure}")
            yield value

    def body(self, text: str) -> tuple[str, Body]:
        """`OPERATION=JSON` or `OPERATION=@FILE`, as the body and the key of its operation."""
        operation, value = self._of_operation(text, "=")
        named = f"{BODY} {text.partition('=')[0]}"
        if operation is None:
            cure = "give an operationId or METHOD /path, see `contracts rules`"
            raise UsageError(f"{named}: the document has no such operation; {cure}")
        option = f"{BODY} {operation.operation_id or operation.key}"
        content = operation.request_body.content if operation.request_body else ()
        if not content:
            raise UsageError(f"{option}: {operation.key} takes no body; leave the option out")
        data, file = value.encode(), option
        if value.startswith("@"):
            data, file = _bytes(value[1:], option), value[1:]
        media = next((one for one in content if is_json(concrete(one.name))), content[0])
        name = concrete(media.name)
        if not is_json(name):
            return operation.key, (name, data)
        if not data.strip():
            raise UsageError(f"{file}: the body is empty; give one that the document allows")
        try:
            written = written_from_bytes(data, file)
        except DocumentError as error:
            raise UsageError(str(error)) from None
        if media.schema is not None:
            self._check_body(Position(written), written.tree, media.schema)
        dumped = json.dumps(written.tree, ensure_ascii=False, separators=(",", ":"))
        return operation.key, (name, dumped.encode())

    def _check_body(self, root: Position, value: object, schema: Schema) -> None:
        try:
            errors = validator(schema).iter_errors(value)
            error = next(iter(errors), None)
        except (*Uncompilable, RecursionError):
            return  # what can't be asked refuses nothing
        if error is not None:
            source = root.at([str(segment) for segment in error.instance_path]).source
            at = self.spec.document.source(schema.pointer)
            cure = "give a body that the document allows"
            raise UsageError(printable(f"{source}: {cut(error.message)} (wanted: {at}); {cure}"))


def _refused(operation: Operation, name: str, value: str) -> str:
    """What the document says against a value of a parameter, alone of all that there are."""
    parameter = next(one for one in operation.parameters if one.name == name)
    alone = replace(operation, parameters=(parameter,), request_body=None)
    names = dict.fromkeys(parameter_names(operation.path), "1")
    if parameter.location == "path":
        names[name] = encoded(value)
    bare = Request(operation.method, fill_raw_path(operation.path, names))
    request = with_value(bare, parameter, value)
    if claim_of(alone, request).allowed:
        return ""
    return f"which is {_wanted(parameter)}"


def _wanted(parameter: Parameter) -> str:
    schema = parameter.schema
    if schema is None:
        return "refused"
    return f"{shown(schema.value)} by {schema.document.source(schema.pointer)}"


def _bytes(file: str, where: str) -> bytes:
    try:
        return bytes_of_file(file)
    except DocumentError as error:
        raise UsageError(f"{where}: {error}") from None


def _lines(file: str, where: str, wanted: str) -> Iterator[tuple[str, str]]:
    """The lines of a file that hold something, each with its file and line."""
    cure, found = f"give a file with {wanted}", False
    try:
        lines = _bytes(file, where).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"{where}: {file} can't be read (not UTF-8 text); {cure}") from None
    for number, line in enumerate(lines, start=1):
        if text := line.strip():
            found = True
            yield text, f"{where}: {file}:{number}"
    if not found:
        raise UsageError(f"{where}: {file} holds no value; {cure}")
