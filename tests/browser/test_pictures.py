"""The pictures of the docs: all that the script makes, small, and shown; no browser is needed for this."""

import re
from pathlib import Path

import pytest

from docs.screenshots import ALL, PICTURES, Picture

ROOT = Path(__file__).parents[2]
SHOWN = set(re.findall(r"\(pictures/([\w-]+)\.png\)", (ROOT / "docs" / "report.md").read_text(encoding="utf-8")))


@pytest.mark.parametrize("picture", ALL, ids=lambda picture: picture.name)
def test_a_picture_is_there_and_small(picture: Picture) -> None:
    made = PICTURES / f"{picture.name}.png"
    assert made.read_bytes().startswith(b"\x89PNG")
    assert made.stat().st_size <= 150_000


def test_what_is_shown_is_what_is_made() -> None:
    assert {path.stem for path in PICTURES.iterdir()} == {picture.name for picture in ALL}
    assert {picture.name for picture in ALL} == SHOWN
