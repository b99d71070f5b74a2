"""Pictures that are kept: expiry, the bound on memory, nothing left behind."""

from __future__ import annotations

import gc
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tinct import Colorizer, Photo
from web_client import Client, client, one, photograph, picture_in_color, refused, send


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that the store is told, in seconds."""
    seconds = [1000.0]
    monkeypatch.setattr("tinct.web.picture_store.monotonic", lambda: seconds[0])
    return seconds


def test_pictures_are_forgotten(now: list[float]) -> None:
    with client(expiry=600) as web:
        first, second = send(web), send(web)
        assert first["expires_in"] == 600
        now[0] += 599
        assert web.post(f"/v1/pictures/{first['id']}/preview", json={}).status_code == 200  # used, so it stays
        now[0] += 2
        assert web.post(f"/v1/pictures/{first['id']}/preview", json={}).status_code == 200
        refused(web.post(f"/v1/pictures/{second['id']}/preview", json={}), 404, "no-such-picture", "10 minutes")


def test_resting_pictures_make_room_and_those_in_use_stay(now: list[float]) -> None:
    with client(max_memory=17_000_000) as web:  # two pictures
        first, second = send(web), send(web)
        refused(web.post("/v1/pictures", files=one()), 429, "no-room")
        now[0] += 61
        assert web.post(f"/v1/pictures/{first['id']}/preview", json={}).status_code == 200
        third = send(web)
        refused(web.post(f"/v1/pictures/{second['id']}/preview", json={}), 404, "no-such-picture")
        for kept in (first, third):
            assert web.post(f"/v1/pictures/{kept['id']}/preview", json={}).status_code == 200


def test_concurrent_uploads_keep_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room is reserved before the network's work: two uploads are under way and not stored yet, and there is room for two."""
    release, entered, calls = threading.Event(), threading.Semaphore(0), itertools.count(1)
    canvas = Colorizer.canvas

    def slow_canvas(self: Colorizer, *arguments: Any, **named: Any) -> Any:
        if next(calls) > 2:
            release.set()
            raise AssertionError("a third upload was let in")
        entered.release()
        assert release.wait(20)
        return canvas(self, *arguments, **named)

    monkeypatch.setattr(Colorizer, "canvas", slow_canvas)
    with client(workers=3, max_memory=17_000_000) as web, ThreadPoolExecutor(2) as pool:
        under_way = [pool.submit(web.post, "/v1/pictures", files=one()) for _ in range(2)]
        assert entered.acquire(timeout=20)
        assert entered.acquire(timeout=20)
        refused(web.post("/v1/pictures", files=one()), 429, "no-room")
        release.set()
        assert [upload.result(20).status_code for upload in under_way] == [201, 201]
        assert web.app.state.tinct.pictures.total_bytes <= 17_000_000  # type: ignore[attr-defined]


def test_an_upload_that_fails_leaves_its_room_free() -> None:
    with client(max_memory=9_000_000) as web:  # one picture
        for _ in range(2):
            assert web.post("/v1/pictures", files=one(photograph(size=(7, 40)))).status_code == 422
        send(web)
        assert web.app.state.tinct.pictures.total_bytes <= 9_000_000  # type: ignore[attr-defined]


def test_no_picture_is_forgotten_in_vain(now: list[float]) -> None:
    """Where forgetting all resting pictures would not make room enough, they stay."""
    with client(max_memory=9_000_000) as web:
        resting = send(web)
        now[0] += 61
        refused(web.post("/v1/pictures", files=one(photograph(size=(500, 500)))), 429, "no-room")
        assert web.post(f"/v1/pictures/{resting['id']}/preview", json={}).status_code == 200


def test_no_picture_is_forgotten_for_a_file_that_turns_out_to_be_bad(now: list[float]) -> None:
    """A header may promise a photograph that can't be decoded, or that has no room to be."""
    whole = photograph("PNG")
    damaged = whole[:200] + bytes(200) + whole[400:]
    with client(max_memory=9_000_000) as web:  # one picture
        resting = send(web)
        now[0] += 61
        refused(web.post("/v1/pictures", files=one(damaged)), 422, "damaged")
        assert web.post(f"/v1/pictures/{resting['id']}/preview", json={}).status_code == 200
        now[0] += 61
        send(web, whole)
        refused(web.post(f"/v1/pictures/{resting['id']}/preview", json={}), 404, "no-such-picture")


