"""Films that are being received: a slow one keeps its place only while nobody else needs it."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

import httpx
import pytest
from starlette.types import Message

from serving import serving
from tinct.web import film_arrivals
from tinct.web.film_arrivals import MIN_FILM_BYTES_A_SECOND, WINDOW_SECONDS, Arrival
from web_client import START, connected, refused


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that arrivals are told, in seconds."""
    seconds = [100.0]
    monkeypatch.setattr(film_arrivals, "monotonic", lambda: seconds[0])
    return seconds


def slow_after(now: list[float], seconds: int, bytes_each: Callable[[int], int], *, complete: bool = False) -> bool:
    """Whether an arrival of so many bytes in each second may be given up at the end."""

    async def run() -> bool:
        arrival, passed = Arrival(), 0

        async def receive() -> Message:
            nonlocal passed
            passed += 1
            now[0] += 1
            return {"type": "http.request", "body": bytes(bytes_each(passed)), "more_body": not (complete and passed == seconds)}

        counted = arrival.counted(receive)
        for _ in range(seconds):
            await counted()
        return arrival.is_slow

    return asyncio.run(run())


@pytest.mark.parametrize(("part", "slow"), [(0.5, True), (1.0, False), (3.0, False)])
def test_the_rate_decides(now: list[float], part: float, slow: bool) -> None:
    assert slow_after(now, 35, lambda _: round(part * MIN_FILM_BYTES_A_SECOND)) == slow


def test_what_came_long_ago_does_not_count(now: list[float]) -> None:
    assert slow_after(now, 40, lambda second: 50 * MIN_FILM_BYTES_A_SECOND if second < 5 else 10)


def test_one_that_has_just_begun_or_is_complete_is_not_slow(now: list[float]) -> None:
    assert not slow_after(now, round(WINDOW_SECONDS) - 1, lambda _: 10)
    assert not slow_after(now, 40, lambda _: 10, complete=True)


def begin_film(address: str) -> socket.socket:
    """A film that is said to have 1 GB, and whose bytes don't come."""
    connection = connected(address)
    head = (
        f"POST /v1/films HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    )
    connection.sendall(f"{head}Content-Length: 1000000000\r\n\r\n".encode() + START)
    return connection


def test_slow_senders_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer() -> httpx.Response:
        return httpx.post(f"{address}/v1/films", files={"film": b"no film"}, timeout=30)

    with serving(films=True, max_films=2) as address, begin_film(address) as first, begin_film(address):
        deadline = time.monotonic() + 20
        while answer().status_code != 429:  # until both have their places
            assert time.monotonic() < deadline
        refused(answer(), 429, "too-many-films")
        monkeypatch.setattr(film_arrivals, "WINDOW_SECONDS", 0.0)
        refused(answer(), 422, "no-film")  # it was received
        first.settimeout(20)
        said = first.recv(10_000)
        assert said.startswith(b"HTTP/1.1 408")
        assert b"request-stalled" in said
