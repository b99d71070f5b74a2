"""Chroma from the network's small grid to the photograph's full size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyvips

__all__ = ["enlarge"]


def enlarge(ab: npt.NDArray[np.float32], width: int, height: int) -> pyvips.Image:
    """Enlarge chroma bilinearly, both pictures covering the same area and edges replicated.

    Pixel centers lie at half-integers, as in ``cv2.resize`` and ``skimage.transform.resize(order=1, mode="edge")``: a shift by
    part of a small pixel would show as a colored rim along every edge of the large picture.

    Args:
        ab: (h, w, 2) a*, b*.
        width: of the result, in pixels.
        height: of the result, in pixels.

    Returns:
        A lazy image of 2 float bands, `width` × `height`.

    Raises:
        ValueError: `ab` is not (h, w, 2), or a side is below 1.
    """
    if ab.ndim != 3 or ab.shape[2] != 2 or not ab.size:
        raise ValueError(f"ab must be (h, w, 2), not {ab.shape}")
    if min(width, height) < 1:
        raise ValueError(f"cannot enlarge to {width} × {height} pixels")
    small_height, small_width = ab.shape[:2]
    small = pyvips.Image.new_from_memory(np.asarray(ab, np.float32).tobytes(), small_width, small_height, 2, "float")
    step_x, step_y = small_width / width, small_height / height
    # vips puts pixel centers at integers: output x samples input (x + 0.5) * step - 0.5 = x * step - (0.5 - step / 2)
    return small.affine(
        [1 / step_x, 0, 0, 1 / step_y],
        interpolate=pyvips.Interpolate.new("bilinear"),
        oarea=[0, 0, width, height],
        idx=0.5 - step_x / 2,
        idy=0.5 - step_y / 2,
        extend="copy",
    )
