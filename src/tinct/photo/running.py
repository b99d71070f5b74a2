"""Running libvips: progress, Ctrl-C, and its warnings."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Lock, current_thread, main_thread
from typing import Any, TypeVar

import pyvips

__all__ = ["Progress", "run", "without_warnings"]

T = TypeVar("T")
Progress = Callable[[str, float], None]
"""Called with what is being done and the fraction that is done, 0..1."""


def run(image: pyvips.Image, work: Callable[[pyvips.Image], T], what: str, progress: Progress | None) -> T:
    """``work(image)`` on a thread of its own: on the main thread Ctrl-C would have to wait for libvips, or be lost in a callback.

    Args:
        image: a lazy image whose pixels `work` computes.
        work: computes all of them, once.
        what: what is being done, for `progress`.
        progress: called a few times a second on this thread.
    """
    if progress is None and current_thread() is not main_thread():  # Ctrl-C never reaches it
        return work(image)
    part = 0.0

    def evaluated(_: Any, state: Any) -> None:
        nonlocal part
        part = state.tpels and state.npels / state.tpels

    image = image.copy()
    if progress is not None:  # libvips calls it for every few rows, in each of its threads
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
            image.set_kill(True)  # the pool then waits until libvips has stopped
            raise
        try:
            return future.result()
        finally:
            del future  # it holds the error whose traceback holds this frame: a cycle that would keep the image


_ALL_LEVELS = 255
_lock, _users, _handler = Lock(), 0, 0


@contextmanager
def without_warnings() -> Iterator[None]:
    """Discard libvips' warnings inside the block; afterwards they go where they went before.

    Pyvips passes them to Python's `logging` while libvips holds its locks. If Python collects garbage just then, and pyvips images are in
    it, the process aborts (found by fuzzing, once in some thousand damaged TIFFs); a Ctrl-C that comes just then is lost. So they go to a
    C function that does nothing. The handler is the whole process's: it is removed as soon as no block is active, so a program that uses
    pyvips itself keeps its own warnings.
    """
    global _users, _handler
    with _lock:
        if _users == 0:
            nothing = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
            callback = pyvips.ffi.cast("GLogFunc", nothing)
            _handler = pyvips.glib_lib.g_log_set_handler(b"VIPS", _ALL_LEVELS, callback, pyvips.ffi.NULL)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                pyvips.glib_lib.g_log_remove_handler(b"VIPS", _handler)
