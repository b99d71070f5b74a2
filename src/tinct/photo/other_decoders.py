"""Formats that libvips doesn't decode: HEIC, by the package pi-heif, and BMP."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pyvips

from ..errors import PhotoError
from .bmp import read_bmp_header
from .content import Content
from .loaders import FRESH_COPY
from .metadata.fields import described
from .metadata.orientation import UPRIGHT, Turn
from .note import Note
from .picture import Picture, check_size, grayed, image_of
from .profiles import profile_fault, profile_note, without_profile
from .truncation import Truncation
from .working_memory import Admit

__all__ = ["from_bmp", "from_heic"]


_HEIC_COPIES = 3  # of the decoded pixels, while it is opened: YCbCr, RGB, and libvips' own
_BMP_COPIES = 3  # of the pixels, in each pass


def from_heic(name: str, content: Content, notes: tuple[Note, ...], pixel_bytes: int, admit: Admit) -> Picture:
    """HEIC, decoded by pi-heif: its compression (HEVC) is patented, so libvips' packages lack it. Raises PhotoError.

    Args:
        name: for messages.
        content: of the file.
        notes: of the picture, so far.
        pixel_bytes: that it has when it is decoded.
        admit: called with the memory that decoding takes, before it is decoded.
    """
    try:
        import pi_heif
    except ImportError:
        raise PhotoError(
            f"{name} is HEIC, which needs the package pi-heif; or convert it to JPEG or PNG first", code="needs-heif"
        ) from None
    admit(_HEIC_COPIES * pixel_bytes)
    try:
        found = pi_heif.open_heif(content.path if content.data is None else io.BytesIO(content.data), convert_hdr_to_8bit=False)
        pixels, info = np.asarray(found), found.info  # upright
    except Exception as error:  # pi-heif's exceptions have no common base
        raise PhotoError(f"{name} is damaged or truncated ({str(error)[:100]}); {FRESH_COPY}", code="damaged") from None
    upright = image_of(pixels.reshape(*pixels.shape[:2], -1))  # a gray picture has two axes
    names = {"icc-profile-data": "icc_profile", "xmp-data": "xmp", "exif-data": "exif"}
    fields = {name: info.get(key) or b"" for name, key in names.items()}
    turn = Turn(content.heif_orientation, upright.width, upright.height)
    turn = Turn(turn.orientation, *turn.size)
    image = described(upright, fields, turn)
    if fault := profile_fault(image):
        image, notes = without_profile(image), (*notes, profile_note(name, fault))
    depth = 8 * pixels.itemsize
    held = pixels.nbytes
    return Picture(
        name, content.path, lambda: image, None, content.data, notes, depth=depth, turn=turn, held_bytes=held, suffix=".jpg"
    )


def from_bmp(name: str, content: Content, source: Callable[[], pyvips.Source], max_pixels: int, admit: Admit) -> Picture:
    """BMP, decoded anew for each pass.

    Args:
        name: for messages.
        content: of the file.
        source: raises PhotoError if the file has changed since it was opened.
        max_pixels: limit of width × height.
        admit: called with the memory that decoding takes, before it is decoded.

    Raises:
        PhotoError: the file can't be decoded.
    """

    def read() -> bytes:
        source()
        try:
            with content.opened() as file:
                return file.read()
        except OSError as error:
            raise PhotoError(f"{name} can't be read any more ({error.strerror}); check its disk") from None

    data = read()
    bmp = read_bmp_header(name, data)
    check_size(name, bmp.width, bmp.height, max_pixels)
    admit(needed := _BMP_COPIES * bmp.width * bmp.height * bmp.bands)
    truncation, notes, known = Truncation(bmp.rows(data), bmp.height), [], None
    if truncation.rows < bmp.height:
        notes.append(truncation.note(name))
        known = (0, 0 if bmp.top_down else bmp.height - truncation.rows, bmp.width, truncation.rows)

    def load() -> pyvips.Image:
        image = image_of(bmp.decode(read())[0])
        if bmp.pixels_per_mm:
            image = image.copy(xres=bmp.pixels_per_mm, yres=bmp.pixels_per_mm)
        image = described(image, {"icc-profile-data": bmp.profile})
        return grayed(without_profile(image) if fault else image, known)

    sample = described(image_of(np.zeros((1, 1, bmp.bands), np.uint8)), {"icc-profile-data": bmp.profile})
    if fault := profile_fault(sample):
        notes.append(profile_note(name, fault))
    turn = Turn(UPRIGHT, bmp.width, bmp.height)
    notes_of = tuple(notes)
    return Picture(
        name, content.path, load, None, content.data, notes_of, turn=turn, known=known, decoding_bytes=needed, suffix=".png"
    )
