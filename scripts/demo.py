"""Color sample photographs, and any that are named, and lay them out on one sheet: automatic, in variants, by hints.

The samples are those in scikit-image's wheel; only its files are used, and it is never imported. `make demo` runs this.
"""

from __future__ import annotations

import glob
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips
from sheet import CELL, dot, headings, stack, strip

from tinct import Colorizer, Hint, Photo, PhotoError, TinctError
from tinct.color import chroma, lab_to_rgb, lightness, rgb_to_lab
from tinct.photo.photo import color_path

Bytes = npt.NDArray[np.uint8]
Places = tuple[tuple[int, int], ...]

DEMO = Path("demo")
SAMPLES: dict[str, Places] = {
    "astronaut.png": ((110, 300), (58, 158), (300, 130)),  # suit, stripe of the flag, backdrop
    "chelsea.png": ((150, 105), (238, 50), (400, 250)),  # eye, forehead, couch
    "coffee.png": ((120, 242), (547, 214), (284, 168)),  # saucer, table, coffee
    "rocket.jpg": ((428, 50), (428, 320), (322, 278)),  # sky above, sky below, rocket
    "motorcycle_left.png": ((409, 214), (140, 463), (100, 50)),  # tank, floor, wall
}
"""Sample -> x, y of places whose color one would know."""
HEADINGS = ("gray", "automatic", "variant", "variant", "three hints: real color at the dots", "real")
REACH = 4
"""Distance from such a place, in pixels, up to which its color is averaged."""
SEED = 0
GRAY_CHROMA = 4.0
"""Mean chroma (C*ab) below which a photograph counts as gray, so that its real colors are unknown."""


def main() -> None:
    photos = named(os.environ.get("PHOTO", ""))
    for photo in photos:
        Photo.open(photo)  # so that a wrong name is an error before the samples are colored
    (DEMO / "gray").mkdir(parents=True, exist_ok=True)
    colorizer = Colorizer()
    print(f"Coloring {len(SAMPLES) + len(photos)} photographs with the model {colorizer.spec.name!r}")
    rows, written = [], set[Path]()
    for source, path, places in [*samples(DEMO / "gray"), *((photo, photo, ()) for photo in photos)]:
        gray = Photo.open(path)
        target = color_path(path, DEMO)
        while target in written:  # two photographs of one name
            target = target.with_name(f"another-{target.name}")
        written.add(colorizer.colorize(gray).save(target, overwrite=True))
        print(f"  {path} -> {target}")
        rows.append(row(colorizer, Photo.open(source), gray, places))
    contact_sheet = DEMO / "contact-sheet.png"
    pyvips.Image.new_from_array(stack([headings(HEADINGS), *rows])).write_to_file(str(contact_sheet))
    print(f"All of them side by side: {contact_sheet}")
    print("gray | automatic | two variants | three hints, the real color at the dots | real")
    print(f"Variants and hints of your own: {Path(sys.executable).with_name('tinct')} colorize --help")


def row(colorizer: Colorizer, source: Photo, gray: Photo, places: Sequence[tuple[int, int]]) -> Bytes:
    """One photograph's strip of the sheet; a cell without a picture stays empty."""
    real = cell(source)
    if chroma(rgb_to_lab(real)[..., 1:]).mean() < GRAY_CHROMA:
        real = None
    automatic, *others = colorizer.variants(gray, 3, seed=SEED)
    hinted = None
    if places:
        pixels = source.to_numpy()
        hinted = marked(cell(colorizer.colorize(gray, hints=hints_of(pixels, places))), pixels, places)
    return strip([gray_of(cell(source)), cell(automatic), *map(cell, others), hinted, real])


def named(text: str) -> list[Path]:
    """The photographs in PHOTO="…": one path, which may have spaces, or several, split and expanded as by a shell."""
    if not text.strip() or Path(text).exists():
        return [Path(text)] if text.strip() else []
    try:
        words = [os.path.expanduser(word) for word in shlex.split(text)]  # noqa: PTH111 (patterns, not paths)
    except ValueError:
        raise PhotoError(f"PHOTO={text}: there is no such file; check the path") from None
    return [Path(name) for word in words for name in sorted(glob.glob(word)) or [word]]  # noqa: PTH207 (absolute patterns)


def samples(folder: Path) -> Iterator[tuple[Path, Path, Places]]:
    """Each sample in color, a gray copy of it, which is written, and places worth a hint."""
    package = find_spec("skimage")
    if package is None or not package.origin:
        raise TinctError("The sample photographs are in scikit-image: pip install --no-deps scikit-image")
    for name, places in SAMPLES.items():
        real = Path(package.origin).parent / "data" / name
        gray = folder / f"{real.stem}.jpg"
        pyvips.Image.new_from_array(gray_of(Photo.open(real).to_numpy())[..., :1]).write_to_file(str(gray), Q=95)
        yield real, gray, places


def gray_of(rgb: Bytes) -> Bytes:
    """(H, W, 3) sRGB without its colors, its lightness unchanged."""
    lab = np.zeros(rgb.shape, np.float32)
    lab[..., 0] = lightness(rgb)
    return np.rint(lab_to_rgb(lab) * 255).astype(np.uint8)


# ---- pictures for the sheet -----------------------------------------------------------------------------------------------------


def hints_of(real: Bytes, places: Sequence[tuple[int, int]]) -> list[Hint]:
    """The real picture's own color at these places: the mean over a few pixels, so that grain doesn't matter."""
    lab = rgb_to_lab(real)
    patches = [lab[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1, 1:].mean(axis=(0, 1)) for x, y in places]
    return [Hint(x, y, ab=(float(a), float(b))) for (x, y), (a, b) in zip(places, patches, strict=True)]


def marked(picture: Bytes, real: Bytes, places: Sequence[tuple[int, int]]) -> Bytes:
    """A cell's picture with a dot in the real color at each of these places of the full-size picture."""
    out, scale = picture.copy(), picture.shape[1] / real.shape[1]
    for x, y in places:
        patch = real[y - REACH : y + REACH + 1, x - REACH : x + REACH + 1]
        dot(out, x * scale, y * scale, patch.mean(axis=(0, 1)).astype(np.uint8))
    return out


def cell(photo: Photo) -> Bytes:
    """The picture, at most CELL wide and high."""
    scale = CELL / max(photo.size)
    return photo.small_rgb(max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))


if __name__ == "__main__":
    try:
        main()
    except TinctError as error:
        sys.exit(f"demo: {error}")
