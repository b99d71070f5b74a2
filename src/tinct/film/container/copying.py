"""What becomes of a film's other streams: audio, subtitles, data, covers and attachments are copied packet by packet where the
container of the result holds them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.subtitles.stream import SubtitleStream

from ...errors import FilmError
from .decoding import JUMP
from .describing import COVER, open_container, picture_stream, stream_words
from .encoding import CONTAINERS, listed

__all__ = ["Copier", "Copies", "plan_copies"]

TEXT_CODECS = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}
"""The text subtitles that each format holds everywhere."""
TEXTS = {"ass", "mov_text", "ssa", "subrip", "text", "webvtt"}
"""Subtitles of text: ffmpeg decodes and encodes all of them as lines of ASS."""


COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
"""Codecs of covers -> what Matroska calls them, where a cover is an attachment."""


@dataclass(frozen=True)
class Copies:
    """Numbers of the streams that are copied, those that are converted, and sentences about the others."""

    copied: tuple[int, ...]
    converted: dict[int, str]
    """Number of a subtitle stream -> the codec that it is converted to."""
    notes: tuple[str, ...]
    covers: tuple[int, ...] = ()
    """Covers that become attachments."""


def plan_copies(source: Path, output: Path, kind: str) -> Copies:
    """Decide about each stream of a film for a result of the format `kind`.

    Raises:
        FilmError: it can't hold an audio stream (`container-audio`), or the source can't be read.
    """
    copied, converted, notes, covers = [], {}, [], []
    with open_container(source) as container:
        picture = picture_stream(container, source)
        chapters = bool(container.chapters())
        for stream in container.streams:
            if stream.index == picture.index or (stream.type == "video" and not stream.disposition & COVER):
                continue
            codec = _codec(stream)
            if holds(kind, stream):
                copied.append(stream.index)
            elif stream.type == "video" and kind == "matroska" and codec in COVERS:
                covers.append(stream.index)
            elif stream.type == "audio":
                raise _audio_error(output, stream)
            elif stream.type == "subtitle" and codec in TEXTS:
                converted[stream.index] = TEXT_CODECS[kind]
                notes.append(f"{_capital(stream)} become {TEXT_CODECS[kind]} in {output.suffix}, without their styles.")
            elif stream.type == "data" and ("timecode" in stream.metadata or (codec == "bin_data" and chapters)):
                continue  # the muxer writes timecode and chapters again
            else:
                notes.append(f"Left out, as {output.suffix} can't hold it: {stream_words(stream)}.")
    return Copies(tuple(copied), converted, tuple(notes), tuple(covers))


def _codec(stream: Stream) -> str | None:
    if stream.codec_context is not None:
        return stream.codec_context.codec.canonical_name
    return getattr(stream, "name", None)


def _capital(stream: Stream) -> str:
    words = stream_words(stream)
    return words[0].upper() + words[1:]


def _audio_error(output: Path, stream: Stream) -> FilmError:
    endings = [ending for ending, container in CONTAINERS.items() if holds(container.format, stream)]
    return FilmError(
        f"{output.name}: {output.suffix} can't hold the film's {stream_words(stream)}; {listed(endings, 'and') or 'no container that tinct writes'} can.",
        code="container-audio",
        path=output,
        stream=stream.index,
        containers=endings,
    )


def holds(kind: str, stream: Stream) -> bool:
    """Whether a format holds a stream as it is: tried in memory."""
    codec = _codec(stream)
    if stream.type == "data" and codec in (None, "bin_data"):
        return False
    if stream.disposition & COVER and kind == "mov":  # QuickTime's metadata have no place for one, and the muxer doesn't say so
        return False
    if kind == "mp4" and codec is not None and codec.startswith("pcm_"):  # a late addition to MP4 that few players know
        return False
    try:
        with av.open(io.BytesIO(), "w", format=kind) as trial:
            copy = add_copy(trial, stream)
            if stream.disposition & COVER:  # some formats hold covers beside a picture only
                trial.add_stream("libx264", rate=25, width=16, height=16, pix_fmt="yuv420p")
            trial.start_encoding()
            return copy is not None
    except (av.FFmpegError, ValueError):
        return False


def add_copy(output: OutputContainer, stream: Stream) -> Stream:
    """A stream of the output that takes the packets of `stream`, with its language, title and disposition."""
    copy = output.add_stream_from_template(stream, opaque=True)
    copy.metadata.update(stream_metadata(stream))
    copy.disposition = stream.disposition
    return copy


def stream_metadata(stream: Stream) -> dict[str, str]:
    """A stream's metadata without what muxers write themselves or what holds for the source file only: statistics, encoders."""
    stale = ("BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_")
    own = ("encoder", "handler_name", "vendor_id")
    kept = {k: v for k, v in stream.metadata.items() if not k.upper().startswith(stale) and k.lower() not in own}
    if "name" in kept:  # so QuickTime calls it
        kept.setdefault("title", kept.pop("name"))
    return kept


@dataclass
class _Track:
    """The output's stream for one of the source's, and its last timestamp."""

    stream: Stream
    converted: bool
    cover: bool
    last: int | None = None
    offset: int = 0


