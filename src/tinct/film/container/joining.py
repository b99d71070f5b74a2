"""The finished film: encoded segments, and everything else that the source has, in one container."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from ..._util.words import counted
from ...errors import FilmError
from ..frames import FilmInfo
from .copying import Copier, Copies, plan_copies, stream_metadata
from .describing import open_container, picture_stream
from .encoding import Encoding, configure, container_of
from .segments import read_entries

__all__ = ["join"]

ARBITRARY_CLOCKS = {"mpegts", "mpeg"}
"""Formats whose clock begins anywhere; results of them begin at 0, as ffmpeg's do."""
OPTIONS = {
    "mp4": {"movflags": "use_metadata_tags+faststart"},  # keys of any name; the index in front, so that players begin at once
    "mp4 with cover": {"movflags": "faststart"},  # the muxer writes either a cover or keys of any name
    "mov": {"movflags": "use_metadata_tags+faststart"},
    "matroska": {"avoid_negative_ts": "disabled"},  # the priming of AAC begins before 0; the times stay as they are
    "webm": {"avoid_negative_ts": "disabled"},
}
BITEXACT = 0x400
"""AVFMT_FLAG_BITEXACT."""
ITUNES_KEYS = {
    "album",
    "artist",
    "comment",
    "composer",
    "copyright",
    "creation_time",
    "date",
    "description",
    "genre",
    "lyrics",
    "title",
}
"""Keys of metadata that MP4 keeps beside a cover. Others become lines of the comment."""
WRITTEN_BY_MUXERS = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}


