"""Whether a photograph has color of its own - painted by hand, from a color camera, a former coloring - or only a tone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..color import rgb_to_lab
from ..resampling import area_resize

__all__ = ["has_own_color"]

Floats = npt.NDArray[np.float32]

_LONG_SIDE = 64
"""Pixels of the long side at which colors are compared: chroma noise of JPEG and of scanners is averaged away."""
_TONE_KNOTS = 6
"""Knots over L* of the tone curve: a toned print has one a*, b* for each L*, also where two toners were used."""
_YELLOW_HUE = 80.0
"""Hue in degrees along which paper yellows and silver fades: the a*, b* of yellowed edges and foxing lie on this line."""
_YELLOW_WEIGHT = 0.3
"""Weight of differences along that line."""
_BLUE = 5.0
"""-b* from which a color is no yellowed gray."""
_COLOR_DISTANCE = 8.0
"""Distance in the a*, b* plane from the tone above which a pixel has color of its own."""
_COLORED_SHARE = 0.005
"""Share of such pixels from which a photograph has color: two painted cheeks of a half-length portrait."""


def has_own_color(rgb: npt.NDArray[np.uint8]) -> bool:
    """Whether a picture has more colors than a gray or toned photograph.

    The a*, b* of a sepia, cyan or faded photograph are a function of L*, and vary slowly over the picture where it faded unevenly. This model
    is fitted to the picture by iteratively reweighted least squares; what it doesn't explain is color.

    Args:
        rgb: (H, W, 3) sRGB 0..255, of any size; a small copy will do.

    Returns:
        False for gray and toned photographs.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    small = area_resize(rgb.astype(np.float32) / 255, max(1, round(height * scale)), max(1, round(width * scale)))
    lab = rgb_to_lab(small)
    ab, model = lab[..., 1:].reshape(-1, 2), _tone_model(lab[..., 0])
    distance = np.zeros(len(ab), np.float32)
    for _ in range(3):  # robust: small colored parts must not pull the tone towards themselves
        weighted = model / (1 + np.square(distance / 3))[:, None]
        tone = np.linalg.solve(weighted.T @ model + 1e-3 * np.eye(model.shape[1]), weighted.T @ ab)
        distance = _color_distance(ab, model @ tone)
    return bool((distance > _COLOR_DISTANCE).mean() > _COLORED_SHARE)


def _color_distance(ab: npt.NDArray[np.floating], tone: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """(pixels,) distance of a*, b* from the tone; a warm color beside a warm tone may be yellowed paper, and counts less."""
    difference = ab - tone
    axis = np.array([np.cos(np.radians(_YELLOW_HUE)), np.sin(np.radians(_YELLOW_HUE))])
    yellowed = np.minimum(ab[:, 1], tone[:, 1]) > -_BLUE
    weight = np.where(yellowed, _YELLOW_WEIGHT, 1)
    return np.asarray(np.hypot(weight * (difference @ axis), difference @ [-axis[1], axis[0]]))


def _tone_model(light: Floats) -> npt.NDArray[np.float64]:
    """(pixels, terms) for (h, w) L*: hat functions of L*, and a surface of second degree over the picture that grows with L*."""
    height, width = light.shape
    knots = np.linspace(0, 100, _TONE_KNOTS)
    hats = np.clip(1 - np.abs(light.reshape(-1, 1) - knots) / knots[1], 0, 1)
    y, x = (axis.reshape(-1) for axis in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    surface = np.stack([x, y, x * y, x * x, y * y], axis=1)
    return np.concatenate([hats, surface, surface * light.reshape(-1, 1) / 100], axis=1)
