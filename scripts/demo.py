"""Color sample photographs, and any that are named, and lay them out on one sheet: gray | colored | real.

The samples are those in scikit-image's wheel; only its files are used, and it is never imported. `make demo` runs this.
"""

from __future__ import annotations

import glob
import os
import shlex
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips

from tinct import Colorizer, Photo, PhotoError, TinctError
from tinct.color import chroma, lab_to_rgb, lightness, rgb_to_lab
from tinct.photo import color_path

Bytes = npt.NDArray[np.uint8]
Stroke = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]

DEMO = Path("demo")
SAMPLES = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
HEADINGS = ("gray", "colored", "real")
CELL, GAP = 400, 16  # pixels
PAPER = 248
GRAY_CHROMA = 4.0
"""Photographs of a lower mean chroma are taken for gray: nobody knows their real colors."""


def main() -> None:
    photos = named(os.environ.get("PHOTO", ""))
    for photo in photos:
        Photo.open(photo)  # better to hear of a wrong name now than after the samples
    (DEMO / "gray").mkdir(parents=True, exist_ok=True)
    colorizer = Colorizer()
    print(f"Coloring {len(SAMPLES) + len(photos)} photographs with the model {colorizer.spec.name!r}")
    rows, written = [], set[Path]()
    for source, gray in [*samples(), *((photo, photo) for photo in photos)]:
        target = color_path(gray, DEMO)
        while target in written:  # two photographs of one name
            target = target.with_name(f"another-{target.name}")
        written.add(colorizer.colorize(gray).save(target, overwrite=True))
        print(f"  {gray} -> {target}")
        real = cell(source)
        rows.append((gray_of(real), cell(target), None if chroma(rgb_to_lab(real)[..., 1:]).mean() < GRAY_CHROMA else real))
    contact_sheet = DEMO / "contact-sheet.png"
    pyvips.Image.new_from_array(sheet(rows)).write_to_file(str(contact_sheet))
    print(f"All of them side by side, {' | '.join(HEADINGS)}: {contact_sheet}")


def named(text: str) -> list[Path]:
    """The photographs in PHOTO="…": one name, spaces and all, or several as a shell would take them apart."""
    if not text.strip() or Path(text).exists():
        return [Path(text)] if text.strip() else []
    try:
        words = [os.path.expanduser(word) for word in shlex.split(text)]  # noqa: PTH111 (patterns, not paths)
    except ValueError:
        raise PhotoError(f"PHOTO={text}: there is no such file; check the path") from None
    return [Path(name) for word in words for name in sorted(glob.glob(word)) or [word]]  # noqa: PTH207 (absolute patterns)


def samples() -> list[tuple[Path, Path]]:
    """Each sample in color, and a gray copy of it, which is written."""
    package = find_spec("skimage")
    if package is None or not package.origin:
        raise TinctError("The sample photographs are in scikit-image: pip install --no-deps scikit-image")
    pairs = []
    for name in SAMPLES:
        real = Path(package.origin).parent / "data" / name
        gray = DEMO / "gray" / f"{real.stem}.jpg"
        pyvips.Image.new_from_array(gray_of(Photo.open(real).to_numpy())[..., :1]).write_to_file(str(gray), Q=95)
        pairs.append((real, gray))
    return pairs


def gray_of(rgb: Bytes) -> Bytes:
    """(H, W, 3) sRGB without its colors, its lightness unchanged."""
    lab = np.zeros(rgb.shape, np.float32)
    lab[..., 0] = lightness(rgb)
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


# ---- the sheet ----------------------------------------------------------------------------------------------------------------


def cell(path: Path) -> Bytes:
    """The picture, at most CELL wide and high."""
    photo = Photo.open(path)
    scale = CELL / max(photo.size)
    return photo.small_rgb(max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))


def sheet(rows: list[tuple[Bytes | None, ...]]) -> Bytes:
    """(H, W, 3): the headings, and one row of pictures under another; where there is None, paper."""
    strips = [strip([heading(word) for word in HEADINGS]), *(strip(row) for row in rows)]
    return np.concatenate([paper(GAP, strips[0].shape[1]), *strips])


def strip(pictures: list[Bytes] | tuple[Bytes | None, ...]) -> Bytes:
    """The pictures side by side, each in the middle of a cell."""
    height = max(picture.shape[0] for picture in pictures if picture is not None)
    out = paper(height + GAP, GAP + len(pictures) * (CELL + GAP))
    for column, picture in enumerate(pictures):
        if picture is not None:
            top, left = (height - picture.shape[0]) // 2, GAP + column * (CELL + GAP) + (CELL - picture.shape[1]) // 2
            out[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return out


def paper(height: int, width: int) -> Bytes:
    return np.full((height, width, 3), PAPER, np.uint8)


# A bare machine has no fonts, so the headings are drawn: letters one unit high, their bowls of radius 1/2.


def line(x0: float, y0: float, x1: float, y1: float) -> Stroke:
    """A straight stroke from (x0, y0) to (x1, y1)."""
    t = np.linspace(0, 1, 50)
    return x0 + (x1 - x0) * t, y0 + (y1 - y0) * t


def arc(start: float, stop: float, x: float = 0.5, y: float = 0.5, r: float = 0.5) -> Stroke:
    """A round stroke about (x, y), from one angle to another, in degrees."""
    t = np.radians(np.linspace(start, stop, 100))
    return x + r * np.cos(t), y + r * np.sin(t)


LETTERS: dict[str, list[Stroke]] = {
    "a": [arc(0, 360), line(1, 1, 1, 0)],
    "c": [arc(45, 315)],
    "d": [arc(0, 360), line(1, 1.6, 1, 0)],
    "e": [arc(0, 310), line(0, 0.5, 1, 0.5)],
    "g": [arc(0, 360), line(1, 1, 1, -0.1), arc(0, -140, y=-0.1)],
    "l": [line(0, 1.6, 0, 0)],
    "o": [arc(0, 360)],
    "r": [line(0, 1, 0, 0), arc(180, 70, x=0.45, y=0.5, r=0.45)],
    "y": [line(0, 1, 0.45, 0), line(0.9, 1, 0.2, -0.6)],
}


def heading(word: str, size: float = 15, weight: float = 2.2) -> Bytes:
    """(H, W, 3): the word in dark ink; `size` is the height of a small letter and `weight` of a stroke, in pixels."""
    xs, ys, left = [], [], 0.0
    for letter in word:
        for x, y in LETTERS[letter]:
            xs.append(left + x)
            ys.append(y)
        left = max(x.max() for x in xs) + 0.35
    dots = np.stack([np.concatenate(xs), 1.7 - np.concatenate(ys)]) * size + weight
    rows, columns = np.mgrid[: int(2.7 * size), : int(dots[0].max() + 2 * weight)]
    distance = np.sqrt(((np.stack([columns, rows])[..., None] - dots[:, None, None]) ** 2).sum(axis=0).min(axis=-1))
    ink = np.clip(weight / 2 + 0.5 - distance, 0, 1)[..., None]
    return np.rint(PAPER + ink * (40 - PAPER)).astype(np.uint8).repeat(3, axis=-1)


if __name__ == "__main__":
    try:
        main()
    except TinctError as error:
        sys.exit(f"demo: {error}")
