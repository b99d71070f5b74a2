"""The HTTP API: what is asked and answered, what is refused, and what is kept."""

from __future__ import annotations

import gc
import io
import json
import logging
import re
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from conftest import draw
from serving import serving
from tinct import Colorizer, Hint, Photo
from tinct.errors import ConfigError
from tinct.web import Settings, make_app
from tinct.web.app import give_back_memory
from tinct.web.problems import PROBLEM
from tinct.web.schemas import PictureOut

Client = TestClient


def photograph(kind: str = "JPEG", seed: int = 0, size: tuple[int, int] = (120, 90), **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(seed, *size)).convert("L").save(file, kind, **options)
    return file.getvalue()


def client(**changes: Any) -> TestClient:
    return TestClient(make_app(Settings(**changes)), base_url="http://127.0.0.1:8000")


@pytest.fixture(scope="module")
def web() -> Iterator[Client]:
    with client() as made:
        yield made


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The address of a real server that asks for a token."""
    with serving(token="open sesame") as address:
        yield address


def one(photo: bytes = b"", name: str = "grandmother.jpg") -> dict[str, Any]:
    return {"photo": (name, photo or photograph())}


def send(web: Client, photo: bytes = b"", name: str = "grandmother.jpg") -> dict[str, Any]:
    answer = web.post("/v1/pictures", files=one(photo, name))
    assert answer.status_code == 201, answer.text
    return PictureOut.model_validate(answer.json()).model_dump()


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def refused(answer: Any, status: int, *words: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail"}
    assert problem["status"] == status
    for word in words:
        assert word in problem["detail"]


# ---- one shot ----


def test_a_photograph_comes_back_as_the_library_colors_it(web: Client) -> None:
    answer = web.post("/v1/colorize", files=one())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert 'filename="grandmother.color.jpg"' in answer.headers["content-disposition"]
    assert np.array_equal(pixels(answer.content), pixels(Colorizer().colorize(photograph()).to_bytes(".jpg")))


def test_everything_that_the_library_can_be_told(web: Client) -> None:
    hints = [{"x": 30, "y": 40, "color": "#b58863"}]
    reference = io.BytesIO()
    Image.fromarray(draw(5)).save(reference, "PNG")
    told = {"hints": json.dumps(hints), "variants": 3, "seed": 7, "vividness": 0.9, "strength": 0.8, "format": "png"}
    answer = web.post("/v1/colorize", files=one() | {"like": ("like.png", reference.getvalue())}, data=told)
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == ["grandmother.color.png", "grandmother.color-2.png", "grandmother.color-3.png"]
    expected = Colorizer().colorize(
        photograph(), hints=[Hint(30, 40, "#b58863")], like=reference.getvalue(), variants=3, seed=7, vividness=0.9, strength=0.8
    )
    assert isinstance(expected, list)
    for name, photo in zip(archive.namelist(), expected, strict=True):
        assert np.array_equal(pixels(archive.read(name)), photo.to_numpy())


@pytest.mark.parametrize(("kind", "media"), [("PNG", "image/png"), ("TIFF", "image/tiff"), ("WEBP", "image/webp")])
def test_the_format_is_the_original_s_whatever_its_name(web: Client, kind: str, media: str) -> None:
    assert web.post("/v1/colorize", files=one(photograph(kind), "scan.jpg")).headers["content-type"] == media


def test_suggestions_are_those_of_the_library(web: Client) -> None:
    answer = web.post("/v1/suggest", files=one(), data={"x": 60, "y": 45, "count": 4})
    expected = Colorizer().suggest(photograph(), 60, 45, count=4)
    assert [(s["color"], pytest.approx(s["probability"])) for s in answer.json()] == [(s.color, s.probability) for s in expected]


def test_models_health_and_metrics(web: Client) -> None:
    models = {model["name"]: model for model in web.get("/v1/models").json()}
    assert {"tinct", "autoencoder", "vae"} <= set(models)
    assert [name for name, model in models.items() if model["default"]] == ["tinct"]
    assert web.get("/healthz").text == "ok\n"
    web.get("/v1/pictures/secret-id-of-somebody/preview")
    text = web.get("/metrics").text
    assert re.search(r'^tinct_requests_total\{method="GET",route="/v1/models",status="200"\} [1-9]', text, re.M)
    assert "secret-id" not in text


# ---- by hand ----


def test_a_photograph_is_colored_by_hand(web: Client) -> None:
    picture = send(web, photograph(size=(800, 600)))
    assert (picture["width"], picture["height"], picture["name"]) == (800, 600, "grandmother.jpg")
    assert len(picture["id"]) >= 20
    at = f"/v1/pictures/{picture['id']}"
    edit = {"hints": [{"x": 400, "y": 300, "color": "#c02020"}], "vividness": 0.7}
    small = web.post(f"{at}/preview", json=edit | {"size": 400})
    assert small.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(small.content)).size == (400, 300)
    red = pixels(small.content)[150, 200].astype(int)
    assert red[0] > red[1] + 30
    assert len(web.post(f"{at}/suggest", json={"x": 10, "y": 10}).json()) > 2

    full = web.post(f"{at}/render", json=edit | {"format": "png"})
    expected = Colorizer().colorize(photograph(size=(800, 600)), hints=[Hint(400, 300, "#c02020")], vividness=0.7)
    assert isinstance(expected, Photo)
    assert np.array_equal(pixels(full.content), expected.to_numpy())
    difference = pixels(small.content).astype(float) - np.asarray(
        Image.fromarray(pixels(full.content)).resize((400, 300), Image.Resampling.BOX)
    )
    assert np.abs(difference).mean() < 6  # the preview looks like what will come

    assert web.delete(at).status_code == 204
    refused(web.post(f"{at}/preview", json={}), 404, "Send it again")


def test_variants_layers_and_references(web: Client) -> None:
    picture, like = send(web), send(web, seed_picture(), "postcard.png")
    at = f"/v1/pictures/{picture['id']}"
    variants = [web.post(f"{at}/preview", json={"variant": n}).content for n in (1, 2, 2, 3)]
    assert variants[1] == variants[2]
    assert len(set(variants)) == 3
    assert web.post(f"{at}/preview", json={"like": like["id"]}).content != variants[0]
    layer = web.post(f"{at}/render", json={"output": "layer"})
    assert layer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(layer.content)).mode == "RGBA"
    both = web.post(f"{at}/render", json={"output": "compare"})
    assert Image.open(io.BytesIO(both.content)).width >= 240


def seed_picture() -> bytes:
    file = io.BytesIO()
    Image.fromarray(draw(4)).save(file, "PNG")
    return file.getvalue()


def test_metadata_comes_along(web: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Aunt Mary, 1931"
    picture = send(web, photograph(exif=exif, dpi=(300, 300)))
    full = Image.open(io.BytesIO(web.post(f"/v1/pictures/{picture['id']}/render", json={}).content))
    assert full.getexif()[0x010E] == "Aunt Mary, 1931"
    assert tuple(map(round, full.info["dpi"])) == (300, 300)


# ---- what is refused ----


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ("empty",)),
        (b"hello", ("grandmother.jpg",)),
        (b"%PDF-1.7 x", ("PDF", "save its pages")),
        (photograph()[:400], ("damaged",)),
        (photograph(size=(7, 40)), ("at least 8",)),
    ],
)
def test_what_is_no_photograph_gets_the_sentence_of_the_command_line(web: Client, content: bytes, words: tuple[str, ...]) -> None:
    for path in ("/v1/colorize", "/v1/pictures"):
        refused(web.post(path, files={"photo": ("grandmother.jpg", content)}), 422, *words)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"vividness": 2}, ("vividness", "less than or equal to 1")),
        ({"vividness": "nan"}, ("vividness",)),
        ({"variants": 0}, ("variants",)),
        ({"seed": -1}, ("seed",)),
        ({"format": "exe"}, ("format",)),
        ({"hints": "["}, ("hints", "JSON")),
        ({"hints": '[{"x": 1, "y": 2}]'}, ("hints", "color")),
        ({"hints": '[{"x": 1, "y": 2, "color": "red"}]'}, ("hints", "color")),
        ({"hints": '[{"x": 1e9, "y": 2, "color": "#123456"}]'}, ("outside the picture",)),
    ],
)
def test_what_can_t_be_told(web: Client, told: dict[str, Any], words: tuple[str, ...]) -> None:
    refused(web.post("/v1/colorize", files=one(), data=told), 422, *words)


def test_unknown_keys_are_refused(web: Client) -> None:
    at = f"/v1/pictures/{send(web)['id']}"
    refused(web.post(f"{at}/preview", json={"vividnes": 1}), 422, "vividnes")
    refused(web.post(f"{at}/preview", json={"like": "nobody"}), 404)
    refused(web.post(f"{at}/suggest", json={"x": 1000, "y": 5}), 422, "outside the picture")
    refused(web.get("/v1/nothing"), 404)
    refused(web.get("/v1/colorize"), 405)


def test_too_much_is_refused_before_it_is_read_or_decoded() -> None:
    with client(max_upload=20_000, max_pixels=100_000) as web:
        refused(web.post("/v1/colorize", files=one(b"x" * 30_000)), 413, "0.02 MB")
        refused(
            web.post(
                "/v1/pictures", content=iter([b"x" * 15_000] * 3), headers={"content-type": "multipart/form-data; boundary=b"}
            ),
            413,
        )
        refused(web.post("/v1/pictures", files=one(photograph(size=(400, 300), quality=20))), 422, "pixels")


START = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


def begin(address: str, length: int, *headers: str) -> socket.socket:
    """A request whose body hasn't come yet."""
    host = address.removeprefix("http://")
    name, port = host.split(":")
    connection = socket.create_connection((name, int(port)), 20)
    lines = ["POST /v1/pictures HTTP/1.1", *headers] + ([] if any(h.startswith("Host:") for h in headers) else [f"Host: {host}"])
    lines += ["Content-Type: multipart/form-data; boundary=b", f"Content-Length: {length}", "", ""]
    connection.sendall("\r\n".join(lines).encode("latin-1"))
    return connection


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
            refused(refusal, 429, "Try again")
            refused(answer(START, b"x" * 8_000, b"x" * 8_000), 429, "Try again")
            refused(answer(b"x" * 5_000), 400)
        while answer(b"x" * 16_000).status_code != 400:
            pass


