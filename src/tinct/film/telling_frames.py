"""The frames of a film that resemble the most of it: those that are worth coloring by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from ..coloring.matching import cells_of, whole
from .fresh import FrameColorist
from .planning import FilmPlan, ShotSamples

__all__ = ["choose"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MAX_COMPARED = 2000
"""Frames that are compared, each with each: the encoder takes minutes for them, and their similarities 16 MB."""

MIN_SHARE = 0.1
"""Share of a frame's own weight that a frame of the least detail keeps: black and blurred frames aren't worth coloring."""
SAME_DISTANCE = 0.7
"""Distance of two frames' summaries, of length 1, at which one stands for the other by a third. Of four val photographs panned by a tenth of
their width, squared distances of views of one place are 0.1 to 0.5, of different ones at least 1.9: a place stands for itself by 0.4 or more,
for others by 0.02."""


def choose(shots: Sequence[ShotSamples], plan: FilmPlan, count: int, colorist: FrameColorist) -> list[int]:
    """Indices of frames, rising.

    Each sample of a shot weighs as much as the frames that it stands for. Frames are added one by one, each time the one that most
    increases how well all samples are represented by the nearest chosen one (greedy maximization of facility location: Nemhauser et al.,
    "An Analysis of Approximations for Maximizing Submodular Set Functions", 1978).

    Args:
        shots: samples of each.
        plan: of the film.
        count: number of frames that are wanted.
        colorist: whose features compare frames.
    """
    lengths = np.diff([*plan.starts.tolist(), len(plan.pts)])
    indices, frames, weights = [], [], []
    for index, frame, weight in _compared(shots, lengths.tolist()):
        indices.append(index)
        frames.append(frame)
        weights.append(weight)
    summaries = np.stack([_summary(frame.astype(np.float32) / np.float32(255), colorist) for frame in frames])
    summaries = (summaries - summaries.mean(axis=0)) / (summaries.std(axis=0) + 1e-3)
    summaries /= np.maximum(np.linalg.norm(summaries, axis=1, keepdims=True), 1e-6)
    gaps = 2 - 2 * summaries @ summaries.T  # squared distances of vectors of length 1
    alike = np.exp(-gaps / SAME_DISTANCE**2)
    detail = np.array([cv2.Laplacian(frame, cv2.CV_32F).std() for frame in frames])
    worth = MIN_SHARE + (1 - MIN_SHARE) * detail / max(float(detail.max()), 1e-6)
    best, chosen = np.zeros(len(frames)), list[int]()
    for _ in range(min(count, len(frames))):
        gains = (np.maximum(alike * worth, best[:, None]) - best[:, None]).T @ weights
        gains[chosen] = -1
        chosen.append(int(gains.argmax()))
        best = np.maximum(best, alike[:, chosen[-1]] * worth[chosen[-1]])
    return sorted(indices[i] for i in chosen)


def _compared(shots: Sequence[ShotSamples], lengths: Sequence[int]) -> Iterator[tuple[int, Bytes, float]]:
    """Index, picture and weight of the frames that are compared: all samples, or fewer of each shot, or the longest shots."""
    longest = sorted(range(len(shots)), key=lambda number: -lengths[number])[:MAX_COMPARED]
    each = max(1, MAX_COMPARED // len(longest))
    for number in sorted(longest):
        shot = shots[number]
        step = -(-len(shot.indices) // each)
        chosen = range(0, len(shot.indices), step)
        for i in chosen:
            yield int(shot.indices[i]), shot.frames[i], lengths[number] / len(chosen)


def _summary(gray: Floats, colorist: FrameColorist) -> Floats:
    """(C,) what a frame shows; of a model without features, its gray levels."""
    canvas = colorist.canvas(gray)
    if not canvas.encoded.encodings:
        return np.asarray(cv2.resize(gray, (16, 12), interpolation=cv2.INTER_AREA), np.float32).ravel()
    return whole(cells_of(canvas.encoded))
