"""No network and no warning in the suite's own tests; neither limit reaches the contract run."""

import shutil
import socket
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUARDED = """
def test_guarded(request):
    assert {"allow_hosts", "filterwarnings"} <= {mark.name for mark in request.node.iter_markers()}
"""
FREE = """
import warnings

def test_free(request):
    warnings.warn("only a warning")
    assert [mark.name for mark in request.node.iter_markers()] == []
"""


def test_warning_is_an_error() -> None:
    with pytest.raises(UserWarning, match="x"):
        warnings.warn("x", stacklevel=1)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.invalid"])
@pytest.mark.filterwarnings("ignore:A test tried to use")
def test_network_is_shut(host: str) -> None:
    with socket.socket() as unconnected, pytest.raises(RuntimeError, match=f'with host "{host}"'):
        unconnected.connect((host, 80))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection((host, server.getsockname()[1])):
        pass


@pytest.mark.filterwarnings("default")
def test_contract_run_is_free(pytester: pytest.Pytester) -> None:
    shutil.copy(ROOT / "conftest.py", pytester.path)
    for path, module in {"contract/test_free.py": FREE, "other/test_guarded.py": GUARDED}.items():
        file = pytester.path / "tests" / path
        file.parent.mkdir(parents=True)
        file.write_text(module)
    result = pytester.runpytest_inprocess(
        "-p", "no:schemathesis", "-p", "no:pytest_httpx2", "--import-mode=importlib", "-rA"
    )
    result.assert_outcomes(passed=2, warnings=1)
