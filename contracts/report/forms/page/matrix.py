"""Verdicts to a table: the places of an answer as a tree by the kinds of rules, and in each cell what came of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from contracts.report.run import STANDINGS, RuleVerdict, Run
from contracts.rules import RULE_KINDS

_ORDER = {kind: index for index, kind in enumerate(RULE_KINDS)}
Path = tuple[str, ...]

_OF_A_MEMBER = frozenset({"required"})
"""Kinds whose rules stand at an object and are about the member that they name."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of the rules of one kind at one place; `verdicts` are in the order of the report."""

    kind: str
    verdicts: tuple[RuleVerdict, ...]

    @property
    def worst(self) -> RuleVerdict:
        return min(self.verdicts, key=lambda verdict: STANDINGS.index(verdict.standing))

    @property
    def standing(self) -> str:
        return self.worst.standing

    @property
    def count(self) -> str:
        """On how many exchanges: of those that broke the rule, out of how many."""
        worst = self.worst
        if worst.violations:
            return f"{worst.violations}/{worst.exercised}"
        return str(worst.exercised or "")

    @property
    def words(self) -> str:
        """What the cell says to somebody who does not see it."""
        worst = self.worst
        if worst.violations:
            return f"{self.kind}: {worst.standing} on {worst.violations} of {worst.exercised} exchanges"
        if worst.standing == "holds":
            return f"{self.kind}: holds on {worst.exercised} exchange{'s' * (worst.exercised != 1)}"
        return f"{self.kind}: {worst.standing}"


@dataclass(frozen=True, slots=True)
class Row:
    """A place in the body of an answer (`cells` by kind), or the answer as a whole (`chips`)."""

    label: str
    place: str | None
    depth: int = 0
    cells: dict[str, Cell] = field(default_factory=dict)
    chips: tuple[Cell, ...] = ()

    @property
    def all(self) -> tuple[Cell, ...]:
        return (*self.chips, *self.cells.values())

    @property
    def standing(self) -> str:
        found = {cell.standing for cell in self.all}
        return next((standing for standing in STANDINGS if standing in found), "")


@dataclass(frozen=True)
class Answers:
    """The rows of one status (None: of every answer) and media type, the answer as a whole first."""

    status: str | None
    media: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Matrix:
    """All rules of an operation."""

    operation: str
    columns: tuple[str, ...]
    answers: tuple[Answers, ...]
    verdicts: tuple[RuleVerdict, ...]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rules by what came of them, the worst first, without what nothing is of."""
        counts = {
            standing: sum(verdict.standing == standing for verdict in self.verdicts)
            for standing in STANDINGS
        }
        return {standing: count for standing, count in counts.items() if count}

    @property
    def standing(self) -> str:
        return next(iter(self.counts), "")

    @property
    def fields(self) -> int:
        """Of the table, the empty ones as well."""
        return sum(len(answers.rows) for answers in self.answers) * len(self.columns)


def matrices_of(run: Run) -> tuple[Matrix, ...]:
    """A matrix an operation, in the order of the report."""
    by_operation: dict[str, list[RuleVerdict]] = {}
    for verdict in run.verdicts:
        by_operation.setdefault(verdict.operation, []).append(verdict)
    return tuple(_matrix(operation, verdicts) for operation, verdicts in by_operation.items())


def _matrix(operation: str, verdicts: Sequence[RuleVerdict]) -> Matrix:
    kinds = {verdict.kind for verdict in verdicts if verdict.place is not None}
    groups: dict[tuple[str | None, str], list[RuleVerdict]] = {}
    for verdict in verdicts:
        groups.setdefault((verdict.status, verdict.media), []).append(verdict)
    ordered = sorted(groups.items(), key=lambda item: item[0][0] is not None)
    return Matrix(
        operation,
        tuple(sorted(kinds, key=lambda kind: _ORDER.get(kind, len(_ORDER)))),
        tuple(Answers(status, media, tuple(_rows(own))) for (status, media), own in ordered),
        tuple(verdicts),
    )


def _rows(verdicts: Sequence[RuleVerdict]) -> Iterator[Row]:
    whole = [verdict for verdict in verdicts if verdict.place is None]
    if whole:
        yield Row("", None, chips=tuple(_cells(whole).values()))
    by_place: dict[Path, list[RuleVerdict]] = {}
    for verdict in verdicts:
        if verdict.place is not None:
            by_place.setdefault(_path(verdict), []).append(verdict)
    for path in _tree(by_place):
        cells = _cells(by_place.get(path, ()))
        yield Row(path[-1] if path else "body", "/" + "/".join(path), len(path), cells)


def _path(verdict: RuleVerdict) -> Path:
    path = tuple(part for part in (verdict.place or "").split("/") if part)
    return (*path, verdict.name) if verdict.kind in _OF_A_MEMBER and verdict.name else path


def _tree(paths: Collection[Path]) -> Iterator[Path]:
    """The paths and what is above them, each before what is below it, else in the order given."""
    children: dict[Path, dict[Path, None]] = {}
    for path in paths:
        for depth in range(1, len(path) + 1):
            children.setdefault(path[: depth - 1], {})[path[:depth]] = None
    waiting: list[Path] = [()] if paths else []
    while waiting:
        path = waiting.pop()
        yield path
        waiting += reversed(children.get(path, {}).keys())


def _cells(verdicts: Iterable[RuleVerdict]) -> dict[str, Cell]:
    by_kind: dict[str, list[RuleVerdict]] = {}
    for verdict in verdicts:
        by_kind.setdefault(verdict.kind, []).append(verdict)
    return {kind: Cell(kind, tuple(own)) for kind, own in by_kind.items()}
