"""What the parts of a film are: its description, its frames, and colored frames. Data only, without PyAV or OpenCV."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["ColorTags", "ColoredFrame", "FilmInfo", "Frame", "Samples"]

Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]


@dataclass(frozen=True)
class ColorTags:
    """How code values become colors (ITU-T H.273), as far as coloring needs it."""

    matrix: str = "bt709"
    """``bt601``, ``bt709`` or ``bt2020``: the weights of R, G, B in luma. Untagged films have what players assume: bt601 below 720 lines."""
    full_range: bool = False
    """Whether luma takes all code values (0..255) instead of 16..235."""
    depth: int = 8
    """Bits of a code value, 8 to 16."""
    primaries: int = 2
    """Number of the color primaries in H.273, written back as it was; 2 is "unspecified"."""
    transfer: int = 2
    """Number of the transfer function in H.273, written back as it was; 2 is "unspecified"."""


@dataclass(frozen=True)
class FilmInfo:
    """What a film is, as its container tells it."""

    path: Path
    width: int
    """Of a frame as it is shown: after rotation, in stored pixels (the sample aspect ratio isn't applied)."""
    height: int
    color: ColorTags
    rotation: int = 0
    """Degrees clockwise by which players turn the stored frames: 0, 90, 180 or 270. Frames are delivered turned."""
    sample_aspect: Fraction = Fraction(1)
    """Width of a pixel relative to its height."""
    time_base: Fraction = Fraction(1, 1000)
    """Seconds of one unit of `Frame.pts`."""
    start: Fraction = Fraction(0)
    """Presentation time in seconds at which players begin: a film's own clock needn't start at 0. Times that people name count from here."""
    frame_rate: Fraction | None = None
    """Mean frames per second, if the container knows it."""
    frames: int | None = None
    """Number of frames as the container tells or estimates it; None if it doesn't. Not exact."""
    duration: float | None = None
    """Seconds, if known."""
    interlaced: bool = False
    """Whether frames are marked as interlaced; they are delivered deinterlaced."""
    hdr: bool = False
    """Whether the transfer function is PQ or HLG."""
    has_color: bool = False
    """Whether the film has chroma planes at all; they may be neutral."""
    streams: tuple[str, ...] = ()
    """The other streams in a few words each: ``audio aac 2 channels eng``, ``subtitles mov_text``."""
    notes: tuple[str, ...] = ()
    """Sentences about what was found and how it is treated: HDR, interlacing, several video streams."""

    def seconds(self, pts: int) -> float:
        """Seconds from the film's beginning to a frame's presentation time."""
        return float(pts * self.time_base - self.start)

    def pts_at(self, seconds: float) -> int:
        """The presentation time, in units of `time_base`, nearest to a moment in seconds from the film's beginning."""
        return round((Fraction(seconds).limit_denominator(10**9) + self.start) / self.time_base)


@dataclass(frozen=True)
class Frame:
    """One frame of a film, without its colors."""

    index: int
    """Number in presentation order, from 0; -1 where frames weren't counted (`reading.read_frame`)."""
    pts: int
    """Presentation time in units of `FilmInfo.time_base`."""
    luma: Samples
    """(H, W) the film's own code values, uint8 for 8 bits, else uint16; turned as it is shown."""


@dataclass(frozen=True)
class ColoredFrame:
    """One frame with new chroma, ready to be encoded."""

    frame: Frame
    cb: Samples
    """(h, w) code values of the chroma planes, of the same depth as luma; h and w as `writing.chroma_shape` asks for them."""
    cr: Samples