def join(
    segments: Sequence[Path],
    source: Path,
    output: Path,
    info: FilmInfo,
    encoding: Encoding,
    metadata: Mapping[str, str],
    *,
    start: float | None = None,
    end: float | None = None,
) -> list[str]:
    """Write the film: the segments' picture, and audio, subtitles, data, covers, attachments and chapters of the source.

    Frames and packets keep their times; those of MPEG-TS and MPEG-PS are counted from the film's beginning. The output appears under its
    name when it is complete, and replaces what is there. Memory doesn't grow with the film but for 50 bytes a frame.

    Args:
        segments: work files of `SegmentWriter` with this `info` and `encoding`, in order.
        source: the film.
        metadata: more entries for the container, any keys; the film's own are kept.
        start, end: of a part of the film, in seconds from its beginning: packets outside are left out, and `start` becomes 0.

    Returns:
        Sentences about what was left out, converted or repaired.

    Raises:
        FilmError: the output can't hold an audio stream (`container-audio`), can't be written (`film-unwritable`), or the segments were
            encoded differently (`segments-differ`).
        ValueError: a segment is incomplete, or the frames' times don't rise.
    """
    container = container_of(output)
    copies = plan_copies(source, output, container.format)
    picture = _Picture(segments, info, start)
    cover = container.format == "mp4" and _has_cover(source, copies)
    partial = output.with_name(f".{output.name}.partial")
    try:
        with open_container(source) as film, _opened(partial, container.format, cover) as result:
            stream = _picture_stream(result, film, source, info, encoding, picture.header, cut=start is not None)
            begin = None if start is None else info.start + Fraction(start).limit_denominator(10**6)
            stop = None if end is None else info.start + Fraction(end).limit_denominator(10**6)
            copier = Copier(source, film, result, copies, picture.shift(film), begin, stop)
            _describe(result, film, metadata, copier, cover)
            result.start_encoding()
            for packet in heapq.merge(picture.packets(stream, copier.shift), copier.packets(), key=_when):
                result.mux_one(packet)
        _synced(partial)
        partial.replace(output)
    except (av.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FilmError(f"{output} can't be written: {reason}.", code="film-unwritable", path=output) from error
    finally:
        partial.unlink(missing_ok=True)
    notes = list(copies.notes)
    if copier.repaired:
        notes.append(f"Times of {counted(copier.repaired, 'packet')} of audio or subtitles were missing or fell back; repaired.")
    if copier.failed:
        notes.append(f"{counted(copier.failed, 'subtitle')} couldn't be converted.")
    if copier.stopped:
        notes.append(f"Copying of audio ended before the end of the file: {copier.stopped}.")
    return notes


def _has_cover(source: Path, copies: Copies) -> bool:
    with open_container(source) as film:
        return any(stream.index in copies.copied for stream in film.streams.video)


def _opened(path: Path, kind: str, cover: bool) -> OutputContainer:
    options = OPTIONS["mp4 with cover" if cover else kind]
    result = av.open(f"file:{path}", "w", format=kind, container_options=options)
    result.flags |= BITEXACT  # no dates, no random numbers: the same film gives the same bytes
    return result


def _picture_stream(
    result: OutputContainer, film: InputContainer, source: Path, info: FilmInfo, encoding: Encoding, header: bytes, *, cut: bool
) -> VideoStream:
    """The picture's stream, set up as its segments were, with the metadata of the source's picture."""
    stream: Any = result.add_stream(encoding.traits.encoder, rate=info.frame_rate or 25)
    configure(stream.codec_context, encoding, info, threads=1)
    stream.codec_context.flags |= int(Flags.global_header) | int(Flags.bitexact)
    stream.time_base = info.time_base
    if encoding.codec == "h265" and result.format.name in ("mp4", "mov"):
        stream.codec_context.codec_tag = "hvc1"  # the tag that Apple's players know
    stream.codec_context.open()
    if header:
        stream.codec_context.extradata = header
    old = picture_stream(film, source)
    kept = stream_metadata(old)
    if cut:
        kept.pop("timecode", None)  # of the first frame of the whole
    stream.metadata.update(kept)
    stream.disposition = old.disposition
    return stream  # type: ignore[no-any-return]


def _describe(result: OutputContainer, film: InputContainer, metadata: Mapping[str, str], copier: Copier, cover: bool) -> None:
    """Metadata and chapters of the container."""
    entries = {k: v for k, v in film.metadata.items() if k.lower() not in WRITTEN_BY_MUXERS} | dict(metadata)
    if cover:
        lines = [f"{key}: {value}" for key, value in entries.items() if key.lower() not in ITUNES_KEYS]
        entries = {key: value for key, value in entries.items() if key.lower() in ITUNES_KEYS}
        if lines:
            entries["comment"] = "\n".join([*([entries["comment"]] if "comment" in entries else []), *lines])
    result.metadata.update(entries)
    chapters = []
    for chapter in film.chapters():
        base = chapter["time_base"] or Fraction(1, 1000)
        begin, end = chapter["start"] * base, chapter["end"] * base
        if (copier.end is not None and begin >= copier.end) or (copier.begin is not None and end <= copier.begin):
            continue
        begin = begin if copier.begin is None else max(begin, copier.begin)
        end = end if copier.end is None else min(end, copier.end)
        chapters.append({**chapter, "start": round((begin + copier.shift) / base), "end": round((end + copier.shift) / base)})
    if chapters:
        result.set_chapters(chapters)  # type: ignore[arg-type]


class _Picture:
    """The encoded frames of all segments, with decoding times over the whole film."""

    def __init__(self, segments: Sequence[Path], info: FilmInfo, start: float | None) -> None:
        self._paths, self._info, self._start = segments, info, start
        read = [read_entries(path) for path in segments]
        self.header = read[0][0] if read else b""
        if any(header != self.header for header, _ in read):
            raise FilmError("The segments of the film were encoded with different settings.", code="segments-differ")
        self._segments = [entries for _, entries in read]
        coded = np.concatenate([entries["pts"] for entries in self._segments]) if read else np.empty(0, np.int64)
        if not coded.size:
            raise ValueError("the segments hold no frames")
        self._times = np.sort(coded)
        ends = [(entries["pts"].min(), entries["pts"].max()) for entries in self._segments if entries.size]
        if any(a[1] >= b[0] for a, b in itertools.pairwise(ends)) or (np.diff(self._times) == 0).any():
            raise ValueError("the times of the frames don't rise from segment to segment")
        self._ranks = np.searchsorted(self._times, coded)
        self._delay = int((np.arange(coded.size) - self._ranks).max())
        usual = round(1 / (info.frame_rate or 25) / info.time_base)
        self._step = int(self._times[-1] - self._times[-2]) if coded.size > 1 else max(1, usual)

    def shift(self, film: InputContainer) -> Fraction:
        """Seconds that are added to all times of the film."""
        if self._start is not None:
            return -self._info.start - Fraction(self._start).limit_denominator(10**6)
        return -self._info.start if film.format.name in ARBITRARY_CLOCKS else Fraction(0)

    def packets(self, stream: VideoStream, shift: Fraction) -> Iterator[Packet[Any]]:
        """Packets in coding order. The n-th is decoded when the frame `delay` earlier in presentation order is shown: never too late."""
        moved = round(shift / self._info.time_base)
        number = 0
        for path, entries in zip(self._paths, self._segments, strict=True):
            with path.open("rb") as file:
                for pts, keyframe, position, size, _ in entries.tolist():
                    file.seek(position)
                    packet: Packet[Any] = Packet(file.read(size))
                    packet.stream, packet.time_base = stream, self._info.time_base
                    packet.pts, packet.dts = pts + moved, self._time(number - self._delay) + moved
                    packet.duration = self._time(int(self._ranks[number]) + 1) - pts
                    packet.is_keyframe = keyframe
                    number += 1
                    yield packet

    def _time(self, place: int) -> int:
        """Presentation time of the n-th frame; before the first and after the last one at the usual distance."""
        beyond = min(place, 0) + max(place - len(self._times) + 1, 0)
        return int(self._times[place - beyond]) + beyond * self._step


def _when(packet: Packet[Any]) -> float:
    """Seconds at which a packet is due."""
    return float((packet.dts if packet.dts is not None else packet.pts or 0) * packet.time_base)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
