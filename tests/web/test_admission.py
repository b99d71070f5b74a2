"""Admission control: workers, queue, timeouts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from web_client import busy, client, one, refused


def test_no_more_requests_wait_than_the_queue_holds() -> None:
    """One worker that is busy and one place in the queue: of four requests three are refused at once."""
    with client(workers=1, queue=1, timeout=30) as web, ThreadPoolExecutor(4) as pool:
        with busy(web):
            requests = [pool.submit(web.post, "/v1/colorize", files=one()) for _ in range(4)]
            answers = [request.result() for _, request in zip(range(3), as_completed(requests, 20), strict=False)]
            for answer in answers:
                refused(answer, 429, "busy")
                assert int(answer.headers["retry-after"]) >= 1
        assert sorted(request.result(20).status_code for request in requests) == [200, 429, 429, 429]


def test_a_request_that_waits_too_long_is_given_up() -> None:
    with client(workers=1, timeout=0.2) as web, busy(web):
        refused(web.post("/v1/colorize", files=one()), 503, "busy", "0.2 seconds")


def test_work_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    free = threading.Event()
    with client(timeout=0.2) as web:
        monkeypatch.setattr(web.app.state.tinct.colorizer, "variants", lambda *a, **k: free.wait(20) and [])  # type: ignore
        refused(web.post("/v1/colorize", files=one()), 503, "timeout", "0.2 seconds")
        free.set()
