"""Request bodies: bounded, given up where they stall, never on the disk."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from starlette.formparsers import MultiPartParser

from serving import serving
from tinct.web import Settings, make_app
from tinct.web.problems import PROBLEM_TYPE
from web_client import START, Client, begin, client, one, photograph, refused, send


def test_too_much_is_refused_before_it_is_read_or_decoded() -> None:
    with client(max_upload=20_000, max_pixels=100_000) as web:
        refused(web.post("/v1/colorize", files=one(b"x" * 30_000)), 413, "request-too-large", "0.02 MB")
        refused(
            web.post(
                "/v1/pictures", content=iter([b"x" * 15_000] * 3), headers={"content-type": "multipart/form-data; boundary=b"}
            ),
            413,
            "request-too-large",
        )
        refused(web.post("/v1/pictures", files=one(photograph(size=(400, 300), quality=20))), 422, "too-many-pixels", "pixels")


def test_bodies_of_all_requests_together_are_bounded() -> None:
    """One says that much will come; the others find no room until it is gone."""
    with serving(max_upload=20_000, max_memory=25_000) as address:
        head = {"content-type": "multipart/form-data; boundary=b"}
        deadline = time.monotonic() + 20

        def answer(*parts: bytes) -> Any:
            assert time.monotonic() < deadline
            return httpx.post(f"{address}/v1/pictures", content=iter(parts) if len(parts) > 1 else parts[0], headers=head)

        with begin(address, 15_000) as slow:
            slow.sendall(START)
            while (refusal := answer(b"x" * 16_000)).status_code != 429:
                pass
            refused(refusal, 429, "too-many-uploads")
            refused(answer(START, b"x" * 8_000, b"x" * 8_000), 429, "too-many-uploads")
            refused(answer(b"x" * 5_000), 400, "bad-request")
        while answer(b"x" * 16_000).status_code != 400:
            pass


def test_a_body_that_stops_coming_is_given_up() -> None:
    with serving(timeout=0.3) as address, begin(address, 1000) as slow:
        slow.sendall(START)
        said = slow.recv(10_000)
        assert said.startswith(b"HTTP/1.1 408")
        assert PROBLEM_TYPE.encode() in said


def test_nothing_reaches_the_file_system(web: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Not even where temporary files would go: there is no such place."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    large = photograph("PNG", size=(1200, 1200), compress_level=0)
    assert len(large) > MultiPartParser.spool_max_size, "too small for a temporary file anyway"
    name = "../../etc/passwd\\..\\x.png"
    picture = send(web, large, name)
    assert picture["name"] == "x.png"
    assert web.post(f"/v1/pictures/{picture['id']}/render", json={}).status_code == 200
    assert web.post("/v1/colorize", files=one(large, name)).status_code == 200
    assert list(tmp_path.iterdir()) == []


def test_other_apps_of_the_process_keep_their_parser() -> None:
    before = MultiPartParser.spool_max_size
    make_app(Settings(max_upload=12_345_678))
    assert MultiPartParser.spool_max_size == before
