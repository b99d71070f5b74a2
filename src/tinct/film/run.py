"""From a film to a colored film: look, color window by window, join. Decoding, coloring and encoding overlap."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from .._util.files import sha256
from .._version import __version__
from ..coloring.colorizer import MIN_SIDE, Colorizer
from ..coloring.edit import Edit
from ..coloring.provenance import SOURCE_TYPE
from ..errors import FilmError
from .ahead import read_ahead
from .container.encoding import Encoding, check_output, chroma_shape
from .container.reading import Reader
from .container.writing import SegmentWriter, join
from .edit import FilmEdit
from .finding import RECORD_KEY, check_free
from .frames import ColoredFrame, FilmInfo, Frame
from .fresh import FrameColorist
from .memory import PlaceMemory
from .planes import chroma_planes, small_gray
from .planning import FilmPlan, Selection, ShotSamples, Window, look
from .telling import Told, told_by
from .window import ShotState, WindowColorist
from .workspace import Progressed, Workspace

__all__ = ["Clock", "FilmProgress", "FilmResult", "color_film", "selected", "working_size"]

Floats = npt.NDArray[np.float32]

PROBE_BYTES = 2**20
"""At the beginning and the end of a file, and its size: enough to know it again. Films are too long to be read as a whole for that."""
POLL_SECONDS = 0.25
"""From one call of `progress` to the next."""


@dataclass(frozen=True)
class FilmProgress:
    """How far a film is."""

    stage: str
    """``looking`` (for shots), ``coloring`` or ``joining`` (picture and sound)."""
    done: int
    """Frames."""
    total: int | None
    """Frames, estimated while looking."""
    seconds_left: float | None
    """Of this stage, once it can be told."""
    resumed: int = 0
    """Frames that an interrupted run had colored."""


@dataclass(frozen=True)
class FilmResult:
    """A finished film."""

    path: Path
    frames: int
    shots: int
    seconds: float
    """That this run took."""
    notes: tuple[str, ...]
    """Sentences about damage, and what was left out."""
    resumed: int
    """Frames that an interrupted run had colored."""


Progress = Callable[[FilmProgress], None]


def color_film(
    reader: Reader,
    output: Path,
    edit: FilmEdit,
    colorizer: Colorizer,
    encoding: Encoding,
    selection: Selection,
    *,
    threads: int = 0,
    overwrite: bool = False,
    fresh: bool = False,
    progress: Progress | None = None,
) -> FilmResult:
    """Color an open film; see `Film.colorize`."""
    begin = time.monotonic()
    check_free(output, reader.info.path, overwrite=overwrite)
    threads = threads or os.cpu_count() or 1
    info = reader.info
    notes = list(dict.fromkeys([*info.notes, *check_output(output, encoding, info)]))
    edit = replace(edit, edit=colorizer.resolved(edit.edit))
    edit.check(info)
    record = _record(info, edit, colorizer)
    identity = _digest([record, asdict(encoding), asdict(selection), threads, output.suffix, _versions()])
    size = working_size(info, colorizer, edit.edit)
    with Workspace(output, identity, fresh=fresh) as workspace:
        plan, found = _planned(reader, workspace, selection, size, progress)
        colorist = FrameColorist(colorizer, edit.edit)
        told = told_by(edit, plan, reader, selection, colorist, size)
        run = _Run(reader, plan, workspace, colorist, told, encoding, selection, size, threads, progress, damaged=bool(found))
        cv_threads = cv2.getNumThreads()
        cv2.setNumThreads(1)  # frames are spread over threads here
        try:
            segments, resumed = run.color()
        finally:
            cv2.setNumThreads(cv_threads)
        frames = len(plan.pts)
        if progress is not None:
            progress(FilmProgress("joining", 0, frames, None, resumed))
        check_free(output, info.path, overwrite=overwrite)  # again: coloring may have taken hours
        metadata = {RECORD_KEY: json.dumps(record), "DigitalSourceType": SOURCE_TYPE}
        start, end = (selection.start, selection.end) if selection.is_part else (None, None)
        joined = join(segments, info.path, output, info, encoding, metadata, start=start, end=end)
        workspace.remove()
    if progress is not None:
        progress(FilmProgress("joining", frames, frames, 0.0, resumed))
    said = tuple(dict.fromkeys([*notes, *found, *run.notes, *joined]))
    return FilmResult(output, frames, len(plan.starts), time.monotonic() - begin, said, resumed)


def working_size(info: FilmInfo, colorizer: Colorizer, edit: Edit) -> tuple[int, int]:
    """(width, height) of the small frames that the network sees. Raises FilmError if that is less than it takes (``"film-shape"``)."""
    preparation = colorizer.spec.preparation
    size = replace(preparation, side=edit.detail or preparation.side).size(info.width, info.height)
    if min(size) < MIN_SIDE:
        raise FilmError(
            f"{info.path} has frames of {info.width} × {info.height} pixels, too small or too narrow to be colored.",
            code="film-shape",
            path=info.path,
        )
    return size


def _record(info: FilmInfo, edit: FilmEdit, colorizer: Colorizer) -> dict[str, object]:
    """What is written into the result: everything that decides its colors."""
    made = colorizer.record(edit.edit)
    return {
        "version": __version__,
        "model": made.model,
        "weights": made.weights,
        "device": made.device,
        "precision": made.precision,
        "edit": made.edit.to_dict(),
        "keyframes": [keyframe.identity() for keyframe in edit.keyframes],
        "original": info.path.name,
        "original_fingerprint": _fingerprint(info.path),
    }


def _fingerprint(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's size, first and last bytes; of a small file, of all bytes. Raises FilmError."""
    try:
        size = path.stat().st_size
        if size <= 2 * PROBE_BYTES:
            return sha256(path)
        with path.open("rb") as file:
            first = file.read(PROBE_BYTES)
            file.seek(size - PROBE_BYTES)
            return hashlib.sha256(str(size).encode() + first + file.read()).hexdigest()
    except OSError as error:
        raise FilmError(f"{path} can't be read ({error.strerror or error}).", code="film-unreadable", path=path) from error


