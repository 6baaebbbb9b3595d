"""`python -m tests.service` prints its base URL, then serves until SIGTERM or SIGINT."""

import argparse
import os

from .app import create_app
from .faults import FAULTS, fault_named
from .running import EventServer, bound_socket
from .store import seeded_ids


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.service", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--sessions", type=int, default=12)
    parser.add_argument("--fault", metavar="NAME", choices=[fault.name for fault in FAULTS])
    parser.add_argument("--key", default=os.environ.get("NOTTE_API_KEY", "test-key"))
    parser.add_argument("--list", choices=("faults", "ids"), help="print the names, a line each, and leave")
    options = parser.parse_args()
    if options.list:
        return print(*seeded_ids(options.sessions) if options.list == "ids" else [f.name for f in FAULTS], sep="\n")
    fault = fault_named(options.fault) if options.fault else None
    bound, base_url = bound_socket(options.port)
    app = create_app(key=options.key, sessions=options.sessions, fault=fault)
    EventServer(app, lambda: print(base_url, flush=True)).run([bound])


if __name__ == "__main__":
    main()
