"""Films over HTTP: sent, looked at, colored in the background, downloaded, forgotten. What coloring does is tested in tests/film."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from conftest import draw
from film.clips import write_clip
from tinct import ConfigError, FilmError, Photo
from tinct.film import FilmEdit, FilmInfo, FilmProgress, FilmResult
from tinct.film.frames import ColorTags
from tinct.web import Settings, make_app
from tinct.web.film_store import Films
from tinct.web.problems import RefusedError
from web_client import TOKEN, Client, client, picture_in_color, refused, send

FILM = b"\0\0\0\x18ftypisom\0\0\2\0isommp42" + b"a film" * 100
RESULT = bytes(range(256)) * 8


class FakeFilm:
    """A film whose file may hold anything after its first bytes, and that is colored as soon as a test says so."""

    orders: list[dict[str, Any]]
    proceed: threading.Event

    def __init__(self, path: Path) -> None:
        if b"broken" in path.read_bytes():
            raise FilmError(f"{path} has no picture.", code="no-video", path=str(path))
        note = f"{path} has two pictures."
        self.info = FilmInfo(path, 96, 80, ColorTags(), frame_rate=Fraction(25), frames=500, duration=20.0, notes=(note,))

    def frame(self, time: float) -> Photo:
        if time > 20:
            raise FilmError(f"{self.info.path} has no frame at {time:g} s.", code="no-frame")
        return Photo.open(draw(int(time))[..., 0])

    def telling_frames(self, count: int, progress: Callable[[FilmProgress], None], **given: Any) -> list[tuple[float, Photo]]:
        while not self.proceed.wait(0.01):
            progress(FilmProgress("looking", 1, 500, None))
        return [(2.5 * i, Photo.open(draw(i)[..., 0])) for i in range(count)]

    def colorize(self, output: Path, edit: FilmEdit, **given: Any) -> FilmResult:
        FakeFilm.orders.append({"edit": edit, "output": output} | given)
        given["progress"](FilmProgress("coloring", 100, 500, 12.5))
        while not self.proceed.wait(0.01):
            given["progress"](FilmProgress("coloring", 100, 500, 12.5))
        if edit.edit.seed == 13:
            raise FilmError(f"{output} can't be written: the disk is full.", code="cannot-write", path=str(output))
        if edit.edit.seed == 14:
            raise ZeroDivisionError
        output.write_bytes(RESULT)
        return FilmResult(output, 500, 4, 20.0, (f"{self.info.path} is damaged in places.",), 0)


@pytest.fixture(autouse=True)
def proceed(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set when films that are begun may go on."""
    event = threading.Event()
    event.set()
    monkeypatch.setattr(FakeFilm, "proceed", event, raising=False)
    monkeypatch.setattr(FakeFilm, "orders", [], raising=False)
    for module in ("film_store", "stored_film"):
        monkeypatch.setattr(f"tinct.web.{module}.Film", FakeFilm)
    yield event
    event.set()


@pytest.fixture(scope="module")
def films() -> Iterator[Client]:
    with client(films=True, max_films=100) as made:
        yield made


@contextmanager
def server(**settings: Any) -> Iterator[Client]:
    with client(films=True, **settings) as made:
        yield made


def post(web: Client, content: bytes = FILM, name: str = "wedding.mp4", **fields: Any) -> Any:
    return web.post("/v1/films", files={"film": (name, content)}, data=fields)


def sent(web: Client, content: bytes = FILM, name: str = "wedding.mp4", **fields: Any) -> dict[str, Any]:
    answer = post(web, content, name, **fields)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def until(web: Client, id: str, *states: str) -> dict[str, Any]:
    """The film as soon as it is in one of these states."""
    deadline = time.monotonic() + 20
    while True:
        found: dict[str, Any] = web.get(f"/v1/films/{id}").json()
        if found["state"] in states:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.01)


def frame(alpha: int = 255, size: tuple[int, int] = (96, 80)) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((size[1], size[0], 4), (200, 40, 40, alpha), np.uint8)).save(file, "PNG")
    return file.getvalue()


