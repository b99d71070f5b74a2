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
