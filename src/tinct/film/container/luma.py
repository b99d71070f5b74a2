"""The luma plane of a decoded frame, as the film's own code values."""

from __future__ import annotations

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from ..frames import ColorTags, Samples

__all__ = ["has_luma_plane", "is_packed_yuv", "luma_depth", "luma_plane", "planar"]

SPACES = {"bt601": "itu601", "bt709": "itu709", "bt2020": "bt2020"}
"""Matrices by their names in PyAV."""


def has_luma_plane(kind: VideoFormat) -> bool:
    """Whether luma stands alone in the first plane, in whole bytes: planar and semi-planar YUV and gray, not RGB, palettes, packed YUV."""
    components = kind.components
    if kind.is_rgb or kind.has_palette or kind.is_bit_stream or kind.is_bayer or not components:
        return False
    return components[0].bits >= 8 and all(c.plane != 0 for c in components[1:])


def luma_depth(kind: VideoFormat) -> int:
    """Bits of a luma code value, as `planar` delivers it."""
    bits = max((c.bits for c in kind.components), default=8)
    if has_luma_plane(kind) or is_packed_yuv(kind):
        return max(8, min(kind.components[0].bits, 16))
    return 8 if bits <= 8 else 10 if bits <= 10 else 12


def is_packed_yuv(kind: VideoFormat) -> bool:
    """Whether luma is there, but interleaved with chroma: ``yuyv422``, ``uyvy422``."""
    if kind.has_palette or kind.is_bayer or kind.is_rgb or kind.name.startswith("xyz") or len(kind.components) < 3:
        return False
    return kind.components[0].bits >= 8 and not has_luma_plane(kind)


def planar(frame: VideoFrame, color: ColorTags) -> VideoFrame:
    """The frame itself if it has a luma plane, else converted by ffmpeg's scaler to planar YUV, from RGB to limited range."""
    if has_luma_plane(frame.format):
        return frame
    suffix = "" if color.depth == 8 else f"{color.depth}le"
    if is_packed_yuv(frame.format):
        return frame.reformat(format=f"yuv422p{suffix}")
    return frame.reformat(
        format=f"yuv444p{suffix}", dst_colorspace=SPACES[color.matrix], src_color_range="JPEG", dst_color_range="MPEG"
    )


def luma_plane(frame: VideoFrame, rotation: int = 0) -> Samples:
    """(H, W) uint8 or uint16 code values of luma, turned clockwise by `rotation` degrees: 0, 90, 180 or 270."""
    if frame.planes[0].line_size < 0:
        frame = _top_down(frame)
    kind, plane = frame.format, frame.planes[0]
    depth = kind.components[0].bits
    stored = "u1" if depth == 8 else ">u2" if kind.is_big_endian else "<u2"
    rows = np.frombuffer(memoryview(plane), stored).reshape(plane.height, -1)[:, : plane.width]
    if kind.name.startswith(("p010", "p012", "p210", "p212", "p410", "p412")):  # the value stands in the upper bits
        rows = rows >> (16 - depth)
    turned = np.rot90(rows, -rotation // 90)
    return np.array(turned, np.uint8, order="C") if depth == 8 else np.array(turned, np.uint16, order="C")


def _top_down(frame: VideoFrame) -> VideoFrame:
    """A copy of a frame whose rows are stored from the bottom up, in the usual order."""
    graph = Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
    graph.link_nodes(source, graph.add("copy"), graph.add("buffersink")).configure()
    graph.vpush(frame)
    return graph.vpull()
