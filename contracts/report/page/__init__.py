"""The report as a page."""

from contracts.report.page.rendering import page

__all__ = ["page"]
