"""Embedded ICC profiles: whether they can be used to interpret a picture's pixels."""

from __future__ import annotations

from functools import lru_cache

import pyvips

from .note import Note
from .picture import COLOR_BANDS

__all__ = ["profile_fault", "profile_note", "without_profile"]

_FIELD = "icc-profile-data"
_SPACES = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
"""Color bands of a picture -> color space that its profile's header must name (ICC.1:2022, table 19)."""
_NAMES = {b"GRAY": "gray", b"RGB ": "RGB", b"CMYK": "CMYK", b"Lab ": "CIELAB", b"XYZ ": "CIEXYZ"}
_HEADER_BYTES = 128


def profile_fault(image: pyvips.Image, passed_over: bytes = b"") -> str:
    """Why a picture's profile can't be used: ``is damaged``, or ``is one for CMYK``; empty if it can, or there is none.

    A profile of sRGB in a gray picture is no fault: gray is interpreted by its tone curve anyway.

    Args:
        image: as it was loaded.
        passed_over: the profile in the file if the loader may have passed over it.
    """
    colors = COLOR_BANDS.get(image.interpretation, 0)
    if not colors or not (image.get_typeof(_FIELD) or passed_over):
        return ""
    if image.get_typeof(_FIELD):
        return _fault(bytes(image.get(_FIELD)), colors)
    fault = _fault(passed_over, colors)
    return fault if fault or _is_srgb(passed_over) else "is damaged"


def profile_note(name: str, fault: str, interpretation: str = "srgb") -> Note:
    """A sentence for the user.

    Args:
        name: of the picture.
        fault: what `profile_fault` says.
        interpretation: libvips' name of the picture's kind of color.
    """
    if interpretation == "cmyk":
        text = f"the color profile of {name} {fault}; its colors were taken for those of a common printing press"
        return Note("print-profile", text, name=name)
    return Note("profile", f"the color profile of {name} {fault}; its colors were taken for sRGB", name=name)


def without_profile(image: pyvips.Image) -> pyvips.Image:
    """A copy without its profile."""
    image = image.copy()
    image.remove(_FIELD)
    return image


@lru_cache(maxsize=32)
def _fault(profile: bytes, colors: int) -> str:
    if len(profile) < _HEADER_BYTES or profile[36:40] != b"acsp" or int.from_bytes(profile[:4], "big") > len(profile):
        return "is damaged"
    space = profile[16:20]
    if space != _SPACES[colors]:
        if colors == 1 and _is_srgb(profile):
            return ""
        return f"is one for {_NAMES.get(space, 'another kind of color')}"
    kind = {1: "b-w", 3: "srgb", 4: "cmyk"}[colors]
    sample = pyvips.Image.black(1, 1, bands=colors).copy(interpretation=kind)
    sample.set_type(pyvips.GValue.blob_type, _FIELD, profile)
    try:
        sample.icc_transform("srgb", embedded=True).avg()
    except pyvips.Error:
        return "is damaged"
    return ""


def _is_srgb(profile: bytes) -> bool:
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile
