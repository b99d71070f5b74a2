"""A skipped test that no list allows fails the session."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

CONFTEST = """
from skips import SkipGuard

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipGuard({"test_listed.py::*": "there is a reason"}))
"""
TESTS = {
    "test_listed": "import pytest\ndef test_one(): pytest.skip('not here')",
    "test_module": "import pytest\npytest.importorskip('no_such_module_at_all')",
    "test_other": "import pytest\n@pytest.mark.skipif(True, reason='no such thing')\ndef test_two(): ...\ndef test_three(): ...",
    "test_xfail": "import pytest\n@pytest.mark.xfail\ndef test_four(): assert False",
}


@pytest.mark.parametrize("workers", [[], pytest.param(["-n", "2"], marks=pytest.mark.slow)], ids=["alone", "xdist"])
def test_unexpected_skips_are_listed_and_fail(workers: list[str], pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(**TESTS)
    result = pytester.runpytest("-p", "no:cacheprovider", *workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*unexpected skips*", "test_module.py: *no_such_module_at_all*", "test_other.py::test_two: *"])
    result.stdout.no_fnmatch_line("test_listed.py*there*")
    result.stdout.no_fnmatch_line("test_xfail.py::*")


def test_listed_skips_pass(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_listed=TESTS["test_listed"], test_fine="def test_fine(): ...")
    result = pytester.runpytest("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, skipped=1)
