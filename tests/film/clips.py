"""Small films drawn by code: textured ground, a moving disc and a moving box, in any container and codec that PyAV writes.

write_clip(path)                                          # 24 gray frames of 96x64, H.264, 12 a second
write_clip(path, cuts=(8, 16), audio="aac", subtitles="subrip", chapters=True)
damage_packets(path, range(10, 13))                       # garbage in place of some packets of the picture
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

__all__ = ["damage_bytes", "damage_packets", "drawn_frame", "truncate", "video_frame", "write_clip"]

SAMPLE_RATE = 48000
TIME_BASE = Fraction(1, 12000)
"""Of the times of frames; all usual frame rates are whole numbers of it."""
REPRODUCIBLE = {"libx264": {"x264-params": "cpu-independent=1"}, "libx265": {"x265-params": "log-level=none"}}
"""x264's macroblock tree gives other bytes each time where the processor has AVX-512, unless it is told to be independent of it."""
FIXED_RATE = {"mpeg1video", "mpeg2video", "mpeg4"}
"""Encoders whose time base is one frame, as AVI's is."""


def drawn_frame(index: int, width: int = 96, height: int = 64, *, scene: int = 0, grain: float = 0.0) -> npt.NDArray[np.uint8]:
    """(height, width) a gray picture: values 24..230. The ground moves 1 pixel a frame, the disc 2, the box 1 the other way.

    Args:
        scene: another number is another place: ground, shapes and brightness differ.
        grain: standard deviation of noise that differs from frame to frame.
    """
    generator = np.random.default_rng(scene)
    y, x = np.mgrid[:height, :width].astype(np.float64)
    ground = np.zeros((height, width))
    for _ in range(6):  # waves in random directions: texture that optical flow can follow
        frequency, angle = generator.uniform(0.08, 0.6), generator.uniform(0, np.pi)
        ground += np.sin(frequency * ((x + index) * np.cos(angle) + y * np.sin(angle)) + generator.uniform(0, 6))
    picture = generator.uniform(90, 150) + 12 * ground
    center_x = width * generator.uniform(0.2, 0.4) + 2 * index
    inside = np.hypot(x - center_x % width, y - height * 0.4) < height / 5
    picture[inside] = 205 + 8 * np.sin(0.9 * (x - 2 * index)[inside])
    left = width * 0.75 - index
    box = (x > left % width) & (x < left % width + width / 6) & (y > height * 0.6) & (y < height * 0.9)
    picture[box] = 45 + 8 * np.sin(1.1 * (x + index)[box])
    if grain:
        picture += np.random.default_rng((scene, index)).normal(0, grain, picture.shape)
    return np.clip(picture, 24, 230).astype(np.uint8)


def write_clip(
    path: Path,
    *,
    frames: int = 24,
    size: tuple[int, int] = (96, 64),
    rate: int | Fraction = 12,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    gop: int = 12,
    cuts: Sequence[int] = (),
    scenes: Sequence[int] | None = None,
    grain: float = 0.0,
    audio: str | None = None,
    subtitles: str | None = None,
    chapters: bool = False,
    rotation: int = 0,
    interlaced: bool = False,
    color: dict[str, int] | None = None,
    sample_aspect: Fraction | None = None,
    metadata: dict[str, str] | None = None,
    container: str | None = None,
) -> Path:
    """Write a small film, and return its path.

    Args:
        size: width and height of the stored frames.
        times: seconds at which each frame is shown, instead of `rate`: a variable frame rate.
        codec, pix_fmt, options: of the encoder, by their names in ffmpeg.
        gop: frames from one key frame to the next.
        cuts: numbers of the frames that begin a new shot.
        scenes: the scene of each shot; without it each has its own. ``(0, 1, 0)`` cuts away and back.
        audio: encoder of a stereo tone that lasts as long as the picture: ``aac``, ``pcm_s16le``, ``libopus``.
        subtitles: ``subrip`` (Matroska) or ``mov_text`` (MP4, QuickTime): two lines of text.
        chapters: whether there are two.
        rotation: degrees clockwise by which players turn the stored frames.
        interlaced: whether pairs of moments make the fields of each frame, top field first, and frames are marked so.
        color: ``color_range``, ``colorspace``, ``color_trc``, ``color_primaries``: numbers of ITU-T H.273.
        container: ffmpeg's name of the format; without it the file's ending tells.
    """
    width, height = size
    shown = list(times) if times is not None else [float(i / Fraction(rate)) for i in range(frames)]
    end = shown[-1] + (shown[-1] - shown[-2] if len(shown) > 1 else float(1 / Fraction(rate)))
    with av.open(str(path), "w", format=container) as output:
        stream: Any = output.add_stream(
            codec, rate=rate, options={"threads": "1", **REPRODUCIBLE.get(codec, {}), **(options or {})}
        )
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        time_base = 1 / Fraction(rate) if codec in FIXED_RATE or path.suffix == ".avi" else TIME_BASE
        stream.codec_context.time_base = stream.time_base = time_base
        stream.codec_context.gop_size = gop
        for name, value in (color or {}).items():
            setattr(stream.codec_context, name, value)
        if sample_aspect is not None:
            stream.codec_context.sample_aspect_ratio = sample_aspect
        if rotation:
            stream.set_display_rotation(-rotation)
        if interlaced:
            stream.codec_context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
            stream.codec_context.field_order = 2  # AV_FIELD_TT
        output.metadata.update(metadata or {})
        if chapters:
            half = int(end * 500)
            output.set_chapters([_chapter(1, 0, half, "Morning"), _chapter(2, half, 2 * half, "Evening")])
        sound: Any = output.add_stream(audio, rate=SAMPLE_RATE, layout="stereo") if audio else None
        if sound is not None:
            sound.metadata["language"] = "eng"
        text: Any = output.add_mux_stream(subtitles, time_base=Fraction(1, 1000)) if subtitles else None
        if text is not None:
            text.metadata.update(language="deu", title="Untertitel")
        pictures = _pictures(len(shown), size, cuts, scenes, grain, interlaced)
        packets = _encoded(stream, pictures, shown, pix_fmt, time_base)
        if sound is not None:
            packets += _tone(sound, end)
        output.start_encoding()
        if text is not None:
            packets += _texts(text, end, subtitles or "")
        packets.sort(key=lambda p: float((p.dts if p.dts is not None else p.pts) * p.time_base))
        output.mux(packets)
    return path


