"""Write the pictures in docs/images with the bundled model: `make images`, whenever its weights are new.

They show scikit-image's sample photographs and no others.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips
from demo import HEADINGS, SAMPLES, cell, gray_of, hints_of, marked, row, samples
from sheet import CELL, headings, inset, stack, strip

from tinct import Colorizer, Photo
from tinct.color import lab_to_rgb, rgb_to_lab
from tinct.coloring.upsampling import enlarge, sharpen

Bytes = npt.NDArray[np.uint8]

IMAGES = Path(__file__).parent.parent / "docs" / "images"
MOST_BYTES = 680_000
"""A page with pictures should still open at once."""


def main() -> None:
    colorizer = Colorizer()
    with tempfile.TemporaryDirectory() as folder:
        found = {real.name: (Photo.open(real), Photo.open(gray)) for real, gray, _ in samples(Path(folder))}
        rows = [row(colorizer, *photos, SAMPLES[name]) for name, photos in found.items()]
        save("contact-sheet.jpg", stack([headings(HEADINGS), *rows]))
        save("edits.jpg", edits(colorizer, found))
        save("edges.jpg", edges(found))


def edits(colorizer: Colorizer, found: dict[str, tuple[Photo, Photo]]) -> Bytes:
    """What one can ask for beyond the automatic result: one photograph and one wish a row."""
    real, gray = found["coffee.png"]
    pixels, places = real.to_numpy(), SAMPLES["coffee.png"]
    hinted = [
        marked(cell(colorizer.colorize(gray, hints=hints_of(pixels, places[:count]))), pixels, places[:count])
        for count in range(1, 4)
    ]
    parts = [headings(["gray", "automatic", "one hint: the dot", "two hints", "three hints"])]
    parts.append(strip([gray_of(cell(real)), cell(colorizer.colorize(gray)), *hinted]))

    _, gray = found["astronaut.png"]
    parts.append(headings(["automatic", "variant", "variant", "variant", "variant"]))
    parts.append(strip([cell(photo) for photo in colorizer.colorize(gray, variants=5)]))

    real, gray = found["chelsea.png"]
    others = [found[name][0] for name in ("coffee.png", "rocket.jpg", "motorcycle_left.png", "astronaut.png")]
    parts.append(headings(["automatic", *["like this: the picture in the corner"] * len(others)]))
    liked = [inset(cell(colorizer.colorize(gray, like=other)), thumbnail(other)) for other in others]
    parts.append(strip([cell(colorizer.colorize(gray)), *liked]))

    _, gray = found["motorcycle_left.png"]
    degrees = (0.0, 0.25, 0.5, 0.75, 1.0)
    parts.append(
        headings(["safest: vividness zero", "a quarter", "a half: as it comes", "three quarters", "most vivid: vividness one"])
    )
    parts.append(strip([cell(colorizer.colorize(gray, vividness=vividness)) for vividness in degrees]))
    return stack(parts)


def edges(found: dict[str, tuple[Photo, Photo]]) -> Bytes:
    """Real colors, reduced to as few cells as the network has and enlarged again: bilinearly, and along edges. At 100 %."""
    parts = [headings(["gray", "its colors in cells", "bilinear", "along edges", "real"])]
    for name, (left, top) in {"astronaut.png": (130, 10), "coffee.png": (60, 60)}.items():
        photo, crop = found[name][0], np.s_[top : top + CELL, left : left + CELL]
        (few, size) = ([round(n * side / min(photo.size)) for n in photo.size] for side in (40, 160))
        cells, light = rgb_to_lab(photo.small_rgb(*few))[..., 1:], photo.small_lightness(*size)
        lab = rgb_to_lab(photo.to_numpy())
        down, across = (np.arange(n) * m // n for n, m in zip(photo.size[::-1], few[::-1], strict=True))
        ways = [np.zeros_like(lab[..., 1:]), cells[down][:, across], enlarge(cells, *photo.size).numpy()]
        shown = [lab_to_rgb(np.concatenate([lab[..., :1], ab], -1)) * 255 for ab in ways]
        shown += [photo.recolored(sharpen(cells, light), light).to_numpy(), photo.to_numpy()]
        parts.append(strip([np.rint(pixels[crop]).astype(np.uint8) for pixels in shown]))
    return stack(parts)


def thumbnail(photo: Photo) -> Bytes:
    scale = CELL / 4 / max(photo.size)
    return photo.small_rgb(round(photo.width * scale), round(photo.height * scale))


def save(name: str, pixels: Bytes) -> None:
    """As good a JPEG as `MOST_BYTES` allow."""
    image = pyvips.Image.new_from_array(pixels)
    files = (image.jpegsave_buffer(Q=quality, subsample_mode="off", optimize_coding=True) for quality in range(94, 50, -4))
    data = next(data for data in files if len(data) <= MOST_BYTES)
    (IMAGES / name).write_bytes(data)
    print(f"{IMAGES / name}: {image.width} × {image.height}, {len(data) // 1000} kB")


if __name__ == "__main__":
    main()
