"""What a film is: which stream holds the picture, and its size, colors, timing and marks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ...errors import FilmError
from ..frames import ColorTags, FilmInfo
from .luma import has_luma_plane, is_packed_yuv, luma_depth

__all__ = ["describe", "open_container", "picture_stream"]

MATRICES = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601", 7: "bt709", 9: "bt2020", 10: "bt2020"}
"""Matrix coefficients of ITU-T H.273 -> the nearest of those that coloring knows. 7 (SMPTE 240M) differs from BT.709 by 0.01."""
HD_LINES = 720
"""Players take untagged films of fewer lines as BT.601, others as BT.709."""
PQ, HLG = 16, 18
"""Transfer functions of HDR in ITU-T H.273."""
INTERLACED_ORDERS = {2, 3, 4, 5}
"""AVFieldOrder: top or bottom field first, coded or shown."""
COVER = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
NOT_FILMS = {"concat", "dash", "hls", "imf", "lavfi", "rtsp", "sap", "sdp", "tty", "webm_dash_manifest"}
"""Formats that are never opened: texts that name other files or addresses, text as a picture, generators."""
STILLS = {"image2", "image2pipe", "webp"}


def open_container(path: Path) -> InputContainer:
    """Open a file for reading.

    Raises:
        FilmError: the file is missing (`film-missing`), or no container that ffmpeg reads (`film-unreadable`).
    """
    if not path.exists():
        raise FilmError(f"{path} doesn't exist.", code="film-missing", path=path)
    if path.is_dir():
        raise FilmError(f"{path} is a folder, not a film.", code="film-unreadable", path=path)
    allowed = ",".join(sorted(av.formats_available - NOT_FILMS))
    try:
        container = av.open(
            f"file:{path}",  # else a colon in the name begins a protocol
            "r",
            container_options={"format_whitelist": allowed, "protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError) as error:
        raise FilmError(f"{path} can't be read as a film: {_reason(path, error)}.", code="film-unreadable", path=path) from error
    if container.format.name in NOT_FILMS:
        container.close()
        raise FilmError(f"{path} can't be read as a film: {container.format.name} isn't one.", code="film-unreadable", path=path)
    return container


def _reason(path: Path, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return "permission denied"
    if path.stat().st_size == 0:
        return "the file is empty"
    if isinstance(error, av.error.InvalidDataError):
        return "it is no container that ffmpeg knows, or its end is missing"
    return str(getattr(error, "strerror", None) or error)


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream that holds the film's picture: of several the largest, never a cover.

    Raises:
        FilmError: there is none (`no-video`), the file is a picture (`still-picture`), or nothing decodes it (`film-unreadable`).
    """
    pictures = [stream for stream in container.streams.video if stream.codec_context is not None]
    films = [stream for stream in pictures if not stream.disposition & COVER]
    name = container.format.name
    if name in STILLS or (name.endswith("_pipe") and name != "yuv4mpegpipe") or (pictures and not films):
        what = "holds a cover picture, but no film" if pictures and not films else "is a picture, not a film"
        raise FilmError(f"{path} {what}.", code="still-picture", path=path)
    if not films:
        undecodable = [stream for stream in container.streams.video if stream.codec_context is None]
        if undecodable:
            raise FilmError(f"{path}: ffmpeg can't decode this kind of video.", code="film-unreadable", path=path)
        others = ", ".join(stream_words(stream) for stream in container.streams) or "nothing"
        raise FilmError(f"{path} has no video stream; it holds: {others}.", code="no-video", path=path)
    return max(films, key=lambda s: (s.codec_context.width * s.codec_context.height, bool(s.disposition & Disposition.default)))


