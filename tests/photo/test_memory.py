"""Arrays and PIL images as pictures: shapes, types, alpha, and which are refused."""

from __future__ import annotations

import gc
import io
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pictures import HEIGHT, WIDTH, decoded, display_p3, encoded, exif_of, picture, random_ab, scene
from tinct.coloring.upsampling import recolor
from tinct.errors import PhotoError
from tinct.photo.photo import Photo


@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (HEIGHT, WIDTH, 1), (HEIGHT, WIDTH, 3)])
@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2"])
def test_takes_arrays(shape: tuple[int, ...], dtype: str) -> None:
    pixels = scene() if shape[-1] == 3 else scene()[..., :1]
    array = (pixels.astype(dtype) * (1 if dtype == "u1" else 257)).astype(dtype).reshape(shape)
    np.testing.assert_array_equal(Photo.open(array).to_numpy(), np.broadcast_to(pixels, (HEIGHT, WIDTH, 3)))


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "f4"])
def test_takes_arrays_with_alpha(dtype: str) -> None:
    pixels = np.concatenate([scene(), np.flip(scene()[..., :1], 1)], axis=2)
    array = pixels / np.float32(255) if dtype == "f4" else pixels.astype(dtype) * (1 if dtype == "u1" else 257)
    photo = Photo.open(array.astype(dtype))
    assert photo.deep == (dtype != "u1")
    np.testing.assert_array_equal(photo.to_numpy(), pixels[..., :3])
    np.testing.assert_array_equal(np.asarray(photo.to_pil()), pixels)


def test_alpha_of_an_array_is_saved(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 65536, (20, 30, 4), dtype=np.uint16)
    saved = tifffile.imread(recolor(Photo.open(array), random_ab()).save(tmp_path / "out.tif"))
    assert (saved.dtype, saved.shape) == (np.uint16, (20, 30, 4))
    np.testing.assert_array_equal(saved[..., 3], array[..., 3])


def test_takes_arrays_that_are_not_contiguous() -> None:
    np.testing.assert_array_equal(Photo.open(scene()[::-1, ::2]).to_numpy(), scene()[::-1, ::2])


def test_later_changes_of_an_array_do_not_show() -> None:
    array = scene()
    photo = Photo.open(array)
    array[:] = 0
    gc.collect()
    np.testing.assert_array_equal(photo.to_numpy(), scene())


@pytest.mark.parametrize(
    "array",
    [
        scene() > 100,
        scene().astype(np.complex64),
        scene().astype(np.int32),
        np.zeros((9, 9, 2), np.uint8),
        np.zeros(99, np.uint8),
        np.zeros((2, 9, 9, 3), np.uint8),
        np.zeros((0, 9, 3), np.uint8),
        np.full((9, 9), None),
        np.full((9, 9), "black"),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_other_arrays_are_refused_with_their_type_and_shape(array: np.ndarray) -> None:
    with pytest.raises(PhotoError) as raised:
        Photo.open(array)
    assert str(raised.value).startswith(
        f"<array> is {array.dtype} of shape {array.shape}; an array must be uint8, uint16 or floating"
    )
    assert raised.value.code == "array"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "YCbCr", "CMYK"])
def test_takes_pil_images(mode: str) -> None:
    photo = Photo.open(picture(mode))
    expected = scene()[..., [0, 0, 0]] if mode == "I;16" else np.asarray(picture(mode).convert("RGB"))
    assert photo.name == "<PIL image>"
    assert photo.size == (WIDTH, HEIGHT)
    if mode != "CMYK":
        np.testing.assert_array_equal(photo.to_numpy(), expected)


def test_a_big_endian_pil_image_keeps_its_16_bits() -> None:
    values = scene()[..., 0].astype(np.uint16) * 257
    image = Image.frombytes("I;16B", (WIDTH, HEIGHT), values.astype(">u2").tobytes())
    np.testing.assert_array_equal(np.asarray(Photo.open(image))[..., 0], values)


def test_a_pil_image_brings_its_orientation_and_profile() -> None:
    data = encoded(picture("RGB"), "PNG", exif=exif_of(_274=6), icc_profile=display_p3())
    np.testing.assert_array_equal(Photo.open(decoded(data)).to_numpy(), Photo.open(data).to_numpy())


def test_refuses_pil_images_of_unknown_range() -> None:
    with pytest.raises(PhotoError, match="convert it"):
        Photo.open(picture("L").convert("F"))


def test_a_damaged_pil_image_is_a_photo_error() -> None:
    with (
        Image.open(io.BytesIO(encoded(picture("RGB"), "JPEG")[:1500])) as image,
        pytest.raises(PhotoError, match="<PIL image> is damaged"),
    ):
        Photo.open(image)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(HEIGHT, WIDTH), (HEIGHT, WIDTH, 1), (HEIGHT, WIDTH, 3)])
def test_takes_floats_from_0_to_1(shape: tuple[int, ...], dtype: type) -> None:
    pixels = scene() if shape[-1] == 3 else scene()[..., :1]
    photo = Photo.open((pixels / 255).astype(dtype).reshape(shape))
    assert photo.deep
    np.testing.assert_array_equal(photo.to_numpy(), np.broadcast_to(pixels, (HEIGHT, WIDTH, 3)))


def test_floats_slightly_out_of_range_are_clipped() -> None:  # as resampling leaves them
    pixels = np.array([[-0.04, 0.0, 0.5, 1.0, 1.04]])
    np.testing.assert_array_equal(Photo.open(pixels).to_numpy()[0, :, 0], [0, 0, 128, 255, 255])
