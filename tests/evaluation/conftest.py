"""A model that takes hints and draws variants without computing, and pictures for it."""

from __future__ import annotations

import importlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import draw
from tinct import Photo
from tinct.coloring.hints import Hint
from tinct.coloring.upsampling import recolor
from tinct.evaluation import workers
from tinct.evaluation.protocol import PROTOCOLS, Protocol
from tinct.runtime.prepare import Preparation
from tinct.runtime.spec import ModelSpec


class FakeCanvas:
    """Paints the whole picture in one color, which depends on vividness and variant, and hints over it."""

    def __init__(self, photo: Photo, drawn: list[tuple[Hint, ...]]) -> None:
        self.photo, self.drawn = photo, drawn

    def colorize(self, *, hints: Any = (), vividness: float = 0.5, variant: int = 1) -> Photo:
        self.drawn.append(tuple(hints))
        ab = np.full((self.photo.height, self.photo.width, 2), 1 + 10 * vividness + 3 * variant, np.float32)
        for hint in hints:
            assert isinstance(hint, Hint)
            half = hint.size / 2
            ab[round(hint.y - half) : round(hint.y + half), round(hint.x - half) : round(hint.x + half)] = hint.ab
        return recolor(self.photo, ab)

    def variants(self, count: int, *, variant: int = 1, vividness: float = 0.5) -> list[Photo]:
        return [self.colorize(vividness=vividness, variant=variant + n) for n in range(count)]


class FakeColorizer:
    takes_hints = has_code = True
    precision = "float"

    def __init__(self) -> None:
        self.spec = ModelSpec("fake", "fake", Preparation(64), parameters=7)
        self.sources: list[tuple[Any, int | None]] = []
        self.drawn: list[tuple[Hint, ...]] = []

    def canvas(self, source: Any, *, detail: int | None = None) -> FakeCanvas:
        self.sources.append((source, detail))
        return FakeCanvas(Photo.open(source), self.drawn)


@pytest.fixture(scope="session")
def small() -> Protocol:
    """A protocol of small pictures."""
    return Protocol("small", side=64, hint_counts=(0, 10, 100), samples=3, details=(48, 64, 96))


@pytest.fixture
def fake() -> Any:
    """The fake model; ``sources`` are the pictures that it was shown, ``drawn`` the hints that it was given."""
    return FakeColorizer()


@pytest.fixture
def fake_models(monkeypatch: pytest.MonkeyPatch, small: Protocol) -> None:
    """`evaluate` finds the fake under every model's name, and the small protocol under every protocol's."""

    def colorizer(model: Any, *, threads: int = 0, precision: str = "auto") -> Any:
        return FakeColorizer()

    module = importlib.import_module("tinct.evaluation.runner")
    monkeypatch.setattr(workers, "Colorizer", colorizer)
    monkeypatch.setattr(module, "Colorizer", colorizer)
    monkeypatch.setitem(PROTOCOLS, "tinct-256", small)
    cost = {"seconds": 0.01, "load_seconds": 0.1, "peak_mb": 90.0, "pictures": 12, "threads": 1}
    monkeypatch.setattr(module, "measure_cost", lambda model, grays, precision="auto": cost)


@pytest.fixture(scope="session")
def real() -> np.ndarray:
    """(64, 64, 3) a color picture."""
    return np.asarray(Image.fromarray(draw(1)).resize((64, 64)))


@pytest.fixture(scope="session")
def write_shard(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Writes a shard of `color` color pictures, a gray one and a broken one."""

    def write(color: int) -> Path:
        path = tmp_path_factory.mktemp("shards") / "val-000.tar"
        with tarfile.open(path, "w") as tar:
            for i in range(color + 2):
                file = io.BytesIO()
                Image.fromarray(draw(100 + i, 70, 60)).convert("L" if i == color else "RGB").save(file, "PNG")
                data = file.getvalue()[: 100 if i > color else None]
                info = tarfile.TarInfo(f"{i:02d}.png")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return path

    return write


@pytest.fixture(scope="session")
def shard(write_shard: Callable[..., Path]) -> Path:
    """12 color pictures, a gray one, a broken one."""
    return write_shard(12)
