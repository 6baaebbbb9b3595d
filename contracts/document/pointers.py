"""JSON Pointers (RFC 6901) and what a `$ref` of a read document names."""

from __future__ import annotations

from urllib.parse import unquote


def escape_segment(name: str) -> str:
    """A raw name as a segment of a pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape_segment(segment: str) -> str:
    """The raw name that a segment of a pointer stands for."""
    return segment.replace("~1", "/").replace("~0", "~")


def join_pointer(pointer: str, *segments: str | int) -> str:
    """`pointer` extended by raw segments."""
    return "/".join([pointer, *(escape_segment(str(segment)) for segment in segments)])


def split_pointer(pointer: str) -> list[str]:
    """The raw segments of a pointer."""
    return [unescape_segment(part) for part in pointer.split("/")[1:]]


def ref_target(ref: str) -> str:
    """The pointer that a `$ref` of a read document names (all are `#/…` there)."""
    return unquote(ref.removeprefix("#"))
