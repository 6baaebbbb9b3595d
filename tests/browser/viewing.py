"""A file and how a reader looks at it, to the page in a browser, and what happens there meanwhile."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

WIDE, NARROW = 1280, 390


@dataclass(frozen=True)
class Looks:
    scheme: Literal["light", "dark"] = "light"
    width: int = WIDE

    def __str__(self) -> str:
        return f"{self.scheme}, {'wide' if self.width == WIDE else 'narrow'}"


PLAIN = Looks()
LOOKS = [Looks(scheme, width) for scheme in ("light", "dark") for width in (WIDE, NARROW)]


@dataclass(frozen=True)
class View:
    """A page; `said` has whatever came on its console or as a dialog, `asked` the addresses it asked for."""

    context: BrowserContext
    page: Page
    url: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


def opened(
    browser: Browser, file: Path, looks: Looks, *, javascript: bool = True, anchor: str = "", height: int = 900
) -> View:
    context = browser.new_context(
        viewport={"width": looks.width, "height": height},
        color_scheme=looks.scheme,
        java_script_enabled=javascript,
        reduced_motion="reduce",
        offline=True,
    )
    context.set_default_timeout(10_000)
    view = View(context, context.new_page(), file.as_uri())

    def on_console(message: ConsoleMessage) -> None:
        view.said.append(message.text)

    def on_dialog(dialog: Dialog) -> None:
        view.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    view.page.on("console", on_console)
    view.page.on("dialog", on_dialog)
    view.page.on("pageerror", lambda error: view.said.append(str(error)))
    view.page.on("request", lambda request: view.asked.append(request.url))
    view.page.goto(f"{view.url}{anchor}")
    return view
