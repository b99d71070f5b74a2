"""What is remembered of objects, and that it goes with them."""

from __future__ import annotations

import gc
import threading
from weakref import ref

from tinct._util.caches import Recent


class Thing:
    pass


def test_the_last_used_are_kept() -> None:
    recent: Recent[Thing, str] = Recent(2)
    a, b, c = Thing(), Thing(), Thing()
    recent.put(a, "a")
    recent.put(b, "b")
    assert recent.get(a) == "a"
    recent.put(c, "c")
    assert (recent.get(a), recent.get(b), recent.get(c)) == ("a", None, "c")


def test_a_key_tells_values_of_one_object_apart() -> None:
    recent: Recent[Thing, str] = Recent(2)
    a = Thing()
    recent.put(a, "small", 1)
    recent.put(a, "large", 2)
    assert (recent.get(a, 1), recent.get(a, 2), recent.get(a)) == ("small", "large", None)


def test_values_go_with_their_object() -> None:
    recent: Recent[Thing, Thing] = Recent(2)
    a, value = Thing(), Thing()
    recent.put(a, value)
    known = ref(value)
    del value
    assert known() is not None
    del a
    gc.collect()
    assert known() is None


def test_many_threads_at_once() -> None:
    recent: Recent[Thing, int] = Recent(3)
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
