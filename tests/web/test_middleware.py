"""Access control, logging and security headers."""

from __future__ import annotations

import logging

import pytest

from web_client import Client, begin, client, one, refused, send


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Host: [", 421),
        ("Host: [::1]:x", 401),
        ("Origin: http://[", 403),
        ("Origin: null", 403),
        ('Cookie: a[]=1; "=; tinct-token=\xff; path=3; =;', 401),
        ("Authorization: Bearer \xff", 401),
    ],
)
def test_odd_headers_are_refused_and_do_no_harm(guarded: str, header: str, status: int) -> None:
    with begin(guarded, 0, header) as connection:
        assert connection.recv(10_000).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_token_is_asked_for() -> None:
    with client(host="0.0.0.0", token="open sesame") as web:
        refused(web.get("/v1/models"), 401, "token", "Bearer")
        refused(web.get("/v1/models", headers={"authorization": "Bearer wrong"}), 401, "token")
        refused(web.get("/", params={"token": "wrong"}), 401, "token")
        refused(web.get("/", params={"token": ""}), 401, "token")
        refused(web.post("/"), 401, "token")
        refused(web.get("/metrics"), 401, "token")
        for path in ("/healthz", "/", "/static/app.js"):  # the page holds nothing of anybody; it asks for the token
            assert web.get(path).status_code == 200
        assert web.get("/v1/models", headers={"authorization": "Bearer open sesame"}).status_code == 200
        page = web.get("/", params={"token": "open sesame"})  # the browser gets a cookie, and an address without the token
        assert page.status_code == 200
        assert page.url.path == "/"
        assert not page.url.query
        assert "httponly" in page.history[0].headers["set-cookie"].lower()
        assert web.get("/v1/models").status_code == 200


def test_pages_of_other_sites_can_t_use_it(web: Client) -> None:
    refused(web.post("/v1/colorize", files=one(), headers={"origin": "http://evil.example"}), 403, "forbidden-origin")
    refused(web.get("/v1/models", headers={"host": "evil.example"}), 421, "wrong-host")
    answer = web.post("/v1/colorize", files=one(), headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_security_headers(web: Client) -> None:
    headers = web.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert web.get("/").headers["x-request-id"] != headers["x-request-id"]


def test_logs_contain_nothing_of_pictures(web: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tinct.web"):
        picture = send(web, name="aunt-mary-at-the-beach.jpg")
        answer = web.post(f"/v1/pictures/{picture['id']}/preview", json={"hints": [{"x": 1, "y": 1, "color": "#123456"}]})
    assert answer.headers["x-request-id"] in caplog.text
    assert "/v1/pictures/{id}/preview 200" in caplog.text
    for secret in (picture["id"], "aunt-mary", "#123456"):
        assert secret not in caplog.text
