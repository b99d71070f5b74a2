"""Opening pictures that are in memory, decoded: NumPy arrays and PIL images."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvips

from ..errors import PhotoError
from .metadata.fields import FLOAT, described
from .opening import from_bytes
from .picture import Picture, check_range, check_size, image_of

__all__ = ["from_array", "from_pil"]

_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B")  # PIL modes that PNG has


def from_array(name: str, array: npt.NDArray[Any], max_pixels: int) -> Picture:
    """Open a copy of an array.

    Args:
        name: for messages.
        array: (H, W) or (H, W, 1) gray, (H, W, 3) RGB or (H, W, 4) RGBA; uint8, uint16, or floating point 0..1.
        max_pixels: limit of H × W.

    Raises:
        PhotoError: another shape, type or range of values.
    """
    bands = 1 if array.ndim == 2 else array.shape[2] if array.ndim == 3 else 0
    floating = array.dtype.kind == "f"
    if bands not in (1, 3, 4) or not (floating or array.dtype.newbyteorder("=") in (np.uint8, np.uint16)) or not array.size:
        raise PhotoError(
            f"{name} is {array.dtype} of shape {array.shape}; an array must be uint8, uint16 or floating point 0..1, "
            "of shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)",
            code="array",
        )
    check_size(name, array.shape[1], array.shape[0], max_pixels)
    depth = 16 if floating else 8 * array.itemsize
    if floating:
        check_range(name, float(array.min()), float(array.max()))
        array = np.rint(np.clip(array.astype(np.float32), 0, 1) * 65535).astype(np.uint16)
    image = described(image_of(array.reshape(*array.shape[:2], bands)), {})
    if floating:
        image.set_type(pyvips.GValue.gint_type, FLOAT, 1)
    return Picture(name, None, lambda: image, is_file=False, depth=depth)


def from_pil(name: str, image: Any, max_pixels: int) -> Picture:
    """Open a PIL image, by way of a file in memory, so that palette, profile and EXIF are handled as those of a file.

    Raises:
        PhotoError: a mode of unknown range, too many pixels, or a damaged file.
    """
    if image.mode in ("I", "F"):
        raise PhotoError(f"{name} is of mode {image.mode}, whose range is unknown; convert it to L, I;16 or RGB first")
    check_size(name, image.width, image.height, max_pixels)  # PIL decodes lazily
    options: dict[str, Any] = {"format": "PNG", "compress_level": 1}
    file = io.BytesIO()
    try:
        if image.mode == "CMYK":
            options = {"format": "TIFF"}
        elif image.mode not in _MODES:
            image = image.convert("RGBA" if image.mode in ("PA", "La", "RGBa") else "RGB")
            options["icc_profile"] = None  # it described the colors before the conversion
        image.save(file, exif=image.getexif(), dpi=image.info.get("dpi"), **options)
    except (OSError, SyntaxError, ValueError) as error:  # a damaged picture raises any of these
        raise PhotoError(f"{name} is damaged ({error}); get a fresh copy of it") from None
    filename = getattr(image, "filename", "")
    return replace(
        from_bytes(name, file.getvalue(), max_pixels, path=Path(os.fsdecode(filename)) if filename else None), is_file=False
    )
