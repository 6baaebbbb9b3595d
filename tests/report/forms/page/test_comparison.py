"""The page of a comparison as text: what is on it, and that nothing on it can act."""

import re
from dataclasses import replace

import pytest

from contracts.changes.change import Change, Effect, Witness
from contracts.document import FolderFiles, Source
from contracts.document.sides import Side
from contracts.report.diff import Diff
from contracts.report.forms.page import MAX_CARDS
from contracts.report.forms.page.comparison import comparison_page

from ....made_changes import ALL, BREAKS, GROWS, PAUSED, UNKNOWN, change
from ...comparisons import BASE, NASTY, REVISION, diff
from .test_page import EVIL, Outline

LINES = "\n".join(f"line {number} of the {{}}" for number in range(1, 40))
SIDES = {
    "base": replace(BASE, text=LINES.format(*["base"] * 39).encode()),
    "revision": replace(REVISION, text=LINES.format(*["revision"] * 39).encode()),
}


def outline(made: Diff) -> Outline:
    return Outline(comparison_page(made))


def text(made: Diff) -> str:
    return re.sub(r"\s+", " ", outline(made).text)


def reviewed(*changes: Change, **sides: Side) -> str:
    return text(diff(changes, **(SIDES | sides)))


def test_a_finding_has_both_sides_the_message_and_the_command() -> None:
    """A snapshot, from the card on."""
    shown = reviewed(BREAKS).partition("Breaking (1)")[2].partition("Made by")[0]
    base, revision = (" ".join(f"{n}line {n} of the {side}" for n in lines) for side, lines in SEEN.items())
    assert shown.replace(" ", "") == (
        "✕ breaking error enum-widened schemas/Thing /status Seen the list of values takes more than before "
        "Reaches responses of GET /things/{id} Verdict the revision allows it, the base refuses it: "
        '/status is "paused"; allowed are "active", "closed" '
        f"Base HEAD:spec/a.yaml:7 {base} Revision spec/a.yaml:9 {revision} "
        'Shown by GET /things/{id} answers HTTP 200 Content-Type: application/json { "status": "paused" } '
        "Mend the document; to let it pass, with a reason Copy "
        "contracts accept 'enum-widened schemas/Thing /status' --accepted spec/accepted.toml --reason '…' "
        "--until 2026-12-24"
    ).replace(" ", "")


SEEN = {"base": range(4, 16), "revision": range(6, 18)}


def test_the_place_that_is_refused_is_marked() -> None:
    html = comparison_page(diff([BREAKS], **SIDES))
    assert '<span class="line here">  &#34;status&#34;: <mark>&#34;paused&#34;</mark>' in html
    assert html.count('<span class="line here"><i>7</i>line 7 of the base') == 1
    assert html.count('<span class="line here"><i>9</i>line 9 of the revision') == 1


def test_the_first_lines_say_what_breaks_and_for_whom() -> None:
    shown = text(diff(ALL, "property-added *"))
    assert "✕ Breaking: 1 of 4 findings Breaks enum-widened schemas/Thing /status For responses of GET /thing" in shown
    assert "✕ 1 breaking ? 1 undecided ✓ 1 compatible ◆ 1 accepted" in shown
    assert "Accepted until 2026-11-24: agreed|in May" in shown


@pytest.mark.parametrize(
    ("changes", "headline"),
    [([UNKNOWN], "? Undecided: 1 of 1 finding"), ([GROWS], "✓ Compatible: nothing breaks"), ([], "Nothing changed.")],
)
def test_the_decision_is_told_in_words(changes: list[Change], headline: str) -> None:
    assert headline in text(diff(changes))


def test_what_breaks_nothing_is_closed() -> None:
    cards = [attributes for _, attributes in outline(diff()).tags if attributes.get("data-states")]
    standing = {one["data-states"]: "open" in one for one in cards}
    assert standing == {"breaking": True, "undecided": True, "compatible": False}


def test_findings_that_are_alike_are_one_with_their_places() -> None:
    many = [change(where=f"schemas/T{n} /at", base=Source("a.yaml", n, "")) for n in range(1, 43)]
    shown = text(diff(many))
    assert "enum-widened schemas/T1 /at and 41 like it" in shown
    assert "At 42 places schemas/T1 /at (a.yaml:1 → spec/a.yaml:9)" in shown
    assert "… and 22 more, in JSON" in shown
    assert shown.count("'enum-widened schemas/T42 /at'") == 1


def test_findings_of_a_component_stand_in_a_group() -> None:
    shown = text(diff([change(where=f"schemas/T /{name}", message=name) for name in "ab"]))
    assert "schemas/T: 2 findings ✕ breaking" in shown


def test_lines_of_an_overlay_are_its_own() -> None:
    overlay = Side("a.yaml", b"x", (("o.yaml", b"one\ntwo\nthree"),), FolderFiles(REVISION.around.folder, "a.yaml"))  # type: ignore[union-attr]
    assert "Revision o.yaml:2 1one 2two 3three" in reviewed(change(revision=Source("o.yaml", 2, "")), revision=overlay)


def test_lines_of_another_file_are_not_guessed() -> None:
    assert "Revision b.yaml:2 Its lines are in another file." in reviewed(change(revision=Source("b.yaml", 2, "")))


def test_nothing_of_a_document_can_act() -> None:
    witness = Witness(EVIL, {"status": 200, "headers": {EVIL: EVIL}, "body": {EVIL: EVIL}}, EVIL, EVIL, EVIL)
    sides = {"base": replace(BASE, name=EVIL, text=EVIL.encode() * 9), "revision": replace(REVISION, note=EVIL)}
    evil = change(where=EVIL, message=EVIL, base=Source(EVIL, 1, ""), witness=witness)
    plain = outline(diff([BREAKS], **SIDES))
    for made in diff([evil], **sides), diff([change(where=NASTY, message=NASTY, proof=NASTY)]):
        found = outline(made)
        assert {tag for tag, _ in found.tags} <= {tag for tag, _ in plain.tags}
        assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on")]
        assert not re.search("[\x1b\u202e\x00\ud800]", comparison_page(made))
    assert found.having("src") == []


def test_the_page_of_many_findings_is_bounded() -> None:
    body = {str(number): "<&>" * 50 for number in range(200)}
    witness = replace(PAUSED, message={"status": 200, "headers": {}, "body": body})
    many = [change(where=f"schemas/T{n % 7} /{n}", message=f"{n}", witness=witness) for n in range(3000)]
    html = comparison_page(diff(many))
    assert len(html.encode()) < 3_000_000
    assert 30 < html.count('<details class="card') <= MAX_CARDS
    assert "schemas/T6: 428 findings" in re.sub(r"\s+", " ", Outline(html).text)


def test_a_command_that_would_be_cut_is_not_shown() -> None:
    many = [change("enum-widened", Effect.BREAKING, f"schemas/{'T' * 99}{n} /x") for n in range(200)]
    assert "to let them pass: a command for each is in contracts diff --all" in text(diff(many))


def test_the_same_comparison_is_the_same_page() -> None:
    assert comparison_page(diff(ALL)) == comparison_page(diff(ALL))