@dataclass
class Copier:
    """Packets of the streams that are copied, ready for the output.

    Args:
        path: of the film.
        source: its container, open.
        output: the container that is written; streams are added to it.
        copies: what to do with each stream.
        shift: seconds that are added to all times.
        begin, end: seconds, on the source's clock, of the packets that are taken; None for all.
    """

    path: Path
    source: InputContainer
    output: OutputContainer
    copies: Copies
    shift: Fraction = Fraction(0)
    begin: Fraction | None = None
    end: Fraction | None = None
    repaired: int = 0
    """Packets whose timestamps were missing or fell back."""
    failed: int = 0
    """Subtitles that couldn't be converted."""
    stopped: str = ""
    _tracks: dict[int, _Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for stream in self.source.streams:
            if stream.index in self.copies.copied:
                copy = add_copy(self.output, stream)
                self._tracks[stream.index] = _Track(copy, False, bool(stream.disposition & COVER) and stream.type == "video")
            elif stream.index in self.copies.converted:
                self._tracks[stream.index] = _Track(self._converted(stream), True, False)
            else:
                stream.discard = Discard.all
        for number in self.copies.covers:
            self._attach(number)

    def _attach(self, number: int) -> None:
        """Make an attachment of a cover, which a container delivers as the only packet of a stream."""
        with open_container(self.path) as container:
            stream = container.streams[number]
            data = next((bytes(packet) for packet in container.demux(stream) if packet.size), None)
            name, kind = COVERS[_codec(stream) or ""]
            if data is not None:
                self.output.add_attachment(stream.metadata.get("filename", name), stream.metadata.get("mimetype", kind), data)

    def _converted(self, stream: Stream) -> Stream:
        text = cast("SubtitleStream", stream)
        text.codec_context.open(strict=False)
        copy: Any = self.output.add_stream(self.copies.converted[stream.index])
        copy.codec_context.subtitle_header = text.codec_context.subtitle_header
        copy.codec_context.time_base = Fraction(1, 1000)
        copy.time_base = stream.time_base
        copy.metadata.update(stream_metadata(stream))
        copy.disposition = stream.disposition
        return cast("Stream", copy)

    def packets(self) -> Iterator[Packet[Any]]:
        """All packets in the order of the source, with times that rise in each stream."""
        flowing = [s for s in self.source.streams if s.index in self._tracks and s.type != "attachment"]
        if not flowing:
            return
        if self.begin is not None and self.begin > 1:
            try:
                self.source.seek(int((self.begin - 1) * 1_000_000))
            except av.FFmpegError:
                self.source.seek(0)
        try:
            for packet in self.source.demux(flowing):
                if packet.size == 0:
                    continue
                time = packet.pts if packet.pts is not None else packet.dts
                seconds = None if time is None else time * packet.time_base
                if self.end is not None and seconds is not None and seconds > self.end + 10:  # interleaved no further apart
                    return
                ready = self._ready(packet, seconds)
                if ready is not None:
                    yield ready
        except av.FFmpegError as error:
            self.stopped = error.strerror or str(error)

    def _ready(self, packet: Packet[Any], seconds: Fraction | None) -> Packet[Any] | None:
        track = self._tracks[packet.stream_index]
        time_base = packet.time_base
        if track.cover:
            packet.pts = packet.dts = 0
            packet.stream = track.stream
            return packet if track.last is None else None
        outside = seconds is not None and (
            (self.begin is not None and seconds < self.begin) or (self.end is not None and seconds >= self.end)
        )
        if outside:
            return None
        if track.converted:
            converted = self._text(packet, track)
            if converted is None:
                return None
            packet = converted
        pts, dts = self._placed(packet.pts, packet.dts, track, packet.duration or 1, time_base)
        packet.pts, packet.dts, packet.time_base = pts, dts, time_base
        packet.stream = track.stream
        return packet

    def _placed(self, pts: int | None, dts: int | None, track: _Track, step: int, time_base: Fraction) -> tuple[int, int]:
        """Both times shifted, and moved on where the stream's clock falls back."""
        moved = round(self.shift / time_base) + track.offset
        if dts is None and pts is None:
            self.repaired += 1
            dts = (track.last + step if track.last is not None else 0) - moved
        decoding = (dts if dts is not None else pts or 0) + moved
        shown = (pts if pts is not None else dts or 0) + moved
        if track.last is not None and decoding <= track.last:
            jump = track.last + step - decoding
            if jump * time_base > JUMP:
                self.repaired += 1
                track.offset += jump
                decoding, shown = decoding + jump, shown + jump
            elif decoding < track.last:
                self.repaired += 1
                decoding = track.last + 1
                shown = max(shown, decoding)
        track.last = decoding
        return shown, decoding

    def _text(self, packet: Packet[Any], track: _Track) -> Packet[Any] | None:
        try:
            subtitle = packet.stream.codec_context.decode2(packet)
            if subtitle is None:
                return None
            text: Packet[Any] = cast("Any", track.stream).codec_context.encode_subtitle(subtitle)
        except (av.FFmpegError, ValueError):
            self.failed += 1
            return None
        text.pts, text.dts, text.duration = packet.pts, packet.pts, packet.duration
        return text
