"""Write docs/images/film.mp4, the sample film of the documentation and the tests: `make film`, after a change of this script.

All of it is drawn by this code: a house by a road with a car and a walker, a cut to a boat at sea, and back to the house, where the camera
goes on from where it stopped; a tune, which is computed as well. It is drawn in color and written as a gray film with grain and specks;
`frames` gives the colors.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Color = tuple[float, float, float]

FILM = Path(__file__).parent.parent / "docs" / "images" / "film.mp4"
WIDTH, HEIGHT, RATE = 320, 240, 16
WORLD = 470
"""Width of the scene that the camera pans over."""
SHOTS = (40, 24, 32)
"""Frames of the house, the sea, and the house again."""
HORIZON, ROAD = 128, (176, 204)
CRF = 27
MAX_BYTES = 200_000
TUNE = "E4 G4 A4 C5 A4 G4 E4 D4 E4 G4 E4 C4"
SAMPLE_RATE = 24_000
_NOTES = {name: 2 ** ((step - 9) / 12) for name, step in zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=FILM)
    path = parser.parse_args().output
    write(path)
    size = path.stat().st_size
    print(f"{path.name}: {sum(SHOTS)} frames, {size:,} bytes")
    if size > MAX_BYTES:
        raise SystemExit(f"{path.name} is larger than {MAX_BYTES:,} bytes")


# ---- scenes ---------------------------------------------------------------------------------------------------------------------


def frames() -> Iterator[Floats]:
    """The film's frames in color, (HEIGHT, WIDTH, 3) sRGB values 0..1, without grain."""
    house, time = house_scene(), 0
    for shot, count in enumerate(SHOTS):
        for step in range(count):
            if shot == 1:
                yield sea(step)
                continue
            yield house_view(house, time)
            time += 1


def house_scene() -> Floats:
    """What stands still, (HEIGHT, WORLD, 3)."""
    scene = np.zeros((HEIGHT, WORLD, 3), np.float32)
    rows, columns = np.indices((HEIGHT, WORLD), dtype=np.float32)
    depth = (rows / HORIZON)[..., None]
    scene[:] = mix((0.36, 0.56, 0.85), (0.78, 0.87, 0.95), np.clip(depth, 0, 1))
    clouds = np.clip(noise(HEIGHT, WORLD, 1, (70, 30, 12)) * 1.6 - 0.75, 0, 0.85) * (rows < HORIZON)
    scene += clouds[..., None] * (np.array([0.97, 0.97, 0.98], np.float32) - scene)
    glow = np.exp(-np.hypot(columns - 395, rows - 36) / 22)[..., None]
    scene = np.asarray(scene + glow * (np.array([1, 0.95, 0.72], np.float32) - scene), np.float32)
    disc(scene, 395, 36, 13, (1, 0.96, 0.78))
    hills = rows > HORIZON - 14 - 10 * np.sin(columns / 55) - 5 * np.sin(columns / 21 + 1)
    paint(scene, hills, (0.33, 0.45, 0.34), noise(HEIGHT, WORLD, 2, (16, 6)), 0.5)
    paint(scene, rows > HORIZON, (0.36, 0.52, 0.2), noise(HEIGHT, WORLD, 3, (24, 6, 2)), 0.75)
    road = (rows > ROAD[0]) & (rows < ROAD[1])
    paint(scene, road, (0.47, 0.45, 0.43), noise(HEIGHT, WORLD, 4, (40, 3)), 0.3)
    paint(scene, (np.abs(rows - sum(ROAD) / 2) < 1.2) & (columns % 30 < 16), (0.85, 0.84, 0.78))
    draw_house(scene, 150, 160)
    draw_tree(scene, 318, 168, 44, 5)
    draw_tree(scene, 60, 160, 34, 6)
    return scene


