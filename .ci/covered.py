"""pytest, with the lines and branches of `contracts` counted that its tests pass through.

A share below FLOOR fails, with all that is missed. What is forked or started is not looked at.
"""

import sys
from pathlib import Path

import pytest
import slipcover

FLOOR = 95  # percent
SHARE = Path(".coverage")  # the percentage, for whoever says it last
# As a plugin it is for the processes of xdist; that it is here before pytest is meant.
ALONE = [
    "-p",
    "no:slipcover",
    "-W",
    "ignore:Module already imported so cannot be rewritten; slipcover",
]
NOT_COUNTED = ["if TYPE_CHECKING:", "@overload", r"^\s*\.\.\.$"]


def main() -> int:
    sys.path.insert(0, str(Path.cwd()))
    passed = slipcover.Slipcover(branch=True, source=["contracts"], exclude_also=NOT_COUNTED)
    with slipcover.ImportManager(passed, slipcover.FileMatcher(sources=["contracts"])):
        code = int(pytest.main([*ALONE, *sys.argv[1:]]))
    found = passed.get_coverage()
    share = int(found["summary"]["percent_covered"])  # as it is: 94.9 is not 95
    SHARE.write_text(str(share), encoding="utf-8")
    if share < FLOOR:
        slipcover.print_coverage(found, skip_covered=True)
        print(f"branch coverage is {share}%, and {FLOOR}% is wanted", file=sys.stderr)
    return code or share < FLOOR


if __name__ == "__main__":
    sys.exit(main())
