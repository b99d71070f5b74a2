"""Encoding colored frames, a stretch of the film at a time. `joining.join` makes the film of them."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
from av.codec.context import CodecContext, Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from ..frames import ColoredFrame, FilmInfo, Samples
from .encoding import Encoding, chroma_shape, coded_depth, configure, pixel_format
from .joining import join
from .segments import PacketFile

__all__ = ["SegmentWriter", "chroma_shape", "join"]


class SegmentWriter:
    """Encodes one stretch of a film into a work file, which appears under its name when it is complete.

    It begins with a key frame, and no frame refers beyond its ends. The same frames give the same bytes on the same machine. Frames are
    written upright, as they are delivered: the result carries no rotation, which some players ignore.

    Args:
        path: of the work file.
        info: the film that the frames are from.
        encoding: codec and quality.
        threads: of the encoder; 0 takes as many as there are cores. Another number gives other bytes.
    """

    def __init__(self, path: Path, info: FilmInfo, encoding: Encoding, threads: int = 0) -> None:
        self._path, self._info = path, info
        self._partial = path.with_name(f".{path.name}.partial")
        self._format = pixel_format(encoding, info)
        self._chroma = chroma_shape(encoding, info.height, info.width)
        self._context: VideoCodecContext = CodecContext.create(encoding.traits.encoder, "w")  # type: ignore[assignment]
        configure(self._context, encoding, info, threads or os.cpu_count() or 1)
        self._context.flags |= int(Flags.global_header) | int(Flags.bitexact)
        self._luma_levels, self._chroma_levels = levels(info, encoding)
        self._last: int | None = None
        self._context.open()
        self._file = self._partial.open("wb")
        self._packets = PacketFile(self._file, self._context.extradata or b"")

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.discard()

    def write(self, colored: ColoredFrame) -> None:
        """Encode a frame. Raises ValueError if a plane has another shape than expected, or the frame's time doesn't rise."""
        pts = colored.frame.pts
        if self._last is not None and pts <= self._last:
            raise ValueError(f"frame at {pts} after {self._last}")
        self._last = pts
        frame = VideoFrame(self._info.width, self._info.height, self._format)
        shape = (self._info.height, self._info.width)
        _fill(frame, 0, colored.frame.luma, shape, self._luma_levels)
        _fill(frame, 1, colored.cb, self._chroma, self._chroma_levels)
        _fill(frame, 2, colored.cr, self._chroma, self._chroma_levels)
        frame.pts, frame.time_base = pts, self._info.time_base
        frame.pict_type = PictureType.NONE
        context = self._context  # ProRes takes its tags from the frames
        frame.colorspace, frame.color_range = context.colorspace, context.color_range
        frame.color_primaries, frame.color_trc = context.color_primaries, context.color_trc
        self._encode(frame)

    def close(self) -> None:
        """Encode what the encoder still holds, and give the file its name."""
        if self._file.closed:
            return
        try:
            if self._last is not None:
                self._encode(None)
            self._packets.end()
            self._file.flush()
            os.fsync(self._file.fileno())
        except BaseException:
            self.discard()
            raise
        self._file.close()
        self._partial.replace(self._path)

    def discard(self) -> None:
        """Delete the unfinished file."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _encode(self, frame: VideoFrame | None) -> None:
        for packet in self._context.encode(frame):
            if packet.pts is None:
                raise RuntimeError("the encoder gave a packet without a time")
            self._packets.write(packet.pts, packet.is_keyframe, bytes(packet))


def _fill(frame: VideoFrame, number: int, samples: Samples, shape: tuple[int, int], table: npt.NDArray[np.uint16] | None) -> None:
    """Copy samples into a plane of a frame, through a table of code values if there is one."""
    if samples.shape != shape:
        raise ValueError(f"plane {number} of a frame is {samples.shape}, not {shape}")
    plane = frame.planes[number]
    deep = frame.format.components[0].bits > 8
    rows = np.frombuffer(memoryview(plane), "<u2" if deep else "u1").reshape(plane.height, -1)
    rows[:, : plane.width] = samples if table is None else table[samples]


Table = npt.NDArray[np.uint16]


def levels(info: FilmInfo, encoding: Encoding) -> tuple[Table | None, Table | None]:
    """Tables from the film's code values of luma and chroma to those of the result; None where they are the same.

    Limited range grows and shrinks by powers of two (ITU-T H.273), full range so that the extremes meet.
    """
    depth, coded = info.color.depth, coded_depth(encoding, info.color.depth)
    full, squeeze = info.color.full_range, info.color.full_range and encoding.traits.limited_only
    if depth == coded and not squeeze:
        return None, None
    values = np.arange(1 << depth, dtype=np.float64)
    top, coded_top = (1 << depth) - 1, (1 << coded) - 1
    center, coded_center = 1 << (depth - 1), 1 << (coded - 1)
    unit = 2.0 ** (coded - 8)
    if squeeze:
        luma, chroma = 16 * unit + values * 219 * unit / top, coded_center + (values - center) * 224 * unit / top
    else:
        gain = coded_top / top if full else 2.0 ** (coded - depth)
        luma, chroma = values * gain, coded_center + (values - center) * gain
    return tuple(np.clip(np.floor(table + 0.5), 0, coded_top).astype(np.uint16) for table in (luma, chroma))  # type: ignore[return-value]
