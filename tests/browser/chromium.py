"""The Chromium of this machine: where it is, and how it is started for looking at a page that it is given."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

VARIABLE = "CONTRACTS_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = f"no Chromium: install it (apt-get install chromium) or name it in {VARIABLE}"


def chromium() -> str | None:
    """The program, None if there is none. A variable that names no program is an error: a skip would hide the slip."""
    named = os.environ.get(VARIABLE)
    if not named:
        return next(filter(None, map(shutil.which, NAMES)), None)
    if (found := shutil.which(named)) is None:
        raise FileNotFoundError(f"{VARIABLE} is {named}, which is no program; name Chromium's, or unset it")
    return found


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """A browser that resolves no name: what it is to show comes from files, or from loopback."""
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()
