"""One word for one thing: the fields of an edit, the options of the command line and the fields of the HTTP API."""

from __future__ import annotations

import dataclasses
import inspect
from enum import Enum
from typing import Any

import pytest
import typer

from tinct.cli._options import Device, Precision
from tinct.cli.app import app
from tinct.coloring.edit import Edit
from tinct.photo.photo import MAX_PIXELS, Photo


def parameters(command: str) -> dict[str, Any]:
    """The options of a command by their long names, without dashes before and with underscores inside."""
    group: Any = typer.main.get_command(app)
    found = group.commands[command].params
    return {p.opts[-1].removeprefix("--").replace("-", "_"): p for p in found if p.param_type_name == "option"}


def default_of(parameter: Any) -> Any:
    value = parameter.default() if callable(parameter.default) else parameter.default
    return value.value if isinstance(value, Enum) else value


def test_the_options_of_colorize_are_the_fields_of_an_edit_and_its_defaults() -> None:
    options, fields = parameters("colorize"), {field.name: field.default for field in dataclasses.fields(Edit)}
    assert fields.keys() <= options.keys()
    assert {name: default_of(options[name]) for name in fields if name != "hints"} == {
        name: default for name, default in fields.items() if name != "hints"
    }


def test_the_other_options_of_colorize_are_arguments_of_the_library() -> None:
    from tinct.collection import Settings
    from tinct.coloring.colorizer import Colorizer

    options, fields = parameters("colorize"), {field.name for field in dataclasses.fields(Edit)}
    save = inspect.signature(Photo.save).parameters
    known = set(inspect.signature(Colorizer.__init__).parameters) | set(save) | set(inspect.signature(Photo.open).parameters)
    of_the_command = {"output", "edit", "hint", "variants", "format", "layer", "compare", "recolor"}
    of_the_command |= {
        "include",
        "exclude",
        "dry_run",
        "jobs",
        "fresh",
        "keep",
        "series",
        "watch",
        "engine",
        "address",
    }  # of a collection
    assert options.keys() - fields - of_the_command <= known
    for name in ("overwrite", "jpeg_quality", "provenance"):
        assert default_of(options[name]) == save[name].default
    assert default_of(options["threads"]) == Settings().threads


def test_the_options_of_film_are_fields_of_an_edit_and_arguments_of_the_library() -> None:
    from tinct.film import Encoding, Film

    options, fields = parameters("film"), {field.name: field.default for field in dataclasses.fields(Edit)}
    assert {name: default_of(options[name]) for name in fields.keys() & options.keys()} == {
        name: default for name, default in fields.items() if name in options
    }
    color, encoding = inspect.signature(Film.colorize).parameters, {field.name for field in dataclasses.fields(Encoding)}
    of_the_command = {"edit", "keyframe", "keyframes", "model", "device", "precision", "from", "to"}
    assert options.keys() - fields.keys() - of_the_command <= color.keys() | encoding
    for name in ("every", "overwrite", "fresh", "threads"):
        assert default_of(options[name]) == color[name].default


def test_max_pixels_is_in_pixels_everywhere() -> None:
    assert {default_of(parameters(command)["max_pixels"]) for command in ("colorize", "again", "suggest")} == {MAX_PIXELS}


def test_devices_are_those_of_the_library() -> None:
    from tinct.runtime.devices import DEVICES

    assert tuple(device.value for device in Device) == DEVICES


def test_precisions_are_those_of_the_library() -> None:
    from tinct.runtime.sessions import PRECISIONS

    assert tuple(precision.value for precision in Precision) == PRECISIONS
    for command in ("colorize", "film", "suggest", "serve", "evaluate"):
        assert default_of(parameters(command)["precision"]) == "auto"


def test_http_s_edit_has_the_same_fields_and_defaults() -> None:
    schemas = pytest.importorskip("tinct.web.schemas")
    fields = {field.name: field.default for field in dataclasses.fields(Edit)}
    schema = schemas.Edit.model_json_schema()["properties"]
    assert fields.keys() <= schema.keys()
    assert {name: schema[name]["default"] for name in fields if name != "hints"} == {
        name: default for name, default in fields.items() if name != "hints"
    }


def test_serve_s_options_are_the_server_s_settings() -> None:
    settings = pytest.importorskip("tinct.web.settings").Settings
    options, fields = parameters("serve"), {field.name: field.default for field in dataclasses.fields(settings)}
    renamed = {"allow_host": "hosts"}
    mine = {renamed.get(name, name): parameter for name, parameter in options.items() if name != "open"}
    assert mine.keys() <= fields.keys()
    assert {name: default_of(parameter) or fields[name] for name, parameter in mine.items()} == {
        name: fields[name] for name in mine
    }


def test_train_s_defaults_are_the_machine_s() -> None:
    """Typed again on the command line, as the module of `Machine` loads torch."""
    from tinct.training import Machine

    options = parameters("train")
    fields = {field.name: field.default for field in dataclasses.fields(Machine)}
    assert fields.keys() <= options.keys()
    assert {name: str(default_of(options[name])) for name in fields} == {name: str(default) for name, default in fields.items()}
