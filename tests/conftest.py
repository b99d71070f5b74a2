"""Settings of the test processes, drawn pictures, a photograph, and trained toy runs that several tests share."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # toy networks: more threads only wait for each other
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script; children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)

import numpy as np
import numpy.typing as npt
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from PIL import Image

from pictures import encoded, picture, random_ab
from skips import SkipGuard

if TYPE_CHECKING:
    from tinct.photo.photo import Photo

Shared = Callable[[str, Callable[[Path], object]], Path]

UNTIMED = [HealthCheck.too_slow, HealthCheck.data_too_large]  # a busy machine is no fault of a test
settings.register_profile("quick", max_examples=25, deadline=None, derandomize=True, suppress_health_check=UNTIMED)
settings.register_profile("ci", max_examples=100, deadline=None, derandomize=True, suppress_health_check=UNTIMED)
settings.register_profile("hunt", max_examples=5000, deadline=None, suppress_health_check=UNTIMED)  # other examples each time
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")
settings.load_profile(PROFILE)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-unexpected-skips", action="store_true", help="fail if tests are skipped that tests/skips.py doesn't list"
    )


def pytest_configure(config: pytest.Config) -> None:
    if SkipGuard.wanted(config) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipGuard(), "skip-guard")


@pytest.fixture(scope="session")
def thorough() -> bool:
    """Whether tests that go through many cases take all of them, as in CI, or a few."""
    return PROFILE != "quick"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """`shared_folder(name, make)`: a folder that `make` fills once, also where several pytest-xdist workers ask for it.

    Tests only read it.
    """
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def shared(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = root / f"shared-{name}", root / f"shared-{name}.done"
        with FileLock(root / f"shared-{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)  # half of it, where an earlier attempt failed
                folder.mkdir()
                make(folder)
                done.touch()
        return folder

    return shared


def draw(seed: int, width: int = 96, height: int = 80) -> npt.NDArray[np.uint8]:
    """(height, width, 3): a sky over a meadow with a red ball, all a little different for each seed."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / min(width, height)
    horizon = generator.uniform(0.3, 0.7)
    sky, meadow, ball = (np.array(c) for c in ((110, 160, 230), (70, 140, 50), (200, 40, 40)))
    picture = np.where((y < horizon)[..., None], sky, meadow) * (0.6 + 0.4 * np.sin(5 * x + seed)[..., None] ** 2)
    inside = np.hypot(x - generator.uniform(0.2, 0.8), y - generator.uniform(0.3, 0.8)) < 0.18
    picture[inside] = ball * generator.uniform(0.6, 1.0)
    return np.clip(picture + generator.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def folder(shared_folder: Shared) -> Path:
    """40 color pictures in two folders, JPEG and PNG."""

    def draw_all(root: Path) -> None:
        (root / "more").mkdir()
        for i in range(40):
            name = f"more/{i:02d}.jpg" if i % 2 else f"{i:02d}.png"
            Image.fromarray(draw(i)).save(root / name, **({"quality": 95} if i % 2 else {}))

    return shared_folder("pictures", draw_all)


@pytest.fixture(scope="session")
def toy_settings() -> list[str]:
    """Settings that make a recipe run in a second."""
    return ["size=16", "min_side=16", "batch=8", "epochs=2", "network.channels=[4,8,8,8]"]


@pytest.fixture(scope="session", params=["autoencoder", "vae"])
def run(request: pytest.FixtureRequest, folder: Path, toy_settings: list[str], shared_folder: Shared) -> Path:
    """A finished toy run of each model."""

    def make(root: Path) -> None:
        from tinct.training import Machine, load_recipe, train

        config = load_recipe(request.param, toy_settings, (str(folder),))
        train(config, root / request.param, machine=Machine(accelerator="cpu", precision="32-true"))

    return shared_folder(f"run-{request.param}", make) / request.param


@pytest.fixture(scope="session")
def toy_flagship() -> list[str]:
    """Settings that make a run of the flagship's recipe learn the drawn pictures in half a minute."""
    return [
        *("size=32", "min_side=16", "batch=8", "epochs=20", "minutes=0", "test_fraction=0.2", "stages=[{size=32, crop=1.0}]"),
        *("network.widths=[16,16,24,24]", "network.hint_widths=[8,8,8,8]", "network.latent=4", "network.context=16"),
        *("network.encoder_blocks=[1,1,1,1]", "network.decoder_blocks=[1,1,1,1]", "wear.emulsion=0", "wear.worn=0"),
        *("network.recognizer=false", "recognizer=''"),
        *("lr=5e-3", "optimizer.warmup=10", "optimizer.ema=0.9", "terms.kl_warmup=20"),
    ]


@pytest.fixture(scope="session")
def flagship_run(folder: Path, toy_flagship: list[str], shared_folder: Shared) -> Path:
    """A finished toy run of the flagship, which has learned its pictures."""

    def make(root: Path) -> None:
        from tinct.training import Machine, load_recipe, train

        config = load_recipe("tinct", toy_flagship, (str(folder),))
        train(config, root / "tinct", machine=Machine(accelerator="cpu", precision="32-true"), cache=root / "cache")

    return shared_folder("flagship", make) / "tinct"


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A gray JPEG, ``old.jpg``."""
    path = tmp_path / "old.jpg"
    path.write_bytes(encoded(picture("L"), "JPEG"))
    return path


@pytest.fixture
def colored(original: Path) -> Photo:
    """The original in color, not saved yet."""
    from tinct.coloring.provenance import Record
    from tinct.coloring.upsampling import recolor
    from tinct.photo.photo import Photo

    return recolor(Photo.open(original), random_ab(), record=Record("a model", "its sum", "1.0"))
