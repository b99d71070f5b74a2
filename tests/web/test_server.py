"""The addresses that `tinct serve` tells and opens."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tinct.web.server import address_of, page_address
from web_client import TOKEN


def test_the_token_is_quoted_in_the_address_that_is_opened() -> None:
    found = urlsplit(page_address("127.0.0.1", 8000, TOKEN))
    assert parse_qs(found.query) == {"token": [TOKEN]}
    assert not found.fragment
    assert page_address("127.0.0.1", 8000, "") == "http://127.0.0.1:8000/"


@pytest.mark.parametrize(
    ("host", "told", "opened"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://0.0.0.0:80/", "http://127.0.0.1:80/"),
        ("::", "http://[::]:80/", "http://[::1]:80/"),
        ("::1", "http://[::1]:80/", "http://[::1]:80/"),
    ],
)
def test_a_browser_is_sent_to_an_address_that_it_can_reach(host: str, told: str, opened: str) -> None:
    assert address_of(host, 80) == told
    assert page_address(host, 80, "") == opened
