"""Packets become frames: decoding from the middle with the frames that an uninterrupted read gives, damage, deinterlacing, and timestamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

__all__ = ["Damage", "Deinterlacer", "Timeline", "UnsureError", "decoded", "packets_from"]

LEAD_FRAMES = 4
"""Frames that are decoded before the first one wanted: the deinterlacer looks one frame back, decoders need whole groups of pictures."""
SEEK_BACK = 10
"""Seconds by which a seek goes to before the wanted moment; the last key frame before it is found among the packets."""
RECENT = 64
"""Timestamps that are compared to find repeated ones; no codec reorders frames further than 16."""
JUMP = Fraction(1, 2)
"""Seconds by which timestamps must fall back to be taken for a clock that started again, not for a frame out of order."""


class UnsureError(Exception):
    """Timestamps among the skipped packets need repair, so only reading from the beginning gives the same frames."""


@dataclass
class Damage:
    """What could not be decoded."""

    packets: int = 0
    """Packets that the decoder rejected."""
    frames: int = 0
    """Frames that the decoder delivered but marked as damaged."""
    first: int | None = None
    """Presentation time of the first damage in units of the stream's time base."""
    hidden: int = 0
    """Packets that are decoded but not shown, as an edit list says: the film was trimmed without being encoded again."""
    stopped: str = ""
    """Why reading ended before the end of the file, if it did."""

    def note(self, pts: int | None) -> None:
        if self.first is None:
            self.first = pts


def packets_from(
    container: InputContainer, stream: VideoStream, start: int | None, damage: Damage
) -> Iterator[Packet[VideoStream]]:
    """Packets of the stream, from the last key frame that lies at least `LEAD_FRAMES` before `start`; from the first one without it.

    Raises:
        UnsureError: a skipped packet has no timestamp, a repeated one, or one that falls back.
    """
    packets = _readable(container, stream, damage)
    if start is None:
        yield from packets
        return
    latest = start - LEAD_FRAMES * frame_step(stream)
    held: list[Packet[VideoStream]] = []  # since the last key frame before `latest`
    recent: deque[int] = deque(maxlen=RECENT)
    last = None
    for packet in packets:
        time = packet.pts if packet.pts is not None else packet.dts
        if packet.size == 0:  # the last one, which makes the decoder deliver what it holds
            held.append(packet)
            break
        if time is None or time in recent or (last is not None and packet.dts is not None and packet.dts < last):
            raise UnsureError
        recent.append(time)
        last = packet.dts if packet.dts is not None else last
        if packet.is_keyframe and time <= latest:
            held = []
        held.append(packet)
        if (packet.dts if packet.dts is not None else time) > start or (packet.is_keyframe and time > latest):
            break
    yield from held
    yield from packets


def _readable(container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[Packet[VideoStream]]:
    """All packets that the container delivers; where it breaks off, the reason is noted."""
    try:
        for packet in container.demux(stream):
            damage.hidden += packet.is_discard
            yield packet
    except av.FFmpegError as error:
        damage.stopped = error.strerror or str(error)
        flush: Packet[VideoStream] = Packet()  # type: ignore[assignment]
        flush.stream, flush.time_base = stream, stream.time_base or Fraction(1, 1000)
        yield flush


def seek_before(container: InputContainer, stream: VideoStream, start: int) -> bool:
    """Move to before `start` in a container whose index can be trusted. False: read from the beginning instead."""
    if not {"mov", "matroska", "nut"} & set(container.format.name.split(",")):
        return False  # elsewhere timestamps after a seek can differ from those of reading on
    time_base = stream.time_base or Fraction(1, 1000)
    target = start - LEAD_FRAMES * frame_step(stream) - round(SEEK_BACK / time_base)
    if target <= (stream.start_time or 0):
        return False
    try:
        container.seek(target, stream=stream)
    except av.FFmpegError:
        return False
    return True


def frame_step(stream: VideoStream) -> int:
    """Units of the stream's time base from one frame to the next, at the mean frame rate; at least 1."""
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return max(1, round(1 / rate / (stream.time_base or Fraction(1, 1000))))


def decoded(packets: Iterable[Packet[VideoStream]], stream: VideoStream, damage: Damage, *, partial: bool) -> Iterator[VideoFrame]:
    """Frames in presentation order. What the decoder rejects is counted, and decoding goes on.

    Args:
        partial: the packets begin in the middle: frames shown before the first key frame lack their references, and are dropped.
    """
    first: int | None = None
    for packet in packets:
        if partial and first is None:
            first = packet.pts
        try:
            frames = stream.decode(packet)
        except av.error.EOFError:
            break
        except av.FFmpegError:
            damage.packets += 1
            damage.note(packet.pts if packet.pts is not None else packet.dts)
            continue
        for frame in frames:
            if partial and frame.pts is not None and first is not None and frame.pts < first:
                continue
            if frame.is_corrupt:
                damage.frames += 1
                damage.note(frame.pts)
            yield frame


class Deinterlacer:
    """ffmpeg's bwdif: one frame for each marked frame, in the field order that it is marked with; others pass unchanged."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._times: deque[int] = deque()

    def push(self, frame: VideoFrame | None, pts: int = 0) -> Iterator[tuple[VideoFrame, int]]:
        """Hand in a frame, or None after the last one, and get those that are done, each with its own presentation time."""
        if self._graph is None:
            if frame is None:
                return
            self._graph = self._built(frame)
        if frame is not None:
            frame.pts = pts
            self._times.append(pts)
        self._graph.vpush(frame)
        while True:
            try:
                done = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield done, self._times.popleft()

    @staticmethod
    def _built(frame: VideoFrame) -> Graph:
        graph = Graph()
        source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base)
        graph.link_nodes(source, graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced"), graph.add("buffersink"))
        graph.configure()
        return graph


@dataclass
class Timeline:
    """Presentation times that rise from frame to frame, whatever the container says."""

    step: int
    """Units from one frame to the next where a timestamp is missing."""
    jump: int
    """Units by which timestamps must fall back to be taken for a clock that started again."""
    long_gap: int = 1 << 62
    """Units without a frame that are remembered."""
    gap: int = 0
    """The longest of these gaps; 0 if there is none."""
    gap_end: int = 0
    """Time of the frame after it."""
    repaired: int = 0
    """Frames whose timestamps were missing, repeated or out of order."""
    first: int | None = None
    """Time of the first of them."""
    _last: int | None = None
    _offset: int = 0

    def place(self, pts: int | None) -> int:
        """The time of the next frame."""
        last = self._last
        time = pts + self._offset if pts is not None else (last + self.step if last is not None else 0)
        wrong = pts is None
        if last is not None and time <= last:
            wrong = True
            if last - time > self.jump:
                self._offset += last + self.step - time
                time = last + self.step
            else:
                time = last + 1
        if wrong:
            self.repaired += 1
            self.first = time if self.first is None else self.first
        if last is not None and time - last > max(self.long_gap, self.gap):
            self.gap, self.gap_end = time - last, time
        self._last = time
        return time
