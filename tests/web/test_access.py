"""Who may use the server: token, cookie, host names, pages of other sites."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tinct.web.access import COOKIE
from web_client import TOKEN, Client, begin, client, one, refused


@pytest.fixture(scope="module")
def strict() -> Iterator[Client]:
    with client(host="0.0.0.0", token=TOKEN) as made:
        yield made


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Host: [", 421),
        ("Host: [::1]:x", 401),
        ("Origin: http://[", 403),
        ("Origin: null", 403),
        ('Cookie: a[]=1; "=; tinct-token=\xff; path=3; =;', 401),
        ("Authorization: Bearer \xff", 401),
        ("Authorization: Bearer", 401),
        ("Authorization: Basic b3Blbg==", 401),
    ],
)
def test_odd_headers_are_refused_and_do_no_harm(guarded: str, header: str, status: int) -> None:
    with begin(guarded, 0, header) as connection:
        assert connection.recv(10_000).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_token_is_asked_for(strict: Client) -> None:
    for path in ("/v1/models", "/metrics"):
        refused(strict.get(path), 401, "token", "Bearer")
    for path in ("/healthz", "/", "/static/app.js"):  # the page holds nothing of anybody; it asks for the token
        assert strict.get(path).status_code == 200


def test_the_challenge_says_what_is_asked_for(strict: Client) -> None:
    """RFC 9110 demands it, and RFC 6750 says how."""
    assert strict.get("/v1/models").headers["www-authenticate"] == 'Bearer realm="tinct"'
    answer = strict.get("/v1/models", headers={"authorization": "Bearer wrong"})
    refused(answer, 401, "token", "wrong token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="tinct", error="invalid_token"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_a_word_in_any_case(strict: Client, scheme: str) -> None:
    assert strict.get("/v1/models", headers={"authorization": f"{scheme} {TOKEN}"}).status_code == 200


def test_a_token_alone_is_no_credential(strict: Client) -> None:
    refused(strict.get("/v1/models", headers={"authorization": TOKEN}), 401, "token")


def test_the_browser_gets_a_cookie_and_an_address_without_the_token() -> None:
    with client(host="0.0.0.0", token=TOKEN) as web:
        page = web.get("/", params={"token": TOKEN})
        assert page.status_code == 200
        assert page.url.path == "/"
        assert not page.url.query
        cookie = page.history[0].headers["set-cookie"]
        assert "httponly" in cookie.lower()
        assert "path" not in cookie.lower()  # that of the page, whatever prefix a reverse proxy serves it under
        assert TOKEN not in cookie
        assert web.get("/v1/models").status_code == 200


@pytest.mark.parametrize(
    "cookies",
    [
        "{}",
        "a[]=1; {}",
        '"=; {}',
        'theme={{"dark": 1}}; {}',
        "a=b=c; ; =; {}; z",
        "tinct-token=of-another-port; {}",
        "größe=1; {}",
    ],
)
def test_the_cookie_is_found_among_any_others(guarded: str, cookies: str) -> None:
    """Other programs of the same host set whatever they like."""
    page = httpx.get(f"{guarded}/", params={"token": TOKEN})
    assert page.status_code == 303
    sent = cookies.format(f"{COOKIE}={page.cookies[COOKIE]}")
    assert httpx.get(f"{guarded}/v1/models", headers={"cookie": sent.encode()}).status_code == 200
    wrong = cookies.format(f"{COOKIE}={TOKEN}")
    assert httpx.get(f"{guarded}/v1/models", headers={"cookie": wrong.encode()}).status_code == 401


def test_a_cookie_in_a_header_of_its_own_is_found(guarded: str) -> None:
    """HTTP/2 splits them, and some proxies pass them on so."""
    cookie = httpx.get(f"{guarded}/", params={"token": TOKEN}).cookies[COOKIE]
    headers = [("cookie", f"{COOKIE}={cookie}"), ("cookie", "theme=dark")]
    assert httpx.get(f"{guarded}/v1/models", headers=headers).status_code == 200


def test_pages_of_other_sites_can_t_use_it(web: Client) -> None:
    refused(web.post("/v1/colorize", files=one(), headers={"origin": "http://evil.example"}), 403, "forbidden-origin")
    refused(web.get("/v1/models", headers={"host": "evil.example"}), 421, "wrong-host")
    answer = web.post("/v1/colorize", files=one(), headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
