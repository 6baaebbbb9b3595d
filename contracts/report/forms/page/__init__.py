"""The report as a page."""

from contracts.report.forms.page.view import page

__all__ = ["page"]
