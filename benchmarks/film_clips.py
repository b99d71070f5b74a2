"""Short films whose true colors and motion are known, made from color pictures; `film.py` measures with them.

    from film_clips import make_clips, measure
    for clip in make_clips("still", 2, (320, 240), seed=1):
        print(clip.name, measure(colored_frames, clip))

Kinds: `still` pans over a photograph or zooms into it; `crossfade` from one to another; `objects` has cut-outs of other pictures moving over
one; `worn` is held by hand and has grain, dust, scratches and an exposure that flickers; `return` cuts away and back (A, B, A' with A'
going on where A stopped); `black` fades in from black.

The film is gray: its luma Y' in limited range, as BT.709 stores it. What age does to a film, it does to its luma; the truth is that very
luma with the true chroma, less where sRGB has no such color. So lightness, with all its flicker, is the same in the truth, in gray and in
every result that keeps the film's luma, and only colors are compared.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from film_luma import Wear, film_and_truth, gray_of
from film_scenes import Bytes, Camera, Floats, Layer, Mask, Scene, Size, background, crossing, cut_out, wander

from tinct import Photo
from tinct.color import chroma, rgb_to_lab
from tinct.evaluation.metrics import colorfulness, psnr
from tinct.evaluation.temporal import aligned_difference, cdc, flicker

KINDS = ("still", "crossfade", "objects", "worn", "return", "black")
SHARD = "shared/photos/shards/val-000.tar"
"""The photographs that settings are chosen on, where a folder above this one has them."""
RATE = 24
"""Frames a second."""
LENGTH = 48
"""Frames of a clip."""
MIN_CHROMA, MIN_SIDE = 8.0, 150
"""Mean chroma and pixels of the short side from which a picture is used: a gray one shows no flicker of colors."""
SAMPLES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
"""scikit-image's color photographs, for when there is no shard."""


@dataclass(frozen=True)
class Clip:
    """A gray film with its true colors and its motion."""

    name: str
    size: Size
    frames: list[Bytes]
    """(H, W, 3) sRGB: the true colors."""
    luma: list[Bytes]
    """(H, W) code values 16..235: the film."""
    shots: tuple[int, ...]
    """Index of each shot's first frame."""
    _scenes: tuple[Scene, ...] = field(repr=False)
    _shown: tuple[tuple[int, int], ...] = field(repr=False)
    """For each frame the number of the scene that is seen most, and the time in it."""
    returns: tuple[tuple[int, int], ...] = ()
    """Last frame before a cut away, and first frame after the cut back."""
    faded: bool = False
    """Whether the colors of a place change: by a cross-fade or a fade from black."""

    @property
    def cuts(self) -> tuple[int, ...]:
        """Index of each first frame after a cut."""
        return self.shots[1:]

    @cached_property
    def gray(self) -> list[Bytes]:
        """(H, W, 3) sRGB: the film as it is seen."""
        return [gray_of(luma) for luma in self.luma]

    def motion(self, frame: int, other: int) -> tuple[Floats, Mask] | None:
        """From the pixels of one frame to their positions in another, as `Scene.motion`; None if it shows another scene."""
        (scene, time), (other_scene, other_time) = self._shown[frame], self._shown[other]
        return self._scenes[scene].motion(time, other_time) if scene == other_scene else None

    @cached_property
    def backward(self) -> list[tuple[Floats, Mask] | None]:
        """For each frame but the first, the motion to the frame before; None at a cut and in the middle of a cross-fade."""
        return [None if i in self.shots else self.motion(i, i - 1) for i in range(1, len(self.frames))]

    def forward(self) -> list[tuple[Floats, Mask] | None]:
        """For each frame but the last, the motion to the next frame; None at a cut and in the middle of a cross-fade."""
        return [None if i + 1 in self.shots else self.motion(i, i + 1) for i in range(len(self.frames) - 1)]


# ---- measuring ------------------------------------------------------------------------------------------------------------------


