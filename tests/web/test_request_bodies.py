"""Request bodies: bounded, given up where they stall, never on the disk."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import ExitStack, suppress
from tempfile import SpooledTemporaryFile
from typing import Any

import httpx
import pytest
from fastapi import UploadFile
from starlette.formparsers import MultiPartParser
from starlette.types import Message

from serving import serving
from tinct.web import Settings, make_app, request_bodies
from tinct.web.problems import PROBLEM_TYPE, RefusedError
from tinct.web.request_bodies import MIN_BYTES_A_SECOND, Body, Intake, content_of
from web_client import START, Client, begin, client, one, photograph, refused, send

FORM = {"content-type": "multipart/form-data; boundary=b"}


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
    """What came of one is in memory; the others find no room until it is gone."""
    with serving(max_upload=20_000, max_memory=25_000) as address:
        deadline = time.monotonic() + 20

        def answer(*parts: bytes) -> Any:
            assert time.monotonic() < deadline
            return httpx.post(f"{address}/v1/pictures", content=iter(parts) if len(parts) > 1 else parts[0], headers=FORM)

        with begin(address, 15_000) as slow:
            slow.sendall(START + bytes(14_000))
            while (refusal := answer(b"x" * 16_000)).status_code != 429:
                pass
            refused(refusal, 429, "too-many-uploads")
            refused(answer(START, b"x" * 8_000, b"x" * 8_000), 429, "too-many-uploads")
            refused(answer(b"x" * 5_000), 400, "bad-request")
        while answer(b"x" * 16_000).status_code != 400:
            pass


def test_what_is_only_said_to_come_takes_no_room() -> None:
    with serving(max_upload=20_000, max_memory=25_000) as address, ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(begin(address, 19_000)).sendall(START)
        for _ in range(3):
            answer = httpx.post(f"{address}/v1/pictures", content=b"x" * 19_000, headers=FORM)
            refused(answer, 400, "bad-request")


def test_a_body_that_stops_coming_is_given_up() -> None:
    with serving(timeout=0.3) as address, begin(address, 1000) as slow:
        slow.sendall(START)
        said = slow.recv(10_000)
        assert said.startswith(b"HTTP/1.1 408")
        assert PROBLEM_TYPE.encode() in said


def test_a_body_that_drips_is_given_up() -> None:
    """Each byte would extend the time, if only silence counted."""
    with serving(timeout=0.4) as address, begin(address, 10**6) as slow:
        slow.sendall(START)
        slow.settimeout(0.02)
        said, deadline = b"", time.monotonic() + 20
        while not said:
            assert time.monotonic() < deadline
            slow.sendall(b"x")
            with suppress(TimeoutError):
                said = slow.recv(10_000)
        assert said.startswith(b"HTTP/1.1 408")


def test_a_slow_body_that_keeps_coming_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """In all it takes longer than the time in which a part of it must come."""
    now = [100.0]
    monkeypatch.setattr(request_bodies, "monotonic", lambda: now[0])

    def refusal(bytes_each: int) -> RefusedError | None:
        async def receive() -> Message:
            now[0] += 9
            return {"type": "http.request", "body": bytes(bytes_each), "more_body": True}

        async def read() -> RefusedError | None:
            body = Body(Intake(Settings(timeout=10)), {"method": "POST", "path": "/v1/pictures", "headers": []}, receive)
            for _ in range(8):
                await body.receive()
            return body.refusal

        return asyncio.run(read())

    assert refusal(10 * MIN_BYTES_A_SECOND) is None
    too_slow = refusal(4 * MIN_BYTES_A_SECOND)
    assert too_slow is not None
    assert too_slow.status == 408


def test_a_file_is_in_memory_once() -> None:
    """The parser's copy is the one that is decoded."""

    async def taken() -> tuple[bytes, bytes, bool]:
        file = SpooledTemporaryFile(max_size=sys.maxsize)  # noqa: SIM115
        file.write(photograph())
        file.seek(0)
        upload = UploadFile(file)
        before = file._file.getvalue()  # type: ignore[attr-defined]
        content = await content_of(upload)
        return before, content, file.closed

    before, content, closed = asyncio.run(taken())
    assert content is before
    assert content == photograph()
    assert closed


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