def _versions() -> list[str]:
    """Of the libraries that decide the bytes of a result: work of other versions isn't continued."""
    libraries = sorted(av.library_versions.items())
    return [av.__version__, cv2.__version__, np.__version__, onnxruntime.__version__, *(f"{name} {one}" for name, one in libraries)]


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def selected(reader: Reader, selection: Selection) -> Iterator[Frame]:
    """The selected frames of a film."""
    start = reader.info.pts_at(selection.start) if selection.start else None
    return selection.frames(reader.frames(start), reader.info)


def _planned(
    reader: Reader, workspace: Workspace, selection: Selection, size: tuple[int, int], progress: Progress | None
) -> tuple[FilmPlan, list[str]]:
    """The plan of an interrupted run, or a new one; and what was said while it was made. Raises FilmError if no frame is selected."""
    if (known := workspace.plan()) is not None:
        return known
    info = reader.info
    clock = Clock(progress, "looking", _expected(info, selection))
    plan = look(selected(reader, selection), info, size, workspace.keep_samples, clock.tell)
    if not len(plan.pts):
        workspace.remove()
        raise FilmError(f"{info.path} has no frames in the part that was asked for.", code="outside-film", path=info.path)
    workspace.keep_plan(plan, reader.notes)
    clock.end(len(plan.pts))
    return plan, reader.notes


def _expected(info: FilmInfo, selection: Selection) -> int | None:
    """About how many frames are selected."""
    total = info.frames
    if total is None and info.duration is not None and info.frame_rate is not None:
        total = round(info.duration * info.frame_rate)
    if total is None or not info.duration:
        return total
    end = min(info.duration, selection.end if selection.end is not None else info.duration)
    return max(1, round(total * max(0.0, end - selection.start) / info.duration / selection.every))


class Clock:
    """Tells progress at most a few times a second."""

    def __init__(self, progress: Progress | None, stage: str, total: int | None, resumed: int = 0) -> None:
        self._progress, self._stage, self._total, self._resumed = progress, stage, total, resumed
        self._begin = self._told = time.monotonic()

    def tell(self, done: int, *, always: bool = False) -> None:
        now = time.monotonic()
        if self._progress is None or (now - self._told < POLL_SECONDS and not always):
            return
        self._told = now
        new, left = done - self._resumed, None
        if self._total is not None and new > 0 and now - self._begin > 1:
            left = max(0.0, (self._total - done) * (now - self._begin) / new)
        self._progress(FilmProgress(self._stage, done, self._total, left, self._resumed))

    def end(self, total: int) -> None:
        """The stage is over. Args: total: frames there were."""
        self._total = total
        self.tell(total, always=True)


