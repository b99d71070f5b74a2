"""A skipped test fails the session where CI=true or --no-unexpected-skips is given, unless it is on the list below.

A test that is skipped everywhere tests nothing, and nobody notices: so was every test of the page on machines without a browser.
"""

from __future__ import annotations

import fnmatch
import os
from typing import Any

import pytest

__all__ = ["ALLOWED", "SkipGuard"]

ALLOWED = {
    "tests/graphs/test_writing.py::test_cpp": "ONNX Runtime's headers are no part of its Python package",
    "tests/quality/test_bundled.py::*[[]val]": "the validation pictures are no part of the repository",
    "tests/training/test_loop.py::test_what_cannot_run_says_why*": "on machines with an accelerator, nothing refuses one",
}
"""Pattern of a test's id (as of `fnmatch`: a bracket is written ``[[]``) -> why it may be skipped."""


class SkipGuard:
    """Collects the skipped tests of a session, in xdist's controller those of all workers."""

    def __init__(self, allowed: dict[str, str] = ALLOWED) -> None:
        self.allowed = allowed
        self.unexpected: dict[str, str] = {}  # test id -> reason given

    @staticmethod
    def wanted(config: pytest.Config) -> bool:
        return bool(config.getoption("--no-unexpected-skips")) or os.environ.get("CI") == "true"

    def look(self, report: Any) -> None:
        if not report.skipped or hasattr(report, "wasxfail"):
            return
        if not any(fnmatch.fnmatchcase(report.nodeid, pattern) for pattern in self.allowed):
            reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else str(report.longrepr)
            self.unexpected[report.nodeid] = reason

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.look(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self.look(report)

    @pytest.hookimpl(tryfirst=True)  # the terminal's summary comes after, with the new status
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self.unexpected and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.unexpected:
            terminalreporter.section("unexpected skips", red=True)
            for test, reason in sorted(self.unexpected.items()):
                terminalreporter.line(f"{test}: {reason}")
            terminalreporter.line("Install what these tests need, or add them to tests/skips.py with a reason.")
