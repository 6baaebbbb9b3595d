"""The bodies that Notte reads and writes, as pydantic models written by hand from the document."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, computed_field


class Status(StrEnum):
    ACTIVE = "active"
    CLOSED = "closed"
    ERROR = "error"
    TIMED_OUT = "timed_out"


class Browser(StrEnum):
    CHROMIUM = "chromium"
    CHROME = "chrome"
    FIREFOX = "firefox"
    CHROME_NIGHTLY = "chrome-nightly"
    CHROME_TURBO = "chrome-turbo"


class SessionResponse(BaseModel):
    model_config = ConfigDict(frozen=True)

    session_id: str
    idle_timeout_minutes: int
    max_duration_minutes: int = 15
    created_at: datetime
    closed_at: datetime | None = None
    last_accessed_at: datetime
    duration: timedelta
    status: Status
    steps: list[dict[str, Any]] = Field(default_factory=list)
    error: str | None = None
    proxies: bool = False
    browser_type: Browser = Browser.CHROMIUM
    use_file_storage: bool = False
    network_request_bytes: int = 0
    network_response_bytes: int = 0
    user_agent: str | None = None
    viewport_width: int | None = None
    viewport_height: int | None = None
    headless: bool = True
    solve_captchas: bool | None = None
    cdp_url: str | None = None
    viewer_url: str | None = None
    web_bot_auth: bool = False

    @computed_field  # type: ignore[prop-decorator]  # mypy refuses any decorator on a property
    @property
    def timeout_minutes(self) -> int:
        return self.idle_timeout_minutes


class SessionStart(BaseModel):
    """What `POST /sessions/start` reads; the limits are those of Notte's request schema."""

    idle_timeout_minutes: int = Field(default=3, ge=1, le=30)
    max_duration_minutes: int = Field(default=15, ge=1, le=1440)
    proxies: bool = True
    solve_captchas: bool = False
    headless: bool = True
    browser_type: Browser = Browser.CHROMIUM
    chrome_args: list[str] | None = None


class SessionPage(BaseModel):
    items: list[SessionResponse]
    page: int
    page_size: int
    has_next: bool
    has_previous: bool


class Problem(BaseModel):
    status: int
    message: str
