"""LRU caches: of values by key, and of values by object, with weak references to the objects."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Generic, TypeVar
from weakref import ref

__all__ = ["Latest", "RecentlyUsed"]

K = TypeVar("K")
V = TypeVar("V")


class Latest(Generic[V]):
    """An LRU cache of values by key. Any number of threads may use it at once; a value is computed by one of them.

    Args:
        capacity: values kept at most.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Hashable, V] = OrderedDict()  # the most recently used last
        self._lock = RLock()  # reentrant: computing a value may need another one

    def get(self, key: Hashable, compute: Callable[[], V]) -> V:
        """The value of this key, computed if it isn't there."""
        with self._lock:
            if key not in self._values:
                self._values[key] = compute()
            self._values.move_to_end(key)
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)
            return self._values[key]


class RecentlyUsed(Generic[K, V]):
    """An LRU cache of values, each found by an object and a further key. Any number of threads may use it at once.

    Objects are compared by identity and not kept alive: when one is collected, its values are dropped. A value must not refer to its
    object.

    Args:
        capacity: values kept at most.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: list[tuple[ref[K], Hashable, V]] = []  # the most recently used last
        self._lock = RLock()  # reentrant: an object may be collected while this thread holds the lock

    def get(self, owner: K, key: Hashable = None) -> V | None:
        """The value of an object and key, now the most recently used; None if there is none."""
        with self._lock:
            for entry in self._entries:
                if entry[0]() is owner and entry[1] == key:
                    self._entries = [*(other for other in self._entries if other is not entry), entry]
                    return entry[2]
        return None

    def put(self, owner: K, value: V, key: Hashable = None) -> None:
        """Keep a value instead of an earlier one of the same object and key, and drop the least recently used one beyond the capacity."""
        with self._lock:
            others = [entry for entry in self._entries if not (entry[0]() is owner and entry[1] == key)]
            self._entries = [*others, (ref(owner, self._forget), key, value)][-self._capacity :]

    def _forget(self, gone: ref[K]) -> None:
        with self._lock:
            self._entries = [entry for entry in self._entries if entry[0] is not gone]
