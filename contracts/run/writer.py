"""Lines of ours to the terminal of pytest: in its characters, and with its colours."""

from __future__ import annotations

from typing import Any, TypedDict

from contracts.report.forms.terminal import Screen, marked


class Look(TypedDict):
    """What a summary has to know of a terminal."""

    width: int
    encoding: str


def look_of(reporter: Any) -> Look:
    """The terminal of pytest's reporter; a file that does not say how it encodes takes everything."""
    return Look(
        width=reporter._tw.fullwidth,
        encoding=getattr(reporter._tw._file, "encoding", None) or "utf-8",
    )


def write(reporter: Any, line: str) -> None:
    """Write a line, the word that says what it is about in colour where pytest has colours."""
    before, word, after, markup = marked(Screen(**look_of(reporter)).text(line))
    reporter.write(before)
    reporter.write(word, **markup)
    reporter.write_line(after)