def measure(frames: Sequence[Bytes], clip: Clip) -> dict[str, float]:
    """All figures of one result; those of the truth are `measure(clip.frames, clip)`.

    `flicker` and `flicker_ab` (colors alone, at the frame's own lightness) are `tinct.evaluation.temporal.flicker`; `second` is the same of
    colors alone between frames a second apart, where nothing fades; `cdc` is the mean over shots, times 1,000; `gain` is PSNR over that of gray in dB;
    `error_ab` the mean distance to the true a*, b*; `colorfulness` the ratio to the truth's; `return` and `return_ab` CIEDE2000 of the same
    places before a cut away and after the cut back. A figure that the clip doesn't have is NaN.
    """
    backward = clip.backward
    flows, masks = [m and m[0] for m in backward], [m and m[1] for m in backward]
    ends = (*clip.shots[1:], len(frames))
    shots = [frames[i:j] for i, j in zip(clip.shots, ends, strict=True)]
    gains = [psnr(one, real) - psnr(gray, real) for one, real, gray in zip(frames, clip.frames, clip.gray, strict=True)]
    some = range(0, len(frames), 4)
    errors = [np.linalg.norm(rgb_to_lab(frames[i])[..., 1:] - rgb_to_lab(clip.frames[i])[..., 1:], axis=-1).mean() for i in some]
    result = {
        "flicker": flicker(frames, flows, masks),
        "flicker_ab": flicker(frames, flows, masks, lightness=False),
        "second": _apart(frames, clip, [(i, i - RATE) for i in range(RATE, len(frames), 3) if not clip.faded], lightness=False),
        "cdc": 1000 * float(np.average([cdc(shot) for shot in shots], weights=[len(shot) for shot in shots])),
        "gain": float(np.mean(gains)),
        "error_ab": float(np.mean(errors)),
        "colorfulness": _mean_colorfulness(frames) / _mean_colorfulness(clip.frames),
    }
    back = [(first, last) for last, first in clip.returns]
    result["return"] = _apart(frames, clip, back, lightness=True)
    result["return_ab"] = _apart(frames, clip, back, lightness=False)
    return result


def _apart(frames: Sequence[Bytes], clip: Clip, pairs: list[tuple[int, int]], *, lightness: bool) -> float:
    found = []
    for i, j in pairs:
        motion = clip.motion(i, j)
        if motion is not None and motion[1].mean() > 0.05:
            found.append(aligned_difference(frames[i], frames[j], *motion, lightness=lightness))
    return float(np.mean(found)) if found else float("nan")


def _mean_colorfulness(frames: Sequence[Bytes]) -> float:
    return float(np.mean([colorfulness(frame) for frame in frames[::4]]))


# ---- making ---------------------------------------------------------------------------------------------------------------------


def make_clips(kind: str, count: int, size: Size, seed: int, *, shard: Path | None = None, length: int = LENGTH) -> Iterator[Clip]:
    """Clips of a kind; the same seed gives the same ones.

    Args:
        kind: one of `KINDS`.
        count: number of clips.
        size: width and height.
        seed: of the choice of pictures and of all chance.
        shard: tar file of color pictures; None takes `default_shard`, and scikit-image's samples if there is none.
        length: frames.
    """
    random = np.random.default_rng([seed, KINDS.index(kind)])
    shard = shard or default_shard()
    pictures = sample_pictures(random) if shard is None else shard_pictures(shard, random)
    make = {"still": _still, "crossfade": _crossfade, "objects": _objects, "worn": _worn, "return": _return, "black": _black}[kind]
    for number in range(count):
        yield make(f"{kind}-{number}", size, length, pictures, np.random.default_rng([seed, KINDS.index(kind), number]), number)


def default_shard() -> Path | None:
    """`SHARD` in this checkout or beside it, or None, which is told."""
    for folder in Path(__file__).resolve().parents:
        if (folder / SHARD).is_file():
            return folder / SHARD
    print(f"{SHARD} isn't there; the clips are made of scikit-image's samples", file=sys.stderr)
    return None


def shard_pictures(shard: Path, random: np.random.Generator) -> Iterator[Bytes]:
    """Colorful pictures of a tar file, in random order."""
    with tarfile.open(shard) as tar:
        names = sorted(member.name for member in tar.getmembers() if member.isfile())
        for name in random.permutation(names):
            file = tar.extractfile(str(name))
            assert file is not None
            rgb = np.asarray(Photo.open(io.BytesIO(file.read())))[..., :3]
            if min(rgb.shape[:2]) >= MIN_SIDE and chroma(rgb_to_lab(rgb)[..., 1:]).mean() >= MIN_CHROMA:
                yield rgb
    raise ValueError(f"{shard.name} has too few colorful pictures")


def sample_pictures(random: np.random.Generator) -> Iterator[Bytes]:
    """scikit-image's photographs, again and again."""
    package = find_spec("skimage")
    assert package is not None
    assert package.origin
    while True:
        for name in random.permutation(SAMPLES):
            yield np.asarray(Photo.open(Path(package.origin).parent / "data" / str(name)))[..., :3]


