"""How much is asked, and with which seed: Hypothesis profiles `dev`, `ci` and `nightly`."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from contracts.errors import UsageError

EXAMPLES = {"dev": 10, "ci": 40, "nightly": 300}
"""Random requests an operation."""


def register() -> None:
    """Make the profiles known, so that `--hypothesis-profile` takes them; those of the project stay as they are."""
    import hypothesis

    for name, examples in EXAMPLES.items():
        if not _is_known(name) or _is_builtin(name):
            hypothesis.settings.register_profile(
                name, max_examples=examples, deadline=None, derandomize=name == "ci"
            )


def _is_known(name: str) -> bool:
    import hypothesis

    try:
        hypothesis.settings.get_profile(name)
    except hypothesis.errors.InvalidArgument:
        return False
    return True


def _is_builtin(name: str) -> bool:
    """Hypothesis brings a `ci` of its own, with as many examples as its default has."""
    import hypothesis

    settings = hypothesis.settings
    return (
        name == "ci"
        and settings.get_profile(name).max_examples == settings.get_profile("default").max_examples
    )


def profile(config: Any) -> str:
    return config.getoption("--hypothesis-profile", None) or "dev"


def examples(config: Any) -> int:
    """Random requests an operation: what the chosen profile says under max_examples."""
    import hypothesis

    name = profile(config)
    if not _is_known(name):
        raise UsageError(
            f"--hypothesis-profile {name}: there is no such profile; give one of {', '.join(EXAMPLES)}"
        )
    return int(hypothesis.settings.get_profile(name).max_examples)


def seed(config: Any) -> int:
    """`--hypothesis-seed`, a number or any text; without it, 0, but a new one each time for `nightly`."""
    if hasattr(config, "workerinput"):
        return int(config.workerinput["contract_seed"])
    given = config.getoption("--hypothesis-seed", None)
    if given is None:
        return secrets.randbelow(2**32) if profile(config) == "nightly" else 0
    try:
        return int(given)
    except ValueError:
        return int.from_bytes(hashlib.sha256(str(given).encode()).digest()[:4], "big")
