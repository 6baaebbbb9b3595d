"""The contract run: `make check` makes it on the mock, `--base-url URL` on a live service."""

from contracts.testing import test_document, test_rule

__all__ = ["test_document", "test_rule"]
