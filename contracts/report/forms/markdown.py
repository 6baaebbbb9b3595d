"""A run, for the summary of a job, and a comparison, for a pull request, as GitHub's Markdown.

The templates say what stands where; what they put out is shown as it is, as much of it as fits.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from functools import cache
from itertools import chain
from operator import attrgetter

from jinja2 import Environment
from markupsafe import Markup

from contracts.report import wording
from contracts.report.diff import UNFOLDED, Bundle, Diff, decision_text, head_of, reach_text
from contracts.report.forms import diff_forms, environment
from contracts.report.forms.page.body_markup import marked_body
from contracts.report.history import Trend
from contracts.report.run import Proof, Run
from contracts.text import cut, few, plural, printable

MAX_SIZE = 60_000  # characters, of which GitHub takes 65,536 in a comment
MAX_TEXT = 300
MAX_ROWS = 25
MAX_LISTED = 20
MAX_CURL = 2000
MAX_WIDTH = 160  # of a line of a body
MAX_INDENT = 20
MAX_NIGHTS = 30  # nights that a curve shows, the last ones
MAX_RULES = 20
MAX_OPERATIONS = 8
MAX_MEMBERS = 12  # of those that no answer had, of a rule

# ASCII's own separators: no text can hold one, because it is escaped as what nobody sees.
SECTION, PART = "\x1d", "\x1e"
_MORE = 120  # characters that are kept for saying how much there is more
_LEFT = "`contracts diff --format html` shows them all."

_MARKUP = re.compile(r"""[!"#$%&*+:<=>?@\[\\\]^_`{|}~]|(?<=www)\.""", re.IGNORECASE)
"""What Markdown reads as markup, or GitHub as a link, within a line."""
_MENTIONS = re.compile(r"([@#])(?=\w)")
_BARS = "▁▂▃▄▅▆▇█"


