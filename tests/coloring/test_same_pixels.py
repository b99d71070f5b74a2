"""The bundled models give the pixels that they gave before the package was rearranged (commit 0aab6bf), on scikit-image's samples.

The hashes are those of the pixels before: SHA-256, on the processor where they were taken. Where sums are rounded otherwise, on another
processor or in another order, a few colors move by a level; there the pictures, shrunk to 32 × 32, are compared with those in
same_pixels.npz. (So it is since the resamplers became one module, for reference pictures and for the rocket at detail 256: by one level in
13 of 273,280 pixels.) With new weights, or where colors are meant to change, `python tests/coloring/test_same_pixels.py` prints the hashes
and writes that file again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from tinct import Canvas, Colorizer, Hint, Photo

Pixels = npt.NDArray[np.uint8]
SMALL = Path(__file__).with_name("same_pixels.npz")
SIDE = 32
MAX_DIFFERENCE, MEAN_DIFFERENCE = 2, 0.2
"""Levels of 255 by which a shrunk picture may differ, at most and on average."""
PICTURES = ("astronaut", "camera", "coffee", "chelsea", "rocket")
CANVAS_EDITS: dict[str, Callable[[Canvas, Pixels], Photo]] = {
    "automatic": lambda canvas, _: canvas.colorize(),
    "vividness 0": lambda canvas, _: canvas.colorize(vividness=0.0),
    "hints": lambda canvas, picture: canvas.colorize(hints=two_hints(picture)),
    "variant 3": lambda canvas, _: canvas.colorize(variant=3, seed=5),
    "like": lambda canvas, _: canvas.colorize(like=data.coffee()),
}
CASES: dict[str, Callable[[], Photo]] = {
    **{f"{name} {edit}": lambda name=name, edit=edit: on_canvas(name, edit) for name in PICTURES for edit in CANVAS_EDITS},
    "chelsea best": lambda: colorizer("tinct").colorize(picture("chelsea"), ensemble=True),
    "rocket detail": lambda: colorizer("tinct").colorize(picture("rocket"), detail=256),
    **{
        f"{name} {model}": lambda name=name, model=model: colorizer(model).colorize(picture(name))
        for model in ("autoencoder", "vae")
        for name in ("astronaut", "camera")
    },
}
HASHES = {
    "astronaut automatic": "fbc8a8354c9c4087",
    "astronaut vividness 0": "f10cfe2e3dfe77d0",
    "astronaut hints": "8f97f4f5f2a9c75c",
    "astronaut variant 3": "bee9f7b4f7bce1c9",
    "astronaut like": "fd4c089bff3c5662",
    "camera automatic": "f367c1cec0486703",
    "camera vividness 0": "249d9b28f075b289",
    "camera hints": "8637d813e3cd709f",
    "camera variant 3": "abe25f1cc7f4ce5e",
    "camera like": "203c7bbd81fde294",
    "coffee automatic": "71bdf55c27826196",
    "coffee vividness 0": "15e5420e8d75b3df",
    "coffee hints": "ea080560675936cf",
    "coffee variant 3": "53bee83d6a5e2611",
    "coffee like": "fdd572ad9f12f51c",
    "chelsea automatic": "a6f942c6732b83fc",
    "chelsea vividness 0": "95c5b14f79a60e38",
    "chelsea hints": "b532e61e3347346d",
    "chelsea variant 3": "1d74cc804d0463ad",
    "chelsea like": "ccff47bb944b2205",
    "rocket automatic": "6dfd3549ef432285",
    "rocket vividness 0": "ce06b558cd3ec2eb",
    "rocket hints": "ac74513eb704d2f3",
    "rocket variant 3": "9c27f45bc7f85d53",
    "rocket like": "65399cdd0e0552ad",
    "chelsea best": "32e144d8a6f1d4cf",
    "rocket detail": "b7331dbb0f1fa0a1",
    "astronaut autoencoder": "3d40fc6122fd85ad",
    "camera autoencoder": "00401838f015320d",
    "astronaut vae": "10153847bbe62c0b",
    "camera vae": "41d1f5661e4005d3",
}
"""First 16 hexadecimal digits of the SHA-256 of (H, W, 3) uint8."""


@cache
def colorizer(model: str) -> Colorizer:
    return Colorizer(model, threads=1)  # sums in the same order on every machine


@cache
def picture(name: str) -> Pixels:
    return np.asarray(getattr(data, name)())


@cache
def canvas(name: str) -> Canvas:
    return colorizer("tinct").canvas(picture(name))


def on_canvas(name: str, edit: str) -> Photo:
    return CANVAS_EDITS[edit](canvas(name), picture(name))


def two_hints(pixels: Pixels) -> list[Hint]:
    height, width = pixels.shape[:2]
    return [
        Hint(width * 0.3, height * 0.4, "#b58863", reach="picture"),
        Hint(width * 0.6, height * 0.7, ab=(-30, 20), size=9, reach="picture"),
    ]


def digest(pixels: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()[:16]


def shrunk(pixels: Pixels) -> Pixels:
    """(SIDE, SIDE, 3): means over the blocks of a grid."""
    rows, columns = (np.linspace(0, length, SIDE + 1).round().astype(int) for length in pixels.shape[:2])
    sums = np.add.reduceat(np.add.reduceat(pixels.astype(np.int64), rows[:-1], axis=0), columns[:-1], axis=1)
    return np.rint(sums / (np.diff(rows)[:, None, None] * np.diff(columns)[None, :, None])).astype(np.uint8)


@pytest.mark.parametrize("case", CASES)
def test_pixels_are_as_before(case: str) -> None:
    pixels = CASES[case]().to_numpy()
    if digest(pixels) == HASHES[case]:
        return
    with np.load(SMALL) as before:
        difference = np.abs(shrunk(pixels).astype(int) - before[case])
    assert difference.max() <= MAX_DIFFERENCE
    assert difference.mean() <= MEAN_DIFFERENCE


def test_every_case_has_a_reference_that_tells_it_from_gray() -> None:
    with np.load(SMALL) as before:
        assert set(before) == set(HASHES) == set(CASES)
        for case, pixels in before.items():
            assert pixels.shape == (SIDE, SIDE, 3)
            assert np.ptp(pixels.astype(int), axis=2).mean() > 3, case


if __name__ == "__main__":
    found = {case: make().to_numpy() for case, make in CASES.items()}
    print(*(f'    "{case}": "{digest(pixels)}",' for case, pixels in found.items()), sep="\n")  # noqa: T201
    np.savez_compressed(SMALL, **{case: shrunk(pixels) for case, pixels in found.items()})
