"""HEAD, logging and security headers."""

from __future__ import annotations

import logging

import pytest

from web_client import Client, send


def test_security_headers(web: Client) -> None:
    headers = web.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert web.get("/").headers["x-request-id"] != headers["x-request-id"]


@pytest.mark.parametrize("path", ["/", "/v1/models", "/healthz", "/metrics", "/v1/openapi.json", "/static/app.js"])
def test_what_can_be_got_has_a_head(web: Client, path: str) -> None:
    got, head = web.get(path), web.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert int(head.headers["content-length"]) == len(got.content) or path == "/metrics"  # whose figures change


def test_a_head_of_what_can_only_be_sent_is_refused_without_a_body(web: Client) -> None:
    answer = web.head("/v1/colorize")
    assert (answer.status_code, answer.content) == (405, b"")
    assert web.delete("/healthz").headers["allow"] == "GET, HEAD"
    assert web.get("/v1/colorize").headers["allow"] == "POST"


def test_logs_contain_nothing_of_pictures(web: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tinct.web"):
        picture = send(web, name="aunt-mary-at-the-beach.jpg")
        answer = web.post(f"/v1/pictures/{picture['id']}/preview", json={"hints": [{"x": 1, "y": 1, "color": "#123456"}]})
    assert answer.headers["x-request-id"] in caplog.text
    assert "/v1/pictures/{id}/preview 200" in caplog.text
    for secret in (picture["id"], "aunt-mary", "#123456"):
        assert secret not in caplog.text
