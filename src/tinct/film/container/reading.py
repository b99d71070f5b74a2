"""Reading a film: what it is, and its frames, one after the other, as luma."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from av.codec.context import ThreadType
from av.container import InputContainer
from av.stream import Discard
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..._util.words import counted
from ...errors import FilmError
from ..frames import FilmInfo, Frame
from .decoding import JUMP, Damage, Deinterlacer, Timeline, UnsureError, decoded, frame_step, packets_from, seek_before
from .describing import describe, open_container, picture_stream
from .luma import luma_plane, planar

__all__ = ["Reader", "clock", "open_film", "read_frame"]

GAP = 1
"""Seconds without a frame that are told, if they are ten frames too: a damaged container loses packets silently."""
PROBED_FRAMES = 8
"""Frames that are decoded to know a film; interlaced ones are marked from the first."""


def open_film(path: Path, *, threads: int = 0) -> Reader:
    """Open a film and learn what it is; a few frames are decoded for that.

    Args:
        path: any container that ffmpeg reads.
        threads: for decoding; 0 takes as many as there are cores.

    Raises:
        FilmError: `film-missing`, `film-unreadable`, `no-video`, or `still-picture`.
    """
    return Reader(path, threads)


class Reader:
    """An open film. Use it as a context manager; `frames` may be called again and again."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.threads = threads
        self._container, stream = self._opened(path)
        try:
            damage = Damage()
            frames = decoded(packets_from(self._container, stream, None, damage), stream, damage, partial=False)
            first = [frame for frame, _ in zip(frames, range(PROBED_FRAMES), strict=False)]
            if not first:
                raise FilmError(f"{path}: no frame of its video can be decoded.", code="film-unreadable", path=path)
            self.info: FilmInfo = describe(self._container, stream, first, path)
        except BaseException:
            self._container.close()
            raise
        self._size = first[0].width, first[0].height, first[0].format.name
        self._told: list[str] = []

    @property
    def notes(self) -> list[str]:
        """Sentences about what was found while frames were read: damage, repaired timestamps. Complete after the last frame."""
        return list(self._told)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._container.close()

    def frames(self, start_pts: int | None = None, first_index: int = 0, *, from_beginning: bool = False) -> Iterator[Frame]:
        """The film's frames in presentation order, bit for bit the same wherever reading begins, if the film is undamaged.

        Args:
            start_pts: deliver only frames shown at this time or later, in units of `FilmInfo.time_base`.
            first_index: the number of the first delivered frame.
            from_beginning: decode all frames before `start_pts` too. In a damaged film (`notes`) frames depend on what was decoded before.
        """
        begun = False
        try:
            for index, frame in enumerate(self._read(start_pts, skip=start_pts is not None and not from_beginning), first_index):
                begun = True
                yield Frame(index, frame.pts, frame.luma)
        except UnsureError:
            if begun:  # packets are skipped before the first frame only
                raise
            for index, frame in enumerate(self._read(start_pts, skip=False), first_index):
                yield Frame(index, frame.pts, frame.luma)

    def _read(self, start_pts: int | None, *, skip: bool) -> Iterator[Frame]:
        info, damage = self.info, Damage()
        container, stream = self._opened_before(start_pts) if skip and start_pts is not None else self._opened(info.path)
        gap = max(10 * frame_step(stream), round(GAP / info.time_base))
        timeline = Timeline(frame_step(stream), round(JUMP / info.time_base), long_gap=gap)
        deinterlacer = Deinterlacer() if info.interlaced else None
        count = 0
        try:
            packets = packets_from(container, stream, start_pts if skip else None, damage)
            for frame, pts in self._placed(decoded(packets, stream, damage, partial=skip), timeline, deinterlacer):
                if start_pts is None or pts >= start_pts:
                    yield Frame(count, pts, luma_plane(frame, info.rotation))
                    count += 1
            there = stream.frames - damage.hidden  # exact in these containers
            if start_pts is None and "mov" in container.format.name and count < there:
                self._add(f"{count} of {there} frames could be read.")
        finally:
            container.close()
            self._tell(damage, timeline)

    def _opened_before(self, start_pts: int) -> tuple[InputContainer, VideoStream]:
        """The film, moved to a key frame that lies early enough before a frame if its container can do that; else at the beginning."""
        container, stream = self._opened(self.info.path)
        if seek_before(container, stream, start_pts):
            packet = next((p for p in container.demux(stream) if p.size), None)
            time = None if packet is None else packet.pts if packet.pts is not None else packet.dts
            if packet is not None and packet.is_keyframe and time is not None and time < start_pts:
                seek_before(container, stream, start_pts)
                return container, stream
        container.close()
        return self._opened(self.info.path)

    def _placed(
        self, frames: Iterator[VideoFrame], timeline: Timeline, deinterlacer: Deinterlacer | None
    ) -> Iterator[tuple[VideoFrame, int]]:
        """Frames of one size and format, deinterlaced, with times that rise."""
        width, height, kind = self._size
        for frame in frames:
            pts = timeline.place(frame.pts if frame.pts is not None else frame.dts)
            if (frame.width, frame.height, frame.format.name) != self._size:
                self._add(
                    f"At {self._clock(pts)} the frames change to {frame.width}x{frame.height}: they are scaled to {width}x{height}."
                )
                frame = frame.reformat(width=width, height=height, format=kind)
            frame = planar(frame, self.info.color)
            if deinterlacer is None:
                yield frame, pts
            else:
                yield from deinterlacer.push(frame, pts)
        if deinterlacer is not None:
            yield from deinterlacer.push(None)

    def _opened(self, path: Path) -> tuple[InputContainer, VideoStream]:
        container = open_container(path)
        try:
            stream = picture_stream(container, path)
        except BaseException:
            container.close()
            raise
        stream.codec_context.thread_count = self.threads
        stream.codec_context.thread_type = ThreadType.AUTO
        for other in container.streams:
            if other.index != stream.index:
                other.discard = Discard.all
        return container, stream

    def _tell(self, damage: Damage, timeline: Timeline) -> None:
        if damage.packets or damage.frames:
            parts = [f"{counted(damage.packets, 'packet')} can't be decoded"] if damage.packets else []
            parts += [f"{counted(damage.frames, 'damaged frame')} of the decoder"] if damage.frames else []
            where = "" if damage.first is None else f", the first at {self._clock(damage.first)}"
            self._add(f"Damage: {', '.join(parts)}{where}. Reading went on after it.")
        if timeline.gap:
            where = f"{self._clock(timeline.gap_end - timeline.gap)} to {self._clock(timeline.gap_end)}"
            self._add(f"There are no frames from {where}.")
        if damage.stopped:
            self._add(f"Reading ended before the end of the file: {damage.stopped}.")
        if timeline.repaired and timeline.first is not None:
            where = self._clock(timeline.first)
            self._add(
                f"Times of {counted(timeline.repaired, 'frame')} were missing, repeated or out of order, the first at {where}; repaired."
            )

    def _clock(self, pts: int) -> str:
        return clock(self.info.seconds(pts))

    def _add(self, note: str) -> None:
        if note not in self._told:
            self._told.append(note)


