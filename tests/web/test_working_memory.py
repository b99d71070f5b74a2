"""Memory for decoding and encoding: bounded for all requests together."""

from __future__ import annotations

import io

import numpy as np
import pytest
import pyvips
from PIL import Image

from tinct.photo import Photo
from tinct.web.problems import RefusedError
from tinct.web.working_memory import WorkingMemory
from web_client import client, one, photograph, picture_in_color, refused, send


def test_what_is_taken_is_bounded_and_given_back() -> None:
    memory = WorkingMemory(100)
    with memory.share() as first, memory.share() as second:
        first.take(40)
        first.take(20)
        with pytest.raises(RefusedError) as busy:
            second.take(50)
        assert (busy.value.status, busy.value.code, busy.value.headers["Retry-After"]) == (429, "no-memory", "5")
        second.take(40)
        with pytest.raises(RefusedError) as never:
            first.take(41)
        assert (never.value.status, never.value.code) == (422, "too-much-memory")
    assert memory.taken_bytes == 0


def stored(kind: str) -> bytes:
    """A photograph of 600 × 400 that can't be decoded row by row."""
    image = pyvips.Image.new_from_array(np.arange(600 * 400, dtype=np.uint8).reshape(400, 600)).copy(interpretation="b-w")
    if kind == "turned TIFF":
        image = image.copy()
        image.set_type(pyvips.GValue.gint_type, "orientation", 6)
        return bytes(image.tiffsave_buffer())
    if kind == "interlaced PNG":
        return bytes(image.pngsave_buffer(interlace=True))
    if kind == "progressive JPEG":
        return bytes(image.jpegsave_buffer(interlace=True))
    file = io.BytesIO()
    Image.fromarray(image.numpy()).convert("RGB").save(file, "BMP")
    return file.getvalue()


@pytest.mark.parametrize("kind", ["turned TIFF", "interlaced PNG", "progressive JPEG", "BMP"])
def test_a_photograph_that_would_take_more_than_there_is_is_refused_before_it_is_decoded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Photo, "small_rgb", lambda *_: pytest.fail("it was decoded"))
    with client() as web:
        web.app.state.tinct.memory.max_bytes = 200_000  # type: ignore[attr-defined]
        for path in ("/v1/pictures", "/v1/colorize"):
            refused(web.post(path, files=one(stored(kind))), 422, "too-much-memory", "at once")
        reference = one(photograph()) | {"like": ("like.bin", stored(kind))}
        refused(web.post("/v1/colorize", files=reference), 422, "too-much-memory")
        refused(web.post("/v1/suggest", files=one(stored(kind)), data={"x": 1, "y": 1}), 422, "too-much-memory")
        assert web.app.state.tinct.memory.taken_bytes == 0  # type: ignore[attr-defined]


def test_results_count_too() -> None:
    with client() as web:
        memory = web.app.state.tinct.memory  # type: ignore[attr-defined]
        picture = send(web, photograph("PNG", size=(400, 300)))
        at = f"/v1/pictures/{picture['id']}/render"
        memory.max_bytes = 400 * 300 * 6
        assert web.post(at, json={"format": "jpg"}).status_code == 200
        refused(web.post(at, json={"format": "webp"}), 422, "too-much-memory")
        sixteen = one(photograph("PNG", size=(400, 300)))
        refused(web.post("/v1/colorize", files=sixteen, data={"variants": 8, "format": "jpg"}), 422, "too-much-memory")
        assert web.post("/v1/colorize", files=sixteen, data={"format": "jpg"}).status_code == 200
        assert memory.taken_bytes == 0


def test_one_that_finds_no_memory_now_is_asked_to_come_again() -> None:
    with client() as web:
        memory = web.app.state.tinct.memory  # type: ignore[attr-defined]
        with memory.share() as other:
            other.take(memory.max_bytes - 1000)
            refused(web.post("/v1/pictures", files=one(stored("interlaced PNG"))), 429, "no-memory")
        assert web.post("/v1/pictures", files=one(stored("interlaced PNG"))).status_code == 201
        assert memory.taken_bytes == 0


def test_a_picture_that_is_kept_takes_its_memory_again_for_its_result() -> None:
    with client() as web:
        memory = web.app.state.tinct.memory  # type: ignore[attr-defined]
        picture, like = send(web, stored("interlaced PNG")), send(web, picture_in_color(), "like.png")
        assert memory.taken_bytes == 0
        memory.max_bytes = 100_000
        for path, edit in (("render", {"format": "jpg"}), ("preview", {"detail": 128}), ("preview", {"ensemble": True})):
            refused(web.post(f"/v1/pictures/{picture['id']}/{path}", json=edit), 422, "too-much-memory")
        for edit in ({}, {"like": like["id"]}):  # what the small copy serves for
            assert web.post(f"/v1/pictures/{picture['id']}/preview", json=edit).status_code == 200


def test_the_rows_of_a_part_count() -> None:
    with client() as web:
        memory = web.app.state.tinct.memory  # type: ignore[attr-defined]
        at = f"/v1/pictures/{send(web, photograph('PNG', size=(400, 300)))['id']}/preview"
        memory.max_bytes = 400 * 200
        assert web.post(at, json={"part": [10, 0, 64, 64]}).status_code == 200  # 64 rows, and as many around them
        refused(web.post(at, json={"part": [10, 100, 64, 128]}), 422, "too-much-memory")
        assert memory.taken_bytes == 0


def test_a_part_of_another_working_size_decodes_the_picture_once_at_a_time() -> None:
    with client() as web:
        memory = web.app.state.tinct.memory  # type: ignore[attr-defined]
        at = f"/v1/pictures/{send(web, stored('interlaced PNG'))['id']}/preview"
        decoding = 600 * 400
        memory.max_bytes = round(1.8 * decoding)
        assert web.post(at, json={"part": [10, 0, 64, 64], "detail": 128}).status_code == 200
        memory.max_bytes = decoding
        refused(web.post(at, json={"part": [10, 0, 64, 64]}), 422, "too-much-memory")
        assert memory.taken_bytes == 0
