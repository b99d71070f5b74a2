"""Connections that send nothing, or take nothing, keep nobody out."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import httpx
import pytest

from serving import serving
from tinct.web import connections
from web_client import TOKEN, begin, connected


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that asks for a token, with room for five connections."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 5)
    monkeypatch.setattr("tinct.web.server.MAX_CONNECTIONS", 5)
    with serving(token=TOKEN) as address:
        yield address


def ends(connection: socket.socket) -> bool:
    """Whether the server closes the connection."""
    try:
        while connection.recv(10_000):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def drip(connection: socket.socket) -> None:
    """Send a byte again and again, until the server closes the connection."""
    for _ in range(400):
        connection.sendall(b"x")
        with suppress(TimeoutError):
            if not connection.recv(100):
                raise ConnectionResetError


def test_idle_connections_make_room_for_others(few: str) -> None:
    """The one that has been waiting longest goes first."""
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(few)) for _ in range(4)]
        for one in idle:
            one.settimeout(20)
        assert httpx.get(f"{few}/healthz").status_code == 200
        assert ends(idle[0])
        for _ in range(12):
            assert httpx.get(f"{few}/healthz").status_code == 200


def test_a_refused_request_whose_body_never_ends_is_idle_too(few: str) -> None:
    """Before the token is known, nobody holds a place."""
    with ExitStack() as stack:
        refused = [stack.enter_context(begin(few, 10**6)) for _ in range(4)]
        for one in refused:
            assert one.recv(10_000).startswith(b"HTTP/1.1 401")
            one.sendall(b"x")
        for _ in range(6):
            assert httpx.get(f"{few}/healthz").status_code == 200


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET /healthz HTTP/1.1\r\nHost: a\r\nx-slow: "])
def test_a_head_that_doesn_t_come_is_given_up(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    with serving() as address, connected(address) as slow:
        slow.sendall(sent)
        assert ends(slow)


def test_the_rest_of_a_refused_body_doesn_t_keep_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """uvicorn's own limit between two requests begins anew with every byte."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    with serving(token=TOKEN) as address, begin(address, 10**6) as slow:
        assert slow.recv(10_000).startswith(b"HTTP/1.1 401")
        slow.settimeout(0.05)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            drip(slow)


def test_an_answer_that_nobody_takes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOOK_SECONDS", 0.05)
    lost = connections.Connection.connection_lost
    closed: list[object] = []
    monkeypatch.setattr(connections.Connection, "connection_lost", lambda self, error: (closed.append(self), lost(self, error))[1])
    with serving() as address, connected(address) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        ask = f"GET /v1/openapi.json HTTP/1.1\r\nHost: {address.removeprefix('http://')}\r\n\r\n".encode()
        deaf.settimeout(20)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            deaf.sendall(ask * 100_000)  # pipelined: far more answers than the system's buffers hold
        assert closed
