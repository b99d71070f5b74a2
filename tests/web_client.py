"""Client, photographs and checks for tests of the HTTP API."""

from __future__ import annotations

import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from conftest import draw
from tinct.web import Settings, make_app
from tinct.web.answers import PictureOut
from tinct.web.problems import PROBLEM_TYPE, REMEDIES, RefusedError

Client = TestClient
TOKEN = "open+sesame&please=%41"
"""A token with every sign that means something in an address."""


def photograph(kind: str = "JPEG", seed: int = 0, size: tuple[int, int] = (120, 90), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(seed, *size)).convert("L").save(file, kind, **options)
    return file.getvalue()


def picture_in_color() -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(4)).save(file, "PNG")
    return file.getvalue()


def client(**changes: Any) -> TestClient:
    return TestClient(make_app(Settings(**changes)), base_url="http://127.0.0.1:8000")


def one(photo: bytes = b"", name: str = "grandmother.jpg") -> dict[str, Any]:
    return {"photo": (name, photo or photograph())}


def send(web: Client, photo: bytes = b"", name: str = "grandmother.jpg") -> dict[str, Any]:
    answer = web.post("/v1/pictures", files=one(photo, name))
    assert answer.status_code == 201, answer.text
    return PictureOut.model_validate(answer.json()).model_dump()


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def refused(answer: Any, status: int, code: str, *words: str) -> None:
    """A problem document of this status and code, whose detail holds these words, and the remedy where there is one."""
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == PROBLEM_TYPE
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "code", "fact"}
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["detail"] == " ".join(filter(None, (problem["fact"], REMEDIES.get(code))))
    assert not re.search(r"(^|\s)--?[a-z]", problem["detail"]), "an option of the command line"
    for word in words:
        assert word in problem["detail"]


@contextmanager
def busy(web: Client) -> Iterator[None]:
    """One worker is busy meanwhile."""
    entered, free = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        free.wait(20)

    holding = web.portal.start_task_soon(web.app.state.tinct.gate.run, hold)  # type: ignore
    assert entered.wait(20)
    try:
        yield
    finally:
        free.set()
    with suppress(RefusedError):  # it took too long itself
        holding.result(20)


START = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


def connected(address: str) -> socket.socket:
    """A connection on which nothing was sent."""
    name, port = address.removeprefix("http://").split(":")
    return socket.create_connection((name, int(port)), 20)


def begin(address: str, length: int, *headers: str) -> socket.socket:
    """A request whose body hasn't come yet."""
    host = address.removeprefix("http://")
    connection = connected(address)
    lines = ["POST /v1/pictures HTTP/1.1", *headers] + ([] if any(h.startswith("Host:") for h in headers) else [f"Host: {host}"])
    lines += ["Content-Type: multipart/form-data; boundary=b", f"Content-Length: {length}", "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1"))
    return connection
