"""Fixtures of all tests of the HTTP API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from serving import serving
from tinct import Colorizer
from web_client import TOKEN, Client, client


@pytest.fixture(scope="session")
def web() -> Iterator[Client]:
    with client() as made:
        yield made


@pytest.fixture(scope="session")
def colorizer() -> Colorizer:
    return Colorizer()


@pytest.fixture(scope="session")
def guarded() -> Iterator[str]:
    """The address of a real server that asks for a token."""
    with serving(token=TOKEN) as address:
        yield address
