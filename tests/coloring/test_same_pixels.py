"""The bundled models give the pixels that they gave when their decoding was last changed, on scikit-image's samples.

The hashes are the SHA-256 of those pixels, on the processor where they were taken. Where sums are rounded otherwise, on another
processor or in another order, a few colors move by a level; there the pictures, shrunk to 32 × 32, are compared with those in
same_pixels.npz. With new weights, or where colors are meant to change, `python tests/coloring/test_same_pixels.py` prints the hashes
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
    "astronaut automatic": "9421fe7a33629f49",
    "astronaut vividness 0": "f10cfe2e3dfe77d0",
    "astronaut hints": "df46cc531f1a4422",
    "astronaut variant 3": "6f40233d9c62588e",
    "astronaut like": "2f02cf907349f31c",
    "camera automatic": "42b18b2bf49ccd74",
    "camera vividness 0": "249d9b28f075b289",
    "camera hints": "1dab128dafc669c2",
    "camera variant 3": "84bee8bc5ef44401",
    "camera like": "980a99ac976997b4",
    "coffee automatic": "2d0b8f4e553eaa02",
    "coffee vividness 0": "15e5420e8d75b3df",
    "coffee hints": "67f279a57939675b",
    "coffee variant 3": "dfe4e47236cd68f6",
    "coffee like": "11fb577a4083fbc5",
    "chelsea automatic": "b279ff684a883414",
    "chelsea vividness 0": "95c5b14f79a60e38",
    "chelsea hints": "07cf1d7b24a09fc8",
    "chelsea variant 3": "8a7d651588466dbb",
    "chelsea like": "7b44482170347a22",
    "rocket automatic": "f1e28b0b7ac1c273",
    "rocket vividness 0": "ce06b558cd3ec2eb",
    "rocket hints": "02448989fdc0aaeb",
    "rocket variant 3": "2bc51ec7b2faf73c",
    "rocket like": "d026f505b91f7c2f",
    "chelsea best": "cfbdaf2d4c59e5eb",
    "rocket detail": "b369b1854db01332",
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
