"""The forms in which a run and a comparison are read: a module for each, and a row here."""

import pkgutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.errors import ContractsError, UsageError, defect

if TYPE_CHECKING:
    from jinja2 import Environment

    from contracts.report.diff import Diff
    from contracts.report.run import Run


FORMS: dict[str, dict[str, tuple[str, ...]]] = {
    "run": {
        "html": ("contracts.report.forms.page:page", "trend"),
        "markdown": ("contracts.report.forms.markdown:run_markdown", "trend"),
        "annotations": ("contracts.report.forms.annotations:run_annotations",),
        "text": ("contracts.report.forms.terminal:text", "trend", "width", "encoding"),
    },
    "diff": {
        "text": ("contracts.report.forms.diff_forms:diff_lines", "paint", "unfolded", "summary"),
        "json": ("contracts.report.forms.diff_forms:json_lines",),
        "markdown": ("contracts.report.forms.markdown:diff_markdown", "unfolded", "summary"),
        "html": ("contracts.report.forms.page.comparison:comparison_page",),
        "github": ("contracts.report.forms.annotations:diff_annotations",),
    },
    "changelog": {
        "markdown": ("contracts.report.forms.changelog:changelog_markdown",),
        "text": ("contracts.report.forms.changelog:changelog_text",),
        "json": ("contracts.report.forms.changelog:changelog_json",),
    },
}
"""By what it is made from, and by its name among the options of a command: the function from the
value to lines or a whole text, and by name what else it takes of what a command knows."""


def lines_of(form: tuple[str, ...], value: "Run | Diff", **known: Any) -> Iterable[str]:
    """The value in a form, loaded only now: a page and a terminal need what others do without."""
    function, *options = form
    try:
        made = pkgutil.resolve_name(function)(value, **{name: known[name] for name in options})
        return [made] if isinstance(made, str) else list(made)
    except ContractsError:
        raise
    except Exception as error:  # of whatever kind: the other forms can still be made
        raise UsageError(f"{defect(error)}, while it made this form; please report it") from None


def environment(
    file: str, known: Mapping[str, Any], finalize: Callable[[str], str]
) -> "Environment":
    """The templates beside a module, which know its `MAX_…`, and whose texts `finalize` makes."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # which most forms do without
    from markupsafe import Markup

    def put_out(value: Any) -> Any:
        is_made = isinstance(value, Markup) or not isinstance(value, str)
        return value if is_made else finalize(value)

    made = Environment(autoescape=True, undefined=StrictUndefined, finalize=put_out)
    made.loader = FileSystemLoader(Path(file).with_name("templates"))
    made.trim_blocks = made.lstrip_blocks = True
    for name in known:
        if name.startswith("MAX_"):
            made.globals[name.lower()] = known[name]
    return made
