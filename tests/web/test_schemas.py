"""Words and defaults of requests are those of the library."""

from __future__ import annotations

import dataclasses

import typer

from tinct import Edit, Hint
from tinct.cli.app import app
from web_client import Client, one, refused, send


def test_the_words_and_defaults_are_those_of_the_library(web: Client) -> None:
    schemas = web.get("/v1/openapi.json").json()["components"]["schemas"]
    fields = {field.name for field in dataclasses.fields(Edit)}
    assert set(schemas["Edit"]["properties"]) == fields
    assert set(schemas["ColorizeForm"]["properties"]) == fields | {"photo", "edit", "variants", "format", "jpeg_quality"}
    options = {option.name for option in typer.main.get_command(app).commands["colorize"].params}  # type: ignore[attr-defined]
    assert options >= set(schemas["ColorizeForm"]["properties"]) - {"photo"}
    assert set(schemas["Render"]["properties"]) == fields | {"output", "format", "jpeg_quality"}
    assert send(web)["edit"] == {name: getattr(Edit(), name) for name in fields} | {"hints": []}
    for schema in ("Edit", "ColorizeForm"):
        for name in fields - {"hints", "like"}:
            assert schemas[schema]["properties"][name].get("default") == getattr(Edit(), name)


def test_a_hint_has_the_fields_and_defaults_of_the_library_s(web: Client) -> None:
    properties = web.get("/v1/openapi.json").json()["components"]["schemas"]["HintIn"]["properties"]
    fields = {field.name: field.default for field in dataclasses.fields(Hint)}
    assert list(properties) == list(fields)
    assert {name: properties[name]["default"] for name in ("size", "reach", "keep_rest")} == {
        name: fields[name] for name in ("size", "reach", "keep_rest")
    }


def test_unknown_keys_are_refused(web: Client) -> None:
    at = f"/v1/pictures/{send(web)['id']}"
    refused(web.post(f"{at}/preview", json={"vividnes": 1}), 422, "invalid-request", "vividnes")
    refused(web.post(f"{at}/preview", json={"like": "nobody"}), 404, "no-such-picture")
    assert "outside the picture" in web.post(f"{at}/suggest", json={"x": 1000, "y": 5}).json()["detail"]
    refused(web.post("/v1/suggest", files=one(), data={"x": 5, "y": 5, "cuont": 3}), 422, "invalid-request", "cuont")
    refused(web.post("/v1/pictures", files=one(), data={"nmae": "x"}), 422, "invalid-request", "nmae")
    refused(web.get("/v1/nothing"), 404, "not-found")
    refused(web.get("/v1/colorize"), 405, "method-not-allowed")
