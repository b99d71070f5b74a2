"""Motion between the frames of a film: dense optical flow both ways, and where it can be trusted.

Flow is measured by DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", 2016) on small frames. A place is trusted if the
way there and back ends where it began (Sundaram et al., "Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow",
2010), and if its surroundings look alike in both frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["SURROUNDINGS", "FlowMeter", "Motion", "chained", "pulled"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

ROUND_TRIP_SHARE = 0.01
"""Squared error of the round trip that is allowed, as a share of the squared lengths of both ways (Sundaram et al.)."""
ROUND_TRIP_PIXELS = 0.5
"""Squared error of the round trip that is allowed at rest, in pixels (Sundaram et al.)."""
MAX_RESIDUAL = 12.0
"""Difference of gray levels, 0..255, between a place's surroundings in both frames up to which they look alike; exposure is removed
first. By argument: 2.8 standard deviations of the difference of two means over `SURROUNDINGS` of grain of standard deviation 15."""
MIN_FLOW_SIDE = 32
"""Rows and columns of the frames of which flow is measured, smaller ones are continued: OpenCV refuses less than 12."""
SURROUNDINGS = 5
"""Side, in pixels, of the square over which gray levels are compared: grain is averaged out. By argument, as small as that works."""


@dataclass(frozen=True)
class Motion:
    """How one frame's pixels are found in another one."""

    flow: Floats
    """(h, w, 2) x, y in pixels: the pixel at (x, y) lies at (x, y) + flow in the other frame."""
    trust: Floats
    """(h, w) 0..1: 0 where the other frame doesn't show the place."""
    exposure: float = 1.0
    """Factor on chroma from the other frame to this one. At the same surface in other light, a* and b* are proportional to L* + 16."""


class FlowMeter:
    """Measures motion between small frames. One for each thread."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._dis.setFinestScale(1)

    def between(self, first: Bytes, second: Bytes) -> tuple[Motion, Motion]:
        """Motion from the first frame into the second, and back. Args: two (h, w) gray frames."""
        there, back = self._flow(first, second), self._flow(second, first)
        return _checked(first, second, there, back), _checked(second, first, back, there)

    def _flow(self, first: Bytes, second: Bytes) -> Floats:
        height, width = first.shape
        missing = max(0, MIN_FLOW_SIDE - height), max(0, MIN_FLOW_SIDE - width)
        if any(missing):
            first, second = (np.pad(one, [(0, n) for n in missing], mode="edge") for one in (first, second))
        flow = self._dis.calc(first, second, None)  # type: ignore[call-overload]  # None: no first guess
        return np.ascontiguousarray(flow[:height, :width], np.float32)


def pulled(values: Floats, motion: Motion, *, smooth: bool = False) -> Floats:
    """Values of the other frame at the places of this one.

    Args:
        values: (h, w) or (h, w, C) of the other frame, up to 4 channels.
        motion: from this frame into the other.
        smooth: bilinear interpolation, which stays within the range of the values; else bicubic, which keeps edges over many steps.
    """
    kind = cv2.INTER_LINEAR if smooth else cv2.INTER_CUBIC
    return _sampled(values, _places(motion.flow), kind)


def chained(first: Motion, second: Motion) -> Motion:
    """Motion over two steps: from a frame into the next, and from that into the one after it."""
    more = pulled(np.dstack([second.flow, second.trust]), first, smooth=True)
    return Motion(first.flow + more[..., :2], first.trust * more[..., 2])


def _sampled(values: Floats, places: Floats, kind: int) -> Floats:
    sampled = cv2.remap(values, places, None, kind, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]  # None: x, y in one
    return np.asarray(sampled, np.float32)


def _places(flow: Floats) -> Floats:
    height, width = flow.shape[:2]
    grid = np.stack(np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)), axis=-1)
    return np.asarray(grid + flow, np.float32)


def _checked(here: Bytes, other: Bytes, there: Floats, back: Floats) -> Motion:
    """The motion with its trust, from the flow of both directions."""
    places = _places(there)
    returned = _sampled(back, places, cv2.INTER_LINEAR)
    error = np.square(there + returned).sum(axis=-1)
    allowed = ROUND_TRIP_SHARE * (np.square(there).sum(axis=-1) + np.square(returned).sum(axis=-1)) + ROUND_TRIP_PIXELS
    seen = _sampled(other.astype(np.float32), places, cv2.INTER_LINEAR)
    residual = cv2.blur(here.astype(np.float32) - seen, (SURROUNDINGS, SURROUNDINGS))
    residual -= np.median(residual)
    height, width = there.shape[:2]
    inside = (places[..., 0] >= 0) & (places[..., 0] <= width - 1) & (places[..., 1] >= 0) & (places[..., 1] <= height - 1)
    trust = np.clip(2 - error / allowed, 0, 1) * np.clip(2 - np.abs(residual) / MAX_RESIDUAL, 0, 1) * inside
    return Motion(np.asarray(there, np.float32), np.asarray(trust, np.float32))
