"""docs/new-model.md: its code is run as it stands, at toy size."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from doc_blocks import ROOT, blocks
from tinct import Photo, training
from tinct._util.settings import parse_toml
from tinct.color import chroma, rgb_to_lab
from tinct.models import MODELS
from tinct.runtime.spec import read_spec

PAGE = ROOT / "docs" / "new-model.md"
TOY = ["size=16", "min_side=16", "batch=8", "epochs=2", "lr=1e-2"]


@pytest.fixture
def _models() -> Iterator[None]:
    """The models as they were before the page added one."""
    known = dict(MODELS)
    yield
    MODELS.clear()
    MODELS.update(known)
    sys.modules.pop("small_unet", None)


@pytest.mark.usefixtures("_models")
def test_the_page_s_model_is_trained_exported_and_colors(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pictures").symlink_to(folder, target_is_directory=True)
    Image.fromarray(draw(1, 61, 45)).convert("L").save(tmp_path / "old.jpg")
    file, entry, use = blocks(PAGE, "python")
    (recipe,) = blocks(PAGE, "toml")
    Path("small_unet.py").write_text(file)
    Path("small-unet.toml").write_text(recipe)
    load_recipe = training.load_recipe
    monkeypatch.setattr(training, "load_recipe", lambda name, settings, data: load_recipe(name, [*settings, *TOY], data))

    names: dict[str, Any] = {}
    for block in (entry, use):
        exec(compile(block, str(PAGE), "exec"), names)

    rows = [json.loads(line) for line in (names["run"] / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2]
    assert "width" in (names["run"] / "report.html").read_text()
    spec = read_spec(names["graph"].with_suffix(".safetensors"))
    assert (spec.architecture, spec.config) == ("small-unet", {"width": parse_toml(recipe, "recipe")["network"]["width"]})
    assert (spec.takes_hints, spec.has_code, spec.has_bins, spec.parts) == (False, False, False, ())
    colored = Photo.open("old.small-unet.jpg")
    assert colored.size == (61, 45)
    assert chroma(rgb_to_lab(np.asarray(colored.to_numpy()))[..., 1:]).mean() > 1


def test_the_page_names_the_capabilities_of_a_network() -> None:
    from tinct.models import Network

    declared = {name for name in Network.__annotations__ if name != "config"}
    page = PAGE.read_text("utf-8")
    assert {name for name in declared if f"| `{name}` |" in page} == declared
