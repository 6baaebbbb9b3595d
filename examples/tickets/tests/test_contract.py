from contracts.testing import test_document, test_rule  # noqa: F401
