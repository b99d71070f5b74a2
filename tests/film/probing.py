"""What ffprobe, a program that shares no code with tinct, says about a film; and films written with plain colors."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinct.film.container.encoding import Encoding, check_output, chroma_shape
from tinct.film.container.reading import open_film
from tinct.film.container.writing import SegmentWriter, join
from tinct.film.frames import ColoredFrame, FilmInfo


def probed(path: Path, *arguments: str) -> dict[str, Any]:
    """What ``ffprobe`` prints, as JSON."""
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", *arguments, path], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class Probe:
    """All that the tests compare of a film, by one call of ffprobe."""

    def __init__(self, path: Path) -> None:
        everything = ("-show_streams", "-show_format", "-show_chapters", "-show_packets", "-show_data_hash", "md5")
        found = probed(path, *everything)
        self.streams, self.chapters, self._packets = found["streams"], found["chapters"], found["packets"]
        self.tags = {key.lower(): value for key, value in found["format"].get("tags", {}).items()}
        self.start = float(found["format"].get("start_time", 0))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Streams of a type: ``video``, ``audio``, ``subtitle``."""
        return [stream for stream in self.streams if stream["codec_type"] == kind]

    def packets(self, kind: str, number: int = 0) -> list[tuple[str | None, str, str]]:
        """Time, size and hash of the content of each packet of a stream."""
        index = self.of(kind)[number]["index"]
        return [(p.get("pts_time"), p["size"], p["data_hash"]) for p in self._packets if p["stream_index"] == index]

    def times(self, kind: str) -> list[float]:
        """Presentation time of each packet of the first stream of a type."""
        return [float(time or 0) for time, _, _ in self.packets(kind)]

    def decoding_times(self) -> list[float]:
        """Of the picture's packets, where the container stores them."""
        return [float(p["dts_time"]) for p in self._packets if p["codec_type"] == "video" and "dts_time" in p]


def frame_times(path: Path) -> list[str]:
    """Times of all frames of the picture, in seconds with six decimals."""
    frames = probed(path, "-select_streams", "v:0", "-show_frames", "-show_entries", "frame=best_effort_timestamp_time")["frames"]
    return [frame["best_effort_timestamp_time"] for frame in frames]


def written(
    source: Path,
    output: Path,
    encoding: Encoding,
    *,
    segment: int = 7,
    metadata: Mapping[str, str] | None = None,
    start: float | None = None,
    end: float | None = None,
) -> tuple[FilmInfo, list[str]]:
    """Write a film again with its own luma and one color, in segments of a few frames; the notes are those of checking and joining."""
    with open_film(source, threads=1) as reader:
        info = reader.info
        notes = check_output(output, encoding, info)
        height, width = chroma_shape(encoding, info.height, info.width)
        first = None if start is None else info.pts_at(start)
        frames = [f for f in reader.frames(first) if end is None or info.seconds(f.pts) < end]
    plane = np.full((height, width), (1 << info.color.depth - 1) + 5, frames[0].luma.dtype)
    paths = []
    for i in range(0, len(frames), segment):
        paths.append(output.with_name(f"{output.stem}-{i:04d}.packets"))
        with SegmentWriter(paths[-1], info, encoding, threads=1) as writer:
            for frame in frames[i : i + segment]:
                writer.write(ColoredFrame(frame, plane, plane))
    notes += join(paths, source, output, info, encoding, metadata or {}, start=start, end=end)
    return info, notes


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
