"""Where session ids come from: options and the environment, as values of the parameter `session_id`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

SESSION_ID = "session_id"
VARIABLE = "NOTTE_SESSION_IDS"


def session_params(options: Sequence[str], environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """`NAME=VALUE` entries, each with the name of what gave it; the variable holds ids between commas or blanks."""
    entries = [(f"{SESSION_ID}={value}", "--contract-session-id") for value in options]
    listed = environ.get(VARIABLE, "").replace(",", " ").split()
    return entries + [(f"{SESSION_ID}={value}", VARIABLE) for value in listed]
