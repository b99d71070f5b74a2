"""`POST /v1/colorize`, `POST /v1/suggest` and `GET /v1/models`: one request, one answer."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from typing import Any

import numpy as np
import pytest

from tinct import Brush, Colorizer, Edit, Hint, Mask, Photo, Region
from web_client import Client, client, one, photograph, picture_in_color, pixels, refused, send

MASKED = {"x": 1, "y": 2, "color": "#fff", "reach": {"png": base64.b64encode(Mask(np.eye(9, dtype=np.bool_)).to_png()).decode()}}


def test_a_photograph_comes_back_as_the_library_colors_it(web: Client, colorizer: Colorizer) -> None:
    answer = web.post("/v1/colorize", files=one())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert 'filename="grandmother.color.jpg"' in answer.headers["content-disposition"]
    assert np.array_equal(pixels(answer.content), pixels(colorizer.colorize(photograph()).to_bytes(".jpg")))


def test_every_field_of_the_form_reaches_the_library(web: Client, colorizer: Colorizer) -> None:
    like = picture_in_color()
    hints = [{"x": 30, "y": 40, "color": "#b58863"}]
    numbers = {"variant": 2, "seed": 7, "vividness": 0.9, "strength": 0.8, "detail": 64, "ensemble": True}
    fields = numbers | {"hints": json.dumps(hints), "variants": 2, "format": "png"}
    answer = web.post("/v1/colorize", files=one() | {"like": ("like.png", like)}, data=fields)
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == ["grandmother.color-2.png", "grandmother.color-3.png"]
    expected = colorizer.variants(photograph(), 2, hints=(Hint(30, 40, "#b58863"),), like=like, **numbers)
    for name, photo in zip(archive.namelist(), expected, strict=True):
        assert np.array_equal(pixels(archive.read(name)), photo.to_numpy())


def test_the_reach_of_hints_is_that_of_the_library(web: Client, colorizer: Colorizer) -> None:
    photo = Photo.open(photograph("PNG"))
    half = Mask(np.arange(photo.width)[None].repeat(photo.height, 0) < photo.width // 2)
    hints = [
        Hint(30, 40, "#30a040", keep_rest=True),
        Hint(60, 40, "keep"),
        Hint(30, 20, "#b58863", reach="picture"),
        Hint(30, 40, "#30a040", reach=Region(((5, 5), (50, 5), (5, 50)))),
        Hint(30, 40, "#3040a0", reach=Brush(((5, 5), (50, 5)), 9)),
        Hint(30, 40, "#a04030", reach=half),
    ]
    answer = web.post("/v1/colorize", files=one(photograph("PNG")), data={"edit": Edit(hints=hints).to_json()})
    assert answer.status_code == 200
    assert np.array_equal(pixels(answer.content), colorizer.colorize(photograph("PNG"), hints=hints).to_numpy())


def test_fields_are_laid_over_the_edit(web: Client, colorizer: Colorizer) -> None:
    edit = json.dumps({"hints": [{"x": 30, "y": 40, "ab": [60, 40]}], "vividness": 0.9, "strength": 0.3})
    answer = web.post("/v1/colorize", files=one(photograph("PNG")), data={"edit": edit, "strength": 1.0, "seed": ""})
    expected = colorizer.colorize(photograph("PNG"), hints=(Hint(30, 40, ab=(60, 40)),), vividness=0.9)
    assert np.array_equal(pixels(answer.content), expected.to_numpy())
    like = send(web, picture_in_color(), "postcard.png")
    answer = web.post("/v1/colorize", files=one(photograph("PNG")), data={"edit": json.dumps({"like": like["id"]})})
    expected = colorizer.colorize(photograph("PNG"), like=picture_in_color())
    assert np.abs(pixels(answer.content).astype(int) - expected.to_numpy()).mean() < 2


@pytest.mark.parametrize(("kind", "media"), [("PNG", "image/png"), ("TIFF", "image/tiff"), ("WEBP", "image/webp")])
def test_the_format_is_the_original_s_whatever_its_name(web: Client, kind: str, media: str) -> None:
    assert web.post("/v1/colorize", files=one(photograph(kind), "scan.jpg")).headers["content-type"] == media


@pytest.mark.parametrize(
    ("word", "media"),
    [("JPG", "image/jpeg"), ("jpeg", "image/jpeg"), (".Jpeg", "image/jpeg"), ("TIFF", "image/tiff"), (".png", "image/png")],
)
def test_formats_by_their_other_names(web: Client, word: str, media: str) -> None:
    assert web.post("/v1/colorize", files=one(), data={"format": word}).headers["content-type"] == media
    picture = send(web)
    answer = web.post(f"/v1/pictures/{picture['id']}/render", json={"format": word})
    assert answer.headers["content-type"] == media
    pattern = web.get("/v1/openapi.json").json()["components"]["schemas"]["Render"]["properties"]["format"]["pattern"]
    assert re.search(pattern, word)


def test_suggestions_are_those_of_the_library(web: Client, colorizer: Colorizer) -> None:
    answer = web.post("/v1/suggest", files=one(), data={"x": 60, "y": 45, "count": 4})
    families = colorizer.families(photograph(), 60, 45)
    assert [f["name"] for f in answer.json()["families"]] == [f.name for f in families]
    assert answer.json()["families"][0]["colors"][0]["color"] == families[0].colors[0].color
    expected = colorizer.suggest(photograph(), 60, 45, count=4)
    assert [(s["color"], pytest.approx(s["probability"])) for s in answer.json()["colors"]] == [
        (s.color, s.probability) for s in expected
    ]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"vividness": 2}, ("vividness", "less than or equal to 1")),
        ({"vividness": "nan"}, ("vividness",)),
        ({"variants": 0}, ("variants",)),
        ({"seed": -1}, ("seed",)),
        ({"ensemble": "perhaps"}, ("ensemble",)),
        ({"format": "exe"}, ("format",)),
        ({"format": "..jpg"}, ("format",)),
        ({"hints": "["}, ("hints", "JSON")),
        ({"hints": '[{"x": 1, "y": 2, "color": "red"}]'}, ("hints.0.color",)),
        ({"hints": '[{"x": 1, "y": 2, "color": "#fff", "reach": "far"}]'}, ("hints.0.reach", "object, picture, or an area")),
        ({"hints": '[{"x": 1, "y": 2, "color": "#fff", "reach": {"file": "/etc/passwd"}}]'}, ("hints.0.reach", "no such reach")),
        ({"hints": '[{"x": 1, "y": 2, "color": "#fff", "reach": {"brush": [[1, 2]]}}]'}, ("hints.0.reach.brush.width",)),
        ({"hints": json.dumps([MASKED] * 17)}, ("hints", "at most 16 hints")),
        ({"edit": "["}, ("edit", "JSON")),
        ({"edit": '{"vividnes": 1}'}, ("edit.vividnes",)),
        ({"edit": '{"hints": [{"x": 1}]}'}, ("edit.hints.0.y",)),
        ({"vivdness": 0.3}, ("vivdness",)),
        ({"quality": 90}, ("quality",)),
    ],
)
def test_invalid_fields_are_named(web: Client, fields: dict[str, Any], words: tuple[str, ...]) -> None:
    refused(web.post("/v1/colorize", files=one(), data=fields), 422, "invalid-request", *words)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        ({"x": 1, "y": 2}, "needs a color"),
        ({"x": 1, "y": 2, "color": "#123456", "ab": [1, 2]}, "needs a color"),
        ({"x": 1e9, "y": 2, "color": "#123456"}, "outside the picture"),
        ({"x": 1, "y": 2, "color": "#fff", "reach": {"region": [[0, 0], [1e9, 0], [0, 9]]}}, "outside the picture"),
        ({"x": 1, "y": 2, "color": "#fff", "reach": {"region": [[0, 0], [9, 9], [9, 0], [0, 9.5]]}}, "crosses itself"),
        ({"x": 1, "y": 2, "color": "#fff", "reach": {"region": []}}, "is empty"),
        ({"x": 1, "y": 2, "color": "#fff", "reach": {"region": [[i, i * i] for i in range(10_001)]}}, "at most 10,000"),
        ({"x": 1, "y": 2, "color": "#fff", "reach": "picture", "keep_rest": True}, "can't both"),
        ({"x": 1, "y": 2, "color": "#fff", "reach": {"png": "%"}}, "isn't base64"),
        (MASKED, "isn't the shape of the photograph"),
    ],
)
def test_hints_that_the_library_refuses(web: Client, hint: dict[str, Any], words: str) -> None:
    answer = web.post("/v1/colorize", files=one(), data={"hints": json.dumps([hint])})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_only_the_model_in_use_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are described from their specs."""
    loaded: list[str] = []
    load = Colorizer.__init__

    def counted(self: Colorizer, model: str = "tinct", **named: Any) -> None:
        loaded.append(model)
        load(self, model, **named)

    monkeypatch.setattr(Colorizer, "__init__", counted)
    with client(model="autoencoder") as web:
        models = {model["name"]: model for model in web.get("/v1/models").json()}
        assert loaded == ["autoencoder"]
        assert models["autoencoder"]["default"]
        assert [name for name, model in models.items() if model["takes_hints"] and model["has_code"]] == ["tinct"]
