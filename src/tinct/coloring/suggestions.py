"""Colors to choose from at one place: the peaks of the model's distribution, and families of colors that things had, all with names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from ..color import AB_SCALE, ab_bins, gamut_chroma, lab_to_rgb
from .color_names import color_name, color_table, hex_to_lab
from .palette import SAME_COLOR_RADIUS, peaks

__all__ = ["DEFAULT_SUGGESTIONS", "LIKELY_SKIN", "ColorFamily", "Suggestion", "color_families", "into_gamut", "suggestions"]

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

DEFAULT_SUGGESTIONS = 8

SKIN_HUES = (20.0, 75.0)
"""Degrees. With `SKIN_CHROMAS`, the ab bins of skin: the middle nine tenths of the faces in the validation pictures have hues of 32 to 78."""
SKIN_CHROMAS = (10.0, 35.0)
LIKELY_SKIN = 0.2
"""Probability of those bins from which a face is likely. On val they have it at 100 % of 244 places in faces of Labeled Faces in the Wild, at 94 % of
about 100 faces in other photographs (found by scikit-image's cascade, checked by eye; 5 of 7 with L* below 35), at 15 % of the former's corners, and
at 17 % of places in photographs without people."""
_FAMILY_RADIUS = 10.0
"""Distance in the ab plane from a color of a family within which the model's probability counts for the family."""
_FAMILY_MIN_CHROMA = 10.5
"""Chroma below which a color doesn't count for that; above the radius, so that gray makes no family likely."""
_LIGHT_RANGE = (0.45, 1.7)
"""Limits of (L* + 16) relative to a family's color: a tenth of its luminance, and five times. No light makes navy cloth white."""
_MAX_CHROMA_GAIN = 1.4
"""Limit of the chroma of a color that is brighter at the place than in the table."""
_MIN_CHROMA_KEPT = 0.5
"""Share of its chroma that a color must keep within sRGB."""
_SAME_TONE = 3.0
"""Distance in the ab plane below which two colors of a family look the same, so only one is offered."""


@dataclass(frozen=True)
class Suggestion:
    """A plausible color of a place."""

    color: str
    """``#rrggbb`` at the lightness of the place."""
    ab: tuple[float, float]
    """CIELAB a*, b*, within sRGB at that lightness."""
    probability: float
    """The model's. Those of `Canvas.suggest` sum to 1; in a `ColorFamily` it is that of similar colors, within 15 units in the a*, b* plane."""
    name: str
    """In English: of the color ("dark red"), or of the thing in a family ("red brick")."""


@dataclass(frozen=True)
class ColorFamily:
    """Colors that one sort of thing had, at the lightness of a place."""

    name: str
    """In English: ``skin``, ``hair``, ``foliage``, ``sky``, ``wood``, ``brick``, ``uniforms`` or ``cloth``."""
    colors: tuple[Suggestion, ...]
    """Only those that are possible at that lightness."""
    probability: float
    """The model's, of colors as the family's own ones that aren't gray, 0..1. Families share colors, so they don't sum to 1."""


def suggestions(likely: Floats, lightness: float, count: int) -> list[Suggestion]:
    """The most probable colors of a place, one for each peak of the distribution.

    Args:
        likely: (bins,) probabilities.
        lightness: L* of the place, 0..100.
        count: maximum number.

    Returns:
        The most probable first; each is the mean of the bins around a peak, with its chroma reduced to what sRGB can show.
    """
    found_peaks = sorted(peaks(likely, count), key=lambda peak: -peak[0])
    total = sum(mass for mass, _ in found_peaks)
    inside = into_gamut(lightness, np.array([ab for _, ab in found_peaks]))
    found: dict[str, Suggestion] = {}
    for (mass, _), ab, color in zip(found_peaks, inside, _hex(lightness, inside), strict=True):
        if (known := found.get(color)) is not None:  # at this lightness two peaks may be the same sRGB color
            found[color] = replace(known, probability=known.probability + mass / total)
        else:
            name = color_name([lightness, *ab], taken=[one.name for one in found.values()])
            found[color] = Suggestion(color, (float(ab[0]), float(ab[1])), mass / total, name)
    return sorted(found.values(), key=lambda s: -s.probability)


def color_families(likely: Floats, lightness: float) -> list[ColorFamily]:
    """Families of ready colors at a place's own lightness.

    A color under more or less light has a*, b* in proportion to L* + 16, as its linear light is scaled; of the table's colors, those are left
    out for which the place is too bright or too dark, that sRGB can't show there, or that look like another one of the family there.

    Args:
        likely: (bins,) probabilities.
        lightness: L* of the place, 0..100.

    Returns:
        The most probable family first, but skin before all others where a face is likely (`LIKELY_SKIN`). Families without a possible color are
        left out.
    """
    families = []
    for family, (names, labs) in _families().items():
        possible, ab = _at_lightness(labs, lightness)
        if possible:
            colors = [
                Suggestion(color, (float(one[0]), float(one[1])), _mass_near(likely, one[None], SAME_COLOR_RADIUS), names[i])
                for i, one, color in zip(possible, ab, _hex(lightness, ab), strict=True)
            ]
            families.append(
                ColorFamily(family, tuple(colors), _skin_mass(likely) if family == "skin" else _family_mass(likely, ab))
            )
    return sorted(families, key=lambda f: (not (f.name == "skin" and f.probability >= LIKELY_SKIN), -f.probability))


def into_gamut(lightness: float, ab: npt.NDArray[np.floating]) -> Doubles:
    """(n, 2) a*, b* with chroma reduced to what sRGB can show at this L* and their hues."""
    table = gamut_chroma()
    chroma, hue = np.hypot(*ab.T), np.degrees(np.arctan2(ab[:, 1], ab[:, 0])) % 360
    row = int(np.clip(round(lightness / 100 * (table.shape[0] - 1)), 0, table.shape[0] - 1))
    limit = np.interp(hue, np.linspace(0, 360, table.shape[1]), table[row])
    scale = np.minimum(1, limit / np.maximum(chroma, 1e-9))
    return np.asarray(np.clip(ab * scale[:, None], -AB_SCALE, AB_SCALE), np.float64)


def _hex(lightness: float, ab: Doubles) -> list[str]:
    """(n, 2) a*, b* at this L* as ``#rrggbb``."""
    lab = np.concatenate([np.full((len(ab), 1), lightness), ab], axis=1)
    return ["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in np.rint(lab_to_rgb(lab) * 255).astype(int)]


@cache
def _families() -> dict[str, tuple[list[str], Doubles]]:
    """Name of the family -> names of its colors, and (n, 3) their L*, a*, b*."""
    return {
        family["name"]: (list(family["colors"]), np.array([hex_to_lab(color) for color in family["colors"].values()]))
        for family in color_table()["families"]
    }


def _at_lightness(labs: Doubles, lightness: float) -> tuple[list[int], Doubles]:
    """Which of (n, 3) colors are possible at this L* and look different there, and their (m, 2) a*, b* there."""
    brighter = (lightness + 16) / (labs[:, 0] + 16)
    wanted = labs[:, 1:] * np.minimum(brighter, _MAX_CHROMA_GAIN)[:, None]
    ab = into_gamut(lightness, wanted)
    possible = (_LIGHT_RANGE[0] <= brighter) & (brighter <= _LIGHT_RANGE[1])
    possible &= np.hypot(*ab.T) >= _MIN_CHROMA_KEPT * np.hypot(*wanted.T)
    found: list[int] = []
    for i in np.argsort(np.abs(labs[:, 0] - lightness)):  # of two that look the same, the one of nearer lightness stays
        if possible[i] and all(np.hypot(*(ab[i] - ab[j])) >= _SAME_TONE for j in found):
            found.append(int(i))
    return sorted(found), ab[sorted(found)]


def _mass_near(likely: Floats, ab: Doubles, radius: float) -> float:
    """Probability of the bins within `radius` of any of (n, 2) colors."""
    gaps = np.square(ab_bins()[:, None] - ab[None]).sum(axis=-1)
    return float(likely[(gaps <= radius**2).any(axis=1)].sum())


def _family_mass(likely: Floats, ab: Doubles) -> float:
    return _mass_near(likely, ab[np.hypot(*ab.T) >= _FAMILY_MIN_CHROMA], _FAMILY_RADIUS)


def _skin_mass(likely: Floats) -> float:
    a, b = ab_bins().T
    hue, chroma = np.degrees(np.arctan2(b, a)) % 360, np.hypot(a, b)
    inside = (hue >= SKIN_HUES[0]) & (hue <= SKIN_HUES[1]) & (chroma >= SKIN_CHROMAS[0]) & (chroma <= SKIN_CHROMAS[1])
    return float(likely[inside].sum())