def draw_house(scene: Floats, x: int, y: int) -> None:
    """A brick house; x is its left wall, y its ground."""
    rows, columns = np.indices(scene.shape[:2], dtype=np.float32)
    wall = (columns >= x) & (columns < x + 96) & (rows >= y - 62) & (rows < y)
    joints = ((rows - y) % 5 < 1) | ((columns + 5 * (((rows - y) // 5) % 2)) % 10 < 1)
    paint(scene, wall, (0.62, 0.31, 0.24), noise(*scene.shape[:2], 7, (9, 3)), 0.4)
    paint(scene, wall & joints, (0.72, 0.6, 0.52))
    polygon(scene, [(x - 8, y - 60), (x + 22, y - 98), (x + 78, y - 98), (x + 104, y - 60)], (0.33, 0.22, 0.2))
    for line in range(y - 94, y - 60, 6):
        cv2.line(
            scene,
            (x - 8 + max(0, (y - 60 - line) * 30 // 38), line),
            (x + 104 - (y - 60 - line) * 26 // 38, line),
            (0.25, 0.16, 0.15),
        )
    box(scene, x + 64, y - 112, 12, 26, (0.55, 0.29, 0.24))
    for left in (x + 10, x + 66):
        box(scene, left, y - 48, 20, 24, (0.93, 0.92, 0.88))
        box(scene, left + 2, y - 46, 16, 20, (0.3, 0.38, 0.46))
        box(scene, left + 9, y - 46, 2, 20, (0.93, 0.92, 0.88))
    box(scene, x + 38, y - 40, 20, 40, (0.2, 0.36, 0.27))
    disc(scene, x + 54, y - 19, 1, (0.85, 0.75, 0.35))
    for step in range(16):  # a hedge before the wall
        disc(scene, x + 2 + 2 * step, y - 4, 5, (0.2, 0.37 + 0.02 * (step % 3), 0.14))


def draw_tree(scene: Floats, x: int, y: int, radius: int, seed: int) -> None:
    """A tree with leaves of noise; x, y is the foot of its trunk."""
    polygon(scene, [(x - 5, y), (x - 3, y - radius), (x + 3, y - radius), (x + 6, y)], (0.36, 0.27, 0.2))
    random, crown = np.random.default_rng(seed), np.zeros(scene.shape[:2], np.uint8)
    for _ in range(26):
        angle, far = random.uniform(0, 2 * math.pi), radius * math.sqrt(random.uniform(0, 0.6))
        center = (round(x + far * math.cos(angle)), round(y - 1.45 * radius + 0.8 * far * math.sin(angle)))
        cv2.circle(crown, center, round(radius * random.uniform(0.2, 0.36)), 255, -1, cv2.LINE_AA)
    leaves = noise(*scene.shape[:2], seed + 20, (14, 5, 2))
    rows = np.indices(scene.shape[:2], dtype=np.float32)[0]
    light = 0.55 + 0.7 * leaves - 0.25 * (rows - (y - 1.45 * radius)) / radius
    scene += (crown / np.float32(255))[..., None] * (np.array([0.27, 0.43, 0.15], np.float32) * light[..., None] - scene)


def house_view(house: Floats, time: int) -> Floats:
    """The house with the car and the walker, as the moving camera sees it."""
    scene = house.copy()
    draw_walker(scene, 128 + 1.1 * time, 172, time)
    draw_car(scene, -30 + 5.2 * time, 200)
    left = 8 + 1.9 * time
    view = np.array([[1, 0, left], [0, 1, 0]], np.float64)
    return np.asarray(cv2.warpAffine(scene, view, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP), np.float32)


def draw_car(scene: Floats, x: float, y: float) -> None:
    """A car of the fifties, seen from the side; x is its rear, y the road."""
    polygon(scene, [(x + 18, y - 20), (x + 26, y - 35), (x + 52, y - 35), (x + 64, y - 20)], (0.86, 0.84, 0.76))
    polygon(scene, [(x + 23, y - 21), (x + 28, y - 32), (x + 38, y - 32), (x + 38, y - 21)], (0.35, 0.42, 0.48))
    polygon(scene, [(x + 41, y - 21), (x + 41, y - 32), (x + 51, y - 32), (x + 59, y - 21)], (0.35, 0.42, 0.48))
    polygon(scene, [(x, y - 8), (x + 1, y - 20), (x + 66, y - 22), (x + 86, y - 17), (x + 87, y - 7)], (0.7, 0.13, 0.14))
    polygon(scene, [(x, y - 12), (x + 87, y - 12), (x + 87, y - 10), (x, y - 10)], (0.9, 0.9, 0.9))
    for wheel in (x + 19, x + 68):
        disc(scene, wheel, y - 6, 8.5, (0.08, 0.08, 0.08))
        disc(scene, wheel, y - 6, 4.5, (0.75, 0.75, 0.75))
        angle = x / 8.5
        spoke = (wheel + 4 * math.cos(angle), y - 6 + 4 * math.sin(angle))
        polygon(scene, [(wheel - 0.6, y - 6.6), (wheel + 0.6, y - 5.4), spoke], (0.3, 0.3, 0.3))


def draw_walker(scene: Floats, x: float, y: float, time: int) -> None:
    """Someone in a blue coat and a hat who walks to the right; x, y is the ground below."""
    for phase in (0, math.pi):
        stride = 7 * math.sin(time * 0.75 + phase)
        polygon(scene, [(x - 2, y - 22), (x + 3, y - 22), (x + stride + 3, y), (x + stride - 2, y)], (0.2, 0.18, 0.2))
    polygon(scene, [(x - 6, y - 44), (x + 6, y - 44), (x + 8, y - 16), (x - 8, y - 16)], (0.17, 0.27, 0.52))
    swing = 5 * math.sin(time * 0.75)
    polygon(scene, [(x - 2, y - 43), (x + 2, y - 43), (x + swing + 2, y - 24), (x + swing - 2, y - 24)], (0.12, 0.2, 0.42))
    disc(scene, x, y - 49, 5.5, (0.86, 0.66, 0.54))
    polygon(scene, [(x - 8, y - 52), (x + 8, y - 52), (x + 8, y - 53.5), (x - 8, y - 53.5)], (0.42, 0.3, 0.2))
    polygon(scene, [(x - 5, y - 53), (x + 5, y - 53), (x + 4, y - 59), (x - 4, y - 59)], (0.42, 0.3, 0.2))


def sea(time: int) -> Floats:
    """A boat at sea."""
    rows, columns = np.indices((HEIGHT, WIDTH), dtype=np.float32)
    scene = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    scene[:] = mix((0.45, 0.63, 0.87), (0.83, 0.89, 0.94), np.clip(rows / 110, 0, 1)[..., None])
    clouds = np.clip(noise(HEIGHT, WIDTH + 40, 11, (60, 24, 10)) * 1.7 - 0.8, 0, 0.9)[:, round(time / 3) :][:, :WIDTH]
    scene += (clouds * (rows < 110))[..., None] * (np.array([0.98, 0.97, 0.95], np.float32) - scene)
    near = np.clip((rows - 110) / 130, 0, 1)
    wave = np.sin(rows / (1.5 + 5 * near) + 0.5 * time + 2 * np.sin(columns / (25 + 40 * near) - 0.25 * time))
    ripple = noise(HEIGHT, 4 * WIDTH, 12, (30, 8))[:, 2 * time :: 3][:, :WIDTH]
    light = 0.8 + 0.16 * wave * (0.4 + near) + 0.5 * (ripple - 0.5)
    paint(scene, rows > 110, (0.17, 0.38, 0.5), light - 0.5, 1.0)
    bob, x = 2.5 * math.sin(time / 3), 120 + 2.2 * time
    polygon(scene, [(x + 34, 60 + bob), (x + 36, 60 + bob), (x + 37, 148 + bob), (x + 34, 148 + bob)], (0.4, 0.28, 0.18))
    polygon(scene, [(x + 38, 62 + bob), (x + 38, 138 + bob), (x + 82, 138 + bob)], (0.95, 0.93, 0.86))
    polygon(scene, [(x + 32, 70 + bob), (x + 32, 138 + bob), (x + 4, 138 + bob)], (0.88, 0.85, 0.76))
    polygon(scene, [(x - 10, 147 + bob), (x + 88, 145 + bob), (x + 72, 167 + bob), (x + 4, 167 + bob)], (0.5, 0.2, 0.14))
    polygon(scene, [(x - 10, 147 + bob), (x + 88, 145 + bob), (x + 86, 149 + bob), (x - 8, 151 + bob)], (0.93, 0.9, 0.82))
    return scene


# ---- drawing --------------------------------------------------------------------------------------------------------------------


def noise(height: int, width: int, seed: int, scales: tuple[int, ...]) -> Floats:
    """(height, width) smooth noise, 0..1, the sum of several sizes in pixels; the larger ones are stronger."""
    random, total = np.random.default_rng(seed), np.zeros((height, width), np.float32)
    for scale in scales:
        grid = random.random((height // scale + 3, width // scale + 3), np.float32)
        total += cv2.resize(grid, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)[:height, :width] * scale**0.5
    low, high = np.percentile(total, (1, 99))
    return np.asarray(np.clip((total - low) / (high - low), 0, 1), np.float32)


def mix(one: Color, other: Color, share: Floats) -> Floats:
    return np.asarray(np.array(one) + share * (np.array(other) - np.array(one)), np.float32)


def paint(scene: Floats, where: npt.NDArray[np.bool_], color: Color, texture: Floats | None = None, contrast: float = 0) -> None:
    """Fill a mask; the texture, 0..1, makes it darker and lighter by half the contrast."""
    light = np.ones(where.shape, np.float32) if texture is None else 1 + contrast * (texture - 0.5)
    scene[where] = np.clip(np.array(color, np.float32) * light[where][:, None], 0, 1)


def polygon(scene: Floats, points: list[tuple[float, float]], color: Color) -> None:
    """Fill a polygon with smooth edges; corners have fractions of pixels."""
    covered = np.zeros(scene.shape[:2], np.uint8)  # OpenCV smooths edges in 8 bits only
    cv2.fillPoly(covered, [np.rint(np.array(points) * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    blend(scene, covered, color)


def box(scene: Floats, left: int, top: int, width: int, height: int, color: Color) -> None:
    scene[top : top + height, left : left + width] = color


def disc(scene: Floats, x: float, y: float, radius: float, color: Color) -> None:
    covered = np.zeros(scene.shape[:2], np.uint8)
    cv2.circle(covered, (round(x * 16), round(y * 16)), round(radius * 16), 255, -1, cv2.LINE_AA, shift=4)
    blend(scene, covered, color)


def blend(scene: Floats, covered: Bytes, color: Color) -> None:
    """Put a color where a mask of 0..255 says."""
    scene += (covered / np.float32(255))[..., None] * (np.array(color, np.float32) - scene)


# ---- the film -------------------------------------------------------------------------------------------------------------------


def gray_film() -> Iterator[Bytes]:
    """(HEIGHT, WIDTH) code values of luma in BT.709's limited range, with grain, specks and an exposure that flickers."""
    random = np.random.default_rng(1)
    for rgb in frames():
        luma = np.clip(rgb, 0, 1) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        luma = luma * (1 + random.normal(0, 0.012)) + cv2.GaussianBlur(random.normal(0, 0.02, luma.shape), (0, 0), 0.8)
        for _ in range(random.poisson(0.7)):
            place = (int(random.integers(WIDTH)), int(random.integers(HEIGHT)))
            cv2.ellipse(luma, place, (1, int(random.integers(1, 3))), random.uniform(0, 180), 0, 360, 0.92, -1, cv2.LINE_AA)
        yield np.rint(16 + 219 * np.clip(luma, 0, 1)).astype(np.uint8)


def tune(seconds: float) -> npt.NDArray[np.int16]:
    """The tune, (samples,) of one channel at SAMPLE_RATE."""
    names = TUNE.split()
    length = round(seconds * SAMPLE_RATE / len(names))
    time = np.arange(length) / SAMPLE_RATE
    played = []
    for name in names:
        pitch = 440 * _NOTES[name[0]] * 2 ** (int(name[1]) - 4)
        tone = sum(np.sin(2 * math.pi * pitch * n * time) / n**2 for n in (1, 2, 3))
        played.append(tone * np.exp(-4 * time) * np.minimum(time / 0.01, 1))
    return np.rint(np.concatenate(played) * 12_000).astype(np.int16)


def write(path: Path) -> None:
    """Write the film: H.264 and AAC, the same bytes from the same version of PyAV.

    Without `cpu-independent`, the rate control of libx264 in PyAV 18 depends on what else is in memory.
    """
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        container.metadata.update(title="A house by the road", comment="Drawn by scripts/draw_film.py")
        video = container.add_stream(
            "libx264",
            rate=RATE,
            options={"crf": str(CRF), "preset": "veryslow", "threads": "1", "x264-params": "cpu-independent=1"},
        )
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context = video.codec_context
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1  # BT.709, limited
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 32_000
        audio.metadata["language"] = "eng"
        for number, luma in enumerate(gray_film()):
            frame = av.VideoFrame.from_ndarray(np.concatenate([luma, np.full((HEIGHT // 2, WIDTH), 128, np.uint8)]), "yuv420p")
            frame.pts, frame.time_base, frame.colorspace, frame.color_range = number, Fraction(1, RATE), 1, 1
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        samples = tune(sum(SHOTS) / RATE)
        for start in range(0, len(samples), 1024):
            sound = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], format="s16", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))


if __name__ == "__main__":
    main()