def clock(seconds: float) -> str:
    """``1:02:03.450``, or ``2:03.450`` below an hour."""
    rounded = round(seconds * 1000)
    whole, thousandths = divmod(abs(rounded), 1000)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    shown = f"{hours}:{minute:02d}" if hours else f"{minute}"
    return f"{'-' if rounded < 0 else ''}{shown}:{second:02d}.{thousandths:03d}"


def read_frame(path: Path, time: float, *, threads: int = 0) -> Frame:
    """The frame that is shown nearest to `time`, in seconds from the film's beginning; its index is -1.

    Raises:
        FilmError: as `open_film`, or the time is more than a second outside the film (`outside-film`).
    """
    with open_film(path, threads=threads) as reader:
        wanted = reader.info.pts_at(time)
        best: Frame | None = None
        for back in (1, 30, None):
            begin = None if back is None else wanted - round(back / reader.info.time_base)
            best = _nearest(reader.frames(begin), wanted)
            if best is not None and begin is not None and best.pts - wanted <= wanted - begin:
                break
        if best is None or abs(reader.info.seconds(best.pts) - time) > 1:
            there = "" if best is None else f"; the nearest is at {clock(reader.info.seconds(best.pts))}"
            raise FilmError(f"{path} has no frame at {clock(time)}{there}.", code="outside-film", path=path, seconds=time)
        return Frame(-1, best.pts, best.luma)


def _nearest(frames: Iterator[Frame], wanted: int) -> Frame | None:
    best: Frame | None = None
    for frame in frames:
        if best is not None and abs(frame.pts - wanted) >= abs(best.pts - wanted):
            break
        best = frame
    return best
