"""The table of changes: every kind that the walk can name."""

from __future__ import annotations

from contracts.changes.change import Kind, Severity

_WARNING, _INFO = Severity.WARNING, Severity.INFO


def _rows(direction: str, *rows: tuple[str, str, Severity]) -> tuple[Kind, ...]:
    return tuple(
        Kind(identity, direction, message, severity) for identity, message, severity in rows
    )


def _moved(
    aspect: str, words: str, *, widened: Severity = _INFO, narrowed: Severity = _INFO
) -> tuple[Kind, ...]:
    """An aspect of a schema in its three movements."""
    return _rows(
        "both",
        (
            f"{aspect}-widened",
            f"{words} takes more than before: {{base}} became {{revision}}",
            widened,
        ),
        (
            f"{aspect}-narrowed",
            f"{words} takes less than before: {{base}} became {{revision}}",
            narrowed,
        ),
        (f"{aspect}-changed", f"{words} changed: {{base}} became {{revision}}", _WARNING),
    )


OPERATIONS = _rows(
    "operation",
    ("operation-added", "the operation {subject} was added", _INFO),
    ("operation-removed", "the operation {subject} was removed", _WARNING),
    ("operation-deprecated", "the operation is deprecated now", _INFO),
    ("operation-reinstated", "the operation is no longer deprecated", _INFO),
    ("operation-id-changed", "the operationId changed: {base} became {revision}", _WARNING),
    ("server-prefix-changed", "the paths of the servers changed: {base} became {revision}", _INFO),
    ("server-changed", "the servers changed: {base} became {revision}", _WARNING),
    ("callback-added", "the callback {subject} was added", _INFO),
    ("callback-removed", "the callback {subject} was removed", _WARNING),
    ("callback-changed", "the callback {subject} changed, which is not compared", _WARNING),
    ("webhook-added", "the webhook {subject} was added", _INFO),
    ("webhook-removed", "the webhook {subject} was removed", _WARNING),
    ("webhook-changed", "the webhook {subject} changed, which is not compared", _WARNING),
)

REQUESTS = _rows(
    "request",
    ("security-tightened", "{base} is no longer enough: {revision} is wanted", _WARNING),
    ("security-loosened", "less is wanted than before: {base} became {revision}", _INFO),
    (
        "security-scheme-url-changed",
        "where credentials come from changed: {base} became {revision}",
        _WARNING,
    ),
    ("parameter-added", "the {subject} was added", _INFO),
    ("parameter-removed", "the {subject} was removed", _WARNING),
    ("parameter-required", "the {subject} became required", _INFO),
    ("parameter-optional", "the {subject} became optional", _INFO),
    ("parameter-deprecated", "the {subject} is deprecated now", _INFO),
    (
        "parameter-style-changed",
        "the {subject} is written otherwise: {base} became {revision}",
        _WARNING,
    ),
    ("parameter-empty-refused", "the {subject} may no longer be empty", _INFO),
    ("parameter-empty-allowed", "the {subject} may be empty now", _INFO),
    ("request-body-added", "a request body was added", _INFO),
    ("request-body-removed", "the request body was removed", _WARNING),
    ("request-body-required", "the request body became required", _INFO),
    ("request-body-optional", "the request body became optional", _INFO),
    ("request-media-type-added", "requests may be {subject} now", _INFO),
    ("request-media-type-removed", "requests may no longer be {subject}", _WARNING),
    ("request-encoding-changed", "the encoding of the parts of {subject} changed", _WARNING),
)

RESPONSES = _rows(
    "response",
    ("response-status-added", "the status {subject} was added", _INFO),
    ("response-status-removed", "the status {subject} was removed", _WARNING),
    ("response-media-type-added", "answers may be {subject} now", _INFO),
    ("response-media-type-removed", "answers are no longer {subject}", _WARNING),
    ("response-body-added", "answers have a body now", _INFO),
    ("response-body-removed", "answers have no documented body any more", _WARNING),
    ("response-header-added", "the header {subject} was added", _INFO),
    ("response-header-removed", "the header {subject} was removed", _WARNING),
    ("response-header-required", "the header {subject} is always there now", _INFO),
    ("response-header-optional", "the header {subject} may be missing now", _WARNING),
)

SCHEMAS = (
    *_rows(
        "both",
        ("schema-added", "a schema was added: {revision}", _INFO),
        ("schema-removed", "the schema was removed: {base}", _WARNING),
        ("schema-changed", "what the schema allows changed", _WARNING),
        ("property-added", "the property {subject} was added", _INFO),
        ("property-removed", "the property {subject} was removed", _WARNING),
        ("property-required", "the property {subject} became required", _INFO),
        ("property-optional", "the property {subject} is no longer required", _WARNING),
        ("property-deprecated", "it is deprecated now", _INFO),
        (
            "format-renamed",
            "the format, which no validator asserts, changed: {base} became {revision}",
            _INFO,
        ),
        ("read-only-changed", "readOnly changed: {base} became {revision}", _WARNING),
        ("write-only-changed", "writeOnly changed: {base} became {revision}", _WARNING),
        ("default-changed", "the default changed: {base} became {revision}", _WARNING),
        ("branch-added", "the branch {subject} was added to the union", _INFO),
        ("branch-removed", "the branch {subject} was removed from the union", _WARNING),
    ),
    *_moved("type", "the type"),
    *_moved("enum", "the list of values"),
    *_moved("format", "the format"),
    *_moved("pattern", "the pattern"),
    *_moved("bounds", "the range"),
    *_moved("length", "the length"),
    *_moved("items", "the number of items"),
    *_moved("unique", "uniqueItems"),
    *_moved("size", "the number of properties"),
    *_moved(
        "additional-properties",
        "what is allowed under other names",
        widened=_WARNING,
        narrowed=_WARNING,
    ),
    *_moved("pattern-properties", "what is allowed under names of a pattern"),
    *_moved("property-names", "what names may be"),
    *_moved("union", "the union"),
    *_moved("condition", "a condition (not, if, contains, dependent…)"),
)

KINDS: dict[str, Kind] = {kind.id: kind for kind in (*OPERATIONS, *REQUESTS, *RESPONSES, *SCHEMAS)}
