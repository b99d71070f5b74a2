"""Write the pictures in docs/images with the bundled model: `make images`, after a change of its weights.

They show only scikit-image's sample photographs, and the sample film that `draw_film.py` draws.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pyvips
from demo import HEADINGS, SAMPLES, cell, gray_of, hints_of, marked, row, samples
from sheet import CELL, headings, inset, stack, strip

from tinct import Colorizer, Photo
from tinct.color import lab_to_rgb, rgb_to_lab
from tinct.coloring.upsampling import enlarge, recolor, sharpen
from tinct.film import Film, FilmEdit, Keyframe

Bytes = npt.NDArray[np.uint8]

IMAGES = Path(__file__).parent.parent / "docs" / "images"
MAX_BYTES = 680_000
"""Size of one picture's file, so that a page of the documentation loads quickly."""
FILM_TIMES = (0.25, 0.75, 1.5, 3.0, 5.0)
"""Seconds of the sample film: before, in and after the cut away."""
FILM_PAINT = (119, 101, 214, 161, "#a8563f")
"""Left, top, right and bottom, in pixels of the frame at the second time, and color: the wall of the house."""
CELL_SIDE, WORKING_SIDE = 40, 160
"""Pixels of the short side of the flagship's grid of cells and of its input."""


def main() -> None:
    colorizer = Colorizer()
    with tempfile.TemporaryDirectory() as folder:
        found = {real.name: (Photo.open(real), Photo.open(gray)) for real, gray, _ in samples(Path(folder))}
        rows = [row(colorizer, *photos, SAMPLES[name]) for name, photos in found.items()]
        save("contact-sheet.jpg", stack([headings(HEADINGS), *rows]))
        save("edits.jpg", edits(colorizer, found))
        save("edges.jpg", edges(found))
        save("film.jpg", film(Path(folder)))


def edits(colorizer: Colorizer, found: dict[str, tuple[Photo, Photo]]) -> Bytes:
    """Rows of one photograph each: hints, variants, reference pictures, vividness."""
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
    parts.append(strip([cell(photo) for photo in colorizer.variants(gray, 5)]))

    real, gray = found["chelsea.png"]
    others = [found[name][0] for name in ("coffee.png", "rocket.jpg", "motorcycle_left.png", "astronaut.png")]
    parts.append(headings(["automatic", *["like this: the picture in the corner"] * len(others)]))
    by_reference = [inset(cell(colorizer.colorize(gray, like=other)), thumbnail(other)) for other in others]
    parts.append(strip([cell(colorizer.colorize(gray)), *by_reference]))

    _, gray = found["motorcycle_left.png"]
    values = (0.0, 0.25, 0.5, 0.75, 1.0)
    parts.append(
        headings(["safest: vividness zero", "a quarter", "a half: as it comes", "three quarters", "most vivid: vividness one"])
    )
    parts.append(strip([cell(colorizer.colorize(gray, vividness=vividness)) for vividness in values]))
    return stack(parts)


def edges(found: dict[str, tuple[Photo, Photo]]) -> Bytes:
    """Real colors, averaged over the network's cells and upsampled again, bilinearly and along edges; crops at full resolution."""
    parts = [headings(["gray", "its colors in cells", "bilinear", "along edges", "real"])]
    for name, (left, top) in {"astronaut.png": (130, 10), "coffee.png": (60, 60)}.items():
        photo, crop = found[name][0], np.s_[top : top + CELL, left : left + CELL]
        grid, size = ([round(n * side / min(photo.size)) for n in photo.size] for side in (CELL_SIDE, WORKING_SIDE))
        cells, light = rgb_to_lab(photo.small_rgb(*grid))[..., 1:], photo.small_lightness(*size)
        lab = rgb_to_lab(photo.to_numpy())
        rows, columns = (np.arange(n) * m // n for n, m in zip(photo.size[::-1], grid[::-1], strict=True))
        planes = [np.zeros_like(lab[..., 1:]), cells[rows][:, columns], enlarge(cells, *photo.size).numpy()]
        shown = [lab_to_rgb(np.concatenate([lab[..., :1], ab], -1)) * 255 for ab in planes]
        shown += [recolor(photo, sharpen(cells, light), light).to_numpy(), photo.to_numpy()]
        parts.append(strip([np.rint(pixels[crop]).astype(np.uint8) for pixels in shown]))
    return stack(parts)


def film(folder: Path) -> Bytes:
    """Rows of frames of the sample film: gray, in color, and with paint on one frame."""
    source = Film(IMAGES / "film.mp4")
    paint = np.zeros((source.info.height, source.info.width, 4), np.uint8)
    left, top, right, bottom, color = FILM_PAINT
    paint[top:bottom, left:right] = [*bytes.fromhex(color[1:]), 255]
    edits = {"plain": FilmEdit(), "painted": FilmEdit(keyframes=(Keyframe(FILM_TIMES[1], paint),))}
    shown = [cell(source.frame(time)) for time in FILM_TIMES]
    parts = [headings(["a shot", "painted: in the corner", "later", "cut away", "and back"]), strip(shown)]
    for name, edit in edits.items():
        colored = folder / f"{name}.mkv"
        source.colorize(colored, edit)
        frames = [cell(Photo.open(frame_at(colored, time))) for time in FILM_TIMES]
        if name == "painted":
            frames[1] = inset(frames[1], thumbnail(Photo.open(np.where(paint[..., 3:] > 0, paint[..., :3], np.uint8(255)))))
        parts.append(strip(frames))
    return stack(parts)


def frame_at(path: Path, time: float) -> Bytes:
    """(H, W, 3) the first frame of a film at a time in seconds or later."""
    with av.open(str(path)) as container:
        frame = next(frame for frame in container.decode(video=0) if frame.time >= time - 1e-3)
        return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def thumbnail(photo: Photo) -> Bytes:
    scale = CELL / 4 / max(photo.size)
    return photo.small_rgb(round(photo.width * scale), round(photo.height * scale))


def save(name: str, pixels: Bytes, folder: Path = IMAGES) -> None:
    """Save as JPEG, at the highest quality within `MAX_BYTES`."""
    image = pyvips.Image.new_from_array(pixels)
    files = (image.jpegsave_buffer(Q=quality, subsample_mode="off", optimize_coding=True) for quality in range(94, 50, -4))
    data = next(data for data in files if len(data) <= MAX_BYTES)
    (folder / name).write_bytes(data)
    print(f"{folder / name}: {image.width} × {image.height}, {len(data) // 1000} kB")


if __name__ == "__main__":
    main()
