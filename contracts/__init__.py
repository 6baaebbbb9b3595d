"""Contract tests for an HTTP API, derived rule by rule from its OpenAPI document."""

from notte_contracts import __version__ as __version__
