"""Exchanges come in as JSON lines, the shapes of what openapi-core says about each go out as JSON lines.

Run by `power.py` with an interpreter that has openapi-core; its first line of input is the document.
"""

import base64
import importlib
import json
import sys
from typing import Any


def shapes(api: Any, testing: Any, exchange: dict[str, Any]) -> list[str]:
    """Class, status, and for a schema the keyword and place, so that two sessions with one defect look the same."""
    request = testing.MockRequest("http://service", "GET", exchange["path"], headers=exchange["sent"])
    body = base64.b64decode(exchange["body"])
    response = testing.MockResponse(body, exchange["status"], exchange["headers"], exchange["media_type"])
    found: set[str] = set()
    try:
        errors = list(api.iter_response_errors(request, response))
    except Exception as failure:  # what a user's test would end with
        errors = [failure]
    for error in errors:
        causes = [error.__cause__, *getattr(error.__cause__, "schema_errors", ())]
        details = {
            f" {cause.validator} at {'/'.join('*' if isinstance(part, int) else part for part in cause.absolute_path)}"
            for cause in causes
            if hasattr(cause, "absolute_path")
        }
        name = type(error).__name__ + (f" {type(error.__cause__).__name__}" if error.__cause__ else "")
        found |= {f"{exchange['status']} {name}{detail}" for detail in details or {""}}
    return sorted(found)


def main() -> None:
    core, testing = importlib.import_module("openapi_core"), importlib.import_module("openapi_core.testing")
    api = core.OpenAPI.from_dict(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        print(json.dumps(shapes(api, testing, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