def folder(web: Client) -> Path:
    found = web.app.state.tinct.films._folder  # type: ignore[attr-defined]
    assert isinstance(found, Path)
    return found


# ---- the way of a film ----


def test_a_film_is_sent_colored_and_downloaded(films: Client, proceed: threading.Event) -> None:
    proceed.clear()
    film = sent(films, edit=json.dumps({"vividness": 0.9}), every=5)
    assert (film["name"], film["error"], film["result"]) == ("wedding.mp4", None, None)
    assert film["info"] | {"width": 96, "height": 80, "duration": 20.0, "frames": 500, "frame_rate": 25.0} == film["info"]
    at = f"/v1/films/{film['id']}"
    running = until(films, film["id"], "running")
    while running["done"] == 0:
        running = films.get(at).json()
    assert (running["stage"], running["done"], running["total"], running["seconds_left"]) == ("coloring", 100, 500, 12.5)
    refused(films.get(f"{at}/result"), 409, "no-result", "wedding.mp4 isn't colored")
    refused(films.post(f"{at}/colorize", data={"edit": "{}"}), 409, "film-busy")

    proceed.set()
    done = until(films, film["id"], "done")
    assert done["notes"] == ["wedding.mp4 has two pictures.", "wedding.mp4 is damaged in places."]
    assert done["result"] == {"name": "wedding.preview.mp4", "bytes": len(RESULT), "frames": 500, "shots": 4, "seconds": 20.0}
    (order,) = FakeFilm.orders
    assert (order["edit"].edit.vividness, order["every"], order["start"], order["encoding"].codec) == (0.9, 5, None, "h264")
    whole = films.get(f"{at}/result")
    assert whole.content == RESULT
    assert whole.headers["content-type"] == "video/mp4"
    assert 'filename="wedding.preview.mp4"' in whole.headers["content-disposition"]
    part = films.get(f"{at}/result", headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, RESULT[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(RESULT)}"

    assert films.delete(at).status_code == 204
    refused(films.get(at), 404, "no-such-film", "Send it again")
    assert not (folder(films) / film["id"]).exists()


def test_the_same_film_is_colored_again(films: Client) -> None:
    film = sent(films)
    at = f"/v1/films/{film['id']}"
    until(films, film["id"], "done")
    again = films.post(f"{at}/colorize", data={"edit": '{"variant": 3}', "codec": "prores", "start": "0:02", "end": "4.5"})
    assert again.status_code == 202
    done = until(films, film["id"], "done")
    assert done["result"]["name"] == "wedding.preview.mov"
    order = FakeFilm.orders[-1]
    assert (order["edit"].edit.variant, order["start"], order["end"]) == (3, 2.0, 4.5)
    assert order["encoding"].codec == "prores"
    assert sorted(path.name for path in (folder(films) / film["id"]).iterdir()) == ["film.mp4", "film.preview.mov"]


def test_one_film_is_colored_at_a_time(films: Client, proceed: threading.Event) -> None:
    proceed.clear()
    first, second = sent(films), sent(films)
    until(films, first["id"], "running")
    assert films.get(f"/v1/films/{second['id']}").json()["state"] == "queued"
    assert films.delete(f"/v1/films/{first['id']}").status_code == 204  # stops it
    until(films, second["id"], "running")
    proceed.set()
    until(films, second["id"], "done")
    assert not (folder(films) / first["id"]).exists()


def test_a_film_may_wait_for_its_keyframes(films: Client) -> None:
    film = sent(films, colorize="false")
    assert film["state"] == "open"
    at = f"/v1/films/{film['id']}"
    found = films.get(f"{at}/keyframes", params={"count": 3}).json()["keyframes"]
    assert found == [{"time": 0.0, "text": "00:00"}, {"time": 2.5, "text": "00:02.5"}, {"time": 5.0, "text": "00:05"}]
    picture = films.get(f"{at}/frame", params={"time": "00:02.5"})
    assert picture.headers["content-type"] == "image/png"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(picture.content))), draw(2)[..., 0])
    refused(films.get(f"{at}/frame", params={"time": "25"}), 422, "no-frame", "wedding.mp4 has no frame at 25 s")
    refused(films.get(f"{at}/frame", params={"time": "soon"}), 422, "time", "'soon' is not a time")
    assert films.get(f"{at}/frame").status_code == 200
    assert not FakeFilm.orders