def _scene(
    size: Size, picture: Bytes, length: int, random: np.random.Generator, *, zooming: bool = False, shake: float = 0
) -> Scene:
    """A photograph under a moving camera; `shake` is the standard deviation of its jitter in pixels."""
    large, time = background(picture, size), np.linspace(0, 1, length)
    corners = np.array([[0.05, 0.3], [0.95, 0.7]] if random.random() < 0.5 else [[0.9, 0.25], [0.1, 0.75]])
    if zooming:
        corners = 0.5 + (corners - 0.5) * 0.4
    center = corners[0] + time[:, None] * (corners[1] - corners[0])
    zoom = 1 + (0.45 if zooming else 0.0) * (time if random.random() < 0.7 else 1 - time)
    jitter = [wander(length, shake, random), wander(length, shake, random), wander(length, shake / 400, random)]
    camera = Camera(size, (large.shape[1], large.shape[0]), zoom, center, np.stack(jitter, axis=-1) if shake else None)
    return Scene(size, (Layer(large, camera.path),))


def _with_objects(scene: Scene, length: int, pictures: Iterator[Bytes], random: np.random.Generator, count: int) -> Scene:
    found = []
    for number in range(count):
        height = round(scene.size[1] * random.uniform(0.35, 0.55))
        cut = cut_out(next(pictures), height, random)
        found.append(crossing(scene.size, length, cut, random, leftward=bool(number % 2)))
    return Scene(scene.size, (*scene.layers, *found))


def _still(name: str, size: Size, length: int, pictures: Iterator[Bytes], random: np.random.Generator, number: int) -> Clip:
    scene = _scene(size, next(pictures), length, random, zooming=number % 2 == 1)
    return _clip(name, (scene,), [(0, t) for t in range(length)])


def _objects(name: str, size: Size, length: int, pictures: Iterator[Bytes], random: np.random.Generator, number: int) -> Clip:
    scene = _with_objects(_scene(size, next(pictures), length, random), length, pictures, random, 1 + number % 2)
    return _clip(name, (scene,), [(0, t) for t in range(length)])


def _crossfade(name: str, size: Size, length: int, pictures: Iterator[Bytes], random: np.random.Generator, number: int) -> Clip:
    scenes = tuple(_scene(size, next(pictures), length, random, zooming=(number + n) % 2 == 1) for n in range(2))
    share = np.clip((np.arange(length) - length / 3) / (length / 3), 0, 1)  # of the second picture: fades in the middle third
    frames = [s * scenes[1].frame(t) + (1 - s) * scenes[0].frame(t) for t, s in enumerate(share.astype(np.float32))]
    return _clip(name, scenes, [(int(s > 0.5), t) for t, s in enumerate(share)], frames, faded=True)


def _black(name: str, size: Size, length: int, pictures: Iterator[Bytes], random: np.random.Generator, number: int) -> Clip:
    scene = _scene(size, next(pictures), length, random, zooming=number % 2 == 1)
    share = np.clip(np.arange(length) / (length / 2), 0, 1).astype(np.float32)
    return _clip(name, (scene,), [(0, t) for t in range(length)], [s * scene.frame(t) for t, s in enumerate(share)], faded=True)


def _return(name: str, size: Size, length: int, pictures: Iterator[Bytes], random: np.random.Generator, number: int) -> Clip:
    third = length // 3
    scene = _scene(size, next(pictures), length - third, random, zooming=number % 2 == 1)
    other = _scene(size, next(pictures), third, random)
    shown = [(0, t) for t in range(third)] + [(1, t) for t in range(third)] + [(0, t) for t in range(third, length - third)]
    return _clip(name, (scene, other), shown, shots=(0, third, 2 * third), returns=((third - 1, 2 * third),))


def _worn(name: str, size: Size, length: int, pictures: Iterator[Bytes], random: np.random.Generator, number: int) -> Clip:
    scene = _scene(size, next(pictures), length, random, shake=size[0] / 320 * 1.2)
    if number % 2:
        scene = _with_objects(scene, length, pictures, random, 1)
    return _clip(name, (scene,), [(0, t) for t in range(length)], wear=Wear(size, length, random))


def _clip(
    name: str,
    scenes: tuple[Scene, ...],
    shown: list[tuple[int, int]],
    frames: list[Floats] | None = None,
    *,
    shots: tuple[int, ...] = (0,),
    returns: tuple[tuple[int, int], ...] = (),
    faded: bool = False,
    wear: Wear | None = None,
) -> Clip:
    rendered = frames if frames is not None else (scenes[scene].frame(time) for scene, time in shown)
    pairs = [film_and_truth(rgb, wear, time) for time, rgb in enumerate(rendered)]
    truth, film = [rgb for _, rgb in pairs], [luma for luma, _ in pairs]
    return Clip(name, scenes[0].size, truth, film, shots, scenes, tuple(shown), returns, faded)