def run_markdown(run: Run, trend: Trend | None = None) -> list[str]:
    """The lines of a run; with a trend, what became of rules and response times over the nights."""
    violated = wording.causes(wording.worst_first(run.violated))
    violated += wording.causes(wording.worst_first(run.advisories))
    template = _environment().get_template("run.md.j2")
    documents = ", ".join(f"{one.title} {one.version} ({one.sha256[:8]})" for one in run.subjects)
    when = f"{run.started.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {run.seconds:.0f} s"
    asked = plural(run.exchanges, "exchange")
    asked += f", {run.unavailable} without an answer" * bool(run.unavailable)
    if retried := wording.retried_text(run):
        asked += f", {retried}"
    about = f"{documents} · {when} · {asked} · seed {run.seed}"
    told = {"facts": _facts(run), "about": about, "violated": violated}
    head, middle, rest = template.render(run=run, trend=trend, **told).split(SECTION)
    # Facts get a quarter, lists and history a half at most.
    more = "report.json has them all."
    head, rest = _within(head, MAX_SIZE // 4, more), _within(rest, MAX_SIZE // 2, more)
    middle = _within(middle, MAX_SIZE - len(head) - len(rest), more)
    return f"{head}{middle}{rest}".rstrip("\n").split("\n")


def diff_markdown(diff: Diff, *, unfolded: bool = False, summary: bool = False) -> list[str]:
    """The lines of a comparison, a row for findings that are alike; `unfolded`: for each."""
    template = _environment().get_template("diff.md.j2")
    chapters = [] if summary else list(diff.chapters(unfolded=unfolded))
    told = {"decision": decision_text(diff), "head": head_of(diff), "chapters": chapters}
    head, table, notes, rest = template.render(diff=diff, **told).split(SECTION)
    bundles = list(chain.from_iterable(map(attrgetter("bundles"), chapters)))
    opened = filter(diff_forms.has_more, bundles)
    notes = _within(notes, MAX_SIZE // 6, "`contracts diff` shows them all.")
    room = MAX_SIZE - len(head) - len(notes)
    table = _within(table, max(room // 2, room - len(rest)), _LEFT, bundles)
    rest = _within(rest, room - len(table), _LEFT, list(opened))
    return f"{head}{table}{notes}{rest}".rstrip("\n").split("\n")


def _within(text: str, room: int, more: str, bundles: Sequence[Bundle] = ()) -> str:
    """As many parts of a text as fit, each whole; `more` says where the others are.

    Where the first part is the head of one for each of some bundles, their findings are counted.
    """
    parts = text.split(PART)
    room -= _MORE
    for index, part in enumerate(parts):
        room -= len(part)
        if room < 0:
            left, noun = len(parts) - index, "parts more"
            if bundles:
                members = map(attrgetter("members"), bundles[max(index - 1, 0) :])
                left, noun = sum(map(len, members)), "findings, none worse,"
            return "".join(parts[:index]) + f"\n… and {left} {noun} that do not fit here; {more}\n"
    return "".join(parts)


def _facts(run: Run) -> Iterator[str]:
    """Why it was decided so, and what else is known of the run beside its verdicts."""
    if run.interrupted:
        yield wording.ENDED_EARLY
    yield from run.reasons
    yield wording.standings_text(run)
    yield from filter(None, [wording.operations_text(run)])
    if run.against is not None:
        yield wording.against_text(run.against)
    if run.drift is not None:
        yield from wording.drift_lines(run.drift)
    yield from wording.session_lines(run.sessions or {})
    yield from run.notes
    yield from filter(None, [wording.notices_text(run)])


def _series(trend: Trend) -> Iterator[tuple[str, str, Sequence[float | None]]]:
    """The numbers that are worth a curve: what each is, how it is now, and a value a night."""
    nights, tonight = trend.nights, trend.tonight
    yield "violated rules", str(tonight.violated), list(map(attrgetter("violated"), nights))
    lost = list(map(attrgetter("unavailable_share"), nights))
    yield "requests without an answer", f"{lost[-1]:.1%}", lost
    yield "median response time", _milliseconds(trend.answers.medians[-1]), trend.answers.medians
    yield "95th percentile", _milliseconds(trend.answers.p95s[-1]), trend.answers.p95s
    if len(trend.operations) > 1:
        slowest = sorted(trend.operations, key=lambda one: -(one.p95s[-1] or 0.0))
        for operation in slowest[:MAX_OPERATIONS]:
            name = code(_cut(operation.key, 120))
            yield name + " median", _milliseconds(operation.medians[-1]), operation.medians
            yield name + " 95th percentile", _milliseconds(operation.p95s[-1]), operation.p95s


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:.1f} ms" if seconds < 0.01 else f"{seconds * 1000:,.0f} ms"


def curve(values: Sequence[float | None]) -> str:
    """The last values as bars from 0 to the highest; a dot where there is none."""
    shown, drawn = values[-MAX_NIGHTS:], ""
    most = max(filter(None, shown), default=1.0)
    for value in shown:
        drawn += "·" if value is None else _BARS[round(value / most * (len(_BARS) - 1))]
    return drawn


def _body_lines(proof: Proof) -> Iterator[str]:
    """The lines of a body around a place, the first of the place with a mark."""
    mark = "   ← here"
    for line in marked_body(proof.body or "", proof.instance, whole=False).lines:
        if line.left_out:
            yield f"… {plural(line.left_out, 'line')}"
            continue
        text = "  " * min(line.indent, MAX_INDENT) + "".join(map(attrgetter("text"), line.pieces))
        text = cut(text, MAX_WIDTH)
        yield f"{text}{mark * line.marked}"
        if line.marked:
            mark = ""


@cache
def _environment() -> Environment:
    made = environment(__file__, globals(), escaped)
    made.filters |= {"cut": _cut, "code": code, "fenced": _fenced, "plural": plural, "curve": curve}
    made.filters["few"] = few
    made.globals["unfolded"] = UNFOLDED
    made.globals |= {"wording": wording, "forms": diff_forms, "reach_text": reach_text}
    made.globals |= {"body_lines": _body_lines, "series_of": _series}
    made.globals |= {"section": Markup(SECTION), "part": Markup(PART)}
    return made


def _cut(text: str, limit: int = MAX_TEXT) -> str:
    return cut(text, limit)


def escaped(text: str) -> Markup:
    """Whatever a template puts out as it is: no markup in it, no link, nobody mentioned."""
    shown = _MENTIONS.sub("\\1\N{ZERO WIDTH SPACE}", printable(text))
    return Markup(_MARKUP.sub(_entity, shown))


def code(text: str) -> Markup:
    """Code in an element: a code span can't hold every backtick, and cells no bar."""
    return Markup(f"<code>{_MARKUP.sub(_entity, printable(text))}</code>")


def _fenced(lines: Iterable[str], language: str) -> Markup:
    text = "\n".join(map(printable, lines))
    fence = max(re.findall("`+", text), key=len, default="").ljust(2, "`") + "`"
    return Markup(f"{fence}{language}\n{text}\n{fence}")


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
