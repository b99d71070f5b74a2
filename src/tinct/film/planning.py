"""The first look at a film: its frames' times, its shots, and a few small frames of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .frames import FilmInfo, Frame
from .planes import eight_bits, small_gray
from .shots import cuts

__all__ = ["FilmPlan", "Selection", "ShotSamples", "Window", "look"]

Bytes = npt.NDArray[np.uint8]

MAX_SAMPLES = 5
"""Small frames of a shot that are kept."""
MAX_WINDOW_BYTES = 2**27
"""Luma of the frames of one window, which are in memory together, with those of the window that is being encoded. By argument: a computer
with 4 GB has room for it."""
MAX_WINDOW = 96
MIN_WINDOW = 16
"""Frames of a window. By argument: at most four seconds are colored again after an interruption, and what is told or seen later in a shot
reaches back within a window; at least two runs of the network (`window.ANCHOR_DISTANCE`) are combined."""


@dataclass(frozen=True)
class Selection:
    """Which part of a film is colored.

    Args:
        start: seconds from the film's beginning.
        end: frames at this time or later are left out; None takes all.
        every: of so many frames one is taken.
    """

    start: float = 0.0
    end: float | None = None
    every: int = 1

    @property
    def is_part(self) -> bool:
        """Whether the result begins or ends elsewhere than the film."""
        return self.start > 0 or self.end is not None

    def frames(self, frames: Iterable[Frame], info: FilmInfo) -> Iterator[Frame]:
        """The selected ones, numbered anew. Args: frames: from `start` on."""
        last = None if self.end is None else info.pts_at(self.end)
        count = 0
        for number, frame in enumerate(frames):
            if last is not None and frame.pts >= last:
                return
            if number % self.every == 0:
                yield Frame(count, frame.pts, frame.luma)
                count += 1


@dataclass(frozen=True)
class ShotSamples:
    """Small frames from all over a shot."""

    indices: npt.NDArray[np.int64]
    """(n,) of the selected frames."""
    frames: Bytes
    """(n, h, w) gray levels 0..255."""


@dataclass(frozen=True)
class Window:
    """A run of frames of one shot that is colored at once and encoded as one segment."""

    start: int
    stop: int
    """Index after the last frame that is written."""
    shot: int
    begins_shot: bool
    ends_shot: bool
    """If not, the frame `stop` is looked at, too: the next window begins with it."""


@dataclass(frozen=True)
class FilmPlan:
    """What is known of a film before it is colored."""

    pts: npt.NDArray[np.int64]
    """(frames,) presentation time of each selected frame."""
    starts: npt.NDArray[np.int64]
    """(shots,) index of each shot's first frame."""

    def windows(self, frame_bytes: int) -> list[Window]:
        """All windows, in order. Args: frame_bytes: of the luma of one frame."""
        span = int(np.clip(MAX_WINDOW_BYTES // frame_bytes, MIN_WINDOW, MAX_WINDOW))
        found = []
        for shot, (first, end) in enumerate(pairwise([*self.starts.tolist(), len(self.pts)])):
            count = max(1, -(-(end - first) // span))
            bounds = [first + (end - first) * i // count for i in range(count + 1)]
            found += [Window(a, b, shot, a == first, b == end) for a, b in pairwise(bounds)]
        return found


def look(
    frames: Iterable[Frame],
    info: FilmInfo,
    size: tuple[int, int],
    keep: Callable[[int, ShotSamples], None],
    tell: Callable[[int], None],
) -> FilmPlan:
    """Go through a film once.

    Args:
        frames: the selected ones.
        info: of the film.
        size: (width, height) of small frames.
        keep: called with each shot's number and samples, when the shot is over.
        tell: called with the number of frames seen, now and then.
    """
    times: list[int] = []

    def small() -> Iterator[Bytes]:
        for frame in frames:
            times.append(frame.pts)
            tell(len(times))
            yield eight_bits(small_gray(frame.luma, info.color, size))

    starts: list[int] = []
    kept: list[tuple[int, Bytes]] = []
    step = 1
    for index, (frame, is_cut) in enumerate(cuts(small())):
        if is_cut:
            if kept:
                keep(len(starts) - 1, _samples(kept))
            starts.append(index)
            kept, step = [], 1
        if (index - starts[-1]) % step == 0:
            kept.append((index, frame))
            if len(kept) > MAX_SAMPLES:
                kept, step = kept[::2], 2 * step
    if kept:
        keep(len(starts) - 1, _samples(kept))
    return FilmPlan(np.array(times, np.int64), np.array(starts, np.int64))


def _samples(kept: list[tuple[int, Bytes]]) -> ShotSamples:
    return ShotSamples(np.array([index for index, _ in kept], np.int64), np.stack([frame for _, frame in kept]))
