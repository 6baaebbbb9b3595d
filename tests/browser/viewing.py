"""A file and how a reader looks at it, to the page in a browser, and what happens there meanwhile."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, Dialog, Page

WIDE, NARROW = 1280, 390


@dataclass(frozen=True)
class Looks:
    scheme: Literal["light", "dark"] = "light"
    width: int = WIDE

    def __str__(self) -> str:
        return f"{self.scheme}, {'wide' if self.width == WIDE else 'narrow'}"


PLAIN = Looks()
LOOKS = [Looks(scheme, width) for scheme in ("light", "dark") for width in (WIDE, NARROW)]


@dataclass
class View:
    """A page; `said` has whatever came on its console or as a dialog, `asked` the addresses it asked for."""

    context: BrowserContext
    page: Page
    url: str = ""
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def show(self, file: Path, anchor: str = "") -> None:
        self.url = file.as_uri()
        self.said.clear()
        self.asked.clear()
        self.page.goto(f"{self.url}{anchor}")

    def rest(self) -> None:
        """Nothing is left of what was shown, nor of what a test did to it."""
        self.context.clear_permissions()
        self.page.emulate_media(media="null")
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)


def opened(browser: Browser, looks: Looks = PLAIN, *, javascript: bool = True, height: int = 900) -> View:
    """A new page, with nothing in it yet."""
    context = browser.new_context(
        viewport={"width": looks.width, "height": height},
        color_scheme=looks.scheme,
        java_script_enabled=javascript,
        reduced_motion="reduce",
        offline=True,
    )
    context.set_default_timeout(120_000)
    view = View(context, context.new_page())

    def on_dialog(dialog: Dialog) -> None:
        view.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    view.page.on("console", lambda message: view.said.append(message.text))
    view.page.on("dialog", on_dialog)
    view.page.on("pageerror", lambda error: view.said.append(str(error)))
    view.page.on("request", lambda request: view.asked.append(request.url))
    return view


@dataclass(frozen=True)
class Views:
    """Pages that stay open for the next test that looks in the same way: a new one takes four times as long."""

    browser: Browser
    resting: dict[tuple[Looks, bool, int], list[View]] = field(default_factory=dict)

    def lent(self, looks: Looks, javascript: bool, height: int) -> tuple[View, list[View]]:
        """One that nobody has, and where to put it back."""
        like = self.resting.setdefault((looks, javascript, height), [])
        if not like:
            like.append(opened(self.browser, looks, javascript=javascript, height=height))
        return like.pop(), like
