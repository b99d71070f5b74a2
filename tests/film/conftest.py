"""Films need PyAV 18, which needs Python 3.11."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    collect_ignore_glob = ["test_*.py"]
