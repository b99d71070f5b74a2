"""Pictures in reports: as PNG and WebP, as data URLs, and many of them on one sheet."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

__all__ = ["contact_sheet", "data_url", "encode", "enlargement", "resized"]

Bytes = npt.NDArray[np.uint8]
GAP, MARGIN, HEAD = 4, 16, 36
"""Distances on a contact sheet, in pixels: between pictures, around them, and above them where columns have headings."""


def encode(picture: Bytes, kind: Literal["png", "webp"] = "png") -> bytes:
    """The file of an (H, W, 3) sRGB picture; PNG is lossless, WebP isn't."""
    file = io.BytesIO()
    options = {"optimize": True} if kind == "png" else {"quality": 85, "method": 4}
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def data_url(pictures: Bytes | Sequence[Bytes], kind: Literal["png", "webp"] = "png") -> str:
    """For the `src` of an image; several pictures stand side by side."""
    picture = pictures if isinstance(pictures, np.ndarray) else np.concatenate(pictures, axis=1)
    return f"data:image/{kind};base64,{base64.b64encode(encode(picture, kind)).decode()}"


def enlargement(side: int, wanted: int) -> int:
    """The whole factor that brings pictures of `side` pixels nearest to `wanted` pixels; at least 1."""
    return max(1, round(wanted / side))


def resized(picture: Bytes, side: int) -> Bytes:
    """A square picture at another size, bicubic."""
    return picture if len(picture) == side else np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC))


def contact_sheet(
    rows: Sequence[Sequence[Bytes]], *, heads: Sequence[str] = (), labels: Sequence[str] = (), side: int = 112, blocks: int = 1
) -> Bytes:
    """All pictures on one white sheet, (H, W, 3), each enlarged by a whole factor without interpolation.

    Args:
        rows: (S, S, 3) pictures of one size, as many in each row.
        heads: above the columns.
        labels: left of the rows.
        side: approximate size of the enlarged pictures, in pixels.
        blocks: number of rows laid out side by side, from left to right and then down.
    """
    factor, columns = enlargement(len(rows[0][0]), side), len(rows[0])
    step = factor * len(rows[0][0]) + GAP
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), 14)
    left = MARGIN + (12 + math.ceil(max(map(font.getlength, labels))) if labels else 0)
    top = HEAD if heads else MARGIN
    width = columns * step - GAP
    lines = math.ceil(len(rows) / blocks)
    paper = Image.new("RGB", (left + blocks * (width + MARGIN), top + lines * step - GAP + MARGIN), "white")
    pen = ImageDraw.Draw(paper)
    for i, row in enumerate(rows):
        x, y = left + i % blocks * (width + MARGIN), top + i // blocks * step
        if labels:
            pen.text((x - 12, y + (step - GAP) / 2), labels[i], fill="#3c4043", font=font, anchor="rm")
        for column, picture in enumerate(row):
            paper.paste(Image.fromarray(picture.repeat(factor, 0).repeat(factor, 1)), (x + column * step, y))
            if heads and i < blocks:
                center = x + column * step + (step - GAP) / 2
                pen.text((center, top - 10), heads[column], fill="#3c4043", font=font, anchor="ms")
    return np.asarray(paper)