def _pictures(
    count: int, size: tuple[int, int], cuts: Sequence[int], scenes: Sequence[int] | None, grain: float, interlaced: bool
) -> Iterator[npt.NDArray[np.uint8]]:
    for i in range(count):
        shot = sum(cut <= i for cut in cuts)
        scene = scenes[shot] if scenes is not None else shot
        if not interlaced:
            yield drawn_frame(i, *size, scene=scene, grain=grain)
            continue
        picture = drawn_frame(2 * i, *size, scene=scene, grain=grain)
        picture[1::2] = drawn_frame(2 * i + 1, *size, scene=scene, grain=grain)[1::2]
        yield picture


def _encoded(
    stream: Any, pictures: Iterable[npt.NDArray[np.uint8]], times: Sequence[float], pix_fmt: str, time_base: Fraction
) -> list[Any]:
    packets = []
    for picture, time in zip(pictures, times, strict=True):
        frame = video_frame(picture, pix_fmt)
        frame.pts, frame.time_base = round(time / time_base), time_base
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def video_frame(picture: npt.NDArray[np.uint8], pix_fmt: str) -> av.VideoFrame:
    """A frame of any planar or RGB format whose luma is `picture` (times 4, 16, ... at more bits) and whose chroma is neutral.

    RGB, packed and 1-bit formats are converted from gray by ffmpeg's scaler.
    """
    height, width = picture.shape
    kind = av.VideoFormat(pix_fmt, width, height)
    depth = kind.components[0].bits
    if kind.is_rgb or kind.is_bit_stream or any(c.plane == 0 for c in kind.components[1:]):
        return av.VideoFrame.from_ndarray(picture, "gray").reformat(format=pix_fmt)
    frame = av.VideoFrame(width, height, pix_fmt)
    shift = 16 - depth if pix_fmt.startswith("p0") else 0  # P010 has its values in the upper bits
    for i, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, "u1" if depth == 8 else ">u2" if kind.is_big_endian else "<u2").reshape(plane.height, -1)
        if i == 0:
            rows[:, :width] = picture.astype(np.uint16) << (depth - 8 + shift)
        else:
            rows[:] = 1 << (depth - 1 + shift)
    return frame


def _tone(stream: Any, seconds: float) -> list[Any]:
    """Packets of 440 Hz left, 660 Hz right."""
    moments = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = 0.3 * np.sin(2 * np.pi * np.stack([440 * moments, 660 * moments]))
    resampler = av.AudioResampler(format=stream.codec_context.format, layout="stereo", rate=SAMPLE_RATE)
    packets: list[Any] = []
    step = 1024
    for start in range(0, wave.shape[1], step):
        frame = av.AudioFrame.from_ndarray(wave[:, start : start + step].astype(np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        for resampled in resampler.resample(frame):
            packets += stream.encode(resampled)
    return packets + stream.encode(None)


def _texts(stream: Any, seconds: float, codec: str) -> list[Any]:
    packets = []
    for i, line in enumerate(("At the mill", "In the evening, <i>late</i>")):
        data = line.encode()
        if codec == "mov_text":
            data = len(data).to_bytes(2, "big") + data
        packet = av.Packet(data)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = int(seconds * 500) * i
        packet.duration = int(seconds * 400)
        packet.is_keyframe = True
        packets.append(packet)
    return packets


def _chapter(number: int, start: int, end: int, title: str) -> dict[str, Any]:
    return {"id": number, "start": start, "end": end, "time_base": Fraction(1, 1000), "metadata": {"title": title}}


def damage_packets(path: Path, numbers: Iterable[int]) -> Path:
    """Overwrite packets of the picture, counted in the order of the file, with garbage; their sizes stay.

    For containers that store packets in one piece: Matroska, MP4, QuickTime, AVI.
    """
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(packet.pos or 0, bytes(packet)) for packet in container.demux(video=0) if packet.size]
    for number in numbers:
        position, content = packets[number]
        begin = data.index(content, position)
        data[begin : begin + len(content)] = np.random.default_rng(number).bytes(len(content))
    path.write_bytes(data)
    return path


def damage_bytes(path: Path, begin: float, end: float) -> Path:
    """Overwrite a part of a file, given as fractions of its length, with garbage."""
    data = bytearray(path.read_bytes())
    first, last = int(begin * len(data)), int(end * len(data))
    data[first:last] = np.random.default_rng(0).bytes(last - first)
    path.write_bytes(data)
    return path


def truncate(path: Path, fraction: float) -> Path:
    """Cut a file off after a fraction of its bytes."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * fraction)])
    return path