def test_looking_through_a_long_film_takes_several_requests(proceed: threading.Event) -> None:
    proceed.clear()
    with server(timeout=0.2) as web:
        film = sent(web, colorize="false")
        at = f"/v1/films/{film['id']}/keyframes"
        answer = web.get(at)
        refused(answer, 503, "still-looking", "wedding.mp4 is still being looked through")
        assert answer.headers["retry-after"] == "10"
        proceed.set()
        while (answer := web.get(at)).status_code == 503:
            pass
        assert len(answer.json()["keyframes"]) == 5


# ---- edits ----


def test_keyframes_come_with_pictures_and_hints(films: Client) -> None:
    edit = {
        "keyframes": [
            {"time": "00:12.4", "picture": "one.png"},
            {"time": 3.5, "hints": [{"x": 12, "y": 8, "color": "#b58863"}]},
        ]
    }
    files = [("film", ("wedding.mp4", FILM)), ("pictures", ("one.png", frame()))]
    film = films.post("/v1/films", files=files, data={"edit": json.dumps(edit)}).json()
    until(films, film["id"], "done")
    hinted, painted = FakeFilm.orders[0]["edit"].keyframes
    assert (hinted.time, hinted.hints[0].x, painted.time) == (3.5, 12, 12.4)
    assert painted.told(1, 1)[0][0, 0, 0] > 50

    again = {"keyframes": [*edit["keyframes"], {"time": 5, "picture": "two.png"}]}
    at = f"/v1/films/{film['id']}/colorize"
    answer = films.post(at, files=[("pictures", ("two.png", frame()))], data={"edit": json.dumps(again)})
    assert answer.status_code == 202, answer.text
    until(films, film["id"], "done")
    assert [keyframe.time for keyframe in FakeFilm.orders[1]["edit"].keyframes] == [3.5, 5, 12.4]


