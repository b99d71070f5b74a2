"""Work in libvips that shows how far it is, and that Ctrl-C ends."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import current_thread, main_thread
from typing import Any, TypeVar

import pyvips

__all__ = ["Progress", "run"]

T = TypeVar("T")
Progress = Callable[[str, float], None]
"""What is being done, and which part of it is (0..1)."""


def run(image: pyvips.Image, work: Callable[[pyvips.Image], T], what: str, progress: Progress | None) -> T:
    """``work(image)`` on a thread of its own: while libvips computes, Python sees no Ctrl-C, or drops it in one of libvips' callbacks.

    Args:
        image: a lazy image whose pixels `work` asks for.
        work: computes them all, once.
        what: for `progress`.
        progress: called a few times a second, on this thread.
    """
    if progress is None and current_thread() is not main_thread():  # which Ctrl-C never reaches
        return work(image)
    part = 0.0

    def evaluated(_: Any, state: Any) -> None:
        nonlocal part
        part = state.tpels and state.npels / state.tpels

    image = image.copy()
    image.set_progress(True)
    image.signal_connect("eval", evaluated)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work, image)
        try:
            while not future.done():
                wait([future], timeout=0.2)
                if progress is not None:
                    progress(what, part)
        except BaseException:
            image.set_kill(True)  # and the pool waits until it has ended
            raise
        return future.result()


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
