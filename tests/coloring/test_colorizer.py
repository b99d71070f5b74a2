from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tinct
from conftest import draw
from tinct import Colorizer, ConfigError, Photo, PhotoError, WeightsError
from tinct.color import chroma, lab_to_rgb, lightness, rgb_to_lab
from tinct.runtime.spec import bundled, find, read_spec


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer()


@pytest.fixture(scope="module")
def gray() -> np.ndarray:
    return np.asarray(Image.fromarray(draw(5, 150, 101)).convert("L"))


def test_every_input_gives_the_same_colors(colorizer: Colorizer, gray: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "old.png"
    Image.fromarray(gray).save(path)
    inputs = [
        path,
        str(path),
        path.read_bytes(),
        Image.fromarray(gray),
        gray,
        np.repeat(gray[..., None], 3, axis=2),
        Photo.open(path),
    ]
    results = [colorizer.colorize(source).to_numpy() for source in inputs]
    assert all(result.shape == (101, 150, 3) and result.dtype == np.uint8 for result in results)
    assert all(np.abs(result.astype(int) - results[0]).max() <= 1 for result in results[1:])


@pytest.mark.parametrize("name", list(bundled()))
def test_bundled_models_color_and_keep_the_photograph_s_lightness(name: str, gray: np.ndarray) -> None:
    colored = Colorizer(name).colorize(gray).to_numpy()
    assert np.abs(lightness(colored) - lightness(np.repeat(gray[..., None], 3, axis=2))).max() < 1.0
    assert np.abs(rgb_to_lab(colored)[..., 1:]).mean() > 1.0


def test_strength_scales_the_colors(colorizer: Colorizer, gray: np.ndarray) -> None:
    chroma = [
        np.hypot(*np.moveaxis(rgb_to_lab(colorizer.colorize(gray, strength=s).to_numpy())[..., 1:], -1, 0)).mean()
        for s in (0, 0.5, 1)
    ]
    assert chroma[0] < 0.1
    assert chroma[1] == pytest.approx(chroma[2] / 2, rel=0.1)
    with pytest.raises(ConfigError, match="strength must be a number from 0 to 1"):
        colorizer.colorize(gray, strength=1.5)


@pytest.mark.parametrize("shape", [(8, 8), (9, 300), (300, 9), (33, 65), (1, 400)[::-1]])
def test_any_shape(colorizer: Colorizer, shape: tuple[int, int]) -> None:
    picture = np.tile(np.arange(shape[1], dtype=np.uint8), (shape[0], 1))
    if min(shape) < 8:
        with pytest.raises(PhotoError, match="at least 8"):
            colorizer.colorize(picture)
    else:
        assert colorizer.colorize(picture).to_numpy().shape == (*shape, 3)


def test_a_session_serves_many_threads(colorizer: Colorizer) -> None:
    pictures = [draw(i, 90 + i, 70) for i in range(12)]
    alone = [colorizer.colorize(p).to_numpy() for p in pictures]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda p: colorizer.colorize(p).to_numpy(), pictures * 3))
    assert all(np.array_equal(alone[i % 12], result) for i, result in enumerate(together))


def test_color_in_the_original_does_not_reach_the_network(colorizer: Colorizer) -> None:
    """A picture in color and its gray copy, whose lightness differs by rounding only, get the same colors."""
    picture = draw(3, 64, 60)
    lab = rgb_to_lab(picture)
    assert chroma(lab[..., 1:]).mean() > 20
    lab[..., 1:] = 0
    gray = np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)
    ab = [rgb_to_lab(colorizer.colorize(source).to_numpy())[..., 1:] for source in (picture, gray)]
    assert chroma(ab[0] - ab[1]).mean() < 2


