"""What is known of one frame of a film: a picture that is colored, wholly or in parts, and hints."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..color import rgb_to_lab
from ..coloring.hints import Hint, Strokes
from ..coloring.packing import digest, hints_from_json, hints_to_json, normalize
from ..errors import ConfigError, HintError, PhotoError, nearest
from ..photo import Photo
from ..resampling import area_resize, bilinear_resize
from .times import format_time, parse_time

if TYPE_CHECKING:
    from ..photo import PhotoSource

__all__ = ["MAX_KEYFRAME_PIXELS", "Keyframe"]

Floats = npt.NDArray[np.float32]
MAX_KEYFRAME_PIXELS = 150_000_000
"""Of one picture; the largest cinema cameras have 80 megapixels."""
MAX_ASPECT_DIFFERENCE = 0.01
"""By which the width / height of a picture may differ from the film's: players and editors round sizes."""
GRAY_SPREAD = 8
"""Largest difference of R, G and B, 0..255, that counts as gray; a chroma C*ab of about 3, the same as `hints.NEUTRAL_CHROMA`."""
_BLOCK_ROWS = 256
_KEYS = ("time", "picture", "hints")


@dataclass(frozen=True, eq=False)
class Keyframe:
    """Known colors of one frame.

    Raises:
        ConfigError: a time that isn't one; neither a picture nor hints.
        HintError: one of the hints isn't a hint.
    """

    time: float
    """Seconds from the film's beginning; the nearest frame is meant. A text such as ``"00:12.4"`` is accepted."""
    picture: PhotoSource | None = None
    """The frame in color, of the film's shape at any size. Where it has an alpha channel, only opaque places say something: there gray means
    "no color", and half transparent places say half as much. Without an alpha channel all of it counts, gray places too; a picture that
    is gray everywhere is refused, because nobody has colored it yet."""
    hints: tuple[Hint | Strokes, ...] = ()
    """Colors of places, in pixels of the film's upright frame; they lie over the picture. Any iterable is accepted."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", parse_time(self.time))
        object.__setattr__(self, "hints", normalize(self.hints))
        if not all(isinstance(hint, (Hint, Strokes)) for hint in self.hints):
            raise HintError(f"{self._where} has hints that were left out of a record.", code="hint")
        if self.picture is None and not self.hints:
            raise ConfigError(f"{self._where} has neither a picture nor hints.", code="edit-value", field="keyframes")

    @property
    def _where(self) -> str:
        return f"The keyframe at {format_time(self.time)}"

    def check(self, width: int, height: int) -> None:
        """Compare with the size of the film's upright frames, in pixels.

        Raises:
            ConfigError: the picture has another shape (code ``"keyframe-shape"``), more than `MAX_KEYFRAME_PIXELS`
                (``"keyframe-pixels"``), or says nothing (``"gray-keyframe"``, ``"empty-keyframe"``).
            HintError: a hint lies outside the frame (``"hint-outside"``).
            PhotoError: the picture can't be read.
        """
        for hint in self.hints:
            if isinstance(hint, Hint) and not (0 <= hint.x <= width and 0 <= hint.y <= height):
                raise HintError(
                    f"{self._where}: the hint at {hint.x:g},{hint.y:g} lies outside the frame, which has {width} × {height} pixels.",
                    code="hint-outside",
                )
            if isinstance(hint, Strokes):
                self._check_shape("the painting has", hint.rgba.shape[1], hint.rgba.shape[0], width, height)
        if (photo := self._photo()) is not None:
            self._check_shape(f"{photo.name} has", *photo.size, width, height)
            self.weigh()

    def _check_shape(self, what: str, width: int, height: int, film_width: int, film_height: int) -> None:
        rounding = max(width, height)  # a pixel of the film's size
        if abs(width * film_height - height * film_width) > MAX_ASPECT_DIFFERENCE * width * film_height + rounding:
            raise ConfigError(
                f"{self._where}: {what} {width} × {height} pixels, another shape than the film's {film_width} × {film_height}.",
                code="keyframe-shape",
                width=film_width,
                height=film_height,
            )

    def weigh(self) -> npt.NDArray[np.uint8] | None:
        """(H, W) how much each pixel of the picture says, 0..255; None if all of them, or no picture.

        Raises:
            ConfigError: the picture is gray everywhere, without an alpha channel (code ``"gray-keyframe"``), or wholly transparent
                (``"empty-keyframe"``).
            PhotoError: the picture can't be read.
        """
        if (photo := self._photo()) is None:
            return None
        opacity = photo.opacity()
        if opacity is None and _is_gray(photo.to_numpy()):
            raise ConfigError(f"{self._where}: {photo.name} is gray everywhere, so it says nothing.", code="gray-keyframe")
        if opacity is not None and not opacity.any():
            raise ConfigError(f"{self._where}: {photo.name} is transparent everywhere, so it says nothing.", code="empty-keyframe")
        return opacity

    def told(self, height: int, width: int) -> tuple[Floats, Floats]:
        """What the picture says, resampled to a size whose shape is about the film's; hints aren't in it.

        Args:
            height: rows of the result, of any number.
            width: columns of the result.

        Returns:
            (height, width, 2) a*, b*, the mean over what is said about each pixel, 0 where that is nothing; and (height, width) how much
            is said, 0 nothing..1 all of the pixel.

        Raises:
            ConfigError: as `weigh`.
            PhotoError: the picture can't be read.
        """
        photo, opacity = self._photo(), self.weigh()
        if photo is None:
            return np.zeros((height, width, 2), np.float32), np.zeros((height, width), np.float32)
        rgb = photo.to_numpy()
        blocks = []
        for top in range(0, len(rgb), _BLOCK_ROWS):  # the planes of a whole 8K frame would take 1.3 GB
            rows = slice(top, top + _BLOCK_ROWS)
            ab = rgb_to_lab(rgb[rows])[..., 1:]
            weight = np.ones(ab.shape[:2], np.float32) if opacity is None else opacity[rows].astype(np.float32) / 255
            planes = np.concatenate([ab * weight[..., None], weight[..., None]], axis=-1)
            blocks.append(_resized(planes, len(planes), width))
        planes = _resized(np.concatenate(blocks), height, width)
        weight = np.clip(planes[..., 2], 0, 1)
        ab = np.where(weight[..., None] > 1e-4, planes[..., :2] / np.maximum(planes[..., 2:], 1e-4), 0)
        return ab.astype(np.float32), np.where(weight > 1e-4, weight, 0).astype(np.float32)

    def identity(self) -> dict[str, Any]:
        """Plain values that are equal for keyframes that say the same at the same time. Raises PhotoError."""
        photo = self._photo()
        picture = None
        if photo is not None and (picture := photo.sha256()) is None:
            opacity = photo.opacity()
            alpha = b"" if opacity is None else opacity.tobytes()
            picture = hashlib.sha256(photo.to_numpy().tobytes() + alpha + repr(photo.size).encode()).hexdigest()
        return {"time": self.time, "picture": picture, "hints": digest(self.hints)}

    def to_dict(self) -> dict[str, Any]:
        """The JSON form as plain values. Raises ConfigError for a picture in memory, which JSON can't name."""
        if not (self.picture is None or isinstance(self.picture, (str, os.PathLike))):
            raise ConfigError(f"{self._where} has a picture in memory, which can't be written as JSON; give its path.")
        shown = format_time(self.time)
        values: dict[str, Any] = {"time": shown if parse_time(shown) == self.time else self.time}
        if self.picture is not None:
            values["picture"] = os.fspath(self.picture)
        return values | ({"hints": hints_to_json(self.hints)} if self.hints else {})

    @classmethod
    def from_dict(
        cls, values: Mapping[str, Any], where: str = "the keyframe", picture_of: Callable[[str], PhotoSource] | None = None
    ) -> Keyframe:
        """The inverse of `to_dict`; `where` and `picture_of` as for `FilmEdit.from_dict`. Raises ConfigError or HintError."""
        if not isinstance(values, Mapping):
            raise ConfigError(f"{where}: a keyframe is a JSON object, not {type(values).__name__}.", code="edit-field")
        for key in values:
            if key not in _KEYS:
                raise ConfigError(
                    f"{where} has no field {key!r}{nearest(key, _KEYS)}; its fields: {', '.join(_KEYS)}.", code="edit-field"
                )
        if "time" not in values:
            raise ConfigError(f"{where} has no time.", code="edit-field")
        name = values.get("picture")
        if not (name is None or (isinstance(name, str) and name)):
            raise ConfigError(
                f"{where}: picture must be the name of a picture, not {name!r:.60}.", code="edit-value", field="picture"
            )
        try:
            hints = hints_from_json(values["hints"], "hints") if values.get("hints") is not None else []
            picture = name if name is None or picture_of is None else picture_of(name)
            return cls(values["time"], picture, tuple(hints))  # type: ignore[arg-type]  # checked by the class
        except (ConfigError, HintError) as error:
            raise type(error)(f"{where}: {error}", code=error.code, **error.details) from None

    def _photo(self) -> Photo | None:
        try:
            return None if self.picture is None else Photo.open(self.picture, max_pixels=MAX_KEYFRAME_PIXELS)
        except PhotoError as error:
            if error.code != "too-many-pixels":
                raise
            raise ConfigError(f"{self._where}: {error}", code="keyframe-pixels") from None


def _is_gray(rgb: npt.NDArray[np.uint8]) -> bool:
    """Whether no pixel of (H, W, 3) has a color."""
    return all(int(np.ptp(block, axis=-1).max()) <= GRAY_SPREAD for block in np.array_split(rgb, -(-len(rgb) // _BLOCK_ROWS)))


def _resized(values: Floats, height: int, width: int) -> Floats:
    """(H, W, C) -> (height, width, C): area means where it shrinks, interpolated where it grows."""
    shrunk = area_resize(values, min(height, values.shape[0]), min(width, values.shape[1]))
    return shrunk if shrunk.shape[:2] == (height, width) else bilinear_resize(shrunk, height, width)
