"""Coloring by hand: photographs that are sent once and edited many times."""

from __future__ import annotations

import base64
import io
import json
import threading
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tinct import Colorizer, Hint, Mask
from web_client import Client, one, photograph, picture_in_color, pixels, refused, send


def test_a_photograph_is_colored_by_hand(web: Client, colorizer: Colorizer) -> None:
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
    found = web.post(f"{at}/suggest", json={"x": 10, "y": 10}).json()
    assert len(found["colors"]) > 2
    assert {"hair", "wood", "uniforms"} <= {family["name"] for family in found["families"]}

    full = web.post(f"{at}/render", json=edit | {"format": "png"})
    expected = colorizer.colorize(photograph(size=(800, 600)), hints=(Hint(400, 300, "#c02020"),), vividness=0.7)
    assert np.array_equal(pixels(full.content), expected.to_numpy())
    difference = pixels(small.content).astype(float) - np.asarray(
        Image.fromarray(pixels(full.content)).resize((400, 300), Image.Resampling.BOX)
    )
    assert np.abs(difference).mean() < 6  # the preview looks like what will come

    assert web.delete(at).status_code == 204
    refused(web.post(f"{at}/preview", json={}), 404, "no-such-picture", "Send it again")


def test_a_part_at_full_size(web: Client) -> None:
    at = f"/v1/pictures/{send(web, photograph(size=(800, 600)))['id']}"
    edit = {"hints": [{"x": 400, "y": 300, "color": "#c02020"}]}
    part = pixels(web.post(f"{at}/preview", json=edit | {"part": [350, 250, 200, 120]}).content)
    full = pixels(web.post(f"{at}/render", json=edit | {"format": "png"}).content)
    assert part.shape == (120, 200, 3)
    assert np.abs(part.astype(float) - full[250:370, 350:550]).mean() < 4  # it is a JPEG
    refused(web.post(f"{at}/preview", json={"part": [700, 0, 101, 10]}), 422, "part-outside", "Give a part inside")
    assert web.post(f"{at}/preview", json={"part": [0, 0, 0, 10]}).status_code == 422


def test_variants_layers_and_references(web: Client) -> None:
    picture, like = send(web), send(web, picture_in_color(), "postcard.png")
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


def test_another_working_size_and_several_views(web: Client, colorizer: Colorizer) -> None:
    at = f"/v1/pictures/{send(web, photograph('PNG'))['id']}"
    usual = web.post(f"{at}/preview", json={}).content
    for edit in ({"detail": 64}, {"ensemble": True}):
        assert web.post(f"{at}/preview", json=edit).content != usual
        full = pixels(web.post(f"{at}/render", json=edit).content)
        assert np.array_equal(full, colorizer.colorize(photograph("PNG"), **edit).to_numpy())
    for answer in (
        web.post(f"{at}/preview", json={"detail": 1024}),
        web.post(f"{at}/render", json={"detail": 1024}),
        web.post("/v1/colorize", files=one(), data={"detail": 1024}),
    ):
        refused(answer, 422, "detail-too-large", "at most 512")


def test_metadata_comes_along(web: Client) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Aunt Mary, 1931"
    picture = send(web, photograph(exif=exif, dpi=(300, 300)))
    full = Image.open(io.BytesIO(web.post(f"/v1/pictures/{picture['id']}/render", json={}).content))
    assert full.getexif()[0x010E] == "Aunt Mary, 1931"
    assert tuple(map(round, full.info["dpi"])) == (300, 300)


def test_notes_say_that_colors_are_replaced(web: Client) -> None:
    assert send(web)["notes"] == []
    (note,) = send(web, picture_in_color(), "postcard.png")["notes"]
    text = "postcard.png is a color photograph; only its lightness was used, and its colors were replaced"
    assert note == {"code": "color-photograph", "text": text, "values": {"name": "postcard.png"}}


def test_masks_are_decoded_by_a_worker(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen of 25 megapixels take seconds, during which everybody else is answered."""
    threads: list[str] = []
    from_png = Mask.from_png

    def decoded(*arguments: Any) -> Mask:
        threads.append(threading.current_thread().name)
        return from_png(*arguments)

    monkeypatch.setattr(Mask, "from_png", decoded)
    picture = send(web)
    png = base64.b64encode(Mask(np.ones((90, 120), np.bool_)).to_png()).decode()
    hint = {"x": 30, "y": 40, "color": "#30a040", "reach": {"png": png}}
    at = f"/v1/pictures/{picture['id']}"
    for path, body in (
        ("preview", {"hints": [hint]}),
        ("render", {"hints": [hint]}),
        ("suggest", {"x": 5, "y": 5, "hints": [hint]}),
    ):
        assert web.post(f"{at}/{path}", json=body).status_code == 200
    data = {"x": 5, "y": 5, "hints": json.dumps([hint])}
    assert web.post("/v1/suggest", files=one(), data=data).status_code == 200
    assert len(threads) == 4
    assert all(name.startswith("tinct") for name in threads)
