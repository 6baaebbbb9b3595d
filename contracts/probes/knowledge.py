"""What is known of the values of an operation's parameters: given, found in answers, or its own."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from contracts.document import Operation
from contracts.document.serialisation import parameter_names
from contracts.messages import SAFE_METHODS

Source = Mapping[str, Sequence[str]]  # values by the name of their parameter
Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ValueRow:
    """Values by parameter that belong together."""

    values: Values
    operation: str = ""  # the key of the only one that they are for, if so
    # `given`; `found` in an answer, for safe methods alone; `own`, of what the run made; or
    # `listed`: what a list has under the names of its own parameters, which filter it.
    source: str = "given"


@dataclass(frozen=True)
class Knowledge:
    """Values for one operation; what ends resources (`spares`) gets those of the run alone."""

    operation: Operation
    given: Source
    found: Source
    own: Source
    rows: Sequence[ValueRow]
    spares: bool = False
    live: bool = False

    @cached_property
    def _rows(self) -> list[ValueRow]:
        """What belongs together, as far as it is for this operation; what is for it alone last."""
        names, path = {p.name for p in self.operation.parameters}, self.path_names
        sources, found = {"given", "own"}, list[ValueRow]()
        if self.operation.method in SAFE_METHODS:
            sources.add("found")
        for row in sorted(self.rows, key=lambda row: bool(row.operation)):
            known = names - path if self.spares and row.source != "own" else names
            values = {name: text for name, text in row.values.items() if name in known}
            if values and row.operation in ("", self.operation.key) and row.source in sources:
                found.append(replace(row, values=values))
        return found

    @property
    def path_names(self) -> set[str]:
        return set(parameter_names(self.operation.path))

    @cached_property
    def made(self) -> list[Values]:
        """Resources that were made for this operation."""
        return [row.values for row in self.rows if row.source == "own"]

    @cached_property
    def filters(self) -> list[Values]:
        return [row.values for row in self.rows if row.source == "listed"]

    @cached_property
    def values(self) -> Mapping[str, Sequence[str]]:
        """Known values by parameter, as far as they are for this operation."""
        found, for_it = dict[str, dict[str, None]](), set[str]()
        given = dict(self.given)
        if self.spares:  # a resource that the user knows is not for it
            given = {name: given[name] for name in given.keys() - self.path_names}
        listed = self.found if self.operation.method in SAFE_METHODS else {}
        for source in (given, listed, self.own):
            for name, values in source.items():
                found.setdefault(name, {}).update(dict.fromkeys(values))
        for row in self._rows:
            if len(row.values) > 1:
                continue
            ((name, value),) = row.values.items()
            if row.operation and row.source == "given" and name not in for_it:
                for_it.add(name)
                found[name] = {}
            found.setdefault(name, {})[value] = None
        return {name: list(values) for name, values in found.items() if values}

    @cached_property
    def rounds(self) -> list[Values]:
        """Known values of its parameters, each at least once; [{}] if it has none in its path."""
        tied = [row.values for row in self._rows if len(row.values) > 1]
        if self.spares and self.made:
            tied = self.made[:-1] or self.made
        known = self.values
        names = list(parameter_names(self.operation.path))
        for parameter in self.operation.parameters:
            if parameter.location != "path":
                names.append(parameter.name)
        # A value that belongs to others of its row stands for itself no more.
        apart = set(names) - set().union(*tied)
        turns = {name: itertools.cycle(known[name]) for name in names if name in known}
        length = max([len(tied), *(len(known[name]) for name in turns.keys() & apart)], default=1)
        found = []
        for index in range(length or 1):
            chosen = {name: next(values) for name, values in turns.items()}
            chosen |= tied[index % len(tied)] if tied else {}
            found.append(chosen)
        # Without a value for each of its path the service knows no such resource.
        return [chosen for chosen in found if chosen.keys() >= self.path_names]

    @property
    def first(self) -> Values:
        singles = {name: values[0] for name, values in self.values.items()}
        return {**singles, **next(iter(self.rounds), {})}

    def vouched(self, chosen: Values) -> tuple[tuple[str, str], ...]:
        """What the service knows: what it lists may be gone, and what is given be apart."""
        names, given = self.path_names, list[tuple[str, str]]()
        rows = [row.values for row in self._rows if row.source == "given"]
        together = any(names <= row.keys() and row.items() <= chosen.items() for row in rows)
        apart = self.live and len(names) > 1 and not together
        for name, value in chosen.items():
            known = value in (*self.given.get(name, ()), *self.own.get(name, ()))
            known = known or any(row.get(name) == value for row in rows)
            if known and not (apart and name in names):
                given.append((name, value))
        return tuple(given)