def test_nothing_is_left_of_a_picture_for_which_the_disk_has_no_room(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            if self.tell():
                raise OSError(28, "No space left on device")
            return super().read(10)

    film: Any = SimpleNamespace(folder=tmp_path, pictures={})
    with pytest.raises(RefusedError, match="No space left") as raised:
        Films("tinct", "cpu", "auto", 1, 60.0).keep_picture(film, Full(bytes(20)), "frame.png", 10**6, lambda _: None)
    assert (raised.value.status, raised.value.code) == (503, "disk")
    assert film.pictures == {}
    assert not list(tmp_path.iterdir())


def test_a_reference_is_a_picture_that_was_sent(films: Client) -> None:
    like = send(films, picture_in_color(), "postcard.png")
    film = sent(films, edit=json.dumps({"like": like["id"]}))
    until(films, film["id"], "done")
    assert FakeFilm.orders[0]["edit"].edit.like.size == (96, 80)
    refused(post(films, edit='{"like": "none"}'), 404, "no-such-picture")


@pytest.mark.parametrize(
    ("fields", "picture", "code", "words"),
    [
        ({"edit": "{"}, b"", "invalid-request", "edit"),
        ({"edit": '{"vivid": 1}'}, b"", "invalid-request", "edit.vivid"),
        ({"edit": '{"hints": []}'}, b"", "invalid-request", "edit.hints"),
        ({"edit": '{"detail": 1024}'}, b"", "detail-too-large", "at most 512"),
        (
            {"edit": '{"keyframes": [{"time": 1, "picture": "a.png"}]}'},
            b"",
            "no-such-keyframe",
            "No picture called 'a.png' was sent",
        ),
        ({"edit": '{"keyframes": [{"time": "x", "picture": "one.png"}]}'}, frame(), "time", "'x' is not a time"),
        (
            {"edit": '{"keyframes": [{"time": 30, "picture": "one.png"}]}'},
            frame(),
            "keyframe-outside",
            "Give a time inside the film.",
        ),
        (
            {"edit": '{"keyframes": [{"time": 3, "picture": "one.png"}]}'},
            frame(0),
            "empty-keyframe",
            "one.png is transparent everywhere",
        ),
        (
            {"edit": '{"keyframes": [{"time": 3, "picture": "one.png"}]}'},
            frame(size=(80, 96)),
            "keyframe-shape",
            "one.png has 80 × 96",
        ),
        ({"edit": '{"keyframes": [{"time": 3, "picture": "one.png"}]}'}, b"GIF89a", "photo-error", "one.png is a GIF"),
        ({"edit": '{"keyframes": [{"time": 3}]}'}, b"", "edit-value", "neither a picture nor hints"),
        ({"codec": "h246"}, b"", "film-codec", "Unknown video codec 'h246'"),
        ({"quality": "99"}, b"", "film-quality", "0 (best) to 51"),
        ({"start": "soon"}, b"", "time", "'soon' is not a time"),
        ({"every": "0"}, b"", "invalid-request", "every"),
        ({"nonsense": "1"}, b"", "invalid-request", "nonsense"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    films: Client, fields: dict[str, str], picture: bytes, code: str, words: str
) -> None:
    files = [("film", ("wedding.mp4", FILM)), *([("pictures", ("one.png", picture))] if picture else [])]
    before = len(films.app.state.tinct.films)  # type: ignore[attr-defined]
    answer = films.post("/v1/films", files=files, data=fields)
    refused(answer, 422, code, words)
    assert "tinct-films-" not in answer.text
    assert len(films.app.state.tinct.films) == before  # type: ignore[attr-defined]
    assert not FakeFilm.orders


# ---- what goes wrong ----


def test_a_film_that_fails_says_why(films: Client) -> None:
    failed = until(films, sent(films, edit='{"seed": 13}')["id"], "failed")
    assert failed["code"] == "cannot-write"
    assert failed["error"] == "film.color.mp4 can't be written: the disk is full."
    bug = until(films, sent(films, edit='{"seed": 14}')["id"], "failed")
    assert (bug["code"], bug["error"]) == ("internal-error", "This is a bug of tinct, and was logged.")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"#EXTM3U\nfile:///etc/passwd\n", "no-film", "wedding.mp4 is no film"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "no-film", "wedding.mp4 is no film"),
        (b"", "no-film", "wedding.mp4 is no film"),
        (FILM + b"broken", "no-video", "wedding.mp4 has no picture."),
    ],
)
def test_what_is_no_film(films: Client, content: bytes, code: str, words: str) -> None:
    answer = post(films, content)
    refused(answer, 422, code, words)
    assert "tinct-films-" not in answer.text


def test_names_of_clients_are_no_paths(films: Client) -> None:
    film = sent(films, name="../../../etc/wedding.mp4")
    assert film["name"] == "wedding.mp4"
    assert until(films, film["id"], "done")["result"]["name"] == "wedding.color.mp4"


def test_a_film_that_was_sent_is_found_at_its_location(films: Client) -> None:
    answer = post(films, name="%22Anna%22.mp4")  # as browsers send quotes
    at = answer.url.join(answer.headers["location"])
    assert films.get(at).json()["id"] == answer.json()["id"]
    until(films, answer.json()["id"], "done")
    result = films.head(f"{at}/result")
    assert (result.status_code, result.content) == (200, b"")
    assert int(result.headers["content-length"]) == len(RESULT)
    assert "%22Anna%22.color.mp4" in result.headers["content-disposition"]


# ---- limits ----


def test_films_are_larger_than_photographs_may_be() -> None:
    with server(max_upload=2000, max_film=4000) as web:
        assert post(web, FILM + bytes(2500)).status_code == 202
        refused(post(web, FILM + bytes(4000)), 413, "request-too-large")
        refused(web.post("/v1/pictures", files={"photo": FILM + bytes(2500)}), 413, "request-too-large")