class _Run:
    """Coloring of all windows: one thread decodes ahead, some color a window, one encodes the window before."""

    def __init__(
        self,
        reader: Reader,
        plan: FilmPlan,
        workspace: Workspace,
        colorist: FrameColorist,
        told: Mapping[int, Told],
        encoding: Encoding,
        selection: Selection,
        size: tuple[int, int],
        threads: int,
        progress: Progress | None,
        *,
        damaged: bool,
    ) -> None:
        self._damaged = damaged  # then only reading from the beginning gives the planned frames
        self._reader, self._plan, self._workspace, self._colorist = reader, plan, workspace, colorist
        self._told, self._encoding, self._selection, self._size = told, encoding, selection, size
        self._threads, self._progress = threads, progress
        self._info = reader.info
        self._memory = PlaceMemory(workspace.places)
        self._encoded = 0
        self.notes: list[str] = []

    def color(self) -> tuple[list[Path], int]:
        """Color all windows that aren't; the segments of all, and the number of frames that were there."""
        info = self._info
        windows = self._plan.windows(info.width * info.height * (1 if info.color.depth == 8 else 2))
        known = self._known(windows)
        done, state = (0, None) if known is None else (known.windows, known.state)
        if known is None:
            for one in self._told.values():
                for place in one.places:
                    with self._workspace.writing():
                        self._memory.remember(place, told=True)
        resumed = self._encoded = sum(window.stop - window.start for window in windows[:done])
        if done < len(windows):
            self._rest(windows[done:], done, state, Clock(self._progress, "coloring", len(self._plan.pts), resumed))
        return [self._workspace.segment(number) for number in range(len(windows))], resumed

    def _known(self, windows: list[Window]) -> Progressed | None:
        """How far an interrupted run came, if its work is undamaged."""
        known = self._workspace.progressed([self._plan.pts[window.start : window.stop] for window in windows])
        try:
            if known is not None:
                self._memory.restore(known.places)
        except (OSError, ValueError):
            known = None
        if known is None:
            self._workspace.forget_windows()
        return known

    def _rest(self, windows: list[Window], first: int, state: ShotState | None, clock: Clock) -> None:
        frames = read_ahead(self._frames(windows[0].start))
        pool, writer = ThreadPoolExecutor(self._threads), ThreadPoolExecutor(1)
        writing: Future[None] | None = None
        shared: list[Frame] = []
        try:
            colorist = WindowColorist(self._colorist, self._memory, pool)
            for number, window in enumerate(windows, first):
                until = window.stop if window.ends_shot else window.stop + 1
                taken = shared + [next(frames) for _ in range(until - window.start - len(shared))]
                grays = [small_gray(frame.luma, self._info.color, self._size) for frame in taken]
                told = {i - window.start: one.colors for i, one in self._told.items() if window.start <= i < until}
                samples = self._samples(window) if window.begins_shot else []
                before = None if window.begins_shot else state
                with self._workspace.writing():
                    colors, state = colorist.color(grays, before, told, samples, ends_shot=window.ends_shot)
                self._await(writing, clock)
                count = window.stop - window.start
                writing = writer.submit(self._write, number, taken[:count], grays[:count], colors[:count], state, len(self._memory))
                shared = taken[count:]
            self._await(writing, clock)
        except StopIteration:
            raise FilmError(f"{self._info.path} changed while it was colored.", code="film-changed", path=self._info.path) from None
        finally:
            frames.close()
            writer.shutdown(cancel_futures=True)
            pool.shutdown(cancel_futures=True)
        self.notes += self._reader.notes

    def _frames(self, start: int) -> Iterator[Frame]:
        """The planned frames from one on."""
        wanted = self._plan.pts[start:].tolist()
        first = wanted[0] if start or self._selection.start else None
        frames = iter(self._reader.frames(first, from_beginning=self._damaged))
        for index, pts in enumerate(wanted, start):
            frame = next((one for one in frames if one.pts >= pts), None)
            if frame is None or frame.pts != pts:
                return  # told by `_rest`
            yield Frame(index, frame.pts, frame.luma)

    def _samples(self, window: Window) -> list[Floats]:
        samples: ShotSamples = self._workspace.samples(window.shot)
        return [frame.astype(np.float32) / np.float32(255) for frame in samples.frames]

    def _await(self, writing: Future[None] | None, clock: Clock) -> None:
        """Wait until a window is encoded, and tell how far it is."""
        clock.tell(self._encoded)
        while writing is not None and not wait_for([writing], POLL_SECONDS).done:
            clock.tell(self._encoded)
        if writing is not None:
            writing.result()
        clock.tell(self._encoded, always=True)

    def _write(
        self, number: int, frames: list[Frame], grays: list[Floats], colors: list[Floats], state: ShotState, places: int
    ) -> None:
        """Encode a window, and mark it as complete."""
        strength = np.float32(self._colorist.edit.strength)
        shape = chroma_shape(self._encoding, self._info.height, self._info.width)
        path = self._workspace.segment(number)
        with self._workspace.writing(), SegmentWriter(path, self._info, self._encoding, self._threads) as segment:
            for frame, gray, ab in zip(frames, grays, colors, strict=True):
                planes = chroma_planes(ab * strength, gray, frame.luma, self._info.color, shape)
                segment.write(ColoredFrame(frame, *planes))
                self._encoded += 1
        self._workspace.keep_state(number, state, places)
