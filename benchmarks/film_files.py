"""Films as files for the benchmarks: gray ones are written, colored ones are read. PyAV."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from film_clips import RATE
from film_scenes import Bytes

BT709, LIMITED = 1, 1
"""ITU-T H.273 code points of matrix, primaries and transfer; FFmpeg's of the range."""


def write_clip(path: Path, luma: Iterable[Bytes], *, rate: int = RATE, encoder: str | None = None) -> Path:
    """Write a gray film without loss, as yuv420p with neutral chroma, tagged BT.709 of limited range.

    Args:
        path: `.mkv` is encoded as FFV1, every other suffix as H.264 with constant rate factor 0.
        luma: (H, W) code values 16..235 of each frame; even sides.
        rate: frames a second.
        encoder: another one of FFmpeg's, with settings for good quality.
    """
    name = encoder or ("ffv1" if path.suffix == ".mkv" else "libx264")
    options = {"crf": "18" if encoder else "0", "preset": "veryfast"} if name == "libx264" else {}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(name, rate=rate, options=options)
        for number, plane in enumerate(luma):
            if not number:
                stream.height, stream.width = plane.shape
                _tag(stream, rate)
            neutral = np.full((plane.shape[0] // 2, plane.shape[1]), 128, np.uint8)
            frame = av.VideoFrame.from_ndarray(np.concatenate([plane, neutral]), "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            frame.colorspace, frame.color_range = BT709, LIMITED
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_rgb(path: Path, frames: Iterable[Bytes], *, rate: int = RATE) -> Path:
    """Write (H, W, 3) sRGB frames as H.264 of yuv420p and constant rate factor 18, tagged BT.709 of limited range."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "medium"})
        for number, rgb in enumerate(frames):
            if not number:
                stream.height, stream.width = rgb.shape[:2]
                _tag(stream, rate)
            frame = _stored(rgb)
            frame.pts, frame.time_base = number, Fraction(1, rate)
            frame.colorspace, frame.color_range = BT709, LIMITED
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def _tag(stream: av.VideoStream, rate: int) -> None:
    stream.pix_fmt, stream.time_base = "yuv420p", Fraction(1, rate)
    context = stream.codec_context
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = LIMITED


def read_rgb(path: Path) -> Iterator[Bytes]:
    """The frames of a film as (H, W, 3) sRGB, decoded with BT.709's matrix. Raises ValueError if it is tagged with another one."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.colorspace not in (BT709, 2):  # 2: not told
                raise ValueError(f"{path.name} is tagged with the color matrix {frame.colorspace}, not with BT.709")
            full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
            yield _rgb(frame, full=full)


def as_stored(frames: Iterable[Bytes]) -> Iterator[Bytes]:
    """(H, W, 3) sRGB frames as a film of 8 bits and 4:2:0 stores them, without any other loss: rounded YCbCr, chroma at half size."""
    for rgb in frames:
        yield _rgb(_stored(rgb), full=False)


def _stored(rgb: Bytes) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format="yuv420p", dst_colorspace=BT709)


def _rgb(frame: av.VideoFrame, *, full: bool) -> Bytes:
    planes = frame.reformat(format="yuvj444p" if full else "yuv444p").to_ndarray().astype(np.float32)
    black, luma_scale, chroma_scale = (0, 255, 255) if full else (16, 219, 224)
    y, cb, cr = (planes[0] - black) / luma_scale, (planes[1] - 128) / chroma_scale, (planes[2] - 128) / chroma_scale
    rgb = np.stack([y + 1.5748 * cr, y - 0.187324 * cb - 0.468124 * cr, y + 1.8556 * cb], axis=-1)
    return np.asarray(np.clip(np.rint(rgb * 255), 0, 255), np.uint8)


def loop_film(source: Path, path: Path, seconds: float) -> Path:
    """Repeat a film's packets, without decoding them, until it is as long. Its frames must be intra-coded or start with a key frame."""
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        packets = [(bytes(p), p.is_keyframe, p.pts, p.dts, p.duration) for p in container.demux(stream) if p.size]
        base = stream.time_base
        assert base is not None
        rate = stream.average_rate
        assert rate is not None
        span = round(len(packets) / rate / base)
        with av.open(str(path), "w") as output:
            copy = output.add_stream_from_template(stream)
            for turn in range(math.ceil(seconds / float(len(packets) / rate))):
                for content, is_key, pts, dts, duration in packets:
                    packet = av.Packet(content)
                    packet.stream, packet.time_base, packet.is_keyframe = copy, base, is_key
                    packet.pts, packet.dts, packet.duration = pts + turn * span, dts + turn * span, duration
                    output.mux(packet)
    return path
