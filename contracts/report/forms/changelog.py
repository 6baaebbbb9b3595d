"""A comparison as news for users of the API: what was added, changed, deprecated and removed."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter

from contracts.changes.change import Change, Direction, Effect
from contracts.report.diff import Bundle, Diff, bundles_of, holder_of
from contracts.report.forms.markdown import code, escaped
from contracts.text import cut, few, json_shown, map_texts, plural, printable, well_formed

MAX_NAMED = 5  # operations and places that a sentence names
MAX_NAME, MAX_TEXT = 200, 1000  # characters

_PARTS = {"added": "Added", "changed": "Changed", "deprecated": "Deprecated", "removed": "Removed"}
"""By how the id of a kind ends, in the order of Keep a Changelog; another is a change."""
_MARKS = {Effect.BREAKING: "Breaking", Effect.UNDECIDED: "May break"}
_MESSAGES = {Direction.REQUEST: "requests", Direction.RESPONSE: "answers"}


@dataclass(frozen=True, slots=True)
class News:
    """What changed for who uses some operations, once for all places where it is the same."""

    bundle: Bundle
    part: str
    operations: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Whether it breaks clients, in a word or two; empty if not."""
        return _MARKS.get(self.bundle.change.effect, "")

    @property
    def places(self) -> list[str]:
        """Where in these operations: `200 /status`, or `Thing /status` of a shared schema."""
        places = []
        for judged in self.bundle.members:
            where, holder = judged.change.where.removeprefix("schemas/"), holder_of(judged)
            places.append(
                where.removeprefix(holder).strip() if holder in self.operations else where
            )
        return list(filter(None, places))

    @property
    def text(self) -> str:
        """In which messages, and what."""
        ways = set(map(attrgetter("direction"), self.bundle.reaches))
        names = [name for way, name in _MESSAGES.items() if way in ways]
        told = f"in {' and '.join(names)}: " if self.places and names else ""
        messages = list(dict.fromkeys(map(_said, map(attrgetter("change"), self.bundle.members))))
        return told + few(messages, MAX_NAMED, "")


def _said(change: Change) -> str:
    """What changed, beside its place: whose name is not said again."""
    message, name = change.message, change.where.rpartition("/")[2]
    message = message.replace(f"the operation {change.where} ", "the operation ", 1)
    message = message.replace(f"the property {name} ", "the property ", 1)
    return re.sub(
        r"^([\w ,…()]+) takes (more|less) than before", r"\1 allows \2 than before", message
    )


def news_of(diff: Diff) -> list[News]:
    """All that changed, by part, what breaks first in each, then by operation."""
    found = []
    for bundle in bundles_of(diff.ordered):
        ending = bundle.change.id.rpartition("-")[2]
        operations = dict.fromkeys(map(attrgetter("operation"), bundle.reaches))
        found.append(News(bundle, _PARTS.get(ending, "Changed"), tuple(operations)))
    parts = list(_PARTS.values())
    firsts: dict[object, int] = {}
    for number, one in enumerate(found):
        firsts.setdefault((one.mark, one.operations), number)
    return sorted(found, key=lambda one: (parts.index(one.part), firsts[one.mark, one.operations]))


def changelog_markdown(diff: Diff) -> Iterator[str]:
    """The news as a part of a file in the manner of Keep a Changelog."""
    return _lines(diff, ("## {}", "### {}", "- {}", "  - {}", "**{}:**"), _plain, _quoted)


def changelog_text(diff: Diff) -> Iterator[str]:
    """The news for a terminal or a mail."""
    return _lines(diff, ("{}", "{}", "- {}", "  - {}", "{}:"), printable, printable)


def _lines(
    diff: Diff, forms: tuple[str, ...], plain: Callable[[str], str], quoted: Callable[[str], str]
) -> Iterator[str]:
    title, heading, item, below, marked = forms
    news, known = news_of(diff), [plain(cut(spec.version, MAX_TEXT)) for spec in diff.specs]
    yield title.format(known[1])
    count = diff.decision.count
    changes = f"{plural(count.total(), 'change')}, {count[Effect.BREAKING]} breaking"
    unsure = f", {count[Effect.UNDECIDED]} that may break" * bool(count[Effect.UNDECIDED])
    yield from ("", f"Since {known[0]}: {changes}{unsure}.")
    part, group = "", None
    for one in news:
        if one.part != part:
            part, group = one.part, None
            yield from ("", heading.format(part), "")
        if (one.mark, one.operations) != group:
            group = one.mark, one.operations
            most = MAX_NAMED if one.places else len(one.operations)  # what is gone is named
            yield item.format(_named(one.operations, quoted, most) or "all operations")
        mark = marked.format(one.mark) if one.mark else ""
        places = _named(one.places, quoted)
        words = (mark, places, plain(cut(one.text, MAX_TEXT)))
        yield below.format(" ".join(filter(None, words)))


def _named(names: Iterable[str], quoted: Callable[[str], str], most: int = MAX_NAMED) -> str:
    return few([quoted(cut(name, MAX_NAME)) for name in names], most, "")


def _plain(text: str) -> str:
    """A text in which nothing is markup, and which is still read in its source."""
    return str(escaped(text)).replace("&#34;", '"').replace("&#58; ", ": ")


def _quoted(text: str) -> str:
    """A code span, which nothing ends; an element where no span can hold the text."""
    return str(code(text)) if re.search("`|{[{%]", text) else f"`{printable(text)}`"


def changelog_json(diff: Diff) -> list[str]:
    """The news for programs, with all places and operations."""
    found = []
    for one in news_of(diff):
        effect = one.bundle.change.effect.value
        told = {"part": one.part.lower(), "effect": effect, "text": one.text}
        found.append(told | {"operations": one.operations, "places": one.places})
    versions = dict(zip(("base", "revision"), map(attrgetter("version"), diff.specs), strict=True))
    return [json_shown(map_texts(versions | {"news": found}, well_formed))]
