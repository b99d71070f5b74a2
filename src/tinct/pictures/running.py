"""Work in libvips that shows how far it is, and that Ctrl-C ends."""

from __future__ import annotations

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
