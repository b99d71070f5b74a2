"""An iterator that runs ahead in another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tinct.film.ahead import AHEAD, read_ahead


def test_values_arrive_in_order_from_another_thread() -> None:
    threads: list[int] = []

    def source() -> Iterator[int | None]:
        for i in range(100):
            threads.append(threading.get_ident())
            yield i if i % 10 else None  # None is a value like others

    assert list(read_ahead(source())) == [i if i % 10 else None for i in range(100)]
    assert threading.get_ident() not in threads


def test_an_error_arrives_after_the_values_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise RuntimeError("the third")

    stream = read_ahead(source())
    assert next(stream) == 1
    with pytest.raises(RuntimeError, match="the third"):
        next(stream)


def test_closing_ends_the_thread_and_the_source_however_much_is_left() -> None:
    closed = threading.Event()
    taken: list[int] = []

    def source() -> Iterator[int]:
        try:
            for i in range(10**9):
                taken.append(i)
                yield i
        finally:
            closed.set()

    before = threading.active_count()
    stream = read_ahead(source())
    assert next(stream) == 0
    stream.close()
    assert closed.wait(10)
    assert threading.active_count() == before
    assert len(taken) <= AHEAD + 3


def test_nothing_is_read_before_the_first_value_is_asked_for() -> None:
    taken: list[int] = []
    stream = read_ahead(iter(taken))
    stream.close()
    assert list(read_ahead(iter(()))) == []
