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
from tinct.web.problems import RefusedError
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


def test_several_variants_in_one_answer(web: Client) -> None:
    like = send(web, picture_in_color(), "postcard.png")
    at = f"/v1/pictures/{send(web)['id']}"
    for edit in (
        {"size": 64, "variant": 2, "vividness": 0.8},
        {"size": 64, "like": like["id"], "like_strength": 0.5, "hints": [{"x": 20, "y": 30, "color": "#c02020"}]},
    ):
        first = edit.get("variant", 1)
        answer = web.post(f"{at}/variants", json=edit | {"variants": 3})
        assert answer.headers["content-type"] == "application/jsonl"
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert [line["variant"] for line in lines] == [first, first + 1, first + 2]
        for line in lines:
            jpeg = base64.b64decode(line["picture"].removeprefix("data:image/jpeg;base64,"))
            assert jpeg == web.post(f"{at}/preview", json=edit | {"variant": line["variant"]}).content
    refused(
        web.post(f"{at}/variants", json={"variant": 998, "variants": 4}), 422, "invalid-request", "the last variant is number 1000"
    )
    refused(web.post(f"{at}/variants", json={"variants": 17}), 422, "invalid-request", "variants")
    refused(web.post(f"{at}/variants", json={"hints": [{"x": 500, "y": 0, "color": "#fff"}]}), 422, "hint-outside")
    refused(web.post("/v1/pictures/none/variants", json={}), 404, "no-such-picture")


def test_a_server_that_becomes_busy_sends_fewer_variants(web: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    at, gate, runs = f"/v1/pictures/{send(web)['id']}", web.app.state.tinct.gate, []  # type: ignore[attr-defined]
    run = gate.run

    async def running(function: Any, *arguments: Any) -> Any:
        runs.append(arguments)
        if len(runs) == 4:
            raise RefusedError(429, "busy", "The queue is full.", retry_after=2)
        return await run(function, *arguments)

    monkeypatch.setattr(gate, "run", running)
    answer = web.post(f"{at}/variants", json={"variants": 5, "size": 64})
    assert answer.status_code == 200
    assert [json.loads(line)["variant"] for line in answer.text.splitlines()] == [1, 2]
    runs[:] = [()] * 3
    refused(web.post(f"{at}/variants", json={}), 429, "busy")


def test_a_reference_has_a_strength(web: Client) -> None:
    picture, like = send(web), send(web, picture_in_color(), "postcard.png")
    at = f"/v1/pictures/{picture['id']}/preview"
    usual, whole, half, none = (
        web.post(at, json=edit).content for edit in ({}, *({"like": like["id"], "like_strength": share} for share in (1, 0.5, 0)))
    )
    assert none == usual
    assert len({usual, half, whole}) == 3
    assert web.post(at, json={"like": like["id"]}).content == whole
    refused(web.post(at, json={"like_strength": 1.5}), 422, "invalid-request", "like_strength")


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
