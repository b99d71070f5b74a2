"""The LRU cache keyed by object identity."""

from __future__ import annotations

import gc
import threading
from weakref import ref

from tinct._util.caches import RecentlyUsed


class Thing:
    pass


def test_the_most_recently_used_are_kept() -> None:
    recent: RecentlyUsed[Thing, str] = RecentlyUsed(2)
    a, b, c = Thing(), Thing(), Thing()
    recent.put(a, "a")
    recent.put(b, "b")
    assert recent.get(a) == "a"
    recent.put(c, "c")
    assert (recent.get(a), recent.get(b), recent.get(c)) == ("a", None, "c")


def test_a_key_tells_values_of_one_object_apart() -> None:
    recent: RecentlyUsed[Thing, str] = RecentlyUsed(2)
    a = Thing()
    recent.put(a, "small", 1)
    recent.put(a, "large", 2)
    assert (recent.get(a, 1), recent.get(a, 2), recent.get(a)) == ("small", "large", None)


def test_a_value_replaces_the_earlier_one_of_its_object_and_key() -> None:
    recent: RecentlyUsed[Thing, str] = RecentlyUsed(2)
    a, b = Thing(), Thing()
    recent.put(b, "b")
    recent.put(a, "old")
    recent.put(a, "new")
    assert (recent.get(a), recent.get(b)) == ("new", "b")


def test_values_are_dropped_with_their_object() -> None:
    recent: RecentlyUsed[Thing, Thing] = RecentlyUsed(2)
    a, value = Thing(), Thing()
    recent.put(a, value)
    known = ref(value)
    del value
    assert known() is not None
    del a
    gc.collect()
    assert known() is None


def test_many_threads_at_once() -> None:
    recent: RecentlyUsed[Thing, int] = RecentlyUsed(3)
    things, wrong = [Thing() for _ in range(6)], []

    def work(number: int) -> None:
        for turn in range(2000):
            i = (number + turn) % len(things)
            if (found := recent.get(things[i])) is None:
                recent.put(things[i], i)
            elif found != i:
                wrong.append((found, i))
            recent.put(Thing(), -1)  # goes at once

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