def test_a_picture_that_is_used_while_another_is_added_stays(now: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one is refused then, and its room is free again."""
    with client(max_memory=9_000_000) as web:
        resting = send(web)
        now[0] += 61
        pictures, canvas = web.app.state.tinct.pictures, Colorizer.canvas  # type: ignore[attr-defined]

        def using(self: Colorizer, *arguments: Any, **named: Any) -> Any:
            pictures.get(resting["id"])
            return canvas(self, *arguments, **named)

        with monkeypatch.context() as patched:
            patched.setattr(Colorizer, "canvas", using)
            refused(web.post("/v1/pictures", files=one()), 429, "no-room")
        assert web.post(f"/v1/pictures/{resting['id']}/preview", json={}).status_code == 200
        now[0] += 61
        send(web)
        assert pictures.total_bytes <= 9_000_000


def test_a_reference_is_kept_as_long_as_its_picture(now: list[float]) -> None:
    """An edit that is undone doesn't name it any more, and may come back."""
    with client(expiry=600) as web:
        picture = send(web)
        at = f"/v1/pictures/{picture['id']}/preview"
        like, other = (
            web.post("/v1/pictures", files={"photo": ("like.png", picture_in_color())}, data=data).json()["id"]
            for data in ({"reference_of": picture["id"]}, {})
        )
        assert web.post(at, json={"like": like}).status_code == 200
        for _ in range(3):
            now[0] += 500
            assert web.post(at, json={}).status_code == 200
        assert web.post(at, json={"like": like}).status_code == 200
        refused(web.post(at, json={"like": other}), 404, "no-such-picture")


@pytest.mark.parametrize("how", ["deleted", "expired", "replaced"])
def test_a_reference_is_forgotten_with_its_picture(how: str, now: list[float]) -> None:
    """The page may have forgotten its id: that of an edit that was undone."""
    with client(expiry=600, max_memory=18_000_000) as web:  # two pictures
        picture = send(web)
        like = web.post("/v1/pictures", files=one(), data={"reference_of": picture["id"]}).json()["id"]
        pictures = web.app.state.tinct.pictures  # type: ignore[attr-defined]
        assert len(pictures) == 2
        if how == "deleted":
            assert web.delete(f"/v1/pictures/{picture['id']}").status_code == 204
        else:
            now[0] += 601 if how == "expired" else 61
            send(web)
        assert [kept.id for kept in pictures if kept.id in (picture["id"], like)] == []


def test_a_reference_of_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with client() as web:
        refused(web.post("/v1/pictures", files=one(), data={"reference_of": "nobody"}), 404, "no-such-picture")
        picture, canvas = send(web), Colorizer.canvas
        pictures = web.app.state.tinct.pictures  # type: ignore[attr-defined]

        def leaving(self: Colorizer, *arguments: Any, **named: Any) -> Any:
            pictures.remove(picture["id"])
            return canvas(self, *arguments, **named)

        monkeypatch.setattr(Colorizer, "canvas", leaving)
        refused(web.post("/v1/pictures", files=one(), data={"reference_of": picture["id"]}), 404, "no-such-picture")
        assert pictures.total_bytes == 0


def test_nothing_of_a_photograph_stays(web: Client) -> None:
    def photos() -> set[int]:
        gc.collect()
        return {id(thing) for thing in gc.get_objects() if type(thing) is Photo}

    before = photos()
    reference = send(web, picture_in_color(), "like.png")
    picture = send(web)
    at = f"/v1/pictures/{picture['id']}"
    assert web.post(f"{at}/preview", json={"like": reference["id"]}).status_code == 200
    assert web.post(f"{at}/render", json={}).status_code == 200
    assert photos() > before
    for sent in (picture, reference):
        assert web.delete(f"/v1/pictures/{sent['id']}").status_code == 204
    assert web.post("/v1/colorize", files=one() | {"like": ("like.png", picture_in_color())}).status_code == 200
    assert web.post("/v1/suggest", files=one(), data={"x": 5, "y": 5}).status_code == 200
    assert photos() <= before
