"""What a project says of its contract: which document is its own."""

from collections.abc import Iterator
from pathlib import Path

from contracts.errors import UsageError

ENDS = (".yaml", ".yml", ".json")
PLACES = "openapi.{yaml,yml,json} or spec/*.{yaml,yml,json}"
"""Where a document is looked for that nobody names."""
UNNAMED = f"there is no {PLACES} here, and none is named; name one, as contract_spec say"


def document_in(folder: Path) -> Path | None:
    """The document of a folder where nobody names one; UsageError if there are several."""
    for candidates in (_called_openapi(folder), _of_spec(folder)):
        found = list(candidates)
        if len(found) > 1:
            names = ", ".join(str(path.relative_to(folder)) for path in found)
            raise UsageError(f"there are several documents here, {names}; name one of them")
        if found:
            return found[0]
    return None


def _called_openapi(folder: Path) -> Iterator[Path]:
    for end in ENDS:
        path = folder / f"openapi{end}"
        if path.is_file():
            yield path


def _of_spec(folder: Path) -> Iterator[Path]:
    """Files that look like a document: what only belongs to one, such as an overlay, is none."""
    from contracts.document.composite import is_document  # heavy

    for path in sorted(folder.glob("spec/*")):
        if path.suffix in ENDS and path.is_file() and is_document(str(path)):
            yield path


def needed_document(folder: Path) -> Path:
    """The document of a folder; UsageError without one."""
    found = document_in(folder)
    if found is None:
        raise UsageError(UNNAMED)
    return found
