"""One object of a photograph: its variants, and other photographs that show it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from skimage import data

from web_client import Client, client, pixels, refused, send

ASTRONAUT = data.astronaut()[..., 1]


def png(levels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(levels)).save(buffer, "PNG")
    return buffer.getvalue()


def test_variants_of_an_object(web: Client) -> None:
    at = f"/v1/pictures/{send(web, png(ASTRONAUT))['id']}"
    hints = web.post(f"{at}/object-variants", json={"x": 150, "y": 420, "count": 4}).json()["hints"]
    assert len(hints) == 4
    assert all(one["keep_rest"] and (one["x"], one["y"]) == (150, 420) for one in hints)
    pictures = [pixels(web.post(f"{at}/preview", json={"hints": [one]}).content).astype(int) for one in hints]
    suits = [picture[400:440, 130:170].mean(axis=(0, 1)) for picture in pictures]
    assert max(np.abs(one - suits[0]).max() for one in suits) > 15
    area = {"region": [[0, 0], [90, 0], [90, 90]]}
    confined = web.post(f"{at}/object-variants", json={"x": 60, "y": 20, "reach": area, "count": 1}).json()["hints"]
    assert confined[0]["reach"] == area
    refused(web.post(f"{at}/object-variants", json={"x": 5000, "y": 0}), 422, "hint-outside", "Give places in pixels")


def test_an_object_that_recurs(web: Client) -> None:
    first, crop, stranger = (send(web, png(one))["id"] for one in (ASTRONAUT, ASTRONAUT[60:, 30:480], data.coffee()[..., 1]))
    body = {"hint": {"x": 150, "y": 420, "color": "#2f5fb3"}, "others": [crop, stranger, "forgotten"]}
    matches = web.post(f"/v1/pictures/{first}/recurring", json=body).json()["matches"]
    assert [one["id"] for one in matches] == [crop, stranger, "forgotten"]
    assert [(one["known"], bool(one["hints"])) for one in matches] == [(True, True), (True, False), (False, False)]
    blue = pixels(web.post(f"/v1/pictures/{crop}/preview", json={"hints": matches[0]["hints"]}).content).astype(int)
    r, _, b = blue[355:375, 110:130].mean(axis=(0, 1))
    assert b > r + 30
    kept = {"hint": {"x": 150, "y": 420, "color": "keep"}, "others": [crop]}
    refused(web.post(f"/v1/pictures/{first}/recurring", json=kept), 422, "hint")
    refused(web.post("/v1/pictures/nobody/recurring", json=body), 404, "no-such-picture", "Send it again")


def test_photographs_that_are_matched_count_as_memory() -> None:
    with client() as web:
        memory = web.app.state.tinct.memory  # type: ignore[attr-defined]
        first, second = (send(web, png(one))["id"] for one in (ASTRONAUT, ASTRONAUT[60:, 30:480]))
        memory.max_bytes = 1_000_000
        body = {"hint": {"x": 150, "y": 420, "color": "#2f5fb3"}, "others": [second]}
        assert web.post(f"/v1/pictures/{first}/recurring", json=body).status_code == 200
        with memory.share() as other:
            other.take(500_000)
            refused(web.post(f"/v1/pictures/{first}/recurring", json=body), 429, "no-memory")
        assert memory.taken_bytes == 0
