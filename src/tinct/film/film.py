"""A film as people handle it: opened, looked at, colored."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..coloring.colorizer import Colorizer
from ..coloring.edit import Edit
from ..errors import ConfigError, FilmError
from ..photo import Photo
from .container.encoding import Encoding, default_codec
from .container.reading import open_film, read_frame
from .edit import FilmEdit
from .frames import ColorTags, FilmInfo, Samples
from .fresh import FrameColorist
from .planes import gray_levels
from .planning import Selection, ShotSamples, look
from .run import Clock, FilmProgress, FilmResult, color_film, selected, working_size
from .telling_frames import choose
from .times import MAX_SECONDS, parse_time

__all__ = ["Film", "FilmProgress", "FilmResult"]

MAX_TELLING = 100
"""Frames that are chosen to be colored by hand at most: more than anybody colors."""


class Film:
    """A film: what it is, single frames of it, and the whole of it in color.

    Args:
        path: any container that ffmpeg reads.

    Raises:
        FilmError: there is no such file (code ``"film-missing"``), it can't be read (``"film-unreadable"``), has no picture
            (``"no-video"``), or is a picture itself (``"still-picture"``).
    """

    path: Path
    info: FilmInfo
    """What the container says of it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        with open_film(self.path) as reader:
            self.info = reader.info

    def frame(self, time: float) -> Photo:
        """The gray frame nearest to a time in seconds from the film's beginning. Raises FilmError (code ``"outside-film"``)."""
        if not abs(time) <= MAX_SECONDS:  # True for NaN, too
            raise FilmError(f"{self.path} has no frame at {time} s.", code="outside-film", path=self.path, seconds=time)
        return _photo(read_frame(self.path, time).luma, self.info.color)

    def telling_frames(
        self, count: int, progress: Callable[[FilmProgress], None] | None = None, *, colorizer: Colorizer | None = None
    ) -> list[tuple[float, Photo]]:
        """Frames that are worth coloring by hand, as they resemble the most of the film.

        Args:
            count: number of frames, 1 to `MAX_TELLING`; a short film may have fewer.
            progress: told while the film is looked through.
            colorizer: whose features measure the resemblance; the default model's if None.

        Returns:
            Times in seconds, rising, and the gray frames.
        """
        if not 1 <= count <= MAX_TELLING:
            raise ConfigError(f"The number of frames must be from 1 to {MAX_TELLING}, not {count}.", code="edit-value")
        colorizer = colorizer or Colorizer()
        shots: list[ShotSamples] = []
        size = working_size(self.info, colorizer, Edit())

        clock = Clock(progress, "looking", self.info.frames)
        with open_film(self.path) as reader:
            plan = look(selected(reader, Selection()), reader.info, size, lambda _, samples: shots.append(samples), clock.tell)
        clock.end(len(plan.pts))
        times = [self.info.seconds(int(plan.pts[index])) for index in choose(shots, plan, count, FrameColorist(colorizer, Edit()))]
        return [(time, self.frame(time)) for time in times]

    def colorize(
        self,
        output: str | os.PathLike[str],
        edit: FilmEdit | None = None,
        *,
        colorizer: Colorizer | None = None,
        encoding: Encoding | None = None,
        start: float | None = None,
        end: float | None = None,
        every: int = 1,
        threads: int = 0,
        overwrite: bool = False,
        fresh: bool = False,
        progress: Callable[[FilmProgress], None] | None = None,
    ) -> FilmResult:
        """Color the film, or a part of it.

        An interrupted run leaves a folder beside the output, from which the same call goes on, to the same file; it is removed at the end.

        Args:
            output: the colored film; its ending names the container.
            edit: how it is colored, with what is known of single frames; the default is automatic.
            colorizer: the model; by default the bundled one with one thread, as several frames are colored at once.
            encoding: codec and quality; by default the container's usual codec.
            start: seconds from the film's beginning, for a part of it.
            end: frames at this time or later are left out.
            every: color one of so many frames, for a quick look at the whole.
            threads: of decoding, coloring and encoding; 0 takes all cores. Another number may give other bytes.
            overwrite: replace an earlier output: a file whose metadata say that tinct made it.
            fresh: don't go on from an interrupted run.
            progress: called a few times a second. What it raises ends the run, which can be resumed.

        Raises:
            FilmError: the output is there (code ``"exists"``, ``"not-ours"``, ``"is-original"``), can't be written (``"film-unwritable"``),
                can't hold the film's codec or sound (``"container-codec"``, ``"container-audio"``), or is being written by another run
                (``"film-running"``); the part has no frames (``"outside-film"``); the frames are too small or too narrow (``"film-shape"``);
                the film changed meanwhile (``"film-changed"``).
            ConfigError: a value outside its range, or a keyframe that can't be used.
            HintError: a hint outside the frame.
            PhotoError: a reference or a keyframe can't be read.
        """
        output = Path(output)
        selection = _selection(start, end, every)
        if threads < 0:
            raise ConfigError(f"threads must be at least 0, not {threads}.", code="edit-value", field="threads")
        with open_film(self.path, threads=threads) as reader:
            return color_film(
                reader,
                output,
                edit or FilmEdit(),
                colorizer or Colorizer(threads=1),
                encoding or Encoding(default_codec(output)),
                selection,
                threads=threads,
                overwrite=overwrite,
                fresh=fresh,
                progress=progress,
            )


def _selection(start: float | None, end: float | None, every: int) -> Selection:
    """Raises ConfigError for values out of their range, and for times that select nothing."""
    begin, stop = (None if time is None else parse_time(time) for time in (start, end))
    if stop is not None and stop <= (begin or 0):
        raise ConfigError(f"The part of the film from {begin or 0:g} s to {stop:g} s is empty.", code="film-part")
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise ConfigError(f"every must be a whole number of at least 1, not {every}.", code="edit-value", field="every")
    return Selection(begin or 0.0, stop, every)


def _photo(luma: Samples, color: ColorTags) -> Photo:
    """A frame as a gray photograph, of 8 bits or 16."""
    levels = gray_levels(luma, color)
    return Photo.open(np.rint(levels * 255).astype(np.uint8) if color.depth == 8 else np.rint(levels * 65535).astype(np.uint16))
