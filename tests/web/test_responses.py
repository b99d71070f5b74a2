"""Results as bodies of responses: names of files that are downloaded, and memory until they are sent."""

from __future__ import annotations

import asyncio
import io
import zipfile
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import Message

from serving import serving
from tinct.web import responses
from tinct.web.responses import Result, as_download, as_zip, safe_name
from tinct.web.working_memory import WorkingMemory
from web_client import Client, one


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("aunt %22Mary%22.jpg", 'aunt "Mary".jpg'),  # as browsers send quotes
        ('aunt "Mary".jpg', 'aunt "Mary".jpg'),
        ("a%0D%0Ab.jpg", "ab.jpg"),
        ("50%25 off.jpg", "50%25 off.jpg"),  # browsers don't escape the percent sign
        ("..%2Fx.jpg", "..%2Fx.jpg"),
        ("../../etc/passwd\\..\\x.png", "x.png"),
        ("%22", '"'),
        ("", "photo"),
    ],
)
def test_a_client_s_name(sent: str, name: str) -> None:
    assert safe_name(sent) == name


def result(content: bytes, memory: WorkingMemory | None = None) -> Result:
    """Made by work that had taken 60 bytes."""
    with (memory or WorkingMemory(1000)).share() as share:
        share.take(60)
        return Result.of(io.BytesIO(content), share)


@pytest.mark.parametrize("name", ['a"b;c.jpg', "Tante \u201eMary\u201c, 50%.jpg", "a\\b'(1).jpg", "写真.jpg"])
def test_a_download_has_its_name_in_both_forms(name: str) -> None:
    header = as_download(result(b""), name, ".jpg").headers["content-disposition"]
    plain, _, encoded = header.removeprefix('attachment; filename="').partition("\"; filename*=UTF-8''")
    assert unquote(encoded) == name
    assert not set(plain) & set('"\\%')
    assert plain.isascii()
    assert ";" not in encoded


def test_names_in_a_zip_are_fit_for_windows() -> None:
    with as_zip([('a"b:c?.jpg', io.BytesIO(b"xy")), ("d.jpg", io.BytesIO(b"z"))]) as file, zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["a_b_c_.jpg", "d.jpg"]
        assert (archive.read("a_b_c_.jpg"), archive.read("d.jpg")) == (b"xy", b"z")


def test_a_result_counts_until_it_is_sent() -> None:
    memory, taken = WorkingMemory(100), []
    answer = as_download(result(b"x" * 80, memory), "a.jpg", ".jpg")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        taken.append((message.get("body", b""), memory.taken_bytes))

    asyncio.run(answer({"type": "http"}, receive, send))
    assert taken == [(b"", 80), (b"x" * 80, 80), (b"", 80)]
    assert answer.headers["content-length"] == "80"
    assert memory.taken_bytes == 0
    assert answer.result.file.closed


def test_a_client_that_does_not_take_its_result_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "BLOCK_SECONDS", 0.01)
    memory = WorkingMemory(100)
    answer = as_download(result(b"x" * 80, memory), "a.jpg", ".jpg")

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if "body" in message:
            await asyncio.Event().wait()

    asyncio.run(answer({"type": "http"}, receive, send))
    assert memory.taken_bytes == 0


def test_the_memory_of_a_result_that_nobody_takes_is_given_back() -> None:
    memory = WorkingMemory(100)
    made = result(b"x" * 80, memory)
    assert memory.taken_bytes == 80
    del made
    assert memory.taken_bytes == 0


def test_a_quoted_name_comes_back_as_it_was(web: Client) -> None:
    """The client writes %22, as browsers do."""
    answer = web.post("/v1/colorize", files=one(name='"Mary".jpg'))
    assert unquote(answer.headers["content-disposition"].partition("''")[2]) == '"Mary".color.jpg'


def test_addresses_in_answers_are_relative() -> None:
    """A reverse proxy may have taken a path prefix off."""
    with serving(prefix="/tinct") as address, httpx.Client() as web:
        sent = web.post(f"{address}/v1/pictures", files=one())
        assert sent.url.join(sent.headers["location"]) == f"{address}/v1/pictures/{sent.json()['id']}"
        assert web.delete(sent.url.join(sent.headers["location"])).status_code == 204
        described = web.get(f"{address}/v1/openapi.json")
        (server,) = described.json()["servers"]
        assert str(described.url.join(server["url"])).rstrip("/") == address
        assert web.get(f"{address}/v1/models/").status_code == 404  # a redirect would lead out of the prefix