def test_only_so_many_films_are_kept() -> None:
    with server(max_films=1) as web:
        film = sent(web)
        answer = post(web)
        refused(answer, 429, "too-many-films", "1 films are kept", "DELETE /v1/films/{id}")
        assert answer.headers["retry-after"] == "60"
        web.delete(f"/v1/films/{film['id']}")
        sent(web)


def test_a_film_that_nobody_uses_is_forgotten_but_not_while_it_is_colored(proceed: threading.Event) -> None:
    with server(film_expiry=0.05) as web:
        proceed.clear()
        film = sent(web)
        until(web, film["id"], "running")
        time.sleep(0.1)
        assert web.get(f"/v1/films/{film['id']}").json()["state"] == "running"
        proceed.set()
        kept = folder(web) / film["id"]
        deadline = time.monotonic() + 20
        while kept.exists():
            web.app.state.tinct.films.sweep()  # type: ignore[attr-defined]
            assert time.monotonic() < deadline
        refused(web.get(f"/v1/films/{film['id']}"), 404, "no-such-film")


def test_nothing_is_left_when_the_server_ends(proceed: threading.Event) -> None:
    proceed.clear()
    with server() as web:
        film = sent(web)
        until(web, film["id"], "running")
        kept = folder(web)
        assert kept.is_dir()
    assert not kept.exists()


def test_films_are_colored_where_only_this_machine_asks() -> None:
    assert Settings().takes_films
    assert not Settings(host="0.0.0.0", token=TOKEN).takes_films
    assert Settings(host="0.0.0.0", token=TOKEN, films=True).takes_films
    with client(films=False) as web:
        refused(post(web), 404, "not-found")
        assert not any("films" in path for path in web.get("/v1/openapi.json").json()["paths"])


def test_without_the_extra_there_are_no_films(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinct.web.settings.find_spec", lambda name: None)
    assert not Settings().takes_films
    with pytest.raises(ConfigError, match="the package av is missing") as caught:
        make_app(Settings(films=True))
    assert caught.value.code == "film-packages"


def test_a_token_is_asked_for() -> None:
    with server(token=TOKEN) as web:
        refused(post(web), 401, "token")
        assert web.get("/v1/films/x", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 404


# ---- all of it ----


def test_a_real_film_takes_the_colors_of_a_keyframe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # no fakes
    clip = write_clip(tmp_path / "old.mkv", audio="aac").read_bytes()
    with server() as web:
        film = sent(web, clip, "old.mkv", colorize="false")
        assert (film["info"]["width"], film["info"]["height"], film["info"]["frame_rate"]) == (96, 64, 12.0)
        assert any("aac" in stream for stream in film["info"]["streams"])
        at = f"/v1/films/{film['id']}"
        (chosen,) = web.get(f"{at}/keyframes", params={"count": 1}).json()["keyframes"]
        gray = Image.open(io.BytesIO(web.get(f"{at}/frame", params={"time": chosen["text"]}).content))
        light = np.asarray(gray).astype(float)
        file = io.BytesIO()
        Image.fromarray(np.stack([light * 0.9 + 25, light * 0.7, light * 0.7], axis=-1).astype(np.uint8)).save(file, "PNG")
        edit = {"keyframes": [{"time": chosen["time"], "picture": "red.png"}]}
        web.post(f"{at}/colorize", files=[("pictures", ("red.png", file.getvalue()))], data={"edit": json.dumps(edit)})
        done = until(web, film["id"], "done", "failed")
        assert done["error"] is None
        assert done["result"]["frames"] == 24
        made = tmp_path / done["result"]["name"]
        assert made.name == "old.color.mkv"
        made.write_bytes(web.get(f"{at}/result").content)
    with av.open(str(made)) as opened:
        colors = np.stack([frame.to_ndarray(format="rgb24").astype(float) for frame in opened.decode(video=0)])
    assert (colors[..., 0].mean(axis=(1, 2)) - colors[..., 1:].mean(axis=(1, 2, 3))).min() > 10
