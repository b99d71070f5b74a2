"""Films need PyAV 18, which needs Python 3.11."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):
    collect_ignore_glob = ["test_*.py"]
else:
    import pytest

    from tinct.coloring import Colorizer

    @pytest.fixture(scope="session")
    def colorizer() -> Colorizer:
        """The default model."""
        return Colorizer(threads=1)

    @pytest.fixture(scope="session")
    def classic() -> Colorizer:
        """A model without latent code, hints or features: fast."""
        return Colorizer("autoencoder", threads=1)
