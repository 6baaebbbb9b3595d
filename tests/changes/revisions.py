"""The table: one-edit revisions of two documents, each with the truth that the definition of a break gives it."""

from __future__ import annotations

from tests.changes.components import component_revisions
from tests.changes.editing import Revision
from tests.changes.keywords import keyword_revisions
from tests.changes.operations import operation_revisions
from tests.changes.rewrites import rewrite_revisions
from tests.changes.sessions import session_revisions

REVISIONS: tuple[Revision, ...] = (
    *keyword_revisions(),
    *component_revisions(),
    *operation_revisions(),
    *session_revisions(),
    *rewrite_revisions(),
)
