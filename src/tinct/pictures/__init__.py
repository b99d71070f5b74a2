"""Picture files: what is in them, how libvips reads and writes them, and what it leaves to us. `tinct.photo` is the face of all this.

`opening` turns what people call a picture into pixels with metadata; `pixels` gives them color; `formats` writes them. `exif`, `iptc`,
`png` and `xmp` keep the metadata that libvips would lose; `running` shows how far it is.
"""

from __future__ import annotations

import ctypes

import pyvips

_ALL_LEVELS = 255


def _silence_libvips() -> None:
    """Send libvips' warnings to nobody.

    Pyvips takes them to Python's `logging`, in the midst of libvips' work and with its locks held: if Python happens to collect garbage
    there, and images of pyvips are in it, the process is aborted (found by fuzzing, once in some thousand damaged TIFFs); and Ctrl-C
    that comes just then is lost. So they go to a C function that does nothing.
    """
    nothing = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
    pyvips.glib_lib.g_log_set_handler(b"VIPS", _ALL_LEVELS, pyvips.ffi.cast("GLogFunc", nothing), pyvips.ffi.NULL)


_silence_libvips()
