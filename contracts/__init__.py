"""Contract tests for an HTTP API, derived rule by rule from its OpenAPI document.

Public, beside the commands and the options of pytest: what `contracts.testing.__all__` names.
"""

from notte_contracts import __version__ as __version__
