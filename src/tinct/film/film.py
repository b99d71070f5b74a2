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
from .edit import FilmEdit
from .encoding import Encoding, default_codec
from .finding import is_result
from .frames import ColorTags, FilmInfo, Samples
from .fresh import FrameColorist
from .planes import gray_levels
from .planning import Selection, ShotSamples, look
from .reading import open_film, read_frame
from .run import FilmProgress, FilmResult, color_film, selected
from .telling_frames import choose

__all__ = ["Film", "FilmProgress", "FilmResult"]

MAX_TELLING = 100


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
        size = colorizer.spec.preparation.size(self.info.width, self.info.height)

        def tell(done: int) -> None:
            if progress is not None and done % 50 == 0:
                progress(FilmProgress("looking", done, self.info.frames, None))

        with open_film(self.path) as reader:
            plan = look(selected(reader, Selection()), reader.info, size, lambda _, samples: shots.append(samples), tell)
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
            FilmError: the output is there (code ``"exists"``, ``"not-ours"``, ``"is-original"``), can't be written, or can't hold the film's codec or sound.
            ConfigError: a value outside its range, or a keyframe that can't be used.
            HintError: a hint outside the frame.
            PhotoError: a reference or a keyframe can't be read.
        """
        output = Path(output)
        selection = _selection(start, end, every)
        if output.exists() and os.path.realpath(output) == os.path.realpath(self.path):
            raise FilmError(f"{output} is the film itself, which is never overwritten.", code="is-original", path=output)
        if output.exists() and not overwrite:
            raise FilmError(f"{output} exists already.", code="exists", path=output)
        if output.exists() and not is_result(output):
            raise FilmError(
                f"{output} doesn't say that tinct made it, so it may be an original, which is never overwritten.",
                code="not-ours",
                path=output,
            )
        with open_film(self.path, threads=threads) as reader:
            return color_film(
                reader,
                output,
                edit or FilmEdit(),
                colorizer or Colorizer(threads=1),
                encoding or Encoding(default_codec(output)),
                selection,
                threads=threads,
                fresh=fresh,
                progress=progress,
            )


def _selection(start: float | None, end: float | None, every: int) -> Selection:
    """Raises ConfigError for values that select nothing."""
    begin = 0.0 if start is None else float(start)
    if not begin >= 0 or (end is not None and not end > begin):
        raise ConfigError(
            f"The part of the film from {begin:g} s to {end:g} s is empty." if end is not None else f"A film has no {begin:g} s.",
            code="film-part",
        )
    if isinstance(every, bool) or every < 1:
        raise ConfigError(f"every must be a whole number of at least 1, not {every}.", code="edit-value", field="every")
    return Selection(begin, end, int(every))


def _photo(luma: Samples, color: ColorTags) -> Photo:
    """A frame as a gray photograph, of 8 bits or 16."""
    levels = gray_levels(luma, color)
    return Photo.open(np.rint(levels * 255).astype(np.uint8) if color.depth == 8 else np.rint(levels * 65535).astype(np.uint16))
