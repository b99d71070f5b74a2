"""What keyframes say of a film's frames, as colors that are carried along the motion and remembered."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..coloring.hints import KEEP, Hint, Strokes, draw
from ..coloring.matching import cells_of
from ..errors import ConfigError, FilmError
from .container.reading import Reader, read_frame
from .edit import FilmEdit
from .fresh import FrameColorist
from .keyframes import Keyframe
from .memory import Place, hints_from
from .motion import FlowMeter
from .planes import eight_bits, gray_levels, small_gray
from .planning import FilmPlan, Selection
from .times import format_time
from .tracking import Layer, laid_over, mixed

__all__ = ["Told", "told_by"]

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

MIN_CHANGE = 4.0
"""Distance in the ab plane by which hints change a place, from which it begins to count as told. This and the next by argument: two and five just
noticeable differences (2.3: Mahy et al., "Evaluation of Uniform Color Spaces Developed after the Adoption of CIELAB and CIELUV", 1994)."""
FULL_CHANGE = 12.0
"""Distance from which it counts entirely."""


@dataclass(frozen=True)
class Told:
    """What is known of one frame."""

    colors: Layer
    places: tuple[Place, ...]
    """The same, to be found again in other shots; none for a model without features."""


def told_by(
    edit: FilmEdit, plan: FilmPlan, reader: Reader, selection: Selection, colorist: FrameColorist, size: tuple[int, int]
) -> dict[int, Told]:
    """By index of the selected frame, what the keyframes say.

    Where only every N-th frame is selected, the colors are moved to the nearest of them. Keyframes outside the selected part still count
    for shots that recur: they have negative indices.

    Raises:
        ConfigError: a keyframe after the film's end (code ``"keyframe-outside"``), or an unusable picture.
        HintError: a hint outside the frame.
        PhotoError: a picture can't be read.
    """
    found: dict[int, Told] = {}
    info = reader.info
    for number, keyframe in enumerate(edit.keyframes):
        inside = keyframe.time >= selection.start and (selection.end is None or keyframe.time < selection.end)
        index = int(np.abs(plan.pts - info.pts_at(keyframe.time)).argmin()) if inside else -1 - number
        try:
            frame = read_frame(info.path, keyframe.time, threads=reader.threads)
        except FilmError as error:
            if error.code != "outside-film":
                raise
            raise ConfigError(
                f"The keyframe at {format_time(keyframe.time)} lies outside the film.", code="keyframe-outside", time=keyframe.time
            ) from None
        gray = small_gray(frame.luma, info.color, size)
        layer = _layer(keyframe, gray_levels(frame.luma, info.color), colorist, size)
        canvas = colorist.canvas(gray)
        network = colorist.colors(canvas, hints_from(layer), layer.weight) if colorist.takes_hints else colorist.colors(canvas)
        known = Layer(mixed(network.ab, layer), np.clip(layer.weight, 0, 1))
        eight = eight_bits(gray)
        places = (Place(eight, known, cells_of(canvas.encoded), None),) if canvas.encoded.encodings else ()
        if inside and frame.pts != plan.pts[index]:  # of every N-th frame, another one is colored
            layer = _seen_from(reader, int(plan.pts[index]), eight, layer, size)
        if index in found:  # two keyframes near one frame
            found[index] = Told(laid_over(layer, found[index].colors), found[index].places + places)
        else:
            found[index] = Told(layer, places)
    return found


def _seen_from(reader: Reader, pts: int, gray: Bytes, layer: Layer, size: tuple[int, int]) -> Layer:
    """A keyframe's colors as another frame sees them. Args: pts: of that frame; gray: (h, w) the keyframe's own, 0..255."""
    other = next(iter(reader.frames(pts)), None)
    if other is None:
        raise FilmError(f"{reader.info.path} changed while it was colored.", code="film-changed", path=reader.info.path)
    there = eight_bits(small_gray(other.luma, reader.info.color, size))
    return layer.pulled(FlowMeter().between(there, gray)[0])


def _layer(keyframe: Keyframe, full: Floats, colorist: FrameColorist, size: tuple[int, int]) -> Layer:
    """Colors and weights of a keyframe at the size of small frames. Args: full: (H, W) gray levels 0..1 of the whole frame."""
    width, height = size
    ab, weight = keyframe.told(height, width)
    if not keyframe.hints:
        return Layer(ab, weight, np.ones_like(weight))
    canvas = colorist.canvas(full)
    colored = canvas.colors(colorist.edit.changed(hints=keyframe.hints))
    change = np.linalg.norm(colored - canvas.colors(colorist.edit), axis=-1)
    moved = np.clip((change - MIN_CHANGE) / (FULL_CHANGE - MIN_CHANGE), 0, 1)
    hinted = np.maximum(moved, draw(_drawable(keyframe), canvas.photo.size, size)[2])[..., None]
    told = np.asarray(ab + hinted * (colored - ab), np.float32)
    return Layer(told, np.maximum(weight, hinted[..., 0]), np.ones_like(weight))


def _drawable(keyframe: Keyframe) -> list[Hint | Strokes]:
    """The hints, all with a color: only their places matter."""
    return [replace(hint, color="#808080") if isinstance(hint, Hint) and hint.color == KEEP else hint for hint in keyframe.hints]
