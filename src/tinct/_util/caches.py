"""What was found out about the last few objects, for as long as somebody else has them."""

from __future__ import annotations

from collections.abc import Hashable
from threading import RLock
from typing import Generic, TypeVar
from weakref import ref

__all__ = ["Recent"]

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by object and key, the latest used at the end. Any number of threads may use it at once.

    An object is known by its identity and isn't kept alive, so a value must not refer to it: with the object it goes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: list[tuple[ref[K], Hashable, V]] = []
        self._lock = RLock()  # an object may go while this very thread is at work here

    def get(self, owner: K, key: Hashable = None) -> V | None:
        """The value, which counts as used."""
        with self._lock:
            for entry in self._entries:
                if entry[0]() is owner and entry[1] == key:
                    self._entries = [*(other for other in self._entries if other is not entry), entry]
                    return entry[2]
        return None

    def put(self, owner: K, value: V, key: Hashable = None) -> None:
        """Keep a value; the one that wasn't used for longest makes room."""
        with self._lock:
            self._entries = [*self._entries, (ref(owner, self._forget), key, value)][-self._most :]

    def _forget(self, gone: ref[K]) -> None:
        with self._lock:
            self._entries = [entry for entry in self._entries if entry[0] is not gone]
