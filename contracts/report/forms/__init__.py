"""The forms in which a run and a comparison are read: whoever adds one adds a module, and a row here."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jinja2 import Environment

    from contracts.report.diff import Diff
    from contracts.report.run import Run

Origin = Literal["run", "diff"]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a run or of a comparison.

    Args:
        function: `module:function`, from the value to lines or a whole text; loaded only when it is asked for, because
            a page and a terminal need much that others do without.
        options: by name, what else the function takes of what a command knows.
    """

    name: str
    origin: Origin
    function: str
    options: tuple[str, ...] = ()

    def lines(self, value: Run | Diff, **known: Any) -> Iterable[str]:
        """The value in this form."""
        function = pkgutil.resolve_name(self.function)
        made = function(value, **{name: known[name] for name in self.options})
        return [made] if isinstance(made, str) else made


FORMS = (
    Form("html", "run", "contracts.report.forms.page.view:page", ("trend",)),
    Form("markdown", "run", "contracts.report.forms.markdown:run_markdown", ("trend",)),
    Form("annotations", "run", "contracts.report.forms.annotations:run_annotations"),
    Form("text", "run", "contracts.report.forms.terminal:text", ("trend", "width", "encoding")),
    Form("text", "diff", "contracts.report.forms.diff_forms:diff_lines", ("paint",)),
    Form("json", "diff", "contracts.report.forms.diff_forms:json_lines"),
    Form("markdown", "diff", "contracts.report.forms.markdown:diff_markdown"),
    Form("github", "diff", "contracts.report.forms.annotations:diff_annotations"),
)


def names_of(origin: Origin) -> list[str]:
    """The forms that there are of a run or of a comparison."""
    return [form.name for form in FORMS if form.origin == origin]


def form_of(origin: Origin, name: str) -> Form:
    """One of them by its name."""
    (found,) = (form for form in FORMS if (form.origin, form.name) == (origin, name))
    return found


def environment(file: str, known: Mapping[str, Any], finalize: Callable[[Any], Any]) -> Environment:
    """The templates beside a module: all that they put out goes through `finalize`, and they know its `MAX_…`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # which most forms do without

    made = Environment(
        loader=FileSystemLoader(Path(file).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in known:
        if name.startswith("MAX_"):
            made.globals[name.lower()] = known[name]
    return made