def describe(container: InputContainer, stream: VideoStream, first: Sequence[VideoFrame], path: Path) -> FilmInfo:
    """What the container, the decoder, and the first decoded frames tell about a film."""
    frame = first[0]
    color = color_tags(stream, frame)
    rotation = round(-frame.rotation / 90) * 90 % 360
    width, height = (frame.height, frame.width) if rotation in (90, 270) else (frame.width, frame.height)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    rate = stream.average_rate or stream.guessed_rate
    time_base = stream.time_base or Fraction(1, 1000)
    start = _start(container, stream, time_base)
    duration = container.duration / 1_000_000 if container.duration else None
    interlaced = stream.codec_context.field_order in INTERLACED_ORDERS or any(f.interlaced_frame for f in first)
    hdr = color.transfer in (PQ, HLG)
    return FilmInfo(
        path=path,
        width=width,
        height=height,
        color=color,
        rotation=rotation,
        sample_aspect=1 / aspect if rotation in (90, 270) else aspect,
        time_base=time_base,
        start=start,
        frame_rate=rate,
        frames=stream.frames or (round(duration * rate) if duration and rate else None),
        duration=duration,
        interlaced=interlaced,
        hdr=hdr,
        has_color=frame.format.has_palette or len(frame.format.components) >= 3,
        streams=tuple(stream_words(other) for other in container.streams if other.index != stream.index),
        notes=tuple(_notes(container, stream, frame, interlaced, color)),
    )


def _start(container: InputContainer, stream: VideoStream, time_base: Fraction) -> Fraction:
    """Seconds at which players begin: the earliest start of any stream, exact where that is the picture's."""
    if container.start_time is None:
        return Fraction(0)
    start = Fraction(container.start_time, 1_000_000)
    own = (stream.start_time or 0) * time_base
    return own if abs(own - start) <= Fraction(1, 1_000_000) else start


def color_tags(stream: VideoStream, frame: VideoFrame) -> ColorTags:
    """Matrix, range and depth of a film's code values. Untagged: BT.601 below 720 lines, else BT.709; full range for pure gray only."""
    context = stream.codec_context
    space = frame.colorspace if frame.colorspace in MATRICES else context.colorspace
    matrix = MATRICES.get(space, "bt601" if min(frame.width, frame.height) < HD_LINES else "bt709")
    if not (has_luma_plane(frame.format) or is_packed_yuv(frame.format)):  # `luma.planar` converts to limited range
        return ColorTags(matrix, False, luma_depth(frame.format), *_curves(stream, frame))
    tagged = frame.color_range or context.color_range
    gray = len(frame.format.components) < 3  # where nothing is tagged, ffmpeg's scaler takes gray as full range
    full = tagged == 2 or (not tagged and gray) or frame.format.name.startswith("yuvj")
    return ColorTags(matrix, full, luma_depth(frame.format), *_curves(stream, frame))


def _curves(stream: VideoStream, frame: VideoFrame) -> tuple[int, int]:
    """Numbers of primaries and transfer function."""
    context = stream.codec_context
    primaries = frame.color_primaries if frame.color_primaries not in (0, 2) else context.color_primaries
    transfer = frame.color_trc if frame.color_trc not in (0, 2) else context.color_trc
    return int(primaries) or 2, int(transfer) or 2


def stream_words(stream: Stream) -> str:
    """A stream in a few words: ``audio aac 2 channels eng``."""
    context = stream.codec_context
    codec = context.codec.canonical_name if context is not None else getattr(stream, "name", None)
    words = [{"subtitle": "subtitles"}.get(stream.type, stream.type), codec or "of an unknown kind"]
    if stream.type == "audio" and context is not None:
        channels = getattr(context, "channels", 0)
        words.append("1 channel" if channels == 1 else f"{channels} channels")
    if stream.type == "video" and stream.disposition & COVER:
        words[0] = "cover picture"
    return " ".join([*words, *([stream.language] if stream.language else [])])


def _notes(container: InputContainer, stream: VideoStream, frame: VideoFrame, interlaced: bool, color: ColorTags) -> list[str]:
    notes = []
    others = [s for s in container.streams.video if s.index != stream.index and not s.disposition & COVER]
    if others:
        notes.append(
            f"{len(others) + 1} video streams: the one of {frame.width}x{frame.height} pixels is colored, the others are left out."
        )
    if interlaced:
        notes.append("Marked as interlaced: the marked frames are deinterlaced (bwdif), each into one frame.")
    if color.transfer in (PQ, HLG):
        curve = "PQ" if color.transfer == PQ else "HLG"
        notes.append(
            f"High dynamic range ({curve}): luma and color tags are kept, the colors are those of a picture of standard range."
        )
    if not (has_luma_plane(frame.format) or is_packed_yuv(frame.format)):
        notes.append(
            f"Its frames are {frame.format.name}, without luma of their own: luma is computed, with the {color.matrix} matrix."
        )
    return notes
