"""The properties of a picture file that decide how it is decoded."""

from __future__ import annotations

from dataclasses import dataclass

import pyvips

from .metadata.orientation import UPRIGHT
from .metadata.turning import xmp_orientation
from .profiles import profile_fault
from .tiff import TiffPage
from .working_memory import decoding_bytes, pixel_bytes

__all__ = ["Header"]


@dataclass(frozen=True)
class Header:
    """As libvips' loader tells them."""

    width: int
    height: int
    pages: int
    heic: bool
    orientation: int
    """EXIF orientation, 1..8."""
    floating: bool
    depth: int
    interpretation: str
    """libvips' name of the kind of color."""
    profile_fault: str
    xmp_orientation: int
    """Of a file that has no other orientation."""
    pixel_bytes: int
    decoding_bytes: int
    """Memory that a pass over the pixels takes in the order of the file."""

    @classmethod
    def of(cls, image: pyvips.Image, png_profile: bytes, odd_page: TiffPage | None) -> Header:
        """From an image that isn't decoded yet.

        Args:
            image: as the loader gives it.
            png_profile: the color profile of a PNG, which libpng may have passed over.
            odd_page: the page of a TIFF that the loader gives as packed bits; else None.
        """

        def get(field: str, default: int) -> int:
            return int(image.get(field)) if image.get_typeof(field) else default

        orientation = get("orientation", 0)
        xmp = bytes(image.get("xmp-data")) if not orientation and image.get_typeof("xmp-data") else b""
        width, height = (image.width, image.height) if odd_page is None else odd_page.size
        return cls(
            width=width,
            height=height,
            pages=get("n-pages", 1),
            heic=image.get_typeof("heif-compression") != 0 and image.get("heif-compression") != "av1",
            orientation=orientation if UPRIGHT < orientation <= 8 else UPRIGHT,
            floating=image.format == "float" and image.interpretation in ("b-w", "grey16", "scrgb"),
            depth=get("bits-per-sample", 8) if odd_page is None else odd_page.depth,
            interpretation=image.interpretation,
            profile_fault=profile_fault(image, png_profile),
            xmp_orientation=xmp_orientation(xmp),
            pixel_bytes=pixel_bytes(image),
            decoding_bytes=decoding_bytes(image),
        )
