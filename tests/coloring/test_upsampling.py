"""Enlarging chroma: plainly, beside scikit-image's; and along the edges of lightness, beside the truth and the plain way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
import skimage.data
from scipy.ndimage import distance_transform_edt
from skimage.transform import downscale_local_mean, resize

from tinct.color import chroma as size_of
from tinct.color import rgb_to_lab
from tinct.coloring.upsampling import enlarge, fidelity, guided, sharpen

Floats = np.ndarray

SHAPES = [
    ((5, 7), (50, 70)),
    ((5, 7), (5, 7)),
    ((5, 7), (31, 5)),
    ((1, 1), (9, 13)),
    ((2, 3), (400, 399)),
    ((64, 48), (301, 227)),
    ((1, 5), (33, 1000)),
    ((16, 16), (15, 11)),
]


def chroma(height: int, width: int) -> Floats:
    return np.random.default_rng(height * width).normal(0, 40, (height, width, 2)).astype(np.float32)


def reduced(values: Floats, by: int) -> Floats:
    return downscale_local_mean(values, (by, by, 1)[: values.ndim]).astype(np.float32)


def image(light: Floats) -> pyvips.Image:
    height, width = light.shape
    return pyvips.Image.new_from_memory(np.asarray(light, np.float32).tobytes(), width, height, 1, "float")


def drawn(height: int, width: int, grain: float = 0.0) -> tuple[Floats, Floats, Floats]:
    """L*, (a*, b*) of a slanting edge and a disk in two flat colors, and how far each pixel is from an edge."""
    y, x = np.mgrid[:height, :width]
    inside = (x / width - 0.55 + 0.4 * (y / height - 0.5) > 0) | (np.hypot(x - width * 0.2, y - height * 0.3) < height * 0.15)
    light = np.where(inside, 70, 35) + np.random.default_rng(0).normal(0, grain or 1e-9, (height, width))
    ab = np.where(inside[..., None], [30, 40], [-5, -35])
    away = distance_transform_edt(inside) + distance_transform_edt(~inside)
    return np.clip(light, 0, 100).astype(np.float32), ab.astype(np.float32), away


def photograph(name: str) -> tuple[Floats, Floats]:
    """L* and (a*, b*), both sides multiples of 16."""
    rgb = getattr(skimage.data, name)()
    lab = rgb_to_lab(rgb[: rgb.shape[0] // 16 * 16, : rgb.shape[1] // 16 * 16])
    return np.ascontiguousarray(lab[..., 0]), lab[..., 1:]


def error(result: Floats, truth: Floats) -> float:
    return float(size_of(result - truth).mean())


# ---- sharpen --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_photographs_come_out_closer_to_the_truth_than_bilinear(name: str) -> None:
    light, ab = photograph(name)
    cells, middle = reduced(ab, 16), reduced(light, 4)
    height, width = light.shape
    plain = enlarge(cells, width, height).numpy()
    result = guided(sharpen(cells, middle), middle, image(light)).numpy()
    assert error(result, ab) < 0.85 * error(plain, ab)
    edges = size_of(plain - ab) > 15
    assert edges.mean() > 0.02
    assert error(result[edges], ab[edges]) < 0.8 * error(plain[edges], ab[edges])


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
def test_cells_keep_their_means(name: str) -> None:
    light, ab = photograph(name)
    cells = reduced(ab, 16)
    back = reduced(sharpen(cells, reduced(light, 4)), 4)
    assert error(back, cells) < 0.3
    assert size_of(back - cells).max() < 5
    assert error(reduced(enlarge(cells, light.shape[1], light.shape[0]).numpy(), 16), cells) > 1  # which bilinear doesn't do


def test_an_edge_is_where_lightness_has_it() -> None:
    light, ab, _ = drawn(160, 240)
    cells = reduced(ab, 4)
    plain = enlarge(cells, 240, 160).numpy()
    assert error(sharpen(cells, light), ab) < 0.1 * error(plain, ab)


def test_nothing_shifts() -> None:
    light, ab, _ = drawn(160, 240)
    result = sharpen(reduced(ab, 4), light)
    for axis in (0, 1):
        flipped = sharpen(reduced(np.flip(ab, axis), 4), np.flip(light, axis))
        np.testing.assert_allclose(np.flip(flipped, axis), result, atol=0.02)
    shifted = [error(np.roll(result, n, axis)[4:-4, 4:-4], ab[4:-4, 4:-4]) for axis in (0, 1) for n in (-1, 1)]
    assert error(result[4:-4, 4:-4], ab[4:-4, 4:-4]) < 0.3 * min(shifted)


@pytest.mark.parametrize("color", [(0.0, 0.0), (12.5, -30.25), (-110.0, 110.0)])
def test_one_color_stays_whatever_the_lightness(color: tuple[float, float]) -> None:
    light = np.random.default_rng(1).uniform(0, 100, (64, 96)).astype(np.float32)
    cells = np.broadcast_to(np.float32(color), (16, 24, 2))
    ab = sharpen(cells, light)
    np.testing.assert_allclose(ab, np.broadcast_to(np.float32(color), ab.shape), atol=1e-2)
    full = np.random.default_rng(2).uniform(0, 100, (200, 300)).astype(np.float32)
    np.testing.assert_allclose(guided(ab, light, image(full)).numpy(), np.broadcast_to(np.float32(color), (200, 300, 2)), atol=2e-2)


def test_flat_lightness_gives_about_what_bilinear_gives() -> None:
    _, ab, _ = drawn(160, 240)
    cells = reduced(ab, 4)
    result, plain = sharpen(cells, np.full((160, 240), 50, np.float32)), enlarge(cells, 240, 160).numpy()
    assert np.isfinite(result).all()
    assert error(result, ab) < 1.02 * error(plain, ab)
    assert result.max() < ab.max() + 0.16 * (ab.max() - ab.min())  # no halos to speak of


@pytest.mark.parametrize("texture", ["grain", "stripes", "blocks"])
def test_lightness_that_says_nothing_of_color_does_little_harm(texture: str) -> None:
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:160, :240]
    light = {
        "grain": rng.normal(50, 15, (160, 240)),
        "stripes": 50 + 20 * np.sin(x / 3 + y / 7),
        "blocks": rng.uniform(20, 80, (16, 24)).repeat(10, 0).repeat(10, 1),
    }[texture]
    truth = np.stack([40 * np.sin(x / 40) * np.cos(y / 30), 40 * np.cos(x / 25 + y / 45)], axis=-1)
    cells = reduced(truth, 4)
    plain = enlarge(cells, 240, 160).numpy()
    result = sharpen(cells, np.clip(light, 0, 100).astype(np.float32))
    assert error(result, truth) < error(plain, truth) + 1  # of colors up to 57 strong
    _, ab, _ = drawn(160, 240)
    cells = reduced(ab, 4)
    result = sharpen(cells, np.clip(light, 0, 100).astype(np.float32))
    assert error(result, ab) < 1.1 * error(enlarge(cells, 240, 160).numpy(), ab)


@pytest.mark.parametrize(
    ("cells", "pixels"),
    [
        ((2, 2), (8, 8)),
        ((1, 1), (1, 1)),
        ((1, 40), (1, 160)),
        ((1, 1), (3, 700)),
        ((5, 7), (19, 30)),
        ((5, 7), (5, 7)),
        ((5, 7), (3, 4)),
        ((40, 1), (160, 2)),
    ],
)
def test_any_shape(cells: tuple[int, int], pixels: tuple[int, int]) -> None:
    light = np.random.default_rng(4).uniform(0, 100, pixels).astype(np.float32)
    small = chroma(*cells)
    ab = sharpen(small, light)
    assert ab.shape == (*pixels, 2)
    assert ab.dtype == np.float32
    assert np.isfinite(ab).all()
    assert np.abs(ab).max() <= 1.5 * np.abs(small).max()
    for size in (pixels, (8, 8), (pixels[0] * 9 + 2, pixels[1] * 9 + 1)):
        result = guided(ab, light, image(resize(light, size))).numpy()
        assert result.shape == (*size, 2)
        assert np.isfinite(result).all()
        assert np.abs(result).max() <= 2 * np.abs(small).max()


@pytest.mark.parametrize(("cells", "light"), [((4, 4), (8, 8)), ((4, 4, 3), (8, 8)), ((0, 4, 2), (8, 8)), ((4, 4, 2), (8, 8, 1))])
def test_sharpen_refuses_other_shapes(cells: tuple[int, ...], light: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must be"):
        sharpen(np.zeros(cells, np.float32), np.zeros(light, np.float32))


def test_sharpen_leaves_its_arguments_alone() -> None:
    light, ab, _ = drawn(64, 96)
    cells = reduced(ab, 4)
    cells.setflags(write=False)
    light.setflags(write=False)
    np.testing.assert_array_equal(sharpen(cells, light), sharpen(cells.astype(np.float64), np.asfortranarray(light)))


def test_guessed_colors_are_smoother_inside_objects_and_keep_their_edges() -> None:
    light, ab, away = drawn(160, 240)
    cells = reduced(ab, 4) + np.random.default_rng(5).normal(0, 4, (40, 60, 2)).astype(np.float32)
    kept, freed = sharpen(cells, light), sharpen(cells, light, 0.1)
    inside = away > 8
    assert error(freed[inside], ab[inside]) < 0.8 * error(kept[inside], ab[inside])
    assert error(freed[~inside], ab[~inside]) < error(kept[~inside], ab[~inside])


def test_fidelity_falls_with_vividness() -> None:
    assert fidelity(0) == 1
    assert 1 > fidelity(0.1) > fidelity(0.25) == fidelity(0.5) == fidelity(1)


# ---- guided ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "shrunk"), [((480, 720), False), ((1000, 1500), False), ((1291, 1937), True), ((2000, 3001), True)]
)
def test_edges_of_large_photographs_are_sharper_than_bilinear(size: tuple[int, int], shrunk: bool) -> None:
    light, ab, away = drawn(*size)
    small, colors, _ = drawn(160, 240)
    result, plain = guided(colors, small, image(light)).numpy(), enlarge(colors, size[1], size[0]).numpy()
    near = away < 2 * size[0] / 160
    assert error(result[near], ab[near]) < 0.85 * error(plain[near], ab[near])
    assert (size[0] // 160 // 4 > 1) == shrunk  # both ways are tried
    assert result.max() < ab.max() + 4
    assert result.min() > ab.min() - 4


@pytest.mark.parametrize("size", [(160, 240), (320, 480)])
def test_it_agrees_with_the_middle_size(size: tuple[int, int]) -> None:
    light, ab = photograph("coffee")
    small, colors = resize(light, (160, 240), anti_aliasing=True), resize(ab, (160, 240, 2), anti_aliasing=True)
    result = guided(colors, small, image(resize(light, size, anti_aliasing=True))).numpy()
    assert error(reduced(result, size[0] // 160), colors) < 0.8


@pytest.mark.parametrize("size", [(160, 240), (480, 720), (1600, 2400)])
def test_grain_keeps_out_of_the_colors(size: tuple[int, int]) -> None:
    light, ab, away = drawn(*size, grain=5)
    by = size[0] // 160
    middle = reduced(light, by) if by > 1 else light
    cells = reduced(ab, 4 * by)
    result, plain = guided(sharpen(cells, middle), middle, image(light)).numpy(), enlarge(cells, size[1], size[0]).numpy()
    flat, near = away > 8 * by, away < 4 * by
    assert size_of(result - ab)[flat].max() < size_of(plain - ab)[flat].max() + 0.6
    assert error(result[flat], ab[flat]) < 0.05
    assert error(result[near], ab[near]) < 0.5 * error(plain[near], ab[near])  # and still the edges are sharp


def test_a_gradient_of_color_under_grain_stays_smooth() -> None:
    light = np.random.default_rng(5).normal(50, 5, (480, 720)).astype(np.float32)
    ramp = np.linspace(-40, 40, 720)
    ab = np.broadcast_to(np.stack([ramp, -ramp], axis=-1), (480, 720, 2)).astype(np.float32)
    middle = reduced(light, 3)
    result = guided(sharpen(reduced(ab, 12), middle), middle, image(light)).numpy()
    plain = enlarge(reduced(ab, 12), 720, 480).numpy()
    inside = np.s_[20:-20, 20:-20]
    assert error(result[inside], ab[inside]) < error(plain[inside], ab[inside]) + 0.35


def test_refuses_what_does_not_belong_together() -> None:
    ab, light = np.zeros((4, 6, 2), np.float32), np.zeros((4, 6), np.float32)
    with pytest.raises(ValueError, match="belong together"):
        guided(ab, light[:3], image(light))
    with pytest.raises(ValueError, match="belong together"):
        guided(ab, light, image(light).bandjoin(image(light)))
    with pytest.raises(ValueError, match=r"\(h, w, 2\)"):
        guided(light, light, image(light))


STREAM = """
import sys
import numpy as np, pyvips
from tinct.evaluation.cost import peak_memory
from tinct.photo.pixels import with_chroma
from tinct.coloring.upsampling import guided
pyvips.cache_set_max(0)
rng = np.random.default_rng(0)
light, ab = rng.uniform(0, 100, (160, 200)).astype("f"), rng.normal(0, 30, (160, 200, 2)).astype("f")
before = peak_memory()
photo = pyvips.Image.new_from_file(sys.argv[1], access="sequential", fail_on="error")
color = with_chroma(photo, lambda full: guided(ab, light, full))
color.jpegsave(sys.argv[2], Q=80)
print((peak_memory() or 0) - (before or 0))
"""


@pytest.mark.parametrize("bands", [1, 3])
def test_a_large_sequential_photograph_streams(bands: int, tmp_path: Path) -> None:
    """Several consumers of one source: it neither comes to lie in memory, nor is read out of order, nor depends on the threads."""
    source = tmp_path / "large.jpg"
    gray = pyvips.Image.grey(6800, 5001).linear(200, 20).cast("uchar")
    gray.bandjoin([gray] * (bands - 1)).copy(interpretation="b-w" if bands == 1 else "srgb").jpegsave(str(source))
    results, memory = [], []
    for threads in ("1", "2", "8"):
        output = tmp_path / f"{threads}.jpg"
        ended = subprocess.run(
            [sys.executable, "-c", STREAM, str(source), str(output)],
            env={**os.environ, "VIPS_CONCURRENCY": threads},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not ended.returncode, ended.stderr
        memory.append(float(ended.stdout))
        results.append(output.read_bytes())
    assert len(set(results)) == 1
    assert max(memory[:2]) < 110  # MB; L* alone is 136, and buffers grow with threads


# ---- enlarge --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("small", "large"), SHAPES)
def test_is_bilinear_with_pixel_centers_aligned(small: tuple[int, int], large: tuple[int, int]) -> None:
    ab = chroma(*small)
    expected = resize(ab, large, order=1, mode="edge", anti_aliasing=False, preserve_range=True)
    np.testing.assert_allclose(enlarge(ab, large[1], large[0]).numpy(), expected, atol=1e-3)


def test_gives_two_float_bands_of_the_size_asked_for() -> None:
    for result in (enlarge(chroma(4, 6), 31, 17), guided(chroma(4, 6), chroma(4, 6)[..., 0] + 50, image(np.zeros((17, 31))))):
        assert (result.width, result.height, result.bands, result.format) == (31, 17, 2, "float")


def test_same_size_changes_nothing() -> None:
    ab = chroma(12, 10)
    np.testing.assert_array_equal(enlarge(ab, 10, 12).numpy(), ab)


def test_a_flat_color_stays_flat_up_to_the_edges() -> None:
    large = enlarge(np.full((3, 4, 2), 12.5, np.float32), 101, 77).numpy()
    np.testing.assert_array_equal(large, np.full((77, 101, 2), 12.5, np.float32))


@pytest.mark.parametrize("view", [lambda a: a[::-1], lambda a: a.astype(np.float64), lambda a: a.transpose(1, 0, 2)])
def test_takes_any_memory_layout(view: object) -> None:
    ab = view(chroma(6, 6))  # type: ignore[operator]
    np.testing.assert_array_equal(enlarge(ab, 6, 6).numpy(), ab.astype(np.float32))


def test_later_changes_of_the_array_do_not_show() -> None:
    ab = chroma(6, 6)
    before, result = ab.copy(), enlarge(ab, 6, 6)
    ab[:] = 0
    np.testing.assert_array_equal(result.numpy(), before)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 3), (2, 4, 4, 1), (0, 4, 2)])
def test_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\(h, w, 2\)"):
        enlarge(np.zeros(shape, np.float32), 8, 8)


@pytest.mark.parametrize("size", [(0, 8), (8, -1)])
def test_refuses_an_empty_result(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot enlarge"):
        enlarge(chroma(4, 4), *size)