def test_a_body_that_stops_coming_is_given_up() -> None:
    with serving(timeout=0.3) as address, begin(address, 1000) as slow:
        slow.sendall(START)
        said = slow.recv(10_000)
        assert said.startswith(b"HTTP/1.1 408")
        assert PROBLEM.encode() in said


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


def test_no_more_at_once_than_agreed() -> None:
    """One worker that is busy, one place in the queue: the third waits for nobody."""
    with client(workers=1, queue=1, timeout=30) as web:
        free, entered = threading.Event(), threading.Event()
        gate = web.app.state.tinct.gate  # type: ignore[attr-defined]

        def hold() -> None:
            entered.set()
            free.wait(20)

        holding = web.portal.start_task_soon(gate.run, hold)  # type: ignore[union-attr]
        assert entered.wait(10)
        answers: list[Any] = []
        threads = [threading.Thread(target=lambda: answers.append(web.post("/v1/colorize", files=one()))) for _ in range(4)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 20
        while len(answers) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert [answer.status_code for answer in answers] == [429] * 3
        assert int(answers[0].headers["retry-after"]) >= 1
        refused(answers[0], 429, "Try again")
        free.set()
        for thread in threads:
            thread.join()
        assert sorted(answer.status_code for answer in answers) == [200, 429, 429, 429]
        holding.result()


def test_what_takes_too_long_is_given_up_and_said() -> None:
    with client(workers=1, timeout=0.2) as web:
        free = threading.Event()
        gate = web.app.state.tinct.gate  # type: ignore[attr-defined]
        web.portal.start_task_soon(gate.run, lambda: free.wait(20))  # type: ignore[union-attr]
        time.sleep(0.1)
        refused(web.post("/v1/colorize", files=one()), 503, "Try again")
        free.set()


# ---- who may ask ----


def test_a_token_is_asked_for() -> None:
    with client(host="0.0.0.0", token="open sesame") as web:
        refused(web.get("/v1/models"), 401, "Bearer")
        refused(web.get("/v1/models", headers={"authorization": "Bearer wrong"}), 401)
        refused(web.get("/"), 401)
        refused(web.get("/metrics"), 401)
        assert web.get("/healthz").status_code == 200
        assert web.get("/v1/models", headers={"authorization": "Bearer open sesame"}).status_code == 200
        page = web.get("/", params={"token": "open sesame"})  # the browser gets a cookie, and an address without the token
        assert page.status_code == 200
        assert page.url.path == "/"
        assert not page.url.query
        assert "httponly" in page.history[0].headers["set-cookie"].lower()
        assert web.get("/v1/models").status_code == 200


def test_strangers_need_a_token() -> None:
    with pytest.raises(ConfigError, match="--token"):
        Settings(host="0.0.0.0")
    assert Settings(host="localhost").loopback
    assert Settings(host="::1").loopback


def test_pages_of_other_sites_can_t_use_it(web: Client) -> None:
    refused(web.post("/v1/colorize", files=one(), headers={"origin": "http://evil.example"}), 403)
    refused(web.get("/v1/models", headers={"host": "evil.example"}), 421)
    answer = web.post("/v1/colorize", files=one(), headers={"origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_headers_keep_the_page_to_itself(web: Client) -> None:
    headers = web.get("/").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert web.get("/").headers["x-request-id"] != headers["x-request-id"]


def test_logs_say_nothing_of_pictures(web: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "tinct.web"):
        picture = send(web, name="aunt-mary-at-the-beach.jpg")
        answer = web.post(f"/v1/pictures/{picture['id']}/preview", json={"hints": [{"x": 1, "y": 1, "color": "#123456"}]})
    assert answer.headers["x-request-id"] in caplog.text
    assert "/v1/pictures/{id}/preview 200" in caplog.text
    for secret in (picture["id"], "aunt-mary", "#123456"):
        assert secret not in caplog.text


def test_a_bug_is_told_without_its_details(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web.app.state.tinct.colorizer, "colorize", lambda *a, **k: 1 / 0)  # type: ignore[attr-defined]
    quiet = TestClient(web.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False)
    answer = quiet.post("/v1/colorize", files=one())
    refused(answer, 500)
    assert "division" not in answer.text


# ---- what is kept ----


def test_pictures_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("tinct.web.picture_store.monotonic", lambda: now[0])
    with client(expiry=600) as web:
        first, second = send(web), send(web)
        assert first["expires_in"] == 600
        now[0] += 599
        assert web.post(f"/v1/pictures/{first['id']}/preview", json={}).status_code == 200  # used, so it stays
        now[0] += 2
        assert web.post(f"/v1/pictures/{first['id']}/preview", json={}).status_code == 200
        refused(web.post(f"/v1/pictures/{second['id']}/preview", json={}), 404, "10 minutes")


def test_room_is_bounded_and_who_works_keeps_his(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("tinct.web.picture_store.monotonic", lambda: now[0])
    with client(max_memory=17_000_000) as web:  # two pictures
        first, second = send(web), send(web)
        refused(web.post("/v1/pictures", files=one()), 429, "Try again in a minute")
        now[0] += 61
        assert web.post(f"/v1/pictures/{first['id']}/preview", json={}).status_code == 200
        third = send(web)
        refused(web.post(f"/v1/pictures/{second['id']}/preview", json={}), 404)
        for kept in (first, third):
            assert web.post(f"/v1/pictures/{kept['id']}/preview", json={}).status_code == 200


def test_memory_is_given_back_while_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr("tinct.web.app.SWEEP", 0.02)
    monkeypatch.setattr("tinct.web.app.give_back_memory", lambda: given.append(1))
    with client(workers=1) as web:
        deadline = time.monotonic() + 20
        while not given and time.monotonic() < deadline:
            time.sleep(0.02)
        assert given
        free, entered = threading.Event(), threading.Event()
        holding = web.portal.start_task_soon(web.app.state.tinct.gate.run, lambda: entered.set() or free.wait(20))  # type: ignore
        assert entered.wait(10)
        time.sleep(0.1)  # what was under way
        before = len(given)
        time.sleep(0.2)
        assert len(given) == before
        free.set()
        holding.result()
    give_back_memory()


def test_nothing_of_a_photograph_stays(web: Client) -> None:
    def photos() -> set[int]:
        gc.collect()
        return {id(thing) for thing in gc.get_objects() if type(thing) is Photo}

    before = photos()
    reference = send(web, seed_picture(), "like.png")
    picture = send(web)
    at = f"/v1/pictures/{picture['id']}"
    assert web.post(f"{at}/preview", json={"like": reference["id"]}).status_code == 200
    assert web.post(f"{at}/render", json={}).status_code == 200
    assert photos() > before
    for sent in (picture, reference):
        assert web.delete(f"/v1/pictures/{sent['id']}").status_code == 204
    assert web.post("/v1/colorize", files=one() | {"like": ("like.png", seed_picture())}).status_code == 200
    assert web.post("/v1/suggest", files=one(), data={"x": 5, "y": 5}).status_code == 200
    assert photos() <= before


def test_nothing_reaches_the_file_system(web: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Not even where temporary files would go: there is no such place."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    large = photograph("PNG", size=(900, 900))
    name = "../../etc/passwd\\..\\x.png"
    picture = send(web, large, name)
    assert picture["name"] == "x.png"
    assert web.post(f"/v1/pictures/{picture['id']}/render", json={}).status_code == 200
    assert web.post("/v1/colorize", files=one(large, name)).status_code == 200
    assert list(tmp_path.iterdir()) == []


def test_the_description_is_complete(web: Client) -> None:
    described = web.get("/v1/openapi.json").json()
    assert set(described["paths"]) >= {
        "/v1/colorize",
        "/v1/suggest",
        "/v1/models",
        "/healthz",
        "/metrics",
        "/v1/pictures/{id}/render",
    }
    assert "HTTPValidationError" not in json.dumps(described)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == [PROBLEM], (path, method, status)
