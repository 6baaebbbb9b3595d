"""`python -m tests.service` prints its base URL, then serves until SIGTERM or SIGINT."""

import argparse
import os

from starlette.types import ASGIApp

from .app import create_app
from .faults import FAULTS, fault_named
from .plain import plain_app
from .running import EventServer, bound_socket
from .store import seeded_ids


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.service", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--fault", metavar="NAME", choices=[fault.name for fault in FAULTS])
    parser.add_argument("--plain", action="store_true", help="the ordinary FastAPI service in place of the careful one")
    parser.add_argument("--key", default=os.environ.get("NOTTE_API_KEY", "test-key"))
    parser.add_argument("--list", choices=("faults", "ids"), help="print the names, a line each, and leave")
    options = parser.parse_args()
    if options.list:
        return print(*seeded_ids(options.sessions) if options.list == "ids" else [f.name for f in FAULTS], sep="\n")
    fault = fault_named(options.fault) if options.fault else None
    bound, base_url = bound_socket(options.port)
    app: ASGIApp = create_app(key=options.key, sessions=options.sessions, fault=fault)
    if options.plain:
        app = plain_app(options.key)
    EventServer(app, lambda: print(base_url, flush=True)).run([bound])


if __name__ == "__main__":
    main()