def test_to_pil_and_save(colorizer: Colorizer, gray: np.ndarray, tmp_path: Path) -> None:
    colored = colorizer.colorize(gray)
    assert colored.to_pil().size == (150, 101)
    with Image.open(colored.save(tmp_path / "x.png")) as saved:
        assert np.array_equal(np.asarray(saved), colored.to_numpy())


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nowhere.jpg", r"nowhere\.jpg: there is no such file"),
        (b"", "0 bytes"),
        (b"hello, I am a text" * 9, "picture that tinct reads"),
        (np.zeros((1, 1), np.uint8), "at least 8"),
        (3.5, "isn't a picture"),
    ],
)
def test_what_is_no_picture_is_refused(colorizer: Colorizer, source: object, says: str) -> None:
    with pytest.raises(PhotoError, match=says):
        colorizer.colorize(source)  # type: ignore[arg-type]


def test_a_truncated_picture_is_refused(colorizer: Colorizer, tmp_path: Path) -> None:
    for kind in ("JPEG", "PNG"):
        buffer = io.BytesIO()
        Image.fromarray(draw(1, 400, 300)).save(buffer, kind)
        path = tmp_path / f"cut.{kind.lower()}"
        path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
        with pytest.raises(PhotoError, match=r"truncated|cut"):
            colorizer.colorize(path).save(tmp_path / "out.png")
        assert not (tmp_path / "out.png").exists()


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(WeightsError, match=r"no model 'autoencode' \(did you mean 'autoencoder'\?\)"):
        Colorizer("autoencode")


def test_what_is_bundled_says_what_it_is() -> None:
    assert list(bundled()) == ["tinct", "autoencoder", "vae"]
    for name, graph in bundled().items():
        spec = read_spec(graph.with_suffix(".safetensors"))
        assert (spec.name, spec.architecture) == (name, name)
        assert spec.training["pictures"]["train"] > 10_000
        assert "note" in spec.training
        assert find(name) == graph == find(graph) == find(graph.with_suffix(".safetensors"))
        files = [graph.with_suffix(".safetensors"), *graph.parent.glob(f"{name}*.onnx")]
        assert sum(len(zlib.compress(file.read_bytes(), 1)) for file in files) < 30e6  # in the wheel, which is compressed


def test_a_colorizer_knows_its_weights() -> None:
    file = find("vae").with_suffix(".safetensors")
    assert Colorizer("vae").weights == hashlib.sha256(file.read_bytes()).hexdigest()


def test_coloring_needs_no_torch() -> None:
    code = (
        "import sys, numpy as np, tinct\n"
        "tinct.Colorizer().colorize(np.zeros((20, 30), np.uint8)).to_numpy()\n"
        "import tinct.cli\n"
        "print(sorted({'torch', 'lightning_fabric', 'PIL'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_importing_tinct_loads_nothing_heavy() -> None:
    code = "import sys, tinct; print(sorted({'torch', 'pyvips', 'onnxruntime', 'numpy', 'typer', 'rich'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_coloring_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    """ONNX Runtime would keep an id of the machine there, and report to its maker."""
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    code = "import numpy, tinct; tinct.Colorizer().colorize(numpy.zeros((16, 16), 'u1')).to_numpy()"
    subprocess.run([sys.executable, "-c", code], env={**kept, "HOME": str(home)}, check=True)
    assert list(home.rglob("*")) == []


def test_the_public_face() -> None:
    assert sorted(tinct.__all__) == [
        *(
            "Brush",
            "Canvas",
            "ColorFamily",
            "Colorizer",
            "ConfigError",
            "DataError",
            "DeviceError",
            "Edit",
            "FilmError",
            "Hint",
            "HintError",
            "Mask",
            "ModelSpec",
        ),
        *(
            "Photo",
            "PhotoError",
            "Record",
            "Region",
            "Strokes",
            "Suggestion",
            "TinctError",
            "WeightsError",
            "__version__",
            "again",
            "read_hints",
        ),
    ]
    assert all(getattr(tinct, name) is not None for name in tinct.__all__)
    assert set(tinct.__all__) <= set(dir(tinct))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = tinct.nonsense
