"""A rule about a value that a few keywords decide, and what decides it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from contracts.rules.rule import Rule
from contracts.schemas.validation import Bounded, Uncompilable, Validator


@dataclass(frozen=True, eq=False)
class Leaf:
    """A rule that keywords decide for values of `types`; they are compiled when first asked."""

    rule: Rule
    types: frozenset[str]
    compile: Callable[[], Validator] | None
    decides: Callable[[Any], bool] | None = None  # in place of a validator

    @cached_property
    def why(self) -> str:
        """Why the keywords can't be compiled, if so."""
        try:
            self.compiled  # noqa: B018  # it is kept
        except Uncompilable as error:
            return str(error).splitlines()[0]
        return ""

    @cached_property
    def compiled(self) -> Validator | None:
        """What tells why a value breaks the rule; raises one of `Uncompilable`."""
        return self.compile and self.compile()

    @cached_property
    def check(self) -> Callable[[Any], bool] | None:
        """None where `why` says why not."""
        if self.why:
            return None
        return self.decides if self.compiled is None else self.compiled.is_valid

    @cached_property
    def members(self) -> frozenset[str]:
        """The rule's own, which may be many."""
        return frozenset(self.rule.members)

    @cached_property
    def is_bounded(self) -> bool:
        """Whether the check may raise `Beyond`."""
        return isinstance(self.compiled, Bounded)

    @property
    def is_ours(self) -> bool:
        """Whether validators don't check it."""
        return self.decides is not None
