"""Contract tests for an HTTP API, derived rule by rule from its OpenAPI document."""

__version__ = "0.1.0"
